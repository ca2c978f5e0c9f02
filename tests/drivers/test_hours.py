"""Hours that users lose: counted on fingers, no hour twice, each in the month in which it was lost."""

import numpy as np
import pandas as pd
import pytest

from sipnb.cycles import Cycle
from sipnb.drivers import hours
from sipnb.records import clocks
from tests.kpis.hands import scope, ticket


def event(number, at, **more):
    return {"ticket": f"T{number}", "service": "s", "at": at, **more}


def parts(months=1, **given):
    return hours.by_cycle(scope(months, **given)).iloc[-1]


def test_a_late_ticket_loses_what_it_waits_past_its_due_time():
    late = ticket(1, "2026-10-05T08:00", "2026-10-05T20:00", sla_due="2026-10-05T15:00")
    in_time = ticket(2, "2026-10-05T08:00", "2026-10-05T10:00", sla_due="2026-10-05T15:00")
    assert parts(tickets=[late, in_time])["late"] == pytest.approx(5.0)


def test_only_agreed_hours_count():
    office = clocks.calendar({day: ["09:00-17:00"] for day in clocks.DAYS[:5]}, "UTC")
    late = ticket(1, "2026-10-05T08:00", "2026-10-06T10:00", sla_due="2026-10-05T15:00")
    found = hours.by_cycle(scope(tickets=[late], calendar=office))
    assert found["late"].iloc[-1] == pytest.approx(2.0 + 1.0)


def test_hours_count_in_the_month_in_which_they_are_lost_and_open_ones_up_to_the_cut_off():
    over = ticket(1, "2026-09-28T00:00", "2026-10-02T00:00", sla_due="2026-09-30T00:00")
    still = ticket(2, "2026-10-30T00:00", None, sla_due="2026-10-31T00:00")
    found = hours.by_cycle(scope(2, tickets=[over, still]))["late"]
    assert found.tolist() == pytest.approx([24.0, 24.0 + 24.0])


def test_no_hour_counts_twice():
    """Passed on from 1 to 3 o'clock, resolved at 4, reopened at 5, due at 8, resolved at 10."""
    one = ticket(1, "2026-10-05T00:00", "2026-10-05T10:00", sla_due="2026-10-05T08:00", reopened=1, reassigned=2)
    events = [
        event(1, "2026-10-05T00:00", state="new", group="a"), event(1, "2026-10-05T01:00", state="new", group="b"),
        event(1, "2026-10-05T03:00", state="work", group="c"), event(1, "2026-10-05T04:00", state="resolved", group="c"),
        event(1, "2026-10-05T05:00", state="work", group="c"), event(1, "2026-10-05T10:00", state="resolved", group="c"),
    ]  # fmt: skip
    found = parts(tickets=[one], ticket_events=events)
    assert (found["passed on"], found["reopened"], found["late"]) == pytest.approx((2.0, 3.0, 2.0))
    assert found["hours"] == pytest.approx(7.0)


def test_one_hand_over_is_no_wandering():
    one = ticket(1, "2026-10-05T00:00", "2026-10-05T10:00", sla_due="2026-10-06T08:00", reassigned=1)
    events = [
        event(1, "2026-10-05T00:00", state="new", group="a"),
        event(1, "2026-10-05T04:00", state="new", group="b"),
    ]
    assert parts(tickets=[one], ticket_events=events)["passed on"] == 0.0


def test_an_outage_counts_for_the_users_affected_and_only_for_its_share():
    given = {
        "tickets": [ticket(1, "2026-10-05T08:00", "2026-10-05T09:00")],
        "outages": [
            {
                "service": "s",
                "started": "2026-10-07T10:00",
                "ended": "2026-10-07T12:00",
                "kind": "unplanned",
                "share": 0.5,
            }
        ],
        "usage": [{"service": "s", "period": "2026-10-01", "users": 100.0}],
    }
    assert parts(**given)["down"] == pytest.approx(2 * 0.5 * 100)
    assert hours.by_cycle(scope(**given), affected=0.25)["down"].iloc[-1] == pytest.approx(25.0)


def test_what_the_records_cannot_tell_is_no_data_and_not_none():
    found = parts(tickets=[ticket(1, "2026-10-05T08:00", "2026-10-05T09:00")])
    assert found[["late", "reopened", "passed on", "down"]].isna().all() and np.isnan(found["hours"])


def test_a_window_counts_what_lies_in_it():
    over = ticket(1, "2026-09-28T00:00", "2026-10-02T00:00", sla_due="2026-09-30T00:00")
    looked = scope(2, tickets=[over])
    october = looked.cycle
    assert hours.by_ticket(looked, october).tolist() == pytest.approx([24.0])
    both = Cycle(looked.cycles[0].start, october.end, "month", "UTC")
    assert hours.by_ticket(looked, both).tolist() == pytest.approx([48.0])


def test_few_tickets_have_no_interval_and_many_one_that_holds_their_sum():
    assert np.isnan(hours.interval([1.0, 2.0, 3.0]).low)
    many = hours.interval(np.random.default_rng(1).lognormal(1, 1, 200))
    assert many.low < many.value < many.high < 2 * many.value


@pytest.mark.parametrize("n", [12, 60])
def test_intervals_hold_what_the_process_loses_on_average(n):
    truth, held = n * float(np.exp(1 + 0.5)), 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        found = hours.interval(rng.lognormal(1, 1, max(rng.poisson(n), 8)))
        held += found.low <= truth <= found.high
    assert 0.90 <= held / 300 <= 0.995, held / 300


def test_the_sum_of_parts_has_a_narrower_interval_than_the_sum_of_their_ends():
    one, other = (hours.interval(np.random.default_rng(s).lognormal(1, 1, 100)) for s in (1, 2))
    both = hours.together(one, other)
    assert both.value == pytest.approx(one.value + other.value)
    assert one.low + other.low < both.low < both.value < both.high < one.high + other.high


def test_nothing_lost_is_nothing():
    calm = [
        ticket(k, f"2026-10-{k:02d}T08:00", f"2026-10-{k:02d}T09:00", sla_due=f"2026-10-{k:02d}T12:00")
        for k in range(1, 29)
    ]
    found = parts(tickets=calm)
    assert found["hours"] == 0.0 and pd.isna(found["low"])
