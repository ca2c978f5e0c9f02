"""Users, and those of them who did not answer; costs, by where the money goes."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sipnb import kpis
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import About, PartFact, SilenceFact
from sipnb.kpis import people
from sipnb.show import words
from sipnb.show.display import Shown, say, table


def silence(context: ServiceContext) -> SilenceFact | None:
    """What the share of satisfied users would be had the silent all been of one mind."""
    if not context.records.has("surveys"):
        return None
    bounds = people.silence(context.scope)
    if bounds is None:
        return None
    rate = kpis.measure("response_rate", context.scope)
    return SilenceFact(invited=int(rate.denominator), answered=int(rate.numerator), low=bounds.low, high=bounds.high)


def costs(context: ServiceContext) -> list[PartFact]:
    """Costs of the cycle by category."""
    if not context.records.has("costs"):
        return []
    found = people.spent_by_category(context.scope)
    return [PartFact(name=r.category, amount=r.amount, share=r.share) for r in found.itertuples(index=False)]


def silence_words(s: SilenceFact | None) -> Shown:
    """What the silent could change."""
    if s is None:
        return say("It is not recorded how many were asked: those who did not answer may think otherwise.")
    return say(
        f"{s.answered:,} of {s.invited:,} invited users answered. Had all the others been dissatisfied, "
        f"**{words.number(s.low, 'share')}** would be satisfied; had all been satisfied, **{words.number(s.high, 'share')}**. "
        "The interval above only holds for those who answer."
    )


def costs_table(costs: Sequence[PartFact], about: About) -> Shown:
    """Where the money goes."""
    if not costs:
        return say(f"No data on costs in {about.cycle_label}.")
    currency = about.currency
    frame = pd.DataFrame(
        {
            "Category": [p.name for p in costs],
            "Cost": [words.number(p.amount, "money", currency) for p in costs],
            "Share": [words.number(p.share, "share") for p in costs],
        }
    )
    return table(frame, f"Costs of {about.cycle_label} by category", numeric=("Cost", "Share"))
