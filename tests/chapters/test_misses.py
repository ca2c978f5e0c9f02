"""Where the misses are: the rate beside the share, open late tickets counted, and silence where there is nothing."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sipnb.chapters.gap_analysis import misses
from tests.kpis.hands import CYCLE, scope

#: What the line under a figure says.
ABOUT = SimpleNamespace(period="month", name="Records", cutoff_label="1 November 2026")


def tickets(rng, late, groups="abcd", n=900):
    """Tickets of the last three months, due after a day, of groups and categories that are missed as `late` says."""
    opened = CYCLE.history(3)[0].opens + pd.to_timedelta(rng.uniform(0, 60 * 86400, n).round(), unit="s")
    group, category = rng.choice(list(groups), n), rng.choice(["x", "y", "z"], n, p=[0.7, 0.2, 0.1])
    missed = rng.random(n) < np.array([late(g, c) for g, c in zip(group, category, strict=True)])
    hours = np.where(missed, 30, 5)
    rows = pd.DataFrame({"ticket": np.arange(n).astype(str), "service": "s", "kind": "incident", "opened": opened,
                         "resolved": opened + pd.to_timedelta(hours, unit="h"), "sla_due": opened + pd.Timedelta(days=1),
                         "group": group, "category": category, "priority": 3})  # fmt: skip
    return rows, missed


def found_in(of):
    """Where the misses of three cycles are, as the notebook computes it."""
    decided, missed = misses.decided(of, 3)
    return misses.concentrated(decided, missed, misses.explained(decided, missed), 3)


def test_the_attribute_and_the_part_that_are_missed_more_often_are_named_with_both_shares():
    rows, missed = tickets(np.random.default_rng(1), lambda g, c: 0.45 if g == "b" else 0.1)
    found = found_in(scope(3, tickets=rows))
    assert found.by == "group" and found.differs and found.n == missed.sum() and found.tickets == 900
    (b,) = [part for part in found.parts if part.more]
    own = rows["group"] == "b"
    assert b.name == "b" and b.rate == pytest.approx(missed[own].mean()) and b.of_tickets == pytest.approx(own.mean())
    text = misses.said(found).text
    assert "of the misses" in text and "of the tickets" in text and "**" not in text and "b (" in text
    drawn = misses.figure(found, ABOUT).markup
    assert "Of the tickets" in drawn and "Missed" in drawn


@pytest.mark.slow
def test_where_the_tickets_are_is_no_finding():
    """Seven of ten tickets are of one category, and so are seven of ten misses."""
    named = 0
    for seed in range(20):
        found = found_in(scope(3, tickets=tickets(np.random.default_rng(seed), lambda g, c: 0.15)[0]))
        named += any(part.more for part in found.parts)
        if not found.differs:
            assert misses.said(found).text == ""
            assert "misses lie where tickets are" in misses.figure(found, ABOUT).markup
    assert named <= 2


def test_what_is_open_and_late_is_a_miss():
    rows, missed = tickets(np.random.default_rng(2), lambda g, c: 0.2)
    rows.loc[missed, "resolved"] = pd.NaT
    found = found_in(scope(3, tickets=rows))
    assert found.n == found.waiting == missed.sum()
    assert found_in(scope(3, tickets=rows.head(30))) is None, "too few misses"


def test_the_group_is_the_one_tickets_began_in_where_events_tell_it():
    """What takes long ends with the experts: that they hold most misses says nothing of them."""
    rng = np.random.default_rng(3)
    rows, missed = tickets(rng, lambda g, c: 0.2, groups="ab")
    rows["group"] = np.where(missed, "experts", rows["group"])
    first = rng.choice(["a", "b"], len(rows))
    events = [
        {"ticket": t, "service": "s", "at": at + pd.Timedelta(hours=h), "state": "open", "group": group}
        for t, opened, last, g in zip(rows["ticket"], rows["opened"], rows["group"], first, strict=True)
        for h, at, group in ((0, opened, g), (4, opened, last))
    ]
    known, wrong = misses.decided(scope(3, tickets=rows, ticket_events=events), 3)
    assert known["first_group"].tolist() == first[known.index].tolist()
    assert not {"group", "first_group"} & set(misses.explained(known, wrong).query("found").index)
    alone, wrong = misses.decided(scope(3, tickets=rows), 3)
    assert misses.explained(alone, wrong).index[0] == "group"
