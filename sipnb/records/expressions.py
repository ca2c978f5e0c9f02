"""Reading one value: the SQL that turns a column of an export into a canonical one.

Everything is an expression over whole columns, evaluated by DuckDB; nothing here touches data. Times become UTC
instants as TIMESTAMP, whatever the session's zone. What cannot be read becomes NULL beside its text, so that the row can
be set aside with the value that was wrong.
"""

from __future__ import annotations

from sipnb.records.mappings import ColumnMap, Mapping
from sipnb.records.sql import name, quoted
from sipnb.tables import Kind, duckdb_type

_TRUE, _FALSE = "('true','t','yes','y','1')", "('false','f','no','n','0')"
#: Seconds in each unit of a span of time, and the unit in which each canonical column of spans is kept.
_SECONDS = {"milliseconds": 0.001, "seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
_KEPT_IN_HOURS = ("effort",)
_ZONED = r"'^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}(\.\d+)?)? ?(Z|UTC|[+-]\d{2}(:?\d{2})?)$'"


def literal(value: object, kind: Kind) -> str:
    """A constant of a canonical kind."""
    return "NULL" if value is None else f"CAST({quoted(value)} AS {duckdb_type(kind)})"


def text(column: str, type_: str, mapping: Mapping) -> str:
    """The column as text: trimmed, with missing-value marks as NULL."""
    raw = name(column) if type_ == "VARCHAR" else f"{name(column)}::VARCHAR"
    # Comparing the ends is five times as fast as trimming every value, and hardly any needs it.
    raw = f"CASE WHEN {raw} LIKE ' %' OR {raw} LIKE '% ' THEN trim({raw}) ELSE {raw} END"
    marks = [mark for mark in mapping.missing if mark]
    if marks:
        return f"CASE WHEN ({raw}) IN ('', {', '.join(map(quoted, marks))}) THEN NULL ELSE ({raw}) END"
    return f"nullif({raw}, '')"


def typed(column: str, type_: str, kind: Kind, mapping: Mapping) -> str | None:
    """A column that already has a type, read as a canonical kind; None where it has to be read as text."""
    raw = name(column)
    if kind in ("time", "date") and type_ == "TIMESTAMP WITH TIME ZONE":
        utc = f"timezone('UTC', {raw})"
        return f"date_trunc('second', {utc})" if kind == "time" else f"{utc}::DATE"
    if kind == "time" and (type_.startswith("TIMESTAMP") or type_ == "DATE"):
        return f"date_trunc('second', {_local(f'{raw}::TIMESTAMP', mapping)})"
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


def read(raw: str, kind: Kind, column: str, content: ColumnMap, mapping: Mapping) -> str:
    """The text expression `raw` read as canonical `column` by what its mapping says; unreadable becomes NULL."""
    value = raw
    if content.pattern:
        value = f"nullif(regexp_extract({value}, {quoted(content.pattern)}, 1), '')"
    if content.unit or content.negative is not None:
        parsed = _span(value, content.unit, mapping)
        if content.negative is not None:
            when, other = ("true", "false") if content.negative else ("false", "true")
            plain = _cast(value, kind, mapping)
            parsed = f"CASE WHEN {parsed} IS NULL THEN {plain} WHEN {parsed} < 0 THEN {when} ELSE {other} END"
        elif kind == "number" and column in _KEPT_IN_HOURS:
            parsed = f"({parsed}) / 3600"
    else:
        parsed = _cast(value, kind, mapping)
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


def _cast(raw: str, kind: Kind, mapping: Mapping) -> str:
    if kind == "text":
        return raw
    if kind == "time":
        return time(raw, mapping)
    if kind == "date":
        # A period is a calendar day as written, in nobody's zone.
        given = [f"try_strptime({raw}, {quoted(form)})::DATE" for form in mapping.times.formats if "epoch" not in form]
        month = f"TRY_CAST(CASE WHEN regexp_full_match({raw}, '\\d{{4}}-\\d{{2}}') THEN {raw} || '-01' ELSE {raw} END AS DATE)"
        return f"coalesce({', '.join([*given, month, f'TRY_CAST({raw} AS TIMESTAMP)::DATE'])})"
    if kind == "flag":
        return f"CASE WHEN lower({raw}) IN {_TRUE} THEN true WHEN lower({raw}) IN {_FALSE} THEN false END"
    if kind == "integer":
        # "3.0" is what a spreadsheet makes of 3; "3.5" is no integer.
        number = f"TRY_CAST({raw} AS DOUBLE)"
        whole = f"TRY_CAST(CASE WHEN NOT contains({raw}, '.') THEN {raw} END AS BIGINT)"
        return f"coalesce({whole}, CASE WHEN {number} % 1 = 0 THEN TRY_CAST({number} AS BIGINT) END)"
    return _number(raw, mapping)


def _number(raw: str, mapping: Mapping) -> str:
    if mapping.decimal == ",":
        raw = f"replace(replace({raw}, '.', ''), ',', '.')"
    return f"TRY_CAST({raw} AS DOUBLE)"


def _span(raw: str, unit: str | None, mapping: Mapping) -> str:
    """A span of time in seconds."""
    if unit is None:
        # Only its sign matters: a number, or hours and minutes.
        return f"coalesce({_number(raw, mapping)}, {_hours_minutes(raw)})"
    return _hours_minutes(raw) if unit == "h:mm" else f"{_number(raw, mapping)} * {_SECONDS[unit]}"


def _hours_minutes(raw: str) -> str:
    shape = quoted(r"([+-]?)(\d+):(\d{2})(:(\d{2}))?")
    part = [f"regexp_extract({raw}, {shape}, {group})" for group in (1, 2, 3, 5)]
    seconds = f"{part[1]}::DOUBLE * 3600 + {part[2]}::DOUBLE * 60 + coalesce(TRY_CAST({part[3]} AS DOUBLE), 0)"
    return f"CASE WHEN regexp_full_match({raw}, {shape}) THEN ({seconds}) * CASE WHEN {part[0]} = '-' THEN -1 ELSE 1 END END"


def _local(value: str, mapping: Mapping) -> str:
    """A local time of the mapping's zone as UTC; in a doubled hour the first, as the clocks have it."""
    zone = quoted(mapping.times.zone)
    if mapping.times.zone in ("UTC", "Etc/UTC"):
        return value
    at = f"timezone({zone}, {value})"
    first = f"{at} - INTERVAL 1 HOUR"
    # Clocks are set back at night: asking twice for every time would take twice as long.
    doubled = f"hour({value}) < 4 AND timezone({zone}, {first}) = {value}"
    return f"timezone('UTC', CASE WHEN {doubled} THEN {first} ELSE {at} END)"


def time(raw: str, mapping: Mapping) -> str:
    """A time in text as UTC, to the second: by the mapping's formats first, then as ISO 8601."""
    ways = []
    for form in mapping.times.formats:
        if form in ("epoch", "epoch_ms"):
            ways.append(
                f"make_timestamp((TRY_CAST({raw} AS DOUBLE) * {1_000_000 if form == 'epoch' else 1_000})::BIGINT)"
            )
        elif "%z" in form or "%Z" in form:
            ways.append(f"timezone('UTC', try_strptime({raw}, {quoted(form)}))")
        else:
            ways.append(_local(f"try_strptime({raw}, {quoted(form)})", mapping))
    plain = _local(f"TRY_CAST({raw} AS TIMESTAMP)", mapping)
    # "2026-10-01T10:00Z" and "2026-10-01 10:00+02" are ISO 8601, and need their seconds and minutes to be read.
    whole = rf"regexp_replace(replace({raw}, 'UTC', 'Z'), {_ZONED}, '\1 \2\3\5')"
    whole = rf"regexp_replace({whole}, '^(.{{16}})([^:].*)$', '\1:00\2')"
    zoned = f"timezone('UTC', TRY_CAST({whole} AS TIMESTAMPTZ))"
    # Nearly all times are written alike, and casting them without asking for a zone is three times as fast.
    iso = (
        f"CASE WHEN {raw} LIKE '________________:__' AND strlen({raw}) = 19 THEN {plain} "
        f"WHEN regexp_matches({raw}, {_ZONED}) THEN {zoned} ELSE {plain} END"
    )
    return f"date_trunc('second', coalesce({', '.join([*ways, iso])}))"
