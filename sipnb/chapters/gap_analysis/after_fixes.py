"""Whether problems that were fixed came back: how many incidents of their kind come since, for each while they lasted.

A problem's kind is the category and item, or the category, that most of its incidents have. Its incidents since the fix are
compared with those between the day it was recorded and the day it was fixed, beside all other incidents. What came before it was
recorded does not count: problems are recorded after a bad month, which a quieter one follows in any case. (The review asks
something else of the same fixes: whether their kind is rarer than in the months before all that, `chapters/review/recurrence`.)

Few of its kind may be the problem's own: `part` is the share that names it. A fix that works leaves 1 − `part` for each, one
without effect 1. Two things are said only where they are sure: that a fix *held*, because fewer come than before; and that the
problem *came back*, because more come than if half of it were gone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sipnb.chapters.facts.recurring import FixedFact, RecurringFact
from sipnb.kpis.scope import Scope
from sipnb.methods import discoveries, trends
from sipnb.show import words
from sipnb.show.display import Shown, say, table, together

#: Problems with fewer incidents are not followed; of the others the latest so many.
FEWEST, LATEST = 5, 30
#: A problem's kind is of what most of its incidents are; less than so much of a kind is nothing to follow.
MOST, LEAST = 0.5, 0.2
#: Until so many days have passed, what cannot be told may yet be.
EARLY = 182
#: Days of a block, and a year.
BLOCK, DAYS = 14, 365
_WORDS = {
    "held": "Held", "in part": "Held in part", "came back": "Came back", "too early": "Too early to tell",
    "unclear": "Cannot be told",
}  # fmt: skip


@dataclass(frozen=True)
class _Problem:
    """A fixed problem with its `incidents`; `mine` says which incidents of the service are of its `kind`."""

    id: str
    recorded: pd.Timestamp
    fixed: pd.Timestamp
    kind: str
    mine: np.ndarray
    own: np.ndarray


def fixed(scope: Scope) -> list[FixedFact]:
    """The problems fixed within a year that at least `FEWEST` incidents name, the latest first, and what came of them."""
    records, end = scope.records, scope.edges[-1]
    if not _known(scope):
        return []
    mine = records.tickets["kind"].eq("incident").to_numpy(bool)
    incidents = records.tickets.loc[mine, ["opened", "problem", "category", "configuration_item"]]
    every = [(one, *_followed(one, incidents["opened"], end)) for one in _problems(scope, incidents)]
    p = [np.nan if trend is None else trend.p for _, trend, _ in every]
    rarer = discoveries.benjamini_hochberg(p)["rejected"].to_numpy() if every else []
    return [
        FixedFact(
            problem=one.id, kind=one.kind, fixed=one.fixed.tz_convert(scope.cycle.zone).date().isoformat(), part=part,
            days=(end - one.fixed).days, incidents=int(one.own.sum()),
            again=int((one.own & (incidents["opened"] >= one.fixed).to_numpy()).sum()),
            status=status(trend, part, bool(sure), (end - one.fixed).days),
            **({} if trend is None else {"ratio": trend.ratio, "low": trend.low, "high": trend.high}),
        )
        for (one, trend, part), sure in zip(every, rarer, strict=True)
    ]  # fmt: skip


def status(trend: trends.Trend | None, part: float, sure: bool, days: int) -> str:
    """Whether a fix held, `days` after it; `sure`: the change is one among all fixes looked at. None: cannot be followed."""
    if trend is not None:
        held, back = sure and trend.ratio < 1, trend.low >= 1 - part / 2
        if held or back:
            return "in part" if held and back else "held" if held else "came back"
    return "too early" if days < EARLY else "unclear"


def _known(scope: Scope) -> bool:
    return scope.records.has("problems") and scope.records.supplies("tickets", "problem")


def _problems(scope: Scope, incidents: pd.DataFrame) -> list[_Problem]:
    end, found = scope.edges[-1], []
    late = scope.records.problems.dropna(subset=["opened", "resolved"]).drop_duplicates("problem")
    late = late[(late["resolved"] >= end - pd.Timedelta(days=DAYS)) & (late["resolved"] < end)]
    for one in late.sort_values(["resolved", "problem"], ascending=False).itertuples():
        own = incidents["problem"].eq(one.problem).fillna(False).to_numpy(bool)
        if own.sum() >= FEWEST and len(found) < LATEST:
            kind, mine = _kind(incidents, own)
            found.append(_Problem(one.problem, one.opened, one.resolved, kind, mine, own))
    return found


def _kind(incidents: pd.DataFrame, own: np.ndarray) -> tuple[str, np.ndarray]:
    """The category and item that most of a problem's incidents have, else their category; empty where none is common."""
    for columns in (["category", "configuration_item"], ["category"]):
        values = incidents.loc[own, columns].dropna().value_counts()
        if len(values) and values.iloc[0] > MOST * own.sum():
            named = dict(zip(columns, values.index[0], strict=True))
            mine = np.logical_and.reduce([incidents[c].eq(v).fillna(False).to_numpy(bool) for c, v in named.items()])
            return ", ".join(map(str, named.values())), mine
    return "", own


