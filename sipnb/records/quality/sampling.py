"""Set rules about which tickets an extract holds: those opened in a span of time, as it should, or those closed in one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from sipnb.records.quality.findings import NO_DATA, Found, Sets, count, rule, verb
from sipnb.records.quality.volumes import CHANCE, UNLIKELY

#: KPIs whose changes are artefacts where finished or long tickets are in an extract and others are not.
_TRENDS = (
    "volume", "volume_per_user", "backlog", "aged_backlog", "cost_per_ticket", "restore_median", "restore_mean", "restore_p90",
    "restore_p95", "acknowledge_median", "sla_attainment", "sla_reported", "sla_gaming_gap", "on_hold_share",
)  # fmt: skip
_DAY = 86_400
#: How long tickets last is told from those of the last quarter of a year.
_LATE = 91 * _DAY
#: All tickets of the exports, those after the cut-off too: which ones were exported does not depend on the cycle.
_EXPORTED = "(SELECT * FROM staged_tickets WHERE _reason IS NULL OR _reason = 'after the cut-off')"


def _ends(sets: Sets) -> list[str]:
    return [c for c in ("closed", "resolved") if sets.exported("tickets", c)]


def _span(sets: Sets, at: str, share: float) -> tuple[int, int, int]:
    """The day (as seconds since 1970) before which `share` of the times lies, the end of the day after which hardly one
    does, and how many times are known."""
    days = sets.frame(
        f"SELECT epoch_ms({at}) // {1000 * _DAY} AS day, count(*) AS n FROM {_EXPORTED} WHERE {at} IS NOT NULL "
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
    "The rise is an artefact: changes of volume, backlog, attainment and time to restore are not claimed.",
)
def sampling_on_closure(sets: Sets) -> list[Found] | None:
    """An extract that took tickets by when they were closed: old ones are in it only if they lasted.

    All closings lie in a window at the end while openings reach back twice as far and more; hardly any ticket opened
    before the window was closed before it; and few of these were done as fast as half of the later ones are.
    Each of the three alone also happens to honest extracts: a service that grew, long tickets, work that got faster.
    """
    ends = _ends(sets)
    if not ends:
        return NO_DATA
    closed = f"coalesce({', '.join(ends)})"
    begin, end, done = _span(sets, closed, 0.01)
    oldest, *_ = _span(sets, "opened", 0.005)
    if done < 100 or end - begin > 0.5 * (end - oldest):
        return []
    # A clean-up fills in `closed` late, but not `resolved`; an extract by closing date has neither early.
    spans = [f"epoch({c}) - epoch(opened)" for c in ends]
    usual = sets.one(
        f"SELECT {', '.join(f'median({s})' for s in spans)} FROM {_EXPORTED} WHERE epoch(opened) >= {begin}"
    )
    known = [(span, value) for span, value in zip(spans, usual, strict=True) if value is not None]
    if not known:
        return []
    fast_by = " OR ".join(f"{span} < {value}" for span, value in known)
    early, fast, before = sets.one(
        f"SELECT count(*), count(*) FILTER ({fast_by}), count(*) FILTER (epoch({closed}) < {begin}) FROM {_EXPORTED} "
        f"WHERE epoch(opened) < {begin - max(value for _, value in known)} AND {closed} IS NOT NULL"
    )
    # Had tickets been taken by when they were opened, half of the early ones would have been as fast. A quarter leaves
    # room for those that were done fast and closed days later.
    slow = fast <= 0.25 * early and stats.binom.cdf(fast, early, 0.5) < CHANCE
    if not slow or before > 0.1 * early:
        return []
    since, back = (pd.Timestamp(day, unit="s").date() for day in (begin, oldest))
    return [
        Found(
            early,
            f"The extract seems to have been taken by closing date: 99 % of {done:,} closings fall after {since}, though "
            f"openings reach back to {back}, and of the {early:,} tickets opened well before, {fast:,} "
            "were done as fast as half of the later ones. The rise in openings is an artefact, and no trend is claimed.",
            {"window": str(since), "early": early, "fast": fast},
            refuses=_TRENDS,
        )
    ]


@rule(
    "no open tickets",
    "warn",
    "The backlog is too small and the last weeks look too good: changes of volume, backlog, attainment and time to restore "
    "are not claimed.",
)
def no_open_tickets(sets: Sets) -> list[Found] | None:
    """An extract of finished tickets only: none is open at its end, though many should be."""
    ends = _ends(sets)
    if not ends or not sets.has("tickets", "opened"):
        return NO_DATA
    ended = f"coalesce({', '.join(reversed(ends))})"
    # Up to the last thing that happened; what tools write for "never" did not.
    rows, waiting, at = sets.one(
        f"SELECT count(*), count(*) FILTER ({ended} IS NULL), epoch(greatest(max(opened), max({ended}))) FROM {_EXPORTED} "
        f"WHERE opened < TIMESTAMP '2090-01-01' AND ({ended} IS NULL OR {ended} < TIMESTAMP '2090-01-01')"
    )
    if rows == waiting:
        return NO_DATA
    # How long tickets last of late, in twentieths: a twentieth of those opened within each lasts longer, at the least.
    (lasts,) = sets.one(
        f"SELECT quantile_cont(epoch({ended}) - epoch(opened), {[k / 20 for k in range(1, 20)]}) FROM {_EXPORTED} "
        f"WHERE epoch(opened) > {at - _LATE} AND {ended} < TIMESTAMP '2090-01-01'"
    )
    if lasts is None:
        return []
    within = ", ".join(f"count(*) FILTER (epoch(opened) > {at - span})" for span in lasts)
    expected = sum(sets.one(f"SELECT {within} FROM {_EXPORTED}")) / 20
    if expected < UNLIKELY or waiting > 0.02 * expected:
        return []
    sentence = (
        f"Of {count(rows, 'ticket')} {f'only {waiting:,}' if waiting else 'none'} {verb(waiting or 1, 'is', 'are')} open in the "
        f"exports as they stand, where about {expected:,.0f} would be expected: they seem to hold finished tickets only, and the "
        "slow ones of the last weeks are missing."
    )
    # Cycles that ended when nearly all of their tickets had been finished are whole.
    since = pd.Timestamp(at - lasts[-1], unit="s").date().isoformat()
    return [Found(waiting, sentence, {"expected": round(expected)}, refuses=_TRENDS, since=since)]
