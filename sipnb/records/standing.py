"""Records as they stood at the cut-off: nothing that happened later is known.

Where the organisation supplies the history of its tickets (`ticket_events` with their state), a ticket that changed after
the cut-off is put back to what its events before it say: state, group, priority, how often it had been reopened and
reassigned, how long it had been on hold, and whether it was resolved — even if the tool later wrote another resolution
over it. Without history, later times have not happened yet, and what only the end of a ticket tells is not known.
"""

from __future__ import annotations

import duckdb

from sipnb.cycles import Cycle
from sipnb.records.mapped import LATE, Services, cut
from sipnb.records.sql import name, quoted
from sipnb.records.staging import Staged
from sipnb.tables import ENDED_STATES, TABLES

#: Times that are plans: known when they are made.
_PLANS = ("sla_due", "planned_start", "planned_end")
#: What is known of a ticket only once it has ended, and what goes on changing until then.
_AT_THE_END, _UNTIL_THE_END = ("sla_met", "state", "first_contact"), ("reopened", "reassigned", "on_hold")


def as_known(con: duckdb.DuckDBPyConnection, staged: list[Staged], services: Services, cycle: Cycle | None) -> None:
    """Create a view of each table's usable rows as they were known at the cut-off, in canonical columns."""
    tables = {one.table: one for one in staged}
    stood = _histories(con, tables, cycle) if cycle is not None else []
    for table, one in tables.items():
        columns = [c for c in one.columns if c != "service"]
        join = " LEFT JOIN stood s USING (ticket)" if table == "tickets" and stood else ""
        listed = [_known(one, c, cycle, stood if table == "tickets" else []) for c in columns]
        con.execute(
            f"CREATE VIEW {table} AS SELECT _service, {services.identifier('_service')} AS service, {', '.join(listed)} "
            f"FROM staged_{table} t{join} WHERE _reason IS NULL"
        )


def _known(one: Staged, column: str, cycle: Cycle | None, stood: list[str]) -> str:
    known, own = TABLES[one.table], f"t.{name(column)}"
    if cycle is None:
        return f"{own} AS {name(column)}"
    limit = cut(cycle)
    value = own
    ended = f't."resolved" < {limit}' if "resolved" in one.columns else None
    if known.columns[column].kind == "time" and column not in (known.at, *_PLANS):
        value = f"CASE WHEN {own} < {limit} THEN {own} END"
    elif one.table == "tickets" and ended and column in _AT_THE_END and not one.events:
        value = f"CASE WHEN {ended} THEN {own} END"
    elif one.table == "tickets" and ended and column in _UNTIL_THE_END and not one.events:
        # They are those of the ticket's end if it ended later; if it is open to this day, nothing else is known of it.
        value = f'CASE WHEN t."resolved" >= {limit} THEN NULL ELSE {own} END'
    elif column == "outcome" and "ended" in one.columns:
        value = f'CASE WHEN t."ended" < {limit} THEN {own} END'
    if column in stood:
        value = f"CASE WHEN s.ticket IS NOT NULL THEN s.{name(column)} ELSE {value} END"
    return f"{value} AS {name(column)}"


def _histories(con: duckdb.DuckDBPyConnection, tables: dict[str, Staged], cycle: Cycle) -> list[str]:
    """Create `stood`: each ticket that changed after the cut-off, or had not ended by then, as its events tell.

    Returns the columns of tickets that it has; none without a history of states.
    """
    if "tickets" not in tables or "ticket_events" not in tables or "state" not in tables["ticket_events"].columns:
        return []
    tickets, events = tables["tickets"], tables["ticket_events"]
    limit = cut(cycle)
    resolved = 't."resolved"' if "resolved" in tickets.columns else "NULL"
    # Of an event only its ticket matters here: one of a service that is not listed is no part of any history.
    optional = {"group": "team", "priority": "priority", "on_hold": "on_hold"}
    there = {c: alias for c, alias in optional.items() if c in events.columns}
    con.execute(
        f'CREATE OR REPLACE TEMP TABLE past AS SELECT ticket, e.rowid AS nth, e."at" AS moment, lower(e.state) AS state, '
        f"e.state AS named, lower(e.state) IN ({', '.join(map(quoted, ENDED_STATES))}) AS ended"
        f"{''.join(f', e.{name(c)} AS {alias}' for c, alias in there.items())} "
        f"FROM staged_ticket_events e JOIN (SELECT ticket FROM staged_tickets t WHERE t._reason IS NULL "
        f"AND ({resolved} IS NULL OR {resolved} >= {limit} OR ticket IN (SELECT ticket FROM staged_ticket_events "
        f"WHERE _reason = {quoted(LATE)}))) USING (ticket) WHERE e._reason IS NULL AND e.state IS NOT NULL"
    )
    last = "last({} ORDER BY moment, nth)".format
    # Only what the tickets have is put back; an export without reassignments does not get any from its events.
    put_back = {
        "state": last("named"),
        "resolved": f"CASE WHEN {last('ended')} THEN max(moment) FILTER (ended AND was_ended IS NOT TRUE) END",
        "closed": f"CASE WHEN {last('state')} = 'closed' THEN max(moment) FILTER (state = 'closed' AND was <> 'closed') END",
        "reopened": "count(*) FILTER (was_ended AND NOT ended)",
    }
    if "group" in there:
        put_back["group"] = f"{last('team')} FILTER (team IS NOT NULL)"
        put_back["reassigned"] = "count(*) FILTER (team <> was_team)"
    if "priority" in there:
        put_back["priority"] = f"{last('priority')} FILTER (priority IS NOT NULL)"
    if "on_hold" in there:
        put_back["on_hold"] = f"sum(CASE WHEN on_hold THEN epoch(coalesce(next, {limit}) - moment) ELSE 0 END)"
    columns = [c for c in put_back if c in tickets.columns]
    before = {"state": "was", "ended": "was_ended"} | ({"team": "was_team"} if "group" in there else {})
    order = "OVER (PARTITION BY ticket ORDER BY moment, nth)"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE stood AS SELECT ticket, {', '.join(f'{put_back[c]} AS {name(c)}' for c in columns)} "
        f"FROM (SELECT *, lead(moment) {order} AS next, "
        f"{', '.join(f'lag({c}) {order} AS {alias}' for c, alias in before.items())} FROM past) GROUP BY ticket"
    )
    return columns
