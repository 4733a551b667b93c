"""The mailbox of demo mode: a real SMTP server that keeps all mail in a Maildir."""

import mailbox
import socket
from asyncio import AbstractServer
from collections.abc import Awaitable
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from workflow.mailbox import read, read_one

LARGEST_MAIL = 1_000_000

__all__ = ["Mailbox", "read", "read_one"]


class NotStarted(RuntimeError):
    """The mailbox has no address before it listens."""


class _Keeper:
    def __init__(self, folder: Path) -> None:
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        self._maildir = mailbox.Maildir(folder, create=False)

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        try:
            self._maildir.add(envelope.content or b"")
        except OSError as fault:
            return f"452 Tidak dapat disimpan: {fault.strerror}"
        return "250 Diterima"


class Listener(Controller):
    """A Controller that says at once that its port is taken, and knows which one port 0 became."""

    _socket: socket.socket

    def start(self) -> None:
        try:
            self._socket = socket.create_server((self.hostname, self.port))
        except OSError:
            self.loop.close()
            raise
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # connections inherit it
        self.port = self._socket.getsockname()[1]
        super().start()

    def _create_server(self) -> Awaitable[AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._socket)


class Mailbox:
    """An SMTP server in a thread of its own; it takes mail for anybody and passes none on."""

    def __init__(self, folder: Path, host: str = "127.0.0.1", port: int = 0) -> None:
        self._folder = folder
        self._address = (host, port)
        self._listener: Listener | None = None

    def start(self) -> None:
        """Listen. Raises OSError where the port is taken."""
        host, port = self._address
        listener = Listener(
            _Keeper(self._folder),
            host,
            port,
            server_hostname="localhost",  # else looked up anew for every connection
            data_size_limit=LARGEST_MAIL,
        )
        listener.start()
        self._listener = listener

    def stop(self) -> None:
        """Stop listening; what has arrived stays in the folder."""
        if self._listener is not None:
            self._listener.stop()
            self._listener = None

    @property
    def url(self) -> str:
        """Where to send, as SMTP_URL; known once started."""
        if self._listener is None:
            raise NotStarted
        return f"smtp://{self._listener.hostname}:{self._listener.port}"
