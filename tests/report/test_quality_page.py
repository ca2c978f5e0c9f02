"""The data-quality page: what it says in words, whole and escaped as text, and in a real browser."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pydantic
import pytest
from samples import CYCLE, HOSTILE, LABEL, plan, write_portfolio, write_service

from sipnb import places, report
from sipnb.chapters import notebooks
from sipnb.chapters.context import RecordsContext
from sipnb.chapters.records import account as quality
from sipnb.chapters.records import coverage as supplied
from sipnb.params import Id
from sipnb.places import ALL_SERVICES, NOTEBOOKS, CycleFolder
from sipnb.records import frozen, prepare
from sipnb.records.quality import SET_RULES
from sipnb.report import chapter
from sipnb.show import visible as seen
from tests.accessibility import violations

#: A right-to-left override, a tab, a null, blanks at both ends: none of it may be invisible, none of it may act.
NASTY = f"  {HOSTILE}\t\x00\u202eevil  x\u00a0"
LATE = "after the cut-off"
UNLISTED = "service not listed in services.yml"


def source(name: str = "tickets", used: int = 10, files: int = 1, **more) -> dict:
    """A source of equal files; `reasons` are those of the first."""
    reasons = more.pop("reasons", {})
    aside = sum(reasons.values())
    parts = [
        {"file": f"{name}-{i}.csv" if files > 1 else f"{name}.csv", "sha256": f"{i:064x}", "read": used, "used": used,
         "set_aside": 0, "reasons": {}}
        for i in range(files)
    ]  # fmt: skip
    parts[0] |= {"read": used + aside, "set_aside": aside, "reasons": reasons}
    return {
        "name": name, "file": ", ".join(p["file"] for p in parts), "read": used * files + aside, "used": used * files,
        "set_aside": aside, "reasons": reasons, "files": parts, "not_taken": [], "notes": [],
    } | more  # fmt: skip


def finding(rule: str, level: str = "note", outcome: str = "found", **more) -> dict:
    given = {"rows": 1, "sentence": f"What {rule} found.", "facts": {}, "refuses": [], "since": None}
    return {"rule": rule, "level": level, "outcome": outcome, **given, **more}


def record(*sources: dict, **more) -> dict:
    """What preparing leaves, as `sipnb check` has it."""
    tables = {"tickets": {"rows": 10, "first": "2026-10-01 08:00:00+00", "last": "2026-10-31 09:00:00+00",
                          "columns": ["ticket", "service", "kind", "opened"]}}  # fmt: skip
    return {
        "sources": list(sources or [source()]), "tables": tables, "rules": [], "recorded": {}, "examples": [],
        "services": {"payments": {"rows": {"tickets": 10}, "set_aside": {}}, "_estate": {"rows": {}, "set_aside": {}}},
    } | more  # fmt: skip


def example(reason: str, value: str | None = "x", file: str = "tickets.csv", line: int | None = 7, **more) -> dict:
    return {
        "source": "tickets",
        "file": file,
        "line": line,
        "column": "opened",
        "value": value,
        "reason": reason,
    } | more


def nothing() -> dict:
    empty = {"tickets": {"rows": 0, "first": None, "last": None, "columns": ["ticket"]}}
    return record(source(used=0), tables=empty, services={"payments": {"rows": {}, "set_aside": {}}})


def stopped() -> dict:
    sentence = "5 of 15 rows of tickets (33.3 %) were set aside because something is wrong with them."
    bad = source(reasons={"unreadable time": 4, "malformed line": 1})
    return record(bad, rules=[finding("set aside", "stop", sentence=sentence)],
                  examples=[example("unreadable time", "yesterday"), example("malformed line: 3 fields", "a;b;c")])  # fmt: skip


def hostile() -> dict:
    bad = source(reasons={f"no {HOSTILE}": 2, UNLISTED: 1}, not_taken=[NASTY, *"abc"] * 20, notes=[NASTY] * 3)
    bad["name"] = bad["files"][0]["file"] = NASTY
    rules = [finding("unlisted services", "warn", sentence=f"1 row names {NASTY * 60}."), finding(HOSTILE, "stop")]
    return record(
        bad, rules=rules, services={HOSTILE: {"rows": {}, "set_aside": {"tickets": {f"no {HOSTILE}": 2}}}},
        examples=[example(f"no {HOSTILE}", NASTY, NASTY, column=NASTY), example(UNLISTED, "y" * 120, NASTY)],
    )  # fmt: skip


def large() -> dict:
    """1,000 services, 300 files, every table, and a rule that found something in each file."""
    counts = {
        name: 1_234_567 for name in ("tickets", "ticket_events", "changes", "outages", "surveys", "costs", "usage")
    }
    tables = {
        name: {"rows": 10**9, "first": "2024-01-01", "last": "2026-10-31", "columns": ["service"]} for name in counts
    }
    services = {f"s-{i:04d}": {"rows": counts, "set_aside": {"tickets": {LATE: i}}} for i in range(1_000)}
    reasons = {f"unreadable column_{i}": i + 1 for i in range(60)}
    return record(
        source(used=4_000_000, files=300, reasons=reasons, notes=[f"tickets-{i}.csv is read with ;" for i in range(300)]),
        tables=tables, services=services,
        rules=[finding("row cap", "warn", sentence=f"tickets-{i}.csv holds exactly 10,000 rows.") for i in range(300)],
        examples=[example(f"unreadable column_{i}", str(i), f"tickets-{j}.csv", k)
                  for i in range(60) for j in range(20) for k in range(5)],
    )  # fmt: skip


RECORDS = {"nothing": nothing, "stopped": stopped, "hostile": hostile, "large": large}


class Read(HTMLParser):
    """The page as a program takes it in: headings, ids, links, tables and text."""

    def __init__(self, markup: str):
        super().__init__()
        self.headings, self.ids, self.links, self.text, self.cells = [], [], [], [], []
        self.tables = self.captions = 0
        self._within = []
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag not in ("meta", "input", "br", "rect"):
            self._within.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []
        self.tables += tag == "table"
        self.captions += tag == "caption"
        if tag == "th":
            assert given.get("scope") in ("col", "row", "rowgroup"), given
        assert not [name for name in given if name.startswith("on") or name == "src"], tag

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if self._within[-1] == tag:
            self._within.pop()

    def handle_endtag(self, tag):
        assert self._within[-1] == tag, f"</{tag}> closes {self._within[-3:]}"
        self._within.pop()

    def handle_data(self, data):
        if not {"style", "script"} & set(self._within):
            self.text.append(data)


def write(path: Path, content: dict) -> str:
    book = SimpleNamespace(
        settings=SimpleNamespace(organisation="Northfield Group", simulated=False),
        services={"payments": SimpleNamespace(id="payments", name="Payments")},
    )
    context = RecordsContext(book, None, content)
    return report.render_check(context, path).read_text(encoding="utf-8")


def text(markup: str) -> str:
    return re.sub(r"\s+", " ", "".join(Read(markup).text))


@pytest.fixture(scope="session")
def pages(tmp_path_factory, demo_book, demo_cycle, demo_records) -> dict[str, Path]:
    """A page of each record, and that of the demo's cycle beside its frozen records."""
    folder = tmp_path_factory.mktemp("quality")
    for name, content in RECORDS.items():
        write(folder / f"{name}.html", content())
    cycle = CycleFolder(folder / demo_cycle.name)
    cycle.root.mkdir()
    cycle.records.symlink_to(demo_records)
    context = RecordsContext(demo_book, demo_cycle, frozen.read_quality(demo_records), cycle)
    executed = json.dumps(notebooks.executed(NOTEBOOKS / f"{places.RECORDS}.ipynb", context))
    demo = report.render_quality(context, cycle.quality, chapter.converted(executed, places.RECORDS))
    return {name: folder / f"{name}.html" for name in RECORDS} | {"demo": demo}


