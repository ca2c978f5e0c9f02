"""Texts that no spreadsheet takes for a formula, and that are read back as they were.

What begins like a formula is preceded by an apostrophe, as in all downloads (`show.display.harmless`); what had one there already
gets another, so that each that is taken away again was one that had been added.
"""

from __future__ import annotations

import re

from sipnb.show import words
from sipnb.show.display import harmless

#: Where an apostrophe may have been added: where a cell begins, also in another country's spreadsheet.
_PLACE = re.compile(r"^|(?<=[;\t\r\n])")
_UNSEEN = r"\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2028-\u202f\u2060\ufeff"
#: What begins like a formula behind an apostrophe or more.
_BEHIND = re.compile(rf"'+(?:[{_UNSEEN}\"]*[=+\-@＝＋－＠]|[\t\r\n])")


def guarded(text: str) -> str:
    """A text as a cell of CSV holds it."""
    text = words.unturned(text)
    return harmless(_PLACE.sub(lambda place: "'" if _BEHIND.match(text, place.start()) else "", text))


def unguarded(text: str) -> str:
    """A text of a cell of CSV as it was."""
    if "'" in text:
        # From the end: what begins like a formula is seen through what stands behind it as it was.
        for place in reversed([place.start() for place in _PLACE.finditer(text)]):
            if _BEHIND.match(text, place):
                text = text[:place] + text[place + 1 :]
    return text
