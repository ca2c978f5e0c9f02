"""Set rules about tickets: whether what they say of themselves fits together."""

from __future__ import annotations

import pandas as pd

from sipnb.records import states
from sipnb.records.quality.findings import NO_DATA, Found, Sets, count, graver, listed, percent, rule, some_of, verb
from sipnb.records.shapes import in_sight, others


@rule("without resolution", "note", "They count as still running, and as missed once their target has passed.",
      "warn above 20 % of tickets")  # fmt: skip
def without_resolution(sets: Sets) -> list[Found] | None:
    """Tickets that have not ended."""
    if not sets.has("tickets"):
        return NO_DATA
    if not sets.has("tickets", "ended"):
        (rows,) = sets.one("SELECT count(*) FROM tickets")
        sentence = f"The exports do not say when {verb(rows, 'the ticket was', f'the {rows:,} tickets were')} resolved."
        return [Found(rows, sentence, {"share": 1.0}, graver(rows, rows, 0.2))] if rows else NO_DATA
    rows, missing = sets.one("SELECT count(*), count(*) FILTER (ended IS NULL) FROM tickets")
    if not rows:
        return NO_DATA
    if not missing:
        return []
    sentence = (
        f"{missing:,} of {count(rows, 'ticket')} ({percent(missing / rows)}) {verb(missing, 'has', 'have')} no resolution "
        f"{sets.now}."
    )
    return [Found(missing, sentence, {"share": missing / rows}, graver(missing, rows, 0.2))]


@rule("ended without resolution", "note", "They are neither waited for nor missed, and in no time to restore.")
def ended_without_resolution(sets: Sets) -> list[Found] | None:
    """Tickets that ended without a resolution, by their state or their outcome: cancelled, rejected, merged, duplicates."""
    if not sets.has("tickets", "ended") or not (sets.has("tickets", "state") or sets.has("tickets", "outcome")):
        return NO_DATA
    rows, ended = (
        sets.one("SELECT count(*) FILTER (resolved IS NULL), count(*) FROM tickets WHERE ended IS NOT NULL")
        if sets.has("tickets", "resolved")
        else sets.one("SELECT count(*), count(*) FROM tickets WHERE ended IS NOT NULL")
    )
    return some_of(
        rows, ended, lambda share: f"{rows:,} of {count(ended, 'ticket')} that ended ({share}) {verb(rows, 'has', 'have')} no "
        f"resolution: {verb(rows, 'it was', 'they were')} cancelled, rejected or merged. They count as neither open nor missed.",
    )  # fmt: skip


@rule("closing stands for resolution", "note", "Their time to restore runs to their closing, which is later.",
      "warn above 20 % of tickets that ended")  # fmt: skip
def closing_stands_for_resolution(sets: Sets) -> list[Found] | None:
    """Tickets that were closed and of which no time tells when they were resolved."""
    if not sets.exported("tickets", "closed"):
        return NO_DATA
    rows, ended = sets.one(
        "SELECT count(*) FILTER (_resolved IS NULL AND resolved = _closed), count(*) FROM tickets WHERE resolved IS NOT NULL"
    )
    return some_of(
        rows, ended, lambda share: f"{rows:,} of {count(ended, 'resolved ticket')} ({share}) {verb(rows, 'has', 'have')} no time "
        f"of resolution: {verb(rows, 'it counts', 'they count')} as resolved when {verb(rows, 'it was', 'they were')} closed.",
        warn_above=0.2,
    )  # fmt: skip


@rule("ended at an unknown time", "note", "They are in no backlog and no time to restore; map when they ended.",
      "warn above 2 % of tickets")  # fmt: skip
def ended_at_an_unknown_time(sets: Sets) -> list[Found] | None:
    """Tickets that have ended by their state, and no time tells when."""
    if not sets.has("tickets", "ended") or not sets.exported("tickets", "state"):
        return NO_DATA
    total, rows = sets.one(
        "SELECT count(*), count(*) FILTER (ended = opened AND _resolved IS NULL AND _closed IS NULL) FROM tickets"
    )
    return some_of(
        rows, total, lambda share: f"{rows:,} of {count(total, 'ticket')} ({share}) {verb(rows, 'has', 'have')} ended by "
        f"{verb(rows, 'its state', 'their state')}, and no time says when; they are in no backlog and no time to restore.",
        warn_above=0.02,
    )  # fmt: skip


@rule("open beside a resolution", "note", "They count as open again: a resolution that did not hold is none.",
      "warn above 5 % of tickets that were resolved")  # fmt: skip
