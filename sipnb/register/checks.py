"""What contradicts itself in an action, by its place, with what would be legal: the same for whoever edits and for commands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sipnb.register.entries import Action, Entry, RegisterFile
from sipnb.register.states import APPROVED, CLOSED, DELIVERED, FIRST, REASONED, STARTED, cannot_follow, one_of

#: What the history says, and the short form says otherwise.
_SHORT = ("state", "raised", "since", "implemented", "note")


def contradictions(file: RegisterFile) -> list[tuple[str, str]]:
    """The place within a file of each contradiction, and what is wrong with it."""
    found, seen = [], set()
    for number, action in enumerate(file.actions):
        if action.id in seen:
            found.append((f"actions.{number}.id", f"{action.id!r} stands above already; give each action its own"))
        seen.add(action.id)
        found += [(f"actions.{number}.{key}", text) for key, text in objections(action)]
    return found


def objections(action: Action) -> list[tuple[str, str]]:
    """The place within an action of each contradiction, and what is wrong with it."""
    return [*_form(action), *_history(action), *_measure(action)]


def _form(action: Action) -> Iterator[tuple[str, str]]:
    if action.history:
        for key in _SHORT:
            if getattr(action, key):
                yield key, "stands beside `history`, whose entries say it; leave it out"
    else:
        for key in ("state", "raised"):
            if getattr(action, key) is None:
                yield key, "is missing; add it, or a `history` of dated entries"
    if action.id in action.depends_on:
        yield "depends_on", "names the action itself; name another one, or leave it out"


def _history(action: Action) -> Iterator[tuple[str, str]]:
    before: Entry | None = None
    due, owner = action.due, action.owner
    for number, entry in enumerate(action.history):
        due, owner = entry.due or due, entry.owner or owner
        place = f"history.{number}"
        if before is None and entry.state not in FIRST:
            yield f"{place}.state", f"{entry.state!r} cannot come first; begin with {one_of(FIRST)}"
        if before is not None and entry.on < before.on:
            yield (
                f"{place}.on",
                f"{entry.on} is before {before.on}, the entry above; put entries in the order of their dates",
            )
        same = before is not None and before.state == entry.state
        said = entry.reason.strip() or entry.due or entry.owner or entry.sponsor or entry.spent is not None
        if same and not said:
            yield (
                f"{place}.state",
                f"is {entry.state!r} already; give a `reason` as a note, a new date as `due`, an `owner`, a `sponsor`, or what "
                "it has `spent`",
            )
        if before is not None and not same and (wrong := cannot_follow(entry.state, before.state)):
            yield f"{place}.state", wrong
        again = before is not None and (before.state, entry.state) == (DELIVERED, STARTED)
        if (entry.state in REASONED or again) and not same and not entry.reason.strip():
            yield f"{place}.reason", f"is missing; say why it was {entry.state}"
        if entry.state == CLOSED and entry.verdict is None and not entry.reason.strip():
            yield (
                f"{place}.verdict",
                "is missing; close with worked, did not or inconclusive, or give a `reason` for closing without",
            )
        if entry.state != CLOSED and entry.verdict is not None:
            yield f"{place}.verdict", "belongs to the entry that closes the action; leave it out here"
        if entry.state == APPROVED:
            yield from _approved(action, owner, due, place)
        before = entry


def _approved(action: Action, owner: str | None, due: date | None, place: str) -> Iterator[tuple[str, str]]:
    given = {"owner": owner, "due": due, "measure": action.measure}
    missing = [f"`{key}`" for key, value in given.items() if value is None]
    if missing:
        yield (
            f"{place}.state",
            f"'approved' needs {' and '.join(missing)}: who answers for it, until when, and what it is to change",
        )


def _measure(action: Action) -> Iterator[tuple[str, str]]:
    measure = action.measure
    if measure is None:
        return
    if action.kpi is not None and action.kpi != measure.kpi:
        yield "kpi", f"{action.kpi!r} is not {measure.kpi!r}, the KPI of `measure`; leave it out"
    if measure.kpi in measure.counter:
        yield "measure.counter", f"names {measure.kpi!r}, which the action is to change; leave it out"
    promise = measure.expect
    if promise is not None:
        if list(promise) != sorted(promise):
            yield "measure.expect", f"{list(promise)} is not low, likely, high: put the smallest number first"
        if promise[0] < 0 < promise[2]:
            yield (
                "measure.expect",
                f"{list(promise)} promises better and worse; all three have the sign of the better direction",
            )
        if measure.minimum is not None and abs(measure.minimum) > abs(promise[1]):
            yield (
                "measure.minimum",
                f"{measure.minimum:g} is more than the likely effect, {promise[1]:g}; write that or less",
            )
