"""Levers seen in what surrounds the tickets: changes, capacity, outages."""

from __future__ import annotations

import math

from sipnb import kpis
from sipnb.catalogue import Lever
from sipnb.levers.evidence import Effect, Evidence, Look, none
from sipnb.methods import proportions
from sipnb.show import words


def change_control(look: Look, lever: Lever) -> Evidence:
    """Changes that caused an incident or failed, over the whole history: changes are few."""
    if not look.records.has("changes"):
        return none(lever, "no change records")
    if refused := look.refused("change_failure_rate"):
        return none(lever, refused)
    changes = look.records.changes
    start = look.history[0].opens
    changes = changes[(changes["started"] >= start) & (changes["started"] < look.cycle.cutoff)]
    if len(changes) < 10:
        return none(lever, f"only {words.plural(len(changes), 'change')} in {look.span(len(look.history))}")
    failed = kpis.causes.failed_changes(look.scope)[changes.index]
    share = proportions.wilson(int(failed.sum()), len(changes))
    level = look.target("change_failure_rate", 0.10)
    if share.low <= level:
        return none(
            lever,
            f"{words.number(share.value, 'share')} of {share.n} changes went wrong "
            f"({words.interval(share.low, share.high, 'share')}), not clearly above {words.number(level, 'share')}",
        )
    named = look.records.tickets["change"].isin(changes.loc[failed, "change"]).sum()
    sentences = [
        f"{words.number(share.value, 'share')} of {share.n} changes in the last {look.span(len(look.history))} caused an "
        f"incident or failed (95 % interval {words.interval(share.low, share.high, 'share')}); the limit is "
        f"{words.number(level, 'share')}.",
        f"{words.plural(int(named), 'ticket names', 'tickets name')} one of these changes as the cause.",
    ]
    gain = Effect("change_failure_rate", level - share.value, level - share.high, level - share.low)
    why = (
        f"{words.prose(share.value, 'share')} of {share.n} changes in the last {look.span(len(look.history))} caused an "
        f"incident or failed, against a limit of {words.prose(level, 'share')}; "
        f"{words.plural(int(named), 'ticket names', 'tickets name')} one of them as the cause."
    )
    return Evidence(
        lever, True, f"{words.number(share.value, 'share')} of changes go wrong", why, sentences,
        {"share": share.value, "share_low": share.low, "share_high": share.high, "limit": level, "n": share.n,
         "tickets": float(named), "cycles": len(look.history)}, gain,
        min(1.0, (share.low - level) * 4 + 0.3),
    )  # fmt: skip


def capacity(look: Look, lever: Lever) -> Evidence:
    """Whether more is opened than resolved for months on end, and the stock shows it."""
    if refused := look.refused("backlog"):
        return none(lever, refused)
    cycles = kpis.covered("backlog", look.scope)
    if len(cycles) < 9:
        return none(lever, f"only {words.plural(len(cycles), 'whole cycle')} of history")
    stock = look.series("backlog")["value"]
    opened = look.series("volume")["value"]
    if stock.iloc[[-1, -7]].isna().any():
        return none(lever, "no figure of the backlog now, or half a year ago")
    recent, before = stock.iloc[-6:], stock.iloc[:-6]
    growth = float(stock.iloc[-1] - stock.iloc[-7])
    usual = float(before.median())
    # A count of open tickets scatters like its square root when arrivals do.
    spread = max(math.sqrt(max(usual, 1.0)), float(before.std()))
    if not (recent.median() > before.median() + 2 * spread and growth > 0 and stock.iloc[-1] > 30):
        return none(
            lever,
            f"{words.plural(int(stock.iloc[-1]), 'ticket is', 'tickets are')} open, {growth:+,.0f} in {look.span(6)}; usual "
            f"is about {usual:,.0f}".replace("-", "−"),
        )
    rate = growth / float(opened.iloc[-6:].sum())
    weeks = float(stock.iloc[-1] / opened.iloc[-3:].mean() * 4.345)
    sentences = [
        f"{stock.iloc[-1]:,.0f} tickets were open at the cut-off, against a median of {usual:,.0f} up to "
        f"{look.history[-7].label}.",
        f"Over the last {look.span(6)} {growth:,.0f} more were opened than resolved: {words.number(rate, 'share')} of what "
        "came in.",
        f"The stock is {words.significant(weeks, 2)} weeks of arrivals.",
    ]
    why = (
        f"{stock.iloc[-1]:,.0f} tickets were open at the cut-off, against a usual {usual:,.0f}: over the last {look.span(6)} "
        f"{growth:,.0f} more were opened than resolved, {words.prose(rate, 'share')} of what came in."
    )
    gain = Effect(
        "backlog", usual - stock.iloc[-1], usual - stock.iloc[-1] - 2 * spread, usual - stock.iloc[-1] + 2 * spread
    )
    return Evidence(
        lever, True, f"The backlog grew by {growth:,.0f} tickets in {look.span(6)}", why, sentences,
        {"open": float(stock.iloc[-1]), "usual": usual, "growth": growth, "rate": rate, "weeks": weeks, "cycles": 6}, gain,
        min(1.0, 0.4 + (stock.iloc[-1] / max(usual, 1.0) - 1) / 4),
    )  # fmt: skip


