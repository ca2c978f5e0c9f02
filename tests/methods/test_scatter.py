"""A share of a few months is as sure as the months let it be."""

import math

import numpy as np
import pytest
from scipy import stats

from sipnb.methods import proportions, scatter


def test_the_spread_of_levels_is_the_mean_moving_range_over_d2():
    values = [39, 41, 41, 41, 43, 44, 41, 42, 40, 41, 44, 40]  # Wheeler's example: mean range 19/11
    found = scatter.of_levels(values)
    assert found.value == pytest.approx(19 / 11 / 1.128) and found.periods == 12
    assert scatter.of_levels([1.0]).freedom == 0 and math.isinf(scatter.of_levels([]).quantile())


def test_a_level_that_changed_once_is_not_taken_for_scatter():
    random = np.random.default_rng(2)
    steady = 10 + random.standard_normal(24)
    moved = steady + np.where(np.arange(24) >= 12, 15.0, 0.0)
    assert scatter.of_levels(moved).value == pytest.approx(scatter.of_levels(steady).value, rel=0.3)
    assert moved.std() > 5 * steady.std()


def test_where_months_differ_no_more_than_counting_the_interval_is_wilsons():
    known = scatter.Spread(1.0, 1e9, 24)
    found, wilson = scatter.share(81, 263, known), proportions.wilson(81, 263)
    assert (found.value, found.n) == (wilson.value, wilson.n)
    assert (found.low, found.high) == pytest.approx((wilson.low, wilson.high), abs=1e-8)
    assert scatter.of_shares([5, 5, 5, 5], [50, 50, 50, 50]).value == 1.0
    assert scatter.of_shares([0, 0, 0], [9, 9, 9]).value == 1.0


def test_too_few_months_say_nothing():
    found = scatter.share(300, 900, scatter.of_shares([100] * 5, [300] * 5))
    assert (found.value, found.low, found.high) == (1 / 3, 0.0, 1.0)
    assert math.isnan(scatter.share(0, 0, scatter.Spread(1.0, 10.0, 20)).value)


@pytest.mark.slow
def test_a_process_at_its_limit_is_above_it_as_rarely_as_promised_though_months_differ():
    """Three months of 1,000 at a limit of 10 %, months differing by 2 points: Wilson alone is wrong six times as often."""
    random, plain, wide, runs = np.random.default_rng(3), 0, 0, 2000
    for _ in range(runs):
        k = random.binomial(1000, np.clip(0.10 + 0.02 * random.standard_normal(24), 0, 1))
        n = np.full(24, 1000)
        plain += proportions.wilson(k[-3:].sum(), 3000).low > 0.10
        wide += scatter.share(k[-3:].sum(), 3000, scatter.of_shares(k, n)).low > 0.10
    assert plain / runs > 0.12
    assert wide / runs <= stats.binom.ppf(0.99, runs, 0.035) / runs


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="equally long"):
        scatter.of_shares([1, 2], [3])
