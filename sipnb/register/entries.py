"""What a file of the register may hold."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, Strict

from sipnb.params import Id, Said
from sipnb.register.states import ShortState, State, Verdict
from sipnb.validation import Model

#: Whole cycles after which an action is judged where nobody said.
USUAL_AFTER = 6

Amount = Annotated[float, Strict()]


class Entry(Model):
    """A dated entry of an action's history: which state it came into, by whom (a role), and why where a reason is due."""

    on: date
    state: State
    by: Said | None = None
    reason: str = ""
    verdict: Verdict | None = None
    due: date | None = Field(None, description="the date it is due from then on")
    owner: Said | None = Field(None, description="who answers for it from then on")
    sponsor: Said | None = Field(None, description="who pays for it from then on")
    spent: float | None = Field(None, ge=0, description="what it has cost by then")


class Measure(Model):
    """What an action is to change, written down before it does: promise, the least that is worth it, when it can be judged."""

    kpi: str
    baseline: str | None = Field(None, pattern=r"^[0-9A-Z-]+\.\.[0-9A-Z-]+$", description="cycles, as 2025-04..2025-10")
    expect: tuple[Amount, Amount, Amount] | None = Field(None, description="low, likely, high, in the KPI's unit")
    minimum: Amount | None = None
    cycles: int = Field(USUAL_AFTER, ge=1, description="whole cycles after which it can be judged")
    counter: list[str] = Field(default_factory=list, description="KPIs that may not suffer")


class Cost(Model):
    """What an action costs: planned once (low, likely, high) and by cycle, effort in days, and what it has cost so far."""

    once: tuple[Amount, Amount, Amount] | None = None
    per_cycle: float | None = Field(None, ge=0)
    effort_days: float | None = Field(None, ge=0)
    actual: float | None = Field(None, ge=0)


class Milestone(Model):
    """A step of an action. Plans of cycles that ended before `since` do not know it; without that, all do."""

    title: str
    due: date
    done: date | None = None
    since: date | None = None

    def at(self, end: date) -> Milestone | None:
        """The step as it was known before a day; None where it was not."""
        if self.since and self.since >= end:
            return None
        return self if self.done is None or self.done < end else self.model_copy(update={"done": None})


class Where(Model):
    """The tickets that an action touches, where it does not touch all."""

    where: str


class Action(Model):
    """An action of a service's register, with its `history` or in the short form: `state`, `raised`, and what goes with them."""

    id: Id
    title: str
    lever: str | None = None
    driver: str | None = Field(
        None, description="what the lever acts on, as attribute=value; without one, on the service"
    )
    objectives: list[str] = Field(default_factory=list)
    kpi: str | None = None
    owner: Said | None = None
    sponsor: Said | None = None
    consulted: list[Said] = Field(default_factory=list, description="roles that are asked before something is decided")
    informed: list[Said] = Field(default_factory=list, description="roles that are told what was decided")
    evidence: list[str] = Field(default_factory=list)
    tickets: Where | None = None
    measure: Measure | None = None
    cost: Cost | None = None
    depends_on: list[str] = Field(default_factory=list)
    milestones: list[Milestone] = Field(default_factory=list)
    due: date | None = None
    history: list[Entry] = Field(default_factory=list)
    links: list[str] = Field(default_factory=list)
    state: ShortState | None = None
    raised: date | None = None
    since: date | None = Field(None, description="when it came into its state; earlier cycles show the state before")
    implemented: date | None = None
    note: str = ""

    @property
    def measured(self) -> str | None:
        """The KPI it is to change."""
        return self.measure.kpi if self.measure else self.kpi

    @property
    def begun(self) -> date:
        """The day on which it came into the register."""
        began = self.history[0].on if self.history else self.raised
        assert began is not None, "the checks see to that"
        return began


class RegisterFile(Model):
    actions: list[Action] = Field(default_factory=list)
