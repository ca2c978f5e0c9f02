"""A plan's digest as a mail: verdict, points, decisions, scorecard; with a part in plain text, ready to be sent on.

It has no sender, no date and no addressee: whoever opens it in a mail program adds them (`X-Unsent`). The same results
give the same bytes.
"""

from __future__ import annotations

from email import policy
from email.message import EmailMessage
from pathlib import Path

from sipnb.chapters import results
from sipnb.chapters.baseline.scorecard import Line, lines
from sipnb.chapters.facts import BaselineFacts, PlanFacts, VerdictFact
from sipnb.places import BASELINE, PLAN, CycleFolder
from sipnb.report.page import environment
from sipnb.show import words

_WIDTH = 76


def place(folder: CycleFolder, service: str) -> Path:
    """Where the digest of a plan lies."""
    return folder.downloads / "mail" / f"{service}.eml"


def digest(folder: CycleFolder, service: str) -> bytes:
    """The mail of a published plan, as an `.eml` file holds it. Raises ResultError."""
    measured: BaselineFacts = results.read(folder, service, BASELINE)
    plan: PlanFacts = results.read(folder, service, PLAN)
    found = lines(measured, {})  # no mail shows a trend
    about, verdict = measured.about, plan.verdict
    title = f"Service improvement plan: {about.name}, {about.cycle_label}"
    mail = EmailMessage(policy=policy.SMTP)
    # A header has no line breaks: a name that came with one must not make a second header.
    mail["Subject"] = " ".join(words.unturned(title).split())
    mail["X-Unsent"] = "1"
    given = {"title": title, "about": about, "verdict": verdict, "lines": found, "page": folder.page(service).name}
    mail.set_content(_plain(title, measured, verdict, found, given["page"]))
    mail.add_alternative(environment().get_template("mail.html.j2").render(**given), subtype="html")
    # The boundary that the library draws is another one each time.
    mail.set_boundary(f"=_sipnb_{service}_{about.cycle}")
    return mail.as_bytes()


def _plain(title: str, measured: BaselineFacts, verdict: VerdictFact, found: list[Line], page: str) -> str:
    about = measured.about
    parts = [
        title,
        "=" * min(len(title), _WIDTH),
        f"Owner: {about.owner}. As known at the cut-off {about.cutoff_label}.",
        "",
    ]
    parts += [verdict.sentence]
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
    for line in found:
        target = f", target {line.target}" if line.target != "–" else ""
        judged = line.few or f"{line.change.text}; {line.against.text.lower()}"
        sure = f"{line.interval}, " if line.interval != "–" else ""
        parts += [f"{line.title}: {line.value} ({sure}n {line.n}){target}. {words.upper(judged)}."]
    return words.unturned("\n".join([*parts, "", f"The whole plan, with figures, methods and data: {page}", ""]))
