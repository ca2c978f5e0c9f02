"""Entries by commands: the file's comments and order stay, what is refused changes nothing, and of two writers one waits."""

from __future__ import annotations

import difflib
import shutil
import threading
from datetime import date, datetime

import pytest

from sipnb import cli_register, places, register, workbook
from sipnb.register import editing
from sipnb.validation import WorkbookError
from tests.inside import sipnb

FILE = """# What was agreed about payments.
actions:
  - id: rota
    title: A rota in the evening   # asked for by the night shift
    owner: Lead
    due: 2026-05-01
    measure: {kpi: restore_median, expect: [-3, -2, -1]}
    history:
      - {on: 2026-01-10, state: proposed}   # in the review of December
      - {on: 2026-01-20, state: accepted, by: Lead}
  # The short form:
  - id: "templates"
    title: Templates
    state: accepted
    raised: 2026-01-05
"""


@pytest.fixture
def path(tmp_path):
    (tmp_path / "register").mkdir()
    path = tmp_path / "register" / "pay.yml"
    path.write_text(FILE, encoding="utf-8")
    return path


def changed(path) -> list[str]:
    lines = difflib.unified_diff(FILE.splitlines(), path.read_text(encoding="utf-8").splitlines(), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def test_an_entry_is_one_line_more_and_nothing_else(path):
    editing.enter(path, "rota", {"on": date(2026, 2, 1), "state": "approved", "by": "CIO"})
    assert changed(path) == ["+      - {on: 2026-02-01, state: approved, by: CIO}"]
    editing.enter(path, "rota", {"on": date(2026, 2, 3), "state": "in progress"})
    editing.enter(path, "rota", {"on": date(2026, 4, 20), "state": "implemented", "reason": "Live: since Monday."})
    editing.enter(path, "rota", {"on": date(2026, 11, 2), "state": "closed", "verdict": "did not"})
    assert [line[9:19] for line in changed(path)[1:]] == ["{on: 2026-", "{on: 2026-", "{on: 2026-"]


def test_the_short_form_keeps_its_form(path):
    editing.enter(path, "templates", {"on": date(2026, 2, 1), "state": "rejected", "reason": "Nobody would use them."})
    assert changed(path) == [
        "-    state: accepted", "+    state: rejected", "+    since: 2026-02-01", "+    note: Nobody would use them.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("action", "entry", "words"),
    [
        (
            "rota",
            {"state": "implemented"},
            "'implemented' cannot follow 'accepted'; approved, rejected, postponed or withdrawn",
        ),
        ("rota", {"state": "rejected"}, "reason: is missing; say why"),
        ("rota", {"on": date(2026, 1, 1), "state": "approved"}, "2026-01-01 is before 2026-01-20"),
        ("rota", {"state": "approved", "by": "x" * 400}, "by"),
        ("templates", {"state": "implemented"}, "'implemented' cannot follow 'accepted'"),
        ("templates", {"state": "postponed", "reason": "Later."}, "needs a `history`"),
    ],
)
def test_what_is_refused_changes_nothing(path, action, entry, words):
    with pytest.raises(WorkbookError, match="1 error|errors") as raised:
        editing.enter(path, action, {"on": date(2026, 2, 1)} | entry)
    assert words in str(raised.value)
    assert path.read_text(encoding="utf-8") == FILE and [one.name for one in path.parent.iterdir()] == ["pay.yml"]


def test_a_note_and_a_new_date_leave_the_state(path):
    editing.enter(path, "rota", {"on": date(2026, 2, 1), "reason": "Waiting for two people."})
    editing.enter(path, "rota", {"on": date(2026, 2, 9), "due": date(2026, 8, 1)})
    assert changed(path) == [
        "+      - {on: 2026-02-01, state: accepted, reason: Waiting for two people.}",
        "+      - {on: 2026-02-09, state: accepted, due: 2026-08-01}",
    ]
    errors: list[str] = []
    rota = workbook._read(path.parents[1], path, register.RegisterFile, errors).actions[0]
    stood = register.standing(rota, date(2026, 3, 1))
    assert (stood.state, stood.due, stood.note) == ("accepted", date(2026, 8, 1), "Waiting for two people.")
    assert register.standing(rota, date(2026, 2, 5)).due == date(2026, 5, 1)
    editing.enter(path, "templates", {"on": date(2026, 2, 9), "due": date(2026, 9, 1), "reason": "Later."})
    assert changed(path)[2:] == ["+    due: 2026-09-01", "+    note: Later."] or changed(path)[2:] == [
        "+    note: Later.", "+    due: 2026-09-01",
    ]  # fmt: skip
    with pytest.raises(WorkbookError, match="is 'accepted' already"):
        editing.enter(path, "rota", {"on": date(2026, 3, 1), "state": "accepted"})


def test_an_action_is_found_by_its_id_and_a_wrong_one_is_told_with_the_nearest(path):
    folder = path.parents[1]
    assert editing.find(folder, "templates") == path
    with pytest.raises(WorkbookError, match="nearest valid name: templates"):
        editing.find(folder, "template")
    shutil.copy(path, path.with_name("shop.yml"))
    with pytest.raises(WorkbookError, match="registers of pay, shop; say which by --service"):
        editing.find(folder, "rota")
    assert editing.find(folder, "rota", "shop").stem == "shop"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (FILE.replace("- id: rota", "- id: rota: x"), "pay.yml: line 3"),
        (FILE.replace('"templates"', "rota"), "register/pay.yml: actions.1.id: 'rota' stands above already"),
        (FILE.replace("state: accepted, by: Lead", "state: closed"), "'closed' cannot follow 'proposed'"),
    ],
)
def test_a_file_that_is_wrong_already_is_told_and_left_as_it_is(path, text, words):
    path.write_text(text, encoding="utf-8")
    for attempt in (
        lambda: editing.find(path.parents[1], "rota"),
        lambda: editing.enter(path, "rota", {"on": date(2026, 2, 1), "reason": "A note."}),
    ):
        with pytest.raises(WorkbookError) as raised:
            attempt()
        assert words in str(raised.value)
    assert path.read_text(encoding="utf-8") == text


