"""What is wrong with an export is said with its file and line, or costs only the rows concerned: never a traceback."""

import gzip
import os

import duckdb
import pytest

from sipnb import workbook
from sipnb.params import Source
from sipnb.records import prepare, sources
from sipnb.records.sources import MissingInput
from sipnb.validation import WorkbookError
from tests.records.test_prepare import GOOD, organisation, reasons

HEADER = "ticket,service,kind,opened,resolved,priority"
ROWS = [GOOD.format(day) for day in range(1, 21)]
TEXT = "\n".join([HEADER, *ROWS]) + "\n"


def export(folder, content, name="t.csv"):
    book = organisation(folder / "o", None, files=name)
    (folder / "o" / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return book


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", b"", r"t\.csv is empty \(0 bytes\)"),
        ("t.csv", b"\n\n  \n"[:2], r"t\.csv is empty"),
        (
            "t.csv.gz",
            gzip.compress(TEXT.encode() * 50)[:-20],
            r"t\.csv\.gz ends in the middle of its compressed data after line \d",
        ),
        ("t.csv", b"\x89PNG\r\n\x1a\n" + bytes(500), "looks like a PNG picture"),
        ("t.xlsx", TEXT.encode(), "cannot be read as a workbook"),
        ("t.parquet", TEXT.encode(), "cannot be read as Parquet"),
        ("t.json", b'[{"ticket": "T1"}, {"ticket":', "is no sound JSON"),
        ("t.pdf", b"%PDF", "the format .pdf is not read"),
    ],
    ids=["empty", "blank", "gzip", "png", "workbook", "parquet", "json", "pdf"],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_name(tmp_path, name, content, message):
    with pytest.raises(MissingInput, match=message):
        prepare.check(export(tmp_path, content, name))


def test_a_file_whose_name_is_no_text_is_refused(tmp_path):
    book = export(tmp_path, TEXT, "t.csv")
    try:
        (book.data / "t.csv").rename(os.fsdecode(os.fsencode(book.data) + b"/t\xff.csv"))
    except OSError:
        pytest.skip("this file system takes no such names")
    with pytest.raises(MissingInput, match=r"t\\udcff\.csv' is not UTF-8; rename the file"):
        sources.files_of(Source(name="tickets", files="t*.csv"), book.data)


@pytest.mark.parametrize(
    ("content", "used", "aside"),
    [
        (TEXT[:-20], 19, {"malformed line": 1}),
        (TEXT.replace("T3,pay", "T3\0,pay"), 19, {"malformed line": 1}),
        (TEXT.replace("T3,", "Tä,").encode() + "Tü,pay,incident,2026-09-04,,3\n".encode("cp1252"), 20, {"malformed line": 1}),
        (TEXT.replace("T3,pay", 'T3,"pay'), 19, {"malformed line": 1}),
        (TEXT.replace("2026-09-03 10", "03/09/2026 10").replace("2026-09-04 10:00", "4 Sep 2026"), 18, {"unreadable time": 2}),
        (HEADER + "\n", 0, {}),
        (TEXT + "x" * (9 << 20) + "\n", 20, {"malformed line": 1}),
        ("\n".join([HEADER.replace("priority", "service,opened,priority"), *(r.replace(",3", ",x,y,3") for r in ROWS)]), 20, {}),
        ("\n".join([HEADER + "".join(f",c{i}" for i in range(1000)), *(r + "," * 1000 for r in ROWS)]), 20, {}),
    ],
    ids=["cut", "nul", "encodings", "quote", "dates", "header", "long", "repeated", "wide"],
)  # fmt: skip
def test_only_the_rows_concerned_are_set_aside(tmp_path, content, used, aside):
    source, _ = reasons(export(tmp_path, content))
    assert (source["used"], source["reasons"]) == (used, aside)
    assert source["read"] == used + sum(aside.values())


def test_the_line_of_what_was_set_aside_is_that_of_the_file(tmp_path):
    lines = TEXT.splitlines()
    lines[5] = lines[5].replace("2026-09-05 10:00", "soon")
    lines[3:3] = ["", "one,two"]
    found = prepare.check(export(tmp_path, "\n".join(lines)))
    told = [(e["line"], e["column"], e["value"]) for e in found.examples]
    assert told == [(5, "", "≈ aaa,aaa, 6 letters"), (8, "opened", "≈ aaa, 4 letters")]


def test_the_choice_of_encoding_and_delimiter_is_told(tmp_path):
    content = TEXT.replace(",", ";").replace("T3;", "Müller über Straße 3;").encode("cp1252")
    source, _ = reasons(export(tmp_path, content))
    assert source["used"] == 20
    assert any("Windows-1252" in note for note in source["notes"]) and any(
        "semicolon" in note or ";" in note for note in source["notes"]
    )


@pytest.mark.parametrize("ending", ["csv", "jsonl", "json", "parquet"])
def test_a_file_may_have_any_name(tmp_path, ending):
    how = {"csv": "HEADER", "jsonl": "FORMAT json", "json": "FORMAT json, ARRAY true", "parquet": "FORMAT parquet"}[
        ending
    ]
    name = f"Bericht [2026] {{v1}} 'alt' ü.{ending}"
    book = organisation(tmp_path / "o", ROWS, files="Bericht*")
    path = str(book.folder / name).replace("'", "''")
    duckdb.sql(f"COPY (FROM read_csv('{book.folder / 't.csv'}', all_varchar=true)) TO '{path}' ({how})")
    source, _ = reasons(book)
    assert (source["file"], source["used"]) == (name, 20)


def test_times_that_are_no_day_of_a_calendar_are_set_aside(tmp_path):
    opened = ["99999-01-01 10:00", "294247-01-10 04:00:54", "infinity", "-infinity", "-4000-01-01", "4000-01-01 (BC)"]
    ended = ["99999-12-31 12:00", "infinity"]
    rows = [f"X{n},pay,incident,{time},,3" for n, time in enumerate(opened)]
    rows += [f"Y{n},pay,incident,2026-09-01 10:00,{time},3" for n, time in enumerate(ended)]
    found = prepare.check(
        export(tmp_path, "\n".join([HEADER, *ROWS, *rows, "Z,pay,incident,2026-09-01,9999-12-31 23:59:59,3"]))
    )
    assert found.sources[0]["reasons"] == {"unreadable time": 8} and found.sources[0]["used"] == 21


@pytest.mark.parametrize("key", ["monitored_since", "baselines"])
def test_a_year_of_five_digits_in_the_parameters_is_refused(tmp_path, key):
    given = {
        "monitored_since": "99999-01-01",
        "baselines": "[{kpi: sla_attainment, from: 99999-01, reason: another tool now}]",
    }
    book = organisation(tmp_path / "o", ROWS)
    path = book.folder / "services.yml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("owner:", f"{key}: {given[key]}, owner:"), encoding="utf-8"
    )
    with pytest.raises(WorkbookError, match=rf"services\.pay\.{key}.*99999"):
        workbook.load(book.folder, reports=tmp_path)
