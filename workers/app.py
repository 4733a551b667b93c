"""The Celery application: `celery -A workers.app worker`, `celery -A workers.app beat`.

Importing this module opens nothing; `app` is made from the environment when Celery asks for it.
"""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from functools import cached_property, partial
from typing import Any

import structlog
from billiard.process import active_children
from celery import Celery, bootsteps, signals

from workers import files, jobs, keeping, links, webhooks
from workers.bell import Bell
from workers.config import (
    ANCHOR,
    CHECK,
    DELIVER,
    HANDLE,
    LINKS,
    LONGEST_CHECK,
    LONGEST_VERIFICATION,
    MAIL,
    SCAN,
    TELL,
    VERIFY,
    WEBHOOKS,
    celery_config,
)
from workers.deadlines import scan
from workers.office import Office
from workflow.db import Database
from workflow.demo.clock import clock_for
from workflow.logs import configure_logging
from workflow.settings import Settings

REVIVE_SECONDS = 5.0
STOP_SECONDS = 20.0
"""With the relay's own end, well below the 30 s that a supervisor waits."""

log = structlog.get_logger()


class LoncatanCelery(Celery):
    """Celery with the office its tasks work in; opened on first use, so after a fork."""

    settings: Settings
    handed_office: Office | None = None

    @cached_property
    def office(self) -> Office:
        return self.handed_office or open_office(self.settings, self)


def make_app(settings: Settings, office: Office | None = None) -> LoncatanCelery:
    """A configured application with its tasks; `office` is handed in where one process does it all."""
    app = LoncatanCelery("loncatan", set_as_current=False)
    app.settings, app.handed_office = settings, office
    app.config_from_object(celery_config(settings))
    _register(app)
    return app


def open_office(settings: Settings, app: Celery) -> Office:
    """What a worker process needs, with a bell of its own for the mails it comes to owe."""
    database = Database(settings.database, Bell(app))
    return Office(settings, database, clock_for(settings, database))


def _register(app: LoncatanCelery) -> None:
    # shared tasks would belong to the first application made
    task = partial(app.task, shared=False, Request="workers.request:Request")

    @task(name=HANDLE)
    def handle(job_id: int) -> None:
        jobs.run_job(app.office, job_id)

    @task(name=DELIVER)
    def deliver(email_id: int) -> None:
        jobs.deliver(app.office, email_id)

    @task(name=TELL)
    def tell_webhook(job_id: int) -> None:
        webhooks.deliver(app.office, job_id)

    @task(name=SCAN)
    def scan_deadlines() -> None:
        scan(app.office)

    @task(name=ANCHOR)
    def anchor_chain() -> None:
        keeping.anchor(app.office)

    @task(name=VERIFY, time_limit=LONGEST_VERIFICATION)
    def verify_chain() -> None:
        keeping.verify(app.office)

    @task(name=CHECK, time_limit=LONGEST_CHECK)
    def check_files() -> None:
        files.check(app.office)

    @task(name=LINKS)
    def check_links() -> None:
        links.check(app.office)


def end_in_time(**_: Any) -> None:  # noqa: ANN401 - Celery's signals are untyped
    """A worker asked to stop finishes what it is doing, but not for ever: rows outlive it."""
    timer = threading.Timer(STOP_SECONDS, _end_now)
    timer.daemon = True
    timer.start()


def _end_now() -> None:
    log.warning("worker ended before its work was done")
    for child in active_children():
        with suppress(OSError, TypeError):
            os.kill(child.pid, signal.SIGKILL)  # type: ignore[arg-type]
    os._exit(1)


class RelayStep(bootsteps.StartStopStep):
    """A process beside every worker, for all that leaves; started again should it die, ended with its worker.

    Mails and webhooks leave from there: a silent server must not take the hands that other work needs.
    """

    requires = ("celery.worker.components:Timer",)

    def __init__(self, worker: Any, **options: Any) -> None:  # noqa: ANN401 - Celery's bootsteps are untyped
        super().__init__(worker, **options)
        worker.app.amqp.queues.deselect([MAIL, WEBHOOKS])
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, worker: Any) -> None:  # noqa: ANN401
        self._revive()
        worker.timer.call_repeatedly(REVIVE_SECONDS, self._revive)

    def stop(self, worker: Any) -> None:  # noqa: ANN401, ARG002
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:  # a mail that still waits for its answer becomes unknown
                process.kill()
                process.wait()

    def terminate(self, worker: Any) -> None:  # noqa: ANN401
        self.stop(worker)

    def _revive(self) -> None:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen([sys.executable, "-m", "workers.relay"])


def __getattr__(name: str) -> LoncatanCelery:
    if name not in {"app", "celery"}:
        raise AttributeError(name)
    settings = Settings.from_env(os.environ)
    signals.setup_logging.connect(lambda **_: configure_logging(settings.log_level), weak=False)
    signals.worker_ready.connect(lambda **_: log.info("worker ready"), weak=False)
    signals.worker_shutting_down.connect(end_in_time, weak=False)
    app = make_app(settings)
    if not settings.embedded:
        app.steps["worker"].add(RelayStep)
    globals()[name] = app
    return app
