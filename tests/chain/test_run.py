from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import filelock
import psutil
import pytest
from estates import PAGES, Estate, make_estate
from rendering import render_some

from sipnb import workbook as workbooks
from sipnb.chain import lock, workers
from sipnb.chain.parameters import ParameterError
from sipnb.chain.progress import Event
from sipnb.records.prepare import GateStopped
from sipnb.records.sources import MissingInput
from sipnb.workbook import WorkbookError


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(p.relative_to(folder)): (p.read_bytes(), p.stat().st_mtime_ns)
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "run.json"
    }


def alive(process: int) -> bool:
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_one_service_fails_and_the_others_are_published(estate: Estate) -> None:
    estate.folder.root.mkdir(parents=True)
    estate.folder.page("broken").write_text("an old plan")
    old = estate.folder.result("broken", "1_review")
    old.parent.mkdir(parents=True)
    old.write_text("{}")
    leftover = estate.folder.root.with_name(".2026-10.building")
    leftover.mkdir()
    (leftover / "identity.html").write_text("of a crashed run")
    estate.trouble("raise ValueError('no model fits')")

    result = estate.run()

    assert result.exit_code == 3
    assert result.statuses == {"broken": "failed", "identity": "published", "payments": "published"}
    partial = estate.folder.notebook("broken", "4_forecast")
    assert result.errors == (
        'broken 2026-10 4_forecast.ipynb cell 4 "Choose a model": ValueError: no model fits '
        f"(partial notebook: {partial})",
    )
    assert estate.folder.page("payments").read_text() == "plan of payments"
    assert estate.folder.page("broken").read_text() == "broken failed: ValueError: no model fits"
    assert not old.parent.exists()
    last = json.loads(partial.read_text())["cells"][-1]
    assert last["metadata"]["papermill"]["status"] == "failed"
    told = json.loads(estate.folder.result("_portfolio", "portfolio").read_text())
    assert told == {"statuses": dict(result.statuses), "counted": ["identity", "payments"]}
    assert not leftover.exists()
    manifest = estate.manifest()
    chapters = manifest["services"]["broken"]["chapters"]
    assert chapters["4_forecast"]["cell"] == 4
    # It ran, but nobody finds what it worked out: the manifest does not say that it succeeded.
    assert {name: one["state"] for name, one in chapters.items()} == {
        "1_review": "withdrawn", "4_forecast": "failed", "render": "skipped",
    }  # fmt: skip
    assert manifest["services"]["payments"]["changed"] == ["first run"]
    assert manifest["services"]["payments"]["output"] == "new"
    assert str(estate.root) not in estate.folder.manifest.read_text()
    assert [event.kind for event in estate.events] == ["frozen", *["service"] * 3, "portfolio", "published"]


def test_a_second_run_makes_only_what_is_out_of_date(estate: Estate) -> None:
    good = ["identity", "payments"]
    assert [(p.runs, p.why) for p in estate.plan(good)] == [(True, ("first run",))] * 2
    assert not estate.folder.root.exists()
    assert estate.run(good).exit_code == 0
    before, hashes = snapshot(estate.folder.root), estate.manifest()["services"]["payments"]["hashes"]

    assert [(p.runs, p.why) for p in estate.plan(good)] == [(False, ("up to date",))] * 2
    second = estate.run(good)
    assert (second.portfolio, set(second.statuses.values())) == ("up to date", {"up to date"})
    assert snapshot(estate.folder.root) == before

    forced = estate.run(["payments"], force=True)
    assert forced.statuses == {"payments": "published"}
    entry = estate.manifest()["services"]["payments"]
    assert (entry["output"], entry["changed"], entry["hashes"]) == ("identical", [], hashes)
    assert estate.manifest()["services"]["identity"]["status"] == "up to date"

    estate.folder.page("payments").write_text("edited by hand")
    services = estate.root / "tiny" / "services.yml"
    services.write_text(services.read_text().replace("name: Identity, owner: Ann", "name: Identity, owner: Bob"))
    why = {planned.service: planned.why for planned in estate.plan(good)}
    assert why == {"identity": ("parameters",), "payments": ("its files are not those that were published",)}

    with (estate.root / "tiny" / "tickets.csv").open("a") as tickets:
        tickets.write("pa99,payments,incident,2026-10-20T08:00:00Z,\n")
    assert {planned.why for planned in estate.plan(good)} == {("records",)}
    estate.run(["payments"])
    assert estate.manifest()["services"]["payments"]["changed"] == ["records"]
    # Not asked for: identity is still what it was, and the manifest says that it is no longer what it would be. Its own
    # records did not change.
    assert estate.manifest()["services"]["identity"]["changed"] == ["parameters"]


