"""A connection to the mail server: opened, encrypted, signed in. Raises OSError, ValueError."""

import smtplib
import socket
import ssl
import time
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote


class Unencrypted(OSError):
    """The server offers no STARTTLS, and a password is never sent in the clear."""

    def __str__(self) -> str:
        return "server tidak menawarkan STARTTLS; kata sandi tidak dikirim tanpa enkripsi"


def connect(url: SplitResult, timeout: float) -> smtplib.SMTP:
    host, port, me = url.hostname or "localhost", url.port or 0, _own_name()
    if url.scheme == "smtps":
        context = ssl.create_default_context()
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(host, port, me, timeout=timeout, context=context)
    else:
        smtp = smtplib.SMTP(host, port, me, timeout=timeout)
    if smtp.sock is not None:  # the dot must not wait for the acknowledgement of what precedes it
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return smtp


def introduce(smtp: smtplib.SMTP, url: SplitResult, ends_at: float) -> None:
    """Say hello, encrypt where the server can, sign in where the URL names a user."""
    patience(smtp, left(ends_at))
    smtp.ehlo_or_helo_if_needed()
    private = url.scheme == "smtps" or _is_loopback(url.hostname or "localhost")
    if not private and smtp.has_extn("starttls"):
        smtp.starttls(context=ssl.create_default_context())
        smtp.ehlo_or_helo_if_needed()
        private = True
    if url.username:
        if not private:
            raise Unencrypted
        patience(smtp, left(ends_at))
        smtp.login(unquote(url.username), unquote(url.password or ""))


def patience(smtp: smtplib.SMTP, seconds: float) -> None:
    """How long any one read or write may take from now on."""
    if smtp.sock is not None:
        smtp.sock.settimeout(seconds)


def left(ends_at: float) -> float:
    """Seconds until `ends_at` on the monotonic clock; raises TimeoutError once it is past."""
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _own_name() -> str:
    """What we call ourselves. Never looked up: a slow name server must not slow every mail."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
