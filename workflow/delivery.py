"""Owed work as a person sees it: what waits, what was sent, what is unknown or parked; retry and drop."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from workflow import dates
from workflow.db import owe
from workflow.models import Case, Email, Event, Job, User

LATE_AFTER = timedelta(minutes=1)

Kind = type[Job] | type[Email]


def _open(kind: Kind) -> ColumnElement[bool]:
    return and_(kind.done_at.is_(None), kind.parked_at.is_(None), kind.dropped_at.is_(None))


def _waiting_mail() -> ColumnElement[bool]:
    return and_(_open(Email), Email.unknown_at.is_(None))


@dataclass(frozen=True)
class Summary:
    """Counts of one kind of work, and since when the oldest waiting row is owed."""

    waiting: int
    done: int
    unknown: int
    parked: int
    dropped: int
    oldest: datetime | None


def mails(session: Session) -> Summary:
    row = session.execute(
        select(
            _count(_waiting_mail()),
            _count(Email.done_at.is_not(None)),
            _count(and_(_open(Email), Email.unknown_at.is_not(None))),
            _count(Email.parked_at.is_not(None)),
            _count(Email.dropped_at.is_not(None)),
            func.min(Email.created_at).filter(_waiting_mail()),
        )
    ).one()
    return Summary(*row)


def jobs(session: Session) -> Summary:
    row = session.execute(
        select(
            _count(_open(Job)),
            _count(Job.done_at.is_not(None)),
            func.count().filter(Job.id < 0),
            _count(Job.parked_at.is_not(None)),
            _count(Job.dropped_at.is_not(None)),
            func.min(Job.created_at).filter(_open(Job)),
        )
    ).one()
    return Summary(*row)


def _count(condition: ColumnElement[bool]) -> Any:  # noqa: ANN401 - a column of a select
    return func.count().filter(condition)


def alarm(session: Session, now: datetime) -> str | None:
    """One sentence if work is late or waits for a decision; None if all is well."""
    mail, job = mails(session), jobs(session)
    if mail.unknown or mail.parked or job.parked:
        return (
            f"{mail.unknown} surel belum pasti terkirim, {mail.parked + job.parked} pekerjaan berhenti; "
            "perlu keputusan Anda."
        )
    oldest = min((s.oldest for s in (mail, job) if s.oldest is not None), default=None)
    if oldest is not None and now - oldest > LATE_AFTER:
        since = dates.age(now - oldest)
        return f"{mail.waiting + job.waiting} pekerjaan menunggu; yang tertua sejak {since} lalu."
    return None


STATES = ("waiting", "unknown", "parked", "done", "dropped")


def state_of(row: Job | Email, now: datetime) -> str:
    """The one word for where a row stands: done, dropped, parked, unknown, sending, retrying, waiting."""
    if row.done_at is not None:
        return "done"
    if row.dropped_at is not None:
        return "dropped"
    if row.parked_at is not None:
        return "parked"
    if isinstance(row, Email) and row.unknown_at is not None:
        return "unknown"
    if row.leased_until is not None and row.leased_until >= now:
        return "sending"
    return "retrying" if row.attempts else "waiting"


_CONDITIONS: dict[str, Any] = {
    "done": lambda kind: kind.done_at.is_not(None),
    "parked": lambda kind: kind.parked_at.is_not(None),
    "dropped": lambda kind: kind.dropped_at.is_not(None),
}


def list_mails(session: Session, state: str, limit: int = 100) -> list[tuple[Email, Case | None, User]]:
    """Mails in a state with their case (none if about an account) and recipient, newest first."""
    where = {
        "waiting": _waiting_mail(),
        "unknown": and_(_open(Email), Email.unknown_at.is_not(None)),
    }.get(state)
    if where is None:
        where = _CONDITIONS[state](Email)
    rows = session.execute(
        select(Email, Case, User)
        .outerjoin(Event, Event.id == Email.event_id)
        .outerjoin(Case, Case.id == Event.case_id)
        .join(User, User.id == Email.recipient_id)
        .where(where)
        .order_by(Email.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in rows.unique()]


def list_jobs(session: Session, state: str, limit: int = 100) -> list[tuple[Job, Case, Event]]:
    """Jobs in a state with their case and event, newest first."""
    where = _open(Job) if state == "waiting" else _CONDITIONS[state](Job)
    rows = session.execute(
        select(Job, Case, Event)
        .join(Event, Event.id == Job.event_id)
        .join(Case, Case.id == Event.case_id)
        .where(where)
        .order_by(Job.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in rows.unique()]


def retry(session: Session, kind: str, row_id: int, now: datetime) -> bool:
    """Owe it again, at once and with all attempts; a mail keeps its Message-ID. False if done or gone."""
    table: Kind = Email if kind == "email" else Job
    values: dict[str, Any] = {
        "due_at": table.created_at,
        "attempts": 0,
        "parked_at": None,
        "dropped_at": None,
        "leased_until": None,
        "error": None,
    }
    if kind == "email":
        values |= {"handed_at": None, "unknown_at": None}
    done = session.execute(
        update(table)
        .where(table.id == row_id, table.done_at.is_(None))
        .where((table.leased_until.is_(None)) | (table.leased_until < now))
        .values(values)
        .returning(table.id)
    ).scalar()
    if done:
        owe(session, kind, row_id)
    return bool(done)


def drop(session: Session, kind: str, row_id: int, now: datetime) -> bool:
    """Give it up for good; the row stays. False if it is done, dropped or being worked on."""
    table: Kind = Email if kind == "email" else Job
    values: dict[str, Any] = {"dropped_at": now, "parked_at": None}
    if kind == "email":
        values |= {"unknown_at": None}
    return bool(
        session.execute(
            update(table)
            .where(table.id == row_id, table.done_at.is_(None), table.dropped_at.is_(None))
            .where((table.leased_until.is_(None)) | (table.leased_until < now))
            .values(values)
            .returning(table.id)
        ).scalar()
    )


def settle(session: Session, email_id: int, now: datetime) -> bool:
    """A person has found out that an unknown mail did arrive: count it as sent."""
    return bool(
        session.execute(
            update(Email)
            .where(Email.id == email_id, Email.done_at.is_(None), Email.unknown_at.is_not(None))
            .values(done_at=now, unknown_at=None)
            .returning(Email.id)
        ).scalar()
    )
