"""Users, changes, problems and money."""

from __future__ import annotations

import pandas as pd

from sipnb import kpis
from sipnb.chapters.baseline import work
from sipnb.chapters.facts import BaselineFacts, PartFact, SilenceFact
from sipnb.chapters.subject import Subject
from sipnb.kpis import people
from sipnb.show import words
from sipnb.show.display import Shown, say, table


def silence(subject: Subject) -> SilenceFact | None:
    """What the share of satisfied users would be had the silent all been of one mind."""
    if not subject.records.has("surveys"):
        return None
    bounds = people.silence(subject.scope)
    if bounds is None:
        return None
    rate = kpis.measure("response_rate", subject.scope)
    return SilenceFact(invited=int(rate.denominator), answered=int(rate.numerator), low=bounds.low, high=bounds.high)


def costs(subject: Subject) -> list[PartFact]:
    """Costs of the cycle by category."""
    if not subject.records.has("costs"):
        return []
    found = people.spent_by_category(subject.scope)
    return [PartFact(name=r.category, amount=r.amount, share=r.share) for r in found.itertuples(index=False)]


def changes_table(facts: BaselineFacts) -> Shown:
    """Changes and what they cause."""
    return work.some(facts, ("change_failure_rate", "emergency_changes", "incidents_after_changes"), "Changes")


def problems_table(facts: BaselineFacts) -> Shown:
    """Problems, and what comes back."""
    return work.some(facts, ("open_problems", "problem_age", "known_problem_share", "recurrence"), "Problems")


def satisfaction_table(facts: BaselineFacts) -> Shown:
    """What users say, and how many of them."""
    return work.some(facts, ("csat_top2", "csat_mean", "response_rate"), "Satisfaction")


def silence_words(facts: BaselineFacts) -> Shown:
    """What the silent could change."""
    s = facts.silence
    if s is None:
        return say("It is not recorded how many were asked: those who did not answer may think otherwise.")
    return say(
        f"{s.answered:,} of {s.invited:,} invited users answered. Had all the others been dissatisfied, "
        f"**{words.number(s.low, 'share')}** would be satisfied; had all been satisfied, **{words.number(s.high, 'share')}**. "
        "The interval above only holds for those who answer."
    )


def money_table(facts: BaselineFacts) -> Shown:
    """What a ticket and the service cost."""
    return work.some(facts, ("cost_per_ticket", "service_cost", "volume_per_user"), "Money")


def costs_table(facts: BaselineFacts) -> Shown:
    """Where the money goes."""
    if not facts.costs:
        return say("No data on costs in this cycle.")
    currency = facts.about.currency
    frame = pd.DataFrame(
        {
            "Category": [p.name for p in facts.costs],
            "Cost": [words.number(p.amount, "money", currency) for p in facts.costs],
            "Share": [words.number(p.share, "share") for p in facts.costs],
        }
    )
    return table(frame, f"Costs of {facts.about.cycle_label} by category", numeric=("Cost", "Share"))
