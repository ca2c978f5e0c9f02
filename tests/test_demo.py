"""The simulated organisation: the same every time, sound as records, and every temperament really in them."""

from __future__ import annotations

import filecmp

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from sipnb import demo, tables
from sipnb.demo.services import DEEDS
from sipnb.records import clocks
from tests import schemas

CUT_OFF = pd.Timestamp("2026-11-01", tz="Europe/Berlin")
OFFICE = clocks.calendar(
    {day: ["08:00-18:00"] for day in clocks.DAYS[:5]},
    "Europe/Berlin",
    clocks.holiday_dates("DE", None, range(2024, 2031)),
)


@pytest.fixture(scope="module")
def exports(demo_exports) -> dict[str, pd.DataFrame]:
    return {path.stem: pd.read_parquet(path) for path in sorted(demo_exports.glob("*.parquet"))}


@pytest.fixture(scope="module")
def truth(demo_exports) -> dict:
    return YAML(typ="safe").load(demo_exports / "truth.yml")


@pytest.fixture(scope="module")
def tickets(exports) -> pd.DataFrame:
    table = exports["tickets"].copy()
    table["month"] = table["resolved"].dt.tz_convert("Europe/Berlin").dt.strftime("%Y-%m")
    table["hours"] = (table["resolved"] - table["opened"]).dt.total_seconds() / 3600
    return table


def of(table: pd.DataFrame, service: str) -> pd.DataFrame:
    return table[table["service"] == service]


def met(table: pd.DataFrame, first: str, last: str) -> float:
    """The recorded share of those resolved in these months."""
    return float(table.loc[table["month"].between(first, last), "sla_met"].astype(float).mean())


def open_at(table: pd.DataFrame, when: pd.Timestamp) -> pd.DataFrame:
    return table[(table["opened"] < when) & ~(table["resolved"] < when)]


def business_met(table: pd.DataFrame, truth: dict) -> pd.Series:
    """Whether the resolved tickets would have met their goals without stopping the clock."""
    facts = truth["services"][table["service"].iloc[0]]
    agreed = OFFICE if facts["agreed_hours"] == "office" else clocks.ALWAYS
    took = clocks.elapsed(agreed, table["opened"], table["resolved"])
    return pd.Series(took <= 3600 * np.array(facts["goal_hours"])[table["priority"] - 1], table.index)


# --- the same every time ---------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path):
    some = ["archive", "chat-assistant", "web-shop"]
    for name, seed in (("once", 5), ("again", 5), ("other", 6)):
        demo.write(tmp_path / name, seed=seed, services=some, scale=0.2)
    names = sorted(path.name for path in (tmp_path / "once").iterdir())
    assert names == sorted([*(f"{name}.parquet" for name in tables.TABLES if name != "measurements"), "truth.yml"])
    assert filecmp.cmpfiles(tmp_path / "once", tmp_path / "again", names, shallow=False) == (names, [], [])
    assert "tickets.parquet" in filecmp.cmpfiles(tmp_path / "once", tmp_path / "other", names, shallow=False)[1]


def test_a_service_does_not_depend_on_which_others_are_made(exports, tmp_path):
    rows = demo.write(tmp_path, services=["hr-portal"])
    for name, table in exports.items():
        alone = pd.read_parquet(tmp_path / f"{name}.parquet")
        assert len(alone) == rows[name] > 0
        pd.testing.assert_frame_equal(alone, of(table, "hr-portal").reset_index(drop=True))


def test_an_unknown_service_and_a_senseless_scale_are_refused():
    with pytest.raises(ValueError, match="no simulated service 'fax'; there are email, payments"):
        demo.generate(services=["fax"])
    with pytest.raises(ValueError, match="scale must be positive"):
        demo.generate(scale=0)


def test_the_smallest_scale_still_has_every_service():
    small = demo.generate(scale=0.001)
    assert set(small["tickets"]["service"]) == {service.id for service in demo.SERVICES}


# --- sound as records ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in tables.TABLES if name != "measurements"])
def test_each_table_is_canonical(name, exports):
    assert list(exports[name].columns) == [c for c in tables.TABLES[name].supplied if c in exports[name]]
    schemas.schema(name).validate(exports[name])
    key = list(tables.TABLES[name].key)
    assert not key or not exports[name].duplicated(key).any()


def test_there_are_about_150_000_tickets(tickets):
    assert 135_000 < len(tickets) < 165_000
    assert 0.6 < (tickets["kind"] == "incident").mean() < 0.8


