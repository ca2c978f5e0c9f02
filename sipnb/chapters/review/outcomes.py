"""Did it work: what each action changed, against what would have been without it, or why that cannot be said yet.

A verdict is taken once, after as many whole cycles as were written down beforehand, and a second time after twice as many where
it was inconclusive: whoever looks every month, until it looks good, finds an effect of nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sipnb import formulas, kpis, register
from sipnb.catalogue import Kpi
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts.review import ChangeFact, CounterFact, OutcomeFact
from sipnb.chapters.review import benefits
from sipnb.chapters.review.measuring import Window, controls, on_scale, window
from sipnb.cycles import Cycle, CycleError, parse
from sipnb.methods import interventions
from sipnb.methods.interventions import FEWEST_AFTER, FEWEST_CONTROLS, Effect, Measured, NotMeasurable
from sipnb.register import Action, Standing

#: After so many cycles an action is not judged again.
LONGEST = 24


@dataclass(frozen=True)
class Rules:
    """How sure a verdict of the second look has to be, and from which difference on a measure that may not suffer counts as
    worse: of a share, in parts of 1, and of any other measure, as a part of its level."""

    second: float = 0.99
    share_margin: float = 0.03
    margin: float = 0.1


RULES = Rules()


@dataclass(frozen=True)
class Judged:
    """What is said of an action, and the path of its measure (see `Effect.path`) where it could be measured."""

    fact: OutcomeFact
    path: pd.DataFrame | None = None


@dataclass(frozen=True)
class _Case:
    """An action with its measure, the cycles around it, and what it promised."""

    context: ServiceContext
    action: Action
    kpi: Kpi
    window: Window
    after: int
    fact: OutcomeFact
    rules: Rules

    @property
    def left_out(self) -> list[int]:
        """Places of cycles that do not count: those it was raised for and raised in, after which a better one comes by itself,
        and that in which it was half done."""
        within = self.context.cycle.containing(self.action.begun)
        named = [re.match(r"[0-9A-Z-]+(?=/)", text) for text in self.action.evidence]
        out = [within, within.shift(-1), *(_cycle(one[0], within) for one in named if one)]
        known = [place for place in self.window.places(out) if place < self.window.start]
        return sorted({*known, *([self.window.start - 1] if self.window.half_done else [])})


def outcome(context: ServiceContext, action: Action, stood: Standing, rules: Rules = RULES) -> Judged:
    """What can be said of an action when the cycle ended."""
    measure = action.measure
    known = context.kpis[action.measured] if action.measured else None
    said = OutcomeFact(
        status="not due", registered=measure is not None, kpi=action.measured, where=_where(action),
        title=known.title if known else "", unit=known.unit if known else "", good=known.good if known else "",
        promised=measure.expect if measure else None, minimum=abs(measure.minimum or 0.0) if measure else 0.0,
        after=max(FEWEST_AFTER, measure.cycles if measure else register.USUAL_AFTER),
    )  # fmt: skip
    if stood.implemented is None:
        return Judged(said.model_copy(update={"why": _not_due(stood)}))
    around = window(stood.implemented, context.cycle)
    said = said.model_copy(update={"age": around.age})
    if known is None or known.good == "neutral" or known.kind == "rolling":
        return Judged(said.model_copy(update={"status": "not measurable", "why": _no_measure(known)}))
    if around.age > LONGEST:
        why = f"it was implemented {around.age} whole {context.about.period}s ago; the plans of that time have its verdict"
        return Judged(said.model_copy(update={"status": "not measurable", "why": why}))
    return _judged(_Case(context, action, known, around, said.after, said, rules))


def _judged(case: _Case) -> Judged:
    fact, at = case.fact, case.window
    follow = fact.model_copy(update={"next": at.cycles[at.start - 1].shift(case.after).name})
    try:
        own, beside, rest = _series(case)
        if at.age < case.after:
            return Judged(_too_early(case, follow, own, beside))
        judged = _verdict(case, fact, own, beside, rest, case.after)
        if judged.fact.status == "inconclusive" and at.age >= 2 * case.after:
            judged = _verdict(case, fact, own, beside, rest, 2 * case.after)
        elif judged.fact.status == "inconclusive":
            follow = judged.fact.model_copy(update={"next": at.cycles[at.start - 1].shift(2 * case.after).name})
            judged = replace(judged, fact=follow)
        return judged
    except (NotMeasurable, formulas.FormulaError) as error:
        if at.age < case.after:
            return Judged(follow.model_copy(update={"status": "too early", "why": str(error)}))
        return Judged(fact.model_copy(update={"status": "not measurable", "why": str(error)}))


def _series(case: _Case) -> tuple[Measured, list[Measured], bool]:
    """The measure of the action, what it is compared with, and whether that is the rest of the service's tickets."""
    context, cycles = case.context, case.window.cycles
    scope = context.over(list(cycles))
    if not case.action.tickets:
        own = _observed(case, kpis.series(case.kpi.id, scope))
        return own, controls(context, case.kpi, case.window), False
    if not any(table in ("tickets", "surveys") for table in case.kpi.tables):
        raise NotMeasurable(f"{case.kpi.noun} is not counted by ticket, and the action names tickets")
    touched, others = kpis.located(scope, case.action.tickets.where)
    mine, rest = kpis.series(case.kpi.id, touched), kpis.series(case.kpi.id, others)
    own = _observed(case, mine)
    # The others of a service share all that happens to it; fewer than those touched would bring more chance than they take.
    if rest["n"].sum() >= mine["n"].sum():
        return own, [on_scale(case.kpi, rest, cycles)], True
    return own, controls(context, case.kpi, case.window), False


