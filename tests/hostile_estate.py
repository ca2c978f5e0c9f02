"""An organisation made of hostile strings: each stands where the outside comes in and a page shows it.

Parameters hold names, owners, tiers, calendars, objectives, KPIs, baselines and registers; records hold the words by which
misses, costs and time on hold are parted, and what the data-quality page shows of them: file names, headings, states, values
that cannot be read, services that nobody listed. `show_values` is on, so that values are shown as they stand.
"""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from tests.hostile import Hostile

CYCLE = "2026-09"
MONTHS = pd.date_range("2025-08-01", "2026-09-01", freq="MS")
#: What misses are parted by in each service in turn; eight parts are drawn.
PARTED = ("category", "subcategory", "group", "channel", "configuration_item")
PARTS, COSTS, HOLDS = 8, 12, 2
#: Families that are hostile to a terminal.
PRINTED = ("terminal sequences", "lines of other formats", "control characters", "turned directions")
#: Headings that no mapping takes, and files, at most.
HEADINGS, FILES = 120, 24


@dataclass
class Estate:
    """What was planted where: the place of each string by its id; and the strings that no place was left for."""

    strings: list[Hostile]
    folder: Path
    place: dict[str, str] = field(default_factory=dict)
    left: list[Hostile] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.left = list(self.strings)
        random.Random(7).shuffle(self.left)

    def take(self, place: str, fits: Callable[[str], bool] = lambda text: True, printed: bool = False) -> str:
        """A string for a place that takes such, where it is printed rather one that a terminal would obey; an ordinary word
        where none is left."""
        fitting = [one for one in self.left if fits(one.text)]
        found = next((one for one in fitting if printed and one.family in PRINTED), next(iter(fitting), None))
        if found is None:
            return f"Ordinary {len(self.place)}-{len(place)}"
        self.left.remove(found)
        self.place[found.id] = place
        return found.text

    def several(
        self, n: int, place: str, fits: Callable[[str], bool] = lambda text: True, printed: bool = False
    ) -> list[str]:
        """Strings for a place; every other one of those that are printed is one that a terminal would obey."""
        return [self.take(place, fits, printed and i % 2 == 0) for i in range(n)]

    def counted(self) -> Counter[str]:
        """How many strings stand in each place."""
        return Counter(self.place.values())


def said(text: str) -> bool:
    """What an organisation, a service and an owner may be called."""
    return 10 <= len(text) <= 300


def short(text: str) -> bool:
    """What is shown in full where names are cut."""
    return len(text) <= 70


def file_name(text: str) -> bool:
    return len(text.encode()) <= 150 and not set(text) & set("/\0")


def heading(text: str) -> bool:
    """A heading that is shown as it stands: no address, not like a number, and nothing that ends a line."""
    return (
        len(text) <= 100 and "@" not in text and sum(c.isdigit() for c in text) <= 5 and not set(text) & set("\r\n\0#")
    )


def formula(text: str) -> bool:
    """What may stand in a formula; others are refused."""
    return len(text) < 300 and text.isprintable()


def cell(text: str) -> bool:
    """What a CSV file holds in one cell, and of which all of the id is in what is shown."""
    return len(text) <= 90 and "\0" not in text and text.strip() == text


def write(folder: Path, strings: list[Hostile], services: int) -> Estate:
    """Write the organisation with its exports into `folder`."""
    (folder / "register").mkdir(parents=True)
    estate = Estate(strings, folder)
    ids = [f"s{i:02d}" for i in range(services)]
    # Places that take few kinds of strings choose first.
    parameters = _files(estate, ids) | _quality(estate) | _records(estate, ids) | _parameters(estate, ids)
    for name, content in parameters.items():
        path = folder / name
        if isinstance(content, pd.DataFrame):
            content.to_parquet(path, index=False)
        elif isinstance(content, str):
            path.write_bytes(content.encode())
        else:
            path.write_text(_yaml(content), encoding="utf-8")
    return estate


def _yaml(content: object) -> str:
    """JSON is YAML, but for characters that YAML wants to see escaped."""
    unread = "[^\n -~\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    return re.sub(unread, lambda found: f"\\u{ord(found[0]):04x}", json.dumps(content, ensure_ascii=False))


