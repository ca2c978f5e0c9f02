"""The review, as it is shown: how many actions, the register, and what people wrote beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from sipnb.chapters.facts import ActionFact
from sipnb.show import words
from sipnb.show.display import Shown, points, say, table

#: The id of the register, to which a plan's main points lead; an action's own is `action-<id>`.
REGISTER = "register"


def summary(actions: Sequence[ActionFact], states: Mapping[str, int], overdue: int) -> Shown:
    """How many actions, in which states."""
    if not actions:
        return say("The register of this service is empty: nothing was agreed that could be reviewed.")
    states = words.listed([f"{n} {state}" for state, n in states.items()])
    late = f"**{words.plural(overdue, 'action is', 'actions are')} overdue.**" if overdue else ""
    return say(f"{words.plural(len(actions), 'action')} in the register: {states}.", late)


def register(actions: Sequence[ActionFact]) -> Shown:
    """The actions, a row each."""
    if not actions:
        return say("")
    frame = pd.DataFrame(
        {
            "Action": [a.title for a in actions],
            "State": [a.state + (", overdue" if a.overdue else "") for a in actions],
            "Owner": [a.owner or "nobody named" for a in actions],
            "Meant to move": [a.kpi_title or "not said" for a in actions],
            "Raised": [words.day(a.raised, short=True) for a in actions],
            "Due": [words.day(a.due, short=True) if a.due else "no date" for a in actions],
            "Implemented": [
                f"{words.day(a.implemented, short=True)}, {words.plural(a.cycles_since or 0, 'whole cycle')} since"
                if a.implemented
                else "–"
                for a in actions
            ],
        }
    )
    ids = [f"action-{a.id}" for a in actions]
    return table(frame, "The improvement register, oldest action first", ids=ids, id=REGISTER)


def notes(actions: Sequence[ActionFact]) -> Shown:
    """What people wrote beside their actions."""
    lines = [f"**{a.title}:** {a.note}" for a in actions if a.note]
    return points(lines) if lines else say("No notes.")
