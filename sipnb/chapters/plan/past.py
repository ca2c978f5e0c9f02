"""What became of the last plan: the actions that are done, with the picture of the latest verdict."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sipnb.chapters.facts import ActionFact, PlanAction
from sipnb.chapters.plan.evidence import Evidence
from sipnb.chapters.plan.views import NOTHING
from sipnb.chapters.review import sentences
from sipnb.chapters.review.views import picture
from sipnb.register import REFUSED
from sipnb.show import words
from sipnb.show.display import Shown, points, say, together


def shown(evidence: Evidence, actions: Sequence[PlanAction], paths: pd.DataFrame) -> Shown:
    """A line an action that is done, and the picture of the one that was judged last."""
    review = {one.id: one for one in evidence.review.actions}
    done = [one for one in actions if one.done is not None]
    refused = [
        one for one in review.values() if one.state in REFUSED and (one.since or "") >= evidence.baseline.about.opens
    ]
    if not done and not refused:
        return say("No action was done before this plan." if evidence.review.actions else "")
    lines = [_line(evidence, one, review[one.id]) for one in done]
    lines += [f"“{one.title}” was {one.state} on {words.day(one.since or one.raised)}." for one in refused]
    judged = [one for one in done if review[one.id].outcome and review[one.id].outcome.change]
    if not judged:
        return points(lines)
    latest = max(judged, key=lambda one: (review[one.id].outcome.change.last, one.number))
    path = paths[paths["action"] == latest.id].drop(columns="action").reset_index(drop=True)
    return together(points(lines), picture(review[latest.id], path, evidence.context) if len(path) else NOTHING)


def _line(evidence: Evidence, one: PlanAction, action: ActionFact) -> str:
    kpi = evidence.context.kpis[action.kpi] if action.kpi else None
    said = sentences.verdict(action, kpi, evidence.context.cycle, evidence.context.currency)
    return f"**{one.number} {one.title}**, done on {words.day(one.done or one.due or '')}. {said}"
