"""Promises kept: which tickets met their target, by cohort, by clock, and by what is done about reopenings.

The headline counts what was *decided* in a cycle: every ticket once. Counting the open ones past due again in each cycle
would let a few that are left lying drag the figure down for ever.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb.kpis.scope import Scope, figures, shares
from sipnb.methods import proportions
from sipnb.records import clocks, intervals

#: An open ticket without a due time counts as late where so few of those that lasted as long had met their target …
LATE_SHARE = 0.05
#: … and at least so many tell.
LATE_CASES = 20
#: So many of the resolved tickets of a priority must carry a mark, for an open one without to have a target at all.
MARKED = 0.95

#: The clocks on which a goal can be judged.
CLOCKS = ("gross", "business", "net")


def sla_reported(scope: Scope) -> pd.DataFrame:
    """Attainment as other tools report it: resolved tickets only."""
    return _met(scope, scope.resolved, scope.met)


def sla_attainment(scope: Scope) -> pd.DataFrame:
    """Headline attainment: of the tickets whose outcome was decided in each cycle, the share that met their target."""
    found = decided(scope)
    return _met(scope, scope.place(found["at"]), found["met"])


def decided(scope: Scope) -> pd.DataFrame:
    """When the outcome of each ticket was decided (`at`) and which it was (`met`); NaT and NA while nobody knows.

    Each is decided once: when it is resolved in time, or when its due time passes while it is open. One that ended without
    a resolution never is.
    """
    return scope.once("decided", lambda: _decided(scope))


def _decided(scope: Scope) -> pd.DataFrame:
    tickets, late = scope.records.tickets, late_from(scope)
    resolved = tickets["resolved"]
    met = scope.met.where(resolved.notna())
    past_due = tickets["ended"].isna() & (late < scope.known_until)
    met = met.mask(past_due, False)
    # A missed one was lost when its due time passed; one that was recorded as missed before that, when it was resolved.
    lost = late.where(~(late > resolved), resolved)
    at = resolved.where(met.fillna(False).astype(bool), lost.fillna(resolved))
    return pd.DataFrame({"at": at.where(met.notna()), "met": met})


def sla_opened(scope: Scope) -> pd.DataFrame:
    """Attainment of the tickets opened in each cycle whose due time has passed.

    Of those not yet due only the fast ones have an outcome: counting them flatters the latest cycles.
    """
    known = _due_by(scope) < scope.known_until
    return _met(scope, np.where(known, scope.opened, -1), decided(scope)["met"])


def _due_by(scope: Scope) -> pd.Series:
    """From when on each ticket's outcome is known whichever it is: once it is late, or has lasted as long as hardly any."""
    tickets = scope.records.tickets
    lasted = (tickets["resolved"] - tickets["opened"]).quantile(0.95)
    usual = tickets["opened"] + (lasted if pd.notna(lasted) else pd.Timedelta(0))
    return late_from(scope).fillna(usual)


def sla_stock(scope: Scope) -> pd.DataFrame:
    """Of the tickets open at the end of each cycle of which a target is known: the share not yet past due."""
    tickets = scope.records.tickets
    known = tickets["sla_due"].notna() | tickets["sla_met"].notna() | late_from(scope).notna()
    n = scope.stock(tickets["opened"].where(known), tickets["ended"])
    late = scope.stock(late_from(scope), tickets["ended"])
    return shares(n - late, n)


def past_due(scope: Scope) -> pd.Series:
    """For how long the tickets open at the end of the last cycle have been past due, in days: one value a late ticket."""
    waiting = scope.tickets_open()
    days = (scope.edges[-1] - late_from(scope)[waiting.index]).dt.total_seconds() / 86400
    return days[days > 0]


def _met(scope: Scope, where: np.ndarray, met: pd.Series) -> pd.DataFrame:
    return scope.share(np.where(met.notna(), where, -1), met)


def late_from(scope: Scope) -> pd.Series:
    """From when on each ticket is late as long as it is open; NaT where that is not known.

    That is its due time. Where none was recorded, it is the age at which hardly any ticket of its priority that lasted
    so long had met its target; and at once where the tool has marked an open ticket as missed. An open one without a mark
    has a target where nearly all resolved ones of its priority carry a mark. Tools that mark a miss only when a ticket is closed
    would otherwise show no late ticket at all.
    """
    return scope.once("late from", lambda: _late_from(scope.records.tickets, scope.known_until))


def _late_from(tickets: pd.DataFrame, until: pd.Timestamp) -> pd.Series:
    due, met, done = tickets["sla_due"], tickets["sla_met"], tickets["resolved"].notna()
    silent, marked = due.isna(), met.notna()
    told = tickets[silent & marked & done]
    if silent.any() and marked.any():
        ages = told.groupby("priority").apply(_hopeless_age).to_dict() if len(told) else {}
        shares_marked = marked[silent & done].groupby(tickets["priority"]).mean()
        promised = tickets["priority"].isin(shares_marked.index[shares_marked >= MARKED])
        silent &= marked | (tickets["ended"].isna() & promised)
        waits = tickets["priority"].map(ages).astype("float64")
        inferred = tickets["opened"] + pd.to_timedelta(waits, unit="s")
        # What the tool has marked as missed while it is open is late, whenever that was.
        missed = silent & ~done & ~met.fillna(True).astype(bool) & ~(inferred < until)
        due = due.where(~silent, inferred.mask(missed, tickets["opened"]).astype(due.dtype))
    return due.where(~(due < tickets["opened"]), tickets["opened"])


