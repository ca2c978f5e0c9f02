"""What comes: the target that needs most as it is forecast, without the plan and with it; what could go wrong; and the money."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd

from sipnb.chapters.facts import ForecastFact, PlanAction
from sipnb.chapters.forecast.views import fan
from sipnb.chapters.plan.evidence import LIKELY, Evidence
from sipnb.chapters.plan.views import NOTHING
from sipnb.chapters.recommendations import option_words
from sipnb.chapters.review import sentences
from sipnb.cycles import Cycle, parse
from sipnb.show import words
from sipnb.show.display import Shown, points, say, table, together

#: Risks of a miss that are named: so many, and none that is rarer.
NAMED, RARE = 3, 0.05


def shown_target(evidence: Evidence) -> ForecastFact | None:
    """The forecast that is shown: of the worst missed target, else of the one likeliest to be missed."""
    made = {fact.kpi: fact for fact in evidence.forecast.forecasts if fact.target is not None}
    first = next((made[gap.kpi] for gap in evidence.missed if gap.kpi in made), None)
    risky = evidence.risky
    return first or (risky[0] if risky else None)


def with_plan(fact: ForecastFact, actions: Sequence[PlanAction], evidence: Evidence) -> list[float | None]:
    """What is expected in each coming cycle with what is agreed and not done yet, and with what is chosen of the proposals if it
    is decided in time; from the first whole cycle in which it shows. None where nothing changes by then."""
    found: list[float | None] = []
    most = 1.0 if fact.unit == "share" else float("inf")
    brought = [*_promised(fact.kpi, actions, evidence), *_chosen(fact.kpi, actions, evidence)]
    for step in fact.steps:
        by = [amount for shows, amount in brought if shows <= parse(step.cycle, evidence.context.cycle.zone)]
        found.append(min(max(step.mean + sum(by), 0.0), most) if by and step.mean is not None else None)
    return found


def _promised(kpi: str, actions: Sequence[PlanAction], evidence: Evidence) -> list[tuple[Cycle, float]]:
    """From which cycle on each open action is to change a measure, and by how much, as it promises."""
    now = evidence.context.cycle
    return [
        (now.first_whole(max(date.fromisoformat(one.due), now.end)), one.course.end - one.course.start)
        for one in actions
        if one.open and one.due and one.course and one.course.kpi == kpi and one.course.basis == "promised"
    ]


def _chosen(kpi: str, actions: Sequence[PlanAction], evidence: Evidence) -> list[tuple[Cycle, float]]:
    """The same of proposals that are chosen, as often as actions work; what two of them bring alike counts once."""
    now, options = evidence.context.cycle, {one.id: one for one in evidence.options}
    decided = now.end + timedelta(days=evidence.context.workbook.settings.decide_within)
    found, taken = [], []
    for one in actions:
        weighed, made = evidence.weighed(one.id), one.course
        if one.kind != "proposed" or weighed is None or not weighed.chosen or made is None or made.kpi != kpi:
            continue
        option = options.get(one.id)
        if option is None or made.basis != "estimated" or not one.weeks:
            continue
        own = 1 - max((option.overlaps.get(other, 0.0) for other in taken), default=0.0)
        shows = now.first_whole(decided + timedelta(weeks=one.weeks))
        found.append((shows, (made.end - made.start) * (option.works or 0.0) * own))
        taken.append(one.id)
    return found


def outlook(evidence: Evidence, actions: Sequence[PlanAction], series: pd.DataFrame) -> Shown:
    """The forecast of the target that needs most, without the plan and with it."""
    fact = shown_target(evidence)
    if fact is None:
        return NOTHING
    planned = with_plan(fact, actions, evidence)
    first, last = fact.steps[0], fact.steps[-1]
    said = f"Without the plan {words.bare(first.label)} {words.likelihood(first.miss or 0.0, 'miss')} the target for "
    said += f"{evidence.noun(fact.kpi)}: about {evidence.said(first.mean, fact.unit)} is expected, "
    said += f"{evidence.said(fact.target, fact.unit)} is wanted."
    if planned[-1] is not None:
        expected = f"With it about {evidence.said(planned[-1], fact.unit)} is expected in {last.label}"
        with_it = f"{expected}, {_if(fact.kpi, actions, evidence)}."
    else:
        with_it = _nothing_yet(fact.kpi, actions, evidence, last.label) if actions else ""
    told = (
        any(gap.kpi == fact.kpi for gap in evidence.missed) or (first.miss or 0.0) >= LIKELY or planned[-1] is not None
    )
    return together(say(said, with_it), _fan(fact, planned, evidence, series) if told else NOTHING)


def _if(kpi: str, actions: Sequence[PlanAction], evidence: Evidence) -> str:
    """On which conditions it comes as it is expected with the plan."""
    said = ["the agreed actions do as they promise"] if _promised(kpi, actions, evidence) else []
    if _chosen(kpi, actions, evidence):
        said.append("what is chosen is decided in time and works as often as actions do")
    return f"if {words.listed(said)}"


def _nothing_yet(kpi: str, actions: Sequence[PlanAction], evidence: Evidence, last: str) -> str:
    """That nothing changes in the cycles that are forecast, and when what is chosen would show."""
    shows = [cycle for cycle, _ in _chosen(kpi, actions, evidence)]
    if shows:
        first = min(shows, key=lambda cycle: cycle.start)
        return f"What is chosen would show from {first.label} on, later than the forecast reaches."
    none = "Nothing agreed or chosen has" if evidence.choice else "No agreed action has"
    return f"{none} a known effect on it by the end of {last}."


def _fan(fact: ForecastFact, planned: Sequence[float | None], evidence: Evidence, series: pd.DataFrame) -> Shown:
    past, first = series[series["kpi"] == fact.kpi], fact.steps[0]
    if past.empty:
        return NOTHING
    there = any(one is not None for one in planned)
    lines = {"With the plan": [float("nan") if one is None else one for one in planned]} if there else {}
    value, target = (evidence.said(one, fact.unit) for one in (first.mean, fact.target))
    return fan(
        fact, past, evidence.context.currency, name="outlook", expected="Without the plan", planned=lines,
        defined=evidence.inside,
        subtitle=f"{fact.title}; dotted: without the plan, hatched: 80 % interval, grey: 95 %"
        + ("; dashed: with the plan" if there else ""),
        alt=f"{len(past)} values of {words.lower(fact.title)} and a forecast of {len(fact.steps)}: {first.label} about {value}, "
        f"target {target}.",
        source="Without the plan: the model that would have erred least."
        + (" With it: what actions promise, and what is chosen would bring on average." if there else ""),
    )  # fmt: skip


def risks(evidence: Evidence, actions: Sequence[PlanAction]) -> Shown:
    """What could go wrong: targets likely missed, what actions wait for, what the plan takes for granted."""
    found = [*_likely(evidence), *_waiting(evidence, actions)]
    return points([*found, *_assumed(evidence, actions)]) if found else NOTHING


def _likely(evidence: Evidence) -> list[str]:
    ahead = [(f, f.steps[0]) for f in evidence.forecast.forecasts if (f.steps[0].miss or 0.0) >= RARE]
    ahead.sort(key=lambda pair: -pair[1].miss)
    said = [
        f"{evidence.noun(f.kpi)} {words.likelihood(step.miss, 'miss')} it ({words.probability(step.miss)})"
        for f, step in ahead[:NAMED]
    ]
    return (
        [f"**Missing a target in {words.bare(ahead[0][1].label)}, without action:** {words.listed(said)}."]
        if said
        else []
    )


def _waiting(evidence: Evidence, actions: Sequence[PlanAction]) -> list[str]:
    titles = {one.id: one.title for one in evidence.review.actions}
    waits = [
        f"“{one.title}” waits for {words.listed([f'“{titles.get(name, name)}”' for name in one.depends_on])}"
        for one in evidence.review.actions
        if one.depends_on and any(one.id == other.id and other.open for other in actions)
    ]
    late = [f"{one.number} is {words.plural(one.overdue_days, 'day')} overdue" for one in actions if one.overdue_days]
    found = [f"**Depends on:** {'; '.join(waits)}."] if waits else []
    return found + ([f"**Late:** {words.listed(late)}."] if late else [])


def _assumed(evidence: Evidence, actions: Sequence[PlanAction]) -> list[str]:
    taken = ["the coming months are like the past ones, but for the plan"]
    if any(one.course and one.course.basis == "promised" and one.done is None for one in actions):
        taken.append("actions do as they promise")
    warned = len(evidence.context.records.warnings)
    if warned:
        taken.append(f"the records are good enough ({words.plural(warned, 'warning')}, see Records)")
    return [f"**Taken for granted:** {words.listed(taken)}."]


def money(evidence: Evidence, actions: Sequence[PlanAction]) -> Shown:
    """What the plan costs, what was spent, and what came of it."""
    currency = evidence.context.currency
    parts = {
        "Agreed": [one for one in actions if one.kind == "agreed"],
        "Proposed": [one for one in actions if one.kind == "proposed" and not one.left_out],
        "Not chosen": [one for one in actions if one.left_out],
    }
    rows = [_row(name, mine, evidence.baseline.about.period, currency) for name, mine in parts.items()]
    rows = [row for row in rows if row is not None]
    if not rows:
        return NOTHING
    said = [*_brings(evidence, currency), *_realised(evidence, currency)]
    frame = pd.DataFrame(rows)
    shown = table(frame, "Cost of the actions of this plan", numeric=tuple(frame.columns[1:]))
    return together(shown, say(*said) if said else NOTHING)


def _brings(evidence: Evidence, currency: str) -> list[str]:
    """What is chosen of the service's options is worth together."""
    choice = evidence.choice
    if choice is None or choice.value is None:
        return []
    valued = {one.id for one in evidence.options if one.worth is not None}
    unknown = sum(one.chosen and one.id not in valued for one in choice.options)
    worth = (
        option_words.money(choice.value, currency)
        if choice.unit == "money"
        else f"{words.rough(choice.value)} hours of users"
    )
    silent = (
        f"; of {words.plural(unknown, 'proposal')} the worth is not known" if unknown and choice.unit == "money" else ""
    )
    return [
        f"What is chosen is worth about {worth} over {choice.months} months, counting how often actions work{silent}."
    ]


def _row(name: str, mine: Sequence[PlanAction], period: str, currency: str) -> dict[str, str] | None:
    if not mine:
        return None

    def total(values: Sequence[float | None], unit: str = "money") -> str:
        known = [one for one in values if one is not None]
        if not known:
            return "not stated"
        text = f"{sum(known):,.0f} days" if unit == "days" else words.prose(sum(known), unit, currency)
        return text if len(known) == len(values) else f"{text} ({len(known)} of {len(values)})"

    each = [one.per_cycle for one in mine]
    return {
        "Actions": f"{name}: {len(mine)}", "Planned once": total([one.cost for one in mine]),
        f"Planned each {period}": total(each) if any(each) else "–",
        "Spent": total([one.spent for one in mine]) if name == "Agreed" else "–",
        "Effort": total([one.effort_days for one in mine], "days"),
    }  # fmt: skip


def _realised(evidence: Evidence, currency: str) -> list[str]:
    """What actions that worked came to, beside what they promised."""
    found = []
    for one in evidence.review.actions:
        told = sentences.benefit(one.outcome, evidence.context.cycle, currency) if one.outcome else ""
        if told:
            found.append(f"“{one.title}” came to {told}")
    return found
