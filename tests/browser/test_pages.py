"""Every page of every organisation in a real browser, from disk, without a network.

Each page is opened at every width; the slow checks take some of those that are alike, one width and one scheme a page in turn.
With SIPNB_EVERY_PAGE=1 all pages are taken, at all widths and in both schemes.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.accessibility import violations
from tests.conftest import EVERY

ORGANISATIONS = ["demo", "hard", "uci_servicenow", "github_status"]
WIDTHS = (320, 768, 1280)
WAYS = list(itertools.product(WIDTHS, ("light", "dark")))


@pytest.fixture(params=ORGANISATIONS)
def pages(request, root) -> list[Path]:
    """The pages of a cycle: portfolio, data quality, plans, owners; of the real ones some, and of the evidence one
    in three, unless every page is wanted."""
    found = sorted(root(request.param).rglob("*.html"))
    assert len(found) > 5
    if EVERY:
        return found
    owners = [page for page in found if page.parent.name == "owners"]
    behind = evidence(found)
    left = [page for page in found if page not in owners[2:] and page not in (*behind[1::3], *behind[2::3])]
    if request.param in ("demo", "hard"):
        return left
    return [*plans(left)[:1], *behind[:1], *(page for page in left if page.stem == "index")]


def evidence(pages: list[Path]) -> list[Path]:
    """The pages of the evidence behind plans."""
    return [page for page in pages if page.stem.endswith("-evidence")]


def plans(pages: list[Path]) -> list[Path]:
    """The plans among them, with their editions for customers, without the pages of their evidence and all others."""
    behind = "-evidence.html"
    return [p for p in pages if p.stem.endswith("-customer") or p.with_name(f"{p.stem}{behind}").is_file()]


def some(pages: list[Path]) -> list[Path]:
    """Pages that tell for the others: plans and evidence are alike in what they are made of, and of these one in three does."""
    alike = plans(pages), evidence(pages)
    left_out = [page for kind in alike for page in (*kind[1::3], *kind[2::3])]
    return pages if EVERY else [page for page in pages if page not in left_out]


def test_a_page_fits_every_screen_and_paper_and_says_what_it_is_about(pages, open_page):
    tab = open_page(pages[0])
    for page in pages:
        _turn(tab, page)
        assert tab.locator("h1").count() == 1
        if page in plans(pages):
            _shows_first(tab, page)
        for width in WIDTHS:
            tab.set_viewport_size({"width": width, "height": 800})
            assert tab.evaluate("document.scrollingElement.scrollWidth") <= width, (page.name, width)
        if page in plans(pages) or page.stem in ("executive", "review"):
            _fits_paper(tab, page)


def _turn(tab, page: Path, width: int = 1280, scheme: str = "light") -> None:
    tab.set_viewport_size({"width": width, "height": 800})
    tab.emulate_media(media="null", color_scheme=scheme)
    tab.goto(page.resolve().as_uri())


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
    tab = open_page(pages[0])
    for i, page in enumerate(some(pages)):
        for width, scheme in WAYS if EVERY else [WAYS[i % len(WAYS)]]:
            _turn(tab, page, width, scheme)
            if tab.locator("#show-code").count():
                tab.locator("#show-code").check()
            assert violations(tab) == [], (page.name, width, scheme)


def test_without_script_everything_can_be_read_and_unfolded(pages, open_page):
    tab = open_page(pages[0], script=False)
    for page in some(pages):
        _turn(tab, page, 375)
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


def test_forced_colours_and_reduced_motion_are_kept(pages, open_page):
    tab = open_page(plans(pages)[0])
    tab.emulate_media(forced_colors="active", reduced_motion="reduce")
    assert tab.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    assert tab.evaluate("getComputedStyle(document.querySelector('.verdict')).borderTopWidth") == "1px"
