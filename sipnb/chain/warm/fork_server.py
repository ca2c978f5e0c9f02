"""The process from which units are forked: warm, without threads, and never at work itself.

`python -m sipnb.chain.warm.fork_server FD SPEC MODULE…` serves the pipe at that descriptor, for units that are like the one of
the spec, of the same organisation and cycle, whose pages are written by these modules. It answers `("ready", why it is not)`
once, and then takes `(spec file, log file)` and tells `("started", pid)` and, later, `("ended", pid, exit code)`.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import subprocess
import sys
import traceback
from collections import deque
from collections.abc import Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

from sipnb.chain import unit
from sipnb.chain.surroundings import inherited
from sipnb.chain.warm import imports
from sipnb.places import CHAPTERS, CHOICE, PORTFOLIO, RECORDS, WORDS, CycleFolder

_POLL = 0.02


class NotPossible(RuntimeError):
    """Units cannot be forked here; the message says why."""


class Lost(RuntimeError):
    """The fork server itself has died, and with it every unit."""


class ForkServer:
    """The fork server as the run sees it: it starts units and tells which have ended, by their process ids."""

    def __init__(self, spec: Path, environment: dict[str, str], pages: Sequence[str] = ()) -> None:
        """Start it for units like this one; `environment` is that of all units, `pages` are modules that write pages.

        Raises NotPossible.
        """
        self._pipe, theirs = Pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "sipnb.chain.warm.fork_server", str(theirs.fileno()), str(spec), *pages],
            env={**inherited(), **imports.QUIET, **environment},
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        theirs.close()
        self._ended: dict[int, int] = {}
        self._started: deque[int] = deque()
        try:
            _, why = self._pipe.recv()
        except EOFError:
            why = "it ended while it was starting"
        except BaseException:  # the run is told to end; what is still starting hears nothing
            self._process.kill()
            self.close()
            raise
        if why:
            self.close()
            raise NotPossible(why)

    def start(self, spec: Path, log: Path) -> int:
        """Fork a unit for a spec; its process id. Raises Lost."""
        try:
            self._pipe.send((str(spec), str(log)))
            while not self._started:
                self._hear()
        except (EOFError, OSError) as error:
            raise Lost from error
        return self._started.popleft()

    def ended(self, pid: int) -> int | None:
        """The exit code of a unit, negative for a signal; None while it works. Raises Lost."""
        try:
            while self._pipe.poll():
                self._hear()
        except (EOFError, OSError) as error:
            raise Lost from error
        return self._ended.pop(pid, None)

    def close(self) -> None:
        """End it, and whatever it has forked."""
        self._pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        self._process.kill()
        self._process.wait()

    def _hear(self) -> None:
        word, pid, *code = self._pipe.recv()
        if word == "started":
            self._started.append(pid)
        else:
            self._ended[pid] = code[0]


def _serve(pipe: Connection) -> None:
    """Start units and tell which have ended, until the run hangs up: then EOFError or BrokenPipeError, and no unit is left."""
    units: set[int] = set()
    try:
        while True:
            if pipe.poll(_POLL if units else None):
                spec, log = pipe.recv()
                units.add(pid := _fork(pipe, spec, log))
                pipe.send(("started", pid))
            for pid in list(units):
                done, status = os.waitpid(pid, os.WNOHANG)
                if done:
                    units.remove(pid)
                    pipe.send(("ended", pid, os.waitstatus_to_exitcode(status)))
    finally:
        for pid in units:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)


def _fork(pipe: Connection, spec: str, log: str) -> int:
    pid = os.fork()
    if pid == 0:
        pipe.close()
        _become_unit(spec, log)
    return pid


def _become_unit(spec: str, log: str) -> NoReturn:
    code = 1
    try:
        imports.refresh()
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(output, 1)
        os.dup2(output, 2)
        unit.run(unit.Spec.read(Path(spec)))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _read_ahead(spec: unit.Spec, pages: Sequence[str]) -> None:
    """Do what every unit does first, so that each finds it done: parameters, account, holidays, templates, a figure."""
    for module in pages:
        with contextlib.suppress(Exception):  # what is wrong with it is for the units to tell
            getattr(importlib.import_module(module), "prepare", lambda: None)()
    if imports.CONTEXT not in sys.modules:  # notebooks that read nothing
        return
    from sipnb import tables
    from sipnb.chain.warm import kernel  # noqa: F401 - each kernel is of it
    from sipnb.chapters import context
    from sipnb.records import clocks, frozen
    from sipnb.show import display

    display.prepare()
    for name in tables.TABLES:
        tables.empty(name)
    with contextlib.suppress(Exception):
        book, when, folder = context.open_cycle(spec.parameters["workbook"], spec.parameters["cycle"])
        frozen.read_quality(folder.records)
        for days in [service.calendar.holidays for service in book.services.values() if service.calendar]:
            if days.country:
                clocks.holiday_dates(days.country, days.subdivision, [when.start.year])


def _notebooks(spec: unit.Spec) -> list[Path]:
    """The notebooks of this unit and of those that come after it."""
    mine = [Path(chapter.source) for chapter in spec.chapters]
    theirs = [mine[0].with_name(f"{name}.ipynb") for name in (RECORDS, *CHAPTERS, CHOICE, PORTFOLIO)]
    return [*mine, *(path for path in theirs if path not in mine and path.is_file())]


def main() -> None:
    imports.end_with_parent()
    pipe = Connection(int(sys.argv[1]))
    try:
        spec = unit.Spec.read(Path(sys.argv[2]))
    except FileNotFoundError:  # the run is over, and has removed its papers
        return
    records = CycleFolder(Path(spec.building)).records
    imports.load(_notebooks(spec), texts=(records / WORDS).is_dir())
    _read_ahead(spec, sys.argv[3:])
    imports.settle()
    # Where the system does not see to that, the pipe tells that the run is over.
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        pipe.send(("ready", "" if imports.alone() else "a library that was imported started a thread"))
        _serve(pipe)
    os._exit(0)  # nothing is open; taking down two thousand modules one by one would cost a tenth of a second


if __name__ == "__main__":
    main()
