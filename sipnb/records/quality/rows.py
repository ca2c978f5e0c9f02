"""Rules for single rows: what sets a row aside, and the account of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sipnb.params import Gate
from sipnb.records.quality.findings import Finding, count, listed, verb
from sipnb.records.shapes import SIGN
from sipnb.tables import TABLES

#: In each table: these times may not come before that one.
_NOT_BEFORE = {
    "tickets": [("resolved", "opened"), ("closed", "opened"), ("acknowledged", "opened")],
    "problems": [("resolved", "opened")],
    "changes": [("ended", "started"), ("planned_end", "planned_start")],
    "outages": [("ended", "started")],
}
#: Optional columns without which a row would say something else: a ticket whose end cannot be read is not an open one.
_DECIDING = {
    "tickets": ("resolved", "closed"),
    "problems": ("resolved",),
    "changes": ("started", "ended"),
    "outages": ("ended", "kind", "share"),
    "surveys": ("scale_max",),
    "measurements": ("value", "numerator", "denominator", "n"),
}


def expendable(table: str, column: str) -> bool:
    """Whether a value of this column that is no good empties its cell, where others set the whole row aside."""
    return not TABLES[table].columns[column].required and column not in _DECIDING.get(table, ())


@dataclass(frozen=True)
class RowRule:
    """Rows for which `condition` holds are set aside with `reason`; `column` is the one to look at."""

    reason: str
    column: str
    condition: str


def row_rules(table: str, columns: list[str]) -> list[RowRule]:
    """The rules for the rows of `table`, as far as its columns are supplied."""
    rules = [
        RowRule(f"{late} before {early}", late, f'"{late}" < "{early}"')
        for late, early in _NOT_BEFORE.get(table, [])
        if late in columns and early in columns
    ]
    if table == "surveys" and {"score", "scale_max"} <= set(columns):
        rules.append(RowRule("score above the end of its scale", "score", '"score" > "scale_max"'))
    return rules + [rule for name in columns if not expendable(table, name) for rule in bounds(table, name)]


def bounds(table: str, name: str) -> list[RowRule]:
    """The rules for what a column can hold at all."""
    column, rules = TABLES[table].columns[name], []
    if column.values is not None:
        allowed = ", ".join(f"'{v}'" for v in column.values)
        rules.append(RowRule(f"{name} is none of {', '.join(column.values)}", name, f'"{name}" NOT IN ({allowed})'))
    if column.low is not None:
        rules.append(RowRule(f"{name} below {column.low:g}", name, f'"{name}" < {column.low}'))
    if column.high is not None:
        rules.append(RowRule(f"{name} above {column.high:g}", name, f'"{name}" > {column.high}'))
    if column.kind == "number":
        rules.append(RowRule(f"{name} is not a finite number", name, f'NOT isfinite("{name}")'))
    return rules


#: What each reason is an instance of: a part of its wording → the rule's name and what it looks for. The first counts.
ROW_RULES: tuple[tuple[str, str, str], ...] = (
    ("malformed line", "malformed line", "A line that is no record: too few or many fields, an unclosed quote."),
    ("a totals row", "totals row", "A line below the records that adds them up or counts them."),
    ("an empty row", "empty row", "A row that is empty in every column that the mapping takes."),
    ("an event without", "event without ticket", "An event that does not say of which ticket it is, or when it was."),
    ("before its ticket", "event before its ticket", "An event dated before its ticket was opened."),
    (
        "unreadable",
        "unreadable value",
        "A time, number or flag that a row needs and that cannot be read as what its column holds.",
    ),
    ("is not a finite", "unreadable value", ""),
    ("duplicate row", "duplicate row", "The same record with the same content again."),
    ("duplicate identifier", "duplicate identifier", "An identifier that stands for two different records."),
    ("superseded", "superseded", "An earlier version of a record that the export holds again."),
    ("takes precedence", "preceded", "A record that a source listed earlier in the workbook also gives."),
    ("supplement", "lone supplement", "A supplement of a record that no source gives."),
    ("service not listed", "service not listed", "A service that `services.yml` does not name."),
    ("after the cut-off", "after the cut-off", "What happened after the cycle."),
    ("left out", "left out", "Rows that the mapping says not to take."),
    ("no ", "missing value", "A record without its identifier, service, kind or time."),
    (" before ", "ends before it begins", "A record that was resolved, closed, acknowledged or ended before it began."),
    (
        " below ",
        "impossible number",
        "A number that a row needs and that is outside its bounds: more than all of a service lost.",
    ),
    (" above ", "impossible number", ""),
    (" is none of ", "impossible word", "A word that a row needs and that is none of those its column can hold."),
)
#: Rules that say "not for us" rather than "not right": they never count against the quality of a source. The same row
#: twice is counted once, and nothing is lost.
OUT_OF_SCOPE = (
    "totals row", "empty row", "duplicate row", "superseded", "preceded", "lone supplement", "service not listed",
    "after the cut-off", "left out",
)  # fmt: skip


#: Numbers that a spreadsheet keeps for days from 1954 to 2119.
_SERIAL = re.compile(r"[2-7]\d{4}([.,]\d+)?")
_SERIAL_SHAPE = re.compile(rf"{SIGN}99999([.,]9+…?)?")


def advice(reason: str, value: str | None) -> str:
    """What to do about a value that was no good, by what is wrong and how it looks; empty where nothing is known."""
    kind = reason.removeprefix("unreadable ")
    if kind in ("time", "date"):
        if _SERIAL.fullmatch((value or "").strip()) or _SERIAL_SHAPE.fullmatch(value or ""):
            return "it looks like the day number of a spreadsheet: add `serial` to times.formats of the mapping"
        return "add its format to times.formats of the mapping"
    if kind in ("number", "integer"):
        return "set `decimal` or the column's `unit` in the mapping, or `map` the word there"
    return "give its meaning under the column's `map` in the mapping, or name it under `missing`"


def rule_of(reason: str) -> str:
    """The name of the row rule that a reason belongs to."""
    return next((name for part, name, _ in ROW_RULES if part in reason or reason.startswith(part)), "other")


def row_rule_names() -> dict[str, str]:
    """The name of every row rule, with what it looks for, in their order."""
    return {name: looks_for for _, name, looks_for in ROW_RULES if looks_for}


def row_findings(sources: list[dict[str, Any]], gate: Gate) -> list[Finding]:
    """One finding for each row rule: how many rows of all sources it set aside, and for what."""
    reasons: dict[str, dict[str, int]] = {}
    for source in sources:
        for reason, n in source["reasons"].items():
            mine = reasons.setdefault(rule_of(reason), {})
            mine[reason] = mine.get(reason, 0) + n
    findings = []
    for name, looks_for in row_rule_names().items():
        mine = reasons.get(name, {})
        rows = sum(mine.values())
        each = [
            f"{reason} ({n:,})" if len(mine) > 1 else reason
            for reason, n in sorted(mine.items(), key=lambda i: (-i[1], i[0]))
        ]
        told = f"{count(rows, 'row')} {verb(rows, 'was', 'were')} set aside: {listed(each)}."
        findings.append(
            Finding(
                name, gate.levels.get(name, "note"), "found" if rows else "ok", rows,
                told if rows else f"Not found: {looks_for}",
            )
        )  # fmt: skip
    return findings
