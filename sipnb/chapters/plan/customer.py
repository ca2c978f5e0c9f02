"""The plan for those who use a service: what is wrong, what is done about it and when, without money, roles or risks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from sipnb.chapters.facts import PlanAction
from sipnb.chapters.plan import headline, outlook, past, standing, views
from sipnb.chapters.plan.evidence import Evidence
from sipnb.show import words
from sipnb.show.display import Shown, say, table

#: What is said of an action's state to those who wait for it.
_STATE = {"accepted": "agreed", "approved": "agreed", "in progress": "begun", "postponed": "postponed"}


def of(evidence: Evidence) -> Evidence:
    """The evidence without what is in money, and without ways to pages that a customer does not get."""
    money = _money(evidence)
    baseline = evidence.baseline.model_copy(
        update={"kpis": [one for one in evidence.baseline.kpis if one.kpi not in money]}
    )
    gaps = [one for one in evidence.gaps.gaps if one.kpi not in money]
    counts = {status: sum(one.status == status for one in gaps) for status in ("fails", "inconclusive", "meets")}
    return replace(
        evidence, inside=False, baseline=baseline, gaps=evidence.gaps.model_copy(update={"gaps": gaps, **counts}),
        forecast=evidence.forecast.model_copy(
            update={"forecasts": [one for one in evidence.forecast.forecasts if one.kpi not in money]}
        ),
        review=evidence.review.model_copy(
            update={"actions": [one for one in evidence.review.actions if one.kpi not in money]}
        ),
    )  # fmt: skip


def sections(
    evidence: Evidence, actions: Sequence[PlanAction], series: pd.DataFrame, paths: pd.DataFrame
) -> list[tuple[str, Shown]]:
    """The sections with their titles, the verdict first under none; what there is nothing to say of is left out."""
    sentence, tone = headline.headline(evidence)
    by_kpi = dict(tuple(series.groupby("kpi")))
    agreed = [one for one in actions if one.kind == "agreed" and one.kpi not in _money(evidence)]
    found = [
        ("", views.verdict(sentence, tone, headline.caution(evidence), evidence, by_kpi)),
        ("What we do about it", doing([one for one in agreed if one.done is None], evidence)),
        ("What became of what we did", past.shown(evidence, agreed, paths.iloc[:0])),
        ("Where the service stands", standing.targets(evidence)),
        ("Outlook", outlook.outlook(evidence, agreed, series)),
    ]
    return [(title, shown) for title, shown in found if shown.markup]


def _money(evidence: Evidence) -> set[str]:
    return {id for id, one in evidence.context.kpis.items() if one.unit == "money"}


def doing(actions: Sequence[PlanAction], evidence: Evidence) -> Shown:
    """A row an action that is agreed and not done: what it is for, from where to where, by when, and how far it is."""
    if not actions:
        return say("Nothing that is agreed is waiting to be done.")
    rows = [
        {
            "What we do": one.title, "For": one.measure or "not said", "From → to": views.course(one, evidence),
            "By": words.day(one.due) if one.due else "no date yet", "How far": _far(one),
        }
        for one in actions
    ]  # fmt: skip
    return table(pd.DataFrame(rows), "What is agreed, by when, and how far it is")


def _far(one: PlanAction) -> str:
    if one.overdue_days:
        return "late"
    return views.progress(one) if one.steps else _STATE.get(one.state, one.state)
