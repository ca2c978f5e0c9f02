"""Average marginal effects: the coefficients and covariances of statsmodels, and intervals that hold the truth."""

import numpy as np
import pytest
import statsmodels.api as sm

from sipnb.methods import marginal


def simulated(seed, n=2_000, gain=0.8):
    rng = np.random.default_rng(seed)
    day = np.sort(rng.integers(0, 120, n))
    mixed, has = rng.integers(0, 3, n), rng.random(n) < 0.3
    design = np.column_stack([np.ones(n), mixed == 1, mixed == 2, has]).astype(float)
    at = -1.2 + 0.5 * design[:, 1] - 0.4 * design[:, 2] + gain * has + 0.4 * rng.standard_normal(120)[day]
    return design, (rng.random(n) < 1 / (1 + np.exp(-at))).astype(float), day


def test_a_logistic_fit_is_that_of_statsmodels():
    design, flags, _ = simulated(1)
    ours, theirs = marginal.logistic(design, flags), sm.Logit(flags, design).fit(disp=0)
    assert ours.coefficients == pytest.approx(theirs.params, abs=2e-3)
    assert np.sqrt(np.diag(ours.inverse)) == pytest.approx(theirs.bse, rel=2e-3)


def test_the_effect_is_the_average_of_what_the_model_says_with_and_without():
    design, flags, day = simulated(2)
    found = marginal.effect(marginal.logistic(design, flags), 3, day)
    theirs = sm.Logit(flags, design).fit(disp=0)
    concerned = design[design[:, 3] == 1]
    without = concerned * [1, 1, 1, 0]
    gain = theirs.predict(concerned) - theirs.predict(without)
    assert found.difference.value == pytest.approx(gain.mean(), abs=1e-3)
    assert found.total.value == pytest.approx(gain.sum() / len(flags), abs=1e-3)
    assert found.others == pytest.approx(theirs.predict(without).mean(), abs=1e-3)


def test_an_effect_among_more_cases_is_smaller_in_proportion():
    design, flags, day = simulated(3)
    fit = marginal.logistic(design, flags)
    all_of_them, of_more = marginal.effect(fit, 3, day).total, marginal.effect(fit, 3, day, of=8_000).total
    assert of_more.value == pytest.approx(all_of_them.value / 4)
    assert of_more.high == pytest.approx(all_of_them.high / 4)


def test_the_linear_effect_has_the_clustered_error_of_statsmodels():
    design, _, day = simulated(4)
    amounts = np.random.default_rng(4).gamma(1, 2, len(day)) + 3 * design[:, 3]
    found = marginal.effect(marginal.linear(design, amounts), 3, day).difference
    theirs = sm.OLS(amounts, design).fit(cov_type="cluster", cov_kwds={"groups": day})
    assert found.value == pytest.approx(theirs.params[3], abs=1e-3)
    assert (found.high - found.low) / 2 / 1.98 == pytest.approx(theirs.bse[3], rel=0.02)


def test_a_part_in_which_everything_went_wrong_has_a_bounded_effect():
    rng = np.random.default_rng(5)
    has = np.arange(400) < 40
    flags = np.where(has, 1.0, rng.random(400) < 0.2)
    design = np.column_stack([np.ones(400), has])
    found = marginal.effect(marginal.logistic(design, flags), 1, np.arange(400) % 50)
    assert 0.7 < found.difference.value < 0.9 and found.difference.high <= 1.0


def test_without_a_case_concerned_there_is_no_effect():
    design, flags, day = simulated(6)
    with pytest.raises(ValueError, match="no case is concerned"):
        marginal.effect(marginal.logistic(design * [1, 1, 1, 0], flags), 3, day)


def test_intervals_hold_the_effect_that_was_put_in():
    held = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        n = 1_500
        day = np.sort(rng.integers(0, 120, n))
        has, base = rng.random(n) < 0.3, 1 / (1 + np.exp(1.4 - 0.4 * rng.standard_normal(120)[day]))
        flags = (rng.random(n) < np.where(has, np.minimum(base + 0.15, 1), base)).astype(float)
        found = marginal.effect(marginal.logistic(np.column_stack([np.ones(n), has]), flags), 1, day)
        held += found.difference.low <= 0.15 <= found.difference.high
    assert 0.90 <= held / 200 <= 0.985, held / 200
