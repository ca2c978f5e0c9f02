"""Levers seen in what surrounds the tickets: changes, capacity, outages."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from sipnb import kpis
from sipnb.catalogue import Lever
from sipnb.kpis.scope import instants
from sipnb.levers.evidence import Evidence, Look
from sipnb.methods import apart
from sipnb.records import clocks

#: The weeks of arrivals whose mean a backlog is divided by: it says how "weeks of arrivals" are measured, and decides nothing.
ARRIVALS = 13
#: Levels of chance are method: how likely outages of one law would have some that last apart from the others, and a stock that
#: has a mean would stand so high above its past.
OF_ONE_LAW, BY_CHANCE = 0.03, 0.005
#: Outages of so many days tell whether they follow one law: of one year they are too few.
OF_LAW = 730
#: Weeks before the cut-off that may be part of a stock that stays high, longest first, and the spans of the past that it takes.
LATELY, FEWEST_SPANS = (52, 39, 26), 3


def change_control(look: Look, lever: Lever) -> Evidence:
    """Changes that caused an incident, over two years because changes are few, and still too many over the last half year."""
    asked = look.ask(lever, "change_failure_rate")
    if silent := look.silent(asked, lever.limit("claim_days")):
        return silent
    failed = look.share(asked)
    late, limit = failed.latest, asked.limit
    if failed.n < lever.limit("fewest_changes") or not late.n:
        spans = {"days": failed.days, "latest_days": failed.latest_days}
        return asked.unknown("too few", n=failed.n, latest_n=late.n, **spans)
    numbers = failed.numbers(limit)
    if (place := failed.place(limit)) != "beyond":
        return asked.left(place, numbers)
    later = lever.limit("later_days")
    year = look.measure(asked.kpi, later)
    of_year = {"year": year.value, "year_n": year.n, "year_days": later}
    # Most of a year would pass until a dozen good changes lie clearly below one in ten: what counts is whether they are still
    # above it, by half a change at least, so that the third of 29 does not decide. The half is method: counts are whole.
    if late.value * late.n - 0.5 <= limit * late.n or year.value <= limit:
        return asked.left("no longer", numbers | of_year)
    blamed = {"tickets": _tickets_blaming(look, failed.days)}
    return asked.proposed("too many fail", numbers | of_year | blamed, failed.value)


def _tickets_blaming(look: Look, days: int) -> int:
    """How many tickets name one of the changes of these days as their cause."""
    scope = look.over(days)
    changes = look.records.changes["change"][kpis.causes.carried_out(scope) >= 0]
    return int(look.records.tickets["change"].isin(changes).sum())


def capacity(look: Look, lever: Lever) -> Evidence:
    """Whether the backlog stands above its past, in tickets and in weeks of arrivals, because more came than was ended."""
    asked = look.ask(lever, "backlog")
    days, rare = lever.limit("days"), lever.limit("rare_share")
    needed = days + lever.limit("past_days")
    if silent := look.silent(asked, needed):
        return silent
    opened = look.records.tickets["opened"]
    known = 0 if opened.empty else (look.cutoff - opened.min()).days
    if known < needed:
        return asked.unknown("short history", known=known)
    weekly = _by_week(look.records.tickets, look.cutoff, known // 7)
    past, lately = weekly.iloc[ARRIVALS : -(days // 7)], weekly.iloc[-lever.limit("weeks") :]
    now, usual = float(weekly["stock"].iloc[-1]), float(past["stock"].median())
    growth = now - float(weekly["stock"].iloc[-1 - days // 7])
    rarely = past.quantile(rare)
    # Open tickets scatter at least like the square root of their number.
    high = lately["stock"].min() > rarely["stock"] + 2 * np.sqrt(max(rarely["stock"], 1.0))
    slow = lately["weeks"].min() > rarely["weeks"]
    target = look.scope.targets.get(asked.kpi, np.inf)
    asked = replace(asked, limit=target if now > target else usual, agreed=now > target)
    numbers = {"open": now, "growth": growth, "usual": usual, "days": days}
    if now <= lever.limit("minor_backlog"):
        return asked.left("few open", numbers)
    if not high:
        return asked.left("as in the past", numbers)
    if not _grows(growth, now):
        return asked.left("no longer growing", numbers)
    if not slow:
        return asked.left("more arrivals", numbers)
    came = float(weekly["opened"].iloc[-(days // 7) :].sum())
    numbers |= {
        "rarely": float(rarely["stock"]), "rare": rare, "rate": growth / came, "opened": came,
        "weeks": float(weekly["weeks"].iloc[-1]), "usual_weeks": float(past["weeks"].median()), "goal": asked.limit,
    }  # fmt: skip
    reference = "target" if asked.agreed else "median of past weeks"
    return asked.proposed("growing", numbers, now, allowed=max(asked.limit, 1.0), reference=reference)


def _grows(growth: float, now: float) -> bool:
    """Whether a stock grew by more than chance makes it: one that stays where it is grows in half of all cases, by a few."""
    return growth > 2 * np.sqrt(max(now, 1.0))


def backlog_blitz(look: Look, lever: Lever) -> Evidence:
    """Whether a stock that no longer grows lies so far above its past that it would take long to come down by itself.

    It may have stood there for a year: its past is what was before.
    """
    grown, days = capacity(look, look.levers["capacity"]), lever.limit("days")
    if not grown.judged:
        return replace(grown, lever=lever)
    tickets, window = look.records.tickets, look.window(days)
    weekly = _by_week(tickets, look.cutoff, (look.cutoff - tickets["opened"].min()).days // 7)
    high, usual = _above_its_past(weekly, days // 7)
    least = weekly["stock"].iloc[-look.levers["capacity"].limit("weeks") :].min()
    asked = replace(look.ask(lever, "backlog"), limit=grown.limit if grown.agreed else usual, agreed=grown.agreed)
    grown = replace(grown, numbers=grown.numbers | {"usual": usual})
    if grown.outcome in ("few open", "more arrivals"):
        return asked.left(grown.outcome, grown.numbers)
    if grown.found or _grows(grown.numbers["growth"], grown.numbers["open"]):
        return asked.left("growing", grown.numbers)
    if not high or least <= usual + 2 * np.sqrt(max(usual, 1.0)) or grown.numbers["open"] <= asked.limit:
        return asked.left("as in the past", grown.numbers)
    opened, ended = (int(kpis.within(tickets[at], window).sum()) for at in ("opened", "ended"))
    pace = (ended - opened) / days
    above = grown.numbers["open"] - asked.limit
    drain = above / pace if pace > 0 else np.inf
    numbers = grown.numbers | {"days": days, "pace": pace, "goal": asked.limit, "drain_days": lever.limit("drain_days")}
    if np.isfinite(drain):
        numbers["drain"] = drain
    if drain <= lever.limit("drain_days"):
        return asked.left("drains", numbers)
    reference = "target" if asked.agreed else "median of past weeks"
    return asked.proposed("stays", numbers, grown.numbers["open"], allowed=max(asked.limit, 1.0), reference=reference)


def _above_its_past(weekly: pd.DataFrame, span: int) -> tuple[bool, float]:
    """Whether the last `span` weeks lie above as long spans of the past, in tickets and in weeks of arrivals, by how much those
    differ; and the stock that was usual.

    Spans, because a stock that has memory is the same one in neighbouring weeks. The past ends as long ago as it can while enough
    of it is left: a stock that stays high for long is not its own past.
    """
    known = weekly.iloc[ARRIVALS:]
    lately = next((back for back in LATELY if (len(known) - back) // span > FEWEST_SPANS), LATELY[-1])
    past = known.iloc[(len(known) - lately) % span : len(known) - lately]
    spans = past.groupby(np.arange(len(past)) // span)[["stock", "weeks"]].mean()
    usual = float(past["stock"].median()) if len(past) else float(known["stock"].median())
    if len(spans) < FEWEST_SPANS:
        return False, usual
    reach = float(stats.t.isf(BY_CHANCE, len(spans) - 1)) * np.sqrt(1 + 1 / len(spans))
    now = known.iloc[-span:][["stock", "weeks"]].mean()
    return bool((now > spans.mean() + reach * spans.std()).all()), usual


def _by_week(tickets: pd.DataFrame, cutoff: pd.Timestamp, weeks: int) -> pd.DataFrame:
    """The tickets open at the end of each of the last weeks, those opened in it, and the stock in weeks of recent arrivals.

    Weeks of seven days that end with the cut-off, oldest first; `weeks` is NaN in the first thirteen.
    """
    edges = pd.DatetimeIndex([cutoff - pd.Timedelta(weeks=back) for back in range(weeks, -1, -1)]).as_unit("us").asi8
    opened = np.sort(instants(tickets["opened"]))
    ended = np.sort(instants(tickets["ended"][tickets["ended"].notna()]))
    begun, done = np.searchsorted(opened, edges), np.searchsorted(ended, edges)
    frame = pd.DataFrame({"stock": (begun - done)[1:], "opened": np.diff(begun)}).astype(float)
    arrivals = frame["opened"].rolling(ARRIVALS).mean()
    return frame.assign(weeks=frame["stock"] / arrivals.where(arrivals > 0))


def resilience(look: Look, lever: Lever) -> Evidence:
    """Unplanned outages that keep coming, over a year, and the agreed time they cost."""
    asked = look.ask(lever, "availability")
    days, least, limit = lever.limit("days"), lever.limit("fewest_outages"), asked.limit
    if silent := look.silent(asked, days):
        return silent
    scope = look.over(days)
    up = kpis.last(kpis.uptime.availability_between(scope, scope.cycle, scope.cycle))
    outages = _lost(look, days)
    n = len(outages)
    numbers = {"outages": n, "days": days, "availability": up.value, "target": limit, "least": least}
    if not n or np.isnan(up.denominator) or up.denominator <= 0:
        return asked.left("no time lost", numbers)
    if n < least:
        return asked.left("no repetition", numbers)
    numbers |= {"availability_low": up.low, "availability_high": up.high}
    if not up.high < limit:
        return asked.left("within" if up.low > limit else "not clear", numbers)
    # Outages that overlap, or lie in maintenance, cost less together than each of them would alone.
    gone = (up.denominator - up.numerator) / 3600
    hours = outages["hours"] * (gone / max(outages["hours"].sum(), 1e-9))
    allowed = (1 - limit) * up.denominator / 3600
    causes = hours.groupby(outages["cause"].fillna("not recorded")).sum().sort_values(ascending=False, kind="stable")
    costliest, cause = float(causes.iloc[0]), str(causes.index[0])
    # A cause that only one outage has may be a sentence about somebody.
    several = int((outages["cause"] == cause).sum()) > 1
    named = len(causes) > 1 and several and costliest > lever.limit("named_share") * gone
    numbers |= {"hours": gone, "allowed": allowed, "costliest_hours": costliest}
    return asked.proposed(
        "too costly", numbers, up.value, measured=gone, allowed=allowed, names=(cause,) if named else ()
    )


def recovery(look: Look, lever: Lever) -> Evidence:
    """Outages that cost too much, much of it by how long some of them last, apart from the others.

    Of outages of one law some are long, too, and half of the time is lost by few: that is no reason to restore otherwise.
    """
    found = resilience(look, replace(look.levers["resilience"], limits=look.levers["resilience"].limits | lever.limits))
    if not found.found:
        return replace(found, lever=lever)
    hours = _lost(look, lever.limit("days"))["hours"].to_numpy(float)
    usual = float(np.median(hours))
    late = np.maximum(hours - 2 * usual, 0.0)
    share = float(late.sum() / hours.sum())
    numbers = found.numbers | {
        "usual": usual, "long": int((late > 0).sum()), "long_share": share, "long_limit": lever.limit("long_share"),
    }  # fmt: skip
    seen = replace(found, lever=lever, numbers=numbers, names=())
    if share < lever.limit("long_share"):
        return replace(seen, outcome="alike", found=False, effect=None)
    every = _lost(look, max(OF_LAW, lever.limit("days")))["hours"].to_numpy(float)
    if apart.above(np.log(every[every > 0])) > OF_ONE_LAW:
        return replace(seen, outcome="one law", found=False, effect=None)
    return seen


def _lost(look: Look, days: int) -> pd.DataFrame:
    """The outages that count of the last days, with the agreed hours that each would have cost alone."""
    scope, window = look.over(days), look.window(days)
    found = kpis.uptime.with_ends(scope, kpis.uptime.counted_outages(scope))
    found = found[(found["started"] < window.cutoff) & ~(found["ended"] <= window.opens)]
    begun, ended = (
        found["started"].clip(lower=window.opens),
        found["ended"].fillna(window.cutoff).clip(upper=window.cutoff),
    )
    hours = clocks.elapsed(scope.calendar, begun, ended) / 3600 * found["share"].fillna(1.0).to_numpy()
    return found.assign(hours=hours)
