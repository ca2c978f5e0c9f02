"""Gap analysis, in numbers: where the service falls short of what was agreed, and of what the business needs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from sipnb import kpis
from sipnb.catalogue import Kpi
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import BaselineFacts, GapFact, KpiFact
from sipnb.kpis import certainty
from sipnb.methods import discoveries
from sipnb.show import words

#: Fewer outages in a year tell nothing of the next year's.
FEWEST_OUTAGES = 3


def gaps(context: ServiceContext, measures: BaselineFacts, family: float = 0.05) -> list[GapFact]:
    """Each target against its figure with its interval and against the range the process moves in, certain misses first.

    Whether the cycle's figure lies on the good side is a fact. A target is *certainly* met or missed only where the level
    behind the figure lies on one side of it, allowing for how much cycles vary and for how many targets are looked at: of a
    service that lies exactly on all of its targets any is called met or missed in a share of `family` of cycles.
    """
    measured = {k.kpi: k for k in measures.measures}
    objectives, targets = context.workbook.objectives, context.service.targets
    found = _together(
        [
            _gap(context, known, targets[kpi], measured.get(kpi), objectives)
            for kpi, known in context.kpis.items()
            if kpi in targets
        ],
        family,
    )
    found.sort(key=lambda g: (_ORDER[g.status], -g.weight, -_relative(g)))
    return found


def count(found: Sequence[GapFact]) -> dict[str, int]:
    """How many targets are certainly met (`meets`) and missed (`fails`), `inconclusive`, and `reached` by the figures."""
    states = Counter(g.status for g in found)
    reached = sum(g.gap is not None and g.gap <= 0 for g in found)
    return {status: states[status] for status in ("meets", "fails", "inconclusive")} | {"reached": reached}


def on_limits(found: Sequence[GapFact], measures: BaselineFacts) -> pd.DataFrame:
    """Value and target on the scale of each measure's own limits (0 lower, 1 upper), where limits may be claimed.

    A row a measure: kpi, label, tone, assurance, value, target.
    """
    rows = []
    for g in found:
        k = measures.measure(g.kpi)
        if g.value is None or k is None or not k.claims or words.is_missing(k.lower_limit):
            continue
        span = k.upper_limit - k.lower_limit
        if span <= 0:
            continue
        rows.append(
            {
                "kpi": g.kpi, "label": k.short, "tone": k.variation if k.sure else "common", "assurance": k.assurance,
                "value": (g.value - k.lower_limit) / span,
                "target": (g.target - k.lower_limit) / span,
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=["kpi", "label", "tone", "assurance", "value", "target"])


_ORDER = {"fails": 0, "inconclusive": 1, "meets": 2, "not judged": 3, "no data": 4}
#: What says nothing of a target: no figure, or one that the records cannot carry.
UNTOLD = ("not judged", "no data")


def _gap(
    context: ServiceContext, known: Kpi, target: float, fact: KpiFact | None, objectives: tuple
) -> tuple[GapFact, float]:
    """One target, with the p-value of its being met or missed by itself; NaN where neither is told."""
    mine = [o for o in objectives if known.id in o.kpis]
    value = fact.value if fact else None
    shared = {
        "kpi": known.id, "title": known.title, "unit": known.unit, "good": known.good, "target": target,
        "objectives": [o.title for o in mine], "weight": max((o.weight for o in mine), default=0.0),
    }  # fmt: skip
    if fact is None or words.is_missing(value):
        nothing = GapFact(
            **shared, value=None, low=None, high=None, n=fact.n if fact else 0, gap=None, status="no data",
            assurance="no target", variation="no data",
        )  # fmt: skip
        return nothing, math.nan
    gap = target - value if known.good == "up" else value - target
    if fact.refused:
        refused = GapFact(
            **shared, value=value, low=fact.low, high=fact.high, n=fact.n, gap=None, status="not judged",
            assurance="no target", variation=fact.variation,
        )  # fmt: skip
        return refused, math.nan
    level = _level(context, known, fact)
    found = status(level.value, level.low, level.high, target, known.good, enough=_enough(known, fact, level, target))
    # Where the cycle says the opposite of its level, nothing is certain.
    told = found if (found == "fails") == (gap > 0) else "inconclusive"
    gap_fact = GapFact(
        **shared, value=value, low=level.low, high=level.high, n=fact.n, gap=gap, status=told, assurance=fact.assurance,
        variation=fact.variation,
    )  # fmt: skip
    sure = told in ("meets", "fails")
    return gap_fact, certainty.p_value(known, level.value, level.low, level.high, target) if sure else math.nan


def _level(context: ServiceContext, known: Kpi, fact: KpiFact) -> kpis.Measure:
    """The level behind a figure with its 95 % interval: its own, or what its cycles' scatter, or a year of outages, tells."""
    if known.id == "availability":
        # A month has one outage or none; the service as it runs shows in a year of them.
        first = context.cycle.shift(1 - context.cycle.season)
        year = kpis.last(kpis.uptime.availability_between(context.scope, first, context.cycle))
        whole = fact.cycles >= context.cycle.season
        begun = kpis.uptime.started(context.scope)
        if 0 < ((begun >= first.opens) & (begun < context.cycle.cutoff)).sum() < FEWEST_OUTAGES:
            return replace(year, low=math.nan, high=math.nan)
        # A whole year without an outage is as good as records can show.
        return replace(year, low=1.0, high=1.0) if whole and year.value == 1 else year
    low, high = (math.nan if bound is None else bound for bound in (fact.low, fact.high))
    if known.kind == "rare" or (math.isnan(low) and math.isnan(high) and known.tables[0] != "outages"):
        low, high = certainty.around(known, fact.value, fact.scatter, fact.points)
    return kpis.Measure(fact.value, low, high, fact.n)


def _enough(known: Kpi, fact: KpiFact, level: kpis.Measure, target: float) -> bool:
    """Whether there are cases enough, cycles enough to say how much they vary, and an end to the side of the target."""
    bound = level.low if target < level.value else level.high
    return fact.n >= known.minimum_n and fact.cycles >= certainty.FEWEST and not words.is_missing(bound)


def _together(found: list[tuple[GapFact, float]], family: float) -> list[GapFact]:
    """The gaps with what is certain of each when all targets of the service are looked at."""
    holds = discoveries.holm([p for _, p in found], family)
    return [
        gap.model_copy(update={"status": "inconclusive"}) if one.p == one.p and not one.rejected else gap
        for (gap, _), one in zip(found, holds.itertuples(), strict=True)
    ]


def status(
    value: float, low: float | None, high: float | None, target: float, good: str, *, enough: bool = True
) -> str:
    """`meets`, `fails`, or `inconclusive` where the interval holds the target or n is below the declared minimum."""
    if not enough:
        return "inconclusive"
    low = value if words.is_missing(low) else low
    high = value if words.is_missing(high) else high
    if good == "down":
        value, low, high, target = -value, -high, -low, -target
    if low >= target:
        return "meets"
    return "fails" if high < target else "inconclusive"


def _relative(gap: GapFact) -> float:
    return 0.0 if gap.gap is None or not gap.target else gap.gap / abs(gap.target)


def status_of(kpis: list[str], gaps: Sequence[GapFact]) -> str:
    """The worst of what the targets of these measures say."""
    found = {g.status for g in gaps if g.kpi in kpis} - set(UNTOLD)
    for worst in ("fails", "inconclusive", "meets"):
        if worst in found:
            return worst
    return "no target"
