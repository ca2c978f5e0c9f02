"""What is costly to make for tests is made once for all workers and sessions, as long as nothing it is made of changes."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path

import filelock

#: Where what was made is kept, if not among pytest's own caches, which Git ignores and `make clean` removes.
FOLDER = "SIPNB_TESTS_MADE"

#: What the session was started with: its workers must not find another key because a file was edited meanwhile.
KEY = "SIPNB_TESTS_KEY"

#: What is beside the code but never part of it.
_ASIDE = {"__pycache__", ".ipynb_checkpoints"}


def key_of(paths: Iterable[Path], commit: str = "") -> str:
    """A name for these files and folders with all that is in them, at this commit, for this Python and what is installed."""
    total = hashlib.sha256(f"{sys.version}\n{commit}\n".encode())
    for line in sorted(f"{one.metadata['Name']} {one.version}" for one in metadata.distributions()):
        total.update(f"{line}\n".encode())
    for path in paths:
        for name, digest in content(path).items():
            total.update(f"{path.name}/{name} {digest}\n".encode())
    return total.hexdigest()[:16]


def content(path: Path) -> dict[str, str]:
    """The hash of each file of a folder by its name within, or that of a file."""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    return {
        file.relative_to(path).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if not _ASIDE & set(file.relative_to(path).parts)
    }


class Made:
    """A cache of folders. All of one key lie together; those of other keys are removed when nobody uses them.

    What was made says where it lies, so it is never moved: it is made in a folder of a name of its own, and a small file
    that leads there is put in place by rename once it is whole.
    """

    def __init__(self, base: Path, key: str) -> None:
        self.base, self.key, self.root = base, key, base / key
        self._mine: filelock.FileLock | None = None
        self._sound: set[str] = set()

    def folder(self, name: str, make: Callable[[Path], object], current: Callable[[], str] | None = None) -> Path:
        """The folder that `make` filled, now or earlier. Nobody may change it: who has to, takes a copy.

        `current` gives the key as it is now: what was made while it changed is made of both, and is not kept.
        """
        self._enter()
        with filelock.FileLock(self.root / f"{name}.lock"):
            if whole := self._whole(name):
                return whole
            folder = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=self.root))
            make(folder)
            if current is None or current() == self.key:
                told = {"folder": folder.name, "content": content(folder)}
                scratch = self.root / f"{name}.part"
                scratch.write_text(json.dumps(told), encoding="utf-8")
                scratch.replace(self._pointer(name))
                self._sound.add(name)
            return folder

    def known(self, name: str) -> Path | None:
        """The folder where it was made already; None where it was not. Waits for whoever is making it."""
        self._enter()
        with filelock.FileLock(self.root / f"{name}.lock"):
            return self._whole(name)

    def changed(self) -> list[str]:
        """What is no longer as it was made, forgotten hereby: a test has written into it, or somebody else has."""
        found = []
        for pointer in sorted(self.root.glob("*.json")):
            name = pointer.stem
            with filelock.FileLock(self.root / f"{name}.lock"):
                if (there := self._there(name)) is None:
                    continue
                now, was = content(there[0]), there[1]
                files = sorted(file for file in now.keys() | was.keys() if now.get(file) != was.get(file))
                if files:
                    found.append(f"{name}: {', '.join(files[:5])}{' …' if files[5:] else ''}")
                    pointer.unlink()
        return found

    def _whole(self, name: str) -> Path | None:
        """The folder as it was made, looked through once by each of these; to be called under its lock."""
        there = self._there(name)
        if there and (name in self._sound or content(there[0]) == there[1]):
            self._sound.add(name)
            return there[0]
        return None

    def _pointer(self, name: str) -> Path:
        return self.root / f"{name}.json"

    def _there(self, name: str) -> tuple[Path, dict[str, str]] | None:
        try:
            told = json.loads(self._pointer(name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return self.root / told["folder"], told["content"]

    def _enter(self) -> None:
        """Say, as long as this process lives, that the key is used, and remove the keys that nobody uses any more."""
        if self._mine:
            return
        self.base.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(self.base / "keys.lock"):
            (self.root / "users").mkdir(parents=True, exist_ok=True)
            self._mine = filelock.FileLock(self.root / "users" / f"{uuid.uuid4().hex}.lock")
            self._mine.acquire()
            for other in self.base.iterdir():
                if other.is_dir() and other != self.root and not _used(other):
                    shutil.rmtree(other)


def _used(root: Path) -> bool:
    """Whether a living process holds one of the locks of this key: those of the dead are free."""
    for path in (root / "users").glob("*.lock"):
        lock = filelock.FileLock(path)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            return True
        lock.release()
    return False
