"""Formulas that an organisation writes for its own KPIs: expressions over the columns of one canonical table.

A formula is judged by the tree that DuckDB's own parser makes of the whole statement, and may hold columns, constants,
comparisons, CASE, casts and functions of a list of our own: no subquery, no file, no clock, no chance, nothing that makes much
out of little. What it gives is tried on all records before any are frozen, in a process of its own (`trial`); after that a
row in which it cannot be computed (a division by zero, an overflow) has no value.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from sipnb import tables
from sipnb.formulas.reading import APART, CLOSED, FormulaError, columns, kind_of, read, shown, statement
from sipnb.formulas.trial import Formula, try_out

__all__ = ["Formula", "FormulaError", "check", "columns", "evaluate", "read", "shown", "try_out"]

_NUMBERS = {
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
    "FLOAT", "DOUBLE", "DECIMAL",
}  # fmt: skip
#: Seconds after which working out one service's rows is given up.
PATIENCE = 120.0


def check(table: str, expression: str, result: str) -> None:
    """Raise FormulaError unless `expression` over a canonical table gives a `result`: "condition", "number" or "time".

    Nothing is computed. Example: `check("tickets", "effort / 60", "number")`.
    """
    sql = statement(table, "SELECT TRY({answer}) AS answer FROM rows", {"answer": expression})
    try:
        kind = kind_of(table, sql)
    except duckdb.Error as error:
        reason = str(error).split("\n")[0].partition(": ")[2]
        known = ", ".join(tables.TABLES[table].columns)
        raise FormulaError(f"does not fit table {table}: {reason}; its columns are {known}") from None
    fits = {
        "condition": kind == "BOOLEAN",
        "number": kind.partition("(")[0] in _NUMBERS,
        "time": kind.startswith(("TIMESTAMP", "DATE")),
    }
    if not fits[result]:
        raise FormulaError(f"gives {kind.lower()}, and a {result} is needed")


def evaluate(frame: pd.DataFrame, table: str, expressions: Mapping[str, str], zone: str) -> pd.DataFrame:
    """The value of each named expression in every row of canonical table `table`, in its order.

    Days and hours in a formula are those of `zone`. Conditions come as `boolean`, numbers as `float64`; a row in which an
    expression cannot be computed, or gives no finite number, has no value. Raises FormulaError where it takes more memory
    or time than it is given; the message holds no value of the records.
    """
    chosen = ", ".join(f'TRY({{{name}}}) AS "{name}"' for name in expressions)
    sql = statement(table, f"SELECT {chosen} FROM rows", expressions)
    with duckdb.connect(config=CLOSED) as con:
        con.execute(f"SET TimeZone = '{zone}'; {APART}")
        con.register("rows", frame)
        con.execute("SET lock_configuration = true")
        try:
            with _patience(con):
                kinds = dict(zip(expressions, map(str, con.sql(sql).types), strict=True))
                cast = ", ".join(
                    f'"{n}"' if k == "BOOLEAN" else f'TRY(CAST("{n}" AS DOUBLE)) AS "{n}"' for n, k in kinds.items()
                )
                found = con.execute(f"SELECT {cast} FROM ({sql})").arrow().read_all()
        except (duckdb.Error, pa.ArrowException) as error:
            raise FormulaError(_given_up(error, len(frame))) from None
    answers = {}
    for name, kind in kinds.items():
        column = found.column(name)
        if kind == "BOOLEAN":
            answers[name] = pd.array(column.to_pylist(), dtype="boolean")
        else:
            values = column.to_numpy()
            answers[name] = np.where(np.isfinite(values), values, np.nan)
    return pd.DataFrame(answers, index=frame.index)


@contextmanager
def _patience(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """What a connection works out within is given up once it takes too long."""
    done = threading.Event()

    def wait() -> None:
        if not done.wait(PATIENCE):
            # Again and again: an interrupt that comes between two statements is forgotten.
            while not done.wait(0.05):
                con.interrupt()

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    try:
        yield
    finally:
        done.set()
        waiting.join()


def _given_up(error: Exception, rows: int) -> str:
    if isinstance(error, duckdb.InterruptException):
        return f"takes more than {PATIENCE:.0f} seconds on {rows:,} rows; make it simpler"
    if isinstance(error, duckdb.OutOfMemoryException):
        return f"needs more than {CLOSED['memory_limit']} of memory on {rows:,} rows; make it simpler"
    return f"cannot be worked out on {rows:,} rows; `sipnb check` says more"
