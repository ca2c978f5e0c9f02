"""Reporting cycles: a month (`2026-10`), a quarter (`2026-Q4`) or an ISO week (`2026-W47`).

Bounds are calendar dates in the organisation's zone, half-open. The cut-off is the end of the cycle: nothing that
became known later may enter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

#: The years whose cycles have plans: before them there is no history to look back on, after them none is over.
YEARS = (1970, 2199)

#: Natural season of a series with one value per cycle.
SEASON = {"month": 12, "quarter": 4, "week": 52}


def noun(name: str) -> str:
    """What a reader calls a cycle, from its name: `month`, `quarter` or `week`."""
    return "week" if "W" in name else "quarter" if "Q" in name else "month"


class CycleError(ValueError):
    """A cycle's name that cannot be read; the message says which forms can."""


@dataclass(frozen=True, order=True)
class Cycle:
    """One reporting period: `start` and `end` are local calendar dates, half-open."""

    start: date
    end: date
    kind: str
    zone: str

    @property
    def name(self) -> str:
        """The cycle's identifier, as in paths and on the command line."""
        if self.kind == "month":
            return f"{self.start:%Y-%m}"
        if self.kind == "quarter":
            return f"{self.start.year}-Q{(self.start.month + 2) // 3}"
        year, week, _ = self.start.isocalendar()
        return f"{year}-W{week:02d}"

    @property
    def label(self) -> str:
        """The cycle's name for readers: `October 2026`, `Q4 2026`, `week 47 of 2026`."""
        if self.kind == "month":
            return f"{self.start:%B %Y}"
        if self.kind == "quarter":
            return f"Q{(self.start.month + 2) // 3} {self.start.year}"
        year, week, _ = self.start.isocalendar()
        return f"week {week} of {year}"

    @property
    def short(self) -> str:
        """The label of an axis tick: `Oct 26`, `Q4 26`, `W47`."""
        if self.kind == "month":
            return f"{self.start:%b %y}"
        if self.kind == "quarter":
            return f"Q{(self.start.month + 2) // 3} {self.start:%y}"
        return f"W{self.start.isocalendar()[1]:02d}"

    @property
    def opens(self) -> pd.Timestamp:
        """The first instant of the cycle, in UTC."""
        return _instant(self.start, self.zone)

    @property
    def last_day(self) -> date:
        """The last day of the cycle."""
        return self.end - timedelta(days=1)

    @property
    def cutoff(self) -> pd.Timestamp:
        """The first instant after the cycle, in UTC."""
        return _instant(self.end, self.zone)

    @property
    def cutoff_label(self) -> str:
        """The cut-off for readers, in the organisation's zone."""
        return f"{self.end.day} {self.end:%B %Y} 00:00 {self.zone}"

    @property
    def season(self) -> int:
        """How many cycles of this kind make a year."""
        return SEASON[self.kind]

    def shift(self, steps: int) -> Cycle:
        """The cycle `steps` later (earlier when negative)."""
        if self.kind == "week":
            start = self.start + timedelta(weeks=steps)
        else:
            start = add_months(self.start, steps * (1 if self.kind == "month" else 3))
        return _starting(start, self.kind, self.zone)

    def history(self, count: int) -> list[Cycle]:
        """The last `count` cycles up to and including this one, oldest first."""
        return [self.shift(-back) for back in range(count - 1, -1, -1)]

    def through(self, last: Cycle) -> list[Cycle]:
        """The cycles from this one up to and including `last`, oldest first; none where that is earlier."""
        found, one = [], self
        while one.start <= last.start:
            found.append(one)
            one = one.shift(1)
        return found

    def last_days(self, days: int, before: int = 0) -> Cycle:
        """So many days up to its end, or up to so many days `before` that: alike for a month, a quarter and a week."""
        end = self.end - timedelta(days=before)
        return Cycle(end - timedelta(days=days), end, self.kind, self.zone)

    def containing(self, day: date) -> Cycle:
        """The cycle of the same kind that holds `day`."""
        return containing(day, self.kind, self.zone)

    def first_whole(self, day: date) -> Cycle:
        """The first cycle of the same kind of which no day is before `day`."""
        within = self.containing(day)
        return within if within.start == day else within.shift(1)


def parse(name: str, zone: str) -> Cycle:
    """Read a cycle's name.

    Raises CycleError for anything but `2026-10`, `2026-Q4` or `2026-W47`.
    """
    text = name.strip()
    if (year := re.match(r"\d{4}(?=-)", text)) and not YEARS[0] <= int(year[0]) <= YEARS[1]:
        raise CycleError(
            f"cycle {name!r} is of no year from {YEARS[0]} to {YEARS[1]}; see that its year is what is meant"
        )
    try:
        if match := re.fullmatch(r"(\d{4})-(\d{2})", text):
            return _starting(date(int(match[1]), int(match[2]), 1), "month", zone)
        if match := re.fullmatch(r"(\d{4})-Q([1-4])", text, re.IGNORECASE):
            return _starting(date(int(match[1]), 3 * int(match[2]) - 2, 1), "quarter", zone)
        if match := re.fullmatch(r"(\d{4})-W(\d{2})", text, re.IGNORECASE):
            return _starting(date.fromisocalendar(int(match[1]), int(match[2]), 1), "week", zone)
    except ValueError:
        pass
    raise CycleError(
        f"cycle {name!r} cannot be read; write a month as 2026-10, a quarter as 2026-Q4, a week as 2026-W47"
    )


def last_complete(now: pd.Timestamp, newest: pd.Timestamp, kind: str, zone: str) -> Cycle:
    """The last cycle of `kind` that is over and that the records reach: up to `newest`, give or take a tenth of it."""
    cycle = containing(min(now, newest).tz_convert(zone).date(), kind, zone)
    covered = newest >= cycle.cutoff - (cycle.cutoff - cycle.opens) / 10
    return cycle if covered and cycle.cutoff <= now else cycle.shift(-1)


def containing(day: date, kind: str, zone: str) -> Cycle:
    """The cycle of `kind` that holds the calendar day."""
    if kind == "week":
        return _starting(day - timedelta(days=day.weekday()), kind, zone)
    month = day.month if kind == "month" else 3 * ((day.month - 1) // 3) + 1
    return _starting(date(day.year, month, 1), kind, zone)


def _starting(start: date, kind: str, zone: str) -> Cycle:
    if kind == "week":
        end = start + timedelta(weeks=1)
    else:
        end = add_months(start, 1 if kind == "month" else 3)
    return Cycle(start, end, kind, zone)


def add_months(day: date, months: int) -> date:
    """The first day of the month so many months after that of ``day``."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _instant(day: date, zone: str) -> pd.Timestamp:
    # A midnight that a zone skips is moved forward by zoneinfo's fold rules when converted to UTC.
    return pd.Timestamp(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))).tz_convert("UTC")
