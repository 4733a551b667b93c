"""One HTTP request to an address that somebody typed in, without lending them this machine's network.

The name is resolved once, every address it has is checked, and the connection goes to one of those very
addresses. No redirect is followed, no proxy asked, no body read; all of it ends after LIMIT.
"""

import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from workflow.addresses import Address, Network, is_public, is_within

LIMIT = 10.0
"""Seconds from the first look at the name to the status of the answer."""


REFUSED = {
    9: "belum berlaku",
    10: "sudah kedaluwarsa",
    18: "diterbitkan sendiri",
    19: "penerbitnya tidak dipercaya",
    20: "penerbitnya tidak dipercaya",
    21: "penerbitnya tidak dipercaya",
    62: "bukan untuk nama ini",
}
"""Why a certificate is not taken, by OpenSSL's number (X509_V_ERR_…)."""


class Unreachable(Exception):
    """No answer, in words for the log: the name, the network, TLS or the time."""


@dataclass(frozen=True)
class Answer:
    """The status of an answer, and where it points to, if anywhere."""

    status: int
    location: str | None


def post(
    url: str, headers: dict[str, str], body: bytes, private: tuple[Network, ...], limit: float = LIMIT
) -> int:
    """The status of the answer. Raises Unreachable."""
    return ask("POST", url, headers, body, private, limit).status


def ask(
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes,
    private: tuple[Network, ...],
    limit: float = LIMIT,
    *,
    plain: bool = False,
) -> Answer:
    """How the other side answers; `plain`: http to public addresses too. Raises Unreachable or ValueError."""
    ends_at = time.monotonic() + limit
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    addresses = _checked(parts, port, private, plain=plain)
    connection = _Pinned(parts.hostname or "", port, addresses, ends_at, secure=secure)
    guard = threading.Timer(limit, connection.cut)
    guard.daemon = True
    guard.start()
    try:
        return _exchanged(connection, parts, method, headers, body)
    except ssl.SSLCertVerificationError as fault:
        why = REFUSED.get(fault.verify_code, fault.verify_message)
        raise Unreachable(f"sertifikat TLS {parts.hostname} ditolak: {why}") from fault
    except (OSError, HTTPException) as fault:
        if time.monotonic() >= ends_at:
            raise Unreachable(f"tidak ada jawaban dalam {limit:.0f} detik") from fault
        raise Unreachable(f"sambungan gagal: {type(fault).__name__}: {fault}") from fault
    finally:
        guard.cancel()
        connection.close()


def _exchanged(
    connection: HTTPConnection, parts: SplitResult, method: str, headers: dict[str, str], body: bytes
) -> Answer:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request(method, target, body or None, {**headers, "Host": parts.netloc, "Connection": "close"})
    answer = connection.getresponse()
    return Answer(answer.status, answer.getheader("Location"))


def _checked(parts: SplitResult, port: int, private: tuple[Network, ...], *, plain: bool) -> list[Address]:
    """All addresses of the name, if each of them may be called."""
    if parts.scheme not in {"http", "https"}:
        raise Unreachable("hanya http:// dan https:// yang dapat dibuka")
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as fault:
        raise Unreachable(f"nama {parts.hostname} tidak ditemukan") from fault
    addresses = list(dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))
    for address in addresses:
        if is_within(address, private):
            continue
        if not is_public(address):
            raise Unreachable(f"{address} adalah alamat internal dan tidak diizinkan")
        if parts.scheme != "https" and not plain:
            raise Unreachable("http:// hanya untuk alamat dalam WEBHOOK_PRIVATE")
    return addresses


class _Pinned(HTTPConnection):
    """Connects to the addresses it was given, in turn, and never asks for a name."""

    def __init__(
        self, host: str, port: int, addresses: list[Address], ends_at: float, *, secure: bool
    ) -> None:
        super().__init__(host, port)
        self._addresses, self._ends_at, self._secure = addresses, ends_at, secure

    def connect(self) -> None:
        self.sock = self._connected()
        if self._secure:
            context = ssl.create_default_context()
            # the handshake comes after, so that `cut` has hold of the socket while it goes on
            secured = context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock = secured
            secured.do_handshake()

    def cut(self) -> None:
        """End whatever is going on; a receiver that sends a byte now and then never times out."""
        if self.sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def _connected(self) -> socket.socket:
        last: OSError = TimeoutError("no address")
        for address in self._addresses:
            family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004
            made = socket.socket(family, socket.SOCK_STREAM)
            made.settimeout(max(self._ends_at - time.monotonic(), 0.001))
            try:
                made.connect((str(address), self.port))
            except OSError as fault:
                made.close()
                last = fault
            else:
                return made
        raise last
