"""What stands in an export is read as people and tools write it: numbers, spans, times, headers, odd names."""

import json
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter

from sipnb import workbook
from sipnb.records import prepare
from sipnb.records.frozen import Records
from sipnb.validation import WorkbookError

COLUMNS = {
    "ticket": "Ticket",
    "service": "Service",
    "kind": "{value: incident}",
    "opened": "Created",
    "resolved": "Resolved",
}
HEAD = "Ticket,Service,Created,Resolved"
USUAL = "T{0},pay,2026-09-{0:02d} 10:00,2026-09-{0:02d} 12:00"


def book(folder: Path, text: str, *, top="", more="", source="", table="", zone="UTC", file="t.csv", **columns):
    """An organisation with one file and a mapping of its own: `columns` beside or instead of the usual ones."""
    folder.mkdir(exist_ok=True)
    if text:
        (folder / file).write_text(text, encoding="utf-8")
    listed = "\n".join(f"      {name}: {how}" for name, how in (COLUMNS | columns).items() if how)
    (folder / "mappings").mkdir(exist_ok=True)
    (folder / "mappings" / "own.yml").write_text(
        f"system: own\n{top}\ntables:\n  tickets:\n{table}    columns:\n{listed}\n{more}", encoding="utf-8"
    )
    (folder / "workbook.yml").write_text(
        f"organisation: Test\nzone: {zone}\nsources:\n  - {{name: tickets, files: '{file}', mapping: own{source}}}\n"
        "gate: {stop_set_aside: 0.9, levels: {beyond the records: note}}\n",
        encoding="utf-8",
    )
    (folder / "services.yml").write_text("services:\n  pay: {name: Payments, owner: Lead}\n", encoding="utf-8")
    return workbook.load(folder, reports=folder.parent / "reports")


def frozen(folder: Path, text: str, wanted="tickets", **settings) -> pd.DataFrame:
    """The frozen rows of a file, in its order of tickets."""
    own = book(folder / "o", text, **settings)
    prepare.freeze(own, own.cycle("2026-12"), folder / "r")
    return Records(folder / "r", "pay").table(wanted)


def account(folder: Path, text: str, **settings) -> dict:
    (source,) = prepare.check(book(folder / "o", text, **settings)).sources
    assert source["read"] == source["used"] + source["set_aside"] == source["used"] + sum(source["reasons"].values())
    return source


def column(folder: Path, values: list[str], name: str, how: str, **settings) -> list:
    """A column of tickets as it is frozen; NaN where a value was no good."""
    rows = [f'{USUAL.format(i)},"{value}"' for i, value in enumerate(values, start=1)]
    return frozen(folder, "\n".join([f"{HEAD},Value", *rows]) + "\n", **{name: how}, **settings)[name].tolist()


# -- numbers and spans ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decimal", "written", "hours"),
    [
        (".", "1,234.5", 1234.5), (".", "1,000", 1000), (".", "0.5", 0.5), (".", "1,234,567", 1234567), (".", "1,5", None),
        (".", "1,0000", None), (".", "12,34.5", None), (".", "1 000", 1000), (".", "1\u00a0000.5", 1000.5),
        (".", "1\u202f000", 1000), (".", "1'000.5", 1000.5), (".", "1\u2019000", 1000), (".", "1,000 000", None),
        (".", "+1,000", 1000),
        (",", "1.234,5", 1234.5), (",", "0,5", 0.5), (",", "12,25", 12.25), (",", "1.000", 1000), (",", "1.5", None),
        (",", "1 000,5", 1000.5), (",", "1'000,5", 1000.5), (",", "1,234.5", None), (",", "7", 7),
    ],
)  # fmt: skip
def test_a_number_is_read_by_its_decimal_sign_and_proper_thousands_marks(tmp_path, decimal, written, hours):
    (found,) = column(tmp_path, [written], "effort", "Value", top=f'decimal: "{decimal}"')
    assert found == hours if hours is not None else pd.isna(found)


