"""What the portfolio hands over of the choice: which options of all services to take under the budget, and why not the others."""

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
    those that have one. `stays` is the share of draws in which it is chosen, `why_not` the reason where it is not."""

    service: str
    id: str
    title: str
    chosen: bool
    value: float | None
    cost: float | None
    effort: dict[str, float]
    stays: float | None = None
    why_not: str = ""


class CurvePoint(Facts):
    limit: float
    value: float
    chosen: int


class ChoiceFact(Facts):
    """The choice over all services. `unit` is money or hours of users; `value` that of all chosen, `greedy` what taking them by
    value for money would give. `price` is what one `step` more of money would add."""

    unit: Literal["money", "hours"]
    months: int
    period: str = Field("", description="from which day to which the budget is to be spent, ISO, parted by /")
    budgets: list[BudgetFact]
    options: list[ChosenFact]
    value: float
    greedy: float
    curve: list[CurvePoint] = Field(default_factory=list)
    step: float | None = None
    price: float | None = None
    draws: int = 0
