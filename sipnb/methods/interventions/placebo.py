"""The same estimate where nothing was done: at earlier dates, and in services that nobody touched.

An effect that is no larger than these says little, whatever its interval. Source: Abadie, Diamond and Hainmueller (2010), Journal
of the American Statistical Association 105, 493-505 (placebo ranks).
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from sipnb.methods.interventions.scales import Measured
from sipnb.methods.interventions.step import FEWEST_BEFORE, FEWEST_CONTROLS, NotMeasurable, effect


@dataclass(frozen=True)
class Placebo:
    """The steps found where nothing was done, on the measure's scale, and how many of them, the action's own among them, are as
    large as that in either direction, as a share ``p``: 1 where there is nothing to compare with."""

    steps: tuple[float, ...]
    p: float


def at_dates(
    own: Measured,
    start: int,
    step: float,
    *,
    controls: Sequence[Measured] = (),
    left_out: Collection[int] = (),
    season: int = 12,
) -> Placebo:
    """The steps at all earlier dates that leave 12 cycles before and as many after, before the action, as the action has."""
    after = len(own.points) - start
    steps = []
    for date in range(FEWEST_BEFORE, start - after + 1):
        out = [place for place in left_out if place < date + after]
        with contextlib.suppress(NotMeasurable):
            earlier, others = own.until(date + after), [one.until(date + after) for one in controls]
            steps.append(effect(earlier, date, controls=others, left_out=out, season=season).step.value)
    return _ranked(steps, step)


def in_services(
    controls: Sequence[Measured], start: int, step: float, *, left_out: Collection[int] = (), season: int = 12
) -> Placebo:
    """The steps at the action's date in each untouched service against the others of them."""
    steps = []
    for i, control in enumerate(controls):
        others = [*controls[:i], *controls[i + 1 :]]
        with contextlib.suppress(NotMeasurable):
            against = others if len(others) >= FEWEST_CONTROLS else ()
            steps.append(effect(control, start, controls=against, left_out=left_out, season=season).step.value)
    return _ranked(steps, step)


def _ranked(steps: list[float], step: float) -> Placebo:
    as_large = int((np.abs(steps) >= abs(step)).sum()) if steps else 0
    return Placebo(tuple(steps), (1 + as_large) / (1 + len(steps)))
