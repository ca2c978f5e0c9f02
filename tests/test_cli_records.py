"""The command line on exports: what is wrong with them is said, counted, and has its exit code."""

import json

import filelock
import pytest

from sipnb import workbook
from sipnb.records import prepare
from sipnb.validation import read_yaml
from tests.conftest import REPOSITORY, public_data
from tests.inside import sipnb
from tests.records.test_prepare import GOOD, organisation

FIXTURES = REPOSITORY / "tests" / "fixtures" / "exports"


@pytest.fixture
def stopped(tmp_path):
    """An organisation of whose rows far too many are wrong."""
    book = organisation(tmp_path / "o", [GOOD.format(1), *[f"X{i},pay,incident,soon,,3" for i in range(10)]])
    return book.folder


def test_the_gate_ends_a_run_and_a_check_with_4(stopped, tmp_path):
    done = sipnb("run", stopped, "--cycle", "2026-09", "--out", tmp_path / "reports", cwd=tmp_path)
    assert done.returncode == 4
    assert "the quality gate stopped: 10 of 11 rows of tickets" in done.stderr
    assert "10 × unreadable time, first: t.csv line 3, opened ≈ aaa, 4 letters" in done.stderr
    assert not list((tmp_path / "reports").rglob("*.html")), "nothing is published"
    done = sipnb("check", stopped, "--cycle", "2026-09", "--out", tmp_path / "reports", cwd=tmp_path)
    assert (
        done.returncode == 4
        and "10  unreadable time (first: t.csv line 3, opened ≈ aaa, 4 letters; add its format" in done.stdout
    )
    page = tmp_path / "reports" / "o" / "check" / "2026-09.html"
    assert str(page) in done.stdout and "≈ aaa, 4 letters" in page.read_text(encoding="utf-8")


def test_the_account_as_json_has_this_shape_and_balances(stopped, tmp_path):
    done = sipnb("check", stopped, "--json", cwd=tmp_path)
    assert done.returncode == 4
    found = json.loads(done.stdout)
    assert list(found) == ["sources", "emptied", "tables", "rules"]
    assert found["sources"] == [{"name": "tickets", "file": "t.csv", "read": 11, "used": 1, "set_aside": 10}]
    assert found["tables"] == {"tickets": 1}
    assert all(list(rule) == ["rule", "level", "outcome", "rows", "sentence"] for rule in found["rules"])
    assert len({rule["rule"] for rule in found["rules"]}) >= 20
    assert ("set aside", "stop", "found", 10) in {
        (r["rule"], r["level"], r["outcome"], r["rows"]) for r in found["rules"]
    }


def test_a_second_run_of_the_same_cycle_ends_with_6(tmp_path):
    book = organisation(tmp_path / "o", [GOOD.format(day) for day in range(1, 20)])
    folder = tmp_path / "reports" / "o"
    folder.mkdir(parents=True)
    with filelock.FileLock(folder / ".2026-09.lock"):
        done = sipnb("run", book.folder, "--cycle", "2026-09", "--out", tmp_path / "reports", cwd=tmp_path)
    assert done.returncode == 6 and "another run" in done.stderr


def test_an_export_that_cannot_be_read_ends_with_7(tmp_path):
    book = organisation(tmp_path / "o", [GOOD.format(1)])
    (book.folder / "t.csv").write_bytes(b"")
    for command in ("run", "check"):
        done = sipnb(command, book.folder, "--cycle", "2026-09", "--out", tmp_path / "reports", cwd=tmp_path)
        assert done.returncode == 7 and "t.csv is empty" in done.stderr and "Traceback" not in done.stderr


def test_check_says_what_the_public_event_log_lacks(tmp_path):
    data = public_data("uci_servicenow")
    done = sipnb("check", "uci_servicenow", "--data", data, "--out", tmp_path, cwd=tmp_path)
    assert done.returncode == 0
    for told in (
        "141,712 rows read = 106,030 used + 35,682 set aside", "141,712 events → 24,918 incidents",
        "After 2016-05 the extract thins out", "volume after 2016-05 is not interpreted", "-100 (5 rows)",
        "change and configuration_item are filled in less than 1 % of rows",
    ):  # fmt: skip
        assert told in done.stdout


def test_a_suggested_mapping_is_written_and_works(tmp_path):
    export = FIXTURES / "zammad" / "tickets.json"
    told = tmp_path / "o" / "mappings" / "ours.yml"
    done = sipnb("map", "suggest", export, "--out", told, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "placed" in done.stdout and "not placed" in done.stdout and read_yaml(told)["tables"]["tickets"]
    organisation(tmp_path / "o", None)
    text = (tmp_path / "o" / "workbook.yml").read_text(encoding="utf-8")
    (tmp_path / "o" / "workbook.yml").write_text(
        text.replace("files: 't.csv'", f"files: {export}, mapping: ours"), encoding="utf-8"
    )
    (source,) = prepare.check(workbook.load(tmp_path / "o", reports=tmp_path, anywhere=True)).sources
    assert source["read"] > 10 and set(source["reasons"]) == {"service not listed in services.yml"}


def test_a_file_to_suggest_from_that_is_not_there_ends_with_7_and_an_unknown_system_with_2(tmp_path):
    assert sipnb("map", "suggest", "nothing.csv", cwd=tmp_path).returncode == 7
    done = sipnb("map", "suggest", FIXTURES / "zammad" / "tickets.json", "--system", "zamad", cwd=tmp_path)
    assert done.returncode == 2 and "nearest valid name: zammad" in done.stderr


def test_files_outside_the_data_folder_need_a_flag(tmp_path):
    export = organisation(tmp_path / "other", [GOOD.format(day) for day in range(1, 20)]).folder / "t.csv"
    path = organisation(tmp_path / "o", None).folder / "workbook.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("'t.csv'", str(export)), encoding="utf-8")
    for command in ("check", "plan"):
        told = (command, tmp_path / "o", "--cycle", "2026-09", "--out", tmp_path / "reports")
        done = sipnb(*told, cwd=tmp_path)
        assert done.returncode == 7 and "outside the data folder" in done.stderr and "--files-anywhere" in done.stderr
        assert sipnb(*told, "--files-anywhere", cwd=tmp_path).returncode == 0
