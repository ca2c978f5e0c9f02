"""The XmR control chart: which points of a series are more than noise, and whether its process can meet a target.

Limits are the mean ± 2.66 × the mean moving range, after moving ranges of 3.267 × their mean or more are left
out once. A point is flagged by a named set of rules:

========== ============ ============= ===================== ==============================================
set        outside      one side      rising or falling     near a limit, all on the same side of the mean
========== ============ ============= ===================== ==============================================
nhs        beyond limit 7             7                     2 of 3 beyond two thirds of the limit
wheeler    beyond limit 8             -                     3 of 4 beyond half of the limit
servicenow beyond limit 7             -                     3 of 4 beyond two thirds of the limit
========== ============ ============= ===================== ==============================================

Sources: Wheeler, "Understanding Variation"; NHS England "Making Data Count" as in NHSRplotthedots;
ServiceNow's product documentation of KPI Signals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

LIMIT_FACTOR = 2.66  # 3 / d2 of a range of two
SCREEN_FACTOR = 3.267  # D4 of a range of two
TRIAL_BELOW = 13
DIRECTIONS = ("up", "down", "neutral")


@dataclass(frozen=True)
class _Rules:
    one_side: int
    trend: int | None
    near: int
    near_of: int
    near_share: float
    near_name: str
    outside_counts_as_near: bool


RULES = {
    "nhs": _Rules(7, 7, 2, 3, 2 / 3, "two of three", False),
    "wheeler": _Rules(8, None, 3, 4, 1 / 2, "three of four", True),
    "servicenow": _Rules(7, None, 3, 4, 2 / 3, "three of four", True),
}

#: What chance alone does: series of n independent normal values, charted with screening (10,000 series for each
#: n, numpy's default_rng(0)); a test repeats the simulation in small. For each set of rules the mean number of
#: flagged points, and the share of series with at least one.
_CHANCE_N = (3, 5, 7, 10, 13, 18, 24, 36, 48, 60, 90, 120)
_CHANCE: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "nhs": (
        (0.0, 0.0199, 0.0491, 0.1172, 0.236, 0.4947, 0.8577, 1.6355, 2.4293, 3.2359, 5.292, 7.3993),
        (0.0, 0.008, 0.0238, 0.0544, 0.0837, 0.1267, 0.1837, 0.2839, 0.381, 0.4611, 0.6243, 0.7439),
    ),
    "wheeler": (
        (0.0, 0.02, 0.0428, 0.0853, 0.137, 0.2613, 0.455, 0.8855, 1.3401, 1.8208, 3.0184, 4.2178),
        (0.0, 0.0074, 0.0212, 0.0489, 0.0689, 0.0925, 0.1321, 0.2014, 0.2712, 0.337, 0.4706, 0.5853),
    ),
    "servicenow": (
        (0.0, 0.0195, 0.0369, 0.0846, 0.1963, 0.4252, 0.7668, 1.4928, 2.2337, 2.9958, 4.9152, 6.8924),
        (0.0, 0.0074, 0.0209, 0.0462, 0.0739, 0.1088, 0.1619, 0.2572, 0.3461, 0.4257, 0.5849, 0.7066),
    ),
}


@dataclass(frozen=True)
class Chart:
    """An XmR chart as numbers, one row a point of the input in ``points`` and in the same order:

    value; mean, low, high (limits of the point's group, unclipped; nan for a group without data); rule (the rule
    that flagged it: "", "outside", "trend", "two of three", "three of four", "shift"); direction (+1 a flagged
    high or rising point, -1 low or falling, 0 not flagged); signal ("common", "improvement", "concern",
    "neutral high", "neutral low", "no data").

    ``variation``: signal of the latest point with data. ``assurance``: what the latest group's limits say about
    the target. ``trial``: fewer than 13 points in the latest group, so limits still move. ``n`` points with
    data, ``signals`` of them flagged; ``expected_false``: how many a stable series of that length would have
    flagged by chance, on average; ``chance_of_any``: how often it would have at least one.
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


