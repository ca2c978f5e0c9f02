"""What the recommendations hand over: options with their evidence, and what is not proposed."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

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
    days: int | None = Field(None, description="over which it was seen, where that is not the cycle")
    base: float | None = Field(None, description="the measure over these days, of an effect")

    @model_validator(mode="after")
    def _interval_of_effects_alone(self) -> EffectFact:
        bounds = self.low is not None and self.high is not None
        if bounds != (self.basis == "effect"):
            raise ValueError("an effect has an interval, and a distance has none")
        return self


class SavesFact(Facts):
    """What an option saves in a year if it works: hours of users with their 95 % interval, agreed hours of downtime, tickets, and
    how many are `late` less, by priority."""

    hours: float
    low: float | None = None
    high: float | None = None
    down: float | None = None
    tickets: float | None = None
    late: dict[int, float] = Field(default_factory=dict)


class WorthFact(Facts):
    """What an option is worth over `months`, discounted by a `rate` a year: the mean net present value with the range of nine in
    ten, how likely it is a loss, the months until it has paid back (None: not within these), what a month brings if it works
    (`monthly`), and what a cycle of waiting costs (`delay`). `measuring` is what it would be worth to see one more cycle before
    deciding; what that costs is the delay."""

    months: int
    rate: float
    mean: float
    low: float
    high: float
    loss: float
    payback: float | None
    monthly: float
    delay: float
    measuring: float = 0.0


class LeverStep(Facts):
    title: str
    weeks: int


class OptionFact(Facts):
    """A proposal: a lever, for a `driver` of missed targets or for what its detector found.

    `effects` are on the measures that it is about, as if it worked wholly, and `saves` what that saves; `works` is how likely an
    action of this organisation works. `takes` are the weeks until it shows, `effort` days by role, `costs` money once, each low,
    likely and high; `cost`, `effort_days` and `weeks` the likely ones. `times` is how many times what is allowed was measured,
    `against` what that is, and `agreed` whether it is an agreed target. `registered` says what became of the same lever in the
    register, `asked` whether somebody has to decide on it: not where the same is open, was refused of late, or did not work here.
    """

    rank: int
    id: str = ""
    lever: str
    driver: str = ""
    kpis: list[str] = Field(default_factory=list, description="the measures that it is about, the first of all")
    counter: list[str] = Field(
        default_factory=list, description="those that may not suffer and for which there are figures"
    )
    effects: list[EffectFact] = Field(default_factory=list)
    saves: SavesFact | None = None
    works: float | None = None
    effort: dict[str, list[float]] = Field(default_factory=dict)
    costs: list[float] | None = None
    takes: list[float] | None = None
    worth: WorthFact | None = None
    mechanism: str = ""
    risks: list[str] = Field(default_factory=list)
    steps: list[LeverStep] = Field(default_factory=list)
    overlaps: dict[str, float] = Field(
        default_factory=dict, description="other options → the part of what this one brings that the other brings, too"
    )
    instead: list[str] = Field(
        default_factory=list, description="titles of levers that act on the same, and fit it less"
    )
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
    why_not: str = Field("", description="why it is not recommended though the records speak for it; empty where it is")

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        # Plans published before options were named had one a lever.
        return given | {"id": given["lever"]} if isinstance(given, dict) and not given.get("id") else given


class RecommendationFacts(Facts):
    options: list[OptionFact]
    judged: tuple[int, int] = Field(
        (0, 0), description="actions of the organisation that worked, and that have a verdict"
    )
    considered: dict[str, str] = Field(description="lever title → why it is not proposed")
    proposed_when: dict[str, str] = Field(
        default_factory=dict, description="lever title → when it is proposed, of those considered"
    )
    order: str = Field("", description="by what the options are ordered")
    seen: dict[str, dict[str, float | None]] = Field(
        default_factory=dict, description="lever → the numbers of why it is not proposed"
    )
    spoken_against: dict[str, str] = Field(
        default_factory=dict, description="lever → why, of those that the records could have spoken for and do not"
    )

    @model_validator(mode="before")
    @classmethod
    def _earlier(cls, given: Any) -> Any:
        # Plans published before named the levers that the records cannot judge.
        return {k: v for k, v in given.items() if k != "unjudged"} if isinstance(given, dict) else given

    @property
    def recommended(self) -> list[OptionFact]:
        """The options without those that are not worth it."""
        return [one for one in self.options if not one.why_not]
