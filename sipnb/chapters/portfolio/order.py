"""The order of all missed targets of all services, and which of their places depend on the weights of objectives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sipnb.chapters.facts import OrderFact, PlaceFact, RankedFact
from sipnb.chapters.gap_analysis import ranking
from sipnb.chapters.portfolio.ranking import Chapters
from sipnb.params import Objective
from sipnb.show import words
from sipnb.show.display import Shown, macros, say

#: A place depends on weights where a gap holds it in more than this share of the draws, and in less than all but this share.
OFTEN = 0.05


def order(
    objectives: Sequence[Objective], chapters: Mapping[str, Chapters], draws: int = 2_000, within: float = 0.5,
    first: int = 3, further: int = 10,
) -> OrderFact | None:  # fmt: skip
    """All missed targets by weight x users' hours lost beyond the target x certainty; None where no target is missed.

    Each objective's weight is drawn `draws` times, evenly up to `within` more or less, the same draws every time; a target
    has the largest weight among its objectives, as in the plans. Gaps of which no hours can be told follow all others.
    """
    gaps = sorted(((service, one) for service, made in chapters.items() for one in made.gaps.ranked), key=_key)
    if not gaps:
        return None
    places = ranking.places(objectives, [one for _, one in gaps], draws, within)
    often = np.array([(places < most).mean(axis=0) for most in (first, further)])
    moves = ((often > OFTEN) & (often < 1 - OFTEN)).any(axis=0)
    found = [
        PlaceFact(
            place=at + 1, service=service, kpi=one.kpi, title=one.title, weight=one.weight, hours=one.hours,
            certainty=one.certainty, score=one.score, first=float(often[0, at]), further=float(often[1, at]),
            moves=bool(moves[at]),
        )
        for at, (service, one) in enumerate(gaps)
    ]  # fmt: skip
    return OrderFact(
        gaps=len(found), moves=int(moves.sum()), draws=draws, within=within, first=first, further=further,
        places=[one for one in found if one.place <= further or one.further > 0],
    )  # fmt: skip


def _key(gap: tuple[str, RankedFact]) -> tuple:
    service, one = gap
    return (*ranking.order(one)[:-1], service, one.kpi)


def shown(found: OrderFact | None, names: Mapping[str, str], links: Mapping[str, str]) -> Shown:
    """The first of the gaps, each with how often it stays among the first when weights change, and which depend on them."""
    if found is None:
        return say("No service misses a target: there is no order of gaps.", kind="")
    rows = found.places[: found.further] + [one for one in found.places[found.further :] if one.moves]
    rows = rows[: found.further + 5]
    told = sentence(found)
    cells = [
        (one, "not told" if one.hours is None else words.rough(one.hours) if one.hours else "0",
         words.probability(one.certainty), words.probability(one.first), words.probability(one.further))
        for one in rows
    ]  # fmt: skip
    markup = macros("portfolio").order(told, cells, found, names, links)
    return Shown(str(markup), "\n".join([told, *(f"{one.place}. {names[one.service]}: {one.title}" for one in rows)]))


def sentence(found: OrderFact) -> str:
    """How far the order is a matter of the weights."""
    one = found.gaps == 1
    text = f"{words.plural(found.gaps, 'gap')} {'is' if one else 'are'} put in order by weight × hours × certainty. "
    within = words.number(found.within, "ratio")
    if not found.moves:
        return text + (
            f"With every weight up to {within} more or less, the first {found.first} and the first {found.further} are "
            "nearly always the same."
        )
    what = "The place of 1 of them" if found.moves == 1 else f"The places of {found.moves:,} of them"
    verb = "depends" if found.moves == 1 else "depend"
    return text + (
        f"{what} among the first {found.first} or the first {found.further} {verb} on the weights, when each is up to {within} "
        "more or less."
    )
