"""Getting hold of a case for a person, and of its version."""

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, joinedload

from workflow import policy
from workflow.db import locks_rows
from workflow.errors import NotFound, Stale
from workflow.ledger import Actor
from workflow.models import Case, Participant, User
from workflow.validation import storable


def find(session: Session, actor: Actor, number: str, *, lock: bool = False) -> Case:
    """The case, if this person may see it; locked against others until the commit where asked.

    Raises NotFound for a number that does not exist and for one that is not this person's to see.
    """
    case = one(session, number, lock=lock)
    if case is None or (actor.user is not None and not policy.may_see(actor.user, case)):
        raise NotFound
    return case


def find_or_copy(session: Session, actor: Actor, number: str) -> Case:
    """The case, also for those who know it by its redacted copy alone; raises NotFound as `find` does."""
    case = one(session, number)
    if case is None or actor.user is None or not policy.may_read_redacted(actor.user, case):
        return find(session, actor, number)
    return case


def find_for_review(session: Session, actor: Actor, number: str, *, lock: bool = False) -> Case:
    """The case, for whoever may see it and for those who were asked to review it and no longer are."""
    case = one(session, number, lock=lock)
    if case is None or actor.user is None:
        raise NotFound
    if not policy.may_see(actor.user, case) and last_asked(case, actor.user) is None:
        raise NotFound
    return case


def last_asked(case: Case, user: User) -> Participant | None:
    """The latest time this person was asked to review the case, ended or not."""
    asked = [p for p in case.participants if p.user_id == user.id and p.role == "reviewer"]
    return asked[-1] if asked else None


def one(session: Session, number: str, *, lock: bool = False) -> Case | None:
    """The case of a number, whoever asks."""
    if not storable(number):
        return None
    if lock:
        return next(iter(locked(session, Case.number == number)), None)
    return session.scalars(_whole().where(Case.number == number)).unique().one_or_none()


def locked(session: Session, where: ColumnElement[bool]) -> list[Case]:
    """Cases in the order of their ids, locked until the commit and read as they stand now.

    Locked first and read second: PostgreSQL joins what it waited for with rows from before the wait.
    """
    if locks_rows(session):
        ids = session.scalars(select(Case.id).where(where).order_by(Case.id).with_for_update()).all()
        where = Case.id.in_(ids)
    query = _whole().where(where).order_by(Case.id).execution_options(populate_existing=True)
    return list(session.scalars(query).unique())


def _whole() -> Select[Case]:
    """Cases with their people, in one statement."""
    return select(Case).options(joinedload(Case.participants))


def etag(case: Case) -> str:
    """What a writer must name to prove having seen the present state: version and draft revision."""
    return f"{case.version}.{case.draft_revision}"


def check_version(case: Case, expected: str | None, *, drafts_too: bool = False) -> None:
    """Raise Stale unless `expected` (an etag) is the present one; None means that nobody asks.

    Autosaves of others only count against those who would overwrite or submit a draft.
    """
    if expected is None:
        return
    current = etag(case)
    seen = current if drafts_too else current.partition(".")[0]
    if (expected if drafts_too else expected.partition(".")[0]) != seen:
        raise Stale(expected, current)