@pytest.mark.parametrize(
    ("decimal", "written", "times"),
    [
        (".", "1,000", 1000),
        (".", "3.0", 3),
        (".", "3,0", None),
        (".", "3.5", None),
        (",", "1.000", 1000),
        (",", "3,0", 3),
    ],
)
def test_a_count_is_read_like_a_number(tmp_path, decimal, written, times):
    (found,) = column(tmp_path, [written], "reassigned", "Value", top=f'decimal: "{decimal}"')
    assert found == times if times is not None else pd.isna(found)


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("90", 1.5), ("1w 2d 3h", 219), ("2 days 3 hours", 51), ("3h 15m", 3.25), ("1 day, 02:03:04", 24 + 2 + 184 / 3600),
        ("1d", 24), ("1.5h", 1.5), ("2 hours 5 minutes", 2 + 5 / 60), ("2 Stunden 5 Minuten", 2 + 5 / 60),
        ("2 heures et 5 minutes", 2 + 5 / 60), ("26:15:00", 26.25), ("1,200 hours", 1200), ("45 min", 0.75), ("3H15M", 3.25),
        ("3h 1 month", None), ("2 hours 3 days", None), ("h", None), ("1:30", None),
    ],
)  # fmt: skip
def test_a_span_in_words_says_its_own_unit(tmp_path, written, hours):
    (found,) = column(tmp_path, [written], "effort", "{from: Value, unit: minutes}")
    assert found == pytest.approx(hours) if hours is not None else pd.isna(found)


def test_a_working_day_is_as_long_as_the_mapping_says(tmp_path):
    found = column(tmp_path, ["1w 2d 3h", "3h"], "effort", "{from: Value, unit: seconds, workday: 8}")
    assert found == [59, 3]


def test_a_span_below_nought_is_negative_in_words_and_by_less_than_a_minute(tmp_path):
    values = ["-1d 2h", "-3h 15m", "-0:00", "0:00", "1d", "-0:06", "\u22122h"]
    found = column(tmp_path, values, "sla_met", '{from: Value, unit: "h:mm", negative: false}')
    assert found == [False, False, False, True, True, False, False]


# -- times ---------------------------------------------------------------------------------------------------------------


def test_a_time_that_only_fits_on_the_second_pass_of_a_doubled_hour_is_of_that(tmp_path):
    rows = [
        "A,pay,2026-10-25 02:40,2026-10-25 02:10,,",  # 40 minutes, not -20
        "B,pay,2026-10-25 02:10,2026-10-25 02:40,,",  # the first pass, as ever
        "C,pay,2026-10-25 01:00,2026-10-25 04:00,,",  # four hours
        "D,pay,2026-10-25 02:40,2026-10-25 04:00,2026-10-25 02:10,",  # acknowledged on the second
        "E,pay,2026-10-25 02:05,2026-10-25 02:20,2026-10-25 02:50,2026-10-25 02:25",  # what follows follows
        "F,pay,2026-10-25 02:40+02:00,2026-10-25 02:50+02:00,2026-10-25T02:45:00+02:00,",  # they say their own zone
    ]
    text = f"{HEAD},Seen,Closed\n" + "\n".join(rows) + "\n"
    found = frozen(tmp_path, text, top="times: {zone: Europe/Berlin}", acknowledged="Seen", closed="Closed").set_index(
        "ticket"
    )
    minutes = ((found["resolved"] - found["opened"]).dt.total_seconds() / 60).to_dict()
    assert minutes == {"A": 30, "B": 30, "C": 240, "D": 140, "E": 75, "F": 10}
    assert (found["acknowledged"] - found["opened"]).dt.total_seconds()["D"] == 30 * 60
    assert found["closed"]["E"] == pd.Timestamp("2026-10-25 01:25", tz="UTC")


@pytest.mark.parametrize(
    ("zone", "opened", "resolved", "minutes"),
    [
        ("America/Santiago", "2026-04-04 23:40", "2026-04-04 23:10", 30),
        ("America/Santiago", "2026-04-04 23:10", "2026-04-04 23:40", 30),
        ("Australia/Lord_Howe", "2026-04-05 01:50", "2026-04-05 01:40", 20),
        ("America/New_York", "2026-11-01 01:40", "2026-11-01 01:10", 30),
        ("Asia/Kolkata", "2026-10-25 02:10", "2026-10-25 02:40", 30),
    ],
)
def test_every_zone_has_its_own_doubled_hour(tmp_path, zone, opened, resolved, minutes):
    found = frozen(tmp_path, f"{HEAD}\nA,pay,{opened},{resolved}\n", top=f"times: {{zone: {zone}}}")
    assert (found["resolved"] - found["opened"]).dt.total_seconds().tolist() == [minutes * 60]


