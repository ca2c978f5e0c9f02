"""The XmR chart against charts drawn by others, and its rules one by one."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from sipnb.methods.spc import RULES, autocorrelation, xmr

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
