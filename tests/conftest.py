"""What the tests share: the simulated organisation, frozen once, and the public data where it is there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from sipnb import demo, imports, places
from sipnb import workbook as workbooks
from sipnb.chapters import notebooks
from sipnb.chapters.context import ServiceContext
from sipnb.cycles import Cycle
from sipnb.places import CycleFolder
from sipnb.records import prepare
from sipnb.records.frozen import Records
from sipnb.workbook import Workbook
from tests import costs, hard, made

with imports.spared():
    import nbformat  # noqa: F401 - before a test does, and seconds faster

REPOSITORY = Path(__file__).resolve().parents[1]
CYCLE = "2026-10"

#: Organisations whose data are public: the folder of their data, and a cycle.
PUBLIC = {"uci_servicenow": "2016-05", "github_status": "2025-12"}

#: Whether every service of them is planned, as `make pages` asks; otherwise these are, one of each kind.
EVERY = bool(os.environ.get("SIPNB_EVERY_PAGE"))
SOME = {
    "uci_servicenow": ("category-57", "category-42", "category-20"),
    "github_status": ("actions", "copilot", "packages"),
}

CHANGED = pytest.StashKey[list[str]]()

#: All that what is made once is made of: the code with its parameters and notebooks, what was installed, the data, the recipes;
#: and the commit, which the foot of a page names.
MADE_OF = [
    Path(places.__file__).parent, places.PARAMS, places.NOTEBOOKS, REPOSITORY / "requirements.lock",
    REPOSITORY / "pyproject.toml", REPOSITORY / "benchmarks" / "portfolio.py",
    *(REPOSITORY / "tests" / name for name in ("conftest.py", "hard.py", "made.py")),
    *(path for name in (*PUBLIC, "nhs_ae") if (path := REPOSITORY.parent / "shared" / "data" / name).is_dir()),
]  # fmt: skip


def key_of_made() -> str:
    # Read anew: a commit while the tests run is one that pages made from then on name.
    return made.key_of(MADE_OF, places.revision.__wrapped__())


def cache_of_made() -> made.Made:
    """The cache of what is made once, under the key that this session was started with."""
    folder = os.environ.get(made.FOLDER) or REPOSITORY / ".pytest_cache" / "made"
    return made.Made(Path(folder).resolve(), os.environ[made.KEY])


def pytest_configure(config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ[made.KEY] = key_of_made()


def pytest_collection_modifyitems(items) -> None:
    costs.mark(items)
    costs.arrange(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    with costs.held_to(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    with costs.held_to(item):
        return (yield)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session) -> None:
    """When all workers are done: what was made once may not have been changed by any of them."""
    if hasattr(session.config, "workerinput"):
        return
    session.config.stash[CHANGED] = cache_of_made().changed()
    if session.config.stash[CHANGED]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def tried(request) -> Callable[[str, str], None]:
    """Count what a test tried and what came of it: `tried("killed: unit", "whole again")`."""
    counts: dict[str, int] = {}
    request.node.user_properties.append(("tried", counts))

    def count(what: str, came: str) -> None:
        counts[f"{what}\t{came}"] = counts.get(f"{what}\t{came}", 0) + 1

    return count


def pytest_terminal_summary(terminalreporter) -> None:
    """What was changed that nobody may change; and what `make faults` tried, and what came.

    That is counted by the tests themselves, or is the cases of each test.
    """
    if changed := terminalreporter.config.stash.get(CHANGED, []):
        terminalreporter.section("what is made once was changed: a test that has to change it takes a copy", red=True)
        for line in changed:
            terminalreporter.write_line(line)
    if not os.environ.get("SIPNB_FAULTS"):
        return
    counted: Counter[tuple[str, str, str]] = Counter()
    for outcome in ("passed", "failed", "skipped", "error"):
        for report in terminalreporter.stats.get(outcome, []):
            file, _, test = report.nodeid.partition("::")
            told = dict(report.user_properties).get("tried") or {
                f"{test.partition('[')[0].removeprefix('test_').replace('_', ' ')}\t{outcome}": 1
            }
            for what, number in told.items():
                counted[(Path(file).stem.removeprefix("test_"), *what.split("\t"))] += number
    terminalreporter.section("what was tried, and what came")
    for (file, what, came), number in sorted(counted.items()):
        terminalreporter.write_line(f"{number:>7,}  {file + ':':<16} {what}: {came}")


def public_data(folder: str) -> Path:
    """A folder of public data, or a skip that says where it was looked for."""
    path = REPOSITORY.parent / "shared" / "data" / folder
    if not path.is_dir():
        pytest.skip(f"the public data are not here: looked for {path}")
    return path


@pytest.fixture(scope="session")
def demo_exports(once) -> Path:
    """The exports of the simulated organisation, with truth.yml beside them."""
    return once("exports", demo.write)


@pytest.fixture(scope="session")
def demo_reports(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="session")
def demo_book(demo_exports, demo_reports) -> Workbook:
    return workbooks.load(places.PARAMS / "demo", data=demo_exports, reports=demo_reports)


@pytest.fixture(scope="session")
def demo_cycle(demo_book) -> Cycle:
    return demo_book.cycle(CYCLE)


@pytest.fixture(scope="session")
def demo_records(once, demo_book, demo_cycle) -> Path:
    """The frozen records of the demo's cycle: those of the published cycle, where that was made already."""
    if made := cache_of_made().known("demo"):
        return CycleFolder(made / "demo" / CYCLE).records
    return once("frozen", lambda folder: prepare.freeze(demo_book, demo_cycle, folder / "records")) / "records"


