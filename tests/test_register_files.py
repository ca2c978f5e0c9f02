"""The register's files: what contradicts itself is refused with its place and a way out, and all is read as of a day."""

from __future__ import annotations

import re
from datetime import date, datetime

import pytest

from sipnb import cli_register, register, workbook
from sipnb.register import editing, states
from sipnb.validation import WorkbookError
from tests.conftest import REPOSITORY
from tests.test_cli import sipnb

APPROVED = {
    "id": "one", "title": "One", "owner": "Lead", "due": "2026-03-01",
    "measure": {"kpi": "restore_median", "baseline": "2025-04..2025-10", "expect": [-3.5, -2.0, -1.0], "minimum": -1.0},
    "history": [
        {"on": "2025-11-12", "state": "proposed"}, {"on": "2025-11-20", "state": "accepted"},
        {"on": "2025-12-04", "state": "approved"}, {"on": "2026-03-01", "state": "implemented", "reason": "Live."},
    ],
}  # fmt: skip
MEASURE, HISTORY = APPROVED["measure"], APPROVED["history"]


def action(**changes) -> register.Action:
    return register.Action.model_validate(APPROVED | changes)


def entries(*told: tuple[str, str]) -> list[dict]:
    return [{"on": on, "state": state} for on, state in told]


def test_an_approved_action_with_its_measure_is_sound():
    assert register.objections(action()) == []


