"""Case mix: Simpson's paradox turns round, Kitagawa's parts add up, the intervals hold."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from sipnb.methods.proportions import newcombe, wilson
from sipnb.methods.standardisation import against_expected, mix_effect, standardised

# Charig and others (1986), kidney stones: open surgery is better for small and for large stones, worse in all.
STONES = pd.DataFrame(
    {
        "size": ["small", "large", "small", "large"],
        "treatment": ["surgery", "surgery", "puncture", "puncture"],
        "cured": [81, 192, 234, 55],
        "n": [87, 263, 270, 80],
    }
)


def stones(**options):
    return standardised(STONES["size"], STONES["treatment"], STONES["cured"], STONES["n"], **options)


def test_simpson_s_paradox_turns_round():
    table = stones().groups
    assert table.loc["surgery", "crude"] == pytest.approx(0.78)
    assert table.loc["puncture", "crude"] == pytest.approx(289 / 350)
    assert table.loc["surgery", "crude"] < table.loc["puncture", "crude"]
    assert table.loc["surgery", "value"] > table.loc["puncture", "value"]
    assert table.loc["surgery", "value"] == pytest.approx((357 * 81 / 87 + 343 * 192 / 263) / 700)
    assert list(table["n"]) == [350, 350]


def test_a_fall_by_mix_alone_hides_a_rise_within_every_kind():
    before, after = STONES.iloc[2:].set_index("size"), STONES.iloc[:2].set_index("size")
    found = mix_effect(before["cured"], before["n"], after["cured"], after["n"])
    assert found.change < 0 < found.within.value
    assert found.mix < found.change
    assert found.within.low < found.within.value < found.within.high


@pytest.mark.parametrize("seed", range(20))
def test_kitagawa_s_parts_add_up_exactly_whatever_strata_are_missing(seed):
    rng = np.random.default_rng(seed)
    n = rng.integers(0, 30, (2, 6)) * (rng.random((2, 6)) < 0.7)
    n[:, 0] += 1
    k = rng.binomial(n, rng.random((2, 6)))
    found = mix_effect(k[0], n[0], k[1], n[1])
    assert found.before == pytest.approx(k[0].sum() / n[0].sum())
    assert found.change == pytest.approx(found.after - found.before, abs=1e-12)
    assert found.mix + found.within.value == pytest.approx(found.change, abs=1e-12)
    assert found.strata[["mix", "within"]].to_numpy().sum() == pytest.approx(found.change, abs=1e-12)
    assert found.within.low <= found.within.value <= found.within.high


def test_the_same_mix_leaves_the_change_within_and_the_same_shares_leave_it_to_the_mix():
    within = mix_effect([5, 40], [10, 50], [16, 70], [20, 100])
    assert within.mix == pytest.approx(0, abs=1e-12)
    assert within.within.value == pytest.approx(within.change)
    mix = mix_effect([5, 40], [10, 50], [50, 8], [100, 10])
    assert mix.within.value == pytest.approx(0, abs=1e-12)
    assert mix.mix == pytest.approx(mix.change)


def test_one_stratum_is_newcombe_s_difference_and_one_group_s_wilson():
    found, theirs = mix_effect([48], [80], [56], [70]), newcombe(56, 70, 48, 80)
    assert (found.within.value, found.within.low, found.within.high) == pytest.approx(
        (theirs.value, theirs.low, theirs.high)
    )
    row, alone = standardised(["a"], ["x"], [15], [148]).groups.loc["x"], wilson(15, 148)
    assert tuple(row[["value", "low", "high"]]) == pytest.approx((alone.value, alone.low, alone.high))


def test_strata_on_one_side_only_are_pooled_and_compared():
    before = pd.DataFrame({"k": [40, 9], "n": [50, 10]}, index=["kept", "old"])
    after = pd.DataFrame({"k": [40, 5], "n": [50, 10]}, index=["kept", "new"])
    found = mix_effect(before["k"], before["n"], after["k"], after["n"])
    assert found.pooled == ("new", "old")
    assert list(found.strata.index) == ["kept", "other"]
    assert found.mix == pytest.approx(0, abs=1e-12)
    assert found.within.value == pytest.approx(-4 / 60)


def test_a_stratum_that_only_came_counts_as_mix():
    found = mix_effect([40, 0], [50, 0], [40, 1], [50, 10])
    assert found.within.value == 0
    assert found.mix == pytest.approx(found.change) == pytest.approx(41 / 60 - 0.8)


def test_a_stratum_that_one_group_lacks_is_pooled_for_all():
    found = standardised(list("aabbcc"), [1, 2, 1, 2, 1, 1], [8, 6, 3, 4, 1, 1], [10, 10, 5, 5, 2, 2])
    assert found.pooled == ("c",)
    # Group 2 has no case of "other", which is only "c": it is left out of the comparison for both.
    assert found.left_out == pytest.approx(4 / 34)
    assert list(found.weights.index) == ["a", "b"]
    assert found.groups.loc[1, "value"] == pytest.approx((0.8 * 20 + 0.6 * 10) / 30)
    two = standardised(list("aabc"), [1, 2, 1, 2], [8, 6, 1, 2], [10, 10, 2, 4])
    assert (two.pooled, two.left_out) == (("b", "c"), 0)


def test_a_mix_given_is_used():
    found = stones(weights={"small": 1, "large": 3})
    assert list(found.weights) == [0.75, 0.25]
    assert found.groups.loc["surgery", "value"] == pytest.approx(0.25 * 81 / 87 + 0.75 * 192 / 263)


def test_tickets_one_a_row_say_the_same_as_counts():
    rows = STONES.loc[STONES.index.repeat(STONES["n"])].reset_index(drop=True)
    good = rows.groupby(["size", "treatment"]).cumcount() < rows["cured"]
    single = standardised(rows["size"], rows["treatment"], good, np.ones(len(rows)))
    pd.testing.assert_frame_equal(single.groups, stones().groups)


@pytest.mark.slow
@pytest.mark.parametrize(("strata", "least", "most"), [(2, 5, 20), (10, 1, 5), (30, 3, 8), (5, 20, 500)])
def test_a_standardised_share_is_covered_about_as_often_as_stated(strata, least, most):
    rng, hits = np.random.default_rng(7), 0
    for _ in range(150):
        truth, n = np.clip(rng.normal(0.88, 0.08, strata), 0.05, 0.99), rng.integers(least, most + 1, strata)
        weights = dict(enumerate(rng.dirichlet(np.full(strata, 2))))
        row = standardised(range(strata), ["x"] * strata, rng.binomial(n, truth), n, weights).groups.loc["x"]
        hits += row["low"] <= truth @ np.array(list(weights.values())) <= row["high"]
    assert 0.9 <= hits / 150 <= 1


@pytest.mark.slow
def test_what_changed_within_is_covered_about_as_often_as_stated():
    rng, hits = np.random.default_rng(8), 0
    for _ in range(300):
        n = rng.integers(5, 60, (2, 6))
        truth = np.clip(rng.normal(0.8, 0.1, (2, 6)), 0.05, 0.98)
        k = rng.binomial(n, truth)
        found = mix_effect(k[0], n[0], k[1], n[1])
        average = (n / n.sum(axis=1, keepdims=True)).mean(axis=0)
        hits += found.within.low <= average @ (truth[1] - truth[0]) <= found.within.high
    assert 0.92 <= hits / 300 <= 0.99


def test_no_case_on_a_side_is_no_data():
    found = mix_effect([0, 0], [0, 0], [4, 1], [5, 5])
    assert math.isnan(found.before)
    assert found.after == 0.5
    assert math.isnan(found.within.value)
    assert math.isnan(found.change)
    empty = mix_effect([], [], [], [])
    assert empty.within.n == 0
    found = standardised(["a", "b", "a"], [1, 1, 2], [4, 5, 0], [5, 9, 0])
    assert found.pooled == ()
    table = found.groups
    assert table.loc[2, "n"] == 0
    assert math.isnan(table.loc[2, "value"])
    assert table.loc[1, "value"] == pytest.approx(9 / 14)
    assert len(standardised([], [], [], []).groups) == 0


def test_a_stratum_that_is_called_other_is_no_trouble():
    found = mix_effect(*(pd.Series(v, index=["other", "a", "b"]) for v in ([4, 2, 0], [9, 5, 0], [5, 0, 2], [9, 0, 4])))
    assert found.mix + found.within.value == pytest.approx(found.change, abs=1e-12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: standardised(["a"], ["x"], [3], [2]), "between 0 and n"),
        (lambda: standardised(["a"], ["x"], [1, 1], [2, 2]), "one of each a row"),
        (lambda: standardised([None], ["x"], [1], [2]), "missing"),
        (lambda: stones(weights={"small": 1}), "'large' has no weight"),
        (lambda: stones(weights={"small": -1, "large": 2}), "0 or more"),
        (lambda: mix_effect([1], [2], [1, 1], [2, 2]), "equally long"),
        (lambda: mix_effect([3], [2], [1], [2]), "between 0 and n"),
    ],
)
def test_impossible_strata_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_against_expected_keeps_the_common_share_and_needs_no_stratum_everywhere():
    found = against_expected(["x", "x", "y", "z"], ["a", "b", "b", "c"], [8, 5, 1, 3], [10, 10, 10, 10])
    assert found.loc["c", "value"] == pytest.approx(17 / 40), "what one group has alone says nothing of it"
    assert (found["value"] * found["n"]).sum() / found["n"].sum() == pytest.approx(17 / 40)
    assert found.loc["a", "expected"] == pytest.approx(0.65) and found.loc["b", "expected"] == pytest.approx(
        (6.5 + 1) / 20
    )
    with pytest.raises(ValueError, match="must lie between"):
        against_expected(["x"], ["a"], [3], [2])
    with pytest.raises(ValueError, match="is missing"):
        against_expected([None], ["a"], [1], [2])
    assert against_expected([], [], [], []).empty
    assert isinstance(found, pd.DataFrame)
