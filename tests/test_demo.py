"""The simulated organisation: the same every time, sound as records, and every temperament really in them."""

from __future__ import annotations

import filecmp
from functools import cache

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML
from scipy import stats

from sipnb import demo, tables
from sipnb.demo import effects
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


# --- located causes ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def without(tmp_path_factory):
    """The records of a cause's service without it."""

    @cache
    def made(cause) -> dict[str, pd.DataFrame]:
        folder = tmp_path_factory.mktemp(cause.id)
        demo.write(folder, services=[cause.service], without=[cause.id])
        assert YAML(typ="safe").load(folder / "truth.yml")["removed"] == [cause.id]
        return {path.stem: pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}

    return made


def with_it(exports, cause) -> dict[str, pd.DataFrame]:
    return {name: of(table, cause.service).reset_index(drop=True) for name, table in exports.items()}


CAUSE = pytest.mark.parametrize("cause", demo.CAUSES, ids=lambda cause: cause.id)
#: What may differ of a ticket that a cause slows down or has passed on, and of a change that it lets fail.
TOUCHED = {
    "bank-interface-waits": {"resolved", "closed", "state", "resolver", "on_hold", "first_contact", "sla_due", "sla_met"},
    "operations-bounces": {
        "acknowledged", "resolved", "closed", "state", "priority", "impact", "group", "resolver", "reopened", "reassigned",
        "on_hold", "first_contact", "sla_due", "sla_met", "effort",
    },
    "nights-without-cover": {"acknowledged", "resolved", "closed", "state", "sla_due", "sla_met", "effort"},
}  # fmt: skip


def test_the_truth_says_where_each_cause_is(truth, exports):
    assert set(truth["causes"]) == {cause.id for cause in demo.CAUSES} and truth["removed"] == []
    for one in truth["causes"].values():
        table, column, value = one["where"].values()
        assert one["acts"] and column in tables.TABLES[table].columns
        assert column == "opened" or of(exports[table], one["service"])[column].eq(value).any()
    hurt = [one["service"] for one in truth["causes"].values()]
    assert hurt.count("network") == 2 and "email" not in hurt


@CAUSE
def test_a_cause_changes_nothing_but_what_it_touches(cause, exports, without):
    there, gone = with_it(exports, cause), without(cause)
    same = ["problems", *(["changes"] if cause.table != "changes" else [])]
    same += [] if cause.table in ("changes", "outages") else ["outages"]
    for name in same:
        pd.testing.assert_frame_equal(there[name], gone[name], obj=name)
    tickets, left = (found["tickets"].set_index("ticket") for found in (there, gone))
    assert set(left.index) <= set(tickets.index), "what does not come on top keeps its number"
    both = tickets.loc[left.index]
    differs = ~((both == left) | (both.isna() & left.isna())).fillna(False).astype(bool)
    assert set(differs.columns[differs.any()]) <= TOUCHED.get(cause.id, set())
    mine = effects.concerned(cause, there).to_numpy() if cause.table in ("tickets", "ticket_events") else None
    if cause.id in TOUCHED:
        assert len(left) == len(tickets) and differs.any(axis=1).sum() > 100
        assert not differs.any(axis=1)[~mine].any(), "and nothing elsewhere"
        whole = left.index[~differs.any(axis=1)]
    else:
        assert len(left) < len(tickets) and not differs.any(axis=None)
        whole = left.index
    events = [found["ticket_events"][found["ticket_events"]["ticket"].isin(whole)] for found in (there, gone)]
    pd.testing.assert_frame_equal(*(found.reset_index(drop=True) for found in events))


@CAUSE
def test_without_a_cause_all_other_services_are_the_same_bytes(cause, tmp_path):
    others = [one for one in ("archive", "chat-assistant", "network") if one != cause.service]
    demo.write(tmp_path / "with", services=others, scale=0.2)
    demo.write(tmp_path / "without", services=others, scale=0.2, without=[cause.id])
    names = [f"{name}.parquet" for name in tables.TABLES if name != "measurements"]
    assert filecmp.cmpfiles(tmp_path / "with", tmp_path / "without", names, shallow=False) == (names, [], [])


@pytest.mark.parametrize(
    ("cause", "of_all", "of_those"),
    [
        ("bank-interface-waits", (0.09, 0.17), (0.27, 0.43)),
        ("operations-bounces", (0.06, 0.10), (0.25, 0.40)),
        ("nights-without-cover", (0.03, 0.08), (0.25, 0.40)),
        ("gateway-fails", (0.0015, 0.006), (0.0015, 0.006)),
        ("normal-changes-fail", (0.1, 0.26), (0.15, 0.40)),
        ("assistant-comes-back", (0.08, 0.16), (0.22, 0.40)),
    ],
)
def test_the_switch_says_what_a_cause_costs(cause, of_all, of_those):
    for seed in (1, 2):
        found = demo.effect(cause, seed=seed)
        assert of_all[0] < found.difference < of_all[1]
        assert of_those[0] < found.concerned_difference < of_those[1]
        assert 0 < found.concerned < found.n


def test_the_effect_is_the_difference_of_the_records(exports, without):
    cause = next(cause for cause in demo.CAUSES if cause.id == "nights-without-cover")
    since, found = CUT_OFF - pd.Timedelta(days=184), demo.effect(cause.id)
    shares = []
    for records in (with_it(exports, cause), without(cause)):
        mine = records["tickets"]
        hour = mine["opened"].dt.tz_convert("Europe/Berlin").dt.hour
        mine = mine[(hour >= 22) | (hour < 6)]
        late = ~(mine["resolved"] <= mine["sla_due"])
        at = mine["sla_due"].where(late, mine["resolved"])
        shares.append(late[(at >= since) & (at < CUT_OFF)].mean())
    assert (found.concerned_share, found.concerned_share_without) == pytest.approx(shares)


