"""Text files, sound and broken: each record is handed on or set aside with its line, and nothing raises."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import os
import random
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from sipnb.records.sources import byte_scan, csv_records
from sipnb.records.sources.csv_records import Dialect, Marks, records
from sipnb.records.sources.delimited import TextPart, open_text
from sipnb.records.sources.relation import MissingInput


class Outcome(NamedTuple):
    part: TextPart
    rows: list[tuple]
    places: list[int]

    @property
    def lost(self) -> list[tuple[int, str]]:
        return [(bad.place, bad.reason.removeprefix("malformed line: ")) for bad in self.part.malformed]


CON = duckdb.connect()
CON.execute("SET threads = 2")


def gz(data: bytes) -> bytes:
    """Compressed without the time of day, which would be part of the tests' names."""
    return gzip.compress(data, mtime=0)


def read(path, **options) -> Outcome:
    """Open and read a file as the pipeline does: into a table, settled, once more if need be."""
    part = open_text(path, path.parent / "scratch", **options)
    for _ in range(2):
        try:
            CON.execute(f"CREATE OR REPLACE TEMP TABLE x AS SELECT * FROM {part.relation}")
        except duckdb.Error:
            part.salvage()
            CON.execute(f"CREATE OR REPLACE TEMP TABLE x AS SELECT * FROM {part.relation}")
        rows = CON.execute("FROM x").fetchall()
        if part.settle(CON, len(rows)):
            break
    else:
        pytest.fail("the part did not settle")
    places = part.places(np.arange(len(rows)))
    assert places.dtype == np.int64
    assert part.records == len(rows) + len(part.malformed)
    assert list(part.columns) == [column[0] for column in CON.execute("DESCRIBE x").fetchall()]
    both = [*places.tolist(), *(bad.place for bad in part.malformed)]
    assert len(set(both)) == len(both)
    assert (np.diff(places) > 0).all()
    assert [bad.place for bad in part.malformed] == sorted(bad.place for bad in part.malformed)
    return Outcome(part, rows, places.tolist())


def put(tmp_path, data: bytes | str, name: str = "t.csv"):
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


