"""Only what changed runs again, whatever was killed is made up for, and no unit needs another service's records."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from estates import CHAPTERS, Estate
from test_run import snapshot

from sipnb.chain import manifest, unit, workers
from sipnb.chain.warm.fork_server import NotPossible
from sipnb.chain.workers import LocalExecutor
from sipnb.places import CHAPTERS as ALL_CHAPTERS
from sipnb.places import NOTEBOOKS, PARAMS, CycleFolder

GOOD = ["identity", "payments"]
FIRST, SECOND = CHAPTERS


def chapter_states(estate: Estate, service: str) -> dict[str, str]:
    return {name: one["state"] for name, one in estate.manifest()["services"][service]["chapters"].items()}


def ran(estate: Estate) -> list[str]:
    return [event.service for event in estate.events if event.kind == "service"]


def edit(path: Path, old: str, new: str) -> None:
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new))


def test_a_changed_notebook_runs_with_what_its_result_changes(estate: Estate) -> None:
    assert estate.run(GOOD).exit_code == 0
    before = snapshot(estate.folder.root)

    edit(estate.notebooks / f"{SECOND}.ipynb", "# A chapter", "# Another title")
    assert {p.why for p in estate.plan(GOOD)} == {(f"notebook {SECOND}",)}
    estate.run(GOOD)
    assert chapter_states(estate, "payments") == {FIRST: "up to date", SECOND: "succeeded", "render": "succeeded"}
    kept = f"notebooks/payments/{FIRST}.ipynb"
    assert snapshot(estate.folder.root)[kept][0] == before[kept][0]
    assert estate.run(GOOD).statuses == dict.fromkeys(GOOD, "up to date")

    # Another text, the same result: nothing after it can differ.
    edit(estate.notebooks / f"{FIRST}.ipynb", "# A chapter", "# Another title")
    estate.run(GOOD)
    assert chapter_states(estate, "payments") == {FIRST: "succeeded", SECOND: "up to date", "render": "succeeded"}

    # Another result: everything after it runs.
    edit(estate.notebooks / f"{FIRST}.ipynb", 'json.dumps({\\"service', 'json.dumps({\\"more\\": 1, \\"service')
    estate.run(GOOD)
    assert chapter_states(estate, "payments") == {FIRST: "succeeded", SECOND: "succeeded", "render": "succeeded"}


def test_what_took_long_is_remembered_where_it_is_taken_over(estate: Estate) -> None:
    estate.run(["payments"])
    first = estate.manifest()["services"]["payments"]
    edit(estate.notebooks / f"{SECOND}.ipynb", "# A chapter", "# Another title")
    estate.run(["payments"])
    second = estate.manifest()["services"]["payments"]
    assert second["chapters"][FIRST]["seconds"] == first["chapters"][FIRST]["seconds"] > 0
    assert second["took"] == pytest.approx(sum(one["seconds"] for one in second["chapters"].values()))


def test_a_target_runs_its_service_and_a_record_runs_its_service(estate: Estate) -> None:
    estate.run(GOOD)
    (estate.root / "tiny" / "targets.yml").write_text("services:\n  identity: {sla_attainment: 0.9}\n")
    done = estate.run(GOOD)
    assert (ran(estate), done.portfolio) == (["identity"], "published")

    with (estate.root / "tiny" / "tickets.csv").open("a") as tickets:
        tickets.write("pa99,payments,incident,2026-10-20T08:00:00Z,\n")
    assert estate.run(GOOD).statuses == {"identity": "up to date", "payments": "published"}
    assert ran(estate) == ["payments"]


def test_a_page_that_was_lost_is_rendered_and_no_chapter_runs(estate: Estate) -> None:
    estate.run(["payments"])
    before = snapshot(estate.folder.root)
    estate.folder.page("payments").unlink()
    estate.run(["payments"])
    assert chapter_states(estate, "payments") == {FIRST: "up to date", SECOND: "up to date", "render": "succeeded"}
    assert {k: v[0] for k, v in snapshot(estate.folder.root).items()} == {k: v[0] for k, v in before.items()}


def test_the_plan_of_the_cycle_before_is_an_input(estate: Estate) -> None:
    estate.run(["payments"])
    earlier = CycleFolder(estate.folder.root.with_name("2026-09")).result("payments", "2_baseline")
    earlier.parent.mkdir(parents=True)
    earlier.write_text("{}")
    assert [planned.why for planned in estate.plan(GOOD)] == [("first run",), ("cycle before",)]


_KILLED = """
import os, sys
from pathlib import Path
from estates import CHAPTERS, Estate
from sipnb.chain import plans, run as runs, services

services.CHAPTERS = plans.CHAPTERS = CHAPTERS

def kill(event):
    if event.kind == "service":
        os.kill(os.getpid(), 9)

