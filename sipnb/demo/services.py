"""The twelve services of the simulated Northfield Group: what each is like, and the numbers behind it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

ORGANISATION = "Northfield Group"
ZONE = "Europe/Berlin"

#: The first day of the records, the cut-off (its midnight is outside), the midnight that ends the exports.
FIRST_DAY = date(2024, 5, 1)
CUT_OFF = date(2026, 11, 1)
EXPORT_END = date(2026, 11, 5)

#: Resolution goal in hours of a tier-1 service, by priority 1 to 5, on the net clock.
GOAL_HOURS = (4.0, 8.0, 24.0, 40.0, 80.0)

#: What a chapter can be asked to find: the kind of action that would really help a service.
LEVERS = (
    "process_drift",
    "one_owning_group",
    "change_control",
    "capacity",
    "knowledge_and_quality",
    "stop_the_clock_rules",
    "resilience",
)

#: Factors on the demand of each month, January first.
_EVEN = (1.02, 1.02, 1.03, 1.0, 1.0, 1.0, 0.95, 0.9, 1.03, 1.04, 1.05, 0.88)
_YEAR_END = (1.9, 1.15, 0.85, 0.8, 0.75, 0.75, 0.7, 0.65, 0.8, 0.85, 1.05, 1.75)

Knots = tuple[tuple[date, float], ...]


def _steady(share: float) -> Knots:
    return ((FIRST_DAY, share),)


@dataclass(frozen=True)
class Service:
    """One simulated service. Rates are per month, shares 0 to 1; knots are joined by lines over time."""

    id: str
    name: str
    temperament: str
    lever: str | None
    tickets_per_month: float
    agreed: str = "office"  # or "always", 24×7
    tier: float = 1.0  # times GOAL_HOURS
    met: Knots = field(default_factory=lambda: _steady(0.9))  # resolved within the goal, net clock, by opening day
    spread: float = 1.0  # standard deviation of the logarithm of resolution time over goal
    months: tuple[float, ...] = _EVEN
    month_end: float = 1.0  # factor on demand from the 26th to the 3rd
    from_day: date = FIRST_DAY
    one_hop: float = 0.24
    multi_hop: float = 0.04  # share with two and more reassignments
    multi_hop_factor: float = 1.5  # on the resolution time
    reopened: float = 0.03
    held: float = 0.12  # share put on hold in good faith
    parked: Knots | None = None  # share met without the parking: the other breaches are parked until `met` is reached
    improved: tuple[str, date, float] | None = None  # the resolution time of a category, since a day, times a factor
    queue_demand: tuple[date, float] | None = None  # since when demand is this factor of what it was
    queue_load: float = 0.92  # load of the specialists' queue before that
    liked: float = 0.8  # share of answers with 4 or 5 of 5
    responds: float = 0.2
    unplanned: tuple[int, int] | float = 0.15  # outages a month: a range, or a rate
    outage_tickets: float = 12  # per outage of the whole service
    maintenance: float = 0.5
    changes: float = 3.0
    change_failure: float = 0.04
    change_tickets: float = 2.0  # incidents a failed change causes
    problems: float = 0.7
    users: int = 4000
    mix: tuple[float, ...] = (0.4, 0.28, 0.2, 0.12)  # share of each category, in the order of `phrases.yml`
    slow: tuple[float, ...] = (1.0, 1.15, 0.9, 1.35)  # factor of each category on the resolution time
    hopping: tuple[float, ...] = (1.0, 1.5, 0.7, 0.4)  # factor of each on the share with two and more reassignments
    one_hop_factor: float = 1.2  # on the resolution time, as is that of what is solved at first contact
    first_contact_factor: float = 0.35
    begins: tuple[float, ...] = ()  # share of tickets that begin in each group; three of four at the service desk
    machine: float = 0.05  # share of quick and simple tickets that a machine resolves
    #: What is otherwise without the located causes: all above says what the service is with them.
    bare: dict[str, Any] = field(default_factory=dict, compare=False)

    def without_causes(self) -> Service:
        """The service as it would be if none of its located causes acted."""
        return replace(self, **self.bare, bare={})

    def goal_hours(self) -> tuple[float, ...]:
        """The resolution goal by priority 1 to 5: net hours of the agreed calendar."""
        return tuple(self.tier * hours for hours in GOAL_HOURS)


SERVICES: tuple[Service, ...] = (
    # Nothing about a ticket of this service says how long it takes.
    Service(
        "email",
        "E-mail",
        "stable and good",
        None,
        780,
        met=_steady(0.94),
        multi_hop_factor=1.0,
        liked=0.86,
        users=9000,
        mix=(0.3, 0.32, 0.14, 0.24),
        slow=(1.0, 1.0, 1.0, 1.0),
        hopping=(1.0, 1.0, 1.0, 1.0),
        one_hop_factor=1.0,
        first_contact_factor=1.0,
        machine=0.0,
    ),
    Service(
        "payments",
        "Payments",
        "slowly worsening",
        "process_drift",
        520,
        agreed="always",
        tier=0.5,
        met=((FIRST_DAY, 0.88), (date(2026, 3, 1), 0.88), (date(2026, 11, 1), 0.68)),
        liked=0.76,
        users=2500,
        mix=(0.27, 0.16, 0.38, 0.19),
        slow=(1.0, 1.0, 1.0, 1.0),
        bare={"met": _steady(0.88)},
    ),
    Service(
        "payroll",
        "Payroll",
        "strongly seasonal",
        None,
        300,
        tier=1.5,
        met=_steady(0.9),
        months=_YEAR_END,
        month_end=2.4,
        users=9000,
        mix=(0.42, 0.24, 0.14, 0.2),
        slow=(1.0, 1.2, 1.3, 0.9),
    ),
    Service(
        "archive",
        "Archive",
        "tiny",
        None,
        3,
        tier=2.0,
        met=_steady(0.9),
        unplanned=0.02,
        maintenance=0.1,
        changes=0.3,
        problems=0.05,
        users=300,
    ),
    Service(
        "workplace",
        "Workplace",
        "tickets bounced between groups",
        "one_owning_group",
        740,
        # One bad month, from which the service recovers by itself.
        met=(
            (FIRST_DAY, 0.8),
            (date(2025, 10, 31), 0.8),
            (date(2025, 11, 1), 0.68),
            (date(2025, 11, 30), 0.68),
            (date(2025, 12, 1), 0.8),
        ),
        one_hop=0.27,
        multi_hop=0.22,
        multi_hop_factor=4.0,
        liked=0.72,
        users=9000,
        mix=(0.3, 0.22, 0.34, 0.14),
        slow=(1.0, 1.05, 0.95, 1.1),
        hopping=(1.0, 1.0, 1.0, 1.0),
        begins=(0.52, 0.25, 0.09, 0.08, 0.06),
        bare={
            "multi_hop": 0.06,
            "met": (
                (FIRST_DAY, 0.87),
                (date(2025, 10, 31), 0.87),
                (date(2025, 11, 1), 0.76),
                (date(2025, 11, 30), 0.76),
                (date(2025, 12, 1), 0.87),
            ),
        },
    ),
    Service(
        "web-shop",
        "Web shop",
        "hurt by its own changes",
        "change_control",
        330,
        agreed="always",
        tier=0.5,
        met=_steady(0.83),
        changes=5.4,
        change_failure=0.19,
        change_tickets=26,
        problems=0.5,
        liked=0.74,
        users=60000,
        mix=(0.38, 0.1, 0.27, 0.25),
        slow=(1.0, 1.1, 0.95, 1.05),
        hopping=(1.0, 1.2, 0.8, 1.1),
        bare={"change_failure": 0.04},
    ),
    Service(
        "service-desk",
        "Service desk",
        "short of capacity",
        "capacity",
        780,
        met=_steady(0.9),
        queue_demand=(date(2026, 1, 1), 1.16),
        liked=0.8,
        users=9000,
    ),
    Service(
        "hr-portal",
        "HR portal",
        "watermelon: green goals, unhappy users",
        "knowledge_and_quality",
        270,
        met=_steady(0.95),
        reopened=0.14,
        liked=0.45,
        responds=0.24,
        users=9000,
    ),
    Service(
        "erp",
        "ERP",
        "on hold stops the clock",
        "stop_the_clock_rules",
        420,
        met=_steady(0.93),
        parked=((FIRST_DAY, 0.86), (date(2026, 11, 1), 0.58)),
        liked=0.68,
        users=3500,
    ),
    Service(
        "network",
        "Network",
        "outage-prone",
        "resilience",
        300,
        agreed="always",
        tier=0.5,
        met=_steady(0.86),
        unplanned=(2, 4),
        outage_tickets=70,
        maintenance=1.5,
        problems=1.2,
        liked=0.75,
        users=9000,
        mix=(0.26, 0.3, 0.28, 0.16),
        slow=(1.0, 0.95, 1.05, 1.1),
        hopping=(1.2, 0.8, 0.9, 1.2),
        bare={"met": _steady(0.9), "unplanned": (0, 2)},
    ),
    Service(
        "chat-assistant",
        "Chat assistant",
        "six weeks old",
        None,
        300,
        met=_steady(0.85),
        from_day=date(2026, 9, 19),
        unplanned=0.5,
        problems=1.0,
        liked=0.7,
        users=4000,
        mix=(0.5, 0.3, 0.2),
        slow=(1.0, 1.1, 0.9),
        hopping=(1.0, 1.5, 0.7),
        machine=0.9,
    ),
    Service(
        "identity",
        "Identity",
        "improved by an action eight months ago",
        None,
        420,
        agreed="always",
        tier=0.5,
        met=_steady(0.72),
        improved=("password", date(2026, 3, 1), 0.36),
        spread=0.717,
        liked=0.78,
        users=9000,
    ),
)


@dataclass(frozen=True)
class Deed:
    """An action of the register and what is true of it: what it changed, the verdict that is right, and why."""

    service: str
    action: str
    verdict: str
    effect: str


#: One that worked on a kind of ticket, one that did nothing, one that only looks as if, one too early; others were never done.
DEEDS = (
    Deed(
        "identity", "self-service-password-reset", "worked", "password tickets take 0.36 of the time since 2026-03-01"
    ),
    Deed("email", "status-replies", "did not", "none"),
    Deed("workplace", "second-reviewer", "not worked", "none: raised after one bad month, which passed by itself"),
    Deed("network", "on-call-engineers", "too early", "none"),
    Deed("erp", "weekly-look-at-holds", "not due", "none: never started"),
    Deed("payments", "second-line-rota", "not due", "none: overdue"),
    Deed("web-shop", "friday-freeze", "not due", "none: rejected"),
)


@dataclass(frozen=True)
class Cause:
    """A located cause: where it is (an attribute of the records and its value), since when, and the KPI that it hurts.

    Without it the records are those that they would be; all that it does not touch stays the same, to the byte.
    """

    id: str
    service: str
    what: str
    kind: str  # of the driver
    table: str  # whose attribute it is
    attribute: str
    value: str
    since: date
    kpi: str


#: Night at the service without cover: from this local hour to that.
NIGHT = (22, 6)

CAUSES: tuple[Cause, ...] = (
    Cause(
        "bank-interface-waits", "payments", "tickets wait for the bank while the clock runs, more of them every month",
        "supplier", "tickets", "category", "bank interface", date(2026, 3, 1), "sla_attainment",
    ),
    Cause(
        "operations-bounces", "workplace", "what begins in one group is passed on twice and more, and lost time by it",
        "group", "ticket_events", "group", "Workplace Operations", FIRST_DAY, "sla_attainment",
    ),
    Cause(
        "nights-without-cover", "network", "what is opened in the night lies until the morning",
        "hour", "tickets", "opened", "22:00-06:00", FIRST_DAY, "sla_attainment",
    ),
    Cause(
        "gateway-fails", "network", "one configuration item has most of the unplanned outages",
        "configuration item", "outages", "configuration_item", "network-gw-01", FIRST_DAY, "availability",
    ),
    Cause(
        "normal-changes-fail", "web-shop", "changes of one kind fail, break the service and bring incidents",
        "kind of change", "changes", "kind", "normal", FIRST_DAY, "change_failure_rate",
    ),
    Cause(
        "assistant-comes-back", "chat-assistant", "what the assistant resolved is asked again within days, by unhappy users",
        "resolver", "tickets", "resolver", "machine", date(2026, 9, 19), "csat_top2",
    ),
)  # fmt: skip


def cause(cause_id: str) -> Cause:
    """The cause of this id. Raises `ValueError` naming the ids there are."""
    for one in CAUSES:
        if one.id == cause_id:
            return one
    raise ValueError(f"no cause {cause_id!r}; there are {', '.join(one.id for one in CAUSES)}")


def service(service_id: str) -> Service:
    """The service of this id. Raises `ValueError` naming the ids there are."""
    for one in SERVICES:
        if one.id == service_id:
            return one
    raise ValueError(f"no simulated service {service_id!r}; there are {', '.join(one.id for one in SERVICES)}")
