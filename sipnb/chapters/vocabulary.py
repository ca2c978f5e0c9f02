"""Words that several rooms use, each defined once: the kinds of news, in the order in which they are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from sipnb.chapters.facts import NewsKind


@dataclass(frozen=True)
class News:
    """A kind of news: its sign and tone, its title where it stands alone, and its words for one and for many."""

    sign: str
    tone: str
    title: str
    one: str
    many: str


#: Bad news first.
NEWS: dict[str, News] = {
    "newly missed": News("▲", "concern", "Target newly missed", "target newly missed", "targets newly missed"),
    "worse": News("▲", "concern", "Worse, beyond chance", "measure worse", "measures worse"),
    "action failed": News(
        "▲", "concern", "Action did not work", "action that did not work", "actions that did not work"
    ),
    "action slipped": News("▲", "concern", "Action overdue", "action slipped", "actions slipped"),
    "no longer missed": News(
        "◆", "improvement", "Target no longer missed", "target no longer missed", "targets no longer missed"
    ),
    "better": News("◆", "improvement", "Better, beyond chance", "measure better", "measures better"),
    "action worked": News("◆", "improvement", "Action worked", "action that worked", "actions that worked"),
    "action closed": News("◆", "improvement", "Action implemented", "action closed", "actions closed"),
    "action new": News("●", "common", "Action added", "new action", "new actions"),
    "action moved": News("●", "common", "Action moved on", "action moved on", "actions moved on"),
    "action unclear": News(
        "●",
        "common",
        "Not clear whether it worked",
        "action of which it is not clear",
        "actions of which it is not clear",
    ),
    "forecasts": News("●", "common", "What was forecast", "forecast looked back on", "forecasts looked back on"),
    "proposal new": News("●", "common", "Newly proposed", "new proposal", "new proposals"),
    "proposal gone": News("●", "common", "No longer proposed", "proposal gone", "proposals gone"),
    "definition": News("●", "common", "Counted by a new definition", "definition changed", "definitions changed"),
}
assert set(NEWS) == set(get_args(NewsKind))
