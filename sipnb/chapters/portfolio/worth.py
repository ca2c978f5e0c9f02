"""What is open and what is proposed, by what it is to bring against what it takes: a map of effect and effort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from sipnb.chapters.facts import ActionOfPlan
from sipnb.show import figures, words
from sipnb.show.display import Shown, figure, say

#: With fewer points there is nothing to compare.
FEWEST = 3
#: What an action may be placed by, with the unit and the words of the axis.
_BY = {"money": ("money", "cost, once"), "effort_days": ("days", "days of work")}


def placed(listed: Sequence[ActionOfPlan]) -> pd.DataFrame:
    """A row for everything that is not done: service, title, kind, `closes` (the part of the way to its target that it is to go)
    and what it takes, in money and in days of work; missing where it does not say so."""
    waiting = [one for one in listed if one.open and one.done is None]
    rows = [(one.service, one.title, one.kind, one.closes, one.money, one.effort_days) for one in waiting]
    frame = pd.DataFrame(rows, columns=["service", "title", "kind", "closes", "money", "effort_days"])
    return frame.astype({"closes": float, "money": float, "effort_days": float})


def shown(found: pd.DataFrame, names: Mapping[str, str], label: str, currency: str) -> Shown:
    """The map, by money or by days of work, whichever more of them state; or a sentence where too few state both."""
    if found.empty:
        return say("Nothing is open and nothing is proposed.")
    by = max(_BY, key=lambda name: int(found[name].notna().sum()))
    unit, axis = _BY[by]
    known = found[found[by].notna()].sort_values([by, "service", "title"], ignore_index=True)
    n, both = len(found), int((found["closes"].notna() & found[by].notna()).sum())
    takes = "cost" if by == "money" else "effort"
    told = f"{both} of {n} open actions and proposals {'state' if both != 1 else 'states'} effect and {takes}"
    if both < FEWEST:
        return say(f"{told}; from {FEWEST} on they are drawn against each other.")
    without = words.plural(n - len(known), "action")
    rows = known.assign(label=[f"{names[s]}: {t}" for s, t in zip(known["service"], known["title"], strict=True)])
    data = pd.DataFrame(
        {"Service": known["service"].map(names), "Action": known["title"], "Kind": known["kind"],
         words.upper(axis): known[by], "Way to its target": known["closes"]}
    )  # fmt: skip
    hidden = f"; {without} without a stated {takes} left out" if n > len(known) else ""
    return figure(
        figures.worth(rows.rename(columns={by: "takes"}), unit, currency, axis),
        name="worth", finding=told,
        subtitle=f"How much of the way to its target each action is to go, against its {axis}, {label}; filled: agreed, hollow: "
        f"proposed; at the bottom: effect not estimated{hidden}",
        alt=f"Map of {words.plural(len(known), 'action')} by {axis} and by the part of the way to its target each goes; {told}.",
        data=data, units={words.upper(axis): "money" if by == "money" else "count", "Way to its target": "share"},
        currency=currency, source="The improvement registers and what the plans propose.",
    )  # fmt: skip
