"""The improvement levers, as data (`levers.toml` beside this file): kinds of action, and what has to be seen for one.

To add one, write an entry there and a detector of its name in `sipnb.levers`. An organisation sets limits of its own in
`levers.yml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

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


@dataclass(frozen=True, kw_only=True)
class Lever:
    """A kind of improvement: what it is, which KPIs it moves, and what has to be seen before it is proposed.

    `counter` are KPIs that may not suffer from it, of which a proposal names those that a service has figures for.
    `limits` are all numbers that decide about that, by name; one named like a KPI is what the KPI is compared with where a
    service has no target for it. `seen_when` names limits in braces.
    """

    id: str
    title: str
    action: str
    kind: Literal["people", "process", "technology", "supplier"]
    moves: tuple[str, ...]
    counter: tuple[str, ...]
    seen_when: str
    limits: Mapping[str, Limit]

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


def _read() -> dict[str, Lever]:
    entries = tomllib.loads((Path(__file__).parent / "levers.toml").read_text(encoding="utf-8"))
    for entry in entries.values():
        for key in ("moves", "counter"):
            entry[key] = tuple(entry[key])
            if unknown := [name for name in entry[key] if name not in KPIS]:
                raise ValueError(f"levers.toml: {key} names {unknown[0]!r}, which is no KPI of kpis.toml")
        entry["limits"] = {name: Limit(**limit) for name, limit in entry["limits"].items()}
    return {id: Lever(id=id, **entry) for id, entry in entries.items()}


LEVERS: dict[str, Lever] = _read()
