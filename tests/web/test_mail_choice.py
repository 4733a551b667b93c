"""Whoever does without a group of mails gets none of it, but never misses a turn; one click is enough."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.servers import smtp_sink
from tests.web.test_pages import hidden
from web import create_app
from workers.jobs import deliver
from workers.mail import kinds
from workers.office import Office
from workflow import account_mail, commands, mail_groups
from workflow.contacts import set_contact
from workflow.db import Database
from workflow.definition import process
from workflow.errors import NotFound
from workflow.ledger import Actor
from workflow.models import Agency, Case, Email, Event, MailChoice, QuietHours
from workflow.people import find_user
from workflow.samples import sample
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
COVER = {
    "title": "SIAGA POSYANDU: gizi balita terpantau",
    "category": "digital",
    "agency": "puskesmas-tanon-1",
    "cohort": "pkp-iv-2022",
    "mentor": "budi@contoh.invalid",
}
WORD = {"List-Unsubscribe": "One-Click"}


def submit(database: Database, as_: As) -> str:
    """Ani submits: a receipt for her, a turn for Budi."""
    with database.write() as session:
        number = commands.start(session, as_(session, "ani"), COVER).number
        commands.advance(session, as_(session, "ani"), number, "submit", form=sample("change_plan"))
    return number


def owed(database: Database) -> set[tuple[str, str]]:
    with database.read() as session:
        rows = session.execute(select(Email.kind, Email.to_address).where(Email.muted.is_(False)))
        return {(kind, address.partition("@")[0]) for kind, address in rows}


@contextmanager
def arrived(database: Database, settings: Settings, clock: MovableClock) -> Iterator[dict[str, EmailMessage]]:
    """What comes out of the wire, by reader."""
    with smtp_sink() as sink:
        office = Office(replace(settings, smtp_url=sink.url), database, clock)
        with database.read() as session:
            rows = list(session.scalars(select(Email.id)))
        assert [deliver(office, row) for row in rows] == [True] * len(rows)
        yield {str(got.message["To"]).partition("@")[0]: got.message for got in sink.messages}


def link_for(database: Database, settings: Settings, who: str, group: str = "progress") -> str:
    with database.read() as session:
        person = find_user(session, f"{who}@contoh.invalid")
        assert person is not None
        return urlsplit(mail_groups.stop_link(settings, person.id, group)).path


@pytest.fixture
def ani(settings: Settings, database: Database, clock: MovableClock) -> FlaskClient:
    client = create_app(replace(settings, demo=True), database, clock).test_client()
    client.post("/demo/masuk", data={"email": "ani@contoh.invalid", **hidden(client, "/proses")})
    return client


def stops(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(MailChoice.mail_group).order_by(MailChoice.mail_group)))


def test_every_mail_belongs_to_one_group() -> None:
    held = [kind for group in mail_groups.GROUPS.values() for kind in group.kinds]

    assert sorted(held) == sorted(kinds() | set(account_mail.KINDS))


def test_a_group_switched_off_on_the_page_is_not_written_and_can_be_had_again(
    ani: FlaskClient, database: Database, as_: As, run_workers: Callable[[], None]
) -> None:
    token = hidden(ani, "/akun/surel")
    ani.post("/akun/surel", data={**token, "way-progress": "off", "way-\x00": "off", "way-tidak": "off"})
    assert stops(database) == ["progress"]
    submit(database, as_)
    run_workers()

    assert owed(database) == {("decision_needed", "budi")}

    ani.post("/akun/surel", data={**token, "way-progress": "now"})
    assert stops(database) == []


def test_one_click_from_the_mail_stops_its_group(
    app: Flask,
    database: Database,
    settings: Settings,
    clock: MovableClock,
    as_: As,
    run_workers: Callable[[], None],
) -> None:
    submit(database, as_)
    run_workers()
    with arrived(database, settings, clock) as mails:
        assert mails["budi"]["List-Unsubscribe"] is None
        assert "/akun/surel" in mails["budi"].as_string()
        assert mails["ani"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        link = urlsplit(str(mails["ani"]["List-Unsubscribe"]).strip("<>")).path
    client = app.test_client()

    assert "<button" in client.get(link).text
    assert stops(database) == []
    assert [client.post(link, data=WORD).status_code for _ in range(2)] == [200, 200]
    assert stops(database) == ["progress"]
    submit(database, as_)
    run_workers()
    with database.read() as session:
        receipts = select(Email).where(Email.kind == "received", Email.muted.is_(False))
        assert len(session.scalars(receipts).all()) == 1


def test_a_reply_goes_to_the_office_that_runs_the_stage(
    database: Database, settings: Settings, clock: MovableClock, as_: As, run_workers: Callable[[], None]
) -> None:
    """The training's for a cohort; without its mailbox the coordinator's; else to nobody in particular."""
    submit(database, as_)
    run_workers()
    for offices, reply in (
        ({}, None),
        ({"bappeda-litbang": "litbang@contoh.invalid"}, "litbang@contoh.invalid"),
        ({"bkpsdm": "diklat@contoh.invalid"}, "diklat@contoh.invalid"),
    ):
        with database.write() as session:
            for code, mailbox in offices.items():
                agency = session.scalars(select(Agency).where(Agency.code == code)).one()
                set_contact(session, agency, {"email": mailbox})
            session.execute(update(Email).values(done_at=None, handed_at=None, leased_until=None))
        with arrived(database, settings, clock) as mails:
            assert {message["Reply-To"] for message in mails.values()} == {reply}


def test_a_turn_is_told_even_to_whoever_switched_its_group_off() -> None:
    """What the step asks of the reader counts, not only the kind of the mail."""
    flow, case = process("2022"), Case(process="2022")
    always: set[tuple[str, str, Case, Event]] = set()
    may_stop: set[tuple[str, str, Case, Event]] = set()
    for step in flow.transitions:
        event = Event(name=step.event, data={"to": step.to})
        for audience, kind in step.notify.items():
            if mail_groups.GROUP_OF[kind] in mail_groups.OPTIONAL:
                turn = flow.states[step.to].owner == audience
                (always if turn else may_stop).add((kind, audience, case, event))

    assert always
    assert may_stop
    assert {mail_groups.switch_of(*mail) for mail in always} == {None}
    assert {mail_groups.switch_of(*mail) for mail in may_stop} == mail_groups.OPTIONAL - {"discussion"}


@pytest.mark.parametrize(
    ("posted", "field"),
    [
        ({"way-duty": "off"}, "way-duty"),
        ({"way-account": "daily"}, "way-account"),
        ({"way-progress": "\x00"}, "way-progress"),
        ({"starts": "20.00"}, "ends"),
        ({"ends": "06:00"}, "starts"),
        ({"starts": "25.00", "ends": "06.00"}, "starts"),
        ({"starts": "20.00", "ends": "subuh\x00"}, "ends"),
        ({"starts": "08.00", "ends": "8:00"}, "ends"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_at_its_field_and_nothing_is_kept(
    ani: FlaskClient, database: Database, posted: dict[str, str], field: str
) -> None:
    answer = ani.post(
        "/akun/surel",
        data={**hidden(ani, "/akun/surel"), "way-discussion": "off", "days_off": "true", **posted},
    )

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert re.search(f'id="{field}"', answer.text)
    with database.read() as session:
        assert session.scalars(select(MailChoice)).all() == []
        assert session.scalars(select(QuietHours)).all() == []


def test_quiet_hours_are_kept_shown_and_taken_back(ani: FlaskClient, database: Database) -> None:
    token = hidden(ani, "/akun/surel")
    night = {"starts": "20.00", "ends": "6:00", "way-duty": "daily"}
    assert ani.post("/akun/surel", data={**token, **night}).status_code == 302
    page = ani.get("/akun/surel").text
    assert 'value="20.00"' in page
    assert 'value="06.00"' in page
    assert re.search(r'name="way-duty" value="daily" checked', page)

    ani.post("/akun/surel", data=token)
    with database.read() as session:
        assert session.scalars(select(QuietHours)).all() == []
        assert stops(database) == ["duty"]


def test_the_link_in_a_digest_stops_what_may_be_stopped(
    app: Flask, database: Database, settings: Settings, as_: As
) -> None:
    with database.write() as session:
        daily = {"duty": "daily", "progress": "daily", "discussion": "now"}
        commands.choose_mails(session, as_(session, "ani"), daily)
    link, client = link_for(database, settings, "ani", mail_groups.DIGEST), app.test_client()

    assert "Rangkuman harian" in client.get(link).text
    assert [client.post(link, data=WORD).status_code for _ in range(2)] == [200, 200]
    with database.read() as session:
        rows = session.execute(select(MailChoice.mail_group, MailChoice.way).order_by(MailChoice.mail_group))
        assert [tuple(row) for row in rows] == [("duty", "daily"), ("progress", "off")]


@pytest.mark.parametrize("group", ["duty", "decision", "account", "unknown"])
def test_no_link_stops_what_must_arrive(
    app: Flask, database: Database, settings: Settings, clock: MovableClock, group: str
) -> None:
    link = link_for(database, settings, "ani", group)
    client = app.test_client()

    assert client.post(link, data=WORD).status_code == client.get(link).status_code == 404
    with database.write() as session, pytest.raises(NotFound):
        commands.stop_mails(session, 1, group, clock())
    assert stops(database) == []


def test_a_link_that_was_changed_or_names_nobody_does_nothing(
    app: Flask, database: Database, settings: Settings
) -> None:
    client, link = app.test_client(), link_for(database, settings, "ani")
    nobody = urlsplit(mail_groups.stop_link(settings, 999_999, "progress")).path
    foreign = link_for(database, replace(settings, secret_key="x" * 40), "ani")

    for wrong in (link[:-1], link + "A", foreign, nobody, "/berhenti-surel/x"):
        assert client.post(wrong, data=WORD).status_code == 404
    assert "ani" not in link
    assert stops(database) == []


def test_the_signed_address_alone_goes_without_csrf(app: Flask, database: Database) -> None:
    assert app.test_client().post("/akun/surel", data={"way-progress": "off"}).status_code == 400
    assert stops(database) == []
