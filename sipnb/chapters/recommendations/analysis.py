"""Recommendations, in numbers: which levers the records speak for, how far each is from what is allowed, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from sipnb import levers
from sipnb.catalogue import Lever
from sipnb.chapters.facts import ActionFact
from sipnb.chapters.recommendations.lever_words import seen_when, told
from sipnb.register import DONE


def considered(seen: Iterable[levers.Evidence]) -> dict[str, str]:
    """Why each lever that is not proposed is not: by its title."""
    return {e.lever.title: told(e).finding for e in seen if not e.proposed}


def spoken_against(seen: Iterable[levers.Evidence]) -> dict[str, str]:
    """The levers that the records could have spoken for and do not, with the reason, by id."""
    return {e.lever.id: told(e).finding for e in seen if e.judged and not e.proposed}


def open_anyway(seen: Iterable[levers.Evidence], actions: Iterable[ActionFact]) -> dict[str, str]:
    """The open actions whose lever is not proposed, by the lever's title."""
    lacking = {e.lever.id: e.lever.title for e in seen if not e.proposed}
    found: dict[str, list[str]] = {}
    for one in actions:
        if one.lever in lacking and one.state not in DONE:
            found.setdefault(lacking[one.lever], []).append(f"“{one.title}”, {one.state}")
    return {title: "; ".join(told) for title, told in found.items()}


def proposed_when(seen: Iterable[levers.Evidence]) -> dict[str, str]:
    """What has to be seen before each lever that is not proposed is, with the limits that hold: by its title."""
    return {e.lever.title: seen_when(e.lever) for e in seen if not e.proposed}


def limits(catalogue: Mapping[str, Lever]) -> pd.DataFrame:
    """The limits that hold, a row each: lever, limit, value, unit, meaning."""
    rows = [
        {"lever": lever.id, "limit": name, "value": one.value, "unit": one.unit, "meaning": one.meaning}
        for lever in catalogue.values()
        for name, one in lever.limits.items()
    ]
    return pd.DataFrame(rows).set_index(["lever", "limit"])


def table(seen: Iterable[levers.Evidence]) -> pd.DataFrame:
    """What every detector saw, a row a lever: outcome, found, judged, the limit, how many times it was measured, its numbers."""
    head = ("outcome", "found", "judged", "limit", "agreed", "times")
    rows = {e.lever.id: {name: getattr(e, name) for name in head} | dict(e.numbers) for e in seen}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("lever")
