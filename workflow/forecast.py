"""Which mails the deadlines that stand now will send, to whom and by which rule, if nobody moves."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import deadlines
from workflow.audiences import tell
from workflow.commands.rounds import FELL_SHORT
from workflow.definition import process
from workflow.guards import missing, reviews_of
from workflow.mail_groups import OFF, group_of
from workflow.mail_times import Wait, wait
from workflow.models import Case, Deadline, Event, User
from workflow.notices import notices_for

PERIOD = timedelta(days=14)
MOST = 200


@dataclass(frozen=True)
class Notice:
    """One mail to come. `days` are the working days before the end of the period; None once it is over.

    `later` holds those of the recipients whom it reaches later than `at`, and why and when.
    """

    at: datetime
    case: Case
    audience: str
    kind: str
    days: int | None
    recipients: list[User]
    later: list[tuple[User, Wait]]


def upcoming(session: Session, now: datetime, hour: int) -> list[Notice]:
    """The next PERIOD, soonest first, of at most MOST deadlines; digests leave at `hour`."""
    rows = session.execute(
        select(Deadline, Case)
        .join(Case, Case.id == Deadline.case_id)
        .where(Deadline.fired_at.is_(None), Deadline.cancelled_at.is_(None))
        .where(Deadline.at.between(now, now + PERIOD), Case.voided_at.is_(None))
        .order_by(Deadline.at, Deadline.id)
        .limit(MOST)
    )
    return [notice for row, case in rows for notice in _of(session, row, case, hour)]


def _of(session: Session, row: Deadline, case: Case, hour: int) -> list[Notice]:
    over = row.kind == deadlines.END
    days = None if over else int(row.kind.rpartition("-")[2])
    names = ["deadline.passed" if over else "deadline.reminded"]
    if over and _will_be_short(session, row, case):
        names.append(FELL_SHORT)
    found = []
    for name in names:
        event = Event(name=name, data={"state": row.state, "ends_at": row.ends_at.isoformat()})
        for audience, kind in notices_for(process(case.process), name, event.data).items():
            told = tell(session, audience, kind, case, event, row.at)
            group = group_of(kind, audience, case, event)
            waits = [
                (user, wait(session, user.id, group, way, row.ends_at, row.at, hour))
                for user, way in told
                if way != OFF
            ]
            later = [(user, held) for user, held in waits if held]
            found.append(Notice(row.at, case, audience, kind, days, [user for user, _ in waits], later))
    return [notice for notice in found if notice.recipients]


def _will_be_short(session: Session, row: Deadline, case: Case) -> bool:
    rule = process(case.process).states[case.state].review
    given = reviews_of(session, case) if rule else []
    return rule is not None and missing(case, rule, given, row.at) is not None
