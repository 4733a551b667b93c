"""Sending one owed webhook: claimed and counted before, logged and marked after, the same id at every try.

A worker that dies in between sends it again once its lease has lapsed; the receiver knows it by its id.
"""

import time

import structlog
from sqlalchemy.orm import Session

from workers.jobs import failed, remember, take
from workers.meters import timed
from workers.office import Office
from workers.outward import Unreachable, post
from workflow import webhooks
from workflow.clock import system_clock
from workflow.models import Job
from workflow.webhooks import Answer, Parcel, Unsealable

FINE = range(200, 300)

log = structlog.get_logger()


def deliver(office: Office, job_id: int) -> bool:
    """Send it unless it is done, taken, or not yet due; True if the receiver took it now."""
    with office.database.write() as session:
        taken = take(session, Job, job_id, office.clock(), webhook=True)
    if taken is None:
        return False
    answer = _answer(office, job_id)
    remember(office, lambda session: _note(office, session, job_id, answer))
    fine = answer is not None and answer.error is None
    log.info("webhook", job_id=job_id, status=answer.status if answer else None, done=fine)
    return fine


def _answer(office: Office, job_id: int) -> Answer | None:
    """How the try went; None where the address is off."""
    try:
        with office.database.read() as session:
            parcel = webhooks.parcel(session, job_id, office.settings, system_clock())
        return _sent(office, parcel) if parcel else None
    except Unsealable as fault:
        return Answer(None, str(fault), 0)
    except Exception as fault:  # noqa: BLE001 - whatever it is, the row must say so and end parked
        log.warning("webhook failed", job_id=job_id, error=repr(fault))
        return Answer(None, f"{type(fault).__name__}: {fault}", 0)


def _sent(office: Office, parcel: Parcel) -> Answer:
    began = time.monotonic()
    status, error = None, None
    with timed("webhook") as outcome:
        try:
            status = post(parcel.url, parcel.headers, parcel.body, office.settings.webhook_networks)
        except Unreachable as fault:
            error = str(fault)
        else:
            error = None if status in FINE else f"penerima menjawab {status}"
        outcome.word = "failed" if error else "done"
    return Answer(status, error, round((time.monotonic() - began) * 1000))


def _note(office: Office, session: Session, job_id: int, answer: Answer | None) -> None:
    """Log, mark and judge in one transaction; the address is locked before the job."""
    now = office.clock()
    hook = webhooks.locked(session, session.get_one(Job, job_id).webhook_id or 0)
    job = session.get_one(Job, job_id, with_for_update=True)
    if job.done_at is not None or job.dropped_at is not None:
        return
    if answer is None:
        webhooks.set_aside(session, job, hook, now)
        return
    webhooks.note(session, hook, job, answer, now)
    if answer.error is None or job.event_id is None:
        job.done_at, job.parked_at, job.leased_until, job.error = now, None, None, answer.error
    else:
        failed(session, job, answer.error, now)
        session.flush()
    webhooks.judge(session, hook, answer, now)
