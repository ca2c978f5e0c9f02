"""Availability of the whole estate: the share of time in which no service was down, by what counts as down."""

from __future__ import annotations

import pandas as pd

from sipnb import kpis
from sipnb.catalogue import KPIS
from sipnb.chapters.context import PortfolioContext
from sipnb.chapters.facts import EstateFact
from sipnb.cycles import Cycle
from sipnb.records import frozen
from sipnb.records.frozen import Records
from sipnb.tables import ESTATE


def availability(context: PortfolioContext) -> list[EstateFact]:
    """The share of time in which no service was down, under each definition of what counts as down."""
    if "outages" not in frozen.read_quality(context.folder.records)["tables"]:
        return []
    everything = frozen.of_all(context.folder.records, "outages")
    everything = kpis.uptime.ended_by_service(everything, context.cycle.cutoff)
    records = Records(context.folder.records, ESTATE)
    # A table that is silent says nothing of the cycle, or of a year in which it was.
    silent = [bool(records.withheld(KPIS[kpi], context.cycle)) for kpi in ("availability", "mtbf")]
    seen = [s for s in ("critical", "major", "minor", "none") if s in set(everything["severity"].dropna())]
    decided = context.workbook.settings.outage_severities
    ways = [("the definition of this organisation", decided or seen), ("every unplanned outage", seen)]
    if "major" in seen or "critical" in seen:
        ways.append(("major and critical only", [s for s in seen if s in ("major", "critical")]))
    facts, done = [], set()
    for name, severities in ways:
        if tuple(sorted(severities)) in done:
            continue
        done.add(tuple(sorted(severities)))
        counted = everything[everything["severity"].isin(severities) & (everything["kind"] != "maintenance")]
        year = _share(counted, context.cycle.shift(1 - context.cycle.season), context.cycle)
        started = int(kpis.within(counted["started"], context.cycle).sum())
        facts.append(
            EstateFact(
                definition=name,
                severities=sorted(severities),
                cycle=None if silent[0] else _share(counted, context.cycle, context.cycle),
                year=None if silent[1] else year,
                outages=None if silent[0] else started,
            )
        )
    return facts


def _share(counted: pd.DataFrame, first: Cycle, last: Cycle) -> float:
    # Anything counts as down while at least one outage lasts, however much of a service it took.
    edges = pd.DatetimeIndex([first.opens, last.cutoff]).as_unit("us")
    return 1 - kpis.uptime.lost(counted.assign(share=1.0), edges)[0] / (edges[1] - edges[0]).total_seconds()
