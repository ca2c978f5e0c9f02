"""Services side by side: which changes hold among all of them, and which services stand apart from the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sipnb.chapters.facts import BaselineFacts, KpiFact
from sipnb.chapters.portfolio_facts import FunnelFact, PortfolioFacts, SignalFact
from sipnb.methods import discoveries
from sipnb.methods import funnels as methods
from sipnb.show import figures, words
from sipnb.show.display import Shown, figure, say, together
from sipnb.workbook import Workbook

#: A single measure that differs at this level seems to have changed.
SEEMS = 0.05
#: Fewer services than this are no funnel, and more than this many funnels nobody looks at.
FEWEST, MOST = 10, 4
#: Of more services than this a funnel is a large figure: two of them are enough.
MANY = 100


@dataclass(frozen=True)
class Compared:
    """One share over all services that have it: the fact, and the funnel behind it, its points indexed by service."""

    fact: FunnelFact
    funnel: methods.Funnel


def signals(measured: dict[str, BaselineFacts]) -> tuple[pd.Series, list[SignalFact]]:
    """The p-values of all measures that were tested, and the changes that hold among all of them."""
    tested = [(service, k) for service, facts in measured.items() for k in facts.measures if k.tested]
    p = pd.Series([k.p for _, k in tested], dtype="float64")
    judged = discoveries.benjamini_hochberg(p, SEEMS)
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


def funnels(book: Workbook, measured: dict[str, BaselineFacts]) -> list[Compared]:
    """The shares of cases that most services have, those with a target first, each as a funnel with over-dispersion."""
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
    enough = {kpi: facts for kpi, facts in by_kpi.items() if len(facts) >= FEWEST}
    order = sorted(
        enough, key=lambda kpi: (not any(k.target is not None for k in enough[kpi].values()), -len(enough[kpi]))
    )
    most = 2 if len(measured) > MANY else MOST
    return [_compared(kpi, enough[kpi], measured) for kpi in order[:most]]


def _compared(kpi: str, facts: dict[str, KpiFact], measured: dict[str, BaselineFacts]) -> Compared:
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


def funnel_figures(facts: PortfolioFacts, compared: list[Compared]) -> Shown:
    """The funnels, one below the other, or why there is none."""
    if not compared:
        return say(f"Fewer than {FEWEST} services share a measure with enough cases: there is no comparison to make.")
    shown = [_figure(facts, one) for one in compared]
    return together(*shown)


def _figure(facts: PortfolioFacts, one: Compared) -> Shown:
    fact, points = one.fact, one.funnel.points.sort_values("denominator", ascending=False)
    side, names = {1: "above", -1: "below", 0: "within"}, {p.service: p.name for p in facts.plans}
    rows = points.assign(label=[names[service] for service in points.index])
    sizes = np.geomspace(max(1.0, 0.8 * rows["denominator"].min()), 1.25 * rows["denominator"].max(), 80)
    limits = one.funnel.limits(sizes)
    band = pd.DataFrame({"n": sizes, "low": limits["low_998_adjusted"], "high": limits["high_998_adjusted"]})
    data = pd.DataFrame(
        {
            "Service": rows["label"], "Value": rows["value"], "n": rows["denominator"],
            "Usual from": rows["low_998_adjusted"], "Usual to": rows["high_998_adjusted"],
            "Position": [side[s] for s in rows["outside_998_adjusted"]],
        }
    )  # fmt: skip
    apart = words.plural(fact.outside_adjusted, "service stands", "services stand")
    return figure(
        figures.funnel(rows, band, fact.centre, fact.good),
        name=f"funnel-{fact.kpi.replace('_', '-')}",
        finding=f"{apart if fact.outside_adjusted else 'No service stands'} apart: {words.lower(fact.title)}",
        subtitle=f"{fact.title} against the number of cases, {words.plural(fact.services, 'service')}, "
        f"{facts.cycle_label}; grey band: 99.8 % limits with the usual scatter between services; without it "
        f"{fact.outside} would lie outside",
        alt=f"Funnel plot of {fact.services} services around {words.number(fact.centre, 'share')}: "
        f"{fact.outside_adjusted} lie outside the limits, {len(fact.worse)} on the bad side.",
        data=data, units={"Value": "share", "n": "count", "Usual from": "share", "Usual to": "share"},
        source=f"Spiegelhalter's funnel with additive over-dispersion, {facts.organisation}.",
    )  # fmt: skip
