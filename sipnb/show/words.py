"""Numbers and states in words: three significant digits, a unit, and the same word for the same thing everywhere."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date
from typing import Any

NO_DATA = "no data"

_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}

#: Sign, word and style of the variation of a measure.
VARIATION = {
    "improvement": ("◆", "Better", "improvement"),
    "concern": ("▲", "Worse", "concern"),
    "common": ("●", "No real change", "common"),
    "neutral high": ("■", "Higher than usual", "neutral"),
    "neutral low": ("■", "Lower than usual", "neutral"),
    "no data": ("–", "No data", "common"),
}

#: Sign and word of a verdict's tone.
TONE = {
    "concern": ("▲", "Concern"),
    "improvement": ("◆", "Improvement"),
    "common": ("●", "No real change"),
}

#: Sign, word and style of where a target lies against the range a measure moves in.
ASSURANCE = {
    "consistently meets": ("✓", "Consistently meets", "improvement"),
    "consistently fails": ("✕", "Consistently fails", "concern"),
    "hit and miss": ("?", "Hit and miss", "common"),
    "unsettled": ("~", "Has shifted", "common"),
    "no target": ("–", "No target", "common"),
}


#: What a shift means for the target, where there is room to say it.
SHIFTED = "Has shifted; too early to say what is normal"


def of_period(text: str, period: str) -> str:
    """A text of our own with the reader's noun for a cycle, `month`: never for texts of records, whose cycles are their own.

    >>> of_period("Decided in the cycle", "month")
    'Decided in the month'
    """
    noun = {"c": period, "C": upper(period)}
    return re.sub(r"\b([Cc])ycle(?=s?\b)", lambda found: noun[found[1]], text)


def change(fact: Any) -> str:
    """Whether a measure changed, in words: its variation, what chance may have to do with it, or why it is not judged."""
    if not fact.claims:
        return fact.unjudged
    text = VARIATION[fact.variation][1]
    unsure = fact.changed and not fact.sure
    return f"{text}, may be chance" if unsure else text


def sign(currency: str) -> str:
    """The sign of a currency: `€`; its code where it has none here."""
    return _SIGNS.get(currency, currency)


def is_missing(value: Any) -> bool:
    """Whether a value is None, NaN or infinite."""
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def number(value: float | None, unit: str = "count", currency: str = "EUR") -> str:
    """A figure with its unit: `71.2 %`, `9.4 h`, `3.2 d`, `1,612`, `€ 41.80`; "no data" where there is none."""
    if is_missing(value):
        return NO_DATA
    return unsigned_zero(_number(float(value), unit, currency))


def unsigned_zero(text: str) -> str:
    """A figure that rounds to nought has no sign: `0.0 pts`, neither `-0.0 pts` nor `+0.0 pts`."""
    return text if re.search("[1-9]", text) else re.sub("[-−+]", "", text)


def _number(value: float, unit: str, currency: str) -> str:
    if unit == "share":
        percent = 100 * value
        # Close to the whole every step costs ten times the effort: 99.9 and 99.99 are not the same promise.
        digits = 0 if percent in (0, 100) else 1 if percent < 99 else 2
        return f"{percent:.{digits}f} %"
    if unit == "points":
        return f"{100 * value:.1f} pts".replace("-", "−")
    if unit == "ratio":
        return f"{100 * value:,.0f} %"
    if unit == "days":
        return f"{significant(value)} d"
    if unit == "number":
        return significant(value).replace("-", "−")
    if unit == "hours":
        per, short = _in_hours(value)
        return f"{significant(value / per)} {short}"
    if unit == "money":
        return f"{sign(currency)} {value:,.2f}" if abs(value) < 1000 else (
            f"{sign(currency)} {value:,.0f}"
        )  # fmt: skip
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 10 else significant(value)


def _in_hours(value: float) -> tuple[float, str]:
    """The unit that suits so many hours: how many hours it has, and its sign."""
    return (24.0, "d") if abs(value) >= 96 else (1.0, "h") if abs(value) >= 1 else (1 / 60, "min")


def percent(value: float | None, digits: int = 2) -> str:
    """A share with a fixed number of decimals, for figures that are compared at that precision."""
    return NO_DATA if is_missing(value) else f"{100 * value:.{digits}f} %"


def significant(value: float, digits: int = 3) -> str:
    """At most `digits` significant digits, with thousands separated."""
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{min(places, 6)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def prose(value: float | None, unit: str = "count", currency: str = "EUR") -> str:
    """A figure in a sentence: at most three significant digits, `85 %`, `15.5 points`, `€ 14,200`; counts are exact.

    A share close to the whole is written so that what it lacks has its digits: `99.71 %`.
    """
    if is_missing(value):
        return NO_DATA
    return unsigned_zero(_prose(float(value), unit, currency))


def _prose(value: float, unit: str, currency: str) -> str:
    if unit == "share":
        percent = 100 * value
        if 99 < percent < 100:
            return "over 99.99 %" if percent >= 99.995 else f"{percent:.2f}".rstrip("0").rstrip(".") + " %"
        return f"{significant(percent, 3 if percent >= 10 else 2)} %"
    if unit == "points":
        digits = 3 if abs(100 * value) >= 10 else 2
        return f"{significant(100 * value, digits)} point{'' if abs(100 * value) == 1 else 's'}".replace("-", "−")
    if unit == "money":
        mark = sign(currency)
        if abs(value) < 10:
            return f"{mark} {value:,.2f}"
        return f"{mark} {float(f'{value:.3g}'):,.0f}" if abs(value) >= 100 else f"{mark} {value:,.0f}"
    return number(value, unit, currency)


def interval(
    low: float | None,
    high: float | None,
    unit: str,
    currency: str = "EUR",
    number: Callable[..., str] = number,
    beside: float | None = None,
) -> str:
    """An interval with the unit said once: `68.9–73.4 %`; `number` writes its ends.

    Hours are in one unit at both ends: that of the value they stand `beside`, or of the longer one (`2.35–4.08 d`).
    """
    if is_missing(low) and is_missing(high):
        return "counted" if unit == "count" else "–"
    if is_missing(high):
        return f"above {number(low, unit, currency)}"
    if is_missing(low):
        return f"below {number(high, unit, currency)}"
    if unit == "hours":
        per, short = _in_hours(max(abs(low), abs(high)) if is_missing(beside) else float(beside))
        return f"{unsigned_zero(significant(low / per))}–{unsigned_zero(significant(high / per))} {short}"
    first, last = number(low, unit, currency), number(high, unit, currency)
    if " " not in first:
        return f"{first}–{last}"
    if unit == "money":
        return f"{first}–{last.split(' ', 1)[1]}"
    one, its_unit = first.rsplit(" ", 1)
    return f"{one}–{last}" if last.endswith(f" {its_unit}") else f"{first}–{last}"


def difference(now: float | None, before: float | None, unit: str, currency: str = "EUR") -> str:
    """The signed difference: points for shares, otherwise the measure's own unit."""
    if is_missing(now) or is_missing(before):
        return "–"
    gap = float(now) - float(before)
    if unit in ("share", "points", "ratio"):
        text = f"{abs(100 * gap):.{2 if abs(gap) < 0.001 else 1}f} pts"
    elif unit == "hours":
        # In the unit of the value itself: minutes beside hours would have to be converted in the reader's head.
        shown, short = (24, "d") if abs(float(now)) >= 96 else (1, "h")
        text = f"{abs(gap) / shown:.{2 if abs(float(now)) / shown < 10 else 1}f} {short}"
    else:
        text = number(abs(gap), unit, currency)
    # What rounds to nought has no direction.
    return ("±" if not re.search("[1-9]", text) else "+" if gap > 0 else "−") + text


