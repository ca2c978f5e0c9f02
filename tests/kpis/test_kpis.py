"""Each KPI against a small case counted by hand."""

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest

from sipnb import kpis
from sipnb.catalogue import KPIS
from sipnb.kpis import attainment, handling, people, uptime
from sipnb.records import clocks
from tests.kpis.hands import CYCLE, Hand, measure, scope, ticket

OFFICE = clocks.calendar({d: ["08:00-18:00"] for d in ("mon", "tue", "wed", "thu", "fri")})


def test_every_kpi_of_the_catalogue_has_its_function_and_the_stable_parts_of_a_definition():
    assert set(kpis.FUNCTIONS) == set(KPIS)
    for known in KPIS.values():
        assert known.title and known.formula and known.needs and len(known.definition) == 10
        assert len(known.short.split()) <= 5, known.id


def test_open_tickets_past_due_count_as_missed():
    look = scope(
        tickets=[
            ticket(1, "2026-10-01", "2026-10-02", sla_met=True, sla_due="2026-10-03"),
            ticket(2, "2026-10-01", "2026-10-05", sla_met=False, sla_due="2026-10-03"),
            ticket(3, "2026-10-20", None, sla_due="2026-10-25"),
            ticket(4, "2026-10-30", None, sla_due="2026-11-05"),
        ]
    )
    headline, reported = kpis.measure("sla_attainment", look), kpis.measure("sla_reported", look)
    assert (headline.numerator, headline.n) == (1, 3), "the open one not yet due is left out"
    assert (reported.numerator, reported.n) == (1, 2)
    assert attainment.sla_opened(look)[["numerator", "n"]].iloc[0].tolist() == [1, 3]
    assert attainment.sla_stock(look)[["numerator", "n"]].iloc[0].tolist() == [1, 2]


def test_a_ticket_late_in_one_month_and_resolved_in_the_next_was_decided_once_when_its_due_time_passed():
    late = [ticket(1, "2026-08-01", "2026-10-05", sla_met=False, sla_due="2026-09-10"),
            ticket(2, "2026-08-01", "2026-10-05", sla_due="2026-10-07")]  # fmt: skip
    frame = kpis.series("sla_attainment", scope(3, tickets=late))
    assert frame["denominator"].tolist() == [0, 1, 1] and frame["numerator"].tolist() == [0, 0, 1]


def test_a_few_tickets_left_lying_do_not_drag_attainment_down_month_after_month():
    """Of every hundred a month five are late, and five more wait for 180 days: 90 of 100 are decided in time."""
    rows = []
    for month in pd.period_range("2025-11", "2026-10", freq="M"):
        for i in range(100):
            opened = month.start_time + pd.Timedelta(hours=i)
            lasts = pd.Timedelta(hours=4) if i < 90 else pd.Timedelta(hours=12) if i < 95 else pd.Timedelta(days=180)
            done = opened + lasts
            known = done < pd.Timestamp("2026-11-01")
            due = opened + pd.Timedelta(hours=8)
            rows.append(
                ticket(len(rows), opened, done if known else None, sla_due=due, sla_met=i < 90 if known else None)
            )
    frame = kpis.series("sla_attainment", scope(12, tickets=rows))
    assert (frame["value"] == 0.9).all() and (frame["n"] == 100).all()


def test_what_ended_without_a_resolution_is_neither_open_nor_missed_nor_waiting():
    tickets = [
        ticket(1, "2026-10-01 00:00", "2026-10-01 04:00", sla_met=True, sla_due="2026-10-02"),
        ticket(2, "2026-10-01 00:00", "2026-10-01 04:00", sla_met=True, sla_due="2026-10-02"),
        ticket(3, "2026-10-01 00:00", ended="2026-10-05", sla_met=False, sla_due="2026-10-02"),
        ticket(4, "2026-10-01 00:00", ended="2026-10-01 00:00", sla_due="2026-10-02"),
    ]
    look = scope(tickets=tickets)
    assert kpis.measure("backlog", look).value == 0
    for kpi in ("sla_attainment", "sla_reported"):
        assert (kpis.measure(kpi, look).numerator, kpis.measure(kpi, look).n) == (2, 2), kpi
    assert attainment.sla_opened(look)["n"].tolist() == [2] and attainment.sla_stock(look)["n"].tolist() == [0]
    restored = kpis.measure("restore_median", look)
    assert (restored.value, restored.n) == (4, 3), "one left the queue after five days; of one nobody knows when"


