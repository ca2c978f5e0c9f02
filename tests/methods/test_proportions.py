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


@pytest.mark.slow
@pytest.mark.parametrize("n", [20, 60])
def test_the_mean_of_skewed_money_is_covered_about_as_often_as_stated(n):
    rng = np.random.default_rng(3)
    found = [mean_interval(rng.lognormal(0, 1.0, n)) for _ in range(600)]
    assert 0.9 <= np.mean([e.low <= math.exp(0.5) <= e.high for e in found]) <= 0.97
    plain = [mean_interval(rng.normal(10, 1, n)) for _ in range(600)]
    assert 0.93 <= np.mean([e.low <= 10 <= e.high for e in plain]) <= 0.97
    assert min(e.low for e in found) >= 0, "no mean of what is never negative lies below 0"


def test_the_mean_of_right_skewed_values_is_less_certain_upwards():
    estimate = mean_interval(np.random.default_rng(1).lognormal(0, 1.2, 80))
    assert estimate.high - estimate.value > estimate.value - estimate.low


def test_the_interval_of_a_mean_is_the_same_every_time_and_close_to_t_for_many_values():
    x = np.random.default_rng(2).gamma(2, 3, 4_000)
    assert mean_interval(x) == mean_interval(x)
    many = mean_interval(np.tile(x, 2))
    half = 1.96 * x.std() / math.sqrt(8_000)
    assert (many.high - many.low) / 2 == pytest.approx(half, rel=0.01)


def test_means_of_nothing_one_and_equal_values_do_not_pretend():
    assert mean_interval([np.nan]).n == 0
    one = mean_interval([5.0])
    assert (one.value, one.n) == (5, 1)
    assert math.isnan(one.low)
    few, same = mean_interval(np.arange(19.0)), mean_interval([5.0] * 40)
    assert (few.value, few.n) == (9, 19) and math.isnan(few.low), "19 skewed values would be covered too seldom"
    assert same.value == 5 and math.isnan(same.low), "equal values do not tell how they scatter"
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


@pytest.mark.slow
@pytest.mark.parametrize(("n", "held"), [(5, (0.5, 1.5)), (20, (0.5, 1.5)), (100, (2, 2))])
def test_a_share_of_time_is_no_mean_of_shares_and_is_covered_about_as_often_as_stated(n, held):
    """Tickets whose lengths differ as they do: the longest of twenty lasts as long as all others together."""
    rng, inside = np.random.default_rng(8), []
    for _ in range(600):
        gross = rng.lognormal(0, 1.5, n)
        part = gross * rng.beta(*held, n)
        estimate = ratio_of_sums(part, gross, share=True)
        inside.append(estimate.low <= held[0] / sum(held) <= estimate.high)
        assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
    assert estimate.value == pytest.approx(part.sum() / gross.sum())
    assert 0.92 <= np.mean(inside) <= 0.99


def test_a_ratio_that_is_no_share_is_covered_about_as_often_as_stated():
    rng, inside = np.random.default_rng(8), []
    for _ in range(600):
        hours = rng.lognormal(0, 1, 20)
        estimate = ratio_of_sums(hours * rng.gamma(2, 2, 20), hours)
        inside.append(estimate.low <= 4 <= estimate.high)
    assert 0.9 <= np.mean(inside) <= 0.98


def test_a_ratio_of_sums_by_hand():
    # Of cases of one length the ratio is the mean, and its variance by leaving out each in turn that of a mean.
    x = np.arange(20.0) + 1
    estimate = ratio_of_sums(np.r_[x, np.nan], np.r_[np.full(20, 4.0), 9])
    assert (estimate.value, estimate.n) == (pytest.approx(10.5 / 4), 20)
    # Each residual is divided by one less its part of the whole: 19 / 20.
    error = math.sqrt(((x - 10.5) ** 2).sum()) / 80 / (19 / 20)
    half = 2.093024 * error / (10.5 / 4)
    assert (estimate.low, estimate.high) == pytest.approx((10.5 / 4 * math.exp(-half), 10.5 / 4 * math.exp(half)))


def test_all_or_nothing_of_each_ticket_is_a_share_of_tickets_with_students_quantile():
    # Twelve of twenty equal tickets were on hold throughout: Wilson's interval at a few cases less.
    share = ratio_of_sums(np.r_[np.ones(12), np.zeros(8)], np.ones(20), share=True)
    assert wilson(12, 20).low > share.low > wilson(9, 15).low and wilson(12, 20).high < share.high < wilson(9, 15).high


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
    some, ten = np.r_[np.zeros(24), 9.0], np.full(25, 10.0)
    assert 0 < ratio_of_sums(some, ten).low < 0.036 < ratio_of_sums(some, ten).high
    assert ratio_of_sums(10 - some / 9, ten).high > 1
    assert ratio_of_sums(10 - some / 9, ten, share=True).high <= 1
    assert ratio_of_sums(some - 1, ten).low < 0
    nothing, everything = ratio_of_sums(np.zeros(9), ten[:9], share=True), ratio_of_sums(ten[:9], ten[:9], share=True)
    assert nothing.low == 0 < nothing.high < 0.5 and everything.high == 1 > everything.low > 0.5


def test_a_few_answers_that_are_all_alike_do_not_count_as_certain():
    top = ratio_of_sums_series(np.ones(3), np.ones(3), np.zeros(3, int), 1, share=True, drawn=1.0).loc[0]
    middle = ratio_of_sums_series(np.full(3, 0.75), np.ones(3), np.zeros(3, int), 1, share=True, drawn=1.0).loc[0]
    assert top["high"] == 1 and top["low"] < 0.4 and middle["low"] < 0.5 and middle["high"] > 0.9
    assert math.isnan(ratio_of_sums(np.full(30, 0.75), np.ones(30), share=True).low), "nothing tells how they scatter"


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
