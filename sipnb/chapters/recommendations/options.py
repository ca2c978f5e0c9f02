"""The options of a service: each lever that the records speak for, for each driver that it answers, with what it would do, take
and be worth; the one worth most first."""

from __future__ import annotations

import hashlib
import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

import pandas as pd

from sipnb import levers
from sipnb.catalogue import Lever
from sipnb.catalogue.levers import Range
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import (
    ActionFact,
    DriverFact,
    EffectFact,
    GapFacts,
    LeverStep,
    OptionFact,
    SavesFact,
    WhyFact,
)
from sipnb.chapters.gap_analysis import causes_in_words, why
from sipnb.chapters.recommendations import effects as said_of
from sipnb.chapters.recommendations import worth
from sipnb.chapters.recommendations.lever_words import told
from sipnb.drivers import explain, outcomes
from sipnb.levers import effects
from sipnb.levers.delivery import Delivery
from sipnb.methods.proportions import Estimate
from sipnb.register import proposals, until
from sipnb.show import words

#: Tickets a month of the service that the catalogue's efforts are meant for; with more or fewer they grow like the square root,
#: to half or twice as much.
SIZE, MOST = 500, 2.0
_SIMPLE = re.compile(r"[a-z0-9 _.-]+")


@dataclass(frozen=True)
class Proposal:
    """A lever for a driver that it `answers`, or for what its detector saw."""

    seen: levers.Evidence
    answers: levers.Answer | None = None

    @property
    def lever(self) -> Lever:
        return self.seen.lever

    @property
    def driver(self) -> str:
        """What it acts on, as attribute=value; empty where that is the service as a whole."""
        return self.answers.driver if self.answers else ""

    @property
    def id(self) -> str:
        """The same in every cycle for the same lever and driver of a service."""
        return named(self.lever.id, self.driver)


def named(lever: str, driver: str) -> str:
    """The name of an option: its lever and what is told apart by it.

    >>> named("supplier", "category=Bank interface")
    'supplier-bank-interface'
    """
    if not driver:
        return lever
    value = driver.partition("=")[2].lower()
    plain = re.sub(r"[^a-z0-9]+", "-", value).strip("-")
    # What the short form leaves out tells it from others that look the same.
    mark = "" if plain and _SIMPLE.fullmatch(value) else "-" + hashlib.sha256(driver.encode()).hexdigest()[:6]
    return f"{lever}-{plain[:40]}{mark}".replace("--", "-")


def missed(context: ServiceContext, gaps: GapFacts, days: int = 91) -> tuple[levers.Missed, ...]:
    """The targets that were missed over so many days with the drivers of each, as levers see them: a service gets the same advice
    by month, quarter and week."""
    short, known = why.over(context, [one.kpi for one in gaps.why], days), {one.kpi: one for one in gaps.why}
    found = []
    for kpi, one in known.items():
        if short.get(kpi, 0.0) <= 0:
            continue
        target, up = context.target(kpi), context.kpis[kpi].good == "up"
        value = target - short[kpi] if up else target + short[kpi]
        causes = tuple(_cause(one, d) for d in one.drivers)
        found.append(levers.Missed(kpi, target, value, causes, one.left_out, not one.reason))
    return tuple(found)


def _cause(of: WhyFact, d: DriverFact) -> levers.Cause:
    return levers.Cause(
        of.kpi, d.attribute, d.value, d.known, of.days, d.n, d.share, _estimate(d.effect, d.effect_low, d.effect_high, d.n),
        _estimate(d.hours, d.hours_low, d.hours_high, d.n), d.step, tuple(d.through),
    )  # fmt: skip


def _estimate(value: float | None, low: float | None, high: float | None, n: int) -> Estimate | None:
    return None if value is None or low is None or high is None else Estimate(value, low, high, n)


def proposals_of(seen: Sequence[levers.Evidence]) -> list[Proposal]:
    """What is proposed: each driver that a lever answers, or the lever as a whole where it answers none."""
    return [Proposal(one, answer) for one in seen if one.proposed for answer in (one.answers or (None,))]


