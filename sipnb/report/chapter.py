"""An executed notebook as part of a page: prose, tables and figures as they are, code folded away.

The notebook's headings move one level down, because the page has the only first-level heading; their ids are made of
chapter and words, so that a link still leads to the same place next cycle. The plan's are where they belong, and a section of it
whose cells leave nothing is left out.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import pass_context
from markupsafe import Markup
from traitlets.config import Config

from sipnb.imports import spared
from sipnb.places import PLAN, chapter_anchor
from sipnb.report.page import TEMPLATES, PageError, Section
from sipnb.show import words
from sipnb.show.display import inside

with spared():
    import nbformat
    from nbconvert.exporters import TemplateExporter
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

#: What cells with one of these tags leave is no part of the page: they prepare, or show an analyst what a method gave.
SILENT = {"parameters", "injected-parameters", "setup", "method"}
#: A cell tagged `page:<place>` has its place in the frame of the page; prose tagged `front` is a heading of such cells, which the
#: frame has already.
PLACE, FRONT = "page:", "front"

#: In this order; text that came from a record is never read as Markdown, so that is not among them.
_SHOWN = ["text/html", "image/svg+xml", "image/png", "image/jpeg", "text/plain"]

_HEADING = re.compile(r"<h([1-6])[^>]*>(.*?)</h\1>", re.DOTALL)


@dataclass(frozen=True)
class Chapter:
    """A chapter's markup and headings; the first heading is the chapter's own. `front` is what has a place in the frame."""

    markup: Markup
    sections: list[Section]
    has_code: bool
    front: dict[str, Markup]


def chapter(path: Path, name: str, with_code: bool = True) -> Chapter:
    """The executed notebook at `path` as chapter `name` of a page. Raises PageError where it cannot be read."""
    if not path.is_file():
        raise PageError(f"{name}: no executed notebook at {path}; run that chapter first")
    try:
        return converted(path.read_text(encoding="utf-8"), name, with_code)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise PageError(f"{name}: {path} is not a notebook: {error}; run that chapter again") from error


def converted(content: str, name: str, with_code: bool = False) -> Chapter:
    """An executed notebook, its JSON given, as chapter `name` of a page. Raises PageError where it has no title."""
    notebook = nbformat.reads(content, as_version=4)
    notebook.cells = [c for c in notebook.cells if c.cell_type == "code" or FRONT not in c.metadata.get("tags", [])]
    front = _taken(notebook)
    # The plan is a page by itself: its first heading is the page's, and of what there is nothing to say it says nothing.
    whole = name == PLAN
    if whole:
        notebook.cells = _filled(notebook.cells)
    markup, sections = _converted(notebook, name, with_code, whole)
    if not whole and (not sections or sections[0].level != 2):
        raise PageError(
            f"{name}: its notebook has to begin with a heading `# …`; put the chapter's title into its first cell"
        )
    has_code = with_code and any(cell.cell_type == "code" and cell.source.strip() for cell in notebook.cells)
    return Chapter(Markup(markup), sections, has_code, front)


def _taken(notebook: nbformat.NotebookNode) -> dict[str, Markup]:
    """What cells leave for a place in the frame, by the place; it is taken out of the notebook, as is what is not shown."""
    front: dict[str, Markup] = {}
    for cell in notebook.cells:
        tags = set(cell.metadata.get("tags", [])) if cell.cell_type == "code" else set()
        for place in (tag.removeprefix(PLACE) for tag in tags if tag.startswith(PLACE)):
            shown = (output.get("data", {}).get("text/html", "") for output in cell.outputs)
            front[place] = Markup("".join(inside(markup) for markup in shown))
        if tags & SILENT or any(tag.startswith(PLACE) for tag in tags):
            cell.outputs = []
    return front


def _filled(cells: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """The cells without the words of sections that show nothing."""
    parts: list[list[nbformat.NotebookNode]] = [[]]
    for cell in cells:
        if cell.cell_type == "markdown":
            parts.append([])
        parts[-1].append(cell)
    return [cell for part in parts for cell in part if cell.cell_type == "code" or any(map(_shows, part))]


def _shows(cell: nbformat.NotebookNode) -> bool:
    shown = (inside(output.get("data", {}).get("text/html", "")) for output in cell.get("outputs", ()))
    return any(markup.strip() for markup in shown)


def placed(chapters: Iterable[Chapter], places: Iterable[str]) -> dict[str, Markup]:
    """What chapters leave for the places of a frame, by place. Raises PageError where one of them is left empty."""
    front = {place: markup for one in chapters for place, markup in one.front.items()}
    if missing := [place for place in places if place not in front]:
        raise PageError(
            f"the notebooks leave nothing for {words.listed(missing)}; tag the cells that show it `{PLACE}{missing[0]}`"
        )
    return front


def prepare() -> None:
    """Compile what checks and converts notebooks: for a process that converts none itself, but forks those that do."""
    nothing = nbformat.v4.new_notebook()
    nbformat.validate(nothing)
    _converted(nothing, "", with_code=False)


def _converted(
    notebook: nbformat.NotebookNode, name: str, with_code: bool, whole: bool = False
) -> tuple[str, list[Section]]:
    state = {"name": chapter_anchor(name), "sections": [], "used": {}, "with_code": with_code, "whole": whole}
    markup, resources = _exporter().from_notebook_node(notebook, resources={"sipnb": state})
    return markup, resources["sipnb"]["sections"]


@cache
def _exporter() -> TemplateExporter:
    # One exporter a process: making it costs more than a page.
    exporter = TemplateExporter(
        config=Config({"NbConvertBase": {"display_data_priority": _SHOWN}}),
        template_name="chapter",
        file_extension=".html",
        extra_template_basedirs=[str(TEMPLATES)],
        # None of them would change anything, and after each of them the whole notebook is validated.
        default_preprocessors=[],
    )
    exporter.register_filter("prose", _prose)
    exporter.register_filter("inside", inside)
    return exporter


@pass_context
def _prose(context: Mapping, source: str) -> str:
    state = context["resources"]["sipnb"]
    markup = MarkdownWithMath(renderer=IPythonRenderer(escape=False, exclude_anchor_links=True)).render(source)
    return _HEADING.sub(lambda match: _heading(int(match[1]), match[2], state), markup)


def _heading(level: int, inner: str, state: dict) -> str:
    sections = state["sections"]
    # One down, and no level is skipped whatever the notebook does: a reader by ear walks the headings.
    level = max(2, min(level + (not state["whole"]), sections[-1].level + 1 if sections else 2, 6))
    text = html.unescape(re.sub(r"<[^>]+>", "", inner)).strip()
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    identity = f"{state['name']}-{slug}" if sections or state["whole"] else state["name"]
    state["used"][identity] = count = state["used"].get(identity, 0) + 1
    if count > 1:
        identity = f"{identity}-{count}"
    sections.append(Section(level, identity, text))
    return f'<h{level} id="{identity}">{inner}</h{level}>'
