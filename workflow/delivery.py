"""Owed work as a person sees it: what waits, what was sent, what is unknown or parked; retry and drop."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, select, update
from sqlalchemy.orm import Session

from workflow.db import owe
from workflow.mail_groups import DIGEST
from workflow.models import Case, Email, Event, Job, Try, User

LATE_AFTER = timedelta(minutes=1)

Kind = type[Job] | type[Email]


def is_open(kind: Kind) -> ColumnElement[bool]:
    return and_(kind.done_at.is_(None), kind.parked_at.is_(None), kind.dropped_at.is_(None))


def is_waiting(kind: Kind) -> ColumnElement[bool]:
    """Owed and not up to a person."""
    return _waiting_mail() if kind is Email else is_open(kind)


def _waiting_mail() -> ColumnElement[bool]:
    """What a digest carries waits no more by itself: the digest does."""
    return and_(is_open(Email), Email.unknown_at.is_(None), Email.digest_id.is_(None))


def owed_since(kind: Kind) -> Any:  # noqa: ANN401 - a column of a select
    """Since when it should leave: a mail may have been held on purpose before."""
    return func.coalesce(Email.not_before, Email.created_at) if kind is Email else kind.created_at


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
            _count(and_(is_open(Email), Email.unknown_at.is_not(None))),
            _count(_is_parked(Email)),
            _count(_is_dropped(Email)),
            func.min(owed_since(Email)).filter(_waiting_mail()),
        )
    ).one()
    return Summary(*row)


def jobs(session: Session) -> Summary:
    row = session.execute(
        select(
            _count(is_open(Job)),
            _count(Job.done_at.is_not(None)),
            func.count().filter(Job.id < 0),
            _count(_is_parked(Job)),
            _count(Job.dropped_at.is_not(None)),
            func.min(Job.created_at).filter(is_open(Job)),
        )
    ).one()
    return Summary(*row)


def _count(condition: ColumnElement[bool]) -> Any:  # noqa: ANN401 - a column of a select
    return func.count().filter(condition)


def oldest(session: Session) -> datetime | None:
    """Since when the oldest waiting job or mail is owed; looks at open rows alone."""
    found = session.execute(select(*_owed_since())).one()
    return min((moment for moment in found if moment is not None), default=None)


@dataclass(frozen=True)
class Alarm:
    """`unknown` mails and `parked` work wait for a decision; `waiting` work is owed for too long."""

    unknown: int
    parked: int
    waiting: int
    since: datetime | None


def alarm(session: Session, now: datetime) -> Alarm | None:
    """What somebody should look at; None if all is well. Looks at no finished row."""
    unknown, parked_jobs, parked_mails, *owed_since = session.execute(
        select(
            _how_many(Email, and_(is_open(Email), Email.unknown_at.is_not(None))),
            *(_how_many(kind, _is_parked(kind)) for kind in (Job, Email)),
            *_owed_since(),
        )
    ).one()
    parked = parked_jobs + parked_mails
    if unknown or parked:
        return Alarm(unknown, parked, 0, None)
    since = min((moment for moment in owed_since if moment is not None), default=None)
    if since is not None and now - since > LATE_AFTER:
        counts = select(_how_many(Job, is_open(Job)), _how_many(Email, _waiting_mail()))
        return Alarm(0, 0, sum(session.execute(counts).one()), since)
    return None


def _owed_since() -> list[ScalarSelect[datetime]]:
    kinds: tuple[tuple[Kind, ColumnElement[bool]], ...] = ((Job, is_open(Job)), (Email, _waiting_mail()))
    return [select(func.min(owed_since(kind))).where(where).scalar_subquery() for kind, where in kinds]


def _is_parked(kind: Kind) -> ColumnElement[bool]:
    return and_(kind.parked_at.is_not(None), kind.dropped_at.is_(None))


def _is_dropped(kind: Kind) -> ColumnElement[bool]:
    """Given up by a person; a muted mail never was to be sent."""
    dropped = kind.dropped_at.is_not(None)
    return and_(dropped, Email.muted.is_(False)) if kind is Email else dropped


def _how_many(kind: Kind, condition: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.count()).select_from(kind).where(condition).scalar_subquery()


STATES = ("waiting", "unknown", "parked", "done", "dropped")


def state_of(row: Job | Email, now: datetime) -> str:
    """Where a row stands, in one word: done, muted, dropped, parked, unknown, sending, retrying, waiting.

    A mail may also be *carried* by a digest that has not arrived, or *held* for one, or *quiet*: it waits
    for the end of its reader's quiet hours.
    """
    if row.done_at is not None:
        return "done"
    if row.dropped_at is not None:
        return "muted" if isinstance(row, Email) and row.muted else "dropped"
    if row.parked_at is not None:
        return "parked"
    if isinstance(row, Email) and row.unknown_at is not None:
        return "unknown"
    return _patience(row, now) or _progress(row, now)


def _patience(row: Job | Email, now: datetime) -> str | None:
    """Why a mail does not leave by itself now."""
    if not isinstance(row, Email):
        return None
    if row.digest_id is not None:
        return "carried"
    if row.waits_for == DIGEST:
        return "held"
    return "quiet" if row.not_before is not None and row.not_before > now else None


def _progress(row: Job | Email, now: datetime) -> str:
    if row.leased_until is not None and row.leased_until >= now:
        return "sending"
    return "retrying" if row.attempts else "waiting"


_CONDITIONS: dict[str, Any] = {
    "done": lambda kind: kind.done_at.is_not(None),
    "parked": _is_parked,
    "dropped": _is_dropped,
}


def list_mails(
    session: Session, state: str, limit: int = 100, what: str = "", number: str = ""
) -> list[tuple[Email, Case | None, User | None]]:
    """Mails in a state with their case and recipient, newest first; the system's own have no case.

    `what` names a kind, `number` a case.
    """
    where = {
        "waiting": _waiting_mail(),
        "unknown": and_(is_open(Email), Email.unknown_at.is_not(None)),
    }.get(state)
    if where is None:
        where = _CONDITIONS[state](Email)
    rows = session.execute(
        select(Email, Case, User)
        .outerjoin(Event, Event.id == Email.event_id)
        .outerjoin(Case, Case.id == Event.case_id)
        .outerjoin(User, User.id == Email.recipient_id)
        .where(where, *_narrowed(Email.kind, what, number))
        .order_by(Email.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in rows.unique()]


def _narrowed(column: Any, what: str, number: str) -> list[ColumnElement[bool]]:  # noqa: ANN401 - a column
    return [column == what] * bool(what) + [Case.number == number.strip().upper()] * bool(number.strip())


def kinds(session: Session) -> dict[str, list[str]]:
    """What mails and jobs there are, for a filter."""
    return {
        "email": list(session.scalars(select(Email.kind).distinct().order_by(Email.kind))),
        "job": list(session.scalars(select(Job.handler).distinct().order_by(Job.handler))),
    }


def find(session: Session, kind: str, row_id: int) -> tuple[Job | Email, Case | None, Event | None] | None:
    """One row with its case and event, which the system's own mails lack."""
    row = session.get(Email, row_id) if kind == "email" else session.get(Job, row_id)
    if row is None:
        return None
    event = session.get(Event, row.event_id) if row.event_id else None
    return row, session.get(Case, event.case_id) if event else None, event


