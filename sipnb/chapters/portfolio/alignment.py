"""Objectives over all services: what their targets say for each, the hours behind it, the actions that serve it, and what hangs
in the air."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from sipnb.catalogue import Kpi
from sipnb.chapters.facts import AlignedFact, GapFacts, LooseFact, ObjectiveFact, OrphansFact, StandFact
from sipnb.chapters.gap_analysis.lost import OF_MEASURE
from sipnb.chapters.portfolio.ranking import Chapters
from sipnb.params import Objective
from sipnb.show import words
from sipnb.show.display import Shown, macros, points, say, table, together

#: Services and objectives in the matrix; the others are counted.
MOST_SERVICES, MOST_OBJECTIVES = 24, 8
#: So many services are named in a sentence.
NAMED = 3
MARKS = {"fails": ("▲", "missed"), "inconclusive": ("●", "open"), "meets": ("◆", "met"), "no target": ("–", "")}


def objectives(
    stated: Sequence[Objective], kpis: Mapping[str, Kpi], chapters: Mapping[str, Chapters]
) -> list[AlignedFact]:
    """Each objective with where every service stands, as their plans say; in the order in which they are stated."""
    return [_objective(one, kpis, chapters) for one in stated]


def _objective(one: Objective, kpis: Mapping[str, Kpi], chapters: Mapping[str, Chapters]) -> AlignedFact:
    stands = [_stand(service, one, made.gaps, kpis) for service, made in chapters.items()]
    states = [stand.status for stand in stands]
    told, goal = [stand.reached for stand in stands if stand.reached is not None], one.success
    hours = [stand.hours for stand in stands if stand.hours is not None]
    return AlignedFact(
        id=one.id, title=one.title, weight=one.weight, owner=one.owner, kpis=[kpis[k].title for k in one.kpis],
        **({} if goal is None else {
            "success": kpis[goal.kpi].title, "unit": kpis[goal.kpi].unit, "start": goal.start, "to": goal.to,
            "by": goal.by.isoformat()}),
        there=len(states) - states.count("no target"), missing=states.count("fails"), open=states.count("inconclusive"),
        meeting=states.count("meets"), told=len(told), reaching=sum(told), hours=sum(hours) if hours else None,
        actions=sum(stand.actions for stand in stands),
        unserved=[stand.service for stand in stands if stand.status == "fails" and not stand.actions], services=stands,
    )  # fmt: skip


def _stand(service: str, one: Objective, gaps: GapFacts, kpis: Mapping[str, Kpi]) -> StandFact:
    mine: ObjectiveFact | None = next((o for o in gaps.objectives if o.id == one.id), None)
    if mine is None:
        return StandFact(service=service, status="no target")
    value = mine.success.value if mine.success else None
    reached = None
    if value is not None:
        reached = value >= mine.success.to if mine.success.to > mine.success.start else value <= mine.success.to
    return StandFact(
        service=service, status=mine.status, missed=[g.title for g in gaps.gaps if g.kpi in one.kpis and g.status == "fails"],
        hours=behind(gaps, one.kpis), value=value, reached=reached, actions=len(mine.actions),
    )  # fmt: skip


def behind(gaps: GapFacts, kpis: Iterable[str]) -> float | None:
    """Users' hours lost beyond the targets of these measures in one service; None where none can be told.

    Targets that speak of the same hours (attainment and time to restore, both of late tickets) count them once: the larger.
    """
    parts: dict[str, float] = {}
    for one in gaps.ranked:
        if one.kpi in kpis and one.hours is not None:
            part = OF_MEASURE.get(one.kpi, one.kpi)
            parts[part] = max(parts.get(part, 0.0), one.hours)
    return sum(parts.values()) if parts else None


def orphans(stated: Sequence[Objective], kpis: Mapping[str, Kpi], chapters: Mapping[str, Chapters]) -> OrphansFact:
    """What hangs in the air over the organisation; targets without an objective only where objectives are stated."""
    if not stated:
        return OrphansFact()
    targets: dict[str, list[str]] = {}
    actions: dict[str, list[str]] = {}
    for service, made in chapters.items():
        for gap in made.gaps.gaps:
            targets.setdefault(gap.kpi, []).append(service)
        for title in made.gaps.actions_without_objective:
            actions.setdefault(title, []).append(service)
    linked = {kpi for one in stated for kpi in one.kpis}
    aligned = objectives(stated, kpis, chapters)
    return OrphansFact(
        unseen=[one.title for one in stated if not set(one.kpis) & set(targets)],
        unserved=[one.title for one in aligned if one.missing and not one.actions],
        targets=[LooseFact(title=kpis[kpi].title, services=targets[kpi]) for kpi in sorted(set(targets) - linked) if kpi in kpis],
        actions=[LooseFact(title=title, services=found) for title, found in sorted(actions.items())],
    )  # fmt: skip


def matrix(found: Sequence[AlignedFact]) -> pd.DataFrame:
    """Services (rows) by objectives (columns): fails, inconclusive, meets or no target; those that miss most first."""
    frame = pd.DataFrame({one.title: {s.service: s.status for s in one.services} for one in found})
    missed = pd.Series({service: _weight(found, service, "fails") for service in frame.index}, dtype=float)
    opened = pd.Series({service: _weight(found, service, "inconclusive") for service in frame.index}, dtype=float)
    order = pd.DataFrame({"missed": -missed, "open": -opened}).sort_values(["missed", "open"], kind="stable").index
    return frame.loc[order].rename_axis("service")


def _weight(found: Sequence[AlignedFact], service: str, status: str) -> float:
    return sum(one.weight for one in found for s in one.services if s.service == service and s.status == status)


def shown(found: Sequence[AlignedFact], names: Mapping[str, str], links: Mapping[str, str], currency: str) -> Shown:
    """The objectives with how far they are, and what each service's targets say for them."""
    if not found:
        return say("No objectives are stated: gaps cannot be weighed. Name some in `objectives.yml`.", kind="")
    frame = pd.DataFrame(
        {
            "Objective": [one.title for one in found], "Weight": [f"{one.weight:g}" for one in found],
            "Owner": [one.owner or "nobody named" for one in found], "To be reached": [_goal(one, currency) for one in found],
            "At the goal": [f"{one.reaching:,} of {one.told:,}" if one.told else "–" for one in found],
            "Missed by": [f"{one.missing:,} of {one.there:,}" if one.there else "no target" for one in found],
            "Users’ hours beyond": ["not told" if one.hours is None else words.rough(one.hours) for one in found],
            "Open actions": [f"{one.actions:,}" for one in found],
        }
    )  # fmt: skip
    caption = "Objectives: the services at the goal, those that certainly miss a target of it, the hours users lose beyond them"
    first = table(frame, caption, numeric=("Weight", "At the goal", "Missed by", "Users’ hours beyond", "Open actions"))
    return together(say(sentence(found), kind=""), first, _matrix(found, names, links, currency))


