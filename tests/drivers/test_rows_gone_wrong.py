"""The rows behind a measure: their rate is the measure, and what is not decided yet is not among them."""

import pytest

from sipnb import kpis
from sipnb.drivers import explain, outcomes
from tests.kpis.hands import scope, ticket


@pytest.mark.parametrize(
    "kpi",
    ["sla_attainment", "reopen_rate", "multi_hop_share", "first_assignment_rate", "csat_top2", "change_failure_rate"],
)
def test_the_rate_of_the_rows_is_the_measure(demo_context, kpi):
    look = demo_context("workplace").scope
    months = look.over([look.cycle])
    rows, known = outcomes.of(kpi, months, look.cycle), kpis.measure(kpi, months)
    wrong = known.value if look.kpis[kpi].good == "down" else 1 - known.value
    assert rows.wrong.mean() == pytest.approx(wrong) and len(rows.wrong) == known.n


def test_a_time_counts_as_too_long_once_it_is_and_the_young_are_left_out():
    tickets = [
        ticket(1, "2026-10-05T00:00", "2026-10-05T05:00"), ticket(2, "2026-10-05T00:00", "2026-10-05T15:00"),
        ticket(3, "2026-10-05T00:00", None), ticket(4, "2026-10-31T20:00", "2026-10-31T21:00"),
        ticket(5, "2026-10-05T00:00", None, ended="2026-10-05T02:00"),
    ]  # fmt: skip
    looked = scope(tickets=tickets, targets={"restore_median": 10.0})
    rows = outcomes.of("restore_median", looked, looked.cycle.last_days(31))
    assert looked.records.tickets.loc[rows.rows, "ticket"].tolist() == ["T1", "T2", "T3"]
    assert rows.wrong.tolist() == [False, True, True]


def test_a_measure_that_no_row_decides_has_none():
    looked = scope(tickets=[ticket(1, "2026-10-05T00:00", None)])
    assert outcomes.of("backlog", looked, looked.cycle) is None
    assert outcomes.of("restore_median", looked, looked.cycle) is None, "without a target nothing takes too long"
    assert explain.explain("backlog", looked).reason == "no row decides it"
    assert explain.explain("sla_attainment", looked).reason == "too few"