def test_damaged_frozen_records_fail_their_service_only(estate: Estate) -> None:
    assert estate.run(["payments"]).exit_code == 0
    (damaged,) = estate.folder.records.glob("tickets/service=broken/*.parquet")
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    estate.trouble(
        "import os\nfrom pathlib import Path\nfrom sipnb.records.frozen import Records\n"
        "Records(Path(os.environ['SIPNB_CYCLE_FOLDER']) / 'records', service).tickets",
        "1_review",
    )
    result = estate.run(["broken", "payments"])
    assert result.statuses == {"broken": "failed", "payments": "published"}
    assert "1_review.ipynb cell 4" in result.errors[0] and "DamagedRecords: frozen records are" in result.errors[0]
    assert estate.manifest()["services"]["payments"]["changed"] == ["notebook 1_review"]


def test_a_killed_unit_is_errored_and_the_others_are_published(estate: Estate) -> None:
    estate.trouble("import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(60)")
    result = estate.run(["broken", "payments"])
    assert result.statuses == {"broken": "errored", "payments": "published"}
    assert result.errors[0].startswith("broken 2026-10 4_forecast.ipynb: the process that ran it was killed (signal 9)")
    assert estate.folder.page("broken").read_text().startswith("broken failed")


def test_a_unit_that_hangs_is_killed_with_its_kernel(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "GRACE", 1.0)
    pids = estate.root / "kernel"
    # Stopped, a unit cannot keep its own limit.
    estate.trouble(
        f"import os, signal, time\nopen({str(pids)!r}, 'w').write(str(os.getpid()))\n"
        "os.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(60)",
        "1_review",
    )
    result = estate.run(["broken"], chapter_limit=6)
    assert result.statuses == {"broken": "errored"}
    assert "was ended by this run, because nothing was heard of it for 7 s" in result.errors[0]
    assert not alive(int(pids.read_text()))


def test_a_page_that_cannot_be_rendered_is_a_failed_service(estate: Estate) -> None:
    result = estate.run(["broken", "payments"], pages=replace(PAGES, plan=render_some))
    assert result.statuses == {"broken": "failed", "payments": "published"}
    assert result.errors == ("broken 2026-10 page: TypeError: no such figure",)
    assert estate.folder.page("broken").read_text() == "broken failed: TypeError: no such figure"


def test_a_failed_portfolio_leaves_no_index_that_looks_fresh(estate: Estate) -> None:
    estate.folder.root.mkdir(parents=True)
    estate.folder.index.write_text("an old index")
    estate.write("portfolio", "raise ValueError('no budget')")
    result = estate.run(["payments"])
    assert (result.exit_code, result.portfolio, result.statuses) == (3, "failed", {"payments": "published"})
    assert result.errors[0].startswith('portfolio 2026-10 portfolio.ipynb cell 4 "Choose a model": ValueError')
    assert estate.folder.index.read_text() == "_portfolio failed: ValueError: no budget"
    assert not (estate.folder.root / "_portfolio.html").exists()


