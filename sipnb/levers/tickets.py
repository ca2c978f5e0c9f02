"""Levers seen in how tickets are handled: put on hold, reopened, slower than they were; and in what users say."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from sipnb import kpis
from sipnb.catalogue import Lever
from sipnb.kpis.scope import instants
from sipnb.levers.evidence import Evidence, Judged, Look, Question
from sipnb.methods import durations, proportions, scatter

#: A year, in days: the season that a slower service is compared with, and the past that a share is told beside.
YEAR = 365
#: Days of a month on average, for months that a window has.
MONTH = 365.25 / 12
#: Levels of confidence are method: they set how often a lever is proposed where nothing drives it, and are held by simulation.
#: Two questions are asked of users and reopenings, each judged at half of the error; a slower service is claimed at this chance
#: of an error, on one side.
OF_TWO, DRIFT = 0.975, 0.01


def stop_the_clock_rules(look: Look, lever: Lever) -> Evidence:
    """The share of the time to resolve that was on hold, as the tickets or their histories tell it."""
    asked = look.ask(lever, "on_hold_share")
    days, fewest = lever.limit("days"), lever.limit("fewest_tickets")
    if silent := look.silent(asked, days):
        return silent
    now = look.measure(asked.kpi, days)
    if now.n < fewest:
        return asked.unknown("too few", n=now.n)
    held = _held(look, asked, now)
    numbers = held.numbers(asked.limit)
    if (place := held.place(asked.limit)) != "beyond":
        return asked.left(place, numbers)
    before = look.measure(asked.kpi, YEAR, days)
    if before.n >= fewest:
        numbers |= {"before": before.value, "before_days": YEAR}
    scope = look.over(days)
    both = kpis.attainment.met_on_clocks(scope, scope.tickets_resolved())
    if len(both):
        net, business = (proportions.wilson(int(both[clock].sum()), len(both)) for clock in ("net", "business"))
        numbers |= {"net": net.value, "net_n": net.n, "business": business.value, "business_low": business.low,
                    "business_high": business.high}  # fmt: skip
    return asked.proposed("held too long", numbers, now.value)


def _held(look: Look, asked: Question, now: kpis.Measure) -> Judged:
    """The share on hold with an interval as wide as months differ, or as the tickets themselves do where that is wider.

    A few tickets that took for ever carry most of the hours: no count of tickets says how sure such a share is.
    """
    days, latest = asked.lever.limit("days"), asked.lever.limit("latest_days")
    spread = scatter.of_levels(kpis.series(asked.kpi, look.months)["value"])

    def judged(found: kpis.Measure, span: int) -> proportions.Estimate:
        if found.n < 2 or spread.periods < scatter.FEWEST:
            return proportions.Estimate(found.value, 0.0, 1.0, found.n)
        of_tickets = (found.high - found.low) / 2 / stats.norm.ppf(0.975)
        half = spread.quantile() * max(spread.value / math.sqrt(_months_in(span)), of_tickets)
        return proportions.Estimate(found.value, max(0.0, found.value - half), min(1.0, found.value + half), found.n)

    of_days, late = judged(now, days), judged(look.measure(asked.kpi, latest), latest)
    return Judged(of_days.value, of_days.low, of_days.high, of_days.n, days, late, latest, spread.periods)


def _months_in(days: int) -> int:
    """The whole months that so many days come nearest to, at least one."""
    return max(1, round(days / MONTH))


def knowledge_and_quality(look: Look, lever: Lever) -> Evidence:
    """Dissatisfied users, or tickets that come back."""
    parts = (_satisfied(look, lever), _reopened(look, lever))
    found = tuple(one for one in parts if one.found)
    seen = {name: number for one in found or parts for name, number in one.numbers.items()}
    if not found:
        return Evidence(lever, "neither", judged=any(one.judged for one in parts), numbers=seen, parts=parts)
    reported = look.measure("sla_reported", lever.limit("days"))
    target = look.scope.targets.get("sla_attainment")
    if "satisfied" in seen and target is not None and reported.n and reported.low > target:
        seen |= {"reported": reported.value, "reported_target": target}
    worst = max(found, key=lambda e: (e.agreed, e.times))
    return replace(worst, outcome="not what was meant", numbers=seen, parts=found)


def _satisfied(look: Look, lever: Lever) -> Evidence:
    """Users who answered and are not satisfied."""
    asked = look.ask(lever, "csat_top2")
    if silent := look.silent(asked, lever.limit("days")):
        return silent
    happy = look.share(asked, OF_TWO)
    if happy.n < lever.limit("fewest_answers"):
        return asked.unknown("too few", satisfied_n=happy.n, satisfied_days=happy.days)
    if (place := happy.place(asked.limit, "below")) != "beyond":
        return asked.left(place, _prefixed("satisfied", happy.numbers(asked.limit)))
    happy = look.share(asked)
    numbers = {
        "satisfied": happy.value, "satisfied_low": happy.low, "satisfied_high": happy.high, "satisfied_target": asked.limit,
        "answers": happy.n, "days": happy.days,
    }  # fmt: skip
    return asked.proposed("dissatisfied", numbers, happy.value, measured=1 - happy.value, allowed=1 - asked.limit)


def _reopened(look: Look, lever: Lever) -> Evidence:
    """Tickets that come back."""
    asked = look.ask(lever, "reopen_rate")
    if silent := look.silent(asked, lever.limit("days")):
        return silent
    again = look.share(asked, OF_TWO)
    if again.n < lever.limit("fewest_tickets"):
        return asked.unknown("too few", reopened_n=again.n)
    if (place := again.place(asked.limit)) != "beyond":
        return asked.left(place, _prefixed("reopened", again.numbers(asked.limit)))
    again = look.share(asked)
    numbers = {
        "reopened": again.value, "reopened_low": again.low, "reopened_high": again.high, "reopened_limit": asked.limit,
        "resolved": again.n, "days": again.days,
    }  # fmt: skip
    return asked.proposed("reopened", numbers, again.value)


def _prefixed(name: str, numbers: dict[str, float]) -> dict[str, float]:
    return {f"{name}_{key}": number for key, number in numbers.items()}


def process_drift(look: Look, lever: Lever) -> Evidence:
    """Restoring that takes clearly longer than in the same days a year ago, by how much months differ anyway."""
    asked, days = look.ask(lever, "restore_median"), lever.limit("days")
    if silent := look.silent(asked, YEAR + days):
        return silent
    incidents = look.records.tickets
    incidents = incidents[incidents["kind"] == "incident"]
    # The same days of the year before: a season is no drift.
    rows = [incidents[kpis.within(incidents["opened"], look.window(days, before))] for before in (0, YEAR)]
    if min(map(len, rows)) < lever.limit("fewest_tickets"):
        return asked.unknown("too few")
    now, then = (_median(some, look.cutoff) for some in rows)
    spread = scatter.of_levels(_months(look, incidents, lever.limit("fewest_of_month")))
    if spread.periods < scatter.FEWEST or not (now.value > 0 and then.value > 0):
        return asked.unknown("short history")
    times = now.value / then.value
    # Months now against as many then, each of which has an error of its own.
    clear = float(stats.t.ppf(1 - DRIFT, spread.freedom)) * spread.value * math.sqrt(2 / _months_in(days))
    both = pd.concat(rows)
    group = np.repeat(["now", "then"], [len(some) for some in rows])
    statistic, p = durations.logrank(_hours(both, look.cutoff), both["resolved"].notna().to_numpy(), group)
    asked = replace(asked, limit=then.value)
    numbers = {"now": now.value, "year_ago": then.value, "days": days}
    if times <= 1:
        return asked.left("not slower", numbers)
    if math.log(times) <= clear or p > DRIFT:
        return asked.left("as months differ", numbers)
    numbers |= {
        "now_low": now.low, "now_high": now.high, "year_ago_low": then.low, "year_ago_high": then.high, "times": times,
        "months_differ": math.expm1(spread.value), "p": p, "log_rank": statistic,
    }  # fmt: skip
    return asked.proposed("slower", numbers, now.value, reference="level of a year ago")


def _hours(incidents: pd.DataFrame, cutoff: pd.Timestamp) -> np.ndarray:
    ends = incidents["ended"].fillna(cutoff)
    return (ends - incidents["opened"]).dt.total_seconds().to_numpy() / 3600


def _median(incidents: pd.DataFrame, cutoff: pd.Timestamp) -> proportions.Estimate:
    curve = durations.kaplan_meier(_hours(incidents, cutoff), incidents["resolved"].notna().to_numpy())
    return curve.quantile(0.5)


def _months(look: Look, incidents: pd.DataFrame, fewest: int) -> list[float]:
    """The logarithm of the median time to restore of each calendar month with enough incidents."""
    place = np.searchsorted(look.months.edges.asi8, instants(incidents["opened"]), side="right") - 1
    found = []
    for month in range(len(look.months.cycles)):
        mine = incidents[place == month]
        middle = _median(mine, look.cutoff).value if len(mine) >= fewest else math.nan
        found.append(math.log(middle) if middle > 0 else math.nan)
    return found