def table(header: list[str], rows: list[list[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([header, *rows])
    return out.getvalue()


def _files(estate: Estate, ids: list[str]) -> dict[str, str]:
    """Costs in files of hostile names; more than one, so that each has a line of its own."""
    rows = [[s, month.date(), 1000, ""] for s in ids for month in MONTHS]
    each = -(-len(rows) // min(FILES, max(2, len(estate.strings) // 15)))
    return {
        f"base-{estate.take('file name', file_name, len(estate.place) % 2 == 0)}.csv": table(
            ["service", "period", "amount", "category"], rows[at : at + each]
        )
        for at in range(0, len(rows), each)
    }


def _quality(estate: Estate) -> dict[str, str]:
    """What the data-quality page shows: headings, words that are none of those expected, values that cannot be read."""
    # Five rows of a kind are shown.
    some = max(2, min(5, len(estate.strings) // 150))
    headings = estate.several(min(HEADINGS, len(estate.strings) // 8), "heading", heading)
    columns = ["ticket", "service", "kind", "opened", "resolved", "state", "priority", "reopened", "sla_met"]
    rows = []

    def row(**given: str) -> None:
        known = {
            "ticket": f"X-{len(rows)}",
            "service": "s00",
            "kind": "incident",
            "opened": "2026-05-01 10:00",
            "state": "resolved",
        }
        rows.append([(known | given).get(column, "") for column in columns] + [""] * len(headings))

    for column, place in (
        ("service", "service that nobody listed"), ("kind", "kind of a ticket"), ("state", "state"),
        ("opened", "time of a ticket"),
    ):  # fmt: skip
        for word in estate.several(min(some, 3) if column == "opened" else some, place, cell, printed=True):
            row(**{column: word})
    for column in ("priority", "reopened", "sla_met"):
        row(resolved="2026-05-01 11:00", **{column: estate.take(f"{column} of a ticket", cell)})
    # The same identifier for two different records.
    for word in estate.several(some, "ticket", cell, printed=True):
        row(ticket=word)
        row(ticket=word, opened="2026-05-02 10:00")
    outages = [
        ["s00", "2026-05-01 10:00", "2026-05-01 11:00", word]
        for word in estate.several(some, "kind of an outage", cell, printed=True)
    ]
    outages += [["s00", word, "2026-05-01 11:00", "unplanned"] for word in estate.several(2, "time of an outage", cell)]
    changes = [["C1", "s00", estate.take("kind of a change", cell), "2026-05-01"]]
    costs = [["s00", "2026-05-01", word] for word in estate.several(some, "amount", cell)]
    return {
        "odd.csv": table([*columns, *headings], rows),
        "outages.csv": table(["service", "started", "ended", "kind"], outages),
        "changes.csv": table(["change", "service", "kind", "started"], changes),
        "costs-odd.csv": table(["service", "period", "amount"], costs),
    }


def _records(estate: Estate, ids: list[str]) -> dict[str, pd.DataFrame]:
    """Tickets, costs and time on hold by hostile words; the first of a word is enough to see it."""
    tickets, events, costs, outages = [], [], [], []
    for nth, service in enumerate(ids):
        parted = PARTED[nth % len(PARTED)]
        words = estate.several(PARTS, f"{parted} of tickets", short)
        holds = estate.several(HOLDS, "state on hold", lambda text: len(text) < 5_000)
        for month in MONTHS:
            for i in range(40):
                opened = month + pd.Timedelta(days=i * 0.65, hours=8)
                resolved = opened + pd.Timedelta(hours=2 + 5 * (i % 9))
                number = f"{service}-{month:%y%m}-{i}"
                tickets.append(
                    {"ticket": number, "service": service, "kind": "incident", "opened": opened, "resolved": resolved,
                     "priority": 3, "sla_met": (i // 8) % 2 == 0, "reassigned": i % 3, "reopened": i % 11 // 10,
                     "state": "resolved", parted: words[i % PARTS]}
                )  # fmt: skip
                held = opened + pd.Timedelta(minutes=30)
                events.append([number, service, opened, "new", False])
                events.append([number, service, held, holds[i % HOLDS], True])
                events.append([number, service, held + pd.Timedelta(hours=1), "in progress", False])
        costs += [
            [service, MONTHS[-1], 100.0 + n, word]
            for n, word in enumerate(estate.several(COSTS, "category of costs", lambda text: len(text) < 5_000))
        ]
        cause = estate.take("cause of outages", short)
        for n in range(13):
            started = MONTHS[n + 1] + pd.Timedelta(days=9, hours=9)
            outages.append(
                [service, started, started + pd.Timedelta(hours=9 + n), "unplanned", "Power" if n == 4 else cause]
            )
    return {
        "tickets.parquet": pd.DataFrame(tickets),
        "events.parquet": pd.DataFrame(events, columns=["ticket", "service", "at", "state", "on_hold"]),
        "costs.parquet": pd.DataFrame(costs, columns=["service", "period", "amount", "category"]),
        "outages.parquet": pd.DataFrame(outages, columns=["service", "started", "ended", "kind", "cause"]),
    }


def _parameters(estate: Estate, ids: list[str]) -> dict[str, object]:
    full = len(ids) > 5
    kpis = ["sla_attainment", "availability", "reopen_rate", *(f"own{i}" for i in range(8 if full else 2))]
    own = {
        name: {"title": estate.take("title of a KPI", lambda text: len(text) < 300), "good": "down",
               "share": f"category <> {_literal(estate.take('formula of a KPI', formula))}",
               "short": estate.take("short title of a KPI", short)}
        for name in kpis[3:]
    }  # fmt: skip
    tiers = {f"t{i}": {"title": estate.take("tier", short)} for i in range(4 if full else 1)}
    calendars = {
        f"c{i}": {"title": estate.take("calendar", lambda text: len(text) < 300),
                  "week": {day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}}
        for i in range(4 if full else 1)
    }  # fmt: skip
    services = {
        name: {"name": estate.take("service", said), "owner": estate.take("owner of a service", said),
               "tier": f"t{i % len(tiers)}", "calendar": f"c{i % len(calendars)}",
               "baselines": [{"kpi": "sla_attainment", "from": "2026-02",
                              "reason": estate.take("reason of a baseline", said)}]}
        for i, name in enumerate(ids)
    }  # fmt: skip
    sources = [
        ("tickets", "tickets.parquet"), ("ticket_events", "events.parquet"), ("costs", "costs.parquet"),
        ("outages", "outages.parquet"), ("costs-old", "base-*.csv"), ("costs-odd", "costs-odd.csv"),
        ("outages-odd", "outages.csv"), ("changes", "changes.csv"), ("tickets-odd", "odd.csv"),
    ]  # fmt: skip
    files: dict[str, object] = {
        "workbook.yml": {
            "organisation": estate.take("organisation", said), "zone": "Europe/Berlin", "history": 13, "show_values": True,
            "currency": estate.take("currency", lambda text: len(text) < 60), "kpis": own,
            "sources": [{"name": name, "files": path} for name, path in sources],
            "gate": {"stop_set_aside": 1.0},
        },
        "services.yml": {"tiers": tiers, "services": services},
        "calendars.yml": {"calendars": calendars},
        "targets.yml": {"organisation": {"sla_attainment": 0.95, "availability": 0.999, "reopen_rate": 0.02,
                                         **dict.fromkeys(own, 0.1)}},
        "objectives.yml": {"objectives": [
            {"id": f"o{i}", "title": estate.take("objective", lambda text: len(text) < 300), "weight": 1, "kpis": [kpi]}
            for i, kpi in enumerate(kpis[: 4 if full else 1])]},
    }  # fmt: skip
    return files | dict(_registers(estate, ids))


def _registers(estate: Estate, ids: list[str]) -> Iterator[tuple[str, object]]:
    """All that is left: an owner for every service's first action, then titles and notes."""
    owners = [estate.take("owner of an action", said) for _ in ids]
    each = max(2, -(-len(estate.left) // (2 * len(ids))))
    states = ("approved", "in progress", "proposed", "rejected", "implemented")
    for owner, service in zip(owners, ids, strict=True):
        yield f"register/{service}.yml", {"actions": [
            {"id": f"a{i}", "title": estate.take("title of an action"), "note": estate.take("note of an action"),
             "state": states[i % len(states)], "raised": "2026-02-01", "due": f"2026-{8 + i % 5:02d}-10",
             **({"owner": owner} if i == 0 else {}), **({"implemented": "2026-05-01"} if i % 5 == 4 else {})}
            for i in range(each)]}  # fmt: skip


def _literal(text: str) -> str:
    """A text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"
