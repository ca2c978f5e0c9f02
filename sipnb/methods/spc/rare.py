"""The chart of rare events: not how many in a month, but how long until the next one.

Where a month holds fewer than about three events, counts are mostly 0 and 1 and say little; the gaps between
events say the same sooner. A long gap is a high point: by default, high is good.

Source: Nelson (1994), Journal of Quality Technology 26, 239-240, as in Montgomery, 6th ed., example 7.6.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb.methods.spc.chart import Chart, Fit, assemble
from sipnb.methods.spc.individuals import D2, basis, mean_range

NELSON = 3.6  # an exponential time to the power of 1 / 3.6 is near normal


def t_chart(
    gaps: pd.Series,
    *,
    good: str = "up",
    target: float | None = None,
    screen: bool = True,
    groups=None,
    rules: str = "nhs",
) -> Chart:
    """The chart of times between events, in any unit of time: Nelson's XmR of gap to the power of 1 / 3.6.

    ``gaps``: times of 0 or more, one for each event after the first, in order. Mean and limits are given in the
    gaps' own unit, the lower limit at least 0; signals are those of the transformed gaps. Other arguments and
    errors as :func:`xmr`; raises ValueError for a negative gap.
    """
    y, index = _gaps(gaps)

    def fit(known: np.ndarray) -> Fit:
        near_normal = y[known] ** (1 / NELSON)
        mean, half = float(near_normal.mean()), 3 * mean_range(near_normal, screen) / D2
        plotted = (max(0.0, at) ** NELSON for at in (mean, mean - half, mean + half))
        return Fit(near_normal, mean, mean - half, mean + half, *plotted)

    return assemble("t", index, y, fit, good=good, target=target, groups=groups, rules=rules, limits=basis(screen))


def _gaps(gaps) -> tuple[np.ndarray, pd.Index]:
    gaps = pd.Series(gaps)
    y = gaps.to_numpy(dtype=float, na_value=np.nan)
    if (y < 0).any():
        at = np.flatnonzero(y < 0)[0]
        raise ValueError(f"{gaps.index[at]!r}: a gap of {y[at]:g} is negative; are the events in order?")
    return y, gaps.index
