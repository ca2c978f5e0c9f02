"""The portfolio: the estate in a sentence, every service in order of need, where measures stand, and all actions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sipnb import __version__
from sipnb.chapters import results
from sipnb.chapters.facts import BaselineFacts, PortfolioFacts
from sipnb.chapters.portfolio.ranking import counted
from sipnb.chapters.portfolio.rows import rows
from sipnb.other_cycles import editions
from sipnb.places import ALL_SERVICES, BASELINE, PORTFOLIO, CycleFolder
from sipnb.report import page
from sipnb.report.chapter import chapter, placed
from sipnb.report.downloads import write_downloads
from sipnb.report.owners import render_owners
from sipnb.report.page import Section, contents, environment, quality_link, write
from sipnb.report.provenance import account
from sipnb.report.review import render_review

#: The places of the page that cells of the notebook fill.
FRONT = (
    "verdict", "decisions", "movers", "since", "rule", "services", "actions", "money", "roadmap", "delivery", "stages", "worth",
    "choice",
    "matrix", "estate", "hours", "objectives", "orphans", "order",
)  # fmt: skip


def render_index(folder: CycleFolder, service: str = ALL_SERVICES, *, with_code: bool = True) -> Path:
    """Write the portfolio, its short form, the pages of the meeting and of every owner, the downloads; return the portfolio's.

    It is made of its result, its executed notebook and the services' results. Render it after the services' pages: only
    pages that exist are linked. Raises ResultError or PageError.
    """
    facts: PortfolioFacts = results.read(folder, ALL_SERVICES, PORTFOLIO)
    body = chapter(folder.notebook(ALL_SERVICES, PORTFOLIO), PORTFOLIO, with_code)
    front = placed([body], FRONT)
    measured: dict[str, BaselineFacts] = {
        p.service: results.read(folder, p.service, BASELINE) for p in facts.plans if p.status == "published"
    }
    listed = rows(folder, facts.plans, measured)
    downloads = write_downloads(folder, facts, list(measured.values()))
    render_owners(folder, facts, listed, downloads)
    shared = {"facts": facts, "front": front, "counted": counted(facts.plans), "version": __version__}
    short = environment().get_template("executive.html.j2").render(
        title=f"Service improvement: what to decide, {facts.organisation}, {facts.cycle_label}",
        **shared,
        **page.editions(editions(folder, folder.executive.name), facts.cycle),
    )  # fmt: skip
    write(folder.executive, short)
    render_review(folder, facts)
    content = environment().get_template("index.html.j2").render(
        title=f"Service improvement plans: {facts.organisation}, {facts.cycle_label}",
        several=len(facts.plans) > 1,
        sources=account(facts.sources),
        downloads=downloads,
        chapters=[body],
        contents=contents(_sections(facts, front, body.sections)),
        code=body.has_code,
        fingerprint=results.raw(folder, ALL_SERVICES, PORTFOLIO)["inputs"] or "not recorded",
        quality=quality_link(folder),
        notebook=folder.relative(folder.notebook(ALL_SERVICES, PORTFOLIO)),
        result=folder.relative(folder.result(ALL_SERVICES, PORTFOLIO)),
        **shared,
        **page.editions(editions(folder, folder.index.name), facts.cycle),
    )  # fmt: skip
    return write(folder.index, content)


def _sections(facts: PortfolioFacts, front: Mapping[str, str], body: list[Section]) -> list[Section]:
    shown = [
        Section(2, "decisions", "Decisions asked"), Section(2, "choice", "Which improvements to buy"),
        Section(2, "money", "Money and work"),
        Section(2, "services", "Services"), Section(2, "since", f"Since {facts.since.label}"),
        Section(2, "hours", "Hours that users lose"), Section(2, "objectives", "Objectives of the business"),
        Section(2, "roadmap", "Roadmap by owner"), Section(2, "actions", "Actions"),
        Section(2, "delivery", "What became of the last money"),
        Section(2, "worth", "Effect and effort"), Section(2, "movers", "Biggest movers"),
        Section(2, "matrix", "Where measures stand"),
    ]  # fmt: skip
    shown += [Section(2, "estate", "Availability of the estate")] if facts.estate else []
    shown = [one for one in shown if one.id != "money" or front["money"]]
    back = [
        Section(2, "records", "Records"), Section(2, "health", "The run"), Section(2, "downloads", "Downloads"),
        Section(2, "reading", "How to read this"),
    ]  # fmt: skip
    return [*shown, *body, *back]
