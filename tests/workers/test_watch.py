"""Alarms: told by a way of their own, once per incident and once when it is over."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.servers import Refuse, Sink, smtp_sink
from workers.office import Office
from workers.watch import Watch
from workflow import commands
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Incident, Job, Verification
from workflow.samples import sample
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
COVER = {"title": "SIAGA POSYANDU", "category": "digital", "agency": "puskesmas-tanon-1"}


@pytest.fixture
def sink() -> Iterator[Sink]:
    with smtp_sink() as opened:
        yield opened


@pytest.fixture
def office(settings: Settings, database: Database, clock: MovableClock, sink: Sink) -> Office:
    return Office(replace(settings, alarm_smtp_url=sink.url), database, clock)


def stuck_job(database: Database, as_: As) -> None:
    with database.write() as session:
        case = commands.start(session, as_(session, "ani"), COVER)
        form = sample("innovation_proposal")
        commands.advance(session, as_(session, "ani"), case.number, "propose", form=form)


def subjects(sink: Sink) -> list[str]:
    return [str(mail.message["Subject"]) for mail in sink.messages]


def test_a_stuck_job_is_told_once_and_once_more_when_it_is_done(
    office: Office, as_: As, clock: MovableClock, sink: Sink
) -> None:
    stuck_job(office.database, as_)
    clock.tick(minutes=6)
    first, second = Watch(office), Watch(office)
    for _turn in range(3):
        first.look()
        second.look()
        clock.tick(minutes=1)
    told = subjects(sink)
    with office.database.write() as session:
        session.execute(update(Job).values(done_at=clock()))
    for _turn in range(3):
        first.look()
        second.look()

    assert told == [
        "[Inovasi Sragen] Perlu tindakan: Pekerjaan atau surel menunggu dan tidak ada yang mengambilnya"
    ]
    assert subjects(sink)[1:] == [told[0].replace("Perlu tindakan", "Teratasi")]
    assert [mail.recipients for mail in sink.messages] == [["dimas@contoh.invalid"]] * 2


def test_what_is_over_at_the_second_look_is_never_told(
    office: Office, as_: As, clock: MovableClock, sink: Sink
) -> None:
    stuck_job(office.database, as_)
    clock.tick(minutes=6)
    watch = Watch(office)
    watch.look()
    with office.database.write() as session:
        session.execute(update(Job).values(done_at=clock()))
    watch.look()

    assert sink.messages == []
    with office.database.read() as session:
        assert session.scalars(select(Incident)).all() == []


def test_an_alarm_that_no_server_took_is_told_again(
    office: Office, as_: As, clock: MovableClock, sink: Sink
) -> None:
    stuck_job(office.database, as_)
    clock.tick(minutes=6)
    sink.script.append(Refuse())
    watch = Watch(office)
    for _turn in range(4):
        watch.look()
        clock.tick(minutes=3)

    assert len(sink.messages) == 1


def test_a_broken_chain_and_parked_work_are_incidents_of_their_own(
    office: Office, as_: As, clock: MovableClock, sink: Sink
) -> None:
    stuck_job(office.database, as_)
    with office.database.write() as session:
        session.execute(update(Job).values(parked_at=clock()))
        session.add(
            Verification(
                started_at=clock(), finished_at=clock(), begins=0, ends=1, event_id=2, fault="isi berubah"
            )
        )
    watch = Watch(office)
    watch.look()
    watch.look()

    texts = [mail.message.get_body(("plain",)).get_content() for mail in sink.messages]  # type: ignore[union-attr]
    assert len(texts) == 2
    assert "1 pekerjaan, 0 surel" in texts[0]
    assert "pada peristiwa 2: isi berubah" in texts[1]
