"""Which of a ticket's hours count is a policy, and each gives the hours it says."""

import numpy as np
import pandas as pd
import pytest

from sipnb.records import clocks, intervals

OFFICE = clocks.calendar({day: ["09:00-17:00"] for day in clocks.DAYS[:5]}, "UTC")
UNTIL = pd.Timestamp("2026-10-31", tz="UTC")


def at(text):
    return pd.Timestamp(f"2026-10-{text}", tz="UTC")  # the 5th is a Monday


def history(*events, resolved=None, priority=3):
    """One ticket T opened on the 5th at 09:00; events are (time, state, on hold, priority)."""
    tickets = pd.DataFrame(
        {"ticket": ["T"], "opened": [at("05 09:00")], "resolved": [resolved], "priority": [priority]}
    )
    tickets = tickets.astype({"resolved": "datetime64[us, UTC]", "opened": "datetime64[us, UTC]", "priority": "Int64"})
    log = pd.DataFrame(
        [("T", at(when), state, held, level) for when, state, held, level in events],
        columns=["ticket", "at", "state", "on_hold", "priority"],
    ).astype({"at": "datetime64[us, UTC]", "on_hold": "boolean", "priority": "Int64", "state": "str"})
    return tickets, log


REOPENED = (
    ("05 09:00", "new", False, 3),
    ("05 12:00", "resolved", False, 3),
    ("06 09:00", "in progress", False, 3),
    ("06 13:00", "on hold", True, 3),
    ("06 15:00", "in progress", False, 3),
    ("06 17:00", "resolved", False, 3),
    ("07 09:00", "closed", False, 3),
)


@pytest.mark.parametrize(
    ("policy", "business", "net"),
    [("R1", [16], [14]), ("R2", [3, 8], [3, 6]), ("R3", [3], [3])],
)
def test_a_reopened_ticket_under_each_policy(policy, business, net):
    tickets, log = history(*REOPENED, resolved=at("06 17:00"))
    running = intervals.running(tickets, log, policy)
    assert (intervals.elapsed(OFFICE, running, UNTIL) / 3600).tolist() == business
    held = intervals.holds(tickets, log)
    assert (intervals.elapsed(OFFICE, running, UNTIL, held) / 3600).tolist() == net


def test_a_ticket_that_is_open_again_runs_on_except_under_r3():
    tickets, log = history(*REOPENED[:3])
    assert intervals.running(tickets, log, "R1")["end"].isna().tolist() == [True]
    assert intervals.running(tickets, log, "R2")["end"].isna().tolist() == [False, True]
    assert intervals.running(tickets, log, "R3")["end"].tolist() == [at("05 12:00")]
    until = at("06 11:00")
    assert intervals.elapsed(OFFICE, intervals.running(tickets, log, "R1"), until).tolist() == [10 * 3600]


def test_a_ticket_without_events_has_one_spell():
    tickets, log = history(resolved=at("05 11:00"))
    for policy in ("R1", "R2", "R3"):
        assert intervals.elapsed(OFFICE, intervals.running(tickets, log, policy), UNTIL).tolist() == [2 * 3600]


def test_a_hold_that_has_not_ended_lasts_as_long_as_its_clock():
    tickets, log = history(("05 10:00", "on hold", True, 3))
    running = intervals.running(tickets, log)
    assert intervals.elapsed(OFFICE, running, at("05 15:00"), intervals.holds(tickets, log)).tolist() == [3600]


def test_a_priority_that_changed_counts_from_the_start_or_piece_by_piece():
    # Two hours as priority 3 (goal 8 h), then three as priority 1 (goal 4 h).
    events = (("05 09:00", "new", False, 3), ("05 11:00", "in progress", False, 1), ("05 14:00", "resolved", False, 1))
    tickets, log = history(*events, resolved=at("05 14:00"), priority=1)
    running, levels = intervals.running(tickets, log), intervals.priorities(tickets, log)
    goals = {1: 4 * 3600, 3: 8 * 3600}
    assert intervals.goal_used(OFFICE, running, UNTIL, levels, goals).tolist() == [5 / 4]
    assert intervals.goal_used(OFFICE, running, UNTIL, levels, goals, policy="P2").tolist() == [2 / 8 + 3 / 4]
    assert np.isnan(intervals.goal_used(OFFICE, running, UNTIL, levels, {3: 1.0})).all()


def test_a_priority_that_nobody_changed_is_the_tickets_own():
    tickets, log = history(resolved=at("05 11:00"), priority=2)
    levels = intervals.priorities(tickets, log)
    used = intervals.goal_used(OFFICE, intervals.running(tickets, log), UNTIL, levels, {2: 4 * 3600}, policy="P2")
    assert used.tolist() == [0.5]


def test_pauses_known_only_as_totals_are_spread_evenly():
    net = intervals.elapsed_by_total(
        np.array([8.0, 8.0, 8.0]), np.array([24.0, 24.0, 0.0]), np.array([6.0, 99.0, np.nan])
    )
    assert net.tolist() == [6.0, 0.0, 8.0]


def test_spells_agree_with_what_the_tool_recorded(demo_context):
    """In the simulated organisation every reopening and every hold is an event, and the totals were recorded from them."""
    records = demo_context("email").records
    tickets = records.tickets[records.tickets["resolved"].notna()].reset_index(drop=True)
    each = intervals.spells(tickets, records.ticket_events)
    assert (each.groupby("row").size() - 1 == tickets["reopened"]).all()
    last = each.groupby("row")["end"].last()
    assert (last.array == tickets["resolved"].array).all()
    held = intervals.holds(tickets, records.ticket_events)
    total = (
        ((held["end"] - held["start"]).dt.total_seconds())
        .groupby(held["row"])
        .sum()
        .reindex(range(len(tickets)), fill_value=0)
    )
    assert np.abs(total.to_numpy() - tickets["on_hold"].to_numpy()).max() <= 1
