"""What a reader sees of pages, before and after a change: `python tests/report/visible_text.py BEFORE AFTER`.

Both are folders of published cycles. Each page's visible text, a line a paragraph, heading, cell or item, is compared with that
of the page of the same name; code of notebooks, and the hashes that name a version, are not text.
"""

from __future__ import annotations

import difflib
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

_BLOCKS = {
    "p", "li", "h1", "h2", "h3", "h4", "h5", "td", "th", "caption", "summary", "dt", "dd", "figcaption", "tr", "table", "ul",
    "ol", "section", "div", "details", "title", "a", "option", "label", "text", "tspan",
}  # fmt: skip
_SILENT = {"script", "style", "template"}
_HASH = re.compile(r"\b[0-9a-f]{10,64}\b")


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.lines, self.line, self.hidden, self.code = [], [], 0, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in _SILENT
        self.code += tag == "pre" and (self.code or "code" in (dict(attrs).get("class") or "").split())
        if tag in _BLOCKS or tag == "br":
            self.end()

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in _SILENT and self.hidden > 0
        self.code -= tag == "pre" and self.code > 0
        if tag in _BLOCKS:
            self.end()

    def handle_data(self, data: str) -> None:
        if not self.hidden and not self.code:
            self.line.append(data)

    def end(self) -> None:
        text = " ".join("".join(self.line).split())
        self.line = []
        if text:
            self.lines.append(_HASH.sub("#", text))


def lines(page: Path) -> list[str]:
    """The visible text of a page, a line a block."""
    parser = _Text()
    parser.feed(page.read_text(encoding="utf-8"))
    parser.end()
    return parser.lines


def compared(before: Path, after: Path) -> dict[str, list[str]]:
    """By page, the lines that only one of the two folders has, `-` before and `+` after; pages that are the same are left out."""
    pages = sorted({p.relative_to(root).as_posix() for root in (before, after) for p in root.rglob("*.html")})
    found = {}
    for page in pages:
        texts = [lines(root / page) if (root / page).is_file() else [] for root in (before, after)]
        differ = [
            line
            for line in difflib.unified_diff(*texts, lineterm="", n=0)
            if line[0] in "+-" and line[:3] not in ("---", "+++")
        ]
        if differ:
            found[page] = differ
    return found


if __name__ == "__main__":
    for page, differ in compared(Path(sys.argv[1]), Path(sys.argv[2])).items():
        print(f"== {page}", *differ, sep="\n")