def _observed(case: _Case, series: pd.DataFrame) -> Measured:
    """The measure over the window, without cycles in which the records carry no claim."""
    records, cycles = case.context.records, case.window.cycles
    refused = {one.name: rule for one in cycles if (rule := records.refused(case.kpi, one))}
    since = [one.name for one in cycles[case.window.start :]]
    if set(since) & set(refused):
        raise NotMeasurable(f"the records carry no claim about {case.kpi.noun} ({next(iter(refused.values()))})")
    return on_scale(case.kpi, series[~series.index.isin(list(refused))], cycles)


def _verdict(case: _Case, fact: OutcomeFact, own: Measured, beside: list[Measured], rest: bool, after: int) -> Judged:
    at, good, out = case.window, case.kpi.good, case.left_out
    end, whole = at.start + after, own
    own, beside = own.until(end), [one.until(end) for one in beside]
    season = case.context.cycle.season
    alone = interventions.effect(own, at.start, left_out=out, season=season)
    compared = rest or len(beside) >= FEWEST_CONTROLS
    found = interventions.effect(own, at.start, controls=beside, left_out=out, season=season) if compared else alone
    sure = case.rules.second if after > case.after else 0.95
    status = interventions.verdict(found, fact.minimum, good, found.opinions, sure)
    step, against = found.step.value, beside if compared else []
    dates = interventions.at_dates(own, at.start, step, controls=against, left_out=out, season=season)
    services = interventions.in_services(
        controls(case.context, case.kpi, at.until(after)) if rest else beside, at.start, step, left_out=out, season=season
    )  # fmt: skip
    change = _change(case, found, alone, after, "rest" if rest else "services" if compared else "past", dates, services)
    apart = status != interventions.verdict(found, fact.minimum, good, sure=sure)
    change = change.model_copy(update={"opinions_agree": not apart})
    told = fact.model_copy(
        update={
            "status": status, "change": change, "counters": _counters(case, after), "after": after,
            "reached": at.age == after, "beside_it": _beside_it(case, after),
            "benefit": benefits.benefit(case.context, case.kpi, case.action, whole, at.start, change),
            "power": _power(case, own, against, after) if status == "inconclusive" else None,
        }
    )  # fmt: skip
    every = np.abs([*dates.steps, *services.steps])
    path = found.path(float(np.quantile(every, 0.9)) if len(every) else 0.0)
    if not len(every):
        path[["least", "most"]] = np.nan
    return Judged(told, path.assign(label=[one.short for one in at.cycles[:end]]))


