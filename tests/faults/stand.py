"""The stand: the whole distributed profile as processes on loopback, each behind wires of its own."""

import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kombu.exceptions
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError, OperationalError

from tests.conftest import CAST
from tests.faults import servers
from tests.faults.postbox import Postbox
from tests.faults.processes import Role, Supervisor, Undertaker
from tests.faults.shift import build_shift
from tests.faults.wire import Exchange, Wire
from tests.servers import HOST, ServerFailed, free_port, until
from workers.app import make_app
from workers.bell import publish
from workers.jobs import LEASE
from workers.office import Office
from workers.relay import Relay
from workflow import commands, migrations
from workflow.clock import system_clock
from workflow.db import Database
from workflow.errors import Refused
from workflow.ledger import Actor
from workflow.models import Case, Cohort, Deadline, Email, Event, Job
from workflow.people import create_token, create_user, find_user
from workflow.reference.load import load_agencies
from workflow.settings import Settings

OK = 200
READY_SECONDS = 180.0
WORKERS, BEATS = ("worker1", "worker2"), ("beat1", "beat2")
ROLES = ("web", *WORKERS, *BEATS)
REMINDED = ("pkp_proposal.mentor_review", "pkp_proposal.revision")
GUNICORN = [
    "--worker-class",
    "gthread",
    "--workers",
    "2",
    "--threads",
    "4",
    "--no-control-socket",
    "--preload",
]
"""As in production, but that both processes share one import of the application."""
CELERY = [sys.executable, "-m", "celery", "-A", "workers.app"]
WORKER = ["-Q", "events,mail,bulk", "--concurrency", "2", "-l", "INFO"]
QUIETLY = ["--without-gossip", "--without-mingle", "--without-heartbeat"]


@dataclass
class Wires:
    """The three connections of one role."""

    sql: Wire
    redis: Wire
    smtp: Wire

    def named(self, name: str) -> Wire:
        return {"sql": self.sql, "redis": self.redis, "smtp": self.smtp}[name]


@dataclass
class Stand:
    """A running system, and what load and verdict need of it."""

    folder: Path
    disk: Path
    small_disk: bool
    """Whether `disk` is a file system of its own that can be filled up."""
    database: Database
    settings: Settings
    postbox: Postbox
    supervisor: Supervisor
    web_ports: list[int]
    """A case is worked on through one of these."""
    web_host: str = HOST
    tokens: dict[str, str] = field(default_factory=dict)

    def kill(self, *names: str) -> None:
        """Shoot these roles with SIGKILL, children and all; they are started again at once."""
        for name in names:
            self.supervisor.kill(name)

    def role(self, name: str) -> Role:
        return self.supervisor.roles[name]

    def children(self, name: str, words: str = "") -> list[int]:
        """The ids of the processes a role has started, of those whose command line has these words."""
        process = self.role(name).process
        listed = subprocess.run(
            ["ps", "-axo", "pid=,ppid=,args="], check=True, capture_output=True, text=True
        )
        rows = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
        mine = [row for row in rows if process is not None and int(row[1]) == process.pid]
        return [int(pid) for pid, _, arguments in mine if words in arguments]

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def ready(self) -> bool:
        """Whether the web answers that it is."""
        try:
            with urllib.request.urlopen(
                f"http://{self.web_host}:{self.web_ports[-1]}/readyz", timeout=2
            ) as answer:
                return bool(answer.status == OK)
        except OSError:
            return False

    def assign_reviewers(self, number: str) -> None:
        """As the coordinator on the people page; asks again until the database has answered."""
        for name in ("rudi", "sri", "tono"):
            until(lambda name=name: self._assigned(number, name), READY_SECONDS)  # type: ignore[misc]

    def _assigned(self, number: str, name: str) -> bool:
        try:
            with self.database.write() as session:
                who = Actor(find_user(session, "endah@contoh.invalid"), system_clock())
                commands.assign_reviewer(session, who, number, f"{name}@contoh.invalid")
        except Refused:  # an earlier try has committed
            return True
        except DBAPIError:
            return False
        return True

    def owed(self, numbers: list[str], before: datetime | None = None) -> int:
        """How many duties towards these cases are neither done nor held for a person."""
        cases = select(Case.id).where(Case.number.in_(numbers))
        mine = select(Event.id).where(Event.case_id.in_(cases))
        open_, total = (Deadline.fired_at.is_(None), Deadline.cancelled_at.is_(None)), 0
        now = system_clock()
        with self.database.read() as session:
            due = select(func.count()).where(Deadline.case_id.in_(cases), *open_, Deadline.at <= now)
            total += session.scalar(due) or 0
            for kind in (Job, Email):
                query = select(func.count()).where(
                    kind.event_id.in_(mine), kind.done_at.is_(None), kind.parked_at.is_(None)
                )
                if kind is Email:
                    query = query.where(Email.unknown_at.is_(None))
                if before is not None:
                    query = query.where(kind.created_at < before)
                total += session.scalar(query) or 0
        return total

    def expire_reminders(self, since: timedelta = timedelta()) -> int:
        """Let the reminders of everybody who holds a case now have fallen due some time ago; how many."""
        now = system_clock()
        with self.database.write() as session:
            rows = session.scalars(
                update(Deadline)
                .where(Deadline.fired_at.is_(None), Deadline.cancelled_at.is_(None), Deadline.at > now)
                .where(Deadline.kind.startswith("remind"), Deadline.state.in_(REMINDED))
                .values(at=now - since)
                .returning(Deadline.id)
            )
            return len(list(rows))

    def age(self) -> None:
        """Let back-offs end now, and the leases of those who died more than three seconds ago."""
        now = system_clock()
        old = now + LEASE - timedelta(seconds=3)
        with self.database.write() as session:
            for kind in (Job, Email):
                waits = (kind.done_at.is_(None), kind.parked_at.is_(None), kind.attempts > 0)
                backed_off = update(kind).where(*waits, kind.leased_until.is_(None), kind.due_at > now)
                session.execute(backed_off.values(due_at=now))
                left = update(kind).where(*waits, kind.leased_until.between(now, old))
                session.execute(left.values(leased_until=now - timedelta(seconds=1)))


