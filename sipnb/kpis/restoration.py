"""How long things take, with open tickets counted for as long as they have waited."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb.kpis.scope import Scope, figures, instants
from sipnb.methods import durations

#: Up to here the restricted mean is taken, in hours: no further than the first tickets of a cycle can have been followed.
TAU = {"week": 5 * 24.0, "month": 14 * 24.0, "quarter": 14 * 24.0}

#: So many incidents must have been watched for twice as long as the quantile usually is: with fewer it rests on one or two.
FEWEST, TIMES = {0.5: 1, 0.9: 50, 0.95: 100}, 2
#: What is usual is told by what was opened in the year before a cycle; in microseconds.
YEAR = 365 * 86_400_000_000


def waits(scope: Scope) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every incident's hours to its end or to the cut-off, whether it was resolved then, and its cycle of opening."""
    return scope.once("waits", lambda: _waits(scope))


def _waits(scope: Scope) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    tickets = scope.records.tickets
    return _hours(scope, np.where(tickets["kind"] == "incident", scope.opened, -1), tickets["resolved"])


def _hours(scope: Scope, where: np.ndarray, done: pd.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hours until `done`, or for as long as it was waited for: what ends without it is waited for no longer (a competing
    risk, censored where it ended), and what ended at an unknown time tells nothing."""
    tickets = scope.records.tickets
    inside = (where >= 0) & (done.notna() | ~(tickets["ended"] <= tickets["opened"])).to_numpy()
    until = done.fillna(tickets["ended"]).fillna(scope.known_until)[inside]
    hours = (until - tickets["opened"][inside]).dt.total_seconds().to_numpy() / 3600
    return hours, done[inside].notna().to_numpy(), where[inside]


def survival(scope: Scope) -> durations.Survival | None:
    """Kaplan–Meier of opened → resolved, in hours, over the incidents opened in the last cycle; None without any."""
    hours, done, where = waits(scope)
    mine = where == len(scope.cycles) - 1
    return durations.kaplan_meier(hours[mine], done[mine]) if done[mine].any() else None


def restore_median(scope: Scope) -> pd.DataFrame:
    """Median time to restore in hours."""
    return _restored(scope, 0.5)


def restore_p90(scope: Scope) -> pd.DataFrame:
    """The time within which nine of ten incidents are restored, in hours."""
    return _restored(scope, 0.9)


def restore_p95(scope: Scope) -> pd.DataFrame:
    """The time within which nineteen of twenty incidents are restored, in hours."""
    return _restored(scope, 0.95)


def restore_mean(scope: Scope) -> pd.DataFrame:
    """Mean time to restore within the first 14 days (5 where cycles are weeks), in hours.

    Where nobody has waited that long yet, those still open then are taken to stay open: the mean is at most that.
    """
    hours, done, where = waits(scope)
    tau = TAU[scope.cycle.kind]
    found = durations.restricted_means_by_group(hours, done, where, len(scope.cycles), tau)
    for cycle in np.flatnonzero(found["value"].isna() & (found["events"] > 0)):
        mine = where == cycle
        survival = durations.kaplan_meier(hours[mine], done[mine])
        so_far, left = survival.restricted_mean(survival.followed), survival.at(survival.followed)
        more = left.value * (tau - survival.followed)
        found.loc[cycle, ["value", "low", "high"]] = so_far.value + more, so_far.low, so_far.high + more
    return figures(found["value"], found["low"], found["high"], found["n"], found["events"], found["n"])


def acknowledge_median(scope: Scope) -> pd.DataFrame:
    """Median time to acknowledge in hours; tickets that ended without it never had the chance."""
    tickets = scope.records.tickets
    never = tickets["acknowledged"].isna() & tickets["ended"].notna()
    cases = _hours(scope, np.where(never, -1, scope.opened), tickets["acknowledged"])
    every = _since_opening(scope, np.where(never, -1, 0), tickets["acknowledged"])
    return _quantile(scope, durations.quantiles_by_group(*cases, len(scope.cycles), (0.5,))[0.5], 0.5, every)


def _restored(scope: Scope, p: float) -> pd.DataFrame:
    every = scope.once("restored", lambda: durations.quantiles_by_group(*waits(scope), len(scope.cycles)))
    tickets = scope.records.tickets
    incidents = np.where(tickets["kind"] == "incident", 0, -1)
    waited = scope.once("restored so far", lambda: _since_opening(scope, incidents, tickets["resolved"]))
    return _quantile(scope, every[p], p, waited)


def _quantile(scope: Scope, found: pd.DataFrame, p: float, waited: tuple[np.ndarray, np.ndarray]) -> pd.DataFrame:
    """A quantile by cycle. Whether it is shown depends on the cycle's age, n and past, never on what it is: a rule that needs
    the curve to get there shows a young cycle only where it was quick.

    Where a cycle is old enough and its curve does not come down so far, the quantile is at least the longest wait.
    """
    value = found["value"].to_numpy()
    cases = found["n"].to_numpy()
    usual = _usual(scope, waited, p)
    old = cases * _watched_for(scope, TIMES * usual) >= FEWEST[p]
    told = (cases >= FEWEST[p]) & (old | (p == 0.5))
    open_ended = told & old & np.isnan(value) & (found["events"] > 0).to_numpy()
    least = found["followed"].to_numpy()
    value = np.where(open_ended, least, np.where(told, value, np.nan))
    low = np.where(open_ended, found["low"].fillna(found["followed"]), np.where(told, found["low"], np.nan))
    high = np.where(told & ~open_ended, found["high"], np.nan)
    return figures(value, low, high, found["n"], found["events"], found["n"])


def _watched_for(scope: Scope, hours: np.ndarray) -> np.ndarray:
    """The part of each cycle whose tickets could be watched for so many hours."""
    edges, until = scope.edges.asi8 / 3.6e9, scope.known_until.timestamp() / 3600
    return np.clip((until - hours - edges[:-1]) / np.diff(edges), 0, 1)


def _since_opening(scope: Scope, where: np.ndarray, done: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """When each case of the records was opened, the earliest first, and the hours until it was done, or so far."""
    hours, _, _ = _hours(scope, where, done)
    inside = (where >= 0) & (
        done.notna() | ~(scope.records.tickets["ended"] <= scope.records.tickets["opened"])
    ).to_numpy()
    opened = instants(scope.records.tickets["opened"][inside])
    order = np.argsort(opened, kind="stable")
    return opened[order], hours[order]


def _usual(scope: Scope, waited: tuple[np.ndarray, np.ndarray], p: float) -> np.ndarray:
    """How long a share `p` took at most of what was opened in the year before each cycle; 0 where nothing was."""
    opened, hours = waited
    begins = scope.edges.asi8[:-1]
    firsts, lasts = np.searchsorted(opened, begins - YEAR), np.searchsorted(opened, begins)
    return np.array([np.quantile(hours[a:b], p) if b > a else 0.0 for a, b in zip(firsts, lasts, strict=True)])
