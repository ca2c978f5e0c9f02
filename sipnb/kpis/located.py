"""The part of a service's work that an action touches: the tickets for which a condition holds, and the rest of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from sipnb import formulas
from sipnb.kpis.scope import Scope
from sipnb.records.frozen import Records

#: Tables whose rows are of tickets, with the column that names theirs.
_OF_TICKETS = ("ticket_events", "surveys")


def located(scope: Scope, condition: str) -> tuple[Scope, Scope]:
    """The scope of the tickets for which a condition (an expression over their columns) holds, and that of all others.

    What is recorded of no ticket (outages, costs …) is in neither less than it was. Raises FormulaError, as `which`.

        passwords, others = kpis.located(context.scope, "category = 'password'")
    """
    tickets, holds = scope.records.tickets, which(scope, condition)
    return (scope, scope) if tickets.empty else (_of(scope, tickets[holds]), _of(scope, tickets[~holds]))


def which(scope: Scope, condition: str) -> np.ndarray:
    """Of each ticket of the scope's records, whether a condition (an expression over the columns of tickets) holds.

    Where the condition has no answer it does not. Raises FormulaError, as `formulas.evaluate`, where it takes more memory or
    time than it is given.
    """
    tickets = scope.records.tickets
    if tickets.empty:
        return np.zeros(0, dtype=bool)
    holds = formulas.evaluate(tickets, "tickets", {"holds": condition}, scope.cycle.zone)["holds"]
    return holds.fillna(False).to_numpy(bool)


def _of(scope: Scope, tickets: pd.DataFrame) -> Scope:
    records = Records(scope.records.folder, scope.records.service)
    store = {"tickets": tickets.reset_index(drop=True)}
    for name in _OF_TICKETS:
        if scope.records.has(name):
            rows = scope.records.table(name)
            store[name] = rows[rows["ticket"].isin(tickets["ticket"])].reset_index(drop=True)
    records.__dict__["_tables"] = store
    return replace(scope, records=records)
