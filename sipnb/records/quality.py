"""The quality gate: rules that set a row aside, rules about a whole set of rows, and what they say.

A row rule is a condition in SQL over the canonical columns; a set rule is a small function over the tables of one run.
Each outcome carries a sentence that can be printed as it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import duckdb
import pandas as pd

from sipnb.records.tables import TABLES

Level = Literal["note", "warn", "stop"]

#: In each table: these times may not come before that one.
_NOT_BEFORE = {
    "tickets": [("resolved", "opened"), ("closed", "opened"), ("acknowledged", "opened")],
    "problems": [("resolved", "opened")],
    "changes": [("ended", "started"), ("planned_end", "planned_start")],
    "outages": [("ended", "started")],
}


@dataclass(frozen=True)
class RowRule:
    """Rows for which `condition` holds are set aside with `reason`; `column` is the one to look at."""

    reason: str
    column: str
    condition: str


def row_rules(table: str, columns: list[str]) -> list[RowRule]:
    """The rules for the rows of `table`, as far as its columns are supplied."""
    rules = [
        RowRule(f"{late} before {early}", late, f'"{late}" < "{early}"')
        for late, early in _NOT_BEFORE.get(table, [])
        if late in columns and early in columns
    ]
    for name in columns:
        column = TABLES[table].columns[name]
        if column.values is not None:
            allowed = ", ".join(f"'{v}'" for v in column.values)
            rules.append(RowRule(f"{name} is none of {', '.join(column.values)}", name, f'"{name}" NOT IN ({allowed})'))
        if column.low is not None:
            rules.append(RowRule(f"{name} below {column.low:g}", name, f'"{name}" < {column.low}'))
        if column.high is not None:
            rules.append(RowRule(f"{name} above {column.high:g}", name, f'"{name}" > {column.high}'))
        if column.kind == "number":
            rules.append(RowRule(f"{name} is not a finite number", name, f'NOT isfinite("{name}")'))
    return rules


@dataclass(frozen=True)
class Finding:
    """What a set rule found: `outcome` is `ok`, `found` or `error`; `rows` is how many rows it concerns."""

    rule: str
    level: Level
    outcome: str
    rows: int
    sentence: str
    facts: dict[str, Any]

    def record(self) -> dict[str, Any]:
        """The finding as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Sets:
    """What the set rules look at: an open connection with the frozen rows as views, and the account so far."""

    con: duckdb.DuckDBPyConnection
    tables: dict[str, list[str]]
    sources: list[dict[str, Any]]
    cutoff: pd.Timestamp | None
    stop_set_aside: float
    warn_set_aside: float

    def one(self, sql: str) -> tuple[Any, ...]:
        """The first row of a query."""
        return self.con.execute(sql).fetchone()


def examine(sets: Sets) -> list[Finding]:
    """Run every set rule that has something to look at."""
    return [finding for rule in SET_RULES for finding in rule(sets)]


#: Reasons that say "not for us" rather than "not right": they never count against the quality of a source.
OUT_OF_SCOPE = ("after the cut-off", "service not listed", "left out by the mapping")


def set_aside_share(sets: Sets) -> list[Finding]:
    """Set aside because something is wrong with them: more than the gate allows."""
    findings = []
    for source in sets.sources:
        wrong = sum(n for reason, n in source["reasons"].items() if not reason.startswith(OUT_OF_SCOPE))
        share = wrong / source["read"] if source["read"] else 0.0
        level: Level = "stop" if share > sets.stop_set_aside else "warn" if share > sets.warn_set_aside else "note"
        if wrong:
            findings.append(
                Finding(
                    "set aside", level, "found", wrong,
                    f"{wrong:,} of {source['read']:,} rows of {source['name']} ({100 * share:.2f} %) were set aside because "
                    "something is wrong with them.",
                    {"source": source["name"], "share": share},
                )
            )  # fmt: skip
    return findings


def empty_source(sets: Sets) -> list[Finding]:
    """A source without a single row."""
    return [
        Finding("empty source", "warn", "found", 0, f"The source {s['name']} has no rows.", {"source": s["name"]})
        for s in sets.sources
        if s["read"] == 0
    ]


