"""A run: the records of a cycle frozen, every service's chapters run and rendered, the portfolio, publication."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import filelock

from sipnb.chain import crew, manifest, publication, unit
from sipnb.chain.manifest import ACROSS, PUBLISHED, UP_TO_DATE, Made
from sipnb.chain.outcomes import FAILED, RENDER, SUCCEEDED, Outcome, ServiceOutcome, one_line
from sipnb.chain.plans import GIVEN, GIVEN_ACROSS, asked, check_notebooks, reusable, why
from sipnb.chapters.results import PORTFOLIO
from sipnb.cycles import Cycle
from sipnb.places import CHAPTERS, CycleFolder, cycle_folder
from sipnb.records import prepare
from sipnb.workbook import Workbook


class Locked(RuntimeError):
    """Another run of the same cycle holds the lock; the message names its process where it is known."""


@dataclass(frozen=True)
class Event:
    """A step of a run: `kind` is frozen, service, portfolio or published; `message` says how it went."""

    kind: str
    message: str
    service: str = ""
    done: int = 0
    total: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Run:
    """What became of a run: each service's status, the portfolio's, a line for each error, where it is published."""

    statuses: Mapping[str, str]
    portfolio: str
    errors: tuple[str, ...]
    folder: Path

    @property
    def exit_code(self) -> int:
        """0 where all asked for is published, 3 where something failed and the rest is published."""
        return 3 if self.errors else 0


@dataclass(frozen=True)
class _Work:
    """What all steps of one run share. `entries` are the services' entries of the manifest as they come to stand."""

    workbook: Workbook
    cycle: Cycle
    notebooks: Path
    published: CycleFolder
    building: CycleFolder
    jobs: int
    limit: float
    progress: Callable[[Event], None]
    before: dict[str, Any]
    started: float
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)


Render = Callable[[CycleFolder, str], object]
RenderFailure = Callable[[CycleFolder, str, ServiceOutcome], object]
AcrossAll = Callable[[CycleFolder], object]


def run(
    workbook: Workbook,
    cycle: Cycle,
    services: Sequence[str] | None,
    *,
    jobs: int,
    force: bool,
    refreeze: bool,
    notebooks: Path,
    render_plan: Render,
    render_failure: RenderFailure,
    render_index: AcrossAll,
    finish: AcrossAll | None,
    progress: Callable[[Event], None],
    render_quality: AcrossAll | None = None,
    chapter_limit: float = 600,
) -> Run:
    """Make the plans of `services` (all where None) for one cycle and publish them, those that are out of date.

    `render_plan(folder, service)` and `render_failure(folder, service, outcome)` write the page of a service into the
    building folder, `render_quality(folder)` the data-quality page (before all others, so that they can link to it),
    `render_index(folder)` the index and `finish(folder)` the downloads; `chapter_limit` is in seconds. The failure of
    one service, or of the data-quality page, is in the result and stops no other.

    Raises WorkbookError for an unknown service and ParameterError, both before anything starts; Locked; MissingInput
    and GateStopped, which leave everything published as it was.
    """
    names = asked(workbook, services)
    notebooks = Path(notebooks).resolve()
    check_notebooks(notebooks)
    published = cycle_folder(workbook.reports, workbook.name, cycle.name)
    building = CycleFolder(published.root.with_name(f".{cycle.name}.building"))
    with _locked(published, building), _terminable():
        publication.begin(published, building)
        try:
            (building.root / publication.PAPERS / "pid").write_text(str(os.getpid()))
            work = _Work(
                workbook, cycle, notebooks, published, building, jobs, chapter_limit, progress,
                manifest.read(published), time.monotonic(),
            )  # fmt: skip
            return _made(
                work, names, force, refreeze, render_plan, render_failure, render_index, render_quality, finish
            )
        finally:
            publication.end(building)


