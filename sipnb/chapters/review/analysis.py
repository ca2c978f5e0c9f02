"""The review, in numbers: the improvement register of a service as it stood at the end of the cycle.

A register entry is shown as its people keep it. Whether an implemented action worked is a question for a counterfactual, not
for two numbers side by side; until there is one, nothing is claimed.
"""

from __future__ import annotations

from datetime import date

from sipnb import register
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import ActionFact
from sipnb.register import DONE, Action, Standing


def actions(context: ServiceContext) -> list[ActionFact]:
    """The actions of the register that were there by the end of the cycle, the oldest first."""
    end = context.cycle.end
    known = [(action, stood) for action in context.service.actions if (stood := register.standing(action, end))]
    return [_fact(*one, context, end) for one in sorted(known, key=lambda one: (one[0].begun, one[0].id))]


def _fact(action: Action, stood: Standing, context: ServiceContext, end: date) -> ActionFact:
    done, since = stood.implemented, None
    if done:
        first_whole = context.cycle.containing(done)
        first_whole = first_whole if first_whole.start == done else first_whole.shift(1)
        since = sum(1 for c in context.history if c.start >= first_whole.start)
    kpi = action.measured
    return ActionFact(
        id=action.id,
        title=action.title,
        state=stood.state,
        owner=action.owner,
        kpi=kpi,
        kpi_title=context.kpis[kpi].title if kpi else None,
        raised=action.begun.isoformat(),
        due=stood.due.isoformat() if stood.due else None,
        implemented=done.isoformat() if done else None,
        overdue=bool(stood.due and stood.due < end and stood.state not in DONE),
        days_open=((done or end) - action.begun).days,
        cycles_since=since,
        note=stood.note,
        lever=action.lever,
    )
