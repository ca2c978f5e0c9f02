"""One simulated service: its records made without its located causes, and what these add on top of them.

All is drawn from streams of their own — a part of the records, a batch of tickets, a cause — so that one can change without
the others. Identifiers and the general mood of users are those of the service with all its causes, also where one is left out.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

from sipnb.demo import causes, estate, people, ticket_lifecycle
from sipnb.demo.services import CAUSES, Cause, Service
from sipnb.demo.timeline import DAY, END, instants, seconds
from sipnb.demo.words import PHRASES

_MOST = 500_000  # identifiers set aside for each service, so that they do not depend on the others
_PARTS = ("changes", "outages", "problems", "arrivals", "lives", "links", "answers", "size")


def tables_of(
    one: Service, number: int, seed: int, scale: float, without: Iterable[str] = ()
) -> dict[str, pd.DataFrame]:
    """All tables of the service that is the `number`-th of all, as they would be `without` some of its causes."""
    mine = [cause for cause in CAUSES if cause.service == one.id]
    left = [cause for cause in mine if cause.id not in set(without)]
    whole = _Made(one, number, seed, scale, mine)
    return (whole if left == mine else _Made(one, number, seed, scale, left)).tables(whole)


@dataclass
class _Batch:
    """Tickets that arrive for one reason, in the order of their arrival; `name` is the cause of those that come on top."""

    name: str
    rng: dict[str, np.random.Generator]
    traits: ticket_lifecycle.Traits
    work: ticket_lifecycle.Work
    events: pd.DataFrame
    tickets: pd.DataFrame


class _Made:
    """A service with some of its causes."""

    def __init__(self, one: Service, number: int, seed: int, scale: float, acting: list[Cause]) -> None:
        self.one, self.seed, self.scale, self.first = one, seed, scale, number * _MOST
        self.bare = one.without_causes()
        self.acting = {cause.id: cause for cause in acting}
        self.rng = self._streams(_PARTS)
        self.batches: list[_Batch] = []
        self._happen()
        self._arrive()

    def _streams(self, parts: tuple[str, ...], *of: str) -> dict[str, np.random.Generator]:
        entropy = [self.seed, zlib.crc32(self.one.id.encode()), *(zlib.crc32(name.encode()) for name in of)]
        return {
            part: np.random.default_rng(stream)
            for part, stream in zip(parts, np.random.SeedSequence(entropy).spawn(len(parts)), strict=True)
        }

    # ---- what happens besides tickets ---------------------------------------------------------------------------------

    def _happen(self) -> None:
        items = ticket_lifecycle.items(self.one)
        self.sound = self.changes = estate.changes(self.bare, self.rng["changes"], items)
        failed = self.sound[self.sound["outcome"].eq("failed")]
        self.outages = estate.outages(self.bare, self.rng["outages"], failed)
        known = self.outages.get("configuration_item", pd.Series(None, self.outages.index, dtype="object"))
        random = self._streams(("items",), "estate")["items"].choice(items, len(self.outages))
        self.outages["configuration_item"] = known.where(known.notna(), random).where(
            self.outages["kind"].eq("unplanned")
        )
        self.problems = estate.problems(self.one, self.rng["problems"], len(PHRASES[self.one.id]))
        self.problems.insert(0, "problem", _identifiers("PRB", self.first, len(self.problems)))
        self.repairs, self.on_top = self.sound.iloc[:0], {}
        self.harmed = np.array([], dtype=int)
        for cause in self.acting.values():
            rng = self._streams(("happens",), cause.id, "happens")["happens"]
            if cause.id == "gateway-fails":
                self.on_top[cause.id] = causes.failing(cause, self.one, rng, self.outages)
            elif cause.id == "normal-changes-fail":
                self.harmed, self.changes, self.repairs, more = causes.harmful(cause, self.one, rng, self.sound)
                self.on_top[cause.id] = more

    def _change_numbers(self) -> tuple[pd.Series, pd.Series]:
        """The identifiers of the changes and of the repairs on top: in the order of all."""
        started = np.r_[self.sound["started"].to_numpy(), self.repairs["started"].to_numpy()]
        place = np.empty(len(started), int)
        place[np.argsort(started, kind="stable")] = np.arange(len(started))
        names = _identifiers("CHG", self.first, len(started)).iloc[place].reset_index(drop=True)
        return names[: len(self.sound)], names[len(self.sound) :]

    # ---- tickets ------------------------------------------------------------------------------------------------------

    def _arrive(self) -> None:
        self._live(
            "", estate.arrivals(self.bare, self.rng["arrivals"], self.scale, self.sound, self.outages), self.outages
        )
        nothing = np.array([], dtype=int)
        for cause in self.acting.values():
            rng, more = self._streams(("arrives",), cause.id, "arrives")["arrives"], self.on_top.get(cause.id)
            if cause.id == "assistant-comes-back":
                self._come_back(cause, rng)
            elif more is not None:
                down = np.arange(len(more)) if cause.id == "gateway-fails" else nothing
                table = estate.caused(self.one, rng, self.scale, self.changes, self.harmed, more, down)
                self._live(cause.id, estate.in_turn(table), more)

    def _come_back(self, cause: Cause, rng: np.random.Generator) -> None:
        first = self.batches[0]
        resolved = first.tickets["resolved"]
        ends = np.where(resolved.isna(), -1, seconds(pd.DatetimeIndex(resolved)))
        rows, opened = causes.returns(rng, first.work.machine, ends)
        order = np.argsort(opened, kind="stable")
        rows = rows[order]
        table = pd.DataFrame(
            {"opened": opened[order], "change": -1, "outage": -1, "category": first.traits.category[rows]}
        )
        self._live(cause.id, table, self.outages, first.tickets["requester"].array.take(rows))

    def _live(self, name: str, arrivals: pd.DataFrame, outages: pd.DataFrame, requester=None) -> None:
        """The lives of the tickets that arrive; with a `requester` somebody comes back, whom no machine answers again."""
        if arrivals.empty:
            return
        one, bare = self.one, self.bare
        parts = ("lives", "links", "answers", "requester", "machine", "reason", "begins")
        rng = self._streams(parts, "tickets", name) | ({} if name else {p: self.rng[p] for p in parts[:3]})
        t = ticket_lifecycle.traits(bare, rng["lives"], arrivals)
        if one.begins:
            chances = np.cumsum(one.begins)[:-1]
            t = replace(t, begins=np.searchsorted(chances, rng["begins"].random(len(t.opened))))
        w = ticket_lifecycle.work(bare, rng["lives"], t)
        if requester is None:
            w = replace(w, machine=ticket_lifecycle.machines(one, rng["machine"], t, w))
            users = people.requesters(one, rng["requester"], t)
            requester = pd.array([f"U{user:07d}" for user in users], dtype="str")
        for cause in self.acting.values():
            t, w = causes.slow(cause, one, self._streams(("slows",), cause.id, name)["slows"], t, w)
        events = ticket_lifecycle.events(bare, rng["lives"], t, w)
        tickets = ticket_lifecycle.recorded(bare, rng["lives"], t, w, events)
        tickets["requester"] = requester
        tickets["_change"] = _named_half(rng["links"], arrivals["change"].to_numpy())
        tickets["problem"] = _problem_of(rng["links"], self.problems, t)
        tickets["major"] = _major(rng["links"], tickets, outages, arrivals["outage"].to_numpy())
        if name == "gateway-fails":
            known = tickets["configuration_item"].notna()
            tickets["configuration_item"] = tickets["configuration_item"].where(~known, self.acting[name].value)
        reason = people.reasons(rng["reason"], t)[events["row"].to_numpy()]
        events["reason"] = np.select(
            [events["step"].eq("hold"), events["step"].eq("wait")], [reason, people.REASONS.index("supplier")], -1
        )
        self.batches.append(_Batch(name, rng, t, w, events, tickets))

    def _numbers(self) -> dict[str, np.ndarray]:
        """The place of each ticket among all, by batch."""
        opened = np.concatenate([batch.traits.opened for batch in self.batches])
        place = np.empty(len(opened), int)
        place[np.argsort(opened, kind="stable")] = np.arange(len(opened))
        edges = np.cumsum([len(batch.tickets) for batch in self.batches])[:-1]
        return {batch.name: part for batch, part in zip(self.batches, np.split(place, edges), strict=True)}

    def _annoyance(self, batch: _Batch) -> np.ndarray:
        """What spoils the feeling of whoever is asked: a breach, a reopening, two hand-overs, an answer that was none."""
        tickets = batch.tickets
        breached = tickets["sla_met"].eq(False).fillna(False).to_numpy(dtype=bool)
        cost = 0.4 * breached + 0.3 * (tickets["reopened"] > 0) + 0.3 * (tickets["reassigned"] >= 2)
        in_vain = batch.work.machine & ("assistant-comes-back" in self.acting)
        return cost.to_numpy(dtype="float64") + causes.DISAPPOINTED * in_vain

    def _ease(self) -> float:
        """How users feel about a ticket on which nothing went wrong, so that as many like it as the service says."""
        cost = np.concatenate([self._annoyance(batch) for batch in self.batches])
        return brentq(lambda base: norm.cdf(base - cost).mean() - self.one.liked, -6, 6)

    # ---- as tables ----------------------------------------------------------------------------------------------------

    def tables(self, whole: _Made) -> dict[str, pd.DataFrame]:
        """The records, with the identifiers and the mood of the `whole` service."""
        names, more = whole._change_numbers()
        changes = pd.concat(
            [self.changes.assign(change=names), self.repairs.assign(change=more.array[: len(self.repairs)])]
        )
        places, ease = whole._numbers(), whole._ease()
        numbers = _identifiers("", self.first, sum(len(batch.tickets) for batch in whole.batches))
        tickets, events, answers = [], [], []
        for batch in self.batches:
            place = places[batch.name]
            ticket = batch.tickets["kind"].map({"incident": "INC", "request": "REQ"}) + numbers.array[place]
            change = ticket_lifecycle.labels(names, batch.tickets["_change"].to_numpy())
            tickets.append(batch.tickets.drop(columns="_change").assign(ticket=ticket, change=change, _place=place))
            events.append(self._events(batch, ticket).assign(_place=place[batch.events["row"].to_numpy()]))
            answers.append(_surveys(self.one, batch, ticket, ease - self._annoyance(batch)))
        table = _in_place(tickets)
        usage = estate.usage(self.one, self.rng["size"], table)
        outages = pd.concat([self.outages, *self.on_top.values()])
        tables = {
            "tickets": table,
            "ticket_events": _in_place(events),
            "problems": _timed(self.problems.drop(columns="category"), "opened", "resolved"),
            "changes": _timed(_sorted(changes, "started"), "planned_start", "planned_end", "started", "ended"),
            "outages": _timed(_sorted(outages, "started"), "started", "ended"),
            "surveys": pd.concat(answers).sort_values(["answered", "ticket"], ignore_index=True),
            "costs": estate.costs(self.one, self.rng["size"], usage),
            "usage": usage,
        }
        return {name: table.assign(service=self.one.id) for name, table in tables.items()}

    def _events(self, batch: _Batch, ticket: pd.Series) -> pd.DataFrame:
        events = batch.events
        return pd.DataFrame(
            {
                "ticket": ticket.array.take(events["row"].to_numpy()),
                "at": instants(events["at"].to_numpy()),
                "state": ticket_lifecycle.labels(ticket_lifecycle.STATES, events["state"].to_numpy()),
                "on_hold": events["state"].eq(ticket_lifecycle.STATES.index("on hold")).to_numpy(),
                "reason": ticket_lifecycle.labels(people.REASONS, events["reason"].to_numpy()),
                "group": ticket_lifecycle.labels(ticket_lifecycle.groups(self.one), events["group"].to_numpy()),
                "priority": events["priority"].to_numpy(),
            }
        )


def _in_place(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """The parts together, by the place of their tickets."""
    if len(parts) == 1:
        return parts[0].drop(columns="_place")
    return _sorted(pd.concat(parts), "_place").drop(columns="_place")


def _sorted(table: pd.DataFrame, by: str) -> pd.DataFrame:
    return table.sort_values(by, kind="stable", ignore_index=True)


def _identifiers(prefix: str, first: int, count: int) -> pd.Series:
    if count >= _MOST:
        raise ValueError(f"a service has room for {_MOST} identifiers, not {count}: choose a smaller scale")
    return prefix + pd.Series(np.arange(first + 1, first + count + 1)).astype("str").str.zfill(7)


def _timed(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return table.assign(**{name: instants(table[name].to_numpy()) for name in columns})


def _named_half(rng: np.random.Generator, cause: np.ndarray) -> np.ndarray:
    """What caused each ticket (a number), where it is known: in about half of the cases somebody filled it in; else −1."""
    return np.where(rng.random(len(cause)) < 0.5, cause, -1)


def _problem_of(rng: np.random.Generator, problems: pd.DataFrame, traits: ticket_lifecycle.Traits) -> pd.Series:
    """The problem that incidents of its category are linked to while it is open: one in four, the latest problem."""
    code = np.full(len(traits.opened), -1)
    chance = rng.random(len(code)) < 0.25
    for number, problem in enumerate(problems.itertuples()):
        until = problem.resolved if problem.resolved > 0 else END
        during = (traits.opened > problem.opened - 5 * DAY) & (traits.opened < until)
        code[chance & during & traits.incident & (traits.category == problem.category)] = number
    return pd.Series(ticket_lifecycle.labels(problems["problem"], code))


def _major(rng: np.random.Generator, tickets: pd.DataFrame, outages: pd.DataFrame, outage: np.ndarray) -> np.ndarray:
    """Major incidents are rare: a few of priority 1, and the first incident of each critical outage."""
    major = tickets["kind"].eq("incident") & tickets["priority"].eq(1) & (rng.random(len(tickets)) < 0.03)
    critical = np.flatnonzero(outages["severity"].eq("critical") & (outages["share"] >= 0.8))
    leading = pd.Series(outage).drop_duplicates()
    major.iloc[leading.index[leading.isin(critical)]] = True
    return major.to_numpy()


def _surveys(one: Service, batch: _Batch, ticket: pd.Series, feels: np.ndarray) -> pd.DataFrame:
    """The answers to the invitations: 1 to 5, as users feel about their ticket."""
    rng, resolved, n = batch.rng["answers"], batch.tickets["resolved"], len(ticket)
    feeling = feels + rng.standard_normal(n)
    score = 1 + (feeling[:, None] > np.array([-1.1, -0.6, 0.0, 0.7])).sum(axis=1)
    answered = np.where(resolved.isna(), -1, seconds(pd.DatetimeIndex(resolved)))
    answered = answered + 60 + rng.exponential(0.8 * DAY, n).astype("int64")
    kept = resolved.notna().to_numpy() & (rng.random(n) < one.responds) & (answered < END)
    return pd.DataFrame(
        {
            "answered": instants(answered)[kept],
            "score": score[kept].astype("float64"),
            "scale_max": 5.0,
            "ticket": ticket.array[kept],
        }
    )
