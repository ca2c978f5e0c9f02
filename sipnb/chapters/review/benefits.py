"""What an effect came to: hours of users, cases or money over the cycles since an action, by what a unit of it costs."""

from __future__ import annotations

from sipnb import kpis
from sipnb.catalogue import Kpi
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts.review import BenefitFact, ChangeFact
from sipnb.chapters.review.measuring import Window
from sipnb.register import Action

#: What the cases of a table are called.
CASES = {"tickets": "tickets", "surveys": "answers", "changes": "changes", "problems": "problems", "outages": "outages"}


def benefit(context: ServiceContext, kpi: Kpi, change: ChangeFact, action: Action, at: Window) -> BenefitFact | None:
    """The effect times the cases of all whole cycles since the action; None where a sum of it says nothing.

    Hours a case are hours of users, a share of cases a number of cases, money a case or a cycle money. Good is positive.
    """
    scope = context.over(list(at.cycles))
    if action.tickets:
        scope, _ = kpis.located(scope, action.tickets.where)
    since = kpis.series(kpi.id, scope).reindex([one.name for one in at.cycles[at.start :]])
    volume, cycles = int(since["n"].fillna(0).sum()), int((since["n"] > 0).sum())
    table = kpi.tables[0]
    if kpi.unit == "hours" and kpi.kind == "duration":
        unit, times, price = "hours", volume, context.workbook.settings.unit_costs.get("user_hour")
    elif kpi.kind == "share":
        unit, times, price = "cases", volume, None
    elif kpi.kind in ("count", "rare"):
        priced = table == "tickets"
        unit, times, price = "cases", cycles, context.workbook.settings.unit_costs.get("ticket") if priced else None
    elif kpi.unit == "money":
        a_case = "tickets" in kpi.tables
        unit, times, price = "money", volume if a_case else cycles, 1.0
    else:
        return None
    sign = 1 if kpi.good == "up" else -1
    amount = sign * change.value * times
    low, high = sorted((sign * change.low * times, sign * change.high * times))
    promised = sign * action.measure.expect[1] * times if action.measure and action.measure.expect else None
    money = (None, None, None) if price is None else (amount * price, low * price, high * price)
    return BenefitFact(
        amount=amount, low=low, high=high, unit=unit, cases=CASES.get(table, "cases"), volume=volume, cycles=cycles,
        promised=promised, price=price, money=money[0], money_low=money[1], money_high=money[2],
    )  # fmt: skip
