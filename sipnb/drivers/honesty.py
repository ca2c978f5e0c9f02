"""Whether figures are better than the service: goals met by lowered priorities, by closing early, by closing in bulk; and
what machines resolve and what comes back of it.

Each check compares what would look good with what should be like it: priorities lowered just before the due time with
those lowered a little earlier or later, tickets resolved just in time with those resolved earlier, the last working days
of months with their other days. All checks of a service are judged together (Holm 1979).

Sources: the conditional test of two Poisson rates (Przyborowski and Wilenski 1940); Mantel and Haenszel (1959) for
strata; Student's t over months, of logarithms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from sipnb.cycles import Cycle
from sipnb.drivers import hours
from sipnb.kpis import attainment, handling
from sipnb.kpis.scope import Scope, within
from sipnb.methods import discoveries, marginal
from sipnb.methods.drivers import design
from sipnb.methods.proportions import Estimate
from sipnb.records import clocks

#: From this part of the agreed time on a change is late; just before the end of it a resolution is just in time.
LATE, JUST = 0.8, 0.9
#: A ticket reopened so soon was closed to stop the clock, or too early.
SOON = pd.Timedelta(hours=48)
#: So many working days end a month, and so many months tell.
LAST_DAYS, FEWEST_MONTHS = 2, 9
#: Fewer cases of a kind say nothing.
FEWEST = 10


@dataclass(frozen=True)
class Check:
    """One check: of `n` cases a share `value` looks like it, `usual` is what it should be (of months: how many times as much is
    closed), `p` is one-sided. `found` holds among all checks; `told` is false where the records cannot say."""

    name: str
    told: bool
    value: float = math.nan
    usual: float = math.nan
    n: int = 0
    p: float = math.nan
    found: bool = False


def checks(scope: Scope, window: Cycle, level: float = 0.01) -> list[Check]:
    """All checks of a service over a window (the closings at month's end over the whole history), judged together."""
    found = [priority_lowered(scope, window), resolved_and_reopened(scope, window), closed_at_months_end(scope)]
    holds = discoveries.holm([one.p for one in found], level)["rejected"].to_numpy(bool)
    return [replace(one, found=bool(hit)) for one, hit in zip(found, holds, strict=True)]


def priority_lowered(scope: Scope, window: Cycle) -> Check:
    """Whether priorities are lowered more often just before the due time than a little before and after it.

    Per agreed time that tickets were open there: those that last long are changed late, whatever for.
    """
    name = "priority lowered late"
    records = scope.records
    if not (records.supplies("ticket_events", "priority") and records.supplies("tickets", "sla_due")):
        return Check(name, False)
    used = _used(scope, window)
    lowered = used["next"] > used["priority"]
    bands = ((LATE, 1.0), (2 * LATE - 1, LATE), (1.0, 2 - LATE))
    hits = [int((lowered & (used["to"] >= a) & (used["to"] < b)).sum()) for a, b in bands]
    times = [float((used["to"].clip(a, b) - used["since"].clip(a, b)).sum()) for a, b in bands]
    n, near, beside = sum(hits), times[0], times[1] + times[2]
    if n < FEWEST or not (near > 0 and beside > 0):
        return Check(name, False, n=n)
    p = float(stats.binomtest(hits[0], n, near / (near + beside), alternative="greater").pvalue)
    return Check(name, True, hits[0] / n, near / (near + beside), n, p)


def _used(scope: Scope, window: Cycle) -> pd.DataFrame:
    """Each stretch of a ticket with one priority: which, the next one (NaN at the end), and from which part of its goal
    to which."""
    tickets = scope.records.tickets
    spans = scope.priorities
    following = spans["priority"].shift(-1).where(spans["row"].eq(spans["row"].shift(-1)))
    spans = spans.assign(next=following)
    goals = _goals(scope, set(spans["row"][following.notna()]))
    mine = spans[within(tickets["opened"], window).to_numpy()[spans["row"].to_numpy()]]
    opened = tickets["opened"].array[mine["row"].to_numpy()]
    over = pd.Series(tickets["ended"].fillna(scope.known_until).array[mine["row"].to_numpy()], index=mine.index)
    ends = mine["end"].fillna(over)
    goal = mine["priority"].map(goals).to_numpy("float64", na_value=np.nan)
    parts = [
        np.asarray(clocks.elapsed(scope.calendar, opened, t)) / goal
        for t in (mine["start"], ends.where(ends < over, over))
    ]
    frame = pd.DataFrame(
        {"priority": mine["priority"].to_numpy(), "next": mine["next"].to_numpy(), "since": parts[0], "to": parts[1]}
    )
    return frame[np.isfinite(goal)].astype("float64")


def _goals(scope: Scope, changed: set[int]) -> dict[int, float]:
    """The usual agreed seconds from opening to due time by priority, of tickets whose priority never changed."""
    tickets = scope.records.tickets[["opened", "sla_due", "priority"]]
    plain = tickets[tickets["sla_due"].notna() & ~np.isin(np.arange(len(tickets)), list(changed))]
    seconds = pd.Series(
        np.asarray(clocks.elapsed(scope.calendar, plain["opened"], plain["sla_due"])), index=plain.index
    )
    return seconds[seconds > 0].groupby(plain["priority"]).median().to_dict()


def resolved_and_reopened(scope: Scope, window: Cycle) -> Check:
    """Whether tickets first resolved just before their due time are reopened soon more often than those resolved earlier."""
    name = "resolved just in time, then reopened"
    records = scope.records
    if not (records.supplies("ticket_events", "state") and records.supplies("tickets", "sla_due")):
        return Check(name, False)
    tickets = records.tickets
    turns = hours.turns(scope).set_axis(tickets.index)
    first, second = turns["done"].fillna(tickets["resolved"]), turns["again"]
    goal = np.asarray(clocks.elapsed(scope.calendar, tickets["opened"], tickets["sla_due"].fillna(tickets["opened"])))
    inside = within(first, window).to_numpy(bool) & tickets["sla_due"].notna().to_numpy() & (goal > 0)
    used = np.full(len(tickets), np.nan)
    used[inside] = clocks.elapsed(scope.calendar, tickets["opened"][inside], first[inside]) / goal[inside]
    just, before = (used >= JUST) & (used <= 1), used < JUST
    soon = ((second - first) <= SOON).to_numpy(bool)
    counts = [int((just & soon).sum()), int(just.sum()), int((before & soon).sum()), int(before.sum())]
    if min(counts[1], counts[3]) < FEWEST:
        return Check(name, False, n=counts[1])
    p = _stratified(
        just[just | before], soon[just | before], tickets["priority"].to_numpy("float64", na_value=0)[just | before]
    )
    return Check(name, True, counts[0] / counts[1], counts[2] / counts[3], counts[1], p)


def _stratified(exposed: np.ndarray, hit: np.ndarray, strata: np.ndarray) -> float:
    """One-sided p-value of Mantel and Haenszel: more hits among the exposed than among others of their stratum."""
    more = variance = 0.0
    for stratum in np.unique(strata):
        here = strata == stratum
        n, m, k = int(here.sum()), int(exposed[here].sum()), int(hit[here].sum())
        if n > 1:
            more += float((exposed & hit)[here].sum()) - m * k / n
            variance += m * (n - m) * k * (n - k) / (n**2 * (n - 1))
    return float(stats.norm.sf((more - 0.5) / math.sqrt(variance))) if variance > 0 else 1.0


def closed_at_months_end(scope: Scope) -> Check:
    """Whether more is closed on the last working days of months than on their other days, beyond what is opened then."""
    name = "closed at the month's end"
    tickets, zone = scope.records.tickets, scope.cycle.zone
    days = {
        c: tickets[c].dropna().dt.tz_convert(zone).dt.tz_localize(None).dt.normalize() for c in ("opened", "resolved")
    }
    if days["resolved"].empty:
        return Check(name, False)
    until = scope.known_until.tz_convert(zone).tz_localize(None).normalize()
    span = pd.date_range(days["opened"].min(), until, freq="D", inclusive="left")
    counts = pd.DataFrame({c: d.value_counts().reindex(span, fill_value=0) for c, d in days.items()})
    agreed = _agreed_days(scope, span)
    counts = counts[agreed]
    month = counts.index.to_period("M")
    # Less is opened on Fridays than is closed: each day counts against what is usual on its weekday.
    usual = counts.groupby(counts.index.day_of_week).transform("mean").clip(lower=1e-9)
    rank = pd.Series(1, index=counts.index).groupby(month).cumsum()
    last = pd.Series(month.map(month.value_counts()), counts.index) - rank < LAST_DAYS
    whole = month.notna() if until.is_month_start else month != month[-1]
    sums = {
        (of, end): values[whole & (last == end)].groupby(month[whole & (last == end)]).sum()
        for of, values in (("counted", counts), ("usual", usual))
        for end in (True, False)
    }
    ends, others = (sums["counted", end] / sums["usual", end] for end in (True, False))
    enough = (sums["counted", True].min(axis=1) >= 3) & (sums["counted", False].min(axis=1) >= 3)
    ratio = (ends["resolved"] / others["resolved"] / (ends["opened"] / others["opened"]))[enough]
    rows = np.log(ratio.to_numpy(float))
    if len(rows) < FEWEST_MONTHS:
        return Check(name, False, n=len(rows))
    found = stats.ttest_1samp(rows, 0.0, alternative="greater")
    return Check(name, True, float(np.exp(np.mean(rows))), 1.0, len(rows), float(found.pvalue))


def _agreed_days(scope: Scope, span: pd.DatetimeIndex) -> np.ndarray:
    begins = span.tz_localize(scope.cycle.zone, nonexistent="shift_forward").tz_convert("UTC")
    ends = (span + pd.Timedelta(days=1)).tz_localize(scope.cycle.zone, nonexistent="shift_forward").tz_convert("UTC")
    return np.asarray(clocks.elapsed(scope.calendar, begins, ends)) > 0


@dataclass(frozen=True)
class Deflection:
    """What machines resolve: `n` tickets of a window, a `share` of all; `back` of them were asked again within a week,
    `others` is what like tickets of people are; `more` the difference. `held` is the share of all tickets that a machine
    resolved for good. `people` is the attainment of what is left to people, `alike` what it would be with the mix of all
    tickets."""

    n: int
    share: float
    back: float
    others: float
    more: Estimate
    held: float
    people: float
    alike: float


def deflection(scope: Scope, window: Cycle) -> Deflection | None:
    """Whether what a machine resolved held; None where no machine resolves, or nobody can be known to come back."""
    records = scope.records
    if not (records.supplies("tickets", "resolver") and records.supplies("tickets", "requester")):
        return None
    tickets, again = records.tickets, handling.came_back(scope)
    inside = (within(tickets["resolved"], window) & again.notna() & tickets["resolver"].notna()).to_numpy(bool)
    mine, back = (
        tickets.loc[inside, ["resolved", "resolver", "category", "kind"]],
        again[inside].astype(bool).to_numpy(),
    )
    machine = mine["resolver"].eq("machine").to_numpy(bool)
    if machine.sum() < FEWEST or (~machine).sum() < FEWEST:
        return None
    mix = pd.DataFrame({c: mine[c].astype("str").fillna("") for c in ("category", "kind")})
    fit = marginal.logistic(np.column_stack([design(mix), machine.astype(float)]), back.astype(float))
    day = pd.factorize(mine["resolved"].dt.floor("D"), sort=True)[0]
    found = marginal.effect(fit, fit.design.shape[1] - 1, day)
    people, alike = _left_to_people(scope, window)
    share = float(machine.mean())
    return Deflection(
        int(machine.sum()), share, float(back[machine].mean()), found.others, found.difference,
        share * float(1 - back[machine].mean()), people, alike,
    )  # fmt: skip


def _left_to_people(scope: Scope, window: Cycle) -> tuple[float, float]:
    """Attainment of the tickets left to people, as it is and with the mix of all tickets."""
    decided, tickets = attainment.decided(scope), scope.records.tickets
    inside = (within(decided["at"], window) & decided["met"].notna()).to_numpy(bool)
    mine, met = (
        tickets.loc[inside, ["resolver", "category", "kind", "priority"]],
        decided["met"][inside].astype(bool).to_numpy(),
    )
    person = ~mine["resolver"].eq("machine").fillna(False).to_numpy(bool)
    if not person.any():
        return math.nan, math.nan
    cell = (
        mine["category"].astype("str").fillna("")
        + mine["kind"].astype("str")
        + mine["priority"].astype("str").fillna("")
    )
    by = pd.DataFrame({"cell": cell.to_numpy(), "met": met, "person": person})
    rate = by[by["person"]].groupby("cell")["met"].mean()
    weights = by["cell"].value_counts().reindex(rate.index)
    return float(met[person].mean()), float((rate * weights).sum() / weights.sum())
