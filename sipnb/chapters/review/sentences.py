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
IN_TABLE = SAID | {
    "worked": "worked", "did not": "did not work", "inconclusive": "not clear", "too early": "too early",
    "not due": "not due", "not measurable": "not measurable",
}  # fmt: skip
#: What a unit of a benefit is priced by.
_EACH = {"hours": "an hour", "cases": "each", "money": "each"}


def verdict(action: ActionFact, kpi: Kpi | None, cycle: Cycle, currency: str) -> str:
    """The verdict on an action with its figures, or why there is none; empty for one that is not due."""
    found = action.outcome
    if found is None or found.status == "not due":
        return ""
    if found.status == "not measurable":
        return f"{SAID[found.status]}: {found.why}."
    if found.status == "too early":
        return " ".join([f"{SAID[found.status]}.", *_early(found, cycle)])
    assert found.change is not None and kpi is not None, "a verdict has its figures"
    others = words.listed([f"“{one}”" for one in found.beside_it])
    with_others = f", together with {others}" if others and found.status == "worked" else ""
    parts = [f"{SAID[found.status]}{with_others}.", measured(found, kpi, currency)]
    if not found.change.opinions_agree:
        parts.append("Estimated in another way it is less certain, so nothing is claimed.")
    if others and not with_others:
        parts.append(f"It cannot be told apart from {others}, which took effect at that time.")
    return " ".join(parts)


def facts(action: ActionFact, cycle: Cycle, currency: str) -> list[tuple[str, str]]:
    """What belongs to a verdict, each with its name: promise, comparison, what may not suffer, benefit, cost, next look."""
    found = action.outcome
    assert found is not None
    told = [
        ("Promised", _promise(found, currency)),
        ("Compared with", _beside(found.change) if found.change else ""),
        ("May not suffer", " ".join(counter(one, currency) for one in found.counters)),
        ("Came to", benefit(found, cycle, currency)),
        ("Cost", cost(action, cycle, currency)),
        ("Next look", _next(found, cycle)),
        ("Closed as", IN_TABLE[action.verdict] if action.verdict else ""),
    ]
    return [(name, text) for name, text in told if text]


def measured(found: OutcomeFact, kpi: Kpi, currency: str) -> str:
    """What was measured, what would have been, and the difference with its interval."""
    change = found.change
    assert change is not None
    of = f"Of tickets where {found.where}, {kpi.noun}" if found.where else words.upper(kpi.noun)
    actual, expected = (words.prose(one, found.unit, currency) for one in (change.actual, change.expected))
    return (
        f"{of} was {actual} in {span(change)}; without the action it would have been {expected}: "
        f"{words.effect(change.value, change.low, change.high, found.unit, currency)}."
    )


def span(change: ChangeFact) -> str:
    """The cycles that a verdict rests on: `March to August 2026`."""
    first, last = (parse(name, "UTC").label for name in (change.first, change.last))
    if first == last:
        return first
    return f"{words.bare(first) if first.split()[-1] == last.split()[-1] else first} to {last}"


def _promise(found: OutcomeFact, currency: str) -> str:
    least = words.prose(found.minimum, "points" if found.unit == "share" else found.unit, currency)
    parts = [promise(found, currency) or "nothing", f"the least that was worth it was {least}" if found.minimum else ""]
    if not found.registered:
        parts.append("what it was to change was not written down beforehand, so this counts for less")
    return f"{'; '.join(filter(None, parts))}." if found.kpi else ""


def promise(found: OutcomeFact, currency: str) -> str:
    """What was promised, from low to high: `−7 to −3 h`."""
    if found.promised is None:
        return ""
    low, _, high = found.promised
    return words.changes(low, high, found.unit, currency)


