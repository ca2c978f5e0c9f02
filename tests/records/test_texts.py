"""The words that are kept of texts: none that may be of a person, however it is written, and those that tell what was wrong."""

import tempfile
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sipnb.records import prepare, texts
from sipnb.records.frozen import DamagedRecords, Records
from sipnb.validation import WorkbookError
from tests.records.test_scratch import GOOD, HEADER, organisation

#: People as they are called in several languages, with parts that broken encodings make of them.
NAMES = (
    "Müller",
    "Anna",
    "Øystein",
    "O'Neil",
    "Núñez",
    "Şahin",
    "Dvořák",
    "Szymańska",
    "Lefèvre",
    "D'Angelo",
    "McCarthy",
    "Schmidt-Weber",
    "Mu\u0308ller",
    "MÃ¼ller",
    "M\ufffdller",
    "Mül\u00adler",
    "Ivanova",
    "Nguyễn",
    "van Dijk",
    "Quackenbush",
)
#: What else must not be told.
OTHERS = (
    "anna.mueller@example.org",
    "+49 171 5550134",
    "0171/5550134",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "srv-berlin-dc",
    "zeus01.corp.example",
    "10.20.30.40",
    "\\\\filer\\anna",
    "INC0012345",
    "https://example.org/anna",
    "amueller7",
    "@amueller",
)
#: How a text tells of somebody.
ABOUT = (
    "Printer on the Kassel site is broken, regards {}",
    "Frau {} kann die Rechnung nicht öffnen",
    "the invoice of {} is Wrong again",
    "{} meldet: Rechnung fehlt",
    "please call {} about the broken Invoice",
    "Please reset the phone of Mr {}",
    "mfg {}",
    "Drucker von {} druckt langsam",
    "M. {} n'a pas accès à Paris",
    "broken scanner for {} in Kassel",
    "cordialement {}",
)
PLAIN = (
    "the printer in Kassel is broken",
    "a broken printer in Leipzig jams",
    "our printer in Bremen is broken again",
    "broken Printer in Kassel",
)


def words(rows, requesters=True, names=("Print service",), **columns):
    """The words kept of the texts `rows`, a ticket each, asked for by several people."""
    tickets = pd.DataFrame({"_service": 0, "ticket": [f"T{n}" for n in range(len(rows))], "summary": rows})
    if requesters:
        tickets["requester"] = [f"R{n % 7}" for n in range(len(rows))]
    for column, values in columns.items():
        tickets[column] = values
    return _kept(tickets, names)


def _kept(tickets, names):
    with duckdb.connect() as con, tempfile.TemporaryDirectory() as folder:
        con.register("given", tickets)
        con.execute("CREATE VIEW tickets AS SELECT * FROM given")
        files = texts.freeze(con, list(tickets.columns), names, ["pay"], Path(folder))
        return {
            row["ticket"]: row["words"]
            for file in files
            for row in pq.ParquetFile(Path(folder) / file).read().to_pylist()
        }


def said(kept):
    return {word for line in kept.values() for word in line.split()}


def test_words_that_writers_with_capitals_write_small_are_kept_in_no_order():
    kept = words([*PLAIN, *PLAIN] * 3)
    assert said(kept) == {"broken", "printer"} and kept["T0"] == "broken printer"
    assert "jams" not in said(kept), "in one text only"


def test_texts_without_capitals_tell_only_words_that_are_known():
    rows = ["vpn drops for mueller", "mueller has no vpn", "VPN DROPS AGAIN", "vpn of mueller drops"] * 10
    assert said(words(rows)) == {"vpn"}


def test_german_nouns_are_kept_where_they_are_known_and_names_never():
    rows = [
        "der Drucker von Müller druckt leer",
        "Müller braucht einen Beamer, der druckt",
        "ein Drucker druckt bei Müller leer",
        "Kreditor im Lauf doppelt, schreibt Müller",
    ] * 10
    assert said(words(rows)) == {"drucker", "druckt"}
    assert said(words(rows, category="Kreditoren / Kreditor")) == {"drucker", "druckt", "kreditor"}


def test_a_category_that_few_tickets_have_makes_no_word():
    rows = [
        "der Drucker von Müller druckt leer",
        "Müller sagt, der Drucker druckt",
        "bei Müller druckt der Drucker leer",
    ] * 10
    assert said(words(rows, category=["Müller"] * 19 + ["Druck"] * 11)) == {"drucker", "druckt"}


