"""What the values of a column look like: times, levels, states, flags, spans of time, numbers, identifiers.

Everything here is a pure function of texts; `placing` weighs it against what the columns are called.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from sipnb.records.suggest import synonyms, times
from sipnb.tables import TABLES

_IDENTIFIER = re.compile(r"[#(]?[^\W_]{0,12}([-_#:/. ]{0,2}[^\W_]*\d[^\W_]*){1,6}\)?|[0-9a-f-]{32,36}|[\d\s]+")
_DECIMAL = re.compile(r"[+-]?\d*[.,]\d+")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)?|\d{1,3}([.,'’ \u00a0\u202f]\d{3})+([.,]\d+)?)")
_SPAN = re.compile(r"[+-]?\d+:\d{2}(:\d{2})?")
_WORDED = re.compile(
    r"(?i)(\d+([.,]\d+)?\s*(w|d|h|m|s|mo|wk|weeks?|days?|hrs?|hours?|mins?|minutes?|secs?|seconds?|tage?|std|stunden?"
    r"|jours?|heures?|días?|horas?|dias?|minutos?|dagen|dag|uur|uren|minuten|giorni|giorno|ore|ora|minuti)\b[\s,.]*)+"
)
_LEVELS = ("priority", "impact", "urgency")
_KINDS = {"tickets": "kinds", "changes": "kinds_of_change", "outages": "kinds_of_outage"}
#: What a number in front of a record's number says about the table.
_PREFIXES = {
    **dict.fromkeys(
        ("INC", "REQ", "RITM", "SCTASK", "SR", "IM", "TKT", "CASE", "CS", "SCT", "WO", "TICKET", "HD"), "tickets"
    ),
    **dict.fromkeys(("PRB", "PBI", "PKE", "PROB"), "problems"),
    **dict.fromkeys(("CHG", "CRQ", "RFC", "CHNG"), "changes"),
}
#: So many different values say what a column holds.
_ENOUGH = 400


@dataclass(frozen=True)
class Profile:
    """One column of a sample: how many values it has, and some of them, the most frequent first."""

    name: str
    rows: int
    filled: int
    counts: dict[str, int]
    distinct: int
    days: times.Days = field(default_factory=times.Days)

    @property
    def longest(self) -> float:
        """The mean length of its values."""
        return self._mean(len)

    def share(self, fits: Any) -> float:
        """The share of the values whose text passes `fits`."""
        return self._mean(lambda value: bool(fits(value)))

    def _mean(self, of: Any) -> float:
        return sum(of(v) * n for v, n in self.counts.items()) / max(sum(self.counts.values()), 1)

    @cached_property
    def shapes(self) -> Counter[str]:
        """How its values are written as times: shapes, with A and B where day or month may stand, to values."""
        found: Counter[str] = Counter()
        for value, n in self.counts.items():
            shape = times.shape(value)
            if shape:
                found[shape] += n
        return found

    @cached_property
    def times(self) -> float:
        return sum(self.shapes.values()) / max(sum(self.counts.values()), 1)

    @cached_property
    def dated(self) -> float:
        """The share of values that are times to the eye: a number of digits alone may be anything."""
        return self.share(lambda v: times.shape(v) and not v.isdigit())

    @cached_property
    def serials(self) -> float:
        return self.share(times.serial)

    @cached_property
    def numbers(self) -> float:
        return self.share(_NUMBER.fullmatch)

    @cached_property
    def spans(self) -> float:
        return self.share(_SPAN.fullmatch)

    @cached_property
    def worded(self) -> float:
        """The share of spans of time in words, as `1d 3h`."""
        return self.share(_WORDED.fullmatch)

    @cached_property
    def coded(self) -> float:
        """The share of values that look like identifiers: short, with a digit, no date and no decimal."""
        return self.share(lambda v: len(v) <= 40 and _IDENTIFIER.fullmatch(v) and not _DECIMAL.fullmatch(v))

    @property
    def unique(self) -> float:
        return self.distinct / max(self.filled, 1)


def profile(name: str, texts: pd.Series, marks: Iterable[str]) -> Profile:
    """The profile of one column of texts, missing-value marks left out."""
    counts = texts.dropna().astype(str).str.strip().value_counts(sort=False)
    counts = counts[~counts.index.isin(["", *marks])]
    # The order must not depend on the order of the rows alone: the same sample gives the same suggestion.
    counts = counts.sort_index().sort_values(ascending=False, kind="stable")
    # Half are the most frequent; the others are taken all over, or of times only the first days would be seen.
    rest = max(len(counts) - _ENOUGH // 2, 0)
    kept = [*range(len(counts) - rest), *(len(counts) - rest + i * rest // (_ENOUGH // 2) for i in range(_ENOUGH // 2))]
    some = counts.iloc[sorted({i for i in kept if i < len(counts)})] if len(counts) > _ENOUGH else counts
    told = {str(value): int(n) for value, n in some.items()}
    return Profile(name, len(texts), int(counts.sum()), told, len(counts), times.days(counts.index))


def table_of(one: Profile) -> str | None:
    """The table that the letters before the numbers of a column speak of (`INC0001`, `PRB0001`)."""
    found: Counter[str] = Counter()
    for value, n in one.counts.items():
        letters = re.match(r"([A-Za-z]{2,6})[-_ ]?\d{2,}", value)
        if letters and letters[1].upper() in _PREFIXES:
            found[_PREFIXES[letters[1].upper()]] += n
    table, n = found.most_common(1)[0] if found else (None, 0)
    return table if n > 0.5 * sum(one.counts.values()) else None


def commas(found: Iterable[Profile]) -> bool:
    """Whether the numbers of an export are written with a decimal comma: some have one that can be nothing else."""
    comma = dot = 0
    for one in found:
        comma += sum(
            n
            for v, n in one.counts.items()
            if re.fullmatch(r"[+-]?[\d. ’']*\d*,(\d{1,2}|\d{4,})|[+-]?0,\d+|.*\.\d{3},\d+", v)
        )
        dot += sum(
            n
            for v, n in one.counts.items()
            if re.fullmatch(r"[+-]?[\d, ’']*\d*\.(\d{1,2}|\d{4,})|[+-]?0\.\d+|.*,\d{3}\.\d+", v)
        )
    return comma > dot


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


def look(table: str, column: str, one: Profile) -> tuple[float | None, str, dict[str, Any]]:
    """How well the values look like a canonical column (None: there are none), in words, and how a mapping reads them."""
    kind, said = TABLES[table].columns[column].kind, synonyms.words()
    if not one.filled:
        return None, "no values", {}
    if kind == "time":
        return _time(table, column, one)
    if kind == "date":
        share = max(one.times, one.share(lambda v: re.fullmatch(r"\d{4}-\d{2}", v)))
        return share, f"{share:.0%} dates", {}
    if column in _LEVELS:
        share, entry = levels(one, said["levels"])
        return share, f"{share:.0%} levels", entry
    if column == "kind":
        share, entry = spelled(one, said[_KINDS[table]], synonyms.kind if table == "tickets" else synonyms.meaning)
        return share, f"{share:.0%} known kinds", {"map": entry}
    if column == "state":
        share, entry = spelled(one, said["states"], synonyms.state)
        few = one.distinct <= 40
        return (0.5 + share / 2) * few, f"{one.distinct} values, {share:.0%} known states", {"map": entry}
    if column == "resolver":
        share, entry = spelled(one, said["resolvers"])
        return share, f"{share:.0%} people or machines", {"map": entry}
    if kind == "flag":
        return _flag(one)
    if kind in ("integer", "number"):
        return _number(column, one)
    return _text(table, column, one)


def _time(table: str, column: str, one: Profile) -> tuple[float, str, dict[str, Any]]:
    span = synonyms.is_span(one.name)
    start = {"acknowledged": "opened", "resolved": "opened", "ended": "started"}.get(column)
    if start and one.dated < 0.3 and (span or synonyms.unit(one.name)):
        seen = max(one.numbers, one.spans, one.worded) * (1 - one.share(lambda v: v.startswith("-")))
        unit = _unit(one, "")
        if unit:
            return 0.9 * seen, f"{unit} after {start}", {"unit": unit, "after": start}
        return (
            0.5 * seen,
            f"no unit is told, minutes after {start} are taken: check it",
            {"unit": "minutes", "after": start},
        )
    # A count of days may be anything: it is a time where its name says so and nothing else.
    if one.serials > 0.9 and one.times < 0.5:
        return 0.9 * one.serials, f"{one.serials:.0%} dates as spreadsheets count them", {}
    # A word or two among times means that there is none; anything with digits may be a slip and is left to be seen.
    words = [v for v in one.counts if not times.shape(v) and v.replace(" ", "").isalpha()]
    return one.times, f"{one.times:.0%} times", {"map": dict.fromkeys(words) if len(words) <= 2 else {}}


def _unit(one: Profile, otherwise: str) -> str:
    """The unit of a column of spans: by how they are written, by its name, or `otherwise`."""
    if one.spans > 0.9:
        return "h:mm"
    return synonyms.unit(one.name) or ("minutes" if one.worded > 0.9 else otherwise)


def weighed(score: float, seen: float | None, one: Profile) -> float:
    """The evidence of a name, lessened by what the values look like."""
    if seen is None:
        return 0.85 * score if not one.rows else 0.55 * score
    return 0.99 * min(1.0, score * (0.4 + 0.6 * seen) if seen >= 0.3 else score * seen)


def levels(one: Profile, words: dict[str, int]) -> tuple[float, dict[str, Any]]:
    """How well values are levels 1 to 5, and what a mapping says to read them: a pattern or a map."""
    plain = {v for v in one.counts if re.fullmatch(r"[1-5](\.0)?", v)}
    others = {v: synonyms.level(v, words) for v in one.counts if v not in plain and not v.isdigit()}
    share = one.share(lambda v: v in plain or others.get(v))
    # Where nearly all is known, a value that nobody knows becomes missing, or its row would be set aside as unreadable.
    if share > 0.9 and plain:
        return share, {"map": others}
    numbered = {v: match for v in one.counts if (match := re.match(r"([1-5])(?!\d)\W*([^\W\d].*)?$", v))}
    share = one.share(lambda v: v in numbered)
    if share > 0.9 and not one.share(_DECIMAL.fullmatch):
        said = {m[2]: level for m in numbered.values() if m[2] and (level := synonyms.level(m[2], words))}
        pairs = sorted((int(m[1]), said[m[2]]) for m in numbered.values() if m[2] in said)
        if pairs and pairs[0][0] < pairs[-1][0] and pairs[0][1] > pairs[-1][1]:
            # "1 low", "3 high": the number counts upwards, the word says what is meant.
            return share, {"pattern": r"^\d\W*(.*)$", "map": said}
        return share, {"pattern": r"^(\d)"}
    share = one.share(
        lambda v: re.fullmatch(
            r"(?i)(p|s|prio|sev|priority|severity|priorität|prioriteit|prioridad|priorità)[ -_]?[1-5]\b.*", v
        )
    )
    if share > 0.9:
        return share, {"pattern": r"(\d)"}
    known = {v: level for v, level in others.items() if level}
    share = one.share(lambda v: v in known)
    return share, {"map": others} if share > 0.3 and one.distinct <= 20 else {}


def spelled(one: Profile, words: dict[str, Any], means: Any = None) -> tuple[float, dict[str, Any]]:
    """How many rows have a value that `words` know, and the map of those values (written as they are in the export)."""
    means = means or (lambda value, known: known.get(synonyms.plain(value)))
    known = {v: said for v in one.counts if (said := means(v, words)) is not None}
    return one.share(lambda v: v in known), known


def both_kinds(one: Profile) -> bool:
    """Whether a column tells incidents from requests, whatever it is called: all its values do."""
    if not 2 <= one.distinct <= 20:
        return False
    share, entry = spelled(one, synonyms.words()["kinds"])
    return share > 0.95 and set(entry.values()) == {"incident", "request"}


def unknown(column: str, one: Profile, entry: dict[str, Any]) -> list[str]:
    """The values of a state, kind or level that the proposed map does not know: a person has to place them."""
    if column not in ("state", "kind", *_LEVELS) or "map" not in entry or "pattern" in entry or one.distinct > 60:
        return []
    known = {v.casefold() for v, said in entry["map"].items() if said is not None}
    return sorted(v for v in one.counts if v.casefold() not in known and not re.fullmatch(r"[1-5](\.0)?", v))


def _flag(one: Profile) -> tuple[float, str, dict[str, Any]]:
    words = synonyms.words()
    opposite = any(spelling in words["breached"] for spelling, _ in synonyms.spellings(one.name))
    below = one.share(lambda v: v.startswith("-"))
    if one.spans > 0.9 or (one.numbers > 0.9 and below > 0):
        unit = "h:mm" if one.spans > 0.9 else "seconds"
        return 1.0, "what is left, negative where late", {"unit": unit, "negative": opposite}
    if one.numbers > 0.9 and set(one.counts) - {"0", "1"}:
        return 0.0, "numbers", {}
    share, entry = spelled(one, words["met"])
    # "Breached: yes" says the opposite of "Breached: within SLA", whose words speak for themselves.
    plain = {"true", "false", "yes", "no", "y", "n", "t", "f", "1", "0", "x"} | words["agree"]
    entry = {v: met != (opposite and synonyms.plain(v) in plain) for v, met in entry.items()}
    unknown = {v: None for v in one.counts if v not in entry} if share > 0.5 and one.distinct <= 20 else {}
    return share, f"{share:.0%} yes or no" + (", turned round" if opposite else ""), {"map": entry | unknown}


def _number(column: str, one: Profile) -> tuple[float, str, dict[str, Any]]:
    span = column in ("on_hold", "effort")
    if span and max(one.spans, one.worded) > 0.9:
        said = "h:mm" if one.spans > one.worded else "in words"
        return max(one.spans, one.worded), f"spans {said}", {"unit": _unit(one, "minutes")}
    below = one.share(lambda v: v.startswith("-"))
    if column == "reassigned" and any(s in synonyms.words()["assigned"] for s, _ in synonyms.spellings(one.name)):
        # The first assignment is none of being passed on; a number beyond the map would go on as it is.
        most = max([12, *(int(v) + 10 for v in one.counts if v.isdigit() and int(v) < 90)])
        entry = {"0": 0} | {str(n): n - 1 for n in range(1, most + 1)}
        return one.numbers * (1 - below), "it counts the first assignment, too: one less is taken", {"map": entry}
    unit = synonyms.unit(one.name) or ("hours" if column == "effort" else "seconds")
    seen = f"{one.numbers:.0%} numbers" + (f" read as {unit}" if span else "")
    told = synonyms.unit(one.name) or (column == "effort" and one.share(_DECIMAL.fullmatch) > 0.1)
    seen += ", which its name does not say: check it" if span and not told else ""
    whole = (
        one.share(_DECIMAL.fullmatch) < 0.1
        if TABLES["tickets"].columns.get(column) and column in ("reopened", "reassigned")
        else True
    )
    return one.numbers * (1 - below) * whole, seen, {"unit": unit} if span else {}


def _text(table: str, column: str, one: Profile) -> tuple[float, str, dict[str, Any]]:
    if column in TABLES[table].key:
        unique = min(one.unique, 1)
        # What repeats may still be an identifier, of a history: `placing` looks at the rows. A few values never are.
        short = one.distinct <= 12 < one.filled and unique < 0.5 and one.longest < 5
        few = one.distinct < max(2, 0.005 * one.filled) or short
        seen = one.coded * (0.5 + 0.5 * unique) * (one.dated < 0.9) * (not few)
        return seen, f"{one.coded:.0%} identifiers, {unique:.0%} different", {}
    if column in ("service", "category", "subcategory", "group", "channel", "outcome", "risk", "severity"):
        few = one.distinct <= max(30, 0.3 * one.filled) and one.times < 0.5 and one.longest < 60
        numbers = one.numbers > 0.9 and column in ("group", "channel", "service")
        return (1.0 if few else 0.35) * (0.6 if numbers else 1), f"{one.distinct} different values", {}
    if column in ("summary", "cause"):
        return 1.0 if one.longest > 8 and one.numbers < 0.5 else 0.4, f"texts of {one.longest:.0f} letters", {}
    if column in ("problem", "change"):
        return (0.9 if one.coded > 0.8 else 0.2) * (one.dated < 0.5), f"{one.coded:.0%} identifiers", {}
    return 0.8 if one.times < 0.5 else 0.2, f"{one.distinct} different values", {}
