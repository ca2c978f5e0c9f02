"""Which canonical table an export makes, which column is which, and what a row is.

Values and uniqueness come before names: an identifier is nearly unique or repeats with its record, numbers and kinds decide
about the table, and a column of a few values is never an identifier.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from sipnb.records.mappings import TableMap
from sipnb.records.suggest import profiles, synonyms, times
from sipnb.records.suggest.profiles import Profile
from sipnb.tables import TABLES

#: Below these confidences a column is not placed; a table is useless without its required ones, so they may be bolder.
_OPTIONAL, _REQUIRED = 0.5, 0.35
#: So many rows are read for comparing times and telling events from records.
_COMPARED = 5_000
#: Which time does not come before which, in any table.
_ORDER = (
    *(("opened", late) for late in ("acknowledged", "resolved", "closed")),
    ("started", "ended"),
    ("planned_start", "planned_end"),
)
#: Where no column is an identifier, the place of a row in its export is one.
ROW = "row"


@dataclass(frozen=True)
class Placed:
    """One canonical column: its source (None for a constant), the confidence from 0 to 1, why, and its mapping entry."""

    column: str
    source: str | None
    confidence: float
    why: str
    entry: dict[str, Any]


@dataclass
class Plan:
    """What is proposed for one table, as it comes about."""

    table: str
    placed: dict[str, Placed]
    content: TableMap = field(default_factory=lambda: TableMap(columns={}))
    notes: list[str] = field(default_factory=list)

    def change(self, column: str, **changes: Any) -> None:
        self.placed[column] = replace(self.placed[column], **changes)


def place(table: str, known: dict[str, Profile], bar: float = 0.0) -> dict[str, Placed]:
    """The best source of every canonical column, each source once; the surest first."""
    options = []
    position = {c: i for i, c in enumerate([*TABLES[table].columns, *known])}
    candidates = synonyms.candidates(table, known)
    for (column, source), (score, how) in candidates.items():
        if (
            table == "tickets"
            and column in ("category", "subcategory", "service")
            and profiles.both_kinds(known[source])
        ):
            continue
        seen, looks, entry = profiles.look(table, column, known[source])
        confidence = round(profiles.weighed(score, seen, known[source]), 3)
        entry = {key: value for key, value in entry.items() if value != {}}
        if confidence >= max(bar, _REQUIRED if column in TABLES[table].required else _OPTIONAL):
            options.append(Placed(column, source, confidence, f"{how}; {looks}", entry))
    if not bar:
        options += _by_values(table, known)
    placed: dict[str, Placed] = {}
    for one in sorted(options, key=lambda o: (-o.confidence, position[o.column], position[o.source])):
        if one.column not in placed and all(one.source != other.source for other in placed.values()):
            placed[one.column] = one
    return {c: p for c, p in placed.items() if p.entry.get("after", c) in placed}


def _by_values(table: str, known: dict[str, Profile]) -> list[Placed]:
    """What some values alone give away, whatever their column is called."""
    found = []
    key = TABLES[table].key
    for source, one in known.items():
        if synonyms.repetition(source, known) or not one.filled:
            continue
        if (
            key
            and one.filled == one.rows
            and one.unique > 0.99
            and one.coded > 0.95
            and profiles.table_of(one) == table
        ):
            found.append(Placed(key[0], source, 0.6, f"values: {one.coded:.0%} numbers of {table}, all different", {}))
        if table != "tickets" or not 2 <= one.distinct <= 20:
            continue
        said = synonyms.words()
        share, entry = profiles.spelled(one, said["states"], synonyms.state)
        exact, _ = profiles.spelled(one, said["states"])
        ended = {"resolved", "closed"} & set(entry.values())
        if share > 0.95 and exact > 0.5 and ended and {"new", "in progress", "on hold"} & set(entry.values()):
            found.append(Placed("state", source, 0.52, f"values: {share:.0%} known states", {"map": entry}))
        if profiles.both_kinds(one):
            share, entry = profiles.spelled(one, said["kinds"])
            found.append(Placed("kind", source, 0.52, f"values: {share:.0%} known kinds", {"map": entry}))
        if one.share(lambda v: re.match(r"(?i)(p[1-5]\b|[1-5]\W+(critical|high|moderate|medium|low))", v)) > 0.95:
            share, entry = profiles.levels(one, said["levels"])
            found.append(Placed("priority", source, 0.51, f"values: {share:.0%} levels", entry))
    return found


# ---- the table -------------------------------------------------------------------------------------------------------


def best(known: dict[str, Profile]) -> Plan:
    """The canonical table that an export makes best, tickets if none, and its columns."""
    # A history of tickets is proposed as tickets that are told by their events.
    found = {table: place(table, known) for table in synonyms.words()["names"] if table != "ticket_events"}
    said = {profiles.table_of(one) for one in known.values() if one.unique > 0.5 and one.filled > 0.9 * one.rows}

    def worth(table: str) -> float:
        placed, needed = found[table], [c for c in TABLES[table].required if c not in ("kind", "service", "kpi")]
        if table == "tickets":
            needed = [
                c for c in needed if c != "ticket" or "ticket" in placed or not {"priority", "state"} & set(placed)
            ]
        whole = all(c in placed for c in needed) and _speaks(table, placed, known)
        sure = sum(placed[c].confidence for c in needed if c in placed) / len(needed)
        # The more of the export a table explains, the likelier it is; most exports are of tickets.
        share = sum(p.confidence for p in placed.values()) / max(len(known), 1)
        told = table in said and whole
        return (whole or table == "tickets") * (sure + 2 * share) + 0.1 * (table == "tickets") + 2 * told

    table = max(found, key=worth)
    return Plan(table, found[table])


def _speaks(table: str, placed: dict[str, Placed], known: dict[str, Profile]) -> bool:
    """Whether something says that an export is of this table and not of tickets, whose columns most others have, too."""
    key = TABLES[table].key
    if key and key[0] in placed and profiles.table_of(known[placed[key[0]].source]) == table:
        return True
    if table == "problems":
        own = {"known_error", "cause"} & set(placed)
        return "problem" in placed and (bool(own) or _called(placed["problem"], ("prob", "pbi")))
    if table == "changes":
        own = {"planned_start", "planned_end", "started", "outcome", "risk"} & set(placed)
        return "change" in placed and (
            _called(placed["change"], ("chang", "chg", "rfc", "änder", "cambio", "wijzig", "mudan")) or len(own) > 2
        )
    if table == "surveys":
        return "score" in placed
    if table == "usage":
        return bool({"users", "transactions", "agent_hours", "invited"} & set(placed))
    if table == "measurements":
        return bool({"value", "numerator", "denominator"} & set(placed)) or "service" in placed
    return True


def _called(one: Placed, words: tuple[str, ...]) -> bool:
    return any(word in (one.source or "").casefold() for word in words) or one.why.startswith("values")


# ---- times -----------------------------------------------------------------------------------------------------------


def forms(plan: Plan, known: dict[str, Profile], more: list[str]) -> list[str]:
    """The time formats of the columns placed as times and of `more`; how day and month were told apart is noted."""
    columns = TABLES[plan.table].columns
    sources = [
        p.source
        for c, p in plan.placed.items()
        if p.source in known and columns[c].kind in ("time", "date") and "after" not in p.entry
    ]
    told = [known[source] for source in dict.fromkeys([*sources, *more])]
    first_day, said = times.day_first(one.days for one in told)
    plan.notes += [said] if said else []
    serial = ["serial"] if any(one.serials > 0.9 and one.times < 0.5 for one in told) else []
    return times.formats((one.shapes for one in told), first_day) + serial


def first_time(plan: Plan, known: dict[str, Profile], sample: pd.DataFrame) -> None:
    """Take for the opening, where no name says so, the one time that is always there and never after the others."""
    if plan.table != "tickets" or "opened" in plan.placed or not {"ticket", "state", "priority"} & set(plan.placed):
        return
    taken = {p.source for p in plan.placed.values()}
    free = [c for c, one in known.items() if c not in taken and one.dated > 0.95 and one.filled >= 0.99 * one.rows]
    others = [
        p.source for c, p in plan.placed.items() if TABLES["tickets"].columns[c].kind == "time" and p.source in known
    ]
    rows = sample.head(_COMPARED)
    for source in free:
        said = times.day_first([known[c].days for c in (source, *others)])[0]
        shapes = times.formats([known[c].shapes for c in (source, *others)], said)
        first = times.instants(rows[source], shapes)
        rest = [times.instants(rows[c], shapes) for c in dict.fromkeys([*others, *free]) if c != source]
        if rest and all(((first <= late) | late.isna()).mean() > 0.98 for late in rest):
            why = f"values: always there and never after {', '.join(dict.fromkeys([*others, *free]))}".replace(
                f" {source},", ""
            )
            plan.placed["opened"] = Placed("opened", source, 0.5, why, {})
            return


def in_order(plan: Plan, sample: pd.DataFrame, told: list[str], trusted: bool) -> None:
    """Lessen the confidence of times that come before what they should follow; take out those that mostly do."""
    rows = sample.head(_COMPARED)
    for early, late in _ORDER:
        placed = plan.placed
        if early not in placed or late not in placed or "after" in placed[late].entry:
            continue
        first, second = (times.instants(rows[placed[c].source], told) for c in (early, late))
        both = first.notna() & second.notna()
        share = float((first[both] <= second[both]).mean()) if both.any() else 1.0
        one = placed[late]
        if share < 0.5 and not trusted:
            before = f"in {1 - share:.0%} of the rows it comes before {placed[early].source!r}"
            plan.notes.append(f"{one.source!r} was not taken as {late}: {before}")
            del placed[late]
        elif share < 1:
            why = f"{one.why}; {share:.0%} not before {early}"
            plan.change(late, confidence=round(one.confidence * share, 3), why=why)


# ---- what a row is ---------------------------------------------------------------------------------------------------


def named(known: dict[str, Profile], words: str, taken: set[str | None]) -> list[str]:
    """The columns of times whose names are among some words, in the order of the export."""
    said = synonyms.words()[words]
    return [
        c for c, one in known.items()
        if c not in taken and one.dated + (one.serials > 0.9) > 0.8 and any(s in said for s, _ in synonyms.spellings(c))
    ]  # fmt: skip


def identity(plan: Plan, known: dict[str, Profile], sample: pd.DataFrame) -> None:
    """Take back an identifier that repeats in records that have nothing in common; where none is left, the row is one."""
    key = TABLES[plan.table].key
    one = plan.placed.get(key[0]) if key else None
    if one and one.source in known and known[one.source].unique < 0.9 and known[one.source].filled:
        ids = sample[one.source].replace("", None)
        shared = [
            c
            for c in ("opened", "summary", "planned_start", "started")
            if c in plan.placed and plan.placed[c].source in sample
        ]
        kept = [_kept(ids, sample[plan.placed[c].source]) for c in shared]
        if kept and max(kept) < 0.5 and not _together(plan, ids, known, sample):
            plan.notes.append(f"{one.source!r} is no identifier: rows with the same value have nothing else in common")
            del plan.placed[key[0]]
    if (
        plan.table == "tickets"
        and key[0] not in plan.placed
        and {"opened"} <= set(plan.placed)
        and len(plan.placed) > 2
    ):
        why = "no column is an identifier: each row counts as a ticket of its own"
        plan.placed["ticket"] = Placed("ticket", ROW, 0.3, why, {})
        plan.notes.append(why + "; name the column that identifies tickets if there is one")


def _together(plan: Plan, ids: pd.Series, known: dict[str, Profile], sample: pd.DataFrame) -> bool:
    """Whether rows with the same identifier lie close together in time: so do the changes of one ticket."""
    at = plan.placed.get("opened")
    if at is None or at.source not in known:
        return False
    told = times.formats([known[at.source].shapes], times.day_first([known[at.source].days])[0])
    found = times.instants(sample[at.source], told)
    spans = found.groupby(ids).agg(lambda group: group.max() - group.min())
    return bool(spans[ids.value_counts().reindex(spans.index) > 1].median() < 0.1 * (found.max() - found.min()))


def _kept(ids: pd.Series, values: pd.Series) -> float:
    """The share of identifiers that repeat whose rows have the same value in another column."""
    found = values.groupby(ids).agg(["size", "nunique"])
    again = found[found["size"] > 1]
    return float((again["nunique"] <= 1).mean()) if len(again) else 1.0


def rows(plan: Plan, sample: pd.DataFrame, known: dict[str, Profile], told: list[str]) -> None:
    """What a row is: a record, an event of one, or the record as it was written once more."""
    key = TABLES[plan.table].key
    if not key or key[0] not in plan.placed or plan.placed[key[0]].source not in known:
        return
    identifier = plan.placed[key[0]].source
    taken = {one.source for one in plan.placed.values() if one.column != "opened"}
    updated = named(known, "updated", taken | {plan.placed[c].source for c in ("opened",) if c in plan.placed})
    ids = sample[identifier].head(_COMPARED).replace("", None).dropna()
    again = ids[ids.duplicated(keep=False)]
    share = len(again) / max(min(len(sample), _COMPARED), 1)
    if plan.table == "tickets" and share > 0.3:
        at = _event_time(plan, sample, known, again, told)
        if at:
            _as_events(plan, identifier, at)
            return
    if updated:
        plan.content = TableMap(columns={}, latest=updated[0])
        plan.notes.append(
            f"{identifier!r} repeats in {share:.0%} of the rows: the row with the greatest {updated[0]!r} is used"
            if len(again)
            else f"should {identifier!r} repeat, also in another file, the row with the greatest {updated[0]!r} is used"
        )
    elif len(again):
        plan.notes.append(
            f"{identifier!r} repeats in {share:.0%} of the rows: only the first of each is used; name what tells the latest"
        )


def _event_time(
    plan: Plan, sample: pd.DataFrame, known: dict[str, Profile], again: pd.Series, told: list[str]
) -> str | None:
    """The time of the change that each row is, if rows are changes: many a ticket, or with columns only a history has."""
    audit = [c for c in known if any(s in synonyms.words()["audit"] for s, _ in synonyms.spellings(c))]
    many = again.groupby(again).size().mean() >= 3
    if not audit and not many:
        return None
    late = {plan.placed[c].source for c in ("resolved", "closed", "acknowledged", "sla_due") if c in plan.placed}
    every = [c for c, one in known.items() if c not in late and one.dated + (one.serials > 0.9) > 0.8]
    spelt = [*named(known, "event_times", late), *named(known, "updated", late)]
    rows_ = sample.loc[again.index]
    state = plan.placed.get("state")
    changing = bool(audit) or (state is not None and _kept(again, rows_[state.source]) < 0.7)
    for at in [c for c in dict.fromkeys([*spelt, *every]) if changing]:
        steps = times.instants(
            rows_[at], [*told, *times.formats([known[at].shapes], times.day_first([known[at].days])[0])]
        )
        steps = steps.groupby(again).diff().dropna()
        ahead, level = (steps > pd.Timedelta(0)).mean(), (steps >= pd.Timedelta(0)).mean()
        # A history may be sorted by time or the other way round, but its tickets' times differ.
        if (ahead > 0.6 and level > 0.9) or (at in spelt and (steps != pd.Timedelta(0)).mean() > 0.6):
            return at
    return None


def _as_events(plan: Plan, identifier: str, at: str) -> None:
    plan.content = TableMap(columns={}, events={"ticket": identifier, "at": at})
    if "opened" in plan.placed and plan.placed["opened"].source == at:
        del plan.placed["opened"]
    if "opened" not in plan.placed:
        plan.placed["opened"] = Placed("opened", at, 0.5, "the first event of a ticket stands for its opening", {})
    # What a ticket is about is taken as it was opened: what takes long is corrected more, and would seem to take long by it.
    about = dict.fromkeys(("subcategory", "channel", "configuration_item"), "first")
    for column, fold in {"opened": "first", **about, "reopened": "max", "reassigned": "max"}.items():
        if column in plan.placed:
            plan.change(column, entry={**plan.placed[column].entry, "fold": fold})
    ended = _ends(plan)
    if "resolved" not in plan.placed and ended:
        entry = {"given": {"state": [s for s in ("resolved", "closed") if s in ended][:1]}, "fold": "max"}
        plan.placed["resolved"] = Placed("resolved", at, 0.5, "the last event that says so", entry)
    plan.notes.append(f"{identifier!r} repeats and {at!r} goes on within it: rows are events, folded into {plan.table}")


def _ends(plan: Plan) -> set[str]:
    state = plan.placed.get("state")
    return {"resolved", "closed"} & set(state.entry.get("map", {}).values()) if state else set()


# ---- what stands in --------------------------------------------------------------------------------------------------


def kinds(plan: Plan, known: dict[str, Profile]) -> None:
    """Leave changes and problems out of a list of everything; a constant kind where no column tells."""
    one = plan.placed.get("kind")
    if plan.table == "tickets" and one is None:
        plan.placed["kind"] = _kind_of_number(plan, known)
    if one is None or one.source not in known or "map" not in one.entry:
        return
    values = profiles.unknown("kind", known[one.source], one.entry)
    if plan.table != "tickets":
        plan.change("kind", entry={"map": one.entry["map"] | dict.fromkeys(values)})
        return
    words = synonyms.words()["others"]
    records = [v for v in values if synonyms.plain(v) in words]
    if any(words[synonyms.plain(v)] == "change" for v in records):
        kept = [v for v in known[one.source].counts if v not in records]
        plan.content = plan.content.model_copy(update={"only": {one.source: kept}})
        plan.notes.append(f"{', '.join(records)} in {one.source!r} are no tickets: left out by `only`")
        values = [v for v in values if v not in records]
    entry = {"map": one.entry["map"] | dict.fromkeys(values)}
    if values or known[one.source].filled < known[one.source].rows:
        entry["default"] = "incident"
        plan.notes.append(f"a row whose {one.source!r} is empty or not known counts as an incident: check it")
    plan.change("kind", entry=entry)


def _kind_of_number(plan: Plan, known: dict[str, Profile]) -> Placed:
    """The kind by the letters of the ticket's number where some say that it is a request, else a constant."""
    one = plan.placed.get("ticket")
    said = {"inc": "incident", "req": "request", "ritm": "request", "sctask": "request", "sr": "request"}
    letters = re.compile(rf"(?i)({'|'.join(said)})[-_ ]?\d+")
    found = (
        {m[1].lower() for v in known[one.source].counts if (m := letters.fullmatch(v))}
        if one and one.source in known
        else set()
    )
    if "request" in {said[prefix] for prefix in found}:
        entry = {
            "pattern": f"(?i)^({'|'.join(sorted(found))})",
            "map": {p: said[p] for p in sorted(found)},
            "default": "incident",
        }
        return Placed("kind", one.source, 0.7, "the letters of the number", entry)
    return Placed("kind", None, 0.3, "no column tells incidents from requests", {"value": "incident"})


