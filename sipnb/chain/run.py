"""A run: the records of a cycle frozen, every service's chapters run and rendered, the portfolio, publication."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import filelock

from sipnb import other_cycles
from sipnb import workbook as workbooks
from sipnb.chain import engines, lock, manifest, publication, unit, workers
from sipnb.chain.manifest import PUBLISHED, Inputs
from sipnb.chain.outcomes import RENDER, SUCCEEDED, UP_TO_DATE, ServiceOutcome, one_line
from sipnb.chain.plans import GIVEN, GIVEN_ACROSS, asked, check_notebooks, reasons_of, reasons_of_each, reusable
from sipnb.chain.progress import Event, Pace
from sipnb.chain.workers import LocalExecutor
from sipnb.cycles import Cycle
from sipnb.places import (
    ALL_RECORDS,
    ALL_SERVICES,
    CHAPTERS,
    NOTEBOOKS,
    PORTFOLIO,
    RECORDS,
    CycleFolder,
    cycle_folder,
    write_whole,
)
from sipnb.records import prepare
from sipnb.records.frozen import service_of
from sipnb.workbook import Workbook, WorkbookError


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
class Pages:
    """The functions that write the pages into the building folder.

    `plan(folder, service)`, `index(folder, service)` of the portfolio and `quality(folder, service)` of the records run in the
    process of their unit, which imports them by name: `module:name`, where they are not to be imported here. The records' page
    comes before all others, so that they can link to it. Here run `methods(folder)`, which all plans link to,
    `failure(folder, service, outcome)`, and `cycles(folder)`, which is given the published folder when everything else is in its
    place.
    """

    plan: Callable[[CycleFolder, str], object] | str
    failure: Callable[[CycleFolder, str, ServiceOutcome], object]
    index: Callable[[CycleFolder, str], object] | str
    quality: Callable[[CycleFolder, str], object] | str | None = None
    cycles: Callable[[CycleFolder], object] | None = None
    methods: Callable[[CycleFolder], object] | None = None

    @property
    def modules(self) -> list[str]:
        """The modules of the functions that run in units."""
        names = [unit.name_of(page) for page in (self.plan, self.index, self.quality) if page]
        return sorted({name.partition(":")[0] for name in names})


@dataclass(frozen=True)
class _Work:
    """What all steps of one run share. `entries` are the services' entries of the manifest as they come to stand."""

    workbook: Workbook
    cycle: Cycle
    notebooks: Path
    published: CycleFolder
    building: CycleFolder
    pages: Pages
    executor: LocalExecutor
    limit: float
    force: bool
    progress: Callable[[Event], None]
    before: dict[str, Any]
    left_over: dict[str, dict[str, Any]]
    started: float
    place: str
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)


def run(
    workbook: Workbook,
    cycle: Cycle,
    services: Sequence[str] | None,
    *,
    pages: Pages,
    jobs: int | None = None,
    engine: str | None = None,
    force: bool = False,
    refreeze: bool = False,
    notebooks: Path,
    progress: Callable[[Event], None],
    chapter_limit: float = 600,
) -> Run:
    """Make the plans of `services` (all where None) for one cycle and publish them, those that are out of date.

    `jobs` units work at a time (None: as many as the machine can bear) on kernels of `engine` (None: the faster one
    that is safe here); `chapter_limit` is in seconds. The failure of one service, or of the data-quality page, is in
    the result and stops no other.

    Raises WorkbookError for an unknown service and for a folder that holds another organisation's plans, and ParameterError,
    both before anything starts; Locked; MissingInput and GateStopped, which leave everything published as it was.
    """
    asked(workbook, services)
    check_notebooks(notebooks)
    published = cycle_folder(workbook.reports, workbook.name, cycle.name)
    building = published.building
    place = manifest.place(workbook)
    with lock.held(published):
        _refuse_foreign(published, workbook)
        left_over = publication.begin(published, building)
        lock.sign(published)
        try:
            workbook, notebooks = _copied(workbook, notebooks, published.papers)
            with LocalExecutor(
                jobs or workers.default_jobs(), engine or engines.default(), published.papers,
                lambda text: progress(Event("engine", text)), pages.modules,
            ) as executor:  # fmt: skip
                work = _Work(
                    workbook, cycle, notebooks, published, building, pages, executor, chapter_limit, force, progress,
                    manifest.read(published), left_over, time.monotonic(), place,
                )  # fmt: skip
                return _made(work, asked(workbook, services), refreeze)
        except BaseException:
            # What was finished before an interruption the next run goes on from, as after a kill.
            if not publication.left_over(published, building):
                publication.end(published, building)
            raise


