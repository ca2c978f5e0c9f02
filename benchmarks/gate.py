"""How often the quality gate says that records are missing, of organisations whose records are whole.

    python benchmarks/gate.py [--seeds 200] [--jobs 2]

Each organisation has twelve services of very different sizes. Days come in good and bad runs, so that rows bunch; weekends
are quiet or empty, and so are the days around New Year; times to resolve are lognormal, and what was not resolved by the
cut-off is open. Nothing is left out: every finding that something is missing is false. The same organisations with two
months of one service, or of one table, taken out say how often a real gap is found.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from sipnb import workbook as workbooks
from sipnb.methods import proportions
from sipnb.records import prepare, quality

FIRST, CUTOFF, CYCLE = "2024-04-01", "2026-10-01", "2026-09"
SERVICES = 12
#: The rules that say that rows are missing; a whole organisation may be called incomplete so often, by all of them together.
RULES = ("stale extract", "gap", "gap of a service", "no open tickets", "sampling on closure", "row cap", "thin edge")
LIMIT = 0.05
#: What is taken out in the second half: for two months in the middle, or the last two.
GAPS = {"a service's two months": "gap of a service", "the outages' last six months": "stale extract"}


def _days(random: np.random.Generator, rate: float, weekend: float) -> pd.DatetimeIndex:
    """Starts at this rate a day: runs of good and bad days (autoregressive, factor e^±.5), weekends at this part of a day."""
    days = pd.date_range(FIRST, CUTOFF, inclusive="left")
    mood = np.zeros(len(days))
    for i in range(1, len(days)):
        mood[i] = 0.8 * mood[i - 1] + 0.3 * random.normal()
    usual = np.where(days.day_of_week >= 5, weekend, 1.0)
    holiday = ((days.month == 12) & (days.day >= 22)) | ((days.month == 1) & (days.day <= 5))
    n = random.poisson(rate * usual * np.exp(mood - mood.var() / 2) * np.where(holiday, 0.2, 1.0))
    at = days.repeat(n)
    return (at + pd.to_timedelta(random.uniform(7 * 3600, 19 * 3600, len(at)).round(), unit="s")).sort_values()


def organisation(seed: int) -> dict[str, pd.DataFrame]:
    """The tables of an organisation with whole records, as exported at the cut-off."""
    random = np.random.default_rng([7, seed])
    found: dict[str, list[pd.DataFrame]] = {"tickets": [], "outages": [], "changes": [], "surveys": [], "problems": []}
    rates = {"outages": (0.01, 0.15), "changes": (0.05, 1.0), "surveys": (0.05, 2.0), "problems": (0.01, 0.2)}
    for number in range(SERVICES):
        service, weekend = f"s{number:02d}", random.choice([0.0, 0.1, 0.5, 1.0])
        opened = _days(random, float(np.exp(random.uniform(np.log(0.1), np.log(40.0)))), weekend)
        lasts = random.lognormal(np.log(random.uniform(2, 60)), 1.2, len(opened)) * 3600
        resolved = (opened + pd.to_timedelta(lasts.round(), unit="s")).to_series(index=range(len(opened)))
        found["tickets"].append(
            pd.DataFrame(
                {
                    "opened": opened,
                    "kind": "incident",
                    "service": service,
                    "resolved": resolved.where(resolved < CUTOFF),
                }
            )
        )
        for table, (low, high) in rates.items():
            starts = _days(random, float(np.exp(random.uniform(np.log(low), np.log(high)))), weekend)
            found[table].append(pd.DataFrame({"at": starts, "service": service}))
    tables = {table: pd.concat(parts, ignore_index=True) for table, parts in found.items()}
    tables["tickets"] = tables["tickets"].sort_values("opened", ignore_index=True)
    tables["tickets"].insert(0, "ticket", [f"T{n}" for n in range(len(tables["tickets"]))])
    ends = {
        "outages": ("started", "ended", 2 * 3600),
        "changes": ("started", "ended", 3600),
        "problems": ("opened", "resolved", 30 * 86400),
    }
    for table, (at, end, usual) in ends.items():
        rows = tables[table].rename(columns={"at": at})
        over = rows[at] + pd.to_timedelta(random.lognormal(np.log(usual), 1.0, len(rows)).round(), unit="s")
        tables[table] = rows.assign(**{end: over.where(over < CUTOFF)})
        if table in ("changes", "problems"):
            tables[table].insert(0, table.removesuffix("s"), [f"{table[0].upper()}{n}" for n in range(len(rows))])
    tables["surveys"] = tables["surveys"].rename(columns={"at": "answered"}).assign(score=4, scale_max=5)
    return tables


def findings(tables: dict[str, pd.DataFrame], folder: Path) -> list[quality.Finding]:
    """What the gate finds in these tables, by the way every run takes."""
    folder.mkdir()
    sources = "".join(f"  - {{name: {table}, files: {table}.parquet}}\n" for table in tables)
    (folder / "workbook.yml").write_text(f"organisation: Whole\nzone: UTC\nsources:\n{sources}", encoding="utf-8")
    services = "".join(f"  s{n:02d}: {{name: Service {n}, owner: Lead}}\n" for n in range(SERVICES))
    (folder / "services.yml").write_text(f"services:\n{services}", encoding="utf-8")
    for table, rows in tables.items():
        rows.to_parquet(folder / f"{table}.parquet", index=False)
    book = workbooks.load(folder, reports=folder / "reports")
    return [one for one in prepare.check(book, book.cycle(CYCLE)).findings if one.outcome == "found"]


def one(seed: int) -> dict:
    """Of one organisation: the rules that find something missing where nothing is, and where something is."""
    whole = organisation(seed)
    service = f"s{seed % SERVICES:02d}"
    at, mine = whole["tickets"]["opened"], whole["tickets"]["service"] == service
    lost = mine & at.between("2025-11-01", "2026-01-01", inclusive="left")
    late = whole["outages"]["started"] >= "2026-04-01"
    cases = {
        "whole": whole,
        "a service's two months": {**whole, "tickets": whole["tickets"][~lost]},
        "the outages' last six months": {**whole, "outages": whole["outages"][~late]},
    }
    with tempfile.TemporaryDirectory(prefix="gate-") as scratch:
        found = {
            case: [(f.rule, f.table, f.service) for f in findings(tables, Path(scratch) / str(n)) if f.rule in RULES]
            for n, (case, tables) in enumerate(cases.items())
        }
    # Where hardly anything is missing there is hardly anything to find.
    found["lost"] = {"a service's two months": int(lost.sum()), "the outages' last six months": int(late.sum())}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    told = parser.parse_args()
    os.nice(10)
    began = time.perf_counter()
    with ProcessPoolExecutor(told.jobs) as pool:
        done = list(pool.map(one, range(told.seeds)))
    print(f"{told.seeds} organisations of {SERVICES} services, {time.perf_counter() - began:.0f} s")
    alarmed = proportions.wilson(sum(bool(one["whole"]) for one in done), told.seeds)
    print(
        f"called incomplete though whole: {alarmed.value:.1%} ({alarmed.low:.1%} to {alarmed.high:.1%}), limit {LIMIT:.0%}"
    )
    for what, n in Counter(rule for one in done for rule in one["whole"]).most_common():
        print(f"  {n:>4} {what}")
    for case, rule in GAPS.items():
        for least in (1, 20, 100):
            asked = [one for one in done if one["lost"][case] >= least]
            hit = sum(any(f[0] == rule for f in one[case]) for one in asked)
            print(f"{case} missing, at least {least} rows: found in {hit} of {len(asked)}")


if __name__ == "__main__":
    main()
