"""`sipnb notify`: to a real SMTP server and a real HTTP server on this machine; each role once, and no address is ever told."""

from __future__ import annotations

import email
import json
import socket
import threading
from contextlib import contextmanager
from email import policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from sipnb import cli_notify, places, workbook
from sipnb import notify as sending
from sipnb.places import cycle_folder
from sipnb.report import mail
from sipnb.validation import WorkbookError
from tests import asked, inside

ROLES = ["Board", "Head of Pay", "Head of Shop", "Support Lead"]
#: Roles of one service's register, for whom nothing is published by itself.
LEADS = [f"Lead {n}" for n in range(6)]
SECRET = "sesame-of-nobody"


class Inbox:
    """What a mail server was given; it knows one user."""

    def __init__(self) -> None:
        self.got = []

    async def handle_DATA(self, server, session, envelope):  # aiosmtpd names it so
        self.got.append(email.message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


def knows(server, session, envelope, mechanism, data):
    known = data.password == SECRET.encode()
    return AuthResult(success=known, handled=known)  # what is not handled, the server refuses


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def smtp():
    inbox, port = Inbox(), free_port()
    controller = Controller(inbox, hostname="127.0.0.1", port=port, authenticator=knows, auth_require_tls=False)
    controller.start()
    inbox.address = f"mailto://me:{SECRET}@127.0.0.1:{port}?from=plans@example.org&to=role@example.org"
    yield inbox
    controller.stop()


@contextmanager
def web(status: int = 200):
    """A server that takes whatever is posted; gives its address and what came."""
    got = []

    class Posted(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *said):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Posted)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"json://me:{SECRET}@127.0.0.1:{server.server_port}/{SECRET}", got
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def params(tmp_path, monkeypatch) -> Path:
    """An organisation with a published cycle, and no channel yet."""
    folder = tmp_path / "org"
    folder.mkdir()
    (folder / "services.yml").write_text(
        "services:\n  pay: {name: Pay, owner: Head of Pay}\n  shop: {name: Shop, owner: Head of Shop}\n"
    )
    (folder / "register").mkdir()
    row = "  - {{id: {}, title: A, state: accepted, raised: 2026-08-01, owner: {}, due: 2026-12-15}}\n"
    listed = "".join(row.format(f"a{at}", role) for at, role in enumerate([*LEADS, "Board", "Support Lead"]))
    (folder / "register" / "pay.yml").write_text(f"actions:\n{listed}")
    channels(folder, "")
    monkeypatch.setenv(places.REPORTS, str(tmp_path / "reports"))
    asked.publish(cycle_folder(tmp_path / "reports", "org", asked.CYCLE), asked.portfolio())
    return folder


def channels(folder: Path, notify: str) -> None:
    (folder / "workbook.yml").write_text(
        f"organisation: Org\nzone: Europe/Berlin\nsources: [{{name: tickets, files: t.csv}}]\npublish: {{notify: {{{notify}}}}}\n"
    )


def notify(folder: Path, **more) -> int:
    with pytest.raises(SystemExit) as ended:
        cli_notify.notify(str(folder), cycle=asked.CYCLE, **more)
    return ended.value.code


def refused(folder: Path, **more) -> str:
    with pytest.raises(WorkbookError) as error:
        cli_notify.notify(str(folder), cycle=asked.CYCLE, **more)
    return str(error.value)


def test_each_role_gets_the_text_of_its_mail_once(params, smtp, monkeypatch, capsys):
    channels(params, "default: PLANS")
    monkeypatch.setenv("PLANS", smtp.address)
    assert notify(params) == 0
    published = sending.messages(cycle_folder(places.reports(), "org", asked.CYCLE))
    assert list(published) == ROLES
    assert [one["Subject"] for one in smtp.got] == [published[role].subject for role in ROLES]
    for one, role in zip(smtp.got, ROLES, strict=True):
        assert one["To"] == "role@example.org" and "plans@example.org" in one["From"]
        assert one.get_body(("plain",)).get_content().split() == published[role].text.split()
    told = capsys.readouterr()
    assert told.out.splitlines() == [f"{role}, by PLANS: sent" for role in ROLES] and not told.err


