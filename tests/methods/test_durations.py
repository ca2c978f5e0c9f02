"""Kaplan-Meier, its quantiles and the log-rank test against published analyses."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from sipnb.methods.durations import (
    kaplan_meier,
    logrank,
    medians_by_group,
    quantiles_by_group,
    restricted_means_by_group,
)

# Freireich et al. (1963), weeks of remission: 21 patients on 6-MP (a minus: still in remission), 21 on placebo.
SIX_MP = [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def test_lung_cancer_survival_is_what_the_textbooks_print(reference):
    lung = reference("survival/lung.csv")
    curve = kaplan_meier(lung["time"], lung["status"] == 2)
    median = curve.quantile(0.5)
    assert (median.value, median.low, median.high, median.n) == (310, 284, 361, 228)
    log = curve.quantile(0.5, transform="log")
    assert (log.low, log.high) == (285, 363)
    assert (curve.quantile(0.25).value, curve.quantile(0.75).value) == (170, 550)
    assert curve.at(365).value == pytest.approx(0.409242, abs=1e-6)
    last_before = curve.curve["time"].searchsorted(365, side="right") - 1
    assert curve._se[last_before] == pytest.approx(0.035824, abs=1e-6)
    mean = curve.restricted_mean(365)
    assert mean.value == pytest.approx(263.22, abs=0.005)
    assert mean.low < 263.22 < mean.high
    assert (curve.n, curve.events, curve.censored) == (228, 165, 63)
    assert kaplan_meier(lung["time"][lung["status"] == 2], [True] * 165).quantile(0.5).value == 226


def test_lung_cancer_differs_by_sex(reference):
    lung = reference("survival/lung.csv")
    medians = [kaplan_meier(rows["time"], rows["status"] == 2).quantile(0.5).value for _, rows in lung.groupby("sex")]
    assert medians == [270, 426]
    statistic, p = logrank(lung["time"], lung["status"] == 2, lung["sex"])
    assert statistic == pytest.approx(10.32674, abs=1e-5)
    assert p == pytest.approx(0.00131, abs=1e-5)


def test_leukaemia_medians_by_maintenance(reference):
    aml = reference("survival/aml.csv")
    medians = {name: kaplan_meier(rows["time"], rows["status"]).quantile(0.5).value for name, rows in aml.groupby("x")}
    assert medians == {"Maintained": 31, "Nonmaintained": 23}


def test_remission_under_6_mp_lasts_longer_than_under_placebo():
    weeks = np.array(SIX_MP + PLACEBO)
    ended, group = weeks > 0, ["6-MP"] * 21 + ["placebo"] * 21
    assert kaplan_meier(abs(weeks[:21]), ended[:21]).quantile(0.5).value == 23
    assert kaplan_meier(weeks[21:], ended[21:]).quantile(0.5).value == 8
    assert logrank(abs(weeks), ended, group)[0] == pytest.approx(16.793, abs=5e-4)


def test_counting_only_finished_cases_is_too_short_and_counting_all_is_not():
    rng = np.random.default_rng(5)
    opened, lasts = rng.uniform(0, 30, 60_000), rng.exponential(20, 60_000)
    watched = 30 - opened
    ended = lasts <= watched
    assert lasts[ended].mean() == pytest.approx(7.7705, abs=0.12)
    assert np.median(lasts[ended]) == pytest.approx(6.2211, abs=0.12)
    duration = np.minimum(lasts, watched)
    assert duration.sum() / ended.sum() == pytest.approx(20, rel=0.02)
    median = kaplan_meier(duration, ended).quantile(0.5)
    assert median.value == pytest.approx(20 * math.log(2), rel=0.03)
    assert median.low < 20 * math.log(2) < median.high


def test_cases_already_open_when_records_begin_do_not_lengthen_the_curve():
    rng = np.random.default_rng(6)
    opened, lasts = rng.uniform(-100, 60, 40_000), rng.exponential(20, 40_000)
    seen = opened + lasts > 0
    entry = np.maximum(0, -opened[seen])
    naive = kaplan_meier(lasts[seen], np.ones(seen.sum()))
    late = kaplan_meier(lasts[seen], np.ones(seen.sum()), entry=entry)
    assert late.quantile(0.5).value == pytest.approx(20 * math.log(2), rel=0.03)
    assert naive.quantile(0.5).value > 1.1 * late.quantile(0.5).value


def test_a_curve_exactly_at_one_half_has_its_median_between_two_times():
    assert kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1]).quantile(0.5).value == 2.5
    # Ten steps of a tenth do not add up to exactly one half in floating point.
    assert kaplan_meier(range(1, 11), [1] * 10).quantile(0.5).value == 5.5


def test_times_that_differ_by_rounding_are_ties():
    assert len(kaplan_meier([0.1 + 0.2, 0.3], [1, 1]).curve) == 1


def test_no_case_at_all_is_no_data():
    nothing = kaplan_meier([], [])
    assert (nothing.n, nothing.events, len(nothing.curve)) == (0, 0, 0)
    for estimate in (nothing.quantile(0.5), nothing.at(3), nothing.restricted_mean(3)):
        assert math.isnan(estimate.value)
        assert estimate.n == 0


def test_where_nothing_has_ended_the_median_is_not_reached_and_certainty_is_not_claimed():
    open_cases = kaplan_meier([1, 2, 3], [0, 0, 0])
    assert math.isnan(open_cases.quantile(0.5).value)
    assert open_cases.quantile(0.5).n == 3
    assert (open_cases.at(2).value, open_cases.at(2).high) == (1, 1)
    assert open_cases.at(2).low < 0.5
    assert math.isnan(open_cases.at(4).value)
    assert math.isnan(open_cases.restricted_mean(3).low)


def test_beyond_the_longest_time_watched_nothing_is_said_unless_all_had_ended():
    assert math.isnan(kaplan_meier([1, 2, 3], [1, 1, 0]).restricted_mean(5).value)
    assert kaplan_meier([1, 2, 3], [1, 1, 1]).restricted_mean(5).value == pytest.approx(2)
    assert kaplan_meier([1, 2, 3], [1, 1, 1]).at(5).value == 0


def test_cases_that_end_at_once_count_even_with_entries():
    for entry in (None, [0, 0, 0]):
        curve = kaplan_meier([0, 0, 1], [1, 1, 1], entry=entry)
        assert curve.at(0).value == pytest.approx(1 / 3)
        assert list(curve.curve["at_risk"]) == [3, 1]


def test_bounds_contain_the_curve():
    rng = np.random.default_rng(0)
    table = kaplan_meier(rng.exponential(5, 200), rng.random(200) < 0.7).curve
    inside = table[table["survival"] > 0]
    assert (inside["low"] <= inside["survival"]).all()
    assert (inside["survival"] <= inside["high"]).all()
    assert list(table.columns) == ["time", "survival", "low", "high", "at_risk"]


def test_a_hundred_thousand_cases_take_under_a_second():
    rng = np.random.default_rng(0)
    duration, ended = rng.exponential(5, 100_000), rng.random(100_000) < 0.8
    start = time.process_time()
    curve = kaplan_meier(duration, ended)
    curve.quantile(0.5), curve.restricted_mean(10)
    assert time.process_time() - start < 1


def test_a_comparison_without_two_comparable_groups_is_nan():
    assert math.isnan(logrank([1, 2], [1, 1], ["a", "a"])[0])
    assert math.isnan(logrank([1, 2], [0, 0], ["a", "b"])[0])
    assert math.isnan(logrank([1, 5], [0, 1], ["a", "b"])[0])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([1, -2], [1, 1]), "case 1: duration is -2"),
        (([1, math.nan], [1, 1]), "case 1"),
        (([1, 2], [1]), "one of each a case"),
        (([1, 2], [True, None]), "case 1: observed is missing"),
        (([1, 2], [0, 2]), "True/False"),
        (([1, 2], [1, 1], [0, 2]), "before it came under watch"),
    ],
)
def test_impossible_cases_are_refused_by_their_number(arguments, words):
    with pytest.raises(ValueError, match=words):
        kaplan_meier(*arguments)


def test_an_unknown_transform_is_refused():
    with pytest.raises(ValueError, match="log-log, log"):
        kaplan_meier([1, 2], [1, 1]).quantile(0.5, transform="logit")


def cases(seed: int, n: int, ties: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Waits of some cases, a third of them not over yet; with many ties unless said otherwise."""
    rng = np.random.default_rng(seed)
    wait = rng.exponential(8, n)
    return np.round(wait) if ties else wait, rng.random(n) < 0.67