def test_a_local_timestamp_of_parquet_has_a_second_pass_too(tmp_path):
    (tmp_path / "o").mkdir()
    times = pd.to_datetime(["2026-10-25 02:40", "2026-10-25 02:10"])
    frame = pd.DataFrame({"Ticket": ["A"], "Service": ["pay"], "Created": times[:1], "Resolved": times[1:]})
    frame.to_parquet(tmp_path / "o" / "t.parquet")
    found = frozen(tmp_path, "", top="times: {zone: Europe/Berlin}", file="t.parquet")
    assert (found["resolved"] - found["opened"]).dt.total_seconds().tolist() == [30 * 60]


def test_outages_changes_and_problems_have_a_second_pass(tmp_path):
    more = "  outages:\n    columns: {service: Service, started: Created, ended: Resolved}\n"
    found = frozen(tmp_path, f"{HEAD}\nA,pay,2026-10-25 02:40,2026-10-25 02:10\n", "outages", more=more,
                   top="times: {zone: Europe/Berlin}")  # fmt: skip
    assert (found["ended"] - found["started"]).dt.total_seconds().tolist() == [30 * 60]


def test_an_event_on_the_second_pass_is_not_before_its_ticket(tmp_path):
    more = "  ticket_events:\n    columns: {ticket: Ticket, service: Service, at: Seen}\n"
    rows = ["A,pay,2026-10-25 02:40,,2026-10-25 02:10", "B,pay,2026-10-24 02:40,,2026-10-24 02:10"]
    found = frozen(tmp_path, "\n".join([f"{HEAD},Seen", *rows]) + "\n", "ticket_events", more=more,
                   top="times: {zone: Europe/Berlin}")  # fmt: skip
    assert found["at"].tolist() == [pd.Timestamp("2026-10-25 01:10", tz="UTC")]


@pytest.mark.parametrize(
    ("form", "opened", "resolved"),
    [
        ("serial", "46266.33333", "46266.50000"),
        ("serial", "46266,33333", "46266.5"),
        ("serial1904", "44804.33333", "44804.5"),
    ],
)
def test_the_days_that_a_spreadsheet_counts_are_times(tmp_path, form, opened, resolved):
    decimal = '\ndecimal: ","' if "," in opened else ""
    resolved = resolved.replace(".", ",") if decimal else resolved
    text = f'{HEAD}\nA,pay,"{opened}","{resolved}"\n'
    found = frozen(tmp_path, text, top=f"times: {{zone: Europe/Berlin, formats: [{form}]}}{decimal}")
    assert found["opened"].tolist() == [pd.Timestamp("2026-09-01 06:00", tz="UTC")]
    assert (found["resolved"] - found["opened"]).dt.total_seconds().tolist() == [4 * 3600]


def test_the_day_number_of_a_spreadsheet_names_the_format_to_add(tmp_path):
    found = prepare.check(book(tmp_path / "o", f"{HEAD}\nA,pay,46266.33333,\n"))
    assert found.first("tickets", "unreadable time").endswith("add `serial` to times.formats of the mapping")
    assert "`serial`" in found.stopped() and "t.csv line 2, opened ≈ 99999.99999;" in found.stopped()


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("%d/%b/%y %I:%M %p", "01/Sept/26 9:30 AM"), ("%d/%b/%y %I:%M %p", "01/Sep/26 9:30 AM"),
        ("%d/%b/%y %I:%M %p", "01/Sept./26 9:30 a.m."), ("%d/%b/%y %I:%M %p", "01/September/26 9:30\u202fAM"),
        ("%d %B %Y %H:%M", "1 Sept 2026 09:30"), ("%d %B %Y %H:%M", "1 September 2026 09:30"),
        ("%d. %b %Y %H:%M", "1. Sept. 2026 09:30"), ("%d %b %Y %H:%M", "1 septembre 2026 09:30"),
        ("%m/%d/%Y %I:%M %p", "09/01/2026 9:30\u202fAM"),
    ],
)  # fmt: skip
def test_a_month_is_read_in_full_and_in_short(tmp_path, form, written):
    found = frozen(tmp_path, f"{HEAD}\nA,pay,{written},\n", top=f'times: {{formats: ["{form}"]}}')
    assert found["opened"].tolist() == [pd.Timestamp("2026-09-01 09:30", tz="UTC")]