def _hopeless_age(done: pd.DataFrame) -> float:
    """The age in seconds from which on at most one in twenty of these resolved tickets had met its target."""
    seconds = (done["resolved"] - done["opened"]).dt.total_seconds().to_numpy()
    order = np.argsort(-seconds, kind="stable")
    lasted = np.arange(1, len(order) + 1)
    few = (np.cumsum(done["sla_met"].to_numpy(bool)[order]) <= LATE_SHARE * lasted) & (lasted >= LATE_CASES)
    # Tickets of one age count together.
    few &= np.append(np.diff(seconds[order]) != 0, True)
    return float(seconds[order][np.flatnonzero(few)[-1]]) if few.any() else np.nan


def met_on_clocks(scope: Scope, tickets: pd.DataFrame) -> pd.DataFrame:
    """Whether resolved tickets met their goal on each clock: columns gross, business, net, as flags.

    The goal is the agreed time, net of holds, from opening to the due time that the tool ended with: tools move it by
    what a ticket was on hold. Only tickets with a due time; none where nothing is known of holds.
    """
    records = scope.records
    tickets = tickets[tickets["sla_due"].notna() & tickets["resolved"].notna()]
    timed, summed = records.supplies("ticket_events", "on_hold"), records.supplies("tickets", "on_hold")
    if tickets.empty or not (timed or summed):
        return pd.DataFrame({clock: pd.Series([], dtype=bool) for clock in CLOCKS})
    opened, resolved, due = tickets["opened"], tickets["resolved"], tickets["sla_due"]
    pauses = scope.holds_of(tickets) if timed else None
    gross = (resolved - opened).dt.total_seconds().to_numpy()
    business = clocks.elapsed(scope.calendar, opened, resolved)
    if timed:
        goal = clocks.elapsed(scope.calendar, opened, due, pauses)
        net = clocks.elapsed(scope.calendar, opened, resolved, pauses)
    else:
        net = intervals.elapsed_by_total(business, gross, tickets["on_hold"].to_numpy())
        goal = np.maximum(clocks.elapsed(scope.calendar, opened, due) - (business - net), 0)
    return pd.DataFrame({"gross": gross <= goal, "business": business <= goal, "net": net <= goal}, index=tickets.index)


def sla_gaming_gap(scope: Scope) -> pd.DataFrame:
    """Attainment on the net clock less that on the business clock, over the same tickets."""
    tickets, met = scope.records.tickets, _on_clocks(scope)
    where = pd.Series(scope.resolved, index=tickets.index).reindex(met.index).to_numpy("int64", na_value=-1)
    net, business = met["net"].to_numpy(), met["business"].to_numpy()
    ways = [
        scope.count(np.where(way, where, -1))
        for way in (net & business, net & ~business, ~net & business, ~net & ~business)
    ]
    found = [proportions.paired_difference(*map(int, one)) for one in zip(*ways, strict=True)]
    n = np.array([one.n for one in found])
    return figures(
        [one.value for one in found], [one.low for one in found], [one.high for one in found], n, ways[1] - ways[2], n
    )


def on_clock(scope: Scope, clock: str) -> pd.DataFrame:
    """Attainment of the tickets resolved in each cycle on one of the CLOCKS, for tickets with a due time."""
    met = _on_clocks(scope)[clock].astype("boolean").reindex(scope.records.tickets.index)
    return _met(scope, scope.resolved, met)


def _on_clocks(scope: Scope) -> pd.DataFrame:
    """The tickets resolved in any cycle on each clock, computed once."""
    return scope.once("on clocks", lambda: met_on_clocks(scope, scope.records.tickets[scope.resolved >= 0]))


def goals(scope: Scope) -> dict[int, float]:
    """The goal in agreed seconds of each priority, as the due times imply it: the median over its tickets, to the minute."""
    tickets = scope.records.tickets
    tickets = tickets[tickets["sla_due"].notna() & tickets["priority"].notna()]
    if tickets.empty:
        return {}
    pauses = scope.holds_of(tickets)
    seconds = clocks.elapsed(scope.calendar, tickets["opened"], tickets["sla_due"], pauses)
    medians = pd.Series(seconds).groupby(tickets["priority"].to_numpy("int64")).median()
    return {int(priority): float(60 * round(value / 60)) for priority, value in medians.items() if value > 0}


def by_policy(scope: Scope) -> pd.DataFrame:
    """Attainment in the last cycle under each policy for reopenings and for changed priorities, on the net clock.

    Columns reopened (R1, R2, R3), priority (P1, P2), value, low, high, n: clocks under R2, tickets otherwise. Empty
    without events, due times or priorities: then only what the tool recorded is known.
    """
    columns = ["reopened", "priority", "value", "low", "high", "n"]
    tickets = scope.tickets_resolved()
    tickets = tickets[tickets["priority"].notna()]
    goal = goals(scope) if scope.records.supplies("ticket_events", "state") else {}
    if tickets.empty or not goal:
        return pd.DataFrame(columns=columns)
    events = scope.events_of(tickets)
    pauses, levels = scope.holds_of(tickets), intervals.priorities(tickets, events)
    lines = []
    for reopened in ("R1", "R2", "R3"):
        running = intervals.running(tickets, events, reopened)
        for priority in ("P1", "P2"):
            used = intervals.goal_used(scope.calendar, running, scope.known_until, levels, goal, pauses, priority)
            met = used[~np.isnan(used)] <= 1
            share = proportions.wilson(int(met.sum()), len(met))
            lines.append((reopened, priority, share.value, share.low, share.high, share.n))
    return pd.DataFrame(lines, columns=columns)
