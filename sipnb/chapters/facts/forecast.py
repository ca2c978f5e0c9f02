"""What the forecast hands over: the next cycles of each measure, and the chance of missing its target."""

from __future__ import annotations

from pydantic import Field

from sipnb.chapters.facts.base import Facts


class StepFact(Facts):
    cycle: str
    label: str
    short: str = ""
    mean: float | None = Field(description="of the middle half of the simulated paths")
    low_80: float | None
    high_80: float | None
    low_95: float | None
    high_95: float | None
    miss: float | None = Field(description="share of simulated paths that miss the target")


class ForecastFact(Facts):
    kpi: str
    title: str
    short: str
    unit: str
    good: str
    target: float | None
    model: str
    models: int
    origins: int
    mase: float | None
    coverage_95: float | None
    season: int
    now: float = Field(description="the latest value")
    steps: list[StepFact]

    @property
    def course(self) -> int:
        """Where it is expected to go: +1 better, -1 worse; 0 where today's value is within the last step's 80 %."""
        last = self.steps[-1]
        rises = int(self.now < last.low_80) - int(self.now > last.high_80)
        return rises if self.good == "up" else -rises


class ForecastFacts(Facts):
    forecasts: list[ForecastFact]
    left_out: dict[str, str] = Field(description="KPI title → why there is no forecast")
