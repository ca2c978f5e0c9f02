"""Gaps in four readings: how large, what the process can do about it, how it has gone, and how certain it is."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import BaselineFacts, GapFact, KpiFact, LostFact, ReadingFact
from sipnb.chapters.gap_analysis.lost import beyond
from sipnb.chapters.gap_analysis.ranking import certain
from sipnb.show import words
from sipnb.show.display import Shown, say, table

_COURSES = {"concern": "worse than before", "improvement": "better than before", "common": "as before"}


def readings(
    context: ServiceContext, gaps: Sequence[GapFact], baseline: BaselineFacts, lost: LostFact | None, year: int = 12
) -> list[ReadingFact]:
    """Every missed target in four readings; `year` is how many of the latest cycles are looked at for its course."""
    return [_reading(context, g, baseline.measure(g.kpi), lost, year) for g in gaps if g.gap is not None and g.gap > 0]


def _reading(
    context: ServiceContext, gap: GapFact, fact: KpiFact | None, lost: LostFact | None, year: int
) -> ReadingFact:
    values = context.series(gap.kpi)["value"].dropna().tail(year)
    missed = values < gap.target if gap.good == "up" else values > gap.target
    hours, rate = beyond(gap, lost), context.workbook.settings.value.user_hour
    return ReadingFact(
        kpi=gap.kpi, title=gap.title, unit=gap.unit, gap=gap.gap, hours=hours,
        money=None if hours is None or rate is None else hours * rate[1], reach=_reach(gap, fact), missed=int(missed.sum()),
        of=len(values), course=fact.course if fact and fact.sure else "common", certainty=certain(gap),
    )  # fmt: skip


def _reach(gap: GapFact, fact: KpiFact | None) -> float | None:
    """By how much the level would have to change to reach the target in nearly every cycle; None where it lies within reach."""
    if fact is None or fact.assurance != "consistently fails" or fact.mean is None:
        return None
    bad = fact.lower_limit if gap.good == "up" else fact.upper_limit
    return None if bad is None else abs(gap.target - bad)


def shown(found: Sequence[ReadingFact], currency: str) -> Shown:
    """The gaps, a row a missed target."""
    if not found:
        return say("")
    money = any(one.money is not None for one in found)
    frame = pd.DataFrame(
        {
            "Gap": [one.title for one in found],
            "Beyond the target": [_size(one, currency) for one in found],
            "Users’ hours": ["not told" if one.hours is None else words.rough(one.hours) if one.hours else "0" for one in found],
            "Worth": [words.prose(one.money, "money", currency) if one.money is not None else "–" for one in found],
            "What the process can do": [_reached(one, currency) for one in found],
            "Course": [f"missed in {one.missed} of {one.of}; {_COURSES[one.course]}" for one in found],
            "Level beyond the target": [words.probability(one.certainty) for one in found],
        }
    )  # fmt: skip
    frame = frame if money else frame.drop(columns="Worth")
    numeric = [c for c in ("Beyond the target", "Users’ hours", "Worth", "Level beyond the target") if c in frame]
    return table(
        frame, "Missed targets: how large, whether within reach, how they have gone, and how certain", numeric=numeric
    )


def _size(one: ReadingFact, currency: str) -> str:
    return words.number(one.gap, "points" if one.unit == "share" else one.unit, currency)


def _reached(one: ReadingFact, currency: str) -> str:
    if one.reach is None:
        return "hit or missed by chance"
    by = words.number(one.reach, "points" if one.unit == "share" else one.unit, currency)
    return f"out of reach: the level has to move by {by}"
