"""What chapters hand over, typed: every number and date that prose may use. NaN becomes None, so that JSON can hold it."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Facts(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _no_number_is_none(cls, value: Any) -> Any:
        # JSON has no NaN: facts in memory are the same as facts read back.
        return None if isinstance(value, float) and not math.isfinite(value) else value


class About(Facts):
    """What the plan is about, as every page's head says it."""

    organisation: str
    service: str
    name: str
    owner: str
    tier: str
    calendar: str
    cycle: str
    cycle_label: str
    opens: str
    cutoff_label: str
    currency: str
    simulated: bool

    @property
    def period(self) -> str:
        """What a cycle is: month, quarter or week."""
        return "week" if "W" in self.cycle else "quarter" if "Q" in self.cycle else "month"


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


class ReviewFacts(Facts):
    actions: list[ActionFact]
    states: dict[str, int]
    overdue: int


class KpiFact(Facts):
    """One figure. `headline` ones are the scorecard's; the others count the same KPI by another cohort or clock.

    `claims` is false where the figure carries no claim, and `unjudged` says why. `p` is the chance that a measure which
    had not changed would show a change as large as its latest cycles do (two-sided); `sure` says whether it holds when
    all measures of the service are looked at together. Where it does, `variation` is what that change says, `usual` the
    level before it, and it covers the latest `window` points; elsewhere `variation` is what the chart says of the latest
    point, and `usual` the chart's mean.
    """

    kpi: str
    title: str
    short: str
    formula: str
    headline: bool
    core: bool
    cohort: str
    clock: str
    unit: str
    good: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    minimum_n: int
    numerator: float | None
    denominator: float | None
    target: float | None
    previous: float | None
    previous_low: float | None = None
    previous_high: float | None = None
    previous_n: int = 0
    missed_for: int = Field(
        0, description="cycles in a row up to this one whose figure was on the bad side of the target"
    )
    variation: str
    changed_for: int = Field(
        0, description="latest points that the change covers, or that stand out as the latest does"
    )
    assurance: str
    chart: str = Field(description="the kind of control chart; empty where none fits")
    grain: str = Field(description="what a point of the chart is: month, quarter, week, or one occurrence")
    trial: bool
    points: int
    signals: int
    expected_false: float | None
    lower_limit: float | None
    upper_limit: float | None
    mean: float | None
    autocorrelation: float | None
    p: float | None
    sure: bool
    claims: bool
    definition: str
    rule: str = Field("", description="which rule flagged the latest point, if one did")
    unjudged: str = Field("", description="why no claim is made, where none is")
    cycles: int = Field(0, description="whole cycles with data")
    usual: float | None = Field(None, description="the level that the latest points are compared with")
    moved: int = Field(0, description="which way the latest points lie of it: 1 higher, -1 lower, 0 neither")
    window: int = Field(0, description="latest points that the likeliest change covers")
    form: str = Field("", description="how it came: step, at once, or drift, little by little")
    scatter: float | None = Field(None, description="how much points vary around their level, in the chart's own terms")
    rebased: str = Field("", description="the reason for limits of its own from a cycle on, where there is one")

    @property
    def changed(self) -> bool:
        """Whether its latest point stands out to the good or to the bad."""
        return self.variation in ("concern", "improvement")

    @property
    def course(self) -> str:
        """What its latest cycles are when compared with those before: `improvement`, `concern` or `common`."""
        if not self.moved or self.good == "neutral":
            return "common"
        return "improvement" if (self.moved > 0) == (self.good == "up") else "concern"

    @property
    def refused(self) -> bool:
        """Whether the records cannot carry a claim about it: rows are missing, or the wrong ones are there."""
        return self.unjudged.startswith("not judged")

    @property
    def tested(self) -> bool:
        """Whether its latest cycles were tested for a change, and one side of it would be good."""
        return self.p is not None and self.good != "neutral"


class MarkFact(Facts):
    """Something that happened and is marked on the charts: an action, a new definition, a break in the data."""

    letter: str
    cycle: str
    kind: Literal["action", "definition", "data", "baseline"]
    text: str
    kpis: list[str] = Field(description="the measures it concerns; empty: all")


class RestatedFact(Facts):
    """A measure whose definition changed since it was last published, with the old figure by the new definition."""

    kpi: str
    title: str
    unit: str
    cycle: str
    published: float | None
    restated: float | None
    before: str
    now: str


class PolicyFact(Facts):
    """Attainment under a policy for reopenings (R1–R3) and changed priorities (P1, P2)."""

    reopened: str
    priority: str
    value: float | None
    low: float | None
    high: float | None
    n: int


