"""Daily values with the pattern of the week taken out, so that a chart does not flag every Monday.

Source: the ratio-to-average seasonal index (Makridakis, Wheelwright and Hyndman, "Forecasting", 3rd ed., ch. 3),
with trimmed means, so that a few extreme days do not make the pattern.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

#: A weekday's pattern from fewer weeks is mostly the noise of those weeks.
WEEKS = 4
TRIMMED = 0.2  # share of a weekday's values left out at either end
CLOSED = 0.1  # at most this share of its days has any work, and its mean is at most this share of the others'


def weekday_adjusted(values: pd.Series, weekday) -> pd.Series:
    """The values as they would be if every day of the week were alike: each / its weekday's share of the level.

    ``values``: daily, 0 or more, nan where there is no data; ``weekday``: 0..6, one a value. A weekday's share
    is its trimmed mean over that of the open weekdays, and the mean of all days kept is what it was. Days of a
    weekday that is closed (nearly always 0) become nan: there is no pattern to take out, and a chart leaves them
    out. The pattern is taken as the same throughout: adjust before and after a change of opening hours apart.

    Raises ValueError for weekdays of another length or outside 0..6, a negative or infinite value, and for an
    open weekday with fewer than 4 values.
    """
    values = pd.Series(values)
    y = values.to_numpy(dtype=float, na_value=np.nan)
    day = np.asarray(weekday)
    if day.shape != y.shape or not np.isin(day, range(7)).all():
        raise ValueError(f"weekday must hold one whole number of 0 to 6 for each of the {len(y)} values")
    wrong = (y < 0) | np.isinf(y)
    if wrong.any():
        at = np.flatnonzero(wrong)[0]
        raise ValueError(f"{values.index[at]!r}: {y[at]:g} cannot be adjusted by a ratio; give values of 0 or more")

    known = ~np.isnan(y)
    open_days = _open(y, day, known)
    typical = np.full(7, np.nan)
    for number in open_days:
        own = y[known & (day == number)]
        if len(own) < WEEKS:
            raise ValueError(f"weekday {number} has {len(own)} values; a pattern of the week needs {WEEKS} weeks")
        # Where most days have none, the few that have some are the pattern: not to be trimmed.
        typical[number] = stats.trim_mean(own, TRIMMED) if np.median(own) else own.mean()
    kept = known & np.isin(day, open_days)
    ratios = np.divide(y[kept], typical[day[kept]], out=np.zeros(kept.sum()), where=typical[day[kept]] > 0)
    if ratios.any():
        ratios *= y[kept].sum() / ratios.sum()
    adjusted = np.full(len(y), np.nan)
    adjusted[kept] = ratios
    return pd.Series(adjusted, index=values.index, name=values.name)


def _open(y: np.ndarray, day: np.ndarray, known: np.ndarray) -> list[int]:
    """The weekdays with values that are not nearly always 0 while others are not."""
    there = [number for number in range(7) if (known & (day == number)).any()]
    mean = {number: y[known & (day == number)].mean() for number in there}
    busy = {number: (y[known & (day == number)] > 0).mean() for number in there}
    usual = np.median(list(mean.values())) if there else 0.0
    return [number for number in there if busy[number] > CLOSED or mean[number] > CLOSED * usual or usual == 0]
