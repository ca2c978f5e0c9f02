"""Futures that return to their mean, and futures that are as the past was: what smoothing models do not believe in.

A share that has stayed around one level for years returns to it after a bad month. Smoothing models follow the bad month; on the
monthly shares of 130 emergency departments their chances of a miss were worse than "as often as so far".

Source: the linear pool of probabilities after Stone (1961), Annals of Mathematical Statistics 32, 1339-1342; autocorrelation
shrunk towards one half, as a few dozen points hardly tell it.
"""

from __future__ import annotations

import numpy as np

#: With fewer points at the present level there is no mean to return to.
FEWEST = 6
#: Points this far back count half as much in the mean.
HALF_LIFE = 18.0
#: Autocorrelation before the series is seen, and how many points that is worth.
_PRIOR, _WORTH = 0.5, 6
_MOST = 0.97


def reverting(z: np.ndarray, paths: int, horizon: int, seed: int) -> np.ndarray:
    """Futures of a first-order autoregression about a slowly forgotten mean, paths × horizon, on the scale of ``z``.

    They hold the uncertainty of the mean and of the scatter. ``z``: at least 6 values, none missing.
    """
    n = len(z)
    weight = 0.5 ** ((n - 1 - np.arange(n)) / HALF_LIFE)
    mean = float(weight @ z / weight.sum())
    d = z - mean
    before = float(d[:-1] @ d[:-1])
    found = (float(d[1:] @ d[:-1]) + _PRIOR * _WORTH * before / n) / (before * (1 + _WORTH / n) + 1e-300)
    stays = float(np.clip(found, 0.0, _MOST))
    error = d[1:] - stays * d[:-1]
    free = max(n - 3, 3)
    spread = np.sqrt(float(error @ error) / max(n - 3, 1))
    random = np.random.default_rng(seed)
    scale = spread * np.sqrt(free / random.chisquare(free, (paths, 1)))
    around = mean + scale / (1 - stays) / np.sqrt(n) * random.standard_normal((paths, 1))
    shocks = scale * random.standard_normal((paths, horizon))
    out, level = np.empty((paths, horizon)), np.full((paths, 1), z[-1])
    for step in range(horizon):
        level = around + stays * (level - around) + shocks[:, [step]]
        out[:, step] = level[:, 0]
    return out


def as_before(z: np.ndarray, paths: int, horizon: int, seed: int) -> np.ndarray:
    """Futures drawn from the values of ``z``, paths × horizon: as often as so far."""
    return np.random.default_rng(seed).choice(z, (paths, horizon))