@dataclass(frozen=True)
class Sizing:
    """What all options of a service share: its size, how often actions of the organisation work, and how worth is counted."""

    context: ServiceContext
    look: levers.Look
    gaps: GapFacts
    delivery: Delivery
    rules: worth.Rules = field(default_factory=worth.Rules)

    @cached_property
    def scale(self) -> float:
        """How much effort the service takes beside one of the size that the catalogue's is meant for."""
        tickets = self.look.records.tickets
        year = self.look.window(effects.YEAR)
        opened = ((tickets["opened"] >= year.opens) & (tickets["opened"] < year.cutoff)).sum() / 12
        return min(MOST, max(1 / MOST, math.sqrt(max(float(opened), 1.0) / SIZE)))


def options(of: Sizing, seen: Sequence[levers.Evidence], actions: Sequence[ActionFact]) -> list[OptionFact]:
    """What is proposed, the one that is worth most first; with what the register's `actions` say of the same."""
    proposed = proposals_of(seen)
    shared = _overlaps(of, proposed)
    made = [_option(of, one, actions).model_copy(update={"overlaps": shared[one.id]}) for one in proposed]
    made.sort(key=_order)
    return [one.model_copy(update={"rank": rank}) for rank, one in enumerate(made, start=1)]


def _order(one: OptionFact) -> tuple:
    """By money, else by hours, each as often as actions work; what is not estimated comes after, by how far from its limit."""
    hours = (one.saves.hours if one.saves else 0.0) * (one.works or 0.0)
    known = one.worth is not None or hours > 0
    return (not known, -(one.worth.mean if one.worth else 0.0), -hours, not one.agreed, -(one.times or 0.0), one.id)


def order(found: Sequence[OptionFact]) -> str:
    """By what options are ordered, as a sentence; empty where there is nothing to order."""
    if len(found) < 2:
        return ""
    by = "what each is worth in money" if any(one.worth for one in found) else "the hours that each saves users"
    return (
        f"Ordered by {by}, as often as actions work; then those whose effect is not known, agreed targets first, by how many "
        "times what is allowed was measured."
    )


def _option(of: Sizing, one: Proposal, actions: Sequence[ActionFact]) -> OptionFact:
    context, lever = of.context, one.lever
    register = until(context.service.actions, context.cycle.end)
    found, saves, days = _effects(of, one)
    detected = told(one.seen) if one.seen.found else None
    said = _sentences(of, one)
    costs = _costs(context, lever)
    effort = {role: [round(day, 1) for day in days_] for role, days_ in _effort(of, lever).items()}
    takes = list(lever.weeks) if lever.weeks else None
    kpis = list(dict.fromkeys([*(fact.kpi for fact in found), *_kpis(one)])) or list(lever.moves[:1])
    option = OptionFact(
        rank=0, id=one.id, lever=lever.id, driver=one.driver, title=said.title, action=lever.action,
        kind=lever.kind, moves=[context.kpis[k].title for k in lever.moves], kpis=kpis,
        counter=[k for k in lever.counter if k not in kpis and len(context.series(k)["value"].dropna())],
        finding=said.finding or (detected.finding if detected else ""), why=said.why or (detected.why if detected else ""),
        evidence=[*said.evidence, *(detected.sentences if detected else ()), *_compared(of, one)], numbers=_numbers(one.seen),
        effect=found[0] if found else None, effects=found, saves=saves, works=of.delivery.share, effort=effort,
        costs=list(costs) if costs else None, cost=costs[1] if costs else None, takes=takes,
        effort_days=sum(days_[1] for days_ in effort.values()) if effort else None,
        weeks=round(takes[1]) if takes else None, mechanism=lever.mechanism, risks=list(lever.risks),
        steps=[LeverStep(title=step.title, weeks=step.weeks) for step in lever.steps],
        instead=[other.title for other in one.answers.instead] if one.answers else [],
        times=one.seen.times if one.seen.times == one.seen.times else None, agreed=one.seen.agreed or bool(one.answers),
        against=detected.against if detected else "", registered=said_of.in_register(lever.id, actions, one.driver),
        asked=not proposals.objection(lever.id, register, context.cycle, one.driver),
    )  # fmt: skip
    made = worth.drawn(
        option, context.service.id, context.cycle.name, context.workbook.settings.value, of.delivery, of.rules
    )
    valued = worth.worth(made, context.cycle, days, of.rules)
    why_not = "costs more than it brings on average" if valued is not None and valued.mean <= 0 else ""
    return option.model_copy(update={"worth": valued, "why_not": why_not})


