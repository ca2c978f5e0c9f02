"""What the last chapter hands over, typed: options with their evidence, and the verdict on the whole service."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from sipnb.chapters.facts.base import Facts


class EffectFact(Facts):
    """What is known of what a lever does to a KPI.

    `effect`: estimated, with its 95 % interval, signed as the KPI would change. `distance`: only how far the KPI is from
    `goal`, its `reference` (target, limit, level of a year ago); it has no interval, and what the lever would do is not
    known. `unknown`: of a plan published before effects said what they rest on; its numbers are not told.
    """

    kpi: str
    title: str
    unit: str
    value: float
    low: float | None = None
    high: float | None = None
    basis: Literal["effect", "distance", "unknown"] = "unknown"
    reference: str = ""
    goal: float | None = None

    @model_validator(mode="after")
    def _interval_of_effects_alone(self) -> EffectFact:
        bounds = self.low is not None and self.high is not None
        if self.basis != "unknown" and bounds != (self.basis == "effect"):
            raise ValueError("an effect has an interval, and a distance has none")
        return self


class OptionFact(Facts):
    """A proposal. `times` is how many times what is allowed was measured, `against` what that is, and `agreed` whether it is
    an agreed target: these order the options. `registered` says what became of the same lever in the register, `asked` whether
    somebody has to decide on it: not where the same lever is open, was refused of late, or did not work here."""

    rank: int
    lever: str
    title: str
    action: str
    kind: str
    moves: list[str]
    finding: str
    why: str
    evidence: list[str]
    numbers: dict[str, float | None]
    effect: EffectFact | None
    cost: float | None
    effort_days: float | None
    weeks: int | None
    strength: float | None = Field(None, description="ordered the options of plans published before `times` did")
    times: float | None = None
    agreed: bool = False
    against: str = ""
    registered: str = ""
    asked: bool = True


class PointFact(Facts):
    """A main point: its lead, one sentence, and the section of the plan that shows it.

    `chapter` is the chapter's name; `section` the heading of the section in it, as its notebook has it, or empty.
    """

    lead: str
    text: str
    chapter: str
    section: str = ""


class DecisionFact(Facts):
    """A decision that is asked: what, of whom and by when, what it would bring and what it costs, and why.

    `id` is the lever or the register's action that it is about, and stays the same from cycle to cycle.
    """

    id: str
    kind: Literal["option", "action"]
    title: str
    owner: str
    due: str = Field(description="the day by which it is wanted, ISO")
    effect: str
    cost: str
    why: str


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


class RecommendationFacts(Facts):
    options: list[OptionFact]
    considered: dict[str, str] = Field(description="lever title → why it is not proposed")
    proposed_when: dict[str, str] = Field(
        default_factory=dict, description="lever title → when it is proposed, of those considered"
    )
    verdict: VerdictFact
    order: str = Field("", description="by what the options are ordered")
    seen: dict[str, dict[str, float | None]] = Field(
        default_factory=dict, description="lever → the numbers of why it is not proposed"
    )
    unjudged: list[str] = Field(
        default_factory=list, description="levers for or against which the records cannot speak"
    )
