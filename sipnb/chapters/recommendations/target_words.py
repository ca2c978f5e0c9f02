"""What detectors of the stock, of requests and of targets saw, in words."""

from __future__ import annotations

from collections.abc import Callable

from sipnb.catalogue import KPIS
from sipnb.chapters.recommendations.phrases import LeverWords, count
from sipnb.levers import Evidence
from sipnb.show import words
from sipnb.show.words import number, plural, prose


def backlog_blitz(e: Evidence, capacity: Callable[[Evidence], LeverWords]) -> LeverWords:
    """`capacity` tells the cases that are of the stock itself."""
    n = e.numbers
    if not e.found and e.outcome != "drains":
        if e.outcome == "growing":
            return LeverWords("the stock still grows: working it off once would not last")
        return capacity(e)
    stock = f"{plural(int(n['open']), 'ticket is', 'tickets are')} open, {n['usual']:,.0f} are usual"
    if e.outcome == "drains":
        return LeverWords(
            f"{stock}, but at the pace of the last {n['days']} days that is over in {n['drain']:,.0f} days"
        )
    pace = (
        f"at the pace of the last {n['days']} days it would take {n['drain']:,.0f} days to come down" if "drain" in n
        else f"it has not come down in the last {n['days']} days"
    )  # fmt: skip
    return LeverWords(
        f"{stock}, and {pace}", f"{words.upper(stock)}; {pace}.", (f"{words.upper(stock)}; {pace}.",),
        f"the target of {e.limit:,.0f} open tickets" if e.agreed else f"the usual {e.limit:,.0f} open tickets",
    )  # fmt: skip


def self_service(e: Evidence) -> LeverWords:
    n = e.numbers
    if e.outcome == "no requests":
        return LeverWords("no requests with a category on record")
    share = f"the most frequent kind of request is {number(n['share'], 'share')} of {n['of']:,} tickets"
    if e.outcome == "not frequent":
        return LeverWords(f"{share}; it takes clearly more than {number(n['request_share'], 'share')}")
    if e.outcome == "not simple":
        return LeverWords(
            f"{share}, but half of them take longer than {number(n['hours'], 'hours')}: not clearly simple"
        )
    work = f"{words.rough(n['work'])} hours of work in {n['days']} days"
    if not e.found:
        return LeverWords(
            f"{share}, with {work}: not clearly more than the {words.rough(n['usual'])} hours that doing away with it takes"
        )
    finding = f"{share}, “{e.names[0]}”, with {work}"
    case = f"{words.upper(finding)}; half of them are done within {prose(n['hours'], 'hours')}."
    return LeverWords(
        finding, case, (case,),
        f"the {words.rough(n['usual'])} hours of work that doing away with it takes",
    )  # fmt: skip


def renegotiate(e: Evidence) -> LeverWords:
    n, kpi = e.numbers, KPIS.get(e.kpi)
    if e.outcome == "not looked for":
        return _not_looked_for(e)
    if e.outcome == "none for long":
        return LeverWords(f"no agreed target was missed in each of the last {count(n['months'])} months")
    if not e.found:
        return LeverWords("with the known drivers gone, the missed targets can be reached")
    value, target, reach = (number(n[name], kpi.unit) for name in ("value", "target", "reach"))
    known = f"with all known drivers gone it would be {reach}" if n["causes"] else "no driver of it is known"
    case = f"{kpi.noun} is {value}, was missed in each of the last {count(n['months'])} months, and {known}"
    return LeverWords(
        case,
        f"{words.upper(case)}; the target is {target}.",
        (f"{words.upper(case)}; the target is {target}.",),
        f"the target of {target}",
    )


def measuring(e: Evidence) -> LeverWords:
    if e.outcome == "not looked for":
        return _not_looked_for(e)
    if not e.found:
        return LeverWords("no target is missed of which the records lack what could tell why")
    kpi, lacking = KPIS[e.kpi], words.listed([_COLUMNS.get(name, name) for name in e.names])
    case = f"no driver was found of why {kpi.noun} misses its target, and the records lack {lacking}"
    return LeverWords(case, f"{words.upper(case)}.", (f"{words.upper(case)}.",), "the target")


def _not_looked_for(e: Evidence) -> LeverWords:
    return LeverWords(f"not looked for: “{e.names[0]}” is proposed, and has to show first what it brings")


_COLUMNS = {
    "category": "categories", "subcategory": "subcategories", "channel": "the channel",
    "configuration_item": "the item concerned", "group": "which group a ticket began in",
}  # fmt: skip