def test_references_lead_to_records_of_the_same_service(exports):
    pairs = [
        ("tickets", "problem", "problems"),
        ("tickets", "change", "changes"),
        ("surveys", "ticket", "tickets"),
        ("ticket_events", "ticket", "tickets"),
    ]
    for table, column, target in pairs:
        filled = exports[table].dropna(subset=[column])
        owner = filled[column].map(exports[target].set_index(column)["service"])
        assert len(filled) and (owner == filled["service"]).all(), (table, column)


def test_times_are_in_order_and_inside_the_export(exports, tickets):
    for before, after in (("opened", "acknowledged"), ("acknowledged", "resolved"), ("resolved", "closed")):
        both = tickets.dropna(subset=[before, after])
        assert (both[before] <= both[after]).all(), (before, after)
    assert tickets["opened"].min() >= pd.Timestamp("2024-05-01", tz="Europe/Berlin")
    end = pd.Timestamp("2026-11-05", tz="Europe/Berlin")
    for name, table in exports.items():
        at = tables.TABLES[name].at
        if at != "period":
            assert table[at].max() < end, name
    assert tickets[["resolved", "closed"]].max().max() < end
    assert tickets["opened"].max() > end - pd.Timedelta(days=1), "the exports run past the cut-off"


def test_summaries_are_short_and_of_their_category(tickets):
    assert tickets["summary"].str.len().between(5, 90).all()
    assert tickets.groupby(["service", "summary"])["subcategory"].nunique().max() == 1


def test_events_tell_the_same_story_as_their_tickets(exports):
    events, tickets = exports["ticket_events"], exports["tickets"].set_index("ticket")
    same = events["ticket"].eq(events["ticket"].shift())
    assert events["at"].where(same).ge(events["at"].shift()).where(same, True).all()
    moved = (same & events["group"].ne(events["group"].shift())).groupby(events["ticket"]).sum()
    until = events["at"].shift(-1).where(same.shift(-1, fill_value=False), pd.Timestamp("2026-11-04 23:00", tz="UTC"))
    held = (until - events["at"]).dt.total_seconds().where(events["on_hold"], 0).groupby(events["ticket"]).sum()
    solved = events["state"].isin(["resolved", "closed"])
    again = (same & ~solved & solved.shift(fill_value=False)).groupby(events["ticket"]).sum()
    last = events.drop_duplicates("ticket", keep="last").set_index("ticket")
    first = events.drop_duplicates("ticket").set_index("ticket")
    assert set(last.index) == set(tickets.index)
    for expected, column in (
        (moved, "reassigned"),
        (held, "on_hold"),
        (again, "reopened"),
        (last["state"], "state"),
        (last["group"], "group"),
        (last["priority"], "priority"),
        (first["at"], "opened"),
    ):
        assert (expected.reindex(tickets.index) == tickets[column]).all(), column


def test_the_recorded_sla_is_that_of_the_net_clock(exports, tickets, truth):
    events = exports["ticket_events"]
    until = events["at"].shift(-1)
    row = pd.Series(range(len(tickets)), tickets["ticket"])
    pauses = pd.DataFrame({"row": events["ticket"].map(row), "start": events["at"], "end": until})[events["on_hold"]]
    for service, facts in truth["services"].items():
        mine = of(tickets, service).reset_index(drop=True)
        held = pauses[pauses["row"].isin(row[mine["ticket"]])].copy()
        held["row"] -= row[mine["ticket"].iloc[0]]
        agreed = OFFICE if facts["agreed_hours"] == "office" else clocks.ALWAYS
        net = clocks.elapsed(agreed, mine["opened"], mine["resolved"], held)
        goal = 3600 * np.array(facts["goal_hours"])[mine["priority"] - 1]
        solved = mine["resolved"].notna()
        assert mine["sla_met"].isna().eq(~solved).all(), service
        assert (mine["sla_met"][solved] == (net <= goal)[solved]).all(), service
        assert (mine["sla_met"][solved] == (mine["resolved"] <= mine["sla_due"])[solved]).all(), service


def test_tickets_are_open_at_the_cut_off_and_some_are_resolved_after_it(tickets):
    still = open_at(tickets, CUT_OFF)
    assert still.groupby("service").size().drop("archive", errors="ignore").min() >= 1
    assert len(still) > 500 and still["resolved"].notna().any()


def test_answers_come_from_15_to_25_percent_of_resolved_tickets(exports, tickets):
    rate = exports["surveys"].groupby("service").size() / tickets.groupby("service")["resolved"].count()
    assert rate.drop("archive").between(0.15, 0.26).all()
    assert exports["surveys"]["score"].between(1, 5).all()


