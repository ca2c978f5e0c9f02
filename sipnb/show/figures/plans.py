"""Figures of what is to be done: a timeline of actions, and their effect against their effort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sipnb.cycles import add_months
from sipnb.show import theme
from sipnb.show.figures import axes as shared
from sipnb.show.figures.axes import Draw
from sipnb.show.figures.spreads import labelled_rows
from sipnb.show.theme import Room


@dataclass(frozen=True)
class Span:
    """An action in time: a bar from `begin` to `end`, done, open or only proposed; steps and reviews on it; `late` since when."""

    label: str
    begin: date
    end: date
    kind: str  # done, open, proposed
    steps: tuple[date, ...] = ()
    review: date | None = None
    late: date | None = None


def timeline(spans: Sequence[Span], today: date, first: date, last: date) -> Draw:
    """Actions as bars over time, a row each: done filled dark, open filled grey, proposed outlined; from its due date to today an
    overdue one is hatched. Diamonds are steps, circles reviews, the dotted line is today."""

    def draw(room: Room) -> Figure:
        figure, axes = labelled_rows(room, [one.label for one in spans], 22)
        y = np.arange(len(spans))[::-1] - (0.12 if room.narrow else 0)
        axes.set_xlim(first.toordinal(), last.toordinal())
        months = [one for one in _months(first, last) if one.month in ((1, 7) if room.narrow else (1, 4, 7, 10))]
        axes.set_xticks([one.toordinal() for one in months], [f"{one:%b %y}" for one in months])
        high = 0.34 if room.narrow else 0.44
        for place, one in zip(y, spans, strict=True):
            begin, end = max(one.begin, first).toordinal(), min(one.end, last).toordinal()
            fill = {"done": theme.ACCENT, "open": theme.COMMON}.get(one.kind, "none")
            axes.barh([place], [max(end - begin, 4)], left=[begin], height=high, color=fill,
                      edgecolor=theme.COMMON if one.kind == "proposed" else "none",
                      linewidth=1.2 if one.kind == "proposed" else 0)  # fmt: skip
            if one.late is not None:
                axes.barh([place], [max(today.toordinal() - one.late.toordinal(), 4)], left=[one.late.toordinal()], height=high,
                          facecolor="none", edgecolor=theme.CONCERN, hatch="//", linewidth=0)  # fmt: skip
            steps = [step.toordinal() for step in one.steps if first <= step <= last]
            axes.plot(
                steps,
                [place] * len(steps),
                color=theme.INK,
                marker="D",
                linestyle="none",
                markersize=6,
                markeredgewidth=0,
            )
            if one.review is not None and first <= one.review <= last:
                axes.plot([one.review.toordinal()], [place], color=theme.INK, marker="o", linestyle="none", markersize=7,
                          markeredgewidth=0)  # fmt: skip
        axes.axvline(today.toordinal(), color=theme.INK, linewidth=1, linestyle=theme.DOTTED)
        shared.write(axes, today.toordinal(), len(spans) - 0.4, "cut-off", theme.INK, room, dy=5, ha="center")
        return figure

    return draw


def worth(rows: pd.DataFrame, unit: str, currency: str, axis: str, most: int = 8) -> Draw:
    """Actions by what they take and by the part of their gap they are to close; those without an estimate, at the bottom.

    `rows`: columns label, takes, closes (may be missing), kind (agreed, proposed). The `most` that are to close most are named.
    """
    takes, closes = (rows[c].to_numpy(float) for c in ("takes", "closes"))
    known = np.isfinite(closes)
    named = sorted(np.flatnonzero(known), key=lambda i: (-closes[i], takes[i]))[:most]

    def draw(room: Room) -> Figure:
        tall = 300 if room.narrow else 320
        figure, axes = theme.canvas(room, tall)
        bottom = -0.16
        span = shared.limits(takes, "count", zero=True)
        axes.set_ylim(-0.26, 1.12)
        axes.set_yticks([bottom, 0, 0.5, 1], ["no estimate", "0 %", "50 %", "100 %"])
        left = shared.room_left(["no estimate"], room)
        theme.margins(figure, left, 14, 8, 44)
        shared.scale(axes, span, room, unit if unit == "money" else "count", currency, axis="x")
        axes.set_xlabel(axis, color=theme.MUTED, fontsize=room.text)
        axes.axhline(0, color=theme.FAINT, linewidth=1)
        y = np.where(known, np.clip(closes, 0, 1.05), bottom)
        hollow = rows["kind"].to_numpy(str) == "proposed"
        for here, size, color in ((slice(None), 11, theme.ACCENT), (hollow, 6, theme.PAPER)):
            axes.plot(
                takes[here], y[here], color=color, marker="o", linestyle="none", markersize=size, markeredgewidth=0
            )
        _named(axes, rows, takes, y, named, room, tall - 52)
        return figure

    return draw


def value_curve(limit: Sequence[float], value: Sequence[float], now: float, unit: str, currency: str) -> Draw:
    """What can be had by what may be spent, and where the limit is now."""
    x, y = np.asarray(limit, dtype=float), np.asarray(value, dtype=float)

    def draw(room: Room) -> Figure:
        figure, axes = theme.canvas(room, 240)
        ticks = shared.scale(axes, (0.0, 1.06 * float(y.max())), room, unit, currency)
        theme.margins(figure, shared.room_left(ticks, room), 14, 14, 26)
        shared.scale(axes, (0.0, float(x.max())), room, "money", currency, axis="x")
        axes.plot(x, y, color=theme.INK, linewidth=2, marker="o", markersize=5, markeredgewidth=0)
        shared.target_line(axes, now, vertical=True)
        return figure

    return draw


def exceedance(
    loss: Sequence[float], exceeded: Sequence[float], low: Sequence[float], high: Sequence[float],
    left: Sequence[float], allowed: float | None,
) -> Draw:  # fmt: skip
    """How likely more is lost than so many hours, with its interval; dashed what is `left` of that, a line what is allowed."""
    x = np.asarray(loss, dtype=float)

    def draw(room: Room) -> Figure:
        figure, axes = theme.canvas(room, 220)
        ticks = shared.scale(axes, (0.0, 1.0), room, "share", "")
        theme.margins(figure, shared.room_left(ticks, room), 14, 14, 26)
        shared.scale(axes, (0.0, float(x.max())), room, "hours", "", axis="x")
        axes.fill_between(x, low, high, color=theme.BAND, linewidth=0)
        axes.plot(x, exceeded, color=theme.INK, linewidth=2)
        if len(left):
            axes.plot(x, left, color=theme.INK, linewidth=2, linestyle=(0, (4, 3)))
        if allowed is not None:
            shared.target_line(axes, allowed, vertical=True)
        return figure

    return draw


def _named(
    axes, rows: pd.DataFrame, x: np.ndarray, y: np.ndarray, named: Sequence[int], room: Room, height: float
) -> None:
    """Names beside points, kept from each other by their height."""
    low, high = axes.get_ylim()
    end = axes.get_xlim()[1]
    wanted = [(y[i] - low) / (high - low) * height for i in named]
    for i, at, want in zip(named, shared.apart(wanted, 1.2 * room.text, 0, height), wanted, strict=True):
        right = x[i] / end < 0.45
        name = theme.fitted(str(rows["label"].iloc[i]), (0.5 if right else 0.42) * room.width, room.text)
        shared.write(axes, x[i], y[i], name, theme.INK, room, dx=9 if right else -9, dy=at - want - 0.36 * room.text,
                     ha="left" if right else "right")  # fmt: skip


def _months(first: date, last: date) -> list[date]:
    """The first days of the months between two days, both among them."""
    one = first if first.day == 1 else add_months(first, 1)
    found = []
    while one <= last:
        found.append(one)
        one = add_months(one, 1)
    return found
