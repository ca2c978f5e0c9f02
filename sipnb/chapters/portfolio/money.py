"""Money and effort of all plans: what was spent, what is committed, what is proposed, and how much work that is."""

from __future__ import annotations

from collections.abc import Sequence

from sipnb.chapters.facts import ActionOfPlan, MoneyFact, SumFact
from sipnb.register import NOT_AGREED
from sipnb.show import words
from sipnb.show.display import Shown, macros


def money(listed: Sequence[ActionOfPlan]) -> MoneyFact:
    """The sums over all actions of all plans. What is not stated is counted, never taken for nothing."""
    agreed = [one for one in listed if one.kind == "agreed" and one.state not in NOT_AGREED]
    open_ones = [one for one in agreed if one.open]
    proposed = [one for one in listed if one.kind == "proposed"]
    return MoneyFact(
        spent=_sum([one.spent for one in agreed]), committed=_sum([_still(one) for one in open_ones]),
        running=_sum([one.per_cycle for one in agreed if one.done and one.per_cycle is not None]),
        proposed=_sum([one.money for one in proposed]), effort=_sum([one.effort_days for one in open_ones]),
        effort_proposed=_sum([one.effort_days for one in proposed]),
    )  # fmt: skip


def _still(one: ActionOfPlan) -> float | None:
    """What an open action is still to cost; one that has cost more than was planned costs at least nothing more."""
    return None if one.money is None else max(one.money - (one.spent or 0.0), 0.0)


def _sum(values: Sequence[float | None]) -> SumFact:
    known = [one for one in values if one is not None]
    return SumFact(amount=sum(known) if known else None, stated=len(known), of=len(values))


def tiles(found: MoneyFact, period: str, currency: str) -> Shown:
    """Spent, committed and proposed, each with how many actions state it, and the work that is to be done for it; nothing without
    any action."""
    told = [
        ("Spent so far", found.spent, "agreed action", None),
        ("Still to be spent on what is open", found.committed, "open action", found.effort),
        ("Proposed", found.proposed, "proposal", found.effort_proposed),
    ]
    made = [
        (name, _amount(one, currency), _basis(one, what), _work(work, what) if work else "")
        for name, one, what, work in told
        if one.of
    ]
    if found.running.amount:
        each = words.prose(found.running.amount, "money", currency)
        made[0] = (*made[0][:3], f"What is done costs {each} each {period}")
    text = "\n".join(f"{name}: {amount} ({'; '.join(filter(None, rest))})" for name, amount, *rest in made)
    return Shown(str(macros("portfolio").money(made)) if made else "", text)


def _work(one: SumFact, what: str) -> str:
    """How many days of work: `175 days of work, stated by 6 of 7 proposals`."""
    return "Work not stated" if one.amount is None else f"{one.amount:,.0f} days of work, {_basis(one, what)}"


def _amount(one: SumFact, currency: str) -> str:
    return "not stated" if one.amount is None else words.prose(one.amount, "money", currency)


def _basis(one: SumFact, what: str) -> str:
    """Of how many actions a sum is: `of 3 open actions`, `stated by 2 of 3 open actions`."""
    every = words.plural(one.of, what)
    if not one.stated:
        return f"none of {every} states it" if one.of > 1 else f"{every}"
    return f"of {every}" if one.stated == one.of else f"stated by {one.stated} of {every}"
