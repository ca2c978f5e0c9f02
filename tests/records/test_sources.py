"""Wherever the same records come from — CSV, Excel, JSON, Parquet, a database — the frozen ones are the same bytes."""

import shutil
from datetime import datetime

import duckdb
import psycopg
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from sipnb import demo, places, workbook
from sipnb.demo.exports import NAMES
from sipnb.records import prepare
from sipnb.records.sources import MissingInput
from tests.records.test_prepare import GOOD, organisation, reasons
from tests.servers import postgres


@pytest.fixture(scope="session")
def exports(tmp_path_factory):
    """The simulated organisation's exports, a fiftieth of their size."""
    folder = tmp_path_factory.mktemp("small")
    demo.write(folder, scale=0.02)
    return folder


def frozen(folder, exports, source):
    """The hashes of the demo's frozen records, read from sources as `source(table)` says."""
    shutil.copytree(places.PARAMS / "demo", folder)
    text = (folder / "workbook.yml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("  - {name")]
    at = lines.index("sources:") + 1
    lines[at:at] = [f"  - {source(table)}" for table in NAMES]
    (folder / "workbook.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    book = workbook.load(folder, data=exports, reports=folder.parent / "reports")
    quality = prepare.freeze(book, book.cycle("2026-10"), folder.parent / "records")
    return quality["files"], [s["read"] for s in quality["sources"]]


@pytest.fixture(scope="session")
def expected(exports, tmp_path_factory):
    found = frozen(tmp_path_factory.mktemp("parquet") / "demo", exports, lambda t: f"{{name: {t}, files: {t}.parquet}}")
    assert sum(found[1]) > 10_000
    return found


@pytest.mark.parametrize("ending", ["csv", "tsv", "csv.gz", "csv.zst", "jsonl", "json"])
def test_text_gives_the_same_records(tmp_path, exports, expected, ending):
    how = {
        "csv": "HEADER", "tsv": "HEADER, DELIMITER '\t'", "csv.gz": "HEADER, COMPRESSION gzip",
        "csv.zst": "HEADER, COMPRESSION zstd", "jsonl": "FORMAT json", "json": "FORMAT json, ARRAY true",
    }[ending]  # fmt: skip
    for table in NAMES:
        duckdb.sql(f"COPY (FROM '{exports / table}.parquet') TO '{tmp_path / table}.{ending}' ({how})")
    assert frozen(tmp_path / "demo", tmp_path, lambda t: f"{{name: {t}, files: {t}.{ending}}}") == expected


def test_a_workbook_gives_the_same_records(tmp_path, exports, expected):
    book = xlsxwriter.Workbook(
        str(tmp_path / "all.xlsx"), {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss"}
    )
    for table in NAMES:
        sheet = book.add_worksheet(table)
        rows = pq.read_table(exports / f"{table}.parquet")
        sheet.write_row(0, 0, rows.column_names)
        for number, row in enumerate(rows.to_pylist(), start=1):
            values = [v.replace(tzinfo=None) if isinstance(v, datetime) else v for v in row.values()]
            sheet.write_row(number, 0, values)
    book.close()
    assert frozen(tmp_path / "demo", tmp_path, lambda t: f"{{name: {t}, files: all.xlsx, sheet: {t}}}") == expected


def test_a_database_gives_the_same_records(tmp_path, exports, expected, server, monkeypatch):
    types = {"TIMESTAMP WITH TIME ZONE": "timestamptz", "DOUBLE": "double precision", "VARCHAR": "text"}
    with psycopg.connect(server) as connection, connection.cursor() as cursor:
        for table in NAMES:
            told = duckdb.sql(f"DESCRIBE FROM '{exports / table}.parquet'").fetchall()
            columns = ", ".join(f'"{column}" {types.get(kind, kind)}' for column, kind, *_ in told)
            cursor.execute(f"CREATE TABLE {table} ({columns})")
            copy = tmp_path / f"{table}.csv"
            duckdb.sql(f"COPY (FROM '{exports / table}.parquet') TO '{copy}' (HEADER false)")
            with cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)") as sink:
                sink.write(copy.read_bytes())
    monkeypatch.setenv("ITSM_DATABASE", server)
    given = "{{name: {0}, connection: ITSM_DATABASE, table: public.{0}}}"
    assert frozen(tmp_path / "demo", exports, given.format) == expected


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with postgres(tmp_path_factory.mktemp("postgres") / "server") as address:
        yield address


def database(folder, monkeypatch, address, wanted):
    book = organisation(folder / "o", [GOOD.format(1)])
    text = (folder / "o" / "workbook.yml").read_text(encoding="utf-8")
    text = text.replace("files: 't.csv'", f"connection: ITSM_DATABASE, {wanted}")
    (folder / "o" / "workbook.yml").write_text(text, encoding="utf-8")
    if address:
        monkeypatch.setenv("ITSM_DATABASE", address)
    return workbook.load(folder / "o", data=book.data, reports=folder / "reports")


def test_a_query_is_read_and_its_rows_accounted_for(tmp_path, server, monkeypatch):
    rows = " UNION ALL ".join(
        f"SELECT 'T{i}' AS ticket, '{service}' AS service, 'incident' AS kind, TIMESTAMPTZ '2026-09-0{i} 10:00+00' AS opened"
        for i, service in enumerate(["pay", "Store", "nobody"], start=1)
    )
    source, found = reasons(database(tmp_path, monkeypatch, server, f'query: "{rows}"'))
    assert source["reasons"] == {"service not listed in services.yml": 1}
    assert found.services["shop"]["rows"] == {"tickets": 1}


@pytest.mark.parametrize(
    ("address", "wanted", "message"),
    [
        (None, "table: tickets", "ITSM_DATABASE is not set"),
        ("postgres://someone:secret@127.0.0.1:1/none", "table: tickets", "ITSM_DATABASE: no connection"),
        ("server", "table: nothing_here", "table nothing_here cannot be read"),
        ("server", "query: 'SELECT nonsense'", "query cannot be read"),
    ],
)
def test_a_database_that_cannot_be_read_says_why_and_keeps_its_secret(
    tmp_path, server, monkeypatch, address, wanted, message
):
    book = database(tmp_path, monkeypatch, server if address == "server" else address, wanted)
    with pytest.raises(MissingInput, match=message) as caught:
        prepare.check(book)
    assert "secret" not in str(caught.value)


def test_the_core_does_not_load_what_only_databases_need():
    import subprocess
    import sys

    code = "import sys, sipnb.cli; print([m for m in sys.modules if m.split('.')[0] in ('ibis', 'sqlglot', 'psycopg')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