def test_a_role_may_have_a_channel_of_its_own_and_one_that_is_named_twice_is_told_once(params, smtp, monkeypatch):
    channels(params, "default: PLANS, Head of Pay: HOOK")
    monkeypatch.setenv("PLANS", smtp.address)
    with web() as (address, got):
        monkeypatch.setenv("HOOK", address)
        assert notify(params, role=["head of  pay", "Head of Pay", "Support Lead"]) == 0
    assert [one["title"] for one in got] == [
        "Head of Pay, October 2026: 1 decision by 15 November 2026, 1 plan to sign, 1 action overdue"
    ]
    assert "Find the cause" in got[0]["message"] and got[0]["message"].endswith("in the folder of reports")
    assert len(smtp.got) == 1 and smtp.got[0]["Subject"].startswith("Support Lead, ")


def test_what_fails_is_told_by_role_and_the_others_are_sent(params, smtp, monkeypatch, capsys):
    """Nobody listens, a page that is not there, a server that never answers, a wrong password, no address, none that is set."""
    actions = [asked.action("shop", role, f"A {role}", "2026-12-15") for role in LEADS]
    asked.publish(cycle_folder(places.reports(), "org", asked.CYCLE), asked.portfolio(actions=actions))
    channels(params, "default: PLANS, " + ", ".join(f"{role}: CHANNEL_{at}" for at, role in enumerate(LEADS)))
    monkeypatch.setenv("PLANS", smtp.address)
    with web(404) as (lost, got), socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("CHANNEL_0", f"json://me:{SECRET}@127.0.0.1:{free_port()}")
        monkeypatch.setenv("CHANNEL_1", lost)
        monkeypatch.setenv(
            "CHANNEL_2",
            f"mailto://me:{SECRET}@127.0.0.1:{silent.getsockname()[1]}?from=a@example.org&to=a@example.org&cto=0.5",
        )
        monkeypatch.setenv("CHANNEL_3", smtp.address.replace(SECRET, f"not-{SECRET}"))
        monkeypatch.setenv("CHANNEL_4", f"nonsense {SECRET}")
        assert notify(params) == 3
    assert len(got) == 1
    told = capsys.readouterr()
    assert told.err.splitlines() == [
        "Lead 0, by CHANNEL_0: not sent: nobody listens there",
        "Lead 1, by CHANNEL_1: not sent: it answered 404",
        "Lead 2, by CHANNEL_2: not sent: there was no answer in time; whether it arrived is not known",
        "Lead 3, by CHANNEL_3: not sent: it refuses the user or the password",
        "Lead 4, by CHANNEL_4: not sent: its address is not one that apprise understands",
        "Lead 5, by CHANNEL_5: not sent: it is not set",
        "6 of 9 not sent; nothing is tried twice: name them by --role to try again",
    ]
    assert told.out.splitlines() == [f"{role}, by PLANS: sent" for role in ROLES[:3]] and len(smtp.got) == 3
    assert SECRET not in told.out + told.err


