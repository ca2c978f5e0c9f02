"""Reading one value: the SQL that turns a column of an export into a canonical one.

Everything is an expression over whole columns, evaluated by DuckDB; nothing here touches data. Times become UTC
instants as TIMESTAMP, whatever the session's zone. What cannot be read becomes NULL beside its text, so that the row can
be set aside with the value that was wrong.
"""

from __future__ import annotations

from sipnb.records import amounts, moments
from sipnb.records.mappings import ColumnMap, Mapping
from sipnb.records.sql import name, quoted
from sipnb.tables import Kind, duckdb_type

_TRUE, _FALSE = "('true','t','yes','y','1')", "('false','f','no','n','0')"
#: Columns of spans that are kept in hours, not seconds.
_KEPT_IN_HOURS = ("effort",)


def literal(value: object, kind: Kind) -> str:
    """A constant of a canonical kind."""
    return "NULL" if value is None else f"CAST({quoted(value)} AS {duckdb_type(kind)})"


def text(column: str, type_: str, mapping: Mapping) -> str:
    """The column as text: trimmed, with missing-value marks as NULL."""
    raw = name(column) if type_ == "VARCHAR" else f"{name(column)}::VARCHAR"
    if mapping.decimal == "," and type_.startswith(("DOUBLE", "FLOAT", "DECIMAL")):
        raw = f"replace({raw}, '.', ',')"  # it is a number already, and is read by the mapping's sign again
    # Comparing the ends is five times as fast as trimming every value, and hardly any needs it.
    raw = f"CASE WHEN {raw} LIKE ' %' OR {raw} LIKE '% ' THEN trim({raw}) ELSE {raw} END"
    marks = [mark for mark in mapping.missing if mark]
    if marks:
        return f"CASE WHEN ({raw}) IN ('', {', '.join(map(quoted, marks))}) THEN NULL ELSE ({raw}) END"
    return f"nullif({raw}, '')"


def typed(column: str, type_: str, kind: Kind, mapping: Mapping, second: bool = False) -> str | None:
    """A column that already has a type, read as a canonical kind; None where it has to be read as text."""
    raw = name(column)
    if kind in ("time", "date") and type_ == "TIMESTAMP WITH TIME ZONE":
        utc = f"timezone('UTC', {raw})"
        return f"date_trunc('second', {utc})" if kind == "time" else f"{utc}::DATE"
    if kind == "time" and (type_.startswith("TIMESTAMP") or type_ == "DATE"):
        return f"date_trunc('second', {moments.local(f'{raw}::TIMESTAMP', mapping, second)})"
    if kind == "date" and (type_.startswith("TIMESTAMP") or type_ == "DATE"):
        return f"{raw}::DATE"
    whole = type_ in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
    if kind == "integer" and whole:
        return f"{raw}::BIGINT"
    if kind == "number" and (
        whole or type_ in ("DOUBLE", "FLOAT", "UBIGINT", "HUGEINT") or type_.startswith("DECIMAL")
    ):
        return f"{raw}::DOUBLE"
    return raw if kind == "flag" and type_ == "BOOLEAN" else None


def read(raw: str, kind: Kind, column: str, content: ColumnMap, mapping: Mapping, second: bool = False) -> str:
    """The text expression `raw` read as canonical `column` by what its mapping says; unreadable becomes NULL.

    `second`: a local time in a doubled hour is the second one.
    """
    value = raw
    if content.pattern:
        value = f"nullif(regexp_extract({value}, {quoted(content.pattern)}, 1), '')"
    if content.unit or content.negative is not None:
        parsed = amounts.span(value, content, mapping)
        if content.negative is not None:
            when, other = ("true", "false") if content.negative else ("false", "true")
            plain = _cast(value, kind, mapping)
            # "-0:00" is less than a minute below nought.
            below = f"{parsed} < 0 OR ({parsed} = 0 AND starts_with({value}, '-'))"
            parsed = f"CASE WHEN {parsed} IS NULL THEN {plain} WHEN {below} THEN {when} ELSE {other} END"
        elif kind == "number" and column in _KEPT_IN_HOURS:
            parsed = f"({parsed}) / 3600"
    else:
        parsed = _cast(value, kind, mapping, second)
    if content.map:
        # A folded column can hold both sides of the map; a row is read by its first match.
        cases = " ".join(
            f"WHEN {quoted(k.lower())} THEN {literal(v, _span_kind(kind, content))}" for k, v in content.map.items()
        )
        parsed = f"CASE lower({value}) {cases} ELSE {parsed} END"
    return parsed


def meant_missing(raw: str, content: ColumnMap) -> str:
    """A condition: the mapping itself says that this text is a missing value."""
    nulls = [key.lower() for key, value in content.map.items() if value is None]
    if not nulls:
        return "false"
    value = f"nullif(regexp_extract({raw}, {quoted(content.pattern)}, 1), '')" if content.pattern else raw
    return f"lower({value}) IN ({', '.join(map(quoted, nulls))})"


def _span_kind(kind: Kind, content: ColumnMap) -> Kind:
    return "number" if content.after else kind


def _cast(raw: str, kind: Kind, mapping: Mapping, second: bool = False) -> str:
    if kind == "text":
        return raw
    if kind in ("time", "date"):
        value = moments.time(raw, mapping, second) if kind == "time" else moments.date(raw, mapping)
        # DuckDB reads years of six digits and `infinity`, which are no day of any calendar. It works this out once.
        return f"CASE WHEN {value} BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59' THEN {value} END"
    if kind == "flag":
        return f"CASE WHEN lower({raw}) IN {_TRUE} THEN true WHEN lower({raw}) IN {_FALSE} THEN false END"
    number = amounts.number(raw, mapping)
    if kind == "integer":
        # "3.0" is what a spreadsheet makes of 3; "3.5" is no integer.
        whole = f"TRY_CAST(CASE WHEN NOT contains({raw}, '.') THEN {raw} END AS BIGINT)"
        return f"coalesce({whole}, CASE WHEN {number} % 1 = 0 THEN TRY_CAST({number} AS BIGINT) END)"
    return number
