"""The plan: what is done by whom by when, what is asked, and that nothing that is missed stays unanswered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from sipnb.chapters.facts import DecisionFact, OptionChoice, ServiceChoice
from sipnb.chapters.gap_analysis import causes_in_words
from sipnb.chapters.notebooks import left_by
from sipnb.chapters.plan import actions, decision_log, decisions, outlook, sheets, standing, views
from sipnb.chapters.plan.evidence import Evidence
from sipnb.places import BASELINE, FORECAST, GAP_ANALYSIS, PLAN, RECOMMENDATIONS, REVIEW
from sipnb.register import Action
from sipnb.show.bullet import bullet


@pytest.fixture(scope="module")
def opened(demo_context):
    """The evidence of a service, as its chapters hand it over."""

    def of(service: str, *more: Action, kept: bool = True) -> Evidence:
        context = demo_context(service)
        if more or not kept:  # as it is, its chapters are those that others have opened
            entered = (*context.service.actions * kept, *more)
            context = replace(context, service=replace(context.service, actions=entered))
        chapters = (REVIEW, BASELINE, GAP_ANALYSIS, FORECAST, RECOMMENDATIONS)
        return Evidence(context, *(context.earlier(chapter) for chapter in chapters))

    return of


def action(name: str = "one", **fields) -> Action:
    given = {
        "id": name,
        "title": name.title(),
        "state": "approved",
        "raised": date(2026, 7, 1),
        "kpi": "sla_attainment",
    }
    return Action(**(given | fields))


def test_actions_are_numbered_and_say_who_when_and_what_they_cost(opened):
    evidence = opened("identity")
    first, second = actions.actions(evidence)
    assert (first.number, first.kind, first.verdict, first.begin, first.done) == (
        "A1",
        "agreed",
        "worked",
        "2026-01-05",
        "2026-03-01",
    )
    assert (first.cost, first.spent, first.effort_days, first.steps_done) == (9000, 9800, 15, 1)
    # From what would have been without it, by what was promised.
    assert first.course.start == pytest.approx(
        10.7, abs=0.1
    ) and first.course.start - first.course.end == pytest.approx(5)
    assert (second.number, second.state, second.due) == ("A2", "in progress", "2026-11-30")
    # From where the measure is, by two points: about half of the way to its target.
    gap = evidence.baseline.measure("sla_attainment").target - second.course.start
    assert second.course.end - second.course.start == pytest.approx(0.02) and second.closes == pytest.approx(0.02 / gap)


def test_a_proposal_has_no_date_but_a_decision_has(opened):
    evidence = opened("payments")
    found = actions.actions(evidence)
    proposed = next(one for one in found if one.kind == "proposed")
    asked = decisions.decisions(evidence, found)
    assert (proposed.due, proposed.weeks) == (None, 12) and proposed.course.basis == "estimated"
    assert next(one for one in asked if one.number == proposed.number).due == "2026-11-15"


def test_what_an_action_promises_is_taken_from_where_the_measure_is(opened):
    measure = {"kpi": "sla_attainment", "expect": (0.02, 0.05, 0.6), "minimum": 0.01}
    one = action(owner="Lead", due=date(2026, 11, 20), measure=measure)
    evidence = opened("payments", one, kept=False)
    (made, *_) = actions.actions(evidence)
    assert made.course.start == evidence.baseline.measure("sla_attainment").value
    # A share stays one.
    assert made.course.end == pytest.approx(made.course.start + 0.05) and made.course.high == 1.0
    (closed,) = actions.closed(evidence, [made])
    assert closed.closed == pytest.approx(0.05) and closed.remains == pytest.approx(closed.gap - 0.05)
    ahead = outlook.shown_target(evidence)
    assert outlook.with_plan(ahead, [made], evidence) == [None, pytest.approx(ahead.steps[1].mean + 0.05),
                                                          pytest.approx(ahead.steps[2].mean + 0.05)]  # fmt: skip


def test_of_an_action_on_some_tickets_no_course_of_all_is_told(opened):
    measure = {"kpi": "sla_attainment", "expect": (0.02, 0.05, 0.06), "minimum": 0.01}
    where = {"where": "category = 'cards'"}
    evidence = opened("payments", action(due=date(2026, 11, 20), measure=measure, tickets=where), kept=False)
    (made, *_) = actions.actions(evidence)
    assert made.course is None and made.promise == "+2 to +6 points"


def test_a_missed_target_that_nothing_is_about_asks_for_its_cause(opened):
    evidence = opened("identity", kept=False)
    (needed,) = [one for one in actions.actions(evidence) if one.kind == "needed"]
    assert (needed.number, needed.kpi, needed.owner, needed.due) == (
        "N1",
        "sla_attainment",
        "Head of Identity",
        "2026-11-30",
    )
    (asked,) = decisions.decisions(evidence, [needed])
    driver = evidence.cause("sla_attainment")
    assert (asked.kind, asked.number) == ("cause", "N1") and driver is not None
    said = "Accept that the share of tickets resolved in time misses its target, agree another one, or pay for it all the same?"
    assert asked.title == said and "costs more than it brings on average" in asked.why
    nothing = replace(evidence, advice=evidence.advice.model_copy(update={"options": []}))
    (taken_on,) = decisions.decisions(nothing, [needed])
    assert taken_on.title == f"Who takes on what is behind a missed target: {causes_in_words.named(driver)}?"
    unknown = replace(nothing, gaps=evidence.gaps.model_copy(update={"why": []}))
    (open_question,) = decisions.decisions(unknown, [needed])
    assert open_question.title == "Who finds out why the share of tickets resolved in time misses its target?"
    missed = "without it November will almost certainly miss the target for the share of tickets resolved in time"
    assert asked.otherwise == missed
    # With an action that is meant for it there is none.
    assert all(one.kind != "needed" for one in actions.actions(opened("identity")))


def test_what_the_register_lacks_is_asked_for_and_never_invented(opened):
    evidence = opened("email", action("bare"), action("entered", state="proposed"), kept=False)
    found = actions.actions(evidence)
    asked = [one.title for one in decisions.decisions(evidence, found) if one.kind == "register"]
    assert asked == ["Accept or reject “Entered”", "Give “Bare” an owner", "Give “Bare” a date"]
    (sheet,) = [one for one in sheets.sheets(evidence, found, []) if one.title == "Bare"]
    said = {term: text for term, text, _ in sheet.facts}
    assert said["Responsible"].startswith("To be named by") and said["Cost"] == "To be stated in the register"
    assert said["Promised"] == "Nothing: the register states no effect"


def test_of_many_actions_that_lack_the_same_one_decision_tells(opened):
    evidence = opened("email", *(action(f"a{n}", title="T" * 120) for n in range(40)), kept=False)
    found = actions.actions(evidence)
    titles = [one.title for one in decisions.decisions(evidence, found) if one.kind == "register"]
    assert len(found) >= 40 and titles == ["Give 40 agreed actions an owner", "Give 40 agreed actions a date"]
    assert "40 agreed actions" in views.counted(found)
    assert views.actions(found, [], evidence).markup.count("<tr") == len(found) + 1


def test_what_was_refused_or_closed_long_ago_is_no_part_of_the_plan(opened):
    old = action("old", state="verified", implemented=date(2025, 3, 1), since=date(2025, 9, 1), owner="Lead")
    no = action("no", state="rejected", note="Too dear.")
    assert [one.id for one in actions.actions(opened("email", old, no, kept=False)) if one.kind == "agreed"] == []


def test_a_quiet_service_gets_a_short_plan(demo_context):
    left = left_by(PLAN, demo_context("archive"))
    evidence, nothing = left["evidence"], views.NOTHING
    assert left["listed"] == [] and left["asked"] == []
    for shown in (
        views.timeline([], [], evidence.context.cycle), views.closing([], evidence), views.decisions([]),
        standing.causes(evidence), sheets.shown([], evidence), outlook.money(evidence, []),
        outlook.outlook(evidence, [], left["series"]),
    ):  # fmt: skip
        assert shown == nothing


def test_a_target_with_too_few_cases_is_said_to_have_too_few(opened):
    text = standing.targets(opened("archive")).text
    assert "Too few cases to judge" in text and "may be chance" not in text


def test_a_bullet_shows_value_target_and_usual_range_on_one_scale():
    markup = str(bullet(0.7, 0.85, (0.8, 0.9), "concern"))
    assert markup.count("<path") == 4 and "concern" in markup and 'aria-hidden="true"' in markup
    assert "nan" not in str(bullet(1.0, 1.0, None, "common"))


def test_the_money_of_a_plan_tells_what_is_planned_once_and_each_month(opened):
    evidence = opened("workplace")
    text = outlook.money(evidence, actions.actions(evidence)).text
    assert "Planned each month" in text and "€ 600" in text and "€ 2,000" in text and "€ 8,600" in text


def test_a_sheet_says_which_objective_its_action_serves(opened):
    evidence = opened("identity")
    first, second = sheets.sheets(evidence, actions.actions(evidence), [])
    assert ("Serves", "“People get back to work quickly”", "") in first.facts
    assert "Serves" not in [term for term, _, _ in second.facts]


def test_a_plan_follows_what_is_chosen_of_its_options(opened):
    """What is left out is asked of nobody, closes no gap and costs nothing; what is chosen is in the outlook."""
    evidence = opened("service-desk")
    first, *others = evidence.options
    assert others

    def weighed(*chosen: str) -> Evidence:
        told = [
            OptionChoice(
                id=one.id, chosen=one.id in chosen, sure="mostly", why_not="" if one.id in chosen else "no money"
            )
            for one in evidence.options
        ]
        return replace(evidence, choice=ServiceChoice(limited=True, unit="money", months=24, options=told, value=5e5))

    chosen, none = weighed(first.id), weighed()
    listed = actions.actions(chosen)
    proposed = [one for one in listed if one.kind == "proposed"]
    assert [one.id for one in proposed] == [first.id, *(one.id for one in others)]
    assert [one.left_out for one in proposed] == ["", *["no money"] * len(others)]
    asked = [one for one in decisions.decisions(chosen, listed) if one.kind == "option"]
    assert [one.id for one in asked] == [first.id]
    rows = views.actions(listed, asked, chosen).text
    assert rows.count("not chosen") == len(others)
    money = outlook.money(chosen, listed)
    assert (
        f"Not chosen: {len(others)}" in money.text
        and "What is chosen is worth about € 500,000 over 24 months" in money.text
    )
    sheet = {
        one.number: dict((term, said) for term, said, _ in one.facts) for one in sheets.sheets(chosen, listed, asked)
    }
    assert sheet["P1"]["Choice"].startswith("Chosen under the budget. It mostly stays chosen")
    assert (
        sheet["P2"]["Not chosen"].startswith("No money. It mostly stays left out")
        and "Succeeds when" not in sheet["P2"]
    )
    # A missed target of which nothing is chosen is a decision of its own, with the reason.
    bare = actions.actions(none)
    told = {one.kpi: one.title for one in bare if one.kind == "needed"}
    about = next(gap.kpi for gap in none.missed if gap.kpi in first.kpis)
    assert told[about].startswith("Decide about a target that the budget does not reach")
    asked = next(one for one in decisions.decisions(none, bare) if one.id == about)
    assert "is not chosen (no money)" in asked.why and asked.kind == "cause"
    assert all(one.actions == 0 for one in actions.closed(none, bare) if one.kpi == about)
    # What was asked before and is not chosen now is said to be so.
    before = DecisionFact(
        id=first.id, kind="option", title="T", owner="O", due="2026-10-15", effect="E", cost="C", why="W"
    )
    assert decision_log._became(none, before, bare, []).said == "not decided; not chosen now (P1)"
    assert decision_log._became(chosen, before, listed, []).said == "not decided; proposed again, as P1"


def test_what_is_chosen_shows_in_the_outlook_from_its_first_whole_month_on(opened):
    evidence = opened("payments")
    option = evidence.options[0]
    told = [OptionChoice(id=option.id, chosen=True, sure="mostly")]
    chosen = replace(evidence, choice=ServiceChoice(limited=False, unit="money", months=24, options=told))
    listed = actions.actions(chosen)
    fact = outlook.shown_target(chosen)
    assert outlook.with_plan(fact, listed, chosen) == [None] * len(fact.steps)  # later than the forecast reaches
    said = outlook.outlook(chosen, listed, chosen.context.earlier_table(BASELINE, "series")).text
    assert "What is chosen would show from March 2027 on, later than the forecast reaches." in said
    # At once it would be there in the first whole month after the decision, as often as actions work.
    soon = [one.model_copy(update={"weeks": 1}) if one.id == option.id else one for one in listed]
    planned = outlook.with_plan(fact, soon, chosen)
    made = next(one.course for one in soon if one.id == option.id)
    assert planned[0] is None
    assert planned[1] == pytest.approx(fact.steps[1].mean + (made.end - made.start) * option.works)
