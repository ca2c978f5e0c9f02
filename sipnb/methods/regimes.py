"""What in the past of a series says nothing of its future: single odd points, and levels that it has left for good.

Models that smooth take a step for noise, and one odd month for a change: their intervals explode. So before a series is
forecast, odd points are replaced by their neighbours, and what lies before an abrupt, lasting step is moved onto the new
level. Both are asked to be far beyond noise, so that a series without them is left as it is, point for point.

Sources: Chen and Liu (1993) for additive outliers and level shifts; Hyndman's `tsclean` for replacing points before fitting.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: How far beyond noise a point, a jump from one point to the next, and the step between two levels have to lie, in robust
#: standard deviations.
ODD, JUMP, STEP = 6.0, 3.0, 4.0
#: Points on either side by which a point is judged.
NEAR = 3
#: Where more than this part of the points is odd, that is how the series is.
SELDOM = 0.05
#: A level is new only with so many points on it, and old only with so many.
FEWEST_NEW, FEWEST_OLD = 2, 6
_MOST_STEPS = 3


@dataclass(frozen=True)
class Tidied:
    """``values``: the series on its latest level, odd points replaced. ``since``: where that level begins (0: always).

    ``doubt``: how far the latest point lies from the level where it is odd: nobody knows yet whether it begins a new one.
    """

    values: np.ndarray
    since: int = 0
    doubt: float = 0.0


def tidied(z: np.ndarray, season: int = 1) -> Tidied:
    """A complete series without odd points, all of it on its latest level.

    ``z``: 1-D, on a scale on which its noise is even. ``season``: what is odd at the same place of other seasons is no accident.

    >>> tidied(np.array([5.0, 5.2, 4.9, 5.1, 5.0, 4.8, 9.1, 9.0, 8.9])).since
    6
    """
    values, since = _without_odd(np.asarray(z, dtype=float), season), 0
    for _ in range(_MOST_STEPS):
        at = _step(values[since:])
        if at is None:
            break
        since += at
        values = values.copy()
        values[:since] += np.median(values[since:]) - np.median(values[_old(since) : since])
    return Tidied(values, since, _doubt(values))


def _noise(z: np.ndarray) -> float:
    """The robust standard deviation of the steps from one point to the next; one step hardly moves it."""
    steps = np.diff(z)
    return float(1.4826 * np.median(np.abs(steps - np.median(steps))))


def _doubt(z: np.ndarray) -> float:
    if len(z) < 2 * FEWEST_OLD:
        return 0.0
    far = abs(float(z[-1] - np.median(z[-1 - FEWEST_OLD : -1])))
    return far if far > ODD * _noise(z) > 0 else 0.0


def _without_odd(z: np.ndarray, season: int) -> np.ndarray:
    noise, n = _noise(z), len(z)
    if noise == 0 or n < 2 * FEWEST_OLD:
        return z
    before = np.array([np.median(z[max(0, i - NEAR) : i]) if i else z[1] for i in range(n)])
    after = np.array([np.median(z[i + 1 : i + 1 + NEAR]) if i < n - 1 else np.nan for i in range(n)])
    # Far from both sides, and to the same side of them: a new level is near to what follows, and after the latest point
    # nothing does. What comes back each season is no accident.
    with np.errstate(invalid="ignore"):
        far = np.minimum(np.abs(z - before), np.abs(z - after)) > ODD * noise
        far &= np.sign(z - before) == np.sign(z - after)
    odd = [i for i in np.flatnonzero(far) if season == 1 or not _recurs(far, i, season)]
    if not odd or len(odd) > max(1, SELDOM * n):
        return z
    found = z.copy()
    found[odd] = [np.median(np.r_[z[max(0, i - NEAR) : i], z[i + 1 : i + 1 + NEAR]]) for i in odd]
    return found


def _recurs(far: np.ndarray, i: int, season: int) -> bool:
    return any(far[j] for j in (i - season, i + season) if 0 <= j < len(far))


def _old(since: int) -> int:
    # A level of long ago is no longer the one that was left.
    return max(0, since - 24)


def _step(z: np.ndarray) -> int | None:
    """Where the last abrupt and lasting step of a series lies, or None."""
    noise, n = _noise(z), len(z)
    if noise == 0:
        return None
    jumps = np.flatnonzero(np.abs(np.diff(z)) > JUMP * noise) + 1
    for at in jumps[::-1]:
        if at < FEWEST_OLD or n - at < FEWEST_NEW:
            continue
        before, after = z[_old(at) : at], z[at:]
        gap = abs(np.median(after) - np.median(before))
        wanders = max(1.4826 * np.median(np.abs(part - np.median(part))) for part in (before, after))
        apart = np.abs(after - np.median(after)).max() < gap / 2 and np.abs(before - np.median(before)).max() < gap / 2
        if gap > STEP * max(wanders, noise / np.sqrt(2)) and apart:
            return int(at)
    return None
