"""The XmR chart against charts drawn by others, its rules one by one, and what chance alone does."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from sipnb.methods import spc
from sipnb.methods.spc import RULES, autocorrelation, log_xmr, rules, xmr

TYPES = {
    "Common Cause": "",
    "Above UCL": "outside",
    "Below LCL": "outside",
    "7 Points Above CL": "shift",
    "7 Points Below CL": "shift",
    "7 Point Trend (Increasing)": "trend",
    "7 Point Trend (Decreasing)": "trend",
    "2 in 3 Above CL": "two of three",
    "2 in 3 Below CL": "two of three",
}
SIGNALS = {
    "common_cause": "common",
    "special_cause_improvement": "improvement",
    "special_cause_concern": "concern",
}
#: A quiet series: no rule of any set applies to it.
QUIET = [1, -1, 2, -2, 1, -1, 2, -2, 1, -1, 2, -2, 1, -1, 2, -2]


@pytest.mark.slow
@pytest.mark.parametrize(("good", "column"), [("up", "inc"), ("down", "dec")])
def test_every_point_of_the_reference_charts_is_classed_and_limited_the_same(reference, good, column):
    table = reference("spc/ptd_fixture.csv")
    charts = 0
    for (_, screen), rows in table.groupby(["series", "screen"]):
        points = xmr(rows["y"], good=good, screen=bool(screen)).points
        expected = rows[["mean", "lpl", "upl"]].to_numpy()
        np.testing.assert_allclose(points[["mean", "low", "high"]].to_numpy(), expected, rtol=0, atol=1e-9)
        assert list(points["rule"]) == list(rows["special_cause_type"].map(TYPES))
        assert list(points["signal"]) == list(rows[column].map(SIGNALS))
        charts += 1
    assert charts == 240


def test_the_stable_reference_set_has_its_limits_and_signals(reference):
    table = reference("spc/ptd_RRK_stable.csv")
    chart = xmr(table["y"], good="down")
    first = chart.points.iloc[0]
    assert tuple(first[["mean", "low", "high"]]) == pytest.approx((1711.875, 849.793, 2573.957), abs=1e-3)
    counts = chart.points["signal"].value_counts().to_dict()
    assert counts == {"common": 15, "improvement": 8, "concern": 1}
    assert chart.signals == 9
    assert not chart.trial


def test_a_rebased_chart_has_limits_and_runs_of_each_group_apart(reference):
    table = reference("spc/ptd_RRK_rebase.csv")
    chart = xmr(table["y"], good="down", groups=table["rebase_group"])
    np.testing.assert_allclose(chart.points["low"], table["lpl"], atol=1e-9)
    np.testing.assert_allclose(chart.points["high"], table["upl"], atol=1e-9)
    assert list(chart.points["signal"]) == list(table["point_type"].map(SIGNALS))
    assert chart.trial  # the latest group has nine points


def test_screening_leaves_out_the_moving_ranges_of_a_single_spike():
    y = pd.Series([1, 2, 1, 2, 10, *[1, 2] * 6, 1])
    screened, plain = (xmr(y, screen=screen).points.iloc[0] for screen in (True, False))
    assert (screened["low"], screened["high"]) == pytest.approx((-0.72, 4.60), abs=0.005)
    assert (plain["low"], plain["high"]) == pytest.approx((-3.06, 6.95), abs=0.005)


def test_a_point_on_the_mean_breaks_a_run_on_one_side():
    half = [2.0, 1.0, 2.0]
    broken = pd.Series([*half, 0.0, *half, *[-5.0, 5.0] * 3, -10.0])
    assert broken.mean() == 0
    assert "shift" not in set(xmr(broken).points["rule"])
    whole = pd.Series([*half, 0.5, *half, *[-5.0, 5.0] * 3, -10.5])
    assert list(xmr(whole).points["rule"].head(7)) == ["shift"] * 7


def test_an_equal_neighbour_breaks_a_trend():
    rising = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    quiet = [value / 2 for value in QUIET]
    assert (xmr(pd.Series(quiet + rising)).points["rule"] == "trend").sum() >= 7
    broken = [0.0, 0.1, 0.2, 0.3, 0.3, 0.4, 0.5]
    assert "trend" not in set(xmr(pd.Series(quiet + broken)).points["rule"])


def test_no_data_is_a_row_of_its_own_and_changes_nothing_else():
    y = pd.Series(QUIET, index=pd.period_range("2024-01", periods=16, freq="M"), dtype=float)
    gapped = y.reindex(pd.period_range("2023-12", periods=18, freq="M"))
    chart, plain = xmr(gapped), xmr(y)
    assert list(chart.points.loc[gapped.isna(), "signal"]) == ["no data", "no data"]
    pd.testing.assert_frame_equal(chart.points.loc[y.index], plain.points, check_freq=False)
    assert (chart.n, chart.variation, chart.trial) == (16, "common", False)


@pytest.mark.parametrize("y", [[], [math.nan, math.nan]])
def test_a_series_without_data_is_no_data(y):
    chart = xmr(pd.Series(y, dtype=float), target=1)
    assert (chart.variation, chart.assurance, chart.n) == ("no data", "no target", 0)
    assert chart.trial


@pytest.mark.parametrize(
    ("good", "target", "assurance"),
    [
        ("up", 100, "consistently fails"),
        ("up", -100, "consistently meets"),
        ("up", 0, "hit and miss"),
        ("down", 100, "consistently meets"),
        ("down", -100, "consistently fails"),
        ("up", None, "no target"),
        ("neutral", 0, "no target"),
    ],
)
def test_assurance_is_where_the_target_lies_from_the_limits(good, target, assurance):
    assert xmr(pd.Series(QUIET), good=good, target=target).assurance == assurance


@pytest.mark.parametrize(("good", "signal"), [("up", "improvement"), ("down", "concern"), ("neutral", "neutral high")])
def test_the_same_high_point_means_what_the_good_direction_makes_of_it(good, signal):
    chart = xmr(pd.Series([*QUIET, 30]), good=good)
    assert (chart.variation, chart.points["rule"].iloc[-1]) == (signal, "outside")
    assert chart.points["direction"].iloc[-1] == 1


def test_sets_of_rules_differ_in_the_length_of_a_run():
    y = pd.Series([*[value - 0.5 for value in QUIET], *[1.0, 1.2] * 3, 1.0])
    found = {name: set(xmr(y, rules=name).points["rule"].tail(7)) for name in RULES}
    assert found["nhs"] == {"shift"}
    assert found["servicenow"] == {"shift"}
    assert found["wheeler"] == {""}
    longer = pd.Series([*y, 1.2])
    assert set(xmr(longer, rules="wheeler").points["rule"].tail(8)) == {"shift"}


def test_three_of_four_near_a_limit_is_a_signal_of_wheelers_rules_only_from_half_way():
    y = pd.Series([*QUIET, 5, 1, 5, 5, -5, -1, -1, -4, -5])
    wheeler = xmr(y, rules="wheeler").points
    assert wheeler["high"].iloc[0] / 2 < 5 < wheeler["high"].iloc[0] * 2 / 3
    assert list(np.flatnonzero(wheeler["rule"] == "three of four")) == [16, 18, 19]
    assert "three of four" not in set(xmr(y, rules="servicenow").points["rule"])


@pytest.mark.slow
@pytest.mark.parametrize("rules", list(RULES))
def test_the_tabled_number_of_false_signals_is_what_chance_gives(rules):
    rng = np.random.default_rng(11)
    charts = [xmr(pd.Series(rng.normal(size=24)), rules=rules) for _ in range(500)]
    flagged = [chart.signals for chart in charts]
    error = np.std(flagged) / math.sqrt(500)
    assert np.mean(flagged) == pytest.approx(charts[0].expected_false, abs=4 * error)
    assert np.mean(np.array(flagged) > 0) == pytest.approx(charts[0].chance_of_any, abs=0.07)


def test_a_stable_series_of_two_years_shows_a_signal_about_every_fifth_time():
    assert xmr(pd.Series(np.arange(24) % 5)).chance_of_any == pytest.approx(0.195, abs=0.015)
    assert spc.chance_of_any(24, "nhs", autocorrelation=0.3) == pytest.approx(0.477, abs=0.02)


def test_autocorrelation_brings_the_tabled_number_of_false_signals():
    rng = np.random.default_rng(5)
    y = rng.normal(size=(400, 24))
    for at in range(1, 24):
        y[:, at] = 0.45 * y[:, at - 1] + math.sqrt(1 - 0.45**2) * y[:, at]
    flagged = np.array([xmr(pd.Series(row)).signals for row in y])
    assert flagged.mean() == pytest.approx(spc.expected_false(24, "nhs", 0.45), abs=4 * flagged.std() / 20)
    assert (flagged > 0).mean() == pytest.approx(spc.chance_of_any(24, "nhs", 0.45), abs=0.1)


def test_more_autocorrelation_and_more_points_bring_more_false_signals():
    expected = [[spc.expected_false(n, "nhs", r) for r in (-0.5, 0, 0.1, 0.3, 0.5, 0.6)] for n in (7, 20, 24, 60, 240)]
    assert (np.diff(expected, axis=0) > 0).all()
    assert (np.diff(expected, axis=1)[:, 1:] > 0).all()
    assert expected[0][0] == expected[0][1]  # below none it counts as none
    assert spc.expected_false(24, "nhs", 0.9) == spc.expected_false(24, "nhs", 0.6)
    assert spc.expected_false(240) == pytest.approx(2 * spc.expected_false(120))


def test_limits_from_all_moving_ranges_leave_fewer_false_signals():
    y = pd.Series(QUIET[:12])
    screened, plain = xmr(y), xmr(y, screen=False)
    assert plain.expected_false < screened.expected_false
    assert plain.chance_of_any < screened.chance_of_any


def test_groups_add_up_their_false_signals():
    halves = xmr(pd.Series([*QUIET, *QUIET]), groups=[0] * 16 + [1] * 16)
    one = xmr(pd.Series(QUIET))
    assert halves.expected_false == pytest.approx(2 * one.expected_false)
    assert halves.chance_of_any == pytest.approx(1 - (1 - one.chance_of_any) ** 2)


def test_autocorrelation_is_high_in_a_slow_series_and_low_in_a_nervous_one():
    assert autocorrelation(np.sin(np.arange(60) / 10)) > 0.9
    assert autocorrelation([1, -1] * 20) < -0.9
    assert math.isnan(autocorrelation([3, 3, 3, 3]))
    assert math.isnan(autocorrelation([1, 2]))
    assert math.isnan(autocorrelation([]))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"good": "higher"}, "choose one of up, down, neutral"),
        ({"rules": "nelson"}, "choose one of nhs, wheeler, servicenow"),
        ({"groups": [0, 0, 1]}, "one label for each of the 4"),
        ({"groups": [0, 1, 0, 1]}, "one stretch of time"),
    ],
)
def test_wrong_options_are_refused_with_what_to_do(options, words):
    with pytest.raises(ValueError, match=words):
        xmr(pd.Series([1.0, 2.0, 3.0, 4.0]), **options)


def test_an_infinite_value_is_refused_by_its_label():
    with pytest.raises(ValueError, match="'b'"):
        xmr(pd.Series([1.0, np.inf], index=["a", "b"]))


def test_a_constant_series_has_no_signal_even_where_its_mean_is_rounded():
    y = pd.Series([0.1, math.nan, 0.1, 0.1])
    assert y.dropna().to_numpy().mean() != 0.1
    assert xmr(y).signals == 0
    assert log_xmr(y).signals == 0


def test_rare_events_among_zeros_do_not_flag_every_point():
    y = pd.Series([0.0] * 20)
    y[[4, 11]] = 1.0
    chart = xmr(y)
    assert chart.points["high"].iloc[0] > 0.5
    assert set(chart.points.loc[y == 0, "rule"]) <= {"", "shift"}


def test_the_limits_of_individuals_are_those_of_a_published_chart_of_moving_ranges(reference):
    table = reference("spc/qicharts2_ref_ex_6.5_4.csv")
    baseline = table.loc[table["baseline"], "y.sum"]
    mean, half = spc.limits(baseline.to_numpy(float), screen=False)
    assert mean == pytest.approx(300.5)
    assert half / 2.66 == pytest.approx(table["cl"].iloc[0], abs=1e-9)
    assert half / 2.66 * 3.267 == pytest.approx(table["ucl"].iloc[0], abs=1e-9)


def test_a_log_chart_is_the_chart_of_the_logarithms_in_the_values_own_unit():
    y = pd.Series(np.exp([*QUIET, 12.0]))
    chart, logs = log_xmr(y, good="down", target=1.0), xmr(np.log(y), good="down", target=0.0)
    np.testing.assert_allclose(np.log(chart.points[["mean", "low", "high"]]), logs.points[["mean", "low", "high"]])
    assert list(chart.points["rule"]) == list(logs.points["rule"])
    assert chart.points["mean"].iloc[0] == pytest.approx(math.exp(np.log(y).mean()))
    assert (chart.variation, chart.assurance) == (logs.variation, logs.assurance) == ("concern", "hit and miss")
    assert (chart.kind, logs.kind) == ("log XmR", "XmR")
    assert chart.autocorrelation == pytest.approx(logs.autocorrelation)


def test_skewed_durations_have_fewer_false_signals_on_the_log_chart():
    y = np.exp(np.random.default_rng(2).normal(size=(60, 24)))
    outside = [sum((chart(pd.Series(row)).points["rule"] == "outside").sum() for row in y) for chart in (log_xmr, xmr)]
    assert outside[0] < outside[1] / 3


@pytest.mark.parametrize("value", [0.0, -2.0])
def test_a_log_chart_refuses_what_has_no_logarithm_and_says_what_to_do(value):
    with pytest.raises(ValueError, match=r"'b': -?\d has no logarithm.*t_chart"):
        log_xmr(pd.Series([1.0, value], index=["a", "b"]))


def test_near_a_limit_is_measured_on_its_own_side():
    score = np.array([0.0, 5.0, 5.0, 1.0, -1.0, -5.0, -5.0, -1.0])
    flagged, direction = rules.flag(score, 0.0, -6.0, 9.0, RULES["nhs"])
    named = rules.names(RULES["nhs"])[flagged]
    assert list(named) == ["", "", "", "", "", "two of three", "two of three", ""]  # -5 of -6, not 5 of 9
    assert list(direction[5:7]) == [-1, -1]


def test_limits_may_differ_by_point():
    score = np.array([0.0, 2.0, 0.0, 2.0, 0.0])
    high = np.array([3.0, 3.0, 3.0, 1.0, 3.0])
    flagged, _ = rules.flag(score, 0.0, -high, high, RULES["nhs"])
    assert list(rules.names(RULES["nhs"])[flagged]) == ["", "", "", "outside", ""]


def test_a_turning_point_belongs_to_the_run_on_its_right():
    peak = [0, 1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1, 0]
    for sign in (1, -1):
        _, direction = rules.flag(sign * np.array(peak, float), 3.0 * sign, -99, 99, RULES["nhs"])
        assert list(direction * sign) == [1] * 6 + [-1] * 7


def test_many_series_are_flagged_at_once_as_one_by_one():
    y = np.random.default_rng(4).normal(size=(50, 30)).cumsum(axis=1) / 3
    mean = y.mean(axis=1, keepdims=True)
    for ruleset in RULES.values():
        together, way = rules.flag(y, mean, mean - 2, mean + 2, ruleset)
        for row in range(50):
            alone, one_way = rules.flag(y[row], mean[row], mean[row] - 2, mean[row] + 2, ruleset)
            assert (alone == together[row]).all() and (one_way == way[row]).all()


def test_a_baseline_is_reset_only_with_a_reason():
    months = pd.period_range("2025-01", periods=6, freq="M")
    groups = spc.groups_from(months, [(months[4], "second site joined"), (months[2], "new supplier")])
    assert list(groups) == [0, 0, 1, 1, 2, 2]
    assert list(spc.groups_from(months, [])) == [0] * 6
    for reason in ("", "  ", None):
        with pytest.raises(ValueError, match="without a reason"):
            spc.groups_from(months, [(months[2], reason)])
    with pytest.raises(ValueError, match="names 0 points"):
        spc.groups_from(months, [(pd.Period("2027-01"), "typing error")])
    with pytest.raises(ValueError, match="twice"):
        spc.groups_from(months, [(months[2], "one"), (months[2], "two")])


def test_a_chart_says_how_related_the_latest_groups_points_are():
    y = pd.Series([*[1.0, -1.0] * 10, *np.sin(np.arange(20) / 5)])
    chart = xmr(y, groups=[0] * 20 + [1] * 20)
    assert chart.autocorrelation == pytest.approx(autocorrelation(y[20:]))
    assert chart.autocorrelation > 0.8
    assert math.isnan(chart.sigma_z)
