"""Running one notebook with Papermill, and saying truthfully what became of it."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import papermill
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.engines import papermill_engines
from papermill.exceptions import PapermillExecutionError
from traitlets import Dict
from traitlets.config import Config

from sipnb.chain import executed, memory
from sipnb.chain.engines import STOCK, WARM
from sipnb.chain.outcomes import ERRORED, FAILED, SUCCEEDED, Outcome, one_line
from sipnb.chain.warm.engine import ForkedKernel, WarmEngine

#: Seconds a kernel has to start, and the least time between two savings of a notebook that is still running.
START_LIMIT = 60
SAVE_EVERY = 2.0
#: Characters of a folder in which the address of a socket is still short enough for every system (104 on macOS).
_DEEP = 90

_ANSI = re.compile(r"\x1b\[[0-9;]*m")

papermill_engines.register(WARM, WarmEngine)


class OwnKernel(AsyncKernelManager):
    """A kernel of this very interpreter, whatever kernels the user has installed under the notebook's kernel name."""

    environment = Dict(help="environment variables added to the kernel's").tag(config=True)

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name="Python 3",
            language="python",
            env=dict(self.environment),
        )


def execute(
    source: Path, target: Path, parameters: dict[str, str], *, limit: float, kernel_env: dict[str, str],
    engine: str = STOCK,
) -> Outcome:  # fmt: skip
    """Run the notebook `source` with `parameters` and write what ran to `target`, also where it fails.

    `limit` is the wall-clock time in seconds for the whole notebook. The kernel works in an empty folder of its own.
    Whatever happens in the notebook is an outcome; only what is wrong with this program raises.
    """
    source, target = Path(source).resolve(), Path(target).resolve()
    started = time.monotonic()
    run = _Run(source, target, parameters, started + limit)
    error: Exception | None = None
    with tempfile.TemporaryDirectory(prefix="kernel-") as own, _near(own) as near, _quiet():
        folder = Path(own, "empty")
        folder.mkdir()
        # The user's own start-up files must not decide what a plan says.
        environment = {"IPYTHONDIR": str(Path(own, "ipython")), **kernel_env}
        if engine == WARM:
            config = Config({ForkedKernel.__name__: {"environment": environment}})
            how = {"engine_name": WARM}
        else:
            # An absolute place for the sockets: by default they lie in the working directory, which is not shared.
            sockets = {"transport": "ipc", "ip": str(Path(near, "k"))}
            config = Config({OwnKernel.__name__: {**sockets, "environment": environment}})
            how = {"kernel_manager_class": OwnKernel}
        try:
            papermill.execute_notebook(
                str(source),
                None,
                dict(parameters),
                progress_bar=False,
                log_output=False,
                request_save_on_cell_execute=False,
                start_timeout=START_LIMIT,
                config=config,
                **how,
                resources={"metadata": {"path": str(folder)}},
                timeout_func=lambda cell: max(run.remaining, 0.01),
                iopub_timeout=30,
                record_timing=False,
                shutdown_kernel="immediate",
                on_notebook_start=run.begin,
                on_cell_execute=run.advance,
            )
        except Exception as caught:
            error = caught
    outcome = run.judged(error, limit, time.monotonic() - started)
    run.save("failed" if outcome.state == ERRORED else None)
    return outcome


