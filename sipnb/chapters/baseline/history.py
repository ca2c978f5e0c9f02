"""What the figures rest on and what happened along the way: records, marks on the charts, definitions that changed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from sipnb.chapters.baseline.charts import Charted
from sipnb.chapters.facts import About, BaselineFacts, KpiFact, MarkFact, RestatedFact
from sipnb.chapters.subject import Subject
from sipnb.show import figures, words
from sipnb.show.display import Shown, figure, points, say, table


def series(charts: dict[str, Charted]) -> pd.DataFrame:
    """Every measure's points with their limits, a row a point: kpi, cycle, grain, label, value, … , signal."""
    if charts:
        lines = [_long(kpi, one) for kpi, one in charts.items()]
        return pd.DataFrame({column: np.concatenate([line[column] for line in lines]) for column in lines[0]})
    texts = {c: pd.Series([], dtype="str") for c in ("kpi", "cycle", "grain", "label", "signal")}
    numbers = {c: pd.Series([], dtype="float64") for c in ("value", "low", "high", "n", "mean", "lower", "upper")}
    return pd.DataFrame({**texts, **numbers})


def _long(kpi: str, one: Charted) -> dict[str, np.ndarray]:
    line, drawn = one.line, one.chart.points
    return {
        "kpi": np.repeat(kpi, len(line)), "cycle": line.index.to_numpy().astype(str),
        "grain": np.repeat(one.grain, len(line)), "label": line["label"].to_numpy(str),
        "value": line["value"].to_numpy(float), "low": line["low"].to_numpy(float),
        "high": line["high"].to_numpy(float), "n": line["n"].to_numpy(int),
        "mean": drawn["mean"].to_numpy(float), "lower": drawn["low"].to_numpy(float),
        "upper": drawn["high"].to_numpy(float), "signal": drawn["signal"].to_numpy(str),
    }  # fmt: skip


def set_aside(account: dict[str, Any]) -> dict[str, int]:
    """Rows set aside by reason, over all tables."""
    by_table = account["set_aside"].values()
    return {
        reason: sum(per.get(reason, 0) for per in by_table) for reason in sorted({r for per in by_table for r in per})
    }


def marks(subject: Subject, restated: list[RestatedFact]) -> list[MarkFact]:
    """What is marked on the charts, in order of time: actions implemented, breaks in the data, baselines set anew, and the
    measures that are counted by a new definition."""
    inside = {c.name: c for c in subject.history}
    found: list[tuple[str, str, str, list[str]]] = []
    for action in subject.service.actions:
        if action.implemented is not None:
            when = subject.cycle.containing(action.implemented).name
            found.append((when, "action", f"{action.title}, implemented {action.implemented}", [action.kpi or ""]))
    for rule in subject.records.quality["rules"]:
        if rule["outcome"] == "found" and rule["since"] and rule["service"] in (None, subject.service.id):
            when = subject.cycle.containing(pd.Timestamp(rule["since"]).date()).name
            found.append((when, "data", f"{rule['rule']}: {rule['sentence']}", list(rule["refuses"])))
    for one in subject.service.baselines:
        start = subject.workbook.cycle(one.start).start
        found.append((subject.cycle.containing(start).name, "baseline", f"baseline set anew: {one.reason}", [one.kpi]))
    for one in restated:
        text = f"{one.title} is counted by a new definition ({one.before} → {one.now})"
        found.append((subject.cycle.name, "definition", text, [one.kpi]))
    known = sorted({(w, k, t, tuple(p for p in ps if p)) for w, k, t, ps in found if w in inside})
    return [
        MarkFact(letter=_letter(i), cycle=when, kind=kind, text=text, kpis=list(about))
        for i, (when, kind, text, about) in enumerate(known)
    ]


def _letter(position: int) -> str:
    return chr(65 + position) if position < 26 else f"A{position - 25}"


