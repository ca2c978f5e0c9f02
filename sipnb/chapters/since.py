"""What changed in the portfolio since the cycle before: services, their verdicts, and what each plan tells as news."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import get_args

import pandas as pd

from sipnb.chapters import results
from sipnb.chapters.facts import NewsFact, NewsKind
from sipnb.chapters.portfolio_facts import PlanFact, PlanNews, PortfolioFacts, SinceFact, ToneChange
from sipnb.cycles import Cycle
from sipnb.places import cycle_folder
from sipnb.show import words
from sipnb.show.display import Shown, say, table, together
from sipnb.workbook import Workbook

#: Kinds of news in the order in which they are told, for one and for many.
NEWS = {
    "newly missed": ("target newly missed", "targets newly missed"),
    "no longer missed": ("target no longer missed", "targets no longer missed"),
    "worse": ("measure worse", "measures worse"),
    "better": ("measure better", "measures better"),
    "action slipped": ("action slipped", "actions slipped"),
    "action new": ("new action", "new actions"),
    "action closed": ("action closed", "actions closed"),
    "definition": ("definition changed", "definitions changed"),
}
assert set(NEWS) == set(get_args(NewsKind))


def changes(book: Workbook, cycle: Cycle, plans: Sequence[PlanFact], news: Mapping[str, list[NewsFact]]) -> SinceFact:
    """What is new against the portfolio that was published for the cycle before, where it was."""
    before = cycle.shift(-1)
    told = [
        PlanNews(service=p.service, kind=one.kind, about=one.about, text=one.text)
        for p in plans
        for one in news.get(p.service, [])
    ]
    known = _published(book, before)
    if known is None:
        return SinceFact(cycle=before.name, label=before.label, known=False, news=told)
    made = {service: one for service, one in known.items() if one["status"] == "published"}
    return SinceFact(
        cycle=before.name, label=before.label, known=True, news=told,
        failing=sum(one["fails"] > 0 for one in made.values()),
        new=[p.service for p in plans if p.service not in known],
        gone=sorted(one["name"] for service, one in known.items() if service not in {p.service for p in plans}),
        tones=[
            ToneChange(service=p.service, before=made[p.service]["tone"], now=p.tone)
            for p in plans
            if p.status == "published" and p.service in made and made[p.service]["tone"] != p.tone
        ],
    )  # fmt: skip


def _published(book: Workbook, cycle: Cycle) -> dict[str, dict] | None:
    """The services of a published portfolio as plain data: an earlier version may have written it with other fields."""
    path = cycle_folder(book.reports, book.name, cycle.name).result(results.PORTFOLIO, "portfolio")
    try:
        plans = json.loads(path.read_text(encoding="utf-8"))["facts"]["plans"]
        return {p["service"]: {key: p[key] for key in ("name", "status", "tone", "fails")} for p in plans}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def by_kind(since: SinceFact) -> dict[str, list[PlanNews]]:
    """The news by kind, in the order of NEWS; kinds without any are left out."""
    return {kind: found for kind in NEWS if (found := [one for one in since.news if one.kind == kind])}


def sentence(since: SinceFact) -> str:
    """How many things changed, by kind, in words; "" where nothing is known."""
    parts = [f"{words.plural(len(found), *NEWS[kind])}" for kind, found in by_kind(since).items()]
    if since.known:
        parts += [words.plural(len(since.new), "new service")] if since.new else []
        parts += [f"{words.plural(len(since.gone), 'service')} gone"] if since.gone else []
        parts += [words.plural(len(since.tones), "other verdict")] if since.tones else []
    if parts:
        return f"{words.upper(words.listed(parts))}."
    return f"Nothing that the plans watch changed since {since.label}." if since.known else ""


def shown(facts: PortfolioFacts) -> Shown:
    """What changed, as a table, a row a change."""
    since = facts.since
    if not since.known and not since.news:
        return say(f"No portfolio of {since.label} is published: there is nothing to compare with.")
    names = {p.service: p.name for p in facts.plans}
    rows = [{"Service": names[one], "Change": "new in this cycle"} for one in since.new]
    rows += [{"Service": one, "Change": "no longer listed"} for one in since.gone]
    rows += [
        {"Service": names[one.service], "Change": f"verdict: {words.TONE[one.before][1]} → {words.TONE[one.now][1]}"}
        for one in since.tones
    ]
    rows += [{"Service": names[one.service], "Change": one.text} for found in by_kind(since).values() for one in found]
    if not rows:
        return say(sentence(since))
    return together(say(sentence(since)), table(pd.DataFrame(rows), f"What changed since {since.label}"))
