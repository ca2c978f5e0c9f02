"""The commands of the improvement register: `sipnb register list`, `show`, and one for each state an action may come into."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import typer

from sipnb import places
from sipnb.terminal import tell

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

#: What each command writes, and what it is for.
_VERBS = {
    "accept": ("accepted", "Accept a proposal: it is wanted, and is to be planned."),
    "approve": ("approved", "Approve an action that has an owner, a date and a measure."),
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
                tell(f"{service.id:<20} {action.id:<32} {stood.state:<13} {due:<16} {action.owner or 'nobody'}")


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
    for name in ("owner", "sponsor", "lever", "due"):
        if getattr(found, name):
            tell(f"  {name}: {getattr(found, name)}")
    if found.measured:
        expect = found.measure.expect if found.measure else None
        promise = f", expected {', '.join(f'{value:g}' for value in expect)}" if expect else ""
        tell(f"  measure: {book.kpis[found.measured].title.lower()}{promise}")
    for entry in found.history:
        told = [entry.state, *([f"by {entry.by}"] if entry.by else []), *([entry.reason] if entry.reason else [])]
        tell(f"  {entry.on}  {', '.join(told)}")
    if not found.history and (stood := register.standing(found, date.max)):
        tell(f"  {found.raised}  raised; now {stood.state}")


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
    params: Params, action: Named, reason: Annotated[str, typer.Argument(help="what is to be known of it")],
    service: Service = None, on: On = None, by: By = None,
) -> None:  # fmt: skip
    """Write a note beside the state of an action."""
    _enter(params, action, service, {"on": on, "by": by, "reason": reason})


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
    entry = {key: value.date() if isinstance(value, datetime) else value for key, value in given.items() if value}
    editing.enter(path, action, entry)
    tell(f"{action}: {entry.get('state', 'noted')} on {entry['on']}; written to {path}")
