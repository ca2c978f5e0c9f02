"""Shares, rates, ratios and means with their intervals: how sure one may be of "81 of 263" or of an average cost.

Sources: Wilson (1927); Clopper and Pearson (1934); Newcombe (1998), Statistics in Medicine 17, 873-890 and
2635-2650, method 10 of each; Garwood (1936); Cochran (1977), "Sampling techniques", 6.4; Korn and Graubard (1998); Kish (1965);
MacKinnon and White (1985); Manski (1990); Hall (1992), "On the removal of skewness by transformation". Wilson, Clopper-Pearson,
Newcombe for two groups and Garwood are statsmodels'.

An interval is given only from the number of cases on at which it covers at least 90 % of what its 95 % promise, in the
simulations of ``benchmarks/coverage.py``: see the FEWEST_ numbers.
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

#: With fewer cases there is no interval: of a mean of skewed values, of a ratio of sums, and of one that is a share.
FEWEST_MEAN, FEWEST_RATIO, FEWEST_SHARE = 20, 20, 5
#: Values that differ by less than this part of their mean are equal.
_ROUNDING = 1e-12


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

    A ratio estimator (Cochran 1977, 6.4). Its variance leaves each case out in turn (MacKinnon and White 1985), because one
    long case may decide both sums, and counts as many degrees of freedom as equal cases would have (Kish 1965). With
    ``share`` (every numerator is a part of its denominator) the interval is Wilson's at the number of cases that would
    scatter as much (Korn and Graubard 1998), from 5 cases on; otherwise it is taken on the logarithmic scale where no
    numerator is negative, from 20 cases on. With fewer, or where nothing scatters, its ends are nan.
    ``n`` is the number of cases; those with either number missing are left out. Everything is nan where the denominators
    sum to 0. Bounds stay above 0 where no numerator is negative, and with ``share`` below 1.
    Raises ValueError for unequal lengths, an infinite number, a negative denominator, or a part above its whole.
    """
    table = ratio_of_sums_series(numerators, denominators, np.zeros(np.shape(numerators), dtype=int), 1, level, share)
    row = table.iloc[0]
    return Estimate(float(row["value"]), float(row["low"]), float(row["high"]), int(row["n"]))


def ratio_of_sums_series(
    numerators, denominators, groups, n_groups: int, level: float = 0.95, share: bool = False, drawn: float = 0.0
) -> pd.DataFrame:
    """:func:`ratio_of_sums` of every group at once: columns value, low, high, n, numerator, denominator (the sums).

    ``groups`` gives each case the number of its group, 0 to ``n_groups - 1``; a case with a negative number belongs
    to none. One row a group, in their order; a group without cases is nan with n 0. ``drawn``: of a share, so many cases
    weigh in that scatter as widely as a share can (all or nothing), so that a few equal cases do not count as certain.
    Raises as :func:`ratio_of_sums`, and for a group number of ``n_groups`` or more.
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
        return np.bincount(code, weights=weights, minlength=n_groups).astype(float)

    n, top, bottom = np.bincount(code, minlength=n_groups), summed(x), summed(y)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(bottom > 0, top / bottom, np.nan)
        part = y / bottom[code]
        variance = summed(((x - value[code] * y) / bottom[code] / (1 - part)) ** 2)
        cases = 1 / summed(part**2)
    positive = np.bincount(code, weights=x < 0, minlength=n_groups) == 0
    low, high = (
        _shared_bounds(value, variance, cases, n, level, drawn)
        if share
        else _ratio_bounds(value, variance, cases, n, level, positive)
    )
    return pd.DataFrame({"value": value, "low": low, "high": high, "n": n, "numerator": top, "denominator": bottom})


def _quantile(cases: np.ndarray, level: float) -> np.ndarray:
    """Student's quantile at one degree of freedom less than there are cases."""
    return stats.t.ppf((1 + level) / 2, np.maximum(np.nan_to_num(cases, nan=2.0) - 1, 1))


def _shared_bounds(value, variance, cases, n, level: float, drawn: float) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's bounds of shares at the number of cases of equal weight that would scatter as much."""
    fewest = FEWEST_SHARE if drawn == 0 else 3
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip(value, 0, 1)
        widest = share * (1 - share)
        variance = ((cases - 1) * variance + drawn * widest / (cases - 1)) / (cases - 1 + drawn)
        # Where all or nothing is on one side nothing scatters; then the cases count as answers of yes and no.
        alike = np.where(widest > 1e-12, widest / variance, cases)
        z = stats.norm.ppf((1 + level) / 2)
        effective = alike * (z / _quantile(cases, level)) ** 2
        centre = (share + z**2 / effective / 2) / (1 + z**2 / effective)
        half = z * np.sqrt(widest / effective + (z / effective / 2) ** 2) / (1 + z**2 / effective)
    told = (n >= fewest) & np.isfinite(effective) & (effective < 1e12)
    low, high = np.minimum(np.clip(centre - half, 0, 1), share), np.maximum(np.clip(centre + half, 0, 1), share)
    return np.where(told, low, np.nan), np.where(told, high, np.nan)


def _ratio_bounds(value, variance, cases, n, level: float, positive) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of ratios by Student's quantile: on the logarithmic scale where no numerator is negative."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        half = _quantile(cases, level) * np.sqrt(variance)
        logarithmic = positive & (value > 0)
        step = half / value
        low = np.where(logarithmic, value * np.exp(-step), value - half)
        high = np.where(logarithmic, value * np.exp(step), value + half)
    told = (n >= FEWEST_RATIO) & (half > 0)
    return np.where(told, low, np.nan), np.where(told, high, np.nan)


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


def mean_interval(values, level: float = 0.95) -> Estimate:
    """The mean of skewed values (money, hours): Student's interval after Hall's (1992) transformation removed the skewness.

    Missing values are left out. With fewer than 20 values, and where all are equal (nothing tells how they scatter), there
    is no interval (nan). Where no value is negative the interval begins at 0 or above.
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
    spread = float(x.std(ddof=1)) if n > 1 else 0.0
    if n < FEWEST_MEAN or spread <= _ROUNDING * abs(mean):
        return Estimate(mean, math.nan, math.nan, n)
    step = stats.t.ppf([(1 + level) / 2, (1 - level) / 2], n - 1) / math.sqrt(n)
    skew = float(stats.skew(x))
    if abs(skew) > 1e-6:
        step = 3 / skew * (np.cbrt(1 + skew * (step - skew / (6 * n))) - 1)
    low, high = mean - step * spread
    return Estimate(mean, max(float(low), 0.0) if (x >= 0).all() else float(low), float(high), n)


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
