"""The life of the simulated tickets: how much work each is, what happens on the way, and what the tool
records.

Every step of a ticket lies at a share of its *net* work; being on hold adds agreed time in between. So the
net clock of the finished ticket is the work that was drawn, exactly, and the figures of a service come out
as its numbers say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

from sipnb.demo import timeline
from sipnb.demo.services import Service
from sipnb.demo.timeline import DAY, END, HOUR
from sipnb.demo.words import CHANNELS, GROUP_ROLES, PHRASES, TAILS

_MOST_HOPS = 5
_BOUNCING = 6 * HOUR  # of net work: how long tickets that change group twice and more take to find their group
_WAITS_BY = 0.4  # of the work: by then whoever has to wait for others does
_QUICK = 0.6  # of the goal: what a machine resolves takes no longer

_PRIORITY_MIX = {  # priorities 1 to 5
    "incident": (0.02, 0.09, 0.36, 0.38, 0.15),
    "request": (0.0, 0.02, 0.23, 0.5, 0.25),
    "caused": (0.08, 0.32, 0.42, 0.16, 0.02),
}

STATES = ("new", "in progress", "on hold", "resolved", "closed", "waiting for supplier")
_NEW, _PROGRESS, _HOLD, _RESOLVED, _CLOSED, _WAIT = range(6)
_ORDER = (
    "open", "acknowledge", "hop", "priority", "hold", "release", "wait", "resume", "resolve", "reopen", "close"
)  # fmt: skip


def labels(names, codes: np.ndarray) -> pd.api.extensions.ExtensionArray:
    """The names with these numbers; −1 is no name."""
    return pd.array(list(names), dtype="str").take(codes, allow_fill=True)


def groups(service: Service) -> list[str]:
    """The groups that work on the service; the first takes the calls."""
    return ["Service Desk", *(f"{service.name} {role}" for role in GROUP_ROLES)]


def items(service: Service) -> list[str]:
    """The configuration items of the service."""
    return [f"{service.id}-{part}-{number:02d}" for part in ("app", "db", "gw") for number in (1, 2)]


@dataclass(frozen=True)
class Traits:
    """What is drawn for each ticket before its work: arrays of one length. Times in seconds."""

    opened: np.ndarray
    incident: np.ndarray
    priority: np.ndarray  # 1–5, the final one
    category: np.ndarray
    channel: np.ndarray
    hops: np.ndarray
    reopened: np.ndarray
    first_contact: np.ndarray
    goal: np.ndarray  # agreed seconds
    begins: np.ndarray | None = None  # the group it begins in, where that is drawn beforehand


@dataclass(frozen=True)
class Work:
    """The net agreed seconds of each ticket, and its time on hold: where it starts (share of the work) and how long.

    A `wait` lets the clock run: it is part of the net time. It starts after `wait_from` seconds of work and is seen as a
    state of its own, or (−1) before anybody looked at the ticket.
    """

    work: np.ndarray
    hold: np.ndarray  # agreed seconds, 0 if never on hold
    hold_at: np.ndarray
    machine: np.ndarray  # whether a machine resolves it
    wait: np.ndarray  # agreed seconds, 0 if it never waits
    wait_from: np.ndarray


def many_hops(rng: np.random.Generator, n: int) -> np.ndarray:
    """How often tickets that are passed on twice and more are: `n` numbers."""
    return np.minimum(1 + rng.geometric(0.6, n), _MOST_HOPS)


def traits(service: Service, rng: np.random.Generator, arrivals: pd.DataFrame) -> Traits:
    """Kind, priority, category, channel, reassignments, reopening and first contact of the tickets that arrive."""
    n = len(arrivals)
    caused = (arrivals[["change", "outage"]] >= 0).any(axis=1).to_numpy()
    incident = caused | (rng.random(n) < 0.7)
    mix = np.select([caused, incident], [0, 1], 2)
    chances = np.cumsum([_PRIORITY_MIX[name] for name in ("caused", "incident", "request")], axis=1)
    priority = 1 + (rng.random(n)[:, None] > chances[mix, :4]).sum(axis=1)
    count = len(PHRASES[service.id])
    weights = np.array(service.mix[:count]) / sum(service.mix[:count])
    category = np.where(caused, 0 if count < 2 else arrivals["change"] >= 0, rng.choice(count, n, p=weights))
    if "category" in arrivals:
        category = arrivals["category"].to_numpy()
    chatty = incident & (rng.random(n) < 0.5)
    channel = np.where(chatty, 1, rng.choice([0, 2, 3], n, p=[0.55, 0.3, 0.15]))
    channel = np.where(caused & (rng.random(n) < 0.3), 4, channel)

    factor = np.array(service.hopping)[category]
    many = rng.random(n) < service.multi_hop * factor / max(factor.mean(), 1e-9)
    one = ~many & (rng.random(n) < service.one_hop / (1 - service.multi_hop))
    hops = np.where(many, many_hops(rng, n), one.astype(int))
    reopened = rng.random(n) < service.reopened
    first_contact = (hops == 0) & (priority >= 3) & ~caused & np.isin(channel, (1, 3)) & (rng.random(n) < 0.4)
    goal = (np.array(service.goal_hours())[priority - 1] * HOUR).astype("int64")
    opened = arrivals["opened"].to_numpy()
    return Traits(opened, incident, priority, category, channel, hops, reopened, first_contact, goal)


def work(service: Service, rng: np.random.Generator, t: Traits) -> Work:
    """How much work each ticket is: log-normal around its goal, so that the share of `service.met` stays inside it."""
    n = len(t.opened)
    drag = np.log(np.array(service.slow))[t.category] + np.log(1.5) * t.reopened
    drag = drag + np.log(service.first_contact_factor) * t.first_contact
    drag = drag + np.log(service.one_hop_factor) * (t.hops == 1) + np.log(service.multi_hop_factor) * (t.hops >= 2)
    share = timeline.level(service.parked or service.met, t.opened)
    middle = drag - service.spread * norm.ppf(share)
    # One shift takes the effects of hops, categories and reopenings out of the average, and leaves every
    # contrast. What those effects spread is part of the spread of the service, so a change of share is the
    # change of time meant.
    noise = np.sqrt(max(service.spread**2 - drag.var(), 0.2))
    shift = brentq(lambda c: norm.cdf((c - middle) / noise).mean() - share.mean(), -9, 9)
    net = t.goal * np.exp(middle - shift + noise * rng.standard_normal(n))
    if service.improved:
        kind, since, factor = service.improved
        mine = t.category == list(PHRASES[service.id]).index(kind)
        net = np.where(mine & (t.opened >= timeline.midnight(since)), net * factor, net)
    net = np.maximum(net, 300).astype("int64")
    if service.queue_demand:
        net = net + _queue(service, rng, t)

    held = (rng.random(n) < service.held) & ~t.first_contact
    hold = np.where(held, np.maximum(t.goal * rng.lognormal(np.log(0.3), 0.8, n), 600), 0).astype("int64")
    hold_at = rng.uniform(0.2, np.where(t.reopened, 0.42, 0.9))
    if service.parked:
        wanted = timeline.level(service.met, t.opened)
        parked = (net > t.goal) & (rng.random(n) < (wanted - share) / (1 - share))
        counted = (t.goal * rng.uniform(0.93, 0.995, n)).astype("int64")
        hold = np.where(parked, net - counted, hold)
        hold_at = np.where(parked & ~t.reopened, rng.uniform(0.9, 0.985, n), hold_at)
        net = np.where(parked, counted, net)
    never = np.zeros(n, "int64")
    return Work(net, hold, hold_at, never.astype(bool), never, never)


def machines(service: Service, rng: np.random.Generator, t: Traits, w: Work) -> np.ndarray:
    """Which tickets a machine resolves: some of those that are quick and that nobody has to pass on or to ask about."""
    simple = (t.hops == 0) & ~t.reopened & (t.priority >= 3) & (w.hold == 0) & (w.work <= _QUICK * t.goal)
    return simple & (rng.random(len(t.opened)) < service.machine)


def _queue(service: Service, rng: np.random.Generator, t: Traits) -> np.ndarray:
    """The agreed seconds each ticket waits for the specialists: first come, first served, at a fixed
    capacity.

    Urgent work (priorities 1 and 2), what is solved at first contact, and a good half of the rest do not
    queue. Lindley's recursion in agreed time: finish = max(finish of the one before, arrival) + handling.
    """
    n = len(t.opened)
    since, start = timeline.midnight(service.queue_demand[0]), timeline.midnight(service.from_day)
    queues = (t.priority >= 3) & ~t.first_contact & (rng.random(n) < 0.5)
    arrival = timeline.worked(service, np.full(n, start), t.opened)[queues]
    before = timeline.worked(service, np.array([start]), np.array([since]))[0]
    handling = before / max((arrival < before).sum(), 1) * service.queue_load
    done = np.cumsum(handling * rng.gamma(4, 0.25, len(arrival)))
    begun = np.maximum.accumulate(arrival - np.r_[0.0, done[:-1]]) + np.r_[0.0, done[:-1]]
    wait = np.zeros(n, "int64")
    wait[queues] = np.maximum(begun - arrival, 0)
    return wait


def events(service: Service, rng: np.random.Generator, t: Traits, w: Work) -> pd.DataFrame:
    """Every step of every ticket up to the end of the exports, in order: one row a step.

    Columns: `row` (which ticket), `at` (s), `state`, `group`, `priority` (numbers as they stand after the
    step), `net` (agreed seconds that count by then) and the `step`, one of `_ORDER`.
    """
    n, every = len(t.opened), np.arange(len(t.opened))
    steps: list[tuple[str, np.ndarray, np.ndarray, int]] = []  # step, tickets, share of net, state it leads to
    acknowledged = np.minimum(t.goal * 0.02 * rng.lognormal(0, 1.0, n) / w.work, 0.15)
    steps.append(("acknowledge", every, acknowledged, _PROGRESS))
    until = np.where(t.reopened, 0.44, 0.7)
    # What is passed to and fro is so at once, before anybody works on it; a single hand-over may come at any time.
    bounced = np.clip(_BOUNCING / w.work, acknowledged + 0.01, until)
    settled = np.where(t.hops >= 2, bounced, until)
    for hop in range(_MOST_HOPS):
        moved = every[t.hops > hop]
        steps.append(("hop", moved, rng.uniform(acknowledged, settled)[moved], -1))
    changed = every[rng.random(n) < 0.03]
    steps.append(("priority", changed, rng.uniform(acknowledged, until)[changed], -1))
    held = every[w.hold > 0]
    steps.append(("hold", held, w.hold_at[held], _HOLD))
    steps.append(("release", held, w.hold_at[held], _PROGRESS))
    wait_at = np.where(w.wait_from < 0, -1.0, np.clip(w.wait_from / w.work, acknowledged + 0.003, _WAITS_BY))
    waiting = every[(w.wait > 0) & (w.wait_from >= 0)]
    steps.append(("wait", waiting, wait_at[waiting], _WAIT))
    steps.append(("resume", waiting, wait_at[waiting], _PROGRESS))
    again = every[t.reopened]
    first = rng.uniform(0.45, 0.75, n)
    steps.append(("resolve", again, first[again], _RESOLVED))
    steps.append(("reopen", again, (first + rng.uniform(0.05, 0.2, n))[again], _PROGRESS))
    steps.append(("resolve", every, np.ones(n), _RESOLVED))

    row = np.concatenate([every, *(rows for _, rows, _, _ in steps)])
    share = np.concatenate([np.zeros(n), *(shares for _, _, shares, _ in steps)])
    state = np.concatenate([np.full(n, _NEW), *(np.full(len(rows), to) for _, rows, _, to in steps)])
    step = np.concatenate([np.zeros(n, int), *(np.full(len(s[1]), _ORDER.index(s[0])) for s in steps)])
    net = np.rint(share * w.work[row]).astype("int64")
    net = np.maximum(net, 1) + w.wait[row] * ((share > wait_at[row]) | (step == _ORDER.index("resume")))
    net = np.where(step == _ORDER.index("open"), 0, net)
    released = step == _ORDER.index("release")
    at = timeline.after(service, t.opened[row], net + w.hold[row] * ((share > w.hold_at[row]) | released))
    at = np.where(step == _ORDER.index("open"), t.opened[row], at)

    last = np.flatnonzero(share == 1.0)
    closing = at[last] + 5 * DAY + rng.integers(0, DAY, len(last))
    row, at, net = np.r_[row, row[last]], np.r_[at, closing], np.r_[net, net[last]]
    state, step = np.r_[state, np.full(len(last), _CLOSED)], np.r_[step, np.full(len(last), _ORDER.index("close"))]
    table = pd.DataFrame({"row": row, "at": at, "net": net, "state": state, "step": step})
    table = table[table["at"] < END]
    table = table.iloc[np.lexsort((table["step"], table["net"], table["at"], table["row"]))].reset_index(drop=True)

    # What no step changes stays as it was; each ticket begins with all of it known.
    known = np.where(table["state"] >= 0, np.arange(len(table)), 0)
    table["state"] = table["state"].to_numpy()[np.maximum.accumulate(known)]
    ticket = table["row"].to_numpy()
    moved = table["step"].eq(_ORDER.index("hop")).groupby(ticket).cumsum().to_numpy()
    begins = np.where(rng.random(n) < 0.75, 0, rng.integers(1, 5, n))
    path = (begins if t.begins is None else t.begins)[:, None] + np.c_[
        np.zeros(n, int), np.cumsum(rng.integers(1, 5, (n, _MOST_HOPS)), axis=1)
    ]  # a step of 1 to 4 among five groups never leads back to the same one
    table["group"] = path[ticket, moved] % 5
    final = np.zeros(n, bool)
    final[changed] = True
    changes = table["step"].eq(_ORDER.index("priority")).groupby(ticket).cumsum().to_numpy()
    earlier = np.where(t.priority == 5, 4, np.where(t.priority == 1, 2, t.priority + rng.choice([-1, 1], n)))
    table["priority"] = np.where(final[ticket] & (changes == 0), earlier[ticket], t.priority[ticket])
    table["step"] = pd.Categorical.from_codes(table["step"], _ORDER)
    return table


def recorded(service: Service, rng: np.random.Generator, t: Traits, w: Work, events: pd.DataFrame) -> pd.DataFrame:
    """The tickets as the tool shows them when the exports end, in order of opening; no identifiers yet."""
    n = len(t.opened)
    last = events.drop_duplicates("row", keep="last").set_index("row").sort_index()

    def at(step: str, what: str = "at") -> np.ndarray:
        found = events[events["step"].eq(step)].drop_duplicates("row", keep="last")
        times = np.full(n, -1)
        times[found["row"]] = found[what]
        return times

    def times_of(step: str) -> np.ndarray:
        return np.bincount(events["row"][events["step"].eq(step)], minlength=n)

    is_resolved = last["state"].isin([_RESOLVED, _CLOSED]).to_numpy()
    resolved = np.where(is_resolved, at("resolve"), -1)
    held, released = at("hold"), at("release")
    pause_end = np.where(released < 0, END, released)
    on_hold = np.where(held < 0, 0, pause_end - held)
    agreed_hold = np.where(held < 0, 0, timeline.worked(service, np.maximum(held, 0), pause_end))
    priority = last["priority"].to_numpy()
    goal = (np.array(service.goal_hours())[priority - 1] * HOUR).astype("int64")
    in_time = at("hold", "net") < goal  # a hold after the goal has passed moves nothing
    due = timeline.after(service, t.opened, goal + np.where(in_time, agreed_hold, 0))
    met = pd.array(last["net"].to_numpy() <= goal, "boolean")
    met[~is_resolved] = pd.NA
    first_contact = pd.array(t.first_contact, "boolean")
    first_contact[~is_resolved] = pd.NA

    subcategory, summary = _wording(service, rng, t.category)
    least = np.maximum(1, priority - 2)
    # One number a ticket whatever its priority: what happens to one ticket changes nothing of the next.
    impact = least + (rng.random(n) * (np.minimum(3, priority) + 1 - least)).astype("int64")
    hours = 0.2 + rng.lognormal(np.log(0.5), 0.7, n) * (1 + 0.5 * t.hops) * np.where(t.first_contact, 0.4, 1.0)
    parts = items(service)
    part = np.where(rng.random(n) < 0.25, -1, rng.choice(len(parts), n))
    return pd.DataFrame(
        {
            "kind": labels(["request", "incident"], t.incident.astype(int)),
            "opened": timeline.instants(t.opened),
            "acknowledged": timeline.instants(at("acknowledge")),
            "resolved": timeline.instants(resolved),
            "closed": timeline.instants(at("close")),
            "state": labels(STATES, last["state"].to_numpy()),
            "priority": priority,
            "impact": impact,
            "urgency": priority + 1 - impact,
            "category": labels(PHRASES[service.id], t.category),
            "subcategory": subcategory,
            "group": labels(groups(service), last["group"].to_numpy()),
            "channel": labels(CHANNELS, t.channel),
            "resolver": labels(("person", "machine"), np.where(is_resolved, w.machine, -1)),
            "reopened": times_of("reopen"),
            "reassigned": times_of("hop"),
            "on_hold": on_hold.astype("float64"),
            "first_contact": first_contact,
            "sla_due": timeline.instants(due),
            "sla_met": met,
            "configuration_item": labels(parts, part),
            "summary": summary,
            "effort": np.where(at("acknowledge") < 0, np.nan, np.round(hours, 2)),
        }
    )


def _wording(service: Service, rng: np.random.Generator, category: np.ndarray) -> tuple:
    """A subcategory and a summary for each ticket of these categories (numbers)."""
    kinds = PHRASES[service.id]
    pick = rng.random((len(category), 3))
    subs = [list(sub) for sub in kinds.values()]
    sub = (pick[:, 0] ** 1.3 * np.array([len(one) for one in subs])[category]).astype(int)
    first_sub = np.cumsum([0, *(len(one) for one in subs)])
    # All summaries there are, subcategory by subcategory; a ticket needs only the number of its line.
    starts = [texts for group in kinds.values() for texts in group.values()]
    which = first_sub[category] + sub
    phrase = (pick[:, 1] * np.array([len(one) for one in starts])[which]).astype(int)
    lines = [f"{start} {tail}".rstrip() for group in starts for start in group for tail in TAILS]
    first_line = np.cumsum([0, *(len(one) for one in starts)])
    line = (first_line[which] + phrase) * len(TAILS) + (pick[:, 2] * len(TAILS)).astype(int)
    return labels([name for one in subs for name in one], which), labels(lines, line)
