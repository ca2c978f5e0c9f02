"""What the gap analysis hands over: each target against its figure, the objectives, and where the misses are."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sipnb.chapters.facts.base import Facts
from sipnb.chapters.facts.drivers import (
    BacklogFact,
    GroupClockFact,
    HonestyFact,
    LostFact,
    RankedFact,
    ReadingFact,
    StepTimeFact,
    WhyFact,
)
from sipnb.chapters.facts.recurring import RecurringFact


class GapFact(Facts):
    """One target: `status` is meets, fails, inconclusive (the interval holds the target) or no data."""

    kpi: str
    title: str
    unit: str
    good: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    target: float
    gap: float | None = Field(description="how far on the bad side of the target; negative is on the good side")
    status: Literal["meets", "fails", "inconclusive", "not judged", "no data"]
    assurance: str
    variation: str
    objectives: list[str]
    weight: float


class SuccessFact(Facts):
    """When an objective is reached: a KPI from one value to another by a day; where the service stands, and how far it is."""

    kpi: str
    title: str
    unit: str
    start: float
    to: float
    by: str
    value: float | None
    done: float | None


class ObjectiveFact(Facts):
    id: str
    title: str
    weight: float
    kpis: list[str]
    status: Literal["meets", "fails", "inconclusive", "no target"]
    titles: list[str] = Field(default_factory=list, description="titles of its KPIs")
    owner: str | None = None
    success: SuccessFact | None = None
    actions: list[str] = Field(default_factory=list, description="ids of the service's actions that serve it")


class MissPartFact(Facts):
    """A part of the misses beside its part of the tickets; `top` is how sure it is that it is among the three largest."""

    name: str
    count: int
    share: float
    low: float
    high: float
    top: float
    tickets: int = Field(0, description="tickets of this part, missed or not")
    of_tickets: float | None = Field(None, description="their share of all tickets")
    rate: float | None = Field(None, description="the share of them that was missed, with its 95 % interval")
    rate_low: float | None = None
    rate_high: float | None = None
    more: bool = Field(False, description="whether it is clearly missed more often than the others")


class MissesFact(Facts):
    """Where tickets miss their target: those decided in the last `cycles`, by `by`, the largest part first.

    `by` is the attribute that explains most of it; `explained` says how much, `p` how often chance explains as much, and
    `differs` whether that holds among all attributes looked at.
    """

    by: str
    n: int
    cycles: int
    parts: list[MissPartFact]
    tickets: int = 0
    share: float | None = Field(None, description="of all these tickets that missed")
    waiting: int = Field(0, description="misses among tickets that are still open")
    explained: float | None = None
    p: float | None = None
    differs: bool = False


class StratumFact(Facts):
    """Tickets of one kind and priority whose outcome was decided in the cycle, and how many of them went wrong."""

    kpi: str
    stratum: str
    n: int
    wrong: int


class GapFacts(Facts):
    gaps: list[GapFact]
    objectives: list[ObjectiveFact]
    targets_without_objective: list[str]
    objectives_without_target: list[str]
    meets: int
    fails: int
    inconclusive: int
    reached: int = Field(0, description="targets that this cycle's figures reach, certain or not")
    misses: MissesFact | None = None
    unserved: list[str] = Field(
        default_factory=list, description="titles of missed objectives that no open action serves"
    )
    actions_without_objective: list[str] = Field(default_factory=list)
    lost: LostFact | None = None
    readings: list[ReadingFact] = Field(default_factory=list)
    why: list[WhyFact] = Field(default_factory=list)
    steps: list[StepTimeFact] = Field(default_factory=list)
    groups: list[GroupClockFact] = Field(default_factory=list)
    backlog: BacklogFact | None = None
    recurring: RecurringFact | None = None
    honesty: HonestyFact | None = None
    ranked: list[RankedFact] = Field(default_factory=list)
    mix: list[StratumFact] = Field(default_factory=list)
