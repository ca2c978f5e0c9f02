"""From exports to frozen records: read, map, judge, set aside, freeze, and account for every row.

All heavy work over all rows happens here, once a cycle, in DuckDB, which spills to disk what does not fit its memory.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from sipnb import formulas
from sipnb.cycles import Cycle
from sipnb.places import content_hash, private, private_file, state
from sipnb.records import account, as_of, freezing, mappings, quality, shapes, sources, staging, texts, trials
from sipnb.records.mapping_sql import LATE, UNLISTED, Services
from sipnb.records.scratch import workshop
from sipnb.records.sql import no_room, quoted
from sipnb.tables import ESSENTIAL, ESTATE, FREE, TABLES
from sipnb.validation import WorkbookError
from sipnb.workbook import Workbook

#: Raised by hand whenever frozen records of earlier versions must not be used again.
FORMAT = 7
#: What DuckDB may hold in memory; beyond it, it works on disk.
MEMORY = "1200MB"


class GateStopped(ValueError):
    """The quality gate stopped the run; the message holds the sentences of the rules that did."""


@dataclass(frozen=True)
class Prepared:
    """What preparing found: the account, the findings, and a summary of the tickets as recorded; `texts`: they have any, of which
    words are to be kept."""

    sources: list[dict[str, Any]]
    tables: dict[str, dict[str, Any]]
    services: dict[str, dict[str, Any]]
    findings: list[quality.Finding]
    recorded: dict[str, Any]
    hashes: dict[str, dict[str, str]]
    examples: list[dict[str, Any]]
    texts: bool = False

    def record(self) -> dict[str, Any]:
        """The account as plain data, as `quality.json` has it."""
        return {
            "sources": self.sources,
            "tables": self.tables,
            "services": self.services,
            "rules": [finding.record() for finding in self.findings],
            "recorded": self.recorded,
            "examples": self.examples,
        }

    def summary(self) -> dict[str, Any]:
        """The account by file, the values that count as missing, the rows of each table, and every rule with its outcome, as
        `sipnb check --json` has it."""
        return {
            "sources": [
                {"name": source["name"], **{key: file[key] for key in ("file", "read", "used", "set_aside")}}
                for source in self.sources
                for file in source["files"]
            ],
            "emptied": [{"source": source["name"], **one} for source in self.sources for one in source["emptied"]],
            "tables": {name: table["rows"] for name, table in self.tables.items()},
            "rules": [
                {key: getattr(finding, key) for key in ("rule", "level", "outcome", "rows", "sentence")}
                for finding in self.findings
            ],
        }

    def found(self, rule: str | None = None) -> list[quality.Finding]:
        """The findings of a rule, or of all rules."""
        return [f for f in self.findings if f.outcome == "found" and rule in (None, f.rule)]

    def first(self, source: str, reason: str) -> str:
        """Where the first row stands that a source's rows were set aside for, and what it holds; empty where none does."""
        for row in self.examples:
            if row["source"] == source and row["reason"].partition(":")[0] == reason:
                value = f", {shapes.equals(row['column'], row['value'])}" if row["value"] and row["column"] else ""
                to_do = quality.advice(reason, row["value"]) if reason.startswith("unreadable ") else ""
                return f"{row['file']} line {row['line']:,}{value}{to_do and f'; {to_do}'}"
        return ""

    def stopped(self) -> str:
        """Why the gate stopped, with the first row of each reason that is wrong, and what to do."""
        sentences = [f.sentence for f in self.stops]
        for source in self.sources:
            for reason, n in source["reasons"].items():
                if quality.rule_of(reason) not in quality.OUT_OF_SCOPE and (
                    where := self.first(source["name"], reason)
                ):
                    sentences.append(f"{n:,} × {reason}, first: {where}.")
        return f"the quality gate stopped: {' '.join(sentences)} `sipnb check` shows it all"

    @property
    def stops(self) -> list[quality.Finding]:
        """The findings that stop a run."""
        return [f for f in self.findings if f.level == "stop" and f.outcome == "found"]