def test_the_latest_tickets_count_by_opening_only_once_they_are_due():
    """Of those not yet due only the fast ones have an outcome: of four opened at the end two are, and both were fast."""
    due = [ticket(i, "2026-10-01", "2026-10-02" if i < 2 else None, sla_due="2026-10-05") for i in range(4)]
    fresh = [ticket(i, "2026-10-30", "2026-10-31" if i < 12 else None, sla_due="2026-11-04") for i in range(10, 14)]
    assert attainment.sla_opened(scope(tickets=due + fresh))[["numerator", "n"]].iloc[0].tolist() == [2, 4]


def test_open_tickets_past_due_are_counted_with_how_long_they_have_been():
    tickets = [
        ticket(1, "2026-10-01", sla_due="2026-10-30"),
        ticket(2, "2026-10-01", sla_due="2026-10-22"),
        ticket(3, "2026-10-30", sla_due="2026-11-22"),
        ticket(4, "2026-10-01", "2026-10-20", sla_due="2026-10-02"),
    ]
    assert attainment.past_due(scope(tickets=tickets)).tolist() == [2, 10]


def test_where_a_tool_records_due_times_alone_they_tell_what_was_met():
    found = measure(
        "sla_reported",
        tickets=[
            ticket(1, "2026-10-01", "2026-10-02", sla_due="2026-10-03"),
            ticket(2, "2026-10-01", "2026-10-05", sla_due="2026-10-03"),
        ],
    )
    assert (found.numerator, found.n) == (1, 2)


def test_a_running_mark_says_that_an_open_ticket_already_missed():
    tickets = [ticket(1, "2026-10-01", "2026-10-02", sla_met=True), ticket(2, "2026-10-01", None, sla_met=False)]
    assert measure("sla_attainment", tickets=tickets).value == 0.5


def test_without_due_times_an_open_ticket_is_late_once_hardly_any_that_old_had_met_its_target():
    met = [ticket(i, "2026-10-01 00:00", "2026-10-01 04:00", sla_met=True, priority=3) for i in range(100)]
    missed = [ticket(i, "2026-10-01 00:00", "2026-10-03 00:00", sla_met=False, priority=3) for i in range(100, 130)]
    old = [ticket(i, "2026-10-20", None, sla_met=True, priority=3) for i in range(200, 204)]
    young = [ticket(300, "2026-10-31 12:00", None, sla_met=True, priority=3)]
    other = [ticket(400, "2026-10-02", None, sla_met=True, priority=1)]
    found = measure("sla_attainment", tickets=[*met, *missed, *old, *young, *other])
    assert (found.numerator, found.n) == (100, 134), "old ones are late; nothing is known of another priority"
    few = measure("sla_attainment", tickets=[*met, *missed[:10], *old])
    assert few.n == 110, "ten tickets are too few to say what is hopeless"


def test_where_only_resolved_tickets_carry_a_mark_old_open_ones_are_late_in_every_view_of_attainment():
    met = [ticket(i, "2026-10-01 00:00", "2026-10-01 04:00", sla_met=True, priority=3) for i in range(100)]
    missed = [ticket(i, "2026-10-01 00:00", "2026-10-03 00:00", sla_met=False, priority=3) for i in range(100, 130)]
    old = [ticket(i, "2026-10-20", None, priority=3) for i in range(200, 204)]
    young = [ticket(300, "2026-10-31 12:00", None, priority=3)]
    bare = [ticket(i, "2026-10-01", "2026-10-09", priority=1) for i in range(400, 440)]
    look = scope(tickets=[*met, *missed, *old, *young, *bare, ticket(500, "2026-10-02", None, priority=1)])
    headline = kpis.measure("sla_attainment", look)
    assert (headline.numerator, headline.n) == (100, 134), "priority 1 has no target"
    assert attainment.sla_opened(look)[["numerator", "n"]].iloc[0].tolist() == [100, 134]
    assert attainment.sla_stock(look)[["numerator", "n"]].iloc[0].tolist() == [1, 5]


