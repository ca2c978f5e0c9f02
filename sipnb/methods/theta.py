"""The dynamic optimised Theta: exponential smoothing pulled towards the line through everything seen so far.

The line is fitted anew at every point, how strongly it pulls is estimated beside the smoothing weight, and the first level
comes by least squares. For each smoothing weight of a grid six running sums give the squared errors of every pull at *every*
origin, so that refitting costs little. A season is taken out first where the autocorrelation at its length stands out: by
ratios to a centred moving average where all values are positive and ratios make sense, by differences elsewhere.

Source: Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler (2016), International Journal of Forecasting 32, 1151-1161;
the season's test and decomposition are those of the M competitions' Theta.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

_WEIGHTS = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99])
#: The line's share in the forecast is 1 - 1 / θ.
_PULLS = 1 - 1 / np.array([1.0, 1.25, 1.5, 2, 2.5, 3, 4, 6, 10, 30])
#: A season is looked for in so many of them, and taken where chance would show as much in one series in ten.
_SEASONS, _CRITICAL = 3, 1.645
#: A month that is a twentieth of the others makes ratios that explode.
_SMALLEST = 0.05


@dataclass(frozen=True)
class _Fit:
    """One origin's: weight, pull, level, and the line's intercept and slope with the mean it runs through."""

    weight: float
    pull: float
    level: float
    mean: float
    slope: float
    variance: float


def dynamic_theta(
    z: np.ndarray, origins: list[int], horizon: int, season: int, ratios: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Centre and spread (origins × steps), what is left of a shock in each later step, and where a season was taken out.

    ``z``: complete 1-D values; ``origins`` rising, each at least 4; ``season``: periods in a season, 1 for none; ``ratios``:
    whether a season may be one of ratios. Only values before an origin are used for it.
    """
    plain = _fits(z, origins)
    centre, spread = np.empty((2, len(origins), horizon))
    seasonal = np.zeros(len(origins), dtype=bool)
    carry = np.ones(horizon)
    for row, o in enumerate(origins):
        fit, index = plain[row], None
        if season > 1 and _stands_out(z[:o], season):
            index, by_ratio = _season(z[:o], season, ratios)
            around = index[np.arange(o + horizon) % season]
            (fit,) = _fits(z[:o] / around[:o] if by_ratio else z[:o] - around[:o], [o])
        centre[row] = _ahead(fit, o, horizon)
        spread[row] = np.sqrt(fit.variance * (1 + np.arange(horizon) * fit.weight**2))
        if index is not None:
            seasonal[row] = True
            centre[row] = centre[row] * around[o:] if by_ratio else centre[row] + around[o:]
            spread[row] = spread[row] * around[o:] if by_ratio else spread[row]
        carry[1:] = fit.weight
    return centre, spread, carry, seasonal


def _fits(x: np.ndarray, origins: list[int]) -> list[_Fit]:
    """The best weight and pull at each origin, by the squared errors from the third value on."""
    n = len(x)
    t = np.arange(1.0, n + 1)
    st, stt, sx, stx = np.cumsum(t), np.cumsum(t * t), np.cumsum(x), np.cumsum(t * x)
    mean, below = sx / t, t * stt - st**2
    slope = np.divide(t * stx - st * sx, below, out=np.zeros(n), where=below > 0)
    start = mean - slope * (t + 1) / 2
    start[0], slope[0] = x[0], 0.0
    # The line as it stood before each value.
    line_at, line_by = np.r_[x[0], start[:-1]], np.r_[0.0, slope[:-1]]
    at, last = np.array(origins) - 3, np.array(origins) - 1
    sums, levels = np.empty((6, len(_WEIGHTS), 1, len(at))), np.empty((len(_WEIGHTS), len(at)))
    for w, a in enumerate(_WEIGHTS):
        level = lfilter([a], [1, a - 1], x)
        first = (1 - a) ** (t - 1)
        line = first * line_at + (1 - (1 - a) ** t) / a * line_by
        e, g, u = (x - np.r_[0.0, level[:-1]])[2:], line[2:], first[2:]
        sums[:, w, 0] = np.cumsum([e * e, e * g, g * g, e * u, g * u, u * u], axis=1)[:, at]
        levels[w] = level[last]
    ee, eg, gg, eu, gu, uu = sums
    c = _PULLS[:, None]
    along = np.divide(eu - c * gu, uu, out=np.zeros((len(_WEIGHTS), len(_PULLS), len(at))), where=uu > 1e-12)
    sse = np.maximum(ee - 2 * c * eg + c * c * gg - along**2 * uu, 0.0)
    # Of fits that rounding alone tells apart the first is taken, whatever the machine.
    flat = sse.reshape(-1, len(at))
    best = np.argmax(flat <= flat.min(axis=0) * (1 + 1e-9) + 1e-300, axis=0)
    fits = []
    for row, o in enumerate(origins):
        w, p = divmod(int(best[row]), len(_PULLS))
        a = float(_WEIGHTS[w])
        first = float(along[w, p, row]) if uu[w, 0, row] > 1e-12 else float(x[0])
        level = (1 - a) ** o * first + float(levels[w, row])
        variance = float(sse[w, p, row]) / max(o - 5, 1)
        fits.append(_Fit(a, float(_PULLS[p]), level, float(mean[o - 1]), float(slope[o - 1]), variance))
    return fits


def _ahead(fit: _Fit, o: int, horizon: int) -> np.ndarray:
    """The forecasts: each is taken as if it had come, and the line fitted again."""
    found, level, mean, slope = np.empty(horizon), fit.level, fit.mean, fit.slope
    start, a = mean - slope * (o + 1) / 2, fit.weight
    for k in range(horizon):
        t = o + k + 1
        found[k] = level + fit.pull * ((1 - a) ** (t - 1) * start + (1 - (1 - a) ** t) / a * slope)
        level = a * found[k] + (1 - a) * level
        slope = ((t - 2) * slope + 6 * (found[k] - mean) / t) / (t + 1)
        mean = ((t - 1) * mean + found[k]) / t
        start = mean - (t + 1) / 2 * slope
    return found


def _stands_out(x: np.ndarray, season: int) -> bool:
    n = len(x)
    if n < _SEASONS * season:
        return False
    y = x - x.mean()
    whole = float(y @ y)
    if whole <= 1e-12 * n * float(np.max(np.abs(x)) or 1.0) ** 2:
        return False
    found = np.array([y[k:] @ y[: n - k] for k in range(1, season + 1)]) / whole
    return abs(found[-1]) > _CRITICAL * math.sqrt((1 + 2 * float(found[:-1] @ found[:-1])) / n)


def _season(x: np.ndarray, season: int, ratios: bool) -> tuple[np.ndarray, bool]:
    """The season's index by period, and whether it multiplies."""
    kernel = np.r_[0.5, np.ones(season - 1), 0.5] / season if season % 2 == 0 else np.ones(season) / season
    trend = np.convolve(x, kernel, "valid")
    first = (len(x) - len(trend)) // 2
    inside, period = x[first : first + len(trend)], (np.arange(len(trend)) + first) % season
    if ratios and x.min() > 0:
        index = np.array([(inside / trend)[period == i].mean() for i in range(season)])
        index = index / index.mean()
        if index.min() >= _SMALLEST:
            return index, True
    index = np.array([(inside - trend)[period == i].mean() for i in range(season)])
    return index - index.mean(), False
