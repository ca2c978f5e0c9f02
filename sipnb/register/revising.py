"""An action changed by what was edited in its row: states, dates and notes by a dated entry, all else where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap

from sipnb.register import editing, nodes
from sipnb.register.columns import (
    ASSIGNEE,
    COLUMNS,
    CREATED,
    DUE,
    EXPORTED,
    FIRST,
    FIRST_SPENT,
    HISTORY,
    ID,
    IMPLEMENTED,
    NOTE,
    SERVICE,
    SINCE,
    SPENT,
    SPONSOR,
    STATUS,
    TICKETS,
    VERDICT,
    canonical,
    mark,
    values,
)  # fmt: skip
from sipnb.register.entries import Action, Cost, Entry, Measure
from sipnb.register.rows import Row, short
from sipnb.register.states import PROPOSED

#: What entries of a history say, and what only the short form has.
_DATED, _SHORT = (STATUS, NOTE, DUE, VERDICT, ASSIGNEE, SPONSOR, SPENT), (CREATED, SINCE, IMPLEMENTED)
_OWN = (SERVICE, ID, EXPORTED, HISTORY, *FIRST.values(), *_DATED, *_SHORT)
#: The key of an entry for each column that entries change, and what to write where its cell was emptied.
_KEYS = {DUE: "due", ASSIGNEE: "owner", SPONSOR: "sponsor", SPENT: "spent"}
_ANOTHER = {DUE: "give another date", SPENT: "write what it has cost so far"} | dict.fromkeys(
    (ASSIGNEE, SPONSOR), "name another role"
)
_PARTS: dict[str, list[str]] = {"measure": list(Measure.model_fields), "cost": list(Cost.model_fields)}


class Refused(ValueError):
    """What is wrong with a cell of a row, when it is to become part of an action."""

    def __init__(self, column: str, text: str) -> None:
        super().__init__(text)
        self.column = column


def edits(action: Action, row: Row) -> dict[str, Any]:
    """What was edited in the row of an action: new values by column. Raises Refused where the register has changed there, too."""
    now, found = values(row.service, action), dict[str, Any]()
    for name, said in row.said.items():
        may_be = said if COLUMNS[name].kind == "state" and said else [said]
        if name in (SERVICE, ID) or canonical(now[name]) in [canonical(one) for one in may_be]:
            continue
        if row.marks.get(name) in [mark(one) for one in may_be] or (not row.marks and _older(name, said, action)):
            continue
        if row.marks and row.marks[name] != mark(now[name]):
            told = f"{short(said)} was written while the register came to say {short(now[name])}"
            raise Refused(name, f"{told}; export again, and edit that")
        found[name] = may_be[0]
    for name, first in FIRST.items():
        # Without marks a row says what is to be: who answers now stays, where only who did at first is another one.
        said = row.said.get(name)
        if (
            not row.marks
            and first in found
            and name not in found
            and not _moved(name, action.history)
            and said is not None
        ):
            found |= {name: said} if canonical(said) != canonical(found[first]) else {}
    return found


def _moved(name: str, entries: Iterable[Entry]) -> bool:
    """Whether an entry of a history says what stands in a column, and not only the action itself."""
    return any(getattr(one, _KEYS[name]) is not None for one in entries)


def told(action: Action, row: Row, changes: Mapping[str, Any]) -> list[str]:
    """A line for each change of an action."""
    now = values(row.service, action)
    return [
        f"{row.service} {row.action}: {name}: {short(now[name])} → {short(value)}" for name, value in changes.items()
    ]


def _older(name: str, said: Any, action: Action) -> bool:
    """Whether a cell only says what an action said earlier: entries and notes are added, and not taken back."""
    if name == HISTORY:
        entries = [one.model_dump(exclude_defaults=True) for one in action.history]
        return canonical(said) == canonical(entries[: len(said)])
    return name == NOTE and bool(said) and canonical(said) in [canonical(one.reason) for one in action.history]


def revise(
    found: CommentedMap, path: Path, action: Action, changes: Mapping[str, Any], on: date, by: str | None
) -> None:
    """Make the changes in an action of a file that is open. Raises Refused, and WorkbookError of a state that may not follow."""
    dated = {name: changes[name] for name in (*_DATED, *_SHORT) if name in changes}
    with_history = bool(action.history)
    if HISTORY in changes:
        _rewrite(found, changes[HISTORY], dated)
        with_history = True
    for name, first in FIRST.items():
        if first in changes and not with_history:
            raise Refused(first, f"is of an action with a history; write it as {name}")
        moved = any(one.get(_KEYS[name]) is not None for one in found.get("history") or ())
        if first in changes and name in dated and not moved and canonical(dated[name]) == canonical(changes[first]):
            del dated[name]  # the action itself says it from the start
    if with_history:
        _enter(found, path, dated, on, by)
    else:
        _short_form(found, path, dated, on, by)
    also = FIRST.values() if with_history else (ASSIGNEE, SPONSOR, SPENT)
    _fields(found, {name: value for name, value in changes.items() if name not in _OWN or name in also})


def _rewrite(found: CommentedMap, entries: list[dict[str, Any]], dated: dict[str, Any]) -> None:
    """Make the history hold these entries; the short form gives way to it. What they say is not said twice."""
    if not entries:
        raise Refused(HISTORY, "cannot be emptied; it is what says how the action came into its state")
    for key in ("state", "raised", "since", "implemented", "note"):
        nodes.drop(found, key)
    if "history" in found:
        nodes.fill(found["history"], entries)
    else:
        node = nodes.styled(entries)
        node.fa.set_block_style()
        nodes.put(found, "history", node, editing.ORDER)
    last, ends = entries[-1], {name: _last(entries, key) for name, key in _KEYS.items()}
    ends |= {STATUS: last["state"], NOTE: last.get("reason"), VERDICT: last.get("verdict"), CREATED: entries[0]["on"]}
    for name, value in ends.items():
        if name in dated and canonical(dated[name]) == canonical(value):
            del dated[name]


def _last(entries: Iterable[Mapping[str, Any]], key: str) -> Any:
    """What the last of some entries says that says anything of it; None where none does."""
    return next((one[key] for one in reversed(list(entries)) if one.get(key) is not None), None)


def _enter(found: CommentedMap, path: Path, dated: Mapping[str, Any], on: date, by: str | None) -> None:
    """Add one entry of what a row says now."""
    for name in _SHORT:
        if name in dated:
            raise Refused(name, f"is what {HISTORY} says; change it there")
    if STATUS not in dated:
        if VERDICT in dated:
            raise Refused(VERDICT, f"belongs to the entry that closes the action; change {STATUS} too, or {HISTORY}")
        if NOTE in dated and not dated[NOTE]:
            raise Refused(NOTE, f"is a note of the history, which stays; change it in {HISTORY}")
    elif not dated[STATUS]:
        raise Refused(STATUS, "is empty; write the state it is in")
    for name, instead in _ANOTHER.items():
        if name in dated and dated[name] in (None, ""):
            raise Refused(name, f"cannot be emptied; {instead}")
    given = {"on": on, "state": dated.get(STATUS), "by": by, "reason": dated.get(NOTE), "due": dated.get(DUE),
             "owner": dated.get(ASSIGNEE), "sponsor": dated.get(SPONSOR), "verdict": dated.get(VERDICT),
             "spent": dated.get(SPENT)}  # fmt: skip
    if dated:
        editing.add(found, path, {key: value for key, value in given.items() if value not in (None, "")})


def _short_form(found: CommentedMap, path: Path, dated: Mapping[str, Any], on: date, by: str | None) -> None:
    """Change what the short form says of the state."""
    if VERDICT in dated and STATUS not in dated:
        raise Refused(VERDICT, f"is of an action with a history; write one into {HISTORY}")
    for name in (STATUS, CREATED):
        if name in dated and not dated[name]:
            raise Refused(name, "is empty; an action without a history needs it")
    given = {"on": on, "state": dated.get(STATUS), "by": by, "reason": dated.get(NOTE), "due": dated.get(DUE),
             "verdict": dated.get(VERDICT)}  # fmt: skip
    if any(dated.get(name) for name in (STATUS, NOTE, DUE, VERDICT)):
        editing.add(found, path, {key: value for key, value in given.items() if value})
    keys = {NOTE: "note", DUE: "due", CREATED: "raised", SINCE: "since", IMPLEMENTED: "implemented"}
    for name, key in keys.items():
        if name in dated and (name in _SHORT or not dated[name]):
            _set(found, key, dated[name])


def _set(found: CommentedMap, key: str, value: Any) -> None:
    if value is None or value == []:
        nodes.drop(found, key)
    else:
        nodes.put(found, key, value, editing.ORDER)


def _fields(found: CommentedMap, changes: Mapping[str, Any]) -> None:
    """Set what stands beside the history, each in its place."""
    for name, value in changes.items():
        if "." not in COLUMNS[name].place:
            if name == "Summary" and not value:
                raise Refused(name, "is empty; say what is to be done")
            _set(found, COLUMNS[name].place, value)
    if TICKETS in changes:
        _set(found, "tickets", {"where": changes[TICKETS]} if changes[TICKETS] else None)
    for part, order in _PARTS.items():
        mine = {name: value for name, value in changes.items() if COLUMNS[name].place.startswith(f"{part}.")}
        if mine:
            _set(found, part, _part(found.get(part) or {}, mine, order) or None)


def _part(there: Mapping[str, Any], changes: Mapping[str, Any], order: list[str]) -> dict[str, Any]:
    """What a part of an action holds when cells of it have changed."""
    merged = {key: list(value) if isinstance(value, list) else value for key, value in there.items()}
    for name, value in changes.items():
        _, key, *at = COLUMNS[name].place.split(".")
        if at:
            three = merged.setdefault(key, [None] * 3)
            three[int(at[0])] = value
        else:
            merged[key] = value
    for name in changes:
        three = merged[COLUMNS[name].place.split(".")[1]]
        if isinstance(three, list) and None in three and three != [None] * 3:
            raise Refused(name, "goes with the two beside it; fill in all three, low, likely and high, or none")
    kept = {key: value for key, value in merged.items() if value not in (None, [], [None] * 3)}
    return {key: kept[key] for key in sorted(kept, key=lambda key: order.index(key) if key in order else len(order))}


def fresh(row: Row, on: date, by: str | None) -> dict[str, Any]:
    """The action of a row that is not in the register yet: with its history, or in the short form where it says when it was
    created and has none, or else with a history that begins now."""
    said = {name: row.said.get(name) for name in COLUMNS}
    if not said["Summary"]:
        raise Refused("Summary", "is empty; say what is to be done")
    action = CommentedMap({"id": row.action, "title": said["Summary"]})
    _fields(
        action,
        {name: said[name] for name in COLUMNS if name not in (*_OWN, "Summary") and said[name] not in (None, [])},
    )
    states, entries = said[STATUS] or [PROPOSED], said[HISTORY]
    if entries:
        if said[STATUS] and entries[-1]["state"] not in states:
            raise Refused(
                STATUS, f"{states[0]!r} is not {entries[-1]['state']!r}, with which {HISTORY} ends; change one of them"
            )
        begins = _begins(said, entries)
        _fields(action, {FIRST_SPENT: begins[SPENT]} if begins[SPENT] is not None else {})
        people = {"owner": begins[ASSIGNEE], "sponsor": begins[SPONSOR]}
        return action | _given({**people, "due": begins[DUE], "history": entries})
    _fields(action, {SPENT: said[SPENT]} if said[SPENT] is not None else {})
    people = {"owner": said[ASSIGNEE], "sponsor": said[SPONSOR]}
    if said[CREATED]:
        if said[VERDICT]:
            raise Refused(VERDICT, f"is of an action with a history; write one into {HISTORY}")
        brief = {"state": states[0], "raised": said[CREATED], "since": said[SINCE], "implemented": said[IMPLEMENTED]}
        return action | _given({**people, "due": said[DUE], **brief, "note": said[NOTE]})
    entry = {"on": on, "state": states[0], "by": by, "reason": said[NOTE], "verdict": said[VERDICT]}
    return action | _given({**people, "due": said[DUE], "history": [_given(entry)]})


def _begins(said: Mapping[str, Any], entries: list[dict[str, Any]]) -> dict[str, Any]:
    """What a new action says beside its history of what entries change: that of its columns, which may not contradict it."""
    found: dict[str, Any] = {}
    for name, key in _KEYS.items():
        last, first = _last(entries, key), said[FIRST[name]]
        ends = first if last is None else last
        if None not in (ends, said[name]) and canonical(ends) != canonical(said[name]):
            where = FIRST[name] if last is None else f"{HISTORY} ends"
            raise Refused(name, f"{short(said[name])} is not {short(ends)}, with which {where}; change one of them")
        found[name] = said[name] if ends is None else first
    return found


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}
