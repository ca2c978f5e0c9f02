"""What an effect came to: hours of users, cases or money over the cycles since an action, by what a unit of it costs."""

from __future__ import annotations

from sipnb.catalogue import Kpi
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts.review import BenefitFact, ChangeFact
from sipnb.methods.interventions import Measured
from sipnb.register import Action

#: What the cases of a table are called.
CASES = {"tickets": "tickets", "surveys": "answers", "changes": "changes", "problems": "problems", "outages": "outages"}


def benefit(
    context: ServiceContext, kpi: Kpi, action: Action, own: Measured, start: int, change: ChangeFact
) -> BenefitFact | None:
    """The effect times the cases of all whole cycles since the action at place `start`; None where a sum of it says nothing.

    Hours a case are hours of users, a share of cases a number of cases, money a case or a cycle money. Good is positive.
    """
    since = own.observed.iloc[start:].notna().to_numpy()
    cycles, sizes = int(since.sum()), own.sizes if own.sizes is not None else own.observed.notna()
    volume = int(sizes.iloc[start:][since].sum())
    value, table = context.workbook.settings.value, kpi.tables[0]
    prices = {name: rate[1] for name, rate in (("user_hour", value.user_hour), ("ticket", value.ticket)) if rate}
    counted = kpi.kind in ("count", "rare")
    if kpi.unit == "hours" and kpi.kind == "duration":
        unit, times, price = "hours", volume, prices.get("user_hour")
    elif kpi.kind == "share":
        unit, times, price = "cases", volume, None
    elif counted:
        unit, times, price = "cases", cycles, prices.get("ticket") if table == "tickets" else None
    elif kpi.unit == "money":
        unit, times, price = "money", volume if "tickets" in kpi.tables else cycles, 1.0
    else:
        return None
    sign = 1 if kpi.good == "up" else -1
    amount = sign * change.value * times
    low, high = sorted((sign * change.low * times, sign * change.high * times))
    promised = sign * action.measure.expect[1] * times if action.measure and action.measure.expect else None
    money = (None, None, None) if price is None else (amount * price, low * price, high * price)
    return BenefitFact(
        amount=amount, low=low, high=high, unit=unit, counted=counted, cases=CASES.get(table, "cases"),
        volume=int(own.observed.iloc[start:].sum()) if counted else volume, cycles=cycles, promised=promised, price=price,
        money=money[0], money_low=money[1], money_high=money[2],
    )  # fmt: skip
