"""The second opinion on an effect: the past of a series carried on as a level that wanders, and how far what came is from it.

In the manner of CausalImpact: a level that takes a step of unknown size at every point, regressors if there are any, and nothing
known of the time after the action but those. As a gate it would say *worked* of too many services that nobody touched (7 to
35 %, with the priors of the original); beside another estimate it tells where the answer hangs on the model.

Source: Brodersen and others (2015), Annals of Applied Statistics 9, 247-274. The prior of the level's steps is theirs, an
inverse gamma about a hundredth of the series' standard deviation, of 4 degrees of freedom instead of 32.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize

from sipnb.methods.interventions.averaged import Mixture

#: Standard deviations of the level's step, in that of the series; the prior's guess, and how many points it is worth.
_STEPS = np.geomspace(0.003, 0.3, 12)
_GUESS, _WORTH = 0.01, 4.0


def local_level(y, start: int, regressors=None, *, at=None) -> Mixture:
    """What came from point ``start`` on, on average, less what the points before it let expect.

    ``y``: (n,), no nan; ``regressors``: (n, k), of which nothing but their values is known to have gone on; ``at``: places in
    time as for :func:`regression`. Raises ValueError for fewer than three points before, none after, or no spread before.
    """
    y = np.asarray(y, dtype=float)
    n, h = start, len(y) - start
    if n < 3 or h < 1:
        raise ValueError(f"{n} points before and {h} after; at least three and one are needed")
    mean, spread = y[:n].mean(), y[:n].std(ddof=1)
    if not spread > 1e-12 * max(1.0, abs(mean)):
        raise ValueError("the series has no spread before the action")
    z = (y - mean) / spread
    t = np.arange(1, len(y) + 1) if at is None else np.asarray(at) - at[0] + 1
    columns = [np.ones(len(y))]
    if regressors is not None:
        given = np.asarray(regressors, dtype=float).reshape(len(y), -1)
        columns += list(((given - given[:n].mean(axis=0)) / given[:n].std(axis=0, ddof=1)).T)
    design, together = np.column_stack(columns), np.minimum(t[:, None], t)
    found = [_carried_on(z, design, together, n, step) for step in _STEPS]
    likelihoods, expected, errors = (np.array(part) for part in zip(*found, strict=True))
    # On a grid of logarithms the density of the variance is multiplied by the variance.
    prior = -_WORTH / 2 * np.log(_STEPS**2) - _WORTH * _GUESS**2 / (2 * _STEPS**2)
    weights = np.exp(likelihoods + prior - (likelihoods + prior).max())
    return Mixture(weights / weights.sum(), (z[n:].mean() - expected) * spread, errors * spread, math.inf)


def _carried_on(
    z: np.ndarray, design: np.ndarray, together: np.ndarray, n: int, step: float
) -> tuple[float, float, float]:
    """The likelihood of the past, and the mean of the points after it with its standard error, for one size of steps."""
    before, after = design[:n], design[n:]

    def past(logarithm: float):
        covariance = math.exp(2 * logarithm) * np.eye(n) + step**2 * together[:n, :n]
        lower = np.linalg.cholesky(covariance)
        x, v = np.linalg.solve(lower, before), np.linalg.solve(lower, z[:n])
        inverse = np.linalg.inv(x.T @ x)
        coefficients = inverse @ (x.T @ v)
        against = (
            np.log(np.diag(lower)).sum() - np.linalg.slogdet(inverse)[1] / 2 + ((v - x @ coefficients) ** 2).sum() / 2
        )
        return float(against), covariance, coefficients, inverse

    best = optimize.minimize_scalar(lambda at: past(at)[0], bounds=(math.log(0.01), math.log(2)), method="bounded").x
    against, covariance, coefficients, inverse = past(best)
    across = step**2 * together[:n, n:]
    solved = np.linalg.solve(covariance, across)
    expected = after @ coefficients + solved.T @ (z[:n] - before @ coefficients)
    unknown = after.T - before.T @ solved
    spread = math.exp(2 * best) * np.eye(len(after)) + step**2 * together[n:, n:] - across.T @ solved
    spread += unknown.T @ inverse @ unknown
    return -against, float(expected.mean()), math.sqrt(spread.mean())