NO_QUOTE_END = "a quote that is not closed"
CASES = {
    "plain": ("a,b\n1,2\n3,4\n", [("1", "2"), ("3", "4")], [2, 3], []),
    "no last line end": ("a,b\n1,2\n3,4", [("1", "2"), ("3", "4")], [2, 3], []),
    "CRLF": ("a,b\r\n1,2\r\n\r\n3,4\r\n", [("1", "2"), ("3", "4")], [2, 4], []),
    "lone CR": ("a,b\r1,2\r\r3,4\r", [("1", "2"), ("3", "4")], [2, 4], []),
    "mixed line ends": ("a,b\r\n1,2\n3,4\r\n", [("1", "2"), ("3", "4")], [2, 3], []),
    "CR within a line": ("a,b\n1,x\ry\n3,4\n", [("1", "x y"), ("3", "4")], [2, 3], []),
    "CR within quotes": ('a,b\n1,"x\ry"\n3,"x\r\ny"\n', [("1", "x\ry"), ("3", "x\r\ny")], [2, 3], []),
    "CRLF, LF in quotes": ('a,b\r\n1,"x\ny"\r\n3,4\r\n', [("1", "x\ny"), ("3", "4")], [2, 4], []),
    "empty is NULL": ('a,b\n1,""\n"",\n,2\n', [("1", None), (None, None), (None, "2")], [2, 3, 4], []),
    "blank lines": ("\n\na,b\n\n1,2\n\n\n3\n3,4\n\n", [("1", "2"), ("3", "4")], [5, 9], [(8, "1 field where the header has 2")]),
    "few and many": (
        "a,b,c\n1,2\n1,2,3\n1,2,3,4,5,6\n\n,\n4,5,6",
        [("1", "2", "3"), ("4", "5", "6")],
        [3, 7],
        [(2, "2 fields where the header has 3"), (4, "6 fields where the header has 3"), (6, "2 fields where the header has 3")],
    ),
    "header only": ("a,b\n", [], [], []),
    "header only, no line end": ("a,b", [], [], []),
    "BOM": ("\ufeffa,b\n1,2\n", [("1", "2")], [2], []),
    "inches": ('a,b\n1,5" disk\n2,"5"" disk"\n3,19"\n', [("1", '5" disk'), ("2", '5" disk'), ("3", '19"')], [2, 3, 4], []),
    "spaces round quotes": ('a, b\n1, "x, y" \n "2" ,3\n', [("1", "x, y"), ("2", "3")], [2, 3], []),
    "a quoted word": ('a;b\n1; "so" he said\n2;"x"\n', [("1", ' "so" he said'), ("2", "x")], [2, 3], []),
    "text after a quote": ('a,b\n1,"x"y\n2,"x"\n', [("2", "x")], [3], [(2, "text after a closing quote")]),
    "quote never closed": ('a,b\n1,2\n3,"4\n5,6\n7,8\n', [("1", "2"), ("5", "6"), ("7", "8")], [2, 4, 5], [(3, NO_QUOTE_END)]),
    "quote closed too late": (
        'a,b\n1,"2\n3,4\n5,"6, 7"\n8,"9\n10"\n',
        [("3", "4"), ("5", "6, 7"), ("8", "9\n10")],
        [3, 4, 5],
        [(2, NO_QUOTE_END)],
    ),
    "stray quotes in every line": ('a,b\n1,"2\n3,"4\n5,"6\n', [], [], [(line, NO_QUOTE_END) for line in (2, 3, 4)]),
    "cut in a quoted field": ('a,b\n1,"x\ny"\n3,"half', [("1", "x\ny")], [2], [(4, NO_QUOTE_END)]),
    "cut in a line": ("a,b,c\n1,2,3\n4,5", [("1", "2", "3")], [2], [(3, "2 fields where the header has 3")]),
    "record of several lines": (
        'a,b\n"1\n\n2",3\n"4\n5"\n6,7\n',
        [("1\n\n2", "3"), ("6", "7")],
        [2, 7],
        [(5, "1 field where the header has 2, in a record of 2 lines")],
    ),
    "header of several lines": ('a,"b\nc"\n1,2\n', [("1", "2")], [3], []),
    "one column": ("a\nx\n\ny\n", [("x",), ("y",)], [2, 4], []),
    "one quoted column": ('a\n"x"\n""\n\n"y\nz"\nw\n', [("x",), (None,), ("y\nz",), ("w",)], [2, 3, 5, 7], []),
    "one column of prose": ("title\nOne, two\nThree\nA, b, c\n", [("One, two",), ("Three",), ("A, b, c",)], [2, 3, 4], []),
    "NUL": ("a,b\n1,\0\n3,4\n", [("3", "4")], [3], [(2, "a NUL byte")]),
    "NUL in a quoted line": ('a,b\n"1\n\0",2\n3,4\n', [("3", "4")], [4], [(2, "a NUL byte")]),
    "sep": ("sep=;\r\na;b\r\n1;2\r\n", [("1", "2")], [3], []),
    "quoted sep": ('"sep=|"\n\na|b\n1|2,3\n', [("1", "2,3")], [4], []),
    "single quotes": ("a,b\n'1','x, y'\n'2','it''s'\n", [("1", "x, y"), ("2", "it's")], [2, 3], []),
    "apostrophes": ("a,b\n'00123,O'Brien\n'00124,'s\n", [("'00123", "O'Brien"), ("'00124", "'s")], [2, 3], []),
    "backslashes": (
        'a,b\n1,"x \\"y\\", z"\n2,"C:\\\\t\\\\"\n3,"plain\\n"\n',
        [("1", 'x "y", z'), ("2", "C:\\t\\"), ("3", "plain\\n")],
        [2, 3, 4],
        [],
    ),
    "a path before a quote": ('a,b\n"C:\\t\\",2\n"x",y\n', [("C:\\t\\", "2"), ("x", "y")], [2, 3], []),
    "tabs": ("a\tb\n1, 2\t3\n", [("1, 2", "3")], [2], []),
    "decimal commas": ("a;b;c\n1,5;2,5;x\n1,7;2,7;y\n", [("1,5", "2,5", "x"), ("1,7", "2,7", "y")], [2, 3], []),
    "a line of spaces": ("a,b\n  \n1,2\n", [("1", "2")], [3], [(2, "1 field where the header has 2")]),
    "control signs": ('a,b\n"\x1f\x1e",1\n"\x1d\n",2\n', [("\x1f\x1e", "1"), ("\x1d\n", "2")], [2, 3], []),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_records_are_handed_on_or_set_aside_with_their_line(tmp_path, case):
    text, rows, places, lost = case
    assert read(put(tmp_path, text))[1:] == (rows, places)
    assert read(put(tmp_path, text)).lost == lost
    for name, data in {"t.csv.gz": gzip.compress(text.encode()), "t.csv.zst": zst(text.encode())}.items():
        packed = read(put(tmp_path, data, name))
        assert (packed.rows, packed.places, packed.lost) == (rows, places, lost)
        assert packed.part.sha256 == hashlib.sha256(data).hexdigest()
    salvaged = open_text(put(tmp_path, text), tmp_path / "scratch")
    salvaged.salvage()
    relation = salvaged.relation
    assert not salvaged.salvage()
    assert salvaged.relation == relation
    assert CON.execute(f"FROM {relation}").fetchall() == rows
    assert salvaged.settle(CON, len(rows))
    assert salvaged.places(np.arange(len(rows))).tolist() == places
    assert [bad.place for bad in salvaged.malformed] == [place for place, _ in lost]


def zst(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as out:
        out.write(data)
    return sink.getvalue().to_pybytes()


def test_a_malformed_line_shows_its_beginning(tmp_path):
    outcome = read(put(tmp_path, "a,b\r\n" + "ä" * 300 + "\r\n1,2\r\n"))
    assert outcome.part.malformed[0].value == "ä" * 200
    assert read(put(tmp_path, "a,b\r\nx\r\n1,2\r\n")).part.malformed[0].value == "x"


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (" a ,b", ["a", "b"]),
        ("a,,c,", ["a", "column 2", "c", "column 4"]),
        ("Comment,comment,x,COMMENT", ["Comment", "comment#2", "x", "COMMENT#3"]),
        ("a,a#2,a", ["a", "a#2", "a#2#"]),
        ('"a ""b"", c","d\n e",f\'g', ['a "b", c', "d e", "f'g"]),
        ("a\0,b", ["a", "b"]),
        (",".join(f"c{i}" for i in range(1500)), [f"c{i}" for i in range(1500)]),
    ],
)
def test_every_column_has_a_name_of_its_own(tmp_path, header, columns):
    row = ",".join(f'"{i}"' for i in range(len(columns)))
    outcome = read(put(tmp_path, f"{header}\n{row}\n1\n{row}"))
    assert list(outcome.part.columns) == columns
    assert outcome.rows == [tuple(str(i) for i in range(len(columns)))] * 2
    assert len(outcome.lost) == 1
    twice = [note for note in outcome.part.notes if "times" in note]
    assert len(twice) == (columns[0].lower() in {"comment", "a"} and "#" in "".join(columns))


