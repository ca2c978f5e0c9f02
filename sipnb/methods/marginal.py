"""What something that cases have in common adds to what goes wrong with them: average marginal effects with intervals.

A model of the outcome — logistic for flags, linear for amounts — holds the mix of the cases and everything else that was
found. The effect is the average over the cases concerned of what the model says with and without it: how much less would go
wrong if it were gone and nothing else. Cases of one day have much in common, so that days and not cases are the unit of the
intervals.

Sources: Cameron and Trivedi (2005), "Microeconometrics", 10.6 and 24.5; Bartus (2005), "Estimation of marginal effects", for
flags; Liang and Zeger (1986) for clusters; Hastie and Tibshirani (2004) for the small ridge that keeps a part in which
nothing or everything went wrong from having no estimate. statsmodels gives the same coefficients and covariance (a test compares
them), but takes a singular value decomposition of all cases at every step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import linalg, special, stats

from sipnb.methods.proportions import Estimate

#: Weight of the ridge, in cases: too small to move what the cases tell.
RIDGE = 0.01
STEPS, CLOSE = 30, 1e-9
#: So many flags have a number of their own for every combination.
MOST_COLUMNS = 53


@dataclass(frozen=True)
class Fit:
    """A fitted model: ``design`` (n, p), the fitted ``mean`` and ``weight`` (derivative of the mean) of each case, its
    ``residual``, and the inverse of the information."""

    design: np.ndarray
    coefficients: np.ndarray
    mean: np.ndarray
    weight: np.ndarray
    residual: np.ndarray
    inverse: np.ndarray
    logistic: bool

    def predicted(self, linear: np.ndarray) -> np.ndarray:
        """The mean at a linear predictor."""
        return special.expit(linear) if self.logistic else linear


class Effect(NamedTuple):
    """What a column of flags adds: ``difference`` in the mean outcome of the cases concerned, ``total`` summed over them and
    divided by ``of`` cases, ``others`` the mean outcome that they would have without it."""

    difference: Estimate
    total: Estimate
    others: float


def logistic(design: np.ndarray, flags: np.ndarray) -> Fit:
    """A logistic regression of ``flags`` (n,) on a ``design`` (n, p) of flags, the first of them always 1, by Newton's method.

    Cases that are alike are counted once: of a hundred thousand there are a few hundred kinds. Raises ValueError for more than
    53 columns.
    """
    if design.shape[1] > MOST_COLUMNS:
        raise ValueError(f"the design has {design.shape[1]} columns; at most {MOST_COLUMNS} can be told apart")
    kind, first = np.unique(design @ 2.0 ** np.arange(design.shape[1]), return_index=True, return_inverse=True)[1:][
        ::-1
    ]
    rows, size, hits = design[first], np.bincount(kind), np.bincount(kind, weights=flags)
    beta, ridge = np.zeros(design.shape[1]), _ridge(design)
    share = (flags.sum() + 0.5) / (len(flags) + 1)
    beta[0] = math.log(share / (1 - share))
    for _ in range(STEPS):
        mean = special.expit(rows @ beta)
        weight = np.maximum(size * mean * (1 - mean), 1e-10)
        gradient = rows.T @ (hits - size * mean) - ridge * beta
        step = linalg.solve((rows.T * weight) @ rows + np.diag(ridge), gradient, assume_a="pos")
        beta += np.clip(step, -4, 4)
        if np.abs(step).max() < CLOSE:
            break
    mean = special.expit(rows @ beta)
    inverse = linalg.inv((rows.T * (size * mean * (1 - mean))) @ rows + np.diag(ridge))
    mean = mean[kind]
    return Fit(design, beta, mean, mean * (1 - mean), flags - mean, inverse, True)


def linear(design: np.ndarray, amounts: np.ndarray) -> Fit:
    """Least squares of ``amounts`` (n,) on ``design`` (n, p)."""
    inverse = linalg.inv(design.T @ design + np.diag(_ridge(design)))
    beta = inverse @ (design.T @ amounts)
    mean = design @ beta
    return Fit(design, beta, mean, np.ones(len(amounts)), amounts - mean, inverse, False)


def effect(fit: Fit, column: int, blocks: np.ndarray, of: int | None = None, level: float = 0.95) -> Effect:
    """What the flags in a ``column`` of the design add, on average over the cases that have them.

    ``blocks`` (n,) numbers the days or other clusters from 0. ``of`` is the number of cases that the total is divided by
    (default: all of the fit; more where some were left out because they could not be concerned). Raises ValueError where no
    case is concerned.
    """
    n = len(fit.residual)
    concerned = fit.design[:, column] > 0
    if not concerned.any():
        raise ValueError("no case is concerned: there is no effect to estimate")
    at = fit.design @ fit.coefficients
    without = fit.predicted(at - fit.coefficients[column] * fit.design[:, column])
    gain = np.where(concerned, fit.mean - without, 0.0)
    share, total = float(concerned.mean()), float(gain.mean())
    slope = without * (1 - without) if fit.logistic else np.ones(n)
    plain = fit.design[concerned].copy()
    plain[:, column] = 0.0
    gradient = (fit.weight[concerned] @ fit.design[concerned] - slope[concerned] @ plain) / n
    through = (fit.design @ (fit.inverse @ gradient)) * fit.residual * n
    difference = total / share
    of = n if of is None else of
    z = _quantile(blocks, level)
    half = z * _error((gain - difference * concerned + through) / share, blocks)
    half_total = z * _error(gain - total + through, blocks) * n / of
    carried = total * n / of
    return Effect(
        Estimate(difference, difference - half, difference + half, int(concerned.sum())),
        Estimate(carried, carried - half_total, carried + half_total, of),
        float(without[concerned].mean()),
    )


def _error(influence: np.ndarray, blocks: np.ndarray) -> float:
    """The standard error of a mean whose cases come in blocks."""
    sums = np.bincount(blocks, weights=influence)
    many = int((np.bincount(blocks) > 0).sum())
    return float(np.sqrt((sums**2).sum() * many / max(many - 1, 1)) / len(influence))


def _quantile(blocks: np.ndarray, level: float) -> float:
    many = int((np.bincount(blocks) > 0).sum())
    return float(stats.t.ppf((1 + level) / 2, max(many - 1, 1)))


def _ridge(design: np.ndarray) -> np.ndarray:
    ridge = np.full(design.shape[1], RIDGE)
    ridge[0] = 0.0
    return ridge