def test_a_channel_that_takes_for_ever_is_left(params, monkeypatch, capsys):
    channels(params, "Board: PLANS, Head of Pay: PLANS")
    monkeypatch.setattr(sending, "PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("PLANS", f"json://127.0.0.1:{silent.getsockname()[1]}?rto=3")
        assert notify(params, role=["Head of Pay"]) == 3
    assert "Head of Pay, by PLANS: not sent: there was no answer in time" in capsys.readouterr().err


def test_a_dry_run_shows_texts_and_variables_and_sends_nothing(params, monkeypatch, capsys):
    channels(params, "Head of Pay: HOOK")
    monkeypatch.setattr(cli_notify, "find_spec", lambda name: None)  # it needs no extra
    with web() as (address, got):
        monkeypatch.setenv("HOOK", address)
        assert notify(params, dry_run=True) == 0
    told = capsys.readouterr().out
    assert got == [] and SECRET not in told
    assert (
        "Head of Pay, by HOOK: Head of Pay, October 2026: 1 decision" in told and "\n  - Find the cause (Pay)\n" in told
    )
    assert "Board: not sent: publish.notify has no channel for it, and no default" in told


def test_what_cannot_be_sent_at_all_says_what_to_add(params, monkeypatch):
    assert "names no channel; add e.g. `publish: {notify: {default: PLANS_CHANNEL}}`" in refused(params)
    channels(params, "Head of Pay: HOOK")
    said = refused(params, role=["Head of Pai", "Board"])
    assert (
        "--role 'Head of Pai': nothing is asked of such a role in October 2026; nearest valid name: Head of Pay" in said
    )
    assert "publish.notify has no channel for 'Board'; add it, or default" in said
    published = cycle_folder(places.reports(), "org", asked.CYCLE)
    mail.place_of_role(published, "Board").unlink()
    assert "there is no mail to 'Board'" in refused(params, dry_run=True)
    published.index.unlink()
    assert f"run `sipnb run {params} --cycle 2026-10` first" in refused(params, dry_run=True)
    monkeypatch.setattr(cli_notify, "find_spec", lambda name: None)
    assert "pip install 'sipnb[notify]'" in refused(params)


@pytest.mark.parametrize(
    ("notify", "said"),
    [
        ("Hed of Pay: HOOK", "org/workbook.yml: publish.notify.Hed of Pay: 'Hed of Pay' is not a role of a service or an action; "
         "nearest valid name: Head of Pay"),
        (f'Head of Pay: "mailtos://me:{SECRET}@example.org"', "publish.notify.Head of Pay: is not the name of an environment "
         "variable; put the address into one, and its name here"),
        (f'Head of Pay: "me:{SECRET}@example.org"', "publish.notify.Head of Pay: is not the name of an environment variable"),
    ],
)  # fmt: skip
def test_a_wrong_channel_is_an_error_of_the_parameters(params, notify, said):
    channels(params, notify)
    with pytest.raises(WorkbookError) as error:
        workbook.load(params, reports=params)
    assert said in str(error.value) and SECRET not in str(error.value)


@pytest.mark.parametrize(
    "address", ["ftp://example.org", "example.org/plans", "https://a b", "https://me:x@example.org", "https://e.org/?a"]
)
def test_a_wrong_base_url_is_an_error_of_the_parameters(params, address):
    text = (params / "workbook.yml").read_text()
    (params / "workbook.yml").write_text(text.replace("publish: {", f'publish: {{base_url: "{address}", '))
    with pytest.raises(WorkbookError) as error:
        workbook.load(params, reports=params)
    assert "org/workbook.yml: publish.base_url:" in str(error.value)
    assert "is not the address of a folder on a web server; write one such as https://reports.example.org/plans" in str(
        error.value
    )


def test_who_is_told_by_which_channel_makes_no_plan_out_of_date(params):
    before = workbook.load(params, reports=params).fingerprint()
    channels(params, "default: PLANS")
    assert workbook.load(params, reports=params).fingerprint() == before


def test_the_command_sends_and_its_exit_code_tells(params, smtp, monkeypatch):
    channels(params, "default: PLANS, Board: NOWHERE")
    monkeypatch.setenv("PLANS", smtp.address)
    done = inside.sipnb("notify", params, "--cycle", asked.CYCLE, cwd=params)
    assert (done.returncode, len(smtp.got)) == (3, 3)
    assert "Board, by NOWHERE: not sent: it is not set" in done.stderr
    channels(params, "")
    done = inside.sipnb("notify", params, "--cycle", asked.CYCLE, cwd=params)
    assert done.returncode == 2 and "names no channel" in done.stderr
