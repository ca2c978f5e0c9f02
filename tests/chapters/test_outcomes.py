"""Did it work: the verdicts on the simulated organisation's actions, whose truth is known, and why others have none."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from functools import cache

import pandas as pd
import pytest

from sipnb import kpis
from sipnb.chapters import results
from sipnb.chapters.context import RecordsContext
from sipnb.chapters.review import analysis, benefits, measuring, outcomes, recurrence, sentences, views
from sipnb.demo.services import DEEDS
from sipnb.methods import interventions
from sipnb.places import ALL_RECORDS, RECORDS
from sipnb.records.frozen import Records
from sipnb.register import Action


@pytest.fixture(scope="module")
def judged(demo_context):
    """What is said of the actions of a service."""
    return cache(lambda service: analysis.judged(demo_context(service)))


@pytest.fixture(scope="module")
def outcome(demo_context):
    """What is said of an action, were it one of a service's register."""

    def of(service: str = "email", **fields):
        action = {"id": "one", "title": "One", "state": "implemented", "raised": date(2025, 12, 3)} | fields
        context = demo_context(service)
        context = replace(context, service=replace(context.service, actions=(Action(**action),)))
        return analysis.judged(context)["one"].fact

    return of


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.action)
def test_every_action_gets_the_verdict_that_is_right(judged, deed):
    said = judged(deed.service)[deed.action].fact.status
    assert said != "worked" if deed.verdict == "not worked" else said == deed.verdict


def test_a_verdict_says_what_was_and_what_would_have_been_in_one_sentence(judged, demo_context):
    context, found = demo_context("identity"), judged("identity")
    (action, _) = analysis.actions(context, found)
    change = action.outcome.change
    assert change.actual - change.value == pytest.approx(change.expected)
    said = sentences.verdict(action, context.kpis["restore_median"], context.cycle, "EUR")
    assert said.startswith(
        "It worked. Of tickets where category = 'password', the median time to restore was 3.88 h in March to August 2026; "
        "without the action it would have been 10.7 h: −6.9 h (95 % interval "
    )
    facts = dict(sentences.facts(action, context.cycle, "EUR"))
    assert facts["Promised"] == "−3 to −7 h; the least that was worth it was 2 h."
    assert re.match(r"about 6,\d00 hours of users \(95 % interval \d,\d00–\d+,?\d*\)", facts["Came to"])
    assert "for 976 tickets over 8 whole months since then, or about € 2" in facts["Came to"]
    assert facts["Cost"] == "€ 9,800 so far; planned € 9,000 once (€ 6,000 to € 14,000)."
    assert "Reopened: held" in facts["May not suffer"] and facts["Compared with"].startswith(
        "the other tickets of the service"
    )


def test_the_effect_of_an_action_on_some_tickets_is_found_on_these_and_held_against_the_others(judged):
    change = judged("identity")["self-service-password-reset"].fact.change
    # Password tickets take 0.36 of the time: of what would have been.
    assert change.beside == "rest" and change.actual / change.expected == pytest.approx(0.36, abs=0.08)


def test_the_benefit_is_the_effect_times_the_cases_of_all_whole_cycles_since(judged):
    fact = judged("identity")["self-service-password-reset"].fact
    one = fact.benefit
    assert (one.unit, one.cycles) == ("hours", 8) and one.amount == pytest.approx(-fact.change.value * one.volume)
    assert one.money == pytest.approx(4 * one.amount) and one.low < one.amount < one.high
    assert one.promised == pytest.approx(5 * one.volume)


def test_a_verdict_is_taken_after_the_agreed_cycles_and_not_again_every_month(judged):
    fact = judged("email")["status-replies"].fact
    assert (fact.age, fact.change.after, fact.change.first, fact.change.last) == (9, 6, "2026-02", "2026-07")
    assert not fact.reached and fact.next is None


