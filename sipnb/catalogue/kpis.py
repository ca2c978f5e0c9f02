"""The KPIs: what each one counts, in words and as data (`kpis.toml` beside this file).

To add one, write an entry there and a function of its name in `sipnb.kpis`. An organisation adds its own in `workbook.yml`.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Unit = Literal["share", "points", "ratio", "hours", "days", "count", "money", "number"]

#: How a series of the measure moves, and so which chart and which forecast fit it: shares of cases vary with their
#: number, durations are skewed, counts scatter like their root, rare events are judged by the time between them, a
#: stock remembers yesterday; what is measured over a rolling year, or restates another measure, has no chart.
Kind = Literal["share", "share of time", "duration", "count", "rare", "stock", "value", "rolling", "derived"]


@dataclass(frozen=True)
class OwnFormula:
    """How an organisation's own KPI is computed: a statistic of an expression over the rows of a table that `where`
    lets count, placed in time by `at`; or, with `names`, figures that another tool computed under these names."""

    table: str
    at: str
    statistic: Literal["share", "count", "mean", "median", "sum", "measured"]
    expression: str = ""
    where: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Kpi:
    """A KPI's definition. `good` is the direction that is better; below `minimum_n` no claim is made.

    `needs` names the tables, and where it matters their columns, without which there is no data
    (`tickets.sla_met|tickets.sla_due`: one of the two will do). `core` measures stand on a plan's front page whether or not
    they have a target. `noun` names it in a sentence, in the singular; `clause` says its figure, which takes the place of
    `{value}`. `own` is set for the KPIs that an organisation defined itself.
    """

    id: str
    title: str
    short: str  # for titles of figures
    noun: str
    clause: str
    formula: str
    unit: Unit
    good: Literal["up", "down", "neutral"]
    cohort: str
    clock: str
    minimum_n: int
    kind: Kind
    needs: tuple[str, ...]
    core: bool = False
    own: OwnFormula | None = None

    @property
    def definition(self) -> str:
        """A short hash of the definition: it changes when, and only when, what is counted changes."""
        counted = (self.id, self.formula, self.unit, self.cohort, self.clock)
        return hashlib.sha256(repr(counted).encode()).hexdigest()[:10]

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables it is computed from."""
        return tuple(dict.fromkeys(need.split("|")[0].split(".")[0] for need in self.needs))


def _read() -> dict[str, Kpi]:
    entries = tomllib.loads((Path(__file__).parent / "kpis.toml").read_text(encoding="utf-8"))
    return {id: Kpi(id=id, **(entry | {"needs": tuple(entry["needs"])})) for id, entry in entries.items()}


KPIS: dict[str, Kpi] = _read()
