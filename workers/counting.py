"""An SMTP server that keeps nothing but the Message-ID of each mail: what was really received."""

from email import message_from_bytes
from types import TracebackType
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from workers.mailbox import Listener


class CountingServer:
    """Counts every delivery it answered 250 to."""

    def __init__(self) -> None:
        self.message_ids: list[str] = []
        self._listener: Controller | None = None

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        message = message_from_bytes(envelope.original_content or b"")
        self.message_ids.append(str(message["Message-ID"]))
        return "250 Diterima"

    @property
    def url(self) -> str:
        if self._listener is None:
            raise RuntimeError("not started")
        return f"smtp://127.0.0.1:{self._listener.port}"

    def __enter__(self) -> Self:
        self._listener = Listener(self, "127.0.0.1", 0, server_hostname="localhost")
        self._listener.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _fault: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._listener is not None:
            self._listener.stop()
