"""Reading times: the SQL that turns texts and local times into UTC instants.

A local time in the hour that clocks repeat in autumn has two readings. The first is taken; `second` takes the other, which
is asked for where a row's times stand in their order only then.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from sipnb.records.amounts import number
from sipnb.records.mappings import Mapping
from sipnb.records.sql import quoted

_ZONED = r"'^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}(\.\d+)?)? ?(Z|UTC|[+-]\d{2}(:?\d{2})?)$'"
#: Formats that are numbers: the day or instant from which they count.
SPREADSHEET = {"serial": "1899-12-30", "serial1904": "1904-01-01"}
NUMBERS = ("epoch", "epoch_ms", *SPREADSHEET)
#: Months as English, German and French write them, in full or short.
_MONTHS = {
    "Jan": "jan(?:uary|uar|vier|v)?|j[äa]n(?:ner)?", "Feb": "feb(?:ruary|ruar)?|f[ée]vr?(?:ier)?",
    "Mar": "mar(?:ch|s)?|m(?:ä|ae)rz?|mrz", "Apr": "apr(?:il)?|avr(?:il)?", "May": "may|mai", "Jun": "june?|juni|juin",
    "Jul": "july?|juli|juil(?:let)?", "Aug": "aug(?:ust)?|ao[uû]t", "Sep": "sept?(?:ember|embre)?",
    "Oct": "o[ck]t(?:ober|obre)?", "Nov": "nov(?:ember|embre)?", "Dec": "de[cz](?:ember)?|d[ée]c(?:embre)?",
}  # fmt: skip


@cache
def repeated(zone: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The hours of the day in which clocks of a zone have repeated themselves since 1990, and by how many seconds."""
    hours, drops, told = set(), set(), ZoneInfo(zone)
    day = datetime(1990, 1, 1, tzinfo=UTC)
    while day.year < 2050:
        later = day + timedelta(days=1)
        drop = day.astimezone(told).utcoffset() - later.astimezone(told).utcoffset()
        if drop > timedelta(0):
            at = day
            while at.astimezone(told).utcoffset() == day.astimezone(told).utcoffset():
                at += timedelta(minutes=15)
            drops.add(int(drop.total_seconds()))
            begins = at.astimezone(told).replace(tzinfo=None)
            hours |= {(begins + timedelta(minutes=m)).hour for m in range(0, int(drop.total_seconds() // 60), 15)}
        day = later
    return tuple(sorted(hours)), tuple(sorted(drops))


def local(value: str, mapping: Mapping, second: bool = False) -> str:
    """A local time of the mapping's zone as UTC; in a doubled hour the first, unless the second is asked for."""
    zone = quoted(mapping.times.zone)
    if mapping.times.zone in ("UTC", "Etc/UTC"):
        return value
    at = f"timezone({zone}, {value})"
    hours, drops = repeated(mapping.times.zone)
    if not second and hours:
        # Asking twice for every time would take twice as long.
        within = f"hour({value}) IN ({', '.join(map(str, hours))})"
        firsts = [f"{at} - INTERVAL {drop} SECOND" for drop in drops]
        cases = " ".join(f"WHEN {within} AND timezone({zone}, {first}) = {value} THEN {first}" for first in firsts)
        at = f"CASE {cases} ELSE {at} END"
    return f"timezone('UTC', {at})"


def time(raw: str, mapping: Mapping, second: bool = False) -> str:
    """A time in text as UTC, to the second: by the mapping's formats first, then as ISO 8601."""
    ways = [_by_format(raw, form, mapping, second) for form in mapping.times.formats]
    plain = local(f"TRY_CAST({raw} AS TIMESTAMP)", mapping, second)
    # "2026-10-01T10:00Z" and "2026-10-01 10:00+02" are ISO 8601, and need their seconds and minutes to be read.
    whole = rf"regexp_replace(replace({raw}, 'UTC', 'Z'), {_ZONED}, '\1 \2\3\5')"
    whole = rf"regexp_replace({whole}, '^(.{{16}})([^:].*)$', '\1:00\2')"
    zoned = f"timezone('UTC', TRY_CAST({whole} AS TIMESTAMPTZ))"
    # Nearly all times are written alike, and casting them without asking for a zone is three times as fast.
    iso = (
        f"CASE WHEN {raw} LIKE '________________:__' AND strlen({raw}) = 19 THEN {plain} "
        f"WHEN regexp_matches({raw}, {_ZONED}) THEN {zoned} ELSE {plain} END"
    )
    worded = [
        f"CASE WHEN regexp_matches({raw}, '\\pL') THEN {_by_format(in_english(raw), short, mapping, second)} END"
        for form in mapping.times.formats
        if (short := form.replace("%B", "%b")) != form or "%b" in form or "%p" in form
    ]
    return f"date_trunc('second', coalesce({', '.join([*ways, iso, *worded])}))"


def _by_format(raw: str, form: str, mapping: Mapping, second: bool) -> str:
    if form in ("epoch", "epoch_ms"):
        return f"make_timestamp((TRY_CAST({raw} AS DOUBLE) * {1_000_000 if form == 'epoch' else 1_000})::BIGINT)"
    if form in SPREADSHEET:
        return local(_serial(raw, form, mapping), mapping, second)
    parsed = f"try_strptime({raw}, {quoted(form)})"
    return f"timezone('UTC', {parsed})" if "%z" in form or "%Z" in form else local(parsed, mapping, second)


def _serial(raw: str, form: str, mapping: Mapping) -> str:
    """The local time that a spreadsheet keeps as a number of days; to the second, as its fractions are not exact."""
    days = number(raw, mapping)
    within = f"CASE WHEN {days} BETWEEN 1 AND 2958465.99999 THEN {days} END"
    return f"(TIMESTAMP '{SPREADSHEET[form]}' + to_seconds(round({within} * 86400)::BIGINT))"


def date(raw: str, mapping: Mapping) -> str:
    """A calendar day as written, in nobody's zone; a month is its first."""
    given = []
    for form in mapping.times.formats:
        if form in SPREADSHEET:
            given.append(f"{_serial(raw, form, mapping)}::DATE")
        elif form not in NUMBERS:
            given.append(f"try_strptime({raw}, {quoted(form)})::DATE")
    month = (
        f"TRY_CAST(CASE WHEN regexp_full_match({raw}, '\\d{{4}}-\\d{{2}}') THEN {raw} || '-01' ELSE {raw} END AS DATE)"
    )
    worded = [
        f"try_strptime({in_english(raw)}, {quoted(form.replace('%B', '%b'))})::DATE"
        for form in mapping.times.formats
        if "%b" in form or "%B" in form
    ]
    return f"coalesce({', '.join([*given, month, f'TRY_CAST({raw} AS TIMESTAMP)::DATE', *worded])})"


def in_english(raw: str) -> str:
    """The text with its month as `%b` reads it, and with plain blanks and `PM` where there were others."""
    value = f"regexp_replace(regexp_replace({raw}, '[\u00a0\u202f\u2009]', ' ', 'g'), '(?i)([ap])\\.\\s?m\\.', '\\1m')"
    for month, words in _MONTHS.items():
        value = rf"regexp_replace({value}, '(?i)(^|[^\pL])(?:{words})\.?([^\pL]|$)', '\1{month}\2')"
    return value
