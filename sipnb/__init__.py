"""sipnb: evidence-based Service Improvement Plans from IT-service-management records.

A service of an organisation in a cycle, with its measures, its tables, and SQL over them:

    service = sipnb.open_service("demo", "payments", "2026-10")
    service.list_kpis(), service.list_tables()
    service.series("sla_attainment")
    service.sql("SELECT priority, count(*) AS n FROM tickets GROUP BY ALL ORDER BY 1")

`sipnb.open_portfolio` opens all services of an organisation in a cycle, `sipnb.open_records` the account of its records.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

#: What is found in the package itself, imported when it is first asked for: the package alone costs nothing.
_PUBLIC = {
    "open_service": "sipnb.chapters.context:open_service",
    "open_records": "sipnb.chapters.context:open_records",
    "open_portfolio": "sipnb.chapters.context:open_portfolio",
}

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _PUBLIC[name].split(":")
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
