"""A source mapped onto a canonical table, as DuckDB SQL: parsing, value maps, splitting, folding of events.

The result is one DuckDB table a (source, canonical table) pair with the canonical columns, the origin of each row
(`_file`, `_row`), and, for rows that cannot be used, why (`_column`, `_value`, `_reason`).
"""

from __future__ import annotations

import duckdb
import pandas as pd

from sipnb.params import nearest
from sipnb.records.mappings import ColumnMap, Mapping, TableMap
from sipnb.records.sources import MissingInput, Read
from sipnb.records.tables import TABLES, Kind, duckdb_type

_FLAGS = "('true','t','yes','y','1')", "('false','f','no','n','0')"


def map_table(
    con: duckdb.DuckDBPyConnection, read: Read, mapping: Mapping, table: str, cutoff: pd.Timestamp | None
) -> str:
    """Create and name the DuckDB table that holds `read` mapped onto canonical `table`.

    For an event log only events before `cutoff` are folded, so that a ticket is used as it stood.
    Raises MissingInput where a column that the table cannot do without is not in the export.
    """
    content = mapping.tables[table]
    columns = _available(read, content, table)
    con.execute(f"SET TimeZone='{mapping.times.zone}'")
    name = f"mapped_{read.name}_{table}"
    parsed = f"{name}_rows"
    con.execute(f'CREATE OR REPLACE TEMP TABLE "{parsed}" AS {_parse(read, mapping, content, columns, table)}')
    if content.events is None:
        con.execute(f'CREATE OR REPLACE TEMP VIEW "{name}" AS SELECT * FROM "{parsed}"')
    else:
        con.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {_fold(con, table, parsed, columns, cutoff)}')
    return name


def supplied(read: Read, mapping: Mapping, table: str) -> list[str]:
    """The canonical columns that this source supplies for `table`, in canonical order."""
    return list(_available(read, mapping.tables[table], table))


def _available(read: Read, content: TableMap, table: str) -> dict[str, ColumnMap]:
    there = {}
    for name, column in TABLES[table].columns.items():
        given = content.columns.get(name)
        if given is None:
            continue
        if given.value is not None or any(source in read.columns for source in given.source):
            there[name] = given
        elif column.required:
            wanted = " or ".join(given.source)
            raise MissingInput(
                f"source {read.name!r}: {read.files[0].name} has no column {wanted!r}, which {table}.{name} needs; "
                f"{nearest(given.source[0], read.columns)}"
            )
    for needed in (content.events.ticket, content.events.at) if content.events else ():
        if needed not in read.columns:
            raise MissingInput(
                f"source {read.name!r}: {read.files[0].name} has no column {needed!r}; {nearest(needed, read.columns)}"
            )
    return there


def _text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _literal(value: object, kind: Kind) -> str:
    return "NULL" if value is None else f"CAST({_text(value)} AS {duckdb_type(kind)})"


def _raw(mapping: Mapping, source: str) -> str:
    missing = ", ".join(_text(mark) for mark in mapping.missing)
    return f'CASE WHEN trim("{source}"::VARCHAR) IN ({missing}) THEN NULL ELSE trim("{source}"::VARCHAR) END'


def _cast(raw: str, kind: Kind, mapping: Mapping) -> str:
    if kind == "text":
        return raw
    if kind == "time":
        zone = _text(mapping.times.zone)
        given = [f"timezone({zone}, try_strptime({raw}, {_text(form)}))" for form in mapping.times.formats]
        return f"date_trunc('second', coalesce({', '.join([*given, f'TRY_CAST({raw} AS TIMESTAMPTZ)'])}))"
    if kind == "flag":
        true, false = _FLAGS
        return f"CASE WHEN lower({raw}) IN {true} THEN true WHEN lower({raw}) IN {false} THEN false END"
    if kind == "integer":
        # "3.0" is what a spreadsheet makes of 3; "3.5" is no integer.
        return f"CASE WHEN TRY_CAST({raw} AS DOUBLE) % 1 = 0 THEN TRY_CAST(TRY_CAST({raw} AS DOUBLE) AS BIGINT) END"
    return f"TRY_CAST({raw} AS {duckdb_type(kind)})"


