"""A proposed mapping places what a person would, says how sure it is, and names what it could not find."""

import time

import duckdb
import numpy as np
import pandas as pd
import pytest

from sipnb.records import prepare
from sipnb.records import sources as origins
from sipnb.records.suggest import suggest, synonyms, times
from sipnb.validation import WorkbookError, read_yaml
from tests.conftest import public_data
from tests.records import shapes
from tests.records.exports import CYCLE, EXPORTS, FOLDER, SERVICES, organisation, read

FIXTURES = pytest.mark.parametrize("export", EXPORTS, ids=lambda e: f"{e.system}-{e.file}")


def proposal(frame, system=None):
    return suggest(dict.fromkeys(frame.columns, "VARCHAR"), frame, system)


def sources(suggestion):
    return {column: one.source for column, one in suggestion.placed.items()}


def helpdesk(n=400, *, day_first=True, beyond=True, **columns):
    """A made-up German export of a tool that ships no mapping."""
    rng = np.random.default_rng(5)
    opened = pd.Timestamp("2026-09-01 08:00") + pd.to_timedelta(np.sort(rng.integers(0, 60 * 24 * 28, n)), unit="min")
    if not beyond:
        opened = opened.where(opened.day <= 11, pd.Timestamp("2026-09-05 10:00"))
    resolved = opened + pd.to_timedelta(rng.integers(5, 200, n), unit="min")
    form = "%d/%m/%Y %H:%M" if day_first else "%m/%d/%Y %H:%M"
    frame = pd.DataFrame(
        {
            "Vorgangsnummer": [f"V-{i:06d}" for i in range(n)],
            "Anwendung": rng.choice(["E-Mail", "Zahlungsverkehr"], n),
            "Vorgangsart": rng.choice(["Störung", "Anfrage"], n),
            "Eröffnet am": opened.strftime(form),
            "Gelöst am": resolved.strftime(form),
            "Zustand": rng.choice(["Neu", "Geschlossen"], n),
            "Priorität": rng.choice(["Hoch", "Mittel", "Niedrig"], n),
            "Lösungsgruppe": rng.choice(["Desk", "Netz"], n),
            "SLA verletzt": rng.choice(["Ja", "Nein"], n),
            "Aufwand (Minuten)": rng.integers(5, 90, n).astype(str),
            "Betreff": rng.choice(["Kein Zugriff auf Ablage", "Drucker ohne Papier"], n),
            "Farbe": rng.choice(["rot", "blau"], n),
        }
    )
    return frame.assign(**columns)


@FIXTURES
def test_the_system_of_an_export_is_recognised(export):
    found = proposal(read(export.path))
    assert (found.system, found.table) == (export.mapping, export.table)
    assert found.fit >= 0.6 and not found.missing


@FIXTURES
def test_a_proposal_for_an_export_works_without_edits(export, tmp_path):
    text = proposal(read(export.path)).text
    others = {FOLDER / export.system / file: mapping for file, mapping in export.expected.get("with", {}).items()}
    shipped = organisation(tmp_path / "a", {export.path: export.mapping, **others})
    proposed = organisation(tmp_path / "b", {export.path: "proposed", **others}, {"proposed": text})
    before, after = (prepare.check(book, book.cycle(CYCLE)).sources[0] for book in (shipped, proposed))
    assert (after["read"], after["used"], after["reasons"]) == (before["read"], before["used"], before["reasons"])