def _followed(one: _Problem, opened: pd.Series, end: pd.Timestamp) -> tuple[trends.Trend | None, float]:
    """Its kind since the fix against the time it lasted, and how much of it was its own; None where that is too little."""
    lasted = ((opened >= one.recorded) & (opened < one.fixed)).to_numpy()
    part = float((one.own & lasted).sum() / max((one.mine & lasted).sum(), 1)) if one.kind else 0.0
    part = min(part, 1.0)
    # Blocks are counted from the fix, in both directions; what is left over at an end is in none.
    block = np.floor((opened - one.fixed) / pd.Timedelta(days=BLOCK)).to_numpy()
    before, since = (int(span // pd.Timedelta(days=BLOCK)) for span in (one.fixed - one.recorded, end - one.fixed))
    if part < LEAST or min(before, since) < trends.FEWEST or (one.mine & lasted).sum() < FEWEST:
        return None, part
    inside = (block >= -before) & (block < since)
    counts, others = (
        np.bincount((block[inside & which] + before).astype(int), minlength=before + since)
        for which in (one.mine, ~one.mine)
    )
    return trends.against_before(counts, others, before), part


def problems(r: RecurringFact) -> Shown:
    """What came of fixed problems, or why that cannot be told."""
    if not r.problems_known:
        return say("The records do not say which problem an incident belongs to: whether fixes hold cannot be told.")
    if not r.fixes:
        return say(f"No problem with {words.plural(r.least_incidents, 'incident')} or more was fixed within a year.")
    said = {"held": "held", "in part": "held in part", "came back": "came back", "too early": "too young to tell",
            "unclear": "cannot be told"}  # fmt: skip
    back = [fix for fix in r.fixes if fix.status == "came back"]
    named = f" Came back: **{words.listed([fix.problem for fix in back[:3]])}**." if back else ""
    frame = pd.DataFrame(
        {
            "Problem": [fix.problem for fix in r.fixes], "Kind of incident": [fix.kind or "several" for fix in r.fixes],
            "Fixed": [words.day(fix.fixed, short=True) for fix in r.fixes],
            "Its incidents": [f"{fix.incidents:,}" for fix in r.fixes],
            "Of its kind": [words.number(fix.part, "share") for fix in r.fixes],
            "For each while it lasted": [
                words.NO_DATA if fix.ratio is None else f"{fix.ratio:.2f} ({fix.low:.2f}–{fix.high:.2f})"
                for fix in r.fixes
            ],
            "The fix": [_WORDS[fix.status] for fix in r.fixes],
        }
    )  # fmt: skip
    numeric = ("Its incidents", "Of its kind", "For each while it lasted")
    each = words.listed([f"{n} {said[one]}" for one in said if (n := r.outcomes.get(one))])
    return together(
        say(f"Of {words.plural(len(r.fixes), 'problem')} fixed within a year, {each}.{named}"),
        table(frame, "Problems fixed within a year, the latest first, with 95 % intervals", numeric=numeric),
    )
