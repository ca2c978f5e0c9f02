"""What the values of a column look like: times and how they are written, levels, states, flags, spans of time.

Everything here is a pure function of texts; `suggest` weighs it against what the columns are called.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from sipnb.records.suggest import synonyms
from sipnb.tables import TABLES

_CLOCK = r"(?:(?P<gap>,? |T)(?P<hour>\d{1,2}):\d{2}(?P<seconds>:\d{2})?(?P<half> ?[AaPp][Mm])?)?"
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?)?")
_NUMBERS = re.compile(r"(?P<first>\d{1,2})(?P<sign>[/.-])(?P<second>\d{1,2})(?P=sign)(?P<year>\d{4}|\d{2})" + _CLOCK)
_NAMED = re.compile(r"\d{1,2}(?P<sign>[/. -])[A-Za-z]{3}(?P=sign)(?P<year>\d{4}|\d{2})" + _CLOCK)
_YEAR_FIRST = re.compile(r"\d{4}(?P<sign>[/.])\d{1,2}(?P=sign)\d{1,2}" + _CLOCK)
_IDENTIFIER = re.compile(r"[^\W\d_]{0,12}[-_#: ]{0,2}[\d\s]+|[0-9a-f-]{32,36}|[A-Z]+-?\d+-\d+")
_SPAN = re.compile(r"[+-]?\d+:\d{2}(:\d{2})?")
_LEVELS = ("priority", "impact", "urgency")
_KINDS = {"tickets": "kinds", "changes": "kinds_of_change", "outages": "kinds_of_outage"}
#: So many different values say what a column holds.
_ENOUGH = 200


@dataclass(frozen=True)
class Profile:
    """One column of a sample: its filled values, the most frequent first."""

    name: str
    rows: int
    counts: dict[str, int]
    distinct: int

    @property
    def filled(self) -> int:
        return sum(self.counts.values())

    @property
    def longest(self) -> float:
        """The mean length of its values."""
        return sum(len(v) * n for v, n in self.counts.items()) / max(self.filled, 1)

    def share(self, fits: Any) -> float:
        """The share of the filled rows whose value passes `fits`."""
        return sum(n for value, n in self.counts.items() if fits(value)) / max(self.filled, 1)

    @cached_property
    def shapes(self) -> Counter[str]:
        """How its values are written as times: shapes, with A and B where day or month may stand, to filled rows."""
        found: Counter[str] = Counter()
        for value, n in self.counts.items():
            shape = time_shape(value)
            if shape:
                found[shape] += n
        return found

    @cached_property
    def times(self) -> float:
        return sum(self.shapes.values()) / max(self.filled, 1)

    @cached_property
    def numbers(self) -> float:
        return self.share(lambda v: re.fullmatch(r"[+-]?\d+([.,]\d+)?", v))

    @cached_property
    def spans(self) -> float:
        return self.share(_SPAN.fullmatch)


def profile(name: str, texts: pd.Series, marks: Iterable[str]) -> Profile:
    """The profile of one column of texts, missing-value marks left out."""
    counts = texts.dropna().astype(str).str.strip().value_counts(sort=False)
    counts = counts[~counts.index.isin(["", *marks])]
    # The order must not depend on the order of the rows alone: the same sample gives the same suggestion.
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return Profile(name, len(texts), dict(ordered[:_ENOUGH]), len(ordered))


def marks_in(sample: pd.DataFrame, known: Iterable[str]) -> list[str]:
    """The missing-value marks in use: signs wherever they stand beside values, words only in two columns or more."""
    seen: Counter[str] = Counter()
    for column in sample.columns:
        values = set(sample[column].dropna().astype(str).str.strip().unique())
        there = values.intersection(known)
        if len(values - there - {""}) > 1:
            seen.update(there)
    # "none" may be a value, of an impact for instance; in several columns it hardly is.
    return [m for m in known if seen[m] > 1 or (seen[m] and not m.isalpha()) or (seen[m] and m.casefold() == "null")]


def time_shape(value: str) -> str | None:
    """How a text is written if it is a time: `iso`, `epoch`, or a strptime format with A and B for day and month."""
    if _ISO.fullmatch(value):
        return "iso"
    if value.isdigit() and len(value) in (10, 13) and 0.6e9 < int(value[:10]) < 2.6e9:
        return "epoch" if len(value) == 10 else "epoch_ms"
    for pattern, template in ((_NUMBERS, "{A}{s}{B}{s}{y}"), (_NAMED, "%d{s}%b{s}{y}"), (_YEAR_FIRST, "%Y{s}%m{s}%d")):
        match = pattern.fullmatch(value)
        if match:
            part = match.groupdict()
            year = "%Y" if len(part.get("year") or "2026") == 4 else "%y"
            date = template.format(A="{A}", B="{B}", s=part["sign"], y=year)
            if part["hour"] is None:
                return date
            half = part["half"]
            space = " " if half and half[0] == " " else ""
            clock = ("%I" if half else "%H") + ":%M" + (":%S" if part["seconds"] else "")
            return f"{date}{part['gap']}{clock}" + (f"{space}%p" if half else "")
    return None


def day_first(profiles: Iterable[Profile]) -> tuple[bool, str]:
    """Whether ambiguous dates of one export start with the day, and the sentence that says how that is known."""
    first = second = 0
    half = dotted = there = False
    for one in profiles:
        for value, n in one.counts.items():
            match = _NUMBERS.fullmatch(value)
            if match:
                there = True
                first += n * (int(match["first"]) > 12)
                second += n * (int(match["second"]) > 12)
                half |= match["half"] is not None
                dotted |= match["sign"] == "."
    if not there:
        return True, ""
    if first and second:
        return first >= second, f"day and month are in both orders ({first} and {second} rows): check the dates"
    if first or second:
        return bool(first), f"the {'first' if first else 'second'} number of dates goes beyond 12: it is the day"
    chosen = (
        "the month, as times with AM and PM have it" if half and not dotted else "the day, as most of the world has it"
    )
    return not (
        half and not dotted
    ), f"no date tells day and month apart; the first number was taken for {chosen}: check it"


def formats(profiles: Iterable[Profile], first_day: bool) -> list[str]:
    """The strptime formats of these columns, the most frequent first; ISO 8601 needs none."""
    found: Counter[str] = Counter()
    for one in profiles:
        found.update(one.shapes)
    ordered = [shape for shape, _ in sorted(found.items(), key=lambda pair: (-pair[1], pair[0])) if shape != "iso"]
    day, month = ("%d", "%m") if first_day else ("%m", "%d")
    return [shape.replace("{A}", day).replace("{B}", month) for shape in ordered]


def instants(texts: pd.Series, forms: list[str]) -> pd.Series:
    """The texts as times by the first format that fits, NaT where none does: only for comparing columns."""
    texts = texts.astype("str").str.strip()
    found = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")
    for form in forms:
        if form.startswith("epoch"):
            numbers = pd.to_numeric(texts, errors="coerce")
            read = pd.to_datetime(numbers, unit="s" if form == "epoch" else "ms", utc=True, errors="coerce")
        else:
            read = pd.to_datetime(texts, format=form, utc=True, errors="coerce")
        # A number of ten digits is no ISO date.
        found = read.where(read.notna(), found)
    return found


def look(table: str, column: str, one: Profile) -> tuple[float | None, str, dict[str, Any]]:
    """How well the values look like a canonical column (None: there are none), in words, and how a mapping reads them."""
    kind, said = TABLES[table].columns[column].kind, synonyms.words()
    if not one.filled:
        return None, "no values", {}
    if kind == "time":
        unit = synonyms.unit(one.name)
        if column == "acknowledged" and unit and one.numbers > 0.9:
            return 0.9, f"{unit} after opening", {"unit": unit, "after": "opened"}
        # A word or two among times means that there is none; anything with digits may be a slip and is left to be seen.
        words = [v for v in one.counts if not time_shape(v) and v.replace(" ", "").isalpha()]
        return one.times, f"{one.times:.0%} times", {"map": dict.fromkeys(words) if len(words) <= 2 else {}}
    if column in _LEVELS:
        share, entry = levels(one, said["levels"])
        return share, f"{share:.0%} levels", entry
    if column == "kind":
        share, entry = spelled(one, said[_KINDS[table]])
        return share, f"{share:.0%} known kinds", {"map": entry}
    if column == "state":
        share, entry = spelled(one, said["states"])
        few = one.distinct <= 40
        return (0.5 + share / 2) * few, f"{one.distinct} values, {share:.0%} known states", {"map": entry}
    if kind == "flag":
        return _flag(one)
    if kind in ("integer", "number"):
        return _number(column, one)
    return _text(table, column, one)


def weighed(score: float, seen: float | None, one: Profile) -> float:
    """The evidence of a name, lessened by what the values look like."""
    if seen is None:
        return 0.85 * score if not one.rows else 0.55 * score
    return min(0.99, score * (0.4 + 0.6 * seen) if seen >= 0.3 else score * seen)


def levels(one: Profile, words: dict[str, int]) -> tuple[float, dict[str, Any]]:
    """How well values are levels 1 to 5, and what a mapping says to read them: a pattern or a map."""
    plain = {v for v in one.counts if re.fullmatch(r"[1-5](\.0)?", v)}
    others = {v: words.get(synonyms.plain(v)) for v in one.counts if v not in plain and not v.isdigit()}
    share = one.share(lambda v: v in plain or others.get(v))
    # Where nearly all is known, a value that nobody knows becomes missing, or its row would be set aside as unreadable.
    if share > 0.9 and plain:
        return share, {"map": others}
    numbered = {v: match for v in one.counts if (match := re.match(r"([1-5])\W*([^\W\d].*)?$", v))}
    share = one.share(lambda v: v in numbered)
    if share > 0.9:
        said = {m[2]: words[synonyms.plain(m[2])] for m in numbered.values() if m[2] and synonyms.plain(m[2]) in words}
        pairs = sorted((int(m[1]), said[m[2]]) for m in numbered.values() if m[2] in said)
        if pairs and pairs[0][0] < pairs[-1][0] and pairs[0][1] > pairs[-1][1]:
            # "1 low", "3 high": the number counts upwards, the word says what is meant.
            return share, {"pattern": r"^\d\W*(.*)$", "map": said}
        return share, {"pattern": r"^(\d)"}
    share = one.share(lambda v: re.fullmatch(r"(?i)(p|s|prio|sev|priority|severity)[ -_]?[1-5].*", v))
    if share > 0.9:
        return share, {"pattern": r"(\d)"}
    share, known = spelled(one, words)
    return share, {"map": others | known} if share > 0.3 and one.distinct <= 20 else {}


def spelled(one: Profile, words: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    """How many rows have a value among `words`, and the map of those values (written as they are in the export)."""
    known = {v: words[synonyms.plain(v)] for v in one.counts if synonyms.plain(v) in words}
    return one.share(lambda v: v in known), known


def _flag(one: Profile) -> tuple[float, str, dict[str, Any]]:
    words = synonyms.words()
    opposite = any(spelling in words["breached"] for spelling, _ in synonyms.spellings(one.name))
    below = one.share(lambda v: v.startswith("-"))
    if one.spans > 0.9 or (one.numbers > 0.9 and below > 0):
        unit = "h:mm" if one.spans > 0.9 else "seconds"
        return 1.0, "what is left, negative where late", {"unit": unit, "negative": opposite}
    share, entry = spelled(one, words["met"])
    entry = {v: met != opposite for v, met in entry.items()}
    unknown = {v: None for v in one.counts if v not in entry} if share > 0.5 else {}
    return share, f"{share:.0%} yes or no" + (", turned round" if opposite else ""), {"map": entry | unknown}


def _number(column: str, one: Profile) -> tuple[float, str, dict[str, Any]]:
    span = column in ("on_hold", "effort")
    if one.spans > 0.9 and span:
        return one.spans, "spans h:mm", {"unit": "h:mm"}
    unit = synonyms.unit(one.name) or ("hours" if column == "effort" else "seconds")
    below = one.share(lambda v: v.startswith("-"))
    seen = f"{one.numbers:.0%} numbers" + (f" read as {unit}" if span else "")
    return one.numbers * (1 - below), seen, {"unit": unit} if span else {}


def _text(table: str, column: str, one: Profile) -> tuple[float, str, dict[str, Any]]:
    if column in TABLES[table].key:
        coded = one.share(_IDENTIFIER.fullmatch)
        unique = one.distinct / one.rows
        timely = one.times > 0.9 and not one.shapes.get("epoch")
        return (
            coded * (0.5 + 0.5 * min(unique, 1)) * (not timely),
            f"{coded:.0%} identifiers, {unique:.0%} different",
            {},
        )
    if column in ("service", "category", "subcategory", "group", "channel", "outcome", "risk"):
        few = one.distinct <= max(30, 0.3 * one.filled) and one.times < 0.5 and one.longest < 60
        return 1.0 if few else 0.35, f"{one.distinct} different values", {}
    if column in ("summary", "cause"):
        return 1.0 if one.longest > 8 and one.numbers < 0.5 else 0.4, f"texts of {one.longest:.0f} letters", {}
    return 0.8 if one.times < 0.5 else 0.2, f"{one.distinct} different values", {}
