"""Mails, ready to be sent on: a plan's digest (verdict, points, decisions, scorecard), and what is asked of a role.

Both have a part in plain text and one that is read on a phone. They have no sender, no date and no addressee: whoever opens
one in a mail program adds them (`X-Unsent`). The same results give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from sipnb.chapters import results
from sipnb.chapters.baseline.scorecard import Line, lines
from sipnb.chapters.facts import BaselineFacts, DecisionFact, PlanFacts, PortfolioFacts
from sipnb.chapters.portfolio.rows import Row
from sipnb.places import BASELINE, PLAN, CycleFolder
from sipnb.report import roles
from sipnb.report.page import environment
from sipnb.report.roles import Role
from sipnb.show import words

_WIDTH = 76
#: So many decisions, plans, actions and services of a role stand in its mail; the others on its page.
MOST = 25


@dataclass(frozen=True)
class Link:
    """Where a page is: its file within the folder of reports, and its address where that folder is served."""

    file: str
    url: str

    @property
    def told(self) -> str:
        """The address, or else which file it is."""
        return self.url or f"{self.file} in the folder of reports"


def link(folder: CycleFolder, page: str, base_url: str | None) -> Link:
    """A page of a cycle, by its path within the cycle's folder, as a mail leads to it."""
    file = f"{folder.root.parent.name}/{folder.cycle}/{page}"
    if not base_url:
        return Link(file, "")
    base = urlsplit(base_url)
    path = f"{quote(base.path.rstrip('/'), safe='/%')}/{quote(file)}"
    return Link(file, urlunsplit((base.scheme, base.netloc, path, "", "")))


def place(folder: CycleFolder, service: str) -> Path:
    """Where the digest of a plan lies."""
    return folder.downloads / "mail" / f"{service}.eml"


def place_of_role(folder: CycleFolder, role: str) -> Path:
    """Where the mail to a role lies, with its calendar beside it."""
    return folder.downloads / "mail" / "roles" / f"{roles.stem(role)}.eml"


def digest(folder: CycleFolder, service: str, base_url: str | None = None) -> bytes:
    """The mail of a published plan, as an `.eml` file holds it. Raises ResultError."""
    measured: BaselineFacts = results.read(folder, service, BASELINE)
    plan: PlanFacts = results.read(folder, service, PLAN)
    about = measured.about
    given = {
        "title": f"Service improvement plan: {about.name}, {about.cycle_label}", "about": about, "verdict": plan.verdict,
        "lines": lines(measured, {}),  # no mail shows a trend
        "page": link(folder, folder.page(service).name, base_url),
    }  # fmt: skip
    return _message(given["title"], _digest(**given), "mail.html.j2", given, f"{service}_{about.cycle}")


def asking(folder: CycleFolder, facts: PortfolioFacts, role: Role) -> bytes:
    """The mail that says what is asked of a role, as an `.eml` file holds it."""
    asked = roles.asked(role, facts.review)
    given = {
        "title": f"{role.name}, {facts.cycle_label}: {asked}", "asked": asked, "facts": facts, "role": role,
        "finding": roles.sentence(role), "names": {plan.service: plan.name for plan in facts.plans}, "most": MOST,
        "page": link(folder, role.page, facts.base_url),
    }  # fmt: skip
    return _message(given["title"], _asking(**given), "asking.html.j2", given, f"{role.stem}_{facts.cycle}")


def _message(title: str, plain: Sequence[str], template: str, given: dict[str, Any], boundary: str) -> bytes:
    mail = EmailMessage(policy=policy.SMTP)
    # A header has no line breaks: a name that came with one must not make a second header.
    mail["Subject"] = " ".join(words.unturned(title).split())
    mail["X-Unsent"] = "1"
    mail.set_content(words.unturned("\n".join([title, "=" * min(len(title), _WIDTH), *plain, ""])))
    mail.add_alternative(environment().get_template(template).render(**given), subtype="html")
    # The boundary that the library draws is another one each time.
    mail.set_boundary(f"=_sipnb_{boundary}")
    return mail.as_bytes()


def _digest(title: str, about: Any, verdict: Any, lines: list[Line], page: Link) -> list[str]:
    parts = [f"Owner: {about.owner}. As known at the cut-off {about.cutoff_label}.", "", verdict.sentence]
    if verdict.caution:
        parts += ["", f"Caution. {verdict.caution}"]
    parts += ["", "WHAT MATTERS", ""]
    parts += [f"{i}. {point.lead} {point.text}" for i, point in enumerate(verdict.points, 1)] or ["Nothing stands out."]
    parts += ["", "DECISIONS ASKED", ""]
    for i, one in enumerate(verdict.decisions, 1):
        parts += [
            f"{i}. {one.title}",
            f"   {one.why}; {one.effect}; {one.cost}",
            f"   {one.owner}, by {words.day(one.due)}",
        ]
    if not verdict.decisions:
        parts += ["None."]
    parts += ["", "SCORECARD", ""]
    for line in lines:
        target = f", target {line.target}" if line.target != "–" else ""
        judged = line.few or f"{line.change.text}; {line.against.text.lower()}"
        sure = f"{line.interval}, " if line.interval != "–" else ""
        parts += [f"{line.title}: {line.value} ({sure}n {line.n}){target}. {words.upper(judged)}."]
    return [*parts, "", "The whole plan, with figures, methods and data:", page.told]


def _asking(
    title: str,
    asked: str,
    facts: PortfolioFacts,
    role: Role,
    finding: str,
    names: dict[str, str],
    most: int,
    page: Link,
) -> list[str]:
    parts = [f"{facts.organisation}. As known at the cut-off {facts.cutoff_label}.", "", finding]
    chapters = {
        "Decisions asked of you": [_decision(row, one) for row, one in role.decisions[:most]],
        "Plans to sign": [
            [f"{row.plan.name}, version {row.plan.approval.version}: {row.plan.approval.said}."]
            for row in role.unsigned[:most] if row.plan.approval
        ],
        f"Overdue, or due by {words.day(facts.review)}" if role.due else "": [
            [f"{one.title} ({names[one.service]}): {words.day(one.due or '')}{', overdue' if one.overdue else ''}."
             + (f" Owner: {one.owner}." if one.owner != role.name else "")]
            for one in role.due[:most]
        ],
        "Your services": [[f"{row.plan.name}: {row.plan.sentence}"] for row in role.rows[:most]],
    }  # fmt: skip
    counts = [len(found) for found in (role.decisions, role.unsigned, role.due, role.rows)]
    for (heading, entries), n in zip(chapters.items(), counts, strict=True):
        if entries:
            parts += ["", heading.upper(), "", *("\n  ".join((f"- {first}", *more)) for first, *more in entries)]
        if n > most:
            parts.append(f"{n - most:,} more stand on your page.")
    return [*parts, "", "Your page, with links to the plans:", page.told]


def _decision(row: Row, one: DecisionFact) -> list[str]:
    return [
        f"{one.title} ({row.plan.name})",
        f"By {words.day(one.due)}. Brings: {one.effect}. Costs: {one.cost}.",
        *(f"{words.upper(said)}." for said in (one.otherwise, one.why) if said),
    ]
