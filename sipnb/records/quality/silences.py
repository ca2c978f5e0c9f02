"""Silence of a table: whether rows are missing, or nothing happened.

A table without rows for a while looks like good news: no outage, no problem, no complaint. It is taken for missing where
the rows before it make so long a silence nearly impossible. Days with a row are counted, not rows, because outages,
changes and answers come in bursts.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb.catalogue import KPIS
from sipnb.records.quality.findings import Found, Sets, percent
from sipnb.tables import TABLES

#: Tables whose silence is judged by days, and what a row of them is called.
JUDGED = {
    "ticket_events": "event of a ticket", "problems": "problem", "changes": "change", "outages": "outage", "surveys": "answer",
}  # fmt: skip
#: So many days with a row must be expected in a silence: a chance of one in two hundred, were they Poisson …
EXPECTED, EXPECTED_INSIDE = 5.3, 9.0
#: … and it must be so much longer than any other of the table, because what comes in bursts has long silences too.
LONGER, LONGER_INSIDE = 1.5, 2.0
#: Fewer days with a row than these tell no rate; of a year, because a table may grow.
_FEWEST, _YEAR = 6, 365
#: So many working days in a row may all be holidays: Easter, Golden Week, Eid, a bridged Thursday.
HOLIDAYS = 4
#: What a day around New Year brings at least, as a part of the quietest day of a week.
YEARS_END = 0.25


def resting_on(table: str) -> tuple[str, ...]:
    """The KPIs that are computed from a table."""
    if table == "ticket_events":
        return ("on_hold_share", "sla_gaming_gap")
    return tuple(kpi for kpi, known in KPIS.items() if table in known.tables)


def counting(table: str) -> tuple[str, ...]:
    """The KPIs whose figure is false while a table is silent: they count its rows, or what lies between them."""
    if table == "outages":
        return resting_on(table)
    absent = ("count", "stock", "rare", "rolling")
    more = {"tickets": ("volume_per_user", "aged_backlog", "cost_per_ticket")}.get(table, ())
    return (*(k for k in resting_on(table) if KPIS[k].tables[0] == table and KPIS[k].kind in absent), *more)


def stocks(table: str) -> tuple[str, ...]:
    """The KPIs that count what is open of a table."""
    return (
        *(k for k in resting_on(table) if KPIS[k].kind == "stock"),
        *(["aged_backlog"] if table == "tickets" else []),
    )


def days(sets: Sets, table: str) -> pd.DatetimeIndex:
    """The days (UTC) on which a row of a table lies, what tools write for "never" left out."""
    at = TABLES[table].at
    if not sets.has(table, at):
        return pd.DatetimeIndex([])
    found = sets.frame(
        f'SELECT DISTINCT epoch_ms("{at}") // 86400000 AS day FROM {table} WHERE "{at}" >= TIMESTAMP \'1990-01-01\' '
        f"AND \"{at}\" < TIMESTAMP '2090-01-01' ORDER BY 1"
    )
    return pd.DatetimeIndex(pd.to_datetime(found["day"].to_numpy() * 86_400, unit="s"))


def by_weekday(daily: pd.Series) -> np.ndarray:
    """Rows a day by weekday; the mean of all days where a weekday is not among them."""
    rates = daily.groupby(daily.index.day_of_week).mean().reindex(range(7))
    return rates.fillna(daily.mean()).to_numpy()


def missing(empty: pd.DatetimeIndex, rates: np.ndarray) -> float:
    """How many rows these empty days would have brought for sure.

    Any day may be a holiday, and a holiday is like the quietest day of the week: so are a few working days in a row. Around
    New Year hardly anybody is there: those days are quieter still.
    """
    month, day = empty.month, empty.day
    usual, quiet = rates[empty.day_of_week], rates.min()
    years_end = ((month == 12) & (day >= 21)) | ((month == 1) & (day <= 6))
    free = np.zeros(len(empty), dtype=bool)
    free[np.flatnonzero(~years_end & (usual > quiet))[:HOLIDAYS]] = True
    return float(np.where(years_end, YEARS_END * quiet, np.where(free, quiet, usual)).sum())


def expected(before: pd.DatetimeIndex, silent: pd.DatetimeIndex) -> float:
    """How many of the silent days would have had a row, at the rate of the year before and by weekday.

    Any day may be a holiday, and is then like the quietest weekday: see `missing`.
    """
    if not len(silent) or len(before) < _FEWEST:
        return 0.0
    whole = pd.Series(0.0, index=pd.date_range(before[0], before[-1]))
    whole[before] = 1.0
    return missing(silent, by_weekday(whole.iloc[-_YEAR:]))


def at_the_end(sets: Sets, table: str) -> Found | None:
    """The silence of a table up to the cut-off, if it is too long to be chance."""
    known = days(sets, table)
    if len(known) < _FEWEST or sets.cutoff is None:
        return None
    last = (sets.cutoff.tz_convert("UTC").tz_localize(None) - pd.Timedelta(seconds=1)).normalize()
    silent = pd.date_range(known[-1] + pd.Timedelta(days=1), last)
    longest = np.diff(known.to_numpy()).max() / np.timedelta64(1, "D")
    n = expected(known, silent)
    if n < EXPECTED or len(silent) < LONGER * longest:
        return None
    row, since = JUDGED[table], known[-1].date()
    sentence = (
        f"The last {row} is of {since}; in the {len(silent)} days up to the cut-off about {n:.0f} days with one would be "
        f"expected. The export of {table.replace('_', ' ')} seems to end there: silence after it is no good news."
    )
    after = (known[-1] + pd.Timedelta(days=1)).date().isoformat()
    return Found(0, sentence, {"table": table, "days": len(silent)}, refuses=resting_on(table), withholds=counting(table),
                 since=after, table=table)  # fmt: skip


def inside(sets: Sets, table: str) -> Found | None:
    """The longest silence of a table between two rows, if it is too long to be chance."""
    known = days(sets, table)
    if len(known) < 2 * _FEWEST:
        return None
    lengths = np.diff(known.to_numpy()) / np.timedelta64(1, "D") - 1
    order = np.argsort(-lengths, kind="stable")
    longest, second = order[0], lengths[order[1]]
    before, after = known[: longest + 1], known[longest + 1 :]
    silent = pd.date_range(before[-1] + pd.Timedelta(days=1), after[0] - pd.Timedelta(days=1))
    n = min(expected(before, silent), expected(after, silent))
    if n < EXPECTED_INSIDE or lengths[longest] < LONGER_INSIDE * second:
        return None
    first, last = silent[0].date(), silent[-1].date()
    sentence = (
        f"No {JUDGED[table]} from {first} to {last}, where about {n:.0f} days with one would be expected; a part of the export "
        f"of {table.replace('_', ' ')} seems to be missing."
    )
    return Found(0, sentence, {"table": table, "from": str(first), "to": str(last)}, refuses=resting_on(table),
                 withholds=counting(table), since=str(first), until=after[0].date().isoformat(), table=table)  # fmt: skip


def behind(sets: Sets, table: str) -> Found | None:
    """A table of periods whose last one ended long before the cut-off, by the steps in which they come."""
    if sets.cutoff is None or not sets.has(table, "period"):
        return None
    periods = pd.to_datetime(sets.frame(f"SELECT DISTINCT period FROM {table} ORDER BY 1")["period"])
    if len(periods) < 3:
        return None
    step, last = periods.diff().median(), periods.iloc[-1]
    end = sets.cutoff.tz_convert(sets.zone).tz_localize(None)
    if end - last < 2.5 * step:
        return None
    sentence = (
        f"The last period of {table} is {last.date()}, with periods of about {step.days} days before it; up to the cut-off "
        f"{round((end - last) / step) - 1} more would be expected. What rests on them says: no data."
    )
    return Found(
        0, sentence, {"table": table}, refuses=resting_on(table), since=(last + step).date().isoformat(), table=table
    )


def endless(sets: Sets) -> list[Found]:
    """Unplanned outages and maintenance without an end, by service: those after which the service went down anew."""
    if not sets.has("outages", "started"):
        return []
    ended = "ended IS NULL" if sets.has("outages", "ended") else "true"
    found = sets.frame(
        f"SELECT service, count(*) FILTER ({ended}) AS n, count(*) AS of_all, count(*) FILTER ({ended} AND later IS NOT NULL) "
        f"AS doubtful, min(started) FILTER ({ended})::VARCHAR AS first FROM (SELECT *, lead(started) OVER "
        "(PARTITION BY service ORDER BY started) AS later FROM outages) GROUP BY 1 HAVING n > 0 ORDER BY 1"
    )
    told = []
    for row in found.itertuples():
        first = pd.Timestamp(row.first).date()
        which = f"The outage of {row.service} of {first} has" if row.n == 1 else (
            f"{row.n:,} of {row.of_all:,} outages of {row.service} ({percent(row.n / row.of_all)}), the first of {first}, have"
        )  # fmt: skip
        then = (
            f", although others began after {'it' if row.n == 1 else 'them'}: {'it is' if row.n == 1 else 'each is'} counted as "
            "down no longer than outages lasted here, then as unknown up to the next one"
            if row.doubtful
            else ": it is counted as down for a week at most, or as long as outages lasted here, then as unknown"
        )
        told.append(
            Found(
                int(row.n),
                f"{which} no end{then}. Write down when it ended.",
                {"table": "outages"},
                service=row.service,
            )
        )
    return told
