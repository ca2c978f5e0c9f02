"""A table as a file for spreadsheets: a header and its rows, text that stays text, days and numbers that can be edited."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sipnb.places import write_whole
from sipnb.sheets.apostrophes import guarded
from sipnb.show import words
from sipnb.validation import WorkbookError

#: As many characters a cell of a workbook holds.
LONGEST = 32_767


class Unwritable(WorkbookError):
    """The table cannot be written as such a file; the message says why, and what to do."""

    about = ""


def write(path: Path, name: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write a table whole or not at all, as CSV or as a workbook with a sheet of that name, by the ending of the path.

    Cells are texts, numbers, dates, and None where they are empty. Raises Unwritable.
    """
    if not path.parent.is_dir():
        raise Unwritable([f"{path}: there is no folder {path.parent}; make it, or write elsewhere"])
    if path.suffix.lower() == ".csv":
        write_whole(path, _csv(header, rows))
    elif path.suffix.lower() == ".xlsx":
        write_whole(path, _workbook(path, name, header, rows))
    else:
        raise Unwritable(
            [f"{path.name}: cannot be written as {path.suffix or 'a file without ending'}; end it in .csv or .xlsx"]
        )


def _csv(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    text.write("\ufeff")  # by which Excel knows that it is UTF-8
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([guarded(cell) if isinstance(cell, str) else _plain(cell) for cell in row] for row in rows)
    return text.getvalue()


def _plain(cell: Any) -> Any:
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def _workbook(path: Path, name: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    try:
        import xlsxwriter
    except ImportError as error:
        raise Unwritable([f"{path.name}: to write .xlsx, install sipnb[excel]; .csv needs nothing more"]) from error

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    book.set_properties({"title": name, "created": datetime(2000, 1, 1)})  # the clock would make other bytes each time
    day = book.add_format({"num_format": "yyyy-mm-dd", "valign": "top"})
    text = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 2)
    for at, title in enumerate(header):
        sheet.write_string(0, at, title, book.add_format({"bold": True}))
        longest = max((len(str(row[at])) for row in rows if row[at] is not None), default=0)
        sheet.set_column(at, at, min(max(len(title) + 2, longest + 1), 40))
    for number, row in enumerate(rows, start=1):
        for at, cell in enumerate(row):
            if isinstance(cell, str):
                if len(cell) > LONGEST:
                    raise Unwritable(
                        [f"{path.name}: row {number + 1}, {header[at]}: {len(cell):,} characters, and a cell holds {LONGEST:,}; "
                         "write .csv instead"]
                    )  # fmt: skip
                sheet.write_string(number, at, words.unturned(cell), text)
            elif isinstance(cell, date):
                sheet.write_datetime(number, at, datetime(cell.year, cell.month, cell.day), day)
            elif cell is not None:
                sheet.write_number(number, at, cell)
    if rows:
        sheet.autofilter(0, 0, len(rows), len(header) - 1)
    book.close()
    return target.getvalue()
