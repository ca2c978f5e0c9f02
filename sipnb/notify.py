"""Mails to roles, sent by the channels that an organisation names: SMTP, webhooks and whatever else apprise knows.

What is sent is the text of the mail that was published. The address of a channel holds a password: it comes from the environment,
and neither it nor a word of a library or a server reaches a message.
"""

from __future__ import annotations

import email
import logging
import re
from dataclasses import dataclass
from email import policy

from sipnb.chapters import results
from sipnb.chapters.facts import PortfolioFacts
from sipnb.places import ALL_SERVICES, PORTFOLIO, CycleFolder
from sipnb.report import mail, roles
from sipnb.validation import WorkbookError

#: How many seconds a channel may take, whatever its address allows.
PATIENCE = 30.0

#: What a library's own words mean, the first that is found.
_MEANT = (
    ("timed out|timeout", "there was no answer in time; whether it arrived is not known"),
    ("connection refused|errno 111", "nobody listens there"),
    ("not known|resolution|resolve|getaddrinfo", "its host is not found"),
    ("certificate", "its certificate is not trusted"),
    (r"\b535\b|authenticat", "it refuses the user or the password"),
    (r"error=(?P<code>\d{3})", "it answered {code}"),
)


class CannotNotify(WorkbookError):
    """What is missing before anything can be sent."""

    about = ""


@dataclass(frozen=True)
class Message:
    """What a role is told."""

    role: str
    subject: str
    text: str


def messages(folder: CycleFolder) -> dict[str, Message]:
    """What every role of a published cycle is told, by role.

    Raises ResultError, and CannotNotify where the cycle was published without mails to roles.
    """
    facts: PortfolioFacts = results.read(folder, ALL_SERVICES, PORTFOLIO)
    return {role: _message(folder, role) for role in roles.names(facts)}


def _message(folder: CycleFolder, role: str) -> Message:
    place = mail.place_of_role(folder, role)
    if not place.is_file():
        raise CannotNotify([f"there is no mail to {role!r}: looked for {place}; run the cycle again"])
    message = email.message_from_bytes(place.read_bytes(), policy=policy.default)
    return Message(role, str(message["Subject"]), _body(message))


def _body(message: email.message.EmailMessage) -> str:
    part = message.get_body(("plain",))
    return part.get_content().replace("\r\n", "\n") if part else ""


def send(message: Message, address: str) -> str:
    """Send a message once, by the channel that an address names; gives why it did not arrive, and "" where it did.

    Nothing is tried again: that is for whoever calls, and may send twice what arrived without an answer.
    """
    import apprise  # an extra

    logger = logging.getLogger("apprise")
    logger.propagate = False  # what it says names hosts and addressees
    logger.setLevel(logging.DEBUG)  # why something failed is told nowhere else
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    asset = apprise.AppriseAsset(
        app_id="sipnb", app_desc="Service improvement plans", app_url="", async_mode=False, service_timeout=PATIENCE
    )
    channel = apprise.Apprise(asset=asset)
    if not channel.add(address):
        return "its address is not one that apprise understands"
    said: list[str] = []
    came = channel.notify(
        body=message.text, title=message.subject, body_format=apprise.NotifyFormat.TEXT,
        log_callback=lambda entry, service: said.append(entry.message), log_level=logging.DEBUG,
    )  # fmt: skip
    if came:
        return ""
    return _meant("timed out" if came.status == apprise.AppriseResultStatus.TIMEOUT else "\n".join(said))


def _meant(said: str) -> str:
    """What a library said, in words of our own."""
    for pattern, meaning in _MEANT:
        if found := re.search(pattern, said, re.IGNORECASE):
            return meaning.format(**found.groupdict())
    return "it was not accepted"