def test_what_is_inconclusive_is_looked_at_once_more(judged, outcome):
    fact = judged("workplace")["second-reviewer"].fact
    assert (fact.status, fact.next) == ("inconclusive", "2026-12") and 0 < fact.power < 1
    twice = outcome("hr-portal", implemented=date(2025, 10, 1), raised=date(2025, 9, 3), measure={
        "kpi": "sla_attainment", "expect": (0.02, 0.03, 0.05), "minimum": 0.01, "cycles": 4})  # fmt: skip
    assert twice.after == (8 if twice.status == "inconclusive" or twice.change.after == 8 else 4)


def test_too_early_says_when_the_verdict_comes_and_how_sure_it_will_be(judged, demo_context):
    context, found = demo_context("network"), judged("network")
    (action,) = analysis.actions(context, found)
    assert (action.outcome.age, action.outcome.after, action.outcome.next) == (2, 6, "2027-02")
    said = sentences.verdict(action, context.kpis["sla_attainment"], context.cycle, "EUR")
    assert "2 of 6 whole months have passed" in said and "the plan of February 2027" in said
    assert f"after {action.outcome.enough} months" in said


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "it names no measure"),
        ({"kpi": "volume"}, "is neither good nor bad"),
        ({"kpi": "mtbf"}, "is taken over a year"),
        ({"kpi": "availability", "tickets": {"where": "priority = 1"}}, "is not counted by ticket"),
        (
            {"kpi": "sla_attainment", "implemented": date(2024, 11, 1), "raised": date(2024, 8, 1)},
            "12 and 3 are needed",
        ),
        ({"kpi": "sla_attainment", "implemented": date(2024, 9, 1), "raised": date(2024, 8, 1)}, "26 whole months ago"),
    ],
)
def test_what_cannot_be_measured_says_why(outcome, fields, why):
    fact = outcome(**({"implemented": date(2026, 2, 1)} | fields))
    assert fact.status == "not measurable" and why in fact.why, fact.why


def test_a_measure_that_was_not_written_down_beforehand_is_said(outcome, demo_context):
    fact = outcome(kpi="sla_attainment", implemented=date(2026, 2, 1))
    assert not fact.registered and fact.after == 6 and fact.promised is None and fact.power is None


def test_the_month_before_an_action_counts_where_it_was_done_on_a_first_day(demo_cycle):
    first, later = (measuring.window(date(2026, 2, day), demo_cycle) for day in (1, 2))
    assert not first.half_done and first.cycles[first.start].name == "2026-02" and first.age == 9
    assert later.half_done and later.cycles[later.start].name == "2026-03" and later.age == 8


def test_margins_and_the_second_look_are_options(demo_context):
    context = demo_context("identity")
    usual, _ = analysis.judged(context)["self-service-password-reset"].fact.counters
    narrow, _ = analysis.judged(context, outcomes.Rules(share_margin=0.0001))[
        "self-service-password-reset"
    ].fact.counters
    assert (usual.outcome, usual.margin) == ("held", 0.03)
    assert (narrow.outcome, narrow.margin) == ("inconclusive", 0.0001) and narrow.value == usual.value


def test_months_in_which_nothing_happened_count_for_what_an_action_came_to(demo_context):
    context = demo_context("identity")
    kpi, action = context.kpis["sla_attainment"], context.service.actions[0]
    counted = kpi.__class__(**(vars(kpi) | {"kind": "rare", "good": "down", "unit": "count"}))
    change = analysis.judged(context)["self-service-password-reset"].fact.change
    own = interventions.rate(pd.Series([4.0] * 12 + [0.0, 1.0, 0.0]))
    one = benefits.benefit(
        context, counted, action, own, 12, change.model_copy(update={"value": -3.5, "low": -5.0, "high": -2.0})
    )
    assert (one.cycles, one.amount, one.low, one.high, one.volume, one.counted) == (3, 10.5, 6.0, 15.0, 1, True)


def test_an_action_is_not_judged_before_it_was_done(demo_context):
    context = demo_context("identity")
    earlier = replace(context, cycle=context.workbook.cycle("2025-12"))
    (found,) = analysis.judged(earlier).values()
    assert (found.fact.status, found.fact.why) == ("not due", "it is approved")


