"""Figures of values with their uncertainty: intervals, survival, Pareto, positions against limits, funnel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sipnb.show import theme, words
from sipnb.show.figures import axes as shared
from sipnb.show.figures.axes import Draw, Label
from sipnb.show.theme import Room

_ROW = 34


def intervals(rows: pd.DataFrame, unit: str, currency: str, target: float | None) -> Draw:
    """Values with their intervals, one a row (columns label, value, low, high), the target dashed."""
    values, low, high = (rows[c].to_numpy(float) for c in ("value", "low", "high"))

    def draw(room: Room) -> Figure:
        top = 24 if target is not None else 8
        figure, axes = labelled_rows(room, rows["label"], top, [words.number(v, unit, currency) for v in values])
        y = np.arange(len(rows))[::-1]
        span = shared.limits(np.r_[values, low, high, [] if target is None else [target]], unit)
        shared.scale(axes, span, room, unit, currency, axis="x")
        axes.hlines(y, low, high, color=theme.COMMON, linewidth=2.5)
        sns.scatterplot(x=values, y=y, ax=axes, color=theme.ACCENT, s=64, linewidth=0, zorder=3)
        if target is not None:
            _target_above(axes, target, unit, currency, room, span)
        return figure

    return draw


def _target_above(axes: Axes, target: float, unit: str, currency: str, room: Room, span: tuple[float, float]) -> None:
    shared.target_line(axes, target, vertical=True)
    side = "right" if target > (span[0] + span[1]) / 2 else "left"
    axes.annotate(
        shared.target_label(target, unit, currency).text, (target, 1), xycoords=("data", "axes fraction"), xytext=(0, 6),
        textcoords="offset points", ha=side, color=theme.ACCENT, fontsize=room.text, annotation_clip=False,
    )  # fmt: skip


def labelled_rows(
    room: Room, labels: Sequence[str], top: float, values: Sequence[str] = (), bottom: float = 26
) -> tuple[Figure, Axes]:
    """A canvas with a row a label: at the left where there is room, else above its mark; `values` at the right."""
    labels, n = list(labels), len(labels)
    row = 44 if room.narrow else _ROW
    figure, axes = theme.canvas(room, top + bottom + row * n)
    left = 10 if room.narrow else min(0.45 * room.width, shared.room_left(labels, room))
    right = shared.room_right([Label(0, text, theme.INK) for text in values], room) if values else 12
    theme.margins(figure, left, right, top, bottom)
    y = np.arange(n)[::-1]
    axes.set_ylim(-0.6, n - 0.4)
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)
    shown = [theme.fitted(text, room.width - 20 if room.narrow else left - 6, room.text) for text in labels]
    if room.narrow:
        axes.set_yticks([])
        for place, text in zip(y, shown, strict=True):
            axes.annotate(
                text, (0, place + 0.27), xycoords=("axes fraction", "data"), ha="left", va="baseline", color=theme.INK,
                fontsize=room.text, annotation_clip=False,
            )  # fmt: skip
    else:
        axes.set_yticks(y, shown, color=theme.INK)
    for place, text in zip(y, values, strict=False):
        axes.annotate(
            text, (1, place), xycoords=("axes fraction", "data"), xytext=(6, -0.36 * room.text), textcoords="offset points",
            ha="left", va="baseline", color=theme.INK, fontsize=room.text, annotation_clip=False,
        )  # fmt: skip
    return figure, axes


def survival(curve: pd.DataFrame, median: float, target: float | None = None) -> Draw:
    """The share of incidents not yet restored, by hours since opening, with its 95 % band.

    `curve` has columns time, survival, low, high, in steps; it is drawn as it is given.
    """
    time, share, low, high = (curve[c].to_numpy(float) for c in ("time", "survival", "low", "high"))

    def draw(room: Room) -> Figure:
        tall = 210 if room.narrow else 250
        figure, axes = theme.canvas(room, tall)
        ticks = shared.scale(axes, (0, 1.02), room, "share", "")
        shared.scale(axes, (0, float(time[-1]) or 1.0), room, "hours", "", axis="x")
        theme.margins(figure, shared.room_left(ticks, room), 24, 8, 26)
        axes.fill_between(time, low, high, step="post", color=theme.BAND, linewidth=0)
        axes.step(time, share, where="post", color=theme.INK, linewidth=1.8)
        if target is not None and 0 < target < time[-1]:
            shared.target_line(axes, target, vertical=True)
            _at(axes, target, 0.93, f"target {words.number(target, 'hours')}", theme.ACCENT, room, time[-1])
        if np.isfinite(median) and median <= time[-1]:
            axes.plot([median], [0.5], color=theme.INK, marker="o", linestyle="none", markersize=8, markeredgewidth=0)
            _at(axes, median, 0.5, f"half after {words.number(median, 'hours')}", theme.INK, room, time[-1])
        return figure

    return draw


def _at(axes: Axes, x: float, y: float, text: str, color: str, room: Room, end: float) -> None:
    """A label to the right of a place, or to its left where it would leave the panel."""
    fits = (1 - x / end) * (room.width - 70) > theme.width_of(text, room.text) + 12
    shared.write(axes, x, y, text, color, room, dx=8 if fits else -8, dy=4, ha="left" if fits else "right")


def pareto(rows: pd.DataFrame) -> Draw:
    """Shares by category as bars from zero, in the order given, each named at the right.

    `rows` has columns label and share, and may have low and high, the 95 % interval as a whisker, and of_all: the share that it
    is held against, as a mark.
    """
    share = rows["share"].to_numpy(float)
    whiskers = rows[["low", "high"]].to_numpy(float) if "low" in rows else np.empty((0, 2))
    usual = rows["of_all"].to_numpy(float) if "of_all" in rows else np.empty(0)

    def draw(room: Room) -> Figure:
        figure, axes = labelled_rows(room, rows["label"], 8, [words.number(v, "share") for v in share])
        y = np.arange(len(rows))[::-1] - (0.12 if room.narrow else 0)
        longest = float(np.r_[share, whiskers.ravel(), usual].max())
        shared.scale(axes, (0, min(1.0, 1.04 * longest)), room, "share", "", axis="x")
        axes.barh(y, share, height=0.4 if room.narrow else 0.56, color=theme.COMMON, linewidth=0)
        if len(whiskers):
            axes.hlines(y, whiskers[:, 0], whiskers[:, 1], color=theme.INK, linewidth=1.5)
        if len(usual):
            axes.vlines(usual, y - 0.3, y + 0.3, color=theme.ACCENT, linewidth=3)
        return figure

    return draw


def waterfall(rows: pd.DataFrame, texts: Sequence[str], taken: str = theme.CONCERN) -> Draw:
    """Sums, and what was added and taken from each to the next, as bars: sums from zero, the last in the accent.

    `rows` has columns label and value, and may have total, which rows are sums: else the first and the last. `taken` is the
    colour of what was taken. `texts` stand beside the bars.
    """
    value = rows["value"].to_numpy(float)
    n = len(value)
    total = rows["total"].to_numpy(bool) if "total" in rows else np.isin(np.arange(n), (0, n - 1))
    ends = np.empty(n)
    for at in range(n):
        ends[at] = value[at] if total[at] else ends[at - 1] + value[at]
    starts = np.where(total, 0.0, np.r_[0.0, ends[:-1]])
    colors = [
        (theme.ACCENT if at == n - 1 else theme.COMMON) if total[at] else theme.IMPROVEMENT if value[at] > 0 else taken
        for at in range(n)
    ]

    def draw(room: Room) -> Figure:
        figure, axes = labelled_rows(room, rows["label"], 8, texts)
        y = np.arange(len(rows))[::-1] - (0.12 if room.narrow else 0)
        low, high = min(0.0, *ends), max(0.0, *ends)
        axes.set_xlim(low - 0.02 * (high - low), high + 0.02 * (high - low) or 1.0)
        axes.set_xticks([])
        axes.grid(axis="x", visible=False)
        axes.vlines([0], -0.6, len(rows) - 0.4, color=theme.FAINT, linewidth=1)
        for place, start, end, color in zip(y, starts, ends, colors, strict=True):
            axes.barh(
                [place], [end - start], left=[start], height=0.4 if room.narrow else 0.56, color=color, linewidth=0
            )
        return figure

    return draw


def against_limits(rows: pd.DataFrame) -> Draw:
    """Where target and latest value lie within each measure's usual range (0 lower limit, 1 upper limit).

    Columns label, value, target, tone, both values on that scale; what lies far outside is drawn at the edge.
    """
    edge = 2.0
    value, target = (rows[c].to_numpy(float).clip(1 - edge, edge) for c in ("value", "target"))

    def draw(room: Room) -> Figure:
        figure, axes = labelled_rows(room, rows["label"], 8)
        y = np.arange(len(rows))[::-1] - (0.12 if room.narrow else 0)
        axes.set_xlim(1 - edge - 0.06, edge + 0.06)
        axes.grid(axis="x", visible=False)
        axes.barh(y, 1, left=0, height=0.4 if room.narrow else 0.5, color=theme.BAND, linewidth=0)
        axes.vlines(target, y - 0.24, y + 0.24, color=theme.ACCENT, linewidth=3)
        for tone, (color, marker) in theme.SIGNALS.items():
            here = rows["tone"].to_numpy(str) == tone
            if here.any():
                axes.plot(
                    value[here], y[here], color=color, marker=marker, linestyle="none", markersize=9, markeredgewidth=0
                )
        axes.set_xticks([0.5], ["usual range"])
        return figure

    return draw


def funnel(rows: pd.DataFrame, band: pd.DataFrame, centre: float, good: str, most: int = 6) -> Draw:
    """Services by their number of cases (logarithmic) and their share, with the limits that size and usual scatter allow.

    `rows`: columns label, denominator, value, outside_998_adjusted (−1, 0, 1); `band`: columns n, low, high. The `most`
    services that stand furthest apart are named.
    """
    n, value, side = (rows[c].to_numpy(float) for c in ("denominator", "value", "outside_998_adjusted"))
    bad = -1 if good == "up" else 1
    notes = [Label(centre, f"all {words.number(centre, 'share')}", theme.MUTED)]
    apart = [i for i in np.argsort(-np.abs(value - centre), kind="stable") if side[i]][:most]

    def draw(room: Room) -> Figure:
        tall = 260 if room.narrow else 300
        figure, axes = theme.canvas(room, tall)
        inside = band[["low", "high"]].to_numpy(float)
        ticks = shared.scale(axes, shared.limits(np.r_[value, inside.ravel()].clip(0, 1), "share"), room, "share", "")
        left, right = shared.room_left(ticks, room), shared.room_right(notes, room)
        theme.margins(figure, left, right, 8, 44)
        axes.set_xscale("log")
        axes.set_xlim(band["n"].iloc[0], band["n"].iloc[-1])
        powers = [10.0**k for k in range(9) if band["n"].iloc[0] <= 10.0**k <= band["n"].iloc[-1]]
        some = powers if len(powers) > 1 else [float(band["n"].iloc[0]), float(band["n"].iloc[-1])]
        axes.set_xticks(some, [f"{v:,.0f}" for v in some])
        axes.set_xticks([], minor=True)
        axes.set_xlabel("number of cases", color=theme.MUTED, fontsize=room.text)
        axes.fill_between(band["n"], inside[:, 0].clip(0, 1), inside[:, 1].clip(0, 1), color=theme.BAND, linewidth=0)
        axes.axhline(centre, color=theme.MUTED, linewidth=1)
        for where, signal in ((side == 0, "common"), (side == bad, "concern"), (side == -bad, "improvement")):
            color, marker = theme.SIGNALS[signal]
            axes.plot(
                n[where], value[where], color=color, marker=marker, linestyle="none", markersize=6, markeredgewidth=0
            )
        _outliers(axes, rows, apart, room, tall - 52)
        shared.beside(axes, notes, room, tall - 52)
        return figure

    return draw


def _outliers(axes: Axes, rows: pd.DataFrame, apart: Sequence[int], room: Room, height: float) -> None:
    """Names beside the points that stand apart, kept from each other by their height."""
    low, high = axes.get_ylim()
    first, last = np.log(axes.get_xlim())
    values = rows["value"].to_numpy(float)
    wanted = [(values[i] - low) / (high - low) * height for i in apart]
    for i, y, want in zip(apart, shared.apart(wanted, 1.15 * room.text, 0, height), wanted, strict=True):
        x = rows["denominator"].iloc[i]
        right = (np.log(x) - first) / (last - first) < 0.55
        name = words.clipped(str(rows["label"].iloc[i]), 18 if room.narrow else 28)
        shared.write(axes, x, values[i], name, theme.INK, room, dx=8 if right else -8, dy=y - want - 0.36 * room.text,
                     ha="left" if right else "right")  # fmt: skip
