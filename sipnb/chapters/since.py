"""What changed in the portfolio since the cycle before: services, their verdicts, and what each plan tells as news."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import get_args

import pandas as pd

from sipnb.chapters import results
from sipnb.chapters.advice_facts import NewsFact, NewsKind
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


def groups(facts: PortfolioFacts) -> list[tuple[str, list[tuple[str, str]]]]:
    """What changed, by kind: how many in words, then each as its service (empty for one that is gone) and its text."""
    since = facts.since
    found = [
        (words.plural(len(told), *NEWS[kind]), [(one.service, one.text) for one in told])
        for kind in NEWS
        if (told := [one for one in since.news if one.kind == kind])
    ]
    tones = [
        (one.service, f"{words.lower(words.TONE[one.now][1])}, was {words.lower(words.TONE[one.before][1])}")
        for one in since.tones
    ]
    found += [(words.plural(len(tones), "other verdict"), tones)] if tones else []
    new = [(one, "new in this cycle") for one in since.new]
    found += [(words.plural(len(new), "new service"), new)] if new else []
    gone = [("", f"{name}: no longer listed") for name in since.gone]
    return found + ([(f"{words.plural(len(gone), 'service')} gone", gone)] if gone else [])


def sentence(facts: PortfolioFacts) -> str:
    """How many things changed, by kind, in words."""
    since, told = facts.since, groups(facts)
    if told:
        return f"{words.upper(words.listed([counted for counted, _ in told]))}."
    if since.known:
        return f"Nothing that the plans watch changed since {since.label}."
    return f"No portfolio of {since.label} is published: there is nothing to compare with."


def shown(facts: PortfolioFacts) -> Shown:
    """What changed, as a table, a row a change."""
    names = {p.service: p.name for p in facts.plans}
    frame = pd.DataFrame(
        [
            {"Service": names.get(service, "–"), "Change": text, "Kind": counted}
            for counted, told in groups(facts)
            for service, text in told
        ]
    )
    told = say(sentence(facts))
    return told if frame.empty else together(told, table(frame, f"What changed since {facts.since.label}"))
