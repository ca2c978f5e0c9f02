"""What the words of all levers share: what they are made of, counts, and where a share lies beside its limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sipnb.levers import Evidence
from sipnb.show.words import interval, number

_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True)
class LeverWords:
    """The words of a lever: `finding` is a clause, `why` the whole case in one sentence, `sentences` the evidence, and
    `against` the level that was exceeded. Where the lever is not proposed there is only a finding."""

    finding: str
    why: str = ""
    sentences: tuple[str, ...] = ()
    against: str = ""


def count(value: float) -> str:
    """A count as it stands in a sentence: up to twelve in words."""
    return _COUNTS[int(value)] if value < len(_COUNTS) else f"{value:,}"


def what_is_allowed(e: Evidence, write=number) -> str:
    """What the KPI was compared with: `target of 10.0 %`."""
    return f"{limit_or_target(e)} of {write(e.limit, 'share')}"


def limit_or_target(e: Evidence) -> str:
    return "target" if e.agreed else "limit"


def place(outcome: str, n: Mapping[str, float], wrong: str = "above") -> str:
    """Why a share is not clearly on the wrong side of its limit: the end of a sentence that gives the share."""
    if outcome == "short history":
        few = "1 month does" if n["months"] == 1 else f"{n['months']} months do"
        return f"(too short a history: {few} not tell how much months differ)"
    span, limit = interval(n["share_low"], n["share_high"], "share"), number(n["limit"], "share")
    if outcome == "recovered":
        late = number(n["latest"], "share")
        return f"({span}), but {late} in the last {n['latest_days']} days, clearly back on the good side of {limit}"
    good = "clearly within" if wrong == "above" else "clearly above"
    return f"({span}), {good if outcome == 'within' else f'not clearly {wrong}'} {limit}"
