"""Services side by side on equal mix: what each reached, held against what all services would have reached with its tickets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sipnb.chapters.facts import EqualMixFact, FunnelFact, OnEqualMixFact
from sipnb.chapters.gap_analysis.mix import KPI, STRATA
from sipnb.chapters.portfolio.ranking import Chapters
from sipnb.methods import funnels, standardisation
from sipnb.show import figures, words
from sipnb.show.display import Shown, figure, say, together

#: A service with fewer cases stands in no funnel.
CASES = 10
#: A service changes sides of the common share where it lies this far from it in both comparisons.
APART = 0.01


@dataclass(frozen=True)
class OnEqualMix:
    """The comparison and the funnel behind it, its points indexed by service."""

    fact: EqualMixFact
    funnel: funnels.Funnel


def compared(chapters: Mapping[str, Chapters], fewest: int = 10) -> OnEqualMix | None:
    """Attainment of all services as if they had the same mix of kinds and priorities; None for fewer than `fewest` services.

    What one service reached beyond what all together reach with its mix is added to their common share, and the funnel is of
    that: 99.8 % limits with the usual scatter between services, as for shares as they were counted.
    """
    frame = counts(chapters)
    if frame["service"].nunique() < fewest:
        return None
    mixed = standardisation.against_expected(
        frame["stratum"], frame["service"], frame["n"] - frame["wrong"], frame["n"]
    )
    mixed = mixed.loc[[s for s in chapters if s in mixed.index]]
    common = float((mixed["crude"] * mixed["n"]).sum() / mixed["n"].sum())
    crude = funnels.funnel((mixed["crude"] * mixed["n"]).round(), mixed["n"])
    equal = funnels.funnel(mixed["value"] * mixed["n"], mixed["n"], target=common)
    before, after = (one.points["outside_998_adjusted"] for one in (crude, equal))
    title = next(g.title for one in chapters.values() for g in one.baseline.measures if g.kpi == KPI)
    services = [
        OnEqualMixFact(service=str(s), n=int(row.n), crude=row.crude, expected=row.expected, value=row.value,
                       crude_side=int(before[s]), side=int(after[s]))
        for s, row in mixed.iterrows()
    ]  # fmt: skip
    fact = FunnelFact(
        kpi=KPI, title=title, good="up", centre=common, phi=equal.phi, tau2=equal.tau2, services=len(mixed),
        outside=int((equal.points["outside_998"] != 0).sum()), outside_adjusted=int((after != 0).sum()),
        worse=_names(chapters, after.index[after == -1]), better=_names(chapters, after.index[after == 1]),
    )  # fmt: skip
    flips = [one for one in services if _sides(one.crude - common, one.value - common)]
    flips.sort(key=lambda one: (-abs(one.crude - one.value), one.service))
    return OnEqualMix(
        EqualMixFact(
            strata=STRATA, funnel=fact, services=services, flips=[one.service for one in flips],
            apart_crude=[one.service for one in services if one.crude_side and not one.side],
            apart_equal=[one.service for one in services if one.side and not one.crude_side],
        ),
        equal,
    )  # fmt: skip


def counts(chapters: Mapping[str, Chapters]) -> pd.DataFrame:
    """A row a service and stratum with tickets: service, stratum, n, wrong; of services with enough tickets and a figure that
    the records carry."""
    rows = [
        (service, one.stratum, one.n, one.wrong)
        for service, made in chapters.items()
        if _judged(made)
        for one in made.gaps.mix
        if one.kpi == KPI and one.n
    ]
    frame = pd.DataFrame(rows, columns=["service", "stratum", "n", "wrong"])
    return frame[frame.groupby("service")["n"].transform("sum") >= CASES].reset_index(drop=True)


def _sides(crude: float, equal: float) -> bool:
    return crude * equal < 0 and min(abs(crude), abs(equal)) >= APART


def _judged(made: Chapters) -> bool:
    one = made.baseline.measure(KPI)
    return one is not None and not one.refused and one.value is not None


def _names(chapters: Mapping[str, Chapters], services) -> list[str]:
    return [chapters[one].baseline.about.name for one in services]


def sentence(found: EqualMixFact, names: Mapping[str, str]) -> str:
    """What changes when mixes are equal: who changes sides, and who stands apart in one comparison only."""

    def some(listed: list[str]) -> str:
        return words.listed([words.clipped(names[one], 40) for one in listed[:3]])

    lines = []
    if found.flips:
        n = len(found.flips)
        most = ", most of all " if n > 3 else ": "
        lines.append(f"On equal mix {words.plural(n, 'service')} {'changes' if n == 1 else 'change'} sides of the common share"
                     f"{most}{some(found.flips)}.")  # fmt: skip
    else:
        lines.append("No service changes sides of the common share when mixes are equal.")
    for listed, lead in (
        (found.apart_crude, "stands apart only as counted, because of its mix"),
        (found.apart_equal, "stands apart only on equal mix"),
    ):
        if listed:
            n = len(listed)
            text = lead if n == 1 else lead.replace("stands", "stand").replace("its", "their")
            lines.append(f"{words.plural(n, 'service')} {text}{', among them ' if n > 3 else ': '}{some(listed)}.")
    return " ".join(lines)


def shown(one: OnEqualMix | None, names: Mapping[str, str], label: str, organisation: str, fewest: int) -> Shown:
    """The funnel on equal mix with each service as counted beside it, and what changes."""
    if one is None:
        return say(
            f"Fewer than {fewest} services hold what a comparison on equal mix needs: tickets by kind and priority."
        )
    return together(_figure(one, names, label, organisation), say(sentence(one.fact, names)))


def _figure(one: OnEqualMix, names: Mapping[str, str], label: str, organisation: str) -> Shown:
    fact, points = one.fact.funnel, one.funnel.points.sort_values("denominator", ascending=False)
    crude = {s.service: round(s.crude, 4) for s in one.fact.services}
    rows = points.assign(label=[names[service] for service in points.index])
    sizes = np.geomspace(max(1.0, 0.8 * rows["denominator"].min()), 1.25 * rows["denominator"].max(), 80)
    limits = one.funnel.limits(sizes)
    band = pd.DataFrame({"n": sizes, "low": limits["low_998_adjusted"], "high": limits["high_998_adjusted"]})
    side = {1: "above", -1: "below", 0: "no"}
    data = pd.DataFrame(
        {
            "Service": rows["label"], "On equal mix": rows["value"].round(4), "As counted": [crude[s] for s in rows.index],
            "n": rows["denominator"], "Usual from": rows["low_998_adjusted"].round(4),
            "Usual to": rows["high_998_adjusted"].round(4), "Outside": [side[s] for s in rows["outside_998_adjusted"]],
        }
    )  # fmt: skip
    apart = words.plural(fact.outside_adjusted, "service stands", "services stand")
    return figure(
        figures.funnel(rows, band, fact.centre, fact.good), name=f"funnel-{fact.kpi.replace('_', '-')}-equal-mix",
        finding=f"On equal mix {apart if fact.outside_adjusted else 'no service stands'} apart: {words.lower(fact.title)}",
        subtitle=f"{fact.title} if all services had the same mix of {one.fact.strata}, against the number of cases, "
        f"{words.plural(fact.services, 'service')}, {label}; grey band: 99.8 % limits with the usual scatter between services",
        alt=f"Funnel plot of {fact.services} services on equal mix around {words.number(fact.centre, 'share')}: "
        f"{fact.outside_adjusted} lie outside the limits, {len(fact.worse)} on the bad side.",
        data=data, units=dict.fromkeys(("On equal mix", "As counted", "Usual from", "Usual to"), "share") | {"n": "count"},
        source=f"Observed against expected with the mix of each, in a funnel with additive over-dispersion, {organisation}.",
    )  # fmt: skip
