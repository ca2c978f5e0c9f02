"""Events folded into records: many rows of an export become one, each attribute by the rule that its mapping names."""

from __future__ import annotations

from sipnb.cycles import Cycle
from sipnb.records.mapping_sql import Services, decided, emptied, judgements
from sipnb.records.mappings import TableMap
from sipnb.records.sql import quoted
from sipnb.tables import TABLES


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
            values = f'list("{column}" {order}) FILTER ("{column}" IS NOT NULL)'
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
        f"{', '.join(decided(reasons))}, {emptied([])} FROM ({folded})"
    )
