"""Proposals of a published plan as actions of the register: with a measure that is written down before anything is done."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sipnb.catalogue import Kpi, Lever
from sipnb.cycles import Cycle
from sipnb.params import Objective
from sipnb.register.as_of import Standing, standing
from sipnb.register.entries import USUAL_AFTER, Action
from sipnb.register.states import CLOSED, DELIVERED, PROPOSED, REFUSED
from sipnb.validation import WorkbookError


class NotPublished(WorkbookError):
    """There is no plan whose proposals could be taken; the message says which, and what to do."""

    about = ""


#: For so many cycles what was rejected or withdrawn is not proposed again.
RESTS = 4
#: Whole cycles that a verdict needs once an action shows (`methods.interventions`).
FEWEST_AFTER = 3
_WEEKS = {"week": 1.0, "month": 365.25 / 12 / 7, "quarter": 365.25 / 4 / 7}


def objection(lever: str, actions: Iterable[Action], cycle: Cycle, driver: str = "") -> str:
    """Why a lever is not proposed for a cycle, by what the register says of it now; empty where nothing speaks against it.

    An action on another `driver` says nothing of this one; one that names none is about all.
    """
    same = (action for action in actions if action.lever == lever and same_driver(action.driver, driver))
    mine = [(action, stood) for action in same if (stood := standing(action, date.max))]
    for action, stood in mine:
        when = _since(action, stood)
        if stood.state == DELIVERED:
            return f"in the register as {action.id}, implemented on {when} and not closed with a verdict yet"
        if stood.state not in (CLOSED, "verified", "failed", "inconclusive", *REFUSED):
            return f"in the register already: {action.id}, {stood.state} since {when}"
    for action, stood in mine:
        verdict = action.history[-1].verdict if action.history else None
        if verdict == "did not" or stood.state == "failed":
            return f"it did not work before: {action.id}, {stood.state} on {_since(action, stood)}"
    rests = cycle.shift(1 - RESTS).start
    for action, stood in mine:
        if stood.state in REFUSED and (when := _since(action, stood)) >= rests:
            because = f": {stood.note.strip()}" if stood.note.strip() else ""
            return f"{action.id} was {stood.state} on {when}{because}"
    return ""


def anchor(lever: str, driver: str) -> str:
    """The place of an option on the page of its evidence. What records say is in no id of a page."""
    return f"option-{lever}" + (f"-{hashlib.sha256(driver.encode()).hexdigest()[:6]}" if driver else "")


def same_driver(one: str | None, other: str | None) -> bool:
    """Whether two actions of a lever are about the same: the same driver, or one of them about the whole service."""
    return not one or not other or one == other


def _since(action: Action, stood: Standing) -> date:
    """The day on which an action came into its state; in the short form, the last day that it names."""
    return stood.since or action.implemented or action.begun


def decided(
    options: Iterable[Mapping[str, Any]], actions: Sequence[Action], cycle: Cycle, *, kpis: Mapping[str, Kpi],
    levers: Mapping[str, Lever], cycles: Mapping[str, int], objectives: Iterable[Objective], history: int,
) -> list[tuple[str, dict[str, Any] | str]]:  # fmt: skip
    """The options of a cycle's plan by their ids: each the action that it becomes, or why it becomes none.

    `options` are OptionFacts as plain data, `actions` the service's register; `cycles` has the KPIs that the service has figures
    for, with of how many cycles (0 where that is not known), and `history` is the most that is looked back.
    """
    found: list[tuple[str, dict[str, Any] | str]] = []
    taken = {action.id for action in actions}
    for option in options:
        lever, effect, id = levers.get(option["lever"]), option["effect"], option["id"]
        if lever is None:
            found.append((id, f"{option['lever']} is no lever any more"))
            continue
        kpi = effect["kpi"] if effect else next((one for one in lever.moves if one in cycles), lever.moves[0])
        if (why := objection(lever.id, actions, cycle, option["driver"])) or kpi not in kpis:
            found.append((id, why or f"its measure, {kpi}, is no KPI any more"))
            continue
        back = min(12, history - 1, (cycles.get(kpi) or 13) - 1)
        counter = [one for one in lever.counter if one in cycles]
        known = kpis[kpi]
        promise = measure(kpi, known.good, known.unit, effect, cycle, back, option["weeks"], counter)
        served = [one.id for one in objectives if kpi in one.kpis]
        action = proposal(option, cycle, promise, served, taken)
        taken.add(action["id"])
        found.append((id, action))
    return found


def proposal(
    option: Mapping[str, Any],
    cycle: Cycle,
    measure: Mapping[str, Any],
    objectives: Sequence[str],
    taken: Collection[str],
) -> dict[str, Any]:
    """A new action for an option of a cycle's plan, as plain data; `taken` are the ids that it cannot have."""
    lever, name = option["lever"], option["id"].replace("_", "-").replace(".", "-").replace(" ", "-")
    ids = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3)))
    once = option["costs"] or ([option["cost"]] * 3 if option["cost"] is not None else None)
    cost = {"once": once, "effort_days": option["effort_days"]}
    action = {
        "id": next(one for one in ids if one not in taken), "title": option["title"], "lever": lever,
        "driver": option["driver"], "objectives": list(objectives),
        "evidence": [f"{cycle.name}/5_recommendations#{anchor(lever, option['driver'])}"],
        "measure": dict(measure), "cost": {key: value for key, value in cost.items() if value is not None},
        "history": [{"on": cycle.end, "state": PROPOSED, "by": f"plan {cycle.name}"}],
    }  # fmt: skip
    return {key: value for key, value in action.items() if value}


