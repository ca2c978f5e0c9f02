"""What is asked of whom: proposals, actions that are overdue or lack an owner or a date, and missed targets nobody works on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from sipnb.chapters.facts import ActionFact, DecisionFact, OptionFact, PlanAction
from sipnb.chapters.gap_analysis import causes_in_words
from sipnb.chapters.plan.evidence import Evidence
from sipnb.chapters.recommendations import effects
from sipnb.register.states import PROPOSED
from sipnb.show import words

#: So many actions that lack the same are named one by one; more are asked about together.
APART = 3


def decisions(evidence: Evidence, actions: Sequence[PlanAction], most: int = 3) -> list[DecisionFact]:
    """What is asked: at most so many proposals, the first of those that are chosen, and everything that the register lacks."""
    due = (evidence.context.cycle.end + timedelta(days=evidence.context.workbook.settings.decide_within)).isoformat()
    numbers, late = {one.id: one.number for one in actions}, {one.id: one.overdue_days for one in actions}
    wanted = [one for one in evidence.options if one.asked and not evidence.left_out(one.id)][:most]
    found = [_option(evidence, one, due) for one in wanted]
    found += [_late(evidence, one, late[one.id], due) for one in evidence.review.actions if one.overdue]
    found += [_entered(evidence, one, due) for one in evidence.review.actions if one.state == PROPOSED]
    found += [_cause(evidence, one, due) for one in actions if one.kind == "needed"]
    found += [*_lacking(evidence, actions, due)]
    return [one.model_copy(update={"number": numbers.get(one.id, ""), "why": words.upper(one.why)}) for one in found]


def _option(evidence: Evidence, option: OptionFact, due: str) -> DecisionFact:
    currency, effect, gap = evidence.context.currency, option.effect, evidence.meant_for(option)
    about = gap.kpi if gap else option.kpis[0]
    return DecisionFact(
        id=option.id, kind="option", title=option.title, owner=evidence.baseline.about.owner, due=due,
        effect=effects.told(effect, evidence.noun(effect.kpi) if effect else "", currency),
        cost="cost not stated" if option.cost is None else f"{words.prose(option.cost, 'money', currency)} once",
        why=_found(option), otherwise=_otherwise(evidence, about),
    )  # fmt: skip


def _otherwise(evidence: Evidence, kpi: str) -> str:
    """What happens where nothing is decided."""
    step = evidence.risk(kpi)
    if step is None:
        return ""
    missed = words.likelihood(step.miss or 0.0, "miss")
    return f"without it {words.bare(step.label)} {missed} the target for {evidence.noun(kpi)}"


def _late(evidence: Evidence, action: ActionFact, days: int, due: str) -> DecisionFact:
    title = f"“{action.title}” is {words.plural(days, 'day')} overdue: new date, or cancel?"
    return _of_register(evidence, action, due, kind="action", title=title, why=_due(evidence, action))


def _entered(evidence: Evidence, action: ActionFact, due: str) -> DecisionFact:
    """An action that somebody has entered into the register, and nobody has accepted or rejected."""
    title, why = f"Accept or reject “{action.title}”", f"it was entered on {words.day(action.raised)}"
    return _of_register(evidence, action, due, kind="register", title=title, why=why)


def _of_register(evidence: Evidence, action: ActionFact, due: str, **told: str) -> DecisionFact:
    """A decision on an action of the register: what it is meant for and what it is to cost, as far as that stands there."""
    likely = action.planned[1] if action.planned else None
    return DecisionFact(
        id=action.id, owner=action.owner or evidence.baseline.about.owner, due=due,
        effect=f"meant to move {evidence.noun(action.kpi)}" if action.kpi else "no measure is named that it should move",
        cost="no cost in the register" if likely is None
        else f"planned {words.prose(likely, 'money', evidence.context.currency)}",
        otherwise=_otherwise(evidence, action.kpi or ""), **told,
    )  # fmt: skip


def _found(option: OptionFact) -> str:
    """What was found, and what the register says of the same lever: nobody is asked twice without being told."""
    return f"{option.finding}; {option.registered}" if option.registered else option.finding


def _due(evidence: Evidence, action: ActionFact) -> str:
    """When it was due, and whether the records still speak for it."""
    told, against = f"it was due on {words.day(action.due)}", effects.unsupported(action, evidence.left)
    return f"{told}; the records do not speak for it now ({against})" if against else told


def _cause(evidence: Evidence, one: PlanAction, due: str) -> DecisionFact:
    """A missed target that nothing is about: somebody has to look for the cause."""
    gap = next(gap for gap in evidence.missed if gap.kpi == one.kpi)
    driver = evidence.cause(gap.kpi)
    title, why = f"Who finds out why {evidence.noun(gap.kpi)} misses its target?", "the records speak for none"
    if (declined := evidence.declined(gap.kpi)) is not None:
        dear = declined[0]
        title = (
            f"Accept that {evidence.noun(gap.kpi)} misses its target, agree another one, or pay for it all the same?"
        )
        why = f"“{dear.title}” {dear.why_not or f'is not chosen ({evidence.left_out(dear.id)})'}"
    elif driver is not None:
        title = f"Who takes on what is behind a missed target: {causes_in_words.named(driver)}?"
        why = f"they account for {words.prose(driver.share, 'share')} of what goes wrong"
    return DecisionFact(
        id=one.id, kind="cause", title=title, owner=one.owner or "",
        due=due, effect=f"{evidence.against(gap)}{evidence.in_a_row(gap.kpi, ', ')}",
        cost="not known", why=f"no action is about it, and {why}", otherwise=_otherwise(evidence, gap.kpi),
    )  # fmt: skip


def _lacking(evidence: Evidence, actions: Sequence[PlanAction], due: str) -> Iterator[DecisionFact]:
    """Agreed actions that nobody owns, or that have no date."""
    owner, open_ones = evidence.baseline.about.owner, [one for one in actions if one.open]
    for what, lacking in (
        ("an owner", [one for one in open_ones if one.owner is None]),
        ("a date", [one for one in open_ones if one.due is None]),
    ):
        groups = [[one] for one in lacking] if len(lacking) <= APART else [lacking]
        for group in groups:
            named = f"“{group[0].title}”" if len(group) == 1 else f"{len(group)} agreed actions"
            yield DecisionFact(
                id=group[0].id, also=[one.id for one in group[1:]], kind="register", title=f"Give {named} {what}",
                owner=owner, due=due, effect="without one it is not a plan", cost="none",
                why=f"the register names {'none' if what == 'a date' else 'nobody'}",
            )  # fmt: skip
