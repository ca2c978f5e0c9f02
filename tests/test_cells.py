"""What a cell computes is what the plan says: an option that is changed in a cell changes all that rests on it."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sipnb import places
from sipnb.chapters import results
from sipnb.chapters.notebooks import variables
from sipnb.places import BASELINE, FORECAST, GAP_ANALYSIS, PLAN, RECOMMENDATIONS, REVIEW, CycleFolder
from tests import seeds
from tests.inside import sipnb

SERVICE = "payments"

#: By notebook, what stands in a cell and what takes its place.
CHANGED = {
    REVIEW: {"in actions), 90": "in actions), 2000"},
    BASELINE: {'rules="nhs"': 'rules="servicenow"'},
    GAP_ANALYSIS: {"window = 3": "window = 6"},
    FORECAST: {"horizon=3": "horizon=5"},
    PLAN: {"main_points.points(evidence, most=3)": "main_points.points(evidence, most=2)"},
    RECOMMENDATIONS: {
        "analysis.limits(catalogue)": 'catalogue["capacity"] = catalogue["capacity"].limited({"minor_backlog": 5})',
    },
}


def changed(folder: Path, edits: dict[str, dict[str, str]]) -> Path:
    """The project's notebooks in a folder of their own, some strings of them replaced."""
    shutil.copytree(places.NOTEBOOKS, folder, dirs_exist_ok=True)
    for chapter, pairs in edits.items():
        path = folder / f"{chapter}.ipynb"
        text = path.read_text(encoding="utf-8")
        for before, after in pairs.items():
            before, after = json.dumps(before)[1:-1], json.dumps(after)[1:-1]
            assert text.count(before) == 1, (chapter, before)
            text = text.replace(before, after)
        path.write_text(text, encoding="utf-8")
    return folder


def run(
    folder: Path, notebooks: Path, exports: Path, published: CycleFolder, service: str = SERVICE
) -> subprocess.CompletedProcess:
    """The cycle of the one service by these notebooks, from the records of the cycle that is `published`."""
    seeds.seeded(folder / "reports", published)
    asked = ("--cycle", "2026-10", "--service", service, "--data", exports)
    done = sipnb("run", "demo", *asked, "--out", "reports", "--notebooks", notebooks, cwd=folder)
    assert seeds.TAKEN in done.stdout
    return done


@pytest.fixture(scope="module")
def edited(tmp_path_factory, demo_exports, demo_published) -> CycleFolder:
    """The cycle of one service, made by notebooks of which one option a chapter was changed."""
    folder = tmp_path_factory.mktemp("edited")
    done = run(folder, changed(folder / "notebooks", CHANGED), demo_exports, demo_published)
    assert done.returncode == 0, done.stderr
    return CycleFolder(folder / "reports" / "demo" / "2026-10")


@pytest.fixture(scope="module")
def pages(edited, demo_published) -> tuple[str, str]:
    """The plan by the project's own notebooks, and by the edited ones."""
    return tuple(
        "".join(page.read_text(encoding="utf-8") for page in folder.pages(SERVICE))
        for folder in (demo_published, edited)
    )


def twin(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="report">(.*?)</script>', page, re.DOTALL)[1])[
        "chapters"
    ]


def front(page: str) -> str:
    return page.split('<div class="front">')[1].split('<div class="plan">')[0]


def test_a_longer_horizon_is_in_the_figure_the_table_its_words_and_the_twin(pages):
    before, after = pages
    for page, steps in ((before, 3), (after, 5)):
        assert f"and a forecast of {steps}:" in page, "the figure’s alternative text"
        assert {len(f["steps"]) for f in twin(page)["4_forecast"]["forecasts"]} == {steps}
        caption = page.index("<caption>Probability of missing the target</caption>")
        assert ("March 2027" in page[caption : page.index("</table>", caption)]) is (steps == 5)


