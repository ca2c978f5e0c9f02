"""Every row read is used or set aside with a reason, and frozen records are the same bytes each time."""

import json

import duckdb
import pandas as pd
import pytest

from sipnb import places, tables, workbook
from sipnb.records import frozen, prepare
from sipnb.records.frozen import DamagedRecords, Records
from sipnb.records.sources import MissingInput
from sipnb.workbook import WorkbookError
from tests import schemas
from tests.conftest import PUBLIC, public_data

GOOD = "T{0},pay,incident,2026-09-{0:02d} 10:00,2026-09-{0:02d} 12:00,3"


def organisation(folder, rows, *, header="ticket,service,kind,opened,resolved,priority", files="t.csv", extra=""):
    folder.mkdir(exist_ok=True)
    (folder / "workbook.yml").write_text(
        f"organisation: Test\nzone: Europe/Berlin\nsources:\n  - {{name: tickets, files: '{files}'}}\n"
        f"gate: {{stop_set_aside: 0.9}}\n{extra}",
        encoding="utf-8",
    )
    (folder / "services.yml").write_text(
        "services:\n  pay: {name: Payments, owner: Lead}\n  shop: {name: Web shop, owner: Lead, match: [Store]}\n",
        encoding="utf-8",
    )
    if rows is not None:
        (folder / "t.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return workbook.load(folder, reports=folder.parent / "reports")


def reasons(book, cycle="2026-09"):
    found = prepare.check(book, book.cycle(cycle) if cycle else None)
    (source,) = found.sources
    assert source["read"] == source["used"] + source["set_aside"] == source["used"] + sum(source["reasons"].values())
    return source, found


def test_good_rows_are_all_used(tmp_path):
    source, _ = reasons(organisation(tmp_path / "o", [GOOD.format(d) for d in range(1, 20)]))
    assert (source["read"], source["used"], source["reasons"]) == (19, 19, {})


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("X,pay,incident,yesterday,,3", "unreadable time"),
        ("X,pay,incident,,,3", "no opened"),
        (",pay,incident,2026-09-03 10:00,,3", "no ticket"),
        ("X,pay,incident,2026-09-03 10:00,2026-09-02 10:00,3", "resolved before opened"),
        ("X,pay,question,2026-09-03 10:00,,3", "kind is none of incident, request"),
        ("X,pay,incident,2026-09-03 10:00,soon,3", "unreadable time"),
        ("X,nobody,incident,2026-09-03 10:00,,3", "service not listed in services.yml"),
        ("X,pay,incident,2026-10-03 10:00,,3", "after the cut-off"),
        ("T1,pay,incident,2026-09-01 10:00,2026-09-01 12:00,3", "duplicate row"),
        ("T1,pay,incident,2026-09-01 10:00,2026-09-01 13:00,3", "duplicate identifier with different content"),
        ("X,pay,incident,2026-09-03 10:00,,3,more,fields", "malformed line"),
        ("X,pay", "malformed line"),
    ],
)
def test_a_bad_row_is_set_aside_with_its_reason(tmp_path, row, reason):
    good = [GOOD.format(d) for d in range(1, 10)]
    source, _ = reasons(organisation(tmp_path / "o", [*good, row]))
    assert source["used"] == 9
    assert source["reasons"] == {reason: 1}


def test_the_quarantine_names_file_line_column_and_value(tmp_path):
    book = organisation(tmp_path / "o", [GOOD.format(1), "X,pay,incident,soon,,3"])
    prepare.freeze(book, book.cycle("2026-09"), tmp_path / "r")
    rows = duckdb.sql(f"SELECT * FROM '{tmp_path / 'r' / 'quarantine.parquet'}'").df()
    row = rows.iloc[0]
    assert (row["file"], row["line"], row["column"], row["value"], row["reason"]) == (
        "t.csv", 3, "opened", "≈ aaa, 4 letters", "unreadable time",
    )  # fmt: skip


def test_a_service_is_found_by_identifier_name_or_alias(tmp_path):
    rows = [
        f"T{i},{name},incident,2026-09-01 10:00,,3" for i, name in enumerate(["shop", "Web shop", "STORE", "web SHOP"])
    ]
    source, found = reasons(organisation(tmp_path / "o", rows))
    assert source["used"] == 4
    assert found.services["shop"]["rows"] == {"tickets": 4}


