"""The daily digest: one a working day, whatever dies in between, and no mail is lost or comes twice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.servers import Refuse, smtp_sink
from tests.web.test_mail_choice import submit
from workers import digests
from workers.deadlines import scan
from workers.digests import gather
from workers.jobs import LEASE, deliver, hold_unknown
from workers.office import Office
from workers.relay import due_work
from workflow import commands, delivery
from workflow.account_mail import CHANGED, owe_account_mail
from workflow.db import Database
from workflow.ledger import Actor
from workflow.mail_times import next_digest
from workflow.models import Email, User
from workflow.settings import Settings

As = Callable[[Session, str], Actor]


@pytest.fixture
def office(settings: Settings, database: Database, clock: MovableClock) -> Office:
    return Office(settings, database, clock)


@pytest.fixture
def waiting(database: Database, as_: As, run_workers: Callable[[], None]) -> list[str]:
    """Ani wants news once a day, and submits two proposals; Budi gets his turns at once."""
    with database.write() as session:
        commands.choose_mails(session, as_(session, "ani"), {"progress": "daily"})
    numbers = [submit(database, as_), submit(database, as_)]
    run_workers()
    return numbers


def due_mails(office: Office) -> list[int]:
    with office.database.read() as session:
        return [row for kind, row in due_work(session, office.clock()) if kind == "email"]


def of_ani(office: Office) -> list[Email]:
    with office.database.read() as session:
        mine = select(Email).where(Email.to_address == "ani@contoh.invalid").order_by(Email.id)
        return list(session.scalars(mine))


def states(office: Office) -> list[str]:
    return [delivery.state_of(mail, office.clock()) for mail in of_ani(office)]


def test_one_digest_with_all_of_the_day_arrives_in_the_morning(
    office: Office, clock: MovableClock, waiting: list[str]
) -> None:
    assert states(office) == ["held", "held"]
    assert {mail.not_before for mail in of_ani(office)} == {next_digest(clock(), 7)}
    with smtp_sink() as sink:
        here = replace(office, settings=replace(office.settings, smtp_url=sink.url))
        held = {mail.id for mail in of_ani(office)}
        assert not any(deliver(here, mail_id) for mail_id in held)
        assert [deliver(here, mail_id) for mail_id in due_mails(here)] == [True, True]  # Budi's
        assert gather(here) == 0
        clock.now = next_digest(clock(), 7)
        assert not held & set(due_mails(here))
        assert [gather(here), gather(here)] == [1, 0]
        assert states(here) == ["carried", "carried", "waiting"]
        assert [deliver(here, mail_id) for mail_id in due_mails(here)] == [True]
    assert states(here) == ["done"] * 3

    digest = sink.messages[-1].message
    text = digest.get_body(("plain",))
    assert text is not None
    words = text.get_content()
    assert [message.recipients[0].partition("@")[0] for message in sink.messages] == ["budi", "budi", "ani"]
    assert "2 kabar" in digest["Subject"]
    assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert all(f"/usulan/{number}" in words for number in waiting)
    assert words.count("SIAGA POSYANDU") == 4  # each case by its title, each mail by its subject
    assert "Yth. Bapak/Ibu Ani" in words


@pytest.mark.usefixtures("waiting")
def test_two_beats_at_once_write_one_digest(office: Office, clock: MovableClock) -> None:
    clock.now = next_digest(clock(), 7)
    together, found = Barrier(2), []

    def beat() -> None:
        together.wait()
        found.append(gather(office))

    beats = [Thread(target=beat) for _ in range(2)]
    for thread in beats:
        thread.start()
    for thread in beats:
        thread.join()

    assert sorted(found) == [0, 1]
    assert states(office) == ["carried", "carried", "waiting"]


class Killed(BaseException):
    """A worker that is no more: no handler of ours catches it."""


@pytest.mark.usefixtures("waiting")
def test_a_death_at_any_point_loses_and_doubles_nothing(
    office: Office, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now = next_digest(clock(), 7)

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(digests, "owe", die)
        with pytest.raises(Killed):
            gather(office)
    assert states(office) == ["held", "held"]

    gather(office)
    with smtp_sink() as sink:
        here = replace(office, settings=replace(office.settings, smtp_url=sink.url))
        sink.script.append(Refuse("451 nanti"))
        (digest,) = [mail.id for mail in of_ani(office) if mail.digest_day]
        assert not deliver(here, digest)
        assert states(here) == ["carried", "carried", "retrying"]
        with office.database.write() as session:  # taken, handed over, and never heard of again
            lost = {"handed_at": clock(), "leased_until": clock(), "due_at": clock()}
            session.execute(update(Email).where(Email.id == digest).values(lost))
        clock.tick(seconds=LEASE.total_seconds() + 1)
        hold_unknown(here)
        clock.tick(minutes=30)
        assert gather(here) == 0
        assert deliver(here, digest)

    assert len(sink.messages) == 1
    assert states(here) == ["done"] * 3


def test_what_was_written_just_after_the_digest_goes_by_itself(
    office: Office, clock: MovableClock, waiting: list[str], as_: As, run_workers: Callable[[], None]
) -> None:
    morning = next_digest(clock(), 7)
    clock.now = morning
    gather(office)
    clock.now = morning - timedelta(seconds=1)
    late = submit(office.database, as_)
    run_workers()
    clock.now = morning + timedelta(seconds=1)

    assert gather(office) == 0
    assert states(office) == ["carried", "carried", "waiting", "waiting"]
    assert len({*waiting, late}) == 3


@pytest.mark.usefixtures("waiting")
def test_a_digest_given_up_takes_its_mails_along_and_back(office: Office, clock: MovableClock) -> None:
    clock.now = next_digest(clock(), 7)
    gather(office)
    (digest,) = [mail.id for mail in of_ani(office) if mail.digest_day]
    with office.database.write() as session:
        carried = [mail.id for mail in delivery.carried_by(session, digest)]
        assert len(carried) == 2
        assert not any(delivery.drop(session, "email", mail_id, clock()) for mail_id in carried)
        assert delivery.drop(session, "email", digest, clock())
    assert states(office) == ["dropped"] * 3
    with office.database.write() as session:
        assert delivery.retry(session, "email", digest, clock())
    assert states(office) == ["carried", "carried", "waiting"]


def test_held_mail_is_no_alarm_until_its_time_has_passed(
    office: Office, clock: MovableClock, waiting: list[str]
) -> None:
    with office.database.write() as session:
        session.execute(update(Email).where(Email.waits_for.is_(None)).values(done_at=clock()))
    clock.tick(hours=2)
    with office.database.read() as session:
        assert delivery.alarm(session, clock()) is None
    clock.now = next_digest(clock(), 7) + delivery.LATE_AFTER + timedelta(seconds=1)
    with office.database.read() as session:
        found = delivery.alarm(session, clock())
    assert found is not None
    assert found.waiting == len(waiting)


def test_a_duty_whose_time_ends_before_the_digest_goes_at_once(
    office: Office, clock: MovableClock, as_: As, run_workers: Callable[[], None]
) -> None:
    """Budi wants his duties once a day: his turn and the reminders may wait, what is overdue may not."""
    with office.database.write() as session:
        commands.choose_mails(session, as_(session, "budi"), {"duty": "daily"})
    submit(office.database, as_)
    run_workers()
    for _day in range(14):
        clock.tick(days=1)
        scan(office)
        run_workers()
    with office.database.read() as session:
        rows = session.execute(
            select(Email.kind, Email.waits_for).where(
                Email.to_address == "budi@contoh.invalid", Email.digest_day.is_(None)
            )
        )
        waits = {tuple(row) for row in rows}

    assert waits == {("decision_needed", "digest"), ("reminder", "digest"), ("overdue", None)}


# ------------------------------------------------------------------------------ quiet hours


def test_a_mail_owed_in_quiet_hours_leaves_when_they_end(
    office: Office, clock: MovableClock, as_: As, run_workers: Callable[[], None]
) -> None:
    """Monday 09.00 WIB: Budi is quiet until 09.30, Ani not at all."""
    with office.database.write() as session:
        commands.set_quiet(session, as_(session, "budi"), "08.00", "09.30", days_off=True)
    submit(office.database, as_)
    run_workers()
    with smtp_sink() as sink:
        here = replace(office, settings=replace(office.settings, smtp_url=sink.url))
        assert len(due_mails(here)) == 1
        clock.tick(minutes=29)
        assert len(due_mails(here)) == 1
        clock.tick(minutes=1)
        assert [deliver(here, mail_id) for mail_id in due_mails(here)] == [True, True]
    with office.database.read() as session:
        his = session.scalars(select(Email).where(Email.to_address == "budi@contoh.invalid")).one()
    assert his.waits_for == "quiet"
    assert his.not_before == clock()
    assert his.created_at == clock() - timedelta(minutes=30)


def test_hours_named_after_a_mail_was_owed_hold_it_and_lifted_hours_let_it_go(
    office: Office, clock: MovableClock, as_: As, run_workers: Callable[[], None]
) -> None:
    submit(office.database, as_)
    run_workers()
    with office.database.write() as session:
        commands.set_quiet(session, as_(session, "budi"), "08.00", "12.00", days_off=False)
        words = {"at": "kini", "again": "https://contoh.invalid/"}
        budi = session.scalars(select(User).where(User.email == "budi@contoh.invalid")).unique().one()
        owe_account_mail(session, budi, CHANGED, words, clock(), office.settings.address)
    with smtp_sink() as sink:
        here = replace(office, settings=replace(office.settings, smtp_url=sink.url))
        assert sorted(deliver(here, mail_id) for mail_id in due_mails(here)) == [False, True, True]
        assert due_mails(here) == []
        with office.database.write() as session:
            commands.set_quiet(session, as_(session, "budi"), "", "", days_off=False)
        assert [deliver(here, mail_id) for mail_id in due_mails(here)] == [True]
    assert len(sink.messages) == 3


def test_a_clock_that_jumped_holds_nothing_for_ever(
    office: Office, clock: MovableClock, waiting: list[str]
) -> None:
    with office.database.write() as session:
        years = datetime(2030, 1, 1, tzinfo=clock().tzinfo)
        held = update(Email).where(Email.waits_for == "digest")
        session.execute(held.values(not_before=years, due_at=years))

    assert gather(office) == 1
    assert len(waiting) == 2
