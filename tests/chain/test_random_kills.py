"""Killed at random, whoever of it, while the organisation changes: the next run makes the cycle whole, and nothing stays."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from estates import Estate, make_estate
from test_kills import content, dead_links

HERE = Path(__file__).parent
#: How many kills there are, in how many series, each of which goes on from where the one before left it, and among how many
#: states of the organisation it changes. The first two of whom is killed are the leader and all together; that units and the
#: process that forks are made up for, test_what_changed.py tells.
KILLS, SERIES, STATES = (200, 4, 6) if os.environ.get("SIPNB_FAULTS") else (2, 1, 2)
TARGETS = ("leader", "group", "fork server", "unit", "kernel", "leader, politely", "leader, by the keyboard")
#: The exit codes that a run may have of which that process was killed; before it listens to signals, it ends by them.
ALLOWED = {
    "leader": (-9,), "group": (-9,), "fork server": (0,), "unit": (0,), "kernel": (0, 3), "leader, politely": (143, -15),
    "leader, by the keyboard": (130, -2, 1), "nobody": (0,),
}  # fmt: skip
MARK = "SIPNB_KILLS"

_RUN = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts tests in the background has it ignored
import sys
from estates import CHAPTERS, LINKED
from sipnb import cli
from sipnb.chain import plans, run as runs, services

services.CHAPTERS = plans.CHAPTERS = CHAPTERS
runs.Pages = lambda **_: LINKED
cli.main()
"""


@dataclass
class Trial:
    """One organisation, its runs as processes of their own, and what those leave on the machine."""

    estate: Estate
    mark: str
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.scratch = self.estate.root / "scratch"
        self.scratch.mkdir()
        self.environment = os.environ | {"PYTHONPATH": str(HERE), MARK: self.mark, "TMPDIR": str(self.scratch)}

    def start(self, engine: str = "warm", cycle: str = "2026-10") -> subprocess.Popen[str]:
        root = self.estate.root
        given = ["--cycle", cycle, "--out", root / "reports", "--notebooks", root / "notebooks", "--engine", engine]
        return subprocess.Popen(
            [sys.executable, "-c", _RUN, "run", *map(str, [root / "tiny", *given, "--jobs", 2])],
            env=self.environment, cwd=root, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip

    def alive(self) -> list[str]:
        """The processes of this trial, whoever is their parent by now."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get(MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(f"{process.pid} {' '.join(process.cmdline())[:200]}")
        return found

    def left(self) -> list[str]:
        """Files and folders that no reader and no later run needs."""
        reports = self.estate.root / "reports"
        known = {"tiny", "2026-10", "index.html", ".2026-10.lock", ".2026-10.files.json", ".cycles.lock"}
        places = [*reports.iterdir(), *(reports / "tiny").iterdir(), *self.scratch.iterdir()]
        unfinished = [one for one in reports.rglob("*") if one.suffix in (".part", ".tmp") or one.is_symlink()]
        return [str(path) for path in places if path.name not in known] + [str(path) for path in unfinished]


def variant(estate: Estate, number: int) -> None:
    """The organisation as it is in one of six states: services come, go and are renamed; rows, notebooks and targets change."""
    by = random.Random(number)
    services = sorted(by.sample(["archive", "broken", "identity", "network", "payments"], by.choice([3, 4])))
    folder = estate.root / "tiny"
    names = "".join(f"  {one}: {{name: {one.title()} {by.choice('xyz')}, owner: Ann}}\n" for one in services)
    (folder / "services.yml").write_text(f"services:\n{names}")
    rows = [
        f"{one[:2]}{day},{one},incident,2026-10-{day:02d}T08:00:00Z,2026-10-{day:02d}T{by.randint(10, 20)}:00:00Z"
        for one in ("archive", "broken", "identity", "network", "payments")
        for day in range(2, by.choice([12, 20]))
    ]
    (folder / "tickets.csv").write_text("\n".join(["ticket,service,kind,opened,resolved", *rows]) + "\n")
    written = (estate.notebooks / "1_review.ipynb").read_text()
    written = re.sub(r"Choose [^\"\\]*", f"Choose {by.choice(['a model', 'another'])}", written)
    (estate.notebooks / "1_review.ipynb").write_text(written)


def targets(leader: int, wanted: str) -> list[int]:
    """The process ids of one kind in a run."""
    with contextlib.suppress(psutil.NoSuchProcess):
        first = psutil.Process(leader)
        kinds: dict[str, list[int]] = {"fork server": [], "unit": [], "kernel": []}
        for child in first.children():
            told = " ".join(child.cmdline())
            units = child.children() if "fork_server" in told else [child] if "sipnb.chain.unit" in told else []
            kinds["fork server"] += [child.pid] if "fork_server" in told else []
            kinds["unit"] += [one.pid for one in units]
            kinds["kernel"] += [one.pid for unit in units for one in unit.children()]
        return kinds[wanted]
    return []


def kill(run: subprocess.Popen[str], target: str, by: random.Random) -> bool:
    """Kill one of a run's processes, as soon as there is one of this kind; False where the run ended before."""
    while run.poll() is None:
        if target == "group":
            os.killpg(run.pid, signal.SIGKILL)
        elif target.startswith("leader"):
            how = {
                "leader": signal.SIGKILL,
                "leader, politely": signal.SIGTERM,
                "leader, by the keyboard": signal.SIGINT,
            }
            os.kill(run.pid, how[target])
        elif found := targets(run.pid, target):
            with contextlib.suppress(ProcessLookupError):
                os.kill(by.choice(found), signal.SIGKILL)
                return True
            continue
        else:
            time.sleep(0.002)
            continue
        return True
    return False


@contextlib.contextmanager
def watched(reports: Path) -> Iterator[list[str]]:
    """Look for dead links all the time; gives those that were found.

    Who reads pages while two folders take each other's place reads pages of both: that look counts only if no cycle was
    exchanged meanwhile.
    """
    found: list[str] = []
    over = threading.Event()

    def state() -> list[tuple[str, int]]:
        return [(path.name, path.stat().st_ino) for path in sorted(reports.glob("tiny/*"))]

    def look() -> None:
        while not over.wait(0.03):
            with contextlib.suppress(FileNotFoundError):
                before = state()
                dead = dead_links(reports)
                if before == state():
                    found.extend(dead)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, bytes]]:
    """What a run that nothing disturbs makes of each state."""
    made = {}
    for number in range(STATES):
        estate = make_estate(tmp_path_factory.mktemp("whole"))
        variant(estate, number)
        run = Trial(estate, f"whole {number}").start("warm")
        _, errors = run.communicate(timeout=300)
        assert run.returncode == 0, errors
        made[number] = content(estate.folder.root.parent)
    return made


