"""Money, roadmap, stages and the map of effect and effort: their sums and places, by hand and over the whole demo."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest

from sipnb.chapters import results
from sipnb.chapters.facts import ActionOfPlan, OutcomeFact, SumFact
from sipnb.chapters.portfolio import delivery, money, roadmap, worth
from sipnb.places import ALL_SERVICES, PLAN, PORTFOLIO, REVIEW

END = date(2026, 11, 1)


def action(**changes) -> ActionOfPlan:
    given = {
        "service": "payments", "id": "rota", "kind": "agreed", "title": "A rota", "owner": "Lead", "state": "approved",
        "open": True, "due": "2026-12-15", "overdue": False, "effect": "", "money": None,
    } | changes  # fmt: skip
    return ActionOfPlan(**given)


def test_money_is_summed_by_what_became_of_it_and_what_is_not_stated_is_counted():
    found = money.money([
        action(money=9000, spent=4000, effort_days=10), action(money=3000, spent=5000), action(),
        action(open=False, state="implemented", done="2026-03-01", money=2000, spent=2500, per_cycle=300),
        action(state="rejected", open=False, money=99_000, spent=10), action(kind="proposed", state="proposed", money=85_000),
        action(kind="proposed", state="proposed"), action(state="proposed", money=1, spent=1),
    ])  # fmt: skip
    assert found.spent == SumFact(amount=11_500, stated=3, of=4), (
        "what was refused, or nobody agreed to, is not the plan's"
    )
    assert found.committed == SumFact(amount=5000, stated=2, of=3), (
        "what cost more than planned takes nothing from others"
    )
    assert found.proposed == SumFact(amount=85_000, stated=1, of=2)
    assert found.running == SumFact(amount=300, stated=1, of=1)
    assert found.effort == SumFact(amount=10, stated=1, of=3)
    told = money.tiles(found, "month", "EUR").text
    assert "Spent so far: € 11,500 (stated by 3 of 4 agreed actions; What is done costs € 300 each month)" in told
    assert money.tiles(money.money([]), "month", "EUR").markup == ""


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"kind": "proposed", "state": "proposed", "due": None}, "To decide"), ({"state": "proposed"}, "To decide"),
        ({"due": "2026-10-15", "overdue": True}, "Overdue"), ({"due": "2026-11-30"}, "November"),
        ({"due": "2026-12-01"}, "December"), ({"due": "2027-01-31"}, "January"), ({"due": "2027-02-01"}, "Later"),
        ({"due": None}, "No date"), ({"due": "2026-10-30", "state": "postponed"}, "November"),
    ],
)  # fmt: skip
def test_every_open_action_has_one_place_on_the_roadmap(changes, column):
    found = roadmap.roadmap([action(**changes), action(open=False, state="implemented")], END)
    assert found.columns == [column] and [(owner, len(cells[0])) for owner, cells in found.rows] == [("Lead", 1)]


def test_the_map_is_drawn_from_three_estimates_on_and_says_what_it_leaves_out():
    some = [action(id=str(i), closes=i / 4, money=1000.0 * i) for i in (1, 2, 3)]
    more = [action(id="4", money=500.0), action(id="5", closes=0.5), action(id="6", open=False, closes=1, money=1.0)]
    names = {"payments": "Payments"}
    told = worth.shown(worth.placed([*some[:2], *more]), names, "October 2026", "EUR")
    assert "<figure" not in told.markup and "2 of 4 open actions and proposals state effect and cost" in told.text
    drawn = worth.shown(worth.placed([*some, *more]), names, "October 2026", "EUR")
    assert "<figure" in drawn.markup and "1 action without a stated cost left out" in drawn.markup
    assert drawn.markup.count("A rota") >= 4, "all that state what they take, with or without an estimate"


def test_every_action_of_the_registers_has_one_way_through_the_stages():
    def one(state, implemented=None, status=None):
        outcome = OutcomeFact(status=status) if status else None
        return SimpleNamespace(state=state, implemented=implemented, outcome=outcome)

    mine = [
        one("proposed"), one("rejected"), one("accepted"), one("implemented", "2026-01-01", "worked"),
        one("implemented", "2026-01-01", "did not"), one("closed", "2026-01-01", "inconclusive"),
        one("implemented", "2026-09-01", "too early"), one("implemented", "2026-09-01"),
    ]  # fmt: skip
    found = delivery.stages({"payments": SimpleNamespace(review=SimpleNamespace(actions=mine))})
    assert [(stage.name, stage.actions) for stage in found] == [
        ("Proposed", 8), ("Accepted", 6), ("Done", 5), ("Judged", 3), ("Worked", 1)
    ]  # fmt: skip
    for before, after in zip(found, found[1:], strict=False):
        assert before.actions - sum(after.left.values()) == after.actions
    assert delivery.staged([], "October 2026").markup == ""


def test_the_demo_adds_up(demo_published):
    facts = results.read(demo_published, ALL_SERVICES, PORTFOLIO)
    made = [p.service for p in facts.plans if p.status == "published"]
    reviews = {service: results.read(demo_published, service, REVIEW) for service in made}
    assert facts.stages[0].actions == sum(len(one.actions) for one in reviews.values())
    spent = [
        a.cost for one in reviews.values() for a in one.actions if a.cost is not None and a.state not in ("rejected",)
    ]
    assert facts.money.spent.amount == pytest.approx(sum(spent))
    assert facts.money.proposed.amount == facts.totals.money
    for service in made:
        plan = {one.id: one for one in results.read(demo_published, service, PLAN).actions}
        for one in (one for one in facts.actions if one.service == service and one.number):
            assert (one.number, one.closes) == (plan[one.id].number, plan[one.id].closes)
    texts = demo_published.index.read_text(encoding="utf-8"), demo_published.executive.read_text(encoding="utf-8")
    for plan in facts.plans:
        for one in plan.decisions:
            assert all(one.owner in text for text in texts)
