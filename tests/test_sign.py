"""Signatures of plans: written by the command into the register, checked like all of it, and told by that plan alone."""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime
from pathlib import Path

import pytest

from sipnb import cli_register, places, workbook
from sipnb.chain import manifest
from sipnb.chapters import results
from sipnb.chapters.facts import DecisionFact, PlanFacts, VerdictFact
from sipnb.cli_register import Decided
from sipnb.places import CHAPTERS, PLAN, CycleFolder, cycle_folder
from sipnb.register import signing
from sipnb.validation import WorkbookError
from tests.inside import sipnb

CONTENT = "0123456789ab"
SIGNED = f"signatures:\n  - {{cycle: 2026-10, on: 2026-11-05, role: Head, decision: approved, content: {CONTENT}}}\n"


def planned(reports: Path, service: str, content: str = CONTENT, cycle: str = "2026-10") -> None:
    """A published plan that asks the role `Lead` for something."""
    folder = cycle_folder(reports, "org", cycle)
    folder.root.mkdir(parents=True, exist_ok=True)
    folder.index.write_text("index")
    asked = DecisionFact(id="one", kind="action", title="?", owner="Lead", due="2026-11-15", effect="", cost="", why="")
    verdict = VerdictFact(sentence="Bad.", tone="common", points=[], decisions=[asked])
    facts = PlanFacts(number=f"{service}-{cycle}".upper(), verdict=verdict, actions=[], closed=[], content=content)
    results.write(folder, service, cycle, facts)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """An organisation of three services, of which two have a published plan."""
    params = tmp_path / "org"
    params.mkdir()
    (params / "workbook.yml").write_text(
        "organisation: Org\nzone: Europe/Berlin\nsources: [{name: tickets, files: t.csv}]\n"
    )
    names = "".join(f"  {name}: {{name: {name.title()}, owner: Head}}\n" for name in ("pay", "shop", "mail"))
    (params / "services.yml").write_text(f"services:\n{names}")
    monkeypatch.setenv(places.REPORTS, str(tmp_path / "reports"))
    planned(tmp_path / "reports", "pay")
    planned(tmp_path / "reports", "shop", "aaaaaaaaaaaa")
    return params


def sign(folder: Path, role: str = "Head", on: str = "2026-11-05", **more) -> None:
    given = {"cycle": "2026-10", "service": ["pay"], **more}
    cli_register.sign(str(folder), role=role, on=datetime.fromisoformat(on), **given)


def text(folder: Path, service: str = "pay") -> str:
    return (folder / "register" / "signed" / f"{service}.yml").read_text(encoding="utf-8")


def test_a_signature_is_a_line_and_the_same_one_is_written_once(folder, capsys):
    sign(folder)
    assert text(folder) == SIGNED
    sign(folder, " head ")  # however it is written
    assert text(folder) == SIGNED and "which stands there already" in capsys.readouterr().out
    (folder / "register" / "signed" / "pay.yml").write_text("# Of the board.\n" + SIGNED + "# Until here.\n")
    sign(folder, "CIO", "2026-11-06", decision=Decided.CHANGES, note="P1: split it")
    assert text(folder).splitlines() == [
        "# Of the board.", *SIGNED.splitlines(),
        f"  - {{cycle: 2026-10, on: 2026-11-06, role: CIO, decision: changes, content: {CONTENT}, note: 'P1: split it'}}",
        "# Until here.",
    ]  # fmt: skip
    told = capsys.readouterr().out
    assert "by CIO, who is not among those asked (Head, Lead); written to" in told
    assert f"`sipnb run {folder} --cycle 2026-10 --service pay` lets the plan say so" in told
    # Who approves again after asking for changes on the same day is heard again.
    sign(folder, "CIO", "2026-11-06")
    sign(folder, "CIO", "2026-11-06", decision=Decided.CHANGES, note="P1: split it")
    assert len(workbook.load(folder, reports=folder).services["pay"].signatures) == 4


