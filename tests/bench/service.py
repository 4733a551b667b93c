"""The distributed profile under measurement: gunicorn, a worker, PostgreSQL, Redis and SMTP on loopback."""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from celery import Celery
from redis import Redis
from sqlalchemy import func, select, text, update

from tests.bench import office
from tests.bench.figures import Figure, at_most, percentile
from tests.servers import HOST, free_port, postgres, redis, until
from workers.fleet import Fleet
from workflow import commands
from workflow.clock import system_clock
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Job
from workflow.people import create_token, find_user
from workflow.samples import sample
from workflow.settings import Settings

SUBMISSIONS, CALLERS, DECISIONS, DUTIES, WARM = 240, 4, 40, 400, 12
PATIENCE = 60.0
GUNICORN = [
    "-m",
    "gunicorn",
    "--no-control-socket",
    "--worker-class",
    "gthread",
    "--workers",
    "2",
    "--threads",
    "4",
]
KEYS = count()


class Postbox:
    """An SMTP server that remembers when each mail was accepted."""

    def __init__(self) -> None:
        self.accepted: list[float] = []
        self._arrived = threading.Condition()

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        with self._arrived:
            self.accepted.append(time.perf_counter())
            self._arrived.notify_all()
        return "250 OK"

    def wait_for(self, number: int) -> float:
        """The moment at which the mail of this number was accepted."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.accepted) >= number, PATIENCE):
                raise TimeoutError(f"mail {number} never came")
            return self.accepted[number - 1]


def measure() -> Iterator[Figure]:
    with postgres() as server, redis() as broker, tempfile.TemporaryDirectory() as folder:
        box, port = Postbox(), free_port()
        controller = Controller(box, hostname=HOST, port=port)
        controller.start()
        try:
            settings = Settings(
                var=Path(folder),
                secret_key="t" * 40,
                database_url=server.replace("postgresql://", "postgresql+psycopg://"),
                broker_url=broker,
                smtp_url=f"smtp://{HOST}:{port}",
            )
            yield from _measure(settings, box)
        finally:
            controller.stop()


def _measure(settings: Settings, box: Postbox) -> Iterator[Figure]:
    database = Database(settings.database)
    office.furnish(database)
    with database.write() as session:
        session.execute(text("CREATE TABLE floor (id bigserial PRIMARY KEY, body text)"))
        user = find_user(session, office.PROPOSER)
        if user is None:
            raise LookupError(office.PROPOSER)
        token = create_token(session, system_clock(), user, ("read", "write"))
    yield from _submissions(settings, database, token)
    yield from _throughput(settings, database)
    yield from _latency(settings, database, box, token)
    database.dispose()


def _submissions(settings: Settings, database: Database, token: str) -> Iterator[Figure]:
    numbers = office.complete_drafts(database, SUBMISSIONS + WARM)
    document = json.dumps({"form": sample("innovation_proposal")})
    with _gunicorn("tests.bench.floors:make_web()", settings) as port:
        floor = _load(port, ["/"] * len(numbers), document, token)
    with _gunicorn("web.wsgi:app", settings) as port:
        paths = [f"/api/v1/proposals/{number}/transitions/propose" for number in numbers]
        ours = _load(port, paths, document, token)
    ratio = floor.seconds / ours.seconds
    yield Figure("submit by API, share of a bare INSERT's rate", f"{ratio:.2f}", "≥ 0.5", ratio >= 0.5)
    slower = percentile(ours.times, 0.99) / percentile(floor.times, 0.99)
    yield Figure("submit by API, p99 over a bare INSERT's p99", f"{slower:.1f} ×", "≤ 5 ×", slower <= 5)


class _Load:
    """The seconds a load took, and the milliseconds of each request."""

    def __init__(self, seconds: float, times: list[float]) -> None:
        self.seconds, self.times = seconds, times


def _load(port: int, paths: list[str], document: str, token: str) -> _Load:
    lines = threading.local()

    def post(path: str) -> float:
        if not hasattr(lines, "open"):
            lines.open = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
        return _post(lines.open, path, document, token)

    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(post, paths[:WARM]))
        before = time.perf_counter()
        times = list(pool.map(post, paths[WARM:]))
        return _Load(time.perf_counter() - before, times)


def _post(line: http.client.HTTPConnection, path: str, document: str, token: str) -> float:
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Idempotency-Key": f"k{next(KEYS)}",
        "If-Match": "*",
    }
    before = time.perf_counter()
    line.request("POST", path, document, headers)
    answer = line.getresponse()
    body = answer.read()
    if answer.status >= http.client.BAD_REQUEST:
        raise AssertionError(body.decode())
    return (time.perf_counter() - before) * 1000


def _throughput(settings: Settings, database: Database) -> Iterator[Figure]:
    """Duties waiting in rows against as many empty tasks waiting in the broker, one process each."""
    silent = replace(settings, smtp_url="")
    floor_app = Celery("floor", broker=settings.broker_url)
    for number in range(DUTIES):
        floor_app.send_task("tests.bench.floors.nothing", args=[number], queue="celery")
    with Redis.from_url(settings.broker_url) as line:
        floor = _drain(lambda: _queued(line), lambda: _celery(silent, "tests.bench.floors:celery"))
    with database.write() as session:
        session.execute(update(Job).values(done_at=system_clock()))
    _submit_all(database, office.complete_drafts(database, DUTIES))  # nobody rings: the relay finds the rows
    ours = _drain(lambda: _owed(database), lambda: _celery(silent, "workers.app"))
    ratio = floor / ours
    value = f"{ratio:.2f} ({DUTIES / ours:,.0f} of {DUTIES / floor:,.0f} /s)"
    yield Figure("duties of one worker, share of empty tasks' rate", value, "≥ 0.5", ratio >= 0.5)


def _queued(line: Redis) -> int:
    """Messages that nobody has taken, and those taken but not yet done."""
    waiting, taken = line.llen("celery"), line.hlen("unacked")
    return int(waiting) + int(taken)


def _latency(settings: Settings, database: Database, box: Postbox, token: str) -> Iterator[Figure]:
    numbers = office.complete_drafts(database, DECISIONS + WARM)
    document = json.dumps({"form": sample("innovation_proposal")})
    fleet = Fleet(settings)
    fleet.start()
    try:
        until(lambda: _owed(database) == 0, PATIENCE)
        times = []
        with _gunicorn("web.wsgi:app", settings) as port:
            line = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
            for number in numbers:
                seen, before = len(box.accepted), time.perf_counter()
                _post(line, f"/api/v1/proposals/{number}/transitions/propose", document, token)
                times.append((box.wait_for(seen + 1) - before) * 1000)
                until(lambda: _owed(database) == 0, PATIENCE)
        yield at_most("decision → mail accepted, p50", percentile(times[WARM:], 0.5), 30)
        yield at_most("decision → mail accepted, p99", percentile(times[WARM:], 0.99), 150)
    finally:
        fleet.stop()


def _submit_all(database: Database, numbers: list[str]) -> None:
    for number in numbers:
        with database.write() as session:
            actor = Actor(find_user(session, office.PROPOSER), system_clock())
            commands.advance(session, actor, number, "propose")


def _drain(left: Callable[[], int], start: Callable[[], subprocess.Popen[bytes]]) -> float:
    """Seconds a fresh worker needs from its first piece of work to its last."""
    waiting = left()
    worker = start()
    try:
        if not until(lambda: left() < waiting, PATIENCE):
            raise TimeoutError("the worker did not begin")
        before = time.perf_counter()
        if not until(lambda: left() == 0, PATIENCE):
            raise TimeoutError(f"{left()} left")
        return time.perf_counter() - before
    finally:
        worker.terminate()
        worker.wait(PATIENCE)


def _owed(database: Database) -> int:
    with database.read() as session:
        open_jobs = (
            select(func.count()).select_from(Job).where(Job.done_at.is_(None), Job.parked_at.is_(None))
        )
        return session.scalar(open_jobs) or 0


@contextmanager
def _gunicorn(target: str, settings: Settings) -> Iterator[int]:
    port = free_port()
    command = [sys.executable, *GUNICORN, "--bind", f"{HOST}:{port}", target]
    process = _started(command, settings)
    try:
        if not until(lambda: _answers(port), PATIENCE):
            raise TimeoutError(f"{target} did not answer")
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _answers(port: int) -> bool:
    line = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
    try:
        line.request("GET", "/healthz")
        return line.getresponse().status in {http.client.OK, http.client.NOT_FOUND}
    except OSError:
        return False
    finally:
        line.close()


def _celery(settings: Settings, app: str) -> subprocess.Popen[bytes]:
    quietly = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    queues = "celery" if "floors" in app else "events,mail,bulk"
    command = [sys.executable, "-m", "celery", "-A", app, "worker", "-c", "1", "-Q", queues, "-l", "ERROR"]
    return _started([*command, *quietly], settings)


def _started(command: list[str], settings: Settings) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **settings.environment()}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
