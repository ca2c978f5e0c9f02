"""Options say what is known of their effect, why they stand where they stand, and what the register has of them."""

import re
import shutil

import pytest
from pydantic import ValidationError

from sipnb import places, workbook
from sipnb.catalogue import LEVERS
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import ActionFact, EffectFact, OptionFact, SavesFact, WorthFact
from sipnb.chapters.notebooks import facts_of, left_by
from sipnb.chapters.plan import main_points
from sipnb.chapters.portfolio import actions
from sipnb.chapters.recommendations import effects, options, views
from sipnb.places import BASELINE, PLAN, RECOMMENDATIONS, REVIEW, CycleFolder
from sipnb.records.frozen import Records

ESTIMATED = EffectFact(
    kpi="sla_attainment", title="Resolved in time", unit="share", value=0.11, low=0.093, high=0.118, basis="effect"
)  # fmt: skip
AWAY = EffectFact(
    kpi="change_failure_rate", title="Changes that caused an incident", unit="share", value=0.086, basis="distance",
    reference="target", goal=0.10,
)  # fmt: skip


def action(state="in progress", **more):
    given = {"owner": None, "kpi": None, "kpi_title": None, "raised": "2026-05-11", "due": "2026-12-15", "implemented": None,
             "overdue": False, "days_open": 1, "cycles_since": None, "note": "", "lever": "capacity"} | more  # fmt: skip
    return ActionFact(id="a", title="A rota", state=state, **given)


def test_an_effect_is_told_with_its_interval_and_a_distance_without_any():
    assert effects.told(ESTIMATED, "attainment", "EUR") == "+11 points (95 % interval 9.3–12) on attainment"
    told = effects.told(AWAY, "the share of changes", "EUR")
    assert told == "effect not estimated; the share of changes is at a distance of 8.6 points from its target (10 %)"
    assert effects.told(None, "", "EUR") == "effect not estimated"
    assert "interval" not in told and "up to" not in told


@pytest.mark.parametrize("bounds", [{"low": 0.1, "high": 0.2}, {"high": 0.2}])
def test_a_distance_with_an_interval_cannot_be_handed_over(bounds):
    if "low" in bounds:
        with pytest.raises(ValidationError, match="a distance has none"):
            EffectFact(**{**AWAY.model_dump(), **bounds})
    with pytest.raises(ValidationError, match="an effect has an interval"):
        EffectFact(**{**ESTIMATED.model_dump(), "low": None, **({} if "low" in bounds else bounds)})


def test_the_card_shows_a_bar_only_where_there_is_an_interval(demo_context):
    for service, bar in (("workplace", True), ("erp", False)):
        plan = demo_context(service)
        facts, about = facts_of(RECOMMENDATIONS, plan), plan.earlier(BASELINE).about
        markup = views.options(facts.options, facts.order, facts.judged, about).markup
        assert ('class="extent"' in markup) is bar
        said = re.sub("<[^>]+>", "", markup)
        assert ("95 % interval" in said) is bar and ("distance of" in said) is not bar


def option(**more):
    given = {
        "rank": 1, "lever": "capacity", "title": "Add hours", "action": "Add hours.", "kind": "people", "moves": ["Open"],
        "finding": "It grew", "why": "It grew.", "evidence": ["It grew."], "numbers": {}, "effect": None, "cost": None,
        "effort_days": None, "weeks": None, "times": 1.86, "agreed": True, "against": "the target of 10 % of changes",
    }  # fmt: skip
    return OptionFact(**given | more)


def worth(mean):
    return WorthFact(
        months=24, rate=0.08, mean=mean, low=mean - 9, high=mean + 9, loss=0.5, payback=None, monthly=1.0, delay=1.0
    )


def test_what_is_worth_most_comes_first_then_hours_and_then_what_is_measured_most_often():
    given = [
        option(id="a", times=9.0, agreed=False), option(id="b", times=1.2), option(id="c", times=2.9),
        option(id="d", saves=SavesFact(hours=10.0), works=0.3), option(id="e", saves=SavesFact(hours=90.0), works=0.3),
        option(id="f", saves=SavesFact(hours=10.0), works=0.3, worth=worth(5.0)), option(id="g", worth=worth(70.0)),
    ]  # fmt: skip
    assert [one.id for one in sorted(given, key=options._order)] == list("gfedcba")


