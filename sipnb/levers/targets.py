"""Levers seen in targets themselves: those out of reach, and those of which nobody can tell why they are missed."""

from __future__ import annotations

import math
from dataclasses import replace

from sipnb.catalogue import Lever
from sipnb.levers import effects
from sipnb.levers.answers import Missed
from sipnb.levers.evidence import Evidence, Look

#: Measures of which a level is agreed with users. Nobody agrees on being less satisfied.
AGREED = (
    "sla_attainment",
    "sla_reported",
    "restore_median",
    "restore_mean",
    "restore_p90",
    "restore_p95",
    "availability",
)
#: Days of a month: a service gets the same advice by month, quarter and week.
MONTH = 30
#: Days over which a target is clearly missed, as options look at it.
MISSED = 91
#: What the records lack, as the gap analysis says it.
LACKING = "not supplied"


def renegotiate(look: Look, lever: Lever) -> Evidence:
    """A target that was missed for long, and would be with every known driver gone."""
    months = lever.limit("months")
    missed = [one for one in look.missed if one.kpi in AGREED and _always(one, look, months)]
    if not missed:
        return Evidence(lever, "none for long", judged=bool(look.missed), numbers={"months": months})
    found = [(one, _within_reach(one, look)) for one in missed]
    beyond = [(one, reach) for one, reach in found if not _reached(one, reach, look)]
    if not beyond:
        return Evidence(lever, "within reach", kpi=missed[0].kpi, limit=missed[0].target, agreed=True)
    one, reach = beyond[0]
    asked = replace(look.ask(lever, one.kpi), limit=one.target, agreed=True)
    numbers = {
        "value": one.value,
        "target": one.target,
        "reach": reach,
        "months": months,
        "causes": len(one.causes),
    }
    return asked.proposed(
        "out of reach", numbers, one.value, measured=abs(one.value - one.target), allowed=abs(reach - one.target)
    )


def _always(one: Missed, look: Look, months: int) -> bool:
    """Whether a target was missed in each of the last months of 30 days."""
    values = (look.measure(one.kpi, MONTH, MONTH * back).value for back in range(months))
    return all(not (math.isnan(value) or _reached(one, value, look)) for value in values)


def _within_reach(one: Missed, look: Look) -> float:
    """The measure with all its drivers gone, as far as their effects are known."""
    return one.value + sum(effect.value for cause in one.causes if (effect := effects.on_kpi(cause, look)))


def _reached(one: Missed, reach: float, look: Look) -> bool:
    return reach >= one.target if look.scope.kpis[one.kpi].good == "up" else reach <= one.target


def _clearly(one: Missed, look: Look) -> bool:
    found = look.measure(one.kpi, MISSED)
    return found.high < one.target if look.scope.kpis[one.kpi].good == "up" else found.low > one.target


def measuring(look: Look, lever: Lever) -> Evidence:
    """A target that is clearly missed, without a driver, in records that lack what could tell one.

    It is looked for before a target is given up: what nobody could see may be removed.
    """
    for one in look.missed:
        lacking = tuple(name for name, why in one.left_out.items() if why == LACKING)
        if one.looked and not one.causes and lacking and _clearly(one, look):
            asked = replace(look.ask(lever, one.kpi), limit=one.target, agreed=True)
            return asked.proposed(
                "nothing tells", {"lacking": len(lacking)}, one.value, measured=1, allowed=1, names=lacking
            )
    return Evidence(lever, "nothing lacks", judged=bool(look.missed))
