"""The register as a table: nothing is lost on the way, what was edited is written as by commands, all of it or nothing."""

from __future__ import annotations

import csv
import difflib
import io
import random
import shutil
from datetime import date, datetime

import pytest
from ruamel.yaml import YAML

from sipnb import cli_register, register, sheets, workbook
from sipnb.register import columns, editing, exchange
from sipnb.register.columns import COLUMNS
from sipnb.validation import WorkbookError

WORKBOOK = "organisation: O\nzone: UTC\nsources: [{name: tickets, files: t.csv}]\n"
SERVICES = (
    "services:\n  pay: {name: Pay, owner: Lead}\n  shop: {name: Shop, owner: Lead}\n  desk: {name: Desk, owner: Lead}\n"
)
OBJECTIVES = """objectives:
  - {id: buy, title: Buy, weight: 1, kpis: [availability]}
  - {id: work, title: Work, weight: 1, kpis: [restore_median]}
"""
PAY = """# What was agreed about payments.
actions:
  - id: rota
    title: A rota in the evening   # asked for by the night shift
    objectives:
      - work   # since 2025
    owner: Lead
    measure: {kpi: restore_median, baseline: 2025-04..2025-10, expect: [-3, -2, -1], minimum: -1.0}
    cost:
      once: [1, 2, 3]
    milestones:
      - {title: Pilot, due: 2026-03-01}
    history:
      - {on: 2026-01-10, state: proposed}   # in the review of December
      - {on: 2026-01-20, state: accepted, by: Lead, reason: "Wanted: soon"}

  # The short form:
  - id: "templates"
    title: "=cmd|' /C calc'!A0"
    state: accepted
    raised: 2026-01-05
    note: 'He said "no",
      twice'
"""
SHOP = """actions:
- id: freeze
  title: |
    Größe; 😀
    "two" lines
  depends_on: [rota]
  tickets: {where: "category = 'release'"}
  links: ["+49 30", "a\\nb", ' x ']
  evidence:
  - 2026-10/5_recommendations#option-capacity
  history:
  - on: 2026-01-10
    state: proposed
    by: '@lead'
  - {on: 2026-02-01, state: rejected, reason: "-1 #: no"}
# The end.
"""


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "o"
    (folder / "register").mkdir(parents=True)
    for name, text in (
        ("workbook.yml", WORKBOOK), ("services.yml", SERVICES), ("objectives.yml", OBJECTIVES),
        ("register/pay.yml", PAY), ("register/shop.yml", SHOP),
    ):  # fmt: skip
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(params=["csv", pytest.param("xlsx", marks=pytest.mark.slow)])
def file(request, tmp_path, folder):
    """The register of the organisation, exported."""
    file = tmp_path / f"register.{request.param}"
    cli_register.export(str(folder), file)
    return file


def texts(folder) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((folder / "register").iterdir())}


def actions(folder) -> dict[str, list]:
    book = workbook.load(folder, reports=folder)
    return {name: list(service.actions) for name, service in book.services.items()}


def table(file) -> list[dict]:
    read = sheets.read(file, "Actions", COLUMNS)
    return [dict(zip(read.header, row, strict=True)) for _, row in read.rows]


def written(file, rows) -> None:
    header = list(dict.fromkeys(key for row in rows for key in row))
    sheets.write(file, "Actions", header, [[row.get(name) for name in header] for row in rows])


def edit(file, action, **changes) -> None:
    """Change cells of an action's row, as a spreadsheet would; `due_date` is the column `Due date`."""
    rows = table(file)
    (row,) = [row for row in rows if row["Issue id"] == action]
    names = {name.lower().replace(" ", "_"): name for name in COLUMNS}
    row.update({names[key]: value for key, value in changes.items()})
    written(file, rows)


def take(folder, file, on="2026-03-01", by=None, dry_run=False) -> None:
    cli_register.import_(str(folder), file, datetime.fromisoformat(on), by, dry_run)


