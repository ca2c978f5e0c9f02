"""Did it work: the published answers, nothing found where there is nothing, and what each kind of measure carries back."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from benchmarks import interventions as simulated
from sipnb.methods import interventions
from sipnb.methods.interventions import NotMeasurable


def step(coefficients: int) -> np.ndarray:
    return np.eye(coefficients)[1]


# --- published answers -----------------------------------------------------------------------------------------------


def test_the_smoking_ban_of_sicily_has_the_published_ratio_and_not_the_sign_of_before_and_after(reference):
    table = reference("its/sicily.csv")
    start = int(np.flatnonzero(table["smokban"])[0])
    found = interventions.rate_ratio(table["aces"], table["stdpop"], start)
    assert (found.value, found.low, found.high) == pytest.approx((0.894377, 0.864686, 0.925086), abs=1e-6)
    assert (found.quasi_low, found.quasi_high) == pytest.approx((0.839189, 0.953193), abs=1e-6)
    assert found.dispersion == pytest.approx(3.55919, abs=1e-5)
    seasonal = interventions.rate_ratio(table["aces"], table["stdpop"], start, harmonics=2)
    assert (seasonal.value, seasonal.quasi_low, seasonal.quasi_high) == pytest.approx(
        (0.885072, 0.839401, 0.933227), abs=1e-6
    )
    before, after = table.iloc[:start], table.iloc[start:]
    assert after["aces"].mean() / before["aces"].mean() == pytest.approx(1.0575, abs=5e-4), "the wrong sign"


def test_what_the_authors_of_the_second_opinion_found_is_found(reference):
    table = reference("its/causalimpact_vignette.csv")
    found = interventions.local_level(table["y"], 70, table[["x1"]])
    assert found.value == pytest.approx(10.51, abs=0.1)
    assert found.interval() == pytest.approx((9.76, 11.21), abs=0.2)
    table = reference("its/arma_data.csv").set_axis(["x", "y"], axis=1)
    raised = table["y"] + 5.0 * (table.index >= 70)
    found = interventions.local_level(raised, 70, table[["x"]])
    assert (found.value, *found.interval()) == pytest.approx((4.89, 4.26, 5.47), abs=0.15)


def test_a_search_campaign_is_found_and_a_comparison_without_an_effect_claims_none(reference):
    table = reference("its/google_data.csv")
    found = interventions.local_level(table["y"], len(table) - 30, table[["x1", "x2"]])
    assert found.value == pytest.approx(27, abs=0.5) and found.interval()[0] > 0
    table = reference("its/comparison_data.csv")
    others = table[[name for name in table if name.startswith("NOT_CHANGED")]]
    found = interventions.local_level(table["CHANGED"], len(table) - 18, others)
    low, high = found.interval()
    assert low < 0 < high


def test_the_seat_belt_law_has_the_effect_of_harvey_and_durbin(reference):
    table = reference("its/seatbelts.csv")
    months = np.arange(len(table)) % 12
    known = [np.ones(len(table)), table["law"], table["PetrolPrice"], np.log(table["kms"])]
    design = np.column_stack([*known, *((months == m) for m in range(1, 12))]).astype(float)
    found = interventions.regression(np.log(table["drivers"]), design).contrast(step(design.shape[1]))
    assert found.value == pytest.approx(-0.2221, abs=0.02)
    low, high = found.interval()
    assert low < -0.2221 < high < 0


# --- nothing, and something ------------------------------------------------------------------------------------------


#: Of each kind of noise. If 15 of 100 were said to have worked, or 19 of 100 lay out of their intervals, the bounds would tell
#: it 19 times in 20; `make simulate` takes a thousand.
SERIES = 75


@pytest.mark.parametrize("kind", simulated.NOISES)
def test_of_nothing_hardly_any_action_is_said_to_have_worked_and_a_true_effect_lies_in_its_interval(kind):
    rng = np.random.default_rng(5)
    made = simulated.noise(rng, kind, SERIES, 30)
    worked, _, held, _ = simulated.told(
        [simulated.judged(interventions.value(pd.Series(y)), 24, 0.0) for y in made], 0.0
    )
    assert worked <= 0.08 and held >= 0.89
    stepped = made + 3.0 * (np.arange(30) >= 24)
    worked, _, held, _ = simulated.told(
        [simulated.judged(interventions.value(pd.Series(y)), 24, 0.0) for y in stepped], 3.0
    )
    assert worked >= 0.4 and held >= 0.89


def test_controls_take_out_what_moved_all_services():
    rng = np.random.default_rng(3)
    moved = 0.03 * rng.normal(size=30) + np.where(np.arange(30) >= 24, -0.06, 0.0)  # and a bad half year for everybody
    cases = pd.Series(np.full(30, 2000))
    known = [interventions.share(pd.Series(rng.binomial(2000, 0.85 + moved)), cases) for _ in range(6)]
    alone = interventions.effect(known[0], 24)
    beside = interventions.effect(known[0], 24, controls=known[1:])
    assert beside.low < 0 < beside.high and beside.controls == 5
    assert beside.high - beside.low < 0.6 * (alone.high - alone.low) and abs(beside.value) < abs(alone.value)


def test_services_that_never_moved_with_it_are_not_held_against_it():
    """Two of seven get into trouble of their own when a service is acted upon, without effect: that makes none."""
    worked = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        cases = pd.Series(np.full(30, 700))

        def service(rng=rng, cases=cases, trouble=0.0):
            level = 0.85 + 0.012 * rng.normal(size=30) - trouble * np.maximum(np.arange(30) - 22, 0)
            return interventions.share(pd.Series(rng.binomial(700, level)), cases)

        own, others = service(), [service(), *(service(trouble=0.02) for _ in range(3)), *(service() for _ in range(3))]
        found = interventions.effect(own, 24, controls=others)
        worked.append(interventions.verdict(found, 0.01, "up", found.opinions) == "worked")
    assert np.mean(worked) <= 0.05


def test_what_moved_all_at_the_date_of_an_action_for_the_first_time_is_no_effect():
    rng = np.random.default_rng(3)
    moved = np.where(np.arange(30) >= 24, 0.08, 0.0)  # a good half year for everybody
    cases = pd.Series(np.full(30, 2000))
    known = [interventions.share(pd.Series(rng.binomial(2000, 0.85 + moved)), cases) for _ in range(6)]
    alone, beside = interventions.effect(known[0], 24), interventions.effect(known[0], 24, controls=known[1:])
    assert interventions.verdict(alone, 0.01, "up", alone.opinions) == "worked"
    assert interventions.verdict(beside, 0.01, "up", beside.opinions) == "inconclusive"


def test_a_control_that_began_after_the_action_says_nothing():
    rng = np.random.default_rng(12)
    known = [pd.Series(rng.normal(size=30)) for _ in range(5)]
    late = pd.Series(np.where(np.arange(30) >= 24, 50.0, np.nan))
    own, *others = [interventions.value(one) for one in known]
    found = interventions.effect(own, 24, controls=[*others, interventions.value(late)])
    assert found.value == pytest.approx(interventions.effect(own, 24, controls=others).value)
    assert found.controls == 4


def test_the_cycle_for_which_an_action_was_raised_does_not_count():
    values = pd.Series(np.r_[np.random.default_rng(1).normal(size=23), -4.0, np.random.default_rng(2).normal(size=6)])
    with_it = interventions.effect(interventions.value(values), 24)
    without = interventions.effect(interventions.value(values), 24, left_out=(23,))
    assert without.value < with_it.value and without.before == 23
    assert not without.path()["used"].iloc[23]


# --- units -----------------------------------------------------------------------------------------------------------


def test_an_effect_is_in_the_measures_unit_and_stays_within_what_can_be():
    cases = pd.Series(np.full(30, 400))
    held = pd.Series(np.r_[np.full(24, 380), np.full(6, 400)])  # from .95 to all
    found = interventions.effect(interventions.share(held, cases), 24)
    assert found.value == pytest.approx(0.05, abs=0.003)
    assert (found.path()[["expected", "low", "high"]].to_numpy() <= 1).all() and found.path()["actual"].iloc[-1] == 1.0
    assert found.path()["expected"].iloc[-1] == pytest.approx(0.95, abs=0.005)
    hours = pd.Series(np.exp(np.r_[np.tile([2.0, 2.1], 12), np.tile([1.5, 1.6], 3)]))
    found = interventions.effect(interventions.duration(hours), 24)
    assert found.value == pytest.approx(np.exp(1.55) - np.exp(2.05), rel=0.03) and found.high < 0
    events = pd.Series(np.r_[np.tile([20, 24], 12), np.tile([10, 12], 3)])
    found = interventions.effect(interventions.rate(events), 24)
    assert found.value == pytest.approx(-11, abs=0.7) and (found.path()["low"] >= 0).all()


def test_months_without_data_are_left_out_and_move_nothing():
    rng = np.random.default_rng(8)
    whole = pd.Series(rng.normal(10, 1, 30))
    gaps = whole.copy()
    gaps.iloc[[3, 11]] = np.nan
    found = interventions.effect(interventions.value(gaps), 24)
    assert found.before == 22 and found.value == pytest.approx(
        interventions.effect(interventions.value(whole), 24).value, abs=0.5
    )
    assert found.path()["actual"].isna().sum() == 2 and found.path()["expected"].notna().all()


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [(11, 6, "11 cycles with data before it and 6 after"), (24, 2, "24 cycles with data before it and 2 after")],
)
def test_too_few_cycles_are_not_measurable(before, after, words):
    values = pd.Series(np.random.default_rng(4).normal(size=before + after))
    with pytest.raises(NotMeasurable, match=words):
        interventions.effect(interventions.value(values), before)


def test_what_never_varies_is_not_measurable_and_what_is_counted_varies_as_counting_does():
    with pytest.raises(NotMeasurable, match="no spread"):
        interventions.effect(interventions.value(pd.Series([3.0] * 30)), 24)
    found = interventions.effect(interventions.share(pd.Series([0] * 30), pd.Series([50] * 30)), 24)
    assert found.low < 0 < found.high and found.high - found.low > 0.001


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: interventions.share(pd.Series([3, 9]), pd.Series([5, 5])), "1: successes must lie between 0"),
        (lambda: interventions.rate(pd.Series([3, -1])), "1: a count and its exposure"),
        (lambda: interventions.duration(pd.Series([3.0, 0.0])), "1: 0 has no logarithm"),
        (lambda: interventions.regression([1.0, math.nan, 2.0], np.ones((3, 1))), "must be finite"),
        (lambda: interventions.rate_ratio([1, 2], [1, 0], 1), "exposure above 0"),
        (lambda: interventions.local_level([1.0] * 8, 6), "no spread"),
    ],
)
def test_what_cannot_be_is_refused_by_its_place(make, words):
    with pytest.raises(ValueError, match=words):
        make()


# --- placebos, verdicts ----------------------------------------------------------------------------------------------


def test_a_step_that_is_there_stands_out_among_dates_and_services_where_nothing_was_done():
    rng = np.random.default_rng(6)
    known = [interventions.value(pd.Series(rng.normal(size=36))) for _ in range(12)]
    own = interventions.value(known[0].points + 4.0 * (np.arange(36) >= 30))
    found = interventions.effect(own, 30, controls=known[1:])
    dates = interventions.at_dates(own, 30, found.step.value, controls=known[1:])
    services = interventions.in_services(known[1:], 30, found.step.value)
    assert len(dates.steps) == 13 and dates.p == pytest.approx(1 / 14)
    assert len(services.steps) == 11 and services.p == pytest.approx(1 / 12)
    nothing = interventions.in_services(known[1:], 30, 0.0)
    assert nothing.p == 1.0


def test_a_verdict_needs_certainty_and_what_is_worth_it():
    rng = np.random.default_rng(9)
    values = pd.Series(rng.normal(size=30) + 3.0 * (np.arange(30) >= 24))
    found = interventions.effect(interventions.value(values), 24)
    second = interventions.local_level(values, 24)
    assert interventions.verdict(found, 1.0, "up", [second]) == "worked"
    assert interventions.verdict(found, 8.0, "up", [second]) == "did not"
    assert interventions.verdict(found, found.value + 0.1, "up", [second]) == "inconclusive"
    assert interventions.verdict(found, 0.5, "down") == "did not"
    against = interventions.local_level(-values, 24)
    assert interventions.verdict(found, 1.0, "up", [against]) == "inconclusive", "the second opinion has the other sign"
    assert interventions.not_worse(found, 0.5, "up") == "held"
    assert interventions.not_worse(found, 0.5, "down") == "worse"
    with pytest.raises(ValueError, match="minimum -1"):
        interventions.verdict(found, -1, "up")


def test_power_foresees_how_often_an_effect_is_found():
    rng = np.random.default_rng(14)
    own, _ = simulated.services(rng, 300, 30, 24, 0.0)
    before = own.until(24)
    foreseen = [interventions.power(before, 24, after, 0.05, 0.03) for after in (3, 6, 12)]
    assert foreseen == sorted(foreseen) and foreseen[0] < foreseen[2] < 1
    several = [simulated.services(rng, 300, 30, 24, 0.05) for _ in range(80)]
    rows = [simulated.judged(one, 24, 0.03, beside) for one, beside in several]
    found = simulated.told(rows, 0.05)[0]
    expected = np.mean([interventions.power(one, 24, 6, 0.05, 0.03, controls=beside) for one, beside in several])
    assert found == pytest.approx(expected, abs=0.12)
    assert interventions.enough(own, 24, 0.10) <= 6
    assert interventions.enough(own, 24, 0.001) is None
    assert interventions.power(own, 24, 6, -0.05) == pytest.approx(interventions.power(own, 24, 6, 0.05), abs=0.15)
