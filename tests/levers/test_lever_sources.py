"""Levers read what the KPIs read, and say truly why they propose nothing."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import levers as simulated
from sipnb import kpis, levers
from sipnb.catalogue import LEVERS
from sipnb.chapters.recommendations.lever_words import told
from sipnb.tables import TABLES

BY_NAME = {one.name: one for one in simulated.SCENARIOS}


def drawn(name, seed=4):
    return BY_NAME[name].draw(np.random.default_rng(seed))


def judged(lever, given, targets=None):
    return levers.look_for(lever, simulated.look(given, targets or {}))


def test_due_times_alone_tell_what_hand_overs_cost():
    given = drawn("two early ones double the rest")
    flagged = judged("one_owning_group", given)
    given["tickets"] = given["tickets"].drop(columns="sla_met")
    due = judged("one_owning_group", given)
    assert due.found and due.effect.value == pytest.approx(flagged.effect.value, abs=0.005)


def test_a_flag_alone_tells_it_too_and_neither_says_so():
    given = drawn("two early ones double the rest")
    given["tickets"] = given["tickets"].drop(columns="sla_due")
    assert judged("one_owning_group", given).found
    given["tickets"] = given["tickets"].drop(columns="sla_met")
    found = judged("one_owning_group", given)
    assert (
        not found.found
        and not found.judged
        and "cannot be told: no record tells which tickets met" in told(found).finding
    )


def test_an_open_ticket_past_due_counts_as_missed_in_the_comparison():
    given = drawn("two early ones double the rest")
    tickets = given["tickets"]
    late = tickets["resolved"].isna() & (tickets["sla_due"] < simulated.look(given, {}).cutoff)
    assert late.sum() > 5
    before = judged("one_owning_group", given).numbers["decided"]
    given["tickets"] = tickets[~late].reset_index(drop=True)
    assert judged("one_owning_group", given).numbers["decided"] < before


def test_a_final_count_is_a_reason_only_where_a_target_for_it_is_missed():
    given = drawn("cost nothing, final count only")
    without = judged("one_owning_group", given)
    assert (
        not without.found
        and not without.judged
        and "only a final count of hand-overs is recorded" in told(without).finding
    )
    found = judged("one_owning_group", given, {"multi_hop_share": 0.10})
    assert found.found and found.effect.basis == "distance" and found.effect.kpi == "multi_hop_share"
    assert found.effect.value == pytest.approx(found.numbers["share"] - 0.10) and "cannot be told" in told(found).why


def test_a_history_that_shows_no_cost_is_no_reason_even_where_the_target_is_missed():
    found = judged("one_owning_group", drawn("hand-overs at 0.06/h cost nothing"), {"multi_hop_share": 0.10})
    assert not found.found and found.judged and "does not clearly cost attainment" in told(found).finding


def test_holds_are_read_from_events_and_from_the_column_alike():
    given = drawn("40 % on hold, told by events")
    by_events = judged("stop_the_clock_rules", given)
    look = simulated.look(given, {})
    assert by_events.found
    assert by_events.numbers["share"] == pytest.approx(kpis.measure("on_hold_share", look.over(91)).value)
    assert not simulated.look({"tickets": given["tickets"]}, {}).records.supplies("tickets", "on_hold")
    neither = judged("stop_the_clock_rules", {"tickets": given["tickets"]})
    assert told(neither).finding == "no records of time on hold" and not neither.judged


def test_the_same_share_as_the_kpi_is_said():
    """Changes that were called off can cause nothing, for the KPI and for the lever."""
    given = drawn("25 % fail")
    given["changes"].loc[given["changes"].index % 3 == 0, "outcome"] = "cancelled"
    look = simulated.look(given, {})
    found = levers.look_for("change_control", look)
    kpi = kpis.measure("change_failure_rate", look.over(730))
    assert found.found and (found.numbers["share"], found.numbers["n"]) == (kpi.value, kpi.n)


def test_without_causes_nothing_is_said_of_changes_rather_than_that_none_failed():
    given = drawn("25 % fail")
    given["tickets"] = given["tickets"].drop(columns="change")
    found = judged("change_control", given)
    assert not found.judged and told(found).finding == "no records of which change caused an incident"


def test_what_was_cured_is_not_advised():
    cured = simulated.change_records(simulated.became(0.4, 0.03, months_ago=7), per_month=10)
    found = judged("change_control", cured(np.random.default_rng(1)))
    assert found.numbers["share_low"] > 0.10, "over two years clearly too many failed"
    assert not found.found and found.judged and "but in the last 182 days it was" in told(found).finding


def test_a_drift_to_the_better_is_none_and_one_beside_another_lever_is_not_looked_for():
    given = drawn("1.7 times as long since 4 months")
    tickets, cutoff = given["tickets"], simulated.look(given, {}).cutoff
    faster = tickets["opened"] >= cutoff - pd.Timedelta(days=122)
    hours = (tickets["resolved"] - tickets["opened"]) / 4
    given["tickets"] = tickets.assign(resolved=tickets["resolved"].where(~faster, tickets["opened"] + hours))
    assert told(judged("process_drift", given)).finding.endswith("not slower")
    beside = levers.detect(simulated.look(drawn("40 % on hold"), {}))[-1]
    assert not beside.found and not beside.judged and told(beside).finding.startswith("not looked for: “Agree when")


def test_a_young_service_is_told_what_its_records_lack():
    cutoff = simulated.look({"tickets": drawn("nothing moves")["tickets"]}, {}).cutoff
    given = drawn("11 % reopened")
    young = {
        "tickets": given["tickets"][given["tickets"]["opened"] > cutoff - pd.Timedelta(days=60)].reset_index(drop=True),
        "surveys": given["surveys"][given["surveys"]["answered"] > cutoff - pd.Timedelta(days=60)].reset_index(
            drop=True
        ),
    }
    seen = {e.lever.id: e for e in levers.detect(simulated.look(young, {}))}
    assert not any(e.found for e in seen.values())
    assert "do not tell a growing backlog from a season" in told(seen["capacity"]).finding
    assert "too short a history" in told(seen["knowledge_and_quality"]).finding
    assert not seen["knowledge_and_quality"].judged


def test_a_lever_without_a_detector_says_what_it_needs_and_is_not_there():
    given = drawn("40 % on hold, told by events")
    without = judged("group_bottleneck", {"tickets": given["tickets"]})
    assert not without.judged and told(without).finding == "no records of the history of tickets"


def test_what_a_lever_needs_is_a_column_of_a_table():
    for lever in LEVERS.values():
        for way in (way for need in lever.needs for way in need.split("|")):
            table, _, column = way.partition(".")
            assert column in TABLES[table].columns, (lever.id, way)