class Opened(ServiceContext):
    """A service to which earlier chapters hand over what is published, unless a test has put another in its place."""

    def _handed_over(self, chapter: str) -> object:
        # Which of its records and parameters differ, the context sees itself, but not a service that the workbook has not.
        as_it_is = self.service is self.workbook.services[self.service.id]
        return super()._handed_over(chapter) if as_it_is else None


@pytest.fixture(scope="session")
def demo_context(demo_book, demo_cycle, demo_records, tmp_path_factory):
    """A service of the demo, ready for its chapters; one a name and session.

    Earlier chapters hand over to a chapter what the published cycle has of them, where that was made already, and are computed
    otherwise: the same facts, which is what the context sees to by records and parameters.
    """
    known: dict[str, ServiceContext] = {}
    folder = CycleFolder(tmp_path_factory.mktemp("cycle"))
    folder.records.symlink_to(demo_records)
    if made := cache_of_made().known("demo"):
        (folder.root / "results").symlink_to(made / "demo" / CYCLE / "results")

    def open_(service: str) -> ServiceContext:
        if service not in known:
            known[service] = Opened(
                demo_book, demo_book.service(service), demo_cycle, folder, Records(demo_records, service)
            )
        return known[service]

    return open_


def left_by(chapter: str, context: ServiceContext) -> SimpleNamespace:
    """The variables that the project's notebook of a chapter leaves, without a kernel."""
    return SimpleNamespace(**notebooks.variables(places.NOTEBOOKS / f"{chapter}.ipynb", context))


@pytest.fixture(scope="session")
def demo_environment(demo_exports, demo_reports) -> dict[str, str]:
    """The environment in which a notebook or a command finds the test's own exports and reports.

    Papermill and nbconvert import there what they need, and not what costs seconds for nothing (sipnb/imports.py).
    """
    found = os.pathsep.join(filter(None, (str(REPOSITORY / "tests" / "spared"), os.environ.get("PYTHONPATH"))))
    return os.environ | {places.DATA: str(demo_exports), places.REPORTS: str(demo_reports), "PYTHONPATH": found}


@pytest.fixture(scope="session")
def once() -> Callable[[str, Callable[[Path], object]], Path]:
    """What is costly to make is made once for all workers and sessions: `once(name, make)` gives the folder that `make` filled.

    Nobody may change it; who has to, takes a copy. The session fails otherwise.
    """
    cache = cache_of_made()
    return lambda name, make: cache.folder(name, make, key_of_made)


