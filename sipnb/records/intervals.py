"""What a ticket's history says about its clock: when it was open, on hold, and of which priority.

A tool shows one opening and one resolution; a reopened ticket had several. Which of them count is a policy, and it is
printed beside the figure:

* `R1` from the first opening to the last resolution (the user waited all that time); `R2` each spell is a clock of its
  own; `R3` to the first resolution, as if it had held.
* `P1` the final priority's goal from the start; `P2` each stretch of time counts against the goal of the priority it had:
  a ticket has used up its goal when the shares of all stretches add up to one.

All tables have a column `row`: the position of the ticket in `tickets`, from 0. Times are UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from sipnb.records import clocks
from sipnb.records.states import has_ended

Reopened = Literal["R1", "R2", "R3"]
Priority = Literal["P1", "P2"]


def holds(tickets: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Each time a ticket was on hold: row, start, end (NaT while it still is).

    A hold lasts from the event that begins it to the ticket's next event that ends it.
    """
    events = _of(tickets, events[events["on_hold"].notna()])
    turns = events[_turns(events, events["on_hold"].to_numpy(bool), before=False)]
    ends = turns["at"].shift(-1).where(turns["row"] == turns["row"].shift(-1))
    spans = pd.DataFrame({"row": turns["row"], "start": turns["at"], "end": ends})
    return spans[turns["on_hold"].to_numpy(bool)].reset_index(drop=True)


