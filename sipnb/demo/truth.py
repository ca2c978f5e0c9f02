"""What is true of the simulated organisation, for tests and simulations to compare with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sipnb.demo.services import (
    CAUSES,
    CUT_OFF,
    DEEDS,
    EXPORT_END,
    FIRST_DAY,
    GOAL_HOURS,
    ORGANISATION,
    ZONE,
    Cause,
    Service,
)


def truth(services: Sequence[Service], seed: int, scale: float, without: Sequence[str] = ()) -> dict:
    """What is true of the simulated services, as plain data: temperaments, levers, goals, dated changes, and
    located causes; those in `without` do not act."""
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
        "causes": {one.id: _cause(one, without) for one in CAUSES if one.service in {s.id for s in services}},
        "removed": [one.id for one in CAUSES if one.id in without],
    }


def _cause(one: Cause, without: Sequence[str]) -> dict:
    return {
        "service": one.service,
        "what": one.what,
        "kind": one.kind,
        "where": {"table": one.table, "column": one.attribute, "value": one.value},
        "since": one.since,
        "kpi": one.kpi,
        "acts": one.id not in without,
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
        "unplanned_outages_per_month": _plain(one.unplanned),
    }
    if one.bare:
        facts["without_causes"] = {
            {"met": "met_net", "multi_hop": "multi_hop_share", "change_failure": "change_failure_share",
             "unplanned": "unplanned_outages_per_month"}[name]: _knots(value) if name == "met" else _plain(value)
            for name, value in one.bare.items()
        }  # fmt: skip
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
        changes.append(
            {
                "what": "a located cause grows",
                "cause": next(
                    (cause.id for cause in CAUSES if cause.service == one.id and cause.since == before), None
                ),
                "since": before,
                "until": min(after, CUT_OFF),
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


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _knots(knots) -> list[dict]:
    return [{"on": day, "share": share} for day, share in knots]
