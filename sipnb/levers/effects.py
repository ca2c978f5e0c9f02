"""What a lever would do: what a measure and users' hours would be without the driver that it acts on, with an interval.

The tickets concerned become like those that lack the driver and are like them otherwise; nothing else changes. That is the effect
of a lever that works wholly; how often levers do is another question (`delivery`). Where a driver is counted in outages, its own
become as many and as long as those of the others of its kind; where it is one of changes, hours follow from what a failed one
costs. An interval holds the uncertainty of the comparison and of how many are concerned.

Source: g-computation of an average effect (Robins 1986; Hernán and Robins 2020, "Causal inference: what if", 13); sums and
differences of estimates by Zou and Donner (2008).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from sipnb.cycles import Cycle
from sipnb.drivers import attributes, explain, hours, outcomes
from sipnb.kpis import causes, uptime
from sipnb.kpis.scope import instants
from sipnb.levers.answers import Cause
from sipnb.levers.evidence import Look
from sipnb.methods import drivers, marginal
from sipnb.methods.proportions import Estimate

YEAR = 365
#: A week in microseconds: cases of one have much in common.
WEEK = 7 * 86_400_000_000
#: With fewer cases in either time nothing is compared.
FEWEST = 40
#: Fewer failed changes of a kind do not say what one costs.
FEWEST_FAILED = 5
#: Draws of weeks for the interval of a quantile.
DRAWS = 200
_QUANTILES = {"restore_median": 0.5, "restore_p90": 0.9, "restore_p95": 0.95}
#: The level of the intervals of drivers, which are as wide on both sides on the scale on which they are made.
_LEVEL = 0.95


def on_kpi(cause: Cause, look: Look) -> Estimate | None:
    """By how much the measure of a cause would change, signed as it would; None where that cannot be estimated."""
    if cause.known == "outages":
        return _availability(cause, look) if cause.kpi in ("availability", "availability_all") else None
    if cause.kpi in _QUANTILES:
        return _on_time(cause, look)
    if cause.effect is None or look.scope.kpis[cause.kpi].unit != "share":
        return None
    return _less_wrong(cause.effect, cause.kpi, look)


def _on_time(cause: Cause, look: Look) -> Estimate | None:
    """By how much a quantile of the time to restore would change, were the cases without the driver as frequent in each kind and
    priority as all are now. Weeks are drawn anew for the interval; what is open counts as longer than all that is done."""
    days, quantile = cause.days, _QUANTILES[cause.kpi]
    rows = outcomes.of(cause.kpi, look.scope, look.window(days))
    if rows is None:
        return None
    concerned = explain.concerned(cause.kpi, look.scope, cause.attribute, cause.value, cause.known, days=days)
    tickets = look.records.tickets.loc[rows.rows, ["opened", "resolved", "priority", "kind"]]
    lasted = ((tickets["resolved"] - tickets["opened"]).dt.total_seconds() / 3600).fillna(np.inf).to_numpy()
    alike = pd.factorize(tickets["priority"].astype("str").fillna("") + " " + tickets["kind"].astype("str").fillna(""))[
        0
    ]
    has_it = np.asarray(tickets.index.isin(concerned))
    week = pd.factorize(instants(tickets["opened"]) // WEEK, sort=True)[0]
    order = np.argsort(lasted, kind="stable")
    random = np.random.default_rng(DRAWS)

    def change(weight: np.ndarray) -> float:
        every, without = (np.bincount(alike, weights=w, minlength=alike.max() + 1) for w in (weight, weight * ~has_it))
        left = weight * ~has_it * np.divide(every, without, out=np.zeros_like(every), where=without > 0)[alike]
        now, then = (_weighted(lasted[order], w[order], quantile) for w in (weight, left))
        return then - now

    value = change(np.ones(len(lasted)))
    drawn = [
        change(random.multinomial(n, np.full(n, 1 / n))[week].astype(float)) for n in [int(week.max()) + 1] * DRAWS
    ]
    if not has_it.any() or not np.isfinite([value, *drawn]).all():
        return None
    low, high = np.quantile(drawn, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return Estimate(value, min(float(low), value), max(float(high), value), cause.n)


def _weighted(values: np.ndarray, weights: np.ndarray, quantile: float) -> float:
    """A quantile of values in order."""
    total = np.cumsum(weights)
    return (
        float(values[min(int(np.searchsorted(total, quantile * total[-1])), len(values) - 1)])
        if total[-1] > 0
        else math.nan
    )


def _less_wrong(share: Estimate, kpi: str, look: Look) -> Estimate:
    """How a measure changes where a share less goes wrong."""
    if look.scope.kpis[kpi].good == "up":
        return share
    return Estimate(-share.value, -share.high, -share.low, share.n)


def on_hours(cause: Cause, look: Look, affected: float = 1.0) -> Estimate | None:
    """Users' hours saved in a year; None where the records do not tell them. Never below nothing but for its interval."""
    if cause.known == "outages":
        return _of_outages(cause, look, affected)
    if cause.kpi in outcomes.OF_CHANGES:
        return _of_changes(cause, look, affected)
    return None if cause.hours is None else scaled(cause.hours, YEAR / cause.days)