# The words


@pytest.mark.parametrize(
    ("content", "sentence", "tone"),
    [
        (nothing(), "Nothing to use: the source holds no rows.", "concern"),
        (record(source(used=0), source("costs", used=0)), "Nothing to use: the sources hold no rows.", "concern"),
        (record(source(used=0, reasons={"no service": 1})),
         "Nothing to use: the only row that was read is set aside.", "concern"),
        (record(source(used=0, reasons={LATE: 1200})),
         "Nothing to use: all 1,200 rows that were read are set aside.", "concern"),
        (record(source(used=1)), "Usable: the only row is accounted for; there are no warnings.", "improvement"),
        (record(source(used=2), rules=[finding("gap", "note")]),
         "Usable: every one of 2 rows is accounted for; there are no warnings.", "improvement"),
        (record(rules=[finding("gap", "warn")]),
         "Usable: every one of 10 rows is accounted for; 1 warning changes what the plans may claim.", "common"),
        (record(source(used=141712), rules=[finding("gap", "warn")] * 3),
         "Usable: every one of 141,712 rows is accounted for; 3 warnings change what the plans may claim.", "common"),
        (stopped(), "Stopped: 1 finding forbids plans from these records.", "concern"),
        (record(rules=[finding("gap", "stop")] * 5), "Stopped: 5 findings forbid plans from these records.", "concern"),
        (record(source(read=11)), "Unsound: the account of tickets does not balance.", "concern"),
    ],
)  # fmt: skip
def test_the_verdict_says_in_one_sentence_whether_the_records_are_usable(content, sentence, tone):
    told = quality.verdict(content)
    assert (told.sentence, told.tone) == (sentence, tone)
    assert len(told.sentence) <= 160


