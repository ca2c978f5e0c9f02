"""Where time goes: by step and by group, what comes in against what is finished, and how long the stock takes to drain."""

from __future__ import annotations

import math

import pandas as pd

from sipnb.chapters.baseline.control_charts import source
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import About, BacklogFact, GroupClockFact, StepTimeFact
from sipnb.drivers import backlog, steps
from sipnb.show import figures, words
from sipnb.show.display import Shown, say, table
from sipnb.show.display import figure as drawn_figure

_STEPS = {
    "queue": "Waiting to be touched", "work": "In the hands of a group", "passed on": "Being passed on",
    "wait: user": "Waiting for the user", "wait: supplier": "Waiting for a supplier",
    "wait: approval": "Waiting for an approval",
    "wait: change": "Waiting for a change", "wait: problem": "Waiting for a problem’s fix", "wait: parts": "Waiting for parts",
    "wait: not said": "On hold, nobody says why",
}  # fmt: skip
#: So many groups are shown, those that held tickets longest.
GROUPS = 12


def spans(context: ServiceContext, days: int) -> pd.DataFrame:
    """The lives of the tickets that were open in the last `days`, in steps: see `drivers.steps.spans`; empty without events."""
    if not steps.told(context.scope):
        return pd.DataFrame(columns=["row", "start", "end", "step", "group", "hours"])
    return steps.spans(context.scope, context.cycle.last_days(days))


def by_step(found: pd.DataFrame) -> list[StepTimeFact]:
    """Agreed hours by step, the most first."""
    if found.empty:
        return []
    rows = steps.by_step(found, found["row"].nunique()).reset_index()
    return [StepTimeFact(**{**row, "tickets": int(row["tickets"])}) for row in rows.to_dict("records")]


def by_group(context: ServiceContext, found: pd.DataFrame) -> list[GroupClockFact]:
    """The clock of each group, the longest first; none where no event tells groups."""
    if found.empty or found["group"].isna().all():
        return []
    rows = steps.by_group(context.scope, found).reset_index().head(GROUPS)
    whole = ("tickets", "late_here", "given_late", "passed_late")
    return [
        GroupClockFact(**{k: int(v) if k in whole else v for k, v in row.items()}) for row in rows.to_dict("records")
    ]


def stock(context: ServiceContext, days: int = 92) -> BacklogFact | None:
    """What becomes of the stock at the pace of so many days; the goal is the target for the backlog where there is one."""
    found = backlog.backlog(context.scope, context.cycle.last_days(days), context.target("backlog"))
    if found is None:
        return None
    fields = {k: v for k, v in vars(found).items() if k != "drain"}
    fields["in_balance"] = found.opened * found.mean_days
    low, high = found.drain if found.drain else (None, None)
    return BacklogFact(**fields, above=found.drain is not None, drain_low=low, drain_high=high)


def weekdays(context: ServiceContext, days: int = 92) -> pd.DataFrame:
    """Tickets opened and finished a week by weekday, over so many days."""
    return backlog.by_weekday(context.scope, context.cycle.last_days(days))


def hours_of_day(context: ServiceContext, days: int = 92) -> pd.DataFrame:
    """The shares of tickets opened and finished by part of the day, over so many days."""
    return backlog.by_hour(context.scope, context.cycle.last_days(days))


def rhythm(by_weekday: pd.DataFrame, by_hour: pd.DataFrame, days: int) -> Shown:
    """When tickets come in and when they are finished, by weekday and by part of the day."""
    if not by_weekday["opened"].sum():
        return say("")
    total = by_weekday.sum()
    shares = by_weekday / total.where(total > 0)
    rows = [(name, row) for frame in (shares, by_hour) for name, row in frame.iterrows()]
    frame = pd.DataFrame(
        {
            "When": [words.upper(str(name)) for name, _ in rows],
            "Of all opened": [words.number(row["opened"], "share") for _, row in rows],
            "Of all finished": [words.number(row["finished"], "share") for _, row in rows],
        }
    )  # fmt: skip
    caption = f"When tickets come in and when they are finished, local time, last {days} days"
    return table(frame, caption, numeric=("Of all opened", "Of all finished"))


