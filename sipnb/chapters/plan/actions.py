"""The actions of a plan: those agreed, those the records propose, and one for every missed target that nothing else is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sipnb.chapters.facts import ActionFact, CourseFact, GapClosed, GapFact, OptionFact, PlanAction
from sipnb.chapters.gap_analysis import causes_in_words
from sipnb.chapters.plan.evidence import Evidence
from sipnb.chapters.review import sentences
from sipnb.chapters.review.outcomes import LONGEST
from sipnb.register import DONE, NOT_AGREED, REFUSED
from sipnb.register.states import DELIVERED
from sipnb.show import words


def actions(evidence: Evidence) -> list[PlanAction]:
    """Agreed ones in the order in which they were raised, then what is proposed, what is not chosen of it last, then what is
    needed besides."""
    review = evidence.review.actions
    agreed = [_agreed(evidence, f"A{at}", one) for at, one in enumerate(review, start=1) if not _over(evidence, one)]
    asked = sorted((one for one in evidence.options if one.asked), key=lambda one: bool(evidence.left_out(one.id)))
    proposed = [_proposed(evidence, f"P{at}", one) for at, one in enumerate(asked, start=1)]
    ahead = [one for one in (*agreed, *proposed) if one.done is None and not one.left_out]
    unanswered = [gap for gap in evidence.missed if not any(about(one, gap.kpi) for one in ahead)]
    agreed, proposed = ([_closing(evidence, one) for one in these] for these in (agreed, proposed))
    return [*agreed, *proposed, *(_needed(evidence, f"N{at}", gap.kpi) for at, gap in enumerate(unanswered, start=1))]


def _over(evidence: Evidence, one: ActionFact) -> bool:
    """Whether nothing is to be said of an action any more: it was refused, closed in an earlier cycle, or done long ago."""
    if one.state in REFUSED:
        return True
    closed = one.state in DONE and one.state != DELIVERED
    ended = one.since or one.implemented or one.raised
    return (closed and ended < evidence.baseline.about.opens) or (one.outcome is not None and one.outcome.age > LONGEST)


def _agreed(evidence: Evidence, number: str, one: ActionFact) -> PlanAction:
    end, found = evidence.context.cycle.end, one.outcome
    return PlanAction(
        number=number, id=one.id, kind="proposed" if one.state in NOT_AGREED else "agreed", title=one.title, kpi=one.kpi,
        measure=one.kpi_title or "", owner=one.owner, state=one.state, lever=one.lever,
        moves=[*filter(None, [one.kpi]), *evidence.moved_by(one.lever)],
        begin=one.started or one.agreed or one.raised, due=one.due,
        overdue_days=(end - date.fromisoformat(one.due)).days - 1 if one.overdue and one.due else 0, done=one.implemented,
        steps=one.steps,
        cost=one.planned[1] if one.planned else None, per_cycle=one.per_cycle, spent=one.cost, effort_days=one.effort_days,
        course=_promised(evidence, one),
        promise=sentences.promise(found, evidence.context.currency) if found else "",
        verdict=found.status if found and one.implemented else None, review=found.next if found else None,
    )  # fmt: skip


def _promised(evidence: Evidence, one: ActionFact) -> CourseFact | None:
    """From what would be without an action to what it promised; None where the measure of what it touches is not known."""
    found = one.outcome
    if found is None or found.promised is None or found.kpi is None:
        return None
    low, likely, high = found.promised
    fact = evidence.baseline.measure(found.kpi)
    if found.change is not None:
        start = found.change.expected
    elif found.where or one.implemented or fact is None or fact.value is None:
        return None
    else:
        start = fact.value
    return _course(found.kpi, found.unit, start, likely, low, high, "promised")


def _course(kpi: str, unit: str, start: float, by: float, low: float, high: float, basis: str) -> CourseFact:
    """Changed by so much: a share stays one, and no time, count or sum falls below nothing."""
    most = 1.0 if unit == "share" else float("inf")
    end, *ends = (min(max(start + one, 0.0), most) for one in (by, *sorted((low, high))))
    return CourseFact(kpi=kpi, unit=unit, start=start, end=end, low=ends[0], high=ends[1], basis=basis)


def _proposed(evidence: Evidence, number: str, one: OptionFact) -> PlanAction:
    gap = evidence.meant_for(one)
    kpi = gap.kpi if gap else one.kpis[0]
    return PlanAction(
        number=number, id=one.id, kind="proposed", title=one.title, kpi=kpi, measure=evidence.context.kpis[kpi].title,
        owner=None, state="proposed", lever=one.lever, moves=[*one.kpis, *evidence.moved_by(one.lever)], weeks=one.weeks,
        cost=one.cost, effort_days=one.effort_days, course=_estimated(evidence, one), left_out=evidence.left_out(one.id),
    )  # fmt: skip


def _estimated(evidence: Evidence, one: OptionFact) -> CourseFact | None:
    """From where a measure is to where an option could take it, or to where it should be where nothing more is known."""
    effect = one.effect
    fact = evidence.baseline.measure(effect.kpi) if effect else None
    if effect is None:
        return None
    if effect.basis == "distance":
        if effect.goal is None:
            return None
        start = effect.goal + abs(effect.value) * (-1 if evidence.context.kpis[effect.kpi].good == "up" else 1)
        return CourseFact(kpi=effect.kpi, unit=effect.unit, start=start, end=effect.goal, basis="goal")
    start = effect.base if effect.base is not None else fact.value if fact else None
    if start is None or effect.low is None or effect.high is None:
        return None
    made = _course(effect.kpi, effect.unit, start, effect.value, effect.low, effect.high, "estimated")
    return made.model_copy(update={"days": effect.days if effect.base is not None else None})


def _needed(evidence: Evidence, number: str, kpi: str) -> PlanAction:
    """What is needed where a target is missed and nothing is done or proposed: somebody who looks for the cause."""
    known = evidence.context.kpis[kpi]
    by, driver = evidence.context.cycle.shift(1).last_day, evidence.cause(kpi)
    title = f"Find the cause of what is missed: {words.lower(known.title)}"
    if (declined := evidence.declined(kpi)) is not None:
        which = "costs more to reach than it brings" if declined[1] else "the budget does not reach"
        title = f"Decide about a target that {which}: {words.lower(known.title)}"
    elif driver is not None:
        title = f"Take on what is behind it: {causes_in_words.named(driver)}"
    return PlanAction(
        number=number, id=kpi, kind="needed", title=title, kpi=kpi,
        measure=known.title, owner=evidence.baseline.about.owner, state="needed", due=by.isoformat(),
    )  # fmt: skip


def _closing(evidence: Evidence, one: PlanAction) -> PlanAction:
    """The action with the part of the way to its measure's target that it is to go, by its own statement or by an estimate."""
    short = (gap for gap in evidence.gaps.gaps if gap.gap is not None and gap.gap > 0)
    gap = next((gap for gap in short if one.course and gap.kpi == one.course.kpi), None)
    by = None if gap is None or one.done is not None else _by(one, gap)
    return one if by is None else one.model_copy(update={"closes": by / gap.gap})


def _by(one: PlanAction, gap: GapFact) -> float | None:
    """How far an action is to take a target's measure the good way; None where it does not say so."""
    if one.course is None or one.course.basis == "goal" or one.course.kpi != gap.kpi:
        return None
    return (1 if gap.good == "up" else -1) * (one.course.end - one.course.start)


def closed(evidence: Evidence, found: Sequence[PlanAction]) -> list[GapClosed]:
    """What the actions that are not done yet are expected to close of each missed target's gap, were their effects to add up."""
    told = []
    for gap in evidence.missed:
        mine = [
            one
            for one in found
            if one.done is None and one.kind != "needed" and not one.left_out and about(one, gap.kpi)
        ]
        stated = [by for one in mine if (by := _by(one, gap)) is not None]
        by = sum(stated)
        told.append(
            GapClosed(
                kpi=gap.kpi, unit=gap.unit, gap=gap.gap or 0.0, closed=by, remains=max((gap.gap or 0.0) - by, 0.0),
                actions=len(stated), silent=len(mine) - len(stated),
            )
        )  # fmt: skip
    return told


def about(one: PlanAction, kpi: str) -> bool:
    """Whether an action is meant to move a measure: it says so, or its lever does."""
    return kpi in (one.kpi, *one.moves)