def test_nothing_is_written_that_could_not_be_read_again(path):
    with pytest.raises(WorkbookError, match="a value of 30,000 characters; 20,000 are the most"):
        editing.enter(path, "rota", {"on": date(2026, 2, 1), "reason": "x" * 30_000})
    assert path.read_text(encoding="utf-8") == FILE


def test_of_two_writers_one_waits_and_neither_loses_anything(path):
    ids = [f"a{i}" for i in range(12)]
    path.write_text(
        "actions:\n"
        + "".join(f"  - {{id: {one}, title: T, history: [{{on: 2026-01-01, state: proposed}}]}}\n" for one in ids),
        encoding="utf-8",
    )
    entry = {"on": date(2026, 1, 2), "state": "accepted"}
    writers = [threading.Thread(target=editing.enter, args=(path, one, entry)) for one in ids]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    errors: list[str] = []
    read = workbook._read(path.parents[1], path, register.RegisterFile, errors)
    assert errors == [] and [one.history[-1].state for one in read.actions] == ["accepted"] * 12


@pytest.fixture
def folder(path):
    """An organisation with this register."""
    folder = path.parents[1]
    for name, text in (
        ("workbook.yml", "organisation: O\nzone: UTC\nsources: [{name: tickets, files: t.csv}]\n"),
        ("services.yml", "services:\n  pay: {name: Pay, owner: Lead}\n"),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_note_may_only_say_who_answers_from_now_on_or_what_it_has_cost(path, folder, capsys):
    day = datetime.fromisoformat
    cli_register.note(str(folder), "rota", on=day("2026-02-01"), owner="Head")
    cli_register.note(str(folder), "rota", on=day("2026-03-01"), spent=1234.5)
    cli_register.note(str(folder), "rota", "Paid back.", on=day("2026-04-01"), spent=0.0)
    assert changed(path) == [
        "+      - {on: 2026-02-01, state: accepted, owner: Head}",
        "+      - {on: 2026-03-01, state: accepted, spent: 1234.5}",
        "+      - {on: 2026-04-01, state: accepted, reason: Paid back., spent: 0}",
    ]
    assert "rota: noted on 2026-02-01, owner Head; written to" in capsys.readouterr().out
    (rota, _) = editing.checked(path).actions
    stood = [register.standing(rota, date(2026, month, 1)) for month in (2, 3, 4, 5)]
    assert [(one.owner, one.spent, one.state, one.since) for one in stood] == [
        (owner, spent, "accepted", date(2026, 1, 20))
        for owner, spent in (("Lead", None), ("Head", None), ("Head", 1234.5), ("Head", 0))
    ]
    cli_register.list_(str(folder), day("2026-01-31"))
    cli_register.list_(str(folder), day("2026-02-01"))
    before, after = [line for line in capsys.readouterr().out.splitlines() if " rota " in line]
    assert before.endswith("Lead") and after.endswith("Head")
    cli_register.show(str(folder), "rota")
    out = capsys.readouterr().out
    assert "  owner: Head\n" in out and "  spent: 0\n" in out
    assert "  2026-02-01  accepted, owner Head\n" in out and "  2026-04-01  accepted, Paid back., spent 0\n" in out


def test_the_short_form_has_one_note_one_owner_and_one_cost(path, folder):
    cli_register.note(str(folder), "templates", owner="Head", spent=30.0)
    assert changed(path) == ["+    owner: Head", "+    cost: {actual: 30}"]
    cli_register.note(str(folder), "templates", spent=0.0)
    assert changed(path) == ["+    owner: Head", "+    cost: {actual: 0}"]
    # It has no dates: an earlier plan says the same.
    templates = editing.checked(path).actions[1]
    assert register.standing(templates, date(2026, 1, 31)).owner == "Head"


@pytest.mark.parametrize("action", ["rota", "templates"])
def test_a_note_of_nothing_is_refused_with_what_it_may_say(path, folder, action):
    with pytest.raises(
        WorkbookError,
        match="give a `reason` as a note, a new date as `due`, an `owner`, a `sponsor`, or what it has `spent`",
    ):
        cli_register.note(str(folder), action)
    assert path.read_text(encoding="utf-8") == FILE


def test_a_part_that_two_actions_share_by_reference_is_not_changed_for_both_by_a_command(path):
    text = (
        "actions:\n"
        "  - {id: a, title: A, history: &h [{on: 2026-01-01, state: proposed}]}\n"
        "  - {id: b, title: B, history: *h}\n"
    )
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WorkbookError, match="register/pay.yml: b: would change with 'a'"):
        editing.enter(path, "a", {"on": date(2026, 2, 1), "state": "accepted"})
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.slow
def test_by_the_command_line(tmp_path):
    folder = tmp_path / "demo"
    shutil.copytree(places.PARAMS / "demo", folder)
    done = sipnb(
        "register", "implement", folder, "access-request-templates", "--on", "2026-11-20", "--by", "Lead", cwd=tmp_path
    )
    assert done.returncode == 0 and "access-request-templates: implemented on 2026-11-20" in done.stdout, done.stderr
    done = sipnb("register", "list", folder, "--as-of", "2026-10-31", cwd=tmp_path)
    assert "access-request-templates         in progress" in done.stdout
    done = sipnb("register", "list", folder, cwd=tmp_path)
    assert "access-request-templates         implemented" in done.stdout
    done = sipnb("register", "show", folder, "self-service-password-reset", cwd=tmp_path)
    assert "2025-12-04  approved, by Chief Information Officer" in done.stdout
    done = sipnb("register", "due", folder, "second-line-rota", "2027-01-31", "--on", "2026-11-20", cwd=tmp_path)
    assert done.returncode == 0 and "due: 2027-01-31" in (folder / "register" / "payments.yml").read_text(
        encoding="utf-8"
    )
    before = (folder / "register" / "web-shop.yml").read_text(encoding="utf-8")
    done = sipnb("register", "approve", folder, "friday-freeze", "--on", "2026-11-20", cwd=tmp_path)
    assert done.returncode == 2 and "'approved' cannot follow 'rejected'; proposed may" in done.stderr
    assert (folder / "register" / "web-shop.yml").read_text(encoding="utf-8") == before
