"""Shares, rates, ratios and means with their intervals: how sure one may be of "81 of 263" or of an average cost.

Sources: Wilson (1927); Clopper and Pearson (1934); Newcombe (1998), Statistics in Medicine 17, 873-890 and
2635-2650, method 10 of each; Garwood (1936); Cochran (1977), "Sampling techniques", 6.4; Manski (1990); Efron (1987),
"Better bootstrap confidence intervals". Wilson, Clopper-Pearson, Newcombe for two groups and Garwood are statsmodels'.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint
from statsmodels.stats.rates import confint_poisson

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


class Bounds(NamedTuple):
    """The lowest and the highest value that is possible; not an interval of confidence."""

    low: float
    high: float


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


def paired_difference(both: int, only_first: int, only_second: int, neither: int, level: float = 0.95) -> Estimate:
    """The difference of two shares of the SAME cases: first minus second, as attainment on two clocks.

    The four numbers count the cases that met both, only the first, only the second, or neither; the value is
    ``(only_first - only_second) / n``. The interval is Newcombe's method 10 for paired data: Wilson's for each share,
    combined with their correlation, which is taken as smaller by ``n / 2`` where positive (a continuity correction).
    ``n`` is the number of cases; nan where there are none. Raises ValueError for a negative or missing count.
    """
    _check_level(level)
    counts = {"both": both, "only_first": only_first, "only_second": only_second, "neither": neither}
    for name, count in counts.items():
        if not (0 <= count < math.inf):
            raise ValueError(f"{name} is {count}; give a number of cases, 0 or more")
    n = int(sum(counts.values()))
    if n == 0:
        return NO_DATA
    yes_1, yes_2 = both + only_first, both + only_second
    first, second = wilson(yes_1, n, level), wilson(yes_2, n, level)
    margins = yes_1 * (n - yes_1) * yes_2 * (n - yes_2)
    agreement = both * neither - only_first * only_second
    if agreement > 0:
        agreement = max(agreement - n / 2, 0)
    phi = agreement / math.sqrt(margins) if margins else 0.0
    value = (only_first - only_second) / n
    down_1, up_1 = first.value - first.low, first.high - first.value
    down_2, up_2 = second.value - second.low, second.high - second.value
    # Rounding may leave a square of -1e-17 under the root.
    below = math.sqrt(max(down_1**2 - 2 * phi * down_1 * up_2 + up_2**2, 0.0))
    above = math.sqrt(max(down_2**2 - 2 * phi * down_2 * up_1 + up_1**2, 0.0))
    return Estimate(value, max(-1.0, value - below), min(1.0, value + above), n)


def poisson_rate(count: int, exposure: float, level: float = 0.95) -> Estimate:
    """Events per unit of exposure (outages a month, incidents a change) with the exact interval of Garwood.

    ``count`` events in ``exposure`` units, events independent of one another: where they come in bursts the interval
    is too narrow. ``n`` is the count, so 0 events in a year give a rate of 0 with an upper bound and n 0.
    nan where the exposure is 0. Raises ValueError for a negative count or exposure.
    """
    _check_level(level)
    if not (0 <= count < math.inf):
        raise ValueError(f"count is {count}; give a number of events, 0 or more")
    if not (0 <= exposure < math.inf):
        raise ValueError(f"exposure is {exposure}; give the time or the number at risk, 0 or more")
    if exposure == 0:
        return Estimate(math.nan, math.nan, math.nan, int(count))
    low, high = confint_poisson(count, exposure, method="exact-c", alpha=1 - level)
    return Estimate(count / exposure, 0.0 if count == 0 else float(low), float(high), int(count))


def bounded_by_silence(liked: int, answered: int, invited: float | None) -> Bounds:
    """The share of satisfied among all invited: if everyone who kept silent was dissatisfied, and if satisfied.

    Worst-case bounds (Manski 1990): they assume nothing about who answers. Both are nan where the number invited is
    unknown, zero, or smaller than the answers (then it counts something else).
    Raises ValueError unless ``0 <= liked <= answered``.
    """
    _check(liked, answered, 0.95, "the answers")
    if invited is None or pd.isna(invited) or invited <= 0 or invited < answered:
        return Bounds(math.nan, math.nan)
    return Bounds(float(liked / invited), float((liked + invited - answered) / invited))


def ratio_of_sums(numerators, denominators, level: float = 0.95, share: bool = False) -> Estimate:
    """The sum of one quantity over the sum of another, case by case: hours on hold per hour open, cost per hour.

    A ratio estimator with its linearised (delta-method) normal interval (Cochran 1977, 6.4): it needs some tens of
    cases. ``n`` is the number of cases; those with either number missing are left out. The interval is nan for a
    single case, everything is nan where the denominators sum to 0. Bounds stay above 0 where no numerator is negative,
    and with ``share`` (every numerator is a part of its denominator) below 1.
    Raises ValueError for unequal lengths, an infinite number, a negative denominator, or a part above its whole.
    """
    table = ratio_of_sums_series(numerators, denominators, np.zeros(np.shape(numerators), dtype=int), 1, level, share)
    row = table.iloc[0]
    return Estimate(float(row["value"]), float(row["low"]), float(row["high"]), int(row["n"]))


def ratio_of_sums_series(
    numerators, denominators, groups, n_groups: int, level: float = 0.95, share: bool = False
) -> pd.DataFrame:
    """:func:`ratio_of_sums` of every group at once: columns value, low, high, n, numerator, denominator (the sums).

    ``groups`` gives each case the number of its group, 0 to ``n_groups - 1``; a case with a negative number belongs
    to none. One row a group, in their order; a group without cases is nan with n 0. Raises as :func:`ratio_of_sums`,
    and for a group number of ``n_groups`` or more.
    """
    _check_level(level)
    x, y, code = np.asarray(numerators, dtype=float), np.asarray(denominators, dtype=float), np.asarray(groups)
    if x.ndim != 1 or x.shape != y.shape or x.shape != code.shape:
        raise ValueError(
            "numerators, denominators and groups must be equally long 1-D arrays, "
            f"not {x.shape}, {y.shape} and {code.shape}"
        )
    if code.size and code.max() >= n_groups:
        raise ValueError(f"case {int(code.argmax())}: its group is {code.max()}; groups run from 0 to {n_groups - 1}")
    wrong = np.flatnonzero(np.isinf(x) | np.isinf(y) | (y < 0) | (share & (x > y + 1e-9 * np.abs(y))))
    if wrong.size:
        at = wrong[0]
        raise ValueError(
            f"case {at}: {x[at]:g} over {y[at]:g}; numbers must be finite, denominators 0 or more"
            + (" and no part larger than its whole" if share else "")
        )
    known = ~(np.isnan(x) | np.isnan(y)) & (code >= 0)
    x, y, code = x[known], y[known], code[known].astype(np.int64)

    def summed(weights):
        return np.bincount(code, weights=weights, minlength=n_groups)

    n, top, bottom = np.bincount(code, minlength=n_groups), summed(x), summed(y)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(bottom > 0, top / bottom, np.nan)
        # The residuals sum to zero by construction, so their squares are their variance.
        spread = summed((x - value[code] * y) ** 2) / (n - 1) if len(x) else np.full(n_groups, np.nan)
        half = stats.norm.ppf((1 + level) / 2) * np.sqrt(spread / n) / (bottom / n)
    half = np.where(n > 1, half, np.nan)
    floor = np.where(np.bincount(code, weights=x < 0, minlength=n_groups) > 0, -np.inf, 0.0)
    return pd.DataFrame(
        {
            "value": value,
            "low": np.maximum(value - half, floor),
            "high": np.minimum(value + half, 1.0 if share else np.inf),
            "n": n,
            "numerator": top,
            "denominator": bottom,
        }
    )


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
            f"row {int(at) if index is None else index[at]!r}: {k[at]:g} successes of n {size[at]:g}; "
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
