"""A person's inbox: the mails about cases that they were owed, whether or not they went out as mail.

One truth with the mails themselves: the rows are those of the outbox. What an operator dropped is not owed
any more and does not stand here, unless what was dropped is a digest that would have carried it; mails about
an account do not either, for their links open it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, or_, select, update
from sqlalchemy.orm import Session

from workflow import policy
from workflow.definition import process
from workflow.mail_groups import GROUP_OF, GROUPS, Group
from workflow.models import Case, Email, Event, User
from workflow.notice_rules import Rule, of_event

PAGE = 30


@dataclass(frozen=True)
class Letter:
    """One mail with its case, which may be opened only where `open`, and `blind` by its redacted copy.

    `rules` are those that owed it; `group` is what its reader may have otherwise.
    """

    email: Email
    case: Case
    event: Event
    open: bool
    blind: bool
    rules: list[Rule]
    group: Group | None


def mine(user: User) -> ColumnElement[bool]:
    kept = or_(Email.muted, Email.dropped_at.is_(None), Email.digest_id.is_not(None))
    return and_(Email.recipient_id == user.id, Email.event_id.is_not(None), kept)


def unread(user: User) -> ScalarSelect[int]:
    """How many they have not read, as part of a larger question."""
    query = select(func.count()).select_from(Email).where(mine(user), Email.read_at.is_(None))
    return query.scalar_subquery()


def listed(
    session: Session, user: User, page: int, *, only_unread: bool
) -> tuple[list[tuple[Email, Case, Event]], int]:
    """A page of them, newest first, and how many there are."""
    where = [mine(user), *([Email.read_at.is_(None)] if only_unread else [])]
    total = session.scalar(select(func.count()).select_from(Email).where(*where)) or 0
    rows = session.execute(
        select(Email, Case, Event)
        .join(Event, Event.id == Email.event_id)
        .join(Case, Case.id == Event.case_id)
        .where(*where)
        .order_by(Email.id.desc())
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    return [(row[0], row[1], row[2]) for row in rows], total


def find(session: Session, user: User, email_id: int) -> Letter | None:
    """None where there is no such mail, or it is somebody else's."""
    row = session.execute(
        select(Email, Case, Event)
        .join(Event, Event.id == Email.event_id)
        .join(Case, Case.id == Event.case_id)
        .where(mine(user), Email.id == email_id)
    ).one_or_none()
    if row is None:
        return None
    email, case, event = row
    blind = policy.may_read_redacted(user, case)
    rules = of_event(process(case.process), event.name, event.data, email.kind)
    group = GROUPS.get(GROUP_OF.get(email.kind, ""))
    return Letter(email, case, event, blind or policy.may_see(user, case), blind, rules, group)


def mark(session: Session, user: User, email_id: int, read_at: datetime | None) -> None:
    """Read, or not read."""
    session.execute(update(Email).where(mine(user), Email.id == email_id).values(read_at=read_at))


def mark_all(session: Session, user: User, up_to: int, now: datetime) -> int:
    """Count as read what is not newer than the newest mail that was seen; how many those are."""
    unseen = update(Email).where(mine(user), Email.read_at.is_(None), Email.id <= up_to)
    return len(session.execute(unseen.values(read_at=now).returning(Email.id)).all())
