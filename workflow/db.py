"""The database as the rest sees it: `read()`, `write()`, and what differs between the two dialects."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    DateTime,
    Dialect,
    Engine,
    Text,
    TypeDecorator,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

Bell = Callable[[list["Owed"]], None]
Owed = tuple[str, int]
"""A duty just committed: ("job" | "email" | "webhook", id); a webhook's is a row of jobs."""


def deaf_bell(_owed: list[Owed]) -> None:
    """Nobody is woken; the relay finds the work by itself."""


SESSION_LIMITS = {
    "lock_timeout": "5s",  # a lock that somebody sits on: say "busy" instead of waiting for ever
    "idle_in_transaction_session_timeout": "120s",  # a process that froze holding the head of the chain
    "tcp_keepalives_idle": "10",  # the server lets go of a host that was cut off after 25 s, not after hours
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "20s",
}
PATIENCE: dict[str, str | int] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "options": " ".join(f"-c {name}={value}" for name, value in SESSION_LIMITS.items()),
}
"""How long PostgreSQL and we wait for each other. DATABASE_URL may name any of them otherwise."""


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes on both databases; SQLite would drop the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def canonical(value: object) -> str:
    """The one JSON text of a value: sorted keys, no white space, no NaN. What is hashed is this text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class CanonicalJson(TypeDecorator[Any]):
    """JSON kept as its canonical text, so that a stored hash can be recomputed on any database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else canonical(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> object:  # noqa: ARG002
        return None if value is None else json.loads(value)


class FairLock:
    """A lock that serves in the order of asking; SQLite's own busy handler lets writers starve."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._held = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait()

    def __exit__(self, *_: object) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False


class Database:
    """One engine, and the bell that is rung after each commit with the duties it made.

    `write()` yields a session whose transaction commits at the end of the block, or leaves no trace.
    `read()` yields a session that is rolled back. Neither may be nested in a thread.
    """

    def __init__(self, url: str, bell: Bell = deaf_bell) -> None:
        self.url = url
        self.bell = bell
        self.engine = _engine(url)
        self._lock = FairLock() if self.sqlite else None

    @property
    def sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    @contextmanager
    def read(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """Like `read()`, but all of it sees one moment, however long it takes and whatever is written."""
        level = {} if self.sqlite else {"isolation_level": "REPEATABLE READ"}
        engine = self.engine.execution_options(**level)
        with Session(engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        if self._lock is None:
            with self._transaction() as session:
                yield session
        else:
            with self._lock, self._transaction() as session:
                yield session
        owed = session.info.get("owed", [])
        if owed:
            self.bell(owed)

    @contextmanager
    def rehearsal(self) -> Iterator[Session]:
        """Like `write()`, but all of it is taken back at the end: what a command would do."""
        engine = self.engine.execution_options(begin_write=True)
        with self._lock or nullcontext(), Session(engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        engine = self.engine.execution_options(begin_write=True)
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session

    def dispose(self) -> None:
        self.engine.dispose()


def locks_rows(session: Session) -> bool:
    """Whether writers wait for each other row by row; on SQLite a writer has the whole database."""
    return session.get_bind().dialect.name != "sqlite"


def insert_new(session: Session, model: type[DeclarativeBase], **values: object) -> bool:
    """Write a row unless one with its key is there, or is just being written: whether it was new."""
    insert = postgresql.insert if locks_rows(session) else sqlite.insert
    written = session.execute(
        insert(model).values(values).on_conflict_do_nothing().returning(*model.__table__.primary_key)
    )
    return written.first() is not None


def owe(session: Session, kind: str, row_id: int) -> None:
    """Remember a duty of this transaction, for the bell."""
    session.info.setdefault("owed", []).append((kind, row_id))


def _engine(url: str) -> Engine:
    if url.startswith("sqlite"):
        return _sqlite(url)
    asked = make_url(url).query
    patience = {name: value for name, value in PATIENCE.items() if name not in asked}
    return create_engine(
        url,
        hide_parameters=True,
        pool_size=10,
        max_overflow=10,
        pool_timeout=5,
        pool_pre_ping=True,
        connect_args=patience,
    )


def _sqlite(url: str) -> Engine:
    engine = create_engine(
        url, hide_parameters=True, connect_args={"timeout": 30}, pool_size=10, max_overflow=10
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:  # noqa: ANN401 - DBAPI connection
        connection.isolation_level = None  # we say BEGIN ourselves: pysqlite would defer it
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "busy_timeout=30000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's event is untyped
        write = connection.get_execution_options().get("begin_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
