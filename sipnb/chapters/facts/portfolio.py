"""What the portfolio hands over, typed: services in order of need, their actions, and what holds among all of them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from sipnb.chapters.facts.across import (
    AlignedFact,
    EqualMixFact,
    FunnelFact,
    LostInAllFact,
    OrderFact,
    OrphansFact,
    PooledFact,
)
from sipnb.chapters.facts.base import Facts
from sipnb.chapters.facts.choice import ChoiceFact
from sipnb.chapters.facts.plan import ApprovalFact, DecisionFact, NewsKind
from sipnb.chapters.facts.review import StepOfAction
from sipnb.cycles import noun


class PlanFact(Facts):
    """One service in the portfolio; `status` says whether this cycle has a plan of it."""

    service: str
    name: str
    owner: str
    tier: str
    status: Literal["published", "failed", "errored", "skipped"]
    reason: str
    need: float
    tone: str
    sentence: str
    fails: int
    inconclusive: int
    meets: int
    miss: float | None
    worse: list[str]
    better: list[str]
    options: list[str]
    decisions: list[DecisionFact] = Field(default_factory=list)
    approval: ApprovalFact | None = Field(
        None, description="which version it is and how far it is approved, where there is one"
    )
    kpi: str | None = Field(None, description="the measure that its sentence is about, where it is about one")
    stale: list[str] = Field(
        default_factory=list, description="what changed since the plan was made, where anything did"
    )


class PositionFact(Facts):
    """Where one core measure of one service stands: how it moved, and where its target lies."""

    service: str
    kpi: str
    short: str
    row: Literal["better", "no real change", "worse", "not judged"]
    column: Literal["meets", "hit and miss", "unsettled", "fails", "none"]


class ActionOfPlan(Facts):
    """One action of one service: agreed, as its register has it, or proposed by its plan.

    `owner` is the action's own, or the service's where none is named; `money` is what it is to cost once, `spent` what it cost so
    far. `standing` says what the register has of a proposal already, that the records no longer speak for an open action, or
    whether a done one worked. `number` is its name in the plan; empty where the plan no longer lists it. `closes` is the part of
    the way to its measure's target that it is to go, where the action states an effect or one is estimated.
    """

    service: str
    id: str
    kind: Literal["agreed", "proposed"]
    title: str
    owner: str
    state: str
    open: bool
    due: str | None = Field(description="the day by which it is to be done, ISO")
    decide: str | None = Field(None, description="the day by which a decision on it is wanted, ISO")
    overdue: bool
    effect: str
    money: float | None
    standing: str = ""
    number: str = ""
    begin: str | None = Field(None, description="the day on which it was begun or agreed, ISO")
    done: str | None = Field(None, description="the day on which it was done, ISO")
    spent: float | None = None
    effort_days: float | None = None
    per_cycle: float | None = None
    closes: float | None = None
    steps: list[StepOfAction] = Field(default_factory=list)
    left_out: str = Field("", description="why a proposal is not chosen; empty where it is")
    judged: bool = Field(False, description="whether its verdict came with this cycle")
    judged_on: str | None = Field(None, description="the day on which its next verdict can be made, ISO")


class SumFact(Facts):
    """A sum of what is stated by `stated` of `of` actions; `amount` is None where none of them states it."""

    amount: float | None
    stated: int
    of: int


class MoneyFact(Facts):
    """Money and effort of all actions: what agreed ones have cost so far, what open ones are still to cost, what each cycle costs
    of those that are done, what proposals would cost, and the days of work that open and proposed ones take."""

    spent: SumFact
    committed: SumFact
    running: SumFact
    proposed: SumFact
    effort: SumFact
    effort_proposed: SumFact


class StageFact(Facts):
    """How many actions of the registers came so far, and how many of those before it did not, by why."""

    name: str
    actions: int
    left: dict[str, int] = Field(default_factory=dict)


class TotalsFact(Facts):
    """What the actions of all plans come to."""

    agreed: int
    open: int
    overdue: int
    proposed: int
    priced: int = Field(description="proposals whose cost is stated")
    money: float = Field(description="what the priced proposals cost together, once")


class PlanNews(Facts):
    """One thing that changed in one service since the cycle before."""

    service: str
    kind: NewsKind
    about: str
    text: str


class ToneChange(Facts):
    """A service whose verdict is another one than in the cycle before."""

    service: str
    before: str
    now: str


class SinceFact(Facts):
    """What changed since the cycle before; without `known` its portfolio is not there, and no service can be compared."""

    cycle: str
    label: str
    known: bool
    failing: int | None = Field(None, description="how many services certainly missed a target then")
    new: list[str] = Field(default_factory=list, description="services that were not there then")
    gone: list[str] = Field(default_factory=list, description="names of services that are not there now")
    tones: list[ToneChange] = Field(default_factory=list)
    news: list[PlanNews] = Field(default_factory=list)


class HealthFact(Facts):
    """How the run fared, by the manifest: services by what became of them, and those that were tried a second time."""

    published: int
    failed: int
    errored: int
    skipped: int
    stale: int


class SignalFact(Facts):
    """A change of one measure of one service that holds among all that were tested together."""

    service: str
    name: str
    kpi: str
    title: str
    unit: str
    variation: str
    core: bool
    value: float | None
    low: float | None
    high: float | None
    n: int
    mean: float | None
    p: float
    adjusted: float


class ShareFact(Facts):
    """What one action brought beside what it promised, both over the same cases; `amount` is None where it cannot be said."""

    service: str
    id: str
    title: str
    promised: float
    amount: float


class DeliveredFact(Facts):
    """What all judged actions of one unit (hours of users, cases, money) promised and brought, the sum with its 95 % interval."""

    unit: Literal["hours", "cases", "money"]
    promised: float
    amount: float
    low: float
    high: float
    actions: list[ShareFact]


class DeliveryFact(Facts):
    """The organisation's record with its actions: how many were agreed, due, done and on time, and what became of those done.

    `due` were to be done by the cut-off, `on_time` of them by the first date they were given. `judged` have a verdict;
    `half_days` is after how many days half of what is agreed is done (None where there is too little to tell).
    """

    agreed: int
    refused: int
    done: int
    due: int
    on_time: int
    judged: int
    worked: int
    did_not: int
    unclear: int
    waiting: int
    delivered: list[DeliveredFact] = Field(default_factory=list)
    half_days: float | None = None


class EstateFact(Facts):
    definition: str
    severities: list[str]
    cycle: float | None
    year: float | None
    outages: int | None


class PortfolioFacts(Facts):
    """`base_url` is the address under which the folder of reports is served, where it is; `review` the last day before the
    next plans, ISO."""

    organisation: str
    currency: str
    cycle: str
    cycle_label: str
    cutoff: str = Field(description="the first instant after the cycle, ISO, UTC")
    cutoff_label: str
    simulated: bool
    sentence: str
    rule: str
    plans: list[PlanFact]
    positions: list[PositionFact]
    actions: list[ActionOfPlan]
    totals: TotalsFact
    money: MoneyFact | None = None
    stages: list[StageFact] = Field(default_factory=list)
    delivery: DeliveryFact | None = None
    since: SinceFact
    health: HealthFact
    estate: list[EstateFact]
    tested: int = Field(description="measures of services that were tested for a change")
    by_chance: float = Field(description="how many of them chance alone would make seem changed at the 5 % level")
    seeming: int = Field(description="how many seem changed at the 5 % level")
    signals: list[SignalFact]
    funnels: list[FunnelFact]
    equal_mix: EqualMixFact | None = None
    pooled: list[PooledFact] = Field(default_factory=list)
    objectives: list[AlignedFact] = Field(default_factory=list)
    orphans: OrphansFact = OrphansFact()
    order: OrderFact | None = None
    choice: ChoiceFact | None = None
    lost: LostInAllFact | None = None
    sources: list[dict[str, Any]]
    warnings: list[str]
    base_url: str | None = None
    review: str = ""

    @property
    def period(self) -> str:
        """What a cycle is: month, quarter or week."""
        return noun(self.cycle)