def effect(value: float, low: float, high: float, unit: str, currency: str = "EUR") -> str:
    """By how much something would move a measure, with its interval: `+9 points (95 % interval 6–12)`."""
    scale, named, mark = _changing(unit, currency)
    ends = sorted((low * scale, high * scale), key=abs)
    if min(ends) < 0 < max(ends):
        bounds = " to ".join(_signed(end) for end in sorted(ends))
    else:
        bounds = "–".join(significant(abs(end), 2) for end in ends)
    return f"{mark}{_signed(value * scale)}{named} (95 % interval {bounds})"


def changes(one: float, other: float, unit: str, currency: str = "EUR") -> str:
    """From which to which change, the smaller first: `−3 to −7 h`."""
    scale, named, mark = _changing(unit, currency)
    ends = sorted((one * scale, other * scale), key=abs)
    return f"{mark}{_signed(ends[0])} to {_signed(ends[1])}{named}"


def _changing(unit: str, currency: str) -> tuple[float, str, str]:
    """By how much a change of a unit is multiplied to be read, and what is written after and before it."""
    scale, named = (100, " points") if unit == "share" else (1, {"hours": " h", "days": " d"}.get(unit, ""))
    return scale, named, f"{sign(currency)} " if unit == "money" else ""


def distance(value: float, goal: float, reference: str, unit: str, currency: str = "EUR") -> str:
    """How far a measure is from where it should be, which is no effect: `distance of 8.6 points from its target (10 %)`."""
    far = prose(abs(value), "points" if unit == "share" else unit, currency)
    return f"distance of {far} from its {reference} ({prose(goal, unit, currency)})"


