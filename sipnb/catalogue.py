"""What sipnb can measure and what it can advise, as data: the KPI definitions and the improvement levers.

The figures themselves are worked out in `kpis`, the detectors in `levers`; here stand only names, words and units, so
that parameters can be checked against them before anything runs.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Kpi:
    """A KPI's definition. `good` is the direction that is better; below `minimum_n` no claim is made."""

    id: str
    title: str
    short: str  # for titles of figures
    formula: str
    unit: str  # share, hours, count, money
    good: str  # up, down, neutral
    cohort: str
    clock: str
    minimum_n: int
    kind: str  # how a series of it is charted and forecast: share, duration, count, value
    needs: tuple[str, ...]

    @property
    def definition(self) -> str:
        """A short hash of the definition: it changes when, and only when, what is counted changes."""
        counted = (self.id, self.formula, self.unit, self.cohort, self.clock)
        return hashlib.sha256(repr(counted).encode()).hexdigest()[:10]


@dataclass(frozen=True)
class Lever:
    """A kind of improvement: what it is, which KPIs it moves, and what has to be seen before it is proposed."""

    id: str
    title: str
    action: str
    kind: str  # people, process, technology, supplier
    moves: tuple[str, ...]
    seen_when: str


KPIS: dict[str, Kpi] = {
    kpi.id: kpi
    for kpi in (
        Kpi(
            "sla_attainment",
            "Resolved within target, open counted",
            "In time, open counted",
            "tickets resolved in the cycle within their target ÷ (tickets resolved in the cycle with a known outcome "
            "+ tickets open at the cut-off and already past due); open tickets not yet due are left out",
            "share",
            "up",
            "resolved in the cycle, and open past due at its end",
            "as recorded",
            20,
            "share",
            ("tickets",),
        ),
        Kpi(
            "sla_reported",
            "Resolved within target, resolved only",
            "In time, resolved only",
            "tickets resolved in the cycle within their target ÷ tickets resolved in the cycle with a known outcome",
            "share",
            "up",
            "resolved in the cycle",
            "as recorded",
            20,
            "share",
            ("tickets",),
        ),
        Kpi(
            "restore_median",
            "Time to restore, median",
            "Median time to restore",
            "Kaplan–Meier median of opened → resolved over the tickets opened in the cycle; tickets still open at "
            "the cut-off are censored",
            "hours",
            "down",
            "opened in the cycle",
            "gross",
            20,
            "duration",
            ("tickets",),
        ),
        Kpi(
            "volume",
            "Tickets opened",
            "Opened",
            "tickets opened in the cycle",
            "count",
            "neutral",
            "opened in the cycle",
            "none",
            0,
            "count",
            ("tickets",),
        ),
        Kpi(
            "backlog",
            "Open at the cut-off",
            "Open",
            "tickets opened before the end of the cycle and not resolved by then",
            "count",
            "down",
            "stock at the cut-off",
            "none",
            0,
            "count",
            ("tickets",),
        ),
        Kpi(
            "reopen_rate",
            "Reopened",
            "Reopened",
            "tickets resolved in the cycle that were reopened at least once ÷ tickets resolved in the cycle",
            "share",
            "down",
            "resolved in the cycle",
            "none",
            20,
            "share",
            ("tickets",),
        ),
        Kpi(
            "multi_hop_share",
            "Passed on twice or more",
            "Passed on twice or more",
            "tickets resolved in the cycle that changed group at least twice ÷ tickets resolved in the cycle",
            "share",
            "down",
            "resolved in the cycle",
            "none",
            20,
            "share",
            ("tickets",),
        ),
        Kpi(
            "on_hold_share",
            "Time on hold",
            "Time on hold",
            "seconds on hold ÷ seconds from opened to resolved, summed over tickets resolved in the cycle; the "
            "interval is that of a ratio estimator",
            "share",
            "down",
            "resolved in the cycle",
            "gross",
            20,
            "share",
            ("tickets",),
        ),
        Kpi(
            "availability",
            "Availability, maintenance left out",
            "Availability",
            "1 − time in unplanned outages of the severities that count ÷ (time of the cycle − announced "
            "maintenance); overlapping outages are merged",
            "share",
            "up",
            "the cycle",
            "gross",
            1,
            "share",
            ("outages",),
        ),
        Kpi(
            "outage_count",
            "Unplanned outages",
            "Unplanned outages",
            "unplanned outages of the severities that count, started in the cycle",
            "count",
            "down",
            "the cycle",
            "none",
            0,
            "count",
            ("outages",),
        ),
        Kpi(
            "change_failure_rate",
            "Changes that caused an incident",
            "Failed changes",
            "changes started in the cycle that caused at least one incident or are recorded as failed ÷ changes "
            "started in the cycle",
            "share",
            "down",
            "started in the cycle",
            "none",
            5,
            "share",
            ("changes",),
        ),
        Kpi(
            "csat_top2",
            "Satisfied users",
            "Satisfied users",
            "answers in the top two fifths of the scale ÷ answers given in the cycle",
            "share",
            "up",
            "answered in the cycle",
            "none",
            20,
            "share",
            ("surveys",),
        ),
        Kpi(
            "cost_per_ticket",
            "Cost per ticket",
            "Cost per ticket",
            "costs of the cycle ÷ tickets opened in the cycle; the interval takes the count as Poisson",
            "money",
            "down",
            "the cycle",
            "none",
            20,
            "value",
            ("costs", "tickets"),
        ),
    )
}

