"""What becomes of a mail at every step of the talk with a server, and what is on the wire."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from socket import AF_INET, SO_LINGER, SO_RCVBUF, SOCK_STREAM, SOL_SOCKET, socket
from struct import pack
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest

from tests.servers import Drop, Hang, Refuse, free_port, smtp_sink
from workers.envelope import compose
from workers.smtp import Ambiguous, NotSent, Outgoing, send

MAIL = Outgoing(
    message_id="<approved.7.3@sragenkab.invalid>",
    sender="Inovasi Sragen <inovasi@sragenkab.invalid>",
    to_address="sri@sragenkab.invalid",
    to_name="Dra. Sri Wahyuni, M.Si.",
    subject='[Inovasi Sragen] Usulan "Si Risma" disetujui',
    text="Dengan hormat,\n.\n.. titik – akhir\n",
    html="<p>Dengan hormat</p>\n",
)
SOON = 0.3
"""Seconds after which a silent server is given up; nothing but silence waits so long."""

HANG, DROP, SLOWLY = "hang", "drop", "slowly "
SLOW, PATIENT = 0.5, 0.8
"""One slow answer is within the patience, two are not."""

POLITE = {
    "greeting": "220 siap",
    "ehlo": "250 halo",
    "mail": "250 baik",
    "rcpt": "250 baik",
    "data": "354 silakan",
    ".": "250 diterima",
    "quit": "221 sampai jumpa",
}


@dataclass
class Script:
    """A server for one client that answers each step as told: a reply, SLOWLY + a reply, HANG or DROP."""

    answers: Mapping[str, str]
    heard: list[str] = field(default_factory=list)
    body: list[bytes] = field(default_factory=list)
    listening: socket = field(default_factory=lambda: socket(AF_INET, SOCK_STREAM))

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.listening.getsockname()[1]}"

    def serve(self) -> None:
        client, _ = self.listening.accept()
        client.settimeout(10)
        with client, client.makefile("rb") as lines:
            step = "greeting"
            while self._answer(client, step) and (line := lines.readline()):
                step = line.split(b" ")[0].strip().lower().decode()
                self.heard.append(step)
                if step == "data" and self.answers["data"].removeprefix(SLOWLY).startswith("354"):
                    self._answer(client, "data")
                    self.body = list(iter(lines.readline, b".\r\n"))
                    step = "."
            if self.answers.get(step) == HANG:
                lines.read()

    def _answer(self, client: socket, step: str) -> bool:
        answer = self.answers[step]
        if answer.startswith(SLOWLY):
            Event().wait(SLOW)
        if answer == DROP:
            client.setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))
        if answer in {HANG, DROP}:
            return False
        client.sendall(answer.removeprefix(SLOWLY).encode() + b"\r\n")
        return True


@contextmanager
def server(**answers: str) -> Iterator[Script]:
    script = Script({**POLITE, **{("." if k == "dot" else k): v for k, v in answers.items()}})
    with script.listening:
        script.listening.bind(("127.0.0.1", 0))
        script.listening.listen()
        thread = Thread(target=script.serve, daemon=True)
        thread.start()
        yield script
        thread.join(10)
        assert not thread.is_alive()


def test_an_accepted_mail_arrives_whole() -> None:
    with smtp_sink() as sink:
        send(sink.url, MAIL)

    (received,) = sink.messages
    text, html = (received.message.get_body((kind,)) for kind in ("plain", "html"))
    assert received.sender == "inovasi@sragenkab.invalid"
    assert received.recipients == ["sri@sragenkab.invalid"]
    assert received.message["Message-ID"] == MAIL.message_id
    assert received.message["Subject"] == MAIL.subject
    assert text is not None
    assert text.get_content().replace("\r\n", "\n") == MAIL.text
    assert html is not None
    assert html.get_content().replace("\r\n", "\n") == MAIL.html


def test_the_talk_is_the_shortest_there_is() -> None:
    with server() as script:
        send(script.url, MAIL)

    assert script.heard == ["ehlo", "mail", "rcpt", "data", "quit"]


def test_lines_that_begin_with_a_dot_are_doubled() -> None:
    with server() as script:
        send(script.url, MAIL)

    assert b"..\r\n" in script.body
    assert b".\r\n" not in script.body


NOT_SENT = [
    ("greeting", "421 sibuk", False),
    ("greeting", "554 tidak melayani", False),
    ("greeting", "bukan SMTP", False),
    ("mail", "451 nanti", False),
    ("mail", "552 penuh", True),
    ("mail", "250" + "x" * 10_000, False),
    ("rcpt", "451 nanti", False),
    ("rcpt", "421 tutup", False),
    ("rcpt", "550 tidak ada", True),
    ("data", "451 nanti", False),
    ("data", "554 tidak", True),
    ("data", "250 keliru", False),
    ("dot", "452 penuh", False),
    ("dot", "421 tutup", False),
    ("dot", "554 ditolak", True),
    *(
        (step, fault, False)
        for step in ("greeting", "ehlo", "mail", "rcpt", "data")
        for fault in (HANG, DROP)
    ),
]


@pytest.mark.parametrize(("step", "answer", "permanent"), NOT_SENT, ids=lambda value: str(value)[:9])
def test_what_fails_before_the_dot_or_is_refused_is_not_sent(
    step: str,
    answer: str,
    permanent: bool,  # noqa: FBT001 - a column of the table
) -> None:
    with server(**{step: answer}) as script, pytest.raises(NotSent) as failure:
        send(script.url, MAIL, timeout=SOON)

    assert failure.value.permanent is permanent
    assert failure.value.reason == str(failure.value)
    if re.match(r"[45]\d\d ", answer):
        assert answer in failure.value.reason


@pytest.mark.parametrize(
    "answer", [HANG, DROP, "bukan jawaban", "354 lagi", "250-separuh\r\n", "2" * 10_000], ids=lambda a: a[:6]
)
def test_no_clear_answer_to_the_dot_is_ambiguous(answer: str) -> None:
    with server(dot=answer) as script, pytest.raises(Ambiguous) as doubt:
        send(script.url, MAIL, timeout=SOON)

    assert script.body
    assert doubt.value.reason == str(doubt.value)


@pytest.mark.parametrize("answer", [HANG, DROP, "500 tidak kenal"])
def test_what_comes_after_the_answer_changes_nothing(answer: str) -> None:
    start = monotonic()
    with server(quit=answer) as script:
        send(script.url, MAIL, timeout=SOON)

    assert script.heard[-1] == "quit"
    assert monotonic() - start < SOON + 2


def test_a_mail_cut_off_in_the_middle_is_not_sent() -> None:
    """The server stops reading: the dot is still with us."""
    long = replace(MAIL, text=f"{'x' * 70}\n" * 90_000)
    with socket(AF_INET, SOCK_STREAM) as listening:
        listening.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = Thread(target=_answer_and_stop_reading, args=(listening,), daemon=True)
        thread.start()

        with pytest.raises(NotSent, match="mengirim isi surel") as failure:
            send(f"smtp://127.0.0.1:{listening.getsockname()[1]}", long, timeout=4)

        thread.join(10)
    assert failure.value.permanent is False


def _answer_and_stop_reading(listening: socket) -> None:
    client, _ = listening.accept()
    with client:
        client.sendall(b"220 siap\r\n")
        for reply in (b"250 halo\r\n", b"250 baik\r\n", b"250 baik\r\n", b"354 silakan\r\n"):
            client.recv(4096)
            client.sendall(reply)
        client.setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))


def test_nobody_listening_is_not_sent() -> None:
    with pytest.raises(NotSent, match="menyambung") as failure:
        send(f"smtp://127.0.0.1:{free_port()}", MAIL)

    assert failure.value.permanent is False


@pytest.mark.parametrize("url", ["smtp://127.0.0.1:port", "smtp://tiada.invalid:25", "smtp://:0"])
def test_a_wrong_address_of_the_server_may_be_mended(url: str) -> None:
    with pytest.raises(NotSent) as failure:
        send(url, MAIL, timeout=SOON)

    assert failure.value.permanent is False


@pytest.mark.parametrize("answer", ["ehlo", "."])
def test_the_timeout_bounds_the_wait(answer: str) -> None:
    start = monotonic()
    name = "dot" if answer == "." else answer
    with server(**{name: HANG}) as script, pytest.raises((NotSent, Ambiguous)):
        send(script.url, MAIL, timeout=SOON)

    assert SOON * 0.9 < monotonic() - start < SOON + 2


def test_the_timeout_bounds_all_steps_together() -> None:
    answers = {"mail": SLOWLY + "250 baik", "rcpt": SLOWLY + "250 baik"}
    with server(**answers) as script, pytest.raises(NotSent):
        send(script.url, MAIL, timeout=PATIENT)

    assert script.body == []


def test_the_last_answer_is_waited_for_anew() -> None:
    with server(data=SLOWLY + "354 silakan", dot=SLOWLY + "250 diterima") as script:
        send(script.url, MAIL, timeout=PATIENT)

    assert script.heard[-1] == "quit"


def test_the_faults_of_a_real_server_are_told_apart() -> None:
    found: list[object] = []
    with smtp_sink() as sink:
        sink.script.extend(
            [Refuse("451 nanti"), Refuse("550 tidak ada"), Refuse("554 tidak", "DATA"), Drop(), Hang(60)]
        )
        for _ in range(5):
            with pytest.raises((NotSent, Ambiguous)) as failure:
                send(sink.url, MAIL, timeout=SOON)
            found.append(getattr(failure.value, "permanent", "ambiguous"))

    assert found == [False, True, True, "ambiguous", "ambiguous"]


def test_a_reason_can_be_stored_and_shown() -> None:
    with server(rcpt="550 \x00\x1b[31m" + "x" * 2000) as script, pytest.raises(NotSent) as failure:
        send(script.url, MAIL)

    assert failure.value.reason.isprintable()
    assert len(failure.value.reason) < 400


# ---------------------------------------------------------------- on the wire


def mail(**changed: Any) -> Outgoing:  # noqa: ANN401 - texts and a date
    return replace(MAIL, **changed)


def wire(**changed: Any) -> EmailMessage:  # noqa: ANN401 - likewise
    return message_from_bytes(compose(mail(**changed)), policy=policy.default)


ORDINARY = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
]  # fmt: skip
INJECTIONS = [
    "a\r\nBcc: x@jahat.invalid",
    "a\nBcc: x@jahat.invalid",
    "a\r\n\r\n<b>isi</b>",
    "a\x0bBcc: b\x00\x85\u2028c",
]


@pytest.mark.parametrize("typed", INJECTIONS, ids=repr)
@pytest.mark.parametrize("place", ["subject", "to_name", "sender"])
def test_nothing_typed_becomes_a_header(place: str, typed: str) -> None:
    value = f"{typed} <inovasi@sragenkab.invalid>" if place == "sender" else typed

    message = wire(**{place: value})

    assert message.keys() == ORDINARY
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert [a.addr_spec for a in message["To"].addresses] == ["sri@sragenkab.invalid"]
    assert [a.addr_spec for a in message["From"].addresses] == ["inovasi@sragenkab.invalid"]


WRONG = [
    ("to_address", "sri@sragenkab.invalid\r\nRCPT TO:<x@jahat.invalid>"),
    ("to_address", "sri@sragenkab.invalid\n"),
    ("to_address", "sri@sragenkab.invalid> SIZE=1 <"),
    ("to_address", "sri"),
    ("to_address", ""),
    ("to_address", "sri@séragen.invalid"),
    ("to_address", f"{'s' * 65}@sragenkab.invalid"),
    ("to_address", f"sri@{'s' * 250}.invalid"),
    ("sender", "Inovasi Sragen"),
    ("message_id", "tanpa kurung@sragenkab.invalid"),
    ("message_id", "<a@b>\r\nBcc: <x@jahat.invalid>"),
    ("list_unsubscribe", "https://a.invalid/>,<mailto:x@jahat.invalid"),
    ("list_unsubscribe", "https://a.invalid/\r\nBcc: x@jahat.invalid"),
    ("list_unsubscribe", "javascript:x"),
]


@pytest.mark.parametrize(("place", "value"), WRONG, ids=lambda value: value[:20])
def test_what_is_no_address_is_never_tried(place: str, value: str) -> None:
    nobody = f"smtp://127.0.0.1:{free_port()}"

    with pytest.raises(NotSent, match="tidak sah") as failure:
        send(nobody, mail(**{place: value}))

    assert failure.value.permanent is True


def test_long_ids_and_links_are_not_folded() -> None:
    message_id = f"<{'seminar_result.' * 7}@sragenkab.invalid>"
    link = f"https://inovasi.sragenkab.invalid/berhenti?t={'a' * 200}"

    content = compose(replace(MAIL, message_id=message_id, list_unsubscribe=link))

    assert f"\r\nMessage-ID: {message_id}\r\n".encode() in content
    assert f"\r\nList-Unsubscribe: <{link}>\r\n".encode() in content
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in content


def test_a_mail_says_that_a_machine_wrote_it() -> None:
    assert wire()["Auto-Submitted"] == "auto-generated"


def test_the_date_is_the_one_given_or_now() -> None:
    then = datetime(2022, 11, 22, 7, 20, tzinfo=UTC)

    assert wire(sent_at=then)["Date"].datetime == then
    assert abs(wire()["Date"].datetime - datetime.now(UTC)) < timedelta(minutes=1)


def test_any_text_travels_in_seven_bits_and_short_lines() -> None:
    subject = "Si Cepat 🚀 – Pelayanan “Prima” untuk Semua Warga di Kecamatan Sragén " * 4
    text = f"{'x' * 5000}\n🚀 half: \ud83d\n"

    content = compose(replace(MAIL, subject=subject, text=text, html=f"<p>{text}</p>"))
    message = message_from_bytes(content, policy=policy.default)
    part = message.get_body(("plain",))

    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 78
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert message["Subject"] == " ".join(subject.split())
    assert part is not None
    assert part.get_content().splitlines() == text.replace("\ud83d", "?").splitlines()


# ---------------------------------------------------------------- encryption and sign-in


FAR = "0.0.0.0"  # noqa: S104
"""This machine by an address that is not a loopback one."""


def test_a_password_is_never_sent_in_the_clear() -> None:
    with smtp_sink() as sink, pytest.raises(NotSent, match="STARTTLS") as failure:
        send(sink.url.replace("127.0.0.1", f"sragen:rahasia@{FAR}"), MAIL)

    assert failure.value.permanent is False
    assert sink.messages == []


def test_on_this_machine_a_password_needs_no_encryption() -> None:
    answers = {"ehlo": "250-halo\r\n250 AUTH PLAIN", "auth": "235 masuk"}
    with server(**answers) as script:
        send(script.url.replace("//", "//sragen:rahasia@"), MAIL)

    assert script.heard == ["ehlo", "auth", "mail", "rcpt", "data", "quit"]
