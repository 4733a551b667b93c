"""The mail server of a stand: keeps what it accepted, and misbehaves as told."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.servers import HOST, Drop, Fault, Hang, Refuse
from workers.mailbox import Listener


@dataclass(frozen=True)
class Arrival:
    """One accepted mail, by its Message-ID."""

    message_id: str
    at: float
    to: str
    subject: str
    text: str


@dataclass
class Postbox:
    """Every mail meets `fault` while one is set; `met` counts how many did."""

    arrivals: list[Arrival] = field(default_factory=list)
    fault: Fault | None = None
    met: int = 0
    _listener: Listener | None = None

    def open(self, host: str = HOST) -> None:
        self._listener = Listener(self, host, 0, server_hostname="localhost", enable_SMTPUTF8=True)
        self._listener.start()

    def close(self) -> None:
        if self._listener is not None:
            self._listener.stop()
            self._listener = None

    @property
    def port(self) -> int:
        if self._listener is None:
            raise RuntimeError("not opened")
        return self._listener.port

    def copies(self) -> Counter[str]:
        """How often each Message-ID was accepted."""
        return Counter(arrival.message_id for arrival in list(self.arrivals))

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        if isinstance(self.fault, Refuse) and self.fault.at == "RCPT":
            self.met += 1
            return self.fault.reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        fault = self.fault
        self.met += fault is not None
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
        body = message.get_body(("plain",))
        self.arrivals.append(
            Arrival(
                str(message["Message-ID"]),
                time.monotonic(),
                ",".join(envelope.rcpt_tos),
                str(message["Subject"]),
                body.get_content() if body is not None else "",
            )
        )