def changed(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def refused(folder, file, **more) -> list[str]:
    """What an import says that is refused; nothing may have been written."""
    before = texts(folder)
    with pytest.raises(WorkbookError) as raised:
        take(folder, file, **more)
    assert texts(folder) == before
    return raised.value.errors


def test_out_and_back_changes_no_byte(folder, file, capsys):
    before = texts(folder)
    take(folder, file)
    assert texts(folder) == before and "nothing differs from the register" in capsys.readouterr().out


def test_a_register_that_is_gone_comes_back_whole(folder, file):
    before = actions(folder)
    shutil.rmtree(folder / "register")
    take(folder, file)
    assert actions(folder) == before
    assert set(texts(folder)) == {"pay.yml", "shop.yml"}


def test_no_text_of_a_table_begins_a_formula(folder, tmp_path):
    file = tmp_path / "register.csv"
    cli_register.export(str(folder), file)
    cells = [cell for row in csv.reader(io.StringIO(file.read_text(encoding="utf-8"))) for cell in row]
    starts = [cell for cell in cells if cell.startswith(("=", "+", "@", "-")) and not cell.lstrip("-").isdigit()]
    assert starts == [] and any(cell.startswith("'=cmd|") for cell in cells)


def test_the_first_columns_are_those_of_other_tools_and_no_header_has_punctuation():
    assert list(COLUMNS)[:9] == [
        "Service", "Issue id", "Summary", "Status", "Assignee", "Due date", "Created", "Labels", "Description"
    ]  # fmt: skip
    assert all(name.replace(" ", "").isalpha() for name in COLUMNS)


def test_a_state_a_date_and_a_note_are_one_entry_as_the_command_writes_it(folder, file, tmp_path):
    edit(file, "rota", status="Approved", due_date="2026-06-30", description="Go.")
    other = shutil.copytree(folder, tmp_path / "by-command" / "o")
    take(folder, file, by="CIO")
    editing.enter(
        other / "register" / "pay.yml", "rota",
        {"on": date(2026, 3, 1), "state": "approved", "by": "CIO", "reason": "Go.", "due": date(2026, 6, 30)},
    )  # fmt: skip
    assert texts(folder) == texts(other)
    assert changed(PAY, texts(folder)["pay.yml"]) == [
        "+      - {on: 2026-03-01, state: approved, by: CIO, reason: Go., due: 2026-06-30}"
    ]


def test_the_short_form_changes_as_by_command(folder, file, tmp_path):
    edit(file, "templates", status="rejected", description="Nobody would use them.")
    other = shutil.copytree(folder, tmp_path / "by-command" / "o")
    take(folder, file)
    entry = {"on": date(2026, 3, 1), "state": "rejected", "reason": "Nobody would use them."}
    editing.enter(other / "register" / "pay.yml", "templates", entry)
    assert texts(folder) == texts(other)


def test_other_cells_change_their_field_where_it_stands_and_comments_stay(folder, file):
    edit(
        file, "rota", summary="A rota by night", first_assignee="Head", first_sponsor="CIO", labels="work, buy", minimum="-1,5",
        counter_kpis="reopen_rate csat_top2", cost_high=4, effort_days=12.5, links="CHG1\nCHG2", lever="capacity",
        milestones="{title: Pilot, due: 2026-03-01, done: 2026-03-04}\n{title: All, due: 2026-05-01}",
    )  # fmt: skip
    take(folder, file)
    after = texts(folder)["pay.yml"].splitlines()
    assert after[:21] == [
        "# What was agreed about payments.",
        "actions:",
        "  - id: rota",
        "    title: A rota by night         # asked for by the night shift",
        "    lever: capacity",
        "    objectives:",
        "      - work   # since 2025",
        "      - buy",
        "    owner: Head",
        "    sponsor: CIO",
        "    measure: {kpi: restore_median, baseline: 2025-04..2025-10, expect: [-3, -2, -1], minimum: -1.5, "
        "counter: [reopen_rate, csat_top2]}",
        "    cost:",
        "      once: [1, 2, 4]",
        "      effort_days: 12.5",
        "    milestones:",
        "      - {title: Pilot, due: 2026-03-01, done: 2026-03-04}",
        "      - {title: All, due: 2026-05-01}",
        "    history:",
        "      - {on: 2026-01-10, state: proposed}   # in the review of December",
        '      - {on: 2026-01-20, state: accepted, by: Lead, reason: "Wanted: soon"}',
        "    links: [CHG1, CHG2]",
    ]  # fmt: skip
    assert after[21:] == PAY.splitlines()[-8:]


def test_what_is_emptied_is_removed_and_what_is_written_below_it_stays(folder, file):
    edit(
        file, "rota", labels=None, measure_kpi=None, measure_baseline=None, expected_low=None, expected_likely=None,
        expected_high=None, minimum=None, judged_after_cycles=None, cost_low=None, cost_likely=None, cost_high=None,
    )  # fmt: skip
    edit(file, "templates", description=None)
    edit(file, "freeze", depends_on=None, tickets_where=None, evidence=None)
    take(folder, file)
    after = texts(folder)
    assert "measure" not in after["pay.yml"] and "cost" not in after["pay.yml"] and "note" not in after["pay.yml"]
    assert "  # The short form:" in after["pay.yml"] and after["shop.yml"].endswith("# The end.\n")
    rota, templates = actions(folder)["pay"]
    assert rota.objectives == [] and rota.cost is None and templates.note == ""


def test_the_same_file_twice_changes_nothing_the_second_time(folder, file, capsys):
    edit(file, "rota", status="approved", due_date="2026-06-30", assignee="Head")
    edit(file, "templates", status="withdrawn", description="No need.")
    take(folder, file)
    after = texts(folder)
    assert "written: pay.yml" in capsys.readouterr().out
    take(folder, file, on="2026-04-01")
    assert texts(folder) == after and "nothing written" in capsys.readouterr().out


def test_a_file_of_another_tool_says_what_is_to_be_and_twice_the_same(folder, file):
    rows = [{key: value for key, value in row.items() if key != "As exported"} for row in table(file)]
    rows[0] |= {"Status": "approved", "Due date": date(2026, 6, 30)}
    written(file, rows)
    take(folder, file)
    after = texts(folder)
    assert len(changed(PAY, after["pay.yml"])) == 1 and "state: approved" in changed(PAY, after["pay.yml"])[0]
    take(folder, file, on="2026-04-01")
    assert texts(folder) == after


def test_what_changed_in_the_register_meanwhile_is_kept_and_what_changed_in_both_is_refused(folder, file):
    path = folder / "register" / "pay.yml"
    edit(file, "rota", assignee="Head")
    editing.enter(path, "rota", {"on": date(2026, 2, 1), "reason": "Waiting.", "state": "postponed", "sponsor": "CIO"})
    take(folder, file)
    rota = actions(folder)["pay"][0]
    assert (rota.owner, [one.state for one in rota.history[-2:]]) == ("Lead", ["postponed"] * 2)
    assert register.standing(rota, date.max).sponsor == "CIO"
    assert (rota.history[-1].on, rota.history[-1].owner) == (date(2026, 3, 1), "Head")
    edit(file, "rota", status="rejected", description="No.")
    (error,) = refused(folder, file)
    assert error.startswith(
        "row 2 (pay rota), column Status: 'rejected' was written while the register came to say 'postponed'"
    )


def test_a_row_that_is_not_there_leaves_its_action_and_a_column_its_field(folder, file):
    rows = table(file)
    written(file, [{name: rows[1][name] for name in ("Issue id", "Service")} | {"Assignee": "Head"}])
    take(folder, file)
    assert texts(folder)["shop.yml"] == SHOP
    assert changed(PAY, texts(folder)["pay.yml"]) == ["+    owner: Head"]


def test_new_rows_become_actions_and_the_file_of_a_service_is_made_where_there_is_none(folder, file):
    rows = table(file)
    rows += [
        {"Service": "desk", "Issue id": "chat", "Summary": "Chat", "Assignee": "Lead", "Due date": "2026-09-01",
         "Measure KPI": "csat_top2", "Judged after cycles": "6", "Description": "Why not?"},
        {"Service": "desk", "Issue id": "old", "Summary": "Old", "Created": "2026-01-02", "Status": "In Progress"},
        {"Service": "pay", "Issue id": "next", "Summary": "Next", "Depends on": "chat",
         "History": "{on: 2026-01-01, state: proposed}\n{on: 2026-01-02, state: accepted, by: Lead}"},
    ]  # fmt: skip
    written(file, rows)
    take(folder, file, by="Lead")
    assert texts(folder)["desk.yml"] == (
        "actions:\n"
        "  - id: chat\n"
        "    title: Chat\n"
        "    owner: Lead\n"
        "    measure: {kpi: csat_top2, cycles: 6}\n"
        "    due: 2026-09-01\n"
        "    history:\n"
        "      - {on: 2026-03-01, state: proposed, by: Lead, reason: Why not?}\n"
        "  - id: old\n"
        "    title: Old\n"
        "    state: in progress\n"
        "    raised: 2026-01-02\n"
    )
    assert all(line.startswith("+") for line in changed(PAY, texts(folder)["pay.yml"]))
    assert actions(folder)["pay"][2].history[-1].by == "Lead"


def test_who_answers_and_what_it_has_cost_are_entries_and_what_was_said_at_first_stays(folder, file, capsys):
    edit(file, "rota", assignee="Head", actual_cost=3000)
    take(folder, file)
    assert changed(PAY, texts(folder)["pay.yml"]) == [
        "+      - {on: 2026-03-01, state: accepted, owner: Head, spent: 3000}"
    ]
    after = texts(folder)
    take(folder, file, on="2026-04-01")
    assert texts(folder) == after
    cli_register.export(str(folder), file)
    (row,) = [row for row in table(file) if row["Issue id"] == "rota"]
    assert (row["Assignee"], row["First assignee"]) == ("Head", "Lead")
    assert float(row["Actual cost"]) == 3000 and not row["First actual cost"]
    edit(file, "rota", actual_cost=0, status="postponed", description="Paid back.")
    take(folder, file, on="2026-04-02")
    assert "{on: 2026-04-02, state: postponed, reason: Paid back., spent: 0}" in texts(folder)["pay.yml"]


def test_who_answered_at_first_is_corrected_where_it_stands(folder, file):
    edit(file, "rota", first_assignee="Head", assignee="Head", first_actual_cost=10, actual_cost=10)
    take(folder, file)
    after = texts(folder)["pay.yml"]
    assert "    owner: Head\n" in after and "      actual: 10\n" in after and "2026-03-01, state" not in after
    take(folder, file, on="2026-04-01")
    assert texts(folder)["pay.yml"] == after


def test_without_marks_who_answers_now_stays_where_only_who_did_at_first_is_another(folder, file):
    rows = [{key: value for key, value in row.items() if key != "As exported"} for row in table(file)]
    rows[0] |= {"First assignee": "Head"}
    written(file, rows)
    take(folder, file)
    after = texts(folder)["pay.yml"]
    assert "    owner: Head\n" in after and "{on: 2026-03-01, state: accepted, owner: Lead}" in after
    take(folder, file, on="2026-04-01")
    assert texts(folder)["pay.yml"] == after


def test_the_short_form_has_one_owner_and_one_cost(folder, file):
    edit(file, "templates", assignee="Head", actual_cost=12.5)
    take(folder, file)
    assert changed(PAY, texts(folder)["pay.yml"]) == ["+    owner: Head", "+    cost: {actual: 12.5}"]
    after = texts(folder)
    take(folder, file, on="2026-04-01")
    assert texts(folder) == after
    cli_register.export(str(folder), file)
    edit(file, "templates", assignee=None, actual_cost=None)
    take(folder, file)
    assert texts(folder)["pay.yml"] == PAY


def test_entries_that_say_who_answers_are_not_said_twice(folder, file):
    history = "{on: 2026-01-10, state: proposed, owner: Head, spent: 5}\n{on: 2026-01-20, state: accepted, by: Lead}"
    edit(file, "rota", history=history, assignee="Head", actual_cost=5)
    take(folder, file)
    rota = actions(folder)["pay"][0]
    assert [(one.owner, one.spent) for one in rota.history] == [("Head", 5), (None, None)]
    stood = register.standing(rota, date(2026, 2, 1))
    assert (stood.owner, stood.spent) == ("Head", 5)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"Assignee": "Lead"}, "column Assignee: 'Lead' is not 'Head', with which History ends; change one of them"),
        ({"Actual cost": 6}, "column Actual cost: 6 is not 5, with which History ends; change one of them"),
        (
            {"Due date": "2026-05-01", "First due date": "2026-06-01"},
            "2026-05-01 is not 2026-06-01, with which First due date",
        ),
    ],
)
def test_a_new_row_may_not_contradict_its_history(folder, tmp_path, said, words):
    file = tmp_path / "r.csv"
    history = "{on: 2026-01-10, state: proposed, owner: Head, spent: 5}\n{on: 2026-01-20, state: accepted}"
    row = {"Service": "desk", "Issue id": "a", "Summary": "A", "History": history}
    written(file, [row | said])
    (error,) = refused(folder, file)
    assert words in error
    written(file, [row | {"Assignee": "Head", "First assignee": "Lead", "Actual cost": 5, "First actual cost": 1}])
    take(folder, file)
    (action,) = actions(folder)["desk"]
    assert (action.owner, action.cost.actual, action.history[0].owner, action.history[0].spent) == (
        "Lead",
        1,
        "Head",
        5,
    )