@pytest.mark.parametrize(
    ("delimiter", "name", "given", "note"),
    [
        (",", "t.csv", None, False),
        (";", "t.csv", None, True),
        ("\t", "t.tsv", None, False),
        ("|", "t.txt", None, True),
        ("^", "t.csv", None, True),
        ("~", "t.csv", None, True),
        ("#", "t.csv", "#", True),
        (" ", "t.csv", " ", True),
        ("§", "t.csv", "§", False),
        ("||", "t.csv", "||", False),
    ],
)
def test_the_delimiter_is_found_or_given(tmp_path, delimiter, name, given, note):
    lines = [["a", "b", "c"], ["1", f'"x{delimiter}y"', "2,5"], ["", "z", "3,7;x" if delimiter != ";" else "3,7"]]
    text = "\n".join(delimiter.join(line) for line in lines)
    if delimiter == ",":
        text = text.replace("2,5", '"2,5"').replace("3,7;x", '"3,7;x"')
    outcome = read(put(tmp_path, text, name), delimiter=given)
    assert outcome.rows == [("1", f"x{delimiter}y", "2,5"), (None, "z", lines[2][2])]
    assert bool(outcome.part.notes) == note


GERMAN = "Größe,Müller wünscht Zugriff\nÄnderung,schönes Straßenfest\n"
CODED = [
    ("utf-8", GERMAN, None),
    ("utf-8-sig", GERMAN, None),
    ("utf-16", GERMAN, "UTF-16"),
    ("utf-16-le", GERMAN, "UTF-16"),
    ("utf-16-be", GERMAN, "UTF-16"),
    ("utf-32", GERMAN, "UTF-32"),
    ("cp1252", GERMAN, "Windows-1252"),
    ("cp1252", "José,5 €\nMünchen,– „so“\n", "Windows-1252"),
    ("cp1250", "Zażółć,gęślą jaźń\nHasło,wygasło dla użytkownika\n", "Windows-1250"),
    ("cp1251", "Принтер,не работает\nЗабыл,пароль от почты\n", "Windows-1251"),
    ("cp932", "プリンター,動作しません\nパスワード,再設定を依頼\n", "Shift-JIS"),
    ("gb18030", "打印机,无法使用打印机\n密码,密码重置请求网络\n", "GB18030"),
]


