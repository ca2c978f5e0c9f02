"""The simulated Northfield Group: twelve services, thirty months, about 150,000 tickets, and the truth about them.

Everything is invented and follows from the seed. A service's records do not depend on which others are made.
"""

import importlib
from typing import Any

#: What is found in the package itself, imported when it is first asked for: most runs simulate nothing.
_PUBLIC = {
    **dict.fromkeys(("generate", "write"), "exports"),
    **dict.fromkeys(
        ("CUT_OFF", "EXPORT_END", "FIRST_DAY", "GOAL_HOURS", "ORGANISATION", "SERVICES", "ZONE", "Service"), "services"
    ),
    "supply": "supply",
}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PUBLIC[name]}"), name)
