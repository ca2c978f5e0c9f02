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
        (-0.0001, "points", "0.0 pts"),
        (-0.012, "points", "−1.2 pts"),
        (-0.0000001, "number", "0"),
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
        (56.4, 98.0, "hours", "2.35–4.08 d"),
        (0.5, 1.5, "hours", "0.5–1.5 h"),
        (0.1, 0.5, "hours", "6–30 min"),
        (-0.00001, 0.02, "points", "0.0–2.0 pts"),
        (38.9, 44.6, "money", "€ 38.90–44.60"),
        (math.nan, math.nan, "count", "counted"),
        (0.5, math.inf, "hours", "above 30 min"),
        (None, 3.0, "hours", "below 3 h"),
    ],
)
def test_an_interval_says_its_unit_once(low, high, unit, text):
    assert words.interval(low, high, unit) == text


def test_an_interval_of_hours_is_in_the_unit_of_the_value_that_it_stands_beside():
    assert words.interval(56.4, 98.0, "hours", beside=80) == "56.4–98 h"
    assert words.interval(56.4, 120.0, "hours", beside=100) == "2.35–5 d"


@pytest.mark.parametrize(
    ("now", "before", "unit", "text"),
    [
        (0.712, 0.753, "share", "−4.1 pts"),
        (9.4, 8.3, "hours", "+1.10 h"),
        (9.35, 9.38, "hours", "−0.03 h"),
        (15, 20, "count", "−5"),
        (3, 3, "count", "±0"),
        (0.50000001, 0.5, "share", "±0.00 pts"),
        (3, None, "count", "–"),
    ],
)
def test_a_difference_is_signed_and_in_the_unit_of_the_value(now, before, unit, text):
    assert words.difference(now, before, unit) == text


def test_nothing_is_certain():
    assert [words.probability(p) for p in (0.0, 0.004, 0.53, 0.998, 1.0, None)] == [
        "under 1 %", "under 1 %", "53 %", "over 99 %", "over 99 %", "no data",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.6951, "share", "69.5 %"), (0.85, "share", "85 %"), (0.9971, "share", "99.71 %"), (0.999, "share", "99.9 %"),
        (0.99999, "share", "over 99.99 %"), (1.0, "share", "100 %"), (0.0029, "share", "0.29 %"), (0.0, "share", "0 %"),
        (0.1551, "points", "15.5 points"), (0.01, "points", "1 point"), (0.0506, "points", "5.1 points"),
        (14213.4, "money", "€ 14,200"), (88.07, "money", "€ 88"), (4.5, "money", "€ 4.50"),
        (1612, "count", "1,612"), (9.352, "hours", "9.35 h"), (None, "share", "no data"),
    ],
)  # fmt: skip
def test_in_a_sentence_a_figure_has_at_most_three_digits_and_counts_are_exact(value, unit, text):
    assert words.prose(value, unit) == text


@pytest.mark.parametrize(
    ("value", "low", "high", "unit", "text"),
    [
        (0.129, 0.119, 0.138, "share", "+13 points (95 % interval 12–14)"),
        (-3.68, -4.96, -2.36, "hours", "−3.7 h (95 % interval 2.4–5)"),
        (-238.0, -326.0, -151.0, "count", "−238 (95 % interval 151–326)"),
        (0.02, -0.01, 0.05, "share", "+2 points (95 % interval −1 to +5)"),
        (-120.0, -200.0, -40.0, "money", "€ −120 (95 % interval 40–200)"),
    ],
)
def test_an_effect_has_its_sign_once_and_its_interval(value, low, high, unit, text):
    assert words.effect(value, low, high, unit) == text


@pytest.mark.parametrize(
    ("value", "goal", "reference", "unit", "text"),
    [
        (0.086, 0.10, "target", "share", "distance of 8.6 points from its target (10 %)"),
        (3.631, 5.128, "level of a year ago", "hours", "distance of 3.63 h from its level of a year ago (5.13 h)"),
        (69.0, 250.0, "target", "count", "distance of 69 from its target (250)"),
        (0.0019, 0.999, "limit", "share", "distance of 0.19 points from its limit (99.9 %)"),
    ],
)
def test_a_distance_is_called_one_and_has_no_interval(value, goal, reference, unit, text):
    assert words.distance(value, goal, reference, unit) == text


def test_ordinals_days_and_cycles_in_words():
    assert [words.ordinal(n) for n in (1, 3, 12, 13, 21, 22, 30, 111)] == [
        "first", "third", "twelfth", "13th", "21st", "22nd", "30th", "111th",
    ]  # fmt: skip
    assert (words.day("2026-11-05"), words.day("2026-11-15", short=True)) == ("5 November 2026", "15 Nov 2026")
    assert [words.bare(label) for label in ("November 2026", "week 48 of 2026", "Q1 2027")] == [
        "November",
        "week 48",
        "Q1",
    ]


def test_nothing_turns_the_direction_of_what_follows_and_letters_keep_theirs():
    assert words.unturned("\u202eabc\u2069 שלום") == "abc שלום"
