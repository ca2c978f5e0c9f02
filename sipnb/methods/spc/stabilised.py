"""Shares and counts on a scale where every point of a stable series has the same spread, whatever its size.

A share of 9 in 10 and one of 900 in 1,000 are not equally sure, and the spread of a share shrinks towards 0 and 1.
Here each point is given in standard deviations of what counting alone does: 1 is usual, whatever the size and the
level; more than 1 all along means that the points vary more than counting explains.

Source: Anscombe (1948), Biometrika 35, 246-254; the same transform at the centre, so that small and large points of
one share or rate have the same expectation to within .15. Good from about 2 expected events (and
non-events) a point; with fewer the spread is less than 1.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb.methods.spc.attributes import paired, paired_share


def stabilised_share(numerator: pd.Series, denominator: pd.Series) -> pd.Series:
    """How far each share is from the share of all cases, in standard deviations of counting (arcsine scale).

    Series like ``numerator``; nan where there are no cases or no data. All 0 where the share is 0 or 1 throughout.
    Raises ValueError as :func:`p_chart` does.
    """
    counts, cases, index = paired_share(numerator, denominator)
    known = (cases > 0) & ~np.isnan(counts)
    centre = counts[known].sum() / cases[known].sum() if known.any() else np.nan

    def angle(successes: np.ndarray) -> np.ndarray:
        return np.arcsin(np.sqrt((successes + 3 / 8) / (cases + 3 / 4)))

    z = 2 * np.sqrt(cases + 1 / 2) * (angle(counts) - angle(cases * centre))
    return pd.Series(np.where(known, z, np.nan), index=index)


def stabilised_count(counts: pd.Series, sizes: pd.Series | None = None) -> pd.Series:
    """How far each count is from what the overall rate expects of its size, in standard deviations of counting.

    Square-root scale; ``sizes``: 1 for every point if not given. Series like ``counts``; nan where the size is 0
    or there is no data. Raises ValueError as :func:`u_chart` does.
    """
    counts, sizes, index = paired(counts, np.ones(len(counts)) if sizes is None else sizes)
    known = (sizes > 0) & ~np.isnan(counts)
    rate = counts[known].sum() / sizes[known].sum() if known.any() else np.nan
    z = 2 * (np.sqrt(counts + 3 / 8) - np.sqrt(sizes * rate + 3 / 8))
    return pd.Series(np.where(known, z, np.nan), index=index)