def on_downtime(cause: Cause, look: Look) -> Estimate | None:
    """Agreed hours of downtime saved in a year; None where a cause is not one of outages."""
    found = _availability(cause, look) if cause.known == "outages" else None
    return None if found is None else scaled(found, _agreed(look, cause.days) * YEAR / cause.days)


def on_late_tickets(cause: Cause, look: Look) -> dict[int, float]:
    """Late tickets less in a year, by priority as those of the cause are late; empty where a cause makes none late."""
    if cause.kpi != "sla_attainment" or cause.known == "outages" or (share := on_kpi(cause, look)) is None:
        return {}
    rows = outcomes.of(cause.kpi, look.scope, look.window(cause.days))
    concerned = explain.concerned(cause.kpi, look.scope, cause.attribute, cause.value, cause.known, days=cause.days)
    if rows is None or share.value <= 0:
        return {}
    late = rows.rows[rows.wrong & rows.rows.isin(concerned)]
    parts = look.records.tickets["priority"].loc[late].value_counts(normalize=True)
    year = share.value * len(rows.rows) * YEAR / cause.days
    return {int(priority): year * float(part) for priority, part in sorted(parts.items())}


def scaled(one: Estimate, by: float) -> Estimate:
    """An estimate times a number that is known."""
    return Estimate(one.value * by, *sorted((one.low * by, one.high * by)), one.n)


def at_level(one: Estimate, level: float) -> Estimate:
    """An estimate with the interval of another level, where its own is one of 95 % that is normal on either side."""
    by = float(stats.norm.ppf((1 + level) / 2) / stats.norm.ppf((1 + _LEVEL) / 2))
    return Estimate(one.value, one.value - by * (one.value - one.low), one.value + by * (one.high - one.value), one.n)


def _less(one: Estimate, other: Estimate) -> Estimate:
    """The difference of two independent estimates (Zou and Donner 2008)."""
    value = one.value - other.value
    return Estimate(
        value, value - math.hypot(one.value - one.low, other.high - other.value),
        value + math.hypot(one.high - one.value, other.value - other.low), one.n,
    )  # fmt: skip


def _times(one: Estimate, other: Estimate) -> Estimate:
    """The product of two independent estimates, its interval by relative errors."""
    value = one.value * other.value
    parts = [
        (abs(e.value - e.low) / abs(e.value), abs(e.high - e.value) / abs(e.value)) for e in (one, other) if e.value
    ]
    below, above = (math.hypot(*side) if len(parts) == 2 else 0.0 for side in zip(*parts, strict=True))
    return Estimate(value, value - abs(value) * below, value + abs(value) * above, one.n)


def _kinds(cause: Cause, look: Look, affected: float) -> tuple[pd.DataFrame, np.ndarray, int]:
    """The outages of the cause's days, which are of its kind, and how many other kinds there are to be like."""
    mine = hours.outages(look.over(cause.days), affected)
    own = (mine[cause.attribute].astype("str") == cause.value).fillna(False).to_numpy(bool)
    return mine, own, max(int(look.records.outages[cause.attribute].nunique()) - 1, 0)


def _of_kind(lost: np.ndarray, own: np.ndarray, others: int) -> Estimate:
    """What the outages of a kind cost beyond those of another one, of so many `others`."""
    mine, rest = hours.interval(lost[own]), hours.interval(lost[~own])
    if math.isnan(mine.low):
        return mine
    if not others or rest.n == 0:
        return mine
    usual = scaled(rest, 1 / others)
    if math.isnan(usual.low):  # a few outages of the others say that they are few
        usual = Estimate(usual.value, 0.0, 2 * usual.value, rest.n)
    return _less(mine, usual)


def _availability(cause: Cause, look: Look) -> Estimate | None:
    mine, own, others = _kinds(cause, look, 1.0)
    agreed = _agreed(look, cause.days)
    if not agreed or not own.any():
        return None
    found = _of_kind(mine["down"].to_numpy(float), own, others)
    return None if math.isnan(found.low) else scaled(found, 1 / agreed)


def _agreed(look: Look, days: int) -> float:
    """The agreed hours of the last days."""
    scope = look.over(days)
    return uptime.watched_hours(scope, scope.cycle)