#: What a person would say the main columns are, where no shipped mapping is asked.
PLAIN = {
    "servicenow/incident.csv": {"ticket": "number", "service": "business_service", "opened": "opened_at",
        "resolved": "resolved_at", "closed": "closed_at", "state": "state", "priority": "priority", "group": "assignment_group",
        "sla_met": "made_sla", "summary": "short_description", "reassigned": "reassignment_count"},
    "jira_service_management/issues.csv": {"ticket": "Issue key", "service": "Component/s", "opened": "Created",
        "resolved": "Resolved", "state": "Status", "priority": "Priority", "sla_met": "Custom field (Time to resolution)"},
    "zendesk/tickets.json": {"ticket": "id", "kind": "type", "opened": "created_at", "resolved": "metric_set.solved_at",
        "state": "status", "channel": "via.channel", "on_hold": "metric_set.on_hold_time_in_minutes.calendar"},
    "glpi/tickets_fr.csv": {"ticket": "ID", "kind": "Type", "opened": "Date d'ouverture", "resolved": "Date de résolution",
        "closed": "Date de clôture", "sla_due": "Temps de résolution", "sla_met": "Temps de résolution dépassé"},
    "glpi/tickets_de.csv": {"ticket": "ID", "kind": "Typ", "opened": "Eröffnungsdatum", "resolved": "Lösungsdatum"},
    "itop/incidents.csv": {"ticket": "ref", "service": "service_name", "opened": "start_date", "resolved": "resolution_date",
        "acknowledged": "assignment_date", "sla_met": "sla_ttr_passed", "problem": "parent_problem_ref"},
    "bmc_helix/results_list.csv": {"ticket": "Incident ID*+", "service": "Service*+", "opened": "Reported Date+",
        "resolved": "Last Resolved Date", "state": "Status*", "priority": "Priority*", "sla_met": "SLM Real Time Status"},
    "uci_servicenow/incident_event_log.csv": {"ticket": "number", "opened": "opened_at", "resolved": "resolved_at"},
    "servicenow/change_request.csv": {"change": "number", "kind": "type", "planned_start": "start_date", "started": "work_start",
        "outcome": "close_code"},
    "servicenow/problem.csv": {"problem": "Number", "opened": "Opened", "known_error": "Known error", "cause": "Cause notes"},
}  # fmt: skip


@pytest.mark.parametrize("file", PLAIN)
def test_columns_are_found_by_their_names_and_values_alone(file):
    found = sources(proposal(read(FOLDER / file), "other"))
    assert {column: found.get(column) for column in PLAIN[file]} == PLAIN[file]


@pytest.mark.parametrize(
    "file", [f for f in PLAIN if f.partition("/")[0] in ("servicenow", "itop", "bmc_helix") and "inc" in f]
)
def test_a_proposal_from_names_and_values_alone_reads_the_export(file, tmp_path):
    text = proposal(read(FOLDER / file), "other").text
    book = organisation(tmp_path / "o", {FOLDER / file: "proposed"}, {"proposed": text})
    source = prepare.check(book, book.cycle(CYCLE)).sources[0]
    allowed = {
        "resolved before opened",
        "no service",
        "no kind",
        "after the cut-off",
        "kind is none of incident, request",
    }
    assert source["used"] >= 0.8 * source["read"] and set(source["reasons"]) <= allowed


def test_an_unknown_tool_in_german_is_read(tmp_path):
    found = proposal(helpdesk())
    assert found.system is None and not found.missing
    assert sources(found) == {
        "ticket": "Vorgangsnummer", "service": "Anwendung", "kind": "Vorgangsart", "opened": "Eröffnet am",
        "resolved": "Gelöst am", "state": "Zustand", "priority": "Priorität", "group": "Lösungsgruppe",
        "sla_met": "SLA verletzt", "summary": "Betreff", "effort": "Aufwand (Minuten)",
    }  # fmt: skip
    entries = {column: one.entry for column, one in found.placed.items()}
    assert entries["priority"] == {"map": {"Hoch": 2, "Mittel": 3, "Niedrig": 4}}
    assert entries["sla_met"] == {"map": {"Ja": False, "Nein": True}}
    assert entries["effort"] == {"unit": "minutes"}
    assert entries["kind"]["map"] == {"Störung": "incident", "Anfrage": "request"}
    assert set(found.unplaced) == {"Farbe"}
    helpdesk().to_csv(tmp_path / "export.csv", index=False)
    book = organisation(tmp_path / "o", {tmp_path / "export.csv": "proposed"}, {"proposed": found.text})
    source = prepare.check(book, book.cycle(CYCLE)).sources[0]
    assert (source["read"], source["used"]) == (400, 400)


def test_french_and_spanish_names_are_known():
    french = {"Numéro de ticket": "ticket", "Service concerné": "service", "Date de création": "opened", "Résolu le": "resolved",
              "Équipe": "group", "Gravité": "priority"}  # fmt: skip
    spanish = {"Número de ticket": "ticket", "Aplicación": "service", "Fecha de apertura": "opened", "Fecha de cierre": "closed",
               "Estado": "state", "Prioridad": "priority", "Asunto": "summary"}  # fmt: skip
    for names in (french, spanish):
        found = sources(proposal(pd.DataFrame(columns=list(names), dtype=str)))
        # A tool that only tells when a ticket was closed has no better time for its resolution.
        found.pop("resolved" if "resolved" not in names.values() else "", None)
        assert {names[source]: source for source in names} == {c: s for c, s in found.items() if s}