def restated(subject: Subject, facts: list[KpiFact]) -> list[RestatedFact]:
    """The measures that were published in the cycle before by another definition, with that cycle's figure by this one."""
    before = subject.published_before()
    if before is None:
        return []
    old = {k.kpi: k for k in before.measures}
    return [
        RestatedFact(
            kpi=k.kpi, title=k.title, unit=k.unit, cycle=before.about.cycle_label, published=old[k.kpi].value,
            restated=k.previous, before=old[k.kpi].definition, now=k.definition,
        )
        for k in facts
        if k.headline and k.kpi in old and old[k.kpi].definition != k.definition
    ]  # fmt: skip


def about(facts: BaselineFacts) -> Shown:
    """Whose service it is, when it is agreed to run, and what the business wants of it."""
    head: About = facts.about
    tier = f" · {head.tier}" if head.tier else ""
    goals = f"Objectives it serves: {words.listed([words.lower(o) for o in facts.objectives])}." if facts.objectives else (
        "No objective of the business is linked to any of its measures."
    )  # fmt: skip
    return say(
        f"**{head.name}**{tier}, owned by {head.owner}. Agreed hours: {head.calendar}. Figures are of "
        f"{head.cycle_label}, as known at {head.cutoff_label}. {goals}"
    )


def records(facts: BaselineFacts) -> Shown:
    """What this service's figures rest on, and what was set aside."""
    lines = [f"{words.plural(n, 'row')} of {name.replace('_', ' ')}." for name, n in facts.rows.items()]
    lines += [f"Set aside: {words.plural(n, 'row')}, {reason}." for reason, n in facts.set_aside.items()]
    lines += [f"**Caution:** {warning}" for warning in facts.warnings]
    return points(lines) if lines else say("There are no records of this service up to the cut-off.")


def quality(facts: BaselineFacts) -> Shown:
    """What the quality of the records does to the verdict: what is not judged, and why."""
    refused = [k for k in facts.measures if k.refused]
    thin = [k for k in facts.measures if k.unjudged and k not in refused]
    lines = []
    if refused:
        named = "; ".join(words.lower(k.title) for k in refused)
        lines.append(f"The records carry no claim about {named} in this cycle: {refused[0].unjudged}.")
    by_reason: dict[str, list[str]] = {}
    for k in thin:
        by_reason.setdefault(k.unjudged.partition(" (")[0], []).append(words.lower(k.title))
    lines += [f"Shown and not judged, {reason}: {'; '.join(those)}." for reason, those in by_reason.items()]
    if facts.inferred_late:
        lines.append(
            f"No due times are recorded: {words.plural(facts.inferred_late, 'open ticket counts', 'open tickets count')} as "
            "late, having waited longer than tickets of their priority that met their target hardly ever did."
        )
    lines += [
        f"{one.title} is counted by a new definition ({one.before} → {one.now}): {one.cycle} was published as "
        f"{words.number(one.published, one.unit, facts.about.currency)} and is now "
        f"{words.number(one.restated, one.unit, facts.about.currency)}."
        for one in facts.restated
    ]
    return points(lines) if lines else say("Nothing in the records keeps a measure from being judged.")


def happened(facts: BaselineFacts) -> Shown:
    """What is marked on the charts."""
    if not facts.marks:
        return say("No action, no new definition and no break in the data falls into this history.")
    frame = pd.DataFrame({"Mark": [m.letter for m in facts.marks], "Cycle": [m.cycle for m in facts.marks],
                          "What happened": [m.text for m in facts.marks]})  # fmt: skip
    return table(frame, "Marks on the charts")


_CHARTS = {
    "p′": "Laney p′ limits", "p": "p limits", "c′": "c′ limits", "c": "c limits", "u′": "u′ limits", "u": "u limits",
    "XmR": "XmR limits", "log XmR": "XmR limits of the logarithms", "t": "limits of the time between events",
}  # fmt: skip


