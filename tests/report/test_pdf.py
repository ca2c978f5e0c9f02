"""PDFs: tagged, outlined, dated by the cut-off, the same bytes each time; and a clear word where there is no browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from sipnb import report
from sipnb.report import pdf

CUTOFF = pd.Timestamp("2026-10-31T23:00:00Z")


def print_pages(pages):
    """Print in a process of its own: there is one driver of browsers a process, and the tests have theirs."""
    code = (
        "import sys; from pathlib import Path; import pandas as pd; from sipnb import report\n"
        "for path in report.print_pages([Path(p) for p in sys.argv[2:]], pd.Timestamp(sys.argv[1])): print(path)"
    )
    command = [sys.executable, "-c", code, CUTOFF.isoformat(), *map(str, pages)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = [Path(line) for line in done.stdout.splitlines()]
    assert found == [page.with_suffix(".pdf") for page in pages]
    return found


@pytest.fixture(scope="module")
def printed(cycle):
    if shutil.which("chromium") is None:
        pytest.skip("no browser: chromium is not on the path; apt-get install chromium")
    return print_pages([cycle.page(name) for name in ("payments", "empty", "index")])


def test_it_is_tagged_has_bookmarks_and_a_title(printed):
    for path in printed:
        content = path.read_bytes()
        assert content.startswith(b"%PDF-") and b"/MarkInfo" in content and b"/Marked true" in content
        assert b"/StructTreeRoot" in content and b"/Outlines" in content
    assert b"Service improvement plan: Payments, October 2026" in printed[0].read_bytes()


def test_the_evidence_is_the_second_part_of_a_plan(printed):
    titles = re.findall(rb"/Title \(([ -~]+?)\)", printed[0].read_bytes())
    assert {b"Decisions asked", b"Gap analysis", b"Origin"} <= set(titles)


def test_it_is_dated_by_the_cut_off_and_the_same_bytes_each_time(printed, cycle):
    before = printed[0].read_bytes()
    assert set(re.findall(rb"/(?:CreationDate|ModDate) \(D:(\d{14})", before)) == {b"20261031230000"}
    (again,) = print_pages([cycle.page("payments")])
    assert again.read_bytes() == before


def test_a_page_is_printed_anew_only_when_it_is_newer(printed, cycle):
    page = cycle.page("empty")
    assert not report.unprinted(page)
    page.touch()
    assert report.unprinted(page)
    assert not report.unprinted(page.with_name("nobody.html"))


def test_without_a_browser_it_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(report.NoBrowser, match="apt install chromium"):
        pdf.browser()


def test_what_differs_from_run_to_run_is_replaced_and_keeps_its_length():
    content = b"<</CreationDate (D:20261125120000+00'00')>> /ID (node00000113) /ID (node00000207) [(node00000113)]"
    changed = pdf.repeatable(content, CUTOFF)
    assert len(changed) == len(content) and b"20261031230000" in changed
    assert changed.endswith(b"/ID (node00000001) /ID (node00000002) [(node00000001)]")
