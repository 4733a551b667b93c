"""Who is meant by an audience of a stage file. Each returns people with an active account."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import discussion, mail_groups, policy
from workflow.definition import process
from workflow.guards import head_of, reviews_of
from workflow.models import Case, Event, Grant, User

Audience = Callable[[Session, Case, Event], list[User]]
Holders = Callable[[Session, Case], list[User]]


def people(session: Session, audience: str, case: Case, event: Event, now: datetime) -> list[User]:
    """The people of an audience who can still be reached, each once."""
    found = AUDIENCES[audience](session, case, event)
    return [user for user in dict.fromkeys(found) if policy.is_active(user, now)]


def tell(
    session: Session, audience: str, kind: str, case: Case, event: Event, now: datetime
) -> list[tuple[User, str]]:
    """Everybody of an audience, and how they want this kind: now, daily, or off, in the inbox alone."""
    found = people(session, audience, case, event, now)
    if not found:
        return []
    group = mail_groups.group_of(kind, audience, case, event)
    chosen = mail_groups.chosen(session, group, [user.id for user in found])
    return [(user, chosen.get(user.id, mail_groups.NOW)) for user in found]


def proposer(_session: Session, case: Case) -> list[User]:
    return [*case.holders("proposer"), *case.holders("co_author")]


def mentor(_session: Session, case: Case) -> list[User]:
    return case.holders("mentor")


def coach(_session: Session, case: Case) -> list[User]:
    return case.holders("coach")


def reviewers(_session: Session, case: Case, event: Event) -> list[User]:
    """Those assigned to the state that the event entered, else to the one it left."""
    entered, left = str(event.data.get("to", case.state)), str(event.data.get("from", ""))
    return case.holders("reviewer", entered) or case.holders("reviewer", left)


def agency_head(session: Session, case: Case) -> list[User]:
    head = head_of(session, case.agency)
    return [head] if head else []


def origin(_session: Session, case: Case) -> list[User]:
    """Those who stand behind the case that an adoption was taken from."""
    return [*case.parent.holders("proposer"), *case.parent.holders("co_author")] if case.parent else []


def origin_head(session: Session, case: Case) -> list[User]:
    head = head_of(session, case.parent.agency) if case.parent else None
    return [head] if head else []


def organiser(session: Session, case: Case) -> list[User]:
    return _granted(session, "organiser") if case.cohort_id is not None else []


def coordinator(session: Session, _case: Case) -> list[User]:
    return _granted(session, "coordinator")


def subject(session: Session, _case: Case, event: Event) -> list[User]:
    """The person whom the event is about."""
    user = session.get(User, event.data["user"])
    return [user] if user else []


def invited(session: Session, _case: Case, event: Event) -> list[User]:
    """Those whom this event tells of their presentations in a seminar."""
    ids = [int(key) for key in event.data["invited"]]
    return list(session.scalars(select(User).where(User.id.in_(ids)).order_by(User.id)).unique())


def owner(session: Session, case: Case, event: Event) -> list[User]:
    """Whose turn it is in the state that the event names."""
    return with_the_turn(session, case, event.data["state"])


def nudged(session: Session, _case: Case, event: Event) -> list[User]:
    """Those whom the event reminds by hand."""
    query = select(User).where(User.id.in_(event.data["nudged"])).order_by(User.id)
    return list(session.scalars(query).unique())


def with_the_turn(session: Session, case: Case, state: str) -> list[User]:
    """Whose turn it is in a state; reviewers only while they have not answered."""
    role = process(case.process).states[state].owner
    if role == "reviewer":
        return _still_owing(session, case)
    return HOLDERS[role](session, case) if role in HOLDERS else []


def escalation(session: Session, case: Case, event: Event) -> list[User]:
    """To whom the state's deadline is escalated."""
    due = process(case.process).states[event.data["state"]].due
    if due is None or due.escalate is None:
        return []
    return HOLDERS[due.escalate](session, case)


def assigners(session: Session, case: Case, event: Event) -> list[User]:
    """Those who may assign reviewers in the state of the event; the coordinators where it has no review."""
    rule = process(case.process).states[event.data["state"]].review
    roles = rule.assign if rule else ("coordinator",)
    return [user for role in roles for user in HOLDERS[role](session, case)]


def listeners(session: Session, case: Case, event: Event) -> list[User]:
    """Whom a message of the discussion is told."""
    return discussion.listeners(session, case, event)


def _still_owing(session: Session, case: Case) -> list[User]:
    from_reviews = {review.reviewer_id for review in reviews_of(session, case)}
    return [user for user in case.holders("reviewer", case.state) if user.id not in from_reviews]


def _granted(session: Session, role: str) -> list[User]:
    held = select(Grant.user_id).where(Grant.role == role)
    return list(session.scalars(select(User).where(User.id.in_(held)).order_by(User.id)).unique())


def _whatever_happens(found: Holders) -> Audience:
    return lambda session, case, _event: found(session, case)


HOLDERS: dict[str, Holders] = {
    "proposer": proposer,
    "mentor": mentor,
    "coach": coach,
    "agency_head": agency_head,
    "origin": origin,
    "origin_head": origin_head,
    "organiser": organiser,
    "coordinator": coordinator,
}
"""Roles that somebody holds on a case, whatever happens to it."""

AUDIENCES: dict[str, Audience] = {
    **{role: _whatever_happens(found) for role, found in HOLDERS.items()},
    "reviewers": reviewers,
    "subject": subject,
    "invited": invited,
    "owner": owner,
    "nudged": nudged,
    "escalation": escalation,
    "assigners": assigners,
    "listeners": listeners,
}
