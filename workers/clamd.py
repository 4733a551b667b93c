"""ClamAV's daemon by its own protocol (clamd(8)): INSTREAM for a file, PING to see whether it is there."""

import socket
import struct
from typing import IO
from urllib.parse import urlsplit

from workflow.depot import CHUNK

TIMEOUT = 30.0
LONGEST_ANSWER = 4096
OK, FOUND = "OK", " FOUND"


class Away(Exception):
    """No scanner answers; what it would say is not known."""


class Unscannable(Exception):
    """The scanner answers, but not with a verdict, as where its StreamMaxLength is too small."""


def scan(url: str, file: IO[bytes], limit: float = TIMEOUT) -> str | None:
    """The name of the signature found in a file, None where it is clean. Raises Away or Unscannable."""
    try:
        with _connected(url, limit) as connection:
            connection.sendall(b"zINSTREAM\0")
            _send(connection, file)
            answer = _answer(connection)
    except OSError as fault:
        raise Away(f"{url}: {fault}") from fault
    verdict = answer.removeprefix("stream: ")
    if verdict.endswith(FOUND):
        return verdict.removesuffix(FOUND)[:200]
    if verdict == OK:
        return None
    if not answer:
        raise Away(f"{url}: sambungan ditutup tanpa jawaban")
    raise Unscannable(f"clamd: {answer[:200]}")


def ping(url: str, limit: float = TIMEOUT) -> None:
    """Raises Away unless a scanner answers."""
    try:
        with _connected(url, limit) as connection:
            connection.sendall(b"zPING\0")
            answer = _answer(connection)
    except OSError as fault:
        raise Away(str(fault)) from fault
    if answer != "PONG":
        raise Away(f"jawaban tidak dikenal: {answer[:80]!r}")


def _connected(url: str, limit: float) -> socket.socket:
    where = urlsplit(url)
    if where.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(limit)
        try:
            connection.connect(where.path)
        except OSError:
            connection.close()
            raise
        return connection
    return socket.create_connection((where.hostname or "", where.port or 3310), timeout=limit)


def _send(connection: socket.socket, file: IO[bytes]) -> None:
    """A scanner that has had enough answers and closes at once: the answer says why, the break does not."""
    try:
        while chunk := file.read(CHUNK):
            connection.sendall(struct.pack("!I", len(chunk)) + chunk)
        connection.sendall(struct.pack("!I", 0))
    except (BrokenPipeError, ConnectionResetError):
        return


def _answer(connection: socket.socket) -> str:
    answer = b""
    while len(answer) < LONGEST_ANSWER and not answer.endswith(b"\0"):
        part = connection.recv(LONGEST_ANSWER)
        if not part:
            break
        answer += part
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")
