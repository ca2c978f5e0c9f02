"""Names and values as parts of SQL."""

from __future__ import annotations


def quoted(value: object) -> str:
    """A value as SQL text."""
    return "'" + str(value).replace("'", "''") + "'"


def name(column: str) -> str:
    """A column's name as a SQL identifier."""
    return '"' + column.replace('"', '""') + '"'
