"""Units at work: several services at a time, each in its own process, none able to stop the others."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import psutil

from sipnb.chain import memory, unit
from sipnb.chain.engines import STOCK, WARM
from sipnb.chain.outcomes import ERRORED, GOOD, SKIPPED, Outcome, ServiceOutcome
from sipnb.chain.surroundings import inherited
from sipnb.chain.warm.fork_server import ForkServer, Lost, NotPossible
from sipnb.places import private

#: Seconds beyond its limit, and the time a kernel has to start, after which a chapter's process is killed.
GRACE = 90.0
#: Memory that a unit with its kernel may come to use.
PER_JOB = 1.5e9
_POLL = 0.02
_KILLED = -9


class Executor(Protocol):
    """Whoever works on units: here processes of this machine. A cluster needs to do no more than this."""

    def work(self, specs: Sequence[unit.Spec]) -> Iterator[ServiceOutcome]:
        """Work on units, in this order as far as there is room, and yield the outcome of each as it ends.

        Every spec has exactly one outcome, whatever happens to the process that worked on it.
        """
        ...


def default_jobs() -> int:
    """How many units this machine can work on at a time: one a core, and none beyond its free memory."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, int(psutil.virtual_memory().available // PER_JOB)))


@dataclass
class _Worker:
    spec: unit.Spec
    log: Path
    attempt: int
    pid: int
    process: subprocess.Popen[bytes] | ForkServer  # that it was started as, or that it was forked from
    started: float = field(default_factory=time.monotonic)
    stirred: float = field(default_factory=time.monotonic)  # when its status was last seen to change
    status: int = 0
    ended_for_memory: int = field(default_factory=memory.killed)
    hung: bool = False


class LocalExecutor:
    """Processes of this machine. Leaving its context ends them all.

    `folder` takes specs and logs; `engine` is the one that was asked for and becomes `stock` where forking turns out
    not to be safe, which `tell` is told with the reason. `pages` names the modules that will write pages, to be made ready once.
    """

    def __init__(
        self, jobs: int, engine: str, folder: Path, tell: Callable[[str], object] = print, pages: Sequence[str] = ()
    ) -> None:
        self.jobs, self.engine, self.folder, self.tell, self.pages = jobs, engine, folder, tell, pages
        self._fork_server: ForkServer | None = None

    def __enter__(self) -> LocalExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._fork_server is not None:
            self._fork_server.close()
            self._fork_server = None

    def work(self, specs: Sequence[unit.Spec]) -> Iterator[ServiceOutcome]:
        """See Executor. A unit whose process is killed is tried once more. Closing the generator ends its processes."""
        waiting = deque((spec, 1) for spec in specs)
        working: list[_Worker] = []
        try:
            while waiting or working:
                while waiting and len(working) < self.jobs:
                    working.append(self._start(*waiting.popleft()))
                ended = [(worker, code) for worker in working if (code := self._ended(worker)) is not None]
                for worker, code in ended:
                    working.remove(worker)
                    if code == _KILLED and worker.attempt == 1 and not worker.hung:
                        Path(worker.spec.status).unlink(missing_ok=True)
                        waiting.appendleft((worker.spec, 2))
                    else:
                        yield _outcome(worker, code)
                if not ended:
                    time.sleep(_POLL)
        finally:
            for worker in working:
                self._kill(worker)

    def _start(self, spec: unit.Spec, attempt: int) -> _Worker:
        private(self.folder / unit.SCRATCH)
        path, log = self.folder / f"{spec.service}.spec.json", self.folder / f"{spec.service}.log"
        while self.engine == WARM:
            try:
                replace(spec, engine=WARM).write(path)
                if self._fork_server is None:
                    self._fork_server = ForkServer(path, spec.environment, self.pages)
                return _Worker(spec, log, attempt, self._fork_server.start(path, log), self._fork_server)
            except NotPossible as error:
                self.engine = STOCK
                self.tell(f"kernels are started one by one: {error}")
            except Lost:
                self._close()
        replace(spec, engine=STOCK, parent=os.getpid()).write(path)
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "sipnb.chain.unit", str(path)],
                env={**inherited(), **spec.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return _Worker(spec, log, attempt, process.pid, process)

    def _ended(self, worker: _Worker) -> int | None:
        """The exit code of a unit that is done; a negative number is the signal that killed it."""
        code = self._code(worker)
        if code is not None:
            return code
        # A unit touches its status at the start of every chapter and stops itself at the limit: it hangs if it does not.
        # Its file's time is compared with itself alone: clocks are set.
        status = Path(worker.spec.status)
        touched = status.stat().st_mtime_ns if status.exists() else 0
        if touched != worker.status:
            worker.status, worker.stirred = touched, time.monotonic()
        if time.monotonic() - worker.stirred > worker.spec.limit + GRACE:
            worker.hung = True  # it would hang again
            self._kill(worker)
            return _KILLED
        return None

    def _code(self, worker: _Worker) -> int | None:
        if isinstance(worker.process, subprocess.Popen):
            return worker.process.poll()
        try:
            return worker.process.ended(worker.pid)
        except Lost:
            if worker.process is self._fork_server:
                self._close()
            return _KILLED

    def _kill(self, worker: _Worker) -> None:
        """Kill a unit with everything it started; a kernel leads a process group of its own, so its group is not enough."""
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(worker.pid)
            for one in (*process.children(recursive=True), process):
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()
        while self._code(worker) is None:
            time.sleep(_POLL)


def _outcome(worker: _Worker, code: int) -> ServiceOutcome:
    spec = worker.spec
    told, running = unit.read_status(Path(spec.status))
    if code != 0 or running is not None or set(told) != set(spec.names):
        lost = running or next((name for name in spec.names if name not in told), spec.names[-1])
        if worker.hung:
            how = f"was ended by this run, because nothing was heard of it for {spec.limit + GRACE:g} s"
        elif code < 0:
            how = f"was killed (signal {-code}){memory.told(worker.ended_for_memory)}"
        else:
            how = f"ended unexpectedly (exit code {code})"
        log = worker.log.read_text(encoding="utf-8", errors="replace") if worker.log.is_file() else ""
        last = log.strip().splitlines()[-1:]
        error = ": ".join([f"the process that ran it {how}", *last])
        told[lost] = Outcome(ERRORED, round(time.monotonic() - worker.started, 3), error=error)
    stopped = False
    chapters = {}
    for name in spec.names:
        chapters[name] = Outcome(SKIPPED) if stopped or name not in told else told[name]
        stopped = stopped or chapters[name].state not in GOOD
    return ServiceOutcome(spec.service, spec.cycle, chapters, worker.attempt)
