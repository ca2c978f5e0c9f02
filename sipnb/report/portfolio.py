"""The portfolio: the estate in a sentence, every service in order of need, where measures stand, and all actions."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from sipnb import __version__
from sipnb.chapters import agenda, matrix, results, since
from sipnb.chapters.facts import BaselineFacts
from sipnb.chapters.portfolio_facts import ActionOfPlan, EstateFact, PortfolioFacts, SignalFact
from sipnb.editions import editions
from sipnb.places import CycleFolder
from sipnb.report import page
from sipnb.report.chapter import Section, chapter
from sipnb.report.downloads import write_downloads
from sipnb.report.owners import render_owners, slug
from sipnb.report.page import contents, environment, quality_link, write
from sipnb.report.provenance import account, relative
from sipnb.report.rows import STATUS, rows
from sipnb.show import words

#: The front names so many movers of each direction.
MOST_MOVERS = 3
#: A longer table of actions is folded.
LONG = 30


def render_index(folder: CycleFolder, *, with_code: bool = True) -> Path:
    """Write the portfolio, a page for every owner and the downloads; return the portfolio's page.

    It is made of its result, its executed notebook and the services' results. Render it after the services' pages: only
    pages that exist are linked. Raises ResultError or PageError.
    """
    facts: PortfolioFacts = results.read(folder, results.PORTFOLIO, "portfolio")
    body = chapter(folder.notebook(results.PORTFOLIO, "portfolio"), "portfolio", with_code)
    measured: dict[str, BaselineFacts] = {
        p.service: results.read(folder, p.service, "2_baseline") for p in facts.plans if p.status == "published"
    }
    listed = rows(folder, facts, measured)
    downloads = write_downloads(folder, facts, list(measured.values()))
    owned = render_owners(folder, facts, listed, downloads)
    content = environment().get_template("index.html.j2").render(
        title=f"Service improvement plans: {facts.organisation}, {facts.cycle_label}",
        facts=facts,
        tone=tone(facts),
        rows=listed,
        names={row.plan.service: row.plan.name for row in listed},
        linked={row.plan.service: row.link for row in listed},
        owners={one.name: f"owners/{slug(one.name)}.html" for one in owned},
        counted=counted(facts),
        movers=[(one, _mover(one, facts.currency)) for one in movers(facts)],
        since=facts.since,
        changed=since.sentence(facts),
        changes=since.groups(facts),
        matrix=matrix.cells(facts.positions),
        matrix_rows=matrix.ROWS,
        matrix_columns=matrix.COLUMNS,
        actions=urgent(facts.actions),
        totals=agenda.sentence(facts.totals, facts.currency),
        folded=len(facts.actions) > LONG,
        estate=[_estate(one) for one in facts.estate],
        sources=account(facts.sources),
        downloads=downloads,
        chapters=[body],
        contents=contents(_sections(facts, body.sections)),
        code=body.has_code,
        fingerprint=results.raw(folder, results.PORTFOLIO, "portfolio")["inputs"] or "not recorded",
        quality=quality_link(folder),
        notebook=relative(folder, folder.notebook(results.PORTFOLIO, "portfolio")),
        result=relative(folder, folder.result(results.PORTFOLIO, "portfolio")),
        version=__version__,
        **page.editions(editions(folder, folder.index.name), facts.cycle),
    )  # fmt: skip
    return write(folder.index, content)


def _sections(facts: PortfolioFacts, body: list[Section]) -> list[Section]:
    front = [
        Section(2, "movers", "Biggest movers"), Section(2, "since", f"Since {facts.since.label}"),
        Section(2, "services", "Services"), Section(2, "matrix", "Where measures stand"), Section(2, "actions", "Actions"),
    ]  # fmt: skip
    front += [Section(2, "estate", "Availability of the estate")] if facts.estate else []
    back = [
        Section(2, "records", "Records"), Section(2, "health", "The run"), Section(2, "downloads", "Downloads"),
        Section(2, "reading", "How to read this"),
    ]  # fmt: skip
    return [*front, *body, *back]


def counted(facts: PortfolioFacts) -> str:
    """How many services there are, and in what state: `4 services: 3 published, 1 failed`."""
    states = Counter(p.status for p in facts.plans)
    named = {"published": "published", **{status: words.lower(text) for status, (_, text) in STATUS.items()}}
    parts = ", ".join(f"{states[state]:,} {text}" for state, text in named.items() if states[state])
    return f"{words.plural(len(facts.plans), 'service')}: {parts}" if parts else "No services"


def tone(facts: PortfolioFacts) -> str:
    """The tone of the estate: a certain miss is a concern; good news is that every target that is judged is met."""
    made = [p for p in facts.plans if p.status == "published"]
    if any(p.fails for p in made):
        return "concern"
    met = any(p.meets for p in made) and not any(p.inconclusive for p in made) and len(made) == len(facts.plans)
    return "improvement" if met else "common"


def movers(facts: PortfolioFacts) -> list[SignalFact]:
    """The strongest change of each service that holds among all measures: those to the worse, then to the better."""
    strongest: dict[tuple[str, str], SignalFact] = {}
    for one in sorted(facts.signals, key=lambda s: (not s.core, s.p, s.name, s.kpi)):
        strongest.setdefault((one.variation, one.service), one)
    found = sorted(strongest.values(), key=lambda s: (s.p, s.name))
    return [
        one
        for variation in ("concern", "improvement")
        for one in [s for s in found if s.variation == variation][:MOST_MOVERS]
    ]


def _mover(one: SignalFact, currency: str) -> str:
    """A change in words: `time to restore, median 9.4 h (8.7–10.2 h, n 1,612), usually 5.7 h`."""
    interval = words.interval(one.low, one.high, one.unit, currency, beside=one.value)
    basis = f"{interval}, n\u00a0{one.n:,}" if interval not in ("counted", "–") else f"n\u00a0{one.n:,}"
    value, usual = (words.number(v, one.unit, currency) for v in (one.value, one.mean))
    return f"{words.lower(one.title)} {value} ({basis}), usually {usual}"


def urgent(actions: list[ActionOfPlan]) -> list[ActionOfPlan]:
    """What is overdue first, then what is open, then what is done; within that in the order of the services."""
    return sorted(actions, key=lambda one: (not one.overdue, not one.open))


def _estate(one: EstateFact) -> tuple[str, ...]:
    """Definition, severities, cycle, year, outages."""
    counted = words.listed(one.severities) or "all"
    return (
        one.definition,
        counted,
        words.percent(one.cycle),
        words.percent(one.year),
        words.number(one.outages, "count"),
    )