@pytest.mark.parametrize(
    ("month", "written"),
    [(1, "January Januar janvier janv. Jän. Jan"), (2, "février févr. Feb."), (3, "March März mars Mrz Mär."),
     (4, "avril avr. April"), (5, "Mai May"), (6, "June Juni juin Jun."), (7, "July Juli juillet juil. Jul"),
     (8, "août August aout Aug."), (9, "Sept"), (10, "Okt. octobre Oktober Oct"), (11, "Nov. novembre"),
     (12, "Dez. déc. décembre December")],
)  # fmt: skip
def test_months_are_english_german_or_french(tmp_path, month, written):
    rows = [f"T{i},pay,3 {word} 2025," for i, word in enumerate(written.split())]
    found = frozen(tmp_path, "\n".join([HEAD, *rows]) + "\n", top='times: {formats: ["%d %b %Y"]}')
    assert found["opened"].dt.month.tolist() == [month] * len(rows)


# -- values that are no good ---------------------------------------------------------------------------------------------


def test_an_optional_value_that_is_no_good_is_emptied_and_its_row_used(tmp_path):
    values = ["3", "much", "", "-4", "5"]
    rows = [f"{USUAL.format(i)},{value},{p}" for i, (value, p) in enumerate(zip(values, "12943", strict=True), start=1)]
    own = book(tmp_path / "o", "\n".join([f"{HEAD},Hours,P", *rows]) + "\n", effort="Hours", priority="P")
    found = prepare.check(own)
    (source,) = found.sources
    assert (source["read"], source["used"], source["set_aside"]) == (5, 5, 0)
    told = [
        (e["column"], e["values"], e["filled"], e["file"], e["line"], e["value"], e["reason"])
        for e in source["emptied"]
    ]
    assert told == [
        ("effort", 2, 4, "t.csv", 3, "≈ aaa, 4 letters", "unreadable number"),
        ("priority", 1, 5, "t.csv", 4, "9", "priority above 5"),
    ]
    effort, _ = found.found("unreadable values")
    assert effort.sentence.startswith(
        "2 of 4 values of tickets.effort in tickets (50.0 %) count as missing: unreadable number,"
    )
    assert "first in t.csv line 3, ≈ aaa, 4 letters; set `decimal`" in effort.sentence
    assert found.summary()["emptied"][0] == {"source": "tickets", **source["emptied"][0]}
    quality = prepare.freeze(own, own.cycle("2026-10"), tmp_path / "r")
    assert (
        quality["sources"][0]["emptied"]
        == json.loads((tmp_path / "r" / "quality.json").read_text())["sources"][0]["emptied"]
    )
    frame = Records(tmp_path / "r", "pay").tickets
    assert frame["effort"].isna().tolist() == [False, True, True, True, False]
    assert frame["priority"].isna().tolist() == [False, False, True, False, False]


def test_many_emptied_values_of_a_column_are_a_warning(tmp_path):
    rows = [f"T{i},pay,2026-09-01 10:00,,{'x' if i < 12 else 1}" for i in range(100)]
    found = prepare.check(book(tmp_path / "o", "\n".join([f"{HEAD},Hours", *rows]) + "\n", effort="Hours"))
    assert [f.level for f in found.found("unreadable values")] == ["warn"]


def test_a_value_that_decides_what_a_row_is_still_sets_it_aside(tmp_path):
    source = account(tmp_path, f"{HEAD}\nA,pay,2026-09-01 10:00,soon\nB,pay,2026-09-01 10:00,\n")
    assert source["reasons"] == {"unreadable time": 1} and source["emptied"] == []


