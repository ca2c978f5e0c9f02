"""Set rules about tickets: whether what they say of themselves fits together."""

from __future__ import annotations

import pandas as pd

from sipnb.records.quality.findings import NO_DATA, Found, Sets, count, graver, percent, rule, verb
from sipnb.tables import ENDED_STATES


@rule(
    "without resolution",
    "note",
    "They count as still running, and as missed once their target has passed.",
    "warn above 20 % of tickets",
)
def without_resolution(sets: Sets) -> list[Found] | None:
    """Tickets that are not resolved."""
    if not sets.has("tickets"):
        return NO_DATA
    told = "count(resolved)" if sets.has("tickets", "resolved") else "0"
    rows, resolved = sets.one(f"SELECT count(*), {told} FROM tickets")
    if not rows:
        return NO_DATA
    if rows == resolved:
        return []
    missing = rows - resolved
    share = missing / rows
    if not sets.has("tickets", "resolved"):
        sentence = f"The exports do not say when {verb(rows, 'the ticket was', f'the {rows:,} tickets were')} resolved."
    else:
        have = verb(missing, "has", "have")
        sentence = f"{missing:,} of {count(rows, 'ticket')} ({percent(share)}) {have} no resolution {sets.now}."
    return [Found(missing, sentence, {"share": share}, graver(missing, rows, 0.2))]


@rule(
    "closed without resolution",
    "note",
    "They count as open for ever; map when they were resolved.",
    "warn above 2 % of them",
)
def closed_without_resolution(sets: Sets) -> list[Found] | None:
    """Tickets that are closed, by time or by state, and have no time of resolution."""
    if not sets.has("tickets", "resolved") or not (sets.has("tickets", "closed") or sets.has("tickets", "state")):
        return NO_DATA
    done = ["closed IS NOT NULL"] if sets.has("tickets", "closed") else []
    if sets.has("tickets", "state"):
        done.append(f"lower(state) IN {ENDED_STATES}")
    rows, total = sets.one(
        f"SELECT count(*) FILTER (resolved IS NULL), count(*) FROM tickets WHERE {' OR '.join(done)}"
    )
    if not total:
        return NO_DATA
    if not rows:
        return []
    share = rows / total
    sentence = (
        f"{rows:,} of {count(total, 'closed ticket')} ({percent(share)}) {verb(rows, 'has', 'have')} no time of resolution and "
        f"{verb(rows, 'counts', 'count')} as open."
    )
    return [Found(rows, sentence, {"share": share}, graver(rows, total, 0.02))]


@rule(
    "target contradicts record",
    "note",
    "Attainment is as the tool recorded it; ask how the tool decides.",
    "warn above 2 % of them",
)
def target_contradicts_record(sets: Sets) -> list[Found] | None:
    """Tickets recorded as having met their target though resolved after it, or as having missed it though in time."""
    if not sets.has("tickets", "sla_met", "sla_due", "resolved"):
        return NO_DATA
    # A minute's grace, because tools round.
    rows, kept, missed = sets.one(
        "SELECT count(*), count(*) FILTER (sla_met AND late > 60), count(*) FILTER (NOT sla_met AND late < -60) FROM "
        "(SELECT sla_met, epoch(resolved) - epoch(sla_due) AS late FROM tickets WHERE sla_met IS NOT NULL) WHERE late IS NOT NULL"
    )
    if not rows:
        return NO_DATA
    wrong = kept + missed
    if not wrong:
        return []
    share = wrong / rows
    sentence = (
        f"{wrong:,} of {count(rows, 'ticket')} ({percent(share)}) {verb(wrong, 'contradicts its', 'contradict their')} own due "
        f"time: {kept:,} met it by the record and not by the clock, {missed:,} the other way round."
    )
    return [Found(wrong, sentence, {"share": share}, graver(wrong, rows, 0.02))]


