"""The made-up exports of every system, with what a person reads off them, and an organisation that reads one."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd

from sipnb import workbook
from sipnb.validation import read_yaml
from sipnb.workbook import Workbook

FOLDER = Path(__file__).parents[1] / "fixtures" / "exports"
CYCLE = "2026-10"

#: What the exports call the services of the test organisation.
SERVICES = {
    "mail": ["E-Mail", "Messagerie", "27d32778c0a8000b00db970eeaa60f16", "Category 55"],
    "pay": ["Zahlungsverkehr", "Paiements", "Category 40"],
    "net": ["Réseau"],
}


@dataclass(frozen=True)
class Export:
    """One fixture file and what is expected of it."""

    system: str
    file: str
    expected: dict[str, Any]

    @property
    def path(self) -> Path:
        return FOLDER / self.system / self.file

    @property
    def mapping(self) -> str:
        return self.expected["mapping"]

    @property
    def table(self) -> str:
        return self.expected.get("table", "tickets")

    @property
    def records(self) -> dict[str, dict[str, Any]]:
        return self.expected[self.table]


#: Every fixture export.
EXPORTS = [
    Export(path.parent.name, file, expected)
    for path in sorted(FOLDER.glob("*/expected.yml"))
    for file, expected in read_yaml(path).items()
]


def read(path: Path) -> pd.DataFrame:
    """A fixture export as the readers hand it on: texts, repeated headers numbered, nested names with dots."""
    if path.suffix == ".json":
        content = json.loads(path.read_text(encoding="utf-8"))
        rows = content if isinstance(content, list) else next(v for v in content.values() if isinstance(v, list))
        return pd.DataFrame([dict(_flat(row)) for row in rows], dtype=object)
    if path.suffix == ".xlsx":
        return _sheet(path)
    text = path.read_bytes().decode("cp1252" if path.parent.name == "jira_service_management" else "utf-8")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=max(",;", key=text.split("\n")[0].count)))
    seen: Counter[str] = Counter()
    names = []
    for header in rows[0]:
        seen[header] += 1
        names.append(header if seen[header] == 1 else f"{header}#{seen[header]}")
    return pd.DataFrame(rows[1:], columns=names, dtype=object)


def _flat(row: dict[str, Any], before: str = "") -> Iterator[tuple[str, str | None]]:
    for key, value in row.items():
        if isinstance(value, dict) and set(value) <= {"value", "display_value", "link"}:
            yield before + key, value.get("display_value") or value.get("value")
        elif isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, None if value is None else json.dumps(value) if isinstance(value, list) else str(value)


def _sheet(path: Path) -> pd.DataFrame:
    """The sheet that the fixtures were written with: inline texts, numbers, dates as days since 1900."""
    sheet = ElementTree.fromstring(zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml"))
    rows = []
    for row in sheet.iterfind(".//{*}row"):
        cells = {}
        for cell in row.iterfind("{*}c"):
            value = cell.findtext(".//{*}t") or cell.findtext("{*}v")
            if cell.get("s") == "1":
                value = str((pd.Timestamp("1899-12-30") + pd.Timedelta(days=float(value))).round("s"))
            if cell.get("t") == "b":
                value = "true" if value == "1" else "false"
            cells[cell.get("r").rstrip("0123456789")] = value
        rows.append(cells)
    return pd.DataFrame(rows[1:], dtype=object).reindex(columns=list(rows[0])).rename(columns=rows[0])


#: KPIs that name the columns of free text, which are not read otherwise.
ASKING = """kpis:
  described: {title: Described, table: tickets, share: "summary IS NOT NULL"}
  explained: {title: Explained, table: problems, share: "cause IS NOT NULL"}
"""


def organisation(folder: Path, sources: dict[Path, str], own: dict[str, str] | None = None, kpis: str = "") -> Workbook:
    """An organisation in `folder` that reads these files by these mappings; `own` holds mappings of its own as text."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = "".join(
        f"  - {{name: source{i}, files: '{path}', mapping: {mapping}}}\n"
        for i, (path, mapping) in enumerate(sources.items())
    )
    (folder / "workbook.yml").write_text(
        f"organisation: Test\nzone: UTC\nsources:\n{listed}gate: {{stop_set_aside: 1}}\n{kpis}", encoding="utf-8"
    )
    (folder / "services.yml").write_text(
        "services:\n" + "".join(f"  {k}: {{name: {k}, owner: A, match: {v}}}\n" for k, v in SERVICES.items()),
        encoding="utf-8",
    )
    for name, text in (own or {}).items():
        (folder / "mappings").mkdir(exist_ok=True)
        (folder / "mappings" / f"{name}.yml").write_text(text, encoding="utf-8")
    return workbook.load(folder, reports=folder.parent / "reports", anywhere=True)
