"""Availability: agreed time lost to outages, with and without announced maintenance, and how often outages start.

What a cycle lost is counted, not sampled: its figure has no interval, and one or two outages could not give it one. What the
service loses as it runs is judged over a year, outage by outage (`availability_between`): an interval from a month's outages
covers 82 to 87 % where they are rare.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from sipnb.cycles import Cycle
from sipnb.kpis.scope import Scope, counts, figures, nothing
from sipnb.methods import downtime, proportions
from sipnb.records import clocks

#: How long an outage without an end is taken to have lasted at least: a day, where fewer than five ended ones tell how long
#: they last; one that nothing followed may still go on, for a week.
TELLING, LEAST_DOWN, STILL_DOWN = 5, pd.Timedelta(days=1), pd.Timedelta(days=7)


_Pieces = tuple[pd.DatetimeIndex, np.ndarray, np.ndarray]


def counted_outages(scope: Scope) -> pd.DataFrame:
    """Unplanned outages of the severities that count."""
    outages = scope.records.outages
    outages = outages[outages["kind"].fillna("unplanned") == "unplanned"]
    return outages if scope.severities is None else outages[outages["severity"].isin(scope.severities)]


def maintenance(scope: Scope) -> pd.DataFrame:
    """Announced maintenance."""
    outages = scope.records.outages
    return outages[outages["kind"] == "maintenance"]


def lost(outages: pd.DataFrame, edges: pd.DatetimeIndex, calendar: clocks.Calendar = clocks.ALWAYS) -> np.ndarray:
    """Agreed seconds lost between each two of the `edges`: overlapping outages count once, the larger share of them.

    An outage that had not ended runs to the last edge (see `with_ends`); one without a share takes the whole service.
    """
    left, seconds, _ = _pieces(outages, edges, calendar)
    return np.bincount(edges.searchsorted(left, side="right") - 1, weights=seconds, minlength=len(edges) - 1)


def _pieces(outages: pd.DataFrame, edges: pd.DatetimeIndex, calendar: clocks.Calendar) -> _Pieces:
    """The time between the first and the last edge during which something was down, in pieces that no edge cuts.

    When each begins, the agreed seconds lost in it, and whether it goes on where the one before it ended.
    """
    begins = outages["started"].clip(lower=edges[0])
    ends = outages["ended"].fillna(edges[-1]).clip(upper=edges[-1])
    spans = pd.DataFrame({"a": begins, "b": ends, "share": outages["share"].fillna(1.0)})[begins < ends]
    if spans.empty:
        return edges[:0], np.empty(0), np.empty(0, dtype=bool)
    cuts = pd.DatetimeIndex(pd.concat([spans["a"], spans["b"], pd.Series(edges)]).unique()).sort_values()
    left, right = cuts[:-1], cuts[1:]
    first, last = cuts.searchsorted(spans["a"]), cuts.searchsorted(spans["b"])
    worst = np.zeros(len(left))
    for start, end, share in zip(first, last, spans["share"], strict=True):
        worst[start:end] = np.maximum(worst[start:end], share)
    down = np.flatnonzero(worst)
    seconds = np.asarray(clocks.elapsed(calendar, left[down], right[down])) * worst[down]
    return left[down], seconds, np.r_[False, np.diff(down) == 1]


def availability(scope: Scope) -> pd.DataFrame:
    """Availability with announced maintenance taken out of the agreed time."""
    return scope.once("availability, maintenance left out", lambda: _by_cycle(scope, counted=False))


def availability_all(scope: Scope) -> pd.DataFrame:
    """Availability with announced maintenance counted as down."""
    return _by_cycle(scope, counted=True)


def _by_cycle(scope: Scope, counted: bool) -> pd.DataFrame:
    if _silent(scope):
        return nothing(len(scope.cycles))
    days, total, gone = _days(scope, counted)
    ends = np.searchsorted(days, scope.edges.asi8)
    return figures(*zip(*(_share(total[a:b], gone[a:b]) for a, b in pairwise(ends)), strict=True))


def _silent(scope: Scope) -> bool:
    # Nothing at all is recorded of this service, and nobody says that it was watched: silence is no availability.
    return scope.monitored_since is None and scope.records.outages.empty and scope.records.tickets.empty


def availability_between(scope: Scope, first: Cycle, last: Cycle) -> pd.DataFrame:
    """Availability of the span from one cycle to the end of another, maintenance left out: one row.

    The interval is that of the service as it runs, told by the outages of the span (`downtime.share_down`): give a year. None
    where nothing was lost. Only time under observation counts: of a service that is younger than the span, its own time.
    """
    if _silent(scope):
        return nothing(1)
    span = scope.over([first, last])
    _, total, gone = _days(span, counted=False)
    frame = figures(*zip(_share(total, gone), strict=True))
    if total.sum() > 0:
        process = downtime.share_down(_each(span), float(total.sum()))
        frame[["low", "high"]] = 1 - process.high, 1 - process.low
    return frame


def _each(scope: Scope) -> np.ndarray:
    """The agreed seconds that each outage of a scope took, those that overlap or follow at once taken together."""
    edges = scope.edges[[0, -1]]
    left_out = _left_out(scope, counted=False)
    # Between the edges of what is left out nothing can be lost, and an outage around it is still one.
    cuts = pd.DatetimeIndex(
        pd.concat([pd.Series(edges), left_out["started"], left_out["ended"]]).unique()
    ).sort_values()
    cuts = cuts[(cuts >= edges[0]) & (cuts <= edges[-1])].as_unit("us")
    left, seconds, goes_on = _pieces(with_ends(scope, counted_outages(scope)), cuts, scope.calendar)
    if not len(left):
        return np.empty(0)
    outside = lost(left_out, cuts, scope.calendar) > 0
    seconds = np.where(outside[cuts.searchsorted(left, side="right") - 1], 0.0, seconds)
    return np.bincount(np.cumsum(~goes_on) - 1, weights=seconds)


def doubtful(scope: Scope) -> pd.DataFrame:
    """Outages and maintenance that nobody wrote an end for, so that it is not known how long they lasted.

    Columns start, down, end; the index is that of the records. Each is taken as down as long as the longest that ended has
    lasted (a day, where too few ended), but never beyond the service's next one: to begin again, it must have ended. The last one
    may still go on: it is taken as down for at least a week. What lies between `down` and `end` — the next outage, or the
    cut-off — nobody knows.
    """
    return scope.once("doubtful", lambda: _doubtful(scope.records.outages, scope.severities, scope.known_until))


def _doubtful(outages: pd.DataFrame, severities: tuple[str, ...] | None, until: pd.Timestamp) -> pd.DataFrame:
    counts = (outages["kind"] == "maintenance") | (severities is None) | outages["severity"].isin(severities or ())
    endless = outages[outages["ended"].isna() & counts]
    starts = pd.DatetimeIndex(outages["started"].unique()).sort_values()
    after = starts.searchsorted(endless["started"], side="right")
    last = after == len(starts)
    end = pd.Series(starts.append(pd.DatetimeIndex([until])).as_unit("us")[after], index=endless.index)
    longest = (outages["ended"] - outages["started"]).max()
    told = outages["ended"].notna().sum() >= TELLING
    least = np.where(last, STILL_DOWN.total_seconds(), 0.0 if told else LEAST_DOWN.total_seconds())
    allowed = np.fmax(least, longest.total_seconds())
    down = endless["started"] + pd.to_timedelta(allowed, unit="s")
    return pd.DataFrame({"start": endless["started"], "down": down.where(down < end, end), "end": end})


def with_ends(scope: Scope, outages: pd.DataFrame) -> pd.DataFrame:
    """These outages of the records, those without an end ended where it becomes doubtful that they lasted."""
    return _ended(outages, doubtful(scope)["down"], scope.known_until)


def ended_by_service(outages: pd.DataFrame, until: pd.Timestamp) -> pd.DataFrame:
    """The outages of several services with ends as `with_ends` gives them, for a look at all services at once."""
    down = [_doubtful(mine, None, until)["down"] for _, mine in outages.groupby("service", sort=True)]
    return _ended(outages, pd.concat(down), until) if down else outages


def _ended(outages: pd.DataFrame, down: pd.Series, until: pd.Timestamp) -> pd.DataFrame:
    # One that may well still last has no end yet.
    return outages.assign(ended=outages["ended"].fillna(down[down < until].reindex(outages.index)))


def watched_hours(scope: Scope, window: Cycle) -> float:
    """The agreed hours of a span in which somebody could tell whether the service was up, maintenance left out."""
    total = float(availability_between(scope, window, window)["denominator"].iloc[-1])
    return 0.0 if np.isnan(total) else total / 3600


def _unobserved(scope: Scope) -> pd.DataFrame:
    """Spans of time in which nobody can tell whether the service was up: before it began, and after a doubtful outage."""
    spans = doubtful(scope).rename(columns={"down": "started", "end": "ended"})[["started", "ended"]]
    began = scope.began("outages") if scope.records.has("outages") else None
    if began is not None and began == pd.to_datetime(scope.records.quality["tables"]["outages"]["first"], utc=True):
        # Nobody began to record with an outage: at least since the beginning of its cycle one would have been seen.
        began = scope.cycle.containing(began.tz_convert(scope.cycle.zone).date()).opens
    if began is not None and began > scope.edges[0]:
        before = pd.DataFrame({"started": [scope.edges[0]], "ended": [began]})
        spans = pd.concat([spans, before.astype(spans.dtypes.to_dict())])
    return spans[spans["started"] < spans["ended"]].assign(share=1.0)


def _days(scope: Scope, counted: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each day's first instant, its agreed seconds that count, and how many of them were lost.

    Days run from local midnight to local midnight: 23 and 25 hours where clocks change.
    """
    first, last = scope.cycles[0], scope.cycles[-1]
    midnights = pd.date_range(first.start, last.end, freq="D", tz=first.zone).tz_convert("UTC").as_unit("us")
    agreed = np.asarray(clocks.elapsed(scope.calendar, midnights[:-1], midnights[1:]))
    down = with_ends(scope, counted_outages(scope))
    out = with_ends(scope, maintenance(scope)).assign(share=1.0)
    left_out = _left_out(scope, counted)
    gone = lost(pd.concat([down, out, left_out]), midnights, scope.calendar)
    outside = lost(left_out, midnights, scope.calendar)
    return midnights.asi8[:-1], agreed - outside, gone - outside


