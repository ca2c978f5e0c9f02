"""A mapping proposed for an export nobody has mapped yet: values against what they should be, names against synonyms.

Nothing is learned and nothing is sent anywhere: a shipped mapping that fits is taken as it is, everything else is weighed
column by column. A confidence is the evidence of the name, lessened where the values do not look like it; it orders
proposals and is no probability.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from sipnb.records.mappings import Mapping
from sipnb.records.suggest import placing, profiles, shipped, synonyms, writing
from sipnb.records.suggest.placing import Placed, Plan
from sipnb.records.suggest.profiles import Profile
from sipnb.tables import TABLES

__all__ = ["ROWS", "Placed", "Suggestion", "suggest"]

#: So many rows of an export say what its columns hold, and whether an identifier repeats.
ROWS = 40_000


@dataclass(frozen=True)
class Suggestion:
    """A proposed mapping: `text` is its YAML, ready for `params/<organisation>/mappings/`.

    `system` is the shipped mapping that fits best (None: none does) and `fit` the share of its columns that were found;
    `unplaced` are source columns with a hint, `missing` canonical columns that the table cannot do without, `unknown` the
    values of a placed column (a state, a kind, a level) whose meaning a person has to add.
    """

    text: str
    table: str
    system: str | None
    fit: float
    placed: dict[str, Placed]
    unplaced: dict[str, str]
    missing: dict[str, str]
    notes: list[str] = field(default_factory=list)
    unknown: dict[str, list[str]] = field(default_factory=dict)


def suggest(columns: dict[str, str], sample: pd.DataFrame, system: str | None = None) -> Suggestion:
    """Propose a mapping for an export with these `columns` (name → type), of which `sample` holds rows of text.

    `system` names a shipped mapping to start from; `other` says that none is to be used.
    Raises WorkbookError for a system that is not known.
    """
    columns = {name: kind for name, kind in columns.items() if not (name.endswith(".value") and name[:-6] in columns)}
    sample = sample.reindex(columns=list(columns))
    marks = profiles.marks_in(sample, synonyms.words()["missing"])
    known = {name: profiles.profile(name, sample[name], marks) for name in columns}
    plan = placing.best(known)
    name, fit, start = shipped.system(columns, known, system, plan)
    forms = _as_shipped(start, columns, known, sample) if start else _by_evidence(plan, known, sample)
    if start:
        plan, forms = forms
    table, placed, content, notes = plan.table, plan.placed, plan.content, plan.notes
    candidates = placing.instead(plan, known)
    missing = {
        column: writing.lacking(table, column, candidates, known)
        for column in TABLES[table].required
        if column not in placed and not content.supplements
    }
    placed = {c: placed[c] for c in TABLES[table].columns if c in placed}
    used = {one.source for one in placed.values()} | {content.latest, *content.only}
    if content.events:
        used |= {content.events.ticket, content.events.at}
    if {TABLES[table].at} <= set(missing) and _titled(list(columns)):
        notes.append(
            "the first row names hardly any column: if titles stand above the header, skip them (`skip: N` at the source)"
        )
    unplaced = {c: writing.hint(known[c]) for c in columns if c not in used and not synonyms.repetition(c, columns)}
    waits = {
        c
        for (column, c), (sure, _) in synonyms.candidates("ticket_events", unplaced).items()
        if column == "reason" and sure > 0.7
    }
    unplaced |= {c: f"{unplaced[c]}; why a ticket waits: `reason` of ticket_events" for c in unplaced if c in waits}
    unknown = {c: _unknown(c, p, known, plan, bool(start)) for c, p in placed.items() if p.source in known}
    unknown = {c: values for c, values in unknown.items() if values}
    # What the sample does not show may still be in the file: a shipped mapping's own marks stay, and its formats where
    # the sample has no times or ISO ones only.
    start = start or Mapping(system="unknown", tables={})
    numbers = [known[p.source] for c, p in placed.items() if p.source in known and _numeric(table, c, p)]
    comma = start.decimal == "," or profiles.commas(numbers)
    head = {
        "system": start.system,
        "records": start.records,
        "decimal": "," if comma else None,
        "missing": list(dict.fromkeys(["", *start.missing, *marks])),
        "times": {"formats": forms or start.times.formats, "zone": start.times.zone},
    }
    notes.append(f"times without a zone are taken as {start.times.zone}: check this")
    text = writing.yaml(name, fit, head, table, content, placed, missing, notes, unplaced, unknown)
    return Suggestion(text, table, name, fit, placed, unplaced, missing, notes, unknown)


def _by_evidence(plan: Plan, known: dict[str, Profile], sample: pd.DataFrame) -> list[str]:
    """Complete what names and values placed; returns the time formats."""
    placing.first_time(plan, known, sample)
    updated = placing.named(known, "updated", set())
    events = placing.named(known, "event_times", set())
    forms = placing.forms(plan, known, [*updated, *events])
    placing.in_order(plan, sample, forms, False)
    placing.identity(plan, known, sample)
    placing.rows(plan, sample, known, forms)
    placing.kinds(plan, known)
    placing.resolution(plan)
    placed = {p.source for p in plan.placed.values()} | {plan.content.latest}
    at = plan.content.events.at if plan.content.events else None
    if placed.isdisjoint({*updated, *events} - {at}) or at:
        # Only the formats of what is read.
        quiet = Plan(plan.table, plan.placed)
        forms = placing.forms(quiet, known, [c for c in (plan.content.latest, at) if c])
    return forms


def _as_shipped(
    start: Mapping, columns: dict[str, str], known: dict[str, Profile], sample: pd.DataFrame
) -> tuple[Plan, list[str]]:
    """What a shipped mapping takes, and what names and values place beside it."""
    _, table = shipped.best_table(start, columns)
    content = start.tables[table]
    placed = shipped.placed(content, table, known)
    rest = {c: p for c, p in known.items() if c not in {one.source for one in placed.values()}}
    # A supplement gives what it is there for and nothing else.
    plan = Plan(table, placed if content.supplements else placing.place(table, rest, bar=0.75) | placed, content)
    there = {c.casefold() for c in columns}
    latest = content.latest and content.latest.casefold() in there
    updated = [] if latest or content.events or content.supplements else placing.named(known, "updated", set())
    forms = placing.forms(plan, known, updated[:1])
    placing.in_order(plan, sample, forms, True)
    if updated and updated[0] in columns and TABLES[table].key:
        plan.content = content.model_copy(update={"latest": updated[0]})
    if table == "tickets" and not content.supplements and "kind" not in placed:
        plan.placed["kind"] = Placed(
            "kind", None, 0.3, "no column tells incidents from requests", {"value": "incident"}
        )
    return plan, forms


def _titled(columns: list[str]) -> bool:
    """Whether the names of columns look like a title above the real ones: one alone, or hardly any name."""
    nameless = sum(not c.strip() or c.startswith("column ") for c in columns)
    return len(columns) == 1 or nameless > len(columns) / 2


def _unknown(column: str, one: Placed, known: dict[str, Profile], plan: Plan, trusted: bool) -> list[str]:
    """The values that a person has to place; a shipped mapping knows its kinds and levels."""
    found = [] if trusted and column != "state" else profiles.unknown(column, known[one.source], one.entry)
    taken = plan.content.only.get(one.source, found)
    return [value for value in found if value in taken]


def _numeric(table: str, column: str, one: Placed) -> bool:
    return bool(one.entry.get("unit")) or TABLES[table].columns[column].kind in ("number", "integer")
