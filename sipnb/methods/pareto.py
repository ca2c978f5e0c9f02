"""Pareto analysis with its uncertainty: which categories hold most of something, and how sure their order is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb.methods import proportions


def pareto(counts: pd.Series, k: int = 3, draws: int = 2000, seed: int = 1) -> pd.DataFrame:
    """The share of each category, the largest first, and how often it would be among the `k` largest.

    `counts` are whole numbers by category. Gives count, share with its 95 % Wilson interval (low, high), and `top`: the
    share of multinomial bootstrap samples of the same size in which fewer than `k` categories are strictly larger
    (Efron and Tibshirani 1993, ch. 6); the same seed gives the same answer. Equal counts keep their order.
    Raises ValueError for negative or fractional counts, or where all are 0.
    """
    n = counts.to_numpy(float)
    if (n < 0).any() or (n % 1 != 0).any():
        raise ValueError("counts must be whole numbers of 0 or more")
    total = int(n.sum())
    if not total:
        raise ValueError("all counts are 0: there is nothing to rank")
    drawn = np.random.default_rng(seed).multinomial(total, n / total, size=draws)
    larger = (drawn[:, None, :] > drawn[:, :, None]).sum(axis=2)
    found = pd.DataFrame({"count": n.astype(int), "share": n / total}, index=counts.index)
    estimates = [proportions.wilson(int(c), total) for c in n]
    found["low"], found["high"] = [e.low for e in estimates], [e.high for e in estimates]
    # What was never seen is in no sample, however few the categories are.
    found["top"] = ((larger < k) & (drawn > 0)).mean(axis=0)
    return found.sort_values("count", ascending=False, kind="stable")
