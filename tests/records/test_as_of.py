"""Records are used as they stood at the cut-off, with history or without."""

import duckdb
import pandas as pd
import pytest

from sipnb import places, workbook
from sipnb.records import prepare
from sipnb.records.frozen import Records
from tests.conftest import public_data
from tests.records.test_prepare import organisation

TICKETS = "ticket,service,kind,opened,resolved,closed,state,priority,group,reopened,reassigned,on_hold,sla_met"
EVENTS = "ticket,service,at,state,on_hold,group,priority"
SOURCES = "sources:\n  - {name: tickets, files: t.csv}\n  - {name: ticket_events, files: e.csv}\n"


def stood(folder, tickets, events, *, history=True):
    """The tickets at the end of September 2026 (2026-09-30 22:00 UTC), by number."""
    book = organisation(folder / "o", tickets, header=TICKETS)
    if history:
        (folder / "o" / "e.csv").write_text("\n".join([EVENTS, *events]) + "\n", encoding="utf-8")
        text = (folder / "o" / "workbook.yml").read_text(encoding="utf-8")
        head, _, tail = text.partition("sources:\n")
        (folder / "o" / "workbook.yml").write_text(head + SOURCES + tail.split("\n", 1)[1], encoding="utf-8")
        book = workbook.load(folder / "o", reports=folder)
    prepare.freeze(book, book.cycle("2026-09"), folder / "r")
    return Records(folder / "r", "pay").tickets.set_index("ticket")


AGAIN = "T1,pay,incident,2026-09-10 08:00,2026-10-09 12:00,2026-10-12 12:00,closed,1,network,2,3,20000,false"
LOG = [
    "T1,pay,2026-09-10 08:00,new,false,desk,3",
    "T1,pay,2026-09-10 09:00,on hold,true,desk,3",
    "T1,pay,2026-09-10 10:00,in progress,false,apps,3",
    "T1,pay,2026-09-11 12:00,resolved,false,apps,2",
    "T1,pay,2026-10-05 12:00,in progress,false,network,1",
    "T1,pay,2026-10-09 12:00,resolved,false,network,1",
]


def test_a_ticket_reopened_after_the_cut_off_was_resolved_at_it(tmp_path):
    ticket = stood(tmp_path, [AGAIN], LOG).loc["T1"]
    assert ticket["resolved"] == pd.Timestamp("2026-09-11 12:00", tz="UTC")
    assert pd.isna(ticket["closed"])
    known = ticket[["state", "priority", "group", "reopened", "reassigned", "on_hold"]].tolist()
    assert known == ["resolved", 2, "apps", 0, 1, 3600.0]


def test_a_ticket_that_came_from_another_service_has_one_history(tmp_path):
    """Else its first event here would come late in its life, and the group it was sent to would seem to be its first."""
    ticket = "T1,pay,incident,2026-09-10 08:00,2026-09-12 12:00,,resolved,3,apps,0,2,0,false"
    log = [
        "T1,unlisted,2026-09-10 08:00,new,false,desk,3",
        "T1,Store,2026-09-10 09:00,in progress,false,shops,3",
        "T1,pay,2026-09-11 10:00,in progress,false,apps,3",
        "T1,unlisted,2026-10-02 10:00,in progress,false,desk,3",
        "T2,unlisted,2026-09-10 09:00,new,false,desk,3",
    ]
    stood(tmp_path, [ticket, "T3,shop,incident,2026-09-10 08:00,,,new,3,shops,0,0,0,"], log)
    events = Records(tmp_path / "r", "pay").ticket_events
    assert Records(tmp_path / "r", "pay").tickets["moved"].tolist() == [True]
    assert Records(tmp_path / "r", "shop").tickets["moved"].tolist() == [False]
    assert events["group"].tolist() == ["desk", "shops", "apps"] and set(events["ticket"]) == {"T1"}
    assert Records(tmp_path / "r", "shop").ticket_events.empty
    aside = duckdb.sql(f"SELECT line, reason FROM '{tmp_path / 'r' / 'quarantine.parquet'}' ORDER BY line").fetchall()
    assert aside == [(5, "after the cut-off"), (6, "service not listed in services.yml")]


def test_without_history_a_later_resolution_counts_as_open_and_its_end_is_not_known(tmp_path):
    ticket = stood(tmp_path, [AGAIN], LOG, history=False).loc["T1"]
    assert ticket[["resolved", "closed", "state", "reopened", "reassigned", "on_hold", "sla_met"]].isna().all()
    assert ticket["priority"] == 1, "what is not a mark of its end stands as it was exported"


