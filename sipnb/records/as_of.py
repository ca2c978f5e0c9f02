"""Records as they stood at the cut-off: nothing that happened later is known, and what had ended is not waited for.

It is decided once, when records are frozen: all that reads them takes `resolved` and `ended` as they are, so that no measure has
an idea of its own of what is open.

A ticket or problem *ends* when it is resolved, or without a resolution: cancelled, rejected, merged, a duplicate. Its state
says so, or how it ended; where they say nothing, its times do. Where no time tells a resolution, the history of its states
does; where that is missing too, closing stands in for it. A record whose state is open is open, whatever an older resolution
says. `resolved` is then when it was resolved, `ended` when nobody waited any more: both empty while it is open. What ended at
a time that nobody wrote down ended as it was opened, so that it is in no backlog.

Where the organisation supplies the history of its tickets (`ticket_events` with their state), a ticket that changed after
the cut-off is put back to what its events before it say: state, group, priority, how often it had been reopened and
reassigned, how long it had been on hold, and whether it had ended — even if the tool later wrote another resolution over
it. Without history, later times have not happened yet, and what only the end of a ticket tells is not known.
"""

from __future__ import annotations

import duckdb

from sipnb.cycles import Cycle
from sipnb.records import states
from sipnb.records.mapping_sql import LATE, Services, cut
from sipnb.records.sql import name, quoted
from sipnb.records.staging import Staged
from sipnb.tables import TABLES

#: Times that are plans: known when they are made.
PLANS = ("sla_due", "planned_start", "planned_end")
#: What is known of a ticket only once it has ended, and what goes on changing until then.
_AT_THE_END, _UNTIL_THE_END = (
    ("sla_met", "state", "outcome", "first_contact", "resolver"),
    ("reopened", "reassigned", "on_hold"),
)
#: A state of which more than this part of the resolved records have an open one is not that of today.
_BELIEVED = 0.3
#: What a history tells where the tickets themselves do not.
_COUNTED = {
    "reopened": "count(*) FILTER (was_ended AND NOT ended)",
    "reassigned": "count(*) FILTER (team <> was_team)",
}

#: Of the `past` of a ticket: its last event's word, and since when it has ended.
_LAST, _SINCE = "last({} ORDER BY moment, nth)", "max(moment) FILTER (ended AND was_ended IS NOT TRUE)"


def as_known(
    con: duckdb.DuckDBPyConnection, staged: list[Staged], services: Services, cycle: Cycle | None
) -> dict[str, list[str]]:
    """Create a view of each table's usable rows as they were known at the cut-off, in canonical columns.

    Returns the columns of each view: those of the exports, and those that follow from them.
    """
    tables = {one.table: one for one in staged}
    for one in filter(_ends, staged):
        _write_meanings(con, one)
    _write_resolutions(con, tables)
    stood = _histories(con, tables, cycle) if cycle is not None else []
    counted = _counted(con, tables)
    columns = {}
    for table, one in tables.items():
        known = {c: _known(one, c, cycle) for c in _columns(one) if c != "service"}
        joins = ""
        if table == "tickets" and counted:
            known |= {c: f"k.{name(c)}" for c in counted}
            joins += " LEFT JOIN counted k USING (ticket)"
        if table == "tickets" and stood:
            known |= {
                c: f"CASE WHEN s.ticket IS NOT NULL THEN s.{name(c)} ELSE {known.get(c, 'NULL')} END" for c in stood
            }
            joins += " LEFT JOIN stood s USING (ticket)"
        if table == "tickets" and _some_moved(con, tables):
            known["moved"] = "m.ticket IS NOT NULL"
            joins += " LEFT JOIN moved m USING (ticket)"
        columns[table] = [c for c in TABLES[table].columns if c in known or c == "service"]
        listed = [f"{known[c]} AS {name(c)}" for c in columns[table] if c != "service"]
        # What the export itself says of the end of a record, for rules to compare with: it is not frozen.
        listed += (
            ["_meaning", "_told_state AS _state", "_told_resolved AS _resolved", "_told_closed AS _closed"]
            if _ends(one)
            else []
        )
        con.execute(
            f"CREATE VIEW {table} AS SELECT _service, {services.identifier('_service')} AS service, {', '.join(listed)} "
            f"FROM {ending(one)} t{joins} WHERE _reason IS NULL"
        )
    return columns


