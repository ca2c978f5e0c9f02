"""Review: what was agreed before, and where each action stands.

A register entry is shown as its people keep it. Whether an implemented action worked is a question for a
counterfactual, not for two numbers side by side; until there is one, nothing is claimed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

import pandas as pd

from sipnb.chapters.facts import ActionFact, ReviewFacts
from sipnb.chapters.subject import Subject
from sipnb.params import Action
from sipnb.show import words
from sipnb.show.display import Shown, points, say, table

CHAPTER = "1_review"

#: The states of actions on which nothing is left to do.
IMPLEMENTED = {"implemented", "verified", "failed", "inconclusive"}
REFUSED = {"rejected", "withdrawn"}
DONE = IMPLEMENTED | REFUSED
#: What nobody has agreed to, yet or any more.
NOT_AGREED = REFUSED | {"proposed"}


@dataclass(frozen=True)
class Review:
    facts: ReviewFacts


def work_out(subject: Subject) -> Review:
    """The service's register as it stood at the end of the cycle."""
    end = subject.cycle.end
    known = [a for a in subject.service.actions if a.raised < end]
    actions = [_fact(action, subject, end) for action in sorted(known, key=lambda a: (a.raised, a.id))]
    return Review(
        ReviewFacts(
            actions=actions,
            states=dict(sorted(Counter(a.state for a in actions).items())),
            overdue=sum(a.overdue for a in actions),
        )
    )


def _fact(action: Action, subject: Subject, end: date) -> ActionFact:
    done = action.implemented if action.implemented and action.implemented < end else None
    state, later = _state_at(action, end)
    open_until = done if done else end
    since = None
    if done:
        first_whole = subject.cycle.containing(done)
        first_whole = first_whole if first_whole.start == done else first_whole.shift(1)
        since = sum(1 for c in subject.history if c.start >= first_whole.start)
    return ActionFact(
        id=action.id,
        title=action.title,
        state=state,
        owner=action.owner,
        kpi=action.kpi,
        kpi_title=subject.kpis[action.kpi].title if action.kpi else None,
        raised=action.raised.isoformat(),
        due=action.due.isoformat() if action.due else None,
        implemented=done.isoformat() if done else None,
        overdue=bool(action.due and action.due < end and state not in DONE),
        days_open=(open_until - action.raised).days,
        cycles_since=since,
        # What was written since would tell of a time that had not come.
        note="" if later else action.note,
        lever=action.lever,
    )


def _state_at(action: Action, end: date) -> tuple[str, bool]:
    """The state of an action when the cycle ended, and whether its entry was written later than that."""
    if action.implemented and action.implemented >= end and action.state in IMPLEMENTED:
        return "in progress", True
    if action.since and action.since >= end:
        before = "implemented" if action.implemented else "proposed" if action.state in REFUSED else "in progress"
        return ("proposed" if action.state in ("accepted", "approved") else before), True
    return action.state, False


def summary(facts: ReviewFacts) -> Shown:
    """How many actions, in which states."""
    if not facts.actions:
        return say("The register of this service is empty: nothing was agreed that could be reviewed.")
    states = words.listed([f"{n} {state}" for state, n in facts.states.items()])
    late = f"**{words.plural(facts.overdue, 'action is', 'actions are')} overdue.**" if facts.overdue else ""
    return say(f"{words.plural(len(facts.actions), 'action')} in the register: {states}.", late)


def register(facts: ReviewFacts) -> Shown:
    """The actions, a row each."""
    if not facts.actions:
        return say("")
    frame = pd.DataFrame(
        {
            "Action": [a.title for a in facts.actions],
            "State": [a.state + (", overdue" if a.overdue else "") for a in facts.actions],
            "Owner": [a.owner or "nobody named" for a in facts.actions],
            "Meant to move": [a.kpi_title or "not said" for a in facts.actions],
            "Raised": [words.day(a.raised, short=True) for a in facts.actions],
            "Due": [words.day(a.due, short=True) if a.due else "no date" for a in facts.actions],
            "Implemented": [
                f"{words.day(a.implemented, short=True)}, {words.plural(a.cycles_since or 0, 'whole cycle')} since"
                if a.implemented
                else "–"
                for a in facts.actions
            ],
        }
    )
    return table(frame, "The improvement register, oldest action first", ids=[f"action-{a.id}" for a in facts.actions])


def notes(facts: ReviewFacts) -> Shown:
    """What people wrote beside their actions."""
    lines = [f"**{a.title}:** {a.note}" for a in facts.actions if a.note]
    return points(lines) if lines else say("No notes.")