def test_emptied_values_of_events_are_counted_where_they_stand(tmp_path):
    text = f"{HEAD},P\nA,pay,2026-09-01 10:00,,2\nA,pay,2026-09-01 10:00,,9\nA,pay,2026-09-01 10:00,,none\n"
    source = account(tmp_path, text, priority="P", table="    events: {ticket: Ticket, at: Created}\n")
    assert source["used"] == 3
    assert [(e["values"], e["filled"], e["line"], e["value"]) for e in source["emptied"]] == [(2, 3, 3, "9")]


# -- headers, totals, odd rows -------------------------------------------------------------------------------------------

TITLES = 'Tickets by service\n"Made by ""Operations"" on",01 Nov 2026\n\n'
TABLE = "\n".join([HEAD, *(USUAL.format(i) for i in range(1, 6))]) + "\n"


@pytest.mark.parametrize("above", [TITLES, 'A "quote\n\n', "Tickets,,,\nMade on,2026-11-01,,\n,,,\n", "Service\n"])
def test_a_title_above_the_header_is_told_and_not_read(tmp_path, above):
    source = account(tmp_path, above + TABLE)
    assert (source["read"], source["used"]) == (5, 5)
    line = above.count("\n") + 1
    assert f"t.csv: the header is line {line}; what stands above it is not read" in source["notes"]


def test_lines_are_counted_from_the_top_of_the_file_below_a_title(tmp_path):
    found = prepare.check(book(tmp_path / "o", TITLES + TABLE + "X,pay,soon,\nY,pay\n"))
    assert [(e["line"], e["reason"].partition(":")[0]) for e in found.examples] == [
        (11, "malformed line"),
        (10, "unreadable time"),
    ]


def test_as_many_lines_are_skipped_as_the_source_says(tmp_path):
    assert account(tmp_path, "Ticket,Service,Created,Resolved,old\n" + TABLE, source=", skip: 1")["used"] == 5
    with pytest.raises(WorkbookError, match="skip"):
        book(tmp_path / "o", TABLE, source=", skip: -1")


@pytest.mark.parametrize("sign", [";", "\t", ",", "|"])
def test_a_title_is_found_with_every_delimiter(tmp_path, sign):
    assert account(tmp_path, "Tickets, all of them\n\n" + TABLE.replace(",", sign))["used"] == 5


def test_a_header_is_found_in_a_sheet_too(tmp_path):
    (tmp_path / "o").mkdir()
    lines = [line.split(",") for line in TABLE.splitlines()]
    with xlsxwriter.Workbook(str(tmp_path / "o" / "t.xlsx")) as sheets:
        sheet = sheets.add_worksheet()
        for number, row in enumerate(
            [["Tickets by service"], [], ["Made on", "2026-11-01"], *lines, ["Total", None, None, 5]]
        ):
            sheet.write_row(number, 0, row)
    found = prepare.check(book(tmp_path / "o", "", file="t.xlsx"))
    (source,) = found.sources
    assert (source["read"], source["used"], source["reasons"]) == (6, 5, {"a totals row": 1})
    assert "t.xlsx: the header is row 4 of the sheet; what stands above it is not read" in source["notes"]
    assert found.examples[0]["line"] == 10


def test_ordinary_files_keep_their_first_line(tmp_path):
    sparse = "Ticket,Service,Created,Resolved,,\n" + "".join(f"{USUAL.format(i)},a,b\n" for i in range(1, 6))
    source = account(tmp_path, sparse)
    assert source["used"] == 5 and not any("the header is" in note for note in source["notes"])


@pytest.mark.parametrize(
    "last",
    [
        "Total,,,5",
        "Total",
        "Summe;;;".replace(";", ","),
        "5 records",
        '"Total: 5",,,',
        "Grand Total,,,",
        "(5 rows affected)",
    ],
)
def test_a_totals_row_is_no_fault_of_the_source(tmp_path, last):
    found = prepare.check(book(tmp_path / "o", TABLE + last + "\n"))
    (source,) = found.sources
    assert source["reasons"] == {"a totals row": 1}
    assert not found.found("set aside") and [f.rows for f in found.found("totals row")] == [1]