def _made(
    work: _Work, names: list[str], force: bool, refreeze: bool,
    render_plan: Render, render_failure: RenderFailure, render_index: AcrossAll, render_quality: AcrossAll | None,
    finish: AcrossAll | None,
) -> Run:  # fmt: skip
    quality = _records(work, refreeze)
    if render_quality is not None:
        _quality_page(work, render_quality)
    code = manifest.code_hash()
    head = manifest.head(work.workbook, work.cycle, quality, code)
    made = manifest.made_of_all(work.workbook, work.cycle, work.building.records, quality, work.notebooks, code)
    out_of_date = _look_up(work, names, made, force)
    gone = [name for name in work.before["services"] if name not in work.workbook.services]
    try:
        _services(work, out_of_date, made, len(names), render_plan, render_failure)
        across = manifest.made_of_portfolio(work.workbook, work.cycle, quality, work.notebooks, code, work.entries)
        earlier = work.before["portfolio"] or None
        anew = bool(work.ran or gone or why(earlier, across, work.published, force))
        if anew:
            # The notebook reads there how the services fared.
            _write(work, head, {"status": "pending", "hashes": {}})
            portfolio = _portfolio(work, across, earlier, render_failure, render_index, finish)
        else:
            portfolio = {**work.before["portfolio"], "status": UP_TO_DATE, "changed": [], "output": "identical"}
    except BaseException:
        # Interrupted: what is done need not be done again. The index stays as it was.
        if work.ran:
            _write(work, head, work.before["portfolio"])
            publication.publish(work.building, work.published, work.ran, gone, portfolio=False)
        raise
    _write(work, head, portfolio)
    publication.publish(work.building, work.published, work.ran, gone, portfolio=anew)
    seconds = time.monotonic() - work.started
    work.progress(Event("published", str(work.published.root), done=len(names), total=len(names), seconds=seconds))
    statuses = {name: work.entries[name]["status"] for name in names}
    return Run(statuses, portfolio["status"], tuple(work.errors), work.published.root)


def _records(work: _Work, refreeze: bool) -> dict[str, Any]:
    """The account of the frozen records, which are in the building folder then: reused, or frozen anew."""
    quality = None if refreeze else reusable(work.workbook, work.cycle, work.published)
    if quality is not None:
        publication.lend_records(work.published, work.building)
        message = "frozen records are up to date"
    else:
        quality = prepare.freeze(work.workbook, work.cycle, work.building.records)
        message = "records frozen"
    work.progress(Event("frozen", message, seconds=time.monotonic() - work.started))
    return quality


def _quality_page(work: _Work, render_quality: AcrossAll) -> None:
    """The page of the records, made each time: it takes no time, and is left where it is what was published."""
    try:
        render_quality(work.building)
    except Exception as error:
        work.building.quality.unlink(missing_ok=True)
        work.errors.append(f"data quality {work.cycle.name}: {one_line(error)}")
    publication.lend_quality(work.published, work.building)


def _look_up(work: _Work, names: list[str], made: Mapping[str, Made], force: bool) -> list[str]:
    """The services that must run; all others keep their entry, and show their published files to the portfolio."""
    out_of_date = []
    for name in work.workbook.services:
        entry = work.before["services"].get(name)
        if name in names and why(entry, made[name], work.published, force):
            out_of_date.append(name)
        if entry is None:
            continue
        if name in names and name not in out_of_date:
            entry = {**entry, "status": UP_TO_DATE, "output": "identical"}
        # A service that is not asked for keeps its status; `changed` then says whether it is still true.
        work.entries[name] = {**entry, "changed": made[name].changed(entry)}
        if name not in out_of_date:
            publication.lend(work.published, work.building, name)
    return out_of_date


def _services(
    work: _Work, names: list[str], made: Mapping[str, Made], asked_for: int,
    render_plan: Render, render_failure: RenderFailure,
) -> None:  # fmt: skip
    papers = work.building.root / publication.PAPERS
    specs = [(name, _spec(work, name, CHAPTERS, dict.fromkeys(GIVEN, "") | {"service": name})) for name in names]
    done = asked_for - len(names)
    outcomes = crew.work(specs, cycle=work.cycle.name, jobs=work.jobs, folder=papers)
    # Closed at once where a step below is interrupted, so that no process outlives the run.
    with contextlib.closing(outcomes):
        for outcome in outcomes:
            name = outcome.service
            outcome = _rendered(outcome, work.building, CHAPTERS, lambda folder, name=name: render_plan(folder, name))
            if outcome.state != SUCCEEDED:
                publication.forget_results(work.building, name)
                _fail(work, outcome, render_failure)
            status = PUBLISHED if outcome.state == SUCCEEDED else outcome.state
            hashes = manifest.hashes(work.building, manifest.service_files(work.building, name))
            earlier = work.before["services"].get(name)
            work.entries[name] = _entry(status, outcome, made[name], hashes, earlier, f"{name}.html")
            work.ran.append(name)
            done += 1
            work.progress(Event("service", status, name, done, asked_for, outcome.seconds))


