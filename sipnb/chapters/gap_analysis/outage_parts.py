"""Why time is lost to outages: the kinds of outages behind a measure that they decide, as facts and as a table."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import DriverFact, OutagePartFact, WhyFact
from sipnb.chapters.gap_analysis import causes_in_words as say_cause
from sipnb.drivers import hours, outages
from sipnb.show import words
from sipnb.show.display import Shown, say, table, together

#: Outages of a year tell why availability is missed, because a month has one or none.
YEAR = 365
#: Measures that outages decide.
OF_OUTAGES = ("availability", "availability_all", "outage_count", "mtbf")
#: So many kinds are handed over and shown, those with the most hours.
MOST = 12
#: The id of the table.
PARTS = "outage-parts"


def explained(context: ServiceContext, kpi: str, days: int = YEAR) -> WhyFact:
    """The outages behind a measure over so many days: those of a kind that is sure to be the most frequent as drivers, and all
    kinds as `parts`."""
    window, affected = context.cycle.last_days(days), context.workbook.settings.value.affected
    many = len(hours.outages(context.scope.over([window]), affected))
    found = outages.parts(context.scope, window, affected)
    kinds = sorted(found, key=lambda one: (-one.down.value, one.attribute, one.value))
    known = {one.attribute for one in found}
    names = {"cause": "cause", "configuration_item": "failed_item"}
    return WhyFact(
        kpi=kpi, title=context.kpis[kpi].title, days=days, n=many, wrong=many, looked=len(found),
        drivers=[_driver(kpi, one) for one in found if one.sure],
        parts=[
            OutagePartFact(attribute=p.attribute, value=p.value, n=p.n, down=p.down.value, share=p.share, hours=p.hours)
            for p in kinds[:MOST]
        ],
        left_out={name: "blank" for attribute, name in names.items() if many and attribute not in known},
        reason="" if many >= outages.FEWEST else "too few",
    )  # fmt: skip


def _driver(kpi: str, one: outages.Part) -> DriverFact:
    return DriverFact(
        id=f"{kpi}:{one.attribute}={one.value}", attribute=one.attribute, value=one.value, known="outages", n=one.n,
        of_rows=one.of_outages, bad=one.n, rate=None, others=None, crude=None, share=one.share, hours=one.hours,
    )  # fmt: skip


def shown(found: Sequence[WhyFact]) -> Shown:
    """The kinds of outages behind what was missed, those first that took most time; nothing where no outage is."""
    why = next((one for one in found if one.parts), None)
    if why is None:
        return say("")
    rows = [
        {
            "Outages": words.upper(words.clipped(say_cause.of_outages(p.attribute, p.value), 80)), "Number": f"{p.n:,}",
            "Hours down": words.significant(p.down), "Of the time down": words.number(p.share, "share"),
            "Users’ hours lost": words.rough(p.hours) if p.hours is not None else "–",
        }
        for p in why.parts
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    several = len({p.attribute for p in why.parts}) > 1
    lines = table(
        frame, f"The {words.plural(why.n, 'outage')} of the last {why.days} days by kind, those with most time first",
        numeric=tuple(frame.columns[1:]), id=PARTS,
    )  # fmt: skip
    return together(lines, say("An outage can be of several kinds: the lines overlap." if several else "", kind="note"))