def test_delayed_entry_counts_a_case_only_from_when_it_was_watched():
    # At 3 only the first and third are watched (the second came at 4), at 5 the second and third.
    curve = kaplan_meier([3, 5, 9], [1, 1, 0], entry=[0, 4, 1]).curve
    assert list(curve["at_risk"]) == [2, 2]
    assert list(curve["survival"]) == pytest.approx([1 / 2, 1 / 4])


@pytest.mark.parametrize(("p", "fewest"), [(0.5, 10), (0.9, 50), (0.95, 100)])
def test_a_quantile_is_supported_where_five_cases_ended_later(p, fewest):
    assert kaplan_meier(range(fewest), [1] * fewest).supported(p)
    assert not kaplan_meier(range(fewest - 1), [1] * (fewest - 1)).supported(p)
    assert not kaplan_meier(range(fewest), [0] * fewest).supported(p)


def test_open_cases_beyond_a_quantile_do_not_support_it():
    waits, ended = list(range(100)), [1] * 91 + [0] * 9
    curve = kaplan_meier(waits, ended)
    assert curve.quantile(0.9).value == 89.5
    assert curve.events_beyond(0.9) == 1
    assert not curve.supported(0.9)
    assert curve.supported(0.8)


@pytest.mark.parametrize("seed", range(4))
def test_curves_of_many_groups_are_those_of_each_group_by_itself(seed):
    waits, ended = cases(seed, 900, ties=seed < 3)
    group = np.random.default_rng(seed).integers(-1, 12, 900)
    quantiles = quantiles_by_group(waits, ended, group, 13, (0.25, 0.5, 0.9))
    medians, means = medians_by_group(waits, ended, group, 13), restricted_means_by_group(waits, ended, group, 13, 11.5)
    assert list(medians.columns) == ["value", "low", "high", "n", "events", "followed"]
    for g in range(12):
        one = kaplan_meier(waits[group == g], ended[group == g])
        for p, table in quantiles.items():
            expected = one.quantile(p)
            found = table.loc[g, ["value", "low", "high", "n"]].astype(float)
            assert tuple(found) == pytest.approx((expected.value, expected.low, expected.high, expected.n), nan_ok=True)
            assert table.loc[g, "supported"] == one.supported(p)
        assert medians.loc[g].equals(quantiles[0.5].drop(columns="supported").loc[g])
        assert medians.loc[g, "events"] == one.events
        mean = one.restricted_mean(11.5)
        found = means.loc[g, ["value", "low", "high"]].astype(float)
        assert tuple(found) == pytest.approx((mean.value, mean.low, mean.high), nan_ok=True)
    assert (medians.loc[12, "n"], means.loc[12, "n"]) == (0, 0)
    assert math.isnan(medians.loc[12, "value"])
    assert not quantiles[0.9].loc[12, "supported"]


