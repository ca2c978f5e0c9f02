"""What the portfolio hands over of all services together: objectives, the order of gaps, users' hours, small services and
services on equal mix."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sipnb.chapters.facts.base import Facts


class StandFact(Facts):
    """Where one service stands with an objective: the worst of what its targets say, which it certainly misses, the hours that
    users lose beyond them, the figure by which the objective is reached, and how many open actions serve it there."""

    service: str
    status: Literal["fails", "inconclusive", "meets", "no target"]
    missed: list[str] = Field(default_factory=list, description="titles of the targets that it certainly misses")
    hours: float | None = None
    value: float | None = None
    reached: bool | None = Field(None, description="whether `value` is at the objective's goal")
    actions: int = 0


class AlignedFact(Facts):
    """An objective over all services. `hours` are those lost beyond its targets, no hour twice; None where none can be told.

    `there` counts the services that have a target of it, `missing`, `open` and `meeting` what these say, `told` those with the
    figure by which it is reached, `reaching` those of them that are at the goal.
    """

    id: str
    title: str
    weight: float
    owner: str | None
    kpis: list[str]
    success: str | None = Field(None, description="the measure by which it is reached, in words")
    unit: str = ""
    start: float | None = None
    to: float | None = None
    by: str | None = None
    there: int
    missing: int
    open: int
    meeting: int
    told: int
    reaching: int
    hours: float | None
    actions: int
    unserved: list[str] = Field(description="services that certainly miss it and have no open action for it")
    services: list[StandFact]


class LooseFact(Facts):
    """A target that no objective asks for, or an action that serves none, and the services that have it."""

    title: str
    services: list[str]


class OrphansFact(Facts):
    """What hangs in the air over the organisation: titles of objectives that no target of any service sees, of such as are
    certainly missed and no open action of any service serves, targets that no objective asks for, actions that serve none."""

    unseen: list[str] = Field(default_factory=list)
    unserved: list[str] = Field(default_factory=list)
    targets: list[LooseFact] = Field(default_factory=list)
    actions: list[LooseFact] = Field(default_factory=list)


class PlaceFact(Facts):
    """A missed target of a service in the order of all: weight x hours x certainty. `first` and `further` say how often it is
    among the first so many when weights are drawn; `moves` whether one of the two depends on them."""

    place: int
    service: str
    kpi: str
    title: str
    weight: float
    hours: float | None
    certainty: float
    score: float
    first: float
    further: float
    moves: bool


class OrderFact(Facts):
    """The order of all missed targets, and which places depend on weights: of `gaps`, `moves` do. Each weight is drawn `draws`
    times up to `within` more or less; `first` and `further` are the two places looked at."""

    gaps: int
    moves: int
    draws: int
    within: float
    first: int
    further: int
    places: list[PlaceFact] = Field(description="in their order, those that are never among the further left out")


class LostByFact(Facts):
    """Users' hours lost in one service: of all hours and of all tickets its `share` and `of_tickets`, and its parts."""

    service: str
    hours: float
    share: float | None
    of_tickets: float | None
    parts: dict[str, float]
    money: float | None = None


class LostInAllFact(Facts):
    """Users' hours lost in all services, the sums of what their plans say; `untold` services cannot tell. `most` services,
    the first of `services`, hold `most_share` of the hours."""

    hours: float
    previous: float | None = Field(None, description="of the same services in the cycle before, where all of them know")
    parts: dict[str, float]
    money: float | None = None
    money_low: float | None = None
    money_high: float | None = None
    rated: int = Field(0, description="services of which the money is told")
    untold: list[str] = Field(default_factory=list)
    days: int = Field(0, description="days whose tickets `of_tickets` is of")
    most: int = 0
    most_share: float | None = None
    services: list[LostByFact]


class DrawnFact(Facts):
    """A share of a service with few cases, as it was counted and drawn towards those of the other services."""

    service: str
    kpi: str
    n: int
    value: float
    low: float | None
    high: float | None
    drawn: float
    drawn_low: float
    drawn_high: float
    target: float


class PooledFact(Facts):
    """One share over `services`: their common `mean`, the standard deviation `spread` of what lies behind their shares (0: they
    differ no more than by chance), how many cases the others weigh (None: all), and the services with few cases."""

    kpi: str
    title: str
    services: int
    mean: float
    spread: float
    weighs: float | None
    drawn: list[DrawnFact]


class FunnelFact(Facts):
    """Services compared on one share: how many lie outside what their size and the usual scatter between them allow, by 99.8 %
    limits; `outside` counts those outside the limits of chance alone."""

    kpi: str
    title: str
    good: str
    centre: float
    phi: float | None
    tau2: float | None
    services: int
    outside: int
    outside_adjusted: int
    worse: list[str]
    better: list[str]


class OnEqualMixFact(Facts):
    """One service on equal mix: what was counted, what all services together would have reached with its mix, and its share if
    the difference is added to that of all. `crude_side` and `side` are -1 below the limits, 1 above, 0 within."""

    service: str
    n: int
    crude: float
    expected: float
    value: float
    crude_side: int
    side: int


class EqualMixFact(Facts):
    """Services compared as if all had the same mix: the funnel, each service, and which of them change sides of the common
    share (`flips`) or stand apart in one comparison only (`apart_crude`, `apart_equal`)."""

    strata: str
    funnel: FunnelFact
    services: list[OnEqualMixFact]
    flips: list[str] = Field(default_factory=list)
    apart_crude: list[str] = Field(default_factory=list)
    apart_equal: list[str] = Field(default_factory=list)