def _left_out(scope: Scope, counted: bool) -> pd.DataFrame:
    """What is left out of the agreed time and cannot be lost: nobody was promised it, or nobody can tell."""
    unknown = _unobserved(scope)
    return unknown if counted else pd.concat([with_ends(scope, maintenance(scope)).assign(share=1.0), unknown])


def _share(total: np.ndarray, gone: np.ndarray) -> tuple[float, float, float, int, float, float]:
    """Value, no low and high, n (days), numerator and denominator of a span of days."""
    n, agreed = int(np.count_nonzero(total > 0)), float(total.sum())
    if n == 0:
        return np.nan, np.nan, np.nan, 0, np.nan, np.nan
    return 1 - gone.sum() / agreed, np.nan, np.nan, n, agreed - gone.sum(), agreed


def error_budget(scope: Scope) -> pd.DataFrame:
    """The part of the time that may be lost that was lost; no data without a target for availability."""
    target = scope.targets.get("availability")
    if target is None or target >= 1:
        return nothing(len(scope.cycles))
    up = availability(scope)
    allowed = up["denominator"] * (1 - target)
    used = (1 - up[["value", "high", "low"]]) / (1 - target)
    return figures(used["value"], used["high"], used["low"], up["n"], up["denominator"] - up["numerator"], allowed)


