"""The control charts of the measures, as they are shown: what each says, by which limits and rules, and what is marked on it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from sipnb.chapters.baseline.charts import Charted
from sipnb.chapters.baseline.measures import Measures
from sipnb.chapters.facts import About, KpiFact, MarkFact
from sipnb.cycles import parse
from sipnb.show import figures, words
from sipnb.show.display import Shown, figure, say

_CHARTS = {
    "p′": "Laney p′ limits", "p": "p limits", "c′": "c′ limits", "c": "c limits", "u′": "u′ limits", "u": "u limits",
    "XmR": "XmR limits", "log XmR": "XmR limits of the logarithms", "t": "limits of the time between events",
}  # fmt: skip


def control_chart(measures: Measures, kpi: str, marks: Sequence[MarkFact] = ()) -> Shown:
    """The control chart of a measure, or why there is none."""
    fact, one = measures.measure(kpi), measures.charts.get(kpi)
    if fact is None or one is None:
        return say(f"{measures.titles.get(kpi, kpi)}: no data.")
    currency = measures.about.currency
    events = one.grain == "occurrence"
    unit = "days" if events else fact.unit
    if one.chart.n < 2:
        return say(
            f"{fact.title}: {words.number(fact.value, fact.unit, currency)} (n {fact.n:,}); no history to chart yet."
        )
    line, drawn = one.line, one.chart.points
    first = "Until" if events else words.upper(one.grain)
    value = "Days since the one before" if events else "Value"
    data = pd.DataFrame(
        {
            first: line["label"], value: line["value"], "95 % from": line["low"], "95 % to": line["high"], "n": line["n"],
            "Usual from": drawn["low"], "Usual to": drawn["high"], "Signal": [words.VARIATION[s][1] for s in drawn["signal"]],
        }
    )  # fmt: skip
    empty = [c for c in ("95 % from", "95 % to", "Usual from", "Usual to") if data[c].isna().all()]
    data = data.drop(columns=[*empty, *(["n"] if events else [])])
    mine = [] if events else [m for m in marks if not m.kpis or kpi in m.kpis]
    last = line.iloc[-1]
    return figure(
        figures.control_chart(
            drawn, list(line["label"]), unit, currency, None if events else fact.target,
            [(_position(one, m.cycle), m.letter) for m in mine], (float(last["low"]), float(last["high"])),
        ),
        name=kpi.replace("_", "-"), finding=finding(fact, currency), subtitle=_subtitle(fact, one),
        alt=_alt(fact, one, measures.about), data=data,
        units=dict.fromkeys((value, "95 % from", "95 % to", "Usual from", "Usual to"), unit) | {"n": "count"},
        currency=currency, source=f"{source(measures.about)} Definition {fact.definition}.", definition=kpi,
        notes=[f"**{m.letter}** {words.clipped(m.text, 200)}" for m in mine],
    )  # fmt: skip


def _position(one: Charted, cycle: str) -> float:
    """Where on the axis a cycle begins; NaN where it is no point of the chart."""
    names = list(one.line.index.astype(str))
    return names.index(cycle) - 0.5 if cycle in names else math.nan


def _subtitle(fact: KpiFact, one: Charted) -> str:
    cohort = "" if fact.cohort == "the cycle" else f"{words.of_period(fact.cohort, one.grain)}, "
    what = "days from one to the next" if one.grain == "occurrence" else f"{cohort}by {one.grain}"
    if not one.chart.kind or one.chart.points["low"].isna().all():
        return f"{fact.title}, {what}; no limits drawn"
    limits = _CHARTS.get(one.chart.kind, one.chart.kind)
    rules = "on trial" if one.chart.trial else f"{one.chart.rules.upper()} rules"
    whisker = "" if one.grain == "occurrence" or fact.low is None else "; whisker: 95 % interval of the latest"
    anew = f", anew since an action worked ({parse(fact.begun, 'UTC').label})" if fact.begun else ""
    return f"{fact.title}, {what}; grey band: usual range{anew}, {limits}, {rules}{whisker}"


def _alt(fact: KpiFact, one: Charted, about: About) -> str:
    currency = about.currency
    value = words.number(fact.value, fact.unit, currency)
    if one.grain == "occurrence":
        return (
            f"Chart of the days between {words.plural(one.chart.n, 'pair')} of {words.lower(fact.title)}. {value} in the latest "
            f"{about.period}. Usual {words.number(one.chart.points['mean'].iloc[-1], 'days')} apart."
        )
    usual = (
        ""
        if fact.lower_limit is None
        else f" Usual range {words.interval(fact.lower_limit, fact.upper_limit, fact.unit, currency)}."
    )
    return f"Control chart of {words.lower(fact.title)} over {words.plural(fact.points, one.grain)}. Latest {value}.{usual}"


def finding(fact: KpiFact, currency: str) -> str:
    """What a control chart says, as its title: at most 12 words, computed from the data."""
    value = words.number(fact.value, fact.unit, currency)
    if not fact.claims:
        return f"{fact.short}: {value}, {fact.unjudged}"
    phrase = {
        "improvement": "better than it used to be" if fact.sure else "better, which may be chance",
        "concern": "worse than it used to be" if fact.sure else "worse, which may be chance",
        "common": "its weeks within their usual range"
        if fact.grain == "week" and fact.mean is None
        else "within its usual range",
        "neutral high": "higher than usual",
        "neutral low": "lower than usual",
        "no data": "nothing to measure this time",
    }[fact.variation]
    return f"{fact.short}: {value}, {phrase}"


def source(about: About) -> str:
    """The line under every figure."""
    return f"Records of {about.name}, as known at the cut-off {about.cutoff_label}."
