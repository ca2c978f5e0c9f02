"""The exports of the simulated organisation: one canonical table a file, and the truth that tests compare with."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from ruamel.yaml import YAML
from scipy.optimize import brentq
from scipy.stats import norm

from sipnb.demo import estate, ticket_lifecycle
from sipnb.demo.services import (
    CUT_OFF,
    DEEDS,
    EXPORT_END,
    FIRST_DAY,
    GOAL_HOURS,
    ORGANISATION,
    SERVICES,
    ZONE,
    Service,
    service,
)
from sipnb.demo.timeline import DAY, END, instants, seconds
from sipnb.demo.words import PHRASES
from sipnb.tables import TABLES, empty

#: The tables that are written: all canonical ones but `measurements`, which no simulated tool supplies.
NAMES = tuple(name for name in TABLES if name != "measurements")

_MOST = 500_000  # identifiers set aside for each service, so that they do not depend on the others


def generate(*, seed: int = 1, services: Sequence[str] | None = None, scale: float = 1.0) -> dict[str, pd.DataFrame]:
    """The canonical tables of the simulated organisation by name, in the order of `SERVICES`, then of time.

    `services`: ids to make (default all); `scale`: factor on the number of tickets. Times are UTC, to the second.
    Raises `ValueError` for an unknown service or a scale that is not positive.
    """
    if not scale > 0:
        raise ValueError(f"scale must be positive, not {scale!r}")
    wanted = {service(one).id for one in services} if services is not None else {one.id for one in SERVICES}
    made = [_of(one, number, seed, scale) for number, one in enumerate(SERVICES) if one.id in wanted]
    return {name: _canonical(name, [tables[name] for tables in made]) for name in NAMES}


def write(folder: Path, *, seed: int = 1, services: Sequence[str] | None = None, scale: float = 1.0) -> dict[str, int]:
    """Write `<table>.parquet` for each table of `generate` and `truth.yml` into `folder`; the rows of each table.

    The same arguments give the same bytes. Each file is written under a temporary name and renamed when complete.
    """
    folder = Path(folder)
    tables = generate(seed=seed, services=services, scale=scale)
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        table = pa.Table.from_pandas(frame, preserve_index=False)
        fields = [
            field.with_type(pa.date32()) if TABLES[name].columns[field.name].kind == "date" else field
            for field in table.schema
        ]
        # Without the metadata of pandas the bytes depend on the records alone.
        table = table.cast(pa.schema(fields)).replace_schema_metadata(None)
        draft = folder / f".{name}.parquet.part"
        pq.write_table(table, draft, compression="zstd")
        draft.replace(folder / f"{name}.parquet")
    draft = folder / ".truth.yml.part"
    with draft.open("w", encoding="utf-8") as file:
        yaml = YAML()
        yaml.width = 110
        yaml.representer.ignore_aliases = lambda *_: True  # dates are written out where they stand
        yaml.dump(truth([one for one in SERVICES if services is None or one.id in services], seed, scale), file)
    draft.replace(folder / "truth.yml")
    return {name: len(frame) for name, frame in tables.items()}


def truth(services: Sequence[Service], seed: int, scale: float) -> dict:
    """What is true of the simulated services, as plain data: temperaments, levers, goals, and dated changes."""
    return {
        "organisation": ORGANISATION,
        "zone": ZONE,
        "seed": seed,
        "scale": scale,
        "first_day": FIRST_DAY,
        "cut_off": CUT_OFF,
        "export_end": EXPORT_END,
        "goal_hours_tier_1": list(GOAL_HOURS),
        "services": {one.id: _truth_of(one) for one in services},
    }


def _truth_of(one: Service) -> dict:
    facts = {
        "name": one.name,
        "temperament": one.temperament,
        "lever": one.lever or "none",
        "agreed_hours": one.agreed,
        "tier": one.tier,
        "goal_hours": list(one.goal_hours()),
        "tickets_per_month": one.tickets_per_month,
        "from_day": one.from_day,
        "met_net": _knots(one.met),
        "spread": one.spread,
        "multi_hop_share": one.multi_hop,
        "multi_hop_factor": one.multi_hop_factor,
        "reopened_share": one.reopened,
        "held_share": one.held,
        "liked_share": one.liked,
        "response_rate": one.responds,
        "change_failure_share": one.change_failure,
        "incidents_per_failed_change": one.change_tickets,
        "unplanned_outages_per_month": list(one.unplanned) if isinstance(one.unplanned, tuple) else one.unplanned,
    }
    if one.month_end > 1:
        facts["season"] = {"months": list(one.months), "month_end": one.month_end}
    if one.parked:
        facts["met_business_before_holds"] = _knots(one.parked)
    changes = []
    if one.queue_demand:
        since, factor = one.queue_demand
        load = {"load_before": one.queue_load, "load_after": round(one.queue_load * factor, 4)}
        changes.append({"what": "demand beyond the capacity of the specialists' queue", "since": since, **load})
    if one.improved:
        kind, since, factor = one.improved
        changes.append({"what": "resolution time steps", "category": kind, "since": since, "factor": factor})
    if len(one.met) > 1 and one.met[0][1] == one.met[-1][1]:
        (since, share), (until, _) = one.met[2:4]
        changes.append({"what": "one bad month", "since": since, "until": until, "met": share})
    elif len(one.met) > 1:
        (before, was), (after, now) = one.met[-2:]
        # Seen through the log-normal, a shift of the share is a factor on the resolution time.
        factor = float(np.exp(one.spread * (norm.ppf(was) - norm.ppf(now))))
        changes.append(
            {
                "what": "resolution time drifts",
                "since": before,
                "until": min(after, CUT_OFF),
                "factor": round(factor, 3),
                "met_from": was,
                "met_to": now,
            }
        )
    if one.parked:
        (before, was), (after, now) = one.parked
        changes.append(
            {"what": "parking on hold grows", "since": before, "until": after, "business_from": was, "business_to": now}
        )
    facts["true_changes"] = changes
    if deeds := [deed for deed in DEEDS if deed.service == one.id]:
        facts["actions"] = {deed.action: {"right_verdict": deed.verdict, "true_effect": deed.effect} for deed in deeds}
    return facts


def _knots(knots) -> list[dict]:
    return [{"on": day, "share": share} for day, share in knots]


def _of(one: Service, number: int, seed: int, scale: float) -> dict[str, pd.DataFrame]:
    """All tables of one service. Each part draws from its own stream, so that one can change without the others."""
    parts = ("changes", "outages", "problems", "arrivals", "lives", "links", "answers", "size")
    streams = np.random.SeedSequence([seed, zlib.crc32(one.id.encode())]).spawn(len(parts))
    rng = {part: np.random.default_rng(stream) for part, stream in zip(parts, streams, strict=True)}
    first = number * _MOST

    changes = estate.changes(one, rng["changes"], ticket_lifecycle.items(one))
    changes.insert(0, "change", _identifiers("CHG", first, len(changes)))
    outages = estate.outages(one, rng["outages"], changes[changes["outcome"].eq("failed")])
    problems = estate.problems(one, rng["problems"], len(PHRASES[one.id]))
    problems.insert(0, "problem", _identifiers("PRB", first, len(problems)))

    arrivals = estate.arrivals(one, rng["arrivals"], scale, changes, outages)
    traits = ticket_lifecycle.traits(one, rng["lives"], arrivals)
    work = ticket_lifecycle.work(one, rng["lives"], traits)
    events = ticket_lifecycle.events(one, rng["lives"], traits, work)
    tickets = ticket_lifecycle.recorded(one, rng["lives"], traits, work, events)
    numbers = pd.Series(_identifiers("", first, len(tickets)))
    tickets.insert(0, "ticket", tickets["kind"].map({"incident": "INC", "request": "REQ"}) + numbers)
    tickets["change"] = _named_half(rng["links"], changes["change"], arrivals["change"].to_numpy())
    tickets["problem"] = _problem_of(rng["links"], problems, traits)
    tickets["major"] = _major(rng["links"], tickets, outages, arrivals["outage"].to_numpy())

    usage = estate.usage(one, rng["size"], tickets)
    tables = {
        "tickets": tickets,
        "ticket_events": _ticket_events(one, tickets, events),
        "problems": _timed(problems.drop(columns="category"), "opened", "resolved"),
        "changes": _timed(changes, "planned_start", "planned_end", "started", "ended"),
        "outages": _timed(outages, "started", "ended"),
        "surveys": _surveys(one, rng["answers"], tickets),
        "costs": estate.costs(one, rng["size"], usage),
        "usage": usage,
    }
    return {name: table.assign(service=one.id) for name, table in tables.items()}


def _identifiers(prefix: str, first: int, count: int) -> pd.Series:
    if count >= _MOST:
        raise ValueError(f"a service has room for {_MOST} identifiers, not {count}: choose a smaller scale")
    return prefix + pd.Series(np.arange(first + 1, first + count + 1)).astype("str").str.zfill(7)


def _timed(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return table.assign(**{name: instants(table[name].to_numpy()) for name in columns})


def _named_half(rng: np.random.Generator, names: pd.Series, cause: np.ndarray) -> pd.Series:
    """The name of what caused each ticket, where it is known: in about half of the cases somebody filled it in."""
    return pd.Series(ticket_lifecycle.labels(names, np.where(rng.random(len(cause)) < 0.5, cause, -1)))


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


def _ticket_events(one: Service, tickets: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "ticket": tickets["ticket"].array.take(events["row"].to_numpy()),
            "at": instants(events["at"].to_numpy()),
            "state": ticket_lifecycle.labels(ticket_lifecycle.STATES, events["state"].to_numpy()),
            "on_hold": events["state"].eq(ticket_lifecycle.STATES.index("on hold")).to_numpy(),
            "group": ticket_lifecycle.labels(ticket_lifecycle.groups(one), events["group"].to_numpy()),
            "priority": events["priority"].to_numpy(),
        }
    )


def _surveys(one: Service, rng: np.random.Generator, tickets: pd.DataFrame) -> pd.DataFrame:
    """The answers to the invitations: 1 to 5, worse after a breach, a reopening or two reassignments."""
    n = len(tickets)
    breached = tickets["sla_met"].eq(False).fillna(False).to_numpy(dtype=bool)
    cost = 0.4 * breached + 0.3 * (tickets["reopened"] > 0) + 0.3 * (tickets["reassigned"] >= 2)
    cost = cost.to_numpy(dtype="float64")
    ease = brentq(lambda base: norm.cdf(base - cost).mean() - one.liked, -6, 6)
    feeling = ease - cost + rng.standard_normal(n)
    score = 1 + (feeling[:, None] > np.array([-1.1, -0.6, 0.0, 0.7])).sum(axis=1)
    resolved = tickets["resolved"]
    answered = np.where(resolved.isna(), -1, seconds(pd.DatetimeIndex(resolved)))
    answered = answered + 60 + rng.exponential(0.8 * DAY, n).astype("int64")
    kept = resolved.notna().to_numpy() & (rng.random(n) < one.responds) & (answered < END)
    table = pd.DataFrame(
        {
            "answered": instants(answered)[kept],
            "score": score[kept].astype("float64"),
            "scale_max": 5.0,
            "ticket": tickets["ticket"].array[kept],
        }
    )
    return table.sort_values(["answered", "ticket"], ignore_index=True)


def _canonical(name: str, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """The parts as one table with the canonical columns that are simulated, in their order and types."""
    types = empty(name).dtypes
    types = types[[c for c in types.index if any(c in part for part in parts)] or TABLES[name].supplied]
    parts = [part.reindex(columns=types.index).astype(types) for part in parts]
    return pd.concat(parts, ignore_index=True) if parts else empty(name)
