"""The bell: says after a commit that work is due, so that nobody waits for the relay's next look.

Best effort by design. Ringing puts ids into a queue in memory and returns at once; a thread talks to
the broker. Whatever is dropped here, the relay finds.
"""

import queue
import threading
import time

import structlog
from celery import Celery

from workers.config import DELIVER, HANDLE, TELL
from workflow.db import Owed

TASKS = {"job": HANDLE, "email": DELIVER, "webhook": TELL}
WAITING_MOST = 1000
QUIET_SECONDS = 10.0

log = structlog.get_logger()


def publish(app: Celery, owed: list[Owed]) -> None:
    """Tell the broker about rows that are due. Raises what kombu raises when it cannot be reached."""
    with app.connection_for_write() as connection, connection.Producer() as producer:
        for kind, row_id in owed:
            app.send_task(TASKS[kind], args=[row_id], producer=producer, retry=False)


class Bell:
    """Rings without ever blocking or raising; after a failure it stays silent for a while."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._waiting: queue.Queue[list[Owed]] = queue.Queue(WAITING_MOST)
        self._silent_until = 0.0
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def __call__(self, owed: list[Owed]) -> None:
        if time.monotonic() < self._silent_until:
            return
        self._start_once()
        try:
            self._waiting.put_nowait(owed)
        except queue.Full:
            log.warning("bell queue full", dropped=len(owed))

    def _start_once(self) -> None:
        """Lazily, so that the thread belongs to the process that rings and not to the one that forked it."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="bell", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            owed = self._waiting.get()
            try:
                publish(self._app, owed)
            except Exception as fault:  # noqa: BLE001 - a deaf broker must not end the thread
                log.warning("bell not heard", error=repr(fault))
                self._silent_until = time.monotonic() + QUIET_SECONDS
