"""Where the time of tickets goes, by step and by group, in agreed hours: told by their events.

A ticket is in the *queue* until somebody first touches it; it *waits* for whom or what the event says that stopped it (a user,
a supplier, an approval …); it is *passed on* while groups hold it that do not keep it; all else is *work*. Between a
resolution and a reopening nobody waits, as far as anybody knows.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from sipnb.drivers import hours
from sipnb.kpis.attainment import late_from
from sipnb.kpis.scope import Scope, instants
from sipnb.records import clocks
from sipnb.records.states import has_ended

QUEUE, WORK, PASSED_ON, DONE = "queue", "work", "passed on", "done"
#: What a reason or a state of waiting speaks of, in the languages that exports are in; the first that fits.
_FOR = {
    "user": r"user|caller|customer|requester|client|kunde|anwender|melder|gebruiker|utilisateur|usuario",
    "supplier": r"supplier|vendor|third.?party|external|provider|lieferant|leverancier|fournisseur|proveedor|extern",
    "approval": r"approv|genehmig|goedkeur|approbation|aprobaci",
    "change": r"change|release|deploy|patch",
    "problem": r"problem|root cause|known error",
    "parts": r"part|spare|delivery|stock|material|hardware",
}
_HELD = re.compile(r"hold|pending|await|wait|suspend|stalled|parked|wart|angehalten|attente|espera", re.IGNORECASE)


def waits_for(text: str) -> str:
    """For what a reason or state of waiting waits: user, supplier, approval, change, problem, parts, or "not said"."""
    for name, words in _FOR.items():
        if re.search(words, text, re.IGNORECASE):
            return name
    return "not said"


def told(scope: Scope) -> bool:
    """Whether the records date what happens to tickets."""
    return scope.records.has("ticket_events") and scope.records.supplies("ticket_events", "state")


def spans(scope: Scope, tickets: pd.DataFrame) -> pd.DataFrame:
    """The life of these tickets in pieces: row (position among them), start, end, step, group (who held it; missing where not
    told) and agreed `hours`, by row and time; a ticket still open runs to the cut-off."""
    place = np.full(len(scope.records.tickets), -1)
    place[tickets.index] = np.arange(len(tickets))
    events = scope.records.ticket_events
    of = pd.Index(scope.records.tickets["ticket"]).get_indexer(events["ticket"])
    row = np.where(of >= 0, place[of], -1)
    kept = row >= 0
    reason = events["reason"] if "reason" in events else pd.Series(pd.NA, index=events.index, dtype="str")
    columns = {"state": events["state"], "on_hold": events["on_hold"], "group": events["group"], "reason": reason}
    mine = pd.DataFrame({"row": row, "at": events["at"], **columns})[kept]
    first = pd.DataFrame({"row": np.arange(len(tickets)), "at": tickets["opened"].array})
    mine = pd.concat([first, mine], ignore_index=True).sort_values(["row", "at"], kind="stable", ignore_index=True)
    # A reason belongs to the event that names it, a state and a group to all that follow until another is named.
    mine[["state", "group"]] = mine.groupby("row")[["state", "group"]].ffill()
    until = tickets["ended"].fillna(scope.known_until).array[mine["row"].to_numpy()]
    ends = mine["at"].shift(-1).where(mine["row"] == mine["row"].shift(-1), until)
    mine["end"] = ends.where(ends <= until, until)
    mine["step"] = _steps(mine, tickets, scope)
    mine = mine[(mine["at"] < mine["end"]) & (mine["step"] != DONE)].rename(columns={"at": "start"})
    seconds = np.asarray(clocks.elapsed(scope.calendar, mine["start"], mine["end"])) if len(mine) else np.empty(0)
    mine["hours"] = seconds / 3600
    return mine[["row", "start", "end", "step", "group", "hours"]].reset_index(drop=True)


def _steps(mine: pd.DataFrame, tickets: pd.DataFrame, scope: Scope) -> np.ndarray:
    state = mine["state"].astype("str").fillna("")
    done = has_ended(mine["state"]).fillna(False).to_numpy(bool)
    held = mine["on_hold"].fillna(False).astype(bool) | mine["reason"].notna() | state.isin(_waiting(state))
    why = mine["reason"].astype("str").fillna(state)
    named = {text: f"wait: {waits_for(text)}" for text in why[held].unique()}
    touched = mine["at"].to_numpy() >= _touched(mine, tickets).array[mine["row"].to_numpy()]
    left = _last_handover(scope, tickets).array[mine["row"].to_numpy()]
    choices = [done, held.to_numpy(), ~touched, mine["at"].to_numpy() < left]
    return np.select(choices, [DONE, why.map(named).to_numpy(object), QUEUE, PASSED_ON], default=WORK)


def _waiting(state: pd.Series) -> list[str]:
    """The states that say by their name that a ticket waits."""
    return [text for text in state.unique() if _HELD.search(text)]


def _touched(mine: pd.DataFrame, tickets: pd.DataFrame) -> pd.Series:
    """When somebody first touched each ticket: as acknowledged, else its first event in another state than the first."""
    other = mine["state"].notna() & (mine["state"] != mine.groupby("row")["state"].transform("first"))
    moved = mine[other].groupby("row")["at"].min().reindex(range(len(tickets)))
    told = tickets["acknowledged"].reset_index(drop=True)
    first = told.where(told.notna(), moved)
    # Whoever was never touched queued all the time.
    return first.fillna(pd.Timestamp.max.tz_localize("UTC").as_unit("us").floor("s"))


def _last_handover(scope: Scope, tickets: pd.DataFrame) -> pd.Series:
    """The last hand-over of tickets that had several; the beginning of time for others."""
    moves = hours.handovers(scope).groupby("row")["at"].agg(["size", "max"])
    last = moves["max"].where(moves["size"] > 1).reindex(scope.records.tickets.index.get_indexer(tickets.index))
    return last.fillna(pd.Timestamp(0, tz="UTC")).reset_index(drop=True)


def by_step(found: pd.DataFrame, tickets: int) -> pd.DataFrame:
    """Agreed hours by step: hours, share, tickets concerned and mean hours of all `tickets`; the most first."""
    by = found.groupby("step").agg(hours=("hours", "sum"), tickets=("row", "nunique"))
    by["share"] = by["hours"] / max(by["hours"].sum(), 1e-9)
    by["mean"] = by["hours"] / max(tickets, 1)
    return by.sort_values("hours", ascending=False, kind="stable")


def by_group(scope: Scope, tickets: pd.DataFrame, found: pd.DataFrame, late_share: float = 0.8) -> pd.DataFrame:
    """The clock of each group: tickets it held, agreed hours, how many became late while it held them, how many it was given
    with more than `late_share` of their time already used, and how many late ones it passed on.

    `used` is the share of the agreed time of these tickets that passed while it held them. Index group, most hours first.
    """
    held = found[found["group"].notna()]
    due, opened = late_from(scope)[tickets.index].reset_index(drop=True), tickets["opened"].reset_index(drop=True)
    goal = pd.Series(np.asarray(clocks.elapsed(scope.calendar, opened, due.fillna(opened))))
    goal = (goal / 3600).where(due.notna().to_numpy())
    stays = held["group"].ne(held["group"].shift()) | held["row"].ne(held["row"].shift())
    stay = held.assign(stay=stays.cumsum()).groupby("stay").agg(
        row=("row", "first"), group=("group", "first"), start=("start", "min"), end=("end", "max"), hours=("hours", "sum")
    )  # fmt: skip
    before = stay.groupby("row")["hours"].cumsum() - stay["hours"]
    goals, dues = goal.reindex(stay["row"]).to_numpy(), due.array[stay["row"].to_numpy()]
    starts, ends, at = instants(stay["start"]), instants(stay["end"]), instants(pd.Series(dues))
    last = stay["row"].ne(stay["row"].shift(-1)).to_numpy()
    known = pd.notna(dues)
    stay["late_here"] = known & (starts < at) & (at <= ends)
    stay["given_late"] = known & (before.to_numpy() > late_share * goals) & (before.to_numpy() > 0)
    stay["passed_late"] = known & ~last & (ends > at)
    stay["goal"] = goals
    by = stay.groupby("group").agg(
        tickets=("row", "nunique"), hours=("hours", "sum"), late_here=("late_here", "sum"), given_late=("given_late", "sum"),
        passed_late=("passed_late", "sum"), goal=("goal", "sum"),
    )  # fmt: skip
    by["used"] = by["hours"] / by["goal"].where(by["goal"] > 0)
    return by.drop(columns="goal").sort_values("hours", ascending=False, kind="stable")
