"""Removing what is of single people once a cycle is old enough: frozen records with the quarantine, executed notebooks.

How old a cycle is counts from its end, by the clock. Pages, results and downloads stay, and can be reached as before. A note
stands in the place of the records (`frozen.PRUNED`): a run of that cycle stops with the reason, and does not silently make
another plan of what the exports hold now. It can be made again from its sources only.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from sipnb import cycles
from sipnb.chain import lock
from sipnb.places import CycleFolder, cycle_folder, private, private_file
from sipnb.records.frozen import PRUNED
from sipnb.workbook import Workbook


@dataclass(frozen=True)
class Removal:
    """One folder that is older than it is to be kept: whose cycle, what it holds, where, and its size in bytes."""

    cycle: str
    what: str
    path: Path
    size: int


def due(workbook: Workbook, today: date) -> list[Removal]:
    """What has been kept for as long as `retention` in `workbook.yml` says, the oldest cycle first; removes nothing.

    A cycle's age counts from its end. Nothing where the workbook says nothing.
    """
    kept, found = workbook.settings.retention, []
    for name, end in _cycles(workbook):
        folder = cycle_folder(workbook.reports, workbook.name, name)
        bench = workbook.reports / workbook.name / "workbench" / name
        if _over(end, kept.records, today):
            found += _there(name, "frozen records", folder.records)
            found += _there(name, "an unfinished run", folder.building.root, folder.papers)
            found += _there(name, "records of the workbench", bench / "records")
        if _over(end, kept.notebooks, today):
            found += _there(name, "executed notebooks", folder.root / "notebooks")
            found += _there(name, "notebooks of the workbench", *sorted(bench.glob("*/*.ipynb")))
    return found


def prune(workbook: Workbook, removals: list[Removal], today: date) -> Iterator[tuple[Removal, str]]:
    """Remove them one by one; yields each with an empty text, or with why it was left, such as a run that is going on."""
    for one in removals:
        folder = cycle_folder(workbook.reports, workbook.name, one.cycle)
        try:
            with lock.held(folder):
                _remove(one, folder, today)
        except (lock.Locked, OSError) as error:
            yield one, str(error)
        else:
            yield one, ""


def _remove(one: Removal, folder: CycleFolder, today: date) -> None:
    if one.path.is_file():
        one.path.unlink()
        return
    shutil.rmtree(one.path)
    if one.path == folder.records:
        told = {"cycle": one.cycle, "removed": today.isoformat()}
        private_file(private(folder.records) / PRUNED).write_text(json.dumps(told) + "\n", encoding="utf-8")


def _cycles(workbook: Workbook) -> list[tuple[str, date]]:
    """The cycles of which anything lies among the reports, with the day after each, the oldest first."""
    home = workbook.reports / workbook.name
    names = {
        CycleFolder(path).cycle for place in (home, home / "workbench") for path in place.glob("*") if path.is_dir()
    }
    found = []
    for name in names:
        with contextlib.suppress(cycles.CycleError):
            cycle = workbook.cycle(name)
            found += [(name, cycle.end)] if cycle.name == name else []
    return sorted(found, key=lambda one: (one[1], one[0]))


def _over(end: date, span: str | None, today: date) -> bool:
    return span is not None and pd.Timestamp(end) + pd.DateOffset(months=int(span.split()[0])) <= pd.Timestamp(today)


def _there(cycle: str, what: str, *paths: Path) -> list[Removal]:
    return [Removal(cycle, what, path, size(path)) for path in paths if path.exists() and not (path / PRUNED).exists()]


def size(path: Path) -> int:
    """The bytes of a file, or of all files in a folder."""
    return sum(one.stat().st_size for one in ([path] if path.is_file() else path.rglob("*")) if one.is_file())


def told(size: int) -> str:
    """A size in words: `812 bytes`, `3.4 MB`."""
    for unit, bytes_ in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= bytes_:
            return f"{size / bytes_:.1f} {unit}"
    return f"{size} bytes"