def _copied(workbook: Workbook, notebooks: Path, papers: Path) -> tuple[Workbook, Path]:
    """The parameters and notebooks as this run found them: what is edited while it works is for the next one."""
    folder = papers / "params" / workbook.name
    for path in workbooks.files(workbook.folder):
        there = folder / path.relative_to(workbook.folder)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, there)
    copies = papers / "notebooks"
    copies.mkdir()
    for path in sorted(Path(notebooks).glob("*.ipynb")):
        shutil.copyfile(path, copies / path.name)
    if not (copies / f"{RECORDS}.ipynb").exists():  # whoever has chapters of their own need not have one of this
        shutil.copyfile(NOTEBOOKS / f"{RECORDS}.ipynb", copies / f"{RECORDS}.ipynb")
    return workbooks.load(folder, data=workbook.data, reports=workbook.reports, anywhere=workbook.anywhere), copies


def _made(work: _Work, names: list[str], refreeze: bool) -> Run:
    quality = _records(work, refreeze)
    code = manifest.code_hash()
    head = manifest.head(work.workbook, work.cycle, quality, code, work.place)
    unchanged = manifest.unchanged_files(work.published)
    if not work.building.records.is_symlink():  # they were frozen anew
        unchanged = {file for file in unchanged if not file.startswith("records/")}
    if work.pages.methods:
        work.pages.methods(work.building)
    of_records = manifest.inputs_of_records(work.workbook, work.cycle, quality, work.notebooks, code)
    # Whoever forces one service means its plan, and not the page of everybody's records.
    records = _quality_page(work, of_records, work.force and len(names) == len(work.workbook.services), unchanged)
    inputs = manifest.inputs_of_services(
        work.workbook, work.cycle, work.building.records, quality, work.notebooks, code, unchanged
    )
    out_of_date = _look_up(work, names, inputs, unchanged)
    gone = [name for name in work.before["services"] if name not in work.workbook.services]
    rows = {name: sum(quality["services"].get(name, {}).get("rows", {}).values()) for name in out_of_date}
    _services(work, rows, inputs, len(names))
    across = manifest.inputs_of_portfolio(work.workbook, work.cycle, quality, work.notebooks, code, work.entries)
    earlier = work.before["portfolio"] or None
    anew = bool(work.ran or gone or reasons_of(earlier, across, work.published, work.force, unchanged))
    if anew:
        portfolio = _portfolio(work, across, earlier)
    else:
        portfolio = {**earlier, "status": UP_TO_DATE, "output": "identical"}
    _write(work, head, portfolio, records)
    if not work.published.cycles.is_file():
        # Plans lead there: it is there before them, and names this cycle when that is.
        _cycles_page(work)
    if anew:
        work.published.unlisted.touch()
    again = [] if records.get("status", UP_TO_DATE) == UP_TO_DATE else [ALL_RECORDS]
    publication.publish(work.building, work.published, [*work.ran, *again], gone, portfolio=anew)
    publication.end(work.published, work.building)
    if work.published.unlisted.exists() or not work.published.cycles.is_file():
        work.errors.extend(_cycles_page(work))
    _note(work, names, quality, unchanged)
    seconds = time.monotonic() - work.started
    work.progress(Event("published", str(work.published.root), done=len(names), total=len(names), seconds=seconds))
    statuses = {name: work.entries[name]["status"] for name in names}
    return Run(statuses, portfolio["status"], tuple(work.errors), work.published.root)


def _records(work: _Work, refreeze: bool) -> dict[str, Any]:
    """The account of the frozen records, which are in the building folder then: reused, or frozen anew."""
    known = None if refreeze else reusable(work.workbook, work.cycle, work.published, work.building)
    if known is not None and known[0] == work.building:
        quality, message = known[1], "records were frozen by the run before"
    else:
        shutil.rmtree(work.building.records, ignore_errors=True)
        if known is not None:
            publication.link_published_records(work.published, work.building)
            quality, message = known[1], "frozen records are up to date"
        else:
            quality, message = prepare.freeze(work.workbook, work.cycle, work.building.records), "records frozen"
    work.progress(Event("frozen", message, seconds=time.monotonic() - work.started))
    return quality


