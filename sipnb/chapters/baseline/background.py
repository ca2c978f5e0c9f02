"""What the figures rest on and what happened along the way: records, marks on the charts, definitions that changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sipnb import register
from sipnb.chapters.baseline.measures import Measures
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import About, MarkFact, RestatedFact
from sipnb.show import words
from sipnb.show.display import Shown, points, say, table


def set_aside(account: dict[str, Any]) -> dict[str, int]:
    """Rows set aside by reason, over all tables."""
    by_table = account["set_aside"].values()
    return {
        reason: sum(per.get(reason, 0) for per in by_table) for reason in sorted({r for per in by_table for r in per})
    }


def marks(context: ServiceContext, restated: list[RestatedFact]) -> list[MarkFact]:
    """What is marked on the charts, in order of time: actions implemented, breaks in the data, baselines set anew, and the
    measures that are counted by a new definition."""
    inside = {c.name: c for c in context.history}
    found: list[tuple[str, str, str, list[str]]] = []
    for action in context.service.actions:
        stood = register.standing(action, context.cycle.end)
        if stood is not None and stood.implemented is not None:
            when = context.cycle.containing(stood.implemented).name
            found.append((when, "action", f"{action.title}, implemented {stood.implemented}", [action.measured or ""]))
    for rule in context.records.quality["rules"]:
        if rule["outcome"] == "found" and rule["since"] and rule["service"] in (None, context.service.id):
            when = context.cycle.containing(pd.Timestamp(rule["since"]).date()).name
            found.append((when, "data", f"{rule['rule']}: {rule['sentence']}", list(rule["refuses"])))
    for one in context.service.baselines:
        start = context.workbook.cycle(one.start).start
        found.append((context.cycle.containing(start).name, "baseline", f"baseline set anew: {one.reason}", [one.kpi]))
    for one in restated:
        text = f"{one.title} is counted by a new definition ({one.before} → {one.now})"
        found.append((context.cycle.name, "definition", text, [one.kpi]))
    known = sorted({(w, k, t, tuple(p for p in ps if p)) for w, k, t, ps in found if w in inside})
    return [
        MarkFact(letter=_letter(i), cycle=when, kind=kind, text=text, kpis=list(about))
        for i, (when, kind, text, about) in enumerate(known)
    ]


def _letter(position: int) -> str:
    return chr(65 + position) if position < 26 else f"A{position - 25}"


def restated(context: ServiceContext, measures: Measures) -> list[RestatedFact]:
    """The measures that were published in the cycle before by another definition, with that cycle's figure by this one."""
    before = context.published_before()
    if before is None:
        return []
    old = {k.kpi: k for k in before.measures}
    return [
        RestatedFact(
            kpi=k.kpi, title=k.title, unit=k.unit, cycle=before.about.cycle_label, published=old[k.kpi].value,
            restated=k.previous, before=old[k.kpi].definition, now=k.definition,
        )
        for k in measures.measures
        if k.kpi in old and old[k.kpi].definition != k.definition
    ]  # fmt: skip


def objectives(context: ServiceContext, measures: Measures) -> list[str]:
    """The titles of the objectives that one of the service's measures serves."""
    measured = {k.kpi for k in measures.kpis}
    return [o.title for o in context.workbook.objectives if set(o.kpis) & measured]


def head(head: About, objectives: Sequence[str]) -> Shown:
    """Whose service it is, when it is agreed to run, and what the business wants of it."""
    tier = f" · {head.tier}" if head.tier else ""
    goals = f"Objectives it serves: {words.listed([words.lower(o) for o in objectives])}." if objectives else (
        "No objective of the business is linked to any of its measures."
    )  # fmt: skip
    return say(
        f"**{head.name}**{tier}, owned by {head.owner}. Agreed hours: {head.calendar}. Figures are of "
        f"{head.cycle_label}, as known at {head.cutoff_label}. {goals}"
    )


def records(rows: Mapping[str, int], set_aside: Mapping[str, int], warnings: Sequence[str]) -> Shown:
    """What this service's figures rest on, and what was set aside."""
    lines = [f"{words.plural(n, 'row')} of {name.replace('_', ' ')}." for name, n in rows.items()]
    lines += [f"Set aside: {words.plural(n, 'row')}, {reason}." for reason, n in set_aside.items()]
    lines += [f"**Caution:** {warning}" for warning in warnings]
    return points(lines) if lines else say("There are no records of this service up to the cut-off.")


def quality(measures: Measures, inferred_late: int, restated: Sequence[RestatedFact]) -> Shown:
    """What the quality of the records does to the verdict: what is not judged, and why."""
    refused = [k for k in measures.measures if k.refused]
    thin = [k for k in measures.measures if k.unjudged and k not in refused]
    lines = []
    if refused:
        named = "; ".join(words.lower(k.title) for k in refused)
        lines.append(
            f"The records carry no claim about {named} in this {measures.about.period}: {refused[0].unjudged}."
        )
    by_reason: dict[str, list[str]] = {}
    for k in thin:
        by_reason.setdefault(k.unjudged.partition(" (")[0], []).append(words.lower(k.title))
    lines += [f"Shown and not judged, {reason}: {'; '.join(those)}." for reason, those in by_reason.items()]
    if inferred_late:
        lines.append(
            f"No due times are recorded: {words.plural(inferred_late, 'open ticket counts', 'open tickets count')} as "
            "late, having waited longer than tickets of their priority that met their target hardly ever did."
        )
    lines += [
        f"{one.title} is counted by a new definition ({one.before} → {one.now}): {one.cycle} was published as "
        f"{words.number(one.published, one.unit, measures.about.currency)} and is now "
        f"{words.number(one.restated, one.unit, measures.about.currency)}."
        for one in restated
    ]
    return points(lines) if lines else say("Nothing in the records keeps a measure from being judged.")


def happened(marks: Sequence[MarkFact]) -> Shown:
    """What is marked on the charts."""
    if not marks:
        return say("No action, no new definition and no break in the data falls into this history.")
    frame = pd.DataFrame({"Mark": [m.letter for m in marks], "When": [m.cycle for m in marks],
                          "What happened": [m.text for m in marks]})  # fmt: skip
    return table(frame, "Marks on the charts")
