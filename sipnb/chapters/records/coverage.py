"""What the exports supply: tables and their columns, rows of each service, columns not taken, how files were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sipnb.chapters.records.account import Quality
from sipnb.records.quality.rows import OUT_OF_SCOPE, rule_of
from sipnb.show import words
from sipnb.show.visible import day, shown
from sipnb.tables import ESTATE, TABLES

#: Services, columns and notes in sight before the others are folded away; services that are named at all.
SERVICES, NAMES, NOTES = 25, 30, 8
NAMED = 1_000


@dataclass(frozen=True)
class Supplied:
    """A table: its rows, its first and last day, its columns, and the canonical columns it has not."""

    name: str
    row: str
    rows: int
    first: str
    last: str
    columns: list[str]
    missing: list[str]


@dataclass(frozen=True)
class ServiceRows:
    """The rows of a service in each table, and how many were set aside: not for these plans, or wrong."""

    name: str
    rows: list[int]
    others: int
    wrong: int


@dataclass(frozen=True)
class Untaken:
    """Columns of a source that its mapping does not take: the first of them, and the others."""

    source: str
    columns: list[str]
    folded: list[str]


def tables(quality: Quality) -> list[Supplied]:
    """Every table that is supplied, in the order of the canonical tables."""
    return [
        Supplied(
            name, TABLES[name].row, one["rows"], _day(one["first"]), _day(one["last"]),
            [c for c in TABLES[name].supplied if c in one["columns"]],
            # Free text that no KPI asks for is not read, whether the exports have it or not.
            [c for c in TABLES[name].supplied if c not in one["columns"] and not TABLES[name].columns[c].free],
        )
        for name in TABLES
        if (one := quality["tables"].get(name))
    ]  # fmt: skip


def missing(quality: Quality) -> str:
    """The canonical tables that no source gives: `problems, changes or outages`; empty where all are there."""
    names = [name.replace("_", " ") for name in TABLES if name not in quality["tables"]]
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def services(quality: Quality, names: Mapping[str, str]) -> tuple[list[ServiceRows], list[ServiceRows], str]:
    """Rows of each service: those in sight, those folded away, and a line on those beyond.

    Without rows first, then by the rows that are wrong, then by name: who looks for trouble finds it at the top.
    """
    columns = [name for name in TABLES if name in quality["tables"]]
    found = []
    for service, one in quality["services"].items():
        reasons = [(reason, n) for by in one["set_aside"].values() for reason, n in by.items()]
        others = sum(n for reason, n in reasons if rule_of(reason) in OUT_OF_SCOPE)
        wrong = sum(n for _, n in reasons) - others
        # The organisation's own place is empty where every row names a service.
        if service != ESTATE or one["rows"] or reasons:
            name = "No service of its own" if service == ESTATE else names.get(service, service)
            found.append(ServiceRows(name, [one["rows"].get(table, 0) for table in columns], others, wrong))
    found.sort(key=lambda one: (any(one.rows), -one.wrong, one.name.casefold(), one.name))
    left = found[NAMED:]
    beyond = f"{words.plural(len(left), 'more service')} with {words.plural(sum(sum(o.rows) for o in left), 'row')}"
    # A fold that hides two lines is not worth its click.
    sight = SERVICES if len(found) > SERVICES + 5 else len(found)
    return found[:sight], found[sight:NAMED], beyond if left else ""


def untaken(quality: Quality) -> list[Untaken]:
    """The columns of each source that its mapping does not take."""
    return [
        Untaken(shown(one["name"]), columns[:NAMES], columns[NAMES:])
        for one in quality["sources"]
        if (columns := [shown(column) for column in one["not_taken"]])
    ]


def notes(quality: Quality) -> tuple[list[str], list[str]]:
    """How files were read where there was something to choose: the first notes, and the others."""
    told = list(dict.fromkeys(shown(note) for one in quality["sources"] for note in one["notes"]))
    return told[:NOTES], told[NOTES:]


def recorded(quality: Quality) -> list[tuple[str, str]]:
    """The tickets as the tool itself recorded them, to be compared with the tool's own report."""
    one = quality["recorded"]
    if not one:
        return []
    told = [("Tickets", f"{one['tickets']:,}")]
    if one["sla_known"]:
        told.append(
            (
                "Target met",
                f"{words.percent(one['sla_met'] / one['sla_known'])} ({one['sla_met']:,} of {one['sla_known']:,})",
            )
        )
    if one["reopened"] is not None:
        told.append(("Reopened", f"{one['reopened']:,}"))
    if one["median_hours"] is not None:
        hours = f"median {words.number(one['median_hours'], 'hours')}, mean {words.number(one['mean_hours'], 'hours')}"
        told.append(("Opened to resolved", f"{hours}, of {words.plural(one['resolved'], 'ticket')}"))
    return told


def _day(text: str | None) -> str:
    return "–" if text is None else day(text, short=True)
