"""Personal data: what people wrote, who they are and how to reach them is on no page and in no file that says otherwise.

Names, e-mail and postal addresses, telephone and card numbers (all made up) stand in every column of every table of a small
organisation: in each text, where times, numbers, flags and kinds are expected, in columns that no mapping takes, in headings,
in lines that are no records, and in identifiers. Searched is every file that `sipnb check` and `sipnb run` write — pages,
downloads with the workbook and the calendar, mails, results, executed notebooks, `run.json`, `quality.json`, quarantine,
frozen records — and what they print. `docs/data-protection.md` says what may be found, and `KEPT` repeats it.

Not planted, because they are shown: names of services, groups, categories of costs and owners.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from tests.test_cli import sipnb

CYCLE = "2026-09"
#: Made-up people: a name, an e-mail and a postal address, a telephone and a card number.
PLANTED = (
    "Zebulon Quackenbush", "zebulon.quackenbush@plantmail.example", "17 Marmalade Lane, 90713 Plantville",
    "+49 171 5550134", "4929 1234 5678 9012", "Łucja Ørsted-Çelik", "Ms O'Plantwright",
)  # fmt: skip
#: What is looked for, in small letters: parts that no other text holds.
SOUGHT = (
    "quackenbush", "zebulon", "plantmail", "marmalade", "plantville", "90713", "5550134", "4929 1234", "5678 9012", "49291234",
    "łucja", "ørsted", "orsted", "plantwright",
)  # fmt: skip
#: Columns of the frozen records that keep what the exports hold, by the documentation: all but free text.
KEPT = {
    "tickets": {
        "ticket",
        "state",
        "outcome",
        "category",
        "subcategory",
        "channel",
        "problem",
        "change",
        "configuration_item",
    },
    "words": {"ticket"},
    "ticket_events": {"ticket", "state", "reason"},
    "problems": {"problem", "state", "outcome"},
    "changes": {"change", "state", "outcome", "risk", "configuration_item"},
    "outages": {"severity", "cause", "configuration_item"},
    "surveys": {"ticket"},
    "measurements": {"kpi"},
}


class Words:
    """Planted words in turn, each with a number of its own."""

    def __init__(self) -> None:
        self.n = 0

    def __call__(self, lone: bool = False) -> str:
        self.n += 1
        return PLANTED[self.n % len(PLANTED)] if lone else f"{PLANTED[self.n % len(PLANTED)]} ({self.n})"


def table(header: str, rows: list[list[object]], broken: list[str] = ()) -> str:
    """A CSV with these rows, and with lines that are none."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return out.getvalue() + "".join(line + "\n" for line in broken)


