"""Figures and tables of the simulated organisation's plans as a browser shows them."""

from __future__ import annotations

import base64
import re

import pytest

SERVICES = ("payments", "service-desk")

#: Pairs of texts of one drawing that overlap, and texts that leave their drawing, as the browser measures them.
_COLLISIONS = """() => {
  const found = [];
  for (const svg of document.querySelectorAll('.drawing svg')) {
    if (!svg.getClientRects().length) { continue; }
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
    texts.forEach(([text, box], i) => {
      if (box.left < frame.left - 2 || box.right > frame.right + 2 || box.bottom > frame.bottom + 2) {
        found.push(svg.closest('figure').id + ': ' + text + ' leaves it');
      }
      for (const [other, its] of texts.slice(i + 1)) {
        const across = Math.min(box.right, its.right) - Math.max(box.left, its.left);
        const down = Math.min(box.bottom, its.bottom) - Math.max(box.top, its.top);
        // A line's box is a third higher than its letters.
        if (across > 1 && down > 5) { found.push(svg.closest('figure').id + ': ' + text + ' / ' + other); }
      }
    });
  }
  return found;
}"""


@pytest.mark.parametrize("which", ["page", "evidence"])
@pytest.mark.parametrize("service", SERVICES)
def test_each_screen_has_its_drawing_and_no_words_of_it_collide(open_page, demo_published, service, which):
    tab = open_page(getattr(demo_published, which)(service))
    for width in (1280, 768, 375, 320):
        tab.set_viewport_size({"width": width, "height": 800})
        shown, hidden = ("narrow", "wide") if width < 600 else ("wide", "narrow")
        assert tab.locator(f".drawing.{shown} svg").first.is_visible()
        assert not tab.locator(f".drawing.{hidden} svg").first.is_visible()
        assert tab.evaluate(_COLLISIONS) == [], width


def test_on_the_smallest_screen_every_word_of_a_figure_is_legible(open_page, demo_published):
    tab = open_page(demo_published.evidence("payments"), 320)
    heights = tab.evaluate(
        "[...document.querySelectorAll('.drawing.narrow text')].map(t => parseFloat(t.getAttribute('font-size')) * "
        "t.ownerSVGElement.getBoundingClientRect().width / t.ownerSVGElement.viewBox.baseVal.width)"
    )
    assert len(heights) > 100 and min(heights) >= 11


def test_a_table_is_sorted_by_its_heads_with_mouse_and_keyboard(open_page, demo_published):
    tab = open_page(demo_published.evidence("payments"))
    region = tab.get_by_role("region", name="The mean, the slow ones, the first answer, October 2026")
    column = "[...e.querySelectorAll('tbody tr')].map(r => r.cells[1].textContent)"
    region.get_by_role("button", name="Value").click()
    assert region.evaluate(f"e => {column}") == ["15.8 min", "14.7 h", "32.5 h", "50.4 h"]
    assert region.locator("th[aria-sort=ascending]").inner_text().startswith("Value")
    tab.keyboard.press("Enter")
    assert region.evaluate(f"e => {column}") == ["50.4 h", "32.5 h", "14.7 h", "15.8 min"]
    assert region.locator("th[aria-sort=descending]").count() == region.locator("th[aria-sort]").count() == 1


def test_where_rows_are_cards_no_head_can_be_reached_by_keyboard(open_page, demo_published):
    tab = open_page(demo_published.evidence("payments"))
    stops = "[...document.querySelectorAll('.stacked .sorter, .scorecard .sorter')].map(b => b.tabIndex)"
    assert set(tab.evaluate(stops)) == {0}
    tab.set_viewport_size({"width": 375, "height": 800})
    tab.wait_for_function(f"{stops}.every(stop => stop === -1)")


def test_what_a_figure_carries_is_downloaded_without_script(open_page, demo_published):
    tab = open_page(demo_published.evidence("payments"), script=False)
    link = tab.locator("#fig-sla-attainment .csv")
    carried = base64.b64decode(link.get_attribute("href").split("base64,")[1])
    with tab.expect_download() as told:
        link.click()
    assert told.value.suggested_filename == "sla-attainment.csv"
    content = told.value.path().read_bytes()
    assert (
        content == carried and content.startswith(b"\xef\xbb\xbfMonth,Value,95 % from") and content.count(b"\r\n") == 31
    )


def test_in_the_dark_the_words_of_figures_are_light(open_page, demo_published):
    fills = [
        open_page(demo_published.evidence("payments"), scheme=scheme).evaluate(
            "getComputedStyle(document.querySelector('.drawing.wide text')).fill"
        )
        for scheme in ("light", "dark")
    ]
    light, dark = (sum(map(int, re.findall(r"\d+", fill)[:3])) for fill in fills)
    assert light < 384 < dark
