"""Redis away, empty, full or slow; messages doubled, shuffled, poisoned."""

import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from signal import SIGCONT, SIGSTOP
from typing import Any, cast

from redis import Redis

from tests.faults.scenario import Pace, Scenario
from tests.faults.stand import WORKERS, Distributed
from tests.servers import until

PATIENCE_SECONDS, LEAST_CUTS, FEW = 20.0, 10, 5
QUEUES = ("loncatan:events", "loncatan:mail")
POISON = (b"not json", b"{}", b'{"body": "e30=", "headers": {}, "properties": {}}')


@contextmanager
def client(stand: Distributed) -> Iterator[Any]:
    """Ours, past the wires."""
    with cast("Any", Redis).from_url(stand.redis_url) as opened:
        yield opened


def stopped(stand: Distributed, pace: Pace) -> int:
    stand.redis.stop()
    pace.hold()
    stand.redis.start()
    return 1


def restarted(stand: Distributed, pace: Pace) -> int:
    """Three times, each time empty."""
    for _ in range(3):
        stand.redis.stop()
        stand.redis.start()
        pace.hold(0.3)
    return 3


def frozen(stand: Distributed, pace: Pace) -> int:
    """Takes connections and answers nothing."""
    stand.redis.signal(SIGSTOP)
    pace.hold()
    stand.redis.signal(SIGCONT)
    return 1


def lost_at_ack(stand: Distributed, pace: Pace) -> int:
    """All hands are full when the connections break, and empty before they are mended."""
    wires = [stand.wires[name] for name in WORKERS]
    before = _unheard(stand)
    for wire in wires:
        wire.sql.hang()
    with client(stand) as redis:
        until(lambda: not any(_asks(redis) for _ in range(FEW)), PATIENCE_SECONDS)
    for wire in wires:
        wire.redis.cut()
        wire.sql.mend()
    until(lambda: _unheard(stand) >= before + len(wires), PATIENCE_SECONDS)
    pace.hold(0.5)
    for wire in wires:
        wire.redis.mend()
    return _unheard(stand) - before


def _asks(redis: Any) -> bool:  # noqa: ANN401 - redis-py's clients are untyped
    """Whether a worker waits for a message, after a moment in which one with a free hand asks anew."""
    time.sleep(0.1)
    return any("b" in connection["flags"] for connection in redis.client_list())


def _unheard(stand: Distributed) -> int:
    return sum(stand.log(name).count("Couldn't ack") for name in WORKERS)


def slow(stand: Distributed, pace: Pace) -> int:
    """Every exchange with Redis takes a second longer."""
    wires = [wires.redis for wires in stand.wires.values()]
    for wire in wires:
        wire.delay = 1.0
    pace.hold(2.0)
    for wire in wires:
        wire.mend()
    return len(wires)


def flushed(stand: Distributed, pace: Pace) -> int:
    """FLUSHALL while messages are on their way."""
    flushes = 5
    with client(stand) as redis:
        for _ in range(flushes):
            redis.flushall()
            pace.hold(0.2)
    return flushes


def full(stand: Distributed, pace: Pace) -> int:
    """No memory left: Redis refuses every write."""
    with client(stand) as redis:
        redis.config_set("maxmemory", "1")
        pace.hold()
        refused = int(redis.info("errorstats").get("errorstat_OOM", {}).get("count", 0))
        redis.config_set("maxmemory", "0")
    return refused


def cut_off(stand: Distributed, pace: Pace) -> int:
    """All connections to Redis broken, until ten were."""
    cuts = 0
    with client(stand) as redis:
        ends_at = time.monotonic() + PATIENCE_SECONDS
        while cuts < LEAST_CUTS and time.monotonic() < ends_at:
            cuts += redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            pace.hold(0.2)
    return cuts


def doubled_and_shuffled(stand: Distributed, pace: Pace) -> int:
    """What has piled up before frozen workers comes twice, in any order."""
    for name in WORKERS:
        stand.role(name).signal(SIGSTOP)
    doubled = 0
    with client(stand) as redis:
        until(lambda: redis.llen(QUEUES[0]) > 0, PATIENCE_SECONDS)
        pace.hold()
        for queue in QUEUES:
            messages = redis.lrange(queue, 0, -1)
            doubled += len(messages)
            twice = [*messages, *messages]
            random.Random(1).shuffle(twice)  # noqa: S311 - an order, not a secret
            if twice:
                redis.pipeline().delete(queue).rpush(queue, *twice).execute()
    for name in WORKERS:
        stand.role(name).signal(SIGCONT)
    return doubled


def poison(stand: Distributed, pace: Pace) -> int:
    """Bytes that are no message, and messages that are no task of ours."""
    with client(stand) as redis:
        for queue in QUEUES:
            for message in (*POISON, _unknown_task("workers.tasks.nonesuch"), _unknown_task("os.system")):
                redis.lpush(queue, message)
                pace.hold(0.1)
    return (len(POISON) + 2) * len(QUEUES)


def _unknown_task(name: str) -> bytes:
    body = [[1], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
    properties = {
        "correlation_id": "1",
        "delivery_mode": 2,
        "delivery_info": {"exchange": "", "routing_key": "events"},
        "priority": 0,
        "body_encoding": None,
        "delivery_tag": f"poison-{random.random()}",  # noqa: S311
    }
    return json.dumps(
        {
            "body": json.dumps(body),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {
                "lang": "py",
                "task": name,
                "id": "1",
                "root_id": "1",
                "argsrepr": "",
                "kwargsrepr": "",
            },
            "properties": properties,
        }
    ).encode()


SCENARIOS = [
    Scenario("messages-twice", "every waiting message twice and in any order", doubled_and_shuffled),
    Scenario("redis-cut", "CLIENT KILL of all connections, again and again", cut_off),
    Scenario("redis-lost-at-ack", "connections to Redis break while every hand is full", lost_at_ack),
    Scenario("redis-flushall", "FLUSHALL five times", flushed),
    Scenario("redis-slow", "every exchange with Redis a second late", slow),
    Scenario("redis-frozen", "SIGSTOP of Redis", frozen),
    Scenario("redis-full", "maxmemory reached, noeviction", full),
    Scenario("redis-restarted", "Redis shot and back, empty, three times", restarted),
    Scenario("redis-stopped", "Redis shot and away", stopped),
    Scenario("poison", "bytes that are no message, tasks that nobody knows", poison),
]
