"""How one system's export becomes canonical tables: a mapping is a YAML file, and this module reads it.

A mapping names the export's missing-value marks, time formats and zone, and for every canonical table the columns to
take, their value maps, and whether a row is a ticket or an *event of* a ticket; then each attribute is folded from the
ticket's events by a named rule. Mappings that ship lie beside this file; an organisation may add its own in
`params/<organisation>/mappings/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from sipnb.params import Model, WorkbookError, Zone, nearest, read_yaml, validate
from sipnb.records.tables import TABLES

_SHIPPED = Path(__file__).resolve().parent


class ColumnMap(Model):
    """One canonical column: taken `from` the first of these columns that exists, or a constant `value`.

    `pattern` keeps the first group of a regular expression, `map` replaces values (null makes them missing),
    `default` stands in for missing ones, `split` makes one row of each part, `fold` says how events become one value.
    """

    source: list[str] = Field(default_factory=list, alias="from")
    value: str | int | float | bool | None = None
    pattern: str | None = None
    map: dict[str, str | int | float | bool | None] = Field(default_factory=dict)
    default: str | int | float | bool | None = None
    split: str | None = None
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
    """One canonical table out of a source: its columns, which rows to take, and whether rows are events."""

    columns: dict[str, ColumnMap]
    events: Events | None = None
    only: dict[str, list[str]] = Field(default_factory=dict, description="source column → values to take")


class Times(Model):
    formats: list[str] = Field(default_factory=list, description="strptime formats; ISO 8601 is always read")
    zone: Zone = "UTC"


class Mapping(Model):
    """A whole mapping file."""

    system: str
    delimiter: str | None = None
    missing: list[str] = Field(default_factory=lambda: [""])
    times: Times = Times()
    tables: dict[str, TableMap]


def load(name: str, source: str, own: Path) -> Mapping:
    """The mapping called `name`, from the organisation's own folder or from those that ship.

    `canonical` means: the source already is the canonical table of its own name.
    Raises WorkbookError for an unknown name or a mapping with errors, all of them together.
    """
    if name == "canonical":
        return _canonical(source)
    for folder in (own, _SHIPPED):
        path = folder / f"{name}.yml"
        if path.exists():
            return _read(path)
    shipped = [p.stem for folder in (own, _SHIPPED) for p in folder.glob("*.yml")]
    raise WorkbookError(
        [f"workbook.yml: sources.{source}: mapping {name!r} is not known; {nearest(name, [*shipped, 'canonical'])}"]
    )


def _read(path: Path) -> Mapping:
    errors: list[str] = []
    mapping = validate(read_yaml(path), Mapping, f"mappings/{path.name}", errors)
    for table, content in mapping.tables.items() if mapping else ():
        if table not in TABLES:
            errors.append(f"mappings/{path.name}: tables.{table}: is not a table; {nearest(table, TABLES)}")
            continue
        known = TABLES[table].columns
        errors += [
            f"mappings/{path.name}: tables.{table}.columns.{column}: is not a column of {table}; "
            f"{nearest(column, known)}"
            for column in content.columns
            if column not in known
        ]
        errors += [
            f"mappings/{path.name}: tables.{table}.columns.{column}: is missing; say where it comes from"
            for column in TABLES[table].required
            if column not in content.columns
        ]
    if errors:
        raise WorkbookError(errors)
    return mapping


def _canonical(table: str) -> Mapping:
    if table not in TABLES:
        raise WorkbookError(
            [f"workbook.yml: sources.{table}: a canonical source is named after its table; {nearest(table, TABLES)}"]
        )
    columns = {name: ColumnMap.model_validate(name) for name in TABLES[table].columns}
    return Mapping(system="sipnb's own tables", tables={table: TableMap(columns=columns)})
