"""A unit: one service, its chapters one after the other and then its page, in a process of its own.

The process writes what it is doing and what became of each chapter to a status file, so that whoever started it can
tell, even when it is killed. The page is made here, too: what a service needs goes with its process, and nothing grows with the
number of services.

A chapter whose notebook, records, parameters and earlier results are those that it was published with is reused instead of
run. It is the results that count, not what they were made of: a notebook that changes its words but not its result makes nothing
after it run.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sipnb.chain import engines
from sipnb.chain.outcomes import (
    ERRORED,
    FAILED,
    GOOD,
    RENDER,
    SKIPPED,
    SUCCEEDED,
    UP_TO_DATE,
    Outcome,
    one_line,
    rendered,
)
from sipnb.imports import spared
from sipnb.places import BUILDING, DATA, PARAMETERS, REPORTS, CycleFolder, content_hash, digest, write_whole

#: The folder of temporary files, among the papers of a run.
SCRATCH = "tmp"

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
    """One notebook of a unit, and all that it is made of but the results of the chapters before it.

    `before` is what the manifest has of it: its record and the hashes of its files; empty where it must run.
    """

    name: str
    source: str
    inputs: str
    before: dict[str, Any]


@dataclass(frozen=True)
class Spec:
    """All that the process of a unit needs to know, as plain data.

    `limit` is the seconds each chapter may take; `render` names the function that writes the page, `module:name`,
    called with the building folder and the service. Whoever works on the unit says with which `engine`, and `parent`:
    the process without which the unit must end, 0 where the operating system sees to that.
    """

    service: str
    cycle: str
    chapters: tuple[Chapter, ...]
    parameters: dict[str, str]
    building: str
    published: str
    status: str
    limit: float
    environment: dict[str, str]
    render: str = ""
    engine: str = engines.STOCK
    parent: int = 0

    @property
    def names(self) -> list[str]:
        """What the unit does, in order."""
        return [chapter.name for chapter in self.chapters] + ([RENDER] if self.render else [])

    @classmethod
    def read(cls, path: Path) -> Spec:
        """A spec from its file."""
        content = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**content, "chapters": tuple(Chapter(**c) for c in content["chapters"])})

    def write(self, path: Path) -> None:
        """Write the spec for the process that is to work on it."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


def environment(building: Path, papers: Path, parameters: Path, data: Path, reports: Path) -> dict[str, str]:
    """The environment variables of a unit and its kernels: settled, told where to build, with this very package.

    Temporary files go among the run's papers, which are removed at its end or by the next one. They are added to those that
    `surroundings` lets through.
    """
    package = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    told = {BUILDING: building, PARAMETERS: parameters, DATA: data, REPORTS: reports}
    scratch = dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(papers / SCRATCH))
    return {**SETTLED, **scratch, **{name: str(value) for name, value in told.items()}, "PYTHONPATH": path}


def name_of(function: Callable[..., object] | str | None) -> str:
    """A function as `module:name`, for a process that does not share it. Raises ValueError where it cannot be found."""
    if function is None or isinstance(function, str):
        return function or ""
    name = f"{function.__module__}:{function.__qualname__}"
    if "<" in name:
        raise ValueError(f"{name} is defined within a function: another process cannot import it")
    return name


def run(spec: Spec) -> dict[str, Outcome]:
    """Run the chapters in order, stopping at the first that does not succeed, then render; keep the status file true."""
    building, published = CycleFolder(Path(spec.building)), CycleFolder(Path(spec.published))
    outcomes: dict[str, Outcome] = {}
    results: list[list[Any]] = []
    good = True
    for chapter in spec.chapters:
        if not good:
            outcomes[chapter.name] = Outcome(SKIPPED)
            continue
        _write_status(spec, outcomes, running=chapter.name)
        inputs = digest([chapter.inputs, results])
        if not (outcome := _reused(spec, chapter, inputs, building, published)):
            outcome = replace(_executed(spec, chapter, building), fingerprint=inputs)
        outcomes[chapter.name] = outcome
        good = outcome.state in GOOD
        notebook = building.notebook(spec.service, chapter.name)
        files = [path for path in building.chapter_files(spec.service, chapter.name) if path != notebook]
        results.append([chapter.name, {path.name: content_hash(path) for path in files}])
    if spec.render:
        _write_status(spec, outcomes, running=RENDER)
        page = building.page(spec.service)
        outcomes[RENDER] = rendered(lambda: _render(spec, building), page) if good else Outcome(SKIPPED)
    _write_status(spec, outcomes, running=None)
    return outcomes


def _reused(spec: Spec, chapter: Chapter, inputs: str, building: CycleFolder, published: CycleFolder) -> Outcome | None:
    """Keep what is there of a chapter, or copy what it published, where it would be the same again; None where it must run."""
    record: Mapping[str, Any] = chapter.before.get("record", {})
    hashes: Mapping[str, str] = chapter.before.get("hashes", {})
    # Of a service that failed, the results were removed: a chapter is whole only with its own.
    result = building.result(spec.service, chapter.name).relative_to(building.root).as_posix()
    if result not in hashes or record["state"] not in GOOD or record["fingerprint"] != inputs:
        return None
    for file, known in hashes.items():
        there, here = published.root / file, building.root / file
        if here.is_file() and content_hash(here) == known:
            continue
        if not there.is_file() or content_hash(there) != known:
            return None
        here.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(there, here)
    return Outcome(UP_TO_DATE, record["seconds"], fingerprint=inputs)


def _executed(spec: Spec, chapter: Chapter, building: CycleFolder) -> Outcome:
    with spared():
        from sipnb.chain.execution import execute
    try:
        outcome = execute(
            Path(chapter.source),
            building.notebook(spec.service, chapter.name),
            spec.parameters,
            limit=spec.limit,
            kernel_env=spec.environment,
            engine=spec.engine,
        )
    except Exception as error:
        return Outcome(ERRORED, error=f"the notebook could not be run: {one_line(error)}")
    if outcome.state == SUCCEEDED and not building.result(spec.service, chapter.name).is_file():
        return replace(outcome, state=FAILED, error="the notebook ran but wrote no result")
    return outcome


def _render(spec: Spec, building: CycleFolder) -> None:
    module, name = spec.render.split(":")
    getattr(importlib.import_module(module), name)(building, spec.service)


def read_status(path: Path) -> tuple[dict[str, Outcome], str | None]:
    """The outcomes so far and the chapter that is running, as a unit wrote them; nothing where it wrote nothing."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, None
    return {name: Outcome(**outcome) for name, outcome in content["chapters"].items()}, content["running"]


def _write_status(spec: Spec, outcomes: dict[str, Outcome], running: str | None) -> None:
    content = {"chapters": {name: outcome.record() for name, outcome in outcomes.items()}, "running": running}
    write_whole(Path(spec.status), json.dumps(content, ensure_ascii=False))


def _end_with(parent: int) -> None:
    """End this process when its parent is gone: nobody would publish what it does, and the next run starts afresh."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    spec = Spec.read(Path(sys.argv[1]))
    if spec.parent:
        _end_with(spec.parent)
    run(spec)


if __name__ == "__main__":
    main()
