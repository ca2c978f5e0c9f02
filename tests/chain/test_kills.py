"""Killed at any step, a cycle is as it was or as it is to be, with every page it links; the next run makes it whole."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from estates import LINKED, Estate

HERE = Path(__file__).parent
#: Every step from which a run may not come back, as `function:how often it is called before`, `+` after it was done.
STEPS = [
    "prepare.freeze:0", "prepare.freeze:0+", "publication.finished:0", "publication.finished:1+", "manifest.write:0+",
    "publication.publish:0", "publication._clear:0+", "disk.link:0", "disk.link:2+", "disk.link:4", "disk.flush:0+",
    "disk.exchange:0", "disk.exchange:0+", "publication.end:0+", "run._cycles_page:0", "run._cycles_page:0+", "run._note:0",
]  # fmt: skip
FEW = ["publication.finished:1+", "disk.link:2+", "disk.exchange:0", "disk.exchange:0+", "run._cycles_page:0"]

_KILLED = """
import importlib, os, sys
from pathlib import Path
from estates import CHAPTERS, LINKED, Estate
from sipnb.chain import plans, run as runs, services

services.CHAPTERS = plans.CHAPTERS = CHAPTERS
step, root, how = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
place, count = step.rstrip("+").split(":")
module, name = place.split(".")
module = importlib.import_module({"prepare": "sipnb.records.prepare"}.get(module, f"sipnb.chain.{module}"))
original, left = getattr(module, name), [int(count)]

def counted(*args, **kwargs):
    last, left[0] = not left[0], left[0] - 1
    if last and not step.endswith("+"):
        os.kill(os.getpid(), 9)
    done = original(*args, **kwargs)
    if last:
        os.kill(os.getpid(), 9)
    return done

setattr(module, name, counted)
if how == "in two steps" and not (place == "disk.exchange"):
    importlib.import_module("sipnb.chain.disk").exchange = lambda one, other: False
Estate(root).run(pages=LINKED)
"""


def dead_links(reports: Path) -> list[str]:
    """Links of pages that readers see, to where nothing is."""
    seen = [page for page in reports.rglob("*.html") if not any(part.startswith(".") for part in page.parts)]
    return [
        f"{page.relative_to(reports)} -> {link}"
        for page in seen
        for link in re.findall(r'href="([^"]+)"', page.read_text())
        if not (page.parent / link).is_file()
    ]


def content(folder: Path) -> dict[str, bytes]:
    """All files of an organisation's reports but the manifest, which has durations, and what is noted of files' times."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("run.json", ".2026-10.files.json")
    }


def edit(estate: Estate) -> None:
    """A service goes, one comes, one has another name."""
    services = estate.root / "tiny" / "services.yml"
    text = services.read_text().replace("  broken: {name: Broken, owner: Ann}\n", "")
    text = text.replace("name: Identity", "name: Who is who") + "  archive: {name: Archive, owner: Ann}\n"
    services.write_text(text)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run that nothing disturbs makes of the changed organisation."""
    from estates import CHAPTERS, make_estate

    from sipnb.chain import plans, services

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", str(HERE))
        patched.setattr(services, "CHAPTERS", CHAPTERS)
        patched.setattr(plans, "CHAPTERS", CHAPTERS)
        estate = make_estate(tmp_path_factory.mktemp("whole"))
        edit(estate)
        assert estate.run(pages=LINKED).exit_code == 0
        return content(estate.folder.root.parent)


@pytest.mark.parametrize("how", ["at once", "in two steps"])
@pytest.mark.parametrize("step", STEPS if os.environ.get("SIPNB_FAULTS") else FEW)
def test_after_a_kill_no_link_is_dead_and_the_next_run_makes_everything_whole(
    estate: Estate, whole: dict[str, bytes], step: str, how: str
) -> None:
    if how == "in two steps" and (not os.environ.get("SIPNB_FAULTS") or "disk.exchange" in step):
        pytest.skip("tried by `make faults`")
    assert estate.run(pages=LINKED).exit_code == 0
    edit(estate)
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, step, str(estate.root), how],
        env=os.environ | {"PYTHONPATH": str(HERE)}, timeout=300, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert dead_links(estate.root / "reports") == []

    assert estate.run(pages=LINKED).exit_code == 0
    assert dead_links(estate.root / "reports") == []
    assert content(estate.folder.root.parent) == whole


def test_the_first_run_ever_leaves_no_dead_link_when_it_is_killed(estate: Estate) -> None:
    for step in ("disk.exchange:0+", "publication.end:0+", "disk.exchange:0"):
        subprocess.run(
            [sys.executable, "-c", _KILLED, step, str(estate.root), "at once"],
            env=os.environ | {"PYTHONPATH": str(HERE)}, timeout=300, check=False,
        )  # fmt: skip
        assert dead_links(estate.root / "reports") == []
