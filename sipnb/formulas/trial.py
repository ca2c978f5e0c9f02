"""Trying formulas on all records before any are frozen: in a process of its own, with a limit of memory and time.

An alarm ends that process even within a function that never returns: DuckDB notices an interrupt only between vectors.

A text that a cast cannot read is an error, because rows would silently be left out; a division by zero or an overflow is
no value. What is told are counts and names of columns, never a value of the records.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sipnb import apart, tables
from sipnb.formulas.allowed import TYPES
from sipnb.formulas.reading import APART, CLOSED, columns, kind_of, nodes, read, shown, statement, written

#: Bytes of address space of the process, and the seconds that a formula may take: some, and some for each row.
MEMORY, SECONDS, SECONDS_A_ROW = 4 << 30, 60.0, 20e-6


@dataclass(frozen=True)
class Formula:
    """One formula over a table, and how it is named to people (`org/workbook.yml: kpis.urgent.share`).

    `among` is a condition: in rows for which it does not hold nobody asks what the formula gives.
    """

    where: str
    table: str
    expression: str
    among: str = "true"


def try_out(
    wanted: Sequence[Formula], parquet: Path, zone: str, rows: int, *, seconds: float = SECONDS, memory: int = MEMORY
) -> list[str]:
    """A sentence for each formula over one table that cannot be computed on its rows in a Parquet file.

    `zone` is whose days and hours they read, `rows` how many there are. `seconds` a formula (more where there are many rows)
    and bytes of `memory` are the most that is taken; what takes more is killed, and the formulas after it are not tried.
    """
    seconds += rows * SECONDS_A_ROW
    path = str(parquet.resolve()).replace("'", "''")
    casts = [list(_casts_of_text(one)) for one in wanted]
    told = {
        "seconds": seconds,
        "config": {k: v for k, v in CLOSED.items() if k != "enable_external_access"},
        "setup": [
            f"SET TimeZone = '{zone}'",
            APART,
            f"SET allowed_paths = ['{path}']",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
            f"CREATE VIEW rows AS SELECT * FROM read_parquet('{path}')",
            f"{tables.created(wanted[0].table, 'blank')}; INSERT INTO blank DEFAULT VALUES",
        ],
        "statements": [list(_statements(one, found)) for one, found in zip(wanted, casts, strict=True)],
    }
    most = (seconds + 30) * len(wanted) + 60
    ended = apart.work(Path(__file__).with_name("child.py"), told, memory=memory, seconds=most)
    lines = ended.lines
    errors = []
    for line in lines:
        if "done" in line and (reason := _reason(line, casts[line["done"]], rows)):
            errors.append(_told(wanted[line["done"]], reason))
    if ended.code:
        begun = [line["begun"] for line in lines if "begun" in line]
        errors.append(_told(wanted[begun[-1] if begun else 0], _killed(ended, seconds, rows)))
    return errors


def _killed(ended: apart.Ended, seconds: float, rows: int) -> str:
    if ended.late:
        return f"takes more than {seconds:.0f} seconds on {rows:,} rows; make it simpler"
    if ended.large:
        return f"takes more memory than the {CLOSED['memory_limit']} that it is given on {rows:,} rows; make it simpler"
    return f"ended the process in which it was tried on {rows:,} rows (exit {ended.code}); make it simpler"


def _told(formula: Formula, reason: str) -> str:
    return f"{formula.where}: {shown(formula.expression)} {reason}"


def _statements(formula: Formula, casts: list[tuple[dict[str, Any], str]]) -> Iterator[str]:
    """SQL: in how many rows the formula is asked for, in how many of them it fails, and whether even where a row holds
    nothing; and how many of them each cast is to blame for, and all together."""
    texts = {"tried": formula.expression, "among": formula.among}
    fails = "count(*) FILTER (TRY({among}) AND TRY([{tried}]) IS NULL"
    counts = f"count(*) FILTER (TRY({{among}})), {fails}), (SELECT TRY([{{tried}}]) IS NULL FROM blank AS rows)"
    yield statement(formula.table, f"SELECT {counts} FROM rows", texts)
    if casts:
        alone, tree = [[cast] for cast, _ in casts], read(formula.table, formula.expression)
        # What DuckDB writes of a judged tree is longer than what may be given, and is not read again.
        asked = f"TRY((\n{formula.among}\n)) AND TRY([(\n{formula.expression}\n)]) IS NULL"
        forgiving = (written(_forgiving(tree, some)) for some in [*alone, [cast for cast, _ in casts]])
        rescued = (f"count(*) FILTER ({asked} AND TRY([{one}]) IS NOT NULL)" for one in forgiving)
        yield f"SELECT {', '.join(rescued)} FROM rows"


def _casts_of_text(formula: Formula) -> Iterator[tuple[dict[str, Any], str]]:
    """The casts of a formula that read a text, each with the type it reads; `strptime` is one."""
    for node, _ in nodes(read(formula.table, formula.expression)):
        if node["class"] == "CAST" and not node["try_cast"] and node["cast_type"]["id"] != "VARCHAR":
            kind = kind_of(formula.table, f"SELECT {written(node['child'])} FROM rows")
            # The parser writes `true` as a cast of a text, too.
            if kind == "VARCHAR" and node["child"]["class"] != "CONSTANT":
                yield node, node["cast_type"]["id"]
        elif node.get("function_name") == "strptime":
            yield node, "TIMESTAMP"


def _forgiving(tree: dict[str, Any], casts: list[dict[str, Any]]) -> dict[str, Any]:
    """A copy of a tree in which some casts give no value where they would fail."""
    positions = [n for n, (node, _) in enumerate(nodes(tree)) if any(node is cast for cast in casts)]
    tree = copy.deepcopy(tree)
    for number, (node, _) in enumerate(list(nodes(tree))):
        if number in positions:
            node |= {"try_cast": True} if node["class"] == "CAST" else {"function_name": "try_strptime"}
    return tree


def _reason(line: dict[str, Any], casts: list[tuple[dict[str, Any], str]], rows: int) -> str:
    """Why a formula fails in rows; empty where it merely has no value there."""
    if "failed" in line:
        return f"cannot be worked out on {rows:,} rows ({line['failed']}); make it simpler"
    rescued, asked = line["rescued"], line["rows"]
    if line["always"]:
        return "fails whatever a row holds: a text or number written in it is not what its place asks for; see each of them"
    if rescued and rescued[-1]:
        worst = max(range(len(casts)), key=lambda n: rescued[n])
        node, kind = casts[worst]
        read_from = columns(node)
        text = f"a value of {' or '.join(read_from)}" if read_from else "a text in it"
        return (
            f"fails in {rescued[-1]:,} of {asked:,} rows, where {text} is {TYPES[kind]}; use TRY_CAST or try_strptime where "
            "such rows are to have no value"
        )
    return ""
