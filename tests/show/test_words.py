"""Numbers in words: units, three significant digits, and "no data" where there is none."""

import math

import pytest

from sipnb.show import words


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.7123, "share", "71.2 %"),
        (0.99934, "share", "99.93 %"),
        (1.0, "share", "100 %"),
        (0.0, "share", "0 %"),
        (9.352, "hours", "9.35 h"),
        (0.5, "hours", "30 min"),
        (120.0, "hours", "5 d"),
        (1612.0, "count", "1,612"),
        (41.8, "money", "€ 41.80"),
        (24000, "money", "€ 24,000"),
        (math.nan, "share", "no data"),
        (math.inf, "hours", "no data"),
        (None, "count", "no data"),
    ],
)
def test_a_figure_has_its_unit(value, unit, text):
    assert words.number(value, unit) == text


@pytest.mark.parametrize(
    ("low", "high", "unit", "text"),
    [
        (0.689, 0.734, "share", "68.9–73.4 %"),
        (8.7, 10.2, "hours", "8.7–10.2 h"),
        (40.0, 100.0, "hours", "40 h–4.17 d"),
        (38.9, 44.6, "money", "€ 38.90–44.60"),
        (math.nan, math.nan, "count", "counted"),
        (0.5, math.inf, "hours", "above 30 min"),
        (None, 3.0, "hours", "below 3 h"),
    ],
)
def test_an_interval_says_its_unit_once(low, high, unit, text):
    assert words.interval(low, high, unit) == text


@pytest.mark.parametrize(
    ("now", "before", "unit", "text"),
    [
        (0.712, 0.753, "share", "−4.1 pts"),
        (9.4, 8.3, "hours", "+1.10 h"),
        (9.35, 9.38, "hours", "−0.03 h"),
        (15, 20, "count", "−5"),
        (3, 3, "count", "±0"),
        (3, None, "count", "–"),
    ],
)
def test_a_difference_is_signed_and_in_the_unit_of_the_value(now, before, unit, text):
    assert words.difference(now, before, unit) == text


def test_nothing_is_certain():
    assert [words.probability(p) for p in (0.0, 0.004, 0.53, 0.998, 1.0, None)] == [
        "under 1 %", "under 1 %", "53 %", "over 99 %", "over 99 %", "no data",
    ]  # fmt: skip
