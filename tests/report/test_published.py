"""What a reader may check by hand in a published cycle, checked in all of them: prose, figures, links, sizes."""

from __future__ import annotations

import base64
import csv
import html
import io
import json
import re
from urllib.parse import unquote

import numerals
import pytest
from reading import Read

from sipnb import report
from sipnb.chapters import results
from sipnb.chapters.plan import views
from sipnb.places import ALL_OPTIONS, ALL_RECORDS, ALL_SERVICES, CycleFolder

FILLERS = {"", "figure", "chart", "image", "plot", "no description has been provided for this image"}


@pytest.fixture(params=["demo", "hard", "uci_servicenow", "github_status"])
def folder(request, root) -> CycleFolder:
    return CycleFolder(root(request.param))


def plans(folder: CycleFolder) -> dict[str, str]:
    """The markup of each plan with its evidence, by its service."""
    services = {p.name for p in (folder.root / "results").iterdir()} - {ALL_OPTIONS, ALL_RECORDS, ALL_SERVICES}
    return {name: numerals.document(folder.page(name)) for name in sorted(services)}


def test_every_numeral_of_the_prose_is_in_the_twin(folder):
    counted, known = 0, plans(folder)
    for service, markup in known.items():
        assert numerals.unaccounted(markup) == [], service
        counted += sum(len(numerals.NUMERAL.findall(one)) for one in numerals.Prose(markup).found)
    assert counted > 40 * len(known)


def test_a_numeral_that_is_nobody_s_fact_is_found(demo_published):
    markup = demo_published.page("payments").read_text(encoding="utf-8")
    wrong = markup.replace("69.1&nbsp;%", "61.37 %").replace("69.1 %", "61.37 %")
    found = {numeral for numeral, _ in numerals.unaccounted(wrong)}
    assert markup != wrong and "61.37" in found


def test_the_twin_holds_what_the_chapters_handed_over(folder):
    for service, markup in plans(folder).items():
        twin = numerals.twin(markup)
        for chapter, facts in twin["chapters"].items():
            assert facts == results.raw(folder, service, chapter)["facts"], (service, chapter)


def test_a_verdict_is_short_and_has_a_number_or_says_that_nothing_can_be_said(folder):
    for service in plans(folder):
        sentence = results.read(folder, service, "6_plan").verdict.sentence
        assert len(sentence) <= 160 and sentence.endswith(".") and "…" not in sentence, sentence
        assert re.search(r"\d| one ", sentence) or "nothing can be said" in sentence, sentence


def test_points_lead_to_their_sections_and_decisions_say_who_when_what_and_how_much(folder):
    for service, markup in plans(folder).items():
        verdict = results.read(folder, service, "6_plan").verdict
        assert len(verdict.points) <= 6
        listed = markup.split('<ol class="matters">')[-1].split("</ol>")[0]
        links = re.findall(r'<a href="[^"#]+#([^"]+)">[^<]+</a></li>', listed)
        if verdict.points:
            assert len(links) == len(verdict.points)
            for link, point in zip(links, verdict.points, strict=True):
                assert link == point.section and f'id="{link}"' in markup, (service, point.section)
        for at, one in enumerate(verdict.decisions, start=1):
            assert (f'<a href="#decision-{at}">' in markup) is (at <= views.ASKED) and f' id="decision-{at}"' in markup
            assert not one.number or f' id="sheet-{one.number}"' in markup
            assert one.owner and re.fullmatch(r"\d{4}-\d{2}-\d{2}", one.due) and one.effect and one.cost and one.why


def test_every_figure_has_its_finding_alternative_text_data_and_source(folder):
    counted = 0
    for service, markup in plans(folder).items():
        for figure in re.findall(r"<figure.*?</figure>", markup, re.DOTALL):
            title = html.unescape(re.sub(r"<[^>]+>", "", re.search(r"<figcaption><strong>(.*?)</strong>", figure)[1]))
            assert 0 < len(title.split()) <= 12, (service, title)
            for alt in re.findall(r"<desc[^>]*>(.*?)</desc>", figure):
                alt = html.unescape(alt)
                assert alt.lower().strip(" .") not in FILLERS and re.search(r"\d", alt) and len(alt) <= 250, (
                    service,
                    alt,
                )
            assert re.search(r'role="img"', figure) and 'class="source"' in figure, (service, title)
            assert "Show the data" in figure and "<caption>" in figure, (service, title)
            counted += 1
    assert counted > 10


def test_the_data_of_every_figure_can_be_downloaded_and_no_cell_is_a_formula(folder):
    for service, markup in plans(folder).items():
        figures = re.findall(r"<figure.*?</figure>", markup, re.DOTALL)
        files = re.findall(r'href="data:text/csv;charset=utf-8;base64,([^"]+)"', markup)
        assert len(files) == len(figures), service
        for file, figure in zip(files, figures, strict=True):
            rows = list(csv.reader(io.StringIO(base64.b64decode(file).decode("utf-8-sig"))))
            assert len({len(row) for row in rows}) == 1
            assert len(rows) - 1 == figure.split("<tbody>")[1].count("<tr"), "the table is what can be downloaded"
            for cell in (cell for row in rows for cell in row):
                assert not re.match(r"[=+\-@\t\r]", cell) or re.fullmatch(r"-?[\d.]+(e[+-]?\d+)?", cell), cell


def test_every_link_of_every_page_leads_somewhere(folder):
    pages = sorted(folder.root.rglob("*.html"))
    seen = {page.resolve(): Read(page.read_text(encoding="utf-8")) for page in pages}
    for page, read in seen.items():
        assert len(read.ids) == len(set(read.ids)), page.name
        for link in read.links:
            path, _, anchor = link.partition("#")
            assert not re.match(r"[a-z]+:|/", link), (page.name, link)
            target = (page.parent / unquote(path)).resolve() if path else page
            assert target.exists(), (page.name, link)
            if anchor and target in seen:
                assert anchor in seen[target].ids or (page.stem == "index" and "=" in anchor), (page.name, link)


def test_pages_stay_small(folder):
    for page in folder.root.rglob("*.html"):
        assert page.stat().st_size < 1_000_000, page.name
    assert all(folder.page(service).stat().st_size < 400_000 for service in plans(folder))


def test_a_page_is_the_same_bytes_when_rendered_again(folder, tmp_path):
    copy = CycleFolder(tmp_path / folder.root.parent.name / folder.root.name)
    copy.root.mkdir(parents=True)
    for name in ("results", "notebooks", "records"):
        (copy.root / name).symlink_to(folder.root / name)
    (copy.root / folder.quality.name).symlink_to(folder.quality)
    for service in plans(folder):
        report.render_plan(copy, service)
        for mine, published in zip(copy.pages(service), folder.pages(service), strict=True):
            assert mine.read_bytes() == published.read_bytes(), mine.name


def test_nothing_of_a_record_becomes_markup(root):
    for page in root("hard").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "<script>alert" not in text and "<b>owner" not in text and "</title> =cmd" not in text, page.name
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", text), f"{page.name}: what follows is turned around"
    assert "<bdi>שירות התשלומים" in root("hard").joinpath("right-to-left.html").read_text(encoding="utf-8")


def test_files_beside_a_page_are_where_it_says(folder):
    manifest = json.loads(folder.manifest.read_text(encoding="utf-8"))
    assert all((folder.root / file).is_file() for one in manifest["services"].values() for file in one["hashes"])
