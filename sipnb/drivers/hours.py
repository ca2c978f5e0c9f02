"""Users' hours lost: the one currency in which gaps, drivers and options are compared.

Four parts that never count an hour twice: *late*, agreed hours for which a user waited beyond what was agreed; *reopened*,
from a reopening to the end, as far as that was in time; *passed on*, from the first to the last hand-over of a ticket that
was handed over more than once, as far as that was before; and *down*, agreed hours of outages times the users of the service.
A ticket is one user who waits. Hours are counted in the cycle in which they were lost, those of open tickets up to the cut-off.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb.cycles import Cycle
from sipnb.kpis import attainment, uptime
from sipnb.kpis.scope import NEVER, Scope, instants
from sipnb.methods import downtime
from sipnb.methods.proportions import Estimate
from sipnb.records import clocks
from sipnb.records.states import has_ended

PARTS = ("late", "reopened", "passed on", "down")
#: Of fewer tickets or outages that lost hours no interval is told (`benchmarks/coverage.py`).
FEWEST = 8


def spans(scope: Scope) -> pd.DataFrame:
    """When each ticket lost hours: row (its position), part, start, end; the spans of one ticket never overlap."""
    return scope.once("hours lost, spans", lambda: _spans(scope))


def _spans(scope: Scope) -> pd.DataFrame:
    tickets = scope.records.tickets
    ends = tickets["ended"].fillna(scope.known_until).reset_index(drop=True)
    late = attainment.late_from(scope).reset_index(drop=True)
    again, (passed, settled) = _reopened(scope), _passed_on(scope)
    # What comes later in a ticket's life comes first in the count, so that no hour is counted twice.
    in_time = _earlier(ends, late)
    before = _earlier(_earlier(settled, in_time), again)
    found = [("late", late, ends), ("reopened", again, in_time), ("passed on", passed, before)]
    parts = []
    for part, start, end in found:
        rows = np.flatnonzero((start < end).to_numpy(bool))
        parts.append(pd.DataFrame({"row": rows, "part": part, "start": start.iloc[rows], "end": end.iloc[rows]}))
    return pd.concat(parts, ignore_index=True)


def _earlier(one: pd.Series, other: pd.Series) -> pd.Series:
    return one.where(~(other < one), other)


def _reopened(scope: Scope) -> pd.Series:
    """When each ticket was reopened for the first time; NaT where it was not, or no event says so."""
    return turns(scope)["again"]


def turns(scope: Scope) -> pd.DataFrame:
    """When events say that each ticket was ended for the first time (`done`), and reopened after that (`again`); NaT where none
    does. The index is the position of the ticket."""
    return scope.once("turns", lambda: _turns(scope))


def _turns(scope: Scope) -> pd.DataFrame:
    events, count = scope.events, len(scope.records.tickets)
    code, states = pd.factorize(events["state"])
    ends = has_ended(pd.Series(states, dtype="str")).to_numpy(bool) if len(states) else np.empty(0, dtype=bool)
    told = code >= 0
    row, at, over = events["row"].to_numpy()[told], instants(events["at"])[told], ends[code[told]]
    done = _firsts(row[over], at[over], count)
    # What comes at the same instant as the end is no reopening.
    later = ~over & (done[row] != NEVER) & (at > done[row])
    again = _firsts(row[later], at[later], count)
    return pd.DataFrame({"done": _times(done), "again": _times(again)})


def _firsts(row: np.ndarray, at: np.ndarray, count: int) -> np.ndarray:
    """The first of the instants of each row, which come in order."""
    found = np.full(count, NEVER)
    found[row[::-1]] = at[::-1]
    return found


def _times(at: np.ndarray) -> pd.Series:
    return pd.Series(pd.DatetimeIndex(at.view("datetime64[us]")).tz_localize("UTC"))


def _passed_on(scope: Scope) -> tuple[pd.Series, pd.Series]:
    """The first and the last hand-over of each ticket that had several."""
    moves = handovers(scope)
    by_row = moves.groupby("row")["at"]
    several = by_row.size().loc[lambda n: n > 1].index
    every = range(len(scope.records.tickets))
    return by_row.min().loc[several].reindex(every), by_row.max().loc[several].reindex(every)


def handovers(scope: Scope) -> pd.DataFrame:
    """Each change of a ticket's group: row, at, group (the new one), in order; the first group that is known is no change."""
    return scope.once("hand-overs", lambda: _handovers(scope))


