"""A run: the records of a cycle frozen, every service's chapters run and rendered, the portfolio, publication."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import filelock

from sipnb import other_cycles
from sipnb import workbook as workbooks
from sipnb.chain import engines, lock, manifest, publication, services, workers
from sipnb.chain.manifest import PUBLISHED, Inputs
from sipnb.chain.outcomes import SUCCEEDED, UP_TO_DATE, one_line
from sipnb.chain.plans import asked, check_notebooks, reasons_of, reusable
from sipnb.chain.progress import Event
from sipnb.chain.work import Pages, Work, entry, fail, spec
from sipnb.chain.workers import LocalExecutor
from sipnb.cycles import Cycle
from sipnb.places import (
    ALL_OPTIONS,
    ALL_RECORDS,
    ALL_SERVICES,
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
                work = Work(
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


def _made(work: Work, names: list[str], refreeze: bool) -> Run:
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
    gone = [name for name in work.before["services"] if name not in work.workbook.services]
    rows = {name: sum(quality["services"].get(name, {}).get("rows", {}).values()) for name in names}
    choice = services.make(work, names, inputs, rows, code, unchanged)
    across = manifest.inputs_of_portfolio(work.workbook, work.cycle, quality, work.notebooks, code, work.entries)
    earlier = work.before["portfolio"] or None
    anew = bool(work.ran or gone or reasons_of(earlier, across, work.published, work.force, unchanged))
    if anew:
        portfolio = _portfolio(work, across, earlier)
    else:
        portfolio = {**earlier, "status": UP_TO_DATE, "output": "identical"}
    _write(work, head, portfolio, records, choice)
    if not work.published.cycles.is_file():
        # Plans lead there: it is there before them, and names this cycle when that is.
        _cycles_page(work)
    if anew:
        work.published.unlisted.touch()
    apart = {ALL_RECORDS: records, ALL_OPTIONS: choice}
    again = [name for name, one in apart.items() if one.get("status", UP_TO_DATE) != UP_TO_DATE]
    publication.publish(work.building, work.published, [*work.ran, *again], gone, portfolio=anew)
    publication.end(work.published, work.building)
    if work.published.unlisted.exists() or not work.published.cycles.is_file():
        work.errors.extend(_cycles_page(work))
    _note(work, names, quality, unchanged)
    seconds = time.monotonic() - work.started
    work.progress(Event("published", str(work.published.root), done=len(names), total=len(names), seconds=seconds))
    statuses = {name: work.entries[name]["status"] for name in names}
    return Run(statuses, portfolio["status"], tuple(work.errors), work.published.root)


def _records(work: Work, refreeze: bool) -> dict[str, Any]:
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


def _note(work: Work, names: list[str], quality: Mapping[str, Any], unchanged: Iterable[str]) -> None:
    """Note the files of the services that are certainly what the manifest and the account say."""
    good = {name for name in names if work.entries[name]["status"] in (PUBLISHED, UP_TO_DATE)}
    files = [file for name in good for file in work.entries[name]["hashes"]]
    files += [f"records/{file}" for file in quality["files"] if service_of(file) in good]
    manifest.note(work.published, files, unchanged)


def _quality_page(work: Work, inputs: Inputs, force: bool, unchanged: Collection[str]) -> dict[str, Any]:
    """The page of the records, where it is out of date; gives its entry in the manifest."""
    if work.pages.quality is None:
        return {}
    # What a run that was killed left of it would be taken for what is published.
    publication.discard(work.building, ALL_RECORDS)
    earlier = work.before["records"] or None
    if not reasons_of(earlier, inputs, work.published, force, unchanged):
        publication.link_published_quality(work.published, work.building)
        return {**earlier, "status": UP_TO_DATE, "output": "identical"}
    (outcome,) = work.executor.work([spec(work, ALL_RECORDS, (RECORDS,), inputs)])
    if outcome.state != SUCCEEDED:
        work.building.quality.unlink(missing_ok=True)
        publication.discard_results(work.building, ALL_RECORDS)
        work.errors.append(replace(outcome, service="data quality").line(None))
    hashes = manifest.hashes(work.building, manifest.records_files(work.building))
    return entry(outcome, inputs, hashes, earlier, work.building.quality.name)


def _cycles_page(work: Work) -> list[str]:
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


def _portfolio(work: Work, inputs: Inputs, earlier: Mapping[str, Any] | None) -> dict[str, Any]:
    write_whole(
        work.building.statuses, json.dumps(manifest.statuses(work.entries), indent=1, ensure_ascii=False) + "\n"
    )
    (outcome,) = work.executor.work([spec(work, ALL_SERVICES, (PORTFOLIO,), inputs)])
    if outcome.state != SUCCEEDED:
        publication.discard_portfolio(work.building)
        fail(work, outcome)
    hashes = manifest.hashes(work.building, manifest.portfolio_files(work.building, work.workbook.services))
    made = entry(outcome, inputs, hashes, earlier, work.building.index.name)
    work.progress(Event("portfolio", made["status"], seconds=outcome.seconds))
    return made


def _write(
    work: Work, head: dict[str, Any], portfolio: Mapping[str, Any], records: Mapping[str, Any], choice: Mapping[str, Any]
) -> None:  # fmt: skip
    across = {"portfolio": dict(portfolio), "records": dict(records), "choice": dict(choice)}
    entries = {name: work.entries[name] for name in work.workbook.services if name in work.entries}
    seconds = round(time.monotonic() - work.started, 3)
    manifest.write(work.building, {**head, "services": entries, **across, "seconds": seconds})


def _refuse_foreign(published: CycleFolder, workbook: Workbook) -> None:
    """Raises WorkbookError where the plans of another organisation lie under the same name."""
    for folder in (published, *other_cycles.published(published.root.parent)[:1]):
        if title := manifest.foreign(folder, workbook):
            raise WorkbookError(
                [f"{folder.root} holds the plans of another organisation, {title!r}; choose another folder by --out, or another "
                 f"name for {workbook.folder}"]
            )  # fmt: skip
