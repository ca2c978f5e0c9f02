"""The register as it stood on a day: what was decided, done or written later is not known to an earlier plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sipnb.register.entries import Action
from sipnb.register.states import ACCEPTED, APPROVED, DELIVERED, IMPLEMENTED, PROPOSED, REFUSED, STARTED


@dataclass(frozen=True)
class Standing:
    """How an action stood: its state, when it was implemented if it was, when it is due, what was written with its state."""

    state: str
    implemented: date | None
    due: date | None
    note: str


def standing(action: Action, end: date) -> Standing | None:
    """How an action stood when a cycle ended (`end`: the first day after it); None where it was not there yet."""
    if action.begun >= end:
        return None
    if not action.history:
        return _short(action, end)
    state, implemented, due, note = "", None, action.due, ""
    for entry in (entry for entry in action.history if entry.on < end):
        if entry.state != state:  # an entry of the same state is a note, or a new date
            state, note = entry.state, ""
            implemented = entry.on if state == DELIVERED else implemented
        note, due = entry.reason or note, entry.due or due
    return Standing(state, implemented if state in IMPLEMENTED else None, due, note)


def _short(action: Action, end: date) -> Standing:
    done = action.implemented if action.implemented and action.implemented < end else None
    state, later = _state(action, end)
    # What was written since would tell of a time that had not come.
    return Standing(state, done, action.due, "" if later else action.note)


def _state(action: Action, end: date) -> tuple[str, bool]:
    """The state of the short form when the cycle ended, and whether its entry was written later than that."""
    state = action.state or PROPOSED
    if action.implemented and action.implemented >= end and state in IMPLEMENTED:
        return STARTED, True
    if action.since and action.since >= end:
        before = DELIVERED if action.implemented else PROPOSED if state in REFUSED else STARTED
        return (PROPOSED if state in (ACCEPTED, APPROVED) else before), True
    return state, False
