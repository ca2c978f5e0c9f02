"""The other cycles of an organisation that are published beside one, so that its pages can lead to them.

Cycles of one kind (months, quarters, weeks) belong together; their names sort by time. Links are relative to the
published folder of the cycle, also while its pages are made in the folder where it is built.

Which cycles there are is found on disk when a page is made. To later ones it leads by the page of all cycles, which every run
writes anew: no published page changes because another cycle came after it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from sipnb import cycles
from sipnb.cycles import Cycle, CycleError
from sipnb.places import CycleFolder

#: The statuses with which a manifest says that a plan is what its page shows.
_GOOD = ("published", "up to date")


def siblings(folder: CycleFolder) -> list[CycleFolder]:
    """The published cycles of the same kind beside this one, newest first; none where its name is no cycle's."""
    kind = _kind(folder.cycle)
    return [
        one for one in published(folder.root.parent) if kind and _kind(one.cycle) == kind and one.cycle != folder.cycle
    ]


def published(organisation: Path) -> list[CycleFolder]:
    """Every cycle that has a portfolio in `reports/<organisation>/`, newest first, those of one kind together."""
    found = [
        CycleFolder(path) for path in organisation.glob("*") if _kind(path.name) and (path / "index.html").is_file()
    ]
    return sorted(found, key=lambda one: (_kind(one.cycle), one.cycle), reverse=True)


def to_run(organisation: Path, last: Cycle, since: Cycle | None, *, missing: bool) -> list[Cycle]:
    """The cycles up to `last`, oldest first: from `since` on, or with `missing` from the first that is published; without either
    `last` alone. With `missing` those that are published are left out.

    Raises CycleError where no cycle leads from `since` to `last`.
    """
    if since is None and not missing:
        return [last]
    there = {folder.cycle for folder in published(organisation)}
    known = (cycles.parse(name, last.zone) for name in there)
    first = since or min((one for one in known if one.kind == last.kind), default=last)
    if since and (since.kind != last.kind or since.start > last.start):
        raise CycleError(
            f"--since {since.name}: no {last.kind} from there leads to {last.name}; name an earlier {last.kind}"
        )
    wanted = [last]
    while wanted[0].start > first.start:
        wanted.insert(0, wanted[0].shift(-1))
    return [one for one in wanted if not (missing and one.name in there)]


def editions(folder: CycleFolder, page: str) -> list[tuple[str, str, str]]:
    """The other cycles of the same kind that hold the page, newest first.

    Each is its name, its label and the link: `("2026-09", "September 2026", "../2026-09/payments.html")`.
    """
    return [
        (one.cycle, label(one.cycle), f"../{one.cycle}/{page}")
        for one in siblings(folder)
        if (one.root / page).is_file()
    ]


def label(name: str) -> str:
    """A cycle's name for readers: `October 2026`. Raises CycleError."""
    return cycles.parse(name, "UTC").label


def last_good(folder: CycleFolder, services: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The newest earlier cycle that published each service's plan: its label, and the link to the plan.

    A service without one is left out. A manifest is read only where a service is still to be found.
    """
    wanted, found = set(services), {}
    for one in siblings(folder):
        if not wanted or one.cycle > folder.cycle:
            continue
        for service in sorted(wanted & _good(one)):
            if one.page(service).is_file():
                found[service] = (label(one.cycle), f"../{one.cycle}/{service}.html")
                wanted.remove(service)
    return found


def _good(folder: CycleFolder) -> set[str]:
    try:
        services = json.loads(folder.manifest.read_text(encoding="utf-8"))["services"]
        return {name for name, entry in services.items() if entry["status"] in _GOOD}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set()  # a manifest that cannot be read vouches for nothing


def _kind(name: str) -> str:
    try:
        # A folder that only looks like a cycle's would lead nowhere when it is linked by the name of the cycle.
        cycle = cycles.parse(name, "UTC")
        return cycle.kind if cycle.name == name else ""
    except CycleError:
        return ""
