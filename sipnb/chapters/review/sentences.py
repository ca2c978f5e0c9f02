"""What became of an action, in sentences: its verdict with the figures it rests on, what it came to, and what is next."""

from __future__ import annotations

from sipnb.catalogue import Kpi
from sipnb.chapters.facts import ActionFact
from sipnb.chapters.facts.review import BenefitFact, ChangeFact, CounterFact, OutcomeFact
from sipnb.cycles import Cycle, CycleError, parse
from sipnb.show import words

#: Verdicts and the reasons for having none, as they are said of an action.
SAID = {
    "worked": "It worked",
    "did not": "It did not work",
    "inconclusive": "Not clear whether it worked",
    "too early": "Too early to say",
    "not due": "Not due",
    "not measurable": "Cannot be measured",
}
#: The same in a table.
SHORT = SAID | {"worked": "worked", "did not": "did not work", "inconclusive": "not clear", "too early": "too early",
                "not due": "not due", "not measurable": "not measurable"}  # fmt: skip


_EACH = {"hours": "an hour", "cases": "each", "money": "each"}


def verdict(action: ActionFact, kpi: Kpi | None, cycle: Cycle, currency: str) -> str:
    """The verdict on an action with its figures; empty for one that is not due."""
    found = action.outcome
    if found is None or found.status == "not due":
        return ""
    with_others = f", together with {words.listed([f'“{one}”' for one in found.beside_it])}" if found.beside_it else ""
    head = f"**{SAID[found.status]}{with_others if found.status == 'worked' else ''}.**"
    if found.status == "not measurable":
        return f"{head} {words.upper(found.why)}."
    if found.status == "too early":
        return " ".join(filter(None, [head, *_early(found, cycle)]))
    assert found.change is not None and kpi is not None, "a verdict has its figures"
    parts = [head, measured(found, kpi, currency), _promise(found, currency), _beside(found.change)]
    if not found.change.second_agrees:
        parts.append("A second model is less certain, so nothing is claimed.")
    if with_others and found.status != "worked":
        parts.append(f"{words.upper(with_others[2:])} it cannot be told apart.".replace("Together with", "From"))
    parts += [counter(one, currency) for one in found.counters]
    if not found.registered:
        parts.append("What it was to change was not written down beforehand, so this counts for less.")
    parts += [_next(found, cycle)]
    return " ".join(filter(None, parts))


def measured(found: OutcomeFact, kpi: Kpi, currency: str) -> str:
    """What was measured, what would have been, and the difference with its interval."""
    change = found.change
    assert change is not None
    of = f"Of tickets where {found.where}, {kpi.noun}" if found.where else words.upper(kpi.noun)
    actual, expected = (words.prose(one, found.unit, currency) for one in (change.actual, change.expected))
    return (
        f"{of} was {actual} in {span(change, kpi)}; without the action it would have been {expected}: "
        f"{words.effect(change.value, change.low, change.high, found.unit, currency)}."
    )


def span(change: ChangeFact, kpi: Kpi | None = None) -> str:
    """The cycles that a verdict rests on: `March to August 2026`."""
    first, last = (parse(name, "UTC").label for name in (change.first, change.last))
    if first == last:
        return first
    return f"{words.bare(first) if first.split()[-1] == last.split()[-1] else first} to {last}"


def _promise(found: OutcomeFact, currency: str) -> str:
    least = words.prose(found.minimum, "points" if found.unit == "share" else found.unit, currency)
    worth = f"the least that was worth it was {least}" if found.minimum else ""
    if found.promised is None:
        return f"{words.upper(worth)}." if worth else ""
    return f"Promised {'was' if found.promised[0] == found.promised[2] else 'were'} {promise(found, currency)}" + (
        f", and {worth}." if worth else "."
    )


def promise(found: OutcomeFact, currency: str) -> str:
    """What was promised, from low to high: `−7 to −3 h`."""
    if found.promised is None:
        return ""
    low, _, high = found.promised
    scale, named = (100, " points") if found.unit == "share" else (1, {"hours": " h", "days": " d"}.get(found.unit, ""))
    mark = f"{words.sign(currency)} " if found.unit == "money" else ""
    ends = sorted((low * scale, high * scale), key=abs)
    return f"{mark}{words.signed(ends[0])} to {words.signed(ends[1])}{named}"


