"""JSON exports: lines of objects, a list of objects, or an answer of a programming interface that holds such a list.

Nested objects become columns with dotted names (`fields.priority.name`); lists stay JSON text. A field written as
`{value, display_value, link}` becomes one column with what people see, and `<name>.value` with what the tool keeps.
"""

from __future__ import annotations

import codecs
import json
import shutil
from functools import reduce
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from sipnb.records.scratch import unnamed
from sipnb.records.sources import byte_scan, delimited, encodings, limits
from sipnb.records.sources.headings import header, taken
from sipnb.records.sources.relation import Malformed, MissingInput, Part, take
from sipnb.records.sql import located, name, quoted
from sipnb.validation import nearest

#: An answer larger than this would have to be held in memory as a whole.
LARGEST = 500 << 20
_WRAPPERS = ("result", "results", "records", "tickets", "issues", "incidents", "items", "data", "value", "values")
_FIELD = {"value", "display_value", "link"}


def open_json(
    con: duckdb.DuckDBPyConnection, path: Path, scratch: Path, records: str | None, lines: bool,
    unpacked: str | None = None, needed: set[str] | None = None,
) -> Part:  # fmt: skip
    """Copy the file's records into a table of `con` and open it. Places are lines, or positions in a list.

    `records`: the field that holds the list, dotted; `lines`: the file's name says that it has a record a line;
    `unpacked`: what it may unfold to, see `limits.most`; `needed`: the fields that are read, see `headings.taken`.
    Raises MissingInput for what is no JSON, or holds no list of objects.
    """
    found = byte_scan.scan(path, scratch, unpacked)
    table = f"json_{len(con.execute('SHOW TABLES').fetchall())}"
    if lines or _is_lines(found.head()):
        part = _from_lines(con, found, scratch, table)
    else:
        part = _from_list(con, path, scratch, found, records, table)
    part.sha256 = found.sha256
    try:
        _columns(con, part, table, needed)
    except duckdb.Error as error:
        raise MissingInput(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    return part


class JsonPart(Part):
    """Records of a JSON file; `numbers` is where a person finds each."""

    numbers: np.ndarray

    def places(self, rows: np.ndarray) -> np.ndarray:
        return self.numbers[rows]


def _is_lines(start: bytes) -> bool:
    """Whether each of the first lines is an object of its own."""
    rows = [row for row in start.removeprefix(b"\xef\xbb\xbf").split(b"\n")[:3] if row.strip()]
    return len(rows) > 1 and all(row.strip().startswith(b"{") and row.strip().endswith(b"}") for row in rows[:2])


def _from_lines(con: duckdb.DuckDBPyConnection, found: byte_scan.Scan, scratch: Path, table: str) -> JsonPart:
    text = delimited.open_scanned(found, scratch, lines=True)
    take(con, text, f"CREATE OR REPLACE TEMP TABLE {table}_lines AS SELECT * FROM {{relation}}")
    sound = "CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' ELSE false END"
    con.execute(
        f"CREATE TEMP TABLE {table} AS SELECT TRY_CAST(line AS JSON) AS object FROM {table}_lines WHERE {sound}"
    )
    kept = con.execute(f"SELECT rowid FROM {table}_lines WHERE {sound} ORDER BY 1").fetchnumpy()["rowid"]
    bad = con.execute(f"SELECT rowid, left(line, 200) FROM {table}_lines WHERE NOT {sound} ORDER BY 1").fetchall()
    con.execute(f"DROP TABLE {table}_lines")
    part = JsonPart(text.name, "", {}, notes=text.notes, malformed=list(text.malformed))
    places = text.places(np.array([row for row, _ in bad], "int64"))
    part.malformed += [
        Malformed(int(place), "", "malformed line: it is no JSON object", line)
        for place, (_, line) in zip(places, bad, strict=True)
    ]
    part.malformed.sort()
    part.numbers = text.places(np.asarray(kept, "int64"))
    return part


def _from_list(
    con: duckdb.DuckDBPyConnection, path: Path, scratch: Path, found: byte_scan.Scan, records: str | None, table: str
) -> JsonPart:  # fmt: skip
    plain = _as_utf8(found, scratch)
    with plain.open("rb") as file:
        start = file.read(byte_scan.HEAD).lstrip()
    size = max(found.size * 2, 1 << 24)
    try:
        if start.startswith(b"["):
            told = f"read_json_objects({located(plain)}, format='array', maximum_object_size={min(size, 1 << 28)})"
            con.execute(f"CREATE TEMP TABLE {table}_all AS SELECT json AS object FROM {told}")
        else:
            if found.size > LARGEST:
                raise MissingInput(
                    f"{path} is one JSON answer of {found.size:,} bytes; export it as JSON lines, or in parts"
                )
            told = f"read_json_objects({located(plain)}, format='unstructured', maximum_object_size={size})"
            con.execute(f"CREATE TEMP TABLE {table}_whole AS SELECT json AS object FROM {told}")
            _unwrap(con, path, records, table)
    except duckdb.Error as error:
        raise MissingInput(f"{path} is no sound JSON: {str(error).splitlines()[0]}; export it again") from error
    sound = "json_type(object) = 'OBJECT'"
    con.execute(f"CREATE TEMP TABLE {table} AS SELECT object FROM {table}_all WHERE {sound}")
    part = JsonPart(path.name, "", {})
    part.numbers = (
        np.asarray(con.execute(f"SELECT rowid FROM {table}_all WHERE {sound} ORDER BY 1").fetchnumpy()["rowid"]) + 1
    )
    bad = con.execute(
        f"SELECT rowid, left(object::VARCHAR, 200) FROM {table}_all WHERE NOT coalesce({sound}, false) ORDER BY 1"
    ).fetchall()
    part.malformed = [Malformed(row + 1, "", "malformed line: the record is no JSON object", text) for row, text in bad]
    con.execute(f"DROP TABLE {table}_all; DROP TABLE IF EXISTS {table}_whole")
    return part


def _as_utf8(found: byte_scan.Scan, scratch: Path) -> Path:
    how = encodings.encoding(found)
    if how.codec == "utf-8" and not how.mark and not found.broken:
        return found.plain
    copy = unnamed(scratch, f"{found.sha256[:16]}.json")
    with found.plain.open("rb") as raw, copy.open("w", encoding="utf-8") as out:
        raw.seek(how.mark)
        try:
            shutil.copyfileobj(codecs.getreader(how.codec)(raw), out)
        except UnicodeDecodeError as error:
            raise MissingInput(f"{found.path} holds bytes that are not {how.label} text; export it again") from error
    return copy


def _unwrap(con: duckdb.DuckDBPyConnection, path: Path, records: str | None, table: str) -> None:
    """Put the records of an answer into `<table>_all`: those of the list it holds, or the objects themselves."""
    shapes = con.execute(f"SELECT json_structure(object)::VARCHAR FROM {table}_whole").fetchall()
    if records is None and len(shapes) == 1:
        lists = _lists(json.loads(shapes[0][0]))
        usual = [p for p in lists if p[-1] in _WRAPPERS]
        if len(lists) > 1 and len(usual) != 1:
            named = [".".join(p) for p in lists]
            raise MissingInput(
                f"{path} holds several lists of records ({', '.join(named)}); say `records:` in the mapping"
            )
        where = (usual or lists or [None])[0]
    else:
        where = tuple(records.split(".")) if records else None
    if where is None:
        con.execute(f"CREATE TEMP TABLE {table}_all AS SELECT object FROM {table}_whole")
        return
    at = quoted(f"{_path(where)}[*]")
    con.execute(
        f"CREATE TEMP TABLE {table}_all AS SELECT unnest(json_extract(object, {at})) AS object FROM {table}_whole"
    )
    if records and not con.execute(f"SELECT count(*) FROM {table}_all").fetchone()[0]:
        there = [".".join(p) for p in _lists(json.loads(shapes[0][0]))] if shapes else []
        raise MissingInput(f"{path} has no list of records at {records!r}; {nearest(records, there)}")


def _lists(shape: Any, at: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Where lists of objects stand in the outermost two levels of a document."""
    if not isinstance(shape, dict) or len(at) > 1:
        return []
    found = []
    for key, inner in shape.items():
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            found.append((*at, key))
        elif isinstance(inner, list) and at == () and key in _WRAPPERS:
            found.append((key,))  # an empty list of records is one, too
        elif isinstance(inner, dict):
            found += _lists(inner, (*at, key))
    return found


def _path(keys: tuple[str, ...]) -> str:
    return "$" + "".join('."' + key.replace('"', '\\"') + '"' for key in keys)


def _columns(con: duckdb.DuckDBPyConnection, part: Part, table: str, needed: set[str] | None) -> None:
    """Set the part's columns and relation by what its records hold."""
    # Only a long record can have very many fields, and its structure takes the square of their number.
    (widest,) = con.execute(
        f"SELECT max(len(json_keys(object))) FROM {table} WHERE strlen(object::VARCHAR) > {5 * limits.COLUMNS}"
    ).fetchone()
    limits.wide(part.name, widest or 0, "fields")
    # Few records differ in their fields; asking for the fields of all at once would hold all of them in memory.
    shapes = con.execute(f"SELECT DISTINCT json_structure(object)::VARCHAR FROM {table} ORDER BY 1").fetchall()
    leaves = _leaves(reduce(_both, [json.loads(shape) for (shape,) in shapes], {}))
    limits.wide(part.name, len(leaves), "fields")
    names, notes = header([shown for shown, _ in leaves])
    part.notes += notes
    part.columns = dict.fromkeys(names, "VARCHAR")
    # To look for a field costs as much as there are others: only those that are needed are looked for.
    kept = [
        (column, ways)
        for n, (column, (_, ways)) in enumerate(zip(names, leaves, strict=True))
        if taken(column, n, needed)
    ]
    selects, at = dict.fromkeys(names, "NULL::VARCHAR"), 1
    for column, ways in kept:
        values = ", ".join(f"v[{at + i}]" for i in range(len(ways)))
        selects[column] = f"coalesce({values})" if len(ways) > 1 else values
        at += len(ways)
    listed = ", ".join(quoted(path) for _, ways in kept for path in ways)
    columns = ", ".join(f"{value} AS {name(column)}" for column, value in selects.items())
    part.relation = (
        f"(SELECT {columns} FROM (SELECT json_extract_string(object, [{listed}]) AS v FROM {table}))"
        if leaves
        else f"(SELECT NULL::VARCHAR AS nothing FROM {table})"
    )


def _both(one: Any, other: Any) -> Any:
    """The fields of two shapes; JSON where one has an object and the other a value. The first one is changed."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key, inner in other.items():
            one[key] = _both(one[key], inner) if key in one else inner
        return one
    if one == "NULL" or other == "NULL":
        return other if one == "NULL" else one
    return "JSON" if isinstance(one, dict) or isinstance(other, dict) else one


def _leaves(shape: dict[str, Any], at: tuple[str, ...] = ()) -> list[tuple[str, list[str]]]:
    """Columns with the paths they are read by, the first that holds something counts."""
    found: list[tuple[str, list[str]]] = []
    for key, inner in shape.items():
        keys = (*at, key)
        shown = ".".join(keys)
        if isinstance(inner, dict) and inner and set(inner) <= _FIELD:
            seen = [_path((*keys, k)) for k in ("display_value", "value") if k in inner]
            found += [(shown, seen or [_path((*keys, "link"))])]
            if "value" in inner:
                found.append((f"{shown}.value", [_path((*keys, "value"))]))
        elif isinstance(inner, dict) and inner:
            found += _leaves(inner, keys)
        elif inner == "JSON":
            # Now a value, now an object: what the object says comes first.
            found.append((shown, [_path((*keys, k)) for k in ("display_value", "value")] + [_path(keys)]))
        else:
            found.append((shown, [_path(keys)]))
    return found
