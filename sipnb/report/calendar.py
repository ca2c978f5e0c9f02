"""The calendar of the portfolio, as RFC 5545 has it, for any calendar program: when decisions and signatures are wanted, when
open actions and their steps are due, when it is judged whether an action worked, and the last day before the next plans."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sipnb.chapters.facts import ActionOfPlan, PortfolioFacts
from sipnb.report.roles import decider
from sipnb.show import words

#: A line holds at most so many octets; the rest goes on in the next, after a blank.
WIDTH = 75


@dataclass(frozen=True)
class Event:
    """Something on a day. `id` is its identity, the same from cycle to cycle; `roles` are those whom it concerns, and nobody in
    particular where there are none."""

    id: str
    day: str
    summary: str
    told: Sequence[str]
    roles: Sequence[str] = ()


def calendar(facts: PortfolioFacts) -> str:
    """All dates of all services."""
    return written(events(facts), facts.cutoff)


def by_role(facts: PortfolioFacts, roles: Iterable[str]) -> dict[str, list[Event]]:
    """The dates that concern each of these roles, or everybody, by role."""
    found: dict[str, list[Event]] = {role: [] for role in roles}
    for one in events(facts):
        for role in dict.fromkeys(one.roles or found):
            found[role].append(one)
    return found


def events(facts: PortfolioFacts) -> Iterator[Event]:
    """Every date, each kind by a word of its own at the beginning of its summary."""
    names = {plan.service: plan.name for plan in facts.plans}
    owners = {plan.service: plan.owner for plan in facts.plans}
    for plan in facts.plans:
        for one in plan.decisions:
            about = f"{plan.service}/decision/{one.kind}/{one.id}"
            if one.kind == "register":  # an action may lack an owner and a date
                about += f"/{one.title}"
            told = [f"Of: {decider(plan, one)}", f"Effect: {one.effect}", f"Cost: {one.cost}", one.otherwise]
            yield Event(about, one.due, f"Decide: {plan.name}: {one.title}", told, [decider(plan, one)])
        if plan.approval and plan.approval.waiting and plan.decisions:
            summary = f"Sign: {plan.name}: plan of {facts.cycle_label}, version {plan.approval.version}"
            yield Event(f"{plan.service}/sign/{facts.cycle}", min(one.due for one in plan.decisions), summary,
                        [f"Of: {', '.join(plan.approval.waiting)}"], plan.approval.waiting)  # fmt: skip
    for action in facts.actions:
        yield from _of_action(action, names[action.service], owners[action.service])
    if facts.review:
        told = ["The last day before the next plans: what is due is done, or gets another date."]
        yield Event(f"review/{facts.cycle}", facts.review, f"Review: {facts.organisation}: what is due", told)


def _of_action(one: ActionOfPlan, name: str, owner: str) -> Iterator[Event]:
    about, roles = f"{one.service}/{one.kind}/{one.id}", (one.owner, owner)
    told = [f"Owner: {one.owner}", f"State: {one.state}{', overdue' if one.overdue else ''}"]
    told += [f"Effect: {one.effect}"] if one.effect else []
    if one.open and one.due:
        yield Event(about, one.due, f"Due: {name}: {one.title}", told, roles)
    for at, step in enumerate(one.steps if one.open else ()):
        if not step.done:
            yield Event(
                f"{about}/step/{at}", step.due, f"Step: {name}: {step.title}", [f"Of: {one.title}", *told], roles
            )
    if one.judged_on:
        yield Event(f"{about}/judged", one.judged_on, f"Judge: {name}: did it work? {one.title}", told, roles)


def written(dates: Iterable[Event], cutoff: str) -> str:
    """Whole-day events, which also programs that know no to-dos show. The stamp is the cut-off, not the clock."""
    stamp = f"{datetime.fromisoformat(cutoff):%Y%m%dT%H%M%SZ}"
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//sipnb//Service improvement plans//EN", "CALSCALE:GREGORIAN"]
    for one in dates:
        lines += _lines(one, stamp)
    return "".join(f"{_folded(line)}\r\n" for line in [*lines, "END:VCALENDAR"])


def _lines(one: Event, stamp: str) -> list[str]:
    day = date.fromisoformat(one.day)
    return [
        "BEGIN:VEVENT",
        f"UID:{hashlib.sha256(one.id.encode()).hexdigest()[:24]}@sipnb",
        f"DTSTAMP:{stamp}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{escaped(one.summary)}",
        f"DESCRIPTION:{escaped(chr(10).join(filter(None, map(words.upper, one.told))))}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def escaped(text: str) -> str:
    """A text value: backslash, semicolon, comma and line breaks escaped; what turns directions and other controls left out."""
    text = words.unturned(text).replace("\r\n", "\n").replace("\r", "\n")
    for sign in "\\;,":
        text = text.replace(sign, f"\\{sign}")
    return "".join(c for c in text.replace("\n", "\\n") if c == "\t" or (ord(c) >= 32 and ord(c) != 127))


def _folded(line: str) -> str:
    parts, part, size = [], "", 0
    for sign in line:
        octets = len(sign.encode())
        # A character is never split; a line that goes on begins with a blank, which counts.
        if size + octets > WIDTH:
            parts.append(part)
            part, size = " ", 1
        part, size = part + sign, size + octets
    return "\r\n".join([*parts, part])
