"""Whether a plan is written for who decides: `python tests/report/readability.py FOLDER…`.

Sentences are short, methods are called by name in the evidence alone, periods by what they are, and a measure has one name.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from sipnb.catalogue import KPIS

#: Words of a sentence at most, and of a plan beside the sheets of its actions.
LONGEST, WORDS = 45, 1500
#: What stands in the evidence alone.
OF_METHODS = (
    "Kaplan", "Laney", "log-rank", "Benjamini", "XmR", "p-value", "p value", "covariance", "least squares", "bootstrap",
    "autocorrelation", "censored", "median absolute", "Wilson", "Holm",
)  # fmt: skip


BLOCKS = {
    "p",
    "li",
    "td",
    "th",
    "dd",
    "dt",
    "h1",
    "h2",
    "h3",
    "h4",
    "figcaption",
    "caption",
    "summary",
    "div",
    "section",
}
SILENT = {"script", "style", "svg", "pre", "details", "nav"}


BLOCKS = {
    "p", "li", "td", "th", "dd", "dt", "h1", "h2", "h3", "h4", "figcaption", "caption", "summary", "div", "section",
}  # fmt: skip
SILENT = {"script", "style", "svg", "pre", "details", "nav"}


class Blocks(HTMLParser):
    """The texts of the main part of a page, block by block; code, data of figures and what is only heard are left out."""

    def __init__(self, markup: str):
        super().__init__(convert_charrefs=True)
        self.found, self._silent = [""], 0
        self.feed(markup.split('<main id="main">')[1].split("</main>")[0])
        self.found = [" ".join(one.split()) for one in self.found if one.strip()]

    def handle_starttag(self, tag, attrs):
        self._silent += tag in SILENT
        if tag in BLOCKS or "detail" in (dict(attrs).get("class") or ""):
            self.found.append("")

    def handle_endtag(self, tag):
        self._silent -= tag in SILENT
        if tag in BLOCKS:
            self.found.append("")

    def handle_data(self, data):
        if not self._silent:
            self.found[-1] += data


def words(markup: str) -> int:
    """How many words a plan has beside the sheets of its actions."""
    beside = re.sub(r'<section class="sheet".*?</section>', "", markup, flags=re.DOTALL)
    return sum(len(block.split()) for block in Blocks(beside).found)


def faults(markup: str, period: str = "month") -> Iterator[tuple[str, str]]:
    """What a director would stumble over in a plan, with the sentence."""
    blocks = Blocks(markup).found
    for block in blocks:
        for name in OF_METHODS:
            if name in block:
                yield f"{name} belongs into the evidence", block
        if period != "cycle" and re.search(r"\bcycles?\b", block):
            yield f"a cycle is a {period}", block
        for sentence in re.split(r"(?<=[.!?;:]) ", block):
            if len(sentence.split()) > LONGEST:
                yield f"{len(sentence.split())} words", sentence
    if (count := words(markup)) > WORDS:
        yield f"{count:,} words beside the sheets", ""
    yield from _names(" ".join(blocks))


def _names(text: str) -> Iterator[tuple[str, str]]:
    """Names of one measure that stand beside its title and its noun."""
    for other in ("attainment", "within target", "SLA"):
        if re.search(rf"\b{other}\b", text):
            yield f"another name for “{KPIS['sla_attainment'].title}”: {other}", ""


def main(folders: list[str]) -> None:
    pages, wrong = 0, 0
    for folder in folders:
        for page in sorted(Path(folder).rglob("*-evidence.html")):
            plan = page.with_name(page.name.replace("-evidence", ""))
            pages += 1
            for why, text in faults(plan.read_text(encoding="utf-8")):
                wrong += 1
                print(f"{plan.name}: {why}: {text[:300]}")
    print(f"{pages} plans, {wrong} faults")


if __name__ == "__main__":
    main(sys.argv[1:])
