"""The improvement levers, as data (`levers.toml` beside this file): kinds of action, what they act on, and what they take.

To add one, write an entry there. Where the drivers of missed targets do not say enough, a detector of its name in `sipnb.levers`
does. An organisation overrides entries, and adds its own, in `levers.yml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from sipnb.catalogue.kpis import KPIS


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A number that decides whether a lever is proposed: its `value`, and in `meaning` what is counted.

    `least` is the smallest value that makes sense; `within` names the limit of the same lever that it may not exceed.
    """

    value: float
    unit: Literal["share", "hours", "count", "days", "weeks"]
    meaning: str
    least: int = 1
    within: str = ""

    def objection(self, value: float) -> str:
        """What is wrong with another value of this limit, as a clause; empty where nothing is.

        >>> LEVERS["one_owning_group"].limits["multi_hop_share"].objection(15)
        'must be a share between 0 and 1'
        """
        if self.unit == "share":
            return "" if 0 <= value <= 1 else "must be a share between 0 and 1"
        if self.unit == "hours":
            return "" if value > 0 else "must be more than 0 hours"
        noun = "" if self.unit == "count" else f" of {self.unit}"
        sound = value >= self.least and float(value).is_integer()
        return "" if sound else f"must be a whole number{noun}, at least {self.least}"


#: Low, likely and high: nine of ten lie between the outer ones.
Range = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class ActsOn:
    """A kind of driver that a lever acts on, by what it wants of one; what is empty wants nothing. Of several values one has to
    fit; a `step` fits if the driver's begins with it, and so does `through` one of what happens on the way."""

    attribute: tuple[str, ...] = ()
    value: tuple[str, ...] = ()
    kpi: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    step: tuple[str, ...] = ()
    through: tuple[str, ...] = ()

    def fit(self, *, kpi: str, attribute: str, value: str, known: str, step: str, through: Collection[str]) -> int:
        """How many of its wishes a driver of a KPI fulfils; 0 where it lacks one.

        >>> ActsOn(attribute=("hour",)).fit(
        ...     kpi="sla_attainment", attribute="hour", value="night", known="opening", step="queue", through=()
        ... )
        1
        """
        plain = (self.attribute, attribute), (self.value, value), (self.kpi, kpi), (self.known, known)
        fits = [has in wanted for wanted, has in plain if wanted]
        if self.step:
            fits.append(step.startswith(self.step))
        if self.through:
            fits.append(any(one.startswith(self.through) for one in through))
        return len(fits) if all(fits) else 0


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of a lever, and how many weeks it usually takes."""

    title: str
    weeks: int


@dataclass(frozen=True, kw_only=True)
class Lever:
    """A kind of improvement: what it is, what it acts on, which KPIs it moves, and what it takes.

    `counter` are KPIs that may not suffer from it, of which a proposal names those that a service has figures for.
    `limits` are all numbers that decide whether it is proposed, by name; one named like a KPI is what the KPI is compared with
    where a service has no target for it. `seen_when` names limits in braces. `effort` is in days by role, `weeks` the time until
    it shows. One that `falls_back` is looked for only where nothing else is proposed.
    """

    id: str
    title: str
    action: str
    kind: Literal["people", "process", "technology", "supplier"]
    moves: tuple[str, ...]
    counter: tuple[str, ...] = ()
    seen_when: str = ""
    acts_on: tuple[ActsOn, ...] = ()
    mechanism: str = ""
    needs: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    falls_back: bool = False
    effort: Mapping[str, Range] = field(default_factory=dict)
    weeks: Range | None = None
    risks: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    limits: Mapping[str, Limit] = field(default_factory=dict)

    def fit(self, **driver: Any) -> int:
        """How well it fits a driver: of its entries that do, the one that wants most; see `ActsOn.fit`. 0: not at all."""
        return max((one.fit(**driver) for one in self.acts_on), default=0)

    def limit(self, name: str) -> float:
        """The value of a limit, in its unit: an int of count, days and weeks, a float of shares and hours."""
        return self.limits[name].value

    def objections(self, values: Mapping[str, float]) -> dict[str, str]:
        """What is wrong with other values of limits, as a clause by the name of the limit; empty where nothing is.

            >>> LEVERS["capacity"].objections({"weeks": 2.5})
            {'weeks': 'must be a whole number of weeks, at least 1'}

        Raises KeyError for a limit that the lever does not have.
        """
        found = {name: text for name, value in values.items() if (text := self.limits[name].objection(value))}
        for name, limit in self.limits.items():
            both = {name, limit.within or name}
            own, other = (values.get(one, self.limit(one)) for one in (name, limit.within or name))
            if own > other and not both & found.keys():
                found[name] = f"is more than {limit.within} ({other:g}); it must lie within"
        return found

    def limited(self, values: Mapping[str, float]) -> Lever:
        """The same lever with other values of some limits, by name. Raises ValueError saying what is wrong.

        >>> LEVERS["one_owning_group"].limited({"multi_hop_share": 0.15}).limit("multi_hop_share")
        0.15
        """
        if unknown := sorted(values.keys() - self.limits.keys()):
            raise ValueError(f"{self.id} has no limit {unknown[0]!r}; it has {', '.join(self.limits)}")
        if wrong := self.objections(values):
            raise ValueError("; ".join(f"{self.id}: {name} {text}" for name, text in wrong.items()))
        known = {name: self.limits[name] for name in values}
        changed = {name: replace(limit, value=type(limit.value)(values[name])) for name, limit in known.items()}
        return replace(self, limits=self.limits | changed)


def acts_on(entry: Mapping[str, Any]) -> ActsOn:
    """An entry of `acts_on` as it is written, where a single text stands for a list of one. Raises TypeError for a wish that no
    driver knows."""
    return ActsOn(**{key: (value,) if isinstance(value, str) else tuple(value) for key, value in entry.items()})


def _read() -> dict[str, Lever]:
    entries = tomllib.loads((Path(__file__).parent / "levers.toml").read_text(encoding="utf-8"))
    for id, entry in entries.items():
        for key in ("moves", "counter"):
            if unknown := [name for name in entry[key] if name not in KPIS]:
                raise ValueError(f"levers.toml: {key} names {unknown[0]!r}, which is no KPI of kpis.toml")
        if unknown := [name for name in entry.get("excludes", ()) if name not in entries]:
            raise ValueError(f"levers.toml: {id} excludes {unknown[0]!r}, which is no lever")
        for key in ("moves", "counter", "needs", "excludes", "risks", "weeks"):
            entry[key] = tuple(entry.get(key, ()))
        entry["effort"] = {role: tuple(days) for role, days in entry["effort"].items()}
        entry["acts_on"] = tuple(acts_on(one) for one in entry["acts_on"])
        entry["steps"] = tuple(Step(**one) for one in entry["steps"])
        entry["limits"] = {name: Limit(**limit) for name, limit in entry.get("limits", {}).items()}
    return {id: Lever(id=id, **entry) for id, entry in entries.items()}


LEVERS: dict[str, Lever] = _read()
