"""Workbooks: a sheet of Excel or LibreOffice as a part of a source (the `excel` extra).

The first row that holds anything is the header, unless it is a title (`headings`). Cells become text as people would write
them, because a sheet has types by cell and not by column: whole numbers without decimals, times to the second, which is
finer than the fractions of a day that a sheet keeps. It is read in a process of its own (`cells`), within limits.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from sipnb import apart
from sipnb.places import content_hash
from sipnb.records.mappings import Mapping
from sipnb.records.sources import limits
from sipnb.records.sources.relation import MissingInput, Part
from sipnb.records.sql import located
from sipnb.validation import nearest

#: Bytes of address space for reading a sheet. All cells are held at once, those in between that hold nothing, too: a million
#: rows of twenty columns take 2.5 GB.
MEMORY = 8_000_000_000
#: Seconds of the processor that a sheet may take: some, and some for each byte that it may unfold to or that it has.
SECONDS, SECONDS_A_BYTE = 60.0, 3e-6
_FAR = (
    "a cell far from the others makes cells of all that lies between; delete the empty rows and columns round its records and "
    "save it again, or save the sheet as CSV"
)


def open_sheet(
    path: Path, scratch: Path, sheet: str | None = None, skip: int | None = None, mapping: Mapping | None = None,
    needed: set[str] | None = None, unpacked: str | None = None, *, memory: int = MEMORY, seconds: float = SECONDS,
) -> Part:  # fmt: skip
    """Copy a sheet (default: the first) to `scratch` and open the copy. Places are rows of the sheet.

    `skip`: how many rows stand above the header; else it is looked for, by the columns that the mapping names.
    `needed`: the columns that are copied, see `headings.taken`; `unpacked`: what the workbook may unfold to, see `limits.most`.
    Raises MissingInput where the extra is missing, the file cannot be read within `memory` and `seconds`, or the sheet is not
    there or empty.
    """
    if importlib.util.find_spec("python_calamine") is None:
        raise MissingInput(f"{path}: workbooks need the extra `excel`: pip install 'sipnb[excel]'")
    copy = scratch / f"{len(list(scratch.iterdir()))}-sheet.parquet"
    numbers = copy.with_suffix(".numbers")
    size = path.stat().st_size
    told = {
        "path": str(path), "copy": str(copy), "numbers": str(numbers), "sheet": sheet, "skip": skip,
        "wanted": sorted(mapping.names) if mapping else [], "needed": None if needed is None else sorted(needed),
        "decimal": mapping.decimal if mapping else ".", "unpacked": limits.most(size, unpacked), "columns": limits.COLUMNS,
    }  # fmt: skip
    seconds += size * SECONDS_A_BYTE
    ended = apart.work(
        Path(__file__).with_name("cells.py"), told, memory=memory, seconds=20 * seconds, processor=seconds
    )
    try:
        found = _found(ended, path, sheet, unpacked, memory, seconds)
    except (MissingInput, RuntimeError):
        copy.unlink(missing_ok=True)
        raise
    finally:
        rows = np.fromfile(numbers, "int64") + 1 if numbers.is_file() else np.zeros(0, "int64")
        numbers.unlink(missing_ok=True)
    notes = found["notes"]
    if found["above"]:
        notes.append(f"{path.name}: the header is row {found['top']} of the sheet; what stands above it is not read")
    if found["sheets"] > 1 and sheet is None:
        notes.append(f"{path.name} has {found['sheets']} sheets; the first, {found['sheet']!r}, is read")
    columns = dict.fromkeys(found["names"], "VARCHAR")
    part = SheetPart(path.name, f"read_parquet({located(copy)})", columns, content_hash(path), notes=notes)
    part.rows = rows
    return part


def _found(
    ended: apart.Ended, path: Path, sheet: str | None, unpacked: str | None, memory: int, seconds: float
) -> dict[str, Any]:
    """What the process found in a sheet. Raises MissingInput where it did not come to its end."""
    if ended.large:
        raise MissingInput(f"{path} needs more than {limits.size(memory)} of memory: {_FAR}")
    if ended.late:
        raise MissingInput(f"{path} takes more than {seconds:.0f} seconds to be read: {_FAR}")
    if ended.code > 0:
        raise RuntimeError(f"reading {path} ended with exit {ended.code}; this is a fault of sipnb: {ended.error}")
    found = ended.lines[-1] if ended.lines else {"refused": "damaged"}  # a library fell over it
    told = found.get("with")
    match found.get("refused"):
        case "unpacked":
            raise limits.too_much(path, path.stat().st_size, unpacked)
        case "far":
            raise MissingInput(f"{path} unfolds into more cells than are read: {_FAR}")
        case "password":
            raise MissingInput(f"{path} cannot be read as a workbook: it is locked by a password; save it without")
        case "damaged":
            raise MissingInput(f"{path} cannot be read as a workbook: it is damaged, or none; save it again as .xlsx")
        case "no such sheet":
            raise MissingInput(f"{path} has no sheet {sheet!r}; {nearest(sheet, told)}")
        case "empty":
            raise MissingInput(f"{path}: sheet {told!r} is empty; name the sheet that holds the export")
        case "wide":
            limits.wide(path, told)
    return found


class SheetPart(Part):
    """A sheet; `rows` are the numbers of its records as the workbook shows them."""

    rows: np.ndarray

    def places(self, rows: np.ndarray) -> np.ndarray:
        return self.rows[rows]
