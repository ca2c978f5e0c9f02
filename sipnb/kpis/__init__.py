"""The figures: one function for each KPI of the catalogue, computed from a service's frozen records.

Each function takes a `Scope` — records cut into cycles — and gives a row a cycle: value, 95 % interval, n, numerator,
denominator. A cycle without rows is "no data" (NaN with n = 0), never 0 and never 100 %. Shares are ratios of sums;
medians come from rows. What happened after the end of a cycle is not known in it: an earlier cycle is measured as it
stood then, except that its resolutions may have become known since, which is how its censored tickets are resolved.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from sipnb.catalogue import KPIS, Kpi
from sipnb.cycles import Cycle
from sipnb.kpis import attainment, causes, certainty, handling, own, people, restoration, uptime
from sipnb.kpis.located import located, which
from sipnb.kpis.scope import COLUMNS, Scope, nothing, open_at, within
from sipnb.tables import TABLES

__all__ = [
    "FUNCTIONS", "Measure", "Scope", "attainment", "causes", "certainty", "covered", "handling", "last", "located", "lumpy",
    "measure", "missing", "open_at", "people", "restoration", "series", "supplied", "uptime", "which",
    "within",
]  # fmt: skip


@dataclass(frozen=True)
class Measure:
    """One figure: its value, 95 % interval (NaN where it is a plain count), and what it rests on."""

    value: float
    low: float
    high: float
    n: int
    numerator: float = math.nan
    denominator: float = math.nan

    def record(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


#: Every KPI of the catalogue is computed by the function of its name in one of the modules here.
FUNCTIONS: dict[str, Callable[[Scope], pd.DataFrame]] = {
    kpi: next(getattr(m, kpi) for m in (attainment, restoration, handling, uptime, causes, people) if hasattr(m, kpi))
    for kpi in KPIS
}


_NO_CYCLE = nothing(0).set_axis(pd.Index([], name="cycle", dtype="str")).assign(label=pd.Series([], dtype="str"))


def supplied(kpi: str, scope: Scope) -> bool:
    """Whether there is anything to work a KPI out from."""
    known = scope.kpis[kpi]
    names = _taken_as_measured(known, scope)
    return bool(scope.measured & set(names)) if names else not missing(known, scope)


def series(kpi: str, scope: Scope) -> pd.DataFrame:
    """A KPI over the cycles of a scope that the records cover as a whole.

    Index cycle name; columns value, low, high, n, numerator, denominator, label.
    """
    inside = covered(kpi, scope)
    if not inside:
        return _NO_CYCLE
    frame = _all(kpi, scope).iloc[-len(inside) :]
    return frame.set_axis(pd.Index([c.name for c in inside], name="cycle")).assign(label=[c.short for c in inside])


def measure(kpi: str, scope: Scope) -> Measure:
    """A KPI of the last cycle, whether or not the records cover it as a whole."""
    return last(_all(kpi, scope))


def last(frame: pd.DataFrame) -> Measure:
    """The figure of the last cycle of a frame."""
    row = frame.iloc[-1]
    return Measure(**{c: int(row["n"]) if c == "n" else float(row[c]) for c in COLUMNS})


def _all(kpi: str, scope: Scope) -> pd.DataFrame:
    """A KPI over every cycle of a scope, computed once."""
    known = scope.kpis[kpi]
    return scope.once(kpi, lambda: certainty.scattered(known, _observed(known, scope, _compute(known, scope))))


def _observed(kpi: Kpi, scope: Scope, frame: pd.DataFrame) -> pd.DataFrame:
    """The figures without those of cycles in which the records are silent: nothing recorded is not nothing happened."""
    silent = np.array([bool(scope.records.withheld(kpi, cycle)) for cycle in scope.cycles])
    if not silent.any():
        return frame
    frame = frame.copy()
    frame.loc[silent, [c for c in COLUMNS if c != "n"]] = math.nan
    frame.loc[silent, "n"] = 0
    return frame


def _compute(kpi: Kpi, scope: Scope) -> pd.DataFrame:
    if names := _taken_as_measured(kpi, scope):
        return own.measured(scope, names, kpi.unit)
    if missing(kpi, scope):
        return nothing(len(scope.cycles))
    return FUNCTIONS[kpi.id](scope) if kpi.own is None else own.by_formula(scope, kpi)


def _taken_as_measured(kpi: Kpi, scope: Scope) -> tuple[str, ...]:
    """Under which names another tool computed a KPI; none where it is computed from rows."""
    if kpi.own is not None:
        return kpi.own.names
    # What another tool computed stands in only where the rows themselves are not there to be counted.
    return (kpi.id,) if kpi.id in scope.measured and missing(kpi, scope) else ()


def missing(kpi: Kpi, scope: Scope) -> list[str]:
    """What the organisation does not supply of what a KPI needs: tables, `table.column`, or two of these separated by a bar."""
    return lacking(kpi.needs, scope)


def lacking(needs: Iterable[str], scope: Scope) -> list[str]:
    """What the organisation does not supply of these tables and columns, each named as by `missing`."""
    found = []
    for need in needs:
        ways = [way.split(".") for way in need.split("|")]
        if not any(scope.records.supplies(*way) if len(way) == 2 else scope.records.has(*way) for way in ways):
            tables = [table for table, *_ in ways]
            found.append(need if any(map(scope.records.has, tables)) else tables[0])
    return list(dict.fromkeys(found))


def covered(kpi: str, scope: Scope) -> list[Cycle]:
    """The cycles that lie wholly inside the records: from the first one that begins with them.

    A first cycle counts when its first row falls into its first tenth: a service that is six weeks old has one whole
    month, not two.
    """
    if not supplied(kpi, scope):
        return []
    known = scope.kpis[kpi]
    name = "measurements" if _taken_as_measured(known, scope) else known.tables[0]
    return scope.once(f"covered by {name}", lambda: _covered(name, scope))


def _covered(name: str, scope: Scope) -> list[Cycle]:
    start = _first(name, scope)
    return [] if start is None else [c for c in scope.cycles if start <= c.opens + (c.cutoff - c.opens) / 10]


def _first(name: str, scope: Scope) -> pd.Timestamp | None:
    records = scope.records
    if not records.has(name):
        return None
    # Quiet services have no outages for months: there the organisation's first row tells when recording began.
    if name in ("outages", "costs"):
        return scope.began(name)
    first = records.table(name)[TABLES[name].at].min()
    if pd.isna(first):
        return None
    return scope.local(first) if TABLES[name].columns[TABLES[name].at].kind == "date" else first


def lumpy(series: pd.DataFrame, unit: str) -> bool:
    """Whether more than half of the values are nought, or all of a share: a month without an outage is like any other.

    Individual values of rare events do not scatter around a mean; limits and forecasts from them would claim too much.
    """
    values = series["value"].dropna()
    empty = (values == 0) | ((values == 1) & (unit == "share"))
    return len(values) > 0 and int(empty.sum()) * 2 > len(values)
