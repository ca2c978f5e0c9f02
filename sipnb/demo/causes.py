"""What the located causes do: each acts on records that were made without it, with random numbers of its own.

Tickets are slowed down where they are (`slow`); more of them, of outages and of changes come on top (`failing`, `harmful`,
`returns`). What a cause does not touch is what it would be without it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from sipnb.demo import estate, ticket_lifecycle
from sipnb.demo.services import CUT_OFF, NIGHT, ZONE, Cause, Service
from sipnb.demo.ticket_lifecycle import Traits, Work
from sipnb.demo.timeline import DAY, END, HOUR, MONTH, instants, midnight, seconds
from sipnb.demo.words import PHRASES

#: Of the category's tickets, how many wait for the bank at the cut-off; how long, as a share of the goal.
_WAITING, _BANK = 0.92, (0.95, 0.5)
#: How often a group passes on what begins with it, beyond what every group does.
_PASSED_ON = 0.78
#: Within how long after the night what lies there is begun.
_MORNING = 1.5 * HOUR
#: Of the tickets that a machine resolved, how many come back; and what it costs in the feeling of users.
_COMES_BACK, DISAPPOINTED = 0.32, 0.9


def slow(cause: Cause, service: Service, rng: np.random.Generator, t: Traits, w: Work) -> tuple[Traits, Work]:
    """Tickets and their work with what the cause adds to them; most causes add nothing to single tickets."""
    act = {"bank-interface-waits": _waits, "operations-bounces": _bounces, "nights-without-cover": _nights}.get(
        cause.id
    )
    return act(cause, service, rng, t, w) if act else (t, w)


def _waits(cause: Cause, service: Service, rng: np.random.Generator, t: Traits, w: Work) -> tuple[Traits, Work]:
    """A growing share of a category waits for somebody outside, from the first hours on, and the clock runs."""
    n = len(t.opened)
    grown = (t.opened - midnight(cause.since)) / (midnight(CUT_OFF) - midnight(cause.since))
    mine = (t.category == list(PHRASES[service.id]).index(cause.value)) & ~w.machine
    waits = mine & (rng.random(n) < _WAITING * np.clip(grown, 0, 1))
    wait = t.goal * rng.lognormal(np.log(_BANK[0]), _BANK[1], n)
    begins = rng.uniform(0.25 * HOUR, 1.5 * HOUR, n)
    return t, replace(
        w, wait=np.where(waits, wait, 0).astype("int64"), wait_from=np.where(waits, begins, 0).astype("int64")
    )


def _bounces(cause: Cause, service: Service, rng: np.random.Generator, t: Traits, w: Work) -> tuple[Traits, Work]:
    """What begins in one group is passed on twice and more, and takes as much longer as all that is."""
    n = len(t.opened)
    mine = t.begins == ticket_lifecycle.groups(service).index(cause.value)
    passed = mine & (t.hops < 2) & ~t.first_contact & ~w.machine & (rng.random(n) < _PASSED_ON)
    hops = np.where(passed, ticket_lifecycle.many_hops(rng, n), t.hops)
    longer = service.multi_hop_factor / np.where(t.hops == 1, service.one_hop_factor, 1.0)
    return replace(t, hops=hops), replace(w, work=np.where(passed, w.work * longer, w.work).astype("int64"))


def _nights(cause: Cause, service: Service, rng: np.random.Generator, t: Traits, w: Work) -> tuple[Traits, Work]:
    """What is opened in the night is looked at in the morning, one after the other, however urgent it is."""
    dark = at_night(t.opened)
    local = instants(t.opened).tz_convert(ZONE)
    # Six o'clock of the same day, or for whoever comes late in the evening that of the next.
    day = (local.tz_localize(None) + pd.Timedelta(hours=24 - NIGHT[0])).normalize()
    morning = seconds((day + pd.Timedelta(hours=NIGHT[1])).tz_localize(ZONE))
    wait = morning - t.opened + (rng.random(len(dark)) * _MORNING).astype("int64")
    return t, replace(w, wait=np.where(dark, wait, 0), wait_from=np.where(dark, -1, 0))


def at_night(opened: np.ndarray) -> np.ndarray:
    """Which of these instants (s) are in the night of `NIGHT`, by the clock on the wall."""
    hour = np.asarray(instants(opened).tz_convert(ZONE).hour)
    return (hour >= NIGHT[0]) | (hour < NIGHT[1])


def failing(cause: Cause, service: Service, rng: np.random.Generator, outages: pd.DataFrame) -> pd.DataFrame:
    """The outages of one item, on top of those there are: a month has as many as `service.unplanned` says."""
    first = midnight(service.from_day)
    others = outages.loc[outages["kind"].eq("unplanned") & outages["cause"].ne("failed change"), "started"]
    months = max(1, round((END - first) / MONTH))
    there = np.bincount(((others - first) // MONTH).astype(int).clip(0, months - 1), minlength=months)
    low, high = service.unplanned
    month = np.repeat(np.arange(months), np.maximum(rng.integers(low, high + 1, months) - there, 0))
    table = estate.unplanned(rng, first + ((month + rng.random(len(month))) * MONTH).astype("int64"))
    return estate.whole(table.assign(configuration_item=cause.value))


def harmful(
    cause: Cause, service: Service, rng: np.random.Generator, changes: pd.DataFrame
) -> tuple[np.ndarray, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Changes of one kind that fail: which rows, the changes with these failed, the repairs and outages on top.

    As many fail as it takes for `service.change_failure` of all that were planned.
    """
    planned = changes["kind"].ne("emergency")
    sound = np.flatnonzero(changes["kind"].eq(cause.value) & changes["outcome"].eq("successful"))
    more = round(planned.sum() * service.change_failure) - changes["outcome"].eq("failed").sum()
    more = min(max(more, 0), len(sound))
    # One of each few in a row: drawn freely, so few failures would leave whole half-years without any.
    rows = sound[((np.arange(more) + rng.random(more)) * len(sound) / max(more, 1)).astype(int)]
    found = changes.copy()
    found.loc[rows, "outcome"] = "failed"
    found.loc[rows, "ended"] += (0.6 * (found["ended"] - found["started"])[rows]).astype("int64")
    failed = found.loc[rows]
    repairs = estate.repairs(rng, failed[rng.random(len(failed)) < 0.4])
    repairs = repairs[repairs["started"] < END].sort_values("started", ignore_index=True)
    return rows, found, repairs, estate.whole(estate.broken(rng, failed))


def returns(rng: np.random.Generator, machine: np.ndarray, resolved: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which tickets (rows) that a machine resolved come back within days, and when (s): on a working day, by its time."""
    n = len(machine)
    back = np.flatnonzero(machine & (resolved >= 0) & (rng.random(n) < _COMES_BACK))
    opened = resolved[back] + rng.uniform(2 * HOUR, 3.5 * DAY, n)[back].astype("int64")
    weekend = np.asarray(instants(opened).tz_convert(ZONE).day_of_week) >= 5
    opened = opened + 2 * DAY * weekend
    kept = opened < END
    return back[kept], opened[kept]
