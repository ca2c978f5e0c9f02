"""Levers as an organisation has them: entries of the catalogue with what it says otherwise, and levers of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Strict, model_validator

from sipnb.catalogue import LEVERS, ActsOn, Kpi, Lever, Step
from sipnb.catalogue.levers import Range
from sipnb.tables import TABLES
from sipnb.validation import Model, nearest

#: The role that an effort falls to that nobody was named for.
SOMEBODY = "service team"


def _range(given: Any) -> tuple[float, ...]:
    """A number, or low, likely and high."""
    several = isinstance(given, list | tuple)
    amounts = list(given) if several else [given] * 3
    numbers = [isinstance(one, int | float) and not isinstance(one, bool) and 0 <= one < math.inf for one in amounts]
    if len(amounts) != 3 or not all(numbers) or amounts != sorted(amounts):
        shown = f"{amounts} " if several else ""
        raise ValueError(
            f"{shown}is no range; give a number of 0 or more, or the low, the likely and the high one: [5, 10, 20]"
        )
    return tuple(map(float, amounts))


Stated = Annotated[tuple[float, float, float], BeforeValidator(_range)]


def _texts(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


Texts = Annotated[list[str], BeforeValidator(_texts)]


class ActsOnFile(Model):
    """A kind of driver that a lever acts on; see `catalogue.ActsOn`."""

    attribute: Texts = Field(default_factory=list)
    value: Texts = Field(default_factory=list)
    kpi: Texts = Field(default_factory=list)
    known: Texts = Field(default_factory=list)
    step: str = ""
    through: Texts = Field(default_factory=list)

    def entry(self) -> ActsOn:
        """As the catalogue has it."""
        lists = {name: tuple(getattr(self, name)) for name in ("attribute", "value", "kpi", "known", "through")}
        return ActsOn(step=self.step, **lists)


class StepFile(Model):
    title: str
    weeks: int = Field(ge=1)


class LeverFile(Model):
    """What one use of a lever costs here, in the organisation's currency, its effort in days (of one role, or by role) and the
    weeks until it shows, each a number or [low, likely, high]; the limits that hold here instead of the catalogue's; and
    whatever else of its entry (`sipnb/catalogue/levers.toml`) is to be said otherwise.

    A lever of one's own has a title, what to do, which KPIs it moves, and the drivers that it acts on.
    """

    title: str | None = None
    action: str | None = None
    kind: Literal["people", "process", "technology", "supplier"] | None = None
    moves: list[str] | None = None
    counter: list[str] | None = None
    seen_when: str | None = None
    acts_on: list[ActsOnFile] | None = None
    mechanism: str | None = None
    needs: list[str] | None = None
    excludes: list[str] | None = None
    risks: list[str] | None = None
    steps: list[StepFile] | None = None
    cost: Stated | None = None
    effort_days: Stated | dict[str, Stated] | None = None
    weeks: Stated | None = None
    limits: dict[str, Annotated[float, Strict()]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _days(cls, given: Any) -> Any:
        # Of two kinds that a value may have each would report its own errors.
        if isinstance(given, dict) and (days := given.get("effort_days")) is not None and not isinstance(days, dict):
            return given | {"effort_days": _range(days)}
        return given


def lever(name: str, own: LeverFile) -> Lever:
    """An entry of the catalogue with what the organisation says otherwise, or a lever of its own."""
    known = LEVERS.get(name)
    said: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key in (
            "title",
            "action",
            "kind",
            "moves",
            "counter",
            "seen_when",
            "mechanism",
            "needs",
            "excludes",
            "risks",
        )
        if (value := getattr(own, key)) is not None
    }
    if own.acts_on is not None:
        said["acts_on"] = tuple(one.entry() for one in own.acts_on)
    if own.steps is not None:
        said["steps"] = tuple(Step(title=one.title, weeks=one.weeks) for one in own.steps)
    if own.weeks is not None:
        said["weeks"] = own.weeks
    if own.effort_days is not None:
        said["effort"] = own.effort_days if isinstance(own.effort_days, dict) else _divided(known, own.effort_days)
    if known is None:
        blank = {"kind": "process", "title": "", "action": "", "moves": ()}
        return Lever(id=name, **(blank | said))
    return replace(known, **said).limited(own.limits)


def _divided(known: Lever | None, days: Range) -> dict[str, Range]:
    """Days of nobody in particular, in the proportions of the catalogue's roles."""
    usual = {role: likely for role, (_, likely, _) in known.effort.items()} if known else {}
    total = sum(usual.values())
    if not total:
        return {SOMEBODY: days}
    return {role: tuple(round(one * part / total, 6) for one in days) for role, part in usual.items()}


