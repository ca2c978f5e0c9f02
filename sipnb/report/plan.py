"""The page of a service: its plan, from its results and executed notebooks."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import date, timedelta
from pathlib import Path

from sipnb import cycles
from sipnb.chapters import results
from sipnb.chapters.advice_facts import DecisionFact, PointFact, RecommendationFacts
from sipnb.chapters.facts import About, BaselineFacts, ReviewFacts
from sipnb.editions import editions as found_editions
from sipnb.places import CHAPTERS, CycleFolder
from sipnb.report.chapter import Chapter, Section, chapter, noun, title
from sipnb.report.chapter import prepare as prepare_chapters
from sipnb.report.methods import methods
from sipnb.report.page import contents, editions, environment, quality_link, write
from sipnb.report.provenance import fingerprints, provenance
from sipnb.report.scorecard import scorecard
from sipnb.report.twin import embedded, twin
from sipnb.show import display, words

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

#: News in sight before the others are folded away.
_NEWS = 5

#: Sign, tone and words of each kind of news.
_KINDS = {
    "newly missed": ("▲", "concern", "Target newly missed"),
    "worse": ("▲", "concern", "Worse, beyond chance"),
    "action slipped": ("▲", "concern", "Action overdue"),
    "no longer missed": ("◆", "improvement", "Target no longer missed"),
    "better": ("◆", "improvement", "Better, beyond chance"),
    "action closed": ("◆", "improvement", "Action implemented"),
    "action new": ("●", "common", "Action added"),
    "definition": ("●", "common", "Counted by a new definition"),
}


@dataclass(frozen=True)
class _News:
    sign: str
    tone: str
    kind: str
    text: str


def render_plan(folder: CycleFolder, service: str, *, with_code: bool = True) -> Path:
    """Write the plan of a service from its results and executed notebooks, and return the file.

    Raises ResultError or PageError where something that the page is made of is missing; no page is written then.
    """
    baseline: BaselineFacts = results.read(folder, service, "2_baseline")
    advice: RecommendationFacts = results.read(folder, service, "5_recommendations")
    chapters = [chapter(folder.notebook(service, name), name, with_code) for name in CHAPTERS]
    origin = provenance(folder, service, CHAPTERS)
    about = baseline.about
    before = cycles.parse(about.cycle, "UTC").shift(-1)
    content = environment().get_template("plan.html.j2").render(
        title=f"Service improvement plan: {about.name}, {about.cycle_label}",
        about=about,
        period=_period(about),
        counts=_counts(baseline),
        verdict=advice.verdict,
        decisions=[(one, _card(one, chapters)) for one in advice.verdict.decisions],
        points=[(point, *_place(point, chapters)) for point in advice.verdict.points],
        news=[_News(*_KINDS[one.kind], one.text) for one in advice.verdict.news],
        in_sight=_NEWS,
        before=words.bare(before.label) if about.opens[:4] == str(before.start.year) else before.label,
        actions=_actions(results.read(folder, service, "1_review")),
        baseline=baseline,
        scorecard=scorecard(baseline, results.table(folder, service, "2_baseline", "series")),
        chapters=chapters,
        contents=contents([*_FRONT, *_sections(chapters), *_BACK]),
        code=any(c.has_code for c in chapters),
        methods=[astuple(one) for one in methods(baseline, results.read(folder, service, "4_forecast"), advice)],
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


def _place(point: PointFact, chapters: list[Chapter]) -> tuple[str, str]:
    """Where a main point leads: the section that shows it, else its chapter; and the word for the link."""
    name = noun(point.chapter)
    mine = next((c for c in chapters if c.sections[0].id == name), None)
    sections = mine.sections if mine else []
    return next((s.id for s in sections if s.title == point.section), name), title(point.chapter)


def _card(decision: DecisionFact, chapters: list[Chapter]) -> str:
    """The id of the option or action in the chapters that a decision is about; empty where none has its own place."""
    identity = f"{decision.kind}-{decision.id}"
    return identity if any(f'id="{display.escape(identity)}"' in c.markup for c in chapters) else ""


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


def _actions(review: ReviewFacts) -> str:
    """Where the actions agreed before stand: `1 approved, 2 in progress; 1 overdue`."""
    states = ", ".join(f"{n:,} {state}" for state, n in review.states.items())
    return f"{states}; {review.overdue:,} overdue" if review.overdue else states


def _sections(chapters: list[Chapter]) -> list[Section]:
    return [section for one in chapters for section in one.sections]