@pytest.mark.parametrize(("codec", "text", "label"), CODED, ids=[codec for codec, *_ in CODED])
def test_the_encoding_is_found_or_given(tmp_path, codec, text, label):
    rows = [tuple(line.split(",")) for line in text.splitlines()]
    path = put(tmp_path, ("a,b\n" + text).encode(codec))
    outcome = read(path)
    assert (outcome.rows, outcome.places) == (rows, [2, 3])
    assert bool(outcome.part.notes) == bool(label)
    assert label is None or f"is read as {label}" in outcome.part.notes[0]
    assert read(path, encoding=codec).rows == rows
    assert read(path, encoding=codec).part.notes == []


def test_broken_lines_of_utf8_are_set_aside_and_do_not_turn_the_file_into_another_encoding(tmp_path):
    good = [f"{i},Größe {i}" for i in range(30)]
    lines = [line.encode() for line in good]
    lines[3:3] = ["x,Müller".encode("cp1252")]
    lines[20:20] = [b'y,"a\n\xff\xfe\xff\xfe b"']
    outcome = read(put(tmp_path, b"\n".join([b"a,b", *lines])))
    assert outcome.lost == [(5, "bytes that are not UTF-8 text"), (22, "bytes that are not UTF-8 text")]
    assert outcome.part.malformed[0].value == "x,M\ufffdller"
    assert outcome.rows == [tuple(line.split(",")) for line in good]
    assert outcome.places == [*range(2, 5), *range(6, 22), *range(24, 35)]
    assert outcome.part.notes == []


def test_utf8_that_is_given_holds(tmp_path):
    path = put(tmp_path, "a,b\n1,Müller\n2,x\n".encode("cp1252"))
    assert read(path, encoding="utf-8").lost == [(2, "bytes that are not UTF-8 text")]
    assert "Windows-1252" in read(path).part.notes[0]


def test_half_a_character_at_the_end_of_utf16(tmp_path):
    outcome = read(put(tmp_path, "a,b\n1,2\n3,4".encode("utf-16") + b"x"))
    assert (outcome.rows, outcome.lost) == ([("1", "2")], [(3, "bytes that are not UTF-16 text")])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"\n\r\n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\xef\xbb\xbf\n", "is empty"),
        ("\n".encode("utf-16"), "is empty"),
        (b"sep=;\n", "no header"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "PNG"),
        (b"PK\x03\x04" + bytes(100), "Excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "Excel"),
        (bytes(1000), "no text"),
        (bytes(range(256)) * 20, "no text"),
        (gz(random.Random(1).randbytes(10**6).hex().encode())[:-500_000], "middle of its compressed data"),
        (gz(b"a,b\n1,2\n" * 1000)[:-20], "middle of its compressed data"),
        (gz(b"a,b\n" * 1000)[:30] + b"\xff" * 30, "damaged"),
        (gz(b"a,b\n1,2\n") + b"rubbish", "damaged"),
        (gz(b""), "is empty"),
        (zst(b"".join(b"%d,2\n" % i for i in range(100_000)))[:-3000], "middle of its compressed data"),
        (zst(b"a,b\n" * 1000)[:8] + b"\xff" * 30, "damaged"),
        (b"x" * (9 << 20) + b"\n1,2\n", "first line"),
    ],
)
def test_what_cannot_be_used_at_all_is_said_with_its_path(tmp_path, data, says):
    path = put(tmp_path, data)
    with pytest.raises(MissingInput) as raised:
        open_text(path, tmp_path / "scratch")
    assert says in str(raised.value)
    assert str(path) in str(raised.value)


