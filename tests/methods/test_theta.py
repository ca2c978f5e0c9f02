"""The dynamic Theta: every origin stands for itself, and series whose course is known are continued."""

import numpy as np
import pytest

from sipnb.methods.theta import dynamic_theta


@pytest.mark.parametrize("season", [1, 12])
def test_each_origin_sees_only_what_came_before_it(season):
    rng = np.random.default_rng(5)
    z = 100 + np.cumsum(rng.normal(size=60)) + 20 * np.sin(2 * np.pi * np.arange(60) / 12)
    together = dynamic_theta(z, [40, 47, 60], 6, season, True)
    for row, o in enumerate([40, 47, 60]):
        alone = dynamic_theta(z[:o], [o], 6, season, True)
        assert together[0][row] == pytest.approx(alone[0][0]) and together[1][row] == pytest.approx(alone[1][0])
        assert together[3][row] == alone[3][0]


def test_a_constant_is_continued_and_a_line_is_followed():
    centre, spread, _, _ = dynamic_theta(np.full(20, 7.0), [20], 3, 1, True)
    assert centre[0] == pytest.approx([7, 7, 7]) and spread[0] == pytest.approx([0, 0, 0], abs=1e-6)
    # A straight line without noise is its own forecast: the pull towards it takes all.
    centre, *_ = dynamic_theta(3.0 * np.arange(1, 31), [30], 3, 1, True)
    assert centre[0] == pytest.approx([93, 96, 99], rel=0.02)


@pytest.mark.parametrize("ratios", [True, False])
def test_a_season_is_taken_out_and_put_back(ratios):
    turn = np.arange(72)
    season = 1 + 0.3 * np.sin(2 * np.pi * turn / 12) if ratios else 30 * np.sin(2 * np.pi * turn / 12)
    level = 100 * season if ratios else 100 + season
    z = level[:60] + np.random.default_rng(6).normal(size=60)
    centre, _, _, seasonal = dynamic_theta(z, [60], 12, 12, ratios)
    assert seasonal[0] and centre[0] == pytest.approx(level[60:], abs=4)
    centre, _, _, seasonal = dynamic_theta(np.random.default_rng(7).normal(100, 1, 60), [60], 12, 12, ratios)
    assert centre[0] == pytest.approx(np.full(12, 100), abs=3)


def test_values_around_nought_make_no_ratios():
    z = np.random.default_rng(8).normal(size=60) + 3 * np.sin(2 * np.pi * np.arange(60) / 12)
    centre, spread, _, _ = dynamic_theta(z, [30, 60], 12, 12, True)
    assert np.isfinite(centre).all() and np.isfinite(spread).all() and np.abs(centre).max() < 8
