"""The page of an organisation's cycles: every one that is published, newest first, in its own sentence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from sipnb import __version__
from sipnb.other_cycles import label, published
from sipnb.places import ALL_SERVICES, CycleFolder
from sipnb.report.compare import period_of, render_compare
from sipnb.report.page import environment, write
from sipnb.show import words


@dataclass(frozen=True)
class Published:
    """One cycle: its verdict, and how many plans it has. Without a portfolio's result it says so."""

    name: str
    label: str
    organisation: str
    simulated: bool
    sentence: str
    plans: str
    link: str


def render_cycles(folder: CycleFolder) -> Path:
    """Write `reports/<organisation>/index.html` from what is published there, and beside it the page that puts two plans side by
    side; return the former."""
    there = published(folder.root.parent)
    found = [_published(one) for one in there]
    known = [one for one in found if one.organisation]
    organisation = known[0].organisation if known else folder.root.parent.name
    simulated = any(one.simulated for one in known)
    period = period_of([one.name for one in found])
    compared = render_compare(folder, there, organisation, simulated)
    content = environment().get_template("cycles.html.j2").render(
        title=f"Service improvement plans: {organisation}, all {period}s" if known else "Service improvement plans",
        organisation=organisation,
        simulated=simulated,
        compared=compared.name,
        cycles=found,
        period=period,
        counted=words.plural(len(found), period),
        version=__version__,
    )  # fmt: skip
    return write(folder.cycles, content)


def _published(folder: CycleFolder) -> Published:
    link = f"{folder.cycle}/{folder.index.name}"
    try:
        # As plain data: an earlier version may have written other fields.
        facts = json.loads(folder.result(ALL_SERVICES, "portfolio").read_text(encoding="utf-8"))["facts"]
        states = [plan["status"] for plan in facts["plans"]]
        made = states.count("published")
        failed = sum(state in ("failed", "errored") for state in states)
        plans = f"{made:,} of {words.plural(len(states), 'plan')} published"
        plans += f", {failed:,} failed" if failed else ""
        return Published(
            folder.cycle, label(folder.cycle), facts["organisation"], bool(facts["simulated"]), facts["sentence"], plans,
            link,
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        told = f"The portfolio of {label(folder.cycle)} could not be made; its page says why."
        return Published(folder.cycle, label(folder.cycle), "", False, told, "", link)
