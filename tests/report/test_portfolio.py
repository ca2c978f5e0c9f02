"""The portfolio, the pages of owners and the page of cycles: whole, in order, reconciled with the plans, never a dead link."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from reading import Read
from samples import CYCLE, HOSTILE, LONG, plan, write_portfolio, write_service

from benchmarks import portfolio as estates
from sipnb import other_cycles, report
from sipnb.chapters import results
from sipnb.chapters.facts import HealthFact, PortfolioFacts, SinceFact, ToneChange, TotalsFact
from sipnb.chapters.portfolio import actions, changes, ranking, rows, standings, views
from sipnb.places import ALL_SERVICES, CycleFolder

BEFORE = "2026-09"


def everything(folder: CycleFolder) -> list[Path]:
    """The pages that belong to a portfolio."""
    return [folder.index, folder.cycles, *sorted(folder.owners.glob("*.html"))]


def facts_of(folder: CycleFolder) -> PortfolioFacts:
    return results.read(folder, ALL_SERVICES, "portfolio")


@pytest.fixture(scope="module", params=[0, 1, 10])
def estate(request, tmp_path_factory) -> CycleFolder:
    """An estate of none, one or ten services, two of them with names that no page may trip over."""
    names = {3: HOSTILE, 4: LONG}
    made = estates.write_estate(tmp_path_factory.mktemp("reports"), request.param, names=names)
    estates.make(made)
    return made.folder


def test_every_page_is_sound_whatever_the_number_of_services(estate):
    for page in everything(estate):
        seen = Read(page)
        assert seen.headings.count(1) == 1 and all(after <= before + 1 for before, after in pairwise(seen.headings)), (
            page
        )
        assert len(seen.ids) == len(set(seen.ids)), page
        assert seen.dead() == [], page
        assert "http" not in seen.markup.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", ""), page
        assert not re.search(r"\b1 (services|actions|proposals|cycles|measures)\b", seen.text), page


def test_every_script_is_named_by_its_hash_and_nothing_else_may_run(estate):
    for page in everything(estate):
        markup = Read(page).markup
        scripts = re.findall(r"<script>(.*?)</script>", markup, re.DOTALL)
        digests = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in scripts]
        policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', markup)[1])
        assert len(scripts) == markup.count("<script") > 0, page
        assert policy.split("script-src ")[1].split() == [f"'sha256-{digest}'" for digest in digests], page
        assert policy.startswith("default-src 'none'"), page


def test_every_page_and_download_is_the_same_bytes_when_made_again(estate):
    files = [*everything(estate), *sorted(p for p in estate.downloads.rglob("*") if p.is_file())]
    before = [path.read_bytes() for path in files]
    report.render_index(estate)
    report.render_cycles(estate)
    assert [path.read_bytes() for path in files] == before


def test_hostile_words_are_shown_as_words(estate):
    if len(facts_of(estate).plans) < 10:
        pytest.skip("the hostile service is one of ten")
    seen = Read(estate.index)
    assert "<script>alert" not in seen.markup and HOSTILE in seen.text and LONG in seen.text


def test_the_portfolio_lists_every_service_in_the_order_given(cycle):
    facts = facts_of(cycle)
    said = Read(cycle.index).text
    tones = ("Failed", "Concern", "Concern", "Improvement", "No real change", "Not planned yet")
    places = [said.index(f"{p.name} ({tone})") for p, tone in zip(facts.plans, tones, strict=True)]
    assert places == sorted(places)
    assert said.index(facts.sentence) < said.index(facts.rule) < places[0]
    for part in (
        "6 services: 4 published, 1 failed, 1 not planned yet", "97 %", "under 1 %", "2 missed", "3 unclear", "1 met",
        facts.plans[0].reason, "99.91 %", "99.87 %", "major and critical", "34,149",
    ):  # fmt: skip
        assert part in said, part
    links = Read(cycle.index).links
    assert {"payments.html", "broken.html"} <= set(links) and "skipped.html" not in links
    assert Read(cycle.index).markup.count('class="spark"') == 3


def test_an_empty_portfolio_is_a_page(tmp_path):
    folder = CycleFolder(tmp_path / CYCLE)
    write_portfolio(folder, [])
    report.render_index(folder)
    said = Read(folder.index).text
    assert "No service is listed." in said and "Availability of the estate" not in said
    assert "No plan has an action, and none proposes one." in said


@pytest.mark.parametrize("page", ["index", "owner", "cycles"])
def test_every_link_leads_somewhere(cycle, page):
    for path in {"index": [cycle.index], "cycles": [cycle.cycles], "owner": sorted(cycle.owners.iterdir())}[page]:
        seen = Read(path)
        assert seen.links and seen.dead() == []


def test_the_sum_of_all_actions_is_what_the_plans_hold(large):
    facts = facts_of(large)
    reviews = [results.read(large, p.service, "1_review") for p in facts.plans]
    options = [o for p in facts.plans for o in results.read(large, p.service, "5_recommendations").options]
    priced = [o.cost for o in options if o.cost is not None]
    totals = facts.totals
    assert totals.agreed == sum(len(r.actions) for r in reviews) > 0
    assert totals.overdue == sum(r.overdue for r in reviews) > 0
    assert totals.proposed == len(options) and totals.priced == len(priced) < len(options)
    assert totals.money == sum(priced)
    told = actions.sentence(totals, facts.currency)
    assert f"€ {sum(priced):,.0f}" in told and f"{len(options):,} proposals" in told
    seen = Read(large.index)
    assert told in seen.text
    table = seen.markup.split('class="actions"')[1].split("</table>")[0]
    assert table.count("<tr") == 1 + totals.agreed + totals.proposed
    assert table.count("<b>overdue</b>") == totals.overdue


def test_overdue_actions_come_first(large):
    listed = actions.urgent(facts_of(large).actions)
    assert [one.overdue for one in listed] == sorted((one.overdue for one in listed), reverse=True)


@pytest.mark.parametrize(
    ("agreed", "open", "overdue", "proposed", "priced", "money", "told"),
    [
        (0, 0, 0, 0, 0, 0, "No plan has an action, and none proposes one."),
        (1, 1, 0, 0, 0, 0, "1 action agreed (1 still open, none overdue); 0 proposals."),
        (0, 0, 0, 1, 1, 900, "0 actions agreed; 1 proposal at € 900.00 once."),
        (2, 1, 1, 3, 2, 9000, "2 actions agreed (1 still open, 1 overdue); 3 proposals, of which 2 cost € 9,000 once together "
         "and 1 has no stated cost."),
        (0, 0, 0, 2, 0, 0, "0 actions agreed; 2 proposals without a stated cost."),
    ],
)  # fmt: skip
def test_totals_are_told_in_sentences_for_none_one_and_many(agreed, open, overdue, proposed, priced, money, told):
    totals = TotalsFact(agreed=agreed, open=open, overdue=overdue, proposed=proposed, priced=priced, money=money)
    assert actions.sentence(totals, "EUR") == told


def test_every_core_measure_has_one_place_in_the_matrix(large):
    facts = facts_of(large)
    core = [k for p in facts.plans for k in results.read(large, p.service, "2_baseline").measures if k.core]
    assert len(facts.positions) == len(core)
    cells = standings.cells(facts.positions)
    assert set(cells) <= {(row, column) for row in standings.ROWS for column in standings.COLUMNS}
    table = Read(large.index).markup.split('class="matrix"')[1].split("</table>")[0]
    counts = [int(n.replace(",", "")) for n in re.findall(r"<summary>([\d,]+)<", table)]
    assert sum(counts) == len(core)
    listed = re.findall(r'#scorecard">[^<]*</a>: ([^<]*)</li>', table)
    shorts = [
        shorts
        for row in standings.ROWS
        for column in standings.COLUMNS
        for shorts in cells.get((row, column), {}).values()
    ]
    assert listed == ["; ".join(one) for one in shorts]
    judged = Counter((k.claims, k.assurance) for k in core)
    failing = [at for at in facts.positions if at.column == "fails"]
    assert len(failing) == judged[(True, "consistently fails")]
    assert sum(at.row == "not judged" for at in facts.positions) >= sum(n for (ok, _), n in judged.items() if not ok)


def test_what_is_not_judged_or_may_be_chance_is_neither_better_nor_worse(large):
    facts = facts_of(large)
    for p in facts.plans[:60]:
        measured = results.read(large, p.service, "2_baseline")
        for at in standings.positions({p.service: measured}):
            k = measured.measure(at.kpi)
            assert (at.row in ("better", "worse")) == (k.claims and k.sure and k.changed)


def test_three_hundred_services_stay_below_a_megabyte(large):
    assert large.index.stat().st_size <= 1_000_000


def test_services_new_gone_and_of_another_tone_are_told_against_the_cycle_before(tmp_path):
    before = estates.write_estate(tmp_path, 11, BEFORE)
    told = estates.make(before)
    assert told.since == SinceFact(cycle="2026-08", label="August 2026", known=False, news=told.since.news)
    now = estates.make(estates.write_estate(tmp_path, 10))
    assert now.since.known and now.since.new == [] and now.since.gone == [next(
        p.name for p in told.plans if p.service == "service-0010")]  # fmt: skip
    tones = {p.service: p.tone for p in told.plans}
    assert now.since.tones == [
        ToneChange(service=p.service, before=tones[p.service], now=p.tone)
        for p in now.plans
        if p.tone != tones[p.service]
    ]
    failing, then = (sum(p.fails > 0 for p in facts.plans) for facts in (now, told))
    how = "as many as" if failing == then else f"{abs(failing - then)} {'more' if failing > then else 'fewer'} than"
    assert f"{how} in September 2026" in now.sentence
    folder = CycleFolder(tmp_path / "estate" / CYCLE)
    seen = Read(folder.index)
    assert "1 service gone" in seen.text and changes.groups(now.since)[-1][1][0][1] in seen.text
    assert '<a href="../2026-09/index.html">' in seen.markup and seen.dead() == []
    assert Read(folder.cycles).dead() == []
    cycles = Read(folder.cycles).text
    assert cycles.index("October 2026") < cycles.index(now.sentence) < cycles.index("September 2026")
    assert "11 of 11 plans published" in cycles


def test_a_plan_that_is_missing_leads_to_the_last_good_one_and_no_further(tmp_path):
    folder = CycleFolder(tmp_path / "org" / CYCLE)
    for name, status in (
        ("2026-07", "published"),
        ("2026-08", "up to date"),
        (BEFORE, "failed"),
        ("2026-11", "published"),
    ):
        other = CycleFolder(tmp_path / "org" / name)
        for page in ("index", "broken", "absent"):
            if (name, page) != ("2026-08", "absent"):
                other.root.mkdir(parents=True, exist_ok=True)
                other.page(page).write_text("<!doctype html>")
        other.manifest.write_text(json.dumps({"services": {s: {"status": status} for s in ("broken", "absent")}}))
    write_portfolio(
        folder,
        [
            plan("broken", "Broken", status="errored", reason="killed", tone="common"),
            plan("absent", "Absent", status="skipped", reason="not planned yet", tone="common"),
            plan("never", "Never", status="skipped", reason="", tone="common"),
        ],
    )
    report.render_index(folder)
    report.render_cycles(folder)
    seen = Read(folder.index)
    assert 'Last plan: <a href="../2026-08/broken.html">August 2026</a>' in seen.markup
    assert 'Last plan: <a href="../2026-07/absent.html">July 2026</a>' in seen.markup
    assert seen.text.count("There is no earlier plan of it.") == 1
    assert seen.dead() == []
    assert "Could not be run: killed" in seen.text and "no reason was recorded" in seen.text


def test_a_stale_plan_says_what_changed_since_it_was_made(tmp_path):
    folder = CycleFolder(tmp_path / CYCLE)
    write_service(folder, "payments", "Payments")
    stale = plan("payments", "Payments", stale=["parameters", "notebook 2_baseline", "notebook 4_forecast"])
    health = HealthFact(published=1, failed=0, errored=0, skipped=0, stale=1)
    write_portfolio(folder, [stale], health=health)
    report.render_index(folder)
    said = Read(folder.index).text
    assert "Out of date. Parameters and notebooks changed since it was made." in said
    assert "Published1, of which 1 out of date" in said


def test_cycles_beside_are_those_of_the_same_kind_that_hold_the_page(tmp_path):
    for name in (
        "2026-08",
        "2026-09",
        ".2026-10.building",
        "2026-11",
        "2026-Q3",
        "workbench",
        "check",
        "exports",
        "2026-13",
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").write_text("")
        if name != "2026-08":
            (tmp_path / name / "payments.html").write_text("")
    for place in (".2026-10.building", "2026-10"):
        folder = CycleFolder(tmp_path / place)
        assert other_cycles.editions(folder, "payments.html") == [
            ("2026-11", "November 2026", "../2026-11/payments.html"),
            ("2026-09", "September 2026", "../2026-09/payments.html"),
        ]
        assert [one[0] for one in other_cycles.editions(folder, "index.html")] == ["2026-11", "2026-09", "2026-08"]
    assert other_cycles.editions(CycleFolder(tmp_path / "somewhere"), "index.html") == []


def test_each_service_is_on_the_page_of_its_owner_and_on_no_other(large):
    facts = facts_of(large)
    for one in {p.owner for p in facts.plans[:40]}:
        seen = Read(large.root / rows.owner_page(one))
        mine = [p.service for p in facts.plans if p.owner == one]
        listed = seen.markup.split('id="plans"')[1].split("</table>")[0]
        assert re.findall(r'<th scope="row"><a href="\.\./([^"]*)\.html"', listed) == mine
        assert f'href="{rows.owner_page(one)}"' in Read(large.index).markup
        asked = [d for p in facts.plans for d in p.decisions if d.owner == one]
        assert seen.markup.split('id="decisions"')[1].split("</section>")[0].count("<li>") == len(asked)
        about = [a for a in facts.actions if a.owner == one or a.service in mine]
        assert actions.sentence(actions.totals(about), "EUR") in seen.text
    # Who owns an action and no service is asked, too.
    everybody = {p.owner for p in facts.plans} | {a.owner for a in facts.actions}
    assert {f"owners/{page.name}" for page in large.owners.iterdir()} == {rows.owner_page(one) for one in everybody}


def test_an_owners_page_keeps_its_name_and_no_two_share_one():
    names = [
        "Head of IT",
        "head of it",
        "Head-of-IT",
        HOSTILE,
        "運用部",
        "Ünal",
        "Unal",
        "../../etc/passwd",
        "x" * 300,
        "",
    ]
    slugs = [rows.owner_page(name) for name in names]
    assert len({s.lower() for s in slugs}) == len(names)
    assert all(re.fullmatch(r"owners/[a-z0-9]+(-[a-z0-9]+)*\.html", s) and len(s) <= 61 for s in slugs)
    assert rows.owner_page("Head of IT") == "owners/head-of-it-63ff6b68.html"


def test_movers_are_the_strongest_core_change_of_a_service_worse_before_better(large):
    facts = facts_of(large)
    shown = views.strongest(facts.signals)
    assert [one.variation for one in shown] == ["concern"] * 3 + ["improvement"] * 3
    assert len({(one.service, one.variation) for one in shown}) == 6
    text = Read(large.index).text
    for one in shown:
        assert one.name in text and f"n {one.n:,}" in text.replace("\u00a0", " ")


def test_a_page_of_cycles_says_where_a_portfolio_could_not_be_made(tmp_path):
    made = estates.write_estate(tmp_path, 1)
    estates.make(made)
    failed = CycleFolder(tmp_path / "estate" / BEFORE)
    failed.root.mkdir()
    failed.index.write_text("<!doctype html><title>It failed</title>")
    report.render_cycles(made.folder)
    seen = Read(made.folder.cycles)
    assert "The portfolio of September 2026 could not be made; its page says why." in seen.text
    assert seen.dead() == [] and "2 months" in seen.text
    shutil.rmtree(failed.root)
    report.render_cycles(made.folder)
    assert "1 month," in Read(made.folder.cycles).text


def test_the_estates_sentence_is_right_for_none_one_and_many():
    made = [plan("a", "A"), plan("b", "B, and C", fails=0, inconclusive=0)]
    unknown = SinceFact(cycle=BEFORE, label="September 2026", known=False)
    then = SinceFact(cycle=BEFORE, label="September 2026", known=True, failing=2)
    say = ranking.sentence
    assert say([], unknown) == "No service is listed."
    assert say([plan("a", "A", status="failed")], unknown) == "The one service has no plan yet."
    assert say(made[:1], unknown) == "1 of 1 service certainly misses at least one target. Attention first: A."
    assert say([*made, plan("c", "C", status="skipped")], then) == (
        "1 of 2 services certainly misses at least one target, 1 fewer than in September 2026. Attention first: A. "
        "1 service has no plan."
    )
    none = SinceFact(cycle=BEFORE, label="September 2026", known=True, failing=0)
    assert say(made[1:], none) == (
        "No service certainly misses a target, as in September 2026; every target that can be judged is met."
    )
