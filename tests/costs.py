"""Which tests are slow: those that need what is costly to have. The others are `make test-fast`, and are held to it.

A test that uses one of the fixtures below, itself or by another fixture, is marked `slow` when it is collected. What cannot be
seen from fixtures, a test or a module marks itself; of a test that starts a process unmarked, the run says so and fails.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent

#: Every fixture that publishes or freezes an organisation, runs notebooks, opens a browser, or starts a server rests on one of
#: these; `large` has the portfolio of 300 services.
COSTLY = {"once", "smtp", "two_chapters", "playwright", "server", "large"}

#: Files whose tests all take long for another reason: they read or draw records by the thousand, or run a command line each.
LONG = {
    "chain/test_at_once.py", "chain/test_engines.py", "chain/test_execution.py", "chain/test_full_disks.py",
    "chain/test_random_kills.py", "chapters/test_hard_cases.py", "chapters/test_providers.py", "chapters/test_public.py",
    "chapters/test_recurring.py", "chapters/test_refusals.py",
    "chapters/test_stable.py", "levers/test_nulls.py", "levers/test_simulated.py",
    "records/test_as_of.py", "records/test_balance.py",
    "records/test_damage.py", "records/test_delimited.py", "records/test_endings.py", "records/test_limits.py",
    "records/test_mappings.py", "records/test_people.py", "records/test_prepare.py", "records/test_reach.py",
    "records/test_reading.py", "records/test_scratch.py", "records/test_shapes.py", "records/test_silences.py",
    "records/test_sources.py", "records/test_suggest.py", "records/test_texts.py", "report/test_pdf.py",
    "report/test_portfolio.py",
    "test_cli.py",
    "test_cli_cycles.py", "test_cli_public.py", "test_cli_records.py", "test_demo.py", "test_personal_data.py",
}  # fmt: skip

#: The files that take longest: begun last, one of them would leave the other workers with nothing to do. While the first has the
#: demo made, those behind it need none, and do not wait for it.
FIRST = (
    "report/test_published.py", "browser/test_hostile.py", "test_personal_data.py", "test_cli.py", "browser/test_pages.py",
    "records/test_quality.py", "test_notebooks.py", "chain/test_what_changed.py", "report/test_portfolio_browser.py",
    "records/test_suggest.py", "chapters/test_providers.py", "records/test_reading.py", "records/test_limits.py",
    "test_cells.py", "chain/test_kills.py", "chain/test_publication.py", "chain/test_run.py", "records/test_mappings.py",
    "test_sign.py", "records/test_sources.py", "test_register_exchange.py", "methods/test_spc_change.py",
    "chain/test_engines.py", "records/test_delimited.py", "chapters/test_stable.py", "chain/test_pruning.py",
    "report/test_browser.py", "test_cli_cycles.py", "test_demo.py", "levers/test_simulated.py", "methods/test_interventions.py",
)  # fmt: skip

#: What the interpreter says when it starts a process (docs.python.org/3/library/audit_events.html).
_STARTS = {"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system"}

_started: list[str] | None = None


def mark(items: list[pytest.Item]) -> None:
    """Mark the tests that use a costly fixture, and those of the files that take long."""
    for item in items:
        if _file(item) in LONG or COSTLY & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


def arrange(items: list[pytest.Item]) -> None:
    """The files that take longest first, then all that hold slow tests, and last the small change that fills what is left."""
    place = {file: number for number, file in enumerate(FIRST)}
    slow = {_file(item) for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: place.get(_file(item), len(FIRST) + (_file(item) not in slow)))


def _file(item: pytest.Item) -> str:
    return item.path.relative_to(TESTS).as_posix() if item.path.is_relative_to(TESTS) else ""


@contextmanager
def held_to(item: pytest.Item) -> Iterator[None]:
    """Fail a test of the fast ones that has started a process meanwhile."""
    global _started
    if item.get_closest_marker("slow") or not isinstance(item, pytest.Function):  # a cell of a notebook is none
        yield
        return
    _started = []
    try:
        yield
        if _started:
            pytest.fail(f"it starts a process ({_started[0]}): mark it with pytest.mark.slow", pytrace=False)
    finally:
        _started = None


def _heard(event: str, given: tuple) -> None:
    if _started is not None and event in _STARTS:
        _started.append(f"{event} {given[0] if given else ''}".strip())


# A hook of the interpreter cannot be taken away again: it listens only while a test is held to it.
sys.addaudithook(_heard)