def test_what_happened_after_the_cut_off_is_not_known(tmp_path):
    rows = [
        "T1,pay,incident,2026-09-20 10:00,2026-10-02 10:00,3",
        "T2,pay,incident,2026-09-20 10:00,2026-09-30 21:59,3",
    ]
    book = organisation(tmp_path / "o", rows)
    prepare.freeze(book, book.cycle("2026-09"), tmp_path / "r")
    tickets = Records(tmp_path / "r", "pay").tickets.set_index("ticket")
    assert pd.isna(tickets.loc["T1", "resolved"])
    assert tickets.loc["T2", "resolved"] == pd.Timestamp("2026-09-30 21:59", tz="UTC")


def test_times_without_a_zone_are_those_of_the_mapping(tmp_path):
    book = organisation(tmp_path / "o", [GOOD.format(1)])
    prepare.freeze(book, book.cycle("2026-09"), tmp_path / "r")
    assert Records(tmp_path / "r", "pay").tickets["opened"].iloc[0] == pd.Timestamp("2026-09-01 10:00", tz="UTC")


def test_a_missing_file_says_where_it_was_looked_for(tmp_path):
    book = organisation(tmp_path / "o", None)
    with pytest.raises(MissingInput, match=str(tmp_path / "o" / "t.csv")):
        prepare.check(book)


def test_a_missing_required_column_names_the_nearest(tmp_path):
    book = organisation(tmp_path / "o", ["T1,pay,incident,2026-09-01"], header="ticket,service,kind,openend")
    with pytest.raises(MissingInput, match="'opened'.*nearest valid name: openend"):
        prepare.check(book)


def test_header_only_and_empty_service_are_no_error(tmp_path):
    source, found = reasons(organisation(tmp_path / "o", []))
    assert source["read"] == 0
    assert any(f.rule == "empty source" for f in found.findings)


def test_the_gate_stops_where_too_much_is_wrong(tmp_path):
    bad = [f"X{i},pay,incident,soon,,3" for i in range(10)]
    book = organisation(tmp_path / "o", [GOOD.format(1), *bad])
    with pytest.raises(prepare.GateStopped, match="10 of 11 rows"):
        prepare.freeze(book, book.cycle("2026-09"), tmp_path / "r")
    assert not (tmp_path / "r").exists(), "nobody finds records that the gate stopped"


def test_two_services_may_not_share_a_name(tmp_path):
    book = organisation(tmp_path / "o", [GOOD.format(1)])
    (tmp_path / "o" / "services.yml").write_text(
        "services:\n  pay: {name: Payments, owner: A}\n  shop: {name: Shop, owner: B, match: [payments]}\n",
        encoding="utf-8",
    )
    book = workbook.load(tmp_path / "o", reports=tmp_path)
    with pytest.raises(WorkbookError, match="give each service names of its own"):
        prepare.check(book)


def test_freezing_twice_gives_the_same_bytes(tmp_path):
    book = organisation(tmp_path / "o", [GOOD.format(d) for d in range(1, 28)])
    first = prepare.freeze(book, book.cycle("2026-09"), tmp_path / "a")
    second = prepare.freeze(book, book.cycle("2026-09"), tmp_path / "b")
    assert first == second
    assert first["files"], "something was frozen"


def test_the_demo_freezes_whole_and_validates(demo_records, demo_book):
    quality = json.loads((demo_records / "quality.json").read_text(encoding="utf-8"))
    for source in quality["sources"]:
        assert source["read"] == source["used"] + source["set_aside"]
        assert set(source["reasons"]) <= {"after the cut-off"}, source
    assert not [r for r in quality["rules"] if r["level"] == "stop" and r["outcome"] == "found"]
    records = Records(demo_records, "archive")
    for name in tables.TABLES:
        frame = records.table(name)
        assert list(frame.columns) == list(tables.TABLES[name].columns)
    assert len(records.tickets) == records.account["rows"]["tickets"] > 50


