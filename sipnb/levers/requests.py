"""Levers seen in what users ask for: what is frequent and simple."""

from __future__ import annotations

import numpy as np

from sipnb import kpis
from sipnb.catalogue import Lever
from sipnb.levers.evidence import Evidence, Look
from sipnb.records import clocks

#: Hours of work in a day.
DAY = 8.0


def self_service(look: Look, lever: Lever) -> Evidence:
    """A kind of request that is frequent, quickly done, and takes more work in a year than it usually takes to do away with it.

    Only work that is recorded counts: how long a ticket was open says nothing of it.
    """
    asked, days = look.ask(lever, "volume"), lever.limit("days")
    for name in ("category", "effort"):
        if not look.records.supplies("tickets", name):
            return asked.unknown("not recorded", f"tickets.{name}")
    tickets = look.records.tickets
    done = tickets[kpis.within(tickets["resolved"], look.window(days)) & tickets["category"].notna()]
    requests = done[done["kind"].eq("request").fillna(False)]
    if requests.empty:
        return asked.unknown("no requests")
    counts = requests["category"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    most, n = str(counts.index[0]), int(counts.iloc[0])
    mine = requests[requests["category"] == most]
    share, work = n / len(done), float(mine["effort"].sum())
    hours = np.asarray(clocks.elapsed(look.scope.calendar, mine["opened"], mine["resolved"])) / 3600
    usual = sum(likely for _, likely, _ in lever.effort.values()) * DAY
    numbers = {
        "share": share, "n": n, "of": len(done), "hours": float(np.median(hours)), "work": work, "usual": usual, "days": days,
        "request_share": lever.limit("request_share"), "quick_hours": lever.limit("quick_hours"),
    }  # fmt: skip
    if share < lever.limit("request_share"):
        return asked.left("not frequent", numbers)
    if numbers["hours"] > lever.limit("quick_hours"):
        return asked.left("not simple", numbers)
    if work <= usual:
        return asked.left("not worth it", numbers)
    return Evidence(lever, "worth it", True, kpi="volume", numbers=numbers, names=(most,), times=work / usual)
