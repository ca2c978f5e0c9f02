"""The rows of the portfolio: one a service, with the measure its finding is about, its past and where to read on."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from sipnb.chapters import results
from sipnb.chapters.facts import BaselineFacts, KpiFact, PlanFact
from sipnb.chapters.portfolio.ranking import STATUS
from sipnb.other_cycles import last_good
from sipnb.places import BASELINE, CycleFolder
from sipnb.show import words
from sipnb.show.sparkline import extent, sparkline

#: A service whose finding is about no single measure is shown by its promise to users, or else by its availability.
HEADLINES = ("sla_attainment", "availability")

_STALE = {
    "records": "records",
    "parameters": "parameters",
    "cycle before": "the plan before",
    "code": "sipnb itself",
}


@dataclass(frozen=True)
class Row:
    """One service in the portfolio, as it is printed.

    `link` is empty where no page exists. `good` is the label and link of the last plan of a service that has none now;
    `stale` says what changed since the plan was made.
    """

    plan: PlanFact
    link: str
    tone: str
    tone_text: str
    targets: int
    need: str
    miss: str
    stale: str
    good: tuple[str, str] | None = None
    headline: str = ""
    value: str = ""
    target: str = ""
    trend: str = ""


@dataclass(frozen=True)
class _Headline:
    fact: KpiFact
    currency: str
    points: pd.DataFrame


def rows(
    folder: CycleFolder, plans: Sequence[PlanFact], measured: Mapping[str, BaselineFacts],
    source: Callable[[str], CycleFolder] | None = None,
) -> list[Row]:  # fmt: skip
    """A row a service in the order given. Sparklines of one measure share their scale, so that rows compare.

    `source` gives the folder that holds a service's results and page, where that is not `folder`.
    """
    source = source or (lambda service: folder)
    about = {p.service: p.kpi for p in plans}
    headlines = {
        service: _headline(source(service), service, one, about.get(service)) for service, one in measured.items()
    }
    spans: dict[str, tuple[float, float]] = {}
    # Two tickets a month swing from 0 to 100 %: what carries no claim does not set the scale of the others.
    scaled = [one for one in headlines.values() if one and one.fact.claims]
    for one in scaled:
        low, high = extent(one.points, one.fact.target)
        known = spans.get(one.fact.kpi, (low, high))
        spans[one.fact.kpi] = (min(low, known[0]), max(high, known[1]))
    good = last_good(folder, [p.service for p in plans if p.status != "published"])
    return [_row(source(p.service), p, headlines.get(p.service), spans, good.get(p.service)) for p in plans]


def _row(
    folder: CycleFolder, plan: PlanFact, headline: _Headline | None, spans: dict, good: tuple[str, str] | None
) -> Row:
    page = folder.page(plan.service)
    published = plan.status == "published"
    common = {
        "plan": plan,
        # A failed service has a page too, which says so; where none was written, there is no dead link.
        "link": folder.relative(page) if page.is_file() else "",
        "tone": plan.tone if published else plan.status,
        "tone_text": words.TONE[plan.tone][1] if published else STATUS[plan.status][1],
        "targets": plan.fails + plan.inconclusive + plan.meets,
        "need": words.significant(plan.need),
        "miss": "–" if plan.miss is None else words.probability(plan.miss),
        "stale": _stale(plan.stale),
        "good": good,
    }
    if headline is None:
        return Row(**common)
    fact = headline.fact
    tone = words.VARIATION[fact.variation][2] if fact.claims else "common"
    return Row(
        **common,
        headline=fact.short or fact.title,
        value=words.number(fact.value, fact.unit, headline.currency),
        target="" if fact.target is None else words.number(fact.target, fact.unit, headline.currency),
        trend=Markup(sparkline(headline.points, fact.target, tone, spans.get(fact.kpi) if fact.claims else None)),
    )


def _headline(folder: CycleFolder, service: str, facts: BaselineFacts, about: str | None) -> _Headline | None:
    """The measure that the finding is about, or else the one that the service is known by."""
    by_kpi = {fact.kpi: fact for fact in facts.measures}
    own = [fact.kpi for fact in facts.measures if fact.target is not None]
    chosen = next((by_kpi[kpi] for kpi in (about, *HEADLINES, *own) if kpi in by_kpi), None)
    if chosen is None:
        return None
    series = results.table(folder, service, BASELINE, "series")
    return _Headline(chosen, facts.about.currency, series[series["kpi"] == chosen.kpi])


def _stale(parts: list[str]) -> str:
    """What changed since a plan was made, in words."""
    named = dict.fromkeys(_STALE.get(part, "notebooks") for part in parts)
    return f"{words.upper(words.listed(list(named)))} changed since it was made" if named else ""


def owner_page(owner: str) -> str:
    """Where an owner's page lies, by words and a hash of the owner alone: it stays from cycle to cycle, whoever else there is,
    and no two owners share it."""
    plain = unicodedata.normalize("NFKD", owner).encode("ascii", "ignore").decode().lower()
    readable = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    return f"owners/{readable or 'owner'}-{hashlib.sha256(owner.encode()).hexdigest()[:8]}.html"


def names(rows: Sequence[Row]) -> dict[str, str]:
    """The names of services, by service."""
    return {row.plan.service: row.plan.name for row in rows}


def addresses(rows: Sequence[Row], up: str = "") -> dict[str, str]:
    """The pages of services, by service, as links from a page from which `up` leads to the cycle's folder; empty where there is
    none."""
    return {row.plan.service: f"{up}{row.link}" for row in rows}
