"""Availability and the error budget, with and without maintenance."""

from __future__ import annotations

from collections.abc import Sequence

from sipnb import kpis
from sipnb.chapters.baseline.measures import Measures
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import About, UptimeFact
from sipnb.kpis import uptime
from sipnb.records import clocks
from sipnb.show import words
from sipnb.show.display import Shown, say


def lost(context: ServiceContext) -> UptimeFact | None:
    """Agreed hours of the cycle, and what outages and maintenance took of them; None without outage records."""
    scope = context.scope
    now = kpis.measure("availability", scope)
    if now.n == 0:
        return None
    cycle = scope.edges[-2:]
    agreed = float(clocks.elapsed(scope.calendar, cycle[:1], cycle[1:])[0]) / 3600
    out = float(uptime.lost(uptime.maintenance(scope).assign(share=1.0), cycle, scope.calendar)[0]) / 3600
    target = context.target("availability")
    return UptimeFact(
        agreed=agreed, down=(now.denominator - now.numerator) / 3600, maintenance=out,
        outages=int(kpis.measure("outage_count", scope).numerator or 0),
        budget=None if target is None else now.denominator * (1 - target) / 3600,
    )  # fmt: skip


def definition(u: UptimeFact | None, severities: Sequence[str] | None, about: About) -> Shown:
    """Which outages count, and of what time: availability is never shown without it, because the organisation decides."""
    if u is None:
        return say("No data: there are no outage records for this service.")
    which = words.listed(list(severities)) if severities else "all severities"
    return say(
        f"Counted are unplanned outages of these severities: **{which}**; overlapping ones count once, and one that took a part "
        f"of the service counts in part. Of {words.significant(u.agreed)} agreed hours ({about.calendar}) "
        f"{words.plural(u.outages, 'outage')} took {words.significant(u.down)} h and announced maintenance "
        f"{words.significant(u.maintenance)} h."
    )


def budget(u: UptimeFact | None, measures: Measures) -> Shown:
    """What the target allows to be lost, and what was."""
    used = measures.measure("error_budget")
    if u is None:
        return say("")
    if u.budget is None or used is None:
        return say("There is no target for availability, so there is no error budget.")
    target = words.number(measures.measure("availability").target, "share")
    return say(
        f"The target of {target} allows {words.number(u.budget, 'hours')} to be lost; "
        f"{words.number(used.value, 'ratio')} of that was used"
        + (f" ({words.interval(used.low, used.high, 'ratio')})." if used.low is not None else ".")
    )