@pytest.mark.parametrize(
    ("day_first", "beyond", "form", "said"),
    [
        (True, True, "%d/%m/%Y %H:%M", "the first number of dates goes beyond 12"),
        (False, True, "%m/%d/%Y %H:%M", "the second number of dates goes beyond 12"),
        (True, False, "%d/%m/%Y %H:%M", "no date tells day and month apart"),
    ],
)
def test_day_and_month_are_told_apart_or_it_is_said_that_they_cannot_be(day_first, beyond, form, said):
    found = proposal(helpdesk(day_first=day_first, beyond=beyond))
    assert f'"{form}"' in found.text
    assert any(note.startswith(said) for note in found.notes)
    assert f"# {said}" in found.text


@pytest.mark.parametrize(
    ("values", "entry"),
    [
        (["1", "3", "5"], {}),
        (["3 - Moderate", "1 - Critical"], {"pattern": r"^(\d)"}),
        (["P1", "P2", "P4"], {"pattern": r"(\d)"}),
        (["Critical", "High", "Low"], {"map": {"Critical": 1, "High": 2, "Low": 4}}),
        # The numbers count upwards: the words say what is meant.
        (["1 low", "2 normal", "3 high"], {"pattern": r"^\d\W*(.*)$", "map": {"low": 4, "normal": 3, "high": 2}}),
    ],
)
def test_priorities_are_read_however_they_are_written(values, entry):
    frame = helpdesk(300, **{"Priorität": values * (300 // len(values))})
    assert proposal(frame).placed["priority"].entry == entry


def test_events_of_tickets_are_told_from_tickets():
    log = proposal(read(FOLDER / "uci_servicenow/incident_event_log.csv"), "other")
    assert 'events: {"ticket": "number", "at": "sys_updated_at"}' in log.text
    assert log.placed["opened"].entry["fold"] == "first" and log.placed["reassigned"].entry["fold"] == "max"
    upserted = proposal(read(FOLDER / "zendesk/tickets.json"), "other")
    assert "events" not in upserted.text and 'latest: "updated_at"' in upserted.text
    assert "events" not in proposal(helpdesk()).text


def test_missing_value_marks_are_found():
    frame = helpdesk()
    frame.loc[::3, "Gelöst am"] = "?"
    frame.loc[::5, "Betreff"] = "N/A"
    found = proposal(frame)
    assert 'missing: ["", "?", "N/A"]' in found.text
    assert found.placed["resolved"].source == "Gelöst am"


def test_times_in_the_wrong_order_are_not_what_their_names_say():
    frame = helpdesk()
    frame["Gelöst am"], frame["Eröffnet am"] = frame["Eröffnet am"], frame["Gelöst am"]
    found = proposal(frame)
    assert "resolved" not in found.placed
    assert any("'Gelöst am' was not taken as resolved" in note for note in found.notes)


def test_where_no_column_is_the_service_it_is_said_what_to_add_and_what_may_tell_it(tmp_path):
    frame = helpdesk().drop(columns=["Anwendung", "Vorgangsart"])
    found = proposal(frame)
    assert "service" not in found.placed
    assert found.missing["service"].startswith("no column names the service: add `service: {value: NAME}`")
    assert found.missing["service"].endswith("or name a column that may tell it: Lösungsgruppe")
    assert "# TO DO before it can be used: service: no column names the service" in found.text
    assert found.placed["kind"].entry == {"value": "incident"} and found.placed["kind"].confidence < 0.4
    # Adding the one line is enough.
    lines = [line for line in found.text.splitlines() if "# service: …" not in line]
    lines.insert(lines.index("    columns:") + 1, '      service: {"value": "E-Mail"}')
    frame.to_csv(tmp_path / "export.csv", index=False)
    book = organisation(tmp_path / "o", {tmp_path / "export.csv": "proposed"}, {"proposed": "\n".join(lines)})
    assert prepare.check(book).sources[0]["used"] == 400


def test_confidence_is_higher_for_better_evidence():
    frame = helpdesk().rename(columns={"Gelöst am": "Wann gelöst am genau"})
    frame["Priorität"] = np.random.default_rng(1).choice(["rot", "grün", "Hoch"], len(frame), p=[0.3, 0.3, 0.4])
    found = proposal(frame).placed
    best = proposal(helpdesk()).placed
    assert best["ticket"].confidence > 0.9
    assert found["resolved"].confidence < best["resolved"].confidence
    assert "priority" not in found or found["priority"].confidence < best["priority"].confidence
    assert all(0 <= one.confidence <= 1 for one in [*found.values(), *best.values()])


def weather(n=500):
    rng = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "station": rng.choice(["Berlin", "Potsdam"], n),
            "measured": pd.date_range("2026-01-01", periods=n, freq="h").astype(str),
            "temperature": rng.normal(10, 5, n).round(1).astype(str),
            "humidity": rng.integers(20, 100, n).astype(str),
            "wind direction": rng.choice(list("NESW"), n),
            "clouds": rng.choice(["few", "scattered", "broken"], n),
        }
    )


def test_a_table_of_something_else_is_not_forced_into_tickets(tmp_path):
    found = proposal(weather())
    assert found.table == "tickets" and found.system is None
    assert set(found.missing) == {"ticket", "service", "opened"}
    assert all(one.confidence < 0.7 for one in found.placed.values())
    assert "# opened: …  # missing" in found.text
    book = organisation(tmp_path / "o", {FOLDER / "servicenow/incident.csv": "proposed"}, {"proposed": found.text})
    with pytest.raises(WorkbookError, match="columns.opened: is missing"):
        prepare.check(book)


def test_an_empty_sample_is_placed_by_names_alone():
    frame = helpdesk().iloc[:0]
    found = proposal(frame)
    full = proposal(helpdesk())
    assert {"ticket", "service", "opened", "resolved", "priority"} <= set(found.placed)
    assert found.placed["ticket"].confidence < full.placed["ticket"].confidence
    nothing = suggest({}, pd.DataFrame())
    assert set(nothing.missing) == {"ticket", "service", "opened"} and not nothing.unplaced


def test_a_thousand_columns_take_seconds_not_minutes():
    rng = np.random.default_rng(3)
    frame = helpdesk(2_000)
    names = [
        f"{word} {i}" for i, word in enumerate(rng.choice(["field", "custom value", "state of note", "date of x"], 988))
    ]
    frame = pd.concat(
        [frame, pd.DataFrame(rng.choice(["a", "b", "2026-01-01", ""], (2_000, 988)), columns=names)], axis=1
    )
    start = time.process_time()
    found = proposal(frame)
    assert time.process_time() - start < 30
    assert sources(found)["ticket"] == "Vorgangsnummer" and sources(found)["opened"] == "Eröffnet am"


def test_the_same_sample_gives_the_same_proposal():
    frame = helpdesk()
    texts = {proposal(frame).text for _ in range(3)} | {proposal(frame.sample(frac=1, random_state=1)).text}
    assert len(texts) == 1


def test_a_system_can_be_named_and_a_wrong_name_is_answered_with_the_nearest():
    assert proposal(helpdesk(), "glpi").system == "glpi"
    with pytest.raises(WorkbookError, match="nearest valid name: servicenow"):
        proposal(helpdesk(), "servicenw")


def test_odd_names_do_not_break_the_file(tmp_path):
    odd = {'A "quoted": name': "x", "multi\nline # hash": "y", "": "z", "Über {alles}": "1", "'": "2"}
    found = proposal(helpdesk(50).assign(**odd).rename(columns={"Betreff": 'Betreff "kurz": #1'}))
    assert set(odd) <= set(found.unplaced)
    book = organisation(tmp_path / "o", {FOLDER / "servicenow/incident.csv": "proposed"}, {"proposed": found.text})
    with pytest.raises(FileNotFoundError, match="Vorgangsnummer"):
        prepare.check(book)


def test_characters_that_yaml_does_not_read_are_escaped(tmp_path):
    odd = "\x7f\x85\u2028\ufeff\uffff"
    frame = helpdesk().rename(columns={"Betreff": f"Betreff{odd}"}).assign(Zustand=f"Neu{odd}")
    path = tmp_path / "ours.yml"
    path.write_text(proposal(frame).text, encoding="utf-8")
    read_yaml(path)
    assert "\\u0085\\u2028\\ufeff\\uffff" in path.read_text(encoding="utf-8")


def test_services_of_the_test_organisation_are_those_of_the_exports():
    assert {"E-Mail", "Zahlungsverkehr"} <= {name for names in SERVICES.values() for name in names}


# ---- the shapes of tools ---------------------------------------------------------------------------------------------

SHAPE = pytest.mark.parametrize("name", shapes.SHAPES)


@SHAPE
def test_every_column_of_an_unknown_export_is_placed_as_a_person_would(name):
    shape, found = shapes.SHAPES[name], proposal(shapes.frame(name))
    got = {column: source for column, source in sources(found).items() if source is not None}
    assert (found.table, found.system) == (shape.table, shape.system)
    assert got == {column: source for column, source in shape.wanted.items() if source is not None}
    assert {column: found.placed[column].entry for column in shape.entries} == shape.entries
    assert [words for words in shape.text if words not in found.text] == []
    assert not found.unknown


@SHAPE
def test_a_proposal_is_accepted_without_an_edit_or_says_what_to_add(name, tmp_path):
    shape, found = shapes.SHAPES[name], proposal(shapes.frame(name))
    assert set(found.missing) == (set() if shape.runs else {"service"})
    assert ("TO DO before it can be used" in found.text) != shape.runs
    path = tmp_path / "export.csv"
    shapes.frame(name).to_csv(path, index=False)
    # Something has to be planned with, whatever the table.
    others = {} if shape.table in ("tickets", "outages") else {FOLDER / "servicenow/incident.csv": "servicenow"}
    book = organisation(tmp_path / "o", {path: "proposed", **others}, {"proposed": found.text})
    if not shape.runs:
        with pytest.raises(WorkbookError, match="columns.service: is missing"):
            prepare.check(book)
        return
    source = prepare.check(book, book.cycle(CYCLE)).sources[0]
    assert source["read"] == shapes.ROWS and set(source["reasons"]) <= {"left out by the mapping"}
    left = source["reasons"].get("left out by the mapping", 0)
    assert source["used"] == shapes.ROWS - left and left < shapes.ROWS * 0.6


def test_a_column_of_a_few_values_is_no_identifier():
    frame = shapes.frame("resolution as a duration").drop(columns="Reference").rename(columns={"Level": "Number"})
    found = proposal(frame)
    assert found.table == "tickets" and found.placed["ticket"].source == "row"
    assert any("each row counts as a ticket of its own" in note for note in found.notes)


def test_numbers_that_repeat_without_anything_in_common_are_no_identifier():
    frame = shapes.frame("swedish list")
    frame["Ärendenummer"] = [f"A-{1000 + i % 60}" for i in range(len(frame))]
    found = proposal(frame)
    assert found.placed["ticket"].source == "row"
    assert any("'Ärendenummer' is no identifier" in note for note in found.notes)


def test_snapshots_take_the_latest_row_and_a_history_its_events():
    frame = shapes.frame("servicenow it")
    later = frame.assign(**{"Aggiornato il": "01/12/2026 08:00:00", "Stato": "Chiuso"})
    found = proposal(pd.concat([frame, later]))
    assert 'latest: "Aggiornato il"' in found.text and "events:" not in found.text
    history = pd.DataFrame(
        {
            "SR Number": np.repeat([f"1-{i}" for i in range(100)], 3),
            "Change Date+Time": pd.date_range("2026-09-01", periods=300, freq="20min").strftime(
                "%Y-%m-%dT%H:%M:%S+02:00"
            ),
            "Status": ["Accepted", "In Progress", "Completed"] * 100,
            "Product": ["E-Mail"] * 300,
        }
    )
    found = proposal(history)
    assert 'events: {"ticket": "SR Number", "at": "Change Date+Time"}' in found.text
    assert found.placed["opened"].source == "Change Date+Time" and found.placed["opened"].entry == {"fold": "first"}
    assert found.placed["resolved"].entry == {"given": {"state": ["resolved"]}, "fold": "max"}


def test_a_list_of_incidents_is_no_list_of_problems_whatever_columns_it_has():
    frame = shapes.frame("problems")
    assert proposal(frame[["Number", "Opened", "Resolved", "Service"]]).table == "problems"
    for number in ("INC{:07d}", "REQ{:05d}", "{}"):
        frame["Number"] = [number.format(1000 + i) for i in range(len(frame))]
        found = proposal(frame[["Number", "Opened", "Resolved", "Service", "State"]])
        assert (found.table, found.system, found.missing) == ("tickets", None, {})


def test_what_tells_incidents_from_requests_is_the_kind_whatever_it_is_called():
    frame = shapes.frame("swedish list").rename(columns={"Ärendetyp": "Category"})
    found = proposal(frame)
    assert found.placed["kind"].source == "Category" and "category" not in found.placed


def test_a_title_above_the_header_is_suspected():
    frame = pd.DataFrame({"Incidents by service": ["Ticket,Service,Created", "T1,mail,2026-09-01 08:00"]})
    assert any("titles stand above the header" in note for note in proposal(frame).notes)
    assert not any("titles stand above" in note for note in proposal(weather()).notes)


def test_states_that_nobody_knows_are_listed_and_left_for_a_person():
    frame = shapes.frame("swedish list")
    frame.loc[::2, "Status"] = "Grönmarkerad"
    found = proposal(frame)
    assert found.unknown == {"state": ["Grönmarkerad"]}
    assert "#   state: add to its map what these mean: 'Grönmarkerad'" in found.text


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("01/09/2026 08:00", "{A}/{B}/%Y %H:%M"),
        ("1.9.2026, 8:00 Uhr", "{A}.{B}.%Y, %H:%M Uhr"),
        ("Sep 1, 2026 08:00 AM", "%b %d, %Y %I:%M %p"),
        ("01/Sept/26 9:30 AM", "%d/%b/%y %I:%M %p"),
        ("Tuesday, September 1, 2026 8:00 AM", "%A, %B %d, %Y %I:%M %p"),
        ("Tue, 01 Sep 2026 08:00:00 +0200", "%a, %d %b %Y %H:%M:%S %z"),
        ("2026-09-01 08:00:00,123", "%Y-%m-%d %H:%M:%S,%f"),
        ("20260901T080000", "%Y%m%dT%H%M%S"),
        ("2026-09-01T08:00:00.000+0200", "iso"),
        ("1791187200", "epoch"),
        ("1791187200123", "epoch_ms"),
        ("12 janv. 2026 08:00", None),
        ("R-20260901", None),
        ("1.5", None),
    ],
)
def test_times_are_recognised_however_they_are_written(value, form):
    assert times.shape(value) == form
    if form and "%" in form and "Sept/" not in value:
        written = form.replace("{A}", "%d").replace("{B}", "%m")
        (read,) = duckdb.execute("SELECT try_strptime(?, ?)::VARCHAR", [value, written]).fetchone()
        assert read.startswith("2026-09-01 0")


