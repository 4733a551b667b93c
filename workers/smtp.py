"""Handing one mail to an SMTP server, and knowing afterwards what became of it.

smtplib is driven step by step, because only the step that broke tells whether the server may
have taken the mail: before the final dot it cannot have, after it only its answer can say.
"""

import re
import smtplib
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from urllib.parse import urlsplit

from workers.connection import connect, introduce, left, patience
from workers.envelope import Outgoing, compose

__all__ = ["Ambiguous", "NotSent", "Outgoing", "send"]

ACCEPTED, GO_AHEAD, TRY_LATER, REFUSED = 2, 3, 4, 5
QUIT_TIMEOUT = 1.0
COMPOSING, HANDING_OVER = "menyusun surel", "menyerahkan isi surel"


class NotSent(Exception):
    """The server has certainly not taken the mail; if `permanent`, it never will."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent

    @classmethod
    def broken(cls, step: str, fault: Exception, *, permanent: bool = False) -> "NotSent":
        return cls(f"Gagal {step}: {_words(fault)}", permanent=permanent)

    @classmethod
    def refused(cls, step: str, code: int, text: bytes) -> "NotSent":
        return cls(f"Gagal {step}: {_reply(code, text)}", permanent=code // 100 == REFUSED)


class Ambiguous(Exception):
    """The mail was handed over whole and no answer came: it may or may not have been taken."""

    def __init__(self, answer: str) -> None:
        self.reason = f"Surel sudah diserahkan, tetapi jawaban server tidak pasti: {answer}"
        super().__init__(self.reason)


def send(smtp_url: str, outgoing: Outgoing, timeout: float = 10) -> None:
    """Hand a mail to the server; on return the server has answered for it.

    `timeout` seconds bound the talk up to the end of the mail, and once more the wait for the
    answer. Raises NotSent or Ambiguous. Permanent is a 5xx about this mail, its sender or its
    recipient; connection, TLS and sign-in would hit any mail and can be mended.
    """
    ends_at = time.monotonic() + timeout
    message = _message(outgoing)
    with _before_the_dot("menyambung"):
        url = urlsplit(smtp_url)
        smtp = connect(url, timeout)
    with closing(smtp):
        with _before_the_dot("memulai percakapan"):
            introduce(smtp, url, ends_at)
        _offer(smtp, outgoing, message, ends_at)
        _finish(smtp, timeout)
        with suppress(OSError):
            patience(smtp, min(timeout, QUIT_TIMEOUT))
            smtp.quit()


@contextmanager
def _before_the_dot(step: str) -> Iterator[None]:
    """Whatever breaks in here, the server has not got the whole mail."""
    try:
        yield
    except (OSError, ValueError) as fault:  # smtplib's and ssl's exceptions are OSErrors
        raise NotSent.broken(step, fault) from fault


def _message(outgoing: Outgoing) -> bytes:
    try:
        message = compose(outgoing)
    except ValueError as fault:
        raise NotSent.broken(COMPOSING, fault, permanent=True) from fault
    return re.sub(rb"(?m)^\.", b"..", message)


def _offer(smtp: smtplib.SMTP, outgoing: Outgoing, message: bytes, ends_at: float) -> None:
    """Everything but the final dot."""
    steps = (
        ("menyebut pengirim", ACCEPTED, "mail", f"FROM:<{outgoing.sender_address}>"),
        ("menyebut penerima", ACCEPTED, "rcpt", f"TO:<{outgoing.to_address}>"),
        ("menawarkan isi surel", GO_AHEAD, "data", ""),
    )
    for step, wanted, command, argument in steps:
        with _before_the_dot(step):
            patience(smtp, left(ends_at))
            code, text = smtp.docmd(command, argument)
        if code // 100 != wanted:
            raise NotSent.refused(step, code, text)
    with _before_the_dot("mengirim isi surel"):
        patience(smtp, left(ends_at))
        smtp.send(message)


def _finish(smtp: smtplib.SMTP, timeout: float) -> None:
    """The final dot and the server's answer to it."""
    try:
        patience(smtp, timeout)
        smtp.send(b".\r\n")
        code, text = smtp.getreply()
    except OSError as fault:
        raise Ambiguous(_words(fault)) from fault
    if code // 100 in {TRY_LATER, REFUSED}:
        raise NotSent.refused(HANDING_OVER, code, text)
    if code // 100 != ACCEPTED:
        raise Ambiguous(_reply(code, text))


def _words(fault: BaseException) -> str:
    if isinstance(fault, smtplib.SMTPResponseException):
        return _reply(fault.smtp_code, fault.smtp_error)
    return str(fault) or type(fault).__name__


def _reply(code: int, text: bytes | str) -> str:
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    printable = "".join(c if c.isprintable() else " " for c in words)
    return f"{code} {' '.join(printable.split())[:300]}"
