"""How often the plan of a service that never changes says that it got worse.

    python benchmarks/stable.py [--seeds 200] [--service email] [--verdicts 40] [--jobs 2]

The same simulated service is drawn again with every seed, frozen and measured on the normal way. Whatever its baseline
claims is false: every claim that it got worse is counted, and every signal and p-value is compared with what chance does.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from sipnb import demo, places
from sipnb import workbook as workbooks
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import KpiFact, VerdictFact
from sipnb.chapters.notebooks import FACTS, facts_of, left_by
from sipnb.methods import proportions
from sipnb.places import BASELINE, PLAN, CycleFolder
from sipnb.records import prepare
from sipnb.records.frozen import Records
from sipnb.workbook import Workbook

CYCLE = "2026-10"
#: A false claim that a service got worse may stand in so many of its plans.
LIMIT = 0.05
LEVELS = (0.05, 0.01, 0.001)
#: Seeds that are frozen together, as services of one organisation.
BATCH = 10
#: What names a row of another table: the same in every seed.
_NAMES = ("ticket", "problem", "change")


@dataclass(frozen=True)
class Simulated:
    """`measures` has a row for each seed and headline measure, `verdicts` one for each seed whose plan was worked out."""

    measures: pd.DataFrame
    verdicts: pd.DataFrame


def organisation(service: str, seeds: Sequence[int], folder: Path, scale: float = 1.0) -> Workbook:
    """An organisation whose services are one simulated service, drawn with each of these seeds; its exports are written."""
    drawn = [_named(demo.generate(seed=seed, services=[service], scale=scale), seed) for seed in seeds]
    (folder / "exports").mkdir(parents=True)
    for table in drawn[0]:
        rows = pd.concat([tables[table] for tables in drawn], ignore_index=True)
        rows.to_parquet(folder / "exports" / f"{table}.parquet", index=False)
    yaml, parameters = YAML(), folder / "simulated"
    parameters.mkdir()
    for name in ("workbook.yml", "objectives.yml", "calendars.yml", "levers.yml"):
        shutil.copy(places.PARAMS / "demo" / name, parameters / name)
    decided = {name: yaml.load(places.PARAMS / "demo" / name) for name in ("services.yml", "targets.yml")}
    known, targets = decided["services.yml"]["services"][service], decided["targets.yml"]["services"]
    copies = [_id(seed) for seed in seeds]
    decided["services.yml"]["services"] = {copy: {**known, "name": f"{known['name']} {copy}"} for copy in copies}
    decided["targets.yml"]["services"] = dict.fromkeys(copies, targets[service]) if service in targets else {}
    yaml.representer.ignore_aliases = lambda *_: True
    for name, content in decided.items():
        yaml.dump(content, parameters / name)
    return workbooks.load(parameters, data=folder / "exports", reports=folder / "reports")


def _id(seed: int) -> str:
    return f"seed-{seed:04d}"


def _named(tables: dict[str, pd.DataFrame], seed: int) -> dict[str, pd.DataFrame]:
    """The tables as those of a service of its own, with identifiers that no other seed has."""
    for frame in tables.values():
        frame["service"] = _id(seed)
        for column in {*_NAMES} & {*frame.columns}:
            frame[column] = frame[column] + f"-{seed}"
    return tables


def simulate(service: str, seeds: Sequence[int], scale: float = 1.0, verdicts: int = 0) -> Simulated:
    """What the baseline says of a service with each seed; up to seed number `verdicts` the verdict of its plan, too."""
    with tempfile.TemporaryDirectory(prefix="stable-") as scratch:
        book = organisation(service, seeds, Path(scratch), scale)
        cycle, folder = book.cycle(CYCLE), CycleFolder(Path(scratch) / "cycle")
        prepare.freeze(book, cycle, folder.records)
        measures, reached = [], []
        for seed in seeds:
            one = ServiceContext(book, book.service(_id(seed)), cycle, folder, Records(folder.records, _id(seed)))
            left = left_by(BASELINE, one)
            measured = left[FACTS]
            measures += [_measure(seed, k) for k in measured.measures]
            if seed <= verdicts:
                one.write(measured, series=left["series"])
                reached.append(_verdict(seed, facts_of(PLAN, one).verdict))
    return Simulated(pd.DataFrame(measures), pd.DataFrame(reached))


def _measure(seed: int, k: KpiFact) -> dict:
    return {
        "seed": seed, "kpi": k.kpi, "claims": k.claims, "sure": k.sure, "variation": k.variation,
        "p": np.nan if k.p is None else k.p, "signals": k.signals, "points": k.points,
        "expected": k.expected_false or 0.0, "memory": k.autocorrelation,
    }  # fmt: skip


def _verdict(seed: int, verdict: VerdictFact) -> dict:
    return {
        "seed": seed,
        "worse": any(one.kind == "worse" for one in verdict.news),
        "missed": verdict.tone == "concern",
    }


def seeds_with(measures: pd.DataFrame, which: pd.Series) -> proportions.Estimate:
    """In which share of the seeds any measure is one of these, with Wilson's interval."""
    any_of = which.groupby(measures["seed"]).any()
    return proportions.wilson(int(any_of.sum()), len(any_of))