def test_a_folder_is_no_text(tmp_path):
    with pytest.raises(MissingInput, match="cannot be read"):
        open_text(tmp_path, tmp_path / "scratch")


def test_a_gzip_that_was_cut_says_after_which_line(tmp_path):
    rng = random.Random(2)
    data = b"a,b\n" + b"".join(b"%d,%d\n" % (i, rng.random() * 1e9) for i in range(500_000))
    with pytest.raises(MissingInput, match=r"after line \d{2,3},\d{3}; export or copy it again"):
        open_text(put(tmp_path, gzip.compress(data, 1)[:-100], "t.csv.gz"), tmp_path)


@pytest.mark.parametrize("encoding", ["no-such", "base64", "punycode", "rot13"])
def test_an_encoding_that_is_none(tmp_path, encoding):
    with pytest.raises(MissingInput, match="no encoding is called"):
        open_text(put(tmp_path, "a,b\n"), tmp_path, encoding=encoding)


@pytest.mark.parametrize("delimiter", ["", "\n", '"', "a\r"])
def test_a_delimiter_that_is_none(tmp_path, delimiter):
    with pytest.raises(MissingInput, match="cannot part fields"):
        open_text(put(tmp_path, "a,b\n"), tmp_path, delimiter=delimiter)


def test_json_lines_are_one_column(tmp_path):
    lines = ['{"a": "x, y"}', '{"b": "ü\\n\\"z\\""}', "", "no json", '"', " "]
    text = "\n".join(lines)
    for data in (text, text.encode("utf-16"), text.replace("\n", "\r\n"), text + "\n", "\ufeff" + text):
        outcome = read(put(tmp_path, data, "t.jsonl"), lines=True)
        assert outcome.rows == [(line,) for line in lines if line]
        assert (outcome.places, outcome.part.columns) == ([1, 2, 4, 5, 6], {"line": "VARCHAR"})
    broken = read(put(tmp_path, text.replace("no json", "\0"), "t.jsonl"), lines=True)
    assert broken.lost == [(4, "a NUL byte")]
    assert broken.places == [1, 2, 5, 6]


@pytest.mark.parametrize("lines", [False, True])
def test_a_line_of_64_mb_is_set_aside(tmp_path, lines):
    size = 64 << 20
    outcome = read(put(tmp_path, b"a,b\n1,2\n" + b"x" * size + b"\n\n3,4\n"), lines=lines)
    assert outcome.lost == [(3, f"a line of {size:,} bytes")]
    assert outcome.rows[-1] == (("3,4",) if lines else ("3", "4"))
    assert outcome.places[-2:] == [2, 5]


def test_lines_below_8_mb_are_read(tmp_path):
    long = "x" * (7 << 20)
    outcome = read(put(tmp_path, f'a,b\n1,{long}\n2,"{long[:-9]}\n"\n"3",4\n'))
    assert [len(row[1]) for row in outcome.rows] == [len(long), len(long) - 8, 1]
    assert outcome.places == [2, 3, 5]


def test_a_quote_that_swallows_more_than_8_mb_costs_one_line(tmp_path):
    row = "1,some text that goes on\n"
    count = (20 << 20) // len(row)
    outcome = read(put(tmp_path, "a,b\n" + row + '2,"stray\n' + row * count))
    assert outcome.lost == [(3, NO_QUOTE_END)]
    assert len(outcome.rows) == count + 1
    assert outcome.places[-1] == count + 3


