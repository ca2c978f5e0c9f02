"""Whether some values lie apart above the others, or all are of one normal law: two normal laws against one.

Of two laws the one above has the fewer values; both scatter alike. How much likelier two make the values than one is held against
the same of normal values drawn with a fixed seed. It depends neither on their mean nor on how much they scatter: values that
scatter widely have a long tail, too, and no group apart.

Source: McLachlan (1987), "On bootstrapping the likelihood ratio test statistic for the number of components in a normal mixture",
Applied Statistics 36, 318-324.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

DRAWS = 499
#: With fewer values nothing is told apart.
FEWEST = 6
#: From which shares of values above a fit begins, how often it is improved, and the least scatter of a law, by that of all.
_STARTS, _STEPS, _LEAST = (0.1, 0.25, 0.4), 40, 0.1


def above(values) -> float:
    """How likely values of one normal law would seem to have some apart above as much as these do; 1 of fewer than `FEWEST`.

    ``values``: shape (n,), without missing ones; logarithms of what is lognormal. Raises ValueError for missing values.

    >>> near, far = [1.0, 1.1, 0.9, 1.05, 0.95, 1.02, 0.97, 1.08], [3.0, 3.1, 2.9]
    >>> above(near + far) < 0.01 < 0.2 < above(near)
    True
    """
    found = np.asarray(values, dtype=float)
    if found.ndim != 1 or not np.isfinite(found).all():
        raise ValueError("values must be a list of numbers, none missing")
    if len(found) < FEWEST or np.ptp(found) <= 1e-9 * max(np.abs(found).max(), 1.0):
        return 1.0
    drawn = _drawn(len(found))
    return float((1 + (drawn >= _likelier(found[None])[0]).sum()) / (1 + len(drawn)))


@lru_cache(maxsize=256)
def _drawn(n: int) -> np.ndarray:
    return _likelier(np.random.default_rng(1987).standard_normal((DRAWS, n)))


def _likelier(values: np.ndarray) -> np.ndarray:
    """By how much two laws make each row likelier than one, as a logarithm; not below 0."""
    scaled = np.sort((values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, keepdims=True), axis=1)
    fits = [_two(scaled, max(2, round(share * values.shape[1]))) for share in _STARTS]
    return np.maximum(np.max(fits, axis=0), 0.0)


def _two(scaled: np.ndarray, above: int) -> np.ndarray:
    """The likelihood of two laws by that of one, by expectation and maximisation from a split of sorted rows."""
    n = scaled.shape[1]
    part = np.zeros_like(scaled)
    part[:, -above:] = 1.0
    for _ in range(_STEPS):
        share = np.clip(part.mean(axis=1, keepdims=True), 1 / n, 0.5)
        low = ((1 - part) * scaled).sum(axis=1, keepdims=True) / np.maximum((1 - part).sum(axis=1, keepdims=True), 1e-9)
        high = (part * scaled).sum(axis=1, keepdims=True) / np.maximum(part.sum(axis=1, keepdims=True), 1e-9)
        below, beyond = (scaled - low) ** 2, (scaled - high) ** 2
        within = np.maximum(((1 - part) * below + part * beyond).mean(axis=1, keepdims=True), _LEAST**2)
        first, second = (1 - share) * np.exp(-below / within / 2), share * np.exp(-beyond / within / 2)
        every = np.maximum(first + second, 1e-300)
        part = second / every
    gained = np.log(every / np.sqrt(within)).sum(axis=1) + n / 2
    return np.where((high > low)[:, 0], gained, 0.0)