@dataclass
class Distributed(Stand):
    """The distributed profile, and the handles by which a scenario breaks it."""

    postgres: servers.Server = field(kw_only=True)
    redis: servers.Server = field(kw_only=True)
    redis_url: str = field(kw_only=True)
    exchange: Exchange = field(kw_only=True)
    shift: Path | None = field(default=None, kw_only=True)
    """The library that shifts the clocks of processes, where it could be built."""
    wires: dict[str, Wires] = field(default_factory=dict)

    def age(self) -> None:
        super().age()
        with suppress(OperationalError, kombu.exceptions.OperationalError):
            self.announce()

    def announce(self) -> None:
        """A look by a relay that remembers nothing, so that no announcement has to be waited for."""
        app = make_app(self.settings)
        Relay(Office(self.settings, self.database, system_clock), partial(publish, app)).look_once()

    def shift_clock(self, name: str, seconds: int) -> None:
        """In place: a process that has the file mapped dies of a moment in which it is empty."""
        clock = os.open(self.folder / f"{name}.clock", os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.pwrite(clock, seconds.to_bytes(8, sys.byteorder, signed=True), 0)
        finally:
            os.close(clock)

    def connect(self, name: str) -> dict[str, str]:
        """The environment of a role behind three new wires."""
        redis, sql = urlsplit(self.redis_url), urlsplit(self.settings.database_url)
        self.wires[name] = wires = Wires(
            Wire(self.exchange, (HOST, sql.port or 0), sql=True),
            Wire(self.exchange, (HOST, redis.port or 0)),
            Wire(self.exchange, (HOST, self.postbox.port)),
        )
        environment = {
            **self.settings.environment(),
            "DATABASE_URL": f"postgresql://postgres@{HOST}:{wires.sql.port}/postgres",
            "BROKER_URL": f"redis://{HOST}:{wires.redis.port}/0",
            "SMTP_URL": f"smtp://{HOST}:{wires.smtp.port}",
        }
        if self.shift:
            self.shift_clock(name, 0)
            environment |= {"LD_PRELOAD": str(self.shift), "FAULTS_CLOCK": str(self.folder / f"{name}.clock")}
        return environment

    def hire(self, name: str, *, cwd: Path | None = None) -> Role:
        """Start a role by its name, web…, worker…, beat…, from the source tree at `cwd`."""
        environment = self.connect(name)
        prefix, host = self.place(name)
        if name.startswith("web"):
            port = self.settings.port if name == "web" else free_port()
            environment["PORT"] = str(port)
            self.web_ports = [p for p in self.web_ports if p != port] + [port]
            command = [
                sys.executable,
                "-m",
                "gunicorn",
                *GUNICORN,
                "--bind",
                f"{host}:{port}",
                "web.wsgi:app",
            ]
        elif name.startswith("worker"):
            command = [*CELERY, "worker", "-n", f"{name}@stand", *WORKER, *QUIETLY]
        else:
            command = [*CELERY, "beat", "-l", "INFO"]
        log = self.folder / f"{name}.log"
        return self.supervisor.add(Role(name, [*prefix, *command], environment, log, cwd))

    def place(self, _name: str) -> tuple[list[str], str]:
        """What a role's command begins with, and the address it listens on."""
        return [], HOST

    def working(self, name: str) -> bool:
        """Whether a worker has said that it is ready since it was started last."""
        return self.role(name).has_said("worker ready")


@contextmanager
def distributed(logs: Path | None = None) -> Iterator[Distributed]:
    """Everything up and ready; everything gone afterwards but the logs, where a place is named for them."""
    with ExitStack() as stack:
        made = Distributed(**parts(stack, logs))
        start(made)
        yield made
        made.supervisor.close()  # before the wires that the processes talk through


def parts(stack: ExitStack, logs: Path | None, host: str = HOST) -> dict[str, Any]:
    """What a distributed stand is made of: servers that listen on `host` too, and nothing running on them."""
    folder = logs or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="loncatan-stand-")))
    folder.mkdir(parents=True, exist_ok=True)
    disk, small = stack.enter_context(servers.room())
    redis_room, _ = stack.enter_context(servers.room())
    postgres, sql_url = stack.enter_context(servers.postgres(disk, host))
    redis, redis_url = stack.enter_context(servers.redis(redis_room, host))
    postbox = stack.enter_context(mail_server(host))
    port = free_port()
    settings = Settings(
        var=folder, database_url=sql_url, broker_url=redis_url, secret_key="k" * 40, port=port
    )
    return {
        "folder": folder,
        "disk": disk,
        "small_disk": small,
        "database": stack.enter_context(opened(settings.database)),
        "settings": settings,
        "postbox": postbox,
        "exchange": stack.enter_context(closing(Exchange())),
        "supervisor": stack.enter_context(supervised()),
        "web_ports": [port],
        "postgres": postgres,
        "redis": redis,
        "redis_url": redis_url,
        "shift": build_shift(folder),
    }


