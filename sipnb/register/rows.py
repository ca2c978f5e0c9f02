"""The rows of a table of actions, and what is wrong with them by row, column and value."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sipnb.register.columns import (
    ASSIGNEE,
    COLUMNS,
    DUE,
    EXPORTED,
    HEADERS,
    HISTORY,
    ID,
    NOTE,
    SERVICE,
    SPENT,
    SPONSOR,
    STATUS,
    VERDICT,
    Unfit,
    read,
)  # fmt: skip
from sipnb.validation import WorkbookError

#: Kinds of columns of which there may be several of one name, as Jira writes labels.
_SEVERAL = ("words", "lines")


class Wrong(WorkbookError):
    """What is wrong with a table of actions, a line each with row, column and value; nothing is written then."""

    about = " in the table"


@dataclass
class Row:
    """A row of the table: its number, the service and the action it is of, what its cells say, and the marks
    of what they said when exported."""

    number: int
    service: str
    action: str
    said: dict[str, Any]
    marks: dict[str, str] = field(default_factory=dict)
    edited: set[str] = field(default_factory=set)

    def wrong(self, column: str, text: str) -> str:
        """A line that says what is wrong with the row, or with a cell of it."""
        about = f" ({self.service} {self.action})" if self.service and self.action else ""
        return f"row {self.number}{about}{f', column {column}' if column else ''}: {text}"


def rows(header: Sequence[str], table: Iterable[tuple[int, Sequence[Any]]]) -> tuple[list[Row], list[str]]:
    """The rows of a table, and the headers of columns that are none of the register's. Raises Wrong with all that cannot be
    read."""
    names, strange = _headers(header)
    found: list[Row] = []
    errors: list[str] = []
    for number, cells in table:
        row = Row(number, "", "", {})
        for name, cell in zip(names, cells, strict=False):
            if name:
                try:
                    more = read(COLUMNS[name], cell)
                    row.said[name] = row.said[name] + more if name in row.said else more
                except Unfit as unfit:
                    errors.append(row.wrong(name, f"{short(cell)} {unfit}"))
                if name in (SERVICE, ID):
                    row.service, row.action = row.said.get(SERVICE) or "", row.said.get(ID) or ""
        if told := row.said.pop(EXPORTED, None):
            marked = [name for name in COLUMNS if name != EXPORTED]
            row.marks = dict(zip(marked, told.split(), strict=False))
            if len(told.split()) != len(marked):
                errors.append(row.wrong(EXPORTED, "is not as it was written; leave it as it is, or empty"))
        found.append(row)
    first: dict[tuple[str, str], Row] = {}
    for row in found:
        above = first.setdefault((row.service, row.action), row) if row.action else row
        if above is not row:
            errors.append(row.wrong(ID, f"{row.action!r} stands in row {above.number} already; keep one of them"))
    if errors:
        raise Wrong(errors)
    return found, strange


def _headers(header: Sequence[str]) -> tuple[list[str], list[str]]:
    """The column that each header means, "" for one that is none of ours; and the latter."""
    ours = {name.lower(): name for name in COLUMNS}
    plain = [_plain(title) for title in header]
    names = [ours.get(said) or HEADERS.get(said, "") for said in plain]
    strange, errors = [], []
    for at, (title, said, name) in enumerate(zip(header, plain, names, strict=True)):
        if name in names[:at] and name and COLUMNS[name].kind not in _SEVERAL:
            errors.append(f"row 1: {title!r} is {name}, which stands there already; keep one of them")
        if title and not name:
            strange.append(title)
            close = [ours[one] for one in difflib.get_close_matches(said, ours, n=1, cutoff=0.8)]
            errors += [
                f"row 1: {title!r} is not a column; nearest valid name: {one}" for one in close if one not in names
            ]
    missing = [name for name in (SERVICE, ID) if name not in names]
    errors += [f"row 1: there is no column {name!r}; add it, so that rows can be told" for name in missing]
    if errors:
        raise Wrong(errors)
    return names, strange


def _plain(title: str) -> str:
    """A header in small letters, and without what Jira writes around that of a field of one's own."""
    said = " ".join(title.lower().split())
    custom = re.fullmatch(r"custom field \((.+)\)", said)
    return custom[1] if custom else said


def of_row(error: str, by_place: Mapping[tuple[str, int], Row]) -> str:
    """An error of a file of the register as one of the row that made it."""
    found = re.fullmatch(r"(?:[^:]*/)?register/([^/:]+)\.yml: actions\.(\d+)\.?([^:\s]*): ?(.*)", error, re.DOTALL)
    row = by_place.get((found[1], int(found[2]))) if found else None
    if found is None or row is None:
        return error
    return row.wrong(_column(found[3], row.edited), found[4])


def _column(place: str, edited: set[str]) -> str:
    """The column in which stands what is at a place of an action."""
    if place.startswith("history"):
        entry = {"reason": NOTE, "verdict": VERDICT, "due": DUE, "owner": ASSIGNEE, "sponsor": SPONSOR, "spent": SPENT}
        return HISTORY if HISTORY in edited else entry.get(place.rpartition(".")[2], STATUS)
    if place == "state":
        return STATUS
    fits = [
        name for name, column in COLUMNS.items()
        if column.place and (f"{place}.".startswith(f"{column.place}.") or f"{column.place}.".startswith(f"{place}."))
    ]  # fmt: skip
    return next((name for name in fits if name in edited), fits[0] if fits else "")


def short(value: Any) -> str:
    """A value in a message: quoted where it is text, and not too long."""
    if value is None or value == []:
        return "nothing"
    if isinstance(value, list):
        value = value[0] if len(value) == 1 and isinstance(value[0], str) else "; ".join(map(_short_entry, value))
    text = value if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)
    return repr(text if len(text) <= 60 else f"{text[:59]}…") if isinstance(value, str) else text


def _short_entry(value: Any) -> str:
    return value if isinstance(value, str) else " ".join(str(one) for one in value.values())
