"""The account of rows: for every source, rows read = rows used + rows set aside, and each of these with its reason.

A row of an export may become several rows of several tables; it is used if any of them is. A value of a used row that is no
good and that the row can do without is `emptied`: counted beside the rows, which balance without it.

What values say is told by their shape (`shapes`), unless the workbook wants to see them. Shapes are made here, where rows are put
into the account, so that no page, file or log has to think of it.
"""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pandas as pd

from sipnb.records import shapes
from sipnb.records.mapping_sql import LATE, UNLISTED, Services
from sipnb.records.sources import Read
from sipnb.records.sources.relation import Part
from sipnb.records.sql import name, quoted
from sipnb.records.staging import DUPLICATE, NO_RECORD, PRECEDED, SUPERSEDED, Staged


def draw_up(
    con: duckdb.DuckDBPyConnection, reads: list[Read], parts: dict[int, tuple[int, Part]], rows: list[int],
    staged: list[Staged], services: Services, show_values: bool = False,
) -> list[dict[str, Any]]:  # fmt: skip
    """The account of each source; creates the table `quarantine` of the rows set aside, with where they stand.

    It leaves the temporary table `aside` of these rows as they were judged, with what their values say.
    """
    single = _fates(con, staged)
    accounts = []
    _quarantine(con, reads, parts, services, show_values)
    for number, read in enumerate(reads):
        mine = [p for p, (source, _) in parts.items() if source == number]
        files = [_of_part(con, p, parts[p][1], rows[p], number in single) for p in mine]
        account = {
            "name": read.name,
            "file": ", ".join(part.name for part in read.parts),
            **{key: sum(file[key] for file in files) for key in ("read", "used", "set_aside")},
            "reasons": _added([file["reasons"] for file in files]),
            "emptied": _emptied(con, {p: parts[p][1] for p in mine}, number, staged, show_values),
            "files": files,
            "not_taken": read.not_taken,
            "notes": [note for part in read.parts for note in part.notes],
        }
        accounts.append(account)
    return accounts


def examples(con: duckdb.DuckDBPyConnection, most: int = 5) -> list[dict[str, Any]]:
    """The first rows set aside for each reason of each file: where they stand, and what was wrong."""
    rows = con.execute(
        'SELECT source, file, line, "column", left(value, 120) AS value, reason FROM quarantine '
        "QUALIFY row_number() OVER (PARTITION BY source, file, split_part(reason, ':', 1) "
        'ORDER BY line, "table", "column", value) <= ? ORDER BY source, file, reason, line, "column", value',
        [most],
    )
    names = [column for column, *_ in rows.description]
    return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


def _of_part(con: duckdb.DuckDBPyConnection, number: int, part: Part, rows: int, single: bool) -> dict[str, Any]:
    used, reasons = _fate(con, number, single)
    reasons = _added([reasons, *({m.reason.partition(":")[0]: 1} for m in part.malformed)])
    read = rows + len(part.malformed)
    if used + sum(reasons.values()) != read:
        raise AssertionError(f"the account of {part.name} does not balance: {read} read, {used} used, {reasons}")
    return {
        "file": part.name,
        "sha256": part.sha256,
        "read": read,
        "used": used,
        "set_aside": read - used,
        "reasons": reasons,
    }


