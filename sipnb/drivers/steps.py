"""Where the time of tickets goes, by step and by group, in agreed hours: told by their events.

A ticket is in the *queue* until somebody first touches it; it *waits* for whom or what the event says that stopped it (a
user, a supplier, an approval …); it is *passed on* while groups hold it that do not keep it; all else is *work*. Between
a resolution and a reopening nobody waits, as far as anybody knows.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from sipnb.cycles import Cycle
from sipnb.drivers import hours
from sipnb.kpis.attainment import late_from
from sipnb.kpis.scope import NEVER, Scope, instants
from sipnb.records import clocks
from sipnb.records.states import has_ended

QUEUE, WORK, PASSED_ON, DONE = "queue", "work", "passed on", "done"
#: What a reason or a state of waiting speaks of, in the languages that exports are in; the first that fits.
_FOR = {
    "user": r"user|caller|customer|requester|client|kunde|anwender|melder|gebruiker|utilisateur|usuario",
    "supplier": r"supplier|vendor|third.?party|external|provider|lieferant|leverancier|fournisseur|proveedor|extern",
    "approval": r"approv|genehmig|goedkeur|approbation|aprobaci",
    "change": r"\bchange|release|deploy|patch",
    "problem": r"problem|root cause|known error",
    "parts": r"\bparts?\b|spare|delivery|stock|material|hardware",
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


def spans(scope: Scope, window: Cycle) -> pd.DataFrame:
    """The whole lives of the tickets that were open in a window, in pieces: row (position among all tickets), start, end, step,
    group (who held it; missing where not told) and agreed `hours`, by row and time; one still open runs to the cut-off."""
    return scope.once(f"steps from {window.start}", lambda: _spans(scope, window))


def _spans(scope: Scope, window: Cycle) -> pd.DataFrame:
    tickets, events = scope.records.tickets, scope.events
    ended = tickets["ended"].fillna(scope.known_until)
    there = ((tickets["opened"] < window.cutoff) & ~(tickets["ended"] < window.opens)).to_numpy()
    told = events.loc[there[events["row"].to_numpy()], ["row", "at", "state", "on_hold", "group", "reason"]]
    first = pd.DataFrame({"row": np.flatnonzero(there), "at": tickets["opened"].array[there]})
    life = pd.concat([first, told], ignore_index=True)
    life = life.iloc[np.lexsort((instants(life["at"]), life["row"].to_numpy()))].reset_index(drop=True)
    # A reason belongs to the event that names it, a state and a group to all that follow until another is named.
    life[["state", "group"]] = life.groupby("row")[["state", "group"]].ffill()
    until = ended.array[life["row"].to_numpy()]
    ends = life["at"].shift(-1).where(life["row"] == life["row"].shift(-1), until)
    life["end"] = ends.where(ends <= until, until)
    life["step"] = _steps(life, scope)
    life = life[(life["at"] < life["end"]) & (life["step"] != DONE)].rename(columns={"at": "start"})
    seconds = np.asarray(clocks.elapsed(scope.calendar, life["start"], life["end"])) if len(life) else np.empty(0)
    life["hours"] = seconds / 3600
    return life[["row", "start", "end", "step", "group", "hours"]].reset_index(drop=True)


def _steps(life: pd.DataFrame, scope: Scope) -> np.ndarray:
    state = life["state"].astype("str").fillna("")
    done = _known(has_ended, life["state"])
    held = life["on_hold"].fillna(False).astype(bool) | life["reason"].notna() | state.isin(_waiting(state))
    why = life["reason"].astype("str").fillna(state)
    named = {text: f"wait: {waits_for(text)}" for text in why[held].unique()}
    row, at = life["row"].to_numpy(), instants(life["at"])
    touched = at >= _touched(life, scope)[row]
    passing = at < _last_handover(scope)[row]
    return np.select(
        [done, held.to_numpy(), ~touched, passing], [DONE, why.map(named).to_numpy(object), QUEUE, PASSED_ON], WORK
    )


def _known(rule, texts: pd.Series) -> np.ndarray:
    """A rule on texts, asked once for each that there is."""
    codes, values = pd.factorize(texts)
    answers = (
        rule(pd.Series(values, dtype="str")).fillna(False).to_numpy(bool) if len(values) else np.empty(0, dtype=bool)
    )
    return np.where(codes >= 0, np.r_[answers, False][codes], False)


def _waiting(state: pd.Series) -> list[str]:
    """The states that say by their name that a ticket waits."""
    return [text for text in state.unique() if _HELD.search(text)]


def _touched(life: pd.DataFrame, scope: Scope) -> np.ndarray:
    """When somebody first touched each ticket: as acknowledged, else its first event in another state than the first."""
    row = life["row"].to_numpy()
    begins = np.r_[True, row[1:] != row[:-1]]
    code = pd.factorize(life["state"])[0]
    # The opening has no state: the first that is told is the first.
    told = code >= 0
    first = np.full(len(scope.records.tickets), -1)
    first[row[told][::-1]] = code[told][::-1]
    moved = told & (code != first[row]) & ~begins
    never = np.iinfo(np.int64).max
    at = np.full(len(first), never)
    at[row[moved][::-1]] = instants(life["at"])[moved][::-1]
    told_at = scope.records.tickets["acknowledged"]
    return np.where(told_at.notna(), instants(told_at), at)


def _last_handover(scope: Scope) -> np.ndarray:
    """The last hand-over of tickets that had several; the beginning of time for others."""
    moves = hours.handovers(scope)
    row, at = moves["row"].to_numpy(), instants(moves["at"])
    last = np.full(len(scope.records.tickets), NEVER)
    last[row] = at
    return np.where(np.bincount(row, minlength=len(last)) > 1, last, NEVER)


def by_step(found: pd.DataFrame, tickets: int) -> pd.DataFrame:
    """Agreed hours by step: hours, share, tickets concerned and mean hours of all `tickets`; the most first."""
    by = found.groupby("step").agg(hours=("hours", "sum"), tickets=("row", "nunique"))
    by["share"] = by["hours"] / max(by["hours"].sum(), 1e-9)
    by["mean"] = by["hours"] / max(tickets, 1)
    return by.sort_values("hours", ascending=False, kind="stable")


def by_group(scope: Scope, found: pd.DataFrame, late_share: float = 0.8) -> pd.DataFrame:
    """The clock of each group: tickets it held, agreed hours, how many became late while it held them, how many it was given
    with more than `late_share` of their time already used, and how many late ones it passed on.

    `used` is the share of the agreed time of these tickets that passed while it held them. Index group, most hours first.
    """
    stay = _stays(found[found["group"].notna()])
    tickets, due = scope.records.tickets, late_from(scope)
    row, starts, ends = stay["row"].to_numpy(), instants(stay["start"]), instants(stay["end"])
    known, at = due.notna().to_numpy()[row], instants(due)[row]
    goal = (
        np.asarray(clocks.elapsed(scope.calendar, tickets["opened"], due.where(due.notna(), tickets["opened"])))[row]
        / 3600
    )
    before = (stay.groupby("row")["hours"].cumsum() - stay["hours"]).to_numpy()
    last = np.r_[row[1:] != row[:-1], True]
    stay = stay.assign(
        late_here=known & (starts < at) & (at <= ends), given_late=known & (before > late_share * goal) & (before > 0),
        passed_late=known & ~last & (ends > at), goal=np.where(known, goal, np.nan), timed=np.where(known, stay["hours"], 0.0),
    )  # fmt: skip
    by = stay.groupby("group").agg(
        tickets=("row", "nunique"), hours=("hours", "sum"), late_here=("late_here", "sum"), given_late=("given_late", "sum"),
        passed_late=("passed_late", "sum"), goal=("goal", "sum"), timed=("timed", "sum"),
    )  # fmt: skip
    by["used"] = by["timed"] / by["goal"].where(by["goal"] > 0)
    return by.drop(columns=["goal", "timed"]).sort_values("hours", ascending=False, kind="stable")


def _stays(held: pd.DataFrame) -> pd.DataFrame:
    """Each time a group held a ticket: row, group, start, end and agreed hours."""
    code, row = pd.factorize(held["group"])[0], held["row"].to_numpy()
    begins = (
        np.flatnonzero(np.r_[True, (code[1:] != code[:-1]) | (row[1:] != row[:-1])]) if len(held) else np.empty(0, int)
    )
    ends = np.r_[begins[1:], len(held)] - 1 if len(begins) else begins
    total = np.add.reduceat(held["hours"].to_numpy(), begins) if len(begins) else np.empty(0)
    firsts, lasts = held.iloc[begins], held.iloc[ends]
    return pd.DataFrame(
        {"row": row[begins], "group": firsts["group"].array, "start": firsts["start"].array, "end": lasts["end"].array,
         "hours": total}
    )  # fmt: skip
