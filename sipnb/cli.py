"""The command line: parses, calls, prints. Exit codes are those of the README.

A command imports what it needs when it is called: the help, and a wrong option, need none of the libraries that work.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sipnb import cli_notify, cli_register, places
from sipnb.chain import engines
from sipnb.terminal import Printed, Progress, refused_by_disk, tell

if TYPE_CHECKING:
    from sipnb.cycles import Cycle
    from sipnb.workbook import Workbook

OK, BUG, USAGE, SOME_FAILED, GATE, LOCKED, NO_INPUT = 0, 1, 2, 3, 4, 6, 7


class Edition(StrEnum):
    """For whom a plan is made besides its owner."""

    CUSTOMER = "customer"


class Engine(StrEnum):
    """How notebooks are run."""

    WARM, STOCK = engines.WARM, engines.STOCK


app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Evidence-based Service Improvement Plans from IT-service-management records.",
)

Params = Annotated[str, typer.Argument(help="an organisation's folder, or the name of one that ships (demo)")]
Data = Annotated[Path | None, typer.Option("--data", help="the folder where relative source paths start")]
Anywhere = Annotated[bool, typer.Option("--files-anywhere", help="sources may be files outside that folder")]
Out = Annotated[Path | None, typer.Option("--out", help="where reports go (default: reports/ of the project)")]
CycleName = Annotated[
    str | None, typer.Option("--cycle", help="2026-10, 2026-Q4, 2026-W47, or last: the last complete one (default)")
]
Services = Annotated[list[str] | None, typer.Option("--service", help="only this service; may be repeated")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON instead of text")]


def main() -> None:
    """Run the command line; every known error becomes one message and its exit code."""
    sys.stdout, sys.stderr = Printed(sys.stdout), Printed(sys.stderr)
    told: list[int] = []

    def leave(number: int, frame: object) -> None:
        # By an exception, so that what was unpacked or staged is removed on the way out; who insists is obeyed at once.
        told.append(128 + number)
        if len(told) > 1:
            signal.signal(number, signal.SIG_DFL)
        elif number == signal.SIGINT:
            raise KeyboardInterrupt
        else:
            sys.exit(128 + number)

    for name in ("SIGTERM", "SIGHUP", "SIGINT"):
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is not signal.SIG_IGN:
            signal.signal(getattr(signal, name), leave)
    try:
        app(standalone_mode=True)
    except Exception as error:
        # A query that is interrupted raises an error of its own.
        code = told[0] if told else _code(error)
        if code is None:
            raise
        of_the_disk = isinstance(error, OSError) and error.errno is not None
        _fail(code, "interrupted" if told else refused_by_disk(error) if of_the_disk else error)
    except KeyboardInterrupt:
        _fail(130, "interrupted")


def _code(error: Exception) -> int | None:
    """The exit code of a known error; None for a bug."""
    from sipnb.chain.lock import Locked
    from sipnb.chain.parameters import ParameterError
    from sipnb.cycles import CycleError
    from sipnb.records.frozen import DamagedRecords
    from sipnb.records.prepare import GateStopped
    from sipnb.validation import WorkbookError

    codes: dict[type[Exception], int] = {
        WorkbookError: USAGE, CycleError: USAGE, ParameterError: USAGE, GateStopped: GATE, Locked: LOCKED,
        DamagedRecords: NO_INPUT, OSError: NO_INPUT,
    }  # fmt: skip
    return next((code for kind, code in codes.items() if isinstance(error, kind)), None)


def _fail(code: int, error: object) -> None:
    print(f"sipnb: {error}", file=sys.stderr)
    sys.exit(code)


@app.command()
def run(
    params: Params,
    cycle: CycleName = None,
    service: Services = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="services worked on at a time (default: by cores and memory)")
    ] = None,
    engine: Annotated[
        Engine | None, typer.Option("--engine", help="forked kernels, or Papermill's own (default: forked where safe)")
    ] = None,
    data: Data = None,
    anywhere: Anywhere = False,
    out: Out = None,
    force: Annotated[bool, typer.Option("--force", help="run what is up to date, too")] = False,
    refreeze: Annotated[bool, typer.Option("--refreeze", help="freeze the records again from their sources")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would run and why")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="print the plans and the portfolio as PDF, too")] = False,
    edition: Annotated[
        list[Edition] | None,
        typer.Option("--edition", help="for customers, too: no money, no roles, no risks; may be repeated"),
    ] = None,
    limit: Annotated[float, typer.Option("--limit", help="seconds a chapter may take")] = 600.0,
    notebooks: Annotated[Path | None, typer.Option("--notebooks", help="a folder of chapters of your own")] = None,
    missing: Annotated[
        bool, typer.Option("--missing", help="all cycles since the first published one that are not published yet")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option("--since", help="this cycle, too, and all between, so that each plan knows the one before"),
    ] = None,
) -> None:
    """Run a cycle: freeze the records, run the chapters of every service, publish the plans and the portfolio."""
    book, when = _open(params, cycle, data, out, anywhere)
    chapters = notebooks.resolve() if notebooks else places.NOTEBOOKS
    from sipnb import other_cycles  # pandas: the help need not wait for it

    organisation = book.reports / book.name
    wanted = other_cycles.to_run(organisation, when, book.cycle(since) if since else None, missing=missing)
    if missing and not wanted:
        tell(f"no cycle of {book.settings.organisation} up to {when.label} is missing")
    if dry_run:
        for one in wanted:
            if len(wanted) > 1 or missing or cycle in (None, "last"):
                tell(f"{one.name} ({one.label}):")
            _print_plan(book, one, service, chapters, False, force=force, refreeze=refreeze)
        return
    from sipnb import report  # rendering is not needed to be told that a parameter is wrong
    from sipnb.demo.supply import supply

    if pdf:
        try:
            report.browser()
        except report.NoBrowser as error:
            _fail(USAGE, error)
    supply(book)
    options = {
        "jobs": jobs,
        "engine": engine,
        "force": force,
        "refreeze": refreeze,
        "notebooks": chapters,
        "chapter_limit": limit,
    }
    editions = {*(edition or ()), *book.settings.publish.editions}
    sys.exit(max((_publish(book, one, service, pdf, editions, options) for one in wanted), default=OK))


def _publish(
    book: Workbook, when: Cycle, service: list[str] | None, pdf: bool, editions: set[str], options: dict[str, Any]
) -> int:
    """Run one cycle and say what came of it; the exit code."""
    from sipnb import report
    from sipnb.chain import run as chain
    from sipnb.show import words

    names = {s.id: s.name for s in book.services.values()}
    done = chain.run(
        book,
        when,
        service,
        pages=chain.Pages(
            # By name: who leads the run renders none of these, and need not import what they need.
            plan="sipnb.report.plan:render_plan",
            failure=report.failure_of(names, when.label),
            index="sipnb.report.portfolio:render_index",
            cycles=report.render_cycles,
            quality="sipnb.report.records:render_records",
            methods=report.methods_of(book, when.label),
        ),
        progress=Progress(sys.stdout),
        **options,
    )
    if Edition.CUSTOMER in editions:
        for page in report.render_customers(done.folder, book, when, done.statuses):
            tell(f"for customers: {page}")
    if pdf:
        pages = [done.folder / f"{name}.html" for name in ("index", *done.statuses)]
        for printed in report.print_pages([page for page in pages if report.unprinted(page)], when.cutoff):
            tell(f"printed: {printed}")
    for line in done.errors:
        tell(line, file=sys.stderr)
    made = sum(status in ("published", "up to date") for status in done.statuses.values())
    same = sum(status == "up to date" for status in done.statuses.values())
    note = "" if not same else ", all up to date" if same == len(done.statuses) else f", {same} of them up to date"
    total = words.plural(len(done.statuses), "plan")
    tell(f"{made} of {total} of {book.settings.organisation} for {when.label}{note}:")
    tell(f"  {done.folder / 'index.html'}")
    return done.exit_code


@app.command()
def demo(
    seed: Annotated[int, typer.Option("--seed", help="another seed gives another organisation")] = 1,
    out: Annotated[Path | None, typer.Option("--out", help="where to write (default: reports/demo/exports)")] = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", help="as if this located cause did not act; may be repeated")
    ] = None,
) -> None:
    """Write the records of the simulated organisation, and the truth about it beside them."""
    from sipnb import demo as simulated
    from sipnb.validation import WorkbookError

    try:
        removed = [simulated.cause(one).id for one in without or ()]
    except ValueError as error:
        raise WorkbookError([f"--without: {error}"]) from error
    folder = (out or places.reports() / "demo" / "exports").resolve()
    for table, rows in simulated.write(folder, seed=seed, without=removed).items():
        tell(f"{table:>14} {rows:>9,} rows")
    tell(f"written to {folder}; what is true about each service: {folder / 'truth.yml'}")


@app.command()
def check(
    params: Params, cycle: CycleName = None, data: Data = None, anywhere: Anywhere = False, out: Out = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Check parameters and records without running a chapter: every row read is accounted for."""
    from sipnb.demo.supply import supply
    from sipnb.records import prepare

    book = _load(params, data, out, anywhere)
    supply(book)
    when = _cycle(book, cycle) if cycle else None
    found = prepare.check(book, when)
    if as_json:
        print(json.dumps(found.summary(), indent=1, ensure_ascii=False))
    else:
        from sipnb import report, summary
        from sipnb.chapters.context import RecordsContext

        summary.show(book, found, when)
        page = book.reports / book.name / "check" / (f"{when.name}.html" if when else "as-exported.html")
        page.parent.mkdir(parents=True, exist_ok=True)
        report.render_check(RecordsContext(book, when, found.record()), page)
        print(f"\n  The data-quality page: {page}")
    sys.exit(GATE if found.stops else OK)


