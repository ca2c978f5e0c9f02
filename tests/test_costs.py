"""A new test is among the fast ones only as long as it needs nothing costly."""

import os
import re
import subprocess
import sys

import pytest

from tests import costs, made
from tests.conftest import REPOSITORY

NEW = """
import subprocess, sys
import pytest

@pytest.fixture
def mine(demo_context):
    return demo_context("payments")

def test_quick(tmp_path): pass
def test_exports(demo_exports): pass
def test_published(demo_published): pass
def test_records(demo_records): pass
def test_by_a_fixture_of_its_own(mine): pass
def test_of_an_organisation(root): pass
def test_made_once(once): pass
def test_page(page): pass
def test_opened(open_page): pass
def test_process(): subprocess.run([sys.executable, "-c", ""])
@pytest.mark.slow
def test_marked(): pass
"""


@pytest.mark.slow
def test_a_new_test_that_needs_something_costly_is_not_among_the_fast_ones(tmp_path):
    (tmp_path / "test_new.py").write_text(NEW, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-m", "not slow", "-v", "-p", "no:cacheprovider"]
    rules = ["-c", str(REPOSITORY / "pyproject.toml"), "--rootdir", str(tmp_path), str(tmp_path)]
    environment = os.environ | {made.FOLDER: str(tmp_path / "made")}
    done = subprocess.run(
        [*command, *rules], cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=120
    )
    assert re.findall(r"::(\w+) (PASSED|FAILED|ERROR)", done.stdout.partition("short test summary")[0]) == [
        ("test_quick", "PASSED"), ("test_process", "FAILED"),
    ], done.stdout + done.stderr  # fmt: skip
    assert "9 deselected" in done.stdout
    assert "it starts a process (subprocess.Popen" in done.stdout and "mark it with pytest.mark.slow" in done.stdout


def test_every_file_that_is_named_as_long_is_there():
    assert [file for file in sorted(costs.LONG | {*costs.FIRST}) if not (costs.TESTS / file).is_file()] == []
