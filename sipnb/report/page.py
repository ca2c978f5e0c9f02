"""The pages: a service's plan, the page of a plan that could not be made, and the portfolio.

A page is one file that asks nothing of the network. Its only script is named by hash in its security policy and only
adds comfort; everything can be read without it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import jinja2
from markupsafe import Markup

from sipnb import __version__
from sipnb.chapters import results
from sipnb.chapters.facts import About, BaselineFacts, ReviewFacts
from sipnb.chapters.portfolio_facts import EstateFact, PortfolioFacts
from sipnb.cycles import Cycle
from sipnb.places import CHAPTERS, CycleFolder, write_whole
from sipnb.report import portfolio, quality, supplied
from sipnb.report.chapter import TEMPLATES, Chapter, Section, chapter, noun, title
from sipnb.report.chapter import prepare as prepare_chapters
from sipnb.report.provenance import account, fingerprints, provenance, quality_of, relative
from sipnb.report.scorecard import scorecard
from sipnb.show import display, words

#: An earlier or later cycle: its name, its label, and the link to its page, relative to the cycle's folder.
Edition = tuple[str, str, str]


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


#: A sum, a range or a number with its unit.
_TIED = re.compile(r"[€$£] [\d.,]*\d|\d[\d.,]*(?:–\d[\d.,]*\d?(?: (?:%|pts|min|h|d)(?!\w))?| (?:%|pts|min|h|d)(?!\w))")

_FRONT = [Section(2, "matters", "What matters"), Section(2, "decisions", "Decisions"),
          Section(2, "scorecard", "Scorecard")]  # fmt: skip
_BACK = [
    Section(2, "behind", "Behind the figures"),
    Section(3, "reading", "How to read this"),
    Section(3, "definitions", "Definitions"),
    Section(3, "records", "Records"),
    Section(3, "origin", "Origin"),
]
_QUALITY = [
    Section(2, "gate", "What the gate found"),
    Section(2, "aside", "Rows set aside"),
    Section(3, "wrong", "Something is wrong with them"),
    Section(3, "others", "Not for these plans"),
    Section(2, "supplied", "What is supplied"),
    Section(3, "tables", "Tables"),
    Section(3, "services", "Services"),
    Section(3, "recorded", "As the tool recorded them"),
    Section(3, "untaken", "Columns not taken"),
    Section(3, "read", "How files were read"),
    Section(2, "reading", "How to read this"),
]


def render_plan(
    folder: CycleFolder, service: str, *, history: Sequence[Edition] = (), with_code: bool = True
) -> Path:  # fmt: skip
    """Write the plan of a service from its results and executed notebooks, and return the file.

    `history` names the other cycles in which the service has a plan. Raises ResultError or PageError where something
    that the page is made of is missing; no page is written then.
    """
    baseline: BaselineFacts = results.read(folder, service, "2_baseline")
    chapters = [chapter(folder.notebook(service, name), name, with_code) for name in CHAPTERS]
    origin = provenance(folder, service, CHAPTERS)
    about = baseline.about
    content = _environment().get_template("plan.html.j2").render(
        title=f"Service improvement plan: {about.name}, {about.cycle_label}",
        about=about,
        period=_period(about),
        counts=_counts(baseline),
        verdict=results.read(folder, service, "5_recommendations").verdict,
        anchors={alias: (noun(name), title(name)) for name in CHAPTERS for alias in (name, noun(name), name[2:])},
        baseline=baseline,
        scorecard=scorecard(baseline, results.table(folder, service, "2_baseline", "series")),
        actions=_actions(results.read(folder, service, "1_review")),
        chapters=chapters,
        contents=_contents([*_FRONT, *_sections(chapters), *_BACK]),
        code=any(c.has_code for c in chapters),
        definitions=baseline.measures,
        provenance=origin,
        fingerprint=fingerprints(origin.origins),
        quality=_quality_link(folder),
        **_editions(history, about.cycle),
    )  # fmt: skip
    return _write(folder.page(service), content)


def render_failure(
    folder: CycleFolder, service: str, name: str, cycle_label: str, line: str, chapter: str, cell: int | None,
    heading: str, error: str,
) -> Path:  # fmt: skip
    """Write the page that says that a plan (or the portfolio, service `_portfolio`) could not be made; return the file.

    `line` is the error line of the run, `error` the exception; `cell` is None where no cell is to blame (a kernel
    that was killed). Nothing of an earlier cycle is shown.
    """
    notebook = folder.notebook(service, chapter)
    across = service == results.PORTFOLIO
    others = (folder.page(service), folder.index, folder.quality)
    pages = sorted(p for p in folder.root.glob("*.html") if p not in others)
    content = _environment().get_template("failure.html.j2").render(
        title=f"Service improvement plan{'s' if across else ''}: {name}, {cycle_label}",
        across=across,
        pages=[(relative(folder, p), p.stem) for p in pages] if across else [],
        name=name,
        cycle_label=cycle_label,
        line=line,
        chapter=title(chapter) if chapter in (*CHAPTERS, "portfolio") else "",
        cell=cell,
        heading=heading,
        error=error,
        notebook=relative(folder, notebook) if notebook.is_file() else "",
        version=__version__,
    )  # fmt: skip
    return _write(folder.page(service), content)


def failure_of(names: Mapping[str, str], cycle_label: str) -> Callable[[CycleFolder, str, Stopped], Path]:
    """`render_failure` for the services of these names, as a run calls it: with the service and what stopped it."""

    def render(folder: CycleFolder, service: str, stopped: Stopped) -> Path:
        trouble = stopped.trouble
        name = "All services" if service == results.PORTFOLIO else names[service]
        return render_failure(
            folder, service, name, cycle_label, stopped.line(), stopped.chapter, trouble.cell, trouble.heading,
            trouble.error,
        )  # fmt: skip

    return render


def render_index(folder: CycleFolder, *, history: Sequence[Edition] = (), with_code: bool = True) -> Path:
    """Write the portfolio from its result, its executed notebook and the services' series, and return the file.

    Render it after the services' pages: only pages that exist are linked. Raises ResultError or PageError.
    """
    facts: PortfolioFacts = results.read(folder, results.PORTFOLIO, "portfolio")
    body = chapter(folder.notebook(results.PORTFOLIO, "portfolio"), "portfolio", with_code)
    front = [Section(2, "services", "Services")]
    back = [Section(2, "records", "Records"), Section(2, "reading", "How to read this")]
    if facts.estate:
        front.append(Section(2, "estate", "Availability of the estate"))
    content = _environment().get_template("index.html.j2").render(
        title=f"Service improvement plans: {facts.organisation}, {facts.cycle_label}",
        facts=facts,
        rows=portfolio.rows(folder, facts),
        counted=portfolio.counted(facts),
        estate=[_estate(one) for one in facts.estate],
        sources=account(facts.sources),
        chapters=[body],
        contents=_contents([*front, *body.sections, *back]),
        code=body.has_code,
        fingerprint=results.raw(folder, results.PORTFOLIO, "portfolio")["inputs"] or "not recorded",
        quality=_quality_link(folder),
        notebook=relative(folder, folder.notebook(results.PORTFOLIO, "portfolio")),
        result=relative(folder, folder.result(results.PORTFOLIO, "portfolio")),
        version=__version__,
        **_editions(history, facts.cycle),
    )  # fmt: skip
    return _write(folder.index, content)


def render_quality(
    organisation: str,
    cycle: Cycle | None,
    record: Mapping[str, Any],
    path: Path,
    *,
    names: Mapping[str, str],
    simulated: bool = False,
) -> Path:
    """Write the data-quality page of an organisation's records to `path` and return it.

    `record` is `Prepared.record()`, or the content of `quality.json`: then the page lies beside the frozen records and
    leads to them. Without a cycle the records are as the exports stand. `names` are the services' names by id.
    """
    frozen = "files" in record
    wrong, others = quality.examples(record, True), quality.examples(record, False)
    some, more, beyond = supplied.services(record, names)
    content = _environment().get_template("quality.html.j2").render(
        title=f"Data quality: {organisation}" + (f", {cycle.label}" if cycle else ""),
        organisation=organisation,
        cycle=cycle,
        simulated=simulated,
        frozen=frozen,
        fingerprint=record["inputs"]["fingerprint"] if frozen else "",
        verdict=quality.verdict(record),
        total=quality.fate(record),
        bar=quality.bar,
        sources=quality.sources(record),
        counted=words.plural(len(record["sources"]), "source"),
        files=quality.files(record),
        levels=quality.findings(record),
        ok=quality.quiet(record, "ok"),
        no_data=quality.quiet(record, "no data"),
        wrong=wrong,
        others=others,
        tables=supplied.tables(record),
        missing=supplied.missing(record),
        services=some,
        more_services=more,
        beyond=beyond,
        recorded=supplied.recorded(record),
        untaken=supplied.untaken(record),
        notes=supplied.notes(record),
        contents=_contents(_QUALITY),
        version=__version__,
    )  # fmt: skip
    return _write(path, content)


def quality_page(
    organisation: str, cycle: Cycle, names: Mapping[str, str], simulated: bool
) -> Callable[[CycleFolder], Path]:
    """`render_quality` for an organisation's cycle, as a run calls it: once its records are frozen."""

    def render(folder: CycleFolder) -> Path:
        return render_quality(
            organisation, cycle, quality_of(folder), folder.quality, names=names, simulated=simulated
        )  # fmt: skip

    return render


