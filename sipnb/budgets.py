"""What may be spent on improvement in a period: `budget.yml`, and what contradicts itself in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import Field, Strict, model_validator

from sipnb.catalogue import LEVERS
from sipnb.own_levers import SOMEBODY, LeverFile
from sipnb.params import Said
from sipnb.validation import Model, nearest

#: An amount of money or of days.
Amount = Annotated[float, Strict(), Field(ge=0)]
Days = dict[Said, Amount]
#: An option: a lever for a service.
Place = tuple[str, str]


class Period(Model):
    """From which day to which, both included, a budget is to be spent."""

    start: date = Field(alias="from")
    to: date

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if self.to < self.start:
            raise ValueError(f"ends on {self.to}, before it begins on {self.start}; turn from and to round")
        return self


class Committed(Model):
    """What is bound already by what the register does not know."""

    money: Amount = 0.0
    effort_days: Days = Field(default_factory=dict)


class Option(Model):
    """A lever for a service."""

    service: str
    lever: str

    @property
    def place(self) -> Place:
        return self.service, self.lever


class Options(Model):
    """A lever for a service; without the one it is every service, without the other every lever."""

    service: str | None = None
    lever: str | None = None

    @model_validator(mode="after")
    def _something(self) -> Options:
        if self.service is None and self.lever is None:
            raise ValueError("names nothing; give a service, a lever or both")
        return self

    def holds(self, service: str, lever: str) -> bool:
        """Whether it is one of these."""
        return self.service in (None, service) and self.lever in (None, lever)


class Dependency(Option):
    """A lever for a service makes sense only with another one, `on`: for the same service, or `of` another."""

    on: str
    of: str | None = None

    @property
    def needed(self) -> Place:
        """What it depends on."""
        return self.of or self.service, self.on


class BudgetFile(Model):
    """`budget.yml`.

    `money` is in the organisation's currency, `effort_days` are days by role; without the one, or for a role that is not named,
    there is no limit. `committed` is bound outside of the register. `must` is chosen whatever it is worth, `never` is not;
    of each tier's services so many options `at_least`, for each that has any.
    """

    period: Period | None = None
    money: Amount | None = None
    effort_days: Days = Field(default_factory=dict)
    committed: Committed = Committed()
    must: list[Option] = Field(default_factory=list)
    never: list[Options] = Field(default_factory=list)
    at_least: dict[str, Annotated[int, Strict(), Field(ge=1)]] = Field(default_factory=dict)
    depends: list[Dependency] = Field(default_factory=list)

    @property
    def money_left(self) -> float | None:
        """What is not committed; None where there is no limit."""
        return None if self.money is None else self.money - self.committed.money

    @property
    def days_left(self) -> dict[str, float]:
        """Days that are not committed, of each role that has a limit."""
        return {role: days - self.committed.effort_days.get(role, 0.0) for role, days in self.effort_days.items()}


def objections(organisation: str, files: Mapping[str, Any]) -> list[str]:
    """What is wrong with an organisation's budget, each with its file and key; ``files`` are what all its files say, by name."""
    budget, levers = files["budget.yml"], files["levers.yml"].levers
    services = files["services.yml"]
    valid = {"service": list(services.services), "tier": list(services.tiers), "lever": [*LEVERS, *levers]}
    valid["role that a lever takes days of"] = sorted(_roles(levers))
    valid["role of effort_days"] = list(budget.effort_days)
    unknown = (
        f"{path}: {name!r} is not a {noun}; {nearest(name, valid[noun])}"
        for path, name, noun in _named(budget)
        if name is not None and name not in valid[noun]
    )
    found = [*unknown, *_overdrawn(budget), *_contradictions(budget), *_circles(budget.depends)]
    return [f"{organisation}/budget.yml: {text}" for text in found]


def _roles(levers: Mapping[str, LeverFile]) -> set[str]:
    """Who has work with improvements: in the catalogue, and in the organisation's own efforts."""
    own = [entry.effort_days for entry in levers.values() if isinstance(entry.effort_days, dict)]
    return {SOMEBODY, *(role for lever in LEVERS.values() for role in lever.effort), *(r for days in own for r in days)}


def _named(budget: BudgetFile) -> Iterator[tuple[str, str | None, str]]:
    """Every name with its place, and of what it should be one."""
    for key in ("must", "never", "depends"):
        for number, one in enumerate(getattr(budget, key)):
            yield f"{key}.{number}.service", one.service, "service"
            yield f"{key}.{number}.lever", one.lever, "lever"
    for number, one in enumerate(budget.depends):
        yield f"depends.{number}.on", one.on, "lever"
        yield f"depends.{number}.of", one.of, "service"
    yield from ((f"at_least.{tier}", tier, "tier") for tier in budget.at_least)
    yield from ((f"effort_days.{role}", role, "role that a lever takes days of") for role in budget.effort_days)
    # What is bound of a role without a limit would bind nothing.
    yield from ((f"committed.effort_days.{role}", role, "role of effort_days") for role in budget.committed.effort_days)


def _overdrawn(budget: BudgetFile) -> Iterator[str]:
    bound = budget.committed
    if budget.money_left is not None and budget.money_left < 0:
        yield f"committed.money: {bound.money:g} is more than money ({budget.money:g}); commit less, or give more"
    for role, left in budget.days_left.items():
        if left < 0:
            more = f"{bound.effort_days[role]:g} is more than effort_days.{role} ({budget.effort_days[role]:g})"
            yield f"committed.effort_days.{role}: {more}; commit less, or give more"


def _contradictions(budget: BudgetFile) -> Iterator[str]:
    needs = _needs(budget.depends)
    for number, one in enumerate(budget.must):
        for place in _all_needed(one.place, needs):
            for other, never in enumerate(budget.never):
                if never.holds(*place):
                    why = "it" if place == one.place else f"{_told(place)}, on which it depends,"
                    yield f"must.{number}: {_told(one.place)} must be chosen, but {why} is left out by never.{other}; remove one"


def _circles(depends: list[Dependency]) -> Iterator[str]:
    """Every circle once, at the last of its dependencies in the file."""
    for number, one in enumerate(depends):
        way = _way(one.needed, one.place, _needs(depends[:number]))
        if way:
            circle = " → ".join(map(_told, [one.place, *way]))
            yield f"depends.{number}: runs in a circle: {circle}; remove one of these"


def _way(start: Place, end: Place, needs: Mapping[Place, list[Place]]) -> list[Place]:
    """The shortest way from one option to another along what they depend on; empty where there is none."""
    ways, seen = [[start]], {start}
    for way in ways:
        if way[-1] == end:
            return way
        new = [place for place in needs.get(way[-1], []) if place not in seen]
        seen.update(new)
        ways += [[*way, place] for place in new]
    return []


def _needs(depends: Iterable[Dependency]) -> dict[Place, list[Place]]:
    found: dict[Place, list[Place]] = {}
    for one in depends:
        found.setdefault(one.place, []).append(one.needed)
    return found


def _all_needed(place: Place, needs: Mapping[Place, list[Place]]) -> list[Place]:
    found = [place]
    for one in found:
        found += [other for other in dict.fromkeys(needs.get(one, [])) if other not in found]
    return found


def _told(place: Place) -> str:
    return f"{place[1]} for {place[0]}"
