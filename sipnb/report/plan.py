"""The page of a service: its plan, from its results and executed notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from sipnb.chapters import results
from sipnb.chapters.facts import About, BaselineFacts, ReviewFacts
from sipnb.places import CHAPTERS, CycleFolder
from sipnb.report.chapter import Chapter, Section, chapter, noun, title
from sipnb.report.chapter import prepare as prepare_chapters
from sipnb.report.page import Edition, contents, editions, environment, quality_link, write
from sipnb.report.provenance import fingerprints, provenance
from sipnb.report.scorecard import scorecard
from sipnb.show import words

_FRONT = [Section(2, "matters", "What matters"), Section(2, "decisions", "Decisions"),
          Section(2, "scorecard", "Scorecard")]  # fmt: skip
_BACK = [
    Section(2, "behind", "Behind the figures"),
    Section(3, "reading", "How to read this"),
    Section(3, "definitions", "Definitions"),
    Section(3, "records", "Records"),
    Section(3, "origin", "Origin"),
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
    content = environment().get_template("plan.html.j2").render(
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
        contents=contents([*_FRONT, *_sections(chapters), *_BACK]),
        code=any(c.has_code for c in chapters),
        definitions=baseline.measures,
        provenance=origin,
        fingerprint=fingerprints(origin.origins),
        quality=quality_link(folder),
        **editions(history, about.cycle),
    )  # fmt: skip
    return write(folder.page(service), content)


def prepare() -> None:
    """Compile the templates of a plan: for a process that renders none itself, but forks those that do."""
    environment().get_template("plan.html.j2")
    prepare_chapters()


def _period(about: About) -> str:
    opens = date.fromisoformat(about.opens)
    # The year stands once where both ends lie in it.
    year = "" if f" {opens.year} " in about.cutoff_label else f" {opens.year}"
    return f"{opens.day} {opens:%B}{year} to the cut-off, {about.cutoff_label}"


def _counts(baseline: BaselineFacts) -> str:
    flow = baseline.flow
    return f"{words.plural(flow.opened, 'ticket')} opened, {flow.stock_after:,} open" if flow else ""


def _actions(review: ReviewFacts) -> str:
    """Where the actions agreed before stand."""
    states = words.listed([f"{n:,} {state.replace('_', ' ')}" for state, n in review.states.items()])
    return (states + (f"; {review.overdue:,} overdue" if review.overdue else "")) if states else "none"


def _sections(chapters: list[Chapter]) -> list[Section]:
    return [section for one in chapters for section in one.sections]
