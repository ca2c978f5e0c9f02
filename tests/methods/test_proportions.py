"""Shares and means: published intervals, and what happens at the edges."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from sipnb.methods.proportions import (
    bounded_by_silence,
    exact,
    mean_interval,
    newcombe,
    paired_difference,
    poisson_rate,
    ratio_of_sums,
    ratio_of_sums_series,
    wilson,
    wilson_series,
)


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


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        ((36, 12, 2, 0), 0.0569, 0.3404),  # Newcombe 1998
        ((14, 5, 0, 22), 0.0115, 0.2265),  # Altman and others 2000, table 6.2
        ((59, 6, 16, 80), -0.1186, -0.0046),  # Fagerland, Lydersen and Laake 2017, chapter 8
    ],
)
def test_a_difference_on_the_same_cases_has_its_published_interval(table, low, high):
    estimate = paired_difference(*table)
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=6e-5)
    assert estimate.value == pytest.approx((table[1] - table[2]) / sum(table))
    assert estimate.n == sum(table)


def test_a_difference_on_the_same_cases_changes_its_sign_when_the_clocks_change_places():
    one, other = paired_difference(40, 9, 3, 8), paired_difference(40, 3, 9, 8)
    assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low))


@pytest.mark.parametrize(("n", "both", "only_first"), [(40, 0.7, 0.15), (200, 0.9, 0.06), (30, 0.4, 0.1)])
def test_a_difference_on_the_same_cases_is_covered_about_as_often_as_stated(n, both, only_first):
    rng, hits = np.random.default_rng(11), 0
    for table in rng.multinomial(n, [both, only_first, 0.03, 1 - both - only_first - 0.03], size=600):
        estimate = paired_difference(*table)
        hits += estimate.low <= only_first - 0.03 <= estimate.high
    assert 0.93 <= hits / 600 <= 0.99


def test_a_difference_on_the_same_cases_is_narrower_than_one_between_two_groups():
    paired, apart = paired_difference(80, 6, 2, 12), newcombe(86, 100, 82, 100)
    assert paired.high - paired.low < apart.high - apart.low


def test_a_difference_on_the_same_cases_holds_at_the_edges():
    assert paired_difference(0, 0, 0, 0).n == 0
    assert math.isnan(paired_difference(0, 0, 0, 0).value)
    same = paired_difference(10, 0, 0, 0)
    assert (same.value, same.low) == (0, -same.high)
    assert 0.2 < same.high < 0.3
    assert paired_difference(0, 30, 0, 0).high == 1
    with pytest.raises(ValueError, match="only_second"):
        paired_difference(1, 1, -1, 1)


@pytest.mark.parametrize(("count", "low", "high"), [(10, 4.7954, 18.3904), (1, 0.0253, 5.5716), (0, 0.0, 3.6889)])
def test_a_rate_has_garwoods_published_bounds(count, low, high):
    estimate = poisson_rate(count, 1)
    assert (estimate.value, estimate.n) == (count, count)
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=6e-5)
    assert poisson_rate(count, 4).high == pytest.approx(high / 4, abs=6e-5)


def test_a_rate_without_exposure_is_no_data_and_a_negative_one_is_refused():
    assert math.isnan(poisson_rate(0, 0).value)
    for count, exposure in ((-1, 1), (1, -1), (math.nan, 1), (1, math.nan)):
        with pytest.raises(ValueError, match="0 or more"):
            poisson_rate(count, exposure)


def test_silence_leaves_room_from_all_dissatisfied_to_all_satisfied():
    low, high = bounded_by_silence(40, 50, 200)
    assert (low, high) == (0.2, 0.95)
    assert bounded_by_silence(40, 50, 50) == (0.8, 0.8)
    assert bounded_by_silence(0, 0, 10) == (0, 1)


@pytest.mark.parametrize("invited", [None, math.nan, pd.NA, 0, 49])
def test_silence_is_not_judged_where_the_invited_are_unknown_or_fewer_than_the_answers(invited):
    assert all(math.isnan(bound) for bound in bounded_by_silence(40, 50, invited))


def test_more_satisfied_than_answers_are_refused():
    with pytest.raises(ValueError, match="answers"):
        bounded_by_silence(51, 50, 200)


def test_a_ratio_of_sums_is_not_the_mean_of_ratios_and_is_covered_about_as_often_as_stated():
    rng, hits = np.random.default_rng(8), 0
    for _ in range(400):
        gross = rng.gamma(2, 10, 80)
        held = gross * rng.beta(1, 3, 80)
        estimate = ratio_of_sums(held, gross, share=True)
        hits += estimate.low <= 0.25 <= estimate.high
    assert estimate.value == pytest.approx(held.sum() / gross.sum())
    assert 0.91 <= hits / 400 <= 0.98


def test_a_ratio_of_sums_by_hand():
    # 6 / 11; residuals 1 - 12/11, 2 - 30/11, 3 - 24/11; their squares add up to 146 / 121, so the variance is 73 / 121.
    estimate = ratio_of_sums([1, 2, 3, np.nan], [2, 5, 4, 9])
    half = 1.959964 * math.sqrt(73 / 121 / 3) / (11 / 3)
    assert (estimate.value, estimate.n) == (pytest.approx(6 / 11), 3)
    assert (estimate.low, estimate.high) == pytest.approx((6 / 11 - half, 6 / 11 + half))


def test_a_ratio_of_sums_by_group_is_the_one_of_each_group_by_itself():
    rng = np.random.default_rng(9)
    gross, group = rng.gamma(2, 10, 300), rng.integers(-1, 4, 300)
    held = gross * rng.beta(1, 3, 300)
    table = ratio_of_sums_series(held, gross, group, 5)
    assert list(table.columns) == ["value", "low", "high", "n", "numerator", "denominator"]
    for g in range(4):
        one = ratio_of_sums(held[group == g], gross[group == g])
        assert tuple(table.loc[g, ["value", "low", "high", "n"]]) == pytest.approx(
            (one.value, one.low, one.high, one.n)
        )
        assert table.loc[g, "numerator"] == pytest.approx(held[group == g].sum())
    assert table.loc[4, "n"] == 0
    assert math.isnan(table.loc[4, "value"])


def test_a_ratio_of_nothing_one_case_and_no_denominator_does_not_pretend():
    assert ratio_of_sums([], []).n == 0
    one = ratio_of_sums([1], [2])
    assert (one.value, one.n) == (0.5, 1)
    assert math.isnan(one.low)
    assert math.isnan(ratio_of_sums([0, 0], [0, 0]).value)


def test_bounds_of_a_ratio_stay_where_it_can_be():
    assert ratio_of_sums([0, 0, 9], [10, 10, 10]).low == 0
    assert ratio_of_sums([10, 10, 1], [10, 10, 10]).high > 1
    assert ratio_of_sums([10, 10, 1], [10, 10, 10], share=True).high == 1
    assert ratio_of_sums([-10, 10, -1], [10, 10, 10]).low < 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([1, 2], [1]), "equally long"),
        (([1, 2], [1, -2]), "case 1"),
        (([1, np.inf], [1, 2]), "case 1"),
        (([1, 3], [1, 2], 0.95, True), "larger than its whole"),
    ],
)
def test_impossible_ratios_are_refused_by_their_case(arguments, words):
    with pytest.raises(ValueError, match=words):
        ratio_of_sums(*arguments)


def test_a_group_beyond_the_last_is_refused():
    with pytest.raises(ValueError, match="0 to 1"):
        ratio_of_sums_series([1, 2], [1, 2], [0, 2], 2)