def test_frozen_records_that_were_changed_are_refused(tmp_path):
    book = organisation(tmp_path / "o", [GOOD.format(d) for d in range(1, 10)])
    quality = prepare.freeze(book, book.cycle("2026-09"), tmp_path / "r")
    (file,) = [f for f in quality["files"] if f.startswith("tickets/service=pay")]
    path = tmp_path / "r" / file
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(DamagedRecords, match="differs"):
        _ = Records(tmp_path / "r", "pay").tickets
    path.unlink()
    with pytest.raises(DamagedRecords, match="is missing"):
        _ = Records(tmp_path / "r", "pay").tickets


def test_the_public_event_log_folds_into_its_known_answers(tmp_path):
    book = workbook.load(places.PARAMS / "uci_servicenow", data=public_data("uci_servicenow"), reports=tmp_path)
    source, found = reasons(book, None)
    r = found.recorded
    assert (source["read"], r["tickets"], r["reopened"], r["resolved"]) == (141_712, 24_918, 275, 23_362)
    assert r["sla_known"] - r["sla_met"] == 9_115
    assert round(100 * r["sla_met"] / r["sla_known"], 2) == 63.42
    assert (round(r["median_hours"], 2), round(r["mean_hours"], 2)) == (22.10, 178.17)
    assert found.services["category-42"]["rows"]["tickets"] == 3_558
    assert any(f.rule == "thin edge" and f.facts["last_full_month"] == "2016-05" for f in found.findings)


def test_an_event_log_is_used_as_it_stood_at_the_cut_off(tmp_path):
    book = workbook.load(places.PARAMS / "uci_servicenow", data=public_data("uci_servicenow"), reports=tmp_path)
    cycle = book.cycle("2016-05")
    prepare.freeze(book, cycle, tmp_path / "r")
    tickets = Records(tmp_path / "r", "category-42").tickets
    # The log writes the later resolution back onto the first event: it must not be known before it happened.
    assert tickets["resolved"].isna().sum() > 50
    assert tickets[["opened", "resolved", "closed"]].max().max() < cycle.cutoff


def test_an_incident_of_several_components_is_one_row_of_each(tmp_path):
    book = workbook.load(places.PARAMS / "github_status", data=public_data("github_status"), reports=tmp_path)
    source, found = reasons(book, None)
    assert source["read"] == 819
    assert found.services[tables.ESTATE]["rows"]["outages"] == 158 + 3, (
        "those that name no component, and the page itself"
    )
    assert found.tables["outages"]["rows"] > 819


@pytest.mark.parametrize("change", ["append", "replace", "another file"])
def test_an_export_that_changes_while_it_is_read_is_not_taken_for_the_one_before(tmp_path, monkeypatch, change):
    book = organisation(tmp_path / "o", [GOOD.format(day) for day in range(1, 20)], files="*.csv")
    path, stage = tmp_path / "o" / "t.csv", prepare.staging.stage

    def meanwhile(*given):
        if change == "append":
            path.write_text(path.read_text() + GOOD.format(20) + "\n")
        elif change == "replace":
            path.with_suffix(".new").write_text(path.read_text().replace(",3", ",2"))
            path.with_suffix(".new").replace(path)
        else:
            (tmp_path / "o" / "u.csv").write_text(path.read_text())
        return stage(*given)

    monkeypatch.setattr(prepare.staging, "stage", meanwhile)
    with pytest.raises(MissingInput, match=r"\w\.csv changed while it was read: let its export end, and run again"):
        prepare.freeze(book, book.cycle("2026-09"), tmp_path / "records")
    assert not (tmp_path / "records").exists()


@pytest.mark.parametrize("name", ["demo", "hard", *PUBLIC])
def test_what_is_frozen_is_canonical(name, root):
    folder = root(name) / "records"
    supplied = frozen.read_quality(folder)["tables"]
    assert "tickets" in supplied or "outages" in supplied
    for table in supplied:
        schemas.schema(table).validate(frozen.of_all(folder, table))


def test_the_mean_of_the_account_is_exact_however_many_threads_add_it_up(tmp_path):
    seconds = [(37 * i * i + 11 * i) % 86_399 + 1 for i in range(30_000)]
    opened = pd.Timestamp("2026-09-01 00:00:00")
    rows = [f"T{i},pay,incident,{opened},{opened + pd.Timedelta(s, unit='s')},3" for i, s in enumerate(seconds)]
    book = organisation(tmp_path / "o", rows)
    assert prepare.check(book, None).record()["recorded"]["mean_hours"] == sum(seconds) / len(seconds) / 3600
