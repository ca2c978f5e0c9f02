"""Where records are while they are prepared: a folder that only its owner can enter, and of which nothing stays.

It lies among the organisation's reports and not where the machine keeps temporary files: that place is everybody's, may be
small, or memory, and nobody would look for records there. What a process that was killed left is removed by the next one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import filelock

from sipnb.places import private

_NAME = ".preparing"
#: The files without a name, by the folder on whose disk they are: their paths and descriptors.
_open: dict[Path, dict[Path, int]] = {}


@contextlib.contextmanager
def workshop(organisation: Path) -> Iterator[Path]:
    """A folder to work in, within `organisation`, gone when the context is left, by an exception, too.

    What earlier processes left there or beside it, because they were killed, is removed first; a lock tells who still lives.

        with workshop(reports / "demo") as folder:
            ...
    """
    for place in (organisation.parent / _NAME, organisation / _NAME):
        sweep(place)
    made = not organisation.exists()
    place = private(organisation / _NAME)
    name = uuid.uuid4().hex
    lock = filelock.FileLock(place / f"{name}.lock")
    try:
        with lock:  # it comes before the folder, so that nobody takes that for one that was left
            folder = private(place / name)
            try:
                yield folder
            finally:
                for descriptor in _open.pop(folder, {}).values():
                    os.close(descriptor)
                shutil.rmtree(folder, ignore_errors=True)
                Path(lock.lock_file).unlink(missing_ok=True)
    finally:
        for empty in (place, *([organisation] if made else [])):
            with contextlib.suppress(OSError):  # others are at work there, or a page was written
                empty.rmdir()


def unnamed(folder: Path, name: str) -> Path:
    """The path of a new file for a whole copy of an export, to be written, read by its path, and given to `forget`.

    Where the system can, it has no name in the folder: a process that is killed takes it along. Elsewhere it is `folder/name`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600)
    except (AttributeError, OSError):  # another system, or one that cannot do it on this disk
        return folder / name
    path = Path(f"/proc/self/fd/{descriptor}")
    if not path.is_file():
        os.close(descriptor)
        return folder / name
    _open.setdefault(folder, {})[path] = descriptor
    return path


def forget(path: Path) -> None:
    """Remove a file that `unnamed` gave."""
    for kept in _open.values():
        if path in kept:
            os.close(kept.pop(path))
            return
    with contextlib.suppress(OSError):  # a system that keeps what is open; the folder goes at the end
        path.unlink(missing_ok=True)


def sweep(place: Path) -> None:
    """Remove the folders in `place` of which no process is alive that made them."""
    for folder in place.iterdir() if place.is_dir() else ():
        if not folder.is_dir():
            continue
        lock = filelock.FileLock(place / f"{folder.name}.lock")
        with contextlib.suppress(filelock.Timeout, OSError), lock.acquire(timeout=0):
            shutil.rmtree(folder, ignore_errors=True)
            Path(lock.lock_file).unlink(missing_ok=True)
