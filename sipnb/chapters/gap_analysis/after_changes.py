"""Which kinds of change bring incidents: more come within hours after them than in the same hours of the weeks before.

Each kind is judged by itself, and blamed only where that holds among all that were looked at. Kinds that are carried out at the
same time share what comes after them: two that are blamed and cannot be told apart are said to be so. Windows are hours and days,
never cycles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from sipnb.chapters.baseline.control_charts import source
from sipnb.chapters.facts import About
from sipnb.chapters.facts.recurring import ChangeKindFact, RecurringFact
from sipnb.kpis.scope import Scope
from sipnb.methods import discoveries, excess
from sipnb.records.states import is_cancelled
from sipnb.show import figures, words
from sipnb.show.display import Shown, say, together
from sipnb.show.display import figure as drawn_figure

#: By what changes are separated, with the words for it.
ATTRIBUTES = {"kind": "kind", "risk": "risk", "configuration_item": "configuration item"}
#: A kind with fewer changes in a year is not judged; of each attribute the most frequent values are.
FEWEST, VALUES = 8, 6
#: A year.
DAYS = 365
_ALONE = 0.05


def by_kind(scope: Scope, hours: float = 24) -> list[ChangeKindFact]:
    """Incidents within `hours` after the changes of the last year, by kind, risk and configuration item where these are supplied.

    Of a configuration item only its own incidents count, where incidents name theirs.
    """
    judged = [(by, value, *_excess(scope, ends, incidents, hours)) for by, value, ends, incidents in _kinds(scope)]
    judged = [one for one in judged if one[2] is not None]
    if not judged:
        return []
    sure = discoveries.benjamini_hochberg([found.p for _, _, found, _ in judged])["rejected"].to_numpy()
    blamed = [bool(held and found.low > 0) for held, (_, _, found, _) in zip(sure, judged, strict=True)]
    facts = [
        ChangeKindFact(
            by=ATTRIBUTES[by], name=value, changes=found.n, left_out=found.left_out, observed=found.observed,
            expected=found.expected, excess=found.excess, low=found.low, high=found.high, p=found.p, blamed=one,
        )
        for (by, value, found, _), one in zip(judged, blamed, strict=True)
    ]  # fmt: skip
    return _told_apart(scope, facts, {(ATTRIBUTES[by], value): ends for by, value, _, ends in judged}, hours)


def _kinds(scope: Scope) -> Iterator[tuple[str, str, pd.Series, pd.Series]]:
    """Each kind of change that is frequent enough: attribute, value, when its changes ended, and the incidents that count."""
    changes, tickets, until = scope.records.changes, scope.records.tickets, scope.edges[-1]
    changes = changes[~(is_cancelled(changes["state"]) | is_cancelled(changes["outcome"])).to_numpy(bool)]
    ends = changes["ended"].fillna(changes["started"])
    incidents = tickets.loc[
        tickets["kind"].eq("incident").fillna(False).to_numpy(bool), ["opened", "configuration_item"]
    ]
    late = (ends >= until - pd.Timedelta(days=DAYS)) & (ends < until)
    for by in ATTRIBUTES:
        if not scope.records.supplies("changes", by):
            continue
        counted = changes.loc[late, by].astype("str").where(changes.loc[late, by].notna()).value_counts()
        frequent = sorted(counted[counted >= FEWEST].items(), key=lambda one: (-one[1], one[0]))[:VALUES]
        for value, _ in sorted(frequent):
            of_item = by == "configuration_item" and incidents[by].notna().any()
            own = incidents[(incidents[by] == value).fillna(False).to_numpy(bool)] if of_item else incidents
            mine = (changes[by] == value).fillna(False).to_numpy(bool) & (ends < until).to_numpy(bool)
            yield by, str(value), ends[mine].sort_values(), own["opened"]


def _excess(
    scope: Scope, ends: pd.Series, incidents: pd.Series, hours: float
) -> tuple[excess.Excess | None, pd.Series]:
    """What came after these changes beyond what is usual; None where there are no incidents. And when they ended."""
    if incidents.empty or ends.empty:
        return None, ends
    until, zone = scope.edges[-1], scope.cycle.zone  # the hours of the week are those on the wall
    found = excess.after_events(
        ends.dt.tz_convert(zone), incidents.dt.tz_convert(zone), window=pd.Timedelta(hours=hours), since=incidents.min(),
        until=until, judged_since=until - pd.Timedelta(days=DAYS),
    )  # fmt: skip
    return (found if found.n else None), ends


def _told_apart(
    scope: Scope, facts: list[ChangeKindFact], ends: dict[tuple[str, str], pd.Series], hours: float
) -> list[ChangeKindFact]:
    """Blamed kinds of one attribute, each judged once more by its changes that no other blamed kind's were near."""
    every = scope.records.tickets
    incidents = every.loc[every["kind"].eq("incident").fillna(False).to_numpy(bool), "opened"]
    told = []
    for one in facts:
        others = [o for o in facts if o.blamed and o.by == one.by != "configuration item" and o.name != one.name]
        shared = []
        for other in others if one.blamed else ():
            mine = ends[one.by, one.name]
            alone = mine[~_near(mine, ends[other.by, other.name], pd.Timedelta(hours=hours))]
            found, _ = _excess(scope, alone, incidents, hours)
            if found is None or not found.p <= _ALONE:
                shared.append(other.name)
        told.append(one.model_copy(update={"with_others": shared}))
    return told


