"""Futures that return to the mean: right in the long run, near the latest value at first, as wide as they should be."""

import numpy as np
import pytest

from sipnb.methods.reverting import as_before, reverting


def related(rng, n, stays):
    z = rng.normal(size=n + 50)
    for at in range(1, len(z)):
        z[at] = stays * z[at - 1] + np.sqrt(1 - stays**2) * z[at]
    return z[50:]


def test_far_from_the_mean_the_first_step_lies_between_and_later_ones_return():
    z = related(np.random.default_rng(1), 60, 0.6) * 0.1 + 1.0
    z[-1] = 0.4
    middle = np.median(reverting(z, 4000, 12, 0), axis=0)
    assert 0.4 < middle[0] < middle[2] < middle[11] and middle[11] == pytest.approx(z[:-1].mean(), abs=0.12)


@pytest.mark.parametrize("stays", [0.0, 0.5])
def test_the_intervals_hold_what_comes(stays):
    rng, inside = np.random.default_rng(2), []
    for seed in range(600):
        z = related(rng, 33, stays)
        low, high = np.quantile(reverting(z[:30], 500, 3, seed), [0.1, 0.9], axis=0)
        inside.append((low <= z[30:]) & (z[30:] <= high))
    assert np.mean(inside) == pytest.approx(0.8, abs=0.05)


def test_a_constant_stays_and_the_past_is_drawn_from_itself():
    assert (reverting(np.full(12, 0.3), 100, 3, 0) == 0.3).all()
    drawn = as_before(np.array([1.0, 2.0, 4.0]), 3000, 2, 0)
    assert set(np.unique(drawn)) == {1.0, 2.0, 4.0} and np.mean(drawn == 2) == pytest.approx(1 / 3, abs=0.03)