def resilience(look: Look, lever: Lever) -> Evidence:
    """Unplanned outages that keep coming, over a year, and the downtime they cost."""
    if not look.records.has("outages"):
        return none(lever, "no outage records")
    if refused := look.refused("availability"):
        return none(lever, refused)
    outages = kpis.uptime.with_ends(look.scope, kpis.uptime.counted_outages(look.scope))
    start = look.cycle.shift(-11).opens
    year = outages[(outages["started"] >= start) & (outages["started"] < look.cycle.cutoff)]
    level = look.target("availability", 0.995)
    found = kpis.last(kpis.uptime.availability_between(look.scope, look.cycle.shift(-11), look.cycle))
    if len(year) < 6 or not found.high < level:
        return none(
            lever,
            f"{words.plural(len(year), 'unplanned outage')} in {look.span(12)}, availability "
            f"{words.number(found.value, 'share')}, not clearly below {words.number(level, 'share')}",
        )
    ends = year["ended"].fillna(look.cycle.cutoff)
    hours = (ends - year["started"]).dt.total_seconds() / 3600
    causes = hours.groupby(year["cause"].fillna("not recorded")).sum().sort_values(ascending=False, kind="stable")
    sentences = [
        f"{words.plural(len(year), 'unplanned outage')} in the last {look.span(12)} cost {words.significant(hours.sum())} "
        f"hours; availability was {words.number(found.value, 'share')} (95 % interval "
        f"{words.interval(found.low, found.high, 'share')}), the target is {words.number(level, 'share')}.",
    ]
    if len(causes) > 1 and causes.iloc[0] > 0.15 * hours.sum():
        sentences.append(f"The costliest cause: {causes.index[0]}, {words.significant(causes.iloc[0])} hours.")
    effect = Effect("availability", level - found.value, max(0.0, level - found.high), level - found.low)
    numbers = {
        "outages": len(year), "hours": float(hours.sum()), "availability": found.value, "availability_low": found.low,
        "availability_high": found.high, "target": level, "costliest_hours": float(causes.iloc[0]), "cycles": 12,
    }  # fmt: skip
    costliest = (
        f", {words.significant(causes.iloc[0])} of them through “{causes.index[0]}”"
        if len(sentences) > 1 and causes.index[0] != "not recorded"
        else ""
    )
    why = (
        f"{words.plural(len(year), 'unplanned outage')} in the last {look.span(12)} cost {words.significant(hours.sum())} "
        f"hours{costliest}: availability over them was {words.prose(found.value, 'share')} against a target of "
        f"{words.prose(level, 'share')}."
    )
    return Evidence(
        lever, True, f"{words.plural(len(year), 'unplanned outage')} in {look.span(12)}", why, sentences,
        numbers, effect,
        min(1.0, 0.35 + len(year) / 60),
    )  # fmt: skip