def _some_moved(con: duckdb.DuckDBPyConnection, tables: dict[str, Staged]) -> bool:
    """Whether events name another service than their ticket's for any ticket; see `staging`."""
    if "ticket_events" not in tables or tables["tickets"].split:
        return False
    return bool(con.execute("SELECT count(*) FROM moved").fetchone()[0])


def _ends(one: Staged) -> bool:
    """Whether the records of a table end, resolved or not."""
    known = TABLES[one.table].columns.get("ended")
    return known is not None and known.derived


def _columns(one: Staged) -> list[str]:
    """The columns of a table: those of its exports, and those that tell how its records ended where anything does."""
    more = {"resolved", "ended"} if {"resolved", "closed"} & set(one.columns) else {"ended"}
    told = _ends(one) and {"resolved", "closed", "state", "outcome"} & set(one.columns)
    return [c for c in TABLES[one.table].columns if c in one.columns or (told and c in more)]


def ending(one: Staged) -> str:
    """SQL: the staged table with what its records say of their end, whatever the cut-off.

    `_meaning` of the state; `_was_resolved` and `_has_ended`: when; `_told_*`: as exported. A table whose records do not end
    has none of them.
    """
    if not _ends(one):
        return f"staged_{one.table}"
    told = {c: name(c) if c in one.columns else "NULL" for c in ("state", "resolved", "closed")}
    resolved = f"coalesce({told['resolved']}, _since)" if one.table == "tickets" else told["resolved"]
    inner = (
        f"SELECT *, {told['state']}::VARCHAR AS _told_state, {resolved}::TIMESTAMP AS _told_resolved, "
        f"{told['closed']}::TIMESTAMP AS _told_closed, coalesce({resolved}, {told['closed']})::TIMESTAMP AS _last "
        f"FROM staged_{one.table}"
    )
    # A state that says so ends a record even where no time does.
    return (
        "(SELECT *, CASE WHEN _meaning IN ('open', 'cancelled') THEN NULL ELSE _last END AS _was_resolved, "
        "CASE WHEN _meaning = 'open' THEN NULL WHEN _meaning IS NULL THEN _last ELSE coalesce(_last, opened) END AS _has_ended "
        f"FROM ({inner}))"
    )


def _write_meanings(con: duckdb.DuckDBPyConnection, one: Staged) -> None:
    """Write the meaning of each record's state into the staged table, once: every view of it asks.

    The state is that of today where of the records that have ended by their times hardly any is open by it; an event
    log's always is: that of its last event. Elsewhere one that is open says nothing.
    """
    target, told = f"staged_{one.table}", [c for c in ("state", "outcome") if c in one.columns]
    con.execute("CREATE TYPE IF NOT EXISTS meaning AS ENUM ('open', 'resolved', 'cancelled')")
    con.execute(f"ALTER TABLE {target} ADD COLUMN _meaning meaning")
    if not told:
        return
    # There are few states, and many rows: what each means is looked up.
    listed, by = ", ".join(map(name, told)), {c: name(c) if c in told else None for c in ("state", "outcome")}
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE meanings AS SELECT {listed}, ({states.meaning(**by)})::meaning AS meaning "
        f"FROM (SELECT DISTINCT {listed} FROM {target})"
    )
    same = " AND ".join(f"s.{name(c)} IS NOT DISTINCT FROM m.{name(c)}" for c in told)
    times = [f"s.{name(c)}" for c in ("resolved", "closed") if c in one.columns]
    if times and not one.events:
        still, ended = con.execute(
            f"SELECT count(*) FILTER (m.meaning = 'open'), count(*) FROM {target} s JOIN meanings m ON {same} "
            f"WHERE s._reason IS NULL AND coalesce({', '.join(times)}) IS NOT NULL"
        ).fetchone()
        if ended >= 20 and still > _BELIEVED * ended:
            con.execute("DELETE FROM meanings WHERE meaning = 'open'")
    con.execute(f"UPDATE {target} AS s SET _meaning = m.meaning FROM meanings m WHERE m.meaning IS NOT NULL AND {same}")


