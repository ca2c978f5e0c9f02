"""Shrinkage against the published rats, and how often its intervals hold."""

from __future__ import annotations

import math
import time

import numpy as np
import pandas as pd
import pytest

from sipnb.methods.pooling import beta_binomial


@pytest.fixture(scope="module")
def rats(reference):
    """The seventy historical groups; the seventy-first, 4 of 14, is the one to judge."""
    return reference("proportions/rats_bda3_table5.1.csv").iloc[:-1]


def test_the_rats_moments_and_the_shrunken_share_are_the_book_s(rats):
    prior = beta_binomial(rats["y"], rats["n"])
    assert (prior.alpha, prior.beta) == pytest.approx((1.356, 8.615), abs=5e-4)
    assert (prior.groups, prior.n) == (70, rats["n"].sum())
    assert prior.mean * prior.strength == pytest.approx(prior.alpha)
    share = prior.posterior([4], [14]).loc[0]
    assert share["value"] == pytest.approx(0.2234, abs=5e-5)
    assert share["low"] < 0.2234 < share["high"] < 4 / 14 + 0.2


def test_the_rats_likelihood_is_highest_where_published(rats):
    prior = beta_binomial(rats["y"], rats["n"], method="mle")
    assert (prior.alpha, prior.beta) == pytest.approx((2.3048, 14.0798), abs=5e-4)


def test_a_small_service_is_moved_further_than_a_large_one():
    prior = beta_binomial([45, 88, 130, 36, 170], [50, 100, 150, 50, 200])
    small, large = prior.posterior([4, 400], [4, 400])["value"]
    assert small < large < 1
    assert prior.mean < small


def test_a_service_without_cases_is_given_the_prior_and_the_index_is_kept():
    prior = beta_binomial([45, 88, 130, 36], [50, 100, 150, 50])
    table = prior.posterior(pd.Series([0, np.nan, 5], index=list("abc")), [0, 4, 9])
    assert table.loc["a", "value"] == pytest.approx(prior.mean)
    assert table.loc["a", "n"] == 0
    assert table.loc["b", ["value", "low", "high"]].isna().all()
    assert table.loc["c", "n"] == 9


@pytest.mark.parametrize("method", ["moments", "mle"])
def test_services_that_do_not_differ_are_pooled_fully_with_the_interval_of_all_their_cases(method):
    prior = beta_binomial([8, 16, 24], [10, 20, 30], method=method)
    assert prior.pools_fully
    table = prior.posterior([8, 1], [10, 1])
    assert list(table["value"]) == [0.8, 0.8]
    assert table["low"].iloc[0] == pytest.approx(0.682, abs=1e-3)  # Wilson's for 48 of 60
    assert list(table["n"]) == [10, 1]


def test_the_likelihood_pools_fully_what_differs_less_than_chance():
    rng = np.random.default_rng(0)
    n = np.full(40, 50)
    k = np.clip(40 + rng.integers(-1, 2, 40), 0, 50)
    assert beta_binomial(k, n, method="mle").pools_fully
    assert not beta_binomial(k, n).pools_fully
    assert beta_binomial(k, n).strength > 500


def test_services_at_opposite_ends_are_hardly_moved():
    prior = beta_binomial([0, 5], [5, 5])
    assert prior.strength == 1
    assert list(prior.posterior([0, 5], [5, 5])["value"]) == pytest.approx([0.5 / 6, 5.5 / 6])


def test_no_case_at_all_is_no_data():
    prior = beta_binomial([0, 0], [0, 0])
    assert (prior.n, prior.groups) == (0, 0)
    assert math.isnan(prior.mean)
    assert prior.posterior([0, 3], [0, 4])["value"].isna().all()
    assert beta_binomial([5], [5]).pools_fully
    assert beta_binomial([5, 4], [5, 4], method="mle").mean == 1


def test_shrunken_shares_are_closer_to_the_truth_and_their_intervals_hold():
    rng, hits, error = np.random.default_rng(4), [], {"plain": [], "shrunken": []}
    for _ in range(150):
        truth, n = rng.beta(40, 8, 10), rng.integers(5, 80, 10)
        k = rng.binomial(n, truth)
        table = beta_binomial(k, n).posterior(k, n)
        hits.append(((table["low"] <= truth) & (truth <= table["high"])).mean())
        error["plain"].append(((k / n - truth) ** 2).mean())
        error["shrunken"].append(((table["value"] - truth) ** 2).mean())
    assert np.mean(error["shrunken"]) < 0.7 * np.mean(error["plain"])
    assert 0.91 <= np.mean(hits) <= 0.98


def test_two_thousand_services_take_no_noticeable_time():
    rng = np.random.default_rng(0)
    n = rng.integers(1, 300, 2_000)
    k = rng.binomial(n, rng.beta(8, 2, 2_000))
    start = time.process_time()
    beta_binomial(k, n).posterior(k, n)
    beta_binomial(k, n, method="mle")
    assert time.process_time() - start < 1.5


def test_impossible_counts_and_methods_are_refused():
    with pytest.raises(ValueError, match="row 1"):
        beta_binomial([1, 3], [2, 2])
    with pytest.raises(ValueError, match="equally long"):
        beta_binomial([1, 3], [2])
    with pytest.raises(ValueError, match="moments, mle"):
        beta_binomial([1], [2], method="map")
