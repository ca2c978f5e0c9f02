"""What is chosen among the options of all services is known to their plans; only plans with another part run again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from estates import Estate, make_estate
from test_kills import content

from sipnb.chain import plans, services
from sipnb.chain.services import EVIDENCE_MADE

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
ADVICE, PLAN = CHAPTERS = ("5_recommendations", "6_plan")
ALL = ["broken", "identity", "payments"]

#: A service offers what stands in a file of the parameters; a note says that its chapters ran.
_OFFER = """
import json, os
from pathlib import Path

folder = Path(os.environ["SIPNB_CYCLE_FOLDER"]) / "results" / service
folder.mkdir(parents=True, exist_ok=True)
targets = (Path(os.environ["SIPNB_PARAMS"]) / "tiny" / "targets.yml").read_text()
target = [line for line in targets.splitlines() if service in line]
(folder / "5_recommendations.json").write_text(json.dumps({"service": service, "cycle": cycle, "offer": target}))
(folder / "1_review.json").write_text("{}")
"""
#: The service whose offer is the longest is chosen.
_CHOICE = """
import json, os
from pathlib import Path

root = Path(os.environ["SIPNB_CYCLE_FOLDER"])
made = sorted(root.glob("results/*/5_recommendations.json"))
offers = {path.parent.name: json.loads(path.read_text())["offer"] for path in made}
best = max(offers, key=lambda name: (float(offers[name][0].split()[-1].rstrip("}")), name))
folder = root / "results" / "_choice"
folder.mkdir(parents=True, exist_ok=True)
parts = {name: {"chosen": name == best} for name in offers}
(folder / "choice.json").write_text(json.dumps({"facts": {"parts": parts}}))
"""
_PLAN = """
import json, os
from pathlib import Path

root = Path(os.environ["SIPNB_CYCLE_FOLDER"])
made = root / "results" / "_choice" / "choice.json"
part = json.loads(made.read_text())["facts"]["parts"][service] if made.is_file() else None
(root / "results" / service / "6_plan.json").write_text(json.dumps({"service": service, "cycle": cycle, "part": part}))
"""


@pytest.fixture
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Estate:
    monkeypatch.setenv("PYTHONPATH", str(HERE))
    monkeypatch.setattr(services, "CHAPTERS", CHAPTERS)
    monkeypatch.setattr(plans, "CHAPTERS", CHAPTERS)
    return choosing(tmp_path)


def choosing(root: Path) -> Estate:
    made = make_estate(root)
    made.write(ADVICE, _OFFER)
    made.write(PLAN, _PLAN)
    made.write("choice", _CHOICE)
    made.write("portfolio", _PORTFOLIO)
    offer(made, broken=0.5, identity=0.7, payments=0.9)
    return made


_PORTFOLIO = """
import os
from pathlib import Path

