"""Where the misses are: which part of the tickets is missed more often than the others, or that none is.

Most misses lie where most tickets are. That says nothing, so each part's share of the misses stands beside its share of the
tickets, and only a part that is clearly missed more often is named.
"""

from __future__ import annotations

import pandas as pd

from sipnb.chapters.baseline.control_charts import source
from sipnb.chapters.facts import About, MissesFact, MissPartFact
from sipnb.drivers import attributes
from sipnb.kpis import attainment
from sipnb.kpis.scope import Scope
from sipnb.methods import proportions
from sipnb.methods.pareto import over_represented, pareto, telling
from sipnb.show import figures, words
from sipnb.show.display import Shown, say
from sipnb.show.display import figure as drawn_figure

#: So many parts are drawn.
PARTS = 8
#: By what tickets are separated, in the order in which equals are preferred, with the words for it.
ATTRIBUTES = {
    "category": "category", "subcategory": "subcategory", "first_group": "first group", "group": "group", "priority": "priority",
    "kind": "kind", "channel": "channel", "configuration_item": "configuration item",
}  # fmt: skip
#: Parts that are handed over; many more of a table nobody reads.
MOST = 40
_ANSWER = {True: "yes", False: "no"}


def explained(tickets: pd.DataFrame, missed: pd.Series) -> pd.DataFrame:
    """How much of the misses each attribute of tickets explains, the one that explains most first; see `pareto.telling`."""
    return telling(tickets[list(ATTRIBUTES)].astype("str"), missed)


def concentrated(
    tickets: pd.DataFrame, missed: pd.Series, told: pd.DataFrame, cycles: int, fewest: int = 20
) -> MissesFact | None:
    """Where tickets miss their target, by the attribute that tells most of it.

    `tickets` are those decided in the last `cycles`, `missed` says which missed, `told` is as `explained` gives it. None with
    fewer than `fewest` misses, or where no attribute has several values.
    """
    waiting = int((missed & tickets["resolved"].isna()).sum())
    if missed.sum() < fewest or told.empty:
        return None
    differs = bool(told["found"].any())
    # Where none tells anything the first that has several values shows as much.
    by = told.index[0] if differs else next(name for name in ATTRIBUTES if name in told.index)
    # A number alone tells a reader nothing.
    values = ("Priority " if by == "priority" else "") + tickets[by].astype("str")
    known = values.notna()
    # Equal counts in the order of their names.
    cases = values[known].value_counts().sort_index()
    late = values[known & missed].value_counts().reindex(cases.index, fill_value=0)
    more = pd.Series(over_represented(late, cases) & differs, index=cases.index)
    ranked = pareto(late)
    rates = proportions.wilson_series(late, cases)
    parts = [
        MissPartFact(
            name=str(name), **row, tickets=int(cases[name]), of_tickets=float(cases[name] / cases.sum()),
            rate=float(rates.at[name, "value"]), rate_low=float(rates.at[name, "low"]),
            rate_high=float(rates.at[name, "high"]), more=bool(more[name]),
        )
        for name, row in ranked.to_dict("index").items()
    ]  # fmt: skip
    kept = [part for at, part in enumerate(parts) if part.more or at < MOST]
    return MissesFact(
        by=ATTRIBUTES[by], n=int(late.sum()), cycles=cycles, parts=kept[:MOST], tickets=int(cases.sum()), waiting=waiting,
        share=float(late.sum() / cases.sum()),
        explained=float(told.at[by, "explained"]), p=float(told.at[by, "p"]), differs=differs,
    )  # fmt: skip


def decided(scope: Scope, cycles: int = 3) -> tuple[pd.DataFrame, pd.Series]:
    """The tickets whose outcome was decided in the last `cycles`, those open past their due time among them, and which missed.

    Where events tell it, `first_group` is the group they began in and stands for `group`: who holds a ticket last depends on
    how long it took. What those were that came from another service is left out (`attributes.opening`).
    """
    outcome = attainment.decided(scope)
    first = max(len(scope.cycles) - cycles, 0)
    inside = (scope.place(outcome["at"]) >= first) & outcome["met"].notna().to_numpy()
    tickets = scope.records.tickets
    known = scope.records.supplies("ticket_events", "group")
    groups = {"first_group": attributes.first_group(scope), "group": pd.NA} if known else {"first_group": pd.NA}
    opening = [*attributes.OPENING, "first_group"]
    tickets = tickets.assign(**groups)
    tickets[opening] = tickets[opening].mask(attributes.moved(tickets))
    return tickets[inside], ~outcome["met"][inside].astype(bool)


