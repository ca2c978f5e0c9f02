"""Levers seen in what surrounds the tickets: changes, capacity, outages."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb import kpis
from sipnb.catalogue import Lever
from sipnb.kpis.scope import instants
from sipnb.levers.evidence import HALF_YEAR, RECENT, TWO_YEARS, YEAR, Evidence, Look, distance, named, none, unknown
from sipnb.records import clocks
from sipnb.show import words

#: Fewer changes, outages or open tickets say nothing.
CHANGES, OUTAGES, OPEN = 10, 6, 30
#: Weeks for which the backlog has to stand above its past, and the part of its past that may lie above what is usual.
WEEKS, RARE = 4, 0.95


def change_control(look: Look, lever: Lever) -> Evidence:
    """Changes that caused an incident, over two years because changes are few, and still too many over the last half year."""
    if reason := look.lacking("change_failure_rate") or look.refused("change_failure_rate"):
        return unknown(lever, reason)
    failed = look.share("change_failure_rate", TWO_YEARS, HALF_YEAR)
    if failed.n < CHANGES or not failed.latest.n:
        lately = f", {failed.latest.n:,} of them in the last {HALF_YEAR}" if failed.n else ""
        return unknown(lever, f"only {words.plural(failed.n, 'change')} in the last {TWO_YEARS} days{lately}")
    limit, agreed = look.limit(lever, "change_failure_rate")
    share, late = words.number(failed.value, "share"), failed.latest
    if not failed.above(limit):
        reason = f"{share} of {failed.n:,} changes caused an incident {failed.not_clearly('above', limit)}"
        return none(lever, reason, failed.known, **failed.numbers(limit))
    year = look.measure("change_failure_rate", YEAR)
    of_late = (
        f"in the last {HALF_YEAR} days it was {words.number(late.value, 'share')} of {words.plural(late.n, 'change')}, in the "
        f"last {YEAR} days {words.number(year.value, 'share')} of {year.n:,}"
    )
    # Most of a year would pass until a dozen good changes lie clearly below one in ten: what counts is whether they are still
    # above it, by half a change at least, so that the third of 29 does not decide.
    if late.value * late.n - 0.5 <= limit * late.n or year.value <= limit:
        return none(
            lever,
            f"{share} of {failed.n:,} changes in {TWO_YEARS} days caused an incident, but {of_late}: no longer "
            f"more than {words.number(limit, 'share')} allow",
            **failed.numbers(limit),
            year=year.value,
            year_n=year.n,
            year_days=YEAR,
        )
    blamed = _tickets_blaming(look)
    sentences = [
        f"{share} of {failed.n:,} changes in the last {TWO_YEARS} days caused an incident (95 % interval {failed.interval}); "
        f"the {named(agreed)} is {words.number(limit, 'share')}. {words.upper(of_late)}.",
        f"{words.plural(blamed, 'ticket names', 'tickets name')} one of these changes as the cause.",
    ]
    why = (
        f"{words.prose(failed.value, 'share')} of {failed.n:,} changes in the last {TWO_YEARS} days caused an incident, "
        f"against a {named(agreed)} of {words.prose(limit, 'share')}; "
        f"{words.plural(blamed, 'ticket names', 'tickets name')} one of them as the cause."
    )
    numbers = {
        "share": failed.value, "share_low": failed.low, "share_high": failed.high, "limit": limit, "n": failed.n,
        "tickets": float(blamed), "days": TWO_YEARS, "latest": late.value, "latest_n": late.n, "latest_days": HALF_YEAR,
        "year": year.value, "year_n": year.n, "year_days": YEAR,
    }  # fmt: skip
    return Evidence(
        lever, True, f"{share} of changes of {TWO_YEARS} days caused an incident", why, sentences, numbers,
        distance("change_failure_rate", failed.value, limit, named(agreed)), failed.value / limit, agreed,
        f"the {named(agreed)} of {words.prose(limit, 'share')} of changes",
    )  # fmt: skip


def _tickets_blaming(look: Look) -> int:
    """How many tickets name one of the changes looked at as their cause."""
    scope = look.over(TWO_YEARS)
    changes = look.records.changes["change"][kpis.causes.carried_out(scope) >= 0]
    return int(look.records.tickets["change"].isin(changes).sum())


def capacity(look: Look, lever: Lever) -> Evidence:
    """Whether the backlog stands above its past, in tickets and in weeks of arrivals, because more came than was ended."""
    if reason := look.lacking("backlog") or look.refused("backlog", YEAR + HALF_YEAR):
        return unknown(lever, reason)
    known = look.known_for("tickets")
    if known < YEAR + HALF_YEAR:
        return unknown(lever, f"{known} days of records do not tell a growing backlog from a season")
    weekly = _by_week(look.records.tickets, look.cutoff, known // 7)
    past, lately = weekly.iloc[RECENT // 7 : -(HALF_YEAR // 7)], weekly.iloc[-WEEKS:]
    now, usual = float(weekly["stock"].iloc[-1]), float(past["stock"].median())
    growth = now - float(weekly["stock"].iloc[-1 - HALF_YEAR // 7])
    rarely = past.quantile(RARE)
    # Open tickets scatter at least like the square root of their number.
    high = lately["stock"].min() > rarely["stock"] + 2 * np.sqrt(max(rarely["stock"], 1.0))
    slow = lately["weeks"].min() > rarely["weeks"]
    moved = f"{abs(growth):,.0f} {'more' if growth > 0 else 'fewer'} than" if growth else "as many as"
    moved += f" {HALF_YEAR} days before"
    if not (high and slow and growth > 0 and now > OPEN):
        held = "no more than in the past"
        if now <= OPEN:
            held = "too few for a lack of capacity"
        elif high:
            held = "no longer growing" if growth <= 0 else "more than in the past, but no more weeks of arrivals"
        count = words.plural(int(now), "ticket is", "tickets are")
        seen = {"open": now, "growth": growth, "usual": usual, "days": HALF_YEAR}
        return none(
            lever, f"{count} open, {held}: {moved}, and half of the past weeks had at most {usual:,.0f}", **seen
        )
    came = float(weekly["opened"].iloc[-(HALF_YEAR // 7) :].sum())
    weeks, usual_weeks = float(weekly["weeks"].iloc[-1]), float(past["weeks"].median())
    agreed = "backlog" in look.scope.targets and now > look.scope.targets["backlog"]
    goal = look.scope.targets["backlog"] if agreed else usual
    sentences = [
        f"{now:,.0f} tickets were open at the cut-off. Of the weeks up to {HALF_YEAR} days ago half ended with at most "
        f"{usual:,.0f}, and {100 * RARE:.0f} % with at most {rarely['stock']:,.0f}.",
        f"Over the last {HALF_YEAR} days {growth:,.0f} more were opened than ended: {words.number(growth / came, 'share')} of "
        f"the {came:,.0f} that came in.",
        f"The backlog is {words.significant(weeks, 2)} weeks of arrivals; in half of those weeks it was at most "
        f"{words.significant(usual_weeks, 2)}.",
    ]
    why = (
        f"{now:,.0f} tickets were open at the cut-off, where half of the weeks up to {HALF_YEAR} days ago had at most "
        f"{usual:,.0f}; since then {growth:,.0f} more were opened than ended, {words.prose(growth / came, 'share')} of what "
        "came in."
    )
    numbers = {
        "open": now, "usual": usual, "rarely": float(rarely["stock"]), "rare": RARE, "growth": growth, "rate": growth / came,
        "opened": came, "weeks": weeks, "usual_weeks": usual_weeks, "days": HALF_YEAR, "goal": goal,
    }  # fmt: skip
    reference = "target" if agreed else "median of past weeks"
    return Evidence(
        lever, True, f"The backlog grew by {growth:,.0f} tickets in {HALF_YEAR} days", why, sentences, numbers,
        distance("backlog", now, goal, reference), now / max(goal, 1.0), agreed,
        f"the {reference} of {goal:,.0f} open tickets",
    )  # fmt: skip


def _by_week(tickets: pd.DataFrame, cutoff: pd.Timestamp, weeks: int) -> pd.DataFrame:
    """The tickets open at the end of each of the last weeks, those opened in it, and the stock in weeks of recent arrivals.

    Weeks of seven days that end with the cut-off, oldest first; `weeks` is NaN in the first thirteen.
    """
    edges = pd.DatetimeIndex([cutoff - pd.Timedelta(weeks=back) for back in range(weeks, -1, -1)]).as_unit("us").asi8
    opened = np.sort(instants(tickets["opened"]))
    ended = np.sort(instants(tickets["ended"][tickets["ended"].notna()]))
    begun, done = np.searchsorted(opened, edges), np.searchsorted(ended, edges)
    frame = pd.DataFrame({"stock": (begun - done)[1:], "opened": np.diff(begun)}).astype(float)
    arrivals = frame["opened"].rolling(RECENT // 7).mean()
    return frame.assign(weeks=frame["stock"] / arrivals.where(arrivals > 0))


def resilience(look: Look, lever: Lever) -> Evidence:
    """Unplanned outages that keep coming, over a year, and the agreed time they cost."""
    if reason := look.lacking("availability") or look.refused("availability", YEAR):
        return unknown(lever, reason)
    limit, agreed = look.limit(lever, "availability")
    scope = look.over(YEAR)
    up = kpis.last(kpis.uptime.availability_between(scope, scope.cycle, scope.cycle))
    outages = _lost(look)
    n = len(outages)
    said = f"{words.plural(n, 'unplanned outage')} in {YEAR} days"
    seen = {"outages": n, "days": YEAR, "availability": up.value, "target": limit, "least": OUTAGES}
    if not n or np.isnan(up.denominator) or up.denominator <= 0:
        return none(lever, f"{said}, availability in agreed hours {words.number(up.value, 'share')}", **seen)
    # Outages that overlap, or lie in maintenance, cost less together than each of them would alone.
    gone = (up.denominator - up.numerator) / 3600
    hours = outages["hours"] * (gone / max(outages["hours"].sum(), 1e-9))
    allowed = (1 - limit) * up.denominator / 3600
    if n < OUTAGES or not up.high < limit:
        said += f", availability in agreed hours {words.number(up.value, 'share')}"
        if n < OUTAGES:
            return none(lever, f"{said}; fewer than {OUTAGES} outages are no repetition", **seen)
        within = "clearly above" if up.low > limit else "not clearly below"
        said += f" ({words.interval(up.low, up.high, 'share')}), {within} {words.number(limit, 'share')}"
        return none(lever, said, **seen, availability_low=up.low, availability_high=up.high)
    causes = hours.groupby(outages["cause"].fillna("not recorded")).sum().sort_values(ascending=False, kind="stable")
    sentences = [
        f"{words.plural(n, 'unplanned outage')} in the last {YEAR} days cost {words.significant(gone)} hours of agreed time; "
        f"the {named(agreed)} of {words.number(limit, 'share')} allows {words.significant(allowed)}. Availability was "
        f"{words.number(up.value, 'share')} (95 % interval {words.interval(up.low, up.high, 'share')}).",
    ]
    costliest, name = float(causes.iloc[0]), str(causes.index[0])
    # A cause that only one outage has may be a sentence about somebody.
    several = int((outages["cause"] == name).sum()) > 1
    much = len(causes) > 1 and several and costliest > 0.15 * gone
    if much:
        sentences.append(f"The costliest cause: {name}, {words.significant(costliest)} hours.")
    why = (
        f"{words.plural(n, 'unplanned outage')} in the last {YEAR} days cost {words.significant(gone)} hours of agreed time"
        + (f", {words.significant(costliest)} of them through “{name}”" if much else "")
        + f"; the {named(agreed)} of {words.prose(limit, 'share')} allows {words.significant(allowed)}."
    )
    numbers = {
        "outages": n, "hours": gone, "allowed": allowed, "availability": up.value, "availability_low": up.low,
        "availability_high": up.high, "target": limit, "costliest_hours": costliest, "days": YEAR,
    }  # fmt: skip
    return Evidence(
        lever, True, f"{words.plural(n, 'unplanned outage')} in {YEAR} days", why, sentences, numbers,
        distance("availability", up.value, limit, named(agreed)), gone / max(allowed, 1e-9), agreed,
        f"the {words.significant(allowed)} hours of downtime that the {named(agreed)} allows",
    )  # fmt: skip


def _lost(look: Look) -> pd.DataFrame:
    """The outages that count of the year, with the agreed hours that each would have cost alone."""
    scope, window = look.over(YEAR), look.window(YEAR)
    found = kpis.uptime.with_ends(scope, kpis.uptime.counted_outages(scope))
    found = found[(found["started"] < window.cutoff) & ~(found["ended"] <= window.opens)]
    begun, ended = (
        found["started"].clip(lower=window.opens),
        found["ended"].fillna(window.cutoff).clip(upper=window.cutoff),
    )
    hours = clocks.elapsed(scope.calendar, begun, ended) / 3600 * found["share"].fillna(1.0).to_numpy()
    return found.assign(hours=hours)
