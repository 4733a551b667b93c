"""SIGTERM: work in hand is finished or found again, and the processes are gone within half a minute."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.request import urlopen

import pytest
from sqlalchemy import func, select

from tests.conftest import CAST, fresh_postgres
from tests.servers import Hang, Sink, free_port, redis, smtp_sink, until
from workflow import commands, migrations
from workflow.clock import system_clock
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Email, Job
from workflow.people import create_user, find_user
from workflow.reference.load import load_agencies
from workflow.samples import sample
from workflow.settings import Settings

MOST_SECONDS = 30
COVER = {"title": "SIAGA POSYANDU", "category": "digital", "agency": "puskesmas-tanon-1"}


def prepared(settings: Settings) -> Database:
    database = Database(settings.database)
    migrations.upgrade(database)
    with database.write() as session:
        load_agencies(session)
        for name, (agency, roles, head) in CAST.items():
            create_user(
                session,
                datetime.now(UTC),
                email=f"{name}@contoh.invalid",
                name=name,
                agency=agency,
                roles=roles,
                heads_agency=head,
            )
        user = find_user(session, "ani@contoh.invalid")
        actor = Actor(user, system_clock())
        number = commands.start(session, actor, COVER).number
        commands.advance(session, actor, number, "propose", form=sample("innovation_proposal"))
    return database


@contextmanager
def running(settings: Settings, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        env={**os.environ, **settings.environment()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def ends(process: subprocess.Popen[bytes]) -> float:
    """Seconds from SIGTERM to the end."""
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(MOST_SECONDS)
    return time.monotonic() - started


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:  # noqa: S310 - our own process
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False


def handed(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).where(Email.handed_at.is_not(None))) or 0


def accounted(database: Database, sink: Sink) -> None:
    """Every job is done; every mail went out, waits, or is one of those that may have gone."""
    with database.read() as session:
        assert session.scalar(select(func.count()).where(Job.done_at.is_(None))) == 0
        for mail in session.scalars(select(Email)):
            arrived = sum(got.message["Message-ID"] == mail.message_id for got in sink.messages)
            assert arrived <= 1
            assert mail.done_at is None or arrived == 1
            assert mail.done_at or mail.handed_at or mail.parked_at is None


@pytest.fixture
def sink() -> Iterator[Sink]:
    with smtp_sink() as opened:
        opened.script += [Hang(60)] * 8
        yield opened


def test_the_embedded_profile_stops_although_the_mail_server_hangs(tmp_path: Path, sink: Sink) -> None:
    settings = Settings(var=tmp_path, smtp_url=sink.url, port=free_port(), secret_key="k" * 40)
    database = prepared(settings)
    with running(settings, "web.cli", "up") as process:
        assert until(lambda: handed(database) > 0, 90)
        assert ends(process) < MOST_SECONDS

    accounted(database, sink)
    database.dispose()


def test_a_worker_stops_although_the_mail_server_hangs(
    tmp_path: Path, sink: Sink, postgres_server: str
) -> None:
    with redis() as broker:
        settings = Settings(
            var=tmp_path,
            smtp_url=sink.url,
            secret_key="k" * 40,
            broker_url=broker,
            database_url=fresh_postgres(postgres_server).replace("+psycopg", ""),
        )
        database = prepared(settings)
        command = ("celery", "-A", "workers.app", "worker", "-c", "2", "-l", "WARNING")
        bare = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        with running(settings, *command, *bare) as process:
            assert until(lambda: handed(database) > 0, 90)
            assert ends(process) < MOST_SECONDS
        accounted(database, sink)
        database.dispose()


def test_a_web_process_stops_when_its_request_is_answered(tmp_path: Path, postgres_server: str) -> None:
    settings = Settings(
        var=tmp_path,
        secret_key="k" * 40,
        broker_url="redis://127.0.0.1:1/0",
        database_url=fresh_postgres(postgres_server).replace("+psycopg", ""),
    )
    prepared(settings).dispose()
    port = free_port()
    options = (
        "--worker-class",
        "gthread",
        "--threads",
        "4",
        "--graceful-timeout",
        "25",
        "--no-control-socket",
    )
    with running(settings, "gunicorn", "-b", f"127.0.0.1:{port}", *options, "web.wsgi:app") as process:
        assert until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), 90)
        assert ends(process) < MOST_SECONDS
        assert process.returncode == 0
