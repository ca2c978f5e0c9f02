"""One Kaplan-Meier curve: its quantiles, restricted mean and value at a time; the log-rank test between groups.

Sources: Kaplan and Meier (1958); Greenwood (1926); Brookmeyer and Crowley (1982); Mantel (1966). The curve and
the test are statsmodels' ``SurvfuncRight`` and ``survdiff``; quantiles follow R's ``survival::survfit``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import special, stats
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from sipnb.methods.proportions import Estimate, exact

TRANSFORMS = ("log-log", "log")
#: Durations that differ by less than this are ties: 0.1 + 0.2 and 0.3 are one time.
DECIMALS = 9
_EQUAL = 1e-9
#: With fewer cases there is no interval: a nominal 95 % would cover 75 % of medians at 2 cases, 87 % of restricted means at 20.
FEWEST_QUANTILE, FEWEST_MEAN = 5, 30
#: Seen to end after a quantile, for it to count as supported: with fewer its upper bound mostly does not exist.
EVENTS_BEYOND = 5


@dataclass(frozen=True)
class Survival:
    """A Kaplan-Meier curve.

    ``curve`` has a row for each time at which something ended: time, survival (share still open just after),
    low, high (95 %, log-log), at_risk (cases watched just before). ``n`` subjects = ``events`` + ``censored``;
    ``followed`` is the longest time watched: beyond it nothing is known.
    """

    curve: pd.DataFrame
    n: int
    events: int
    censored: int
    followed: float
    _se: np.ndarray = field(repr=False, compare=False)
    _ended: np.ndarray = field(repr=False, compare=False)
    _watched: np.ndarray = field(repr=False, compare=False)
    _entered: np.ndarray | None = field(default=None, repr=False, compare=False)

    def quantile(self, p: float, level: float = 0.95, transform: str = "log-log") -> Estimate:
        """The time by which a share ``p`` has ended; its value is nan where the curve does not get there.

        Where the curve is exactly at ``1 - p`` between two times, their midpoint, as R does. The interval
        (Brookmeyer-Crowley) is read off the curve's bounds on the stated ``transform``, "log-log" or "log";
        its upper end is inf where the upper bound never comes down to ``1 - p``; both are nan for fewer than 5 subjects.
        ``n`` is the number of subjects. Raises ValueError for a ``p`` outside 0..1 or another transform.
        """
        times, survival = self.curve["time"].to_numpy(), self.curve["survival"].to_numpy()
        low, high = bounds(survival, self._se, level, transform)
        return quantile(times, survival, low, high, p, self.n)

    def events_beyond(self, p: float) -> int:
        """How many cases were seen to end later than the quantile ``p``; 0 where the curve does not get there."""
        value = self.quantile(p).value
        return int(self._ended[self.curve["time"].to_numpy() > value].sum())

    def supported(self, p: float, at_least: int = EVENTS_BEYOND) -> bool:
        """Whether the quantile ``p`` is more than the curve's last steps: 5 cases or more ended later than it.

        In simulated histories of one to four months with cases still open, a P90 with fewer had no upper bound in 97
        of 100, one with 5 or more in 2 of 100.
        For closed cases only, the rule asks for 10 to give a median, 50 a P90 and 100 a P95.
        """
        return self.events_beyond(p) >= at_least

    def restricted_mean(self, tau: float, level: float = 0.95) -> Estimate:
        """The mean of the time spent open up to ``tau`` (the area under the curve), with its interval.

        The interval is Student's by the number of ends, on the logit scale between 0 and ``tau``. nan where ``tau`` lies
        beyond the longest time watched while some were still open: the curve is unknown there. The bounds alone are nan
        for fewer than 30 subjects, and where nothing had ended by ``tau``.
        Raises ValueError for a ``tau`` that is not positive.
        """
        times, survival = self.curve["time"].to_numpy(), self.curve["survival"].to_numpy()
        at_risk = self.curve["at_risk"].to_numpy()
        return restricted_mean(times, survival, at_risk, self._ended, tau, self.n, self.followed, level)

    def at(self, t: float, level: float = 0.95) -> Estimate:
        """The share still open after ``t``, with a log-log interval (exact binomial before the first end).

        nan beyond the longest time watched, unless all had ended by then. ``n`` is the number of subjects.
        """
        survival, times = self.curve["survival"].to_numpy(), self.curve["time"].to_numpy()
        row = int(np.searchsorted(times, round(t, DECIMALS), side="right")) - 1
        all_ended = len(survival) > 0 and survival[-1] <= _EQUAL
        if self.n == 0 or t < 0 or (t > self.followed + _EQUAL and not all_ended):
            return Estimate(math.nan, math.nan, math.nan, self.n)
        if row < 0:
            at_risk = self._at_risk(t)
            return Estimate(1.0, exact(at_risk, at_risk, level).low, 1.0, self.n)
        low, high = bounds(survival[[row]], self._se[[row]], level, "log-log")
        return Estimate(float(survival[row]), float(low[0]), float(high[0]), self.n)

    def _at_risk(self, t: float) -> int:
        watched = self.n - int(np.searchsorted(self._watched, t, side="left"))
        if self._entered is not None:
            watched -= self.n - int(np.searchsorted(self._entered, t, side="left"))
        return max(watched, 0)


def kaplan_meier(duration, observed, entry=None) -> Survival:
    """How long cases last, when some have not ended yet.

    ``duration``: time from each case's start to its end, or to the moment it was last seen (>= 0);
    ``observed``: True where it ended, False where it was still open (censored); ``entry``: the age at which a
    case came under watch (0 for one watched from its start), for cases already open when records begin.
    No case at all gives an empty curve with ``n == 0``. Durations equal to 9 decimals are ties; 100,000 rows
    take well under a second.
    Raises ValueError for unequal lengths, missing or negative durations, a censoring flag that is missing, and
    a case whose entry is not before its end (except at age 0).
    """
    time, ended = checked(duration, observed)
    start = None if entry is None else checked_entry(entry, time)
    n, events = len(time), int(ended.sum())
    if events:
        fit = SurvfuncRight(time, ended, entry=start)
        times, survival, at_risk = fit.surv_times, fit.surv_prob, fit.n_risk
        se, deaths = fit.surv_prob_se, fit.n_events
        # Once all at risk have ended the curve is 0 and stays there; the library leaves 1e-16 and nan behind.
        survival = np.where(np.minimum.accumulate(survival) < 1e-12, 0.0, survival)
        se = np.where(survival == 0, 0.0, se)
    else:
        times = survival = at_risk = se = deaths = np.empty(0)
    low, high = bounds(survival, se, 0.95, "log-log")
    curve = pd.DataFrame(
        {"time": times, "survival": survival, "low": low, "high": high, "at_risk": at_risk.astype("int64")}
    )
    return Survival(
        curve=curve,
        n=n,
        events=events,
        censored=n - events,
        followed=float(time.max()) if n else math.nan,
        _se=se,
        _ended=deaths,
        _watched=np.sort(time),
        _entered=None if start is None else np.sort(start),
    )


def logrank(duration, observed, group) -> tuple[float, float]:
    """Whether two or more groups end at the same rate: the log-rank statistic (chi-square) and its p-value.

    Both are nan where fewer than two groups have cases, nothing ended, or a group left before anything ended.
    Raises as :func:`kaplan_meier`.
    """
    time, ended = checked(duration, observed)
    labels = np.asarray(group)
    if labels.shape != time.shape:
        raise ValueError(f"group has shape {labels.shape}, duration {time.shape}; give one group a case")
    codes, names = pd.factorize(labels, sort=True)
    if (codes < 0).any():
        raise ValueError(f"case {np.flatnonzero(codes < 0)[0]}: group is missing; name it or leave the case out")
    if len(names) < 2 or not ended.any():
        return math.nan, math.nan
    # A group no longer watched when the first case ended was never compared with anything.
    if pd.Series(time).groupby(codes).max().min() < time[ended > 0].min():
        return math.nan, math.nan
    statistic = float(survdiff(time, ended, codes)[0])
    return statistic, float(stats.chi2.sf(statistic, len(names) - 1))


def checked(duration, observed) -> tuple[np.ndarray, np.ndarray]:
    time = np.round(np.asarray(duration, dtype=float), DECIMALS)
    flags = pd.Series(np.asarray(observed))
    if time.ndim != 1 or len(flags) != len(time):
        raise ValueError(f"duration has shape {time.shape}, observed {flags.shape}; give one of each a case")
    wrong = np.flatnonzero(~(np.isfinite(time) & (time >= 0)))
    if wrong.size:
        raise ValueError(
            f"case {wrong[0]}: duration is {time[wrong[0]]}; give a time of 0 or more, for an open case the time "
            "until it was last seen"
        )
    if flags.isna().any():
        raise ValueError(f"case {np.flatnonzero(flags.isna())[0]}: observed is missing; give True or False")
    if not flags.isin([0, 1]).all():
        raise ValueError("observed must be True/False or 1/0: True where the case ended, False where still open")
    return time, flags.astype(bool).to_numpy().astype(float)


def checked_entry(entry, time: np.ndarray) -> np.ndarray:
    start = np.round(np.asarray(entry, dtype=float), DECIMALS)
    if start.shape != time.shape:
        raise ValueError(f"entry has shape {start.shape}, duration {time.shape}; give one entry a case")
    # Watched from birth means at risk at time 0 too; risk sets start after the entry.
    start = np.where(start <= 0, -1.0, start)
    late = np.flatnonzero(~(start < time))
    if late.size:
        raise ValueError(
            f"case {late[0]}: entry {start[late[0]]:g} is not before its end at {time[late[0]]:g}; a case "
            "that ended before it came under watch cannot be counted: leave it out"
        )
    return start


def bounds(s: np.ndarray, se: np.ndarray, level: float, transform: str) -> tuple[np.ndarray, np.ndarray]:
    """Pointwise bounds of a survival curve on a transformed scale; nan where the curve has reached 0."""
    if transform not in TRANSFORMS:
        raise ValueError(f"transform is {transform!r}; choose one of {', '.join(TRANSFORMS)}")
    z = special.ndtri((1 + level) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        if transform == "log":
            width = z * se / s
            low, high = s * np.exp(-width), np.minimum(1.0, s * np.exp(width))
        else:
            width = z * se / (s * np.log(s))
            low, high = s ** np.exp(-width), s ** np.exp(width)
    return np.where(s > 0, low, np.nan), np.where(s > 0, high, np.nan)


def quantile(times: np.ndarray, survival: np.ndarray, low, high, p: float, n: int) -> Estimate:
    """The quantile ``p`` of a curve and its bounds, given at its event times: nan where not reached, its end inf."""
    if not (0 < p < 1):
        raise ValueError(f"p is {p}; give a share between 0 and 1, such as 0.5 for the median")
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, 0)
    value = _crossing(times, survival, p)
    if n < FEWEST_QUANTILE:
        return Estimate(value, math.nan, math.nan, n)
    upper = _crossing(times, high, p)
    return Estimate(value, _crossing(times, low, p), math.inf if math.isnan(upper) else upper, n)


def restricted_mean(times, survival, at_risk, ended, tau: float, n: int, followed: float, level: float) -> Estimate:
    """The area under a curve up to ``tau``, given at its event times; its bounds by Greenwood's variance and the logit."""
    if not tau > 0:
        raise ValueError(f"tau is {tau}; give a positive time in the unit of the durations")
    open_at_end = survival[-1] > _EQUAL if len(survival) else True
    if n == 0 or (tau > followed + _EQUAL and open_at_end):
        return Estimate(math.nan, math.nan, math.nan, n)
    inside = times < tau
    knots = np.concatenate(([0.0], times[inside], [tau]))
    areas = np.concatenate(([1.0], survival[inside])) * np.diff(knots)
    left = areas[1:][::-1].cumsum()[::-1]  # the area still to come after each event time
    at_risk, ended = at_risk[inside], ended[inside]
    remaining = at_risk - ended
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(remaining > 0, left**2 * ended / (at_risk * remaining), 0.0)
    value, error = float(areas.sum()), math.sqrt(terms.sum() * n / max(n - 1, 1))
    events = int(ended.sum())
    if n < FEWEST_MEAN or events < 2 or not 0 < value < tau:
        return Estimate(value, math.nan, math.nan, n)
    # On this scale no bound leaves 0..tau, and the upper one lies further away, as where some take long.
    step = float(special.stdtrit(events - 1, (1 + level) / 2)) * error * tau / (value * (tau - value))
    middle = math.log(value / (tau - value))
    return Estimate(value, tau * float(special.expit(middle - step)), tau * float(special.expit(middle + step)), n)


def _crossing(times: np.ndarray, survival: np.ndarray, p: float) -> float:
    """The first time the step function is at or below ``1 - p``; the midpoint of a step exactly there."""
    reached = np.flatnonzero(survival <= 1 - p + _EQUAL)
    if not reached.size:
        return math.nan
    first = reached[0]
    below = np.flatnonzero(survival < 1 - p - _EQUAL)
    if below.size and below[0] > first:
        return float((times[first] + times[below[0]]) / 2)
    return float(times[first])