def inputs(workbook: Workbook, cycle: Cycle, files: dict[str, dict[str, str]] | None = None) -> dict[str, Any]:
    """What frozen records depend on: source files with their hashes, mappings, services, cut-off, this format.

    `files`: the hashes where they are known, by source and file. A database has none: what was read from it for a cycle
    is kept until somebody asks for it anew. Raises MissingInput where a source is not there.
    """
    if files is None:
        files = {
            source.name: {
                sources.shown(path, workbook.data): content_hash(path)
                for path in sources.files_of(source, workbook.data, workbook.anywhere)
            }
            for source in workbook.settings.sources
        }
    maps = {s.name: mappings.load(s.mapping, s.name, workbook.folder / "mappings").model_dump_json()
            for s in workbook.settings.sources}  # fmt: skip
    decided = [
        workbook.settings.model_dump(mode="json", exclude={"retention"}),
        maps,
        {s.id: [s.name, s.match] for s in workbook.services.values()},
    ]
    digest = hashlib.sha256(json.dumps([FORMAT, files, decided, str(cycle.cutoff)], sort_keys=True).encode())
    return {"files": files, "fingerprint": digest.hexdigest()[:16]}


def check(workbook: Workbook, cycle: Cycle | None = None) -> Prepared:
    """Read, map and judge all sources without freezing anything; without a cycle, as the exports are today.

    Raises MissingInput and WorkbookError, also for formulas that cannot be computed on these records.
    """
    with _workshop(workbook) as (con, scratch):
        return _prepare(con, workbook, cycle, scratch)[0]


def newest(workbook: Workbook, until: pd.Timestamp) -> pd.Timestamp | None:
    """The time of the newest record of any table before `until`, because tools write years ahead for "never".

    Only the columns that tell are read. Raises MissingInput and WorkbookError.
    """
    with _workshop(workbook) as (con, scratch):
        services = name_services(con, workbook)
        reads = []
        for source in workbook.settings.sources:
            mapping = _dated(mappings.load(source.mapping, source.name, workbook.folder / "mappings"))
            if mapping.tables:
                opened = sources.open_source(
                    con, source, mapping, workbook.data, scratch, mapping.names, workbook.anywhere
                )
                reads.append((opened, mapping))
        staged, *_ = staging.stage(con, reads, services, None)
        con.execute("SET TimeZone='UTC'")
        return _newest(con, staged, until)


def _dated(mapping: mappings.Mapping) -> mappings.Mapping:
    """What of a mapping tells when records are of."""
    tables = {
        table: content.model_copy(
            update={
                "columns": {
                    c: m for c, m in content.columns.items() if c in (*TABLES[table].required, TABLES[table].at)
                },
                "latest": None,
            }
        )
        for table, content in mapping.tables.items()
        if not content.supplements and TABLES[table].at in content.columns
    }
    return mapping.model_copy(update={"tables": tables})


def _newest(con: duckdb.DuckDBPyConnection, staged: list[staging.Staged], until: pd.Timestamp) -> pd.Timestamp | None:
    limit = f"TIMESTAMP '{until.tz_convert('UTC').tz_localize(None)}'"
    times: list[Any] = []
    for one in staged:
        known = TABLES[one.table].columns
        told = [c for c in one.columns if known[c].kind in ("time", "date") and c not in as_of.PLANS]
        if told:
            latest = ", ".join(f'max("{c}") FILTER ("{c}" < {limit})' for c in told)
            used = f"_reason IS NULL OR _reason = {quoted(LATE)}"
            times += con.execute(f"SELECT {latest} FROM staged_{one.table} WHERE {used}").fetchone()
    return max((pd.Timestamp(time, tz="UTC") for time in times if time is not None), default=None)


def freeze(workbook: Workbook, cycle: Cycle, folder: Path) -> dict[str, Any]:
    """Write the frozen records of a cycle into `folder` (replaced as a whole) and return `quality.json`.

    Raises MissingInput, WorkbookError, and GateStopped where a rule of level *stop* found something; then nothing is
    written, so that nobody works with such records later.
    """
    files: dict[str, str] = {}
    with _workshop(workbook) as (con, scratch):
        prepared, services = _prepare(con, workbook, cycle, scratch, words=workbook.settings.text == "on")
        if prepared.stops:
            raise GateStopped(prepared.stopped())
        if folder.exists():
            shutil.rmtree(folder)
        private(folder)
        for table, found in prepared.tables.items():
            rows = {i: prepared.services[name]["rows"].get(table, 0) for i, name in enumerate(services.ids)}
            files |= freezing.write(con, table, found["columns"], rows, services.ids, folder)
        if prepared.texts:
            files |= texts.freeze(con, prepared.tables["tickets"]["columns"], _names(workbook), services.ids, folder)
        con.execute("SET threads=1")  # one thread writes the same bytes every time
        aside = private_file(folder / "quarantine.parquet")
        con.execute(f"COPY (SELECT * FROM quarantine ORDER BY ALL) TO {quoted(aside)} (FORMAT parquet)")
        aside.chmod(0o600)  # it may have been replaced
    content = {
        "schema": 1,
        "cycle": cycle.name,
        "cutoff": cycle.cutoff.isoformat(),
        "inputs": inputs(workbook, cycle, prepared.hashes),
        **prepared.record(),
        "files": dict(sorted(files.items())),
    }
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    private_file(folder / "quality.json").write_text(text, encoding="utf-8")
    return content


