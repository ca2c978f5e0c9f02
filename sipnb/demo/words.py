"""The invented words of the simulated records: categories, summaries, groups and causes. Nobody is named."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

#: service → category → subcategory → what a summary begins with, in `phrases.yml`.
PHRASES: dict[str, dict[str, dict[str, list[str]]]] = YAML(typ="safe", pure=True).load(
    Path(__file__).with_name("phrases.yml")
)["phrases"]

#: What a summary ends with; most end with nothing.
TAILS = (
    "", "", "", "since this morning", "since yesterday", "for several colleagues", "at the Leipzig site", "at the Bremen site",
    "at the Kassel site", "in the warehouse", "on the third floor", "again", "urgent before the deadline", "after the update",
)  # fmt: skip

#: The groups that resolve, besides the service desk: `<Name> Operations` and so on.
GROUP_ROLES = ("Operations", "Applications", "Infrastructure", "Supplier")

CHANNELS = ("portal", "phone", "email", "chat", "monitoring")

CAUSES = (
    "expired certificate", "full disk", "configuration error", "software defect", "supplier fault", "missing documentation",
    "capacity limit", "hardware fault",
)  # fmt: skip
OUTAGE_CAUSES = ("power", "supplier line", "hardware fault", "configuration error", "overload", "software defect")
