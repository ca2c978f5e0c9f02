"""A measure's past in a word's size: the range it usually moves in, its target, its last value.

Drawn by hand and not by matplotlib: an estate shows hundreds of them on one page, at less than half a kilobyte each.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import pandas as pd

WIDTH, HEIGHT, EDGE = 132.0, 34.0, 6.0

#: The mark of the last value, by signal: told apart by shape, not by colour alone.
_MARKS = {
    "concern": "M{x} {a}L{r} {s}L{l} {s}Z",
    "improvement": "M{x} {a}L{r} {y}L{x} {b}L{l} {y}Z",
    "neutral": "M{l} {s}L{l} {t}L{r} {t}L{r} {s}Z",
}


def sparkline(points: pd.DataFrame, target: float | None, tone: str, span: tuple[float, float] | None = None) -> str:
    """Decorative SVG of `points` (columns value, lower, upper; one row a cycle); "" where no value is known.

    `tone` is concern, improvement, neutral or common. `span` fixes the scale, so that services can be compared;
    what lies outside is drawn at the edge.
    """
    values = [float(v) for v in points["value"]]
    if not any(map(math.isfinite, values)):
        return ""
    low, high = span or extent(points, target)
    x = _scale(0, max(len(values) - 1, 1), EDGE, WIDTH - EDGE)
    y = _scale(low, high, HEIGHT - EDGE, EDGE)
    drawn = [_band(points, x, y)]
    if target is not None:
        drawn.append(f'<path class="target" d="M0 {y(target)}H{WIDTH:g}"/>')
    drawn.append(f'<path class="line" d="{_line(values, x, y)}"/>')
    last = max(i for i, v in enumerate(values) if math.isfinite(v))
    drawn.append(_mark(float(x(last)), float(y(values[last])), tone))
    return (
        # Its size stands in the style sheet.
        f'<svg class="spark" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" aria-hidden="true">{"".join(drawn)}</svg>'
    )


def extent(points: pd.DataFrame, target: float | None) -> tuple[float, float]:
    """The lowest and highest of everything that is drawn."""
    shown = [float(v) for c in ("value", "lower", "upper") for v in points[c] if math.isfinite(v)]
    if target is not None:
        shown.append(target)
    return (min(shown), max(shown)) if shown else (0.0, 1.0)


def _scale(low: float, high: float, start: float, end: float):
    def at(value: float) -> str:
        share = 0.5 if high == low else min(max((value - low) / (high - low), 0.0), 1.0)
        return f"{start + share * (end - start):.1f}".removesuffix(".0")

    return at


def _band(points: pd.DataFrame, x, y) -> str:
    known = [
        (i, float(low), float(high))
        for i, (low, high) in enumerate(zip(points["lower"], points["upper"], strict=True))
        if math.isfinite(low) and math.isfinite(high)
    ]
    if not known:
        return ""
    if len(known) == len(points) and len({(low, high) for _, low, high in known}) == 1:
        _, low, high = known[0]
        return f'<path class="usual" d="M0 {y(high)}H{WIDTH:g}V{y(low)}H0Z"/>'
    above = "L".join(f"{x(i)} {y(high)}" for i, _, high in known)
    below = "L".join(f"{x(i)} {y(low)}" for i, low, _ in reversed(known))
    return f'<path class="usual" d="M{above}L{below}Z"/>'


def _line(values: Sequence[float], x, y) -> str:
    """The line as short as can be: whole pixels across, and each point by its distance from the one before."""
    parts, last = [], None
    for i, value in enumerate(values):
        if not math.isfinite(value):
            last = None  # a cycle without data is a gap, never a bridge
            continue
        at = round(float(x(i))), round(10 * float(y(value)))
        if last is None:
            parts.append(f"M{at[0]} {_tenths(at[1])}l")
        else:
            down = _tenths(at[1] - last[1])
            parts.append(f"{at[0] - last[0]}{down if down[0] == '-' else f' {down}'} ")
        last = at
    # A point alone has no line.
    return re.sub(r"l(?=M|$)", "", "".join(parts).replace(" M", "M").rstrip())


def _tenths(tenths: int) -> str:
    """Tenths as a number without the zero before its point: `-.8`."""
    return re.sub(r"^(-?)0\.", r"\1.", f"{tenths / 10:.1f}".removesuffix(".0"))


def _mark(x: float, y: float, tone: str) -> str:
    if tone not in _MARKS:
        return f'<circle class="mark common" cx="{x:g}" cy="{y:g}" r="3.2"/>'
    at = {"x": x, "y": y, "l": x - 4, "r": x + 4, "a": y - 4.5, "b": y + 4.5, "s": y + 3.2, "t": y - 3.2}
    path = _MARKS[tone].format(**{k: f"{v:.1f}".removesuffix(".0") for k, v in at.items()})
    return f'<path class="mark {tone}" d="{path}"/>'
