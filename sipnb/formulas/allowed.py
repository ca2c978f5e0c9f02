"""What formulas may be built of: functions, types and kinds of nodes by DuckDB's names, and how large they may be.

All of it gives the same answer for the same row, whatever the machine and the day. The list is our own, because what DuckDB marks
as `CONSISTENT` holds the clock, variables and the version. None of it makes much out of little: a text that a function gives is
never much longer than those it was given. So a workbook can be loaded without a process of its own.
"""

from __future__ import annotations

#: How many characters a formula may have, and one text or number in it; how deep brackets and calls may be nested.
LONGEST, LONGEST_TEXT, LONGEST_NUMBER, DEEPEST_BRACKETS, DEEPEST = 2_000, 500, 38, 40, 100

#: Kinds of nodes, and of the operators among them.
CLASSES = frozenset(
    ("OPERATOR", "FUNCTION", "COLUMN_REF", "CONSTANT", "CASE", "COMPARISON", "BETWEEN", "CAST", "CONJUNCTION")
)
OPERATORS = frozenset(
    (
        "OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_COALESCE", "OPERATOR_NULLIF",
        "COMPARE_IN", "COMPARE_NOT_IN",
    )
)  # fmt: skip

#: What may be cast to, with the words for a text that cannot be.
TYPES = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"), "no whole number"),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"), "no whole number from 0 on"),
    **dict.fromkeys(("FLOAT", "DOUBLE", "DECIMAL"), "no number"),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_S", "TIMESTAMP_MS"), "no point in time"),
    "BOOLEAN": "neither true nor false",
    "DATE": "no date",
    "TIME": "no time of day",
    "INTERVAL": "no span of time",
    "VARCHAR": "no text",
}

_SIGNS = "+ - * / // % ** ^ || @ ~~ !~~ ~~* !~~* ^@ & | << >> ~"
_NUMBERS = """
    abs add subtract multiply divide mod sign round trunc floor ceil ceiling even sqrt cbrt exp ln log log2 log10 pow power
    greatest least nullif xor isnan isinf isfinite gcd lcm greatest_common_divisor least_common_multiple degrees radians pi
    sin cos tan cot asin acos atan atan2
"""
_TEXTS = """
    lower upper lcase ucase length len char_length character_length strlen octet_length trim ltrim rtrim left right substr
    substring contains starts_with ends_with prefix suffix instr strpos position concat concat_ws replace translate
    strip_accents reverse ascii unicode ord chr md5 like_escape not_like_escape ilike_escape not_ilike_escape
    regexp_matches regexp_full_match regexp_extract
"""
_TIMES = """
    year month day hour minute second millisecond microsecond quarter week weekofyear isoyear isodow dayofweek weekday
    dayofmonth dayofyear yearweek decade century era julian epoch epoch_ms epoch_us date_part datepart date_trunc datetrunc
    date_diff datediff date_sub datesub date_add dayname monthname last_day make_date make_time make_timestamp timezone
    time_bucket strftime strptime try_strptime to_timestamp to_years to_quarters to_months to_weeks to_days to_hours to_minutes
    to_seconds to_milliseconds to_microseconds
"""
FUNCTIONS = frozenset(f"{_SIGNS} {_NUMBERS} {_TEXTS} {_TIMES}".split())

#: Of these functions, which argument must be written out, because what a column might hold there would be unbounded.
WRITTEN_OUT = {
    **dict.fromkeys(("~~", "!~~", "~~*", "!~~*", "^@", "strftime", "strptime", "try_strptime"), (1,)),
    **dict.fromkeys(("regexp_matches", "regexp_full_match"), (1, 2)),
    **dict.fromkeys(("like_escape", "not_like_escape", "ilike_escape", "not_ilike_escape"), (1, 2)),
    "replace": (1, 2),
    "regexp_extract": (1, 2, 3),
    "concat_ws": (0,),
    "timezone": (0,),
}
#: Patterns of LIKE; DuckDB tries all ways to match those that hold a `_` or an escape sign.
LIKES = frozenset(("~~", "!~~", "~~*", "!~~*", "like_escape", "not_like_escape", "ilike_escape", "not_ilike_escape"))
