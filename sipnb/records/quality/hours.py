"""Set rules about the time of day: dates without one, zones that change over time or differ between columns."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb.records.quality.findings import NO_DATA, Found, Sets, count, percent, rule
from sipnb.records.quality.values import columns_of

_FEWEST = 50  # times, below which it says little that they are alike
_DAY, _HOUR = 86_400, 3_600
#: Work that is planned begins and ends at the same hour for good reasons; only at midnight does it look like a mere date.
_PLANNED = ("changes", "outages")
#: Months on either side of a jump in which the hours of the day are compared.
_SIDE = 3
#: No two zones are further apart than this.
_APART = 14 * _HOUR


def _midnights(zone: str) -> list[int]:
    """When the day begins in UTC and in a zone, in winter and in summer, as seconds of the UTC day."""
    days = pd.to_datetime(["2025-01-15", "2025-07-15"]).tz_localize(zone)
    return sorted({0, *(int(day.timestamp()) % _DAY for day in days)})


@rule("midnight", "warn", "Spans of time are whole days there, and hours of the day mean nothing.")
def midnight(sets: Sets) -> list[Found] | None:
    """Times that are at midnight, or all at the same time of day: dates without a time."""
    looked, found = False, []
    for table, name in columns_of(sets, "time"):
        # At whole quarters of an hour only, because otherwise there are as many times of day as seconds.
        at = f'CASE WHEN epoch_ms("{name}") // 1000 % 900 = 0 THEN epoch_ms("{name}") // 1000 % {_DAY} END'
        seconds = sets.frame(
            f'SELECT {at} AS s, count(*) AS n FROM {table} WHERE "{name}" IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1'
        )
        known = int(seconds["n"].sum())
        if known < _FEWEST:
            continue
        looked = True
        seconds = seconds.dropna()
        zero = int(seconds.loc[seconds["s"].isin(_midnights(sets.zone)), "n"].sum())
        top, n = seconds["s"].astype("int64").to_list()[:2], seconds["n"].to_list()[:2]
        # The same hour of any zone is at most two instants of the UTC day, a summer's and a winter's.
        alike = sum(n) if len(top) == 2 and (top[0] - top[1]) % _DAY in (_HOUR, _DAY - _HOUR) else sum(n[:1])
        planned = table in _PLANNED or name == "sla_due"
        if zero >= 0.5 * known:
            rows, where = zero, "at midnight"
        elif alike >= 0.9 * known and not planned:
            rows, where = alike, "at the same time of day"
        else:
            continue
        sentence = (
            f"{rows:,} of {known:,} times ({percent(rows / known)}) in {table}.{name} are {where}: they look like dates without "
            "a time of day."
        )
        found.append(Found(rows, sentence, {"table": table, "column": name}))
    return found if looked else NO_DATA


@rule("zone jump", "warn", "Hours of the day and business hours are wrong on one side of it; give each part its zone.")
def zone_jump(sets: Sets) -> list[Found] | None:
    """The hours at which tickets are opened move as a whole from one month to the next: a zone changed."""
    if not sets.has("tickets", "opened") or sets.opened["n"].sum() < 400:
        return NO_DATA
    at, n = sets.opened["at"], sets.opened["n"]
    # A storm of tickets in one hour says nothing about the hours at which people work.
    usual = n.clip(upper=n.quantile(0.99))
    times = usual.groupby(at.dt.tz_convert("UTC").dt.strftime("%H:%M")).sum()
    if times.nlargest(2).sum() > 0.9 * usual.sum():
        return NO_DATA  # they are dates, of whatever zone, and another rule's
    counts = (
        pd.DataFrame({"month": at.dt.strftime("%Y-%m"), "hour": at.dt.hour, "n": usual})
        .pivot_table(index="month", columns="hour", values="n", aggfunc="sum", fill_value=0)
        .reindex(columns=range(24), fill_value=0)
        .sort_index()
    )
    found: list[tuple[int, int]] = []
    for i in range(1, len(counts)):
        sides = _sides(counts, i)
        hours = _shift(*sides)
        # A jump shows at its sharpest edge: the months around it see it blurred.
        if hours and (not found or i - found[-1][0] >= _SIDE):
            found.append((i, hours))
        elif hours and _distance(*sides) > _distance(*_sides(counts, found[-1][0])):
            found[-1] = (i, hours)
    return [
        Found(
            int(counts.iloc[i:].to_numpy().sum()),
            f"From {counts.index[i]} on tickets are opened {count(abs(hours), 'hour')} {'later' if hours > 0 else 'earlier'} in "
            f"the day than before: {_why(hours)}.",
            {"month": counts.index[i], "hours": hours},
        )
        for i, hours in found
    ]


def _why(hours: int) -> str:
    if abs(hours) == 1:
        return "summer time seems to be missing or counted twice on one side, or `zone` in workbook.yml is not that of the users"
    return "the zone in which times are written seems to have changed"


def _sides(counts: pd.DataFrame, i: int) -> tuple[np.ndarray, np.ndarray]:
    return counts.iloc[max(0, i - _SIDE) : i].sum().to_numpy(), counts.iloc[i : i + _SIDE].sum().to_numpy()


def _distance(before: np.ndarray, after: np.ndarray, shift: int = 0) -> float:
    """Squared distance of two profiles of the day, the second moved back by `shift` hours."""
    return float((((before / before.sum()) - np.roll(after / after.sum(), -shift)) ** 2).sum())


def _shift(before: np.ndarray, after: np.ndarray) -> int:
    """By how many hours a profile of the day moved; 0 where chance or another change of habit explains it.

    A jump moves all hours alike: moved back, the profiles are the same up to chance. A night shift is no such move.
    """
    if min(before.sum(), after.sum()) < 200:
        return 0
    noise = 1 / before.sum() + 1 / after.sum()
    stays = _distance(before, after)
    best = min((s for s in range(-11, 13) if s), key=lambda s: (_distance(before, after, s), abs(s)))
    moved = _distance(before, after, best)
    return best if stays > 8 * noise and moved < 0.2 * stays else 0


@rule(
    "columns in different zones",
    "warn",
    "Only fast tickets are set aside for it, so that time to restore looks too long; export both in one zone.",
)
def columns_in_different_zones(sets: Sets) -> list[Found] | None:
    """Tickets that ended before they were opened, but never by more than some hours: two columns in two zones."""
    ends = [c for c in ("acknowledged", "resolved", "closed") if sets.exported("tickets", c)]
    if not ends:
        return NO_DATA
    found = []
    for name in ends:
        wrong, known, most, usual = sets.one(
            "SELECT count(*) FILTER (ahead > 0), count(*), quantile_cont(ahead, 0.98) FILTER (ahead > 0), "
            "median(ahead) FILTER (ahead > 0) FROM "
            f'(SELECT epoch(opened) - epoch("{name}") AS ahead FROM staged_tickets WHERE "{name}" IS NOT NULL AND '
            f"opened IS NOT NULL AND (_reason IS NULL OR _reason = '{name} before opened'))"
        )
        # Clocks that are some minutes off are no zone, nor is a typing error of days.
        if wrong < 20 or wrong < 0.002 * known or most > _APART or usual < 600:
            continue
        hours = max(1, round(most / _HOUR))
        sentence = (
            f"{wrong:,} of {count(known, 'ticket')} ({percent(wrong / known)}) were {name} before they were opened, nearly all "
            f"of them by less than about {count(hours, 'hour')}: the two columns seem to be written in different zones."
        )
        found.append(Found(wrong, sentence, {"column": name, "hours": hours}))
    return found