def xmr(
    values: pd.Series,
    *,
    good: str = "up",
    target: float | None = None,
    screen: bool = True,
    groups=None,
    rules: str = "nhs",
) -> Chart:
    """The XmR chart of a series in time order.

    ``values``: 1-D Series, nan where there is no data: such points stay as rows and take no part.
    ``good``: the direction that is better, "up", "down", or "neutral" where neither is.
    ``target``: a level to be met on the good side; with ``good="neutral"`` there is nothing to meet.
    ``screen``: leave out extreme moving ranges once. ``groups``: one label a point; each group has its own mean,
    limits and runs (a rebased baseline). ``rules``: the set of rules, see the module.

    Raises ValueError for an unknown ``good`` or ``rules``, an infinite value, groups of another length or with
    gaps, and groups whose points are not next to each other.
    """
    if good not in DIRECTIONS:
        raise ValueError(f"good is {good!r}; choose one of {', '.join(DIRECTIONS)}")
    if rules not in RULES:
        raise ValueError(f"rules is {rules!r}; choose one of {', '.join(RULES)}")
    values = pd.Series(values)
    y = values.to_numpy(dtype=float, na_value=np.nan)
    if np.isinf(y).any():
        raise ValueError(f"{values.index[np.isinf(y)][0]!r}: the value is infinite; use nan for no data")

    mean, low, high = (np.full(len(y), np.nan) for _ in range(3))
    rule = np.full(len(y), "", dtype=object)
    direction = np.zeros(len(y), dtype=int)
    sizes = []
    for rows in _group_rows(groups, values):
        known = rows[~np.isnan(y[rows])]
        sizes.append(len(known))
        if not len(known):
            continue
        centre, half = limits(y[known], screen)
        mean[rows], low[rows], high[rows] = centre, centre - half, centre + half
        rule[known], direction[known] = _flag(y[known], centre, half, RULES[rules])

    signal = np.where(np.isnan(y), "no data", _signals(direction, good))
    points = pd.DataFrame(
        {
            "value": y,
            "mean": mean,
            "low": low,
            "high": high,
            "rule": pd.Series(rule, index=values.index, dtype="str"),
            "direction": direction,
            "signal": pd.Series(signal, index=values.index, dtype="str"),
        },
        index=values.index,
    )
    latest = np.flatnonzero(~np.isnan(y))
    last = latest[-1] if latest.size else None
    expected, chance = _by_chance(sizes, rules)
    return Chart(
        points=points,
        variation="no data" if last is None else str(signal[last]),
        assurance=_assurance(None if last is None else (low[last], high[last]), target, good),
        trial=next((size for size in reversed(sizes) if size), 0) < TRIAL_BELOW,
        rules=rules,
        n=int(latest.size),
        signals=int(np.count_nonzero(direction)),
        expected_false=expected,
        chance_of_any=chance,
    )


def limits(y: np.ndarray, screen: bool = True) -> tuple[float, float]:
    """The mean of ``y`` (no nan), and the distance of the limits from it; 0 for a single point."""
    ranges = np.abs(np.diff(y))
    if screen and ranges.size:
        kept = ranges[ranges < SCREEN_FACTOR * ranges.mean()]
        ranges = kept if kept.size else ranges
    return float(y.mean()), LIMIT_FACTOR * float(ranges.mean()) if ranges.size else 0.0


def autocorrelation(values) -> float:
    """The correlation of each point with the one before (lag 1), in -1..1; nan below 3 points or if constant.

    Pairs with a missing side are left out. Rules for runs assume it is near 0: at 0.3 a stable series of 24
    points shows at least one false signal about half of the time. Source: Box, Jenkins and Reinsel, ch. 2.
    """
    y = np.asarray(values, dtype=float)
    deviation = y - np.nanmean(y) if np.isfinite(y).any() else y
    spread = np.nansum(deviation**2)
    if np.isfinite(y).sum() < 3 or spread <= 1e-24:
        return float("nan")
    return float(np.nansum(deviation[1:] * deviation[:-1]) / spread)