def measure(
    kpi: str, good: str, unit: str, effect: Mapping[str, Any] | None, cycle: Cycle, back: int, weeks: int | None,
    counter: Iterable[str],
) -> dict[str, Any]:  # fmt: skip
    """What an action is to change, as plain data: of `effect` (an EffectFact's) what was estimated, or how far it is to a goal.

    `back` is of how many cycles before this one there are figures. An effect that may be to the worse is no promise. The least
    that is worth it is half of what is likely, or half of the distance.
    """
    found: dict[str, Any] = {"kpi": kpi, "baseline": f"{cycle.shift(-min(back, 12)).name}..{cycle.name}"}
    sign = {"up": 1, "down": -1}.get(good, 0)
    if effect and effect["kpi"] == kpi and sign:
        if effect["basis"] == "effect":
            low, likely, high = (rounded(effect[key], unit, 3) for key in ("low", "value", "high"))
            if sign * effect["value"] > 0 and sign * effect["low"] > 0 and sign * effect["high"] > 0:
                found["expect"] = [low, likely, high]
            least = effect["value"] / 2
        else:
            least = sign * abs(effect["value"]) / 2 if effect["basis"] == "distance" else 0.0
        if sign * least > 0 and (least := rounded(least, unit, 2)):
            bound = abs(found["expect"][1]) if "expect" in found else math.inf
            found["minimum"] = least if abs(least) <= bound else found["expect"][1]
    found["cycles"] = enough(cycle.kind, weeks)
    if others := [name for name in counter if name != kpi]:
        found["counter"] = others
    return found


def enough(kind: str, weeks: int | None) -> int:
    """Whole cycles after which an action can be judged that shows after so many weeks."""
    return USUAL_AFTER if weeks is None else math.ceil(weeks / _WEEKS[kind] - 0.05) + FEWEST_AFTER


def rounded(value: float, unit: str, digits: int) -> float:
    """A number as somebody would write it: to so many significant digits, and whole where it counts things.

    >>> rounded(-0.01372, "share", 2), rounded(37.4, "count", 2), rounded(1234.5, "money", 2)
    (-0.014, 37, 1200)
    """
    if value == 0:
        return 0
    places = digits - 1 - math.floor(math.log10(abs(value)))
    found = round(value, min(places, 0) if unit == "count" else places)
    if unit == "count" and not found:
        return int(math.copysign(1, value))
    return int(found) if float(found).is_integer() else found
