"""One run a cycle: a lock on the folder, and the process that holds it."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterator

import filelock
import psutil

from sipnb.places import CycleFolder

#: The file among a run's papers that names its process.
_HOLDER = "process"


class Locked(RuntimeError):
    """Another run of the same cycle holds the lock; the message names its process where it is known."""


@contextlib.contextmanager
def held(published: CycleFolder) -> Iterator[None]:
    """Hold the cycle for as long as the context lasts. Raises Locked where another run does."""
    path = published.root.with_name(f".{published.root.name}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise Locked(
            f"another run{_holder(published)} is making {published.root}: wait until it ends; it holds {path}"
        ) from error
    try:
        # Who removes the lock by hand would let two runs build in one folder.
        if _works(published):
            raise Locked(
                f"another run{_holder(published)} is making {published.root}, though its lock is gone: wait until it ends"
            )
        yield
    finally:
        lock.release()


def _process(pid: int) -> str:
    """A process of this machine, so that hardly a later one is taken for it: its id, the machine, and its command."""
    try:
        return f"{pid} {platform.node()} {psutil.Process(pid).cmdline()}"
    except psutil.Error:
        return ""


def _works(published: CycleFolder) -> bool:
    """Whether the process that noted itself as making this cycle is at work on this machine, and is not this one."""
    holder = published.papers / _HOLDER
    known = holder.read_text(encoding="utf-8") if holder.is_file() else ""
    pid = known.split(" ")[0]
    return pid.isdigit() and int(pid) != os.getpid() and known == _process(int(pid))


def _holder(published: CycleFolder) -> str:
    holder = published.papers / _HOLDER
    return f" (process {holder.read_text(encoding='utf-8').split(' ')[0]})" if holder.is_file() else ""


def sign(published: CycleFolder) -> None:
    """Note among the run's papers that this process makes the cycle."""
    (published.papers / _HOLDER).write_text(_process(os.getpid()), encoding="utf-8")
