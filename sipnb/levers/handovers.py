"""Hand-overs: how many tickets are passed on, and what that costs them.

A ticket that stays open longer is passed on more, so tickets compared at their end show a cost where there is none. What
being passed on costs is looked at from a landmark: tickets still open and not yet late after their first agreed hours, separated
by how often they had been passed on by then, like with like (same priority and kind).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb import kpis
from sipnb.catalogue import Lever
from sipnb.drivers.hours import handovers, in_groups
from sipnb.kpis.scope import NEVER, instants
from sipnb.levers.evidence import Effect, Evidence, Look, Question
from sipnb.methods import landmark
from sipnb.records import clocks


def one_owning_group(look: Look, lever: Lever) -> Evidence:
    """Tickets passed on twice or more: how many, and what being passed on early costs.

    Without a history of hand-overs no cost can be told. Then only a missed target for hand-overs itself speaks for the lever; a
    limit of our own is no reason without a cost.
    """
    asked = look.ask(lever, "multi_hop_share")
    if silent := look.silent(asked, lever.limit("days")):
        return silent
    passed = look.share(asked)
    if passed.n < lever.limit("fewest_tickets"):
        return asked.unknown("too few", n=passed.n)
    numbers = passed.numbers(asked.limit)
    if (place := passed.place(asked.limit)) != "beyond":
        return asked.left(place, numbers)
    compared = _compared(look, asked)
    if isinstance(compared, Evidence):
        if asked.agreed:
            return asked.proposed("cost unknown", numbers, passed.value, parts=(compared,))
        return asked.unknown("cost unknown", parts=(compared,), **numbers)
    numbers |= {"hours": lever.limit("first_hours")} | _differences(compared)
    effect = compared.effect
    if not effect.low > 0:
        return asked.left("no clear cost", numbers)
    gain = Effect("sla_attainment", "effect", effect.value, effect.low, effect.high)
    return asked.proposed("costly", numbers, passed.value, effect=gain)


def _compared(look: Look, asked: Question) -> landmark.Comparison | Evidence:
    """Tickets decided in the last days, still open and not late at the landmark, by whether they had been passed on twice.

    Evidence of why nothing can be told where hand-overs have no history, or too few tickets can be compared.
    """
    if not look.records.supplies("ticket_events", "group"):
        return asked.unknown("final count only")
    if kpis.missing(look.scope.kpis["sla_attainment"], look.scope):
        return asked.unknown("no target recorded")
    days, hours, fewest = (asked.lever.limit(name) for name in ("days", "first_hours", "fewest_passed"))
    tickets, decided = look.records.tickets, kpis.attainment.decided(look.over(days))
    inside = kpis.within(decided["at"], look.window(days))
    mine = tickets[inside]
    # Of a ticket that was never passed on there may be no event.
    mine = mine[mine.index.isin(in_groups(look.scope)["row"]) | (mine["reassigned"] == 0).fillna(False).to_numpy(bool)]
    ends = clocks.due(look.scope.calendar, mine["opened"], np.full(len(mine), 3600.0 * hours))
    twice = _handed_over(look, mine, ends) >= 2
    undecided = (decided["at"][mine.index] > ends.to_numpy()).to_numpy()
    few = int((twice & undecided).sum())
    if few < fewest:
        return asked.unknown("too few early", n=few, hours=hours)
    at_risk = mine[undecided]
    strata = at_risk["priority"].astype("str").fillna("") + at_risk["kind"].astype("str")
    met = decided["met"][at_risk.index].astype(bool)
    found = landmark.compared(strata, twice[undecided], met, int(inside.sum()))
    if found is None or found.n_concerned < fewest:
        return asked.unknown("no like tickets", hours=hours)
    return found


def _handed_over(look: Look, tickets: pd.DataFrame, ends: pd.DatetimeIndex) -> np.ndarray:
    """How often each of these tickets had been handed over up to its landmark."""
    until = np.full(len(look.records.tickets), NEVER)
    until[tickets.index] = instants(ends)
    moves = handovers(look.scope)
    early = moves["row"][instants(moves["at"]) <= until[moves["row"].to_numpy()]]
    return np.bincount(early, minlength=len(until))[tickets.index]


def _differences(compared: landmark.Comparison) -> dict[str, float]:
    return {
        "met": compared.concerned, "met_others": compared.others, "concerned": compared.n_concerned,
        "others": compared.n_others, "decided": compared.total, "left_out": compared.left_out,
        "difference": compared.difference.value, "difference_low": compared.difference.low,
        "difference_high": compared.difference.high,
    }  # fmt: skip
