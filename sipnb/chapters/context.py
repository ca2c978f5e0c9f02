"""What a notebook works on: a service in a cycle, with its records, its history and the place of its results; all services of an
organisation for the portfolio; the account of its records for the data-quality page.

Notebooks call it `context`: `service` is the name of a parameter, and a cell that takes that name could not be run again.

A scheduled run says where the cycle is being built. Opened by hand — in JupyterLab, or by plain papermill — a chapter
reads the published records of the cycle if there are any, freezes them otherwise, and writes its results into a
workbench of its own, so that exploring never changes what was published.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from sipnb import kpis, places
from sipnb import workbook as workbooks
from sipnb.catalogue import Kpi
from sipnb.chapters import notebooks, results
from sipnb.chapters.facts import About, ChoiceFacts, Facts, PortfolioFacts, RecordsFacts, ServiceChoice
from sipnb.cycles import Cycle, containing
from sipnb.places import BASELINE, CycleFolder
from sipnb.records import clocks, frozen, prepare
from sipnb.records.frozen import Records
from sipnb.records.sql import quoted
from sipnb.tables import TABLES
from sipnb.workbook import Service, Workbook


@dataclass(frozen=True)
class ServiceContext:
    """A service in a cycle: its parameters, its frozen `records`, its measures; `folder` takes the results."""

    workbook: Workbook
    service: Service
    cycle: Cycle
    folder: CycleFolder
    records: Records

    @property
    def currency(self) -> str:
        return self.workbook.settings.currency

    @cached_property
    def history(self) -> list[Cycle]:
        """The cycles used for limits and models, the present one last."""
        return self.cycle.history(self.workbook.settings.history)

    @cached_property
    def fingerprint(self) -> str:
        """Equal exactly when every chapter would read the same records and parameters."""
        parts = [self.records.fingerprint, self.workbook.fingerprint(self.service.id, self.cycle.end), self.cycle.name]
        return hashlib.sha256("/".join(parts).encode()).hexdigest()[:16]

    @property
    def severities(self) -> list[str] | None:
        """The outage severities that count, or None for all."""
        return self.workbook.settings.outage_severities

    @property
    def kpis(self) -> dict[str, Kpi]:
        """The KPI definitions, the organisation's own among them."""
        return self.workbook.kpis

    @cached_property
    def scope(self) -> kpis.Scope:
        """What the KPIs are computed from: these records over the history."""
        return self.over(self.history)

    def over(self, cycles: list[Cycle]) -> kpis.Scope:
        """What the KPIs of other periods are computed from."""
        counts = None if self.severities is None else tuple(self.severities)
        return kpis.Scope(
            self.records, tuple(cycles), counts, self.calendar, self.service.targets, self.kpis, self.service.monitored_since,
            self.workbook.settings.satisfied,
        )  # fmt: skip

    @cached_property
    def weeks(self) -> kpis.Scope | None:
        """The whole weeks of the history, for services too young to be judged by cycle; None where cycles are weeks."""
        if self.cycle.kind == "week":
            return None
        last = containing(self.cycle.end, "week", self.cycle.zone).shift(-1)
        first = containing(self.history[0].start, "week", self.cycle.zone).shift(1)
        return self.over(last.history(max(1, (last.end - first.start).days // 7)))

    @cached_property
    def calendar(self) -> clocks.Calendar:
        """The service's agreed hours, with the holidays of its whole history."""
        agreed = self.service.calendar
        if agreed is None:
            return clocks.ALWAYS
        years = range(self.history[0].start.year - 1, self.cycle.end.year + 2)
        days = agreed.holidays
        off = clocks.holiday_dates(days.country, days.subdivision, years, days.own) if days.country else days.own
        return clocks.calendar(dict(agreed.week), self.service.zone, off)

    def series(self, kpi: str) -> pd.DataFrame:
        """A KPI over the history: see `kpis.series`. Computed once."""
        known = self.__dict__.setdefault("_series", {})
        if kpi not in known:
            known[kpi] = kpis.series(kpi, self.scope)
        return known[kpi]

    def list_kpis(self) -> pd.DataFrame:
        """Every measure by its id: title, unit, which way is better, the service's target, and the tables it counts."""
        rows = {k.id: (k.title, k.unit, k.good, self.target(k.id), ", ".join(k.tables)) for k in self.kpis.values()}
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=["title", "unit", "better", "target", "tables"])
        return frame.rename_axis("kpi")

    def list_tables(self) -> pd.DataFrame:
        """The frozen tables that the organisation supplies, with the service's number of rows in each."""
        rows = {name: len(self.records.table(name)) for name in TABLES if self.records.has(name)}
        return pd.Series(rows, name="rows", dtype="int64").rename_axis("table").to_frame()

    def sql(self, query: str, **frames: pd.DataFrame) -> pd.DataFrame:
        """What a query (DuckDB's SQL) finds in the service's frozen tables, by their names, and in `frames`, by theirs.

        Times are shown in the service's zone. Raises duckdb.Error for a query that cannot be run.

            service.sql("SELECT priority, count(*) AS n FROM tickets GROUP BY ALL ORDER BY 1")
        """
        with duckdb.connect() as con, warnings.catch_warnings():
            # DuckDB asks pandas for times in a zone in a way that pandas has given up.
            warnings.filterwarnings("ignore", "The inplace keyword", DeprecationWarning)
            con.execute(f"SET TimeZone = {quoted(self.cycle.zone)}")
            for name in TABLES:
                if self.records.has(name):
                    con.register(name, self.records.table(name))
            for name, frame in frames.items():
                con.register(name, frame)
            return con.execute(query).df()

    def target(self, kpi: str) -> float | None:
        """The service's target for a KPI, if it has one."""
        return self.service.targets.get(kpi)

    def refused(self, kpi: str) -> str:
        """Why the records of this cycle carry no claim about a KPI's change; empty where they do."""
        rule = self.records.refused(self.kpis[kpi], self.cycle)
        return f"not judged ({rule})" if rule else ""

    @cached_property
    def about(self) -> About:
        """The head of the plan."""
        return About(
            organisation=self.workbook.settings.organisation,
            service=self.service.id,
            name=self.service.name,
            owner=self.service.owner,
            tier=self.service.tier,
            calendar=self.service.calendar_title,
            cycle=self.cycle.name,
            cycle_label=self.cycle.label,
            opens=self.cycle.start.isoformat(),
            cutoff_label=self.cycle.cutoff_label,
            currency=self.currency,
            simulated=self.workbook.settings.simulated,
        )

    def published_before(self, chapter: str = BASELINE) -> Any:
        """The facts of a chapter as they were published for the cycle before; None where there is no such plan."""
        book = self.workbook
        folder = places.cycle_folder(book.reports, book.name, self.cycle.shift(-1).name)
        try:
            return results.read(folder, self.service.id, chapter)
        except results.ResultError:
            return None

    def choice(self) -> ServiceChoice | None:
        """What was chosen of the service's options when those of all services were weighed; None where they were not.

        By hand it is the choice on the workbench, else the published one.
        """
        made = _choice(self.folder, places.cycle_folder(self.workbook.reports, self.workbook.name, self.cycle.name))
        return made.parts.get(self.service.id) if made is not None else None

    def write(self, facts: Facts, **tables: pd.DataFrame) -> None:
        """Hand over a chapter's facts, and beside them tables by their names. Raises ResultError."""
        results.write(self.folder, self.service.id, self.cycle.name, facts, tables, self.fingerprint)

    def earlier(self, chapter: str) -> Any:
        """The facts of an earlier chapter: as it handed them over, or computed now by its notebook where it has not.

        In a run every chapter follows the ones before it. By hand somebody may start anywhere: results of other records or
        parameters are not taken. The notebook is the one of that name in the working directory, else the project's own.
        Raises ResultError where it leaves no `facts`.
        """
        return self._handed_over(chapter) or self._left(chapter, notebooks.FACTS)

    def earlier_table(self, chapter: str, name: str) -> pd.DataFrame:
        """A table that an earlier chapter handed over beside its facts; where it was computed now, its variable of that name."""
        if self._handed_over(chapter) is None:
            return self._left(chapter, name)
        return results.table(self.folder, self.service.id, chapter, name)

    def _handed_over(self, chapter: str) -> Any:
        """The facts of a chapter that was run on the same records and parameters; None where it was not."""
        if not self.folder.result(self.service.id, chapter).is_file():
            return None
        content, facts = results.load(self.folder, self.service.id, chapter)
        return facts if content["inputs"] == self.fingerprint else None

    def _left(self, chapter: str, name: str) -> Any:
        """A variable that a chapter's notebook leaves; each notebook is run once."""
        run = self.__dict__.setdefault("_chapters", {})
        if chapter not in run:
            run[chapter] = notebooks.left_by(chapter, self)
        return notebooks.of(run[chapter], chapter, name)


@dataclass(frozen=True)
class PortfolioContext:
    """All services of an organisation in a cycle; `folder` holds the results of their chapters and takes the portfolio's.

    By hand the results of a service are those on the workbench where all of its chapters were run there, else the `published`.
    """

    workbook: Workbook
    cycle: Cycle
    folder: CycleFolder
    published: CycleFolder | None = None

    def source(self, service: str) -> CycleFolder:
        """The folder that holds the results of a service's chapters."""
        whole = all(self.folder.result(service, chapter).is_file() for chapter in places.CHAPTERS)
        return self.folder if whole or self.published is None else self.published

    @property
    def currency(self) -> str:
        return self.workbook.settings.currency

    @property
    def names(self) -> dict[str, str]:
        """The names of the services, by id."""
        return {one.id: one.name for one in self.workbook.services.values()}

    def choice(self) -> ChoiceFacts | None:
        """The choice among all options, as its notebook handed it over; by hand computed by that where it has not. None where a
        run made none."""
        if self.published is None:
            return _choice(self.folder)
        return _choice(self.folder, self.published) or notebooks.facts_of(places.CHOICE, self)

    def write(self, facts: PortfolioFacts | ChoiceFacts) -> None:
        """Hand over the facts of the portfolio, or of the choice. Raises ResultError."""
        name = places.ALL_OPTIONS if isinstance(facts, ChoiceFacts) else places.ALL_SERVICES
        results.write(self.folder, name, self.cycle.name, facts)


def _choice(*folders: CycleFolder) -> ChoiceFacts | None:
    """The choice that the first of these folders holds; a run knows none but its own."""
    for folder in folders[:1] if os.environ.get(places.BUILDING) else folders:
        if folder.result(places.ALL_OPTIONS, places.CHOICE).is_file():
            return results.read(folder, places.ALL_OPTIONS, places.CHOICE)
    return None


@dataclass(frozen=True)
class RecordsContext:
    """The records of an organisation, as of a cycle's cut-off or, without a cycle, as its exports stand.

    `record` is the account of them: `Prepared.record()`, or the content of `quality.json` beside the frozen tables. Without a
    `folder` nothing is handed over.
    """

    workbook: Workbook
    cycle: Cycle | None
    record: Mapping[str, Any]
    folder: CycleFolder | None = None

    def write(self, facts: RecordsFacts, **tables: pd.DataFrame) -> None:
        """Hand over the facts of the records, and tables by their names, where there is a folder for them. Raises ResultError."""
        if self.folder is not None and self.cycle is not None:
            results.write(self.folder, places.ALL_RECORDS, self.cycle.name, facts, tables)

    @property
    def frozen(self) -> bool:
        """Whether the tables are frozen, so that the rows that were set aside are kept beside them."""
        return "files" in self.record

    @property
    def names(self) -> dict[str, str]:
        """The names of the services, by id."""
        return {one.id: one.name for one in self.workbook.services.values()}


def open_records(workbook: str, cycle: str) -> RecordsContext:
    """The records of an organisation in a cycle; raises like `open_service`."""
    book, when, folder = open_cycle(workbook, cycle)
    return RecordsContext(book, when, frozen.read_quality(folder.records), folder)


def open_portfolio(workbook: str, cycle: str) -> PortfolioContext:
    """All services of an organisation in a cycle; raises like `open_service`."""
    book, when, folder = open_cycle(workbook, cycle)
    published = places.cycle_folder(book.reports, book.name, when.name)
    return PortfolioContext(book, when, folder, None if os.environ.get(places.BUILDING) else published)


def open_service(workbook: str, service: str, cycle: str) -> ServiceContext:
    """The service of an organisation in a cycle, ready to work with.

    `workbook` is an organisation's folder, or the name of one that ships. Raises WorkbookError, CycleError,
    MissingInput or DamagedRecords, each saying what to do.
    """
    book, when, folder = open_cycle(workbook, cycle)
    return ServiceContext(book, book.service(service), when, folder, Records(folder.records, service))


def open_cycle(workbook: str, cycle: str) -> tuple[Workbook, Cycle, CycleFolder]:
    """An organisation's workbook, one of its cycles, and the folder in which that cycle's frozen records are."""
    told = os.environ.get(places.DATA)
    anywhere = bool(os.environ.get(places.ANYWHERE))
    book = workbooks.load(
        places.organisation(workbook), data=Path(told) if told else None, reports=places.reports(), anywhere=anywhere
    )
    when = book.cycle(cycle)
    if building := os.environ.get(places.BUILDING):
        return book, when, CycleFolder(Path(building))
    published = places.cycle_folder(book.reports, book.name, when.name)
    bench = CycleFolder(book.reports / book.name / "workbench" / when.name)
    bench.root.mkdir(parents=True, exist_ok=True)
    if (published.records / "quality.json").is_file():
        _point(bench.records, published.records)
    elif not (bench.records / "quality.json").is_file():
        from sipnb.demo.supply import supply  # only the simulated organisation needs it

        supply(book)
        prepare.freeze(book, when, bench.records)
    return book, when, bench


def _point(link: Path, target: Path) -> None:
    if link.is_symlink() and link.resolve() == target.resolve():
        return
    if link.is_symlink():
        link.unlink()
    elif link.exists():
        return
    link.symlink_to(target.resolve(), target_is_directory=True)
