"""The log of decisions: what was decided on the last plan, and what became of all that it asked, by the register's dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from sipnb.chapters.facts import DecisionFact, LogFact, PlanAction, PlanFacts, SignatureFact
from sipnb.chapters.plan.actions import about
from sipnb.chapters.plan.approval import latest, number, together_said
from sipnb.chapters.plan.evidence import Evidence
from sipnb.chapters.plan.views import NOTHING
from sipnb.chapters.recommendations.options import named
from sipnb.places import PLAN
from sipnb.register import Action, Standing, standing
from sipnb.register.states import CLOSED, DELIVERED, POSTPONED, PROPOSED, REFUSED, STARTED
from sipnb.show import words
from sipnb.show.display import Shown, say, table, together


@dataclass(frozen=True)
class _Became:
    """What became of a decision: how far it is settled, in words, and since when."""

    result: str
    said: str
    on: date | None = None


def log(evidence: Evidence, actions: Sequence[PlanAction], decisions: Sequence[DecisionFact]) -> list[LogFact]:
    """What became of each decision that the plan of the cycle before asked for; empty where none is published.

    It knows the register as it stood at the cut-off; `actions` and `decisions` are those of this plan.
    """
    before: PlanFacts | None = evidence.context.published_before(PLAN)
    found = []
    for one in before.verdict.decisions if before else ():
        became = _became(evidence, one, actions, decisions)
        found.append(
            LogFact(
                id=one.id, title=one.title, owner=one.owner, due=one.due, result=became.result, said=became.said,
                on=became.on.isoformat() if became.on else None,
            )
        )  # fmt: skip
    return found


def _became(
    evidence: Evidence, one: DecisionFact, actions: Sequence[PlanAction], decisions: Sequence[DecisionFact]
) -> _Became:
    if one.kind == "option":
        return _option(evidence, one, actions)
    if one.kind == "cause":
        return _cause(evidence, one, actions)
    if one.also:
        return _several(evidence, one)
    return _entry(evidence, one, decisions)


def _about(action: Action, option: str) -> bool:
    """Whether an action is what an option asked for: the same lever and driver, or the lever on the service as a whole."""
    if action.lever is None:
        return False
    return named(action.lever, action.driver or "") == option or (
        not action.driver and option.startswith(f"{action.lever}-")
    )


def _option(evidence: Evidence, one: DecisionFact, actions: Sequence[PlanAction]) -> _Became:
    """A proposal: what the register made of it since, or whether it is proposed again."""
    opens, end = evidence.context.cycle.start, evidence.context.cycle.end
    mine = [
        (action, stood) for action in evidence.context.service.actions
        if _about(action, one.id) and (stood := standing(action, end)) and max(action.begun, stood.since or action.begun) >= opens
    ]  # fmt: skip
    if mine:
        action, stood = max(mine, key=lambda pair: (pair[1].since or pair[0].begun, pair[0].id))
        return _state(stood, action.begun, _number(actions, action.id))
    if again := next((other for other in actions if other.id == one.id), None):
        if again.left_out:
            return _Became("settled", f"not decided; not chosen now ({again.number})")
        return _Became("open", f"not decided; proposed again, as {again.number}")
    return _Became("settled", "not decided; the records do not speak for it now")


def _number(actions: Sequence[PlanAction], id: str) -> str:
    return next((one.number for one in actions if one.id == id), "")


def _state(stood: Standing, begun: date, number: str = "") -> _Became:
    """How an action stands that a decision was about: `accepted on 5 October 2026, as A3, due 1 December 2026`."""
    since = stood.since or begun
    on, as_ = words.day(since.isoformat()), f", as {number}" if number else ""
    if stood.state == PROPOSED:
        return _Became("open", f"in the register since {on}{as_}; not decided yet", since)
    if stood.state in (*REFUSED, POSTPONED):
        because = f": {stood.note.strip().rstrip('.')}" if stood.note.strip() else ""
        return _Became("refused", f"{stood.state} on {on}{because}", since)
    if stood.state == DELIVERED:
        done = stood.implemented or since
        return _Became("done", f"done on {words.day(done.isoformat())}{as_}", done)
    due = f", due {words.day(stood.due.isoformat())}" if stood.due else ""
    if stood.state == STARTED:
        return _Became("decided", f"in progress since {on}{as_}{due}", since)
    if stood.state == CLOSED or stood.implemented:
        return _Became("done", f"{stood.state} on {on}{as_}", since)
    by = f" by {stood.approver}" if stood.approver else ""
    return _Became("decided", f"{stood.state} on {on}{by}{as_}{due}", since)


def _cause(evidence: Evidence, one: DecisionFact, actions: Sequence[PlanAction]) -> _Became:
    """A missed target that nothing was about: whether it is missed still, and whether something is about it now."""
    if one.id not in [gap.kpi for gap in evidence.missed]:
        gap = next((gap for gap in evidence.gaps.gaps if gap.kpi == one.id), None)
        met = gap is not None and gap.gap is not None and gap.gap <= 0
        now = f"this {evidence.baseline.about.period}"
        return _Became("settled", f"the target is {'met' if met else 'not certainly missed'} {now}")
    now = [other.number for other in actions if other.kind != "needed" and other.done is None and about(other, one.id)]
    if now:
        return _Became("settled", f"still missed; {words.listed(now)} {'is' if len(now) == 1 else 'are'} about it now")
    return _Became("open", "still open: no action is about it")


def _entry(evidence: Evidence, one: DecisionFact, decisions: Sequence[DecisionFact]) -> _Became:
    """An action of the register: what of it is another since, and whether the same is asked again."""
    was, now = _stood(evidence, one.id)
    same = [other for other in decisions if (other.id, other.kind) == (one.id, one.kind)]
    # Of an entry that lacks several things each is asked for by itself.
    again = any(one.kind == "action" or other.title == one.title for other in same)
    if now is None:
        return _Became("settled", "no longer in the register")
    if was is None or now.state != was.state:
        found = _state(now, now.since or evidence.context.cycle.start)
        return _Became("open", f"{found.said}; asked again", found.on) if again and found.result != "open" else found
    said = [f"new date, {words.day(now.due.isoformat())}"] if now.due and now.due != was.due else []
    said += [f"{now.owner} answers for it"] if now.owner and now.owner != was.owner else []
    if again or not said:
        return _Became("open", "; ".join([*said, "asked again" if again else "still open"]))
    return _Became("decided", "; ".join(said))


def _several(evidence: Evidence, one: DecisionFact) -> _Became:
    """Actions that lacked the same and were asked about together."""
    ids = [one.id, *one.also]
    stood = [_stood(evidence, id) for id in ids]
    moved = sum(was is None or now is None or (was.owner, was.due, was.state) != (now.owner, now.due, now.state)
                for was, now in stood)  # fmt: skip
    return _Became("decided" if moved == len(ids) else "open", f"{moved} of {len(ids)} were changed since")


def _stood(evidence: Evidence, id: str) -> tuple[Standing | None, Standing | None]:
    """How an action stood at the cut-off of the plan before, and at this one's."""
    action = next((one for one in evidence.context.service.actions if one.id == id), None)
    if action is None:
        return None, None
    return standing(action, evidence.context.cycle.start), standing(action, evidence.context.cycle.end)


def shown(evidence: Evidence, found: Sequence[LogFact], signed: Sequence[SignatureFact]) -> Shown:
    """Who signed the plan of the cycle before, and a line for each decision that it asked for."""
    if not found and not signed:
        return NOTHING
    before = evidence.context.cycle.shift(-1)
    last = latest(signed)
    rows = [(one.title, f"{one.owner}, by {words.day(one.due, short=True)}", words.upper(one.said)) for one in found]
    frame = pd.DataFrame(rows, columns=["Asked", "Of whom", "What became of it"])
    # Of whoever signs no plans at all there is nothing to say.
    said = f"Plan {number(evidence, before)} was {together_said(last, notes=True)}." if last else ""
    return together(say(said), table(frame, f"Decisions asked in {before.label}") if rows else NOTHING)