@pytest.mark.parametrize("row", ["Total outage,pay,soon,", "Total,pay,,2026-09-01 10:00", "X,,,"])
def test_a_record_that_lacks_something_is_no_totals_row(tmp_path, row):
    assert "a totals row" not in account(tmp_path, TABLE + row + "\n")["reasons"]


def test_rows_of_delimiters_alone_are_no_fault_of_the_source(tmp_path):
    found = prepare.check(book(tmp_path / "o", TABLE + ",,,\n,,,\n"))
    assert found.sources[0]["reasons"] == {"an empty row": 2} and not found.found("set aside")


@pytest.mark.parametrize("header", ["", ","])
@pytest.mark.parametrize("line", ["", ","])
def test_a_delimiter_at_the_end_of_every_line_is_ordinary(tmp_path, header, line):
    first, *others = TABLE.splitlines()
    text = "\r\n".join([first + header, *(other + line for other in others)]) + "\r\n"
    assert account(tmp_path, text)["used"] == 5


def test_the_same_row_again_counts_once_and_is_no_fault(tmp_path):
    found = prepare.check(book(tmp_path / "o", TABLE + TABLE.split("\n", 1)[1]))
    assert found.sources[0]["used"] == 5 and not found.found("set aside")


#: Names that mean something to the database or to our own SQL.
NAMES = ["rowid", "ROWID", "_row", "_part", "_service", "_reason", "_latest", "_raw_opened", "ticket", "_raw_ticket", "filename",
         "c0", "c1", "_first", "opened", "select", 'a "b"', "_place"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("two", [False, True])
def test_a_column_may_have_any_name(tmp_path, name, two):
    more = "  outages:\n    columns: {service: Service, started: Created, ended: Resolved}\n" if two else ""
    head = '"' + name.replace('"', '""') + '"'
    found = frozen(tmp_path, TABLE.replace("Ticket", head, 1), ticket=json.dumps(name), more=more)
    assert found["ticket"].tolist() == [f"T{i}" for i in range(1, 6)]
    assert found["opened"].dt.hour.tolist() == [10] * 5


def test_changes_of_a_text_are_counted(tmp_path):
    groups = ["Desk", "Desk", "Network", "", "Network", "Desk"]
    rows = [f"A,pay,2026-09-01 1{i}:00,,{group}" for i, group in enumerate(groups)]
    found = frozen(tmp_path, "\n".join([f"{HEAD},Group", *rows]) + "\n", table="    events: {ticket: Ticket, at: Created}\n",
                   reassigned="{from: Group, fold: changes}", group="Group", opened="{from: Created, fold: first}")  # fmt: skip
    assert found["reassigned"].tolist() == [2] and found["group"].tolist() == ["Desk"]


# -- tickets by row ------------------------------------------------------------------------------------------------------

NAMELESS = "Service,Created,Resolved\n" + "".join(f"pay,2026-09-0{i} 10:00,\n\n" for i in range(1, 4))


def test_a_row_is_a_ticket_where_the_mapping_says_so(tmp_path):
    found = frozen(tmp_path, NAMELESS + "bad\npay,2026-09-05 10:00,\n", ticket="row")
    assert found["ticket"].tolist() == ["t.csv:2", "t.csv:4", "t.csv:6", "t.csv:9"]


def test_rows_of_several_files_are_tickets(tmp_path):
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "a.csv").write_text(NAMELESS)
    (tmp_path / "o" / "b.csv").write_text(NAMELESS)
    assert frozen(tmp_path, "", ticket="row", file="*.csv")["ticket"].sort_values().tolist()[::3] == [
        "a.csv:2",
        "b.csv:2",
    ]


def test_rows_of_json_are_tickets(tmp_path):
    (tmp_path / "o").mkdir()
    rows = [{"Service": "pay", "Created": f"2026-09-0{i} 10:00", "Resolved": None} for i in (1, 2)]
    assert frozen(tmp_path, json.dumps(rows), ticket="row", file="t.json")["ticket"].tolist() == [
        "t.json:1",
        "t.json:2",
    ]


def test_a_column_named_row_is_read_as_such(tmp_path):
    assert frozen(tmp_path, TABLE.replace("Ticket", "Row"), ticket="row")["ticket"].tolist()[0] == "T1"
