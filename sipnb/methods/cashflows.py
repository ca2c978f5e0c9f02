"""What an improvement is worth in money over the years: net present value, pay-back, the chance of a loss, and what it would be
worth to know more.

Convention: what is spent at the decision is not discounted; a benefit counts at the end of its month, discounted by the rate of a
year. Ranges that somebody stated hold the truth in nine of ten cases: half of the probability lies below the likely value, on
either side the logarithm is normal (the value itself where the low end is 0).

Sources: Brealey, Myers and Allen, "Principles of corporate finance", 2; Raiffa and Schlaifer (1961), "Applied statistical
decision theory", 5.3 and 5.5, for the value of a sample; Hubbard (2014), "How to measure anything", 6, for ranges of nine in ten.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

#: The quantile of the normal that nine of ten lie below the upper of.
_NINE_OF_TEN = float(stats.norm.ppf(0.95))


def npv(flows: Sequence[float], rate: float) -> float:
    """Net present value of amounts at the ends of periods, the first at once and not discounted; ``rate`` is a period's.

    >>> round(npv([-10_000, 3_000, 4_200, 6_800], 0.10), 2)
    1307.29
    """
    amounts = np.asarray(flows, dtype=float)
    return float((amounts / (1 + rate) ** np.arange(len(amounts))).sum())


def annuity(first: float, last: float, rate: float) -> float:
    """What one unit a month is worth at once, from the month that ends after ``first`` + 1 months to that after ``last``.

    ``first`` need not be whole: of a month that has begun only the rest counts. ``rate`` is a year's.
    """
    months = np.arange(1, math.floor(last) + 1, dtype=float)
    part = np.clip(months - first, 0.0, 1.0)
    return float((part / (1 + rate) ** (months / 12)).sum())


def elicited(stated: tuple[float, float, float], uniform: np.ndarray) -> np.ndarray:
    """Values of a stated range (low, likely, high), one for each number between 0 and 1.

    Raises ValueError unless 0 <= low <= likely <= high.

    >>> elicited((10.0, 20.0, 80.0), np.array([0.05, 0.5, 0.95])).round(6)
    array([10., 20., 80.])
    """
    low, likely, high = stated
    if not 0 <= low <= likely <= high:
        raise ValueError(f"a range is low, likely, high and not below 0; this is {low:g}, {likely:g}, {high:g}")
    z = stats.norm.ppf(uniform) / _NINE_OF_TEN
    if low == 0:
        return np.maximum(likely + np.where(z < 0, z * (likely - low), z * (high - likely)), 0.0)
    return likely * np.exp(np.where(z < 0, z * math.log(likely / low), z * math.log(high / likely)))


@dataclass(frozen=True)
class Worth:
    """What something is worth: mean net present value with the range that holds nine of ten, the chance of a loss, and the months
    until what was spent has come back on average (inf where it never does within the horizon)."""

    mean: float
    low: float
    high: float
    loss: float
    payback: float


def worth(cost: np.ndarray, monthly: np.ndarray, first: np.ndarray, months: int, rate: float) -> Worth:
    """From draws of what is spent at once, of the benefit of a month, and of the months until it begins.

    ``months`` is the horizon. The draws of one row belong together. Raises ValueError for unequal lengths or a horizon below 1.
    """
    drawn = values(cost, monthly, first, months, rate)
    low, high = np.quantile(drawn, [0.05, 0.95])
    spent, each, begins = float(np.mean(cost)), float(np.mean(monthly)), float(np.mean(first))
    payback = begins + spent / each if each > 0 else math.inf
    return Worth(
        float(drawn.mean()),
        float(low),
        float(high),
        float((drawn < 0).mean()),
        payback if payback <= months else math.inf,
    )


def values(cost: np.ndarray, monthly: np.ndarray, first: np.ndarray, months: int, rate: float) -> np.ndarray:
    """The net present value of each draw; see `worth`."""
    if months < 1 or not len(cost) == len(monthly) == len(first):
        raise ValueError("give as many costs as benefits and beginnings, and a horizon of at least one month")
    ends = np.arange(1, months + 1, dtype=float)
    part = np.clip(ends[None, :] - np.asarray(first, dtype=float)[:, None], 0.0, 1.0)
    return (part / (1 + rate) ** (ends / 12)[None, :]).sum(axis=1) * monthly - cost


def value_of_sample(mean: float, error: float, of_now: float, of_more: float) -> float:
    """What it is worth to see more before deciding whether something is done that is worth ``mean``, with a standard ``error``.

    ``of_now`` is how much was seen (days, cases), ``of_more`` how much would be seen in addition. 0 where the decision cannot
    change. Normal with linear loss (Raiffa and Schlaifer 1961, 5.5): the worth after seeing more scatters around today's with
    the part of the variance that more data take away.

    >>> round(value_of_sample(0.0, 100.0, 1.0, 1e9), 2)  # perfect information: 100 times the density of the normal at 0
    39.89
    """
    if error <= 0 or of_more <= 0:
        return 0.0
    scatter = error * math.sqrt(of_more / (of_now + of_more))
    away = abs(mean) / scatter
    return float(scatter * (stats.norm.pdf(away) - away * stats.norm.sf(away)))