def _change(case: _Case, found: Effect, alone: Effect, after: int, beside, dates, services) -> ChangeFact:
    at, actual = case.window, found.actual
    size = abs(found.step.value)
    return ChangeFact(
        actual=actual, expected=actual - found.value, value=found.value, low=found.low, high=found.high,
        before=found.before, after=found.after, first=at.cycles[at.start].name, last=at.cycles[at.start + after - 1].name,
        beside=beside, controls=found.controls, alone=alone.value, alone_low=alone.low, alone_high=alone.high,
        opinions_agree=True, dates=len(dates.steps), dates_as_large=sum(abs(one) >= size for one in dates.steps),
        services=len(services.steps), services_as_large=sum(abs(one) >= size for one in services.steps),
    )  # fmt: skip


def _too_early(case: _Case, fact: OutcomeFact, own: Measured, beside: list[Measured]) -> OutcomeFact:
    against = beside if case.action.tickets or len(beside) >= FEWEST_CONTROLS else []
    enough = None
    if fact.promised is not None:
        with_controls = {"controls": against, "left_out": case.left_out, "season": case.context.cycle.season}
        enough = interventions.enough(own, case.window.start, fact.promised[1], fact.minimum, **with_controls)
    now = _power(case, own, against, case.window.age)
    return fact.model_copy(update={"status": "too early", "power": now, "enough": enough})


def _power(case: _Case, own: Measured, against: list[Measured], after: int) -> float | None:
    if case.fact.promised is None:
        return None
    if after < FEWEST_AFTER:
        return 0.0
    return interventions.power(
        own, case.window.start, after, case.fact.promised[1], case.fact.minimum, controls=against,
        left_out=case.left_out, season=case.context.cycle.season,
    )  # fmt: skip


def _counters(case: _Case, after: int) -> list[CounterFact]:
    """What became of the measures that may not suffer, over the same cycles."""
    found = []
    for name in case.action.measure.counter if case.action.measure else ():
        kpi = case.context.kpis[name]
        at = case.window.until(after)
        other = replace(case, kpi=kpi, window=at)
        fact = {"kpi": name, "title": kpi.title, "unit": kpi.unit, "margin": case.rules.share_margin}
        try:
            own, beside, rest = _series(other)
            compared = rest or len(beside) >= FEWEST_CONTROLS
            effect = interventions.effect(
                own, at.start, controls=beside if compared else (), left_out=other.left_out,
                season=case.context.cycle.season,
            )  # fmt: skip
        except (NotMeasurable, formulas.FormulaError):
            found.append(CounterFact(**fact, outcome="no data", value=None, low=None, high=None))
            continue
        if kpi.unit != "share":
            fact["margin"] = case.rules.margin * abs(float(own.observed.iloc[: at.start].mean()))
        outcome = interventions.not_worse(effect, fact["margin"], kpi.good)
        found.append(CounterFact(**fact, outcome=outcome, value=effect.value, low=effect.low, high=effect.high))
    return found


def _beside_it(case: _Case, after: int) -> list[str]:
    """Titles of the other actions of the service on the same tickets that took effect while this one was judged."""
    cycles = case.window.cycles
    first, last = cycles[case.window.start - 1].start, cycles[case.window.start + after - 1].end
    found = []
    for other in case.context.service.actions:
        stood = register.standing(other, case.context.cycle.end)
        same = other.tickets is None or case.action.tickets is None or other.tickets.where == case.action.tickets.where
        if other.id != case.action.id and same and stood and stood.implemented and first <= stood.implemented < last:
            found.append(other.title)
    return found


def _not_due(stood: Standing) -> str:
    return f"it is {stood.state}" if stood.state not in register.REFUSED else f"it was {stood.state}"


def _no_measure(known: Kpi | None) -> str:
    if known is None:
        return "it names no measure that it is to change"
    if known.good == "neutral":
        return f"{known.noun} is neither good nor bad"
    return f"{known.noun} is taken over a year, in which the time before and after it are mixed"


def _where(action: Action) -> str:
    return action.tickets.where if action.tickets else ""


def _cycle(name: str, like: Cycle) -> Cycle | None:
    try:
        found = parse(name, like.zone)
    except CycleError:
        return None
    return found if found.kind == like.kind else None
