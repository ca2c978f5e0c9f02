"""The commands of the improvement register: `sipnb register list` and `show`, `propose`, one for each state that an action may
come into, and `export` and `import`; and `sipnb sign`, by which a role decides on a whole plan.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sipnb import places
from sipnb.terminal import tell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sipnb.cycles import Cycle
    from sipnb.places import CycleFolder
    from sipnb.register import Action
    from sipnb.workbook import Workbook

commands = typer.Typer(no_args_is_help=True, help="The improvement register: what was agreed, and how far it has come.")

Params = Annotated[str, typer.Argument(help="an organisation's folder, or the name of one that ships")]
Named = Annotated[str, typer.Argument(help="the id of the action")]
Service = Annotated[
    str | None, typer.Option("--service", help="its service, where several have an action of that name")
]
On = Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="the day it happened (default: today)")]
By = Annotated[str | None, typer.Option("--by", help="the role that says so")]
Reason = Annotated[str, typer.Option("--reason", help="why, or what is to be known of it")]
Due = Annotated[datetime | None, typer.Option("--due", formats=["%Y-%m-%d"], help="until when it is due from now on")]
Owner = Annotated[str | None, typer.Option("--owner", help="the role that answers for it")]
Spent = Annotated[float | None, typer.Option("--spent", min=0, help="what it has cost so far")]
Sponsor = Annotated[str | None, typer.Option("--sponsor", help="the role that pays for it")]

#: What each command writes, and what it is for: those that say who and when, and the others.
_AGREED = {
    "accept": ("accepted", "Accept a proposal: it is wanted, and is to be planned."),
    "approve": ("approved", "Approve an action that has an owner, a date and a measure."),
}
_VERBS = {
    "reject": ("rejected", "Reject an action, with the reason."),
    "start": ("in progress", "Say that the work has begun."),
    "implement": ("implemented", "Say that it is done, so that its effect can be judged."),
    "postpone": ("postponed", "Postpone an action, with the reason."),
    "withdraw": ("withdrawn", "Withdraw an action, with the reason."),
}


@commands.command(name="list")
def list_(
    params: Params,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="as it stood at the end of that day")
    ] = None,
) -> None:
    """List the actions of all services, as they stand or stood on a day."""
    from datetime import timedelta

    from sipnb import register
    from sipnb import workbook as workbooks

    book = workbooks.load(places.organisation(params), reports=places.reports())
    end = as_of.date() + timedelta(days=1) if as_of else date.max
    for service in book.services.values():
        for action in service.actions:
            if stood := register.standing(action, end):
                due = f"due {stood.due}" if stood.due else "no date"
                tell(f"{service.id:<20} {action.id:<32} {stood.state:<13} {due:<16} {stood.owner or 'nobody'}")


@commands.command()
def show(params: Params, action: Named, service: Service = None) -> None:
    """Show an action with its history."""
    from sipnb import register
    from sipnb import workbook as workbooks
    from sipnb.register import editing

    folder = places.organisation(params)
    book = workbooks.load(folder, reports=places.reports())
    path = editing.find(folder, action, service)
    (found,) = [one for one in book.services[path.stem].actions if one.id == action]
    tell(f"{found.id}: {found.title} ({book.services[path.stem].name})")
    stood = register.standing(found, date.max)
    assert stood is not None, "it stands at the end of days"
    for name, value in (
        ("owner", stood.owner), ("sponsor", stood.sponsor), ("consulted", ", ".join(found.consulted)),
        ("informed", ", ".join(found.informed)), ("lever", found.lever), ("due", stood.due),
        ("spent", None if stood.spent is None else _amount(stood.spent)),
    ):  # fmt: skip
        if value:
            tell(f"  {name}: {value}")
    if found.measured:
        expect = found.measure.expect if found.measure else None
        promise = f", expected {', '.join(f'{value:g}' for value in expect)}" if expect else ""
        tell(f"  measure: {book.kpis[found.measured].title.lower()}{promise}")
    for entry in found.history:
        told = [
            entry.state,
            f"by {entry.by}" if entry.by else "",
            entry.reason,
            entry.verdict or "",
            *_moves(entry.model_dump()),
        ]
        tell(f"  {entry.on}  {', '.join(filter(None, told))}")
    if not found.history:
        tell(f"  {found.raised}  raised; now {stood.state}")


def _moves(entry: Mapping[str, Any]) -> list[str]:
    """What an entry says from then on: who answers for it, until when, and what it has cost."""
    found = [f"{key} {entry[key]}" for key in ("owner", "sponsor", "due") if entry.get(key)]
    return found if entry.get("spent") is None else [*found, f"spent {_amount(entry['spent'])}"]


def _amount(value: float) -> str:
    return f"{value:,.2f}".removesuffix(".00")


def _add(verb: str, state: str, text: str) -> None:
    def enter(
        params: Params,
        action: Named,
        service: Service = None,
        on: On = None,
        by: By = None,
        reason: Reason = "",
        due: Due = None,
    ) -> None:
        _enter(params, action, service, {"on": on, "state": state, "by": by, "reason": reason, "due": due})

    commands.command(name=verb, help=text)(enter)


def _add_agreed(verb: str, state: str, text: str) -> None:
    def enter(
        params: Params, action: Named, service: Service = None, on: On = None, by: By = None, reason: Reason = "",
        due: Due = None, owner: Owner = None, sponsor: Sponsor = None,
    ) -> None:  # fmt: skip
        entry = {"on": on, "state": state, "by": by, "reason": reason, "due": due, "owner": owner, "sponsor": sponsor}
        _enter(params, action, service, entry)

    commands.command(name=verb, help=text)(enter)


for _verb, (_state, _text) in _AGREED.items():
    _add_agreed(_verb, _state, _text)
for _verb, (_state, _text) in _VERBS.items():
    _add(_verb, _state, _text)


@commands.command()
def close(
    params: Params, action: Named, service: Service = None, on: On = None, by: By = None, reason: Reason = "",
    verdict: Annotated[str | None, typer.Option("--verdict", help="worked, did not, or inconclusive")] = None,
) -> None:  # fmt: skip
    """Close an implemented action with a verdict, or with a reason for none."""
    _enter(params, action, service, {"on": on, "state": "closed", "by": by, "reason": reason, "verdict": verdict})


@commands.command()
def note(
    params: Params, action: Named, reason: Annotated[str, typer.Argument(help="what is to be known of it")] = "",
    service: Service = None, on: On = None, by: By = None, owner: Owner = None, sponsor: Sponsor = None, spent: Spent = None,
) -> None:  # fmt: skip
    """Write a note beside the state of an action, who answers or pays for it from now on, or what it has cost so far."""
    given = {"on": on, "by": by, "reason": reason, "owner": owner, "sponsor": sponsor, "spent": spent}
    _enter(params, action, service, given)


@commands.command()
def due(
    params: Params, action: Named, date: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="the new date")],
    service: Service = None, on: On = None, by: By = None, reason: Reason = "",
) -> None:  # fmt: skip
    """Give an action another date to be done by."""
    _enter(params, action, service, {"on": on, "by": by, "reason": reason, "due": date})


def _enter(params: str, action: str, service: str | None, given: dict[str, Any]) -> None:
    from sipnb.register import editing

    folder = places.organisation(params)
    path = editing.find(folder, action, service)
    given["on"] = given["on"] or datetime.now()
    said = {key: value for key, value in given.items() if value not in (None, "")}
    entry = {key: value.date() if isinstance(value, datetime) else value for key, value in said.items()}
    editing.enter(path, action, entry)
    told = "".join(f", {one}" for one in _moves(entry))
    tell(f"{action}: {entry.get('state', 'noted')} on {entry['on']}{told}; written to {path}")


@commands.command()
def propose(
    params: Params,
    cycle: Annotated[
        str, typer.Option("--cycle", help="the cycle whose plans are published: 2026-10, 2026-Q4, 2026-W47")
    ],
    service: Annotated[list[str] | None, typer.Option("--service", help="only this service; may be repeated")] = None,
    unchosen: Annotated[bool, typer.Option("--unchosen", help="what is not chosen under the budget, too")] = False,
) -> None:
    """Write what the plans of a cycle propose and the portfolio chose into the register, where it is not there yet."""
    from sipnb import workbook as workbooks
    from sipnb.register import editing

    book = workbooks.load(places.organisation(params), reports=places.reports())
    when = book.cycle(cycle)
    published, planned, missing = _published(book, when, service, places.RECOMMENDATIONS, params)
    texts: dict[Path, str] = {}
    told: list[str] = []
    left = {} if unchosen else _left_out(published)
    with editing.alone(book.folder / "register"):
        for one in planned:
            path = book.folder / "register" / f"{one}.yml"
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            decided = _decided(book, one, published, when, editing.checked(path, text).actions, left.get(one, {}))
            new = [action for _, action in decided if not isinstance(action, str)]
            told += [
                f"{one} {lever}: {f'not written: {said}' if isinstance(said, str) else 'written as ' + said['id']}"
                for lever, said in decided
            ]
            if new:
                texts[path] = editing.with_actions(text, new)
        if errors := workbooks.errors_with(book.folder, texts) if texts else []:
            raise workbooks.WorkbookError(errors)
        editing.write(texts)
    for line in [*told, *(f"{name}: no plan for {when.label} is published" for name in missing)]:
        tell(line)
    files = ", ".join(path.name for path in texts)
    tell(f"written: {files}" if files else "nothing written")


def _published(
    book: Workbook, when: Cycle, service: list[str] | None, chapter: str, params: str
) -> tuple[CycleFolder, list[str], list[str]]:
    """The folder of a published cycle, the services asked for (all where None) of which it holds a chapter, and the others.

    Raises NotPublished where there is none at all, or none of one that was named.
    """
    from sipnb.register import proposals

    published = places.cycle_folder(book.reports, book.name, when.name)
    wanted = [book.service(name).id for name in dict.fromkeys(service)] if service else list(book.services)
    planned = [name for name in wanted if published.result(name, chapter).is_file()]
    missing = [name for name in wanted if name not in planned]
    if not published.index.is_file() or not planned or (service and missing):
        about = f" of {', '.join(missing)}" if published.index.is_file() and service else ""
        command = f"sipnb run {params} --cycle {when.name}"
        raise proposals.NotPublished(
            [f"no plan{about} for {when.label} is published in {published.root}; run `{command}` first"]
        )
    return published, planned, missing


def _decided(
    book: Workbook, service: str, published: CycleFolder, when: Cycle, actions: list[Action], left: Mapping[str, str]
) -> list[tuple[str, dict[str, Any] | str]]:
    """What becomes of the proposals of a service's plan; see `proposals.decided`. `left` says why options are not chosen."""
    from sipnb.chapters import results
    from sipnb.register import proposals

    try:
        options = results.read(published, service, places.RECOMMENDATIONS).recommended
        measures = results.read(published, service, places.BASELINE).measures
    except results.ResultError as error:
        raise proposals.NotPublished([str(error)]) from error
    cycles = {one.kpi: one.cycles for one in measures if one.value is not None}
    found = proposals.decided(
        [one.model_dump() for one in options if one.id not in left], actions, when,
        kpis=book.kpis, levers=book.effective_levers, cycles=cycles, objectives=book.objectives, history=book.settings.history,
    )  # fmt: skip
    said = "not chosen ({}); --unchosen writes it all the same"
    return [*found, *((one.id, said.format(left[one.id])) for one in options if one.id in left)]