folder = Path(os.environ["SIPNB_CYCLE_FOLDER"]) / "results" / "_portfolio"
folder.mkdir(parents=True, exist_ok=True)
(folder / "portfolio.json").write_text("{}")
"""


def offer(estate: Estate, **offers: float) -> None:
    lines = [f"  {name}: {{sla_attainment: {value}}}" for name, value in offers.items()]
    (estate.root / "tiny" / "targets.yml").write_text("\n".join(["services:", *lines]) + "\n")


def chosen(estate: Estate) -> list[str]:
    """The services whose plans say that they are chosen."""
    found = {name: json.loads(estate.folder.result(name, PLAN).read_text())["part"] for name in ALL}
    return [name for name, part in found.items() if part and part["chosen"]]


def states(estate: Estate, service: str) -> list[str]:
    return [one["state"] for one in estate.manifest()["services"][service]["chapters"].values()]


def ran(estate: Estate, kind: str = "service") -> list[str]:
    return sorted(event.service for event in estate.events if event.kind == kind)


def test_every_plan_knows_the_choice_and_each_chapter_runs_once(estate: Estate) -> None:
    assert estate.run().exit_code == 0
    assert chosen(estate) == ["payments"]
    assert ran(estate, "evidence") == ran(estate) == ALL
    assert all(states(estate, name) == ["succeeded"] * 3 for name in ALL)
    assert estate.manifest()["choice"]["status"] == "published"
    assert estate.folder.notebook("_choice", "choice").is_file()
    assert estate.run().statuses == dict.fromkeys(ALL, "up to date")
    assert estate.manifest()["choice"]["status"] == "up to date" and ran(estate, "evidence") == []


def test_only_plans_for_which_another_choice_is_made_run_again(estate: Estate) -> None:
    estate.run()
    before = {name: estate.folder.page(name).stat().st_mtime_ns for name in ALL}
    offer(estate, broken=0.5, identity=0.99, payments=0.9)
    told = {one.service: (one.runs, one.why) for one in estate.plan()}
    assert told["identity"] == (True, ("parameters",)) and told["payments"] == (False, (plans.MAY_CHANGE,))
    assert estate.run().statuses == {"broken": "up to date", "identity": "published", "payments": "published"}
    assert chosen(estate) == ["identity"]
    assert ran(estate, "evidence") == ["identity"] and ran(estate) == ["identity", "payments"]
    assert states(estate, "payments") == ["up to date", "succeeded", "succeeded"]
    assert estate.manifest()["services"]["payments"]["changed"] == ["choice"]
    assert estate.folder.page("broken").stat().st_mtime_ns == before["broken"]
    assert estate.run().statuses == dict.fromkeys(ALL, "up to date")


def test_the_budget_alone_makes_the_choice_anew_and_no_plan_that_keeps_its_part(estate: Estate) -> None:
    estate.run()
    (estate.root / "tiny" / "budget.yml").write_text("money: 10000.0\n")
    assert {one.why for one in estate.plan()} == {(plans.MAY_CHANGE,)}
    assert estate.run().statuses == dict.fromkeys(ALL, "up to date")
    assert estate.manifest()["choice"]["changed"] == ["parameters"]


def test_a_plan_that_was_not_asked_for_says_that_another_choice_was_made(estate: Estate) -> None:
    estate.run()
    offer(estate, broken=0.5, identity=0.99, payments=0.9)
    estate.run(["identity"])
    assert estate.manifest()["services"]["payments"]["stale"] == ["choice"]
    assert chosen(estate) == ["identity", "payments"]
    assert estate.run().statuses["payments"] == "published" and chosen(estate) == ["identity"]


def test_a_choice_that_fails_is_an_error_and_the_plans_are_made_without_it(estate: Estate) -> None:
    estate.write("choice", "raise ValueError('no such budget')")
    result = estate.run()
    assert result.exit_code == 3 and result.statuses == dict.fromkeys(ALL, "published")
    assert result.errors == ('all services 2026-10 choice.ipynb cell 4 "Choose a model": ValueError: no such budget',)
    assert chosen(estate) == [] and not estate.folder.result("_choice", "choice").exists()
    estate.write("choice", _CHOICE)
    assert estate.run().exit_code == 0 and chosen(estate) == ["payments"]
    assert states(estate, "identity") == ["up to date", "succeeded", "succeeded"]


def test_a_service_that_fails_offers_nothing(estate: Estate) -> None:
    estate.write(ADVICE, 'if service == "payments":\n    raise ValueError("no")\n' + _OFFER)
    result = estate.run()
    assert result.statuses == {"broken": "published", "identity": "published", "payments": "failed"}
    assert ran(estate) == ["broken", "identity"] and "failed" in estate.folder.page("payments").read_text()
    part = json.loads(estate.folder.result("identity", PLAN).read_text())["part"]
    assert part == {"chosen": True}


_KILLED = """
import os, sys
from pathlib import Path
from estates import Estate
from sipnb.chain import plans, publication, services

services.CHAPTERS = plans.CHAPTERS = ("5_recommendations", "6_plan")
original, left = publication.finished, [int(sys.argv[2])]

def counted(*args):
    original(*args)
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), 9)

publication.finished = counted
Estate(Path(sys.argv[1])).run(jobs=1)
"""


@pytest.mark.parametrize("after", [1, 3, 4, 6] if os.environ.get("SIPNB_FAULTS") else [1, 4])
def test_a_run_that_was_killed_goes_on_with_the_evidence_that_was_there(
    estate: Estate, tmp_path: Path, after: int
) -> None:
    """One, then all services have their evidence; one, then all have their plan."""
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, str(estate.root), str(after)], env=os.environ | {"PYTHONPATH": str(HERE)},
        timeout=120, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL and not estate.folder.index.exists()
    notes = [json.loads(path.read_text())["status"] for path in sorted(estate.folder.papers.glob("done/*.json"))]
    assert notes.count(EVIDENCE_MADE) == {1: 1, 3: 3, 4: 2, 6: 0}[after]
    assert estate.run().exit_code == 0
    assert len(ran(estate, "evidence")) == {1: 2}.get(after, 0)
    assert len(ran(estate)) == {1: 3, 3: 3, 4: 2, 6: 0}[after]
    other = choosing(tmp_path / "whole" if (tmp_path / "whole").mkdir() is None else tmp_path)
    assert other.run().exit_code == 0
    assert content(estate.folder.root) == content(other.folder.root)
    assert estate.run().statuses == dict.fromkeys(ALL, "up to date")
