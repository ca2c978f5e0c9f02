"""Whether a plan is written for who decides: `python tests/report/readability.py FOLDER…`.

Sentences are short, methods are called by name in the evidence alone, periods by what they are, and a measure has one name.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from agreement import Blocks

from sipnb.catalogue import KPIS

#: Words of a sentence at most, and of a plan beside the sheets of its actions.
LONGEST, WORDS = 45, 1500
#: What stands in the evidence alone.
OF_METHODS = (
    "Kaplan", "Laney", "log-rank", "Benjamini", "XmR", "p-value", "p value", "covariance", "least squares", "bootstrap",
    "autocorrelation", "censored", "median absolute", "Wilson", "Holm",
)  # fmt: skip


#: What is heard only, not prose, or folded away.
SILENT = ("svg", "pre", "details", "nav")


def blocks(markup: str) -> list[str]:
    """The texts of the main part of a page, block by block."""
    return Blocks(markup.split('<main id="main">')[1].split("</main>")[0], SILENT).found


def words(markup: str) -> int:
    """How many words a plan has beside the sheets of its actions."""
    beside = re.sub(r'<section class="sheet".*?</section>', "", markup, flags=re.DOTALL)
    return sum(len(block.split()) for block in blocks(beside))


def faults(markup: str, period: str = "month") -> Iterator[tuple[str, str]]:
    """What a director would stumble over in a plan, with the sentence."""
    told = blocks(markup)
    for block in told:
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
    yield from _names(" ".join(told))


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