@contextmanager
def _workshop(workbook: Workbook) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """A database to prepare records in, and a folder for files. Raises OSError where the disk is full."""
    try:
        with (
            workshop(workbook.reports / workbook.name) as folder,
            duckdb.connect(str(folder / "staged.duckdb")) as con,
        ):
            con.execute(f"SET memory_limit='{MEMORY}'; SET temp_directory={quoted(folder / 'spilled')}")
            con.execute("SET preserve_insertion_order=true; SET TimeZone='UTC'")
            con.execute("PRAGMA disable_checkpoint_on_shutdown")  # all of it is thrown away
            yield con, folder
    except duckdb.Error as error:
        if full := no_room(error):
            raise full from error
        raise


def _prepare(
    con: duckdb.DuckDBPyConnection, workbook: Workbook, cycle: Cycle | None, scratch: Path, words: bool = False
) -> tuple[Prepared, Services]:
    quality.check_levels(workbook.settings.gate)
    services = name_services(con, workbook)
    before = _states(workbook)
    reads, used = [], free_text(workbook)
    passing = {"summary"} - used["tickets"] if words else set()  # read for its words, and not kept
    for source in workbook.settings.sources:
        mapping = mappings.load(source.mapping, source.name, workbook.folder / "mappings")
        unused = {table: [c for c in FREE[table] if c not in used[table]] for table in FREE}
        unused["tickets"] = [c for c in unused["tickets"] if c not in passing]
        needed = mapping.without(unused)
        opened = sources.open_source(con, source, mapping, workbook.data, scratch, needed.names, workbook.anywhere)
        reads.append((opened, needed))
    if not any(table in mapping.tables for _, mapping in reads for table in ESSENTIAL):
        raise WorkbookError([f"workbook.yml: sources: none gives any of {', '.join(ESSENTIAL)}; name at least one"])
    whole = {t for _, mapping in reads for t, content in mapping.tables.items() if not content.supplements}
    for read, mapping in reads:
        if lone := sorted(set(mapping.tables) - whole):
            raise WorkbookError(
                [
                    f"workbook.yml: sources: {read.name} supplements {lone[0]}, and no source gives {lone[0]}; name one that does"
                ]
            )
    staged, parts, rows = staging.stage(con, reads, services, cycle, passing)
    if changed := sorted(str(path) for path, _ in before.items() ^ _states(workbook).items()):
        # Its hash would be that of other rows than those that were read.
        raise sources.MissingInput(f"{changed[0]} changed while it was read: let its export end, and run again")
    con.execute("SET TimeZone='UTC'")
    columns = as_of.as_known(con, staged, services, cycle)
    worded = words and "summary" in columns.get("tickets", ())
    if passing and "tickets" in columns:
        columns["tickets"] = [c for c in columns["tickets"] if c not in passing]
    if errors := trials.of_formulas(con, workbook, columns, scratch):
        raise WorkbookError(errors)
    opened = [read for read, _ in reads]
    accounts = account.draw_up(con, opened, parts, rows, staged, services, workbook.settings.show_values)
    accounts = [{**one, "tables": list(mapping.tables)} for one, (_, mapping) in zip(accounts, reads, strict=True)]
    tables = {one.table: {**_extent(con, one), "columns": columns[one.table]} for one in staged}
    gate = workbook.settings.gate
    sets = quality.Sets(
        con, {t: v["columns"] for t, v in tables.items()}, accounts, cycle.cutoff if cycle else None, gate,
        workbook.settings.zone, tuple(workbook.services), cycle, _newest(con, staged, pd.Timestamp("2090-01-01", tz="UTC")),
        workbook.settings.show_values,
    )  # fmt: skip
    findings = [*quality.examine(sets), *quality.row_findings(accounts, gate)]
    hashes = {read.name: {part.name: part.sha256 for part in read.parts if part.sha256} for read in opened}
    prepared = Prepared(
        accounts, tables, _by_service(con, tables, services), findings,
        next((_recorded(con, one) for one in staged if one.table == "tickets"), {}), hashes,
        account.examples(con), worded,
    )  # fmt: skip
    return prepared, services


def _names(workbook: Workbook) -> list[str]:
    """What services are called."""
    return [name for one in workbook.services.values() for name in (one.id, one.name, *one.match)]


