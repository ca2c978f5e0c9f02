"""A disk that is full, has no place for another file, or may not be written: what is published stays, and the next run is whole.

Reports lie on a file system of memory, whose size is set for each trial; that takes the rights to mount one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from estates import Estate, make_estate
from test_kills import content, dead_links
from test_random_kills import Trial, variant

#: Bytes that are free beyond what is published, from none to nearly all that a run needs, and files.
SIZES = [0, 4, 16, 32, 64, 96, 128, 192, 256, 384]
FILES = [0, 3, 9, 20, 30]
TRIED = [*(("size", n) for n in SIZES), *(("files", n) for n in FILES), ("rights", 0)]
FEW = [("size", 0), ("size", 96), ("files", 9), ("rights", 0)]


def _mount(*given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["mount", *given], check=False, capture_output=True, text=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    if not sys.platform.startswith("linux"):
        pytest.skip("a small file system is mounted on Linux alone")
    place = tmp_path / "reports"
    place.mkdir()
    if _mount("-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)).returncode:
        pytest.skip("no file system can be mounted here: that takes the rights of root")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def _shrink(disk: Path, what: str, left: int) -> None:
    """Leave the disk so many kB or files, or no right to write."""
    state = os.statvfs(disk)
    used, files = (state.f_blocks - state.f_bfree) * state.f_frsize // 1024, state.f_files - state.f_ffree
    options = {"size": f"size={max(4, used + left)}k", "files": f"nr_inodes={files + left}", "rights": "ro"}
    told = _mount("-o", f"remount,{options[what]}", str(disk))
    assert told.returncode == 0, told.stderr


def _ended(trial: Trial) -> tuple[int, str]:
    run = trial.start()
    _, errors = run.communicate(timeout=300)
    return run.returncode, errors


@pytest.mark.parametrize(("what", "left"), TRIED if os.environ.get("SIPNB_FAULTS") else FEW)
def test_with_no_room_what_is_published_stays_and_with_room_again_the_run_is_whole(
    tmp_path: Path, disk: Path, what: str, left: int, tried
) -> None:
    estate = make_estate(tmp_path)
    trial = Trial(estate, f"{os.getpid()} {what} {left}")
    variant(estate, 0)
    assert _ended(trial)[0] == 0
    before = content(disk / "tiny" / "2026-10")
    variant(estate, 1)
    _shrink(disk, what, left)
    code, errors = _ended(trial)
    assert "Traceback" not in errors, errors
    assert code in (0, 3, 7), errors
    assert dead_links(disk) == []
    if code == 7:
        assert ("no room is left on the disk" if what != "rights" else "may not be written") in errors, errors
        assert content(disk / "tiny" / "2026-10") == before
    assert trial.alive() == []

    assert _mount("-o", "remount,rw,size=64m,nr_inodes=100k", str(disk)).returncode == 0
    again, errors = _ended(trial)
    assert again == 0, errors
    assert content(disk / "tiny") == _whole(tmp_path)
    assert trial.left() == trial.alive() == []
    tried(
        f"no room: {what}",
        {0: "there was room", 3: "told, some published", 7: "told, published as before"}[code] + "; whole after",
    )


def _whole(folder: Path) -> dict[str, bytes]:
    """What a run of the same organisation makes elsewhere."""
    other = folder / "elsewhere"
    other.mkdir()
    estate = Estate(other)
    make_estate(other)
    variant(estate, 1)
    assert _ended(Trial(estate, f"{os.getpid()} whole"))[0] == 0
    return content(estate.folder.root.parent)
