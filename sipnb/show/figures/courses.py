"""Figures with time along the x axis: control chart, fan chart, flow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sipnb.show import theme, words
from sipnb.show.figures import axes as shared
from sipnb.show.figures.axes import Draw, Label
from sipnb.show.theme import Room


def control_chart(
    points: pd.DataFrame, labels: Sequence[str], unit: str, currency: str, target: float | None,
    marks: Sequence[tuple[float, str]] = (), interval: tuple[float, float] | None = None,
) -> Draw:  # fmt: skip
    """A process behaviour chart: values, mean, usual range as a band, target dashed, signals by colour and shape.

    `points` has columns value, mean, low, high, signal. `marks` are places on the axis, in points from 0, with a letter
    each; `interval` is the 95 % interval of the last value, drawn as a whisker.
    """
    values, x = points["value"].to_numpy(float), np.arange(len(points))
    low, high, mean = (points[c].to_numpy(float) for c in ("low", "high", "mean"))
    ends = [v for v in interval or () if np.isfinite(v)]
    notes = [Label(float(mean[np.isfinite(mean)][-1]), "usual", theme.MUTED)] if np.isfinite(mean).any() else []
    if target is not None:
        notes.append(shared.target_label(target, unit, currency))
    known = np.flatnonzero(np.isfinite(values))
    if len(known):
        notes.append(Label(values[known[-1]], words.number(values[known[-1]], unit, currency), theme.INK))

    def draw(room: Room) -> Figure:
        tall = 200 if room.narrow else 240
        figure, axes = theme.canvas(room, tall)
        span = shared.limits(np.r_[values, low, high, ends, [] if target is None else [target]], unit)
        ticks = shared.scale(axes, span, room, unit, currency)
        left, right, top = shared.room_left(ticks, room), shared.room_right(notes, room), (22 if marks else 8)
        theme.margins(figure, left, right, top, 26)
        _band(axes, x, low, high)
        axes.plot(x, mean, color=theme.MUTED, linewidth=1, drawstyle="steps-mid")
        if target is not None:
            shared.target_line(axes, target)
        shared.course(axes, x, values)
        if len(ends) == 2 and len(known):
            axes.vlines([x[known[-1]]], [ends[0]], [ends[1]], color=theme.INK, linewidth=1.5)
        _signals(axes, x, values, points["signal"].to_numpy(str), 5 if room.narrow else 6)
        _mark(axes, marks, room)
        shared.names(axes, labels, room, room.width - left - right)
        shared.beside(axes, notes, room, tall - top - 26)
        return figure

    return draw


def _band(axes: Axes, x: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    if np.isfinite(low).any():
        # Half a step beyond the first and last point, where the steps of the band end.
        edges = np.repeat(np.r_[x - 0.5, x[-1] + 0.5], 2)[1:-1]
        axes.fill_between(edges, np.repeat(low, 2), np.repeat(high, 2), color=theme.BAND, linewidth=0)


def _signals(axes: Axes, x: np.ndarray, values: np.ndarray, signals: np.ndarray, size: float) -> None:
    for signal, (color, marker) in theme.SIGNALS.items():
        here = (signals == signal) & np.isfinite(values)
        if here.any():
            grown = size * (1.25 if marker == "^" else 1.0)
            axes.plot(
                x[here], values[here], color=color, marker=marker, linestyle="none", markersize=grown, markeredgewidth=0
            )


def _mark(axes: Axes, marks: Sequence[tuple[float, str]], room: Room) -> None:
    for place, letters in _together(marks).items():
        axes.axvline(place, color=theme.COMMON, linewidth=1, linestyle=theme.DOTTED)
        axes.annotate(
            letters, (place, 1), xycoords=("data", "axes fraction"), xytext=(0, 5), textcoords="offset points", ha="center",
            color=theme.INK, fontsize=room.text, annotation_clip=False,
        )  # fmt: skip


def _together(marks: Sequence[tuple[float, str]]) -> dict[float, str]:
    """Letters by place: what happened in the same cycle shares a line."""
    found: dict[float, str] = {}
    for place, letter in marks:
        if np.isfinite(place):
            found[place] = f"{found[place]} {letter}" if place in found else letter
    return found


def flow(opened: pd.Series, resolved: pd.Series, stock: pd.Series, labels: Sequence[str]) -> Draw:
    """Tickets opened above as a line with the difference to those resolved as bars; the stock they leave below."""
    came, went, left_open = (one.to_numpy(float) for one in (opened, resolved, stock))
    x, more = np.arange(len(came)), came - went
    above = [Label(came[-1], f"{came[-1]:,.0f} opened", theme.INK)]
    middle = [Label(0.0, f"{more[-1]:+,.0f} net".replace("-", "−"), theme.INK)]
    below = [Label(left_open[-1], f"{left_open[-1]:,.0f} open", theme.INK)]

    def draw(room: Room) -> Figure:
        tall = 270 if room.narrow else 300
        figure, panels = theme.canvas(room, tall, rows=3)
        spans = [
            shared.limits(came, "count", zero=True), shared.limits(np.r_[more, 0], "count"),
            shared.limits(left_open, "count", zero=True),
        ]  # fmt: skip
        ticks = [shared.scale(a, s, room, "count", "") for a, s in zip(panels, spans, strict=True)]
        left = shared.room_left([text for labels in ticks for text in labels], room)
        right = shared.room_right([*above, *middle, *below], room)
        theme.margins(figure, left, right, 8, 26, 16)
        each = (tall - 8 - 26 - 32) / 3
        shared.course(panels[0], x, came)
        for panel, heights in ((panels[1], more), (panels[2], left_open)):
            panel.bar(x, heights, color=theme.COMMON, width=0.7, linewidth=0)
        panels[1].axhline(0, color=theme.MUTED, linewidth=1)
        for panel, notes in zip(panels, (above, middle, below), strict=True):
            shared.names(panel, labels, room, room.width - left - right)
            shared.beside(panel, notes, room, each)
            if panel is not panels[2]:
                panel.set_xticks([])
                panel.spines["bottom"].set_visible(False)
        return figure

    return draw


def parts(rows: pd.DataFrame, titles: Sequence[str], labels: Sequence[str]) -> Draw:
    """The parts of a sum over time, a panel of bars each, every panel from zero on a scale of its own; the latest is labelled.

    `rows` has a column a part, `titles` its name, `labels` the periods.
    """
    columns = [rows[name].to_numpy(float) for name in rows.columns]
    n = len(columns)

    def draw(room: Room) -> Figure:
        each = 74 if room.narrow else 84
        figure, panels = theme.canvas(room, 34 + n * (each + 24), rows=n)
        panels = np.atleast_1d(panels)
        spans = [shared.limits(values, "count", zero=True) for values in columns]
        ticks = [shared.scale(a, s, room, "count", "") for a, s in zip(panels, spans, strict=True)]
        notes = [Label(values[-1], words.number(round(values[-1]), "count"), theme.INK) for values in columns]
        left, right = shared.room_left([text for some in ticks for text in some], room), shared.room_right(notes, room)
        theme.margins(figure, left, right, 24, 26, 24)
        for panel, values, title, note in zip(panels, columns, titles, notes, strict=True):
            panel.bar(np.arange(len(values)), values, color=theme.COMMON, width=0.7, linewidth=0)
            panel.annotate(
                title, (0, 1), xycoords="axes fraction", xytext=(0, 6), textcoords="offset points", color=theme.INK,
                fontsize=room.text, annotation_clip=False,
            )  # fmt: skip
            shared.names(panel, labels, room, room.width - left - right)
            shared.beside(panel, [note], room, each)
            if panel is not panels[-1]:
                panel.set_xticks([])
                panel.spines["bottom"].set_visible(False)
        return figure

    return draw


def before_and_after(
    path: pd.DataFrame, start: int, unit: str, currency: str, target: float | None = None
) -> Draw:  # fmt: skip
    """What was, solid; what would have been without an action, dotted, its 95 % interval grey from the action on; the action as a
    line; hatched the band in which nine of ten changes lay where nothing was done.

    `path` has columns actual, expected, low, high, used, least, most, label; cycles that do not count are pale.
    """
    values = {c: path[c].to_numpy(float) for c in ("actual", "expected", "low", "high", "least", "most")}
    actual, x, since = values["actual"], np.arange(len(path)), np.arange(len(path)) >= start
    used = path["used"].to_numpy(bool)
    notes = [Label(float(values["expected"][-1]), "without it", theme.MUTED)]
    if np.isfinite(actual[-1]):
        notes.append(Label(float(actual[-1]), words.number(actual[-1], unit, currency), theme.INK))

    def draw(room: Room) -> Figure:
        tall = 200 if room.narrow else 240
        figure, axes = theme.canvas(room, tall)
        bounds = [values[c][since] for c in ("low", "high", "least", "most")]
        span = shared.limits(np.r_[actual, values["expected"], *bounds], unit)
        ticks = shared.scale(axes, span, room, unit, currency)
        left, right = shared.room_left(ticks, room), shared.room_right(notes, room)
        theme.margins(figure, left, right, 22, 26)
        axes.fill_between(x[since], values["low"][since], values["high"][since], color=theme.BAND, linewidth=0)
        if np.isfinite(values["least"][since]).any():
            axes.fill_between(
                x[since], values["least"][since], values["most"][since], facecolor="none", edgecolor=theme.COMMON, hatch="//",
                linewidth=0,
            )  # fmt: skip
        axes.plot(x, values["expected"], color=theme.MUTED, linewidth=1.5, linestyle=theme.DOTTED)
        shared.course(axes, x, actual)
        axes.plot(x[used], actual[used], color=theme.INK, marker="o", linestyle="none", markersize=5, markeredgewidth=0)
        axes.plot(
            x[~used], actual[~used], color=theme.FAINT, marker="o", linestyle="none", markersize=5, markeredgewidth=0
        )
        _mark(axes, [(start - 0.5, "implemented")], room)
        shared.names(axes, list(path["label"]), room, room.width - left - right)
        shared.beside(axes, notes, room, tall - 22 - 26)
        return figure

    return draw


def fan_chart(
    history: pd.Series, labels: Sequence[str], table: pd.DataFrame, ahead: Sequence[str], unit: str, currency: str,
    target: float | None, planned: Sequence[float] | None = None,
) -> Draw:  # fmt: skip
    """What was, solid; what is expected, dotted, its 80 % interval hatched and its 95 % one grey; the target dashed.

    `table` has columns mean, low_80, high_80, low_95, high_95, a row a cycle ahead; `planned` is what is expected with what is
    to be done, nan where that changes nothing.
    """
    with_plan = np.full(len(table), np.nan) if planned is None else np.asarray(planned, dtype=float)
    past = history.to_numpy(float)
    x, future = np.arange(len(past)), np.arange(len(past), len(past) + len(table))
    mean, low80, high80, low95, high95 = (
        table[c].to_numpy(float) for c in ("mean", "low_80", "high_80", "low_95", "high_95")
    )
    notes = [Label(mean[-1], f"{words.number(mean[-1], unit, currency)}", theme.INK)]
    notes += [Label(high95[-1], "95 %", theme.MUTED), Label((high80[-1] + mean[-1]) / 2, "80 %", theme.MUTED)]
    if target is not None:
        notes.append(shared.target_label(target, unit, currency))
    if np.isfinite(with_plan[-1]):
        notes.append(Label(float(with_plan[-1]), "with the plan", theme.IMPROVEMENT))

    def draw(room: Room) -> Figure:
        tall = 200 if room.narrow else 240
        figure, axes = theme.canvas(room, tall)
        span = shared.limits(
            np.r_[past, low95, high95, with_plan[np.isfinite(with_plan)], [] if target is None else [target]], unit
        )
        ticks = shared.scale(axes, span, room, unit, currency)
        left, right = shared.room_left(ticks, room), shared.room_right(notes, room)
        theme.margins(figure, left, right, 8, 26)
        axes.fill_between(future, low95, high95, color=theme.BAND, linewidth=0)
        axes.fill_between(future, low80, high80, facecolor="none", edgecolor=theme.COMMON, hatch="//", linewidth=0)
        if target is not None:
            shared.target_line(axes, target)
        shared.course(axes, x, past)
        axes.plot(
            future,
            mean,
            color=theme.INK,
            linestyle=theme.DOTTED,
            linewidth=1.8,
            marker="o",
            markersize=5,
            markeredgewidth=0,
        )
        axes.plot(
            future, with_plan, color=theme.IMPROVEMENT, linestyle=theme.DASHED, linewidth=1.8, marker="D", markersize=5,
            markeredgewidth=0,
        )  # fmt: skip
        shared.names(axes, [*labels, *ahead], room, room.width - left - right)
        shared.beside(axes, notes, room, tall - 8 - 26)
        return figure

    return draw
