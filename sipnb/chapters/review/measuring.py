"""What an action is judged on: its measure over the cycles before and after it, of the tickets it touches, on the scale on which
effects add up, and what it is compared with.

Other services, which nobody touched, are handed over once an organisation by the notebook over the records, so that no plan
reads the records of another service.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from sipnb import kpis, register
from sipnb.catalogue import Kpi
from sipnb.chapters import results
from sipnb.chapters.context import RecordsContext, ServiceContext
from sipnb.cycles import Cycle
from sipnb.kpis.scope import COLUMNS
from sipnb.methods import interventions
from sipnb.methods.interventions import Measured
from sipnb.places import ALL_RECORDS, RECORDS, CycleFolder
from sipnb.records.frozen import DamagedRecords, Records
from sipnb.register import Action
from sipnb.workbook import Workbook

#: Cycles before an action that tell what would have been without it; two seasons where that is more.
BEFORE = 24
#: A service in which anything was implemented so many cycles before an action, or since, is not compared with.
QUIET = 12
#: Services that an action is compared with at most, those with the most tickets: more would cost much and change little.
MOST = 40
#: The table of the records' notebook that holds the measures of untouched services.
CONTROLS = "controls"


@dataclass(frozen=True)
class Window:
    """The cycles in which an action is judged: those before it, from `cycles[start]` on those since, as far as they are whole.

    `half_done`: it was implemented within the last of those before it, not on the first day since.
    """

    cycles: tuple[Cycle, ...]
    start: int
    half_done: bool

    @property
    def age(self) -> int:
        """Whole cycles since the action."""
        return len(self.cycles) - self.start

    def until(self, age: int) -> Window:
        """The same up to an age."""
        return replace(self, cycles=self.cycles[: self.start + age])

    def places(self, cycles: Sequence[Cycle]) -> list[int]:
        """Where those of these cycles that are in it stand."""
        return [self.cycles.index(one) for one in dict.fromkeys(cycles) if one in self.cycles]


def window(implemented: date, now: Cycle) -> Window:
    """The cycles around an action that are known in the plan of `now`."""
    first = now.first_whole(implemented)
    before = first.shift(-1).history(max(BEFORE, 2 * now.season))
    return Window((*before, *first.through(now)), len(before), implemented < first.start)


def on_scale(kpi: Kpi, frame: pd.DataFrame, cycles: Sequence[Cycle]) -> Measured:
    """A series of `kpis.series`, or of the same columns by cycle, over these cycles on the scale of its kind."""
    frame = frame.reindex([one.name for one in cycles])
    value, n = frame["value"].astype(float), frame["n"].fillna(0)
    if kpi.kind == "share":
        return interventions.share(frame["numerator"].where(value.notna()), frame["denominator"].where(value.notna()))
    if kpi.kind in ("count", "rare"):
        return interventions.rate(value)
    positive = kpi.kind in ("duration", "stock") or kpi.unit in ("money", "hours", "days")
    if positive and (value.dropna() > 0).all():
        return interventions.duration(value, n)
    return interventions.value(value, n)


def controls(context: ServiceContext, kpi: Kpi, known: Window) -> list[Measured]:
    """A measure in the services of the organisation in which nothing was done around an action."""
    table = context.scope.once("controls", lambda: _compared_with(context))
    busy = touched(context.workbook, context.cycle, known)
    rows = table[(table["kpi"] == kpi.id) & ~table["service"].isin(busy | {context.service.id})]
    found = [on_scale(kpi, one.set_index("cycle"), known.cycles) for _, one in rows.groupby("service")]
    return [one for one in found if one.points.iloc[known.start :].notna().all()]


def touched(workbook: Workbook, cycle: Cycle, known: Window) -> set[str]:
    """The services in which something was implemented around an action, as far as was known when the cycle ended."""
    since = known.cycles[known.start - 1].shift(1 - QUIET).start
    return {
        name
        for name, service in workbook.services.items()
        for action in service.actions
        if (stood := register.standing(action, cycle.end)) and stood.implemented and stood.implemented >= since
    }


def untouched(context: RecordsContext) -> pd.DataFrame:
    """The measures of the actions that can be judged, in the services that are compared with: `kpi`, `service`, `cycle`, and the
    columns of `kpis.series`. Empty where no action can be judged yet."""
    cycle, folder = context.cycle, context.folder
    first = _needed(context.workbook, cycle) if cycle and folder else {}
    rows = []
    for name in _largest(context) if first else ():
        own = ServiceContext(
            context.workbook, context.workbook.service(name), cycle, folder, Records(folder.records, name)
        )  # fmt: skip
        # Damaged records fail the plan of their own service, and no other's.
        with contextlib.suppress(DamagedRecords):
            rows += [_series(own, kpi, begins) for kpi, begins in first.items()]
    if not rows:
        return pd.DataFrame(columns=["kpi", "service", "cycle", *COLUMNS])
    return pd.concat(rows, ignore_index=True)[["kpi", "service", "cycle", *COLUMNS]]


def _series(context: ServiceContext, kpi: str, begins: Cycle) -> pd.DataFrame:
    series = kpis.series(kpi, context.over(begins.through(context.cycle)))
    return series[COLUMNS].assign(kpi=kpi, service=context.service.id).reset_index()


def _compared_with(context: ServiceContext) -> pd.DataFrame:
    """What the notebook over the records hands over; computed where a chapter is opened by hand and nothing was published."""
    try:
        return results.table(context.folder, ALL_RECORDS, RECORDS, CONTROLS)
    except results.ResultError:
        frozen = CycleFolder(context.records.folder.parent)
        return untouched(RecordsContext(context.workbook, context.cycle, context.records.quality, frozen))


def _needed(workbook: Workbook, cycle: Cycle) -> dict[str, Cycle]:
    """The measures of actions that are old enough to be judged, with the first cycle that tells of each."""
    first: dict[str, Cycle] = {}
    for service in workbook.services.values():
        for action in service.actions:
            if known := judged_in(action, cycle):
                begins = known.cycles[0]
                first[action.measured] = min(first.get(action.measured, begins), begins)
    return dict(sorted(first.items()))


def judged_in(action: Action, cycle: Cycle) -> Window | None:
    """The cycles that tell of an action with a measure; None where it is not implemented or too young to be measured at all."""
    stood = register.standing(action, cycle.end)
    if stood is None or stood.implemented is None or action.measured is None:
        return None
    known = window(stood.implemented, cycle)
    return known if known.age >= interventions.FEWEST_AFTER else None


def _largest(context: RecordsContext) -> list[str]:
    """The services with the most tickets, in the order of their names."""
    rows = {name: context.record["services"].get(name, {}).get("rows", {}) for name in context.workbook.services}
    size = {name: (one.get("tickets", 0), sum(one.values())) for name, one in rows.items()}
    found = sorted((name for name in size if sum(size[name])), key=lambda name: (size[name], name), reverse=True)
    return sorted(found[:MOST])
