"""What the gap analysis and the recommendations of one service cost, in seconds of CPU.

    python benchmarks/gaps.py [--service workplace]

The simulated service is drawn with about 20,000 and 195,000 tickets a year, its records are frozen, the chapters before are
run, and then the notebook is run in this process as if in one of its own: figures and tables included, without a kernel. What a
process loads once, whatever number of services it works on, is loaded before. Bars: 1.5 s and 6 s, recommendations 1 s.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from sipnb import demo, places
from sipnb import workbook as workbooks
from sipnb.chapters import notebooks
from sipnb.chapters.context import ServiceContext
from sipnb.demo.services import service as known_service
from sipnb.places import BASELINE, GAP_ANALYSIS, NOTEBOOKS, RECOMMENDATIONS, REVIEW, CycleFolder
from sipnb.records import prepare
from sipnb.records.frozen import Records

CYCLE = "2026-10"
BARS = {20_000: {GAP_ANALYSIS: 1.5, RECOMMENDATIONS: 1.0}, 195_000: {GAP_ANALYSIS: 6.0, RECOMMENDATIONS: 1.0}}


def context(folder: Path, service: str, a_year: int) -> ServiceContext:
    """The service with so many tickets a year, its records frozen."""
    demo.write(folder / "data", services=[service], scale=a_year / 12 / known_service(service).tickets_per_month)
    book = workbooks.load(places.PARAMS / "demo", data=folder / "data", reports=folder)
    cycle, place = book.cycle(CYCLE), CycleFolder(folder / "cycle")
    prepare.freeze(book, cycle, place.records)
    return ServiceContext(book, book.service(service), cycle, place, Records(place.records, service))


def afresh(service: ServiceContext) -> ServiceContext:
    """The same service as a new process finds it: nothing computed, the records read."""
    records = Records(service.folder.records, service.service.id)
    for table in ("tickets", "ticket_events"):
        records.table(table)
    return ServiceContext(service.workbook, service.service, service.cycle, service.folder, records)


def costs(service: ServiceContext, chapters: Iterable[str]) -> dict[str, float]:
    """Seconds of CPU of chapters with their figures, each after those before it were run and handed over their results."""
    import sklearn.decomposition
    import sklearn.feature_extraction.text  # noqa: F401 - loaded ahead, as a run does

    found = {}
    for chapter in (REVIEW, BASELINE, GAP_ANALYSIS, RECOMMENDATIONS):
        one = afresh(service)
        begun = time.process_time()
        notebooks.executed(NOTEBOOKS / f"{chapter}.ipynb", one)
        found[chapter] = time.process_time() - begun
    return {chapter: found[chapter] for chapter in chapters}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--service", default="workplace")
    given = parser.parse_args()
    for a_year, bars in BARS.items():
        with tempfile.TemporaryDirectory() as folder:
            spent = costs(context(Path(folder), given.service, a_year), bars)
        for chapter, bar in bars.items():
            over = "" if spent[chapter] <= bar else "  OVER"
            print(f"{a_year:>7,} tickets a year, {chapter}: {spent[chapter]:.2f} s of CPU; bar {bar:g} s{over}")


if __name__ == "__main__":
    main()
