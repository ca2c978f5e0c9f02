"""A part of a source: one file, sheet or table, as a DuckDB relation of records in their order.

Every kind of source (text, JSON, workbook, Parquet, database) becomes parts, so that what comes after need not know
where records came from. A part is read once, streaming; what cannot be read at all is kept apart and counted, so that
records read = records handed on + malformed ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import duckdb
import numpy as np

from sipnb.records.sql import no_room

#: What the first cell of a row holds that adds up the rows above it or counts them; for Python and DuckDB alike.
TOTALS = (
    r"(?i)\W*(?:(?:(?:grand|sub|column)[ -]?)?(?:totals?|sums?|summe|gesamt(?:summe|ergebnis|anzahl)?|zwischensumme|anzahl|somme"
    r"|total général)\W*[\d.,' ]*%?|(?:(?:total|gesamt|summe|anzahl)\W+)?\d[\d.,' ]*\s*(?:records?|rows?|tickets?|items?"
    r"|incidents?|entries|issues?|lines?|datensätze|zeilen|einträge|vorgänge|lignes|enregistrements)(?: \w+)?)\W*"
)


class MissingInput(FileNotFoundError):
    """An input that is not there or cannot be read at all; the message names the path looked for."""


class Malformed(NamedTuple):
    """A record that is none: where it stands (a line of a text file), the column if one is to blame, and why."""

    place: int
    column: str
    reason: str
    value: str | None = None


@dataclass
class Part:
    """One file, sheet or table of a source.

    `relation` is SQL that can stand in FROM and gives the records in their order; `columns` maps each column to its
    DuckDB type. `notes` are sentences about choices made in reading it (encoding, delimiter, sheet).
    """

    name: str
    relation: str
    columns: dict[str, str]
    sha256: str = ""
    first: int = 1  # where a person finds the first record: a line of the file, a row of the sheet
    notes: list[str] = field(default_factory=list)
    malformed: list[Malformed] = field(default_factory=list)

    @property
    def fields(self) -> list[str]:
        """The names of the columns in SQL, in their order: what an export calls them could mean something there."""
        return [f"c{position}" for position in range(len(self.columns))]

    def settle(self, con: duckdb.DuckDBPyConnection, rows: int) -> bool:
        """Called once `relation` was read to its end and gave `rows` records; completes `malformed`.

        False says that records are unaccounted for: throw away what was read and read `relation`, which has become
        another one, again.
        """
        return True

    def salvage(self) -> bool:
        """Called where `relation` could not be read to its end; True where it has become another one, worth a try."""
        return False

    def close(self) -> None:
        """Called when all of it was read: removes the copies that were needed for it."""

    def places(self, rows: np.ndarray) -> np.ndarray:
        """Where a person finds these records (int64, counted from 0 in the order of `relation`). After `settle`."""
        return rows + self.first


def take(con: duckdb.DuckDBPyConnection, part: Part, sql: str) -> int:
    """Read a part to its end by `CREATE OR REPLACE TABLE … FROM {relation}` and settle it; the records it gave.

    What it gave is thrown away once if records were unaccounted for. Raises MissingInput where it cannot be read.
    """
    for attempt in (1, 2):
        try:
            (rows,) = con.execute(sql.replace("{relation}", part.relation)).fetchone()
        except duckdb.Error as error:
            if full := no_room(error):
                raise full from error
            if attempt == 1 and part.salvage():
                continue
            raise MissingInput(f"{part.name} cannot be read: {str(error).splitlines()[0]}") from error
        if part.settle(con, rows):
            part.close()
            return rows
    raise AssertionError(f"{part.name}: records stay unaccounted for")
