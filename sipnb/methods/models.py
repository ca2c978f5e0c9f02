"""The pool of forecasting models, each fitted afresh at several origins of one series.

Exponential smoothing with additive errors is a linear filter of the series, and its first states and seasonal
terms enter linearly. So for each point of a grid of smoothing weights one pass of the filter gives the least
squares fit at *every* origin: refitting at ten origins costs little more than fitting once. That is what
statsmodels' ``ETSModel`` and ``ThetaModel`` do not offer, beside a variance of the latter that is wrong for steps
after the first. Seasons are Fourier pairs, kept where AICc says that they earn their place.

Sources: Hyndman, Koehler, Ord and Snyder (2008), "Forecasting with Exponential Smoothing", ch. 5-6;
Hyndman and Billah (2003), "Unmasking the Theta method"; Gardner and McKenzie (1985) for the damped trend.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.signal import lfilter

from sipnb.methods.theta import dynamic_theta

_LEVELS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_SLOPES = (0.0, 0.01, 0.03, 0.1, 0.3)
_DAMPING = (0.8, 0.9, 0.95, 0.98)
#: Weights of (level, slope, damping) by form. Level alone is damping 0; a slope that is not smoothed is a drift.
_GRIDS = {
    "level": [(a, 0.0, 0.0) for a in _LEVELS],
    "trend": [(a, b, 1.0) for a in _LEVELS for b in _SLOPES if b <= a],
    "damped": [(a, b, d) for a in _LEVELS[2::2] for b in _SLOPES[1:] if b <= a for d in _DAMPING],
}
_LONGEST_DUMMIES = 24  # a longer season has too many free months; a few harmonics are smoother and as good

#: What a season costs on top of AICc: it is picked among several shapes, and chance likes one of them.
SEASON_PRICE = 3.0


@dataclass(frozen=True)
class Track:
    """What one model says at each origin: ``centre`` and ``spread`` (standard deviation), origins × steps.

    nan where it cannot be fitted. ``carry`` says how much of a shock at the last origin is left in each later
    step (length steps, first 1): the dependence between steps. ``seasonal``: with a season at each origin.
    """

    centre: np.ndarray
    spread: np.ndarray
    carry: np.ndarray
    seasonal: np.ndarray


def fit_pool(z: np.ndarray, origins: list[int], horizon: int, season: int, *, ratios: bool = False) -> dict[str, Track]:
    """Every model's forecasts of the ``horizon`` steps after the first ``o`` values of ``z``, for each origin o.

    ``z``: complete 1-D values on the scale to be modelled; ``origins`` rising, each at least 4; ``season``:
    periods in a season, 1 for none; ``ratios``: whether a season of ratios makes sense on this scale. Names: naive,
    seasonal naive (where two seasons are there at the last origin), theta, ets, damped trend, dynamic theta. Only values
    before an origin are used for it.
    """
    smooth = _Smoother(z, origins, horizon, season)
    pool = {"naive": _naive(z, origins, horizon, 1)}
    if season > 1 and origins[-1] >= 2 * season:
        pool["seasonal naive"] = _naive(z, origins, horizon, season)
    pool["theta"] = smooth.theta()
    pool["ets"] = smooth.best(("level", "trend", "damped"))
    pool["damped trend"] = smooth.best(("damped",))
    pool["dynamic theta"] = Track(*dynamic_theta(z, origins, horizon, season, ratios))
    return pool


def _naive(z: np.ndarray, origins: list[int], horizon: int, lag: int) -> Track:
    steps = np.arange(horizon)
    centre, spread = np.full((2, len(origins), horizon), np.nan)
    for row, o in enumerate(origins):
        if o < lag + 3:
            continue
        change = z[lag:o] - z[: o - lag]
        centre[row] = z[o - lag + steps % lag]
        spread[row] = np.sqrt(np.mean(change**2) * (steps // lag + 1))
    seasonal = np.full(len(origins), lag > 1)
    return Track(centre, spread, (steps % lag == 0).astype(float), seasonal)


@dataclass(frozen=True)
class _Form:
    """The fits of one form: everything is indexed by origin × weights × number of Fourier pairs tried."""

    weights: list[tuple[float, float, float]]
    columns: np.ndarray  # weights × periods × columns, the slope's path depends on the damping
    pairs: list[int]  # columns of season with each choice
    base: int
    coefficients: list[np.ndarray]  # for each choice of pairs: origin × weights × columns
    aicc: np.ndarray
    variance: np.ndarray


class _Smoother:
    """The filtered series and regressors of all forms; made once a series, asked several times."""

    def __init__(self, z: np.ndarray, origins: list[int], horizon: int, season: int):
        # Centred and scaled so that the normal equations are well behaved.
        self._middle, self._unit = float(np.mean(z)), float(np.std(z)) or 1.0
        self._z = (z - self._middle) / self._unit
        self._origins, self._horizon, self._season = origins, horizon, season
        self._fourier, self._pairs = _fourier(len(z) + horizon, season, origins[-1] >= 2 * season)
        self._forms = {name: self._fit(grid) for name, grid in _GRIDS.items()}

    def _fit(self, grid) -> _Form:
        n, base = len(self._z), 1 if grid[0][2] == 0 else 2
        rows, width = len(self._origins), base + self._fourier.shape[1]
        by_damping = {damping: self._columns(damping, base) for _, _, damping in grid}
        columns = np.stack([by_damping[damping] for _, _, damping in grid])
        both = {damping: np.column_stack([self._z, found[:n]]) for damping, found in by_damping.items()}
        passed = np.empty((len(grid), n, width + 1))
        for g, weights in enumerate(grid):
            passed[g] = _filter(both[weights[2]], weights)
        grams = np.empty((rows, len(grid), width + 1, width + 1))
        for row, (a, b) in enumerate(pairwise([0, *self._origins])):
            np.matmul(passed[:, a:b].transpose(0, 2, 1), passed[:, a:b], out=grams[row])
        np.cumsum(grams, axis=0, out=grams)
        free = np.array([2 + (b > 0) + (0 < d < 1) for _, b, d in grid])  # weights, and the variance
        counts = np.array(self._origins, dtype=float)[:, None]
        aicc, variance, coefficients = [], [], []
        for pair in self._pairs:
            k = base + pair
            a, b = grams[:, :, 1 : k + 1, 1 : k + 1], grams[:, :, 1 : k + 1, 0]
            ridge = 1e-9 * np.eye(k)
            solution = np.linalg.solve(a + ridge, b[..., None])[..., 0]
            sse = np.maximum(grams[:, :, 0, 0] - np.einsum("ogk,ogk->og", b, solution), 1e-12 * counts)
            parameters = k + free[None, :]
            room = counts - parameters - 1
            with np.errstate(divide="ignore", invalid="ignore"):
                score = counts * np.log(sse / counts) + 2 * parameters + 2 * parameters * (parameters + 1) / room
            if pair:
                score += SEASON_PRICE
            allowed = (room > 0) & ((pair == 0) | (counts >= 1.5 * self._season))
            aicc.append(np.where(allowed, score, np.inf))
            variance.append(sse / np.maximum(counts - parameters + 1, 1))
            coefficients.append(solution)
        return _Form(grid, columns, self._pairs, base, coefficients, np.stack(aicc, -1), np.stack(variance, -1))

    def _columns(self, damping: float, base: int) -> np.ndarray:
        total = len(self._z) + self._horizon
        columns = [np.ones(total)]
        if base == 2:
            slope = np.cumsum(damping ** np.arange(1, total + 1))
            columns.append(slope / slope[-1])
        return np.column_stack([*columns, self._fourier])

    def best(self, names: tuple[str, ...]) -> Track:
        """The forms' best by AICc at each origin; at equal AICc the first form with the smallest weights."""
        return self._track([self._choose(row, names) for row in range(len(self._origins))])

    def theta(self) -> Track:
        """Simple exponential smoothing, plus half the slope of a line through the series without its season."""
        picks = []
        for row in range(len(self._origins)):
            _, _, pair = self._choose(row, ("level", "trend", "damped"))
            scores = self._forms["level"].aicc[row, :, pair]
            picks.append(("level", int(np.argmin(scores)), pair))
        track = self._track(picks)
        for row, o in enumerate(self._origins):
            _, g, pair = picks[row]
            form = self._forms["level"]
            season = form.columns[g, :o, 1 : 1 + form.pairs[pair]] @ form.coefficients[pair][row, g, 1:]
            slope = np.polyfit(np.arange(o), self._z[:o] - season, 1)[0] / 2 * self._unit
            alpha = max(form.weights[g][0], 0.02)
            first = (1 - (1 - alpha) ** o) / alpha
            track.centre[row] += slope * (np.arange(self._horizon) + first)
        return track

    def _choose(self, row: int, names: tuple[str, ...]) -> tuple[str, int, int]:
        best = None
        for name in names:
            scores = self._forms[name].aicc[row]
            g, pair = np.unravel_index(int(np.argmin(scores)), scores.shape)
            # A form needs a clear win: rounding must not decide.
            if best is None or scores[g, pair] < best[0] - 1e-6:
                best = (scores[g, pair], name, int(g), int(pair))
        return best[1:]

    def _track(self, picks: list[tuple[str, int, int]]) -> Track:
        steps = np.arange(1, self._horizon + 1)
        centre, spread = np.empty((2, len(picks), self._horizon))
        for row, (name, g, pair) in enumerate(picks):
            form, o = self._forms[name], self._origins[row]
            alpha, beta, damping = form.weights[g]
            width = form.base + form.pairs[pair]
            line = form.columns[g, : o + self._horizon, :width] @ form.coefficients[pair][row, g]
            error = _filter(self._z[:o] - line[:o], form.weights[g])
            slope = lfilter([beta], [1, -damping], error)
            level = np.sum(alpha * error) + damping * np.sum(slope[:-1])
            run = np.cumsum(damping**steps)
            centre[row] = line[o:] + level + run * slope[-1]
            carry = np.concatenate(([1.0], (alpha + beta * run)[:-1]))
            spread[row] = np.sqrt(form.variance[row, g, pair] * np.cumsum(carry**2))
        seasonal = np.array([self._forms[name].pairs[pair] > 0 for name, _, pair in picks])
        return Track(self._middle + self._unit * centre, self._unit * spread, carry, seasonal)


def _filter(columns: np.ndarray, weights: tuple[float, float, float]) -> np.ndarray:
    """One-step errors of exponential smoothing that starts from zero states, for each column."""
    alpha, beta, damping = weights
    series = [1, -(1 + damping), damping]
    errors = [1, damping * beta + alpha - 1 - damping, damping * (1 - alpha)]
    return lfilter(series, errors, columns, axis=0)


def _fourier(total: int, season: int, enough: bool) -> tuple[np.ndarray, list[int]]:
    """Fourier columns of a season, and how many of them each choice takes: none, one pair, a few, all."""
    if season < 2 or not enough:
        return np.empty((total, 0)), [0]
    most = season // 2 if season <= _LONGEST_DUMMIES else 4
    angle = 2 * np.pi * np.outer(np.arange(total), np.arange(1, most + 1)) / season
    columns = np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(total, -1)
    if season % 2 == 0 and most == season // 2:
        columns = np.delete(columns, -2, axis=1)  # the sine of the fastest wave is zero at every period
    full = columns.shape[1]
    return columns, sorted({0, *(2 * pair for pair in (1, 2, 4) if 2 * pair < full), full})
