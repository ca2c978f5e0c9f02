"""Improvement levers: a detector for each, which reads the records and gives the numbers it saw beside their limits.

A lever is proposed for the drivers of missed targets that it acts on (`answers`), or where its detector finds what it is about. A
detector proposes nothing without a measure that lies clearly on the wrong side of a limit, judged by how much months differ.
It says that a lever would have an effect only where that is estimated, by comparing like tickets from a landmark; anything
else is a distance to the target.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sipnb import kpis
from sipnb.catalogue import Lever
from sipnb.levers import handovers, operations, requests, targets, tickets
from sipnb.levers.answers import Answer, Cause, Missed, answers
from sipnb.levers.evidence import Effect, Evidence, Look

__all__ = ["Answer", "Cause", "Effect", "Evidence", "Look", "Missed", "detect", "look_for"]

_DETECTORS: dict[str, Callable[[Look, Lever], Evidence]] = {
    "one_owning_group": handovers.one_owning_group,
    "change_control": operations.change_control,
    "capacity": operations.capacity,
    "stop_the_clock_rules": tickets.stop_the_clock_rules,
    "knowledge_and_quality": tickets.knowledge_and_quality,
    "resilience": operations.resilience,
    "recovery": operations.recovery,
    "process_drift": tickets.process_drift,
    "backlog_blitz": operations.backlog_blitz,
    "self_service": requests.self_service,
    "renegotiate": targets.renegotiate,
    "measuring": targets.measuring,
}


def detect(look: Look) -> list[Evidence]:
    """Look for every lever: those that fall back only where nothing else is proposed, and last."""
    answered: dict[str, list[Answer]] = {}
    for one in answers([cause for missed in look.missed for cause in missed.causes], look.levers):
        answered.setdefault(one.lever.id, []).append(one)
    found: list[Evidence] = []
    for id, lever in sorted(look.levers.items(), key=lambda one: one[1].falls_back):
        # What another lever is about may be the cause of a drift, and a target is not given up that could be reached.
        proposed = next((e.lever.title for e in found if e.proposed), None)
        if lever.falls_back and proposed:
            found.append(Evidence(lever, "not looked for", judged=False, names=(proposed,)))
        else:
            found.append(_answering(look_for(id, look), answered.get(id, ())))
    return found


def _answering(seen: Evidence, mine: Sequence[Answer]) -> Evidence:
    return replace(seen, judged=True, answers=tuple(mine)) if mine else seen


def look_for(lever: str, look: Look) -> Evidence:
    """Look for one lever by its id, with the limits that hold: by its detector, where it has one. A lever without one is proposed
    for the drivers that it acts on alone, of which there are none where the records lack what it needs."""
    if detector := _DETECTORS.get(lever):
        return detector(look, look.levers[lever])
    if lacking := kpis.lacking(look.levers[lever].needs, look.scope):
        return Evidence(look.levers[lever], "not recorded", judged=False, names=tuple(lacking))
    return Evidence(look.levers[lever], "no driver", judged=any(one.looked for one in look.missed))
