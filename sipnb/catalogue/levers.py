"""The improvement levers: kinds of action, what they move, and what has to be seen before one is proposed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Lever:
    """A kind of improvement: what it is, which KPIs it moves, and what has to be seen before it is proposed.

    `limits` are what its KPIs are compared with where a service has no target for them.
    """

    id: str
    title: str
    action: str
    kind: str  # people, process, technology, supplier
    moves: tuple[str, ...]
    seen_when: str
    limits: Mapping[str, float] = field(default_factory=dict)


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
            "tickets passed on twice or more are frequent, and those passed on early meet their target less often than like "
            "tickets that were still open then; without a history of hand-overs, where an agreed target for them is missed",
            {"multi_hop_share": 0.12},
        ),
        Lever(
            "change_control",
            "Check changes before they reach users",
            "Rehearse and review normal and emergency changes, release in the morning with a way back, and watch "
            "the first day.",
            "process",
            ("change_failure_rate", "volume"),
            "clearly more changes than allowed caused an incident over two years, and still do over a year and half a year",
            {"change_failure_rate": 0.10},
        ),
        Lever(
            "capacity",
            "Bring arrivals and capacity back into balance",
            "Add hours where the queue grows, or take work away at the source, until the backlog is down.",
            "people",
            ("backlog", "sla_attainment"),
            "for four weeks more tickets have been open than in the past, also when measured in weeks of arrivals, because "
            "more were opened than ended over half a year",
        ),
        Lever(
            "stop_the_clock_rules",
            "Agree when the clock may stand still",
            "Name the reasons that may put a ticket on hold, set a limit for each, and report the figure with and "
            "without hold.",
            "process",
            ("on_hold_share", "restore_median"),
            "clearly more of the time to resolve than allowed is spent on hold",
            {"on_hold_share": 0.25},
        ),
        Lever(
            "knowledge_and_quality",
            "Resolve what the user meant",
            "Confirm with the user before closing, review what is reopened, and put the answers where users and "
            "agents find them.",
            "people",
            ("csat_top2", "reopen_rate"),
            "clearly fewer users than wanted are satisfied, or clearly more tickets than allowed come back",
            {"csat_top2": 0.70, "reopen_rate": 0.05},
        ),
        Lever(
            "resilience",
            "Remove the causes of repeated outages",
            "Take the two causes that cost most downtime, remove the single point of failure behind each, and "
            "rehearse the recovery.",
            "technology",
            ("availability", "outage_count"),
            "six or more unplanned outages in a year, and together they cost clearly more time than the target allows",
            {"availability": 0.995},
        ),
        Lever(
            "process_drift",
            "Find what changed, and put it back",
            "Compare the tickets before and after the drift began by category, group and priority, and work on the "
            "part that explains most of it.",
            "process",
            ("sla_attainment", "restore_median"),
            "restoring takes clearly longer than in the same days a year ago, and no other lever is proposed",
        ),
    )
}
