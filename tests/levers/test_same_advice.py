"""The same service gets the same advice by month, by quarter and by week."""

import numpy as np
import pytest

from benchmarks import levers as simulated
from sipnb import levers
from sipnb.chapters.recommendations.lever_words import told

#: Cycles of each kind that end with 30 June 2024.
SAME_END = {"2024-06": 30, "2024-Q2": 10, "2024-W26": 30}
DRIVEN = [one for one in simulated.SCENARIOS if one.driven]


def advice(given, targets, cycle, **changes):
    look = simulated.look(given, targets, cycle, SAME_END[cycle])
    look.records.quality["rules"].extend(changes.get("rules", ()))
    return [(e.lever.id, e.found, told(e), e.numbers, e.effect, e.times) for e in levers.detect(look)]


@pytest.mark.slow
@pytest.mark.parametrize("scenario", DRIVEN, ids=lambda one: f"{one.lever}: {one.name}")
def test_whatever_a_cycle_is_the_advice_is_the_same(scenario):
    given = scenario.draw(np.random.default_rng(21))
    month, quarter, week = (advice(given, scenario.targets, cycle) for cycle in SAME_END)
    np.testing.assert_equal(quarter, month)
    np.testing.assert_equal(week, month)
    assert any(one[1] for one in month)


def test_what_forbids_a_claim_forbids_it_whatever_a_cycle_is():
    """A gap in May lies outside the last week, and outside June, but inside the days that are looked at."""
    scenario = next(one for one in DRIVEN if one.lever == "resilience")
    given = scenario.draw(np.random.default_rng(21))
    gap = {
        "rule": "gap", "outcome": "found", "level": "warn", "service": None, "table": "outages", "refuses": ["availability"],
        "withholds": [], "since": "2024-05-10", "until": "2024-05-20", "sentence": "Nothing in May.",
    }  # fmt: skip
    found = [advice(given, {}, cycle, rules=[gap]) for cycle in SAME_END]
    np.testing.assert_equal(found[1:], [found[0], found[0]])
    assert "carry no claim" in next(one for one in found[0] if one[0] == "resilience")[2].finding


def test_weeks_of_arrivals_are_weeks_by_weekly_cycles_too():
    """1,000 arrivals a quarter are 77 a week: a backlog of 300 is 3.9 weeks of them, never 20."""
    scenario = next(one for one in DRIVEN if one.lever == "capacity")
    look = simulated.look(scenario.draw(np.random.default_rng(3)), {}, "2024-W26", 30)
    found = levers.look_for("capacity", look)
    tickets = look.records.tickets
    stock = int((tickets["resolved"].isna() & (tickets["opened"] < look.cutoff)).sum())
    lately = ((look.cutoff - tickets["opened"]).dt.days < 91).sum()
    assert found.numbers["open"] == stock
    assert found.numbers["weeks"] == pytest.approx(stock / (lately / 13), rel=0.01)
