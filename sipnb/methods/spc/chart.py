"""What a control chart is as numbers, and how one is put together from its groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from sipnb.methods.spc import chance
from sipnb.methods.spc import rules as rulesets

TRIAL_BELOW = 13
DIRECTIONS = ("up", "down", "neutral")
_SIGNALS = {  # common, +1, -1: a direction indexes it
    "up": np.array(["common", "improvement", "concern"], dtype=object),
    "down": np.array(["common", "concern", "improvement"], dtype=object),
    "neutral": np.array(["common", "neutral high", "neutral low"], dtype=object),
}


@dataclass(frozen=True)
class Chart:
    """A control chart as numbers, one row a point of the input in ``points`` and in the same order:

    value; mean, low, high (centre and limits of the point's group, nan where there is none to draw); rule (the
    rule that flagged it: "", "outside", "trend", "two of three", "three of four", "shift"); direction (+1 a
    flagged high or rising point, -1 low or falling, 0 not flagged); signal ("common", "improvement", "concern",
    "neutral high", "neutral low", "no data").

    ``variation``: signal of the latest point with data. ``assurance``: what the latest point's limits say about
    the target. ``trial``: fewer than 13 points in the latest group, so limits still move. ``n`` points with
    data, ``signals`` of them flagged; ``expected_false``: how many a stable series of that length without
    autocorrelation would have flagged by chance, on average; ``chance_of_any``: how often it would have at least
    one. ``kind``: "XmR", "log XmR", "c", "u", "u′", "p", "p′", "g" or "t". ``sigma_z``: by how much the latest
    group's points vary more than their counts explain (Laney), nan where the chart has none.
    ``autocorrelation``: of each point with the one before, in the latest group, on the scale that the rules use.
    """

    points: pd.DataFrame
    variation: str
    assurance: str
    trial: bool
    rules: str
    n: int
    signals: int
    expected_false: float
    chance_of_any: float
    kind: str
    sigma_z: float
    autocorrelation: float


class Fit(NamedTuple):
    """One group, charted: ``score`` of its known points on a near-normal scale with ``centre``, ``below`` and
    ``above`` there, for the rules; ``mean``, ``low`` and ``high`` as plotted, each one number or one a point."""

    score: np.ndarray
    centre: float
    below: float
    above: float
    mean: float | np.ndarray
    low: float | np.ndarray
    high: float | np.ndarray
    sigma_z: float = float("nan")
    events: float = float("inf")  # expected at a point, or non-events if rarer


def assemble(
    kind: str,
    index: pd.Index,
    y: np.ndarray,
    fit: Callable[[np.ndarray], Fit],
    *,
    good: str,
    target: float | None,
    groups,
    rules: str,
    limits: str,
) -> Chart:
    """The chart of ``y`` (nan: no data), each group charted by ``fit``, which gets the places of its known points.

    ``limits``: which table of chance holds, see :mod:`.chance`. A value or limit that is the same for a whole
    group is drawn through its points without data too.
    """
    if good not in DIRECTIONS:
        raise ValueError(f"good is {good!r}; choose one of {', '.join(DIRECTIONS)}")
    ruleset = rulesets.named(rules)
    if np.isinf(y).any():
        raise ValueError(f"{index[np.isinf(y)][0]!r}: the value is infinite; use nan for no data")

    missing = np.isnan(y)
    mean, low, high, score = np.full((4, len(y)), np.nan)
    rule, direction = np.zeros((2, len(y)), dtype=np.int8)
    sizes, sigma_z, related = [], float("nan"), float("nan")  # sizes: points, and events a point
    for rows in group_rows(groups, len(y)):
        known = rows[~missing[rows]]
        if not len(known):
            continue
        found = fit(known)
        sizes.append((len(known), found.events))
        for line, at in ((mean, found.mean), (low, found.low), (high, found.high)):
            line[known if isinstance(at, np.ndarray) else rows] = at
        score[known] = found.score
        rule[known], direction[known] = rulesets.flag(
            found.score, found.centre, found.below, found.above, ruleset, plotted=y[known]
        )
        sigma_z, related = found.sigma_z, autocorrelation(score[rows])

    signal = _SIGNALS[good][direction]
    signal[missing] = "no data"
    latest = np.flatnonzero(~missing)
    last = latest[-1] if latest.size else None
    expected, any_at_all = chance.over_groups(sizes, rules, limits)
    return Chart(
        points=pd.DataFrame(
            {
                "value": y,
                "mean": mean,
                "low": low,
                "high": high,
                "rule": pd.array(rulesets.names(ruleset)[rule], dtype="str"),
                "direction": direction.astype(int),
                "signal": pd.array(signal, dtype="str"),
            },
            index=index,
        ),
        variation="no data" if last is None else str(signal[last]),
        assurance=_assurance(None if last is None else (low[last], high[last]), target, good),
        trial=(sizes[-1][0] if sizes else 0) < TRIAL_BELOW,
        rules=rules,
        n=int(latest.size),
        signals=int(np.count_nonzero(direction)),
        expected_false=expected,
        chance_of_any=any_at_all,
        kind=kind,
        sigma_z=sigma_z,
        autocorrelation=related,
    )


def autocorrelation(values) -> float:
    """The correlation of each point with the one before (lag 1), in -1..1; nan below 3 points or if constant.

    Pairs with a missing side are left out. Rules for runs assume it is near 0: at 0.3 a stable series of 24
    points shows at least one false signal about half of the time (see :func:`.chance.chance_of_any`). In a short
    series it is estimated too low, by about ``(1 + 4 r) / n``. Sources: Box, Jenkins and Reinsel, "Time Series Analysis",
    ch. 2; Marriott and Pope (1954), Biometrika 41, 390-402, for the bias.
    """
    y = np.asarray(values, dtype=float)
    known = np.isfinite(y)
    if np.count_nonzero(known) < 3:
        return float("nan")
    deviation = np.where(known, y - y[known].mean(), 0.0)
    spread = float(deviation @ deviation)
    return float(deviation[1:] @ deviation[:-1]) / spread if spread > 1e-24 else float("nan")


def group_rows(groups, n: int) -> list[np.ndarray]:
    """The places of each group's points; raises ValueError where labels are missing or a group starts again."""
    if groups is None:
        return [np.arange(n)]
    labels = np.asarray(groups)
    if labels.shape != (n,) or pd.isna(labels).any():
        raise ValueError(f"groups must hold one label for each of the {n} values, none missing")
    codes, names = pd.factorize(labels)
    if (np.diff(codes) < 0).any():
        again = names[codes[1:][np.diff(codes) < 0][0]]
        raise ValueError(f"group {again!r} starts again after another; a rebased baseline is one stretch of time")
    return [np.flatnonzero(codes == code) for code in range(len(names))]


