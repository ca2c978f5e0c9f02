"""Set rules about which records an extract holds: those that began in a span of time, as it should, or those that ended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sipnb.records.quality.findings import NO_DATA, Found, Sets, count, rule, verb
from sipnb.records.quality.silences import resting_on, stocks
from sipnb.records.quality.volumes import CHANCE, UNLIKELY

#: KPIs whose changes are artefacts where finished or long tickets are in an extract and others are not.
_TRENDS = (
    "volume", "volume_per_user", "backlog", "aged_backlog", "cost_per_ticket", "restore_median", "restore_mean", "restore_p90",
    "restore_p95", "acknowledge_median", "sla_attainment", "sla_reported", "sla_gaming_gap", "on_hold_share",
)  # fmt: skip
_DAY = 86_400
_YEAR = 364 * _DAY
#: Where tables say when a record began, and by which columns it ended; with how many endings there is something to tell.
_LIVES = {
    "tickets": ("opened", ("closed", "resolved"), 100),
    "problems": ("opened", ("closed", "resolved"), 30),
    "changes": ("started", ("ended",), 30),
    "outages": ("started", ("ended",), 30),
}


@dataclass(frozen=True)
class _Lives:
    """A table whose records begin and end: all rows of its exports, those after the cut-off too, because which ones were
    exported does not depend on the cycle."""

    sets: Sets
    table: str

    @property
    def began(self) -> str:
        return _LIVES[self.table][0]

    @property
    def ends(self) -> list[str]:
        return [c for c in _LIVES[self.table][1] if self.sets.exported(self.table, c)]

    @property
    def rows(self) -> str:
        return f"(SELECT * FROM staged_{self.table} WHERE _reason IS NULL OR _reason = 'after the cut-off')"

    @property
    def refuses(self) -> tuple[str, ...]:
        return _TRENDS if self.table == "tickets" else resting_on(self.table)


def _lives(sets: Sets) -> list[_Lives]:
    each = [_Lives(sets, table) for table in _LIVES if sets.has(table, _LIVES[table][0])]
    return [one for one in each if one.ends]


def _span(one: _Lives, at: str, share: float) -> tuple[int, int, int]:
    """The day (as seconds since 1970) before which `share` of the times lies, the end of the day after which hardly one
    does, and how many times are known."""
    days = one.sets.frame(
        f"SELECT epoch_ms({at}) // {1000 * _DAY} AS day, count(*) AS n FROM {one.rows} WHERE {at} IS NOT NULL "
        "GROUP BY 1 ORDER BY 1"
    )
    if days.empty:
        return 0, 0, 0
    known = days["n"].sum()
    first, last = (days["day"].iloc[np.searchsorted(days["n"].cumsum(), s * known)] for s in (share, 0.999))
    return int(first) * _DAY, int(last + 1) * _DAY, int(known)


@rule(
    "sampling on closure",
    "warn",
    "The rise is an artefact: changes of volume, attainment and time to restore are not claimed, and there is no backlog.",
)
def sampling_on_closure(sets: Sets) -> list[Found] | None:
    """An extract that took records by when they were closed: old ones are in it only if they lasted.

    All closings lie in a window at the end while openings reach back twice as far and more; hardly any record opened
    before the window was closed before it; and few of these were done as fast as half of the later ones are.
    Each of the three alone also happens to honest extracts: a service that grew, long tickets, work that got faster.
    """
    looked = _lives(sets)
    return [found for one in looked if (found := _sampled(one)) is not None] if looked else NO_DATA


def _sampled(one: _Lives) -> Found | None:
    sets, ends, began = one.sets, one.ends, one.began
    closed = f"coalesce({', '.join(ends)})"
    begin, end, done = _span(one, closed, 0.01)
    oldest, *_ = _span(one, began, 0.005)
    if done < _LIVES[one.table][2] or end - begin > 0.5 * (end - oldest):
        return None
    # A clean-up fills in `closed` late, but not `resolved`; an extract by closing date has neither early.
    spans = [f"epoch({c}) - epoch({began})" for c in ends]
    usual = sets.one(
        f"SELECT {', '.join(f'median({s})' for s in spans)} FROM {one.rows} WHERE epoch({began}) >= {begin}"
    )
    known = [(span, value) for span, value in zip(spans, usual, strict=True) if value is not None]
    if not known:
        return None
    fast_by = " OR ".join(f"{span} < {value}" for span, value in known)
    early, fast, before = sets.one(
        f"SELECT count(*), count(*) FILTER ({fast_by}), count(*) FILTER (epoch({closed}) < {begin}) FROM {one.rows} "
        f"WHERE epoch({began}) < {begin - max(value for _, value in known)} AND {closed} IS NOT NULL"
    )
    # Had records been taken by when they began, half of the early ones would have been as fast. A quarter leaves
    # room for those that were done fast and closed days later.
    from scipy import stats  # half a second that a run on frozen records need not spend

    slow = fast <= 0.25 * early and stats.binom.cdf(fast, early, 0.5) < CHANCE
    if not slow or before > 0.1 * early:
        return None
    since, back = (pd.Timestamp(day, unit="s").date() for day in (begin, oldest))
    which = "The extract seems" if one.table == "tickets" else f"The extract of {one.table} seems"
    return Found(
        early,
        f"{which} to have been taken by closing date: 99 % of {done:,} closings fall after {since}, though "
        f"openings reach back to {back}, and of the {early:,} {one.table} opened well before, {fast:,} "
        "were done as fast as half of the later ones. The rise in openings is an artefact, and no trend is claimed.",
        {"window": str(since), "early": early, "fast": fast},
        refuses=one.refuses, withholds=stocks(one.table), table=one.table,
    )  # fmt: skip


@rule(
    "no open tickets",
    "warn",
    "The last weeks look too good: changes of volume, attainment and time to restore are not claimed, and there is no backlog.",
)
def no_open_tickets(sets: Sets) -> list[Found] | None:
    """An extract of finished records only: none is open at its end, though many should be."""
    looked = _lives(sets)
    return [found for one in looked if (found := _none_open(one)) is not None] if looked else NO_DATA


def _none_open(one: _Lives) -> Found | None:
    sets, began = one.sets, one.began
    ended = f"coalesce({', '.join(reversed(one.ends))})"
    # Up to the last thing that happened; what tools write for "never" did not.
    rows, waiting, at, covered = sets.one(
        f"SELECT count(*), count(*) FILTER ({ended} IS NULL), epoch(greatest(max({began}), max({ended}))), "
        f"epoch(max({began})) - epoch(min({began})) FROM {one.rows} "
        f"WHERE {began} < TIMESTAMP '2090-01-01' AND ({ended} IS NULL OR {ended} < TIMESTAMP '2090-01-01')"
    )
    # A few days tell no usual: what came in on the last of them may just have been easy.
    if rows == waiting or covered < 28 * _DAY:
        return None
    # How long records last, in twentieths: told from those old enough that nearly all of their like have ended.
    within_a_year = f"epoch({began}) > {at - _YEAR} AND {ended} < TIMESTAMP '2090-01-01'"
    (old,) = sets.one(
        f"SELECT quantile_cont(epoch({ended}) - epoch({began}), 0.95) FROM {one.rows} WHERE {within_a_year}"
    )
    if old is None:
        return None
    lasting = f"SELECT quantile_cont(epoch({ended}) - epoch({began}), {[k / 20 for k in range(1, 20)]}) FROM {one.rows} WHERE "
    (lasts,) = sets.one(f"{lasting}{within_a_year} AND epoch({began}) < {at - old}")
    if lasts is None:
        (lasts,) = sets.one(f"{lasting}{within_a_year}")
    within = ", ".join(f"count(*) FILTER (epoch({began}) > {at - span})" for span in lasts)
    younger = np.diff([0, *sets.one(f"SELECT {within} FROM {one.rows}")])
    # For each that ended before an age at which the share p of its like are still open, p / (1 - p) others should be open.
    still = np.arange(19, 0, -1) / 20
    expected = float((younger * np.minimum(still / (1 - still), 1.0)).sum())
    if expected < UNLIKELY or waiting > 0.02 * expected:
        return None
    row = one.table.removesuffix("s")
    sentence = (
        f"Of {count(rows, row)} {f'only {waiting:,}' if waiting else 'none'} {verb(waiting or 1, 'is', 'are')} open in the "
        f"exports as they stand, where about {expected:,.0f} would be expected: they seem to hold finished {one.table} only, and "
        "the slow ones of the last weeks are missing."
    )
    # Cycles that ended when nearly all of their records had been finished are whole.
    since = pd.Timestamp(at - lasts[-1], unit="s").date().isoformat()
    return Found(waiting, sentence, {"expected": round(expected)}, refuses=one.refuses, withholds=stocks(one.table),
                 since=since, table=one.table)  # fmt: skip