def constant_columns(sets: Sets) -> list[Finding]:
    """Columns that hold nothing, or the same value in every row."""
    findings = []
    for table, columns in sets.tables.items():
        optional = [c for c in columns if not TABLES[table].columns[c].required and c != "kind"]
        if not optional:
            continue
        each = ", ".join(f'count("{c}"), count(DISTINCT "{c}")' for c in optional)
        counts = sets.one(f"SELECT count(*), {each} FROM {table}")
        rows = counts[0]
        if rows < 50:
            continue
        nothing = [c for c, n in zip(optional, counts[1::2], strict=True) if n == 0]
        sparse = [c for c, n in zip(optional, counts[1::2], strict=True) if 0 < n < 0.01 * rows]
        same = [c for c, d in zip(optional, counts[2::2], strict=True) if d == 1 and c not in sparse]
        for label, names in (("empty", nothing), ("filled in less than 1 % of rows", sparse), ("constant", same)):
            if names:
                verb = "is" if len(names) == 1 else "are"
                findings.append(
                    Finding(
                        "constant columns", "note", "found", rows,
                        f"In {table}, {', '.join(names)} {verb} {label}.",
                        {"table": table, "columns": names},
                    )
                )  # fmt: skip
    return findings


def thin_edges(sets: Sets) -> list[Finding]:
    """Months at the end of the extract with almost no tickets: the extract thins out, demand did not fall."""
    if "tickets" not in sets.tables:
        return []
    months = sets.con.execute(
        "SELECT strftime(local, '%Y-%m') AS month, count(*) AS n, count(*) / (CASE WHEN last_day(max(local)) = last_day(newest) "
        "THEN day(newest) ELSE day(last_day(max(local))) END) AS a_day "
        "FROM (SELECT timezone('UTC', opened) AS local, max(timezone('UTC', opened)) OVER () AS newest FROM tickets) "
        "GROUP BY month, newest ORDER BY month"
    ).fetchall()
    if len(months) < 3:
        return []
    # By day, because the extract may end in the middle of a month.
    top = max(a_day for *_, a_day in months)
    last_full, n_full, _ = [m for m in months if m[2] >= 0.2 * top][-1]
    thin = [n for month, n, _ in months if month > last_full]
    if not thin:
        return []
    held = f"{len(thin)} months hold" if len(thin) > 1 else "the month after it holds"
    return [
        Finding(
            "thin edge", "warn", "found", sum(thin),
            f"After {last_full} the extract thins out: {held} {sum(thin):,} tickets, {last_full} alone {n_full:,}. This is "
            f"the extract's edge, not a fall in demand; volume after {last_full} is not interpreted.",
            {"last_full_month": last_full},
        )
    ]  # fmt: skip


def stale(sets: Sets) -> list[Finding]:
    """No ticket for so long before the cut-off that it cannot be chance, at the rate tickets came in before."""
    if sets.cutoff is None or "tickets" not in sets.tables:
        return []
    newest, oldest, rows = sets.one("SELECT epoch(max(opened)), epoch(min(opened)), count(*) FROM tickets")
    # From a handful of tickets no rate can be told.
    if rows < 20 or newest == oldest:
        return []
    days = (sets.cutoff - pd.Timestamp(newest, unit="s", tz="UTC")).days
    missing = (sets.cutoff.timestamp() - newest) / (newest - oldest) * rows
    # Fourteen expected and none seen: a chance of one in a million.
    if days < 2 or missing < 14:
        return []
    return [
        Finding("stale extract", "warn", "found", 0,
                f"The newest ticket was opened {days} days before the cut-off; "
                f"about {missing:,.0f} more would be expected.", {"days": days})
    ]  # fmt: skip


def unresolved_share(sets: Sets) -> list[Finding]:
    """How many tickets have no resolution: what time to restore has to count as still running."""
    if "tickets" not in sets.tables:
        return []
    rows, resolved = (
        sets.one("SELECT count(*), count(resolved) FROM tickets")
        if "resolved" in sets.tables["tickets"]
        else (*sets.one("SELECT count(*) FROM tickets"), 0)
    )
    if not rows:
        return []
    share = 1 - resolved / rows
    level: Level = "warn" if share > 0.2 else "note"
    return [
        Finding("without resolution", level, "found" if share else "ok", rows - resolved,
                f"{rows - resolved:,} of {rows:,} tickets ({100 * share:.1f} %) have no resolution before the cut-off.",
                {"share": share})
    ]  # fmt: skip


SET_RULES: tuple[Callable[[Sets], list[Finding]], ...] = (
    set_aside_share,
    empty_source,
    constant_columns,
    thin_edges,
    stale,
    unresolved_share,
)
