"""Who asks, and why a ticket waits: invented users by number, and the reasons of ordinary holds."""

from __future__ import annotations

import numpy as np

from sipnb.demo.services import Service
from sipnb.demo.ticket_lifecycle import Traits
from sipnb.demo.timeline import DAY

#: Why tickets wait; the shares of each for requests and for incidents.
REASONS = ("user", "supplier", "approval")
_SHARES = {False: (0.5, 0.15), True: (0.65, 0.35)}
#: How many ask again what they asked within the last week: of what is resolved by then one in 25 comes back, whoever did it.
_AGAIN, _WEEK = 0.06, 7 * DAY
#: Some ask more often than others.
_SKEW = 1.3


def requesters(service: Service, rng: np.random.Generator, t: Traits) -> np.ndarray:
    """The number of the user who asks in each ticket, of the service's users; a few come back within a week."""
    n = len(t.opened)
    users = 1 + (service.users * rng.random(n) ** _SKEW).astype("int64")
    again, which = rng.random(n) < _AGAIN, rng.random(n)
    for category in np.unique(t.category):
        rows = np.flatnonzero(t.category == category)
        # Any one of the last week, so that no hour of the day is asked about again more often.
        first, last = (np.searchsorted(t.opened[rows], t.opened[rows] - span) for span in (_WEEK, DAY // 2))
        before = first + (which[rows] * (last - first)).astype("int64")
        back = again[rows] & (first < last)
        users[rows[back]] = users[rows[before[back]]]
    return users


def reasons(rng: np.random.Generator, t: Traits) -> np.ndarray:
    """Why each ticket is put on hold if it is: numbers of `REASONS`; only requests wait for an approval."""
    edges = np.cumsum([_SHARES[kind] for kind in (False, True)], axis=1)[t.incident.astype(int)]
    return (rng.random(len(t.opened))[:, None] > edges).sum(axis=1)
