"""Who asked is kept as a pseudonym, who resolved as person or machine, and why a ticket waited as far as it was known."""

import hashlib

import pandas as pd
import pytest

from sipnb import workbook
from sipnb.records import prepare, shapes
from sipnb.records.frozen import Records
from tests.records.test_prepare import organisation

TICKETS = "ticket,service,kind,opened,resolved,requester,resolver"
EVENTS = "ticket,service,at,state,reason"
SOURCES = "sources:\n  - {name: tickets, files: t.csv}\n  - {name: ticket_events, files: e.csv}\n"
ROWS = [
    "T1,pay,incident,2026-09-10 08:00,2026-09-11 08:00,Ana Quackenbush,person",
    "T2,pay,incident,2026-09-12 08:00,2026-09-13 08:00, ana quackenbush ,machine",
    "T3,pay,incident,2026-09-14 08:00,2026-10-05 08:00,Ben Marmalade,machine",
    "T4,pay,incident,2026-09-15 08:00,2026-09-16 08:00,,",
]
LOG = [
    "T1,pay,2026-09-10 08:00,new,",
    "T1,pay,2026-09-10 09:00,waiting for supplier,supplier",
    "T3,pay,2026-09-14 08:00,new,",
    "T3,pay,2026-10-02 08:00,waiting for approval,approval",
]


def frozen(folder, rows, name="o", header=TICKETS, events=LOG):
    book = organisation(folder / name, rows, header=header)
    (folder / name / "e.csv").write_text("\n".join([EVENTS, *events]) + "\n", encoding="utf-8")
    text = (folder / name / "workbook.yml").read_text(encoding="utf-8")
    head, _, tail = text.partition("sources:\n")
    (folder / name / "workbook.yml").write_text(head + SOURCES + tail.split("\n", 1)[1], encoding="utf-8")
    book = workbook.load(folder / name, reports=folder)
    prepare.freeze(book, book.cycle("2026-09"), folder / f"records of {name}")
    return Records(folder / f"records of {name}", "pay")


def everything(folder) -> str:
    """All that stands in a folder of frozen records."""
    parts = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        parts.append(pd.read_parquet(path).to_csv() if path.suffix == ".parquet" else path.read_text(encoding="utf-8"))
    return "\n".join(parts).lower()


def test_who_asked_is_told_from_others_and_not_named(tmp_path):
    asked = frozen(tmp_path, ROWS).tickets.set_index("ticket")["requester"]
    assert asked["T1"] == asked["T2"] != asked["T3"], "the same person, however their name is written"
    assert pd.isna(asked["T4"])
    assert asked["T1"] == hashlib.md5(b"o:ana quackenbush").hexdigest()[:16]
    assert not {"quackenbush", "marmalade"} & set(everything(tmp_path / "records of o").replace(",", " ").split())
    assert "quackenbush" not in everything(tmp_path / "records of o")


def test_the_same_person_is_another_one_in_another_organisation(tmp_path):
    one, other = (frozen(tmp_path, ROWS, name).tickets["requester"] for name in ("o", "p"))
    assert one.notna().equals(other.notna()) and not set(one.dropna()) & set(other.dropna())


def test_names_where_person_or_machine_is_expected_are_emptied_and_shown_nowhere(tmp_path):
    rows = [
        f"T{n},pay,incident,2026-09-10 08:00,2026-09-11 08:00,Ana,Ben Quackenbush" for n in range(60)
    ]  # enough to be a word of the tool in any other column
    records = frozen(tmp_path, rows)
    assert records.tickets["resolver"].isna().all() and len(records.tickets) == 60
    assert "quackenbush" not in everything(tmp_path / "records of o")
    assert "resolver is none of person, machine" in everything(tmp_path / "records of o")


@pytest.mark.parametrize("column", ["requester", "resolver"])
def test_a_value_is_never_shown_as_a_word_of_the_tool(column):
    assert not shapes.nameable("tickets", column) and shapes.nameable("tickets", "kind")


def test_who_resolved_is_known_when_it_is_resolved(tmp_path):
    resolver = frozen(tmp_path, ROWS).tickets.set_index("ticket")["resolver"]
    assert resolver[["T1", "T2"]].tolist() == ["person", "machine"] and pd.isna(resolver["T3"])


def test_why_a_ticket_waits_later_is_not_known(tmp_path):
    events = frozen(tmp_path, ROWS).ticket_events
    assert events["reason"].dropna().tolist() == ["supplier"]
    assert len(events) == 3


@pytest.mark.parametrize("column", ["requester", "resolver"])
def test_records_without_it_have_no_such_column(tmp_path, column):
    rows = [row.rsplit(",", 2)[0] for row in ROWS]
    frozen(tmp_path, rows, header=TICKETS.rsplit(",", 2)[0])
    (file,) = (tmp_path / "records of o" / "tickets").rglob("*.parquet")
    assert column not in pd.read_parquet(file).columns
