"""Set rules about the files of an extract: whether they are whole, each in it once, and about the services of the plan."""

from __future__ import annotations

from sipnb.records.quality.findings import NO_DATA, Found, Level, Sets, count, listed, percent, rule, verb
from sipnb.records.quality.rows import OUT_OF_SCOPE, rule_of
from sipnb.records.quality.silences import resting_on
from sipnb.records.shapes import ROWS, in_sight

#: Row limits at which tools, databases and spreadsheets cut an export off.
_CAPS = (
    1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 50_000, 65_535, 65_536, 100_000, 150_000, 250_000, 500_000, 1_000_000,
    1_048_575, 1_048_576,
)  # fmt: skip
#: What tells the rows of a table apart that has no identifier. Two events, or two answers, may well be alike.
_ALIKE = ("outages", "costs", "measurements", "usage")


@rule(
    "set aside",
    "note",
    "They are in no figure. Above the gate's limit nothing is published.",
    "warn above `warn_set_aside`, stop above `stop_set_aside`",
)
def set_aside(sets: Sets) -> list[Found] | None:
    """Rows set aside because something is wrong with them."""
    found = []
    for source in sets.sources:
        wrong = sum(n for reason, n in source["reasons"].items() if rule_of(reason) not in OUT_OF_SCOPE)
        if not wrong:
            continue
        share = wrong / source["read"]
        gate = sets.gate
        level: Level = "stop" if share > gate.stop_set_aside else "warn" if share > gate.warn_set_aside else "note"
        sentence = (
            f"{wrong:,} of {count(source['read'], 'row')} of {source['name']} ({percent(share)}) {verb(wrong, 'was', 'were')} "
            f"set aside because something is wrong with {verb(wrong, 'it', 'them')}."
        )
        found.append(Found(wrong, sentence, {"source": source["name"], "share": share}, level))
    return found


@rule(
    "beyond the records",
    "stop",
    "Nothing is published: a time that has no records would look like one without trouble. Who is so quiet sets it to `warn`.",
)
def beyond_the_records(sets: Sets) -> list[Found] | None:
    """All that is asked for begins after the newest record of all tables: nothing can be said of it."""
    if sets.cycle is None or sets.newest is None:
        return NO_DATA
    newest = sets.newest.tz_convert(sets.zone).date()
    if newest >= sets.cycle.start:
        return []
    return [
        Found(
            0,
            f"The newest record is of {newest}, and {sets.cycle.label} begins on {sets.cycle.start}: nothing can be said of it. "
            f"Choose a cycle up to {sets.cycle.containing(newest).name}, or export again.",
            {"newest": newest.isoformat()},
        )
    ]


@rule("empty source", "warn", "What depends on it says: no data.")
def empty_source(sets: Sets) -> list[Found] | None:
    """A source without a single row."""
    return [
        Found(0, f"The source {s['name']} has no rows.", {"source": s["name"]}) for s in sets.sources if s["read"] == 0
    ]


@rule("row cap", "warn", "Figures from a file that was cut off are too small, and no change of them is claimed; export it again "
      "in parts.")  # fmt: skip
def row_cap(sets: Sets) -> list[Found] | None:
    """A file with exactly as many rows as tools allow in one export."""
    found = []
    for source in sets.sources:
        tables = source["tables"]
        for part in source["files"]:
            if part["read"] not in _CAPS:
                continue
            sentence = (
                f"{part['file']} holds exactly {part['read']:,} rows, a limit at which tools cut exports off; what lies beyond "
                "it may be missing."
            )
            # Full pages before one that is not full are the parts of a whole export.
            paged = source["files"][-1]["read"] < part["read"] and len(source["files"]) > 1
            refuses = () if paged else tuple(dict.fromkeys(kpi for table in tables for kpi in resting_on(table)))
            found.append(
                Found(
                    part["read"],
                    sentence,
                    {"file": part["file"]},
                    "note" if paged else None,
                    refuses,
                    table=tables[0] if refuses and tables else None,
                )
            )
    return found


