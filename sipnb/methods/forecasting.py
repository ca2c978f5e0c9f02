"""What comes next: a forecast with intervals that were tried on the series' own past, and how it was chosen.

The models of :mod:`sipnb.methods.models`, and the median of them, forecast the last stretch of the series from
several earlier origins. The combination is used unless a single model was clearly better there; the intervals
are widened by what the errors at those origins ask for, to twice the normal's at most. Nothing after an origin is used
for it, but that odd months and levels left for good (:mod:`sipnb.methods.regimes`) are taken out before. What is expected
is the mean of the middle half of the futures. Half of the futures of a share are of other kinds: they return to its mean,
or are as its past was (:mod:`sipnb.methods.reverting`).

Kinds of series are modelled on the scale on which their noise is even, and come back as what they are:

======== ============================ ============================================================
value    as it is                     normal
count    square root (mean >= 5)      whole numbers, none negative
count    as it is (mean < 5)          negative binomial, Poisson where there is no over-dispersion
share    arcsine of the root          beta-binomial with the usual number of trials, within 0..1
duration logarithm                    lognormal
======== ============================ ============================================================

Sources: Makridakis, Spiliotis and Assimakopoulos (2020) on M4 for the pool and its median; Hyndman and Koehler
(2006) for MASE; Tashman (2000) for rolling origins; Vovk, Gammerman and Shafer (2005) for conformal widening.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import special, stats

from sipnb.methods.models import Track, fit_pool
from sipnb.methods.regimes import Tidied, tidied
from sipnb.methods.reverting import FEWEST as AT_ITS_LEVEL
from sipnb.methods.reverting import as_before, reverting
from sipnb.methods.spc import change

KINDS = ("value", "count", "share", "duration")
FEWEST = 6
#: A series of 100 points or more has room for twice as many origins, and they may narrow an interval too.
ORIGINS = 10
LONG = 100
PATHS = 2_000
LOW_COUNT = 5.0
COMBINATION = "combination"
#: A single model replaces the combination only if its past error is smaller by this share.
CLEAR_WIN = 0.15
#: Intervals are never wider than so many times the model's own: the errors that would ask for more are those of a shift.
WIDEST = 2.0
#: A change this improbable is not what comes back.
SEEMS_LEFT = 0.05
#: How many origins the assumption "the model's own interval is right" is worth against those seen.
TRUST = 5.0


class TooShort(ValueError):
    """The series has too few points with data to forecast anything."""


@dataclass(frozen=True)
class Forecast:
    """A forecast as issued.

    ``table``: a row a step (index 1..h) with mean (of the middle half of the futures; of few whole cases, of all of them) and,
    for each level, low_80, high_80 …; units are the input's. The mean lies inside every interval.
    ``model``: the one chosen. ``season_used``: periods of the season in it, 1 for none.
    ``scores``: a row a model, best first: model; mase (error at the rolling origins ÷ the mean step of the
    series from one period to the next; nan where that is zero); coverage_80 …, the share of points there inside
    the model's own interval before widening; origins.
    ``paths``: 2,000 futures × steps, whose quantiles are the intervals of the table.
    """

    table: pd.DataFrame
    model: str
    scores: pd.DataFrame
    season_used: int
    paths: np.ndarray = field(repr=False, compare=False)

    def resized(self, sizes: Sequence[float]) -> Forecast:
        """The forecast of counts whose rate this is: every step times its size, futures in whole numbers."""
        sizes = np.asarray(sizes, dtype=float)
        if sizes.shape != (self.paths.shape[1],) or not (sizes > 0).all():
            raise ValueError(f"sizes must be {self.paths.shape[1]} numbers above 0, one a step")
        return replace(self, table=self.table.mul(sizes, axis=0), paths=np.round(self.paths * sizes))

    def probability(self, step: int, below: float | None = None, above: float | None = None) -> float:
        """The probability that the value at ``step`` (1..h) is under ``below``, or over ``above``.

        Strictly: a target that is exactly met is not missed. Give one of the two. Raises ValueError otherwise.
        """
        if not 1 <= step <= self.paths.shape[1]:
            raise ValueError(f"step is {step}; the forecast has steps 1 to {self.paths.shape[1]}")
        if (below is None) == (above is None):
            raise ValueError("give either below or above, the level that counts as missed")
        values = self.paths[:, step - 1]
        return float(np.mean(values < below if above is None else values > above))


def forecast(
    y: pd.Series,
    horizon: int,
    *,
    season: int,
    kind: str = "value",
    n=None,
    levels: Sequence[float] = (0.80, 0.95),
    seed: int = 0,
) -> Forecast:
    """The next ``horizon`` periods of a regular series.

    ``y``: one value a period in time order; nan where there is no data (before the first: dropped; between: a
    straight line for fitting, not scored; at the end: the last value held). ``season``: periods in a season (12
    for months), 1 for none; used from two full seasons on and only where it explains the series.
    ``kind``: "value", "count", "share" (0..1) or "duration" (positive, zeros allowed). ``n``: for shares, trials
    in each period; without it the future share is not rounded to whole cases. ``levels``: of the intervals.

    Raises TooShort with fewer than 6 points with data; ValueError for an unknown kind, values outside what the
    kind allows, or a horizon, season or level that makes no sense. 30-60 monthly points take about 0.05 s.
    """
    levels = tuple(sorted(levels))
    series, trials = _checked(pd.Series(y), horizon, season, kind, n, levels)
    scale = _scale(series, trials, kind)
    z = scale.forward(_filled(series))
    # Few whole cases are odd by nature: a month with three is no accident.
    tidy = Tidied(z) if scale.low_count else tidied(z, season)
    series = np.where((tidy.values == z) | np.isnan(series), series, scale.back(tidy.values))
    z = tidy.values
    origins, reach = _origins(len(z), horizon)
    rows = [*origins, len(z)]
    pool = fit_pool(z, rows, horizon, season, ratios=kind in ("value", "count"))
    candidates = _with_combination(pool, scale.low_count)
    bounded = {name: _bounded(track, z, rows) for name, track in candidates.items()}

    step = np.nanmean(np.abs(np.diff(series))) if len(series) > 1 else 0.0
    scores, ratios = _rolling(bounded, scale, series, origins, reach, step, levels)
    model = _chosen(scores)
    track = bounded[model]
    if tidy.since:
        # The new level is known from few points: that, too, is uncertain.
        track = replace(track, spread=track.spread * np.sqrt(1 + 1 / (len(z) - tidy.since)))
    if tidy.doubt:
        # Both what was and the latest point may be what comes: the middle four fifths hold both.
        track = replace(track, spread=np.maximum(track.spread, tidy.doubt / special.ndtri(0.9)))
    widths = _widths(ratios[model], len(origins), levels)
    paths = _paths(track, widths, levels, scale, seed)
    if kind == "share" and len(z) - (since := max(tidy.since, _left(z, season))) >= AT_ITS_LEVEL:
        paths = _pooled(paths, z[since:], scale, seed)
    return Forecast(
        table=_table(track, paths, scale, levels),
        model=model,
        scores=scores,
        season_used=season if track.seasonal[-1] else 1,
        paths=paths,
    )


@dataclass(frozen=True)
class _Scale:
    """How a kind of series is modelled: to the working scale, back to a mean, and back to single values."""

    kind: str
    low_count: bool = False
    shift: float = 0.0
    trials_next: int | None = None
    sampling: float = 0.0
    floor: float = 0.0

    def forward(self, y: np.ndarray) -> np.ndarray:
        if self.kind == "share":
            return np.arcsin(np.sqrt(y))
        if self.kind == "duration":
            return np.log(y + self.shift)
        return np.sqrt(y + 3 / 8) if self.kind == "count" and not self.low_count else y

    def back(self, z: np.ndarray) -> np.ndarray:
        """Single values: rounding to cases is left to :meth:`draws`."""
        if self.kind == "share":
            return np.sin(np.clip(z, 0, np.pi / 2)) ** 2
        if self.kind == "duration":
            return np.maximum(np.exp(z) - self.shift, 0.0)
        if self.kind == "count":
            return np.maximum(z if self.low_count else np.maximum(z, 0) ** 2 - 3 / 8, self.floor)
        return z

    def draws(self, ranks: np.ndarray, z: np.ndarray, centre: float, spread: float) -> np.ndarray:
        """Values at the probabilities ``ranks`` of one step; ``z`` the same on the working scale."""
        if self.low_count:
            mean = max(centre, self.floor)
            extra = max(spread**2 - mean, 0.0)
            law = stats.poisson(mean) if extra < 1e-3 * mean else _negative_binomial(mean, extra)
            return _quantiles(law, ranks, int(law.ppf(1 - 1e-7)) + 1)
        if self.trials_next is not None:
            # On this scale a share's sampling variance is 1/(4n) wherever it lies; the rest is over-dispersion.
            mean = np.clip((1 - np.exp(-2 * spread**2) * np.cos(2 * centre)) / 2, self.floor, 1 - self.floor)
            shared = min(4 * max(spread**2 - self.sampling, 0.0), 0.9)
            size = self.trials_next
            if shared < 1e-6:
                law = stats.binom(size, mean)
            else:
                law = stats.betabinom(size, mean * (1 / shared - 1), (1 - mean) * (1 / shared - 1))
            return _quantiles(law, ranks, size) / size
        values = self.back(z)
        return np.round(values) if self.kind == "count" else values


def _negative_binomial(mean: float, extra: float):
    size = mean**2 / extra
    return stats.nbinom(size, size / (size + mean))


def _quantiles(law, ranks: np.ndarray, largest: int) -> np.ndarray:
    """Quantiles of a law on 0..largest by one cumulative sum; scipy's own search is slow for many ranks."""
    return np.searchsorted(np.cumsum(law.pmf(np.arange(largest + 1))), ranks).clip(0, largest).astype(float)


