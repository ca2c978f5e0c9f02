"""Levers seen in what users ask for: what is frequent and simple."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import stats

from sipnb import kpis
from sipnb.catalogue import Lever
from sipnb.levers.evidence import Evidence, Look
from sipnb.methods import scatter
from sipnb.records import clocks

#: Hours of work in a day.
DAY = 8.0
#: That a kind is frequent, quickly done and much work is claimed at this chance of an error each, on one side.
ERROR = 0.025


def self_service(look: Look, lever: Lever) -> Evidence:
    """A kind of request that is clearly frequent, quickly done, and more work in a year than it usually takes to do away with it.

    Only work that is recorded counts: how long a ticket was open says nothing of it. The most frequent of many alike is above any
    of them by chance: it is held to a level for as many as there are.
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
    if not _frequent(look, done, requests, most, len(counts)) > lever.limit("request_share"):
        return asked.left("not frequent", numbers)
    if not _median_at_most(hours) <= lever.limit("quick_hours"):
        return asked.left("not simple", numbers)
    if work - stats.norm.isf(ERROR) * math.sqrt(float((mine["effort"] ** 2).sum())) <= usual:
        return asked.left("not worth it", numbers)
    return Evidence(lever, "worth it", True, kpi="volume", numbers=numbers, names=(most,), times=work / usual)


def _frequent(look: Look, done: pd.DataFrame, requests: pd.DataFrame, kind: str, kinds: int) -> float:
    """The share of a kind of request among all tickets that it has at least, by how much months differ."""
    months = look.months.cycles
    of_kind = requests[requests["category"] == kind]
    every = look.records.tickets[look.records.tickets["category"].notna()]
    asked = every[every["kind"].eq("request").fillna(False) & (every["category"] == kind)]
    counts = [[int(kpis.within(rows["resolved"], month).sum()) for month in months] for rows in (asked, every)]
    spread = scatter.of_shares(*counts)
    return scatter.share(len(of_kind), len(done), spread, 1 - 2 * ERROR / kinds).low


def _median_at_most(values: np.ndarray) -> float:
    """What the median is at most, by the order of the values; inf of too few."""
    place = int(stats.binom.isf(ERROR, len(values), 0.5))
    return float(np.sort(values)[place]) if place < len(values) else math.inf
