"""Funnels: the published limits of the emergency departments, and funnels of few groups."""

from __future__ import annotations

import math
import time

import numpy as np
import pandas as pd
import pytest

from sipnb.methods.funnels import funnel


@pytest.fixture(scope="module")
def departments(reference):
    return reference("proportions/funnel_ae_2018-10.csv", index_col="group")


def test_every_department_has_the_limits_that_the_r_package_gives(departments):
    found = funnel(departments["numerator"], departments["denominator"], rescaled=False)
    points = found.points
    assert list(points.index) == list(departments.index)
    assert found.target == pytest.approx(0.831167, abs=5e-7)
    columns = {
        "z": "Uzscore",
        "low_95": "ll95",
        "high_95": "ul95",
        "low_95_adjusted": "odll95",
        "high_95_adjusted": "odul95",
        "low_998_adjusted": "odll998",
        "high_998_adjusted": "odul998",
    }
    for ours, theirs in columns.items():
        # They round the normal quantiles to six decimals.
        assert points[ours].to_numpy() == pytest.approx(departments[theirs].to_numpy(), abs=1e-7)
    assert ((points["value"] - found.target) / points["z"]).gt(0).all()
    assert (np.arcsin(np.sqrt(points["value"])) - departments["Y"]).abs().max() < 1e-12


def test_most_departments_lie_outside_by_chance_alone_and_few_once_the_usual_scatter_is_allowed_for(departments):
    found = funnel(departments["numerator"], departments["denominator"], rescaled=False)
    assert (found.points["outside_95"] != 0).sum() == 124
    assert (found.points["outside_95_adjusted"] != 0).sum() == 16
    assert found.phi == pytest.approx((departments["Wuzscore"] ** 2).mean())
    assert found.tau2 == pytest.approx(0.00926131, abs=5e-9)
    low = found.points["value"] < found.points["low_95_adjusted"]
    assert (low == (found.points["outside_95_adjusted"] == -1)).all()
    high = found.points["value"] > found.points["high_998_adjusted"]
    assert (high == (found.points["outside_998_adjusted"] == 1)).all()


def test_truncated_departments_scatter_less(departments):
    found = funnel(departments["numerator"], departments["denominator"], method="truncated", rescaled=False)
    assert found.phi == pytest.approx(238.4724, abs=5e-5)
    assert found.tau2 == pytest.approx(0.00621457, abs=5e-9)
    assert (found.points["outside_95_adjusted"] != 0).sum() == 28


def test_lines_drawn_pass_through_the_limits_of_the_points(departments):
    found = funnel(departments["numerator"], departments["denominator"], rescaled=False)
    lines = found.limits(found.points["denominator"])
    for column in lines.columns.drop("size"):
        assert lines[column].to_numpy() == pytest.approx(found.points[column].to_numpy())
    with pytest.raises(ValueError, match="above 0"):
        found.limits([10, 0])


def test_limits_stay_shares_and_narrow_with_size():
    rng = np.random.default_rng(0)
    n = rng.integers(5, 500, 60)
    lines = funnel(rng.binomial(n, rng.beta(40, 2, 60)), n).limits(np.arange(1, 400))
    assert lines.drop(columns="size").to_numpy().min() >= 0
    assert lines.drop(columns="size").to_numpy().max() <= 1
    width = lines["high_95_adjusted"] - lines["low_95_adjusted"]
    assert (width.diff().dropna() <= 1e-12).all()


def test_a_limit_that_would_pass_nothing_stays_there():
    lines = funnel([1, 2, 0, 3], [50, 90, 40, 100]).limits([1, 5, 20])
    assert (lines["low_998"] == 0).all()
    assert (lines["high_998"].diff().dropna() < 0).all()


def test_what_is_left_of_chance_once_its_ends_are_drawn_in_is_scaled_up_to_all_of_it(departments):
    """E z² of normals beyond whose 10 % and 90 % points nothing lies is .679, and .438 without them."""
    published = funnel(departments["numerator"], departments["denominator"], rescaled=False)
    found = funnel(departments["numerator"], departments["denominator"])
    assert published.phi / found.phi == pytest.approx(0.679, abs=0.01)
    assert found.tau2 > 1.4 * published.tau2
    cut = [funnel(departments["numerator"], departments["denominator"], method="truncated", rescaled=r) for r in (0, 1)]
    # With 134 departments the rule by ranks leaves a few more than eight tenths.
    assert cut[0].phi / cut[1].phi == pytest.approx(0.459, abs=0.005)
    rng, phi = np.random.default_rng(6), []
    for _ in range(300):
        phi.append(funnel(rng.binomial(1000, 0.6, 12), np.full(12, 1000), target=0.6).phi)
    assert np.mean(phi) == pytest.approx(1, abs=0.05), "twelve groups, too"


