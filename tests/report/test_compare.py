"""Two plans side by side: what the page carries, what it says of two cycles and of two services, and of none."""

from __future__ import annotations

import json
import re

import pytest

from benchmarks import portfolio as estates
from sipnb import report
from sipnb.other_cycles import published
from sipnb.places import CycleFolder
from sipnb.report import compare
from tests.report.reading import Read, go_to


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """An organisation of ten services in two cycles."""
    reports = tmp_path_factory.mktemp("reports")
    for name in ("2026-09", "2026-10"):
        made = estates.write_estate(reports, 10, name)
        facts = estates.make(made)
    report.render_cycles(made.folder)
    return made.folder, facts


def carried(folder: CycleFolder) -> list[dict]:
    markup = compare.page_of(folder).read_text(encoding="utf-8")
    return json.loads(re.search(r'<script type="application/json" id="figures">(.*?)</script>', markup, re.DOTALL)[1])


def test_it_carries_every_published_plan_of_every_cycle_newest_first(two):
    folder, facts = two
    held = carried(folder)
    assert [one["name"] for one in held] == ["2026-10", "2026-09"]
    made = {p.service: p for p in facts.plans if p.status == "published"}
    assert held[0]["services"].keys() == made.keys()
    for service, one in held[0]["services"].items():
        assert (one["name"], one["finding"]) == (made[service].name, made[service].sentence)
        assert one["measures"]
    assert Read(compare.page_of(folder)).dead() == []


def test_figures_and_differences_stand_side_by_side(open_page, two):
    folder, _ = two
    held = carried(folder)
    tab = open_page(compare.page_of(folder))
    service = sorted(held[0]["services"])[1]
    tab.locator("#a-service").select_option(service)
    tab.locator("#b-service").select_option(service)
    new, old = (one["services"][service]["measures"] for one in held)
    assert tab.locator("#sided tbody tr").count() == len(set(new) | set(old))
    row = tab.locator("#sided tbody tr", has_text=new["sla_attainment"][0]).first
    assert new["sla_attainment"][3] in row.inner_text() and old["sla_attainment"][3] in row.inner_text()
    by = 100 * (new["sla_attainment"][7] - old["sla_attainment"][7])
    text = f"{abs(by):.{2 if abs(by) < 1 else 1}f} pts"
    assert row.locator("td").last.inner_text().lstrip("+−") == text
    assert tab.evaluate("location.hash") == f"#a={service}@2026-09&b={service}@2026-10"
    tab.reload()
    assert tab.locator("#a-service").input_value() == service
    tab.locator("#b-cycle").select_option("2026-09")
    assert {one.inner_text() for one in tab.locator("#sided tbody td:last-child").all()} <= {"0.00 pts", "0.00 %", "–"}
    go_to(tab, "#a=nothing@never&b=%zz")
    assert tab.locator("#sided tbody tr").count() > 0, "an address that means nothing shows something that is there"


def test_words_that_end_a_script_or_would_be_markup_are_text(open_page, cycle):
    held = carried(cycle)
    assert any("<script>" in one["name"] for one in held[0]["services"].values())
    tab = open_page(compare.page_of(cycle))
    tab.locator("#a-service").select_option("hostile")
    assert "<script>" in tab.locator("#findings").inner_text()


def test_a_cycle_whose_downloads_are_gone_or_strange_is_left_out(two, tmp_path):
    folder, _ = two
    damaged = CycleFolder(tmp_path / "estate" / "2026-10")
    for file, content in (("portfolio.json", '{"plans": [{"service": "x"}]}'), ("kpis.csv", "")):
        damaged.downloads.mkdir(parents=True, exist_ok=True)
        (damaged.downloads / file).write_text(content)
    page = compare.render_compare(damaged, [damaged], "Estate", False)
    assert "Nothing is published yet." in page.read_text(encoding="utf-8")
    assert compare.render_compare(damaged, published(folder.root.parent), "Estate", False)
    assert len(carried(damaged)) == 2
