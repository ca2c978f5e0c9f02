"""What KPIs are computed from: one service's records, cut into consecutive cycles.

Every KPI is computed for all cycles at once: rows are placed into cycles by one binary search, and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sipnb.catalogue import KPIS, Kpi
from sipnb.cycles import Cycle
from sipnb.methods import proportions
from sipnb.records import clocks, intervals
from sipnb.records.frozen import Records

#: A service of which so many rows would be expected, and none is there, did not exist.
UNSEEN = 14
COLUMNS = ["value", "low", "high", "n", "numerator", "denominator"]


@dataclass(frozen=True)
class Scope:
    """One service in consecutive `cycles`, oldest first.

    `severities` are the outage severities that count (None: all); `calendar` the agreed hours; `targets` the service's
    targets by KPI; `kpis` the definitions, an organisation's own among them; `monitored_since` the day from which on an
    outage would have been recorded, where the organisation says so; `satisfied` from which grade on an answer is satisfied,
    by the end of its scale, where it has a convention of its own.
    """

    records: Records
    cycles: tuple[Cycle, ...]
    severities: tuple[str, ...] | None = None
    calendar: clocks.Calendar = clocks.ALWAYS
    targets: Mapping[str, float] = field(default_factory=dict)
    kpis: Mapping[str, Kpi] = field(default_factory=lambda: KPIS)
    monitored_since: date | None = None
    satisfied: Mapping[int, float] = field(default_factory=dict)

    @property
    def cycle(self) -> Cycle:
        """The cycle of the plan: the last one."""
        return self.cycles[-1]

    @cached_property
    def edges(self) -> pd.DatetimeIndex:
        """The instants between the cycles, one more than there are cycles."""
        instants = [c.opens for c in self.cycles] + [self.cycles[-1].cutoff]
        return pd.DatetimeIndex(instants).as_unit("us")

    @cached_property
    def known_until(self) -> pd.Timestamp:
        """The cut-off of the records."""
        return pd.Timestamp(self.records.quality["cutoff"])

    def over(self, cycles: list[Cycle]) -> Scope:
        """The same service over other cycles."""
        return replace(self, cycles=tuple(cycles))

    def place(self, times: pd.Series) -> np.ndarray:
        """In which cycle each instant lies: its position from 0, or −1 outside all of them."""
        return placed(times, self.edges)

    def place_days(self, days: pd.Series) -> np.ndarray:
        """In which cycle each calendar day lies."""
        starts = [c.start for c in self.cycles] + [self.cycles[-1].end]
        return placed(days, pd.DatetimeIndex(starts).as_unit("us"))

    def began(self, name: str) -> pd.Timestamp | None:
        """When recording of a table began for this service: with the organisation's first row, or with the service."""
        if name == "outages" and self.monitored_since is not None:
            return self.local(pd.Timestamp(self.monitored_since))
        known = self.records.quality["tables"]
        first = known[name]["first"]
        if not first:
            return None
        first = pd.to_datetime(first, utc=True)
        # A service that leaves rows at this rate would have been seen before (a chance of one in a million that not, were
        # they Poisson): it did not exist yet, and its months without an outage are not good months.
        seen = [
            began
            for began in (self._seen(one, at) for one, at in (("tickets", "opened"), ("outages", "started")))
            if began
        ]
        if not seen:
            return None
        return max(first, min(own for own, _ in seen)) if any(new for _, new in seen) else first

    def _seen(self, table: str, at: str) -> tuple[pd.Timestamp, bool] | None:
        """This service's first row of a table, and whether it is too late to be chance; None without rows."""
        times, known = self.records.table(table)[at], self.records.quality["tables"]
        if times.empty:
            return None
        first, before = times.min(), pd.to_datetime(known[table]["first"], utc=True)
        rate = len(times) / max((self.known_until - first).total_seconds(), 1.0)
        return first, rate * (first - before).total_seconds() > UNSEEN

    @cached_property
    def opened(self) -> np.ndarray:
        """The cycle in which each ticket was opened."""
        return self.place(self.records.tickets["opened"])

    @cached_property
    def resolved(self) -> np.ndarray:
        """The cycle in which each ticket was resolved."""
        return self.place(self.records.tickets["resolved"])

    def tickets_resolved(self) -> pd.DataFrame:
        """The tickets resolved in the last cycle."""
        return self.records.tickets[self.resolved == len(self.cycles) - 1]

    def tickets_opened(self) -> pd.DataFrame:
        """The tickets opened in the last cycle."""
        return self.records.tickets[self.opened == len(self.cycles) - 1]

    def tickets_open(self) -> pd.DataFrame:
        """The tickets open at the end of the last cycle."""
        return open_at(self.records.tickets, self.edges[-1])

    def local(self, day: pd.Timestamp) -> pd.Timestamp:
        """The first instant of a calendar day of the organisation."""
        return pd.Timestamp(day).tz_localize(self.cycle.zone).tz_convert("UTC")

    @cached_property
    def met(self) -> pd.Series:
        """Whether each ticket met its target: as recorded, else by its due time; unknown while it is open."""
        tickets = self.records.tickets
        by_due = (tickets["resolved"] <= tickets["sla_due"]).astype("boolean")
        known = tickets["resolved"].notna() & tickets["sla_due"].notna()
        return tickets["sla_met"].where(tickets["sla_met"].notna(), by_due.where(known))

    @cached_property
    def held(self) -> pd.Series:
        """Seconds on hold of each ticket, as recorded or else by its events; NaN where neither is known."""
        tickets = self.records.tickets
        recorded = tickets["on_hold"]
        if recorded.notna().any() or not self.records.supplies("ticket_events", "on_hold"):
            return recorded
        spans = self.holds
        ends = spans["end"].fillna(self.known_until)
        total = (ends - spans["start"]).dt.total_seconds().groupby(spans["row"]).sum()
        told = np.isin(np.arange(len(tickets)), self._event_rows)
        by_row = pd.Series(total.reindex(range(len(tickets)), fill_value=0.0).to_numpy(), index=tickets.index)
        return by_row.where(told)

    @cached_property
    def _event_rows(self) -> np.ndarray:
        """Which ticket each event is of, by its position; −1 where it is not among the tickets."""
        return pd.Index(self.records.tickets["ticket"]).get_indexer(self.records.ticket_events["ticket"])

    def events_of(self, tickets: pd.DataFrame) -> pd.DataFrame:
        """The events of these tickets of the records."""
        return self.records.ticket_events[np.isin(self._event_rows, tickets.index)]

    @cached_property
    def holds(self) -> pd.DataFrame:
        """Each time a ticket was on hold: see `intervals.holds`."""
        events = self.records.ticket_events
        # Positions instead of identifiers: comparing so many texts takes longer than all the rest.
        return intervals.holds(
            pd.DataFrame({"ticket": np.arange(len(self.records.tickets))}),
            pd.DataFrame({"ticket": self._event_rows, "at": events["at"], "on_hold": events["on_hold"]}),
        )

    @cached_property
    def priorities(self) -> pd.DataFrame:
        """Each stretch of time with one priority: see `intervals.priorities`."""
        return intervals.priorities(self._numbered, self._numbered_events)

    @cached_property
    def _numbered(self) -> pd.DataFrame:
        """The tickets with positions instead of identifiers: comparing so many texts takes longer than all the rest."""
        return self.records.tickets[["opened", "resolved", "priority"]].assign(
            ticket=np.arange(len(self.records.tickets))
        )

    @cached_property
    def _numbered_events(self) -> pd.DataFrame:
        return self.events.rename(columns={"row": "ticket"})

    @cached_property
    def events(self) -> pd.DataFrame:
        """The events of the tickets by ticket and time: `row`, the position of their ticket, and all that they say."""
        row, events = self._event_rows, self.records.ticket_events
        told = events.drop(columns=["ticket", "service"])
        order = np.lexsort((instants(events["at"]), row))
        order = order[row[order] >= 0]
        # Taking millions of texts costs as much as all that is done with them, and most exports are in order.
        whole = len(order) == len(row) and bool((np.diff(order) == 1).all())
        return told.assign(row=row) if whole else told.iloc[order].assign(row=row[order]).reset_index(drop=True)

    def holds_of(self, tickets: pd.DataFrame) -> pd.DataFrame:
        """Each time one of these tickets of the records was on hold, with its position among them."""
        position = np.full(len(self.records.tickets), -1)
        position[tickets.index] = np.arange(len(tickets))
        row = position[self.holds["row"]]
        return self.holds[row >= 0].assign(row=row[row >= 0]).reset_index(drop=True)

    @cached_property
    def measured(self) -> frozenset[str]:
        """The names of the measures that another tool computed for this service."""
        rows = self.records.measurements if self.records.has("measurements") else None
        return frozenset() if rows is None else frozenset(rows["kpi"].unique())

    def once(self, name: str, compute: Callable[[], Any]) -> Any:
        """What `compute` gives, computed the first time it is asked for under this name."""
        known = self.__dict__.setdefault("_worked_out", {})
        if name not in known:
            known[name] = compute()
        return known[name]

    def count(self, where: np.ndarray) -> np.ndarray:
        """How many of these positions lie in each cycle."""
        return np.bincount(where[where >= 0], minlength=len(self.cycles))

    def share(self, where: np.ndarray, which: pd.Series | np.ndarray) -> pd.DataFrame:
        """Of the rows at these positions, the share for which `which` holds; unknown is no."""
        holds = which if isinstance(which, np.ndarray) else which.fillna(False).to_numpy(bool)
        return shares(self.count(np.where(holds, where, -1)), self.count(where))

    def total(self, where: np.ndarray, amounts: np.ndarray) -> np.ndarray:
        """The sum of the amounts in each cycle."""
        inside = where >= 0
        return np.bincount(where[inside], weights=np.asarray(amounts, float)[inside], minlength=len(self.cycles))

    def stock(self, begun: pd.Series, ended: pd.Series) -> np.ndarray:
        """How many had begun before the end of each cycle and not ended by then; what never began does not count."""
        starts, ends = instants(begun), instants(ended)
        there = starts != NEVER
        starts = starts[there]
        # What never ends is in stock for good; what ended before it began never was.
        ends = np.maximum(starts, np.where(ends == NEVER, np.iinfo(np.int64).max, ends)[there])
        cuts = self.edges.asi8[1:]
        return np.searchsorted(np.sort(starts), cuts) - np.searchsorted(np.sort(ends), cuts)


