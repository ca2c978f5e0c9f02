"""The services of an organisation in order of need, and the estate in one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sipnb.chapters import results
from sipnb.chapters.context import PortfolioContext
from sipnb.chapters.facts import (
    BaselineFacts,
    ForecastFacts,
    GapFacts,
    HealthFact,
    PlanFact,
    PlanFacts,
    RecommendationFacts,
    ReviewFacts,
    SinceFact,
)
from sipnb.places import CHAPTERS
from sipnb.show import words
from sipnb.workbook import Service

RULE = (
    "Services without a plan come first, because nobody knows how they are. Then: 3 points for each target that is "
    "certainly missed, weighted by its objectives (a third of their weight), 1 for each that cannot be told, 2 for each "
    "measure that got worse, and 2 times the largest chance of missing a target next time. Equal points by name."
)


#: Sign and words of services without a plan in this cycle.
STATUS = {"failed": ("✕", "Failed"), "errored": ("✕", "Could not be run"), "skipped": ("–", "Not planned yet")}


@dataclass(frozen=True)
class Chapters:
    """What the chapters of one service handed over."""

    review: ReviewFacts
    baseline: BaselineFacts
    gaps: GapFacts
    forecast: ForecastFacts
    advice: RecommendationFacts
    plan: PlanFacts


def handed_over(context: PortfolioContext) -> dict[str, Chapters]:
    """What the chapters of every service that has a plan handed over, services in the order of the workbook.

    In a run the statuses say what happened; by hand there are none. Somebody who opened one chapter only has made no plan.
    Raises ResultError.
    """
    states = _states(context)
    planned = {
        name: source
        for name in context.workbook.services
        if all((source := context.source(name)).result(name, chapter).is_file() for chapter in CHAPTERS)
        and not _trouble(states.get(name, {}))
    }
    return {
        name: Chapters(*(results.read(source, name, chapter) for chapter in CHAPTERS))
        for name, source in planned.items()
    }


def plans(context: PortfolioContext, chapters: Mapping[str, Chapters]) -> list[PlanFact]:
    """Every service in order of need. A service without a plan is a row too, with the reason."""
    states = _states(context)
    found = [
        _plan(known, states.get(name, {}), chapters.get(name)) for name, known in context.workbook.services.items()
    ]
    return sorted(found, key=lambda p: (-p.need, p.name, p.service))


def _states(context: PortfolioContext) -> dict[str, dict[str, Any]]:
    return results.statuses(context.folder) or results.statuses(context.published or context.folder)


def _trouble(state: Mapping[str, Any]) -> bool:
    return state.get("status") in ("failed", "errored")


def _plan(known: Service, state: Mapping[str, Any], made: Chapters | None) -> PlanFact:
    shared = {"service": known.id, "name": known.name, "owner": known.owner, "tier": known.tier}
    if made is None:
        trouble = _trouble(state)
        reason = state["reason"] if trouble else "not planned yet"
        return PlanFact(
            **shared, status=state["status"] if trouble else "skipped", reason=reason, need=1000.0 if trouble else 999.0,
            tone="common", sentence="No plan yet.", fails=0, inconclusive=0, meets=0, miss=None,
            worse=[], better=[], options=[],
        )  # fmt: skip
    gaps, verdict = made.gaps, made.plan.verdict
    # Further measures restate the core ones (tail, mean): counted too, they would weigh one trouble many times.
    claimed = [k for k in made.baseline.measures if k.sure and k.core]
    worse = [k.short or k.title for k in claimed if k.variation == "concern"]
    misses = [f.steps[0].miss for f in made.forecast.forecasts if f.steps[0].miss is not None]
    need = sum(3 * max(g.weight, 1) / 3 for g in gaps.gaps if g.status == "fails")
    need += gaps.inconclusive + 2 * len(worse) + 2 * max(misses, default=0.0)
    return PlanFact(
        **shared, status="published", reason="", need=round(need, 3), tone=verdict.tone,
        sentence=verdict.sentence, fails=gaps.fails, inconclusive=gaps.inconclusive, meets=gaps.meets,
        miss=max(misses, default=None), worse=worse,
        better=[k.short or k.title for k in claimed if k.variation == "improvement"],
        options=[o.title for o in made.advice.recommended], decisions=verdict.decisions, approval=made.plan.approval,
        kpi=verdict.kpi, stale=state.get("stale", []),
    )  # fmt: skip


def health(plans: Sequence[PlanFact]) -> HealthFact:
    """How the run fared: services by what became of them, and the plans that are out of date."""
    by_status = Counter(p.status for p in plans)
    return HealthFact(
        published=by_status["published"], failed=by_status["failed"], errored=by_status["errored"],
        skipped=by_status["skipped"], stale=sum(bool(p.stale) for p in plans),
    )  # fmt: skip


def counted(plans: Sequence[PlanFact]) -> str:
    """How many services there are, and in what state: `4 services: 3 published, 1 failed`."""
    states = Counter(p.status for p in plans)
    named = {"published": "published", **{status: words.lower(text) for status, (_, text) in STATUS.items()}}
    parts = ", ".join(f"{states[state]:,} {text}" for state, text in named.items() if states[state])
    return f"{words.plural(len(plans), 'service')}: {parts}" if parts else "No services"


def tone(plans: Sequence[PlanFact]) -> str:
    """The tone of the estate: a certain miss is a concern; good news is that every target that is judged is met."""
    made = [p for p in plans if p.status == "published"]
    if any(p.fails for p in made):
        return "concern"
    met = any(p.meets for p in made) and not any(p.inconclusive for p in made) and len(made) == len(plans)
    return "improvement" if met else "common"


def sentence(plans: Sequence[PlanFact], changes: SinceFact) -> str:
    """The estate in a sentence: who misses targets, compared with the cycle before, and where to look first."""
    made = [p for p in plans if p.status == "published"]
    failing = [p for p in made if p.fails]
    without = len(plans) - len(made)
    if not plans:
        return "No service is listed."
    if not made:
        who = "The one service has no" if len(plans) == 1 else f"None of {len(plans):,} services has a"
        return f"{who} plan yet."
    compared = _compared(len(failing), changes)
    if failing:
        verb = "misses" if len(failing) == 1 else "miss"
        text = (
            f"{len(failing):,} of {words.plural(len(made), 'service')} certainly {verb} at least one target{compared}. "
        )
        # Names hold commas and "and": only a sign that they lack keeps them apart.
        text += f"Attention first: {'; '.join(words.clipped(p.name, 40) for p in failing[:2])}."
    else:
        unclear = sum(p.inconclusive > 0 for p in made)
        text = f"No service certainly misses a target{compared}; " + (
            f"for {unclear:,} of {len(made):,} the figures cannot tell."
            if unclear
            else "every target that can be judged is met."
        )
    return text + (f" {words.plural(without, 'service has', 'services have')} no plan." if without else "")


def _compared(failing: int, changes: SinceFact) -> str:
    """How that compares with the cycle before."""
    if changes.failing is None:
        return ""
    more = failing - changes.failing
    if not more:
        return f", as in {changes.label}" if not failing else f", as many as in {changes.label}"
    return f", {abs(more):,} {'more' if more > 0 else 'fewer'} than in {changes.label}"
