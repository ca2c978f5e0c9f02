"""Net present values against published arithmetic, ranges against their quantiles, the value of a sample against simulation."""

import math

import numpy as np
import pytest

from sipnb.methods import cashflows


def test_a_textbook_project_has_its_value():
    assert cashflows.npv([-10_000, 3_000, 4_200, 6_800], 0.10) == pytest.approx(1307.29, abs=0.005)


def test_an_annuity_is_the_sum_of_its_months():
    rate, months = 0.08, 24
    by_hand = sum(1 / (1 + rate) ** (m / 12) for m in range(4, months + 1)) + 0.5 / (1 + rate) ** (3 / 12)
    assert cashflows.annuity(2.5, months, rate) == pytest.approx(by_hand)
    closed = (1 - (1 + rate) ** -2) / ((1 + rate) ** (1 / 12) - 1)
    assert cashflows.annuity(0, months, rate) == pytest.approx(closed)


@pytest.mark.parametrize("stated", [(10.0, 20.0, 80.0), (0.0, 5.0, 9.0), (3.0, 3.0, 3.0)])
def test_nine_of_ten_draws_lie_within_a_stated_range(stated):
    drawn = cashflows.elicited(stated, (np.arange(20_000) + 0.5) / 20_000)
    low, likely, high = stated
    assert np.quantile(drawn, 0.5) == pytest.approx(likely, rel=1e-3)
    assert np.quantile(drawn, [0.05, 0.95]) == pytest.approx([low, high], rel=1e-3, abs=1e-3)
    assert (drawn >= 0).all()


@pytest.mark.parametrize("stated", [(2.0, 1.0, 3.0), (1.0, 3.0, 2.0), (-1.0, 1.0, 2.0)])
def test_a_range_out_of_order_is_refused(stated):
    with pytest.raises(ValueError, match="low, likely, high"):
        cashflows.elicited(stated, np.array([0.5]))


def test_what_is_certain_has_one_value_and_its_pay_back():
    sure = np.ones(10)
    found = cashflows.worth(1200 * sure, 100 * sure, 3 * sure, 24, 0.0)
    assert (found.mean, found.low, found.high, found.loss) == pytest.approx((900, 900, 900, 0))
    assert found.payback == 15
    assert math.isinf(cashflows.worth(1200 * sure, 10 * sure, 3 * sure, 24, 0.0).payback)


def test_the_chance_of_a_loss_is_the_share_of_draws_that_lose():
    works = np.repeat([1.0, 0.0], [30, 70])
    found = cashflows.worth(np.full(100, 500.0), 100 * works, np.zeros(100), 12, 0.0)
    assert found.loss == 0.7 and found.mean == pytest.approx(0.3 * 1200 - 500)


def test_the_value_of_a_sample_is_what_simulated_decisions_gain():
    random = np.random.default_rng(3)
    mean, error, now, more = -40.0, 100.0, 6.0, 2.0
    truth = random.normal(mean, error, 400_000)
    # What is seen has the error that now's data imply for so much more of them.
    seen = truth + random.normal(0, error * math.sqrt(now / more), len(truth))
    weight = more / (now + more)
    after = (1 - weight) * mean + weight * seen
    gained = np.where(after > 0, truth, 0.0).mean() - max(mean, 0.0)
    assert cashflows.value_of_sample(mean, error, now, more) == pytest.approx(gained, rel=0.03)
    assert cashflows.value_of_sample(1e6, 1.0, now, more) == pytest.approx(0.0, abs=1e-9)
