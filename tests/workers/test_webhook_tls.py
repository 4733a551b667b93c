"""Webhooks over TLS, against a real server: who has no good certificate for the name gets nothing to read."""

import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import trustme
from sqlalchemy import select
from sqlalchemy.orm import Session
from standardwebhooks import Webhook as Receiver

from tests.conftest import MovableClock
from tests.workers.test_webhooks import Inbox, begin, owed, serve
from workers import webhooks
from workers.office import Office
from workflow import webhooks as hooks
from workflow.clock import system_clock
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import WebhookTry
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
Tls = Callable[[trustme.LeafCert], Inbox]
NAME = "localhost"

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """The one authority that this machine trusts."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    return made


@pytest.fixture
def receiver() -> Iterator[Tls]:
    """Starts a receiver that shows a certificate."""
    servers = []

    def start(certificate: trustme.LeafCert) -> Inbox:
        server, box = serve("127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        servers.append(server)
        return replace(box, url=f"https://{NAME}:{server.server_port}/masuk", requests=box.requests)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def deliver(
    settings: Settings, database: Database, clock: MovableClock, as_: As
) -> Callable[[str], tuple[WebhookTry, str]]:
    """Owes one event to an address and tries it: what the log says, and the secret."""
    office = Office(replace(settings, webhook_private="127.0.0.0/8,::1/128"), database, clock)

    def once(url: str) -> tuple[WebhookTry, str]:
        with database.write() as session:
            _hook, secret = hooks.add(session, as_(session, "dimas"), office.settings, url, [])
        begin(database, as_)
        (row,) = owed(office)
        webhooks.deliver(office, row)
        with database.read() as session:
            return session.scalars(select(WebhookTry)).one(), secret

    return once


def test_a_good_certificate_is_taken(
    authority: trustme.CA, receiver: Tls, deliver: Callable[[str], tuple[WebhookTry, str]]
) -> None:
    box = receiver(authority.issue_cert(NAME))
    tried, secret = deliver(box.url)

    assert (tried.status, tried.error) == (204, None)
    (headers, body) = box.requests[0]
    assert Receiver(secret).verify(body, headers)


@pytest.mark.parametrize(
    ("said", "certificate"),
    [
        ("bukan untuk nama ini", lambda ca: ca.issue_cert("lain.contoh.invalid")),
        ("penerbitnya tidak dipercaya", lambda _ca: trustme.CA().issue_cert(NAME)),
        ("sudah kedaluwarsa", lambda ca: ca.issue_cert(NAME, not_after=system_clock() - timedelta(days=1))),
    ],
    ids=["wrong name", "unknown authority", "expired"],
)
def test_another_certificate_is_refused_and_nothing_is_sent(
    authority: trustme.CA,
    receiver: Tls,
    deliver: Callable[[str], tuple[WebhookTry, str]],
    said: str,
    certificate: Callable[[trustme.CA], trustme.LeafCert],
) -> None:
    box = receiver(certificate(authority))
    tried, _secret = deliver(box.url)

    assert tried.status is None
    assert tried.error == f"sertifikat TLS {NAME} ditolak: {said}"
    assert box.requests == []
