"""Drivers in words a director reads: what the cases are, what goes wrong with them, how often, and what that costs users."""

from __future__ import annotations

from collections.abc import Sequence

from sipnb.chapters.facts import DriverFact, WhyFact
from sipnb.show import words

#: What cases with a value of an attribute are called.
_NAMED = {
    "category": "tickets of category “{0}”", "subcategory": "tickets of subcategory “{0}”",
    "group": "tickets that begin in group “{0}”",
    "channel": "tickets that come by “{0}”", "configuration_item": "tickets of item “{0}”", "hour": "tickets opened in the {0}",
    "weekday": "tickets opened on {0}s", "agreed_hours": "tickets opened outside the agreed hours",
    "after_change": "tickets opened within a day of a {0} change", "passed_on": "tickets passed on twice early",
    "held": "tickets that soon wait for {0}", "priority": "tickets whose priority was soon {0}",
    "untouched": "tickets that nobody touched at first", "late": "answers after a late ticket",
    "reopened": "answers after a reopened ticket", "resolver": "tickets a {0} resolved",
}  # fmt: skip
#: The same where the rows are changes or outages.
_OF_CHANGES = {
    "kind": "{0} changes", "risk": "changes of {0} risk", "configuration_item": "changes of item “{0}”",
    "hour": "changes in the {0}",
    "weekday": "changes on {0}s",
}  # fmt: skip
_OF_OUTAGES = {
    "configuration_item": "outages of item “{0}”", "cause": "outages by “{0}”",
    "after_change": "outages within a day of a change",
    "overrun": "outages while a change overran",
}  # fmt: skip
#: What too few outages share to be named.
_RARE = {"configuration_item": "outages of other items", "cause": "outages by other causes"}
#: What goes wrong with a case of a measure: a share of cases, and one of them.
_WRONG = {
    "sla_attainment": "miss their target", "sla_reported": "miss their target", "restore_median": "take longer than the target",
    "restore_mean": "take longer than the target", "restore_p90": "take longer than the target",
    "restore_p95": "take longer than the target", "acknowledge_median": "wait longer than the target",
    "reopen_rate": "are reopened",
    "repeat_contact_rate": "are asked about again within 7 days",
    "multi_hop_share": "are passed on twice or more", "first_assignment_rate": "change group",
    "first_contact_rate": "are not solved at first contact", "csat_top2": "are not satisfied", "csat_mean": "are not satisfied",
    "on_hold_share": "are on hold for too much of their time", "change_failure_rate": "cause an incident",
}  # fmt: skip
_NOUNS = {
    "change_failure_rate": "changes", "csat_top2": "answers", "csat_mean": "answers",
    **dict.fromkeys(("availability", "availability_all", "outage_count", "mtbf"), "outages"),
}  # fmt: skip
#: Attributes that could not be looked at, and why, by the reason's own words.
_ATTRIBUTES = {
    "configuration_item": "item", "failed_item": "item that failed", "cause": "cause of outages", "group": "first group",
    "hour": "part of the day", "after_change": "change before it", "agreed_hours": "agreed hours",
    "resolver": "who resolved it", "held": "early waiting", "passed_on": "early hand-overs",
    "priority": "early change of priority",
    "untouched": "first touch", "kind": "kind of change", "risk": "risk of change",
}  # fmt: skip
_REASONS = {
    "not supplied": "not on record", "blank": "blank in all", "one value": "the same in all",
    "too many values": "too many values to compare", "too few of each": "too few of any value to compare",
}  # fmt: skip
#: Where tickets concerned spend more time than others.
_STEPS = {
    "queue": "wait longer until somebody touches them", "work": "stay longer in a group’s hands",
    "passed on": "spend longer being passed on",
    "wait: user": "wait longer for the user", "wait: supplier": "wait longer for a supplier",
    "wait: approval": "wait longer for an approval", "wait: change": "wait longer for a change",
    "wait: problem": "wait longer for the fix of a problem", "wait: parts": "wait longer for parts",
    "wait: not said": "are on hold longer",
}  # fmt: skip


def named(d: DriverFact) -> str:
    """The cases of a driver: `tickets of category “cards”`."""
    return _phrase(d.attribute, d.value, d.known)


def short(d: DriverFact) -> str:
    """The same for a title: without what is understood."""
    return named(d).removeprefix("tickets of ").removeprefix("tickets that ").removeprefix("answers on ")


def label(text: str) -> str:
    """What `attribute=value` names."""
    attribute, _, value = text.partition("=")
    return _phrase(attribute, value, "")


def _phrase(attribute: str, value: str, known: str) -> str:
    if known == "outages":
        return of_outages(attribute, value)
    if attribute == "hour" and value == "night":
        return "tickets opened at night"
    if attribute == "held":
        return "tickets soon put on hold" if value == "any" else f"tickets that soon wait for {_for(value)}"
    return _NAMED.get(attribute, _OF_CHANGES.get(attribute, attribute + " {0}")).format(value)


