"""Four cycles with one action, from a proposal to its close: by command and by hand it is the same register and the same plans,
every step is a line in Git, and what is decided later changes no earlier plan."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from sipnb import places, workbook
from sipnb.chapters import results
from sipnb.places import CycleFolder, cycle_folder
from sipnb.validation import read_yaml
from tests.test_cli import sipnb

pytestmark = [
    pytest.mark.slow,
    # Nine runs of the whole chain: what they rest on is tested by test_register_files and test_register_proposals.
    pytest.mark.skipif(not os.environ.get("SIPNB_FAULTS"), reason="tried by `make faults`"),
]

SERVICE = "workplace"
CYCLES = ("2026-07", "2026-08", "2026-09", "2026-10")
LEVER, ACTION = "one_owning_group", "one-owning-group"
#: What is done after each cycle: the command, and the line of its entry as somebody writes it by hand.
STEPS: dict[str, list[tuple[tuple[str, ...], str]]] = {
    "2026-07": [
        (
            ("accept", "--on", "2026-08-04", "--by", "Workplace Lead", "--owner", "Desk Lead", "--due", "2026-09-30"),
            '- {on: 2026-08-04, state: "accepted", owner: Desk Lead, by: Workplace Lead, due: 2026-09-30}',
        ),
        (("approve", "--on", "2026-08-06", "--by", "CIO"), "- {by: CIO, state: approved, on: 2026-08-06}  # at last"),
    ],
    "2026-08": [
        (("start", "--on", "2026-09-02"), "- on: 2026-09-02\n        state: 'in progress'"),
        (
            ("implement", "--on", "2026-09-14", "--reason", "Live: for all sites."),
            "# A week early.\n      - {on: 2026-09-14, state: implemented, reason: 'Live: for all sites.'}",
        ),
    ],
    "2026-09": [
        (
            ("note", "--on", "2026-10-05", "--owner", "Workplace Lead", "--spent", "1800"),
            "- {on: 2026-10-05, state: implemented, owner: Workplace Lead, spent: 1.8e3}",
        ),
    ],
    "2026-10": [
        (
            ("close", "--on", "2026-11-09", "--reason", "Teams were merged; it cannot be judged any more."),
            '- on: 2026-11-09\n        state: closed\n        reason: "Teams were merged; it cannot be judged any more."',
        ),
    ],
}  # fmt: skip
#: What each step may change in the file: a line more, of these words.
LINES = {
    "accept": "+      - {on: 2026-08-04, state: accepted, by: Workplace Lead, due: 2026-09-30, owner: Desk Lead}",
    "approve": "+      - {on: 2026-08-06, state: approved, by: CIO}",
    "start": "+      - {on: 2026-09-02, state: in progress}",
    "implement": "+      - {on: 2026-09-14, state: implemented, reason: 'Live: for all sites.'}",
    "note": "+      - {on: 2026-10-05, state: implemented, owner: Workplace Lead, spent: 1800}",
    "close": "+      - {on: 2026-11-09, state: closed, reason: Teams were merged; it cannot be judged any more.}",
}


class Organisation:
    """A copy of the demo in a repository of its own, with a folder for what is published."""

    def __init__(self, base: Path, data: Path, environment: dict[str, str]) -> None:
        self.params, self.reports, self.data = base / "demo", base / "reports", data
        self.environment = environment | {places.REPORTS: str(self.reports)}
        shutil.copytree(places.PARAMS / "demo", self.params)
        self.git("init", "-q")
        self.committed()

    @property
    def file(self) -> Path:
        return self.params / "register" / f"{SERVICE}.yml"

    def git(self, *arguments: str) -> str:
        told = {f"GIT_{who}_{what}": "nobody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        environment = os.environ | told | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        command = ["git", "-c", "core.autocrlf=false", *arguments]
        done = subprocess.run(command, cwd=self.params, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    def committed(self) -> list[str]:
        """Commit what was changed; the changed lines."""
        lines = [one for one in self.git("diff", "-U0").splitlines() if one.startswith(("+", "-"))]
        self.git("add", ".")
        self.git("commit", "-q", "--allow-empty", "-m", "A step")
        return [one for one in lines if not one.startswith(("+++", "---"))]

    def run(self, cycle: str, reports: Path | None = None, *more: str) -> str:
        """Run a cycle of the service; what it prints."""
        out = ("--out", reports or self.reports, "--data", self.data, "--jobs", 1)
        told = ("run", self.params, "--cycle", cycle, "--service", SERVICE, *out, *more)
        done = sipnb(*told, cwd=self.params, env=self.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def register(self, verb: str, *more: str, refused: bool = False) -> str:
        done = sipnb("register", verb, self.params, *more, cwd=self.params, env=self.environment)
        assert done.returncode == (2 if refused else 0), done.stderr
        return done.stderr if refused else done.stdout

    def published(self, cycle: str, reports: Path | None = None) -> CycleFolder:
        return cycle_folder(reports or self.reports, "demo", cycle)

    def actions(self) -> tuple:
        return workbook.load(self.params, reports=self.reports).service(SERVICE).actions


def contents(folder: CycleFolder) -> dict[str, bytes]:
    """All that was written for the service: its page, its results with their tables, its executed notebooks."""
    files = [folder.page(SERVICE), *(folder.root / "results" / SERVICE).iterdir()]
    files += (folder.root / "notebooks" / SERVICE).iterdir()
    return {path.relative_to(folder.root).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def by_command(tmp_path_factory, demo_exports, demo_environment):
    """The organisation after all cycles and steps, with what each step changed in its file, and the plans as they were then."""
    one = Organisation(tmp_path_factory.mktemp("command"), demo_exports, demo_environment)
    diffs: dict[str, list[str]] = {}
    then: dict[str, dict[str, bytes]] = {}
    for cycle, steps in STEPS.items():
        one.run(cycle)
        then[cycle] = contents(one.published(cycle))
        if cycle == CYCLES[0]:
            one.register("propose", "--cycle", cycle, "--service", SERVICE)
            diffs["propose"] = one.committed()
            told = one.register("propose", "--cycle", cycle, "--service", SERVICE)
            assert f"not written: in the register already: {ACTION}" in told and told.endswith("nothing written\n")
            diffs["propose again"] = one.committed()
        for (verb, *more), _ in steps:
            one.register(verb, ACTION, *more)
            diffs[verb] = one.committed()
    return one, diffs, then


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory, demo_exports, demo_environment, by_command):
    """The organisation with the same entries written by hand, all before its plans are made: each of them knows its time."""
    one = Organisation(tmp_path_factory.mktemp("hand"), demo_exports, demo_environment)
    (proposed,) = [action for action in read_yaml(by_command[0].file)["actions"] if action["id"] == ACTION]
    assert proposed.pop("history")[0] == {"on": date(2026, 8, 1), "state": "proposed", "by": "plan 2026-07"}
    out = io.StringIO()
    YAML(typ="safe", pure=True).dump(proposed, out)
    fields = "".join(f"    {line}\n" for line in out.getvalue().splitlines())
    entries = [
        "- {by: plan 2026-07, on: 2026-08-01, state: proposed}",
        *(line for steps in STEPS.values() for _, line in steps),
    ]
    typed = f"  # Proposed in July.\n  -{fields[3:]}    history:\n" + "".join(f"      {line}\n" for line in entries)
    one.file.write_text(one.file.read_text(encoding="utf-8") + "\n" + typed, encoding="utf-8")
    for cycle in CYCLES:
        one.run(cycle)
    return one


def test_each_step_is_lines_more_and_nothing_else(by_command):
    _, diffs, _ = by_command
    block = diffs.pop("propose")
    assert (
        block[0] == f"+  - id: {ACTION}" and block[-1] == "+      - {on: 2026-08-01, state: proposed, by: plan 2026-07}"
    )
    assert all(line.startswith("+") for line in block) and len(block) < 15
    assert diffs.pop("propose again") == []
    assert diffs == {verb: [line] for verb, line in LINES.items()}


def test_comments_and_what_others_wrote_stay(by_command):
    one, _, _ = by_command
    was = (places.PARAMS / "demo" / "register" / f"{SERVICE}.yml").read_text(encoding="utf-8")
    assert "    # Raised after the worst month" in was and one.file.read_text(encoding="utf-8").startswith(was)


def test_by_command_and_by_hand_are_the_same_register(by_command, by_hand):
    assert by_command[0].actions() == by_hand.actions() and len(by_hand.actions()[-1].history) == 7


@pytest.mark.parametrize("cycle", CYCLES)
def test_by_command_and_by_hand_are_the_same_plans_and_each_is_of_its_time(by_command, by_hand, cycle):
    then, now = by_command[2][cycle], contents(by_hand.published(cycle))
    assert [file for file in then.keys() | now.keys() if then.get(file) != now.get(file)] == []


def test_an_earlier_plan_made_again_today_is_the_same(by_command, tmp_path):
    one, _, then = by_command
    one.run(CYCLES[0], tmp_path)
    assert contents(one.published(CYCLES[0], tmp_path)) == then[CYCLES[0]]


@pytest.mark.parametrize("cycle", CYCLES)
def test_an_earlier_plan_is_up_to_date_where_it_was_published(by_command, cycle):
    one, _, then = by_command
    out = ("--data", one.data, "--service", SERVICE)
    done = sipnb("plan", one.params, "--cycle", cycle, *out, cwd=one.params, env=one.environment)
    assert done.returncode == 0 and done.stdout.split()[1:] == ["up", "to", "date"] * 2, done.stdout
    told = one.run(cycle)
    assert "all up to date" in told and f"{SERVICE}: published" not in told
    assert contents(one.published(cycle)) == then[cycle]


def test_each_plan_says_how_the_action_stood(by_command):
    one, _, _ = by_command
    told = []
    for cycle in CYCLES:
        reviewed = results.read(one.published(cycle), SERVICE, places.REVIEW).actions
        told += [(a.state, a.owner, a.due, a.implemented, a.cost) for a in reviewed if a.id == ACTION] or [None]
    assert told == [
        None,
        ("approved", "Desk Lead", "2026-09-30", None, None),
        ("implemented", "Desk Lead", "2026-09-30", "2026-09-14", None),
        ("implemented", "Workplace Lead", "2026-09-30", "2026-09-14", 1800.0),
    ]


def test_the_last_review_says_what_can_be_said_of_it(by_command):
    one, _, _ = by_command
    reviewed = results.read(one.published(CYCLES[-1]), SERVICE, places.REVIEW).actions
    (outcome,) = [action.outcome for action in reviewed if action.id == ACTION]
    assert (outcome.status, outcome.age) == ("too early", 1) and outcome.next > CYCLES[-1]
    page = one.published(CYCLES[-1]).page(SERVICE).read_text(encoding="utf-8")
    assert "Give each ticket one owning group" in page and "too early" in page


def test_an_action_is_closed_with_a_verdict_or_a_reason_and_not_without(by_command, tmp_path):
    one, _, _ = by_command
    assert one.git("show", "HEAD~1:register/workplace.yml").count("state: closed") == 0
    shutil.copytree(one.params, tmp_path / "demo")
    other = tmp_path / "demo"
    path = other / "register" / f"{SERVICE}.yml"
    path.write_text(one.git("show", f"HEAD~1:register/{SERVICE}.yml"), encoding="utf-8")
    before = path.read_bytes()
    done = sipnb("register", "close", other, ACTION, "--on", "2026-11-09", cwd=tmp_path)
    assert done.returncode == 2 and "close with worked, did not or inconclusive, or give a `reason`" in done.stderr
    assert path.read_bytes() == before
    done = sipnb("register", "close", other, ACTION, "--on", "2026-11-09", "--verdict", "inconclusive", cwd=tmp_path)
    assert done.returncode == 0 and "{on: 2026-11-09, state: closed, verdict: inconclusive}" in path.read_text(
        encoding="utf-8"
    )


def test_what_was_rejected_is_not_proposed_again_and_the_plan_says_so(by_command, tmp_path):
    """From the register as it was when the first plan had proposed the action; rejected instead of accepted."""
    one, _, _ = by_command
    (proposed,) = [line.split()[0] for line in one.git("log", "--reverse", "--format=%H").splitlines()[1:2]]
    other = Organisation.__new__(Organisation)
    other.params, other.reports, other.data, other.environment = (
        tmp_path / "demo",
        one.reports,
        one.data,
        one.environment,
    )
    shutil.copytree(one.params, other.params)
    other.git("checkout", "-q", proposed, "--", "register")
    other.committed()
    other.register("reject", ACTION, "--on", "2026-08-05", "--reason", "Teams are being merged.")
    assert other.committed() == ["+      - {on: 2026-08-05, state: rejected, reason: Teams are being merged.}"]
    offered = []
    for cycle in CYCLES[1:]:
        told = other.register("propose", "--cycle", cycle, "--service", SERVICE)
        mine = [line for line in told.splitlines() if line.startswith(f"{SERVICE} {LEVER}:")]
        assert set(mine) <= {
            f"{SERVICE} {LEVER}: not written: {ACTION} was rejected on 2026-08-05: Teams are being merged."
        }
        offered += mine
        other.git("checkout", "-q", "--", ".")  # what else that plan proposes
    assert offered
    other.run(CYCLES[1], tmp_path / "reports")
    published = other.published(CYCLES[1], tmp_path / "reports")
    (option,) = [o for o in results.read(published, SERVICE, places.RECOMMENDATIONS).options if o.lever == LEVER]
    assert not option.asked and "rejected" in option.registered and "Teams are being merged" in option.registered
    assert "Teams are being merged" in published.page(SERVICE).read_text(encoding="utf-8")
