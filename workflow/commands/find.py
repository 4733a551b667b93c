"""Getting hold of a case for a person, and of its version."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import policy
from workflow.errors import NotFound, Stale
from workflow.ledger import Actor
from workflow.models import Case
from workflow.validation import storable


def find(session: Session, actor: Actor, number: str, *, lock: bool = False) -> Case:
    """The case, if this person may see it; locked against others until the commit where asked.

    Raises NotFound for a number that does not exist and for one that is not this person's to see.
    """
    if not storable(number):
        raise NotFound
    query = select(Case).where(Case.number == number)
    if lock:
        query = query.with_for_update(of=Case)
    case = session.scalars(query).one_or_none()
    if case is None or (actor.user is not None and not policy.may_see(actor.user, case)):
        raise NotFound
    return case


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
