"""What the gap analysis hands over of why: hours that users lose, drivers of missed measures, where time goes, and the
order of gaps."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sipnb.chapters.facts.base import Facts


class LostPartFact(Facts):
    """A part of the hours that users lost in the cycle; None where the records cannot tell it."""

    part: Literal["late", "reopened", "passed on", "down"]
    hours: float | None
    share: float | None = None


class LostFact(Facts):
    """Users' hours lost in the cycle, with the 95 % interval of what the service loses as it runs, and what that is worth.

    `of_tickets` of the tickets that were being worked on in the last `days` hold `of_hours` of the hours that tickets lost.
    """

    hours: float
    low: float | None
    high: float | None
    parts: list[LostPartFact]
    previous: float | None
    usual: float | None = Field(None, description="mean of the twelve cycles before")
    users: float | None = Field(None, description="users of the service in the cycle")
    affected: float = 1.0
    money: float | None = None
    money_low: float | None = None
    money_high: float | None = None
    days: int = 0
    of_tickets: float | None = None
    of_hours: float | None = None
    tickets: int = 0


class DriverFact(Facts):
    """A driver of a missed measure: `n` rows have it, a `rate` of them went wrong, against `others`, the rate the same
    rows would have without it. `effect` is what it adds to the rate of all rows, `share` its part of all that went wrong;
    `hours` are those that users lost by it over the `days` of its measure, beyond what they lose by like tickets."""

    id: str
    attribute: str
    value: str
    known: Literal["opening", "landmark", "handling", "outages"]
    n: int
    of_rows: float
    bad: int
    rate: float | None
    others: float | None
    crude: float | None
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    effect: float | None = None
    effect_low: float | None = None
    effect_high: float | None = None
    share: float
    hours: float | None = None
    hours_low: float | None = None
    hours_high: float | None = None
    step: str = ""
    extra: float | None = Field(None, description="agreed hours more in that step, each ticket")
    through: list[str] = Field(default_factory=list, description="what happens on the way, as attribute=value")
    alike: list[str] = Field(default_factory=list, description="what cannot be told apart from it, as attribute=value")
    p: float | None = None
    p_confirmed: float | None = None


class ShiftFact(Facts):
    """Why the share that goes wrong differs from that of as many days a year before; the parts add up to `change`."""

    days: int
    before: float
    after: float
    change: float
    mix: float
    parts: list[float] = Field(description="what each driver explains, in the order of `drivers`")
    drivers: list[str]
    rest: float


class OutagePartFact(Facts):
    """Outages of one kind: `n` of them with agreed hours `down`, their `share` of the time lost, and hours of users (None where
    nobody knows how many there are)."""

    attribute: str
    value: str
    n: int
    down: float
    share: float
    hours: float | None = None


class WhyFact(Facts):
    """Why a measure misses its target: `drivers`, the one with the largest effect first; or the `reason` why none was
    looked for.

    `looked` values of attributes were looked at, `left_out` says of which attributes none could be, and `unconfirmed`
    what half of the weeks showed and the other half did not. `parts` are the outages behind it by kind, whether or not
    one is sure to be the most frequent.
    """

    kpi: str
    title: str
    days: int
    n: int = 0
    wrong: int = 0
    hours: float | None = None
    drivers: list[DriverFact] = Field(default_factory=list)
    looked: int = 0
    left_out: dict[str, str] = Field(default_factory=dict)
    unconfirmed: list[str] = Field(default_factory=list)
    reason: str = ""
    parts: list[OutagePartFact] = Field(default_factory=list)
    shift: ShiftFact | None = None


class StepTimeFact(Facts):
    """The agreed hours that tickets spend in a step, its share of all their time, how many tickets were in it, and hours
    of each."""

    step: str
    hours: float
    share: float
    tickets: int
    mean: float


class GroupClockFact(Facts):
    """How long a group held tickets: agreed hours, as a part of the agreed time of those with a due time (`used`); how
    many became late with it, came to it with most of their time used, and were passed on by it late."""

    group: str
    tickets: int
    hours: float
    used: float | None
    late_here: int
    given_late: int
    passed_late: int


class BacklogFact(Facts):
    """The stock of open tickets and what becomes of it at the pace of the latest `days`: see `drivers.backlog.Backlog`.
    `goal` is None where the records do not reach back to what is usual. Where it lies
    `above` its goal, `drain_low` and `drain_high` are the days until it does not any more; None: perhaps never."""

    days: int
    stock: int
    goal: float | None
    opened: float
    finished: float
    net: float
    net_low: float
    net_high: float
    weeks: int
    above: bool
    drain_low: float | None
    drain_high: float | None
    mean_stock: float
    mean_days: float | None
    ratio: float | None
    in_balance: float | None = Field(None, description="the mean stock that arrivals and time of each would leave")


class CheckFact(Facts):
    """Whether a figure is better than the service: see `drivers.honesty.Check`."""

    name: str
    told: bool
    value: float | None
    usual: float | None
    n: int
    p: float | None
    found: bool


class DeflectionFact(Facts):
    """What machines resolve and what comes back of it: see `drivers.honesty.Deflection`."""

    days: int
    n: int
    share: float
    back: float
    others: float
    more: float
    more_low: float
    more_high: float
    held: float
    people: float | None
    alike: float | None


class HonestyFact(Facts):
    """Whether good figures are as good as they look. `reached` is the attainment that reaches its target; the other
    measures are those that say otherwise all the same (`unhappy`: their titles), and `rising` whether users' hours lost
    are; `checks` and `deflection` as their own facts say; `clocks` holds the attainment by clock over the last cycles."""

    reached: float | None
    target: float | None
    unhappy: list[str]
    rising: bool
    hours_before: float | None
    hours_now: float | None
    clocks: dict[str, float] = Field(default_factory=dict)
    checks: list[CheckFact]
    deflection: DeflectionFact | None = None


class ReadingFact(Facts):
    """A missed target read in four ways: its size in its unit, users’ hours and money; what the process can do about it
    (`reach`: by how much the level would have to change to reach it in nearly every cycle); its course; how certain it is."""

    kpi: str
    title: str
    unit: str
    gap: float
    hours: float | None
    money: float | None
    reach: float | None
    missed: int = Field(description="of the latest `of` cycles")
    of: int
    course: str
    certainty: float


class RankedFact(Facts):
    """A gap in the order in which it matters: the weight of its objective x users' hours lost beyond the target x certainty."""

    kpi: str
    title: str
    status: str
    weight: float
    hours: float | None
    certainty: float = Field(description="how likely the level lies beyond the target")
    score: float
    top: float = Field(
        1.0, description="how often it is among the first three when each weight is up to half more or less"
    )
    drivers: list[str] = Field(default_factory=list)