def test_work_follows_the_week_and_the_day(tickets):
    local = of(tickets, "email")["opened"].dt.tz_convert("Europe/Berlin")
    weekend = (local.dt.day_of_week >= 5).mean()
    day = local.dt.hour.between(8, 17).mean()
    assert 0 < weekend < 0.05 and 0.8 < day < 0.95


def test_major_incidents_are_rare(tickets):
    assert 20 < tickets["major"].sum() < 400
    assert (tickets.loc[tickets["major"].astype(bool), "kind"] == "incident").all()


# --- the temperaments ------------------------------------------------------------------------------------------


def test_the_truth_names_a_lever_for_each_ailing_service(truth):
    levers = {service: facts["lever"] for service, facts in truth["services"].items()}
    assert {service: lever for service, lever in levers.items() if lever != "none"} == {
        "payments": "process_drift",
        "workplace": "one_owning_group",
        "web-shop": "change_control",
        "service-desk": "capacity",
        "hr-portal": "knowledge_and_quality",
        "erp": "stop_the_clock_rules",
        "network": "resilience",
    }


def test_email_is_stable_and_good(tickets):
    mine = of(tickets, "email")
    for first, last in (("2024-05", "2025-02"), ("2025-03", "2025-12"), ("2026-01", "2026-10")):
        assert 0.92 < met(mine, first, last) < 0.96


def test_payments_worsen_over_the_last_eight_months(tickets, truth):
    mine = of(tickets, "payments")
    assert met(mine, "2024-05", "2026-02") == pytest.approx(0.88, abs=0.015)
    assert met(mine, "2026-10", "2026-10") == pytest.approx(0.70, abs=0.05)
    early = mine.loc[mine["month"] < "2026-03", "hours"].median()
    late = mine.loc[mine["month"] == "2026-10", "hours"].median()
    assert 1.5 < late / early < 2.6
    assert str(truth["services"]["payments"]["true_changes"][0]["since"]) == "2026-03-01"


def test_payroll_peaks_at_the_turn_of_the_year_and_of_the_month(tickets):
    local = of(tickets, "payroll")["opened"].dt.tz_convert("Europe/Berlin")
    by_month = local.dt.strftime("%Y-%m").value_counts().sort_index()["2024-05":"2026-10"]
    by_month = by_month.groupby(by_month.index.str[-2:].astype(int)).mean()
    assert by_month[[12, 1]].mean() > 1.8 * by_month[[6, 7, 8, 9]].mean()
    month_end = local.dt.day.ge(26) | local.dt.day.le(3)
    assert month_end.mean() > 0.4  # nine days of thirty


def test_the_archive_is_tiny(tickets):
    assert 2 < len(of(tickets, "archive")) / 30 < 4


def test_workplace_tickets_are_bounced_and_those_are_much_slower(tickets):
    mine = of(tickets, "workplace")
    bounced = mine["reassigned"] >= 2
    assert bounced.mean() == pytest.approx(0.22, abs=0.02)
    assert mine.loc[bounced, "hours"].median() > 2 * mine.loc[~bounced, "hours"].median()
    assert (of(tickets, "email")["reassigned"] >= 2).mean() < 0.06


def test_the_web_shop_is_hurt_by_its_own_changes(exports, tickets):
    changes, mine = of(exports["changes"], "web-shop"), of(tickets, "web-shop")
    failed = changes[changes["outcome"] == "failed"]
    assert len(changes) / 30 > 4
    assert len(failed) / len(changes) == pytest.approx(0.18, abs=0.02)
    named = mine.dropna(subset="change").merge(changes[["change", "ended", "outcome"]], on="change")
    assert (named["outcome"] == "failed").all()
    assert (named["opened"] - named["ended"]).between(pd.Timedelta(0), pd.Timedelta(days=1)).all()
    incidents = mine.loc[mine["kind"] == "incident", "opened"]
    day_after = sum(incidents.between(end, end + pd.Timedelta(days=1)).sum() for end in failed["ended"])
    usual = len(incidents) / 915 * len(failed)
    assert day_after > 2.5 * usual
    assert len(named) == pytest.approx(0.5 * (day_after - usual), rel=0.25)


def test_the_service_desk_falls_behind(tickets):
    mine = of(tickets, "service-desk")
    ends = pd.date_range("2025-01-01", CUT_OFF.date(), freq="MS", tz="Europe/Berlin")
    backlog = pd.Series([len(open_at(mine, end)) for end in ends], ends)
    assert backlog.iloc[-1] > 3 * backlog[:"2026-01-01"].mean()
    assert (backlog["2026-04-01":] > 1.3 * backlog[:"2026-01-01"].max()).all()
    age = {when: (when - open_at(mine, when)["opened"]).median() for when in (ends[12], ends[-1])}
    assert age[ends[-1]] > 1.5 * age[ends[12]]
    assert met(mine, "2026-08", "2026-10") < met(mine, "2025-08", "2025-10") - 0.15