def _near(mine: pd.Series, others: pd.Series, window: pd.Timedelta) -> np.ndarray:
    """Which of `mine` another one is nearer to than `window`; all in order."""
    first = np.searchsorted(others.to_numpy(), (mine - window).to_numpy(), side="right")
    last = np.searchsorted(others.to_numpy(), (mine + window).to_numpy(), side="left")
    return last > first


def figure(r: RecurringFact, about: About) -> Shown:
    """Incidents after each kind of change beyond what is usual, or why there is no such figure."""
    if not r.changes_known:
        return say("There are no records of changes: whether they bring incidents cannot be told.")
    if not r.changes:
        return say(
            f"No kind of change was carried out {r.least_changes} times or more within a year, with incidents to compare."
        )
    rows = pd.DataFrame(
        [{"label": _label(one), "value": one.excess, "low": one.low, "high": one.high} for one in r.changes]
    )
    data = pd.DataFrame(
        {
            "Changes by": [one.by for one in r.changes], "Which": [one.name for one in r.changes],
            "Changes": [one.changes for one in r.changes], "Not judged": [one.left_out for one in r.changes],
            "Incidents after them": [one.observed for one in r.changes], "Usual": [one.expected for one in r.changes],
            "More than usual": [one.excess for one in r.changes], "95 % from": [one.low for one in r.changes],
            "95 % to": [one.high for one in r.changes], "Clearly more": ["yes" if one.blamed else "no" for one in r.changes],
        }
    )  # fmt: skip
    counts = ("Changes", "Not judged", "Incidents after them")
    units = {
        **dict.fromkeys(counts, "count"),
        **dict.fromkeys(("Usual", "More than usual", "95 % from", "95 % to"), "number"),
    }
    most = max(r.changes, key=lambda one: one.excess)
    drawn = drawn_figure(
        figures.intervals(rows, "number", about.currency, 0.0), name="after-changes", finding=_finding(r.changes),
        subtitle=f"Incidents within {words.significant(r.change_hours)} hours after changes of the last "
        f"{words.plural(r.change_days, 'day')}, less those in the same hours of the weeks before; bar: 95 % "
        "interval; dashed: as many as usual",
        alt=f"{words.plural(len(rows), 'kind')} of change; most incidents beyond the usual after {_label(most)}: "
        f"{words.significant(most.excess)}.",
        data=data, units=units, source=source(about),
    )  # fmt: skip
    return together(drawn, said(r))


def _label(one: ChangeKindFact) -> str:
    name = words.clipped(one.name, 40)
    return {"kind": f"{words.upper(name)} changes", "risk": f"Risk {name}"}.get(one.by, name)


def _finding(changes: Sequence[ChangeKindFact]) -> str:
    blamed = [words.lower(_label(one)) for one in changes if one.blamed]
    if not blamed:
        return "No kind of change is clearly followed by more incidents"
    many = words.listed(blamed) if len(blamed) < 3 else words.plural(len(blamed), "kind") + " of change"
    return f"More incidents than usual follow {many}"


def said(r: RecurringFact) -> Shown:
    """Which kinds of change are followed by more incidents than usual; empty where none clearly is."""
    lines = []
    for one in (one for one in r.changes if one.blamed):
        apart = f"; it cannot be told apart from {words.listed(one.with_others)}" if one.with_others else ""
        lines.append(
            f"After {words.plural(one.changes, 'change')} of {one.by} **{words.clipped(one.name, 60)}** came "
            f"{words.plural(one.observed, 'incident')} within {words.significant(r.change_hours)} hours, where "
            f"{words.significant(one.expected)} are usual{apart}."
        )
    return say(" ".join(lines))
