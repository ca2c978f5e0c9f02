"""How one system's export becomes canonical tables: a mapping is a YAML file, and this module reads it.

A mapping names the export's missing-value marks, time formats and zone, and for every canonical table the columns to
take, their value maps, and whether a row is a ticket or an *event of* a ticket; then each attribute is folded from the
ticket's events by a named rule. Mappings that ship lie beside this file; an organisation may add its own in
`params/<organisation>/mappings/`.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import duckdb
from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from sipnb.params import Zone
from sipnb.places import state
from sipnb.records.sql import quoted
from sipnb.tables import TABLES
from sipnb.validation import Model, WorkbookError, nearest, read_yaml, validate

_SHIPPED = Path(__file__).resolve().parent


def _expression(given: str) -> str:
    """A regular expression that the records' engine understands and that has a group to keep."""
    try:
        duckdb.execute(f"SELECT regexp_extract(text, {quoted(given)}, 1) FROM (SELECT '' AS text)")
    except duckdb.Error as error:
        raise ValueError("is not a regular expression as RE2 reads them") from error
    with contextlib.suppress(re.error):  # RE2 reads some that Python does not
        if not re.compile(given).groups:
            raise ValueError("has no group in brackets, which is the part that is kept")
    return given


class ColumnMap(Model):
    """One canonical column: taken `from` the first of these columns that exists, or a constant `value`.

    Names are compared without regard to case; the parts of a nested field are joined by dots
    (`metric_set.reply_time_in_minutes.calendar`). What was read goes through these steps, in this order:

    * `repeated`: a header that stands several times gives its first, its last or its first filled column, or all joined;
    * `split` makes one row of each part between such signs;
    * `pattern` keeps the first group of a regular expression (no match: missing in a text column, else unreadable);
    * `map` replaces whole values, case ignored (null makes them missing); a value it does not name goes on as it is;
    * `unit`: the text is a span of time in this unit (`h:mm` is `-1:30` or `26:15`); it becomes the unit of the canonical
      column (seconds of `on_hold`, hours of `effort`). Words say their own unit whatever this one is: `1w 2d 3h`,
      `2 days 3 hours`, `-1 day, 02:03:04`. A week has 7 days and a day 24 hours by the clock on the wall; `workday: 8` says
      that the tool writes weeks of 5 working days of so many hours;
    * `after`: a time column given as such a span after another canonical time column of the row;
    * `remainder_of`: a number of which the export counts the others (breaches): another canonical number of the row less
      what was read;
    * `negative`: for a flag, what a negative number or span means; others mean the opposite;
    * `given`: taken only where another canonical column of the row is filled (`sla_due`), or holds one of some values
      (`{state: [resolved, closed]}`): tools keep a mark or a time that has lost its meaning;
    * `default` stands in for missing values, and for a column that the export does not have; `fold` says how a ticket's
      events become one value (`changes` counts how often the text differed from the one before it).

    Where no column of the export tells records apart, `ticket: row` (and likewise `problem` and `change`) makes a record of
    each row, named by where it stands: `incidents.csv:17`. An export that has a column named `row` is read by that.
    """

    source: list[str] = Field(default_factory=list, alias="from")
    value: str | int | float | bool | None = None
    repeated: Literal["first", "last", "filled", "join"] = "filled"
    split: str | None = None
    pattern: Annotated[str, AfterValidator(_expression)] | None = None
    map: dict[str, str | int | float | bool | None] = Field(default_factory=dict)
    unit: Literal["milliseconds", "seconds", "minutes", "hours", "days", "h:mm"] | None = None
    workday: float | None = Field(None, gt=0, le=24)
    after: str | None = None
    remainder_of: str | None = None
    negative: bool | None = None
    given: str | dict[str, list[str]] | None = None
    default: str | int | float | bool | None = None
    fold: Literal["first", "last", "max", "min", "changes"] = "last"

    @model_validator(mode="before")
    @classmethod
    def _one_name_is_a_list(cls, content: object) -> object:
        if isinstance(content, str):
            content = {"from": content}
        if isinstance(content, dict) and isinstance(content.get("from"), str):
            content = {**content, "from": [content["from"]]}
        if isinstance(content, dict) and isinstance(content.get("map"), dict):
            content = {**content, "map": {str(k): v for k, v in content["map"].items()}}
        return content


class Events(Model):
    """Which columns say of which ticket a row is an event, and when it happened."""

    ticket: str
    at: str


