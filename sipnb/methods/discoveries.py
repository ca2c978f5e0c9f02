"""Many tests at once: which findings are left when one in twenty is found by chance.

Sources: Holm (1979), "A simple sequentially rejective multiple test procedure"; Benjamini and Hochberg (1995), "Controlling
the false discovery rate", by scipy (statsmodels' arithmetic sweeps the memory of the whole process at every call).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats


def benjamini_hochberg(p, level: float = 0.05) -> pd.DataFrame:
    """Which of many p-values to call findings so that of those at most a share ``level`` is expected to be wrong.

    Columns p, adjusted (the smallest level at which it would be a finding) and rejected (True: the null hypothesis
    is rejected, a finding). Keeps the index where ``p`` is a Series. A missing p was not tested: it stays nan, is not
    rejected and does not count. Raises ValueError for a p or a level outside 0..1.
    """
    index, x = _checked(p, level)
    tested = ~np.isnan(x)
    adjusted, rejected = np.full(len(x), np.nan), np.zeros(len(x), dtype=bool)
    if tested.any():
        adjusted[tested] = stats.false_discovery_control(x[tested], method="bh")
        rejected[tested] = adjusted[tested] <= level
    return pd.DataFrame({"p": x, "adjusted": adjusted, "rejected": rejected}, index=index)


def holm(p, level: float = 0.05) -> pd.DataFrame:
    """Which of many p-values to call findings so that any of those is wrong with a chance of at most ``level``.

    However they depend on each other (Holm 1979). Columns, missing values and errors as :func:`benjamini_hochberg`.
    """
    index, x = _checked(p, level)
    tested = np.flatnonzero(~np.isnan(x))
    order = tested[np.argsort(x[tested], kind="stable")]
    adjusted = np.full(len(x), np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(x[order] * np.arange(len(order), 0, -1)), 1.0)
    return pd.DataFrame({"p": x, "adjusted": adjusted, "rejected": adjusted <= level}, index=index)


def _checked(p, level: float) -> tuple[pd.Index | None, np.ndarray]:
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; give a probability between 0 and 1, such as 0.05")
    index = p.index if isinstance(p, pd.Series) else None
    x = pd.to_numeric(pd.Series(p), errors="raise").to_numpy(dtype=float, na_value=np.nan)
    wrong = np.flatnonzero((x < 0) | (x > 1))
    if wrong.size:
        name = int(wrong[0]) if index is None else index[wrong[0]]
        raise ValueError(f"test {name!r}: p is {x[wrong[0]]:g}; a p-value lies between 0 and 1")
    return index, x
