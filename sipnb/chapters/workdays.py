"""How much work a cycle has room for: months are not alike, and their working days alone would make a count scatter.

Each weekday weighs what it usually brings; days on which the service's calendar is closed, and that weekday otherwise is not,
weigh what such days bring. A cycle's size is the sum of its days over that of a usual cycle.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sipnb.chapters.subject import Subject
from sipnb.cycles import Cycle
from sipnb.records import clocks

#: From fewer days of a kind their weight is mostly chance: a day off then weighs as a Sunday, a weekday as any day.
FEWEST_DAYS = 4
#: Where so few tickets come in a cycle that its working days do not show, all cycles are alike.
FEWEST_CASES = 30
_SUNDAY, _OFF = 6, 7


def sizes(subject: Subject, cycles: Sequence[Cycle]) -> np.ndarray:
    """The size of each of these cycles, 1 for a usual one of the history; all 1 where too few tickets come to tell."""
    weights = subject.scope.once("weights of days", lambda: _weights(subject))
    if weights is None:
        return np.ones(len(cycles))
    usual = np.mean([_sum(subject, cycle, weights) for cycle in subject.history])
    return np.array([_sum(subject, cycle, weights) / usual for cycle in cycles])


def _sum(subject: Subject, cycle: Cycle, weights: np.ndarray) -> float:
    return float(weights[_kinds(subject, pd.date_range(cycle.start, cycle.end, inclusive="left"))].sum())


def _weights(subject: Subject) -> np.ndarray | None:
    """What each weekday (0 Monday to 6 Sunday) and a day off (7) brings, the mean of all days being 1."""
    opened = subject.scope.records.tickets["opened"].dropna()
    zone, history = subject.cycle.zone, subject.history
    local = opened.dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()
    first = max(pd.Timestamp(history[0].start), local.min() + pd.Timedelta(days=1)) if len(local) else None
    if first is None or first >= pd.Timestamp(subject.cycle.end):
        return None
    days = pd.date_range(first, subject.cycle.end, inclusive="left")
    counts = local.value_counts().reindex(days, fill_value=0).to_numpy(dtype=float)
    if (
        counts.sum() / (len(days) / len(pd.date_range(subject.cycle.start, subject.cycle.end, inclusive="left")))
        < FEWEST_CASES
    ):
        return None
    kinds = _kinds(subject, days)
    weights = np.ones(8)
    for kind in range(8):
        mine = counts[kinds == kind]
        if len(mine) >= FEWEST_DAYS:
            weights[kind] = mine.mean() / counts.mean()
        elif kind == _OFF:
            weights[kind] = weights[_SUNDAY]
    return weights


def _kinds(subject: Subject, days: pd.DatetimeIndex) -> np.ndarray:
    weekday = days.day_of_week.to_numpy()
    edges = days.append(days[-1:] + pd.Timedelta(days=1))
    midnights = (
        edges.tz_localize(subject.cycle.zone, nonexistent="shift_forward", ambiguous=True)
        .tz_convert("UTC")
        .as_unit("us")
    )
    agreed = np.asarray(clocks.elapsed(subject.calendar, midnights[:-1], midnights[1:]))
    # A weekday that is never open has no days off.
    open_weekdays = np.unique(weekday[agreed > 0])
    return np.where((agreed == 0) & np.isin(weekday, open_weekdays), _OFF, weekday)