def _emptied(
    con: duckdb.DuckDBPyConnection, parts: dict[int, Part], source: int, staged: list[Staged], show_values: bool
) -> list[dict[str, Any]]:
    """The values of used rows that were no good and count as missing, by column, with the first one of each."""
    found = []
    for one in staged:
        for relation, own in _emptying(one, source):
            lost = f"FROM {relation} WHERE _emptied IS NOT NULL AND _reason IS NULL AND {own}"
            if con.execute(f"SELECT 1 {lost} LIMIT 1").fetchone() is None:
                continue  # as nearly always: the query below takes longer to be understood than to run
            rows = con.execute(
                f'SELECT "column", total, first, {shapes.shape("told")}, {shapes.shared("told", "alike", "words")} FROM '
                '(SELECT "column", sum(n)::BIGINT AS total, min(first) AS first, arg_min(value, first) AS told, '
                "arg_min(n, first) AS alike, count(*) AS words FROM "
                '(SELECT lost."column", lost.value, count(*) AS n, min((_part, _row, lost.value, lost.reason)) AS first '
                f"FROM (SELECT _part, _row, unnest(_emptied) AS lost {lost}) GROUP BY 1, 2) GROUP BY 1) ORDER BY 1"
            ).fetchall()
            for column, values, (part, row, value, reason), shape, word in rows:
                value = value[:120] if show_values or (word and shapes.nameable(one.table, column)) else shape
                filled = f"SELECT count({name(column)}) FROM {relation} WHERE _reason IS NULL AND {own}"
                found.append(
                    {
                        "table": one.table, "column": column, "values": values,
                        "filled": values + con.execute(filled).fetchone()[0], "file": parts[part].name,
                        "line": int(parts[part].places(np.array([row]))[0]), "value": value, "reason": reason,
                    }
                )  # fmt: skip
    return found


def _emptying(one: Staged, source: int) -> list[tuple[str, str]]:
    """Where a source's values of a table were read: the relation, and the condition for its rows."""
    if source in one.events:
        return [(one.events[source], "true")]
    return [
        (f"judged_{one.table}", f"_source = {source}"),
        *([(one.supplements[source], "true")] if source in one.supplements else []),
    ]


def _added(reasons: list[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in reasons:
        for reason, n in one.items():
            total[reason] = total.get(reason, 0) + n
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))


def _fates(con: duckdb.DuckDBPyConnection, staged: list[Staged]) -> set[int]:
    """Create the view `fates`: what became of each row in each table. Returns the sources of one table, row for row."""
    selects, tables_of, derived = [], {}, set()
    for one in staged:
        judged = f"judged_{one.table}"
        for (source,) in con.execute(f"SELECT DISTINCT _source FROM {judged}").fetchall():
            tables_of.setdefault(source, []).append(one.table)
            if one.split:
                derived.add(source)
        selects.append(
            f"SELECT _source, _part, _row, '{one.table}' AS \"table\", _column, _value, _reason, _service "
            f"FROM {judged} WHERE _event_of IS NULL"
        )
        for source, log in one.events.items():
            # An event is used when the record it was folded into is; otherwise it shares the record's reason.
            derived.add(source)
            selects.append(
                f"SELECT {source}, e._part, e._row, '{one.table} (events)', coalesce(e._column, j._column), "
                "CASE WHEN e._reason IS NULL THEN j._value ELSE e._value END, coalesce(e._reason, j._reason), j._service "
                f"FROM {log} e LEFT JOIN (SELECT * FROM {judged} WHERE _source = {source}) j ON e._event_of = j._event_of"
            )
        for source, log in one.supplements.items():
            tables_of.setdefault(source, []).append(one.table)
            selects.append(f"SELECT {source}, _part, _row, '{one.table}', _column, _value, _reason, NULL FROM {log}")
    con.execute(f"CREATE VIEW fates AS {' UNION ALL '.join(selects)}")
    return {source for source, tables in tables_of.items() if len(tables) == 1 and source not in derived}


def _fate(con: duckdb.DuckDBPyConnection, part: int, single: bool) -> tuple[int, dict[str, int]]:
    mine = f"FROM fates WHERE _part = {part}"
    if single:
        counts = f"SELECT _reason, count(*) {mine} GROUP BY 1"
    else:
        counts = (
            "SELECT reason, count(*) FROM (SELECT CASE WHEN bool_or(_reason IS NULL) THEN NULL "
            f'ELSE first(_reason ORDER BY "table" DESC, _reason) END AS reason {mine} GROUP BY _part, _row) GROUP BY 1'
        )
    found = dict(con.execute(counts).fetchall())
    return found.pop(None, 0), found


