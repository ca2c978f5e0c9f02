"""What the review hands over: the actions of the register, as they stood when the cycle ended."""

from __future__ import annotations

from pydantic import Field

from sipnb.chapters.facts.base import Facts


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
