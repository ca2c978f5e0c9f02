"""Everybody of whom something is asked: owners of services and of actions, and who is to decide or to sign something.

Who is consulted or informed is asked for nothing by a plan, and has no page and no mail.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from sipnb.chapters.facts import ActionOfPlan, DecisionFact, PlanFact, PortfolioFacts
from sipnb.chapters.portfolio.rows import Row, owner_page
from sipnb.report.review import due_until
from sipnb.show import words


@dataclass
class Role:
    """A role with its services in order of need, the decisions asked of it, the plans it has not signed yet, its actions and
    those of its services, and which of them are overdue or due before the next plans."""

    name: str
    rows: list[Row] = field(default_factory=list)
    decisions: list[tuple[Row, DecisionFact]] = field(default_factory=list)
    unsigned: list[Row] = field(default_factory=list)
    actions: list[ActionOfPlan] = field(default_factory=list)
    due: list[ActionOfPlan] = field(default_factory=list)

    @property
    def page(self) -> str:
        """Its page, within the folder of the cycle."""
        return owner_page(self.name)

    @property
    def stem(self) -> str:
        """The name of its page, mail and calendar, without what it ends in."""
        return stem(self.name)

    @property
    def approvals(self) -> list[Row]:
        """The plans of its services, and others it is to sign, that are or were to be approved."""
        others = [row for row in self.unsigned if row not in self.rows]
        told = [row for row in self.rows if row.plan.approval and row.plan.approval.status != "not needed"]
        return [*told, *others]


def stem(role: str) -> str:
    """The name of a role's page, mail and calendar, without what it ends in."""
    return PurePosixPath(owner_page(role)).stem


def decider(plan: PlanFact, decision: DecisionFact) -> str:
    """Of whom a decision is asked: of the service's owner where nobody is named."""
    return decision.owner or plan.owner


def names(facts: PortfolioFacts) -> list[str]:
    """All roles of whom something may be asked, by name."""
    found = {plan.owner for plan in facts.plans} | {one.owner for one in facts.actions}
    for plan in facts.plans:
        found |= {decider(plan, one) for one in plan.decisions} | {*(plan.approval.waiting if plan.approval else ())}
    return sorted(found)


def roles(facts: PortfolioFacts, rows: Sequence[Row]) -> list[Role]:
    """All of them by name, with what each is asked for."""
    found = {name: Role(name) for name in names(facts)}
    actions: dict[str, list[ActionOfPlan]] = defaultdict(list)
    owners = {plan.service: plan.owner for plan in facts.plans}
    for row in rows:
        found[row.plan.owner].rows.append(row)
        for one in row.plan.decisions:
            found[decider(row.plan, one)].decisions.append((row, one))
        for name in row.plan.approval.waiting if row.plan.approval else ():
            found[name].unsigned.append(row)
    for one in facts.actions:
        for name in dict.fromkeys((one.owner, owners[one.service])):
            actions[name].append(one)
    for name, role in found.items():
        role.actions, role.due = actions[name], due_until(actions[name], facts.review)
    return list(found.values())


def sentence(role: Role) -> str:
    """How the role's services stand, in one sentence."""
    if not role.rows:
        asked = (
            words.plural(len(role.decisions), "decision is", "decisions are") if role.decisions else "No decision is"
        )
        mine = f"Answers for {words.plural(len(role.actions), 'action')} of other owners’ services. "
        return f"{mine if role.actions else ''}{asked} asked."
    made = [row.plan for row in role.rows if row.plan.status == "published"]
    without = len(role.rows) - len(made)
    if not made:
        return f"There is no plan of {words.plural(len(role.rows), 'service')}."
    failing = sum(p.fails > 0 for p in made)
    if len(made) == 1:
        text = made[0].sentence
    elif failing:
        verb = "misses" if failing == 1 else "miss"
        text = f"{failing} of {words.plural(len(made), 'service')} certainly {verb} at least one target."
    else:
        text = f"None of {words.plural(len(made), 'service')} certainly misses a target."
    return text + (f" {words.plural(without, 'service has', 'services have')} no plan." if without else "")


def asked(role: Role, review: str) -> str:
    """What is asked of a role, counted: `2 decisions by 15 November 2026, 1 plan to sign, 1 action overdue`."""
    late = sum(one.overdue for one in role.due)
    soon = len(role.due) - late
    parts = []
    if role.decisions:
        first = min(one.due for _, one in role.decisions)
        parts.append(f"{words.plural(len(role.decisions), 'decision')} by {words.day(first)}")
    if role.unsigned:
        parts.append(f"{words.plural(len(role.unsigned), 'plan')} to sign")
    if late:
        parts.append(f"{words.plural(late, 'action')} overdue")
    if soon:
        parts.append(f"{words.plural(soon, 'action')} due by {words.day(review)}")
    return ", ".join(parts) or "nothing is asked"
