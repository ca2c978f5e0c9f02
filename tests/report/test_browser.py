"""The pages in a real browser, from disk, with the network watched."""

from __future__ import annotations

import pytest

from tests.accessibility import violations


@pytest.fixture
def visit(open_page, cycle):
    """Open a page of the samples."""
    return lambda name, *how, **ever: open_page(cycle.page(name), *how, **ever)


@pytest.mark.parametrize(
    "name", ["payments", "hostile", "long", "empty", "broken", "index", "payments-evidence", "long-evidence", "methods"]
)
def test_nothing_reaches_beyond_the_screen(visit, name):
    tab = visit(name)
    for width in (320, 375, 800, 1024, 1280):
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate("document.scrollingElement.scrollWidth") <= width


@pytest.mark.parametrize("name", ["payments", "empty", "broken", "index", "payments-evidence", "methods"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")])
def test_axe_finds_nothing_serious(visit, name, width, scheme):
    tab = visit(name, width, scheme)
    if tab.locator("#show-code").count():
        tab.locator("#show-code").check()
    assert [one for one in violations(tab) if one[1] in ("serious", "critical")] == []


@pytest.mark.parametrize("name", ["payments", "long"])
def test_verdict_points_and_decisions_are_on_the_first_screen(visit, name):
    tab = visit(name)
    for part in ("#verdict", ".tiles") + ((".matters", ".decisions") if name == "payments" else ()):
        box = tab.locator(part).bounding_box()
        assert box["y"] + box["height"] <= 800, part


@pytest.mark.parametrize("script", [True, False])
def test_code_shows_when_asked_for_with_and_without_script(visit, script):
    tab = visit("payments", script=script)
    code = tab.locator("pre.code").first
    assert not code.is_visible()
    tab.locator("#show-code").check()
    assert code.is_visible()


def test_without_script_the_page_can_be_read_and_unfolded(visit):
    tab = visit("payments-evidence", 375, script=False)
    assert tab.get_by_role("heading", level=1).is_visible()
    tab.locator(".folded summary").click()
    assert tab.locator(".folded a", has_text="Origin").is_visible()


def test_on_a_phone_every_measure_is_a_card_with_its_judgement_in_sight(visit):
    tab = visit("payments-evidence", 375)
    for badge in tab.locator(".scorecard .judged").all():
        box = badge.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 375
    assert tab.get_by_role("cell", name="71.2 %").first.is_visible()


def test_the_list_of_contents_stands_beside_the_chapters_on_a_wide_screen(visit):
    tab = visit("payments-evidence")
    aside, body = tab.locator(".aside").bounding_box(), tab.locator(".body").bounding_box()
    assert aside["x"] + aside["width"] <= body["x"] and not tab.locator(".folded").is_visible()


def test_dark_mode_reaches_the_figures(visit):
    ink = "getComputedStyle(document.querySelector('.drawing svg text')).fill"
    assert visit("payments").evaluate(ink) != visit("payments", scheme="dark").evaluate(ink)


def test_the_portfolio_is_searched_from_the_keyboard(visit):
    tab = visit("index")
    tab.keyboard.press("/")
    tab.keyboard.type("skip")
    shown = tab.locator("#plans tbody tr:visible")
    assert shown.count() == 1 and "Skipped" in shown.inner_text()
    assert tab.locator("#found").inner_text() == "1 of 6 services, 0 decisions, 0 actions"


def test_the_first_tab_stop_leads_past_the_head(visit):
    tab = visit("payments")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"


def test_printing_unfolds_what_is_folded(visit):
    tab = visit("payments")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.locator("figure details:not([open])").count() == 0
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.locator("figure details[open]").count() == 0
