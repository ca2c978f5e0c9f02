"""The choice under the budget as it is shown: what is chosen, what it uses, what more money would buy, and what is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from sipnb.chapters.choice import assumptions
from sipnb.chapters.choice.choosing import MONEY
from sipnb.chapters.facts import ChoiceFact, ChosenFact
from sipnb.chapters.recommendations import option_words
from sipnb.show import figures, words
from sipnb.show.display import Shown, figure, say, table, together

#: So many rows of each table; all are in the notebook's frame.
ROWS = 8


def shown(found: ChoiceFact | None, names: Mapping[str, str], label: str, currency: str) -> Shown:
    """The choice: a sentence, the budgets, the options chosen and those left out, and the value by the money there is."""
    if found is None or not found.options:
        return say("No plan proposes anything that somebody could choose.")
    taken, left = ([one for one in found.options if one.chosen is which] for which in (True, False))
    return together(
        say(*sentences(found, currency)), _budgets(found, currency), _chosen(taken, found, names, currency),
        _left(left, found, names, currency), _curve(found, label, currency), assumptions.shown(found.otherwise, found, names),
    )  # fmt: skip


def sentences(found: ChoiceFact, currency: str) -> list[str]:
    """How many are chosen, what they are worth, what they cost, and what one more sum would buy."""
    taken = [one for one in found.options if one.chosen]
    unknown = sum(one.value is None for one in taken)
    money = next((one for one in found.budgets if one.name == MONEY), None)
    under = "Under the budget" if found.limited else "There is no budget: of all that is worth it,"
    many = f"{len(taken)} of {words.plural(len(found.options), 'option')} {'is' if len(taken) == 1 else 'are'} chosen."
    worth = (
        f"Over {found.months} months {'it is' if len(taken) == 1 else 'they are'} worth "
        f"{_value(found.value, found.unit, currency)}, counting how often actions work"
        + (f"; of {words.plural(unknown, 'option')} among them the worth is not known." if unknown else ".")
    )
    told = [
        f"{under} {many} {worth if unknown < len(taken) else 'What that is worth is not known.' if taken else ''}".strip()
    ]
    if money is not None and money.used:
        told.append(f"{'It costs' if len(taken) == 1 else 'They cost'} {words.prose(money.used, 'money', currency)}.")
    if found.price is not None and found.step is not None and unknown < len(taken):
        step = words.prose(found.step, "money", currency)
        told.append(
            f"One more {step} would add {_value(found.price, found.unit, currency)}." if found.price > 0
            else f"One more {step} would buy nothing {_more(found)}."
        )  # fmt: skip
    if found.cannot:
        told.insert(
            0, f"What the organisation asks for cannot be kept and is left out: {found.cannot}. Mend budget.yml."
        )
    if found.forgone > 1e-3 * max(found.value, 1.0):
        told.append(
            "Without what must be chosen and the minima for tiers, it could be "
            f"{_value(found.forgone, found.unit, currency)} more."
        )
    if found.greedy < found.value * (1 - 1e-3):
        told.append(
            f"Taken by value for money one after the other, options would be worth {_value(found.greedy, found.unit, currency)}."
        )
    return told


def _more(found: ChoiceFact) -> str:
    """`more`, unless something is left out of which nobody knows what it is worth."""
    return "more of known worth" if any(one.value is None and not one.chosen for one in found.options) else "more"


def _value(value: float, unit: str, currency: str) -> str:
    if unit == "hours":
        return f"{words.rough(value)} hours of users"
    return option_words.money(value, currency)


def _amount(name: str, value: float | None, currency: str) -> str:
    if value is None:
        return "no limit"
    return words.prose(value, "money", currency) if name == MONEY else words.plural(round(value), "day")


def _budgets(found: ChoiceFact, currency: str) -> Shown:
    if not found.limited:
        return say("")
    rows = [
        {
            "Budget": "Money" if one.name == MONEY else f"Work of the {one.name}",
            "There is": _amount(one.name, one.limit, currency),
            "Committed or running": _amount(one.name, one.bound, currency), "Chosen": _amount(one.name, one.used, currency),
            "Left": "–" if one.limit is None else _amount(one.name, max(one.limit - one.bound - one.used, 0.0), currency),
        }
        for one in found.budgets if one.name != MONEY or found.unit == "money" or one.limit is not None
    ]  # fmt: skip
    span = ""
    if found.period:
        first, last = found.period.split("/")
        span = f" from {words.day(first)} to {words.day(last)}"
    return table(pd.DataFrame(rows), f"The budget{span}, and what is chosen of it", numeric=list(rows[0])[1:])


def _row(one: ChosenFact, found: ChoiceFact, names: Mapping[str, str], currency: str) -> dict[str, str]:
    days = sum(one.effort.values())
    return {
        "Service": names.get(one.service, one.service), "Option": one.title,
        "Worth": "not known" if one.value is None else _value(one.value, found.unit, currency),
        "Cost": "not stated" if one.cost is None else words.prose(one.cost, "money", currency),
        "Work": words.plural(round(days), "day") if days else "not stated",
    }  # fmt: skip


def _chosen(taken: Sequence[ChosenFact], found: ChoiceFact, names: Mapping[str, str], currency: str) -> Shown:
    if not taken:
        return say("")
    rows = [_row(one, found, names, currency) | {"Stays chosen": _stays(one)} for one in _ranked(taken)]
    columns = [c for c in rows[0] if c != "Cost" or found.unit == "money" or any(one.cost is not None for one in taken)]
    frame = pd.DataFrame(rows)[columns]
    numeric = [c for c in columns if c not in ("Service", "Option")]
    more = f"; the first {ROWS} of {len(frame)}" if len(frame) > ROWS else ""
    return table(
        frame.head(ROWS), f"Chosen, what is worth most first, and how often it stays so{more}", numeric=numeric
    )


def _stays(one: ChosenFact) -> str:
    return "asked for" if one.asked else "–" if one.stays is None else words.probability(one.stays)


def _left(left: Sequence[ChosenFact], found: ChoiceFact, names: Mapping[str, str], currency: str) -> Shown:
    if not left:
        return say("")
    rows = [_row(one, found, names, currency) | {"Why not": words.upper(one.why_not)} for one in _ranked(left)]
    frame = pd.DataFrame(rows)[["Service", "Option", "Worth", "Why not"]]
    more = f"; the first {ROWS} of {len(frame)}" if len(frame) > ROWS else ""
    return table(frame.head(ROWS), f"Left out, and why{more}", numeric=["Worth"])


def _ranked(some: Sequence[ChosenFact]) -> list[ChosenFact]:
    return sorted(some, key=lambda one: (one.value is None, -(one.value or 0.0), one.service, one.id))


def _curve(found: ChoiceFact, label: str, currency: str) -> Shown:
    """What the best choice is worth by the money there is."""
    if len(found.curve) < 3 or found.curve[-1].value <= 0:
        return say("")
    limit, value = ([getattr(p, name) for p in found.curve] for name in ("limit", "value"))
    money = next(one for one in found.budgets if one.name == MONEY)
    now = max((money.limit or 0.0) - money.bound, 0.0)
    data = pd.DataFrame({"Money": limit, "Worth": value, "Options": [p.chosen for p in found.curve]})
    rest = _value(max(value) - found.value, found.unit, currency)
    whole = max(value) <= found.value * 1.001
    finding = (
        f"More money would buy nothing {_more(found)}" if whole else f"All that is worth it would bring {rest} more"
    )
    least, most = (_value(one, found.unit, currency) for one in (min(value), max(value)))
    unit = "money" if found.unit == "money" else "number"
    return figure(
        figures.value_curve(limit, value, now, unit, currency), name="choice", finding=finding,
        subtitle=f"What the best choice is worth over {found.months} months by the money there is, {label}; the line: the "
        "budget now",
        alt=f"A curve of {len(limit)} points from {least} to {most}.",
        data=data, units={"Money": "money", "Worth": unit, "Options": "number"}, currency=currency,
        source="What the plans propose, and the budget.",
    )  # fmt: skip