def _quarantine(
    con: duckdb.DuckDBPyConnection,
    reads: list[Read],
    parts: dict[int, tuple[int, Part]],
    services: Services,
    show_values: bool,
) -> None:
    con.execute(
        'CREATE TABLE quarantine (source VARCHAR, file VARCHAR, line BIGINT, "table" VARCHAR, "column" VARCHAR, '
        "value VARCHAR, reason VARCHAR, service VARCHAR)"
    )
    con.execute("CREATE TEMP TABLE aside AS SELECT * FROM fates WHERE _reason IS NOT NULL")
    told = _tell(con, show_values)
    line = "value" if show_values else shapes.shape("value")
    for number, (source, part) in parts.items():
        rows = con.execute("SELECT DISTINCT _row FROM aside WHERE _part = ? ORDER BY 1", [number]).fetchnumpy()["_row"]
        origin = [reads[source].name, part.name]
        if len(rows):
            frame = pd.DataFrame({"_row": rows, "line": part.places(rows)})
            con.execute(
                f'INSERT INTO quarantine SELECT ?, ?, line, "table", _column, {told}, _reason, '
                f"{services.identifier('_service')} FROM aside JOIN frame USING (_row) "
                f'LEFT JOIN told USING (_source, "table", _column, _value) WHERE _part = ?',
                [*origin, number],
            )
        if part.malformed:
            frame = pd.DataFrame(part.malformed, columns=["place", "column", "reason", "value"])
            frame = frame.astype({"column": "str", "reason": "str", "value": "str"})
            con.execute(
                f"INSERT INTO quarantine SELECT ?, ?, place, '', \"column\", {line}, reason, NULL FROM frame", origin
            )


def _tell(con: duckdb.DuckDBPyConnection, show_values: bool) -> str:
    """Create `told`: how each value of a row set aside is told. Returns the SQL of a row's own, beside `aside`."""
    # Times that were read are no words; and what an identifier looks like that stands twice helps nobody.
    times = f"_reason = {quoted(LATE)} OR _reason LIKE '% before %'"
    again = f"_reason IN ({', '.join(map(quoted, (DUPLICATE, SUPERSEDED, PRECEDED, NO_RECORD)))})"
    columns = con.execute('SELECT DISTINCT "table", _column FROM aside WHERE _column IS NOT NULL').fetchall()
    words = [f"({quoted(table)}, {quoted(column)})" for table, column in columns if shapes.nameable(table, column)]
    may = f'("table", _column) IN ({", ".join(words)})' if words else "false"
    few = "CASE WHEN unlisted THEN 0 ELSE words END"  # services may be many
    written = f"FROM aside WHERE _value IS NOT NULL AND NOT ({times}) AND NOT ({again})"
    if con.execute(f"SELECT 1 {written} LIMIT 1").fetchone() is None:
        # The query below takes longer to be understood than to run, and of most exports there is nothing to tell.
        con.execute(
            'CREATE TEMP TABLE told AS SELECT _source, "table", _column, _value, _value AS told FROM aside LIMIT 0'
        )
        return _own(show_values, times, again)
    con.execute(
        'CREATE TEMP TABLE told AS SELECT _source, "table", _column, _value, CASE WHEN '
        f"{may} AND {shapes.shared('_value', 'n', few)} THEN _value ELSE {shapes.shape('_value')} END AS told FROM "
        f'(SELECT _source, "table", _column, _value, bool_or(_reason = {quoted(UNLISTED)}) AS unlisted, count(*) AS n, '
        'count(*) OVER (PARTITION BY _source, "table", _column) AS words '
        f"{written} GROUP BY 1, 2, 3, 4)"
    )
    return _own(show_values, times, again)


def _own(show_values: bool, times: str, again: str) -> str:
    """SQL: how the value of a row set aside is told, beside what `told` says of values like it."""
    if show_values:
        return "_value"
    identifier = quoted(f"{shapes.SIGN}an identifier")
    return f"CASE WHEN {times} THEN _value WHEN {again} THEN {identifier} ELSE coalesce(told, {shapes.shape('_value')}) END"
