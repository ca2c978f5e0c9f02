"""Medians, percentiles and restricted means of many groups at once: a service's history, period by period.

One sort serves all groups; the numbers are those of :func:`~sipnb.methods.durations.curves.kaplan_meier` for each
group by itself, which takes about ten times as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sipnb.methods.durations.curves import EVENTS_BEYOND, bounds, checked, quantile, restricted_mean
from sipnb.methods.proportions import Estimate


@dataclass(frozen=True)
class _Curves:
    """The curves of all groups, one after the other; ``edges`` says where each begins and the last ends."""

    edges: np.ndarray
    times: np.ndarray
    survival: np.ndarray
    se: np.ndarray
    at_risk: np.ndarray
    ended: np.ndarray
    n: np.ndarray
    events: np.ndarray
    followed: np.ndarray

    def slices(self):
        return [slice(a, b) for a, b in zip(self.edges[:-1], self.edges[1:], strict=True)]


def medians_by_group(duration, observed, groups, n_groups: int, level: float = 0.95) -> pd.DataFrame:
    """How long cases of each group typically last: the Kaplan-Meier median with its log-log interval.

    ``duration`` and ``observed`` as for :func:`kaplan_meier`; ``groups`` gives each case the number of its group,
    0 to ``n_groups - 1`` (negative: it belongs to none). A row a group: value, low, high, n (cases), events, followed
    (the longest time watched).
    A group without cases has n 0 and nan; where its curve does not reach one half the value is nan, n is not 0.
    Raises as :func:`kaplan_meier`, and for a group number of ``n_groups`` or more.
    """
    return quantiles_by_group(duration, observed, groups, n_groups, (0.5,), level)[0.5].drop(columns="supported")


def quantiles_by_group(
    duration, observed, groups, n_groups: int, ps: Sequence[float] = (0.5, 0.9, 0.95), level: float = 0.95
) -> dict[float, pd.DataFrame]:
    """:func:`medians_by_group` for several shares ``ps``: a table for each, with one column more, ``supported``.

    ``supported`` says whether 5 cases or more were seen to end later than the value (see ``Survival.supported``);
    an estimate without that should be shown as such. Which are shown must not depend on it: with cases still open, only
    short ones have it.
    Raises as :func:`medians_by_group`, and for a ``p`` outside 0..1.
    """
    curves = _curves(duration, observed, groups, n_groups)
    low, high = bounds(curves.survival, curves.se, level, "log-log")
    tables = {}
    for p in ps:
        found, supported = [], []
        for part, n in zip(curves.slices(), curves.n.tolist(), strict=True):
            times = curves.times[part]
            estimate = quantile(times, curves.survival[part], low[part], high[part], p, n)
            found.append(estimate)
            supported.append(curves.ended[part][times > estimate.value].sum() >= EVENTS_BEYOND)
        tables[p] = _table(found, curves).assign(supported=np.array(supported, dtype=bool))
    return tables


def restricted_means_by_group(
    duration, observed, groups, n_groups: int, tau: float, level: float = 0.95
) -> pd.DataFrame:
    """The mean time open up to ``tau`` of each group (``Survival.restricted_mean``), as :func:`medians_by_group`.

    Unlike a median it exists where most are still open, and it feels the long ones; nan where a group was not
    followed as far as ``tau``. Raises as :func:`medians_by_group`, and for a ``tau`` that is not positive.
    """
    curves = _curves(duration, observed, groups, n_groups)
    found = [
        restricted_mean(
            curves.times[part],
            curves.survival[part],
            curves.at_risk[part],
            curves.ended[part],
            tau,
            int(curves.n[group]),
            float(curves.followed[group]),
            level,
        )
        for group, part in enumerate(curves.slices())
    ]
    return _table(found, curves)


def _table(found: list[Estimate], curves: _Curves) -> pd.DataFrame:
    columns = {name: np.array([getattr(e, name) for e in found], dtype=float) for name in ("value", "low", "high")}
    return pd.DataFrame(columns | {"n": curves.n, "events": curves.events, "followed": curves.followed})


def _curves(duration, observed, groups, n_groups: int) -> _Curves:
    time, ended = checked(duration, observed)
    code = np.asarray(groups)
    if code.shape != time.shape:
        raise ValueError(f"groups has shape {code.shape}, duration {time.shape}; give one group a case")
    if code.size and code.max() >= n_groups:
        raise ValueError(f"case {int(code.argmax())}: its group is {code.max()}; groups run from 0 to {n_groups - 1}")
    order = np.lexsort((time, code))
    order = order[np.count_nonzero(code < 0) :]
    time, ended, code = time[order], ended[order], code[order].astype(np.int64)
    n = np.bincount(code, minlength=n_groups)
    ends = np.cumsum(n)
    followed = np.full(n_groups, np.nan)
    followed[n > 0] = time[ends[n > 0] - 1]
    if not len(time):
        nothing = np.empty(0)
        edges = np.zeros(n_groups + 1, dtype=np.int64)
        return _Curves(edges, nothing, nothing, nothing, nothing, nothing, n, n, followed)
    first = np.flatnonzero(np.r_[True, (code[1:] != code[:-1]) | (time[1:] != time[:-1])])
    deaths = np.add.reduceat(ended, first)
    at_risk = ends[code[first]] - first
    rows = deaths > 0
    deaths, at_risk, times, of = deaths[rows], at_risk[rows], time[first][rows], code[first][rows]
    edges = np.searchsorted(of, np.arange(n_groups + 1))
    left = at_risk - deaths
    steps, survival = left / at_risk, np.empty(len(times))
    with np.errstate(divide="ignore"):
        terms, total = np.where(left > 0, deaths / (at_risk * left), 0.0), np.empty(len(times))
    for a, b in zip(edges[:-1], edges[1:], strict=True):
        np.cumprod(steps[a:b], out=survival[a:b])
        np.cumsum(terms[a:b], out=total[a:b])
    events = np.bincount(of, weights=deaths, minlength=n_groups).astype(np.int64)
    return _Curves(edges, times, survival, survival * np.sqrt(total), at_risk, deaths, n, events, followed)
