"""Intervals that hold the level: as wide as the cycles scatter, never narrower than counting, and never beyond what can be."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from benchmarks import changes
from sipnb.catalogue import KPIS
from sipnb.kpis import certainty
from sipnb.kpis.scope import figures, shares
from sipnb.methods import scatter


def of_shares(rng, n, differ, months=30):
    return shares(rng.binomial(n, np.clip(0.85 + differ * rng.normal(size=months), 0, 1)), np.full(months, n))


def test_cycles_that_differ_more_than_counting_says_widen_the_interval_and_others_do_not():
    rng = np.random.default_rng(1)
    known = KPIS["sla_attainment"]
    alike, apart = (of_shares(rng, 2000, differ) for differ in (0.0, 0.03))
    for frame, least, most in ((alike, 1.0, 1.6), (apart, 2.5, 7.0)):
        wide = certainty.scattered(known, frame)
        ratio = (wide["high"] - wide["low"]) / (frame["high"] - frame["low"])
        assert (ratio >= 1 - 1e-9).all() and least <= ratio.median() <= most
        assert wide[["value", "n", "numerator"]].equals(frame[["value", "n", "numerator"]])


def test_a_level_that_was_left_is_not_taken_for_scatter():
    rng = np.random.default_rng(2)
    frame = of_shares(rng, 1000, 0.0)
    fallen = shares(np.r_[frame["numerator"][:22], rng.binomial(1000, 0.6, 8)], np.full(30, 1000))
    wide = certainty.scattered(KPIS["sla_attainment"], fallen).iloc[-1]
    assert wide["high"] - wide["low"] < 0.1


def test_what_is_never_negative_or_above_all_has_no_such_range():
    rng = np.random.default_rng(3)
    share = certainty.scattered(KPIS["sla_attainment"], of_shares(rng, 30, 0.2))
    assert share["low"].min() >= 0 and share["high"].max() <= 1
    value = rng.gamma(2, 0.04, 24)
    held = certainty.scattered(KPIS["on_hold_share"], figures(value, value * 0.9, value * 1.1, np.full(24, 50)))
    assert held["low"].min() >= 0 and held["high"].max() <= 1
    hours = certainty.scattered(KPIS["restore_median"], figures(value, value * 0.9, value * 1.1, np.full(24, 50)))
    assert hours["low"].min() > 0
    assert (
        certainty.around(KPIS["volume"], 2, 1.5, 24)[0] >= 0 and certainty.around(KPIS["backlog"], 5, 9.0, 24)[0] == 0
    )


def test_plain_counts_get_a_level_from_their_cycles_and_rare_ones_from_poisson():
    low, high = certainty.around(KPIS["backlog"], 319, 24.0, 30)
    assert low == pytest.approx(319 - 24 * 2.1, abs=2) and high - 319 == pytest.approx(319 - low)
    assert certainty.around(KPIS["outage_count"], 3, None, 0) == pytest.approx((0.619, 8.767), abs=0.01)
    assert all(map(math.isnan, certainty.around(KPIS["backlog"], 319, None, 30)))


def test_the_p_value_is_that_of_the_interval():
    known = KPIS["sla_attainment"]
    frame = shares(np.array([162]), np.array([200]))
    low, high = float(frame["low"].iloc[0]), float(frame["high"].iloc[0])
    assert certainty.p_value(known, 0.81, low, high, low) == pytest.approx(0.05, abs=1e-9)
    assert certainty.p_value(known, 0.81, low, high, high) == pytest.approx(0.05, abs=1e-9)
    # The score test of 162 in 200 against three quarters: z = 1.9596.
    assert certainty.p_value(known, 0.81, low, high, 0.75) == pytest.approx(0.05, abs=0.01)
    assert math.isnan(certainty.p_value(known, 0.81, math.nan, high, 0.75))
    assert certainty.p_value(known, 1.0, 0.8, 1.0, 0.9) == pytest.approx(0.327, abs=0.01)


def test_fewer_than_three_cycles_say_nothing_of_their_scatter():
    frame = of_shares(np.random.default_rng(4), 100, 0.1, months=2)
    assert certainty.scattered(KPIS["sla_attainment"], frame) is frame
    assert math.isnan(scatter.of_drifting(np.array([1.0, 2.0])).value)


@pytest.mark.slow
def test_a_service_exactly_on_its_target_is_hardly_ever_said_to_miss_it():
    found = changes.missed(150)
    assert (found["missed"] <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 150)).all()
    # Counting alone makes it one in five where many tickets are counted.
    assert found["missed, by counting alone"].max() > 0.15
    assert isinstance(found, pd.DataFrame) and len(found) == 12


def test_what_is_back_on_its_old_side_is_no_change():
    known, rng = KPIS["sla_attainment"], np.random.default_rng(5)
    fallen = shares(np.r_[rng.binomial(1000, 0.9, 24), rng.binomial(1000, 0.7, 6)], np.full(30, 1000))
    found, usual = certainty.latest_change(known, fallen, certainty.near_normal(known, fallen))
    assert found.direction == -1 and found.p < 1e-6 and usual == pytest.approx(0.9, abs=0.01)
    back = shares(np.r_[rng.binomial(1000, 0.9, 18), rng.binomial(1000, 0.84, 12)], np.full(30, 1000))
    assert certainty.latest_change(known, back, certainty.near_normal(known, back))[0].direction == -1
    back.loc[29, ["numerator", "value"]] = 920, 0.92
    found, _ = certainty.latest_change(known, back, certainty.near_normal(known, back))
    assert found.direction == 0 and found.p == 1