def _signed(value: float) -> str:
    """At most two significant digits with their sign: `+9`, `−0.45`."""
    text = significant(abs(value), 2)
    return ("" if not re.search("[1-9]", text) else "+" if value > 0 else "−") + text


def rough(value: float) -> str:
    """An amount of which two digits are known: `6,200`."""
    return significant(float(f"{value:.2g}"), 2)


def probability(value: float | None) -> str:
    """A probability in whole per cent; the ends say "over" and "under" because nothing is certain."""
    if is_missing(value):
        return NO_DATA
    if value > 0.99:
        return "over 99 %"
    return "under 1 %" if value < 0.01 else f"{100 * value:.0f} %"


#: How likely something is, in words: from which probability on each is said.
_LIKELY = ((0.95, "will almost certainly"), (0.8, "will very likely"), (0.6, "will probably"), (0.4, "may well"), (0.2, "may"),
           (0.05, "will hardly"))  # fmt: skip


def likelihood(value: float, verb: str) -> str:
    """That something will happen, as a predicate: `will almost certainly miss`, `will almost certainly not miss`."""
    said = next((text for least, text in _LIKELY if value >= least), "will almost certainly not")
    return f"{said} {verb}"


def plural(n: int, noun: str, many: str | None = None) -> str:
    """`1 ticket`, `12 tickets`."""
    return f"{n:,} {noun if n == 1 else many or noun + 's'}"


def listed(parts: list[str]) -> str:
    """`a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


_ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
]


def ordinal(n: int) -> str:
    """`fifth`, `21st`."""
    if n <= len(_ORDINALS):
        return _ORDINALS[n - 1]
    ending = "th" if 11 <= n % 100 <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"


def day(iso: str, short: bool = False) -> str:
    """A day that nobody can misread: `15 November 2026`, short `15 Nov 2026`."""
    when = date.fromisoformat(iso)
    return f"{when.day} {when:{'%b' if short else '%B'}} {when.year}"


def bare(label: str) -> str:
    """A cycle's label without its year, where the page has just said the year: `November`, `week 48`, `Q1`."""
    return re.sub(r"( of)? \d{4}$", "", label)


#: Characters that turn the direction of what follows them, far beyond the text they came with.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def unturned(text: str) -> str:
    """A text without characters that would turn the direction of what follows it; its own letters keep theirs."""
    return _TURNING.sub("", text)


def turning_escaped(text: str) -> str:
    """JSON whose strings say the same, with such characters as escapes."""
    return _TURNING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def wanted(good: str) -> str:
    """On which side of a target a measure should be: `at least`, where more is better."""
    return "at least" if good == "up" else "at most"


def lower(title: str) -> str:
    """A title in the middle of a sentence."""
    return title[:1].lower() + title[1:]


def upper(sentence: str) -> str:
    """A clause at the beginning of a sentence."""
    return sentence[:1].upper() + sentence[1:]


def clipped(text: str, longest: int) -> str:
    """A text of at most `longest` characters, cut at a word and marked where it was."""
    if len(text) <= longest:
        return text
    return f"{text[: longest - 1].rsplit(' ', 1)[0]}…"
