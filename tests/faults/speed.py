"""How fast the system stays while parts of it are down, and how much more several workers do."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from statistics import quantiles

from sqlalchemy import func, select

from tests.faults.ledger import Command, Ledger
from tests.faults.load import AGENCY, COHORT, Officer
from tests.faults.stand import BEATS, READY_SECONDS, Distributed, parts, start
from tests.servers import HOST, Hang, until
from workflow import commands
from workflow.clock import system_clock
from workflow.ledger import Actor
from workflow.models import Email, Job
from workflow.people import find_user
from workflow.samples import sample

ROUNDS, SUBMISSIONS, BACKLOG = 4, 50, 300
ALLOWED = 2.0
WORKERS = (1, 2, 4)
SLOW_SERVER_SECONDS = 0.25
COVER = {
    "title": "Layanan uji kecepatan",
    "category": "digital",
    "agency": AGENCY,
    "cohort": COHORT,
    "mentor": "budi@contoh.invalid",
}


@dataclass
class Figure:
    """One measured line; `limit` is what its ratio to normal may be at most."""

    name: str
    p50: float
    p99: float
    ratio: float | None = None
    limit: float | None = None

    @property
    def sound(self) -> bool:
        return self.limit is None or self.ratio is None or self.ratio <= self.limit


class Direct(Distributed):
    """The distributed profile without wires, which would cost time of their own."""

    def connect(self, _name: str) -> dict[str, str]:
        return {**self.settings.environment(), "SMTP_URL": f"smtp://{HOST}:{self.postbox.port}"}


@contextmanager
def direct(logs: Path | None = None) -> Iterator[Direct]:
    with ExitStack() as stack:
        made = Direct(**parts(stack, logs))
        start(made, ("web", "worker1", *BEATS))
        yield made
        made.supervisor.close()


def measure(stand: Direct, say: Callable[[str], None], share: float = 1.0) -> list[Figure]:
    """Submissions in normal times and with Redis or SMTP away, interleaved; then workers by number."""
    figures = _submissions(stand, round(SUBMISSIONS * share))
    for figure in figures:
        say(f"submit, {figure.name:<16} p50 {figure.p50:7.1f} ms   p99 {figure.p99:7.1f} ms" + _ratio(figure))
    backlog = round(BACKLOG * share)
    _scaling(stand, backlog, (Job, Email), "duties/s", say)
    stand.postbox.fault = Hang(SLOW_SERVER_SECONDS)
    try:
        _scaling(stand, backlog, (Email,), f"mails/s, each {SLOW_SERVER_SECONDS} s at the server", say)
    finally:
        stand.postbox.fault = None
    return figures


def _scaling(
    stand: Direct, backlog: int, kinds: Sequence[type[Job | Email]], unit: str, say: Callable[[str], None]
) -> None:
    """What 1, 2 and 4 workers do of the same backlog. Duties need a core each; mails mostly wait."""
    first = 0.0
    for count in WORKERS:
        rate = _throughput(stand, count, backlog, kinds)
        first = first or rate
        say(f"{count} workers (2 processes each) {rate:7.1f} {unit}   {rate / first:4.2f} × one")


def _ratio(figure: Figure) -> str:
    return "" if figure.ratio is None else f"   {figure.ratio:4.2f} × normal (at most {figure.limit})"


def _submissions(stand: Direct, count: int) -> list[Figure]:
    taken: dict[str, list[float]] = {name: [] for name in CONDITIONS}
    _submit(stand, count)  # what is slow only once
    for _ in range(ROUNDS):
        for name, condition in CONDITIONS.items():
            with condition(stand):
                taken[name] += _submit(stand, count)
    normal = quantiles(taken["normal"], n=100)
    figures = [Figure("normal", normal[49], normal[98])]
    for name, times in list(taken.items())[1:]:
        cuts = quantiles(times, n=100)
        figures.append(Figure(name, cuts[49], cuts[98], cuts[98] / normal[98], ALLOWED))
    return figures


def _submit(stand: Direct, count: int) -> list[float]:
    """Milliseconds of each submission, one after the other, through the API."""
    ledger = Ledger()
    officer = Officer(stand, ledger)
    for turn in range(count):
        begun = Command("", "case.created", {}, time.monotonic())
        answer = officer.command("ani", "/proposals", COVER, "", begun)
        number = answer.body["number"]
        ledger.latencies.clear() if turn == 0 else ledger.latencies.pop()
        step = Command(number, "submit", {}, time.monotonic())
        form = {"form": sample("change_plan", turn % 20)}
        officer.command("ani", f"/proposals/{number}/transitions/submit", form, answer.etag, step)
    officer.hang_up()
    return [seconds * 1000 for seconds in ledger.latencies]


@contextmanager
def _normal(_stand: Direct) -> Iterator[None]:
    yield


@contextmanager
def _redis_stopped(stand: Direct) -> Iterator[None]:
    stand.redis.stop()
    try:
        yield
    finally:
        stand.redis.start()


@contextmanager
def _redis_hanging(stand: Direct) -> Iterator[None]:
    stand.redis.signal(SIGSTOP)
    try:
        yield
    finally:
        stand.redis.signal(SIGCONT)


@contextmanager
def _smtp_hanging(stand: Direct) -> Iterator[None]:
    stand.postbox.fault = Hang(60)
    try:
        yield
    finally:
        stand.postbox.fault = None


CONDITIONS: dict[str, Callable[[Direct], AbstractContextManager[None]]] = {
    "normal": _normal,
    "Redis stopped": _redis_stopped,
    "Redis hanging": _redis_hanging,
    "SMTP hanging": _smtp_hanging,
}


def _throughput(stand: Direct, count: int, backlog: int, kinds: Sequence[type[Job | Email]]) -> float:
    """Rows of these kinds done per second by so many workers, of a backlog that lay ready."""
    for name in [name for name in stand.supervisor.roles if name.startswith("worker")]:
        stand.supervisor.remove(name)
        (stand.folder / f"{name}.log").unlink()
    names = [stand.hire(f"worker{n + 1}").name for n in range(count)]
    until(lambda: all(map(stand.working, names)) and not _open(stand), READY_SECONDS)
    for name in names:
        stand.role(name).signal(SIGSTOP)
    before = system_clock()
    for turn in range(backlog):
        _owe(stand, turn)
    for name in names:
        stand.role(name).signal(SIGCONT)
    until(lambda: not _open(stand), READY_SECONDS)
    done: list[datetime] = []
    with stand.database.read() as session:
        for kind in kinds:
            query = select(kind.done_at).where(kind.created_at >= before, kind.done_at.is_not(None))
            done += [moment for moment in session.scalars(query) if moment is not None]
    return len(done) / (max(done) - min(done)).total_seconds()


def _owe(stand: Direct, turn: int) -> None:
    with stand.database.write() as session:
        actor = Actor(find_user(session, "ani@contoh.invalid"), system_clock())
        case = commands.start(session, actor, COVER)
        commands.advance(session, actor, case.number, "submit", form=sample("change_plan", turn % 20))


def _open(stand: Direct) -> int:
    time.sleep(0.2)
    with stand.database.read() as session:
        jobs = session.scalar(select(func.count()).where(Job.done_at.is_(None)))
        mails = select(func.count()).where(Email.done_at.is_(None), Email.unknown_at.is_(None))
        return (jobs or 0) + (session.scalar(mails) or 0)
