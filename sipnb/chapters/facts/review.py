"""What the review hands over: the actions of the register as they stood when the cycle ended, and what each of them changed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sipnb.chapters.facts.base import Facts

#: What can be said of an action's effect: three verdicts, and why there is none.
Status = Literal["worked", "did not", "inconclusive", "too early", "not due", "not measurable"]


class ChangeFact(Facts):
    """What an action changed, in its measure's unit: `actual` is the mean of the whole cycles since, `expected` what it would
    have been, `value` the difference with its 95 % interval.

    `beside` says what it was compared with: the rest of the service's tickets, `controls` other services, or nothing but its
    own past. `alone` is the difference against its own past; `opinions_agree`: other estimates are as certain.
    `dates` and `services` are in how many places where nothing was done it was estimated as well, and `dates_as_large` and
    `services_as_large` in how many of them it was as large.
    """

    actual: float
    expected: float
    value: float
    low: float
    high: float
    before: int
    after: int
    first: str
    last: str
    beside: Literal["rest", "services", "past"]
    controls: int
    alone: float
    alone_low: float
    alone_high: float
    opinions_agree: bool
    dates: int
    dates_as_large: int
    services: int
    services_as_large: int


class CounterFact(Facts):
    """A measure that may not suffer: what became of it, and from what difference on it would count as worse."""

    kpi: str
    title: str
    outcome: Literal["held", "worse", "inconclusive", "no data"]
    margin: float
    unit: str
    value: float | None
    low: float | None
    high: float | None


class BenefitFact(Facts):
    """What an effect came to since: `amount` with its 95 % interval, in `unit` (hours of users, cases, money), of `volume` cases
    over `cycles` whole cycles; in money where a price of the unit is given. `counted`: the measure is the number of cases
    itself, not what became of each."""

    amount: float
    low: float
    high: float
    unit: Literal["hours", "cases", "money"]
    counted: bool
    cases: str
    volume: int
    cycles: int
    promised: float | None = Field(None, description="what it would be had the effect been as promised")
    price: float | None = None
    money: float | None = None
    money_low: float | None = None
    money_high: float | None = None


class OutcomeFact(Facts):
    """Did it work: the verdict on an action, or why there is none yet, and when there will be one.

    `age` is the number of whole cycles since it was implemented, `after` how many a verdict takes; `power` how likely an effect
    as promised would have been found by now, `enough` after how many cycles it would be in four of five cases. `reached`: with
    this very cycle. `beside_it`: other actions of the service that took effect in the same cycles.
    """

    status: Status
    why: str = ""
    registered: bool = False
    where: str = ""
    kpi: str | None = None
    title: str = ""
    unit: str = ""
    good: str = ""
    age: int = 0
    after: int = 0
    promised: tuple[float, float, float] | None = None
    minimum: float = 0.0
    change: ChangeFact | None = None
    counters: list[CounterFact] = Field(default_factory=list)
    power: float | None = None
    enough: int | None = None
    next: str | None = Field(None, description="the cycle with whose plan a verdict is due")
    reached: bool = False
    beside_it: list[str] = Field(default_factory=list)
    benefit: BenefitFact | None = None


class StepOfAction(Facts):
    """A step of an action: what, by when, and when it was done if it was."""

    title: str
    due: str
    done: str | None


class ActionFact(Facts):
    id: str
    title: str
    state: str
    owner: str | None
    kpi: str | None
    kpi_title: str | None
    raised: str
    due: str | None
    implemented: str | None
    overdue: bool
    days_open: int
    cycles_since: int | None = Field(description="whole cycles of records since it was implemented")
    note: str
    lever: str | None = Field(None, description="the kind of improvement it is, by the catalogue")
    driver: str | None = Field(None, description="what the lever acts on, as attribute=value")
    since: str | None = Field(None, description="since when it has been in its state")
    stood: int = Field(0, description="days that it had been in its state")
    agreed: str | None = Field(None, description="when it was first accepted, approved or begun")
    first_due: str | None = Field(None, description="the date it was first to be done by")
    verdict: str | None = Field(None, description="the verdict with which people closed it")
    cost: float | None = Field(None, description="what it has cost so far")
    planned: tuple[float, float, float] | None = Field(None, description="what it was to cost once: low, likely, high")
    per_cycle: float | None = Field(None, description="what it was to cost every cycle since it was implemented")
    planned_by_now: float | None = Field(
        None, description="what was planned of it for the time until now, where both are"
    )
    outcome: OutcomeFact | None = None
    started: str | None = Field(None, description="when work on it began")
    steps: list[StepOfAction] = Field(default_factory=list)
    depends_on: list[str] = Field(default_factory=list, description="ids of actions that have to be done before")
    origin: list[str] = Field(default_factory=list, description="what it was raised for: cycle, chapter and measure")
    approver: str | None = Field(None, description="the role that approved it")
    sponsor: str | None = Field(None, description="the role that pays for it")
    consulted: list[str] = Field(default_factory=list, description="roles that are asked before something is decided")
    informed: list[str] = Field(default_factory=list, description="roles that are told what was decided")
    effort_days: float | None = None
    objectives: list[str] = Field(default_factory=list, description="ids of the objectives it serves")


class FixFact(Facts):
    """Whether a kind of ticket came back after what was to end it: an action or a problem record.

    `ratio` is how many came for every one that would have come without it, with its 95 % interval; `before` and `since` are
    cases a cycle. `found` holds when all fixes of the service are looked at together.
    """

    of: Literal["action", "problem"]
    id: str
    title: str
    kind: str
    fixed: str
    before: float
    since: float
    cycles: int
    ratio: float
    low: float
    high: float
    p: float
    found: Literal["rarer", "more often", "no change found"]
    with_others: list[str] = Field(default_factory=list, description="other fixes of these tickets at that time")


class ReviewFacts(Facts):
    """`unfit` is the number of fixes whose kind of ticket is too rare, or whose time too short, to tell whether it came back."""

    actions: list[ActionFact]
    states: dict[str, int]
    overdue: int
    stuck: int = Field(90, description="days in its state after which an open action does not move")
    fixes: list[FixFact] = Field(default_factory=list)
    unfit: int = 0