class _Run:
    """One execution as it goes on: Papermill's live notebook, of which it hands nothing back when a kernel dies."""

    def __init__(self, source: Path, target: Path, parameters: dict[str, str], deadline: float):
        self.source, self.target, self.parameters, self.deadline = source, target, parameters, deadline
        self.notebook: NotebookNode | None = None
        self.current: NotebookNode | None = None
        self.saved = time.monotonic()
        self.ended_for_memory = memory.killed()

    @property
    def remaining(self) -> float:
        return self.deadline - time.monotonic()

    def begin(self, notebook: NotebookNode) -> None:
        self.notebook = notebook

    def advance(self, cell: NotebookNode, cell_index: int) -> None:
        self.current = cell
        # So that something is left of a notebook whose process is killed; every cell would cost more than it is worth.
        if time.monotonic() - self.saved >= SAVE_EVERY:
            self.save("running")
            self.saved = time.monotonic()

    def save(self, current: str | None) -> None:
        """Write the notebook; `current` is the true status of the cell it stands at, None where its outputs tell."""
        notebook = self.notebook
        if notebook is None:
            notebook = nbformat.v4.upgrade(nbformat.read(self.source, as_version=4))
            for cell in notebook.cells:
                if cell.cell_type == "code":
                    cell.outputs, cell.execution_count = [], None
        stopped = {self.current.id: current} if self.current and current else {}
        executed.write(executed.cleaned(notebook, self.source, self.parameters, stopped), self.target)

    def judged(self, error: Exception | None, limit: float, seconds: float) -> Outcome:
        """What became of the notebook, from what its cells carry rather than from what was raised."""
        seconds = round(seconds, 3)
        if self.notebook is None:
            reason = one_line(error) if error else "no kernel started"
            return Outcome(ERRORED, seconds, error=f"the kernel did not start: {reason}")
        cells = executed.cells_of(self.notebook)
        code = [(number, cell) for number, cell in enumerate(cells, start=1) if executed.is_code(cell)]
        unrun = [number for number, cell in code if not cell.get("execution_count")]

        def at(state: str, number: int | None, text: str) -> Outcome:
            return Outcome(state, seconds, number, executed.heading(cells, number) if number else "", text)

        for number, cell in code:
            if output := executed.raised(cell):
                return at(FAILED, number, _told(output, len(unrun)))
        last = next((number for number, cell in code if cell is self.current), None)
        if isinstance(error, CellTimeoutError):
            if self.remaining <= 0:
                return at(ERRORED, last, f"took longer than the limit of {limit:g} s")
            return at(ERRORED, last, "the kernel went silent: its output did not arrive")
        if isinstance(error, DeadKernelError):
            return at(ERRORED, last, f"the kernel died{memory.told(self.ended_for_memory)}")
        if isinstance(error, PapermillExecutionError):
            return at(FAILED, last, f"{error.ename}: {error.evalue}".strip(": "))
        if error is not None:
            return at(ERRORED, last, f"the notebook could not be run: {one_line(error)}")
        if unrun:
            return at(FAILED, unrun[0], "this cell and the rest did not run, although nothing was raised")
        return Outcome(SUCCEEDED, seconds)


def _told(output: NotebookNode, unrun: int) -> str:
    first = next(iter(_ANSI.sub("", output.evalue).strip().splitlines()), "")
    if output.ename == "SystemExit":
        rest = f"; the rest ({unrun} code cell{'s' if unrun > 1 else ''}) did not run" if unrun else ""
        return f"SystemExit: the cell called exit({first}){rest}"
    return f"{output.ename}: {first}" if first else output.ename


@contextlib.contextmanager
def _near(scratch: str):
    """The folder `scratch` by a name that is short enough for addresses of sockets: its own, or where it lies too deep one by
    which the system knows it while it is open, or else a link to it."""
    if len(scratch) < _DEEP:
        yield scratch
    elif Path("/proc/self/fd").is_dir():
        opened = os.open(scratch, os.O_RDONLY)
        try:
            yield f"/proc/{os.getpid()}/fd/{opened}"
        finally:
            os.close(opened)
    else:
        with tempfile.TemporaryDirectory(prefix="sipnb-", dir="/tmp") as near:
            link = Path(near, "s")
            link.symlink_to(scratch)
            yield str(link)


@contextlib.contextmanager
def _quiet():
    """Papermill's own log names no notebook; what became of it is in the outcome."""
    loggers = [logging.getLogger(name) for name in ("papermill", "traitlets")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
