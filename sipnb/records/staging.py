"""Staged tables: every canonical table as one DuckDB table of all its sources' rows, used or not.

`staged_<table>` holds the rows as they were mapped and judged; the view `judged_<table>` adds where each came from
(`_source`, `_part`, `_row`). Records of several sources are put together here: the first source that gives a record
takes precedence, a later version of it replaces an earlier one, supplements fill in their columns.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import duckdb
import numpy as np
import pandas as pd

from sipnb.cycles import Cycle
from sipnb.records import folding, mapping_sql, moments
from sipnb.records.mapping_sql import LATE, UNLISTED, Services, cut
from sipnb.records.mappings import Mapping, TableMap
from sipnb.records.sources import Read
from sipnb.records.sources.headings import taken
from sipnb.records.sources.relation import Part, take
from sipnb.records.sql import name, quoted
from sipnb.tables import TABLES, duckdb_type

DUPLICATE, OTHER_CONTENT = "duplicate row", "duplicate identifier with different content"
SUPERSEDED, PRECEDED = "superseded by a later row", "also in a source that takes precedence"
NO_RECORD = "supplement of a record that is not there"


@dataclass
class Side:
    """What one source gives for one canonical table: a DuckDB table for each of its parts."""

    source: int
    content: TableMap
    parts: dict[int, tuple[str, list[str], bool]] = field(default_factory=dict)  # part → table, columns, numbered

    @property
    def columns(self) -> set[str]:
        return {column for _, columns, _ in self.parts.values() for column in columns}


@dataclass(frozen=True)
class Staged:
    """A staged table: its columns in canonical order, and where rows are that are no rows of its own."""

    table: str
    columns: list[str]
    events: dict[int, str]  # source → DuckDB table of the events its records were folded from
    supplements: dict[int, str]
    split: bool


def stage(
    con: duckdb.DuckDBPyConnection, reads: list[tuple[Read, Mapping]], services: Services, cycle: Cycle | None,
    passing: Collection[str] = (),
) -> tuple[list[Staged], dict[int, tuple[int, Part]], list[int]]:  # fmt: skip
    """Read every part once, map it, judge its rows, and put them together by table.

    Columns of tickets that are `passing` are not kept with them: rows that differ in nothing else are the same.
    Returns the staged tables, the parts by number with the number of their source, and the records read of each part.
    Raises MissingInput for a part that cannot be read.
    """
    sides: dict[str, list[Side]] = {}
    parts: dict[int, tuple[int, Part]] = {}
    rows: list[int] = []
    for source, (read, mapping) in enumerate(reads):
        mine = {table: Side(source, content) for table, content in mapping.tables.items()}
        for part in read.parts:
            number = len(parts)
            parts[number] = (source, part)
            rows.append(_read(con, number, part, mapping, mine, services, cycle))
        for table, side in mine.items():
            sides.setdefault(table, []).append(side)
    staged = [_together(con, table, found, services, cycle, passing) for table, found in sides.items()]
    if {"tickets", "ticket_events"} <= set(sides):
        if not next(one for one in staged if one.table == "tickets").split:
            _events_with_their_tickets(con, cycle)
        _events_in_turn(con, {side.source: reads[side.source][1].times.zone for side in sides["ticket_events"]})
    return staged, parts, rows


def _events_with_their_tickets(con: duckdb.DuckDBPyConnection, cycle: Cycle | None) -> None:
    """Put events to the service of their ticket: a ticket that came from another one, listed or not, has one history.

    Left where the service was at the time, what is the first event here comes late in the life of those that went astray.
    Creates `moved`, the tickets of which an event before the cut-off names another service.
    """
    late = "false" if cycle is None else f'e."at" >= {cut(cycle)}'
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE elsewhere AS SELECT e.rowid AS id, t.ticket, t._service AS service, {late} AS late, "
        f"e._reason IS NOT NULL AS unlisted FROM staged_ticket_events e JOIN staged_tickets t ON t.ticket = e.ticket "
        "WHERE t._reason IS NULL AND t._service IS DISTINCT FROM e._service "
        f"AND (e._reason IS NULL OR e._reason = {quoted(UNLISTED)})"
    )
    con.execute("CREATE OR REPLACE TEMP TABLE moved AS SELECT DISTINCT ticket FROM elsewhere WHERE NOT late")
    judged = {"_column": "'at'", "_value": 'e."at"::VARCHAR', "_reason": quoted(LATE)}
    listed = ", ".join(
        f"{column} = CASE WHEN x.unlisted AND x.late THEN {value} END" for column, value in judged.items()
    )
    con.execute(
        f"UPDATE staged_ticket_events AS e SET _service = x.service, {listed} FROM elsewhere x WHERE e.rowid = x.id"
    )


def _events_in_turn(con: duckdb.DuckDBPyConnection, zones: dict[int, str]) -> None:
    """Set events aside that come before their ticket; in a doubled hour they may be of its second pass."""
    con.execute(
        'CREATE OR REPLACE TEMP TABLE early AS SELECT e._id AS id, e._source AS source, e."at" AS moment, t.opened '
        "FROM judged_ticket_events e JOIN staged_tickets t ON t.ticket = e.ticket "
        'WHERE e._reason IS NULL AND t._reason IS NULL AND e."at" < t.opened'
    )
    for source, zone in zones.items():
        for drop in moments.repeated(zone)[1]:
            later = f"moment + INTERVAL {drop} SECOND"
            shown = "timezone({0}, timezone('UTC', {1}))".format
            con.execute(
                f"UPDATE early SET moment = {later} WHERE source = {source} AND moment < opened AND {later} >= opened "
                f"AND {shown(quoted(zone), 'moment')} = {shown(quoted(zone), later)}"
            )
    con.execute(
        'UPDATE staged_ticket_events AS e SET "at" = x.moment FROM early x WHERE e.rowid = x.id AND x.moment >= x.opened'
    )
    con.execute(
        "UPDATE staged_ticket_events AS e SET _column = 'at', _value = e.\"at\"::VARCHAR, "
        "_reason = 'event before its ticket was opened' FROM early x WHERE e.rowid = x.id AND x.moment < x.opened"
    )


def _read(
    con: duckdb.DuckDBPyConnection, number: int, part: Part, mapping: Mapping, sides: dict[str, Side],
    services: Services, cycle: Cycle | None,
) -> int:  # fmt: skip
    contents = list(mapping.tables.values())
    # A record that becomes one row is mapped while it is read; its position is that of the row. Others need their number.
    streams = len(contents) == 1 and not contents[0].events and not any(c.split for c in contents[0].columns.values())
    streams = streams and not mapping_sql.needs_places(part, contents[0], next(iter(mapping.tables)))
    queries = {t: mapping_sql.query(part, mapping, t, services, cycle, numbered=not streams) for t in mapping.tables}
    for table, query in queries.items():
        sides[table].parts[number] = (f"part_{number}_{table}", query.columns, not streams)
    if streams:
        ((table, query),) = queries.items()
        return take(con, part, f"CREATE OR REPLACE TABLE part_{number}_{table} AS {query.sql}")
    raw, fields = f"raw_{number}", ", ".join(part.fields)
    # What nothing uses is not copied: it may be of people.
    kept = [
        f if taken(c, n, mapping.names) else f"NULL AS {f}"
        for n, (c, f) in enumerate(zip(part.columns, part.fields, strict=True))
    ]
    sql = f"CREATE OR REPLACE TABLE {raw} AS SELECT {', '.join(kept)} FROM {{relation}} AS part({fields})"
    rows = take(con, part, sql)
    if any(query.placed for query in queries.values()):
        con.register("places", pd.DataFrame({"_row": np.arange(rows), "_place": part.places(np.arange(rows))}))
    for table, query in queries.items():
        relation = f"(SELECT rowid AS _row, {fields} FROM {raw})"
        if query.placed:
            relation = f"(SELECT _row, _place, {fields} FROM {relation} JOIN places USING (_row))"
        con.execute(f"CREATE TABLE part_{number}_{table} AS {query.sql.replace('{relation}', relation)}")
    con.execute(f"DROP TABLE {raw}")
    return rows


def _together(
    con: duckdb.DuckDBPyConnection, table: str, sides: list[Side], services: Services, cycle: Cycle | None,
    passing: Collection[str],
) -> Staged:  # fmt: skip
    columns = [c for c in TABLES[table].columns if any(c in side.columns for side in sides)]
    events: dict[int, str] = {}
    supplements: dict[int, str] = {}
    whole = []  # (source, part or None where the table says so, DuckDB table, its columns, whether it has _row)
    for side in sides:
        given = [c for c in columns if c in side.columns]
        if side.content.events:
            log = events[side.source] = f"events_{side.source}_{table}"
            _union(con, log, side, given, ["_event_of", "_event_at"])
            folded = f"folded_{side.source}_{table}"
            con.execute(f"CREATE TABLE {folded} AS {folding.fold(log, side.content, table, given, services, cycle)}")
            whole.append((side.source, None, folded, given, True))
        elif side.content.supplements:
            log = supplements[side.source] = f"supplement_{side.source}_{table}"
            _union(con, log, side, given, ["_latest"] if side.content.latest else [])
        else:
            whole += [(side.source, number, *part) for number, part in side.parts.items()]
    latest = {side.source for side in sides if side.content.latest and not side.content.supplements}
    _put(con, table, columns, whole, latest)
    staged = Staged(
        table, columns, events, supplements, any(c.split for s in sides for c in s.content.columns.values())
    )
    _duplicates(con, staged, passing if table == "tickets" else ())
    for source, log in supplements.items():
        side = next(s for s in sides if s.source == source)
        _supplement(con, staged, log, [c for c in columns if c in side.columns], bool(side.content.latest))
    return staged


def _typed_null(table: str, column: str) -> str:
    return f"NULL::{duckdb_type(TABLES[table].columns[column].kind)}"


def _union(con: duckdb.DuckDBPyConnection, log: str, side: Side, columns: list[str], more: list[str]) -> None:
    selects = []
    for number, (part, there, numbered) in side.parts.items():
        row = "_row" if numbered else "rowid AS _row"
        # A folded record carries its service as it is named; it is looked up when the record is whole.
        listed = ", ".join(name(c) for c in columns if c in there and (c != "service" or side.content.events))
        own = "".join(m + ", " for m in more)
        judged = "_column, _value, _reason, _emptied"
        selects.append(f"SELECT {number} AS _part, {row}, {listed}, {own}{judged} FROM {part}")
    con.execute(f"CREATE TABLE {log} AS {' UNION ALL BY NAME '.join(selects)}")
    _drop(con, [part for part, *_ in side.parts.values()])


def _put(con: duckdb.DuckDBPyConnection, table: str, columns: list[str], whole: list[tuple], latest: set[int]) -> None:
    canonical = [c for c in columns if c != "service"]
    extra = "_service, _column, _value, _reason, _emptied"
    target = f"staged_{table}"
    view = f"CREATE VIEW judged_{table} AS SELECT "
    if len(whole) == 1 and not whole[0][4]:
        # The usual case, and the large one: nothing has to be copied.
        source, number, part, there, _ = whole[0]
        con.execute(f"ALTER TABLE {part} RENAME TO {target}")
        for column in canonical:
            if column not in there:
                con.execute(
                    f"ALTER TABLE {target} ADD COLUMN {name(column)} {duckdb_type(TABLES[table].columns[column].kind)}"
                )
        if source not in latest:
            con.execute(f"ALTER TABLE {target} ADD COLUMN _latest INTEGER")
        listed = ", ".join(map(name, canonical))
        con.execute(f"{view}rowid AS _id, {source} AS _source, {number} AS _part, rowid AS _row, NULL::VARCHAR AS _event_of, "
                    f"{listed}, _latest, {extra} FROM {target}")  # fmt: skip
        return
    selects = []
    for source, number, part, there, numbered in whole:
        listed = ", ".join(name(c) if c in there else f"{_typed_null(table, c)} AS {name(c)}" for c in canonical)
        part_number = "_part" if number is None else f"{number} AS _part"
        row = "_row" if numbered else "rowid AS _row"
        folded = "_event_of" if number is None else "NULL::VARCHAR AS _event_of"
        newest = "_latest" if source in latest else "NULL AS _latest"
        selects.append(f'SELECT {source} AS _source, {part_number}, {row}, {folded}, {listed}, {newest}, {extra} '
                       f"FROM {part}")  # fmt: skip
    con.execute(f"CREATE TABLE {target} AS {' UNION ALL BY NAME '.join(selects)}")
    _drop(con, [part for _, _, part, *_ in whole])
    con.execute(f"{view}rowid AS _id, * FROM {target}")


def _drop(con: duckdb.DuckDBPyConnection, tables: list[str]) -> None:
    for table in tables:
        con.execute(f"DROP TABLE {table}")


def _duplicates(con: duckdb.DuckDBPyConnection, staged: Staged, passing: Collection[str]) -> None:
    """Set aside all but one row of each identifier: that of the first source, its latest version, its first row."""
    known = TABLES[staged.table]
    if not known.key:
        return
    key = [*known.key, "_service"] if staged.split else list(known.key)
    hashed = f"hash({', '.join(map(name, key))})"
    target = f"staged_{staged.table}"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE again AS SELECT {hashed} AS h FROM {target} WHERE _reason IS NULL "
        "GROUP BY 1 HAVING count(*) > 1"
    )
    if not con.execute("SELECT count(*) FROM again").fetchone()[0]:
        return
    content = ", ".join(name(c) for c in staged.columns if c != "service" and c not in passing)
    window = (
        f"w AS (PARTITION BY {', '.join(map(name, key))} ORDER BY _source, _latest DESC NULLS LAST, _part, _row "
        "ROWS UNBOUNDED PRECEDING)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE duplicates AS SELECT _id AS id, "
        f"CASE WHEN other THEN {quoted(PRECEDED)} WHEN same THEN {quoted(DUPLICATE)} WHEN newer THEN {quoted(SUPERSEDED)} "
        f"ELSE {quoted(OTHER_CONTENT)} END AS reason FROM (SELECT _id, row_number() OVER w AS nth, "
        "_source IS DISTINCT FROM first(_source) OVER w AS other, "
        "_latest IS DISTINCT FROM first(_latest) OVER w AS newer, "
        f"row({content}) IS NOT DISTINCT FROM first(row({content})) OVER w AS same "
        f"FROM judged_{staged.table} WHERE _reason IS NULL AND {hashed} IN (SELECT h FROM again) WINDOW {window}) "
        "WHERE nth > 1"
    )
    con.execute(
        f"UPDATE {target} SET _column = {quoted(known.key[0])}, _value = {name(known.key[0])}::VARCHAR, "
        f"_reason = d.reason FROM duplicates d WHERE {target}.rowid = d.id"
    )


def _supplement(con: duckdb.DuckDBPyConnection, staged: Staged, log: str, columns: list[str], latest: bool) -> None:
    """Fill in the columns of the records that a supplement names; its other rows are set aside."""
    known = TABLES[staged.table]
    key = list(known.key)
    same = " AND ".join(f"t.{name(k)} = s.{name(k)}" for k in key)
    newest = "_latest DESC NULLS LAST, " if latest else ""
    con.execute(
        f"UPDATE {log} SET _column = {quoted(key[0])}, _value = {name(key[0])}::VARCHAR, _reason = {quoted(SUPERSEDED)} FROM "
        f"(SELECT rowid AS id, row_number() OVER (PARTITION BY {', '.join(map(name, key))} ORDER BY {newest}_part DESC, "
        f"_row DESC) AS nth FROM {log} WHERE _reason IS NULL) d WHERE {log}.rowid = d.id AND nth > 1"
    )
    con.execute(
        f"UPDATE {log} AS s SET _column = {quoted(key[0])}, _value = {name(key[0])}::VARCHAR, _reason = {quoted(NO_RECORD)} "
        f"WHERE _reason IS NULL AND NOT EXISTS (SELECT 1 FROM staged_{staged.table} t WHERE t._reason IS NULL AND {same})"
    )
    given = ", ".join(
        f"{name(c)} = coalesce(s.{name(c)}, t.{name(c)})" for c in columns if c not in key and c != "service"
    )
    if given:
        con.execute(f"UPDATE staged_{staged.table} AS t SET {given} FROM {log} s WHERE s._reason IS NULL AND {same}")