@pytest.mark.parametrize(
    ("said", "before", "after"),
    [
        ("To Do", "accepted", "accepted"), ("IN  PROGRESS", "approved", "in progress"), ("Done", "in progress", "implemented"),
        ("Canceled", "accepted", "withdrawn"), ("on hold", "accepted", "postponed"), ("Won't Do", "accepted", "rejected"),
    ],
)  # fmt: skip
def test_states_are_read_as_other_tools_call_them(folder, tmp_path, said, before, after):
    path, file = folder / "register" / "desk.yml", tmp_path / "r.csv"
    states = ["proposed", "accepted", "approved", "in progress"]
    history = "".join(f"      - {{on: 2026-01-01, state: {one}}}\n" for one in states[: states.index(before) + 1])
    path.write_text(
        "actions:\n  - id: a\n    title: A\n    owner: L\n    due: 2026-12-01\n    measure: {kpi: backlog}\n"
        f"    history:\n{history}",
        encoding="utf-8",
    )
    written(file, [{"Service": "desk", "Issue id": "a", "State": said, "Description": "Because."}])
    take(folder, file)
    assert actions(folder)["desk"][0].history[-1].state == after


def test_what_other_tools_call_a_state_is_one_of_ours():
    ours = {*columns.State.__args__, *columns.ShortState.__args__}
    assert all(set(states) <= ours for states in columns.STATES.values()) and not ours & set(columns.STATES)
    assert set(columns.HEADERS.values()) <= set(COLUMNS) and not {n.lower() for n in COLUMNS} & set(columns.HEADERS)


