"""The states of an action, and which may follow which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

PROPOSED, ACCEPTED, APPROVED, STARTED = "proposed", "accepted", "approved", "in progress"
DELIVERED, CLOSED, REJECTED, WITHDRAWN, POSTPONED = "implemented", "closed", "rejected", "withdrawn", "postponed"

#: The state an entry of a history may give.
State = Literal[
    "proposed", "accepted", "approved", "in progress", "implemented", "closed", "rejected", "withdrawn", "postponed"
]
#: The states of the short form: as long as an action has no history, three of them say what became of it.
ShortState = Literal[
    "proposed", "accepted", "approved", "in progress", "implemented", "verified", "failed", "inconclusive", "rejected",
    "withdrawn",
]  # fmt: skip
Verdict = Literal["worked", "did not", "inconclusive"]

#: What a history may begin with.
FIRST = (PROPOSED, ACCEPTED, APPROVED, STARTED)
#: What may follow each state.
NEXT: dict[str, tuple[str, ...]] = {
    PROPOSED: (ACCEPTED, REJECTED, POSTPONED, WITHDRAWN),
    ACCEPTED: (APPROVED, REJECTED, POSTPONED, WITHDRAWN),
    APPROVED: (STARTED, DELIVERED, REJECTED, POSTPONED, WITHDRAWN),
    STARTED: (DELIVERED, POSTPONED, WITHDRAWN),
    DELIVERED: (CLOSED, STARTED),
    CLOSED: (),
    REJECTED: (PROPOSED,),
    WITHDRAWN: (PROPOSED,),
    POSTPONED: (PROPOSED, ACCEPTED, APPROVED, STARTED, REJECTED, WITHDRAWN),
}
#: States that say nothing without the reason for them.
REASONED = (REJECTED, WITHDRAWN, POSTPONED)

IMPLEMENTED = {DELIVERED, CLOSED, "verified", "failed", "inconclusive"}
REFUSED = {REJECTED, WITHDRAWN}
#: In which somebody has agreed to it.
AGREED = (ACCEPTED, APPROVED, STARTED)
#: On which nothing is left to do.
DONE = IMPLEMENTED | REFUSED
#: What nobody has agreed to, yet or any more.
NOT_AGREED = REFUSED | {PROPOSED}


def cannot_follow(state: str, before: str) -> str:
    """That a state cannot follow another, and which may; empty where it can."""
    allowed = NEXT.get(before, ())
    if state in allowed:
        return ""
    return f"{state!r} cannot follow {before!r}; {one_of(allowed) if allowed else 'nothing'} may"


def one_of(states: Sequence[str]) -> str:
    """`proposed, accepted or approved`."""
    return states[0] if len(states) == 1 else f"{', '.join(states[:-1])} or {states[-1]}"
