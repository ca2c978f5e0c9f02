"""Did the fix hold: whether the kind of ticket that an action or a problem record was to end came back.

Fixed problems are followed by quieter months in any case, because problems are recorded when there is trouble: the cycles from
the one before a problem was recorded to the one in which it was fixed do not count. The kind of ticket is compared with the other
kinds of the service, with the median of them, as one of these may have been fixed, too. Many fixes are looked at, so that a few
would seem to have held by chance; what is claimed holds among all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from sipnb import formulas, kpis, register
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts.review import FixFact
from sipnb.cycles import Cycle
from sipnb.methods import discoveries, interventions
from sipnb.methods.interventions import FEWEST_CONTROLS, NotMeasurable

#: A kind of ticket that comes less often than so many times a cycle tells nothing of a fix.
FEWEST = 5.0
#: A problem is of the kind that most of its incidents have.
MOST = 0.5
#: Fixes that are no more days apart cannot be told apart.
APART = 92
#: Problems fixed within a year are followed, the latest so many.
LATEST = 30


@dataclass(frozen=True)
class _Fix:
    """Something that was to end a kind of ticket: between `recorded` and `fixed`; `mine` says which tickets are of the kind."""

    of: str
    id: str
    title: str
    kind: str
    recorded: date
    fixed: date
    mine: np.ndarray


def fixes(context: ServiceContext) -> tuple[list[FixFact], int]:
    """What came of each fix whose kind of ticket can be followed, the surest first, and how many cannot be followed."""
    covered = kpis.covered("volume", context.scope)
    every = [*_actions(context), *_problems(context)]
    followed, unfit = [], 0
    for fix in every if covered else ():
        try:
            followed.append((fix, _followed(context, fix, covered)))
        except NotMeasurable:
            unfit += 1
    sure = discoveries.benjamini_hochberg([one.p for _, one in followed])["rejected"] if followed else ()
    told = [
        one.model_copy(
            update={
                "found": ("rarer" if one.ratio < 1 else "more often") if held else "no change found",
                "with_others": [other.title for other, _ in _at_once(fix, followed)],
            }
        )
        for (fix, one), held in zip(followed, sure, strict=True)
    ]
    return sorted(told, key=lambda one: (one.p, one.of, one.id)), unfit


def _at_once(fix: _Fix, followed: Sequence[tuple[_Fix, FixFact]]) -> list[tuple[_Fix, FixFact]]:
    """The other fixes of mostly the same tickets within the same months: which of them it was cannot be told."""
    return [
        (other, one)
        for other, one in followed
        if other is not fix
        and abs((other.fixed - fix.fixed).days) <= APART
        and 2 * (other.mine & fix.mine).sum() > (other.mine | fix.mine).sum()
    ]


def _actions(context: ServiceContext) -> Iterator[_Fix]:
    for action in context.service.actions:
        stood = register.standing(action, context.cycle.end)
        if action.tickets and stood and stood.implemented:
            try:
                mine = kpis.which(context.scope, action.tickets.where)
            except formulas.FormulaError:
                continue
            yield _Fix("action", action.id, action.title, action.tickets.where, action.begun, stood.implemented, mine)


def _problems(context: ServiceContext) -> Iterator[_Fix]:
    records = context.records
    if not (
        records.has("problems") and records.supplies("tickets", "problem") and records.supplies("tickets", "category")
    ):
        return
    tickets, zone = records.tickets, context.cycle.zone
    fixed = records.problems.dropna(subset=["resolved", "opened"])
    year = context.cycle.shift(1 - context.cycle.season).opens
    fixed = fixed[(fixed["resolved"] >= year) & (fixed["resolved"] < context.cycle.cutoff)]
    for problem in fixed.sort_values(["resolved", "problem"]).tail(LATEST).itertuples():
        kinds = tickets.loc[tickets["problem"] == problem.problem, "category"].value_counts(normalize=True)
        if len(kinds) and kinds.iloc[0] > MOST:
            days = (one.tz_convert(zone).date() for one in (problem.opened, problem.resolved))
            mine = (tickets["category"] == kinds.index[0]).fillna(False).to_numpy(bool)
            yield _Fix("problem", problem.problem, problem.problem, str(kinds.index[0]), *days, mine)


def _other_kinds(context: ServiceContext, mine: np.ndarray) -> Iterator[np.ndarray]:
    """Which tickets are of each other category, without those of the kind itself."""
    if context.records.supplies("tickets", "category"):
        category = context.records.tickets["category"]
        for one in sorted(category[~mine].dropna().unique()):
            yield (category == one).fillna(False).to_numpy(bool) & ~mine


def _followed(context: ServiceContext, fix: _Fix, covered: Sequence[Cycle]) -> FixFact:
    """The kind of ticket before and since, against the other tickets. Raises NotMeasurable."""
    scope = context.scope.over(list(covered))
    counts, *others = (
        pd.Series(scope.count(np.where(which, scope.opened, -1)), [one.name for one in covered])
        for which in (fix.mine, *_other_kinds(context, fix.mine))
    )
    first = covered[-1].first_whole(fix.fixed)
    start = sum(one.start < first.start for one in covered)
    recorded = covered[-1].containing(fix.recorded).shift(-1)
    out = [at for at, one in enumerate(covered) if recorded.start <= one.start < first.start]
    counts_before = counts.iloc[[at for at in range(start) if at not in out]]
    if start == len(covered) or counts_before.empty or counts_before.mean() < FEWEST:
        raise NotMeasurable("the kind of ticket is too rare, or too little time has passed")
    beside = [interventions.relative(one) for one in others if one.mean() >= FEWEST]
    found = interventions.effect(
        interventions.relative(counts), start, controls=beside if len(beside) >= FEWEST_CONTROLS else (), left_out=out,
        season=context.cycle.season,
    )  # fmt: skip
    ratio, low, high = (math.exp(one) for one in (found.step.value, *found.step.interval()))
    below = found.step.below(0.0)
    return FixFact(
        of=fix.of, id=fix.id, title=fix.title, kind=fix.kind, fixed=fix.fixed.isoformat(), cycles=found.after,
        before=float(counts_before.mean()), since=float(counts.iloc[start:].mean()), ratio=ratio, low=low, high=high,
        p=min(1.0, 2 * min(below, 1 - below)), found="no change found",
    )  # fmt: skip
