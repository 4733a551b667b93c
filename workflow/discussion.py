"""What people say to each other about a case: each message is an event, and reaches those of its audience.

Staff read everything. A reviewer reads what reviewers say as late as their reviews, so that nobody is
talked into a score. Everybody with a part in the case reads what is meant for all.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import policy
from workflow.definition import process
from workflow.guards import head_of, reviews_of
from workflow.models import Attachment, Case, Event, Grant, User

SAID = "case.discussed"
MOST_FILES = 3


@dataclass(frozen=True)
class Message:
    """One message as its reader sees it; without an author it was erased with their account."""

    id: int
    at: datetime
    author: User | None
    role: str
    audience: str
    text: str | None
    mentions: list[User]
    files: list[Attachment]


def audiences(session: Session, user: User, case: Case) -> tuple[str, ...]:
    """Which messages this person reads, narrowest first."""
    return _open_to(user, case, _reviewed_by(session, case))


def messages(session: Session, user: User, case: Case) -> list[Message]:
    """What this person may read, oldest first."""
    said = _said(session, case, audiences(session, user, case))
    named = {e.actor_id for e in said} | {i for e in said for i in _mentions(e)}
    people = {u.id: u for u in session.scalars(select(User).where(User.id.in_(named))).unique()}
    files = _files(session, said)
    return [
        Message(
            event.id,
            event.at,
            people.get(event.actor_id or 0),
            event.role,
            event.data["audience"],
            (event.content or {}).get("note"),
            [people[i] for i in _mentions(event) if i in people],
            [file for file in files if file.event_id == event.id],
        )
        for event in said
    ]


def attachment(session: Session, user: User, case: Case, file_id: int) -> Attachment | None:
    """A file of a message that this person may read; nothing where there is none."""
    found = [file for message in messages(session, user, case) for file in message.files]
    return next((file for file in found if file.id == file_id), None)


def _files(session: Session, said: list[Event]) -> list[Attachment]:
    """Those of messages that were not erased; with the message its files go."""
    kept = [event.id for event in said if (event.content or {}).get("files")]
    query = select(Attachment).where(Attachment.event_id.in_(kept)).order_by(Attachment.id)
    return list(session.scalars(query)) if kept else []


def addressable(session: Session, case: Case, audience: str) -> list[User]:
    """Everybody with a part in the case who reads this audience's messages, by name."""
    reviewed = _reviewed_by(session, case)
    found = (user for user in _everybody(session, case) if audience in _open_to(user, case, reviewed))
    return sorted(found, key=lambda user: (user.name, user.id))


def listeners(session: Session, case: Case, event: Event) -> list[User]:
    """Whom a message is told: the mentioned, who spoke in this audience before, and whom it is meant for."""
    audience = event.data["audience"]
    spoke = {e.actor_id for e in _said(session, case, (audience,)) if e.id < event.id}
    wanted = spoke | set(_mentions(event)) | {user.id for user in _meant(session, case, audience)}
    return [user for user in addressable(session, case, audience) if user.id in wanted]


def _open_to(user: User, case: Case, reviewed: set[int]) -> tuple[str, ...]:
    rule = process(case.process).states[case.state].review
    others = rule.others if rule else "after_own"
    return policy.discussions(user, case, reviewed_by_me=user.id in reviewed, others=others)


def _reviewed_by(session: Session, case: Case) -> set[int]:
    return {review.reviewer_id for review in reviews_of(session, case)}


def _meant(session: Session, case: Case, audience: str) -> Iterable[User]:
    """Who has to know without being named: staff, and with them the team of the case or its reviewers."""
    team = ("proposer", "co_author", "mentor") if audience == "everyone" else ()
    found = [user for role in team for user in case.holders(role)] + _staff(session, case)
    return found + case.holders("reviewer", case.state) if audience == "reviewers" else found


def _everybody(session: Session, case: Case) -> set[User]:
    origin = case.parent
    heads = [head_of(session, c.agency) for c in (case, origin) if c is not None]
    behind = [p.user for p in origin.participants if p.until is None] if origin else []
    mine = [p.user for p in case.participants if p.until is None]
    return {*mine, *behind, *_staff(session, case), *(head for head in heads if head is not None)}


def _staff(session: Session, case: Case) -> list[User]:
    roles = ["coordinator", *(["organiser"] if case.cohort_id is not None else [])]
    held = select(Grant.user_id).where(Grant.role.in_(roles))
    return list(session.scalars(select(User).where(User.id.in_(held)).order_by(User.id)).unique())


def _said(session: Session, case: Case, among: Iterable[str]) -> list[Event]:
    query = select(Event).where(Event.case_id == case.id, Event.name == SAID).order_by(Event.seq)
    return [event for event in session.scalars(query) if event.data["audience"] in among]


def _mentions(event: Event) -> list[int]:
    return list((event.content or {}).get("mentions", ()))
