"""Incidents after changes: nothing is found of nothing, a planted effect is, and windows are the right ones."""

from __future__ import annotations

import math
import time
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from sipnb.methods.excess import after_events

HOUR, DAY, WEEK = 3_600.0, 86_400.0, 604_800.0
WEEKS = 40


def incidents(rng, rate: float, bursts: bool = False) -> np.ndarray:
    """Times with busy office hours and quiet weekends, ``rate`` an hour at the busiest; alone or in bursts of 3."""
    begins = rng.uniform(0, WEEKS * WEEK, rng.poisson(rate * WEEKS * 168))
    hour = begins / HOUR
    busy = np.where(hour % 168 < 120, 1, 0.3) * np.where((hour % 24 > 8) & (hour % 24 < 18), 1, 0.35)
    begins = begins[rng.random(len(begins)) < busy]
    if bursts:
        size = rng.geometric(1 / 3, len(begins))
        begins = np.repeat(begins, size) + rng.exponential(0.5 * HOUR, size.sum())
    return begins


def judge(events, begins, **options):
    return after_events(events, begins, **({"window": DAY, "since": 0, "until": WEEKS * WEEK} | options))


@pytest.mark.slow
@pytest.mark.parametrize(("events", "bursts"), [(15, False), (80, False), (15, True), (80, True)])
def test_changes_without_effect_are_found_guilty_as_rarely_as_stated(events, bursts):
    rng, p, hits = np.random.default_rng(events), [], 0
    for _ in range(250):
        found = judge(rng.uniform(5 * WEEK, WEEKS * WEEK - DAY, events), incidents(rng, 0.06, bursts), draws=199)
        p.append(found.p)
        hits += found.low <= 0 <= found.high
    p = np.array(p)
    assert np.mean(p <= 0.05) <= 0.08  # 250 sets: two standard errors above .05
    assert 0.12 <= np.mean(p <= 0.2) <= 0.28
    assert 0.4 <= np.mean(p <= 0.5) <= 0.6
    assert hits / 250 >= 0.92


def test_weekly_changes_at_the_same_hours_are_judged_against_the_weeks_without_one():
    rng, p = np.random.default_rng(3), []
    for _ in range(150):
        events = (np.arange(5, WEEKS)[rng.random(WEEKS - 5) < 0.6] * 168 + 40 + rng.normal(0, 3)) * HOUR
        found = judge(events, incidents(rng, 0.1), draws=199)
        assert found.n + found.left_out == len(events)
        p.append(found.p)
    assert np.mean(np.array(p) <= 0.05) <= 0.09


def test_two_more_incidents_a_change_are_found_and_covered():
    rng, found_out, hits, ratios = np.random.default_rng(4), 0, 0, []
    for _ in range(60):
        events = np.sort(rng.uniform(5 * WEEK, WEEKS * WEEK - DAY, 20))
        caused = np.repeat(events, rng.poisson(2, 20))
        found = judge(events, np.append(incidents(rng, 0.05), caused + rng.uniform(0, DAY, len(caused))))
        found_out += found.p <= 0.05
        hits += found.low <= 2 * found.n <= found.high
        ratios.append(found.rate_ratio)
    assert found_out >= 57
    assert hits / 60 >= 0.9
    assert np.median(ratios) > 2


def test_busy_hours_are_not_blamed_on_the_changes_that_precede_them():
    rng = np.random.default_rng(5)
    mondays = np.arange(6, WEEKS, 5) * WEEK + 8 * HOUR  # just before the office opens
    begins = incidents(rng, 1.0)
    found = judge(mondays, begins, window=8 * HOUR)
    usual = len(begins) / (WEEKS * 168) * 8 * len(mondays)
    assert found.observed > 1.4 * usual
    assert found.p > 0.05
    assert 0.8 < found.rate_ratio < 1.25


def test_windows_are_counted_by_hand():
    event = 3 * WEEK
    begins = [
        event,
        event + 1,
        event + DAY,
        event + DAY + 1,
        event - WEEK + 1,
        event - 2 * WEEK + 5,
        event - 2 * WEEK + 6,
    ]
    found = judge([event], begins, until=4 * WEEK)
    # After the event, up to and including the end of the window: 2. The weeks before: 1, 2 and 0.
    assert (found.observed, found.expected, found.n, found.left_out) == (2, 1, 1, 0)
    assert (found.excess, found.rate_ratio) == (1, 2)


def test_chance_is_what_comes_of_dealing_the_days_to_the_weeks_anew():
    # 1 incident after the event, 2 and 0 in the weeks before: an excess of 0. Dealt anew, the event is followed by 1,
    # 2 or 0 incidents with equal chances, an excess of 0, 1.5 or -1.5: two of three are 0 or more.
    event = 2 * WEEK + HOUR
    begins = np.array([event, event - WEEK, event - WEEK]) + 1
    found = judge([event], begins, window=2 * HOUR, until=3 * WEEK, lookback_weeks=2)
    assert found.excess == 0
    assert found.p == pytest.approx(2 / 3, abs=0.05)