def _left_out(published: CycleFolder) -> dict[str, dict[str, str]]:
    """Why options are not chosen, by service and id, as the portfolio has it; nothing where there is none."""
    from sipnb.chapters import results

    try:
        choice = results.read(published, places.ALL_SERVICES, places.PORTFOLIO).choice
    except results.ResultError:
        return {}
    found: dict[str, dict[str, str]] = {}
    for one in choice.options if choice else ():
        if not one.chosen:
            found.setdefault(one.service, {})[one.id] = one.why_not
    return found


Table = Annotated[Path, typer.Argument(help="a table of actions: .csv or .xlsx")]


@commands.command()
def export(params: Params, file: Table) -> None:
    """Write the actions of all services as a table for spreadsheets, Jira or ServiceNow."""
    from sipnb import sheets
    from sipnb import workbook as workbooks
    from sipnb.register import columns

    book = workbooks.load(places.organisation(params), reports=places.reports())
    rows = [columns.cells(service.id, action) for service in book.services.values() for action in service.actions]
    sheets.write(file, "Actions", list(columns.COLUMNS), rows)
    tell(f"{len(rows)} {'action' if len(rows) == 1 else 'actions'} written to {file}")


@commands.command(name="import")
def import_(
    params: Params, file: Table, on: On = None, by: By = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would change")] = False,
) -> None:  # fmt: skip
    """Take over what was edited in a table of actions: all of it, or nothing where anything is refused."""
    from sipnb import sheets
    from sipnb import workbook as workbooks
    from sipnb.register import columns, editing, exchange, rows

    book = workbooks.load(places.organisation(params), reports=places.reports())
    table = sheets.read(file, "Actions", [*columns.COLUMNS, *columns.HEADERS])
    found, strange = rows.rows(table.header, table.rows)
    with editing.alone(book.folder / "register"):
        planned = exchange.plan(book.folder, found, book.services, (on or datetime.now()).date(), by)
        if errors := workbooks.errors_with(book.folder, planned.texts) if planned.texts else []:
            raise rows.Wrong(planned.by_row(errors))
        if not dry_run:
            editing.write(planned.texts)
    for line in planned.told:
        tell(line)
    for title in strange:
        tell(f"column {title!r} is not read: the register has none of that name")
    files = ", ".join(path.name for path in planned.texts)
    tell(
        f"{'would write' if dry_run else 'written'}: {files}"
        if files
        else "nothing differs from the register; nothing written"
    )