def test_a_stop_is_told_with_its_reasons_in_the_verdict():
    told = quality.verdict(stopped())
    assert told.cautions[0].startswith("5 of 15 rows of tickets (33.3 %)")
    assert told.cautions[-1].startswith("Of 15 rows read, 10 (66.7 %) are used and 5 are set aside")
    many = quality.verdict(record(rules=[finding("gap", "stop")] * 5))
    assert many.cautions[3] == "2 more findings below."


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ((1, 1, 0, 0), "The one row read is used."),
        ((996, 996, 0, 0), "All 996 rows read are used."),
        ((2, 1, 1, 0), "Of 2 rows read, 1 (50.0 %) is used and 1 is set aside because it is not for these plans."),
        ((3, 1, 0, 2), "Of 3 rows read, 1 (33.3 %) is used and 2 are set aside because something is wrong with them."),
        ((2, 0, 1, 1), "Of 2 rows read, none is used and 2 are set aside: 1 has something wrong with it, "
         "1 is not for these plans."),
        ((141712, 106030, 35649, 33), "Of 141,712 rows read, 106,030 (74.8 %) are used and 35,682 are set aside: "
         "33 have something wrong with them, 35,649 are not for these plans."),
        ((100000, 99999, 1, 0), "Of 100,000 rows read, 99,999 (over 99.9 %) are used and 1 is set aside because it is "
         "not for these plans."),
    ],
)  # fmt: skip
def test_where_the_rows_went_reads_well_for_none_one_and_many(rows, sentence):
    assert quality.balance(quality.Fate(*rows)) == sentence


@pytest.mark.parametrize(
    ("given", "seen_as"),
    [
        (None, ""), ("", ""), (" ", "␣"), ("  a b  c ", "␣␣a b␣␣c␣"), ("a\tb\r\nc", "a⇥b␍↵c"), ("a\x00b", "a‹U+0000›b"),
        ("\u202egpj.exe", "‹U+202E›gpj.exe"), ("1\u00a0000", "1‹U+00A0›000"), ("ü 漢 🙂", "ü 漢 🙂"), ("\ud800", "‹U+D800›"),
        ("x" * 100, "x" * 100), ("x" * 101, "x" * 100 + "…"),
    ],
)  # fmt: skip
def test_a_value_hides_nothing_and_has_an_end(given, seen_as):
    assert seen.value(given) == seen_as


@pytest.mark.parametrize(
    ("part", "told"), [(0, "0 %"), (1, "under 0.1 %"), (500, "5.0 %"), (9999, "over 99.9 %"), (10000, "100 %")]
)
def test_a_share_is_called_none_or_all_only_where_it_is(part, told):
    assert seen.share(part, 10_000) == told


def test_a_day_that_no_calendar_has_is_shown_as_it_stands():
    assert seen.day("2026-10-01 08:00:00+00") == "1 October 2026"
    assert seen.day("infinity") == "infinity" and seen.day("290301-01-01", short=True) == "290301-01-01"


# The account


def test_rows_not_for_the_plans_are_told_apart_from_wrong_ones_and_the_worst_stand_first():
    sources = [
        source("fine", reasons={LATE: 90, UNLISTED: 5}),
        source("bad", reasons={LATE: 5, "unreadable time": 2, "no service": 3}),
    ]
    bad, fine = quality.sources(record(*sources))
    assert (bad.name, bad.fate) == ("bad", quality.Fate(read=20, used=10, others=5, wrong=5))
    assert [(r.rows, r.wrong) for r in bad.reasons] == [(3, True), (2, True), (5, False)]
    assert fine.fate == quality.Fate(read=105, used=10, others=95, wrong=0)
    total = quality.fate(record(*sources))
    assert total.balanced and (total.read, total.used, total.others, total.wrong) == (125, 20, 100, 5)


