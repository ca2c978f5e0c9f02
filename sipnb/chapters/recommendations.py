"""Recommendations: which levers the records speak for, with their evidence, and the verdict on the whole service."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sipnb import levers
from sipnb.catalogue import LEVERS
from sipnb.chapters import baseline, case, forecast, gaps, review, verdict
from sipnb.chapters.advice_facts import EffectFact, OptionFact, RecommendationFacts
from sipnb.chapters.subject import Subject
from sipnb.show import words
from sipnb.show.display import Card, Shown, cards, points, say, table

CHAPTER = "5_recommendations"


@dataclass(frozen=True)
class Recommendations:
    facts: RecommendationFacts


def work_out(subject: Subject) -> Recommendations:
    """Options in order of how strongly the records speak for them, the levers that were looked at and left, the verdict."""
    reviewed = subject.earlier(review.CHAPTER, review.work_out)
    measured = subject.earlier(baseline.CHAPTER, baseline.work_out)
    short = subject.earlier(gaps.CHAPTER, gaps.work_out)
    ahead = subject.earlier(forecast.CHAPTER, forecast.work_out)
    seen = levers.detect(levers.Look(subject.scope, subject.series))
    found = sorted((e for e in seen if e.found), key=lambda e: (-e.strength, e.lever.id))
    options = [_option(subject, rank, evidence) for rank, evidence in enumerate(found, start=1)]
    return Recommendations(
        RecommendationFacts(
            options=options,
            considered={e.lever.title: e.finding for e in seen if not e.found},
            verdict=verdict.reach(case.Case(subject, reviewed, measured, short, ahead, options)),
        )
    )


def _option(subject: Subject, rank: int, evidence: levers.Evidence) -> OptionFact:
    lever, price = evidence.lever, subject.workbook.levers.get(evidence.lever.id)
    effect = None
    if evidence.effect is not None:
        known = subject.kpis[evidence.effect.kpi]
        effect = EffectFact(
            kpi=known.id, title=known.title, unit=known.unit, value=evidence.effect.value,
            low=evidence.effect.low, high=evidence.effect.high,
        )  # fmt: skip
    return OptionFact(
        rank=rank, lever=lever.id, title=lever.title, action=lever.action, kind=lever.kind,
        moves=[subject.kpis[k].title for k in lever.moves], finding=evidence.finding, why=evidence.why,
        evidence=evidence.sentences,
        numbers=dict(evidence.numbers), effect=effect, cost=price.cost if price else None,
        effort_days=price.effort_days if price else None, weeks=price.weeks if price else None,
        strength=evidence.strength,
    )  # fmt: skip


def options(facts: RecommendationFacts, currency: str) -> Shown:
    """The options as cards, the one the records speak for most first; effects on one measure share their scale."""
    if not facts.options:
        return say("The records speak for none of the levers in this cycle. That is a finding, not a gap in the plan.")
    most: dict[str, float] = {}
    for o in facts.options:
        if o.effect:
            most[o.effect.kpi] = max(most.get(o.effect.kpi, 0.0), abs(o.effect.low), abs(o.effect.high))
    return cards([_card(o, most, currency) for o in facts.options])


def _card(option: OptionFact, most: dict[str, float], currency: str) -> Card:
    e, extent = option.effect, None
    if e and most[e.kpi]:
        extent = tuple(abs(v) / most[e.kpi] for v in sorted((e.low, e.value, e.high), key=abs))
    moves = e.title if e else ", ".join(option.moves)
    return Card(
        id=f"option-{option.lever}", title=f"{option.rank}. {option.title}", lead=f"{option.finding}.",
        facts=[
            (
                f"At most, on {words.lower(moves)}",
                words.effect(e.value, e.low, e.high, e.unit, currency) if e else "not estimated",
            ),
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
    seen_when = {lever.title: lever.seen_when for lever in LEVERS.values()}
    frame = pd.DataFrame(
        {
            "Lever": list(facts.considered),
            "Proposed when": [seen_when[title] for title in facts.considered],
            "What the records say": list(facts.considered.values()),
        }
    )
    return table(frame, "Levers that the records do not speak for")
