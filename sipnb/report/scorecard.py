"""The scorecard: one line a measure, with everything that is needed to judge it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from sipnb.chapters.facts import BaselineFacts, KpiFact
from sipnb.report.sparkline import sparkline
from sipnb.show import words

#: In which direction a measure went, where that follows from better or worse and from which side is good.
_SIDE = {
    ("concern", "up"): "low",
    ("concern", "down"): "high",
    ("improvement", "up"): "high",
    ("improvement", "down"): "low",
}

_GOOD = {"up": "higher is better", "down": "lower is better", "neutral": "neither side is better"}


@dataclass(frozen=True)
class Badge:
    """A judgement: a sign, its words, and its tone. `heavy` is set where a target is out of reach as things are."""

    sign: str
    text: str
    tone: str
    heavy: bool = False


@dataclass(frozen=True)
class Line:
    """One measure as it is printed. `few` replaces both judgements where the data do not carry them."""

    kpi: str
    title: str
    good: str
    value: str
    interval: str
    n: str
    target: str
    since: str
    trend: Markup
    range: str
    change: Badge
    against: Badge
    few: str


@dataclass(frozen=True)
class Scorecard:
    """The lines, and the heads of the two columns that speak of the past."""

    lines: list[Line]
    since: str
    trend: str


def scorecard(facts: BaselineFacts, series: pd.DataFrame) -> Scorecard:
    """The scorecard of a service: `series` is the baseline's table of that name (a row a measure and cycle)."""
    by_kpi = {kpi: rows for kpi, rows in series.groupby("kpi", sort=False)}
    by_cycle = [rows for rows in by_kpi.values() if rows["grain"].iloc[0] not in ("occurrence", "week")]
    labels = list(max(by_cycle, key=len, default=series.iloc[:0])["label"])
    return Scorecard(
        lines(facts, by_kpi),
        f"Since {labels[-2]}" if len(labels) > 1 else "Since previous",
        f"{len(labels)} cycles" if len(labels) > 1 else "Trend",
    )


def lines(facts: BaselineFacts, series: Mapping[str, pd.DataFrame]) -> list[Line]:
    """The core measures; each has a trend where `series` holds its past, by KPI."""
    return [_line(fact, series.get(fact.kpi), facts.about.currency) for fact in facts.measures if fact.core]


def _line(fact: KpiFact, series: pd.DataFrame | None, currency: str) -> Line:
    (sign, text, tone), doubt = words.VARIATION[fact.variation], ""
    if fact.changed and not fact.sure:
        # One of so many measures is always about to leave its range: what does not hold among them stands back.
        doubt, tone = "; may be chance", "common"
    side = _SIDE.get((fact.variation, fact.good))
    against_sign, against_text, against_tone = words.ASSURANCE[fact.assurance]
    return Line(
        kpi=fact.kpi,
        title=fact.title,
        good=_GOOD[fact.good],
        value=words.number(fact.value, fact.unit, currency),
        interval=words.interval(fact.low, fact.high, fact.unit, currency, beside=fact.value),
        n=f"{fact.n:,}",
        target="–" if fact.target is None else words.number(fact.target, fact.unit, currency),
        since=words.difference(fact.value, fact.previous, fact.unit, currency),
        trend=Markup("" if series is None else _trend(fact, series, tone)),
        range=_range(fact, currency),
        change=Badge(sign, (f"{text}, {side}" if side else text) + doubt, tone),
        against=Badge(against_sign, against_text, against_tone, heavy=fact.assurance == "consistently fails"),
        few="" if fact.claims else fact.unjudged or "too few to judge",
    )


def _trend(fact: KpiFact, series: pd.DataFrame, tone: str) -> str:
    target = fact.target if fact.grain != "occurrence" else None
    return sparkline(series, target, tone if fact.claims else "common")


def _range(fact: KpiFact, currency: str) -> str:
    """What a reader who does not see the sparkline is told instead."""
    if words.is_missing(fact.lower_limit) or words.is_missing(fact.upper_limit):
        return ""
    return f"usual range {words.interval(fact.lower_limit, fact.upper_limit, fact.unit, currency)}"
