"""When a verdict can be reached: how likely an effect that is there would be found after so many cycles."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from scipy import optimize, stats

from sipnb.methods.interventions.averaged import foreseen
from sipnb.methods.interventions.scales import Measured
from sipnb.methods.interventions.step import FEWEST_BEFORE, NotMeasurable, comparable, compared, design_of, fitted

#: A verdict is worth waiting for where an effect as large as promised would be found so often, and no longer than so many cycles.
ENOUGH, LONGEST = 0.8, 24


def power(
    own: Measured, start: int, after: int, promised: float, minimum: float = 0.0, *, controls: Sequence[Measured] = (),
    left_out: Collection[int] = (), season: int = 12,
) -> float:  # fmt: skip
    """The probability of *worked* after so many cycles, where the effect is as ``promised``.

    ``promised``, ``minimum``: in the measure's unit; the first has the sign of the better direction, the second, the least that
    is worth it, has none. What comes before place ``start`` tells how much cycles vary; other arguments and errors as
    :func:`effect`.
    """
    shared, used = compared(own, start, comparable(controls, start), left_out)
    known = np.flatnonzero(used & (np.arange(len(used)) < start))
    if len(known) < FEWEST_BEFORE:
        raise NotMeasurable(f"{len(known)} cycles with data before it; {FEWEST_BEFORE} are needed")
    whole = design_of(max(len(used), start + after), start, season if len(known) >= 2 * season else 0)
    # How the others will move is not known: as they did on average.
    whole = np.hstack([whole, np.vstack([shared[:start], np.zeros((len(whole) - start, shared.shape[1]))])])
    columns = [column for column in range(whole.shape[1]) if column != 1]
    mask = np.zeros(len(used), dtype=bool)
    mask[known] = True
    before = fitted(own, whole[: len(used), columns], mask)
    variances = None if own.variances is None else own.variances.to_numpy(dtype=float)
    at = [*known, *range(start, start + after)]
    weighs = None if variances is None else np.r_[variances[known], np.full(after, np.mean(variances[known]))]
    step = foreseen(before, whole[at], np.eye(whole.shape[1])[1], at=at, variances=weighs)
    level = float(np.mean(own.points.to_numpy(dtype=float)[known]))
    promise = _on_scale(own, level, promised)
    least = abs(_on_scale(own, level, np.sign(promised) * minimum))
    # A verdict goes by the interval of all covariances together, not by that of each.
    needed = max(least, step.bound(0.975))
    return float(step.weights @ stats.t.sf((needed - abs(promise)) / step.errors, step.df))


def enough(own: Measured, start: int, promised: float, minimum: float = 0.0, **more) -> int | None:
    """After how many cycles the power is four in five; None where it is not after two years. Raises as :func:`power`."""
    cycles = range(3, LONGEST + 1)
    return next((after for after in cycles if power(own, start, after, promised, minimum, **more) >= ENOUGH), None)


def _on_scale(own: Measured, level: float, amount: float) -> float:
    """The step on the measure's scale that changes it by ``amount`` from its level; the largest possible where none does."""
    now = float(own.back(np.array([level]))[0])

    def off(step: float) -> float:
        return float(own.back(np.array([level + step]))[0]) - now - amount

    if not amount:
        return 0.0
    reach = 1.0
    while off(np.sign(amount) * reach) * np.sign(amount) < 0 and reach < 1e6:
        reach *= 2
    return float(
        np.sign(amount) * reach if reach >= 1e6 else optimize.brentq(off, *sorted((0.0, np.sign(amount) * reach)))
    )