def start(made: Distributed, roles: Iterable[str] = ROLES) -> None:
    """Tables, people, and all processes until they are ready. Raises ServerFailed.

    The processes come first: they take longest, and must outlive a database without tables.
    """
    workers = [made.hire(name).name for name in roles if name.startswith("worker")]
    for name in roles:
        if name not in workers:
            made.hire(name)
    furnish(made)
    if not until(lambda: made.ready() and all(map(made.working, workers)), READY_SECONDS):
        raise ServerFailed("\n".join(made.log(name)[-1500:] for name in roles))


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.dispose()


@contextmanager
def mail_server(host: str = HOST) -> Iterator[Postbox]:
    postbox = Postbox()
    postbox.open(host)
    try:
        yield postbox
    finally:
        postbox.close()


@contextmanager
def supervised() -> Iterator[Supervisor]:
    with closing(Undertaker()) as undertaker, closing(Supervisor(undertaker)) as supervisor:
        yield supervisor


def furnish(made: Stand) -> None:
    """Tables, agencies, people and their tokens."""
    migrations.upgrade(made.database)
    now = system_clock()
    with made.database.write() as session:
        load_agencies(session)
        session.add(Cohort(code="pkp-iv-2022", name="PKP Angkatan IV 2022", year=2022))
        for name, (agency, roles, head) in CAST.items():
            user = create_user(
                session,
                now,
                email=f"{name}@contoh.invalid",
                name=name.title(),
                agency=agency,
                roles=roles,
                heads_agency=head,
            )
            made.tokens[name] = create_token(session, now, user)
