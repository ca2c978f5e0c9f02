"""Improvement levers: a detector for each, which reads the records and gives the numbers it saw beside their limits.

A detector proposes nothing without a measure that lies clearly on the wrong side of a limit, judged by how much months differ.
It says that a lever would have an effect only where that is estimated, by comparing like tickets from a landmark; anything
else is a distance to the target.
"""

from __future__ import annotations

from collections.abc import Callable

from sipnb.catalogue import Lever
from sipnb.levers import handovers, operations, tickets
from sipnb.levers.evidence import Effect, Evidence, Look

__all__ = ["Effect", "Evidence", "Look", "detect", "look_for"]

_DETECTORS: dict[str, Callable[[Look, Lever], Evidence]] = {
    "one_owning_group": handovers.one_owning_group,
    "change_control": operations.change_control,
    "capacity": operations.capacity,
    "stop_the_clock_rules": tickets.stop_the_clock_rules,
    "knowledge_and_quality": tickets.knowledge_and_quality,
    "resilience": operations.resilience,
    "process_drift": tickets.process_drift,
}


def detect(look: Look) -> list[Evidence]:
    """Run every detector, in the order of the catalogue; a drift is looked for only where nothing else is proposed."""
    found = [look_for(lever, look) for lever in look.levers if lever != "process_drift"]
    # What another lever is about may be the cause of a drift.
    proposed = next((e.lever.title for e in found if e.found), None)
    if proposed:
        return [*found, Evidence(look.levers["process_drift"], "not looked for", judged=False, names=(proposed,))]
    return [*found, look_for("process_drift", look)]


def look_for(lever: str, look: Look) -> Evidence:
    """Run the detector of one lever of the catalogue, by its id, with the limits that hold."""
    return _DETECTORS[lever](look, look.levers[lever])