def test_no_rows_are_no_data_never_zero():
    tickets = [ticket(1, "2026-01-01", "2026-01-02", sla_met=True, reopened=0, reassigned=0)]
    for kpi in ("sla_attainment", "restore_median", "reopen_rate", "multi_hop_share", "availability", "csat_top2"):
        found = measure(kpi, tickets=tickets)
        assert found.n == 0 and math.isnan(found.value), kpi


def test_a_kpi_names_what_the_exports_do_not_hold():
    look = scope(tickets=[ticket(1, "2026-10-01")])
    assert kpis.missing(KPIS["csat_top2"], look) == ["surveys"]
    assert kpis.missing(KPIS["reopen_rate"], look) == ["tickets.reopened"]
    assert kpis.missing(KPIS["on_hold_share"], look) == ["tickets.on_hold|ticket_events.on_hold"]
    assert kpis.missing(KPIS["volume"], look) == []


def test_time_to_restore_counts_those_still_open():
    done = [ticket(i, "2026-10-01 00:00", f"2026-10-01 {i + 1:02d}:00") for i in range(9)]
    waiting = [ticket(i, "2026-10-01 00:00") for i in range(20, 29)]
    assert measure("restore_median", tickets=done).value == 5
    # Half are restored only when the ninth of eighteen is.
    assert measure("restore_median", tickets=done + waiting).value >= 9


def test_a_tail_is_told_only_where_enough_lasted_longer():
    def spread(n):
        return [ticket(i, "2026-10-01", pd.Timestamp("2026-10-01") + pd.Timedelta(hours=i + 1)) for i in range(n)]

    assert measure("restore_p90", tickets=spread(100)).value == pytest.approx(90, abs=1)
    assert math.isnan(measure("restore_p90", tickets=spread(20)).value)


def test_tickets_resolved_without_an_answer_say_nothing_about_the_time_to_answer():
    tickets = [
        ticket(1, "2026-10-01 00:00", "2026-10-01 08:00", acknowledged="2026-10-01 02:00"),
        ticket(2, "2026-10-01 00:00", "2026-10-01 00:10"),
    ]
    found = measure("acknowledge_median", tickets=tickets)
    assert (found.value, found.n) == (2, 1)


def test_backlog_ages_are_shares_of_what_is_open():
    tickets = [
        ticket(1, "2026-10-31 12:00"),
        ticket(2, "2026-10-20"),
        ticket(3, "2026-07-01"),
        ticket(4, "2026-07-01", "2026-10-02"),
    ]
    look = scope(tickets=tickets)
    assert kpis.measure("backlog", look).value == 3
    assert [handling.aged(look, days)["numerator"].iloc[0] for days in handling.AGES] == [2, 2, 1, 1]


def test_handling_shares_leave_out_what_is_not_recorded():
    tickets = [
        ticket(1, "2026-10-01", "2026-10-02", reopened=0, reassigned=0, first_contact=True),
        ticket(2, "2026-10-01", "2026-10-02", reopened=1, reassigned=2, first_contact=True),
        ticket(3, "2026-10-01", "2026-10-02", reopened=None, reassigned=1, first_contact=None),
    ]
    found = {
        k: measure(k, tickets=tickets)
        for k in ("reopen_rate", "first_contact_rate", "first_assignment_rate", "multi_hop_share")
    }
    assert {k: (m.numerator, m.n) for k, m in found.items()} == {
        "reopen_rate": (1, 2), "first_contact_rate": (1, 2), "first_assignment_rate": (1, 3), "multi_hop_share": (1, 3),
    }  # fmt: skip


def test_time_on_hold_is_taken_from_events_where_no_total_is_recorded():
    tickets = [ticket(1, "2026-10-01 00:00", "2026-10-01 10:00"), ticket(2, "2026-10-01 00:00", "2026-10-01 10:00")]
    events = [
        {"ticket": "T1", "service": "s", "at": "2026-10-01 02:00", "on_hold": True, "state": "waiting for vendor"},
        {"ticket": "T1", "service": "s", "at": "2026-10-01 06:00", "on_hold": False, "state": "open"},
        {"ticket": "T2", "service": "s", "at": "2026-10-01 01:00", "on_hold": False, "state": "open"},
    ]
    look = scope(tickets=tickets, ticket_events=events)
    assert kpis.measure("on_hold_share", look).value == pytest.approx(4 / 20)
    assert handling.holds_by_reason(look).to_dict("records") == [
        {"reason": "waiting for vendor", "hours": 4.0, "share": 1.0, "tickets": 1}
    ]


