"""Holds, recovery, a stock that stays, self-service, targets and records: hardly ever proposed where there is nothing to do, and
found where there is: a small benchmark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from benchmarks import levers as simulated
from benchmarks import nulls
from sipnb import levers
from sipnb.catalogue import LEVERS
from sipnb.levers import operations

SERVICES, PLANTED = 12, 6
#: One case of each lever whose null is the hardest, and what it finds.
BY_NAME = {f"{one.lever}: {one.name}": one for one in nulls.CASES}
assert len(BY_NAME) == len(nulls.CASES)


@pytest.mark.parametrize(
    "name",
    [
        "stop_the_clock_rules: holds at 0.06/h cost nothing",
        "recovery: one law, sigma 1.5, 30 a year",
        "backlog_blitz: weeks differ by 30 %, memory .95",
        "backlog_blitz: half as many more since 8 months, served as fast",
        "self_service: six equal kinds, 10 % of tickets each",
        "self_service: one kind 25 %, half take 2 h, the limit",
        "renegotiate: missed by a slow category, 60 a month",
        "measuring: met on average, nothing recorded",
    ],
)
def test_where_there_is_nothing_to_do_a_lever_is_hardly_ever_proposed(name):
    assert nulls.simulate(BY_NAME[name], SERVICES) <= stats.binom.ppf(0.99, SERVICES, nulls.LIMIT)


@pytest.mark.parametrize("name", [name for name, one in BY_NAME.items() if one.driven])
def test_what_there_is_to_do_is_found(name):
    assert nulls.simulate(BY_NAME[name], PLANTED) >= stats.binom.ppf(0.01, PLANTED, nulls.WANTED)


def test_every_lever_without_a_driver_has_a_null_and_a_planted_case():
    known = {(one.lever, one.driven) for one in (*nulls.CASES, *simulated.SCENARIOS)}
    assert known >= {(lever, driven) for lever in levers._DETECTORS for driven in (True, False)}


def test_outages_of_one_law_lose_much_in_few_and_are_no_reason():
    """The benchmark itself can fail: by the time lost in long outages alone every such service would be advised."""
    lost = []
    for seed in range(4):
        given = BY_NAME["recovery: one law, sigma 1.2, 30 a year"].draw(np.random.default_rng(seed))
        look = simulated.look(given, {})
        seen = levers.look_for("recovery", look)
        lost.append(seen.numbers.get("long_share", 0.0))
        assert seen.outcome in ("one law", "alike", "not clear", "within", "no repetition")
    assert max(lost) > LEVERS["recovery"].limit("long_share")


def test_a_stock_that_has_stood_high_for_most_of_a_year_is_not_its_own_past():
    case = BY_NAME["backlog_blitz: twice the stock since 10 months"]
    look = simulated.look(case.draw(np.random.default_rng(5)), {})
    seen, grown = levers.look_for("backlog_blitz", look), levers.look_for("capacity", look)
    assert seen.found and not grown.found
    assert seen.numbers["open"] > 1.5 * seen.numbers["usual"] and seen.limit == seen.numbers["usual"]
    # A target that is agreed is what it is compared with.
    agreed = levers.look_for("backlog_blitz", levers.Look(replace(look.scope, targets={"backlog": 150.0})))
    assert agreed.agreed and agreed.limit == 150.0


def test_a_stock_with_too_short_a_past_is_not_above_it():
    case = BY_NAME["backlog_blitz: twice the stock since 7 months"]
    look = simulated.look(case.draw(np.random.default_rng(5)), {})
    weekly = operations._by_week(look.records.tickets, look.cutoff, 130)
    assert operations._above_its_past(weekly, 13)[0]
    assert not operations._above_its_past(weekly.iloc[-60:], 13)[0]


def test_records_come_before_a_target_is_given_up():
    case = BY_NAME["measuring: a slow category, nothing recorded"]
    look = simulated.look(case.draw(np.random.default_rng(1)), case.targets)
    missed = nulls.missing(case.missed, look)
    seen = {one.lever.id: one for one in levers.detect(levers.Look(look.scope, look.levers, missed))}
    assert seen["measuring"].found and "category" in seen["measuring"].names
    assert seen["renegotiate"].outcome == "not looked for" and seen["renegotiate"].names == (LEVERS["measuring"].title,)
