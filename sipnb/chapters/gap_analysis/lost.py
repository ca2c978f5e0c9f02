"""Users' hours lost: how many in the cycle, by what, how few tickets hold most of them, and what they are worth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb.chapters.baseline.control_charts import source
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import About, GapFact, LostFact, LostPartFact
from sipnb.drivers import hours
from sipnb.kpis import attainment
from sipnb.methods.proportions import Estimate
from sipnb.show import figures, words
from sipnb.show.display import Shown, say
from sipnb.show.display import figure as drawn_figure

#: A Pareto of hours tells how few tickets hold so much of them.
MOST_OF = 0.8
LEAST = 0.01
_PARTS = {
    "late": "Waiting beyond what was agreed", "reopened": "On reopened tickets", "passed on": "On tickets passed to and fro",
    "down": "Service down",
}  # fmt: skip
#: Which part of the hours is behind a measure.
OF_MEASURE = {
    **dict.fromkeys(("sla_attainment", "sla_reported", "restore_median", "restore_mean", "restore_p90", "restore_p95"), "late"),
    "reopen_rate": "reopened", "multi_hop_share": "passed on", "first_assignment_rate": "passed on",
    **dict.fromkeys(("availability", "availability_all", "outage_count", "mtbf"), "down"),
}  # fmt: skip


def by_cycle(context: ServiceContext) -> pd.DataFrame:
    """Users' hours lost in each cycle: a column a part, `hours`, and its interval; see `drivers.hours.by_cycle`."""
    return hours.by_cycle(context.scope, context.workbook.settings.value.affected)


def concentration(context: ServiceContext, days: int = 184) -> pd.Series:
    """The hours that each ticket lost in so many days, the most first; tickets that were open in them, by their index."""
    window = context.cycle.last_days(days)
    tickets = context.records.tickets
    there = (tickets["opened"] < window.cutoff) & ~(tickets["ended"] < window.opens)
    lost = hours.by_ticket(context.scope, window)[there]
    return lost.sort_values(ascending=False, kind="stable")


def fact(context: ServiceContext, frame: pd.DataFrame, each: pd.Series, days: int) -> LostFact | None:
    """The hours of the cycle, what they are worth, and how few tickets hold most; None where no part can be told."""
    if frame.empty or words.is_missing(float(frame["hours"].iloc[-1])):
        return None
    last, before = frame.iloc[-1], frame["hours"].iloc[:-1]
    money = worth(context, last)
    few = _few(each)
    total = float(last["hours"])
    parts = [
        LostPartFact(part=p, hours=float(last[p]), share=float(last[p] / total) if total and last[p] == last[p] else None)
        for p in hours.PARTS
    ]  # fmt: skip
    return LostFact(
        hours=total, low=float(last["low"]), high=float(last["high"]), parts=parts,
        previous=float(before.iloc[-1]) if len(before) else None,
        usual=float(before.tail(12).mean()) if before.tail(12).notna().any() else None,
        users=float(hours.users(context.scope)[-1]), affected=context.workbook.settings.value.affected,
        **({} if money is None else {"money": money[1], "money_low": money[0], "money_high": money[2]}),
        days=days, of_tickets=few, of_hours=MOST_OF if few is not None else None, tickets=len(each),
    )  # fmt: skip


def _few(each: pd.Series) -> float | None:
    """Which part of the tickets holds most of the hours."""
    if not len(each) or each.sum() <= 0:
        return None
    at = int(np.searchsorted(each.cumsum().to_numpy(), MOST_OF * each.sum())) + 1
    return at / len(each)


def worth(context: ServiceContext, last: pd.Series) -> tuple[float, float, float] | None:
    """What a cycle's hours come to in money: low, likely and high rates; None where no rate is given.

    An hour of downtime is counted by its own rate where there is one, and then not as hours of users too.
    """
    value = context.workbook.settings.value
    if not (value.user_hour or value.late_ticket or value.downtime_hour):
        return None
    waited = float(last[["late", "reopened", "passed on"]].sum())
    users = float(hours.users(context.scope)[-1])
    down = float(last["down"]) if last["down"] == last["down"] else 0.0
    late = _late_tickets(context)
    total = np.zeros(3)
    if value.user_hour:
        total += np.array(value.user_hour) * (waited + (0.0 if value.downtime_hour else down))
    if value.downtime_hour and users:
        total += np.array(value.downtime_hour) * down / (users * value.affected)
    for priority, rate in value.late_ticket.items():
        total += np.array(rate) * late.get(priority, 0)
    return tuple(float(one) for one in total)


