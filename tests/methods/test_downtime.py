"""The share of time that is lost: covered as often as stated where outages are few, long and unlike each other."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sipnb.methods.downtime import share_down

YEAR = 8760.0


def year(rng, per, lengths):
    """Hours that each outage of a year took: Poisson starts, those that overlap taken together."""
    n = rng.poisson(per)
    starts = np.sort(rng.uniform(0, YEAR, n))
    ends = np.minimum(starts + lengths(rng, n), YEAR)
    told, until = [], -1.0
    for start, end in zip(starts, ends, strict=True):
        if start > until:
            told.append(0.0)
        told[-1] += max(0.0, end - max(start, until))
        until = max(until, end)
    return np.array(told)


def lognormal(median, sigma):
    return lambda rng, n: median * np.exp(sigma * rng.normal(size=n))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("per", "lengths", "at_least"),
    [
        (3, lognormal(2, 1.2), 0.9),
        (8, lognormal(2, 1.5), 0.9),
        (8, lognormal(20, 1.0), 0.9),
        (8, lognormal(20, 1.5), 0.9),
        (30, lognormal(20, 1.2), 0.9),
        (30, lambda rng, n: rng.exponential(8, n), 0.9),
        (8, lambda rng, n: np.full(n, 8.0), 0.9),
    ],
)
def test_the_long_run_lies_within_as_often_as_stated(per, lengths, at_least):
    rng = np.random.default_rng(4)
    truth = np.mean([year(rng, per, lengths).sum() / YEAR for _ in range(3000)])
    found = [share_down(year(rng, per, lengths), YEAR) for _ in range(300)]
    inside = [e.low <= truth <= e.high for e in found if e.n]
    assert at_least <= np.mean(inside) <= 0.99, "and not by being useless"
    assert all(0 <= e.low <= e.value <= e.high <= 1 for e in found if e.n)


def test_the_interval_narrows_with_the_number_of_outages_and_with_lengths_that_are_alike():
    alike, unlike = np.full(8, 5.0), np.r_[np.full(7, 1.0), 33.0]
    assert alike.sum() == unlike.sum()
    width = {name: share_down(x, YEAR) for name, x in {"8": alike, "unlike": unlike, "80": np.full(80, 0.5)}.items()}
    assert (
        width["80"].high - width["80"].low
        < width["8"].high - width["8"].low
        < width["unlike"].high - width["unlike"].low
    )


def test_nothing_lost_has_a_value_and_no_interval_and_no_time_has_neither():
    quiet = share_down([], 100)
    assert quiet.value == 0 and math.isnan(quiet.low) and quiet.n == 0
    assert share_down([0, 0], 100).n == 0, "an outage outside agreed time took nothing"
    assert math.isnan(share_down([], 0).value)


def test_what_was_down_all_the_time_is_not_certain_to_stay_so():
    found = share_down([100.0], 100.0)
    assert found.value == 1 and 0 < found.low < 0.9


def test_same_outages_same_answer_in_any_unit():
    hours = np.array([2.0, 0.5, 30.0])
    one, again, seconds = share_down(hours, YEAR), share_down(hours, YEAR), share_down(3600 * hours, 3600 * YEAR)
    assert one == again
    assert (one.low, one.high) == pytest.approx((seconds.low, seconds.high))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([-1.0], 10), "0 or more"),
        (([math.nan], 10), "0 or more"),
        (([11.0], 10), "no more can be lost"),
        (([1.0], 10, 95), "0.95"),
    ],
)
def test_impossible_outages_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        share_down(*arguments)
