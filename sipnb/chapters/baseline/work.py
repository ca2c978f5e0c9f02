"""Work coming in, going out and left over, and how it is handled."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb import kpis
from sipnb.chapters.baseline.history import source
from sipnb.chapters.facts import AgeFact, BaselineFacts, FlowFact, PartFact
from sipnb.chapters.subject import Subject
from sipnb.kpis import handling
from sipnb.show import figures, words
from sipnb.show.display import Shown, figure, folded, points, say, table, together


def flow_table(subject: Subject) -> pd.DataFrame:
    """Opened, resolved and stock by cycle (index cycle; columns label, before, opened, resolved, unresolved, after)."""
    scope = subject.scope
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


def ages(subject: Subject) -> list[AgeFact]:
    """How much of the backlog is older than one, five, thirty and ninety days."""
    found = [(days, kpis.last(handling.aged(subject.scope, days))) for days in handling.AGES]
    return [AgeFact(days=days, value=m.value, low=m.low, high=m.high, n=m.n) for days, m in found if m.n]


def holds(subject: Subject) -> list[PartFact]:
    """Hours on hold by the state tickets were held in."""
    found = handling.holds_by_reason(subject.scope)
    return [PartFact(name=r.reason, amount=r.hours, share=r.share) for r in found.itertuples(index=False)]


def flow_figure(measured) -> Shown:
    """Opened, resolved and stock by cycle."""
    frame, facts = measured.flow, measured.facts
    if len(frame) < 2:
        return say("Fewer than two whole cycles of tickets so far: there is no course to draw.")
    now = frame.iloc[-1]
    change = int(now["after"] - now["before"])
    what = f"grew by {change:,}" if change > 0 else f"fell by {-change:,}" if change < 0 else "stayed the same"
    data = pd.DataFrame(
        {
            "Cycle": frame["label"], "Opened": frame["opened"], "Resolved": frame["resolved"],
            "Opened less resolved": frame["opened"] - frame["resolved"], "Open after": frame["after"],
        }
    )  # fmt: skip
    if frame["unresolved"].any():
        data.insert(3, "Ended without resolution", frame["unresolved"])
    return figure(
        figures.flow(frame["opened"], frame["resolved"], frame["after"], list(frame["label"])),
        name="flow",
        finding=f"{words.plural(int(now['after']), 'ticket')} left open; the stock {what}",
        subtitle=f"Tickets opened by {facts.about.period}, opened less resolved (net), and open at its end",
        alt=f"Tickets opened and resolved over {len(frame)} cycles. In the last, {now['opened']:,} were opened and "
        f"{now['resolved']:,} resolved, leaving {now['after']:,} open.",
        data=data,
        units=dict.fromkeys(data.columns[1:], "count"),
        source=source(facts.about),
    )


def flow_identity(facts: BaselineFacts) -> Shown:
    """The stock identity in numbers."""
    f = facts.flow
    if f is None:
        return say("")
    otherwise = f" − {f.unresolved:,} ended without a resolution" if f.unresolved else ""
    return say(
        f"{f.stock_before:,} open before + {f.opened:,} opened − {f.resolved:,} resolved{otherwise} = "
        f"**{f.stock_after:,} open** at the cut-off."
    )


def fine_figure(measured) -> Shown:
    """Tickets opened by day or week, where there are enough of them."""
    one, facts = measured.fine, measured.facts
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
        source=source(facts.about),
    )  # fmt: skip


def ages_table(facts: BaselineFacts) -> Shown:
    """How old the backlog is."""
    if not facts.ages:
        return say("No ticket is open at the cut-off.")
    frame = pd.DataFrame(
        {
            "Open longer than": [words.plural(a.days, "day") for a in facts.ages],
            "Share of the backlog": [words.number(a.value, "share") for a in facts.ages],
            "95 % interval": [words.interval(a.low, a.high, "share") for a in facts.ages],
            "n open": [f"{a.n:,}" for a in facts.ages],
        }
    )
    return table(frame, "How long open tickets have waited", numeric=tuple(frame.columns[1:]))


def handling_table(facts: BaselineFacts) -> Shown:
    """How tickets were handled: reopened, first contact, first group, passed on, on hold."""
    return some(facts, ("reopen_rate", "first_contact_rate", "first_assignment_rate", "multi_hop_share", "on_hold_share"),
                "How tickets were handled")  # fmt: skip


def some(facts: BaselineFacts, wanted: tuple[str, ...], caption: str) -> Shown:
    """A few measures side by side, with what is counted; those without data say so."""
    rows = []
    for kpi in wanted:
        k = facts.measure(kpi)
        if k is not None:
            rows.append(
                {
                    "Measure": k.title,
                    "Value": words.number(k.value, k.unit, facts.about.currency),
                    "95 % interval": words.interval(k.low, k.high, k.unit, facts.about.currency, beside=k.value),
                    "n": f"{k.n:,}",
                    "Target": "–" if k.target is None else words.number(k.target, k.unit, facts.about.currency),
                    "Since previous": words.difference(k.value, k.previous, k.unit, facts.about.currency),
                    "Change": words.change(k),
                }
            )
    missing = {facts.titles[kpi]: facts.without_data[facts.titles[kpi]] for kpi in wanted if facts.measure(kpi) is None}
    lacking = " ".join(f"No data on {words.lower(title)}: {why}." for title, why in missing.items())
    if not rows:
        return say(lacking)
    numeric = ("Value", "95 % interval", "n", "Target", "Since previous")
    shown = table(
        pd.DataFrame(rows),
        f"{caption}, {facts.about.cycle_label}" + (f". {lacking}" if lacking else ""),
        numeric=numeric,
    )
    counted = points(
        [f"**{k.title}** ({k.definition}): {k.formula}." for k in map(facts.measure, wanted) if k is not None]
    )
    return together(shown, folded(counted, "What is counted"))


def holds_table(facts: BaselineFacts) -> Shown:
    """Where the time on hold goes."""
    if not facts.holds:
        return say("No data on why tickets were on hold.")
    total = sum(p.amount for p in facts.holds)
    frame = pd.DataFrame(
        {
            "State": [p.name for p in facts.holds],
            "Hours on hold": [words.significant(p.amount) for p in facts.holds],
            "Share": [words.number(p.share, "share") for p in facts.holds],
        }
    )
    caption = (
        f"Time on hold of the tickets resolved in {facts.about.cycle_label}: {words.significant(total)} h by state"
    )
    return table(frame, caption, numeric=("Hours on hold", "Share"))
