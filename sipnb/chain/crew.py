"""Units at work: several services at a time, each in its own process, none able to stop the others."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from sipnb.chain import unit
from sipnb.chain.outcomes import ERRORED, SKIPPED, SUCCEEDED, Outcome, ServiceOutcome

#: Seconds beyond its limit, and the time a kernel has to start, after which a chapter's process is killed.
GRACE = 90.0
_POLL = 0.05


@dataclass
class _Worker:
    service: str
    spec: unit.Spec
    log: Path
    process: subprocess.Popen[bytes]
    started: float


def work(specs: Sequence[tuple[str, unit.Spec]], *, cycle: str, jobs: int, folder: Path) -> Iterator[ServiceOutcome]:
    """Run a unit for each (service, spec), at most `jobs` at a time, and yield each one's outcome as it ends.

    `folder` takes the specs and the processes' logs. Whatever ends this generator ends its processes.
    """
    waiting, working = list(specs), []
    try:
        while waiting or working:
            while waiting and len(working) < jobs:
                working.append(_start(*waiting.pop(0), folder))
            ended = [worker for worker in working if _ended(worker)]
            working = [worker for worker in working if worker not in ended]
            for worker in ended:
                yield _outcome(worker, cycle)
            if not ended:
                time.sleep(_POLL)
    finally:
        for worker in working:
            _kill(worker.process)


def _start(service: str, spec: unit.Spec, folder: Path) -> _Worker:
    folder.mkdir(parents=True, exist_ok=True)
    path, log = folder / f"{service}.spec.json", folder / f"{service}.log"
    path.write_text(json.dumps(asdict(spec)), encoding="utf-8")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "sipnb.chain.unit", str(path)],
            env={**os.environ, **spec.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return _Worker(service, spec, log, process, time.time())


def _ended(worker: _Worker) -> bool:
    if worker.process.poll() is not None:
        return True
    # A unit touches its status at the start of every chapter and stops itself at the limit: it hangs if it does not.
    status = Path(worker.spec.status)
    since = status.stat().st_mtime if status.exists() else worker.started
    if time.time() - since > worker.spec.limit + GRACE:
        _kill(worker.process)
        return True
    return False


def _outcome(worker: _Worker, cycle: str) -> ServiceOutcome:
    told, running = unit.read_status(Path(worker.spec.status))
    names = [chapter.name for chapter in worker.spec.chapters]
    code = worker.process.returncode
    if code != 0 or running is not None or set(told) != set(names):
        lost = running or next((name for name in names if name not in told), names[-1])
        how = f"was killed (signal {-code})" if code < 0 else f"ended unexpectedly (exit code {code})"
        last = worker.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        error = ": ".join([f"the process that ran it {how}", *last])
        told[lost] = Outcome(ERRORED, round(time.time() - worker.started, 3), error=error)
    stopped = False
    chapters = {}
    for name in names:
        chapters[name] = Outcome(SKIPPED) if stopped or name not in told else told[name]
        stopped = stopped or chapters[name].state != SUCCEEDED
    return ServiceOutcome(worker.service, cycle, chapters)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a unit with everything it started; a kernel leads a process group of its own, so the group is not enough."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