@pytest.mark.parametrize("rows", [(0, 0, 0, 0), (1, 1, 0, 0), (10**6, 10**6 - 2, 1, 1), (9, 0, 9, 0), (3, 1, 1, 1)])
def test_a_bar_holds_all_rows_and_hides_none(rows):
    widths = [float(w) for w in re.findall(r'width="([\d.]+)"', quality.bar(quality.Fate(*rows)))]
    assert len(widths) == sum(n > 0 for n in rows[1:])
    hollow = 1 if rows[2] else 0
    assert sum(widths) + hollow == pytest.approx(150 if widths else 0, abs=0.2)
    assert all(width >= 3 for width in widths)


def test_what_is_beyond_the_limit_is_summed_so_that_the_columns_add_up():
    content = record(source(files=400, reasons={"no service": 3}))
    files = quality.files(content)
    assert len(files) == quality.FILES + 1 and files[-1].name == "and 100 more files"
    assert sum((one.fate for one in files), quality.Fate()) == quality.fate(content)
    assert files[0].fate.wrong == 3
    assert quality.files(record()) == []


# What the gate found


def test_findings_stand_by_level_with_what_they_do_to_the_plans():
    effects = {rule.name: rule.effect for rule in SET_RULES}
    found = [
        finding("gap", "warn"), finding("one value"), finding("one value"), finding("no service", "stop"),
        finding("thin edge", "warn", refuses=["volume", "backlog"], since="2016-06-01"), finding("missing value", rows=3),
    ]  # fmt: skip
    levels = quality.findings(record(rules=[*found, finding("midnight", "warn", "ok")]))
    assert [level.id for level in levels] == ["stops", "warnings", "notes"]
    _, warn, note = levels
    assert [one.rule for one in warn.told] == ["Gap", "Thin edge"]
    assert warn.told[0].effect == effects["gap"]
    assert warn.told[1].effect == (
        f"{effects['thin edge']} No change is claimed in plans of after 1 June 2016 for: open at the cut-off and "
        "tickets opened."
    )
    assert len(note.told) == 1 and len(note.told[0].sentences) == 2, "findings of one rule stand together"
    assert [(r.text, r.rows) for r in note.rows] == [("missing value", 3)]


def test_rules_without_a_finding_say_what_they_looked_for():
    content = record(
        rules=[finding("gap", "warn", "ok"), finding("midnight", "warn", "no data"), finding("new", "note", "ok")]
    )
    looks_for = {rule.name: rule.looks_for for rule in SET_RULES}
    assert quality.quiet(content, "ok") == [("Gap", looks_for["gap"]), ("New", "What new found.")]
    assert quality.quiet(content, "no data") == [("Midnight", looks_for["midnight"])]


def test_every_rule_of_the_gate_has_an_effect_to_print():
    every = [*(rule.name for rule in SET_RULES), *quality._ROW_RULES]
    levels = quality.findings(record(rules=[finding(rule, "warn") for rule in every]))
    assert [one.rule for one in levels[0].told if not one.effect] == []


# Rows set aside


def test_examples_come_from_every_file_in_turn_and_each_once():
    content = record(
        source(reasons={"malformed line": 9, "unreadable time": 1}),
        examples=[example("malformed line: 3 fields", str(i), file, i) for file in ("a.csv", "b.csv") for i in range(5)]
        + [example("unreadable time")] * 2
        + [example("event before its ticket was opened"), example(LATE)],
    )
    kinds, folded, more = quality.examples(content, wrong=True)
    malformed, unreadable, event = kinds
    assert [(e.file, e.line) for e in malformed.examples] == [
        ("a.csv", "0"), ("b.csv", "0"), ("a.csv", "1"), ("b.csv", "1"), ("a.csv", "2")]  # fmt: skip
    assert (malformed.reason, malformed.count) == ("malformed line", "9 rows, of which 5")
    assert malformed.examples[0].detail == "3 fields"
    assert (len(unreadable.examples), unreadable.count) == (1, "1 row")
    assert event.count.startswith("the row is used for another table")
    assert (folded, more) == ([], "")
    assert [kind.reason for kind in quality.examples(content, wrong=False)[0]] == [LATE]


