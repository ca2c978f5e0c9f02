"""Every rule of the quality gate catches what was planted for it, and leaves alone what only looks like it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sipnb import demo, places, workbook
from sipnb.params import Gate
from sipnb.records import frozen, prepare, quality, shapes
from sipnb.records.quality.rows import row_rule_names, rule_of
from sipnb.tables import TABLES
from sipnb.validation import WorkbookError
from tests.conftest import REPOSITORY, public_data

Tables = dict[str, pd.DataFrame | list[pd.DataFrame]]
CYCLE = "2026-09"
SERVICES = "services:\n  pay: {name: Payments, owner: Lead}\n  shop: {name: Web shop, owner: Lead, match: [Store]}\n"


# -- exports ----------------------------------------------------------------------------------------------------------


def organisation(
    folder: Path, sources: dict[str, str], *, mappings=None, gate="stop_set_aside: 1", zone="Europe/Berlin"
):
    """An organisation whose sources are the files `<name>*.csv`, each with a mapping."""
    listed = "".join(
        f"  - {{name: {name}, files: '{name}*.csv', mapping: {mapping}}}\n" for name, mapping in sources.items()
    )
    (folder / "workbook.yml").write_text(
        f"organisation: Test\nzone: {zone}\nsources:\n{listed}gate: {{{gate}}}\n", encoding="utf-8"
    )
    (folder / "services.yml").write_text(SERVICES, encoding="utf-8")
    (folder / "mappings").mkdir()
    for name, text in (mappings or {}).items():
        (folder / "mappings" / f"{name}.yml").write_text(text, encoding="utf-8")
    return workbook.load(folder, reports=folder / "reports")


def export(folder: Path, tables: Tables, **settings):
    """An organisation that reads these canonical tables; a list of frames becomes several files."""
    folder.mkdir()
    for name, frames in tables.items():
        for number, frame in enumerate(frames if isinstance(frames, list) else [frames]):
            frame.to_csv(folder / f"{name}{number}.csv", index=False)
    return organisation(folder, dict.fromkeys(tables, "canonical"), **settings)


def check(folder: Path, tables: Tables, cycle: str | None = None, **settings) -> prepare.Prepared:
    book = export(folder, tables, **settings)
    found = prepare.check(book, book.cycle(cycle) if cycle else None)
    for source in found.sources:
        assert source["read"] == source["used"] + source["set_aside"]
    return found


def desk(n=400, first="2025-09-01", last="2026-09-30 22:00", *, hours=8.0, seed=1, open_ones=True) -> pd.DataFrame:
    """An ordinary service desk: busiest in the morning, every day of the week, some tickets still open at the end."""
    random = np.random.default_rng(seed)
    end = pd.Timestamp(last)
    days = pd.Timestamp(first) + pd.to_timedelta(random.integers(0, (end - pd.Timestamp(first)).days, n), unit="D")
    opened = (days + pd.to_timedelta(random.triangular(6, 9, 17, n), unit="h")).sort_values().floor("s")
    resolved = (opened + pd.to_timedelta(hours * random.lognormal(0, 1.5, n) + 0.05, unit="h")).floor("s")
    tickets = pd.DataFrame(
        {
            "ticket": [f"T{i}" for i in range(n)],
            "service": random.choice(["pay", "shop"], n),
            "kind": random.choice(["incident", "request"], n),
            "opened": opened,
            "resolved": resolved.where(resolved < end),
            "priority": random.integers(2, 5, n),
        }
    )
    return tickets if open_ones else tickets.dropna(subset="resolved")


def changed(tickets: pd.DataFrame, rows, **values) -> pd.DataFrame:
    """The tickets with these values in some rows (a slice or a mask)."""
    tickets = tickets.copy()
    for column, value in values.items():
        if column not in tickets:
            tickets[column] = None
        column_values = tickets[column].astype(object)
        column_values[rows] = value[rows] if isinstance(value, pd.Series) else value
        tickets[column] = column_values
    return tickets


def renamed(tickets: pd.DataFrame) -> pd.DataFrame:
    """The same tickets under other identifiers."""
    return tickets.assign(ticket="N" + tickets["ticket"])


def share_of(tickets: pd.DataFrame, share: float) -> np.ndarray:
    """A mask of a share of the rows, spread evenly."""
    return np.arange(len(tickets)) * 919 % 1_000 < 1_000 * share


# -- set rules: what is planted, and what is not enough ------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    planted: Tables
    near: Tables
    cycle: str | None = None


CASES: dict[str, Callable[[], Case]] = {}


def case(name: str):
    def register(function: Callable[[], Case]) -> Callable[[], Case]:
        CASES[name] = function
        return function

    return register


def costs(n: int) -> pd.DataFrame:
    periods = pd.period_range("2025-01", periods=n, freq="M").astype(str)
    return pd.DataFrame({"service": "pay", "period": periods, "amount": 100.0})


@case("unreadable values")
def _():
    tickets = desk(40)
    return Case(
        {"tickets": changed(tickets, slice(0, 1), priority="?")}, {"tickets": changed(tickets, slice(0, 1), priority="3.0")}
    )  # fmt: skip


@case("set aside")
def _():
    bad = desk(40)
    return Case(
        {"tickets": changed(bad, slice(0, 1), opened="?")}, {"tickets": changed(bad, slice(0, 1), service="nobody")}
    )


@case("empty source")
def _():
    return Case({"tickets": desk(40), "costs": costs(0)}, {"tickets": desk(40), "costs": costs(1)})


@case("row cap")
def _():
    return Case({"tickets": desk(1_000)}, {"tickets": desk(999)})


@case("duplicated extract")
def _():
    one, two = desk(200).iloc[:100], desk(200).iloc[100:]
    return Case({"tickets": [one, one]}, {"tickets": [one, two]})


@case("unlisted services")
def _():
    return Case(
        {"tickets": changed(desk(40), slice(0, 1), service="nobody")},
        {"tickets": changed(desk(40), slice(0, 1), service="STORE")},
    )


@case("silent services")
def _():
    tickets = desk(40).assign(service="pay")
    return Case({"tickets": tickets}, {"tickets": tickets, "costs": costs(3).assign(service="shop")})


@case("thin edge")
def _():
    tickets = desk(1_200)
    after = tickets["opened"] >= "2026-08-01"
    return Case(
        {"tickets": tickets[~after | share_of(tickets, 0.03)]}, {"tickets": tickets[~after | share_of(tickets, 0.5)]}
    )


@case("thin beginning")
def _():
    tickets = desk(2_400, "2024-09-01")
    before = tickets["opened"] < "2025-09-01"
    return Case(
        {"tickets": tickets[~before | share_of(tickets, 0.005)]}, {"tickets": tickets[~before | share_of(tickets, 0.5)]}
    )


@case("gap")
def _():
    tickets = desk(1_200)
    june = tickets["opened"].between("2026-06-01", "2026-06-16")
    return Case({"tickets": tickets[~june]}, {"tickets": tickets[~june | share_of(tickets, 0.5)]})


@case("stale extract")
def _():
    tickets = desk(1_200)
    late = tickets["opened"] >= "2026-09-14"
    return Case({"tickets": tickets[~late]}, {"tickets": tickets[~late | share_of(tickets, 0.5)]}, CYCLE)


@case("sampling on closure")
def _():
    tickets = desk(6_000, "2024-09-01", hours=40)
    return Case(
        {"tickets": tickets[tickets["resolved"] >= "2026-08-20"]},
        {"tickets": tickets[tickets["opened"] >= "2026-08-20"]},
    )


@case("no open tickets")
def _():
    tickets = desk(6_000, hours=40)
    still = tickets["resolved"].isna()
    return Case({"tickets": tickets[~still]}, {"tickets": tickets[~still | share_of(tickets, 0.5)]})


@case("empty columns")
def _():
    return Case(
        {"tickets": desk(100).assign(category=None)},
        {"tickets": changed(desk(100), share_of(desk(100), 0.5), category="Network")},
    )


@case("sparse columns")
def _():
    return Case(
        {"tickets": changed(desk(400), slice(0, 3), category="Network")},
        {"tickets": changed(desk(400), slice(0, 4), category="Network")},
    )


@case("constant columns")
def _():
    return Case(
        {"tickets": desk(100).assign(priority=3)},
        {"tickets": changed(desk(100).assign(priority=3), slice(0, 1), priority=2)},
    )


@case("answers without a scale")
def _():
    answers = pd.DataFrame({"service": "pay", "answered": pd.Timestamp("2026-09-03 10:00"), "score": [5, 4, 9, 7, 3]})
    with_scale = answers.assign(scale_max=[5, 5, 10, 10, 5])
    return Case(
        {"tickets": desk(200), "surveys": with_scale.assign(scale_max=[5, 5, 10, None, 5])},
        {"tickets": desk(200), "surveys": with_scale},
    )


@case("one value")
def _():
    tickets = desk(400).assign(priority=3)
    return Case(
        {"tickets": changed(tickets, share_of(tickets, 0.03), priority=2)},
        {"tickets": changed(tickets, share_of(tickets, 0.06), priority=2)},
    )


@case("placeholder dates")
def _():
    return Case(
        {"tickets": changed(desk(40), slice(0, 1), resolved=pd.Timestamp("1900-01-01"))},
        {"tickets": changed(desk(40), slice(0, 1), resolved=pd.Timestamp("2089-12-31"))},
    )


@case("nameless states")
def _():
    tickets = desk(40).assign(state="resolved")
    return Case(
        {"tickets": changed(tickets, slice(0, 2), state="-100")},
        {"tickets": changed(tickets, slice(0, 2), state="2nd level")},
    )


@case("garbled text")
def _():
    return Case(
        {"tickets": desk(40).assign(category="Größe".encode().decode("cp1252"))},
        {"tickets": desk(40).assign(category="Größe, São Paulo, SÃO PAULO, a – b")},
    )


@case("midnight")
def _():
    tickets = desk(400)
    tickets = tickets.assign(resolved=tickets["opened"] + pd.Timedelta(days=2))
    # Midnight in Berlin is 23:00 or 22:00 of the day before.
    local = tickets["opened"].dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin").dt.normalize()
    dates = local.dt.tz_convert("UTC").dt.tz_localize(None)
    return Case(
        {"tickets": tickets.assign(opened=dates)}, {"tickets": changed(tickets, share_of(tickets, 0.4), opened=dates)}
    )


@case("zone jump")
def _():
    tickets = desk(2_000)
    late = tickets["opened"] >= "2026-03-01"
    moved = tickets["opened"] + pd.Timedelta(hours=3)
    moved = moved.where(tickets["resolved"].isna() | (moved <= tickets["resolved"]), tickets["opened"])
    return Case(
        {"tickets": changed(tickets.assign(resolved=None), late, opened=tickets["opened"] + pd.Timedelta(hours=3))},
        {"tickets": changed(tickets, late & share_of(tickets, 0.5), opened=moved)},
    )


@case("columns in different zones")
def _():
    tickets = desk(400, hours=2)
    skewed = tickets["opened"].where(share_of(tickets, 0.1)) - pd.Timedelta(minutes=5)
    return Case(
        {"tickets": tickets.assign(resolved=tickets["resolved"] - pd.Timedelta(hours=2))},
        {"tickets": tickets.assign(resolved=skewed.fillna(tickets["resolved"]))},
    )


@case("without resolution")
def _():
    done = desk(40, open_ones=False)
    return Case({"tickets": changed(done, slice(0, 1), resolved=None)}, {"tickets": done})


@case("ended without resolution")
def _():
    tickets = changed(desk(40, open_ones=False).assign(state="Closed"), slice(0, 2), resolved=None)
    return Case(
        {"tickets": changed(tickets, slice(0, 2), state="Cancelled")},
        {"tickets": changed(tickets, slice(0, 2), state="New")},
    )


@case("closing stands for resolution")
def _():
    tickets = desk(40, open_ones=False)
    closed = tickets.assign(closed=tickets["resolved"] + pd.Timedelta(days=1))
    return Case({"tickets": changed(closed, slice(0, 2), resolved=None)}, {"tickets": closed})


@case("ended at an unknown time")
def _():
    tickets = changed(desk(40, open_ones=False), slice(0, 2), resolved=None)
    return Case(
        {"tickets": tickets.assign(state="Closed")},
        {"tickets": changed(tickets.assign(state="Closed"), slice(0, 2), state="New")},
    )


@case("open beside a resolution")
def _():
    tickets = desk(40, open_ones=False).assign(state="Closed")
    return Case(
        {"tickets": changed(tickets, slice(0, 2), state="Reopened")},
        {"tickets": changed(tickets, slice(0, 2), state="Reopened", resolved=None)},
    )


@case("unknown states")
def _():
    tickets = desk(40, open_ones=False).assign(state="Closed")
    return Case(
        {"tickets": changed(tickets, slice(0, 2), state="Zurückgestellt")},
        {"tickets": changed(tickets, slice(0, 2), state="Work in Progress")},
    )


@case("beyond the records")
def _():
    tickets = desk(100)
    return Case(
        {"tickets": tickets[tickets["opened"] < "2026-08-20"].assign(resolved=None)}, {"tickets": tickets}, CYCLE
    )


@case("gap of a service")
def _():
    tickets = desk(1_200)
    mine, april = tickets["service"] == "pay", tickets["opened"].dt.month == 4
    return Case({"tickets": tickets[~(mine & april)]}, {"tickets": tickets[~(mine & april & share_of(tickets, 0.8))]})


@case("outage without an end")
def _():
    starts = pd.date_range("2025-09-10", periods=12, freq="30D")
    outages = pd.DataFrame({"service": "pay", "started": starts, "ended": starts + pd.Timedelta(hours=1)})
    return Case({"outages": outages.assign(ended=outages["ended"].where(outages.index != 3))}, {"outages": outages})


@case("target contradicts record")
def _():
    tickets = desk(40, open_ones=False).assign(sla_met=True)
    return Case(
        {"tickets": tickets.assign(sla_due=tickets["resolved"] - pd.Timedelta(minutes=2))},
        {"tickets": tickets.assign(sla_due=tickets["resolved"] - pd.Timedelta(seconds=30))},
    )


@case("hold longer than ticket")
def _():
    tickets = desk(40, open_ones=False)
    seconds = (tickets["resolved"] - tickets["opened"]).dt.total_seconds()
    return Case({"tickets": tickets.assign(on_hold=2 * seconds)}, {"tickets": tickets.assign(on_hold=seconds / 2)})


@case("bulk closing")
def _():
    tickets = desk(1_000)
    at = pd.Timestamp("2026-09-20 15:00:20")
    old = np.flatnonzero(tickets["opened"] < "2026-08-01")
    return Case(
        {"tickets": changed(tickets, old[:60], resolved=at)}, {"tickets": changed(tickets, old[:30], resolved=at)}
    )


@case("resolved at once")
def _():
    tickets = desk(400, open_ones=False)
    at_once = tickets["opened"] + pd.Timedelta(seconds=20)
    return Case(
        {"tickets": changed(tickets, share_of(tickets, 0.08), resolved=at_once)},
        {"tickets": changed(tickets, share_of(tickets, 0.04), resolved=at_once)},
    )


@case("orphan events")
def _():
    tickets = desk(40)
    events = tickets[["ticket", "service"]].assign(at=tickets["opened"], state="New")
    lone = changed(events, slice(0, 1), ticket="T999")
    return Case({"tickets": tickets, "ticket_events": lone}, {"tickets": tickets, "ticket_events": events})


def test_every_set_rule_has_a_planted_case():
    assert set(CASES) == {rule.name for rule in quality.SET_RULES}


@pytest.mark.parametrize("name", CASES)
def test_a_set_rule_finds_what_was_planted(tmp_path, name):
    planted = CASES[name]()
    findings = check(tmp_path / "o", planted.planted, planted.cycle).found(name)
    assert findings
    for finding in findings:
        assert finding.sentence.endswith((".", "?")) and "  " not in finding.sentence
        assert "nan" not in finding.sentence.lower().split()


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_set_rule_leaves_a_near_miss_alone(tmp_path, name):
    planted = CASES[name]()
    assert check(tmp_path / "o", planted.near, planted.cycle).found(name) == []


# -- what the rules say --------------------------------------------------------------------------------------------------


def test_an_extract_that_thins_out_is_not_a_fall_in_demand(tmp_path):
    (finding,) = check(tmp_path / "o", CASES["thin edge"]().planted).found("thin edge")
    assert finding.facts == {"last_full_month": "2026-07"}
    assert (finding.refuses, finding.since) == (
        ("volume", "volume_per_user", "backlog", "aged_backlog", "cost_per_ticket"),
        "2026-08-01",
    )


def test_an_extract_that_ends_in_the_middle_of_a_month_has_not_thinned_out(tmp_path):
    tickets = desk(1_200)
    assert check(tmp_path / "o", {"tickets": tickets[tickets["opened"] < "2026-09-04"]}).found("thin edge") == []


def test_demand_that_fades_over_months_is_no_edge(tmp_path):
    tickets = desk(4_000)
    months = (tickets["opened"] - pd.Timestamp("2026-01-01")).dt.days / 30
    kept = np.random.default_rng(2).random(len(tickets)) < 0.65 ** months.clip(lower=0)
    assert check(tmp_path / "o", {"tickets": tickets[kept]}).found("thin edge") == []


def test_a_month_of_storms_makes_no_other_month_thin(tmp_path):
    storm = desk(3_000, "2026-02-05", "2026-02-20", seed=2)
    tickets = pd.concat([desk(1_200), renamed(storm)])
    found = check(tmp_path / "o", {"tickets": tickets})
    assert not found.found("thin edge") and not found.found("thin beginning")


def test_a_few_tickets_are_too_few_to_tell_how_old_the_export_is(tmp_path):
    assert check(tmp_path / "o", {"tickets": desk(12, "2026-08-01", "2026-09-05")}, CYCLE).found("stale extract") == []


def office(last: str) -> pd.DataFrame:
    """Twenty tickets a working day; shut at weekends and from Christmas to New Year."""
    days = pd.bdate_range("2024-10-01", last)
    shut = ((days.month == 12) & (days.day >= 24)) | ((days.month == 1) & (days.day == 1))
    return desk(10_000).head(20 * (~shut).sum()).assign(
        opened=np.repeat(days[~shut], 20) + pd.Timedelta(hours=9), resolved=None
    )  # fmt: skip


def test_weekends_and_holidays_are_no_gap(tmp_path):
    assert check(tmp_path / "o", {"tickets": office("2026-02-27")}).found("gap") == []


def test_the_last_days_of_december_make_no_export_stale(tmp_path):
    tickets = {"tickets": office("2025-12-31")}
    assert check(tmp_path / "o", tickets, "2025-12").found("stale extract") == []


def test_a_missing_week_of_an_office_is_a_gap(tmp_path):
    tickets = office("2026-02-27")
    week = tickets["opened"].between("2025-06-02", "2025-06-07")
    (finding,) = check(tmp_path / "o", {"tickets": tickets[~week]}).found("gap")
    assert finding.facts == {"from": "2025-05-31", "to": "2025-06-08"}


@pytest.mark.parametrize("seed", range(3))
def test_sampling_on_closure_refuses_trends(tmp_path, seed):
    tickets = desk(6_000, "2024-09-01", hours=60, seed=seed)
    sampled = tickets[tickets["resolved"] >= "2026-08-20"].assign(closed=lambda t: t["resolved"] + pd.Timedelta(days=5))
    (finding,) = check(tmp_path / "o", {"tickets": sampled}).found("sampling on closure")
    assert {"volume", "restore_median"} <= set(finding.refuses) and finding.since is None


@pytest.mark.parametrize(
    "tickets",
    [
        pytest.param(lambda: desk(2_000, "2026-07-01"), id="short history"),
        pytest.param(lambda: desk(2_000, hours=900), id="long tickets"),
        pytest.param(lambda: pd.concat([desk(100), renamed(desk(2_000, "2026-07-01"))]), id="growth"),
        pytest.param(lambda: desk(2_000).assign(closed=pd.Timestamp("2026-09-15 12:34")), id="closed in a clean-up"),
    ],
)  # fmt: skip
def test_an_extract_by_opening_date_is_no_sample_on_closure(tmp_path, tickets):
    tickets = tickets()
    if "closed" in tickets:
        tickets["closed"] = tickets["closed"].where(tickets["closed"] >= tickets["opened"])
    found = check(tmp_path / "o", {"tickets": tickets})
    assert not found.found("sampling on closure") and not found.found("no open tickets")


def test_an_old_cycle_of_finished_tickets_is_whole(tmp_path):
    (finding,) = check(tmp_path / "o", CASES["no open tickets"]().planted, CYCLE).found("no open tickets")
    assert "2026-07" < finding.since < "2026-10"


def test_what_has_no_identifier_counts_twice_and_is_told(tmp_path):
    tables = {"tickets": desk(40), "costs": [costs(12), costs(11)]}
    (finding,) = check(tmp_path / "o", tables).found("duplicated extract")
    assert finding.sentence.startswith("11 of 23 rows of costs (47.8 %) are exact copies")


def in_local_time(tickets: pd.DataFrame, zone: str = "Europe/Berlin") -> pd.DataFrame:
    """Tickets whose times are meant as local times, written as UTC."""
    local = tickets["opened"].dt.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    return tickets.assign(opened=local.dt.tz_convert("UTC").dt.strftime("%Y-%m-%dT%H:%M:%SZ"), resolved=None)


@pytest.mark.parametrize(("hours", "zone"), [(1, "Europe/Berlin"), (3, "Europe/Berlin"), (-5, "Asia/Kolkata")])
def test_a_jump_of_the_zone_is_told_with_its_month_and_hours(tmp_path, hours, zone):
    tickets = desk(8_000)
    late = tickets["opened"] >= "2026-05-01"
    tickets["opened"] += pd.to_timedelta(np.where(late, hours, 0), unit="h")
    (finding,) = check(tmp_path / "o", {"tickets": in_local_time(tickets, zone)}, zone=zone).found("zone jump")
    assert finding.facts == {"month": "2026-05", "hours": hours}


def test_summer_time_that_was_forgotten_is_a_jump_each_time(tmp_path):
    winter_all_year = in_local_time(desk(12_000, "2025-06-01"), "Etc/GMT-1")
    found = check(tmp_path / "o", {"tickets": winter_all_year}).found("zone jump")
    assert {f.facts["month"]: f.facts["hours"] for f in found} == {"2025-11": -1, "2026-04": 1}
    assert "summer time" in found[0].sentence


def test_a_new_night_shift_is_no_jump(tmp_path):
    nights = desk(1_500, "2026-04-01", seed=2)
    nights = renamed(nights).assign(opened=nights["opened"] + pd.Timedelta(hours=13))
    tickets = pd.concat([desk(4_000), nights])
    assert check(tmp_path / "o", {"tickets": in_local_time(tickets)}).found("zone jump") == []


def test_due_times_at_the_end_of_the_day_are_times(tmp_path):
    tickets = desk(400)
    due = {"tickets": tickets.assign(sla_due=tickets["opened"].dt.normalize() + pd.Timedelta(hours=40))}
    assert check(tmp_path / "o", due).found("midnight") == []


def test_the_tickets_of_one_disturbance_are_no_clean_up(tmp_path):
    tickets = desk(1_000)
    began = pd.Timestamp("2026-06-10 09:00")
    storm = changed(tickets, slice(0, 120), opened=began, resolved=began + pd.Timedelta(hours=3))
    assert check(tmp_path / "o", {"tickets": storm}).found("bulk closing") == []


def test_rows_set_aside_from_two_tables_are_counted_once(tmp_path, monkeypatch):
    monkeypatch.setattr(shapes, "ROWS", 1)
    found = check_text(
        tmp_path, ROWS["event without ticket"].near.replace("mail,", "nobody,"), ROWS["event without ticket"]
    )
    (finding,) = found.found("unlisted services")
    assert finding.facts["services"] == {"nobody": finding.rows}


def test_one_thing_is_told_in_the_singular(tmp_path):
    tickets = changed(desk(40, open_ones=False), slice(0, 1), service="nobody")
    tickets = changed(tickets, slice(1, 2), opened="?")
    found = check(tmp_path / "o", {"tickets": changed(tickets, slice(2, 3), resolved=None)})
    told = " ".join(f.sentence for f in found.found())
    assert "1 row names 1 service" in told and "was set aside because something is wrong with it." in told
    assert "has no resolution" in told and "1 row was set aside: unreadable time." in told


# -- hardly any data -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("cycle", [None, CYCLE])
@pytest.mark.parametrize("rows", [0, 1, 2, 60])
def test_next_to_nothing_and_empty_columns_are_no_error(tmp_path, rows, cycle):
    columns = [c for c in TABLES["tickets"].columns if c not in ("ticket", "service", "kind", "opened")]
    tickets = desk(60)[["ticket", "service", "kind", "opened"]].tail(rows).assign(**dict.fromkeys(columns))
    events = tickets[["ticket", "service"]].assign(at=tickets["opened"], state=None, on_hold=None)
    found = check(tmp_path / "o", {"tickets": tickets, "ticket_events": events}, cycle)
    assert {f.rule for f in found.findings} >= set(CASES)
    warned = {f.rule for f in found.found() if f.level != "note"}
    assert warned <= ({"empty source"} if rows == 0 else {"without resolution"} if rows == 60 else set())


@pytest.mark.parametrize("table", ["measurements", "outages"])
def test_an_organisation_without_tickets_is_judged_by_what_it_has(tmp_path, table):
    random = np.random.default_rng(1)
    started = pd.Timestamp("2026-01-01") + pd.to_timedelta(random.integers(0, 272 * 86_400, 80), unit="s")
    frames = {
        "measurements": costs(80).rename(columns={"amount": "value"}).assign(kpi="volume"),
        "outages": pd.DataFrame({"service": "pay", "started": started, "ended": started + pd.Timedelta(hours=1)}),
    }
    found = check(tmp_path / "o", {table: frames[table]}, CYCLE)
    outcomes = {f.rule: f.outcome for f in found.findings}
    assert outcomes["thin edge"] == outcomes["bulk closing"] == "no data"
    assert outcomes["no open tickets"] == ("ok" if table == "outages" else "no data")
    assert not [f for f in found.found() if f.level != "note"]


# -- row rules -----------------------------------------------------------------------------------------------------------

HEADER = "ticket,service,kind,opened,resolved,priority\n"
GOOD = "T1,pay,incident,2026-09-01 10:00,2026-09-01 12:00,3\n"
EVENTS = """\
tables:
  tickets:
    events: {ticket: id, at: when}
    columns: {ticket: id, service: what, kind: {value: incident}, opened: {from: when, fold: first}}
  ticket_events:
    columns: {ticket: id, service: what, at: when}
