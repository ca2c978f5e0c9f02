"""Work that may go wrong, in a process of its own with limits of memory and time: where it is killed, nothing else dies.

The process runs this file by its path, so that it starts with nothing but what its script imports. A script has a `main`, which
is given plain data and prints lines of JSON.
"""

from __future__ import annotations

import contextlib
import json
import runpy
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: With what exit code a process says that it was given too little memory.
TOO_MUCH = 99


@dataclass(frozen=True)
class Ended:
    """What a process printed until it ended, and how it did (`subprocess` has the code of a signal below zero)."""

    lines: list[dict[str, Any]]
    code: int
    error: str = ""  # what it wrote to its standard error

    @property
    def late(self) -> bool:
        """It took too long."""
        return -self.code in {getattr(signal, name, None) for name in ("SIGALRM", "SIGXCPU", "SIGTERM")}

    @property
    def large(self) -> bool:
        """It needed too much memory: it says so, the system does, or a library gave up."""
        return self.code == TOO_MUCH or -self.code in {getattr(signal, name, None) for name in ("SIGKILL", "SIGABRT")}


def work(script: Path, told: dict[str, Any], *, memory: int, seconds: float, processor: float | None = None) -> Ended:
    """Run a script's `main(told)` with at most so many bytes of `memory`, `seconds` by the clock and of the `processor`."""
    command = [sys.executable, "-P", __file__, str(script)]
    given = json.dumps({"memory": memory, "processor": processor, "told": told})
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=seconds)
        output, code, error = done.stdout, done.returncode, done.stderr
    except subprocess.TimeoutExpired as late:
        output, code, error = (late.stdout or b"").decode(), -signal.SIGTERM, ""
    lines = output.splitlines(keepends=True)
    # What was being written when the process was killed is no line yet.
    return Ended([json.loads(line) for line in lines if line.endswith("\n")], code, error)


def _bound(memory: int, processor: float | None) -> None:
    try:
        import resource
    except ImportError:  # not on Windows; what a script limits by itself is there
        return
    with contextlib.suppress(ValueError, OSError):  # not every system knows this limit
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    if processor is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (int(processor) + 1, int(processor) + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):  # where memory runs short, this process goes first
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def main() -> None:
    """Run the script that the command line names, on what standard input says."""
    given = json.load(sys.stdin)
    _bound(given["memory"], given["processor"])
    try:
        runpy.run_path(sys.argv[1])["main"](given["told"])
    except MemoryError:
        sys.exit(TOO_MUCH)


if __name__ == "__main__":
    main()
