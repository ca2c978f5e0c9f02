"""The downloads: the figures of the portfolio for other programs, harmless in spreadsheets, the same bytes each time."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from datetime import UTC, date, datetime

import pytest
from reading import Read

from benchmarks import portfolio as estates
from sipnb.chapters import results
from sipnb.chapters.facts import PortfolioFacts
from sipnb.places import ALL_SERVICES, CycleFolder
from sipnb.report import calendar, downloads
from sipnb.show import words

FORMULA = "=cmd|' /C calc'!A0"
RTL = '\u202eحساب 💸, “quoted” "twice"'


@pytest.fixture(scope="module")
def estate(tmp_path_factory) -> CycleFolder:
    names = {0: FORMULA, 1: "@SUM(1)", 2: RTL, 3: "-2+3", 4: "\t=1", 5: "a; b, c\nd\\e"}
    made = estates.write_estate(tmp_path_factory.mktemp("reports"), 12, names=names)
    estates.make(made)
    return made.folder


@pytest.fixture(scope="module")
def facts(estate) -> PortfolioFacts:
    return results.read(estate, ALL_SERVICES, "portfolio")


def rows(folder: CycleFolder, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder.downloads / name).read_bytes().decode("utf-8-sig"), newline="")))


def test_there_is_a_row_a_service_with_the_figures_of_the_portfolio(estate, facts):
    for row, p in zip(rows(estate, "portfolio.csv"), facts.plans, strict=True):
        assert (row["service"], row["tone"], row["finding"]) == (p.service, p.tone, p.sentence)
        assert [int(row[c]) for c in ("targets_missed", "targets_unclear", "targets_met")] == [
            p.fails,
            p.inconclusive,
            p.meets,
        ]
        assert float(row["risk_of_a_miss"]) == pytest.approx(p.miss, abs=1e-6)


def test_there_is_a_row_a_measure_with_what_is_needed_to_judge_it(estate, facts):
    found = {(row["service"], row["kpi"]): row for row in rows(estate, "kpis.csv")}
    known = [(p.service, k) for p in facts.plans for k in results.read(estate, p.service, "2_baseline").measures]
    assert len(found) == len(known)
    for service, k in known:
        row = found[service, k.kpi]
        assert float(row["value"]) == pytest.approx(k.value, abs=1e-6) and int(row["n"]) == k.n
        assert float(row["low_95"]) == pytest.approx(k.low, abs=1e-6)
        assert row["target"] == "" if k.target is None else float(row["target"]) == pytest.approx(k.target, abs=1e-6)
        assert row["definition"] == k.definition
        judged = (k.variation, k.assurance, "") if k.claims else ("not judged", "not judged", k.unjudged)
        assert (row["variation"], row["assurance"], row["not_judged_because"]) == judged


def test_actions_and_their_money_are_those_of_the_portfolio(estate, facts):
    found = rows(estate, "actions.csv")
    assert len(found) == len(facts.actions) == facts.totals.agreed + facts.totals.proposed
    assert sum(float(row["cost_once"] or 0) for row in found) == facts.totals.money
    assert sum(row["overdue"] == "yes" for row in found) == facts.totals.overdue
    assert all(row["due"] == "" or date.fromisoformat(row["due"]) for row in found)


def test_no_cell_begins_like_a_formula_and_all_text_can_be_read_back(estate, facts):
    names = {p.service: p.name for p in facts.plans}
    for file in ("portfolio.csv", "kpis.csv", "actions.csv", "decisions.csv"):
        # By its mark a spreadsheet knows that the file is UTF-8.
        assert (estate.downloads / file).read_bytes().startswith(b"\xef\xbb\xbf")
        for row in rows(estate, file):
            for value in row.values():
                assert not re.match(r"[=+\-@\t\r\n]", value) or re.fullmatch(r"-?[\d.]+(e-?\d+)?", value), (file, value)
            # An apostrophe also stands where another spreadsheet parts a cell.
            assert re.sub(r"(^|[;\t\r\n])'", r"\1", row["name"]) == words.unturned(names[row["service"]])


@pytest.mark.parametrize(
    ("value", "expected"),
    [("=1+1", "'=1+1"), ("+49", "+49"), ("-3.5", "-3.5"), ("-", "'-"), ("@x", "'@x"), ("\tx", "'\tx"), ("\rx", "'\rx"),
     ("+A1", "'+A1"), ("a=1", "a=1"), ("", ""), (-3, -3), (None, None), (True, "yes"), (False, "no")],
)  # fmt: skip
def test_only_text_that_is_no_number_is_neutralised(value, expected):
    assert downloads.neutral(value) == expected


def test_of_a_service_without_a_plan_nothing_is_counted(facts):
    lost = facts.plans[0].model_copy(update={"status": "failed", "reason": "killed"})
    (row,) = downloads.service_records(facts.model_copy(update={"plans": [lost]}))
    assert [row[c] for c in ("need", "tone", "targets_missed", "targets_met")] == [None] * 4
    assert row["reason"] == "killed"


def test_the_twin_holds_the_facts_of_the_page(estate, facts):
    content = (estate.downloads / "portfolio.json").read_text(encoding="utf-8")
    assert PortfolioFacts.model_validate_json(content) == facts
    assert json.loads(content)["totals"]["money"] == facts.totals.money


def test_the_workbook_has_a_table_a_sheet_and_all_text_as_text(estate, facts):
    calamine = pytest.importorskip("python_calamine")
    pytest.importorskip("xlsxwriter")
    path = estate.downloads / "portfolio.xlsx"
    book = calamine.CalamineWorkbook.from_path(str(path))
    assert book.sheet_names == ["Services", "Decisions", "Measures", "Actions", "Definitions"]
    services = book.get_sheet_by_name("Services").to_python()
    assert [row[1] for row in services[1:]] == [words.unturned(p.name) for p in facts.plans]
    measures = book.get_sheet_by_name("Measures").to_python()
    value = measures[0].index("value")
    read = [k for p in facts.plans for k in results.read(estate, p.service, "2_baseline").measures]
    assert [row[value] for row in measures[1:]] == pytest.approx([k.value for k in read], abs=1e-6)
    with zipfile.ZipFile(path) as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        for name in sheets:
            markup = parts.read(name).decode()
            assert "<f>" not in markup and 'state="frozen"' in markup and "<tableParts" in markup
        assert "2026-10-31T23:00:00Z" in parts.read("docProps/core.xml").decode()
        assert len(sheets) == sum(name.startswith("xl/tables/") for name in parts.namelist()) == 5
    actions = book.get_sheet_by_name("Actions").to_python()
    due = actions[0].index("due")
    assert [row[due] for row in actions[1:]] == [
        date.fromisoformat(one.due) if one.due else "" for one in facts.actions
    ]
    decisions = book.get_sheet_by_name("Decisions").to_python()
    assert len(decisions) - 1 == sum(len(p.decisions) for p in facts.plans)
    assert all(isinstance(row[decisions[0].index("by")], date) for row in decisions[1:])


def test_without_the_extra_there_is_neither_workbook_nor_link(estate, monkeypatch):
    monkeypatch.setattr(downloads, "find_spec", lambda name: None)
    (estate.downloads / "portfolio.xlsx").unlink(missing_ok=True)
    from sipnb import report

    report.render_index(estate)
    assert not (estate.downloads / "portfolio.xlsx").exists()
    assert "portfolio.xlsx" not in Read(estate.index).markup and "downloads/kpis.csv" in Read(estate.index).markup
    monkeypatch.undo()
    report.render_index(estate)
    assert "portfolio.xlsx" in Read(estate.index).markup


def test_sheets_without_a_row_say_so():
    pytest.importorskip("xlsxwriter")
    content = downloads.workbook({"Services": [], "Actions": []}, datetime(2026, 11, 1, tzinfo=UTC))
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    assert downloads.to_csv([]) == ""


def unfolded(text: str) -> list[str]:
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def test_the_calendar_holds_every_open_action_with_a_date(estate, facts):
    text = (estate.downloads / "actions.ics").read_bytes().decode("utf-8")
    assert "\n" not in text.replace("\r\n", "") and text.endswith("END:VCALENDAR\r\n")
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    lines = unfolded(text)
    days = {
        "Due": [one.due for one in facts.actions if one.open and one.due],
        "Decide": [one.due for p in facts.plans for one in p.decisions],
        "Sign": [p.decisions[0].due for p in facts.plans if p.approval.waiting and p.decisions],
        "Review": [facts.review],
    }
    told = [line.removeprefix("SUMMARY:").split(":")[0] for line in lines if line.startswith("SUMMARY:")]
    assert {kind: told.count(kind) for kind in days} == {kind: len(found) for kind, found in days.items()}
    assert days["Due"] and days["Decide"] and lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == len(told)
    uids = [line for line in lines if line.startswith("UID:")]
    assert len(set(uids)) == len(told)
    assert {line for line in lines if line.startswith("DTSTAMP:")} == {"DTSTAMP:20261031T230000Z"}
    starts = [line.removeprefix("DTSTART;VALUE=DATE:") for line in lines if line.startswith("DTSTART")]
    assert sorted(starts) == sorted(day.replace("-", "") for found in days.values() for day in found)


def test_an_action_keeps_its_identity_when_everything_else_about_it_changes(facts):
    one = next(a for a in facts.actions if a.open and a.due)
    later = one.model_copy(update={"title": "Another title", "due": "2027-01-31", "owner": "Somebody"})
    uids = [
        re.search("UID:(.*)\r\n", calendar.calendar(facts.model_copy(update={"actions": [action]})))[1]
        for action in (one, later)
    ]
    assert uids[0] == uids[1]


def test_text_in_the_calendar_is_escaped_and_no_character_is_parted():
    assert calendar.escaped("a; b, c\nd\\e\r\nf\x07") == "a\\; b\\, c\\nd\\\\e\\nf"
    folded = calendar._folded("SUMMARY:" + "é💸" * 40)
    assert all(len(line.encode()) <= calendar.WIDTH for line in folded.split("\r\n"))
    assert folded.replace("\r\n ", "") == "SUMMARY:" + "é💸" * 40


def test_no_download_turns_the_direction_of_what_follows(tmp_path):
    """A title with a right-to-left override: CSV and calendar leave the sign out, JSON holds it as an escape."""
    title = "paid\u202efdp.exe"
    assert downloads.to_csv([{"title": title}]).splitlines()[1] == "paidfdp.exe"
    assert calendar.escaped(title) == "paidfdp.exe"
    assert words.turning_escaped(json.dumps({"title": title}, ensure_ascii=False)) == '{"title": "paid\\u202efdp.exe"}'
