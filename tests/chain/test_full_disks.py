"""A disk that is full, has no place for another file, or may not be written: what is published stays, and the next run is whole.

Reports lie on a file system of memory, whose size is set for each trial; that takes the rights to mount one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from estates import make_estate
from test_kills import content, dead_links
from test_random_kills import Trial, variant

#: kB that are free beyond what is published, from none to nearly all that a run needs, and files.
SIZES = [0, 4, 16, 32, 64, 96, 128, 192, 256, 384]
FILES = [0, 3, 9, 20, 30]
TRIED = [*(("size", n) for n in SIZES), *(("files", n) for n in FILES), ("rights", 0)]
FEW = [("size", 96), ("files", 9), ("rights", 0)]


def _mount(*given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["mount", *given], check=False, capture_output=True, text=True)


@dataclass
class Disk:
    """An organisation whose reports lie on a disk of their own; what a run makes of each of its two states; the present one."""

    trial: Trial
    place: Path
    whole: list[dict[str, bytes]]
    state: int = 1

    def run(self) -> tuple[int, str]:
        started = self.trial.start()
        _, errors = started.communicate(timeout=300)
        return started.returncode, errors

    def shrink(self, what: str, left: int) -> None:
        """Leave the disk so many kB or files, or no right to write."""
        told = os.statvfs(self.place)
        used, files = (told.f_blocks - told.f_bfree) * told.f_frsize // 1024, told.f_files - told.f_ffree
        options = {"size": f"size={max(4, used + left)}k", "files": f"nr_inodes={files + left}", "rights": "ro"}
        done = _mount("-o", f"remount,{options[what]}", str(self.place))
        assert done.returncode == 0, done.stderr

    def clear(self) -> None:
        """Make room again."""
        assert _mount("-o", "remount,rw,size=64m,nr_inodes=100k", str(self.place)).returncode == 0


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    if not sys.platform.startswith("linux"):
        pytest.skip("a small file system is mounted on Linux alone")
    root = tmp_path_factory.mktemp("disk")
    place = root / "reports"
    place.mkdir()
    if _mount("-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)).returncode:
        pytest.skip("no file system can be mounted here: that takes the rights of root")
    try:
        found = Disk(Trial(make_estate(root), f"{os.getpid()} disk"), place, [])
        for state in range(2):
            variant(found.trial.estate, state)
            code, errors = found.run()
            assert code == 0, errors
            found.whole.append(content(place / "tiny"))
        yield found
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.parametrize(("what", "left"), TRIED if os.environ.get("SIPNB_FAULTS") else FEW)
def test_with_no_room_what_is_published_stays_and_with_room_again_the_run_is_whole(
    disk: Disk, what: str, left: int, tried
) -> None:
    before = disk.whole[disk.state]
    disk.state = 1 - disk.state
    variant(disk.trial.estate, disk.state)
    disk.shrink(what, left)
    code, errors = disk.run()
    found, dead = content(disk.place / "tiny"), dead_links(disk.place)
    disk.clear()
    assert "Traceback" not in errors, errors
    assert code in (0, 3, 7), errors
    assert dead == []
    if code == 7:
        assert ("no room is left on the disk" if what != "rights" else "may not be written") in errors, errors
        assert {name: data for name, data in found.items() if not name.startswith(".")} == {
            name: data for name, data in before.items() if not name.startswith(".")
        }
    assert disk.trial.alive() == []

    again, errors = disk.run()
    assert again == 0, errors
    assert content(disk.place / "tiny") == disk.whole[disk.state]
    assert disk.trial.left() == disk.trial.alive() == []
    came = {0: "there was room", 3: "told, some published", 7: "told, published as before"}
    tried(f"no room: {what}", f"{came[code]}; whole after")
