"""How sure one may be of a share or a level whose months differ by more than counting makes them.

Tickets of one month have much in common: who was ill, what was released. A share of 900 tickets of three months is then less
sure than 900 tosses of a coin, and judged as if it were not it lies "clearly" above a limit that the process keeps far more
often than the 2.5 % that are promised: with months 2 points apart, six times as often. How far months differ is taken from the
months themselves, from neighbours or from months two and three apart, so that a level that changed once does not count as
scatter.

Sources: Laney (2002), "Improved control charts for attributes"; Wheeler and Chambers, "Understanding statistical process
control" (screening of ranges); Wilson (1927). Degrees of freedom of a mean moving range: about .6 of its ranges.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy import stats

from sipnb.methods import proportions

#: A mean moving range of two over the standard deviation, and the ranges that are screened out once: this many times the mean.
RANGE, SCREEN = 1.128, 3.267
#: Degrees of freedom that one moving range is worth.
WORTH = 0.6
#: Fewer periods do not tell how far periods differ.
FEWEST = 6


class Spread(NamedTuple):
    """A standard deviation between periods, its degrees of freedom, and the number of periods behind it."""

    value: float
    freedom: float
    periods: int

    def quantile(self, level: float = 0.95) -> float:
        """By how many of these standard deviations a two-sided interval of this level reaches; inf without any."""
        return float(stats.t.ppf((1 + level) / 2, self.freedom)) if self.freedom > 0 else math.inf


def of_levels(values) -> Spread:
    """By how much consecutive periods differ: from the mean moving range of ``values`` (in their unit, nan left out)."""
    y = np.asarray(values, dtype=float)
    y = y[np.isfinite(y)]
    if len(y) < 2:
        return Spread(math.nan, 0.0, len(y))
    ranges = np.abs(np.diff(y))
    kept = ranges[ranges <= SCREEN * ranges.mean()]
    return Spread(float(kept.mean()) / RANGE, WORTH * len(kept), len(y))


def of_drifting(values) -> Spread:
    """By how much periods differ around a level that may drift slowly: from ``values`` two or three apart, none missing.

    Neighbours resemble each other too much (half of what is left of one month in the next would hide a third of the scatter),
    and all values together would take a slow decline for it. Of the two distances the larger counts, because at two apart an
    eighth would still be hidden. Fewer than 6 are compared with their mean; nan of fewer than 3.
    """
    y = np.asarray(values, dtype=float)
    if len(y) < 3:
        return Spread(math.nan, 0.0, len(y))
    if len(y) < FEWEST:
        return Spread(float(np.std(y, ddof=1)), freedom(len(y)), len(y))
    apart = max(np.mean((y[lag:] - y[:-lag]) ** 2) for lag in (2, 3))
    return Spread(float(np.sqrt(apart / 2)), freedom(len(y)), len(y))


def freedom(periods: int) -> float:
    """Degrees of freedom of a spread from periods two apart: differences know less than values."""
    return max(0.5, WORTH * (periods - 2))


def of_shares(successes, n) -> Spread:
    """By how many times counting's own standard deviation the shares of consecutive periods differ; never below 1.

    ``successes`` and ``n``: equally long, one a period, in order; periods without cases are left out. Raises ValueError for
    unequal lengths.
    """
    k, size = np.asarray(successes, dtype=float), np.asarray(n, dtype=float)
    if k.shape != size.shape or k.ndim != 1:
        raise ValueError(f"successes and n must be equally long 1-D arrays, not {k.shape} and {size.shape}")
    there = np.isfinite(k) & (size > 0)
    k, size = k[there], size[there]
    if len(k) < 2:
        return Spread(1.0, 0.0, len(k))
    share = k.sum() / size.sum()
    if share in (0.0, 1.0):
        return Spread(1.0, WORTH * (len(k) - 1), len(k))
    found = of_levels((k / size - share) / np.sqrt(share * (1 - share) / size))
    return Spread(max(1.0, found.value), found.freedom, found.periods)


def share(successes: int, n: int, spread: Spread, level: float = 0.95) -> proportions.Estimate:
    """The share ``successes / n`` with Wilson's interval, widened by how many times counting's scatter periods differ.

    Everything is nan without cases; the interval is 0 to 1 where there are too few periods to tell their scatter. Raises
    ValueError unless ``0 <= successes <= n``.
    """
    plain = proportions.wilson(int(successes), int(n), level)
    if plain.n == 0:
        return plain
    if spread.periods < FEWEST:
        return proportions.Estimate(plain.value, 0.0, 1.0, plain.n)
    z = spread.value * spread.quantile(level)
    wide = proportions.wilson(int(successes), int(n), float(1 - 2 * stats.norm.sf(z))) if z < 8 else None
    low, high = (wide.low, wide.high) if wide else (0.0, 1.0)
    return proportions.Estimate(plain.value, low, high, plain.n)
