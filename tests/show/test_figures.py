"""Every kind of figure, wide and narrow, on usual and on awkward data: sound, small, legible, the same each time."""

import re
import xml.etree.ElementTree as ET
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from sipnb.methods import spc
from sipnb.show import figures, theme
from sipnb.show.svg import svg
from sipnb.show.theme import NARROW, WIDE

SVG = "{http://www.w3.org/2000/svg}"
MONTHS = [str(m) for m in pd.period_range("2024-05", periods=30, freq="M").strftime("%b %y")]


def points(values):
    chart = spc.xmr(pd.Series(values, dtype=float), good="up", target=None)
    return chart.points


def control(values, unit="count", target=None, **more):
    found = points(values)
    return figures.control_chart(found, [f"M{i}" for i in range(len(found))], unit, "EUR", target, **more)


def level(n=30, seed=1):
    return 100 + 10 * np.random.default_rng(seed).standard_normal(n)


AHEAD = pd.DataFrame({"mean": [100, 98, 97.0], "low_80": [90, 86, 82.0], "high_80": [110, 112, 114.0],
                      "low_95": [84, 78, 70.0], "high_95": [117, 121, 125.0]})  # fmt: skip
ROWS = pd.DataFrame({"label": ["Resolved (as reported)", "Open past due counted", "Opened"], "value": [0.71, 0.69, 0.7],
                     "low": [0.67, 0.65, 0.66], "high": [0.74, 0.73, 0.74]})  # fmt: skip
CURVE = pd.DataFrame({"time": np.linspace(0, 200, 50), "survival": np.exp(-np.linspace(0, 4, 50)),
                      "low": np.exp(-np.linspace(0, 4.4, 50)), "high": np.exp(-np.linspace(0, 3.6, 50))})  # fmt: skip
PARTS = pd.DataFrame({"label": ["Reconciliation", "Approval", "Cards"], "share": [0.5, 0.3, 0.2], "low": [0.45, 0.25, 0.16],
                      "high": [0.55, 0.35, 0.25]})  # fmt: skip
SCALE = pd.DataFrame({"label": ["In time", "Median time to restore", "Reopened"], "value": [-3.0, 0.5, 2.5],
                      "target": [0.5, 1.4, -0.2], "tone": ["concern", "common", "improvement"]})  # fmt: skip
BAND = pd.DataFrame({"n": np.geomspace(20, 2000, 40), "low": 0.8 - 1 / np.sqrt(np.geomspace(20, 2000, 40)),
                     "high": 0.8 + 1 / np.sqrt(np.geomspace(20, 2000, 40))})  # fmt: skip
ESTATE = pd.DataFrame({"label": [f"Service {i}" for i in range(12)], "denominator": np.geomspace(25, 1900, 12).round(),
                       "value": [0.8, 0.82, 0.4, 0.79, 0.81, 0.8, 0.95, 0.8, 0.78, 0.81, 0.6, 0.8],
                       "outside_998_adjusted": [0, 0, -1, 0, 0, 0, 1, 0, 0, 0, -1, 0]})  # fmt: skip

KINDS = {
    "control chart": control(level(), target=105.0, marks=[(4.5, "A"), (4.5, "B"), (20.5, "C")], interval=(90.0, 120.0)),
    "without limits": figures.control_chart(
        points(level()).assign(low=np.nan, high=np.nan, mean=np.nan), MONTHS, "share", "EUR", None
    ),
    "labels at one place": control([100.0] * 29 + [100.1], target=100.05),
    "fan chart": figures.fan_chart(pd.Series(level()), MONTHS, AHEAD, ["Nov 26", "Dec 26", "Jan 27"], "count", "EUR", 101.0),
    "flow": figures.flow(pd.Series(level()), pd.Series(level(seed=2)), pd.Series(level(seed=3)), MONTHS),
    "intervals": figures.intervals(ROWS, "share", "EUR", 0.85),
    "survival": figures.survival(CURVE, 34.0, 48.0),
    "pareto": figures.pareto(PARTS),
    "against limits": figures.against_limits(SCALE),
    "funnel": figures.funnel(ESTATE, BAND, 0.8, "up"),
}  # fmt: skip

AWKWARD = {
    "one point": [3.0], "two points": [3.0, 5.0], "all equal": [7.0] * 20, "all missing but one": [np.nan] * 9 + [4.0],
    "zeros": [0.0] * 12, "huge": [1e9, 1.2e9, 9e8] * 5, "negative": [-5.0, 3.0, -1.0] * 5, "many": list(level(200)),
    "a gap": [1.0, np.nan, 2.0, 3.0] * 4,
}  # fmt: skip


