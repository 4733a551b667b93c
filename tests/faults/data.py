"""PostgreSQL restarted, cut, locked, out of connections, in a deadlock, without disk."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from signal import SIGQUIT
from typing import Any

import psycopg

from tests.faults.scenario import Pace, Scenario
from tests.faults.stand import READY_SECONDS, WORKERS, Distributed
from tests.servers import until

BALLAST = "ballast"
PIECES = (2**24, 2**20, 2**16, 2**12)
FULL_TRIGGER = """
CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER disk_full BEFORE INSERT ON events EXECUTE FUNCTION disk_full();
"""
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@contextmanager
def client(stand: Distributed) -> Iterator[psycopg.Connection[Any]]:
    """A connection of ours, past the wires."""
    with psycopg.connect(stand.settings.database_url, autocommit=True) as connection:
        yield connection


def restarted(stand: Distributed, pace: Pace) -> int:
    """`pg_ctl restart -m immediate`, twice: it recovers from its log."""
    for _ in range(2):
        stand.postgres.stop(SIGQUIT)
        pace.hold(0.5)
        stand.postgres.start()
        pace.hold(0.5)
    return 2


def terminated(stand: Distributed, pace: Pace) -> int:
    ended = 0
    with client(stand) as connection:
        for _ in range(5):
            ended += _one(
                connection,
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
            )
            pace.hold(0.3)
    return ended


def no_connections(stand: Distributed, pace: Pace) -> int:
    """Every connection the server has is ours, and those of the processes are broken."""
    taken = 0
    with ExitStack() as stack, client(stand) as breaker:
        ends_at = time.monotonic() + pace.fault
        while time.monotonic() < ends_at:
            try:
                stack.enter_context(client(stand))
                taken += 1
            except psycopg.OperationalError:
                if not taken:
                    raise
                breaker.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '' "
                    "AND pid <> pg_backend_pid() AND query LIKE '%jobs%' LIMIT 5"
                )
                time.sleep(0.05)
    return taken


def locked(stand: Distributed, pace: Pace) -> int:
    """Somebody holds the head of the chain, and with it every command."""
    with client(stand) as connection, connection.transaction():
        connection.execute("SELECT * FROM chain FOR UPDATE")
        pace.hold(2.0)
        return _waiting(stand)


def deadlocked(stand: Distributed, pace: Pace) -> int:
    """We hold the chain and want the cases; a command holds its case and wants the chain. It must yield."""
    with client(stand) as watcher:
        before = _one(watcher, DEADLOCKS)
        for _ in range(2):
            _embrace(stand)
            pace.hold(0.2)
        until(lambda: _one(watcher, DEADLOCKS) > before, 20)
        return _one(watcher, DEADLOCKS) - before


def _embrace(stand: Distributed) -> None:
    with client(stand) as connection, suppress(psycopg.errors.DeadlockDetected):
        connection.execute("SET deadlock_timeout = '20s'")
        with connection.transaction():
            connection.execute("SELECT * FROM chain FOR UPDATE")
            until(lambda: _waiting(stand) > 0, 20)
            connection.execute("SELECT * FROM cases FOR UPDATE")


def disk_full(stand: Distributed, pace: Pace) -> int:
    """Fills the small disk that the server's data lie on; without root a trigger says what it would say."""
    if not stand.small_disk:
        return _disk_full_by_trigger(stand, pace)
    before, ballast = _no_space(stand), stand.disk / BALLAST
    fill(ballast)
    pace.hold(2.0)
    until(lambda: _no_space(stand) > before, 20)
    ballast.unlink()
    stand.postgres.revive()
    return _no_space(stand) - before


def _no_space(stand: Distributed) -> int:
    return stand.postgres.log.read_text(errors="replace").count("No space left on device")


def fill(ballast: Path) -> None:
    """Take all that is left of a file system, in ever smaller pieces, as others write to it too."""
    with ballast.open("wb") as file:
        for piece in PIECES:
            with suppress(OSError):
                while True:
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, piece)


def _disk_full_by_trigger(stand: Distributed, pace: Pace) -> int:
    with client(stand) as connection:
        connection.execute(FULL_TRIGGER)
        pace.hold(2.0)
        connection.execute("DROP FUNCTION disk_full CASCADE")
    return 1


def _waiting(stand: Distributed) -> int:
    with client(stand) as connection:
        return _one(connection, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")


def _one(connection: psycopg.Connection[Any], query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0


def worker_frozen(stand: Distributed, pace: Pace) -> int:
    """Whichever worker comes first stops dead in a transaction that holds the head of the chain."""
    with ExitStack() as stack:
        point = ("FROM chain.* FOR UPDATE", "INSERT INTO events")
        traps = [stack.enter_context(stand.wires[name].sql.trapped(*point)) for name in WORKERS]
        until(lambda: any(trap.sprung.is_set() for trap in traps), READY_SECONDS)
        pace.hold(2.0)
        return sum(trap.sprung.is_set() for trap in traps)


SCENARIOS = [
    Scenario("pg-restarted", "PostgreSQL restarted at once, twice", restarted, frozenset({"unknown"})),
    Scenario("pg-terminated", "all backends terminated, five times", terminated),
    Scenario("pg-no-connections", "all connections taken by others", no_connections),
    Scenario("pg-locked", "the head of the chain locked by somebody", locked),
    Scenario("pg-deadlock", "commands in a deadlock with somebody", deadlocked),
    Scenario("pg-disk-full", "no space left on the database's disk", disk_full),
    Scenario("worker-frozen", "a worker hangs while it holds the head of the chain", worker_frozen),
]
