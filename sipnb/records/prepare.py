"""From exports to frozen records: read, map, judge, set aside, freeze, and account for every row.

All heavy work over all rows happens here, once a cycle, in DuckDB.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from sipnb.cycles import Cycle
from sipnb.params import WorkbookError
from sipnb.records import mappings, quality, sources
from sipnb.records.mapped import map_table, supplied
from sipnb.records.tables import ESSENTIAL, ESTATE, TABLES, duckdb_type
from sipnb.workbook import Workbook

#: Raised by hand whenever frozen records of earlier versions must not be used again.
FORMAT = 1


class GateStopped(ValueError):
    """The quality gate stopped the run; the message holds the sentences of the rules that did."""


@dataclass(frozen=True)
class Prepared:
    """What preparing found: the account, the findings, and a summary of the tickets as recorded."""

    sources: list[dict[str, Any]]
    tables: dict[str, dict[str, Any]]
    services: dict[str, dict[str, Any]]
    findings: list[quality.Finding]
    recorded: dict[str, Any]

    def record(self) -> dict[str, Any]:
        """The account as plain data, as `quality.json` and `sipnb check --json` have it."""
        return {
            "sources": self.sources,
            "tables": self.tables,
            "services": self.services,
            "rules": [finding.record() for finding in self.findings],
            "recorded": self.recorded,
        }

    @property
    def stops(self) -> list[quality.Finding]:
        """The findings that stop a run."""
        return [f for f in self.findings if f.level == "stop" and f.outcome == "found"]


def inputs(workbook: Workbook, cycle: Cycle) -> dict[str, Any]:
    """What frozen records depend on: source files with their hashes, mappings, services, cut-off, this format."""
    files = {
        source.name: {path.name: sources.content_hash(path) for path in sources.files_of(source, workbook.data)}
        for source in workbook.settings.sources
    }
    maps = {s.name: mappings.load(s.mapping, s.name, workbook.folder / "mappings").model_dump_json()
            for s in workbook.settings.sources}  # fmt: skip
    decided = [
        workbook.settings.model_dump(mode="json"),
        maps,
        {s.id: [s.name, s.match] for s in workbook.services.values()},
    ]
    digest = hashlib.sha256(json.dumps([FORMAT, files, decided, str(cycle.cutoff)], sort_keys=True).encode())
    return {"files": files, "fingerprint": digest.hexdigest()[:16]}


def check(workbook: Workbook, cycle: Cycle | None = None) -> Prepared:
    """Read, map and judge all sources without freezing anything; without a cycle, as the exports are today.

    Raises MissingInput and WorkbookError.
    """
    with duckdb.connect() as con:
        return _prepare(con, workbook, cycle)


def freeze(workbook: Workbook, cycle: Cycle, folder: Path) -> dict[str, Any]:
    """Write the frozen records of a cycle into `folder` (replaced as a whole) and return `quality.json`.

    Raises MissingInput, WorkbookError, and GateStopped where a rule of level *stop* found something.
    """
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    with duckdb.connect() as con:
        prepared = _prepare(con, workbook, cycle)
        # One thread, so that rows keep their order and each partition is one file: the same bytes every time.
        con.execute("SET threads=1")
        for table in prepared.tables:
            order = ", ".join(f'"{c}"' for c in _order(table, prepared.tables[table]["columns"]))
            con.execute(
                f"COPY (SELECT * FROM {table} ORDER BY service, {order}) TO '{folder / table}' "
                "(FORMAT parquet, COMPRESSION zstd, PARTITION_BY (service))"
            )
        con.execute(
            f"COPY (SELECT * FROM quarantine ORDER BY ALL) TO '{folder / 'quarantine.parquet'}' (FORMAT parquet)"
        )
    files = {
        str(path.relative_to(folder)): sources.content_hash(path)
        for path in sorted(folder.glob("*/service=*/*.parquet"))
    }
    content = {
        "schema": 1,
        "cycle": cycle.name,
        "cutoff": cycle.cutoff.isoformat(),
        "inputs": inputs(workbook, cycle),
        **prepared.record(),
        "files": files,
    }
    (folder / "quality.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if prepared.stops:
        raise GateStopped("the quality gate stopped: " + " ".join(f.sentence for f in prepared.stops))
    return content


def _order(table: str, columns: list[str]) -> list[str]:
    first = [c for c in (TABLES[table].at, *TABLES[table].key) if c in columns]
    return first + [c for c in columns if c not in first and c != "service"]


def _prepare(con: duckdb.DuckDBPyConnection, workbook: Workbook, cycle: Cycle | None) -> Prepared:
    con.execute("SET preserve_insertion_order=true")
    cutoff = cycle.cutoff if cycle else None
    _service_names(con, workbook)
    reads: list[sources.Read] = []
    parts: dict[str, list[tuple[sources.Read, str, list[str], bool, bool]]] = {}
    for source in workbook.settings.sources:
        mapping = mappings.load(source.mapping, source.name, workbook.folder / "mappings")
        read = sources.read(con, source, workbook.data, mapping.delimiter)
        reads.append(read)
        for table, content in mapping.tables.items():
            view = map_table(con, read, mapping, table, cutoff)
            split = any(c.split for c in content.columns.values())
            parts.setdefault(table, []).append(
                (read, view, supplied(read, mapping, table), split, bool(content.events))
            )
    if not any(table in parts for table in ESSENTIAL):
        raise WorkbookError([f"workbook.yml: sources: none gives any of {', '.join(ESSENTIAL)}; name at least one"])
    con.execute("SET TimeZone='UTC'")
    tables = {}
    recorded: dict[str, Any] = {}
    con.execute("CREATE TEMP TABLE used (source VARCHAR, file VARCHAR, row BIGINT)")
    con.execute(
        'CREATE TEMP TABLE quarantine (source VARCHAR, file VARCHAR, "row" BIGINT, "table" VARCHAR, '
        '"column" VARCHAR, value VARCHAR, reason VARCHAR, service VARCHAR)'
    )
    for table, sides in parts.items():
        columns = [c for c in TABLES[table].columns if any(c in given for _, _, given, _, _ in sides)]
        _judge(con, table, columns, sides, cycle)
        if table == "tickets":
            recorded = _recorded(con, columns, any(events for *_, events in sides))
        tables[table] = {**_extent(con, table, columns), "columns": columns}
    account = [_account(con, read) for read in reads]
    sets = quality.Sets(
        con, {t: v["columns"] for t, v in tables.items()}, account, cutoff,
        workbook.settings.gate.stop_set_aside, workbook.settings.gate.warn_set_aside,
    )  # fmt: skip
    return Prepared(
        account, tables, _by_service(con, tables, [*workbook.services, ESTATE]), quality.examine(sets), recorded
    )


def _service_names(con: duckdb.DuckDBPyConnection, workbook: Workbook) -> None:
    con.execute("CREATE TEMP TABLE service_names (name VARCHAR PRIMARY KEY, id VARCHAR)")
    names: dict[str, str] = {ESTATE: ESTATE}
    for service in workbook.services.values():
        for name in (service.id, service.name, *service.match):
            if names.setdefault(name.lower(), service.id) != service.id:
                raise WorkbookError(
                    [
                        f"services.yml: services.{service.id}: the exports' name {name!r} is also that of "
                        f"{names[name.lower()]}; give each service names of its own"
                    ]
                )
    con.executemany("INSERT INTO service_names VALUES (?, ?)", list(names.items()))


def _judge(
    con: duckdb.DuckDBPyConnection, table: str, columns: list[str],
    sides: list[tuple[sources.Read, str, list[str], bool, bool]], cycle: Cycle | None,
) -> None:  # fmt: skip
    """Create the view of usable rows called `table`; put all others into `quarantine` and all used ones into `used`."""
    known = TABLES[table]
    selects = []
    for read, view, given, *_ in sides:
        listed = ", ".join(f'"{c}"' if c in given else f'NULL::{_frozen_type(table, c)} AS "{c}"' for c in columns)
        selects.append(
            f"SELECT '{read.name}' AS _source, _file, _row, {listed}, _column, _value, _reason FROM \"{view}\""
        )
    con.execute(f"CREATE OR REPLACE TEMP TABLE all_{table} AS {' UNION ALL '.join(selects)}")
    cases: list[tuple[str, str, str]] = [("_reason IS NOT NULL", "_column", "_reason")]
    cases += [(r.condition, f"'{r.column}'", f"'{r.reason}'") for r in quality.row_rules(table, columns)]
    cases.append(("_id IS NULL", "'service'", "'service not listed in services.yml'"))
    if cycle is not None:
        late = (
            f"\"{known.at}\" >= DATE '{cycle.end}'"
            if known.columns[known.at].kind == "date"
            else f"\"{known.at}\" >= TIMESTAMPTZ '{cycle.cutoff.isoformat()}'"
        )
        if known.at in columns:
            cases.append((late, f"'{known.at}'", "'after the cut-off'"))
    conditions = {
        key: "CASE " + " ".join(f"WHEN {when} THEN {then[i]}" for when, *then in cases) + " END"
        for i, key in enumerate(("bad_column", "bad_reason"))
    }
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE judged_{table} AS SELECT a.* REPLACE (coalesce(_id, service) AS service), _id, "
        f"{conditions['bad_column']} AS bad_column, {conditions['bad_reason']} AS bad_reason "
        f"FROM (SELECT t.*, s.id AS _id FROM all_{table} t LEFT JOIN service_names s ON lower(t.service) = s.name) a"
    )
    if known.key:
        # The first row of an identifier is used; a split row is one ticket of several services.
        key = [*known.key, "service"] if any(split for *_, split, _ in sides) else list(known.key)
        content = ", ".join(f'"{c}"' for c in columns)
        con.execute(
            f"UPDATE judged_{table} SET bad_column = '{known.key[0]}', bad_reason = CASE WHEN same THEN 'duplicate row' "
            "ELSE 'duplicate identifier with different content' END FROM ("
            f"SELECT _source AS s, _file AS f, _row AS r, service AS v, row_number() OVER w AS nth, "
            f"row({content}) IS NOT DISTINCT FROM first(row({content})) OVER w AS same "
            f"FROM judged_{table} WHERE bad_reason IS NULL "
            f"WINDOW w AS (PARTITION BY {', '.join(key)} ORDER BY _source, _file, _row ROWS UNBOUNDED PRECEDING)) d "
            "WHERE nth > 1 AND _source = s AND _file = f AND _row = r AND service = v"
        )
    con.execute(
        f"INSERT INTO quarantine SELECT _source, _file, _row, '{table}', bad_column, _value, bad_reason, _id "
        f"FROM judged_{table} WHERE bad_reason IS NOT NULL"
    )
    for read, view, _, _, events in sides:
        good = f"SELECT _file, _row FROM judged_{table} WHERE _source = '{read.name}' AND bad_reason IS NULL"
        if events:
            # An event is used when the ticket it was folded into is used; otherwise it shares the ticket's reason.
            con.execute(
                f"INSERT INTO used SELECT '{read.name}', e._file, e._row FROM \"{view}_rows\" e JOIN "
                f"(SELECT ticket FROM judged_{table} WHERE _source = '{read.name}' AND bad_reason IS NULL) j "
                "ON e._event_of = j.ticket WHERE e._reason IS NULL"
            )
            con.execute(
                f"INSERT INTO quarantine SELECT '{read.name}', e._file, e._row, 'events of {table}', "
                "coalesce(e._column, j.bad_column), e._value, coalesce(e._reason, j.bad_reason), j._id "
                f'FROM "{view}_rows" e LEFT JOIN judged_{table} j ON e._event_of = j.ticket '
                "WHERE e._reason IS NOT NULL OR j.bad_reason IS NOT NULL"
            )
        else:
            con.execute(f"INSERT INTO used SELECT '{read.name}', _file, _row FROM ({good})")
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW {table} AS SELECT {', '.join(_as_known(table, columns, cycle, sides))} "
        f"FROM judged_{table} WHERE bad_reason IS NULL"
    )


def _frozen_type(table: str, column: str) -> str:
    kind = TABLES[table].columns[column].kind
    return "TIMESTAMPTZ" if kind == "time" else duckdb_type(kind)


def _as_known(table: str, columns: list[str], cycle: Cycle | None, sides: list[Any]) -> list[str]:
    """The columns as they were known at the cut-off: what happened later has not happened yet."""
    known = TABLES[table]
    if cycle is None:
        return [f'"{c}"' for c in columns]
    cut = f"TIMESTAMPTZ '{cycle.cutoff.isoformat()}'"
    folded = all(events for *_, events in sides)
    listed = []
    for name in columns:
        expression = f'"{name}"'
        # A due time is a plan, known when it is made; everything else in the future is not known yet.
        if known.columns[name].kind == "time" and name not in (known.at, "sla_due", "planned_start", "planned_end"):
            expression = f'CASE WHEN "{name}" < {cut} THEN "{name}" END'
        elif name in ("sla_met", "state", "first_contact") and "resolved" in columns and not folded:
            # Without history these fields say how the ticket ended, which nobody knew while it was open.
            expression = f'CASE WHEN "resolved" < {cut} THEN "{name}" END'
        elif name == "outcome" and "ended" in columns:
            expression = f'CASE WHEN "ended" < {cut} THEN "{name}" END'
        listed.append(f'{expression} AS "{name}"')
    return listed


def _extent(con: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> dict[str, Any]:
    at = TABLES[table].at
    span = f'min("{at}")::VARCHAR, max("{at}")::VARCHAR' if at in columns else "NULL, NULL"
    rows, first, last = con.execute(f"SELECT count(*), {span} FROM {table}").fetchone()
    return {"rows": rows, "first": first, "last": last}


def _account(con: duckdb.DuckDBPyConnection, read: sources.Read) -> dict[str, Any]:
    for file, row, column, reason in read.malformed:
        con.execute(
            "INSERT INTO quarantine VALUES (?, ?, ?, '', ?, NULL, ?, NULL)", [read.name, file, row, column, reason]
        )
    total = sum(read.rows.values())
    used = con.execute(
        "SELECT count(*) FROM (SELECT DISTINCT file, row FROM used WHERE source = ?)", [read.name]
    ).fetchone()[0]
    reasons = con.execute(
        'SELECT reason, count(*) FROM (SELECT file, "row", first(reason ORDER BY "table" DESC, reason) AS reason '
        "FROM quarantine q WHERE source = ? AND NOT EXISTS (SELECT 1 FROM used u WHERE u.source = q.source AND "
        'u.file = q.file AND u.row = q."row") GROUP BY 1, 2) GROUP BY 1 ORDER BY 2 DESC, 1',
        [read.name],
    ).fetchall()
    account = {
        "name": read.name,
        "file": ", ".join(path.name for path in read.files),
        "read": total,
        "used": used,
        "set_aside": total - used,
        "reasons": {_short(reason): 0 for reason, _ in reasons},
    }
    for reason, n in reasons:
        account["reasons"][_short(reason)] += n
    if sum(account["reasons"].values()) != account["set_aside"]:
        raise AssertionError(f"the account of {read.name} does not balance: {account}")
    return account


def _short(reason: str) -> str:
    return "malformed line" if reason.startswith("malformed line") else reason


def _by_service(con: duckdb.DuckDBPyConnection, tables: dict[str, Any], services: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {name: {"rows": {}, "set_aside": {}} for name in services}
    for table in tables:
        for service, n in con.execute(f"SELECT service, count(*) FROM {table} GROUP BY 1 ORDER BY 1").fetchall():
            found[service]["rows"][table] = n
    rows = con.execute(
        'SELECT service, "table", reason, count(*) FROM quarantine WHERE service IS NOT NULL GROUP BY ALL ORDER BY ALL'
    ).fetchall()
    for service, table, reason, n in rows:
        found[service]["set_aside"].setdefault(table, {})[reason] = n
    return found


def _recorded(con: duckdb.DuckDBPyConnection, columns: list[str], folded: bool) -> dict[str, Any]:
    """The tickets as the tool recorded them, before anything is left out for its service: to compare with the tool."""
    hours = "epoch(resolved - opened) / 3600"
    wanted = {
        "tickets": "count(*)",
        "sla_known": "count(sla_met)" if "sla_met" in columns else "0",
        "sla_met": "count(*) FILTER (sla_met)" if "sla_met" in columns else "NULL",
        "reopened": "count(*) FILTER (reopened > 0)" if "reopened" in columns else "NULL",
        "resolved": "count(resolved)" if "resolved" in columns else "0",
        "median_hours": f"median({hours})" if "resolved" in columns else "NULL",
        "mean_hours": f"avg({hours})" if "resolved" in columns else "NULL",
    }
    values = con.execute(
        f"SELECT {', '.join(wanted.values())} FROM judged_tickets "
        "WHERE bad_reason IS NULL OR bad_reason IN ('service not listed in services.yml', 'no service')"
    ).fetchone()
    return {**dict(zip(wanted, values, strict=True)), "folded_from_events": folded}
