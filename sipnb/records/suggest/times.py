"""How texts are written as times: the strptime format of a value, and which of its numbers is the day."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

_ZONE = r"(?P<zone> ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?"
_CLOCK = (
    r"(?:(?P<gap>T|,? {1,2}|, um | um | at | à | - )(?P<hour>\d{1,2})(?P<colon>[:.h])\d{2}"
    r"(?P<seconds>(?P=colon)\d{2}(?P<part>[.,]\d{1,9})?)?(?P<half> ?[AaPp][Mm])?(?P<tail> Uhr| uur| h)?" + _ZONE + ")?"
)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?)?")
_WEEKDAY = r"(?P<weekday>(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*)?(?P<comma>(?<=[a-z]),? )?"
_MONTH = r"(?P<month>[A-Za-z]{3,9})"
_YEAR = r"(?P<year>\d{4}|\d{2})"
_NUMBERS = re.compile(r"(?P<first>\d{1,2})(?P<sign>[/. -])(?P<second>\d{1,2})(?P=sign)" + _YEAR + _CLOCK)
_DAY_NAMED = re.compile(_WEEKDAY + r"\d{1,2}(?P<sign>\. |[/. -])" + _MONTH + r"(?P<after>,? |[/.-])" + _YEAR + _CLOCK)
_MONTH_NAMED = re.compile(_WEEKDAY + _MONTH + r"(?P<sign>[ -])\d{1,2}(?P<after>,? |-)" + _YEAR + _CLOCK)
_DATE = re.compile(r"(\d{1,2})([/. -])(\d{1,2})\2(?:\d{4}|\d{2})(?!\d)")
_YEAR_FIRST = re.compile(r"\d{4}(?P<sign>[/.-])\d{1,2}(?P=sign)\d{1,2}" + _CLOCK)
_COMPACT = re.compile(
    r"(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?P<clock>(?P<t>[T ]?)[0-2]\d[0-5]\d(?P<s>[0-5]\d)?)?"
)
_MONTHS = [
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
]
_SHORT = {name[:3] for name in _MONTHS} | {"sept"}
#: Words for months in other languages, by how they begin: no strptime format reads them.
_FOREIGN = re.compile(
    r"(?i)\d{1,2}[. /-]{1,2}(de )?(jän|jan|gen|ene|f[eé][bv]|m[aä]r|mrt|mars|maa|a[vbp]r|mai|maj|mei|mag|may|jui|jun|jul|giu|lug"
    r"|ao[uû]|ago|aug|set|sep|okt|oct|ott|out|nov|d[eé]c|dez|dic|des)[a-zéûç]*\.?[. /-]{1,2}(de )?\d{2,4}.*"
)


@dataclass(frozen=True)
class Days:
    """What the numeric dates of a column say about day and month: how many have a first or second number over 12."""

    first: int = 0
    second: int = 0
    there: bool = False
    half: bool = False
    dotted: bool = False


def shape(value: str) -> str | None:
    """How a text is written if it is a time: `iso`, `epoch`, or a strptime format with {A} and {B} for day and month."""
    if _ISO.fullmatch(value):
        return "iso"
    if not value[:1].isalnum() or not any(c.isdigit() for c in value[:24]):
        return None
    number = re.fullmatch(r"(\d{10}|\d{13})(\.\d+)?", value)
    if number and 0.6e9 < int(value[:10]) < 2.6e9:
        return "epoch" if len(number[1]) == 10 else "epoch_ms"
    compact = _COMPACT.fullmatch(value)
    if compact:
        clock = f"{compact['t']}%H%M{'%S' * bool(compact['s'])}" if compact["clock"] else ""
        return "%Y%m%d" + clock
    for pattern, template in (
        (_NUMBERS, "{A}{s}{B}{s}{y}"),
        (_DAY_NAMED, "{w}%d{s}{m}{a}{y}"),
        (_MONTH_NAMED, "{w}{m}{s}%d{a}{y}"),
        (_YEAR_FIRST, "%Y{s}%m{s}%d"),
    ):
        match = pattern.fullmatch(value)
        if match:
            return _format(template, match.groupdict())
    return None


def _format(template: str, part: dict[str, str | None]) -> str | None:
    month = (part.get("month") or "").casefold()
    if month and month not in _SHORT and month not in _MONTHS:
        return None
    day = part.get("weekday") or ""
    date = template.format(
        A="{A}",
        B="{B}",
        s=part["sign"],
        y="%Y" if len(part.get("year") or "2026") == 4 else "%y",
        m="%b" if month in _SHORT else "%B",
        a=part.get("after"),
        w=("%a" if len(day) == 3 else "%A" if day else "") + (part.get("comma") or ""),
    )
    if part["hour"] is None:
        return date
    half, sign = part["half"], part["colon"]
    clock = f"{'%I' if half else '%H'}{sign}%M" + (f"{sign}%S" if part["seconds"] else "")
    clock += f"{part['part'][0]}%f" if part["part"] else ""
    clock += (" " if half[0] == " " else "") + "%p" if half else ""
    zone = part["zone"]
    clock += part["tail"] or ""
    if zone:
        clock += zone if zone.strip() in ("Z", "UTC", "GMT") else (" " if zone[0] == " " else "") + "%z"
    return f"{date}{part['gap']}{clock}"


def serial(value: str) -> bool:
    """Whether a number may be a spreadsheet's date: days since 1900, of the years 2000 to 2050."""
    return bool(re.fullmatch(r"\d{5}([.,]\d+)?", value)) and 36526 <= int(value[:5]) <= 55153


