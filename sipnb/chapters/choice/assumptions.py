"""What would be chosen if an assumption were otherwise: horizon, discount, how often actions work, the worth of an hour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from sipnb.chapters.choice import choosing
from sipnb.chapters.choice.choosing import Candidate
from sipnb.chapters.context import PortfolioContext
from sipnb.chapters.facts import ActionFact, ChoiceFact, ChosenFact, OtherwiseFact
from sipnb.chapters.recommendations.worth import Rules
from sipnb.params import Value
from sipnb.show import words
from sipnb.show.display import Shown, say, table


@dataclass(frozen=True)
class Assumption:
    """Something that is assumed, said otherwise: rules, rates (None: the organisation's), how often actions work beside now."""

    said: str
    rules: Rules
    value: Value | None = None
    often: float = 1.0


def assumptions(rules: Rules, value: Value) -> Iterator[Assumption]:
    """Another horizon, twice the discount, actions that work half or twice as often, an hour worth half or twice as much."""
    for by in (0.5, 1.5):
        months = round(rules.months * by)
        yield Assumption(f"an option counts for {months} months, not {rules.months}", replace(rules, months=months))
    twice = 2 * rules.rate
    told = f"a later year is discounted by {100 * twice:.0f} %, not {100 * rules.rate:.0f} %"
    yield Assumption(told, replace(rules, rate=twice))
    for often, said in ((0.5, "half"), (2.0, "twice")):
        yield Assumption(f"actions work {said} as often", rules, often=often)
    if value.user_hour:
        for by, said in ((0.5, "half"), (2.0, "twice")):
            rate = tuple(by * one for one in value.user_hour)
            yield Assumption(
                f"an hour of a user is worth {said} as much", rules, value.model_copy(update={"user_hour": rate})
            )


def otherwise(
    context: PortfolioContext, found: Sequence[Candidate], runs: Sequence[ActionFact], made: ChoiceFact, rules: Rules
) -> list[OtherwiseFact]:  # fmt: skip
    """What would be chosen under each assumption, under the same budget; the draws are the same, so that only it differs."""
    budgets = choosing.budgets_of(context, found, runs)
    now = np.array([one.chosen for one in made.options], dtype=bool)
    names, told = [_name(one) for one in made.options], []
    before = [_mean(context, one, rules) for one in found]
    for one in assumptions(rules, context.workbook.settings.value):
        after = [_mean(context, each, one.rules, one.value, one.often) for each in found]
        assumed = [_as(*each) for each in zip(found, before, after, strict=True)]
        then = choosing.solved(choosing.problem_of(context, assumed, budgets), assumed)[1].chosen
        told.append(
            OtherwiseFact(
                said=one.said, chosen=int(then.sum()), same=int((then & now).sum()),
                comes=[names[at] for at in np.flatnonzero(then & ~now)], leaves=[names[at] for at in np.flatnonzero(now & ~then)],
            )
        )  # fmt: skip
    return told


def _mean(context: PortfolioContext, one: Candidate, *given: Any) -> float | None:
    drawn = choosing.expected(context, one.service, one.option, *given)
    return None if drawn is None else float(drawn.mean())


def _as(one: Candidate, before: float | None, after: float | None) -> Candidate:
    """A candidate as it would be worth, by as much more or less as its draws are."""
    if one.value is None or one.values is None or before is None or after is None:
        return one
    return replace(one, value=one.value + after - before, values=one.values + (after - before))


def frame(found: Sequence[OtherwiseFact]) -> pd.DataFrame:
    """A row an assumption: how many options would be chosen, and how many of these are chosen now."""
    return pd.DataFrame([one.model_dump() for one in found], columns=["said", "chosen", "same", "comes", "leaves"])


def shown(found: Sequence[OtherwiseFact], made: ChoiceFact, names: Mapping[str, str]) -> Shown:
    """The assumptions under which something else would be chosen; in one sentence where there is none."""
    taken = sum(one.chosen for one in made.options)
    if not found or not made.options:
        return say("")
    other = [one for one in found if one.comes or one.leaves]
    if not other:
        return say(
            f"The same would be chosen under each of {len(found)} other assumptions, such as that {found[0].said}."
        )
    titles = {_name(one): f"“{one.title}” ({names.get(one.service, one.service)})" for one in made.options}
    rows = [
        {"If": words.upper(one.said), "Comes": _named(one.comes, titles), "Goes": _named(one.leaves, titles)}
        for one in other
    ]
    which = f"Under {len(other)} of {len(found)} other assumptions something else would be chosen"
    return table(pd.DataFrame(rows), f"{which} than the {words.plural(taken, 'option')} now")


def _name(one: ChosenFact) -> str:
    return f"{one.service}/{one.id}"


def _named(ids: Sequence[str], titles: Mapping[str, str], most: int = 3) -> str:
    named = [titles[one] for one in ids[:most]]
    return words.listed([*named, *([f"{len(ids) - most} more"] if len(ids) > most else [])]) or "–"