def _scale(series: np.ndarray, trials: np.ndarray | None, kind: str) -> _Scale:
    known = series[~np.isnan(series)]
    if kind == "count":
        low = bool(known.mean() < LOW_COUNT)
        # Never having seen one is not knowing that there are none.
        return _Scale(kind, low_count=low, floor=0.5 / len(known) if low else 0.0)
    if kind == "duration":
        positive = known[known > 0]
        return _Scale(kind, shift=positive.min() / 2 if len(positive) < len(known) else 0.0)
    if kind == "share" and trials is not None:
        seen = trials[~np.isnan(series)]
        size = max(1, round(float(np.median(seen[-12:]))))
        return _Scale(
            kind,
            # Larger numbers of trials than this are no more granular than can be seen.
            trials_next=min(size, 20_000),
            sampling=float(np.mean(1 / (4 * seen))),
            floor=0.5 / (float(seen.sum()) + 1),
        )
    return _Scale(kind)


def _checked(y: pd.Series, horizon, season, kind, n, levels) -> tuple[np.ndarray, np.ndarray | None]:
    """The values from the first one with data on, and the trials of the same periods."""
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; choose one of {', '.join(KINDS)}")
    if horizon < 1 or season < 1:
        raise ValueError(f"horizon is {horizon}, season {season}; both are numbers of periods, 1 or more")
    if not levels or not all(0 < level < 1 for level in levels):
        raise ValueError(f"levels are {levels}; give probabilities between 0 and 1, such as (0.80, 0.95)")
    values = y.to_numpy(dtype=float, na_value=np.nan)
    if n is not None and kind != "share":
        raise ValueError(f"n is for shares only; a {kind} has no number of trials")
    trials = None
    if n is not None:
        trials = np.asarray(n, dtype=float)
        if trials.shape != values.shape:
            raise ValueError(f"n has shape {trials.shape}, y {values.shape}; give the trials of each period")
        if (trials < 0).any():
            raise ValueError(f"{y.index[trials < 0][0]!r}: n is negative; trials are 0 or more")
        # No trials, no share, whatever was written down for it.
        values = np.where(np.isnan(trials) | (trials == 0), np.nan, values)
    known = np.flatnonzero(~np.isnan(values))
    if len(known) < FEWEST:
        raise TooShort(
            f"the series has {len(known)} point(s) with data; a forecast needs at least {FEWEST}: "
            "wait, or use shorter periods"
        )
    low, high = {"value": (-np.inf, np.inf), "share": (0, 1)}.get(kind, (0, np.inf))
    wrong = known[(values[known] < low) | (values[known] > high) | np.isinf(values[known])]
    if wrong.size:
        raise ValueError(f"{y.index[wrong[0]]!r}: {values[wrong[0]]} is not a {kind}; correct it or make it nan")
    if kind == "duration" and not (values[known] > 0).any():
        raise ValueError("all durations are 0; there is nothing to forecast")
    return values[known[0] :], None if trials is None else trials[known[0] :]


