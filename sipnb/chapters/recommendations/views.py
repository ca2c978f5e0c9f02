"""Recommendations, as they are shown: the options as cards, what each rests on, and what is not proposed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from sipnb.chapters.facts import About, OptionFact
from sipnb.chapters.recommendations import effects, option_words
from sipnb.register.proposals import anchor
from sipnb.show import words
from sipnb.show.display import Card, Shown, cards, points, say, table, together

#: The id of the list of evidence, to which a plan's main points lead; an option's own is `option-<lever>`.
EVIDENCE = "evidence"


def options(facts: Sequence[OptionFact], order: str, judged: tuple[int, int], about: About) -> Shown:
    """The options that are worth it as cards, in their order; estimated effects on one measure share their scale."""
    found = [one for one in facts if not one.why_not]
    if not found:
        return say("Nothing is worth recommending now. That is a finding, not a gap in the plan.")
    most: dict[str, float] = {}
    for e in (o.effect for o in found):
        if e and e.basis == "effect":
            most[e.kpi] = max(most.get(e.kpi, 0.0), abs(e.low), abs(e.high))
    shown = cards([_card(one, most, judged, about) for one in found])
    return together(say(order), shown) if order else shown


def _card(option: OptionFact, most: dict[str, float], judged: tuple[int, int], about: About) -> Card:
    e, extent, currency = option.effect, None, about.currency
    if e and e.basis == "effect" and most.get(e.kpi):
        extent = tuple(abs(v) / most[e.kpi] for v in sorted((e.low, e.value, e.high), key=abs))
    first = [effects.on_card(e, option.moves, currency)]
    other = [effects.on_card(one, option.moves, currency) for one in option.effects if one is not e]
    told = [
        *first, *other,
        ("Saves if it works", option_words.saved(option.saves)),
        ("How often actions work", option_words.works(option, judged)),
        ("Worth", option_words.worth(option.worth, currency)),
        ("Chance of a loss", option_words.chance_of_loss(option.worth) if option.worth else ""),
        ("Waiting costs", option_words.delay(option.worth, about.period, currency)),
        ("To measure first", _measuring(option, about)),
        ("Measured", effects.place(option) if option.times else ""),
        ("Register", words.upper(option.registered)),
        ("Cost", option_words.cost(option.costs, currency) or "not stated"),
        ("Effort", option_words.effort(option.effort) or "not stated"),
        ("Shows", option_words.shows(option.takes) or "not stated"),
        ("What to do", option.action),
        ("How it works", option.mechanism),
        ("Risks", " ".join(option.risks)),
        ("Fits less well", words.listed([f"“{title}”" for title in option.instead])),
    ]  # fmt: skip
    return Card(
        id=anchor(option.lever, option.driver), title=f"{option.rank}. {option.title}", lead=f"{option.finding}.",
        facts=[(term, said) for term, said in told if said], extent=extent,
    )  # fmt: skip


def _measuring(option: OptionFact, about: About) -> str:
    """Whether it pays to see one more cycle before deciding; empty where it does not."""
    if not option_words.measure_first(option.worth):
        return ""
    more = words.prose(float(f"{option.worth.measuring:.2g}"), "money", about.currency)
    return f"one more {about.period} of records would be worth {more}: the decision may change with it"


def evidence(facts: Sequence[OptionFact]) -> Shown:
    """What each option rests on."""
    lines = [f"**{o.title}.** {' '.join(_plain(one) for one in o.evidence)}" for o in facts]
    return points(lines, ordered=True, id=EVIDENCE) if lines else say("None.")


def _plain(sentence: str) -> str:
    """A sentence of the gap analysis, whose title stands in bold before it."""
    lead, parted, rest = sentence.partition(":** ")
    return f"{lead.removeprefix('**')}: {rest}" if parted and sentence.startswith("**") else sentence


def rejected(facts: Sequence[OptionFact], currency: str) -> Shown:
    """The options that the records speak for and that are not worth it, with the reason; nothing where all are."""
    mine = [one for one in facts if one.why_not]
    if not mine:
        return say("")
    frame = pd.DataFrame(
        {
            "Option": [one.title for one in mine], "Why not": [words.upper(one.why_not) for one in mine],
            "Saves if it works": [words.upper(option_words.saved(one.saves)) or "–" for one in mine],
            "Cost": [option_words.cost(one.costs, currency) or "–" for one in mine],
            "Worth on average": [option_words.worth(one.worth, currency).partition(" on average")[0] or "–" for one in mine],
        }
    )  # fmt: skip
    return table(frame, "Options that are not worth it")


def left(considered: Mapping[str, str], proposed_when: Mapping[str, str], open_anyway: Mapping[str, str]) -> Shown:
    """The levers that were looked at and not proposed, with the reason, and the actions on them that are open anyway."""
    if not considered:
        return say("Every lever is proposed.")
    frame = pd.DataFrame(
        {
            "Lever": list(considered),
            "Proposed when": [proposed_when.get(title, "not stated") for title in considered],
            "What the records say": list(considered.values()),
        }
    )
    if open_anyway:
        frame["Open in the register"] = [open_anyway.get(title, "–") for title in considered]
    return table(frame, "Levers that are not proposed, with the reason")
