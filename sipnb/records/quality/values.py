"""Set rules about what columns hold: nothing, always the same, placeholders, codes among words, garbled text."""

from __future__ import annotations

from collections.abc import Callable

from sipnb.records.quality.findings import NO_DATA, Found, Sets, count, graver, listed, percent, rule, some_of, verb
from sipnb.records.quality.rows import advice
from sipnb.records.shapes import in_sight, others, written
from sipnb.tables import TABLES

_FEWEST = 50  # rows, below which a column's sameness says little
_CODE = 5  # characters of a code, its sign among them
_SAMPLE = 200_000  # rows that are looked at where every one would take long


def columns_of(sets: Sets, *kinds: str, optional: bool = False) -> list[tuple[str, str]]:
    """The tables and columns supplied: those of these kinds, or only those that may be missing."""
    return [
        (table, name)
        for table, names in sets.tables.items()
        for name in names
        if (not kinds or TABLES[table].columns[name].kind in kinds)
        and name in TABLES[table].supplied
        and not (optional and (TABLES[table].columns[name].required or name == "kind"))
    ]


def _filled(sets: Sets) -> dict[str, tuple[int, dict[str, tuple[int, bool]]]]:
    """Of each table: its rows, and of each optional column how many are filled and whether all with the same."""
    known = sets.__dict__.setdefault("_filled", {})
    for table in sets.tables if not known else ():
        names = [name for t, name in columns_of(sets, optional=True) if t == table]
        each = "".join(f', count("{c}"), coalesce(min("{c}") = max("{c}"), false)' for c in names)
        rows, *found = sets.one(f"SELECT count(*){each} FROM {table}")
        known[table] = rows, {c: (n, same) for c, n, same in zip(names, found[::2], found[1::2], strict=True)}
    return known


def _told(sets: Sets, wanted: Callable[[int, bool, int], bool], one: str, many: str) -> list[Found] | None:
    found = []
    if all(rows < _FEWEST for rows, _ in _filled(sets).values()):
        return NO_DATA
    for table, (rows, columns) in _filled(sets).items():
        names = [name for name, (n, same) in columns.items() if rows >= _FEWEST and wanted(n, same, rows)]
        if names:
            sentence = f"In {table}, {listed(names, 12)} {verb(len(names), one, many)}."
            found.append(Found(rows, sentence, {"table": table, "columns": names}))
    return found


@rule(
    "unreadable values",
    "note",
    "They count as missing; the rows are used without them.",
    "warn above 2 % of a column's values",
)
def unreadable_values(sets: Sets) -> list[Found] | None:
    """Values of optional columns that cannot be read, or that the column cannot hold."""
    return [
        Found(
            one["values"],
            f"{one['values']:,} of {count(one['filled'], 'value')} of {one['table']}.{one['column']} in {source['name']} "
            f"({percent(one['values'] / one['filled'])}) {verb(one['values'], 'counts', 'count')} as missing: {one['reason']}, "
            f"first in {one['file']} line {one['line']:,}, {written(one['value'])}; {advice(one['reason'], one['value'])}.",
            {key: one[key] for key in ("table", "column", "file", "line")} | {"source": source["name"]},
            graver(one["values"], one["filled"], 0.02),
        )
        for source in sets.sources
        for one in source.get("emptied", [])
    ]


@rule("empty columns", "note", "What depends on them says: no data.")
def empty_columns(sets: Sets) -> list[Found] | None:
    """Columns that hold nothing, though the export has them."""
    return _told(sets, lambda n, same, rows: n == 0, "is empty", "are empty")


@rule("sparse columns", "note", "Figures from them rest on few rows, and say on how many.")
def sparse_columns(sets: Sets) -> list[Found] | None:
    """Columns filled in less than one row of a hundred."""
    return _told(
        sets,
        lambda n, same, rows: 0 < n < 0.01 * rows,
        "is filled in less than 1 % of rows",
        "are filled in less than 1 % of rows",
    )


@rule("constant columns", "note", "Nothing can be told apart by them.")
def constant_columns(sets: Sets) -> list[Found] | None:
    """Columns that hold the same value in every row."""
    constant = "the same in every row that has a value"
    return _told(sets, lambda n, same, rows: same and n >= 0.01 * rows, f"is {constant}", f"are each {constant}")


@rule("answers without a scale", "note", "They are in no figure of satisfaction; map `scale_max`, such as `{value: 5}`.",
      "warn above 5 % of answers")  # fmt: skip
def answers_without_a_scale(sets: Sets) -> list[Found] | None:
    """Answers that do not say where their scale ends: of a score of 4 alone nobody knows whether it is good."""
    if not sets.has("surveys", "score"):
        return NO_DATA
    ends = "scale_max IS NULL" if sets.has("surveys", "scale_max") else "true"
    rows, answers, most = sets.one(
        f"SELECT count(*) FILTER ({ends}), count(*), max(score) FROM surveys WHERE score IS NOT NULL"
    )
    return some_of(
        rows, answers, lambda share: f"{rows:,} of {count(answers, 'answer')} ({share}) {verb(rows, 'does', 'do')} not say where "
        f"{verb(rows, 'its scale ends', 'their scale ends')}, so that it is not known which of them are satisfied; the highest "
        f"answer of all is {most:g}.", warn_above=0.05,
    )  # fmt: skip


