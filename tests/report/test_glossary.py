"""The glossary is made of data, holds every label that pages use, and no measure has two names."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest

from sipnb import cycles
from sipnb.catalogue import KPIS, WORDS
from sipnb.chapters.facts import ApprovalFact, DecisionFact, PlanAction
from sipnb.chapters.gap_analysis import views as gaps
from sipnb.chapters.plan import standing
from sipnb.chapters.portfolio import ranking, standings
from sipnb.chapters.review import sentences
from sipnb.places import CycleFolder
from sipnb.register import states
from sipnb.report import methods
from sipnb.show import words
from tests.report.agreement import Blocks


def literal(model, field):
    return get_args(model.model_fields[field].annotation)


#: What pages put on measures, targets, actions, verdicts, plans and decisions, by what it is put on.
LABELS = {
    "variation": [text for _, text, _ in words.VARIATION.values()],
    "assurance": [text for _, text, _ in words.ASSURANCE.values()],
    "tone": [text for _, text in words.TONE.values()],
    "target": [*gaps._WORDS.values(), *(text for text, *_ in standing._SAYS.values())],
    "matrix": [*standings.ROWS.values(), *standings.COLUMNS.values()],
    "state": [*get_args(states.State), *(s for s in get_args(states.ShortState) if s not in get_args(states.Verdict))],
    "verdict": [*sentences.SAID.values(), *sentences.IN_TABLE.values()],
    "action": literal(PlanAction, "kind"),
    "decision": literal(DecisionFact, "kind"),
    "approval": literal(ApprovalFact, "status"),
    "run": [text for _, text in ranking.STATUS.values()],
}


@pytest.mark.parametrize("kind", LABELS)
def test_every_label_is_explained_or_needs_it_not(kind):
    assert LABELS[kind] and [label for label in LABELS[kind] if not WORDS.explained(label)] == []


def test_a_label_that_nobody_explained_is_found():
    assert not WORDS.explained("Flickering") and WORDS.explained("hit and miss")


def test_a_term_is_explained_once():
    named = [name.casefold() for one in WORDS.terms for name in (one.term, *one.labels)]
    twice = {name for name, n in Counter(named).items() if n > 1}
    assert twice == set() and not {name.casefold() for name in WORDS.self_evident} & set(named)


def test_no_measure_has_two_names_and_no_name_two_measures():
    for field in ("title", "short", "noun", "clause"):
        named = Counter(getattr(kpi, field).casefold() for kpi in KPIS.values())
        assert [name for name, n in named.items() if n > 1] == [], field
    for kpi in KPIS.values():
        told = f"{kpi.title} {kpi.short} {kpi.noun} {kpi.clause}"
        for others in WORDS.other_names.values():
            assert [other for other in others if other in told] == [], kpi.id


@pytest.mark.parametrize("name", ["2026-10", "2026-Q4", "2026-W47"])
def test_the_page_is_made_of_it_in_the_reader_s_words(demo_book, tmp_path, name):
    page = methods.render_methods(CycleFolder(tmp_path / "demo" / name), demo_book, "the label")
    said = Blocks(page.read_text(encoding="utf-8")).found
    for one in WORDS.terms:
        term, means = one.told(cycles.noun(name))
        assert term in said and means in said and "{" not in means, term
    assert f"here a {cycles.noun(name)}" in " ".join(said)
