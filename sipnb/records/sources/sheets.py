"""Workbooks: a sheet of Excel or LibreOffice as a part of a source (the `excel` extra).

The first row that holds anything is the header, unless it is a title (`headings`). Cells become text as people would write
them, because a sheet has types by cell and not by column: whole numbers without decimals, times to the second, which is
finer than the fractions of a day that a sheet keeps. A sheet has at most a million rows, so a copy in memory is small.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sipnb.params import nearest
from sipnb.records.mappings import Mapping
from sipnb.records.sources.headings import ROWS, heading
from sipnb.records.sources.parts import MissingInput, Part, content_hash, header, taken
from sipnb.records.sql import located

_SECOND, _HALF = timedelta(seconds=1), timedelta(milliseconds=500)


def open_sheet(
    path: Path, scratch: Path, sheet: str | None = None, skip: int | None = None, mapping: Mapping | None = None,
    needed: set[str] | None = None,
) -> Part:  # fmt: skip
    """Copy a sheet (default: the first) to `scratch` and open the copy. Places are rows of the sheet.

    `skip`: how many rows stand above the header; else it is looked for, by the columns that the mapping names.
    `needed`: the columns that are copied, see `parts.taken`.
    Raises MissingInput where the extra is missing, the file cannot be read, or the sheet is not there or empty.
    """
    try:
        import python_calamine
    except ImportError as error:
        raise MissingInput(f"{path}: workbooks need the extra `excel`: pip install 'sipnb[excel]'") from error
    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        if sheet is not None and sheet not in book.sheet_names:
            raise MissingInput(f"{path} has no sheet {sheet!r}; {nearest(sheet, book.sheet_names)}")
        shown = sheet or book.sheet_names[0]
        rows = book.get_sheet_by_name(shown).to_python(skip_empty_area=False)
    except python_calamine.CalamineError as error:
        raise MissingInput(f"{path} cannot be read as a workbook: {error}; save it again as .xlsx") from error
    filled = [n for n, row in enumerate(rows) if n >= (skip or 0) and any(cell != "" for cell in row)]
    if not filled:
        raise MissingInput(f"{path}: sheet {shown!r} is empty; name the sheet that holds the export")
    decimal = mapping.decimal if mapping else "."
    first = [[_text(cell) or "" for cell in rows[n]] for n in filled[: 2 * ROWS]]
    above = heading(first, mapping.names if mapping else set()) if skip is None else 0
    top, filled = filled[above], filled[above:]
    names, notes = header(first[above])
    if above:
        notes.append(f"{path.name}: the header is row {top + 1} of the sheet; what stands above it is not read")
    if len(book.sheet_names) > 1 and sheet is None:
        notes.append(f"{path.name} has {len(book.sheet_names)} sheets; the first, {shown!r}, is read")
    # Rows without a single value are gaps between records, not records.
    records = [rows[number] for number in filled[1:]]
    columns = [
        pa.array(
            [_text(row[i], decimal) for row in records] if taken(names[i], i, needed) else [None] * len(records),
            pa.string(),
        )
        for i in range(len(names))
    ]
    copy = scratch / f"{len(list(scratch.iterdir()))}-{path.stem}.parquet"
    pq.write_table(pa.table(columns, names=names), copy)
    part = SheetPart(
        path.name, f"read_parquet({located(copy)})", dict.fromkeys(names, "VARCHAR"), content_hash(path), notes=notes
    )
    part.rows = np.array(filled[1:], "int64") + 1
    return part


class SheetPart(Part):
    """A sheet; `rows` are the numbers of its records as the workbook shows them."""

    rows: np.ndarray

    def places(self, rows: np.ndarray) -> np.ndarray:
        return self.rows[rows]


def _text(cell: Any, decimal: str = ".") -> str | None:
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell).replace(".", decimal)
    if isinstance(cell, datetime):
        whole = (cell + _HALF).replace(microsecond=0)
        return whole.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        seconds = round(cell / _SECOND)
        return f"{'-' if seconds < 0 else ''}{abs(seconds) // 3600}:{abs(seconds) // 60 % 60:02}:{abs(seconds) % 60:02}"
    return str(cell)
