"""Entries written by commands: checked as those written by hand, comments and order kept, whole or not at all.

One writer of a register at a time; a file that is killed while it is written is as it was.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap

from sipnb.register import nodes
from sipnb.register.checks import contradictions
from sipnb.register.entries import Action, Cost, RegisterFile
from sipnb.register.states import PROPOSED, cannot_follow
from sipnb.validation import WorkbookError, nearest, read_yaml, validate

#: The keys of an action in the order in which they are written.
ORDER = list(Action.model_fields)


def find(folder: Path, action: str, service: str | None = None) -> Path:
    """The file of an organisation's register that holds an action, of a service where several have one of its name.

    Raises WorkbookError where none or more than one holds it, and where a file of it cannot be read.
    """
    paths = [path for path in sorted((folder / "register").glob("*.yml")) if service in (None, path.stem)]
    names = {path: [one.id for one in checked(path).actions] for path in paths}
    holding = [path for path, known in names.items() if action in known]
    if len(holding) == 1:
        return holding[0]
    if holding:
        services = ", ".join(path.stem for path in holding)
        raise WorkbookError([f"{action!r} is in the registers of {services}; say which by --service"])
    every = [name for known in names.values() for name in known]
    raise WorkbookError([f"{action!r} is not an action of the register; {nearest(action, every)}"])


def enter(path: Path, action: str, entry: Mapping[str, Any]) -> None:
    """Add an entry (`on`, `state`, and `by`, `reason`, `verdict`, `due`, `owner`, `sponsor`, `spent` where given) to an action's
    history.

    Without a `state` it stays in the one it is in: a note, or a new date. In the short form an entry takes the place of the
    state before. Raises WorkbookError where the file cannot be read, or contradicts itself or would then; nothing is changed
    in that case.
    """
    with alone(path.parent):
        text = path.read_text(encoding="utf-8")
        before = checked(path, text)
        yaml, content = nodes.load(text)
        (found,) = [one for one in content["actions"] if one["id"] == action]
        add(found, path, entry)
        after = nodes.dump(yaml, content, text)
        _alone_changed(path, action, before, checked(path, after))
        write({path: after})


def _alone_changed(path: Path, action: str, before: RegisterFile, now: RegisterFile) -> None:
    """Raises WorkbookError where another action would change, too: a part of it is written by reference to a part of this one."""
    others = [
        one.id for one, after in zip(before.actions, now.actions, strict=True) if one != after and one.id != action
    ]
    if others:
        told = f"would change with {action!r}, with which it shares a part by reference; write it out first"
        raise WorkbookError([f"register/{path.name}: {one}: {told}" for one in others])


def add(found: CommentedMap, path: Path, entry: Mapping[str, Any]) -> None:
    """Add an entry to an action of a file that is open; it is checked with the whole. Raises WorkbookError."""
    if history := found.get("history"):
        nodes.append(history, {"on": entry["on"], "state": entry.get("state", history[-1]["state"]), **entry})
    elif "state" in entry:
        _replace(found, path, entry)
    else:
        _note(found, path, entry)


def add_action(content: CommentedMap, action: Mapping[str, Any]) -> None:
    """Add a new action to a file that is open, laid out as people write one: a key a line, an entry a line."""
    node = nodes.styled({key: action[key] for key in ORDER if key in action}, flow=False)
    for key in ("history", "milestones"):
        if key in node:
            node[key].fa.set_block_style()
    if not content.get("actions"):  # there is none yet, or it is written as `[]`
        content["actions"] = nodes.styled([], flow=False)
    nodes.append(content["actions"], node)


def with_actions(text: str, actions: Iterable[Mapping[str, Any]]) -> str:
    """The text of a file with more actions at its end."""
    yaml, content = nodes.load(text)
    for action in actions:
        add_action(content, action)
    return nodes.dump(yaml, content, text)


def _replace(found: CommentedMap, path: Path, entry: Mapping[str, Any]) -> None:
    """The short form has one state: it becomes the entry's, if that may follow."""
    before, now = found.get("state", PROPOSED), entry["state"]
    if wrong := cannot_follow(now, before):
        raise WorkbookError([f"register/{path.name}: {found['id']}.state: {wrong}"])
    if now in ("closed", "postponed") or entry.get("verdict"):
        raise WorkbookError(
            [
                f"register/{path.name}: {found['id']}.state: {now!r} needs a `history`; write one, with the states it had so far"
            ]
        )
    changes = {
        "state": now, "since": entry["on"], "implemented": entry["on"] if now == "implemented" else None,
        "due": entry.get("due"), "note": entry.get("reason"), "owner": entry.get("owner"),
        "sponsor": entry.get("sponsor"),
    }  # fmt: skip
    for key, value in changes.items():
        if value:
            nodes.put(found, key, value, ORDER)
    _cost(found, entry)


def _note(found: CommentedMap, path: Path, entry: Mapping[str, Any]) -> None:
    """The short form has one note, one date, one owner, one sponsor and one cost."""
    if not any(entry.get(key) for key in ("reason", "due", "owner", "sponsor")) and entry.get("spent") is None:
        told = "nothing is noted; give a `reason` as a note, a new date as `due`, an `owner`, a `sponsor`, or what it has `spent`"
        raise WorkbookError([f"register/{path.name}: {found['id']}.note: {told}"])
    for key, name in (("reason", "note"), ("due", "due"), ("owner", "owner"), ("sponsor", "sponsor")):
        if entry.get(key):
            nodes.put(found, name, entry[key], ORDER)
    _cost(found, entry)


def _cost(found: CommentedMap, entry: Mapping[str, Any]) -> None:
    if entry.get("spent") is None:
        return
    if isinstance(found.get("cost"), CommentedMap):
        nodes.put(found["cost"], "actual", entry["spent"], list(Cost.model_fields))
    else:
        nodes.put(found, "cost", {"actual": entry["spent"]}, ORDER)


def checked(path: Path, text: str | None = None) -> RegisterFile:
    """A file of the register, or the text that is to be in it. Raises WorkbookError where it cannot be one."""
    errors: list[str] = []
    where = f"register/{path.name}"
    file: RegisterFile | None = validate(read_yaml(path, text), RegisterFile, where, errors)
    errors += [f"{where}: {at}: {told}" for at, told in contradictions(file)] if file else []
    if file is None or errors:
        raise WorkbookError(errors)
    return file


def write(texts: Mapping[Path, str]) -> None:
    """Write files of the register with the line ends that they have, each by rename, and none before all are on the disk.

    Who is killed between two renames leaves each file whole, some as they were; the same command makes up for the rest.
    """
    scratch: dict[Path, Path] = {}
    try:
        for path, text in texts.items():
            windows = path.is_file() and b"\r\n" in path.read_bytes()
            part = path.with_name(path.name + ".part")
            part.write_bytes((text.replace("\n", "\r\n") if windows else text).encode("utf-8"))
            scratch[path] = part
        for path, part in scratch.items():
            part.replace(path)
    finally:
        for part in scratch.values():
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other writers of this register waiting, where the system can lock a folder."""
    folder.mkdir(exist_ok=True)
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)
