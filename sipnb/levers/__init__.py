"""Improvement levers: a detector for each, which reads the records and says what it saw.

A detector never proposes without a difference that its interval keeps away from zero, or a share whose interval lies
above a stated level. What a lever could gain is an upper bound: it assumes that the tickets concerned became like the
others, which are not quite the same tickets.
"""

from __future__ import annotations

from collections.abc import Callable

from sipnb.catalogue import LEVERS, Lever
from sipnb.levers import operations, tickets
from sipnb.levers.evidence import Effect, Evidence, Look

__all__ = ["Effect", "Evidence", "Look", "detect"]

_DETECTORS: dict[str, Callable[[Look, Lever], Evidence]] = {
    "one_owning_group": tickets.one_owning_group,
    "change_control": operations.change_control,
    "capacity": operations.capacity,
    "stop_the_clock_rules": tickets.stop_the_clock_rules,
    "knowledge_and_quality": tickets.knowledge_and_quality,
    "resilience": operations.resilience,
}


def detect(look: Look) -> list[Evidence]:
    """Run every detector, in the order of the catalogue; the drift detector sees what the others found."""
    found: list[Evidence] = []
    for lever in LEVERS.values():
        if lever.id != "process_drift":
            found.append(_DETECTORS[lever.id](look, lever))
    found.append(tickets.process_drift(look, LEVERS["process_drift"], any(e.found for e in found)))
    return found
