"""What a detector may read, and what it says: numbers for a lever or against it, and what is known of its effect.

A detector looks back so many days from the cut-off, whatever a cycle is: a service gets the same advice by month, by quarter
and by week. Whether a share lies above its limit is judged by how much the service's own months differ.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Literal

import pandas as pd

from sipnb import kpis
from sipnb.catalogue import LEVERS, Lever
from sipnb.cycles import Cycle, containing
from sipnb.levers.answers import Answer, Missed
from sipnb.methods import proportions, scatter
from sipnb.records.frozen import Records

#: Calendar months from which is taken how much months differ. Like the levels of confidence it is method, not policy.
MONTHS = 24

#: Where a share lies: clearly on the wrong side of its limit, or there but clearly back of late, clearly on the right side, or
#: neither; or there are too few months to tell.
Place = Literal["beyond", "recovered", "within", "not clear", "short history"]


@dataclass(frozen=True)
class Effect:
    """What is known of what a lever does to a KPI.

    `effect`: estimated, with its 95 % interval, signed as the KPI would change. `distance`: only how far the KPI is from
    `goal`, its `reference` ("target", "limit", "level of a year ago" …) over so many `days`, never below 0 and without an
    interval: what the lever would do of it is not known.
    """

    kpi: str
    basis: Literal["effect", "distance"]
    value: float
    low: float | None = None
    high: float | None = None
    reference: str = ""
    goal: float | None = None
    days: int | None = None

    def __post_init__(self) -> None:
        bounds = self.low is not None and self.high is not None
        if bounds != (self.basis == "effect"):
            raise ValueError(f"{self.kpi}: an effect has an interval, and a distance has none")


@dataclass(frozen=True)
class Evidence:
    """What a detector saw: which case it met, and its numbers.

    `outcome` names the case; `found` says whether that carries a proposal, and `judged` is false where the records cannot speak
    for or against it. `kpi` was compared with `limit`: a target that was `agreed`, or else a level of our own; all limits that
    held are in `lever.limits`. `numbers` are what was seen (shares from 0 to 1, hours, days, counts), `names` what an outcome
    is about besides: records that are missing, a rule, a cause, another lever. `parts` hold the evidence of each question
    where a lever asks several. `times` orders proposals: how many times what is allowed was measured. `answers` are the drivers
    of missed targets that it answers; one is reason enough to propose it.

        >>> evidence = look_for("one_owning_group", Look(scope))
        >>> evidence.outcome, evidence.numbers["share"], evidence.limit
        ('costly', 0.22, 0.12)
    """

    lever: Lever
    outcome: str
    found: bool = False
    judged: bool = True
    kpi: str = ""
    limit: float = math.nan
    agreed: bool = False
    numbers: dict[str, float] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    effect: Effect | None = None
    times: float = math.nan
    parts: tuple[Evidence, ...] = ()
    answers: tuple[Answer, ...] = ()

    @property
    def proposed(self) -> bool:
        """Whether the lever is: its detector found what it is about, or it answers a driver."""
        return self.found or bool(self.answers)


@dataclass(frozen=True)
class Judged:
    """A share of the last `days`, with an interval as wide as months differ, and the share of the latest part of them."""

    value: float
    low: float
    high: float
    n: int
    days: int
    latest: proportions.Estimate
    latest_days: int
    months: int

    def place(self, limit: float, wrong: Literal["above", "below"] = "above") -> Place:
        """Where it lies, if `wrong` is the wrong side of the limit."""
        if self.months < scatter.FEWEST:
            return "short history"
        if wrong == "above":
            clear, within, back = self.low > limit, self.high <= limit, self.latest.high < limit
        else:
            clear, within, back = self.high < limit, self.low >= limit, self.latest.low > limit
        if clear:
            return "recovered" if back else "beyond"
        return "within" if within else "not clear"

    def numbers(self, limit: float) -> dict[str, float]:
        """What a reason for proposing nothing is made of."""
        return {
            "share": self.value, "share_low": self.low, "share_high": self.high, "n": self.n, "limit": limit,
            "latest": self.latest.value, "latest_n": self.latest.n, "latest_days": self.latest_days, "days": self.days,
            "months": self.months,
        }  # fmt: skip


@dataclass(frozen=True)
class Question:
    """A KPI that a lever is about, and what it is compared with: a target that was `agreed`, or the lever's own limit.

    Its methods answer it with evidence. `limit` is nan where it is the records that say what is usual.
    """

    lever: Lever
    kpi: str
    limit: float = math.nan
    agreed: bool = False

    def _answer(self, outcome: str, numbers: Mapping[str, float], **more) -> Evidence:
        return Evidence(
            self.lever, outcome, kpi=self.kpi, limit=self.limit, agreed=self.agreed, numbers=dict(numbers), **more
        )

    def unknown(self, outcome: str, *names: str, parts: tuple[Evidence, ...] = (), **numbers: float) -> Evidence:
        """The records cannot speak for or against the lever."""
        return self._answer(outcome, numbers, judged=False, names=names, parts=parts)

    def left(self, outcome: str, numbers: Mapping[str, float]) -> Evidence:
        """The records do not speak for the lever."""
        return self._answer(outcome, numbers, judged=outcome != "short history")

    def proposed(
        self, outcome: str, numbers: Mapping[str, float], value: float, measured: float | None = None,
        allowed: float | None = None, reference: str = "", **more,
    ) -> Evidence:  # fmt: skip
        """The records speak for the lever. `value` is that of the KPI, told as a distance where `more` has no `effect`.

        Where others than the value and the limit say how many times what is allowed was measured, they are `measured` and
        `allowed`; `reference` names a limit that the records set.
        """
        reference = reference or ("target" if self.agreed else "limit")
        days = int(numbers["days"]) if "days" in numbers else None
        away = Effect(self.kpi, "distance", abs(value - self.limit), reference=reference, goal=self.limit, days=days)
        measured, allowed = value if measured is None else measured, self.limit if allowed is None else allowed
        # What is allowed may be nothing: a target of no reopened ticket.
        return self._answer(
            outcome, numbers, **{"found": True, "times": measured / max(allowed, 1e-9), "effect": away, **more}
        )


@dataclass(frozen=True)
class Look:
    """What a detector may read: a service's records, its KPIs over any days up to the cut-off, the levers with the limits
    that hold in its organisation, and the targets that are `missed` with the drivers of each."""

    scope: kpis.Scope
    levers: Mapping[str, Lever] = field(default_factory=lambda: LEVERS)
    missed: tuple[Missed, ...] = ()

    @property
    def records(self) -> Records:
        return self.scope.records

    @property
    def cycle(self) -> Cycle:
        return self.scope.cycle

    @property
    def cutoff(self) -> pd.Timestamp:
        return self.cycle.cutoff

    def window(self, days: int, before: int = 0) -> Cycle:
        """So many days up to the cut-off, or up to so many days before it."""
        return self.cycle.last_days(days, before)

    def over(self, days: int, before: int = 0) -> kpis.Scope:
        """What the KPIs of so many days are computed from."""
        return self.scope.once(f"{days} days, {before} before", lambda: self.scope.over([self.window(days, before)]))

    @cached_property
    def months(self) -> kpis.Scope:
        """The calendar months up to the cut-off, the running one as far as it has come."""
        last = containing(self.cycle.end - timedelta(days=1), "month", self.cycle.zone)
        *whole, latest = last.history(MONTHS)
        return self.scope.over([*whole, Cycle(latest.start, min(latest.end, self.cycle.end), "month", self.cycle.zone)])

    def measure(self, kpi: str, days: int, before: int = 0) -> kpis.Measure:
        """A KPI over so many days."""
        return kpis.measure(kpi, self.over(days, before))

    def ask(self, lever: Lever, kpi: str) -> Question:
        """A KPI with what it is compared with: the service's target, or else the lever's limit, where it has one for it."""
        if kpi not in lever.limits:
            return Question(lever, kpi)
        return Question(lever, kpi, self.scope.targets.get(kpi, lever.limit(kpi)), kpi in self.scope.targets)

    def share(self, asked: Question, level: float = 0.95) -> Judged:
        """A share over the lever's `days`, judged by how much months differ, and over its `latest_days`."""
        days, latest = asked.lever.limit("days"), asked.lever.limit("latest_days")
        by_month = kpis.series(asked.kpi, self.months)
        spread = scatter.of_shares(by_month["numerator"], by_month["denominator"])
        found, late = (_scattered(self.measure(asked.kpi, span), spread, level) for span in (days, latest))
        return Judged(found.value, found.low, found.high, found.n, days, late, latest, spread.periods)

    def silent(self, asked: Question, days: int) -> Evidence | None:
        """What is said where a KPI is not recorded, or the records carry no claim about its last days; None where they do."""
        if not kpis.supplied(asked.kpi, self.scope):
            return asked.unknown("not recorded", *kpis.missing(self.scope.kpis[asked.kpi], self.scope))
        rule = self.records.refused(self.scope.kpis[asked.kpi], self.window(days))
        return asked.unknown("claim refused", rule) if rule else None


def _scattered(found: kpis.Measure, spread: scatter.Spread, level: float) -> proportions.Estimate:
    if found.n == 0 or math.isnan(found.denominator):
        return proportions.NO_DATA
    return scatter.share(int(found.numerator), int(found.denominator), spread, level)
