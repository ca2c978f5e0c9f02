"""More often or more rarely than before: the odds ratio, its interval's coverage, and silence where nothing changed."""

import numpy as np
import pytest

from sipnb.methods.trends import against_before


def test_twice_as_many_beside_as_many_others_is_two():
    found = against_before([100, 100, 100, 200, 200, 200], [1_000] * 6)
    assert found.ratio == pytest.approx(2, abs=0.01) and 1.5 < found.low < 2 < found.high < 2.6 and found.p < 0.001


def test_what_grows_as_all_others_do_has_not_changed():
    found = against_before([50, 50, 50, 100, 100, 100], [500, 500, 500, 1_000, 1_000, 1_000])
    assert found.ratio == pytest.approx(1, abs=0.01) and found.p > 0.9


def test_a_later_start_and_none_at_all():
    assert against_before([10] * 6 + [30] * 3, [100] * 9, start=6).ratio == pytest.approx(3, rel=0.05)
    none = against_before([0] * 6, [100] * 6)
    assert none.low < 1 < none.high and none.p > 0.5


@pytest.mark.parametrize(
    "given", [([1] * 6, [1] * 5), ([1] * 5, [1] * 5, 2), ([-1] * 6, [1] * 6), ([[1] * 6], [[1] * 6])]
)
def test_what_cannot_be_compared_is_refused(given):
    with pytest.raises(ValueError, match="blocks|fewer"):
        against_before(*given)


@pytest.mark.parametrize(
    ("scatter", "memory", "ratio"), [(0.0, 0.0, 1.0), (0.3, 0.0, 1.0), (0.3, 0.3, 1.0), (0.3, 0.0, 0.6)]
)
def test_the_interval_holds_the_ratio_and_chance_is_seldom_a_change(scatter, memory, ratio):
    rng, held, false, n = np.random.default_rng(3), 0, 0, 600
    for _ in range(n):
        level = np.zeros(14)
        for at in range(14):
            level[at] = memory * level[at - 1] + rng.normal(0, scatter * np.sqrt(1 - memory**2))
        rate = 12 * np.exp(level) * np.where(np.arange(14) < 7, 1, ratio)
        found = against_before(rng.poisson(rate), rng.poisson(150, 14))
        held += found.low <= ratio <= found.high
        false += found.p <= 0.05
    assert 0.90 <= held / n <= 0.99
    assert ratio != 1 or false / n <= (0.10 if memory else 0.065)
