"""A shipped mapping that fits an export is taken as it is: its names are those of the system."""

from __future__ import annotations

from functools import cache

from sipnb.records import mappings
from sipnb.records.mappings import Mapping, TableMap
from sipnb.records.suggest import profiles, synonyms
from sipnb.records.suggest.placing import Placed, Plan
from sipnb.records.suggest.profiles import Profile
from sipnb.tables import TABLES
from sipnb.validation import WorkbookError, nearest

#: From this share of its columns found, a shipped mapping is taken for the system's own.
_FITS = 0.55


@cache
def _shipped() -> dict[str, Mapping]:
    return {path.stem: mappings._read(path) for path in sorted(mappings._SHIPPED.glob("*.yml"))}


def system(
    columns: dict[str, str], known: dict[str, Profile], wanted: str | None, plan: Plan
) -> tuple[str | None, float, Mapping | None]:
    """The shipped mapping to start from, and the share of its columns that are there; `plan` is what speaks against it.

    Short lists have names that many tools have: a shipped mapping is taken only where it explains an export about as well
    as names and values do, and never for a table that the export's own numbers contradict.
    """
    if wanted == "other":
        return None, 0.0, None
    ships = _shipped()
    if wanted and wanted not in ships:
        raise WorkbookError([f"system {wanted!r} has no shipped mapping; {nearest(wanted, [*ships, 'other'])}"])
    fits = {n: best_table(m, columns) for n, m in ships.items() if wanted in (None, n)}

    def explains(name: str) -> bool:
        found, table = fits[name]
        content = ships[name].tables[table]
        taken = {p.source for p in placed(content, table, known).values()}
        said = {profiles.table_of(one) for one in known.values() if one.unique > 0.5} - {None}
        most = len({p.source for p in plan.placed.values() if p.source in known})
        # Of another table than the export seems to be, it has to explain more.
        enough = len(taken) >= 0.7 * most if table == plan.table else len(taken) > most
        whole = content.supplements or enough
        return found >= _FITS and whole and (not said or table in said or content.supplements or bool(content.events))

    usable = [n for n in sorted(fits) if wanted or explains(n)]
    best = max(f for f, _ in fits.values())
    if not usable:
        return None, round(best, 2), None
    name = max(usable, key=lambda n: fits[n][0])
    return name, round(fits[name][0], 2), ships[name]


def best_table(mapping: Mapping, columns: dict[str, str]) -> tuple[float, str]:
    """The table of a mapping of which most columns are there, and their share; a history has fewer than its tickets need."""
    tables = [t for t in mapping.tables if t != "ticket_events"] or list(mapping.tables)
    return max((fit(mapping.tables[t], t, columns), t) for t in tables)


def fit(content: TableMap, table: str, columns: dict[str, str]) -> float:
    """The share of a table's columns that are there; 0 where it could not be made at all."""
    there = {c.strip().casefold() for c in columns}
    needed = [*content.only, *([content.events.ticket, content.events.at] if content.events else [])]
    found = {c: any(s.casefold() in there for s in m.source) for c, m in content.columns.items() if m.value is None}
    must = [c for c in TABLES[table].required if c in found]
    if not all(found[c] for c in must) or not all(n.casefold() in there for n in needed):
        return 0.0
    return sum(found.values()) / len(found)


def placed(content: TableMap, table: str, known: dict[str, Profile]) -> dict[str, Placed]:
    """The columns of a shipped mapping that are there, as it reads them."""
    names = {c.strip().casefold(): c for c in known}
    found = {}
    for column, given in content.columns.items():
        entry = given.model_dump(by_alias=True, exclude_defaults=True)
        entry.pop("from", None)
        if given.value is not None:
            found[column] = Placed(column, None, 0.97, "as shipped", entry)
            continue
        source = next((names[s.casefold()] for s in given.source if s.casefold() in names), None)
        if source is None:
            continue
        one = known[source]
        seen = one.times if TABLES[table].columns[column].kind == "time" and not given.after and one.filled else 1.0
        why = "as shipped" if one.filled else "as shipped; no values"
        if column == "state" and "map" in entry:
            # A state of its own that an installation has added.
            told = {k.casefold() for k in entry["map"]}
            more = profiles.spelled(one, synonyms.words()["states"], synonyms.state)[1]
            entry["map"] |= {v: said for v, said in more.items() if v.casefold() not in told}
        found[column] = Placed(
            column, source, round(profiles.weighed(0.98 if one.filled else 0.9, seen, one), 3), why, entry
        )
    return {c: p for c, p in found.items() if p.entry.get("after", c) in found}