def test_values_that_count_as_missing_are_told_by_column(tmp_path):
    lost = {"table": "tickets", "column": "effort", "values": 3, "filled": 1_200, "file": "t.csv", "line": 7, "value": HOSTILE,
            "reason": "unreadable number"}  # fmt: skip
    found = record(source(emptied=[lost | {"column": "priority", "values": 1}, lost]))
    first, other = quality.emptied(found)
    assert (first.reason, first.count) == ("tickets.effort: unreadable number", "3 of 1,200 values from tickets")
    assert (first.examples[0].file, first.examples[0].line, other.count) == (
        "t.csv",
        "7",
        "1 of 1,200 values from tickets",
    )
    page = write(tmp_path / "page.html", found)
    assert "Values that count as missing" in page and "3 of 1,200 values" in page and HOSTILE not in page


def test_many_kinds_of_reason_are_folded_and_limited():
    kinds, folded, more = quality.examples(large(), wrong=True)
    assert (len(kinds), len(folded)) == (8, 32) and kinds[0].count == "60 rows, of which 5"
    assert more == "20 more kinds of reason are left out here."


# What is supplied


def test_services_without_rows_and_with_wrong_rows_come_first():
    content = record(
        services={
            "good": {"rows": {"tickets": 5}, "set_aside": {"tickets": {LATE: 7}}},
            "bad": {"rows": {"tickets": 5}, "set_aside": {"tickets": {"no kind": 2, LATE: 1}}},
            "silent": {"rows": {}, "set_aside": {}},
            "_estate": {"rows": {"tickets": 1}, "set_aside": {}},
        }
    )
    some, more, beyond = supplied.services(content, {"good": "Good", "bad": "Bad", "silent": "Silent"})
    told = [(one.name, one.others, one.wrong) for one in some]
    assert told == [("Silent", 0, 0), ("Bad", 1, 2), ("Good", 7, 0), ("No service of its own", 0, 0)]
    assert (more, beyond) == ([], "")


def test_a_thousand_services_are_folded_and_those_beyond_are_counted():
    some, more, beyond = supplied.services(large(), {})
    assert (len(some), len(more), beyond) == (25, 975, "")
    content = record(services={f"s{i}": {"rows": {"tickets": 2}, "set_aside": {}} for i in range(1_001)})
    assert supplied.services(content, {})[2] == "1 more service with 2 rows"


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        (["tickets"], "ticket events, problems, changes, outages, surveys, costs, measurements or usage"),
        (["tickets", "ticket_events", "problems", "changes", "outages", "surveys", "costs"], "measurements or usage"),
        (["tickets", "ticket_events", "problems", "changes", "outages", "surveys", "costs", "usage"], "measurements"),
    ],
)  # fmt: skip
def test_tables_that_no_source_gives_are_named(tables, told):
    assert supplied.missing(record(tables=dict.fromkeys(tables))) == told


def test_columns_that_are_not_supplied_are_named():
    (tickets,) = supplied.tables(record())
    assert (tickets.first, tickets.last) == ("1 Oct 2026", "31 Oct 2026")
    assert tickets.columns == ["ticket", "service", "kind", "opened"] and "resolved" in tickets.missing


# The page


@pytest.mark.parametrize("name", [*RECORDS, "demo"])
def test_a_page_is_whole(pages, name):
    markup = pages[name].read_text(encoding="utf-8")
    read = Read(markup)
    assert read.headings.count(1) == 1 and read.headings[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(read.headings))
    assert len(set(read.ids)) == len(read.ids)
    assert {link[1:] for link in read.links if link.startswith("#")} <= set(read.ids)
    assert read.tables == read.captions
    assert "None" not in text(markup).replace("None: the mappings", "")
    assert len(markup) < 1_000_000
    assert "http" not in re.sub(r'http-equiv|"http://www.w3.org/[^"]*"', "", markup)


@pytest.mark.parametrize("name", ["hostile", "large"])
def test_a_page_is_the_same_bytes_when_rendered_again(tmp_path, name):
    assert write(tmp_path / "a.html", RECORDS[name]()) == write(tmp_path / "b.html", RECORDS[name]())


def test_hostile_text_is_shown_and_does_nothing(pages):
    markup = pages["hostile"].read_text(encoding="utf-8")
    assert HOSTILE not in markup and "&lt;script&gt;alert(1)&lt;/script&gt;" in markup
    assert not re.search("[\x00\u202e\u00a0]", markup)
    assert "␣␣<script>alert(1)</script>⇥‹U+0000›‹U+202E›evil␣␣x‹U+00A0›" in text(markup)
    assert f"{'y' * 100}…" in text(markup) and "y" * 101 not in text(markup)
    assert max(len(part) for part in re.findall(r"1 row names[^…]*", text(markup))) <= quality.LONGEST


