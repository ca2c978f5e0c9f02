"""Reading a formula: bounded before it is parsed, judged by its parsed tree, and put into statements that are judged whole.

Nothing here runs a formula: DuckDB's parser gives its tree as JSON, and its binder the type of what it would give.
"""

from __future__ import annotations

import copy
import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any
from zoneinfo import available_timezones

import duckdb

from sipnb.formulas.allowed import (
    CLASSES,
    DEEPEST,
    DEEPEST_BRACKETS,
    FUNCTIONS,
    LIKES,
    LONGEST,
    LONGEST_NUMBER,
    LONGEST_TEXT,
    OPERATORS,
    TYPES,
    WRITTEN_OUT,
)
from sipnb.tables import TABLES, created
from sipnb.validation import nearest

#: A database in which formulas are evaluated: it reaches nothing, holds little, and has no number that is infinite.
CLOSED = {
    "enable_external_access": "false",
    "threads": "1",
    "memory_limit": "512MB",
    "ieee_floating_point_ops": "false",
}
#: DuckDB would compute what two formulas share once, outside of the TRY that is around each.
APART = "SET disabled_optimizers = 'common_subexpressions'"
#: Pieces of a formula in which brackets do not count, then brackets and what a formula never needs.
_PIECES = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--|/\*|[()\[\]{};$?'"]""")
_HOLE = re.compile(r"\{(\w+)\}")
_DIGITS = re.compile(rf"[\d_.]{{{LONGEST_NUMBER + 1},}}")


class FormulaError(ValueError):
    """A formula that cannot be used; the message says why and what is possible."""


@lru_cache(maxsize=256)
def read(table: str, expression: str) -> dict[str, Any]:
    """The tree of a formula over the columns of a canonical table; not to be changed. Raises FormulaError."""
    _bounded(expression)
    whole, meant = _parsed(f"SELECT (\n{expression}\n) AS answer FROM rows"), _parsed("SELECT 1 AS answer FROM rows")
    if len(whole["select_list"]) != 1 or _bare({**whole, "select_list": []}) != _bare({**meant, "select_list": []}):
        raise FormulaError("is more than one expression; write a single one over one row")
    (tree,) = whole["select_list"]
    _judge(table, tree)
    return tree


def statement(table: str, pattern: str, expressions: Mapping[str, str]) -> str:
    """SQL: `pattern` with `{name}` replaced by the formula of that name; parsed whole, it is what was meant.

    Example: `statement("tickets", "SELECT TRY({a}) FROM rows", {"a": "effort / 2"})`. Raises FormulaError.
    """
    # In one go: a formula may hold a text such as '{name}' itself.
    sql = _HOLE.sub(lambda hole: f"(\n{expressions[hole[1]]}\n)", pattern)
    placeholders = _HOLE.sub(lambda hole: f'"hole of {hole[1]}"', pattern)
    trees = {f"hole of {name}": read(table, expression) for name, expression in expressions.items()}
    if _bare(_parsed(sql)) != _bare(_filled(_parsed(placeholders), trees)):
        raise FormulaError("changes the statement that it is part of; write a single expression over one row")
    return sql


def nodes(tree: Any) -> Iterator[tuple[dict[str, Any], int]]:
    """The nodes of a tree, each with how deep it lies, in the order in which they are written."""
    ahead: list[tuple[Any, int]] = [(tree, 0)]
    while ahead:
        here, depth = ahead.pop()
        if isinstance(here, dict):
            if "class" in here:
                yield here, depth
            ahead += [(value, depth + ("class" in here)) for value in reversed(here.values())]
        elif isinstance(here, list):
            ahead += [(value, depth) for value in reversed(here)]


def written(tree: dict[str, Any]) -> str:
    """SQL of a tree, by DuckDB."""
    whole = {"error": False, "statements": [{"node": _parsed("SELECT 1 AS answer FROM rows"), "named_param_map": []}]}
    whole["statements"][0]["node"]["select_list"] = [{**tree, "alias": ""}]
    sql = _asked("SELECT json_deserialize_sql(?)", json.dumps(whole))
    return sql.removeprefix("SELECT ").removesuffix(' FROM "rows"')


def shown(expression: str) -> str:
    """A formula as it is quoted in a message: its beginning, where it is long."""
    return repr(expression if len(expression) <= 120 else f"{expression[:100]}…")


def columns(tree: Any) -> list[str]:
    """The columns that a tree reads, in their order."""
    return list(dict.fromkeys(n["column_names"][0].lower() for n, _ in nodes(tree) if n["class"] == "COLUMN_REF"))


def _bounded(expression: str) -> None:
    """Refuse what a parser should not be given: too long, too deep, or with comments and further statements."""
    if len(expression) > LONGEST:
        raise FormulaError(
            f"has {len(expression):,} characters; {LONGEST:,} are the most, so put less into one formula"
        )
    if any(not (sign.isprintable() or sign in "\n\t\r") for sign in expression):
        raise FormulaError("holds a character that cannot be printed; write it anew")
    deep = 0
    for piece in (found.group() for found in _PIECES.finditer(expression)):
        if piece[0] in "'\"" and len(piece) > 1:
            if len(piece) - 2 > LONGEST_TEXT:
                raise FormulaError(f"holds a text of {len(piece) - 2:,} characters; {LONGEST_TEXT} are the most")
        elif piece in "([":
            deep += 1
            if deep > DEEPEST_BRACKETS:
                raise FormulaError(f"nests more than {DEEPEST_BRACKETS} brackets; write it flatter")
        elif piece in ")]":
            deep -= 1
            if deep < 0:
                raise FormulaError("closes a bracket that it did not open; write a single expression")
        elif piece in ("'", '"'):
            raise FormulaError(f"cannot be read: a text that begins with {piece} does not end; close it")
        else:
            raise FormulaError(f"holds {piece}, which no formula needs; write a single expression without comments")
    if deep:
        raise FormulaError("cannot be read: a bracket is not closed")
    if (digits := _DIGITS.search(re.sub(r"'(?:[^']|'')*'", "''", expression))) is not None:
        raise FormulaError(f"holds a number of {len(digits.group()):,} digits; {LONGEST_NUMBER} are the most")


def _judge(table: str, tree: dict[str, Any]) -> None:
    known = TABLES[table].columns
    for node, depth in nodes(tree):
        if depth > DEEPEST:
            raise FormulaError(f"is nested more than {DEEPEST} deep; write it flatter")
        kind = node["class"] if node["class"] != "OPERATOR" else node["type"]
        if node["class"] not in CLASSES or (node["class"] == "OPERATOR" and kind not in OPERATORS):
            noun = kind.lower().replace("_", " ")
            raise FormulaError(
                f"holds {'an' if noun[0] in 'aeiou' else 'a'} {noun}; allowed are columns, constants, comparisons, CASE, "
                "casts and functions of one row"
            )
        if kind == "COLUMN_REF":
            _judge_column(table, ".".join(node["column_names"]), known)
        elif kind == "CAST":
            if node["cast_type"]["id"] not in TYPES:
                raise FormulaError(f"casts to a type that formulas have no use for; cast to one of {', '.join(TYPES)}")
        elif kind == "FUNCTION":
            _judge_call(node)


def _judge_column(table: str, name: str, known: Mapping[str, Any]) -> None:
    if name.lower() in known:
        return
    told = _close(name.lower(), known) or f"; its columns are {', '.join(known)}"
    raise FormulaError(f"does not fit table {table}: it has no column {name[:60]}{told}")


def _judge_call(node: dict[str, Any]) -> None:
    name, given = node["function_name"], node["children"]
    if name == "row":
        raise FormulaError("is more than one expression; write a single one")
    # The parser itself says where the functions lie that it writes for EXTRACT, AT TIME ZONE and TRIM.
    built_in = node["schema"] in ("", "main", "pg_catalog") and node["catalog"] in ("", "system")
    if name not in FUNCTIONS or not built_in:
        raise FormulaError(
            f"calls {name}(), which is not allowed: formulas may call functions of one row's values alone, that give the "
            f"same every day{_close(name, (f for f in FUNCTIONS if f.isidentifier()))}"
        )
    if node["filter"] or node["distinct"] or node["order_bys"]["orders"]:
        raise FormulaError(f"calls {name}() as an aggregate of many rows; it may read one row alone")
    texts = {}
    for position in WRITTEN_OUT.get(name, ()):
        if position < len(given):
            if given[position]["class"] != "CONSTANT":
                raise FormulaError(
                    f"calls {_shown(name)} with a pattern, format or sign that is not written out; write it out"
                )
            texts[position] = str(given[position]["value"].get("value", ""))
    if name == "replace" and len(texts) == 2 and len(texts[2].encode()) > len(texts[1].encode()):
        raise FormulaError("calls replace() with a text that is longer than what it replaces; shorten it")
    if name in LIKES and texts.get(1, "").count("%") > 2 and ("_" in texts[1] or "escape" in name):
        raise FormulaError("compares by LIKE with more than two % beside a _ or ESCAPE; use regexp_matches()")
    if name == "timezone" and texts and texts[0] not in available_timezones():
        raise FormulaError(f"names {texts[0]!r}, which is no time zone; {nearest(texts[0], available_timezones())}")


def _close(name: str, valid: Iterable[str]) -> str:
    """A clause with the valid name that was probably meant; empty where none is that close."""
    close = difflib.get_close_matches(name, sorted(valid), n=1, cutoff=0.75)
    return f"; nearest valid name: {close[0]}" if close else ""


def _shown(name: str) -> str:
    return {"~~": "LIKE", "!~~": "NOT LIKE", "~~*": "ILIKE", "!~~*": "NOT ILIKE"}.get(name, f"{name}()")


@cache
def _bench(table: str) -> duckdb.DuckDBPyConnection:
    # It starts no thread, so a process that keeps it can still be forked.
    con = duckdb.connect(config=CLOSED)
    con.execute(f"{created(table, 'rows')}; SET lock_configuration = true")
    return con


def kind_of(table: str, sql: str) -> str:
    """The type of the one column of a statement over a canonical table: bound, not run. Raises duckdb.Error."""
    with _bench(table).cursor() as con:
        return str(con.sql(sql).types[0])


def _asked(sql: str, content: str) -> str:
    with _bench("tickets").cursor() as con:
        return con.execute(sql, [content]).fetchone()[0]


def _parsed(sql: str) -> dict[str, Any]:
    """The tree of the one SELECT that `sql` is. Raises FormulaError."""
    try:
        found: dict[str, Any] = json.loads(_asked("SELECT json_serialize_sql(?)", sql))
    except (duckdb.Error, RecursionError, ValueError):
        raise FormulaError("is nested too deep to be read; write it flatter") from None
    if found.get("error"):
        reason = str(found.get("error_message", "not an expression")).split("\n")[0]
        hint = (
            '; a column whose name means something in SQL stands in double quotes: "group"' if "group" in reason else ""
        )
        raise FormulaError(f"cannot be read: {reason}{hint}")
    statements = found["statements"]
    if len(statements) != 1 or statements[0]["node"]["type"] != "SELECT_NODE":
        raise FormulaError("is more than one expression; write a single one over one row")
    return statements[0]["node"]


def _filled(tree: Any, trees: Mapping[str, Any]) -> Any:
    """A tree with the columns that are holes replaced by what belongs there."""
    if isinstance(tree, dict):
        if tree.get("class") == "COLUMN_REF" and (inner := trees.get(tree["column_names"][0])) is not None:
            return {**inner, "alias": tree["alias"]}
        return {key: _filled(value, trees) for key, value in tree.items()}
    return [_filled(value, trees) for value in tree] if isinstance(tree, list) else tree


def _bare(tree: Any) -> str:
    """A tree as text, without where its nodes stood."""
    tree, ahead = copy.deepcopy(tree), []
    ahead.append(tree)
    while ahead:
        here = ahead.pop()
        if isinstance(here, dict):
            here.pop("query_location", None)
            ahead += here.values()
        elif isinstance(here, list):
            ahead += here
    return json.dumps(tree, sort_keys=True)
