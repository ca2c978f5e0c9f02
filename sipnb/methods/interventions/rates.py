"""Events before and after a date as a ratio of rates: Poisson regression with a trend, a season and the people at risk.

What is compared is not the rate before with the rate after: where it was rising anyway, that has the wrong sign.

Source: Bernal, Cummins and Gasparrini (2017), International Journal of Epidemiology 46, 348-355.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class RateRatio:
    """The rate after a date over what it would have been, with its 95 % interval as if events came singly (``low``, ``high``) and
    with events as scattered as they are (``quasi_low``, ``quasi_high``); ``dispersion``: 1 where events come singly."""

    value: float
    low: float
    high: float
    quasi_low: float
    quasi_high: float
    dispersion: float


def rate_ratio(counts, exposure, start: int, *, harmonics: int = 0, season: int = 12) -> RateRatio:
    """The ratio of rates from point ``start`` on, beside a straight trend and ``harmonics`` waves of ``season`` points.

    ``counts``, ``exposure``: (n,), events and those at risk. Raises ValueError for lengths that differ and for an exposure
    that is not above 0.
    """
    from statsmodels.genmod import families  # takes half a second, and is not always wanted
    from statsmodels.genmod.generalized_linear_model import GLM

    y, at_risk = np.asarray(counts, dtype=float), np.asarray(exposure, dtype=float)
    if y.shape != at_risk.shape or not (at_risk > 0).all():
        raise ValueError("counts and exposure must be equally long, and the exposure above 0")
    t = np.arange(len(y))
    columns = [np.ones(len(y)), t >= start, t + 1.0]
    for k in range(1, harmonics + 1):
        columns += [np.sin(2 * np.pi * k * (t + 1) / season), np.cos(2 * np.pi * k * (t + 1) / season)]
    fitted = GLM(y, np.column_stack(columns).astype(float), family=families.Poisson(), offset=np.log(at_risk)).fit()
    dispersion = float(fitted.pearson_chi2 / fitted.df_resid)
    step, error, z = float(fitted.params[1]), float(fitted.bse[1]), stats.norm.ppf(0.975)
    scattered = error * np.sqrt(dispersion)
    bounds = (step - z * error, step + z * error, step - z * scattered, step + z * scattered)
    return RateRatio(*(float(np.exp(one)) for one in (step, *bounds)), dispersion)