@pytest.mark.parametrize("file", ["csv"], indirect=True)
@pytest.mark.parametrize(
    ("action", "changes", "words"),
    [
        ("rota", {"status": "aproved"}, "column Status: 'aproved' is no state; nearest valid name: approved"),
        ("rota", {"status": "frozen"}, "column Status: 'frozen' is no state; write proposed, accepted, approved,"),
        ("rota", {"status": "implemented"}, "column Status: 'implemented' cannot follow 'accepted'; approved,"),
        ("rota", {"status": None}, "column Status: is empty; write the state it is in"),
        ("templates", {"status": "implemented"}, "(pay templates), column Status: 'implemented' cannot follow 'accepted'"),
        ("rota", {"status": "postponed"}, "column Description: is missing; say why it was postponed"),
        ("rota", {"status": "approved", "first_assignee": None}, "column Status: 'approved' needs `owner` and `due`"),
        ("rota", {"status": "approved", "assignee": None}, "column Assignee: cannot be emptied; name another role"),
        ("rota", {"actual_cost": "much"}, "column Actual cost: 'much' is no number"),
        ("rota", {"actual_cost": -1}, "column Actual cost: -1 input should be greater than or equal to 0"),
        ("rota", {"first_actual_cost": -1}, "column First actual cost: -1 input should be greater than or equal to 0"),
        ("templates", {"first_assignee": "Head"}, "First assignee: is of an action with a history; write it as Assignee"),
        ("templates", {"first_actual_cost": 1}, "First actual cost: is of an action with a history; write it as Actual cost"),
        ("rota", {"due_date": "soon"}, "column Due date: 'soon' is no date; write it as 2026-01-31"),
        ("rota", {"due_date": "03/04/2026"}, "column Due date: '03/04/2026' may be two days"),
        ("rota", {"minimum": "1,500"}, "column Minimum: '1,500' may be 1500 or 1.500; write it without a comma"),
        ("rota", {"minimum": "much"}, "column Minimum: 'much' is no number"),
        ("rota", {"minimum": -2.5}, "column Minimum: -2.5 is more than the likely effect, -2"),
        ("rota", {"judged_after_cycles": 2.5}, " is no whole number"),
        ("rota", {"judged_after_cycles": 0}, "column Judged after cycles: 0 input should be greater than or equal to 1"),
        ("rota", {"expected_low": None}, "column Expected low: goes with the two beside it"),
        ("rota", {"lever": "capaciti"}, "column Lever: 'capaciti' is not a lever; nearest valid name: capacity"),
        ("rota", {"labels": "work fly"}, "column Labels: 'fly' is not an objective; valid names: buy, work"),
        ("rota", {"measure_kpi": "restore"}, "column Measure KPI: 'restore' is not a KPI"),
        ("rota", {"measure_baseline": "2025-04..2025-13"}, "column Measure baseline: cycle '2025-13' cannot be read"),
        ("rota", {"counter_kpis": "csat"}, "column Counter KPIs: 'csat' is not a KPI"),
        ("rota", {"depends_on": "rot"}, "column Depends on: 'rot' is not an action"),
        ("rota", {"tickets_where": "nothing = 1"}, "column Tickets where: "),
        ("rota", {"assignee": "x" * 400}, "column Assignee: "),
        ("rota", {"verdict": "fine"}, "column Verdict: 'fine' is no verdict; write worked, did not or inconclusive"),
        ("rota", {"verdict": "worked"}, "column Verdict: belongs to the entry that closes the action"),
        ("rota", {"created": "2026-01-09"}, "column Created: is what History says; change it there"),
        ("rota", {"description": None}, "column Description: is a note of the history, which stays"),
        ("rota", {"history": "on 1 May it was accepted"}, "column History: "),
        ("rota", {"history": "{on: 2026-01-10, state: done}"}, "column History: "),
        ("rota", {"history": "{on: 2026-01-10, state: accepted}\n{on: 2026-01-01, state: approved}"}, "History: 2026-01-01"),
        ("rota", {"milestones": "Pilot"}, "column Milestones: 'Pilot' is not written as {title: Pilot, due: 2026-01-31}"),
        ("rota", {"service": "pai"}, "column Service: 'pai' is not a service; nearest valid name: pay"),
        ("rota", {"service": None}, "column Service: is empty; valid names: desk, pay, shop"),
        ("rota", {"issue_id": None}, "column Issue id: is empty; give it one, such as 'a-rota-in-the-evening'"),
        ("rota", {"issue_id": "Rota 1"}, "column Issue id: 'Rota 1' is not an identifier"),
        ("rota", {"issue_id": "templates"}, "column Issue id: 'templates' stands in row 2 already"),
        ("rota", {"summary": None}, "column Summary: is empty; say what is to be done"),
        ("rota", {"as_exported": "12 13"}, "column As exported: is not as it was written"),
        ("templates", {"created": None}, "column Created: is empty"),
    ],
)  # fmt: skip
def test_what_is_refused_is_told_by_row_and_column_and_nothing_is_written(folder, file, action, changes, words):
    edit(file, "freeze", assignee="Somebody else")  # all or nothing, over all files
    edit(file, action, **changes)
    errors = refused(folder, file)
    assert any(words in error and error.startswith("row ") for error in errors), errors


