"""A tiny organisation with three services, light notebooks for it, and pages of one line."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

from rendering import (
    linked_cycles,
    linked_index,
    linked_plan,
    linked_quality,
    render_failure,
    render_index,
    render_plan,
)

from sipnb import workbook as workbooks
from sipnb.chain import plans
from sipnb.chain import run as runs
from sipnb.chain.progress import Event
from sipnb.places import CycleFolder

CHAPTERS = ("1_review", "4_forecast")

_RESULT = """
import json
import os
from pathlib import Path

folder = Path(os.environ["SIPNB_CYCLE_FOLDER"]) / "results" / service
folder.mkdir(parents=True, exist_ok=True)
(folder / "{chapter}.json").write_text(json.dumps({{"service": service, "cycle": cycle}}))
print(service, cycle)
"""

_ACROSS = """
import json
import os
from pathlib import Path

root = Path(os.environ["SIPNB_CYCLE_FOLDER"])
known = json.loads((root / "results" / "_portfolio" / "services.json").read_text())
statuses = {name: one["status"].replace("up to date", "published") for name, one in known.items()}
counted = sorted(path.parent.name for path in root.glob("results/*/4_forecast.json"))
folder = root / "results" / "_portfolio"
folder.mkdir(parents=True, exist_ok=True)
(folder / "portfolio.json").write_text(json.dumps({"statuses": statuses, "counted": counted}))
"""


_OVER_RECORDS = """
import os
from pathlib import Path

folder = Path(os.environ["SIPNB_CYCLE_FOLDER"]) / "results" / "_records"
folder.mkdir(parents=True, exist_ok=True)
(folder / "0_records.json").write_text("{}")
"""


def write_notebook(path: Path, parameters: list[str], code: str) -> None:
    def cell(kind: str, name: str, source: str, **more: object) -> dict:
        return {"cell_type": kind, "id": name, "metadata": {}, "source": source.strip(), **more}

    run = {"execution_count": None, "outputs": []}
    declared = "\n".join(f'{name}: str = "none"' for name in parameters)
    cells = [
        cell("markdown", "title", "# A chapter"),
        cell("code", "parameters", declared, **run) | {"metadata": {"tags": ["parameters"]}},
        cell("markdown", "choose", "## Choose a model"),
        cell("code", "work", textwrap.dedent(code), **run),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(content))


@dataclass
class Estate:
    """An organisation in a temporary folder, and how to run it; `events` are those of the last run."""

    root: Path
    events: list[Event] = field(default_factory=list)

    @property
    def notebooks(self) -> Path:
        return self.root / "notebooks"

    @property
    def folder(self) -> CycleFolder:
        return CycleFolder(self.root / "reports" / "tiny" / "2026-10")

    def load(self) -> workbooks.Workbook:
        return workbooks.load(self.root / "tiny", reports=self.root / "reports")

    def trouble(self, code: str, chapter: str = "4_forecast") -> None:
        """Let a chapter of the service `broken` run `code` first."""
        guarded = 'if service == "broken":\n' + textwrap.indent(textwrap.dedent(code).strip(), "    ")
        self.write(chapter, guarded + "\n" + _RESULT.format(chapter=chapter))

    def write(self, chapter: str, code: str) -> None:
        given = (
            ["workbook", "cycle"]
            if chapter in ("0_records", "choice", "portfolio")
            else ["workbook", "service", "cycle"]
        )
        write_notebook(self.notebooks / f"{chapter}.ipynb", given, code)

    def run(self, services: list[str] | None = None, **changes: object) -> runs.Run:
        workbook = changes.pop("workbook", None) or self.load()
        self.events.clear()
        given = {
            "jobs": 2, "notebooks": self.notebooks, "progress": self.events.append,
            "pages": PAGES,
        }  # fmt: skip
        return runs.run(workbook, workbook.cycle("2026-10"), services, **{**given, **changes})

    def plan(self, services: list[str] | None = None, force: bool = False) -> list[plans.Planned]:
        workbook = self.load()
        return plans.plan(
            workbook, workbook.cycle("2026-10"), services, force=force, refreeze=False, notebooks=self.notebooks
        )

    def manifest(self) -> dict:
        return json.loads(self.folder.manifest.read_text())


PAGES = runs.Pages(render_plan, render_failure, render_index)
#: Pages that lead to each other.
LINKED = runs.Pages(linked_plan, render_failure, linked_index, quality=linked_quality, cycles=linked_cycles)


def make_estate(root: Path) -> Estate:
    estate = Estate(root)
    (root / "tiny").mkdir()
    estate.notebooks.mkdir()
    (root / "tiny" / "workbook.yml").write_text(
        "organisation: Tiny\nzone: Europe/Berlin\nsources:\n  - {name: tickets, files: tickets.csv}\n"
    )
    names = ("broken", "identity", "payments")
    (root / "tiny" / "services.yml").write_text(
        "services:\n" + "".join(f"  {name}: {{name: {name.title()}, owner: Ann}}\n" for name in names)
    )
    rows = [
        f"{name[:2]}{day},{name},incident,2026-10-{day:02d}T08:00:00Z,2026-10-{day:02d}T10:00:00Z"
        for name in names
        for day in range(2, 12)
    ]
    (root / "tiny" / "tickets.csv").write_text("\n".join(["ticket,service,kind,opened,resolved", *rows]) + "\n")
    for chapter in ("1_review", "2_baseline", "3_gap_analysis", "4_forecast", "5_recommendations", "6_plan"):
        estate.write(chapter, _RESULT.format(chapter=chapter))
    estate.write("0_records", _OVER_RECORDS)
    estate.write("portfolio", _ACROSS)
    return estate
