"""When a mail leaves: at once, after its reader's quiet hours, or with the digest of the next working day."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from workflow import office_days
from workflow.account_mail import KINDS as ABOUT_ACCOUNT
from workflow.calendar import is_working_day, next_working_day
from workflow.clock import WIB
from workflow.mail_groups import DAILY, DUTY
from workflow.models import Case, Email, Event, QuietHours

DIGEST, QUIET = "digest", "quiet"
LONGEST_WAIT = timedelta(days=30)
"""More than the longest row of days off: what would wait longer was written by a clock that jumped."""


@dataclass(frozen=True)
class Quiet:
    """When somebody wants no mail: from `starts` until before `ends` (WIB, over midnight), and days off."""

    starts: time | None = None
    ends: time | None = None
    days_off: bool = False

    def until(self, moment: datetime) -> datetime | None:
        """The first moment after it at which a mail may be sent; None where that is now."""
        here = moment.astimezone(WIB)
        at = here
        while (end := self._end(at)) is not None:
            at = end
        return None if at == here else at

    def _end(self, at: datetime) -> datetime | None:
        """The end of the quiet time that a moment lies in."""
        if self.days_off and not is_working_day(at.date()):
            return datetime.combine(next_working_day(at.date()), time(), WIB)
        if self.starts is None or self.ends is None or not _lies_in(at.time(), self.starts, self.ends):
            return None
        day = at.date() + timedelta(days=int(self.ends <= at.time()))
        return datetime.combine(day, self.ends, WIB)


@dataclass(frozen=True)
class Wait:
    """Why a mail does not leave at once, and until when."""

    why: str
    until: datetime


def quiet_of(session: Session, user_id: int) -> Quiet:
    row = session.get(QuietHours, user_id)
    return Quiet(row.starts, row.ends, row.days_off) if row else Quiet()


def next_digest(moment: datetime, hour: int) -> datetime:
    """The first working day's `hour` (WIB) after a moment."""
    here = moment.astimezone(WIB)
    day = here.date() + timedelta(days=int(here.hour >= hour))
    return datetime.combine(next_working_day(day), time(hour), WIB)


def wait(
    session: Session,
    user_id: int,
    group: str,
    way: str,
    ends_at: datetime | None,
    now: datetime,
    hour: int,
) -> Wait | None:
    """Until when a mail of a case waits for its reader; None where it leaves at once.

    A duty whose time ends before the next digest goes at once, also where its reader chose the digest.
    """
    quiet = quiet_of(session, user_id)
    if way != DAILY and quiet == Quiet():
        return None
    office_days.follow(session, share=False)
    if way == DAILY:
        until = next_digest(now, hour)
        if group != DUTY or ends_at is None or ends_at > until:
            return Wait(DIGEST, until)
    end = quiet.until(now)
    return Wait(QUIET, end) if end else None


def end_of_duty(case: Case, event: Event) -> datetime | None:
    """By when a duty has to be known: the end of its period, the day of a meeting, else what the case has."""
    if "day" in event.data:
        return datetime.combine(date.fromisoformat(event.data["day"]), time(), WIB)
    named = event.data.get("ends_at") or event.data.get("begins")
    return datetime.fromisoformat(named) if named else case.due_at


def may_leave(now: datetime) -> ColumnElement[bool]:
    """Mails that wait for nothing: neither carried by a digest nor held for one, nor for quiet hours."""
    alone = or_(Email.waits_for.is_(None), Email.waits_for != DIGEST)
    return and_(alone, or_(Email.not_before.is_(None), Email.not_before <= now, _lost(now)))


def ripe(now: datetime) -> ColumnElement[bool]:
    """Mails that the digest of their day should have carried by now."""
    return and_(
        Email.waits_for == DIGEST,
        Email.digest_id.is_(None),
        Email.done_at.is_(None),
        Email.dropped_at.is_(None),
        or_(Email.not_before <= now, _lost(now)),
    )


def _lost(now: datetime) -> ColumnElement[bool]:
    return Email.not_before > now + LONGEST_WAIT


def put_off(session: Session, email_id: int, now: datetime) -> bool:
    """Let a mail wait where its reader's quiet hours have begun since it was owed; whether it does.

    Nothing is held that speaks of the reader's own account.
    """
    found = session.execute(
        select(QuietHours.starts, QuietHours.ends, QuietHours.days_off)
        .join(Email, Email.recipient_id == QuietHours.user_id)
        .where(Email.id == email_id, Email.kind.not_in(ABOUT_ACCOUNT))
    ).one_or_none()
    if found is None:
        return False
    office_days.follow(session, share=False)
    until = Quiet(*found).until(now)
    if until is None:
        return False
    values = {"waits_for": QUIET, "not_before": until, "due_at": until}
    still = and_(
        Email.done_at.is_(None), Email.parked_at.is_(None), Email.handed_at.is_(None), may_leave(now)
    )
    session.execute(update(Email).where(Email.id == email_id, still).values(values))
    return True


def release(session: Session, user_id: int, now: datetime) -> list[int]:
    """Owe at once what waits for quiet hours that were changed; they are asked again when it is sent."""
    waiting = and_(
        Email.recipient_id == user_id,
        Email.waits_for == QUIET,
        Email.not_before > now,
        Email.done_at.is_(None),
    )
    free = update(Email).where(waiting).values(not_before=now, due_at=now, waits_for=None)
    return list(session.scalars(free.returning(Email.id)))


def _lies_in(at: time, starts: time, ends: time) -> bool:
    if starts < ends:
        return starts <= at < ends
    return at >= starts or at < ends
