"""The pages as text: whole, linked, escaped, self-contained, and the same each time."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from itertools import pairwise
from urllib.parse import unquote

import nbformat
import pytest
from reading import Read
from samples import HOSTILE, LABEL, MEASURES, cell, series, shown, write_notebook, write_service

from sipnb import __version__, report
from sipnb.catalogue import KPIS
from sipnb.chapters import results
from sipnb.places import ALL_SERVICES, EVIDENCE, CycleFolder, chapter_anchor
from sipnb.report import chapter, page
from sipnb.show import display, words

PAGES = ("payments", "hostile", "long", "empty", "broken", "index", "payments-evidence", "hostile-evidence", "empty-evidence",
         "methods")  # fmt: skip
PLANS = ("payments", "hostile", "long", "empty")


def source(cycle: CycleFolder, name: str) -> str:
    """The markup of a page; `payments-evidence` is what the plan of payments rests on."""
    return cycle.page(name).read_text(encoding="utf-8")


def text(cycle: CycleFolder, name: str) -> str:
    return re.sub(r"\s+", " ", Read(source(cycle, name)).text)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_the_same_bytes_when_rendered_again(cycle, name, monkeypatch):
    before = cycle.page(name).read_bytes()
    if name == "index":
        report.render_index(cycle)
    elif name == "broken":
        line = 'broken 2026-10 4_forecast.ipynb cell 7 "Choose a model": ValueError: <no> series'
        report.render_failure(cycle, "broken", f"Broken {HOSTILE}", LABEL, line, "4_forecast", 7, "Choose a model",
                            "ValueError: <no> series")  # fmt: skip
    elif name != "methods":
        page.environment.cache_clear()
        chapter._exporter.cache_clear()
        report.render_plan(cycle, name.removesuffix("-evidence"))
    assert cycle.page(name).read_bytes() == before


@pytest.mark.parametrize("name", PAGES)
def test_one_first_heading_and_no_skipped_levels(cycle, name):
    levels = Read(source(cycle, name)).headings
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("name", PAGES)
def test_ids_are_unique_and_every_link_leads_somewhere(cycle, name):
    seen = Read(source(cycle, name))
    assert len(seen.ids) == len(set(seen.ids))
    for link in seen.links:
        if link.startswith("#"):
            assert link[1:] in seen.ids, link
        else:
            target, _, anchor = link.partition("#")
            file = (cycle.root / unquote(target)).resolve()
            assert file.is_file(), link
            assert not anchor or f'id="{anchor}"' in file.read_text(encoding="utf-8"), link


@pytest.mark.parametrize("name", PAGES)
def test_a_page_refers_to_nothing_outside_itself(cycle, name):
    markup = source(cycle, name)
    seen = Read(markup)
    assert not [link for link in seen.links if re.match(r"[a-z]+:|//", link)]
    assert all(one.startswith("data:") for one in seen.sources)
    without_namespace = markup.replace("http://www.w3.org/2000/svg", "")
    assert "http" not in re.sub(r"http-equiv", "", without_namespace)
    assert "@import" not in markup and "@font-face" not in markup and "xlink" not in markup
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", markup))


@pytest.mark.parametrize("name", PAGES)
def test_the_policy_names_the_hash_of_every_script(cycle, name):
    markup = source(cycle, name)
    scripts = re.findall(r"<script>(.*?)</script>", markup, re.DOTALL)
    data = markup.count('<script type="application/json"')
    assert scripts and len(scripts) + data == markup.count("<script")
    digests = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in scripts]
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', markup)[1])
    assert policy.endswith("script-src " + " ".join(f"'sha256-{digest}'" for digest in digests))
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_stays_far_below_a_megabyte_and_names_no_machine_path(cycle, name):
    markup = source(cycle, name)
    assert len(markup.encode()) < 400_000
    assert str(cycle.root) not in markup


def test_the_head_says_what_the_plan_is_about(cycle):
    said = text(cycle, "payments")
    assert "Service improvement plan: Payments, October 2026" in said
    for part in (
        "Northfield Group",
        "Head of Payments Operations",
        "Gold tier",
        "PAYMENTS-2026-10",
        "1–31 October 2026, as known at the cut-off 1 November 2026 00:00 Europe/Berlin",
        "Simulated records",
        "1,612 tickets opened, 212 open",
    ):
        assert part in said, part


def test_verdict_points_and_decisions_are_said_with_links_to_their_chapters(cycle):
    said, markup = text(cycle, "payments"), source(cycle, "payments")
    verdict = results.read(cycle, "payments", "6_plan").verdict
    for part in (
        verdict.sentence,
        verdict.caution,
        *(p.text for p in verdict.points),
        *(d.why for d in verdict.decisions),
    ):
        assert part in said, part
    assert '<a href="payments-evidence.html#gap-analysis-by-group">Gap analysis</a>' in markup
    assert '<a href="payments-evidence.html#baseline-by-group">Baseline</a>' in markup
    assert said.index(verdict.sentence) < said.index("What matters") < said.index(verdict.decisions[0].why)


def test_without_decisions_none_are_asked(cycle):
    assert "Decisions asked of you None." in text(cycle, "empty")


@pytest.mark.parametrize("kpi", MEASURES)
def test_every_number_of_a_measure_is_on_its_line(cycle, kpi):
    fact = next(k for k in results.read(cycle, "payments", "2_baseline").measures if k.kpi == kpi)
    rows = source(cycle, "payments-evidence").split("<tr")
    row = next(r for r in rows if f'href="methods.html#def-{kpi}"' in r)
    said = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", row)))
    expected = [
        fact.title,
        words.number(fact.value, fact.unit),
        f"n {fact.n:,}",
        words.interval(fact.low, fact.high, fact.unit),
        words.difference(fact.value, fact.previous, fact.unit),
    ]
    if fact.target is not None:
        expected.append(words.number(fact.target, fact.unit))
    if fact.claims:
        expected += [words.VARIATION[fact.variation][1], words.ASSURANCE[fact.assurance][1]]
        assert ("heavy" in row) == (fact.assurance == "consistently fails")
    else:
        expected.append(fact.unjudged or "too few to judge")
        assert "No real change" not in said and "No target" not in said
    for part in expected:
        assert part in said, (part, said)


def test_measures_without_data_are_named_with_what_is_missing(cycle):
    missing = [k.title for k in KPIS.values() if k.id not in MEASURES]
    said = text(cycle, "payments-evidence")
    assert f"No data for {len(missing)} measures" in said
    for title in missing:
        assert f"{title}: the exports hold no surveys" in said
    assert "No measure has data in this month." in text(cycle, "empty-evidence")


def test_definitions_records_and_origin_are_stated(cycle):
    for kpi in KPIS.values():
        assert re.sub(r"\s+", " ", kpi.formula) in text(cycle, "methods") and kpi.definition in text(cycle, "methods")
    said = text(cycle, "payments-evidence")
    for part in ("tickets.csv", "34,149", "34,112", "37 resolved before opened", "0123456789abcdef", __version__):
        assert part in said, part


@pytest.mark.parametrize("name", ["methods", "index"])
def test_how_to_read_this_is_at_most_120_words(cycle, name):
    block = source(cycle, name).split('id="reading">')[1].split("</ul>")[0].split("</h", 1)[1]
    assert 40 < len(html.unescape(re.sub(r"<[^>]+>", " ", block)).split()) <= 120


def test_tables_that_end_a_cell_and_plain_results_are_kept(cycle):
    markup = source(cycle, "payments-evidence")
    assert markup.count("<caption>One row a group</caption>") == len(EVIDENCE)
    assert "2 &lt;b&gt;plain&lt;/b&gt;" in markup
    assert markup.count('<figure id="fig-') == len(EVIDENCE)


def test_a_section_of_the_plan_whose_cells_leave_nothing_is_left_out(cycle):
    markup = source(cycle, "payments")
    assert '<h2 id="plan-decisions-asked">Decisions asked</h2>' in markup and "Nothing to say" not in markup
    assert '<a href="#plan-decisions-asked">Decisions asked</a>' in markup


def test_cells_that_only_prepare_show_nothing_but_code(cycle):
    markup = source(cycle, "payments")
    assert "never shown" not in markup and "never printed" not in markup and "loading" not in markup
    assert "service = &#39;web&#39;" in markup and "from sipnb.show import display" in markup


def test_code_is_present_but_hidden_until_it_is_asked_for(cycle):
    markup = source(cycle, "payments")
    assert '<pre class="code"><code>figures.control_chart(...)  # &lt;drawn&gt;</code></pre>' in markup
    assert re.search(r"pre\.code \{ display: none;", markup)
    assert '<input type="checkbox" id="show-code">' in markup and "checked>" not in markup


def test_without_code_there_is_neither_code_nor_switch(tmp_path):
    folder = CycleFolder(tmp_path)
    write_service(folder, "web", "Web shop")
    markup = report.render_plan(folder, "web", with_code=False).read_text()
    assert '<pre class="code' not in markup and 'id="show-code"' not in markup
    assert "One row a group" in markup


def test_hostile_words_are_shown_as_words(cycle):
    for name in ("hostile", "broken", "index"):
        assert "<script>alert" not in source(cycle, name)
        assert HOSTILE in text(cycle, name)
    assert f"Service improvement plan: {HOSTILE}, October 2026" in text(cycle, "hostile")


def test_headings_move_down_and_their_ids_are_made_of_their_words(cycle):
    markup = source(cycle, "payments-evidence")
    for part in (
        '<h2 id="gap-analysis">Gap analysis</h2>',
        '<h3 id="gap-analysis-by-group">By group</h3>',
        '<h4 id="gap-analysis-detail">Detail</h4>',
        '<h3 id="gap-analysis-by-group-2">By group</h3>',
    ):
        assert part in markup, part


def test_contents_list_every_chapter_and_section(cycle):
    contents = source(cycle, "payments-evidence").split('<nav class="contents"')[1].split("</nav>")[0]
    for anchor in ("scorecard", *(chapter_anchor(c) for c in EVIDENCE), "baseline-by-group", "origin"):
        assert contents.count(f'href="#{anchor}"') == 2, anchor


def test_random_cell_ids_do_not_reach_the_page(cycle):
    path = cycle.notebook("payments", "2_baseline")
    notebook = nbformat.read(path, as_version=4)
    before = chapter.chapter(path, "2_baseline").markup
    for number, one in enumerate(notebook.cells):
        one["id"] = f"random-{number}"
    nbformat.write(notebook, path)
    assert chapter.chapter(path, "2_baseline").markup == before


def test_neighbouring_cycles_are_linked_and_all_are_listed():
    history = [("2026-11", "November 2026", "c"), ("2026-08", "August 2026", "a"), ("2026-09", "September 2026", "b")]
    editions = page.editions(history, "2026-10")
    assert editions["earlier"][2] == "b" and editions["later"][2] == "c"
    assert [e[2] for e in editions["editions"]] == ["c", "b", "a"]


def test_a_number_keeps_its_unit_on_the_line():
    assert display.tied("31 % (18–42) & 9.4 h") == (
        '<span class="tied">31 %</span> (<span class="tied">18–42</span>) &amp; <span class="tied">9.4 h</span>'
    )
    assert display.tied("4 hosts and € 24,000 more") == '4 hosts and <span class="tied">€ 24,000</span> more'


def test_a_missing_notebook_is_an_error_that_says_what_to_do(tmp_path):
    folder = CycleFolder(tmp_path)
    write_service(folder, "web", "Web shop")
    folder.notebook("web", "4_forecast").unlink()
    with pytest.raises(chapter.PageError, match=r"4_forecast: no executed notebook .* run that chapter first"):
        report.render_plan(folder, "web")
    assert not folder.page("web").exists()


def test_a_notebook_without_a_title_is_an_error(tmp_path):
    path = tmp_path / "untitled.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell("1")]), path)
    with pytest.raises(chapter.PageError, match="has to begin with a heading"):
        chapter.chapter(path, "2_baseline")


def test_a_picture_is_carried_inside_the_page(tmp_path):
    output = nbformat.v4.new_output(
        "display_data", data={"image/png": "aGFsbG8=\n", "text/plain": "<Figure>"}, metadata={"alt": 'A "chart"'}
    )
    write_notebook(tmp_path / "n.ipynb", "Baseline", "Web", series(["sla_attainment"]), cell("plot()", output),
                   cell("say()", shown(display.say("last"))))  # fmt: skip
    markup = chapter.chapter(tmp_path / "n.ipynb", "2_baseline").markup
    assert '<img src="data:image/png;base64,aGFsbG8=" alt="A &#34;chart&#34;">' in markup
    assert '<p class="prose">last</p>' in markup


def test_a_failed_plan_says_where_it_stopped_and_shows_no_figures(cycle):
    said = text(cycle, "broken")
    for part in ("could not be made", "Forecast, cell 7, under “Choose a model”", "ValueError: <no> series",
                 "No older figures are shown"):  # fmt: skip
        assert part in said, part
    links = Read(source(cycle, "broken")).links
    assert "index.html" in links and "notebooks/broken/4_forecast.ipynb" in links
    assert "%" not in said


def test_a_failure_without_cell_or_notebook_makes_a_page_too(tmp_path):
    path = report.render_failure(CycleFolder(tmp_path), "x", "X", LABEL, "x: killed", "2_baseline", None, "", "killed")
    said = Read(path.read_text()).text
    assert "It stopped in the chapter Baseline." in said and "None" not in said and "Partial notebook" not in said


def test_what_a_run_says_of_a_failure_reaches_the_page(tmp_path):
    from types import SimpleNamespace

    stopped = SimpleNamespace(
        chapter="2_baseline",
        trouble=SimpleNamespace(cell=3, heading="Flow", error="KeyError: 'opened'"),
        line=lambda: "web 2026-10 2_baseline.ipynb cell 3",
    )
    path = report.failure_of({"web": "Web shop"}, LABEL)(CycleFolder(tmp_path), "web", stopped)
    said = Read(path.read_text()).text
    for part in ("Web shop, October 2026", "chapter Baseline, cell 3, under “Flow”", "KeyError: 'opened'"):
        assert part in said, part


def test_a_failed_portfolio_leads_to_the_plans_that_exist(tmp_path):
    folder = CycleFolder(tmp_path)
    folder.page("web").write_text("<!doctype html>")
    path = report.render_failure(folder, ALL_SERVICES, "All services", LABEL, "page: x", "render", None, "", "x")
    seen = Read(path.read_text())
    assert "The portfolio of October 2026 could not be made." in seen.text
    assert "It stopped while the page was made." in seen.text
    assert [link for link in seen.links if not link.startswith("#")] == ["web.html"]
