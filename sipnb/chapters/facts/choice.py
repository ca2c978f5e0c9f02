"""What the choice hands over: which options of all services to take under the budget, and why not the others; and to each plan
what concerns its service."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sipnb.chapters.facts.base import Facts


class BudgetFact(Facts):
    """A budget: `limit` is what there is in the period (None: no limit), of which `bound` is committed or runs already; what is
    chosen uses `used`."""

    name: str
    limit: float | None
    bound: float
    used: float


class ChosenFact(Facts):
    """An option of a service in the choice: `value` in the unit of the choice, None where it is not known; it is chosen after
    those that have one. `stays` is the share of draws in which it is chosen, `why_not` the reason where it is not. `asked`: it is
    chosen because the organisation asks for it, and would not be for its worth."""

    service: str
    id: str
    title: str
    chosen: bool
    value: float | None
    cost: float | None
    effort: dict[str, float]
    stays: float | None = None
    why_not: str = ""
    asked: bool = False


class CurvePoint(Facts):
    limit: float
    value: float
    chosen: int


class OtherwiseFact(Facts):
    """What would be chosen if something that is assumed were otherwise (`said`): how many options, how many of them the `same` as
    now, and those that would come and leave, as service/id."""

    said: str
    chosen: int
    same: int
    comes: list[str]
    leaves: list[str]


class ChoiceFact(Facts):
    """The choice over all services. `unit` is money or hours of users; `value` that of all chosen, what two of them bring alike
    counted once; `greedy` is what taking them by value for money would give. `price` is what one `step` more of money adds, and
    `forgone` what more could be had if the organisation asked for nothing besides (what must be chosen, minima of tiers)."""

    unit: Literal["money", "hours"]
    months: int
    period: str = Field("", description="from which day to which the budget is to be spent, ISO, parted by /")
    budgets: list[BudgetFact]
    options: list[ChosenFact]
    value: float
    greedy: float
    forgone: float = 0.0
    cannot: str = Field("", description="why what the organisation asks for cannot be kept, where it cannot")
    curve: list[CurvePoint] = Field(default_factory=list)
    step: float | None = None
    price: float | None = None
    draws: int = 0
    otherwise: list[OtherwiseFact] = Field(default_factory=list)

    @property
    def limited(self) -> bool:
        """Whether there is a budget of anything."""
        return any(one.limit is not None for one in self.budgets)


#: How often an option stays chosen, or left out, where what is not known comes out otherwise.
Sure = Literal["almost surely", "mostly", "not surely"]


class OptionChoice(Facts):
    """Whether an option of a service is chosen, how `sure` that is, `why_not` where it is not, and whether it is because the
    organisation asks for it."""

    id: str
    chosen: bool
    sure: Sure
    why_not: str = ""
    asked: bool = False


class ServiceChoice(Facts):
    """What a plan is told of the choice: whether it was `limited` by a budget, over how many `months` it counts, its own options,
    and the `value` of those chosen, in the `unit` of the choice (None where none of them is known)."""

    limited: bool
    unit: Literal["money", "hours"]
    months: int
    options: list[OptionChoice]
    value: float | None = None


class ChoiceFacts(Facts):
    """The choice, and each service's part of it."""

    choice: ChoiceFact
    parts: dict[str, ServiceChoice]
