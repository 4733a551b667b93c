"""What deadlines will send is what they do send."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.workflow.test_deadlines import submitted
from workers.deadlines import scan
from workers.office import Office
from workflow import commands, forecast
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Email
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
OF_TIME = ("reminder", "overdue", "escalated")


def test_the_mails_foretold_are_those_that_come(
    database: Database, as_: As, clock: MovableClock, settings: Settings, run_workers: Callable[[], None]
) -> None:
    with database.write() as session:
        submitted(session, as_)
    run_workers()
    with database.read() as session:
        foretold = [
            (notice.kind, user.email)
            for notice in forecast.upcoming(session, clock(), settings.digest_hour)
            for user in notice.recipients
        ]

    for _ in range(forecast.PERIOD.days):
        clock.tick(days=1)
        scan(Office(settings, database, clock))
        run_workers()

    with database.read() as session:
        came = session.execute(select(Email.kind, Email.to_address).where(Email.kind.in_(OF_TIME)))
        assert sorted(foretold) == sorted(tuple(row) for row in came)
    assert {kind for kind, _ in foretold} == set(OF_TIME)


def test_whoever_has_taken_the_turn_is_not_foretold_to_be_reminded(
    database: Database, as_: As, clock: MovableClock, settings: Settings
) -> None:
    with database.write() as session:
        case = submitted(session, as_)
        commands.advance(session, as_(session, "budi"), case.number, "request_revision", note="Perjelas.")
        reminded = {
            user.email
            for notice in forecast.upcoming(session, clock(), settings.digest_hour)
            for user in notice.recipients
            if notice.kind == "reminder"
        }

    assert reminded == {"ani@contoh.invalid"}


def test_whom_it_reaches_later_is_foretold_with_the_moment(
    database: Database, as_: As, clock: MovableClock, settings: Settings, run_workers: Callable[[], None]
) -> None:
    """Budi gets his duties by the digest, but for those that would be too late."""
    with database.write() as session:
        commands.choose_mails(session, as_(session, "budi"), {"duty": "daily"})
        submitted(session, as_)
    run_workers()
    with database.read() as session:
        foretold = {
            (notice.kind, user.email, wait.until)
            for notice in forecast.upcoming(session, clock(), settings.digest_hour)
            for user, wait in notice.later
        }
    for _ in range(forecast.PERIOD.days):
        clock.tick(days=1)
        scan(Office(settings, database, clock))
        run_workers()

    with database.read() as session:
        held = select(Email).where(Email.kind.in_(OF_TIME), Email.not_before.is_not(None))
        came = {(mail.kind, mail.to_address, mail.not_before) for mail in session.scalars(held)}
    assert foretold == came
    assert {kind for kind, _, _ in came} == {"reminder"}