"""
COLUMNS = "columns: {ticket: ticket, service: service, kind: kind, opened: opened, priority: priority}"


@dataclass(frozen=True)
class Row:
    """An export in which one row breaks a rule, and one in which none does though it looks like it; other files; mappings."""

    planted: str
    near: str
    sources: dict[str, str] = field(default_factory=lambda: {"tickets": "canonical"})
    others: dict[str, str] = field(default_factory=dict)
    mappings: dict[str, str] = field(default_factory=dict)


def row(planted: str, near: str) -> Row:
    return Row(HEADER + GOOD + planted, HEADER + GOOD + near)


def mapped(planted: str, near: str, text: str, **settings) -> Row:
    return Row(HEADER + planted, HEADER + near, {"tickets": "own"}, mappings={"own": text}, **settings)


def latest_or_only(how: str) -> str:
    return f"tables: {{tickets: {{{how}, {COLUMNS}}}}}\n"


EVENT_FILE = "ticket,service,at,state\n"
ROWS = {
    "malformed line": row("X,pay\n", '"X,Y",pay,incident,2026-09-03 10:00,,3\n'),
    "event without ticket": Row(
        "id,what,when\nT1,mail,2026-09-01 10:00\nT1,mail,\n".replace("mail", "pay"),
        "id,what,when\nT1,mail,2026-09-01 10:00\nT1,mail,2026-09-02\n",
        {"tickets": "own"},
        mappings={"own": EVENTS},
    ),
    "event before its ticket": Row(
        HEADER + GOOD,
        HEADER + GOOD.replace("10:00", "09:59"),
        {"tickets": "canonical", "ticket_events": "canonical"},
        {"ticket_events": EVENT_FILE + "T1,pay,2026-09-01 09:59,New\n"},
    ),
    "totals row": row("Total,,,,,7\n", "Total,pay,incident,2026-09-03 10:00,,3\n"),
    "empty row": row(",,,,,\n", "X,pay,incident,2026-09-03 10:00,,\n"),
    "unreadable value": row("X,pay,incident,three,,3\n", "X,pay,incident,2026-09-03T10:00:00Z,,3.0\n"),
    "duplicate row": row(GOOD, GOOD.replace("T1", "T01")),
    "duplicate identifier": row(GOOD.replace("pay", "shop").replace(",3", ",2"), GOOD.replace("T1", "t1")),
    "superseded": mapped(
        GOOD + GOOD.replace("12:00,3", "13:00,2"), GOOD + GOOD.replace("T1", "T2"), latest_or_only("latest: resolved")
    ),
    "preceded": Row(
        HEADER + GOOD,
        HEADER + GOOD.replace("T1", "T2"),
        {"first": "own", "tickets": "canonical"},
        {"first": HEADER + GOOD},
        {"own": latest_or_only("latest: resolved")},
    ),
    "lone supplement": Row(
        HEADER + GOOD,
        HEADER + GOOD.replace("T1", "T2"),
        {"tickets": "canonical", "more": "own"},
        {"more": "ticket,met\nT2,true\n"},
        {"own": "tables: {tickets: {supplements: true, columns: {ticket: ticket, sla_met: met}}}\n"},
    ),
    "service not listed": row("X,nobody,incident,2026-09-03 10:00,,3\n", "X,WEB SHOP,incident,2026-09-03 10:00,,3\n"),
    # The cycle ends at midnight in Berlin.
    "after the cut-off": row("X,pay,incident,2026-09-30 22:00:00,,3\n", "X,pay,incident,2026-09-30 21:59:59,,3\n"),
    "left out": mapped(GOOD + "X,pay,problem,2026-09-03 10:00,,3\n", GOOD, latest_or_only("only: {kind: [incident]}")),
    "missing value": row("X,pay,incident,,,3\n", "X,pay,incident,2026-09-03 10:00,,\n"),
    "ends before it begins": row(
        "X,pay,incident,2026-09-03 10:00,2026-09-03 09:59:59,3\n", "X,pay,incident,2026-09-03 10:00,2026-09-03 10:00,3\n"
    ),
    "impossible number": Row(
        "service,started,ended,share\npay,2026-09-03 10:00,2026-09-03 11:00,50\n",
        "service,started,ended,share\npay,2026-09-03 10:00,2026-09-03 11:00,0.5\n",
        {"outages": "canonical"},
    ),
    "impossible word": row("X,pay,question,2026-09-03 10:00,,3\n", "X,pay,request,2026-09-03 10:00,,3\n"),
}  # fmt: skip


def check_text(folder: Path, text: str, one: Row) -> prepare.Prepared:
    first = "outages" if "outages" in one.sources else "tickets"
    for name, content in {first: text, **one.others}.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    book = organisation(folder, one.sources, mappings={k: "system: Own\n" + v for k, v in one.mappings.items()})
    return prepare.check(book, book.cycle(CYCLE))


def test_every_row_rule_has_a_planted_case():
    assert set(ROWS) == set(row_rule_names()) == {name for _, name, _ in quality.ROW_RULES}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_rule_sets_one_row_aside(tmp_path, name):
    found = check_text(tmp_path, ROWS[name].planted, ROWS[name])
    (finding,) = found.found(name)
    assert finding.rows == 1 == sum(source["set_aside"] for source in found.sources)


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_a_row_rule_leaves_a_near_miss_alone(tmp_path, name):
    assert check_text(tmp_path, ROWS[name].near, ROWS[name]).found(name) == []


def test_every_reason_of_the_code_belongs_to_a_rule():
    reasons = [
        *(r.reason for table, known in TABLES.items() for r in quality.row_rules(table, list(known.columns))),
        *(f"no {c}" for known in TABLES.values() for c in known.required),
        *(f"unreadable {kind}" for kind in ("text", "time", "integer", "number", "flag", "date")),
    ]
    assert reasons and "other" not in {rule_of(reason) for reason in reasons}


# -- levels, and the page of rules ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wrong", "level"), [(1, "note"), (4, "warn"), (12, "stop")])
def test_the_share_set_aside_decides_how_grave_it_is(tmp_path, wrong, level):
    tables = {"tickets": changed(desk(200), slice(0, wrong), opened="?")}
    gate = "stop_set_aside: 0.05, warn_set_aside: 0.01"
    (finding,) = check(tmp_path / "o", tables, gate=gate).found("set aside")
    assert finding.level == level


def test_an_organisation_sets_levels_and_stops_a_run(tmp_path):
    book = export(tmp_path / "o", CASES["row cap"]().planted, gate="levels: {row cap: stop, silent services: warn}")
    with pytest.raises(prepare.GateStopped, match=r"tickets0\.csv holds exactly 1,000 rows"):
        prepare.freeze(book, book.cycle(CYCLE), tmp_path / "r")
    assert not (tmp_path / "r").exists(), "nobody finds records that the gate stopped"


def test_a_row_rule_can_stop_a_run(tmp_path):
    tables = {"tickets": changed(desk(40), slice(0, 1), opened="?")}
    book = export(tmp_path / "o", tables, gate="stop_set_aside: 1, levels: {unreadable value: stop}")
    with pytest.raises(prepare.GateStopped, match="1 row was set aside: unreadable time"):
        prepare.freeze(book, book.cycle(CYCLE), tmp_path / "r")


def test_a_level_of_an_unknown_rule_names_the_nearest():
    quality.check_levels(Gate(levels={"row cap": "stop", "duplicate row": "warn"}))
    with pytest.raises(WorkbookError, match=r"gate\.levels\.row caps: .*nearest valid name: row cap"):
        quality.check_levels(Gate(levels={"row caps": "stop"}))


def test_the_page_of_rules_is_what_the_code_says():
    assert (REPOSITORY / "RULES.md").read_text(encoding="utf-8") == quality.catalogue()


def test_the_names_of_rules_are_unique():
    names = quality.names()
    assert len(names) == len(set(names)) >= 20


# -- clean and real exports ----------------------------------------------------------------------------------------------


def test_the_demo_is_clean(demo_book, demo_records):
    assert [f.sentence for f in prepare.check(demo_book).found() if f.level != "note"] == []
    as_known = frozen.read_quality(demo_records)["rules"]
    assert len(as_known) >= 20
    assert [f["sentence"] for f in as_known if f["outcome"] == "found" and f["level"] != "note"] == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_a_small_clean_organisation_is_clean(tmp_path, seed):
    demo.write(tmp_path, seed=seed, scale=0.05)
    book = workbook.load(places.PARAMS / "demo", data=tmp_path, reports=tmp_path / "r")
    for cycle in (None, book.cycle("2026-10")):
        assert [f.sentence for f in prepare.check(book, cycle).found() if f.level != "note"] == []


@pytest.mark.slow
def test_what_is_wrong_with_the_public_event_log_is_found(tmp_path):
    book = workbook.load(places.PARAMS / "uci_servicenow", data=public_data("uci_servicenow"), reports=tmp_path)
    found = prepare.check(book)
    (edge,) = found.found("thin edge")
    assert edge.facts["last_full_month"] == "2016-05"
    (states,) = found.found("nameless states")
    assert states.facts["states"] == {"-100": 5}
    (sparse,) = found.found("sparse columns")
    assert "configuration_item" in sparse.facts["columns"]
    warned = {f.rule for f in found.found() if f.level == "warn"}
    assert warned == {"thin edge", "nameless states"}


def test_the_public_status_page_has_nothing_to_warn_of(tmp_path):
    book = workbook.load(places.PARAMS / "github_status", data=public_data("github_status"), reports=tmp_path)
    assert [f.sentence for f in prepare.check(book).found() if f.level != "note"] == []


def test_an_answer_beyond_the_end_of_its_scale_is_set_aside(tmp_path):
    answers = pd.DataFrame(
        {"service": "pay", "answered": pd.Timestamp("2026-09-03 10:00"), "score": [5, 11], "scale_max": [5, 10]}
    )
    found = prepare.check(export(tmp_path / "o", {"tickets": desk(200), "surveys": answers}))
    assert [s["reasons"] for s in found.sources if s["name"] == "surveys"] == [{"score above the end of its scale": 1}]