def test_names_of_months_that_no_format_reads_are_said():
    frame = shapes.frame("topdesk nl").assign(Aanmelddatum="12-okt-2026 08:00")
    found = proposal(frame)
    assert found.missing["opened"].endswith("(times stand in Aanmelddatum, Streefdatum, Datum gereed, Datum afgemeld)")
    assert "names of months that are not English" in found.unplaced["Aanmelddatum"]


def test_day_and_month_are_told_from_all_dates_not_from_the_most_frequent():
    days = pd.date_range("2026-01-01", "2026-09-30", freq="40min").strftime("%d/%m/%Y %H:%M")
    frame = pd.DataFrame(
        {"Number": [f"INC{i}" for i in range(len(days))], "Service": "mail", "Opened": days, "State": "Closed"}
    )
    assert "goes beyond 12: it is the day" in proposal(frame).text


@pytest.mark.parametrize(
    ("value", "meant"),
    [("Closed - Resolved by caller", "closed"), ("Closed (duplicate)", "cancelled"), ("Waiting on Customer", "on hold"),
     ("pending auto close+", "resolved"), ("Wacht op klant", "on hold"), ("In attesa cliente", "on hold"), ("Not resolved", None),
     ("Reopened", "in progress"), ("Rechazado", "cancelled"), ("30_Erledigt", "resolved"), ("Xyz", None)],
)  # fmt: skip
def test_a_state_means_what_its_words_say(value, meant):
    assert synonyms.state(value, synonyms.words()["states"]) == meant


