"""What a process does that reads a sheet (`apart`): a workbook of a few bytes can claim more cells than a machine holds.

One cell far away makes the reader ask for memory for all cells in between, and it aborts where it gets none.

It starts with what reads workbooks and writes Parquet, and `headings`. It prints one line: what it found, or why it did not.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import python_calamine as calamine

_SECOND, _HALF = timedelta(seconds=1), timedelta(milliseconds=500)
_BATCH, _CHUNK = 20_000, 1 << 20


class _Refused(Exception):
    """Why a sheet is not read: a word that `sheets` has a sentence for, and what that tells."""


def main(told: dict[str, Any]) -> None:
    """Copy the sheet that is told, and print what it holds."""
    try:
        found = _copy(told)
    except _Refused as refused:
        found = {"refused": refused.args[0], "with": refused.args[1] if refused.args[1:] else None}
    except calamine.PasswordError:
        found = {"refused": "password"}
    except calamine.CalamineError as error:
        found = {"refused": "far" if "limit" in str(error) else "damaged"}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
        found = {"refused": "damaged"}
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what reads workbooks gave up in its middle
            raise
        found = {"refused": "damaged"}
    print(json.dumps(found))


def _copy(told: dict[str, Any]) -> dict[str, Any]:
    _unpacked(told["path"], told["unpacked"])
    book = calamine.CalamineWorkbook.from_path(told["path"])
    if told["sheet"] is not None and told["sheet"] not in book.sheet_names:
        raise _Refused("no such sheet", book.sheet_names)
    if not book.sheet_names:
        raise _Refused("damaged")
    shown = told["sheet"] or book.sheet_names[0]
    sheet = book.get_sheet_by_name(shown)
    rows = _filled(sheet, told["skip"] or 0)
    headings = _headings()
    first = list(itertools.islice(rows, 2 * headings.ROWS))
    if not first:
        raise _Refused("empty", shown)
    if len(first[0][1]) > told["columns"]:
        raise _Refused("wide", len(first[0][1]))
    texts = [[_text(cell) or "" for cell in row] for _, row in first]
    above = headings.heading(texts, set(told["wanted"])) if told["skip"] is None else 0
    names, notes = headings.header(texts[above])
    needed = None if told["needed"] is None else set(told["needed"])
    kept = [headings.taken(name, position, needed) for position, name in enumerate(names)]
    _write(itertools.chain(first[above + 1 :], rows), names, kept, told)
    return {"sheet": shown, "sheets": len(book.sheet_names), "names": names, "notes": notes,
            "top": first[above][0] + 1, "above": above}  # fmt: skip


def _write(rows: Iterator[tuple[int, list[Any]]], names: list[str], kept: list[bool], told: dict[str, Any]) -> None:
    """Write records to the copy, as text, and beside it the numbers of their rows."""
    schema = pa.schema([(name, pa.string()) for name in names])
    with pq.ParquetWriter(told["copy"], schema) as copy, Path(told["numbers"]).open("wb") as numbers:
        while records := list(itertools.islice(rows, max(_BATCH // max(len(names) // 50, 1), 1))):
            columns = []
            for position, keep in enumerate(kept):
                column = pa.lib.StringBuilder()  # pyarrow.array would load pandas
                column.append_values([_text(row[position], told["decimal"]) if keep else None for _, row in records])
                columns.append(column.finish())
            copy.write_batch(pa.record_batch(columns, schema=schema))
            array("q", (number for number, _ in records)).tofile(numbers)


def _filled(sheet: Any, skip: int) -> Iterator[tuple[int, list[Any]]]:
    """The rows that hold anything, counted from 0; others are gaps between records, not records."""
    left = [""] * sheet.start[1] if sheet.start else []
    for number, row in enumerate(sheet.iter_rows()):
        if number >= skip and any(cell != "" for cell in row):
            yield number, left + row


def _unpacked(path: str, most: int) -> None:
    """Hold what a workbook says that it unfolds to against what is allowed, and then what it does."""
    if not zipfile.is_zipfile(path):
        return  # an old .xls is not packed
    with zipfile.ZipFile(path) as packed:
        members = packed.infolist()
        if sum(member.file_size for member in members) > most:
            raise _Refused("unpacked")
        left = most
        for member in members:
            if member.compress_type == zipfile.ZIP_STORED or member.is_dir():
                continue
            member.file_size = left + 2 * _CHUNK  # what it says is not where reading ends
            with packed.open(member) as content:
                while chunk := content.read(_CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise _Refused("unpacked")


def _headings() -> Any:
    # By its path: the package around it would bring all that it needs.
    spec = importlib.util.spec_from_file_location("headings", Path(__file__).with_name("headings.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
