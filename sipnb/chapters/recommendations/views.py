"""Recommendations, as they are shown: the options as cards, what each rests on, and what is not proposed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from sipnb.chapters.facts import OptionFact
from sipnb.chapters.recommendations import effects
from sipnb.show import words
from sipnb.show.display import Card, Shown, cards, points, say, table, together

#: The id of the list of evidence, to which a plan's main points lead; an option's own is `option-<lever>`.
EVIDENCE = "evidence"


def options(found: Sequence[OptionFact], order: str, currency: str) -> Shown:
    """The options as cards, the one furthest from what is allowed first; estimated effects on one measure share their scale."""
    if not found:
        return say("The records speak for none of the levers now. That is a finding, not a gap in the plan.")
    most: dict[str, float] = {}
    for e in (o.effect for o in found):
        if e and e.basis == "effect":
            most[e.kpi] = max(most.get(e.kpi, 0.0), abs(e.low), abs(e.high))
    shown = cards([_card(o, most, currency) for o in found])
    return together(say(order), shown) if order else shown


def _card(option: OptionFact, most: dict[str, float], currency: str) -> Card:
    e, extent = option.effect, None
    if e and most.get(e.kpi):
        extent = tuple(abs(v) / most[e.kpi] for v in sorted((e.low, e.value, e.high), key=abs))
    register = [("Register", words.upper(option.registered))] if option.registered else []
    return Card(
        id=f"option-{option.lever}", title=f"{option.rank}. {option.title}", lead=f"{option.finding}.",
        facts=[
            effects.on_card(e, option.moves, currency),
            ("Measured", effects.place(option)),
            *register,
            ("Cost", f"{words.number(option.cost, 'money', currency)} once" if option.cost is not None else "not stated"),
            ("Shows after", words.plural(option.weeks, "week") if option.weeks else "not stated"),
            ("What to do", option.action),
        ],
        extent=extent,
    )  # fmt: skip


def evidence(found: Sequence[OptionFact]) -> Shown:
    """What each option rests on."""
    lines = [f"**{o.title}.** {' '.join(o.evidence)}" for o in found]
    return points(lines, ordered=True, id=EVIDENCE) if lines else say("None.")


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
