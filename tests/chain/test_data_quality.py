"""The data-quality page in a run: published with the records, kept while it is true, and no reason for others to fail."""

from __future__ import annotations

import json
from dataclasses import replace

from estates import PAGES, Estate
from test_run import snapshot

from sipnb.places import CycleFolder


def render_quality(folder: CycleFolder, service: str) -> None:
    sources = json.loads((folder.records / "quality.json").read_text())["sources"]
    folder.quality.write_text(f"quality of {sources}")


def broken(folder: CycleFolder, service: str) -> None:
    folder.quality.write_text("half a page")
    raise ValueError("no template")


def test_it_is_published_with_the_records_and_kept_while_it_is_true(estate: Estate) -> None:
    run = {"pages": replace(PAGES, quality=render_quality)}
    assert estate.run(["payments"], **run).exit_code == 0
    page = estate.folder.quality
    assert page.read_text().startswith("quality of [{'name': 'tickets'")
    assert "'data-quality.html'" in estate.folder.index.read_text(), (
        "it is there before the portfolio, which links to it"
    )
    assert page.name in estate.manifest()["portfolio"]["hashes"]

    before = snapshot(estate.folder.root)
    assert estate.run(["payments"], **run).portfolio == "up to date"
    assert snapshot(estate.folder.root) == before

    page.write_text("edited by hand")
    assert estate.run(["payments"], **run).portfolio == "published"
    assert page.read_bytes() == before[page.name][0]

    # A row that is in no service changes no plan, but it changes the account.
    with (estate.root / "tiny" / "tickets.csv").open("a") as tickets:
        tickets.write("x1,unheard-of,incident,2026-10-20T08:00:00Z,\n")
    done = estate.run(["payments"], **run)
    assert (done.portfolio, dict(done.statuses)) == ("published", {"payments": "up to date"})
    assert "service not listed" in page.read_text() and not page.is_symlink()


def test_a_page_that_cannot_be_made_is_told_and_stops_nothing(estate: Estate) -> None:
    assert estate.run(pages=replace(PAGES, quality=render_quality)).exit_code == 0
    assert estate.run(["payments"], pages=replace(PAGES, quality=broken), force=True).exit_code == 0, (
        "it is not payments'"
    )
    done = estate.run(pages=replace(PAGES, quality=broken), force=True)
    assert done.errors == ("data quality 2026-10 page: ValueError: no template",) and done.exit_code == 3
    assert not estate.folder.quality.exists(), "nothing old looks fresh"
    assert estate.folder.page("payments").is_file() and estate.folder.index.is_file()