def test_a_meeting_signs_all_plans_that_are_published(folder, capsys):
    sign(folder, "Board", service=None, every=True)
    assert "content: aaaaaaaaaaaa" in text(folder, "shop") and "role: Board" in text(folder)
    assert "mail: no plan for October 2026 is published" in capsys.readouterr().out
    assert not (folder / "register" / "signed" / "mail.yml").exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"service": ["mail"]}, "no plan of mail for October 2026 is published"),
        ({"service": ["pay", "mail"]}, "run `sipnb run"),
        ({"cycle": "2026-09"}, "no plan for September 2026 is published"),
        ({"service": ["pai"]}, "nearest valid name: pay"),
        ({"service": None}, "say whose plan is signed: --service"),
        ({"every": True}, "say whose plan is signed"),
        ({"on": "2026-10-31"}, "--on 2026-10-31 is before 2026-11-01"),
        ({"role": " "}, "--as: ' ' is empty"),
        ({"decision": Decided.CHANGES}, "--note is missing; say what is to change"),
        ({"decision": Decided.REJECTED, "note": "  "}, "--note is missing; say why it was rejected"),
    ],
)
def test_what_cannot_be_signed_is_refused_and_nothing_is_written(folder, more, words):
    with pytest.raises(WorkbookError) as raised:
        sign(folder, **more)
    assert words in str(raised.value) and not (folder / "register" / "signed").exists()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("2026-11-05", "2026-10-31", "register/signed/pay.yml: signatures.0.on: 2026-10-31 is before 2026-11-01"),
        ("cycle: 2026-10", "cycle: 2026-13", "signatures.0.cycle:"),
        (CONTENT, "latest", "signatures.0.content: 'latest' is no plan's content; the section Approval of the plan names it"),
        ("approved", "aproved", "signatures.0.decision: 'aproved' is not allowed; nearest valid name: approved"),
        ("approved", "rejected", "signatures.0.note: is missing; say why it was rejected"),
        ("role: Head", "who: Head", "signatures.0.who: unknown key 'who'"),
        ("signatures:", "signed:", "unknown key 'signed'; nearest valid name: signatures"),
    ],
)  # fmt: skip
def test_by_hand_it_is_refused_with_its_file_and_its_place(folder, old, new, words):
    (folder / "register" / "signed").mkdir(parents=True)
    (folder / "register" / "signed" / "pay.yml").write_text(SIGNED.replace(old, new))
    with pytest.raises(WorkbookError) as raised:
        workbook.load(folder, reports=folder)
    assert words in str(raised.value)
    with pytest.raises(WorkbookError):  # nor is anything added to it
        sign(folder, "CIO")


def test_a_file_of_no_service_is_refused(folder):
    (folder / "register" / "signed").mkdir(parents=True)
    (folder / "register" / "signed" / "pai.yml").write_text(SIGNED)
    with pytest.raises(WorkbookError, match=r"register/signed/pai.yml: file name: 'pai' is not a service; nearest"):
        workbook.load(folder, reports=folder)


def test_of_a_plan_its_own_signatures_are_known_and_those_of_the_plan_before_until_its_cut_off(folder):
    book = workbook.load(folder, reports=folder)
    mark = {name: book.fingerprint("pay", book.cycle(name).end) for name in ("2026-10", "2026-11", "2026-12")}
    sign(folder)
    planned(folder.parent / "reports", "pay")
    sign(folder, "CIO", "2026-12-02")
    book = workbook.load(folder, reports=folder)
    every = book.services["pay"].signatures
    own, after = book.cycle("2026-10"), book.cycle("2026-11")
    assert [one.role for one in signing.of(every, own)] == ["Head", "CIO"] and signing.of(every, after) == []
    assert [one.role for one in signing.before(every, after)] == [
        "Head"
    ]  # of what came later the one after it does not tell
    marks = {
        name: signing.fingerprint(every, book.cycle(name)) for name in ("2026-09", "2026-10", "2026-11", "2026-12")
    }
    assert marks["2026-09"] == marks["2026-12"] == "" != marks["2026-10"] != marks["2026-11"] != ""
    # The parameters that all chapters are made of are the same.
    assert mark == {name: book.fingerprint("pay", book.cycle(name).end) for name in mark}


