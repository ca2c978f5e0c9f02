"""A proposal as YAML: what was placed with its confidence, and what a person has to add, where it has to be added."""

from __future__ import annotations

import json
import re
from typing import Any

from sipnb.records.mappings import TableMap
from sipnb.records.suggest import times
from sipnb.records.suggest.placing import Placed
from sipnb.records.suggest.profiles import Profile
from sipnb.tables import TABLES

_MEANING = {
    "ticket": "an identifier for each row",
    "opened": "the time of opening",
    "service": "the service concerned",
    "started": "when it began",
    "answered": "when it was answered",
    "period": "the month or day that a row is about",
}


def lacking(table: str, column: str, candidates: list[str], known: dict[str, Profile]) -> str:
    """What a person has to add for a column that a table cannot do without, and which columns may hold it."""
    if column == "service":
        may = f", or name a column that may tell it: {', '.join(candidates)}" if candidates else ""
        return f"no column names the service: add `service: {{value: NAME}}` if all rows are of one{may}"
    if column == "kpi":
        return "no column names the measure: add `kpi: {value: NAME}`, and say which columns are its numerator and denominator"
    kind = TABLES[table].columns[column].kind
    may = [
        c
        for c, one in known.items()
        if kind in ("time", "date") and (one.dated > 0.8 or one.share(times.foreign) > 0.8)
    ]
    said = f" (times stand in {', '.join(may)})" if may else ""
    return f"no column looks like it; name the one that holds {_MEANING.get(column, f'the {column}')}{said}"


def hint(one: Profile) -> str:
    """What an unplaced column seems to hold."""
    if not one.filled:
        return "no values"
    if one.dated > 0.8:
        return "times"
    if one.share(times.foreign) > 0.8:
        return "times with names of months that are not English: export them as numbers"
    if one.distinct == 1:
        return f"always {next(iter(one.counts))!r}"
    kind = "numbers" if one.numbers > 0.9 else "spans h:mm" if one.spans > 0.9 else "texts"
    return f"{kind}, {one.distinct} different"


#: Characters that YAML does not read, or takes for the end of a line.
_UNREAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def _flow(value: Any) -> str:
    """A value as one line of YAML (which JSON is)."""
    return json.dumps(value, ensure_ascii=False)


def _note(text: str) -> str:
    return " ".join(text.split())


def yaml(
    name: str | None, fit: float, head: dict[str, Any], table: str, content: TableMap, placed: dict[str, Placed],
    missing: dict[str, str], notes: list[str], unplaced: dict[str, str], unknown: dict[str, list[str]],
) -> str:  # fmt: skip
    start = (
        f"the shipped mapping {name} fits: {fit:.0%} of its columns are there" if name else "no shipped mapping fits"
    )
    lines = ["# Proposed by `sipnb map suggest`: check it, above all what has a low confidence.", f"# Start: {start}."]
    lines += [f"# TO DO before it can be used: {column}: {_note(why)}." for column, why in missing.items()]
    lines += [f"# {_note(note)}" for note in notes]
    lines += [f"{key}: {_flow(value)}" for key, value in head.items() if value is not None]
    lines += ["tables:", f"  {table}:"]
    told = content.model_dump(exclude_defaults=True, exclude={"columns"})
    lines += [f"    {key}: {_flow(value)}" for key, value in told.items()]
    lines.append("    columns:" if placed else "    columns: {}")
    for column, one in placed.items():
        entry = {"from": one.source} | one.entry if one.source is not None else one.entry
        said = _flow(one.source if list(entry) == ["from"] else entry)
        lines.append(f"      {column}: {said}  # {one.confidence:.2f} {_note(one.why)}")
    for column, why in missing.items():
        lines.append(f"      # {column}: …  # missing: {_note(why)}")
    hints = [f"{_note(c)}: {_note(said)}" for c, said in unplaced.items()]
    hints += [f"{column}: {_note(values(found))}" for column, found in unknown.items()]
    lines += ["# Not placed:"] * bool(hints) + [f"#   {said}" for said in hints]
    # In quotes an escape says the same; YAML reads no other.
    return _UNREAD.sub(lambda found: f"\\u{ord(found[0]):04x}", "\n".join(lines) + "\n")


def values(found: list[str]) -> str:
    """The values of a column that the proposed map does not know."""
    more = f" and {len(found) - 20} more" if len(found) > 20 else ""
    return f"add to its map what these mean: {', '.join(map(repr, found[:20]))}{more}"
