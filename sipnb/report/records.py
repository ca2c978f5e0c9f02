"""The page of the data's quality: what was read, what was set aside and why, and what that does to the plans."""

from __future__ import annotations

import json
from pathlib import Path

from sipnb import __version__
from sipnb.chapters import notebooks
from sipnb.chapters.context import RecordsContext, open_records
from sipnb.places import ALL_RECORDS, NOTEBOOKS, RECORDS, CycleFolder
from sipnb.report.chapter import Chapter, chapter, converted, placed
from sipnb.report.page import Section, contents, environment, write
from sipnb.show import words

#: The places of the page that cells of the notebook fill.
FRONT = ("verdict", "account")
_READING = Section(2, "reading", "How to read this")


def render_quality(context: RecordsContext, path: Path, chapter: Chapter) -> Path:
    """Write the data-quality page of an organisation's records to `path` and return it.

    `chapter` is what the cells of its notebook leave. Raises PageError where they leave a place empty.
    """
    record, settings = context.record, context.workbook.settings
    content = environment().get_template("quality.html.j2").render(
        title=f"Data quality: {settings.organisation}" + (f", {context.cycle.label}" if context.cycle else ""),
        organisation=settings.organisation,
        cycle=context.cycle,
        simulated=settings.simulated,
        frozen=context.frozen,
        fingerprint=record["inputs"]["fingerprint"] if context.frozen else "",
        counted=words.plural(len(record["sources"]), "source"),
        front=placed([chapter], FRONT),
        chapter=chapter,
        contents=contents([*chapter.sections, _READING]),
        version=__version__,
    )  # fmt: skip
    return write(path, content)


def render_check(context: RecordsContext, path: Path) -> Path:
    """`render_quality` by the project's own notebook, run in this process: a page that `check` makes is not worth a kernel."""
    executed = notebooks.executed(NOTEBOOKS / f"{RECORDS}.ipynb", context)
    return render_quality(context, path, converted(json.dumps(executed), RECORDS))


def render_records(folder: CycleFolder, service: str = ALL_RECORDS) -> Path:
    """`render_quality` for a cycle that is being built, as a run calls it: once the notebook over its records was run."""
    context = open_records(folder.root.parent.name, folder.cycle)
    return render_quality(context, folder.quality, chapter(folder.notebook(service, RECORDS), RECORDS, with_code=False))