def test_all_that_is_wrong_is_told_together(folder, file):
    edit(file, "rota", lever="capaciti", assignee="x" * 400)
    edit(file, "freeze", depends_on="rot")
    edit(file, "templates", kpi="restore")
    assert len(refused(folder, file)) >= 1
    edit(file, "rota", assignee="Lead")
    assert [error.partition(",")[0] for error in refused(folder, file)] == [
        "row 2 (pay rota)", "row 3 (pay templates)", "row 4 (shop freeze)"
    ]  # fmt: skip


def test_a_dry_run_says_the_same_and_writes_nothing(folder, file, capsys):
    edit(file, "rota", status="approved", due_date="2026-06-30")
    before = texts(folder)
    take(folder, file, dry_run=True)
    out = capsys.readouterr().out
    assert (
        texts(folder) == before and "pay rota: Status: 'accepted' → 'approved'" in out and "would write: pay.yml" in out
    )


def test_entries_that_an_action_begins_with_can_be_corrected_and_the_short_form_gets_a_history(folder, file):
    edit(
        file,
        "rota",
        history="{on: 2026-01-11, state: proposed}\n{on: 2026-01-20, state: accepted, by: Lead, reason: 'Wanted: soon'}",
    )
    edit(file, "templates", history="{on: 2026-01-05, state: proposed}\n{on: 2026-01-09, state: accepted}")
    take(folder, file)
    assert changed(PAY, texts(folder)["pay.yml"])[:2] == [
        "-      - {on: 2026-01-10, state: proposed}   # in the review of December",
        "+      - {on: 2026-01-11, state: proposed}   # in the review of December",
    ]
    templates = actions(folder)["pay"][1]
    assert templates.state is None and [entry.state for entry in templates.history] == ["proposed", "accepted"]


