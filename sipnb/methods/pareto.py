"""Where something lies: which categories hold most of it, which hold more than their part, and which attribute tells best.

The largest categories of a sample are not those of what it was drawn from: of ten equal ones some are in front by chance, and
drawing again from the sample only repeats that. So an order is claimed by tests, and where things simply are in proportion to
what they come from, nothing is.

Sources: Benjamini and Heller (2008), "Screening for partial conjunction hypotheses"; Holm (1979); Benjamini and Hochberg
(1995); McCullagh and Nelder (1989), deviance; Phipson and Smyth (2010), permutation p-values are never zero.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special, stats

from sipnb.methods import discoveries, proportions


def pareto(counts: pd.Series, k: int = 3) -> pd.DataFrame:
    """The share of each category, the largest first, and how sure it is that it is among the `k` largest.

    `counts` are whole numbers by category. Gives count, share with its 95 % Wilson interval (low, high), and `top`: 1 less the
    p-value of "at least `k` others are as large", by exact binomial tests of each two categories, adjusted for looking at all
    of them (Holm). At 0.95 it is false for any of them in at most 5 % of samples. Where there are no more than `k` categories
    each that was seen is among them. Equal counts keep their order.
    Raises ValueError for negative or fractional counts, or where all are 0.
    """
    n = counts.to_numpy(float)
    if (n < 0).any() or (n % 1 != 0).any():
        raise ValueError("counts must be whole numbers of 0 or more")
    total = int(n.sum())
    if not total:
        raise ValueError("all counts are 0: there is nothing to rank")
    found = pd.DataFrame({"count": n.astype(int), "share": n / total}, index=counts.index)
    found[["low", "high"]] = proportions.wilson_series(n, np.full(len(n), float(total)))[["low", "high"]].to_numpy()
    # What was never seen is not among the largest, however few the categories are.
    found["top"] = np.where(n > 0, 1 - _not_among(n, k), 0.0)
    return found.sort_values("count", ascending=False, kind="stable")


def _not_among(n: np.ndarray, k: int) -> np.ndarray:
    """The adjusted p-value for each category of: at least `k` others are as large."""
    if len(n) <= k:
        return np.zeros(len(n))
    # A row a category: how likely at least its own count is if the other one is as large.
    as_large = stats.binom.sf(n[:, None] - 1, n[:, None] + n[None, :], 0.5)
    np.fill_diagonal(as_large, -1.0)
    # If `k` are as large, one of those is found smaller by chance with at most `k` times its level.
    p = np.minimum(1.0, k * np.partition(as_large, -k, axis=1)[:, -k])
    return discoveries.holm(p)["adjusted"].to_numpy()


def telling(attributes: pd.DataFrame, missed, draws: int = 999, seed: int = 1, level: float = 0.05) -> pd.DataFrame:
    """Which attributes of cases tell best which of them were missed: a row an attribute with two values or more.

    A row of `attributes` is a case, a column an attribute; `missed` a flag for each case. A missing value leaves the case out
    for that attribute. Columns n (cases), values, explained (the part of the deviance of `missed` that the attribute explains,
    less what it would explain by chance: comparable whatever the number of values), p (how often as much is explained with
    the misses dealt out anew) and found (among all attributes, by Benjamini and Hochberg at `level`).
    The best of those found comes first. Same input and seed: same answer. Raises ValueError for unequal lengths.
    """
    flags = np.asarray(missed, dtype=bool)
    if flags.shape != (len(attributes),):
        raise ValueError(f"missed has shape {flags.shape}; give one flag for each of {len(attributes)} cases")
    rows, rng = {}, np.random.default_rng(seed)
    for name in attributes.columns:
        code, values = pd.factorize(attributes[name])
        known = code >= 0
        size = np.bincount(code[known], minlength=len(values))
        hits = np.bincount(code[known], weights=flags[known], minlength=len(values))
        total = int(hits.sum())
        if len(values) < 2 or not 0 < total < size.sum():
            continue
        # Both ways give the same; one costs as much as there are cases, the other as there are values.
        way = "count" if size.sum() < 20 * len(size) else "marginals"
        dealt = rng.multivariate_hypergeometric(size, total, size=draws, method=way)
        own, chance = float(_explained(hits[None, :], size)[0]), _explained(dealt.astype(float), size)
        whole = -2 * (total * np.log(total / size.sum()) + (size.sum() - total) * np.log(1 - total / size.sum()))
        # Equal tables differ by rounding.
        p = (1 + np.count_nonzero(chance >= own - 1e-9)) / (draws + 1)
        rows[name] = (int(size.sum()), len(values), (own - chance.mean()) / (whole - chance.mean()), p)
    found = pd.DataFrame.from_dict(rows, orient="index", columns=["n", "values", "explained", "p"])
    if found.empty:
        return found.assign(found=pd.Series(dtype=bool))
    found["found"] = discoveries.benjamini_hochberg(found["p"], level)["rejected"]
    return found.sort_values(["found", "explained"], ascending=False, kind="stable")


def _explained(hits: np.ndarray, size: np.ndarray) -> np.ndarray:
    """The likelihood ratio of one share for each value against one for all; a row a table of hits by value."""
    total = hits.sum(axis=1, keepdims=True)
    common = total / size.sum()
    expected, left = common * size, size - hits
    return 2 * (special.rel_entr(hits, expected) + special.rel_entr(left, size - expected)).sum(axis=1)


def over_represented(missed, cases, level: float = 0.05) -> np.ndarray:
    """In which categories more of the `cases` were missed than in all others together.

    Two equally long arrays of counts. Fisher's exact test of each category against the rest, one-sided; found by Benjamini
    and Hochberg at `level`. Raises ValueError for unequal lengths, or more missed than cases.
    """
    k, n = np.asarray(missed, dtype=float), np.asarray(cases, dtype=float)
    if k.shape != n.shape or not ((k >= 0) & (k <= n)).all():
        raise ValueError("missed and cases must be equally long, with no more missed than there were cases")
    if not len(k):
        return np.empty(0, dtype=bool)
    p = stats.hypergeom.sf(k - 1, n.sum(), k.sum(), n)
    return discoveries.benjamini_hochberg(np.clip(p, 0, 1), level)["rejected"].to_numpy(bool)
