"""Which lever answers which driver of a missed target: the one of the catalogue that wants most of what the driver is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sipnb.catalogue import Lever
from sipnb.methods.proportions import Estimate


@dataclass(frozen=True)
class Cause:
    """A driver of a missed target as the gap analysis found it over so many `days`.

    `share` is its part of all that went wrong, `effect` what it adds to the share that goes wrong (None where no rows decide the
    measure), `hours` what users lost by it beyond what they lose by like cases. `step` and `through` say how it acts.
    """

    kpi: str
    attribute: str
    value: str
    known: str
    days: int
    n: int
    share: float
    effect: Estimate | None = None
    hours: Estimate | None = None
    step: str = ""
    through: tuple[str, ...] = ()

    @property
    def driver(self) -> str:
        """What it is, whichever measure it drives: `category=cards`."""
        return f"{self.attribute}={self.value}"


@dataclass(frozen=True)
class Missed:
    """A target that is missed over the last days: the figure, the drivers that were found, and of which attributes none could be,
    with the reason. `looked` says whether any driver was looked for."""

    kpi: str
    target: float
    value: float
    causes: tuple[Cause, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    looked: bool = True


@dataclass(frozen=True)
class Answer:
    """A lever for a driver: its `causes` are one driver of one or several measures, the one with the largest share first;
    `instead` are the levers that would act on it, too, but want less of what it is."""

    lever: Lever
    causes: tuple[Cause, ...]
    instead: tuple[Lever, ...] = ()

    @property
    def driver(self) -> str:
        """What the lever is to act on."""
        return self.causes[0].driver


def answers(causes: Iterable[Cause], levers: Mapping[str, Lever]) -> list[Answer]:
    """The levers that answer these drivers, each driver's in the order of the drivers; none for a driver that no lever fits.

    A driver of several measures is answered once by each lever that is best for one of them. What `levers` holds first wins
    where two want the same.
    """
    found: dict[tuple[str, str], list[Cause]] = {}
    others: dict[tuple[str, str], dict[str, Lever]] = {}
    for cause in causes:
        fits = {id: fit for id, lever in levers.items() if (fit := _fit(lever, cause))}
        if not fits:
            continue
        best = max(fits, key=lambda id: fits[id])
        found.setdefault((best, cause.driver), []).append(cause)
        others.setdefault((best, cause.driver), {}).update({id: levers[id] for id in fits if id != best})
    return [
        Answer(levers[id], tuple(sorted(mine, key=lambda one: -one.share)), tuple(others[id, driver].values()))
        for (id, driver), mine in found.items()
    ]


def _fit(lever: Lever, cause: Cause) -> int:
    return lever.fit(
        kpi=cause.kpi,
        attribute=cause.attribute,
        value=cause.value,
        known=cause.known,
        step=cause.step,
        through=cause.through,
    )
