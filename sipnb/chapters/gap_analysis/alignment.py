"""Alignment: objectives of the business, the KPIs by which they are seen, their gaps, and the actions that are to close them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import ActionFact, BaselineFacts, GapFact, ObjectiveFact, SuccessFact
from sipnb.chapters.gap_analysis.analysis import status_of
from sipnb.params import Objective
from sipnb.register import states
from sipnb.show import words
from sipnb.show.display import Shown, points, say, table, together

_MARKS = {
    "fails": "▲ missed",
    "inconclusive": "● open",
    "meets": "◆ met",
    "not judged": "– not judged",
    "no data": "– no data",
}
_STATES = {
    "fails": "Certainly missed",
    "inconclusive": "Cannot be told",
    "meets": "Certainly met",
    "no target": "No target",
}
NONE = "–"


def objectives(
    context: ServiceContext, gaps: Sequence[GapFact], measures: BaselineFacts, actions: Sequence[ActionFact]
) -> list[ObjectiveFact]:
    """Every objective with the worst of what its measures say, how far it is on its way, and the actions that serve it here."""
    return [
        ObjectiveFact(
            id=o.id, title=o.title, weight=o.weight, kpis=o.kpis, status=status_of(o.kpis, gaps),
            titles=[context.kpis[k].title for k in o.kpis], owner=o.owner, success=_success(context, o, measures),
            actions=[a.id for a in actions if _open(a) and (o.id in a.objectives or a.kpi in o.kpis)],
        )
        for o in context.workbook.objectives
    ]  # fmt: skip


def _open(action: ActionFact) -> bool:
    return action.state not in states.DONE


def _success(context: ServiceContext, objective: Objective, measures: BaselineFacts) -> SuccessFact | None:
    goal = objective.success
    if goal is None:
        return None
    fact, known = measures.measure(goal.kpi), context.kpis[goal.kpi]
    value = fact.value if fact else None
    done = None if value is None else min(1.0, max(0.0, (value - goal.start) / (goal.to - goal.start)))
    return SuccessFact(
        kpi=goal.kpi, title=known.title, unit=known.unit, start=goal.start, to=goal.to, by=goal.by.isoformat(), value=value,
        done=done,
    )  # fmt: skip


def matrix(found: Sequence[ObjectiveFact], gaps: Sequence[GapFact]) -> pd.DataFrame:
    """Measures with a target (rows) by objectives (columns): what the target says where the objective is seen by it."""
    rows = {g.title: {o.title: _MARKS[g.status] if g.kpi in o.kpis else NONE for o in found} for g in gaps}
    return pd.DataFrame.from_dict(rows, orient="index", columns=[o.title for o in found]).rename_axis("Target")


def orphans(
    context: ServiceContext, found: Sequence[ObjectiveFact], actions: Sequence[ActionFact]
) -> dict[str, list[str]]:
    """What hangs in the air: titles of targets that no objective asks for, of objectives without a target here, of objectives
    that are missed and that no action serves, and of actions that serve no objective."""
    targeted, linked = set(context.service.targets), {kpi for o in found for kpi in o.kpis}
    known = {o.id for o in found}
    return {
        "targets": [context.kpis[k].title for k in sorted(targeted - linked)],
        "objectives": [o.title for o in found if not targeted & set(o.kpis)],
        "unserved": [o.title for o in found if o.status == "fails" and not o.actions],
        "actions": [a.title for a in actions if _open(a) and not known & set(a.objectives) and a.kpi not in linked],
    }  # fmt: skip


def shown(found: Sequence[ObjectiveFact], cascade: pd.DataFrame, currency: str) -> Shown:
    """The objectives with weight, owner and how far each is on its way, and the matrix of what their measures say."""
    if not found:
        return say("No objectives are stated: gaps cannot be weighed. Name some in `objectives.yml`.")
    frame = pd.DataFrame(
        {
            "Objective": [o.title for o in found], "Weight": [f"{o.weight:g}" for o in found],
            "Owner": [o.owner or "nobody named" for o in found], "On its way": [_way(o, currency) for o in found],
            "What its targets say": [_STATES[o.status] for o in found], "Actions here": [str(len(o.actions)) for o in found],
        }
    )  # fmt: skip
    first = table(
        frame,
        "Objectives, how far they are, and the worst of what their targets say",
        numeric=("Weight", "Actions here"),
    )
    if cascade.empty:
        return first
    return together(first, table(cascade.reset_index(), "Targets by the objectives that are seen by them"))


def _way(one: ObjectiveFact, currency: str) -> str:
    goal = one.success
    if goal is None:
        return "no figure agreed"
    ends = f"{words.number(goal.start, goal.unit, currency)} → {words.number(goal.to, goal.unit, currency)}"
    now = "no data here" if goal.value is None else f"now {words.number(goal.value, goal.unit, currency)}"
    return f"{words.lower(goal.title)} {ends} by {words.day(goal.by)}; {now}"


def said(found: dict[str, list[str]]) -> Shown:
    """What hangs in the air, a line a kind."""
    lines = [
        f"{lead}: {words.listed(titles)}."
        for lead, titles in (
            ("Targets that no objective asks for", found["targets"]),
            ("Objectives without any target here", found["objectives"]),
            ("Objectives that are missed and that no open action serves", found["unserved"]),
            ("Open actions that serve no objective", found["actions"]),
        )
        if titles
    ]
    return (
        points(lines)
        if lines
        else say("Every target serves an objective, and every objective that is missed has an action.")
    )
