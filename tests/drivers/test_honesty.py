"""Whether figures are better than the service: what was planted is found, and a plain service is accused of nothing."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import drivers as simulated
from benchmarks.levers import records
from sipnb import demo, kpis
from sipnb.cycles import parse
from sipnb.demo import timeline
from sipnb.demo.services import service as known_service
from sipnb.drivers import honesty
from sipnb.records import clocks

CYCLE = parse(simulated.CYCLE, demo.ZONE)
CALENDAR = timeline.agreed(known_service("email"))


@pytest.fixture(scope="module")
def tables():
    """The records of the stable service at the cut-off."""
    made = demo.generate(seed=3, services=["email"])
    return {name: simulated._as_of(name, rows, CYCLE.cutoff) for name, rows in made.items()}


def checked(given):
    scope = kpis.Scope(records(given, CYCLE.cutoff, "email"), tuple(CYCLE.history(30)), calendar=CALENDAR)
    return {one.name: one for one in honesty.checks(scope, CYCLE.last_days(365))}


def late_in_their_time(tickets, part, n, seed):
    """So many tickets of the last year that lasted longer than a part of their goal, and when that part had passed."""
    goal = np.asarray(clocks.elapsed(CALENDAR, tickets["opened"], tickets["sla_due"]))
    at = pd.Series(clocks.due(CALENDAR, tickets["opened"], np.maximum(goal * part, 1)), index=tickets.index)
    recent = tickets["opened"] >= CYCLE.cutoff - pd.Timedelta(days=360)
    lasting = tickets[recent & (tickets["resolved"] > at) & (tickets["priority"] < 5)]
    chosen = lasting.sample(n, random_state=seed)
    return chosen, at[chosen.index]


def test_a_plain_service_is_accused_of_nothing(tables):
    found = checked(tables)
    assert all(one.told for one in found.values()) and not any(one.found for one in found.values())


def test_priorities_lowered_just_before_the_due_time_are_found(tables):
    chosen, at = late_in_their_time(tables["tickets"], 0.92, 45, 1)
    events = tables["ticket_events"]
    lowered = pd.DataFrame(
        {"ticket": chosen["ticket"].to_numpy(), "at": at.to_numpy(), "state": "in progress", "on_hold": False,
         "group": chosen["group"].to_numpy(), "priority": chosen["priority"].to_numpy() + 1, "service": "email"}
    )  # fmt: skip
    lowered["at"] = pd.DatetimeIndex(at).as_unit("us")
    mixed = pd.concat([events, lowered], ignore_index=True).sort_values(
        ["ticket", "at"], kind="stable", ignore_index=True
    )
    found = checked({**tables, "ticket_events": mixed})
    assert found["priority lowered late"].found and not found["closed at the month's end"].found


def test_tickets_resolved_just_in_time_that_come_back_are_found(tables):
    chosen, at = late_in_their_time(tables["tickets"], 0.95, 60, 2)
    events, names = tables["ticket_events"], chosen["ticket"].to_numpy()
    turns = [
        pd.DataFrame(
            {"ticket": names, "at": pd.DatetimeIndex(at + pd.Timedelta(hours=h)).as_unit("us"), "state": state}
        )
        for h, state in ((0, "resolved"), (10, "in progress"))
    ]
    turns = pd.concat(turns).assign(on_hold=False, service="email")
    until = pd.DatetimeIndex(at).as_unit("us").asi8
    limit = pd.Series(until, index=names).reindex(events["ticket"]).to_numpy("float64")
    kept = events[~(pd.DatetimeIndex(events["at"]).as_unit("us").asi8 >= limit)]
    mixed = pd.concat([kept, turns], ignore_index=True).sort_values(["ticket", "at"], kind="stable", ignore_index=True)
    found = checked({**tables, "ticket_events": mixed})["resolved just in time, then reopened"]
    assert found.found and found.value > 3 * found.usual


def test_what_is_closed_in_bulk_at_the_end_of_months_is_found(tables):
    tickets = tables["tickets"].copy()
    local = tickets["resolved"].dt.tz_convert(demo.ZONE)
    ends = (local.dt.tz_localize(None) + pd.offsets.BMonthEnd(0)).dt.normalize() + pd.Timedelta(hours=15)
    moved = (np.random.default_rng(3).random(len(tickets)) < 0.12) & (local.dt.day > 12) & local.notna()
    late = ends.dt.tz_localize(demo.ZONE).dt.tz_convert("UTC").dt.as_unit("us")
    tickets["resolved"] = tickets["resolved"].where(~(moved & (late < CYCLE.cutoff)), late)
    assert checked({**tables, "tickets": tickets})["closed at the month's end"].found


def test_what_cannot_be_told_is_not_judged(tables):
    bare = {"tickets": tables["tickets"].drop(columns=["sla_due"])}
    found = checked(bare)
    assert not found["priority lowered late"].told and not found["resolved just in time, then reopened"].told
    assert not any(one.found for one in found.values())


def test_machine_answers_that_come_back_do_not_count_and_those_that_hold_do():
    window = CYCLE.last_days(184)
    back = honesty.deflection(simulated.scope(1, "chat-assistant"), window)
    held = honesty.deflection(simulated.scope(1, "chat-assistant", ("assistant-comes-back",)), window)
    assert back.more.low > 0.1 > held.more.low and held.more.low <= 0 <= held.more.high
    assert back.held == pytest.approx(back.share * (1 - back.back)) and back.held < held.held
    assert honesty.deflection(simulated.scope(1, "email"), window) is None
