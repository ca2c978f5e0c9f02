"""Arrivals against what is finished: by weekday and hour, how long the stock would take to drain, and Little's law as a
check.

Over days and never over cycles: a service gets the same answer by month, quarter and week. Weeks are the unit of scatter,
because days of one week have much in common.

Source: Little (1961), "A proof for the queuing formula L = λW"; the drain time is that of a fluid queue.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from sipnb.cycles import Cycle
from sipnb.drivers.attributes import HOURS, WEEKDAYS
from sipnb.kpis.scope import Scope, instants, within

DAY = 86_400_000_000


@dataclass(frozen=True)
class Backlog:
    """`stock` tickets are open; `opened` and `finished` are per day over the window; `net` is finished less opened per
    week, with its 95 % interval over weeks. `goal` is None where the records do not reach back to what was usual. `drain`
    are the days until the stock is down to it, shortest and longest: inf where it need not ever be, None where it is not
    above it.

    `mean_stock` and `mean_days` are what Little's law compares: `ratio` is the mean stock over arrivals per day x mean
    days, 1 in balance.
    """

    days: int
    stock: int
    goal: float | None
    opened: float
    finished: float
    net: float
    net_low: float
    net_high: float
    weeks: int
    drain: tuple[float, float] | None
    mean_stock: float
    mean_days: float
    ratio: float


def backlog(scope: Scope, window: Cycle, goal: float | None = None) -> Backlog | None:
    """The stock at the end of a window and what becomes of it at the window's pace; None where fewer than 8 weeks or 50
    tickets tell.

    `goal` is the stock that is wanted (default: the mean stock of as many days before).
    """
    tickets = scope.records.tickets
    opens, closes = window.opens, window.cutoff
    opened, ended = within(tickets["opened"], window), within(tickets["ended"], window)
    days = (window.end - window.start).days
    weeks = days // 7
    if weeks < 8 or opened.sum() < 50:
        return None
    cuts = pd.DatetimeIndex([closes - pd.Timedelta(days=7 * k) for k in range(weeks, -1, -1)]).as_unit("us").asi8
    came, went = (np.histogram(instants(t), cuts)[0] for t in (tickets["opened"], tickets["ended"]))
    net = went - came
    half = float(stats.t.ppf(0.975, weeks - 1)) * float(net.std(ddof=1)) / math.sqrt(weeks)
    stock = int(((tickets["opened"] < closes) & ~(tickets["ended"] < closes)).sum())
    mean, earlier = _mean_stock(scope, opens, closes), opens - (closes - opens)
    # A stock that nobody recorded yet would seem to have been none.
    goal = _mean_stock(scope, earlier, opens) if goal is None and tickets["opened"].min() < earlier else goal
    low, high = float(net.mean()) - half, float(net.mean()) + half
    took = (tickets["ended"] - tickets["opened"])[ended].dt.total_seconds() / 86400
    arrivals = float(opened.sum()) / days
    waited = float(took.mean()) if len(took) else math.nan
    return Backlog(
        days, stock, goal, arrivals, float(ended.sum()) / days, float(net.mean()), low, high, weeks,
        None if goal is None else _drain(stock - goal, low, high), mean, waited,
        mean / (arrivals * waited) if arrivals * waited > 0 else math.nan,
    )  # fmt: skip


def _drain(excess: float, low: float, high: float) -> tuple[float, float] | None:
    if excess <= 0:
        return None
    return (math.inf if high <= 0 else 7 * excess / high), (math.inf if low <= 0 else 7 * excess / low)


def _mean_stock(scope: Scope, opens: pd.Timestamp, closes: pd.Timestamp) -> float:
    """The mean number of open tickets between two instants."""
    tickets = scope.records.tickets
    ends = tickets["ended"].fillna(closes).clip(upper=closes)
    inside = (ends - tickets["opened"].clip(lower=opens)).dt.total_seconds()
    return float(inside.clip(lower=0).sum()) / (closes - opens).total_seconds()


def by_weekday(scope: Scope, window: Cycle) -> pd.DataFrame:
    """Tickets opened and finished a week by weekday (index), local time, mean over the window."""
    weeks = max((window.end - window.start).days / 7, 1e-9)
    counts = {
        name: _local(scope, column, window).dt.day_of_week.value_counts() / weeks for name, column in _COLUMNS.items()
    }
    return (
        pd.DataFrame(counts).reindex(range(7), fill_value=0.0).fillna(0.0).set_axis(pd.Index(WEEKDAYS, name="weekday"))
    )


def by_hour(scope: Scope, window: Cycle) -> pd.DataFrame:
    """The shares of tickets opened and finished by part of the day (index), local time."""
    found = {}
    for name, column in _COLUMNS.items():
        hour = _local(scope, column, window).dt.hour
        counts = {
            part: float(hour.between(a, b - 1).sum() if a < b else ((hour >= a) | (hour < b)).sum())
            for a, b, part in HOURS
        }
        found[name] = pd.Series(counts) / max(len(hour), 1)
    return pd.DataFrame(found).rename_axis("hours")


_COLUMNS = {"opened": "opened", "finished": "ended"}


def _local(scope: Scope, column: str, window: Cycle) -> pd.Series:
    times = scope.records.tickets[column]
    return times[within(times, window)].dt.tz_convert(scope.cycle.zone)
