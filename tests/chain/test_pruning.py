"""What is old is removed, and nothing else: pages stay, a run that goes on is left alone, a later run says what is missing."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from datetime import date

import filelock
import pytest
from estates import PAGES, Estate

from sipnb import doctor
from sipnb.chain import pruning
from sipnb.chain.surroundings import inherited
from sipnb.places import CycleFolder
from sipnb.records.frozen import PRUNED
from sipnb.records.sources import MissingInput
from tests.conftest import REPOSITORY
from tests.test_cli import sipnb

#: The command line of this checkout; units of these tests look elsewhere.
OWN = os.environ | {"PYTHONPATH": str(REPOSITORY)}


def keep(estate: Estate, what: str) -> None:
    with (estate.root / "tiny" / "workbook.yml").open("a") as file:
        file.write(f"retention: {what}\n")


def prune(estate: Estate, today: date) -> list[tuple[str, str]]:
    book = estate.load()
    return [(one.what, why) for one, why in pruning.prune(book, pruning.due(book, today), today)]


def test_records_are_removed_when_they_are_old_and_pages_stay_and_a_run_says_so(estate: Estate) -> None:
    keep(estate, "{records: 13 months}")
    assert estate.run(pages=PAGES).exit_code == 0
    pages = {
        path: path.read_bytes()
        for path in estate.folder.root.rglob("*")
        if path.is_file() and "records" not in path.parts
    }
    assert prune(estate, date(2027, 11, 30)) == [] and (estate.folder.records / "quarantine.parquet").is_file()
    assert prune(estate, date(2027, 12, 1)) == [("frozen records", "")]
    assert [path.name for path in estate.folder.records.iterdir()] == [PRUNED]
    assert {path: path.read_bytes() for path in pages} == pages and estate.folder.index in pages
    assert prune(estate, date(2027, 12, 2)) == [], "there is nothing more to remove"
    for again in (lambda: estate.run(pages=PAGES), estate.plan):
        with pytest.raises(
            MissingInput, match=r"records of 2026-10 were removed by `sipnb prune` on 2027-12-01.*--refreeze"
        ):
            again()
    assert {path: path.read_bytes() for path in pages} == pages
    assert estate.run(pages=PAGES, refreeze=True).exit_code == 0 and not (estate.folder.records / PRUNED).exists()


def test_a_cycle_that_is_being_made_is_left_alone(estate: Estate) -> None:
    keep(estate, "{records: 1 month, notebooks: 2 months}")
    assert estate.run(pages=PAGES).exit_code == 0
    with filelock.FileLock(estate.folder.root.with_name(".2026-10.lock")):
        ((what, why),) = prune(estate, date(2026, 12, 15))
    assert what == "frozen records" and "another run is making" in why
    assert (estate.folder.records / "quality.json").is_file()
    assert [what for what, _ in prune(estate, date(2027, 1, 1))] == ["frozen records", "executed notebooks"]
    assert not (estate.folder.root / "notebooks").exists()


def test_the_command_says_what_it_removes_and_a_dry_run_removes_nothing(estate: Estate) -> None:
    told = sipnb("prune", estate.root / "tiny", "--out", estate.root / "reports", cwd=estate.root, env=OWN)
    assert told.returncode == 0 and "sets no retention, so all is kept" in told.stdout
    keep(estate, "{records: 1 month}")
    assert estate.run(pages=PAGES).exit_code == 0
    old = estate.folder.root.rename(estate.folder.root.with_name("2020-01"))
    for more, verb, there in (("--dry-run", "would remove", True), ("", "removed", False)):
        done = sipnb(
            "prune", estate.root / "tiny", "--out", estate.root / "reports", *more.split(), cwd=estate.root, env=OWN
        )
        assert done.returncode == 0 and f"{verb}: frozen records of 2020-01, " in done.stdout
        assert str(old / "records") in done.stdout and (old / "records" / "quality.json").is_file() is there


@pytest.mark.parametrize("span", ["13", "0 months", "13 moons", "1000 months"])
def test_a_span_that_is_none_is_refused_with_an_example(estate: Estate, span: str) -> None:
    keep(estate, f"{{records: '{span}'}}")
    with pytest.raises(
        ValueError, match=r"retention.records: '.*' is no span of time; write a number of months, such as 13 months"
    ):
        estate.load()


def test_how_long_records_are_kept_makes_no_plan_anew(estate: Estate) -> None:
    assert estate.run(pages=PAGES).exit_code == 0
    keep(estate, "{records: 99 months}")
    assert set(estate.run(pages=PAGES).statuses.values()) == {"up to date"}


def test_doctor_says_where_records_lie_and_who_can_read_them(estate: Estate) -> None:
    assert estate.run(pages=PAGES).exit_code == 0
    lie, who, kept, shown = doctor.kept(estate.load())
    assert "of 1 cycle in" in lie.detail and who.ok and who.detail == "their owner alone"
    assert "records for ever" in kept.detail and "by their shape" in shown.detail
    estate.folder.records.chmod(0o755)
    who = doctor.kept(estate.load())[1]
    assert not who.ok and f"chmod -R go-rwx {estate.folder.records}" in who.detail


def mode_of_building(folder: CycleFolder, service: str) -> None:
    folder.page(service).write_text(f"{stat.S_IMODE(folder.root.stat().st_mode):o}")


def test_a_cycle_is_built_where_only_its_owner_can_look(estate: Estate) -> None:
    estate.run(pages=replace(PAGES, quality=mode_of_building))
    assert estate.folder.quality.read_text() == "700"


SHOW = """
import os
print("\\n".join(sorted(os.environ)))
"""


@pytest.mark.parametrize("engine", ["warm", "stock"])
def test_kernels_see_no_secret_of_the_environment(estate: Estate, monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    for name, value in {"ITSM_DATABASE": "postgres://me:hidden@host/db", "AWS_SECRET_ACCESS_KEY": "hidden",
                        "SIPNB_TOLD": "seen", "SIPNB_URL": "https://me:hidden@host", "LC_TIME": "C"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    text = (estate.notebooks / "1_review.ipynb").read_text()
    assert "import json" in text
    estate.write("1_review", SHOW + _result(text))
    assert estate.run(["payments"], pages=PAGES, engine=engine).exit_code == 0
    seen = estate.folder.notebook("payments", "1_review").read_text()
    assert "SIPNB_TOLD" in seen and "LC_TIME" in seen and "SIPNB_CYCLE_FOLDER" in seen
    assert not [name for name in ("ITSM_DATABASE", "AWS_SECRET_ACCESS_KEY", "SIPNB_URL") if name in seen]


def _result(text: str) -> str:
    import json

    source = json.loads(text)["cells"][-1]["source"]
    return "\n" + (source if isinstance(source, str) else "".join(source))


def test_what_is_needed_is_handed_on() -> None:
    given = {"PATH": "/bin", "Path": "c:", "SystemRoot": "c:", "PYTHONUTF8": "1", "XDG_CACHE_HOME": "/c", "JUPYTER_TOKEN": "x",
             "HOME": "/h", "TZ": "UTC", "HTTPS_PROXY": "http://me:pw@proxy"}  # fmt: skip
    assert set(inherited(given)) == set(given) - {"JUPYTER_TOKEN", "HTTPS_PROXY"}
