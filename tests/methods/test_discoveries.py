"""False discoveries: the published example, and what a missing test does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sipnb.methods.discoveries import benjamini_hochberg, holm


def test_the_fifteen_tests_of_1995_hold_four_findings(reference):
    p = reference("proportions/bh1995_pvalues.csv")["p"]
    table = benjamini_hochberg(p)
    assert table["rejected"].sum() == 4
    assert (p <= 0.05 / len(p)).sum() == 3  # Bonferroni finds one less
    assert (p <= 0.05).sum() == 9


def test_adjusted_values_by_hand():
    # 0.01 x 4/1, 0.02 x 4/2, 0.03 x 4/3, 0.5: each no larger than the one after it.
    assert list(benjamini_hochberg([0.5, 0.01, 0.03, 0.02])["adjusted"]) == pytest.approx([0.5, 0.04, 0.04, 0.04])


def test_a_missing_p_is_no_test_and_the_index_is_kept():
    p = pd.Series([0.01, np.nan, 0.04, None], index=list("abcd"))
    table = benjamini_hochberg(p)
    assert list(table.index) == list("abcd")
    assert list(table.loc[["a", "c"], "adjusted"]) == pytest.approx([0.02, 0.04])
    assert table["adjusted"].isna().tolist() == [False, True, False, True]
    assert table["rejected"].tolist() == [True, False, True, False]
    assert table["rejected"].dtype == bool


def test_no_test_at_all_finds_nothing():
    assert len(benjamini_hochberg([])) == 0
    assert not benjamini_hochberg([np.nan])["rejected"].any()


def test_of_true_nulls_alone_anything_is_found_in_one_set_of_twenty():
    rng = np.random.default_rng(1)
    found = [benjamini_hochberg(rng.random(30))["rejected"].any() for _ in range(600)]
    assert 0.02 <= np.mean(found) <= 0.08


@pytest.mark.parametrize("p", [[0.1, 1.2], [0.1, -0.1]])
def test_an_impossible_p_is_refused_by_its_place(p):
    with pytest.raises(ValueError, match="test 1"):
        benjamini_hochberg(p)


def test_a_level_in_percent_is_refused():
    with pytest.raises(ValueError, match=r"0\.05"):
        benjamini_hochberg([0.1], level=5)


def test_holm_is_the_published_procedure():
    """Holm (1979) by hand: .01 x 4, .02 x 3, .03 x 2 and .04 x 1, each at least the one before."""
    found = holm(pd.Series([0.03, 0.01, np.nan, 0.04, 0.02], index=list("cadeb")))
    assert found["adjusted"].drop("d").to_dict() == pytest.approx({"c": 0.06, "a": 0.04, "e": 0.06, "b": 0.06})
    assert list(found.index[found["rejected"]]) == ["a"] and np.isnan(found.at["d", "adjusted"])
    assert holm([])["rejected"].empty


def test_holm_is_wrong_anywhere_in_five_of_a_hundred_families_at_most():
    p = np.random.default_rng(4).uniform(size=(2000, 8))
    assert np.mean([holm(row)["rejected"].any() for row in p]) == pytest.approx(0.05, abs=0.015)
