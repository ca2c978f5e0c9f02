"""Levers seen in how tickets are handled: put on hold, reopened, slower than they were; and in what users say."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy import stats

from sipnb import kpis
from sipnb.catalogue import Lever
from sipnb.kpis.scope import instants
from sipnb.levers.evidence import RECENT, YEAR, Evidence, Judged, Look, distance, named, none, unknown
from sipnb.methods import durations, proportions, scatter
from sipnb.show import words

#: Fewer tickets, or answers, say nothing.
TICKETS, ANSWERS = 40, 20
#: Two questions are asked of users and reopenings: each is judged at half of the error.
OF_TWO = 0.975
#: A slower service is claimed at this chance of an error, on one side.
DRIFT = 0.01
#: Incidents of a month that tell how long restoring took in it.
OF_MONTH = 10


def stop_the_clock_rules(look: Look, lever: Lever) -> Evidence:
    """The share of the time to resolve that was on hold, as the tickets or their histories tell it."""
    if reason := look.lacking("on_hold_share") or look.refused("on_hold_share"):
        return unknown(lever, reason)
    now = look.measure("on_hold_share", RECENT)
    if now.n < TICKETS:
        return unknown(lever, f"only {words.plural(now.n, 'resolved ticket')} tell their time on hold")
    limit, agreed = look.limit(lever, "on_hold_share")
    held = _held(look, now)
    share = words.number(now.value, "share")
    if not held.above(limit):
        reason = f"{share} of the time to resolve was on hold {held.not_clearly('above', limit)}"
        return none(lever, reason, held.known, **held.numbers(limit))
    before = look.measure("on_hold_share", YEAR, RECENT)
    told = before.n >= TICKETS
    sentences = [
        f"{share} of the time from opening to resolution was spent on hold in the last {RECENT} days (95 % interval "
        f"{held.interval}, n {now.n:,}); the {named(agreed)} is {words.number(limit, 'share')}.",
    ]
    numbers = {
        "share": now.value, "share_low": held.low, "share_high": held.high, "n": now.n, "limit": limit, "days": RECENT,
    }  # fmt: skip
    why = (
        f"{words.prose(now.value, 'share')} of the time to resolve was spent on hold in the last {RECENT} days, against a "
        f"{named(agreed)} of {words.prose(limit, 'share')}"
    )
    if told:
        sentences.append(f"In the {YEAR} days before it was {words.number(before.value, 'share')}.")
        numbers |= {"before": before.value, "before_days": YEAR}
    scope = look.over(RECENT)
    both = kpis.attainment.met_on_clocks(scope, scope.tickets_resolved())
    if len(both):
        net, business = (proportions.wilson(int(both[clock].sum()), len(both)) for clock in ("net", "business"))
        sentences.append(
            f"On the clock that stops while on hold {words.number(net.value, 'share')} of {net.n:,} tickets met their "
            f"target; on the clock that runs on, {words.number(business.value, 'share')} "
            f"({words.interval(business.low, business.high, 'share')})."
        )
        numbers |= {"net": net.value, "net_n": net.n, "business": business.value, "business_low": business.low,
                    "business_high": business.high}  # fmt: skip
        why += (
            f": on a clock that stops meanwhile {words.prose(net.value, 'share')} of tickets met their target, on one that "
            f"runs on only {words.prose(business.value, 'share')}"
        )
    return Evidence(
        lever, True, f"{share} of the time to resolve of {RECENT} days was spent on hold", f"{why}.", sentences, numbers,
        distance("on_hold_share", now.value, limit, named(agreed)), now.value / limit, agreed,
        f"the {named(agreed)} of {words.prose(limit, 'share')} of time on hold",
    )  # fmt: skip


def _held(look: Look, now: kpis.Measure) -> Judged:
    """The share on hold with an interval as wide as months differ, or as the tickets themselves do where that is wider.

    A few tickets that took for ever carry most of the hours: no count of tickets says how sure such a share is.
    """
    by_month = kpis.series("on_hold_share", look.months)
    spread = scatter.of_levels(by_month["value"])
    latest = look.measure("on_hold_share", RECENT // 3)

    def judged(found: kpis.Measure, months: float) -> proportions.Estimate:
        if found.n < 2 or spread.periods < scatter.FEWEST:
            return proportions.Estimate(found.value, 0.0, 1.0, found.n)
        of_tickets = (found.high - found.low) / 2 / stats.norm.ppf(0.975)
        half = spread.quantile() * max(spread.value / math.sqrt(months), of_tickets)
        return proportions.Estimate(found.value, max(0.0, found.value - half), min(1.0, found.value + half), found.n)

    of_days = judged(now, 3.0)
    late = judged(latest, 1.0)
    return Judged(of_days.value, of_days.low, of_days.high, of_days.n, RECENT, late, RECENT // 3, spread.periods)


def knowledge_and_quality(look: Look, lever: Lever) -> Evidence:
    """Dissatisfied users, or tickets that come back."""
    asked = [ask(look, lever) for ask in (_satisfied, _reopened)]
    found = [one for one in asked if one.found]
    left = [one for one in asked if not one.found]
    if not found:
        seen = {name: number for one in left for name, number in one.numbers.items()}
        return none(lever, "; ".join(one.finding for one in left), any(one.judged for one in left), **seen)
    worst = max(found, key=lambda e: (e.agreed, e.times))
    sentences = [s for e in found for s in e.sentences]
    numbers = {k: v for e in found for k, v in e.numbers.items()}
    why = f"Over the last {RECENT} days {words.listed([e.why for e in found])}"
    reported = look.measure("sla_reported", RECENT)
    target = look.scope.targets.get("sla_attainment")
    if "satisfied" in numbers and target is not None and reported.n and reported.low > target:
        sentences.append(
            f"The target figure looks good all the while: {words.number(reported.value, 'share')} of tickets were resolved "
            f"in time, the target is {words.number(target, 'share')}."
        )
        numbers |= {"reported": reported.value, "reported_target": target}
        why += f", though {words.prose(reported.value, 'share')} of tickets were resolved in time"
    return Evidence(
        lever, True, f"Over {RECENT} days {words.listed([e.finding for e in found])}", f"{why}.", sentences, numbers,
        worst.effect, worst.times, worst.agreed, worst.against,
    )  # fmt: skip


def _satisfied(look: Look, lever: Lever) -> Evidence:
    """Users who answered and are not satisfied."""
    if reason := look.lacking("csat_top2") or look.refused("csat_top2"):
        return unknown(lever, reason)
    happy = look.share("csat_top2", RECENT, RECENT // 3, OF_TWO)
    if happy.n < ANSWERS:
        return unknown(lever, f"only {words.plural(happy.n, 'answer')} in {RECENT} days")
    limit, agreed = look.limit(lever, "csat_top2")
    share = words.number(happy.value, "share")
    if not happy.below(limit):
        reason = f"{share} of {happy.n:,} answers were satisfied {happy.not_clearly('below', limit)}"
        return none(lever, reason, happy.known, **_prefixed("satisfied", happy.numbers(limit)))
    happy = look.share("csat_top2", RECENT, RECENT // 3)
    sentence = (
        f"{share} of {happy.n:,} answers in the last {RECENT} days were satisfied (95 % interval {happy.interval}); the "
        f"{named(agreed)} is {words.number(limit, 'share')}."
    )
    numbers = {
        "satisfied": happy.value, "satisfied_low": happy.low, "satisfied_high": happy.high, "satisfied_target": limit,
        "answers": happy.n, "days": RECENT,
    }  # fmt: skip
    times = (1 - happy.value) / max(1 - limit, 1e-9)
    return Evidence(
        lever, True, f"only {share} of users who answered were satisfied",
        f"{words.prose(happy.value, 'share')} of {happy.n:,} users who answered were satisfied", [sentence], numbers,
        distance("csat_top2", happy.value, limit, named(agreed)), times, agreed,
        f"the {words.prose(1 - limit, 'share')} of dissatisfied answers that the {named(agreed)} allows",
    )  # fmt: skip


def _reopened(look: Look, lever: Lever) -> Evidence:
    """Tickets that come back."""
    if reason := look.lacking("reopen_rate") or look.refused("reopen_rate"):
        return unknown(lever, reason)
    again = look.share("reopen_rate", RECENT, RECENT // 3, OF_TWO)
    if again.n < TICKETS:
        return unknown(lever, f"only {words.plural(again.n, 'resolved ticket')} tell whether they were reopened")
    limit, agreed = look.limit(lever, "reopen_rate")
    share = words.number(again.value, "share")
    if not again.above(limit):
        reason = f"{share} of {again.n:,} tickets were reopened {again.not_clearly('above', limit)}"
        return none(lever, reason, again.known, **_prefixed("reopened", again.numbers(limit)))
    again = look.share("reopen_rate", RECENT, RECENT // 3)
    sentence = (
        f"{share} of {again.n:,} tickets resolved in the last {RECENT} days were reopened (95 % interval {again.interval}); "
        f"the {named(agreed)} is {words.number(limit, 'share')}."
    )
    numbers = {
        "reopened": again.value, "reopened_low": again.low, "reopened_high": again.high, "reopened_limit": limit,
        "resolved": again.n, "days": RECENT,
    }  # fmt: skip
    return Evidence(
        lever, True, f"{share} of tickets came back", f"{words.prose(again.value, 'share')} of {again.n:,} tickets came back",
        [sentence], numbers, distance("reopen_rate", again.value, limit, named(agreed)), again.value / limit, agreed,
        f"the {named(agreed)} of {words.prose(limit, 'share')} of tickets reopened",
    )  # fmt: skip


def _prefixed(name: str, numbers: dict[str, float]) -> dict[str, float]:
    return {f"{name}_{key}": number for key, number in numbers.items()}


def process_drift(look: Look, lever: Lever) -> Evidence:
    """Restoring that takes clearly longer than in the same days a year ago, by how much months differ anyway."""
    if reason := look.lacking("restore_median") or look.refused("restore_median", YEAR + RECENT):
        return unknown(lever, reason)
    incidents = look.records.tickets
    incidents = incidents[incidents["kind"] == "incident"]
    # The same days of the year before: a season is no drift.
    windows = {"now": look.window(RECENT), "then": look.window(RECENT, YEAR)}
    rows = {name: incidents[kpis.within(incidents["opened"], window)] for name, window in windows.items()}
    if min(map(len, rows.values())) < TICKETS:
        return unknown(lever, "too few incidents now or a year ago to compare")
    now, then = (_median(rows[name], look.cutoff) for name in ("now", "then"))
    spread = scatter.of_levels(_months(look, incidents))
    if spread.periods < scatter.FEWEST or not (now.value > 0 and then.value > 0):
        return unknown(lever, "too few months with incidents to tell how much months differ")
    times = now.value / then.value
    # Three months now against three months then, each of which has an error of its own.
    clear = float(stats.t.ppf(1 - DRIFT, spread.freedom)) * spread.value * math.sqrt(2 / 3)
    both = pd.concat([rows["now"], rows["then"]])
    group = np.repeat(["now", "then"], [len(rows["now"]), len(rows["then"])])
    statistic, p = durations.logrank(_hours(both, look.cutoff), both["resolved"].notna().to_numpy(), group)
    said = (
        f"half of the incidents take {words.number(now.value, 'hours')} to restore, a year ago "
        f"{words.number(then.value, 'hours')}"
    )
    seen = {"now": now.value, "year_ago": then.value, "days": RECENT}
    if times <= 1:
        return none(lever, f"{said}: not slower", **seen)
    if math.log(times) <= clear or p > DRIFT:
        return none(lever, f"{said}: no more than months differ anyway", **seen)
    differ = math.expm1(spread.value)
    sentences = [
        f"Half of the incidents of the last {RECENT} days took longer than {words.number(now.value, 'hours')} "
        f"({words.interval(now.low, now.high, 'hours')}) to restore; in the same days a year ago it was "
        f"{words.number(then.value, 'hours')} ({words.interval(then.low, then.high, 'hours')}).",
        f"The slowdown is more than chance: months differ by about {words.number(differ, 'share')} (log-rank "
        f"{words.significant(statistic)}, p {'< 0.001' if p < 0.001 else f'{p:.3f}'}).",
    ]
    why = (
        f"Restoring takes {words.significant(times, 2)} times as long as a year ago, {words.prose(now.value, 'hours')} against "
        f"{words.prose(then.value, 'hours')} for half of the incidents; no other option is proposed."
    )
    numbers = {
        "now": now.value, "now_low": now.low, "now_high": now.high, "year_ago": then.value, "year_ago_low": then.low,
        "year_ago_high": then.high, "times": times, "months_differ": differ, "p": p, "log_rank": statistic, "days": RECENT,
    }  # fmt: skip
    return Evidence(
        lever, True, f"Restoring takes {words.significant(times, 2)} times as long as a year ago", why, sentences, numbers,
        distance("restore_median", now.value, then.value, "level of a year ago"), times, False,
        f"the {words.prose(then.value, 'hours')} of a year ago",
    )  # fmt: skip


def _hours(incidents: pd.DataFrame, cutoff: pd.Timestamp) -> np.ndarray:
    ends = incidents["ended"].fillna(cutoff)
    return (ends - incidents["opened"]).dt.total_seconds().to_numpy() / 3600


def _median(incidents: pd.DataFrame, cutoff: pd.Timestamp) -> proportions.Estimate:
    curve = durations.kaplan_meier(_hours(incidents, cutoff), incidents["resolved"].notna().to_numpy())
    return curve.quantile(0.5)


def _months(look: Look, incidents: pd.DataFrame) -> list[float]:
    """The logarithm of the median time to restore of each calendar month with enough incidents."""
    place = np.searchsorted(look.months.edges.asi8, instants(incidents["opened"]), side="right") - 1
    found = []
    for month in range(len(look.months.cycles)):
        mine = incidents[place == month]
        middle = _median(mine, look.cutoff).value if len(mine) >= OF_MONTH else math.nan
        found.append(math.log(middle) if middle > 0 else math.nan)
    return found
