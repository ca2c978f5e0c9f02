"""Approval: which version a plan is, how far it is approved, and what the next plan says of what was decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from sipnb import register
from sipnb.chapters import results
from sipnb.chapters.facts import DecisionFact, PlanAction, PlanFacts, VerdictFact
from sipnb.chapters.plan import actions, approval, decision_log, decisions, sheets
from sipnb.chapters.plan.evidence import Evidence
from sipnb.places import BASELINE, FORECAST, GAP_ANALYSIS, RECOMMENDATIONS, REVIEW, cycle_folder
from sipnb.register import Action
from sipnb.register.signing import Signature

OWNER, LEAD = "Head of Payments Operations", "Payments Support Lead"
ONE, TWO = "0123456789ab", "ba9876543210"


@pytest.fixture(scope="module")
def evidence(demo_context):
    context = demo_context("payments")
    chapters = (REVIEW, BASELINE, GAP_ANALYSIS, FORECAST, RECOMMENDATIONS)
    return Evidence(context, *(context.earlier(chapter) for chapter in chapters))


def having(evidence: Evidence, **fields) -> Evidence:
    """The same evidence of a service that says something else."""
    service = replace(evidence.context.service, **fields)
    return replace(evidence, context=replace(evidence.context, service=service))


def signed(role: str, on: str, decision: str = "approved", content: str = ONE, cycle: str = "2026-10", note: str = ""):
    why = note or ("" if decision == "approved" else "Too dear.")
    return Signature(cycle=cycle, on=date.fromisoformat(on), role=role, decision=decision, content=content, note=why)


def asked(id: str, kind: str = "action", owner: str = LEAD, title: str = "Asked", **more) -> DecisionFact:
    told = {"effect": "", "cost": "", "why": ""}
    return DecisionFact(id=id, kind=kind, title=title, owner=owner, due="2026-10-15", **told, **more)


ASKED = [asked("second-line-rota")]


@pytest.mark.parametrize(
    ("signatures", "version", "status", "said", "waiting"),
    [
        ([], 1, "for approval", "for approval", [OWNER, LEAD]),
        ([signed(OWNER, "2026-11-05")], 1, "for approval",
         f"approved by {OWNER} on 5 November 2026; still to sign: {LEAD}", [LEAD]),
        # However the roles are written, and whoever else signs.
        ([signed(OWNER.upper(), "2026-11-05"), signed(LEAD, "2026-11-06"), signed("CIO", "2026-11-04")], 1, "approved",
         f"approved by CIO on 4 November 2026, by {OWNER.upper()} on 5 November 2026 and by {LEAD} on 6 November 2026", []),
        ([signed(f"Role {n}", "2026-11-05") for n in range(4)] + [signed(OWNER, "2026-11-06"), signed(LEAD, "2026-11-06")], 1,
         "approved", f"approved by 6 roles, last by {LEAD} on 6 November 2026", []),
        ([signed(OWNER, "2026-11-05"), signed("CIO", "2026-11-06", "rejected")], 1, "rejected",
         "rejected by CIO on 6 November 2026", [LEAD]),
        ([signed(OWNER, "2026-11-05", "changes")], 1, "changes wanted",
         f"draft: sent back for changes by {OWNER} on 5 November 2026", [LEAD]),
        # The same role may decide again, and what it decided last holds.
        ([signed(OWNER, "2026-11-05", "rejected"), signed(OWNER, "2026-11-06"), signed(LEAD, "2026-11-06")], 1, "approved",
         f"approved by {OWNER} on 6 November 2026 and by {LEAD} on 6 November 2026", []),
        ([signed(OWNER, "2026-11-05", content=TWO)], 2, "changed since",
         f"changed since {OWNER} approved it on 5 November 2026", [OWNER, LEAD]),
        ([signed(OWNER, "2026-11-05", "changes", TWO), signed(OWNER, "2026-11-07"), signed(LEAD, "2026-11-08")], 2, "approved",
         f"approved by {OWNER} on 7 November 2026 and by {LEAD} on 8 November 2026", []),
        # What was signed of another cycle's plan is not of this one.
        ([signed(OWNER, "2026-10-05", cycle="2026-09")], 1, "for approval", "for approval", [OWNER, LEAD]),
    ],
)  # fmt: skip
def test_status_and_version_follow_from_what_was_signed(evidence, signatures, version, status, said, waiting):
    found = approval.approval(having(evidence, signatures=tuple(signatures)), ONE, ASKED)
    assert (found.version, found.status, found.said, found.waiting) == (version, status, said, waiting)


def test_where_nothing_is_asked_nobody_has_to_sign_and_may(evidence):
    assert approval.approval(evidence, ONE, []).status == "not needed"
    found = approval.approval(having(evidence, signatures=(signed("CIO", "2026-11-05"),)), ONE, [])
    assert (found.status, found.waiting) == ("approved", [])


def test_the_section_shows_who_signed_who_is_asked_and_the_versions_before(evidence):
    first = signed(OWNER, "2026-11-05", "changes", TWO, note="Split **it** <b>in two</b>")
    mine = having(evidence, signatures=(first, signed(LEAD, "2026-11-09")))
    shown = approval.shown(mine, ONE, approval.approval(mine, ONE, ASKED), [], ASKED)
    assert f"Plan PAYMENTS-2026-10, version 2, content {ONE}: approved by {LEAD} on 9 November 2026" in shown.text
    assert f"Version 1, content {TWO}, was sent back for changes by {OWNER} on 5 November 2026 (“Split" in shown.text
    assert "<b>" not in shown.markup and shown.markup.count("<tr") == 3  # the head, a signature, and room for one


def test_what_is_signed_is_no_part_of_what_is_hashed(evidence):
    def content(of: Evidence) -> str:
        listed = actions.actions(of)
        return approval.content(listed, decisions.decisions(of, listed), "Bad.")

    assert content(having(evidence, signatures=(signed(OWNER, "2026-11-05"),))) == content(evidence)


def action(name: str, *history: dict, **fields) -> Action:
    entries = [{"on": date(2026, 8, 1), "state": "accepted"}, *history]
    return Action(id=name, title=name.title(), due=date(2026, 9, 30), history=entries, **fields)


NOW = PlanAction(number="A9", id="new", kind="agreed", title="New", kpi=None, measure="", owner=None, state="accepted")
NEEDED = NOW.model_copy(update={"number": "N1", "id": "csat_top2", "kind": "needed"})


@pytest.mark.parametrize(
    ("one", "entry", "again", "listed", "result", "said"),
    [
        (asked("capacity", "option"), action("new", lever="capacity", owner="Lead"), [], [], "settled",
         "not decided; the records"),
        (asked("capacity", "option"), None, [], [NOW.model_copy(update={"id": "capacity", "number": "P1"})], "open",
         "not decided; proposed again, as P1"),
        (asked("capacity", "option"), action("new", {"on": date(2026, 10, 9), "state": "approved", "by": "CIO"}, lever="capacity",
         owner="Lead", measure={"kpi": "backlog"}), [], [NOW], "decided",
         "approved on 9 October 2026 by CIO, as A9, due 30 September 2026"),
        (asked("capacity", "option"), action("new", {"on": date(2026, 10, 9), "state": "rejected", "reason": "Too dear."},
         lever="capacity"), [], [], "refused", "rejected on 9 October 2026: Too dear"),
        (asked("old"), action("old", {"on": date(2026, 10, 9), "state": "accepted", "due": date(2026, 12, 1)}), [], [], "decided",
         "new date, 1 December 2026"),
        (asked("old"), action("old", {"on": date(2026, 10, 9), "state": "withdrawn", "reason": "Not needed."}), [], [], "refused",
         "withdrawn on 9 October 2026: Not needed"),
        (asked("old"), action("old"), [asked("old")], [], "open", "asked again"),
        # What is decided after the cut-off is for the plan after this one.
        (asked("old"), action("old", {"on": date(2026, 11, 1), "state": "withdrawn", "reason": "No."}), [asked("old")], [],
         "open", "asked again"),
        (asked("old", "register", title="Give “Old” an owner"), action("old", {"on": date(2026, 10, 9), "state": "accepted",
         "owner": "Lead"}), [asked("old", "register", title="Give “Old” a date")], [], "decided", "Lead answers for it"),
        (asked("old", "register", also=["second-line-rota"]), action("old", {"on": date(2026, 10, 9), "state": "accepted",
         "owner": "Lead"}), [], [], "open", "1 of 2 were changed since"),
        (asked("gone"), None, [], [], "settled", "no longer in the register"),
        (asked("sla_attainment", "cause"), None, [], [NEEDED], "open", "still open: no action is about it"),
        (asked("sla_attainment", "cause"), None, [], [NOW.model_copy(update={"kpi": "sla_attainment"})], "settled",
         "still missed; A9 is about it now"),
        (asked("reopen_rate", "cause"), None, [], [], "settled", "the target is met this month"),
    ],
)  # fmt: skip
def test_the_next_plan_says_what_became_of_each_decision(evidence, tmp_path, one, entry, again, listed, result, said):
    mine = having(evidence, actions=(*evidence.context.service.actions, *filter(None, [entry])))
    book = replace(mine.context.workbook, reports=tmp_path)
    verdict = VerdictFact(sentence="Bad.", tone="common", points=[], decisions=[one])
    before = PlanFacts(number="PAYMENTS-2026-09", verdict=verdict, actions=[], closed=[], content=ONE)
    results.write(cycle_folder(tmp_path, book.name, "2026-09"), "payments", "2026-09", before)
    mine = replace(mine, context=replace(mine.context, workbook=book))
    (found,) = decision_log.log(mine, listed, again)
    assert found.result == result and found.said.startswith(said)
    late = signed("CIO", "2026-11-02", cycle="2026-09")
    shown = decision_log.shown(mine, [found], approval.signed_before(having(mine, signatures=(late,))))
    assert "signed" not in shown.text and "PAYMENTS-2026-09 was" not in shown.text
    early = signed("CIO", "2026-10-02", cycle="2026-09", note="Only P1.")
    shown = decision_log.shown(mine, [found], approval.signed_before(having(mine, signatures=(early, late))))
    assert "Plan PAYMENTS-2026-09 was approved by CIO on 2 October 2026 (“Only P1.”)." in shown.text


def test_without_a_plan_before_there_is_no_log(evidence, tmp_path):
    book = replace(evidence.context.workbook, reports=tmp_path)
    mine = replace(evidence, context=replace(evidence.context, workbook=book))
    assert decision_log.log(mine, [], []) == [] and decision_log.shown(mine, [], []).markup == ""


def test_a_sheet_names_the_roles_that_the_register_names_and_no_others(demo_context):
    context = demo_context("identity")
    chapters = (REVIEW, BASELINE, GAP_ANALYSIS, FORECAST, RECOMMENDATIONS)
    evidence = Evidence(context, *(context.earlier(chapter) for chapter in chapters))
    first, second = [
        {term: said for term, said, _ in sheet.facts}
        for sheet in sheets.sheets(evidence, actions.actions(evidence), [])
    ]
    assert (first["Sponsor"], first["Consulted"], first["Informed"]) == (
        "Chief Information Officer", "Information Security Officer and Works Council", "Service Desk Manager"
    )  # fmt: skip
    assert not {"Sponsor", "Consulted", "Informed"} & second.keys()


def test_who_pays_is_known_from_the_day_it_was_written(evidence):
    named = action("old", {"on": date(2026, 10, 9), "state": "accepted", "sponsor": "CFO"}, sponsor="CIO")
    stood = [register.standing(named, date(2026, 10, day)).sponsor for day in (9, 10)]
    assert stood == ["CIO", "CFO"]
