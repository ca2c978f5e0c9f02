"""The scale on which an effect adds up: shares by their angle, counts by their root, durations by their logarithm.

On it every point's spread is about the same at any level, and what is carried back never leaves what can be: no share
below 0 or above 1, no negative count or time. Source: Anscombe (1948), Biometrika 35, 246-254.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Measured:
    """A measure by cycle: as it was ``observed``, nan where there are no data, and ``points`` on the scale where effects add up.

    ``back`` leads from there to the unit. ``variances``: what counting alone gives the points, None where that is not known;
    ``sizes``: the cases they rest on, which weigh them.
    """

    observed: pd.Series
    points: pd.Series
    back: Callable[[np.ndarray], np.ndarray]
    variances: pd.Series | None = None
    sizes: pd.Series | None = None

    def until(self, cycle: int) -> Measured:
        """The measure as it stood before the cycle at that place."""
        variances, sizes = (None if one is None else one.iloc[:cycle] for one in (self.variances, self.sizes))
        return Measured(self.observed.iloc[:cycle], self.points.iloc[:cycle], self.back, variances, sizes)


def share(successes: pd.Series, cases: pd.Series) -> Measured:
    """A share as ``successes`` of ``cases``; no data where there are none. Raises ValueError for more successes than cases."""
    k, n = (pd.Series(one, dtype=float) for one in (successes, cases))
    if ((k < 0) | (k > n)).any():
        raise ValueError(f"{n.index[(k < 0) | (k > n)][0]!r}: successes must lie between 0 and the cases")
    n = n.where(n > 0)
    angles = np.arcsin(np.sqrt((k + 3 / 8) / (n + 3 / 4)))
    return Measured(k / n, angles, lambda z: np.sin(np.clip(z, 0, np.pi / 2)) ** 2, 1 / (4 * n + 2), n)


def rate(counts: pd.Series, exposure: pd.Series | None = None) -> Measured:
    """A count, or a rate per unit of ``exposure`` (users, days); no data where that is 0. Raises ValueError for negative ones."""
    k = pd.Series(counts, dtype=float)
    n = pd.Series(1.0, index=k.index) if exposure is None else pd.Series(exposure, dtype=float)
    if (k < 0).any() or (n < 0).any():
        raise ValueError(f"{k.index[(k < 0) | (n < 0)][0]!r}: a count and its exposure cannot be negative")
    n = n.where(n > 0)
    return Measured(k / n, np.sqrt((k + 3 / 8) / n), lambda z: np.clip(z, 0, None) ** 2, 1 / (4 * n), n)


def relative(counts: pd.Series) -> Measured:
    """A count whose changes multiply, as with the season: ``exp`` of a step on this scale is a ratio of rates.

    Half an event is added, so that none has a logarithm. Raises ValueError for negative counts.
    """
    k = pd.Series(counts, dtype=float)
    if (k < 0).any():
        raise ValueError(f"{k.index[k < 0][0]!r}: a count cannot be negative")
    # Of the mean, because few events by chance are not less certain than many.
    variances = pd.Series(1 / (k.mean() + 0.5), index=k.index)
    return Measured(k, np.log(k + 0.5), lambda z: np.clip(np.exp(z) - 0.5, 0, None), variances)


def duration(values: pd.Series, cases: pd.Series | None = None) -> Measured:
    """A typical time or cost: positive; ``cases`` it rests on, which weigh it. Raises ValueError where one is not above 0."""
    values = pd.Series(values, dtype=float)
    if (values <= 0).any():
        raise ValueError(f"{values.index[values <= 0][0]!r}: {values[values <= 0].iloc[0]:g} has no logarithm")
    return Measured(values, np.log(values), np.exp, None, _sizes(cases))


def value(values: pd.Series, cases: pd.Series | None = None) -> Measured:
    """Any other measure, as it is."""
    values = pd.Series(values, dtype=float)
    return Measured(values, values, lambda z: z, None, _sizes(cases))


def _sizes(cases: pd.Series | None) -> pd.Series | None:
    return None if cases is None else pd.Series(cases, dtype=float)
