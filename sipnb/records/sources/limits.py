"""How much a file may unfold into: bytes behind its compression, and columns. Whoever means more says so, or splits it.

Bytes are counted while they are unpacked, because what a file says of itself can be wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from sipnb.records.sources.relation import MissingInput
from sipnb.records.sql import located

#: Bytes that any file may unfold to; beyond, at most TIMES its own size, and MOST at all. Tickets as text pack 5 to 40 times,
#: the most repetitive exports (JSON that says every key in every record, the same state each minute) 60 to 100 times; one line
#: repeated for ever packs some 350 times. Ten million tickets are 2 to 5 GB.
FREE, TIMES, MOST = 256_000_000, 200, 20_000_000_000

#: Columns of one file. The widest exports, of tools with a custom field for everything, have some thousands; a sheet ends at
#: 16,384. Everything about a column costs time, whether it is read or not.
COLUMNS = 10_000


def most(packed: int, given: str | None) -> int:
    """The bytes that a file of `packed` bytes may unfold to; `given` is what its source says, such as `50 GB`."""
    if given:
        return int(given.split()[0]) * 1_000_000_000
    return min(max(FREE, TIMES * packed), MOST)


def too_much(path: Path, packed: int, given: str | None) -> MissingInput:
    """The error for a file that unfolds into more than it may."""
    limit = most(packed, given)
    return MissingInput(
        f"{path} unfolds into more than {size(limit)}, the most for a file of {size(packed)}; see that it is the export it "
        f"should be, then say `unpacked: {limit // 1_000_000_000 * 2 or 1} GB` on its source, or export it in parts"
    )


def counted(chunks: Iterable[bytes], path: Path, given: str | None) -> Iterator[bytes]:
    """The chunks of an unpacked file, up to the limit. Raises MissingInput there."""
    packed, found = path.stat().st_size, 0
    limit = most(packed, given)
    for chunk in chunks:
        found += len(chunk)
        if found > limit:
            raise too_much(path, packed, given)
        yield chunk


def packed(con: duckdb.DuckDBPyConnection, path: Path, given: str | None) -> None:
    """Raise MissingInput where a Parquet file says that it unfolds into more than it may: in bytes, or in rows of a byte."""
    size_, rows = path.stat().st_size, f"parquet_file_metadata({located(path)})"
    (found,) = con.execute(
        f"SELECT greatest((SELECT sum(num_rows) FROM {rows}), (SELECT sum(total_uncompressed_size) FROM "
        f"parquet_metadata({located(path)})))"
    ).fetchone()
    if found and found > most(size_, given):
        raise too_much(path, size_, given)


def wide(path: Path | str, columns: int, what: str = "columns") -> None:
    """Raise MissingInput where a file has more columns than are read."""
    if columns > COLUMNS:
        raise MissingInput(
            f"{path} has {columns:,} {what}, and {COLUMNS:,} are the most; export only those that are needed"
        )


def size(count: int) -> str:
    """A number of bytes in words: `2 MB`, `1.5 GB`."""
    for unit, name in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")):
        if count >= unit:
            return f"{count / unit:,.1f}".removesuffix(".0") + f" {name}"
    return f"{count:,} bytes"
