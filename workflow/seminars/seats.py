"""Who sits in a presentation, and in which role."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from workflow import policy
from workflow.models import Case, Cohort, Grant, Participant, SeminarSlot, User

ORDER = ("proposer", "co_author", "mentor", "coach", "reviewer")
MAY_CHAIR = ("organiser", "coordinator", "reviewer")


class Seat(NamedTuple):
    """A person of a presentation; who holds several roles sits in the first of them."""

    user: User
    role: str


def seats(case: Case, state: str) -> list[Seat]:
    """The people of a case and those who examine it in this state, each once."""
    found: dict[int, Seat] = {}
    for role in ORDER:
        for user in case.holders(role, state if role == "reviewer" else None):
            found.setdefault(user.id, Seat(user, role))
    return list(found.values())


def concerned(
    slots: Sequence[SeminarSlot], others: Iterable[User], now: datetime, actor_id: int | None
) -> dict[int, tuple[User, list[SeminarSlot]]]:
    """Who is told of these slots, each with those they sit in; `others` are told of all of them.

    Not told: whoever does it, and accounts that have ended.
    """
    everywhere = list(others)
    found: dict[int, tuple[User, list[SeminarSlot]]] = {}
    for slot in slots:
        people = [*everywhere, *(seat.user for seat in seats(slot.case, slot.seminar.state))]
        for user in dict.fromkeys(people):
            if user.id != actor_id and policy.is_active(user, now):
                found.setdefault(user.id, (user, []))[1].append(slot)
    return found


def chairs(session: Session, cohort: Cohort, now: datetime) -> list[User]:
    """Who may chair: those who arrange, reviewers, and the coaches of the cohort."""
    granted = select(Grant.user_id).where(Grant.role.in_(MAY_CHAIR))
    coaches = (
        select(Participant.user_id)
        .join(Case, Case.id == Participant.case_id)
        .where(Case.cohort_id == cohort.id, Participant.role == "coach", Participant.until.is_(None))
    )
    users = select(User).where(or_(User.id.in_(granted), User.id.in_(coaches))).order_by(User.name, User.id)
    return [user for user in session.scalars(users).unique() if policy.is_active(user, now)]
