"""Doing one owed thing: a handler or a mail. Attempts are counted before, effects marked after."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from workers import clamd, inspection
from workers.handlers import HANDLERS, Task, account_context
from workers.mail import Letter, render
from workers.meters import timed
from workers.office import Office
from workers.smtp import Ambiguous, NotSent, Outgoing, send
from workflow.delivery import arrived
from workflow.exports import build
from workflow.imports import chunks
from workflow.mail_groups import DIGEST, stop_link
from workflow.mail_times import LONGEST_WAIT, may_leave, put_off
from workflow.models import Case, Email, Event, Job, Try, User
from workflow.nip import Seal
from workflow.reply_to import office_of
from workflow.secret import secret_of

LEASE = timedelta(seconds=75)
"""Longer than the time limit of a task: while it runs nobody else takes the row."""

MAX_ATTEMPTS = 8
FIRST_DELAY = timedelta(seconds=10)
LONGEST_DELAY = timedelta(minutes=30)
SMTP_TIMEOUT = 15
REMEMBER_SECONDS = 20
"""How long an outcome is held on to while the database is away; with twice SMTP_TIMEOUT still less than
the time limit of a task."""

Made = build.Built | inspection.Scanned | inspection.Seen | None
"""What a job made before its transaction."""

log = structlog.get_logger()


def run_job(office: Office, job_id: int) -> bool:
    """Run a job's handler unless it is done, taken, or not yet due; True if it was done now.

    The attempt is committed first, so that a handler that kills its process still gets parked in
    the end. Effects and `done_at` commit together, so they happen once.
    """
    now = office.clock()
    with office.database.write() as session:
        handler = take(session, Job, job_id, now)
    if handler is None:
        return False
    try:
        with timed(handler) as outcome:
            made = _ahead(office, job_id)
            with office.database.write() as session:
                job = session.get_one(Job, job_id, with_for_update=True)
                if job.done_at is not None or job.dropped_at is not None:
                    return False
                about = _do(office, session, job, made, now)
                job.done_at = office.clock()
                job.error = None
            outcome.word = "done"
    except Exception as fault:  # noqa: BLE001 - whatever a handler does, its row must say so
        log.warning("job failed", job_id=job_id, handler=handler, error=repr(fault))
        patient = isinstance(fault, clamd.Away)
        postpone(office, job_id, f"{type(fault).__name__}: {fault}", patient=patient)
        return False
    log.debug("job done", job_id=job_id, handler=handler, **about)
    return True


def _ahead(office: Office, job_id: int) -> Made:
    """What takes long is made before the transaction: nobody waits for a lock that long."""
    with office.database.read() as session:
        job = session.get_one(Job, job_id)
    if job.export_id is not None:
        return build.ahead(office.database, office.settings, job.export_id, job.handler)
    return inspection.ahead(office, job.file_id, job.handler) if job.file_id is not None else None


def _do(office: Office, session: Session, job: Job, made: Made, now: datetime) -> dict[str, int]:
    """Run the handler; what its work was about, by id."""
    if isinstance(made, build.Built) and job.export_id is not None:
        build.note(session, office.settings, job.export_id, made, now)
        return {"export_id": job.export_id}
    if job.file_id is not None:
        inspection.note(session, job.file_id, job.handler, made, now)
        return {"file_id": job.file_id}
    if job.import_id is not None:
        chunks.work(session, job.import_id, job.handler, Seal(secret_of(office.settings)), now)
        return {"import_id": job.import_id}
    event = session.get_one(Event, job.event_id)
    HANDLERS[job.handler](Task(office, session, event, now))
    return {"event_id": event.id, "case_id": event.case_id}


def deliver(office: Office, email_id: int) -> bool:
    """Hand one mail to the SMTP server unless it is done, taken, unknown or not yet due; True if sent.

    `handed_at` is committed before SMTP is spoken to. A clear refusal clears it again; a worker that
    dies, or a connection that breaks after DATA, leaves it, and the mail becomes *unknown*.
    """
    if not office.settings.smtp_url:
        return False
    kind = _claim(office, email_id)
    if kind is None:
        return False
    try:
        with office.database.read() as session:
            outgoing = _outgoing(office, session, session.get_one(Email, email_id))
    except Exception as fault:  # noqa: BLE001 - whatever it is, nothing has been sent
        _refused(office, email_id, NotSent.broken("menyusun surel", fault))
        return False
    try:
        with timed(f"mail:{kind}") as outcome:
            send(office.settings.smtp_url, outgoing, timeout=SMTP_TIMEOUT)
            outcome.word = "done"
    except NotSent as refusal:
        _refused(office, email_id, refusal)
        return False
    except Ambiguous as doubt:
        _doubt(office, email_id, str(doubt))
        return False
    _sent(office, email_id, kind, outgoing.subject)
    return True


def _claim(office: Office, email_id: int) -> str | None:
    """Take a mail, unless its reader's quiet hours have begun; its kind."""
    with office.database.write() as session:
        if put_off(session, email_id, office.clock()):
            return None
        return take(session, Email, email_id, office.clock(), handed=True)