def test_shares_are_ratios_of_sums_and_never_means_of_ratios():
    rows = []
    for hours, n in ((2, 100), (3, 100), (6, 1000)):
        rows += [
            ticket(len(rows) + i, "2026-10-01 00:00", "2026-10-02 00:00", on_hold=3600.0 * hours) for i in range(n)
        ]
    assert measure("on_hold_share", tickets=rows).value == pytest.approx((200 + 300 + 6000) / 1200 / 24)


def test_overlapping_outages_count_once_and_maintenance_is_taken_out_or_counted():
    outages = [
        {"service": "s", "started": "2026-10-01 00:00", "ended": "2026-10-01 02:00", "kind": "unplanned"},
        {"service": "s", "started": "2026-10-01 01:00", "ended": "2026-10-01 03:00", "kind": "unplanned"},
        {"service": "s", "started": "2026-10-05 00:00", "ended": "2026-10-05 10:00", "kind": "maintenance"},
    ]
    found = measure("availability", outages=outages)
    assert found.value == pytest.approx(1 - 3 / (31 * 24 - 10))
    assert math.isnan(found.low) and math.isnan(found.high), "what a cycle lost is counted"
    assert found.n == 31, "days of the month"
    assert measure("availability_all", outages=outages).value == pytest.approx(1 - 13 / (31 * 24))
    budget = measure("error_budget", outages=outages, targets={"availability": 0.999})
    assert budget.value == pytest.approx(3 / ((31 * 24 - 10) * 0.001))
    assert measure("error_budget", outages=outages).n == 0, "no target, no budget"


def test_an_outage_outside_agreed_hours_costs_nothing():
    outages = [
        {"service": "s", "started": "2026-10-01 20:00", "ended": "2026-10-02 09:00", "kind": "unplanned"},  # Thu to Fri
        {"service": "s", "started": "2026-10-03 00:00", "ended": "2026-10-04 00:00", "kind": "unplanned"},  # Saturday
    ]
    found = measure("availability", outages=outages, calendar=OFFICE)
    assert found.value == pytest.approx(1 - 1 / (22 * 10)) and found.n == 22


def test_an_outage_of_half_the_service_counts_half_and_one_that_runs_on_counts_to_the_cut_off():
    half = [{"service": "s", "started": "2026-10-01", "ended": "2026-10-02", "kind": "unplanned", "share": 0.5}]
    assert measure("availability", outages=half).value == pytest.approx(1 - 0.5 / 31)
    running = [{"service": "s", "started": "2026-10-31", "ended": None, "kind": "unplanned"}]
    assert measure("availability", outages=running).value == pytest.approx(30 / 31)


def test_days_of_a_clock_change_have_23_and_25_hours():
    from sipnb.cycles import parse

    october = parse("2026-10", "Europe/Berlin")
    look = kpis.Scope(
        scope(outages=[{"service": "s", "started": "2026-10-05", "ended": "2026-10-06"}]).records, (october,)
    )
    found = kpis.measure("availability", look)
    assert found.n == 31 and found.denominator == (31 * 24 + 1) * 3600


def test_a_year_is_judged_by_its_outages_and_not_by_its_days():
    def year(*spans, **options):
        rows = [{"service": "s", "started": a, "ended": b, "kind": kind} for kind, a, b in spans]
        look = scope(12, outages=rows, monitored_since=date(2025, 11, 1), **options)
        return uptime.availability_between(look, look.cycle.shift(-11), look.cycle).iloc[0]

    def rows(*hours):
        return [
            ("unplanned", f"2026-0{i + 1}-10 08:00", f"2026-0{i + 1}-10 {8 + h:02d}:00") for i, h in enumerate(hours)
        ]

    few, many = year(*rows(6, 6)), year(*rows(2, 2, 2, 2, 2, 2))
    assert few["value"] == many["value"] == pytest.approx(1 - 12 / 8760) and few["n"] == many["n"] == 365
    assert 0 <= few["low"] < many["low"] < many["value"] < many["high"] < 1, "two outages tell less than six"
    # One that begins while another lasts is the same outage; what falls into announced maintenance took nothing.
    joined = year(("unplanned", "2026-01-10 08:00", "2026-01-10 11:00"), ("unplanned", "2026-01-10 10:00", "2026-01-10 14:00"),
                  *rows(6, 6)[1:])  # fmt: skip
    assert joined[["value", "low", "high"]].tolist() == few[["value", "low", "high"]].tolist()
    parted = year(*rows(6, 6), ("maintenance", "2026-01-10 09:00", "2026-01-10 10:00"))
    assert parted["value"] == pytest.approx(1 - 11 / 8759) and parted["low"] > few["low"], (
        "one outage still, of five hours"
    )
    night = year(*rows(6, 6), ("unplanned", "2026-05-10 02:00", "2026-05-10 04:00"), calendar=OFFICE)
    assert night["low"] == year(*rows(6, 6), calendar=OFFICE)["low"], "an outage at night took no agreed time"
    quiet = year()
    assert quiet["value"] == 1 and math.isnan(quiet["low"]), "nothing tells how long an outage would last"


