"""Charts of counts and of shares, whose limits follow from how many could have been counted.

A c, u or p chart takes the count as Poisson or binomial. That holds for few cases; with thousands the smallest
real differences between months put every point outside. Laney's p′ and u′ widen the limits by how much the points
really vary: ``sigma_z``, the mean moving range of the z-scores / 1.128; at 1 they are the p and u charts.

Sources: Montgomery, "Introduction to Statistical Quality Control", 6th ed., ch. 7; Laney (2002), Quality
Engineering 14, 531-537.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb.methods.spc.chart import Chart, Fit, assemble
from sipnb.methods.spc.individuals import D2, basis, mean_range

ROUNDING = 1e-9  # of a z-score


def p_chart(
    numerator: pd.Series,
    denominator: pd.Series,
    *,
    good: str = "up",
    target: float | None = None,
    prime: bool = True,
    screen: bool = False,
    groups=None,
    rules: str = "nhs",
) -> Chart:
    """The chart of a share: ``numerator`` of ``denominator`` cases at each point, in time order.

    The value is the ratio in 0..1, the centre the share of all cases of the group, limits differ by point and stop
    at 0 and 1. ``prime``: Laney's p′ (else the binomial p chart); ``screen``: leave out extreme moving ranges of
    the z-scores once. A point with no cases, or nan on either side, is "no data". Other arguments as :func:`xmr`.

    Rules for one side and near a limit are judged on z-scores, a rise or fall on the plotted shares. A single
    point has binomial limits; points that are all equal have none to leave and no signal.

    Raises ValueError where the numerator is not within 0..denominator, where the two are not labelled alike, and
    as :func:`xmr`.
    """
    counts, cases, index = paired_share(numerator, denominator)
    return _chart(
        "p′" if prime else "p", counts, cases, index, lambda share: share * (1 - share), 1.0,
        prime, screen, good=good, target=target, groups=groups, rules=rules,
    )  # fmt: skip


def u_chart(
    counts: pd.Series,
    sizes: pd.Series,
    *,
    good: str = "down",
    target: float | None = None,
    prime: bool = True,
    screen: bool = False,
    groups=None,
    rules: str = "nhs",
) -> Chart:
    """The chart of a rate: ``counts`` of events per unit of ``sizes`` (users, days, devices) at each point.

    The value is the ratio, the centre the rate over the whole group, limits differ by point; the lower stops at 0.
    ``prime``: Laney's u′ (else the Poisson u chart). A point of size 0, or nan on either side, is "no data". Other
    arguments and the rules as :func:`p_chart`; below a mean count of about 3 use :func:`t_chart` instead.

    Raises ValueError for a negative count or size, for events where the size is 0, and as :func:`p_chart`.
    """
    counts, sizes, index = paired(counts, sizes)
    return _chart(
        "u′" if prime else "u", counts, sizes, index, lambda rate: rate, np.inf,
        prime, screen, good=good, target=target, groups=groups, rules=rules,
    )  # fmt: skip


def c_chart(
    counts: pd.Series,
    *,
    good: str = "down",
    target: float | None = None,
    prime: bool = False,
    screen: bool = False,
    groups=None,
    rules: str = "nhs",
) -> Chart:
    """The chart of a count of events with the same chances at every point: a :func:`u_chart` with sizes of 1.

    ``prime``: limits as wide as the counts really vary (a u′ chart), where they vary more than Poisson does.
    """
    counts, sizes, index = paired(counts, np.ones(len(counts)))
    return _chart(
        "u′" if prime else "c", counts, sizes, index, lambda rate: rate, np.inf,
        prime, screen, good=good, target=target, groups=groups, rules=rules,
    )  # fmt: skip


def paired_share(numerator, denominator) -> tuple[np.ndarray, np.ndarray, pd.Index]:
    """Both as arrays with the labels of the first, checked to be shares."""
    counts, cases, index = _aligned(numerator, denominator)
    _refuse(
        (counts < 0) | (counts > cases) | (cases < 0), counts, cases, index, "a share; 0 <= numerator <= denominator"
    )
    return counts, cases, index


def paired(counts, sizes) -> tuple[np.ndarray, np.ndarray, pd.Index]:
    """Both as arrays with the labels of the first, checked to be rates."""
    counts, sizes, index = _aligned(counts, sizes)
    wrong = (counts < 0) | (sizes < 0) | ((counts > 0) & (sizes == 0))
    _refuse(wrong, counts, sizes, index, "a rate; neither is negative, and no size has no events")
    return counts, sizes, index


def _refuse(wrong: np.ndarray, counts: np.ndarray, sizes: np.ndarray, index: pd.Index, what: str) -> None:
    if wrong.any():
        at = np.flatnonzero(wrong)[0]
        raise ValueError(f"{index[at]!r}: {counts[at]:g} of {sizes[at]:g} is not {what}")


def _aligned(counts, sizes) -> tuple[np.ndarray, np.ndarray, pd.Index]:
    counts = pd.Series(counts)
    if len(counts) != len(sizes):
        raise ValueError(f"{len(counts)} counts for {len(sizes)} sizes; give one size for each count")
    if isinstance(sizes, pd.Series) and sizes.index is not counts.index and not sizes.index.equals(counts.index):
        raise ValueError("counts and sizes are labelled differently; give both the same index")
    taken = (counts.to_numpy(dtype=float, na_value=np.nan), _array(sizes))
    for given in taken:
        if np.isinf(given).any():
            raise ValueError(f"{counts.index[np.isinf(given)][0]!r}: the value is infinite; use nan for no data")
    return *taken, counts.index


def _array(given) -> np.ndarray:
    return (
        given.astype(float)
        if isinstance(given, np.ndarray)
        else pd.Series(given).to_numpy(dtype=float, na_value=np.nan)
    )


def _chart(kind, counts, sizes, index, variance, top, prime, screen, **options) -> Chart:
    """``variance``: of one case or unit, given the centre; ``top``: where the scale ends."""
    y = np.full(len(counts), np.nan)
    np.divide(counts, sizes, out=y, where=sizes > 0)

    def fit(known: np.ndarray) -> Fit:
        centre = float(counts[known].sum() / sizes[known].sum())
        spread = np.sqrt(variance(centre) / sizes[known])
        z = np.zeros(len(known))
        if spread.all():
            z = (y[known] - centre) / spread
            z[np.abs(z) < ROUNDING] = 0
        sigma_z = mean_range(z, screen) / D2 if prime and len(known) > 1 else float("nan")
        width = 3.0 if np.isnan(sigma_z) else 3 * sigma_z
        low, high = np.maximum(centre - width * spread, 0.0), np.minimum(centre + width * spread, top)
        rarer = min(centre, top - centre) * float(sizes[known].mean())
        return Fit(z, 0.0, -width, width, centre, low, high, sigma_z, rarer)

    return assemble(kind, index, y, fit, limits=basis(screen) if prime else "counted", **options)
