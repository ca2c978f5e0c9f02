"""Shares by category with their uncertainty, against exact answers."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sipnb.methods.pareto import pareto


def test_the_larger_of_two_is_first_as_often_as_the_binomial_says():
    found = pareto(pd.Series({"a": 40, "b": 60}), k=1, draws=20_000)
    # Of 100 draws a is not smaller than b where it is drawn 50 times or more.
    exact = stats.binom.sf(49, 100, 0.4)
    assert list(found.index) == ["b", "a"]
    assert found.loc["a", "top"] == pytest.approx(exact, abs=0.006)


def test_shares_and_intervals_are_wilsons():
    found = pareto(pd.Series({"rest": 182, "a": 81}))
    assert found.loc["a", "share"] == pytest.approx(81 / 263)
    assert (found.loc["a", "low"], found.loc["a", "high"]) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_a_clear_leader_is_sure_and_equal_ones_share_their_chances():
    found = pareto(pd.Series({"a": 900, "b": 30, "c": 30, "d": 30, "e": 30}), k=2)
    assert found.loc["a", "top"] == 1.0
    rest = found.loc[["b", "c", "d", "e"], "top"]
    assert np.ptp(rest) < 0.06 and 0.2 < rest.mean() < 0.35


def test_one_category_is_all_of_it_and_a_never_seen_one_is_never_among_the_first():
    alone = pareto(pd.Series({"a": 7}))
    assert alone.loc["a", ["share", "high", "top"]].tolist() == [1.0, 1.0, 1.0]
    assert pareto(pd.Series({"a": 7, "b": 0}), k=3).loc["b", "top"] == 0.0


def test_the_same_counts_give_the_same_answer():
    counts = pd.Series({"a": 12, "b": 9, "c": 8, "d": 1})
    pd.testing.assert_frame_equal(pareto(counts), pareto(counts))


@pytest.mark.parametrize("counts", [{"a": -1, "b": 3}, {"a": 0.5, "b": 3}, {"a": 0, "b": 0}])
def test_counts_that_are_none_are_refused(counts):
    with pytest.raises(ValueError, match="counts"):
        pareto(pd.Series(counts))
