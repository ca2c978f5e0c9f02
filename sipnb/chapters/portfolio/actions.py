"""The agenda of the portfolio: every action of every plan, agreed or proposed, with what it costs, and the totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sipnb import cycles
from sipnb.catalogue import KPIS
from sipnb.chapters.context import PortfolioContext
from sipnb.chapters.facts import (
    ActionFact,
    ActionOfPlan,
    DecisionFact,
    OptionFact,
    PlanAction,
    PlanFacts,
    RecommendationFacts,
    ReviewFacts,
    TotalsFact,
)
from sipnb.chapters.portfolio.ranking import Chapters
from sipnb.chapters.recommendations import effects
from sipnb.chapters.review import sentences
from sipnb.register import DONE, NOT_AGREED
from sipnb.show import words


def actions(context: PortfolioContext, chapters: Mapping[str, Chapters]) -> list[ActionOfPlan]:
    """The actions of all plans, in the order in which the services are given."""
    services = context.workbook.services
    return [
        action
        for name, one in chapters.items()
        for action in of_plan(name, services[name].owner, one.review, one.advice, one.plan, context.currency)
    ]


def of_plan(
    service: str, owner: str, reviewed: ReviewFacts, advice: RecommendationFacts, plan: PlanFacts, currency: str
) -> list[ActionOfPlan]:
    """The actions of one plan: those of its register in the order of their dates, then what it proposes."""
    asked = {d.id: d for d in plan.verdict.decisions if d.kind == "option"}
    agreed = [_agreed(service, owner, one, advice.spoken_against) for one in reviewed.actions]
    agreed.sort(key=lambda one: (not one.open, one.due or "9999", one.id))
    proposed = [_proposed(service, owner, one, asked.get(one.id), currency) for one in advice.recommended]
    listed = {one.id: one for one in plan.actions}
    return [_as_planned(one, listed.get(one.id)) for one in (*agreed, *proposed)]


def _as_planned(one: ActionOfPlan, planned: PlanAction | None) -> ActionOfPlan:
    """An action with what its plan says of it, where that lists it still."""
    if planned is None:
        return one
    return one.model_copy(
        update={
            "number": planned.number, "begin": planned.begin, "effort_days": planned.effort_days, "closes": planned.closes,
            "steps": planned.steps, "left_out": planned.left_out,
            # A verdict comes with the plan of a cycle, which is made when that is over.
            "judged_on": cycles.parse(planned.review, "UTC").end.isoformat() if planned.review else None,
        }
    )  # fmt: skip


def totals(found: Sequence[ActionOfPlan]) -> TotalsFact:
    """The numbers and the money of all actions. Money without a stated cost is counted apart, never as nothing."""
    proposed = [one for one in found if one.kind == "proposed"]
    agreed = [one for one in found if one.kind == "agreed" and one.state not in NOT_AGREED]
    priced = [one.money for one in proposed if one.money is not None]
    return TotalsFact(
        agreed=len(agreed), open=sum(one.open for one in agreed), overdue=sum(one.overdue for one in agreed),
        proposed=len(proposed), priced=len(priced), money=sum(priced),
    )  # fmt: skip


def _agreed(service: str, owner: str, one: ActionFact, left: dict[str, str]) -> ActionOfPlan:
    against = effects.unsupported(one, left)
    return ActionOfPlan(
        service=service, id=one.id, kind="agreed", title=one.title, owner=one.owner or owner, state=one.state,
        open=one.state not in DONE, due=one.due, overdue=one.overdue,
        effect=f"meant for: {one.kpi_title}" if one.kpi_title else "", money=one.planned[1] if one.planned else None,
        standing=f"the records do not speak for it now: {against}" if against else _worked(one),
        done=one.implemented, spent=one.cost, effort_days=one.effort_days, per_cycle=one.per_cycle,
        judged=one.outcome is not None and one.outcome.reached,
    )  # fmt: skip


def _worked(one: ActionFact) -> str:
    """What is said of an action that is done: whether it worked."""
    return sentences.IN_TABLE[one.outcome.status] if one.implemented and one.outcome else ""


def _proposed(service: str, owner: str, one: OptionFact, asked: DecisionFact | None, currency: str) -> ActionOfPlan:
    return ActionOfPlan(
        service=service, id=one.id, kind="proposed", title=one.title, owner=owner, state="proposed", open=True,
        due=None, decide=asked.due if asked else None, overdue=False,
        effect=asked.effect if asked and asked.effect else _effect(one, currency), money=one.cost, standing=one.registered,
    )  # fmt: skip


def _effect(one: OptionFact, currency: str) -> str:
    known = KPIS.get(one.effect.kpi) if one.effect else None
    noun = known.noun if known else f"“{one.effect.title}”" if one.effect else ""
    return effects.told(one.effect, noun, currency)


def sentence(one: TotalsFact, currency: str) -> str:
    """What the actions come to, in words."""
    if not one.agreed and not one.proposed:
        return "No plan has an action, and none proposes one."
    text = f"{words.plural(one.agreed, 'action')} agreed"
    if one.agreed:
        late = f"{one.overdue:,} overdue" if one.overdue else "none overdue"
        text += f" ({one.open:,} still open, {late})"
    text += f"; {words.plural(one.proposed, 'proposal')}"
    if one.proposed:
        money = f"{words.number(one.money, 'money', currency)} once"
        unpriced = one.proposed - one.priced
        together = " together" if one.priced > 1 else ""
        has = "has no stated cost" if unpriced == 1 else "have no stated cost"
        if not one.priced:
            text += " without a stated cost"
        elif unpriced:
            text += f", of which {one.priced:,} {'costs' if one.priced == 1 else 'cost'} {money}{together} and {unpriced:,} {has}"
        else:
            text += f" at {money}{together}"
    return text + "."


def urgent(actions: Sequence[ActionOfPlan]) -> list[ActionOfPlan]:
    """What is overdue first, then what is open, then what is done; within that in the order of the services."""
    return sorted(actions, key=lambda one: (not one.overdue, not one.open))
