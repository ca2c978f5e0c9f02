"""Set rules about how many rows there are when: thin ends, gaps, and an extract that is too old."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from sipnb.records.quality.findings import NO_DATA, Found, Sets, count, rule, verb
from sipnb.records.quality.silences import (
    JUDGED,
    LONGER,
    LONGER_INSIDE,
    at_the_end,
    behind,
    by_weekday,
    counting,
    endless,
    inside,
    missing,
    resting_on,
)
from sipnb.tables import TABLES

#: A chance of one in a million is not chance: e^-14.
CHANCE, UNLIKELY = 1e-6, 14
#: A month is thin that brings less than this share of the usual.
_THIN = 0.2
#: What is usual before and after a gap is told from eight weeks on either side, and from no less than two.
_NEAR, _NEAREST = 56, 14
_FEWEST = 20  # tickets
#: More spans without a ticket than this, of about one length, are how its tickets come in.
_FEW_GAPS = 3
_DAY = pd.Timedelta(days=1)
#: The median of a squared standard normal number.
_MEDIAN = 0.455
#: Other services go on while they bring more than this part of what they brought before.
_GO_ON = 0.5


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
    from scipy import stats  # half a second that a run on frozen records need not spend

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


def _gaps(daily: pd.Series) -> list[tuple[pd.DatetimeIndex, float]]:
    """Spans of days without a ticket that are too long to be chance or holidays, and how many would be expected."""
    filled = np.flatnonzero(daily.to_numpy())
    # What has silences of its own — weekends, month ends, batches — is missing only where one is longer than those.
    least = max(2, 1 + LONGER_INSIDE * _usual_silence(daily, _FEW_GAPS))
    found = []
    for at in np.flatnonzero(np.diff(filled) >= least):
        before, after = filled[at], filled[at + 1]
        sides = daily.iloc[max(0, before + 1 - _NEAR) : before + 1], daily.iloc[after : after + _NEAR]
        # From a few days, or from a handful of stragglers, no rate can be told.
        if min(map(len, sides)) < _NEAREST or min(side.sum() for side in sides) < _FEWEST:
            continue
        span = daily.index[before + 1 : after]
        # What both sides say, because volume may grow or fall from one to the other.
        expected = min(missing(span, by_weekday(side)) for side in sides)
        if _unlikely(expected, daily):
            found.append((span, expected))
    return found


def _unlikely(expected: float, daily: pd.Series) -> bool:
    """Whether no ticket at all is too unlikely where so many are expected, given how tickets bunch in this series.

    Were they Poisson, the chance of none would be e^-expected. Good and bad weeks make silences likelier: with weekly
    sums whose variance is phi times their mean, a negative binomial says phi^(-expected / (phi - 1)).
    """
    weeks = daily.iloc[len(daily) % 7 :].to_numpy().reshape(-1, 7).sum(axis=1)
    # From one week to the next, so that growth is no bunching; their median, so that neither holidays nor the gap itself are.
    steps = np.square(np.diff(weeks))
    phi = np.median(steps) / _MEDIAN / (2 * weeks.mean()) if len(steps) and weeks.any() else 1.0
    return expected * (np.log(phi) / (phi - 1) if phi > 1 else 1.0) >= UNLIKELY


def _usual_silence(daily: pd.Series, but: int) -> int:
    """How many days without a ticket follow each other at most, but for so many spans."""
    silences = np.sort(np.diff(np.flatnonzero(daily.to_numpy())) - 1)[::-1]
    return int(silences[but]) if len(silences) > but else 0


def _when(span: pd.DatetimeIndex) -> str:
    return f"on {span[0].date()}" if len(span) == 1 else f"from {span[0].date()} to {span[-1].date()}"


def _silent(since: pd.Timestamp, until: pd.Timestamp | None = None, service: str | None = None) -> dict:
    """What the silence of tickets in a span of days does to the plan."""
    return {
        "refuses": resting_on("tickets"), "withholds": counting("tickets"), "since": since.date().isoformat(),
        "until": None if until is None else until.date().isoformat(), "table": "tickets", "service": service,
    }  # fmt: skip


@rule("gap", "warn", "Nothing is counted in the time it covers; look for a missing file.")
def gap(sets: Sets) -> list[Found] | None:
    """A span of days in the middle of a table without any row, too long to be chance or holidays."""
    looked = [t for t in JUDGED if sets.has(t, TABLES[t].at)]
    if not sets.has("tickets", "opened") and not looked:
        return NO_DATA
    found = []
    for span, expected in _gaps(sets.daily) if sets.has("tickets", "opened") else []:
        sentence = (
            f"No ticket was opened {_when(span)}, where about {expected:,.0f} would be expected; a part of the extract seems to "
            "be missing."
        )
        facts = {"from": str(span[0].date()), "to": str(span[-1].date())}
        found.append(Found(0, sentence, facts, **_silent(span[0], span[-1] + _DAY)))
    return [*found, *filter(None, (inside(sets, table) for table in looked))]


@rule("gap of a service", "warn", "Nothing is counted for it in the time it covers; look for a missing file.")
def gap_of_a_service(sets: Sets) -> list[Found] | None:
    """A span of days without a ticket of one service, too long to be chance or holidays, while those of others go on."""
    if not sets.has("tickets", "opened"):
        return NO_DATA
    found: list[Found] = []
    for service, daily in _by_service(sets):
        others = sets.daily - daily.reindex(sets.daily.index, fill_value=0)
        for span, n in _gaps(daily):
            if not _go_on(others, span):
                continue
            sentence = (
                f"No ticket of {service} was opened {_when(span)}, where about {n:,.0f} would be expected, and those of others "
                "go on; its part of the extract seems to be missing."
            )
            found.append(Found(0, sentence, {}, **_silent(span[0], span[-1] + _DAY, service)))
        if (end := _ended(daily, others)) is not None:
            sentence = (
                f"The last ticket of {service} was opened on {daily.index[-1].date()}; since then about {end:,.0f} would be "
                "expected, and those of others go on. Is the service gone, or its part of the extract missing?"
            )
            found.append(Found(0, sentence, {}, **_silent(daily.index[-1] + _DAY, None, service)))
    return found


def _go_on(others: pd.Series, span: pd.DatetimeIndex) -> bool:
    """Whether the tickets of all other services come in during a span about as they did before it."""
    before = others[: span[0] - _DAY].iloc[-_NEAR:]
    return len(before) > 0 and others.reindex(span, fill_value=0).mean() > _GO_ON * before.mean()


def _is_usual(daily: pd.Series, empty: pd.DatetimeIndex) -> bool:
    """Whether a silence is hardly longer than others that passed."""
    return len(empty) == 0 or len(empty) < LONGER * _usual_silence(daily, 1)


def _ended(daily: pd.Series, others: pd.Series) -> float | None:
    """How many tickets would be expected after the last one of a service, if that is too many to be chance."""
    before, empty = daily.iloc[-_NEAR:], pd.date_range(daily.index[-1] + _DAY, others.index[-1])
    if (
        not len(empty)
        or len(before) < _NEAREST
        or before.sum() < _FEWEST
        or not _go_on(others, empty)
        or _is_usual(daily, empty)
    ):
        return None
    expected = missing(empty, by_weekday(before))
    return expected if _unlikely(expected, daily) else None


def _by_service(sets: Sets) -> Iterator[tuple[str, pd.Series]]:
    """The tickets opened on each day of each service that has enough of them, from its first day to its last."""
    days, halves = sets.daily.index, sets.opened
    place = days.get_indexer(halves["at"].dt.tz_localize(None).dt.normalize())
    sets.con.register("days_of_halves", pd.DataFrame({"half": halves["half"], "day": place}))
    counted = sets.frame(
        "SELECT service::VARCHAR AS service, day, count(*) AS n FROM tickets JOIN days_of_halves "
        "ON half = epoch_ms(opened) // 1800000 GROUP BY ALL ORDER BY ALL"
    )
    if counted["service"].nunique() < 2:
        return  # then the organisation's own gaps are the service's
    for service, mine in counted.groupby("service"):
        if mine["n"].sum() >= 2 * _FEWEST:
            first, last = mine["day"].iloc[[0, -1]]
            daily = np.zeros(last + 1 - first, dtype="int64")
            daily[mine["day"] - first] = mine["n"]
            yield str(service), pd.Series(daily, index=days[first : last + 1])


@rule("stale extract", "warn", "What is counted after its last row is no data; export again.")
def stale_extract(sets: Sets) -> list[Found] | None:
    """No row of a table for so long before the cut-off that it cannot be chance or holidays, at the rate they came before."""
    if sets.cutoff is None:
        return NO_DATA
    found = [_stale_tickets(sets)] if sets.has("tickets", "opened") else []
    found += [at_the_end(sets, table) for table in JUDGED if sets.has(table, TABLES[table].at)]
    found += [behind(sets, table) for table in ("costs", "measurements", "usage") if sets.has(table)]
    return [one for one in found if one is not None] if found else NO_DATA


def _stale_tickets(sets: Sets) -> Found | None:
    before = sets.daily.iloc[-_NEAR:]
    if len(before) < 7 or before.sum() < _FEWEST:
        return None
    last = sets.cutoff.tz_convert(sets.zone).tz_localize(None) - pd.Timedelta(seconds=1)
    empty = pd.date_range(before.index[-1] + _DAY, last.normalize())
    if _is_usual(sets.daily, empty):
        return None
    expected = missing(empty, by_weekday(before)) if len(empty) else 0
    if not _unlikely(expected, sets.daily):
        return None
    days = len(empty)
    sentence = (
        f"No ticket was opened in the last {verb(days, 'day', f'{days} days')} before the cut-off, where about {expected:,.0f} "
        "would be expected; the export is too old."
    )
    return Found(0, sentence, {"days": days}, **_silent(before.index[-1] + _DAY))


@rule(
    "outage without an end",
    "warn",
    "It is down no longer than outages lasted here, then it is not known whether it is up.",
)
def outage_without_an_end(sets: Sets) -> list[Found] | None:
    """Outages that nobody wrote an end for."""
    return endless(sets) if sets.has("outages") else NO_DATA
