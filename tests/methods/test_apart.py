"""Values of one law seem to have some apart as often as is stated, and those that have are told whatever their unit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sipnb.methods import apart


@pytest.mark.parametrize("n", [8, 24, 60])
def test_values_of_one_law_seem_to_have_some_apart_as_often_as_stated(n):
    random = np.random.default_rng(n)
    said = sum(apart.above(random.normal(3, 2, n)) <= 0.05 for _ in range(200))
    assert stats.binom.ppf(0.005, 200, 0.05) <= said <= stats.binom.ppf(0.995, 200, 0.05)


def test_values_apart_are_told_from_a_long_tail_whatever_their_unit():
    random = np.random.default_rng(2)
    near, far = random.normal(0, 1, 40), random.normal(5, 1, 8)
    both = np.r_[near, far]
    assert apart.above(both) < 0.01 and apart.above(1000 + 60 * both) == apart.above(both)
    assert apart.above(-both) > 0.2, "a few that are short are no reason"
    assert apart.above(np.ones(20)) == 1.0 and apart.above(far[:5]) == 1.0
    with pytest.raises(ValueError, match="none missing"):
        apart.above([1.0, np.nan])
