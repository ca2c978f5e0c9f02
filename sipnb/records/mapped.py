"""A part of a source mapped onto a canonical table and judged row by row, as one streaming DuckDB query.

The query gives the canonical columns (times as UTC TIMESTAMP), `_service` (the position of the service in the
workbook, NULL where it is not listed), and, for rows that cannot be used, why: `_column`, `_value`, `_reason`. Events of
a ticket have `_event_of` and `_event_at` instead, and are folded into tickets by `fold`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sipnb.cycles import Cycle
from sipnb.params import nearest
from sipnb.records import expressions, quality
from sipnb.records.expressions import literal
from sipnb.records.mappings import ColumnMap, Mapping, TableMap
from sipnb.records.sources.parts import MissingInput, Part
from sipnb.records.sql import name, quoted
from sipnb.tables import TABLES

#: Reasons that say "not for us" rather than "not right".
LEFT_OUT, LATE, UNLISTED = "left out by the mapping", "after the cut-off", "service not listed in services.yml"


@dataclass(frozen=True)
class Services:
    """The names that exports have for services, as the DuckDB enumeration `service_name`, and whose each of them is."""

    ids: list[str]
    of_name: list[int]

    def position(self, service: str) -> str:
        """SQL: the position of a service by any of its names, case ignored."""
        code = f"enum_code(TRY_CAST(lower({service}) AS service_name))"
        return f"({self.of_name}::INTEGER[])[{code} + 1]"

    def identifier(self, position: str) -> str:
        """SQL: the identifier of a service at a position."""
        return f"([{', '.join(map(quoted, self.ids))}])[{position} + 1]"


@dataclass(frozen=True)
class Query:
    """How one part is read as one table: `sql` has a place `{relation}`, `columns` are the canonical ones it supplies."""

    sql: str
    columns: list[str]


def query(part: Part, mapping: Mapping, table: str, services: Services, cycle: Cycle | None, numbered: bool) -> Query:
    """The query that maps and judges `part` as `table`; `numbered`: the relation has a column `_row` to hand on.

    Raises MissingInput where a column that the table cannot do without is not in the export.
    """
    content = mapping.tables[table]
    columns = _available(part, content, table)
    kept = ["_row"] if numbered else []
    first = _raw(part, mapping, content, columns, table, kept)
    typed = _typed(part, mapping, content, columns, table, kept)
    moved = [
        f'date_trunc(\'second\', {name(m.after)} + to_microseconds(("{c}" * 1000000)::BIGINT)) AS "{c}"'
        for c, m in columns.items()
        if m.after
    ]
    moved += [f'"{m.remainder_of}" - "{c}" AS "{c}"' for c, m in columns.items() if m.remainder_of]
    moved += [f'CASE WHEN {_given(m.given)} THEN "{c}" END AS "{c}"' for c, m in columns.items() if m.given]
    replaced = f" REPLACE ({', '.join(moved)})" if moved else ""
    parsed = f"SELECT *{replaced} FROM (SELECT {typed} FROM (SELECT {first} FROM {{relation}}))"
    reasons = _unread(mapping, content, columns, table)
    if content.events:
        if cycle is not None:
            reasons.append((f"_event_at >= {cut(cycle)}", quoted(content.events.at), "NULL", quoted(LATE)))
        listed = [*kept, *(f'"{c}"' for c in columns), "_event_of", "_event_at"]
    else:
        reasons += judgements(table, list(columns), services, cycle, content.supplements)
        listed = [*kept, *(f'"{c}"' for c in columns if c != "service")]
        if not content.supplements:
            listed.append(f"{services.position('service')} AS _service")
        if content.latest:
            listed.append("_latest")
    return Query(f"SELECT {', '.join([*listed, *decided(reasons)])} FROM ({parsed})", list(columns))


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


def fold(
    events: str, content: TableMap, table: str, columns: list[str], services: Services, cycle: Cycle | None
) -> str:
    """The query that folds the usable rows of the DuckDB table `events` into records, judged like any others."""
    order = "ORDER BY _event_at, _part, _row"
    parts = []
    for column in columns:
        how = content.columns[column].fold
        if how == "changes":
            # How often the value differed from the one before it.
            values = f'list("{column}" {order})'
            parts.append(
                f'len(list_filter({values}, (x, i) -> i > 1 AND x IS DISTINCT FROM {values}[i - 1]))::BIGINT AS "{column}"'
            )
        elif how in ("max", "min"):
            parts.append(f'{how}("{column}") AS "{column}"')
        else:
            parts.append(f'{how}("{column}" {order}) AS "{column}"')
    folded = (
        f"SELECT first(_part {order}) AS _part, first(_row {order}) AS _row, {', '.join(parts)}, _event_of "
        f"FROM {events} WHERE _reason IS NULL GROUP BY _event_of"
    )
    needed = [c for c in columns if TABLES[table].columns[c].required]
    reasons = [(f'"{c}" IS NULL', quoted(c), "NULL", quoted(f"no {c}")) for c in needed]
    reasons += judgements(table, columns, services, cycle)
    listed = ", ".join(f'"{c}"' for c in columns if c != "service")
    return (
        f"SELECT _part, _row, {listed}, _event_of, {services.position('service')} AS _service, "
        f"{', '.join(decided(reasons))} FROM ({folded})"
    )


def cut(cycle: Cycle) -> str:
    """SQL: the cut-off as a UTC TIMESTAMP."""
    return f"TIMESTAMP '{cycle.cutoff.tz_convert('UTC').tz_localize(None).isoformat(sep=' ')}'"


def _available(part: Part, content: TableMap, table: str) -> dict[str, ColumnMap]:
    there = {}
    for column, known in TABLES[table].columns.items():
        given = content.columns.get(column)
        if given is None:
            continue
        if given.value is not None or _sources(part, given):
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
    return MissingInput(f"{part.name} has no column {wanted!r}{why}; {nearest(first, part.columns)}")


def _find(part: Part, source: str) -> str | None:
    wanted = source.strip().casefold()
    return next((column for column in part.columns if column.strip().casefold() == wanted), None)


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
        sources = _sources(part, given)
        if _native(part, mapping, column, given, table):
            taken.append(f'{name(sources[0])} AS "_raw_{column}"')
            continue
        texts = [expressions.text(source, part.columns[source], mapping) for source in sources]
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
    if content.events:
        for key, source in (("_event_of", content.events.ticket), ("_event_when", content.events.at)):
            found = _find(part, source)
            taken.append(f"{expressions.text(found, part.columns[found], mapping)} AS {key}")
    if content.latest:
        found = _find(part, content.latest)
        taken.append(f"{expressions.text(found, part.columns[found], mapping) if found else 'NULL'} AS _latest_text")
    conditions = []
    for source, values in content.only.items():
        found = _find(part, source)
        if found is None:
            raise _no_column(part, source, source, ", by which the mapping takes rows")
        as_text = expressions.text(found, part.columns[found], mapping)
        conditions.append(f"({as_text}) IN ({', '.join(map(quoted, values))})")
    if conditions:
        taken.append(f"NOT coalesce({' AND '.join(conditions)}, false) AS _left_out")
    return ", ".join(taken) or "1"


def _native(part: Part, mapping: Mapping, column: str, given: ColumnMap, table: str) -> str | None:
    """How a column is read that already has the wanted type; None where it is read as text."""
    if given.map or given.pattern or given.unit or given.split or given.after or given.negative is not None:
        return None
    sources = _sources(part, given)
    kind = TABLES[table].columns[column].kind
    type_ = part.columns[sources[0]]
    return None if type_ == "VARCHAR" or len(sources) > 1 else expressions.typed(f"_raw_{column}", type_, kind, mapping)


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
        parsed = _native(part, mapping, column, given, table)
        if parsed is None:
            parsed = expressions.read(f'"_raw_{column}"', "number" if given.after else kind, column, given, mapping)
        if given.default is not None:
            parsed = f"coalesce({parsed}, {literal(given.default, kind)})"
        values += [f'{parsed} AS "{column}"', f'"_raw_{column}"']
    if content.events:
        values += ["_event_of", f"{expressions.time('_event_when', mapping)} AS _event_at"]
    if content.latest:
        # Whichever way it is written: a later time, a greater number, a greater text.
        values.append(f"{expressions.time('_latest_text', mapping)} AS _latest_at")
        number = "TRY_CAST(_latest_text AS DOUBLE)"
        values.append(f"struct_pack(a := epoch_us(_latest_at), n := {number}, t := _latest_text) AS _latest")
    if content.only:
        values.append("_left_out")
    return ", ".join(values)


def _unread(
    mapping: Mapping, content: TableMap, columns: dict[str, ColumnMap], table: str
) -> list[tuple[str, str, str, str]]:
    """Rows left out, values that cannot be read, and required ones that are missing."""
    found = []
    if content.only:
        found.append(("_left_out", quoted(next(iter(content.only))), "NULL", quoted(LEFT_OUT)))
    for column, given in columns.items():
        if given.value is not None:
            continue
        known = TABLES[table].columns[column]
        raw = f'"_raw_{column}"'
        if known.kind != "text" and given.default is None:
            when = f'"{column}" IS NULL AND {raw} IS NOT NULL'
            if given.map:
                when += f" AND NOT coalesce({expressions.meant_missing(raw, given)}, false)"
            if given.after:
                when += f' AND "{given.after}" IS NOT NULL'
            if given.given:
                when += f" AND ({_given(given.given)})"
            found.append((when, quoted(column), f"{raw}::VARCHAR", quoted(f"unreadable {known.kind}")))
        # An event may leave a field empty that its ticket has: a folded ticket is judged after folding.
        needed = known.required and (not content.supplements or column in TABLES[table].key)
        if needed and not content.events:
            found.append((f'"{column}" IS NULL', quoted(column), "NULL", quoted(f"no {column}")))
    if content.events:
        lacking = "_event_of IS NULL OR _event_at IS NULL"
        found.append((lacking, quoted(content.events.at), "NULL", "'an event without its ticket or time'"))
    return found