def test_only_the_severities_that_count_count():
    rows = [
        {"service": "s", "started": "2026-10-01", "ended": "2026-10-02", "kind": "unplanned", "severity": "minor"},
        {"service": "s", "started": "2026-10-29", "ended": None, "kind": "unplanned", "severity": "major"},
    ]
    assert measure("availability", outages=rows, severities=("major",)).value == pytest.approx(28 / 31)
    assert measure("outage_count", outages=rows, severities=("minor",)).value == 1


def endless(start, others=6, **more):
    """An outage of an hour on the tenth of each month before October 2026, and one without an end."""
    hours = [pd.Timestamp(f"2026-{9 - i:02d}-10 10:00") for i in range(others)]
    rows = [{"service": "s", "started": t, "ended": t + pd.Timedelta(hours=1), "kind": "unplanned"} for t in hours]
    return [*rows, {"service": "s", "started": start, "ended": None, "kind": "unplanned", **more}]


def test_an_outage_without_an_end_is_down_as_long_as_outages_last_and_then_unknown_until_the_next():
    look = scope(6, outages=endless("2026-06-20 10:00"))
    frame = kpis.series("availability", look)
    assert frame.loc["2026-10", "value"] == 1 and frame.loc["2026-08", "value"] == pytest.approx(1 - 1 / 744)
    # Of June an hour on the 10th and one on the 20th were lost; what follows until the 10th of July nobody knows.
    assert frame.loc["2026-06", "denominator"] == (19 * 24 + 11) * 3600
    assert frame.loc["2026-06", "value"] == pytest.approx(1 - 2 / (19 * 24 + 11))
    assert frame.loc["2026-07", "denominator"] == (21 * 24 + 14) * 3600


def test_the_last_outage_may_still_go_on_for_a_week_and_nobody_knows_what_comes_after():
    found = measure("availability", outages=endless("2026-10-30"))
    assert found.value == pytest.approx(29 / 31) and found.n == 31
    frame = kpis.series("availability", scope(4, outages=endless("2026-09-20")))
    # Ten days of September and all of October are unknown, or down.
    assert frame.loc["2026-09", ["numerator", "denominator"]].tolist() == [(19 * 24 - 1) * 3600, 26 * 86400]
    assert frame.loc["2026-10", "n"] == 0 and pd.isna(frame.loc["2026-10", "value"])


def test_maintenance_without_an_end_does_not_take_all_time_to_come():
    look = scope(6, outages=endless("2026-06-20 10:00", kind="maintenance"))
    assert kpis.series("availability", look).loc["2026-10", ["value", "n"]].tolist() == [1, 31]


def test_a_watched_service_without_any_outage_is_up_all_the_time_since_it_is_watched():
    others = [{"service": "o", "started": "2026-01-10", "ended": "2026-01-11", "kind": "unplanned"}]
    records = Hand(outages=others)
    records.given["outages"] = records.given["outages"].iloc[:0]
    assert kpis.measure("availability", scope(6, records)).n == 0, "silence is no availability"
    watched = scope(6, records, monitored_since=date(2026, 8, 16))
    found = kpis.series("availability", watched)
    assert found.loc["2026-09":, "value"].tolist() == [1, 1] and "2026-07" not in found.index
    year = uptime.availability_between(watched, watched.cycle.shift(-11), watched.cycle)
    assert year["denominator"].iloc[0] == (16 + 30 + 31) * 86400


