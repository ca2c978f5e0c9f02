"""What the tests share: the simulated organisation, frozen once, and the public data where it is there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sipnb import demo, places
from sipnb import workbook as workbooks
from sipnb.chapters import subject
from sipnb.cycles import Cycle
from sipnb.places import CycleFolder
from sipnb.records import prepare
from sipnb.records.frozen import Records
from sipnb.workbook import Workbook

REPOSITORY = Path(__file__).resolve().parents[1]
CYCLE = "2026-10"


def public_data(folder: str) -> Path:
    """A folder of public data, or a skip that says where it was looked for."""
    path = REPOSITORY.parent / "shared" / "data" / folder
    if not path.is_dir():
        pytest.skip(f"the public data are not here: looked for {path}")
    return path


@pytest.fixture(scope="session")
def demo_exports(tmp_path_factory) -> Path:
    """The exports of the simulated organisation, with truth.yml beside them."""
    folder = tmp_path_factory.mktemp("exports")
    demo.write(folder)
    return folder


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
def demo_records(demo_book, demo_cycle, tmp_path_factory) -> Path:
    """The frozen records of the demo's cycle."""
    folder = tmp_path_factory.mktemp("frozen") / "records"
    prepare.freeze(demo_book, demo_cycle, folder)
    return folder


@pytest.fixture(scope="session")
def demo_subject(demo_book, demo_cycle, demo_records, tmp_path_factory):
    """A service of the demo, ready for its chapters; one a name and session."""
    known: dict[str, subject.Subject] = {}
    folder = CycleFolder(tmp_path_factory.mktemp("cycle"))
    folder.records.symlink_to(demo_records)

    def open_(service: str) -> subject.Subject:
        if service not in known:
            known[service] = subject.Subject(
                demo_book, demo_book.service(service), demo_cycle, folder, Records(demo_records, service)
            )
        return known[service]

    return open_


@pytest.fixture(scope="session")
def demo_environment(demo_exports, demo_reports) -> dict[str, str]:
    """The environment in which a notebook or a command finds the test's own exports and reports."""
    return os.environ | {places.DATA: str(demo_exports), places.REPORTS: str(demo_reports)}