def test_a_ticket_open_at_the_cut_off_is_on_hold_until_then(tmp_path):
    events = ["T1,pay,2026-09-10 08:00,new,false,desk,3", "T1,pay,2026-09-30 20:00,on hold,true,desk,3",
              "T1,pay,2026-10-02 20:00,in progress,false,desk,3"]  # fmt: skip
    ticket = stood(tmp_path, [AGAIN], events).loc["T1"]
    assert (ticket["state"], ticket["on_hold"]) == ("on hold", 2 * 3600.0)
    assert pd.isna(ticket["resolved"])


@pytest.mark.parametrize(
    ("states", "resolved"),
    [
        (
            ("resolved", "closed"),
            "2026-09-12 12:00",
        ),  # closed five days after its resolution, as tools do by themselves
        (("in progress", "closed"), "2026-09-17 12:00"),
        (("resolved", "in progress", "closed"), "2026-09-17 12:00"),
        (("resolved", "cancelled"), None),
    ],
)
def test_the_history_tells_a_resolution_that_no_time_does(tmp_path, states, resolved):
    days = {0: "12", len(states) - 1: "17"}
    events = ["T1,pay,2026-09-10 08:00,new,false,desk,3"]
    events += [f"T1,pay,2026-09-{days.get(i, '14')} 12:00,{state},false,desk,3" for i, state in enumerate(states)]
    row = f"T1,pay,incident,2026-09-10 08:00,,2026-09-17 12:00,{states[-1]},3,desk,0,0,0,true"
    ticket = stood(tmp_path, [row], events).loc["T1"]
    assert ticket["ended"] == pd.Timestamp(resolved or "2026-09-17 12:00", tz="UTC")
    assert ticket["resolved"] == ticket["ended"] if resolved else pd.isna(ticket["resolved"])


def test_a_ticket_that_had_ended_and_did_not_change_is_as_exported(tmp_path):
    row = "T1,pay,incident,2026-09-10 08:00,2026-09-11 12:00,2026-09-12 12:00,closed,2,apps,1,4,7200,true"
    ticket = stood(tmp_path, [row], LOG[:4]).loc["T1"]
    assert ticket[["reopened", "reassigned", "on_hold", "sla_met"]].tolist() == [1, 4, 7200.0, True]


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """The public event log frozen at the end of May 2016, and the log itself for counting by plain SQL."""
    data = public_data("uci_servicenow")
    folder = tmp_path_factory.mktemp("log")
    book = workbook.load(places.PARAMS / "uci_servicenow", data=data, reports=folder)
    prepare.freeze(book, book.cycle("2016-05"), folder / "r")
    with duckdb.connect() as con:
        con.execute(f"CREATE VIEW tickets AS FROM '{folder}/r/tickets/*/*.parquet'")
        con.execute(
            "CREATE TABLE log AS SELECT *, row_number() OVER () AS nth, "
            "try_strptime(sys_updated_at, '%d/%m/%Y %H:%M') AS moment, try_strptime(resolved_at, '%d/%m/%Y %H:%M') AS r "
            f"FROM read_csv('{data}/incident_event_log.csv.gz', all_varchar=true)"
        )
        yield con


def test_the_log_says_of_every_ticket_what_its_last_event_before_the_cut_off_said(log):
    wrong = log.sql(
        "SELECT count(*) FROM tickets JOIN (SELECT number, last(incident_state ORDER BY moment, nth) AS state FROM log "
        "WHERE moment < TIMESTAMP '2016-06-01' GROUP BY 1) l ON ticket = number WHERE tickets.state <> l.state"
    ).fetchone()
    assert wrong == (0,)


def test_a_resolution_written_back_onto_earlier_events_does_not_leak(log):
    open_ones, known, leaks = log.sql(
        "SELECT count(*), count(resolved), count(*) FILTER (back.number IS NOT NULL) FROM tickets "
        "LEFT JOIN (SELECT DISTINCT number FROM log WHERE r IS NOT NULL AND moment < TIMESTAMP '2016-06-01') back "
        "ON ticket = number WHERE state NOT IN ('Resolved', 'Closed')"
    ).fetchone()
    assert open_ones > 500 and known == 0
    assert leaks > 500, "the log itself would have told their resolution"
    latest = log.sql(
        "SELECT max(greatest(opened, resolved, closed)) < TIMESTAMPTZ '2016-06-01 00:00:00+00' FROM tickets"
    ).fetchone()
    assert latest == (True,)
