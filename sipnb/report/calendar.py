"""The calendar of the portfolio: when open actions are due and decisions wanted, as RFC 5545 has it, for any calendar program."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta

from sipnb.chapters.facts import ActionOfPlan, PortfolioFacts
from sipnb.show import words

#: A line holds at most so many octets; the rest goes on in the next, after a blank.
WIDTH = 75


def calendar(facts: PortfolioFacts) -> str:
    """The days on which open actions are due, and those by which decisions are wanted, as whole-day events: programs that show no
    to-dos show these.

    An action keeps its identity from cycle to cycle; the stamp is the cut-off, not the clock.
    """
    names = {p.service: p.name for p in facts.plans}
    stamp = f"{datetime.fromisoformat(facts.cutoff):%Y%m%dT%H%M%SZ}"
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//sipnb//Service improvement plans//EN", "CALSCALE:GREGORIAN"]
    for one in facts.actions:
        if one.open and one.due:
            lines += _event(one, f"{names[one.service]}: {one.title}", one.due, stamp)
        if one.decide:
            lines += _event(one, f"Decide: {names[one.service]}: {one.title}", one.decide, stamp, "decision")
    return "".join(f"{_folded(line)}\r\n" for line in [*lines, "END:VCALENDAR"])


def _event(one: ActionOfPlan, summary: str, due: str, stamp: str, what: str = "") -> list[str]:
    day = date.fromisoformat(due)
    told = [f"Owner: {one.owner}", f"State: {one.state}{', overdue' if one.overdue else ''}"]
    told += [f"Effect: {one.effect}"] if one.effect else []
    return [
        "BEGIN:VEVENT",
        f"UID:{hashlib.sha256(f'{one.service}/{what or one.kind}/{one.id}'.encode()).hexdigest()[:24]}@sipnb",
        f"DTSTAMP:{stamp}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{escaped(summary)}",
        f"DESCRIPTION:{escaped(chr(10).join(told))}",
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
