"""The register as it stood at the cut-off: nothing that was done, decided or written later is in an earlier plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from sipnb.chapters.notebooks import facts_of
from sipnb.chapters.portfolio import actions as plan_actions
from sipnb.places import REVIEW
from sipnb.register import Action


def action(**more) -> Action:
    return Action(**({"id": "one", "title": "One", "state": "approved", "raised": date(2026, 3, 1)} | more))


@pytest.fixture
def reviewed(demo_context):
    """What the review of October 2026 says of these actions."""
    plan = demo_context("email")

    def of(*actions: Action):
        return facts_of(REVIEW, replace(plan, service=replace(plan.service, actions=actions)))

    return of


def test_what_was_implemented_later_is_not_implemented_yet_and_late_if_it_was_due(reviewed):
    later = {"state": "verified", "implemented": date(2026, 11, 20), "note": "Worked well in November."}
    (found,) = reviewed(action(due=date(2026, 9, 30), **later)).actions
    assert (found.state, found.implemented, found.note, found.overdue) == ("in progress", None, "", True)
    (found,) = reviewed(action(due=date(2026, 12, 31), **later)).actions
    assert not found.overdue


def test_what_was_implemented_before_the_cut_off_stands_with_its_note(reviewed):
    (found,) = reviewed(action(state="implemented", implemented=date(2026, 10, 31), note="Live.")).actions
    assert (found.state, found.implemented, found.note) == ("implemented", "2026-10-31", "Live.")


@pytest.mark.parametrize(
    ("state", "before"),
    [("rejected", "proposed"), ("withdrawn", "proposed"), ("approved", "proposed"), ("in progress", "in progress")],
)
def test_a_state_that_began_later_is_told_as_the_one_before(reviewed, state, before):
    (found,) = reviewed(action(state=state, since=date(2026, 11, 5), note="Decided in November.")).actions
    assert (found.state, found.note) == (before, "")
    (found,) = reviewed(action(state=state, since=date(2026, 10, 5), note="Decided in October.")).actions
    assert (found.state, found.note) == (state, "Decided in October.")


def test_what_was_raised_later_is_not_there_and_what_was_rejected_is_not_agreed(reviewed):
    facts = reviewed(
        action(), action(id="two", state="rejected"), action(id="three", state="proposed"),
        action(id="four", raised=date(2026, 11, 2)),
    )  # fmt: skip
    assert [a.id for a in facts.actions] == ["one", "three", "two"]
    totals = plan_actions.totals([plan_actions._agreed("email", "Owner", one, {}) for one in facts.actions])
    assert (totals.agreed, totals.open) == (1, 1)
