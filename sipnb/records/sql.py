"""Names and values as parts of SQL."""

from __future__ import annotations

import errno
import re
from pathlib import Path

import duckdb

#: What DuckDB says where the disk is full, with the file that it wrote to; what it spills has a share of what is free.
_NO_ROOM = re.compile(r'(?:"([^"]+)"[^"]*)?no space left|max_temp_directory_size', re.IGNORECASE)


def no_room(error: duckdb.Error) -> OSError | None:
    """The error of the operating system behind one of DuckDB's: the disk is full. None for any other."""
    told = _NO_ROOM.search(str(error))
    return OSError(errno.ENOSPC, "no space left on the disk", told[1] or "the records being frozen") if told else None


def quoted(value: object) -> str:
    """A value as SQL text."""
    return "'" + str(value).replace("'", "''") + "'"


def name(column: str) -> str:
    """A column's name as a SQL identifier."""
    return '"' + column.replace('"', '""') + '"'


def located(path: Path) -> str:
    """The name of one file as SQL text: in names DuckDB takes some signs for a pattern."""
    return quoted(re.sub(r"([*?\[])", r"[\1]", str(path)))