def test_how_long_an_action_may_stand_is_in_the_review_and_the_twin(pages):
    for page, days in zip(pages, (90, 2000), strict=True):
        assert twin(page)["1_review"]["stuck"] == days
        said = f"No open action has stood in its state for {days} days or more."
        assert (said in page) is (days == 2000 or not any(
            a["stood"] >= days for a in twin(page)["1_review"]["actions"] if a["state"] not in ("implemented", "closed")
        ))  # fmt: skip


def test_other_rules_are_in_the_charts_the_sentence_the_twin_and_the_scorecard_of_the_front_page(pages):
    told = [re.search(r"Over all measures and months (\d+) points stand out", page)[1] for page in pages]
    assert told[0] != told[1]
    for page, rules, signals in zip(pages, ("NHS", "SERVICENOW"), told, strict=True):
        assert f"{rules} rules" in page and twin(page)["2_baseline"]["signals"] == int(signals)
    changes = [
        [k["variation"] for k in twin(page)["2_baseline"]["kpis"] if k["core"] and k["headline"]] for page in pages
    ]
    cards = [re.findall(r'data-label="Change">\s*<span[^>]*><span[^>]*>(.)</span>', page) for page in pages]
    assert changes[0] != changes[1] and cards[0] != cards[1], "what the latest point says of each measure"


def test_a_longer_window_is_in_the_figure_of_misses_and_in_the_twin(pages):
    for page, cycles in zip(pages, (3, 6), strict=True):
        misses = twin(page)["3_gap_analysis"]["misses"]
        assert misses["cycles"] == cycles
        assert f"{misses['n']:,} misses among {misses['tickets']:,} tickets decided in the last {cycles} months" in page


def test_fewer_points_are_on_the_front_page_and_in_the_twin(pages):
    for page, most in zip(pages, (3, 2), strict=True):
        points = twin(page)["6_plan"]["verdict"]["points"]
        assert len(points) == most
        assert front(page).split('<ol class="matters">')[1].split("</ol>")[0].count("<li>") == len(points)


def test_a_detectors_limit_is_in_its_reason_the_twin_and_the_decision_on_the_front_page(pages):
    """Of the fifteen open tickets the lever said that they are too few; with a limit of five it looks at them."""
    few = "tickets are open, too few"
    for page, too_few in zip(pages, (True, False), strict=True):
        reason = twin(page)["5_recommendations"]["considered"]["Bring arrivals and capacity back into balance"]
        assert (few in reason) is too_few
        assert f"<td>{reason}</td>" in page or f">{reason}<" in page, "in the table of what is not proposed"
        asked = page.split('<ol class="asked-for">')[1].split("</ol>")[0]
        assert (few in asked) is too_few and reason in asked, "why the overdue action is asked about"


def test_the_portfolio_follows_too(edited, pages):
    facts = results.read(edited, places.ALL_SERVICES, places.PORTFOLIO)
    (plan,) = [p for p in facts.plans if p.service == SERVICE]
    assert plan.sentence == twin(pages[1])["6_plan"]["verdict"]["sentence"]


def test_facts_that_do_not_fit_fail_the_service_and_name_the_field(tmp_path, demo_exports, demo_published):
    edit = {FORECAST: {"left_out=forecasts.left_out": "left_out=3"}}
    done = run(tmp_path, changed(tmp_path / "notebooks", edit), demo_exports, demo_published, "archive")
    assert done.returncode == 3
    assert "4_forecast: facts.left_out: Input should be a valid dictionary" in done.stderr
    page = (tmp_path / "reports" / "demo" / "2026-10" / "archive.html").read_text(encoding="utf-8")
    assert "facts.left_out" in page


def test_a_notebook_leaves_what_it_computes_without_a_kernel(demo_context):
    left = variables(places.NOTEBOOKS / f"{GAP_ANALYSIS}.ipynb", demo_context(SERVICE))
    assert left["facts"].misses.cycles == left["window"] == 3 and left["counts"]["fails"] == left["facts"].fails