def foreign(value: str) -> bool:
    """Whether a text looks like a date with the name of a month that is not English."""
    return bool(_FOREIGN.fullmatch(value)) and shape(value) is None


def days(values: Iterable[str]) -> Days:
    """What all different values of a column say about day and month."""
    first = second = 0
    there = half = dotted = False
    for value in values:
        match = _DATE.match(value)
        if match:
            there = True
            first += int(match[1]) > 12
            second += int(match[3]) > 12
            half = half or value[-1:] in "Mm"
            dotted = dotted or match[2] == "."
    return Days(first, second, there, half, dotted)


def day_first(seen: Iterable[Days]) -> tuple[bool, str]:
    """Whether ambiguous dates of one export start with the day, and the sentence that says how that is known."""
    seen = [one for one in seen if one.there]
    if not seen:
        return True, ""
    first, second = sum(one.first for one in seen), sum(one.second for one in seen)
    if first and second:
        return first >= second, f"day and month are in both orders ({first} and {second} dates): check the dates"
    if first or second:
        return bool(first), f"the {'first' if first else 'second'} number of dates goes beyond 12: it is the day"
    american = any(one.half for one in seen) and not any(one.dotted for one in seen)
    chosen = "the month, as times with AM and PM have it" if american else "the day, as most of the world has it"
    return (
        not american,
        f"no date tells day and month apart (ambiguous); the first number was taken for {chosen}: check it",
    )


def formats(shapes: Iterable[Counter[str]], first_day: bool) -> list[str]:
    """The strptime formats of these columns, the most frequent first; ISO 8601 needs none."""
    found: Counter[str] = Counter()
    for one in shapes:
        found.update(one)
    ordered = [form for form, _ in sorted(found.items(), key=lambda pair: (-pair[1], pair[0])) if form != "iso"]
    day, month = ("%d", "%m") if first_day else ("%m", "%d")
    return [form.replace("{A}", day).replace("{B}", month) for form in ordered]


def instants(texts: pd.Series, forms: list[str]) -> pd.Series:
    """The texts as times by the first format that fits, NaT where none does: only for comparing columns."""
    texts = texts.astype("str").str.strip()
    found = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")
    for form in forms:
        if form in ("epoch", "epoch_ms", "serial"):
            numbers = pd.to_numeric(texts.str.replace(",", "."), errors="coerce")
            unit, origin = {"epoch": ("s", "unix"), "epoch_ms": ("ms", "unix"), "serial": ("D", "1899-12-30")}[form]
            read = pd.to_datetime(numbers, unit=unit, origin=origin, utc=True, errors="coerce")
        else:
            # pandas knows "Sep" only.
            named = texts.str.replace(r"(?i)\bsept\b", "Sep", regex=True) if "%b" in form else texts
            read = pd.to_datetime(named, format=form, utc=True, errors="coerce")
        # A number of ten digits is no ISO date.
        found = read.where(read.notna(), found)
    return found