def _known(one: Staged, column: str, cycle: Cycle | None) -> str:
    """SQL: a column as known at the cut-off."""
    known, ends = TABLES[one.table], _ends(one)
    own = {"resolved": "_was_resolved", "ended": "_has_ended"}.get(column) if ends else None
    own = own or f"t.{name(column)}"
    if cycle is None:
        return own
    limit = cut(cycle)
    if known.columns[column].kind == "time" and column not in (known.at, *PLANS):
        again = " AND _meaning IS DISTINCT FROM 'open'" if ends and column == "closed" else ""
        return f"CASE WHEN {own} < {limit}{again} THEN {own} END"
    if ends and column in _AT_THE_END and not one.events:
        return f"CASE WHEN _has_ended < {limit} THEN {own} END"
    if ends and column in _UNTIL_THE_END and not one.events:
        # They are those of the ticket's end if it ended later; if it is open to this day, nothing else is known of it.
        return f"CASE WHEN _has_ended >= {limit} THEN NULL ELSE {own} END"
    if column == "outcome" and "ended" in one.columns:
        return f'CASE WHEN t."ended" < {limit} THEN {own} END'
    return own


def _past(con: duckdb.DuckDBPyConnection, tables: dict[str, Staged], which: str) -> dict[str, str]:
    """Create `past`: the usable events of the tickets that `which` selects, each with what was before it.

    Returns the optional columns of events that are there, by their names in `past`. Of an event only its ticket matters:
    it is where its ticket is, whatever service it names.
    """
    events = tables["ticket_events"]
    optional = {"group": "team", "priority": "priority", "on_hold": "on_hold"}
    there = {c: alias for c, alias in optional.items() if c in events.columns}
    con.execute(
        f'CREATE OR REPLACE TEMP TABLE changes_of_state AS SELECT ticket, e.rowid AS nth, e."at" AS moment, e.state AS named, '
        f"{states.meaning('e.state')} AS meaning{''.join(f', e.{name(c)} AS {alias}' for c, alias in there.items())} "
        f"FROM staged_ticket_events e JOIN ({which}) USING (ticket) WHERE e._reason IS NULL AND e.state IS NOT NULL"
    )
    order = "OVER (PARTITION BY ticket ORDER BY moment, nth)"
    before = {"named": "was", "ended": "was_ended"} | ({"team": "was_team"} if "group" in there else {})
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE past AS SELECT *, lead(moment) {order} AS next, "
        f"{', '.join(f'lag({c}) {order} AS {alias}' for c, alias in before.items())} FROM "
        "(SELECT *, coalesce(meaning IN ('resolved', 'cancelled'), false) AS ended FROM changes_of_state)"
    )
    con.execute("DROP TABLE changes_of_state")
    return there


def _has_history(tables: dict[str, Staged]) -> bool:
    return {"tickets", "ticket_events"} <= set(tables) and "state" in tables["ticket_events"].columns


def _write_resolutions(con: duckdb.DuckDBPyConnection, tables: dict[str, Staged]) -> None:
    """Write since when each closed ticket without a time of resolution has been resolved, as its events tell."""
    if "tickets" not in tables:
        return
    con.execute("ALTER TABLE staged_tickets ADD COLUMN _since TIMESTAMP")
    if not _has_history(tables) or "closed" not in tables["tickets"].columns:
        return
    unresolved = ' AND "resolved" IS NULL' if "resolved" in tables["tickets"].columns else ""
    _past(con, tables, f'SELECT ticket FROM staged_tickets WHERE _reason IS NULL AND "closed" IS NOT NULL{unresolved}')
    con.execute(
        "UPDATE staged_tickets AS t SET _since = greatest(p.since, t.opened) FROM "
        f"(SELECT ticket, {_SINCE} AS since FROM past GROUP BY ticket HAVING {_LAST.format('meaning')} = 'resolved') p "
        "WHERE t._reason IS NULL AND t.ticket = p.ticket"
    )


