"""What chapters hand over: one JSON file a chapter, its facts typed, checked when written and when read.

`facts` holds every number and date that the prose may use; long tables lie beside the JSON as Parquet. NaN is written
as null, so that any program can read the file.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from sipnb.places import CycleFolder

SCHEMA = 1


class ResultError(ValueError):
    """A result file that is missing, or not what its chapter promises; the message names file and field."""


class Facts(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _no_number_is_none(cls, value: Any) -> Any:
        # JSON has no NaN: facts in memory are the same as facts read back.
        return None if isinstance(value, float) and not math.isfinite(value) else value


class About(Facts):
    """What the plan is about, as every page's head says it."""

    organisation: str
    service: str
    name: str
    owner: str
    tier: str
    calendar: str
    cycle: str
    cycle_label: str
    opens: str
    cutoff_label: str
    currency: str
    simulated: bool


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


class ReviewFacts(Facts):
    actions: list[ActionFact]
    states: dict[str, int]
    overdue: int


class KpiFact(Facts):
    """One measure of the scorecard. `claims` is false where n is below the declared minimum."""

    kpi: str
    title: str
    cohort: str
    clock: str
    unit: str
    good: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    numerator: float | None
    denominator: float | None
    target: float | None
    previous: float | None
    variation: str
    assurance: str
    trial: bool
    points: int
    signals: int
    expected_false: float | None
    lower_limit: float | None
    upper_limit: float | None
    mean: float | None
    claims: bool
    definition: str
    rule: str = Field("", description="which rule flagged the latest point, if one did")
    unjudged: str = Field("", description="why no claim is made, where none is")


class CohortFact(Facts):
    cohort: str
    value: float | None
    low: float | None
    high: float | None
    n: int


class FlowFact(Facts):
    """The stock identity of the cycle: stock_before + opened − resolved = stock_after."""

    stock_before: int
    opened: int
    resolved: int
    stock_after: int
    reopened_later: int = Field(0, description="resolved before the cycle and open again: none without event history")


class RestoreFact(Facts):
    n: int
    restored: int
    still_open: int
    median: float | None
    low: float | None
    high: float | None
    naive_median: float | None
    naive_mean: float | None
    naive_n: int


class BaselineFacts(Facts):
    about: About
    kpis: list[KpiFact]
    without_data: list[str]
    cohorts: list[CohortFact]
    flow: FlowFact | None
    restore: RestoreFact | None
    history_cycles: int = Field(description="whole cycles with data, of the measure that has most")
    rows: dict[str, int]
    set_aside: dict[str, int]
    warnings: list[str]
    severities: list[str] | None
    signals: int
    expected_false: float


class GapFact(Facts):
    """One target: `status` is meets, fails, inconclusive (the interval holds the target) or no data."""

    kpi: str
    title: str
    unit: str
    good: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    target: float
    gap: float | None = Field(description="how far on the bad side of the target; negative is on the good side")
    status: Literal["meets", "fails", "inconclusive", "no data"]
    assurance: str
    variation: str
    objectives: list[str]
    weight: float


class ObjectiveFact(Facts):
    id: str
    title: str
    weight: float
    kpis: list[str]
    status: Literal["meets", "fails", "inconclusive", "no target"]


class GapFacts(Facts):
    gaps: list[GapFact]
    objectives: list[ObjectiveFact]
    targets_without_objective: list[str]
    objectives_without_target: list[str]
    meets: int
    fails: int
    inconclusive: int


class StepFact(Facts):
    cycle: str
    label: str
    short: str = ""
    mean: float | None
    low_80: float | None
    high_80: float | None
    low_95: float | None
    high_95: float | None
    miss: float | None = Field(description="share of simulated paths that miss the target")


class ForecastFact(Facts):
    kpi: str
    title: str
    unit: str
    good: str
    target: float | None
    model: str
    models: int
    origins: int
    mase: float | None
    coverage_95: float | None
    season: int
    steps: list[StepFact]


class ForecastFacts(Facts):
    forecasts: list[ForecastFact]
    left_out: dict[str, str] = Field(description="KPI title → why there is no forecast")


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
    evidence: list[str]
    numbers: dict[str, float | None]
    effect: EffectFact | None
    cost: float | None
    effort_days: float | None
    weeks: int | None
    strength: float


