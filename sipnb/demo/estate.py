"""What happens to the simulated services besides tickets: changes, outages, problems; and money and size."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb.demo.services import CUT_OFF, ZONE, Service
from sipnb.demo.timeline import DAY, END, HOUR, MONTH, demand, instants, midnight
from sipnb.demo.words import CAUSES, OUTAGE_CAUSES

_EUR_AN_HOUR = 58.0
_PAID_PER_TICKET_HOUR = 1.45  # meetings, leave and training are paid for too


def months_of(service: Service) -> pd.DatetimeIndex:
    """The calendar months of the service up to the cut-off: their first days."""
    return pd.date_range(service.from_day.replace(day=1), CUT_OFF, freq="MS", inclusive="left", unit="us")


def _nights(service: Service, rng: np.random.Generator, per_month: float, weekdays: tuple[int, ...]) -> np.ndarray:
    """Local midnights of random days that are one of `weekdays` (Monday is 0), sorted."""
    days = pd.date_range(service.from_day, instants(np.array([END - DAY]))[0].date(), freq="D")
    days = days[np.isin(days.day_of_week, weekdays)]
    per_day = per_month * len(months_of(service)) / max(len(days), 1)
    chosen = days[rng.random(len(days)) < per_day]
    return chosen.tz_localize(ZONE).as_unit("us").asi8 // 1_000_000


def changes(service: Service, rng: np.random.Generator, items: list[str]) -> pd.DataFrame:
    """The changes of the service, times in seconds. A failed one is followed by an emergency change in two of five
    cases, which repairs it."""
    night = _nights(service, rng, service.changes, (1, 3))
    n = len(night)
    kind = np.where(rng.random(n) < 0.4, "standard", "normal")
    # A standard change is pre-approved because it seldom fails; the others make up for it.
    odds = np.where(kind == "standard", 0.6, 1.27)
    failed = np.zeros(n, bool)
    if n:
        # A share of so few changes, drawn one by one, would often miss the temperament: the number is fixed.
        fails = round(n * service.change_failure)
        failed[rng.choice(n, fails, replace=False, p=odds / odds.sum())] = True
    planned = night + rng.choice([17, 18, 19, 20], n) * HOUR
    length = rng.choice([1, 2, 3, 4], n) * HOUR
    started = planned + rng.integers(0, 1500, n)
    ended = started + (length * rng.uniform(0.4, 1.0, n) * np.where(failed, 1.6, 1.0)).astype("int64")
    risk = np.where(kind == "standard", "low", rng.choice(["low", "moderate", "high"], n, p=[0.3, 0.5, 0.2]))
    table = pd.DataFrame(
        {
            "kind": kind,
            "planned_start": planned,
            "planned_end": planned + length,
            "started": started,
            "ended": ended,
            "outcome": np.where(failed, "failed", "successful"),
            "risk": risk,
        }
    )
    repair = table[failed & (rng.random(n) < 0.4)].copy()
    begin = repair["ended"] + rng.integers(2 * HOUR, 10 * HOUR, len(repair))
    repair["planned_start"] = repair["started"] = begin
    repair["planned_end"] = begin + 2 * HOUR
    repair["ended"] = begin + rng.integers(HOUR // 2, 2 * HOUR, len(repair))
    repair[["kind", "outcome", "risk"]] = ["emergency", "successful", "high"]
    table = pd.concat([table, repair], ignore_index=True).sort_values("started", ignore_index=True)
    table["configuration_item"] = rng.choice(items, len(table))
    return table[table["started"] < END].reset_index(drop=True)


def outages(service: Service, rng: np.random.Generator, failed: pd.DataFrame) -> pd.DataFrame:
    """The outages of the service, times in seconds: unplanned ones at any hour, those of `failed` changes, and
    announced maintenance in the night to Sunday."""
    first, months = midnight(service.from_day), max(1, round((END - midnight(service.from_day)) / MONTH))
    if isinstance(service.unplanned, tuple):
        low, high = service.unplanned
        month = np.repeat(np.arange(months), rng.integers(low, high + 1, months))
        started = first + ((month + rng.random(len(month))) * MONTH).astype("int64")
    else:
        started = first + (rng.random(rng.poisson(service.unplanned * months)) * (END - first)).astype("int64")
    n = len(started)
    share = np.round(np.clip(rng.beta(1.3, 1.8, n), 0.03, 1.0), 2)
    minutes = np.clip(rng.lognormal(np.log(70), 0.9, n), 5, 1500)
    unplanned = pd.DataFrame(
        {"started": started, "ended": started + (minutes * 60).astype("int64"), "kind": "unplanned", "share": share}
    )
    unplanned["cause"] = rng.choice(OUTAGE_CAUSES, n)
    broken = failed[rng.random(len(failed)) < 0.6]
    by_change = pd.DataFrame(
        {
            "started": broken["ended"] + 60,
            "ended": broken["ended"] + 60 + rng.integers(HOUR // 4, 4 * HOUR, len(broken)),
            "kind": "unplanned",
            "share": np.round(rng.uniform(0.05, 0.6, len(broken)), 2),
            "cause": "failed change",
        }
    )
    night = _nights(service, rng, service.maintenance, (6,)) + 2 * HOUR
    maintenance = pd.DataFrame(
        {"started": night, "ended": night + rng.integers(2, 5, len(night)) * HOUR, "kind": "maintenance"}
    )
    maintenance[["share", "cause"]] = [1.0, "announced maintenance"]
    table = pd.concat([unplanned, by_change, maintenance], ignore_index=True)
    table = table[table["started"] < END].sort_values("started", ignore_index=True)
    table["severity"] = np.select([table["share"] < 0.2, table["share"] < 0.6], ["minor", "major"], "critical")
    table.loc[table["ended"] > END, "ended"] = -1
    return table


def problems(service: Service, rng: np.random.Generator, categories: int) -> pd.DataFrame:
    """The problem records, times in seconds (−1: unresolved), each about one category (by number)."""
    first = midnight(service.from_day)
    n = rng.poisson(service.problems * (END - first) / MONTH)
    opened = np.sort(first + (rng.random(n) * (END - first)).astype("int64"))
    resolved = opened + (rng.lognormal(np.log(45), 0.7, n) * DAY).astype("int64")
    return pd.DataFrame(
        {
            "opened": opened,
            "resolved": np.where(resolved < END, resolved, -1),
            "known_error": rng.random(n) < 0.45,
            "cause": rng.choice(CAUSES, n),
            "category": rng.integers(0, categories, n),
        }
    )


def arrivals(
    service: Service,
    rng: np.random.Generator,
    scale: float,
    changes: pd.DataFrame,
    outages: pd.DataFrame,
) -> pd.DataFrame:
    """When tickets are opened and why: `opened` (s), `change` and `outage` (row number, or −1), sorted.

    On top of the ordinary demand come the incidents that failed changes cause within a day, and those that unplanned
    outages cause while they last and a little after.
    """
    opened = [demand(service, rng, scale)]
    change, outage = [np.full(len(opened[0]), -1)], [np.full(len(opened[0]), -1)]
    failed = np.flatnonzero(changes["outcome"].eq("failed"))
    count = rng.poisson(service.change_tickets * scale, len(failed)) + 1
    cause = np.repeat(failed, count)
    later = np.minimum(rng.exponential(5 * HOUR, len(cause)), 23.5 * HOUR).astype("int64")
    opened.append(changes["ended"].to_numpy()[cause] + later)
    change.append(cause)
    outage.append(np.full(len(cause), -1))
    down = np.flatnonzero(outages["kind"].eq("unplanned") & outages["cause"].ne("failed change"))
    count = rng.poisson(service.outage_tickets * scale * outages["share"].to_numpy()[down])
    cause = np.repeat(down, count)
    length = np.where(outages["ended"] < 0, HOUR, outages["ended"] - outages["started"])[cause]
    opened.append(outages["started"].to_numpy()[cause] + rng.integers(60, length + HOUR // 2))
    change.append(np.full(len(cause), -1))
    outage.append(cause)
    table = pd.DataFrame(
        {
            "opened": np.concatenate(opened).astype("int64"),
            "change": np.concatenate(change),
            "outage": np.concatenate(outage),
        }
    )
    return table[table["opened"] < END].sort_values(["opened", "change", "outage"], ignore_index=True)


def _monthly(periods: pd.DatetimeIndex, times: pd.Series, amount: pd.Series | None = None) -> np.ndarray:
    """Sums (or counts) of what happened in each local calendar month."""
    known = times.notna()
    month = times[known].dt.tz_convert(ZONE).dt.tz_localize(None).to_numpy("datetime64[M]")
    amount = np.ones(known.sum()) if amount is None else amount[known].fillna(0).to_numpy(dtype="float64")
    sums = pd.Series(amount).groupby(month.astype("datetime64[us]")).sum()
    return sums.reindex(periods, fill_value=0.0).to_numpy(dtype="float64")


def usage(service: Service, rng: np.random.Generator, tickets: pd.DataFrame) -> pd.DataFrame:
    """Users, transactions, hours of agents and survey invitations (one a resolved ticket) of each month."""
    periods = months_of(service)
    users = service.users * np.linspace(1.0, 1.06, len(periods)) * rng.normal(1.0, 0.01, len(periods))
    hours = _monthly(periods, tickets["resolved"], tickets["effort"]) * _PAID_PER_TICKET_HOUR
    return pd.DataFrame(
        {
            "period": periods,
            "users": np.rint(users),
            "transactions": np.rint(users * 21 * rng.normal(1.0, 0.04, len(periods))),
            "agent_hours": np.round(hours, 1),
            "invited": _monthly(periods, tickets["resolved"]),
        }
    )


def costs(service: Service, rng: np.random.Generator, usage: pd.DataFrame) -> pd.DataFrame:
    """What the service costs a month, in EUR: labour by the agents' hours, licences by user, infrastructure."""
    n = len(usage)
    fixed = 1500 + 0.35 * service.users
    amounts = {
        "labour": usage["agent_hours"] * _EUR_AN_HOUR + 900,
        "licences": usage["users"] * 0.8,
        "infrastructure": fixed * rng.normal(1.0, 0.03, n) * np.linspace(1.0, 1.05, n),
    }
    parts = [
        pd.DataFrame({"period": usage["period"], "amount": np.round(amount, 2), "category": category})
        for category, amount in amounts.items()
    ]
    return pd.concat(parts).sort_values(["period", "category"], kind="stable", ignore_index=True)
