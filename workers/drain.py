"""Doing all due work at once in this thread, for the demo's story and for tests."""

from datetime import datetime

from workers import jobs
from workers.office import Office
from workers.relay import due_work
from workflow.db import Database
from workflow.settings import Settings


class Drain:
    """Call it with a moment: every job due by then is done, those owed by them too; mails stay owed."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database

    def __call__(self, at: datetime) -> None:
        office = Office(self._settings, self._database, lambda: at)
        while True:
            with self._database.read() as session:
                due = [row_id for kind, row_id in due_work(session, at) if kind == "job"]
            if not sum(jobs.run_job(office, job_id) for job_id in due):
                return