def _states(workbook: Workbook) -> dict[Path, tuple[int, int, int]]:
    """Inode, time of change and size of all files of all sources."""
    found = (
        path
        for source in workbook.settings.sources
        for path in sources.files_of(source, workbook.data, workbook.anywhere)
    )
    return {path: state(path) for path in found}


def free_text(workbook: Workbook) -> dict[str, set[str]]:
    """The columns of free text that the organisation's own KPIs ask for, by table; no other is ever copied."""
    asked: dict[str, set[str]] = {table: set() for table in FREE}
    for kpi in workbook.settings.kpis.values():
        for formula in kpi.formulas.values():
            asked[kpi.table] |= set(formulas.columns(formulas.read(kpi.table, formula))) & set(FREE[kpi.table])
    return asked


def name_services(con: duckdb.DuckDBPyConnection, workbook: Workbook) -> Services:
    """Create the enumeration of the names that exports may have for services. Raises WorkbookError for a name of two."""
    ids = [*workbook.services, ESTATE]
    names: dict[str, int] = {ESTATE: len(ids) - 1}
    for position, service in enumerate(workbook.services.values()):
        for name in (service.id, service.name, *service.match):
            if names.setdefault(name.lower(), position) != position:
                raise WorkbookError(
                    [
                        f"services.yml: services.{service.id}: the exports' name {name!r} is also that of "
                        f"{ids[names[name.lower()]]}; give each service names of its own"
                    ]
                )
    con.execute(f"CREATE TYPE service_name AS ENUM ({', '.join(map(quoted, names))})")
    return Services(ids, list(names.values()), workbook.name)


def _extent(con: duckdb.DuckDBPyConnection, one: staging.Staged) -> dict[str, Any]:
    at = TABLES[one.table].at
    if at not in one.columns:
        (rows,) = con.execute(f"SELECT count(*) FROM {one.table}").fetchone()
        return {"rows": rows, "first": None, "last": None}
    zone = "+00" if TABLES[one.table].columns[at].kind == "time" else ""
    rows, first, last = con.execute(
        f"SELECT count(*), min(\"{at}\")::VARCHAR || '{zone}', max(\"{at}\")::VARCHAR || '{zone}' FROM {one.table}"
    ).fetchone()
    return {"rows": rows, "first": first, "last": last}


def _by_service(con: duckdb.DuckDBPyConnection, tables: dict[str, Any], services: Services) -> dict[str, Any]:
    found: dict[str, Any] = {name: {"rows": {}, "set_aside": {}} for name in services.ids}
    for table in tables:
        for service, n in con.execute(f"SELECT _service, count(*) FROM {table} GROUP BY 1 ORDER BY 1").fetchall():
            found[services.ids[service]]["rows"][table] = n
    rows = con.execute(
        'SELECT service, "table", reason, count(*) FROM quarantine WHERE service IS NOT NULL GROUP BY ALL ORDER BY ALL'
    ).fetchall()
    for service, table, reason, n in rows:
        found[service]["set_aside"].setdefault(table, {})[reason] = n
    return found


def _recorded(con: duckdb.DuckDBPyConnection, tickets: staging.Staged) -> dict[str, Any]:
    """The tickets as the tool recorded them, before anything is left out for its service: to compare with the tool."""
    hours = "epoch(resolved - opened) / 3600"
    columns = tickets.columns
    # Until it ends, a ticket has only not missed its target yet.
    done = " OR ".join(f"{one} IS NOT NULL" for one in ("resolved", "closed") if one in columns) or "true"
    wanted = {
        "tickets": "count(*)",
        "sla_known": f"count(sla_met) FILTER ({done})" if "sla_met" in columns else "0",
        "sla_met": f"count(*) FILTER (sla_met AND ({done}))" if "sla_met" in columns else "NULL",
        "reopened": "count(*) FILTER (reopened > 0)" if "reopened" in columns else "NULL",
        "resolved": "count(resolved)" if "resolved" in columns else "0",
        "median_hours": f"median({hours})" if "resolved" in columns else "NULL",
        # Of whole microseconds: a sum of fractions is another one whenever threads add them in another order.
        "mean_hours": "avg(epoch_us(resolved) - epoch_us(opened)) / 3600000000" if "resolved" in columns else "NULL",
    }
    values = con.execute(
        f"SELECT {', '.join(wanted.values())} FROM staged_tickets WHERE _reason IS NULL OR _reason IN (?, 'no service')",
        [UNLISTED],
    ).fetchone()
    return {**dict(zip(wanted, values, strict=True)), "folded_from_events": bool(tickets.events)}
