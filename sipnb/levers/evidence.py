"""What a detector may read, and what it says: evidence for a lever or against it, and what is known of its effect.

A detector looks back so many days from the cut-off, whatever a cycle is: a service gets the same advice by month, by quarter
and by week. Whether a share lies above its limit is judged by how much the service's own months differ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Literal

import pandas as pd

from sipnb import kpis
from sipnb.catalogue import Lever
from sipnb.cycles import Cycle, containing
from sipnb.methods import proportions, scatter
from sipnb.records.frozen import Records
from sipnb.show import words

#: The days that detectors look back: thirteen weeks, half a year, a year, two.
RECENT, HALF_YEAR, YEAR, TWO_YEARS = 91, 182, 365, 730
#: Calendar months from which is taken how much months differ.
MONTHS = 24


@dataclass(frozen=True)
class Effect:
    """What is known of what a lever does to a KPI.

    `effect`: estimated, with its 95 % interval, signed as the KPI would change. `distance`: only how far the KPI is from
    `goal`, its `reference` ("target", "limit", "level of a year ago" …), never below 0 and without an interval: what the lever
    would do of it is not known.
    """

    kpi: str
    basis: Literal["effect", "distance"]
    value: float
    low: float | None = None
    high: float | None = None
    reference: str = ""
    goal: float | None = None

    def __post_init__(self) -> None:
        bounds = self.low is not None and self.high is not None
        if bounds != (self.basis == "effect"):
            raise ValueError(f"{self.kpi}: an effect has an interval, and a distance has none")


@dataclass(frozen=True)
class Evidence:
    """What a detector saw. `found` says whether it carries a proposal.

    `finding` is a clause, `why` the whole case in one sentence, `sentences` the evidence; each figure in them is also in
    `numbers`. `judged` is false where the records cannot speak for or against it. `times` orders proposals: how many times
    what is allowed was measured, where what is allowed is an `agreed` target, or else the level that `against` names.
    """

    lever: Lever
    found: bool
    finding: str
    why: str = ""
    sentences: list[str] = field(default_factory=list)
    numbers: dict[str, float] = field(default_factory=dict)
    effect: Effect | None = None
    times: float = math.nan
    agreed: bool = False
    against: str = ""
    judged: bool = True


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

    @property
    def known(self) -> bool:
        """Whether there are enough months to tell how much they differ."""
        return self.months >= scatter.FEWEST

    def above(self, limit: float) -> bool:
        """Whether it is clearly more than the limit, and not clearly less of late."""
        return self.low > limit and not self.latest.high < limit

    def below(self, limit: float) -> bool:
        """Whether it is clearly less than the limit, and not clearly more of late."""
        return self.high < limit and not self.latest.low > limit

    @property
    def interval(self) -> str:
        return words.interval(self.low, self.high, "share")

    def numbers(self, limit: float) -> dict[str, float]:
        """What a reason for proposing nothing is made of."""
        return {
            "share": self.value, "share_low": self.low, "share_high": self.high, "n": self.n, "limit": limit,
            "latest": self.latest.value, "latest_n": self.latest.n, "latest_days": self.latest_days, "days": self.days,
            "months": self.months,
        }  # fmt: skip

    def not_clearly(self, which: str, limit: float) -> str:
        """Why it is not clearly `above` or `below` the limit: the end of a sentence that gives the share."""
        said = words.number(limit, "share")
        if not self.known:
            few = "1 month does" if self.months == 1 else f"{self.months} months do"
            return f"(too short a history: {few} not tell how much months differ)"
        cleared, within = self.low > limit, self.high <= limit
        if which == "below":
            cleared, within = self.high < limit, self.low >= limit
        if cleared:
            late = words.number(self.latest.value, "share")
            return f"({self.interval}), but {late} in the last {self.latest_days} days, clearly back on the good side of {said}"
        good = "clearly within" if which == "above" else "clearly above"
        return f"({self.interval}), {good if within else f'not clearly {which}'} {said}"


@dataclass(frozen=True)
class Look:
    """What a detector may read: a service's records, and its KPIs over any days up to the cut-off."""

    scope: kpis.Scope

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
        end = self.cycle.end - timedelta(days=before)
        return Cycle(end - timedelta(days=days), end, self.cycle.kind, self.cycle.zone)

    def over(self, days: int, before: int = 0) -> kpis.Scope:
        """What the KPIs of so many days are worked out from."""
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

    def share(self, kpi: str, days: int, latest: int, level: float = 0.95) -> Judged:
        """A share over the last days, judged by how much months differ, and over the latest part of them."""
        now, late = self.measure(kpi, days), self.measure(kpi, latest)
        by_month = kpis.series(kpi, self.months)
        spread = scatter.of_shares(by_month["numerator"], by_month["denominator"])
        found, of_late = (_scattered(one, spread, level) for one in (now, late))
        return Judged(found.value, found.low, found.high, found.n, days, of_late, latest, spread.periods)

    def known_for(self, table: str) -> int:
        """For how many days before the cut-off this service's records of a table reach back; 0 without any."""
        times = self.records.table(table)[_AT[table]]
        return 0 if times.empty else int((self.cutoff - times.min()).total_seconds() // 86400)

    def lacking(self, kpi: str) -> str:
        """What of the records a KPI would need is not there, as a clause; empty where it can be worked out."""
        if kpis.supplied(kpi, self.scope):
            return ""
        missing = kpis.missing(self.scope.kpis[kpi], self.scope)
        return f"no records of {words.listed([_RECORDS.get(need, need) for need in missing])}"

    def refused(self, kpi: str, days: int = RECENT) -> str:
        """Why the records carry no claim about a KPI of the last days, as a clause; empty where they do."""
        rule = self.records.refused(self.scope.kpis[kpi], self.window(days))
        return rule and f"the records carry no claim about {self.scope.kpis[kpi].noun} ({rule})"

    def limit(self, lever: Lever, kpi: str) -> tuple[float, bool]:
        """What a KPI is compared with: the service's target, or else the lever's own limit; and whether it is agreed."""
        agreed = kpi in self.scope.targets
        return (self.scope.targets[kpi] if agreed else lever.limits[kpi]), agreed


_AT = {"tickets": "opened", "outages": "started", "changes": "started", "surveys": "answered"}
#: What is missing, in the words of a reader.
_RECORDS = {
    "changes": "changes", "tickets.change": "which change caused an incident", "outages": "outages", "tickets": "tickets",
    "tickets.reassigned": "hand-overs", "tickets.on_hold|ticket_events.on_hold": "time on hold",
    "tickets.reopened": "reopenings", "surveys": "answers of users",
}  # fmt: skip


def _scattered(found: kpis.Measure, spread: scatter.Spread, level: float) -> proportions.Estimate:
    if found.n == 0 or math.isnan(found.denominator):
        return proportions.NO_DATA
    return scatter.share(int(found.numerator), int(found.denominator), spread, level)


def distance(kpi: str, value: float, goal: float, reference: str) -> Effect:
    """How far a KPI is from where it should be; what would be done of it is not known."""
    return Effect(kpi, "distance", abs(value - goal), reference=reference, goal=goal)


def named(agreed: bool) -> str:
    """What a limit is called: a target that was agreed, or a limit of our own."""
    return "target" if agreed else "limit"


def none(lever: Lever, reason: str, judged: bool = True, **numbers: float) -> Evidence:
    """A lever that the records do not speak for, with what was seen instead and the numbers in it."""
    return Evidence(lever, False, reason, numbers=numbers, judged=judged)


def unknown(lever: Lever, reason: str) -> Evidence:
    """A lever for or against which the records cannot speak, with what they lack."""
    return none(lever, reason, judged=False)
