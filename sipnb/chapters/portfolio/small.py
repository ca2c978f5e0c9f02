"""Shares of services with few cases: as they were counted, and drawn towards those of the other services."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from sipnb.chapters.facts import BaselineFacts, DrawnFact, KpiFact, PooledFact
from sipnb.methods import pooling
from sipnb.show import words
from sipnb.show.display import Shown, say, table, together
from sipnb.workbook import Workbook

#: Rows of the table; the result has all.
MOST = 10


def pooled(
    book: Workbook, measured: Mapping[str, BaselineFacts], fewest: int = 5, cases: int = 100, wide: float = 0.2
) -> list[PooledFact]:
    """The shares with a target that at least `fewest` services have, with the services of fewer than `cases` cases or an
    interval wider than `wide`: their own share, and what it is when the others say how much services differ."""
    by_kpi: dict[str, dict[str, KpiFact]] = {}
    for service, facts in measured.items():
        for one in facts.measures:
            if book.kpis[one.kpi].kind == "share" and not one.refused and one.numerator is not None and one.denominator:
                by_kpi.setdefault(one.kpi, {})[service] = one
    found = [_pooled(kpi, facts, cases, wide) for kpi, facts in sorted(by_kpi.items()) if len(facts) >= fewest]
    return [one for one in found if one.drawn]


def _pooled(kpi: str, facts: Mapping[str, KpiFact], cases: int, wide: float) -> PooledFact:
    k, n = (pd.Series({s: getattr(one, name) for s, one in facts.items()}) for name in ("numerator", "denominator"))
    prior = pooling.beta_binomial(k, n)
    drawn = prior.posterior(k, n)
    first = next(iter(facts.values()))
    spread = 0.0 if prior.pools_fully else math.sqrt(prior.mean * (1 - prior.mean) / (prior.strength + 1))
    small = [s for s, one in facts.items() if one.target is not None and _few(one, cases, wide)]
    return PooledFact(
        kpi=kpi, title=first.title, services=len(facts), mean=prior.mean, spread=spread,
        weighs=None if prior.pools_fully else prior.strength,
        drawn=[
            DrawnFact(
                service=s, kpi=kpi, n=int(n[s]), value=float(k[s] / n[s]), low=facts[s].low, high=facts[s].high,
                drawn=float(drawn.at[s, "value"]), drawn_low=float(drawn.at[s, "low"]), drawn_high=float(drawn.at[s, "high"]),
                target=facts[s].target,
            )
            for s in small
        ],
    )  # fmt: skip


def _few(one: KpiFact, cases: int, wide: float) -> bool:
    return one.denominator < cases or (one.low is not None and one.high is not None and one.high - one.low > wide)


def shown(found: Sequence[PooledFact], names: Mapping[str, str], fewest: int) -> Shown:
    """The small services, those first that are drawn furthest, and how much the others weigh."""
    every = sorted(
        ((one, d) for one in found for d in one.drawn),
        key=lambda row: (-abs(row[1].drawn - row[1].value), row[1].service),
    )
    if not every:
        return say(f"No share with a target has both few cases in a service and {fewest} services that have it.")
    rows, titles = every[:MOST], {one.kpi: one.title for one, _ in every}
    frame = pd.DataFrame(
        {
            "Service": [names[d.service] for _, d in rows], "Measure": [titles[d.kpi] for _, d in rows],
            "Cases": [f"{d.n:,}" for _, d in rows], "Counted": [_share(d.value, d.low, d.high) for _, d in rows],
            "Drawn to the others": [_share(d.drawn, d.drawn_low, d.drawn_high) for _, d in rows],
            "Target": [words.number(d.target, "share") for _, d in rows],
        }
    )  # fmt: skip
    rest = f"The table holds the {MOST} that change most, of {len(every):,}." if len(every) > MOST else ""
    told = say(*(_told(one) for one in found[:4]), rest)
    caption = "Shares of services with few cases, as counted and drawn towards the other services"
    return together(told, table(frame, caption, numeric=tuple(frame.columns[2:])))


def _share(value: float, low: float | None, high: float | None) -> str:
    told = words.interval(low, high, "share", beside=value)
    return words.number(value, "share") + (f" ({told})" if told not in ("counted", "–") else "")


def _told(one: PooledFact) -> str:
    what = f"{one.title}: {words.plural(one.services, 'service')} around {words.number(one.mean, 'share')}"
    if one.weighs is None:
        return f"{what}, which differ no more than by chance."
    spread = words.number(one.spread, "points")
    return f"{what}; they differ by {spread} (standard deviation), and weigh as much as {one.weighs:,.0f} cases."
