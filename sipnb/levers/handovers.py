"""Hand-overs: how many tickets are passed on, and what that costs them.

A ticket that stays open longer is passed on more, so tickets compared at their end show a cost where there is none. What
being passed on costs is looked at from a landmark: tickets still open and not yet late after their first agreed hours, parted
by how often they had been passed on by then, like with like (same priority and kind).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb import kpis
from sipnb.catalogue import Lever
from sipnb.levers.evidence import RECENT, Effect, Evidence, Judged, Look, distance, named, none, unknown
from sipnb.methods import landmark
from sipnb.records import clocks
from sipnb.show import words

#: The landmark, in agreed hours after opening: most bouncing is over, most tickets are still open. Agreed hours, because
#: nobody passes tickets on while the desk is closed, and targets run on them, too.
FIRST_HOURS = 8
#: Fewer tickets passed on early cannot be compared.
FEWEST = 20


def one_owning_group(look: Look, lever: Lever) -> Evidence:
    """Tickets passed on twice or more: how many, and what being passed on early costs.

    Without a history of hand-overs no cost can be told. Then only a missed target for hand-overs itself speaks for the lever.
    """
    if reason := look.lacking("multi_hop_share") or look.refused("multi_hop_share"):
        return unknown(lever, reason)
    passed = look.share("multi_hop_share", RECENT, RECENT // 3)
    if passed.n < 40:
        return unknown(lever, f"only {words.plural(passed.n, 'resolved ticket')} tell how often they were passed on")
    limit, agreed = look.limit(lever, "multi_hop_share")
    if not passed.above(limit):
        reason = passed.not_clearly("above", limit)
        return none(
            lever,
            f"{words.number(passed.value, 'share')} were passed on twice or more {reason}",
            passed.known,
            **passed.numbers(limit),
        )
    compared, reason = _compared(look)
    if compared is None:
        return _on_the_share_alone(lever, passed, limit, agreed, reason)
    if not compared.effect.low > 0:
        return none(
            lever,
            f"{words.number(passed.value, 'share')} are passed on twice or more, but that does not clearly cost attainment: of "
            f"{compared.n_concerned:,} tickets passed on twice or more within {FIRST_HOURS} agreed hours and still open then "
            f"{words.number(compared.concerned, 'share')} met their target, of like ones "
            f"{words.number(compared.others, 'share')} ({_points(compared)} apart)",
            **passed.numbers(limit),
            hours=FIRST_HOURS,
            **_differences(compared),
        )
    return _costly(lever, passed, limit, agreed, compared)


def _compared(look: Look) -> tuple[landmark.Comparison | None, str]:
    """Tickets decided in the last days, still open and not late at the landmark, by whether they had been passed on twice.

    None with the reason where hand-overs have no history, or too few tickets can be compared.
    """
    if not look.records.supplies("ticket_events", "group"):
        return None, "only a final count of hand-overs is recorded"
    if kpis.missing(look.scope.kpis["sla_attainment"], look.scope):
        return None, "no record tells which tickets met their target"
    tickets, decided = look.records.tickets, kpis.attainment.decided(look.over(RECENT))
    inside = kpis.within(decided["at"], look.window(RECENT))
    mine = tickets[inside]
    events = look.scope.events_of(mine)
    events = events[events["group"].notna()]
    # Of a ticket that was never passed on there may be no event.
    mine = mine[mine["ticket"].isin(events["ticket"]) | (mine["reassigned"] == 0).fillna(False).to_numpy(bool)]
    ends = clocks.due(look.scope.calendar, mine["opened"], np.full(len(mine), 3600.0 * FIRST_HOURS))
    ends = pd.Series(ends, index=mine["ticket"])
    early = _changes_of_group(events, ends)
    undecided = (decided["at"][mine.index] > ends.to_numpy()).to_numpy()
    twice = early.reindex(mine["ticket"], fill_value=0).to_numpy() >= 2
    if (twice & undecided).sum() < FEWEST:
        few = words.plural(int((twice & undecided).sum()), "ticket")
        return None, f"only {few} passed on twice in the first {FIRST_HOURS} agreed hours can be compared"
    at_risk = mine[undecided]
    strata = at_risk["priority"].astype("str").fillna("") + at_risk["kind"].astype("str")
    met = decided["met"][at_risk.index].astype(bool)
    found = landmark.compared(strata, twice[undecided], met, int(inside.sum()))
    if found is None or found.n_concerned < FEWEST:
        return None, f"no like tickets to compare with those passed on twice in the first {FIRST_HOURS} agreed hours"
    return found, ""


def _changes_of_group(events: pd.DataFrame, ends: pd.Series) -> pd.Series:
    """By ticket, how often its group changed up to its landmark; the first group that is known is no change."""
    events = events.sort_values(["ticket", "at"], kind="stable")
    again = (events["ticket"] == events["ticket"].shift()) & (events["group"] != events["group"].shift())
    moved = events[again.to_numpy(bool)]
    moved = moved[moved["at"].to_numpy() <= ends.reindex(moved["ticket"]).to_numpy()]
    return moved.groupby("ticket").size()


def _costly(lever: Lever, passed: Judged, limit: float, agreed: bool, compared: landmark.Comparison) -> Evidence:
    concerned, others = (words.number(v, "share") for v in (compared.concerned, compared.others))
    effect = compared.effect
    sentences = [
        _frequent(passed, limit, agreed),
        f"Of the tickets still open and not yet late {FIRST_HOURS} agreed hours after opening, {compared.n_concerned:,} had "
        f"been passed on twice or more by then. They met their target in {concerned} of cases, {compared.n_others:,} others of "
        f"the same priority and kind in {others}: {_points(compared)} apart.",
        f"Had they met it as often, attainment of all {compared.total:,} tickets decided in these days would have been "
        f"{words.prose(effect.value, 'points')} higher (95 % interval "
        f"{words.interval(effect.low, effect.high, 'points', number=words.prose)}). What later hand-overs cost is not in it.",
    ]  # fmt: skip
    why = (
        f"{words.prose(passed.value, 'share')} of tickets of {RECENT} days were passed on twice or more, and it costs: of those "
        f"passed on twice within {FIRST_HOURS} agreed hours {words.prose(compared.concerned, 'share')} met their target, against "
        f"{words.prose(compared.others, 'share')} of like tickets that were still open then."
    )
    numbers = passed.numbers(limit) | {"hours": FIRST_HOURS} | _differences(compared)
    return Evidence(
        lever, True, f"{words.number(passed.value, 'share')} of tickets of {RECENT} days were passed on twice or more",
        why, sentences, numbers,
        Effect("sla_attainment", "effect", effect.value, effect.low, effect.high), passed.value / limit, agreed,
        f"the {named(agreed)} of {words.prose(limit, 'share')} passed on twice or more",
    )  # fmt: skip


def _on_the_share_alone(lever: Lever, passed: Judged, limit: float, agreed: bool, reason: str) -> Evidence:
    """A missed target for hand-overs is a reason to act by itself; a limit of our own is none without a cost."""
    share = words.number(passed.value, "share")
    if not agreed:
        return unknown(
            lever, f"{share} are passed on twice or more, but whether that costs attainment cannot be told: {reason}"
        )
    sentences = [
        _frequent(passed, limit, agreed),
        f"Whether that costs attainment cannot be told: {reason}. Tickets that stay open longer are passed on more, so a "
        "comparison of finished tickets would blame hand-overs for what is slow anyway.",
    ]
    why = (
        f"{words.prose(passed.value, 'share')} of tickets of {RECENT} days were passed on twice or more, against a target of "
        f"{words.prose(limit, 'share')}; whether that costs attainment cannot be told."
    )
    return Evidence(
        lever, True, f"{share} of tickets of {RECENT} days were passed on twice or more", why, sentences, passed.numbers(limit),
        distance("multi_hop_share", passed.value, limit, "target"), passed.value / limit, True,
        f"the target of {words.prose(limit, 'share')} passed on twice or more",
    )  # fmt: skip


def _frequent(passed: Judged, limit: float, agreed: bool) -> str:
    return (
        f"{words.number(passed.value, 'share')} of {passed.n:,} tickets resolved in the last {passed.days} days were passed "
        f"on twice or more (95 % interval {passed.interval}); the {named(agreed)} is {words.number(limit, 'share')}."
    )


def _differences(compared: landmark.Comparison) -> dict[str, float]:
    return {
        "met": compared.concerned, "met_others": compared.others, "concerned": compared.n_concerned,
        "others": compared.n_others, "decided": compared.total, "left_out": compared.left_out,
        "difference": compared.difference.value, "difference_low": compared.difference.low,
        "difference_high": compared.difference.high,
    }  # fmt: skip


def _points(compared: landmark.Comparison) -> str:
    d = compared.difference
    value, low, high = (words.unsigned_zero(f"{100 * x:.1f}").replace("-", "−") for x in (d.value, d.low, d.high))
    return f"{value} points ({low} to {high})"
