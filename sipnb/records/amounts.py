"""Reading numbers and spans of time as people and tools write them: the SQL for one column.

A number is cast first as it stands, which is fast; only what that cannot read is looked at more closely. So thousands
marks and spans in words cost nothing where there are none.
"""

from __future__ import annotations

from sipnb.records.mappings import ColumnMap, Mapping
from sipnb.records.sql import quoted

#: Seconds in each unit of a span of time.
_SECONDS = {"milliseconds": 0.001, "seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
#: Signs that part thousands beside comma and point: blanks (plain, no-break, narrow, thin) and apostrophes.
_MARKS = (" ", "\u00a0", "\u202f", "\u2009", "'", "\u2019")
#: The words of a span, the longest unit first; English, German and French.
_WORDS = {
    "w": "w|wks?|weeks?|wochen?|semaines?",
    "d": "d|days?|tage?|tg|jours?|j",
    "h": "h|hrs?|hours?|std|stunden?|heures?",
    "m": "m|mins?|minutes?|minuten",
    "s": "s|secs?|seconds?|sek|sekunden?|secondes?",
}
_CLOCK = r"([+-]?)(\d+):(\d{2})(:(\d{2}))?"


def number(raw: str, mapping: Mapping) -> str:
    """A number by the mapping's decimal sign, with or without thousands marks; NULL where they stand wrongly."""
    plain = f"TRY_CAST({raw} AS DOUBLE)"
    if mapping.decimal == ",":
        plain = f"TRY_CAST(CASE WHEN NOT contains({raw}, '.') THEN replace({raw}, ',', '.') END AS DOUBLE)"
    proper = quoted(f"[+\u2212-]?(?:{_shape(mapping)})")
    return f"coalesce({plain}, CASE WHEN regexp_full_match({raw}, {proper}) THEN {_bare(raw, mapping)} END)"


def _bare(raw: str, mapping: Mapping) -> str:
    """A number whose thousands marks are known to stand properly."""
    comma = mapping.decimal == ","
    marks = f"[{'.' if comma else ','}{''.join(_MARKS)}]"
    bare = f"regexp_replace(replace({raw}, '\u2212', '-'), {quoted(marks)}, '', 'g')"
    return f"TRY_CAST({f'replace({bare}, {quoted(chr(44))}, {quoted(chr(46))})' if comma else bare} AS DOUBLE)"


def _shape(mapping: Mapping) -> str:
    """A number without its sign, as a regular expression: groups of three behind a mark, always the same one."""
    decimal, mark = (",", ".") if mapping.decimal == "," else (r"\.", ",")
    groups = "|".join(rf"\d{{1,3}}(?:[{sign}]\d{{3}})+" for sign in (mark, *_MARKS))
    return rf"(?:{groups}|\d+)(?:{decimal}\d+)?"


def span(raw: str, given: ColumnMap, mapping: Mapping) -> str:
    """A span of time in seconds: a number of the column's unit, or words (`1w 2d 3h`), which say their own."""
    clock = _clock(raw, r"[+-]?\d+:\d{2}:\d{2}")
    words = _words(raw, given, mapping)
    if given.unit is None:
        # Only its sign matters: a number, or hours and minutes.
        return f"coalesce({number(raw, mapping)}, {_clock(raw)}, {words})"
    if given.unit == "h:mm":
        return f"coalesce({_clock(raw)}, {words})"
    return f"coalesce({number(raw, mapping)} * {_SECONDS[given.unit]}, {clock}, {words})"


def _clock(raw: str, shape: str = _CLOCK) -> str:
    part = [f"regexp_extract({raw}, {quoted(_CLOCK)}, {group})" for group in (1, 2, 3, 5)]
    seconds = f"{part[1]}::DOUBLE * 3600 + {part[2]}::DOUBLE * 60 + coalesce(TRY_CAST({part[3]} AS DOUBLE), 0)"
    return (
        f"CASE WHEN regexp_full_match({raw}, {quoted(shape)}) THEN ({seconds}) * CASE WHEN {part[0]} = '-' THEN -1 ELSE 1 END "
        "END"
    )


def _words(raw: str, given: ColumnMap, mapping: Mapping) -> str:
    """`2 days 3 hours`, `3h 15m`, `-1 day, 02:03:04`: each unit at most once, the longer before the shorter."""
    units = "".join(
        rf"(?:({_shape(mapping)})\s*(?:{words})\.?(?:\s*(?:,|and|und|et)\s*|\s*|$))?" for words in _WORDS.values()
    )
    shape = rf"(?i)^\s*([+\x{{2212}}-])?\s*{units}(?:(\d+):(\d{{2}})(?::(\d{{2}}))?)?\s*$"
    day, week = (86400, 7) if given.workday is None else (given.workday * 3600, 5)
    worth = {"w": week * day, "d": day, "h": 3600, "m": 60, "s": 1, "ch": 3600, "cm": 60, "cs": 1}
    total = " + ".join(f"coalesce({_bare(f'x.{key}', mapping)}, 0) * {seconds}" for key, seconds in worth.items())
    # A list of one binds the match to a name, so that it is made once.
    names = ", ".join(map(quoted, ["sign", *worth]))
    found = f"[regexp_extract({raw}, {quoted(shape)}, [{names}])]"
    signed = f"({total}) * CASE WHEN x.sign IN ('-', '\u2212') THEN -1 ELSE 1 END"
    return (
        f"CASE WHEN regexp_matches({raw}, '(?i)\\d\\s*[a-z]') AND regexp_full_match({raw}, {quoted(shape)}) "
        f"THEN list_transform({found}, lambda x: {signed})[1] END"
    )
