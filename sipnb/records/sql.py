"""Names and values as parts of SQL."""

from __future__ import annotations

import re
from pathlib import Path


def quoted(value: object) -> str:
    """A value as SQL text."""
    return "'" + str(value).replace("'", "''") + "'"


def name(column: str) -> str:
    """A column's name as a SQL identifier."""
    return '"' + column.replace('"', '""') + '"'


def located(path: Path) -> str:
    """The name of one file as SQL text: in names DuckDB takes some signs for a pattern."""
    return quoted(re.sub(r"([*?\[])", r"[\1]", str(path)))
