"""A Celery worker in threads of this process: in the embedded profile, and for mails everywhere."""

import threading
from collections.abc import Callable, Sequence

from kombu.asynchronous import set_event_loop

from workers.app import LoncatanCelery


class ThreadWorker:
    """Consumes some queues until `stop()`, which lets running work end; `ended` is called when it has."""

    def __init__(
        self,
        app: LoncatanCelery,
        queues: Sequence[str],
        threads: int,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        self._ended = ended
        # kombu keeps one event loop per process; on the same, two workers would read each other's answers
        set_event_loop(None)
        app.set_default()  # where the pool's threads look their tasks up
        self._worker = app.WorkController(
            pool="threads",
            concurrency=threads,
            queues=list(queues),
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )

    def start(self) -> None:
        threading.Thread(target=self._run, name="worker", daemon=True).start()

    def stop(self) -> None:
        self._worker.stop()

    def _run(self) -> None:
        try:
            self._worker.start()
        finally:
            self._ended()