def _handovers(scope: Scope) -> pd.DataFrame:
    events = in_groups(scope)
    moved = (events["row"] == events["row"].shift()) & (events["group"] != events["group"].shift())
    return events[moved.to_numpy(bool)].reset_index(drop=True)


def in_groups(scope: Scope) -> pd.DataFrame:
    """The events that tell a ticket's group: row, at, group, by row and time."""
    return scope.once("events of groups", lambda: _in_groups(scope))


def _in_groups(scope: Scope) -> pd.DataFrame:
    events = scope.events
    return events.loc[events["group"].notna(), ["row", "at", "group"]].reset_index(drop=True)


def by_ticket(scope: Scope, window: Cycle) -> pd.Series:
    """The agreed hours that each ticket lost within a window, all parts together, by the index of the tickets."""
    return scope.once(f"hours lost by ticket, {window.start} to {window.end}", lambda: _by_ticket(scope, window))


def _by_ticket(scope: Scope, window: Cycle) -> pd.Series:
    lost = _within(scope, pd.DatetimeIndex([window.opens, window.cutoff]).as_unit("us"))
    hours = np.bincount(lost["row"], weights=lost["hours"], minlength=len(scope.records.tickets))
    return pd.Series(hours, index=scope.records.tickets.index)


def _within(scope: Scope, edges: pd.DatetimeIndex) -> pd.DataFrame:
    """The spans cut by edges: row, part, place (between which edges) and agreed hours."""
    found, cuts = spans(scope), edges.asi8
    start = pd.DatetimeIndex(found["start"]).as_unit("us").asi8
    end = np.minimum(pd.DatetimeIndex(found["end"]).as_unit("us").asi8, cuts[-1])
    first = np.clip(np.searchsorted(cuts, start, side="right") - 1, 0, len(cuts) - 2)
    last = np.clip(np.searchsorted(cuts, end, side="left") - 1, -1, len(cuts) - 2)
    many = np.maximum(np.where(end > cuts[0], last - first + 1, 0), 0)
    at = np.repeat(np.arange(len(found)), many)
    place = first[at] + np.arange(len(at)) - np.repeat(np.cumsum(many) - many, many)
    begin, finish = np.maximum(start[at], cuts[place]), np.minimum(end[at], cuts[place + 1])
    keep = finish > begin
    at, place, begin, finish = at[keep], place[keep], begin[keep], finish[keep]
    times = (pd.DatetimeIndex(t.view("datetime64[us]")).tz_localize("UTC") for t in (begin, finish))
    seconds = clocks.elapsed(scope.calendar, *times) if len(at) else np.empty(0)
    return pd.DataFrame(
        {"row": found["row"].to_numpy()[at], "part": found["part"].to_numpy()[at], "place": place, "hours": seconds / 3600}
    )  # fmt: skip


def users(scope: Scope) -> np.ndarray:
    """The mean number of users in each cycle; where a cycle has none on record, that of the cycles that have; NaN
    without any."""
    usage = scope.records.usage
    where = np.where(usage["users"].notna(), scope.place_days(usage["period"]), -1)
    periods = scope.count(where)
    told = np.divide(scope.total(where, usage["users"]), periods, out=np.full(len(periods), np.nan), where=periods > 0)
    return np.where(np.isnan(told), np.nanmean(told) if (~np.isnan(told)).any() else np.nan, told)


