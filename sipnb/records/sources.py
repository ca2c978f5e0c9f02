"""Reading exports: every source becomes one DuckDB table of text with its file and row number.

Nothing is judged here except what cannot be read at all; malformed lines are kept apart and counted, so that
rows read = rows used + rows set aside.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import duckdb

from sipnb.params import Source

_CSV = {".csv", ".tsv", ".txt"}
_JSON = {".json", ".jsonl", ".ndjson"}


class MissingInput(FileNotFoundError):
    """An input that is not there or cannot be read at all; the message names the path looked for."""


@dataclass(frozen=True)
class Read:
    """One source as read: the DuckDB table that holds it, its columns, its files, and its malformed lines."""

    name: str
    table: str
    columns: dict[str, str]
    files: tuple[Path, ...]
    rows: dict[str, int]
    malformed: list[tuple[str, int, str, str]]  # file, row, column, reason


def files_of(source: Source, data: Path) -> list[Path]:
    """The files of a source, sorted. Raises MissingInput with the path that was looked for."""
    path = Path(source.files)
    base = path if path.is_absolute() else data / path
    if any(mark in source.files for mark in "*?["):
        pattern = source.files if not path.is_absolute() else str(path.relative_to("/"))
        found = sorted((Path("/") if path.is_absolute() else data).glob(pattern))
    else:
        found = [base] if base.is_file() else []
    if not found:
        raise MissingInput(
            f"source {source.name!r}: no file at {base}; put the export there or name its folder with --data"
        )
    return found


def content_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(con: duckdb.DuckDBPyConnection, source: Source, data: Path, delimiter: str | None) -> Read:
    """Read a source into a DuckDB table named after it, with `_file` and `_row` (1 is the first data row).

    Raises MissingInput where a file is absent or its format cannot be read.
    """
    files = files_of(source, data)
    table = f"source_{source.name}"
    malformed: list[tuple[str, int, str, str]] = []
    parts = []
    for number, path in enumerate(files):
        part = f"{table}_{number}"
        try:
            con.execute(f'CREATE OR REPLACE TEMP TABLE "{part}" AS {_select(path, delimiter)}')
            if _kind(path) in _CSV:
                malformed += _rejected(con, path)
        except duckdb.Error as error:
            first = str(error).splitlines()[0]
            raise MissingInput(f"source {source.name!r}: {path} cannot be read: {first}") from error
        parts.append(f'SELECT * FROM "{part}"')
    con.execute(f'CREATE OR REPLACE TEMP VIEW "{table}" AS {" UNION ALL BY NAME ".join(parts)}')
    columns = {
        name: kind for name, kind, *_ in con.execute(f'DESCRIBE "{table}"').fetchall() if name not in ("_file", "_row")
    }
    rows = dict(con.execute(f'SELECT _file, count(*) FROM "{table}" GROUP BY 1 ORDER BY 1').fetchall())
    counted = {path.name: rows.get(path.name, 0) for path in files}
    for file, *_ in malformed:
        counted[file] += 1
    return Read(source.name, table, columns, tuple(files), counted, malformed)


def _kind(path: Path) -> str:
    suffixes = [s for s in path.suffixes if s not in (".gz", ".zst")]
    return suffixes[-1].lower() if suffixes else ""


def _select(path: Path, delimiter: str | None) -> str:
    quoted = str(path).replace("'", "''")
    kind = _kind(path)
    row = "row_number() OVER ()"
    if kind == ".parquet":
        origin = f"read_parquet('{quoted}')"
    elif kind in _JSON:
        origin = f"read_json_auto('{quoted}')"
    elif kind in _CSV:
        sign = delimiter or ("\t" if kind == ".tsv" else None)
        given = f", delim='{sign}'" if sign else ""
        origin = f"read_csv('{quoted}', header=true, all_varchar=true, store_rejects=true{given})"
    else:
        raise MissingInput(f"{path}: the format {kind or '(none)'} is not read; use CSV, TSV, JSON lines or Parquet")
    name = path.name.replace("'", "''")
    return f"SELECT *, '{name}' AS _file, CAST({row} AS BIGINT) AS _row FROM {origin}"


def _rejected(con: duckdb.DuckDBPyConnection, path: Path) -> list[tuple[str, int, str, str]]:
    rows = con.execute(
        "SELECT min(e.line), first(coalesce(e.column_name, '')), first(e.error_message) FROM reject_errors e "
        "JOIN reject_scans s USING (scan_id, file_id) WHERE s.file_path = ? GROUP BY e.line ORDER BY e.line",
        [str(path)],
    ).fetchall()
    con.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    return [
        (path.name, int(line) - 1, column, f"malformed line: {message.splitlines()[0]}")
        for line, column, message in rows
    ]
