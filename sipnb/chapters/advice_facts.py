"""What the last chapter hands over, typed: options with their evidence, and the verdict on the whole service."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sipnb.chapters.facts import Facts


class EffectFact(Facts):
    """How much a lever could move a KPI at most, with its 95 % interval, signed as the KPI would change."""

    kpi: str
    title: str
    unit: str
    value: float
    low: float
    high: float


class OptionFact(Facts):
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
    strength: float


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
    "newly missed", "no longer missed", "worse", "better", "action new", "action closed", "action slipped", "definition"
]


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
    verdict: VerdictFact
