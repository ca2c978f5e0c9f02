"""Organisations of any number of services: the simulated one, its services and their records many times over."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
from ruamel.yaml import YAML

from sipnb import demo, places

CYCLE = "2026-10"
#: The services that are copied: ten of the twelve, so that an estate of any power of ten holds the same mix.
KINDS = tuple(service.id for service in demo.SERVICES[:10])
TABLES = ("tickets", "ticket_events", "problems", "changes", "outages", "surveys", "costs", "usage")
_IDS = ("service", "ticket", "problem", "change", "outage")


def write(folder: Path, services: int) -> Path:
    """Write an organisation of `services` services (a multiple of ten) with its exports; its parameters' folder."""
    exports = folder / "exports"
    if not (exports / "usage.parquet").is_file():
        demo.write(exports)
    copies = [f"{n:03d}" for n in range(services // len(KINDS))]
    organisation = folder / f"estate-{services}"
    shutil.rmtree(organisation, ignore_errors=True)
    (organisation / "data").mkdir(parents=True)
    for table in TABLES:
        _copy(exports / f"{table}.parquet", organisation / "data" / f"{table}.parquet", copies)
    yaml = YAML(typ="safe", pure=True)
    for source in (places.PARAMS / "demo").glob("*.yml"):
        content = yaml.load(source)
        if source.name == "workbook.yml":
            content |= {"organisation": f"Estate of {services}", "data": "data", "simulated": False}
        if source.name in ("services.yml", "targets.yml"):
            named = content["services"]
            content["services"] = {
                f"{name}-{copy}": _renamed(named[name], copy) for copy in copies for name in KINDS if name in named
            }
        with (organisation / source.name).open("w", encoding="utf-8") as file:
            yaml.dump(content, file)
    return organisation


def _renamed(one: dict, copy: str) -> dict:
    return {**one, **({"name": f"{one['name']} {copy}"} if "name" in one else {})}


def _copy(source: Path, target: Path, copies: list[str]) -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE copies AS SELECT unnest($1) AS copy", [copies])
        columns = [row[0] for row in con.execute(f"DESCRIBE FROM '{source}'").fetchall()]
        renamed = ", ".join(f'"{name}" || \'-\' || copy AS "{name}"' for name in _IDS if name in columns)
        kinds = ", ".join(f"'{name}'" for name in KINDS)
        con.execute(
            f"""COPY (SELECT rows.* REPLACE ({renamed}) FROM copies, '{source}' AS rows WHERE service IN ({kinds}))
            TO '{target}' (FORMAT parquet, COMPRESSION zstd)"""
        )
