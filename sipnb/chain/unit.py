"""One service in a process of its own: `python -m sipnb.chain.unit SPEC.json` runs its chapters, one after the other.

The process writes what it is doing and what became of each chapter to a status file, so that whoever started it can
tell, even when it is killed.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sipnb.chain.outcomes import ERRORED, SKIPPED, SUCCEEDED, Outcome, one_line
from sipnb.places import BUILDING, DATA, PARAMETERS, REPORTS

#: What makes a kernel's results independent of the machine's load, and its start quiet.
SETTLED = {
    **{f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "BLIS", "ARROW")},
    "VECLIB_MAXIMUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "PYTHONHASHSEED": "0",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}


@dataclass(frozen=True)
class Chapter:
    """One notebook of a unit: its name, where it is, and where the executed one goes."""

    name: str
    source: str
    target: str


@dataclass(frozen=True)
class Spec:
    """All that the process of a unit needs to know. `limit` is the seconds each chapter may take."""

    chapters: tuple[Chapter, ...]
    parameters: dict[str, str]
    status: str
    limit: float
    environment: dict[str, str]
    parent: int

    @classmethod
    def read(cls, path: Path) -> Spec:
        content = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**content, "chapters": tuple(Chapter(**c) for c in content["chapters"])})


def environment(building: Path, parameters: Path, data: Path, reports: Path) -> dict[str, str]:
    """The environment variables of a unit and its kernels: settled, told where to build, with this very package."""
    package = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    told = {BUILDING: building, PARAMETERS: parameters, DATA: data, REPORTS: reports}
    return {**SETTLED, **{name: str(value) for name, value in told.items()}, "PYTHONPATH": path}


def run(spec: Spec) -> dict[str, Outcome]:
    """Run the chapters in order, stopping at the first that does not succeed, and keep the status file up to date."""
    _spare_imports()
    from sipnb.chain.execution import execute

    outcomes: dict[str, Outcome] = {}
    stopped = False
    for chapter in spec.chapters:
        if stopped:
            outcomes[chapter.name] = Outcome(SKIPPED)
            continue
        _write_status(spec, outcomes, running=chapter.name)
        try:
            outcome = execute(
                Path(chapter.source),
                Path(chapter.target),
                spec.parameters,
                limit=spec.limit,
                kernel_env=spec.environment,
            )
        except Exception as error:
            outcome = Outcome(ERRORED, error=f"the notebook could not be run: {one_line(error)}")
        outcomes[chapter.name] = outcome
        stopped = outcome.state != SUCCEEDED
    _write_status(spec, outcomes, running=None)
    return outcomes


def read_status(path: Path) -> tuple[dict[str, Outcome], str | None]:
    """The outcomes so far and the chapter that is running, as a unit wrote them; nothing where it wrote nothing."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, None
    return {name: Outcome(**outcome) for name, outcome in content["chapters"].items()}, content["running"]


def _write_status(spec: Spec, outcomes: dict[str, Outcome], running: str | None) -> None:
    path = Path(spec.status)
    scratch = path.with_name(path.name + ".part")
    content = {"chapters": {name: outcome.record() for name, outcome in outcomes.items()}, "running": running}
    scratch.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    scratch.replace(path)


def _spare_imports() -> None:
    # Optional imports of Papermill's own imports that nothing here uses: the first one alone takes over a second,
    # and a unit process is started for every service.
    for name in ("rfc3987_syntax", "pyarrow", "gcsfs", "boto3", "github"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]


def _end_with(parent: int) -> None:
    """End this process when its parent is gone: nobody would publish what it does, and the next run starts afresh."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    spec = Spec.read(Path(sys.argv[1]))
    _end_with(spec.parent)
    run(spec)


if __name__ == "__main__":
    main()
