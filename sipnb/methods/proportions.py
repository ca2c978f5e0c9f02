"""Shares and means with their intervals: how sure one may be of "81 of 263" or of an average cost.

Sources: Wilson (1927); Clopper and Pearson (1934); Newcombe (1998), Statistics in Medicine 17, 873-890, method 10;
Efron (1987), "Better bootstrap confidence intervals". Wilson, Clopper-Pearson and Newcombe are statsmodels'.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

#: Above this many values the mean of even very skewed data is near normal, and resampling only costs time.
RESAMPLED_UP_TO = 5_000
RESAMPLES = 2_000


@dataclass(frozen=True)
class Estimate:
    """A number, its interval, and the number of cases behind it.

    All three numbers are nan where there is nothing to estimate from (``n == 0``): "no data" is never zero.
    """

    value: float
    low: float
    high: float
    n: int


NO_DATA = Estimate(math.nan, math.nan, math.nan, 0)


def wilson(successes: int, n: int, level: float = 0.95) -> Estimate:
    """The share ``successes / n`` with Wilson's score interval: good at small n, never outside 0..1.

    Raises ValueError unless ``0 <= successes <= n`` and ``0 < level < 1``.
    """
    return _share(successes, n, level, "wilson")


def exact(successes: int, n: int, level: float = 0.95) -> Estimate:
    """The share ``successes / n`` with the Clopper-Pearson interval: covers at least ``level``, always.

    Wider than Wilson's; for claims that must not be too bold. Raises as :func:`wilson`.
    """
    return _share(successes, n, level, "beta")


def newcombe(successes_1: int, n_1: int, successes_2: int, n_2: int, level: float = 0.95) -> Estimate:
    """The difference ``successes_1 / n_1 - successes_2 / n_2`` with Newcombe's method 10 (hybrid score).

    Holds at boundary counts (0 of n, n of n). ``n`` of the result is ``n_1 + n_2``; nan where either side has
    no cases. Raises as :func:`wilson`.
    """
    _check(successes_1, n_1, level, "first group")
    _check(successes_2, n_2, level, "second group")
    n = int(n_1 + n_2)
    if n_1 == 0 or n_2 == 0:
        return Estimate(math.nan, math.nan, math.nan, n)
    low, high = confint_proportions_2indep(
        successes_1, n_1, successes_2, n_2, compare="diff", method="newcomb", alpha=1 - level
    )
    return Estimate(successes_1 / n_1 - successes_2 / n_2, float(low), float(high), n)


def wilson_series(successes, n, level: float = 0.95) -> pd.DataFrame:
    """Wilson's interval for every pair of two equally long arrays: columns value, low, high, n.

    Keeps the index of ``successes`` where it is a Series. Rows with ``n == 0``, or where either number is
    missing, are nan with n 0. Raises ValueError where lengths differ or any row has successes outside 0..n,
    naming the first such row.
    """
    index = successes.index if isinstance(successes, pd.Series) else None
    k, size = np.asarray(successes, dtype=float), np.asarray(n, dtype=float)
    if k.ndim != 1 or k.shape != size.shape:
        raise ValueError(f"successes and n must be equally long 1-D arrays, not {k.shape} and {size.shape}")
    _check_level(level)
    wrong = np.flatnonzero((k < 0) | (size < 0) | (k > size))
    if wrong.size:
        at = wrong[0]
        raise ValueError(
            f"row {at if index is None else index[at]!r}: {k[at]:g} successes of n {size[at]:g}; "
            "successes must lie between 0 and n"
        )
    known = (size > 0) & ~np.isnan(k)
    out = np.full((3, len(k)), np.nan)
    if known.any():
        out[0, known] = k[known] / size[known]
        out[1, known], out[2, known] = _bounds(k[known], size[known], level, "wilson")
    counted = np.where(known, size, 0).astype("int64")
    return pd.DataFrame({"value": out[0], "low": out[1], "high": out[2], "n": counted}, index=index)


def mean_interval(values, level: float = 0.95, seed: int = 0) -> Estimate:
    """The mean of skewed values (money, hours) with a bootstrap interval (BCa, 2,000 resamples, seeded).

    Missing values are left out. One value has a mean but no interval (nan). Equal values give an interval of
    zero width. Above 5,000 values the interval is Student's t. Same input and seed: same answer.
    Raises ValueError where a value is infinite.
    """
    _check_level(level)
    x = np.asarray(values, dtype=float)
    x = x[~np.isnan(x)]
    if np.isinf(x).any():
        raise ValueError("values hold an infinite number; a mean of it says nothing: remove or correct it")
    n = len(x)
    if n == 0:
        return NO_DATA
    mean = float(x.mean())
    if n == 1:
        return Estimate(mean, math.nan, math.nan, 1)
    spread = float(x.std(ddof=1))
    if spread <= 1e-12 * abs(mean):
        return Estimate(mean, mean, mean, n)
    tail = (1 - level) / 2
    if n > RESAMPLED_UP_TO:
        half = float(stats.t.ppf(1 - tail, n - 1)) * spread / math.sqrt(n)
        return Estimate(mean, mean - half, mean + half, n)
    means = _resampled_means(x, seed)
    # BCa: z0 corrects the median bias; for a mean the jackknife's acceleration is the skewness / (6 sqrt(n)).
    below = (np.sum(means < mean) + np.sum(means == mean) / 2) / len(means)
    z0 = stats.norm.ppf(np.clip(below, 1 / len(means), 1 - 1 / len(means)))
    acceleration = float(stats.skew(x)) / (6 * math.sqrt(n))
    z = z0 + stats.norm.ppf([tail, 1 - tail])
    low, high = np.quantile(means, stats.norm.cdf(z0 + z / (1 - acceleration * z)))
    return Estimate(mean, float(low), float(high), n)


def _resampled_means(x: np.ndarray, seed: int) -> np.ndarray:
    """Means of 2,000 resamples, drawn in blocks so that memory stays small whatever the length."""
    rng = np.random.default_rng(seed)
    block = max(1, 1_000_000 // len(x))
    means = []
    for start in range(0, RESAMPLES, block):
        rows = min(block, RESAMPLES - start)
        means.append(x[rng.integers(0, len(x), size=(rows, len(x)))].mean(axis=1))
    return np.concatenate(means)


def _share(successes: int, n: int, level: float, method: str) -> Estimate:
    _check(successes, n, level, "the share")
    if n == 0:
        return NO_DATA
    low, high = _bounds(np.array([successes], float), np.array([n], float), level, method)
    return Estimate(successes / n, float(low[0]), float(high[0]), int(n))


def _bounds(k: np.ndarray, n: np.ndarray, level: float, method: str) -> tuple[np.ndarray, np.ndarray]:
    low, high = proportion_confint(k, n, alpha=1 - level, method=method)
    # At 0 and n the bound is exactly 0 or 1; the library leaves rounding errors, or nan, there.
    return np.where(k == 0, 0.0, low), np.where(k == n, 1.0, high)


def _check(successes: float, n: float, level: float, where: str) -> None:
    _check_level(level)
    # Written so that nan fails too.
    if not (0 <= successes <= n):
        raise ValueError(f"{where}: {successes} successes of n {n}; successes must lie between 0 and n")


def _check_level(level: float) -> None:
    if not (0 < level < 1):
        raise ValueError(f"level is {level}; give a probability between 0 and 1, such as 0.95")
