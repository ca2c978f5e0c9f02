"""What a set rule looks at and what it returns.

A finding names the KPIs whose claims it refuses and those whose figures it withholds, for which dates and which service. `kpis`
leaves such cycles out, and all that stands above follows: it asks `ServiceContext.refused` and need not know which rule it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal

import duckdb
import pandas as pd

from sipnb.cycles import Cycle
from sipnb.params import Gate

Level = Literal["note", "warn", "stop"]
_RANK = {"note": 0, "warn": 1, "stop": 2}


@dataclass(frozen=True)
class Finding:
    """What a rule found: `outcome` is `ok`, `found` or `no data`; `rows` is how many rows it concerns.

    `refuses` names KPIs of which no change may be claimed, `withholds` those of which there is no figure at all, in cycles
    that lie after the date `since` and before `until` (None: without end). Both hold for the KPIs that an organisation
    defines over `table`, too, and for one `service` where it is named.
    """

    rule: str
    level: Level
    outcome: Literal["ok", "found", "no data"]
    rows: int
    sentence: str
    facts: dict[str, Any] = field(default_factory=dict)
    refuses: tuple[str, ...] = ()
    since: str | None = None
    withholds: tuple[str, ...] = ()
    until: str | None = None
    table: str | None = None
    service: str | None = None

    def record(self) -> dict[str, Any]:
        """The finding as plain data."""
        return {**asdict(self), "refuses": list(self.refuses), "withholds": list(self.withholds)}


@dataclass(frozen=True)
class Sets:
    """What the set rules look at: a connection on which each table is a view of its usable rows as known at the cut-off
    (times are UTC TIMESTAMP), the columns of each table, the account of each source, how the organisation gates, and the time
    of the newest record of all, those after the cut-off too; `show_values`: words that few rows share may be told."""

    con: duckdb.DuckDBPyConnection
    tables: dict[str, list[str]]
    sources: list[dict[str, Any]]
    cutoff: pd.Timestamp | None
    gate: Gate
    zone: str = "UTC"
    services: tuple[str, ...] = ()
    cycle: Cycle | None = None
    newest: pd.Timestamp | None = None
    show_values: bool = False

    def has(self, table: str, *columns: str) -> bool:
        """Whether the table is supplied, with all of these columns."""
        return table in self.tables and set(columns) <= set(self.tables[table])

    def exported(self, table: str, column: str) -> bool:
        """Whether the exports themselves supply a column, not only what follows from others."""
        return column in self._staged.get(table, ())

    @cached_property
    def _staged(self) -> dict[str, list[str]]:
        """The columns of each staged table, looked up once: several rules ask for them, one by one."""
        empty = "SELECT * FROM staged_{} LIMIT 0".format
        return {table: [one[0] for one in self.con.execute(empty(table)).description] for table in self.tables}

    @property
    def now(self) -> str:
        """When the records are as they are, for a sentence: at the cut-off, or as the exports stand."""
        return "at the cut-off" if self.cutoff is not None else "in the exports as they stand"

    def one(self, sql: str) -> tuple[Any, ...]:
        """The first row of a query."""
        return self.con.execute(sql).fetchone()

    def frame(self, sql: str) -> pd.DataFrame:
        """A small query's result."""
        return self.con.execute(sql).df()

    @cached_property
    def opened(self) -> pd.DataFrame:
        """Tickets opened in each `half` hour since 1970: when it begins (`at`, in the organisation's zone) and `n`, by time.

        Several rules look at it, so it is counted once. Half hours, because some zones are half an hour off. What tools
        write for "never" or "unknown" is no part of it.
        """
        halves = self.frame(
            "SELECT epoch_ms(opened) // 1800000 AS half, count(*) AS n FROM tickets WHERE opened >= TIMESTAMP '1990-01-01' "
            "AND opened < TIMESTAMP '2090-01-01' GROUP BY 1 ORDER BY 1"
        )
        at = pd.to_datetime(halves["half"] * 1800, unit="s", utc=True).dt.tz_convert(self.zone)
        return halves.assign(at=at)

    @cached_property
    def daily(self) -> pd.Series:
        """Tickets opened on each day of the organisation's zone, from the first to the last, quiet days too."""
        if self.opened.empty:
            return pd.Series([], index=pd.DatetimeIndex([]), dtype="int64")
        days = self.opened["n"].groupby(self.opened["at"].dt.tz_localize(None).dt.normalize()).sum()
        return days.reindex(pd.date_range(days.index[0], days.index[-1]), fill_value=0)


