"""Incidents after changes: more than is usual at these hours of the week, or not.

Most incidents after a change would have come anyway, and a busy Monday after a Sunday change proves nothing. So
each window after an event is compared with the same weekday and hours of the weeks before it. Even so an excess is
inferred, not observed; in published work most changes show none, and a method that blames most is wrong.

The test moves whole days of incidents between neighbouring weeks. That keeps the cycle of the week and leaves bursts
whole, and it holds where the compared windows of several events overlap, which moving the events one by one does not
(it then finds an effect of nothing in 6 to 9 % of cases at a nominal 5 %).

Sources: Maclure (1991), the case-crossover design; Phipson and Smyth (2010), permutation p-values are never zero;
Garwood (1936), exact bounds of a count; Zou and Donner (2008), bounds of a difference from those of its parts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
from scipy import stats

DAY, WEEK = 86_400.0, 604_800.0
#: Days that are dealt out anew at a time, over all draws: megabytes, and not as much as there is.
_AT_ONCE = 50_000


@dataclass(frozen=True)
class Excess:
    """What came after events beyond what is usual at these hours of the week.

    ``n`` events could be judged, ``left_out`` not; ``observed`` incidents came within their windows, ``expected`` is
    usual there; ``excess`` is the difference, for all judged events together, ``low`` and ``high`` its 95 % interval.
    ``rate_ratio`` is observed over expected (nan where nothing is usual). ``p``: how often moving the incidents'
    days between weeks gives an excess as large or larger (one-sided); nan where the records hold less than two
    weeks. All nan where no event could be judged.
    """

    excess: float
    low: float
    high: float
    n: int
    observed: int
    expected: float
    rate_ratio: float
    p: float
    left_out: int


@dataclass(frozen=True)
class _Windows:
    """A row a spell after events that could be judged; the first column is the spell, the others its weeks before."""

    begins: np.ndarray
    ends: np.ndarray
    counts: np.ndarray
    usable: np.ndarray
    n: int

    @property
    def weights(self) -> np.ndarray:
        """1 for a spell, minus its share of the mean for a window that it is compared with."""
        weights = np.where(self.usable, -1 / self.usable[:, 1:].sum(axis=1, keepdims=True), 0.0)
        weights[:, 0] = 1
        return weights


def after_events(
    events,
    incidents,
    *,
    window,
    since,
    until,
    judged_since=None,
    lookback_weeks: int = 4,
    draws: int = 999,
    seed: int = 0,
) -> Excess:
    """How many more incidents come within ``window`` after events than in the same hours of the weeks before.

    ``events``: when changes ended; ``incidents``: when incidents began; both as dates or as seconds, in any order,
    missing ones left out. Dates with a time zone keep its wall clock, so that a week keeps its hour. ``window``: a
    time span, or seconds. Incidents are on record from ``since`` to ``until``. Events before ``judged_since`` (default:
    none) are not judged themselves, but their windows are no usual time to compare others with: give them all.

    Events closer together than the window share one spell, in which an incident counts once. A week before is left
    out where it reaches back beyond ``since`` or overlaps a spell after some event. An event is not judged where no
    week before is left or its window ends after ``until``: where changes come at the same hour of every week, all but
    the first few cannot be judged this way. A steady rise over the weeks looked back on shows as a small excess.
    Same input and seed: same answer. Raises ValueError for a window, a look-back or a period that is not positive,
    and for dates mixed with numbers or, with and without a zone, with one another.
    """
    span = isinstance(window, (timedelta, np.timedelta64))
    length = pd.Timedelta(window).total_seconds() if span else float(window)
    if not 0 < length < math.inf:
        raise ValueError(f"window is {window}; give a positive time span, such as 24 hours")
    if lookback_weeks < 1:
        raise ValueError(f"lookback_weeks is {lookback_weeks}; at least one week before is needed to compare with")
    ends, begins, period = _seconds(events, incidents, [since, until, since if judged_since is None else judged_since])
    if not period[0] < period[1]:
        raise ValueError(f"records run from {since} to {until}; the end must come after the beginning")
    # From here on the end of the records is 0: days and weeks are counted back from it.
    known = (begins > period[0]) & (begins <= period[1])
    begins, ends, first = np.sort(begins[known]) - period[1], np.sort(ends) - period[1], period[0] - period[1]
    judged = -math.inf if judged_since is None else period[2] - period[1]
    windows = _windows(ends, begins, length, first, judged, lookback_weeks)
    left_out = int((ends >= judged).sum()) - windows.n
    if not windows.n:
        return Excess(*[math.nan] * 3, 0, 0, *[math.nan] * 3, left_out)
    matched = windows.usable[:, 1:].sum(axis=1)
    usual = np.where(windows.usable, windows.counts, 0)[:, 1:].sum(axis=1) / matched
    observed, expected = int(windows.counts[:, 0].sum()), float(usual.sum())
    excess = observed - expected
    null = _moved_days(windows, begins, first, lookback_weeks + 1, draws, seed)
    low, high = _interval(windows, begins, usual, null)
    return Excess(
        excess=excess,
        low=low,
        high=high,
        n=windows.n,
        observed=observed,
        expected=expected,
        rate_ratio=observed / expected if expected else math.nan,
        p=float((1 + np.sum(null >= excess - 1e-9)) / (draws + 1)) if len(null) else math.nan,
        left_out=left_out,
    )


def _seconds(*times) -> list[np.ndarray]:
    """Dates and numbers alike as seconds."""
    known = [pd.Index(t).dropna() for t in times]
    filled = [t for t in known if len(t)]
    numbers = [pd.api.types.is_numeric_dtype(t) for t in filled]
    if all(numbers):
        return [t.to_numpy(dtype=float) for t in known]
    if any(numbers):
        raise ValueError("events, incidents, since and until must be all dates or all numbers of seconds")
    zones = {pd.DatetimeIndex(t).tz is None for t in filled}
    if len(zones) > 1:
        raise ValueError("some dates have a time zone, others none; give all of them the same")
    zone = pd.DatetimeIndex(filled[0]).tz
    dates = [pd.DatetimeIndex(t, tz=zone) if not len(t) else pd.DatetimeIndex(t) for t in known]
    if zone is not None:
        dates = [d.tz_convert(zone).tz_localize(None) for d in dates]
    return [d.as_unit("ns").asi8 / 1e9 for d in dates]


def _windows(events, incidents, length: float, first: float, since: float, lookback: int) -> _Windows:
    new = np.concatenate(([True], np.diff(events) >= length)) if len(events) else np.empty(0, dtype=bool)
    heads = np.flatnonzero(new)
    sizes = np.diff(np.concatenate((heads, [len(events)])))
    start, end = events[heads], events[heads + sizes - 1] + length
    back = np.arange(lookback + 1) * WEEK
    begins, ends = start[:, None] - back, end[:, None] - back
    overlapping = np.searchsorted(start, ends, side="left") - np.searchsorted(end, begins, side="right")
    usable = (begins >= first) & (overlapping == 0)
    usable[:, 0] = ends[:, 0] <= 0
    judged = usable[:, 0] & usable[:, 1:].any(axis=1) & (start >= since)
    begins, ends, usable = begins[judged], ends[judged], usable[judged]
    counts = np.searchsorted(incidents, ends, side="right") - np.searchsorted(incidents, begins, side="right")
    return _Windows(begins, ends, counts, usable, int(sizes[judged].sum()))


class _Weight:
    """The weight of an incident by its time: the sum over the windows ``(begin, end]`` that hold it."""

    def __init__(self, begins, ends, weights):
        edges, steps = np.concatenate((begins, ends)), np.concatenate((weights, -weights))
        order = np.argsort(edges, kind="stable")
        self.edges, self.sums = edges[order], np.concatenate(([0.0], np.cumsum(steps[order])))

    def __call__(self, times) -> np.ndarray:
        return self.sums[np.searchsorted(self.edges, times, side="left")]


def _moved_days(windows: _Windows, incidents, first: float, weeks: int, draws: int, seed: int) -> np.ndarray:
    """The excess if the days of each weekday are shuffled within every stretch of ``weeks`` weeks, ``draws`` times.

    Stretches are counted back from the end of the records; what is left at their beginning is a shorter one. Empty
    where the records hold less than two weeks.
    """
    used = windows.usable
    weight = _Weight(windows.begins[used], windows.ends[used], windows.weights[used])
    whole, rest = divmod(int(-first // WEEK), weeks)
    stretches = [(number, size) for number, size in ((whole, weeks), (1, rest)) if number and size > 1]
    if not stretches:
        return np.empty(0)
    null, rng, newest = np.zeros(draws), np.random.default_rng(seed), 0.0
    for number, size in stretches:
        oldest = newest - number * size * WEEK
        inside = incidents[(incidents > oldest) & (incidents <= newest)]
        table = _by_place(weight, inside, newest, number, size)
        rows, columns = np.arange(len(table))[:, None], np.arange(size)[None, :]
        at_once = max(1, _AT_ONCE // max(len(table) * size, 1))
        for start in range(0, draws if len(table) else 0, at_once):
            drawn = min(at_once, draws - start)
            weeks_of = rng.random((drawn, len(table), size)).argsort(axis=2)
            null[start : start + drawn] += table[rows, columns, weeks_of].reshape(drawn, -1).sum(axis=1)
        newest = oldest
    return null + weight(incidents[incidents <= newest]).sum()


def _by_place(weight: _Weight, incidents, newest: float, number: int, size: int) -> np.ndarray:
    """What each day's incidents weigh in their own week (second axis) and when moved to each week (third axis).

    A row for each weekday of each of ``number`` stretches of ``size`` weeks that ended at ``newest``.
    """
    ago = np.floor((newest - incidents) / DAY).astype(np.int64)
    week, weekday = np.divmod(ago, 7)
    stretch, own = np.divmod(week, size)
    place = (stretch * 7 + weekday) * size + own
    table = np.empty((number * 7, size, size))
    for to in range(size):
        moved = weight(incidents + (own - to) * WEEK)
        table[:, :, to] = np.bincount(place, weights=moved, minlength=number * 7 * size).reshape(-1, size)
    return table[np.abs(table).sum(axis=(1, 2)) > 0]


def _interval(windows: _Windows, incidents, usual: np.ndarray, null: np.ndarray) -> tuple[float, float]:
    """Bounds of the excess: exact Poisson ones of what came and of what is usual, widened by over-dispersion."""
    counts, others = windows.counts, windows.usable[:, 1:]
    observed, expected = float(counts[:, 0].sum()), float(usual.sum())
    # A week before that several spells are compared with weighs in as often.
    share = _Weight(windows.begins[:, 1:][others], windows.ends[:, 1:][others], -windows.weights[:, 1:][others])
    of_expected = float((share(incidents) ** 2).sum())
    chance = observed + of_expected
    dispersion = 1.0
    if chance > 1e-9:
        apart = observed + float((usual / others.sum(axis=1)).sum())
        between = len(counts) * np.var(counts[:, 0] - usual, ddof=1) / apart if len(counts) > 1 else 1.0
        dispersion = max(1.0, between, float(np.var(null)) / chance if len(null) else 0.0)
    low, high = _count_bounds(observed, dispersion)
    unit = of_expected / expected if expected else 1 / float(others.sum(axis=1).mean())
    usual_low, usual_high = (unit * bound for bound in _count_bounds(expected / unit, dispersion))
    excess = observed - expected
    return (
        excess - math.hypot(observed - low, usual_high - expected),
        excess + math.hypot(high - observed, expected - usual_low),
    )


def _count_bounds(count: float, dispersion: float) -> tuple[float, float]:
    """Garwood's 95 % bounds of a count whose variance is ``dispersion`` times its mean."""
    low = dispersion * stats.chi2.ppf(0.025, 2 * count / dispersion) / 2 if count > 0 else 0.0
    return float(low), float(dispersion * stats.chi2.ppf(0.975, 2 * count / dispersion + 2) / 2)
