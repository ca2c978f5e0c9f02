"""The register's files: what contradicts itself is refused with its place and a way out, and all is read as of a day."""

from __future__ import annotations

from datetime import date

import pytest

from sipnb import register, workbook
from sipnb.params import WorkbookError
from sipnb.register import states

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
