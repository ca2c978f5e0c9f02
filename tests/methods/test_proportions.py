"""Shares and means: published intervals, and what happens at the edges."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from sipnb.methods.proportions import exact, mean_interval, newcombe, wilson, wilson_series


@pytest.mark.parametrize(
    ("method", "successes", "n", "low", "high"),
    [
        (wilson, 81, 263, 0.2553, 0.3662),
        (exact, 81, 263, 0.2527, 0.3676),
        (wilson, 15, 148, 0.0624, 0.1605),
        (wilson, 0, 20, 0.0, 0.1611),
        (wilson, 1, 29, 0.0061, 0.1718),
    ],
)
def test_a_share_has_its_published_interval(method, successes, n, low, high):
    estimate = method(successes, n)
    assert estimate.value == successes / n
    assert estimate.low == pytest.approx(low, abs=6e-5)
    assert estimate.high == pytest.approx(high, abs=6e-5)
    assert estimate.n == n


@pytest.mark.parametrize(
    ("counts", "low", "high"), [((56, 70, 48, 80), 0.0524, 0.3339), ((9, 10, 3, 10), 0.1705, 0.8090)]
)
def test_a_difference_has_newcombes_published_interval(counts, low, high):
    estimate = newcombe(*counts)
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=6e-5)
    assert estimate.n == counts[1] + counts[3]


def test_a_difference_at_boundary_counts_still_has_an_interval():
    estimate = newcombe(10, 10, 0, 20)
    assert estimate.value == 1
    assert 0.6 < estimate.low < estimate.high == 1


@pytest.mark.parametrize("method", [wilson, exact])
def test_no_cases_is_no_data_and_not_zero(method):
    estimate = method(0, 0)
    assert estimate.n == 0
    assert all(math.isnan(number) for number in (estimate.value, estimate.low, estimate.high))
    assert math.isnan(newcombe(0, 0, 3, 5).value)


@pytest.mark.parametrize("method", [wilson, exact])
def test_bounds_at_none_and_all_are_exactly_zero_and_one(method):
    assert method(0, 7).low == 0
    assert method(7, 7).high == 1


@pytest.mark.parametrize(("successes", "n"), [(5, 4), (-1, 4), (math.nan, 4)])
def test_impossible_counts_are_refused(successes, n):
    for method in (wilson, exact):
        with pytest.raises(ValueError, match="between 0 and n"):
            method(successes, n)
    with pytest.raises(ValueError, match="second group"):
        newcombe(1, 2, successes, n)


def test_a_level_in_percent_is_refused():
    with pytest.raises(ValueError, match=r"0\.95"):
        wilson(1, 2, level=95)


def test_the_series_says_what_the_single_function_says_and_keeps_the_index():
    k, n = pd.Series([81, 0, 0, 7], index=list("abcd")), [263, 20, 0, 7]
    table = wilson_series(k, n)
    assert list(table.index) == list("abcd")
    for label, size in zip("abd", (263, 20, 7), strict=True):
        one = wilson(k[label], size)
        assert tuple(table.loc[label]) == pytest.approx((one.value, one.low, one.high, one.n))
    assert table.loc["c", "n"] == 0
    assert table.loc["c", ["value", "low", "high"]].isna().all()


def test_a_series_with_an_impossible_row_names_it():
    with pytest.raises(ValueError, match="row 'b'"):
        wilson_series(pd.Series([1, 9], index=["a", "b"]), [2, 3])


def test_the_mean_of_skewed_money_is_covered_about_as_often_as_stated():
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(300):
        estimate = mean_interval(rng.lognormal(0, 0.8, 60))
        hits += estimate.low <= math.exp(0.32) <= estimate.high
    assert 0.88 <= hits / 300 <= 0.97


def test_the_mean_of_right_skewed_values_is_less_certain_upwards():
    estimate = mean_interval(np.random.default_rng(1).lognormal(0, 1.2, 80))
    assert estimate.high - estimate.value > estimate.value - estimate.low


def test_the_interval_of_a_mean_is_the_same_every_time_and_close_to_t_for_many_values():
    x = np.random.default_rng(2).gamma(2, 3, 4_000)
    assert mean_interval(x) == mean_interval(x)
    many = mean_interval(np.tile(x, 2))
    half = 1.96 * x.std() / math.sqrt(8_000)
    assert many.high - many.value == pytest.approx(half, rel=0.01)


def test_means_of_nothing_one_and_equal_values_do_not_pretend():
    assert mean_interval([np.nan]).n == 0
    one = mean_interval([5.0])
    assert (one.value, one.n) == (5, 1)
    assert math.isnan(one.low)
    same = mean_interval([5.0] * 4)
    assert (same.low, same.high) == (5, 5)
    with pytest.raises(ValueError, match="infinite"):
        mean_interval([1, np.inf])
