"""Pages of one line, and pages that link to each other, for the tiny organisation.

The process that forks units imports where these stand: nothing heavy is imported here.
"""

from __future__ import annotations

import json

from sipnb.places import CycleFolder


def render_plan(folder: CycleFolder, service: str) -> None:
    folder.page(service).write_text(f"plan of {service}")


def render_some(folder: CycleFolder, service: str) -> None:
    if service == "broken":
        raise TypeError("no such figure")
    render_plan(folder, service)


def render_failure(folder: CycleFolder, service: str, outcome: object) -> None:
    folder.page(service).write_text(f"{service} failed: {outcome.trouble.error}")


def render_index(folder: CycleFolder, service: str) -> None:
    told = folder.result("_portfolio", "portfolio").read_text()
    pages = sorted(page.name for page in folder.root.glob("*.html"))
    folder.index.write_text(f"index of {pages} {told}")


def linked_plan(folder: CycleFolder, service: str) -> None:
    others = [f"../{name}/index.html" for name in _published(folder) if name != folder.cycle]
    links = ["index.html", "data-quality.html", "../index.html", *others]
    folder.page(service).write_text(" ".join(f'<a href="{link}">' for link in links) + service)


def linked_quality(folder: CycleFolder, service: str) -> None:
    tables = json.loads((folder.records / "quality.json").read_text())["tables"]
    folder.quality.write_text(f'<a href="index.html">{sorted(tables)}')


def linked_index(folder: CycleFolder, service: str) -> None:
    folder.owners.mkdir(exist_ok=True)
    names = sorted(path.name for path in folder.root.glob("*.html") if path != folder.index)
    (folder.owners / "ann.html").write_text(" ".join(f'<a href="../{name}">' for name in [*names, "index.html"]))
    folder.index.write_text(" ".join(f'<a href="{link}">' for link in [*names, "owners/ann.html", "../index.html"]))


def linked_cycles(folder: CycleFolder) -> None:
    folder.cycles.write_text(" ".join(f'<a href="{name}/index.html">' for name in _published(folder)))


def _published(folder: CycleFolder) -> list[str]:
    """The cycles that readers find beside one."""
    return sorted(index.parent.name for index in folder.root.parent.glob("2*/index.html"))