def test_a_part_that_two_actions_share_by_reference_is_not_changed_for_both(folder, tmp_path):
    (folder / "register" / "desk.yml").write_text(
        "actions:\n"
        "  - {id: a, title: A, cost: &c {per_cycle: 1}, state: proposed, raised: 2026-01-01}\n"
        "  - {id: b, title: B, cost: *c, state: proposed, raised: 2026-01-01}\n",
        encoding="utf-8",
    )
    file = tmp_path / "r.csv"
    written(file, [{"Service": "desk", "Issue id": "a", "Cost per cycle": 2}])
    (error,) = refused(folder, file)
    assert "register/desk.yml: actions.1: would change with another action" in error


def test_headers_are_found_in_any_order_case_and_by_names_of_other_tools(folder, tmp_path, capsys):
    file = tmp_path / "r.csv"
    file.write_text(
        "\ufeffassigned to;Short description;Custom field (Service);external issue ID;Votes;;\r\n"
        "Head;Rota;pay;rota;7;;\r\n;;;;;;\r\n",
        encoding="utf-8",
    )
    take(folder, file)
    assert (
        actions(folder)["pay"][0].history[-1].owner == "Head"
        and "column 'Votes' is not read" in capsys.readouterr().out
    )


def test_a_table_as_jira_writes_it_is_read(folder, tmp_path, capsys):
    file = tmp_path / "jira.csv"
    file.write_text(
        "Summary,Issue key,Status,Assignee,Assignee Id,Creator,Created,Due date,Labels,Labels,Labels,Custom field (Service),"
        "External issue ID\n"
        "A rota in the evening,PAY-7,To Do,Lead,42,Me,10/Jan/26 9:12 AM,30/Jun/26 12:00 AM,work,buy,,pay,rota\n",
        encoding="utf-8",
    )
    take(folder, file)
    assert changed(PAY, texts(folder)["pay.yml"]) == [
        "+      - buy", "+      - {on: 2026-03-01, state: accepted, due: 2026-06-30}",
    ]  # fmt: skip
    out = capsys.readouterr().out
    assert all(f"column {name!r} is not read" in out for name in ("Issue key", "Assignee Id", "Creator"))