def groups_from(index, rebases: Iterable[tuple[object, str]]) -> np.ndarray:
    """The group of each point (0, 1, ...) when the baseline starts anew at some of them.

    ``index``: the labels of the points in time order. ``rebases``: the first point of each new baseline, and the
    reason why the process is another one from there on; give the result to a chart as ``groups``.

    Raises ValueError for a reason that is not written, a point that is not in the index, or one named twice:
    a reset hides signals, so who reads the chart must be able to read why.
    """
    labels = pd.Index(index)
    starts = np.zeros(len(labels), dtype=int)
    for at, reason in rebases:
        if not isinstance(reason, str) or not reason.strip():
            raise ValueError(f"the baseline is reset at {at!r} without a reason; write down what changed there")
        found = np.flatnonzero(labels == at)
        if len(found) != 1:
            raise ValueError(f"the baseline is reset at {at!r}, which names {len(found)} points; name one")
        if starts[found[0]]:
            raise ValueError(f"the baseline is reset at {at!r} twice; keep one reason")
        starts[found[0]] = 1
    return np.cumsum(starts)


def _assurance(limits: tuple[float, float] | None, target: float | None, good: str) -> str:
    if limits is None or target is None or np.isnan(target) or good == "neutral":
        return "no target"
    low, high = limits
    if low <= target <= high:
        return "hit and miss"
    met = target < low if good == "up" else target > high
    return "consistently meets" if met else "consistently fails"
