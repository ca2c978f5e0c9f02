"""A table as people or other programs left it: CSV with any usual delimiter, or the first sheet of a workbook.

Rows without anything in them are left out, and columns without a header where they hold nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sipnb import apart
from sipnb.sheets.apostrophes import unguarded
from sipnb.validation import WorkbookError

#: What a file may hold at most: bytes, rows and columns; and what reading a workbook may take of memory and time.
LARGEST, ROWS, COLUMNS = 100_000_000, 100_000, 500
_MEMORY, _SECONDS = 2_000_000_000, 120.0


class Unreadable(WorkbookError):
    """The file is no table that can be taken; the message says why, and what to do."""

    about = ""


@dataclass(frozen=True)
class Table:
    """A header, and each row by its number in the file; cells are texts, numbers and dates, None where they are empty."""

    header: list[str]
    rows: list[tuple[int, list[Any]]]


def read(path: Path, name: str, known: Iterable[str]) -> Table:
    """The table of a file, by its ending; of a workbook the sheet of that name, or else the first.

    The delimiter is that by which most headers are `known` ones. Raises Unreadable.
    """
    if not path.is_file():
        raise Unreadable([f"{path}: there is no such file"])
    if (size := path.stat().st_size) > LARGEST:
        raise Unreadable([f"{path.name}: has {size / 1e6:,.0f} MB, and {LARGEST / 1e6:,.0f} are the most"])
    readers: dict[str, Callable[[], list[tuple[int, list[Any]]]]] = {
        ".csv": lambda: _csv(path, {one.lower() for one in known}), ".xlsx": lambda: _workbook(path, name),
    }  # fmt: skip
    if path.suffix.lower() not in readers:
        raise Unreadable([f"{path.name}: is no .csv or .xlsx; save it as one of these"])
    rows = [(number, row) for number, row in readers[path.suffix.lower()]() if any(_filled(cell) for cell in row)]
    if not rows:
        raise Unreadable([f"{path.name}: is empty; its first row has to be a header"])
    if len(rows) > ROWS:
        raise Unreadable([f"{path.name}: has {len(rows):,} rows, and {ROWS:,} are the most"])
    (_, header), *rest = rows
    titles = [str(cell or "").strip() for cell in header]
    while titles and not titles[-1]:
        titles.pop()
    return Table(titles, [(number, _fitted(path, number, row, titles)) for number, row in rest])


def _filled(cell: Any) -> bool:
    return cell is not None and bool(str(cell).strip())


def _fitted(path: Path, number: int, row: list[Any], titles: list[str]) -> list[Any]:
    """A row as wide as the header. Raises Unreadable where a cell beyond it is filled, as where a quote is not closed."""
    unnamed = row[len(titles) :] + [cell for cell, title in zip(row, titles, strict=False) if not title]
    if extra := [cell for cell in unnamed if _filled(cell)]:
        raise Unreadable(
            [f"{path.name}: row {number}: {str(extra[0])[:60]!r} stands in a column without a header; give it one"]
        )
    return (row + [None] * len(titles))[: len(titles)]


def _csv(path: Path, known: set[str]) -> list[tuple[int, list[Any]]]:
    content = path.read_bytes()
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(
            [
                f"{path.name}: is not UTF-8 text ({error.reason} at byte {error.start}); save it as “CSV UTF-8”, or as .xlsx"
            ]
        ) from error
    first = text.partition("\n")[0]
    if told := first.strip().lower().removeprefix("sep=") if first.lower().startswith("sep=") else "":
        text = text.partition("\n")[2]  # a line for spreadsheets of what parts the cells
    found = {sign: _known(text, sign, known) for sign in ([told] if told else [",", ";", "\t", "|"])}
    sign = max(found, key=lambda one: found[one])
    previous = csv.field_size_limit(LARGEST)
    try:
        reader, rows = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True), []
        for row in reader:
            rows.append((len(rows) + (2 if told else 1), [unguarded(cell) if cell else None for cell in row]))
    except csv.Error as error:
        raise Unreadable(
            [f"{path.name}: line {reader.line_num}: is no CSV: {error}; see that all quotes are closed"]
        ) from error
    finally:
        csv.field_size_limit(previous)
    return rows


def _known(text: str, sign: str, known: set[str]) -> int:
    """How many of the headers are known ones where this sign parts them."""
    try:
        first = next((row for row in csv.reader(io.StringIO(text, newline=""), delimiter=sign) if any(row)), [])
    except csv.Error:
        return 0
    return sum(cell.strip().lower() in known for cell in first)


def _workbook(path: Path, name: str) -> list[tuple[int, list[Any]]]:
    if find_spec("python_calamine") is None:
        raise Unreadable([f"{path.name}: to read .xlsx, install sipnb[excel]; or save it as .csv"])
    told = {"path": str(path.resolve()), "sheet": name, "columns": COLUMNS}
    done = apart.work(Path(__file__).with_name("child.py"), told, memory=_MEMORY, seconds=_SECONDS)
    if refused := next((line["refused"] for line in done.lines if "refused" in line), ""):
        raise Unreadable([f"{path.name}: {refused}"])
    if done.late or done.large or done.code:
        raise Unreadable(
            [f"{path.name}: is too large to be read, or damaged: a cell far from the others may do that; copy the table into a "
             "new workbook"]
        )  # fmt: skip
    return [(line["row"], [_cell(cell) for cell in line["cells"]]) for line in done.lines]


def _cell(cell: Any) -> Any:
    if isinstance(cell, dict):
        return date.fromisoformat(cell["day"])
    return None if cell == "" else cell
