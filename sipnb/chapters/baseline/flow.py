"""Work coming in, going out and left over, and how it is handled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sipnb import kpis
from sipnb.chapters.baseline.charts import Charted
from sipnb.chapters.baseline.control_charts import source
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import About, AgeFact, FlowFact, PartFact
from sipnb.kpis import handling
from sipnb.show import figures, words
from sipnb.show.display import Shown, figure, say, table


def flow_table(context: ServiceContext) -> pd.DataFrame:
    """Opened, resolved and stock by cycle (index cycle; columns label, before, opened, resolved, unresolved, after)."""
    scope = context.scope
    tickets = scope.records.tickets
    after = scope.stock(tickets["opened"], tickets["ended"])
    opened, resolved = scope.count(scope.opened), scope.count(scope.resolved)
    unresolved = scope.count(np.where(tickets["resolved"].isna(), scope.place(tickets["ended"]), -1))
    frame = pd.DataFrame(
        {
            "label": [c.short for c in scope.cycles],
            "before": after - opened + resolved + unresolved,
            "opened": opened,
            "resolved": resolved,
            "unresolved": unresolved,
            "after": after,
        },
        index=pd.Index([c.name for c in scope.cycles], name="cycle"),
    )
    return frame.loc[[c.name for c in kpis.covered("volume", scope)]] if len(tickets) else frame.iloc[:0]


def flow(frame: pd.DataFrame) -> FlowFact | None:
    """The stock identity of the last cycle."""
    if frame.empty:
        return None
    now = frame.iloc[-1]
    return FlowFact(
        stock_before=int(now["before"]), opened=int(now["opened"]), resolved=int(now["resolved"]),
        unresolved=int(now["unresolved"]), stock_after=int(now["after"]),
    )  # fmt: skip


def ages(context: ServiceContext) -> list[AgeFact]:
    """How much of the backlog is older than one, five, thirty and ninety days."""
    if context.scope.records.tickets.empty:
        return []
    found = [(days, kpis.last(handling.aged(context.scope, days))) for days in handling.AGES]
    return [AgeFact(days=days, value=m.value, low=m.low, high=m.high, n=m.n) for days, m in found if m.n]


def holds(context: ServiceContext) -> list[PartFact]:
    """Hours on hold by the state tickets were held in."""
    found = handling.holds_by_reason(context.scope)
    return [PartFact(name=r.reason, amount=r.hours, share=r.share) for r in found.itertuples(index=False)]


def flow_figure(frame: pd.DataFrame, about: About) -> Shown:
    """Opened, resolved and stock by cycle."""
    if len(frame) < 2:
        return say(f"Fewer than two whole {about.period}s of tickets so far: there is no course to draw.")
    now = frame.iloc[-1]
    change = int(now["after"] - now["before"])
    what = f"grew by {change:,}" if change > 0 else f"fell by {-change:,}" if change < 0 else "stayed the same"
    data = pd.DataFrame(
        {
            words.upper(about.period): frame["label"], "Opened": frame["opened"], "Resolved": frame["resolved"],
            "Opened less resolved": frame["opened"] - frame["resolved"], "Open after": frame["after"],
        }
    )  # fmt: skip
    if frame["unresolved"].any():
        data.insert(3, "Ended without resolution", frame["unresolved"])
    return figure(
        figures.flow(frame["opened"], frame["resolved"], frame["after"], list(frame["label"])),
        name="flow",
        finding=f"{words.plural(int(now['after']), 'ticket')} left open; the stock {what}",
        subtitle=f"Tickets opened by {about.period}, opened less resolved (net), and open at its end",
        alt=f"Tickets opened and resolved over {len(frame)} {about.period}s. In the last, {now['opened']:,} were opened and "
        f"{now['resolved']:,} resolved, leaving {now['after']:,} open.",
        data=data,
        units=dict.fromkeys(data.columns[1:], "count"),
        source=source(about),
    )


def flow_identity(f: FlowFact | None) -> Shown:
    """The stock identity in numbers."""
    if f is None:
        return say("")
    otherwise = f" − {f.unresolved:,} ended without a resolution" if f.unresolved else ""
    return say(
        f"{f.stock_before:,} open before + {f.opened:,} opened − {f.resolved:,} resolved{otherwise} = "
        f"**{f.stock_after:,} open** at the cut-off."
    )


def fine_figure(one: Charted | None, about: About) -> Shown:
    """Tickets opened by day or week, where there are enough of them."""
    if one is None:
        return say("Too few tickets for a chart by week or day.")
    latest = one.line["raw"].iloc[-1] if "raw" in one.line else one.line["value"].iloc[-1]
    by_day = one.grain == "day"
    usual = float(one.chart.points["mean"].iloc[-1])
    stand_out = words.plural(one.chart.signals, f"{one.grain} stands", f"{one.grain}s stand")
    drawn = one.chart.points.assign(low=one.chart.points["low"].clip(lower=0))
    data = pd.DataFrame({one.grain.capitalize(): one.line["label"], "Opened": one.line["raw"]})
    if by_day:
        data["Weekday taken out"] = one.line["value"]
    data["Usual from"], data["Usual to"] = drawn["low"], drawn["high"]
    data["Signal"] = [words.VARIATION[s][1] for s in one.chart.points["signal"]]
    return figure(
        figures.control_chart(drawn, list(one.line["label"]), "count", "", None),
        name="volume-fine",
        finding=f"About {usual:,.0f} tickets a {one.grain}; {stand_out} out",
        subtitle=f"Tickets opened by {one.grain}" + (", each weekday against its own level" if by_day else "")
        + f"; grey band: usual range; about {one.chart.expected_false:.0f} would stand out by chance",
        alt=f"Control chart of tickets opened over {one.chart.n} {one.grain}s, usually about {usual:,.0f}; "
        f"the last had {latest:,.0f}.",
        data=data,
        units={"Opened": "count", "Weekday taken out": "number", "Usual from": "number", "Usual to": "number"},
        source=source(about),
    )  # fmt: skip


def ages_table(ages: Sequence[AgeFact]) -> Shown:
    """How old the backlog is."""
    if not ages:
        return say("No ticket is open at the cut-off.")
    frame = pd.DataFrame(
        {
            "Open longer than": [words.plural(a.days, "day") for a in ages],
            "Share of the backlog": [words.number(a.value, "share") for a in ages],
            "95 % interval": [words.interval(a.low, a.high, "share") for a in ages],
            "n open": [f"{a.n:,}" for a in ages],
        }
    )
    return table(frame, "How long open tickets have waited", numeric=tuple(frame.columns[1:]))


def holds_table(holds: Sequence[PartFact], about: About) -> Shown:
    """Where the time on hold goes."""
    if not holds:
        return say("No data on why tickets were on hold.")
    total = sum(p.amount for p in holds)
    frame = pd.DataFrame(
        {
            "State": [p.name for p in holds],
            "Hours on hold": [words.significant(p.amount) for p in holds],
            "Share": [words.number(p.share, "share") for p in holds],
        }
    )
    caption = f"Time on hold of the tickets resolved in {about.cycle_label}: {words.significant(total)} h by state"
    return table(frame, caption, numeric=("Hours on hold", "Share"))
