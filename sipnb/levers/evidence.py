"""What a detector may read, and what it says: evidence for a lever or against it, with an upper bound of its effect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from sipnb import kpis
from sipnb.catalogue import Lever
from sipnb.cycles import Cycle
from sipnb.records.frozen import Records
from sipnb.show import words

#: Cycles over which a detector looks: a quarter of a year of months, enough cases without mixing old habits in.
WINDOW = 3


@dataclass(frozen=True)
class Effect:
    """How far a KPI could move at most: value with its 95 % interval, signed as the KPI would change."""

    kpi: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Evidence:
    """What a detector saw. `found` says whether it carries a proposal; `strength` orders proposals (0 to 1).

    `finding` is a clause, `why` the whole case in one sentence, `sentences` the evidence; each figure in them is also in
    `numbers`.
    """

    lever: Lever
    found: bool
    finding: str
    why: str = ""
    sentences: list[str] = field(default_factory=list)
    numbers: dict[str, float] = field(default_factory=dict)
    effect: Effect | None = None
    strength: float = 0.0


@dataclass(frozen=True)
class Look:
    """What a detector may read: a service's records over its history, and the series of its KPIs."""

    scope: kpis.Scope
    series: Callable[[str], pd.DataFrame]

    @property
    def records(self) -> Records:
        return self.scope.records

    @property
    def cycle(self) -> Cycle:
        return self.scope.cycle

    @property
    def history(self) -> tuple[Cycle, ...]:
        return self.scope.cycles

    @property
    def start(self) -> pd.Timestamp:
        """The beginning of the window."""
        return self.cycle.shift(1 - WINDOW).opens

    def span(self, cycles: int) -> str:
        """So many cycles in words: `3 months`."""
        return words.plural(cycles, self.cycle.kind)

    def resolved(self) -> pd.DataFrame:
        """Tickets resolved in the window."""
        tickets = self.records.tickets
        return tickets[(tickets["resolved"] >= self.start) & (tickets["resolved"] < self.cycle.cutoff)]

    def refused(self, kpi: str) -> str:
        """Why the records carry no claim about a KPI, as a clause; empty where they do."""
        rule = self.records.refused(self.scope.kpis[kpi], self.cycle)
        return rule and f"the records carry no claim about {self.scope.kpis[kpi].noun} ({rule})"

    def target(self, kpi: str, otherwise: float) -> float:
        """The service's target, or a stated level where it has none."""
        return self.scope.targets.get(kpi, otherwise)


def none(lever: Lever, reason: str, **numbers: float) -> Evidence:
    """A lever that the records do not speak for, with what was seen instead."""
    return Evidence(lever, False, reason, numbers=numbers)