def test_limits_of_the_organisation_decide_what_is_proposed_and_are_said(
    demo_exports, demo_records, demo_cycle, tmp_path
):
    folder = shutil.copytree(places.PARAMS / "demo", tmp_path / "demo")
    targets = (folder / "targets.yml").read_text(encoding="utf-8")
    (folder / "targets.yml").write_text(targets.replace("  multi_hop_share: 0.12\n", ""), encoding="utf-8")

    def advice(service, limits):
        (folder / "levers.yml").write_text(f"levers: {limits}\n", encoding="utf-8")
        book = workbook.load(folder, data=demo_exports, reports=tmp_path / "reports")
        plan = ServiceContext(
            book, book.service(service), demo_cycle, CycleFolder(tmp_path), Records(demo_records, service)
        )
        facts = facts_of(RECOMMENDATIONS, plan)
        return [one.lever for one in facts.options], facts

    assert advice("workplace", "{}")[0] == ["one_owning_group"]
    # A driver of a missed target is reason enough, whatever the limit: without any target there is none.
    (folder / "targets.yml").write_text("organisation: {reopen_rate: 0.5}\n", encoding="utf-8")
    assert advice("workplace", "{}")[0] == ["one_owning_group"]
    proposed, facts = advice("workplace", "{one_owning_group: {limits: {multi_hop_share: 0.9}}}")
    assert not proposed and facts.considered[LEVERS["one_owning_group"].title].endswith("clearly within 90.0 %")
    assert facts.seen["one_owning_group"]["limit"] == 0.9
    proposed, facts = advice("network", "{resilience: {limits: {fewest_outages: 200}}}")
    assert (
        not proposed
        and "200 or more unplanned outages in a year" in views.left(facts.considered, facts.proposed_when, {}).markup
    )


def test_the_page_says_by_what_options_are_ordered():
    one, other = option(), option(agreed=False)
    assert effects.place(one) == "1.9 times the target of 10 % of changes"
    assert effects.place(other) == "1.9 times the target of 10 % of changes (no agreed target)"
    assert options.order([one]) == ""
    assert options.order([one, other]).startswith("Ordered by the hours that each saves users")
    assert options.order([one, option(worth=worth(5.0))]).startswith("Ordered by what each is worth in money")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (action(), "agreed already: “A rota”, in progress, due 15 December 2026"),
        (action(overdue=True, due="2026-10-15"), "agreed already: “A rota”, in progress, due 15 October 2026, overdue"),
        (action("proposed", due=None), "proposed already: “A rota”, proposed, without a date"),
        (action("rejected", note="No money."), "rejected before: “A rota”, raised on 11 May 2026 (No money)"),
        (action("withdrawn"), "withdrawn before: “A rota”, raised on 11 May 2026"),
        (action("implemented", implemented="2026-03-01"), "done before: “A rota”, implemented on 1 March 2026"),
        (action(lever="resilience"), ""),
    ],
)
def test_what_the_register_has_of_a_lever_is_said(entry, said):
    assert effects.in_register("capacity", [entry]) == said


def test_a_lever_that_is_agreed_or_was_rejected_is_not_asked_for_again(demo_context):
    plan = demo_context("web-shop")
    advice, made = facts_of(RECOMMENDATIONS, plan), facts_of(PLAN, plan)
    assert not any(d.id.startswith("change_control") for d in made.verdict.decisions)
    (option,) = (o for o in advice.options if o.lever == "change_control")
    said = option.registered
    agreed, rejected = said.index("agreed already: “Rehearse"), said.index("rejected before: “No releases")
    assert not option.asked
    assert agreed < rejected and "due 15 December 2026" in said and "most campaigns start" in said
    about = plan.earlier(BASELINE).about
    assert "Agreed already" in views.options(advice.options, advice.order, advice.judged, about).markup
    rows = actions.of_plan("web-shop", "Owner", facts_of(REVIEW, plan), advice, made, "EUR")
    (proposed,) = (one for one in rows if one.kind == "proposed")
    assert proposed.standing.startswith("agreed already") and "95 % interval" in proposed.effect


def test_an_overdue_action_that_the_records_do_not_speak_for_says_so(demo_context):
    plan = demo_context("payments")
    advice, made = facts_of(RECOMMENDATIONS, plan), facts_of(PLAN, plan)
    (decision,) = (d for d in made.verdict.decisions if d.kind == "action")
    assert decision.title == "“A rota for second-line support in the evening” is 16 days overdue: new date, or cancel?"
    assert re.search(
        r"due on 15 October 2026; the records do not speak for it now \(\d+ tickets are open, too few", decision.why
    )
    every = main_points.points(left_by(PLAN, plan)["evidence"], most=9)
    (point,) = (p for p in every if p.lead == "Agreed before.")
    assert point.text.endswith("; the records do not speak for it now.")
    rows = actions.of_plan("payments", "Owner", facts_of(REVIEW, plan), advice, made, "EUR")
    assert next(one for one in rows if one.overdue).standing.startswith("the records do not speak for it now")


def test_what_cannot_be_judged_does_not_speak_against_an_action():
    left = {"capacity": "few are open"}
    assert effects.unsupported(action(), left) == "few are open"
    assert effects.unsupported(action(lever="process_drift"), left) == ""
    assert effects.unsupported(action(lever=None), left) == effects.unsupported(action("implemented"), left) == ""
