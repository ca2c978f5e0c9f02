"""The plan, as it is shown: strip and verdict, the actions on a page, what is asked, and what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
from markupsafe import Markup

from sipnb.chapters import kpi_columns
from sipnb.chapters.facts import ApprovalFact, DecisionFact, GapClosed, KpiFact, NewsFact, PlanAction, PointFact
from sipnb.chapters.plan.evidence import Evidence
from sipnb.chapters.review import sentences
from sipnb.chapters.vocabulary import NEWS
from sipnb.cycles import Cycle, add_months, parse
from sipnb.places import chapter_title
from sipnb.show import figures, words
from sipnb.show.display import Shown, figure, macros, say, together
from sipnb.show.sparkline import sparkline

#: News in sight before the others are folded away, and tiles on the first screen.
IN_SIGHT, TILES = 5, 4
#: Decisions on the first screen.
ASKED = 4
#: What nothing is to be shown of leaves nothing.
NOTHING = Shown("", "")
#: How far the timeline looks back and ahead, in months.
BACK, AHEAD = 9, 9


def strip(evidence: Evidence, number: str, approved: ApprovalFact, asked: Sequence[DecisionFact]) -> Shown:
    """Which plan this is, how far it is agreed, who answers for it, and when it is looked at again."""
    about, cycle = evidence.baseline.about, evidence.context.cycle
    facts = [
        ("Plan", number),
        ("Version", str(approved.version)),
        ("Status", approved.said),
        ("Owner", about.owner),
        ("Asked", _asked(asked)),
        ("Next review", f"with the plan of {cycle.shift(1).label}"),
    ]
    text = "; ".join(f"{term}: {said}" for term, said in facts)
    return Shown(str(macros("plan").strip(facts)), text)


def _asked(asked: Sequence[DecisionFact]) -> str:
    if not asked:
        return "no decision"
    return f"{words.plural(len(asked), 'decision')} by {words.day(min(one.due for one in asked), short=True)}"


def verdict(sentence: str, tone: str, caution: str, evidence: Evidence, series: Mapping[str, pd.DataFrame]) -> Shown:
    """The plan in a sentence, the warning of the records that alters it, and the measures that it is about, each as a tile."""
    text = f"{sentence}\nCaution. {caution}" if caution else sentence
    found = [_tile(evidence, fact, series) for fact in _telling(evidence)]
    tiles = Shown(str(macros("plan").tiles(found, evidence.page)), "") if found else NOTHING
    return together(Shown(str(macros("plan").verdict(sentence, tone, caution, evidence.page)), text), tiles)


def _telling(evidence: Evidence) -> list[KpiFact]:
    """The measures that say most: those whose target is missed, then what has changed, then the other targets."""
    ranked = [g.kpi for g in evidence.missed] + [
        k.kpi for side in ("concern", "improvement") for k in evidence.changed(side)
    ]
    ranked += [g.kpi for g in evidence.gaps.gaps] + [k.kpi for k in evidence.baseline.measures if k.core]
    facts = (evidence.baseline.measure(kpi) for kpi in dict.fromkeys(ranked))
    return [fact for fact in facts if fact is not None and fact.value is not None][:TILES]


def _tile(evidence: Evidence, fact: KpiFact, series: Mapping[str, pd.DataFrame]) -> dict[str, object]:
    change, _ = kpi_columns.judged(fact)
    goal = "no target"
    if fact.target is not None:
        goal = f"target {words.wanted(fact.good)} {evidence.said(fact.target, fact.unit)}"
    trend = (
        sparkline(series[fact.kpi], fact.target, change.tone if fact.claims else "common") if fact.kpi in series else ""
    )
    few = kpi_columns.unjudged(fact)
    return {
        "title": fact.title, "value": words.number(fact.value, fact.unit, evidence.context.currency), "goal": goal,
        "trend": Markup(trend), "tone": "common" if few else change.tone, "sign": "–" if few else change.sign,
        "change": few or change.text,
    }  # fmt: skip


def matters(points: Sequence[PointFact], evidence: Evidence) -> Shown:
    """The main points, each with the way to what shows it."""
    if not points:
        return NOTHING
    linked = [(point, point.section, chapter_title(point.chapter)) for point in points]
    text = "\n".join(f"{at}. {point.lead} {point.text}" for at, point in enumerate(points, start=1))
    return Shown(str(macros("plan").matters(linked, evidence.page)), text)


@dataclass(frozen=True)
class _Row:
    """An action as a row of the plan."""

    number: str
    kind: str
    title: str
    measure: str
    owner: str
    dates: str
    progress: str
    part: float | None
    cost: str
    course: str
    status: str
    sign: str
    tone: str


#: What an action's verdict looks like.
_SIGNS = {"worked": ("◆", "improvement"), "did not": ("▲", "concern")}


def actions(found: Sequence[PlanAction], decisions: Sequence[DecisionFact], evidence: Evidence) -> Shown:
    """Every action of the plan on a line, agreed and proposed."""
    if not found:
        return say("Nothing is agreed and nothing is proposed." if evidence.baseline.kpis else "")
    asked = {one.number: one for one in decisions if one.number}
    rows = [_row(one, asked.get(one.number), evidence) for one in found]
    caption = f"{words.upper(counted(found))}: A agreed, P proposed, N needed"
    text = "\n".join(f"{row.number} {row.title}; {row.owner}; {row.dates}; {row.course}; {row.status}" for row in rows)
    return Shown(str(macros("plan").actions(rows, caption)), text)


def counted(found: Sequence[PlanAction]) -> str:
    """How many actions there are: `2 agreed actions, 1 proposal`."""
    n = {kind: sum(one.kind == kind and not one.left_out for one in found) for kind in ("agreed", "proposed", "needed")}
    left_out = sum(bool(one.left_out) for one in found)
    said = [words.plural(n["agreed"], "agreed action")] if n["agreed"] else []
    said += [words.plural(n["proposed"], "proposal")] if n["proposed"] else []
    said += [f"{words.plural(left_out, 'proposal')} not chosen"] if left_out else []
    said += [f"{words.plural(n['needed'], 'missed target')} without an action"] if n["needed"] else []
    return words.listed(said)


def _row(one: PlanAction, asked: DecisionFact | None, evidence: Evidence) -> _Row:
    status, sign, tone = status_of(one, asked, evidence.context.cycle)
    part = one.steps_done / len(one.steps) if one.steps else None
    return _Row(
        one.number, one.kind, one.title, one.measure or "not said", one.owner or nobody(one, evidence), dates(one),
        progress(one), part, money(one, evidence.context.currency), course(one, evidence), status, sign, tone,
    )  # fmt: skip


def nobody(one: PlanAction, evidence: Evidence) -> str:
    """What stands in the place of an owner who is not named."""
    return "to be named" if one.kind == "agreed" else f"to be named by {evidence.baseline.about.owner}"


def dates(one: PlanAction) -> str:
    """From when to when: `1 Dec 2025 – 1 Mar 2026`."""
    if one.kind == "needed":
        return f"by {words.day(one.due, short=True)}"
    if one.begin is None and one.due is None:
        return f"shows after {words.plural(one.weeks, 'week')}" if one.weeks else "no dates yet"
    begin = words.day(one.begin, short=True) if one.begin else "?"
    return f"{begin} – {words.day(one.due, short=True) if one.due else 'no date'}"


def progress(one: PlanAction) -> str:
    """How far it has come: by its steps where it has some, else by its state."""
    if one.done is not None:
        return f"done {words.day(one.done, short=True)}"
    if one.steps:
        return f"{one.steps_done} of {words.plural(len(one.steps), 'step')}"
    return {"in progress": "begun", "needed": "–", "proposed": "–"}.get(one.state, "not begun")


def money(one: PlanAction, currency: str) -> str:
    """What it is to cost, and how much work it is: `€ 9,000, 15 days`."""
    parts = [words.prose(one.cost, "money", currency)] if one.cost is not None else []
    parts += [effort(one)] if effort(one) else []
    return ", ".join(parts) or ("–" if one.kind == "needed" else "not stated")


def effort(one: PlanAction) -> str:
    """How much work it is: `15 days`; empty where that is not stated."""
    return "" if one.effort_days is None else words.plural(round(one.effort_days), "day")


def course(one: PlanAction, evidence: Evidence) -> str:
    """From where to where it is to take its measure, by when: `10.7 h → 5.7 h`."""
    made = one.course
    if made is None:
        return one.promise or ("–" if one.kind == "needed" else "not stated")
    start, end = (evidence.said(value, made.unit) for value in (made.start, made.end))
    over = f" over {made.days} days" if made.days else ""
    ending = {"goal": " wanted; effect not estimated", "estimated": f" estimated{over}", "promised": ""}[made.basis]
    which = f"{evidence.context.kpis[made.kpi].short}: " if made.kpi != one.kpi else ""
    return f"{which}{start} → {end}{ending}"


def status_of(one: PlanAction, asked: DecisionFact | None, cycle: Cycle) -> tuple[str, str, str]:
    """How it stands, with sign and tone."""
    if one.verdict is not None:
        sign, tone = _SIGNS.get(one.verdict, ("●", "common"))
        again = f", again {sentences.label(one.review, cycle)}" if one.review else ""
        return f"{sentences.IN_TABLE[one.verdict]}{again}", sign, tone
    if one.overdue_days:
        return f"{words.plural(one.overdue_days, 'day')} overdue", "▲", "concern"
    if one.left_out:
        return "not chosen", "–", "common"
    if asked is not None:
        return f"decision asked by {words.day(asked.due, short=True)}", "?", "common"
    return {"needed": "nobody works on it"}.get(one.state, one.state), "●", "common"


def closing(found: Sequence[GapClosed], evidence: Evidence) -> Shown:
    """How much of each missed target's gap the open actions are expected to close, and what remains."""
    lines = [_closing(one, evidence) for one in found]
    return say(" ".join(lines)) if lines else NOTHING