def open_beside_a_resolution(sets: Sets) -> list[Found] | None:
    """Tickets whose state is open though an older resolution or closing stands beside it."""
    times = [c for c in ("resolved", "closed") if sets.exported("tickets", c)]
    if not times or not sets.exported("tickets", "state"):
        return NO_DATA
    by_then = "true" if sets.cutoff is None else f"told < TIMESTAMP '{sets.cutoff.tz_convert('UTC'):%Y-%m-%d %H:%M:%S}'"
    # What the state says is asked anew here, because one that is not believed has no meaning elsewhere.
    rows, counted, known = sets.one(
        "SELECT sum(n) FILTER (meaning = 'open')::BIGINT, sum(waiting) FILTER (meaning = 'open')::BIGINT, sum(n)::BIGINT FROM "
        f"(SELECT *, {states.meaning('_state')} AS meaning FROM (SELECT _state, count(*) AS n, count(*) FILTER (ended IS NULL) "
        "AS waiting FROM (SELECT _state, ended, coalesce(_resolved, _closed) AS told FROM tickets) "
        f"WHERE told IS NOT NULL AND {by_then} GROUP BY 1))"
    )
    if not known:
        return NO_DATA
    if not rows:
        return []
    share = rows / known
    if not counted:
        sentence = (
            f"{rows:,} of {count(known, 'ticket')} with a resolution ({percent(share)}) {verb(rows, 'is', 'are')} open by "
            f"{verb(rows, 'its state', 'their state')}: too many to be reopened, so that the state is not believed."
        )
        return [Found(rows, sentence, {"share": share}, "warn")]
    sentence = (
        f"{counted:,} of {count(known, 'ticket')} with a resolution ({percent(counted / known)}) "
        f"{verb(counted, 'is', 'are')} open again by {verb(counted, 'its state', 'their state')} and "
        f"{verb(counted, 'counts', 'count')} as open."
    )
    return [Found(counted, sentence, {"share": counted / known}, graver(counted, known, 0.05))]


@rule("unknown states", "note", "Their times decide whether they are open; map each state to a known word.",
      "warn where 2 % of tickets and more are open because of them")  # fmt: skip
def unknown_states(sets: Sets) -> list[Found] | None:
    """States of tickets that are none of the known words for open, resolved and cancelled."""
    if not sets.exported("tickets", "state"):
        return NO_DATA
    ended = "ended IS NULL" if sets.has("tickets", "ended") else "true"
    frame = sets.frame(
        # Materialized, or the condition is asked of every row before it is asked of every state.
        f"WITH known AS MATERIALIZED (SELECT _state AS state, count(*) AS n, count(*) FILTER ({ended}) AS waiting FROM tickets "
        f"GROUP BY 1) SELECT * FROM known WHERE state IS NOT NULL AND {states.meaning('state')} IS NULL "
        "AND NOT regexp_full_match(state, '[-+]?[0-9.]+') ORDER BY n DESC, state"
    )
    (total,) = sets.one("SELECT count(*) FROM tickets")
    if not total:
        return NO_DATA
    if frame.empty:
        return []
    rows, waiting = int(frame["n"].sum()), int(frame["waiting"].sum())
    seen, hidden = in_sight(list(zip(frame["state"], frame["n"].astype(int), strict=True)), sets.show_values)
    named = listed([*(f"{state!r} ({n:,})" for state, n in seen[:5]), *others(hidden + len(seen[5:]), bool(seen))])
    sentence = (
        f"{count(rows, 'ticket')} ({percent(rows / total)}) {verb(rows, 'has a state that says', 'have states that say')} "
        f"neither that somebody waits nor that it ended: {named}. Without a time of their end they count as open: {waiting:,} do."
    )
    return [Found(rows, sentence, {"waiting": waiting}, graver(waiting, total, 0.02))]


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
        "SELECT count(resolved), median(epoch_ms(resolved) - epoch_ms(opened)) / 1000 FROM tickets WHERE resolved IS NOT NULL"
    )
    if not known:
        return NO_DATA
    # When a large disturbance ends, its tickets are resolved at one stroke as well, but they are young.
    rows, minutes, largest, at = sets.one(
        "SELECT sum(n)::BIGINT, count(*), max(n), strftime(make_timestamp(arg_max(minute, n) * 60000000), '%Y-%m-%d %H:%M') "
        "FROM (SELECT epoch_ms(resolved) // 60000 AS minute, count(*) AS n, "
        f"avg(epoch_ms(resolved) - epoch_ms(opened)) / 1000 AS age FROM tickets WHERE resolved IS NOT NULL GROUP BY 1) "
        f"WHERE n >= {max(50, 0.002 * known)} AND age > {2 * usual}"
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
