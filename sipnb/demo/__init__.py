"""The simulated Northfield Group: twelve services, thirty months, about 150,000 tickets, and the truth about them.

Everything is invented and follows from the seed. A service's records do not depend on which others are made.
"""

from sipnb.imports import lazily

#: What is found in the package itself, imported when it is first asked for: most runs simulate nothing.
_PUBLIC = {
    **dict.fromkeys(("generate", "write"), "exports"),
    **dict.fromkeys(
        ("CUT_OFF", "EXPORT_END", "FIRST_DAY", "GOAL_HOURS", "ORGANISATION", "SERVICES", "ZONE", "Service"), "services"
    ),
    "supply": "supply",
}

__getattr__ = lazily(__name__, _PUBLIC)