def _note(work: _Work, names: list[str], quality: Mapping[str, Any], unchanged: Iterable[str]) -> None:
    """Note the files of the services that are certainly what the manifest and the account say."""
    good = {name for name in names if work.entries[name]["status"] in (PUBLISHED, UP_TO_DATE)}
    files = [file for name in good for file in work.entries[name]["hashes"]]
    files += [f"records/{file}" for file in quality["files"] if service_of(file) in good]
    manifest.note(work.published, files, unchanged)


def _quality_page(work: _Work, inputs: Inputs, force: bool, unchanged: Collection[str]) -> dict[str, Any]:
    """The page of the records, where it is out of date; gives its entry in the manifest."""
    if work.pages.quality is None:
        return {}
    # What a run that was killed left of it would be taken for what is published.
    publication.discard(work.building, ALL_RECORDS)
    earlier = work.before["records"] or None
    if not reasons_of(earlier, inputs, work.published, force, unchanged):
        publication.link_published_quality(work.published, work.building)
        return {**earlier, "status": UP_TO_DATE, "output": "identical"}
    (outcome,) = work.executor.work([_spec(work, ALL_RECORDS, (RECORDS,), inputs)])
    if outcome.state != SUCCEEDED:
        work.building.quality.unlink(missing_ok=True)
        publication.discard_results(work.building, ALL_RECORDS)
        work.errors.append(replace(outcome, service="data quality").line(None))
    hashes = manifest.hashes(work.building, manifest.records_files(work.building))
    return _entry(outcome, inputs, hashes, earlier, work.building.quality.name)


def _cycles_page(work: _Work) -> list[str]:
    """Write the page of all cycles, which other runs may write at the same time, and give the error where it fails.

    Until it names a cycle, a mark stands beside that, so that a run that is killed in between is made good by the next.
    """
    if work.pages.cycles is None:
        work.published.unlisted.unlink(missing_ok=True)
        return []
    with filelock.FileLock(work.published.root.with_name(".cycles.lock")):
        try:
            work.pages.cycles(work.published)
        except Exception as error:
            return [f"all cycles: {one_line(error)}"]
        work.published.unlisted.unlink(missing_ok=True)
    return []


def _look_up(work: _Work, names: list[str], inputs: Mapping[str, Inputs], unchanged: Collection[str]) -> list[str]:
    """The services that must run; all others keep their entry, and show their published files to the portfolio.

    What a run that was killed had finished, and would be the same now, counts as made by this one.
    """
    out_of_date = []
    reasons = reasons_of_each(names, work.before["services"], inputs, work.published, work.force, unchanged)
    for name in work.workbook.services:
        entry = work.before["services"].get(name)
        if reasons.get(name):
            left = work.left_over.get(name)
            if left and not reasons_of(left, inputs[name], work.building, work.force):
                work.entries[name] = left
                work.ran.append(name)
                continue
            out_of_date.append(name)
        publication.discard(work.building, name)
        if entry is None:
            continue
        if name in names and name not in out_of_date:
            entry = {**entry, "status": UP_TO_DATE, "output": "identical"}
        # A service that is not asked for keeps its status, and is not silently true: `changed` says what is other now, and the
        # portfolio shows it.
        changed = inputs[name].changed(entry)
        work.entries[name] = {**entry, "changed": changed, "stale": changed}
        if name not in out_of_date:
            publication.link_published(work.published, work.building, name)
    return out_of_date


def _services(work: _Work, rows: Mapping[str, int], inputs: Mapping[str, Inputs], asked_for: int) -> None:
    """Make the plans of the services whose numbers of records are given."""
    pace = Pace({name: entry.get("took", 0.0) for name, entry in work.before["services"].items()}, rows)
    specs = [_spec(work, name, CHAPTERS, inputs[name]) for name in pace.order]
    done = asked_for - len(specs)
    outcomes = work.executor.work(specs)
    # Closed at once where a step below is interrupted, so that no process outlives the run.
    with contextlib.closing(outcomes):
        for outcome in outcomes:
            name = outcome.service
            if outcome.state != SUCCEEDED:
                publication.discard_results(work.building, name)
                _fail(work, outcome)
            hashes = manifest.hashes(work.building, manifest.service_files(work.building, name))
            entry = _entry(outcome, inputs[name], hashes, work.before["services"].get(name), f"{name}.html")
            if outcome.state == SUCCEEDED:
                publication.finished(work.published, name, entry)
            work.entries[name] = entry
            work.ran.append(name)
            done += 1
            status, left = entry["status"], pace.done(name, outcome.seconds)
            work.progress(Event("service", status, name, done, asked_for, outcome.seconds, left))