def test_the_time_between_outages_is_a_year_over_their_number():
    starts = pd.date_range("2025-11-10", periods=10, freq="30D")
    outages = [{"service": "s", "started": t, "ended": t + pd.Timedelta(hours=1), "kind": "unplanned"} for t in starts]
    outages.append({"service": "s", "started": "2025-01-01", "ended": "2025-01-02", "kind": "unplanned"})
    found = measure("mtbf", 12, outages=outages)
    assert found.value == pytest.approx(365 / 10) and found.low < found.value < found.high and found.n == 10


def test_a_change_fails_once_however_many_incidents_it_causes():
    changes = [
        {"change": f"C{i}", "service": "s", "started": "2026-10-03", "kind": "emergency" if i < 3 else "normal"}
        for i in range(23)
    ]
    tickets = [ticket(i, "2026-10-04", change=c) for i, c in enumerate(["C1", "C1", "C1", "C2", "C3", "C4"])]
    found = measure("change_failure_rate", changes=changes, tickets=tickets)
    assert round(100 * found.value, 1) == 17.4, "4 of 23, not 6 of 23"
    assert measure("emergency_changes", changes=changes, tickets=tickets).numerator == 3


def test_an_incident_soon_after_the_fix_of_its_problem_has_come_back():
    problems = [
        {"problem": "P1", "service": "s", "opened": "2026-08-01", "resolved": "2026-10-01"},
        {"problem": "P2", "service": "s", "opened": "2026-08-01", "resolved": None},
    ]
    tickets = [
        ticket(1, "2026-10-10", "2026-10-11", problem="P1"),
        ticket(2, "2026-10-10", "2026-10-11", problem="P2"),
        ticket(3, "2026-10-10", "2026-10-11"),
    ]
    given = {"problems": problems, "tickets": tickets}
    assert (measure("recurrence", **given).numerator, measure("recurrence", **given).n) == (1, 2)
    assert (measure("known_problem_share", **given).numerator, measure("known_problem_share", **given).n) == (2, 3)
    assert measure("open_problems", **given).value == 1
    assert measure("problem_age", **given).value == pytest.approx(92)


def test_problems_that_nobody_supplies_are_none_that_came_back():
    tickets = [ticket(1, "2026-10-10", "2026-10-11", problem="P1")]
    elsewhere = [{"problem": "P9", "service": "other", "opened": "2026-07-01", "resolved": "2026-09-20"}]
    found = measure("recurrence", problems=elsewhere, tickets=tickets)
    assert (found.numerator, found.n) == (0, 1)


def test_satisfaction_has_the_bounds_of_those_who_were_silent():
    surveys = [{"service": "s", "answered": "2026-10-05", "score": s, "scale_max": 5} for s in (5, 5, 4, 3, 1)]
    usage = [{"service": "s", "period": "2026-10-01", "invited": 20}]
    given = {"surveys": surveys, "usage": usage}
    assert (measure("csat_top2", **given).numerator, measure("csat_top2", **given).n) == (3, 5)
    assert measure("csat_mean", **given).value == pytest.approx((1 + 1 + 0.75 + 0.5 + 0) / 5)
    assert measure("response_rate", **given).value == 0.25
    bounds = people.silence(scope(**given))
    assert (bounds.low, bounds.high) == (3 / 20, 18 / 20)
    more = {"surveys": surveys, "usage": [{"service": "s", "period": "2026-10-01", "invited": 3}]}
    assert measure("response_rate", **more).n == 0 and people.silence(scope(**more)) is None


@pytest.mark.parametrize(
    ("grades", "end", "satisfied", "mean"),
    [
        ((1, 2, 3), 3, {3}, 0.5),
        ((1, 2, 3, 4), 4, {3, 4}, 0.5),
        ((1, 2, 3, 4, 5), 5, {4, 5}, 0.5),
        ((0, 1, 2, 3, 4), 4, {3, 4}, 0.5),
        ((1, 2, 3, 4, 5, 6, 7), 7, {6, 7}, 0.5),
        (tuple(range(1, 11)), 10, {8, 9, 10}, 0.5),
        (tuple(range(11)), 10, {8, 9, 10}, 0.5),
        ((0, 1), 1, {1}, 0.5),
        ((0, 50, 75, 100), 100, {75, 100}, 0.5625),
    ],
)
def test_who_is_satisfied_follows_the_convention_of_the_scale(grades, end, satisfied, mean):
    surveys = [{"service": "s", "answered": "2026-10-05", "score": grade, "scale_max": end} for grade in grades]
    found = measure("csat_top2", surveys=surveys)
    assert (found.numerator, found.n) == (len(satisfied), len(grades))
    assert set(np.array(grades)[people.liked(scope(surveys=surveys).records.surveys, {})]) == satisfied
    assert measure("csat_mean", surveys=surveys).value == pytest.approx(mean)


