"""Why time is lost to outages: by cause, by item, after changes, and while a change took longer than planned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sipnb.cycles import Cycle
from sipnb.drivers import attributes, hours
from sipnb.kpis.scope import Scope, instants
from sipnb.methods.pareto import pareto
from sipnb.methods.proportions import Estimate

#: So sure must it be that a cause or item has the most outages.
SURE = 0.95
FEWEST = 8
#: A cause or item is named where so many outages share it.
SHARED = 5


@dataclass(frozen=True)
class Part:
    """Outages of one kind: their number, agreed hours down with the interval of what such outages lose, hours of users,
    and shares of all; `sure` whether it reliably has the most outages of its attribute."""

    attribute: str
    value: str
    n: int
    down: Estimate
    hours: float
    share: float
    of_outages: float
    sure: bool


def parts(scope: Scope, window: Cycle, affected: float = 1.0) -> list[Part]:
    """The outages of a window by cause and item, and those within a day of a change or within its overrun; the most
    hours first."""
    mine = hours.outages(scope.over([window]), affected)
    if mine.empty:
        return []
    found = []
    for name in ("configuration_item", "cause"):
        if name in mine and mine[name].notna().any():
            found += _by(mine, name)
    for name, which in (
        ("after_change", pd.notna(attributes.after_change(scope, mine["started"]))),
        ("overrun", _overrun(scope, mine)),
    ):
        if which.any():
            found.append(_part(mine, name, "", which, False))
    return sorted(found, key=lambda one: (not one.sure, -one.down.value, one.attribute, one.value))


def _by(mine: pd.DataFrame, name: str) -> list[Part]:
    """The outages by a value; what fewer share is one part: what somebody wrote once may be of somebody."""
    values = mine[name].astype("str")
    counts = values.value_counts().sort_index()
    enough = len(mine) >= FEWEST and len(counts) > 1
    top = pareto(counts, k=1)["top"] if enough else pd.Series(0.0, index=counts.index)
    shared = counts.index[counts >= SHARED]
    found = [_part(mine, name, str(v), (values == v).to_numpy(), bool(top[v] >= SURE)) for v in shared]
    rest = (values.notna() & ~values.isin(shared)).to_numpy()
    return [*found, _part(mine, name, "", rest, False)] if rest.any() else found


def _part(mine: pd.DataFrame, name: str, value: str, which: np.ndarray, sure: bool) -> Part:
    down, every = mine["down"][which], float(mine["down"].sum())
    users = float(mine["hours"][which].sum(min_count=1))
    share = float(down.sum() / every) if every else 0.0
    return Part(name, value, int(which.sum()), hours.interval(down), users, share, float(which.mean()), sure)


def _overrun(scope: Scope, mine: pd.DataFrame) -> np.ndarray:
    """Outages that began after a change should have ended and before it did."""
    changes = scope.records.changes
    late = changes[changes["planned_end"] < changes["ended"]]
    at = instants(mine["started"])[:, None]
    return ((at >= instants(late["planned_end"])[None, :]) & (at < instants(late["ended"])[None, :])).any(axis=1)
