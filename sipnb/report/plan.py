"""The page of a service: its plan, from its results and executed notebooks."""

from __future__ import annotations

from dataclasses import astuple
from datetime import date, timedelta
from pathlib import Path

from sipnb import cycles
from sipnb.chapters import results
from sipnb.chapters.facts import About, BaselineFacts, RecommendationFacts
from sipnb.other_cycles import editions as found_editions
from sipnb.places import BASELINE, CHAPTERS, FORECAST, RECOMMENDATIONS, CycleFolder
from sipnb.report.chapter import Chapter, chapter, placed
from sipnb.report.chapter import prepare as prepare_chapters
from sipnb.report.methods import methods
from sipnb.report.page import Section, contents, editions, environment, quality_link, write
from sipnb.report.provenance import fingerprints, provenance
from sipnb.report.twin import embedded, twin
from sipnb.show import words

#: The places of the front page that cells of the chapters fill.
FRONT = ("verdict", "matters", "decisions", "news", "scorecard")

_FRONT = [Section(2, "matters", "What matters"), Section(2, "decisions", "Decisions"), Section(2, "news", "What changed"),
          Section(2, "scorecard", "Scorecard")]  # fmt: skip
_BACK = [
    Section(2, "behind", "Behind the figures"),
    Section(3, "reading", "How to read this"),
    Section(3, "glossary", "Glossary"),
    Section(3, "methods", "Methods"),
    Section(3, "definitions", "Definitions"),
    Section(3, "records", "Records"),
    Section(3, "origin", "Origin"),
]


def render_plan(folder: CycleFolder, service: str, *, with_code: bool = True) -> Path:
    """Write the plan of a service from its results and executed notebooks, and return the file.

    Raises ResultError or PageError where something that the page is made of is missing; no page is written then.
    """
    baseline: BaselineFacts = results.read(folder, service, BASELINE)
    advice: RecommendationFacts = results.read(folder, service, RECOMMENDATIONS)
    chapters = [chapter(folder.notebook(service, name), name, with_code) for name in CHAPTERS]
    origin = provenance(folder, service, CHAPTERS)
    about = baseline.about
    before = cycles.parse(about.cycle, "UTC").shift(-1)
    content = environment().get_template("plan.html.j2").render(
        title=f"Service improvement plan: {about.name}, {about.cycle_label}",
        about=about,
        period=_period(about),
        counts=_counts(baseline),
        front=placed(chapters, FRONT),
        before=words.bare(before.label) if about.opens[:4] == str(before.start.year) else before.label,
        baseline=baseline,
        chapters=chapters,
        contents=contents([*_FRONT, *_sections(chapters), *_BACK]),
        code=any(c.has_code for c in chapters),
        methods=[astuple(one) for one in methods(baseline, results.read(folder, service, FORECAST), advice)],
        definitions=[(k.title, k.formula, k.cohort, k.clock, k.minimum_n, k.definition) for k in baseline.measures],
        definition_ids=[f"def-{k.kpi}" for k in baseline.measures],
        provenance=origin,
        workbook=folder.root.parent.name,
        fingerprint=fingerprints(origin.origins),
        quality=quality_link(folder),
        twin=embedded(twin(folder, service)),
        **editions(found_editions(folder, f"{service}.html"), about.cycle),
    )  # fmt: skip
    return write(folder.page(service), content)


def prepare() -> None:
    """Compile the templates of a plan: for a process that renders none itself, but forks those that do."""
    environment().get_template("plan.html.j2")
    prepare_chapters()


def _period(about: About) -> str:
    """`1–31 October 2026`, or both ends in full where they lie in different months."""
    opens, last = date.fromisoformat(about.opens), cycles.parse(about.cycle, "UTC").end - timedelta(days=1)
    if (opens.year, opens.month) == (last.year, last.month):
        return f"{opens.day}–{words.day(last.isoformat())}"
    return (
        f"{opens.day} {opens:%B}{f' {opens.year}' if opens.year != last.year else ''} to {words.day(last.isoformat())}"
    )


def _counts(baseline: BaselineFacts) -> str:
    flow = baseline.flow
    return f"{words.plural(flow.opened, 'ticket')} opened, {flow.stock_after:,} open" if flow else ""


def _sections(chapters: list[Chapter]) -> list[Section]:
    return [section for one in chapters for section in one.sections]