def test_what_is_signed_changes_the_plan_and_no_chapter_before_it():
    made = [
        manifest.Inputs("2026-10", "r", "p", dict.fromkeys(CHAPTERS, "n"), "c", signed=mark) for mark in ("", "one")
    ]
    assert [name for name in CHAPTERS if made[0].chapter(name) != made[1].chapter(name)] == [PLAN]
    assert made[1].changed({"made_of": made[0].parts}) == ["signatures"]


class Demo:
    """A copy of the demo and of what was published of it."""

    def __init__(self, base: Path, published: CycleFolder, data: Path, environment: dict[str, str]) -> None:
        self.params, self.reports, self.data, self.environment = base / "demo", base / "reports", data, environment
        shutil.copytree(places.PARAMS / "demo", self.params)
        shutil.copytree(published.root, self.reports / "demo" / "2026-10")

    def do(self, *told: object) -> str:
        where = ("--out", self.reports)
        more = ("--data", self.data, "--jobs", 1) if told[0] == "run" else ()
        done = sipnb(
            told[0], self.params, "--cycle", "2026-10", *told[1:], *where, *more, cwd=self.params, env=self.environment
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def published(self) -> CycleFolder:
        return cycle_folder(self.reports, "demo", "2026-10")

    def facts(self) -> PlanFacts:
        return results.read(self.published, "payments", PLAN)

    def states(self) -> dict[str, dict[str, str]]:
        services = json.loads(self.published.manifest.read_text())["services"]
        return {name: {key: at["state"] for key, at in one["chapters"].items()} for name, one in services.items()}


@pytest.mark.slow
def test_a_published_plan_says_that_it_was_signed_and_later_that_it_changed(
    tmp_path, demo_published, demo_exports, demo_environment
):
    demo = Demo(tmp_path, demo_published, demo_exports, demo_environment)
    before = demo.facts()
    assert (before.approval.status, before.approval.version) == ("for approval", 1)
    pages = {path.name: path.read_bytes() for path in demo.published.root.glob("*.html")}
    for role in before.approval.waiting:
        demo.do("sign", "--service", "payments", "--as", role, "--on", "2026-11-05")
    written = (demo.params / "register" / "signed" / "payments.yml").read_bytes()

    demo.do("run")
    ran = demo.states().pop("payments")
    assert {name for name, state in ran.items() if state == "succeeded"} == {PLAN, "render"}
    now = {path.name: path.read_bytes() for path in demo.published.root.glob("*.html")}
    # The portfolio leads to what is true of each plan, and says the same of all of them.
    assert {name for name in pages if pages[name] != now[name]} <= {
        "payments.html",
        "payments-evidence.html",
        "index.html",
    }
    facts = demo.facts()
    assert facts.content == before.content and facts.approval.status == "approved" and facts.approval.waiting == []
    page = demo.published.page("payments").read_text(encoding="utf-8")
    assert "approved by Head of Payments Operations on 5 November 2026" in page and '"status":"approved"' in page
    assert "all up to date" in demo.do("run")

    file = demo.params / "register" / "payments.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("in the evening", "by night"), encoding="utf-8")
    demo.do("run")
    facts = demo.facts()
    assert facts.content != before.content and (facts.approval.status, facts.approval.version) == ("changed since", 2)
    page = demo.published.page("payments").read_text(encoding="utf-8")
    assert "changed since" in page and f"content {before.content}, was approved by" in page
    assert written == (demo.params / "register" / "signed" / "payments.yml").read_bytes()
    assert date.fromisoformat(facts.approval.signatures[0].on) == date(2026, 11, 5)
