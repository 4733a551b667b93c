"""What a web process may ask the broker, by a callable handed to it: how many messages each queue holds."""

import threading
import time
from typing import Any

from celery import Celery

from workers.config import QUEUES

FRESH_SECONDS = 5.0


class Depths:
    """Asks at most every few seconds. Raises what the transport raises when it cannot be reached."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._asked_at = -FRESH_SECONDS
        self._known: dict[str, int] = {}

    def __call__(self) -> dict[str, int]:
        with self._lock:
            if time.monotonic() - self._asked_at >= FRESH_SECONDS:
                self._known = self._ask()
                self._asked_at = time.monotonic()
            return self._known

    def _ask(self) -> dict[str, int]:
        with self._app.connection_for_read() as connection, connection.channel() as opened:
            channel: Any = opened  # kombu's type knows less than every channel can
            # Redis has no key for an empty queue, so a passive question would find none
            return {name: channel.queue_declare(queue=name).message_count for name in QUEUES}
