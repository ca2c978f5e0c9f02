"""What an organisation says otherwise of a lever holds, a lever of its own stands beside those of the catalogue, and what cannot
be is an error with its place."""

import shutil

import pytest

from sipnb import own_levers, places, workbook
from sipnb.catalogue import LEVERS
from sipnb.validation import WorkbookError


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(places.PARAMS / "demo", tmp_path / "demo")


def load(folder, text):
    (folder / "levers.yml").write_text(text, encoding="utf-8")
    return workbook.load(folder, reports=folder.parent)


OWN = """
levers:
  check_forms:
    title: Check forms before they are sent
    action: Ask what is missing while the user still sits in front of it.
    moves: [sla_attainment]
    acts_on: [{attribute: channel, value: portal}]
    effort_days: [2, 4, 8]
    risks: [Users give up.]
    steps: [{title: Write the checks, weeks: 2}]
"""


def test_a_lever_of_ones_own_is_one_entry(folder):
    levers = load(folder, OWN).effective_levers
    assert list(levers) == [*LEVERS, "check_forms"]
    own = levers["check_forms"]
    assert own.fit(kpi="sla_attainment", attribute="channel", value="portal", known="opening", step="", through=()) == 2
    assert own.effort == {own_levers.SOMEBODY: (2, 4, 8)} and own.steps[0].weeks == 2 and own.kind == "process"


def test_what_is_said_otherwise_replaces_the_entry_of_the_catalogue_and_nothing_else(folder):
    text = "levers: {cover: {title: Night duty, effort_days: 10, weeks: [2, 3, 9], moves: [availability]}}"
    one, usual = load(folder, text).effective_levers["cover"], LEVERS["cover"]
    assert (one.title, one.weeks, one.moves) == ("Night duty", (2, 3, 9), ("availability",))
    assert (one.acts_on, one.risks, one.action) == (usual.acts_on, usual.risks, usual.action)
    # Days of nobody in particular are divided as those of the catalogue are.
    assert sum(likely for _, likely, _ in one.effort.values()) == pytest.approx(10)
    assert one.effort.keys() == usual.effort.keys()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("levers: {capacitiy: {cost: 1}}", "levers.capacitiy: 'capacitiy' is not a lever; nearest valid name: capacity"),
        ("levers: {mine: {title: T, action: A, moves: [], acts_on: [{attribute: x}]}}", "a lever without a KPI moves nothing"),
        ("levers: {mine: {title: T, action: A, moves: [backlog]}}", "levers.mine.acts_on: is missing; name the drivers"),
        ("levers: {mine: {title: T, moves: [backlog], acts_on: [{attribute: channel}]}}", "levers.mine.action: is missing"),
        ("levers: {mine: {title: T, action: A, moves: [backlogg], acts_on: [{attribute: x}]}}", "moves: 'backlogg' is not a KPI"),
        ("levers: {cover: {moves: []}}", "levers.cover.moves: is empty; a lever without a KPI moves nothing"),
        ("levers: {cover: {needs: [tickets.grup]}}", "cover.needs: 'tickets.grup' is no column of tickets; nearest valid"),
        ("levers: {cover: {needs: [ticket.group]}}", "cover.needs: 'ticket.group' is no table of records"),
        ("levers: {cover: {excludes: [capacitiy]}}", "excludes: 'capacitiy' is not a lever; nearest valid name: capacity"),
        ("levers: {cover: {effort_days: [5, 2, 9]}}", "is no range; give a number of 0 or more"),
        ("levers: {cover: {effort_days: {service team: -1}}}", "is no range; give a number of 0 or more"),
        ("levers: {cover: {weeks: soon}}", "is no range; give a number of 0 or more"),
        ("levers: {cover: {acts_on: [{atribute: hour}]}}", "unknown key 'atribute'; nearest valid name: attribute"),
        ("levers: {mine: {title: T, action: A, moves: [backlog], acts_on: [{attribute: x}], limits: {days: 3}}}",
         "levers.mine.limits: a lever of your own has none"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_an_error_with_its_place_and_the_way_out(folder, text, said):
    with pytest.raises(WorkbookError) as caught:
        load(folder, text)
    assert any(error.startswith("demo/levers.yml: levers.") and said in error for error in caught.value.errors), (
        caught.value.errors
    )
