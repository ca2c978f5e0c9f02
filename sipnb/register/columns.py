"""The register as a table: which columns a list of actions has, what an action says in each, and what a cell may say.

The first columns are called as Jira's import of CSV has them: it needs a `Summary`, maps the others by their headers, and may
stumble over punctuation in one (Atlassian, "Create issues using the CSV importer"). Labels hold no spaces and stand with a space
between them. ServiceNow makes the columns of an import set of whatever the headers are, and a transform map leads them to its
fields, with `Issue id` as the one to coalesce on (ServiceNow, "Mapping options"). What the two call states and columns is read,
too (`exchange.toml`).
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from sipnb import yamls
from sipnb.register.as_of import standing
from sipnb.register.entries import Action, Entry, Milestone
from sipnb.register.states import CLOSED, ShortState, State, Verdict, one_of
from sipnb.validation import Model, nearest, validate

Kind = Literal["name", "text", "state", "verdict", "date", "number", "whole", "words", "lines", "entries"]


@dataclass(frozen=True)
class Column:
    """A column: its header, what its cells hold, and where in an action that stands (a part of a triple by its number)."""

    name: str
    kind: Kind
    place: str


SERVICE, ID, STATUS, DUE, CREATED, NOTE = "Service", "Issue id", "Status", "Due date", "Created", "Description"
FIRST_DUE, SINCE, IMPLEMENTED, VERDICT, HISTORY = "First due date", "Since", "Implemented", "Verdict", "History"
TICKETS, ASSIGNEE, FIRST_ASSIGNEE = "Tickets where", "Assignee", "First assignee"
SPENT, FIRST_SPENT = "Actual cost", "First actual cost"
SPONSOR, FIRST_SPONSOR = "Sponsor", "First sponsor"
#: A few characters for every cell, by which an import sees which were edited since, and which have changed in the register.
EXPORTED = "As exported"

COLUMNS = {
    column.name: column
    for column in (
        Column(SERVICE, "name", "service"), Column(ID, "name", "id"), Column("Summary", "text", "title"),
        Column(STATUS, "state", "state"), Column(ASSIGNEE, "text", "owner"), Column(DUE, "date", "due"),
        Column(CREATED, "date", "raised"), Column("Labels", "words", "objectives"), Column(NOTE, "text", "note"),
        Column(SPONSOR, "text", "sponsor"), Column("Consulted", "lines", "consulted"), Column("Informed", "lines", "informed"),
        Column("Lever", "name", "lever"), Column("Driver", "text", "driver"), Column("KPI", "name", "kpi"),
        Column("Measure KPI", "name", "measure.kpi"), Column("Measure baseline", "name", "measure.baseline"),
        Column("Expected low", "number", "measure.expect.0"), Column("Expected likely", "number", "measure.expect.1"),
        Column("Expected high", "number", "measure.expect.2"), Column("Minimum", "number", "measure.minimum"),
        Column("Judged after cycles", "whole", "measure.cycles"), Column("Counter KPIs", "words", "measure.counter"),
        Column("Cost low", "number", "cost.once.0"), Column("Cost likely", "number", "cost.once.1"),
        Column("Cost high", "number", "cost.once.2"), Column("Cost per cycle", "number", "cost.per_cycle"),
        Column("Effort days", "number", "cost.effort_days"), Column(SPENT, "number", "cost.actual"),
        Column("Milestones", "entries", "milestones"), Column("Depends on", "words", "depends_on"),
        Column("Evidence", "lines", "evidence"), Column("Links", "lines", "links"),
        Column(TICKETS, "text", "tickets.where"), Column(FIRST_DUE, "date", "due"), Column(FIRST_ASSIGNEE, "text", "owner"),
        Column(FIRST_SPENT, "number", "cost.actual"), Column(FIRST_SPONSOR, "text", "sponsor"),
        Column(SINCE, "date", "since"), Column(IMPLEMENTED, "date", "implemented"),
        Column(VERDICT, "verdict", "verdict"), Column(HISTORY, "entries", "history"), Column(EXPORTED, "name", ""),
    )
}  # fmt: skip
#: What entries change, by its column: the column of what the action says of it beside its history.
FIRST = {DUE: FIRST_DUE, ASSIGNEE: FIRST_ASSIGNEE, SPENT: FIRST_SPENT, SPONSOR: FIRST_SPONSOR}
_ENTRY: dict[str, type[Model]] = {HISTORY: Entry, "Milestones": Milestone}
_OTHER = tomllib.loads(Path(__file__).with_name("exchange.toml").read_text(encoding="utf-8"))
#: What other tools call a state: ours that it may be.
STATES: dict[str, list[str]] = _OTHER["states"]
#: What other tools call a column.
HEADERS: dict[str, str] = _OTHER["columns"]
_OURS = list(dict.fromkeys([*State.__args__, *ShortState.__args__]))

#: What no cell says by itself: control characters but line ends and tabs, and those that turn the direction of a text.
_SILENT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_PLAIN = re.compile(r"[A-Za-z](?:[\w ./()%+'-]*[\w.)%])?", re.ASCII)
_WORDS_OF_YAML = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class Unfit(ValueError):
    """What is wrong with a cell, as a clause that says what would be right."""


def values(service: str, action: Action) -> dict[str, Any]:
    """What an action says in each column, as plain data; None or an empty list where it says nothing."""
    stood, last = standing(action, date.max), action.history[-1] if action.history else None
    assert stood is not None, "it stands at the end of days"
    plain = action.model_dump()
    found: dict[str, Any] = {name: _at(plain, column.place) for name, column in COLUMNS.items() if column.place}
    return found | {
        SERVICE: service, STATUS: stood.state, DUE: stood.due, CREATED: action.begun, NOTE: stood.note or None,
        ASSIGNEE: stood.owner, SPONSOR: stood.sponsor, SPENT: stood.spent, SINCE: action.since, IMPLEMENTED: action.implemented,
        VERDICT: last.verdict if last and last.state == CLOSED else None,
        HISTORY: [one.model_dump(exclude_defaults=True) for one in action.history],
        "Milestones": [one.model_dump(exclude_defaults=True) for one in action.milestones],
        **({} if action.history else dict.fromkeys(FIRST.values())),
    }  # fmt: skip


def _at(plain: Any, place: str) -> Any:
    for part in place.split("."):
        if plain is None:
            return None
        plain = plain[int(part)] if part.isdigit() else plain.get(part)
    return None if plain == "" else plain


def cells(service: str, action: Action) -> list[Any]:
    """The row of an action: text, numbers and dates, None where a cell is empty."""
    said = values(service, action)
    marks = " ".join(mark(said[name]) for name in COLUMNS if name != EXPORTED)
    return [marks if name == EXPORTED else _cell(column, said[name]) for name, column in COLUMNS.items()]


def _cell(column: Column, value: Any) -> Any:
    if column.kind == "words":
        return " ".join(value or ()) or None
    if column.kind == "lines":
        return "\n".join(map(_line, value)) or None
    if column.kind == "entries":
        return "\n".join(_flow(one) for one in value) or None
    return value


def mark(value: Any) -> str:
    """Four characters that are others where a value is another one; a dot where there is none."""
    if canonical(value) is None:
        return "."
    text = json.dumps(canonical(value), default=str, ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:4]


def canonical(value: Any) -> Any:
    """A value without what a spreadsheet may do to it: ends of lines, unseen characters, the last digits."""
    if isinstance(value, str):
        return _SILENT.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip() or None
    if isinstance(value, Mapping):
        return {key: canonical(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [canonical(one) for one in value] or None
    if isinstance(value, (int, float)):
        return float(f"{value:.12g}")
    return value


def _line(text: str) -> str:
    """One of several texts of a cell: as it is, or as JSON where it would be read as something else."""
    same = text and text == text.strip() and not re.search(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]", text)
    return text if same and not text.startswith('"') else _quoted(text)


def _flow(entry: Mapping[str, Any]) -> str:
    """An entry as a file of the register has it, on one line."""
    return f"{{{', '.join(f'{key}: {_scalar(value)}' for key, value in entry.items())}}}"


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS_OF_YAML
        return value if plain else _quoted(value)
    return str(value)


def _quoted(text: str) -> str:
    """JSON, which YAML reads, too, where what it does not take stands as an escape."""
    return re.sub(
        r"[\x7f-\xa0\u2028-\u202f\u2060-\u206f\ufeff\ufff0-\uffff]",
        lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False),
    )  # fmt: skip


def read(column: Column, cell: Any) -> Any:
    """What a cell says: plain data as `values` has it; of a state the list of what it may be. Raises Unfit."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return [] if column.kind in ("words", "lines", "entries") else None
    if column.kind == "date":
        return _date(cell)
    if column.kind in ("number", "whole"):
        number = _number(cell)
        if column.kind == "whole" and not number.is_integer():
            raise Unfit("is no whole number")
        return int(number) if column.kind == "whole" else number
    text = _text(cell)
    if column.kind in ("name", "text"):
        return text.strip() if column.kind == "name" else text
    if column.kind == "state":
        said = " ".join(text.lower().split())
        if said not in _OURS and said not in STATES:
            near = nearest(said, _OURS)
            raise Unfit(f"is no state; {near if near.startswith('nearest') else 'write ' + one_of(_OURS)}")
        return [said] if said in _OURS else STATES[said]
    if column.kind == "verdict":
        if text.strip().lower() not in Verdict.__args__:
            raise Unfit(f"is no verdict; write {one_of(Verdict.__args__)}")
        return text.strip().lower()
    if column.kind == "words":
        return [word for word in re.split(r"[\s,;]+", text) if word]
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if column.kind == "lines":
        return [_unquoted(line) for line in lines]
    return [_entry(column, line) for line in lines]


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).replace("\r\n", "\n").replace("\r", "\n")