def tries(session: Session, row: Job | Email) -> list[Try]:
    """The failed tries of a row, oldest first."""
    column = Try.email_id if isinstance(row, Email) else Try.job_id
    return list(session.scalars(select(Try).where(column == row.id).order_by(Try.id)))


def list_jobs(
    session: Session, state: str, limit: int = 100, what: str = "", number: str = ""
) -> list[tuple[Job, Case | None, Event | None]]:
    """Jobs in a state with their case and event, newest first; `what` names a handler, `number` a case.

    Work on an import has neither case nor event.
    """
    where = is_open(Job) if state == "waiting" else _CONDITIONS[state](Job)
    rows = session.execute(
        select(Job, Case, Event)
        .outerjoin(Event, Event.id == Job.event_id)
        .outerjoin(Case, Case.id == Event.case_id)
        .where(where, *_narrowed(Job.handler, what, number))
        .order_by(Job.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in rows.unique()]


def retry(session: Session, kind: str, row_id: int, now: datetime) -> bool:
    """Owe it again, at once and with all attempts; a mail keeps its Message-ID. False if done or gone.

    One that was held for a digest goes by itself; quiet hours still hold it.
    """
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
        values |= {"handed_at": None, "unknown_at": None, "waits_for": None, "not_before": None}
    done = session.execute(
        update(table)
        .where(table.id == row_id, table.done_at.is_(None), *_to_be_sent(table))
        .where((table.leased_until.is_(None)) | (table.leased_until < now))
        .values(values)
        .returning(table)
        .execution_options(populate_existing=True)
    ).scalar()
    if isinstance(done, Email) and done.kind == DIGEST:
        session.execute(update(Email).where(Email.digest_id == row_id).values(dropped_at=None))
    if done is not None:
        owe(session, "webhook" if isinstance(done, Job) and done.webhook_id else kind, row_id)
    return done is not None


def _to_be_sent(table: Kind) -> list[ColumnElement[bool]]:
    return [Email.muted.is_(False), Email.digest_id.is_(None)] if table is Email else []


def drop(session: Session, kind: str, row_id: int, now: datetime) -> bool:
    """Give it up for good, with what it carries; the row stays. False if it is done, dropped or worked on."""
    table: Kind = Email if kind == "email" else Job
    values: dict[str, Any] = {"dropped_at": now, "parked_at": None}
    if kind == "email":
        values |= {"unknown_at": None}
    dropped = session.scalar(
        update(table)
        .where(table.id == row_id, table.done_at.is_(None), table.dropped_at.is_(None))
        .where((table.leased_until.is_(None)) | (table.leased_until < now), *_to_be_sent(table))
        .values(values)
        .returning(table.id)
    )
    if dropped is not None and table is Email:
        session.execute(update(Email).where(Email.digest_id == row_id).values(dropped_at=now))
    return dropped is not None


def settle(session: Session, email_id: int, now: datetime) -> bool:
    """A person has found out that an unknown mail did arrive: count it, and what it carries, as sent."""
    settled = session.scalar(
        update(Email)
        .where(Email.id == email_id, Email.done_at.is_(None), Email.unknown_at.is_not(None))
        .values(done_at=now, unknown_at=None)
        .returning(Email.id)
    )
    if settled is not None:
        arrived(session, email_id, now)
    return settled is not None


def arrived(session: Session, digest_id: int, now: datetime) -> None:
    """A digest was sent, and with it the mails that it carries."""
    carried = update(Email).where(Email.digest_id == digest_id, Email.done_at.is_(None))
    session.execute(carried.values(done_at=now))


def carried_by(session: Session, digest_id: int) -> list[Email]:
    """The mails that a digest carries."""
    return list(session.scalars(select(Email).where(Email.digest_id == digest_id).order_by(Email.id)))
