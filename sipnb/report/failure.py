"""The page of a plan, or of the portfolio, that could not be made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from sipnb import __version__
from sipnb.places import ALL_SERVICES, BEHIND, CHAPTERS, CycleFolder, chapter_title
from sipnb.report.page import environment, write


class Trouble(Protocol):
    """What is known of a chapter that stopped: the cell and the heading above it, where a cell is to blame."""

    cell: int | None
    heading: str
    error: str


class Stopped(Protocol):
    """What a run hands over of a service that it could not finish."""

    @property
    def chapter(self) -> str | None: ...

    @property
    def trouble(self) -> Trouble | None: ...

    def line(self) -> str: ...


def render_failure(
    folder: CycleFolder, service: str, name: str, cycle_label: str, line: str, chapter: str, cell: int | None,
    heading: str, error: str,
) -> Path:  # fmt: skip
    """Write the page that says that a plan (or the portfolio, service `_portfolio`) could not be made; return the file.

    `line` is the error line of the run, `error` the exception; `cell` is None where no cell is to blame (a kernel
    that was killed). Nothing of an earlier cycle is shown.
    """
    notebook = folder.notebook(service, chapter)
    across = service == ALL_SERVICES
    others = (folder.page(service), folder.index, folder.quality, folder.methods)
    pages = sorted(p for p in folder.root.glob("*.html") if p not in others and not p.stem.endswith(BEHIND))
    content = environment().get_template("failure.html.j2").render(
        title=f"Service improvement plan{'s' if across else ''}: {name}, {cycle_label}",
        across=across,
        pages=[(folder.relative(p), p.stem) for p in pages] if across else [],
        name=name,
        cycle_label=cycle_label,
        line=line,
        chapter=chapter_title(chapter) if chapter in (*CHAPTERS, "portfolio") else "",
        cell=cell,
        heading=heading,
        error=error,
        notebook=folder.relative(notebook) if notebook.is_file() else "",
        version=__version__,
    )  # fmt: skip
    return write(folder.page(service), content)


def failure_of(names: Mapping[str, str], cycle_label: str) -> Callable[[CycleFolder, str, Stopped], Path]:
    """`render_failure` for the services of these names, as a run calls it: with the service and what stopped it."""

    def render(folder: CycleFolder, service: str, stopped: Stopped) -> Path:
        trouble = stopped.trouble
        name = "All services" if service == ALL_SERVICES else names[service]
        return render_failure(
            folder, service, name, cycle_label, stopped.line(), stopped.chapter, trouble.cell, trouble.heading,
            trouble.error,
        )  # fmt: skip

    return render
