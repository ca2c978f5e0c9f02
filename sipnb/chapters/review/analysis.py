"""The review, in numbers: the improvement register of a service as it stood at the end of the cycle.

A register entry is shown as its people keep it. Whether an implemented action worked is a question for a counterfactual, not
for two numbers side by side; until there is one, nothing is claimed.
"""

from __future__ import annotations

from datetime import date

from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import ActionFact
from sipnb.params import Action

#: The states of actions on which nothing is left to do.
IMPLEMENTED = {"implemented", "verified", "failed", "inconclusive"}
REFUSED = {"rejected", "withdrawn"}
DONE = IMPLEMENTED | REFUSED
#: What nobody has agreed to, yet or any more.
NOT_AGREED = REFUSED | {"proposed"}


def actions(context: ServiceContext) -> list[ActionFact]:
    """The actions of the register that were raised by the end of the cycle, the oldest first."""
    end = context.cycle.end
    known = [a for a in context.service.actions if a.raised < end]
    return [_fact(action, context, end) for action in sorted(known, key=lambda a: (a.raised, a.id))]


def _fact(action: Action, context: ServiceContext, end: date) -> ActionFact:
    done = action.implemented if action.implemented and action.implemented < end else None
    state, later = _state_at(action, end)
    open_until = done if done else end
    since = None
    if done:
        first_whole = context.cycle.containing(done)
        first_whole = first_whole if first_whole.start == done else first_whole.shift(1)
        since = sum(1 for c in context.history if c.start >= first_whole.start)
    return ActionFact(
        id=action.id,
        title=action.title,
        state=state,
        owner=action.owner,
        kpi=action.kpi,
        kpi_title=context.kpis[action.kpi].title if action.kpi else None,
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
