"""The demo mailbox as a folder of mails (a Maildir), read as far as each can be read."""

import mailbox
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal

LONGEST_LIST = 200
KEY = re.compile(r"(\d+)\.M(\d+)P\d+Q(\d+)")


@dataclass(frozen=True)
class Received:
    """What could not be read is empty; `at` is the mail's own date, or else its arrival."""

    key: str
    message_id: str
    to: str
    sender: str
    subject: str
    at: datetime
    text: str
    html: str


def parse(key: str, arrived_at: datetime, content: bytes) -> Received:
    """Never raises: whatever a stranger may send, the mailbox has to list it."""
    message = message_from_bytes(content, policy=policy.default)
    return Received(
        key=key,
        message_id=_header(message, "Message-ID"),
        to=_header(message, "To"),
        sender=_header(message, "From"),
        subject=_header(message, "Subject"),
        at=_sent_at(message) or arrived_at,
        text=_body(message, "plain"),
        html=_body(message, "html"),
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, "")).strip()
    except (ValueError, IndexError, AttributeError):  # the parser's own, on broken headers
        return ""


def _body(message: EmailMessage, subtype: Literal["plain", "html"]) -> str:
    try:
        part = message.get_body((subtype,))
        content = str(part.get_content()) if part is not None else ""
        return content.replace("\r\n", "\n")
    except (LookupError, ValueError, AttributeError):  # an unknown encoding, a torn structure
        return ""


def _sent_at(message: EmailMessage) -> datetime | None:
    with suppress(ValueError, TypeError, IndexError):
        moment = parsedate_to_datetime(_header(message, "Date"))
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def read(folder: Path, limit: int = LONGEST_LIST) -> list[Received]:
    """The latest mails, newest first."""
    maildir = _open(folder)
    if maildir is None:
        return []
    latest = sorted(maildir.keys(), key=_arrival, reverse=True)[:limit]
    found = (_read(maildir, key) for key in latest)
    return [received for received in found if received is not None]


def read_one(folder: Path, key: str) -> Received | None:
    """The mail of that key, or None; a key is never taken for a path."""
    maildir = _open(folder)
    return _read(maildir, key) if maildir is not None else None


def _open(folder: Path) -> mailbox.Maildir | None:
    return mailbox.Maildir(folder, create=False) if (folder / "new").is_dir() else None


def _read(maildir: mailbox.Maildir, key: str) -> Received | None:
    try:
        content = maildir.get_bytes(key)
    except (KeyError, OSError):
        return None
    return parse(key, datetime.fromtimestamp(_arrival(key)[0], UTC), content)


def _arrival(key: str) -> tuple[int, int, int]:
    """The order of arrival as the Maildir's own keys tell it: second, microsecond, number."""
    found = KEY.match(key)
    return (int(found[1]), int(found[2]), int(found[3])) if found else (0, 0, 0)
