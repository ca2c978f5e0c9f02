"""Cycles are half-open calendar spans in the organisation's zone."""

from datetime import date

import pandas as pd
import pytest

from sipnb import cycles


@pytest.mark.parametrize(
    ("name", "start", "end", "label"),
    [
        ("2026-10", date(2026, 10, 1), date(2026, 11, 1), "October 2026"),
        ("2026-12", date(2026, 12, 1), date(2027, 1, 1), "December 2026"),
        ("2026-Q4", date(2026, 10, 1), date(2027, 1, 1), "Q4 2026"),
        ("2026-W47", date(2026, 11, 16), date(2026, 11, 23), "week 47 of 2026"),
        ("2020-W53", date(2020, 12, 28), date(2021, 1, 4), "week 53 of 2020"),
    ],
)
def test_a_name_is_read_and_written_back(name, start, end, label):
    cycle = cycles.parse(name, "Europe/Berlin")
    assert (cycle.start, cycle.end, cycle.label, cycle.name) == (start, end, label, name)


@pytest.mark.parametrize("name", ["2026", "2026-13", "2026-Q5", "2026-W54", "October", "2021-W53", ""])
def test_anything_else_is_refused_with_the_forms_that_work(name):
    with pytest.raises(cycles.CycleError, match="2026-10"):
        cycles.parse(name, "UTC")


def test_bounds_are_local_midnights():
    cycle = cycles.parse("2026-10", "Europe/Berlin")
    assert cycle.opens == pd.Timestamp("2026-09-30 22:00", tz="UTC")
    assert cycle.cutoff == pd.Timestamp("2026-10-31 23:00", tz="UTC"), "the clocks went back within the month"


def test_cycles_follow_one_another_without_a_gap():
    for name in ("2024-11", "2024-Q4", "2024-W51"):
        chain = [cycles.parse(name, "Asia/Kolkata").shift(k) for k in range(5)]
        assert all(a.end == b.start and a.cutoff == b.opens for a, b in zip(chain, chain[1:], strict=False))


def test_history_ends_with_the_cycle_itself():
    cycle = cycles.parse("2026-03", "UTC")
    assert [c.name for c in cycle.history(4)] == ["2025-12", "2026-01", "2026-02", "2026-03"]


def test_the_cycle_that_holds_a_day():
    for kind, expected in (("month", "2026-05"), ("quarter", "2026-Q2"), ("week", "2026-W21")):
        assert cycles.containing(date(2026, 5, 20), kind, "UTC").name == expected


@pytest.mark.parametrize(
    ("now", "newest", "kind", "last"),
    [
        ("2026-11-28", "2026-11-27 22:00", "month", "2026-10"),
        ("2026-11-28", "2026-10-31 18:00", "month", "2026-10"),
        ("2026-11-28", "2026-10-29 12:00", "month", "2026-10"),
        ("2026-11-28", "2026-10-15 12:00", "month", "2026-09"),
        ("2027-11-28", "2026-10-31 12:00", "month", "2026-10"),
        ("2026-10-31 22:30", "2026-10-31 22:00", "month", "2026-09"),
        ("2026-10-31 23:30", "2026-10-31 22:00", "month", "2026-10"),
        ("2026-11-28", "2026-11-27", "week", "2026-W47"),
        ("2026-11-28", "2026-11-27", "quarter", "2026-Q3"),
    ],
)
def test_the_last_complete_cycle_is_over_and_covered_by_the_records(now, newest, kind, last):
    now, newest = (pd.Timestamp(one, tz="UTC") for one in (now, newest))
    assert cycles.last_complete(now, newest, kind, "Europe/Berlin").name == last


@pytest.mark.parametrize("name", ["0001-01", "1969-12", "2200-Q1", "9999-12", "9999-W52", "0000-01"])
def test_a_cycle_of_a_year_that_cannot_be_meant_is_refused(name):
    with pytest.raises(cycles.CycleError, match="is of no year from 1970 to 2199"):
        cycles.parse(name, "UTC")


@pytest.mark.parametrize("name", ["99999-01", "-2026-01", "2026-13", "2026-W54"])
def test_what_is_no_cycle_is_refused(name):
    with pytest.raises(cycles.CycleError, match="cannot be read"):
        cycles.parse(name, "UTC")
