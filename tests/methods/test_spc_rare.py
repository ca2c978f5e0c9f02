"""Charts of gaps between events, and daily values without the pattern of the week."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from sipnb.methods.spc import t_chart, weekday_adjusted, xmr


def lines(chart, point=0):
    return tuple(chart.points[["mean", "low", "high"]].iloc[point])


def test_montgomerys_valve_failures_have_the_references_t_chart(reference):
    drawn = reference("spc/qicharts2_ref_ex_7.6_1.csv")
    hours = reference("spc/montgomery_tbl_07.14.csv")["hours"]
    chart = t_chart(hours)
    assert lines(chart) == pytest.approx(tuple(drawn[["cl", "lcl", "ucl"]].iloc[0]), rel=1e-9)
    assert (chart.kind, chart.signals, chart.variation) == ("t", 0, "common")


def test_events_that_come_faster_are_a_run_on_the_low_side():
    rng = np.random.default_rng(1)
    gaps = pd.Series([*rng.geometric(1 / 60, 20), *rng.geometric(1 / 8, 12)])
    latest = t_chart(gaps).points.tail(12)
    assert (latest["signal"] == "concern").sum() >= 7
    assert "shift" in set(latest["rule"])


def test_a_very_long_gap_is_good_news():
    gaps = pd.Series([10, 4, 22, 15, 8, 30, 2, 12, 18, 6, 25, 9, 14, 400])
    assert t_chart(gaps).variation == "improvement"
    assert t_chart(gaps, good="down").variation == "concern"


def test_gaps_of_nothing_are_allowed():
    gaps = pd.Series([0.0, 3, 12, 0, 7, 1, 5, 0, 9, 2, 4, 6, 3])
    chart = t_chart(gaps)
    assert (chart.n, chart.signals) == (13, 0)
    assert (chart.points["low"] == 0).all()


@pytest.mark.parametrize("gap", [0, 5])
def test_equal_gaps_have_no_signal(gap):
    assert t_chart(pd.Series([gap] * 15)).signals == 0


def test_a_missing_gap_is_no_data_and_a_negative_one_is_refused():
    found = t_chart(pd.Series([3, math.nan, 8, 1]))
    assert list(found.points["signal"] == "no data") == [False, True, False, False]
    assert t_chart(pd.Series([], dtype=float)).variation == "no data"
    with pytest.raises(ValueError, match="'b': a gap of -1 is negative"):
        t_chart(pd.Series([2, -1], index=["a", "b"]))


def week(level, weeks=12, seed=0):
    """Days with a weekly pattern: Monday double, Saturday a fifth, Sunday closed."""
    pattern = np.array([2.0, 1.2, 1.0, 1.0, 0.9, 0.2, 0.0])
    day = np.tile(np.arange(7), weeks)
    noise = np.exp(0.1 * np.random.default_rng(seed).normal(size=len(day)))
    return pd.Series(level * pattern[day] * noise, index=pd.date_range("2026-01-05", periods=len(day))), day


def test_the_pattern_of_the_week_is_taken_out_and_the_level_stays():
    values, day = week(100)
    adjusted = weekday_adjusted(values, day)
    assert adjusted[day == 6].isna().all()
    kept = adjusted[day != 6]
    means = kept.groupby(day[day != 6]).mean()
    assert means.max() / means.min() < 1.1
    assert kept.mean() == pytest.approx(values[day != 6].mean())
    width, pattern = (xmr(v).points["high"].iloc[0] - xmr(v).points["low"].iloc[0] for v in (kept, values[day != 6]))
    assert width < pattern / 4
    assert adjusted.index.equals(values.index)


def test_a_change_of_level_is_still_there_after_adjusting():
    values, day = week(100)
    values[-28:] *= 1.5
    adjusted = weekday_adjusted(values, day)
    assert adjusted[-28:].mean() / adjusted[:-28].mean() == pytest.approx(1.5, rel=0.05)


def test_a_few_extreme_days_do_not_make_the_pattern():
    values, day = week(100)
    spoilt = values.copy()
    spoilt.iloc[[7, 21]] *= 20  # two Mondays
    plain, robust = weekday_adjusted(values, day), weekday_adjusted(spoilt, day)
    others = np.delete(np.flatnonzero(day == 0), [1, 3])
    tuesdays = np.flatnonzero(day == 1)
    before, after = (a.iloc[others].mean() / a.iloc[tuesdays].mean() for a in (plain, robust))
    assert after == pytest.approx(before, rel=0.05)


def test_a_closed_day_with_one_stray_ticket_is_closed_and_rare_events_are_not():
    values, day = week(100)
    values.iloc[6] = 3.0
    assert weekday_adjusted(values, day)[day == 6].isna().all()
    rare = pd.Series(np.random.default_rng(1).poisson(0.3, 7 * 40))
    adjusted = weekday_adjusted(rare, np.tile(np.arange(7), 40))
    assert adjusted.notna().all()
    assert adjusted.mean() == pytest.approx(rare.mean())
    assert (adjusted[rare == 0] == 0).all()
    assert (weekday_adjusted(pd.Series([0.0] * 28), np.tile(np.arange(7), 4)) == 0).all()


@pytest.mark.parametrize(
    ("values", "day", "words"),
    [
        ([1.0, 2.0], [0], "for each of the 2 values"),
        ([1.0, 2.0], [0, 7], "0 to 6"),
        ([1.0, -2.0], [0, 1], "1: -2 cannot be adjusted"),
        ([1.0, 2.0], [0, 1], "weekday 0 has 1 values"),
    ],
)
def test_what_has_no_pattern_of_the_week_is_refused(values, day, words):
    with pytest.raises(ValueError, match=words):
        weekday_adjusted(pd.Series(values), day)
