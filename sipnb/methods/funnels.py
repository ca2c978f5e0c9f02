"""Funnel plots: which services stand apart once their size and the usual scatter between services are allowed for.

Sources: Spiegelhalter (2005), "Funnel plots for comparing institutional performance" and "Handling over-dispersion
of performance indicators"; the arithmetic, truncation included, follows the R package FunnelPlotR for proportions. One thing
is added: z-scores whose ends are drawn in or left out scatter less, so what is left is scaled up to what all of them would.

Who is *named* must lie outside the 99.8 % limits, as Spiegelhalter has it: of a hundred equal groups 95 % limits name 5 to 12.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from scipy import stats

METHODS = ("winsorised", "truncated")
#: The tenth of the z-scores at each end that must not decide how much scatter is usual.
TRIMMED = 0.1
#: With fewer groups nothing can be said about the scatter between them.
FEWEST = 4
#: From so many groups on the part of chance's scatter that is left is that of any number.
ENOUGH = 300
_Z = {"95": float(stats.norm.ppf(0.975)), "998": float(stats.norm.ppf(0.999))}


@dataclass(frozen=True)
class Funnel:
    """Shares of many groups, and how far from the common share chance and the usual scatter take a group of its size.

    ``target`` is the common share; ``phi`` the ratio of the scatter seen to that of chance alone (1: chance explains
    it); ``tau2`` the variance between groups on the arcsine scale (0: none beyond chance). Both are nan for fewer
    than 4 groups, see ``note``. ``left_out`` counts groups without cases.

    ``points`` has a row a group, on the index of the input: numerator, denominator, value, z and z_adjusted (distance
    from the target in standard errors, without and with tau2), low_95, high_95, low_998, high_998 (chance alone), the
    same four ending in ``_adjusted`` (with tau2), and outside_95, outside_998, outside_95_adjusted, outside_998_adjusted:
    -1 below the limits, 1 above, 0 within. Where tau2 is nan, adjusted numbers are nan and no group is outside them.
    """

    target: float
    phi: float
    tau2: float
    points: pd.DataFrame
    left_out: int

    @property
    def note(self) -> str:
        """Why there are no adjusted limits; empty where there are."""
        if not math.isnan(self.tau2):
            return ""
        return f"{len(self.points)} groups are too few to tell the usual scatter between them from chance"

    def limits(self, sizes) -> pd.DataFrame:
        """The limits for groups of these ``sizes`` (numbers of cases, above 0), to draw them as lines.

        Columns size, and the eight limits as in ``points``. Raises ValueError for a size of 0 or less.
        """
        size = np.asarray(sizes, dtype=float)
        if not (size > 0).all():
            raise ValueError("sizes must be numbers of cases above 0: a group without cases has no limits")
        return pd.DataFrame({"size": size} | _limits(self.target, size, self.tau2))


def funnel(
    numerator, denominator, *, target: float | None = None, method: str = "winsorised", rescaled: bool = True
) -> Funnel:
    """Compare the shares ``numerator / denominator`` of many groups with their common share.

    Two equally long arrays of counts; the index of ``numerator`` is kept where it is a Series. Groups with a
    denominator of 0, or with either number missing, are left out and counted. ``target``: the common share, the sum
    of the numerators over that of the denominators unless given; not a goal that most groups miss, for then the
    distance to it counts as scatter. ``method``: how the tenth of the groups at each end is kept from deciding the
    usual scatter, "winsorised" (drawn in to the 10 % and 90 % points) or "truncated" (left out). ``rescaled``: the scatter of
    what is left is divided by what it would be if there were nothing but chance (.68 and .44 of the whole where groups are
    many), without which tau2 is too small; False gives the published arithmetic.
    Limits rest on the normal approximation of the arcsine: rough for groups of less than some ten cases.
    Raises ValueError for unequal lengths, a numerator outside 0..denominator, a target outside 0..1, another method.
    """
    if method not in METHODS:
        raise ValueError(f"method is {method!r}; choose one of {', '.join(METHODS)}")
    if target is not None and not 0 <= target <= 1:
        raise ValueError(f"target is {target}; give a share between 0 and 1")
    index = numerator.index if isinstance(numerator, pd.Series) else None
    k, n = np.asarray(numerator, dtype=float), np.asarray(denominator, dtype=float)
    if k.ndim != 1 or k.shape != n.shape:
        raise ValueError(f"numerator and denominator must be equally long 1-D arrays, not {k.shape} and {n.shape}")
    wrong = np.flatnonzero((k < 0) | (n < 0) | (k > n))
    if wrong.size:
        name = int(wrong[0]) if index is None else index[wrong[0]]
        raise ValueError(f"group {name!r}: {k[wrong[0]]:g} of {n[wrong[0]]:g}; a share counts between 0 and all cases")
    known = (n > 0) & ~np.isnan(k)
    k, n = k[known], n[known]
    if target is None:
        target = float(k.sum() / n.sum()) if len(n) else math.nan
    error = 1 / (2 * np.sqrt(n))
    distance = np.arcsin(np.sqrt(k / n)) - math.asin(math.sqrt(target)) if len(n) else np.empty(0)
    phi, tau2 = _scatter(distance / error, error, method, rescaled)
    z, z_adjusted = distance / error, distance / np.sqrt(error**2 + tau2)
    points = pd.DataFrame(
        {"numerator": k, "denominator": n, "value": k / n, "z": z, "z_adjusted": z_adjusted}
        | _limits(target, n, tau2)
        | {
            "outside_95": _side(z, "95"),
            "outside_998": _side(z, "998"),
            "outside_95_adjusted": _side(z_adjusted, "95"),
            "outside_998_adjusted": _side(z_adjusted, "998"),
        },
        index=np.flatnonzero(known) if index is None else index[known],
    )
    return Funnel(target, phi, tau2, points, int(np.count_nonzero(~known)))


def _scatter(z: np.ndarray, error: np.ndarray, method: str, rescaled: bool) -> tuple[float, float]:
    """phi and tau2 from the z-scores without their ends."""
    if len(z) < FEWEST:
        return math.nan, math.nan
    kept = _drawn_in(z[None, :], method)[0]
    known = ~np.isnan(kept)
    phi, weights = float(np.mean(kept[known] ** 2)), 1 / error[known] ** 2
    if rescaled:
        phi /= _left_of_chance(min(len(z), ENOUGH), method)
    groups = len(weights)
    beyond_chance = groups * phi - (groups - 1)
    return phi, max(0.0, float(beyond_chance / (weights.sum() - (weights**2).sum() / weights.sum())))


def _drawn_in(z: np.ndarray, method: str) -> np.ndarray:
    """Rows of z-scores with their ends drawn in, or nan in their place."""
    if method == "winsorised":
        low, high = np.quantile(z, [TRIMMED, 1 - TRIMMED], axis=1, keepdims=True)
        return np.clip(z, low, high)
    parts = round(1 / TRIMMED)
    part = np.floor(stats.rankdata(z, axis=1) * parts / (z.shape[1] + 1))
    return np.where((part > 0) & (part < parts - 1), z, np.nan)


@cache
def _left_of_chance(groups: int, method: str) -> float:
    """The mean square of so many standard normal z-scores without their ends; by simulation, the same every time."""
    z = np.random.default_rng(10).normal(size=(400_000 // groups, groups))
    return float(np.nanmean(_drawn_in(z, method) ** 2))


def _limits(target: float, size: np.ndarray, tau2: float) -> dict[str, np.ndarray]:
    limits, centre = {}, math.asin(math.sqrt(target)) if not math.isnan(target) else math.nan
    for suffix, between in (("", 0.0), ("_adjusted", tau2)):
        error = np.sqrt(1 / (4 * size) + between)
        for name, z in _Z.items():
            # Beyond 0 and a right angle the sine would turn back.
            limits[f"low_{name}{suffix}"] = np.sin(np.maximum(centre - z * error, 0)) ** 2
            limits[f"high_{name}{suffix}"] = np.sin(np.minimum(centre + z * error, math.pi / 2)) ** 2
    return limits


def _side(z: np.ndarray, name: str) -> np.ndarray:
    return np.where(z > _Z[name], 1, np.where(z < -_Z[name], -1, 0))
