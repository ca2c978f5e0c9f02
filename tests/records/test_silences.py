"""Silence of a table is not good news: where rows are missing there is no figure, no claim and no forecast."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import gate
from sipnb import kpis
from sipnb.records import prepare
from sipnb.records.frozen import Records
from sipnb.records.quality import silences, volumes
from tests.records.test_quality import desk, export

CYCLE = "2026-09"


def frozen(folder, tables, service="pay", months=12, **settings):
    """The findings by rule, and the scope of a service, of these canonical tables at the end of September 2026."""
    book = export(folder, tables, **settings)
    when = book.cycle(CYCLE)
    quality = prepare.freeze(book, when, folder / "records")
    found = {}
    for rule in quality["rules"]:
        if rule["outcome"] == "found":
            found.setdefault(rule["rule"], []).append(rule)
    return found, kpis.Scope(Records(folder / "records", service), tuple(when.history(months)))


def bursts(last, per_month=4, first="2024-10-01", seed=3):
    """Starts of what happens about so often a month, up to a day."""
    random = np.random.default_rng(seed)
    days = pd.date_range(first, last, freq="D")
    return pd.DatetimeIndex(days[random.random(len(days)) < per_month / 30]) + pd.Timedelta(hours=9)


def outages(last, **more):
    starts = bursts(last)
    return pd.DataFrame({"service": "pay", "started": starts, "ended": starts + pd.Timedelta(hours=2), **more})


def changes(last):
    starts = bursts(last, 8)
    return pd.DataFrame({"change": [f"C{i}" for i in range(len(starts))], "service": "pay", "kind": "normal",
                         "started": starts, "ended": starts + pd.Timedelta(hours=1)})  # fmt: skip


def surveys(last):
    return pd.DataFrame({"service": "pay", "answered": bursts(last, 15), "score": 4, "scale_max": 5})


def problems(last, lasts=60):
    starts = bursts(last, 20)
    return pd.DataFrame({"problem": [f"P{i}" for i in range(len(starts))], "service": "pay", "opened": starts,
                         "resolved": starts + pd.Timedelta(days=lasts)})  # fmt: skip


@pytest.mark.parametrize(
    ("table", "make", "silent"),
    [
        ("outages", outages, ("availability", "availability_all", "outage_count", "mtbf")),
        ("changes", changes, ("incidents_after_changes",)),
        ("surveys", surveys, ()),
        ("problems", problems, ("open_problems", "problem_age")),
    ],
)
def test_a_table_that_ends_months_before_the_cut_off_gives_no_figure_and_no_claim(tmp_path, table, make, silent):
    found, scope = frozen(tmp_path / "o", {"tickets": desk(900), table: make("2026-01-31")})
    (stale,) = found["stale extract"]
    assert (stale["level"], stale["table"]) == ("warn", table) and "is no good news" in stale["sentence"]
    for kpi in silences.resting_on(table):
        assert scope.records.refused(scope.kpis[kpi], scope.cycle) == "stale extract", kpi
    for kpi in silent:
        assert kpis.measure(kpi, scope).n == 0, kpi
        if kpi not in ("mtbf", "incidents_after_changes"):
            assert kpis.series(kpi, scope)["n"].iloc[2] > 0, "before it ended it told"
    assert kpis.measure("volume", scope).n > 0, "tickets go on"


@pytest.mark.parametrize(("table", "make"), [("outages", outages), ("changes", changes), ("surveys", surveys)])
def test_a_table_that_goes_on_to_the_cut_off_is_believed(tmp_path, table, make):
    found, scope = frozen(tmp_path / "o", {"tickets": desk(900), table: make("2026-09-30")})
    assert "stale extract" not in found and "gap" not in found
    assert not any(scope.records.refused(scope.kpis[kpi], scope.cycle) for kpi in silences.resting_on(table))


def test_a_gap_in_the_outages_is_no_time_without_outages(tmp_path):
    whole = outages("2026-09-30")
    gone = whole["started"].between("2026-01-05", "2026-06-20")
    found, scope = frozen(tmp_path / "o", {"outages": whole[~gone]})
    (gap,) = found["gap"]
    assert gap["table"] == "outages"
    counted = kpis.series("availability", scope)["n"]
    assert (counted.loc["2026-02":"2026-05"] == 0).all() and (counted.loc["2026-07":] > 0).all()


def test_who_vouches_for_the_records_gets_the_figures(tmp_path):
    found, scope = frozen(
        tmp_path / "o", {"tickets": desk(900), "outages": outages("2026-01-31")}, gate="levels: {stale extract: note}"
    )
    assert found["stale extract"][0]["level"] == "note"
    assert kpis.measure("availability", scope).value == 1


def test_problems_taken_by_closing_date_are_no_empty_backlog(tmp_path):
    """All problems closed since July, from those opened in two years: none is open, and old ones only if they lasted."""
    whole = problems("2026-09-30")
    lasts = np.random.default_rng(1).gamma(2, 30, len(whole))
    whole["resolved"] = whole["opened"] + pd.to_timedelta(lasts, unit="D")
    kept = whole[(whole["resolved"] >= "2026-05-01") & (whole["resolved"] < "2026-09-30")]
    found, scope = frozen(tmp_path / "o", {"tickets": desk(900), "problems": kept})
    assert {"sampling on closure", "no open tickets"} & set(found)
    assert kpis.measure("open_problems", scope).n == 0
    assert scope.records.refused(scope.kpis["open_problems"], scope.cycle)


def test_the_missing_month_of_one_service_is_a_gap_of_it_and_not_nought(tmp_path):
    tickets = desk(2_400)
    mine = (tickets["service"] == "pay") & tickets["opened"].between("2026-04-01", "2026-05-01")
    found, scope = frozen(tmp_path / "o", {"tickets": tickets[~mine]})
    (gap,) = found["gap of a service"]
    assert gap["service"] == "pay" and "was opened from 2026-04-01 to" in gap["sentence"]
    volume = kpis.series("volume", scope)
    assert volume.loc["2026-04", "n"] == 0 and pd.isna(volume.loc["2026-04", "value"])
    assert (volume.drop(index="2026-04")["value"] > 40).all()
    shop = kpis.Scope(Records(tmp_path / "o" / "records", "shop"), scope.cycles)
    assert kpis.series("volume", shop)["value"].notna().all(), "the other service is whole"
    assert not Records(tmp_path / "o" / "records", "shop").warnings


def test_a_file_cut_off_at_a_round_number_carries_no_claim_but_full_pages_do(tmp_path):
    tickets = desk(2_000)
    found, scope = frozen(tmp_path / "cut", {"tickets": tickets.tail(1_000)})
    assert found["row cap"][0]["level"] == "warn"
    assert scope.records.refused(scope.kpis["volume"], scope.cycle) == "row cap"
    pages = [tickets.iloc[::2], tickets.iloc[1:1_800:2]]
    found, scope = frozen(tmp_path / "pages", {"tickets": pages})
    assert found["row cap"][0]["level"] == "note" and not scope.records.refused(scope.kpis["volume"], scope.cycle)


@pytest.mark.parametrize("seed", range(3))
def test_what_simply_goes_on_is_seldom_taken_for_missing(seed):
    """Days with an outage by chance, for two and a half years: how often a silence at the end is called one."""
    random = np.random.default_rng(seed)
    called = 0
    for _ in range(200):
        known = pd.date_range("2024-04-01", "2026-09-30", freq="D")
        known = known[random.random(len(known)) < random.uniform(0.03, 0.5)]
        silent = pd.date_range(known[-1] + pd.Timedelta(days=1), "2026-09-30")
        longest = np.diff(known.to_numpy()).max() / np.timedelta64(1, "D")
        called += silences.expected(known, silent) >= silences.EXPECTED and len(silent) >= silences.LONGER * longest
    assert called <= 2


def test_a_silence_is_missing_data_sooner_where_tickets_come_evenly_than_where_they_come_in_runs():
    random = np.random.default_rng(4)
    days = pd.date_range("2025-01-06", periods=700)
    even = pd.Series(random.poisson(2.0, 700), index=days)
    runs = pd.Series(random.poisson(np.repeat(random.gamma(0.5, 4.0, 100), 7)), index=days)
    # Sixteen expected: e^-16 if they come evenly; good and bad weeks are silent together once in some hundred times.
    assert volumes._unlikely(16, even) and not volumes._unlikely(16, runs)
    assert volumes._unlikely(300, runs)


def test_organisations_whose_records_are_whole_are_not_called_incomplete_and_gaps_are_found():
    """Twelve services of all sizes, whose rows bunch; `make simulate` counts the same over 200 organisations."""
    for seed in (2, 5):
        found = gate.one(seed)
        assert found["whole"] == []
        assert ("stale extract", "outages", None) in found["the outages' last six months"]
        if found["lost"]["a service's two months"] >= 20:
            assert [f for f in found["a service's two months"] if f[0] == "gap of a service"]
