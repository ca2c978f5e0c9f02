"""SLA clocks: how much agreed time lies between two instants, and when a goal falls due.

An agreed calendar is turned once into sorted shift boundaries in UTC and cumulated. The agreed time up to an
instant, `B(t)`, is then one binary search; a duration is `B(end) - B(start)` less `B` over the merged
pauses, and a due time is the inverse of `B`. Nothing loops over tickets, and everything is integer
microseconds, so answers are exact.

What holds everywhere:

* Shifts are half-open: the closing minute is not agreed time.
* A shift belongs to the local day on which it starts: Friday 22:00-06:00 runs into Saturday, and a holiday
  takes away the shifts that start on it, not the end of the night before.
* A boundary inside the gap of a clock change moves forward to the end of the gap; one in the doubled hour is
  the first.
* Whatever is not a time (NaT, NaN) gives NaT or NaN.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays as public_holidays
import numpy as np
import pandas as pd

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_SPAN = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_DAY_MINUTES = 24 * 60
_DAY = 86_400_000_000  # microseconds
_SECOND = 1_000_000
_FURTHEST = 400  # years: a goal that is not reached by then is a mistake, not a goal


@dataclass(frozen=True)
class Calendar:
    """Agreed hours: per weekday (Monday first) the shifts in minutes after local midnight; the zone; the
    days off.

    A shift that runs over midnight ends after minute 1,440. Hashable, so that its boundaries are computed
    once. Build one with `calendar()`.
    """

    week: tuple[tuple[tuple[int, int], ...], ...]
    zone: str
    holidays: frozenset[date] = frozenset()


def calendar(week: dict[str, list[str]], zone: str = "UTC", holidays: Iterable[date] = ()) -> Calendar:
    """The calendar that is open at the local times of `week`, in `zone`, except on `holidays`.

    `week` maps `mon` … `sun` to spans such as `"09:00-12:00"`; an absent day is closed. `"22:00-06:00"` runs
    over midnight, `"00:00-24:00"` is the whole day, and equal ends (`"09:00-09:00"`) are 24 hours.
    Raises `ValueError` for an unknown day, a span that is not one, an unknown zone, or a week that never
    opens.
    """
    unknown = sorted(set(week) - set(DAYS))
    if unknown:
        raise ValueError(f"calendar: unknown day {unknown[0]!r}; days are {', '.join(DAYS)}")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"calendar: unknown time zone {zone!r}; use a name such as 'Europe/Berlin'") from error
    shifts = tuple(tuple(sorted(_span(day, text) for text in week.get(day, ()))) for day in DAYS)
    if not any(shifts):
        raise ValueError("calendar: the week has no opening hours; give at least one day a span like '09:00-17:00'")
    return Calendar(shifts, zone, frozenset(pd.Timestamp(day).date() for day in holidays))


def _span(day: str, text: str) -> tuple[int, int]:
    match = _SPAN.fullmatch(str(text).strip())
    hours = [int(part) for part in match.groups()] if match else []
    if not hours or hours[1] > 59 or hours[3] > 59:
        raise ValueError(f"calendar: {day}: {text!r} is not a span; write it like '09:00-17:00'")
    start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if start >= _DAY_MINUTES or end > _DAY_MINUTES:
        raise ValueError(f"calendar: {day}: {text!r} lies outside 00:00-24:00")
    return start, end if end > start else end + _DAY_MINUTES


#: 24×7: the clock that runs when no hours were agreed.
ALWAYS = calendar({day: ["00:00-24:00"] for day in DAYS}, "UTC")


def holiday_dates(
    country: str, subdivision: str | None, years: Iterable[int], own: Iterable[date] = ()
) -> frozenset[date]:
    """The public holidays in `years`, and the organisation's `own` days off.

    `country` is an ISO 3166 code such as `"DE"`, `subdivision` one such as `"BY"`, or None for what the whole
    country has off.

    Cover every year in which a ticket can fall due: beyond the years asked for, no day is a holiday.
    Raises `ValueError` for a country or subdivision that the `holidays` package does not know.
    """
    try:
        found = public_holidays.country_holidays(country, subdiv=subdivision, years=sorted(set(years)))
    except NotImplementedError as error:
        raise ValueError(f"holiday_dates: no holidays for {country!r} / {subdivision!r}: {error}") from error
    return frozenset(found) | frozenset(own)


def elapsed(calendar: Calendar, start, end, pauses: pd.DataFrame | None = None) -> np.ndarray:
    """The agreed seconds from `start` to `end`, less those of the pauses: float64, one a clock.

    `start`, `end`: UTC times of equal length, or one of them single (naive ones are read as UTC); an `end`
    before its `start` counts backwards. `pauses`: columns `row` (the position of the clock, from 0),
    `start`, `end`; pauses are cut to their clock, overlapping ones count once, and one without an end lasts
    as long as its clock. With pauses this is the *net* clock, without them the *business* clock, and with
    `ALWAYS` the *gross* one.
    Raises `ValueError` for pauses that lack a column or a start, or point at a clock that is not there.
    """
    (start, no_start), (end, no_end) = _micros(start), _micros(end)
    missing = no_start | no_end  # broadcasts, and raises where the lengths disagree
    start, end = np.broadcast_to(start, missing.shape), np.broadcast_to(end, missing.shape)
    if missing.all():
        return np.full(missing.shape, np.nan)
    known = [values[~gone] for values, gone in ((start, missing), (end, missing))]
    shifts = _shifts(calendar, min(map(np.min, known)), max(map(np.max, known)))
    opened, closed = _agreed(shifts, start), _agreed(shifts, end)
    seconds = (closed - opened) / _SECOND
    if pauses is not None and len(pauses):
        seconds = seconds - _paused(shifts, pauses, start, end, opened, closed) / _SECOND
    return np.where(missing, np.nan, seconds)


def due(calendar: Calendar, start, seconds) -> pd.DatetimeIndex:
    """When `seconds` of agreed time have passed since `start`: UTC times, the inverse of `elapsed`.

    A goal that ends with a shift is due at that closing, not at the next opening. With zero seconds this is
    the instant at which the clock begins: `start` itself inside the agreed hours, otherwise the next opening.
    A goal with a pause: add `elapsed(calendar, pause_start, pause_end)` of the pauses before the due time.
    Raises `ValueError` for negative seconds, or a goal not reached within 400 years.
    """
    start, missing = _micros(start)
    goal = np.atleast_1d(np.asarray(seconds, dtype="float64"))
    missing = missing | np.isnan(goal)
    start, goal = np.broadcast_to(start, missing.shape), np.broadcast_to(goal, missing.shape)
    if np.any(goal < 0):
        raise ValueError(f"due: a goal cannot be negative, but {goal[goal < 0][0]:g} s was asked for")
    if missing.all():
        return _times(np.zeros(missing.shape, "int64"), missing)
    goal = np.rint(np.where(missing, 0, np.minimum(goal, 1e12)) * _SECOND).astype("int64")
    first, last = np.min(start[~missing]), np.max(start[~missing])
    years = 1
    while True:
        shifts = _shifts(calendar, first, last + years * 366 * _DAY)
        target = _agreed(shifts, start) + goal
        if target[~missing].max() < shifts.total:
            break
        if years >= _FURTHEST:
            raise ValueError(f"due: a goal of {goal.max() / _SECOND:g} s is not reached within {_FURTHEST} years")
        years *= 2
    # 'left' stops at the closing that completes the goal; nothing to complete means the next open instant
    # instead.
    at = np.searchsorted(shifts.until, target, side="left")
    none = (goal == 0) & ~missing
    at[none] = np.searchsorted(shifts.until, target[none], side="right")
    at = np.minimum(at, len(shifts.start) - 1)
    return _times(shifts.start[at] + target - (shifts.until[at] - shifts.length[at]), missing)


@dataclass(frozen=True)
class _Shifts:
    """Disjoint sorted shifts: start (µs since 1970, UTC), length, and the agreed time up to each end."""

    start: np.ndarray
    length: np.ndarray
    until: np.ndarray

    @property
    def total(self) -> int:
        return int(self.until[-1])


def _shifts(calendar: Calendar, first: int, last: int) -> _Shifts:
    # Whole years, so that nearby ranges share one cached table; the margin holds night shifts and zone
    # offsets.
    years = (
        np.array([first - 3 * _DAY, last + 3 * _DAY], "datetime64[us]").astype("datetime64[Y]").astype("int64") + 1970
    )
    return _shifts_of_years(calendar, int(years[0]), int(years[1]))


@lru_cache(maxsize=64)
def _shifts_of_years(calendar: Calendar, first: int, last: int) -> _Shifts:
    days = np.arange(np.datetime64(f"{first:04d}-01-01") - 2, np.datetime64(f"{last + 1:04d}-01-01") + 2)
    off = np.array(sorted(calendar.holidays), "datetime64[D]")
    days = days[~np.isin(days, off)]
    weekday = (days.astype("int64") + 3) % 7  # 1970-01-01 was a Thursday
    starts, ends = [], []
    for number, spans in enumerate(calendar.week):
        midnights = days[weekday == number].astype("datetime64[m]")
        for start, end in spans:
            starts.append(_utc(midnights + start, calendar.zone))
            ends.append(_utc(midnights + end, calendar.zone))
    start, end = np.concatenate(starts), np.concatenate(ends)
    order = np.argsort(start, kind="stable")
    start, end = start[order], np.maximum.accumulate(end[order])
    # Overlapping or touching shifts are one; a shift that lay wholly inside a clock-change gap has no length
    # left.
    opens = np.r_[True, start[1:] > end[:-1]]
    start, end = start[opens], end[np.r_[opens[1:], True]]
    start, end = start[end > start], end[end > start]
    return _Shifts(start, end - start, np.cumsum(end - start))


def _utc(local: np.ndarray, zone: str) -> np.ndarray:
    """Local wall times as µs since 1970 UTC: forward out of a gap, the first of a doubled hour."""
    index = pd.DatetimeIndex(local.astype("datetime64[us]"))
    first = np.ones(len(index), dtype=bool)
    return index.tz_localize(zone, nonexistent="shift_forward", ambiguous=first).as_unit("us").asi8


def _agreed(shifts: _Shifts, at: np.ndarray) -> np.ndarray:
    """B(t): agreed µs from the start of the table up to each instant."""
    which = np.maximum(np.searchsorted(shifts.start, at, side="right") - 1, 0)
    length = shifts.length[which]
    return shifts.until[which] - length + np.clip(at - shifts.start[which], 0, length)


def _paused(
    shifts: _Shifts,
    pauses: pd.DataFrame,
    start: np.ndarray,
    end: np.ndarray,
    opened: np.ndarray,
    closed: np.ndarray,
) -> np.ndarray:
    """The agreed µs inside the merged pauses of each clock (`opened`, `closed`: B of its ends)."""
    absent = [name for name in ("row", "start", "end") if name not in pauses]
    if absent:
        raise ValueError(f"elapsed: pauses lack the column {absent[0]!r}")
    row = pauses["row"].to_numpy(dtype="int64")
    if row.min() < 0 or row.max() >= len(start):
        raise ValueError(f"elapsed: pauses point at clock {max(row.max(), -row.min())} of {len(start)}")
    (begins, nameless), (ends, endless) = _micros(pauses["start"]), _micros(pauses["end"])
    if nameless.any():
        raise ValueError(f"elapsed: the pause at position {int(np.argmax(nameless))} has no start")
    # Cutting to the clock in agreed time is the same as cutting in wall time, and saves looking up instants
    # outside.
    low, high = opened[row], np.maximum(opened, closed)[row]
    begins = np.clip(_agreed(shifts, np.clip(begins, start[row], None)), low, high)
    ends = np.where(endless, high, np.clip(_agreed(shifts, np.where(endless, end[row], ends)), low, high))
    if len(row) > 1 and not np.all(row[1:] > row[:-1]):
        order = np.lexsort((begins, row))
        row, begins, ends = row[order], begins[order], ends[order]
        reach = pd.Series(ends).groupby(row).cummax().to_numpy()
        same = row[1:] == row[:-1]
        begins[1:] = np.where(same, np.maximum(begins[1:], reach[:-1]), begins[1:])
    return np.bincount(row, weights=np.maximum(ends - begins, 0), minlength=len(start))


def _micros(values) -> tuple[np.ndarray, np.ndarray]:
    """Times as µs since 1970 UTC, and which of them are missing (there the number is 0 and means nothing)."""
    single = np.ndim(values) == 0
    index = pd.DatetimeIndex(pd.to_datetime([values] if single else values, utc=True)).as_unit("us")
    micros, missing = index.asi8, np.asarray(index.isna())
    return np.where(missing, 0, micros) if missing.any() else micros, missing


def _times(micros: np.ndarray, missing: np.ndarray) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(np.where(missing, np.iinfo("int64").min, micros).view("datetime64[us]")).tz_localize("UTC")
