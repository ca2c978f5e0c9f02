"""Where the misses are: which part of the tickets holds them."""

from __future__ import annotations

import pandas as pd

from sipnb.chapters.facts import GapFacts, MissesFact, MissPartFact
from sipnb.chapters.subject import Subject
from sipnb.methods.pareto import pareto
from sipnb.show import figures, words
from sipnb.show.display import Shown, say
from sipnb.show.display import figure as drawn_figure

#: Misses of so many cycles are looked at, and so many there must be; so many parts are drawn before "all others".
WINDOW, FEWEST, PARTS = 3, 20, 8


def found(subject: Subject) -> MissesFact | None:
    """Where tickets miss their target, by the first attribute that parts them; None where too few do."""
    scope = subject.scope
    late = (scope.met == False).fillna(False).to_numpy(bool)  # noqa: E712 - it may be unknown
    missed = scope.records.tickets[late & (scope.resolved >= len(scope.cycles) - WINDOW)]
    for by in ("category", "group", "priority"):
        counts = missed[by].astype("str").value_counts(dropna=True) if len(missed) else missed[by]
        if len(counts) > 1 and counts.sum() >= FEWEST:
            # Equal counts in the order of their names.
            counts = counts.sort_index().sort_values(ascending=False, kind="stable")
            ranked = pareto(counts)
            parts = [MissPartFact(name=str(name), **row) for name, row in ranked.to_dict("index").items()]
            return MissesFact(by=by, n=int(counts.sum()), cycles=WINDOW, parts=parts[:40])
    return None


def figure(facts: GapFacts, about: str) -> Shown:
    """Where the misses are: the largest parts, with intervals; or why there is no such figure."""
    m = facts.misses
    if m is None:
        return say("Too few tickets with a category, group or priority missed their target: there is nothing to rank.")
    shown, others = m.parts[:PARTS], m.n - sum(part.count for part in m.parts[:PARTS])
    rows = pd.DataFrame([{"label": p.name, "share": p.share, "low": p.low, "high": p.high} for p in shown])
    data = pd.DataFrame(
        {
            m.by.capitalize(): [p.name for p in shown], "Misses": [p.count for p in shown], "Share": [p.share for p in shown],
            "95 % from": [p.low for p in shown], "95 % to": [p.high for p in shown],
            "Among the top 3": [p.top for p in shown],
        }
    )  # fmt: skip
    first = shown[0]
    more = f" {others:,} more misses lie in smaller parts." if others else ""
    return drawn_figure(
        figures.pareto(rows), name="misses",
        finding=f"{words.clipped(first.name, 40)}: {words.prose(first.share, 'share')} of the misses",
        subtitle=f"Share of the {m.n:,} tickets resolved late in the last {m.cycles} cycles, by {m.by}; whisker: 95 % interval."
        + more,
        alt=f"Bars of the {len(shown)} largest parts of {m.n:,} misses by {m.by}; the largest, "
        f"{words.clipped(first.name, 60)}, holds {words.prose(first.share, 'share')}.",
        data=data, units={"Misses": "count", **dict.fromkeys(data.columns[2:], "share")}, source=about,
        definition="sla_reported",
    )  # fmt: skip


def said(facts: GapFacts) -> Shown:
    """How sure the order of the largest parts is."""
    m = facts.misses
    if m is None:
        return say("")
    sure = [p for p in m.parts if p.top >= 0.95]
    if not sure:
        return say(f"Which {m.by} holds most of the misses cannot be told: drawn again, their order changes.")
    named = words.listed([f"**{p.name}** ({words.prose(p.share, 'share')})" for p in sure[:3]])
    verb = "is" if len(sure) == 1 else "are"
    return say(f"Drawn again and again, {named} {verb} among the three largest in at least 95 % of samples.")
