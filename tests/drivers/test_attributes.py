"""What is known of a ticket before its outcome, and that nothing written afterwards is among it."""

import numpy as np
import pandas as pd
import pytest

from sipnb.drivers import attributes, explain, outcomes
from sipnb.records import clocks
from sipnb.tables import TABLES
from tests.kpis.hands import scope, ticket


def event(number, at, **more):
    return {"ticket": f"T{number}", "service": "s", "at": at, **more}


def test_every_column_of_a_ticket_is_known_at_the_opening_or_afterwards_or_is_mix_or_name():
    columns = set(TABLES["tickets"].columns)
    kinds = [set(attributes.OPENING), set(attributes.AFTERWARDS), set(attributes.MIX), set(attributes.NAMES)]
    assert set().union(*kinds) == columns
    assert sum(map(len, kinds)) == len(columns), "no column is two of these"


AFTER = dict(
    acknowledged="2026-10-05T09:00", closed="2026-10-06T09:00", state="closed", outcome="solved", group="last", reopened=1,
    reassigned=2, on_hold=60.0, first_contact=False, sla_met=False, major=True, problem="P1", change="C1", effort=1.0,
    resolver="machine",
)  # fmt: skip


def test_nothing_that_is_written_afterwards_is_an_attribute():
    one = ticket(1, "2026-10-05T08:00", "2026-10-05T20:00", category="mail", channel="phone", **AFTER)
    looked = scope(
        tickets=[one, ticket(2, "2026-10-05T08:00", "2026-10-05T20:00", category="mail", channel="phone", **AFTER)]
    )
    found = attributes.opening(looked, looked.records.tickets)
    assert not set(found.columns) & attributes.AFTERWARDS
    changed = {**AFTER, "state": "open", "outcome": "other", "resolver": "person", "reopened": 0}
    other = scope(
        tickets=[ticket(k, "2026-10-05T08:00", None, category="mail", channel="phone", **changed) for k in (1, 2)]
    )
    pd.testing.assert_frame_equal(found, attributes.opening(other, other.records.tickets))


def test_the_group_is_the_one_a_ticket_began_in_and_unknown_without_a_history():
    moved = ticket(1, "2026-10-05T08:00", "2026-10-06T08:00", group="last", reassigned=1)
    stayed = ticket(2, "2026-10-05T08:00", "2026-10-06T08:00", group="only", reassigned=0)
    events = [event(1, "2026-10-05T08:00", group="first"), event(1, "2026-10-05T10:00", group="last")]
    looked = scope(tickets=[moved, stayed], ticket_events=events)
    assert attributes.opening(looked, looked.records.tickets)["group"].tolist() == ["first", "only"]
    silent = scope(tickets=[moved, stayed])
    assert "group" not in attributes.opening(silent, silent.records.tickets)


def test_what_a_ticket_of_another_service_was_opened_as_is_not_known():
    """Here are only those that it did not solve: whatever they were there would seem to be why they took long."""
    about = dict(
        category="mail", subcategory="client", channel="phone", configuration_item="i1", group="a", reassigned=0
    )
    tickets = [
        ticket(k, "2026-10-05T08:00", "2026-10-06T08:00", moved=moved, **about) for k, moved in enumerate((True, False))
    ]
    events = [event(k, "2026-10-05T08:00", group="a") for k in (0, 1)]
    looked = scope(tickets=tickets, ticket_events=events)
    found = attributes.opening(looked, looked.records.tickets)
    assert found.loc[0, ["category", "subcategory", "channel", "configuration_item", "group"]].isna().all()
    assert found.loc[1, ["category", "subcategory", "channel", "configuration_item", "group"]].notna().all()
    assert found["hour"].notna().all(), "when it came is no matter of whose it was"


@pytest.mark.parametrize(
    ("hour", "band"), [(21, "evening"), (22, "night"), (0, "night"), (5, "night"), (6, "morning"), (12, "afternoon")]
)
def test_hours_of_the_day_are_local(hour, band):
    looked = scope(tickets=[ticket(1, f"2026-10-05T{hour:02d}:30", None)])
    assert attributes.opening(looked, looked.records.tickets)["hour"].tolist() == [band]


def test_outside_agreed_hours_is_told_only_where_hours_are_agreed():
    office = clocks.calendar({day: ["09:00-17:00"] for day in clocks.DAYS[:5]}, "UTC")
    tickets = [ticket(1, "2026-10-05T08:00", None), ticket(2, "2026-10-05T10:00", None)]
    looked = scope(tickets=tickets, calendar=office)
    assert attributes.opening(looked, looked.records.tickets)["agreed_hours"].tolist() == ["outside", np.nan]
    assert "agreed_hours" not in attributes.opening(scope(tickets=tickets), looked.records.tickets)


def test_a_ticket_within_a_day_of_a_change_has_its_kind():
    changes = [
        {"change": "C1", "service": "s", "kind": "normal", "started": "2026-10-04T20:00", "ended": "2026-10-04T22:00"}
    ]
    tickets = [
        ticket(1, "2026-10-04T21:00", None),
        ticket(2, "2026-10-05T21:00", None),
        ticket(3, "2026-10-06T00:00", None),
    ]
    looked = scope(tickets=tickets, changes=changes)
    assert attributes.opening(looked, looked.records.tickets)["after_change"].tolist() == [np.nan, "normal", np.nan]


def test_what_grows_with_age_is_taken_as_it_stood_at_the_landmark():
    one = ticket(1, "2026-10-05T00:00", "2026-10-06T00:00", reassigned=3)
    events = [
        event(1, "2026-10-05T00:00", state="new", group="a", priority=3, on_hold=False),
        event(1, "2026-10-05T02:00", state="work", group="b", priority=3, on_hold=False),
        event(1, "2026-10-05T03:00", state="waits", group="b", priority=4, on_hold=False, reason="supplier"),
        event(1, "2026-10-05T09:00", state="work", group="c", priority=4, on_hold=False),
        event(1, "2026-10-05T10:00", state="work", group="d", priority=2, on_hold=False),
    ]
    looked = scope(tickets=[one], ticket_events=events)
    early = attributes.landmark(looked, looked.cycle, 8)
    assert early.iloc[0][["held", "priority"]].tolist() == ["supplier", "lowered"] and pd.isna(
        early["passed_on"].iloc[0]
    )
    later = attributes.landmark(looked, looked.cycle, 12)
    assert later.iloc[0][["passed_on", "priority"]].tolist() == ["twice", "raised"]


def test_hours_and_weekdays_are_no_driver_of_a_time_that_counts_closed_hours_too():
    """All is resolved eight agreed hours after opening: what comes on Friday takes a weekend, and nobody is to blame."""
    office = clocks.calendar({day: ["09:00-17:00"] for day in clocks.DAYS[:5]}, "UTC")
    rng = np.random.default_rng(1)
    days = pd.bdate_range("2026-04-01", "2026-10-25")
    opened = pd.DatetimeIndex(rng.choice(days, 1500)).tz_localize("UTC") + pd.to_timedelta(
        rng.integers(9, 17, 1500), unit="h"
    )
    opened = opened.sort_values().as_unit("us")
    resolved = clocks.due(office, opened, rng.uniform(1, 9, 1500) * 3600)
    tickets = [ticket(k, str(o), str(r), priority=3) for k, (o, r) in enumerate(zip(opened, resolved, strict=True))]
    looked = scope(12, tickets=tickets, calendar=office, targets={"restore_median": 20.0})
    assert outcomes.of("restore_median", looked, looked.cycle.last_days(184)).wrong.mean() > 0.1
    assert explain.explain("restore_median", looked).found == ()
