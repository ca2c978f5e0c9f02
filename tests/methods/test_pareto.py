"""Shares by category with their uncertainty, against exact answers."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sipnb.methods.pareto import over_represented, pareto, telling


def test_the_larger_of_two_is_as_sure_as_the_binomial_says():
    found = pareto(pd.Series({"a": 40, "b": 60}), k=1)
    # 60 or more of 100 by chance, looked at from both sides.
    assert list(found.index) == ["b", "a"]
    assert found.loc["b", "top"] == pytest.approx(1 - 2 * stats.binom.sf(59, 100, 0.5))
    assert found.loc["a", "top"] < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("n", [30, 400, 2000])
def test_of_ten_equal_categories_none_is_called_one_of_the_three_largest(n):
    rng = np.random.default_rng(5)
    false = [(pareto(pd.Series(rng.multinomial(n, [0.1] * 10)))["top"] >= 0.95).any() for _ in range(200)]
    assert np.mean(false) <= 0.05


def test_three_that_hold_more_than_the_others_are_found():
    rng, shares = np.random.default_rng(6), [0.2, 0.2, 0.2, *[0.4 / 7] * 7]
    found = [(pareto(pd.Series(rng.multinomial(400, shares)))["top"] >= 0.95) for _ in range(50)]
    assert np.mean([one.loc[[0, 1, 2]].mean() for one in found]) > 0.9
    assert max(one.drop([0, 1, 2]).sum() for one in found) == 0


def test_shares_and_intervals_are_wilsons():
    found = pareto(pd.Series({"rest": 182, "a": 81}))
    assert found.loc["a", "share"] == pytest.approx(81 / 263)
    assert (found.loc["a", "low"], found.loc["a", "high"]) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_a_clear_leader_is_sure_and_equal_ones_are_not():
    found = pareto(pd.Series({"a": 900, "b": 30, "c": 30, "d": 30, "e": 30}), k=2)
    assert found.loc["a", "top"] > 0.999
    assert (found.loc[["b", "c", "d", "e"], "top"] == 0).all()


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


def cases(rng, n=1200):
    """Tickets with six attributes that say nothing of whether they were missed."""
    return pd.DataFrame({f"a{values}": rng.integers(0, values, n).astype(str) for values in (2, 3, 5, 12, 40, 300)})


@pytest.mark.slow
def test_attributes_that_tell_nothing_are_found_as_seldom_as_stated():
    rng, found, named = np.random.default_rng(7), [], 0
    for _ in range(100):
        frame, missed = cases(rng, 600), rng.random(600) < 0.15
        told = telling(frame, missed, draws=199)
        found.append(told["found"].any())
        assert abs(told["explained"]).max() < 0.2, "less what chance explains, whatever the number of values"
        counts = pd.crosstab(frame["a12"], missed)
        named += over_represented(counts[True], counts.sum(axis=1)).any()
    assert np.mean(found) <= 0.08 and named / 100 <= 0.06


def test_the_attribute_that_tells_most_comes_first_though_others_follow_from_it():
    rng = np.random.default_rng(8)
    frame = cases(rng)
    frame["group"] = rng.choice(list("uvwxyz"), 1200)
    # Whoever knows the group knows the site for two thirds, so the site tells a little, too.
    frame["site"] = np.where(rng.random(1200) < 2 / 3, frame["group"], rng.choice(list("uvwxyz"), 1200))
    missed = rng.random(1200) < np.where(frame["group"] == "w", 0.5, 0.1)
    told = telling(frame, missed)
    assert list(told.index[:2]) == ["group", "site"] and told["found"].sum() == 2
    assert told.loc["group", "explained"] > 1.5 * told.loc["site", "explained"]
    counts = pd.crosstab(frame["group"], missed)
    assert over_represented(counts[True], counts.sum(axis=1)).tolist() == [False, False, True, False, False, False]


def test_an_attribute_with_one_value_or_none_tells_nothing():
    frame = pd.DataFrame({"same": ["x"] * 4, "none": [None] * 4, "two": ["a", "a", "b", None]})
    told = telling(frame, [True, True, False, False])
    assert list(told.index) == ["two"] and told.loc["two", "n"] == 3 and not told["found"].any()
    assert telling(frame, [True] * 4).empty, "where all were missed nothing parts them"
    with pytest.raises(ValueError, match="one flag for each"):
        telling(frame, [True])
    with pytest.raises(ValueError, match="no more missed"):
        over_represented([3], [2])