class PointFact(Facts):
    """A main point: its lead, one sentence, and the chapter that shows it."""

    lead: str
    text: str
    chapter: str


class DecisionFact(Facts):
    title: str
    detail: str


class VerdictFact(Facts):
    sentence: str = Field(max_length=160)
    tone: Literal["concern", "improvement", "common"]
    points: list[PointFact]
    decisions: list[DecisionFact]
    caution: str = Field("", description="a data-quality warning that alters the verdict")


class RecommendationFacts(Facts):
    options: list[OptionFact]
    considered: dict[str, str] = Field(description="lever title → why it is not proposed")
    verdict: VerdictFact


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


class EstateFact(Facts):
    definition: str
    severities: list[str]
    cycle: float | None
    year: float | None
    outages: int


class PortfolioFacts(Facts):
    organisation: str
    cycle: str
    cycle_label: str
    cutoff_label: str
    simulated: bool
    sentence: str
    rule: str
    plans: list[PlanFact]
    estate: list[EstateFact]
    sources: list[dict[str, Any]]
    warnings: list[str]


_FACTS: dict[str, type[Facts]] = {
    "1_review": ReviewFacts,
    "2_baseline": BaselineFacts,
    "3_gap_analysis": GapFacts,
    "4_forecast": ForecastFacts,
    "5_recommendations": RecommendationFacts,
    "portfolio": PortfolioFacts,
}

#: Under this name the portfolio's result lies among the services' results.
PORTFOLIO = "_portfolio"


def write(
    folder: CycleFolder,
    service: str,
    cycle: str,
    chapter: str,
    facts: Facts,
    tables: dict[str, pd.DataFrame] | None = None,
    fingerprint: str = "",
) -> Path:
    """Write a chapter's result, tables first, the JSON last and by rename: a result is there as a whole or not at all.

    Raises ResultError where the facts are not the chapter's.
    """
    if not isinstance(facts, _FACTS[chapter]):
        raise ResultError(f"{service}/{chapter}: facts must be {_FACTS[chapter].__name__}, not {type(facts).__name__}")
    path = folder.result(service, chapter)
    path.parent.mkdir(parents=True, exist_ok=True)
    names = {}
    for name, frame in sorted((tables or {}).items()):
        names[name] = f"{chapter}.{name}.parquet"
        frame.to_parquet(path.parent / names[name], index=False, compression="zstd")
    content = {
        "schema": SCHEMA,
        "service": service,
        "cycle": cycle,
        "chapter": chapter,
        "inputs": fingerprint,
        "facts": _without_nan(facts.model_dump(mode="python")),
        "tables": names,
    }
    scratch = path.with_suffix(".json.part")
    scratch.write_text(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    os.replace(scratch, path)
    return path


def read(folder: CycleFolder, service: str, chapter: str) -> Any:
    """A chapter's facts. Raises ResultError naming the file where it is missing or does not fit its schema."""
    return load(folder, service, chapter)[1]


def raw(folder: CycleFolder, service: str, chapter: str) -> dict[str, Any]:
    """A chapter's whole result file, its facts checked. Raises ResultError."""
    return load(folder, service, chapter)[0]


def load(folder: CycleFolder, service: str, chapter: str) -> tuple[dict[str, Any], Any]:
    """A chapter's whole result file and its typed facts, read and checked once. Raises ResultError."""
    path = folder.result(service, chapter)
    if not path.is_file():
        raise ResultError(f"{service}/{chapter}: no result at {path}; run that chapter first")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            raise ResultError(f"{path}: schema {content['schema']} is not {SCHEMA}; run the cycle again")
        return content, _FACTS[chapter].model_validate(content["facts"])
    except (KeyError, json.JSONDecodeError) as error:
        raise ResultError(f"{path}: is not a result file: {error}; run the cycle again") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ResultError(f"{path}: facts.{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def table(folder: CycleFolder, service: str, chapter: str, name: str) -> pd.DataFrame:
    """A table that a chapter wrote beside its facts. Raises ResultError."""
    names = raw(folder, service, chapter)["tables"]
    if name not in names:
        raise ResultError(f"{service}/{chapter}: has no table {name!r}; it has {', '.join(names) or 'none'}")
    return pd.read_parquet(folder.result(service, chapter).parent / names[name])


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
