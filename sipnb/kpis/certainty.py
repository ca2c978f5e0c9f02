"""How much cycles differ beyond what counting explains, and intervals that allow for it.

A share of 900 tickets is known to a point or two, but next month's differs by more: who is away, what broke. What a cycle did
is a count and needs no interval; where the level of the service lies is judged by how much its cycles vary around it. The
interval of every figure is as wide as the larger of the two: that of counting, and that of the cycles' own scatter.

Source: Laney (2002), Quality Engineering 14, 531-537, for shares; Student's t with the scatter's degrees of freedom throughout.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from sipnb.catalogue import Kpi
from sipnb.methods import proportions, scatter, spc

#: With fewer cycles nothing is known of how much they vary.
FEWEST = 3
#: By how much the level of a cycle usually differs from the next, before any is seen: a point and a half of a share of .85 (on
#: its even scale), an eighth of a duration, three points of a share of time; with the weight of so many degrees of freedom.
USUAL, BELIEVED = {"share": 0.02, "duration": 0.12, "share of time": 0.03}, 4.0
#: A change this improbable is taken out before the scatter around a level is measured.
SEEMS = 0.05


def near_normal(known: Kpi, line: pd.DataFrame, sizes: pd.Series | None = None) -> pd.Series:
    """The measure on a scale on which its points vary alike to both sides; `sizes` of the points where they are not alike."""
    if known.kind == "share":
        return spc.stabilised_share(line["numerator"], line["denominator"])
    if known.kind in ("count", "rare"):
        return spc.stabilised_count(line["value"], sizes)
    if logarithmic(known, line):
        return np.log(line["value"])
    return line["value"]


def logarithmic(known: Kpi, line: pd.DataFrame) -> bool:
    """Whether a measure's points are compared by their ratio."""
    return known.kind == "duration" and bool((line["value"].dropna() > 0).all())


def level(known: Kpi, line: pd.DataFrame) -> float:
    """The level of these points: the share of all their cases, the geometric mean of durations, the mean of all else."""
    if line.empty:
        return math.nan
    if known.kind == "share":
        return float(line["numerator"].sum() / line["denominator"].sum())
    if logarithmic(known, line):
        return float(np.exp(np.log(line["value"]).mean()))
    return float(line["value"].mean())


def change(known: Kpi, values: pd.Series, season: int | None = None) -> spc.Change:
    """Whether the latest of these values, on the scale of `near_normal`, differ from the earlier ones."""
    return spc.change(values, good="neutral", season=season, stabilised=known.kind in ("share", "count", "rare"))


def latest_change(
    known: Kpi, line: pd.DataFrame, near_normal: pd.Series, season: int | None = None
) -> tuple[spc.Change, float]:
    """What the latest points of a line show, and the level of those before; `near_normal` holds the same points.

    What is back on its old side already is no change to tell of: its p is 1 then.
    """
    found, there = change(known, near_normal, season), line[near_normal.notna()]
    usual = level(known, there.iloc[: -found.window] if found.window else there)
    if found.direction and found.direction * (there["value"].iloc[-1] - usual) <= 0:
        found = replace(found, p=1.0, direction=0)
    return found, usual


def steady(values: np.ndarray, change: spc.Change) -> np.ndarray:
    """The values with a change that seems real taken out."""
    if not change.p < SEEMS:
        return values
    moved = np.ones(change.window) if change.form == "step" else np.linspace(0, 2, change.window)
    return values - np.r_[np.zeros(len(values) - change.window), moved * (change.after - change.before)]


def _pooled(seen: scatter.Spread, usual: float | pd.Series) -> float | pd.Series:
    """The scatter seen, with what is usual as if it had been seen in BELIEVED more: three months hardly tell it."""
    return np.sqrt((seen.freedom * seen.value**2 + BELIEVED * usual**2) / (seen.freedom + BELIEVED))