def test_a_check_leads_to_no_file_that_is_not_there(tmp_path):
    read = Read(markup := write(tmp_path / "page.html", stopped()))
    assert all(link.startswith("#") for link in read.links)
    assert "once sipnb run has frozen its records" in text(markup) and "As the exports stand" in text(markup)


def test_the_demo_is_accounted_for_to_the_last_row(pages, demo_records):
    markup, content = pages["demo"].read_text(encoding="utf-8"), frozen.read_quality(demo_records)
    words = text(markup)
    total = quality.fate(content)
    assert total.balanced and f"every one of {total.read:,} rows is accounted for" in words
    for one in content["sources"]:
        assert re.search(rf"{one['name']} ?{re.escape(one['file'])} {one['read']:,} {one['used']:,}", words), one[
            "name"
        ]
    assert "Northfield Group, October 2026" in words and "Simulated records" in words
    assert "cut-off, 1 November 2026 00:00 Europe/Berlin" in words and content["inputs"]["fingerprint"] in words
    links = {link for link in Read(markup).links if not link.startswith("#")}
    assert links == {"index.html", "records/quarantine.parquet", "records/quality.json"}
    assert all((pages["demo"].parent / link).is_file() for link in links - {"index.html"})


def test_what_check_finds_makes_a_page_of_its_own(demo_book, demo_cycle, demo_records, tmp_path):
    found = json.loads((demo_records / "quality.json").read_text(encoding="utf-8"))
    keys = prepare.Prepared([], {}, {}, [], {}, {}, []).record()
    context = RecordsContext(demo_book, demo_cycle, {key: found[key] for key in keys})
    markup = report.render_check(context, tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Northfield Group, October 2026" in text(markup) and "quarantine.parquet of a cycle" in text(markup)


def test_the_portfolio_and_the_plans_lead_to_it_where_it_is(tmp_path):
    folder = CycleFolder(tmp_path / CYCLE)
    write_service(folder, "payments", "Payments")
    write_portfolio(folder, [plan("payments", "Payments")])
    report.render_plan(folder, "payments")
    for rendered in (folder.evidence("payments"), report.render_index(folder)):
        assert "data-quality.html" not in rendered.read_text(encoding="utf-8")
    write(folder.quality, record())
    report.render_plan(folder, "payments")
    for rendered in (folder.evidence("payments"), report.render_index(folder)):
        assert "data-quality.html" in Read(rendered.read_text(encoding="utf-8")).links
    report.render_failure(folder, ALL_SERVICES, "All", LABEL, "line", "portfolio", None, "", "ValueError")
    assert "data-quality" not in folder.index.read_text(encoding="utf-8"), "it is no service's page"


def test_no_service_can_take_its_name():
    with pytest.raises(pydantic.ValidationError, match="name of a page"):
        pydantic.TypeAdapter(Id).validate_python("data-quality")


# In a browser


@pytest.fixture
def visit(open_page, pages):
    """Open a page of the records."""
    return lambda name, *how, **ever: open_page(pages[name], *how, **ever)


@pytest.mark.parametrize("name", [*RECORDS, "demo"])
def test_nothing_reaches_beyond_the_screen_folded_or_not(visit, name):
    tab = visit(name)
    for unfold in (False, True):
        if unfold:
            tab.evaluate("document.querySelectorAll('main details').forEach(one => { one.open = true; })")
        for width in (320, 375, 800, 1024, 1280):
            tab.set_viewport_size({"width": width, "height": 800})
            assert tab.evaluate("document.scrollingElement.scrollWidth") <= width, (unfold, width)


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [("nothing", 1280, "dark"), ("stopped", 375, "light"), ("hostile", 375, "dark"), ("hostile", 1280, "light"),
     ("demo", 1280, "dark"), ("demo", 375, "light")],
)  # fmt: skip
def test_axe_finds_nothing(visit, name, width, scheme):
    tab = visit(name, width, scheme)
    tab.evaluate("document.querySelectorAll('main .body details').forEach(one => { one.open = true; })")
    assert violations(tab) == []


def test_the_verdict_and_the_account_are_on_the_first_screen(visit):
    tab = visit("stopped")
    for part in ("#verdict", ".account"):
        box = tab.locator(part).bounding_box()
        assert box["y"] + box["height"] <= 800, part


def test_on_a_phone_every_number_of_the_account_is_in_sight(visit):
    tab = visit("demo", 375)
    for cell in tab.locator(".account td.number").all():
        box = cell.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 375


def test_printing_unfolds_the_rules(visit):
    tab = visit("demo")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.locator("main .body details:not([open])").count() == 0