maps = typer.Typer(no_args_is_help=True, help="Mappings: how an export's columns become the tables of sipnb.")
app.add_typer(maps, name="map")
app.add_typer(cli_register.commands, name="register")
app.command()(cli_register.sign)
app.command()(cli_notify.notify)


@maps.command(name="suggest")
def suggest_(
    file: Annotated[Path, typer.Argument(help="an export: CSV, TSV, JSON, Excel or Parquet")],
    system: Annotated[str | None, typer.Option("--system", help="the mapping that ships for its system")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="write the mapping there instead of printing it")] = None,
) -> None:
    """Propose a mapping for an export, with a confidence for each column, and list what could not be placed."""
    from sipnb.records import sources, suggest

    found = suggest.suggest(*sources.sample(file, suggest.ROWS), system)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(found.text, encoding="utf-8")
    else:
        print(found.text, end="")
    told = sys.stdout if out else sys.stderr
    what = f"{found.table}, read like {found.system} ({found.fit:.0%} of its columns)" if found.system else found.table
    tell(f"{len(found.placed)} columns of {what} placed{f'; written to {out}' if out else ''}", file=told)
    for column, hint in found.unplaced.items():
        tell(f"  not placed: {column}: {hint}", file=told)
    for column, values in found.unknown.items():
        tell(f"  not placed: {column}: {suggest.writing.values(values)}", file=told)
    for note in found.notes:
        tell(f"  {note}", file=told)
    for column, hint in found.missing.items():
        tell(f"  missing: {column}: {hint}", file=told)