def test_an_unknown_cause_and_senseless_days_are_refused():
    with pytest.raises(ValueError, match="no cause 'rain'; there are bank-interface-waits, operations-bounces"):
        demo.generate(without=["rain"])
    with pytest.raises(ValueError, match="no cause 'rain'"):
        demo.effect("rain")
    with pytest.raises(ValueError, match="days must be positive"):
        demo.effect("gateway-fails", days=0)


def test_payments_fall_by_what_waits_for_the_bank_alone(tickets, without):
    bank = next(cause for cause in demo.CAUSES if cause.id == "bank-interface-waits")
    mine = of(tickets, "payments")
    others = mine[mine["category"] != "bank interface"]
    assert met(others, "2026-08", "2026-10") == pytest.approx(met(others, "2025-08", "2025-10"), abs=0.03)
    gone = without(bank)["tickets"]
    recent = gone["opened"].between(pd.Timestamp("2026-05-01", tz="UTC"), CUT_OFF - pd.Timedelta(days=5))
    assert gone.loc[recent, "sla_met"].mean() == pytest.approx(0.88, abs=0.015)


def test_what_waits_for_the_bank_is_seen_early_and_the_clock_runs(exports):
    events = of(exports["ticket_events"], "payments")
    waits = events[events["state"] == "waiting for supplier"]
    opened = of(exports["tickets"], "payments").set_index("ticket")["opened"]
    hours = (waits["at"].to_numpy() - opened[waits["ticket"]].to_numpy()) / pd.Timedelta(hours=1)
    assert not waits["on_hold"].any() and set(waits["reason"]) == {"supplier"} and len(waits) > 500
    assert np.quantile(hours, 0.9) < 8
    held = exports["ticket_events"]["on_hold"]
    assert set(exports["ticket_events"].loc[held, "reason"]) == {"user", "supplier", "approval"}
    assert (
        exports["ticket_events"]
        .loc[~held & (exports["ticket_events"]["state"] != "waiting for supplier"), "reason"]
        .isna()
        .all()
    )


def test_one_group_of_workplace_passes_on_and_others_do_not(exports):
    mine = of(exports["tickets"], "workplace").set_index("ticket")
    first = of(exports["ticket_events"], "workplace").drop_duplicates("ticket").set_index("ticket")["group"]
    many = (mine["reassigned"] >= 2).groupby(first[mine.index]).mean()
    assert many["Workplace Operations"] > 0.6 and many.drop("Workplace Operations").max() < 0.1


def test_one_item_of_the_network_has_most_of_the_outages(exports):
    outages = exports["outages"]
    unplanned = outages["kind"] == "unplanned"
    assert outages.loc[unplanned, "configuration_item"].notna().all()
    assert outages.loc[~unplanned, "configuration_item"].isna().all()
    share = of(outages[unplanned], "network")["configuration_item"].value_counts(normalize=True)
    assert share["network-gw-01"] > 0.6 and share.drop("network-gw-01").max() < 0.2


def test_normal_changes_of_the_web_shop_fail_far_more_often_than_standard_ones(exports):
    failed = (
        exports["changes"]["outcome"]
        .eq("failed")
        .groupby([exports["changes"]["service"], exports["changes"]["kind"]])
        .mean()
    )
    assert failed["web-shop", "normal"] > 0.2 > 0.1 > failed["web-shop", "standard"]


def test_what_the_assistant_resolved_comes_back_and_what_others_resolved_does_not(exports):
    mine, answers = of(exports["tickets"], "chat-assistant"), of(exports["surveys"], "chat-assistant")
    told = mine["resolved"] < CUT_OFF - pd.Timedelta(days=7)
    back = effects.came_back(mine)[told].groupby(mine.loc[told, "resolver"]).mean()
    assert 0.25 < back["machine"] < 0.45 and back["person"] < 0.1
    liked = answers["score"].ge(4).groupby(answers["ticket"].map(mine.set_index("ticket")["resolver"])).mean()
    assert liked["machine"] < liked["person"] - 0.15
    everywhere = exports["tickets"][exports["tickets"]["service"] != "chat-assistant"].reset_index(drop=True)
    others = effects.came_back(everywhere).groupby(everywhere["resolver"]).mean()
    assert 0.02 < others["person"] < 0.07 and others["machine"] < 0.09


def test_nothing_about_a_ticket_of_the_stable_service_says_whether_it_is_late(tickets):
    mine = of(tickets, "email").dropna(subset="sla_met")
    late = mine["sla_met"].eq(False)
    local = mine["opened"].dt.tz_convert("Europe/Berlin")
    for name, groups in {
        **{c: mine[c] for c in ("category", "subcategory", "channel", "priority", "kind", "configuration_item", "group")},
        "passed on": mine["reassigned"].clip(upper=2), "hour": local.dt.hour.clip(8, 17),
        "weekday": local.dt.day_of_week.clip(upper=4),
    }.items():  # fmt: skip
        chance = stats.chi2_contingency(pd.crosstab(groups, late)).pvalue
        assert chance > 0.002, (name, chance)


def test_people_ask_by_number_and_some_come_back(tickets):
    assert tickets["requester"].str.fullmatch(r"U\d{7}").all()
    assert tickets["resolver"].notna().eq(tickets["resolved"].notna()).all()
    for one in demo.SERVICES:
        number = of(tickets, one.id)["requester"].str[1:].astype(int)
        assert number.between(1, one.users).all()
