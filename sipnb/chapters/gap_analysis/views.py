"""Gap analysis, as it is shown: the targets, what the process can do about them, and the objectives behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from sipnb.chapters.facts import GapFact
from sipnb.show import figures, words
from sipnb.show.display import Shown, say, table
from sipnb.show.display import figure as drawn_figure

#: The id of the table of targets, to which a plan's main points lead.
TARGETS = "targets"

_WORDS = {"meets": "Certainly meets", "fails": "Certainly misses", "inconclusive": "Cannot be told",
          "not judged": "Not judged", "no data": "No data", "no target": "No target"}  # fmt: skip


def summary(gaps: Sequence[GapFact], counts: Mapping[str, int]) -> Shown:
    """How many targets are met, missed, and cannot be told."""
    if not gaps:
        return say("This service has no targets: without one nothing can fall short. Set some in `targets.yml`.")
    nothing = sum(g.status == "no data" for g in gaps)
    refused = sum(g.status == "not judged" for g in gaps)
    return say(
        f"Of {words.plural(len(gaps), 'target')}, **{counts['fails']} certainly missed**, {counts['meets']} met, "
        f"{counts['inconclusive']} cannot be told yet"
        + (f", {refused} not judged because of what is missing in the records" if refused else "")
        + (f", {nothing} without data." if nothing else ".")
        + (
            f" The latest figures reach {counts['reached']} of them."
            if sum(counts[status] for status in ("meets", "fails", "inconclusive"))
            else ""
        )
    )


def targets(gaps: Sequence[GapFact], currency: str) -> Shown:
    """The gaps, certain failures of the weightiest objectives first."""
    if not gaps:
        return say("")
    frame = pd.DataFrame(
        [
            {
                "Measure": g.title,
                "Target": f"{words.wanted(g.good)} {words.number(g.target, g.unit, currency)}",
                "Value": words.number(g.value, g.unit, currency),
                "Level, 95 %": words.interval(g.low, g.high, g.unit, currency) if g.value is not None else "–",
                "n": f"{g.n:,}",
                "The figure": _figure(g),
                "The level": _WORDS[g.status],
                "The process": words.ASSURANCE[g.assurance][1] if g.assurance != "no target" else "Too few to judge",
                "Objective": ", ".join(g.objectives) or "none",
            }
            for g in gaps
        ]
    )
    return table(
        frame,
        "Targets against figures, certain failures first",
        numeric=("Target", "Value", "Level, 95 %", "n"),
        id=TARGETS,
    )


def _figure(gap: GapFact) -> str:
    """Whether the cycle's own figure reaches the target, which is a fact."""
    # Other words than those for the level: a target that is reached this once is not yet met.
    return _WORDS[gap.status] if gap.gap is None else "Not reached" if gap.gap > 0 else "Reached"


def figure(rows: pd.DataFrame) -> Shown:
    """Where each target lies against the range its measure moves in: `rows` as `analysis.on_limits` has them."""
    if rows.empty:
        return say("No measure with a target has enough history for limits yet.")
    data = pd.DataFrame(
        {
            "Measure": rows["label"], "Process": [words.ASSURANCE[one][1] for one in rows["assurance"]],
            "Target on the scale": rows["target"], "Value on the scale": rows["value"],
        }
    )  # fmt: skip
    named = f"{words.plural(len(rows), 'measure')} on the scale of {'its' if len(rows) == 1 else 'their'} usual range"
    return drawn_figure(
        figures.against_limits(rows), name="against-limits", finding=_reach(rows),
        subtitle="Latest value (mark) and target (bar) against the range in which each measure usually moves; what lies far "
        "outside stands at the edge",
        alt=f"{named}: {words.lower(_reach(rows))}.", data=data,
        units={"Target on the scale": "number", "Value on the scale": "number"},
        source="Usual ranges from the control charts of the baseline; on the scale 0 is the lower limit and 1 the upper one.",
    )  # fmt: skip


def _reach(rows: pd.DataFrame) -> str:
    """What the process can do about its targets."""
    out = list(rows.loc[rows["assurance"] == "consistently fails", "label"])
    left = list(rows.loc[rows["assurance"] == "unsettled", "label"])
    if out:
        named = words.lower(out[0]) if len(out) == 1 else words.plural(len(out), "target")
        return f"Out of reach as the process runs: {named}"
    if left:
        which = words.lower(left[0]) if len(left) == 1 else words.plural(len(left), "measure")
        return f"{'Has' if len(left) == 1 else 'Have'} shifted from the usual range: {which}"
    return "Every target lies within reach of the process"
