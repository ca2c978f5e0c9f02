"""What the gap analysis of one service costs, in seconds of CPU.

    python benchmarks/gaps.py [--service workplace]

The simulated service is drawn with about 20,000 and 195,000 tickets a year, its records are frozen, the chapters before are
computed, and then the notebook of the gap analysis is run in this process: figures and tables included, without a kernel. What
a process loads once, whatever number of services it works on, is loaded before. Bars: 1.5 s and 6 s.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from sipnb import demo, places
from sipnb import workbook as workbooks
from sipnb.chapters import notebooks
from sipnb.chapters.context import ServiceContext
from sipnb.demo.services import service as known_service
from sipnb.places import BASELINE, GAP_ANALYSIS, NOTEBOOKS, REVIEW, CycleFolder
from sipnb.records import prepare
from sipnb.records.frozen import Records

CYCLE = "2026-10"
BARS = {20_000: 1.5, 195_000: 6.0}


def context(folder: Path, service: str, a_year: int) -> ServiceContext:
    """The service with so many tickets a year, its records frozen."""
    demo.write(folder / "data", services=[service], scale=a_year / 12 / known_service(service).tickets_per_month)
    book = workbooks.load(places.PARAMS / "demo", data=folder / "data", reports=folder)
    cycle, place = book.cycle(CYCLE), CycleFolder(folder / "cycle")
    prepare.freeze(book, cycle, place.records)
    return ServiceContext(book, book.service(service), cycle, place, Records(place.records, service))


def cost(service: ServiceContext) -> float:
    """Seconds of CPU of the chapter, with its figures, after the chapters before it and with the records read."""
    for chapter in (REVIEW, BASELINE):
        service.earlier(chapter)
    for table in ("tickets", "ticket_events"):
        service.records.table(table)
    import sklearn.decomposition
    import sklearn.feature_extraction.text  # noqa: F401 - loaded ahead, as a run does

    begun = time.process_time()
    notebooks.executed(NOTEBOOKS / f"{GAP_ANALYSIS}.ipynb", service)
    return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--service", default="workplace")
    given = parser.parse_args()
    for a_year, bar in BARS.items():
        with tempfile.TemporaryDirectory() as folder:
            one = context(Path(folder), given.service, a_year)
            spent = cost(one)
        print(f"{a_year:>7,} tickets a year: {spent:.2f} s of CPU; bar {bar:g} s{'' if spent <= bar else '  OVER'}")


if __name__ == "__main__":
    main()
