"""What the recommendations hand over: options with their evidence, and what is not proposed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from sipnb.catalogue import LEVERS
from sipnb.chapters.facts.base import Facts


class EffectFact(Facts):
    """What is known of what a lever does to a KPI.

    `effect`: estimated, with its 95 % interval, signed as the KPI would change. `distance`: only how far the KPI is from
    `goal`, its `reference` (target, limit, level of a year ago); it has no interval, and what the lever would do is not
    known.
    """

    kpi: str
    title: str
    unit: str
    value: float
    low: float | None = None
    high: float | None = None
    basis: Literal["effect", "distance"]
    reference: str = ""
    goal: float | None = None
    days: int | None = Field(None, description="over which a distance is told, where that is not the cycle")

    @model_validator(mode="after")
    def _interval_of_effects_alone(self) -> EffectFact:
        bounds = self.low is not None and self.high is not None
        if bounds != (self.basis == "effect"):
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
    times: float | None = None
    agreed: bool = False
    against: str = ""
    registered: str = ""
    asked: bool = True


class RecommendationFacts(Facts):
    options: list[OptionFact]
    considered: dict[str, str] = Field(description="lever title → why it is not proposed")
    proposed_when: dict[str, str] = Field(
        default_factory=dict, description="lever title → when it is proposed, of those considered"
    )
    order: str = Field("", description="by what the options are ordered")
    seen: dict[str, dict[str, float | None]] = Field(
        default_factory=dict, description="lever → the numbers of why it is not proposed"
    )
    unjudged: list[str] = Field(
        default_factory=list, description="levers for or against which the records cannot speak"
    )

    @property
    def spoken_against(self) -> dict[str, str]:
        """The levers that the records could have spoken for and do not, with the reason, by id."""
        judged = (lever for lever in LEVERS.values() if lever.id not in self.unjudged)
        return {one.id: self.considered[one.title] for one in judged if one.title in self.considered}
