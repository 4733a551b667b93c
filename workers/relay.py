"""The relay: finds what is due and says so to the broker, again and again, whatever happened before.

Its loop runs on the monotonic clock, so a jump of the wall clock cannot stop it. Several relays are
harmless: a row is taken by compare-and-set when it is worked on, not when it is announced.
"""

import os
import signal
import threading
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from workers.app import make_app
from workers.bell import publish
from workers.config import MAIL, WEBHOOKS
from workers.jobs import hold_unknown, takeable
from workers.office import Office, Publish
from workers.threads import ThreadWorker
from workers.watch import Watch
from workflow import meters
from workflow.db import Owed
from workflow.logs import configure_logging
from workflow.models import Email, Job
from workflow.settings import Settings

PERIOD = 1.0
"""Seconds between two looks; with a dead bell this is how long a duty waits at most."""

BATCH = 500
HUSH = timedelta(seconds=20)
"""A row announced but not yet taken is announced again after this long; the message may be lost."""

MAIL_THREADS, WEBHOOK_THREADS = 4, 2

log = structlog.get_logger()


def due_work(session: Session, now: datetime, limit: int = BATCH) -> list[Owed]:
    """Rows that are due and nobody's, oldest first: ("job" | "email" | "webhook", id).

    Each kind has its own `limit`: a crowd of one keeps none of another waiting.
    """
    jobs = session.scalars(_due(Job, now, limit, Job.webhook_id.is_(None)))
    webhooks = session.scalars(_due(Job, now, limit, Job.webhook_id.is_not(None)))
    emails = session.scalars(_due(Email, now, limit, Email.handed_at.is_(None)))
    return [
        *(("job", row) for row in jobs),
        *(("email", row) for row in emails),
        *(("webhook", row) for row in webhooks),
    ]


def _due(kind: type[Job | Email], now: datetime, limit: int, also: ColumnElement[bool]) -> Select[int]:
    return select(kind.id).where(takeable(kind, now), also).order_by(kind.due_at, kind.id).limit(limit)


class Relay:
    """One relay: remembers what it announced lately so that a long queue is not announced every second."""

    def __init__(self, office: Office, publish: Publish) -> None:
        self._office = office
        self._publish = publish
        self._announced: dict[Owed, datetime] = {}

    def look_once(self) -> int:
        """Announce all that is due; the number of rows announced. Raises only what the database raises."""
        now = self._office.clock()
        hold_unknown(self._office)
        with self._office.database.read() as session:
            due = due_work(session, now)
        fresh = [
            owed
            for owed in due
            if self._announced.get(owed, datetime.min.replace(tzinfo=now.tzinfo)) < now - HUSH
        ]
        self._announced = {owed: at for owed, at in self._announced.items() if now - HUSH <= at <= now}
        if fresh:
            self._publish(fresh)
            self._announced |= dict.fromkeys(fresh, now)
        return len(fresh)

    def run(self, stop: threading.Event, period: float = PERIOD) -> None:
        """Look, wait, look; a fault of database or broker is logged and outlived."""
        while not stop.is_set():
            try:
                self.look_once()
            except Exception as fault:  # noqa: BLE001 - the loop must outlive every outage
                log.warning("relay look failed", error=repr(fault))
            stop.wait(period)


def main() -> None:
    """Relay, mails and webhooks as a process; ends on SIGTERM, or with the process that started it."""
    settings = Settings.from_env(os.environ)
    configure_logging(settings.log_level)
    app = make_app(settings)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    parent = os.getppid()
    threading.Thread(target=_watch_parent, args=(parent, stop), daemon=True).start()
    meters.serve(settings.metrics_port)
    watch = threading.Thread(target=Watch(app.office).run, args=(stop,), daemon=True)
    watch.start()
    leaving = [
        ThreadWorker(make_app(settings, app.office), [queue], threads, ended=stop.set)
        for queue, threads in ((MAIL, MAIL_THREADS), (WEBHOOKS, WEBHOOK_THREADS))
    ]
    for worker in leaving:
        worker.start()
    Relay(app.office, partial(publish, app)).run(stop)
    endings = [threading.Thread(target=worker.stop) for worker in leaving]
    for ending in endings:
        ending.start()
    for ending in endings:
        ending.join()


def _watch_parent(parent: int, stop: threading.Event) -> None:
    while not stop.wait(1):
        if os.getppid() != parent:
            stop.set()


if __name__ == "__main__":
    main()