def control_figure(measured: Any, kpi: str) -> Shown:
    """The control chart of a measure, or why there is none."""
    facts: BaselineFacts = measured.facts
    fact, one = facts.measure(kpi), measured.charts.get(kpi)
    if fact is None or one is None:
        return say(f"{facts.titles.get(kpi, kpi)}: no data.")
    currency = facts.about.currency
    events = one.grain == "occurrence"
    unit = "days" if events else fact.unit
    if one.chart.n < 2:
        return say(
            f"{fact.title}: {words.number(fact.value, fact.unit, currency)} (n {fact.n:,}); no history to chart yet."
        )
    line, drawn = one.line, one.chart.points
    first = {"occurrence": "Until", "week": "Week"}.get(one.grain, "Cycle")
    value = "Days since the one before" if events else "Value"
    data = pd.DataFrame(
        {
            first: line["label"], value: line["value"], "95 % from": line["low"], "95 % to": line["high"], "n": line["n"],
            "Usual from": drawn["low"], "Usual to": drawn["high"], "Signal": [words.VARIATION[s][1] for s in drawn["signal"]],
        }
    )  # fmt: skip
    empty = [c for c in ("95 % from", "95 % to", "Usual from", "Usual to") if data[c].isna().all()]
    data = data.drop(columns=[*empty, *(["n"] if events else [])])
    mine = [] if events else [m for m in facts.marks if not m.kpis or kpi in m.kpis]
    last = line.iloc[-1]
    return figure(
        figures.control_chart(
            drawn, list(line["label"]), unit, currency, None if events else fact.target,
            [(_position(one, m.cycle), m.letter) for m in mine], (float(last["low"]), float(last["high"])),
        ),
        name=kpi.replace("_", "-"), finding=finding(fact, currency), subtitle=_subtitle(fact, one),
        alt=_alt(fact, one, currency), data=data,
        units=dict.fromkeys((value, "95 % from", "95 % to", "Usual from", "Usual to"), unit) | {"n": "count"},
        currency=currency, source=f"{source(facts.about)} Definition {fact.definition}.", definition=kpi,
        notes=[f"**{m.letter}** {words.clipped(m.text, 200)}" for m in mine],
    )  # fmt: skip


def _position(one: Charted, cycle: str) -> float:
    """Where on the axis a cycle begins; NaN where it is no point of the chart."""
    names = list(one.line.index.astype(str))
    return names.index(cycle) - 0.5 if cycle in names else math.nan


def _subtitle(fact: KpiFact, one: Charted) -> str:
    what = "days from one to the next" if one.grain == "occurrence" else f"{fact.cohort}, by {one.grain}"
    if not one.chart.kind or one.chart.points["low"].isna().all():
        return f"{fact.title}, {what}; no limits drawn"
    limits = _CHARTS.get(one.chart.kind, one.chart.kind)
    rules = "on trial" if one.chart.trial else f"{one.chart.rules.upper()} rules"
    whisker = "" if one.grain == "occurrence" or fact.low is None else "; whisker: 95 % interval of the latest"
    return f"{fact.title}, {what}; grey band: usual range, {limits}, {rules}{whisker}"


def _alt(fact: KpiFact, one: Charted, currency: str) -> str:
    value = words.number(fact.value, fact.unit, currency)
    if one.grain == "occurrence":
        return (
            f"Chart of the days between {words.plural(one.chart.n, 'pair')} of {words.lower(fact.title)}. {value} in the latest "
            f"cycle. Usual {words.number(one.chart.points['mean'].iloc[-1], 'days')} apart."
        )
    usual = (
        ""
        if fact.lower_limit is None
        else f" Usual range {words.interval(fact.lower_limit, fact.upper_limit, fact.unit, currency)}."
    )
    return f"Control chart of {words.lower(fact.title)} over {words.plural(fact.points, one.grain)}. Latest {value}.{usual}"


def finding(fact: KpiFact, currency: str) -> str:
    """What a control chart says, as its title: at most 12 words, worked out from the data."""
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
        "no data": "no data in this cycle",
    }[fact.variation]
    return f"{fact.short}: {value}, {phrase}"


def source(about: About) -> str:
    """The line under every figure."""
    return f"Records of {about.name}, as known at the cut-off {about.cutoff_label}."
