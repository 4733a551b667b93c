"""The embedded profile's workers: broker, worker threads, beat and relay inside the web process.

The in-memory broker loses its queue with the process, which costs nothing: rows are found again.
"""

import threading
from functools import partial

import structlog
from celery import beat

from workers.app import LoncatanCelery, make_app
from workers.bell import Bell, publish
from workers.office import Office
from workers.relay import Relay
from workers.watch import Watch
from workflow.clock import Clock
from workflow.db import Database
from workflow.settings import Settings

THREADS = 4
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
        self._worker = self.app.WorkController(
            pool="threads",
            concurrency=THREADS,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        self._beat = beat.Service(self.app, scheduler_cls=beat.Scheduler)

    def start(self) -> None:
        for name, target in (
            ("worker", self._worker.start),
            ("beat", partial(self._beat.start, embedded_process=False)),
            ("relay", partial(self._relay.run, self._stop)),
            ("watch", partial(self._watch.run, self._stop)),
        ):
            threading.Thread(target=target, name=name, daemon=True).start()

    def stop(self) -> bool:
        """Let running work end, for a while; False if some still runs: its rows will be found again."""
        self._stop.set()
        self._beat.stop(wait=False)
        ending = threading.Thread(target=self._worker.stop, daemon=True)
        ending.start()
        ending.join(STOP_SECONDS)
        return not ending.is_alive()
