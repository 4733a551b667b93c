"""The stand: the whole distributed profile as processes on loopback, each behind wires of its own."""

import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import kombu.exceptions
import psutil
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError, OperationalError

from tests.conftest import CAST
from tests.faults import servers
from tests.faults.postbox import Postbox
from tests.faults.processes import Role, Supervisor, Undertaker
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
from workflow.models import Case, Cohort, Email, Event, Job
from workflow.people import create_token, create_user, find_user
from workflow.reference.load import load_agencies
from workflow.settings import Settings

READY_SECONDS = 60.0
WORKERS, BEATS = ("worker1", "worker2"), ("beat1", "beat2")
GUNICORN = ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-control-socket"]
CELERY = [sys.executable, "-m", "celery", "-A", "workers.app"]
WORKER = ["-Q", "events,mail,bulk", "--concurrency", "2", "-l", "INFO"]
QUIETLY = ["--without-gossip", "--without-mingle", "--without-heartbeat"]


@dataclass
class Wires:
    """The three connections of one role."""

    sql: Wire
    redis: Wire
    smtp: Wire

    @property
    def all(self) -> tuple[Wire, ...]:
        return self.sql, self.redis, self.smtp


@dataclass
class Stand:
    """A running system, and the handles by which a scenario breaks it."""

    folder: Path
    disk: Path
    small_disk: bool
    database: Database
    postgres: servers.Server
    redis: servers.Server
    redis_url: str
    settings: Settings
    postbox: Postbox
    supervisor: Supervisor
    exchange: Exchange
    web_port: int
    web_host: str = HOST
    wires: dict[str, Wires] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    ageing: bool = False
    """Whether leases and back-offs are aged by SQL instead of waited for."""

    def role(self, name: str) -> Role:
        return self.supervisor.roles[name]

    def kill(self, *names: str) -> None:
        """kill -9 of these roles with all their children; they are started again at once."""
        for name in names:
            self.supervisor.kill(name)

    def children(self, name: str, words: str = "") -> list[psutil.Process]:
        """The processes a role has started, of those whose command line has these words."""
        process = self.role(name).process
        if process is None:
            return []
        found = []
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.Error):
                if words in " ".join(child.cmdline()):
                    found.append(child)
        return found

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
        mine = select(Event.id).join(Case, Case.id == Event.case_id).where(Case.number.in_(numbers))
        total = 0
        with self.database.read() as session:
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

    def age(self) -> None:
        """Let back-offs end now, and the leases of those who died more than three seconds ago."""
        now = datetime.now(UTC)
        old = now + LEASE - timedelta(seconds=3)
        with self.database.write() as session:
            for kind in (Job, Email):
                waits = (kind.done_at.is_(None), kind.parked_at.is_(None), kind.attempts > 0)
                session.execute(
                    update(kind).where(*waits, kind.leased_until.is_(None), kind.due_at > now).values(due_at=now)
                )
                session.execute(
                    update(kind)
                    .where(*waits, kind.leased_until.between(now, old))
                    .values(leased_until=now - timedelta(seconds=1))
                )

        self.announce()

    def announce(self) -> None:
        """A look by a relay that remembers nothing, so that no announcement has to be waited for."""
        with suppress(OperationalError, kombu.exceptions.OperationalError):
            app = make_app(self.settings)
            Relay(Office(self.settings, self.database, system_clock), partial(publish, app)).look_once()

    def ready(self) -> bool:
        """Whether the web answers that it is."""
        try:
            with urllib.request.urlopen(f"http://{self.web_host}:{self.web_port}/readyz", timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def connect(self, name: str) -> dict[str, str]:
        """The environment of a role behind three new wires."""
        redis, sql = urlsplit(self.redis_url), urlsplit(self.settings.database_url)
        self.wires[name] = wires = Wires(
            Wire(self.exchange, (HOST, sql.port or 0), sql=True),
            Wire(self.exchange, (HOST, redis.port or 0)),
            Wire(self.exchange, (HOST, self.postbox.port)),
        )
        return {
            **self.settings.environment(),
            "DATABASE_URL": f"postgresql://postgres@{HOST}:{wires.sql.port}/postgres",
            "BROKER_URL": f"redis://{HOST}:{wires.redis.port}/0",
            "SMTP_URL": f"smtp://{HOST}:{wires.smtp.port}",
        }

    def hire(self, name: str, *, cwd: Path | None = None, extra: dict[str, str] | None = None) -> Role:
        """Start a role by its name: web…, worker…, beat…."""
        environment = {**self.connect(name), **(extra or {})}
        if name.startswith("web"):
            port = self.web_port if name == "web" else free_port()
            bind = ["--bind", f"{HOST}:{port}"]
            command = [sys.executable, "-m", "gunicorn", *GUNICORN, *bind, "web.wsgi:app"]
            environment["PORT"] = str(port)
        elif name.startswith("worker"):
            command = [*CELERY, "worker", "-n", f"{name}@stand", *WORKER, *QUIETLY]
        else:
            command = [*CELERY, "beat", "-l", "INFO"]
        log = self.folder / f"{name}.log"
        return self.supervisor.add(Role(name, command, environment, log, cwd))


@contextmanager
def stand(logs: Path | None = None) -> Iterator[Stand]:
    """Everything up and ready; everything gone afterwards but the logs, where a place is named for them."""
    with ExitStack() as stack:
        folder = logs or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="loncatan-stand-")))
        folder.mkdir(parents=True, exist_ok=True)
        disk, small = stack.enter_context(servers.room())
        redis_room, _ = stack.enter_context(servers.room())
        postgres, sql_url = stack.enter_context(servers.postgres(disk))
        redis, redis_url = stack.enter_context(servers.redis(redis_room))
        postbox = Postbox()
        postbox.open()
        stack.callback(postbox.close)
        exchange = Exchange()
        stack.callback(exchange.close)
        undertaker = Undertaker()
        stack.callback(undertaker.close)
        supervisor = Supervisor(undertaker)
        stack.callback(supervisor.close)
        port = free_port()
        settings = Settings(var=folder, database_url=sql_url, broker_url=redis_url, secret_key="k" * 40, port=port)
        database = Database(settings.database)
        stack.callback(database.dispose)
        made = Stand(
            folder, disk, small, database, postgres, redis, redis_url, settings, postbox, supervisor, exchange, port
        )
        _furnish(made)
        for name in ("web", *WORKERS, *BEATS):
            made.hire(name)
        if not until(lambda: _all_ready(made), READY_SECONDS):
            raise ServerFailed("\n".join(made.log(name)[-1500:] for name in supervisor.roles))
        yield made


def _all_ready(made: Stand) -> bool:
    return made.ready() and all(" ready." in made.log(name) for name in WORKERS)


def _furnish(made: Stand) -> None:
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
