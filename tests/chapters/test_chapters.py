"""Chapters claim what the evidence carries, hand over what they promise, and say "no data" where there is none."""

import json
import math

import pytest

from sipnb.chapters import results
from sipnb.chapters.facts import ForecastFacts, GapFacts, RecommendationFacts, ReviewFacts
from sipnb.chapters.gap_analysis import analysis as gap_analysis
from sipnb.chapters.notebooks import facts_of
from sipnb.chapters.plan import decisions, headline, main_points
from sipnb.chapters.plan.evidence import Evidence
from sipnb.chapters.results import ResultError
from sipnb.places import CHAPTERS, CycleFolder

SERVICES = ("payments", "email", "archive", "chat-assistant", "identity", "hr-portal")


@pytest.fixture(scope="module")
def worked_out(demo_published):
    return {
        service: {chapter: results.read(demo_published, service, chapter) for chapter in CHAPTERS}
        for service in SERVICES
    }


@pytest.mark.parametrize(
    ("value", "low", "high", "target", "good", "expected"),
    [
        (0.70, 0.66, 0.74, 0.85, "up", "fails"),
        (0.90, 0.88, 0.92, 0.85, "up", "meets"),
        (0.86, 0.83, 0.89, 0.85, "up", "inconclusive"),
        (12.0, 11.0, 13.0, 10.0, "down", "fails"),
        (9.0, 8.0, 9.5, 10.0, "down", "meets"),
        (9.0, 8.0, math.nan, 10.0, "down", "meets"),
        (300, None, None, 250, "down", "fails"),
        (250, None, None, 250, "down", "meets"),
    ],
)
def test_a_target_is_missed_or_met_only_where_the_whole_interval_says_so(value, low, high, target, good, expected):
    assert gap_analysis.status(value, low, high, target, good) == expected


def test_below_the_declared_minimum_nothing_is_met_or_missed():
    assert gap_analysis.status(0.2, 0.1, 0.3, 0.9, "up", enough=False) == "inconclusive"


def test_a_stable_service_claims_nothing_bad(worked_out):
    facts = worked_out["email"]
    assert facts["3_gap_analysis"].fails == 0
    assert not [k.kpi for k in facts["2_baseline"].measures if k.claims and k.variation == "concern"]
    assert facts["5_recommendations"].options == []


def test_a_worsening_service_is_said_to_be_worse_with_its_numbers(worked_out):
    conclusion = worked_out["payments"]["6_plan"].verdict
    assert conclusion.tone == "concern"
    assert len(conclusion.sentence) <= 160 and "85 %" in conclusion.sentence
    assert {k.kpi for k in worked_out["payments"]["2_baseline"].measures if k.variation == "concern"} >= {
        "sla_attainment", "restore_median",
    }  # fmt: skip


def test_a_service_six_weeks_old_makes_no_claims(worked_out):
    facts = worked_out["chat-assistant"]
    assert not any(k.claims for k in facts["2_baseline"].measures)
    assert facts["4_forecast"].forecasts == []
    assert facts["6_plan"].verdict.sentence.startswith("Too young to judge")


def test_an_improvement_of_months_ago_is_seen(worked_out):
    better = {k.kpi for k in worked_out["identity"]["2_baseline"].measures if k.variation == "improvement"}
    assert better >= {"sla_attainment", "restore_median"}
    (done,) = [a for a in worked_out["identity"]["1_review"].actions if a.state == "implemented"]
    assert done.cycles_since == 8


def test_users_who_see_it_differently_are_heard(worked_out):
    leads = [p.lead for p in worked_out["hr-portal"]["6_plan"].verdict.points]
    assert "Users see it differently." in leads


def test_a_forecast_names_its_model_and_its_chance_of_missing(worked_out):
    for fact in worked_out["payments"]["4_forecast"].forecasts:
        assert fact.models >= 3 and fact.origins >= 3
        assert len(fact.steps) == 3
        for step in fact.steps:
            assert step.low_95 <= step.low_80 <= step.mean <= step.high_80 <= step.high_95
            assert (step.miss is None) == (fact.target is None)


def test_every_point_links_to_a_chapter(worked_out):
    for facts in worked_out.values():
        for point in facts["6_plan"].verdict.points:
            assert point.chapter in CHAPTERS


def test_a_verdict_is_reached_without_any_record(worked_out, demo_context):
    nothing = worked_out["archive"]["2_baseline"].model_copy(update={"kpis": [], "restore": None})
    evidence = Evidence(
        demo_context("archive"), ReviewFacts(actions=[], states={}, overdue=0), nothing,
        GapFacts(gaps=[], objectives=[], targets_without_objective=[], objectives_without_target=[], meets=0,
                 fails=0, inconclusive=0),
        ForecastFacts(forecasts=[], left_out={}), RecommendationFacts(options=[], considered={}),
    )  # fmt: skip
    assert "nothing can be said" in headline.headline(evidence)[0]
    assert main_points.points(evidence) == [] and decisions.decisions(evidence, []) == []


def test_results_are_read_back_as_they_were_written(worked_out, demo_context, tmp_path):
    folder = CycleFolder(tmp_path)
    for chapter in CHAPTERS:
        facts = facts_of(chapter, demo_context("payments"))
        results.write(folder, "payments", "2026-10", facts)
        assert results.read(folder, "payments", chapter) == facts == worked_out["payments"][chapter]
    text = folder.result("payments", "2_baseline").read_text(encoding="utf-8")
    assert "NaN" not in text and "Infinity" not in text


def test_a_result_that_does_not_fit_is_refused_when_written_and_when_read(worked_out, tmp_path):
    folder = CycleFolder(tmp_path)
    facts = worked_out["archive"]["1_review"]
    with pytest.raises(ResultError, match="VerdictFact are no chapter's facts"):
        results.write(folder, "archive", "2026-10", worked_out["archive"]["6_plan"].verdict)
    with pytest.raises(ResultError, match=r"1_review: facts.overdue: Input should be a valid integer"):
        results.of(ReviewFacts, actions=[], states={}, overdue="many")
    with pytest.raises(ResultError, match="run that chapter first"):
        results.read(folder, "archive", "1_review")
    path = results.write(folder, "archive", "2026-10", facts)
    content = json.loads(path.read_text(encoding="utf-8"))
    content["facts"]["overdue"] = "many"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ResultError, match=r"facts\.overdue"):
        results.read(folder, "archive", "1_review")