def _beside(change: ChangeFact) -> str:
    with_what = {
        "rest": "the other tickets of the service",
        "services": f"{words.plural(change.controls, 'service')} in which nothing was done",
        "past": "its own past alone, as there are too few services in which nothing was done",
    }[change.beside]
    places = [
        f"{'at' if n is change.dates else 'in'} {words.plural(n, what)}"
        for n, what in ((change.dates, "earlier date"), (change.services, "other service"))
        if n
    ]
    large = change.dates_as_large + change.services_as_large
    every = change.dates + change.services
    text = f"It is compared with {with_what}."
    if not every:
        return text
    found = (
        "no change was as large"
        if not large
        else f"{large} of these {every} changes {'was' if large == 1 else 'were'} as large"
    )
    return f"{text} The same was looked for {' and '.join(places)} where nothing was done: {found}."


def counter(one: CounterFact, currency: str) -> str:
    """What became of a measure that may not suffer."""
    margin = words.prose(one.margin, "points" if one.unit == "share" else one.unit, currency)
    if one.outcome == "no data":
        return f"{one.title}: too few data to say whether it suffered."
    difference = words.effect(one.value, one.low, one.high, one.unit, currency)
    said = {
        "held": f"did not suffer by {margin} or more",
        "worse": "got worse",
        "inconclusive": f"may have suffered by {margin} or more, or not",
    }[one.outcome]
    return f"{one.title} {said}: {difference}."


def _early(found: OutcomeFact, cycle: Cycle) -> list[str]:
    period = _period(cycle)
    passed = (
        f"{found.age} of {words.plural(found.after, f'whole {period}')} {'has' if found.age == 1 else 'have'} passed"
    )
    parts = [
        f"{words.upper(passed)} since it was implemented; the verdict comes with the plan of {label(found.next, cycle)}."
    ]
    if found.why:
        parts.append(f"It may never come: {found.why}.")
    if found.power is not None:
        now = (
            "cannot be seen yet"
            if not found.power
            else f"would be seen by now with {words.probability(found.power)} probability"
        )
        later = {None: "is too small to be seen reliably within two years"}.get(
            found.enough, f"is seen in four of five cases after {words.plural(found.enough or 0, period)}"
        )
        parts.append(f"An effect as large as promised {now}, and {later}.")
    return parts


def _next(found: OutcomeFact, cycle: Cycle) -> str:
    if found.status != "inconclusive":
        return ""
    power = (
        f"Had it worked as promised, that would have been found with {words.probability(found.power)} probability."
        if found.power is not None
        else ""
    )
    last = (
        f"The second and last look is with the plan of {label(found.next, cycle)}."
        if found.next
        else "It was the last look."
    )
    return f"{power} {last}".strip()


def benefit(found: OutcomeFact, cycle: Cycle, currency: str) -> str:
    """What an action that worked came to so far; empty for others."""
    one = found.benefit
    if one is None or found.status != "worked":
        return ""
    period = _period(cycle)
    since = f"over {words.plural(one.cycles, f'whole {period}')} since then"
    amount, low, high = (_rounded(value) for value in (one.amount, one.low, one.high))
    if one.unit == "hours":
        text = (
            f"For {one.volume:,} {one.cases} {since} that is about {amount} hours of users (95 % interval {low}–{high})"
        )
    elif one.unit == "cases":
        text = f"Of {one.volume:,} {one.cases} {since} it is about {amount} that went the better way (95 % interval {low}–{high})"
    else:
        return f"{words.upper(since)} that is {money(one, currency)}."
    return (
        f"{text}, or {money(one, currency)} at {words.prose(one.price, 'money', currency)} {_EACH[one.unit]}."
        if one.price
        else f"{text}."
    )


def money(one: BenefitFact, currency: str) -> str:
    """A benefit in money with its interval: `about € 236,000 (95 % interval 166,000–333,000)`."""
    amount, low, high = (_rounded(value or 0.0) for value in (one.money, one.money_low, one.money_high))
    return f"about {words.sign(currency)} {amount} (95 % interval {low}–{high})"


def _rounded(value: float) -> str:
    """An amount of which two digits are known: `6,200`."""
    return words.significant(float(f"{value:.2g}"), 2)


def cost(action: ActionFact, currency: str) -> str:
    """What an action has cost so far beside what was planned; empty where neither is known."""
    planned = ""
    if action.planned:
        low, likely, high = (words.prose(one, "money", currency) for one in action.planned)
        planned = f"{likely} once" + (f" ({low} to {high})" if low != high else "")
    if action.cost is None:
        return f"Planned cost: {planned}." if planned else ""
    spent = words.prose(action.cost, "money", currency)
    return f"It has cost {spent} so far" + (f"; planned was {planned}." if planned else ".")


def label(name: str | None, cycle: Cycle) -> str:
    """A cycle's label from its name."""
    try:
        return parse(name or "", cycle.zone).label
    except CycleError:
        return "a later cycle"


def _period(cycle: Cycle) -> str:
    return cycle.kind
