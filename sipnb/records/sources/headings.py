"""Which of an export's first rows names its columns: reports put titles, filters and dates above it.

An ordinary file begins with its header, so a later row is taken only on good grounds: it holds the columns that the mapping
asks for where the first row does not, or the first row is far emptier than those that follow. The module needs nothing of the
package, so that a process that reads a sheet (`cells`) starts with it alone.
"""

from __future__ import annotations

import csv
import re
from collections import Counter

#: How many rows are looked at for a header.
ROWS = 25
_NUMBER = re.compile(r"[\d\W]*")


def heading(rows: list[list[str]], wanted: set[str]) -> int:
    """The position of the header among the first rows; `wanted` are the mapping's columns in small letters, if known."""
    known = _known(rows, wanted)
    if max(known) >= 2 and max(known) > 2 * known[0]:
        return known.index(max(known))
    return 0 if max(known) else _fuller(rows)


def _known(rows: list[list[str]], wanted: set[str]) -> list[int]:
    """How many columns of the mapping each row names."""
    return [len({cell.strip().casefold() for cell in row} & wanted) for row in rows[:ROWS]]


def _fuller(rows: list[list[str]]) -> int:
    """The first row as full as most, where the first of all has at most half as many filled cells."""
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    usual = sorted(filled[1:])[len(filled[1:]) // 2] if len(filled) > 2 else 0
    if usual < 3 or 2 * filled[0] > usual:
        return 0
    for position, (row, cells) in enumerate(zip(rows[:ROWS], filled, strict=False)):
        if cells >= usual:
            names = [cell.strip() for cell in row if cell.strip()]
            return position if len(set(names)) == len(names) and not any(map(_NUMBER.fullmatch, names)) else 0
    return 0


def above(lines: list[str], delimiters: list[str], wanted: set[str]) -> int:
    """How many lines of a text stand above its header, with the delimiter that parts its lines best."""
    tables = [[_cells(line, delimiter) for line in lines] for delimiter in delimiters]
    known = [_known(rows, wanted) for rows in tables]
    if any(map(max, known)):
        if any(one[0] and 2 * one[0] >= max(map(max, known)) for one in known):
            return 0
        return heading(max(zip(known, tables, strict=True), key=lambda both: max(both[0]))[1], wanted)
    return heading(max(tables, key=_evenness), wanted)


def _evenness(rows: list[list[str]]) -> tuple[float, int]:
    """The share of rows that are as wide as most, and that width; a row of one cell is separated by nothing."""
    widths = [len(row) for row in rows]
    usual = max(set(widths), key=lambda width: (widths.count(width), width))
    return (widths.count(usual) / len(widths), usual) if usual > 1 else (0.0, 1)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def presentable(names: list[str]) -> dict[str, str]:
    """How the columns of an export are named to people: by their headings, or as `column 3` where these look like data.

    An export without a header has its first record in that place. An address or a telephone number is no heading; where
    two of them are none, all of that line is taken for a record.

        presentable(["number", "ann@example.org"])  # {"number": "number", "ann@example.org": "column 2"}
    """
    data = [bool("@" in name or len(name) > 100 or len(re.findall(r"\d", name)) > 5) for name in names]
    every = sum(data) > 1
    return {
        name: f"column {position}" if odd or every else name
        for position, (name, odd) in enumerate(zip(names, data, strict=True), start=1)
    }


def header(given: list[str]) -> tuple[list[str], list[str]]:
    """Column names as they can be used, none empty and none twice, and notes about what had to be changed.

    An empty name becomes `column 3`; one that stands again, whatever its case, gets `#2`, `#3` …
    """
    given = [re.sub(r"[\s\x00-\x20\ufdd0\ufeff]+", " ", told).strip() for told in given]
    given = [told or f"column {number}" for number, told in enumerate(given, start=1)]
    names: list[str] = []
    used, counts = {told.casefold() for told in given}, Counter()
    for told in given:
        counts[told.casefold()] += 1
        again, number = told, counts[told.casefold()]
        while number > 1 and (again == told or again.casefold() in used):
            again = f"{told}#{number}" if again == told else f"{again}#"
        used.add(again.casefold())
        names.append(again)
    notes, shown = [], presentable(list(dict.fromkeys(given)))
    for told in dict.fromkeys(told for told in given if counts[told.casefold()] > 1):
        if (count := counts.pop(told.casefold(), 0)) > 1:
            told = shown[told]
            notes.append(f"the header names {told} {count} times; read as {told}, {told}#2 …")
    return names, notes


def taken(column: str, position: int, names: set[str] | None) -> bool:
    """Whether a column is read, by the names that a mapping asks for (None: all): then it is copied, and no other one.

    The first one is, because it tells rows of totals apart.
    """
    return names is None or position == 0 or column.strip().casefold().partition("#")[0] in names
