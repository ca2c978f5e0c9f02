"""Services side by side: which changes hold among all of them, and which services stand apart from the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from sipnb.chapters.facts import BaselineFacts, FunnelFact, KpiFact, SignalFact
from sipnb.methods import discoveries
from sipnb.methods import funnels as methods
from sipnb.workbook import Workbook

#: Of more services than this a funnel is a large figure: two of them are enough.
MANY = 100


@dataclass(frozen=True)
class Compared:
    """One share over all services that have it: the fact, and the funnel behind it, its points indexed by service."""

    fact: FunnelFact
    funnel: methods.Funnel


def signals(measured: Mapping[str, BaselineFacts], level: float = 0.05) -> tuple[pd.Series, list[SignalFact]]:
    """The p-values of all measures that were tested, and the changes that hold among all of them.

    Of these at most a share of `level` is false (Benjamini–Hochberg).
    """
    tested = [(service, k) for service, facts in measured.items() for k in facts.measures if k.tested]
    p = pd.Series([k.p for _, k in tested], dtype="float64")
    judged = discoveries.benjamini_hochberg(p, level)
    found = [
        SignalFact(
            service=service, name=measured[service].about.name, kpi=k.kpi, title=k.title, unit=k.unit,
            core=k.core,
            variation=k.course, value=k.value, low=k.low, high=k.high, n=k.n, mean=k.usual, p=k.p, adjusted=float(row.adjusted),
        )
        for (service, k), row in zip(tested, judged.itertuples(index=False), strict=True)
        if row.rejected and k.course != "common"
    ]  # fmt: skip
    found.sort(key=lambda s: (s.variation != "concern", s.adjusted, s.name, s.kpi))
    return p.dropna(), found


def funnels(book: Workbook, measured: Mapping[str, BaselineFacts], fewest: int = 10, most: int = 4) -> list[Compared]:
    """The shares of cases that at least `fewest` services have, those with a target first, each as a funnel with
    over-dispersion: at most so many, and two where there are more than a hundred services."""
    by_kpi: dict[str, dict[str, KpiFact]] = {}
    for service, facts in measured.items():
        for k in facts.measures:
            if (
                book.kpis[k.kpi].kind == "share"
                and k.good != "neutral"
                and not k.refused
                and k.n >= max(k.minimum_n, 1)
                and k.value is not None
            ):
                by_kpi.setdefault(k.kpi, {})[service] = k
    enough = {kpi: facts for kpi, facts in by_kpi.items() if len(facts) >= fewest}
    order = sorted(
        enough, key=lambda kpi: (not any(k.target is not None for k in enough[kpi].values()), -len(enough[kpi]))
    )
    most = min(most, 2) if len(measured) > MANY else most
    return [_compared(kpi, enough[kpi], measured) for kpi in order[:most]]


def _compared(kpi: str, facts: Mapping[str, KpiFact], measured: Mapping[str, BaselineFacts]) -> Compared:
    one = next(iter(facts.values()))
    top = pd.Series({service: k.numerator for service, k in facts.items()})
    funnel = methods.funnel(top, pd.Series({service: k.denominator for service, k in facts.items()}))
    rows = funnel.points
    # A service is named at 99.8 %: of a hundred that are all alike 95 % would name five.
    side = rows["outside_998_adjusted"]
    bad = -1 if one.good == "up" else 1
    names = {service: measured[service].about.name for service in rows.index}
    return Compared(
        FunnelFact(
            kpi=kpi, title=one.title, good=one.good, centre=funnel.target, phi=funnel.phi, tau2=funnel.tau2, services=len(rows),
            outside=int((rows["outside_998"] != 0).sum()), outside_adjusted=int((side != 0).sum()),
            worse=[names[s] for s in rows.index[side == bad]], better=[names[s] for s in rows.index[side == -bad]],
        ),
        funnel,
    )  # fmt: skip
