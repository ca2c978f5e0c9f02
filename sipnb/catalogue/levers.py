"""The improvement levers: kinds of action, what they move, and what has to be seen before one is proposed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Lever:
    """A kind of improvement: what it is, which KPIs it moves, and what has to be seen before it is proposed."""

    id: str
    title: str
    action: str
    kind: str  # people, process, technology, supplier
    moves: tuple[str, ...]
    seen_when: str


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
