"""A mapping proposed for an export nobody has mapped yet: names against synonyms, values against what they should be.

Nothing is learned and nothing is sent anywhere: a shipped mapping that fits is taken as it is, everything else is weighed
column by column. A confidence is the evidence of the name, lessened where the values do not look like it; it orders
proposals and is no probability.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import pandas as pd

from sipnb.params import WorkbookError, nearest
from sipnb.records import mappings
from sipnb.records.mappings import Mapping, TableMap
from sipnb.records.suggest import profiles, synonyms
from sipnb.records.suggest.profiles import Profile
from sipnb.tables import TABLES

#: Below these confidences a column is not placed; a table is useless without its required ones, so they may be bolder.
_OPTIONAL, _REQUIRED = 0.5, 0.35
#: From this share of its columns found, a shipped mapping is taken for the system's own.
_FITS = 0.6
#: So many rows are read for comparing times and telling events from records.
_COMPARED = 3_000
#: Which time does not come before which, in any table.
_ORDER = (
    *(("opened", late) for late in ("acknowledged", "resolved", "closed")),
    ("started", "ended"),
    ("planned_start", "planned_end"),
)


@dataclass(frozen=True)
class Placed:
    """One canonical column: its source (None for a constant), the confidence from 0 to 1, why, and its mapping entry."""

    column: str
    source: str | None
    confidence: float
    why: str
    entry: dict[str, Any]


@dataclass(frozen=True)
class Suggestion:
    """A proposed mapping: `text` is its YAML, ready for `params/<organisation>/mappings/`.

    `system` is the shipped mapping that fits best (None: none does) and `fit` the share of its columns that were found;
    `unplaced` are source columns with a hint, `missing` canonical columns that the table cannot do without.
    """

    text: str
    table: str
    system: str | None
    fit: float
    placed: dict[str, Placed]
    unplaced: dict[str, str]
    missing: dict[str, str]
    notes: list[str] = field(default_factory=list)


def suggest(columns: dict[str, str], sample: pd.DataFrame, system: str | None = None) -> Suggestion:
    """Propose a mapping for an export with these `columns` (name → type), of which `sample` holds rows of text.

    `system` names a shipped mapping to start from; `other` says that none is to be used.
    Raises WorkbookError for a system that is not known.
    """
    columns = {name: kind for name, kind in columns.items() if not (name.endswith(".value") and name[:-6] in columns)}
    sample = sample.reindex(columns=list(columns))
    marks = profiles.marks_in(sample, synonyms.words()["missing"])
    known = {name: profiles.profile(name, sample[name], marks) for name in columns}
    name, fit, shipped = _system(columns, system)
    if shipped:
        table, content = max(shipped.tables.items(), key=lambda item: _fit(item[1], item[0], columns))
        placed = _as_shipped(content, table, known)
        rest = {c: p for c, p in known.items() if c not in {one.source for one in placed.values()}}
        # A supplement gives what it is there for and nothing else.
        placed = placed if content.supplements else _place(table, rest, bar=0.75) | placed
    else:
        table, placed = _best_table(known)
        content = TableMap(columns={})
    forms, notes = _forms(table, placed, known)
    notes += _in_order(placed, sample, forms, bool(shipped))
    if not shipped:
        content, said = _rows(table, placed, sample, known, forms)
        notes += said
    if table == "tickets" and not content.supplements:
        _fallbacks(placed)
    missing = {
        column: f"no column looks like it; name the one that holds {_MEANING.get(column, f'the {column}')}"
        for column in TABLES[table].required
        if column not in placed and not content.supplements
    }
    placed = {c: placed[c] for c in TABLES[table].columns if c in placed}
    used = {one.source for one in placed.values()} | {content.latest, *content.only}
    if content.events:
        used |= {content.events.ticket, content.events.at}
    unplaced = {c: _hint(known[c]) for c in columns if c not in used and not synonyms.repetition(c, columns)}
    # What the sample does not show may still be in the file: a shipped mapping's own marks stay, and its formats where
    # the sample has no times or ISO ones only.
    start = shipped or Mapping(system="unknown", tables={})
    head = {
        "system": start.system,
        "records": start.records,
        "missing": list(dict.fromkeys(["", *start.missing, *marks])),
        "times": {"formats": forms or start.times.formats, "zone": start.times.zone},
    }
    notes.append(f"times without a zone are taken as {start.times.zone}: check this")
    text = _yaml(name, fit, head, table, content, placed, missing, notes, unplaced)
    return Suggestion(text, table, name, fit, placed, unplaced, missing, notes)


# ---- the table -------------------------------------------------------------------------------------------------------


def _place(table: str, known: dict[str, Profile], bar: float = 0.0) -> dict[str, Placed]:
    """The best source of every canonical column, each source once; the surest first."""
    options = []
    position = {c: i for i, c in enumerate([*TABLES[table].columns, *known])}
    for (column, source), (score, how) in synonyms.candidates(table, known).items():
        seen, looks, entry = profiles.look(table, column, known[source])
        confidence = round(profiles.weighed(score, seen, known[source]), 3)
        entry = {key: value for key, value in entry.items() if value != {}}
        if confidence >= max(bar, _REQUIRED if column in TABLES[table].required else _OPTIONAL):
            options.append(Placed(column, source, confidence, f"{how}; {looks}", entry))
    placed: dict[str, Placed] = {}
    for one in sorted(options, key=lambda o: (-o.confidence, position[o.column], position[o.source])):
        if one.column not in placed and all(one.source != other.source for other in placed.values()):
            placed[one.column] = one
    return {c: p for c, p in placed.items() if p.entry.get("after", c) in placed}


def _best_table(known: dict[str, Profile]) -> tuple[str, dict[str, Placed]]:
    """The canonical table that an export makes best, tickets if none, and its columns."""
    found = {table: _place(table, known) for table in synonyms.words()["names"]}

    def worth(table: str) -> float:
        placed, needed = found[table], [c for c in TABLES[table].required if c != "kind"]
        whole = all(c in placed for c in needed)
        sure = sum(placed[c].confidence for c in needed if c in placed) / len(needed)
        # The more of the export a table explains, the likelier it is; most exports are of tickets.
        share = sum(p.confidence for p in placed.values()) / max(len(known), 1)
        return (whole or table == "tickets") * (sure + share) + 0.1 * (table == "tickets")

    table = max(found, key=worth)
    return table, found[table]


def _forms(table: str, placed: dict[str, Placed], known: dict[str, Profile]) -> tuple[list[str], list[str]]:
    """The time formats of the columns placed as times, and how day and month were told apart."""
    columns = TABLES[table].columns
    times = [
        known[p.source] for c, p in placed.items() if p.source and columns[c].kind == "time" and "after" not in p.entry
    ]
    first_day, said = profiles.day_first(times)
    return profiles.formats(times, first_day), [said] if said else []


def _in_order(placed: dict[str, Placed], sample: pd.DataFrame, forms: list[str], trusted: bool) -> list[str]:
    """Lessen the confidence of times that come before what they should follow; take out those that mostly do."""
    notes = []
    rows = sample.head(_COMPARED)
    for early, late in _ORDER:
        if early not in placed or late not in placed or "after" in placed[late].entry:
            continue
        first, second = (profiles.instants(rows[placed[c].source], forms) for c in (early, late))
        both = first.notna() & second.notna()
        share = float((first[both] <= second[both]).mean()) if both.any() else 1.0
        one = placed[late]
        if share < 0.5 and not trusted:
            before = f"in {1 - share:.0%} of the rows it comes before {placed[early].source!r}"
            notes.append(f"{one.source!r} was not taken as {late}: {before}")
            del placed[late]
        elif share < 1:
            why = f"{one.why}; {share:.0%} not before {early}"
            placed[late] = replace(one, confidence=round(one.confidence * share, 3), why=why)
    return notes


def _rows(
    table: str, placed: dict[str, Placed], sample: pd.DataFrame, known: dict[str, Profile], forms: list[str]
) -> tuple[TableMap, list[str]]:
    """What a row is: a record, an event of one, or the record as it was written once more; `forms` gains what it needs."""
    plain = TableMap(columns={})
    key = TABLES[table].key
    if not key or key[0] not in placed:
        return plain, []
    identifier = placed[key[0]].source
    ids = sample[identifier].head(_COMPARED).replace("", None).dropna()
    ids = ids[ids.duplicated(keep=False)]
    if not len(ids):
        return plain, []
    share = len(ids) / min(len(sample), _COMPARED)
    taken = {one.source for one in placed.values()}
    times = [c for c, p in known.items() if c not in taken and p.times > 0.8]
    updated = [c for c in times if any(s in synonyms.words()["updated"] for s, _ in synonyms.spellings(c))]
    for at in [*updated, *(c for c in times if c not in updated)]:
        more = profiles.formats([known[at]], profiles.day_first([known[at]])[0])
        steps = profiles.instants(sample.loc[ids.index, at], [*forms, *more]).groupby(ids).diff().dropna()
        ahead, level = (steps > pd.Timedelta(0)).mean(), (steps >= pd.Timedelta(0)).mean()
        if share > 0.3 and ahead > 0.7 and level > 0.95:
            forms += [form for form in more if form not in forms]
            for column, fold in (("opened", "first"), ("reopened", "max"), ("reassigned", "max")):
                if column in placed:
                    placed[column] = replace(placed[column], entry={**placed[column].entry, "fold": fold})
            said = f"{identifier!r} repeats and {at!r} goes on within it: rows are events, folded into {table}"
            return TableMap(columns={}, events={"ticket": identifier, "at": at}), [said]
    if updated:
        said = f"{identifier!r} repeats in {share:.0%} of the rows: the row with the greatest {updated[0]!r} is used"
        return TableMap(columns={}, latest=updated[0]), [said]
    return plain, [
        f"{identifier!r} repeats in {share:.0%} of the rows: only the first of each is used; name what tells the latest"
    ]


def _fallbacks(placed: dict[str, Placed]) -> None:
    """A constant kind, and the best category or group for a service, where nothing better was found."""
    if "kind" not in placed:
        placed["kind"] = Placed("kind", None, 0.3, "no column tells incidents from requests", {"value": "incident"})
    # Only where the rest is clearly about tickets: in any other table a group of things is no service.
    sure = sum(p.confidence > 0.7 for p in placed.values())
    instead = next((placed[c] for c in ("category", "group", "subcategory") if c in placed), None)
    if "service" not in placed and instead and sure >= 3 and {"ticket", "opened"} <= set(placed):
        why = f"no service column; the {instead.column} stands in for it: check this"
        placed["service"] = Placed("service", instead.source, 0.25, why, {})


# ---- shipped mappings ------------------------------------------------------------------------------------------------


@cache
def _shipped() -> dict[str, Mapping]:
    return {path.stem: mappings._read(path) for path in sorted(mappings._SHIPPED.glob("*.yml"))}


def _system(columns: dict[str, str], wanted: str | None) -> tuple[str | None, float, Mapping | None]:
    """The shipped mapping to start from, and the share of its columns that are there."""
    if wanted == "other":
        return None, 0.0, None
    known = _shipped()
    if wanted and wanted not in known:
        raise WorkbookError([f"system {wanted!r} has no shipped mapping; {nearest(wanted, [*known, 'other'])}"])
    fits = {n: max(_fit(c, t, columns) for t, c in m.tables.items()) for n, m in known.items() if wanted in (None, n)}
    name = max(sorted(fits), key=fits.__getitem__)
    usable = bool(wanted) or fits[name] >= _FITS
    return (name, round(fits[name], 2), known[name]) if usable else (None, round(fits[name], 2), None)


def _fit(content: TableMap, table: str, columns: dict[str, str]) -> float:
    """The share of a table's columns that are there; 0 where it could not be made at all."""
    there = {c.strip().casefold() for c in columns}
    needed = [*content.only, *([content.events.ticket, content.events.at] if content.events else [])]
    found = {c: any(s.casefold() in there for s in m.source) for c, m in content.columns.items() if m.value is None}
    must = [c for c in TABLES[table].required if c in found]
    if not all(found[c] for c in must) or not all(n.casefold() in there for n in needed):
        return 0.0
    return sum(found.values()) / len(found)