def test_groups_have_the_published_medians(reference):
    lung = reference("survival/lung.csv")
    table = medians_by_group(lung["time"], lung["status"] == 2, lung["sex"] - 1, 2)
    assert list(table["value"]) == [270, 426]
    assert list(table["events"]) == [112, 53]


def test_groups_without_any_case_at_all_are_no_data():
    assert list(medians_by_group([], [], [], 2)["n"]) == [0, 0]
    open_cases = medians_by_group([1, 2], [0, 0], [0, 0], 1).loc[0]
    assert (open_cases["n"], open_cases["events"]) == (2, 0)
    assert math.isnan(open_cases["value"])
    assert math.isnan(restricted_means_by_group([1, 2], [1, 0], [0, 0], 1, 5).loc[0, "value"])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: medians_by_group([1, 2], [1, 1], [0], 1), "one group a case"),
        (lambda: medians_by_group([1, 2], [1, 1], [0, 2], 2), "0 to 1"),
        (lambda: quantiles_by_group([1, 2], [1, 1], [0, 0], 1, (90,)), "p is 90"),
        (lambda: restricted_means_by_group([1, 2], [1, 1], [0, 0], 1, 0), "tau is 0"),
    ],
)
def test_impossible_groups_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_the_history_of_a_service_takes_no_noticeable_time():
    rng = np.random.default_rng(0)
    group, waits, ended = np.repeat(np.arange(30), 500), rng.exponential(5, 15_000), rng.random(15_000) < 0.8
    best = math.inf
    for _ in range(5):
        start = time.process_time()
        medians_by_group(waits, ended, group, 30)
        quantiles_by_group(waits, ended, group, 30)
        restricted_means_by_group(waits, ended, group, 30, 10)
        best = min(best, time.process_time() - start)
    assert best < 0.1  # about 0.02 s on a quiet machine


# The example of R's cmprsk and Stata's stcompet in statsmodels' tests; standard errors are Stata's.


@pytest.mark.parametrize("n", [30, 100])
def test_the_mean_of_skewed_waits_with_open_ones_is_covered_about_as_often_as_stated(n):
    rng, inside = np.random.default_rng(5), []
    truth = np.minimum(24 * np.exp(1.2 * rng.normal(size=400_000)), 336).mean()
    for _ in range(400):
        lasts, seen = 24 * np.exp(1.2 * rng.normal(size=n)), rng.uniform(336, 744, n)
        mean = kaplan_meier(np.minimum(lasts, seen), lasts <= seen).restricted_mean(336)
        inside.append(mean.low <= truth <= mean.high)
        assert 0 < mean.low < mean.value < mean.high < 336
    assert 0.88 <= np.mean(inside) <= 0.98


def test_too_few_cases_have_no_interval():
    assert math.isnan(kaplan_meier(range(1, 5), [1] * 4).quantile(0.5).low)
    assert kaplan_meier(range(1, 6), [1] * 5).quantile(0.5).low >= 1
    assert math.isnan(kaplan_meier(range(1, 30), [1] * 29).restricted_mean(40).low)
    assert kaplan_meier(range(1, 31), [1] * 30).restricted_mean(40).low > 0
