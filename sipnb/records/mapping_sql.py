"""A part of a source mapped onto a canonical table and judged row by row, as one streaming DuckDB query.

The query gives the canonical columns (times as UTC TIMESTAMP), `_service` (the position of the service in the
workbook, NULL where it is not listed), for rows that cannot be used, why: `_column`, `_value`, `_reason`, and, for rows of
which optional values were no good, a list of these: `_emptied`. Events of a ticket have `_event_of` and `_event_at` instead
of a service, and are folded into tickets by `folding`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sipnb.cycles import Cycle
from sipnb.records import expressions, moments, quality
from sipnb.records.expressions import literal
from sipnb.records.mappings import ColumnMap, Mapping, TableMap
from sipnb.records.sources.headings import presentable
from sipnb.records.sources.relation import TOTALS, MissingInput, Part
from sipnb.records.sql import name, quoted
from sipnb.tables import TABLES
from sipnb.validation import nearest

#: Reasons that say "not for us" rather than "not right".
LEFT_OUT, LATE, UNLISTED = "left out by the mapping", "after the cut-off", "service not listed in services.yml"
TOTALS_ROW, EMPTY_ROW = "a totals row", "an empty row"
#: Signs of a pseudonym: sixteen of them are two persons' by chance once in 10¹⁰ for 60,000 persons.
_PSEUDONYM = 16
#: Times that follow one another: in each step some, by those before them. A step sees what the one before it settled.
_IN_TURN: dict[str, tuple[dict[str, tuple[str, ...]], ...]] = {
    "tickets": (
        {"acknowledged": ("opened",), "sla_due": ("opened",)},
        {"resolved": ("opened", "acknowledged")},
        {"closed": ("opened", "acknowledged", "resolved")},
    ),
    "problems": ({"resolved": ("opened",)},),
    "changes": ({"planned_end": ("planned_start",), "ended": ("started",)},),
    "outages": ({"ended": ("started",)},),
}


@dataclass(frozen=True)
class Services:
    """The names that exports have for services, as the DuckDB enumeration `service_name`, and whose each of them is.

    `organisation`: whose services they are; in the pseudonyms of two organisations the same person is not the same.
    """

    ids: list[str]
    of_name: list[int]
    organisation: str = ""

    def position(self, service: str) -> str:
        """SQL: the position of a service by any of its names, case ignored."""
        code = f"enum_code(TRY_CAST(lower({service}) AS service_name))"
        return f"({self.of_name}::INTEGER[])[{code} + 1]"

    def identifier(self, position: str) -> str:
        """SQL: the identifier of a service at a position."""
        return f"([{', '.join(map(quoted, self.ids))}])[{position} + 1]"

    def pseudonym(self, person: str) -> str:
        """SQL: what stands for a person in all that is kept, case ignored; NULL where nobody is named."""
        return f"left(md5({quoted(self.organisation + ':')} || lower(trim({person}))), {_PSEUDONYM})"


@dataclass(frozen=True)
class Query:
    """How one part is read as one table: `sql` has a place `{relation}`, `columns` are the canonical ones it supplies.

    The relation has a column `_row` if it was asked for, `_place` if `placed`, and those of the part, in this order.
    """

    sql: str
    columns: list[str]
    placed: bool = False


def query(part: Part, mapping: Mapping, table: str, services: Services, cycle: Cycle | None, numbered: bool) -> Query:
    """The query that maps and judges `part` as `table`; `numbered`: the relation has a column `_row` to hand on.

    Raises MissingInput where a column that the table cannot do without is not in the export.
    """
    content = mapping.tables[table]
    columns = _available(part, content, table)
    kept = ["_row"] if numbered else []
    placed = needs_places(part, content, table)
    first = _raw(part, mapping, content, columns, table, kept)
    typed = _typed(part, mapping, content, columns, table, kept)
    fields = ", ".join([*kept, *(["_place"] if placed else []), *part.fields])
    parsed = f"SELECT {typed} FROM (SELECT {first} FROM {{relation}} AS part({fields}))"
    for replaced in (_moved(columns), *_second_passes(part, mapping, columns, table)):
        if replaced:
            listed = ", ".join(f'{value} AS "{c}"' for c, value in replaced.items())
            parsed = f"SELECT * REPLACE ({listed}) FROM ({parsed})"
    reasons = _unread(mapping, content, columns, table)
    staying = [c for c in columns if c not in content.passing]
    if content.events:
        if cycle is not None:
            reasons.append((f"_event_at >= {cut(cycle)}", quoted(content.events.at), "NULL", quoted(LATE)))
        listed = [*kept, *_kept_values(staying, table, content, services), "_event_of", "_event_at"]
    else:
        reasons += judgements(table, list(columns), services, cycle, content.supplements)
        listed = [*kept, *_kept_values([c for c in staying if c != "service"], table, content, services)]
        if not content.supplements:
            listed.append(f"{services.position('service')} AS _service")
        if content.latest:
            listed.append("_latest")
    listed += [*decided(reasons), emptied(_no_good(content, columns, table))]
    return Query(f"SELECT {', '.join(listed)} FROM ({parsed})", staying, placed)


def needs_places(part: Part, content: TableMap, table: str) -> bool:
    """Whether records are named by where they stand in the part, which is known once it was read."""
    return any(_by_row(part, content.columns[c], c, table) for c in TABLES[table].columns if c in content.columns)


def _by_row(part: Part, given: ColumnMap, column: str, table: str) -> bool:
    identifies = column in TABLES[table].key
    return identifies and [s.casefold() for s in given.source] == ["row"] and _find(part, "row") is None


def _moved(columns: dict[str, ColumnMap]) -> dict[str, str]:
    """Columns that hang on others of their row."""
    moved = {
        c: f"date_trunc('second', {name(m.after)} + to_microseconds((\"{c}\" * 1000000)::BIGINT))"
        for c, m in columns.items()
        if m.after
    }
    moved |= {c: f'"{m.remainder_of}" - "{c}"' for c, m in columns.items() if m.remainder_of}
    return moved | {
        c: f"CASE WHEN {_given(m.given)} THEN {moved.get(c, name(c))} END" for c, m in columns.items() if m.given
    }


def _second_passes(part: Part, mapping: Mapping, columns: dict[str, ColumnMap], table: str) -> list[dict[str, str]]:
    """Local times that come before what they follow, but not on the second pass of a doubled hour: they are of that."""
    if not moments.repeated(mapping.times.zone)[0]:
        return []
    steps = []
    for step in _IN_TURN.get(table, ()):
        found = {}
        for late, earlier in step.items():
            given = columns.get(late)
            there = [c for c in earlier if c in columns]
            if given is None or given.value is not None or given.after or not there:
                continue
            second = _read(part, mapping, late, given, table, second=True)
            passed = " OR ".join(f'("{late}" < "{early}" AND {second} >= "{early}")' for early in there)
            # Nearly all times stand in their order: only the others are read again.
            wrong = f'"{late}" < greatest({", ".join(map(name, there))})'
            found[late] = f'CASE WHEN {wrong} THEN CASE WHEN {passed} THEN {second} ELSE "{late}" END ELSE "{late}" END'
        steps.append(found)
    return steps


def _kept_values(columns: list[str], table: str, content: TableMap, services: Services) -> list[str]:
    """The canonical columns, without values that an optional one cannot hold, and persons by their pseudonym alone."""
    kept = []
    for column in columns:
        if TABLES[table].columns[column].personal:
            kept.append(f"{services.pseudonym(name(column))} AS {name(column)}")
            continue
        wrong = " OR ".join(rule.condition for rule in _bounds(table, column, content))
        kept.append(f'CASE WHEN {wrong} THEN NULL ELSE "{column}" END AS "{column}"' if wrong else name(column))
    return kept


def _bounds(table: str, column: str, content: TableMap) -> list[quality.RowRule]:
    if not quality.expendable(table, column) or _counts_changes(content, column):
        return []
    return quality.bounds(table, column)


def _counts_changes(content: TableMap, column: str) -> bool:
    """Whether what is read is no value of the column but something of which the changes are counted."""
    return content.events is not None and content.columns[column].fold == "changes"


def judgements(
    table: str, columns: list[str], services: Services, cycle: Cycle | None, supplements: bool = False
) -> list[tuple[str, str, str, str]]:
    """When a row of `table` is not used: (condition, column, value, reason), each as SQL, the first that holds counts."""
    found = [
        (rule.condition, quoted(rule.column), f'"{rule.column}"::VARCHAR', quoted(rule.reason))
        for rule in quality.row_rules(table, columns)
    ]
    if supplements:
        return found
    found.append((f"{services.position('service')} IS NULL", "'service'", '"service"', quoted(UNLISTED)))
    known = TABLES[table]
    if cycle is not None and known.at in columns:
        limit = f"DATE '{cycle.end}'" if known.columns[known.at].kind == "date" else cut(cycle)
        found.append((f'"{known.at}" >= {limit}', quoted(known.at), f'"{known.at}"::VARCHAR', quoted(LATE)))
    return found


def decided(reasons: list[tuple[str, str, str, str]]) -> list[str]:
    """The columns `_column`, `_value`, `_reason` out of conditions in their order."""
    found = []
    for position, key in enumerate(("_column", "_value", "_reason"), start=1):
        cases = " ".join(f"WHEN {reason[0]} THEN {reason[position]}" for reason in reasons)
        found.append(f"CASE {cases} END::VARCHAR AS {key}" if cases else f"NULL::VARCHAR AS {key}")
    return found


def cut(cycle: Cycle) -> str:
    """SQL: the cut-off as a UTC TIMESTAMP."""
    return f"TIMESTAMP '{cycle.cutoff.tz_convert('UTC').tz_localize(None).isoformat(sep=' ')}'"


def _available(part: Part, content: TableMap, table: str) -> dict[str, ColumnMap]:
    there = {}
    for column, known in TABLES[table].columns.items():
        given = content.columns.get(column)
        if given is None:
            continue
        if given.value is not None or _sources(part, given) or _by_row(part, given, column, table):
            there[column] = given
        elif given.default is not None and known.required:
            there[column] = ColumnMap(value=given.default)
        elif known.required and not (content.supplements and column not in TABLES[table].key):
            wanted = " or ".join(given.source)
            raise _no_column(part, wanted, given.source[0], f", which {table}.{column} needs")
    for column, given in list(there.items()):
        # What hangs on a column that is not there cannot be told.
        if any(
            needed not in there
            for needed in (*filter(None, (given.after, given.remainder_of)), *_conditions(given.given))
        ):
            del there[column]
    for needed in (content.events.ticket, content.events.at) if content.events else ():
        if _find(part, needed) is None:
            raise _no_column(part, needed, needed, "")
    return there


def _conditions(given: str | dict[str, list[str]] | None) -> dict[str, list[str]]:
    return {given: []} if isinstance(given, str) else given or {}


def _given(given: str | dict[str, list[str]]) -> str:
    return " AND ".join(
        f'"{column}"::VARCHAR IN ({", ".join(map(quoted, values))})' if values else f'"{column}" IS NOT NULL'
        for column, values in _conditions(given).items()
    )


def _no_column(part: Part, wanted: str, first: str, why: str) -> MissingInput:
    there = [told for name, told in presentable(list(part.columns)).items() if name == told]
    return MissingInput(f"{part.name} has no column {wanted!r}{why}; {nearest(first, there)}")


def _find(part: Part, source: str) -> str | None:
    wanted = source.strip().casefold()
    return next((column for column in part.columns if column.strip().casefold() == wanted), None)


def _text(part: Part, column: str, mapping: Mapping) -> str:
    return expressions.text(_field(part, column), part.columns[column], mapping)


def _field(part: Part, column: str) -> str:
    return part.fields[list(part.columns).index(column)]


def _sources(part: Part, given: ColumnMap) -> list[str]:
    """The columns of the part to read a canonical column from: the first name that is there, and its repetitions."""
    for source in given.source:
        found = _find(part, source)
        if found is not None:
            again = [c for c in part.columns if c.casefold().rpartition("#")[0] == found.casefold()]
            return [found, *again]
    return []


def _raw(
    part: Part, mapping: Mapping, content: TableMap, columns: dict[str, ColumnMap], table: str, kept: list[str]
) -> str:
    """What is taken from the relation: every source column as text, or as it is where it has the wanted type."""
    taken = list(kept)
    for column, given in columns.items():
        if given.value is not None:
            continue
        if _by_row(part, given, column, table):
            taken.append(f'{quoted(part.name + ":")} || _place AS "_raw_{column}"')
            continue
        sources = _sources(part, given)
        if _native(part, mapping, column, given, table):
            taken.append(f'{_field(part, sources[0])} AS "_raw_{column}"')
            continue
        texts = [_text(part, source, mapping) for source in sources]
        if given.repeated == "last":
            texts.reverse()
        if len(texts) == 1 or given.repeated in ("first", "last"):
            value = texts[0]
        elif given.repeated == "join":
            value = f"nullif(concat_ws(', ', {', '.join(texts)}), '')"
        else:
            value = f"coalesce({', '.join(texts)})"
        if given.split:
            # A row that names several becomes a row of each, before anything is read from the part.
            value = f"nullif(trim(unnest(coalesce(string_split({value}, {quoted(given.split)}), [NULL]))), '')"
        taken.append(f'{value} AS "_raw_{column}"')
    taken.append(f"{part.fields[0]} AS _first")
    if content.events:
        for key, source in (("_event_of", content.events.ticket), ("_event_when", content.events.at)):
            taken.append(f"{_text(part, _find(part, source), mapping)} AS {key}")
    if content.latest:
        found = _find(part, content.latest)
        taken.append(f"{_text(part, found, mapping) if found else 'NULL'} AS _latest_text")
    conditions = []
    for source, values in content.only.items():
        found = _find(part, source)
        if found is None:
            raise _no_column(part, source, source, ", by which the mapping takes rows")
        conditions.append(f"({_text(part, found, mapping)}) IN ({', '.join(map(quoted, values))})")
    if conditions:
        taken.append(f"NOT coalesce({' AND '.join(conditions)}, false) AS _left_out")
    return ", ".join(taken)


def _native(
    part: Part, mapping: Mapping, column: str, given: ColumnMap, table: str, second: bool = False
) -> str | None:
    """How a column is read that already has the wanted type; None where it is read as text."""
    if given.map or given.pattern or given.unit or given.split or given.after or given.negative is not None:
        return None
    sources = _sources(part, given)
    if len(sources) != 1 or part.columns[sources[0]] == "VARCHAR":
        return None
    kind = TABLES[table].columns[column].kind
    return expressions.typed(f"_raw_{column}", part.columns[sources[0]], kind, mapping, second)


def _read(part: Part, mapping: Mapping, column: str, given: ColumnMap, table: str, second: bool = False) -> str:
    """How a column is read from its raw one."""
    kind = TABLES[table].columns[column].kind
    if _counts_changes(mapping.tables[table], column):
        return expressions.read(f'"_raw_{column}"', "text", column, given, mapping)
    parsed = _native(part, mapping, column, given, table, second)
    if parsed is None:
        wanted = "number" if given.after else kind
        parsed = expressions.read(f'"_raw_{column}"', wanted, column, given, mapping, second)
    return parsed if given.default is None else f"coalesce({parsed}, {literal(given.default, kind)})"


def _typed(
    part: Part, mapping: Mapping, content: TableMap, columns: dict[str, ColumnMap], table: str, kept: list[str]
) -> str:
    known = TABLES[table].columns
    values = list(kept)
    for column, given in columns.items():
        kind = known[column].kind
        if given.value is not None:
            values.append(f'{literal(given.value, kind)} AS "{column}"')
            continue
        values += [f'{_read(part, mapping, column, given, table)} AS "{column}"', f'"_raw_{column}"']
    values.append("_first")
    if content.events:
        values += ["_event_of", f"{moments.time('_event_when', mapping)} AS _event_at"]
    if content.latest:
        # Whichever way it is written: a later time, a greater number, a greater text.
        values.append(f"{moments.time('_latest_text', mapping)} AS _latest_at")
        number = "TRY_CAST(_latest_text AS DOUBLE)"
        values.append(f"struct_pack(a := epoch_us(_latest_at), n := {number}, t := _latest_text) AS _latest")
    if content.only:
        values.append("_left_out")
    return ", ".join(values)


def _unread(
    mapping: Mapping, content: TableMap, columns: dict[str, ColumnMap], table: str
) -> list[tuple[str, str, str, str]]:
    """Rows left out, rows that are no records, values that cannot be read, and required ones that are missing."""
    found = []
    if content.only:
        found.append(("_left_out", quoted(next(iter(content.only))), "NULL", quoted(LEFT_OUT)))
    found += _no_record(content, columns, table)
    for column, given in columns.items():
        if given.value is not None:
            continue
        known = TABLES[table].columns[column]
        when = _unreadable(column, given, table, content)
        if when and not quality.expendable(table, column):
            found.append((when, quoted(column), f'"_raw_{column}"::VARCHAR', quoted(f"unreadable {known.kind}")))
        # An event may leave a field empty that its ticket has: a folded ticket is judged after folding.
        needed = known.required and (not content.supplements or column in TABLES[table].key)
        if needed and not content.events:
            found.append((f'"{column}" IS NULL', quoted(column), "NULL", quoted(f"no {column}")))
    if content.events:
        lacking = "_event_of IS NULL OR _event_at IS NULL"
        found.append((lacking, quoted(content.events.at), "NULL", "'an event without its ticket or time'"))
    return found


def _no_record(content: TableMap, columns: dict[str, ColumnMap], table: str) -> list[tuple[str, str, str, str]]:
    """Rows in a table of records that are none: totals, and rows in which nothing stands."""
    raws = [f'"_raw_{c}"' for c, given in columns.items() if given.value is None]
    dated = "_event_at" if content.events else name(TABLES[table].at)
    if not raws or not (content.events or TABLES[table].at in columns):
        return []
    filled = " + ".join(f"({raw} IS NOT NULL)::INTEGER" for raw in raws)
    empty = " AND ".join(f"{raw} IS NULL" for raw in [dated, *raws])
    totals = f"{dated} IS NULL AND regexp_full_match(_first::VARCHAR, {quoted(TOTALS)}) AND 2 * ({filled}) <= {len(raws) + 1}"
    return [
        (totals, "NULL", "_first::VARCHAR", quoted(TOTALS_ROW)),
        (f"{empty} AND trim(coalesce(_first::VARCHAR, '')) = ''", "NULL", "NULL", quoted(EMPTY_ROW)),
    ]


def _unreadable(column: str, given: ColumnMap, table: str, content: TableMap) -> str:
    """When a value of a column cannot be read, though it is there; empty for one that always can."""
    if TABLES[table].columns[column].kind == "text" or given.default is not None or _counts_changes(content, column):
        return ""
    raw = f'"_raw_{column}"'
    when = f'"{column}" IS NULL AND {raw} IS NOT NULL'
    if given.map:
        when += f" AND NOT coalesce({expressions.meant_missing(raw, given)}, false)"
    if given.after:
        when += f' AND "{given.after}" IS NOT NULL'
    if given.given:
        when += f" AND ({_given(given.given)})"
    return when


def _no_good(content: TableMap, columns: dict[str, ColumnMap], table: str) -> list[tuple[str, str, str, str]]:
    """When a value of an optional column is emptied: (condition, column, value, reason), each as SQL."""
    found = []
    for column, given in columns.items():
        kind, constant = TABLES[table].columns[column].kind, given.value is not None
        value = f'"{column}"::VARCHAR' if constant else f'"_raw_{column}"::VARCHAR'
        if quality.expendable(table, column) and not constant and (when := _unreadable(column, given, table, content)):
            found.append((when, quoted(column), value, quoted(f"unreadable {kind}")))
        rules = _bounds(table, column, content)
        found += [(rule.condition, quoted(column), value, quoted(rule.reason)) for rule in rules]
    return found


def emptied(no_good: list[tuple[str, str, str, str]]) -> str:
    """The values that a row lost as a list; NULL for nearly every row."""
    kept = 'STRUCT("column" VARCHAR, "value" VARCHAR, reason VARCHAR)[]'
    if not no_good:
        return f"NULL::{kept} AS _emptied"
    each = ", ".join(
        f'CASE WHEN {when} THEN {{"column": {column}, "value": {value}, "reason": {reason}}} END'
        for when, column, value, reason in no_good
    )
    some = " OR ".join(f"({when})" for when, *_ in no_good)
    return f"CASE WHEN {some} THEN list_filter([{each}], lambda x: x IS NOT NULL) END::{kept} AS _emptied"