def _sent(office: Office, email_id: int, kind: str, subject: str) -> None:
    now = office.clock()
    done: dict[str, object] = {"done_at": now, "leased_until": None, "unknown_at": None}
    done |= {"error": None, "subject": subject, "words": None}

    def note(session: Session) -> None:
        session.execute(update(Email).where(Email.id == email_id).values(done))
        if kind == DIGEST:
            arrived(session, email_id, now)

    remember(office, note)


def hold_unknown(office: Office) -> list[int]:
    """Mails whose worker never came back: mark them *unknown*, or free those that may go twice."""
    now = office.clock()
    with office.database.write() as session:
        lost = list(
            session.scalars(
                select(Email)
                .where(
                    Email.handed_at.is_not(None),
                    Email.unknown_at.is_(None),
                    Email.done_at.is_(None),
                    Email.parked_at.is_(None),
                    Email.dropped_at.is_(None),
                    lapsed(Email, now),
                )
                .order_by(Email.id)
                .with_for_update()  # its sender may be back this very moment, and then knows better
            )
        )
        for email in lost:
            _mark_unknown(session, email, now, "Pengirim berhenti sebelum jawaban server surel tercatat.")
    return [email.id for email in lost]


def back_off(attempts: int) -> timedelta:
    """10 s, 20 s, 40 s … at most half an hour."""
    doublings = max(attempts - 1, 0)
    return min(FIRST_DELAY * int(2**doublings), LONGEST_DELAY)


def takeable(kind: type[Job | Email], now: datetime) -> ColumnElement[bool]:
    """Rows that are due and nobody's, and no mail that waits for its reader's quiet hours or digest.

    Hosts' clocks disagree and jump: what was due when it was written is due on any of them, and neither
    a lease nor a back-off that would last longer than the longest there is was made by this clock.
    """
    return and_(
        kind.done_at.is_(None),
        kind.parked_at.is_(None),
        kind.dropped_at.is_(None),
        or_(
            kind.due_at <= now,
            kind.due_at <= kind.created_at,
            and_(kind.attempts > 0, kind.due_at > now + LONGEST_DELAY),
            kind.due_at > now + LONGEST_WAIT,
        ),
        or_(kind.leased_until.is_(None), lapsed(kind, now)),
        *([may_leave(now)] if kind is Email else []),
    )


def lapsed(kind: type[Job | Email], now: datetime) -> ColumnElement[bool]:
    """Leases whose worker never came back."""
    return or_(kind.leased_until < now, kind.leased_until > now + LEASE)