def _numbers(seen: levers.Evidence) -> dict[str, float]:
    """What a detector saw, its own effect among it: its sentences say it, whatever the option's effect rests on."""
    of_effect = (
        {f"effect_{name}": getattr(seen.effect, name) for name in ("value", "low", "high")} if seen.effect else {}
    )
    return {**seen.numbers, **{name: value for name, value in of_effect.items() if value is not None}}


def _kpis(one: Proposal) -> list[str]:
    if one.answers:
        return [cause.kpi for cause in one.answers.causes]
    return [one.seen.kpi] if one.seen.kpi else []


def _costs(context: ServiceContext, lever: Lever) -> Range | None:
    own = context.workbook.levers.get(lever.id)
    return own.cost if own else None


def _effort(of: Sizing, lever: Lever) -> dict[str, Range]:
    """What an organisation states holds as it stands; the catalogue's is for a service of a certain size."""
    own = of.context.workbook.levers.get(lever.id)
    by = 1.0 if own and own.effort_days is not None else of.scale
    return {role: tuple(by * day for day in days) for role, days in lever.effort.items()}


def _overlaps(of: Sizing, proposed: Sequence[Proposal]) -> dict[str, dict[str, float]]:
    """Of each option, the part of its cases that each other one concerns, too: what is saved on them is saved once.

    An option for the service as a whole concerns the cases of all others.
    """
    found: dict[str, dict[str, float]] = {one.id: {} for one in proposed}
    rows = {one.id: _concerned(of, one) for one in proposed} if len(proposed) > 1 else {}
    for one, other in itertools.permutations(rows, 2):
        mine, theirs = rows[one], rows[other]
        if theirs is None or mine is None:
            found[one][other] = 1.0
        elif mine[0] == theirs[0] and (part := float(mine[1].isin(theirs[1]).mean())) > 0:
            found[one][other] = part
    return found


def _concerned(of: Sizing, one: Proposal) -> tuple[str, pd.Index] | None:
    """The table and the rows that an option concerns; None for the service as a whole."""
    if one.answers is None:
        return None
    cause = one.answers.causes[0]
    if cause.known == "outages":
        outages = of.look.records.outages
        return "outages", outages.index[(outages[cause.attribute] == cause.value).fillna(False).to_numpy(bool)]
    rows = explain.concerned(cause.kpi, of.context.scope, cause.attribute, cause.value, cause.known)
    table = "changes" if cause.kpi in outcomes.OF_CHANGES else "tickets"
    return (table, rows) if len(rows) else ("", rows)


# --- what it would do --------------------------------------------------------------------------------------------------


def _effects(of: Sizing, one: Proposal) -> tuple[list[EffectFact], SavesFact | None, int]:
    """The effects on measures, what is saved in a year, and over how many days that was seen."""
    affected = of.context.workbook.settings.value.affected
    if one.answers:
        causes = one.answers.causes
        found = [_fact(of, c.kpi, e, c.days) for c in causes if (e := effects.on_kpi(c, of.look)) is not None]
        hours = next((e for c in causes if (e := effects.on_hours(c, of.look, affected)) is not None), None)
        down = next((e for c in causes if (e := effects.on_downtime(c, of.look)) is not None), None)
        late = next((e for c in causes if (e := effects.on_late_tickets(c, of.look))), {})
        return found, _saved(hours, down, late), causes[0].days
    if (then := _then(of.look, one.seen)) is not None:
        days, before = then
        compared = [effects.since(gap.kpi, of.look, days, before) for gap in of.look.missed]
        known = [c for c in compared if c is not None and c.kpi in one.lever.moves]
        found = [_fact(of, c.kpi, c.effect, days) for c in known if c.effect.low > 0 or c.effect.high < 0]
        hours = next((c.hours for c in known if c.hours is not None), None)
        own = [_detected(of, one.seen)] if one.seen.effect else []
        return [*found, *own], _saved(hours, None), days
    if one.lever.id == "self_service":
        return (
            [],
            SavesFact(hours=0.0, tickets=one.seen.numbers["n"] * effects.YEAR / one.seen.numbers["days"]),
            effects.YEAR,
        )
    return ([_detected(of, one.seen)] if one.seen.effect else []), None, 0


def _then(look: levers.Look, seen: levers.Evidence):
    """The days that a lever is about, and the time with which they are compared: before the stock grew, or a year ago."""
    if seen.lever.id in ("capacity", "backlog_blitz") and seen.found:
        days = int(look.levers["capacity"].limit("days"))
        return days, look.window(int(look.levers["capacity"].limit("past_days")), days)
    if seen.lever.id == "process_drift" and seen.found:
        days = int(seen.lever.limit("days"))
        return days, look.window(days, effects.YEAR)
    return None


