"""A stored mail as the bytes on the wire. Nothing a person typed can become a header."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy

from workflow.clock import WIB

ADDRESS = re.compile(
    r"(?=.{3,254}\Z)[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z\d-]+(\.[a-z\d-]+)*",
    re.ASCII | re.IGNORECASE,
)
SENDER = re.compile(r"(?P<name>.*)<(?P<address>[^<>]*)>|(?P<bare>\S+)")
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,200}@[!-;=?-~]{1,200}>")
LINK = re.compile(r"https?://[!-;=?-~]{1,900}")


class WrongMail(ValueError):
    """The mail cannot be put on the wire, however often it is tried."""

    def __init__(self, value: str) -> None:
        super().__init__(f"{value[:100]!r} tidak sah")


@dataclass(frozen=True)
class Outgoing:
    """A mail ready to go. `sender` is "Name <address>"; `sent_at` its Date, by default now."""

    message_id: str
    sender: str
    to_address: str
    to_name: str
    subject: str
    text: str
    html: str
    list_unsubscribe: str | None = None
    reply_to: str | None = None
    sent_at: datetime | None = None

    @property
    def sender_address(self) -> str:
        return _sender(self.sender).addr_spec


class _Unbroken(UnstructuredHeader, BaseHeader):
    """Never folded: Python would encode a long Message-ID or link, and nobody could read it."""

    name: str

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


def _policy() -> "EmailPolicy[EmailMessage]":
    headers = HeaderRegistry()
    for name in ("message-id", "list-unsubscribe"):
        headers.map_to_type(name, _Unbroken)
    return SMTP.clone(header_factory=headers)


POLICY = _policy()


def compose(outgoing: Outgoing) -> bytes:
    """The whole message, text and HTML side by side, 7 bit, lines ended by CRLF.

    Raises WrongMail where an address, the Message-ID or the link is not one.
    """
    message = EmailMessage(POLICY)
    message["From"] = _sender(outgoing.sender)
    message["To"] = _address(_line(outgoing.to_name), outgoing.to_address)
    if outgoing.reply_to is not None:
        message["Reply-To"] = _address("", outgoing.reply_to)
    message["Subject"] = _line(outgoing.subject)
    message["Date"] = outgoing.sent_at or datetime.now(WIB)
    message["Message-ID"] = _matching(MESSAGE_ID, outgoing.message_id)
    message["Auto-Submitted"] = "auto-generated"
    if outgoing.list_unsubscribe is not None:
        message["List-Unsubscribe"] = f"<{_matching(LINK, outgoing.list_unsubscribe)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(_sound(outgoing.text), cte="quoted-printable")
    message.add_alternative(_sound(outgoing.html), subtype="html", cte="quoted-printable")
    return message.as_bytes()


def _sender(sender: str) -> Address:
    """The last thing in angle brackets is the address, whatever the name before it looks like."""
    found = SENDER.fullmatch(_line(sender))
    if not found:
        raise WrongMail(sender)
    name, address = found["name"] or "", found["address"] or found["bare"] or ""
    return _address(name.strip().strip('"'), address)


def _address(name: str, address: str) -> Address:
    return Address(display_name=name, addr_spec=_matching(ADDRESS, address))


def _matching(pattern: re.Pattern[str], value: str) -> str:
    if not pattern.fullmatch(value):
        raise WrongMail(value)
    return value


def _line(text: str) -> str:
    """Text as one line: whatever could end a header is a space."""
    return " ".join("".join(c if c.isprintable() else " " for c in _sound(text)).split())


def _sound(text: str) -> str:
    """Text without half characters, which no encoding can carry."""
    return text.encode("utf-8", "replace").decode()
