"""Encryption and sign-in with a real server: nothing secret leaves before it is safe."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.servers import free_port
from workers.smtp import NotSent, Outgoing, send

MAIL = Outgoing(
    message_id="<approved.7.3@sragenkab.invalid>",
    sender="inovasi@sragenkab.invalid",
    to_address="sri@sragenkab.invalid",
    to_name="",
    subject="Usulan disetujui",
    text="Dengan hormat,",
    html="<p>Dengan hormat,</p>",
)
FAR, NEAR = "127.1", "127.0.0.1"
"""Both reach this machine, but only the second is written as a loopback address."""


@dataclass
class Guarded:
    """A real server with a certificate and accounts."""

    url: str = ""
    signed_in: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    open_to: bytes = b"p@ss:w%rd"

    def sign_in(
        self, _server: SMTP, session: Session, _envelope: Envelope, _kind: str, data: object
    ) -> AuthResult:
        login, password = getattr(data, "login", b""), getattr(data, "password", b"")
        self.signed_in.append(("tls" if session.ssl else "clear", login, password))
        return AuthResult(success=password == self.open_to, handled=False)

    async def handle_DATA(self, server: SMTP, session: Session, _envelope: Envelope) -> str:  # noqa: N802
        over_tls = server.transport is not None and server.transport.get_extra_info("ssl_object")
        self.encrypted.append(bool(session.ssl or over_tls))
        return "250 OK"


@contextmanager
def guarded(certificate: Path, *, smtps: bool = False) -> Iterator[Guarded]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    found, port = Guarded(), free_port()
    found.url = f"{'smtps' if smtps else 'smtp'}://HOST:{port}"
    tls: dict[str, Any] = {"ssl_context": context} if smtps else {"tls_context": context}
    controller = Controller(
        found,
        NEAR,
        port,
        authenticator=found.sign_in,
        auth_require_tls=not smtps,
        **tls,
    )
    controller.start()
    try:
        yield found
    finally:
        controller.stop()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of our server, its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loncatan")])
    hosts = [x509.DNSName(FAR)]
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign"), False
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, key_cert_sign=True, encipher_only=False, decipher_only=False, **usage
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return certificate


ACCOUNT = "sragen%40kab:p%40ss%3Aw%25rd@"


@pytest.mark.parametrize("smtps", [False, True])
def test_a_mail_is_encrypted_before_we_sign_in(trusted: Path, *, smtps: bool) -> None:
    with guarded(trusted, smtps=smtps) as server:
        send(server.url.replace("HOST", ACCOUNT + FAR), MAIL)

    assert server.encrypted == [True]
    assert [(login, password) for _, login, password in server.signed_in] == [(b"sragen@kab", b"p@ss:w%rd")]


def test_on_this_machine_nothing_is_encrypted(trusted: Path) -> None:
    with guarded(trusted) as server:
        send(server.url.replace("HOST", NEAR), MAIL)

    assert server.encrypted == [False]


@pytest.mark.parametrize("smtps", [False, True])
def test_a_certificate_that_nobody_vouches_for_is_not_trusted(certificate: Path, *, smtps: bool) -> None:
    with guarded(certificate, smtps=smtps) as server, pytest.raises(NotSent, match="certificate") as failure:
        send(server.url.replace("HOST", ACCOUNT + FAR), MAIL)

    assert failure.value.permanent is False
    assert server.signed_in == []


def test_a_wrong_password_may_be_mended_and_is_not_told(trusted: Path) -> None:
    with guarded(trusted) as server, pytest.raises(NotSent, match="535") as failure:
        send(server.url.replace("HOST", f"sragen:rahasia@{FAR}"), MAIL)

    assert failure.value.permanent is False
    assert "rahasia" not in failure.value.reason
