"""Whether pages are written for who decides: `python tests/report/readability.py FOLDER…`, folders of published cycles.

Sentences are short, methods are called by name in the evidence alone, cycles by what they are, and a measure has one name.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from agreement import Blocks

from sipnb import cycles
from sipnb.catalogue import KPIS, WORDS

#: Words of a sentence at most, of a plan beside the sheets of its actions, and of what helps to read figures.
LONGEST, MOST, HELP = 45, 1500, 120
#: Pages on which methods have their place, and long sentences with them.
OF_METHODS = ("evidence", "methods", "data-quality")
#: What is heard only, not prose, or folded away.
SILENT = ("svg", "pre", "details", "nav")
#: Definitions hold for cycles of every kind: those on the evidence, those on the page of methods, and the word itself.
_DEFINED = re.compile(
    r'<details class="definitions">.*?</details>|<section[^>]*aria-labelledby="definitions">.*?</section>'
    r"|<div><dt>Cycle</dt>.*?</div>",
    re.DOTALL,
)


def kind(page: Path) -> str:
    """What a page of a published folder is: `plan`, `evidence`, or its name where there is one of it."""
    if page.stem.endswith("-evidence"):
        return "evidence"
    return "plan" if page.with_name(f"{page.stem}-evidence.html").is_file() else page.stem


def pages(folder: Path) -> list[Path]:
    """The pages that readers of a cycle meet, those over all its organisation's cycles included."""
    return [*sorted(folder.rglob("*.html")), *sorted(folder.parent.glob("*.html"))]


def blocks(markup: str) -> list[str]:
    """The texts of the main part of a page, block by block."""
    return Blocks(markup.split('<main id="main">')[1].split("</main>")[0], SILENT).found


def words(markup: str) -> int:
    """How many words a plan has beside the sheets of its actions."""
    beside = re.sub(r'<section class="sheet".*?</section>', "", markup, flags=re.DOTALL)
    return sum(len(block.split()) for block in blocks(beside))


def faults(markup: str, period: str = "month", kind: str = "plan") -> Iterator[tuple[str, str]]:
    """What a director would stumble over in a page, with the sentence."""
    yield from _cycles(markup, period)
    yield from _help(markup)
    if kind in OF_METHODS:
        return
    told = blocks(markup)
    for block in told:
        for name in WORDS.methods:
            if name in block:
                yield f"{name} belongs into the evidence", block
        for kpi, names in WORDS.other_names.items():
            for other in names:
                if re.search(rf"\b{re.escape(other)}\b", block):
                    yield f"another name for “{KPIS[kpi].title}”: {other}", block
        for sentence in re.split(r"(?<=[.!?;:]) ", block):
            if len(sentence.split()) > LONGEST:
                yield f"{len(sentence.split())} words", sentence
    if kind == "plan" and (count := words(markup)) > MOST:
        yield f"{count:,} words beside the sheets", ""


def _cycles(markup: str, period: str) -> Iterator[tuple[str, str]]:
    """Cycles that a reader calls otherwise; folded tables and drawings are read, too, code and definitions are not."""
    for block in Blocks(_DEFINED.sub("", markup), ("pre",)).found:
        if re.search(r"\bcycles?\b", block, re.IGNORECASE):
            yield f"a cycle is a {period}", block


def _help(markup: str) -> Iterator[tuple[str, str]]:
    """What helps to read figures, with the key of its signs, is read by nobody where it is long."""
    for section in re.findall(r'<section[^>]*aria-labelledby="reading">.*?</section>', markup, re.DOTALL):
        count = sum(len(block.split()) for block in Blocks(section.split("<dl")[0], SILENT).found)
        if count > HELP:
            yield f"{count} words of help", ""


def main(folders: list[str]) -> None:
    count, wrong = 0, 0
    for folder in map(Path, folders):
        for page in pages(folder):
            count += 1
            for why, text in faults(page.read_text(encoding="utf-8"), cycles.noun(folder.name), kind(page)):
                wrong += 1
                print(f"{page.name}: {why}: {text[:300]}")
    print(f"{count} pages, {wrong} faults")


if __name__ == "__main__":
    main(sys.argv[1:])