@pytest.mark.parametrize("series", range(SERIES))
def test_whoever_is_killed_whenever_no_link_is_dead_and_the_next_run_is_whole(
    tmp_path: Path, whole: dict[int, dict[str, bytes]], series: int, tried
) -> None:
    by = random.Random(1_000 + series)
    trial = Trial(make_estate(tmp_path), f"{os.getpid()} {series}")
    reports = tmp_path / "reports"
    for number in range(KILLS // SERIES):
        target, state, engine = (
            TARGETS[number % len(TARGETS)],
            by.randrange(STATES),
            by.choice(["warm", "warm", "stock"]),
        )
        said = f"series {series}, kill {number}: {target}, state {state}, {engine}"
        variant(trial.estate, state)
        with watched(reports) as dead:
            run = trial.start(engine)
            time.sleep(by.uniform(0.2, 4.0))
            hit = kill(run, target, by)
            output, errors = run.communicate(timeout=300)
            assert dead == [], said
        # Who is asked to end when all is done has nothing left to end.
        late = run.returncode == 0
        assert late or run.returncode in ALLOWED[target if hit else "nobody"], (
            f"{said}: {run.returncode}\n{output}\n{errors}"
        )
        if run.returncode not in (1, -2):
            assert "Traceback" not in errors, f"{said}: {errors}"
        until = time.monotonic() + 10
        while trial.alive() and time.monotonic() < until:
            time.sleep(0.05)
        assert trial.alive() == [], said
        assert dead_links(reports) == [], said

        with watched(reports) as dead:
            again = trial.start(engine)
            output, errors = again.communicate(timeout=300)
        assert again.returncode == 0, f"{said}: {output}\n{errors}"
        assert dead == [], said
        assert content(reports / "tiny") == whole[state], said
        assert trial.alive() == trial.left() == [], said
        tried(
            f"killed: {target}", "late" if late and target not in ("unit", "fork server", "kernel") else "whole again"
        )
