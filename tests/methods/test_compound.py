"""What events come to is as sure as their number and their sizes let it be."""

import math

import numpy as np
import pytest

from sipnb.methods import compound


def test_the_interval_is_that_of_a_compound_poisson_sum():
    """Its variance is the sum of the squared sizes: known without any draw."""
    sizes = np.random.default_rng(1).lognormal(0, 0.5, 400)
    found = compound.total(sizes)
    half = 1.96 * np.sqrt((sizes**2).sum())
    assert found.value == pytest.approx(sizes.sum()) and found.n == 400
    assert found.high - found.value == pytest.approx(half, rel=0.06)
    assert found.value - found.low == pytest.approx(half, rel=0.06)


def test_few_long_events_are_less_sure_than_many_short_ones():
    few, many = compound.total([30.0, 1, 1, 1, 1, 1, 1]), compound.total([1.0] * 37)
    assert few.value == many.value - 1
    assert (few.high - few.low) > 3 * (many.high - many.low)
    assert few.low < 8 < many.low


def test_order_and_repetition_change_nothing_and_no_event_says_nothing():
    assert compound.total([1, 2, 3.0]) == compound.total([3.0, 1, 2])
    assert math.isnan(compound.total([]).value) and compound.total([]).n == 0


@pytest.mark.parametrize("wrong", [-1.0, math.inf, math.nan])
def test_impossible_sizes_are_refused(wrong):
    with pytest.raises(ValueError, match="finite"):
        compound.total([1.0, wrong])
