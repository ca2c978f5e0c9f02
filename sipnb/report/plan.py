"""The pages of a service: its plan, and the evidence behind it, from its results and executed notebooks."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from sipnb import cycles
from sipnb.chapters import results
from sipnb.chapters.facts import About, BaselineFacts
from sipnb.other_cycles import editions as found_editions
from sipnb.places import BASELINE, CHAPTERS, EVIDENCE, PLAN, CycleFolder
from sipnb.report.chapter import Chapter, chapter, placed
from sipnb.report.chapter import prepare as prepare_chapters
from sipnb.report.page import Section, contents, editions, environment, quality_link, write
from sipnb.report.provenance import fingerprints, provenance
from sipnb.report.twin import embedded, twin
from sipnb.show import words

#: The places in the heads of the pages that cells fill.
FRONT, FRONT_OF_EVIDENCE = ("strip", "verdict", "matters", "asked"), ("scorecard",)

_BACK = [Section(2, "behind", "Behind the figures"), Section(3, "records", "Records"), Section(3, "origin", "Origin")]


def render_plan(folder: CycleFolder, service: str, *, with_code: bool = True) -> Path:
    """Write the plan of a service and the page of its evidence, from its results and executed notebooks; return the plan's file.

    Raises ResultError or PageError where something that a page is made of is missing; no plan is written then.
    """
    baseline: BaselineFacts = results.read(folder, service, BASELINE)
    about = baseline.about
    plan = chapter(folder.notebook(service, PLAN), PLAN, with_code)
    shared = {
        "about": about, "period": period(about), "counts": _counts(baseline),
        "provenance": provenance(folder, service, CHAPTERS),
        "plan": folder.page(service).name, "evidence": folder.evidence(service).name, "methods": folder.methods.name,
    }  # fmt: skip
    content = environment().get_template("plan.html.j2").render(
        title=f"Service improvement plan: {about.name}, {about.cycle_label}",
        front=placed([plan], FRONT),
        chapter=plan,
        sections=[section for section in plan.sections if section.level == 2],
        nothing=f"Nothing stands out this {about.period}.",
        code=plan.has_code,
        twin=embedded(twin(folder, service)),
        **editions(found_editions(folder, f"{service}.html"), about.cycle),
        **shared,
    )  # fmt: skip
    write(folder.evidence(service), _evidence(folder, service, baseline, shared, with_code))
    return write(folder.page(service), content)


def _evidence(folder: CycleFolder, service: str, baseline: BaselineFacts, shared: dict, with_code: bool) -> str:
    chapters = [chapter(folder.notebook(service, name), name, with_code) for name in EVIDENCE]
    return environment().get_template("evidence.html.j2").render(
        title=f"Evidence: {baseline.about.name}, {baseline.about.cycle_label}",
        front=placed(chapters, FRONT_OF_EVIDENCE),
        baseline=baseline,
        chapters=chapters,
        contents=contents([Section(2, "scorecard", "Scorecard"), *_sections(chapters), *_BACK]),
        code=any(c.has_code for c in chapters),
        workbook=folder.root.parent.name,
        fingerprint=fingerprints(shared["provenance"].origins),
        quality=quality_link(folder),
        **editions(found_editions(folder, folder.evidence(service).name), baseline.about.cycle),
        **shared,
    )  # fmt: skip


def prepare() -> None:
    """Compile the templates of a plan: for a process that renders none itself, but forks those that do."""
    for name in ("plan", "evidence"):
        environment().get_template(f"{name}.html.j2")
    prepare_chapters()


def period(about: About) -> str:
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
