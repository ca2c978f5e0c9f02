"""The simulated Northfield Group: twelve services, thirty months, about 150,000 tickets, and the truth about them.

Everything is invented and follows from the seed. A service's records do not depend on which others are made.
"""

from sipnb.demo.exports import generate, write
from sipnb.demo.services import CUT_OFF, EXPORT_END, FIRST_DAY, GOAL_HOURS, ORGANISATION, SERVICES, ZONE, Service
from sipnb.demo.supply import supply

__all__ = [
    "CUT_OFF",
    "EXPORT_END",
    "FIRST_DAY",
    "GOAL_HOURS",
    "ORGANISATION",
    "SERVICES",
    "ZONE",
    "Service",
    "generate",
    "supply",
    "write",
]
