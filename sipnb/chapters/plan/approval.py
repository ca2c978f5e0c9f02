"""Approval: what is approved, by whom, and a hash of it, so that a plan that changes afterwards says so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import pandas as pd

from sipnb.chapters.facts import DecisionFact, PlanAction
from sipnb.chapters.plan.evidence import Evidence
from sipnb.chapters.plan.views import NOTHING
from sipnb.show.display import Shown, say, table, together


def number(evidence: Evidence) -> str:
    """The plan's number: `PAYMENTS-2026-10`."""
    return f"{evidence.context.service.id}-{evidence.context.cycle.name}".upper()


def content(actions: Sequence[PlanAction], decisions: Sequence[DecisionFact], sentence: str) -> str:
    """A hash of what is approved: the verdict, the actions and the decisions, whatever page they stand on."""
    told = [sentence, *(one.model_dump(mode="json") for one in (*actions, *decisions))]
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]


def shown(evidence: Evidence, hashed: str, actions: Sequence[PlanAction], decisions: Sequence[DecisionFact]) -> Shown:
    """Who is to sign, with room for the date, and the hash of what is signed; nothing of a plan without actions."""
    if not actions and not decisions:
        return NOTHING
    roles = list(dict.fromkeys([evidence.baseline.about.owner, *(one.owner for one in decisions)]))
    frame = pd.DataFrame({"Role": roles, "Decision": "", "Date": ""})
    return together(
        say(f"Plan {number(evidence)}, content {hashed}. Another hash is another plan."),
        table(frame, "Approval") if decisions else say("Nothing is asked, so nothing has to be approved."),
    )  # fmt: skip
