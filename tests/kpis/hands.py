"""Records written by hand, for cases that can be counted on fingers."""

import pandas as pd

from sipnb import kpis, tables
from sipnb.cycles import parse

CYCLE = parse("2026-10", "UTC")


class Hand:
    """The tables given, everything else not supplied; a column is supplied where it is given."""

    def __init__(self, **given):
        self.given = {name: _ended(name, pd.DataFrame(rows)) for name, rows in given.items()}
        firsts = {}
        for name, frame in self.given.items():
            at = tables.TABLES[name].at
            firsts[name] = {"first": str(pd.to_datetime(frame[at], format="ISO8601").min()) if len(frame) else None}
        self.quality = {"tables": firsts, "cutoff": str(CYCLE.cutoff), "rules": []}
        self.made = {}

    def withheld(self, kpi, cycle):
        return ""

    def has(self, name):
        return name in self.given

    def supplies(self, table, column):
        return table in self.given and column in self.given[table]

    def __getattr__(self, name):
        return self.table(name)

    def table(self, name):
        if name not in self.made:
            self.made[name] = self._table(name)
        return self.made[name]

    def _table(self, name):
        nothing = tables.empty(name)
        frame = self.given.get(name, nothing).reindex(columns=nothing.columns)
        for column, dtype in nothing.dtypes.items():
            if str(dtype).startswith("datetime64") and frame[column].notna().any():
                frame[column] = pd.to_datetime(frame[column], utc="UTC" in str(dtype), format="ISO8601")
        return frame.astype(nothing.dtypes.to_dict())


def _ended(name, rows):
    """What was resolved has ended; a row may say that it ended otherwise."""
    if name in ("tickets", "problems") and "resolved" in rows:
        given = rows.get("ended", pd.Series(None, index=rows.index, dtype=object))
        rows["ended"] = given.where(given.notna(), rows["resolved"])
    return rows


def ticket(number, opened, resolved=None, **more):
    return {"ticket": f"T{number}", "service": "s", "kind": "incident", "opened": opened, "resolved": resolved, **more}


def scope(months=1, records=None, **options):
    """What KPIs are worked out from: `months` up to October 2026 of the records given, or of tables by name."""
    tables_given = {k: options.pop(k) for k in list(options) if k in tables.TABLES}
    return kpis.Scope(records or Hand(**tables_given), tuple(CYCLE.history(months)), **options)


def measure(kpi, months=1, **given):
    """A KPI of October 2026 from tables written by hand."""
    return kpis.measure(kpi, scope(months, **given))