class TableMap(Model):
    """One canonical table out of a source: its columns, which rows to take, and whether rows are events.

    `latest`: an identifier that stands in several rows is taken from the one in which this source column is greatest (the
    tool writes a record again whenever it changes). `supplements`: the rows add columns to records that another source
    gives under the same key, and are no records themselves.
    """

    columns: dict[str, ColumnMap]
    events: Events | None = None
    only: dict[str, list[str]] = Field(default_factory=dict, description="source column → values to take")
    latest: str | None = None
    supplements: bool = False
    _passing: frozenset[str] = PrivateAttr(frozenset())

    @property
    def passing(self) -> frozenset[str]:
        """The columns that others of the row are decided by, and that are not kept."""
        return self._passing

    def without(self, unwanted: Iterable[str]) -> TableMap:
        """The same without some columns; those that others are decided by are read, and not kept."""
        gone = set(unwanted) & set(self.columns)
        left = {c: one for c, one in self.columns.items() if c not in gone}
        told = {one.given for one in left.values() if isinstance(one.given, str)}
        told |= {c for one in left.values() if isinstance(one.given, dict) for c in one.given}
        passing = frozenset(gone & told)
        found = self.model_copy(
            update={"columns": {c: o for c, o in self.columns.items() if c in left or c in passing}}
        )
        found._passing = passing
        return found


class Times(Model):
    """How times are written: strptime formats; ISO 8601 is always read.

    Four formats are numbers: `epoch` and `epoch_ms` are seconds and milliseconds since 1970, `serial` the days since
    1899-12-30 as spreadsheets keep them (46266.33333), `serial1904` those since 1904-01-01. `%b` and `%B` take months in
    English, German and French, in full or short (`Sept`, `Okt.`, `août`). Times without a zone of their own are local times
    of `zone`; in the hour that its clocks repeat they are of the first pass, unless the row's times stand in their order
    only on the second.
    """

    formats: list[str] = Field(default_factory=list)
    zone: Zone = "UTC"


class Mapping(Model):
    """A whole mapping file.

    `records` names the field of a nested JSON file that holds the list of records, where it is not found without. `decimal`
    is the sign before decimals; thousands may be separated by the other one, by blanks or by apostrophes.
    """

    system: str
    delimiter: str | None = None
    encoding: str | None = None
    records: str | None = None
    decimal: Literal[".", ","] = "."
    missing: list[str] = Field(default_factory=lambda: [""])
    times: Times = Times()
    tables: dict[str, TableMap]

    @property
    def names(self) -> set[str]:
        """The columns of an export that the mapping knows, in small letters."""
        taken: set[str] = set()
        for table in self.tables.values():
            taken |= {name for column in table.columns.values() for name in column.source} | set(table.only)
            taken |= {table.latest} if table.latest else set()
            taken |= {table.events.ticket, table.events.at} if table.events else set()
        return {name.strip().casefold() for name in taken}

    def without(self, unwanted: dict[str, list[str]]) -> Mapping:
        """The same without some columns of each table."""
        tables = {name: table.without(unwanted.get(name, ())) for name, table in self.tables.items()}
        return self.model_copy(update={"tables": tables})


def load(name: str, source: str, own: Path) -> Mapping:
    """The mapping called `name`, from the organisation's own folder or from those that ship.

    `canonical` means: the source already is the canonical table that it is named after (`tickets`, `tickets-archive`).
    Raises WorkbookError for an unknown name or a mapping with errors, all of them together.
    """
    if name == "canonical":
        return _canonical(source)
    there = {path.stem: path for folder in (_SHIPPED, own) for path in folder.glob("*.yml")}
    if name in there:  # a name, and never a path
        return _read(there[name])
    meant = name.rpartition("/")[2]
    raise WorkbookError(
        [f"workbook.yml: sources.{source}: mapping {name!r} is not known; {nearest(meant, [*there, 'canonical'])}"]
    )


def _read(path: Path) -> Mapping:
    return _checked(path, state(path))


# Kept while the file is the same: it takes longer to read than a small export.
@lru_cache(maxsize=64)
def _checked(path: Path, state: tuple[int, int, int]) -> Mapping:
    errors: list[str] = []
    mapping = validate(read_yaml(path), Mapping, f"mappings/{path.name}", errors)
    for table, content in mapping.tables.items() if mapping else ():
        if table not in TABLES:
            errors.append(f"mappings/{path.name}: tables.{table}: is not a table; {nearest(table, TABLES)}")
            continue
        known = TABLES[table].supplied
        errors += [
            f"mappings/{path.name}: tables.{table}.columns.{column}: is not a column that an export of {table} gives; "
            f"{nearest(column, known)}"
            for column in content.columns
            if column not in known
        ]
        errors += [
            f"mappings/{path.name}: tables.{table}.columns.{column}: is missing; say where it comes from"
            for column in (TABLES[table].key if content.supplements else TABLES[table].required)
            if column not in content.columns
        ]
    if errors:
        raise WorkbookError(errors)
    return mapping


def _canonical(source: str) -> Mapping:
    # A second source of a table has a name of its own after a hyphen.
    table = source.partition("-")[0]
    if table not in TABLES:
        raise WorkbookError(
            [f"workbook.yml: sources.{source}: a canonical source is named after its table; {nearest(table, TABLES)}"]
        )
    columns = {name: ColumnMap.model_validate(name) for name in TABLES[table].supplied}
    return Mapping(system="sipnb's own tables", tables={table: TableMap(columns=columns)})