def test_names_of_files_are_no_patterns(tmp_path):
    read(put(tmp_path, "a,b\n9,9\n", "x1.csv"))
    for name in ("x[1].csv", "x*.csv", "x?.csv", "it's.csv", "a=b.csv", "ünï.csv", "plain.csv.gz"):
        outcome = read(put(tmp_path, "a,b\n1,2\n", name))
        assert (outcome.rows, outcome.part.name) == ([("1", "2")], name)


def test_records_of_several_lines_are_not_split_where_two_threads_meet(tmp_path):
    """DuckDB does, in parallel, where the text within quotes looks like records."""
    rng = random.Random(5)
    notes = [
        '"' + "\n".join(["1,2,3"] * rng.randint(2, 400) + ['""quoted"", ,'] * rng.randint(0, 3)) + '"'
        for _ in range(50)
    ]
    rows = [f"{i},{rng.choice(notes) if rng.random() < 0.3 else 'x'},{i}" for i in range(60_000)]
    outcome = read(put(tmp_path, "a,b,c\n" + "\n".join(rows)))
    assert [row[0] for row in outcome.rows] == [str(i) for i in range(60_000)]
    assert (outcome.lost, outcome.places[0]) == ([], 2)


def test_a_count_that_differs_leads_to_another_reading(tmp_path):
    part = open_text(put(tmp_path, "a,b\n1,2\n3\n4,5\n"), tmp_path / "scratch")
    before = part.relation
    assert not part.settle(CON, 1)
    assert part.relation != before
    assert CON.execute(f"FROM {part.relation}").fetchall() == [("1", "2"), ("4", "5")]
    assert part.settle(CON, 2)
    assert part.places(np.array([1, 0])).tolist() == [4, 2]
    with pytest.raises(MissingInput, match="report it"):
        part.settle(CON, 1)


WORDS = [
    "",
    "x",
    "1,5",
    'say ""',
    '"',
    '5" disk',
    "line\nbreak",
    "\n\n",
    "ü–€",
    "日本",
    ";",
    "\t",
    "|",
    "a b",
    "it's",
    "'",
    "\\",
    "😀",
    "  ",
]


def test_well_formed_files_are_read_as_pythons_csv_reads_them(tmp_path, monkeypatch):
    rng = random.Random(7)
    for turn in range(400):
        monkeypatch.setattr(byte_scan, "CHUNK", rng.choice([7, 64, 1 << 20]))
        width, delimiter, ends = rng.randint(2, 9), rng.choice(",;\t|"), rng.choice(["\n", "\r\n"])
        out = io.StringIO(newline="")
        quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
        writer = csv.writer(out, delimiter=delimiter, lineterminator=ends, quoting=quoting)
        writer.writerow([f"c{i}" for i in range(width)])
        for _ in range(rng.randint(3, 40)):
            writer.writerow([rng.choice(WORDS) for _ in range(width)])
            if rng.random() < 0.1:
                out.write(ends)
        text = out.getvalue()
        if rng.random() < 0.3:
            text = text.removesuffix(ends)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        rows, places, begin = [], [], 1
        for row in reader:
            if row:
                rows.append(tuple(value or None for value in row))
                places.append(begin)
            begin = reader.line_num + 1
        outcome = read(put(tmp_path, text), delimiter=delimiter if turn % 2 else None)
        assert (outcome.rows, outcome.places) == (rows[1:], places[1:]), text
        assert outcome.lost == []


def mangled(rng: random.Random, data: bytes) -> bytes:
    """A file as accidents leave it: one to four bytes or pieces deleted, inserted, doubled, changed, or the end cut."""
    for _ in range(rng.choice([1, 1, 2, 4])):
        at = rng.randrange(len(data) + 1)
        to = min(at + rng.choice([1, 2, 10, 60]), len(data))
        bits = [
            b"\0",
            b'"',
            b"'",
            b"\xff",
            b"\xc3",
            b"\r",
            b"\n",
            b"\r\n",
            b",",
            b";",
            b"\\",
            b"\xef\xbf\xbe",
            b'""',
            b' "',
            b"\0" * 9,
        ]
        accidents = [
            data[:at] + data[to:],
            data[:at] + rng.choice(bits) + data[at:],
            data[:to] + data[at:to] + data[to:],
            data[:at] + rng.randbytes(to - at) + data[to:],
            data[:at] + bytes(byte ^ (1 << rng.randrange(8)) for byte in data[at : at + 1]) + data[at + 1 :],
            data[:at],
            data[:at] + data[at:to].replace(b",", rng.choice([b";", b"\t", b"|"])) + data[to:],
            data.replace(b"\n", rng.choice([b"\r", b"\r\n", b"\n\n"]), rng.randint(1, 9)),
            data.replace(b",", rng.choice([b";", b"\t", b"|"])),
        ]
        data = rng.choice(accidents)
    return data


