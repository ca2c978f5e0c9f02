"""What a published plan proposes comes into the register once, with a measure that is written down before anything is done."""

from __future__ import annotations

import shutil
from datetime import date, datetime

import pytest

from sipnb import catalogue, cli_register, cycles, places, register, workbook
from sipnb.chapters import facts, results
from sipnb.places import cycle_folder
from sipnb.register import proposals
from sipnb.validation import WorkbookError
from tests.report import samples
from tests.test_cli import sipnb
from tests.test_register_exchange import OBJECTIVES, SERVICES, WORKBOOK, actions, texts

MONTH = cycles.parse("2026-10", "UTC")
ESTIMATED = {"kpi": "sla_attainment", "basis": "effect", "value": 0.10541, "low": 0.0928, "high": 0.1181}
AWAY = {
    "kpi": "backlog",
    "basis": "distance",
    "value": 69.0,
    "low": None,
    "high": None,
    "reference": "target",
    "goal": 250.0,
}


def option(lever: str, effect: dict | None = None, **more) -> facts.OptionFact:
    known = catalogue.LEVERS[lever]
    told = effect and facts.EffectFact(**({"title": "T", "unit": "share"} | effect))
    given = {"cost": 46000.0, "effort_days": 15.0, "weeks": 8} | more
    return facts.OptionFact(
        rank=1, lever=lever, title=known.title, action=known.action, kind=known.kind, moves=["A"], finding="F", why="W",
        evidence=["E"], numbers={}, effect=told, **given,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An organisation whose plans for October 2026 propose one thing for each of two services; the third has no plan."""
    folder = tmp_path / "o"
    folder.mkdir()
    for name, text in (("workbook.yml", WORKBOOK), ("services.yml", SERVICES), ("objectives.yml", OBJECTIVES)):
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.setenv(places.REPORTS, str(tmp_path / "reports"))
    published = cycle_folder(tmp_path / "reports", "o", "2026-10")
    for service, one in (("pay", option("capacity", AWAY)), ("shop", option("one_owning_group", ESTIMATED))):
        samples.write_results(published, service, service, ["sla_attainment", "backlog", "reopen_rate", "availability"])
        told = facts.RecommendationFacts(options=[one], considered={})
        results.write(published, service, "2026-10", told)
    published.index.write_text("the portfolio", encoding="utf-8")
    return folder


def register_of(folder, service: str, text: str) -> None:
    (folder / "register").mkdir(exist_ok=True)
    (folder / "register" / f"{service}.yml").write_text(text, encoding="utf-8")


def test_a_proposal_becomes_an_action_with_its_measure(folder, capsys):
    cli_register.propose(str(folder), "2026-10")
    assert texts(folder) == {
        "pay.yml": (
            "actions:\n"
            "  - id: capacity\n"
            "    title: Bring arrivals and capacity back into balance\n"
            "    lever: capacity\n"
            "    evidence: [2026-10/5_recommendations#option-capacity]\n"
            "    measure: {kpi: backlog, baseline: 2025-10..2026-10, minimum: -34, cycles: 5, counter: [reopen_rate]}\n"
            "    cost: {once: [46000, 46000, 46000], effort_days: 15}\n"
            "    history:\n"
            "      - {on: 2026-11-01, state: proposed, by: plan 2026-10}\n"
        ),
        "shop.yml": (
            "actions:\n"
            "  - id: one-owning-group\n"
            "    title: Give each ticket one owning group from the start\n"
            "    lever: one_owning_group\n"
            "    evidence: [2026-10/5_recommendations#option-one_owning_group]\n"
            "    measure: {kpi: sla_attainment, baseline: 2025-10..2026-10, expect: [0.0928, 0.105, 0.118], minimum: 0.053, "
            "cycles: 5, counter: [reopen_rate]}\n"
            "    cost: {once: [46000, 46000, 46000], effort_days: 15}\n"
            "    history:\n"
            "      - {on: 2026-11-01, state: proposed, by: plan 2026-10}\n"
        ),
    }
    out = capsys.readouterr().out.splitlines()
    assert out == [
        "pay capacity: written as capacity", "shop one_owning_group: written as one-owning-group",
        "desk: no plan for October 2026 is published", "written: pay.yml, shop.yml",
    ]  # fmt: skip


def test_a_second_time_nothing_is_written_and_it_is_said_why(folder, capsys):
    cli_register.propose(str(folder), "2026-10")
    before = texts(folder)
    capsys.readouterr()
    cli_register.propose(str(folder), "2026-10", ["pay"])
    assert texts(folder) == before
    assert capsys.readouterr().out.splitlines() == [
        "pay capacity: not written: in the register already: capacity, proposed since 2026-11-01", "nothing written",
    ]  # fmt: skip


def test_the_plan_of_that_cycle_does_not_know_it_yet_and_the_next_one_does(folder):
    cli_register.propose(str(folder), "2026-10")
    (action,) = actions(folder)["pay"]
    assert register.standing(action, MONTH.end) is None
    assert register.standing(action, MONTH.shift(1).end).state == "proposed"


def test_it_serves_the_objectives_that_are_seen_by_its_measure(folder):
    (folder / "objectives.yml").write_text(
        OBJECTIVES.replace("[restore_median]", "[restore_median, backlog]"), encoding="utf-8"
    )
    cli_register.propose(str(folder), "2026-10")
    assert actions(folder)["pay"][0].objectives == ["work"] and actions(folder)["shop"][0].objectives == []


SHORT = "  - {{id: {id}, title: T, lever: capacity, state: {state}, raised: 2025-01-01{more}}}\n"


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (SHORT.format(id="rota", state="approved", more=""), "in the register already: rota, approved since 2025-01-01"),
        (
            "  - {id: rota, title: T, lever: capacity, history: [{on: 2025-01-01, state: proposed},\n"
            "      {on: 2025-02-01, state: postponed, reason: Later.}]}\n",
            "in the register already: rota, postponed since 2025-02-01",
        ),
        (
            SHORT.format(id="rota", state="rejected", more=", since: 2026-07-02, note: Too dear."),
            "rota was rejected on 2026-07-02: Too dear.",
        ),
        (
            "  - {id: rota, title: T, lever: capacity, history: [{on: 2025-01-01, state: proposed},\n"
            "      {on: 2026-11-03, state: withdrawn, reason: Nobody has time.}]}\n",
            "rota was withdrawn on 2026-11-03: Nobody has time.",
        ),
        (SHORT.format(id="rota", state="rejected", more=", since: 2026-06-30"), ""),
        (
            SHORT.format(id="rota", state="failed", more=", implemented: 2025-03-01"),
            "it did not work before: rota, failed on 2025-03-01",
        ),
        (SHORT.format(id="rota", state="verified", more=", implemented: 2025-03-01"), ""),
        (
            SHORT.format(id="rota", state="implemented", more=", implemented: 2025-03-01"),
            "rota, implemented on 2025-03-01 and not closed with a verdict yet",
        ),
        (
            "  - {id: rota, title: T, lever: capacity, history: [{on: 2025-01-01, state: in progress},\n"
            "      {on: 2025-02-01, state: implemented}, {on: 2025-09-01, state: closed, verdict: did not}]}\n",
            "it did not work before: rota, closed on 2025-09-01",
        ),
        (
            "  - {id: rota, title: T, lever: capacity, history: [{on: 2025-01-01, state: in progress},\n"
            "      {on: 2025-02-01, state: implemented}, {on: 2025-09-01, state: closed, verdict: worked}]}\n",
            "",
        ),
        ("  - {id: rota, title: T, lever: resilience, state: approved, raised: 2026-01-01}\n", ""),
    ],
)  # fmt: skip
def test_what_has_been_decided_on_is_not_proposed_again(folder, capsys, lines, why):
    register_of(folder, "pay", f"# Ours.\nactions:\n{lines}")
    cli_register.propose(str(folder), "2026-10", ["pay"])
    out, text = capsys.readouterr().out, texts(folder)["pay.yml"]
    assert (
        (f"pay capacity: not written: {why}" in out or f"not written: in the register as {why}" in out)
        if why
        else "written as" in out
    )
    assert text.startswith(f"# Ours.\nactions:\n{lines}") and ("plan 2026-10" in text) == (not why)


def test_an_id_that_an_earlier_action_has_gets_a_number(folder):
    lines = SHORT.format(id="capacity", state="verified", more="") + SHORT.format(
        id="capacity-2", state="verified", more=""
    )
    register_of(folder, "pay", f"actions:\n{lines}")
    cli_register.propose(str(folder), "2026-10")
    assert [one.id for one in actions(folder)["pay"]] == ["capacity", "capacity-2", "capacity-3"]


@pytest.mark.parametrize(
    ("effect", "expect", "minimum"),
    [
        (ESTIMATED, [0.0928, 0.105, 0.118], 0.053),
        (ESTIMATED | {"low": -0.01}, None, 0.053),
        (ESTIMATED | {"value": -0.1, "low": -0.2, "high": -0.05}, None, None),
        (ESTIMATED | {"basis": "distance", "low": None, "high": None, "goal": 0.85}, None, 0.053),
        (ESTIMATED | {"basis": "unknown"}, None, None),
        (None, None, None),
    ],
)  # fmt: skip
def test_a_promise_is_what_was_estimated_and_the_least_is_half_of_it(effect, expect, minimum):
    found = proposals.measure("sla_attainment", "up", "share", effect, MONTH, 12, 8, ["reopen_rate", "sla_attainment"])
    assert (found.get("expect"), found.get("minimum")) == (expect, minimum)
    assert found["counter"] == ["reopen_rate"]
    assert register.objections(
        register.Action.model_validate(
            proposals.proposal(option("capacity").model_dump(), MONTH, found, [], set()), strict=False
        )
    ) == []  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "weeks", "count"),
    [("month", 8, 5), ("month", 26, 9), ("month", None, 6), ("quarter", 8, 4), ("quarter", 26, 5), ("week", 8, 11)],
)
def test_it_is_judged_three_whole_cycles_after_it_shows(kind, weeks, count):
    assert proposals.enough(kind, weeks) == count


def test_the_baseline_begins_where_the_figures_do():
    assert proposals.measure("backlog", "down", "count", AWAY, MONTH, 5, 8, [])["baseline"] == "2026-05..2026-10"
    week = cycles.parse("2026-W03", "UTC")
    assert proposals.measure("backlog", "down", "count", AWAY, week, 40, 8, [])["baseline"] == "2025-W43..2026-W03"


def test_where_no_plan_is_published_it_is_said_and_nothing_is_written(folder):
    for cycle, service, words in (
        ("2026-09", None, "no plan for September 2026 is published in .*2026-09; run `sipnb run"),
        ("2026-10", ["desk"], "no plan of desk for October 2026 is published"),
        ("2026-10", ["dask"], "service 'dask' is not in services.yml; nearest valid name: desk"),
    ):
        with pytest.raises(WorkbookError, match=words):
            cli_register.propose(str(folder), cycle, service)
    assert not (folder / "register").exists()


def test_a_result_that_cannot_be_read_is_told_and_nothing_is_written(folder, tmp_path):
    cycle_folder(tmp_path / "reports", "o", "2026-10").result("shop", places.BASELINE).write_text("{", encoding="utf-8")
    with pytest.raises(WorkbookError, match="is not a result file"):
        cli_register.propose(str(folder), "2026-10")
    assert texts(folder) == {}


def test_what_a_lever_moves_and_what_may_not_suffer_are_kpis_and_not_the_same():
    for lever in catalogue.LEVERS.values():
        assert set(lever.moves) | set(lever.counter) <= set(catalogue.KPIS)
        assert (lever.counter or lever.id == "measuring") and not set(lever.counter) & {lever.moves[0]}
        assert all(catalogue.KPIS[name].good != "neutral" for name in lever.counter)


def test_who_and_when_are_said_when_it_is_accepted_and_it_can_be_approved_then(folder):
    cli_register.propose(str(folder), "2026-10")
    name = str(folder)
    verbs = {command.name: command.callback for command in cli_register.commands.registered_commands}
    with pytest.raises(WorkbookError, match="row|'approved' cannot follow 'proposed'"):
        verbs["approve"](name, "capacity", on=datetime(2026, 11, 9))
    with pytest.raises(WorkbookError, match="owner"):
        verbs["accept"](name, "capacity", on=datetime(2026, 11, 9), owner="  ")
    verbs["accept"](
        name, "capacity", on=datetime(2026, 11, 9), by="CIO", owner="Head", sponsor="CFO", due=datetime(2027, 3, 31)
    )
    verbs["approve"](name, "capacity", on=datetime(2026, 11, 10), owner="Lead")
    (action,) = actions(folder)["pay"]
    assert (action.owner, action.sponsor) == (None, None)
    stood = [register.standing(action, date(2026, 11, day)) for day in (9, 10, 11)]
    assert [(one.owner, one.sponsor, one.due) for one in stood] == [
        (None, None, None), ("Head", "CFO", date(2027, 3, 31)), ("Lead", "CFO", date(2027, 3, 31))
    ]  # fmt: skip
    assert (
        "{on: 2026-11-09, state: accepted, by: CIO, due: 2027-03-31, owner: Head, sponsor: CFO}"
        in texts(folder)["pay.yml"]
    )
    assert "{on: 2026-11-10, state: approved, owner: Lead}" in texts(folder)["pay.yml"]


@pytest.mark.slow
def test_by_the_command_line_on_published_plans(tmp_path, demo_published, demo_environment):
    folder = tmp_path / "demo"
    shutil.copytree(places.PARAMS / "demo", folder)
    environment = demo_environment | {places.REPORTS: str(demo_published.root.parents[1])}
    done = sipnb("register", "propose", folder, "--cycle", "2026-10", cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert "web-shop change_control-normal: not written: in the register already: release-rehearsal" in done.stdout
    assert "service-desk capacity: written as capacity" in done.stdout
    book = workbook.load(folder, reports=tmp_path)
    proposed = [
        one
        for service in book.services.values()
        for one in service.actions
        if one.history and one.history[0].by == "plan 2026-10"
    ]
    assert len(proposed) >= 5 and all(one.measure and one.measure.minimum and one.measure.counter for one in proposed)
    before = texts(folder)
    again = sipnb("register", "propose", folder, "--cycle", "2026-10", cwd=tmp_path, env=environment)
    assert again.stdout.endswith("nothing written\n") and texts(folder) == before
    done = sipnb("register", "propose", folder, "--cycle", "2026-09", cwd=tmp_path, env=environment)
    assert done.returncode == 2 and "no plan for September 2026 is published" in done.stderr