@rule("one value", "note", "Figures by this column compare nearly everything with nearly nothing.")
def one_value(sets: Sets) -> list[Found] | None:
    """A priority, impact, urgency or category that is the same in nearly all tickets: a default nobody changes."""
    names = [name for name in ("priority", "impact", "urgency", "category") if sets.has("tickets", name)]
    if not names:
        return NO_DATA
    found = []
    for name in names:
        known, most, value = sets.one(
            f'SELECT sum(n)::BIGINT, max(n), arg_max(value, n) FROM (SELECT "{name}" AS value, count(*) AS n FROM tickets '
            f'WHERE "{name}" IS NOT NULL GROUP BY 1)'
        )
        if known and known >= _FEWEST and 0.95 * known <= most < known:
            sentence = (
                f"{percent(most / known)} of tickets have {name} {value}: it looks like a default that nobody changes."
            )
            found.append(Found(most, sentence, {"column": name, "value": str(value)}))
    return found


@rule(
    "placeholder dates",
    "note",
    "Spans of time to them are absurd or set aside; name them under `missing` in the mapping.",
)
def placeholder_dates(sets: Sets) -> list[Found] | None:
    """Times before 1990 or after 2090: what tools write for "never" or "unknown"."""
    found = []
    for table in sets.tables:
        names = [name for t, name in columns_of(sets, "time") if t == table and sets.exported(table, name)]
        if not names:
            continue
        # Rows that were set aside for it too: resolved in 1900 is before it was opened.
        never = [
            f"count(*) FILTER (\"{name}\" < TIMESTAMP '1990-01-01' OR \"{name}\" > TIMESTAMP '2090-01-01')"
            for name in names
        ]
        each = sets.one(
            f"SELECT {', '.join(never)} FROM staged_{table} WHERE _reason IS NULL OR _reason LIKE '% before %' "
            "OR _reason = 'after the cut-off'"
        )
        for name, rows in zip(names, each, strict=True):
            if rows:
                sentence = (
                    f"{count(rows, 'time')} in {table}.{name} {verb(rows, 'lies', 'lie')} before 1990 or after 2090: a tool's "
                    "word for never."
                )
                found.append(Found(rows, sentence, {"table": table, "column": name}))
    return found


@rule("nameless states", "warn", "They count as neither open nor done; map them to a state.")
def nameless_states(sets: Sets) -> list[Found] | None:
    """Numbers among the names of states, or instead of them, such as -100: a code that the export did not translate."""
    columns = [
        (t, c)
        for t, c in (("tickets", "state"), ("ticket_events", "state"), ("changes", "outcome"))
        if sets.exported(t, c)
    ]
    if not columns:
        return NO_DATA
    found = []
    for table, name in columns:
        # In every row that could be read, of whatever service: a code is the tool's, not the service's.
        states = sets.con.execute(
            f'SELECT "{name}", count(*) FROM staged_{table} WHERE "{name}" IS NOT NULL AND (_reason IS NULL OR '
            "_reason LIKE 'service not listed%' OR _reason = 'no service') GROUP BY 1 ORDER BY 2 DESC, 1"
        ).fetchall()
        codes = [(state, n) for state, n in states if state.strip().lstrip("+-").replace(".", "", 1).isdigit()]
        if not codes:
            continue
        # Nobody's telephone number is as short as a code.
        short = [(state, n) for state, n in codes if len(state) <= _CODE]
        seen, hidden = in_sight([(state, n) for state, n in codes if len(state) > _CODE], sets.show_values)
        told = listed(
            [*(f"{state} ({count(n, 'row')})" for state, n in [*short, *seen]), *others(hidden, bool(short or seen))]
        )
        why = "a code among names" if len(codes) < len(states) else "codes instead of names"
        sentence = f"In {table}, {name} holds {told}: {why}, and no state anybody knows."
        found.append(Found(sum(n for _, n in codes), sentence, {"table": table, "states": dict([*short, *seen])}))
    return found


#: What UTF-8 looks like when it was read as Latin-1 or Windows-1252, once or twice, and the sign for what could not be read.
_GARBLED = r"Ã[\x{80}-\x{BF}\x{152}-\x{192}\x{2C6}\x{2DC}\x{2013}-\x{203A}\x{20AC}\x{2122}]|â€|ï¿½|\x{FFFD}"


@rule("garbled text", "note", "Names look wrong in the plan; give the source its `encoding`.")
def garbled_text(sets: Sets) -> list[Found] | None:
    """Text that was read in the wrong encoding: Ã¼ for ü, or the sign for what could not be read."""
    looked, found = False, []
    for table in sets.tables:
        key = (*TABLES[table].key, "kind", "service")
        names = [name for t, name in columns_of(sets, "text") if t == table and name not in key]
        if not names:
            continue
        looked = True
        any_of = " OR ".join(f"regexp_matches(\"{name}\", '{_GARBLED}')" for name in names)
        # In a sample, because every letter of every text would take long.
        seen, rows = sets.one(
            f"SELECT count(*), count(*) FILTER ({any_of}) FROM (SELECT * FROM {table} LIMIT {_SAMPLE})"
        )
        if rows:
            of = f"the first {seen:,} rows of {table}" if seen == _SAMPLE else f"{count(seen, 'row')} of {table}"
            sentence = (
                f"{rows:,} of {of} {verb(rows, 'holds', 'hold')} text that was read or written in the wrong encoding, such "
                "as Ã¼ for ü."
            )
            found.append(Found(rows, sentence, {"table": table}))
    return found if looked else NO_DATA