@pytest.mark.parametrize(
    ("rows", "requesters", "kept"), [(4, True, False), (5, True, True), (9, False, False), (10, False, True)]
)
def test_a_word_is_kept_from_five_tickets_of_three_people_on_or_ten(rows, requesters, kept):
    assert bool(words(["printer"] * rows, requesters)) is kept


def test_a_word_of_two_people_is_not_kept_however_often():
    tickets = pd.DataFrame(
        {"_service": 0, "ticket": [f"T{n}" for n in range(40)], "summary": "printer", "requester": ["A", "B"] * 20}
    )
    assert _kept(tickets, ()) == {}
    assert _kept(tickets.assign(requester=None), ()) == {}, "people that nobody knows are none"


def test_systems_and_login_names_are_no_words():
    rows = [
        "zeus in Kassel is slow",
        "why is zeus slow in Kassel",
        "login for jdoe in Kassel is slow",
        "slow user jdoe in Bremen",
        "user jdoe in Leipzig slow",
        "in Bremen zeus is slow again",
    ] * 10
    assert said(words(rows, configuration_item="zeus01.corp")) == {"login", "slow", "user"}
    assert "zeus" in said(words(rows)), "a word like any other where no system is called so"


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.sampled_from(ABOUT), st.sampled_from(NAMES + OTHERS)), min_size=1, max_size=6),
    st.integers(5, 40),
    st.booleans(),
)
def test_nothing_of_people_is_kept_however_often_it_is_written(planted, times, requesters):
    rows = [pattern.format(name) for pattern, name in planted] * times + list(PLAIN) * 5
    kept = said(words(rows, requesters))
    assert "printer" in kept
    spoken = {
        "printer",
        "broken",
        "invoice",
        "reset",
        "phone",
        "call",
        "rechnung",
        "öffnen",
        "scanner",
        "druckt",
        "drucker",
        "langsam",
        "accès",
        "about",
        "fehlt",
        "meldet",
    }
    assert kept <= spoken


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(min_size=1, max_size=40), st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=3, max_size=12))
def test_any_text_is_taken_apart_and_what_has_a_capital_or_a_number_is_no_word(text, name):
    name = name[0].upper() + name[1:].lower() + "7"
    kept = said(words([f"{text} and {name}"] * 12 + list(PLAIN) * 3))
    assert not any(sign in word for word in kept for sign in "0123456789@./\\") and name.lower() not in kept


TEXT = "printer broken in Kassel"


def frozen(tmp_path, extra=""):
    rows = [f"{GOOD.format(day)},{TEXT},Ann Quackenbush" for day in range(1, 29)]
    book = organisation(tmp_path / "o", rows, header=HEADER, extra=extra)
    prepare.freeze(book, book.cycle("2026-09"), tmp_path / "r")
    return Records(tmp_path / "r", "pay")


def test_words_are_frozen_beside_the_tickets_with_a_hash_and_the_text_is_not(tmp_path):
    records = frozen(tmp_path)
    assert records.words["words"].tolist() == ["printer"] * 28
    assert not records.supplies("tickets", "summary") and records.tickets["summary"].isna().all()
    for path in (tmp_path / "r").rglob("*"):
        assert path.is_dir() or (b"Kassel" not in path.read_bytes() and b"Quackenbush" not in path.read_bytes())
    (file,) = (tmp_path / "r" / "words").rglob("*.parquet")
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(DamagedRecords, match="words/service=pay"):
        _ = Records(tmp_path / "r", "pay").words


@pytest.mark.parametrize("off", ["off", "'off'", "false", "Off"])
def test_text_off_keeps_no_words(tmp_path, off):
    if off == "Off":
        with pytest.raises(WorkbookError, match=r"text: 'Off' is not allowed; (nearest|valid)"):
            frozen(tmp_path, f"text: {off}\n")
        return
    records = frozen(tmp_path, f"text: {off}\n")
    assert records.words.empty and not (tmp_path / "r" / "words").exists()


def test_a_kpi_of_ones_own_still_reads_the_text(tmp_path):
    own = "kpis:\n  printers:\n    title: Printers\n    share: contains(summary, 'Kassel')\n"
    records = frozen(tmp_path, own)
    assert records.tickets["summary"].eq(TEXT).all() and len(records.words) == 28
    (tmp_path / "off").mkdir()
    assert frozen(tmp_path / "off", own + "text: off\n").tickets["summary"].eq(TEXT).all()


def test_the_same_texts_in_any_order_give_the_same_words():
    rows = [*PLAIN, *(one.format(name) for one in ABOUT for name in NAMES)] * 4
    assert sorted(words(rows).values()) == sorted(words(rows[::-1]).values())
