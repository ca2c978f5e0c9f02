"""What the plan hands over: the verdict, what is to be done by whom, what is asked, and what changed since the plan before."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sipnb.chapters.facts.base import Facts
from sipnb.chapters.facts.review import StepOfAction


class PointFact(Facts):
    """A main point: its lead, one sentence, the chapter that shows it, and the id of the place in that chapter's evidence."""

    lead: str
    text: str
    chapter: str
    section: str = ""


class DecisionFact(Facts):
    """A decision that is asked: what, of whom and by when, what it would bring and what it costs, and why.

    It is about an `option` that is proposed, an `action` that is overdue, a missed target whose `cause` nobody looks for, or what
    the `register` lacks. `id` is the option, the register's action or the KPI, and stays the same from cycle to cycle.
    """

    id: str
    kind: Literal["option", "action", "cause", "register"]
    title: str
    owner: str
    due: str = Field(description="the day by which the decision is wanted, ISO")
    effect: str
    cost: str
    why: str
    otherwise: str = Field("", description="what happens without it")
    number: str = Field("", description="the number of the action in the plan, where it is about one")
    also: list[str] = Field(
        default_factory=list, description="ids of the other actions it is about, where it is about several"
    )


#: What a cycle brought, for the reader who knows the plan of the cycle before.
NewsKind = Literal[
    "newly missed", "no longer missed", "worse", "better", "action new", "action closed", "action slipped", "action moved",
    "action worked", "action failed", "action unclear", "forecasts", "proposal new", "proposal gone", "definition",
]  # fmt: skip


class NewsFact(Facts):
    """One thing that changed since the cycle before; `about` is its KPI or the register's action."""

    kind: NewsKind
    about: str
    text: str


class VerdictFact(Facts):
    sentence: str = Field(max_length=160)
    tone: Literal["concern", "improvement", "common"]
    points: list[PointFact]
    decisions: list[DecisionFact]
    news: list[NewsFact] = Field(default_factory=list)
    caution: str = Field("", description="a data-quality warning that alters the verdict")
    kpi: str | None = Field(None, description="the measure that the sentence is about, where it is about one")


class CourseFact(Facts):
    """From where to where an action is to take a measure: `start`, and `end` with its range where one is known.

    `basis` says what that rests on: a promise of the register, an estimate from the records, or nothing but where it should be.
    An estimate begins at the measure over the `days` in which it was seen.
    """

    kpi: str
    unit: str
    start: float
    end: float
    low: float | None = None
    high: float | None = None
    basis: Literal["promised", "estimated", "goal"]
    days: int | None = None


class PlanAction(Facts):
    """An action of the plan: `agreed` in the register, `proposed` by the records, or `needed`, where a target is missed and
    nothing else is about it.

    `number` is its name in the plan, `id` the register's, the option's or the KPI's; `moves` are the measures that it is
    about. `begin` and `due` are days. Money is what it is to cost once and each cycle, and what was `spent`. `review` is the
    cycle with whose plan somebody looks at it again.
    """

    number: str
    id: str
    kind: Literal["agreed", "proposed", "needed"]
    title: str
    kpi: str | None
    measure: str
    owner: str | None
    state: str
    lever: str | None = None
    moves: list[str] = Field(default_factory=list)
    begin: str | None = None
    due: str | None = None
    overdue_days: int = 0
    done: str | None = None
    steps: list[StepOfAction] = Field(default_factory=list)
    weeks: int | None = Field(None, description="after how many an effect shows, where nothing is agreed yet")
    cost: float | None = None
    per_cycle: float | None = None
    spent: float | None = None
    effort_days: float | None = None
    course: CourseFact | None = None
    closes: float | None = Field(None, description="the part of the way to its target that it is to go")
    promise: str = ""
    verdict: str | None = None
    review: str | None = None
    left_out: str = Field("", description="why it is not chosen among the options of all services; empty where it is")

    @property
    def steps_done(self) -> int:
        """How many of its steps are done."""
        return sum(step.done is not None for step in self.steps)

    @property
    def open(self) -> bool:
        """Whether it is agreed and not done."""
        return self.kind == "agreed" and self.done is None


class GapClosed(Facts):
    """How much of a missed target's gap the actions that are not done yet are expected to close, were each to do as it says."""

    kpi: str
    unit: str
    gap: float
    closed: float
    remains: float
    actions: int
    silent: int = Field(description="actions on it that state no effect")


class RiskPoint(Facts):
    """How likely a year loses more than so many hours, with its interval, and how likely that is with what is chosen."""

    loss: float
    exceeded: float
    low: float
    high: float
    left: float | None = None


class RiskFact(Facts):
    """What unplanned outages may cost in the coming year, in agreed hours.

    `n` of them in so many `years` cost `observed` a year. `allowed` is what the target for availability allows, and `over` how
    likely the year loses more. One year of ten loses more than `p90`, whose interval of this `level` is from `low` to `high`.
    `left_over` and `left_p90` are the same with the chosen proposals that act on it (their numbers, `acting`), as often as
    actions work.
    """

    n: int
    years: float
    observed: float
    level: float
    allowed: float | None
    over: float | None
    p90: float
    low: float
    high: float
    acting: list[str]
    left_over: float | None
    left_p90: float | None
    curve: list[RiskPoint]


class SignatureFact(Facts):
    """What a role decided on a plan, on which day, and which version and content that was about."""

    role: str
    decision: Literal["approved", "changes", "rejected"]
    on: str
    version: int
    content: str
    note: str = ""


class ApprovalFact(Facts):
    """How far a plan is approved.

    `version` is 1 until something is signed; what differs from all that was signed is the next one. `said` is the status in
    words, `waiting` are the roles that are asked and have not decided on this version.
    """

    version: int = 1
    status: Literal["not needed", "for approval", "changes wanted", "approved", "rejected", "changed since"] = (
        "for approval"
    )
    said: str = "for approval"
    waiting: list[str] = Field(default_factory=list)
    signatures: list[SignatureFact] = Field(default_factory=list)


class LogFact(Facts):
    """A decision that the plan before asked for, and what became of it by the cut-off; `on` is the day where one is known."""

    id: str
    title: str
    owner: str
    due: str
    result: Literal["decided", "refused", "done", "settled", "open"]
    said: str
    on: str | None = None


class PlanFacts(Facts):
    """`signed_before` is what roles decided on the plan of the cycle before, and `log` what became of what it asked; `risk` what
    the coming year may bring, where that can be told."""

    number: str
    verdict: VerdictFact
    actions: list[PlanAction]
    closed: list[GapClosed]
    content: str = Field(description="a hash of everything that is approved with it")
    approval: ApprovalFact = ApprovalFact()
    signed_before: list[SignatureFact] = Field(default_factory=list)
    log: list[LogFact] = Field(default_factory=list)
    risk: RiskFact | None = None
