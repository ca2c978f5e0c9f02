"""What the state of a record means: it is open, it was resolved, or it ended without a resolution.

Exports name their states by a thousand words; a mapping turns them into those below (`map:`). A word that is none of
them says nothing: then the times of the record decide.
"""

from __future__ import annotations

from typing import Literal

import pandas as pd

from sipnb.records.sql import quoted

Meaning = Literal["open", "resolved", "cancelled"]

#: The words of each meaning, in small letters.
WORDS: dict[Meaning, tuple[str, ...]] = {
    "resolved": (
        "resolved", "closed", "solved", "done", "completed", "complete", "fulfilled", "finished", "closed complete",
        "closed incomplete", "closed - complete", "closed - resolved", "closed (resolved)", "closed successful",
    ),
    "cancelled": (
        "cancelled", "canceled", "closed cancelled", "closed canceled", "closed/cancelled", "closed skipped", "closed rejected",
        "rejected", "refused", "declined", "denied", "withdrawn", "revoked", "recalled", "merged", "duplicate", "duplicated",
        "closed duplicate", "closed - duplicate", "deleted", "removed", "trashed", "archived without action", "abandoned",
        "discarded", "dropped", "void", "voided", "invalid", "spam", "aborted", "won't do", "wont do", "won't fix", "wont fix",
        "will not do", "will not fix", "cannot reproduce", "not an issue", "no action", "no action required", "superseded",
    ),
    "open": (
        "new", "open", "opened", "reopened", "re-opened", "reopen", "registered", "logged", "submitted", "to do", "todo",
        "assigned", "accepted", "active", "in progress", "work in progress", "in work", "processing", "under investigation",
        "investigating", "escalated", "on hold", "hold", "pending", "waiting", "suspended", "waiting for customer",
        "waiting for support", "waiting for approval", "waiting for user", "waiting for vendor", "waiting for supplier",
        "awaiting supplier", "awaiting user info",
        "awaiting vendor", "awaiting problem", "awaiting evidence", "awaiting caller", "awaiting change", "awaiting approval",
    ),
}  # fmt: skip
#: Outcomes (resolution and close codes) that say of a record that has ended that nothing was resolved.
NO_RESOLUTION = WORDS["cancelled"]


def meaning(state: str | None, outcome: str | None = None) -> str:
    """SQL: the meaning of a state (a column, or None where there is none), NULL where it has none that is known.

    Of a record that is not open, an `outcome` may say that it ended without a resolution.
    """
    cases = []
    if state is not None:
        cases.append(f"WHEN lower({state}) IN {_listed(WORDS['open'])} THEN 'open'")
        cases.append(f"WHEN lower({state}) IN {_listed(WORDS['cancelled'])} THEN 'cancelled'")
    if outcome is not None:
        cases.append(f"WHEN lower({outcome}) IN {_listed(NO_RESOLUTION)} THEN 'cancelled'")
    if state is not None:
        cases.append(f"WHEN lower({state}) IN {_listed(WORDS['resolved'])} THEN 'resolved'")
    return f"CASE {' '.join(cases)} END" if cases else "NULL::VARCHAR"


def has_ended(states: pd.Series) -> pd.Series:
    """Which states mean that nobody waits any more."""
    return states.str.lower().isin((*WORDS["resolved"], *WORDS["cancelled"]))


def is_cancelled(states: pd.Series) -> pd.Series:
    """Which states or outcomes mean that a record ended without being carried out or resolved."""
    return states.str.lower().isin(WORDS["cancelled"])


def _listed(words: tuple[str, ...]) -> str:
    return f"({', '.join(map(quoted, words))})"
