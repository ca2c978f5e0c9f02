"""Sources are files within the data folder, wherever links lead; what leads out is refused, unless that is said to be meant."""

import os

import duckdb
import pytest

from sipnb import workbook
from sipnb.records import prepare
from sipnb.records.sources import MissingInput
from sipnb.validation import WorkbookError
from tests.records.test_prepare import GOOD, organisation

ROWS = [GOOD.format(day) for day in range(1, 20)]


@pytest.fixture
def outside(tmp_path):
    """A folder beside the organisation's, with an export."""
    return organisation(tmp_path / "outside", ROWS).folder


def book(tmp_path, files, anywhere=False, **more):
    found = organisation(tmp_path / "o", None)
    path = found.folder / "workbook.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("'t.csv'", f"'{files}'"), encoding="utf-8")
    return workbook.load(found.folder, reports=tmp_path / "reports", anywhere=anywhere, **more)


def link_file(inside, outside):
    (inside / "t.csv").symlink_to(outside / "t.csv")
    return "t.csv"


def link_folder(inside, outside):
    (inside / "more").symlink_to(outside, target_is_directory=True)
    return "more/t.csv"


WAYS = {
    "absolute": lambda inside, outside: str(outside / "t.csv"),
    "absolute pattern": lambda inside, outside: f"{outside}/*.csv",
    "upwards": lambda inside, outside: "../outside/t.csv",
    "upwards pattern": lambda inside, outside: "../outside/*.csv",
    "link": link_file,
    "link by a pattern": lambda inside, outside: link_file(inside, outside) and "*.csv",
    "link to a folder": link_folder,
    "folder by a pattern": lambda inside, outside: link_folder(inside, outside) and "*/t.csv",
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_file_outside_the_data_folder_is_refused_unless_it_is_meant(tmp_path, outside, way):
    (tmp_path / "o").mkdir()
    files = way(tmp_path / "o", outside)
    found = book(tmp_path, files)
    for refused in (prepare.check, lambda b: prepare.inputs(b, b.cycle("2026-09"))):
        with pytest.raises(
            MissingInput, match=r"^source 'tickets': .*t\.csv (is|leads) outside the data folder .*--files-anywhere"
        ):
            refused(found)
    assert prepare.check(book(tmp_path, files, anywhere=True)).sources[0]["used"] == len(ROWS)


def test_links_within_the_data_folder_and_to_it_are_followed(tmp_path, outside):
    # As Kubernetes mounts a volume: each file is a link into a folder that is a link to another one beside it.
    (outside / "..2026").mkdir()
    (outside / "t.csv").rename(outside / "..2026" / "t.csv")
    (outside / "..data").symlink_to("..2026")
    (outside / "t.csv").symlink_to("..data/t.csv")
    (tmp_path / "mounted").symlink_to(outside, target_is_directory=True)
    for data in (outside, tmp_path / "mounted"):
        assert prepare.check(book(tmp_path, "*.csv", data=data)).sources[0]["used"] == len(ROWS)


@pytest.mark.parametrize("data", ["/", "..", "../outside"])
def test_parameters_do_not_choose_a_data_folder_elsewhere(tmp_path, outside, data):
    path = organisation(tmp_path / "o", None).folder / "workbook.yml"
    path.write_text(f"data: {data}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    with pytest.raises(
        WorkbookError, match=r"o/workbook\.yml: data: .* outside the organisation's folder; .*--files-anywhere"
    ):
        workbook.load(tmp_path / "o", reports=tmp_path / "r")
    assert (
        workbook.load(tmp_path / "o", reports=tmp_path / "r", anywhere=True).data == (tmp_path / "o" / data).resolve()
    )
    assert workbook.load(tmp_path / "o", reports=tmp_path / "r", data=outside).data == outside


@pytest.mark.parametrize("up", ["../../outside/", "/", "./"])
def test_a_mapping_is_a_name_and_no_path(tmp_path, outside, up):
    (outside / "servicenov.yml").write_text("system: x\ntables: {}\n", encoding="utf-8")
    name = f"{outside}/servicenov" if up == "/" else f"{up}servicenow"
    path = organisation(tmp_path / "o", ROWS).folder / "workbook.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("'t.csv'", f"t.csv, mapping: {name}"), encoding="utf-8")
    with pytest.raises(WorkbookError, match=r"mapping .* is not known; nearest valid name: servicenow"):
        prepare.check(workbook.load(tmp_path / "o", reports=tmp_path / "r"))


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_a_link_that_leads_nowhere_is_no_file(tmp_path):
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "t.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(MissingInput, match="no file at"):
        prepare.check(book(tmp_path, "t.csv"))


def test_a_query_to_a_database_file_reads_no_other_file(tmp_path, outside, monkeypatch):
    with duckdb.connect(str(tmp_path / "d.duckdb")) as con:
        con.execute(f"CREATE TABLE good AS FROM read_csv('{outside}/t.csv', all_varchar = true)")
    monkeypatch.setenv("ITSM_DATABASE", f"duckdb:///{tmp_path}/d.duckdb")
    path = organisation(tmp_path / "o", None).folder / "workbook.yml"
    text = path.read_text(encoding="utf-8")
    for query, allowed in (("SELECT * FROM good", True), (f'SELECT * FROM read_csv("{outside}/t.csv")', False)):
        told = query.replace('"', "''")
        path.write_text(text.replace("files: 't.csv'", f"connection: ITSM_DATABASE, query: '{told}'"), encoding="utf-8")
        found = workbook.load(tmp_path / "o", reports=tmp_path / "r")
        if allowed:
            assert prepare.check(found).sources[0]["used"] == len(ROWS)
        else:
            with pytest.raises(MissingInput, match="ITSM_DATABASE: query cannot be read"):
                prepare.check(found)