def write(folder: Path) -> Path:
    """The organisation, with its exports beside its parameters."""
    folder.mkdir()
    planted = Words()
    tables = (
        "tickets", "ticket_events", "problems", "changes", "outages", "surveys", "costs", "measurements", "usage"
    )  # fmt: skip
    sources = "".join(f"  - {{name: {name}, files: {name}.csv}}\n" for name in tables)
    (folder / "workbook.yml").write_text(
        "organisation: Plain\nzone: Europe/Berlin\nhistory: 13\nsources:\n" + sources + "gate: {stop_set_aside: 0.9}\n",
        encoding="utf-8",
    )
    (folder / "services.yml").write_text(
        "services:\n  pay: {name: Payments, owner: Head of payments}\n  shop: {name: Web shop, owner: Head of sales}\n",
        encoding="utf-8",
    )
    (folder / "targets.yml").write_text("organisation: {sla_attainment: 0.95, availability: 0.999}\n", encoding="utf-8")
    for name, text in _tables(planted).items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def _tables(planted: Words) -> dict[str, str]:
    tickets, events, surveys, problems, changes, outages = [], [], [], [], [], []
    months = pd.date_range("2025-08-01", "2026-09-01", freq="MS")
    for month in months:
        for nth in range(24):
            service = ("pay", "shop")[nth % 2]
            number = f"T-{planted(lone=True)}-{planted.n}"
            opened = month + pd.Timedelta(days=1 + nth, hours=8 + nth % 9)
            resolved = opened + pd.Timedelta(hours=2 + 5 * (nth % 7))
            late = resolved > opened + pd.Timedelta(hours=24)
            tickets.append(
                [number, service, "incident" if nth % 3 else "request", opened, resolved, "resolved" if nth % 4 else planted(),
                 planted(), 1 + nth % 4, planted(), planted(), ("Desk", "Network", "Server")[nth % 3], planted(), nth % 5 // 4,
                 nth % 3, str(not late).lower(), planted(), planted(), planted(), planted(), planted(), planted(), 2.5,
                 PLANTED[nth % 7], ("person", "machine", PLANTED[0], planted())[nth % 4]]
            )  # fmt: skip
            events.append([number, service, opened, "new", ("Desk", "Network")[nth % 2], planted()])
            events.append([number, service, resolved, "resolved" if nth % 4 else planted(), "Server", ""])
            surveys.append([service, resolved, 3 + nth % 3, 5, number])
        for service in ("pay", "shop"):
            start = month + pd.Timedelta(days=3)
            problems.append([f"P-{planted()}", service, start, "", planted(), planted(), planted()])
            changes.append([f"C-{planted()}", service, "normal", start, start + pd.Timedelta(hours=1), planted(), planted(),
                            planted(), planted()])  # fmt: skip
            for day in (5, 15):
                begun = month + pd.Timedelta(days=day, hours=10)
                outages.append(
                    [service, begun, begun + pd.Timedelta(hours=3), "unplanned", planted(), planted(), planted()]
                )
    # Where times, numbers, flags and kinds are expected; in a service's place, as where a column slipped.
    bad = [list(tickets[0]) for _ in range(12)]
    for position, row in enumerate(bad):
        row[0] = f"B-{planted()}"
        row[(1, 2, 3, 4, 7, 12, 13, 14, 21, 1, 2, 3)[position]] = planted()
    tickets += bad
    events += [
        ["X", "pay", planted(), "new", "Desk", ""],
        [tickets[0][0], planted(), "2026-01-01", "new", "Desk", planted()],
    ]
    surveys += [["pay", planted(), 3, 5, "T"], ["pay", "2026-05-01", planted(), planted(), "T"]]
    problems += [[f"P-{planted()}", "pay", planted(), planted(), "", "", ""]]
    changes += [[f"C-{planted()}", "pay", planted(), "2026-05-01", planted(), "", "", "", ""]]
    outages += [
        ["pay", "2026-05-01 10:00", planted(), planted(), "", "", ""],
        [planted(), "2026-05-01", "", "unplanned", "", "", planted()],
    ]
    periods = [(service, month.date()) for month in months for service in ("pay", "shop")]
    broken = [f"{planted()};{planted()}", f"X,pay,{planted()}", f'"{planted()}', f"Total {planted()},1"]
    contact = PLANTED[1]
    return {
        "tickets": table(
            "ticket,service,kind,opened,resolved,state,outcome,priority,category,subcategory,group,channel,reopened,reassigned,"
            f"sla_met,problem,change,configuration_item,summary,caller,answers of {contact},effort,"
            "requester,resolver", tickets, broken),
        "ticket_events": table("ticket,service,at,state,group,reason", events, broken),
        "problems": table("problem,service,opened,resolved,state,outcome,cause", problems, broken),
        "changes": table("change,service,kind,started,ended,state,outcome,risk,configuration_item", changes, broken),
        "outages": table("service,started,ended,kind,severity,cause,configuration_item", outages, broken),
        "surveys": table("service,answered,score,scale_max,ticket", surveys, broken),
        "costs": table("service,period,amount,category",
                       [[s, p, 1000, "Licences"] for s, p in periods] + [["pay", planted(), planted(), "Licences"]], broken),
        "measurements": table("service,period,kpi,value,numerator,denominator,n",
                              [[s, p, planted(), 1, 1, 2, 2] for s, p in periods]
                              + [["pay", planted(), "x", planted(), "", "", ""]], broken),
        "usage": table("service,period,users,transactions,agent_hours,invited",
                       [[s, p, 100, 1000, 10, 10] for s, p in periods] + [["pay", "2026-05-01", planted(), planted(), "", ""]],
                       broken),
    }  # fmt: skip


def found_in(text: str) -> list[str]:
    """The planted words in a text, with what stands round the first of each."""
    small = text.lower()
    return [f"{word!r}: …{text[max(0, at - 80) : at + 60]!r}…" for word in SOUGHT if (at := small.find(word)) >= 0]


def texts(path: Path) -> list[tuple[str, str]]:
    """All that a file says: the columns of a Parquet file, the members of an archive, else its text."""
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
        return [(f"{path}:{column}", "\n".join(map(str, frame[column]))) for column in frame] + [
            (str(path), str(list(frame)))
        ]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return [(f"{path}:{name}", archive.read(name).decode("utf-8", "replace")) for name in archive.namelist()]
    return [(str(path), path.read_bytes().decode("utf-8", "replace"))]


