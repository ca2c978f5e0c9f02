"""What events of different size come to: hours lost to outages, with the uncertainty of their number and of their lengths.

The unit is the event. Few long outages in a year of days say little about a day; drawn again, a year has another number of
them, and others of their lengths.

Source: Efron and Tibshirani (1993), "An introduction to the bootstrap"; a compound Poisson sum, with a resampled severity.
"""

from __future__ import annotations

import numpy as np

from sipnb.methods.proportions import NO_DATA, Estimate

DRAWS = 4000


def total(sizes, level: float = 0.95, seed: int = 0) -> Estimate:
    """The sum of the ``sizes`` of independent events with a bootstrap interval; n is their number.

    Same sizes and seed: same answer. No data without events: how large one would be cannot be told. Raises ValueError for a
    size that is negative or not finite.
    """
    x = np.sort(np.asarray(sizes, dtype=float))
    if not np.isfinite(x).all() or (x < 0).any():
        raise ValueError("sizes must be finite numbers, 0 or more")
    if not len(x):
        return NO_DATA
    random = np.random.default_rng(seed)
    n = random.poisson(len(x), DRAWS)
    drawn = x[random.integers(0, len(x), n.sum())]
    sums = np.bincount(np.repeat(np.arange(DRAWS), n), weights=drawn, minlength=DRAWS)
    low, high = np.quantile(sums, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(x.sum()), float(min(low, x.sum())), float(max(high, x.sum())), len(x))