def _quality_link(folder: CycleFolder) -> str:
    return relative(folder, folder.quality) if folder.quality.is_file() else ""


def _period(about: About) -> str:
    opens = date.fromisoformat(about.opens)
    # The year stands once where both ends lie in it.
    year = "" if f" {opens.year} " in about.cutoff_label else f" {opens.year}"
    return f"{opens.day} {opens:%B}{year} to the cut-off, {about.cutoff_label}"


def _tied(text: str) -> Markup:
    """Prose as HTML in which no line ends between a number and its unit, or within a range."""
    return Markup(_TIED.sub(r'<span class="tied">\g<0></span>', display.escape(text)))


def _code(text: str) -> Markup:
    """The project's own prose as HTML, `names` in it as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", display.escape(text)))


def _counts(baseline: BaselineFacts) -> str:
    flow = baseline.flow
    return f"{words.plural(flow.opened, 'ticket')} opened, {flow.stock_after:,} open" if flow else ""


def _actions(review: ReviewFacts) -> str:
    """Where the actions agreed before stand."""
    states = words.listed([f"{n:,} {state.replace('_', ' ')}" for state, n in review.states.items()])
    return (states + (f"; {review.overdue:,} overdue" if review.overdue else "")) if states else "none"


def _estate(one: EstateFact) -> dict[str, str]:
    return {
        "definition": one.definition,
        "severities": words.listed(one.severities) or "all",
        "cycle": words.percent(one.cycle),
        "year": words.percent(one.year),
        "outages": f"{one.outages:,}",
    }


def _sections(chapters: list[Chapter]) -> list[Section]:
    return [section for one in chapters for section in one.sections]


def _contents(sections: list[Section]) -> list[tuple[Section, list[Section]]]:
    """Chapters with their sections; deeper headings stay out of the list."""
    nested: list[tuple[Section, list[Section]]] = []
    for section in sections:
        if section.level == 2:
            nested.append((section, []))
        elif section.level == 3:
            nested[-1][1].append(section)
    return nested


def _editions(history: Sequence[Edition], cycle: str) -> dict[str, Any]:
    """The neighbours of a cycle and all other cycles, newest first. Names of one kind sort by time."""
    others = sorted((one for one in history if one[0] != cycle), reverse=True)
    earlier = [one for one in others if one[0] < cycle]
    later = [one for one in others if one[0] > cycle]
    return {"editions": others, "earlier": earlier[0] if earlier else None, "later": later[-1] if later else None}


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment.filters["tied"] = _tied
    environment.filters["code"] = _code
    environment.globals.update(
        style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        quality_style=Markup((TEMPLATES / "quality.css").read_text(encoding="utf-8")),
        script=Markup(script),
        policy="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"script-src 'sha256-{digest}'",
        variation=words.VARIATION,
        assurance=words.ASSURANCE,
    )
    return environment


def prepare() -> None:
    """Compile the templates of a plan: for a process that renders none itself, but forks those that do."""
    _environment().get_template("plan.html.j2")
    prepare_chapters()


def _write(path: Path, content: str) -> Path:
    """By rename, so that a reader never meets half a page."""
    write_whole(path, content)
    return path
