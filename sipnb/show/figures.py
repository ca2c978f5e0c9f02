"""The charts: drawn from the same tables that are printed under them. Targets are dashed, forecasts hatched."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from sipnb.show import theme, words


def _axis(axes, unit: str, currency: str) -> None:
    def label(value: float, _: int) -> str:
        if unit == "share":
            return _percent(value)
        return words.number(value, unit, currency)

    axes.yaxis.set_major_formatter(FuncFormatter(label))
    axes.set_xlabel("")
    axes.set_ylabel("")


def _percent(value: float) -> str:
    text = f"{100 * value:.2f}"
    return f"{text.rstrip('0').rstrip('.')} %"


def _ticks(axes, labels: list[str]) -> None:
    # Days are written longer than months: fewer of them fit.
    most = 8 if max(map(len, labels), default=0) <= 6 else 5
    step = max(1, -(-len(labels) // most))
    # Counted from the newest, so that the cycle of the plan always carries its name.
    at = list(range(len(labels) - 1, -1, -step))[::-1]
    axes.set_xticks(at, [labels[i] for i in at])
    axes.set_xlim(-0.6, len(labels) - 0.4)


def _line(axes, x: np.ndarray, values: pd.Series) -> None:
    """The course of a measure; where a point is missing the line joins its neighbours."""
    y = values.to_numpy(float)
    there = ~np.isnan(y)
    axes.plot(x[there], y[there], color=theme.INK, linewidth=1.4)


def _beside(axes, y: float, text: str, color: str, x: float = 1.0, shift: float = 0.0) -> None:
    axes.annotate(
        text, (x, y), xycoords=("axes fraction", "data"), xytext=(5, shift), textcoords="offset points",
        va="center", ha="left", color=color, fontsize=9.5, annotation_clip=False,
    )  # fmt: skip


def _apart(values: list[float], span: float, least: float) -> list[float]:
    """Shifts in points that keep labels at these values from overlapping, in a panel of `span` data units."""
    order = np.argsort(values)
    shifts = np.zeros(len(values))
    for before, after in zip(order[:-1], order[1:], strict=True):
        gap = (values[after] - values[before]) / span * 150 + shifts[after] - shifts[before]
        if gap < least:
            shifts[after] += least - gap
    return list(shifts - (shifts.mean() if len(shifts) else 0))


def control_chart(
    points: pd.DataFrame, labels: list[str], unit: str, currency: str, target: float | None,
    marks: list[tuple[float, str]] = (),
) -> Figure:  # fmt: skip
    """A process behaviour chart: values, mean, limits as a band, the target dashed, signals by colour and shape.

    `marks` are places on the axis, in points from 0, with a letter each: what happened there is said below the figure.
    """
    figure, axes = theme.canvas()
    x = np.arange(len(points))
    axes.fill_between(x, points["low"], points["high"], color=theme.BAND, step="mid", linewidth=0)
    axes.plot(x, points["mean"], color=theme.MUTED, linewidth=0.9, drawstyle="steps-mid")
    _line(axes, x, points["value"])
    for signal, (color, marker) in theme.SIGNALS.items():
        here = (points["signal"] == signal).to_numpy()
        if here.any():
            axes.scatter(x[here], points["value"][here], color=color, marker=marker, s=26, zorder=3, linewidth=0)
    _axis(axes, unit, currency)
    _ticks(axes, labels)
    last = points["value"].dropna()
    notes = [(float(points["mean"].dropna().iloc[-1]), "usual", theme.MUTED)] if points["mean"].notna().any() else []
    if target is not None:
        axes.axhline(target, color=theme.ACCENT, linewidth=1.2, linestyle=(0, (4, 3)))
        notes.append((target, f"target {words.number(target, unit, currency)}", theme.ACCENT))
    if len(last):
        notes.append((float(last.iloc[-1]), words.number(last.iloc[-1], unit, currency), theme.INK))
    for place, letters in _together(marks).items():
        axes.axvline(place, color=theme.FAINT, linewidth=1, linestyle=(0, (2, 2)), zorder=1)
        axes.annotate(
            letters, (place, 1), xycoords=("data", "axes fraction"), xytext=(0, 2), textcoords="offset points",
            ha="center", va="bottom", color=theme.MUTED, fontsize=9,
        )  # fmt: skip
    low, high = axes.get_ylim()
    for (y, text, color), shift in zip(notes, _apart([n[0] for n in notes], high - low, 11), strict=True):
        _beside(axes, y, text, color, shift=shift)
    return figure


def _together(marks: list[tuple[float, str]]) -> dict[float, str]:
    """Letters by place: what happened in the same cycle shares a line."""
    found: dict[float, str] = {}
    for place, letter in marks:
        if np.isfinite(place):
            found[place] = f"{found[place]} {letter}" if place in found else letter
    return found


def intervals(rows: pd.DataFrame, unit: str, currency: str, target: float | None) -> Figure:
    """Figures with their intervals, one a row (columns label, value, low, high), the target dashed."""
    figure, axes = theme.canvas(height=0.7 + 0.5 * len(rows))
    y = np.arange(len(rows))[::-1]
    axes.hlines(y, rows["low"], rows["high"], color=theme.COMMON, linewidth=2)
    sns.scatterplot(x=rows["value"].to_numpy(), y=y, ax=axes, color=theme.ACCENT, s=55, linewidth=0, zorder=3)
    if target is not None:
        axes.axvline(target, color=theme.ACCENT, linewidth=1.2, linestyle=(0, (4, 3)))
        axes.annotate(
            f"target {words.number(target, unit, currency)}",
            (target, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            color=theme.ACCENT,
            fontsize=9.5,
        )
    axes.set_yticks(y, rows["label"], color=theme.INK)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_ylabel("")
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda v, _: _percent(v) if unit == "share" else words.number(v, unit, currency))
    )
    return figure


def survival(curve: pd.DataFrame, median: float, closed_median: float) -> Figure:
    """The share of incidents not yet restored, by hours since opening, up to where little is left."""
    figure, axes = theme.canvas()
    left = curve[curve["survival"] > 0.02]
    upto = max(float(left["time"].max()) if len(left) else 1.0, 1.0)
    shown = curve[curve["time"] <= upto]
    time, share = np.r_[0, shown["time"]], np.r_[1, shown["survival"]]
    low, high = np.r_[1, shown["low"].fillna(0)], np.r_[1, shown["high"].fillna(1)]
    if len(time) > 400:
        # A step every few minutes is not seen: 400 of them draw the same line.
        keep = np.unique(np.linspace(0, len(time) - 1, 400).astype(int))
        time, share, low, high = time[keep], share[keep], low[keep], high[keep]
    axes.fill_between(time, low, high, step="post", color=theme.BAND, linewidth=0)
    axes.step(time, share, where="post", color=theme.INK, linewidth=1.5)
    axes.axhline(0.5, color=theme.FAINT, linewidth=1)
    if np.isfinite(median):
        axes.plot([median], [0.5], marker="o", color=theme.ACCENT, markersize=7, zorder=3)
        axes.annotate(
            f"half restored after {words.number(median, 'hours')}",
            (median, 0.5),
            xytext=(8, 8),
            textcoords="offset points",
            color=theme.ACCENT,
            fontsize=9.5,
        )
    axes.set_ylim(0, 1.02)
    axes.set_xlim(0, upto)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.0f} %"))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: words.number(v, "hours") if v else "0"))
    return figure


def flow(opened: pd.Series, resolved: pd.Series, stock: pd.Series, labels: list[str]) -> Figure:
    """Tickets opened and resolved by cycle above, the stock they leave below."""
    figure, (above, below) = theme.canvas(height=3.4, rows=2, sharex=True, gridspec_kw={"height_ratios": [3, 2]})
    x = np.arange(len(labels))
    above.plot(x, opened, color=theme.ACCENT, linewidth=1.6)
    above.plot(x, resolved, color=theme.COMMON, linewidth=1.6, linestyle=(0, (5, 1.5)))
    last = [float(opened.iloc[-1]), float(resolved.iloc[-1])]
    above.set_ylim(bottom=0)
    span = above.get_ylim()[1]
    texts = (("opened", theme.ACCENT), ("resolved", theme.COMMON))
    for y, (text, color), shift in zip(last, texts, _apart(last, span, 12), strict=True):
        _beside(above, y, text, color, shift=shift)
    below.bar(x, stock, color=theme.COMMON, width=0.7, linewidth=0)
    below.set_ylim(0, max(1.0, 1.05 * float(stock.max())))
    _beside(below, float(stock.iloc[-1]), f"{stock.iloc[-1]:,.0f} open", theme.INK)
    for axes in (above, below):
        _axis(axes, "count", "")
    _ticks(below, labels)
    return figure


def forecast(
    history: pd.Series, labels: list[str], table: pd.DataFrame, ahead: list[str], unit: str, currency: str,
    target: float | None,
) -> Figure:  # fmt: skip
    """What was, solid; what is expected, hatched with its 80 and 95 % intervals; the target dashed."""
    figure, axes = theme.canvas()
    x = np.arange(len(history))
    future = np.arange(len(history), len(history) + len(table))
    _line(axes, x, history)
    axes.fill_between(future, table["low_95"], table["high_95"], color=theme.BAND, linewidth=0)
    axes.fill_between(
        future, table["low_80"], table["high_80"], facecolor="none", edgecolor=theme.COMMON, hatch="////", linewidth=0
    )
    axes.plot(future, table["mean"], color=theme.INK, linestyle=(0, (1, 1.5)), linewidth=1.6, marker="o", markersize=4)
    if target is not None:
        axes.axhline(target, color=theme.ACCENT, linewidth=1.2, linestyle=(0, (4, 3)))
        _beside(axes, target, "target", theme.ACCENT)
    _axis(axes, unit, currency)
    _ticks(axes, [*labels, *ahead])
    return figure


def against_limits(rows: pd.DataFrame) -> Figure:
    """Where target and latest value lie within each measure's usual range (0 lower limit, 1 upper limit).

    Columns label, value, target, both on that scale; values far outside are drawn at the edge.
    """
    figure, axes = theme.canvas(height=0.8 + 0.42 * len(rows))
    y = np.arange(len(rows))[::-1]
    edge = 2.0
    axes.barh(y, 1, left=0, height=0.5, color=theme.BAND, linewidth=0)
    axes.scatter(rows["value"].clip(1 - edge, edge), y, color=theme.INK, s=40, zorder=3, linewidth=0)
    axes.scatter(rows["target"].clip(1 - edge, edge), y, color=theme.ACCENT, marker="|", s=260, linewidth=2.5, zorder=3)
    axes.set_yticks(y, rows["label"], color=theme.INK)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlim(1 - edge - 0.05, edge + 0.05)
    axes.set_xticks([0, 0.5, 1], ["lower limit", "usual", "upper limit"])
    axes.grid(False)
    return figure


def funnel(rows: pd.DataFrame, limits, centre: float, good: str) -> Figure:
    """Services by their number of cases (logarithmic) and their share, with the limits that size and usual scatter allow.

    `rows`: columns denominator, value, outside_95_adjusted (−1, 0, 1); `limits` gives the bounds for numbers of cases.
    """
    figure, axes = theme.canvas(height=3.2)
    n = rows["denominator"].to_numpy(float)
    sizes = np.geomspace(max(1.0, n.min() * 0.9), n.max() * 1.1, 120)
    band = limits(sizes)
    axes.fill_between(sizes, band["low_95_adjusted"], band["high_95_adjusted"], color=theme.BAND, linewidth=0)
    axes.axhline(centre, color=theme.MUTED, linewidth=0.9)
    side = rows["outside_95_adjusted"].to_numpy()
    bad = -1 if good == "up" else 1
    for where, signal in ((side == 0, "common"), (side == bad, "concern"), (side == -bad, "improvement")):
        color, marker = theme.SIGNALS[signal]
        axes.scatter(n[where], rows["value"][where], color=color, marker=marker, s=22, linewidth=0, zorder=3)
    axes.set_xscale("log")
    _axis(axes, "share", "")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}"))
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda v, _: ""))
    axes.set_xlabel("cases", color=theme.MUTED, fontsize=9.5)
    _beside(axes, centre, f"all {words.number(centre, 'share')}", theme.MUTED)
    return figure
