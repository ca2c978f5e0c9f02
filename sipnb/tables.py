"""The canonical tables: what a row is, which columns there are, and which of them must be there.

Every export is mapped onto these tables. All times are UTC instants to the second; periods are the first
calendar day of the period. A column that an organisation cannot supply is simply absent: what depends on it says
"no data".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import pandas as pd

Kind = Literal["text", "time", "integer", "number", "flag", "date"]

#: The pseudo-service of rows that concern the whole organisation and name no service of their own: counted in the portfolio,
#: never blamed on one service.
ESTATE = "_estate"


@dataclass(frozen=True)
class Column:
    """One canonical column: its kind, whether a table is useless without it, and the bounds of its values.

    A `derived` column is computed when records are frozen; no export supplies it. A `free` one holds what people wrote in
    words of their own: it is frozen only where a KPI of the organisation asks for it. `personal` ones say who somebody is: only
    a pseudonym of them is kept, which tells whether two rows are of the same person and nothing else. `named` are columns of
    few words that a tool offers, and of values that are no text at all: what is wrong with them may be shown where many rows
    say the same.
    """

    kind: Kind
    required: bool = False
    derived: bool = False
    values: tuple[str, ...] | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""
    free: bool = False
    personal: bool = False

    @property
    def named(self) -> bool:
        return self.kind != "text" or self.values is not None


@dataclass(frozen=True)
class Table:
    """One canonical table: its key (empty where rows have no identity), its time column, its columns."""

    name: str
    row: str
    key: tuple[str, ...]
    at: str
    columns: dict[str, Column]

    @property
    def required(self) -> list[str]:
        return [name for name, column in self.columns.items() if column.required]

    @property
    def supplied(self) -> list[str]:
        """The columns that an export can supply."""
        return [name for name, column in self.columns.items() if not column.derived]


_must = {"required": True}

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "tickets",
            "one incident or request",
            ("ticket",),
            "opened",
            {
                "ticket": Column("text", **_must),
                "service": Column("text", **_must),
                "kind": Column("text", **_must, values=("incident", "request")),
                "opened": Column("time", **_must),
                "acknowledged": Column("time"),
                "resolved": Column("time"),
                "closed": Column("time"),
                "ended": Column("time", derived=True, note="when nobody waited any more, resolved or not"),
                "moved": Column("flag", derived=True, note="whether its events name another service, too"),
                "state": Column("text"),
                "outcome": Column("text", note="how it ended: a resolution or close code"),
                "priority": Column("integer", low=1, high=5),
                "impact": Column("integer", low=1, high=5),
                "urgency": Column("integer", low=1, high=5),
                "category": Column("text"),
                "subcategory": Column("text"),
                "group": Column("text"),
                "channel": Column("text"),
                "requester": Column("text", personal=True, note="who asked; kept as a pseudonym"),
                "resolver": Column("text", values=("person", "machine"), note="a machine: a bot, an automation"),
                "reopened": Column("integer", low=0, note="how often"),
                "reassigned": Column("integer", low=0, note="how often"),
                "on_hold": Column("number", low=0, note="seconds"),
                "first_contact": Column("flag"),
                "sla_due": Column("time"),
                "sla_met": Column("flag", note="as recorded by the tool"),
                "major": Column("flag"),
                "problem": Column("text"),
                "change": Column("text", note="the change that caused it"),
                "configuration_item": Column("text"),
                "summary": Column("text", free=True),
                "effort": Column("number", low=0, note="hours"),
            },
        ),
        Table(
            "ticket_events",
            "one change of state, group or priority of a ticket",
            (),
            "at",
            {
                "ticket": Column("text", **_must),
                "service": Column("text", **_must),
                "at": Column("time", **_must),
                "state": Column("text"),
                "on_hold": Column("flag", note="whether the clock stands still"),
                "reason": Column(
                    "text", note="why it waits, whether or not the clock stands still: user, supplier, approval"
                ),
                "group": Column("text"),
                "priority": Column("integer", low=1, high=5),
            },
        ),
        Table(
            "problems",
            "a problem record",
            ("problem",),
            "opened",
            {
                "problem": Column("text", **_must),
                "service": Column("text", **_must),
                "opened": Column("time", **_must),
                "resolved": Column("time"),
                "closed": Column("time"),
                "ended": Column("time", derived=True, note="when nobody looked into it any more, resolved or not"),
                "state": Column("text"),
                "outcome": Column("text", note="how it ended: a resolution or close code"),
                "known_error": Column("flag"),
                "cause": Column("text", free=True),
            },
        ),
        Table(
            "changes",
            "a change",
            ("change",),
            "started",
            {
                "change": Column("text", **_must),
                "service": Column("text", **_must),
                "kind": Column("text", values=("standard", "normal", "emergency")),
                "planned_start": Column("time"),
                "planned_end": Column("time"),
                "started": Column("time"),
                "ended": Column("time"),
                "state": Column("text"),
                "outcome": Column("text"),
                "risk": Column("text"),
                "configuration_item": Column("text"),
            },
        ),
        Table(
            "outages",
            "a span of unavailability",
            (),
            "started",
            {
                "service": Column("text", **_must),
                "started": Column("time", **_must),
                "ended": Column("time"),
                "kind": Column("text", values=("unplanned", "maintenance")),
                "severity": Column("text"),
                "share": Column("number", low=0, high=1, note="of the service that was lost"),
                "cause": Column("text"),
                "configuration_item": Column("text", note="what failed"),
            },
        ),
        Table(
            "surveys",
            "one answer",
            (),
            "answered",
            {
                "service": Column("text", **_must),
                "answered": Column("time", **_must),
                "score": Column("number"),
                "scale_max": Column("number"),
                "ticket": Column("text"),
            },
        ),
        Table(
            "costs",
            "money of a period",
            (),
            "period",
            {
                "service": Column("text", **_must),
                "period": Column("date", **_must),
                "amount": Column("number", **_must),
                "category": Column("text"),
            },
        ),
        Table(
            "measurements",
            "a KPI that another tool already computed for a period",
            (),
            "period",
            {
                "service": Column("text", **_must),
                "period": Column("date", **_must),
                "kpi": Column("text", **_must),
                "value": Column("number"),
                "numerator": Column("number"),
                "denominator": Column("number"),
                "n": Column("number", low=0),
            },
        ),
        Table(
            "usage",
            "the size of a period",
            (),
            "period",
            {
                "service": Column("text", **_must),
                "period": Column("date", **_must),
                "users": Column("number", low=0),
                "transactions": Column("number", low=0),
                "agent_hours": Column("number", low=0),
                "invited": Column("number", low=0, note="survey invitations sent"),
            },
        ),
    )
}

#: Free text by table.
FREE = {table.name: [c for c, column in table.columns.items() if column.free] for table in TABLES.values()}

#: Without at least one of these there is nothing to plan with.
ESSENTIAL = ("tickets", "outages", "measurements")

_DUCKDB = {
    "text": "VARCHAR",
    "time": "TIMESTAMP",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
    "date": "DATE",
}
_PANDAS = {
    "text": "str",
    "time": "datetime64[us, UTC]",
    "integer": "Int64",
    "number": "float64",
    "flag": "boolean",
    "date": "datetime64[us]",
}


def duckdb_type(kind: Kind) -> str:
    """The DuckDB type in which a column of this kind is frozen."""
    return _DUCKDB[kind]


def created(name: str, as_name: str) -> str:
    """SQL that creates canonical table `name` without a row under another name, its columns as DuckDB reads a DataFrame's."""
    kinds = {"time": "TIMESTAMPTZ", "date": "TIMESTAMP"}
    columns = (f'"{c}" {kinds.get(column.kind, _DUCKDB[column.kind])}' for c, column in TABLES[name].columns.items())
    return f"CREATE TABLE {as_name} ({', '.join(columns)})"


def empty(name: str) -> pd.DataFrame:
    """A table of no rows with every canonical column in its type: what a service without such records reads."""
    return _empty(name).copy()


@cache
def _empty(name: str) -> pd.DataFrame:
    return pd.DataFrame({c: pd.Series([], dtype=_PANDAS[column.kind]) for c, column in TABLES[name].columns.items()})
