"""What unfolds into far too much is refused before it does, and says so; what is merely large is read."""

import gzip
import json
import zipfile

import duckdb
import pyarrow as pa
import pytest
import xlsxwriter

from sipnb import workbook
from sipnb.records.scratch import workshop
from sipnb.records.sources import MissingInput, byte_scan, limits, sheets
from tests.records.test_damage import HEADER, ROWS, TEXT, export
from tests.records.test_prepare import organisation, reasons

#: One line repeated for ever, some three hundred million bytes of it.
LINE = b"x" * 1000 + b"\n"


def packed(path):
    content = f"{HEADER}\n".encode() + LINE * 300_000
    path.write_bytes(gzip.compress(content, 6) if path.suffix == ".gz" else pa.compress(content, "zstd", asbytes=True))


@pytest.mark.parametrize("name", ["t.csv.gz", "t.json.zst"])
def test_a_file_that_unfolds_into_far_too_much_is_refused_and_nothing_stays(tmp_path, name):
    packed(tmp_path / name)
    with workshop(tmp_path / "reports") as folder:
        with pytest.raises(MissingInput, match=r"unfolds into more than 256 MB, .*unpacked: 1 GB"):
            byte_scan.scan(tmp_path / name, folder)
        assert list(folder.iterdir()) == []


def test_a_source_may_say_how_much_its_file_unfolds_into(tmp_path):
    packed(tmp_path / "t.csv.gz")
    assert byte_scan.scan(tmp_path / "t.csv.gz", tmp_path / "s", "1 GB").size > limits.FREE
    text = (
        (organisation(tmp_path / "o", None).folder / "workbook.yml")
        .read_text()
        .replace("'t.csv'", "t.csv, unpacked: 5 MB")
    )
    (tmp_path / "o" / "workbook.yml").write_text(text)
    with pytest.raises(
        ValueError, match="sources.0.unpacked: '5 MB' is no size; write a number of gigabytes, such as 50 GB"
    ):
        organisation_at(tmp_path / "o")


def organisation_at(folder):
    return workbook.load(folder, reports=folder.parent / "reports")


def test_the_limit_decides_nothing_about_the_records(tmp_path):
    book = organisation(tmp_path / "o", ROWS)
    path, before = book.folder / "workbook.yml", book.fingerprint()
    path.write_text(path.read_text().replace("'t.csv'", "t.csv, unpacked: 50 GB"))
    assert organisation_at(book.folder).fingerprint() == before


@pytest.mark.parametrize(
    ("size", "given", "allowed"),
    [(1_000, None, 256e6), (10_000_000, None, 2e9), (500_000_000, None, 20e9), (1_000, "50 GB", 50e9)],
)
def test_what_a_file_may_unfold_to(size, given, allowed):
    assert limits.most(size, given) == allowed


def test_an_export_that_packs_well_is_read(tmp_path):
    text = (TEXT + "\n".join(ROWS * 20_000)).encode()
    source, _ = reasons(export(tmp_path, gzip.compress(text), "t.csv.gz"))
    assert source["read"] == 400_020


def test_a_parquet_file_of_more_rows_than_bytes_can_hold_is_refused(tmp_path):
    book = organisation(tmp_path / "o", None, files="t.parquet")
    path = book.folder / "t.parquet"
    duckdb.sql(
        f"COPY (SELECT 7::UTINYINT AS service FROM range(300_000_000)) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 100000000)"
    )
    with pytest.raises(MissingInput, match=r"t\.parquet unfolds into more than 256 MB"):
        reasons(book)


def sheet(path, cells=(), records=2):
    book = xlsxwriter.Workbook(path, {"constant_memory": records > 1000})
    page = book.add_worksheet()
    for number, line in enumerate([HEADER, *ROWS[:records]]):
        page.write_row(number, 0, line.split(","))
    for row, column, value in cells:
        page.write(row, column, value)
    book.close()
    return path


def ods(path, rows):
    names = {k: f"urn:oasis:names:tc:opendocument:xmlns:{k}:1.0" for k in ("office", "table", "text", "manifest")}
    told = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in names.items())
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("mimetype", kind)
        entry = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        file.writestr("META-INF/manifest.xml", f"<manifest:manifest {told}>{entry}</manifest:manifest>")
        table = f'<table:table table:name="S">{rows}</table:table>'
        body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
        file.writestr("content.xml", f"<office:document-content {told}>{body}</office:document-content>")
    return path


def cell(value, times=1):
    told = f'office:value-type="string" table:number-columns-repeated="{times}"'
    return f"<table:table-cell {told}><text:p>{value}</text:p></table:table-cell>"


def row(cells, times=1):
    return f'<table:table-row table:number-rows-repeated="{times}">{cells}</table:table-row>'


