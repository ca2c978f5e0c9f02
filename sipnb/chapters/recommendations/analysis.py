"""Recommendations, in numbers: which levers the records speak for, how far each is from what is allowed, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from sipnb import levers
from sipnb.catalogue import Lever
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import ActionFact, EffectFact, OptionFact
from sipnb.chapters.recommendations import effects
from sipnb.chapters.recommendations.lever_words import seen_when, told
from sipnb.register import DONE, proposals, until


def ranked(seen: Iterable[levers.Evidence]) -> list[levers.Evidence]:
    """What is proposed: agreed targets first, and the more times what is allowed was measured, the earlier.

    That is one number that a manager can check, instead of a scale for each lever.
    """
    return sorted((e for e in seen if e.found), key=lambda e: (not e.agreed, -e.times, e.lever.id))


def options(
    context: ServiceContext, seen: Sequence[levers.Evidence], actions: Sequence[ActionFact]
) -> list[OptionFact]:
    """What is proposed, furthest from what is allowed first, with what the register's `actions` say of the same lever."""
    return [_option(context, rank, evidence, actions) for rank, evidence in enumerate(ranked(seen), start=1)]


def considered(seen: Iterable[levers.Evidence]) -> dict[str, str]:
    """Why each lever that is not proposed is not: by its title."""
    return {e.lever.title: told(e).finding for e in seen if not e.found}


def spoken_against(seen: Iterable[levers.Evidence]) -> dict[str, str]:
    """The levers that the records could have spoken for and do not, with the reason, by id."""
    return {e.lever.id: told(e).finding for e in seen if e.judged and not e.found}


def open_anyway(seen: Iterable[levers.Evidence], actions: Iterable[ActionFact]) -> dict[str, str]:
    """The open actions whose lever is not proposed, by the lever's title."""
    lacking = {e.lever.id: e.lever.title for e in seen if not e.found}
    found: dict[str, list[str]] = {}
    for one in actions:
        if one.lever in lacking and one.state not in DONE:
            found.setdefault(lacking[one.lever], []).append(f"“{one.title}”, {one.state}")
    return {title: "; ".join(told) for title, told in found.items()}


def proposed_when(seen: Iterable[levers.Evidence]) -> dict[str, str]:
    """What has to be seen before each lever that is not proposed is, with the limits that hold: by its title."""
    return {e.lever.title: seen_when(e.lever) for e in seen if not e.found}


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


def _option(context: ServiceContext, rank: int, evidence: levers.Evidence, actions: Sequence[ActionFact]) -> OptionFact:
    register = until(context.service.actions, context.cycle.end)
    lever, price = evidence.lever, context.workbook.levers.get(evidence.lever.id)
    said, effect = told(evidence), None
    if evidence.effect is not None:
        known = context.kpis[evidence.effect.kpi]
        effect = EffectFact(
            kpi=known.id, title=known.title, unit=known.unit, value=evidence.effect.value,
            low=evidence.effect.low, high=evidence.effect.high, basis=evidence.effect.basis,
            reference=evidence.effect.reference, goal=evidence.effect.goal, days=evidence.effect.days,
        )  # fmt: skip
    return OptionFact(
        rank=rank, lever=lever.id, title=lever.title, action=lever.action, kind=lever.kind,
        moves=[context.kpis[k].title for k in lever.moves], finding=said.finding, why=said.why,
        evidence=list(said.sentences),
        numbers=dict(evidence.numbers), effect=effect, cost=price.cost if price else None,
        effort_days=price.effort_days if price else None, weeks=price.weeks if price else None,
        times=evidence.times, agreed=evidence.agreed, against=said.against,
        registered=effects.in_register(lever.id, actions), asked=not proposals.objection(lever.id, register, context.cycle),
    )  # fmt: skip