def scattered(known: Kpi, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame of a KPI, a row a cycle, with intervals that hold the level and not only this cycle's cases.

    Availability comes with the scatter of its outages already; what has no interval gets none.
    """
    if known.kind not in ("share", "share of time", "duration", "value") or known.tables[0] == "outages":
        return frame
    there = frame["value"].notna()
    points = int(there.sum())
    if points < FEWEST or not frame["low"].notna().any():
        return frame
    values = near_normal(known, frame[there]).to_numpy(dtype=float)
    spread = scatter.of_drifting(steady(values, change(known, pd.Series(values))))
    low, high = _bounds(known, frame, spread)
    told = there & frame["low"].notna() & frame["high"].notna()
    return frame.assign(
        low=np.fmin(low, frame["low"]).where(told, frame["low"]),
        high=np.fmax(high, frame["high"]).where(told, frame["high"]),
    )


def _bounds(known: Kpi, frame: pd.DataFrame, seen: scatter.Spread) -> tuple[pd.Series, pd.Series]:
    value, usual = frame["value"], USUAL.get(known.kind, seen.value)
    times = seen._replace(freedom=seen.freedom + (BELIEVED if known.kind in USUAL else 0)).quantile()
    if known.kind == "share":
        # Twice the root of n turns shares on their even scale into standard deviations of counting.
        spread = _pooled(seen, np.sqrt(1 + 4 * frame["denominator"] * usual**2))
        # As if fewer cases had been counted: so many that counting alone would scatter as the cycles do.
        fewer = np.maximum(1.0, spread * times / float(stats.norm.ppf(0.975))) ** 2
        found = proportions.wilson_series(frame["numerator"] / fewer, frame["denominator"] / fewer)
        return found["low"], found["high"]
    spread = _pooled(seen, usual)
    if logarithmic(known, frame):
        return value * math.exp(-times * spread), value * math.exp(times * spread)
    low, high = value - times * spread, value + times * spread
    if known.kind == "share of time":
        return low.clip(0, 1), high.clip(0, 1)
    # Nothing that is never negative could be below nought.
    return (low.clip(lower=0) if (value.dropna() >= 0).all() else low), high


def around(known: Kpi, value: float, spread: float | None, points: int) -> tuple[float, float]:
    """The 95 % interval of the level behind one cycle's plain count or stock; NaN where nothing is known of its scatter."""
    if known.kind == "rare":
        found = proportions.poisson_rate(round(value), 1.0)
        return found.low, found.high
    if spread is None or points < FEWEST:
        return math.nan, math.nan
    half = scatter.Spread(spread, scatter.freedom(points), points).quantile() * spread
    if known.kind == "count":
        # Anscombe's root, in whose units the scatter of counts is measured.
        root = math.sqrt(value + 3 / 8)
        low, high = (max(root + way * half / 2, 0.0) ** 2 - 3 / 8 for way in (-1, 1))
        return max(low, 0.0), high
    return max(0.0, value - half) if value >= 0 else value - half, value + half


def p_value(known: Kpi, value: float, low: float, high: float, target: float) -> float:
    """The two-sided p-value of a figure against a target, read off its 95 % interval; NaN without one.

    Shares are compared by their odds, durations by their ratio, counts by their roots: on these scales the intervals reach as
    far to both sides.
    """
    bound = low if target < value else high
    if math.isnan(bound):
        return math.nan
    at, edge, aim = (_even(known, x) for x in (value, bound, target))
    if not all(map(math.isfinite, (at, edge, aim))):
        at, edge, aim = value, bound, target
    if edge == at:
        return 1.0 if aim == at else 0.0
    return float(2 * stats.norm.sf(stats.norm.ppf(0.975) * abs(aim - at) / abs(edge - at)))


def _even(known: Kpi, x: float) -> float:
    if known.kind in ("share", "share of time"):
        return math.log(x / (1 - x)) if 0 < x < 1 else math.inf
    if known.kind == "duration":
        return math.log(x) if x > 0 else -math.inf
    return math.sqrt(x) if known.kind in ("count", "rare") and x >= 0 else x
