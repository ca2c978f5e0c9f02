"""Changes and problems: what they cause, and what comes back."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb.kpis.scope import Scope, counts, figures, instants, nothing
from sipnb.methods import excess
from sipnb.records.states import is_cancelled

#: An incident this many days after a problem was resolved means that the fix did not hold.
RECURS_WITHIN = pd.Timedelta(days=30)
#: Incidents this long after a change are looked at.
AFTER_CHANGE = pd.Timedelta(hours=24)


def failed_changes(scope: Scope) -> np.ndarray:
    """Which changes at least one incident names as its cause."""
    return scope.records.changes["change"].isin(set(scope.records.tickets["change"].dropna())).to_numpy()


def carried_out(scope: Scope) -> np.ndarray:
    """The cycle in which each change started; −1 for one that was cancelled, which can cause nothing."""
    changes = scope.records.changes
    called_off = is_cancelled(changes["state"]) | is_cancelled(changes["outcome"])
    return np.where(called_off, -1, scope.place(changes["started"]))


def change_failure_rate(scope: Scope) -> pd.DataFrame:
    """Share of the changes started in each cycle that caused an incident: a change fails once, whatever it causes."""
    return scope.share(carried_out(scope), failed_changes(scope))


def emergency_changes(scope: Scope) -> pd.DataFrame:
    """Share of the changes started in each cycle that were emergencies."""
    changes = scope.records.changes
    where = np.where(changes["kind"].notna(), carried_out(scope), -1)
    return scope.share(where, changes["kind"] == "emergency")


def after_changes(scope: Scope) -> excess.Excess | None:
    """Incidents within a day of the changes of the year, against the same hours of the weeks before; None without any."""
    first = scope.cycle.shift(1 - scope.cycle.season).opens
    changes, tickets = scope.records.changes, scope.records.tickets
    ends = changes["ended"].fillna(changes["started"])
    ends = ends[ends < scope.edges[-1]].sort_values()
    zone = scope.cycle.zone  # the hours of the week are those on the wall
    incidents = tickets.loc[tickets["kind"] == "incident", "opened"]
    if not (ends >= first).any() or incidents.empty:
        return None
    # Weeks looked back on may follow a change of the year before: those are no usual weeks.
    return excess.after_events(
        ends.dt.tz_convert(zone), incidents.dt.tz_convert(zone), window=AFTER_CHANGE, since=incidents.min(),
        until=scope.edges[-1], judged_since=first,
    )  # fmt: skip


def incidents_after_changes(scope: Scope) -> pd.DataFrame:
    """Incidents after changes beyond what is usual at those hours, over the year up to the end of the last cycle."""
    frame = nothing(len(scope.cycles))
    found = after_changes(scope)
    if found is not None and found.n:
        frame.iloc[-1] = [found.excess, found.low, found.high, found.n, found.observed, found.expected]
    return frame


def open_problems(scope: Scope) -> pd.DataFrame:
    """Problems open at the end of each cycle."""
    problems = scope.records.problems
    return counts(scope.stock(problems["opened"], problems["ended"]))


def problem_age(scope: Scope) -> pd.DataFrame:
    """Median age in days of the problems open at the end of each cycle."""
    problems = scope.records.problems
    opened, ended = instants(problems["opened"]), instants(problems["ended"])
    unended = problems["ended"].isna().to_numpy()
    ages = []
    for end in scope.edges.asi8[1:]:
        still = (opened < end) & (unended | (ended >= end))
        ages.append((end - opened[still]) / 1_000_000 / 86400)
    medians = [float(np.median(age)) if len(age) else np.nan for age in ages]
    return figures(medians, np.nan, np.nan, [len(age) for age in ages])


def known_problem_share(scope: Scope) -> pd.DataFrame:
    """Share of the incidents resolved in each cycle that name a problem."""
    tickets = scope.records.tickets
    where = np.where(tickets["kind"] == "incident", scope.resolved, -1)
    return scope.share(where, tickets["problem"].notna())


def recurrence(scope: Scope) -> pd.DataFrame:
    """Of the incidents that name a problem, the share opened within 30 days after it was resolved."""
    tickets, problems = scope.records.tickets, scope.records.problems
    fixed = problems.drop_duplicates("problem").set_index("problem")["resolved"].reindex(tickets["problem"])
    since = tickets["opened"] - fixed.set_axis(tickets.index)
    back = (since >= pd.Timedelta(0)) & (since <= RECURS_WITHIN)
    where = np.where((tickets["kind"] == "incident") & tickets["problem"].notna(), scope.opened, -1)
    return scope.share(where, back)