def test_an_interrupted_run_keeps_what_is_done_and_leaves_no_process(estate: Estate) -> None:
    marker = estate.root / "hangs"
    marker.touch()
    estate.trouble(f"import os, time\nwhile os.path.exists({str(marker)!r}):\n    time.sleep(0.1)", "1_review")

    def interrupt(event: Event) -> None:
        if event.kind == "service":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        estate.run(["broken", "payments"], progress=interrupt)
    assert not list(estate.folder.root.iterdir()), "half a cycle is not published"
    assert not [p for p in Path("/proc").glob("[0-9]*/cmdline") if str(estate.root) in _text(p)]

    marker.unlink()
    assert estate.run(["broken", "payments"]).exit_code == 0
    assert [e.service for e in estate.events if e.kind == "service"] == ["broken"], "payments was finished"
    assert {path.name for path in estate.folder.root.parent.iterdir()} == {
        "2026-10",
        ".2026-10.files.json",
        ".2026-10.lock",
    }


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def test_another_run_of_the_cycle_is_refused(estate: Estate) -> None:
    estate.folder.papers.mkdir(parents=True)
    estate.folder.root.mkdir()
    lock.sign(estate.folder)
    with filelock.FileLock(estate.folder.root.with_name(".2026-10.lock")), pytest.raises(lock.Locked) as error:
        estate.run()
    assert f"(process {os.getpid()})" in str(error.value)
    assert estate.folder.papers.exists()


def test_a_run_whose_lock_was_removed_is_still_not_disturbed(estate: Estate) -> None:
    code = "import sys, time\nfrom sipnb.chain import lock\nfrom sipnb.places import CycleFolder\nfrom pathlib import Path\n"
    code += "folder = CycleFolder(Path(sys.argv[1]))\nfolder.papers.mkdir(parents=True)\nlock.sign(folder)\n"
    code += "print('signed', flush=True)\ntime.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", code, str(estate.folder.root)], stdout=subprocess.PIPE)
    try:
        assert other.stdout.readline() == b"signed\n"
        with pytest.raises(lock.Locked, match=rf"\(process {other.pid}\) .* its lock is gone"):
            estate.run()
    finally:
        other.kill()
        other.wait()
    assert estate.run(["payments"]).exit_code == 0


def test_the_plans_of_an_organisation_of_the_same_name_are_not_replaced(estate: Estate) -> None:
    assert estate.run(["payments"]).exit_code == 0
    before = snapshot(estate.folder.root)
    elsewhere = estate.root / "elsewhere"
    shutil.copytree(estate.root / "tiny", elsewhere / "tiny")
    services = elsewhere / "tiny" / "services.yml"
    services.write_text(services.read_text().replace("payments:", "wages:"))
    settings = elsewhere / "tiny" / "workbook.yml"
    settings.write_text(settings.read_text().replace("organisation: Tiny", "organisation: Other"))
    other = workbooks.load(elsewhere / "tiny", reports=estate.root / "reports")
    with pytest.raises(
        WorkbookError, match="holds the plans of another organisation, 'Tiny'; choose another folder by --out"
    ):
        estate.run(None, workbook=other)
    assert snapshot(estate.folder.root) == before
    settings.write_text(settings.read_text().replace("organisation: Other", "organisation: Tiny"))
    services.write_text(services.read_text().replace("wages:", "payments:"))
    moved = workbooks.load(elsewhere / "tiny", reports=estate.root / "reports")
    assert estate.run(["payments"], workbook=moved).exit_code == 0, "it may move"


def test_wrong_parameters_stop_before_anything_starts(tmp_path: Path, fixtures: Path) -> None:
    estate = make_estate(tmp_path)
    wrong = (fixtures / "unknown_parameter.ipynb").read_text()
    (estate.notebooks / "4_forecast.ipynb").write_text(wrong)
    with pytest.raises(ParameterError, match=r"4_forecast\.ipynb: takes no parameter 'service'"):
        estate.run()
    with pytest.raises(ParameterError):
        estate.plan()
    assert not (tmp_path / "reports").exists()


def test_an_unknown_service_is_named_with_the_nearest_one(estate: Estate) -> None:
    with pytest.raises(WorkbookError, match="nearest valid name: payments"):
        estate.run(["paymets"])


def test_missing_input_and_a_stopped_gate_leave_the_published_cycle_alone(estate: Estate) -> None:
    estate.folder.root.mkdir(parents=True)
    estate.folder.page("payments").write_text("the last good plan")
    tickets = estate.root / "tiny" / "tickets.csv"
    tickets.write_text(tickets.read_text().replace(",incident,", ",nonsense,"))
    with pytest.raises(GateStopped):
        estate.run()
    tickets.unlink()
    with pytest.raises(MissingInput):
        estate.run()
    assert estate.folder.page("payments").read_text() == "the last good plan"
    assert not estate.folder.root.with_name(".2026-10.building").exists()
