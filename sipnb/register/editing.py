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

from sipnb.params import WorkbookError, nearest, read_yaml, validate
from sipnb.places import write_whole
from sipnb.register.checks import contradictions
from sipnb.register.entries import RegisterFile
from sipnb.register.states import PROPOSED, cannot_follow


def find(folder: Path, action: str, service: str | None = None) -> Path:
    """The file of an organisation's register that holds an action, of a service where several have one of its name.

    Raises WorkbookError where none or more than one holds it, and where a file of it cannot be read.
    """
    paths = [path for path in sorted((folder / "register").glob("*.yml")) if service in (None, path.stem)]
    names = {path: [one.id for one in _check(path).actions] for path in paths}
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
    state before. Raises WorkbookError where the file cannot be read, or contradicts itself or would then; nothing is changed
    in that case.
    """
    with _alone(path.parent):
        text = path.read_text(encoding="utf-8")
        _check(path, text)
        yaml = _yaml(text)
        content = yaml.load(text)
        (found,) = [one for one in content["actions"] if one["id"] == action]
        if history := found.get("history"):
            _append(history, {"on": entry["on"], "state": entry.get("state", history[-1]["state"]), **entry})
        elif "state" in entry:
            _replace(found, path, entry)
        else:
            _note(found, entry)
        out = io.StringIO()
        yaml.dump(content, out)
        _check(path, out.getvalue())
        write_whole(path, out.getvalue())


def _append(history: CommentedSeq, entry: Mapping[str, Any]) -> None:
    new = CommentedMap(entry)
    if isinstance(history[-1], CommentedMap) and history[-1].fa.flow_style():
        new.fa.set_flow_style()
    history.append(new)


def _replace(found: CommentedMap, path: Path, entry: Mapping[str, Any]) -> None:
    """The short form has one state: it becomes the entry's, if that may follow."""
    before, now = found.get("state", PROPOSED), entry["state"]
    if wrong := cannot_follow(now, before):
        raise WorkbookError([f"{path.name}: {found['id']}: {wrong}"])
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


def _yaml(text: str) -> YAML:
    """Reads and writes a file with its comments, its quotes, and its lists indented as they are."""
    first = next((line for line in text.splitlines() if line.lstrip().startswith("- ")), "")
    indent = len(first) - len(first.lstrip())
    yaml = YAML(typ="rt")
    yaml.preserve_quotes, yaml.width = True, 10_000
    yaml.indent(mapping=2, sequence=indent + 2, offset=indent)
    return yaml


def _check(path: Path, text: str | None = None) -> RegisterFile:
    """A file of the register, or the text that is to be in it. Raises WorkbookError where it cannot be one."""
    errors: list[str] = []
    where = f"register/{path.name}"
    file: RegisterFile | None = validate(read_yaml(path, text), RegisterFile, where, errors)
    errors += [f"{where}: {at}: {told}" for at, told in contradictions(file)] if file else []
    if file is None or errors:
        raise WorkbookError(errors)
    return file


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
