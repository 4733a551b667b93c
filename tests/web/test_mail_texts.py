"""The words of mails: what the editor refuses and where, what is sent after a change, and when they break."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.conftest import MovableClock
from tests.web.conftest import SignIn, csrf
from tests.web.test_mail_choice import submit
from web import create_app
from workers.mail import kinds, preview_context, render
from workers.samples import MailWords, mail_desks
from workflow import account_mail, alarms, commands
from workflow.db import Database
from workflow.errors import Forbidden
from workflow.ledger import Actor
from workflow.mail_texts import LOCALES, NO_WORDING, PLACEHOLDERS, Words
from workflow.models import Email, MailText
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
HERE = "/pengelola/surel/received/id"
BUTTON = "\n\n[Buka usulan]({{ case.url }})"
GOOD = {"subject": "Tanda terima {{ case.number }}", "body": "**{{ case.title }}** kami terima." + BUTTON}

only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def app(settings: Settings, database: Database, clock: MovableClock) -> Flask:
    found = replace(settings, demo=True)
    write_mails, wording = mail_desks(found, database, clock)
    return create_app(found, database, clock, write_mails=write_mails, wording=wording)


@pytest.fixture
def sign_in(app: Flask) -> SignIn:
    def browser(who: str) -> FlaskClient:
        client = app.test_client()
        client.post("/demo/masuk", data={"email": f"{who}@contoh.invalid", **csrf(client)})
        return client

    return browser


def save(client: FlaskClient, **typed: str) -> TestResponse:
    posted = {**GOOD, "reason": "Bahasa lebih singkat", "version": "0", **typed}
    return client.post(HERE, data={**csrf(client), **posted})


def versions(database: Database) -> list[MailText]:
    with database.read() as session:
        return list(session.scalars(select(MailText).order_by(MailText.version)).unique())


def receipt(database: Database) -> Email:
    with database.read() as session:
        query = select(Email).where(Email.kind == "received").order_by(Email.id.desc())
        return session.scalars(query.limit(1)).one()


@only_sqlite
def test_every_shipped_text_could_have_been_written_in_the_editor(
    settings: Settings, database: Database, clock: MovableClock
) -> None:
    desk = MailWords(settings, database, clock)
    for kind in sorted(kinds() - account_mail.KINDS):
        assert set(desk.names(kind)) <= set(PLACEHOLDERS)
        for locale in LOCALES:
            words = desk.shipped(kind, locale)
            assert desk.check(kind, locale, words) == [], (kind, locale)
            written = render(kind, locale, preview_context(), words=words)
            assert replace(written, on_unknown="") == replace(
                render(kind, locale, preview_context()), on_unknown=""
            )


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"body": "Satu\n{{ case.titel }}" + BUTTON}, "body", "Baris 2: “case.titel” tidak dikenal"),
        ({"body": "{{ case }}" + BUTTON}, "body", "“case” tidak dikenal"),
        ({"body": "Satu\n\n{{ case.title " + BUTTON}, "body", "Baris "),
        ({"body": "{% for x in case %}{{ x }}{% endfor %}" + BUTTON}, "body", "hanya isian dan syarat"),
        ({"body": "{{ case.title.__class__ }}" + BUTTON}, "body", "tidak dikenal"),
        ({"body": "{{ case.title|upper }}" + BUTTON}, "body", "hanya isian dan syarat"),
        ({"body": "{{ ''.join(case.title) }}" + BUTTON}, "body", "hanya isian dan syarat"),
        ({"body": "[klik](javascript:alert(1))" + BUTTON}, "body", "Baris 1: tautan hanya boleh"),
        ({"body": "[klik]({{ event.note }})" + BUTTON}, "body", "tautan hanya boleh"),
        ({"body": "Tanpa tombol."}, "body", "Cantumkan tombol"),
        ({"subject": "{{ nip }}"}, "subject", "“nip” tidak dikenal"),
        ({"subject": " "}, "subject", "Perihal wajib diisi"),
        ({"body": "x" * 10_001}, "body", "terlalu panjang"),
        ({"body": "a\x00" + BUTTON}, "body", "rusak"),
        ({"reason": ""}, "reason", "Sampaikan alasan"),
    ],
)
@only_sqlite
def test_bad_words_are_refused_at_their_field_and_line(
    sign_in: SignIn, database: Database, typed: dict[str, str], field: str, said: str
) -> None:
    answer = save(sign_in("endah"), **typed)

    assert answer.status_code == 422
    (problem,) = re.findall(rf'id="{field}-problem".*?</p>', answer.text, re.DOTALL)
    assert said in problem
    assert versions(database) == []


def test_changed_words_are_sent_kept_as_versions_and_taken_back(
    sign_in: SignIn, database: Database, as_: As, run_workers: Callable[[], None]
) -> None:
    endah = sign_in("endah")
    assert save(endah).status_code == 302
    submit(database, as_)
    run_workers()
    mail = receipt(database)
    assert re.fullmatch(r"\[Inovasi Sragen\] Tanda terima INV-2022-\d+", mail.subject)
    assert "<strong>SIAGA POSYANDU: gizi balita terpantau</strong> kami terima." in mail.html
    assert "Yth. Bapak/Ibu Ani" in mail.text
    assert "Anda menerima surel ini karena" in mail.text

    assert save(endah).status_code == 409  # somebody's version 1 came in between
    assert save(endah, version="1", _action="reset", reason="Kembali").status_code == 302
    assert [(row.version, row.body is None, row.reason) for row in versions(database)] == [
        (1, False, "Bahasa lebih singkat"),
        (2, True, "Kembali"),
    ]
    submit(database, as_)
    run_workers()
    assert "kami terima." not in receipt(database).text
    page = endah.get(HERE).text
    assert "Versi 2" in page
    assert "Endah" in page


@only_sqlite
def test_words_that_break_later_give_way_and_say_so(
    sign_in: SignIn, database: Database, as_: As, clock: MovableClock, run_workers: Callable[[], None]
) -> None:
    save(sign_in("endah"))
    with database.write() as session:  # as after an upgrade that no longer knows a placeholder
        session.execute(update(MailText).values(body="{{ case.nickname }}" + BUTTON))
    submit(database, as_)
    run_workers()

    mail = receipt(database)
    assert "SIAGA POSYANDU" in mail.subject
    assert "Tanda terima INV" not in mail.subject
    (row,) = versions(database)
    assert "case.nickname" in (row.fault or "")
    with database.read() as session:
        assert alarms.noticed(session, clock())["wording"] == "1 teks"
    for path in (HERE, "/pengelola/surel", "/pengiriman"):
        page = sign_in("dimas").get(path).text
        assert re.search("tidak dapat dipakai|rusak, teks bawaan", page), path
    assert save(sign_in("endah"), version="1").status_code == 302
    with database.read() as session:
        assert "wording" not in alarms.noticed(session, clock())


def test_what_people_typed_stays_text_in_changed_words() -> None:
    evil = "<script>x</script> {{ 7*7 }} [a](javascript:b)"
    context = {**preview_context(), "case": {**preview_context()["case"], "title": evil}}
    body = "<b>{{ case.title }}</b>" + BUTTON

    letter = render("received", "id", context, words=Words("{{ case.title }}", body))

    assert letter.fault == ""
    assert "<script>" not in letter.html
    assert "<b>" not in letter.html
    assert "49" not in letter.subject
    assert evil in letter.text


@only_sqlite
def test_a_look_at_a_real_case_shows_what_its_reader_would_get(
    sign_in: SignIn, database: Database, as_: As, run_workers: Callable[[], None]
) -> None:
    number = submit(database, as_)
    run_workers()
    endah, dimas = sign_in("endah"), sign_in("dimas")
    asked = {**GOOD, "number": number.lower(), "audience": "proposer"}

    html = endah.post(f"{HERE}/pratinjau", data={**csrf(endah), **asked})
    text = endah.post(f"{HERE}/pratinjau", data={**csrf(endah), **asked, "as": "text"})
    assert "SIAGA POSYANDU" in html.text
    assert "unsafe-inline" in html.headers["Content-Security-Policy"]
    assert "script" not in html.headers["Content-Security-Policy"]
    assert text.text.startswith("Ani\n[Inovasi Sragen] Tanda terima " + number)
    assert text.mimetype == "text/plain"

    wrong = endah.post(f"{HERE}/pratinjau", data={**csrf(endah), **asked, "number": "INV-1999-1\x00"})
    foreign = dimas.post(f"{HERE}/pratinjau", data={**csrf(dimas), **asked})
    example = dimas.post(f"{HERE}/pratinjau", data={**csrf(dimas), **asked, "number": ""})
    assert [wrong.status_code, foreign.status_code, example.status_code] == [422, 422, 200]
    assert "Si Risma" in example.text
    assert versions(database) == []


@only_sqlite
def test_only_coordinators_and_admins_come_in(sign_in: SignIn, database: Database, as_: As) -> None:
    for who, may in {"endah": 200, "dimas": 200, "retno": 403, "haryo": 403, "ani": 403}.items():
        client = sign_in(who)
        assert [client.get(path).status_code for path in ("/pengelola/surel", HERE)] == [may, may], who
    assert save(sign_in("ani")).status_code == 403
    words = Words(**GOOD)
    with database.write() as session, pytest.raises(Forbidden):
        commands.change_mail_text(session, as_(session, "ani"), NO_WORDING, "received", "id", words, "x", 0)
    assert sign_in("endah").get("/pengelola/surel/password_reset/id").status_code == 404
    assert versions(database) == []