@pytest.mark.parametrize(("share", "scatter"), [(0.8, 0.0), (0.8, 0.05), (0.95, 0.05), (0.5, 0.1)])
def test_hardly_any_of_a_hundred_equal_services_is_named(share, scatter):
    rng, named, at_95 = np.random.default_rng(2), [], []
    for _ in range(60):
        n = np.exp(rng.uniform(math.log(30), math.log(1000), 100)).astype(int)
        angle = np.arcsin(math.sqrt(share)) + scatter * rng.normal(size=100)
        points = funnel(rng.binomial(n, np.sin(np.clip(angle, 0, math.pi / 2)) ** 2), n).points
        named.append((points["outside_998_adjusted"] != 0).sum())
        at_95.append((points["outside_95_adjusted"] != 0).sum())
    assert np.mean(named) <= 1
    assert np.mean(at_95) >= 3, "of a hundred, five lie outside limits of 95 %"


def test_groups_that_scatter_are_mostly_inside_and_the_odd_one_is_found():
    rng = np.random.default_rng(3)
    n = rng.integers(500, 5_000, 60)
    shares = np.sin(rng.normal(1.1, 0.05, 60)) ** 2
    shares[7] = 0.4
    found = funnel(rng.binomial(n, shares), n)
    assert found.tau2 == pytest.approx(0.0025, rel=0.5)
    assert found.points.loc[7, "outside_998_adjusted"] == -1
    assert (found.points["outside_95_adjusted"] != 0).sum() <= 8


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_three_groups_are_too_few_to_tell_their_scatter_and_say_so(groups):
    found = funnel([8, 30, 90][:groups], [10, 50, 100][:groups])
    assert math.isnan(found.phi)
    assert math.isnan(found.tau2)
    assert f"{groups} groups are too few" in found.note
    assert found.points["low_95"].notna().all()
    assert found.points["low_95_adjusted"].isna().all()
    assert (found.points["outside_95_adjusted"] == 0).all()
    assert funnel([8, 30, 90, 7], [10, 50, 100, 9]).note == ""


def test_groups_without_cases_are_left_out_and_counted():
    found = funnel(pd.Series([8, 0, np.nan, 5, 3, 4], index=list("abcdef")), [10, 0, 5, 9, 9, 9])
    assert list(found.points.index) == list("adef")
    assert found.left_out == 2
    nothing = funnel([0, 0], [0, 0])
    assert (len(nothing.points), nothing.left_out) == (0, 2)
    assert math.isnan(nothing.target)
    assert nothing.limits([5])["low_95"].isna().all()


def test_groups_that_all_reach_everything_have_limits_below_it():
    found = funnel([20, 30, 40, 50], [20, 30, 40, 50])
    assert (found.points["outside_95"] == 0).all()
    assert (found.points["high_95"] == 1).all()
    assert (found.points["low_95"] < 1).all()


def test_a_target_given_is_the_centre():
    assert funnel([8, 30, 90, 7], [10, 50, 100, 9], target=0.9).points["z"].iloc[2] == pytest.approx(0)


def test_two_thousand_groups_take_no_noticeable_time():
    rng = np.random.default_rng(0)
    n = rng.integers(1, 5_000, 2_000)
    k = rng.binomial(n, 0.8)
    start = time.process_time()
    funnel(k, n)
    assert time.process_time() - start < 0.2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: funnel([1, 2], [1]), "equally long"),
        (lambda: funnel(pd.Series([1, 3], index=["a", "b"]), [1, 2]), "group 'b'"),
        (lambda: funnel([1], [2], target=80), "between 0 and 1"),
        (lambda: funnel([1], [2], method="cut"), "winsorised, truncated"),
    ],
)
def test_impossible_funnels_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
