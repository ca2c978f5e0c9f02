"""Every mapping that ships reads the export its system really writes, quirks and all."""

import zipfile

import pandas as pd
import pytest

from sipnb.records import mappings, prepare
from sipnb.records.frozen import Records
from sipnb.validation import WorkbookError
from tests.records.exports import ASKING, CYCLE, EXPORTS, FOLDER, SERVICES, organisation
from tests.records.test_endings import EXPORTS as ENDINGS
from tests.records.test_endings import PROBLEMS

SHIPPED = sorted(mappings._SHIPPED.glob("*.yml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_a_mapping_that_ships_is_valid(path):
    assert mappings.load(path.stem, "tickets", FOLDER).system


def test_a_second_canonical_source_of_a_table_has_a_name_of_its_own():
    assert set(mappings.load("canonical", "tickets-archive", FOLDER).tables) == {"tickets"}
    with pytest.raises(WorkbookError, match="sources.ticket-archive: .*nearest valid name: tickets"):
        mappings.load("canonical", "ticket-archive", FOLDER)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [("(a", "is not a regular expression"), ("(?=a)(b)", "is not a regular"), ("^P", "has no group in brackets")],
)
def test_a_pattern_that_keeps_nothing_is_refused_before_anything_is_read(tmp_path, pattern, words):
    text = (mappings._SHIPPED / "servicenow.yml").read_text().replace(r"'^(\d)'", f"'{pattern}'")
    (tmp_path / "own.yml").write_text(text)
    with pytest.raises(WorkbookError) as error:
        mappings.load("own", "tickets", tmp_path)
    line = str(error.value).splitlines()[-1]
    assert "tables.tickets.columns.urgency.pattern: " in line
    assert repr(pattern) in line
    assert words in line


def test_every_mapping_that_ships_has_a_fixture():
    # The status pages' own histories are real data, and tested with them.
    assert {p.stem for p in SHIPPED} - {e.mapping for e in EXPORTS} == {"status_page"}


def _prepare(export, folder):
    others = {FOLDER / export.system / file: mapping for file, mapping in export.expected.get("with", {}).items()}
    book = organisation(folder / "o", {export.path: export.mapping, **others}, kpis=ASKING)
    account = prepare.check(book, book.cycle(CYCLE)).sources[0]
    prepare.freeze(book, book.cycle(CYCLE), folder / "r")
    key = {"tickets": "ticket", "changes": "change", "problems": "problem"}[export.table]
    rows = pd.concat(
        [Records(folder / "r", service).table(export.table).assign(service=service) for service in SERVICES]
    )
    return account, rows.set_index(key)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """The account of an export and its frozen rows, prepared once each."""
    known = {}

    def of(export):
        if export.path not in known:
            known[export.path] = _prepare(export, tmp_path_factory.mktemp("o"))
        return known[export.path]

    return of


@pytest.mark.parametrize("export", EXPORTS, ids=lambda e: f"{e.system}-{e.file}")
def test_every_row_of_an_export_is_accounted_for(prepared, export):
    account, _ = prepared(export)
    assert account["read"] == export.expected["read"]
    assert account["read"] == account["used"] + sum(account["reasons"].values())
    if "set_aside" in export.expected:
        assert account["reasons"] == export.expected["set_aside"]
    if "used" in export.expected:
        assert account["used"] == export.expected["used"]


@pytest.mark.parametrize("export", EXPORTS, ids=lambda e: f"{e.system}-{e.file}")
def test_records_say_what_a_person_reads_off_the_export(prepared, export):
    _, rows = prepared(export)
    wrong = []
    for identifier, expected in export.records.items():
        if identifier not in rows.index:
            wrong.append(f"{identifier} is not among the records")
            continue
        found = rows.loc[identifier]
        wrong += [
            f"{identifier}.{column}: {found.get(column)!r} instead of {value!r}"
            for column, value in expected.items()
            if not _same(found.get(column), value)
        ]
    assert not wrong, "\n".join(wrong)


def _same(found, expected):
    if expected is None:
        return bool(pd.isna(found))
    if pd.isna(found):
        return False
    if hasattr(expected, "isoformat"):
        return found == pd.Timestamp(expected, tz="UTC")
    return found == expected


@pytest.mark.parametrize("path", [p for p in SHIPPED if p.stem != "status_page"], ids=lambda p: p.stem)
def test_every_column_of_a_mapping_is_supplied_by_an_export(path):
    """A name with a slip of the pen would never be found, and nobody would miss it."""
    seen = "\n".join(_text(e.path) for e in EXPORTS if e.mapping == path.stem).casefold()
    seen += (ENDINGS | {"servicenow_problems": ("", PROBLEMS)}).get(path.stem, ("", ""))[1].casefold()
    for content in mappings._read(path).tables.values():
        for column, given in content.columns.items():
            names = [part for name in given.source for part in [name.casefold().split(".")[-1]]]
            assert given.value is not None or any(name in seen for name in names), column


def _text(file):
    if file.suffix == ".xlsx":
        return zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml").decode()
    return file.read_bytes().decode("cp1252" if file.parent.name == "jira_service_management" else "utf-8")


def test_a_number_of_which_the_export_counts_the_others_is_the_remainder(tmp_path):
    (tmp_path / "waits.csv").write_text(
        "dept,month,seen,late\nCategory 40,2026-09-01,100,7\nCategory 40,2026-10-01,80,\n"
    )
    own = (
        "system: Waits\ntables:\n  measurements:\n    columns:\n      service: dept\n      period: month\n"
        "      kpi: {value: in_time}\n"
        "      numerator: {from: late, remainder_of: denominator}\n      denominator: seen\n"
    )
    book = organisation(tmp_path / "o", {tmp_path / "waits.csv": "waits"}, {"waits": own})
    prepare.freeze(book, book.cycle("2026-10"), tmp_path / "records")
    rows = Records(tmp_path / "records", "pay").measurements.set_index("period")
    assert rows["numerator"].tolist()[0] == 93 and rows["denominator"].tolist() == [100, 80]
    assert rows["numerator"].isna().tolist() == [False, True], "what is not known has no remainder"
