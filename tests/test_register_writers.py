"""Several who write a register at once, and who is stopped in the middle: files are whole, and nothing is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from datetime import date

import pytest

from sipnb import cli_register
from sipnb.register import editing
from sipnb.validation import WorkbookError
from tests.conftest import REPOSITORY
from tests.test_register_exchange import PAY, SHOP, edit, file, folder, take, texts  # noqa: F401 - fixtures

#: Notes on an action, as fast as they can be written.
WRITER = """
import itertools, sys
from datetime import date
from pathlib import Path
from sipnb.register import editing
path, name = Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
for number in itertools.count():
    editing.enter(path, "rota", {"on": date(2026, 2, 1), "reason": f"{name} {number}"})
    print(number, flush=True)
"""


@pytest.mark.parametrize("file", ["csv"], indirect=True)
def test_an_import_waits_for_whoever_writes_and_keeps_what_was_written(folder, file):  # noqa: F811
    edit(file, "rota", assignee="Head")
    importing = threading.Thread(target=take, args=(folder, file))
    with editing.alone(folder / "register"):
        importing.start()
        time.sleep(0.3)
        assert importing.is_alive() and texts(folder)["pay.yml"] == PAY
        path = folder / "register" / "pay.yml"
        path.write_text(PAY.replace("    owner: Lead", "    owner: Lead\n    sponsor: CIO"), encoding="utf-8")
    importing.join()
    after = texts(folder)["pay.yml"]
    assert "    owner: Lead\n    sponsor: CIO\n" in after and "state: accepted, owner: Head}" in after


@pytest.mark.parametrize("file", ["csv"], indirect=True)
def test_where_one_file_cannot_be_written_no_other_is(folder, file):  # noqa: F811
    edit(file, "rota", assignee="Head")
    edit(file, "freeze", assignee="Head")
    (folder / "register" / "shop.yml.part").mkdir()
    with pytest.raises(OSError, match="shop"):
        take(folder, file)
    (folder / "register" / "shop.yml.part").rmdir()
    assert texts(folder) == {"pay.yml": PAY, "shop.yml": SHOP}


@pytest.mark.parametrize("file", ["csv"], indirect=True)
def test_what_a_killed_writer_began_is_not_read_and_not_in_the_way(folder, file):  # noqa: F811
    (folder / "register" / "pay.yml.part").write_text("actions: [{id: half", encoding="utf-8")
    edit(file, "rota", assignee="Head")
    take(folder, file)
    assert "owner: Head" in texts(folder)["pay.yml"] and set(texts(folder)) == {"pay.yml", "shop.yml"}


def test_line_ends_of_windows_stay(folder):  # noqa: F811
    path = folder / "register" / "pay.yml"
    path.write_bytes(PAY.replace("\n", "\r\n").encode())
    editing.enter(path, "rota", {"on": date(2026, 2, 1), "reason": "A note."})
    lines = path.read_bytes().split(b"\n")
    assert all(line.endswith(b"\r") for line in lines[:-1]) and len(lines) == len(PAY.split("\n")) + 1


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal here")
def test_of_killed_writers_every_finished_note_is_there_and_the_file_is_always_whole(folder):  # noqa: F811
    rng, path = random.Random(7), folder / "register" / "pay.yml"
    env = os.environ | {"PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    said: set[str] = set()
    for turn in range(6):
        names = [f"writer{turn}a", f"writer{turn}b"]
        writers = [
            subprocess.Popen([sys.executable, "-c", WRITER, path, name], stdout=subprocess.PIPE, text=True, env=env)
            for name in names
        ]
        for writer in writers:
            assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
        end = time.monotonic() + 0.2 + rng.random() / 2
        while time.monotonic() < end:
            editing.checked(path)  # whoever reads meanwhile finds a whole file
        for name, writer in zip(names, writers, strict=True):
            os.kill(writer.pid, signal.SIGKILL)
            assert writer.stdout is not None
            said |= {f"{name} {number}" for number in writer.stdout.read().split()}
            writer.wait()
    (rota,) = [one for one in editing.checked(path).actions if one.id == "rota"]
    assert said and said <= {entry.reason for entry in rota.history}
    cli_register.note(str(folder), "rota", "And on.")
    assert "And on." in texts(folder)["pay.yml"] and set(texts(folder)) == {"pay.yml", "shop.yml"}


@pytest.mark.parametrize("file", ["csv"], indirect=True)
def test_who_is_refused_leaves_the_lock(folder, file):  # noqa: F811
    edit(file, "rota", lever="capaciti")
    for _ in range(2):
        with pytest.raises(WorkbookError, match="nearest valid name: capacity"):
            take(folder, file)