def test_an_action_is_closed_with_the_verdict_of_its_row(folder, tmp_path):
    history = "".join(
        f"      - {{on: 2026-01-0{day}, state: {state}}}\n" for day, state in ((1, "in progress"), (2, "implemented"))
    )
    path, file = folder / "register" / "desk.yml", tmp_path / "r.csv"
    path.write_text(f"actions:\n  - id: a\n    title: A\n    history:\n{history}", encoding="utf-8")
    cli_register.export(str(folder), file)
    edit(file, "a", status="Closed")
    assert "column Verdict: is missing; close with worked, did not or inconclusive" in refused(folder, file)[0]
    edit(file, "a", verdict="Did not")
    take(folder, file, by="Lead")
    assert path.read_text(encoding="utf-8").endswith(
        "      - {on: 2026-03-01, state: closed, by: Lead, verdict: did not}\n"
    )


@pytest.mark.slow
def test_a_workbook_that_a_spreadsheet_has_been_through_is_read(folder, tmp_path):
    """Days with a time, numbers as text, other widths, empty rows and columns with formats, another order of columns."""
    import xlsxwriter

    file = tmp_path / "r.xlsx"
    book = xlsxwriter.Workbook(str(file))
    day, bold = book.add_format({"num_format": "dd.mm.yyyy hh:mm"}), book.add_format({"bold": True})
    sheet = book.add_worksheet("Tabelle1")
    sheet.write_row(
        0, 0, ["Issue id", "Minimum", "Due date", "Service", "Judged after cycles", "Assignee", "Milestones"]
    )
    sheet.write_row(1, 0, ["rota", "-1,5", None, "pay", "4", 42, "{title: Pilot, due: 2026-03-01}"])
    sheet.write_datetime(1, 2, datetime(2026, 6, 30, 0, 0), day)
    sheet.write_blank(40, 12, None, bold)
    sheet.write_string(41, 3, "  ")
    book.close()
    take(folder, file)
    rota = actions(folder)["pay"][0]
    assert (rota.measure.minimum, rota.measure.cycles) == (-1.5, 4)
    assert (rota.history[-1].due, rota.history[-1].owner) == (date(2026, 6, 30), "42")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty; its first row has to be a header"),
        ("Service,Summary\npay,A\n", "row 1: there is no column 'Issue id'; add it"),
        ("Service,Issue id,Asignee\npay,rota,A\n", "row 1: 'Asignee' is not a column; nearest valid name: Assignee"),
        ("Service,Issue id,State,Status\npay,rota,,\n", "row 1: 'Status' is Status, which stands there already"),
        ('Service,Issue id\npay,"rota\n', "is no CSV"),
        ("Service,Issue id\npay,rota,more\n", "row 2: 'more' stands in a column without a header"),
        (b"Service,Issue id,Assignee\npay,rota,K\xf6nig\n", "is not UTF-8 text"),
        (b"PK\x03\x04 no workbook", ""),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_of_actions_is_told(folder, tmp_path, content, words):
    file = tmp_path / "r.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert words in "\n".join(refused(folder, file))


@pytest.mark.parametrize("text", ["actions:\n  - id: a: b\n", "actions: [\n"])
def test_a_file_of_the_register_that_is_broken_is_named_with_its_line_by_every_command(folder, tmp_path, file, text):
    path = folder / "register" / "shop.yml"
    path.write_text(text, encoding="utf-8")
    name = str(folder)
    for command in (
        lambda: cli_register.list_(name), lambda: cli_register.show(name, "rota"), lambda: cli_register.note(name, "rota", "x"),
        lambda: cli_register.due(name, "rota", datetime(2026, 1, 1)), lambda: cli_register.close(name, "rota"),
        lambda: cli_register.export(name, tmp_path / "other.csv"), lambda: take(folder, file),
        lambda: cli_register.propose(name, "2026-10"),
    ):  # fmt: skip
        with pytest.raises(WorkbookError, match=r"shop\.yml: line \d+, column \d+ is not valid YAML"):
            command()
    assert path.read_text(encoding="utf-8") == text and not (tmp_path / "other.csv").exists()


NASTY = [
    "=1+1", "+49 30", "-1", "@x", "'=x", "''", "a;b", "a,b", 'say "no"', "two\nlines", "tab\there", "Größe 😀", " padded ", "#",
    ": ", "- x", "{a: b}", "[1]", "null", "true", "2026-01-01", "1e3", "0x1F", "~", "&a", "*a", "!t", "%", "|", ">", "\\",
    "a\\nb", "\u2028", "\u00a0x", "_x0041_", "\x01", "a\r\nb", "trailing \n", "’", "ﬀ", "中文；＝1",
]  # fmt: skip