def _parse(read: Read, mapping: Mapping, content: TableMap, columns: dict[str, ColumnMap], table: str) -> str:
    values, raws, checks = [], [], []
    known = TABLES[table].columns
    for name, column in columns.items():
        kind = known[name].kind
        if column.value is not None:
            values.append(f'{_literal(column.value, kind)} AS "{name}"')
            continue
        source = next(s for s in column.source if s in read.columns)
        whole = _raw(mapping, source)
        if column.split:
            # A row that names several becomes a row of each, before anything is read from the part.
            whole = f"trim(unnest(coalesce(string_split({whole}, {_text(column.split)}), [NULL])))"
        raws.append(f'{whole} AS "_raw_{name}"')
        raw = f'"_raw_{name}"'
        if column.pattern:
            raw = f"nullif(regexp_extract({raw}, {_text(column.pattern)}, 1), '')"
        parsed = _cast(raw, kind, mapping)
        if column.map:
            cases = " ".join(f"WHEN {_text(k)} THEN {_literal(v, kind)}" for k, v in column.map.items())
            parsed = f'CASE "_raw_{name}" {cases} ELSE {parsed} END'
        checks.append((name, kind, column))
        if column.default is not None:
            parsed = f"coalesce({parsed}, {_literal(column.default, kind)})"
        values.append(f'{parsed} AS "{name}"')
    events = [
        f"{_raw(mapping, content.events.ticket)} AS _event_of",
        f"{_cast(_raw(mapping, content.events.at), 'time', mapping)} AS _event_at",
    ] if content.events else []  # fmt: skip
    only = " AND ".join(
        f'(trim("{source}") IN ({", ".join(_text(v) for v in taken)}))' for source, taken in content.only.items()
    )
    left_out = f"NOT coalesce({only}, false)" if only else "false"
    found: dict[str, list[str]] = {"_column": [], "_value": [], "_reason": []}
    for name, kind, column in checks:
        nulls = [key for key, value in column.map.items() if value is None]
        meant = f' AND "_raw_{name}" NOT IN ({", ".join(map(_text, nulls))})' if nulls else ""
        if kind != "text" and column.default is None:
            when = f'"_raw_{name}" IS NOT NULL AND "{name}" IS NULL{meant}'
            _add(found, when, name, f'"_raw_{name}"', f"unreadable {kind}")
        # An event may leave a field empty that its ticket has: a folded ticket is judged after folding.
        if known[name].required and not content.events:
            _add(found, f'"{name}" IS NULL', name, "NULL", f"no {name}")
    if content.events:
        _add(
            found,
            "_event_of IS NULL OR _event_at IS NULL",
            content.events.at,
            "NULL",
            "an event without its ticket or time",
        )
    described = [
        f"CASE {' '.join(cases)} END AS {key}" if cases else f"NULL::VARCHAR AS {key}" for key, cases in found.items()
    ]
    kept = "".join(f', "_raw_{name}"' for name, *_ in checks)
    listed = ", ".join(f'"{name}"' for name in columns)
    extra = ", _event_of, _event_at" if content.events else ""
    return (
        f'WITH raw AS (SELECT *, {left_out} AS _left_out{"".join(", " + r for r in raws)} FROM "{read.table}"), '
        f"typed AS (SELECT _file, _row, _left_out, {', '.join([*events, *values])}"
        f"{kept} FROM raw) "
        f"SELECT _file, _row, {listed}{extra}, "
        f"CASE WHEN _left_out THEN {_text(next(iter(content.only), ''))} ELSE _column END AS _column, "
        f"CASE WHEN _left_out THEN NULL ELSE _value END AS _value, "
        f"CASE WHEN _left_out THEN 'left out by the mapping' ELSE _reason END AS _reason "
        f"FROM (SELECT *, {', '.join(described)} FROM typed)"
    )


def _add(found: dict[str, list[str]], when: str, column: str, value: str, reason: str) -> None:
    found["_column"].append(f"WHEN {when} THEN {_text(column)}")
    found["_value"].append(f"WHEN {when} THEN {value}::VARCHAR")
    found["_reason"].append(f"WHEN {when} THEN {_text(reason)}")


def _fold(
    con: duckdb.DuckDBPyConnection,
    table: str,
    parsed: str,
    columns: dict[str, ColumnMap],
    cutoff: pd.Timestamp | None,
) -> str:
    if cutoff is not None:
        con.execute(
            f"UPDATE \"{parsed}\" SET _column = 'at', _reason = 'after the cut-off' "
            f"WHERE _reason IS NULL AND _event_at >= TIMESTAMPTZ '{cutoff.isoformat()}'"
        )
    order = "ORDER BY _event_at, _row"
    parts = []
    for name, column in columns.items():
        if column.fold == "changes":
            # How often the value differed from the one before it.
            parts.append(
                f'len(list_filter(list("{name}" {order}), (x, i) -> i > 1 AND '
                f'x IS DISTINCT FROM list("{name}" {order})[i - 1]))::BIGINT AS "{name}"'
            )
        elif column.fold in ("max", "min"):
            parts.append(f'{column.fold}("{name}") AS "{name}"')
        elif column.fold == "first":
            parts.append(f'first("{name}" {order}) AS "{name}"')
        else:
            parts.append(f'last("{name}" {order}) AS "{name}"')
    needed = [name for name in columns if TABLES[table].columns[name].required]
    lacking = " ".join(f"WHEN \"{name}\" IS NULL THEN '{name}'" for name in needed)
    folded = (
        f"SELECT first(_file {order}) AS _file, min(_row) AS _row, {', '.join(parts)}, _event_of "
        f'FROM "{parsed}" WHERE _reason IS NULL GROUP BY _event_of'
    )
    return (
        f"SELECT *, CASE {lacking} END AS _column, NULL::VARCHAR AS _value, 'no ' || _column AS _reason FROM ({folded})"
    )
