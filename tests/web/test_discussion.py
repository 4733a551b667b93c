"""The discussion in the browser and through the API."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.conftest import MONDAY
from tests.web.api_calls import PDF, body
from tests.web.conftest import Call, SignIn, csrf
from tests.workflow.test_assignment import in_review
from workflow import archive, audit, file_check
from workflow.db import Database
from workflow.discussion import SAID
from workflow.ledger import Actor
from workflow.models import Attachment, Email, Event, StoredFile
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
Files = list[tuple[bytes, str]]


def count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Event).where(Event.name == SAID)) or 0


def test_a_message_is_written_once_and_read_by_those_it_is_for(
    sign_in: SignIn, database: Database, as_: As
) -> None:
    number = in_review(database, as_)
    page = f"/usulan/{number}/diskusi"
    endah, ani = sign_in("endah"), sign_in("ani")
    form = {"audience": "staff", "text": "<b>Rahasia</b> panitia.", "key": "a1", **csrf(endah)}
    answers = [endah.post(page, data=form) for _ in range(2)]
    refused = ani.post(page, data={"audience": "everyone", "text": " ", "mentions": "", **csrf(ani)})

    assert [answer.status_code for answer in answers] == [302, 302]
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert count(database) == 1
    assert "&lt;b&gt;Rahasia&lt;/b&gt; panitia." in endah.get(page).text
    assert "Rahasia" not in ani.get(page).text
    assert "Rahasia" not in ani.get(f"/usulan/{number}?tab=riwayat").text
    assert refused.status_code == 422
    assert 'id="text-problem"' in refused.text


def test_the_api_says_and_shows_only_what_its_caller_reads(call: Call, database: Database, as_: As) -> None:
    number = in_review(database, as_)
    path = f"/proposals/{number}/messages"
    said = {"audience": "staff", "text": "Untuk panitia.", "mentions": ["retno@contoh.invalid"]}
    made = call("endah", "post", path, json=said)
    foreign = call("ani", "post", path, json=said)
    call("ani", "post", path, json={"audience": "everyone", "text": "Untuk semua."})

    assert made.status_code == 201
    assert made.json is not None
    assert (made.json["author"], made.json["mentions"]) == ({"name": "Endah"}, [{"name": "Retno"}])
    assert foreign.status_code == 422
    read = {who: [m["text"] for m in body(call(who, "get", path))["items"]] for who in ("ani", "retno")}
    assert read == {"ani": ["Untuk semua."], "retno": ["Untuk panitia.", "Untuk semua."]}
    events = {who: body(call(who, "get", f"/proposals/{number}/events"))["items"] for who in ("ani", "retno")}
    contents = {who: [e["content"] for e in rows if e["name"] == SAID] for who, rows in events.items()}
    assert contents["ani"][0] is None
    assert contents["retno"][0] == {"note": "Untuk panitia.", "mentions": [{"name": "Retno"}]}


# --- files that come with a message -------------------------------------------------------------------


def sent(client: FlaskClient, page: str, files: Files, **more: str) -> TestResponse:
    named = [(io.BytesIO(content), name) for content, name in files]
    data = {"audience": "staff", "text": "Lihat lampiran.", "file": named, **more, **csrf(client)}
    return client.post(page, data=data, content_type="multipart/form-data")


@pytest.fixture
def said(sign_in: SignIn, database: Database, as_: As) -> tuple[str, list[Attachment]]:
    """The number of a case, and the files of a message for staff that was sent twice by a double click."""
    number = in_review(database, as_)
    files = [(PDF, "../Rahasia.exe"), (PDF + b"2", "b.pdf")]
    endah = sign_in("endah")
    answers = [sent(endah, f"/usulan/{number}/diskusi", files, key="k") for _ in "12"]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert count(database) == 1
    with database.read() as session:
        return number, list(session.scalars(select(Attachment).order_by(Attachment.id)))


def fetched(answer: TestResponse) -> bytes:
    """The file itself, as a download that no browser opens by itself."""
    with answer:
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        return bytes(answer.data)


def test_files_of_a_message_are_for_its_readers_alone(
    sign_in: SignIn, call: Call, database: Database, said: tuple[str, list[Attachment]]
) -> None:
    number, held = said
    page = f"/usulan/{number}/diskusi"
    assert [file.file_name for file in held] == ["Rahasia.exe.pdf", "b.pdf"]
    endah = sign_in("endah")
    assert fetched(endah.get(f"{page}/berkas/{held[0].id}")) == PDF
    items = body(call("retno", "get", f"/proposals/{number}/messages"))["items"]
    assert [file["file_name"] for file in items[0]["files"]] == ["Rahasia.exe.pdf", "b.pdf"]
    assert fetched(call("retno", "get", items[0]["files"][1]["href"].removeprefix("/api/v1"))) == PDF + b"2"
    for who in ("ani", "budi", "tono"):
        assert sign_in(who).get(f"{page}/berkas/{held[0].id}").status_code == 404
        assert call(who, "get", f"/proposals/{number}/attachments/{held[0].id}").status_code == 404
    assert "Rahasia.exe" not in sign_in("ani").get(page).text
    assert "Rahasia.exe" not in str(body(call("ani", "get", f"/proposals/{number}/events")))

    with database.write() as session:  # a message that was erased takes its files along
        session.scalars(select(Event).where(Event.name == SAID)).one().content = None
    assert endah.get(f"{page}/berkas/{held[0].id}").status_code == 404


def test_a_mail_names_the_files_and_carries_none(
    database: Database, run_workers: Callable[[], None], said: tuple[str, list[Attachment]]
) -> None:
    run_workers()
    with database.read() as session:
        mails = list(session.scalars(select(Email).where(Email.kind == "discussed")))
        assert {file.sha256 for file in said[1]} == set(session.scalars(select(StoredFile.sha256)))
        assert list(audit.differences(session)) == []
    assert mails
    assert all("Rahasia.exe.pdf; b.pdf" in mail.text for mail in mails)
    assert not any("/berkas/" in mail.text for mail in mails)


@pytest.mark.parametrize(
    "files",
    [
        [(b"<html>", "a.pdf")],
        [(b"", "a.pdf")],
        [(PDF + bytes([n]), f"{n}.pdf") for n in range(4)],
        [(PDF, "a.pdf"), (PDF, "b.pdf")],
    ],
)
def test_files_that_cannot_be_taken_are_refused_with_the_message(
    sign_in: SignIn, database: Database, as_: As, settings: Settings, files: Files
) -> None:
    number = in_review(database, as_)
    refused = sent(sign_in("endah"), f"/usulan/{number}/diskusi", files)
    assert refused.status_code == 422
    assert 'id="file-problem1"' in refused.text
    assert "Lihat lampiran." in refused.text
    assert count(database) == 0
    assert not [p for p in settings.evidence.rglob("*") if p.is_file()]


def test_files_of_messages_are_scanned_checked_by_night_and_saved(
    sign_in: SignIn, database: Database, as_: As, settings: Settings, tmp_path: Path
) -> None:
    number = in_review(database, as_)
    page = f"/usulan/{number}/diskusi"
    endah = sign_in("endah")
    assert sent(endah, page, [(PDF, "lampiran.pdf")]).status_code == 302
    sha256 = hashlib.sha256(PDF).hexdigest()

    archive.write(database, settings, tmp_path / "cadangan.zip", MONDAY, lambda *_: None)
    with zipfile.ZipFile(tmp_path / "cadangan.zip") as saved:
        assert saved.read(f"evidence/{sha256}") == PDF

    with database.write() as session:
        file = session.scalars(select(StoredFile)).one()
        file.fault = "missing"
        assert file_check.faulty(session) == (1, 0)
        assert [(f.file_name, f.number) for f in file_check.faulty_files(session)] == [
            ("lampiran.pdf", number)
        ]
        file.signature = "Eicar"
        attachment = session.scalars(select(Attachment.id)).one()
    assert endah.get(f"{page}/berkas/{attachment}").status_code == 423
    assert "Ditolak: terdeteksi malware" in endah.get(page).text
    again = sent(endah, page, [(PDF, "lampiran.pdf")])
    assert again.status_code == 422
    assert "Eicar" in again.text
