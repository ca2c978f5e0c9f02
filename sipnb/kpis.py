"""The figures: one function for each KPI of the catalogue, computed from a service's frozen records.

A period without rows is "no data" (NaN with n = 0), never 0 and never 100 %. Shares are ratios of sums; medians come
from rows. What happened after the end of a cycle is not known in it: an earlier cycle is measured as it stood then,
except that its resolutions may have become known since, which is how its censored tickets are resolved.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from sipnb.catalogue import KPIS, Kpi
from sipnb.cycles import Cycle
from sipnb.methods import durations, proportions
from sipnb.records import clocks, spells
from sipnb.records.frozen import Records


@dataclass(frozen=True)
class Measure:
    """One figure: its value, 95 % interval (NaN where it is a plain count), and what it rests on."""

    value: float
    low: float
    high: float
    n: int
    numerator: float = math.nan
    denominator: float = math.nan

    def record(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


NO_DATA = Measure(math.nan, math.nan, math.nan, 0)


def measure(kpi: str, records: Records, cycle: Cycle, severities: list[str] | None = None) -> Measure:
    """The KPI `kpi` of one cycle. `severities` are the outage severities that count (None: all)."""
    if any(not records.has(table) for table in KPIS[kpi].needs):
        return NO_DATA
    return _FUNCTIONS[kpi](records, cycle, severities)


def series(kpi: str, records: Records, cycles: list[Cycle], severities: list[str] | None = None) -> pd.DataFrame:
    """The KPI over cycles: index cycle name, columns value, low, high, n, numerator, denominator, label.

    Cycles that the records do not cover as a whole are left out.
    """
    cycles = covered(kpi, records, cycles)
    rows = [measure(kpi, records, cycle, severities).record() | {"label": cycle.short} for cycle in cycles]
    columns = ["value", "low", "high", "n", "numerator", "denominator", "label"]
    return pd.DataFrame(rows, index=pd.Index([c.name for c in cycles], name="cycle"), columns=columns)


def covered(kpi: str, records: Records, cycles: list[Cycle]) -> list[Cycle]:
    """The cycles that lie wholly inside the records: from the first one that begins with them.

    A first cycle counts when its first row falls into its first tenth: a service that is six weeks old has one whole
    month, not two.
    """
    start = _first(KPIS[kpi], records)
    if start is None:
        return []
    return [c for c in cycles if start <= c.opens + (c.cutoff - c.opens) / 10]


def _first(kpi: Kpi, records: Records) -> pd.Timestamp | None:
    # Quiet services have no outages for months: there the organisation's first row tells when recording began.
    table = kpi.needs[0]
    if not records.has(table):
        return None
    if table in ("outages", "costs"):
        return _began(records, table)
    column = {"tickets": "opened", "changes": "started", "surveys": "answered"}[table]
    first = records.table(table)[column].min()
    return None if pd.isna(first) else first


def _began(records: Records, table: str) -> pd.Timestamp | None:
    first = records.quality["tables"][table]["first"]
    if not first:
        return None
    first = pd.to_datetime(first, utc=True)
    tickets = records.tickets["opened"]
    if tickets.empty:
        return None if records.outages.empty else first
    # A service that opens tickets at this rate would have been seen before (a chance of one in a million that not,
    # were its tickets Poisson): it did not exist yet, and its months without an outage are not good months.
    before = pd.to_datetime(records.quality["tables"]["tickets"]["first"], utc=True)
    own = tickets.min()
    rate = len(tickets) / (_known_until(records) - own).total_seconds()
    unseen = rate * (own - before).total_seconds()
    return max(first, own) if unseen > 14 else first


def within(times: pd.Series, cycle: Cycle) -> pd.Series:
    """Which of these instants fall into the cycle."""
    return (times >= cycle.opens) & (times < cycle.cutoff)


def lumpy(series: pd.DataFrame) -> bool:
    """Whether more than half of the values are the same one: a month without an outage is like any other.

    Individual values of rare events do not scatter around a mean; limits and forecasts from them would claim too much.
    """
    values = series["value"].dropna()
    return len(values) > 0 and int(values.value_counts().iloc[0]) * 2 > len(values)


def opened_in(records: Records, cycle: Cycle) -> pd.DataFrame:
    """Tickets opened in the cycle."""
    return records.tickets[within(records.tickets["opened"], cycle)]


def resolved_in(records: Records, cycle: Cycle) -> pd.DataFrame:
    """Tickets resolved in the cycle."""
    return records.tickets[within(records.tickets["resolved"], cycle)]


def open_at(records: Records, when: pd.Timestamp) -> pd.DataFrame:
    """Tickets opened before `when` and not resolved by then."""
    tickets = records.tickets
    return tickets[(tickets["opened"] < when) & ~(tickets["resolved"] < when)]


def past_due(tickets: pd.DataFrame, when: pd.Timestamp) -> pd.Series:
    """Which open tickets have already missed their target at `when`: by due time, or as the tool recorded it.

    A tool that keeps a running mark (met until it is missed) says so in `sla_met` of an open ticket.
    """
    recorded = (tickets["sla_met"] == False).fillna(False).astype(bool)  # noqa: E712 - three-valued
    still_open = tickets["resolved"].isna()
    return (tickets["sla_due"] < when) | (recorded & still_open & tickets["sla_due"].isna())


def sla_attainment(records: Records, cycle: Cycle, _: Any = None) -> Measure:
    """Headline attainment: open tickets already past due count as missed."""
    known = resolved_in(records, cycle)["sla_met"].dropna()
    open_ones = open_at(records, cycle.cutoff)
    missed_open = int(past_due(open_ones, cycle.cutoff).sum())
    return _share(int(known.sum()), len(known) + missed_open)


def sla_reported(records: Records, cycle: Cycle, _: Any = None) -> Measure:
    """Attainment as other tools report it: resolved tickets only."""
    known = resolved_in(records, cycle)["sla_met"].dropna()
    return _share(int(known.sum()), len(known))


def sla_opened(records: Records, cycle: Cycle) -> Measure:
    """Attainment of the tickets opened in the cycle; open ones count as missed once past due, else are left out."""
    tickets = opened_in(records, cycle)
    done = tickets[tickets["resolved"].notna()]["sla_met"].dropna()
    late = int(past_due(tickets[tickets["resolved"].isna()], cycle.cutoff).sum())
    return _share(int(done.sum()), len(done) + late)


def sla_stock(records: Records, cycle: Cycle) -> Measure:
    """Of the tickets open at the cut-off whose due time is known: the share not yet past due."""
    stock = open_at(records, cycle.cutoff)
    stock = stock[stock["sla_due"].notna() | stock["sla_met"].notna()]
    return _share(len(stock) - int(past_due(stock, cycle.cutoff).sum()), len(stock))


def restore_survival(records: Records, cycle: Cycle) -> durations.Survival | None:
    """Kaplan–Meier of opened → resolved, in hours, over incidents opened in the cycle; None without any."""
    tickets = opened_in(records, cycle)
    tickets = tickets[tickets["kind"] == "incident"]
    if tickets.empty or tickets["resolved"].notna().sum() == 0:
        return None
    known_until = _known_until(records)
    ends = tickets["resolved"].fillna(known_until)
    hours = (ends - tickets["opened"]).dt.total_seconds() / 3600
    return durations.kaplan_meier(hours.to_numpy(), tickets["resolved"].notna().to_numpy())


def _known_until(records: Records) -> pd.Timestamp:
    return pd.Timestamp(records.quality["cutoff"])


def restore_median(records: Records, cycle: Cycle, _: Any = None) -> Measure:
    """Median time to restore in hours, with open tickets censored."""
    survival = restore_survival(records, cycle)
    if survival is None:
        return NO_DATA
    median = survival.quantile(0.5)
    return Measure(median.value, median.low, median.high, survival.n, survival.events, survival.n)


def volume(records: Records, cycle: Cycle, _: Any = None) -> Measure:
    """Tickets opened."""
    return _count(len(opened_in(records, cycle)))


def backlog(records: Records, cycle: Cycle, _: Any = None) -> Measure:
    """Tickets open at the end of the cycle."""
    return _count(len(open_at(records, cycle.cutoff)))


def reopen_rate(records: Records, cycle: Cycle, _: Any = None) -> Measure:
    """Share of resolved tickets that were reopened."""
    reopened = resolved_in(records, cycle)["reopened"].dropna()
    return _share(int((reopened > 0).sum()), len(reopened))


def multi_hop_share(records: Records, cycle: Cycle, _: Any = None) -> Measure:
    """Share of resolved tickets that changed group at least twice."""
    hops = resolved_in(records, cycle)["reassigned"].dropna()
    return _share(int((hops >= 2).sum()), len(hops))


def on_hold_share(records: Records, cycle: Cycle, _: Any = None) -> Measure:
    """Time on hold ÷ time to resolve, as a ratio of sums with its delta-method interval (Cochran 1977, 6.4)."""
    tickets = resolved_in(records, cycle)
    tickets = tickets[tickets["on_hold"].notna()]
    gross = (tickets["resolved"] - tickets["opened"]).dt.total_seconds().to_numpy()
    held = np.minimum(tickets["on_hold"].to_numpy(), gross)
    if len(gross) < 2 or gross.sum() == 0:
        return NO_DATA
    ratio = held.sum() / gross.sum()
    residual = held - ratio * gross
    half = 1.959964 * math.sqrt(residual.var(ddof=1) / len(gross)) / gross.mean()
    return Measure(ratio, max(0.0, ratio - half), min(1.0, ratio + half), len(gross), held.sum(), gross.sum())


def met_on_both_clocks(records: Records, tickets: pd.DataFrame, calendar: clocks.Calendar) -> pd.DataFrame:
    """Whether each ticket met its goal on the net clock (stops on hold) and on the business clock (runs on).

    The goal is what the tool's due time leaves on the net clock. Columns net, business; only tickets with a due time,
    none without records of when they were on hold.
    """
    tickets = tickets[tickets["sla_due"].notna() & tickets["resolved"].notna()]
    if not records.supplies("ticket_events", "on_hold") or tickets.empty:
        return pd.DataFrame({"net": [], "business": []}, dtype=bool)
    pauses = spells.holds(tickets, records.ticket_events)
    goal = clocks.elapsed(calendar, tickets["opened"], tickets["sla_due"], pauses)
    business = clocks.elapsed(calendar, tickets["opened"], tickets["resolved"])
    net = clocks.elapsed(calendar, tickets["opened"], tickets["resolved"], pauses)
    return pd.DataFrame({"net": net <= goal, "business": business <= goal}, index=tickets.index)


def counted_outages(records: Records, severities: list[str] | None) -> pd.DataFrame:
    """Unplanned outages of the severities that count."""
    outages = records.outages
    outages = outages[outages["kind"].fillna("unplanned") == "unplanned"]
    return outages if severities is None else outages[outages["severity"].isin(severities)]


def downtime(outages: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
    """Seconds lost by calendar day (UTC) within [start, end): overlaps merged, the larger share counts.

    An outage that had not ended runs to `end`.
    """
    edges = pd.date_range(start, end, freq="1D")
    edges = edges.append(pd.DatetimeIndex([end])) if edges[-1] < end else edges
    lost = pd.Series(0.0, index=edges[:-1])
    begins = outages["started"].clip(lower=start)
    ends = outages["ended"].fillna(end).clip(upper=end)
    share = outages["share"].fillna(1.0)
    spans = pd.DataFrame({"a": begins, "b": ends, "share": share})[begins < ends]
    if spans.empty:
        return lost
    cuts = pd.DatetimeIndex(pd.concat([spans["a"], spans["b"], pd.Series(edges)]).unique()).sort_values()
    left, right = cuts[:-1], cuts[1:]
    covers = (spans["a"].to_numpy()[:, None] <= left.to_numpy()) & (spans["b"].to_numpy()[:, None] >= right.to_numpy())
    worst = (covers * spans["share"].to_numpy()[:, None]).max(axis=0)
    seconds = (right - left).total_seconds().to_numpy() * worst
    day = edges.searchsorted(left, side="right") - 1
    return lost.add(pd.Series(seconds).groupby(edges[day]).sum(), fill_value=0.0)


def availability_between(
    records: Records, start: pd.Timestamp, end: pd.Timestamp, severities: list[str] | None
) -> Measure:
    """Availability of any span: 1 − unplanned downtime ÷ (time − announced maintenance).

    The interval is a bootstrap over days (percentile, seed fixed): how much another such span might differ.
    """
    if records.outages.empty and records.tickets.empty:
        # Nothing at all is recorded of this service: silence is no availability.
        return NO_DATA
    lost = downtime(counted_outages(records, severities), start, end)
    out = downtime(records.outages[records.outages["kind"] == "maintenance"], start, end)
    total = (end - start).total_seconds() - out.sum()
    days = len(lost)
    if lost.sum() == 0:
        # Days without an outage cannot tell how bad a day with one is.
        return Measure(1.0, math.nan, math.nan, days, total, total)
    draws = np.random.default_rng(20).integers(0, days, (999, days))
    means = lost.to_numpy()[draws].mean(axis=1) * days / total
    low, high = 1 - np.quantile(means, [0.975, 0.025])
    return Measure(1 - lost.sum() / total, max(low, 0.0), min(high, 1.0), days, total - lost.sum(), total)


def availability(records: Records, cycle: Cycle, severities: list[str] | None) -> Measure:
    """Availability of the cycle."""
    return availability_between(records, cycle.opens, cycle.cutoff, severities)


def outage_count(records: Records, cycle: Cycle, severities: list[str] | None) -> Measure:
    """Unplanned outages started in the cycle."""
    if records.outages.empty and records.tickets.empty:
        return NO_DATA
    return _count(int(within(counted_outages(records, severities)["started"], cycle).sum()))


def failed_changes(records: Records, changes: pd.DataFrame) -> pd.Series:
    """Which changes caused at least one incident or are recorded as failed."""
    caused = set(records.tickets["change"].dropna())
    return changes["change"].isin(caused) | (changes["outcome"] == "failed").fillna(False).astype(bool)


def change_failure_rate(records: Records, cycle: Cycle, _: Any = None) -> Measure:
    """Share of changes started in the cycle that went wrong."""
    changes = records.changes[within(records.changes["started"], cycle)]
    return _share(int(failed_changes(records, changes).sum()), len(changes))


def csat_top2(records: Records, cycle: Cycle, _: Any = None) -> Measure:
    """Share of answers in the top two fifths of the scale."""
    answers = records.surveys[within(records.surveys["answered"], cycle)]
    answers = answers[answers["score"].notna() & answers["scale_max"].notna()]
    return _share(int((answers["score"] > 0.6 * answers["scale_max"]).sum()), len(answers))


def cost_per_ticket(records: Records, cycle: Cycle, _: Any = None) -> Measure:
    """Costs of the cycle ÷ tickets opened in it."""
    costs = records.costs
    days = costs["period"]
    inside = costs[(days >= pd.Timestamp(cycle.start)) & (days < pd.Timestamp(cycle.end))]
    tickets = len(opened_in(records, cycle))
    if inside.empty or tickets == 0:
        return NO_DATA
    amount = float(inside["amount"].sum())
    low, high = stats.chi2.ppf([0.025, 0.975], [2 * tickets, 2 * tickets + 2]) / 2
    return Measure(amount / tickets, amount / high, amount / low, tickets, amount, tickets)


def _share(successes: int, n: int) -> Measure:
    found = proportions.wilson(successes, n)
    return Measure(found.value, found.low, found.high, n, successes, n)


def _count(n: int) -> Measure:
    return Measure(float(n), math.nan, math.nan, n, n, math.nan)


_FUNCTIONS: dict[str, Callable[[Records, Cycle, list[str] | None], Measure]] = {
    "sla_attainment": sla_attainment,
    "sla_reported": sla_reported,
    "restore_median": restore_median,
    "volume": volume,
    "backlog": backlog,
    "reopen_rate": reopen_rate,
    "multi_hop_share": multi_hop_share,
    "on_hold_share": on_hold_share,
    "availability": availability,
    "outage_count": outage_count,
    "change_failure_rate": change_failure_rate,
    "csat_top2": csat_top2,
    "cost_per_ticket": cost_per_ticket,
}
