"""Each KPI against a small case counted by hand, and against plain SQL over the demo's frozen records."""

import math

import duckdb
import pandas as pd
import pytest

from sipnb import kpis
from sipnb.catalogue import KPIS
from sipnb.cycles import parse
from sipnb.records import clocks, tables

CYCLE = parse("2026-10", "UTC")


class Hand:
    """Records written by hand: the tables given, everything else not supplied."""

    def __init__(self, **given):
        self.given = {name: pd.DataFrame(rows) for name, rows in given.items()}
        firsts = {}
        for name, frame in self.given.items():
            at = tables.TABLES[name].at
            firsts[name] = {"first": str(pd.to_datetime(frame[at]).min()) if len(frame) else None}
        self.quality = {"tables": firsts, "cutoff": str(CYCLE.cutoff)}

    def has(self, name):
        return name in self.given

    def supplies(self, table, column):
        return table in self.given and column in self.given[table]

    def __getattr__(self, name):
        return self.table(name)

    def table(self, name):
        nothing = tables.empty(name)
        frame = self.given.get(name, nothing).reindex(columns=nothing.columns)
        for column, dtype in nothing.dtypes.items():
            if str(dtype).startswith("datetime64") and frame[column].notna().any():
                frame[column] = pd.to_datetime(frame[column], utc="UTC" in str(dtype))
        return frame.astype(nothing.dtypes.to_dict())


def ticket(number, opened, resolved=None, **more):
    return {"ticket": f"T{number}", "service": "s", "kind": "incident", "opened": opened, "resolved": resolved, **more}


def test_open_tickets_past_due_count_as_missed():
    records = Hand(
        tickets=[
            ticket(1, "2026-10-01", "2026-10-02", sla_met=True, sla_due="2026-10-03"),
            ticket(2, "2026-10-01", "2026-10-05", sla_met=False, sla_due="2026-10-03"),
            ticket(3, "2026-10-20", None, sla_due="2026-10-25"),
            ticket(4, "2026-10-30", None, sla_due="2026-11-05"),
        ]
    )
    headline = kpis.measure("sla_attainment", records, CYCLE)
    reported = kpis.measure("sla_reported", records, CYCLE)
    assert (headline.numerator, headline.n) == (1, 3), "the open one not yet due is left out"
    assert (reported.numerator, reported.n) == (1, 2)
    assert (kpis.sla_opened(records, CYCLE).numerator, kpis.sla_opened(records, CYCLE).n) == (1, 3)
    assert (kpis.sla_stock(records, CYCLE).numerator, kpis.sla_stock(records, CYCLE).n) == (1, 2)


def test_a_running_mark_says_that_an_open_ticket_already_missed():
    records = Hand(
        tickets=[ticket(1, "2026-10-01", "2026-10-02", sla_met=True), ticket(2, "2026-10-01", None, sla_met=False)]
    )
    assert kpis.measure("sla_attainment", records, CYCLE).value == 0.5


def test_no_rows_are_no_data_never_zero():
    records = Hand(tickets=[ticket(1, "2026-01-01", "2026-01-02", sla_met=True)])
    for kpi in ("sla_attainment", "restore_median", "reopen_rate", "multi_hop_share", "availability", "csat_top2"):
        found = kpis.measure(kpi, records, CYCLE)
        assert found.n == 0 and math.isnan(found.value), kpi


def test_time_to_restore_counts_those_still_open():
    done = [ticket(i, "2026-10-01 00:00", f"2026-10-01 {i + 1:02d}:00") for i in range(9)]
    waiting = [ticket(i, "2026-10-01 00:00") for i in range(20, 29)]
    assert kpis.measure("restore_median", Hand(tickets=done), CYCLE).value == 5
    # Half are restored only when the ninth of eighteen is.
    assert kpis.measure("restore_median", Hand(tickets=done + waiting), CYCLE).value >= 9


def test_the_stock_identity_holds_in_every_cycle_of_the_demo(demo_subject):
    for service in ("service-desk", "payments"):
        plan = demo_subject(service)
        for cycle in plan.history[5:]:
            before, after = len(kpis.open_at(plan.records, cycle.opens)), len(kpis.open_at(plan.records, cycle.cutoff))
            opened, resolved = len(kpis.opened_in(plan.records, cycle)), len(kpis.resolved_in(plan.records, cycle))
            assert before + opened - resolved == after, (service, cycle.name)


def test_overlapping_outages_count_once_and_maintenance_is_taken_out():
    records = Hand(
        outages=[
            {"service": "s", "started": "2026-10-01 00:00", "ended": "2026-10-01 02:00", "kind": "unplanned"},
            {"service": "s", "started": "2026-10-01 01:00", "ended": "2026-10-01 03:00", "kind": "unplanned"},
            {"service": "s", "started": "2026-10-05 00:00", "ended": "2026-10-05 10:00", "kind": "maintenance"},
        ]
    )
    found = kpis.measure("availability", records, CYCLE)
    assert found.value == pytest.approx(1 - 3 / (31 * 24 - 10))
    assert found.low <= found.value <= found.high


