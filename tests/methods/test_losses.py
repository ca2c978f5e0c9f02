"""A year's loss against known answers, its lattice against another way to the same, and what is stated of services whose
truth is known."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from benchmarks import losses as simulation
from sipnb.methods import losses
from sipnb.methods.severities import FEWEST_WEIBULL, Lognormal, lognormal_of_range, sizes_like

#: Three events a year of lognormal sizes, on steps of 1000: the answers below were known before the method was written.
SEVERITY, STEP = Lognormal(10, 1.2), 1000
SEEN = [120, 40, 300, 75, 900, 60, 210, 33, 480, 150]
AT = np.geomspace(10, 20_000, 40)


@pytest.fixture(scope="module")
def exact():
    return losses.panjer(3, SEVERITY.masses(STEP, 3000)).cumsum()


@pytest.fixture(scope="module")
def loss():
    return losses.loss_of_events(SEEN, years=2)


@pytest.mark.parametrize(("p", "stated"), [(0.5, 90_000), (0.9, 305_000), (0.95, 415_000), (0.99, 738_000)])
def test_quantiles_of_a_known_year(exact, p, stated):
    assert np.searchsorted(exact, p) * STEP == stated


def test_the_mean_and_the_tail_of_a_known_year(exact):
    assert 1 - exact[500] == pytest.approx(0.03076834, abs=5e-9)
    assert 3 * SEVERITY.mean == pytest.approx(135_755.71, abs=0.005)
    assert math.sqrt(3 * (SEVERITY.mean**2 + SEVERITY.sd**2)) == pytest.approx(161_023.59, abs=0.005)


def test_simulated_years_are_sums_over_their_events(exact):
    years = losses.simulate(3, SEVERITY, 200_000).losses()
    assert (years == 0).mean() == pytest.approx(0.0497871, abs=0.002)
    assert years.mean() == pytest.approx(135_755.71, rel=0.01)
    for p in (0.5, 0.9, 0.95):
        assert np.quantile(years, p) == pytest.approx(np.searchsorted(exact, p) * STEP, rel=0.02)
    # A frequency times one drawn loss has the same mean and far more years beyond: it is not what is computed.
    once = 3 * SEVERITY.laws(200_000).drawn(np.arange(200_000), np.random.default_rng(1))
    assert (once > 500_000).mean() > 1.4 * (years > 500_000).mean()


def test_a_range_of_nine_in_ten_gives_the_known_mean():
    stated = lognormal_of_range(100_000, 1_000_000)
    assert 0.1 * stated.mean == pytest.approx(40_400.128, abs=0.0005)
    drawn = stated.laws(100_000).drawn(np.arange(100_000), np.random.default_rng(2))
    assert np.quantile(drawn, [0.05, 0.95]) == pytest.approx([100_000, 1_000_000], rel=0.03)
    assert lognormal_of_range(7, 7).mean == pytest.approx(7)


@pytest.mark.parametrize("dispersion", [1.0, 2.5])
def test_the_recursion_gives_what_the_transform_gives(dispersion):
    masses = Lognormal(3, 1).masses(2.0, 400)
    other = losses._compound(np.array([4.0]), np.array([dispersion]), masses[None])[0]
    assert losses.panjer(4.0, masses, dispersion) == pytest.approx(other, abs=1e-8)


def test_numbers_of_events_have_the_mean_and_the_dispersion_asked():
    number = losses.panjer(4.0, np.r_[0.0, 1.0, np.zeros(98)], 2.5)
    k = np.arange(100)
    assert (number.sum(), number @ k, number @ k**2 - 16) == pytest.approx((1, 4, 10), abs=1e-6)
    years = losses.simulate(4.0, Lognormal(0, 0), 100_000, dispersion=2.5).losses()
    assert (years.mean(), years.var()) == pytest.approx((4, 10), rel=0.03)


def test_what_a_lever_leaves_is_never_more_in_any_year_nor_at_any_point(loss):
    before, curve = loss.drawn, loss.curve(AT)
    for removed, shortened in ((0.3, 0.0), (0.0, 0.4), (0.3, 0.4), (1.0, 0.0), (0.0, 1.0)):
        left = loss.residual(removed, shortened)
        assert (left.drawn <= before).all() and (left.drawn < before).any()
        assert (left.curve(AT)["exceeded"] <= curve["exceeded"]).all()
        for bound in ("low", "high"):
            assert (left.curve(AT)[bound] <= curve[bound] + 0.005).all()
        assert left.mean.value == pytest.approx((1 - removed) * (1 - shortened) * loss.mean.value)
        before_p90, after_p90 = loss.quantile(0.9), left.quantile(0.9)
        assert after_p90.value <= before_p90.value and after_p90.high <= before_p90.high * 1.01
    more = loss.residual(0.3).residual(0.5)
    assert (more.drawn <= loss.residual(0.3).drawn).all() and more.removed == pytest.approx(0.65)
    assert (loss.residual().drawn == before).all()


def test_a_removed_share_is_removed_and_what_is_left_has_its_own_lattice(loss):
    left = loss.residual(0.5)
    kept = np.mean(loss.simulated.mark >= 0.5)
    assert kept == pytest.approx(0.5, abs=0.02)
    # All years drawn, and the mean of the curves of the sets, are two ways to the same probability.
    step, below = left._lattices
    own = np.mean([np.interp(500 / s, left._edges, row) for s, row in zip(step, below, strict=True)])
    assert own == pytest.approx((left.drawn <= 500).mean(), abs=0.03)


def test_a_curve_falls_within_its_bounds_and_agrees_with_its_quantiles(loss):
    curve = loss.curve(AT)
    assert (np.diff(curve["exceeded"]) <= 0).all() and curve["exceeded"].between(0, 1).all()
    assert ((curve["low"] <= curve["exceeded"]) & (curve["exceeded"] <= curve["high"])).all()
    for p in (0.5, 0.9, 0.99):
        assert loss.curve([loss.quantile(p).value])["exceeded"][0] == pytest.approx(1 - p, abs=1e-3)
    assert loss.quantile(0.5).value < loss.quantile(0.9).value < loss.quantile(0.99).value
    assert loss.observed == sum(SEEN) / 2 and loss.mean.n == loss.n == len(SEEN)


def test_the_same_events_give_the_same_loss_and_another_seed_nearly(loss):
    again, other = losses.loss_of_events(SEEN, 2), losses.loss_of_events(SEEN, 2, seed=4)
    assert (again.drawn == loss.drawn).all() and again.quantile(0.9) == loss.quantile(0.9)
    assert other.quantile(0.9).value == pytest.approx(loss.quantile(0.9).value, rel=0.1)
    in_other_money = losses.loss_of_events(np.array(SEEN) * 1000, 2)
    assert in_other_money.quantile(0.9).value == pytest.approx(1000 * loss.quantile(0.9).value, rel=1e-6)


def test_months_that_differ_make_years_differ():
    even, bursts = [1] * 24, [0, 8] * 3 + [0] * 18
    sizes = np.full(24, 10.0)
    usual, wider = (losses.loss_of_events(sizes, 2, counts=counts) for counts in (even, bursts))
    assert wider.dispersion.mean() > 2 > usual.dispersion.mean()
    assert wider.quantile(0.9).value > usual.quantile(0.9).value
    assert wider.mean.high - wider.mean.low > 1.3 * (usual.mean.high - usual.mean.low)


def test_few_events_are_not_shown_and_none_cost_nothing():
    assert not losses.loss_of_events(SEEN[: losses.FEWEST - 1], 1).shown
    assert losses.loss_of_events(SEEN[: losses.FEWEST], 1).shown
    none = losses.loss_of_events([0.0, 0.0], 1)
    assert (none.n, none.shown, none.observed, none.mean.value, none.quantile(0.9).value) == (0, False, 0, 0, 0)
    # Nothing tells how much one would cost.
    assert (
        math.isnan(none.mean.high) and math.isnan(none.quantile(0.9).low) and none.curve([0, 10])["high"].isna().all()
    )
    one = losses.loss_of_events([50], 2)
    assert one.n == 1 and math.isfinite(one.quantile(0.99).high)


def test_sizes_all_alike_and_sizes_of_either_law_are_drawn():
    random = np.random.default_rng(5)
    alike = sizes_like(np.full(20, 10.0), 500, random)
    assert not alike.weibull.any() and np.median(alike.mean) == pytest.approx(10, rel=0.2)
    short = random.gamma(0.5, 20, 200)
    assert sizes_like(short, 500, random).weibull.all()
    assert np.median(sizes_like(short, 500, random).mean) == pytest.approx(short.mean(), rel=0.15)
    assert not sizes_like(np.exp(random.normal(size=200)), 500, random).weibull.any()
    assert not sizes_like(short[: FEWEST_WEIBULL - 1], 500, random).weibull.any()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: lognormal_of_range(5, 1), "low and high"),
        (lambda: lognormal_of_range(0, 1), "above 0"),
        (lambda: lognormal_of_range(1, 2, 1.0), "level"),
        (lambda: Lognormal(0, 1).masses(0, 5), "steps above 0"),
        (lambda: losses.panjer(-1, [1.0]), "from 0 to 700"),
        (lambda: losses.panjer(1, [0.6, 0.6]), "probabilities"),
        (lambda: losses.panjer(1, [0.5, 0.5], 0.5), "dispersion"),
        (lambda: losses.simulate(-1, SEVERITY), "rate"),
        (lambda: losses.simulate(1, SEVERITY, 0), "at least one"),
        (lambda: losses.simulate(1, SEVERITY, 10).losses(removed=1.5), "removed"),
        (lambda: losses.loss_of_events([-1], 1), "0 or more"),
        (lambda: losses.loss_of_events([math.nan], 1), "0 or more"),
        (lambda: losses.loss_of_events([1], 0), "above 0"),
        (lambda: losses.loss_of_events([1], 1, counts=[0.5, 0.5]), "whole"),
        (lambda: losses.loss_of_events([1], 1, level=90), "level"),
        (lambda: losses.loss_of_events([1], 1).quantile(1), "p is 1"),
        (lambda: losses.loss_of_events([1], 1).curve([5, 1]), "in order"),
        (lambda: losses.loss_of_events([1], 1).residual(shortened=-0.1), "shortened"),
    ],
)
def test_what_cannot_be_is_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_a_service_takes_less_than_a_tenth_of_a_second():
    took = []
    for _ in range(3):
        began = time.process_time()
        loss = losses.loss_of_events(SEEN, 1)
        loss.mean, loss.curve(AT), [loss.quantile(p) for p in (0.5, 0.9, 0.95, 0.99)]
        took.append(time.process_time() - began)
    assert min(took) < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("kind", simulation.KINDS)
def test_what_is_stated_of_services_holds_what_is_true(kind):
    rows = simulation.simulated(kind, 70, seed=7)
    shown = rows[rows["n"] >= losses.FEWEST]
    assert len(shown) > 35
    for what in ("mean", "p90", "curve"):
        assert shown[what].mean() > 0.8
    assert 0.01 < shown["above_p90"].mean() < 0.16