def _portfolio(
    work: _Work, made: Made, earlier: Mapping[str, Any] | None,
    render_failure: RenderFailure, render_index: AcrossAll, finish: AcrossAll | None,
) -> dict[str, Any]:  # fmt: skip
    def render(folder: CycleFolder) -> None:
        render_index(folder)
        if finish is not None:
            finish(folder)

    spec = _spec(work, PORTFOLIO, (ACROSS,), dict.fromkeys(GIVEN_ACROSS, ""))
    papers = work.building.root / publication.PAPERS
    (outcome,) = crew.work([(PORTFOLIO, spec)], cycle=work.cycle.name, jobs=1, folder=papers)
    outcome = _rendered(outcome, work.building, (ACROSS,), render, work.building.index)
    if outcome.state != SUCCEEDED:
        publication.forget_results(work.building, PORTFOLIO)
        work.building.index.unlink(missing_ok=True)
        _fail(work, outcome, render_failure)
        if work.building.page(PORTFOLIO).exists():
            work.building.page(PORTFOLIO).replace(work.building.index)
    status = PUBLISHED if outcome.state == SUCCEEDED else outcome.state
    work.progress(Event("portfolio", status, seconds=outcome.seconds))
    hashes = manifest.hashes(work.building, manifest.portfolio_files(work.building, work.workbook.services))
    return _entry(status, outcome, made, hashes, earlier, work.building.index.name)


def _rendered(
    outcome: ServiceOutcome, building: CycleFolder, chapters: Sequence[str],
    render: Callable[[CycleFolder], object], page: Path | None = None,
) -> ServiceOutcome:  # fmt: skip
    """The outcome with that of rendering, where all chapters succeeded and each left its result."""
    if outcome.state != SUCCEEDED:
        return outcome
    page = page or building.page(outcome.service)
    for chapter in chapters:
        if not building.result(outcome.service, chapter).is_file():
            lost = replace(outcome.chapters[chapter], state=FAILED, error="the notebook ran but wrote no result")
            return replace(outcome, chapters={**outcome.chapters, chapter: lost})
    started = time.monotonic()
    try:
        render(building)
        error = "" if page.is_file() else "rendering wrote no page"
    except Exception as caught:
        error = one_line(caught)
    rendered = Outcome(FAILED if error else SUCCEEDED, round(time.monotonic() - started, 3), error=error)
    return replace(outcome, chapters={**outcome.chapters, RENDER: rendered})


def _fail(work: _Work, outcome: ServiceOutcome, render_failure: RenderFailure) -> None:
    """Put the failure page in the place of the plan and keep the error line."""
    partial = None
    if outcome.chapter != RENDER and work.building.notebook(outcome.service, outcome.chapter or "").is_file():
        partial = work.published.notebook(outcome.service, outcome.chapter or "")
    shown = replace(outcome, service=ACROSS) if outcome.service == PORTFOLIO else outcome
    work.errors.append(shown.line(partial))
    work.building.page(outcome.service).unlink(missing_ok=True)
    try:
        render_failure(work.building, outcome.service, outcome)
    except Exception as error:
        work.errors.append(f"{shown.service} {outcome.cycle} failure page: {one_line(error)}")


def _entry(
    status: str, outcome: ServiceOutcome, made: Made, hashes: dict[str, str],
    earlier: Mapping[str, Any] | None, page: str,
) -> dict[str, Any]:  # fmt: skip
    return {
        "status": status,
        "chapters": {name: chapter.record() for name, chapter in outcome.chapters.items()},
        "fingerprint": made.fingerprint,
        "made_of": made.parts,
        "page": page,
        "hashes": hashes,
        "changed": made.changed(earlier),
        "output": manifest.compared(hashes, earlier),
    }


def _spec(work: _Work, service: str, chapters: Sequence[str], given: dict[str, str]) -> unit.Spec:
    book = work.workbook
    # An organisation's name is the same on every machine, its path is not: that one travels in the environment.
    return unit.Spec(
        chapters=tuple(
            unit.Chapter(name, str(work.notebooks / f"{name}.ipynb"), str(work.building.notebook(service, name)))
            for name in chapters
        ),
        parameters=given | {"workbook": book.name, "cycle": work.cycle.name},
        status=str(work.building.root / publication.PAPERS / f"{service}.status.json"),
        limit=work.limit,
        environment=unit.environment(work.building.root, book.folder.parent, book.data, book.reports),
        parent=os.getpid(),
    )


def _write(work: _Work, head: dict[str, Any], portfolio: Mapping[str, Any]) -> None:
    seconds = round(time.monotonic() - work.started, 3)
    services = {name: work.entries[name] for name in work.workbook.services if name in work.entries}
    manifest.write(work.building, {**head, "services": services, "portfolio": dict(portfolio), "seconds": seconds})


@contextlib.contextmanager
def _locked(published: CycleFolder, building: CycleFolder) -> Iterator[None]:
    path = published.root.with_name(f".{published.root.name}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        holder = building.root / publication.PAPERS / "pid"
        process = f" (process {holder.read_text()})" if holder.is_file() else ""
        raise Locked(f"another run{process} is making {published.root}: wait until it ends; it holds {path}") from error
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Turn SIGTERM into an exception for as long as a run goes on, so that it ends its processes first."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    earlier = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, earlier)