def _compared(of: Sizing, one: Proposal) -> tuple[str, ...]:
    """With what it is compared where it is about no driver, as a sentence."""
    then = None if one.answers else _then(of.look, one.seen)
    if then is None:
        return ()
    days, before = then
    when = f"{(before.end - before.start).days} days from {words.day(before.start.isoformat())} on"
    return (
        f"What it would bring compares the tickets of the last {days} days with like ones of the {when}: whatever else has "
        "changed since is in it.",
    )


def _saved(
    hours: Estimate | None, down: Estimate | None, late: Mapping[int, float] = MappingProxyType({})
) -> SavesFact | None:
    """What is saved, where it is clearly anything: less than nothing is not saved."""
    value = hours.value if hours is not None else 0.0
    if value <= 0 and down is None and not late:
        return None
    bounds = {"low": hours.low, "high": hours.high} if hours is not None else {}
    return SavesFact(hours=max(value, 0.0), **bounds, down=down.value if down else None, late=dict(late))


def _fact(of: Sizing, kpi: str, estimate: Estimate, days: int) -> EffectFact:
    """An effect on what the measure was over the days in which it was seen; a share stays one."""
    known, base = of.context.kpis[kpi], float(of.look.measure(kpi, days).value)
    least, most = (-base, 1 - base) if known.unit == "share" and not math.isnan(base) else (-math.inf, math.inf)
    value, low, high = (min(max(one, least), most) for one in (estimate.value, estimate.low, estimate.high))
    return EffectFact(
        kpi=kpi, title=known.title, unit=known.unit, value=value, low=low, high=high, basis="effect", days=days,
        base=None if math.isnan(base) else base,
    )  # fmt: skip


def _detected(of: Sizing, seen: levers.Evidence) -> EffectFact:
    effect = seen.effect
    known = of.context.kpis[effect.kpi]
    return EffectFact(
        kpi=known.id, title=known.title, unit=known.unit, value=effect.value, low=effect.low, high=effect.high,
        basis=effect.basis, reference=effect.reference, goal=effect.goal, days=effect.days,
    )  # fmt: skip


# --- what is said of it ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Said:
    title: str
    finding: str = ""
    why: str = ""
    evidence: tuple[str, ...] = ()


def _sentences(of: Sizing, one: Proposal) -> _Said:
    """The title and the sentences of the gap analysis on the drivers that it answers."""
    if one.answers is None:
        return _Said(one.lever.title)
    mine = {(c.kpi, c.driver) for c in one.answers.causes}
    found = [
        (why, d) for why in of.gaps.why for d in why.drivers if (why.kpi, f"{d.attribute}={d.value}") in mine
    ]  # fmt: skip
    found.sort(key=lambda pair: -pair[1].share)
    concerns = causes_in_words.named(found[0][1]).removeprefix("tickets of ")
    whole = [causes_in_words.sentence(why, d) for why, d in found]
    first = words.upper(whole[0].partition(":** ")[2])
    return _Said(
        f"{one.lever.title}: {concerns}",
        first.partition(". ")[0].removesuffix("."),
        first,
        tuple(whole),
    )


def frame(found: Sequence[OptionFact]) -> pd.DataFrame:
    """A row an option: what it does, takes and is worth."""
    rows = [
        {
            "option": one.id, "rank": one.rank, **_effect(one), "hours": one.saves.hours if one.saves else None,
            "works": one.works, "cost": one.cost, "days": one.effort_days, "asked": one.asked,
            **({"worth": one.worth.mean, "loss": one.worth.loss} if one.worth else {}),
        }
        for one in found
    ]  # fmt: skip
    columns = [
        "option",
        "rank",
        "kpi",
        "basis",
        "effect",
        "low",
        "high",
        "hours",
        "works",
        "cost",
        "days",
        "worth",
        "loss",
        "asked",
    ]
    return pd.DataFrame(rows, columns=columns).set_index("option")


def _effect(one: OptionFact) -> dict[str, object]:
    e = one.effect
    return {} if e is None else {"kpi": e.kpi, "basis": e.basis, "effect": e.value, "low": e.low, "high": e.high}
