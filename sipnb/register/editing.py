"""Entries written by commands: checked as those written by hand, comments and order kept, whole or not at all.

One writer of a register at a time; a file that is killed while it is written is as it was.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from sipnb import yamls
from sipnb.params import WorkbookError, nearest, validate
from sipnb.places import write_whole
from sipnb.register.checks import objections
from sipnb.register.entries import RegisterFile
from sipnb.register.states import NEXT, PROPOSED


def find(folder: Path, action: str, service: str | None = None) -> Path:
    """The file of an organisation's register that holds an action, of a service where several have one of its name.

    Raises WorkbookError where none or more than one holds it.
    """
    names = {path: _names(path) for path in sorted((folder / "register").glob("*.yml")) if service in (None, path.stem)}
    holding = [path for path, known in names.items() if action in known]
    if len(holding) == 1:
        return holding[0]
    if holding:
        services = ", ".join(path.stem for path in holding)
        raise WorkbookError([f"{action!r} is in the registers of {services}; say which by --service"])
    every = [name for known in names.values() for name in known]
    raise WorkbookError([f"{action!r} is not an action of the register; {nearest(action, every)}"])


def enter(path: Path, action: str, entry: Mapping[str, Any]) -> None:
    """Add an entry (`on`, `state`, and `by`, `reason`, `verdict`, `due` where given) to an action's history.

    Without a `state` it stays in the one it is in: a note, or a new date. In the short form an entry takes the place of the
    state before. Raises WorkbookError where the register would contradict
    itself then, or cannot be read; nothing is changed in that case.
    """
    with _alone(path.parent):
        content, indent = _read(path)
        (found,) = [one for one in content["actions"] if one["id"] == action]
        if history := found.get("history"):
            _append(history, {"on": entry["on"], "state": entry.get("state", history[-1]["state"]), **entry})
        elif "state" in entry:
            _replace(found, path, entry)
        else:
            _note(found, entry)
        text = _written(content, indent)
        _check(path, text)
        write_whole(path, text)


def _append(history: CommentedSeq, entry: Mapping[str, Any]) -> None:
    new = CommentedMap(entry)
    if isinstance(history[-1], CommentedMap) and history[-1].fa.flow_style():
        new.fa.set_flow_style()
    history.append(new)


def _replace(found: CommentedMap, path: Path, entry: Mapping[str, Any]) -> None:
    """The short form has one state: it becomes the entry's, if that may follow."""
    before, now = found.get("state", PROPOSED), entry["state"]
    if now not in NEXT.get(before, ()):
        allowed = f"{', '.join(NEXT.get(before, ()))} may" if NEXT.get(before) else "nothing may"
        raise WorkbookError([f"{path.name}: {found['id']}: {now!r} cannot follow {before!r}; {allowed}"])
    if now in ("closed", "postponed") or entry.get("verdict"):
        raise WorkbookError(
            [f"{path.name}: {found['id']}: {now!r} needs a `history`; write one, with the states it had so far"]
        )
    found["state"], found["since"] = now, entry["on"]
    for key, value in (("implemented", entry["on"] if now == "implemented" else None), ("due", entry.get("due"))):
        if value is not None:
            found[key] = value
    if entry.get("reason"):
        found["note"] = entry["reason"]


def _note(found: CommentedMap, entry: Mapping[str, Any]) -> None:
    """The short form has one note and one date."""
    for key, name in (("reason", "note"), ("due", "due")):
        if entry.get(key):
            found[name] = entry[key]


def _names(path: Path) -> list[str]:
    try:
        return [str(one["id"]) for one in yamls.read(path).get("actions", ())]
    except (yamls.Unreadable, AttributeError, KeyError, TypeError):
        return []  # what is wrong with it is told when the organisation is read


def _read(path: Path) -> tuple[Any, int]:
    """The content with its comments, and by how much its lists are indented."""
    try:
        yamls.read(path)  # what is too large or too deep is refused before it is unfolded
    except yamls.Unreadable as error:
        raise WorkbookError([f"{path.name}:{error}"]) from error
    text = path.read_text(encoding="utf-8")
    first = next((line for line in text.splitlines() if line.lstrip().startswith("- ")), "")
    return _yaml(0).load(text), len(first) - len(first.lstrip())


def _yaml(indent: int) -> YAML:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes, yaml.width = True, 10_000
    yaml.indent(mapping=2, sequence=indent + 2, offset=indent)
    return yaml


def _written(content: Any, indent: int) -> str:
    out = io.StringIO()
    _yaml(indent).dump(content, out)
    return out.getvalue()


def _check(path: Path, text: str) -> None:
    errors: list[str] = []
    content = YAML(typ="safe", pure=True).load(text)
    read = validate(content, RegisterFile, f"register/{path.name}", errors)
    for number, action in enumerate(read.actions if read else ()):
        errors += [f"register/{path.name}: actions.{number}.{key}: {text}" for key, text in objections(action)]
    if errors:
        raise WorkbookError(errors)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other writers of this register waiting, where the system can lock a folder."""
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
