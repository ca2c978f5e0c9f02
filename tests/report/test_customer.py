"""The edition for customers: what it holds, and what is never in it, in all organisations whose records are public or made."""

from __future__ import annotations

import shutil

import pytest

from sipnb import workbook as workbooks
from sipnb.chapters import results
from sipnb.places import BASELINE, PLAN, CycleFolder, organisation
from sipnb.report.customer import render_customers
from tests.accessibility import violations
from tests.report.reading import Read


@pytest.fixture(scope="module")
def editions(demo_published, tmp_path_factory):
    """The editions of all services of the demo, beside a copy of what is published."""
    root = tmp_path_factory.mktemp("reports") / "demo" / "2026-10"
    shutil.copytree(demo_published.root, root, ignore=shutil.ignore_patterns("records", "downloads", "notebooks"))
    (root / "records").symlink_to(demo_published.records)
    book = workbooks.load(organisation("demo"), reports=root.parents[1])
    folder = CycleFolder(root)
    return folder, book, list(render_customers(root, book, book.cycle("2026-10"), book.services))


def test_every_service_has_one_that_stands_alone(editions):
    _, book, pages = editions
    assert [page.name for page in pages] == [f"{service}-customer.html" for service in book.services]
    for page in pages:
        seen = Read(page)
        assert seen.headings.count(1) == 1
        assert [link for link in seen.links if not link.startswith(("#", "data:"))] == [], page.name


def test_no_money_no_role_and_no_way_of_the_organisation_is_in_it(editions):
    folder, book, pages = editions
    for page in pages:
        service = page.stem.removesuffix("-customer")
        text = page.read_text(encoding="utf-8").split("<main")[1]
        plan = results.read(folder, service, PLAN)
        roles = {
            book.services[service].owner,
            *(one.owner for one in plan.actions),
            *(one.owner for one in plan.verdict.decisions),
        }
        for role in filter(None, roles):
            assert role not in text, (service, role)
        assert "€" not in text and "EUR" not in text and "Cost" not in text
        assert "Risks" not in text and "decision" not in text.lower()


def test_its_figures_are_those_of_the_plan(editions):
    folder, _, pages = editions
    for page in pages:
        service = page.stem.removesuffix("-customer")
        plan, measured = results.read(folder, service, PLAN), results.read(folder, service, BASELINE)
        seen = Read(page)
        if plan.verdict.kpi is None or measured.measure(plan.verdict.kpi).unit != "money":
            assert plan.verdict.sentence in seen.text, service
        for one in plan.actions:
            told = one.title in seen.text
            assert told == (one.kind == "agreed"), (service, one.title)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_and_fits_every_screen(open_page, editions, scheme):
    _, _, pages = editions
    tab = open_page(pages[0], scheme=scheme)
    for width in (320, 1280):
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate("document.scrollingElement.scrollWidth") <= width
        assert violations(tab) == [], width


def test_the_same_results_give_the_same_bytes(editions):
    folder, book, pages = editions
    before = [page.read_bytes() for page in pages]
    again = render_customers(folder.root, book, book.cycle("2026-10"), book.services)
    assert [page.read_bytes() for page in again] == before
