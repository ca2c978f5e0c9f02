"""What may be lost in a coming year: the losses of all its events together, by how often they come and how much each costs.

A year's loss is a sum over its events, whose number is chance too; it is never a frequency times one drawn loss, which hides the
years with several. Where frequency and severity are stated (`lognormal_of_range`), the distribution of the sum is exact on a
lattice (`panjer`) or simulated with its events kept (`simulate`). Where a service's own events are known (`loss_of_events`),
neither is certain: the rate has Jeffreys' prior, widened where months differ by more than chance lets them, and sizes are drawn
by `severities`. Every drawn year has its own rate and law of sizes, so that a stated P90 is exceeded in about one of ten years;
an interval says where the same number of the true process lies.

What a lever leaves is judged on the same draws: the same years without the events that it removes, the others made smaller.
No draw can be worse with it.

Sources: Panjer (1981), "Recursive evaluation of a family of compound distributions", ASTIN Bulletin 12, 22-26; Klugman, Panjer
and Willmot (2012), "Loss models", 9; Gruebel and Hermesmeier (1999), ASTIN Bulletin 29, 197-214, for the transform with its
tilt; Gelman and others (2013), "Bayesian data analysis", 2.6, for the rate; McCullagh and Nelder (1989), 4.5 and 6.2, for the
dispersion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from sipnb.methods.proportions import Estimate
from sipnb.methods.severities import Lognormal, Sizes, sizes_like

DRAWS = 10_000
#: Drawn rates and sizes whose own curve is computed for intervals, and the steps of the lattice of each.
SETS, CELLS = 256, 1024
#: What is believed of how months differ: as chance lets them, with the weight of so many months.
WEIGHT_EVEN = 4.0
#: From so many events on a curve is shown: with fewer the interval of a P90, though it holds the truth, is wider than from a
#: sixth of it to six times (``benchmarks/losses.py``).
FEWEST = 5
#: Of the probability of one event's loss so much, for a year's events together, may lie beyond the lattice.
_BEYOND = 0.002
_TILT = 20.0
#: A dispersion so near to 1 is that of Poisson.
_EVEN = 1e-6


def panjer(rate: float, masses, dispersion: float = 1.0) -> np.ndarray:
    """The exact probability that a year's loss is 0, 1, .. steps of a lattice, where ``masses`` are those of a size.

    ``rate`` is the mean number of events a year, ``dispersion`` its variance by its mean: 1 for Poisson, above for negative
    binomial. As many cells as ``masses`` has; what lies beyond them is left out. Raises ValueError for a rate below 0 or so high
    that no year without events is likely enough for a computer (700), for masses below 0 or above 1 together, and for a
    dispersion below 1.

    >>> panjer(2.0, [0.0, 1.0, 0.0, 0.0]).round(4)  # each event costs one step: the numbers of events themselves
    array([0.1353, 0.2707, 0.2707, 0.1804])
    """
    sizes = np.asarray(masses, dtype=float)
    if not 0 <= rate <= 700:
        raise ValueError(f"a rate of {rate:g} events a year cannot be computed; give one from 0 to 700")
    if sizes.ndim != 1 or not len(sizes) or not (sizes >= 0).all() or sizes.sum() > 1 + 1e-9:
        raise ValueError("masses must be a list of probabilities, not below 0 and together not above 1")
    a, b = _counting(rate, dispersion)
    sums = np.zeros(len(sizes))
    sums[0] = _generating(rate, dispersion, sizes[0])
    places = np.arange(len(sizes))
    for k in range(1, len(sizes)):
        sums[k] = np.dot((a + b * places[1 : k + 1] / k) * sizes[1 : k + 1], sums[k - 1 :: -1][:k]) / (1 - a * sizes[0])
    return sums


def _counting(rate: float, dispersion: float) -> tuple[float, float]:
    """The two numbers by which the probability of k events follows from that of k - 1: a + b / k."""
    if not 1 <= dispersion < math.inf:
        raise ValueError(f"the dispersion is {dispersion:g}; numbers of events differ at least as chance lets them (1)")
    a = (dispersion - 1) / dispersion
    return a, rate * (1 - a) - a


def _generating(rate, dispersion, z):
    """The probability generating function of the number of events of a year at ``z``."""
    spare = np.asarray(dispersion, dtype=float) - 1
    even = spare < _EVEN
    shape = rate / np.where(even, 1.0, spare)
    return np.where(even, np.exp(rate * (z - 1)), np.exp(-shape * np.log(1 - np.where(even, 0.0, spare) * (z - 1))))


@dataclass(frozen=True)
class Years:
    """Drawn years with their events: the `size` of each, the year `of` it, and a `mark` between 0 and 1 that says how early it is
    removed; `draws` years, those without events among them."""

    draws: int
    of: np.ndarray
    size: np.ndarray
    mark: np.ndarray

    def losses(self, removed: float = 0.0, shortened: float = 0.0) -> np.ndarray:
        """The loss of each year, where a share of the events is ``removed`` and the others are made smaller by ``shortened``.

        Shape (draws,). Never more than without, in any year. Raises ValueError for what is not a share.
        """
        _is_share(removed, "removed", ends=True)
        _is_share(shortened, "shortened", ends=True)
        kept = np.where(self.mark >= removed, self.size * (1 - shortened), 0.0)
        return np.bincount(self.of, kept, self.draws)


def simulate(rate, severity: Lognormal | Sizes, draws: int = DRAWS, seed: int = 20, *, dispersion=1.0) -> Years:
    """Years of events at a ``rate`` a year, their sizes by ``severity``. Same input, same years.

    ``rate`` and ``dispersion`` (as in `panjer`) may be arrays of shape (draws,), one a year, and so may the laws of sizes.
    Raises ValueError for a rate below 0, a dispersion below 1, or fewer than one draw.

    >>> float(simulate(3.0, Lognormal(10, 1.2), 200_000).losses().mean().round(-3))  # 135,755.71 in the long run
    136000.0
    """
    if draws < 1:
        raise ValueError(f"{draws} draws tell nothing; give at least one")
    rates, over = (np.broadcast_to(np.asarray(given, dtype=float), draws) for given in (rate, dispersion))
    if not (rates >= 0).all() or not (over >= 1).all():
        raise ValueError("give a rate of events of 0 or more, and a dispersion of at least 1")
    random = np.random.default_rng(seed)
    if (over > 1 + _EVEN).any():
        spare = np.maximum(over - 1, _EVEN)
        rates = np.where(over > 1 + _EVEN, random.gamma(rates / spare) * spare, rates)
    of = np.repeat(np.arange(draws), random.poisson(rates))
    laws = severity.laws(draws) if isinstance(severity, Lognormal) else severity
    return Years(draws, of, laws.drawn(of, random), random.random(len(of)))


@dataclass(frozen=True)
class Loss:
    """The loss of a coming year, by a service's own `n` events of `years` years.

    `observed` is what they cost a year, which is counted. `drawn` are the losses of the drawn years, shape (draws,). `shown`
    says whether there are enough events (`FEWEST`) to show a curve. What a lever leaves is another one: `residual`.
    """

    n: int
    years: float
    observed: float
    level: float
    simulated: Years
    rate: np.ndarray
    sizes: Sizes
    dispersion: np.ndarray
    removed: float = 0.0
    shortened: float = 0.0

    @property
    def shown(self) -> bool:
        return self.n >= FEWEST

    @cached_property
    def drawn(self) -> np.ndarray:
        return self.simulated.losses(self.removed, self.shortened)

    @cached_property
    def mean(self) -> Estimate:
        """The mean loss of a year in the long run: the middle of what is likely, with its interval."""
        means = (1 - self.removed) * (1 - self.shortened) * self.rate * self.sizes.mean
        return self._estimate(float(np.median(means)), means)

    def quantile(self, p: float) -> Estimate:
        """The loss that a year stays below with probability ``p``; its interval is of the ``p`` quantile of the true process.

        Raises ValueError unless 0 < p < 1.
        """
        _is_share(p, "p")
        return self._estimate(float(np.quantile(self.drawn, p)), self._quantiles(p))

    def curve(self, losses) -> pd.DataFrame:
        """How likely a year loses more than each of ``losses`` (above 0 or 0, in order): loss, exceeded, low, high."""
        at = np.asarray(losses, dtype=float)
        if at.ndim != 1 or not (at >= 0).all() or not (np.diff(at) >= 0).all():
            raise ValueError("a curve is drawn at losses of 0 or more, in order")
        exceeded = 1 - np.searchsorted(np.sort(self.drawn), at, side="right") / len(self.drawn)
        step, below = self._lattices
        own = np.array([np.interp(at / s, self._edges, row, right=1.0) for s, row in zip(step, below, strict=True)])
        low, high = np.quantile(1 - own, self._ends, axis=0)
        bounds = {"low": np.minimum(low, exceeded), "high": np.maximum(high, exceeded)}
        return pd.DataFrame(
            {"loss": at, "exceeded": exceeded, **(bounds if self.n else dict.fromkeys(bounds, math.nan))}
        )

    def residual(self, removed: float = 0.0, shortened: float = 0.0) -> Loss:
        """The same years with a lever that removes a share of the events, and makes the others smaller by a share.

        Each year's loss is at most what it was, and so is every point of the curve. Raises ValueError for what is not a share.
        """
        _is_share(removed, "removed", ends=True)
        _is_share(shortened, "shortened", ends=True)
        left = (1 - self.removed) * (1 - removed), (1 - self.shortened) * (1 - shortened)
        return replace(self, removed=1 - left[0], shortened=1 - left[1])

    @property
    def _ends(self) -> list[float]:
        return [(1 - self.level) / 2, (1 + self.level) / 2]

    @property
    def _edges(self) -> np.ndarray:
        """Where on the lattice what was rounded to a cell ends, in steps."""
        return np.r_[0.0, np.arange(CELLS) + 0.5]

    def _estimate(self, value: float, each: np.ndarray) -> Estimate:
        if not self.n:
            return Estimate(0.0, math.nan, math.nan, 0)
        low, high = np.quantile(each, self._ends)
        return Estimate(value, min(float(low), value), max(float(high), value), self.n)

    @cached_property
    def _lattices(self) -> tuple[np.ndarray, np.ndarray]:
        """Of each of the sets its step, shape (SETS,), and how likely a year loses at most so much, shape (SETS, CELLS + 1)."""
        kept = 1 - self.removed
        rate, sizes = kept * self.rate[:SETS], self.sizes.first(SETS).shortened(self.shortened)
        dispersion = 1 + kept * (self.dispersion[:SETS] - 1)
        step = _reach(rate, sizes) / CELLS
        sums = _compound(rate, dispersion, sizes.masses(step, CELLS))
        none = _generating(rate, dispersion, 0.0)
        below = np.maximum.accumulate(np.clip(np.cumsum(sums, axis=1), none[:, None], 1.0), axis=1)
        return step, np.column_stack([none, below])

    def _quantiles(self, p: float) -> np.ndarray:
        step, below = self._lattices
        return np.array([s * np.interp(p, row, self._edges) for s, row in zip(step, below, strict=True)])


def loss_of_events(
    losses, years: float, *, counts=None, level: float = 0.90, draws: int = DRAWS, seed: int = 20
) -> Loss:
    """The loss of the coming year by the events that a service had.

    ``losses``: what each cost (money, users' hours), above 0; those that cost nothing are left out. ``years``: how long they
    were watched. ``counts``: how many events each month of these had, where it is known: months that differ by more than chance
    lets them make years differ more. ``level`` is that of the intervals. Without any event nothing is drawn but years without a
    loss, without intervals, and `shown` is False. Same input, same answer. Raises ValueError for a negative or missing loss, for
    no time, or for counts that are not numbers of events.

    From `FEWEST` events on 90 % intervals of mean, P90 and curve hold the truth in 89 to 92 %, and 9 % of years are above the
    P90; where one event in twenty is ten times as large in 84 to 86 %, and 13 % of years are (``benchmarks/losses.py``).

    >>> loss = loss_of_events([120, 40, 300, 75, 900, 60, 210], years=2)
    >>> loss.observed, loss.shown, loss.residual(removed=0.5).mean.value < loss.mean.value
    (852.5, True, True)
    """
    sizes = np.asarray(losses, dtype=float)
    if sizes.ndim != 1 or not ((sizes >= 0) & np.isfinite(sizes)).all():
        raise ValueError("losses must be a list of what each event cost, 0 or more")
    if not 0 < years < math.inf:
        raise ValueError(f"events were watched for {years:g} years; give a time above 0")
    _is_share(level, "level")
    sizes = sizes[sizes > 0]
    n, random = len(sizes), np.random.default_rng(seed)
    over = _dispersion(counts, draws, random)
    rate = random.gamma((n + 0.5) / over) * over / years if n else np.zeros(draws)
    laws = sizes_like(sizes, draws, random) if n else Lognormal(0.0, 0.0).laws(draws)
    drawn = simulate(rate, laws, draws, seed + 1, dispersion=over)
    return Loss(n, years, float(sizes.sum()) / years, level, drawn, rate, laws, over)


def _dispersion(counts, draws: int, random: np.random.Generator) -> np.ndarray:
    """Draws of how much numbers of events vary, by what chance lets them: near 1 where little is known, never below."""
    if counts is None or len(counts) < 2:
        return np.ones(draws)
    months = np.asarray(counts, dtype=float)
    if not ((months >= 0) & (months == np.floor(months))).all():
        raise ValueError("counts must be the number of events of each month, whole and not below 0")
    if months.sum() == 0:
        return np.ones(draws)
    chi2 = float(((months - months.mean()) ** 2).sum() / months.mean())
    return np.maximum((chi2 + WEIGHT_EVEN) / random.chisquare(len(months) - 1 + WEIGHT_EVEN, draws), 1.0)


def _reach(rate: np.ndarray, sizes: Sizes) -> np.ndarray:
    """A loss that a year hardly exceeds: its largest event, and the mean of all with three of their standard deviations, where no
    event is larger than that."""
    beyond = np.minimum(_BEYOND / np.maximum(rate, 1e-9), 0.5)
    return sizes.quantile(beyond) + rate * sizes.moment(1, beyond) + 3 * np.sqrt(rate * sizes.moment(2, beyond))


def _compound(rate: np.ndarray, dispersion: np.ndarray, masses: np.ndarray) -> np.ndarray:
    """As `panjer`, for many at once, by the transform. What lies beyond the lattice would come in again at its beginning: tilted
    by an exponential, it does so divided by e to the power of 20."""
    cells = masses.shape[1]
    tilt = np.exp(-_TILT / cells * np.arange(cells))
    changed = np.fft.rfft(masses * tilt, axis=1)
    return np.fft.irfft(_generating(rate[:, None], dispersion[:, None], changed), cells, axis=1) / tilt


def _is_share(value: float, name: str, ends: bool = False) -> None:
    if not (0 <= value <= 1 if ends else 0 < value < 1):
        raise ValueError(f"{name} is {value}; give a {'share' if ends else 'probability'} between 0 and 1, such as 0.9")
