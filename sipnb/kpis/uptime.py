"""Availability: agreed time lost to outages, with and without announced maintenance, and how often outages start."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from sipnb.cycles import Cycle
from sipnb.kpis.scope import Scope, counts, figures, nothing
from sipnb.methods import proportions
from sipnb.records import clocks

RESAMPLES = 999


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

    An outage that had not ended runs to the last edge; one without a share takes the whole service.
    """
    begins = outages["started"].clip(lower=edges[0])
    ends = outages["ended"].fillna(edges[-1]).clip(upper=edges[-1])
    spans = pd.DataFrame({"a": begins, "b": ends, "share": outages["share"].fillna(1.0)})[begins < ends]
    if spans.empty:
        return np.zeros(len(edges) - 1)
    cuts = pd.DatetimeIndex(pd.concat([spans["a"], spans["b"], pd.Series(edges)]).unique()).sort_values()
    left, right = cuts[:-1], cuts[1:]
    first, last = cuts.searchsorted(spans["a"]), cuts.searchsorted(spans["b"])
    worst = np.zeros(len(left))
    for start, end, share in zip(first, last, spans["share"], strict=True):
        worst[start:end] = np.maximum(worst[start:end], share)
    down = np.flatnonzero(worst)
    seconds = clocks.elapsed(calendar, left[down], right[down]) * worst[down]
    between = edges.searchsorted(left[down], side="right") - 1
    return np.bincount(between, weights=seconds, minlength=len(edges) - 1)


def availability(scope: Scope) -> pd.DataFrame:
    """Availability with announced maintenance taken out of the agreed time."""
    return _by_cycle(scope, counted=False)


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
    # Nothing at all is recorded of this service: silence is no availability.
    return scope.records.outages.empty and scope.records.tickets.empty


def availability_between(scope: Scope, first: Cycle, last: Cycle) -> pd.DataFrame:
    """Availability of the span from one cycle to the end of another, maintenance left out: one row."""
    if _silent(scope):
        return nothing(1)
    _, total, gone = _days(scope.over([first, last]), counted=False)
    return figures(*zip(_share(total, gone), strict=True))


def _days(scope: Scope, counted: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each day's first instant, its agreed seconds that count, and how many of them were lost.

    Days run from local midnight to local midnight: 23 and 25 hours where clocks change.
    """
    first, last = scope.cycles[0], scope.cycles[-1]
    midnights = pd.date_range(first.start, last.end, freq="D", tz=first.zone).tz_convert("UTC").as_unit("us")
    agreed = np.asarray(clocks.elapsed(scope.calendar, midnights[:-1], midnights[1:]))
    down, out = counted_outages(scope), maintenance(scope).assign(share=1.0)
    if counted:
        gone = lost(pd.concat([down, out]), midnights, scope.calendar)
    else:
        # What falls into announced maintenance is not lost: nobody was promised that time.
        planned = lost(out, midnights, scope.calendar)
        gone = lost(pd.concat([down, out]), midnights, scope.calendar) - planned
        agreed = agreed - planned
    return midnights.asi8[:-1], agreed, gone


def _share(total: np.ndarray, gone: np.ndarray) -> tuple[float, float, float, int, float, float]:
    """Value, low, high, n, numerator and denominator of a span of days."""
    open_days = np.flatnonzero(total > 0)
    n, agreed = len(open_days), float(total.sum())
    if n == 0:
        return np.nan, np.nan, np.nan, 0, np.nan, np.nan
    if gone.sum() == 0:
        # Days without an outage cannot tell how bad a day with one is.
        return 1.0, np.nan, np.nan, n, agreed, agreed
    draws = open_days[np.random.default_rng(20).integers(0, n, (RESAMPLES, n))]
    low, high = np.quantile(1 - gone[draws].sum(axis=1) / total[draws].sum(axis=1), [0.025, 0.975])
    value = 1 - gone.sum() / agreed
    return value, min(low, value), max(high, value), n, agreed - gone.sum(), agreed


def error_budget(scope: Scope) -> pd.DataFrame:
    """The part of the time that may be lost that was lost; no data without a target for availability."""
    target = scope.targets.get("availability")
    if target is None or target >= 1:
        return nothing(len(scope.cycles))
    up = scope.once("availability", lambda: availability(scope))
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
