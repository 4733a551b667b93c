"""Workers in threads over a real Redis: two in one process do not disturb each other, and end in silence."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.servers import redis, until
from workers.app import make_app
from workers.config import MAIL, WEBHOOKS
from workers.office import Office
from workers.threads import ThreadWorker
from workflow.db import Database
from workflow.settings import Settings

ROUNDS = 40


@pytest.fixture
def office(settings: Settings, database: Database) -> Iterator[Office]:
    with redis() as url:
        yield Office(replace(settings, broker_url=url), database, lambda: datetime.now(UTC))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_two_in_one_process_hear_everything_and_end_in_silence(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """Kombu's event loop is one per process: on it the two would read each other's answers."""
    heard: list[str] = []
    ended = threading.Event()
    apps = {queue: make_app(office.settings, office) for queue in (MAIL, WEBHOOKS)}

    def hear(queue: str) -> None:
        heard.append(queue)

    for app in apps.values():
        app.task(name="hear")(hear)
    workers = [ThreadWorker(app, [queue], 2, ended=ended.set) for queue, app in apps.items()]
    with caplog.at_level(logging.WARNING):
        for worker in workers:
            worker.start()
        for _round in range(ROUNDS):
            for queue, app in apps.items():
                app.send_task("hear", [queue], queue=queue)
        assert until(lambda: len(heard) == 2 * ROUNDS, 30)
        alive = not ended.is_set()
        for worker in workers:
            worker.stop()
        assert until(ended.is_set, 10)

    assert alive
    assert heard.count(MAIL) == heard.count(WEBHOOKS) == ROUNDS
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.CRITICAL] == []