def test_an_organisation_may_have_a_convention_of_its_own():
    answers = pd.DataFrame({"score": [8, 9, 10, 4], "scale_max": [10, 10, 10, 5]})
    assert people.liked(answers, {10: 9}).tolist() == [False, True, True, True]


def test_cost_per_ticket_is_a_ratio_of_sums():
    costs = [
        {"service": "s", "period": "2026-10-01", "amount": 900.0, "category": "labour"},
        {"service": "s", "period": "2026-10-01", "amount": 100.0, "category": "licences"},
    ]
    tickets = [ticket(i, "2026-10-10") for i in range(20)]
    assert measure("cost_per_ticket", costs=costs, tickets=tickets).value == 50
    assert measure("service_cost", costs=costs, tickets=tickets).value == 1000
    assert people.spent_by_category(scope(costs=costs))["share"].tolist() == [0.9, 0.1]


def test_a_hold_that_hides_a_miss_shows_on_the_other_clocks():
    # Four hours to go from Thursday 09:00; on hold from 11:00 to 15:00, done at 16:00: three hours net, seven business.
    look = scope(
        tickets=[ticket(1, "2026-10-01 09:00", "2026-10-01 16:00", sla_due="2026-10-01 17:00", sla_met=True, on_hold=14400)],
        ticket_events=[
            {"ticket": "T1", "service": "s", "at": "2026-10-01 09:00", "on_hold": False, "state": "open"},
            {"ticket": "T1", "service": "s", "at": "2026-10-01 11:00", "on_hold": True, "state": "on hold"},
            {"ticket": "T1", "service": "s", "at": "2026-10-01 15:00", "on_hold": False, "state": "open"},
        ],
        calendar=OFFICE,
    )  # fmt: skip
    met = attainment.met_on_clocks(look, look.records.tickets)
    assert met.iloc[0].to_dict() == {"gross": False, "business": False, "net": True}
    gap = kpis.measure("sla_gaming_gap", look)
    assert (gap.value, gap.n) == (1, 1)


def test_policies_for_reopened_tickets_change_what_counts():
    # A goal of eight hours; done after six, reopened, done for good after thirty.
    events = [
        {
            "ticket": "T1",
            "service": "s",
            "at": f"2026-10-0{day} {hour}:00",
            "state": state,
            "on_hold": False,
            "priority": 3,
        }
        for day, hour, state in ((1, "00", "open"), (1, "06", "resolved"), (2, "04", "open"), (2, "06", "resolved"))
    ]
    look = scope(
        tickets=[
            ticket(1, "2026-10-01 00:00", "2026-10-02 06:00", sla_due="2026-10-01 08:00", priority=3, sla_met=False)
        ],
        ticket_events=events,
    )
    found = attainment.by_policy(look).set_index(["reopened", "priority"])
    assert found.loc[("R1", "P1"), "value"] == 0 and found.loc[("R3", "P1"), "value"] == 1
    assert found.loc[("R2", "P1"), ["value", "n"]].tolist() == [1, 2]


def test_cycles_without_a_row_between_others_have_no_value():
    tickets = [ticket(1, "2026-07-01", "2026-07-02", reopened=0), ticket(2, "2026-10-01", "2026-10-02", reopened=0)]
    frame = kpis.series("reopen_rate", scope(4, tickets=tickets))
    assert frame["n"].tolist() == [1, 0, 0, 1] and np.isnan(frame["value"].iloc[1])


def test_counts_of_nothing_are_zero_and_not_missing():
    frame = kpis.series("volume", scope(4, tickets=[ticket(1, "2026-07-01"), ticket(2, "2026-10-01")]))
    assert frame["value"].tolist() == [1, 0, 0, 1]


