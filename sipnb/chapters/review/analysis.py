"""The review, in numbers: the improvement register of a service as it stood at the end of the cycle, and what became of it."""

from __future__ import annotations

from datetime import date

import pandas as pd

from sipnb import register
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import ActionFact
from sipnb.chapters.facts.review import StepOfAction
from sipnb.chapters.review import outcomes
from sipnb.chapters.review.outcomes import RULES, Judged, Rules
from sipnb.register import DONE, Action, Standing
from sipnb.register.entries import Cost, Milestone


def known(context: ServiceContext) -> list[tuple[Action, Standing]]:
    """The actions of the register that were there by the end of the cycle, the oldest first, as they stood then."""
    end = context.cycle.end
    found = [(action, stood) for action in context.service.actions if (stood := register.standing(action, end))]
    return sorted(found, key=lambda one: (one[0].begun, one[0].id))


def judged(context: ServiceContext, rules: Rules = RULES) -> dict[str, Judged]:
    """What each action changed, or why that cannot be said, by its id."""
    return {action.id: outcomes.outcome(context, action, stood, rules) for action, stood in known(context)}


def paths(judged: dict[str, Judged]) -> pd.DataFrame:
    """The paths of the measures of all judged actions, a row a cycle: `action`, and the columns of `Effect.path` with labels."""
    found = [one.path.assign(action=name) for name, one in judged.items() if one.path is not None]
    columns = ["action", "label", "actual", "expected", "low", "high", "used", "least", "most"]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def actions(context: ServiceContext, judged: dict[str, Judged]) -> list[ActionFact]:
    """The actions of the register with what became of them, the oldest first."""
    return [_fact(*one, context, context.cycle.end, judged[one[0].id]) for one in known(context)]


def _fact(action: Action, stood: Standing, context: ServiceContext, end: date, judged: Judged) -> ActionFact:
    done, cost = stood.implemented, action.cost
    kpi = action.measured
    return ActionFact(
        id=action.id,
        title=action.title,
        state=stood.state,
        owner=stood.owner,
        kpi=kpi,
        kpi_title=context.kpis[kpi].title if kpi else None,
        raised=action.begun.isoformat(),
        due=stood.due.isoformat() if stood.due else None,
        implemented=done.isoformat() if done else None,
        overdue=bool(stood.due and stood.due < end and stood.state not in DONE),
        days_open=((done or end) - action.begun).days,
        cycles_since=judged.fact.age if done else None,
        note=stood.note,
        lever=action.lever,
        driver=action.driver,
        since=stood.since.isoformat() if stood.since else None,
        stood=(end - (stood.since or action.begun)).days,
        agreed=stood.agreed.isoformat() if stood.agreed else None,
        first_due=stood.first_due.isoformat() if stood.first_due else None,
        verdict=stood.verdict,
        cost=stood.spent,
        planned=cost.once if cost else None,
        per_cycle=cost.per_cycle if cost else None,
        planned_by_now=_by_now(cost, judged.fact.age if done else 0),
        outcome=judged.fact,
        started=stood.started.isoformat() if stood.started else None,
        steps=[_step(known) for one in action.milestones if (known := one.at(end))],
        depends_on=action.depends_on,
        origin=action.evidence,
        approver=stood.approver,
        sponsor=stood.sponsor,
        consulted=action.consulted,
        informed=action.informed,
        effort_days=cost.effort_days if cost else None,
        objectives=action.objectives,
    )


def _step(step: Milestone) -> StepOfAction:
    done = step.done.isoformat() if step.done else None
    return StepOfAction(title=step.title, due=step.due.isoformat(), done=done)


def _by_now(cost: Cost | None, cycles: int) -> float | None:
    """What was planned to be spent by now of what costs once and every cycle."""
    if cost is None or cost.once is None or not cost.per_cycle or not cycles:
        return None
    return cost.once[1] + cycles * cost.per_cycle