@app.command()
def plan(
    params: Params, cycle: CycleName = None, service: Services = None, data: Data = None, anywhere: Anywhere = False,
    out: Out = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say what a run would do, and why."""
    book, when = _open(params, cycle, data, out, anywhere)
    _print_plan(book, when, service, places.NOTEBOOKS, as_json)


@app.command()
def lab(
    params: Params,
    service: Annotated[str, typer.Option("--service", help="the service to look at")],
    cycle: CycleName = None,
    chapter: Annotated[str, typer.Option("--chapter", help="the chapter to open")] = "explore",
    data: Data = None,
    anywhere: Anywhere = False,
    start: Annotated[bool, typer.Option(help="start JupyterLab; otherwise only write the notebook")] = True,
) -> None:
    """Open a chapter on a service in JupyterLab, in a copy of its own: nothing published is changed."""
    from sipnb.chain import parameters
    from sipnb.validation import WorkbookError, nearest

    book, when = _open(params, cycle, data, None, anywhere)
    book.service(service)
    chapters = {path.stem: path for path in places.NOTEBOOKS.glob("*.ipynb")}
    if chapter not in chapters:
        raise WorkbookError([f"--chapter {chapter!r} is not a chapter; {nearest(chapter, chapters)}"])
    bench = book.reports / book.name / "workbench" / when.name / service / f"{chapter}.ipynb"
    given = {"workbook": str(book.folder), "service": service, "cycle": when.name}
    declared = parameters.read(chapters[chapter])  # those over all services take no service
    parameters.copy(chapters[chapter], bench, {name: value for name, value in given.items() if name in declared})
    tell(f"{chapter} on {service}, {when.label}: {bench}")
    if start:
        told = ({places.DATA: str(book.data)} if data else {}) | ({places.ANYWHERE: "1"} if anywhere else {})
        sys.exit(subprocess.call([sys.executable, "-m", "jupyterlab", str(bench)], env=os.environ | told))


@app.command()
def prune(
    params: Params,
    out: Out = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would be removed")] = False,
) -> None:
    """Remove frozen records and notebooks that have been kept for as long as `retention` says; pages stay."""
    import pandas as pd

    from sipnb.chain import pruning

    book = _load(params, None, out, anywhere=True)  # no source is read
    kept = book.settings.retention
    if kept.records is None and kept.notebooks is None:
        tell(
            f"workbook.yml of {book.name} sets no retention, so all is kept; add e.g. `retention: {{records: 13 months}}`"
        )
        return
    today = pd.Timestamp.now(tz=book.settings.zone).date()
    due = pruning.due(book, today)
    done = [(one, "") for one in due] if dry_run else pruning.prune(book, due, today)
    freed, left = 0, False
    for one, why in done:
        freed, left = freed + (0 if why else one.size), left or bool(why)
        verb = "left" if why else "would remove" if dry_run else "removed"
        tell(f"{verb}: {one.what} of {one.cycle}, {pruning.told(one.size)}: {one.path}{f' ({why})' if why else ''}")
    tell(
        f"{'would free' if dry_run else 'freed'} {pruning.told(freed)}" if due else f"nothing of {book.name} is too old"
    )
    sys.exit(LOCKED if left else OK)


@app.command(name="doctor")
def doctor_(
    params: Annotated[str | None, typer.Argument(help="an organisation, of which to say where its records lie")] = None,
    out: Out = None,
) -> None:
    """Look at the installation, or at what is kept of an organisation too, and say what is missing."""
    from sipnb import doctor

    findings = doctor.examine()
    if params is not None:
        findings += doctor.kept(_load(params, None, out, anywhere=True))
    for finding in findings:
        tell(f"{'ok     ' if finding.ok else 'missing'} {finding.what}: {finding.detail}")
    sys.exit(OK if all(f.ok for f in findings) else NO_INPUT)


def _load(params: str, data: Path | None, out: Path | None, anywhere: bool = False) -> Workbook:
    from sipnb import workbook as workbooks
    from sipnb.validation import WorkbookError, nearest

    reports, folder = (out or places.reports()).resolve(), places.organisation(params)
    if not folder.is_dir():
        shipped = [path.name for path in places.PARAMS.glob("*") if path.is_dir()]
        raise WorkbookError([f"there is no organisation {params!r}: looked for {folder}; {nearest(params, shipped)}"])
    if data and not data.is_dir():
        raise FileNotFoundError(f"--data {data}: there is no such folder")
    for place in (reports, *reports.parents):
        if place.exists() and not place.is_dir():
            raise WorkbookError([f"reports cannot go to {reports}: {place} is a file; choose another folder by --out"])
    return workbooks.load(folder, data=data, reports=reports, anywhere=anywhere)


def _open(
    params: str, cycle: str | None, data: Path | None, out: Path | None, anywhere: bool
) -> tuple[Workbook, Cycle]:
    book = _load(params, data, out, anywhere)
    return book, _cycle(book, cycle or book.settings.default_cycle)


def _cycle(book: Workbook, name: str) -> Cycle:
    """A cycle by its name; `last` is the last complete one: over by the clock, and covered by the records."""
    if name != "last":
        return book.cycle(name)
    import pandas as pd

    from sipnb import cycles
    from sipnb.demo.supply import supply
    from sipnb.records import prepare
    from sipnb.validation import WorkbookError

    supply(book)
    now = pd.Timestamp.now(tz="UTC")
    newest = prepare.newest(book, now)
    if newest is None:
        raise WorkbookError([f"--cycle last: the records of {book.settings.organisation} hold no time; name a cycle"])
    return cycles.last_complete(now, newest, book.settings.cycle, book.settings.zone)


def _print_plan(
    book: Workbook, cycle: Cycle, services: list[str] | None, notebooks: Path, as_json: bool, *,
    force: bool = False, refreeze: bool = False,
) -> None:  # fmt: skip
    from sipnb.chain import plans
    from sipnb.demo.supply import supply

    supply(book)
    steps = plans.plan(book, cycle, services, force=force, refreeze=refreeze, notebooks=notebooks)
    if as_json:
        print(json.dumps([asdict(step) for step in steps], indent=1, ensure_ascii=False))
        return
    for step in steps:
        tell(f"{step.service:<24} {'run' if step.runs else 'up to date':<11} {', '.join(step.why)}")