def figure(found: list[StepTimeFact], about: About, days: int) -> Shown:
    """The hours of each step."""
    if not found:
        return say("Where the time of tickets goes cannot be told: that needs a history of their states.")
    data = pd.DataFrame(
        {
            "Step": [_STEPS.get(s.step, s.step) for s in found], "Share of the time": [s.share for s in found],
            "Agreed hours": [s.hours for s in found], "Tickets": [s.tickets for s in found],
            "Hours each": [s.mean for s in found],
        }
    )  # fmt: skip
    rows = pd.DataFrame({"label": data["Step"], "share": data["Share of the time"]})
    most = found[0]
    finding = f"{_STEPS.get(most.step, most.step)}: {words.prose(most.share, 'share')} of all the time"
    return drawn_figure(
        figures.pareto(rows), name="steps", finding=finding,
        subtitle=f"Agreed hours of the tickets that were open in the last {days} days, over their whole lives, by step",
        alt=f"Bars of {words.plural(len(found), 'step')}; {words.lower(finding)}.", data=data,
        units={"Share of the time": "share", "Agreed hours": "number", "Tickets": "count", "Hours each": "number"},
        source=source(about),
    )  # fmt: skip


def groups(found: list[GroupClockFact]) -> Shown:
    """The clock of each group as a table."""
    if not found:
        return say("Which group held tickets for how long cannot be told: no event names groups.")
    frame = pd.DataFrame(
        {
            "Group": [g.group for g in found], "Tickets held": [f"{g.tickets:,}" for g in found],
            "Agreed hours": [words.significant(g.hours) for g in found],
            "Of the agreed time": [words.number(g.used, "ratio") if g.used is not None else "–" for g in found],
            "Became late here": [f"{g.late_here:,}" for g in found],
            "Came with most time used": [f"{g.given_late:,}" for g in found],
            "Passed on late": [f"{g.passed_late:,}" for g in found],
        }
    )  # fmt: skip
    return table(frame, "Who held tickets, and what became late with whom", numeric=tuple(frame.columns[1:]))


def said(one: BacklogFact | None, weekdays: pd.DataFrame, about: About) -> Shown:
    """The stock, what comes and goes, and when it will have drained, in sentences."""
    if one is None:
        return say("Too few weeks or tickets to say how the stock moves.")
    lines = [
        f"**{words.plural(one.stock, 'ticket')} {'is' if one.stock == 1 else 'are'} open**; {_usual(one.goal)}. "
        f"In {one.days} days {words.prose(one.opened, 'number')} came a day and "
        f"{words.prose(one.finished, 'number')} were finished."
    ]
    if one.above:
        lines.append(_drained(one))
    if one.ratio is not None and abs(one.ratio - 1) > 0.25:
        lines.append(
            f"Stock and pace do not fit: at this pace {words.prose(one.mean_days, 'days')} each would leave "
            f"{words.prose(one.in_balance, 'number')} open, and {words.prose(one.mean_stock, 'number')} were. "
            "Old tickets are left lying while new ones are finished."
            if one.ratio > 1 else "Old tickets are being cleared: those finished lately had waited longer than those open now."
        )  # fmt: skip
    if not weekdays.empty:
        more = weekdays["opened"] - weekdays["finished"]
        if more.max() > 0.1 * max(weekdays["opened"].sum(), 1):
            lines.append(f"Most is left over on {more.idxmax()}s.")
    return say(*lines)


def _usual(goal: float | None) -> str:
    if goal is None:
        return "the records do not reach back far enough to say how many are usual"
    return f"usual or agreed are {words.prose(goal, 'number')}"


def _drained(one: BacklogFact) -> str:
    if one.drain_low is None or math.isinf(one.drain_low):
        return "At this pace it does not get less."
    first = f"At the pace of these weeks it is back there after {words.prose(one.drain_low, 'days')} at the soonest"
    return (
        f"{first}, and perhaps never."
        if one.drain_high is None
        else f"{first} and {words.prose(one.drain_high, 'days')} at the latest."
    )
