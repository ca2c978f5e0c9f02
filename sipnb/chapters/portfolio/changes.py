"""What changed in the portfolio since the cycle before: services, their verdicts, and what each plan tells as news."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sipnb.chapters.context import PortfolioContext
from sipnb.chapters.facts import NewsFact, PlanFact, PlanNews, SinceFact, ToneChange
from sipnb.chapters.vocabulary import NEWS
from sipnb.cycles import Cycle
from sipnb.places import ALL_SERVICES, PORTFOLIO, cycle_folder
from sipnb.show import words
from sipnb.workbook import Workbook


def changes(context: PortfolioContext, plans: Sequence[PlanFact], news: Mapping[str, list[NewsFact]]) -> SinceFact:
    """What is new against the portfolio that was published for the cycle before, where it was."""
    before = context.cycle.shift(-1)
    told = [
        PlanNews(service=p.service, kind=one.kind, about=one.about, text=one.text)
        for p in plans
        for one in news.get(p.service, [])
    ]
    known = _published(context.workbook, before)
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
    path = cycle_folder(book.reports, book.name, cycle.name).result(ALL_SERVICES, PORTFOLIO)
    try:
        plans = json.loads(path.read_text(encoding="utf-8"))["facts"]["plans"]
        return {p["service"]: {key: p[key] for key in ("name", "status", "tone", "fails")} for p in plans}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def groups(since: SinceFact) -> list[tuple[str, list[tuple[str, str]]]]:
    """What changed, by kind: how many in words, then each as its service (empty for one that is gone) and its text."""
    found = [
        (words.plural(len(told), NEWS[kind].one, NEWS[kind].many), [(one.service, one.text) for one in told])
        for kind in NEWS
        if (told := [one for one in since.news if one.kind == kind])
    ]
    tones = [
        (one.service, f"{words.lower(words.TONE[one.now][1])}, was {words.lower(words.TONE[one.before][1])}")
        for one in since.tones
    ]
    found += [(words.plural(len(tones), "other verdict"), tones)] if tones else []
    new = [(one, f"not yet there in {since.label}") for one in since.new]
    found += [(words.plural(len(new), "new service"), new)] if new else []
    gone = [("", f"{name}: no longer listed") for name in since.gone]
    return found + ([(f"{words.plural(len(gone), 'service')} gone", gone)] if gone else [])


def sentence(since: SinceFact) -> str:
    """How many things changed, by kind, in words."""
    told = groups(since)
    if told:
        return f"{words.upper(words.listed([counted for counted, _ in told]))}."
    if since.known:
        return f"Nothing that the plans watch changed since {since.label}."
    return f"No portfolio of {since.label} is published: there is nothing to compare with."
