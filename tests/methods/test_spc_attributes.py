"""Charts of counts and shares against published ones."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from sipnb.methods.spc import c_chart, p_chart, u_chart


def lines(chart, point=0):
    return tuple(chart.points[["mean", "low", "high"]].iloc[point])


def test_laneys_chart_of_accident_departments_has_its_limits_at_every_point(reference):
    table = reference("spc/laney_pprime_nhs_accidents.csv")
    chart = p_chart(table["y.sum"], table["n"])
    assert chart.points["mean"].to_numpy() == pytest.approx(table["cl"].to_numpy(), abs=1e-12)
    assert chart.points["mean"].iloc[0] == pytest.approx(0.9528997, abs=5e-8)
    assert chart.points["low"].to_numpy() == pytest.approx(table["pp_lcl"].to_numpy(), abs=1e-12)
    assert chart.points["high"].to_numpy() == pytest.approx(table["pp_ucl"].to_numpy(), abs=1e-12)
    assert chart.sigma_z == pytest.approx(10.64042, abs=5e-6)
    assert (chart.points["rule"] == "outside").sum() == 0
    assert (chart.kind, chart.n) == ("p′", 20)


def test_the_plain_chart_of_accident_departments_calls_sixteen_of_twenty_outside(reference):
    table = reference("spc/laney_pprime_nhs_accidents.csv")
    chart = p_chart(table["y.sum"], table["n"], prime=False)
    assert chart.points["low"].to_numpy() == pytest.approx(table["p_lcl"].to_numpy(), abs=1e-12)
    assert chart.points["high"].to_numpy() == pytest.approx(table["p_ucl"].to_numpy(), abs=1e-12)
    assert (chart.points["rule"] == "outside").sum() == 16
    assert chart.kind == "p"
    assert math.isnan(chart.sigma_z)


def test_montgomerys_orange_juice_cans_have_the_textbooks_p_chart(reference):
    table = reference("spc/montgomery_tbl_07.03.csv")
    first = table[table["phase"] == 1].set_index("sample")
    trial = p_chart(first["count"], first["size"], good="down", prime=False)
    assert lines(trial) == pytest.approx((0.2313, 0.0524, 0.4102), abs=1e-4)
    assert list(trial.points.index[trial.points["rule"] == "outside"]) == [15, 23]
    kept = first.drop(index=[15, 23])
    revised = p_chart(kept["count"], kept["size"], good="down", prime=False)
    assert lines(revised) == pytest.approx((0.2150, 0.0407, 0.3893), abs=1e-4)
    assert list(revised.points.index[revised.points["rule"] == "outside"]) == [21]


def test_montgomerys_adjusted_machine_has_limits_of_its_own(reference):
    table = reference("spc/montgomery_tbl_07.03.csv").set_index("sample").loc[:54]
    chart = p_chart(table["count"], table["size"], good="down", prime=False, groups=table["phase"])
    assert lines(chart, -1) == pytest.approx((0.1108, 0.0, 0.2440), abs=1e-4)
    assert lines(chart) == pytest.approx((0.2313, 0.0524, 0.4102), abs=1e-4)


def test_montgomerys_circuit_boards_have_the_references_c_chart(reference):
    drawn = reference("spc/qicharts2_ref_ex_7.3_3.csv")
    counts = reference("spc/montgomery_tbl_07.08.csv").set_index("sample")["count"]
    kept = counts.loc[:26].drop(index=[6, 20])
    chart = c_chart(kept)
    expected = tuple(drawn[["cl", "lcl", "ucl"]].iloc[0])
    assert lines(chart) == pytest.approx(expected, abs=1e-9)
    assert lines(chart) == pytest.approx((19.67, 6.36, 32.97), abs=5e-3)
    assert (chart.kind, chart.points["signal"].iloc[-1]) == ("c", "common")
    beyond = counts[(counts > chart.points["high"].iloc[0]) | (counts < chart.points["low"].iloc[0])]
    assert list(beyond.index) == list(drawn.loc[drawn["sigma.signal"], "x"]) == [6, 20]


def test_montgomerys_supply_chain_has_the_references_u_chart(reference):
    drawn, table = reference("spc/qicharts2_ref_ex_7.4_1.csv"), reference("spc/montgomery_tbl_07.10.csv")
    chart = u_chart(table["count"], table["size"], prime=False)
    assert chart.points["value"].to_numpy() == pytest.approx(drawn["y"].to_numpy(), abs=1e-12)
    assert lines(chart) == pytest.approx(tuple(drawn[["cl", "lcl", "ucl"]].iloc[0]), abs=1e-9)
    assert (chart.points["rule"] == "outside").sum() == 0
    assert chart.kind == "u"


def test_infections_fall_after_the_intervention(reference):
    table = reference("spc/qicharts2_cdi.csv", parse_dates=["month"]).set_index("month")
    chart = u_chart(table["n"], table["days"])
    assert chart.points["mean"].iloc[0] == pytest.approx(table["n"].sum() / table["days"].sum())
    after = chart.points[table["period"] == "post"]
    assert chart.variation == "improvement"
    assert (after["direction"] == -1).mean() > 0.8
    apart = u_chart(table["n"], table["days"], groups=table["period"])
    assert apart.points["mean"].iloc[-1] < apart.points["mean"].iloc[0] / 2
    assert apart.signals < chart.signals / 3


def test_readmissions_by_month_are_a_share_of_varying_cases(reference):
    table = reference("spc/qicharts2_cabg.csv", parse_dates=["date"])
    months = table.groupby(table["date"].dt.to_period("M"))["readmission"].agg(["sum", "count"])
    chart = p_chart(months["sum"], months["count"], good="down")
    width = chart.points["high"] - chart.points["mean"]
    np.testing.assert_allclose(width * np.sqrt(months["count"]), (width * np.sqrt(months["count"])).iloc[0])
    assert chart.points["mean"].iloc[0] == pytest.approx(table["readmission"].mean())
    assert 0.5 < chart.sigma_z < 2  # patients are near enough to coin tosses


def test_a_point_without_cases_is_no_data_and_changes_nothing_else():
    good, cases = pd.Series([45.0, 48, 0, 44, np.nan, 47]), pd.Series([50.0, 50, 0, 50, 50, np.nan])
    chart = p_chart(good, cases)
    assert list(chart.points["signal"] == "no data") == [False, False, True, False, True, True]
    plain = p_chart(good[[0, 1, 3]], cases[[0, 1, 3]])
    pd.testing.assert_frame_equal(chart.points.loc[[0, 1, 3]], plain.points)
    assert (chart.n, chart.variation) == (3, "common")


@pytest.mark.parametrize("share", [0, 1])
@pytest.mark.parametrize("prime", [True, False])
def test_nothing_but_failures_or_successes_has_no_spread_and_no_signal(share, prime):
    cases = pd.Series([10, 20, 30] * 5)
    chart = p_chart(cases * share, cases, prime=prime)
    assert chart.signals == 0
    assert lines(chart) == (share, share, share)


def test_equal_shares_have_no_signal_though_their_sizes_differ():
    cases = pd.Series([10, 20, 40, 70, 30, 10, 90, 100, 20, 30])
    chart = p_chart(cases * 0.7, cases)
    assert (chart.signals, chart.sigma_z) == (0, 0)
    assert p_chart(cases * 0.7, cases, prime=False).signals == 0


def test_a_single_point_has_the_limits_that_counting_gives():
    chart = p_chart([40], [50])
    assert lines(chart) == pytest.approx((0.8, 0.8 - 3 * math.sqrt(0.16 / 50), 0.8 + 3 * math.sqrt(0.16 / 50)))
    assert (chart.signals, chart.n, chart.trial) == (0, 1, True)


def test_no_point_at_all_is_no_data():
    chart = p_chart(pd.Series([], dtype=float), pd.Series([], dtype=float), target=0.9)
    assert (chart.n, chart.variation, chart.assurance) == (0, "no data", "no target")
    assert u_chart([0, 0], [0, 0]).variation == "no data"


def test_limits_stop_where_the_scale_ends():
    cases = pd.Series([20] * 14)
    chart = p_chart(pd.Series([20, 19, 20, 18, 20, 20, 19, 17, 20, 20, 19, 20, 20, 18]), cases, target=1.0)
    assert chart.points["high"].max() == 1.0
    assert chart.points["low"].min() > 0
    assert chart.assurance == "hit and miss"
    assert c_chart([1, 0, 2, 1, 0, 1]).points["low"].min() == 0


def test_assurance_is_read_from_the_latest_points_own_limits():
    good, cases = pd.Series([90, 91, 89, 90, 18]), pd.Series([100, 100, 100, 100, 20])
    assert p_chart(good, cases, target=0.8, prime=False).assurance == "hit and miss"  # wide limits of 20 cases
    assert p_chart(good[:4], cases[:4], target=0.8, prime=False).assurance == "consistently meets"


def test_a_rise_is_what_the_reader_sees_not_the_z_score():
    cases = pd.Series([1000, 500, 250, 120, 60, 30, 15] + [400] * 8)
    share = np.array([0.50, 0.51, 0.52, 0.53, 0.54, 0.55, 0.56] + [0.53, 0.50, 0.52, 0.49] * 2)
    chart = p_chart(share * cases, cases)
    assert list(chart.points["rule"].head(7)) == ["trend"] * 7


def test_prime_limits_are_as_wide_as_counts_really_vary():
    rng = np.random.default_rng(0)
    poisson = pd.Series(rng.poisson(30, 200))
    spread = pd.Series(rng.poisson(30 * rng.gamma(5, 1 / 5, 200)))
    assert c_chart(poisson, prime=True).sigma_z == pytest.approx(1, abs=0.15)
    wide = c_chart(spread, prime=True)
    assert wide.kind == "u′"
    assert wide.sigma_z == pytest.approx(math.sqrt(1 + 30 / 5), rel=0.2)
    assert wide.signals < c_chart(spread).signals / 3
    assert u_chart(spread, pd.Series([1] * 200)).points.equals(wide.points)


def test_screening_leaves_out_the_moving_ranges_of_a_spike():
    counts = pd.Series([30, 34, 28, 31, 35, 29, 90, 32, 30, 27, 33, 31, 29, 34])
    assert c_chart(counts, prime=True, screen=True).sigma_z < c_chart(counts, prime=True).sigma_z / 1.5


@pytest.mark.slow
@pytest.mark.parametrize("prime", [True, False])
@pytest.mark.parametrize("mean", [3, 12])
def test_the_number_of_false_signals_of_small_counts_is_about_what_the_chart_says(prime, mean):
    rng = np.random.default_rng(8)
    charts = [c_chart(pd.Series(rng.poisson(mean, 24)), prime=prime) for _ in range(500)]
    flagged = np.array([chart.signals for chart in charts])
    said = np.mean([chart.expected_false for chart in charts])
    assert flagged.mean() == pytest.approx(said, abs=0.1 * said + 3 * flagged.std() / math.sqrt(500))


@pytest.mark.parametrize(
    ("numerator", "denominator", "words"),
    [
        ([1, 5], [2, 4], "'b': 5 of 4 is not a share"),
        ([1, -1], [2, 4], "'b': -1 of 4 is not a share"),
        ([1, 1], [2, 0], "'b': 1 of 0 is not a share"),
        ([1, math.inf], [2, math.inf], "'b': the value is infinite"),
    ],
)
def test_what_is_no_share_is_refused_by_its_label(numerator, denominator, words):
    index = ["a", "b"]
    with pytest.raises(ValueError, match=words):
        p_chart(pd.Series(numerator, index), pd.Series(denominator, index))


def test_what_is_no_rate_is_refused_by_its_label():
    with pytest.raises(ValueError, match="1: -1 of 1 is not a rate"):
        c_chart([3, -1])
    with pytest.raises(ValueError, match="0: 2 of 0 is not a rate"):
        u_chart([2, 1], [0, 5])
    with pytest.raises(ValueError, match="labelled differently"):
        u_chart(pd.Series([1, 2]), pd.Series([1, 2], index=[1, 2]))
    with pytest.raises(ValueError, match="2 counts for 3 sizes"):
        u_chart([1, 2], [1, 2, 3])
