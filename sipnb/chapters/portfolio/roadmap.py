"""The roadmap: what is due when, by who answers for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sipnb.chapters.facts import ActionOfPlan
from sipnb.chapters.portfolio.rows import Row, addresses, names, owner_page
from sipnb.cycles import add_months
from sipnb.show.display import Shown, macros, say

#: So many calendar months after the cut-off have a column of their own.
MONTHS = 3
#: More actions than this are counted; which they are stands on the owners' pages.
MOST = 60


@dataclass(frozen=True)
class Roadmap:
    """What is due by column, for each owner; an owner's cells have the columns' order."""

    columns: list[str]
    rows: list[tuple[str, list[list[ActionOfPlan]]]]


def roadmap(listed: Sequence[ActionOfPlan], end: date) -> Roadmap:
    """Open actions by owner and by when they are due; `end` is the first day after the cycle. Proposals wait for a decision."""
    months = [add_months(end, k) for k in range(MONTHS + 1)]
    columns = ["To decide", "Overdue", *(f"{one:%B}" for one in months[:-1]), "Later", "No date"]
    by_owner: dict[str, list[list[ActionOfPlan]]] = {}
    for one in sorted(listed, key=lambda one: (one.due or one.decide or "9999", one.service, one.id)):
        if one.open:
            by_owner.setdefault(one.owner, [[] for _ in columns])[_column(one, months)].append(one)
    kept = [at for at in range(len(columns)) if any(cells[at] for cells in by_owner.values())]
    return Roadmap(
        [columns[at] for at in kept], [(owner, [cells[at] for at in kept]) for owner, cells in sorted(by_owner.items())]
    )


def _column(one: ActionOfPlan, months: Sequence[date]) -> int:
    if one.kind == "proposed" or one.state == "proposed":
        return 0
    if one.overdue:
        return 1
    if one.due is None:
        return len(months) + 2
    due = date.fromisoformat(one.due)
    # What was due before the end and is not overdue is due now: its state says why it is not.
    return 2 + sum(due >= month for month in months[1:])


def shown(found: Roadmap, rows: Sequence[Row]) -> Shown:
    """The roadmap as a table, a row an owner; `rows` are the services', and the owners' pages hold more than `MOST`."""
    if not found.rows:
        return say("No action is open, and none is proposed.")
    text = "\n".join(
        f"{owner}: "
        + "; ".join(
            f"{column}: {', '.join(one.title for one in cell)}"
            for column, cell in zip(found.columns, cells, strict=True)
            if cell
        )
        for owner, cells in found.rows
    )
    pages = {owner: owner_page(owner) for owner, _ in found.rows}
    counts = sum(len(cell) for _, cells in found.rows for cell in cells) > MOST
    return Shown(str(macros("portfolio").roadmap(found, names(rows), addresses(rows), pages, counts)), text)
