"""What came out of an export, made fit to be looked at: nothing invisible, nothing endless; shares and days in words.

The templates escape it; what is done here is for the eye.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

#: Characters of a value that are shown.
LONGEST = 100

_SIGNS = {"\t": "⇥", "\n": "↵", "\r": "␍"}


def shown(text: object) -> str:
    """Text in which nothing is invisible: control, formatting and unusual space characters by name."""
    return "".join(_SIGNS.get(c) or (f"‹U+{ord(c):04X}›" if _unseen(c) else c) for c in str(text))


def value(text: str | None) -> str:
    """A value as it stood in the export: blanks at its ends and in runs visible, cut where it is long."""
    if not text:
        return ""
    cut = len(text) > LONGEST
    blanks = re.sub(r"^ +| {2,}| +$", lambda found: "␣" * len(found[0]), text[:LONGEST])
    return shown(blanks) + ("…" if cut else "")


def share(part: int, whole: int) -> str:
    """A share with one decimal; it is 0 or 100 % only where it is exactly that."""
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 0.1:
        return "under 0.1 %"
    return "over 99.9 %" if 99.9 < percent < 100 else f"{percent:.{0 if percent in (0, 100) else 1}f} %"


def day(text: str, short: bool = False) -> str:
    """A day of ISO form in words, `1 June 2016` or short `1 Jun 2016`; as it stands where no calendar has it."""
    try:
        when = date.fromisoformat(text[:10])
    except ValueError:
        return shown(text)
    return f"{when.day} {when:{'%b' if short else '%B'}} {when.year}"


def _unseen(c: str) -> bool:
    return c != " " and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zs", "Zl", "Zp")