def test_an_outage_of_half_the_service_counts_half():
    rows = [{"service": "s", "started": "2026-10-01", "ended": "2026-10-02", "kind": "unplanned", "share": 0.5}]
    assert kpis.measure("availability", Hand(outages=rows), CYCLE).value == pytest.approx(1 - 0.5 / 31)


def test_only_the_severities_that_count_count():
    rows = [
        {"service": "s", "started": "2026-10-01", "ended": "2026-10-02", "kind": "unplanned", "severity": "minor"},
        {"service": "s", "started": "2026-10-03", "ended": None, "kind": "unplanned", "severity": "major"},
    ]
    records = Hand(outages=rows)
    assert kpis.measure("availability", records, CYCLE, ["major"]).value == pytest.approx(2 / 31)
    assert kpis.measure("outage_count", records, CYCLE, ["minor"]).value == 1


def test_a_change_fails_once_however_many_incidents_it_causes():
    changes = [{"change": f"C{i}", "service": "s", "started": "2026-10-03"} for i in range(23)]
    tickets = [ticket(i, "2026-10-04", change=c) for i, c in enumerate(["C1", "C1", "C1", "C2", "C3", "C4"])]
    found = kpis.measure("change_failure_rate", Hand(changes=changes, tickets=tickets), CYCLE)
    assert round(100 * found.value, 1) == 17.4, "4 of 23, not 6 of 23"


def test_cost_per_ticket_is_a_ratio_of_sums():
    costs = [
        {"service": "s", "period": "2026-10-01", "amount": 900.0},
        {"service": "s", "period": "2026-10-01", "amount": 100.0},
    ]
    tickets = [ticket(i, "2026-10-10") for i in range(20)]
    assert kpis.measure("cost_per_ticket", Hand(costs=costs, tickets=tickets), CYCLE).value == 50


def test_a_hold_that_hides_a_miss_shows_on_the_other_clock():
    office = clocks.calendar({d: ["08:00-18:00"] for d in ("mon", "tue", "wed", "thu", "fri")})
    # Four hours to go from Thursday 09:00; on hold from 11:00 to 15:00, done at 16:00: three hours net, seven business.
    records = Hand(
        tickets=[
            ticket(1, "2026-10-01 09:00", "2026-10-01 16:00", sla_due="2026-10-01 17:00", sla_met=True, on_hold=14400)
        ],
        ticket_events=[
            {"ticket": "T1", "service": "s", "at": "2026-10-01 09:00", "on_hold": False},
            {"ticket": "T1", "service": "s", "at": "2026-10-01 11:00", "on_hold": True},
            {"ticket": "T1", "service": "s", "at": "2026-10-01 15:00", "on_hold": False},
        ],
    )
    both = kpis.met_on_both_clocks(records, records.tickets, office)
    assert both["net"].tolist() == [True]
    assert both["business"].tolist() == [False]


def test_months_before_a_service_existed_are_not_good_months(demo_subject):
    young, old = demo_subject("chat-assistant"), demo_subject("archive")
    assert len(young.series("availability")) <= 1
    assert len(old.series("availability")) == 30, "few tickets are no sign of a young service"


def test_headline_figures_of_the_demo_equal_a_recount_in_plain_sql(demo_subject, demo_records):
    plan = demo_subject("payments")
    start, end = "TIMESTAMPTZ '2026-10-01 00:00:00+02'", "TIMESTAMPTZ '2026-11-01 00:00:00+01'"
    con = duckdb.connect()
    con.execute(f"CREATE VIEW t AS SELECT * FROM '{demo_records}/tickets/service=payments/*.parquet'")
    resolved = f"resolved >= {start} AND resolved < {end}"
    recount = {
        "sla_reported": f"SELECT count(*) FILTER (sla_met), count(sla_met) FROM t WHERE {resolved}",
        "reopen_rate": f"SELECT count(*) FILTER (reopened > 0), count(*) FROM t WHERE {resolved}",
        "multi_hop_share": f"SELECT count(*) FILTER (reassigned >= 2), count(*) FROM t WHERE {resolved}",
        "volume": f"SELECT count(*), count(*) FROM t WHERE opened >= {start} AND opened < {end}",
        "backlog": "SELECT count(*), count(*) FROM t WHERE resolved IS NULL",
        "sla_attainment": f"SELECT count(*) FILTER (sla_met AND {resolved}), count(*) FILTER (({resolved} AND sla_met "
        f"IS NOT NULL) OR (resolved IS NULL AND sla_due < {end})) FROM t",
    }
    for kpi, sql in recount.items():
        found = kpis.measure(kpi, plan.records, plan.cycle)
        assert (found.numerator, found.n) == con.execute(sql).fetchone(), kpi


def test_every_kpi_of_the_catalogue_can_be_measured(demo_subject):
    plan = demo_subject("network")
    for kpi in KPIS:
        found = kpis.measure(kpi, plan.records, plan.cycle, plan.severities)
        assert found.n > 0, kpi
        if not math.isnan(found.low):
            assert found.low <= found.value <= found.high, kpi
