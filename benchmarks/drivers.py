"""Whether planted causes are found, whether nothing is found where none is, and whether effects hold what removing a cause does.

    python -m benchmarks.drivers [--seeds 30] [--services 200] [--jobs 2]

Every seed is another organisation. A service with a planted cause should name it first, the stable one should name none, the one
with two causes both. The truth about an effect is what the same records are without the cause: the simulation removes it and
leaves all else as it was.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks import levers
from sipnb import demo, kpis
from sipnb.cycles import parse
from sipnb.demo import timeline
from sipnb.demo.services import service as known_service
from sipnb.drivers import explain, outages, outcomes
from sipnb.tables import TABLES

CYCLE, DAYS, HISTORY = "2026-10", 184, 30
#: Cause, service, the measure it hurts, and the driver that names it.
PLANTED = (
    ("bank-interface-waits", "payments", "sla_attainment", ("category", "bank interface")),
    ("operations-bounces", "workplace", "sla_attainment", ("group", "Workplace Operations")),
    ("nights-without-cover", "network", "sla_attainment", ("hour", "night")),
    ("gateway-fails", "network", "availability", ("configuration_item", "network-gw-01")),
    ("normal-changes-fail", "web-shop", "change_failure_rate", ("kind", "normal")),
    ("assistant-comes-back", "chat-assistant", "repeat_contact_rate", ("resolver", "machine")),
)
STABLE = "email"
#: The services that are simulated: those with a planted cause, and the stable one.
SERVICES = tuple(dict.fromkeys([service for _, service, *_ in PLANTED] + [STABLE]))
#: Measures of the stable service that are looked at, missed or not.
LOOKED = (
    "sla_attainment",
    "restore_median",
    "reopen_rate",
    "repeat_contact_rate",
    "multi_hop_share",
    "csat_top2",
    "on_hold_share",
)
TARGETS = {"restore_median": 36.0, "on_hold_share": 0.25}


@dataclass(frozen=True)
class Case:
    seed: int
    service: str


def scope(seed: int, service: str, without: tuple[str, ...] = ()) -> kpis.Scope:
    """The records of a simulated service as they stood at the cut-off."""
    cycle = parse(CYCLE, demo.ZONE)
    made = demo.generate(seed=seed, services=[service], without=without)
    given = {name: _as_of(name, rows, cycle.cutoff) for name, rows in made.items()}
    calendar = timeline.agreed(known_service(service))
    return kpis.Scope(
        levers.records(given, cycle.cutoff, service), tuple(cycle.history(HISTORY)), calendar=calendar, targets=TARGETS
    )


def _as_of(name: str, rows: pd.DataFrame, cutoff: pd.Timestamp) -> pd.DataFrame:
    """The rows that were there at the cut-off; what happened later had not."""
    known = TABLES[name]
    until = cutoff if known.columns[known.at].kind == "time" else cutoff.tz_localize(None)
    rows = rows[rows[known.at] < until]
    times = [c for c in rows if known.columns[c].kind == "time" and c not in (known.at, "sla_due")]
    rows = rows.assign(**{c: rows[c].where(rows[c] < cutoff) for c in times})
    if name == "tickets":
        rows = rows.assign(sla_met=rows["sla_met"].where(rows["resolved"].notna()))
    return rows.reset_index(drop=True)


def measured(case: Case) -> list[dict]:
    """What is named for each measure of a case, and for planted causes the effect with its interval beside the truth."""
    looked = scope(case.seed, case.service)
    rows = []
    for cause, service, kpi, driver in PLANTED:
        if service != case.service:
            continue
        if kpi == "availability":
            found = [p for p in outages.parts(looked, looked.cycle.last_days(365)) if p.sure]
            named = [(p.attribute, p.value) for p in found]
            rows.append({"cause": cause, "named": driver in named, "first": driver in named[:1]})
            continue
        found = explain.explain(kpi, looked, days=DAYS).found
        names = [(f.driver.attribute, f.driver.value) for f in found]
        row = {"cause": cause, "named": driver in names, "first": names[:1] == [driver]}
        if driver in names:
            one = found[names.index(driver)].driver
            truth = _truth(case, cause, kpi, looked)
            row |= {"truth": truth, "effect": one.effect.value, "low": one.effect.low, "high": one.effect.high}
        rows.append(row)
    if case.service == STABLE:
        named = [kpi for kpi in LOOKED if explain.explain(kpi, looked, days=DAYS).found]
        parts = [p for p in outages.parts(looked, looked.cycle.last_days(365)) if p.sure]
        rows.append({"cause": "none", "named": bool(named or parts), "first": False, "kpis": ",".join(named)})
    return rows


def _truth(case: Case, cause: str, kpi: str, looked: kpis.Scope) -> float:
    """By how much less goes wrong when the cause is removed."""
    window = looked.cycle.last_days(explain.OF_CHANGES if kpi in outcomes.OF_CHANGES else DAYS)
    both = [outcomes.of(kpi, one, window).wrong.mean() for one in (looked, scope(case.seed, case.service, (cause,)))]
    return float(both[0] - both[1])


def _all(case: Case) -> list[dict]:
    return [{"seed": case.seed, "service": case.service, **row} for row in measured(case)]


def arguments(about: str | None) -> argparse.Namespace:
    """What a benchmark of planted causes is told on its command line."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--services", type=int, default=200, help="services in which hand-overs cost nothing")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def main() -> None:
    given = arguments(__doc__)
    cases = [Case(seed, service) for seed in range(1, given.seeds + 1) for service in SERVICES]
    with multiprocessing.Pool(given.jobs) as pool:
        found = pd.DataFrame([row for rows in pool.imap(_all, cases) for row in rows])
        nulls = pool.map(_handed_over, range(given.services))
    for cause, rows in found.groupby("cause", sort=False):
        print(
            f"{cause:24} named {rows['named'].mean():.0%}, first {rows['first'].mean():.0%} of {len(rows)}{_covered(rows)}"
        )
    two = found[found["service"] == "network"].groupby("seed")["named"].all()
    print(f"both causes of network named: {two.mean():.0%}; bar 80 %")
    known = found[found["truth"].notna()].copy()
    known["usual"] = known.groupby("cause")["truth"].transform("mean")
    for what, truth in (
        ("what is taken away on average", "usual"),
        ("what is taken away in the same records", "truth"),
    ):
        held = ((known["low"] <= known[truth]) & (known[truth] <= known["high"])).mean()
        print(f"95 % intervals of all effects hold {what} in {held:.1%} of {len(known)}; bar 90 to 98 %")
    print(
        f"hand-overs that grow with age and cost nothing are a driver in {np.mean(nulls):.1%} of {len(nulls)} services; bar 5 %"
    )


def _covered(rows: pd.DataFrame) -> str:
    if rows["truth"].isna().all():
        return ""
    usual = rows["truth"].mean()
    held = ((rows["low"] <= usual) & (usual <= rows["high"]))[rows["truth"].notna()].mean()
    return f"; effect {rows['effect'].mean():.3f}, taken away {usual:.3f}, held by {held:.0%} of the intervals"


def _handed_over(seed: int) -> bool:
    """Whether being passed on is a driver in a service in which hand-overs come at a constant rate and cost nothing."""
    given = levers._desk(0.05, 1.0)(np.random.default_rng(seed))
    look = levers.look(given, {"sla_attainment": 0.85}, cycles=12)
    return any(f.driver.attribute == "passed_on" for f in explain.explain("sla_attainment", look.scope).found)


if __name__ == "__main__":
    main()