def _as_shipped(content: TableMap, table: str, known: dict[str, Profile]) -> dict[str, Placed]:
    """The columns of a shipped mapping that are there, as it reads them."""
    names = {c.strip().casefold(): c for c in known}
    placed = {}
    for column, given in content.columns.items():
        entry = given.model_dump(by_alias=True, exclude_defaults=True)
        entry.pop("from", None)
        if given.value is not None:
            placed[column] = Placed(column, None, 0.97, "as shipped", entry)
            continue
        source = next((names[s.casefold()] for s in given.source if s.casefold() in names), None)
        if source is None:
            continue
        one = known[source]
        seen = one.times if TABLES[table].columns[column].kind == "time" and not given.after and one.filled else 1.0
        why = "as shipped" if one.filled else "as shipped; no values"
        placed[column] = Placed(
            column, source, round(profiles.weighed(0.98 if one.filled else 0.9, seen, one), 3), why, entry
        )
    return {c: p for c, p in placed.items() if p.entry.get("after", c) in placed}


# ---- writing ---------------------------------------------------------------------------------------------------------

_MEANING = {"ticket": "an identifier for each row", "opened": "the time of opening", "service": "the service concerned"}


def _hint(one: Profile) -> str:
    """What an unplaced column seems to hold."""
    if not one.filled:
        return "no values"
    if one.times > 0.8:
        return "times"
    if one.distinct == 1:
        return f"always {next(iter(one.counts))!r}"
    kind = "numbers" if one.numbers > 0.9 else "spans h:mm" if one.spans > 0.9 else "texts"
    return f"{kind}, {one.distinct} different"


