"""What the portfolio hands over, typed: services in order of need, and what holds among all of them."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from sipnb.chapters.facts import Facts


class PlanFact(Facts):
    """One service in the portfolio; `status` is published, failed or skipped."""

    service: str
    name: str
    owner: str
    tier: str
    status: str
    reason: str
    need: float
    tone: str
    sentence: str
    fails: int
    inconclusive: int
    meets: int
    miss: float | None
    worse: list[str]
    better: list[str]
    options: list[str]


class SignalFact(Facts):
    """A change of one measure of one service that holds among all that were tested together."""

    service: str
    name: str
    kpi: str
    title: str
    unit: str
    variation: str
    value: float | None
    mean: float | None
    p: float
    adjusted: float


class FunnelFact(Facts):
    """Services compared on one share: how many lie outside what their size and the usual scatter between them allow."""

    kpi: str
    title: str
    good: str
    centre: float
    phi: float | None
    tau2: float | None
    services: int
    outside: int
    outside_adjusted: int
    worse: list[str]
    better: list[str]


class EstateFact(Facts):
    definition: str
    severities: list[str]
    cycle: float | None
    year: float | None
    outages: int


class PortfolioFacts(Facts):
    organisation: str
    currency: str
    cycle: str
    cycle_label: str
    cutoff_label: str
    simulated: bool
    sentence: str
    rule: str
    plans: list[PlanFact]
    estate: list[EstateFact]
    tested: int = Field(description="measures of services that were tested for a change")
    by_chance: float = Field(description="how many of them chance alone would make seem changed at the 5 % level")
    seeming: int = Field(description="how many seem changed at the 5 % level")
    signals: list[SignalFact]
    funnels: list[FunnelFact]
    sources: list[dict[str, Any]]
    warnings: list[str]
