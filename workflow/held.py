"""Decisions that are held: made, but told to nobody until they are released. What can be read of them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from workflow import policy
from workflow.definition import Process, Transition, process
from workflow.errors import Forbidden, NotFound
from workflow.models import Case, Event, HeldDecision, User

OF_TIME = ("deadline.nudged", "deadline.reminded", "deadline.passed", "round.fell_short")
RELEASED, WITHDRAWN, REPLACED, VOID = "released", "withdrawn", "replaced", "void"


@dataclass(frozen=True)
class Mail:
    """One mail of a decision as it would be sent now. `subject` and `body` may be written anew."""

    key: str
    name: str
    address: str
    subject: str
    body: str
    text: str
    edited: bool


WriteMails = Callable[[Session, Event, datetime], Sequence[Mail]]
"""Writes the mails of an event that has not been committed."""


def no_mails(_session: Session, _event: Event, _now: datetime) -> Sequence[Mail]:
    return ()


def key(kind: str, person: User) -> str:
    """Names one mail of a decision."""
    return f"{kind}.{person.id}"


def step_of(row: HeldDecision) -> Transition:
    """The step that the decision is."""
    step = process(row.case.process).transition(row.state.partition(".")[0], row.step)
    if step is None:
        raise LookupError(row.step)
    return step


def open_of(session: Session, case: Case) -> HeldDecision | None:
    """The decision that is held for a case."""
    query = select(HeldDecision).where(HeldDecision.case_id == case.id, HeldDecision.ended_at.is_(None))
    return session.scalars(query).unique().one_or_none()


def listed(session: Session, user: User) -> list[HeldDecision]:
    """What is held, and void but not put away, as far as this person may decide it."""
    query = (
        select(HeldDecision)
        .join(HeldDecision.case)
        .where(policy.visible(user), HeldDecision.put_away_at.is_(None))
        .where(HeldDecision.outcome.is_(None) | (HeldDecision.outcome == VOID))
        .order_by(HeldDecision.id)
    )
    found = session.scalars(query).unique()
    return [row for row in found if step_of(row).by & policy.roles_on(user, row.case)]


def one(session: Session, user: User, row_id: int) -> HeldDecision:
    """A decision, also one that is over, for those who may decide it. Raises NotFound or Forbidden."""
    row = session.get(HeldDecision, row_id)
    if row is None or not policy.may_see(user, row.case):
        raise NotFound
    if not step_of(row).by & policy.roles_on(user, row.case):
        raise Forbidden("Keputusan ini bukan wewenang Anda.")
    return row


def is_void(row: HeldDecision) -> bool:
    """The case went another way, whether or not that has been noted yet."""
    return row.outcome == VOID or (row.ended_at is None and row.case.visit != row.visit)


def lapse(session: Session, case: Case, flow: Process, origin: str, at: datetime) -> None:
    """The case leaves `origin` on another way: what was held for it there is void.

    To be called with `case.visit` naming the event that is about to be written.
    """
    if any(step.hold for step in flow.leaving(origin)):
        session.execute(
            update(HeldDecision)
            .where(HeldDecision.case_id == case.id, HeldDecision.ended_at.is_(None))
            .values(ended_at=at, outcome=VOID, ended_by_event=case.visit)
        )


def changes(session: Session, rows: Collection[HeldDecision]) -> dict[int, list[Event]]:
    """What happened to each case since its decision was held, by the decision's id, oldest first.

    A reminder says nothing new about a case; a review does, although it changes no version.
    """
    since = (
        select(HeldDecision.id, Event)
        .join(Event, (Event.case_id == HeldDecision.case_id) & (Event.seq > HeldDecision.seen))
        .where(HeldDecision.id.in_([row.id for row in rows]), Event.name.not_in(OF_TIME))
    )
    found: dict[int, list[Event]] = {}
    for row_id, event in session.execute(since.order_by(Event.id)):
        found.setdefault(row_id, []).append(event)
    return found