Estate(Path(sys.argv[1])).run(["broken", "identity", "payments"], jobs=1, progress=kill)
"""


def test_a_run_after_a_crash_goes_on_where_it_stopped(estate: Estate) -> None:
    names = ["broken", *GOOD]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run([sys.executable, "-c", _KILLED, str(estate.root)], env=environment, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL
    building = estate.folder.root.with_name(".2026-10.building")
    assert building.exists() and not estate.folder.index.exists()
    (finished,) = building.glob("*.html")

    result = estate.run(names)
    assert result.statuses == dict.fromkeys(names, "published")
    assert sorted([*ran(estate), finished.stem]) == names
    assert "frozen by the run before" in estate.events[0].message
    assert not building.exists()
    gone_on = {file: content for file, (content, _) in snapshot(estate.folder.root).items()}
    estate.run(names, force=True, refreeze=True)
    assert gone_on == {file: content for file, (content, _) in snapshot(estate.folder.root).items()}
    assert estate.run(names).statuses == dict.fromkeys(names, "up to date")


def test_what_a_killed_run_had_finished_is_not_taken_where_it_is_no_longer_true(estate: Estate) -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    subprocess.run([sys.executable, "-c", _KILLED, str(estate.root)], env=environment, timeout=120, check=False)
    (finished,) = estate.folder.root.with_name(".2026-10.building").glob("*.html")
    (estate.root / "tiny" / "targets.yml").write_text(f"services:\n  {finished.stem}: {{sla_attainment: 0.9}}\n")
    estate.run(["broken", *GOOD])
    assert sorted(ran(estate)) == ["broken", *GOOD]


def test_a_unit_that_was_killed_once_is_tried_again(estate: Estate) -> None:
    marker = estate.root / "killed"
    estate.trouble(
        f"import os, pathlib, time\nmarker = pathlib.Path({str(marker)!r})\n"
        "if not marker.exists():\n    marker.touch()\n    os.kill(os.getppid(), 9)\n    time.sleep(60)"
    )
    result = estate.run(["broken", "payments"])
    assert marker.exists()
    assert result.statuses == {"broken": "published", "payments": "published"}


def test_the_loss_of_the_process_that_forks_costs_nothing_but_time(estate: Estate) -> None:
    marker = estate.root / "killed"
    estate.trouble(
        f"import os, pathlib, psutil, time\nmarker = pathlib.Path({str(marker)!r})\n"
        "if not marker.exists():\n    marker.touch()\n    psutil.Process(os.getppid()).parent().kill()\n    time.sleep(60)",
        FIRST,
    )
    result = estate.run(["broken", *GOOD])
    assert marker.exists()
    assert result.statuses == {"broken": "published", "identity": "published", "payments": "published"}
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(estate.root) in " ".join(p.info["cmdline"] or [])]


def test_where_forking_is_not_possible_kernels_are_started_and_the_run_says_so(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise NotPossible("a library that was imported started a thread")

    monkeypatch.setattr(workers, "ForkServer", refuse)
    result = estate.run(["payments"])
    assert result.statuses == {"payments": "published"}
    assert [e.message for e in estate.events if e.kind == "engine"] == [
        "kernels are started one by one: a library that was imported started a thread"
    ]


def test_both_engines_publish_the_same_bytes(estate: Estate) -> None:
    estate.run(GOOD, engine="warm")
    warm = {file: content for file, (content, _) in snapshot(estate.folder.root).items()}
    estate.run(GOOD, engine="stock", force=True)
    assert {file: content for file, (content, _) in snapshot(estate.folder.root).items()} == warm


def test_no_chapter_needs_the_records_of_another_service(
    demo_book, demo_cycle, demo_records, demo_published, tmp_path: Path
) -> None:
    """All of them, run where there are no records but those of their service, give what is published, run among all."""
    alone = CycleFolder(tmp_path / "alone")
    shutil.copytree(demo_records, alone.records)
    for partition in alone.records.glob("*/service=*"):
        if partition.name != "service=payroll":
            shutil.rmtree(partition)
    spec = unit.Spec(
        service="payroll", cycle=demo_cycle.name, building=str(alone.root), published=str(tmp_path / "published"),
        chapters=tuple(unit.Chapter(c, str(NOTEBOOKS / f"{c}.ipynb"), "", {}) for c in ALL_CHAPTERS),
        parameters={"workbook": "demo", "service": "payroll", "cycle": demo_cycle.name},
        status=str(alone.root / "status.json"), limit=300,
        environment=unit.environment(alone.root, tmp_path / "papers", PARAMS, demo_book.data, demo_book.reports),
    )  # fmt: skip
    with LocalExecutor(1, "warm", tmp_path / "papers") as workers:
        (outcome,) = workers.work([spec])
    assert outcome.trouble is None, outcome.line()
    told = [
        {
            p.relative_to(folder.root).as_posix(): p.read_bytes()
            for p in folder.root.rglob("*")
            if p.parts[-3] in ("results", "notebooks") and p.parts[-2] == "payroll"
        }
        for folder in (alone, demo_published)
    ]
    assert told[0] == told[1] and len(told[0]) > 10
    assert json.loads(told[0]["results/payroll/2_baseline.json"])["facts"]["flow"]["opened"] > 0


def test_files_that_nobody_touched_are_not_read_again(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    estate.run(GOOD)
    for file in estate.folder.root.rglob("*"):  # as if it had been a while ago
        os.utime(file, ns=(10**18, 10**18))
    estate.run(GOOD)
    read: list[Path] = []
    whole = manifest.content_hash
    monkeypatch.setattr(manifest, "content_hash", lambda path: read.append(path) or whole(path))
    assert estate.run(GOOD).statuses == dict.fromkeys(GOOD, "up to date")
    inside = [p for p in read if p.is_relative_to(estate.folder.root) and "payments" in str(p)]
    assert not inside

    # The same size, other bytes: its time tells.
    page = estate.folder.page("payments")
    page.write_text(page.read_text().replace("plan", "plot"))
    assert estate.plan(GOOD)[1].why == ("its files are not those that were published",)
    record = next(estate.folder.records.glob("tickets/service=payments/*"))
    record.write_bytes(record.read_bytes()[:-1] + b"x")
    assert "records" in estate.plan(GOOD)[1].why