class Decided(StrEnum):
    """What a role may decide on a plan."""

    APPROVED, CHANGES, REJECTED = "approved", "changes", "rejected"


def sign(
    params: Params,
    cycle: Annotated[str, typer.Option("--cycle", help="the cycle whose plan is signed: 2026-10, 2026-Q4, 2026-W47")],
    role: Annotated[str, typer.Option("--as", help="the role that decides")],
    service: Annotated[list[str] | None, typer.Option("--service", help="whose plan; may be repeated")] = None,
    every: Annotated[bool, typer.Option("--all", help="the published plans of all services")] = False,
    decision: Annotated[Decided, typer.Option("--decision", help="what it decides")] = Decided.APPROVED,
    note: Annotated[str, typer.Option("--note", help="what is to change, why it is rejected, or a condition")] = "",
    on: Annotated[
        datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="the day it was signed (default: today)")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="where the reports are (default: reports/)")] = None,
) -> None:
    """Sign the published plan of a cycle: approve it, ask for changes, or reject it."""
    from sipnb import workbook as workbooks
    from sipnb.chapters import results
    from sipnb.register import editing, proposals, signing

    book = workbooks.load(places.organisation(params), reports=(out or places.reports()).resolve())
    when = book.cycle(cycle)
    if every == bool(service):
        raise signing.CannotSign(["say whose plan is signed: --service (it may be repeated), or --all"])
    given = {"cycle": when.name, "on": (on or datetime.now()).date(), "decision": decision.value, "note": note.strip()}
    signing.check({**given, "role": role}, book.settings.zone)
    published, planned, missing = _published(book, when, service, places.PLAN, params)
    told: list[str] = []
    texts: dict[Path, str] = {}
    with editing.alone(book.folder / "register"):
        for name in planned:
            try:
                plan = results.read(published, name, places.PLAN)
            except results.ResultError as error:
                raise proposals.NotPublished([str(error)]) from error
            asked = signing.asked(book.services[name].owner, [one.owner for one in plan.verdict.decisions])
            path = book.folder / "register" / signing.FOLDER / f"{name}.yml"
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            by = signing.spelt(role, [book.services[name].owner, *asked])
            after = signing.added(path, text, {**given, "role": by, "content": plan.content}, book.settings.zone)
            texts |= {path: after} if after != text else {}
            done = f"written to {path}" if after != text else "which stands there already"
            beside = f", who is not among those asked ({', '.join(asked)})" if asked and by not in asked else ""
            said = "changes asked for" if decision == Decided.CHANGES else decision.value
            told.append(f"{plan.number}, content {plan.content}: {said} on {given['on']} by {by}{beside}; {done}")
        if errors := workbooks.errors_with(book.folder, texts) if texts else []:
            raise workbooks.WorkbookError(errors)
        (book.folder / "register" / signing.FOLDER).mkdir(exist_ok=True)
        editing.write(texts)
    for line in [*told, *(f"{name}: no plan for {when.label} is published" for name in missing)]:
        tell(line)
    if texts:
        more = "".join(f" --service {name}" for name in planned) if service else ""
        more += f" --out {out}" if out else ""
        which = "plan" if len(texts) == 1 else "plans"
        tell(f"`sipnb run {params} --cycle {when.name}{more}` lets the {which} say so")
