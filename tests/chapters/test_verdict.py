"""Verdicts, points and news: true of the facts, grammatical for none, one and many, and silent where nothing can be said."""

from types import SimpleNamespace

import pytest

from sipnb.catalogue import KPIS
from sipnb.chapters.facts import GapFact, GapFacts
from sipnb.chapters.notebooks import facts_of
from sipnb.chapters.plan import changes, evidence, headline
from sipnb.places import BASELINE, PLAN


def gap(status, kpi="sla_attainment", n=500, value=0.7):
    known = KPIS[kpi]
    return GapFact(
        kpi=kpi, title=known.title, unit=known.unit, good=known.good, value=value, low=value - 0.02, high=value + 0.02, n=n,
        target=0.8, gap=0.8 - value, status=status, assurance="hit and miss", variation="common", objectives=[], weight=1,
    )  # fmt: skip


def standing(*gaps):
    counts = {status: sum(g.status == status for g in gaps) for status in ("meets", "fails", "inconclusive")}
    short = GapFacts(
        gaps=list(gaps), objectives=[], targets_without_objective=[], objectives_without_target=[], **counts
    )
    return evidence.standing(SimpleNamespace(gaps=short, context=SimpleNamespace(kpis=KPIS)))


@pytest.mark.parametrize(
    ("gaps", "said"),
    [
        ([], "No target is agreed"),
        ([gap("no data")], "Its one target cannot be judged"),
        ([gap("meets")], "Its one target is met"),
        ([gap("meets"), gap("no data")], "Its one target with data is met"),
        ([gap("meets")] * 2, "Both of its 2 targets are met"),
        ([gap("meets")] * 5, "All 5 targets are met"),
        ([gap("meets"), gap("inconclusive")], "1 of 2 targets is met and 1 is too close to call"),
        ([gap("meets")] * 3 + [gap("inconclusive")] * 2, "3 of 5 targets are met and 2 are too close to call"),
        ([gap("meets"), gap("inconclusive", n=3)], "1 of 2 targets is met and 1 rests on too few cases to tell"),
        ([gap("inconclusive", n=3)] * 4, "All 4 targets rest on too few cases to tell"),
        ([gap("inconclusive"), gap("inconclusive", n=3)], "Neither of its 2 targets can be told yet"),
        ([gap("inconclusive")] * 2 + [gap("inconclusive", n=3)], "None of its 3 targets can be told yet"),
    ],
)
def test_how_the_targets_stand_is_said_with_the_right_grammar(gaps, said):
    assert standing(*gaps) == said


def test_every_measure_has_a_noun_in_the_singular_and_a_clause_with_its_figure():
    for known in KPIS.values():
        assert known.clause.count("{value}") == 1 and not known.clause.endswith("."), known.id
        assert known.noun and known.noun[0].islower() and "{" not in known.noun, known.id


@pytest.mark.parametrize("service", ["payments", "service-desk", "identity", "email", "archive", "network", "web-shop"])
def test_sentences_end_once_and_repeat_no_blank(demo_context, service):
    found = facts_of(PLAN, demo_context(service)).verdict
    said = [found.sentence, *(f"{p.lead} {p.text}" for p in found.points)]
    for text in said:
        assert text.endswith(".") and ".." not in text and "  " not in text and " ," not in text, text
        assert "None" not in text.split()[1:] and "nan" not in text.lower().split(), text
    assert all(p.section for p in found.points) and len({p.lead for p in found.points}) == len(found.points)
    assert len(found.sentence) <= headline.LONGEST


def test_a_change_is_news_and_says_for_how_long(demo_context):
    worse = [one for one in facts_of(PLAN, demo_context("payments")).verdict.news if one.kind == "worse"]
    assert [one.about for one in worse] == ["sla_attainment", "restore_median"]
    assert worse[0].text == "The share of tickets resolved in time: 69.1 %, little by little from 87.7 % over 6 months"


def test_attainment_as_others_report_it_is_no_second_change(demo_context):
    measured = facts_of(BASELINE, demo_context("payments"))
    assert measured.measure("sla_reported").sure and "sla_reported" not in [k.kpi for k in changes.changed(measured)]
