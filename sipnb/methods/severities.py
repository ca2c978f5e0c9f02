"""How much one event costs: sizes that somebody stated as a range, and sizes of which some were seen.

Of few events nobody can tell which law they follow. Sizes are believed to be lognormal, with a weak prior on how much they
differ, as lengths of outages are in `downtime`; from `FEWEST_WEIBULL` events on a Weibull law, whose large sizes are less far
away, stands beside it, each with the weight of its likelihood (Schwarz 1978) and of what was believed before.

Sources: Gelman and others (2013), "Bayesian data analysis", 3.3, for the prior; Lawless (2003), "Statistical models and methods
for lifetime data", 5.2, for the errors of a Weibull law.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, special, stats

#: What is believed of sizes before any is seen: the standard deviation of their logarithms, with the weight of so many events.
SPREAD, WEIGHT = 1.2, 3.0
#: No spread of logarithms beyond this: the largest of twenty events would be 140 times the usual one.
WIDEST = 3.0
#: With fewer events nobody can tell a Weibull law from a lognormal one.
FEWEST_WEIBULL = 10
#: How likely the Weibull law is before any size is seen, by how likely the lognormal one is.
ODDS = 0.25
#: Logarithms beyond this are no numbers any more.
_LARGEST = 700.0


@dataclass(frozen=True)
class Sizes:
    """Laws of sizes, one a draw: of the logarithm its place `mu` and spread `sigma`, each of shape (draws,).

    Lognormal: mean and standard deviation of the logarithms. Weibull, where `weibull` is True: the logarithm of the scale, and
    one by the shape.
    """

    mu: np.ndarray
    sigma: np.ndarray
    weibull: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        return self._exp(self.mu + np.where(self.weibull, special.gammaln(1 + self.sigma), self.sigma**2 / 2))

    def first(self, n: int) -> Sizes:
        """The laws of the first ``n`` draws."""
        return Sizes(self.mu[:n], self.sigma[:n], self.weibull[:n])

    def shortened(self, by: float) -> Sizes:
        """The laws where every size is smaller by a share."""
        return replace(self, mu=self.mu + math.log(max(1 - by, 1e-300)))

    def drawn(self, of: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """A size by the law of each draw in ``of``."""
        normal = random.normal(size=len(of))
        light = self.weibull[of]
        if light.any():
            normal[light] = np.log(-special.log_ndtr(normal[light]))  # the same rank in the other law
        return self._exp(self.mu[of] + self.sigma[of] * normal)

    def quantile(self, beyond: np.ndarray) -> np.ndarray:
        """The size above which a share ``beyond`` lies, one a law."""
        z = np.where(self.weibull, np.log(-np.log(beyond)), -special.ndtri(beyond))
        return self._exp(self.mu + self.sigma * z)

    def masses(self, step: np.ndarray, cells: int) -> np.ndarray:
        """The probability that a size is 0, 1, .. steps of each law's own ``step``, rounded to the nearest; what is larger is
        left out. Shape (draws, cells)."""
        logs = np.log(np.arange(cells) + 0.5) + np.log(step)[:, None] - self.mu[:, None]
        logs /= np.maximum(self.sigma, 1e-9)[:, None]
        below = np.empty_like(logs)
        below[~self.weibull] = special.ndtr(logs[~self.weibull])
        below[self.weibull] = -np.expm1(-self._exp(logs[self.weibull]))
        return np.diff(below, axis=1, prepend=0.0)

    def moment(self, k: int, beyond: np.ndarray) -> np.ndarray:
        """The mean of the ``k``-th power of sizes, those above which a share ``beyond`` lies counted as none."""
        normal = np.minimum(k * self.mu + (k * self.sigma) ** 2 / 2, _LARGEST)
        lognormal = np.exp(normal) * special.ndtr(-special.ndtri(beyond) - k * self.sigma)
        power = 1 + k * self.sigma
        weibull = self._exp(k * self.mu + special.gammaln(power)) * special.gammainc(power, -np.log(beyond))
        return np.where(self.weibull, weibull, lognormal)

    @staticmethod
    def _exp(logs: np.ndarray) -> np.ndarray:
        return np.exp(np.minimum(logs, _LARGEST))


@dataclass(frozen=True)
class Lognormal:
    """Sizes whose logarithms are normal with mean `mu` and standard deviation `sigma`, both known."""

    mu: float
    sigma: float

    @property
    def mean(self) -> float:
        return math.exp(self.mu + self.sigma**2 / 2)

    @property
    def sd(self) -> float:
        return self.mean * math.sqrt(math.expm1(self.sigma**2))

    def laws(self, draws: int) -> Sizes:
        """The same law in each draw."""
        return Sizes(np.full(draws, self.mu), np.full(draws, self.sigma), np.zeros(draws, dtype=bool))

    def masses(self, step: float, cells: int) -> np.ndarray:
        """The probability that a size is 0, 1, .. ``cells - 1`` steps, each rounded to the nearest; what is larger is left out.

        Raises ValueError for a step that is not above 0, or without cells.
        """
        if not step > 0 or cells < 1:
            raise ValueError(f"a lattice has steps above 0 and at least one cell; these are {cells} of {step:g}")
        return self.laws(1).masses(np.array([float(step)]), cells)[0]


def lognormal_of_range(low: float, high: float, level: float = 0.90) -> Lognormal:
    """The lognormal sizes of which a share of ``level`` lies between ``low`` and ``high``, as many below as above.

    Raises ValueError unless 0 < low <= high and 0 < level < 1.

    >>> round(0.1 * lognormal_of_range(100_000, 1_000_000).mean, 3)  # such a loss comes once in ten years
    40400.128
    """
    if not 0 < low <= high < math.inf:
        raise ValueError(f"a range of losses is low and high, both above 0; this is {low:g} to {high:g}")
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; give a probability between 0 and 1, such as 0.9")
    z = float(stats.norm.ppf((1 + level) / 2))
    return Lognormal((math.log(low) + math.log(high)) / 2, math.log(high / low) / (2 * z))


def sizes_like(seen: np.ndarray, draws: int, random: np.random.Generator) -> Sizes:
    """Draws of the law that sizes follow of which some were ``seen``, all above 0 and at least one."""
    n, logs = len(seen), np.log(seen)
    scatter = float(((logs - logs.mean()) ** 2).sum())
    variance = np.minimum((WEIGHT * SPREAD**2 + scatter) / random.chisquare(WEIGHT + n - 1, draws), WIDEST**2)
    normal, rest = random.normal(size=(2, draws))
    lognormal = Sizes(logs.mean() + normal * np.sqrt(variance / n), np.sqrt(variance), np.zeros(draws, dtype=bool))
    # Sizes that are all alike fit either; then the prior of the lognormal is the careful one.
    if n < FEWEST_WEIBULL or scatter / n < 1e-6:
        return lognormal
    mu, sigma = _weibull(logs)
    scaled = (logs - mu) / sigma
    light = float((scaled - np.exp(scaled)).sum() - n * math.log(sigma))
    heavy = float(stats.norm.logpdf(logs, logs.mean(), math.sqrt(scatter / n)).sum())
    is_light = random.random(draws) < special.expit(light - heavy + math.log(ODDS))
    # In large samples the place has variance 1.109 and the logarithm of the spread .608 spreads squared, correlated by -.313.
    log_spread = math.sqrt(0.608 / n) * normal
    place = sigma * math.sqrt(1.109 / n) * (-0.313 * normal + math.sqrt(1 - 0.313**2) * rest)
    return Sizes(
        np.where(is_light, mu + place, lognormal.mu),
        np.where(is_light, np.minimum(sigma * np.exp(log_spread), WIDEST), lognormal.sigma),
        is_light,
    )


def _weibull(logs: np.ndarray) -> tuple[float, float]:
    """The likeliest Weibull law: the logarithm of its scale, and one by its shape."""
    away = logs - logs.max()

    def slope(shape: float) -> float:
        weight = np.exp(shape * away)
        return float((weight * away).sum() / weight.sum() - 1 / shape - away.mean())

    spread = float(away.std())
    shape = float(optimize.brentq(slope, 0.05 / spread, 50 / spread))
    return float(logs.max() + math.log(np.exp(shape * away).mean()) / shape), 1 / shape
