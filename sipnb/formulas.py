"""Formulas that an organisation writes for its own KPIs: expressions over the columns of one canonical table.

A formula is read by DuckDB's own parser and may hold columns, constants, comparisons, CASE, casts and functions of
their arguments alone: no subquery, no file, no clock, no chance. It is evaluated on a service's frozen rows in a
database of its own that can reach nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import duckdb
import pandas as pd

from sipnb import tables

#: What a formula may be built of, as DuckDB's parser calls it.
_ALLOWED = {"OPERATOR", "FUNCTION", "COLUMN_REF", "CONSTANT", "CASE", "COMPARISON", "BETWEEN", "CAST", "CONJUNCTION"}
_CLOSED = {"enable_external_access": "false", "threads": "1", "memory_limit": "512MB"}
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "U")


class FormulaError(ValueError):
    """A formula that cannot be used; the message says why and what is possible."""


def check(table: str, expression: str, result: str) -> None:
    """Raise FormulaError unless `expression` over a canonical table gives a `result`: "condition", "number" or "time"."""
    with duckdb.connect(config=_CLOSED) as con:
        con.register("rows", tables.empty(table))
        _understood(con, expression)
        try:
            kind = con.execute(f"DESCRIBE SELECT ({expression}) AS answer FROM rows").fetchall()[0][1]
        except duckdb.Error as error:
            reason = str(error).split("\n")[0].removeprefix("Binder Error: ")
            columns = ", ".join(tables.TABLES[table].columns)
            raise FormulaError(f"does not fit table {table}: {reason}; its columns are {columns}") from error
    fits = {
        "condition": kind == "BOOLEAN",
        "number": kind.startswith(_NUMBERS),
        "time": kind.startswith(("TIMESTAMP", "DATE")),
    }
    if not fits[result]:
        raise FormulaError(f"gives {kind.lower()}, and a {result} is needed")


def columns(expression: str) -> set[str]:
    """The columns that a formula names, in small letters. Raises FormulaError for one that cannot be used."""
    with duckdb.connect(config=_CLOSED) as con:
        nodes = _understood(con, expression)
    return {node["column_names"][-1].lower() for node in nodes if node["class"] == "COLUMN_REF"}


def evaluate(frame: pd.DataFrame, expressions: Mapping[str, str], zone: str) -> pd.DataFrame:
    """The value of each named expression in every row of a canonical table, in its order.

    Days and hours in a formula are those of `zone`. Conditions come as `boolean`, numbers as `float64`.
    """
    chosen = ", ".join(f'({expression}) AS "{name}"' for name, expression in expressions.items())
    with duckdb.connect(config=_CLOSED) as con:
        con.execute(f"SET TimeZone = '{zone}'")
        con.register("rows", frame)
        con.execute("SET lock_configuration = true")
        found = con.execute(f"SELECT {chosen} FROM rows").arrow().read_all()
    answers = {}
    for name in expressions:
        column = found.column(name)
        flag = str(column.type) == "bool"
        answers[name] = pd.array(column.to_pylist(), dtype="boolean") if flag else column.cast("float64").to_numpy()
    return pd.DataFrame(answers, index=frame.index)


def _understood(con: duckdb.DuckDBPyConnection, expression: str) -> list[dict[str, Any]]:
    """What a formula is built of. Raises FormulaError."""
    answer = con.execute("SELECT json_serialize_sql(?)", [f"SELECT ({expression}) FROM rows"]).fetchone()
    read: dict[str, Any] = json.loads(answer[0])
    if read.get("error"):
        raise FormulaError(f"cannot be read: {read.get('error_message', 'not an expression')}")
    statements = read["statements"]
    chosen = statements[0]["node"].get("select_list", [])
    if len(statements) != 1 or len(chosen) != 1:
        raise FormulaError("is more than one expression; write a single one")
    nodes = list(_nodes(chosen))
    for node in nodes:
        if node["class"] not in _ALLOWED:
            raise FormulaError(
                f"holds a {node['class'].lower().replace('_', ' ')}; allowed are columns, constants, comparisons, CASE, "
                "casts and functions of one row"
            )
        name = node.get("function_name")
        if name is not None and name not in _of_one_row():
            raise FormulaError(f"calls {name}(), which is not a function of one row's values alone")
        if name in ("current_setting", "error"):
            raise FormulaError(f"calls {name}(), which is not allowed")
    return nodes


@cache
def _of_one_row() -> frozenset[str]:
    """The functions whose answer depends on their arguments alone."""
    with duckdb.connect(config=_CLOSED) as con:
        found = con.execute(
            "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'scalar' AND stability = 'CONSISTENT'"
        ).fetchall()
    return frozenset(name for (name,) in found)


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        if "class" in tree:
            yield tree
        for value in tree.values():
            yield from _nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _nodes(value)
