"""Work goes on where clocks disagree, connections break, locks cross and a mail server is silent."""

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, func, make_url, select, text, update
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.faults.wire import Exchange, Wire
from tests.servers import HOST, Hang, smtp_sink, until
from workers import jobs
from workers.deadlines import fire
from workers.embedded import EmbeddedWorkers
from workers.office import Office
from workers.relay import due_work
from workflow import audit, commands, deadlines, migrations
from workflow.clock import system_clock
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Case, Deadline, Email, Job
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
HOUR = timedelta(hours=1)
on_postgres = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def begin(database: Database, as_: As) -> str:
    with database.write() as session:
        return commands.start(session, as_(session, "ani"), COVER).number


def submit(database: Database, as_: As, number: str) -> None:
    with database.write() as session:
        commands.advance(session, as_(session, "ani"), number, "submit", form=sample("change_plan"))


@pytest.fixture
def case(database: Database, as_: As) -> str:
    """A submitted proposal: one job is owed."""
    number = begin(database, as_)
    submit(database, as_, number)
    return number


def blocked(database: Database) -> bool:
    """Whether somebody waits for a lock in this database."""
    query = text(
        "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted "
        "AND datname = current_database()"
    )
    with database.read() as session:
        return bool(session.scalar(query))


@pytest.mark.usefixtures("case")
def test_new_work_is_done_by_a_host_whose_clock_is_an_hour_behind(
    database: Database, settings: Settings, clock: MovableClock
) -> None:
    behind = Office(settings, database, lambda: clock() - HOUR)
    with database.read() as session:
        due = due_work(session, behind.clock())

    assert [jobs.run_job(behind, row) for kind, row in due if kind == "job"] == [True]


@pytest.mark.usefixtures("case")
def test_neither_lease_nor_back_off_of_a_clock_that_was_ahead_holds_work_up(
    database: Database, settings: Settings, clock: MovableClock
) -> None:
    with database.write() as session:
        job = session.scalars(select(Job)).one()
        job.attempts, job.leased_until, job.due_at = 1, clock() + HOUR + jobs.LEASE, clock() + HOUR

    assert jobs.run_job(Office(settings, database, clock), job.id)


@on_postgres
@pytest.mark.usefixtures("case")
def test_a_mail_that_was_taken_is_marked_though_the_connection_breaks(
    database: Database, settings: Settings, clock: MovableClock, run_workers: Callable[[], None]
) -> None:
    run_workers()
    with database.read() as session:
        email = session.scalars(select(Email).order_by(Email.id)).first()
    assert email is not None
    server = make_url(database.url)
    with smtp_sink() as sink, closing(Exchange()) as exchange:
        wire = Wire(exchange, (HOST, server.port or 0), sql=True)
        far = Database(str(server.set(port=wire.port)))
        office = Office(replace(settings, smtp_url=sink.url), far, clock)
        with ThreadPoolExecutor(1) as pool:
            with wire.trapped("UPDATE emails SET .*done_at=") as trap:
                sent = pool.submit(jobs.deliver, office, email.id)
                assert trap.wait()
            assert sent.result() is True
        far.dispose()

    with database.read() as session:
        row = session.get_one(Email, email.id)
        assert (row.done_at, row.unknown_at) == (clock(), None)
    assert len(sink.messages) == 1


@on_postgres
@pytest.mark.usefixtures("case")
def test_a_sender_who_comes_back_knows_better_than_a_lapsed_lease(
    database: Database, settings: Settings, clock: MovableClock, run_workers: Callable[[], None]
) -> None:
    run_workers()
    office = Office(settings, database, clock)
    with database.write() as session:
        email = session.scalars(select(Email).order_by(Email.id)).first()
        assert email is not None
        email.handed_at, email.leased_until = clock() - HOUR, clock() - HOUR

    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            session.execute(update(Email).where(Email.id == email.id).values(done_at=clock()))
            looked = pool.submit(jobs.hold_unknown, office)
            assert until(lambda: blocked(database), 10)
        assert looked.result() == []

    with database.read() as session:
        assert session.get_one(Email, email.id).unknown_at is None


@on_postgres
def test_two_may_begin_the_first_proposals_of_a_year_at_once(database: Database, as_: As) -> None:
    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            first = commands.start(session, as_(session, "ani"), COVER).number
            beside = pool.submit(begin, database, as_)
            assert until(lambda: blocked(database), 10)
        second = beside.result()

    assert (first, second) == ("INV-2022-0001", "INV-2022-0002")


@on_postgres
def test_a_deadline_and_a_step_of_the_same_case_never_wait_for_each_other(
    database: Database, settings: Settings, clock: MovableClock, case: str
) -> None:
    later = Office(settings, database, lambda: clock() + timedelta(days=30))
    with database.read() as session:
        deadline = session.scalars(select(Deadline.id).where(Deadline.kind == deadlines.END)).one()
    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            held = session.scalars(select(Case).where(Case.number == case).with_for_update(of=Case)).one()
            fired = pool.submit(fire, later, deadline)
            assert until(lambda: blocked(database), 10)
            deadlines.close_for(session, held, clock())

        assert fired.result() is False


@on_postgres
def test_the_record_is_checked_as_of_one_moment_while_people_go_on(
    database: Database, as_: As, case: str
) -> None:
    steps = ["approve"]

    def meanwhile(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM cases" in statement and steps:
            step = steps.pop()
            with database.write() as session:
                commands.advance(session, as_(session, "budi"), case, step)

    event.listen(database.engine, "after_cursor_execute", meanwhile)
    with database.snapshot() as session:
        assert list(audit.differences(session)) == []
    with database.snapshot() as session:
        assert audit.verify(session).events == 3


@on_postgres
def test_postgresql_lets_go_of_those_who_hold_others_up(database: Database) -> None:
    with database.read() as session:
        shown = [session.scalar(text(f"SHOW {name}")) for name in ("lock_timeout", "tcp_keepalives_idle")]

    assert shown == ["5s", "10"]


@on_postgres
def test_new_tables_come_though_somebody_was_in_the_way(database: Database) -> None:
    later = f"later{secrets.token_hex(4)}"
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {later}"))
    url = make_url(database.url).set(database=later, query={"options": "-c lock_timeout=100ms"})
    fresh = Database(url.render_as_string(hide_password=False))
    with ThreadPoolExecutor(1) as pool:
        in_the_way = fresh.engine.connect()
        in_the_way.execute(text("CREATE TABLE alembic_version (version_num text)"))
        upgraded = pool.submit(migrations.upgrade, fresh)
        assert until(lambda: blocked(fresh), 10)
        assert until(lambda: not blocked(fresh), 10)
        in_the_way.close()

        upgraded.result()
        assert migrations.present(fresh) == migrations.newest()
    fresh.dispose()


@on_sqlite
def test_a_silent_mail_server_holds_up_nothing_but_mails(
    database: Database, settings: Settings, as_: As, run_workers: Callable[[], None]
) -> None:
    for _ in range(4):
        submit(database, as_, begin(database, as_))
    run_workers()
    with smtp_sink() as sink:
        sink.script.extend([Hang(20)] * 8)
        workers = EmbeddedWorkers(replace(settings, smtp_url=sink.url), database, system_clock)
        workers.start()
        assert until(lambda: _sending(database) >= 2, 20)
        submit(database, as_, begin(database, as_))

        assert until(lambda: not _owed(database), 10)
        assert len(sink.messages) == 0
        sink.script.clear()
        threading.Thread(target=workers.stop, daemon=True).start()


def _sending(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).where(Email.handed_at.is_not(None))) or 0


def _owed(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).where(Job.done_at.is_(None))) or 0
