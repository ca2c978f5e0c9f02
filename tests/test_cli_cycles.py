"""Which cycle a run makes: the one it is given, the last complete one, or all that are missing; never one to come."""

import pandas as pd
import pytest

from tests.inside import sipnb
from tests.records.test_prepare import organisation

HEADER = "ticket,service,kind,opened,resolved,priority"


@pytest.fixture(scope="module")
def params(tmp_path_factory):
    """Two tickets a day of each service, from July to the middle of October 2026."""
    days = pd.date_range("2026-07-01", "2026-10-14", freq="D")
    rows = [
        f"{service}{day:%m%d}{i},{service},incident,{day:%Y-%m-%d} {8 + i:02d}:00,{day:%Y-%m-%d} {10 + 2 * i:02d}:00,3"
        for day in days for i in range(2) for service in ("pay", "shop")
    ]  # fmt: skip
    return organisation(tmp_path_factory.mktemp("cycles") / "o", rows, header=HEADER).folder


def run(params, reports, *more):
    return sipnb("run", params, "--out", reports, "--jobs", 2, *more, cwd=params)


def published(reports):
    return sorted(page.parent.name for page in reports.glob("o/*/index.html"))


def test_a_cycle_that_has_not_happened_is_not_published(params, tmp_path):
    done = run(params, tmp_path, "--cycle", "2027-10")
    assert done.returncode == 4 and not published(tmp_path)
    assert (
        "The newest record is of 2026-10-14, and October 2027 begins on 2027-10-01: nothing can be said of it."
        in done.stderr
    )
    assert "Choose a cycle up to 2026-10" in done.stderr


@pytest.mark.parametrize("asked", [(), ("--cycle", "last")], ids=["none", "last"])
def test_without_a_cycle_the_last_complete_one_is_meant(params, tmp_path, asked):
    done = run(params, tmp_path, "--dry-run", *asked)
    assert done.returncode == 0 and "2026-09" in done.stdout and "2026-10" not in done.stdout


def test_missing_makes_those_since_the_first_published_one(params, tmp_path):
    one = ("--service", "pay")
    first = run(params, tmp_path, "--cycle", "2026-07", *one)
    assert first.returncode == 0 and published(tmp_path) == ["2026-07"]
    done = run(params, tmp_path, "--missing", *one)
    assert done.returncode == 0, done.stderr
    assert published(tmp_path) == ["2026-07", "2026-08", "2026-09"]
    again = run(params, tmp_path, "--missing", *one)
    assert again.returncode == 0 and "no cycle of Test up to September 2026 is missing" in again.stdout


def test_since_makes_all_cycles_from_there_on_oldest_first_and_refuses_what_leads_nowhere(params, tmp_path):
    done = run(params, tmp_path, "--since", "2026-07", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines() if line.startswith("2026")] == [
        "2026-07",
        "2026-08",
        "2026-09",
    ]
    late = run(params, tmp_path, "--since", "2026-10", "--cycle", "2026-09", "--dry-run")
    assert late.returncode == 2 and "--since 2026-10: no month from there leads to 2026-09" in late.stderr
    other = run(params, tmp_path, "--since", "2026-Q1", "--cycle", "2026-09", "--dry-run")
    assert other.returncode == 2 and "name an earlier month" in other.stderr