def take(
    session: Session,
    kind: type[Job | Email],
    row_id: int,
    now: datetime,
    *,
    handed: bool = False,
    webhook: bool = False,
) -> str | None:
    """Claim a row for LEASE by compare-and-set; its handler or kind, None if it is not to be had."""
    values: dict[str, object] = {"attempts": kind.attempts + 1, "leased_until": now + LEASE}
    claim = update(kind).where(kind.id == row_id, takeable(kind, now))
    if handed:
        claim = claim.where(Email.handed_at.is_(None))
        values["handed_at"] = now
    else:
        claim = claim.where(Job.webhook_id.is_not(None) if webhook else Job.webhook_id.is_(None))
    name = Email.kind if handed else Job.handler
    return session.execute(claim.values(values).returning(name)).scalar()


def remember(office: Office, note: Callable[[Session], object]) -> None:
    """Write an outcome down, patiently: it is known, and a database that is away must not make it unknown."""
    ends_at = time.monotonic() + REMEMBER_SECONDS
    while True:
        try:
            with office.database.write() as session:
                note(session)
        except (DBAPIError, PoolTimeout):
            if time.monotonic() > ends_at:
                raise
            time.sleep(1)
        else:
            return


def failed(session: Session, job: Job, error: str, now: datetime, *, patient: bool = False) -> None:
    """Note the failed try of a job; it is owed again later, or parked after the last unless `patient`."""
    job.error, job.leased_until = error[:2000], None
    session.add(Try(job_id=job.id, number=job.attempts, at=now, error=job.error))
    job.due_at = now + back_off(job.attempts)
    if job.attempts >= MAX_ATTEMPTS and not patient:
        job.parked_at = now


def postpone(office: Office, job_id: int, error: str, *, patient: bool = False) -> None:
    now = office.clock()

    def note(session: Session) -> None:
        job = session.get_one(Job, job_id, with_for_update=True)
        if job.done_at is None and job.dropped_at is None:
            failed(session, job, error, now, patient=patient)

    remember(office, note)


def _refused(office: Office, email_id: int, refusal: NotSent) -> None:
    now = office.clock()

    def note(session: Session) -> None:
        email = session.get_one(Email, email_id, with_for_update=True)
        email.handed_at, email.leased_until, email.error = None, None, str(refusal)[:2000]
        email.due_at = now + back_off(email.attempts)
        session.add(Try(email_id=email_id, number=email.attempts, at=now, error=email.error))
        if refusal.permanent or email.attempts >= MAX_ATTEMPTS:
            email.parked_at = now

    remember(office, note)


def _doubt(office: Office, email_id: int, reason: str) -> None:
    now = office.clock()

    def note(session: Session) -> None:
        email = session.get_one(Email, email_id, with_for_update=True)
        _mark_unknown(session, email, now, reason)

    remember(office, note)


def _mark_unknown(session: Session, email: Email, now: datetime, reason: str) -> None:
    email.error, email.leased_until = reason[:2000], None
    session.add(Try(email_id=email.id, number=email.attempts, at=now, error=email.error))
    if email.on_unknown == "resend" and email.attempts < MAX_ATTEMPTS:
        email.handed_at, email.due_at = None, now + back_off(email.attempts)
    else:
        email.unknown_at = now


def _outgoing(office: Office, session: Session, email: Email) -> Outgoing:
    letter: Letter | Email = email if email.words is None else _written(office, session, email)
    return Outgoing(
        message_id=email.message_id,
        sender=office.settings.mail_from,
        to_address=email.to_address,
        to_name="",
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        list_unsubscribe=_stop_link(office, email),
        reply_to=office_of(session, case) if (case := _case_of(session, email)) else None,
        sent_at=office.clock(),
    )


def _case_of(session: Session, email: Email) -> Case | None:
    return session.get(Case, email.event.case_id) if email.event is not None else None


def _stop_link(office: Office, email: Email) -> str | None:
    if email.mail_group is None or email.recipient_id is None:
        return None
    return stop_link(office.settings, email.recipient_id, email.mail_group)


def _written(office: Office, session: Session, email: Email) -> Letter:
    """A mail about an account, written out only now: its link is kept no longer than it is owed."""
    person = session.get_one(User, email.recipient_id)
    return render(
        email.kind, person.locale, account_context(person, email.words or {}, office.settings.address)
    )
