"""What kinds of tickets the attainment of a cycle is made of, so that services can be compared as if all had the same."""

from __future__ import annotations

import pandas as pd

from sipnb.chapters.facts import StratumFact
from sipnb.kpis import attainment
from sipnb.kpis.scope import Scope

#: The measure, and by what its tickets are separated.
KPI, STRATA = "sla_attainment", "kind and priority"


def strata(scope: Scope) -> list[StratumFact]:
    """The tickets whose outcome was decided in the last cycle by kind and priority, with how many missed their target.

    Their sum is what attainment counts in that cycle; empty where nothing was decided.
    """
    outcome = attainment.decided(scope)
    inside = (scope.place(outcome["at"]) == len(scope.cycles) - 1) & outcome["met"].notna().to_numpy()
    tickets, missed = scope.records.tickets[inside], ~outcome["met"][inside].astype(bool)
    names = tickets["kind"].astype(str) + " P" + tickets["priority"].astype("str").fillna("-")
    counts = pd.DataFrame({"n": 1, "wrong": missed.astype(int)}).groupby(names.to_numpy()).sum()
    return [
        StratumFact(kpi=KPI, stratum=str(name), n=int(n), wrong=int(wrong)) for name, n, wrong in counts.itertuples()
    ]
