"""What is needed while records are prepared: for its owner alone, gone afterwards, and gone at last where nobody could."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from sipnb import workbook
from sipnb.records import prepare, scratch
from sipnb.records.frozen import Records
from tests.records.test_prepare import GOOD, organisation

#: A check that stops in the middle and says so: rows are staged, and nothing is told yet.
HELD = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from sipnb import cli
from sipnb.records import account
def hold(con, *_):
    con.execute("CHECKPOINT")
    print("staged", flush=True)
    time.sleep(600)
account.draw_up = hold
sys.argv = ["sipnb", "check", *sys.argv[1:]]
cli.main()
"""
HEADER = "ticket,service,kind,opened,resolved,priority,summary,caller"
SECRET = "Quackenbush called from 5550134"


@pytest.fixture
def book(tmp_path):
    rows = [f"{GOOD.format(day)},{SECRET} {day},{SECRET}" for day in range(1, 29)]
    return organisation(tmp_path / "o", rows, header=HEADER)


def held(book) -> subprocess.Popen:
    """A check of an organisation, in its middle."""
    command = [sys.executable, "-c", HELD, str(book.folder), "--out", str(book.reports)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "staged\n", process.communicate()
    return process


def left(book) -> list[Path]:
    return sorted((book.reports / "o").rglob(".preparing/*"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_check_that_is_ended_leaves_nothing(book, number, code):
    process = held(book)
    assert [stat.S_IMODE(path.stat().st_mode) for path in left(book) if path.is_dir()] == [0o700]
    process.send_signal(number)
    try:
        _, told = process.communicate(timeout=300)
    finally:
        process.kill()
    assert (process.returncode, left(book)) == (code, []) and "Traceback" not in told
    assert not (book.reports / "o" / ".preparing").exists()


def test_what_a_killed_check_leaves_holds_no_free_text_and_is_removed_by_the_next(book):
    living, process = held(book), held(book)
    process.kill()
    process.communicate()
    files = [path for path in left(book) if path.is_dir()]
    assert len(files) == 2
    content = b"".join(path.read_bytes() for folder in files for path in folder.rglob("*") if path.is_file())
    assert b"T12" in content, "the tickets are there"
    assert b"Quackenbush" not in content and b"5550134" not in content
    prepare.check(book)
    assert [path for path in left(book) if path.is_dir()] != [], "that of a check that goes on is left alone"
    living.kill()
    living.communicate()
    prepare.check(book)
    assert left(book) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="files without a name are Linux's")
def test_a_whole_copy_of_an_export_has_no_name(tmp_path):
    path = scratch.unnamed(tmp_path, "copy")
    path.write_text("all of it")
    assert list(tmp_path.iterdir()) == []
    assert duckdb.sql(f"SELECT content FROM read_text('{path}')").fetchall() == [("all of it",)]
    scratch.forget(path)
    assert not path.exists()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_frozen_records_are_for_their_owner_alone_whatever_the_umask(book, tmp_path, umask):
    before = os.umask(umask)
    try:
        prepare.freeze(book, book.cycle("2026-09"), tmp_path / "r")
    finally:
        os.umask(before)
    found = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "r", *(tmp_path / "r").rglob("*"))}
    assert {mode for path, mode in found.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in found.items() if path.is_file()} == {0o600}
    assert {"quality.json", "quarantine.parquet", "data_0.parquet"} == {path.name for path in found if path.is_file()}


OWN = "kpis:\n  printers:\n    title: Printers\n    share: >-\n      %s\n"


@pytest.mark.parametrize(
    ("extra", "kept"),
    [
        ("", False),
        (OWN % "contains(summary, 'called')", True),
        (OWN % "upper(\"Summary\") LIKE '%CALLED%'", True),
        ("kpis:\n  printers: {title: Printers, count: priority = 3, where: length(summary) > 3}\n", True),
        (OWN % "category = 'summary'", False),
    ],
)
def test_free_text_is_frozen_only_where_a_kpi_names_it(tmp_path, extra, kept):
    rows = [f"{GOOD.format(day)},{SECRET},{SECRET}" for day in range(1, 29)]
    book = organisation(tmp_path / "o", rows, header=HEADER, extra=extra)
    quality = prepare.freeze(book, book.cycle("2026-09"), tmp_path / "r")
    (file,) = (tmp_path / "r" / "tickets").rglob("*.parquet")
    assert ("summary" in pd.read_parquet(file).columns) is kept
    assert ("summary" in quality["tables"]["tickets"]["columns"]) is kept
    assert Records(tmp_path / "r", "pay").tickets["summary"].notna().all() == kept


def test_a_mapping_may_decide_by_free_text_that_is_not_kept(tmp_path):
    book = organisation(tmp_path / "o", [f"{GOOD.format(day)},{'urgent' if day < 5 else 'no'},x" for day in range(1, 29)],
                        header=HEADER)  # fmt: skip
    (book.folder / "mappings").mkdir()
    columns = ", ".join(f"{c}: {c}" for c in ("ticket", "service", "kind", "opened", "resolved", "summary"))
    (book.folder / "mappings" / "own.yml").write_text(
        f"system: Own\ntables:\n  tickets:\n    columns: {{{columns}, "
        "priority: {from: priority, given: {summary: [urgent]}}}\n"
    )
    path = book.folder / "workbook.yml"
    path.write_text(path.read_text().replace("files: 't.csv'", "files: t.csv, mapping: own"))
    book = workbook.load(book.folder, reports=book.reports)
    prepare.freeze(book, book.cycle("2026-09"), tmp_path / "r")
    tickets = Records(tmp_path / "r", "pay").tickets
    assert tickets["priority"].notna().sum() == 4 and tickets["summary"].isna().all()


def test_headings_that_look_like_data_are_not_told(tmp_path):
    book = organisation(tmp_path / "o", [f"{GOOD.format(1)},a,b"], header=HEADER.replace("caller", "ann@example.org"))
    assert prepare.check(book).sources[0]["not_taken"] == ["column 8"]
    book = organisation(tmp_path / "p", ["T2,pay,incident,x"], header="T1,Ann Li,ann@example.org,+49 171 5550134")
    with pytest.raises(FileNotFoundError, match="has no column 'ticket'") as error:
        prepare.check(book)
    assert "Ann" not in str(error.value) and "555" not in str(error.value)
