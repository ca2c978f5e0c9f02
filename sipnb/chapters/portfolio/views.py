"""The portfolio, as it is shown: the estate in a sentence, its services, what moved, the matrix, the actions, the funnels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from sipnb.chapters.facts import ActionOfPlan, EstateFact, PlanFact, PositionFact, SignalFact, SinceFact, TotalsFact
from sipnb.chapters.portfolio import actions as plan_actions
from sipnb.chapters.portfolio import changes, equal_mix, standings
from sipnb.chapters.portfolio.equal_mix import OnEqualMix
from sipnb.chapters.portfolio.funnels import MANY, Compared
from sipnb.chapters.portfolio.ranking import RULE, tone
from sipnb.chapters.portfolio.rows import Row, addresses, names, owner_page
from sipnb.show import figures, words
from sipnb.show.display import Shown, figure, macros, say, table, together

#: A longer table of actions is folded, and one of changes nobody reads: all are in the result.
LONG, MOST_SIGNALS = 12, 25


def verdict(plans: Sequence[PlanFact], sentence: str, warnings: Sequence[str]) -> Shown:
    """The estate in a sentence, with the warnings of the records."""
    text = "\n".join([sentence, *(f"Caution. {warning}" for warning in warnings)])
    return Shown(str(macros("portfolio").verdict(sentence, tone(plans), warnings)), text)


def movers(signals: Sequence[SignalFact], tested: int, rows: Sequence[Row], currency: str) -> Shown:
    """The strongest changes that hold among all measures of all services."""
    told = [(one, _mover(one, currency)) for one in strongest(signals)]
    text = "\n".join(f"{one.name}: {text}" for one, text in told)
    return Shown(
        str(macros("portfolio").movers(told, tested, addresses(rows))), text or "No change holds among all measures."
    )


def strongest(signals: Sequence[SignalFact], most: int = 3) -> list[SignalFact]:
    """The strongest change of each service that holds among all measures, `most` of each direction: the worse ones first."""
    by_service: dict[tuple[str, str], SignalFact] = {}
    for one in sorted(signals, key=lambda s: (not s.core, s.p, s.name, s.kpi)):
        by_service.setdefault((one.variation, one.service), one)
    found = sorted(by_service.values(), key=lambda s: (s.p, s.name))
    return [
        one for variation in ("concern", "improvement") for one in [s for s in found if s.variation == variation][:most]
    ]


def _mover(one: SignalFact, currency: str) -> str:
    """A change in words: `time to restore, median 9.4 h (8.7–10.2 h, n 1,612), usually 5.7 h`."""
    interval = words.interval(one.low, one.high, one.unit, currency, beside=one.value)
    basis = f"{interval}, n\u00a0{one.n:,}" if interval not in ("counted", "–") else f"n\u00a0{one.n:,}"
    value, usual = (words.number(v, one.unit, currency) for v in (one.value, one.mean))
    return f"{words.lower(one.title)} {value} ({basis}), usually {usual}"


#: Decisions in sight before the others are folded away; and so many in all: further ones stand on the pages of the owners.
DECISIONS, MOST_DECISIONS = 12, 60


def decisions(plans: Sequence[PlanFact], rows: Sequence[Row], up: str = "") -> Shown:
    """Everything that the plans ask, the services in order of need: what, of whom, by when, what it brings and costs."""
    asked = [(plan.service, one) for plan in plans for one in plan.decisions]
    if not asked:
        return say("No plan asks for a decision.", kind="")
    owners = len({one.owner for _, one in asked})
    first = words.day(min(one.due for _, one in asked))
    told = f"{words.plural(len(asked), 'decision')} of {words.plural(owners, 'role')}, the first by {first}."
    known, n, most = names(rows), DECISIONS, MOST_DECISIONS
    markup = macros("portfolio").decisions(
        asked[:n], asked[n:most], len(asked[most:]), told, known, addresses(rows, up)
    )
    return Shown(str(markup), "\n".join([told, *(f"{known[service]}: {one.title}" for service, one in asked)]))


def since(found: SinceFact, rows: Sequence[Row]) -> Shown:
    """What changed since the cycle before, by kind."""
    groups, sentence = changes.groups(found), changes.sentence(found)
    return Shown(str(macros("portfolio").since(found, groups, sentence, addresses(rows), names(rows))), sentence)


def services(rows: Sequence[Row], up: str = "", owners: bool = True) -> Shown:
    """The services in order of need, with the measure each is known by; `owners` says whether these have a link."""
    if not rows:
        return say("No service is listed.", kind="")
    pages = {row.plan.owner: owner_page(row.plan.owner) for row in rows} if owners else {}
    text = "\n".join(f"{row.plan.name}: {row.plan.sentence}" for row in rows)
    return Shown(str(macros("portfolio").plans(rows, pages, up)), text)


def rule() -> Shown:
    """How the order came about."""
    return say(RULE, kind="")


def matrix(positions: Sequence[PositionFact], rows: Sequence[Row]) -> Shown:
    """The core measures of all services by change and by target; a number opens the list."""
    if not positions:
        return say("No measure of any service has data.", kind="")
    cells = standings.cells(positions)
    markup = macros("portfolio").matrix(
        cells, standings.ROWS, standings.COLUMNS, addresses(rows), names(rows), len(positions)
    )
    counts = {(row, column): sum(map(len, found.values())) for (row, column), found in cells.items()}
    text = "\n".join(f"{row}, {column}: {n}" for (row, column), n in sorted(counts.items()))
    return Shown(str(markup), text)


def actions(
    found: Sequence[ActionOfPlan],
    totals: TotalsFact,
    rows: Sequence[Row],
    currency: str,
    up: str = "",
    longest: int = LONG,
) -> Shown:
    """What the actions come to, and each of them, overdue ones first; more than `longest` are folded."""
    told = plan_actions.sentence(totals, currency)
    known = names(rows)
    markup = macros("portfolio").actions(
        plan_actions.urgent(found), told, known, addresses(rows, up), currency, len(found) > longest
    )
    return Shown(str(markup), "\n".join([told, *(f"{known[one.service]}: {one.title}, {one.state}" for one in found)]))


def availability(found: Sequence[EstateFact], label: str) -> Shown:
    """Availability of the whole estate under each definition of what counts as down."""
    if not found:
        return say("No data: the organisation supplies no outage records.")
    rows = [
        {
            "Definition": one.definition, "Severities that count": words.listed(one.severities) or "all",
            label: words.percent(one.cycle), "Year": words.percent(one.year), "Outages": words.number(one.outages, "count"),
        }
        for one in found
    ]  # fmt: skip
    caption = "Share of time in which no service was down, with the number of outages that count, by definition"
    return table(pd.DataFrame(rows), caption, numeric=(label, "Year", "Outages"))


def moved(signals: Sequence[SignalFact], tested: int, seeming: int, by_chance: float, currency: str) -> Shown:
    """The changes that hold among all measures of all services, and how many chance alone would bring."""
    if not tested:
        return say("No measure of any service could be tested for a change.")
    text = (
        f"{tested:,} measures of all services were tested for a change of their latest figures. At the 5 % level "
        f"{seeming:,} seem changed, where chance alone would bring about {by_chance:.0f}. "
    )
    if not signals:
        return say(text + "None holds when all are looked at together (false discoveries held at 5 %).")
    frame = pd.DataFrame(
        [
            {
                "Service": s.name,
                "Measure": s.title,
                "Change": words.VARIATION[s.variation][1],
                "Latest": words.number(s.value, s.unit, currency),
                "Usual": words.number(s.mean, s.unit, currency),
                "Adjusted p": "< 0.001" if s.adjusted < 0.001 else f"{s.adjusted:.3f}",
            }
            for s in signals[:MOST_SIGNALS]
        ]
    )
    if len(signals) > MOST_SIGNALS:
        text += f"The table holds the first {MOST_SIGNALS} of {len(signals):,}; portfolio.json holds all. "
    shown = table(
        frame, f"{words.plural(len(signals), 'change holds', 'changes hold')} among all {tested:,} "
        "(false discoveries at most 5 %)", numeric=("Latest", "Usual", "Adjusted p"),
    )  # fmt: skip
    return together(say(text), shown)


def funnel_figures(
    compared: Sequence[Compared], mixed: OnEqualMix | None, names: Mapping[str, str], label: str, organisation: str, fewest: int
) -> Shown:  # fmt: skip
    """The funnels, one below the other, or why there is none; what can be compared on equal mix first.

    Where a funnel is a large figure, the one on equal mix stands for the one of shares as counted: its data hold both.
    """
    if not compared:
        return say(f"Fewer than {fewest} services share a measure with enough cases: there is no comparison to make.")
    left = mixed.fact.funnel.kpi if mixed and mixed.fact.funnel.services > MANY else ""
    shown = [_figure(one, names, label, organisation) for one in compared if one.fact.kpi != left]
    return together(equal_mix.shown(mixed, names, label, organisation, fewest), *shown)


def _figure(one: Compared, names: Mapping[str, str], label: str, organisation: str) -> Shown:
    fact, points = one.fact, one.funnel.points.sort_values("denominator", ascending=False)
    side = {1: "above", -1: "below", 0: "no"}
    rows = points.assign(label=[names[service] for service in points.index])
    sizes = np.geomspace(max(1.0, 0.8 * rows["denominator"].min()), 1.25 * rows["denominator"].max(), 80)
    limits = one.funnel.limits(sizes)
    band = pd.DataFrame({"n": sizes, "low": limits["low_998_adjusted"], "high": limits["high_998_adjusted"]})
    data = pd.DataFrame(
        {
            "Service": rows["label"], "Value": rows["value"].round(4), "n": rows["denominator"],
            "Usual from": rows["low_998_adjusted"].round(4), "Usual to": rows["high_998_adjusted"].round(4),
            "Outside": [side[s] for s in rows["outside_998_adjusted"]],
        }
    )  # fmt: skip
    apart = words.plural(fact.outside_adjusted, "service stands", "services stand")
    return figure(
        figures.funnel(rows, band, fact.centre, fact.good),
        name=f"funnel-{fact.kpi.replace('_', '-')}",
        finding=f"{apart if fact.outside_adjusted else 'No service stands'} apart: {words.lower(fact.title)}",
        subtitle=f"{fact.title} against the number of cases, {words.plural(fact.services, 'service')}, "
        f"{label}; grey band: 99.8 % limits with the usual scatter between services; without it "
        f"{fact.outside} would lie outside",
        alt=f"Funnel plot of {fact.services} services around {words.number(fact.centre, 'share')}: "
        f"{fact.outside_adjusted} lie outside the limits, {len(fact.worse)} on the bad side.",
        data=data, units={"Value": "share", "n": "count", "Usual from": "share", "Usual to": "share"},
        source=f"Spiegelhalter's funnel with additive over-dispersion, {organisation}.",
    )  # fmt: skip
