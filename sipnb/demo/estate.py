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
    table = pd.concat([table, repairs(rng, table[failed & (rng.random(n) < 0.4)])], ignore_index=True).sort_values(
        "started", ignore_index=True
    )
    table["configuration_item"] = rng.choice(items, len(table))
    return table[table["started"] < END].reset_index(drop=True)


def repairs(rng: np.random.Generator, failed: pd.DataFrame) -> pd.DataFrame:
    """The emergency changes that repair `failed` ones, hours later."""
    repair = failed.copy()
    begin = repair["ended"] + rng.integers(2 * HOUR, 10 * HOUR, len(repair))
    repair["planned_start"] = repair["started"] = begin
    repair["planned_end"] = begin + 2 * HOUR
    repair["ended"] = begin + rng.integers(HOUR // 2, 2 * HOUR, len(repair))
    repair[["kind", "outcome", "risk"]] = ["emergency", "successful", "high"]
    return repair


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
    fallen = unplanned(rng, started)
    by_change = broken(rng, failed)
    night = _nights(service, rng, service.maintenance, (6,)) + 2 * HOUR
    if (
        service.maintenance >= 1
    ):  # begun on the first day, so that nobody can take the months without a row for unrecorded ones
        night = np.r_[first + 2 * HOUR, night]
    maintenance = pd.DataFrame(
        {"started": night, "ended": night + rng.integers(2, 5, len(night)) * HOUR, "kind": "maintenance"}
    )
    maintenance[["share", "cause"]] = [1.0, "announced maintenance"]
    return whole(pd.concat([fallen, by_change, maintenance], ignore_index=True))


def unplanned(rng: np.random.Generator, started: np.ndarray) -> pd.DataFrame:
    """Unplanned outages that begin at these times (s): how long, how much of the service, and why."""
    n = len(started)
    share = np.round(np.clip(rng.beta(1.3, 1.8, n), 0.03, 1.0), 2)
    minutes = np.clip(rng.lognormal(np.log(70), 0.9, n), 5, 1500)
    table = pd.DataFrame(
        {"started": started, "ended": started + (minutes * 60).astype("int64"), "kind": "unplanned", "share": share}
    )
    table["cause"] = rng.choice(OUTAGE_CAUSES, n)
    return table


def broken(rng: np.random.Generator, failed: pd.DataFrame) -> pd.DataFrame:
    """The outages that three of five `failed` changes leave behind, of the item that was changed."""
    changed = failed[rng.random(len(failed)) < 0.6]
    return pd.DataFrame(
        {
            "started": changed["ended"] + 60,
            "ended": changed["ended"] + 60 + rng.integers(HOUR // 4, 4 * HOUR, len(changed)),
            "kind": "unplanned",
            "share": np.round(rng.uniform(0.05, 0.6, len(changed)), 2),
            "cause": "failed change",
            "configuration_item": changed["configuration_item"],
        }
    )


def whole(table: pd.DataFrame) -> pd.DataFrame:
    """The outages that begin before the exports end, in order, with their severity; −1 where one has not ended by then."""
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
    ordinary = demand(service, rng, scale)
    failed = np.flatnonzero(changes["outcome"].eq("failed"))
    down = np.flatnonzero(outages["kind"].eq("unplanned") & outages["cause"].ne("failed change"))
    table = pd.DataFrame({"opened": ordinary, "change": -1, "outage": -1})
    return in_turn(pd.concat([table, caused(service, rng, scale, changes, failed, outages, down)], ignore_index=True))


def caused(
    service: Service, rng: np.random.Generator, scale: float, changes: pd.DataFrame, failed: np.ndarray,
    outages: pd.DataFrame, down: np.ndarray,
) -> pd.DataFrame:  # fmt: skip
    """The incidents of `failed` changes and of outages that were `down` (row numbers), in columns as those of `arrivals`."""
    change = np.repeat(failed, rng.poisson(service.change_tickets * scale, len(failed)) + 1)
    later = np.minimum(rng.exponential(5 * HOUR, len(change)), 23.5 * HOUR).astype("int64")
    by_change = pd.DataFrame({"opened": changes["ended"].to_numpy()[change] + later, "change": change, "outage": -1})
    count = rng.poisson(service.outage_tickets * scale * outages["share"].to_numpy()[down])
    outage = np.repeat(down, count)
    length = np.where(outages["ended"] < 0, HOUR, outages["ended"] - outages["started"])[outage]
    opened = outages["started"].to_numpy()[outage] + rng.integers(60, length + HOUR // 2)
    return pd.concat([by_change, pd.DataFrame({"opened": opened, "change": -1, "outage": outage})], ignore_index=True)


def in_turn(arrivals: pd.DataFrame) -> pd.DataFrame:
    """Those that arrive before the exports end, sorted."""
    table = arrivals[arrivals["opened"] < END].astype("int64")
    return table.sort_values(["opened", "change", "outage"], ignore_index=True)


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