def test_the_hr_portal_is_a_watermelon(exports, tickets):
    mine, answers = of(tickets, "hr-portal"), exports["surveys"]
    liked = answers["score"].ge(4).groupby(answers["service"]).mean()
    assert met(mine, "2024-05", "2026-10") == pytest.approx(0.95, abs=0.015)
    assert liked["hr-portal"] == pytest.approx(0.45, abs=0.04)
    assert liked.drop("hr-portal").min() > 0.6
    assert (mine["reopened"] > 0).mean() > 3 * (of(tickets, "email")["reopened"] > 0).mean()


def test_erp_stops_the_clock(tickets, truth):
    mine = of(tickets, "erp")
    mine = mine[mine["resolved"].notna()]
    business = business_met(mine, truth)
    late, early = mine["month"].between("2026-05", "2026-10"), mine["month"].between("2024-06", "2024-11")
    assert met(mine, "2026-05", "2026-10") == pytest.approx(0.93, abs=0.02)
    assert business[late].mean() < 0.66 and business[early].mean() > 0.75
    held = {when: mine.loc[rows, "on_hold"].sum() / (3600 * mine.loc[rows, "hours"].sum())
            for when, rows in (("late", late), ("early", early))}  # fmt: skip
    assert held["late"] > 1.3 * held["early"] > 0.2
    others = of(tickets, "email").dropna(subset="resolved")
    assert others["sla_met"].mean() - business_met(others, truth).mean() < 0.05


def test_the_network_has_two_to_four_outages_a_month_with_bursts_of_tickets(exports, tickets):
    outages = of(exports["outages"], "network")
    unplanned = outages[outages["kind"] == "unplanned"]
    assert 2 <= len(unplanned) / 30 <= 4 and (outages["kind"] == "maintenance").sum() > 20
    mine = of(tickets, "network")
    large = unplanned[unplanned["share"] > 0.5]
    hours = (large["ended"] - large["started"]).dt.total_seconds() / 3600
    during = [mine["opened"].between(*span).sum() for span in zip(large["started"], large["ended"], strict=True)]
    assert sum(during) / hours.sum() > 10 * len(mine) / (915 * 24)
    others = exports["outages"][exports["outages"]["kind"] == "unplanned"].groupby("service").size()
    assert others.drop("network").max() / 30 < 1.5


def test_the_chat_assistant_is_six_weeks_old(exports):
    mine = of(exports["tickets"], "chat-assistant")
    assert str(mine["opened"].min().tz_convert("Europe/Berlin").date()) == "2026-09-19"
    assert len(mine) > 200
    assert of(exports["costs"], "chat-assistant")["period"].nunique() == 2


def test_password_tickets_were_improved_on_the_first_of_march_and_no_others(tickets, truth):
    mine = of(tickets, "identity")
    step = pd.Timestamp("2026-03-01", tz="Europe/Berlin")
    before, after = mine[mine["opened"] < step], mine[mine["opened"].between(step, CUT_OFF - pd.Timedelta(days=20))]
    assert before["sla_met"].mean() == pytest.approx(0.72, abs=0.015)

    def ratio(which) -> float:
        took = [part.loc[which(part["category"]), "hours"].median() for part in (before, after)]
        return took[1] / took[0]

    assert ratio(lambda kind: kind == "password") == pytest.approx(0.36, abs=0.05)
    assert ratio(lambda kind: kind != "password") == pytest.approx(1.0, abs=0.06)
    (change,) = truth["services"]["identity"]["true_changes"]
    assert (str(change["since"]), change["category"], change["factor"]) == ("2026-03-01", "password", 0.36)


def test_workplace_had_one_bad_month_that_passed_by_itself(tickets, truth):
    mine = of(tickets, "workplace")
    month = mine["opened"].dt.tz_convert("Europe/Berlin").dt.strftime("%Y-%m")
    met = mine.groupby(month)["sla_met"].mean()
    assert met["2025-11"] == pytest.approx(0.68, abs=0.05) and met.drop(["2025-11", "2026-10", "2026-11"]).min() > 0.74
    assert truth["services"]["workplace"]["true_changes"][0]["what"] == "one bad month"


def test_the_truth_of_every_action_of_the_demo_is_written_down(truth):
    told = {name: action for one in truth["services"].values() for name, action in one.get("actions", {}).items()}
    assert set(told) == {deed.action for deed in DEEDS} and told["status-replies"]["right_verdict"] == "did not"
