"""`sipnb notify`: the published mails to roles, sent by the channels that `workbook.yml` names."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from sipnb import places
from sipnb.terminal import tell

SENT, SOME_FAILED = 0, 3


def notify(
    params: Annotated[str, typer.Argument(help="an organisation's folder, or the name of one that ships")],
    cycle: Annotated[str, typer.Option("--cycle", help="the published cycle: 2026-10, 2026-Q4, 2026-W47")],
    role: Annotated[list[str] | None, typer.Option("--role", help="only this role; may be repeated")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only show what would be sent by which channel")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="where the reports are (default: reports/)")] = None,
) -> None:
    """Send each role what is asked of it, as its published mail says: by SMTP, to a webhook or a chat."""
    from sipnb import notify as sending
    from sipnb import workbook as workbooks
    from sipnb.params import DEFAULT
    from sipnb.register import signing
    from sipnb.register.proposals import NotPublished
    from sipnb.validation import nearest

    book = workbooks.load(places.organisation(params), reports=(out or places.reports()).resolve())
    when, channels = book.cycle(cycle), book.settings.publish.notify
    if not channels:
        raise sending.CannotNotify([
            f"workbook.yml of {book.name} names no channel; add e.g. `publish: {{notify: {{default: PLANS_CHANNEL}}}}`, and put "
            "the address of the channel (an apprise URL) into the environment variable PLANS_CHANNEL"
        ])  # fmt: skip
    if not dry_run and find_spec("apprise") is None:
        raise sending.CannotNotify(
            ["nothing can be sent: apprise is missing; install the extra: pip install 'sipnb[notify]'"]
        )
    published = places.cycle_folder(book.reports, book.name, when.name)
    if not published.index.is_file():
        command = f"sipnb run {params} --cycle {when.name}"
        raise NotPublished([f"{when.label} is not published in {published.root}; run `{command}` first"])
    told = sending.messages(published)
    wanted = list(dict.fromkeys(signing.spelt(one, told) for one in role)) if role else list(told)
    missing = [f"--role {one!r}: nothing is asked of such a role in {when.label}; {nearest(one, told)}" for one in wanted
               if one not in told]  # fmt: skip
    by = {one: channels.get(one, channels.get(DEFAULT)) for one in wanted}
    without = [one for one in wanted if by[one] is None and one in told]
    if role:
        missing += [f"publish.notify has no channel for {one!r}; add it, or {DEFAULT}" for one in without]
    if missing:
        raise sending.CannotNotify(missing)
    failed = 0
    for one in wanted:
        variable = by[one]
        if variable is None:
            tell(f"{one}: not sent: publish.notify has no channel for it, and no {DEFAULT}")
        elif dry_run:
            tell(f"{one}, by {variable}: {told[one].subject}")
            for line in told[one].text.splitlines():
                tell(f"  {line}")
        else:
            why = sending.send(told[one], os.environ[variable]) if os.environ.get(variable) else "it is not set"
            failed += bool(why)
            tell(f"{one}, by {variable}: {f'not sent: {why}' if why else 'sent'}", file=sys.stderr if why else None)
    if failed:
        tell(
            f"{failed} of {len(wanted) - len(without)} not sent; nothing is tried twice: name them by --role to try again",
            file=sys.stderr,
        )
    sys.exit(SOME_FAILED if failed else SENT)
