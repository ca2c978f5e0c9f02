"""What chapters hand over: one JSON file a chapter, its facts typed, checked when written and when read.

`facts` holds every number and date that the prose may use; long tables lie beside the JSON as Parquet. NaN is written
as null, so that any program can read the file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from pydantic import ValidationError

from sipnb.chapters.facts import (
    BaselineFacts,
    ChoiceFacts,
    Facts,
    ForecastFacts,
    GapFacts,
    PlanFacts,
    PortfolioFacts,
    RecommendationFacts,
    RecordsFacts,
    ReviewFacts,
)  # fmt: skip
from sipnb.places import (
    BASELINE,
    CHOICE,
    FORECAST,
    GAP_ANALYSIS,
    PLAN,
    PORTFOLIO,
    RECOMMENDATIONS,
    RECORDS,
    REVIEW,
    CycleFolder,
    state,
    write_whole,
)  # fmt: skip

SCHEMA = 3


class ResultError(ValueError):
    """A result file that is missing, or not what its chapter promises; the message names file and field."""


_FACTS: dict[str, type[Facts]] = {
    REVIEW: ReviewFacts, BASELINE: BaselineFacts, GAP_ANALYSIS: GapFacts, FORECAST: ForecastFacts,
    RECOMMENDATIONS: RecommendationFacts, PLAN: PlanFacts, CHOICE: ChoiceFacts, PORTFOLIO: PortfolioFacts,
    RECORDS: RecordsFacts,
}  # fmt: skip
_CHAPTER = {kind: chapter for chapter, kind in _FACTS.items()}
_KINDS = [kind.__name__ for kind in _CHAPTER]

F = TypeVar("F", bound=Facts)


def of(kind: type[F], **fields: Any) -> F:
    """The facts of a chapter, checked against their schema. Raises ResultError naming the field and what was expected.

    results.of(ReviewFacts, actions=actions, states=states, overdue=0)
    """
    try:
        return kind(**fields)
    except ValidationError as error:
        raise ResultError(f"{_CHAPTER.get(kind, kind.__name__)}: {_told(error)}") from error


def frame(facts: Iterable[Facts], *columns: str) -> pd.DataFrame:
    """Facts as a table, a row each, with all of their fields or these `columns`."""
    rows = [one.model_dump() for one in facts]
    return pd.DataFrame(rows, columns=list(columns) or None)


def _told(error: ValidationError) -> str:
    """The first field that does not fit, and what was expected of it."""
    first = error.errors(include_url=False)[0]
    return f"facts.{'.'.join(map(str, first['loc']))}: {first['msg']}"


def write(
    folder: CycleFolder,
    service: str,
    cycle: str,
    facts: Facts,
    tables: Mapping[str, pd.DataFrame] | None = None,
    fingerprint: str = "",
) -> Path:
    """Write a chapter's result, tables first, the JSON last and by rename: a result is there as a whole or not at all.

    Raises ResultError where they are no chapter's facts, or are not what their schema says.
    """
    if type(facts) not in _CHAPTER:
        raise ResultError(
            f"{service}: {type(facts).__name__} are no chapter's facts; hand over one of {', '.join(_KINDS)}"
        )
    chapter = _CHAPTER[type(facts)]
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
    write_whole(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return path


def read(folder: CycleFolder, service: str, chapter: str) -> Any:
    """A chapter's facts. Raises ResultError naming the file where it is missing or does not fit its schema."""
    return load(folder, service, chapter)[1]


def raw(folder: CycleFolder, service: str, chapter: str) -> dict[str, Any]:
    """A chapter's whole result file, its facts checked. Raises ResultError."""
    return load(folder, service, chapter)[0]


def load(folder: CycleFolder, service: str, chapter: str) -> tuple[dict[str, Any], Any]:
    """A chapter's whole result file and its typed facts, not to be changed: both are read once. Raises ResultError."""
    path = folder.result(service, chapter)
    if not path.is_file():
        raise ResultError(f"{service}/{chapter}: no result at {path}; run that chapter first")
    return _load(path, chapter, state(path))


@lru_cache(maxsize=8)
def _load(path: Path, chapter: str, state: tuple[int, int, int]) -> tuple[dict[str, Any], Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            raise ResultError(f"{path}: schema {content['schema']} is not {SCHEMA}; run the cycle again")
        return content, _FACTS[chapter].model_validate(content["facts"])
    except (KeyError, json.JSONDecodeError) as error:
        raise ResultError(f"{path}: is not a result file: {error}; run the cycle again") from error
    except ValidationError as error:
        raise ResultError(f"{path}: {_told(error)}") from error


def statuses(folder: CycleFolder) -> dict[str, dict[str, Any]]:
    """What became of each service in the run that is told of: status, reason, stale. Empty where notebooks are run by hand.

    The chain hands it over, so that no chapter has to know the manifest of a run.
    """
    return json.loads(folder.statuses.read_text(encoding="utf-8")) if folder.statuses.is_file() else {}


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