def test_two_actions_that_took_effect_at_once_are_not_told_apart(demo_context):
    context = demo_context("email")
    (first,) = context.service.actions
    other = Action(
        id="other", title="Another", state="implemented", raised=date(2026, 1, 2), implemented=date(2026, 3, 15)
    )
    both = replace(context, service=replace(context.service, actions=(first, other)))
    assert analysis.judged(both)["status-replies"].fact.beside_it == ["Another"]


def test_services_in_which_something_was_done_are_not_compared_with(demo_context, demo_book, demo_cycle):
    known = measuring.window(date(2026, 2, 1), demo_cycle)
    busy = measuring.touched(demo_book, demo_cycle, known)
    assert busy == {"identity", "email", "workplace", "network"}
    assert len(measuring.controls(demo_context("email"), demo_book.kpis["sla_attainment"], known)) == 7


def test_the_notebook_over_the_records_hands_over_what_a_plan_would_compute(
    demo_context, demo_book, demo_cycle, demo_published
):
    computed = measuring.untouched(
        RecordsContext(demo_book, demo_cycle, demo_context("email").records.quality, demo_context("email").folder)
    )
    handed_over = results.table(demo_published, ALL_RECORDS, RECORDS, measuring.CONTROLS)
    pd.testing.assert_frame_equal(handed_over, computed, check_dtype=False)


def test_a_register_that_judges_nothing_hands_over_nothing(demo_book, demo_context):
    early = demo_book.cycle("2025-06")
    nothing = measuring.untouched(
        RecordsContext(demo_book, early, demo_context("email").records.quality, demo_context("email").folder)
    )
    assert nothing.empty and list(nothing.columns[:3]) == ["kpi", "service", "cycle"]


def test_tickets_of_a_kind_and_all_others_are_together_all_there_are(demo_context):
    context = demo_context("identity")
    mine, rest = kpis.located(context.scope, "category = 'password'")
    sums = [kpis.series("volume", scope)["value"] for scope in (mine, rest, context.scope)]
    pd.testing.assert_series_equal(sums[0] + sums[1], sums[2])
    assert set(mine.records.tickets["category"]) == {"password"}
    answers = [len(scope.records.surveys) for scope in (mine, rest)]
    assert answers[0] > 0 and sum(answers) == len(context.records.surveys)


def test_problems_that_were_fixed_without_effect_are_not_said_to_have_held(demo_context):
    for service in ("identity", "payroll", "web-shop", "network"):
        found, _ = recurrence.fixes(demo_context(service))
        assert {one.found for one in found} == {"no change found"} and len(found) >= 3


def test_a_fix_after_which_its_kind_of_ticket_became_rare_is_found(demo_context):
    context = demo_context("identity")
    tickets = context.records.tickets
    fixed = pd.Timestamp("2026-03-01", tz="Europe/Berlin")
    gone = (tickets["category"] == "password") & (tickets["opened"] >= fixed) & (tickets.index % 10 < 6)
    records = Records(context.records.folder, "identity")
    records.__dict__["_tables"] = {"tickets": tickets[~gone].reset_index(drop=True)}
    found, _ = recurrence.fixes(replace(context, records=records))
    (mine,) = [one for one in found if one.of == "action"]
    assert mine.found == "rarer" and mine.low < 0.42 < mine.high and mine.ratio == pytest.approx(0.4, abs=0.08)
    # What was fixed of the same tickets at that time cannot be told apart, and the other kinds did not come more often.
    assert {one.kind for one in found if one.found == "rarer"} == {"category = 'password'", "password"}
    assert {one.found for one in found if "password" not in one.kind} == {"no change found"}
    assert "rarer, with PRB5500012 at that time" in views.fixes(found, 0, "month").text


def test_what_does_not_move_is_named_with_its_age(demo_context, judged):
    context = demo_context("erp")
    shown = views.stuck(analysis.actions(context, judged("erp")), 90).text
    assert "Look at all tickets on hold once a week has been accepted for 319 days, and was never begun." in shown


def test_every_status_has_its_words():
    assert set(sentences.SAID) == set(sentences.IN_TABLE) >= {"worked", "did not", "inconclusive"}
