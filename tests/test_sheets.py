"""Tables that people edit: text stays text, and what spreadsheets do to a file is read."""

from __future__ import annotations

import random
import sys
from datetime import date

import pytest

from sipnb import sheets
from sipnb.sheets import apostrophes
from sipnb.show.display import harmless
from sipnb.validation import WorkbookError

HEADER = ["Name", "Day", "Number"]


def test_an_apostrophe_is_taken_away_where_one_was_added_and_nowhere_else():
    rng, signs = random.Random(1), "=+-@'\";\t\r\n ,a1\u00a0\ufeff＝\u200b\\é{}:#"
    for _ in range(20_000):
        text = "".join(rng.choice(signs) for _ in range(rng.randrange(8)))
        guarded = apostrophes.guarded(text)
        assert apostrophes.unguarded(guarded) == text and harmless(guarded) == guarded


@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_is_read_by_any_delimiter_and_encoding_of_spreadsheets(tmp_path, sign, encoding):
    file = tmp_path / "t.csv"
    lines = [
        sign.join(row)
        for row in (("Name", "Day", "Number", "", ""), ("Größe", '"a\n""b"', "1", "", ""), ("", "", "", "", ""))
    ]
    file.write_bytes("\r\n".join([*lines, ""]).encode(encoding))
    assert sheets.read(file, "T", HEADER) == sheets.Table(HEADER, [(2, ["Größe", 'a\n"b', "1"])])


def test_a_line_that_says_what_parts_the_cells_is_no_header(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("sep=;\nName;Day\na,b;c\n", encoding="utf-8")
    assert sheets.read(file, "T", HEADER) == sheets.Table(["Name", "Day"], [(3, ["a,b", "c"])])


@pytest.mark.slow  # workbooks are read in a process
def test_a_workbook_gives_days_numbers_and_texts_back_and_leaves_out_what_is_empty(tmp_path):
    import xlsxwriter

    file = tmp_path / "t.xlsx"
    book = xlsxwriter.Workbook(str(file))
    book.add_worksheet("Notes").write_string(0, 0, "not this one")
    sheet = book.add_worksheet("T")
    for at, title in enumerate([*HEADER, ""]):
        sheet.write_string(1, at + 1, title)  # a table need not begin in the corner
    sheet.write_string(2, 1, "=1+1")
    sheet.write_datetime(2, 2, date(2026, 1, 31), book.add_format({"num_format": "dd.mm.yyyy hh:mm"}))
    sheet.write_number(2, 3, 1.5)
    sheet.write_blank(500, 9, None, book.add_format({"bold": True}))
    book.close()
    read = sheets.read(file, "T", HEADER)
    assert [row[-3:] for _, row in read.rows] == [["=1+1", date(2026, 1, 31), 1.5]] and read.rows[0][0] == 3


@pytest.mark.slow
def test_a_cell_far_away_and_a_file_that_is_no_workbook_are_told(tmp_path):
    import xlsxwriter

    far, damaged = tmp_path / "far.xlsx", tmp_path / "damaged.xlsx"
    book = xlsxwriter.Workbook(str(far))
    sheet = book.add_worksheet()
    sheet.write_string(0, 0, "Name")
    sheet.write_string(1_048_575, 16_383, "x")
    book.close()
    damaged.write_bytes(far.read_bytes()[:300])
    for file, words in ((far, "far from the others|columns"), (damaged, "cannot be read as a workbook")):
        with pytest.raises(WorkbookError, match=words):
            sheets.read(file, "T", HEADER)


def test_what_cannot_be_written_or_read_is_told(tmp_path, monkeypatch):
    for name, words in (
        ("t.pdf", "end it in .csv or .xlsx"),
        ("t", "a file without ending"),
        ("no/t.csv", "there is no folder"),
    ):
        with pytest.raises(sheets.Unwritable, match=words):
            sheets.write(tmp_path / name, "T", HEADER, [])
    with pytest.raises(
        sheets.Unwritable, match=r"row 2, Name: 40,000 characters, and a cell holds 32,767; write \.csv"
    ):
        sheets.write(tmp_path / "t.xlsx", "T", HEADER, [["x" * 40_000, None, None]])
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(sheets.Unwritable, match=r"install sipnb\[excel\]"):
        sheets.write(tmp_path / "t.xlsx", "T", HEADER, [])
    with pytest.raises(sheets.Unreadable, match="there is no such file"):
        sheets.read(tmp_path / "none.csv", "T", HEADER)
    (tmp_path / "t.ods").write_bytes(b"x")
    with pytest.raises(sheets.Unreadable, match=r"is no \.csv or \.xlsx"):
        sheets.read(tmp_path / "t.ods", "T", HEADER)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.ods"]


def test_a_table_is_the_same_bytes_each_time(tmp_path):
    row = ["=x", date(2026, 1, 1), 2.0]
    for name in ("a.csv", "b.csv", "a.xlsx", "b.xlsx"):
        sheets.write(tmp_path / name, "T", HEADER, [row])
    for end in ("csv", "xlsx"):
        assert (tmp_path / f"a.{end}").read_bytes() == (tmp_path / f"b.{end}").read_bytes()