def _date(cell: Any) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = str(cell).strip()
    try:
        if found := re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)?", text):
            return date.fromisoformat(found[1])
        if found := re.fullmatch(r"(\d\d?)\.(\d\d?)\.(\d{4})", text):
            return date(int(found[3]), int(found[2]), int(found[1]))
        # As Jira shows days: 31/Jan/26 12:00 AM.
        found = re.fullmatch(r"(\d\d?)[/ -]([A-Za-z]{3})[/ -](\d{4}|\d\d)(?: .*)?", text)
        if found and found[2].lower() in _MONTHS:
            year = int(found[3])
            return date(year if year > 99 else 2000 + year, _MONTHS.index(found[2].lower()) + 1, int(found[1]))
    except ValueError:
        pass
    if re.fullmatch(r"\d\d?/\d\d?/\d{2,4}.*", text):
        raise Unfit("may be two days, for countries differ in what comes first; write it as 2026-01-31")
    raise Unfit("is no date; write it as 2026-01-31")


def _number(cell: Any) -> float:
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return float(cell)
    text = str(cell).strip().replace("\u2212", "-").replace("\xa0", "").replace("\u202f", "")
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", text, re.IGNORECASE):
        return float(text)
    if re.fullmatch(r"[+-]?\d+,\d{3}", text) and not text.lstrip("+-").startswith("0"):
        raise Unfit(f"may be {text.replace(',', '')} or {text.replace(',', '.')}; write it without a comma")
    if re.fullmatch(r"[+-]?\d+,\d+", text):
        return float(text.replace(",", "."))
    raise Unfit("is no number; write it as 1234.5")


def _unquoted(line: str) -> str:
    if not line.startswith('"'):
        return line
    try:
        return str(json.loads(line))
    except json.JSONDecodeError:
        return line


def _entry(column: Column, line: str) -> dict[str, Any]:
    model = _ENTRY[column.name]
    example = "{on: 2026-01-31, state: accepted}" if model is Entry else "{title: Pilot, due: 2026-01-31}"
    try:
        content = yamls.parse(line)
    except yamls.Unreadable as error:
        raise Unfit(f"cannot be read:{error}; write a line each as {example}") from error
    if not isinstance(content, dict):
        raise Unfit(f"is not written as {example}, a line each")
    errors: list[str] = []
    entry = validate(content, model, "", errors)
    if entry is None:
        raise Unfit(f"cannot be read: {errors[0].removeprefix(': ')}; write a line each as {example}")
    return entry.model_dump(exclude_defaults=True)
