"""What is taken out of a past before it is forecast: far outliers and left levels, and next to nothing where there are none."""

import numpy as np
import pytest

from benchmarks import forecasts
from sipnb.methods.regimes import tidied


def test_one_odd_point_is_replaced_by_its_neighbours_and_no_other_is_touched():
    z = np.array([60.0, 58, 63, 61, 59, 62, 0, 60, 57, 64, 61, 60, 59, 62])
    found = tidied(z)
    assert found.since == 0 and found.values[6] == 60.5
    assert (np.delete(found.values, 6) == np.delete(z, 6)).all()


def test_what_comes_back_each_season_is_no_accident():
    z = np.random.default_rng(2).normal(60, 1, 36)
    z[[6, 18, 30]] = 200
    assert (tidied(z, season=12).values == z).all()


@pytest.mark.parametrize("ago", [2, 3, 6, 12])
def test_the_past_is_moved_onto_a_new_level(ago):
    z = np.random.default_rng(3).normal(10, 0.5, 30)
    z[-ago:] += 8
    found = tidied(z)
    assert found.since == 30 - ago and (found.values[-ago:] == z[-ago:]).all()
    assert np.median(found.values[:-ago]) == pytest.approx(np.median(z[-ago:]), abs=0.2)


def test_of_a_latest_point_far_off_nobody_knows_yet():
    z = np.random.default_rng(4).normal(10, 0.5, 30)
    z[-1] = 18
    found = tidied(z)
    assert found.since == 0 and found.values[-1] == 18 and found.doubt == pytest.approx(8, abs=1)


@pytest.mark.slow
@pytest.mark.parametrize("memory", [0.0, 0.5, 1.0])
def test_a_series_without_either_is_hardly_ever_touched(memory):
    random, touched = np.random.default_rng(5), 0
    for _ in range(500):
        z = random.normal(size=30)
        for i in range(1, 30):
            z[i] += memory * z[i - 1]
        touched += (tidied(z).values != z).any()
    assert touched <= (10 if memory == 1 else 4)


@pytest.mark.parametrize("z", [np.zeros(20), np.ones(8), np.arange(6.0), np.r_[np.zeros(15), np.full(15, 1e6)]])
def test_series_without_noise_stay_as_they_are(z):
    assert (tidied(z).values == z).all()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["count", "value", "duration"])
def test_after_a_shift_or_an_odd_month_what_is_expected_is_right(kind):
    """A small version of `benchmarks/forecasts.py`."""
    cases = [lambda r: forecasts.shifted(r, kind, 2.0, 3), lambda r: forecasts.shifted(r, kind, 0.5, 2),
             lambda r: forecasts.odd(r, kind, 0.0, 8), lambda r: forecasts.odd(r, kind, 300.0, 2)]  # fmt: skip
    for make in cases:
        found = forecasts.judged(make, 8)
        assert found["outside"] == 0 and found["off"] <= 1 / 8 and found["high"] < 2
        assert found["ratio"] == pytest.approx(1, abs=0.06)