def _flow(value: Any) -> str:
    """A value as one line of YAML (which JSON is)."""
    return json.dumps(value, ensure_ascii=False)


def _note(text: str) -> str:
    return " ".join(text.split())


def _yaml(
    name: str | None, fit: float, head: dict[str, Any], table: str, content: TableMap, placed: dict[str, Placed],
    missing: dict[str, str], notes: list[str], unplaced: dict[str, str],
) -> str:  # fmt: skip
    start = (
        f"the shipped mapping {name} fits: {fit:.0%} of its columns are there" if name else "no shipped mapping fits"
    )
    lines = ["# Proposed by `sipnb map suggest`: check it, above all what has a low confidence.", f"# Start: {start}."]
    lines += [f"# {_note(note)}" for note in notes]
    lines += [f"{key}: {_flow(value)}" for key, value in head.items() if value is not None]
    lines += ["tables:", f"  {table}:"]
    told = content.model_dump(exclude_defaults=True, exclude={"columns"})
    lines += [f"    {key}: {_flow(value)}" for key, value in told.items()]
    lines.append("    columns:" if placed else "    columns: {}")
    for column, one in placed.items():
        entry = {"from": one.source} | one.entry if one.source is not None else one.entry
        said = _flow(one.source if list(entry) == ["from"] else entry)
        lines.append(f"      {column}: {said}  # {one.confidence:.2f} {_note(one.why)}")
    lines += [f"      # {column}: …  # missing: {_note(why)}" for column, why in missing.items()]
    lines += ["# Not placed:"] * bool(unplaced) + [f"#   {_note(c)}: {_note(hint)}" for c, hint in unplaced.items()]
    return "\n".join(lines) + "\n"