def test_the_first_moment_of_a_window_is_before_it_and_its_last_within():
    event = 3 * WEEK
    at_start, at_end = (judge([event], [event - WEEK + seconds], until=4 * WEEK) for seconds in (0, DAY))
    assert at_start == judge([event], [], until=4 * WEEK)
    assert (at_end.expected, at_end.low) == (1 / 3, judge([event], [event - WEEK + 1], until=4 * WEEK).low)


def test_changes_close_together_share_a_spell_in_which_an_incident_counts_once():
    event = 3 * WEEK
    one = judge([event], [event + HOUR], until=4 * WEEK)
    both = judge([event, event, event + 2], [event + HOUR], until=4 * WEEK)
    assert (one.observed, both.observed) == (1, 1)
    assert (one.n, both.n) == (1, 3)


def test_a_week_before_that_follows_another_change_is_no_comparison():
    event = 3 * WEEK
    spoiled = judge([event - WEEK + HOUR, event], [event - WEEK + 2 * HOUR], until=4 * WEEK)
    # The later event has the 2nd and 3rd week before, the earlier its own 1st and 2nd.
    assert (spoiled.n, spoiled.observed, spoiled.expected) == (2, 1, 0)


def test_events_that_cannot_be_judged_are_left_out_and_counted():
    early, late, nothing = [3 * DAY], [4 * WEEK - HOUR], []
    for events in (early, late, nothing):
        found = judge(events, [5.0], until=4 * WEEK)
        assert (found.n, found.left_out) == (0, len(events))
        assert math.isnan(found.excess)
        assert math.isnan(found.p)


def test_of_changes_at_the_same_hour_every_week_only_the_first_can_be_judged():
    # Up to the fourth the only week without one, the very first, is among the four looked back on.
    found = judge(np.arange(1, 10) * WEEK, [5.0], until=12 * WEEK)
    assert (found.n, found.left_out, found.expected) == (4, 5, 4)


def test_no_incident_at_all_is_no_excess_but_not_certainty():
    found = judge([3 * WEEK], [], until=4 * WEEK)
    assert (found.excess, found.p) == (0, 1)
    assert found.low < 0 < found.high
    assert math.isnan(found.rate_ratio)


def test_less_than_two_weeks_of_records_give_an_excess_but_no_p():
    found = judge([1.2 * WEEK], [1.2 * WEEK + 5], until=1.5 * WEEK)
    assert (found.n, found.excess) == (1, 1)
    assert math.isnan(found.p)
    assert found.low < 1 < found.high


def test_dates_say_what_seconds_say_and_every_run_the_same():
    rng = np.random.default_rng(6)
    events, begins = rng.uniform(5 * WEEK, WEEKS * WEEK - DAY, 30), incidents(rng, 0.1)
    plain = judge(events, begins)
    assert judge(events[::-1], begins) == plain
    dates = {
        "events": pd.Timestamp("2026-01-05") + pd.to_timedelta(events, unit="s"),
        "incidents": pd.Timestamp("2026-01-05") + pd.to_timedelta(begins, unit="s"),
    }
    since, until = pd.Timestamp("2026-01-05"), pd.Timestamp("2026-01-05") + timedelta(weeks=WEEKS)
    dated = after_events(*dates.values(), window=timedelta(days=1), since=since, until=until)
    assert (dated.observed, dated.n) == (plain.observed, plain.n)
    assert dated.p == pytest.approx(plain.p, abs=0.01)
    zoned = [pd.Series(d).dt.tz_localize("UTC") for d in dates.values()]
    zones = {"since": since.tz_localize("UTC"), "until": until.tz_localize("UTC")}
    assert after_events(*zoned, window=timedelta(days=1), **zones) == dated
    missing = pd.concat([zoned[0], pd.Series([pd.NaT], dtype=zoned[0].dtype)])
    assert after_events(missing, zoned[1], window=np.timedelta64(1, "D"), **zones) == dated


def test_a_week_keeps_its_hour_when_the_clocks_change():
    # Clocks go back on 25 October 2026: 20:00 is 18:00 UTC before and 19:00 UTC after.
    event = pd.DatetimeIndex(["2026-10-26 20:00"], tz="Europe/Berlin")
    begins = pd.DatetimeIndex(["2026-10-19 20:30"], tz="Europe/Berlin").tz_convert("UTC")
    since, until = (pd.Timestamp(day, tz="Europe/Berlin") for day in ("2026-10-15", "2026-11-01"))
    assert after_events(event, begins, window=timedelta(hours=1), since=since, until=until).expected == 1


def test_three_years_of_changes_take_no_noticeable_time():
    rng, years = np.random.default_rng(0), 3 * 365 * DAY
    start = time.process_time()
    after_events(rng.uniform(0, years, 1_500), rng.uniform(0, years, 50_000), window=4 * HOUR, since=0, until=years)
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"window": 0}, "window is 0"),
        ({"lookback_weeks": 0}, "at least one week"),
        ({"until": 0}, "must come after"),
        ({"since": pd.Timestamp("2026-01-01")}, "all dates or all numbers"),
    ],
)
def test_impossible_questions_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        judge([WEEK], [WEEK], **options)


def test_dates_with_and_without_a_zone_do_not_mix():
    since, until = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-03-01")
    events = pd.DatetimeIndex(["2026-02-01"], tz="UTC")
    with pytest.raises(ValueError, match="time zone"):
        after_events(events, events, window=DAY, since=since, until=until)