def false_claims(measures: pd.DataFrame) -> dict[str, proportions.Estimate]:
    """Shares of seeds with a false claim, by what is claimed and how."""
    claimed = measures["claims"]
    worse, better = measures["variation"] == "concern", measures["variation"] == "improvement"
    return {
        "worse, and sure": seeds_with(measures, claimed & worse & measures["sure"]),
        "better, and sure": seeds_with(measures, claimed & better & measures["sure"]),
        "worse, each measure on its own": seeds_with(measures, claimed & worse),
        "better, each measure on its own": seeds_with(measures, claimed & better),
    }


def by_measure(measures: pd.DataFrame) -> pd.DataFrame:
    """For each measure: mean signals and those expected, how far they are apart in standard errors, and how often its
    p-value is at most each of LEVELS."""
    by = measures[measures["claims"]].groupby("kpi", sort=False)
    table = by.agg(
        seeds=("seed", "nunique"),
        points=("points", "mean"),
        signals=("signals", "mean"),
        expected=("expected", "mean"),
        memory=("memory", "mean"),
    )
    table["z"] = by.apply(lambda rows: _z(rows["signals"] - rows["expected"]))
    table["tested"] = by["p"].count()
    for level in LEVELS:
        table[f"p {level:g}"] = by["p"].apply(lambda p, level=level: (p.dropna() <= level).mean())
    table["worse"] = by.apply(lambda rows: int((rows["sure"] & (rows["variation"] == "concern")).sum()))
    table["better"] = by.apply(lambda rows: int((rows["sure"] & (rows["variation"] == "improvement")).sum()))
    return table


def _z(differences: pd.Series) -> float:
    spread = differences.std() / np.sqrt(len(differences))
    return float(differences.mean() / spread) if spread > 0 else 0.0


def printed(found: Simulated) -> str:
    """The tables."""
    measures = found.measures
    lines = [f"{'a plan that claims a change, though there is none':<60}{'share':>8}{'95 % interval':>20}"]
    for what, share in false_claims(measures).items():
        limit = f"   limit {LIMIT:.0%}" if what == "worse, and sure" else ""
        lines.append(f"{what:<60}{share.value:>8.1%}{f'{share.low:.1%} to {share.high:.1%}':>20}{limit}")
    for column, what in (("worse", "the verdict says worse"), ("missed", "the verdict says a target is missed")):
        if len(found.verdicts):
            n = len(found.verdicts)
            share = proportions.wilson(int(found.verdicts[column].sum()), n)
            lines.append(f"{f'{what} ({n} plans)':<60}{share.value:>8.1%}{f'{share.low:.1%} to {share.high:.1%}':>20}")
    per_seed = measures.groupby("seed")[["signals", "expected"]].sum()
    lines += ["", f"signals a plan: {per_seed['signals'].mean():.1f} found, {per_seed['expected'].mean():.1f} expected "
              f"(z {_z(per_seed['signals'] - per_seed['expected']):+.1f})"]  # fmt: skip
    tested = measures["p"].dropna()
    shares = ", ".join(f"{(tested <= level).mean():.4f} of them at most {level:g}" for level in LEVELS)
    lines += [f"p-values: {len(tested):,}; {shares}", ""]
    head = f"{'measure':<26}{'seeds':>6}{'points':>8}{'signals':>9}{'expected':>10}{'z':>7}{'memory':>8}{'tested':>8}"
    lines.append(head + "".join(f"{f'p {level:g}':>9}" for level in LEVELS) + f"{'worse':>7}{'better':>8}")
    for kpi, row in by_measure(measures).iterrows():
        numbers = (
            f"{row['seeds']:>6.0f}{row['points']:>8.1f}{row['signals']:>9.2f}{row['expected']:>10.2f}{row['z']:>7.1f}"
        )
        rates = "".join(f"{row[f'p {level:g}']:>9.4f}" for level in LEVELS)
        memory = f"{row['memory']:>8.2f}{row['tested']:>8.0f}"
        lines.append(f"{kpi:<26}{numbers}{memory}{rates}{row['worse']:>7.0f}{row['better']:>8.0f}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--service", default="email", choices=[one.id for one in demo.SERVICES])
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the number of tickets")
    parser.add_argument("--verdicts", type=int, default=40, help="seeds of which the whole plan is worked out")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="where to keep the rows behind the tables, as Parquet")
    told = parser.parse_args()
    os.nice(10)
    began = time.perf_counter()
    batches = [range(at, min(at + BATCH, told.seeds + 1)) for at in range(1, told.seeds + 1, BATCH)]
    with ProcessPoolExecutor(told.jobs) as pool:
        runs = [pool.submit(simulate, told.service, batch, told.scale, told.verdicts) for batch in batches]
        done = [run.result() for run in runs]
    found = Simulated(*(pd.concat([getattr(one, part) for one in done]) for part in ("measures", "verdicts")))
    if told.keep:
        found.measures.to_parquet(told.keep, index=False)
    seconds = time.perf_counter() - began
    print(
        f"{told.service}, {told.seeds} seeds, {seconds:.0f} s ({seconds * told.jobs / told.seeds:.1f} s a seed and core)\n"
    )
    print(printed(found))


if __name__ == "__main__":
    main()
