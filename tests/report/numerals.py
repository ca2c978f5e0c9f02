"""Which numerals a plan's prose uses, and which its JSON twin can account for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

#: A number as prose writes it: `1,612`, `69.5`, `0.057`.
NUMERAL = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")

#: Levels and sizes that are part of a method, not of the data: 95 % and 80 % intervals, false discoveries at 5 %, "over 99 %"
#: and "under 1 %", the 13 points that limits need.
OF_METHODS = {"95", "80", "5", "100", "0", "0.001", "99", "99.99", "1", "13"}

#: The unit of facts that do not say theirs.
UNITS = {"miss": "share", "share": "share", "budget": "hours", "down": "hours", "maintenance": "hours"}

#: Facts that are sentences themselves: a numeral in one of them accounts for nothing.
SENTENCES = {"sentence", "text", "why", "finding", "evidence", "effect", "cost", "caution", "considered"}

PROSE = (
    ".sentence", ".caution", ".matters", ".decisions", ".news", ".prose", ".note", ".finding", ".card", ".asked-for", ".sheet",
)  # fmt: skip


class Prose(HTMLParser):
    """The sentences of a page: verdict, points, decisions, news, paragraphs, findings of figures."""

    def __init__(self, markup: str):
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        if tag in ("br", "meta", "input", "img", "link", "hr", "wbr"):
            return
        classes = (dict(attrs).get("class") or "").split()
        within = bool(self._open) and self._open[-1][1]
        starts = not within and any(f".{one}" in PROSE for one in classes)
        if starts:
            self.found.append("")
        self._open.append((tag, (within or starts) and tag not in ("svg", "table", "script", "summary")))

    def handle_endtag(self, tag):
        if tag in ("li", "p", "dd") and self._open and self._open[-1][1]:
            self.found[-1] += " "
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if self._open and self._open[-1][1]:
            self.found[-1] += data


def document(page: Path) -> str:
    """The markup of a page; of a plan with that of its evidence, which is the same document."""
    behind = page.with_name(f"{page.stem}-evidence.html")
    return page.read_text(encoding="utf-8") + (behind.read_text(encoding="utf-8") if behind.is_file() else "")


def twin(markup: str) -> dict[str, Any]:
    return json.loads(re.search(r'<script type="application/json" id="report">(.*?)</script>', markup, re.DOTALL)[1])


def unaccounted(markup: str) -> list[tuple[str, str]]:
    """Every numeral of the page's prose that its twin does not hold, with the sentence it stands in."""
    known = OF_METHODS | set(_known(twin(markup)))
    return [
        (numeral, " ".join(sentence.split()))
        for sentence in Prose(markup).found
        for numeral in NUMERAL.findall(sentence)
        if numeral.rstrip(",") not in known
    ]


def _known(value: Any, key: str = "", unit: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        unit = value.get("unit") or unit
        for name, one in value.items():
            yield from NUMERAL.findall(str(name))
            yield from _known(one, name, UNITS.get(name, unit))
    elif isinstance(value, list):
        yield str(len(value))
        for one in value:
            yield from _known(one, key, unit)
    elif isinstance(value, str):
        if key in SENTENCES:
            return
        yield from NUMERAL.findall(value)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            yield from (part.lstrip("0") for part in value.split("-"))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        whole = isinstance(value, int) or key in ("numerator", "denominator")
        yield from _written(abs(float(value)), "count" if whole else unit)


def _written(value: float, unit: str) -> Iterator[str]:
    """The ways in which a fact of a unit may stand in prose: shares as per cent, hours as minutes or days, too."""
    scales = {
        "share": [100.0], "points": [100.0], "ratio": [100.0], "hours": [1.0, 60.0] if value < 1 else [1.0, 1 / 24],
        "": [100.0, 1.0] if value <= 1 else [1.0, 1 / 24] if value >= 96 else [1.0],
    }.get(unit, [1.0])  # fmt: skip
    for scaled in (value * scale for scale in scales):
        yield f"{scaled:,.0f}"
        if unit == "count":
            continue
        for digits in (1, 2):
            text = f"{scaled:,.{digits}f}"
            yield text
            yield text.rstrip("0").rstrip(".")
        for digits in (2, 3):
            yield f"{float(f'{scaled:.{digits}g}'):,.6f}".rstrip("0").rstrip(".")
