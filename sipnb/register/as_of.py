"""The register as it stood on a day: what was decided, done or written later is not known to an earlier plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sipnb.register.entries import Action
from sipnb.register.states import (
    ACCEPTED,
    AGREED,
    APPROVED,
    DELIVERED,
    IMPLEMENTED,
    NOT_AGREED,
    PROPOSED,
    REFUSED,
    STARTED,
)  # fmt: skip

#: What the states of the short form say of whether it worked.
_SHORT_VERDICTS = {"verified": "worked", "failed": "did not", "inconclusive": "inconclusive"}


@dataclass(frozen=True)
class Standing:
    """How an action stood: its state and since when, when it was implemented if it was, when it is due, what was written with
    its state, the verdict with which it was closed, when it was agreed and by when it was first to be done, who answered for it,
    what it had cost, when work on it began, who approved it, and who pays for it."""

    state: str
    implemented: date | None
    due: date | None
    note: str
    since: date | None = None
    verdict: str | None = None
    agreed: date | None = None
    first_due: date | None = None
    owner: str | None = None
    spent: float | None = None
    started: date | None = None
    approver: str | None = None
    sponsor: str | None = None

    @property
    def judged(self) -> str | None:
        """The verdict that it has: the one it was closed with, or that its state in the short form says."""
        return self.verdict or _VERDICTS.get(self.state)


_VERDICTS = {"verified": "worked", "failed": "did not", "inconclusive": "inconclusive"}


def standing(action: Action, end: date) -> Standing | None:
    """How an action stood when a cycle ended (`end`: the first day after it); None where it was not there yet."""
    if action.begun >= end:
        return None
    if not action.history:
        return _short(action, end)
    state, implemented, due, note, since, verdict = "", None, action.due, "", None, None
    agreed, first_due, owner, started, approver = None, action.due, action.owner, None, None
    sponsor, spent = action.sponsor, action.cost.actual if action.cost else None
    for entry in (entry for entry in action.history if entry.on < end):
        if entry.state != state:  # an entry of the same state is a note, or a new date
            state, note, since, verdict = entry.state, "", entry.on, entry.verdict
            implemented = entry.on if state == DELIVERED else implemented
        note, due, first_due = entry.reason or note, entry.due or due, first_due or entry.due
        owner, spent = entry.owner or owner, spent if entry.spent is None else entry.spent
        sponsor = entry.sponsor or sponsor
        agreed = agreed or (entry.on if entry.state in AGREED else None)
        started = started or (entry.on if entry.state == STARTED else None)
        approver = (entry.by or approver) if entry.state == APPROVED else approver
    return Standing(
        state, implemented if state in IMPLEMENTED else None, due, note, since, verdict, agreed, first_due, owner, spent, started,
        approver, sponsor,
    )  # fmt: skip


def until(actions: Iterable[Action], end: date | None) -> list[Action]:
    """The actions as far as they were written before a day, all of them without one: histories up to it, no later action, and
    the short form as it stood."""
    if end is None:
        return list(actions)
    return [_until(action, end) for action in actions if action.begun < end]


def _until(action: Action, end: date) -> Action:
    steps = [known for one in action.milestones if (known := one.at(end))]
    action = action.model_copy(update={"milestones": steps})
    if action.history:
        return action.model_copy(update={"history": [entry for entry in action.history if entry.on < end]})
    stood = _short(action, end)
    kept = {"state": stood.state, "since": stood.since, "implemented": stood.implemented, "note": stood.note}
    return action.model_copy(update=kept)


def _short(action: Action, end: date) -> Standing:
    done = action.implemented if action.implemented and action.implemented < end else None
    state, later = _state(action, end)
    # What was written since would tell of a time that had not come.
    verdict = _SHORT_VERDICTS.get(state)
    agreed = None if state in NOT_AGREED else action.raised
    spent = action.cost.actual if action.cost else None
    since = None if later else action.since
    return Standing(
        state,
        done,
        action.due,
        "" if later else action.note,
        since,
        verdict,
        agreed,
        action.due,
        action.owner,
        spent,
        sponsor=action.sponsor,
    )


def _state(action: Action, end: date) -> tuple[str, bool]:
    """The state of the short form when the cycle ended, and whether its entry was written later than that."""
    state = action.state or PROPOSED
    if action.implemented and action.implemented >= end and state in IMPLEMENTED:
        return STARTED, True
    if action.since and action.since >= end:
        before = DELIVERED if action.implemented else PROPOSED if state in REFUSED else STARTED
        return (PROPOSED if state in (ACCEPTED, APPROVED) else before), True
    return state, False
