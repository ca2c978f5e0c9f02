"""The pack for the meeting about the plans, on one page: what to decide, what was judged, what is in doubt, what is due, and room
for the minutes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sipnb import __version__
from sipnb.chapters.facts import ActionOfPlan, PortfolioFacts
from sipnb.other_cycles import editions
from sipnb.places import CycleFolder
from sipnb.report.page import editions as neighbours
from sipnb.report.page import environment, write
from sipnb.show import words

#: As many points of a kind as a page has room for; the others stand on the portfolio.
DECISIONS, OTHERS = 10, 3


def render_review(folder: CycleFolder, facts: PortfolioFacts) -> Path:
    """Write the page of the meeting, and return its path."""
    names = {plan.service: plan.name for plan in facts.plans}
    asked = [(plan.service, one) for plan in facts.plans for one in plan.decisions]
    judged = [one for one in facts.actions if one.judged]
    due = due_until(facts.actions, facts.review)
    doubted = [
        *facts.warnings,
        *(f"{plan.name}: {why}" for plan in facts.plans if (why := _lacking(plan.status))),
    ]
    content = environment().get_template("review.html.j2").render(
        title=f"Review meeting: {facts.organisation}, {facts.cycle_label}", facts=facts, names=names,
        roles=sorted({one.owner for _, one in asked[:DECISIONS]}), asked=asked[:DECISIONS], more_asked=len(asked[DECISIONS:]),
        judged=judged[:OTHERS], more_judged=len(judged[OTHERS:]), due=due[:OTHERS], more_due=len(due[OTHERS:]),
        doubted=doubted[:OTHERS], more_doubted=len(doubted[OTHERS:]),
        wanted=words.day(min(one.due for _, one in asked)) if asked else "",
        version=__version__, **neighbours(editions(folder, folder.review.name), facts.cycle),
    )  # fmt: skip
    return write(folder.review, content)


def due_until(actions: Sequence[ActionOfPlan], day: str) -> list[ActionOfPlan]:
    """What is agreed and due by a day, ISO, the oldest first: what is overdue is among it."""
    found = [one for one in actions if one.kind == "agreed" and one.open and one.due and one.due <= day]
    return sorted(found, key=lambda one: (one.due or "", one.service, one.id))


def _lacking(status: str) -> str:
    """Why the plan of a service is no basis for a decision; empty where it is there."""
    return {"published": "", "skipped": "not planned yet"}.get(status, "its plan could not be made")
