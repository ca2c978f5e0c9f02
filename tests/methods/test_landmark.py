"""What happens to cases costs what it costs, and nothing where it only comes with time."""

import numpy as np
import pytest

from sipnb.methods import landmark


def table(*strata):
    """Cases of strata given as label, concerned (successes, n) and others (successes, n)."""
    labels, concerned, success = [], [], []
    for label, mine, theirs in strata:
        for (k, n), flag in ((mine, True), (theirs, False)):
            labels += [label] * n
            concerned += [flag] * n
            success += [True] * k + [False] * (n - k)
    return labels, concerned, success


def test_one_stratum_is_the_plain_difference_and_its_share_of_all():
    found = landmark.compared(*table(("a", (60, 100), (240, 300))), total=800)
    assert (found.concerned, found.others) == (0.6, 0.8)
    assert found.difference.value == pytest.approx(0.2) and found.effect.value == pytest.approx(0.2 * 100 / 800)
    # Wald's interval of the textbook; half a case moves it by less than a twentieth.
    half = 1.959964 * np.sqrt(0.6 * 0.4 / 100 + 0.8 * 0.2 / 300)
    assert found.difference.high - 0.2 == pytest.approx(half, rel=0.05)
    # The effect is as sure as the difference and the share concerned together.
    alone = found.difference.high - found.difference.value
    assert found.effect.high - found.effect.value > alone * 100 / 800


def test_a_harder_mix_of_those_concerned_is_no_cost():
    """Simpson: the same in every stratum, worse together because they are more of the hard kind."""
    rows = table(("hard", (90, 180), (10, 20)), ("easy", (18, 20), (162, 180)))
    found = landmark.compared(*rows, total=400)
    assert np.mean(np.array(rows[2])[np.array(rows[1])]) == pytest.approx(0.54)
    assert found.difference.value == pytest.approx(0.0, abs=1e-12) and found.difference.low < 0 < found.difference.high


def test_those_without_like_others_are_left_out_of_the_effect_and_counted():
    found = landmark.compared(*table(("a", (5, 10), (18, 20)), ("b", (0, 7), (4, 4))), total=100)
    assert (found.n_concerned, found.left_out) == (10, 7)
    assert found.effect.value == pytest.approx(0.4 * 10 / 100)
    assert landmark.compared(*table(("b", (0, 7), (4, 4))), total=20) is None
    assert landmark.compared([], [], [], total=0) is None


def test_counted_at_the_end_what_comes_with_time_seems_to_cost_from_a_landmark_it_does_not():
    random = np.random.default_rng(1)
    lasts = np.exp(2 + random.standard_normal(40_000))
    met, early = lasts <= np.exp(3.0), random.poisson(0.1 * np.minimum(lasts, 8.0))
    ever = early + random.poisson(0.1 * np.maximum(lasts - 8.0, 0))
    naive = met[ever < 2].mean() - met[ever >= 2].mean()
    open_still = lasts > 8
    found = landmark.compared(np.zeros(open_still.sum()), early[open_still] >= 2, met[open_still], total=len(lasts))
    assert naive > 0.3
    assert found.difference.low < 0 < found.difference.high and abs(found.difference.value) < 0.03


def test_the_interval_of_the_effect_holds_the_truth_as_often_as_it_says():
    random = np.random.default_rng(5)
    parts, harm = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.2, 0.3])
    truth, held = float(parts @ (0.25 * harm)) * 0.6, 0
    for _ in range(400):
        stratum = random.choice(3, 900, p=parts)
        at_risk, concerned = random.random(900) < 0.6, random.random(900) < 0.25
        met = random.random(900) < 0.85 - 0.1 * stratum - harm[stratum] * concerned
        found = landmark.compared(stratum[at_risk], concerned[at_risk], met[at_risk], total=900)
        held += found.effect.low <= truth <= found.effect.high
    assert 0.92 <= held / 400 <= 0.98


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (([1, 2], [True], [True, True], 5), "equally long"),
        (([1, 1], [True, False], [True, True], 1), "must hold them all"),
    ],
)
def test_what_does_not_fit_is_refused(given, said):
    *columns, total = given
    with pytest.raises(ValueError, match=said):
        landmark.compared(*columns, total=total)