@dataclass(frozen=True)
class Found:
    """What one call of a rule's function returns for each thing it found. `level` only where it differs by degree."""

    rows: int
    sentence: str
    facts: dict[str, Any] = field(default_factory=dict)
    level: Level | None = None
    refuses: tuple[str, ...] = ()
    since: str | None = None
    withholds: tuple[str, ...] = ()
    until: str | None = None
    table: str | None = None
    service: str | None = None


#: What a rule's function returns where there is nothing to look at.
NO_DATA = None


@dataclass(frozen=True)
class SetRule:
    """A rule about a whole set of rows: what it looks for, its usual level, and what it does to the plan.

    `rises` says when a finding is graver than `level`.
    """

    name: str
    level: Level
    looks_for: str
    effect: str
    function: Callable[[Sets], list[Found] | None]
    rises: str = ""

    def findings(self, sets: Sets) -> list[Finding]:
        """Its findings; a single one of outcome `ok` or `no data` where there is nothing to tell."""
        told: Level | None = sets.gate.levels.get(self.name)
        found = self.function(sets)
        if found is NO_DATA:
            return [Finding(self.name, told or self.level, "no data", 0, f"Nothing to look at for: {self.looks_for}")]
        if not found:
            return [Finding(self.name, told or self.level, "ok", 0, f"Not found: {self.looks_for}")]
        # Who sets a rule to `note` vouches for the records: it is told, and forbids nothing.
        vouched = {"refuses": (), "withholds": (), "table": None} if told == "note" else {}
        return [
            Finding(**{**vars(one), **vouched, "rule": self.name, "level": told or one.level or self.level,
                       "outcome": "found", "rows": int(one.rows)})
            for one in found
        ]  # fmt: skip


SET_RULES: list[SetRule] = []


def rule(
    name: str, level: Level, effect: str, rises: str = ""
) -> Callable[[Callable[[Sets], list[Found] | None]], Callable]:
    """Register a set rule; the first paragraph of the function's docstring says what it looks for."""

    def register(function: Callable[[Sets], list[Found] | None]) -> Callable[[Sets], list[Found] | None]:
        looks_for = " ".join((function.__doc__ or "").split("\n\n")[0].split())
        SET_RULES.append(SetRule(name, level, looks_for, effect, function, rises))
        return function

    return register


def examine(sets: Sets) -> list[Finding]:
    """Every finding of every set rule, the gravest first, otherwise in the order of the rules."""
    findings = [finding for one in SET_RULES for finding in one.findings(sets)]
    return sorted(findings, key=lambda f: (f.outcome != "found", -_RANK[f.level]))


def graver(rows: int, of: int, share: float) -> Level:
    """`warn` where more than a share of the rows is concerned, and more than a handful."""
    return "warn" if rows > share * of and rows >= 10 else "note"


def some_of(rows: int, of: int, sentence: Callable[[str], str], warn_above: float | None = None) -> list[Found] | None:
    """What a rule says that counts some of all: no data where there are none at all, nothing found where it is none of them.

    `sentence` is told the share, as a percentage.
    """
    if not of:
        return NO_DATA
    if not rows:
        return []
    level = None if warn_above is None else graver(rows, of, warn_above)
    return [Found(rows, sentence(percent(rows / of)), {"share": rows / of}, level)]


def percent(share: float) -> str:
    """A share for a sentence: `12.3 %`, `0.02 %`; never a nought for something, never all for nearly all."""
    if 0 < share < 0.001:
        return f"{100 * share:.2f} %" if share >= 0.00005 else "under 0.01 %"
    return "99.9 %" if 0.9995 <= share < 1 else f"{100 * share:.1f} %"


def count(n: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: `1 row`, `1,234 rows`."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def verb(n: int, one: str, many: str) -> str:
    """The form of a verb for a number of things."""
    return one if n == 1 else many


def listed(names: list[str], most: int = 5) -> str:
    """Names in a sentence: `a, b and 3 more`."""
    if len(names) <= most:
        return ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1] if names else ""
    return f"{', '.join(names[:most])} and {len(names) - most} more"