# ---- cases from the field --------------------------------------------------------------------------------------------

#: What each export of the public cases is, where it is not tickets, and what its proposal cannot do without being told.
CASES = {
    "04-outage-without-end": {"outages.csv": "outages"},
    "b12-recording-began-late": {"outages.csv": "outages", "tickets.csv": "tickets"},
    "b15-survey-scales": {"surveys.csv": "surveys", "tickets.csv": "tickets"},
    "01-cancelled-not-open": {"tickets.csv": "tickets"},
    "09-excel-serials": {"t.csv": "tickets"},
    "11-dutch-topdesk": {"t.csv": "tickets"},
    "12-dst-doubled-hour": {"t.csv": "tickets"},
    "13-duplicate-ids-updates": {"a_2026-08.csv": "tickets", "b_2026-11.csv": "tickets"},
    "14-decimals-thousands": {"eu.csv": "tickets", "us.csv": "tickets"},
    "16-missing-month": {"tickets.csv": "tickets"},
    "26-servicenow-list-view": {"default.csv": "tickets", "more.csv": "tickets", "short.csv": "tickets"},
    "b02-servicenow-ritm-cancelled": {"incident.csv": "tickets"},
    "b19-column-rowid": {"t.csv": "tickets"},
    "b20-jira-repeated-multiline-sept": {"jira.csv": "tickets"},
}