def _portfolio(work: _Work, inputs: Inputs, earlier: Mapping[str, Any] | None) -> dict[str, Any]:
    write_whole(
        work.building.statuses, json.dumps(manifest.statuses(work.entries), indent=1, ensure_ascii=False) + "\n"
    )
    (outcome,) = work.executor.work([_spec(work, ALL_SERVICES, (PORTFOLIO,), inputs)])
    if outcome.state != SUCCEEDED:
        publication.discard_portfolio(work.building)
        _fail(work, outcome)
    hashes = manifest.hashes(work.building, manifest.portfolio_files(work.building, work.workbook.services))
    entry = _entry(outcome, inputs, hashes, earlier, work.building.index.name)
    work.progress(Event("portfolio", entry["status"], seconds=outcome.seconds))
    return entry


def _fail(work: _Work, outcome: ServiceOutcome) -> None:
    """Put the failure page in the place of the plan and keep the error line."""
    partial = None
    if outcome.chapter != RENDER and work.building.notebook(outcome.service, outcome.chapter or "").is_file():
        partial = work.published.notebook(outcome.service, outcome.chapter or "")
    shown = replace(outcome, service=PORTFOLIO) if outcome.service == ALL_SERVICES else outcome
    work.errors.append(shown.line(partial))
    for page in work.building.pages(outcome.service):
        page.unlink(missing_ok=True)
    try:
        work.pages.failure(work.building, outcome.service, outcome)
    except Exception as error:
        work.errors.append(f"{shown.service} {outcome.cycle} failure page: {one_line(error)}")


def _entry(
    outcome: ServiceOutcome, inputs: Inputs, hashes: dict[str, str], earlier: Mapping[str, Any] | None, page: str
) -> dict[str, Any]:
    """A service's, or the portfolio's, entry in the manifest. `took` is what all of it takes, reused or not."""
    return {
        "status": PUBLISHED if outcome.state == SUCCEEDED else outcome.state,
        "chapters": outcome.kept(),
        "took": round(sum(chapter.seconds for chapter in outcome.chapters.values()), 3),
        "fingerprint": inputs.fingerprint,
        "made_of": inputs.parts,
        "page": page,
        "hashes": hashes,
        "changed": inputs.changed(earlier),
        "output": manifest.compared(hashes, earlier),
        "stale": [],
        "attempts": outcome.attempts,
    }


def _spec(work: _Work, service: str, chapters: Sequence[str], inputs: Inputs) -> unit.Spec:
    book, across = work.workbook, service in (ALL_SERVICES, ALL_RECORDS)
    render = {ALL_SERVICES: work.pages.index, ALL_RECORDS: work.pages.quality}.get(service, work.pages.plan)
    earlier = None if work.force or across else work.before["services"].get(service)
    given = dict.fromkeys(GIVEN_ACROSS if across else GIVEN, service)
    # An organisation's name is the same on every machine, its path is not: that one travels in the environment.
    return unit.Spec(
        service=service,
        cycle=work.cycle.name,
        chapters=tuple(
            unit.Chapter(
                name, str(work.notebooks / f"{name}.ipynb"), inputs.chapter(name),
                manifest.chapter_before(earlier, service, name),
            )
            for name in chapters
        ),
        parameters=given | {"workbook": book.name, "cycle": work.cycle.name},
        building=str(work.building.root),
        published=str(work.published.root),
        status=str(work.published.papers / f"{service}.status.json"),
        limit=work.limit,
        environment=unit.environment(
            work.building.root, work.published.papers, book.folder.parent, book.data, book.reports
        ),
        render=unit.name_of(render),
    )  # fmt: skip


def _write(work: _Work, head: dict[str, Any], portfolio: Mapping[str, Any], records: Mapping[str, Any]) -> None:
    seconds = round(time.monotonic() - work.started, 3)
    services = {name: work.entries[name] for name in work.workbook.services if name in work.entries}
    manifest.write(
        work.building,
        {**head, "services": services, "portfolio": dict(portfolio), "records": dict(records), "seconds": seconds},
    )


def _refuse_foreign(published: CycleFolder, workbook: Workbook) -> None:
    """Raises WorkbookError where the plans of another organisation lie under the same name."""
    for folder in (published, *other_cycles.published(published.root.parent)[:1]):
        if title := manifest.foreign(folder, workbook):
            raise WorkbookError(
                [f"{folder.root} holds the plans of another organisation, {title!r}; choose another folder by --out, or another "
                 f"name for {workbook.folder}"]
            )  # fmt: skip
