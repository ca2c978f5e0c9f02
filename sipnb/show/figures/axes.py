"""What all kinds of figures share: scales with few, readable ticks, margins that fit their labels, labels that keep apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sipnb.show import theme, words
from sipnb.show.svg import RIM
from sipnb.show.theme import Room

#: A figure of some kind, ready to be drawn in a room.
Draw = Callable[[Room], Figure]


@dataclass(frozen=True)
class Label:
    """A direct label: at which value, what it says, in which colour."""

    value: float
    text: str
    color: str


def tick(value: float, unit: str, currency: str) -> str:
    """A value on an axis, without digits that say nothing."""
    if unit == "share":
        text = f"{100 * value:.2f}".rstrip("0").rstrip(".")
        return f"{text} %"
    if unit == "money":
        return f"{words.sign(currency)} {words.significant(value)}"
    return words.number(value, unit, currency)


def limits(values: Sequence[float] | np.ndarray, unit: str, zero: bool = False) -> tuple[float, float]:
    """An axis that holds all values with a little air; from zero where `zero` says so, or where zero is near anyway."""
    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    if low >= 0 and (zero or low < 0.3 * high):
        low = 0.0
    air = 0.06 * (high - low) or 0.06 * abs(high) or 1.0
    top = high + air
    if unit == "share" and high <= 1:
        top = min(top, 1 + 0.02 * (1 - low))
    return (low if low == 0 else low - air), top


def scale(axes: Axes, span: tuple[float, float], room: Room, unit: str, currency: str, axis: str = "y") -> list[str]:
    """Set an axis to `span` with about four ticks, and give their labels."""
    # Four days and more are read in days, on whole ones.
    if unit == "hours" and span[1] >= 96:
        labels = scale(axes, (span[0] / 24, span[1] / 24), room, "days", currency, axis)
        at = getattr(axes, f"get_{axis}ticks")() * 24
        getattr(axes, f"set_{axis}lim")(*span)
        getattr(axes, f"set_{axis}ticks")(at, labels)
        return labels
    many = 3 if room.narrow else 4
    steps = [1, 2, 5, 10] if unit == "count" else [1, 2, 2.5, 5, 10]
    found = MaxNLocator(nbins=many, steps=steps, min_n_ticks=2).tick_values(*span)
    at = [float(v) for v in found if span[0] - 1e-12 <= v <= span[1] + 1e-12]
    if unit == "count":
        at = [v for v in at if v.is_integer()] or [0.0]
    if unit == "share":
        at = [v for v in at if v <= 1 + 1e-12] if span[1] <= 1.2 else at
    labels = [tick(v, unit, currency) if v else tick(v, unit, currency).replace("0 min", "0") for v in at]
    if axis == "y":
        axes.set_ylim(*span)
        axes.set_yticks(at, labels)
    else:
        axes.set_xlim(*span)
        axes.set_xticks(at, labels)
    return labels


def names(axes: Axes, labels: Sequence[str], room: Room, width: float) -> None:
    """Names of points along the x axis: as many as fit, counted from the newest, so that it always has its name."""
    each = max((theme.width_of(text, room.text) for text in labels), default=1.0) + 14
    most = max(2, int(width // each))
    step = max(1, -(-len(labels) // most))
    at = list(range(len(labels) - 1, -1, -step))[::-1]
    # A name at the far left would stand across the axis.
    at = [i for i in at if i * width / max(1, len(labels)) > 0.3 * each or len(at) < 3]
    axes.set_xticks(at, [labels[i] for i in at])
    axes.set_xlim(-0.6, len(labels) - 0.4)


def room_left(labels: Sequence[str], room: Room) -> float:
    """Pixels that tick labels need at the left."""
    return max((theme.width_of(text, room.text) for text in labels), default=0.0) + 8


def room_right(labels: Sequence[Label], room: Room) -> float:
    """Pixels that direct labels need at the right."""
    return max((theme.width_of(one.text, room.text) for one in labels), default=0.0) + 12


def beside(axes: Axes, labels: Sequence[Label], room: Room, height: float) -> None:
    """Direct labels at the right of a panel of `height` pixels, kept apart by a line's height, never out of the panel."""
    low, high = axes.get_ylim()
    wanted = [(one.value - low) / (high - low) * height for one in labels]
    placed = apart(wanted, 1.15 * room.text, 0.0, height)
    for one, y in zip(labels, placed, strict=True):
        axes.annotate(
            one.text, (1, y / height), xycoords="axes fraction", xytext=(6, -0.36 * room.text), textcoords="offset points",
            ha="left", va="baseline", color=one.color, fontsize=room.text, annotation_clip=False,
        )  # fmt: skip


def apart(wanted: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Places near the wanted ones, at least `least` from each other, within low and high as far as that is possible."""
    order = np.argsort(np.asarray(wanted, float), kind="stable")
    placed = [float(np.clip(wanted[i], low, high)) for i in order]
    # Groups that collide move as one, around their common middle.
    groups = [[y] for y in placed]
    middles = list(placed)
    i = 0
    while i < len(groups) - 1:
        gap = (middles[i + 1] - least * (len(groups[i + 1]) - 1) / 2) - (middles[i] + least * (len(groups[i]) - 1) / 2)
        if gap < least:
            groups[i] += groups.pop(i + 1)
            middles.pop(i + 1)
            half = least * (len(groups[i]) - 1) / 2
            middles[i] = float(np.clip(np.mean(groups[i]), low + half, max(low + half, high - half)))
            i = max(0, i - 1)
        else:
            i += 1
    spread = [
        middle + least * (k - (len(group) - 1) / 2)
        for group, middle in zip(groups, middles, strict=True)
        for k in range(len(group))
    ]
    found = [0.0] * len(spread)
    for place, i in enumerate(order):
        found[i] = spread[place]
    return found


def write(
    axes: Axes, x: float, y: float, text: str, color: str, room: Room, *, dx: float = 0, dy: float = 0, **more
) -> None:
    """A text on top of marks, with a rim of paper."""
    found = axes.annotate(
        text, (x, y), xytext=(dx, dy), textcoords="offset points", color=color, fontsize=room.text, annotation_clip=False,
        **more,
    )  # fmt: skip
    found.set_gid(RIM)


def target_line(axes: Axes, target: float, vertical: bool = False) -> None:
    """The target's dashes."""
    draw = axes.axvline if vertical else axes.axhline
    draw(target, color=theme.ACCENT, linewidth=1.5, linestyle=theme.DASHED)


def target_label(target: float, unit: str, currency: str) -> Label:
    return Label(target, f"target {tick(target, unit, currency)}", theme.ACCENT)


def course(axes: Axes, x: np.ndarray, values: np.ndarray) -> None:
    """The course of a measure, solid; where a point is missing the line joins its neighbours."""
    there = np.isfinite(values)
    axes.plot(x[there], values[there], color=theme.INK, linewidth=1.8)