def _lacking(name: str, own: LeverFile) -> list[str]:
    """What an entry lacks that is no lever of the catalogue, each with its key."""
    if name in LEVERS:
        return []
    found = [
        f".{key}: is missing; a lever of your own needs it" for key in ("title", "action") if not getattr(own, key)
    ]
    if not own.moves:
        found.append(".moves: is missing; a lever without a KPI moves nothing: name the KPIs that it is to change")
    if not own.acts_on:
        found.append(
            ".acts_on: is missing; name the drivers that it acts on, such as [{attribute: category, value: cards}]"
        )
    return found


def mistakes(
    folder: str, name: str, entry: LeverFile, own: Mapping[str, LeverFile], kpis: Mapping[str, Kpi]
) -> list[str]:
    """What is wrong with an entry of `levers.yml`. One that is nearly the name of a lever of the catalogue is meant to be it."""
    where = f"{folder}/levers.yml: levers.{name}"
    if name not in LEVERS and (entry.title is None or entry.moves is None):
        valid = ", ".join(sorted(LEVERS))
        needed = "one of your own has a title, an action, the KPIs that it moves, and acts_on"
        return [f"{where}: {name!r} is not a lever; {nearest(name, LEVERS)}; valid names: {valid}; {needed}"]
    errors = [f"{where}{text}" for text in _lacking(name, entry)]
    known = (("moves", kpis, "KPI"), ("counter", kpis, "KPI"), ("excludes", {*LEVERS, *own}, "lever"))
    for key, valid, what in known:
        for one in getattr(entry, key) or ():
            if one not in valid:
                errors.append(f"{where}.{key}: {one!r} is not a {what}; {nearest(one, valid)}")
    errors += [f"{where}.needs: {one!r} {text}" for one in entry.needs or () if (text := _no_column(one))]
    if name in LEVERS and entry.moves == []:
        errors.append(
            f"{where}.moves: is empty; a lever without a KPI moves nothing: leave the line out for the catalogue's"
        )
    if name in LEVERS:
        errors += _misset(f"{where}.limits", LEVERS[name], entry.limits)
    elif entry.limits:
        errors.append(f"{where}.limits: a lever of your own has none; it is proposed for the drivers that it acts on")
    return errors


def _no_column(need: str) -> str:
    """What is wrong with a table, a column of one, or two of these; empty where nothing is."""
    for way in need.split("|"):
        table, _, column = way.partition(".")
        if table not in TABLES:
            return f"is no table of records; {nearest(table, TABLES)}"
        if column and column not in TABLES[table].columns:
            return f"is no column of {table}; {nearest(column, TABLES[table].columns)}"
    return ""


def _misset(where: str, lever: Lever, limits: dict[str, float]) -> list[str]:
    """What is wrong with an organisation's limits of a lever."""
    errors, names = [], ", ".join(sorted(lever.limits))
    for name in limits.keys() - lever.limits.keys():
        near = nearest(name, lever.limits)
        allowed = near if names in near else f"{near}; valid names: {names}"
        errors.append(f"{where}.{name}: {name!r} is not a limit of this lever; {allowed}")
    wrong = lever.objections({name: value for name, value in limits.items() if name in lever.limits})
    errors += [f"{where}.{name}: {limits.get(name, lever.limit(name)):g} {text}" for name, text in wrong.items()]
    return sorted(errors)


def effective(own: Mapping[str, LeverFile]) -> dict[str, Lever]:
    """The levers of the catalogue in its order with what is said otherwise, then the organisation's own."""
    levers = {name: lever(name, own[name]) if name in own else known for name, known in LEVERS.items()}
    return levers | {name: lever(name, entry) for name, entry in own.items() if name not in LEVERS}


class LeversFile(Model):
    """`levers.yml`: lever → what it costs here, and what else is to be said otherwise; or a lever of the organisation's own."""

    levers: dict[str, LeverFile] = Field(default_factory=dict)
