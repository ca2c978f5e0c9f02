"""Has the level of the latest points changed? One p-value a series, fit for ranking hundreds of series.

A chart's rules answer with flags, each right about nineteen times of twenty at best; choosing among many series needs
a probability whose tail can be believed. Four things break the tail of an ordinary t-test on a short series, and
each is averaged out, not assumed away:

* points resemble the one before: first-order autocorrelation from -0.3 to 0.9;
* the year comes round: from two seasons on, a wave of one season's length, of no height to four times the noise's;
* noise is skewed or has long tails: the values pass through Yeo and Johnson's transformations, with and without
  long tails drawn in, before they are tested;
* the level may have moved at any of the last 12 points, at once, or as a drift over 6, over 12, or over all but the
  first 8.

For each window there is a one-sided p-value in each direction: the mean of the t-tests' p-values over autocorrelations,
waves and transformations, weighted by how well each explains the series with the tested change taken out (restricted
likelihood, so that a real change is not taken for autocorrelation). The windows' p-values are combined by Cauchy's rule,
which is right in the tail however strongly they depend on each other; the direction is that of the smaller of the two,
and doubling it makes the answer two-sided. Most is staked on changes of the last three points, little on one of the last
alone: a mean of one or two points still shows the tail of the noise. Five windows would be enough where a change is three months
old; with them one of eight months looks like memory.

What it promises: p is at most .05, .01 and .001 in no more than 6, 1.3 and .2 % of stable series, be they normal,
lognormal with sigma .5, small counts made even by :func:`stabilised_count`, or autocorrelated up to .3; at .6 in 9, 2
and .2 %. `benchmarks/changes.py` counts both what is claimed of stable series and what is found of true changes.

Sources: Box and Tiao (1965), Biometrika 52, 181-192; Yeo and Johnson (2000), Biometrika 87, 954-959; Liu and Xie
(2020), Journal of the American Statistical Association 115, 393-402; a season of random height after Harvey (1989),
"Forecasting, Structural Time Series Models and the Kalman Filter", ch. 2.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg, special

from sipnb.methods.spc.chart import DIRECTIONS, TRIAL_BELOW

#: Below this many earlier points their level and spread are themselves too unsure to compare with.
EARLIER = 8

#: Latest points that may have changed, and how much is staked on each: what matters is a change of the last months, and each
#: window more costs sharpness; but a step that no window meets looks like memory, however large it is.
WINDOWS = {1: 0.1, 2: 0.4, 3: 2.1, 6: 1.2, 12: 0.5}
_ELSE = 0.05
_DRIFTS = {6: 0.05, 12: 0.1}
_LONGEST = 0.2  # on a drift over all points but the first eight
#: From so many seasons on, one can be told from a change.
SEASONS = 2

# How credible each is before the series is seen: months rarely alternate, and often share what was left of the one before; a
# stock such as a backlog has an autocorrelation of .9.
_AUTOCORRELATIONS = {-0.3: 0.02, -0.15: 0.1, 0.0: 1, 0.15: 1, 0.3: 1.3, 0.45: 1.5, 0.6: 1.5, 0.75: 0.7, 0.9: 0.5}
_WAVES = {0.0: 0.4, 1.0: 0.2, 4.0: 0.2, 16.0: 0.2}  # variance of the wave's height, in that of the noise
_BENT = 0.02  # how credible another scale is, where the values were made normal already
_POWERS = np.array([[1.0], [0.1], [0.4], [0.7], [1.3], [1.6], [1.9]])  # Yeo and Johnson's; the first changes nothing
_DRAWN_IN = 0.6  # asinh(.6 x) / .6 makes a t distribution of 4 or 5 degrees of freedom near normal


@dataclass(frozen=True)
class Change:
    """Whether the latest points differ in level from the earlier ones.

    ``p``: two-sided, over all windows tried; nan where nothing can be tested. ``direction``: what ``p`` speaks for:
    +1 the latest are higher, -1 lower, 0 equal or not tested. ``window``: how many of the latest points the likeliest
    change in that direction covers, and ``form``, whether it came as a "step" or a "drift". ``before`` and ``after``:
    mean of the earlier points and of the window. ``low``, ``high``: 95 % interval of after - before for that window, allowing for
    autocorrelation but not for the choice among windows: judge by ``p`` whether there is a change (where there is
    none the interval still leaves out 0 in about 12 %), by the interval how large it is. ``n``: points with data.
    ``good``: the better direction.
    """

    p: float
    direction: int
    window: int
    form: str
    before: float
    after: float
    low: float
    high: float
    n: int
    good: str

    @property
    def better(self) -> bool | None:
        """Whether the change is to the good; None where neither direction is or nothing changed."""
        if self.good == "neutral" or not self.direction:
            return None
        return (self.direction > 0) == (self.good == "up")


def change(
    values: pd.Series, *, good: str = "up", windows: Sequence[int] | None = None, season: int | None = None,
    stabilised: bool = False,
) -> Change:  # fmt: skip
    """Does the level of the latest points differ from the earlier ones by more than chance would make it?

    ``values``: in time order, nan where there is no data (left out). Near-equal spread throughout is assumed:
    give shares and counts as :func:`stabilised_share` and :func:`stabilised_count` make them. ``good``: "up",
    "down" or "neutral". ``windows``: how many latest points may have changed, each of the last 12 and all but the
    first 8 if not given; one that leaves fewer than 8 earlier points is not tried. ``stabilised``: the values come from
    one of these two, and are near normal already. ``season``: points a year, where the year may come round; looked for
    from two years on.

    Not tested (p is nan): fewer than 13 points; more than half of the points equal, or of the steps between
    neighbours zero: such a series has no spread to compare with, and a t chart of its events may say more.
    Raises ValueError for an unknown ``good``, an infinite value, a window that is not a whole number from 1, or a
    season of less than 2 points.

    >>> import pandas as pd
    >>> found = change(pd.Series([5, 6, 5, 4, 6, 5, 5, 4, 6, 5, 6, 4, 5, 9, 9, 8]), good="down")
    >>> found.direction, found.window, found.better, found.p < 0.001
    (1, 3, False, True)
    """
    if good not in DIRECTIONS:
        raise ValueError(f"good is {good!r}; choose one of {', '.join(DIRECTIONS)}")
    if windows is not None and (not len(windows) or any(window != int(window) or window < 1 for window in windows)):
        raise ValueError(f"windows is {windows!r}; give whole numbers of points, each at least 1")
    if season is not None and season < 2:
        raise ValueError(f"season is {season!r}; give the number of points a year, at least 2")
    values = pd.Series(values)
    y = values.to_numpy(dtype=float, na_value=np.nan)
    if np.isinf(y).any():
        raise ValueError(f"{values.index[np.isinf(y)][0]!r}: the value is infinite; use nan for no data")
    there = np.flatnonzero(~np.isnan(y))
    y, n = y[there], len(there)
    windows = (*range(1, 13), n - EARLIER) if windows is None else windows
    tried = tuple(sorted({int(window) for window in windows if 1 <= window <= n - EARLIER}))
    if n < TRIAL_BELOW or not tried or _lumpy(y):
        nan = float("nan")
        return Change(nan, 0, 0, "", nan, nan, nan, nan, n, good)

    waves = season is not None and there[-1] - there[0] + 1 >= SEASONS * season
    plan = _plan(n, tried, tuple(there * (2 * math.pi / season)) if waves else None)
    sides, spread = _tested(y, plan, _BENT if stabilised else 1.0)
    combined = [_combined(p, plan.weight) for p in sides]
    higher = combined[0] <= combined[1]
    best = int(np.argmin(sides[0 if higher else 1] / plan.weight))
    window = plan.window[best]
    before, after = float(y[:-window].mean()), float(y[-window:].mean())
    half = special.stdtrit(n - 2, 0.975) * spread[best]
    return Change(
        p=min(1.0, 2 * min(combined)),
        direction=0 if combined[0] == combined[1] else 1 if higher else -1,
        window=window,
        form="step" if best < len(tried) else "drift",
        before=before,
        after=after,
        low=float(after - before - half),
        high=float(after - before + half),
        n=n,
        good=good,
    )


def _lumpy(y: np.ndarray) -> bool:
    commonest = np.unique(y, return_counts=True)[1].max()
    return commonest > len(y) / 2 or np.count_nonzero(np.diff(y)) < (len(y) - 1) / 2


@dataclass(frozen=True)
class _Plan:
    """What the tests of all series of one length share: one change (steps first, then drifts) an entry.

    A form is an autocorrelation with a wave. ``whiten``: (n, forms × n), takes both out of a series; ``project``:
    (n, forms × (1 + changes)), whose products with a series are its coordinates along the level and along each change
    after that; ``credible``: of each form and change before the series is seen, with minus the logarithm of their
    sizes, for the restricted likelihood; ``factor``: variance of after - before over that of the noise's shocks.
    """

    window: tuple[int, ...]
    weight: np.ndarray
    whiten: np.ndarray
    project: np.ndarray
    credible: np.ndarray
    factor: np.ndarray


@functools.lru_cache(maxsize=128)
def _plan(n: int, windows: tuple[int, ...], angles: tuple[float, ...] | None) -> _Plan:
    longest = {n - EARLIER: _LONGEST} if n - EARLIER > max(_DRIFTS) else {}
    drifts = {k: share for k, share in (_DRIFTS | longest).items() if k in windows}
    regressors = [np.r_[np.zeros(n - k), np.ones(k)] for k in windows]
    regressors += [np.r_[np.zeros(n - k), np.arange(1, k + 1) / k] for k in drifts]
    weight = np.array([WINDOWS.get(k, _ELSE) for k in windows] + list(drifts.values()))
    contrasts = [np.r_[np.full(n - k, -1 / (n - k)), np.full(k, 1 / k)] for k in (*windows, *drifts)]
    apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    # A wave whose height and place in the year are normal and unknown.
    wave = 0.0 if angles is None else np.cos(np.subtract.outer(angles, angles))
    whiten, project, credible, factor = [], [], [], []
    for (r, likely), (height, seasonal) in itertools.product(
        _AUTOCORRELATIONS.items(), ({0.0: 1.0} if angles is None else _WAVES).items()
    ):
        together = r**apart / (1 - r * r) + height * wave
        root = linalg.cholesky(together, lower=True)
        shocks = linalg.solve_triangular(root, np.eye(n), lower=True)
        level = shocks.sum(axis=1)
        size = float(np.linalg.norm(level))
        level = level / size
        whiten.append(shocks)
        project.append(level @ shocks)
        sizes = []
        for regressor in regressors:
            moved = shocks @ regressor
            moved = moved - level * (level @ moved)
            sizes.append(size * float(np.linalg.norm(moved)))
            project.append(moved / np.linalg.norm(moved) @ shocks)
        credible.append(math.log(likely * seasonal) - np.log(np.diag(root)).sum() - np.log(sizes))
        factor.append([c @ together @ c for c in contrasts])
    return _Plan(
        (*windows, *drifts), weight / weight.sum(), np.concatenate(whiten).T.copy(), np.array(project).T.copy(),
        np.array(credible), np.array(factor),
    )  # fmt: skip


def _tested(y: np.ndarray, plan: _Plan, bent: float) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """The one-sided p-values of each change of the plan, upwards and downwards, and the standard error of its size."""
    n, forms = len(y), len(plan.credible)
    free = n - 2
    # Moving ranges, so that a change of level does not widen the scale on which shapes are compared.
    scale = float(np.abs(np.diff(y)).mean()) / 1.128
    x, likely = _shapes((y - np.median(y)) / scale)
    likely[1:] += math.log(bent)
    along = (x @ plan.project).reshape(len(x), forms, -1)
    total = np.square(x @ plan.whiten).reshape(len(x), forms, n).sum(axis=2)
    rest = total[:, :, None] - along[:, :, :1] ** 2 - along[:, :, 1:] ** 2
    rest = np.maximum(rest, 1e-12 * total[:, :, None])
    t = along[:, :, 1:] / np.sqrt(rest / free)
    weight = plan.credible - free / 2 * np.log(rest) + likely[:, None, None]
    weight = np.exp(weight - weight.max(axis=(0, 1)))
    weight /= weight.sum(axis=(0, 1))

    counts = weight > 1e-7
    above = np.zeros(t.shape)
    above[counts] = special.stdtr(free, -t[counts])
    higher, lower = (weight * above).sum(axis=(0, 1)), (weight * np.where(counts, 1 - above, 0)).sum(axis=(0, 1))
    plain = weight[0] / weight[0].sum(axis=0)
    spread = scale * np.sqrt((plain * rest[0] / free * plan.factor).sum(axis=0))
    return (higher, lower), spread


def _shapes(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The series on each scale that might make it normal, the first unchanged, and log of the density's factor."""
    sign, log = np.sign(z), np.log1p(np.abs(z))
    power = np.where(z >= 0, _POWERS, 2 - _POWERS)
    bent = sign * np.expm1(power * log) / power
    likely = (_POWERS[:, 0] - 1) * (sign * log).sum()
    drawn = np.arcsinh(_DRAWN_IN * bent) / _DRAWN_IN
    drawn_likely = likely - 0.5 * np.log1p((_DRAWN_IN * bent) ** 2).sum(axis=1)
    return np.concatenate([bent, drawn]), np.concatenate([likely, drawn_likely])


def _combined(p: np.ndarray, weight: np.ndarray) -> float:
    """One p-value of several that depend on each other: the tail of the weighted mean of Cauchy variables."""
    p = np.clip(p, 1e-15, 1 - 1e-15)
    return float(special.stdtr(1, -(weight * -special.stdtrit(1, p)).sum()))
