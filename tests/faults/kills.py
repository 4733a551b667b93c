"""kill -9 at named points. A point is a pattern on a wire: whoever waits for its answer is shot there."""

import os
from signal import SIGKILL

from tests.faults.scenario import Pace, Scenario
from tests.faults.stand import BEATS, WORKERS, Distributed
from tests.faults.wire import Wire
from tests.servers import until


def _at(stand: Distributed, name: str, wire: Wire, *patterns: str) -> int:
    """Shoot a role when it comes to a point; 1 if it came."""
    with wire.trapped(*patterns) as trap:
        hit = trap.wait()
        stand.kill(name)
    return int(hit)


def web_before_bell(stand: Distributed, _pace: Pace) -> int:
    hits = _at(stand, "web", stand.wires["web"].redis, "LPUSH")
    until(stand.ready, 30)
    return hits


def web_before_commit(stand: Distributed, _pace: Pace) -> int:
    hits = _at(stand, "web", stand.wires["web"].sql, "INSERT INTO events", "COMMIT")
    until(stand.ready, 30)
    return hits


def worker_before_handler(stand: Distributed, _pace: Pace) -> int:
    return sum(
        _at(
            stand,
            name,
            stand.wires[name].sql,
            "UPDATE jobs SET .*attempts",
            "COMMIT",
            "FROM jobs.* FOR UPDATE",
        )
        for name in WORKERS
    )


def worker_between_effect_and_done(stand: Distributed, _pace: Pace) -> int:
    return sum(
        _at(stand, name, stand.wires[name].sql, "INSERT INTO emails", "UPDATE jobs SET .*done_at")
        for name in WORKERS
    )


def worker_before_mark(stand: Distributed, _pace: Pace) -> int:
    """The mail server has said 250; the mark that it did never reaches the database."""
    return sum(_at(stand, name, stand.wires[name].sql, "UPDATE emails SET .*done_at") for name in WORKERS)


def worker_child(stand: Distributed, _pace: Pace) -> int:
    """Only the process that holds the job, as when memory runs out; the worker itself lives on."""
    hits = 0
    for name in WORKERS:
        with stand.wires[name].sql.trapped("INSERT INTO emails", "UPDATE jobs SET .*done_at") as trap:
            hits += trap.wait()
            for child in stand.children(name, "celery"):
                os.kill(child, SIGKILL)
    return hits


def relay(stand: Distributed, _pace: Pace) -> int:
    """In the middle of its look, at both workers."""
    hits = 0
    for name in WORKERS:
        with stand.wires[name].sql.trapped("FROM jobs.* ORDER BY") as trap:
            trap.wait()
            shot = stand.children(name, "workers.relay")
            for process in shot:
                os.kill(process, SIGKILL)
            hits += len(shot)
    return hits


def beat(stand: Distributed, pace: Pace) -> int:
    """Both beats, while reminders fall due."""
    stand.kill(*BEATS)
    pace.hold()
    return stand.expire_reminders()


UNKNOWN = frozenset({"unknown"})
SCENARIOS = [
    Scenario("web-before-bell", "kill -9 of web: committed, the bell not yet rung", web_before_bell),
    Scenario("web-before-commit", "kill -9 of web: event written, not committed", web_before_commit),
    Scenario(
        "worker-before-handler",
        "kill -9 of a worker: job taken, handler not begun",
        worker_before_handler,
        UNKNOWN,
    ),
    Scenario(
        "worker-before-done",
        "kill -9 of a worker: mails written, job not yet done",
        worker_between_effect_and_done,
        UNKNOWN,
    ),
    Scenario(
        "worker-before-mark",
        "kill -9 of a worker: SMTP said 250, not yet marked",
        worker_before_mark,
        UNKNOWN,
    ),
    Scenario("worker-child", "kill -9 of the worker's child alone, job half done", worker_child, UNKNOWN),
    Scenario("relay", "kill -9 of both relays in the middle of a look", relay),
    Scenario("beat", "kill -9 of both beats", beat),
]