@pytest.mark.parametrize(
    ("changes", "place", "words"),
    [
        ({"history": []}, "state", "is missing; add it, or a `history`"),
        ({"state": "approved"}, "state", "stands beside `history`"),
        ({"note": "Live."}, "note", "stands beside `history`"),
        ({"history": entries(("2026-01-01", "closed"))}, "history.0.state", "cannot come first; begin with proposed"),
        ({"history": entries(("2026-01-02", "proposed"), ("2026-01-01", "accepted"))}, "history.1.on", "is before"),
        (
            {"history": entries(("2026-01-01", "proposed"), ("2026-01-02", "implemented"))},
            "history.1.state", "'implemented' cannot follow 'proposed'; accepted, rejected, postponed or withdrawn may",
        ),
        ({"history": entries(("2026-01-01", "proposed"), ("2026-01-02", "rejected"))}, "history.1.reason", "say why"),
        ({"owner": None, "due": None}, "history.2.state", "'approved' needs `owner` and `due`"),
        ({"measure": None}, "history.2.state", "'approved' needs `measure`"),
        ({"history": [*HISTORY, {"on": "2026-10-01", "state": "closed"}]}, "history.4.verdict", "close with worked"),
        (
            {"history": [{"on": "2026-01-01", "state": "proposed", "verdict": "worked"}]},
            "history.0.verdict", "belongs to the entry that closes",
        ),
        ({"depends_on": ["one"]}, "depends_on", "names the action itself"),
        ({"kpi": "csat_mean"}, "kpi", "'csat_mean' is not 'restore_median'"),
        ({"measure": MEASURE | {"expect": [-1, -2, -3.5]}}, "measure.expect", "put the smallest number first"),
        ({"measure": MEASURE | {"expect": [-1, 1, 2]}}, "measure.expect", "promises better and worse"),
        ({"measure": MEASURE | {"minimum": -3}}, "measure.minimum", "-3 is more than the likely effect"),
        ({"measure": MEASURE | {"counter": ["restore_median"]}}, "measure.counter", "which the action is to change"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_told_with_its_place_and_what_would_be_legal(changes, place, words):
    found = dict(register.objections(action(**changes)))
    assert words in found.get(place, ""), found


def test_every_state_but_the_last_leads_somewhere_and_every_one_can_be_reached():
    assert set(states.NEXT) == set(states.State.__args__)
    reached, new = set(states.FIRST), set(states.FIRST)
    while new:
        new = {after for state in new for after in states.NEXT[state]} - reached
        reached |= new
    assert reached == set(states.NEXT)
    assert [state for state, after in states.NEXT.items() if not after] == ["closed"]


@pytest.mark.parametrize(
    ("end", "state", "implemented", "note"),
    [
        (date(2025, 11, 13), "proposed", None, ""), (date(2025, 12, 1), "accepted", None, ""),
        (date(2026, 3, 1), "approved", None, ""), (date(2026, 3, 2), "implemented", date(2026, 3, 1), "Live."),
    ],
)  # fmt: skip
def test_a_history_is_read_as_it_stood_on_the_day(end, state, implemented, note):
    stood = register.standing(action(), end)
    assert (stood.state, stood.implemented, stood.note, stood.due) == (state, implemented, note, date(2026, 3, 1))


def test_what_came_later_is_not_there_and_what_was_begun_again_is_not_implemented():
    assert register.standing(action(), date(2025, 11, 12)) is None
    again = [*HISTORY, {"on": "2026-05-01", "state": "in progress", "reason": "It broke.", "due": "2026-08-01"}]
    assert register.objections(action(history=again)) == []
    stood = register.standing(action(history=again), date(2026, 6, 1))
    assert (stood.state, stood.implemented, stood.due) == ("in progress", None, date(2026, 8, 1))
    assert register.standing(action(history=again), date(2026, 4, 1)).due == date(2026, 3, 1)
    closed = [*HISTORY, {"on": "2026-10-01", "state": "closed", "verdict": "worked"}]
    assert register.standing(action(history=closed), date(2026, 11, 1)).implemented == date(2026, 3, 1)


def test_it_was_implemented_when_it_came_into_that_state_and_not_when_a_note_was_written():
    noted = [*HISTORY, {"on": "2026-04-01", "state": "implemented", "reason": "Two sites were late."}]
    assert register.objections(action(history=noted)) == []
    stood = register.standing(action(history=noted), date(2026, 6, 1))
    assert (stood.implemented, stood.note) == (date(2026, 3, 1), "Two sites were late.")


DATED = [
    {"on": "2025-11-12", "state": "proposed"},
    {"on": "2025-11-20", "state": "accepted", "owner": "Head"},
    {"on": "2025-12-04", "state": "accepted", "spent": 0},
    {"on": "2026-01-10", "state": "accepted", "owner": "Lead of two", "spent": 1200.5},
    {"on": "2026-02-01", "state": "accepted", "reason": "A note."},
]


@pytest.mark.parametrize(
    ("end", "owner", "spent"),
    [
        (date(2025, 11, 20), "Lead", 90), (date(2025, 11, 21), "Head", 90), (date(2025, 12, 4), "Head", 90),
        (date(2025, 12, 5), "Head", 0), (date(2026, 1, 10), "Head", 0), (date(2026, 1, 11), "Lead of two", 1200.5),
        (date.max, "Lead of two", 1200.5),
    ],
)  # fmt: skip
def test_who_answers_and_what_it_has_cost_are_read_as_of_the_day(end, owner, spent):
    one = action(history=DATED, cost={"actual": 90})
    assert register.objections(one) == []
    stood = register.standing(one, end)
    assert (stood.owner, stood.spent) == (owner, spent)
    # What was written up to that day says the same.
    (known,) = register.until([one], end)
    assert register.standing(known, date.max) == stood


def test_without_an_owner_and_a_cost_beside_the_history_nobody_answered_before_the_first_entry():
    one = action(history=DATED, owner=None)
    assert [register.standing(one, date(2025, 11, day)).owner for day in (20, 21)] == [None, "Head"]
    assert [register.standing(one, date(2025, 12, day)).spent for day in (4, 5)] == [None, 0]


def test_an_owner_who_is_named_with_or_before_the_approval_is_enough():
    entries = [*DATED, {"on": "2026-03-01", "state": "approved"}]
    assert register.objections(action(history=entries, owner=None)) == []
    late = [DATED[0], {"on": "2025-11-20", "state": "accepted"}, {"on": "2025-12-04", "state": "approved"}]
    late.append({"on": "2025-12-05", "state": "approved", "owner": "Head"})
    found = dict(register.objections(action(history=late, owner=None)))
    assert "needs `owner`" in found["history.2.state"]


SHORT = {"id": "one", "title": "One", "owner": "Lead", "cost": {"actual": 5}, "raised": "2025-11-12"}


@pytest.mark.parametrize(
    "more",
    [
        {"state": "rejected", "since": "2026-01-05", "note": "No."}, {"state": "approved", "since": "2026-01-05"},
        {"state": "verified", "implemented": "2026-01-05"}, {"state": "implemented", "implemented": "2025-12-05", "note": "On."},
        {"state": "failed", "implemented": "2025-12-05", "since": "2026-01-05"}, {"state": "in progress"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", [date(2025, 12, 1), date(2026, 1, 1), date(2026, 1, 6), date.max])
def test_what_is_known_of_the_short_form_on_a_day_is_what_it_was_then(more, end):
    one = register.Action.model_validate(SHORT | more)
    stood = register.standing(one, end)
    (known,) = register.until([one], end)
    assert register.standing(known, date.max) == stood == register.standing(known, end)
    assert (stood.owner, stood.spent) == ("Lead", 5)  # of which there is one, whenever it was written


NAMES = re.compile(
    r"\.(" + "|".join(sorted(workbook.UNREAD)) + r")\b|\[[\"'](" + "|".join(sorted(workbook.UNREAD)) + r")[\"']\]"
)


def test_what_is_in_no_fingerprint_is_read_by_no_chapter_and_no_page():
    """Or a plan would stay as it was where that has changed: give it a date, or take it out of `workbook.UNREAD`."""
    package = REPOSITORY / "sipnb"
    floors = ("methods", "kpis", "levers", "show", "chapters", "report", "chain")
    files = [path for floor in floors for path in (package / floor).rglob("*") if path.suffix in (".py", ".j2")]
    files += sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
    assert len(files) > 100 and workbook.UNREAD.issubset(register.Action.model_fields)
    assert [str(path) for path in files if NAMES.search(path.read_text(encoding="utf-8"))] == []


HEAD = {
    "workbook.yml": "organisation: O\nzone: UTC\nsources: [{name: tickets, files: t.csv}]\n",
    "services.yml": "services:\n  pay: {name: Pay, owner: Lead}\n",
}
ONE = """actions:
  - id: one
    title: One
    owner: Lead
    due: 2026-03-01
    measure: {kpi: restore_median, expect: [-3.5, -2, -1], minimum: -1, counter: [reopen_rate]}
    history:
      - {on: 2025-11-12, state: proposed}
      - {on: 2025-11-20, state: accepted}
"""
WHOLE = (
    ONE
    + """      - {on: 2025-12-04, state: approved}
      - {on: 2026-02-01, state: implemented}
"""
)
BRIEF = """actions:
  - {id: one, title: One, state: accepted, raised: 2025-11-12}
"""


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "o"
    (folder / "register").mkdir(parents=True)
    for name, text in HEAD.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def written(folder, text: str):
    path = folder / "register" / "pay.yml"
    path.write_text(text, encoding="utf-8")
    return path


def marked(folder, until: date | None) -> str:
    return workbook.load(folder, reports=folder).fingerprint("pay", until)


def test_what_is_decided_later_and_what_no_plan_reads_makes_no_plan_out_of_date(folder):
    then, on = date(2026, 1, 1), datetime.fromisoformat
    verbs = {command.name: command.callback for command in cli_register.commands.registered_commands}
    path = written(folder, ONE)
    before, all_of_it = marked(folder, then), marked(folder, None)
    verbs["approve"](str(folder), "one", on=on("2026-01-01"), owner="Head", sponsor="CFO", due=datetime(2026, 6, 1))
    cli_register.note(str(folder), "one", on=on("2026-01-05"), spent=100.0)
    more = "    links: [CHG1]\n    milestones: [{title: Pilot, due: 2026-01-01, since: 2026-01-01}]\n    history:\n"
    path.write_text(path.read_text(encoding="utf-8").replace("    history:\n", more), encoding="utf-8")
    assert marked(folder, then) == before and marked(folder, None) != all_of_it
    assert marked(folder, date(2026, 1, 2)) != before
    # What has no date is not known to be later, and an entry that is dated back is not.
    for old, new in (("title: One", "title: Two"), ("owner: Lead", "owner: Other"), ("2025-11-20", "2025-11-21")):
        written(folder, ONE.replace(old, new))
        assert marked(folder, then) != before


def test_of_the_short_form_an_earlier_plan_knows_what_is_dated(folder):
    then = date(2026, 1, 1)
    started = "actions:\n  - {id: one, title: One, owner: Lead, state: in progress, raised: 2025-11-12}\n"
    path = written(folder, started)
    before = marked(folder, then)
    editing.enter(path, "one", {"on": date(2026, 1, 5), "state": "implemented", "reason": "Live."})
    assert "note: Live." in path.read_text(encoding="utf-8") and marked(folder, then) == before
    cli_register.note(str(folder), "one", owner="Head")  # of which it has one, without a date
    assert marked(folder, then) != before


#: What people may write by hand, each with its place and what would be legal.
BY_HAND = [
    (BRIEF + BRIEF[9:], "actions.1.id", "'one' stands above already; give each action its own"),
    (ONE + "    state: accepted\n", "actions.0.state", "stands beside `history`, whose entries say it; leave it out"),
    (ONE + "    raised: 2025-11-12\n", "actions.0.raised", "leave it out"),
    (ONE + "    since: 2025-11-12\n", "actions.0.since", "leave it out"),
    (ONE + "    implemented: 2025-11-12\n", "actions.0.implemented", "leave it out"),
    (ONE + "    note: Wanted.\n", "actions.0.note", "leave it out"),
    (BRIEF.replace("state: accepted, ", ""), "actions.0.state", "is missing; add it, or a `history` of dated entries"),
    (BRIEF.replace(", raised: 2025-11-12", ""), "actions.0.raised", "is missing; add it, or a `history`"),
    (ONE + "    depends_on: [one]\n", "actions.0.depends_on", "names the action itself; name another one, or leave it out"),
    (ONE.replace("proposed}", "closed, reason: x}"), "actions.0.history.0.state", "begin with proposed, accepted"),
    (ONE.replace("2025-11-20", "2025-11-01"), "actions.0.history.1.on", "put entries in the order of their dates"),
    (ONE.replace("accepted}", "proposed}"), "actions.0.history.1.state", "give a `reason` as a note, a new date as `due`"),
    (ONE.replace("accepted}", "implemented}"), "actions.0.history.1.state", "accepted, rejected, postponed or withdrawn may"),
    (ONE.replace("accepted}", "rejected}"), "actions.0.history.1.reason", "is missing; say why it was rejected"),
    (ONE.replace("accepted}", "postponed, reason: ' '}"), "actions.0.history.1.reason", "say why it was postponed"),
    (WHOLE + "      - {on: 2026-04-01, state: in progress}\n", "actions.0.history.4.reason", "say why it was in progress"),
    (WHOLE + "      - {on: 2026-04-01, state: closed}\n", "actions.0.history.4.verdict", "close with worked, did not or inconcl"),
    (ONE.replace("accepted}", "accepted, verdict: worked}"), "actions.0.history.1.verdict", "closes the action; leave it out"),
    (WHOLE.replace("    owner: Lead\n", ""), "actions.0.history.2.state", "'approved' needs `owner`: who answers for it"),
    (WHOLE.replace("    due: 2026-03-01\n", ""), "actions.0.history.2.state", "'approved' needs `due`"),
    (ONE + "    kpi: csat_mean\n", "actions.0.kpi", "'csat_mean' is not 'restore_median', the KPI of `measure`; leave it out"),
    (ONE.replace("[reopen_rate]", "[restore_median]"), "actions.0.measure.counter", "action is to change; leave it out"),
    (ONE.replace("[-3.5, -2, -1]", "[-1, -2, -3.5]"), "actions.0.measure.expect", "put the smallest number first"),
    (ONE.replace("[-3.5, -2, -1]", "[-1, 1, 2]"), "actions.0.measure.expect", "all three have the sign of the better direction"),
    (ONE.replace("minimum: -1", "minimum: -3"), "actions.0.measure.minimum", "than the likely effect, -2; write that or less"),
    (ONE.replace("accepted}", "acepted}"), "actions.0.history.1.state", "accepted"),
    (ONE.replace("accepted}", "accepted, spent: -1}"), "actions.0.history.1.spent", "greater than or equal to 0"),
    (ONE.replace("accepted}", "accepted, spent: .nan}"), "actions.0.history.1.spent", "finite"),
    (ONE.replace("accepted}", "accepted, owner: ' '}"), "actions.0.history.1.owner", ""),
    (ONE.replace("accepted}", "accepted, cost: 1}"), "actions.0.history.1.cost", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "words"), BY_HAND)
def test_by_hand_it_is_refused_with_its_file_its_key_and_what_would_be_legal(folder, text, place, words):
    written(folder, text)
    with pytest.raises(WorkbookError) as raised:
        workbook.load(folder, reports=folder)
    assert any(
        error.startswith(f"o/register/pay.yml: {place}: ") and words in error for error in raised.value.errors
    ), raised.value
    # A command finds the same before it does anything.
    with pytest.raises(WorkbookError) as raised:
        cli_register.note(str(folder), "one", "A note.")
    assert any(error.startswith(f"register/pay.yml: {place}: ") and words in error for error in raised.value.errors), (
        raised.value
    )
    assert (folder / "register" / "pay.yml").read_text(encoding="utf-8") == text


@pytest.mark.slow
def test_a_check_tells_all_of_them_together(folder, tmp_path):
    (folder / "services.yml").write_text(
        "services:\n" + "".join(f"  s{at}: {{name: S, owner: Lead}}\n" for at in range(len(BY_HAND))), encoding="utf-8"
    )
    for at, (text, _, _) in enumerate(BY_HAND):
        (folder / "register" / f"s{at}.yml").write_text(text, encoding="utf-8")
    done = sipnb("check", folder, cwd=tmp_path)
    assert done.returncode == 2
    told = " ".join(done.stderr.split())  # lines are as wide as a terminal
    for at, (_, place, _) in enumerate(BY_HAND):
        assert f"o/register/s{at}.yml: {place}: " in told, (at, place)


@pytest.mark.parametrize(
    ("text", "verb", "more", "place", "words"),
    [
        (ONE, "implement", {}, "actions.0.history.2.state", "approved, rejected, postponed or withdrawn may"),
        (ONE, "accept", {}, "actions.0.history.2.state", "is 'accepted' already; give a `reason` as a note"),
        (ONE, "note", {}, "actions.0.history.2.state", "is 'accepted' already; give a `reason` as a note"),
        (ONE, "reject", {}, "actions.0.history.2.reason", "say why it was rejected"),
        (ONE, "withdraw", {"reason": " "}, "actions.0.history.2.reason", "say why it was withdrawn"),
        (ONE, "postpone", {}, "actions.0.history.2.reason", "say why it was postponed"),
        (ONE, "close", {"verdict": "worked"}, "actions.0.history.2.state", "'closed' cannot follow 'accepted'; approved,"),
        (ONE, "approve", {"on": "2025-11-13"}, "actions.0.history.2.on", "put entries in the order of their dates"),
        (ONE.replace("    owner: Lead\n", ""), "approve", {}, "actions.0.history.2.state", "'approved' needs `owner`"),
        (ONE.replace("    due: 2026-03-01\n", ""), "approve", {}, "actions.0.history.2.state", "'approved' needs `due`"),
        (ONE, "approve", {"owner": "x" * 400}, "actions.0.history.2.owner", "300"),
        (WHOLE, "close", {}, "actions.0.history.4.verdict", "close with worked, did not or inconclusive, or give a `reason`"),
        (WHOLE, "close", {"verdict": "fine"}, "actions.0.history.4.verdict", "worked"),
        (WHOLE, "start", {}, "actions.0.history.4.reason", "say why it was in progress"),
        (BRIEF, "implement", {}, "one.state", "approved, rejected, postponed or withdrawn may"),
        (BRIEF, "postpone", {"reason": "Later."}, "one.state", "'postponed' needs a `history`; write one"),
        (BRIEF, "note", {}, "one.note", "nothing is noted; give a `reason` as a note"),
    ],
)  # fmt: skip
def test_by_command_it_is_refused_with_its_file_its_key_and_what_would_be_legal(folder, text, verb, more, place, words):
    path = written(folder, text)
    verbs = {
        command.name or command.callback.__name__: command.callback
        for command in cli_register.commands.registered_commands
    }
    given = {"on": datetime.fromisoformat(more.pop("on", "2026-05-01"))} | more
    with pytest.raises(WorkbookError) as raised:
        verbs[verb](str(folder), "one", **given)
    assert any(error.startswith(f"register/pay.yml: {place}: ") and words in error for error in raised.value.errors), (
        raised.value
    )
    assert path.read_text(encoding="utf-8") == text and [one.name for one in path.parent.iterdir()] == ["pay.yml"]


FILE = """
actions:
  - id: one
    title: One
    objectives: [fly]
    depends_on: [two]
    tickets: {where: "categori = 'password'"}
    measure: {kpi: restore_time, baseline: 2025-04..2025-13, counter: [csat]}
    history: [{on: 2026-01-01, state: proposed}]
  - {id: one, title: Again, state: proposed, raised: 2026-01-01}
"""


def test_what_a_file_names_must_be_there(tmp_path):
    folder = tmp_path / "o"
    (folder / "register").mkdir(parents=True)
    (folder / "workbook.yml").write_text(
        "organisation: O\nzone: UTC\nsources: [{name: tickets, files: t.csv}]\n", encoding="utf-8"
    )
    (folder / "services.yml").write_text("services:\n  pay: {name: Pay, owner: Lead}\n", encoding="utf-8")
    (folder / "register" / "pay.yml").write_text(FILE, encoding="utf-8")
    with pytest.raises(WorkbookError) as raised:
        workbook.load(folder, reports=tmp_path / "reports")
    told = "\n".join(raised.value.errors)
    for words in (
        "o/register/pay.yml: actions.0.objectives: 'fly' is not an objective",
        "actions.0.depends_on: 'two' is not an action",
        "actions.0.measure.kpi: 'restore_time' is not a KPI",
        "actions.0.measure.counter: 'csat' is not a KPI",
        "actions.0.measure.baseline: ",
        "actions.0.tickets.where: ",
        "actions.1.id: 'one' stands above already",
    ):
        assert words in told, told