#: How pandas stores "no time".
NEVER = np.iinfo(np.int64).min


def instants(times: pd.Series) -> np.ndarray:
    """UTC instants in microseconds; the smallest integer where there is none."""
    return pd.DatetimeIndex(times).as_unit("us").asi8


def placed(times: pd.Series, edges: pd.DatetimeIndex) -> np.ndarray:
    """Between which two of the edges each instant lies: its position from 0, or −1 outside all of them."""
    where = np.searchsorted(edges.asi8, instants(times), side="right") - 1
    return np.where(where >= len(edges) - 1, -1, where)


def open_at(tickets: pd.DataFrame, when: pd.Timestamp) -> pd.DataFrame:
    """Tickets opened before `when` that had not ended by then, resolved or not."""
    return tickets[(tickets["opened"] < when) & ~(tickets["ended"] < when)]


def within(times: pd.Series, cycle: Cycle) -> pd.Series:
    """Which of these instants fall into the cycle."""
    return (times >= cycle.opens) & (times < cycle.cutoff)


def figures(value, low, high, n, numerator=np.nan, denominator=np.nan) -> pd.DataFrame:
    """One row a cycle of a KPI; where n is 0 there is no value."""
    n = np.asarray(n, "int64")
    told = {"value": value, "low": low, "high": high}
    parts = {k: np.where(n > 0, np.asarray(v, float), np.nan) for k, v in told.items()}
    sums = {"numerator": numerator, "denominator": denominator}
    return pd.DataFrame(
        parts | {"n": n} | {k: np.array(np.broadcast_to(np.asarray(v, float), n.shape)) for k, v in sums.items()}
    )


def shares(successes: np.ndarray, n: np.ndarray) -> pd.DataFrame:
    """Shares by cycle with Wilson's intervals."""
    found = proportions.wilson_series(np.asarray(successes, float), np.asarray(n, float))
    return figures(found["value"], found["low"], found["high"], found["n"], successes, n)


def counts(n: np.ndarray) -> pd.DataFrame:
    """Plain counts: 0 is a value, and there is no interval around what was counted."""
    n = np.asarray(n, "int64")
    frame = figures(n, np.nan, np.nan, n, n)
    frame["value"] = n.astype(float)
    return frame


def nothing(cycles: int) -> pd.DataFrame:
    """No data in any of so many cycles."""
    return figures(np.nan, np.nan, np.nan, np.zeros(cycles))
