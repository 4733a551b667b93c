"""The movable clock of demo mode: an offset in the database that every process reads."""

import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import commands
from workflow.clock import Clock, ShiftedClock, system_clock
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Deadline, Fact
from workflow.settings import Settings

OFFSET = "clock_offset_seconds"
CACHE_SECONDS = 0.5


def clock_for(settings: Settings, database: Database) -> Clock:
    """The real clock, or in demo mode the one that `set_clock` moves."""
    return ShiftedClock(_Offset(database)) if settings.demo else system_clock


def set_clock(session: Session, moment: datetime) -> None:
    """Make it `moment` now, for all processes, within half a second."""
    offset = (moment - datetime.now(UTC)).total_seconds()
    fact = session.get(Fact, OFFSET)
    if fact is None:
        session.add(Fact(name=OFFSET, value=offset))
    else:
        fact.value = offset


def travel(database: Database, start: datetime, target: datetime) -> int:
    """Move the clock on, halting at every deadline so that each fires at its own time; how many fired."""
    fired = 0
    for moment, deadline_id in _halts(database, start, target):
        with database.write() as session:
            set_clock(session, moment)
            fired += commands.fire_deadline(session, deadline_id, Actor(None, moment)) is not None
    with database.write() as session:
        set_clock(session, target)
    return fired


def _halts(database: Database, start: datetime, target: datetime) -> list[tuple[datetime, int]]:
    with database.read() as session:
        rows = session.execute(
            select(Deadline.at, Deadline.id)
            .where(
                Deadline.fired_at.is_(None),
                Deadline.cancelled_at.is_(None),
                Deadline.at < target,
            )
            .order_by(Deadline.at, Deadline.id)
        )
        return [(max(row.at, start), row.id) for row in rows]


class _Offset:
    """Reads the offset at most twice a second."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read_at = -CACHE_SECONDS
        self._value = timedelta()

    def forget(self) -> None:
        self._read_at = -CACHE_SECONDS

    def __call__(self) -> timedelta:
        if time.monotonic() - self._read_at >= CACHE_SECONDS:
            with self._database.read() as session:
                fact = session.get(Fact, OFFSET)
            self._value = timedelta(seconds=float(fact.value) if fact else 0)
            self._read_at = time.monotonic()
        return self._value
