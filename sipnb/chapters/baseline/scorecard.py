"""The scorecard and smaller tables of measures, what has no data, and how much of what moved may be chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from sipnb.chapters import kpi_columns
from sipnb.chapters.baseline.measures import Measures
from sipnb.chapters.facts import BaselineFacts, KpiFact
from sipnb.chapters.kpi_columns import COLUMNS, GOOD, Badge
from sipnb.show import words
from sipnb.show.display import Shown, folded, macros, points, say, table, together
from sipnb.show.sparkline import sparkline

#: The ids of what a plan's main points lead to.
CHANCE, SATISFACTION = "chance", "satisfaction"


@dataclass(frozen=True)
class Line:
    """One measure of the scorecard as it is printed. `few` replaces both judgements where the data do not carry them."""

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


def scorecard(measures: Measures) -> Shown:
    """The measures with a target and those that matter everywhere, a line each, with their past."""
    series = measures.series()
    by_kpi = {kpi: rows for kpi, rows in series.groupby("kpi", sort=False)}
    by_cycle = [rows for rows in by_kpi.values() if rows["grain"].iloc[0] not in ("occurrence", "week")]
    labels = list(max(by_cycle, key=len, default=series.iloc[:0])["label"])
    found, about = lines(measures, by_kpi), measures.about
    since = f"Since {labels[-2]}" if len(labels) > 1 else "Since previous"
    trend = f"{len(labels)} {about.period}s" if len(labels) > 1 else "Trend"
    lacking = _lacking(measures.without_data)
    if not found:
        return together(say(f"No measure has data in this {about.period}.", kind=""), lacking)
    markup = macros("scorecard").scorecard(found, about.name, about.cycle_label, since, trend)
    text = "\n".join(
        f"{line.title}: {line.value} ({line.interval}, n {line.n}), target {line.target}" for line in found
    )
    return together(Shown(str(markup), text), lacking)


def lines(measures: Measures | BaselineFacts, series: Mapping[str, pd.DataFrame]) -> list[Line]:
    """The core measures; each has a trend where `series` holds its past, by KPI."""
    currency = measures.about.currency
    return [_line(fact, series.get(fact.kpi), currency) for fact in measures.measures if fact.core]


def _line(fact: KpiFact, series: pd.DataFrame | None, currency: str) -> Line:
    change, against = kpi_columns.judged(fact)
    target = fact.target if fact.grain != "occurrence" else None
    trend = "" if series is None else sparkline(series, target, change.tone if fact.claims else "common")
    text = {name: COLUMNS[name].text(fact, currency) for name in ("title", "value", "interval", "n", "target", "since")}
    return Line(
        kpi=fact.kpi, **text, good=GOOD[fact.good], trend=Markup(trend), range=_range(fact, currency), change=change,
        against=against, few=kpi_columns.unjudged(fact),
    )  # fmt: skip


def _range(fact: KpiFact, currency: str) -> str:
    """What a reader who does not see the sparkline is told instead."""
    if words.is_missing(fact.lower_limit) or words.is_missing(fact.upper_limit):
        return ""
    return f"usual range {words.interval(fact.lower_limit, fact.upper_limit, fact.unit, currency)}"


def _lacking(without_data: Mapping[str, str]) -> Shown:
    """The measures without data, folded away."""
    if not without_data:
        return Shown("", "")
    listed = points([f"{title}: {why}" for title, why in without_data.items()])
    return folded(listed, f"No data for {words.plural(len(without_data), 'measure')}", kind="legend")


def side_by_side(measures: Measures, caption: str, *wanted: str, id: str = "") -> Shown:
    """A few measures side by side, with what is counted; those without data say so."""
    known = [k for k in map(measures.measure, wanted) if k is not None]
    missing = [measures.titles[kpi] for kpi in wanted if measures.measure(kpi) is None]
    lacking = " ".join(f"No data on {words.lower(title)}: {measures.without_data[title]}." for title in missing)
    if not known:
        return say(lacking, id=id)
    columns = ("title", "value", "interval", "n", "target", "since", "variation")
    shown = table(
        pd.DataFrame([kpi_columns.texts(k, measures.about.currency, *columns) for k in known]),
        f"{caption}, {measures.about.cycle_label}" + (f". {lacking}" if lacking else ""),
        numeric=[COLUMNS[name].title for name in columns if COLUMNS[name].number], id=id,
    )  # fmt: skip
    counted = points([f"**{k.title}** ({k.definition}): {k.formula}." for k in known])
    return together(shown, folded(counted, "What is counted", kind="definitions"))


def without_data(measures: Measures) -> Shown:
    """The measures without data, and what is missing."""
    if not measures.without_data:
        return say("Every measure of the catalogue has data.")
    frame = pd.DataFrame({"Measure": list(measures.without_data), "Why": list(measures.without_data.values())})
    return folded(
        table(frame, "Measures without data, and what is missing"),
        f"{words.plural(len(frame), 'measure')} without data",
    )


def chance(measures: Measures) -> Shown:
    """How many signals the charts show, how many chance alone would, and what holds when all are looked at together."""
    claimed = [k for k in measures.measures if k.claims]
    if not claimed:
        return say("No measure has 13 points of history yet: limits are on trial, and no change is claimed.")
    period = measures.about.period
    seeming = [k for k in claimed if k.changed or k.sure]
    sure = [k for k in seeming if k.sure]
    text = (
        f"Over all measures and {period}s {words.plural(measures.signals, 'point')} stand out; if nothing ever changed, chance "
        f"alone would make about {measures.expected_false:.0f} do so. "
    )
    if not seeming:
        return say(text + f"In the latest {period} none does.", id=CHANCE)
    verb = "shows" if len(seeming) == 1 else "show"
    text += (
        f"{words.plural(len(seeming), 'measure')} {verb} a change in the latest {period}; looked at together with all "
        f"{measures.tested} that could be tested, "
    )
    if not sure:
        return say(text + "none is certain: each of them may be chance.", id=CHANCE)
    named = "; ".join(words.lower(k.title) for k in sure)
    return say(text + f"{len(sure)} of them hold{'s' if len(sure) == 1 else ''}: {named}.", id=CHANCE)