def _closing(one: GapClosed, evidence: Evidence) -> str:
    unit = "points" if one.unit == "share" else one.unit
    gap, closed, remains = (evidence.said(value, unit) for value in (one.gap, one.closed, one.remains))
    noun = words.upper(evidence.noun(one.kpi))
    silent = (
        f"{words.plural(one.silent, 'action')} about it {'states' if one.silent == 1 else 'state'} no effect"
        if one.silent
        else ""
    )
    if not one.actions:
        return f"{noun} lacks {gap} to its target; {silent or 'no action is about it'}, so no part of that is sure to close."
    together_ = "together are" if one.actions > 1 else "is"
    rest = f"; {remains} {'remain' if unit == 'points' else 'remains'}" if one.remains else ", which closes it"
    brings = f"{words.plural(one.actions, 'open action')} {together_} expected to bring {closed}{rest}"
    return f"{noun} lacks {gap} to its target; {brings}{f'; {silent}' if silent else ''}."


def timeline(found: Sequence[PlanAction], decisions: Sequence[DecisionFact], cycle: Cycle) -> Shown:
    """The actions over time, with their steps, the reviews and the cut-off; proposals as if decided by the day that is asked."""
    decided = {one.number: one.due for one in decisions if one.kind == "option"}
    found = [_as_if_decided(one, decided.get(one.number)) for one in found]
    dated = [one for one in found if one.begin or one.due]
    if not dated:
        return NOTHING
    first, last = add_months(cycle.end, -BACK), add_months(cycle.end, AHEAD)
    spans = [_span(one, cycle) for one in dated]
    data = pd.DataFrame(
        {
            "Action": [f"{one.number} {one.title}" for one in dated],
            "Begins": [one.begin or "" for one in dated], "Due": [one.due or "" for one in dated],
            "Done": [one.done or "" for one in dated], "Review": [one.review or "" for one in dated],
        }
    )  # fmt: skip
    late = sum(bool(one.overdue_days) for one in dated)
    done = sum(one.done is not None for one in dated)
    wanted = sum(one.kind != "agreed" for one in dated)
    kinds = (
        (done, "done"),
        (len(dated) - done - wanted - late, "under way"),
        (late, "overdue"),
        (wanted, "to be decided"),
    )
    said = words.listed([f"{n} {what}" for n, what in kinds if n])
    return figure(
        figures.timeline(spans, cycle.end, first, last),
        name="timeline", finding=f"{words.upper(words.plural(len(dated), 'action'))}: {said}",
        subtitle="From the begin of each to its due date; dark: done, grey: under way, outlined: if decided in time, hatched: "
        "overdue; diamond: a step, circle: the review",
        alt=f"{words.plural(len(dated), 'action')} over {BACK} months before and {AHEAD} after the cut-off: {said}.",
        data=data, source="The improvement register, as it stood at the cut-off.",
    )  # fmt: skip


