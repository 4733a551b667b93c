"""The embedded profile's workers: broker, worker threads, beat and relay inside the web process.

The in-memory broker loses its queue with the process, which costs nothing: rows are found again.
"""

import threading
import time
from functools import partial

import structlog
from celery import beat

from workers.app import LoncatanCelery, make_app
from workers.bell import Bell, publish
from workers.config import BULK, EVENTS, MAIL, WEBHOOKS
from workers.office import Office
from workers.relay import Relay
from workers.threads import ThreadWorker
from workers.watch import Watch
from workflow.clock import Clock
from workflow.db import Database
from workflow.settings import Settings

THREADS, MAIL_THREADS, WEBHOOK_THREADS = 4, 2, 2
"""Apart, so that a silent mail server holds up nothing but mails, a silent receiver nothing but webhooks."""

STOP_SECONDS = 20.0

log = structlog.get_logger()


class EmbeddedWorkers:
    """Started once beside the web server; `stop()` lets running work end."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        office = Office(settings, database, clock)
        self.app: LoncatanCelery = make_app(settings, office)
        database.bell = Bell(self.app)
        self._stop = threading.Event()
        self._watch = Watch(office)
        self._relay = Relay(office, partial(publish, self.app))
        self._workers = [
            ThreadWorker(make_app(settings, office), queues, threads)
            for queues, threads in (
                ((EVENTS, BULK), THREADS),
                ((MAIL,), MAIL_THREADS),
                ((WEBHOOKS,), WEBHOOK_THREADS),
            )
        ]
        self._beat = beat.Service(self.app, scheduler_cls=beat.Scheduler)

    def start(self) -> None:
        for worker in self._workers:
            worker.start()
        for name, target in (
            ("beat", partial(self._beat.start, embedded_process=False)),
            ("relay", partial(self._relay.run, self._stop)),
            ("watch", partial(self._watch.run, self._stop)),
        ):
            threading.Thread(target=target, name=name, daemon=True).start()

    def stop(self) -> bool:
        """Let running work end, for a while; False if some still runs: its rows will be found again."""
        self._stop.set()
        self._beat.stop(wait=False)
        endings = [threading.Thread(target=worker.stop, daemon=True) for worker in self._workers]
        for ending in endings:
            ending.start()
        ends_at = time.monotonic() + STOP_SECONDS
        for ending in endings:
            ending.join(max(ends_at - time.monotonic(), 0))
        return not any(ending.is_alive() for ending in endings)
