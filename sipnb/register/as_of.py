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
    known = [entry for entry in action.history if entry.on < end]
    last = known[-1]
    # An entry of the same state is a note, or a new date: it was implemented when it came into that state.
    came = [entry for number, entry in enumerate(known) if not number or known[number - 1].state != entry.state]
    done = [entry.on for entry in came if entry.state == DELIVERED]
    note = next((entry.reason for entry in reversed(known[known.index(came[-1]) :]) if entry.reason), "")
    due = next((entry.due for entry in reversed(known) if entry.due), action.due)
    return Standing(last.state, done[-1] if done and last.state in IMPLEMENTED else None, due, note)


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
