"""The SLA clocks against published known answers, to the second."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sipnb.records.clocks import ALWAYS, DAYS, calendar, due, elapsed, holiday_dates

ANSWERS = Path(__file__).parents[3] / "shared" / "data" / "calendars" / "sla_clock_known_answers.csv"
HOUR = 3600


def utc(*times: str, zone: str = "UTC") -> pd.DatetimeIndex:
    return pd.DatetimeIndex(times).tz_localize(zone).tz_convert("UTC")


def days(spans: list[str], which: tuple[str, ...] = DAYS) -> dict[str, list[str]]:
    return dict.fromkeys(which, spans)


OFFICE = calendar(days(["08:00-18:00"], DAYS[:5]), "Europe/Berlin")
NINE_TO_FIVE = calendar(days(["09:00-17:00"], DAYS[:5]), "Europe/Berlin")


def known_answers() -> list:
    if not ANSWERS.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no known answers at {ANSWERS.name}"))]
    with ANSWERS.open(newline="") as file:
        return [pytest.param(row, id=row["case"]) for row in csv.DictReader(file)]


def calendar_of(row: dict) -> object:
    spans = [span.replace("(+1)", "") for span in row["schedule"].split(";")]
    which = {"Mon-Fri": DAYS[:5], "Sat-Sun": DAYS[5:], "daily": DAYS}[row["week"]]
    named = {"US-CA 2017": ("US", "CA"), "US federal": ("US", None)}
    if row["holidays"] in named:
        off = holiday_dates(*named[row["holidays"]], [pd.Timestamp(row["start"]).year])
    elif row["holidays"].startswith("("):
        off = ()
    else:
        off = [date.fromisoformat(day) for day in row["holidays"].split(";") if day]
    return calendar(days(spans, which), row["tz"] or "UTC", off)


@pytest.mark.parametrize("row", known_answers())
def test_published_answers_are_met_to_the_second(row):
    agreed = calendar_of(row)
    if row["case"] == "sn-24h-on-9to5":  # a duration: one "day" of 24 h is three working days of eight
        assert due(agreed, utc("2024-01-08 09:00"), 24 * HOUR) == utc("2024-01-10 17:00")
        return
    pauses = [pause.split("/") for pause in row["pauses"].split(";") if pause]
    pauses = pd.DataFrame(
        [{"row": 0, "start": utc(start)[0], "end": utc(end)[0]} for start, end in pauses],
        columns=["row", "start", "end"],
    )
    assert elapsed(agreed, utc(row["start"]), utc(row["end"]), pauses) == [float(row["expected_seconds"])]


def test_four_hours_from_16_00_on_08_to_18_are_due_at_10_00_next_working_day():
    opened = utc("2026-03-05 16:00", "2026-03-06 16:00", zone="Europe/Berlin")  # a Thursday and a Friday
    assert list(due(OFFICE, opened, 4 * HOUR)) == list(
        utc("2026-03-06 10:00", "2026-03-09 10:00", zone="Europe/Berlin")
    )


def test_a_hold_inside_hours_moves_the_due_time_and_a_weekend_on_hold_does_not():
    opened = utc("2026-03-06 10:00", zone="Europe/Berlin")  # a Friday
    held = elapsed(OFFICE, *(utc(t, zone="Europe/Berlin") for t in ("2026-03-06 11:00", "2026-03-06 14:00")))
    weekend = elapsed(OFFICE, *(utc(t, zone="Europe/Berlin") for t in ("2026-03-06 18:00", "2026-03-09 08:00")))
    assert due(OFFICE, opened, 4 * HOUR + held) == utc("2026-03-06 17:00", zone="Europe/Berlin")
    assert due(OFFICE, opened, 4 * HOUR + weekend) == due(OFFICE, opened, 4 * HOUR)


def test_sixteen_hours_across_uneven_days_are_due_on_thursday_at_11_00():
    week = calendar({"mon": ["09:00-17:00"], "tue": ["09:00-16:00"], "thu": ["08:00-17:00"]}, "Europe/Berlin")
    opened = utc("2026-03-02 11:00", zone="Europe/Berlin")
    assert due(week, opened, 16 * HOUR) == utc("2026-03-05 11:00", zone="Europe/Berlin")


def test_whole_days_lose_no_minute_at_midnight():
    whole = calendar(days(["00:00-24:00"]), "Europe/Berlin")
    start, end = utc("2026-01-01 00:00:01"), utc("2026-02-11 23:59:59")
    assert elapsed(whole, start, end) == elapsed(ALWAYS, start, end) == (end - start).total_seconds()


def test_days_of_a_clock_change_have_23_and_25_hours():
    whole = calendar({"sun": ["00:00-24:00"]}, "Europe/Berlin")
    start, end = utc("2026-03-28", "2026-10-24"), utc("2026-03-31", "2026-10-27")
    assert list(elapsed(whole, start, end)) == [23 * HOUR, 25 * HOUR]


def test_a_clock_created_outside_hours_starts_at_the_next_opening():
    opened = utc("2026-03-06 20:15", "2026-03-07 12:00", "2026-03-09 08:00", zone="Europe/Berlin")
    opening = utc("2026-03-09 08:00", zone="Europe/Berlin")[0]
    assert (due(OFFICE, opened, 0) == opening).all()
    assert (due(OFFICE, opened, HOUR) == opening + pd.Timedelta(hours=1)).all()


def test_the_clock_already_stands_at_the_closing_minute():
    closing = utc("2026-03-06 18:00", zone="Europe/Berlin")
    assert due(OFFICE, closing, 0) == utc("2026-03-09 08:00", zone="Europe/Berlin")
    assert due(OFFICE, utc("2026-03-06 17:00", zone="Europe/Berlin"), HOUR) == closing


@pytest.mark.parametrize("friday, monday", [("2026-03-27", "2026-03-30"), ("2026-10-23", "2026-10-26")])
def test_friday_16_00_to_monday_10_00_over_a_clock_change_is_two_hours(friday, monday):
    ends = [utc(t, zone="Europe/Berlin") for t in (f"{friday} 16:00", f"{monday} 10:00")]
    assert elapsed(NINE_TO_FIVE, *ends) == [2 * HOUR]


def test_a_shift_that_starts_in_a_gap_moves_forward_and_a_doubled_hour_is_the_first():
    night = calendar({"sun": ["02:30-05:00"]}, "Europe/Berlin")
    opening = due(night, utc("2026-03-28", "2026-10-24"), 0)
    assert list(opening) == list(utc("2026-03-29 01:00", "2026-10-25 00:30"))
    assert list(elapsed(night, utc("2026-03-28", "2026-10-24"), utc("2026-03-31", "2026-10-27"))) == [
        2 * HOUR,
        3.5 * HOUR,
    ]


def test_a_holiday_takes_the_shift_that_starts_on_it_and_leaves_the_night_before():
    nights = calendar(days(["22:00-06:00"]), "UTC", [date(2026, 5, 1)])
    assert elapsed(nights, utc("2026-04-30 12:00"), utc("2026-05-02 12:00")) == [8 * HOUR]


def test_overlapping_pauses_count_once_and_an_open_pause_ends_with_its_clock():
    start, end = utc("2026-03-02 09:00", "2026-03-02 09:00"), utc("2026-03-02 17:00", "2026-03-02 17:00")
    pauses = pd.DataFrame(
        {
            "row": [1, 0, 0, 0, 0],
            "start": utc(*(f"2026-03-02 {t}" for t in ("16:00", "11:00", "10:00", "12:30", "08:00"))),
            "end": utc(
                "2026-03-02 16:30",
                "2026-03-02 12:00",
                "2026-03-02 13:00",
                "2026-03-02 14:00",
                "2026-03-02 09:30",
            ),
        }
    )
    assert list(elapsed(ALWAYS, start, end, pauses)) == [3.5 * HOUR, 7.5 * HOUR]
    pauses.loc[0, "end"] = pd.NaT
    assert list(elapsed(ALWAYS, start, end, pauses)) == [3.5 * HOUR, 7 * HOUR]


def test_pauses_give_what_a_loop_over_seconds_would():
    rng = np.random.default_rng(7)
    origin = utc("2026-03-26 00:00", zone="Europe/Berlin")[0]
    minutes = pd.date_range(origin, periods=8 * 1440, freq="min")
    local = minutes.tz_convert("Europe/Berlin")
    is_open = (local.day_of_week < 5) & (local.hour >= 8) & (local.hour < 18)
    start, end = np.sort(rng.integers(0, len(minutes), (2, 60)), axis=0)
    row = rng.integers(0, 60, 300)
    begin = rng.integers(0, len(minutes) - 2000, 300)
    stop = begin + rng.integers(0, 2000, 300)
    expected = []
    for clock in range(60):
        runs = is_open.copy()
        for which in np.flatnonzero(row == clock):
            runs[begin[which] : stop[which]] = False
        expected.append(60.0 * runs[start[clock] : end[clock]].sum())
    pauses = pd.DataFrame({"row": row, "start": minutes[begin], "end": minutes[stop]})
    assert list(elapsed(OFFICE, minutes[start], minutes[end], pauses)) == expected


@pytest.mark.parametrize(
    "agreed",
    [
        ALWAYS,
        OFFICE,
        calendar(days(["09:00-12:00", "13:00-17:30"], DAYS[:6]), "America/New_York"),
        calendar(days(["22:00-06:00"]), "Europe/Berlin"),
        calendar(days(["08:00-18:00"], DAYS[:5]), "Europe/Berlin", holiday_dates("DE", "BY", range(2023, 2032))),
    ],
    ids=["always", "office", "lunch", "nights", "holidays"],
)
def test_due_is_the_inverse_of_elapsed(agreed):
    rng = np.random.default_rng(3)
    start = pd.to_datetime(1_700_000_000 + rng.integers(0, 94_000_000, 5000), unit="s", utc=True)
    goal = rng.integers(1, 3_000_000, 5000).astype(float)
    falls = due(agreed, start, goal)
    assert (elapsed(agreed, start, falls) == goal).all()
    assert (elapsed(agreed, start, falls - pd.Timedelta(seconds=1)) == goal - 1).all()


def test_a_time_that_is_missing_stays_missing():
    start = pd.Series([utc("2026-03-02 09:00")[0], pd.NaT])
    assert np.isnan(elapsed(OFFICE, start, start + pd.Timedelta(hours=1))).tolist() == [False, True]
    assert np.isnan(elapsed(OFFICE, pd.Series([pd.NaT], dtype="datetime64[us, UTC]"), start[:1])).all()
    assert due(OFFICE, start, [np.nan, 60]).isna().all()
    assert len(due(OFFICE, start[:0], 60)) == 0


def test_time_zones_of_the_input_are_converted_and_single_times_are_spread():
    start = pd.Series(pd.DatetimeIndex(["2026-03-02 09:00"] * 2).tz_localize("Europe/Berlin"))
    assert list(elapsed(OFFICE, start, utc("2026-03-02 09:00")[0])) == [HOUR, HOUR]


def test_a_calendar_refuses_what_it_cannot_read():
    for week, zone, said in (
        ({"monday": ["09:00-17:00"]}, "UTC", "unknown day 'monday'"),
        ({"mon": ["9 to 5"]}, "UTC", "'9 to 5' is not a span"),
        ({"mon": ["09:00-25:00"]}, "UTC", "outside 00:00-24:00"),
        ({"mon": ["09:00-17:00"]}, "Europe/Nowhere", "unknown time zone"),
        ({"mon": []}, "UTC", "no opening hours"),
    ):
        with pytest.raises(ValueError, match=said):
            calendar(week, zone)
    with pytest.raises(ValueError, match="no holidays for 'XX'"):
        holiday_dates("XX", None, [2026])


def test_a_clock_refuses_what_makes_no_sense():
    start = utc("2026-03-02 09:00")
    with pytest.raises(ValueError, match="cannot be negative"):
        due(OFFICE, start, -1)
    with pytest.raises(ValueError, match="not reached within 400 years"):
        due(OFFICE, start, 1e11)
    with pytest.raises(ValueError, match="lack the column 'row'"):
        elapsed(OFFICE, start, start, pd.DataFrame({"start": start, "end": start}))
    with pytest.raises(ValueError, match="point at clock 1 of 1"):
        elapsed(OFFICE, start, start, pd.DataFrame({"row": [1], "start": start, "end": start}))