@pytest.mark.parametrize(("case", "file"), [(case, file) for case, files in CASES.items() for file in files])
def test_an_export_of_a_public_case_is_placed(case, file):
    path = public_data("").parent / "cases" / case / "data" / file
    if not path.is_file():
        pytest.skip(f"the public cases are not here: looked for {path}")
    found = suggest(*origins.sample(path))
    assert found.table == CASES[case][file]
    assert set(found.missing) == ({"service"} if file == "default.csv" else set())
    assert not found.unknown
    if case.startswith("13"):
        assert 'latest: "Updated"' in found.text
    if case.startswith("11"):
        assert sources(found) == {
            **{"ticket": "Meldingnummer", "service": "Dienst", "kind": "Soort melding", "opened": "Aanmelddatum"},
            **{"resolved": "Datum gereed", "state": "Status", "priority": "Prioriteit", "group": "Behandelaarsgroep"},
        }


def test_a_supplement_alone_is_refused_with_what_it_supplements(tmp_path):
    """The goals of tickets say nothing without the tickets."""
    goals = FOLDER / "servicenow/task_sla.csv"
    book = organisation(tmp_path / "o", {goals: "servicenow_task_sla"})
    with pytest.raises(WorkbookError, match="supplements tickets, and no source gives tickets"):
        prepare.check(book)


