"""Whether the option that answers a planted cause comes first, whether its predicted effect holds what removing the cause does,
and whether nothing is proposed where nothing is wrong.

    python -m benchmarks.options [--seeds 30] [--services 200] [--jobs 2]

Every seed is another organisation, whose records are frozen and whose chapters are run by their notebooks as in a real run. The
truth about an effect is what the same measure is over the same days when the simulation leaves the cause out.
"""

from __future__ import annotations

import multiprocessing
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import drivers, levers
from sipnb import demo, kpis, places
from sipnb import levers as detectors
from sipnb import workbook as workbooks
from sipnb.chapters import notebooks
from sipnb.chapters.context import ServiceContext
from sipnb.drivers import explain
from sipnb.levers.effects import at_level
from sipnb.methods.proportions import Estimate
from sipnb.places import GAP_ANALYSIS, RECOMMENDATIONS, CycleFolder
from sipnb.records import prepare
from sipnb.records.frozen import Records

#: Cause, service, and the option that answers it.
PLANTED = (
    ("bank-interface-waits", "payments", "supplier-bank-interface", "sla_attainment"),
    ("operations-bounces", "workplace", "one_owning_group-workplace-operations", "sla_attainment"),
    ("nights-without-cover", "network", "cover-night", "sla_attainment"),
    ("gateway-fails", "network", "resilience-network-gw-01", "availability"),
    ("normal-changes-fail", "web-shop", "change_control-normal", "change_failure_rate"),
    ("assistant-comes-back", "chat-assistant", "deflection-machine", "repeat_contact_rate"),
)
LEVEL = 0.90


def context(folder: Path, seed: int, service: str, name: str = drivers.CYCLE) -> ServiceContext:
    """A service of an organisation in the cycle of this name, its records frozen."""
    demo.write(folder / "data", services=[service], seed=seed)
    book = workbooks.load(places.PARAMS / "demo", data=folder / "data", reports=folder)
    cycle, place = book.cycle(name), CycleFolder(folder / "cycle")
    prepare.freeze(book, cycle, place.records)
    return ServiceContext(book, book.service(service), cycle, place, Records(place.records, service))


def measured(case: tuple[int, str]) -> list[dict]:
    """The options of a service, and those that answer a planted cause beside the truth."""
    seed, service = case
    with tempfile.TemporaryDirectory() as folder:
        one = context(Path(folder), seed, service)
        one.earlier(GAP_ANALYSIS)
        found = notebooks.facts_of(RECOMMENDATIONS, one).options
    rows = [{"seed": seed, "service": service, "cause": "", "options": [o.id for o in found]}]
    for cause, of, option, kpi in PLANTED:
        if of != service:
            continue
        place = next((o.rank for o in found if o.id == option), 0)
        row = {"seed": seed, "service": service, "cause": cause, "rank": place, "found": bool(place)}
        effect = next((e for o in found if o.id == option for e in o.effects if e.kpi == kpi), None)
        if effect is not None:
            scopes = [drivers.scope(seed, service, without) for without in ((), (cause,))]
            values = [float(kpis.measure(kpi, s.over([s.cycle.last_days(effect.days)])).value) for s in scopes]
            bounds = at_level(Estimate(effect.value, effect.low, effect.high, 0), LEVEL)
            row |= {"effect": effect.value, "low": bounds.low, "high": bounds.high, "truth": values[1] - values[0]}
        rows.append(row)
    return rows


def held(seed: int) -> bool:
    """Whether anything is proposed for a service in which holds or hand-overs come at a constant rate and cost nothing."""
    given = levers._desk(0.05, 1.0)(np.random.default_rng(seed))
    look = levers.look(given, {"sla_attainment": 0.85}, cycles=12)
    causes = explain.explain("sla_attainment", look.scope).found
    named = tuple(
        detectors.Cause("sla_attainment", f.driver.attribute, f.driver.value, f.known, 184, f.driver.n, f.driver.share,
                        f.driver.effect, f.hours, f.step)
        for f in causes
    )  # fmt: skip
    missed = (detectors.Missed("sla_attainment", 0.85, 0.8, named),)
    seen = detectors.detect(detectors.Look(look.scope, look.levers, missed))
    return any(one.proposed and one.lever.id not in ("renegotiate", "measuring") for one in seen)


def main() -> None:
    given = drivers.arguments(__doc__)
    cases = [(seed, service) for seed in range(1, given.seeds + 1) for service in drivers.SERVICES]
    with multiprocessing.Pool(given.jobs, maxtasksperchild=20) as pool:
        found = pd.DataFrame([row for rows in pool.imap(measured, cases) for row in rows])
        nulls = pool.map(held, range(given.services))
    for cause, rows in found[found["cause"] != ""].groupby("cause", sort=False):
        told = rows[rows["truth"].notna()]
        usual = told["truth"].mean()
        inside = ((told["low"] <= usual) & (usual <= told["high"])).mean()
        same = ((told["low"] <= told["truth"]) & (told["truth"] <= told["high"])).mean()
        print(
            f"{cause:24} found {rows['found'].mean():.0%}, first {(rows['rank'] == 1).mean():.0%} of {len(rows)}; effect "
            f"{told['effect'].mean():+.4f}, taken away {usual:+.4f}, held by {inside:.0%} of {len(told)} ({same:.0%} each)"
        )
    known = found[(found["cause"] != "") & found["truth"].notna()].copy()
    known["usual"] = known.groupby("cause")["truth"].transform("mean")
    for what, truth in (("on average", "usual"), ("in the same records", "truth")):
        inside = ((known["low"] <= known[truth]) & (known[truth] <= known["high"])).mean()
        print(f"{LEVEL:.0%} intervals hold what is taken away {what} in {inside:.1%} of {len(known)}; bar 85 to 95 %")
    first = [_first(rows) for _, rows in found[found["service"] != drivers.STABLE].groupby(["seed", "service"])]
    print(
        f"the first option answers the planted cause of its service in {np.mean(first):.1%} of {len(first)}; bar 90 %"
    )
    stable = found[(found["service"] == drivers.STABLE) & (found["cause"] == "")]["options"]
    print(f"the stable service gets no option in {np.mean([not one for one in stable]):.1%} of {len(stable)}; bar 90 %")
    print(f"services in which hand-overs cost nothing get an option in {np.mean(nulls):.1%} of {len(nulls)}; bar 5 %")
    others = found[found["cause"] == ""].explode("options").groupby("service")["options"].value_counts()
    print(others.groupby("service").head(5).to_string())


def _first(rows: pd.DataFrame) -> bool:
    return bool((rows["rank"] == 1).any())


if __name__ == "__main__":
    main()