def _late_tickets(context: ServiceContext) -> dict[int, int]:
    decided = attainment.decided(context.scope)
    mine = (context.scope.place(decided["at"]) == len(context.scope.cycles) - 1) & decided["met"].eq(False).fillna(
        False
    )
    counts = context.records.tickets["priority"][mine.to_numpy(bool)].value_counts()
    return {int(priority): int(n) for priority, n in counts.items()}


def beyond(gap: GapFact, lost: LostFact | None) -> float | None:
    """The hours of a measure that are lost beyond what its target allows; None where no hours are behind it.

    Of a share that may go wrong, what is lost is cut in proportion; of a time all of its hours count while it is missed.
    """
    part = OF_MEASURE.get(gap.kpi)
    if lost is None or part is None or gap.gap is None or gap.gap <= 0 or gap.value is None:
        return None
    found = next((p.hours for p in lost.parts if p.part == part), None)
    if found is None or gap.unit != "share":
        return found
    wrong = 1 - gap.value if gap.good == "up" else gap.value
    return found * min(1.0, gap.gap / wrong) if wrong > 0 else 0.0


def told(value: float | None) -> str:
    """Hours in a sentence, rounded to three digits and never in days: hours of many users make no calendar."""
    return words.NO_DATA if words.is_missing(value) else f"{words.rough(float(value))} hours"


def figure(frame: pd.DataFrame, lost: LostFact | None, about: About, labels: list[str]) -> Shown:
    """Users' hours lost over the cycles, by what they were lost."""
    if lost is None:
        return say(
            "How many hours users lose cannot be told: that needs due times of tickets, their events, or outages and the number "
            "of users."
        )
    # What is a hundredth of all is in the table, and no picture of its own.
    parts = [p for p in hours.PARTS if frame[p].notna().any() and frame[p].sum() > LEAST * frame["hours"].sum()]
    if not parts:
        return say(f"No hour was lost beyond what was agreed in the last {words.plural(len(frame), about.period)}.")
    rows = frame[parts].fillna(0.0)
    first = max(lost.parts, key=lambda p: p.hours or 0.0)
    finding = f"Users lost {told(lost.hours)}, most of them: {words.lower(_PARTS[first.part])}"
    data = frame[list(hours.PARTS)].rename(columns=_PARTS).assign(All=frame["hours"]).reset_index(drop=True)
    data.insert(0, words.upper(about.period), labels)
    return drawn_figure(
        figures.parts(rows.reset_index(drop=True), [_PARTS[p] for p in parts], labels), name="hours-lost", finding=finding,
        subtitle=f"Hours that users lost in each {about.period}, by what: agreed hours a ticket waited past its due time, "
        "after it was reopened, or while it was passed on; and hours of outages for the users affected",
        alt=f"Columns by {about.period}, a panel a part; the latest {about.period} holds {told(lost.hours)}.", data=data,
        units={name: "number" for name in data.columns[1:]}, source=source(about),
    )  # fmt: skip


def said(lost: LostFact | None, about: About) -> Shown:
    """The hours of the cycle in sentences: how many, how sure, worth what, and how few tickets hold most."""
    if lost is None:
        return say("")
    sure = (
        f"; as the service runs it loses {words.rough(lost.low)} to {words.rough(lost.high)} in such a {about.period}"
        if not words.is_missing(lost.low) and not words.is_missing(lost.high)
        else ""
    )
    lines = [f"In this {about.period} users lost **{told(lost.hours)}**{sure}."]
    untold = [_PARTS[p.part] for p in lost.parts if p.hours is None]
    if untold:
        lines.append(f"Not counted, because it is not on record: {words.listed([words.lower(u) for u in untold])}.")
    if lost.money is not None:
        lines.append(
            f"By the organisation’s own rates that is worth {words.prose(lost.money, 'money', about.currency)}"
            + (
                f" ({words.interval(lost.money_low, lost.money_high, 'money', about.currency, words.prose)})."
                if lost.money_low != lost.money_high else "."
            )
        )  # fmt: skip
    if lost.of_tickets is not None:
        lines.append(
            f"Of the tickets of the last {lost.days} days {words.prose(lost.of_tickets, 'share')} hold "
            f"{words.prose(lost.of_hours, 'share')} of the hours that tickets lost."
        )
    if any(p.part == "down" and p.hours for p in lost.parts):
        lines.append(
            f"An outage counts for {words.prose(lost.affected, 'share')} of the {words.number(lost.users)} users."
            if lost.affected < 1 else "An outage counts as if every user had needed the service for as long as it lasted."
        )  # fmt: skip
    return say(*lines)


def estimate(found: Estimate | None) -> dict[str, float | None]:
    """The fields of an estimate of hours, for a fact."""
    if found is None:
        return {}
    return {"hours": found.value, "hours_low": found.low, "hours_high": found.high}