def outages(scope: Scope, affected: float = 1.0) -> pd.DataFrame:
    """The unplanned outages that count within the cycles: those of the records with `place` (cycle), `down` (agreed hours
    times the share that was lost) and `hours` (of users; NaN where the number of users is not known)."""
    counted = uptime.with_ends(scope, uptime.counted_outages(scope))
    begins, ends = counted["started"], counted["ended"].fillna(scope.known_until)
    place = scope.place(begins)
    inside = place >= 0
    seconds = np.asarray(clocks.elapsed(scope.calendar, begins[inside], ends[inside])) if inside.any() else np.empty(0)
    down = seconds / 3600 * counted["share"].fillna(1.0).to_numpy()[inside]
    return counted[inside].assign(place=place[inside], down=down, hours=down * affected * users(scope)[place[inside]])


def by_cycle(scope: Scope, affected: float = 1.0) -> pd.DataFrame:
    """Users' hours lost by cycle: a column a part (NaN where the records cannot tell it), `hours`, and its 95 % interval.

    The interval is that of the service as it runs: how many tickets and outages lose hours, and how many each loses, are
    both chance. None where fewer than eight did.
    """
    return scope.once(f"hours lost by cycle, {affected}", lambda: _by_cycle(scope, affected))


def _by_cycle(scope: Scope, affected: float) -> pd.DataFrame:
    count = len(scope.cycles)
    lost = _within(scope, scope.edges)
    parts = {
        part: np.bincount(
            lost["place"][lost["part"] == part], weights=lost["hours"][lost["part"] == part], minlength=count
        )
        for part in PARTS[:-1]
    }
    down = outages(scope, affected)
    parts["down"] = np.bincount(down["place"], weights=down["hours"], minlength=count)
    told = tells(scope)
    frame = pd.DataFrame({part: hours if told[part] else np.full(count, np.nan) for part, hours in parts.items()})
    frame["hours"] = frame.sum(axis=1, min_count=1)
    each = lost.groupby(["place", "row"])["hours"].sum().reset_index()
    bounds = [
        together(
            interval(each["hours"][each["place"] == at]),
            interval(down["hours"][down["place"] == at] if told["down"] else ()),
        )
        for at in range(count)
    ]
    frame[["low", "high"]] = [(one.low, one.high) for one in bounds]
    return frame.set_axis(pd.Index([c.name for c in scope.cycles], name="cycle"))


def interval(hours) -> Estimate:
    """The sum of these hours, one a ticket or outage, with a 95 % interval for what the same process loses on average.

    Few are modelled (`downtime.share_down`), many speak for themselves: the number and the hours of each scatter
    together. No interval where fewer than eight lost anything.
    """
    lost = np.asarray(hours, dtype=float)
    lost = lost[lost > 0]
    total = float(lost.sum())
    if len(lost) < FEWEST:
        return Estimate(total, np.nan, np.nan, len(lost))
    if len(lost) >= downtime.MANY:
        times = np.exp(1.96 * np.sqrt((lost**2).sum()) / total)
        return Estimate(total, total / times, total * times, len(lost))
    # The time in which they could come has no end to speak of: a ticket more takes no time from the others.
    span = 1e6 * total
    found = downtime.share_down(lost, span)
    return Estimate(total, found.low * span, found.high * span, len(lost))


def together(*parts: Estimate) -> Estimate:
    """The sum of independent parts with its interval (Zou and Donner 2008); a part without an interval adds none where
    it is nothing."""
    told = [one for one in parts if one.n]
    total = float(sum(one.value for one in told))
    if not told:
        return Estimate(0.0, np.nan, np.nan, 0)
    below = np.sqrt(sum((one.value - one.low) ** 2 for one in told))
    above = np.sqrt(sum((one.high - one.value) ** 2 for one in told))
    return Estimate(total, max(0.0, total - below), total + above, sum(one.n for one in told))


def tells(scope: Scope) -> dict[str, bool]:
    """Which parts the records of the organisation can tell."""
    records = scope.records
    due = attainment.late_from(scope).notna().any() if records.has("tickets") else False
    return {
        "late": bool(due), "reopened": records.supplies("ticket_events", "state"),
        "passed on": records.supplies("ticket_events", "group"),
        "down": records.has("outages") and bool(np.isfinite(users(scope)).any()),
    }  # fmt: skip