def sentence(found: Sequence[AlignedFact]) -> str:
    """How many objectives are missed, and which costs users most."""
    missed = [one for one in found if one.missing]
    text = f"{len(missed):,} of {words.plural(len(found), 'objective')} {'is' if len(missed) == 1 else 'are'} certainly missed"
    text += " by at least one service." if missed else "."
    most = max(missed, key=lambda one: one.hours or 0.0, default=None)
    if most is not None and most.hours:
        text += f" Most hours lie behind “{most.title}”: {words.rough(most.hours)} beyond its targets."
    return text


def _goal(one: AlignedFact, currency: str) -> str:
    if one.success is None:
        return "no figure agreed"
    start, to = (words.number(v, one.unit, currency) for v in (one.start, one.to))
    return f"{words.lower(one.success)} {start} → {to} by {words.day(one.by, True)}"


def _matrix(found: Sequence[AlignedFact], names: Mapping[str, str], links: Mapping[str, str], currency: str) -> Shown:
    seen = [one for one in found if one.there]
    if not seen:
        return say("No service has a target that an objective asks for.", kind="")
    columns = sorted(seen, key=lambda one: (-one.weight * max(one.missing, 1), one.title))[:MOST_OBJECTIVES]
    columns = [one for one in found if one in columns]
    frame = matrix(columns)
    told = frame[frame.isin(["fails", "inconclusive"]).any(axis=1)]
    if told.empty:
        return say("Every service meets every target that an objective asks for, as far as it can be told.", kind="")
    stands = [{s.service: s for s in one.services} for one in columns]
    rows = [
        (service, [(one[service], _value(one[service], at, currency)) for one, at in zip(stands, columns, strict=True)])
        for service in told.index[:MOST_SERVICES]
    ]
    rest, hidden = len(told) - len(rows), len(seen) - len(columns)
    markup = macros("portfolio").aligned([one.title for one in columns], rows, MARKS, names, links, rest, hidden)
    text = "\n".join(
        f"{names[s]}: " + "; ".join(MARKS[cell.status][1] or "–" for cell, _ in cells) for s, cells in rows
    )
    return Shown(str(markup), text)


def _value(stand: StandFact, one: AlignedFact, currency: str) -> str:
    return "" if stand.value is None else words.number(stand.value, one.unit, currency)


def said(found: OrphansFact, aligned: Sequence[AlignedFact], names: Mapping[str, str]) -> Shown:
    """What hangs in the air, a line a kind; nothing where no objectives are stated."""
    if not aligned:
        return Shown("", "")
    alone = [
        f"“{one.title}” ({_services(one.unserved, names)})"
        for one in aligned
        if one.unserved and one.title not in found.unserved
    ]
    lines = [
        f"{lead}: {'; '.join(each)}."
        for lead, each in (
            ("Objectives that no target of any service sees", found.unseen),
            ("Objectives that are missed and that no open action serves anywhere", found.unserved),
            ("Missed without an open action there", alone),
            ("Targets that no objective asks for", _loose(found.targets, names)),
            ("Open actions that serve no objective", _loose(found.actions, names)),
        )
        if each
    ]
    return (
        points(lines)
        if lines
        else say("Every target serves an objective, and where one is missed an action serves it.", kind="")
    )


def _loose(found: Sequence[LooseFact], names: Mapping[str, str], most: int = 6) -> list[str]:
    each = [f"{words.lower(one.title)} ({_services(one.services, names)})" for one in found[:most]]
    return each + ([f"and {len(found) - most:,} more"] if len(found) > most else [])


def _services(found: Sequence[str], names: Mapping[str, str]) -> str:
    if len(found) > NAMED:
        return words.plural(len(found), "service")
    return ", ".join(words.clipped(names[one], 40) for one in found)