class AgeFact(Facts):
    days: int
    value: float | None
    low: float | None
    high: float | None
    n: int


class PartFact(Facts):
    """One part of a whole: time on hold by reason, money by category."""

    name: str
    amount: float
    share: float | None


class SilenceFact(Facts):
    """What the silent could change: the share of satisfied users had all of them been dissatisfied, or satisfied."""

    invited: int
    answered: int
    low: float
    high: float


class MixFact(Facts):
    """How much of a change of attainment a changed mix of tickets explains (Kitagawa), against the year before."""

    strata: str
    before: float
    now: float
    change: float
    mix: float
    within: float
    low: float | None
    high: float | None
    n_before: int
    n_now: int


class FlowFact(Facts):
    """The stock identity of the cycle: stock_before + opened − resolved − unresolved = stock_after.

    `unresolved` ended without a resolution.
    """

    stock_before: int
    opened: int
    resolved: int
    unresolved: int = 0
    stock_after: int


class RestoreFact(Facts):
    n: int
    restored: int
    still_open: int
    median: float | None
    low: float | None
    high: float | None
    naive_median: float | None
    naive_mean: float | None
    naive_n: int


class UptimeFact(Facts):
    """Agreed time of the cycle, and what was lost of it, in hours."""

    agreed: float
    down: float
    maintenance: float
    outages: int
    budget: float | None = Field(description="hours that the target allows to be lost")


class BaselineFacts(Facts):
    about: About
    kpis: list[KpiFact]
    titles: dict[str, str] = Field(description="KPI → title, of all that could be measured")
    without_data: dict[str, str] = Field(description="KPI title → what is missing")
    objectives: list[str] = Field(default_factory=list, description="those that one of its measures serves")
    flow: FlowFact | None = None
    restore: RestoreFact | None = None
    policies: list[PolicyFact] = Field(default_factory=list)
    ages: list[AgeFact] = Field(default_factory=list)
    holds: list[PartFact] = Field(default_factory=list)
    uptime: UptimeFact | None = None
    silence: SilenceFact | None = None
    costs: list[PartFact] = Field(default_factory=list)
    mix: MixFact | None = None
    marks: list[MarkFact] = Field(default_factory=list)
    restated: list[RestatedFact] = Field(default_factory=list)
    late_open: int = Field(0, description="tickets open past due at the cut-off")
    late_days: float | None = Field(None, description="median days they have been past due")
    inferred_late: int = Field(0, description="tickets counted as late by their age, because no due time is recorded")
    history_cycles: int = Field(description="whole cycles with data, of the measure that has most")
    rows: dict[str, int]
    set_aside: dict[str, int]
    warnings: list[str]
    severities: list[str] | None
    tested: int = Field(description="measures whose latest cycles could be tested for a change")
    signals: int
    expected_false: float

    @property
    def measures(self) -> list[KpiFact]:
        """The figures of the scorecard, one a KPI."""
        return [k for k in self.kpis if k.headline]

    def measure(self, kpi: str) -> KpiFact | None:
        """The scorecard's figure of a KPI, if it has data."""
        return next((k for k in self.measures if k.kpi == kpi), None)

    def ways(self, kpi: str) -> list[KpiFact]:
        """Every way in which a KPI is counted, the headline first."""
        return sorted((k for k in self.kpis if k.kpi == kpi), key=lambda k: not k.headline)


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


class ObjectiveFact(Facts):
    id: str
    title: str
    weight: float
    kpis: list[str]
    status: Literal["meets", "fails", "inconclusive", "no target"]
    titles: list[str] = Field(default_factory=list, description="titles of its KPIs")


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


class StepFact(Facts):
    cycle: str
    label: str
    short: str = ""
    mean: float | None = Field(description="of the middle half of the simulated paths")
    low_80: float | None
    high_80: float | None
    low_95: float | None
    high_95: float | None
    miss: float | None = Field(description="share of simulated paths that miss the target")


class ForecastFact(Facts):
    kpi: str
    title: str
    short: str
    unit: str
    good: str
    target: float | None
    model: str
    models: int
    origins: int
    mase: float | None
    coverage_95: float | None
    season: int
    now: float = Field(description="the latest value")
    steps: list[StepFact]

    @property
    def course(self) -> int:
        """Where it is expected to go: +1 better, -1 worse; 0 where today's value is within the last step's 80 %."""
        last = self.steps[-1]
        rises = int(self.now < last.low_80) - int(self.now > last.high_80)
        return rises if self.good == "up" else -rises


class ForecastFacts(Facts):
    forecasts: list[ForecastFact]
    left_out: dict[str, str] = Field(description="KPI title → why there is no forecast")
