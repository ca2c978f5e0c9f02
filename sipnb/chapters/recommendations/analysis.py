"""Recommendations, in numbers: which levers the records speak for, how far each is from what is allowed, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from sipnb import levers
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import ActionFact, EffectFact, OptionFact
from sipnb.chapters.recommendations import effects


def ranked(seen: Iterable[levers.Evidence]) -> list[levers.Evidence]:
    """What is proposed: agreed targets first, and the more times what is allowed was measured, the earlier."""
    return sorted((e for e in seen if e.found), key=lambda e: (not e.agreed, -e.times, e.lever.id))


def options(
    context: ServiceContext, seen: Sequence[levers.Evidence], actions: Sequence[ActionFact]
) -> list[OptionFact]:
    """What is proposed, furthest from what is allowed first, with what the register's `actions` say of the same lever."""
    return [_option(context, rank, evidence, actions) for rank, evidence in enumerate(ranked(seen), start=1)]


def considered(seen: Iterable[levers.Evidence]) -> dict[str, str]:
    """Why each lever that is not proposed is not: by its title."""
    return {e.lever.title: e.finding for e in seen if not e.found}


def spoken_against(seen: Iterable[levers.Evidence]) -> dict[str, str]:
    """The levers that the records could have spoken for and do not, with the reason, by id."""
    return {e.lever.id: e.finding for e in seen if e.judged and not e.found}


def table(seen: Iterable[levers.Evidence]) -> pd.DataFrame:
    """What every detector saw, a row a lever: found, judged, how many times what is allowed, and its numbers."""
    rows = {e.lever.id: {"found": e.found, "judged": e.judged, "times": e.times, **e.numbers} for e in seen}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("lever")


def _option(context: ServiceContext, rank: int, evidence: levers.Evidence, actions: Sequence[ActionFact]) -> OptionFact:
    lever, price = evidence.lever, context.workbook.levers.get(evidence.lever.id)
    effect = None
    if evidence.effect is not None:
        known = context.kpis[evidence.effect.kpi]
        effect = EffectFact(
            kpi=known.id, title=known.title, unit=known.unit, value=evidence.effect.value,
            low=evidence.effect.low, high=evidence.effect.high, basis=evidence.effect.basis,
            reference=evidence.effect.reference, goal=evidence.effect.goal,
        )  # fmt: skip
    return OptionFact(
        rank=rank, lever=lever.id, title=lever.title, action=lever.action, kind=lever.kind,
        moves=[context.kpis[k].title for k in lever.moves], finding=evidence.finding, why=evidence.why,
        evidence=evidence.sentences,
        numbers=dict(evidence.numbers), effect=effect, cost=price.cost if price else None,
        effort_days=price.effort_days if price else None, weeks=price.weeks if price else None,
        times=evidence.times, agreed=evidence.agreed, against=evidence.against,
        registered=effects.in_register(lever.id, actions),
    )  # fmt: skip
