"""The page for the review meeting: what is on the agenda, of estates large and small, on one sheet of paper."""

from __future__ import annotations

import pytest

from benchmarks import portfolio as estates
from sipnb.report.review import DECISIONS, OTHERS, due_until
from tests.accessibility import violations
from tests.report.reading import Read


@pytest.fixture(scope="module", params=[1, 10, 300])
def estate(request, tmp_path_factory):
    made = estates.write_estate(tmp_path_factory.mktemp("reports"), request.param)
    return made.folder, estates.make(made)


def test_the_agenda_is_what_the_portfolio_asks_and_knows(estate):
    folder, facts = estate
    seen = Read(folder.review)
    asked = [one for plan in facts.plans for one in plan.decisions]
    for one in asked[:DECISIONS]:
        assert one.title in seen.text
    if len(asked) > DECISIONS:
        more = len(asked) - DECISIONS
        told = f"{more:,} more decision{' stands' if more == 1 else 's stand'} on the page of all services."
        assert told in seen.text
    due = due_until(facts.actions, facts.review)
    assert [one.due for one in due] == sorted(one.due for one in due)
    assert all(one.open and one.kind == "agreed" and one.due <= facts.review for one in due)
    assert {one.id for one in facts.actions if one.overdue} <= {one.id for one in due}
    for one in due[:OTHERS]:
        assert one.title in seen.text and one.owner in seen.text
    assert seen.headings == [1, 2, 2, 2, 2, 2]
    assert [link for link in seen.dead() if "#" not in link] == []


def test_it_fits_one_sheet_of_paper_and_every_screen(open_page, estate, tmp_path):
    folder, _ = estate
    tab = open_page(folder.review)
    for width in (320, 1280):
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate("document.scrollingElement.scrollWidth") <= width
        assert violations(tab) == [], width
    margin = {"top": "15mm", "bottom": "16mm", "left": "14mm", "right": "14mm"}
    printed = tab.pdf(format="A4", print_background=True, margin=margin)
    assert printed.count(b"/Type /Page\n") == 1
