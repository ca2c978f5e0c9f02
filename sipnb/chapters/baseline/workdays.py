"""How much work a cycle has room for: months are not alike, and their working days alone would make a count scatter.

Each weekday weighs what it usually brings; days on which the service's calendar is closed, and that weekday otherwise is not,
weigh what such days bring. A cycle's size is the sum of its days over that of a usual cycle.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sipnb.chapters.context import ServiceContext
from sipnb.cycles import Cycle
from sipnb.records import clocks

#: From fewer days of a kind their weight is mostly chance: a day off then weighs as a Sunday, a weekday as any day.
FEWEST_DAYS = 4
#: Where so few tickets come in a cycle that its working days do not show, all cycles are alike.
FEWEST_CASES = 30
_SUNDAY, _OFF = 6, 7


def sizes(context: ServiceContext, cycles: Sequence[Cycle]) -> np.ndarray:
    """The size of each of these cycles, 1 for a usual one of the history; all 1 where too few tickets come to tell."""
    weights = context.scope.once("weights of days", lambda: _weights(context))
    if weights is None:
        return np.ones(len(cycles))
    every = [*context.history, *cycles]
    days = pd.date_range(min(c.start for c in every), max(c.end for c in every), inclusive="left")
    room = weights[_kinds(context, days)]
    spans = [days.searchsorted([pd.Timestamp(c.start), pd.Timestamp(c.end)]) for c in every]
    sums = np.array([room[first:last].sum() for first, last in spans])
    known = len(context.history)
    return sums[known:] / sums[:known].mean()


def _weights(context: ServiceContext) -> np.ndarray | None:
    """What each weekday (0 Monday to 6 Sunday) and a day off (7) brings, the mean of all days being 1."""
    opened = context.scope.records.tickets["opened"].dropna()
    zone, history = context.cycle.zone, context.history
    local = opened.dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()
    first = max(pd.Timestamp(history[0].start), local.min() + pd.Timedelta(days=1)) if len(local) else None
    if first is None or first >= pd.Timestamp(context.cycle.end):
        return None
    days = pd.date_range(first, context.cycle.end, inclusive="left")
    counts = local.value_counts().reindex(days, fill_value=0).to_numpy(dtype=float)
    if counts.mean() * (context.cycle.end - context.cycle.start).days < FEWEST_CASES:
        return None
    kinds = _kinds(context, days)
    weights = np.ones(8)
    for kind in range(8):
        mine = counts[kinds == kind]
        if len(mine) >= FEWEST_DAYS:
            weights[kind] = mine.mean() / counts.mean()
        elif kind == _OFF:
            weights[kind] = weights[_SUNDAY]
    return weights


def _kinds(context: ServiceContext, days: pd.DatetimeIndex) -> np.ndarray:
    """The weekday of each of these consecutive days, or a day off: to be told by many weeks, as one week has no other Monday."""
    weekday = days.day_of_week.to_numpy()
    edges = days.append(days[-1:] + pd.Timedelta(days=1))
    midnights = (
        edges.tz_localize(context.cycle.zone, nonexistent="shift_forward", ambiguous=True)
        .tz_convert("UTC")
        .as_unit("us")
    )
    agreed = np.asarray(clocks.elapsed(context.calendar, midnights[:-1], midnights[1:]))
    # A weekday that is never open has no days off.
    open_weekdays = np.unique(weekday[agreed > 0])
    return np.where((agreed == 0) & np.isin(weekday, open_weekdays), _OFF, weekday)