def _counted(con: duckdb.DuckDBPyConnection, tables: dict[str, Staged]) -> list[str]:
    """Create `counted`: how often each ticket was reopened and handed over by its events, where the export has no count.

    A ticket without events has no count.
    """
    if not _has_history(tables) or tables["tickets"].events:
        return []
    wanted = [c for c in _COUNTED if c not in tables["tickets"].columns]
    if "group" not in tables["ticket_events"].columns:
        wanted = [c for c in wanted if c != "reassigned"]
    if not wanted:
        return []
    order = 'OVER (PARTITION BY ticket ORDER BY "at", rowid)'
    ended = f"coalesce({states.meaning('state')} IN ('resolved', 'cancelled'), false)"
    # An event that says nothing of the state, or of the group, leaves it as it was.
    team = f'last_value("group" IGNORE NULLS) {order}' if "reassigned" in wanted else "NULL"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE counted AS SELECT ticket, {', '.join(f'{_COUNTED[c]} AS {name(c)}' for c in wanted)} "
        f"FROM (SELECT *, lag(ended) OVER turns AS was_ended, lag(team) OVER turns AS was_team FROM (SELECT ticket, "
        f'"at" AS moment, e.rowid AS nth, last_value(CASE WHEN state IS NOT NULL THEN {ended} END IGNORE NULLS) {order} '
        f"AS ended, {team} AS team FROM staged_ticket_events e WHERE _reason IS NULL) "
        "WINDOW turns AS (PARTITION BY ticket ORDER BY moment, nth)) GROUP BY ticket"
    )
    return wanted


def _histories(con: duckdb.DuckDBPyConnection, tables: dict[str, Staged], cycle: Cycle) -> list[str]:
    """Create `stood`: each ticket that changed after the cut-off, or had not ended by then, as its events tell.

    Returns the columns of tickets that it has; none without a history of states.
    """
    if not _has_history(tables):
        return []
    tickets, limit = tables["tickets"], cut(cycle)
    there = _past(
        con, tables,
        f"SELECT ticket FROM {ending(tickets)} WHERE _reason IS NULL AND (NOT coalesce(_has_ended > opened "
        f"AND _has_ended < {limit}, false) OR ticket IN "
        f"(SELECT ticket FROM staged_ticket_events WHERE _reason = {quoted(LATE)}))",
    )  # fmt: skip
    last = _LAST.format
    put_back = {
        "state": last("named"),
        "resolved": f"CASE WHEN {last('meaning')} = 'resolved' THEN {_SINCE} END",
        "ended": f"CASE WHEN {last('ended')} THEN {_SINCE} END",
        "closed": f"CASE WHEN {last('lower(named)')} = 'closed' THEN "
                  "max(moment) FILTER (lower(named) = 'closed' AND lower(was) <> 'closed') END",
        "reopened": _COUNTED["reopened"],
    }  # fmt: skip
    if "group" in there:
        put_back["group"] = f"{last('team')} FILTER (team IS NOT NULL)"
        put_back["reassigned"] = _COUNTED["reassigned"]
    if "priority" in there:
        put_back["priority"] = f"{last('priority')} FILTER (priority IS NOT NULL)"
    if "on_hold" in there:
        put_back["on_hold"] = f"sum(CASE WHEN on_hold THEN epoch(coalesce(next, {limit}) - moment) ELSE 0 END)"
    # Whether it had ended, and how often it came back, only its history can tell; the rest where the tickets have it.
    always = ("resolved", "ended", *_COUNTED)
    columns = [c for c in put_back if c in tickets.columns or c in always]
    listed = ", ".join(f"{put_back[c]} AS {name(c)}" for c in columns)
    con.execute(f"CREATE OR REPLACE TEMP TABLE stood AS SELECT ticket, {listed} FROM past GROUP BY ticket")
    return columns