LEVERS: dict[str, Lever] = {
    lever.id: lever
    for lever in (
        Lever(
            "one_owning_group",
            "Give each ticket one owning group from the start",
            "Route by category at intake, let one group own a ticket to its end, and bring helpers in without "
            "handing over.",
            "process",
            ("multi_hop_share", "sla_attainment", "restore_median"),
            "tickets passed on twice or more are frequent and meet their target less often than the others",
        ),
        Lever(
            "change_control",
            "Check changes before they reach users",
            "Rehearse and review normal and emergency changes, release in the morning with a way back, and watch "
            "the first day.",
            "process",
            ("change_failure_rate", "volume"),
            "a high share of changes causes incidents",
        ),
        Lever(
            "capacity",
            "Bring arrivals and capacity back into balance",
            "Add hours where the queue grows, or take work away at the source, until the backlog is down.",
            "people",
            ("backlog", "sla_attainment"),
            "more tickets were opened than resolved over the last cycles and the backlog grew",
        ),
        Lever(
            "stop_the_clock_rules",
            "Agree when the clock may stand still",
            "Name the reasons that may put a ticket on hold, set a limit for each, and report the figure with and "
            "without hold.",
            "process",
            ("on_hold_share", "restore_median"),
            "much of the time to resolve is spent on hold, and tickets on hold meet a target they otherwise miss",
        ),
        Lever(
            "knowledge_and_quality",
            "Resolve what the user meant",
            "Confirm with the user before closing, review what is reopened, and put the answers where users and "
            "agents find them.",
            "people",
            ("csat_top2", "reopen_rate"),
            "users are dissatisfied or tickets come back although the target is met",
        ),
        Lever(
            "resilience",
            "Remove the causes of repeated outages",
            "Take the two causes that cost most downtime, remove the single point of failure behind each, and "
            "rehearse the recovery.",
            "technology",
            ("availability", "outage_count"),
            "unplanned outages keep returning",
        ),
        Lever(
            "process_drift",
            "Find what changed, and put it back",
            "Compare the tickets before and after the drift began by category, group and priority, and work on the "
            "part that explains most of it.",
            "process",
            ("sla_attainment", "restore_median"),
            "the time to restore has left the range it used to move in, and no other lever explains it",
        ),
    )
}
