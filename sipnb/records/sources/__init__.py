"""Sources: where records come from, and the parts they are read as.

A source is a set of files (text, JSON, workbooks, Parquet) or a table or query of a database. Each file, sheet or table
becomes a `Part`; what kind it is says its name, not its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pandas as pd

from sipnb.params import Source
from sipnb.places import content_hash, reports
from sipnb.records.mappings import Mapping
from sipnb.records.scratch import workshop
from sipnb.records.sources import headings, limits
from sipnb.records.sources.relation import MissingInput, Part
from sipnb.records.sql import located, name

__all__ = ["MissingInput", "Read", "files_of", "open_source", "require", "sample", "shown"]

_TEXT = {".csv", ".tsv", ".txt"}
_LINES = {".jsonl", ".ndjson"}
_SHEETS = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}


@dataclass(frozen=True)
class Read:
    """One source, opened: its parts in their order, and the columns that its mapping does not take."""

    name: str
    parts: list[Part]
    not_taken: list[str] = field(default_factory=list)


def files_of(source: Source, data: Path, anywhere: bool = False) -> list[Path]:
    """The files of a source, sorted; within the data folder, where links lead, too, unless they may be `anywhere`.

    Raises MissingInput with the path that was looked for, or that is not to be read.
    """
    if source.files is None:
        return []
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
    home = data.resolve()
    for one in found:
        # Such a name is no text: it can stand in no query and on no page.
        if any("\ud800" <= c <= "\udfff" for c in one.as_posix()):
            raise MissingInput(f"source {source.name!r}: the name {one.as_posix()!a} is not UTF-8; rename the file")
        if not anywhere and not one.resolve().is_relative_to(home):
            what = "leads" if one.is_relative_to(data) and ".." not in one.parts else "is"
            raise MissingInput(
                f"source {source.name!r}: {one} {what} outside the data folder {data}; put the export there, name its folder "
                "with --data, or allow files from anywhere with --files-anywhere"
            )
    return found


def shown(path: Path, data: Path) -> str:
    """A file as it is named to people: from the data folder on."""
    return path.relative_to(data).as_posix() if path.is_relative_to(data) else path.as_posix()


def require(wanted: Iterable[Source], data: Path, anywhere: bool = False) -> None:
    """Raise MissingInput for the first source that is not there, or not where it may be."""
    for source in wanted:
        files_of(source, data, anywhere)


def open_source(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    mapping: Mapping,
    data: Path,
    scratch: Path,
    names: set[str] | None = None,
    anywhere: bool = False,
) -> Read:
    """Open a source's parts; unpacked or cleaned copies go to `scratch`.

    `names`: the columns that are needed, in small letters (None: all); copies of tables leave the others empty.
    `anywhere`: files may lie outside of `data`, see `files_of`.
    Raises MissingInput where a file is absent or cannot be read at all, naming the source.
    """
    try:
        if source.connection:
            from sipnb.records.sources import databases  # needs the `warehouse` extra

            # It has no hash: a cycle's records are kept however the database goes on.
            part = _parquet(con, databases.copy(source, scratch, names))
            part.name = databases.what(source)
            return Read(source.name, [part], _not_taken(mapping, [part]))
        parts = []
        for path in files_of(source, data, anywhere):
            part = _open(con, path, source, mapping, scratch, names)
            part.name = shown(path, data)
            if not part.columns:
                # An answer without a record names no columns: it has none of what the mapping asks for.
                names = [c.source[0] for t in mapping.tables.values() for c in t.columns.values() if c.source]
                part.columns = dict.fromkeys(names, "VARCHAR")
                part.relation = f"(SELECT {', '.join(f'NULL::VARCHAR AS {name(n)}' for n in part.columns)} WHERE false)"
            parts.append(part)
        return Read(source.name, parts, _not_taken(mapping, parts))
    except MissingInput as error:
        told = str(error)
        raise error if told.startswith("source ") else MissingInput(f"source {source.name!r}: {told}") from error


def sample(path: Path, rows: int = 10_000) -> tuple[dict[str, str], pd.DataFrame]:
    """The columns of one file with their types, and its first rows as text: to propose a mapping from.

    Raises MissingInput where the file is absent or cannot be read.
    """
    if not path.is_file():
        raise MissingInput(f"no file at {path}")
    with workshop(reports()) as scratch, duckdb.connect(str(scratch / "sample.duckdb")) as con:
        told = Source(name="sample", files=str(path.resolve()))
        part = _open(con, path.resolve(), told, Mapping(system="any", tables={}), scratch)
        listed = ", ".join(f"CAST({name(c)} AS VARCHAR) AS {name(c)}" for c in part.columns)
        if not listed:
            return {}, pd.DataFrame()
        try:
            return part.columns, con.execute(f"SELECT {listed} FROM {part.relation} LIMIT {rows}").df()
        except duckdb.Error as error:
            raise MissingInput(f"{path} cannot be read: {str(error).splitlines()[0]}") from error


def _not_taken(mapping: Mapping, parts: list[Part]) -> list[str]:
    """The columns of the export that no canonical column is read from, in their order, as they may be shown."""
    taken = mapping.names
    columns = {column: told for part in parts for column, told in headings.presentable(list(part.columns)).items()}
    return [told for column, told in columns.items() if column.casefold().partition("#")[0] not in taken]


def _open(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    source: Source,
    mapping: Mapping,
    scratch: Path,
    names: set[str] | None = None,
) -> Part:
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in (".gz", ".zst")]
    kind = suffixes[-1] if suffixes else ""
    if kind in _TEXT:
        from sipnb.records.sources import delimited

        delimiter = source.delimiter or mapping.delimiter
        encoding = source.encoding or mapping.encoding
        return delimited.open_text(
            path, scratch, delimiter, encoding, skip=source.skip, wanted=mapping.names, unpacked=source.unpacked
        )
    if kind in _LINES or kind == ".json":
        from sipnb.records.sources import nested

        return nested.open_json(
            con, path, scratch, mapping.records, lines=kind in _LINES, unpacked=source.unpacked, needed=names
        )
    if kind in _SHEETS:
        from sipnb.records.sources import sheets

        return sheets.open_sheet(path, scratch, source.sheet, source.skip, mapping, names, source.unpacked)
    if kind == ".parquet":
        part = _parquet(con, path)
        limits.packed(con, path, source.unpacked)
        limits.wide(path, len(part.columns))
        part.sha256 = content_hash(path)
        return part
    raise MissingInput(
        f"{path}: the format {kind or '(none)'} is not read; use CSV, TSV, JSON, Excel or Parquet, or rename the file"
    )


def _parquet(con: duckdb.DuckDBPyConnection, path: Path) -> Part:
    relation = f"read_parquet({located(path)})"
    try:
        columns = {name: kind for name, kind, *_ in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}
    except duckdb.Error as error:
        raise MissingInput(
            f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}; export it again"
        ) from error
    return Part(path.name, relation, columns)
