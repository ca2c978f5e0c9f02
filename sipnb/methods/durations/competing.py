"""Cases that can end in several ways: the share resolved, cancelled or still open by a time.

To call cancelled cases censored answers "how long if none were ever cancelled", and its shares add up to more than
one. The cumulative incidence counts them as what they are.

Sources: Aalen and Johansen (1978); variance by the delta method, Dinse and Larson (1986), Marubini and Valsecchi
(1995), as Stata's stcompet has it. statsmodels' ``CumIncidenceRight`` gives the same numbers but knows no delayed
entry, and nan once all have ended; hence the arithmetic here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sipnb.methods.durations.curves import DECIMALS, bounds, checked, checked_entry
from sipnb.methods.proportions import Estimate, exact


@dataclass(frozen=True)
class Incidence:
    """How cases end, over time.

    ``curves`` has a row for each cause and each time at which something ended: cause, time, incidence (share that
    had ended by this cause), se, low, high (95 %, log-log), survival (share still open), at_risk (just before).
    At each time the incidences and the survival add up to 1. ``events`` counts the ends by cause, ``open_cases``
    those not yet ended; ``followed`` is the longest time watched.
    """

    curves: pd.DataFrame
    n: int
    events: dict[int, int]
    open_cases: int
    followed: float
    _watched: np.ndarray = field(repr=False, compare=False)
    _entered: np.ndarray = field(repr=False, compare=False)

    def at(self, t: float, cause: int, level: float = 0.95) -> Estimate:
        """The share that has ended by ``cause`` up to ``t``, with a log-log interval; ``n`` is the number of cases.

        Where none has, the upper bound is the exact binomial one for those under watch at ``t``. nan beyond the
        longest time watched, unless all had ended. Raises ValueError for a cause of which there is no case.
        """
        if self.n == 0:
            return Estimate(math.nan, math.nan, math.nan, 0)
        if cause not in self.events:
            raise ValueError(f"cause is {cause!r}; these ends were seen: {', '.join(map(str, self.events)) or 'none'}")
        curve = self.curves[self.curves["cause"] == cause]
        all_ended = curve["survival"].iloc[-1] <= 1e-9
        if t < 0 or (t > self.followed + 1e-9 and not all_ended):
            return Estimate(math.nan, math.nan, math.nan, self.n)
        row = int(np.searchsorted(curve["time"].to_numpy(), round(t, DECIMALS), side="right")) - 1
        if row < 0 or curve["incidence"].iloc[row] == 0:
            under_watch = int(np.sum((self._entered < t) & (self._watched >= t)))
            return Estimate(0.0, 0.0, exact(0, under_watch, level).high, self.n)
        share, se = curve["incidence"].to_numpy()[[row]], curve["se"].to_numpy()[[row]]
        low, high = bounds(share, se, level, "log-log")
        return Estimate(float(share[0]), float(low[0]), float(high[0]), self.n)


def cumulative_incidence(duration, cause, entry=None) -> Incidence:
    """What share of cases has been resolved, cancelled, … by a time, when some have not ended yet.

    ``cause``: 0 for a case still open when last seen, otherwise a whole number from 1 that says how it ended
    (1 resolved, 2 cancelled); ``duration`` and ``entry`` as for :func:`kaplan_meier`. No case at all gives an empty
    curve with ``n == 0``. Raises as :func:`kaplan_meier`, and for a cause that is missing or no whole number.
    """
    codes = np.asarray(pd.Series(np.asarray(cause)).astype(float))
    wrong = np.flatnonzero(~(np.isfinite(codes) & (codes >= 0) & (codes == np.floor(codes))))
    if wrong.size:
        raise ValueError(
            f"case {wrong[0]}: cause is {codes[wrong[0]]}; give 0 while still open, 1, 2, … for the ways to end"
        )
    codes = codes.astype(np.int64)
    time, ended = checked(duration, codes > 0)
    start = np.full(len(time), -1.0) if entry is None else checked_entry(entry, time)
    times = np.unique(time[ended > 0])
    causes = np.unique(codes[codes > 0])
    # Watched from just after the entry to the end itself.
    at_risk = len(time) - np.searchsorted(np.sort(time), times) - (len(time) - np.searchsorted(np.sort(start), times))
    place = np.searchsorted(times, time)
    by_cause = {int(c): np.bincount(place[codes == c], minlength=len(times)) for c in causes}
    deaths = sum(by_cause.values(), np.zeros(len(times)))
    survival = np.cumprod(1 - deaths / at_risk)
    # Once all at risk have ended the curve is 0 and stays there.
    survival = np.where(np.minimum.accumulate(survival) < 1e-12, 0.0, survival) if len(times) else survival
    before = np.concatenate(([1.0], survival[:-1])) if len(times) else survival
    tables = [_curve(c, times, d, deaths, at_risk, before, survival) for c, d in by_cause.items()]
    return Incidence(
        curves=pd.concat(tables, ignore_index=True) if tables else _curve(0, *[np.empty(0)] * 6),
        n=len(time),
        events={c: int(d.sum()) for c, d in by_cause.items()},
        open_cases=int((codes == 0).sum()),
        followed=float(time.max()) if len(time) else math.nan,
        _watched=time,
        _entered=start,
    )


def _curve(cause: int, times, by_cause, deaths, at_risk, before, survival) -> pd.DataFrame:
    incidence = np.cumsum(before * by_cause / at_risk)
    left = at_risk - deaths
    with np.errstate(divide="ignore", invalid="ignore"):
        # Where all at risk ended, nothing comes after: the term's weight is exactly zero.
        hazard = np.where(left > 0, deaths / (at_risk * left), 0.0)
    own = before**2 * (at_risk - by_cause) * by_cause / at_risk**3
    shared = before * by_cause / at_risk**2
    # The sum over earlier times s of (I(t) - I(s))² hazard(s) + own(s) - 2 (I(t) - I(s)) shared(s), spread out.
    variance = (
        incidence**2 * np.cumsum(hazard)
        - 2 * incidence * np.cumsum(incidence * hazard + shared)
        + np.cumsum(incidence**2 * hazard + own + 2 * incidence * shared)
    )
    se = np.sqrt(np.maximum(variance, 0.0))
    low, high = bounds(incidence, se, 0.95, "log-log")
    return pd.DataFrame(
        {
            "cause": np.full(len(times), cause, dtype="int64"),
            "time": times,
            "incidence": incidence,
            "se": se,
            "low": low,
            "high": high,
            "survival": survival,
            "at_risk": at_risk.astype("int64"),
        }
    )