def test_who_asked_is_not_who_works_on_it():
    people = ["Ana Bell", "Cy Dorn", "Eva Fox", "Gus Hill"] * 100
    found = proposal(helpdesk(**{"assigned_to": people, "opened_by": people, "caller_id": people[::-1]}))
    assert found.placed["requester"].source == "caller_id"
    assert {"assigned_to", "opened_by"} <= set(found.unplaced), "nobody else is taken"
    assert (
        "requester"
        not in proposal(helpdesk(**{"Assignee": people, "Technician": people, "Resolved by": people})).placed
    )


def test_machines_are_told_from_people_and_names_are_neither():
    found = proposal(helpdesk(**{"Resolved by bot": ["yes", "no", "no", "no"] * 100})).placed["resolver"]
    assert found.entry == {"map": {"no": "person", "yes": "machine"}}
    assert "resolver" not in proposal(helpdesk(**{"Resolver": ["Ana Bell", "Cy Dorn"] * 200})).placed


@pytest.mark.parametrize("name", ["u_on_hold_reason", "hold_reason", "Pending Reason", "Wartegrund", "wachtreden"])
def test_why_tickets_wait_is_said_to_belong_to_their_events(name):
    found = proposal(helpdesk(**{name: ["supplier", "user"] * 200}))
    assert found.unplaced[name].endswith("why a ticket waits: `reason` of ticket_events")


def test_what_failed_in_an_outage_is_placed():
    frame = pd.DataFrame({"Outage Start": ["2026-08-01 07:00"] * 9, "Outage End": ["2026-08-01 09:00"] * 9, "Service": "mail",
                          "cmdb_ci": ["mail-db-01", "mail-gw-01", "mail-app-02"] * 3})  # fmt: skip
    found = proposal(frame)
    assert (found.table, found.placed["configuration_item"].source) == ("outages", "cmdb_ci")
