"""Approval: what is approved, by whom, and a hash of it, so that a plan that changes afterwards says so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

import pandas as pd

from sipnb.chapters.facts import ApprovalFact, DecisionFact, PlanAction, SignatureFact
from sipnb.chapters.plan.evidence import Evidence
from sipnb.chapters.plan.views import NOTHING
from sipnb.cycles import Cycle
from sipnb.register import signing
from sipnb.register.signing import APPROVED, CHANGES, REJECTED
from sipnb.show import words
from sipnb.show.display import Shown, points, say, table, together

#: So many roles that approved are named in the status; of more, how many.
NAMED = 3
_DID = {APPROVED: "approved it", CHANGES: "asked for changes", REJECTED: "rejected it"}
_WAS = {APPROVED: "approved", CHANGES: "sent back for changes", REJECTED: "rejected"}


def number(evidence: Evidence, cycle: Cycle | None = None) -> str:
    """The plan's number, or that of another cycle's plan: `PAYMENTS-2026-10`."""
    return f"{evidence.context.service.id}-{(cycle or evidence.context.cycle).name}".upper()


def content(actions: Sequence[PlanAction], decisions: Sequence[DecisionFact], sentence: str) -> str:
    """A hash of what is approved: the verdict, the actions and the decisions, whatever page they stand on."""
    told = [sentence, *(one.model_dump(mode="json") for one in (*actions, *decisions))]
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]


def approval(evidence: Evidence, hashed: str, decisions: Sequence[DecisionFact]) -> ApprovalFact:
    """How far this content of the plan is approved, by the signatures of the register alone."""
    found = _told(signing.of(evidence.context.service.signatures, evidence.context.cycle))
    versions = signing.versions(found)
    version = versions.index(hashed) + 1 if hashed in versions else len(versions) + 1
    now = latest(one for one in found if one.content == hashed)
    asked = signing.asked(evidence.baseline.about.owner, [one.owner for one in decisions])
    known = {signing.same(one.role) for one in now}
    waiting = [role for role in asked if signing.same(role) not in known]
    status, said = _status(found, now, waiting, bool(decisions))
    return ApprovalFact(version=version, status=status, said=said, waiting=waiting, signatures=found)


def signed_before(evidence: Evidence) -> list[SignatureFact]:
    """What roles decided on the plan of the cycle before, by this cycle's cut-off."""
    return _told(signing.before(evidence.context.service.signatures, evidence.context.cycle))


def _told(signatures: Sequence[signing.Signature]) -> list[SignatureFact]:
    versions = signing.versions(signatures)
    return [
        SignatureFact(
            role=one.role, decision=one.decision, on=one.on.isoformat(), version=versions.index(one.content) + 1,
            content=one.content, note=one.note.strip(),
        )
        for one in signatures
    ]  # fmt: skip


def latest(signatures: Iterable[SignatureFact]) -> list[SignatureFact]:
    """The last decision of each role, in the order in which they were made."""
    last = {signing.same(one.role): (at, one) for at, one in enumerate(signatures)}
    return [one for _, one in sorted(last.values(), key=lambda pair: pair[0])]


def _status(
    found: Sequence[SignatureFact], now: Sequence[SignatureFact], waiting: Sequence[str], asked: bool
) -> tuple[str, str]:
    """The status with its words: of all signatures, those on this content, and the roles that are still asked."""
    if not found:
        return ("for approval",) * 2 if asked else ("not needed", "no approval needed: nothing is asked")
    if not now:
        last = found[-1]
        return "changed since", f"changed since {last.role} {_DID[last.decision]} on {words.day(last.on)}"
    for decision, status, lead in ((REJECTED, "rejected", ""), (CHANGES, "changes wanted", "draft: ")):
        if against := [one for one in now if one.decision == decision]:
            return status, lead + _by(against[-1])
    said = together_said(now)
    if len(now) > NAMED:
        said = f"approved by {len(now)} roles, last by {now[-1].role} on {words.day(now[-1].on)}"
    if waiting:
        return "for approval", f"{said}; still to sign: {words.listed(list(waiting))}"
    return "approved", said


def _by(one: SignatureFact) -> str:
    return f"{_WAS[one.decision]} by {one.role} on {words.day(one.on)}"


def together_said(signatures: Sequence[SignatureFact], notes: bool = False) -> str:
    """`approved by A on 5 November 2026 and by B on 6 November 2026`, with what they noted beside it where that is wanted."""
    parts, before = [], ""
    for one in signatures:
        said = f"{_by(one)} (“{one.note}”)" if notes and one.note else _by(one)
        parts.append(said.removeprefix(f"{_WAS[one.decision]} ") if one.decision == before else said)
        before = one.decision
    return words.listed(parts)


def shown(
    evidence: Evidence,
    hashed: str,
    found: ApprovalFact,
    actions: Sequence[PlanAction],
    decisions: Sequence[DecisionFact],
) -> Shown:
    """Who has signed, who is to sign with room for it, the hash of what is signed, and the versions before."""
    if not actions and not decisions and not found.signatures:
        return NOTHING
    plan = f"Plan {number(evidence)}, version {found.version}, content {hashed}"
    mine = [one for one in found.signatures if one.content == hashed]
    rows = [(one.role, f"{_WAS[one.decision]}{f': {one.note}' if one.note else ''}", words.day(one.on, short=True))
            for one in mine]  # fmt: skip
    rows += [(role, "", "") for role in found.waiting]
    frame = pd.DataFrame(rows, columns=["Role", "Decision", "Date"])
    return together(
        say(f"{plan}: {found.said}." if found.status != "not needed"
            else f"{plan}. Nothing is asked, so nothing has to be approved."),
        table(frame.assign(Content=f"version {found.version}, {hashed}"), "Signatures") if rows else NOTHING,
        _history(found, hashed),
    )  # fmt: skip


def _history(found: ApprovalFact, hashed: str) -> Shown:
    """The other versions of the plan that were signed, a line each."""
    lines = []
    for version, one in enumerate(signing.versions(found.signatures), start=1):
        mine = [signed for signed in found.signatures if signed.content == one]
        if one != hashed:
            lines.append(f"**Version {version}**, content {one}, was {together_said(mine, notes=True)}.")
    return points(lines) if lines else NOTHING
