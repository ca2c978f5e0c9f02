"""Recommendations: which levers the records speak for, with their evidence, and the verdict on the whole service."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sipnb import levers
from sipnb.chapters import baseline, case, effects, forecast, gaps, lever_words, review, verdict
from sipnb.chapters.advice_facts import EffectFact, OptionFact, RecommendationFacts
from sipnb.chapters.facts import ReviewFacts
from sipnb.chapters.subject import Subject
from sipnb.show import words
from sipnb.show.display import Card, Shown, cards, points, say, table, together

CHAPTER = "5_recommendations"


@dataclass(frozen=True)
class Recommendations:
    facts: RecommendationFacts


def work_out(subject: Subject) -> Recommendations:
    """Options in order of how far they are from what is allowed, the levers that were looked at and left, the verdict."""
    reviewed = subject.earlier(review.CHAPTER, review.work_out)
    measured = subject.earlier(baseline.CHAPTER, baseline.work_out)
    short = subject.earlier(gaps.CHAPTER, gaps.work_out)
    ahead = subject.earlier(forecast.CHAPTER, forecast.work_out)
    seen = levers.detect(levers.Look(subject.scope, subject.workbook.effective_levers))
    findings = {e.lever.id: lever_words.told(e).finding for e in seen if not e.found}
    options = [_option(subject, rank, evidence, reviewed) for rank, evidence in enumerate(ranked(seen), start=1)]
    left = {e.lever.id: findings[e.lever.id] for e in seen if e.judged and not e.found}
    return Recommendations(
        RecommendationFacts(
            options=options,
            considered={e.lever.title: findings[e.lever.id] for e in seen if not e.found},
            proposed_when={e.lever.title: lever_words.seen_when(e.lever) for e in seen if not e.found},
            verdict=verdict.reach(case.Case(subject, reviewed, measured, short, ahead, options, left)),
            order=effects.order(options),
            seen={e.lever.id: dict(e.numbers) for e in seen if not e.found and e.numbers},
            unjudged=[e.lever.id for e in seen if not e.judged],
        )
    )


def ranked(seen: list[levers.Evidence]) -> list[levers.Evidence]:
    """What is proposed: agreed targets first, and the more times what is allowed was measured, the earlier."""
    return sorted((e for e in seen if e.found), key=lambda e: (not e.agreed, -e.times, e.lever.id))


def _option(subject: Subject, rank: int, evidence: levers.Evidence, reviewed: ReviewFacts) -> OptionFact:
    lever, price = evidence.lever, subject.workbook.levers.get(evidence.lever.id)
    told = lever_words.told(evidence)
    effect = None
    if evidence.effect is not None:
        known = subject.kpis[evidence.effect.kpi]
        effect = EffectFact(
            kpi=known.id, title=known.title, unit=known.unit, value=evidence.effect.value,
            low=evidence.effect.low, high=evidence.effect.high, basis=evidence.effect.basis,
            reference=evidence.effect.reference, goal=evidence.effect.goal,
        )  # fmt: skip
    return OptionFact(
        rank=rank, lever=lever.id, title=lever.title, action=lever.action, kind=lever.kind,
        moves=[subject.kpis[k].title for k in lever.moves], finding=told.finding, why=told.why,
        evidence=list(told.sentences), numbers=dict(evidence.numbers), effect=effect, cost=price.cost if price else None,
        effort_days=price.effort_days if price else None, weeks=price.weeks if price else None,
        times=evidence.times, agreed=evidence.agreed, against=told.against,
        registered=effects.in_register(lever.id, reviewed.actions),
    )  # fmt: skip


def options(facts: RecommendationFacts, currency: str) -> Shown:
    """The options as cards, the one furthest from what is allowed first; estimated effects on one measure share their scale."""
    if not facts.options:
        return say("The records speak for none of the levers in this cycle. That is a finding, not a gap in the plan.")
    most: dict[str, float] = {}
    for e in (o.effect for o in facts.options):
        if e and e.basis == "effect":
            most[e.kpi] = max(most.get(e.kpi, 0.0), abs(e.low), abs(e.high))
    shown = cards([_card(o, most, currency) for o in facts.options])
    return together(say(facts.order), shown) if facts.order else shown


def _card(option: OptionFact, most: dict[str, float], currency: str) -> Card:
    e, extent = option.effect, None
    if e and most.get(e.kpi):
        extent = tuple(abs(v) / most[e.kpi] for v in sorted((e.low, e.value, e.high), key=abs))
    register = [("Register", words.upper(option.registered))] if option.registered else []
    return Card(
        id=f"option-{option.lever}", title=f"{option.rank}. {option.title}", lead=f"{option.finding}.",
        facts=[
            effects.on_card(e, option.moves, currency),
            ("Measured", effects.place(option)),
            *register,
            ("Cost", f"{words.number(option.cost, 'money', currency)} once" if option.cost is not None else "not stated"),
            ("Shows after", words.plural(option.weeks, "week") if option.weeks else "not stated"),
            ("What to do", option.action),
        ],
        extent=extent,
    )  # fmt: skip


def evidence(facts: RecommendationFacts) -> Shown:
    """What each option rests on."""
    lines = [f"**{o.title}.** {' '.join(o.evidence)}" for o in facts.options]
    return points(lines, ordered=True) if lines else say("None.")


def left(facts: RecommendationFacts) -> Shown:
    """The levers that were looked at and not proposed, with the reason."""
    if not facts.considered:
        return say("Every lever is proposed.")
    frame = pd.DataFrame(
        {
            "Lever": list(facts.considered),
            "Proposed when": [facts.proposed_when.get(title, "not stated") for title in facts.considered],
            "What the records say": list(facts.considered.values()),
        }
    )
    return table(frame, "Levers that are not proposed, with the reason")
