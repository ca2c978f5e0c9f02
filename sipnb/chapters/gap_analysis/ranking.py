"""The order of gaps: by the weight of their objective, the hours users lose beyond the target, and how certain they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import GapFact, LostFact, RankedFact, WhyFact
from sipnb.chapters.gap_analysis import causes_in_words as say_cause
from sipnb.chapters.gap_analysis import lost as lost_hours
from sipnb.params import Objective
from sipnb.show import words
from sipnb.show.display import Shown, say, table

#: Where no interval tells how certain a gap is.
UNKNOWN = 0.5
#: So many drivers stand beside a gap.
DRIVERS = 3


def ranked(
    context: ServiceContext, gaps: Sequence[GapFact], lost: LostFact | None, why: Sequence[WhyFact],
    draws: int = 2_000, within: float = 0.5, first: int = 3,
) -> list[RankedFact]:  # fmt: skip
    """The missed targets in the order of weight x hours x certainty; those of which no hours can be told after all others.

    `top` says how often each is among the `first` when every objective's weight is drawn up to `within` more or less.
    """
    drivers = {w.kpi: [d.id for d in w.drivers[:DRIVERS]] for w in why}
    found = [
        RankedFact(
            kpi=g.kpi, title=g.title, status=g.status, weight=g.weight or 1.0,
            hours=lost_hours.beyond(g, lost), certainty=certain(g),
            score=(g.weight or 1.0) * (lost_hours.beyond(g, lost) or 0.0) * certain(g), drivers=drivers.get(g.kpi, []),
        )
        for g in gaps
        if g.gap is not None and g.gap > 0
    ]  # fmt: skip
    found.sort(key=order)
    if len(found) <= first:
        return found
    tops = (places(context.workbook.objectives, found, draws, within) < first).mean(axis=0)
    return [one.model_copy(update={"top": float(top)}) for one, top in zip(found, tops, strict=True)]


def order(one: RankedFact) -> tuple:
    """The key by which gaps are sorted: the largest score first, those without hours after all others."""
    return (one.hours is None, -one.score, -one.weight * one.certainty, one.kpi)


def certain(gap: GapFact) -> float:
    """How likely the level lies beyond the target, by its interval."""
    if gap.low is None or gap.high is None or gap.value is None or gap.high <= gap.low:
        return 1.0 if gap.status == "fails" else UNKNOWN
    spread = (gap.high - gap.low) / (2 * stats.norm.ppf(0.975))
    away = gap.target - gap.value if gap.good == "up" else gap.value - gap.target
    return float(stats.norm.cdf(away / spread))


def places(objectives: Sequence[Objective], gaps: Sequence[RankedFact], draws: int, within: float) -> np.ndarray:
    """The place of each gap (from 0), a row a draw of the weights: evenly up to `within` more or less, the same draws every time.

    A gap has the largest weight among its objectives.
    """
    factor = np.random.default_rng(19).uniform(1 - within, 1 + within, (draws, len(objectives)))
    drawn = factor * [one.weight for one in objectives]
    by_kpi = {kpi: [n for n, one in enumerate(objectives) if kpi in one.kpis] for kpi in {one.kpi for one in gaps}}
    weight = {kpi: drawn[:, mine].max(axis=1) if mine else np.ones(draws) for kpi, mine in by_kpi.items()}
    # A gap without hours is smaller than any that has some, and keeps its order among its like.
    size = np.array([one.certainty * (one.hours if one.hours else 1e-9 if one.hours is None else 1e-6) for one in gaps])
    score = np.column_stack([weight[one.kpi] for one in gaps]) * size
    place = np.argsort(-score, axis=1, kind="stable")
    return np.argsort(place, axis=1, kind="stable")


def shown(found: Sequence[RankedFact], why: Sequence[WhyFact]) -> Shown:
    """The order of the gaps, each with its drivers."""
    if not found:
        return say("No target is missed: there is no order of gaps.")
    drivers = {d.id: d for w in why for d in w.drivers}
    frame = pd.DataFrame(
        {
            "Gap": [one.title for one in found], "Weight": [f"{one.weight:g}" for one in found],
            "Users’ hours beyond the target": [_hours(one.hours) for one in found],
            "Level beyond the target": [words.probability(one.certainty) for one in found],
            "Among the first three": [words.probability(one.top) for one in found],
            "Drivers": [_named(one, drivers) for one in found],
        }
    )  # fmt: skip
    return table(
        frame,
        "Missed targets in the order of weight × hours × certainty",
        numeric=tuple(frame.columns[1:5]),
        id="order-of-gaps",
    )


def _hours(value: float | None) -> str:
    return "not told" if value is None else words.rough(value) if value else "0"


def _named(one: RankedFact, drivers: dict) -> str:
    return "; ".join(words.upper(say_cause.named(drivers[d])) for d in one.drivers if d in drivers) or "none found"
