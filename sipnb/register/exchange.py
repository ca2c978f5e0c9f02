"""Actions that come back as a table: what was edited is written as the commands would, and all of it or nothing.

A changed state, date or note becomes a dated entry of the history; other cells change their field where it stands. What the
export left in `As exported` tells which cells were edited, so that what has changed in the register meanwhile is neither undone
nor overwritten, and the same file twice changes nothing. Without it, what a row says is what is to be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sipnb.register import editing, nodes
from sipnb.register.columns import ID, SERVICE, STATUS
from sipnb.register.entries import RegisterFile
from sipnb.register.revising import Refused, edits, fresh, revise, told
from sipnb.register.rows import Row, Wrong, of_row
from sipnb.validation import WorkbookError, nearest


@dataclass(frozen=True)
class Plan:
    """What an import would write: the text of each file that changes, a line for each change, and which row made an action."""

    texts: dict[Path, str]
    told: list[str]
    rows: dict[tuple[str, int], Row]

    def by_row(self, errors: Iterable[str]) -> list[str]:
        """Errors of files of the register as errors of the rows that made them; what no row made is told as it is."""
        return [of_row(error, self.rows) for error in errors]


def plan(folder: Path, found: Sequence[Row], services: Iterable[str], on: date, by: str | None) -> Plan:
    """What the rows would change in the register of an organisation whose services these are.

    Raises Wrong with everything that is refused, and WorkbookError where a file of the register is wrong already.
    """
    known, errors = list(services), list[str]()
    for row in found:
        if row.service not in known:
            wrong = f"{row.service!r} is not a service" if row.service else "is empty"
            errors.append(row.wrong(SERVICE, f"{wrong}; {nearest(row.service, known)}"))
        if not row.action:
            errors.append(row.wrong(ID, f"is empty; give it one, such as {_slug(row.said.get('Summary'))!r}"))
    if errors:
        raise Wrong(errors)
    done = Plan({}, [], {})
    by_service: dict[str, list[Row]] = {}
    for row in found:
        by_service.setdefault(row.service, []).append(row)
    for service, mine in by_service.items():
        errors += _file(folder / "register" / f"{service}.yml", mine, on, by, done)
    if errors:
        raise Wrong(errors)
    return done


def _slug(title: Any) -> str:
    return re.sub(r"[^a-z0-9]+", "-", str(title or "").lower()).strip("-")[:60].strip("-") or "new-action"


def _file(path: Path, found: list[Row], on: date, by: str | None, done: Plan) -> list[str]:
    """Add to the plan what rows change in the file of their service; what is refused."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    before = editing.checked(path, text)
    places = {action.id: at for at, action in enumerate(before.actions)}
    errors: list[str] = []
    edited: list[tuple[int, Row, dict[str, Any]]] = []
    for row in found:
        at = places.setdefault(row.action, len(places))
        done.rows[path.stem, at] = row
        try:
            changes = edits(before.actions[at], row) if at < len(before.actions) else row.said
            row.edited = {
                name for name, value in changes.items() if value not in (None, []) or at < len(before.actions)
            }
            edited += [(at, row, changes)] if changes else []
        except Refused as refused:
            errors.append(row.wrong(refused.column, str(refused)))
    if errors or not edited:
        return errors
    yaml, content = nodes.load(text)  # which costs more than all the rest: only where something is to be written
    for at, row, changes in edited:
        try:
            if at < len(before.actions):
                revise(content["actions"][at], path, before.actions[at], changes, on, by)
                done.told.extend(told(before.actions[at], row, changes))
            else:
                new = fresh(row, on, by)
                editing.add_action(content, new)
                done.told.append(f"{row.service} {row.action}: new, {new.get('state') or new['history'][-1]['state']}")
        except Refused as refused:
            errors.append(row.wrong(refused.column, str(refused)))
        except WorkbookError as error:  # of a state that may not follow
            errors += [row.wrong(STATUS, line.split(": ", 2)[-1]) for line in error.errors]
    if errors:
        return errors
    after = nodes.dump(yaml, content, text)
    try:
        now = editing.checked(path, after)
    except WorkbookError as error:
        return done.by_row(error.errors)
    done.texts[path] = after
    return _beside(path, before, now, done)


def _beside(path: Path, before: RegisterFile, now: RegisterFile, done: Plan) -> list[str]:
    """Actions that would change although no row says so: a part of them is written by reference to a part of another."""
    return [
        f"register/{path.name}: actions.{at}: would change with another action, whose part it refers to; write it out first"
        for at, (was, is_) in enumerate(zip(before.actions, now.actions, strict=False))
        if was != is_ and not (done.rows.get((path.stem, at)) and done.rows[path.stem, at].edited)
    ]
