"""A Celery worker in threads of this process: in the embedded profile, and for mails everywhere."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from celery.worker.consumer import Consumer
from celery.worker.consumer.consumer import STOP_CONDITIONS  # type: ignore[attr-defined, unused-ignore]

from workers.app import LoncatanCelery


class _Consumer(Consumer):  # type: ignore[misc, unused-ignore]
    """Ends in silence when it is stopped: its connection is closed under the loop that listens to it."""

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - Celery's own business
        super().__init__(*given, **named)
        self._listen: Callable[..., None] = self.loop  # type: ignore[has-type, unused-ignore]
        self.loop = self._listen_until_stopped

    def _listen_until_stopped(self, *given: Any) -> None:  # noqa: ANN401
        try:
            self._listen(*given)
        except Exception:
            if self.blueprint.state not in STOP_CONDITIONS:
                raise


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
        app.set_default()  # where the pool's threads look their tasks up
        self._worker = app.WorkController(
            pool="threads",
            consumer_cls=_Consumer,
            concurrency=threads,
            queues=list(queues),
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            use_eventloop=False,  # kombu has one per process; two workers on it tear at each other's sockets
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
