"""A sparkline: what is drawn, and what is not."""

from __future__ import annotations

import re
from itertools import accumulate

import pandas as pd
import pytest

from sipnb.show.sparkline import extent, sparkline

NAN = float("nan")


def points(*values: float, lower: float = NAN, upper: float = NAN) -> pd.DataFrame:
    return pd.DataFrame({"value": values, "lower": lower, "upper": upper}, dtype=float)


def test_a_cycle_without_data_is_a_gap():
    assert sparkline(points(1, 2, NAN, 3, 4), None, "common").split('class="line" d="')[1].split('"')[0].count("M") == 2


def test_nothing_is_drawn_where_nothing_is_known():
    assert sparkline(points(), None, "common") == sparkline(points(NAN, NAN), 0.5, "common") == ""


def test_each_point_lies_where_its_distances_add_up_to():
    values = [0.1, 0.53, 0.5, 0.72, 0.72, 1.0]
    line = sparkline(points(*values), None, "common", (0, 1)).split('class="line" d="M')[1].split('"')[0]
    steps = [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) ?(-?[\d.]+)", line)]
    xs, ys = (list(accumulate(s)) for s in zip(*steps, strict=True))
    assert xs == [6, 30, 54, 78, 102, 126]
    assert ys == pytest.approx([28 - 22 * v for v in values], abs=0.06)


def test_one_value_is_a_mark():
    assert "<circle" in sparkline(points(0.5), None, "common")


@pytest.mark.parametrize("tone", ["concern", "improvement", "neutral"])
def test_signals_are_told_apart_by_shape(tone):
    drawn = sparkline(points(1, 2), None, tone)
    assert f'class="mark {tone}"' in drawn and "circle" not in drawn


def test_target_and_usual_range_belong_to_the_scale():
    assert extent(points(2, 3, lower=1, upper=4), 9) == (1, 9)
    drawn = sparkline(points(2, 3, lower=1, upper=4), 9, "common")
    assert 'class="usual"' in drawn and 'class="target"' in drawn


def test_on_a_shared_scale_what_lies_outside_is_drawn_at_the_edge():
    drawn = sparkline(points(-50, 50), None, "common", (0, 1))
    line = drawn.split('class="line" d="')[1].split('"')[0]
    assert line == "M6 28l120-22", "from the lower edge to the upper"
