"""Doing all due work at once in this thread, for the demo's story and for tests."""

from collections.abc import Collection
from datetime import datetime

from workers import jobs
from workers.office import Office
from workers.relay import BATCH, due_rows
from workflow.db import Database
from workflow.models import Job
from workflow.settings import Settings


class Drain:
    """Call it with a moment: every job due by then is done, those owed by them too; mails stay owed.

    Jobs of the handlers in `leaving` wait for the workers, and so do webhooks.
    """

    def __init__(self, settings: Settings, database: Database, leaving: Collection[str] = ()) -> None:
        self._settings, self._database = settings, database
        self._mine = (Job.webhook_id.is_(None), Job.handler.not_in(leaving))

    def __call__(self, at: datetime) -> None:
        office = Office(self._settings, self._database, lambda: at)
        while True:
            with self._database.read() as session:
                due = list(session.scalars(due_rows(Job, at, BATCH, *self._mine)))
            if not sum(jobs.run_job(office, job_id) for job_id in due):
                return
