"""The demo mailbox: what is sent to it can be read, newest first, whatever it looks like."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from socket import create_connection

import pytest

from workers.mailbox import Mailbox, NotStarted, read, read_one
from workers.smtp import NotSent, Outgoing, send


def mail(subject: str = "[Inovasi Sragen] Usulan disetujui", **texts: str) -> Outgoing:
    return Outgoing(
        message_id=f"<{abs(hash(subject))}@sragenkab.invalid>",
        sender="Inovasi Sragen <inovasi@sragenkab.invalid>",
        to_address="sri@sragenkab.invalid",
        to_name="Dra. Sri Wahyuni",
        subject=subject,
        text=texts.get("text", "Dengan hormat,\n"),
        html=texts.get("html", "<p>Dengan hormat,</p>\n"),
        sent_at=datetime(2022, 11, 22, 7, 20, tzinfo=UTC),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var" / "mail"


@pytest.fixture
def mailbox(folder: Path) -> Iterator[Mailbox]:
    box = Mailbox(folder)
    box.start()
    yield box
    box.stop()


def arrived(folder: Path, content: bytes, key: str = "1669101600.M1P1Q1.sragen") -> str:
    """A mail that came by another way than ours."""
    for part in ("tmp", "new", "cur"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "new" / key).write_bytes(content)
    return key


def test_a_mail_that_was_sent_can_be_read(mailbox: Mailbox, folder: Path) -> None:
    letter = mail("Usulan “Si Cepat 🚀”", text="Baris satu\n.\nselesai\n", html="<b>é</b>\n")

    send(mailbox.url, letter)

    (received,) = read(folder)
    assert received.message_id == letter.message_id
    assert received.to == '"Dra. Sri Wahyuni" <sri@sragenkab.invalid>'
    assert received.sender == letter.sender
    assert received.subject == letter.subject
    assert received.at == letter.sent_at
    assert received.text == letter.text
    assert received.html == letter.html
    assert read_one(folder, received.key) == received


def test_the_newest_mail_comes_first_and_the_list_ends(mailbox: Mailbox, folder: Path) -> None:
    for number in range(12):
        send(mailbox.url, mail(f"Surel {number}"))

    newest = [received.subject for received in read(folder, limit=3)]

    assert newest == ["Surel 11", "Surel 10", "Surel 9"]
    assert len(read(folder)) == 12


def test_an_arrival_is_ordered_by_number_not_by_letter(folder: Path) -> None:
    for key in ("1669101600.M9P1Q9.sragen", "1669101600.M10P1Q10.sragen", "999999999.M1P1Q1.sragen", "lain"):
        arrived(folder, b"Subject: x\n\n", key)

    assert [received.key for received in read(folder)] == [
        "1669101600.M10P1Q10.sragen",
        "1669101600.M9P1Q9.sragen",
        "999999999.M1P1Q1.sragen",
        "lain",
    ]


def test_a_folder_that_is_not_there_is_an_empty_mailbox(folder: Path) -> None:
    assert read(folder) == []
    assert read_one(folder, "x") is None


@pytest.mark.parametrize("key", ["", "tiada", "../rahasia", "/etc/passwd", "new/../../rahasia", "."])
def test_a_key_is_never_a_path(folder: Path, key: str) -> None:
    arrived(folder, b"Subject: x\n\n")
    (folder / "rahasia").write_text("Subject: rahasia\n\n")
    (folder.parent / "rahasia").write_text("Subject: rahasia\n\n")

    assert read_one(folder, key) is None


STRANGE = [
    b"",
    b"\x00\xff\xfe",
    b"Subject: =?utf-8?b?!!?=\nFrom: <<>>;;\nTo: @,\nDate: kemarin\nMessage-ID: <\n\nisi",
    b"Date: Tue, 99 Xyz 2022 99:99:99\nSubject: x\n\nisi",
    b"Content-Type: multipart/alternative; boundary=x\n\n--y\n\nputus",
    b"Content-Type: text/plain; charset=tiada\n\nisi",
    b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n\xff!!",
    b"Content-Type: message/rfc822\n\nSubject: dalam\n\nisi",
    b"Content-Type: image/png\n\n\x89PNG",
]


@pytest.mark.parametrize("content", STRANGE, ids=range(len(STRANGE)))
def test_a_strange_mail_does_not_hide_the_others(folder: Path, content: bytes) -> None:
    arrived(folder, content, "1669101601.M1P1Q2.sragen")
    arrived(folder, b"Subject: biasa\n\nisi\n")

    strange, ordinary = read(folder)

    assert strange.at.tzinfo is not None
    assert (ordinary.subject, ordinary.text) == ("biasa", "isi\n")


@pytest.mark.parametrize("head", [b"", b"Date: kemarin\n"])
def test_a_mail_without_a_date_is_dated_by_its_arrival(folder: Path, head: bytes) -> None:
    arrived(folder, head + b"Subject: x\n\nisi")

    assert read(folder)[0].at == datetime(2022, 11, 22, 7, 20, tzinfo=UTC)


def test_a_date_without_a_zone_counts_as_utc(folder: Path) -> None:
    arrived(folder, b"Date: Tue, 22 Nov 2022 07:20:00 -0000\n\nisi")

    assert read(folder)[0].at == datetime(2022, 11, 22, 7, 20, tzinfo=UTC)


def test_mails_outlive_the_server(mailbox: Mailbox, folder: Path) -> None:
    send(mailbox.url, mail("Pertama"))
    mailbox.stop()

    mailbox.start()
    send(mailbox.url, mail("Kedua"))

    assert [received.subject for received in read(folder)] == ["Kedua", "Pertama"]


def test_once_stopped_it_no_longer_listens(folder: Path) -> None:
    box = Mailbox(folder)
    box.start()
    url = box.url
    box.stop()

    with pytest.raises(NotSent):
        send(url, mail())


def test_what_cannot_be_kept_is_refused_for_now(mailbox: Mailbox, folder: Path) -> None:
    shutil.rmtree(folder)

    with pytest.raises(NotSent, match="452") as failure:
        send(mailbox.url, mail())

    assert failure.value.permanent is False


def test_what_is_too_large_is_refused(mailbox: Mailbox, folder: Path) -> None:
    with pytest.raises(NotSent, match="552") as failure:
        send(mailbox.url, mail(text=f"{'x' * 70}\n" * 15_000))

    assert failure.value.permanent is True
    assert read(folder) == []


def test_it_has_no_address_before_it_listens(folder: Path) -> None:
    with pytest.raises(NotStarted):
        _ = Mailbox(folder).url


def test_a_port_that_is_taken_is_an_error(mailbox: Mailbox, tmp_path: Path) -> None:
    other = Mailbox(tmp_path / "other", port=int(mailbox.url.rpartition(":")[2]))

    with pytest.raises(OSError, match="in use"):
        other.start()

    with pytest.raises(NotStarted):
        _ = other.url


def test_it_stops_while_somebody_is_still_connected(folder: Path) -> None:
    box = Mailbox(folder)
    box.start()

    with create_connection(("127.0.0.1", int(box.url.rpartition(":")[2])), 5) as talking:
        assert talking.recv(3) == b"220"
        box.stop()