def _of_outages(cause: Cause, look: Look, affected: float) -> Estimate | None:
    mine, own, others = _kinds(cause, look, affected)
    if not own.any() or mine["hours"].isna().any():
        return None
    found = _of_kind(mine["hours"].to_numpy(float), own, others)
    return None if math.isnan(found.low) else scaled(found, YEAR / cause.days)


def _of_changes(cause: Cause, look: Look, affected: float) -> Estimate | None:
    """Failures that would not be x what such a change costs users by its incidents and by outages within a day of it."""
    window = look.window(cause.days)
    rows = outcomes.of(cause.kpi, look.scope, window)
    if rows is None or cause.effect is None:
        return None
    known = attributes.change(look.records.changes.loc[rows.rows], look.cycle.zone)
    own = (known[cause.attribute] == cause.value).fillna(False).to_numpy(bool) & rows.wrong
    failed = look.records.changes.loc[rows.rows[own]]
    if len(failed) < FEWEST_FAILED:
        return None
    each = _cost_of(failed, look, affected)
    if each is None or not each.sum() > 0:
        return None
    mean = Estimate(float(each.mean()), *_mean_bounds(each), len(each))
    return scaled(_times(scaled(cause.effect, len(rows.rows)), mean), YEAR / cause.days)


def _cost_of(failed: pd.DataFrame, look: Look, affected: float) -> np.ndarray | None:
    """Users' hours that each failed change cost, by its incidents and by outages that began within a day after it."""
    tickets = look.records.tickets
    spent = hours.by_ticket(look.scope, look.window(YEAR * 2))
    of_incidents = spent.groupby(tickets["change"].reindex(spent.index)).sum()
    cost = failed["change"].map(of_incidents).fillna(0.0).to_numpy(float, copy=True)
    down = hours.outages(look.over(YEAR * 2), affected)
    if len(down) and down["hours"].notna().all():
        ends = instants(failed["ended"].fillna(failed["started"]))
        at = instants(down["started"])[:, None]
        within_a_day = (at >= instants(failed["started"])[None, :]) & (
            at - ends[None, :] <= causes.AFTER_CHANGE.total_seconds() * 1e6
        )
        # An outage after several belongs to the latest.
        latest = np.where(within_a_day, ends[None, :], np.iinfo(np.int64).min).argmax(axis=1)
        any_of = within_a_day.any(axis=1)
        cost += np.bincount(latest[any_of], weights=down["hours"].to_numpy(float)[any_of], minlength=len(failed))
    return cost


def _mean_bounds(each: np.ndarray) -> tuple[float, float]:
    found = hours.interval(each)
    if math.isnan(found.low):
        half = float(stats.t.ppf((1 + _LEVEL) / 2, len(each) - 1)) * float(each.std(ddof=1)) / math.sqrt(len(each))
        return max(0.0, float(each.mean()) - half), float(each.mean()) + half
    return found.low / len(each), found.high / len(each)


@dataclass(frozen=True)
class Since:
    """What cases of the last days would have been like at another time: the change of a measure, and users' hours saved in a
    year."""

    kpi: str
    effect: Estimate
    hours: Estimate | None


def since(kpi: str, look: Look, days: int, then: Cycle) -> Since | None:
    """The cases of the last `days` against like ones (kind and priority) of another time; None where either has too few.

    Whatever else has changed since is in it: it is an effect as far as nothing else has.
    """
    now = look.window(days)
    rows = [outcomes.of(kpi, look.scope, window) for window in (then, now)]
    if any(one is None or one.table != "tickets" or len(one.wrong) < FEWEST for one in rows):
        return None
    tickets = look.records.tickets
    wrong = np.concatenate([one.wrong for one in rows]).astype(float)
    at = np.concatenate([one.rows.to_numpy() for one in rows])
    kind = tickets["priority"].astype("str").fillna("") + " " + tickets["kind"].astype("str").fillna("")
    late = np.repeat([0.0, 1.0], [len(one.wrong) for one in rows])
    mix = drivers.design(pd.DataFrame({"alike": kind.to_numpy()[at]}))
    week = pd.factorize(np.concatenate([instants(one.at) for one in rows]) // WEEK, sort=True)[0]
    if not wrong.any() or wrong.all():
        return None
    design = np.column_stack([mix, late])
    n = int(late.sum())
    found = marginal.effect(marginal.logistic(design, wrong), mix.shape[1], week, of=n).total
    spent = np.concatenate(
        [hours.by_ticket(look.scope, window)[one.rows] for window, one in zip((then, now), rows, strict=True)]
    )
    lost = marginal.effect(marginal.linear(design, spent), mix.shape[1], week, of=1).total
    return Since(
        kpi,
        _less_wrong(found, kpi, look),
        scaled(Estimate(lost.value, lost.low, lost.high, n), YEAR / days) if spent.any() else None,
    )