RECORDS = "".join(row("".join(map(cell, line.split(",")))) for line in [HEADER, *ROWS[:2]])
GAP = '<table:table-cell table:number-columns-repeated="16383"/>'


@pytest.mark.parametrize(
    "write",
    [
        lambda path: sheet(path / "t.xlsx", [(1048575, 16383, "x")]),
        lambda path: ods(path / "t.ods", RECORDS + row(cell("x", 16384), 1048573)),
        lambda path: ods(path / "t.ods", RECORDS + row(GAP, 1048570) + row(GAP + cell("x"))),
    ],
    ids=["xlsx", "ods-repeated", "ods-far"],
)
def test_a_cell_far_from_the_others_is_told_and_ends_no_run(tmp_path, write):
    path = write(tmp_path)
    (tmp_path / "s").mkdir()
    with pytest.raises(MissingInput, match=r"t\.\w+ .*far from the others.*delete the empty rows and columns"):
        sheets.open_sheet(path, tmp_path / "s")
    assert list((tmp_path / "s").iterdir()) == []


@pytest.mark.parametrize(("place", "last"), [((1048575, 0), 1048576), ((900, 30), 901)], ids=["below", "beside"])
def test_a_cell_that_is_not_quite_so_far_is_a_record(tmp_path, place, last):
    (tmp_path / "s").mkdir()
    part = sheets.open_sheet(sheet(tmp_path / "t.xlsx", [(*place, "x")]), tmp_path / "s")
    assert part.rows.tolist() == [2, 3, last]
    assert duckdb.sql(f"SELECT count(*) FROM {part.relation}").fetchone() == (3,)


def test_empty_cells_to_the_end_of_a_sheet_are_nothing(tmp_path):
    (tmp_path / "s").mkdir()
    part = sheets.open_sheet(ods(tmp_path / "t.ods", RECORDS + row(GAP, 1048570)), tmp_path / "s")
    assert (part.rows.tolist(), len(part.columns)) == ([2, 3], 6)


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ({"memory": 1_500_000_000}, "needs more than 1.5 GB of memory"),
        ({"seconds": 0}, "takes more than 0 seconds"),
    ],
)
def test_a_sheet_is_read_within_limits(tmp_path, limit, message):
    book = sheet(tmp_path / "t.xlsx", [(1048575, 60, "x")])
    (tmp_path / "s").mkdir()
    with pytest.raises(MissingInput, match=message):
        sheets.open_sheet(book, tmp_path / "s", **limit)
    assert list((tmp_path / "s").iterdir()) == []


def padded(path, lie):
    """A workbook whose sheet ends in hundreds of megabytes of blanks, and that may say that it is small."""
    sheet(path.with_name("plain.xlsx"))
    with zipfile.ZipFile(path.with_name("plain.xlsx")) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            more = b" " * 300_000_000 if info.filename.endswith("sheet1.xml") else b""
            new.writestr(info.filename, old.read(info) + more)
        size = max(info.file_size for info in new.infolist())
    if lie:
        path.write_bytes(path.read_bytes().replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    return path


@pytest.mark.parametrize("lie", [False, True])
def test_a_workbook_that_unfolds_into_far_too_much_is_refused_whatever_it_says(tmp_path, lie):
    (tmp_path / "s").mkdir()
    with pytest.raises(MissingInput, match=r"unfolds into more than 256 MB"):
        sheets.open_sheet(padded(tmp_path / "t.xlsx", lie), tmp_path / "s")


WIDE = 100_000


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", lambda: ",".join(f"c{i}" for i in range(WIDE)) + "\n" + "x," * (WIDE - 1) + "x\n"),
        ("t.json", lambda: json.dumps([{f"k{i}": i for i in range(WIDE)}] * 10)),
        ("t.jsonl", lambda: "".join(json.dumps({"ticket": i, f"k{i}": i}) + "\n" for i in range(WIDE))),
    ],
    ids=["columns", "keys of a record", "keys of all records"],
)
def test_more_columns_than_anybody_has_are_refused(tmp_path, name, content):
    """Megabytes, written when the test runs: every worker collects it, whether or not it runs it."""
    with pytest.raises(MissingInput, match=r"has 100,00\d (columns|fields), and 10,000 are the most; export only"):
        reasons(export(tmp_path, content(), name))


def test_a_wide_answer_is_read_for_what_is_needed(tmp_path):
    wide = {f"custom_{i}": {"value": i, "display_value": f"v{i}"} for i in range(2000)}
    rows = [dict(zip(HEADER.split(","), row.split(","), strict=True)) | wide for row in ROWS]
    source, _ = reasons(export(tmp_path, json.dumps(rows), "t.json"))
    assert (source["used"], len(source["not_taken"])) == (20, 4000)