def texts(markup):
    """Each text with its box as it is estimated: left, right, top, bottom."""
    found = []
    for one in ET.fromstring(markup).iter(f"{SVG}text"):
        size, x, y = (float(one.get(name)) for name in ("font-size", "x", "y"))
        width = theme.width_of(one.text, size)
        left = {"middle": x - width / 2, "end": x - width}.get(one.get("text-anchor"), x)
        found.append((one.text, left, left + width, y - 0.8 * size, y + 0.2 * size))
    return found


@pytest.mark.parametrize("room", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_is_sound_and_the_same_bytes_each_time(kind, room):
    markup, again = (svg(KINDS[kind](room), "fig", "Title", "Text with 1") for _ in range(2))
    assert markup == again
    tree = ET.fromstring(markup)
    assert tree.get("role") == "img" and tree.get("aria-labelledby") == "fig-title fig-desc"
    assert not re.search(r"\b(nan|inf)\b", markup, re.IGNORECASE)
    ids = re.findall(r'\bid="([^"]+)"', markup)
    assert len(ids) == len(set(ids)) and all(one.startswith("fig-") for one in ids)


@pytest.mark.parametrize("room", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("kind", KINDS)
def test_its_words_fit_and_keep_apart(kind, room):
    markup = svg(KINDS[kind](room), "fig", "Title", "Text with 1")
    height = float(re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', markup)[1])
    boxes = texts(markup)
    assert boxes
    for text, left, right, top, bottom in boxes:
        # Widths are estimated with a margin: a few pixels beyond the edge are none.
        assert left >= -8 and right <= room.width + 14 and top >= -3 and bottom <= height + 3, (
            text,
            left,
            right,
            top,
            bottom,
        )
    for a, b in combinations(boxes, 2):
        across = min(a[2], b[2]) - max(a[1], b[1])
        down = min(a[4], b[4]) - max(a[3], b[3])
        assert across <= 3 or down <= 2, (a, b)


@pytest.mark.parametrize("kind", KINDS)
def test_the_narrow_one_is_legible_at_320_pixels(kind):
    markup = svg(KINDS[kind](NARROW), "fig", "Title", "Text with 1")
    # 16 pixels of margin at each side of a screen of 320.
    shown = 288 / NARROW.width
    assert all(float(size) * shown >= 11 for size in re.findall(r'font-size="([\d.]+)"', markup))


@pytest.mark.parametrize("kind", KINDS)
def test_it_has_at_most_four_hues(kind):
    greys = {"ink", "muted", "faint", "paper", "band", "common"}
    used = set(re.findall(r"var\(--([a-z]+)", svg(KINDS[kind](WIDE), "fig", "Title", "1"))) - greys - {"font"}
    assert len(used) <= 4 and not re.findall(r'(?:fill|stroke)="#', svg(KINDS[kind](WIDE), "fig", "Title", "1"))


@pytest.mark.parametrize("room", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("case", AWKWARD)
def test_awkward_data_are_drawn_too(case, room):
    for target in (None, 4.0):
        markup = svg(control(AWKWARD[case], target=target)(room), "fig", "Title", "1")
        ET.fromstring(markup)
        assert not re.search(r"\b(nan|inf)\b", markup, re.IGNORECASE)


def test_two_drawings_of_a_control_chart_are_small():
    both = [svg(KINDS["control chart"](room), "fig", "Title", "1") for room in (WIDE, NARROW)]
    assert sum(map(len, both)) < 14_000


def test_bars_begin_at_zero():
    figure = figures.pareto(PARTS)(WIDE)
    (axes,) = figure.axes
    assert axes.get_xlim()[0] == 0 and all(bar.get_x() == 0 for bar in axes.patches)
    flow = KINDS["flow"](WIDE)
    assert all(bar.get_y() == 0 for panel in flow.axes[1:] for bar in panel.patches)
    assert all(panel.get_ylim()[0] <= 0 for panel in flow.axes)


def test_what_stands_apart_is_named():
    words = [text for text, *_ in texts(svg(KINDS["funnel"](WIDE), "fig", "Title", "1"))]
    assert {"Service 2", "Service 6", "Service 10"} <= set(words) and "Service 0" not in words
