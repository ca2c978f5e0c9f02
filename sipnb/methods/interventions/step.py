"""What an action changed: the step of a measure at its date, against itself and against what nobody touched.

What else could make a difference is taken out first: the season, from two years on; what moved all services, as far as this one
has moved with the median of those that nothing was done to; and the cycle for which the action was raised, because after the
worst of twelve a better one comes by itself. The step is that of :mod:`averaged`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from sipnb.methods.interventions.averaged import Mixture, Regression, regression
from sipnb.methods.interventions.local_level import local_level
from sipnb.methods.interventions.scales import Measured

#: Cycles before and after an action that an effect needs.
FEWEST_BEFORE, FEWEST_AFTER = 12, 3
#: Untouched services that are compared with: of fewer, one that moved by itself would decide.
FEWEST_CONTROLS = 3


class NotMeasurable(ValueError):
    """An effect cannot be estimated; the message says why."""


@dataclass(frozen=True)
class _Fit:
    """What an effect was estimated from: measure, design, regression, which points count, whether others are in the design."""

    own: Measured
    design: np.ndarray
    regression: Regression
    used: np.ndarray
    beside: bool

    def opinions(self) -> Iterator[Mixture]:
        points = self.own.points.to_numpy(dtype=float)[self.used]
        design = self.design[self.used]
        start, beside = int((design[:, 1] == 0).sum()), design[:, 2:]
        with contextlib.suppress(ValueError):  # what came before has no spread
            yield local_level(points, start, beside if beside.size else None, at=np.flatnonzero(self.used))
        if self.beside:
            whole = replace(self.own, points=self.own.points - self.design[:, -1])
            kept = self.design[:, :-1]
            yield fitted(whole, kept, self.used).contrast(np.eye(kept.shape[1])[1])

    def path(self, by: float) -> pd.DataFrame:
        without = self.design.copy()
        without[:, 1] = 0
        levels = [self.regression.contrast(row) for row in without]
        bounds = np.array([(level.value, *level.interval()) for level in levels])
        expected, low, high = (self.own.back(column) for column in bounds.T)
        since = self.design[:, 1] > 0
        frame = {
            "actual": self.own.observed.to_numpy(), "expected": expected, "low": low, "high": high, "used": self.used,
            "least": np.where(since, self.own.back(bounds[:, 0] - by), np.nan),
            "most": np.where(since, self.own.back(bounds[:, 0] + by), np.nan),
        }  # fmt: skip
        return pd.DataFrame(frame, self.own.points.index)


@dataclass(frozen=True)
class Effect:
    """An effect in the measure's unit: what is, less what would have been, over the cycles after the action.

    ``value``, ``low``, ``high``: with its 95 % interval; ``actual``: what is; ``step``: the effect on the scale of
    :class:`Measured`. ``before``, ``after``: cycles it rests on; ``controls``: untouched services.
    """

    value: float
    low: float
    high: float
    actual: float
    step: Mixture
    before: int
    after: int
    controls: int
    _fit: _Fit = field(repr=False)

    @cached_property
    def opinions(self) -> list[Mixture]:
        """Other estimates of ``step``: by another model (:func:`local_level`), and with all that moved the others subtracted,
        whether or not the measure has moved with them before."""
        return list(self._fit.opinions())

    def path(self, by: float = 0.0) -> pd.DataFrame:
        """A row a cycle: actual, expected (the level without the action), low and high of that level, used (it counts), and
        ``least`` and ``most``: the level and a step of this size to either side, nan before the action."""
        return self._fit.path(by)


def effect(
    own: Measured, start: int, *, controls: Sequence[Measured] = (), left_out: Collection[int] = (), season: int = 12
) -> Effect:
    """The effect of an action that stood from the cycle at place ``start`` on.

    ``own``, ``controls``: a point a cycle, of the same cycles; a control of less than 12 cycles before it is left out.
    ``left_out``: places of cycles that do not count: the one it was raised for, one in which it was half done. ``season``:
    cycles a year. Raises NotMeasurable where there are fewer than 12 cycles with data before it or 3 after, and where
    nothing varies.
    """
    controls = comparable(controls, start)
    shared, used = compared(own, start, controls, left_out)
    before, after = used & (np.arange(len(used)) < start), used & (np.arange(len(used)) >= start)
    if before.sum() < FEWEST_BEFORE or after.sum() < FEWEST_AFTER:
        raise NotMeasurable(
            f"{before.sum()} cycles with data before it and {after.sum()} after; {FEWEST_BEFORE} and {FEWEST_AFTER} are needed"
        )
    design = np.hstack([design_of(len(used), start, season if before.sum() >= 2 * season else 0), shared])
    fit = _Fit(own, design, fitted(own, design, used), used, bool(controls))
    step = fit.regression.contrast(np.eye(design.shape[1])[1])
    z = own.points.to_numpy()[after]
    sizes = np.ones(len(z)) if own.sizes is None else np.nan_to_num(own.sizes.to_numpy(dtype=float)[after])
    weights = sizes / sizes.sum() if sizes.sum() > 0 else np.full(len(z), 1 / len(z))

    def carried(by: float) -> float:
        return float(weights @ (own.back(z) - own.back(z - by)))

    value, low, high = (carried(by) for by in (step.value, *step.interval()))
    actual = float(weights @ own.observed.to_numpy(dtype=float)[after])
    return Effect(value, low, high, actual, step, int(before.sum()), int(after.sum()), len(controls), fit)


def design_of(cycles: int, start: int, season: int) -> np.ndarray:
    """A level, a step at ``start``, and a wave of ``season`` cycles, none where that is 0: (cycles, 2 or 4)."""
    t = np.arange(cycles)
    columns = [np.ones(cycles), t >= start]
    if season:
        columns += [np.sin(2 * np.pi * t / season), np.cos(2 * np.pi * t / season)]
    return np.column_stack(columns).astype(float)


def comparable(controls: Sequence[Measured], start: int) -> list[Measured]:
    """The services that were there before the action for as long as it must have been."""
    return [one for one in controls if one.points.iloc[:start].notna().sum() >= FEWEST_BEFORE]


def compared(
    own: Measured, start: int, controls: Sequence[Measured], left_out: Collection[int]
) -> tuple[np.ndarray, np.ndarray]:
    """How the controls moved, a column (cycles, 1), or none without any (cycles, 0); and which points count.

    Each control is taken from its own mean before the action, so that one that is missing for a month moves nothing; of what is
    left the median is taken, so that one that has troubles of its own moves little.
    """
    points, used = own.points.to_numpy(dtype=float), np.ones(len(own.points), dtype=bool)
    used[list(left_out)] = False
    if not controls:
        return np.empty((len(points), 0)), used & ~np.isnan(points)
    others = np.column_stack([control.points.to_numpy(dtype=float) for control in controls])
    earlier = used & (np.arange(len(points)) < start)
    shared = _median(others - np.nanmean(others[earlier], axis=0))
    return np.nan_to_num(shared)[:, None], used & ~np.isnan(points) & ~np.isnan(shared)


def _median(rows: np.ndarray) -> np.ndarray:
    """The median of each row without nan; nan where there is nothing else."""
    found = np.full(len(rows), np.nan)
    known = ~np.isnan(rows).all(axis=1)
    found[known] = np.nanmedian(rows[known], axis=1)
    return found


def fitted(own: Measured, design: np.ndarray, used: np.ndarray) -> Regression:
    """The measure on a design, of the points that count. Raises NotMeasurable."""
    variances = None if own.variances is None else own.variances.to_numpy(dtype=float)[used]
    try:
        return regression(
            own.points.to_numpy(dtype=float)[used], design[used], at=np.flatnonzero(used), variances=variances
        )
    except ValueError as error:
        raise NotMeasurable(str(error)) from error
