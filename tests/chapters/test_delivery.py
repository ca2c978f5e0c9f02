"""What becomes of what is agreed: the record over all registers, from the facts of their reviews."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from sipnb.chapters.facts import ActionFact, BenefitFact, OutcomeFact
from sipnb.chapters.portfolio import delivery

CUTOFF = date(2026, 11, 1)


def action(name: str, state: str = "implemented", **fields) -> ActionFact:
    known = {
        "id": name, "title": f"Do {name}", "state": state, "owner": None, "kpi": None, "kpi_title": None, "raised": "2026-01-05",
        "due": None, "implemented": None, "overdue": False, "days_open": 0, "cycles_since": None, "note": "",
    }  # fmt: skip
    return ActionFact(**known | fields)


def benefit(amount: float, promised: float, half: float = 10.0, unit: str = "hours") -> OutcomeFact:
    one = BenefitFact(
        amount=amount, low=amount - half, high=amount + half, unit=unit, counted=False, cases="tickets", volume=10, cycles=6,
            promised=promised,
    )  # fmt: skip
    return OutcomeFact(status="worked" if amount > half else "inconclusive", benefit=one)


def record(*actions: ActionFact):
    return delivery.delivery({"email": SimpleNamespace(review=SimpleNamespace(actions=list(actions)))}, CUTOFF)


def test_done_late_and_refused_are_counted_apart():
    fact = record(
        action("one", implemented="2026-03-01", first_due="2026-03-15", agreed="2026-01-10"),
        action("late", implemented="2026-05-01", first_due="2026-03-15", agreed="2026-01-10"),
        action("open", "approved", first_due="2026-10-31", agreed="2026-01-10"),
        action("later", "approved", first_due="2026-11-01", agreed="2026-01-10"),
        action("no", "rejected"),
        action("idea", "proposed"),
    ).fact
    assert (fact.agreed, fact.done, fact.due, fact.on_time, fact.refused) == (4, 2, 3, 1, 1)
    told = "4 actions agreed, 2 of them done; 1 of the 3 that were due by now were done by their first date."
    assert delivery.sentence(fact) == told


def test_what_was_promised_and_what_was_taken_from_it_leave_what_was_realised():
    fact = record(
        action("a", outcome=benefit(80, 100)), action("b", outcome=benefit(-5, 60)), action("c", outcome=benefit(30, 20)),
        action("other", outcome=benefit(3, 4, unit="cases")), action("unpromised", outcome=benefit(7, None)),
    ).fact  # fmt: skip
    hours, cases = fact.delivered
    assert (hours.unit, hours.promised, hours.amount) == ("hours", 180, 105)
    assert hours.promised + sum(one.amount - one.promised for one in hours.actions) == pytest.approx(hours.amount)
    assert hours.high - hours.low == pytest.approx(2 * 10 * 3**0.5) and [one.id for one in hours.actions] == [
        "b",
        "a",
        "c",
    ]
    assert (cases.promised, cases.amount) == (4, 3)
    shown = delivery.shown(record(action("a", outcome=benefit(80, 100))), "EUR", "October 2026")
    assert "100 h promised, 70 h to 90 h realised" in shown.text


def agreed(days: int | None, state: str = "implemented", open_for: int = 200) -> ActionFact:
    """An action that was done after so many days, or has been open for so long."""
    start = CUTOFF - timedelta(days=open_for)
    done = None if days is None else (start + timedelta(days=days)).isoformat()
    return action(
        f"a{days}-{open_for}", state if days is not None else "approved", agreed=start.isoformat(), implemented=done
    )


def test_open_actions_count_for_as_long_as_they_have_been_open():
    fact = record(*[agreed(days) for days in (10, 20, 30, 40, 50, 60)], *[agreed(None, open_for=300)] * 6).fact
    assert fact.half_days == 60  # of twelve, six are still open: those that are done alone would say 35
    shown = delivery.shown(record(*[agreed(days) for days in range(10, 130, 10)]), "EUR", "October 2026")
    assert "Of 12 agreed actions, half are done after 65 days" in shown.text


def test_with_few_actions_nothing_is_said_of_how_long_they_take():
    found = record(*[agreed(days) for days in (10, 20, 30)])
    assert found.survival is None and found.fact.half_days is None
    assert "from 10 agreed ones on" in delivery.shown(found, "EUR", "October 2026").text


def test_an_organisation_that_agreed_nothing_is_told_so():
    found = record()
    assert delivery.shown(found, "EUR", "October 2026").text.strip() == "Nothing was agreed yet."