def test_mangled_files_are_read_or_refused_but_never_raise(tmp_path, monkeypatch, tried):
    rng = random.Random(11)
    base = ["id,text,when,group"]
    for i in range(30):
        text = rng.choice(
            ["plain", '"quoted, text"', '"two\nlines"', '5" disk', '"say ""x"""', "Größe", '"' + "é\n" * 9 + '"', ""]
        )
        base.append(f"INC{i:03},{text},2024-01-{i + 1:02},g{i % 3}")
    refused = untouched = 0
    turns = int(os.environ.get("SIPNB_FAULTS", 800))
    for turn in range(turns):
        monkeypatch.setattr(byte_scan, "CHUNK", 100 if turn % 3 == 0 else 4 << 20)
        data = "\n".join(base) if turn % 2 else "\r\n".join(base)
        path = put(tmp_path, mangled(rng, data.encode()))
        try:
            outcome = read(path)
        except MissingInput:
            refused += 1
            tried("a mangled text file", "refused with a reason")
            continue
        tried("a mangled text file", "read, each record where it is said to stand")
        untouched += sum(row[:1] == (f"INC{i:03}",) for i, row in enumerate(outcome.rows))
        if outcome.part.encoding.codec == "utf-8" and not outcome.part.returns:
            # Records stand where they are said to: the line begins with what they begin with.
            lines = [b"", *path.read_bytes().split(b"\n")]
            for row, place in zip(outcome.rows, outcome.places, strict=True):
                begin = (row[0] or "").split("\n")[0].split("\r")[0].strip().replace('"', "").encode()
                assert begin in lines[place].replace(b'"', b"").replace(b"\r", b" "), (path.read_bytes(), row, place)
    assert refused < turns / 10
    assert untouched > 10_000


ODD = b'a,b\n1,"x\ny"\n2,"stray\n3,4\n5,"x"y\n6,"q, "\n'


def test_offsets_of_records_do_not_depend_on_where_blocks_end():
    whole = records(ODD, Dialect(b","), True)
    assert (whole.lines + 1).tolist() == [1, 2, 4, 5, 6, 7]
    assert whole.fields.tolist() == [2, 2, 2, 2, 2, 2]
    assert whole.trouble == {2: NO_QUOTE_END, 4: "text after a closing quote"}
    for cut in (at + 1 for at, byte in enumerate(ODD) if byte == 10):
        before = records(ODD[:cut], Dialect(b","), False)
        after = records(ODD[before.used :] or b"\n", Dialect(b","), True)
        ends = [*before.ends.tolist(), *(after.ends + before.used).tolist()]
        assert ends[: len(whole.ends)] == whole.ends.tolist()


def test_sound_records_are_the_same_at_once_and_one_by_one(monkeypatch):
    rng = random.Random(3)
    marks = Marks(b"\x1f", b"\x1e", b"\x1d")
    for _ in range(200):
        out = io.StringIO(newline="")
        writer = csv.writer(
            out, lineterminator=rng.choice(["\n", "\r\n"]), quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
        )
        writer.writerows([rng.choice(WORDS).replace('"', '""' * rng.randint(0, 1)) for _ in range(3)] for _ in range(9))
        text = out.getvalue().encode() + rng.choice([b"", b'1,"open\n'])
        with monkeypatch.context() as patched:
            found = records(text, Dialect(b","), False, marks)
            patched.setattr(csv_records, "_at_once", lambda *_: None)
            other = records(text, Dialect(b","), False, marks)
        assert (found.text, found.used, found.regular) == (other.text, other.used, not other.regular)
        for one, two in zip(found, other, strict=True):
            assert not isinstance(one, np.ndarray) or one.tolist() == two.tolist()
