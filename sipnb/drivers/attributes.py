"""What is known of a row before its outcome: at the opening of a ticket, by a landmark, or at the start of a change.

What grows with the age of a ticket — hand-overs, holds, changes of priority — is looked at from a landmark: as it was after the
first agreed hours, of tickets that were still undecided then. What people write down at the end is no attribute of anything.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb.cycles import Cycle
from sipnb.drivers import hours
from sipnb.kpis.causes import AFTER_CHANGE
from sipnb.kpis.scope import NEVER, Scope, instants
from sipnb.records import clocks

#: Columns of a ticket as it was opened, or that hardly anybody changes later.
OPENING = ("category", "subcategory", "channel", "configuration_item")
#: What `opening` and `handled` read.
USED = (*OPENING, "opened", "reopened", "reassigned", "resolver", "moved")
#: Columns that are written after the outcome or with it: they go with every outcome and cause none.
AFTERWARDS = frozenset(
    {
        "acknowledged", "resolved", "closed", "ended", "state", "outcome", "group", "reopened", "reassigned", "on_hold",
        "first_contact", "sla_met", "major", "moved", "problem", "change", "effort", "resolver",
    }
)  # fmt: skip
#: By these tickets must be alike to be compared, or they name no kind of ticket.
MIX = frozenset({"kind", "priority", "impact", "urgency", "opened", "sla_due"})
NAMES = frozenset({"ticket", "service", "summary", "requester"})
#: Attributes of which a missing value says that nothing of the kind happened.
HAPPENED = frozenset({"agreed_hours", "after_change", "passed_on", "held", "priority", "untouched", "late", "reopened"})
#: Local hours, from and to, with their names.
HOURS = ((22, 6, "night"), (6, 12, "morning"), (12, 18, "afternoon"), (18, 22, "evening"))
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def opening(scope: Scope, tickets: pd.DataFrame) -> pd.DataFrame:
    """What was known of these tickets of the records when they were opened: a column an attribute, values as text.

    `group` is the first one, as events tell it: the recorded one is the last, and who holds a ticket last depends on how long
    it took. Columns that were not supplied are left out. What tickets were that came from another service is not known: of
    those that it opened only such are here that lasted, and what they alone were would seem to be why.
    """
    found = {name: tickets[name] for name in OPENING if scope.records.supplies("tickets", name)}
    if scope.records.supplies("ticket_events", "group"):
        found["group"] = first_group(scope)[tickets.index]
    found = {name: column.mask(moved(tickets)) for name, column in found.items()}
    local = tickets["opened"].dt.tz_convert(scope.cycle.zone)
    found["hour"] = _band(local.dt.hour)
    found["weekday"] = local.dt.day_of_week.map(dict(enumerate(WEEKDAYS)))
    if scope.calendar is not clocks.ALWAYS:
        found["agreed_hours"] = _outside(scope, tickets["opened"])
    if scope.records.has("changes"):
        found["after_change"] = after_change(scope, tickets["opened"])
    return pd.DataFrame({name: pd.Series(values, index=tickets.index).astype("str") for name, values in found.items()})


def moved(tickets: pd.DataFrame) -> pd.Series:
    """Which tickets came from another service, as far as events tell."""
    return tickets["moved"].fillna(False).astype(bool)


def not_supplied(known: pd.DataFrame) -> list[str]:
    """Which of the columns of the opening the records do not have, the first group among them."""
    return [name for name in (*OPENING, "group") if name not in known]


def first_group(scope: Scope) -> pd.Series:
    """The group that each ticket of the records began in; missing where nothing tells it."""
    return scope.once("first groups", lambda: _first_group(scope))


def _first_group(scope: Scope) -> pd.Series:
    tickets = scope.records.tickets
    told = hours.in_groups(scope).drop_duplicates("row").set_index("row")["group"].reindex(range(len(tickets)))
    never_moved = tickets["reassigned"].eq(0).fillna(False).to_numpy(bool)
    own = tickets["group"].where(never_moved).to_numpy()
    return pd.Series(told.where(told.notna(), own).to_numpy(), index=tickets.index)


def _band(hour: pd.Series) -> np.ndarray:
    names = np.empty(24, dtype=object)
    for begins, ends, name in HOURS:
        names[[h % 24 for h in range(begins, ends if ends > begins else ends + 24)]] = name
    return names[hour]


def _outside(scope: Scope, opened: pd.Series) -> np.ndarray:
    """Outside the agreed hours, or missing within them."""
    second = opened + pd.Timedelta(seconds=60)
    closed = np.asarray(clocks.elapsed(scope.calendar, opened, second)) <= 0
    return np.where(closed, "outside", None)


def after_change(scope: Scope, times: pd.Series) -> np.ndarray:
    """The kind of the latest change that had ended within a day before each of these times; missing without one."""
    changes = scope.records.changes
    ends = changes["ended"].fillna(changes["started"])
    known = changes[ends.notna()].assign(ends=ends).sort_values(["ends", "change"], kind="stable")
    if known.empty:
        return np.full(len(times), None)
    at, when = instants(known["ends"]), instants(times)
    latest = np.searchsorted(at, when, side="right") - 1
    near = (latest >= 0) & (when - at[np.maximum(latest, 0)] <= AFTER_CHANGE.total_seconds() * 1e6)
    kind = known["kind"].fillna("any").astype("str").to_numpy()[np.maximum(latest, 0)]
    return np.where(near, kind, None)


def landmark(scope: Scope, window: Cycle, first_hours: float) -> pd.DataFrame:
    """What had happened to the tickets that were open in a window by their first agreed hours, and when those ended (`ends`).

    A column an attribute: `passed_on` (twice or more), `held` (the reason, or "any"), `priority` (raised, lowered), `untouched`.
    Missing where it had not happened. Only what events date is there. The index is that of the tickets.
    """
    return scope.once(f"landmark {first_hours} from {window.start}", lambda: _landmark(scope, window, first_hours))


def _landmark(scope: Scope, window: Cycle, first_hours: float) -> pd.DataFrame:
    every, supplies = scope.records.tickets, scope.records.supplies
    tickets = every[((every["opened"] < window.cutoff) & ~(every["ended"] < window.opens)).to_numpy()]
    ends = clocks.due(scope.calendar, tickets["opened"], np.full(len(tickets), 3600.0 * first_hours))
    # Positions are labels: records number their tickets from 0.
    until = np.full(len(every), NEVER)
    until[tickets.index] = ends.as_unit("us").asi8
    found: dict[str, object] = {}
    if supplies("ticket_events", "group"):
        moves = np.bincount(_by(hours.handovers(scope), until)["row"], minlength=len(every))
        found["passed_on"] = np.where(moves[tickets.index] >= 2, "twice", None)
    if supplies("ticket_events", "on_hold") or supplies("ticket_events", "reason"):
        found["held"] = _waiting(scope, until).reindex(tickets.index)
    if supplies("ticket_events", "priority"):
        found["priority"] = _priority(scope, until).reindex(tickets.index)
    if supplies("tickets", "acknowledged"):
        late = ~(tickets["acknowledged"].array <= ends.array)
        found["untouched"] = np.where(late, "untouched", None)
    frame = pd.DataFrame(
        {k: pd.Series(v, index=tickets.index).astype("str") for k, v in found.items()}, index=tickets.index
    )
    return frame.assign(ends=ends)


def _by(events: pd.DataFrame, until: np.ndarray) -> pd.DataFrame:
    """The events up to the landmark of their ticket."""
    return events[instants(events["at"]) <= until[events["row"].to_numpy()]]


def _waiting(scope: Scope, until: np.ndarray) -> pd.Series:
    """By ticket, for what it had waited first: the reason of the event, else "any"."""
    events = scope.events
    mine = events.loc[events["on_hold"].fillna(False).astype(bool) | events["reason"].notna(), ["row", "at", "reason"]]
    mine = _by(mine, until).drop_duplicates("row").set_index("row")
    return mine["reason"].fillna("any")


def _priority(scope: Scope, until: np.ndarray) -> pd.Series:
    """By ticket, whether its priority had been raised (to a smaller number) or lowered."""
    spans = scope.priorities
    spans = spans[instants(spans["start"]) <= until[spans["row"].to_numpy()]]
    row, level = spans["row"].to_numpy(), spans["priority"].to_numpy("float64", na_value=np.nan)
    begins = np.flatnonzero(np.r_[True, row[1:] != row[:-1]]) if len(row) else np.empty(0, dtype=int)
    lasts = np.r_[begins[1:], len(row)] - 1 if len(begins) else begins
    moved = level[lasts] - level[begins]
    return pd.Series(
        np.select([moved < 0, moved > 0], ["raised", "lowered"], default=None), index=row[begins], dtype="str"
    )


def change(changes: pd.DataFrame, zone: str) -> pd.DataFrame:
    """What was known of changes when they began: kind, risk, item, hour and weekday."""
    local = changes["started"].dt.tz_convert(zone)
    found = {name: changes[name] for name in ("kind", "risk", "configuration_item") if changes[name].notna().any()}
    found |= {"hour": _band(local.dt.hour), "weekday": local.dt.day_of_week.map(dict(enumerate(WEEKDAYS)))}
    return pd.DataFrame({name: pd.Series(v, index=changes.index).astype("str") for name, v in found.items()})


def handled(scope: Scope, tickets: pd.DataFrame) -> pd.DataFrame:
    """How tickets were handled, for what is asked after they ended: late, reopened, passed on, by whom they were resolved."""
    late = scope.met[tickets.index].eq(False).fillna(False)
    again, hops = tickets["reopened"].gt(0).fillna(False), tickets["reassigned"].ge(2).fillna(False)
    found = {
        "late": np.where(late, "late", None), "reopened": np.where(again, "reopened", None),
        "passed_on": np.where(hops, "twice", None),
    }  # fmt: skip
    if "resolver" in tickets and tickets["resolver"].notna().any():
        found["resolver"] = tickets["resolver"]
    return pd.DataFrame({name: pd.Series(v, index=tickets.index).astype("str") for name, v in found.items()})
