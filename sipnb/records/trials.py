"""An organisation's own formulas, tried on all of its records: what would fail every plan is told once, before any is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from sipnb import formulas
from sipnb.records.sql import name, quoted
from sipnb.tables import TABLES, duckdb_type
from sipnb.workbook import Workbook


def of_formulas(
    con: duckdb.DuckDBPyConnection, workbook: Workbook, columns: Mapping[str, Sequence[str]], scratch: Path
) -> list[str]:
    """A sentence for each formula that cannot be computed on the records, with its place in `workbook.yml`.

    `con` holds a view of each canonical table that is there, with these `columns`. What formulas read is copied to `scratch`.
    """
    by_table: dict[str, list[formulas.Formula]] = {}
    for id_, kpi in workbook.settings.kpis.items():
        if kpi.table not in columns:
            continue
        for part, text in kpi.formulas.items():
            where = f"{workbook.name}/workbook.yml: kpis.{id_}.{part}"
            among = kpi.where if kpi.where and part != "where" else "true"
            by_table.setdefault(kpi.table, []).append(formulas.Formula(where, kpi.table, text, among))
    errors = []
    for table, wanted in by_table.items():
        used = {c for one in wanted for c in formulas.columns(formulas.read(table, one.expression))}
        path = scratch / f"tried_{table}.parquet"
        # Without a column to read, the rows still count.
        listed = [_typed(table, c, c in columns[table]) for c in TABLES[table].columns if c in used] or ["1 AS nothing"]
        (rows,) = con.execute(
            f"COPY (SELECT {', '.join(listed)} FROM {table}) TO {quoted(path)} (FORMAT parquet)"
        ).fetchone()
        errors += formulas.try_out(wanted, path, workbook.settings.zone, rows) if rows else []
        path.unlink()
    return errors


def _typed(table: str, column: str, supplied: bool) -> str:
    """SQL: a column in the type in which a chapter's formulas meet it."""
    kind = TABLES[table].columns[column].kind
    value = name(column) if supplied else f"NULL::{duckdb_type(kind)}"
    value = f"timezone('UTC', {value})" if kind == "time" else f"{value}::TIMESTAMP" if kind == "date" else value
    return f"{value} AS {name(column)}"
