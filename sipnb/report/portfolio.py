"""The portfolio: one row a service, in the order of need, failed plans among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from sipnb import __version__
from sipnb.chapters import results
from sipnb.chapters.facts import BaselineFacts, KpiFact
from sipnb.chapters.portfolio_facts import EstateFact, PlanFact, PortfolioFacts
from sipnb.places import CycleFolder
from sipnb.report.chapter import Section, chapter
from sipnb.report.page import Edition, contents, editions, environment, quality_link, write
from sipnb.report.provenance import account, relative
from sipnb.report.sparkline import extent, sparkline
from sipnb.show import words

#: A service is shown by its promise to users; where it has no such promise, by its availability.
HEADLINES = ("sla_attainment", "availability")

_TONE = {"concern": ("▲", "Concern"), "improvement": ("◆", "Improvement"), "common": ("●", "No real change")}


@dataclass(frozen=True)
class Row:
    """One service in the portfolio, as it is printed; `link` is empty where no page exists."""

    plan: PlanFact
    link: str
    sign: str
    tone: str
    tone_text: str
    targets: int
    need: str
    miss: str
    headline: str
    value: str
    target: str
    trend: Markup


@dataclass(frozen=True)
class _Headline:
    fact: KpiFact
    currency: str
    points: pd.DataFrame


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
    content = environment().get_template("index.html.j2").render(
        title=f"Service improvement plans: {facts.organisation}, {facts.cycle_label}",
        facts=facts,
        rows=rows(folder, facts),
        counted=counted(facts),
        estate=[_estate(one) for one in facts.estate],
        sources=account(facts.sources),
        chapters=[body],
        contents=contents([*front, *body.sections, *back]),
        code=body.has_code,
        fingerprint=results.raw(folder, results.PORTFOLIO, "portfolio")["inputs"] or "not recorded",
        quality=quality_link(folder),
        notebook=relative(folder, folder.notebook(results.PORTFOLIO, "portfolio")),
        result=relative(folder, folder.result(results.PORTFOLIO, "portfolio")),
        version=__version__,
        **editions(history, facts.cycle),
    )  # fmt: skip
    return write(folder.index, content)


def rows(folder: CycleFolder, facts: PortfolioFacts) -> list[Row]:
    """A row a service in the order given. Sparklines of one measure share their scale, so that rows compare."""
    headlines = {p.service: _headline(folder, p.service) for p in facts.plans if p.status == "published"}
    spans: dict[str, tuple[float, float]] = {}
    # Two tickets a month swing from 0 to 100 %: what carries no claim does not set the scale of the others.
    scaled = [one for one in headlines.values() if one and one.fact.claims]
    for one in scaled:
        low, high = extent(one.points, one.fact.target)
        known = spans.get(one.fact.kpi, (low, high))
        spans[one.fact.kpi] = (min(low, known[0]), max(high, known[1]))
    return [_row(folder, plan, headlines.get(plan.service), spans) for plan in facts.plans]


def counted(facts: PortfolioFacts) -> str:
    """How many services there are, and in what state: `4 services: 3 published, 1 failed`."""
    states = Counter(p.status for p in facts.plans)
    parts = ", ".join(f"{n:,} {state}" for state, n in sorted(states.items(), key=lambda s: (s[0] != "published", s)))
    return f"{words.plural(len(facts.plans), 'service')}: {parts}" if parts else "No services"


def _row(folder: CycleFolder, plan: PlanFact, headline: _Headline | None, spans: dict) -> Row:
    page = folder.page(plan.service)
    published = plan.status == "published"
    sign, tone_text = (
        _TONE.get(plan.tone, _TONE["common"])
        if published
        else ("✕" if plan.status == "failed" else "–", plan.status.capitalize())
    )
    common = {
        "plan": plan,
        # A failed service has a page too, which says so; where none was written, there is no dead link.
        "link": relative(folder, page) if page.is_file() else "",
        "sign": sign,
        "tone": plan.tone if published else plan.status,
        "tone_text": tone_text,
        "targets": plan.fails + plan.inconclusive + plan.meets,
        "need": words.significant(plan.need),
        "miss": "–" if plan.miss is None else words.probability(plan.miss),
    }
    if headline is None:
        return Row(**common, headline="", value="", target="", trend=Markup(""))
    fact = headline.fact
    tone = words.VARIATION[fact.variation][2] if fact.claims else "common"
    return Row(
        **common,
        headline=fact.title,
        value=words.number(fact.value, fact.unit, headline.currency),
        target="" if fact.target is None else words.number(fact.target, fact.unit, headline.currency),
        trend=Markup(sparkline(headline.points, fact.target, tone, spans.get(fact.kpi) if fact.claims else None)),
    )


def _headline(folder: CycleFolder, service: str) -> _Headline | None:
    facts: BaselineFacts = results.read(folder, service, "2_baseline")
    by_kpi = {fact.kpi: fact for fact in facts.measures}
    own = [fact.kpi for fact in facts.measures if fact.target is not None]
    chosen = next((by_kpi[kpi] for kpi in (*HEADLINES, *own) if kpi in by_kpi), None)
    if chosen is None:
        return None
    series = results.table(folder, service, "2_baseline", "series")
    return _Headline(chosen, facts.about.currency, series[series["kpi"] == chosen.kpi])


def _estate(one: EstateFact) -> dict[str, str]:
    return {
        "definition": one.definition,
        "severities": words.listed(one.severities) or "all",
        "cycle": words.percent(one.cycle),
        "year": words.percent(one.year),
        "outages": f"{one.outages:,}",
    }