def of_outages(attribute: str, value: str) -> str:
    """The outages of a kind: `outages by “network”`."""
    if not value and attribute in _RARE:
        return _RARE[attribute]
    return _OF_OUTAGES.get(attribute, "outages of {0}").format(value)


def _for(reason: str) -> str:
    return {"supplier": "a supplier", "user": "the user", "approval": "an approval"}.get(reason, f"“{reason}”")


def wrong(kpi: str) -> str:
    """What goes wrong with its cases, as a clause."""
    return _WRONG.get(kpi, "go wrong")


def noun(kpi: str) -> str:
    """What its cases are called."""
    return _NOUNS.get(kpi, "tickets")


def sentence(why: WhyFact, d: DriverFact) -> str:
    """A driver in one sentence, its hours and its way in another."""
    if d.rate is None:
        return f"**{why.title}:** {_most_frequent(why, d)}"
    first = (
        f"**{why.title}:** {words.prose(d.rate, 'share')} of {named(d)} {wrong(why.kpi)}, of like {noun(why.kpi)} "
        f"{words.prose(d.others, 'share')}. They are {words.prose(d.of_rows, 'share')} of all {noun(why.kpi)} and account for "
        f"{words.prose(d.share, 'share')} of all that {wrong(why.kpi)}"
    )
    lost = ""
    if d.hours is not None and d.hours > 0:
        lost = f": {_hours(d.hours)} lost by users in {why.days} days"
    return f"{first}{lost}.{_way(d)}"


def _most_frequent(why: WhyFact, d: DriverFact) -> str:
    """Outages of a kind, which have no rate."""
    lost = f"; {_hours(d.hours)} of users" if d.hours else ""
    share = words.prose(d.share, "share")
    return f"{named(d)} are the most frequent: {d.n} of {why.n} in {why.days} days, {share} of the time lost{lost}."


def briefly(why: WhyFact) -> str:
    """The first driver of a measure in one sentence."""
    d = why.drivers[0]
    if d.rate is None:
        return words.upper(_most_frequent(why, d))
    lost = f", and cost users {_hours(d.hours)} in {why.days} days" if d.hours is not None and d.hours > 0 else ""
    return (
        f"{words.prose(d.rate, 'share')} of {named(d)} {wrong(why.kpi)}, of like {noun(why.kpi)} "
        f"{words.prose(d.others, 'share')}; "
        f"they account for {words.prose(d.share, 'share')} of all that do{lost}."
    )


def _hours(value: float) -> str:
    return f"{words.rough(value)} hours"


def _way(d: DriverFact) -> str:
    """How it comes about, as far as the steps of these tickets tell."""
    lines = []
    if d.step in _STEPS and d.extra is not None and d.extra >= 1:
        lines.append(f" They {_STEPS[d.step]}, by {words.prose(d.extra, 'hours')} each.")
    if d.through:
        lines.append(f" Most {words.listed([label(one) for one in d.through])} are among them.")
    return "".join(lines)


def none(why: WhyFact) -> str:
    """Why nothing is named for a measure."""
    if noun(why.kpi) == "outages":
        return _no_outages(why)
    if why.reason == "too few":
        return f"too few went wrong in {why.days} days ({why.wrong}) to tell why."
    if why.reason == "all":
        return f"all {why.n:,} {noun(why.kpi)} of {why.days} days {wrong(why.kpi)}: none differs from the others."
    if why.reason:
        return "no single case decides it, so that none can be blamed."
    return (
        f"of {why.looked} things known of {why.n:,} {noun(why.kpi)} none is clearly behind those that {wrong(why.kpi)}."
    )


def _no_outages(why: WhyFact) -> str:
    if not why.n:
        return f"no outage that counts began in {why.days} days."
    began = f"{words.plural(why.n, 'outage')} began in {why.days} days"
    if why.reason:
        return f"{began}: too few to tell which kind comes most often."
    return (
        f"{began}; no cause and no item is sure to come most often."
        if why.parts
        else f"{began}, and nothing tells why."
    )


def not_looked_at(found: Sequence[WhyFact]) -> str:
    """What could not be a driver of anything, and why, in one sentence; empty where all could.

    Of measures of the same cases the one with most of them tells: what it could not look at none could.
    """
    most = {noun(why.kpi): why for why in sorted(found, key=lambda why: why.n)}
    reasons: dict[str, list[str]] = {}
    for attribute, reason in {a: r for why in most.values() for a, r in why.left_out.items()}.items():
        if reason in _REASONS:
            reasons.setdefault(reason, []).append(_ATTRIBUTES.get(attribute, attribute))
    told = [f"{words.listed(names)} ({_REASONS[reason]})" for reason, names in reasons.items()]
    return f"Could not be looked at: {', '.join(told)}." if told else ""