def _filled(series: np.ndarray) -> np.ndarray:
    known = np.flatnonzero(~np.isnan(series))
    return np.interp(np.arange(len(series)), known, series[known])


def _origins(n: int, horizon: int) -> tuple[list[int], int]:
    """The past origins, and the steps tried from each: up to the horizon, a quarter of a short series."""
    reach = max(1, min(horizon, n // 4))
    last = n - reach
    # In a long series origins lie further apart: those next to each other say nearly the same.
    count, stride = (ORIGINS, 1) if n < LONG else (2 * ORIGINS, max(1, reach // 3))
    first = max(4, n // 2)
    return sorted({o for o in (last - stride * i for i in range(count)) if o >= first} | {last}), reach


def _with_combination(pool: dict[str, Track], low_count: bool) -> dict[str, Track]:
    """The pool and its combination: the mean of the smoothing models' median and the dynamic Theta, which is of another kind.

    The seasonal naive counts in the median where the season does. Noughts and ones have no line to be pulled to.
    """
    names = ["theta", "ets", "damped trend"]
    if "seasonal naive" in pool and pool["ets"].seasonal[-1]:
        names.append("seasonal naive")
    members = [pool[name] for name in names]
    centres, spreads = (np.stack([getattr(m, what) for m in members]) for what in ("centre", "spread"))
    combined = Track(
        np.nanmedian(centres, axis=0),
        np.nanmean(spreads, axis=0),
        np.mean([m.carry for m in members], axis=0),
        pool["ets"].seasonal,
    )
    if not low_count:
        other = pool["dynamic theta"]
        combined = Track(
            (combined.centre + other.centre) / 2,
            (combined.spread + other.spread) / 2,
            (combined.carry + other.carry) / 2,
            combined.seasonal | other.seasonal,
        )
    return {COMBINATION: combined, **pool}


def _bounded(track: Track, z: np.ndarray, rows: list[int]) -> Track:
    """No forecast leaves what was seen by more than its whole range: a guard against explosions."""
    lowest = np.array([z[:o].min() for o in rows])[:, None]
    highest = np.array([z[:o].max() for o in rows])[:, None]
    room = highest - lowest
    centre = np.clip(track.centre, lowest - room, highest + room)
    spread = np.minimum(track.spread, 3 * room)
    return Track(centre, spread, track.carry, track.seasonal)


def _rolling(tracks, scale, series, origins, reach, step, levels) -> tuple[pd.DataFrame, dict]:
    """Each model's errors at the origins: the table of scores, and |error| ÷ its own standard deviation."""
    actual = np.stack([series[o : o + reach] for o in origins])
    with np.errstate(invalid="ignore"):
        worked = scale.forward(actual)
    rows, ratios = [], {}
    for name, track in tracks.items():
        centre, spread = track.centre[:-1, :reach], track.spread[:-1, :reach]
        usable = ~np.isnan(actual) & ~np.isnan(centre)
        error = np.abs(actual - scale.back(centre))[usable]
        floor = 1e-9 * (1 + np.abs(centre))
        ratios[name] = (np.abs(worked - centre) / np.maximum(spread, floor))[usable]
        row = {"model": name, "mase": error.mean() / step if usable.any() and step > 0 else np.nan}
        for level in levels:
            inside = ratios[name] <= special.ndtri((1 + level) / 2) + 1e-9
            row[f"coverage_{_percent(level)}"] = inside.mean() if usable.any() else np.nan
        rows.append({**row, "origins": int(usable.any(axis=1).sum())})
    # Stable: models that tie stay in the order of the pool.
    scores = pd.DataFrame(rows).sort_values("mase", kind="stable", ignore_index=True, na_position="last")
    return scores, ratios


def _chosen(scores: pd.DataFrame) -> str:
    """The combination, unless a model tried at as many origins was clearly better."""
    combined = scores.loc[scores["model"] == COMBINATION].iloc[0]
    fair = scores[scores["origins"] >= combined["origins"]]
    best = fair.iloc[0]
    return str(best["model"]) if best["mase"] < (1 - CLEAR_WIN) * combined["mase"] else COMBINATION


def _widths(ratios: np.ndarray, origins: int, levels: tuple[float, ...]) -> np.ndarray:
    """Half-widths in standard deviations at each level: the normal's, widened towards what the past asks for."""
    normal = special.ndtri((1 + np.array(levels)) / 2)
    if not len(ratios):
        return normal
    seen = np.quantile(ratios, [min(1.0, level * (1 + 1 / len(ratios))) for level in levels])
    weight = origins / (origins + TRUST)
    # Ten origins close together are one stretch of luck: good luck there is no reason to be bolder.
    narrowest = 0.5 if origins > ORIGINS else 1.0
    widths = normal * np.clip(weight * seen / normal + (1 - weight), narrowest, WIDEST)
    return np.maximum.accumulate(np.maximum(widths, normal * widths[0] / normal[0] * 0.9))


def _paths(track: Track, widths: np.ndarray, levels, scale: _Scale, seed: int) -> np.ndarray:
    """Futures with the model's dependence between steps and exactly the calibrated spread at each step."""
    horizon = track.centre.shape[1]
    shocks = np.random.default_rng(seed).standard_normal((PATHS, horizon))
    lags = np.subtract.outer(np.arange(horizon), np.arange(horizon))
    walk = shocks @ np.where(lags >= 0, track.carry[np.abs(lags)], 0.0).T
    ranks = (np.argsort(np.argsort(walk, axis=0, kind="stable"), axis=0, kind="stable") + 0.5) / PATHS
    normal = special.ndtri(ranks)
    knots = np.concatenate(([0.0], special.ndtri((1 + np.array(levels)) / 2)))
    size = np.abs(normal)
    stretched = np.interp(size, knots, np.concatenate(([0.0], widths)))
    beyond = size > knots[-1]
    stretched[beyond] = size[beyond] * widths[-1] / knots[-1]
    stretch = widths[-1] / knots[-1]
    paths = np.empty_like(walk)
    for h in range(horizon):
        centre, spread = track.centre[-1, h], track.spread[-1, h]
        z = centre + np.sign(normal[:, h]) * stretched[:, h] * spread
        paths[:, h] = scale.draws(ranks[:, h], z, centre, spread * stretch)
    return paths


def _left(z: np.ndarray, season: int) -> int:
    """Where the latest level begins, if an earlier one seems to have been left: of a drift the latter half is near it."""
    found = change(pd.Series(z), good="neutral", season=season if season > 1 else None, stabilised=True)
    if not found.p < SEEMS_LEFT:
        return 0
    return len(z) - (found.window if found.form == "step" else (found.window + 1) // 2)


def _pooled(paths: np.ndarray, z: np.ndarray, scale: _Scale, seed: int) -> np.ndarray:
    """A share's futures: half of them the model's, a quarter return to the mean, a quarter are as the past was.

    At its present level, that is: ``z`` begins where that was reached. The pool says better than the model alone how likely a
    target is to be missed, and no worse than how often it was missed so far.
    """
    quarter = len(paths) // 4
    back = scale.back(reverting(z, quarter, paths.shape[1], seed + 1))
    if scale.trials_next is not None:
        back = np.round(back * scale.trials_next) / scale.trials_next
    as_so_far = scale.back(as_before(z, quarter, paths.shape[1], seed + 2))
    return np.concatenate([paths[: len(paths) - 2 * quarter], back, as_so_far])


def _table(track: Track, paths: np.ndarray, scale: _Scale, levels) -> pd.DataFrame:
    # The model's own centre where the scale is the series' own; the middle of the futures where a curve bends it, because a
    # few wild ones would draw the mean of all of them along. Of few whole cases, which jump, the mean of all.
    middle = np.sort(paths, axis=0)[PATHS // 4 : -(PATHS // 4)].mean(axis=0)
    centre = track.centre[-1] if scale.kind == "value" else paths.mean(axis=0) if scale.low_count else middle
    table = pd.DataFrame(index=pd.RangeIndex(1, paths.shape[1] + 1, name="step"))
    for level in levels:
        low, high = np.quantile(paths, [(1 - level) / 2, (1 + level) / 2], axis=0)
        table[f"low_{_percent(level)}"], table[f"high_{_percent(level)}"] = low, high
        centre = np.clip(centre, low, high)
    table.insert(0, "mean", centre)
    return table


def _percent(level: float) -> str:
    return f"{100 * level:g}"