def _beside(change: ChangeFact) -> str:
    with_what = {
        "rest": "the other tickets of the service",
        "services": f"{words.plural(change.controls, 'service')} in which nothing was done",
        "past": "its own past alone, as there are too few services in which nothing was done",
    }[change.beside]
    places = [f"at {words.plural(change.dates, 'earlier date')}"] if change.dates else []
    if change.services and change.beside == "services" and change.services == change.controls:
        places.append("in each of these services")
    elif change.services:
        places.append(f"in {words.plural(change.services, 'other service')}")
    large, every = change.dates_as_large + change.services_as_large, change.dates + change.services
    if not every:
        return f"{with_what}."
    found = (
        "no change was as large"
        if not large
        else f"{large} of these {every} changes {'was' if large == 1 else 'were'} as large"
    )
    return f"{with_what}. The same was looked for {' and '.join(places)} where nothing was done: {found}."


def counter(one: CounterFact, currency: str) -> str:
    """What became of a measure that may not suffer."""
    if one.outcome == "no data":
        return f"{one.title}: too few data to tell."
    margin = words.prose(one.margin, "points" if one.unit == "share" else one.unit, currency)
    difference = words.effect(one.value, one.low, one.high, one.unit, currency)
    said = {"held": f"held, not worse by {margin} or more", "worse": "got worse",
            "inconclusive": f"not clear, may be worse by {margin} or more"}[one.outcome]  # fmt: skip
    return f"{one.title}: {said}, {difference}."


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
    if found.status == "too early":
        return f"with the plan of {label(found.next, cycle)}."
    if found.status != "inconclusive":
        return ""
    last = (
        f"with the plan of {label(found.next, cycle)}, for the last time."
        if found.next
        else "none; this was the last one."
    )
    if found.power is None:
        return last
    return f"{last} Had it worked as promised, that would have been found with {words.probability(found.power)} probability."


def benefit(found: OutcomeFact, cycle: Cycle, currency: str) -> str:
    """What an action that worked came to so far; empty for others."""
    one = found.benefit
    if one is None or found.status != "worked":
        return ""
    period = _period(cycle)
    since = f"over {words.plural(one.cycles, f'whole {period}')} since then"
    amount, low, high = (words.rough(value) for value in (one.amount, one.low, one.high))
    interval = f"(95 % interval {low}–{high})"
    if one.unit == "hours":
        text = f"about {amount} hours of users {interval} for {one.volume:,} {one.cases} {since}"
    elif one.counted:
        text = f"about {amount} {'fewer' if found.good == 'down' else 'more'} {interval} {since}"
    elif one.unit == "cases":
        text = f"about {amount} {interval} of {one.volume:,} {one.cases} {since} that went the better way"
    else:
        return f"{money(one, currency)} {since}."
    price = (
        f", or {money(one, currency)} at {words.prose(one.price, 'money', currency)} {_EACH[one.unit]}"
        if one.price
        else ""
    )
    return f"{text}{price}."


def money(one: BenefitFact, currency: str) -> str:
    """A benefit in money with its interval: `about € 236,000 (95 % interval 166,000–333,000)`."""
    amount, low, high = (words.rough(value or 0.0) for value in (one.money, one.money_low, one.money_high))
    return f"about {words.sign(currency)} {amount} (95 % interval {low}–{high})"


def cost(action: ActionFact, cycle: Cycle, currency: str) -> str:
    """What an action has cost so far beside what was planned; empty where neither is known."""
    parts = []
    if action.planned:
        low, likely, high = (words.prose(one, "money", currency) for one in action.planned)
        parts.append(f"{likely} once" + (f" ({low} to {high})" if low != high else ""))
    if action.per_cycle:
        parts.append(f"{words.prose(action.per_cycle, 'money', currency)} a {_period(cycle)}")
    planned = f"planned {words.listed(parts)}" if parts else ""
    if action.planned_by_now:
        planned += f", {words.prose(action.planned_by_now, 'money', currency)} by now"
    spent = f"{words.prose(action.cost, 'money', currency)} so far" if action.cost is not None else ""
    return f"{'; '.join(filter(None, (spent, planned)))}." if spent or planned else ""


def label(name: str | None, cycle: Cycle) -> str:
    """A cycle's label from its name."""
    try:
        return parse(name or "", cycle.zone).label
    except CycleError:
        return f"a later {cycle.kind}"


def _period(cycle: Cycle) -> str:
    return cycle.kind
