"""How tickets come in, are handled and are left over: volume, backlog, reopenings, hops, holds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb.kpis.scope import Scope, counts, figures, instants, nothing, shares
from sipnb.methods import proportions

#: Who asks again so soon had no answer that held.
BACK_WITHIN = pd.Timedelta(days=7)
#: Backlog older than this many days is aged; the KPI counts the third of them.
AGES = (1, 5, 30, 90)


def volume(scope: Scope) -> pd.DataFrame:
    """Tickets opened."""
    return counts(scope.count(scope.opened))


def volume_per_user(scope: Scope) -> pd.DataFrame:
    """Tickets opened per 100 users."""
    usage = scope.records.usage
    where = np.where(usage["users"].notna(), scope.place_days(usage["period"]), -1)
    periods = scope.count(where)
    # A cycle of several periods has their mean: users do not add up over time.
    users = np.divide(scope.total(where, usage["users"]), periods, out=np.zeros(len(periods)), where=periods > 0)
    opened = scope.count(scope.opened)
    rates = [
        proportions.poisson_rate(int(n), u / 100) if u > 0 else proportions.NO_DATA
        for n, u in zip(opened, users, strict=True)
    ]
    value, low, high = ([getattr(rate, part) for rate in rates] for part in ("value", "low", "high"))
    return figures(value, low, high, np.where(users > 0, opened, 0), opened, users)


def backlog(scope: Scope) -> pd.DataFrame:
    """Tickets open at the end of each cycle."""
    tickets = scope.records.tickets
    return counts(scope.stock(tickets["opened"], tickets["ended"]))


def aged_backlog(scope: Scope) -> pd.DataFrame:
    """Of the tickets open at the end of each cycle, the share older than 30 days."""
    return aged(scope, 30)


def aged(scope: Scope, days: int) -> pd.DataFrame:
    """Of the tickets open at the end of each cycle, the share opened more than so many days before."""
    tickets = scope.records.tickets
    old = scope.stock(tickets["opened"] + pd.Timedelta(days=days), tickets["ended"])
    return shares(old, scope.stock(tickets["opened"], tickets["ended"]))


def reopen_rate(scope: Scope) -> pd.DataFrame:
    """Share of resolved tickets that were reopened."""
    reopened = scope.records.tickets["reopened"]
    return _of_resolved(scope, reopened.notna(), reopened > 0)


def repeat_contact_rate(scope: Scope) -> pd.DataFrame:
    """Share of resolved tickets after which the same requester asked again, about the same category, within a week."""
    again = came_back(scope)
    return _of_resolved(scope, again.notna(), again.fillna(False).astype(bool))


def came_back(scope: Scope) -> pd.Series:
    """Whether the requester of each resolved ticket opened another one of its category within a week; NA where the
    requester is not
    known, or where that week had not passed at the cut-off."""
    return scope.once("came back", lambda: _came_back(scope))


def _came_back(scope: Scope) -> pd.Series:
    tickets = scope.records.tickets
    who, about = (pd.factorize(tickets[c])[0].astype("int64") for c in ("requester", "category"))
    # One number a person and category; times are seconds, so that both fit into one order.
    line = pd.factorize(who * (about.max(initial=0) + 2) + about + 1)[0].astype("int64") << 34
    opened, resolved = instants(tickets["opened"]) // 1_000_000, instants(tickets["resolved"]) // 1_000_000
    known = (who >= 0) & tickets["resolved"].notna().to_numpy()
    known &= (tickets["resolved"] + BACK_WITHIN <= scope.known_until).to_numpy(bool)
    order = np.sort((line + opened)[who >= 0])
    place = np.searchsorted(order, line + resolved, side="right")
    next_one = np.append(order, np.iinfo("int64").max)[place]
    back = next_one - (line + resolved) <= int(BACK_WITHIN.total_seconds())
    return pd.Series(pd.array(np.where(known, back, False), dtype="boolean"), index=tickets.index).where(known)


def first_contact_rate(scope: Scope) -> pd.DataFrame:
    """Share of resolved tickets solved at first contact for good."""
    tickets = scope.records.tickets
    solved = tickets["first_contact"].fillna(False).astype(bool) & ~(tickets["reopened"] > 0).fillna(False).astype(bool)
    return _of_resolved(scope, tickets["first_contact"].notna(), solved)


def first_assignment_rate(scope: Scope) -> pd.DataFrame:
    """Share of resolved tickets that never changed group."""
    hops = scope.records.tickets["reassigned"]
    return _of_resolved(scope, hops.notna(), hops == 0)


def multi_hop_share(scope: Scope) -> pd.DataFrame:
    """Share of resolved tickets that changed group at least twice."""
    hops = scope.records.tickets["reassigned"]
    return _of_resolved(scope, hops.notna(), hops >= 2)


def _of_resolved(scope: Scope, known: pd.Series, which: pd.Series) -> pd.DataFrame:
    return scope.share(np.where(known, scope.resolved, -1), which)


def on_hold_share(scope: Scope) -> pd.DataFrame:
    """Time on hold ÷ time to resolve, a ratio of sums."""
    tickets = scope.records.tickets
    held = scope.held
    where = np.where(held.notna(), scope.resolved, -1)
    gross = (tickets["resolved"] - tickets["opened"]).dt.total_seconds().to_numpy()
    inside = where >= 0
    if not inside.any():
        return nothing(len(scope.cycles))
    held = np.minimum(held.to_numpy()[inside], gross[inside])
    return proportions.ratio_of_sums_series(held, gross[inside], where[inside], len(scope.cycles), share=True)


def holds_by_reason(scope: Scope) -> pd.DataFrame:
    """Time on hold of the tickets resolved in the last cycle by the state they were held in.

    Columns reason, hours, share, tickets; the longest first. Empty where no event says so.
    """
    tickets = scope.tickets_resolved()
    nowhere = pd.DataFrame({"reason": [], "hours": [], "share": [], "tickets": []})
    if tickets.empty or not scope.records.supplies("ticket_events", "on_hold"):
        return nowhere
    spans = scope.holds_of(tickets)
    if spans.empty:
        return nowhere
    numbered = pd.DataFrame({"ticket": tickets["ticket"].to_numpy(), "row": np.arange(len(tickets))})
    begun = scope.events_of(tickets).merge(numbered, on="ticket").drop_duplicates(["row", "at"], keep="last")
    spans = spans.merge(begun[["row", "at", "state"]], left_on=["row", "start"], right_on=["row", "at"], how="left")
    ends = spans["end"].fillna(pd.Series(tickets["resolved"].array[spans["row"].to_numpy()], index=spans.index))
    spans["hours"] = (ends - spans["start"]).dt.total_seconds() / 3600
    spans["reason"] = spans["state"].fillna("not recorded")
    by = spans.groupby("reason").agg(hours=("hours", "sum"), tickets=("row", "nunique")).reset_index()
    by["share"] = by["hours"] / max(by["hours"].sum(), 1e-9)
    return by.sort_values(["hours", "reason"], ascending=[False, True], ignore_index=True)[list(nowhere)]
