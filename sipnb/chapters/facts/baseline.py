"""What the baseline hands over: every figure with its interval, its chart's verdict and its definition."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sipnb.chapters.facts.base import About, Facts


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
    begun: str = Field("", description="the cycle from which its limits begin anew, since an action worked")

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


class Figures:
    """What can be asked of a list of figures, `kpis`, wherever it stands: handed over, or measured just now."""

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


class BaselineFacts(Figures, Facts):
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
