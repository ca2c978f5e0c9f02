"""Planted causes are named first, with effects that hold what the switch takes away; nothing else is named."""

from datetime import timedelta

import numpy as np
import pytest

from benchmarks import drivers as simulated
from benchmarks import levers as drawn
from sipnb.cycles import Cycle
from sipnb.drivers import explain, outages, steps
from sipnb.records import clocks, intervals


@pytest.mark.parametrize(
    ("cause", "service", "kpi", "driver"), [p for p in simulated.PLANTED if p[2] != "availability"][:3]
)
def test_a_planted_cause_is_the_first_driver_and_its_interval_holds_what_the_switch_takes_away(
    cause, service, kpi, driver
):
    row = next(r for r in simulated.measured(simulated.Case(1, service)) if r["cause"] == cause)
    assert row["first"] and row["low"] <= row["truth"] <= row["high"]


def test_an_item_that_fails_is_the_one_with_the_most_outages(demo_context):
    look = demo_context("network").scope
    sure = [p for p in outages.parts(look, look.cycle.last_days(365)) if p.sure]
    assert [(p.attribute, p.value) for p in sure][:1] == [("configuration_item", "network-gw-01")]


def test_equal_items_have_no_first(demo_context):
    look = demo_context("email").scope
    assert not any(p.sure for p in outages.parts(look, look.cycle.last_days(365)))


def test_the_stable_service_names_no_driver_of_anything():
    assert not simulated.measured(simulated.Case(1, "email"))[0]["named"]


def test_hand_overs_that_grow_with_age_and_cost_nothing_are_no_driver():
    named = 0
    for seed in range(25):
        draw = drawn._desk(0.05, 1.0)
        look = drawn.look(draw(np.random.default_rng(seed)), {"sla_attainment": 0.85}, cycles=12).scope
        named += any(f.driver.attribute == "passed_on" for f in explain.explain("sla_attainment", look).found)
    assert named <= 1


def test_the_shift_of_a_year_is_told_whole_and_mostly_by_its_driver(demo_context):
    look = demo_context("payments").scope
    found = explain.explain("sla_attainment", look).found
    shift = explain.shift("sla_attainment", look, found)
    assert shift.change == pytest.approx(shift.after - shift.before)
    assert shift.mix + sum(p.value for p in shift.parts) + shift.rest == pytest.approx(shift.change)
    assert shift.change > 0.1 and shift.parts[0].value > 0.8 * shift.change
    assert found[0].step == "wait: supplier" and found[0].through[0].driver.value == "supplier"


@pytest.mark.parametrize(("days", "kind"), [(92, "quarter"), (7, "week")])
def test_a_service_is_explained_alike_by_month_quarter_and_week(demo_context, days, kind):
    monthly = demo_context("payments")
    end = monthly.cycle.end
    other = monthly.over([Cycle(end - timedelta(days=days), end, kind, monthly.cycle.zone)])
    assert explain.explain("sla_attainment", other) == explain.explain("sla_attainment", monthly.scope)


def test_the_steps_of_a_life_add_up_to_it(demo_context):
    look = demo_context("workplace").scope
    window = look.cycle.last_days(60)
    found = steps.spans(look, window)
    tickets = look.records.tickets
    spells = intervals.spells(tickets, look.records.ticket_events)
    mine = spells[spells["row"].isin(found["row"])]
    whole = clocks.elapsed(look.calendar, mine["start"], mine["end"].fillna(look.known_until)) / 3600
    assert found["hours"].sum() == pytest.approx(whole.sum(), rel=0.01)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Awaiting User Info", "user"), ("Awaiting Vendor", "supplier"), ("Wartet auf Lieferant", "supplier"),
        ("pending approval", "approval"),
        ("Awaiting Problem", "problem"), ("Waiting for spare part", "parts"), ("Waiting for other department", "not said"),
        ("Waiting for the Exchange team", "not said"), ("pending change", "change"),
        ("En attente du fournisseur", "supplier"), ("on hold", "not said"), ("Wacht op gebruiker", "user"),
    ],
)  # fmt: skip
def test_a_state_says_for_whom_it_waits(text, reason):
    assert steps.waits_for(text) == reason