def test_months_before_a_service_existed_are_not_good_months(demo_context):
    young, old = demo_context("chat-assistant"), demo_context("archive")
    assert len(young.series("availability")) <= 1
    assert len(old.series("availability")) == 30, "few tickets are no sign of a young service"


def test_every_kpi_of_the_catalogue_can_be_measured(demo_context):
    plan = demo_context("network")
    for kpi in KPIS:
        found = kpis.measure(kpi, plan.scope)
        assert not math.isnan(found.value), kpi
        if not math.isnan(found.low):
            assert found.low <= found.value <= found.high, kpi


def test_a_month_in_which_too_many_stay_open_shows_a_tail_that_is_at_least_the_longest_wait():
    def month(first, stay):
        start = pd.Timestamp(first)
        hours = [start + pd.Timedelta(hours=6 * i) for i in range(110)]
        return [ticket(f"{first}-{i}", t, None if i < stay else t + pd.Timedelta(hours=5)) for i, t in enumerate(hours)]

    quick, stuck = (
        kpis.measure("restore_p90", scope(2, tickets=month("2026-09-01", 0) + month("2026-10-01", n))) for n in (0, 20)
    )
    assert (quick.value, quick.n) == (5, 110)
    # The first of October has waited for 31 days, and fewer than nine in ten have ended: a month is not left out for being bad.
    assert stuck.value == 31 * 24 and math.isnan(stuck.high) and 5 <= stuck.low <= stuck.value
    # Where a tail usually takes three weeks no month is told at its end, quick or not.
    slow = [row | {"resolved": row["opened"] + pd.Timedelta(days=21)} for row in month("2026-08-01", 0)]
    assert math.isnan(kpis.measure("restore_p90", scope(3, tickets=slow + month("2026-10-01", 0))).value)


def test_a_cycle_is_measured_alike_alone_and_in_its_history(demo_context):
    plan = demo_context("erp")
    alone = plan.over([plan.cycle])
    for kpi in KPIS:
        if KPIS[kpi].kind != "rolling" and kpi not in ("sla_gaming_gap",):
            a, b = kpis.measure(kpi, alone).record(), kpis.measure(kpi, plan.scope).record()
            # How much cycles vary only a history can tell: there the interval may be wider.
            assert not b["low"] > a["low"] + 1e-9 and not b["high"] < a["high"] - 1e-9, kpi
            same = {"value", "n", "numerator", "denominator"}
            assert {k: a[k] for k in same} == pytest.approx({k: b[k] for k in same}, nan_ok=True), kpi


def test_the_definition_changes_with_what_is_counted_and_with_nothing_else():
    from dataclasses import replace

    known = KPIS["volume"]
    assert replace(known, title="Other words", core=not known.core).definition == known.definition
    assert replace(known, formula="something else").definition != known.definition
    assert CYCLE.name == "2026-10"


def test_damage_of_earlier_changes_is_no_usual_time_to_compare_with():
    # A change every other Tuesday, each followed by ten incidents within hours; one incident a day comes anyway.
    days = pd.date_range("2025-08-05", "2026-10-27", freq="14D")
    changes = [
        {"change": f"C{i}", "service": "s", "started": d, "ended": d + pd.Timedelta(hours=1)}
        for i, d in enumerate(days)
    ]
    quiet = [
        ticket(f"q{i}", d + pd.Timedelta(hours=5)) for i, d in enumerate(pd.date_range("2025-07-01", "2026-10-30"))
    ]
    caused = [ticket(f"c{i}-{n}", d + pd.Timedelta(hours=2 + n / 10)) for i, d in enumerate(days) for n in range(10)]
    found = measure("incidents_after_changes", 12, tickets=quiet + caused, changes=changes)
    assert found.value == pytest.approx(10 * found.n) and found.low > 0


def test_a_young_service_has_only_been_there_to_fail_since_it_began():
    outages = [{"service": "s", "started": d, "ended": d, "kind": "unplanned"} for d in ("2026-10-05", "2026-10-20")]
    tickets = [ticket(i, pd.Timestamp("2026-09-21") + pd.Timedelta(hours=i)) for i in range(800)]
    look = scope(12, outages=outages, tickets=tickets)
    look.records.quality["tables"]["outages"]["first"] = "2025-01-01"
    look.records.quality["tables"]["tickets"]["first"] = "2025-01-01"
    assert kpis.measure("mtbf", look).value == pytest.approx((31 + 10) / 2)