def figure(m: MissesFact | None, about: About) -> Shown:
    """The parts that hold most misses, beside their part of the tickets; or why there is no such figure."""
    if m is None:
        return say("Too few tickets with a category, group or priority missed their target: there is nothing to rank.")
    named = _named(m)
    rest = [part for part in m.parts if part not in named]
    shown = sorted([*named, *rest[: PARTS - len(named)]], key=lambda p: -p.count)
    others = m.n - sum(part.count for part in shown)
    rows = pd.DataFrame(
        [{"label": p.name, "share": p.share, "low": p.low, "high": p.high, "of_all": p.of_tickets} for p in shown]
    )
    data = pd.DataFrame(
        {
            words.upper(m.by): [p.name for p in shown], "Misses": [p.count for p in shown],
            "Of the misses": [p.share for p in shown], "95 % from": [p.low for p in shown], "95 % to": [p.high for p in shown],
            "Of the tickets": [p.of_tickets for p in shown], "Tickets": [p.tickets for p in shown],
            "Missed": [p.rate for p in shown], "Missed, 95 % from": [p.rate_low for p in shown],
            "Missed, 95 % to": [p.rate_high for p in shown], "Surely among the top 3": [_ANSWER[p.top >= 0.95] for p in shown],
            "Clearly missed more often": [_ANSWER[p.more] for p in shown],
        }
    )  # fmt: skip
    first = named[0] if named else shown[0]
    both = f"{words.prose(first.share, 'share')} of the misses, {words.prose(first.of_tickets, 'share')} of the tickets"
    finding = (
        f"{words.clipped(first.name, 40)}: {both}" if named else f"No {m.by} stands out: misses lie where tickets are"
    )
    more = f" {others:,} more misses lie in other parts." if others else ""
    late = f", {m.waiting:,} of them still open" if m.waiting else ""
    counts = ("Misses", "Tickets")
    shares = (
        "Of the misses",
        "95 % from",
        "95 % to",
        "Of the tickets",
        "Missed",
        "Missed, 95 % from",
        "Missed, 95 % to",
    )
    return drawn_figure(
        figures.pareto(rows), name="misses", finding=finding,
        subtitle=f"Bar: share of the {m.n:,} misses among {m.tickets:,} tickets decided in the last "
        f"{words.plural(m.cycles, about.period)}{late}, by "
        f"{m.by}; whisker: 95 % interval; mark: share of the tickets." + more,
        alt=f"Bars of {len(shown)} parts of {m.n:,} misses by {m.by}, each with its part of the tickets; "
        f"{words.clipped(first.name, 60)} holds {both}.",
        data=data, units={**dict.fromkeys(counts, "count"), **dict.fromkeys(shares, "share")}, source=source(about),
        definition="sla_attainment",
    )  # fmt: skip


def _named(m: MissesFact) -> list[MissPartFact]:
    """The parts that are clearly missed more often, those first that hold most misses beyond their part of the tickets."""
    return sorted((p for p in m.parts if p.more), key=lambda p: p.of_tickets - p.share)[:3]


def said(m: MissesFact | None) -> Shown:
    """Which parts are missed more often than the others; nothing where none is."""
    if m is None or not (named := _named(m)):
        return say("")
    each = [
        f"**{p.name}** ({words.prose(p.share, 'share')} of the misses, {words.prose(p.of_tickets, 'share')} of the tickets; "
        f"{words.prose(p.rate, 'share')} of them missed)"
        for p in named
    ]
    verb = "misses its target" if len(named) == 1 else "miss their target"
    return say(
        f"By {m.by}, {words.listed(each)} {verb} clearly more often than the others; of all tickets "
        f"{words.prose(m.share, 'share')} do."
    )
