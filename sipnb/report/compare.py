"""Two services, or two cycles of one, side by side: a page over all published cycles that needs no other file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from sipnb import __version__
from sipnb.cycles import noun
from sipnb.other_cycles import label
from sipnb.places import CycleFolder
from sipnb.report.page import environment, write
from sipnb.show import words

#: So many cycles are held, the newest ones, and so many characters of their figures.
MOST, ROOM = 13, 800_000


def page_of(folder: CycleFolder) -> Path:
    """The page, beside that of all cycles."""
    return folder.cycles.with_name("compare.html")


def render_compare(folder: CycleFolder, cycles: Sequence[CycleFolder], organisation: str, simulated: bool) -> Path:
    """Write the page from what the cycles, newest first, have among their downloads."""
    held: list[dict[str, Any]] = []
    room = ROOM
    for known in filter(None, map(_cycle, cycles[:MOST])):
        room -= len(json.dumps(known))
        if room < 0 and held:
            break  # what is older is not even read
        held.append(known)
    content = environment().get_template("compare.html.j2").render(
        title=f"Side by side: {organisation}", organisation=organisation, simulated=simulated, cycles=held,
        period=period_of([one["name"] for one in held]),
        data=_embedded(held), version=__version__,
    )  # fmt: skip
    return write(page_of(folder), content)


def period_of(cycles: Sequence[str]) -> str:
    """What a reader calls cycles of these names: `month` where all are months; `period` where they are not alike."""
    nouns = {noun(name) for name in cycles}
    return nouns.pop() if len(nouns) == 1 else "period"


def _cycle(folder: CycleFolder) -> dict[str, Any] | None:
    """The figures of one cycle's services; None where its portfolio could not be made."""
    try:
        plans = json.loads((folder.downloads / "portfolio.json").read_text(encoding="utf-8"))["plans"]
        services = {
            one["service"]: {"name": one["name"], "finding": one["sentence"], "measures": {}}
            for one in plans
            if one["status"] == "published"
        }
        for row in _rows(folder.downloads / "kpis.csv"):
            if row["core"] == "yes" and row["value"] and row["service"] in services:
                services[row["service"]]["measures"][row["kpi"]] = _measure(row)
    except (OSError, KeyError, TypeError, ValueError):
        return None  # an earlier version may have written other columns
    return {"name": folder.cycle, "label": label(folder.cycle), "services": services}


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def _measure(row: dict[str, str]) -> list[Any]:
    """Title, unit, which side is good, figure, interval, cases, target, all as text; the value; and the definition."""
    money = len(row["unit"]) == 3 and row["unit"].isupper()
    unit, currency = ("money", row["unit"]) if money else (row["unit"], "EUR")
    value, low, high, target = (
        float(row[name]) if row[name] else None for name in ("value", "low_95", "high_95", "target")
    )
    return [
        row["title"], unit, row["good"], words.number(value, unit, currency),
        words.interval(low, high, unit, currency, beside=value), int(row["n"]),
        "" if target is None else words.number(target, unit, currency), value, row["definition"],
    ]  # fmt: skip


def _embedded(held: Sequence[dict[str, Any]]) -> Markup:
    """The figures as JSON that ends no script element."""
    text = json.dumps(held, ensure_ascii=False, separators=(",", ":"))
    return Markup(words.turning_escaped(text).replace("<", "\\u003c").replace("&", "\\u0026"))