def _flag(y: np.ndarray, mean: float, half: float, rules: _Rules) -> tuple[np.ndarray, np.ndarray]:
    """The first rule, in order of precedence, that each point falls under, and its direction."""
    side = np.sign(y - mean).astype(int)
    outside = (y > mean + half) | (y < mean - half)
    beyond = (y > mean + half * rules.near_share) | (y < mean - half * rules.near_share)
    near = beyond if rules.outside_counts_as_near else beyond & ~outside
    rising = _trend(y, rules.trend)
    rule = np.full(len(y), "", dtype=object)
    direction = np.zeros(len(y), dtype=int)
    # Lowest precedence first, so that a later line overwrites: outside > trend > near > shift.
    for name, hit, way in (
        ("shift", _one_side(side, rules.one_side), side),
        (rules.near_name, _near_limit(side, near, rules), side),
        ("trend", rising != 0, rising),
        ("outside", outside, side),
    ):
        rule[hit], direction[hit] = name, way[hit]
    return rule, direction


def _windows(length: int, total: int):
    return (slice(start, start + length) for start in range(total - length + 1))


def _one_side(side: np.ndarray, length: int) -> np.ndarray:
    hit = np.zeros(len(side), dtype=bool)
    for window in _windows(length, len(side)):
        if abs(side[window].sum()) == length:
            hit[window] = True
    return hit


def _near_limit(side: np.ndarray, near: np.ndarray, rules: _Rules) -> np.ndarray:
    hit = np.zeros(len(side), dtype=bool)
    for window in _windows(rules.near_of, len(side)):
        if abs(side[window].sum()) == rules.near_of and near[window].sum() >= rules.near:
            hit[window] |= near[window]
    return hit


def _trend(y: np.ndarray, length: int | None) -> np.ndarray:
    """+1 or -1 for the points of a strict rise or fall of ``length`` points.

    Where a fall follows a rise, the turning point belongs to the run on its right.
    """
    way = np.zeros(len(y), dtype=int)
    if length is None:
        return way
    steps = np.sign(np.diff(y)).astype(int)
    for window in _windows(length - 1, len(steps)):
        if abs(steps[window].sum()) == length - 1:
            way[window.start : window.stop + 1] = steps[window.start]
    return way


def _signals(direction: np.ndarray, good: str) -> np.ndarray:
    high, low = {
        "up": ("improvement", "concern"),
        "down": ("concern", "improvement"),
        "neutral": ("neutral high", "neutral low"),
    }[good]
    return np.select([direction > 0, direction < 0], [high, low], "common")


def _assurance(limits: tuple[float, float] | None, target: float | None, good: str) -> str:
    if limits is None or target is None or np.isnan(target) or good == "neutral":
        return "no target"
    low, high = limits
    if low <= target <= high:
        return "hit and miss"
    met = target < low if good == "up" else target > high
    return "consistently meets" if met else "consistently fails"


def _group_rows(groups, values: pd.Series) -> list[np.ndarray]:
    if groups is None:
        return [np.arange(len(values))]
    labels = np.asarray(groups)
    if labels.shape != (len(values),) or pd.isna(labels).any():
        raise ValueError(f"groups must hold one label for each of the {len(values)} values, none missing")
    codes, names = pd.factorize(labels)
    if (np.diff(codes) < 0).any():
        again = names[codes[1:][np.diff(codes) < 0][0]]
        raise ValueError(f"group {again!r} starts again after another; a rebased baseline is one stretch of time")
    return [np.flatnonzero(codes == code) for code in range(len(names))]


def _by_chance(sizes: list[int], rules: str) -> tuple[float, float]:
    """Expected flagged points, and the chance of any, over groups that are charted apart."""
    flagged, any_flagged = _CHANCE[rules]
    expected = sum(float(np.interp(size, _CHANCE_N, flagged)) * _beyond(size) for size in sizes)
    none = np.prod([(1 - float(np.interp(size, _CHANCE_N, any_flagged))) ** _beyond(size) for size in sizes])
    return expected, float(1 - none)


def _beyond(size: int) -> float:
    """Past the table chance grows with the number of points."""
    return max(1.0, size / _CHANCE_N[-1])
