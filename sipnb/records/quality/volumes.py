"""Set rules about how many tickets there are when: thin ends, gaps, and an extract that is too old."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from sipnb.records.quality.findings import NO_DATA, Found, Sets, count, rule, verb

#: A chance of one in a million is not chance; so unlikely are no tickets where 14 are expected, were they Poisson.
CHANCE, UNLIKELY = 1e-6, 14
#: A month is thin that brings less than this share of the usual.
_THIN = 0.2
#: What is usual before and after a gap is told from eight weeks on either side, and from no less than two.
_NEAR, _NEAREST = 56, 14
_FEWEST = 20  # tickets
#: So many working days in a row may all be holidays: Easter, Golden Week, Eid, a bridged Thursday.
_HOLIDAYS = 4


def _months(sets: Sets) -> pd.DataFrame:
    """Tickets `n`, `days` that the extract covers, and their ratio `rate`, by month from the first to the last."""
    daily = sets.daily
    months = daily.groupby(daily.index.to_period("M")).agg(["sum", "size"])
    months.columns = ["n", "days"]
    return months.assign(rate=months["n"] / months["days"])


def _usual(months: pd.DataFrame) -> float:
    """The rate of the month of the median ticket, the largest month left out: no storm and no long thin edge moves it."""
    by_rate = months.sort_values("rate")
    by_rate = by_rate.iloc[: -1 if len(months) > 3 else None]
    return float(by_rate["rate"].iloc[np.searchsorted(by_rate["n"].cumsum(), by_rate["n"].sum() / 2)])


def _thin(months: pd.DataFrame, beside: float, share: float, days: int) -> bool:
    """Whether months at an end hold too little, compared with the month beside them, to be holidays, chance or a trend."""
    n, covered = months["n"].sum(), months["days"].sum()
    return covered >= days and n <= share * beside * covered and stats.poisson.cdf(n, beside * covered) < CHANCE


@rule("thin edge", "warn", "Volume and backlog in and after these months are not interpreted.")
def thin_edge(sets: Sets) -> list[Found] | None:
    """Months at the end of the extract with almost no tickets: the extract thins out, demand did not fall."""
    if not sets.has("tickets", "opened"):
        return NO_DATA
    months = _months(sets)
    if len(months) < 3:
        return []
    usual = _usual(months)
    full = np.flatnonzero(months["rate"] >= _THIN * usual)[-1]
    thin, beside = months.iloc[full + 1 :], months.iloc[full]
    # A demand that fades away over months is no edge; ten days, because a year may begin with holidays.
    if thin.empty or not _thin(thin, min(usual, beside["rate"]), 0.25, 10):
        return []
    last, n = str(months.index[full]), int(thin["n"].sum())
    after = f"the {len(thin)} months after it hold" if len(thin) > 1 else "the month after it holds"
    return [
        Found(
            n,
            f"After {last} the extract thins out: {after} {count(n, 'ticket')}, {last} alone {int(beside['n']):,}. This is the "
            f"extract's edge, not a fall in demand; volume after {last} is not interpreted.",
            {"last_full_month": last},
            refuses=("volume", "volume_per_user", "backlog", "aged_backlog", "cost_per_ticket"),
            since=(months.index[full] + 1).start_time.date().isoformat(),
        )
    ]


@rule("thin beginning", "warn", "Months before it are no baseline: a rise from them is none.")
def thin_beginning(sets: Sets) -> list[Found] | None:
    """Months at the beginning of the extract with next to no tickets: stragglers, not the service's history."""
    if not sets.has("tickets", "opened"):
        return NO_DATA
    months = _months(sets)
    if len(months) < 4:
        return []
    first = np.flatnonzero(months["rate"] >= _THIN * _usual(months))[0]
    thin, beside = months.iloc[:first], months.iloc[first]
    # A new service grows by steps; from one month to the next it does not become fifty times as large.
    if thin.empty or not _thin(thin, beside["rate"], 0.02, 60):
        return []
    name, n = str(months.index[first]), int(thin["n"].sum())
    return [
        Found(
            n,
            f"The extract begins in earnest with {name}: the {len(thin)} months before it hold {count(n, 'ticket')}, "
            f"{name} alone {int(beside['n']):,}. They are no baseline to compare with.",
            {"first_full_month": name},
        )
    ]


def _by_weekday(days: pd.Series) -> np.ndarray:
    """Tickets a day by weekday; the mean of all days where a weekday is not among them."""
    rates = days.groupby(days.index.day_of_week).mean().reindex(range(7))
    return rates.fillna(days.mean()).to_numpy()


def _missing(empty: pd.DatetimeIndex, rates: np.ndarray) -> float:
    """How many tickets these empty days would have brought for sure.

    Any day may be a holiday, and a holiday is like the quietest day of the week: so are the days around New Year, and a
    few working days in a row.
    """
    month, day = empty.month, empty.day
    usual, quiet = rates[empty.day_of_week], rates.min()
    free = ((month == 12) & (day >= 21)) | ((month == 1) & (day <= 6))
    free[np.flatnonzero(~free & (usual > quiet))[:_HOLIDAYS]] = True
    return float(np.where(free, quiet, usual).sum())


@rule("gap", "warn", "Volume is too low there; look for a missing file.")
def gap(sets: Sets) -> list[Found] | None:
    """A span of days in the middle without any ticket, too long to be chance or holidays."""
    if not sets.has("tickets", "opened"):
        return NO_DATA
    daily = sets.daily
    filled = np.flatnonzero(daily.to_numpy())
    found = []
    for before, after in zip(filled[:-1], filled[1:], strict=True):
        sides = daily.iloc[max(0, before + 1 - _NEAR) : before + 1], daily.iloc[after : after + _NEAR]
        # From a few days, or from a handful of stragglers, no rate can be told.
        if after - before < 2 or min(map(len, sides)) < _NEAREST or min(side.sum() for side in sides) < _FEWEST:
            continue
        span = daily.index[before + 1 : after]
        # What both sides say, because volume may grow or fall from one to the other.
        expected = min(_missing(span, _by_weekday(side)) for side in sides)
        if expected >= UNLIKELY:
            when = f"on {span[0].date()}" if len(span) == 1 else f"from {span[0].date()} to {span[-1].date()}"
            sentence = (
                f"No ticket was opened {when}, where about {expected:,.0f} would be expected; a part of the extract seems to "
                "be missing."
            )
            found.append(Found(0, sentence, {"from": str(span[0].date()), "to": str(span[-1].date())}))
    return found


@rule("stale extract", "warn", "The last days of the cycle are missing; export again.")
def stale_extract(sets: Sets) -> list[Found] | None:
    """No ticket for so long before the cut-off that it cannot be chance or holidays, at the rate tickets came in before."""
    if sets.cutoff is None or not sets.has("tickets", "opened"):
        return NO_DATA
    before = sets.daily.iloc[-_NEAR:]
    if len(before) < 7 or before.sum() < _FEWEST:
        return []
    last = sets.cutoff.tz_convert(sets.zone).tz_localize(None) - pd.Timedelta(seconds=1)
    empty = pd.date_range(before.index[-1] + pd.Timedelta(days=1), last.normalize())
    missing = _missing(empty, _by_weekday(before)) if len(empty) else 0
    if missing < UNLIKELY:
        return []
    days = len(empty)
    sentence = (
        f"No ticket was opened in the last {verb(days, 'day', f'{days} days')} before the cut-off, where about {missing:,.0f} "
        "would be expected; the export is too old."
    )
    return [Found(0, sentence, {"days": days})]