def resolution(plan: Plan) -> None:
    """Where a tool only tells when a ticket was closed, that stands for its resolution; else it is said that none is told."""
    if plan.table != "tickets" or "resolved" in plan.placed:
        return
    closed = plan.placed.get("closed")
    if closed is None:
        plan.notes.append(
            "no column tells when tickets were resolved: times to restore and attainment will say no data"
        )
        return
    ended = sorted(_ends(plan))
    entry = closed.entry | ({"given": {"state": ended}} if ended else {})
    why = f"no column of resolutions: {closed.source!r} stands in for it: check this"
    plan.placed["resolved"] = Placed("resolved", closed.source, 0.45, why, entry)
    plan.notes.append(why)


def instead(plan: Plan, known: dict[str, Profile]) -> list[str]:
    """Columns that may tell the service where none is called so, the likeliest first."""
    by_name = [c for c in known if any(s in synonyms.words()["instead"] for s, _ in synonyms.spellings(c))]
    placed = [
        plan.placed[c].source for c in ("category", "configuration_item", "group", "subcategory") if c in plan.placed
    ]
    found = dict.fromkeys([*by_name, *placed])
    return [c for c in found if c in known and known[c].filled and known[c].distinct <= max(30, 0.3 * known[c].filled)][
        :5
    ]
