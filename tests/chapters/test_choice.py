"""The choice over all services: never over the budget, what runs first, what excludes and overlaps, what must and must not be,
and without a budget all that is worth it; the page and the register follow it."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

from sipnb.budgets import BudgetFile
from sipnb.chapters import notebooks
from sipnb.chapters.choice import assumptions, choosing, views
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import ActionFact, OptionFact, RecommendationFacts, SavesFact
from sipnb.chapters.recommendations.worth import Rules
from sipnb.cycles import parse
from sipnb.params import Value
from sipnb.register import Action

RULES = Rules(months=24, rate=0.08, draws=50)
MONTH = parse("2026-10", "UTC")


def option(id, hours=2000.0, cost=10_000.0, lever="supplier", driver="category=x", **more):
    given = {
        "rank": 1, "id": id, "lever": lever, "driver": driver, "title": id, "action": "A", "kind": "people", "moves": ["M"],
        "finding": "F", "why": "W", "evidence": [], "numbers": {}, "effect": None, "cost": cost, "effort_days": 10.0, "weeks": 8,
        "costs": None if cost is None else [cost] * 3, "effort": {"service team": [10.0, 10.0, 10.0]}, "takes": [8.0, 8.0, 8.0],
        "saves": SavesFact(hours=hours, low=hours * 0.9, high=hours * 1.1) if hours else None, "works": 1 / 3,
    }  # fmt: skip
    return OptionFact(**given | more)


@pytest.fixture
def chosen(demo_book):
    """The choice over given options by service, under a budget as `budget.yml` has it."""

    def of(options, budget=None, listed=(), user_hour=30.0, services=None):
        value = Value() if user_hour is None else Value(user_hour=(user_hour,) * 3)
        settings = demo_book.settings.model_copy(update={"value": value})
        book = replace(
            demo_book,
            settings=settings,
            budget=None if budget is None else BudgetFile.model_validate(budget),
            services=demo_book.services | (services or {}),
        )
        context = SimpleNamespace(workbook=book, cycle=MONTH, currency="EUR")
        chapters = {
            name: SimpleNamespace(advice=RecommendationFacts(options=some, considered={}))
            for name, some in options.items()
        }
        return choosing.chosen(context, choosing.candidates(context, chapters, RULES), listed, RULES)

    return of


def taken(found):
    return [one.id for one in found.options if one.chosen]


def running(money, effort):
    planned = None if money is None else (money,) * 3
    return ActionFact(
        id="r", title="R", owner="O", state="in progress", kpi=None, kpi_title=None, raised="2026-05-01", due=None,
        implemented=None, overdue=False, days_open=10, cycles_since=None, note="", planned=planned, effort_days=effort,
    )  # fmt: skip


THREE = {"erp": [option("a", 4000.0)], "email": [option("b", 3000.0)], "payroll": [option("c", 2000.0)]}


def test_without_a_budget_everything_that_is_worth_it_is_chosen_and_its_sum_said(chosen):
    found = chosen(THREE | {"network": [option("d", 10.0)]})
    assert taken(found) == ["a", "b", "c"]
    assert found.value == pytest.approx(sum(one.value for one in found.options if one.chosen))
    assert next(one.why_not for one in found.options if one.id == "d") == "it is not worth it"
    assert views.sentences(found, "EUR")[0].startswith(
        "There is no budget: of all that is worth it, 3 of 4 options are chosen."
    )


def test_the_budget_is_never_exceeded_and_what_runs_comes_first(chosen):
    found = chosen(THREE, {"money": 35_000})
    assert taken(found) == ["a", "b", "c"]
    found = chosen(THREE, {"money": 35_000}, [running(10_000.0, None)])
    assert taken(found) == ["a", "b"]
    money = found.budgets[0]
    assert (money.limit, money.bound, money.used) == (35_000, 10_000, 20_000)
    assert found.options[2].why_not == "not enough money left: others bring more"
    found = chosen(THREE, {"effort_days": {"service team": 25}}, [running(None, 4.0)])
    assert taken(found) == ["a", "b"] and "days of the service team" in found.options[2].why_not


def test_one_more_sum_buys_what_it_says(chosen):
    found = chosen(THREE, {"money": 20_000})
    assert found.price == pytest.approx(found.options[2].value) and found.step == 10_000
    assert [p.value for p in found.curve] == sorted(p.value for p in found.curve)
    assert found.curve[-1].value == pytest.approx(sum(one.value for one in found.options))
    assert chosen(THREE, {"money": 90_000}).price == 0


def test_what_must_what_must_not_and_what_depends_is_kept(chosen):
    budget = {"money": 20_000, "must": [{"service": "payroll", "lever": "supplier"}]}
    assert taken(chosen(THREE, budget)) == ["a", "c"]
    assert taken(chosen(THREE, {"money": 20_000, "never": [{"service": "erp"}]})) == ["b", "c"]
    depends = {"money": 20_000, "depends": [{"service": "erp", "lever": "supplier", "on": "supplier", "of": "payroll"}]}
    assert taken(chosen(THREE, depends)) == ["a", "c"]
    least = {"money": 10_000, "at_least": {"gold": 1}}
    gold = THREE | {"payments": [option("g", 1000.0)]}
    found = chosen(gold, least)
    assert taken(found) == ["g"] and found.options[-1].asked
    # What would be chosen for its worth is told why it is not, and what the minimum costs is said.
    first = next(one for one in found.options if one.id == "a")
    assert first.why_not == "not enough money left: what the organisation asks for takes it"
    assert found.options[1].why_not == "not enough money left: others bring more"
    assert found.forgone == pytest.approx(first.value - found.options[-1].value)
    assert "Without what must be chosen and the minima for tiers" in " ".join(views.sentences(found, "EUR"))
    assert not any(one.asked for one in chosen(gold, {"money": 10_000}).options) and chosen(gold).forgone == 0


def test_what_cannot_be_kept_is_left_out_and_said(chosen):
    must = {"money": 5_000, "must": [{"service": "payroll", "lever": "supplier"}]}
    found = chosen(THREE, must)
    assert taken(found) == [] and found.cannot == "what must be chosen takes more than there is: “c” (payroll)"
    assert views.sentences(found, "EUR")[0].startswith(
        "What the organisation asks for cannot be kept and is left out: what must"
    )
    gold = THREE | {"payments": [option("g", 1000.0)]}
    least = chosen(gold, {"money": 9_000, "at_least": {"gold": 1}})
    assert taken(least) == [] and least.cannot == "the minima for tiers take more than there is"
    assert chosen(THREE, {"money": 20_000}).cannot == ""


@pytest.mark.parametrize(
    ("state", "enough"), [("approved", True), ("implemented", True), ("proposed", False), ("rejected", False)]
)
def test_what_an_option_depends_on_counts_once_somebody_has_agreed_to_it(demo_book, chosen, state, enough):
    needed = Action(id="n", title="N", lever="triage", state=state, raised="2026-09-01", implemented="2026-10-01")
    book = replace(demo_book.services["payroll"], actions=(needed,))
    budget = {"depends": [{"service": "erp", "lever": "supplier", "on": "triage", "of": "payroll"}]}
    found = chosen(THREE, budget, services={"payroll": book})
    assert ("a" in taken(found)) == enough
    if not enough:
        assert found.options[0].why_not == "the organisation rules it out, or what it depends on is not proposed"


def test_two_levers_on_the_same_cases_do_not_add(chosen):
    same = {"erp": [option("a", 4000.0, overlaps={"b": 1.0}), option("b", 3000.0, lever="triage", overlaps={"a": 1.0})]}
    found = chosen(same)
    assert taken(found) == ["a"] and found.options[1].why_not == "adds nothing to “a”"
    apart = {"erp": [option("a", 4000.0), option("b", 3000.0, lever="triage", driver="channel=y")]}
    assert taken(chosen(apart)) == ["a", "b"]
    # Levers that the catalogue does not do for one driver.
    excluded = {"erp": [option("a", 4000.0), option("b", 3000.0, lever="stop_the_clock_rules")]}
    found = chosen(excluded)
    assert taken(found) == ["a"] and found.options[1].why_not == "instead of it: “a”"


def test_what_is_not_valued_is_chosen_after_all_that_is(chosen):
    mixed = {"erp": [option("a", None)], "email": [option("b", 3000.0)], "payroll": [option("c", None)]}
    assert taken(chosen(mixed, {"money": 20_000})) == ["a", "b"] and taken(chosen(mixed, {"money": 10_000})) == ["b"]
    assert taken(chosen(mixed)) == ["a", "b", "c"]


def test_without_rates_it_is_hours_and_no_sign_of_money(chosen):
    free = {
        name: [one.model_copy(update={"cost": None, "costs": None}) for one in some] for name, some in THREE.items()
    }
    found = chosen(free, {"effort_days": {"service team": 20}}, user_hour=None)
    assert found.unit == "hours" and taken(found) == ["a", "b"]
    text = re.sub(r"<[^>]+>", " ", views.shown(found, {}, "October 2026", "EUR").markup)
    assert "hours of users" in text and "€" not in text and "EUR" not in text


def test_what_nobody_has_to_decide_on_and_what_is_not_worth_it_is_no_candidate(chosen):
    some = {"erp": [option("a", asked=False), option("b", why_not="costs more than it brings on average"), option("c")]}
    assert [one.id for one in chosen(some).options] == ["c"]


def test_it_is_the_same_every_time_and_says_how_often_each_stays(chosen):
    found = chosen(THREE, {"money": 20_000})
    assert found == chosen(THREE, {"money": 20_000})
    stays = {one.id: one.stays for one in found.options}
    assert stays["a"] > 0.9 > 0.5 > stays["c"] and 1.8 < sum(stays.values()) <= 2


def test_totals_of_the_demo_are_the_sums_of_its_plans(demo_published):
    from sipnb.chapters import results
    from sipnb.places import ALL_SERVICES, PORTFOLIO, RECOMMENDATIONS

    facts = results.read(demo_published, ALL_SERVICES, PORTFOLIO)
    found = facts.choice
    offered = {
        (plan.service, one.id): one
        for plan in facts.plans
        for one in results.read(demo_published, plan.service, RECOMMENDATIONS).recommended
        if one.asked
    }
    assert {(one.service, one.id) for one in found.options} == offered.keys() and len(offered) >= 6
    assert facts.money.proposed.amount >= sum(one.cost or 0 for one in offered.values())
    for budget in found.budgets:
        spent = sum(
            (one.cost or 0.0) if budget.name == choosing.MONEY else one.effort.get(budget.name, 0.0)
            for one in found.options if one.chosen
        )  # fmt: skip
        assert budget.used == pytest.approx(spent)
        assert budget.limit is None or budget.used + budget.bound <= budget.limit + 1e-6
    assert found.value == pytest.approx(
        sum(one.value for one in found.options if one.chosen and one.value is not None)
        - sum(lost(offered, found)), rel=1e-9
    )  # fmt: skip
    for one in found.options:
        worth = offered[one.service, one.id].worth
        assert (one.value is None) == (worth is None)
        if worth is not None:
            assert one.value == worth.mean


def lost(offered, found):
    """What two options that are chosen bring alike, by each pair."""
    taken = {(one.service, one.id): one.value for one in found.options if one.chosen and one.value is not None}
    for (service, id), value in taken.items():
        for other, part in offered[service, id].overlaps.items():
            if id < other and (service, other) in taken:
                back = offered[service, other].overlaps.get(id, 0.0)
                yield min(value * part, taken[service, other] * back)


def test_every_plan_says_what_is_chosen_of_its_options_and_asks_for_that_alone(demo_published):
    from sipnb.chapters import results
    from sipnb.places import ALL_OPTIONS, CHOICE, PLAN

    made = results.read(demo_published, ALL_OPTIONS, CHOICE)
    left_out, values = {}, 0.0
    for service, part in made.parts.items():
        plan = results.read(demo_published, service, PLAN)
        proposals = {
            one.id: one for one in plan.actions if one.kind == "proposed" and one.id in {o.id for o in part.options}
        }
        assert proposals.keys() == {one.id for one in part.options}
        for one in part.options:
            assert proposals[one.id].left_out == ("" if one.chosen else one.why_not) and bool(one.why_not) != one.chosen
        asked = {one.id for one in plan.verdict.decisions if one.kind == "option"}
        assert asked <= {one.id for one in part.options if one.chosen}
        left_out |= {(service, one.id): one.why_not for one in part.options if not one.chosen}
        # A page of a thousand sentences says what is worth how much in one of them.
        text = demo_published.page(service).read_text(encoding="utf-8")
        assert ("What is chosen is worth about" in text) == (part.value is not None)
        for one in part.options:
            sheet = text.partition(f'id="sheet-{proposals[one.id].number}-title"')[2].partition('id="sheet-')[0]
            assert ("Chosen under the budget" in sheet) == one.chosen and ("Not chosen" in sheet) != one.chosen
        values += part.value or 0.0
    assert values == pytest.approx(made.choice.value) and len(left_out) >= 2


def test_without_a_choice_a_plan_asks_for_every_proposal(demo_context, monkeypatch):
    monkeypatch.setattr(ServiceContext, "choice", lambda _: None)
    plan = notebooks.facts_of("6_plan", demo_context("service-desk"))
    assert not any(one.left_out for one in plan.actions)
    asked = [one.id for one in plan.verdict.decisions if one.kind == "option"]
    assert asked == [one.id for one in plan.actions if one.kind == "proposed" and one.id in asked]


def test_other_assumptions_say_what_would_come_and_go(demo_book):
    some = {"erp": [option("a", 1500.0, cost=14_000.0)], "email": [option("b", 1000.0, cost=9_000.0)]}
    value = Value(user_hour=(30.0,) * 3)
    settings = demo_book.settings.model_copy(update={"value": value})
    book = replace(demo_book, settings=settings, budget=BudgetFile.model_validate({"money": 20_000.0}))
    context = SimpleNamespace(workbook=book, cycle=MONTH, currency="EUR")
    chapters = {
        name: SimpleNamespace(advice=RecommendationFacts(options=each, considered={})) for name, each in some.items()
    }
    found = choosing.candidates(context, chapters, RULES)
    made = choosing.chosen(context, found, (), RULES)
    told = assumptions.otherwise(context, found, (), made, RULES)
    assert taken(made) == ["a"] and len(told) == 7 and len({one.said for one in told}) == 7
    by = {one.said: one for one in told}
    # Counted for a year only, neither is worth what it costs; twice as often, the same is best.
    assert by["an option counts for 12 months, not 24"].leaves == ["erp/a"]
    assert by["actions work twice as often"].comes == [] and by["actions work twice as often"].same == 1
    half = by["an hour of a user is worth half as much"]
    assert half.said and (half.comes, half.leaves) == ([], ["erp/a"])
    shown = assumptions.shown(told, made, {"erp": "ERP"}).text
    assert "other assumptions something else would be chosen than the 1 option now" in shown