@rule(
    "duplicated extract",
    "warn",
    "Records with an identifier count once. Outages, costs, measurements and sizes have none and count twice: take the copy out.",
)
def duplicated_extract(sets: Sets) -> list[Found] | None:
    """The same file, or a large part of the same rows, twice."""
    found, seen = [], {}
    for source in sets.sources:
        for part in source["files"]:
            if not part["read"] or not part["sha256"]:
                continue
            first = seen.setdefault(part["sha256"], part["file"])
            if first != part["file"]:
                sentence = f"{part['file']} holds the same bytes as {first}."
                found.append(Found(part["read"], sentence, {"file": part["file"]}))
        again = source["reasons"].get("duplicate row", 0)
        if again >= 20 and again >= 0.2 * source["read"]:
            share = again / source["read"]
            sentence = (
                f"{again:,} rows of {source['name']} ({percent(share)}) are exact copies of others: parts of the extract are "
                "in it twice. Each counts once."
            )
            found.append(Found(again, sentence, {"source": source["name"], "share": share}))
    for table in (t for t in _ALIKE if sets.has(t)):
        columns = ", ".join(f'"{c}"' for c in sets.tables[table])
        again, rows = sets.one(
            f"SELECT coalesce(sum(n - 1), 0)::BIGINT, coalesce(sum(n), 0)::BIGINT FROM "
            f"(SELECT count(*) AS n FROM {table} GROUP BY {columns})"
        )
        # One or two may be alike by chance, such as two equal invoices.
        if again >= 3 and again >= 0.05 * rows:
            share = again / rows
            sentence = (
                f"{again:,} of {count(rows, 'row')} of {table} ({percent(share)}) are exact copies of others. They have no "
                "identifier, so each of them counts."
            )
            found.append(Found(again, sentence, {"table": table, "share": share}))
    return found


@rule(
    "unlisted services", "note", "Their rows are in no plan. List them in `services.yml`, or leave them out on purpose."
)
def unlisted_services(sets: Sets) -> list[Found] | None:
    """Rows of services that `services.yml` does not name."""
    rows = sum(s["reasons"].get("service not listed in services.yml", 0) for s in sets.sources)
    if not rows:
        return []
    # A row of an export may be set aside from several tables; it is one row all the same.
    names = sets.con.execute(
        'SELECT _value, sum(n)::BIGINT AS n FROM (SELECT _source, _value, max(n) AS n FROM (SELECT _source, "table", _value, '
        "count(*) AS n FROM aside WHERE _reason LIKE 'service not listed%' GROUP BY ALL) GROUP BY ALL) "
        "GROUP BY 1 ORDER BY 2 DESC, 1"
    ).fetchall()
    # A name that hardly any row has may be that of a person, where a column slipped.
    seen, hidden = in_sight(names, sets.show_values, None)
    told = listed([f"{name} ({n:,})" for name, n in seen], 3)
    if hidden:
        few = f"fewer than {ROWS} rows"
        of_few = f"it has {few}, its name is" if hidden == 1 else f"each has {few}, their names are"
        told += f", and {hidden:,} of {few}" if seen else f"{of_few} not shown"
    sentence = (
        f"{count(rows, 'row')} {verb(rows, 'names', 'name')} {count(len(names), 'service')} that services.yml does not "
        f"list: {told}."
    )
    return [Found(rows, sentence, {"services": {name: n for name, n in seen[:50]}})]


@rule("silent services", "note", "Their plans say: no data.")
def silent_services(sets: Sets) -> list[Found] | None:
    """Services that `services.yml` names and no row does."""
    if not sets.tables:
        return NO_DATA
    union = " UNION ".join(f"SELECT DISTINCT service FROM {table}" for table in sets.tables)
    there = {name for (name,) in sets.con.execute(union).fetchall()}
    silent = [name for name in sets.services if name not in there]
    if not silent:
        return []
    told, them = verb(len(silent), "has", "have"), verb(len(silent), "is it", "are they")
    sentence = f"{listed(silent)} {told} no row in any table; {them} named otherwise in the exports?"
    return [Found(0, sentence, {"services": silent})]