def published(params: Path | str, cycle: str, folder: Path, *more: object) -> CycleFolder:
    """A cycle run by the command line into `folder`; what it printed lies there, too."""
    command = [
        str(Path(sys.executable).with_name("sipnb")),
        "run",
        params,
        "--cycle",
        cycle,
        "--jobs",
        2,
        "--out",
        folder,
    ]
    done = subprocess.run(
        [*map(str, command), *map(str, more)], cwd=folder, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    (folder / "stdout").write_text(done.stdout, encoding="utf-8")
    (folder / "stderr").write_text(done.stderr, encoding="utf-8")
    return CycleFolder(folder / Path(params).name / cycle)


@pytest.fixture(scope="session")
def demo_published(once, demo_exports) -> CycleFolder:
    """The cycle of the simulated organisation, run by the command line."""
    folder = once("demo", lambda folder: published("demo", CYCLE, folder, "--data", demo_exports))
    return CycleFolder(folder / "demo" / CYCLE)


@pytest.fixture(scope="session")
def root(once, demo_exports, request) -> Path:
    """The published cycle of an organisation, by its name: `root("demo")`."""

    def of(name: str) -> Path:
        if name == "demo":
            return request.getfixturevalue("demo_published").root
        if name == "hard":
            folder = once("hard", lambda folder: published(hard.write(folder), hard.CYCLE, folder))
            return folder / "hard" / hard.CYCLE
        data = public_data(name)
        asked = [part for service in (() if EVERY else SOME[name]) for part in ("--service", service)]
        kept = name if EVERY else f"{name}-some"
        folder = once(kept, lambda folder: published(name, PUBLIC[name], folder, "--data", data, *asked))
        return folder / name / PUBLIC[name]

    return of


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args) -> dict[str, object]:
    """The system's Chromium, which asks nothing of the network by itself; a skip that says so where there is none."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no browser: chromium is not on the path; apt-get install chromium")
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    return browser_type_launch_args | {"executable_path": chromium, "args": ["--no-sandbox", "--disable-gpu", *quiet]}


class Tabs:
    """Tabs of a browser, used by one test after the other: a new context for each page costs three times the page."""

    def __init__(self, browser) -> None:
        self._contexts = {
            script: browser.new_context(java_script_enabled=script, offline=True) for script in (True, False)
        }
        self._idle: dict[bool, list] = {True: [], False: []}
        self._heard: dict[object, tuple[list[str], list[str]]] = {}

    def take(self, script: bool, asked: list[str], complaints: list[str]):
        """A tab that nobody uses; what it asks for and complains of is added to these lists until it is given back."""
        tab = self._idle[script].pop() if self._idle[script] else self._new(script)
        self._heard[tab] = (asked, complaints)
        return tab

    def give_back(self, script: bool, tab) -> None:
        """Empty a tab: what was still under way is heard before."""
        tab.goto("about:blank")
        self._idle[script].append(tab)

    def _new(self, script: bool):
        tab = self._contexts[script].new_page()
        tab.on("request", lambda request: self._heard[tab][0].append(request.url))
        tab.on("console", lambda message: self._heard[tab][1].append(message.text))
        tab.on("pageerror", lambda error: self._heard[tab][1].append(str(error)))
        return tab


@pytest.fixture(scope="session")
def tabs(browser) -> Tabs:
    return Tabs(browser)


@pytest.fixture
def open_page(tabs):
    """Open a page from disk; on leaving the test, nothing may have been asked of the network or complained of."""
    taken, asked, complaints = [], [], []

    def opened(path: Path, width: int = 1280, scheme: str = "light", script: bool = True, height: int = 800):
        tab = tabs.take(script, asked, complaints)
        taken.append((script, tab))
        tab.set_viewport_size({"width": width, "height": height})
        tab.emulate_media(media="null", color_scheme=scheme, reduced_motion="null", forced_colors="null")
        tab.goto(path.resolve().as_uri())
        return tab

    yield opened
    for script, tab in taken:
        tabs.give_back(script, tab)
    assert complaints == []
    assert [url for url in asked if not url.startswith(("file://", "data:", "about:"))] == []
