"""Which days are off in this regency: its edits, read from the database, and kept in step with it.

The fact CALENDAR holds a name for each state of the edits. Whoever computes a period shares its row until the
commit, whoever edits has it alone: a period is never counted by a calendar that is being changed.
"""

import threading
import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import calendar
from workflow.calendar import Edits
from workflow.db import Database, locks_rows
from workflow.models import CalendarDay, Fact

CALENDAR = "calendar"
WORKING = "working"
KINDS = ("holiday", "leave", WORKING)
REFRESH_SECONDS = 5.0

_followed: str | None = None
_looked_at = 0.0
_lock = threading.Lock()


def follow(session: Session, *, share: bool = True) -> None:
    """Count by the edits of this database from now on."""
    global _followed  # noqa: PLW0603 - the calendar is one for the whole process
    if calendar.is_trial():
        return
    query = select(Fact.value).where(Fact.name == CALENDAR)
    if share and locks_rows(session):
        query = query.with_for_update(read=True)
    name = session.scalars(query).one_or_none()
    if name != _followed:
        with _lock:
            calendar.use(edits(session))
            _followed = name


def refresh(database: Database, *, at_once: bool = False) -> None:
    """The same for those who only read, now and then: an edit is seen everywhere within seconds."""
    global _looked_at  # noqa: PLW0603 - as above
    if not at_once and time.monotonic() - _looked_at < REFRESH_SECONDS:
        return
    _looked_at = time.monotonic()
    with database.read() as session:
        follow(session, share=False)


def edits(session: Session) -> Edits:
    """What differs from the library, as it stands."""
    return frozenset((r.day, None if r.kind == WORKING else r.name) for r in standing(session))


def standing(session: Session) -> list[CalendarDay]:
    """The rows that stand, by day; of several for one day the last."""
    rows = session.scalars(
        select(CalendarDay).where(CalendarDay.removed_at.is_(None)).order_by(CalendarDay.id)
    )
    last = {row.day: row for row in rows.unique()}
    return [last[day] for day in sorted(last)]


def history(session: Session) -> list[CalendarDay]:
    """Every row there ever was, newest first."""
    return list(session.scalars(select(CalendarDay).order_by(CalendarDay.id.desc()).limit(200)).unique())
