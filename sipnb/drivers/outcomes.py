"""Which rows a measure counts as gone wrong: of every measure that is a share of rows or a time, over so many days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sipnb.cycles import Cycle
from sipnb.kpis import attainment, causes, handling, people
from sipnb.kpis.scope import Scope, within

#: Measures of times, with the column that ends them; a row went wrong where it took longer than the target.
_UNTIL = {
    "restore_median": "resolved", "restore_mean": "resolved", "restore_p90": "resolved", "restore_p95": "resolved",
    "acknowledge_median": "acknowledged",
}  # fmt: skip
#: Measures of how long something takes: what happens on the way can only be looked at from a landmark.
TIMED = ("sla_attainment", "sla_reported", *_UNTIL)
#: Measures of what comes after a ticket ended: how it was handled is known before it.
AFTERWARDS = ("repeat_contact_rate", "csat_top2", "csat_mean")
#: Measures whose rows are changes.
OF_CHANGES = ("change_failure_rate",)
#: Measures that count all hours, agreed or not.
WALL_CLOCK = tuple(_UNTIL)


@dataclass(frozen=True)
class Outcomes:
    """Rows of a `table` whose outcome is known: `rows` (their labels in it), whether each went `wrong`, and the instant
    `at` which it began; `known` is when its outcome was decided, for landmarks."""

    table: str
    rows: pd.Index
    wrong: np.ndarray
    at: pd.Series
    known: pd.Series


def of(kpi: str, scope: Scope, window: Cycle) -> Outcomes | None:
    """The rows behind a measure within a window; None for a measure that no single row decides."""
    if kpi in _UNTIL:
        target = scope.targets.get(kpi)
        return None if target is None else _longer(scope, window, _UNTIL[kpi], target)
    rule = _RULES.get(kpi)
    return rule(scope, window) if rule else None


def _attained(scope: Scope, window: Cycle) -> Outcomes:
    decided = attainment.decided(scope)
    inside = within(decided["at"], window) & decided["met"].notna()
    wrong = ~decided["met"][inside].astype(bool).to_numpy()
    return _tickets(scope, inside, wrong, decided["at"][inside])


def _longer(scope: Scope, window: Cycle, column: str, hours: float) -> Outcomes:
    tickets = scope.records.tickets
    done, limit = tickets[column], tickets["opened"] + pd.Timedelta(hours=hours)
    # Of those opened too late to have waited so long only the quick ones would be known.
    inside = within(tickets["opened"], window) & (limit <= scope.known_until)
    if column == "resolved":
        inside &= tickets["kind"] == "incident"
    inside &= done.notna() | ~(tickets["ended"] <= limit)
    wrong = (~(done <= limit))[inside].to_numpy(bool)
    return _tickets(scope, inside, wrong, done.where(done < limit, limit)[inside])


def _reopened(scope: Scope, window: Cycle) -> Outcomes:
    return _resolved(scope, window, scope.records.tickets["reopened"], lambda again: again > 0)


def _asked_again(scope: Scope, window: Cycle) -> Outcomes:
    return _resolved(scope, window, handling.came_back(scope), lambda again: again.astype(bool))


def _passed_on(scope: Scope, window: Cycle) -> Outcomes:
    return _resolved(scope, window, scope.records.tickets["reassigned"], lambda hops: hops >= 2)


def _changed_group(scope: Scope, window: Cycle) -> Outcomes:
    return _resolved(scope, window, scope.records.tickets["reassigned"], lambda hops: hops > 0)


def _not_at_first(scope: Scope, window: Cycle) -> Outcomes:
    return _resolved(scope, window, scope.records.tickets["first_contact"], lambda solved: ~solved.astype(bool))


def _held(scope: Scope, window: Cycle) -> Outcomes:
    """Tickets on hold for more of their time than the target allows."""
    tickets, allowed = scope.records.tickets, scope.targets.get("on_hold_share", 1.0)
    gross = (tickets["resolved"] - tickets["opened"]).dt.total_seconds()
    return _resolved(scope, window, scope.held / gross.where(gross > 0), lambda share: share > allowed)


def _resolved(scope: Scope, window: Cycle, column: pd.Series, wrong: Callable[[pd.Series], pd.Series]) -> Outcomes:
    inside = within(scope.records.tickets["resolved"], window) & column.notna()
    return _tickets(scope, inside, wrong(column[inside]).to_numpy(bool), scope.records.tickets["resolved"][inside])


def _tickets(scope: Scope, inside: pd.Series, wrong: np.ndarray, known: pd.Series) -> Outcomes:
    opened = scope.records.tickets["opened"][inside.to_numpy(bool)]
    return Outcomes("tickets", opened.index, wrong, opened, known)


def _dissatisfied(scope: Scope, window: Cycle) -> Outcomes:
    answers = scope.records.surveys
    told = answers["score"].notna() & answers["scale_max"].notna() & answers["ticket"].notna()
    inside = (within(answers["answered"], window) & told).to_numpy(bool)
    mine = answers[inside]
    wrong = ~people.liked(mine, scope.satisfied).fillna(True).to_numpy(bool)
    return Outcomes("surveys", mine.index, wrong, mine["answered"], mine["answered"])


def _failed(scope: Scope, window: Cycle) -> Outcomes:
    changes = scope.records.changes
    inside = within(changes["started"], window).to_numpy(bool) & (causes.carried_out(scope) >= 0)
    mine = changes[inside]
    return Outcomes("changes", mine.index, causes.failed_changes(scope)[inside], mine["started"], mine["started"])


_RULES: dict[str, Callable[[Scope, Cycle], Outcomes]] = {
    "sla_attainment": _attained, "sla_reported": _attained, "reopen_rate": _reopened, "repeat_contact_rate": _asked_again,
    "multi_hop_share": _passed_on,
    "first_assignment_rate": _changed_group, "first_contact_rate": _not_at_first, "csat_top2": _dissatisfied,
    "csat_mean": _dissatisfied, "on_hold_share": _held, "change_failure_rate": _failed,
}  # fmt: skip
