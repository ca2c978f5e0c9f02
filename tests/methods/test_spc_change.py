"""Has the level changed: how often chance says so, how often a change is found, and what is not tested."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from sipnb.methods.spc import change, stabilised_count, stabilised_share

SERIES = 2000


def related(rng, shape, r):
    """Standard normal series in rows, each value correlated by ``r`` with the one before."""
    y = rng.normal(size=shape)
    for at in range(1, shape[1]):
        y[:, at] = r * y[:, at - 1] + math.sqrt(1 - r * r) * y[:, at]
    return y


STABLE = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "skewed": lambda rng, shape: np.exp(0.5 * rng.normal(size=shape)),
    "autocorrelated": lambda rng, shape: related(rng, shape, 0.3),
    "a backlog": lambda rng, shape: related(rng, shape, 0.6),
    "few events": lambda rng, shape: [stabilised_count(row).to_numpy() for row in rng.poisson(2, shape)],
    "small shares": lambda rng, shape: [
        stabilised_share(row, [30] * shape[1]).to_numpy() for row in rng.binomial(30, 0.93, shape)
    ],
}
MORE = {"a backlog": 2.0}  # beyond what is promised: within twice the level


def p_values(rows, **options):
    return np.array([change(pd.Series(row), **options).p for row in rows])


@pytest.mark.slow
@pytest.mark.parametrize("noise", STABLE)
@pytest.mark.parametrize("n", [13, 30])
def test_a_stable_series_is_called_changed_no_more_often_than_the_level_says(noise, n):
    found = p_values(STABLE[noise](np.random.default_rng(n), (SERIES, n)))
    assert np.isnan(found).mean() < 0.1  # the lumpiest of the small counts
    for level, promised in ((0.05, 0.06), (0.01, 0.013), (0.001, 0.002)):
        promised *= MORE.get(noise, 1.0)
        assert (found <= level).mean() <= promised + 3 * math.sqrt(promised * (1 - promised) / SERIES)
    assert (found <= 0.5).mean() > 0.3  # calibrated, not mute


def test_the_long_tail_of_skewed_noise_is_not_taken_for_a_change_of_the_latest_point():
    rows = STABLE["skewed"](np.random.default_rng(9), (2000, 30))
    assert (p_values(rows, windows=[1]) <= 0.001).mean() < 0.006  # an ordinary t-test: 0.013


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "change_of_level", "level", "power"),
    [
        (30, [3.0] * 6, 0.001, 0.55),
        (30, [2.0] * 6, 0.01, 0.5),
        (30, [-2.0] * 6, 0.05, 0.8),
        (30, list(2.5 * np.arange(1, 9) / 8), 0.05, 0.75),  # a drift
        (48, [1.5] * 12, 0.01, 0.55),
        (13, [4.0] * 3, 0.05, 0.6),
        (30, [8.0], 0.05, 0.9),
    ],
)
def test_a_real_change_is_found(n, change_of_level, level, power):
    rows = np.random.default_rng(2).normal(size=(300, n))
    rows[:, n - len(change_of_level) :] += change_of_level
    assert (p_values(rows) <= level).mean() > power


def test_the_change_says_when_how_and_how_much():
    y = np.random.default_rng(0).normal(size=30)
    y[-6:] -= 4
    found = change(pd.Series(y), good="down")
    assert (found.window, found.form, found.direction, found.n) == (6, "step", -1, 30)
    assert (found.before, found.after) == pytest.approx((y[:-6].mean(), y[-6:].mean()))
    assert found.low < -4 < found.high < 0
    assert found.better is True
    assert change(pd.Series(y), good="up").better is False
    assert change(pd.Series(y), good="neutral").better is None


def test_a_drift_is_told_from_a_step():
    y = np.random.default_rng(1).normal(size=36) * 0.5
    y[-12:] += 4 * np.arange(1, 13) / 12
    found = change(pd.Series(y))
    assert (found.form, found.direction) == ("drift", 1)
    assert found.p < 1e-3


@pytest.mark.parametrize("noise", ["normal", "autocorrelated"])
def test_the_interval_covers_the_true_change(noise):
    rows = STABLE[noise](np.random.default_rng(3), (600, 30))
    rows[:, -6:] += 2.5
    found = [change(pd.Series(row), windows=[6]) for row in rows]
    assert 0.93 <= np.mean([each.low <= 2.5 <= each.high for each in found]) <= 0.995


def test_the_direction_is_that_of_the_change_that_is_claimed():
    """A drop three points ago after a rise a year ago: the two windows say different things, and the likelier one counts."""
    y = np.random.default_rng(8).normal(size=36) * 0.3
    y[-12:] += 1
    y[-3:] -= 4
    found = change(pd.Series(y))
    assert (found.direction, found.window) == (-1, 3)
    assert found.after < found.before


@pytest.mark.slow
def test_a_season_is_taken_neither_for_a_change_nor_for_memory():
    rng, turn = np.random.default_rng(12), 2 * np.pi * np.arange(36) / 12
    quiet = [2.5 * np.sin(turn + rng.uniform(0, 6.3)) + rng.normal(size=36) for _ in range(200)]
    dropped = [np.r_[row[:-3], row[-3:] - 4] for row in quiet]
    assert (p_values(quiet, season=12) <= 0.01).mean() <= 0.03
    assert (p_values(dropped, season=12) <= 0.01).mean() > 0.7 > 0.4 > (p_values(dropped) <= 0.01).mean()


@pytest.mark.slow
def test_stabilised_values_need_less_proof():
    """Values made near normal are not suspected of long tails: what is there is found sooner, at the same false alarms."""
    rng = np.random.default_rng(13)
    rows = rng.normal(size=(400, 30))
    assert (p_values(rows, stabilised=True) <= 0.01).mean() <= 0.02
    rows[:, -3:] -= 2.2
    assert (p_values(rows, stabilised=True) <= 0.01).mean() > (p_values(rows) <= 0.01).mean()


def test_the_unit_and_sign_of_the_values_do_not_matter():
    y = pd.Series(np.exp(np.random.default_rng(5).normal(size=26)))
    found, scaled, turned = change(y), change(y * 1e6 + 40), change(-y)
    assert scaled.p == pytest.approx(found.p, rel=1e-6)
    assert turned.p == pytest.approx(found.p, rel=1e-6)
    assert (scaled.direction, turned.direction) == (found.direction, -found.direction)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_missing_points_are_left_out():
    y = np.random.default_rng(6).normal(size=24)
    gapped = np.insert(y, [3, 10, 24], np.nan)
    assert change(pd.Series(gapped)) == change(pd.Series(y))


@pytest.mark.parametrize(
    "y",
    [
        [],
        [math.nan] * 20,
        list(range(12)),  # fewer than 13 points
        [5.0] * 24,  # no spread
        [0.0] * 14 + [1.0, 3.0] * 5,  # mostly one value
        [1.0] * 12 + [2.0] * 12,  # no noise to compare with
    ],
)
def test_what_cannot_be_tested_says_so(y):
    found = change(pd.Series(y, dtype=float))
    assert math.isnan(found.p) and math.isnan(found.before) and math.isnan(found.low)
    assert (found.direction, found.window, found.form, found.better) == (0, 0, "", None)


def test_a_window_is_tried_only_with_eight_earlier_points():
    y = pd.Series(np.random.default_rng(7).normal(size=14))
    assert change(y, windows=[6]).window == 6
    assert math.isnan(change(y, windows=[7]).p)
    assert change(y, windows=[6, 7, 12]).p == change(y, windows=[6]).p


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"good": "more"}, "choose one of up, down, neutral"),
        ({"windows": [0, 3]}, "whole numbers"),
        ({"windows": [2.5]}, "whole numbers"),
        ({"windows": []}, "whole numbers"),
        ({"season": 1}, "points a year"),
    ],
)
def test_wrong_options_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        change(pd.Series(range(20)), **options)


def test_an_infinite_value_is_refused_by_its_label():
    with pytest.raises(ValueError, match="'b'"):
        change(pd.Series([1.0, math.inf], index=["a", "b"]))


def test_shares_of_few_and_of_many_cases_have_the_same_spread():
    rng = np.random.default_rng(0)
    cases = pd.Series(np.tile([25, 100, 900], 4000))
    z = stabilised_share(pd.Series(rng.binomial(cases, 0.9)), cases)
    for size in (25, 100, 900):
        own = z[cases == size]
        assert own.std() == pytest.approx(1, abs=0.05)
        assert own.mean() == pytest.approx(0, abs=0.16)
    assert pd.Series(rng.binomial(cases, 0.9) / cases)[cases == 25].std() > 5 * math.sqrt(0.09 / 900)


def test_counts_of_small_and_large_sizes_have_the_same_spread():
    rng = np.random.default_rng(0)
    sizes = pd.Series(np.tile([1.0, 4.0, 30.0], 4000))
    z = stabilised_count(pd.Series(rng.poisson(3 * sizes)), sizes)
    for size in (1, 4, 30):
        assert z[sizes == size].std() == pytest.approx(1, abs=0.05)
        assert z[sizes == size].mean() == pytest.approx(0, abs=0.16)
    plain = pd.Series(rng.poisson(3, 5000))
    assert stabilised_count(plain).equals(stabilised_count(plain, pd.Series([1.0] * 5000)))


def test_stabilised_points_without_cases_are_missing_and_without_spread_are_zero():
    z = stabilised_share(
        pd.Series([5.0, 0, np.nan, 9], index=list("abcd")), pd.Series([10.0, 0, 10, 10], index=list("abcd"))
    )
    assert list(z.isna()) == [False, True, True, False]
    assert list(z.index) == list("abcd")
    assert (stabilised_share([4, 9, 7], [4, 9, 7]) == 0).all()
    assert (stabilised_count([0, 0]) == 0).all()
    with pytest.raises(ValueError, match="is not a share"):
        stabilised_share([3], [2])
    with pytest.raises(ValueError, match="is not a rate"):
        stabilised_count([-3])