def random_action(rng: random.Random, name: str) -> dict:
    text = lambda: (rng.choice(NASTY) + rng.choice(NASTY)).lstrip(":")  # noqa: E731
    said = lambda: f"x{text()}"[:300]  # noqa: E731
    action: dict = {"id": name, "title": text()}
    for key, value in (
        ("lever", "capacity"), ("objectives", rng.sample(["buy", "work"], rng.randrange(3))), ("owner", said()),
        ("sponsor", said()), ("consulted", [said() for _ in range(rng.randrange(3))]), ("informed", [said()]),
        ("evidence", [text() for _ in range(3)]), ("links", [text() for _ in range(rng.randrange(3))]),
        ("tickets", {"where": f"category = '{rng.choice(['=1', 'a b', 'ß'])}'"}),
        ("measure", {"kpi": "backlog", "expect": [-3.25, -2, -1], "counter": ["csat_top2"], "cycles": rng.randrange(1, 9)}),
        ("cost", {"once": [1, 2.5, 3], "effort_days": rng.random(), "per_cycle": 0, "actual": rng.choice([0, 17])}),
        ("milestones", [{"title": text(), "due": date(2026, 1, 1 + rng.randrange(28))} for _ in range(2)]),
        ("due", date(2026, 12, 1)),
    ):  # fmt: skip
        if rng.random() < 0.6:
            action[key] = value
    if rng.random() < 0.3:
        return action | {"state": "rejected", "raised": date(2026, 1, 1), "since": date(2026, 1, 2), "note": text()}
    history = [{"on": date(2026, 1, 1), "state": "proposed", "by": said()}]
    for _ in range(rng.randrange(3)):
        more = {"reason": f"x{text()}", "owner": said(), "spent": rng.choice([0, 12.5, 3000])}
        kept = {key: value for key, value in more.items() if rng.random() < 0.6} or {"owner": said()}
        history.append({"on": date(2026, 1, 2), "state": "proposed"} | kept)
    return action | {"history": [*history, {"on": date(2026, 1, 9), "state": "accepted", "due": date(2026, 11, 1)}]}


def as_yaml(rng: random.Random, content: dict) -> str:
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = rng.choice([True, False, None])
    yaml.allow_unicode, yaml.sort_base_mapping_type_on_output = rng.random() < 0.5, False
    out = io.StringIO()
    yaml.dump(content, out)
    return f"# Above.\n{out.getvalue()}# Below.\n"


@pytest.mark.slow  # workbooks are read in a process
@pytest.mark.parametrize("seed", range(30))
def test_whatever_people_write_comes_back(folder, tmp_path, seed):
    rng = random.Random(seed)
    for service in ("pay", "shop", "desk"):
        content = {"actions": [random_action(rng, f"{service}-{number}") for number in range(rng.randrange(1, 5))]}
        (folder / "register" / f"{service}.yml").write_text(as_yaml(rng, content), encoding="utf-8")
    before, models = texts(folder), actions(folder)
    for name in ("r.csv", "r.xlsx"):
        file = tmp_path / name
        cli_register.export(str(folder), file)
        take(folder, file)
        assert texts(folder) == before
    # A state in every history, and all else stays as it was.
    rows = table(file)
    for row in rows:
        row |= {"Status": "withdrawn", "Description": "=No\n'need"} if row["History"] else {}
    written(file, rows)
    take(folder, file)
    for service, now in actions(folder).items():
        for was, is_ in zip(models[service], now, strict=True):
            assert is_.model_copy(update={"history": is_.history[: len(was.history)]}) == was
            assert not was.history or (is_.history[-1].state, is_.history[-1].reason) == ("withdrawn", "=No\n'need")
    assert all(text.startswith("# Above.\n") and text.endswith("# Below.\n") for text in texts(folder).values())
    # And from nothing.
    after = actions(folder)
    cli_register.export(str(folder), tmp_path / "r.csv")
    shutil.rmtree(folder / "register")
    take(folder, tmp_path / "r.csv")
    again = actions(folder)
    for service, found in after.items():
        for was, is_ in zip(found, again[service], strict=True):
            assert columns.canonical(was.model_dump()) == columns.canonical(is_.model_dump())


def test_what_a_plan_would_write_is_checked_before_any_file_is_touched(folder, file, monkeypatch):
    edit(file, "rota", assignee="Head")
    edit(file, "freeze", depends_on="nothing")
    refused(folder, file)
    found = exchange.plan(folder, [], ["pay"], date(2026, 1, 1), None)
    assert found.texts == {} and found.told == []
