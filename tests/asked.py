"""A small published portfolio that asks roles for things, made of facts alone."""

from __future__ import annotations

from sipnb.chapters import results
from sipnb.chapters.facts import (
    ActionOfPlan,
    ApprovalFact,
    DecisionFact,
    HealthFact,
    PlanFact,
    PortfolioFacts,
    SinceFact,
    StepOfAction,
)
from sipnb.chapters.portfolio import actions as plan_actions
from sipnb.chapters.portfolio.rows import rows
from sipnb.places import ALL_SERVICES, CycleFolder
from sipnb.report.owners import render_owners

CYCLE = "2026-10"


def decision(title: str, owner: str, **more) -> DecisionFact:
    given = {
        "id": title, "kind": "option", "due": "2026-11-15", "effect": "+9 points on resolved in time", "cost": "€ 9,000 once",
        "why": "it takes longer than a year ago", "otherwise": "without it November will probably miss the target",
    }  # fmt: skip
    return DecisionFact(title=title, owner=owner, **(given | more))


def plan(service: str, owner: str, *decisions: DecisionFact, **more) -> PlanFact:
    given = {
        "name": service.title(), "tier": "Gold", "status": "published", "reason": "", "need": 1.0, "tone": "concern",
        "sentence": f"{service.title()} misses its target.", "fails": 1, "inconclusive": 0, "meets": 0, "miss": 0.9, "worse": [],
        "better": [], "options": [], "decisions": decisions,
        "approval": ApprovalFact(waiting=list(dict.fromkeys([owner, *(one.owner for one in decisions)])) if decisions else [],
                                 status="for approval" if decisions else "not needed"),
    }  # fmt: skip
    return PlanFact(service=service, owner=owner, **(given | more))


def action(service: str, owner: str, title: str, due: str | None, **more) -> ActionOfPlan:
    given = {
        "id": title.lower().replace(" ", "-"), "kind": "agreed", "state": "approved", "open": True, "number": "A1",
        "overdue": due is not None and due < "2026-11-01", "effect": "", "money": None,
    }  # fmt: skip
    return ActionOfPlan(service=service, owner=owner, title=title, due=due, **(given | more))


def portfolio(plans: list[PlanFact] | None = None, actions: list[ActionOfPlan] | None = None, **more) -> PortfolioFacts:
    """Two services of two owners, an action of a third role, a decision of a fourth; or what is given."""
    if plans is None:
        plans = [
            plan("pay", "Head of Pay", decision("Find the cause", "Head of Pay"), decision("New date?", "Board", kind="action")),
            plan("shop", "Head of Shop", tone="common", sentence="Shop meets its targets.", fails=0),
        ]  # fmt: skip
    if actions is None:
        steps = [
            StepOfAction(title="Ask", due="2026-11-10", done=None),
            StepOfAction(title="Plan", due="2026-10-01", done="2026-10-01"),
        ]
        actions = [
            action("pay", "Support Lead", "A rota", "2026-10-15", steps=steps),
            action("shop", "Head of Shop", "A rehearsal", "2026-12-15"),
            action("shop", "Head of Shop", "A freeze", "2026-08-01", open=False, state="implemented", overdue=False,
                   judged_on="2027-01-01"),
        ]  # fmt: skip
    given = {
        "organisation": "Org", "currency": "EUR", "cycle": CYCLE, "cycle_label": "October 2026",
        "cutoff": "2026-10-31T23:00:00+00:00", "cutoff_label": "1 November 2026 00:00 Europe/Berlin", "simulated": False,
        "sentence": "One service misses a target.", "rule": "By need.", "positions": [], "totals": plan_actions.totals(actions),
        "since": SinceFact(cycle="2026-09", label="September 2026", known=False),
        "health": HealthFact(published=len(plans), failed=0, errored=0, skipped=0, stale=0), "estate": [], "tested": 0,
        "by_chance": 0, "seeming": 0, "signals": [], "funnels": [], "sources": [], "warnings": [], "review": "2026-11-30",
    }  # fmt: skip
    return PortfolioFacts(plans=plans, actions=actions, **(given | more))


def publish(folder: CycleFolder, facts: PortfolioFacts) -> CycleFolder:
    """Write the result, and the pages, mails and calendars of roles; the portfolio's own page is a stand-in."""
    folder.root.mkdir(parents=True, exist_ok=True)
    for page in (folder.index, *(folder.page(one.service) for one in facts.plans)):
        page.write_text("<!doctype html><title>A page</title>", encoding="utf-8")
    results.write(folder, ALL_SERVICES, facts.cycle, facts, None, "0123456789abcdef")
    render_owners(folder, facts, rows(folder, facts.plans, {}), [("actions.ics", "all dates")])
    return folder
