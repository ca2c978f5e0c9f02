"""A page for everybody of whom something is asked: their services in order of need, their decisions and their actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from sipnb import __version__
from sipnb.chapters.facts import ActionOfPlan, DecisionFact, PortfolioFacts
from sipnb.chapters.portfolio import actions as plan_actions
from sipnb.chapters.portfolio import views
from sipnb.chapters.portfolio.rows import Row, owner_page
from sipnb.other_cycles import editions
from sipnb.places import CycleFolder
from sipnb.report.page import environment, quality_link, write
from sipnb.show import words


@dataclass(frozen=True)
class Owner:
    """Somebody who answers for services or actions. `decisions` are asked of them, each with the service that asks."""

    name: str
    rows: list[Row]
    decisions: list[tuple[Row, DecisionFact]]
    actions: list[ActionOfPlan]


def owners(facts: PortfolioFacts, rows: Sequence[Row]) -> list[Owner]:
    """The owners of services, and those of actions, by name; with their own actions and those of their services."""
    mine: dict[str, list[Row]] = {}
    for row in rows:
        mine.setdefault(row.plan.owner, []).append(row)
        for one in row.plan.decisions:
            mine.setdefault(one.owner or row.plan.owner, [])
    for action in facts.actions:
        mine.setdefault(action.owner, [])
    found = []
    for name in sorted(mine):
        services = {row.plan.service for row in mine[name]}
        decisions = [
            (row, one) for row in rows for one in row.plan.decisions if (one.owner or row.plan.owner) == name
        ]  # fmt: skip
        actions = [one for one in facts.actions if one.owner == name or one.service in services]
        found.append(Owner(name, mine[name], decisions, actions))
    return found


def sentence(owner: Owner) -> str:
    """How the owner's services stand, in one sentence."""
    if not owner.rows:
        asked = (
            words.plural(len(owner.decisions), "decision is", "decisions are") if owner.decisions else "No decision is"
        )
        return f"Answers for {words.plural(len(owner.actions), 'action')} of other owners’ services. {asked} asked."
    made = [row.plan for row in owner.rows if row.plan.status == "published"]
    without = len(owner.rows) - len(made)
    if not made:
        return f"There is no plan of {words.plural(len(owner.rows), 'service')}."
    failing = sum(p.fails > 0 for p in made)
    if len(made) == 1:
        text = made[0].sentence
    elif failing:
        verb = "misses" if failing == 1 else "miss"
        text = f"{failing} of {words.plural(len(made), 'service')} certainly {verb} at least one target."
    else:
        text = f"None of {words.plural(len(made), 'service')} certainly misses a target."
    return text + (f" {words.plural(without, 'service has', 'services have')} no plan." if without else "")


def render_owners(
    folder: CycleFolder, facts: PortfolioFacts, rows: Sequence[Row], downloads: Sequence[tuple[str, str]]
) -> list[Owner]:
    """Write the page of every owner."""
    template = environment().get_template("owner.html.j2")
    found = owners(facts, rows)
    for one in found:
        page = owner_page(one.name)
        content = template.render(
            title=f"Service improvement plans: {one.name}, {facts.cycle_label}",
            facts=facts,
            owner=one,
            sentence=sentence(one),
            listed=Markup(views.services(one.rows, "../", owners=False).markup),
            actions=_actions(one, rows, facts.currency),
            downloads=downloads,
            editions=[(name, label, f"../{link}") for name, label, link in editions(folder, page)],
            quality=quality_link(folder),
            version=__version__,
        )  # fmt: skip
        write(folder.root / page, content)
    return found


def _actions(owner: Owner, rows: Sequence[Row], currency: str) -> Markup:
    """The owner's own actions and those of their services, as the portfolio shows all of them."""
    mine = owner.actions
    shown = views.actions(mine, plan_actions.totals(mine), rows, currency, up="../", longest=len(mine))
    return Markup(shown.markup)
