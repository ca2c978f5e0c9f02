"""Every page of every organisation in a real browser, from disk, without a network.

Each page is opened at every width; the slow checks take one width and one scheme a page in turn. With SIPNB_EVERY_PAGE=1
all pages are taken, at all widths and in both schemes.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from tests.accessibility import violations

ORGANISATIONS = ["demo", "hard", "uci_servicenow", "github_status"]
WIDTHS = (320, 768, 1280)
WAYS = list(itertools.product(WIDTHS, ("light", "dark")))
EVERY = bool(os.environ.get("SIPNB_EVERY_PAGE"))


@pytest.fixture(params=ORGANISATIONS)
def pages(request, root) -> list[Path]:
    """The pages of a cycle: portfolio, data quality, plans, owners; of the real ones some, and of the evidence one
    in three, unless every page is wanted."""
    found = sorted(root(request.param).rglob("*.html"))
    assert len(found) > 5
    owners = [page for page in found if page.parent.name == "owners"]
    behind = [page for page in found if page.stem.endswith("-evidence")]
    left = (
        found
        if EVERY
        else [page for page in found if page not in owners[2:] and page not in (*behind[1::3], *behind[2::3])]
    )
    return left if EVERY or request.param in ("demo", "hard") else left[::5] + [p for p in left if p.stem == "index"]


def plans(pages: list[Path]) -> list[Path]:
    """The plans among them, without the pages of their evidence and all others."""
    others = ("index", "data-quality", "methods")
    return [p for p in pages if p.stem not in others and p.parent.name != "owners" and not p.stem.endswith("-evidence")]


def test_a_page_fits_every_screen_and_paper_and_says_what_it_is_about(pages, open_page):
    for page in pages:
        tab = open_page(page)
        assert tab.locator("h1").count() == 1
        if page in plans(pages):
            _shows_first(tab, page)
        for width in WIDTHS:
            tab.set_viewport_size({"width": width, "height": 800})
            assert tab.evaluate("document.scrollingElement.scrollWidth") <= width, (page.name, width)
        if page in plans(pages):
            _fits_paper(tab, page)
        tab.close()


def _shows_first(tab, page: Path) -> None:
    """Verdict, points and decisions are on the first screen."""
    for part in (".meta", "#verdict", ".tiles", ".matters", ".decisions"):
        if tab.locator(part).count():
            box = tab.locator(part).bounding_box()
            assert box["y"] + box["height"] <= 800, (page.name, part)


def _fits_paper(tab, page: Path) -> None:
    """On paper nothing is clipped and everything is unfolded."""
    tab.set_viewport_size({"width": 688, "height": 800})  # between the margins of A4; Letter is wider
    tab.emulate_media(media="print")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.evaluate("document.scrollingElement.scrollWidth") <= 688, page.name
    assert tab.locator("main .plan details:not([open])").count() == 0, page.name
    beyond = tab.evaluate(
        "[...document.querySelectorAll('main svg, main table')].filter(e => e.getClientRects().length && "
        "e.getBoundingClientRect().right > 689).map(e => e.outerHTML.slice(0, 120))"
    )
    assert beyond == [], page.name
    heads = tab.evaluate("[...document.querySelectorAll('main thead')].map(e => getComputedStyle(e).display)")
    assert set(heads) <= {"table-header-group"}, page.name


def test_axe_finds_nothing(pages, open_page):
    # Plans are alike in what they are made of: of their accessibility, one in three tells.
    looked = pages if EVERY else [page for page in pages if page not in plans(pages) or page in plans(pages)[::3]]
    for i, page in enumerate(looked):
        for width, scheme in WAYS if EVERY else [WAYS[i % len(WAYS)]]:
            tab = open_page(page, width, scheme)
            if tab.locator("#show-code").count():
                tab.locator("#show-code").check()
            assert violations(tab) == [], (page.name, width, scheme)
            tab.close()


def test_without_script_everything_can_be_read_and_unfolded(pages, open_page):
    for page in pages:
        tab = open_page(page, 375, script=False)
        assert tab.locator("h1").is_visible() and tab.locator("main").inner_text()
        controls = tab.locator("button, input[type=search], select").evaluate_all(
            "all => all.filter(e => e.getClientRects().length && getComputedStyle(e).visibility !== 'hidden')"
            ".map(e => e.outerHTML.slice(0, 120))"
        )
        assert controls == [], (page.name, "a control that does nothing")
        folded = tab.locator("main details:visible")
        if folded.count():
            one = folded.first
            one.locator("summary").first.click()
            assert one.evaluate("e => e.open")
        tab.close()


def test_forced_colours_and_reduced_motion_are_kept(pages, open_page):
    tab = open_page(plans(pages)[0])
    tab.emulate_media(forced_colors="active", reduced_motion="reduce")
    assert tab.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    assert tab.evaluate("getComputedStyle(document.querySelector('.verdict')).borderTopWidth") == "1px"