def may_hold(path: Path, where: str) -> bool:
    """Whether the documentation says that a column of the frozen records keeps what the exports hold."""
    match = re.search(r"/records/([a-z_]+)/service=[a-z_]+/[^:]+:(\w+)$", where)
    return bool(match) and match[2] in KEPT.get(match[1], ())


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """The organisation's reports after a check, a check as JSON and a run, and what was printed."""
    root = tmp_path_factory.mktemp("personal")
    folder, temporary = write(root / "plain"), root / "tmp"
    temporary.mkdir()
    environment = os.environ | {"TMPDIR": str(temporary), "ITSM_DATABASE": f"postgres://me:{PLANTED[1]}/x"}
    printed = {}
    for name, command in {
        "check": ("check", folder, "--cycle", CYCLE),
        "as exported": ("check", folder),
        "json": ("check", folder, "--json"),
        "plan": ("plan", folder, "--cycle", CYCLE),
        "run": ("run", folder, "--cycle", CYCLE, "--jobs", 2),
    }.items():
        done = sipnb(*command, "--out", root / "reports", cwd=root, env=environment)
        assert done.returncode == 0, (name, done.stdout, done.stderr)
        printed[name] = done.stdout + done.stderr
    return root, printed


def test_nothing_planted_is_in_any_file_or_on_the_terminal(told, tried):
    root, printed = told
    leaks, kinds, kept = [], set(), set()
    for name, text in printed.items():
        leaks += [f"printed by {name}: {leak}" for leak in found_in(text)]
        tried(f"searched for planted data and a secret: what `{name}` prints", "none")
    for path in sorted(p for p in (root / "reports").rglob("*") if p.is_file()):
        kind = path.name if path.name in ("run.json", "quality.json", "quarantine.parquet") else path.suffix
        kinds.add(kind)
        for where, text in texts(path):
            leak = found_in(text)
            if leak and may_hold(path, where):
                kept.add(where.rpartition(":")[2])
            else:
                leaks += [f"{where}: {one}" for one in leak]
        frozen = " but what the documentation says is kept" if path.suffix == ".parquet" else ""
        tried(f"searched for planted data and a secret: {kind or path.name} files", f"none{frozen}")
    assert leaks == []
    assert {
        ".html",
        ".json",
        ".csv",
        ".ics",
        ".ipynb",
        ".parquet",
        "run.json",
        "quality.json",
        "quarantine.parquet",
    } <= kinds
    # The search finds what is there: what the documentation says is kept.
    assert {"ticket", "category", "cause", "configuration_item"} <= kept


def test_nothing_stays_where_the_machine_keeps_temporary_files_and_nothing_is_left_of_preparing(told):
    root, _ = told
    assert list((root / "tmp").iterdir()) == []
    assert [
        p for p in (root / "reports" / "plain").iterdir() if p.name.startswith(".preparing") or ".building" in p.name
    ] == []


def test_frozen_records_are_for_their_owner_alone_and_pages_for_everybody(told):
    root, _ = told
    cycle = root / "reports" / "plain" / CYCLE
    for path in (cycle / "records", *(cycle / "records").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    usual = 0o666 & ~_umask()
    for path in (cycle / "index.html", cycle / "pay.html", cycle / "data-quality.html", cycle / "run.json"):
        assert stat.S_IMODE(path.stat().st_mode) == usual, path


def _umask() -> int:
    known = os.umask(0)
    os.umask(known)
    return known


def test_free_text_is_not_even_a_column_of_the_frozen_records(told):
    root, _ = told
    records = root / "reports" / "plain" / CYCLE / "records"
    for table, column in (("tickets", "summary"), ("problems", "cause")):
        (file, *_) = (records / table).rglob("*.parquet")
        assert column not in pd.read_parquet(file).columns
    assert (
        "summary"
        not in json.loads((records / "quality.json").read_text(encoding="utf-8"))["tables"]["tickets"]["columns"]
    )


def test_who_asked_is_a_pseudonym_that_tells_people_apart(told):
    root, _ = told
    for file in (root / "reports" / "plain" / CYCLE / "records" / "tickets").rglob("*.parquet"):
        asked = pd.read_parquet(file)["requester"]
        assert asked.str.fullmatch("[0-9a-f]{16}").all() and asked.nunique() == len(PLANTED)


def test_what_is_wrong_is_still_told_by_its_place_and_its_shape(told):
    _, printed = told
    assert re.search(r"unreadable time \(first: tickets.csv line \d+, opened ≈ ", printed["check"])
    assert "column 21" in (told[0] / "reports" / "plain" / CYCLE / "data-quality.html").read_text(encoding="utf-8")


def test_a_workbook_that_wants_to_see_values_sees_them(told, tmp_path):
    folder = write(tmp_path / "open")
    with (folder / "workbook.yml").open("a", encoding="utf-8") as file:
        file.write("show_values: true\n")
    done = sipnb("check", folder, "--out", tmp_path / "reports", cwd=tmp_path)
    assert done.returncode == 0 and len(found_in(done.stdout)) > 3
    page = (tmp_path / "reports" / "open" / "check" / "as-exported.html").read_text(encoding="utf-8")
    assert len(found_in(page)) > 5
