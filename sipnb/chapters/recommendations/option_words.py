"""What an option takes, saves and is worth, in words: the same on a card, on a sheet of the plan and in a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sipnb.chapters.facts import OptionFact, SavesFact, WorthFact
from sipnb.show import words

#: A range that holds nine in ten is said to be one.
NINE = "nine in ten"
#: Ratios near these are said as people say them.
_SAID = ((1, 10), (1, 5), (1, 4), (1, 3), (2, 5), (1, 2), (3, 5), (2, 3), (3, 4), (4, 5), (9, 10))
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def often(share: float) -> str:
    """How often, as people say it: `one in three`."""
    part, of = min(_SAID, key=lambda one: abs(one[0] / one[1] - share))
    return f"{_NUMBERS[part]} in {_NUMBERS[of]}"


def works(option: OptionFact, judged: tuple[int, int]) -> str:
    """How often actions work here, and what that rests on; `judged` are how many worked, of how many."""
    if option.works is None:
        return ""
    worked, many = judged
    told = (
        f"of {words.plural(many, 'action')} with a verdict {worked} worked" if many
        else "no action has a verdict here yet; elsewhere it was one in three"
    )  # fmt: skip
    return f"about {often(option.works)} such actions work ({told})"


def cost(costs: Sequence[float] | None, currency: str) -> str:
    """Money once, with its range: `€ 14,000 once (6,000–30,000)`; empty where it is not stated."""
    if costs is None:
        return ""
    low, likely, high = costs
    span = "" if low == high else f" ({words.interval(low, high, 'money', currency, words.prose)})"
    return f"{words.prose(likely, 'money', currency)} once{span}"


def effort(days: Mapping[str, Sequence[float]]) -> str:
    """Days of work by role, the likely ones: `12 days of the service team and 5 of the process manager`."""
    told = [
        f"{words.plural(round(likely), 'day')} of the {role}" for role, (_, likely, _) in days.items() if round(likely)
    ]
    return words.listed(told)


def shows(takes: Sequence[float] | None) -> str:
    """When it shows: `after 8 to 24 weeks`; empty where it is not stated."""
    if takes is None:
        return ""
    low, likely, high = (round(one) for one in takes)
    return f"after {words.plural(likely, 'week')}" if low == high else f"after {low} to {high} weeks"


def saved(saves: SavesFact | None) -> str:
    """What a year brings if it works: `about 11,000 hours of users a year (9,200–14,000)`; empty where that is not known."""
    if saves is None:
        return ""
    if saves.tickets:
        return f"the work on about {words.rough(saves.tickets)} tickets a year"
    if not saves.hours:
        return ""
    span = (
        ""
        if saves.low is None or saves.high is None
        else f" ({words.rough(max(saves.low, 0))}–{words.rough(saves.high)})"
    )
    return f"about {words.rough(saves.hours)} hours of users a year{span}"


def worth(w: WorthFact | None, currency: str) -> str:
    """What it is worth on average, between what, and when it has paid back; empty where money is not told."""
    if w is None:
        return ""
    mean, low, high = (money(one, currency) for one in (w.mean, w.low, w.high))
    back = (
        f"; what it costs is back after about {words.plural(round(w.payback), 'month')}"
        if w.payback is not None
        else ""
    )
    counted = "counting how often actions work"
    return f"{mean} on average over {w.months} months, {counted} ({NINE} lie between {low} and {high}){back}"


def about(w: WorthFact | None, currency: str) -> str:
    """What it is worth on average, for a table."""
    return "not known" if w is None else money(w.mean, currency)


def chance_of_loss(w: WorthFact) -> str:
    """How likely it costs more than it brings."""
    return f"in {words.prose(w.loss, 'share')} of cases it costs more than it brings, mostly because it does not work"


def delay(w: WorthFact | None, period: str, currency: str) -> str:
    """What waiting costs, in money: `€ 600 for each month of waiting`; empty where nothing is lost by it."""
    if w is None or w.mean <= 0 or w.delay <= 0:
        return ""
    return f"{money(w.delay, currency)} for each {period} of waiting"


def measure_first(w: WorthFact | None) -> bool:
    """Whether seeing one more cycle would be worth more than the wait for it costs."""
    return w is not None and w.measuring > max(w.delay if w.mean > 0 else 0.0, 0.0)


def money(value: float, currency: str) -> str:
    """Money of which no more than two digits are known."""
    said = words.prose(abs(float(f"{value:.2g}")), "money", currency)
    return f"−{said}" if value < 0 else said
