"""The rules that flag points, as named sets, for any number of series at once.

========== ============ ============= ===================== ==============================================
set        outside      one side      rising or falling     near a limit, all on the same side of the mean
========== ============ ============= ===================== ==============================================
nhs        beyond limit 7             7                     2 of 3 beyond two thirds of the way to the limit
wheeler    beyond limit 8             -                     3 of 4 beyond half of the way
servicenow beyond limit 7             -                     3 of 4 beyond two thirds of the way
========== ============ ============= ===================== ==============================================

Sources: NHS England, "Making Data Count", as in NHSRplotthedots; Wheeler, "Understanding Variation" (1993);
ServiceNow's product documentation of KPI Signals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: A distance from the mean below this share of the mean is rounding: the point is on the mean.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Rules:
    """One set: lengths of runs, and ``near`` of ``near_of`` points beyond ``near_share`` of the way to a limit."""

    one_side: int
    trend: int | None
    near: int
    near_of: int
    near_share: float
    near_name: str
    outside_counts_as_near: bool


RULES = {
    "nhs": Rules(7, 7, 2, 3, 2 / 3, "two of three", False),
    "wheeler": Rules(8, None, 3, 4, 1 / 2, "three of four", True),
    "servicenow": Rules(7, None, 3, 4, 2 / 3, "three of four", True),
}


def named(rules: str) -> Rules:
    """The set of that name; raises ValueError for an unknown one."""
    if rules not in RULES:
        raise ValueError(f"rules is {rules!r}; choose one of {', '.join(RULES)}")
    return RULES[rules]


def flag(score, mean, low, high, rules: Rules, plotted=None) -> tuple[np.ndarray, np.ndarray]:
    """The first rule, in order of precedence, that each point falls under, and its direction (+1, -1, 0).

    ``score``: points in time order along the last axis, none missing; ``mean``, ``low`` and ``high`` broadcast to
    it, so that limits may differ by point and by side. A rise or fall is judged on ``plotted``, what the reader
    sees, where that is not the score. The rule comes back as a number: see :func:`names`.
    """
    score = np.asarray(score, dtype=float)
    from_mean = score - mean
    side = np.sign(from_mean)
    side[np.abs(from_mean) <= ROUNDING * np.abs(mean)] = 0
    above, below = side > 0, side < 0
    outside = (above & (score > high)) | (below & (score < low))
    share = rules.near_share
    beyond = (above & (score > mean + share * (high - mean))) | (below & (score < mean - share * (mean - low)))
    near = beyond if rules.outside_counts_as_near else beyond & ~outside

    rule = np.zeros(score.shape, dtype=np.int8)
    direction = np.zeros(score.shape, dtype=np.int8)
    # Lowest precedence first, so that a later one overwrites: outside > trend > near > shift.
    _mark(rule, direction, 1, _runs(above, rules.one_side), _runs(below, rules.one_side))
    _mark(rule, direction, 2, _near(above, near, rules), _near(below, near, rules))
    if rules.trend is not None:
        _mark(rule, direction, 3, *_trends(score if plotted is None else plotted, rules.trend))
    _mark(rule, direction, 4, outside & above, outside & below)
    return rule, direction


def names(rules: Rules) -> np.ndarray:
    """The rules' names by the numbers of :func:`flag`; "" for none."""
    return np.array(["", "shift", rules.near_name, "trend", "outside"], dtype=object)


def _mark(rule: np.ndarray, direction: np.ndarray, number: int, high: np.ndarray, low: np.ndarray) -> None:
    rule[high | low] = number
    direction[high], direction[low] = 1, -1


def _shifted(points: np.ndarray, length: int) -> list[np.ndarray]:
    """The first, second, ... point of every window of ``length`` points."""
    windows = points.shape[-1] - length + 1
    return [points[..., offset : offset + windows] for offset in range(length)]


def _covered(windows: np.ndarray, length: int, like: np.ndarray) -> np.ndarray:
    """The points that any of the marked windows covers."""
    covered = np.zeros(like.shape, dtype=bool)
    if windows.any():
        for part in _shifted(covered, length):
            part |= windows
    return covered


def _runs(there: np.ndarray, length: int) -> np.ndarray:
    """The points of every run of at least ``length``."""
    if there.shape[-1] < length:
        return np.zeros(there.shape, dtype=bool)
    return _covered(np.logical_and.reduce(_shifted(there, length)), length, there)


def _near(there: np.ndarray, near: np.ndarray, rules: Rules) -> np.ndarray:
    """The near points of every window that lies on one side and holds enough of them."""
    length = rules.near_of
    if there.shape[-1] < length or not near.any():
        return np.zeros(there.shape, dtype=bool)
    enough = np.add.reduce([part.astype(np.int8) for part in _shifted(near, length)]) >= rules.near
    return near & _covered(enough & np.logical_and.reduce(_shifted(there, length)), length, there)


def _trends(plotted: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """The points of a strict rise, and of a strict fall, of ``length`` points.

    A turning point that ends one run and starts another belongs to the run on its right.
    """
    rises, falls = np.zeros(plotted.shape, dtype=bool), np.zeros(plotted.shape, dtype=bool)
    if plotted.shape[-1] < length:
        return rises, falls
    steps = np.diff(plotted)
    for there, found in ((steps > 0, rises), (steps < 0, falls)):
        run = _runs(there, length - 1)
        found[..., :-1] |= run
        found[..., 1:] |= run
    both = rises & falls
    if both.any():
        falling = np.zeros(plotted.shape, dtype=bool)
        falling[..., :-1] = steps < 0
        rises, falls = rises & ~(both & falling), falls & ~(both & ~falling)
    return rises, falls