def spells(tickets: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Each time a ticket was open: row, start, end (NaT while it still is), by row and time.

    A ticket without events of its state has one spell, from `opened` to `resolved`.
    """
    events = _of(tickets, events[events["state"].notna()])
    ended = has_ended(events["state"]).to_numpy(bool)
    turns = events[_turns(events, ended, before=False)].assign(ended=ended[_turns(events, ended, before=False)])
    first = pd.DataFrame({"row": np.arange(len(tickets)), "at": tickets["opened"].array, "ended": False})
    turns = pd.concat([first, turns[["row", "at", "ended"]]]).sort_values(["row", "at"], kind="stable")
    ends = turns["at"].shift(-1).where(turns["row"] == turns["row"].shift(-1))
    found = pd.DataFrame({"row": turns["row"], "start": turns["at"], "end": ends})[~turns["ended"].to_numpy(bool)]
    told = tickets["resolved"].array[found["row"].to_numpy()]
    silent = ~found["row"].isin(events["row"]).to_numpy()
    return found.assign(end=found["end"].mask(silent, told)).reset_index(drop=True)


def priorities(tickets: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Each stretch of time with one priority: row, start, end (NaT: from then on), priority.

    Before its first event with a priority a ticket has that event's, because tools write down changes; a ticket without
    any has its own.
    """
    events = _of(tickets, events[events["priority"].notna()])
    turns = events[_turns(events, events["priority"].to_numpy("int64"), before=None)]
    begins = turns["at"].where(turns["row"] == turns["row"].shift(), tickets["opened"].array[turns["row"].to_numpy()])
    ends = turns["at"].shift(-1).where(turns["row"] == turns["row"].shift(-1))
    found = pd.DataFrame({"row": turns["row"], "start": begins, "end": ends, "priority": turns["priority"]})
    silent = np.flatnonzero(~np.isin(np.arange(len(tickets)), turns["row"]))
    starts = tickets["opened"].iloc[silent].reset_index(drop=True)
    never = pd.Series(pd.NaT, index=starts.index, dtype=starts.dtype)
    own = pd.DataFrame({"row": silent, "start": starts, "end": never, "priority": tickets["priority"].array[silent]})
    return pd.concat([found, own]).sort_values(["row", "start"], kind="stable", ignore_index=True)


def running(tickets: pd.DataFrame, events: pd.DataFrame, policy: Reopened = "R1") -> pd.DataFrame:
    """The clocks of the tickets under a reopening policy: row, start, end (NaT while running); one a ticket, or under R2
    one a spell."""
    each = spells(tickets, events)
    if policy == "R2":
        return each
    by_row = each.groupby("row", sort=True)
    which = by_row.tail(1) if policy == "R1" else by_row.head(1)
    starts = by_row["start"].first()
    return pd.DataFrame(
        {"row": which["row"].to_numpy(), "start": starts.loc[which["row"]].array, "end": which["end"].array}
    )


def elapsed(
    calendar: clocks.Calendar, running: pd.DataFrame, until: pd.Timestamp, pauses: pd.DataFrame | None = None
) -> np.ndarray:
    """Agreed seconds on each of the `running` clocks, those still running up to `until`, less `pauses` of their tickets."""
    ends = running["end"].fillna(until)
    return clocks.elapsed(calendar, running["start"], ends, _for(running, pauses))


def elapsed_by_total(business: np.ndarray, gross: np.ndarray, on_hold: np.ndarray) -> np.ndarray:
    """The net clock where only the total time on hold is known, not when: it is taken as spread evenly over the ticket.

    All in seconds; the same share of the business time as of the wall time was on hold. Never below 0.
    """
    share = np.divide(np.nan_to_num(on_hold), gross, out=np.zeros(len(gross)), where=gross > 0)
    return business * (1 - np.clip(share, 0, 1))


def goal_used(
    calendar: clocks.Calendar, running: pd.DataFrame, until: pd.Timestamp, priority: pd.DataFrame,
    goals: Mapping[int, float], pauses: pd.DataFrame | None = None, policy: Priority = "P1",
) -> np.ndarray:  # fmt: skip
    """The share of its goal that each running clock has used up: 1 and less is met. NaN without a goal.

    `priority` as `priorities` gives it; `goals`: seconds by priority.
    """
    if policy == "P1":
        final = priority.groupby("row")["priority"].last()
        goal = final.reindex(running["row"]).map(goals).to_numpy("float64", na_value=np.nan)
        return elapsed(calendar, running, until, pauses) / goal
    clock = running.assign(clock=np.arange(len(running)), end=running["end"].fillna(until))
    parts = clock.merge(priority, on="row", suffixes=("", "_of"))
    parts["start"] = parts[["start", "start_of"]].max(axis=1)
    parts["end"] = parts[["end", "end_of"]].min(axis=1)
    parts = parts[parts["start"] < parts["end"]].reset_index(drop=True)
    used = clocks.elapsed(calendar, parts["start"], parts["end"], _for(parts, pauses))
    share = used / parts["priority"].map(goals).to_numpy("float64", na_value=np.nan)
    return pd.Series(share).groupby(parts["clock"]).sum(min_count=1).reindex(range(len(running))).to_numpy()


def _of(tickets: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """The events of these tickets with the ticket's `row`, by row and time."""
    row = pd.Index(tickets["ticket"]).get_indexer(events["ticket"])
    mine = events[row >= 0].assign(row=row[row >= 0])
    return mine if _in_order(mine) else mine.sort_values(["row", "at"], kind="stable")


def _in_order(events: pd.DataFrame) -> bool:
    """Whether events come by row and time already: sorting millions takes longer than all that is done with them."""
    row, at = np.diff(events["row"].to_numpy()), np.diff(pd.DatetimeIndex(events["at"]).asi8)
    return bool(((row > 0) | ((row == 0) & (at >= 0))).all())


def _turns(events: pd.DataFrame, state: np.ndarray, before: object) -> np.ndarray:
    """Which events change `state`; before its first event a ticket's is `before` (None: its first event is a change)."""
    same = (events["row"] == events["row"].shift()).to_numpy()
    changed = np.r_[True, state[1:] != state[:-1]] if len(state) else np.zeros(0, bool)
    first = np.ones(len(state), bool) if before is None else state != before
    return np.where(same, changed, first)


def _for(running: pd.DataFrame, pauses: pd.DataFrame | None) -> pd.DataFrame | None:
    """The pauses of tickets as pauses of clocks: a ticket can have several."""
    if pauses is None or pauses.empty:
        return None
    clock = pd.DataFrame({"row": running["row"].to_numpy(), "clock": np.arange(len(running))})
    return clock.merge(pauses, on="row").drop(columns="row").rename(columns={"clock": "row"})