@rule("hold longer than ticket", "note", "Time on hold is cut to the ticket's own span.", "warn above 1 % of them")
def hold_longer_than_ticket(sets: Sets) -> list[Found] | None:
    """Tickets that were on hold for longer than they were open."""
    if not sets.has("tickets", "on_hold", "resolved"):
        return NO_DATA
    known, rows = sets.one(
        "SELECT count(*), count(*) FILTER (on_hold > epoch(resolved) - epoch(opened) + 60) FROM tickets "
        "WHERE on_hold IS NOT NULL AND resolved IS NOT NULL"
    )
    if not known:
        return NO_DATA
    if not rows:
        return []
    sentence = (
        f"{rows:,} of {count(known, 'ticket')} ({percent(rows / known)}) {verb(rows, 'was', 'were')} on hold for longer than "
        "open; is the unit right?"
    )
    return [Found(rows, sentence, {"share": rows / known}, graver(rows, known, 0.01))]


@rule("bulk closing", "warn", "Their time to restore says when somebody tidied up, not when users were helped.")
def bulk_closing(sets: Sets) -> list[Found] | None:
    """Many old tickets resolved in the same minute: a clean-up, not work."""
    if not sets.has("tickets", "resolved"):
        return NO_DATA
    known, usual = sets.one(
        "SELECT count(resolved), approx_quantile(epoch(resolved) - epoch(opened), 0.5) FROM tickets WHERE resolved IS NOT NULL"
    )
    if not known:
        return NO_DATA
    # When a large disturbance ends, its tickets are resolved at one stroke as well, but they are young.
    rows, minutes, largest, at = sets.one(
        "SELECT sum(n)::BIGINT, count(*), max(n), strftime(make_timestamp(arg_max(minute, n) * 60000000), '%Y-%m-%d %H:%M') "
        "FROM (SELECT epoch_ms(resolved) // 60000 AS minute, count(*) AS n, avg(epoch(resolved) - epoch(opened)) AS age FROM "
        f"tickets WHERE resolved IS NOT NULL GROUP BY 1) WHERE n >= {max(50, 0.002 * known)} AND age > {2 * usual}"
    )
    if not rows:
        return []
    # Where times are only dates, or rounded, all of a day's tickets meet: that is another rule's.
    (days,) = sets.one("SELECT count(DISTINCT epoch_ms(resolved) // 86400000) FROM tickets WHERE resolved IS NOT NULL")
    if minutes > max(1, 0.2 * days):
        return []
    local = pd.Timestamp(at, tz="UTC").tz_convert(sets.zone)
    sentence = (
        f"{rows:,} of {known:,} resolved tickets ({percent(rows / known)}) were resolved in {count(minutes, 'minute')} of mass "
        f"closing, {largest:,} of them at {local:%Y-%m-%d %H:%M} {sets.zone}."
    )
    return [Found(rows, sentence, {"minutes": minutes, "largest": largest, "at": at})]


@rule(
    "resolved at once",
    "note",
    "They were written down after the work; their time to restore is that of typing.",
    "warn above 30 % of them",
)
def resolved_at_once(sets: Sets) -> list[Found] | None:
    """Tickets resolved in the very minute in which they were opened, many of them."""
    if not sets.has("tickets", "resolved"):
        return NO_DATA
    known, rows = sets.one(
        "SELECT count(resolved), count(*) FILTER (epoch(resolved) - epoch(opened) < 60) FROM tickets WHERE resolved IS NOT NULL"
    )
    if not known:
        return NO_DATA
    if rows < 20 or rows < 0.05 * known:
        return []
    sentence = f"{rows:,} of {known:,} resolved tickets ({percent(rows / known)}) were resolved within a minute of being opened."
    return [Found(rows, sentence, {"share": rows / known}, graver(rows, known, 0.3))]


@rule("orphan events", "note", "They are kept and belong to no ticket of the plan.", "warn above 5 % of events")
def orphan_events(sets: Sets) -> list[Found] | None:
    """Events of tickets that are not among the records."""
    if not sets.has("ticket_events") or not sets.has("tickets"):
        return NO_DATA
    (total,) = sets.one("SELECT count(*) FROM ticket_events")
    if not total:
        return NO_DATA
    (rows,) = sets.one("SELECT count(*) FROM ticket_events ANTI JOIN tickets USING (ticket)")
    if not rows:
        return []
    sentence = (
        f"{rows:,} of {count(total, 'event')} ({percent(rows / total)}) "
        f"{verb(rows, 'belongs to a ticket that is', 'belong to tickets that are')} not among the records."
    )
    return [Found(rows, sentence, {"share": rows / total}, graver(rows, total, 0.05))]