def outage_count(scope: Scope) -> pd.DataFrame:
    """Unplanned outages started in each cycle."""
    return nothing(len(scope.cycles)) if _silent(scope) else counts(scope.count(scope.place(started(scope))))


def started(scope: Scope) -> pd.Series:
    """When the unplanned outages that count started."""
    return counted_outages(scope)["started"]


def major_incidents(scope: Scope) -> pd.DataFrame:
    """Tickets marked as major incidents, opened in each cycle."""
    return counts(scope.count(scope.place(majors(scope))))


def majors(scope: Scope) -> pd.Series:
    """When the major incidents were opened."""
    tickets = scope.records.tickets
    return tickets["opened"][tickets["major"].fillna(False).astype(bool)]


def mtbf(scope: Scope) -> pd.DataFrame:
    """Days of the year up to the end of the last cycle ÷ outages started in it."""
    cycles = len(scope.cycles)
    began = None if _silent(scope) else scope.began("outages")
    if began is None or began >= scope.edges[-1]:
        return nothing(cycles)
    # A service younger than a year has only been there to fail since it began.
    first = max(began, scope.cycle.shift(1 - scope.cycle.season).opens)
    days = (scope.edges[-1] - first).total_seconds() / 86400
    starts = started(scope)
    n = int(((starts >= first) & (starts < scope.edges[-1])).sum())
    rate = proportions.poisson_rate(n, days)
    frame = nothing(cycles)
    if n:
        frame.iloc[-1] = [1 / rate.value, 1 / rate.high, 1 / rate.low, n, days, n]
    return frame
