"""Charts of single values: the XmR chart, and the same on logarithms for what is skewed, such as durations.

Limits are the mean ± 2.66 × the mean moving range, after moving ranges of 3.267 × their mean or more are left
out once.

Sources: Wheeler, "Understanding Variation" (1993); NHS England, "Making Data Count", as in NHSRplotthedots.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb.methods.spc.chart import Chart, Fit, assemble

LIMIT_FACTOR = 2.66  # 3 / d2 of a range of two
SCREEN_FACTOR = 3.267  # D4 of a range of two
D2 = 1.128  # mean range of two normal values, in standard deviations


def xmr(
    values: pd.Series,
    *,
    good: str = "up",
    target: float | None = None,
    screen: bool = True,
    groups=None,
    rules: str = "nhs",
) -> Chart:
    """The XmR chart of a series in time order: which points are more than noise.

    ``values``: 1-D Series, nan where there is no data: such points stay as rows and take no part.
    ``good``: the direction that is better, "up", "down", or "neutral" where neither is.
    ``target``: a level to be met on the good side; with ``good="neutral"`` there is nothing to meet.
    ``screen``: leave out extreme moving ranges once. ``groups``: one label a point; each group has its own mean,
    limits and runs (a rebased baseline, see :func:`groups_from`). ``rules``: the set of rules, see :mod:`.rules`.

    Raises ValueError for an unknown ``good`` or ``rules``, an infinite value, groups of another length or with
    gaps, and groups whose points are not next to each other.
    """
    values = pd.Series(values)
    y = values.to_numpy(dtype=float, na_value=np.nan)

    def fit(known: np.ndarray) -> Fit:
        mean, half = limits(y[known], screen)
        return Fit(y[known], mean, mean - half, mean + half, mean, mean - half, mean + half)

    return assemble(
        "XmR", values.index, y, fit, good=good, target=target, groups=groups, rules=rules, limits=basis(screen)
    )


def log_xmr(
    values: pd.Series,
    *,
    good: str = "up",
    target: float | None = None,
    screen: bool = True,
    groups=None,
    rules: str = "nhs",
) -> Chart:
    """The XmR chart of the natural logarithms, in the values' own unit: for durations and costs, skewed to the right.

    The mean is the geometric mean; limits lie as far from it by ratio on both sides, so never below zero. Signals
    are those of the logarithms. Arguments and errors as :func:`xmr`; raises ValueError for a value of zero or less.
    Source: Montgomery, 6th ed., 6.4, on individual values that are not normal.
    """
    values = pd.Series(values)
    y = values.to_numpy(dtype=float, na_value=np.nan)
    if (y <= 0).any():
        at = np.flatnonzero(y <= 0)[0]
        raise ValueError(
            f"{values.index[at]!r}: {y[at]:g} has no logarithm; give nan if nothing was measured, chart true zeros "
            "with xmr, or times between events with t_chart"
        )

    def fit(known: np.ndarray) -> Fit:
        logs = np.log(y[known])
        mean, half = limits(logs, screen)
        plotted = np.exp((mean, mean - half, mean + half))
        return Fit(logs, mean, mean - half, mean + half, *map(float, plotted))

    return assemble(
        "log XmR", values.index, y, fit, good=good, target=target, groups=groups, rules=rules, limits=basis(screen)
    )


def limits(y: np.ndarray, screen: bool = True) -> tuple[float, float]:
    """The mean of ``y`` (no nan), and the distance of the limits from it; 0 for a single point."""
    return float(y.mean()), LIMIT_FACTOR * mean_range(y, screen)


def mean_range(y: np.ndarray, screen: bool) -> float:
    """The mean moving range of ``y``, extreme ranges left out once if ``screen``; 0 for a single point.

    Where screening would leave only ranges of zero (rare events: mostly equal values and a few others), nothing
    is left out: limits of no width would flag every point.
    """
    ranges = np.abs(np.diff(y))
    if not ranges.size:
        return 0.0
    mean = float(ranges.mean())
    if screen:
        kept = ranges[ranges < SCREEN_FACTOR * mean]
        mean = (float(kept.mean()) if kept.size else 0.0) or mean
    return mean


def basis(screen: bool) -> str:
    """The table of chance for limits from moving ranges."""
    return "screened" if screen else "ranges"