def _as_if_decided(one: PlanAction, by: str | None) -> PlanAction:
    if by is None or one.weeks is None:
        return one
    due = date.fromisoformat(by) + timedelta(weeks=one.weeks)
    return one.model_copy(update={"begin": by, "due": due.isoformat()})


def _span(one: PlanAction, cycle: Cycle) -> figures.Span:
    due = date.fromisoformat(one.due) if one.due else cycle.end
    end = date.fromisoformat(one.done) if one.done else due
    begin = date.fromisoformat(one.begin) if one.begin else min(cycle.end, end)
    kind = "done" if one.done else "open" if one.kind == "agreed" else "proposed"
    return figures.Span(
        f"{one.number} {one.title}", min(begin, end), end, kind,
        tuple(date.fromisoformat(step.done or step.due) for step in one.steps),
        parse(one.review, cycle.zone).end if one.review else None, due if one.overdue_days else None,
    )  # fmt: skip


def decisions(asked: Sequence[DecisionFact]) -> Shown:
    """What is asked of whom, by when; with what it would bring, what it costs, and what happens without it."""
    if not asked:
        return NOTHING
    text = "\n".join(
        f"{at}. {one.title} ({one.owner}, by {words.day(one.due)})" for at, one in enumerate(asked, start=1)
    )
    return Shown(str(macros("plan").decisions(asked)), text)


def asked(found: Sequence[DecisionFact]) -> Shown:
    """What is asked of whom by when, in short; each leads to what belongs to it."""
    text = "\n".join(f"{at}. {one.title}" for at, one in enumerate(found, start=1))
    return Shown(str(macros("plan").asked(found[:ASKED], len(found[ASKED:]))), text or "None.")


def news(found: Sequence[NewsFact], evidence: Evidence) -> Shown:
    """What changed since the cycle before."""
    if not found:
        return say(
            f"Since {evidence.context.cycle.shift(-1).label} no target was newly missed or met again, no measure changed beyond "
            "chance, and no action moved."
            if evidence.baseline.kpis
            else ""
        )
    told = [(NEWS[one.kind], one.text) for one in found]
    text = "\n".join(f"{kind.title}. {text}" for kind, text in told)
    return Shown(str(macros("plan").news(told, IN_SIGHT)), text)
